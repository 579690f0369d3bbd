//! `out:` of a trunk in `careline.yaml`: where calls go out over it, as whom, and with which account.
//!
//! The password stands in a file of its own that nobody but its owner may read: `careline.yaml` is kept, compared and
//! sent about, and its faults are shown with the line that they are in. Not here: whether that file is good
//! ([`crate::io::secret_file`]): other commands than the engine need not read it.

use super::codes::{FAMILY, TRUNK_ACCOUNT, TRUNK_CALLER, TRUNK_TO};
use super::{dialling, vocabulary};
use crate::flow::diagnostic::{Place, Sources, Words};
use crate::flow::syntax::fields::{self, Fields};
use crate::flow::syntax::tree::{Node, Shape};
use crate::limits::carriers::{
    CARRIER_HOSTS_MAX, CARRIER_LOGIN_DEFAULT_S, CARRIER_LOGIN_MAX_S, HEALTH_EVERY_DEFAULT_S,
    HEALTH_EVERY_MAX_S,
};
use crate::sip::carrier::{TellsDiversion, e164, hop};
use crate::sip::digest::answer::Digests;
use crate::sip::quirks::Quirk;
use crate::switch::dial::Rules;
use crate::wire::national;
use std::path::PathBuf;
use std::time::Duration;

/// How calls go out over a trunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Out {
    /// Its hosts in the order in which they are tried, such as `sip:sbc.carrier.example`.
    pub to: Vec<String>,
    /// The number that those who are called see, as E.164 writes it.
    pub caller: String,
    /// The account, if it asks for one.
    pub account: Option<AccountFile>,
    /// For how many seconds the engine logs in there; `None` is not at all.
    pub login_s: Option<u32>,
    /// How often the engine asks its hosts whether they are there; `None` is not at all.
    pub health_every: Option<Duration>,
    /// How it is told that a call was sent on by a line of ours.
    pub diversion: TellsDiversion,
    /// What it wants otherwise than the rules say.
    pub quirks: Vec<Explained>,
    /// Which numbers it is called for, and how often, whoever causes it.
    pub rules: Rules,
}

/// A quirk of a carrier, and why it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Which.
    pub quirk: Quirk,
    /// Why, for whoever reads the file later.
    pub why: String,
}

/// An account at a carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountFile {
    /// Whose it is.
    pub user: String,
    /// The file that holds the password.
    pub password_file: PathBuf,
    /// How the password is shown.
    pub digests: Digests,
}

