//! What the settings allow that somebody should know of.

use super::finding::Finding;
use crate::config::{Config, LiveEdit, Trunk};
use crate::io::control;
use crate::sip::carrier::EMERGENCY_CARRIER as EMERGENCY_TRUNK;
use crate::sip::interface::Network;
use crate::wire::sip::credentials::Algorithm;

/// Every finding about the settings.
pub fn findings(config: &Config) -> Vec<Finding> {
    vec![
        running(config),
        networks(&config.sip.listen_to),
        digests(config),
        trunk_digests(config),
        help(config),
        live_edit(config),
        ports(config),
    ]
}

fn running(config: &Config) -> Finding {
    let path = config.control.display();
    match control::ask_status(&config.control) {
        Ok(_) => Finding::good("an engine runs with these settings and answers"),
        Err(_) => Finding::look(
            format!("no engine answers at {path}"),
            "start it with `careline serve`, or run this where it runs",
        ),
    }
}

/// A network that holds every address lets strangers call.
fn networks(listened_to: &[Network]) -> Finding {
    if listened_to.iter().any(|network| network.prefix == 0) {
        return Finding::look(
            "sip.listen_to has the whole world in it: scanners are heard, and answered",
            "name your trunks under `trunks:` and your own networks under `sip: listen_to`",
        );
    }
    Finding::good("strangers' calls are dropped: sip.listen_to names networks")
}

/// MD5 is weak, and there are phones that know no other.
fn digests(config: &Config) -> Finding {
    let weak = config.users.iter().filter(|user| user.ha1.algorithm() == Algorithm::Md5);
    let names: Vec<&str> = weak.map(|user| user.name.as_str()).collect();
    match (config.users.len(), names.len()) {
        (0, _) => Finding::good("no phone logs in here"),
        (all, 0) => Finding::good(format!("all {all} users log in with SHA-256")),
        (all, weak) => Finding::look(
            format!("{weak} of {all} users log in with MD5: {}", names.join(", ")),
            "if the phone knows SHA-256, let `careline user NAME` write a new line",
        ),
    }
}

/// So are carriers.
fn trunk_digests(config: &Config) -> Finding {
    let shows = |trunk: &&Trunk| trunk.out.as_ref().is_some_and(|out| out.account.is_some());
    let is_weak = |trunk: &&Trunk| {
        let account = trunk.out.as_ref().and_then(|out| out.account.as_ref());
        account.is_some_and(|account| account.digests.allow(Algorithm::Md5))
    };
    let accounts: Vec<&Trunk> = config.trunks.iter().filter(shows).collect();
    let names: Vec<&str> =
        accounts.iter().copied().filter(is_weak).map(|trunk| trunk.name.as_str()).collect();
    match (accounts.len(), names.len()) {
        (0, _) => Finding::good("no trunk asks for a password of ours"),
        (all, 0) => {
            Finding::good(format!("all {all} trunks with an account are shown its password by SHA-256"))
        }
        (all, weak) => Finding::look(
            format!(
                "{weak} of {all} trunks with an account may be shown its password by MD5: {}",
                names.join(", ")
            ),
            "ask the carrier for SHA-256 (RFC 8760), then take the line `digest` out; until then let the password be long and of chance",
        ),
    }
}

/// Phones of the house must be able to call for help.
fn help(config: &Config) -> Finding {
    let takes_them = |trunk: &Trunk| trunk.name.as_str() == EMERGENCY_TRUNK && trunk.out.is_some();
    if config.users.is_empty() {
        return Finding::good("no phone of the house that would have to call for help");
    }
    if config.trunks.iter().any(takes_them) {
        return Finding::good("phones of the house can call for help");
    }
    Finding::wrong(
        format!("phones of the house cannot call for help: no trunk with `out` is named `{EMERGENCY_TRUNK}`"),
        "name one so, even if the same carrier is there twice (docs/operator-guide/phones.md)",
    )
}

fn live_edit(config: &Config) -> Finding {
    match config.live_edit {
        LiveEdit::On => Finding::look(
            "live_edit is on: callers hear each file as soon as it is saved",
            "set `live_edit: false` and use `careline publish`: for demonstrations only",
        ),
        LiveEdit::Off => Finding::good("callers hear what was published"),
    }
}

/// A call that is bridged has two legs, and each leg takes a pair of ports.
fn ports(config: &Config) -> Finding {
    let (first, last) = (u64::from(config.media.first_port), u64::from(config.media.last_port));
    let (pairs, wanted) = ((last + 1).saturating_sub(first) / 2, 2 * u64::from(config.calls.max));
    if pairs < wanted {
        return Finding::look(
            format!(
                "{} calls with a person each want {wanted} port pairs, and there are {pairs}",
                config.calls.max
            ),
            "widen media.first_port to media.last_port, or lower calls.max",
        );
    }
    Finding::good(format!("{pairs} port pairs are enough for {} calls with a person each", config.calls.max))
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;
    use crate::flow::diagnostic::Severity;

    fn states(yaml: &str) -> Vec<State> {
        let (config, faults) = Config::read("careline.yaml", yaml.as_bytes());
        let faults: Vec<_> = faults.iter().filter(|fault| fault.severity == Severity::Fault).collect();
        assert!(faults.is_empty(), "{yaml}: {faults:?}");
        // Whether an engine runs here is nothing of the text.
        findings(&config.expect("no fault")).iter().skip(1).map(|finding| finding.state).collect()
    }

    #[test]
    fn each_unwise_setting_is_found_and_the_defaults_are_not() {
        use State::{Good, Look, Wrong};
        let md5 = "ab".repeat(16);
        let trunk = |more: &str| {
            let out = format!("to: \"sip:h\", caller: \"+16175550100\", user: u, password_file: p{more}");
            format!("trunks: [{{name: carrier, addresses: [203.0.113.7], out: {{{out}}}}}]\n")
        };
        for (yaml, expected) in [
            ("calls: {max: 1000}\n".to_owned(), [Good; 6]),
            ("sip: {listen_to: [\"0.0.0.0/0\"]}\n".to_owned(), [Look, Good, Good, Good, Good, Good]),
            (
                format!("users: [{{name: ann, ha1: \"{md5}\", digest: md5}}]\n"),
                [Good, Look, Good, Wrong, Good, Good],
            ),
            (format!("users: [{{name: ann, ha1: \"{md5}{md5}\"}}]\n"), [Good, Good, Good, Wrong, Good, Good]),
            (trunk(""), [Good; 6]),
            (trunk(", digest: md5"), [Good, Good, Look, Good, Good, Good]),
            (trunk(", digest: both"), [Good, Good, Look, Good, Good, Good]),
            ("live_edit: true\n".to_owned(), [Good, Good, Good, Good, Look, Good]),
            ("calls: {max: 3000}\n".to_owned(), [Good, Good, Good, Good, Good, Look]),
        ] {
            assert_eq!(states(&yaml), expected, "{yaml}");
        }
    }

    #[test]
    fn weak_users_are_named_and_no_hash_is() {
        let md5 = "ab".repeat(16);
        let yaml = format!("users: [{{name: ann, ha1: \"{md5}\", digest: md5}}]\n");
        let (config, _) = Config::read("careline.yaml", yaml.as_bytes());
        let found = digests(&config.expect("no fault"));
        assert!(found.seen.contains("1 of 1 users log in with MD5: ann"), "{}", found.seen);
        assert!(!found.seen.contains("abab") && !found.repair.contains("abab"));
    }
}
