//! `users:` of `careline.yaml`: whose phones log in here, and the hash of each password.
//!
//! The hash is bound to the realm (`sip: {realm: …}`), and who has it can log in: it is treated like a password. `careline
//! user` writes such a line.

use super::codes::{FAMILY, USER_HASH, USER_TWICE};
use super::{dialling, interpreters, vocabulary};
use crate::flow::diagnostic::{Diagnostic, Place, Sources, Words};
use crate::flow::syntax::fields::{self, Fields};
use crate::flow::syntax::tree::{Node, Shape};
use crate::id::FlowName;
use crate::limits::USERS_MAX;
use crate::limits::summaries::{SUMMARY_FLOWS_MAX, SUMMARY_USERS_MAX};
use crate::sip::digest::Ha1;
use crate::sip::interface::User;
use crate::switch::dial::Rules;
use crate::switch::interpreters::Recorded;
use crate::switch::messages::{self, Heeds};
use crate::wire::sip::credentials::Algorithm;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Hexadecimal digits in a row that no hash is: longer ones are not shown.
const HASH_SHOWN_MAX: usize = 16;

/// What the section says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Users {
    /// Who may log in.
    pub all: Vec<User>,
    /// The names of those who are never recorded.
    pub unrecorded: Vec<String>,
    /// Those whose phones show how many messages wait.
    pub messages: messages::Settings,
    /// What they may dial otherwise than `dialling` says, and where that stands.
    pub own: BTreeMap<Arc<str>, (Rules, Place)>,
}

/// One user, as his lines say.
struct Line {
    user: User,
    place: Place,
    recorded: Recorded,
    own: Rules,
    /// With their place.
    heeds: Option<(Heeds, Place)>,
}

/// Reads the section: those without a fault.
pub fn read(node: &Node, sources: &mut Sources) -> Users {
    let mut users = Users::default();
    let mut names = BTreeSet::new();
    let items = fields::items(node, "`users`", FAMILY, sources).unwrap_or_default();
    if let Some(over) = items.get(USERS_MAX) {
        let words = Words::what(format!("{} users stand here, and {USERS_MAX} may", items.len()));
        sources.fault(over.place, FAMILY.value, words.repair("take out those who are gone"));
    }
    for item in items.iter().take(USERS_MAX) {
        let Some(Line { user, place, recorded, own, heeds }) = user(item, sources) else { continue };
        if !names.insert(user.name.clone()) {
            let words = Words::what(format!("the user {} stands here for the second time", user.name))
                .repair("give each user a name of his own; several phones may log in as one user");
            sources.fault(place, USER_TWICE, words);
        }
        if recorded == Recorded::Never {
            users.unrecorded.push(user.name.clone());
        }
        if own != Rules::default() {
            users.own.insert(Arc::from(user.name.as_str()), (own, place));
        }
        if let Some((heeds, place)) = heeds {
            if users.messages.len() == SUMMARY_USERS_MAX {
                let words = Words::what(format!("over {SUMMARY_USERS_MAX} users have `messages`"));
                sources.fault(place, FAMILY.value, words.repair("keep it for those who call patients back"));
            }
            users.messages.insert(Arc::from(user.name.as_str()), heeds);
        }
        users.all.push(user);
    }
    users
}

/// `all`, or the flow or flows whose messages he heeds.
fn heeds(node: &Node, sources: &mut Sources) -> Option<(Heeds, Place)> {
    if let Shape::Scalar(_) = node.shape {
        let one = fields::name(node, "a flow", FAMILY, sources)?.value;
        let heeds = if one == "all" { Heeds::All } else { Heeds::Of([FlowName::from(one.as_str())].into()) };
        return Some((heeds, node.place));
    }
    let items = fields::items(node, "`messages`", FAMILY, sources)?;
    if items.is_empty() || items.len() > SUMMARY_FLOWS_MAX {
        let words =
            Words::what(format!("{} flows stand here, and 1 to {SUMMARY_FLOWS_MAX} may", items.len()));
        sources.fault(node.place, FAMILY.value, words.repair("write `all`, or leave `messages` out"));
        return None;
    }
    let flows = items.iter().filter_map(|item| fields::name(item, "a flow", FAMILY, sources));
    let flows = flows.map(|flow| FlowName::from(flow.value.as_str())).collect();
    Some((Heeds::Of(flows), node.place))
}

fn user(node: &Node, sources: &mut Sources) -> Option<Line> {
    let mut fields = Fields::of_object(node, &[&vocabulary::USER], FAMILY, sources)?;
    let name = fields.need("name", sources).and_then(|node| fields::name(node, "a user", FAMILY, sources));
    let ha1 = fields.need("ha1", sources).and_then(|node| fields::word(node, "a hash", FAMILY, sources));
    let choices = [("sha-256", Algorithm::Sha256), ("md5", Algorithm::Md5)];
    let digest = fields.take("digest");
    let digest = digest.and_then(|node| fields::choice(node, "digest", &choices, FAMILY, sources));
    let recorded = fields.take("recorded").and_then(|node| interpreters::recording(node, sources));
    let heeds = fields.take("messages").and_then(|node| heeds(node, sources));
    let own = dialling::rules(&mut fields, dialling::OF_USER, sources);
    fields.finish(sources);
    let hash = ha1?;
    let whose = name.as_ref().map_or("NAME", |name| &name.value);
    let algorithm = digest.unwrap_or(Algorithm::Sha256);
    let Some(ha1) = Ha1::read(algorithm, &hash.value) else {
        // The hash itself is not told: it is a password.
        let (digits, named) = match algorithm {
            Algorithm::Sha256 => (64, "sha-256"),
            Algorithm::Md5 => (32, "md5"),
        };
        let what = format!("the hash of user {whose} is not {digits} hexadecimal digits, as {named} has");
        let words = Words::what(what)
            .repair(format!("let `careline user {whose}` write the line"))
            .hears("the phones of this user could not log in, and would not be rung");
        sources.fault(hash.place, USER_HASH, words);
        return None;
    };
    let name = name?;
    let recorded = recorded.unwrap_or(Recorded::WithTheCall);
    Some(Line { user: User { name: name.value, ha1 }, place: name.place, recorded, own, heeds })
}