/// Reads the section; nothing if it has a fault.
pub fn read(node: &Node, sources: &mut Sources) -> Option<Out> {
    let mut fields = Fields::of_object(node, &[&vocabulary::OUT], FAMILY, sources)?;
    let to = fields.need("to", sources).map(|node| hosts(node, sources));
    let caller = fields.need("caller", sources).and_then(|node| caller(node, sources));
    let user = fields.take("user").map(|node| (node.place, fields::word(node, "a user", FAMILY, sources)));
    let file = fields.take("password_file");
    let digest = fields.take("digest").and_then(|node| {
        let ways = [("sha-256", Digests::Sha256), ("md5", Digests::Md5), ("both", Digests::Both)];
        fields::choice(node, "a digest", &ways, FAMILY, sources)
    });
    let file = file.map(|node| (node.place, fields::word(node, "a path", FAMILY, sources)));
    let register = fields.take("register").map(|node| (node.place, register(node, sources)));
    let expires_s = fields.take("expires_s").and_then(|node| {
        let bounds = 60..=u64::from(CARRIER_LOGIN_MAX_S);
        fields::number(node, "time in seconds", bounds, FAMILY, sources)
    });
    let expires_s = expires_s.and_then(|seconds| u32::try_from(seconds).ok());
    let health_every = match fields.take("health_s") {
        Some(node) => {
            let bounds = 0..=u64::from(HEALTH_EVERY_MAX_S);
            let seconds = fields::number(node, "time in seconds", bounds, FAMILY, sources);
            seconds.filter(|seconds| *seconds > 0).map(Duration::from_secs)
        }
        None => Some(Duration::from_secs(u64::from(HEALTH_EVERY_DEFAULT_S))),
    };
    let diversion = fields.take("diversion").map(|node| {
        let ways = [
            ("history_info", TellsDiversion::HistoryInfo),
            ("diversion", TellsDiversion::Diversion),
            ("both", TellsDiversion::Both),
            ("none", TellsDiversion::Nothing),
        ];
        fields::choice(node, "a way to tell it", &ways, FAMILY, sources)
    });
    let diversion = diversion.flatten().unwrap_or_default();
    let quirks = fields.take("quirks").map(|node| quirks(node, sources)).unwrap_or_default();
    let rules = dialling::rules(&mut fields, dialling::OF_TRUNK, sources);
    fields.finish(sources);
    let login_s = match (register, &user) {
        (Some((place, Some(Register::On))), None) => {
            return half(place, "`register` needs `user` and `password_file`", sources);
        }
        (Some((_, Some(Register::On))), Some(_)) => Some(expires_s.unwrap_or(CARRIER_LOGIN_DEFAULT_S)),
        (Some((_, Some(Register::Off) | None)) | None, _) => None,
    };
    let account = match (user, file) {
        (None, None) => None,
        (Some((_, user)), Some((_, file))) => {
            let digests = digest.unwrap_or_default();
            Some(AccountFile { user: user?.value, password_file: PathBuf::from(file?.value), digests })
        }
        (Some((place, _)), None) => return half(place, "`user` needs `password_file`", sources),
        (None, Some((place, _))) => return half(place, "`password_file` needs `user`", sources),
    };
    Some(Out { to: to?, caller: caller?, account, login_s, health_every, diversion, quirks, rules })
}

fn quirks(node: &Node, sources: &mut Sources) -> Vec<Explained> {
    let items = fields::items(node, "a list of quirks", FAMILY, sources).unwrap_or_default();
    let quirk = |item: &Node| {
        let mut fields = Fields::of_object(item, &[&vocabulary::QUIRK], FAMILY, sources)?;
        let quirk = fields.need("quirk", sources);
        let quirk = quirk.and_then(|node| fields::choice(node, "a quirk", &Quirk::ALL, FAMILY, sources));
        let why = fields.need("why", sources);
        let why = why.and_then(|node| fields::prose(node, "a reason", FAMILY, sources));
        fields.finish(sources);
        Some(Explained { quirk: quirk?, why: why?.value })
    };
    let quirks: Vec<Explained> = items.iter().filter_map(quirk).collect();
    if quirks.iter().any(|it| it.quirk == Quirk::NationalNumber) {
        national::warm();
    }
    quirks
}

/// Whether the engine logs in.
#[derive(Clone, Copy)]
enum Register {
    On,
    Off,
}

fn register(node: &Node, sources: &mut Sources) -> Option<Register> {
    let ways = [("true", Register::On), ("false", Register::Off)];
    fields::choice(node, "true or false", &ways, FAMILY, sources)
}

fn half(place: Place, what: &str, sources: &mut Sources) -> Option<Out> {
    let words = Words::what(what)
        .repair("write both, or neither if the carrier knows this machine by its address")
        .hears("the carrier would refuse each call that goes out");
    sources.fault(place, TRUNK_ACCOUNT, words);
    None
}

/// One host, or several in the order in which they are tried.
fn hosts(node: &Node, sources: &mut Sources) -> Vec<String> {
    let items = match &node.shape {
        Shape::List(items) => items.as_slice(),
        Shape::Scalar(_) | Shape::Map(_) | Shape::Broken => std::slice::from_ref(node),
    };
    if items.is_empty() || items.len() > CARRIER_HOSTS_MAX {
        let words =
            Words::what(format!("{} hosts stand here, and 1 to {CARRIER_HOSTS_MAX} may", items.len()))
                .repair("name the host that the carrier gave you, and one or two that stand in for it");
        sources.fault(node.place, TRUNK_TO, words);
    }
    items.iter().filter_map(|item| host(item, sources)).collect()
}

fn host(node: &Node, sources: &mut Sources) -> Option<String> {
    let word = fields::word(node, "the address of a host", FAMILY, sources)?;
    if hop(&word.value).is_none() {
        let words = Words::what(format!("`{}` is no host that calls can go out to", word.value)).repair(
            "write it as sip:HOST or sip:HOST:PORT, with ;transport=tcp or ;transport=udp if need be",
        );
        sources.fault(word.place, TRUNK_TO, words);
        return None;
    }
    Some(word.value)
}

fn caller(node: &Node, sources: &mut Sources) -> Option<String> {
    let word = fields::word(node, "a number", FAMILY, sources)?;
    let number = e164(&word.value);
    if number.is_none() {
        let words = Words::what(format!("`{}` is no number with its country code", word.value))
            .repair(
                "write it as \"+16175550100\": a plus, the country code, the number, and quotes around it",
            )
            .hears("the carrier would refuse each call that goes out");
        sources.fault(word.place, TRUNK_CALLER, words);
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::flow::diagnostic::Paint;

    fn read(out: &str) -> (Option<Config>, String) {
        let text = format!("trunks: [{{name: a, addresses: [203.0.113.7], out: {out}}}]\n");
        let (config, faults) = Config::read("careline.yaml", text.as_bytes());
        (config, faults.iter().map(|fault| fault.render(Paint::Plain)).collect())
    }

    #[test]
    fn a_trunk_has_hosts_a_number_to_show_and_perhaps_an_account() {
        let (config, faults) = read(
            "{to: [\"sip:sbc1.example\", \"sip:192.0.2.7:5080;transport=tcp\"], caller: \"+1-617-555-0100\", user: clinic-7, password_file: a.password}",
        );
        assert_eq!(faults, "");
        let (user, digests) = ("clinic-7".to_owned(), Digests::Sha256);
        let account = AccountFile { user, password_file: "a.password".into(), digests };
        let expected = Out {
            to: vec!["sip:sbc1.example".to_owned(), "sip:192.0.2.7:5080;transport=tcp".to_owned()],
            caller: "+16175550100".to_owned(),
            account: Some(account),
            login_s: None,
            health_every: Some(Duration::from_secs(30)),
            diversion: TellsDiversion::HistoryInfo,
            quirks: Vec::new(),
            rules: Rules::default(),
        };
        assert_eq!(config.unwrap().trunks[0].out, Some(expected.clone()));
        let (config, faults) = read("{to: \"sip:sbc1.example\", caller: \"+16175550100\"}");
        assert_eq!(faults, "");
        let account = "to: \"sip:sbc1.example\", caller: \"+16175550100\", user: u, password_file: p";
        for (more, login_s) in [
            ("register: true", Some(3_600)),
            ("register: true, expires_s: 600", Some(600)),
            ("register: false, expires_s: 600", None),
        ] {
            let (config, faults) = read(&format!("{{{account}, {more}}}"));
            assert_eq!(faults, "", "{more}");
            let out = config.and_then(|config| config.trunks.into_iter().next()?.out);
            assert_eq!(out.and_then(|out| out.login_s), login_s, "{more}");
        }
        for (more, digests) in [
            ("digest: sha-256", Digests::Sha256),
            ("digest: md5", Digests::Md5),
            ("digest: both", Digests::Both),
        ] {
            let (config, faults) = read(&format!("{{{account}, {more}}}"));
            assert_eq!(faults, "", "{more}");
            let out = config.and_then(|config| config.trunks.into_iter().next()?.out);
            assert_eq!(out.and_then(|out| out.account).map(|it| it.digests), Some(digests), "{more}");
        }
        for (more, every) in [("health_s: 60", Some(60)), ("health_s: 0", None)] {
            let (config, faults) = read(&format!("{{{account}, {more}}}"));
            assert_eq!(faults, "", "{more}");
            let out = config.and_then(|config| config.trunks.into_iter().next()?.out);
            let found = out.and_then(|out| out.health_every);
            assert_eq!(found, every.map(Duration::from_secs), "{more}");
        }
        let plain = Out { to: expected.to[..1].to_vec(), account: None, ..expected };
        assert_eq!(config.unwrap().trunks[0].out, Some(plain));
    }

    #[test]
    fn a_carrier_is_told_of_diversions_as_it_wants_it() {
        // RFC 7044 §5, RFC 5806 §3
        for (more, expected) in [
            ("", TellsDiversion::HistoryInfo),
            (", diversion: history_info", TellsDiversion::HistoryInfo),
            (", diversion: diversion", TellsDiversion::Diversion),
            (", diversion: both", TellsDiversion::Both),
            (", diversion: none", TellsDiversion::Nothing),
        ] {
            let (config, faults) = read(&format!("{{to: \"sip:h\", caller: \"+16175550100\"{more}}}"));
            assert_eq!(faults, "", "{more}");
            let out = config.and_then(|config| config.trunks.into_iter().next()?.out);
            assert_eq!(out.map(|out| out.diversion), Some(expected), "{more}");
        }
    }

    #[test]
    fn a_quirk_is_named_with_its_reason() {
        let (config, faults) = read(
            "{to: \"sip:h\", caller: \"+16175550100\", quirks: [{quirk: number_without_plus, why: \"484 to a plus, 2026-11\"}, {quirk: their_host, why: old SBC}]}",
        );
        assert_eq!(faults, "");
        let out = config.and_then(|config| config.trunks.into_iter().next()?.out).expect("a way out");
        let told: Vec<_> = out.quirks.iter().map(|it| (it.quirk, it.why.as_str())).collect();
        let expected = [(Quirk::NumberWithoutPlus, "484 to a plus, 2026-11"), (Quirk::TheirHost, "old SBC")];
        assert_eq!(told, expected);
        for (_, name) in Quirk::ALL.map(|(name, quirk)| (quirk, name)) {
            let (config, faults) = read(&format!(
                "{{to: \"sip:h\", caller: \"+16175550100\", quirks: [{{quirk: {name}, why: w}}]}}"
            ));
            assert!(config.is_some() && faults.is_empty(), "{name}: {faults}");
        }
    }

    #[test]
    fn every_fault_of_it_is_told_at_once() {
        let good = "to: \"sip:h\", caller: \"+16175550100\"";
        for (out, expected) in [
            ("{}".to_owned(), vec!["C002  `out` needs `to`", "C002  `out` needs `caller`"]),
            (format!("{{{good}, user: u}}"), vec!["C022  `user` needs `password_file`"]),
            (format!("{{{good}, password_file: p}}"), vec!["C022  `password_file` needs `user`"]),
            (format!("{{{good}, password: p}}"), vec!["C001"]),
            (
                format!("{{{good}, register: true}}"),
                vec!["C022  `register` needs `user` and `password_file`"],
            ),
            (format!("{{{good}, register: yes, expires_s: 1}}"), vec!["C008", "C009"]),
            (format!("{{{good}, health_s: 3601}}"), vec!["C009"]),
            (format!("{{{good}, diversion: yes}}"), vec!["C008"]),
            (format!("{{{good}, user: u, password_file: p, digest: sha}}"), vec!["C008"]),
            (format!("{{{good}, quirks: [{{quirk: plus, why: w}}]}}"), vec!["C008"]),
            (format!("{{{good}, quirks: [{{quirk: their_host}}]}}"), vec!["C002  a quirk needs `why`"]),
            (
                "{to: [h, \"sips:h\", \"sip:u@h\"], caller: 6175550100}".to_owned(),
                vec![
                    "C020  `h` is no host",
                    "C020  `sips:h` is no host",
                    "C020  `sip:u@h`",
                    "C021  `6175550100` is no number with its country code",
                ],
            ),
            (
                "{to: [], caller: \"+911\"}".to_owned(),
                vec!["C020  0 hosts stand here, and 1 to 4 may", "C021"],
            ),
        ] {
            let (config, faults) = read(&out);
            assert!(config.is_none(), "{out}");
            for part in expected {
                assert!(faults.contains(part), "{out}: {part} is not in\n{faults}");
            }
        }
    }
}