/// Hashes of passwords in the line that a fault shows: stars, so that its columns stay.
pub fn hide_hash(fault: &mut Diagnostic) {
    if !fault.source.contains("ha1") {
        return;
    }
    let mut hidden = String::with_capacity(fault.source.len());
    for word in fault.source.split_inclusive(|c: char| !c.is_ascii_hexdigit()) {
        let digits = word.chars().take_while(char::is_ascii_hexdigit).count();
        if digits >= HASH_SHOWN_MAX {
            hidden += &"*".repeat(digits);
            hidden += &word[digits..];
        } else {
            hidden += word;
        }
    }
    fault.source = hidden;
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::flow::diagnostic::{Paint, Severity};
    use crate::id::FlowName;
    use crate::sip::digest::Ha1;
    use crate::switch::messages::Heeds;
    use crate::wire::sip::credentials::Algorithm;

    #[test]
    fn users_are_read_with_their_hashes_and_faults_never_tell_one() {
        let sha = Ha1::of(Algorithm::Sha256, b"ann", b"careline", b"secret");
        let md5 = Ha1::of(Algorithm::Md5, b"bob", b"careline", b"secret");
        let text = format!(
            "users:\n  - {{name: ann, ha1: \"{}\"}}\n  - {{name: bob, ha1: \"{}\", digest: md5}}\n",
            sha.expose(),
            md5.expose()
        );
        let (config, faults) = Config::read("careline.yaml", text.as_bytes());
        assert!(faults.iter().all(|fault| fault.severity == Severity::Warning), "{faults:?}");
        let users = config.unwrap().users;
        let found: Vec<_> = users.iter().map(|user| (user.name.as_str(), &user.ha1)).collect();
        assert_eq!(found, [("ann", &sha), ("bob", &md5)]);
        let hash = "ab".repeat(20);
        for (line, fault) in [
            (
                format!("{{name: ann, ha1: \"{hash}\"}}"),
                "C019  the hash of user ann is not 64 hexadecimal digits",
            ),
            (format!("{{name: ann, ha1: \"{hash}\", digest: md5}}"), "C019"),
            ("{name: ann}".to_owned(), "C002"),
            (format!("{{name: Ann, ha1: \"{}\"}}", sha.expose()), "C007"),
            (format!("{{name: ann, ha1: \"{}\", digest: both}}", sha.expose()), "C008"),
            ("{name: Ann, ha1: \"12\"}".to_owned(), "C019  the hash of user NAME"),
        ] {
            let (_, faults) = Config::read("careline.yaml", format!("users: [{line}]\n").as_bytes());
            let shown: String = faults.iter().map(|fault| fault.render(Paint::Plain)).collect();
            assert!(shown.contains(fault), "{line}: {shown}");
            assert!(!shown.contains(&hash) && !shown.contains(&sha.expose()), "{shown}");
        }
        let twice = text.replace("bob", "ann");
        let (_, faults) = Config::read("careline.yaml", twice.as_bytes());
        assert_eq!(faults.iter().map(|fault| fault.code.id).collect::<Vec<_>>(), ["C025", "C018"]);
    }

    #[test]
    fn who_is_told_of_messages_stands_in_his_line() {
        let ha1 = Ha1::of(Algorithm::Sha256, b"ann", b"careline", b"secret");
        let read = |messages: &str| {
            let text = format!("users:\n  - {{name: ann, ha1: \"{}\"{messages}}}\n", ha1.expose());
            let (config, faults) = Config::read("careline.yaml", text.as_bytes());
            let codes: Vec<_> = faults.iter().map(|fault| fault.code.id).filter(|id| *id != "C025").collect();
            let heeds = config.and_then(|config| config.messages.get("ann").cloned());
            (heeds, codes.join(" "))
        };
        let of = |flows: &[&str]| Heeds::Of(flows.iter().map(|flow| FlowName::from(*flow)).collect());
        let many = format!(", messages: [{}]", ["a"; 65].join(", "));
        for (line, heeds, faults) in [
            ("", None, ""),
            (", messages: all", Some(Heeds::All), ""),
            (", messages: [night]", Some(of(&["night"])), ""),
            (", messages: [night, day, night]", Some(of(&["day", "night"])), ""),
            (", messages: [all]", Some(of(&["all"])), ""),
            (", messages: night", Some(of(&["night"])), ""),
            (", messages: []", None, "C004"),
            (", messages: [Night]", None, "C007"),
            (", messages: {night: yes}", None, "C003"),
            (", messages: [[night]]", None, "C003"),
            (&many, None, "C004"),
        ] {
            assert_eq!(read(line), (heeds, faults.to_owned()), "{line}");
        }
    }
}
