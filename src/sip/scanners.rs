//! Programs that look for engines to call through, by the name that they give themselves in User-Agent (RFC 3261 §20.41).
//!
//! One that lies is not known by this: the rate, the ban and the passwords are for it. But most do not lie, and what is not
//! answered is not tried a thousand times more. A tool that operators use, such as `sipsak`, is no scanner here.

/// Names that no telephone and no carrier has: of SIPVicious (`svmap`, `svwar`, `svcrack`) and its copies, and of the
/// programs that log in and call with what those find.
const KNOWN: [&str; 9] = [
    "friendly-scanner",
    "sipvicious",
    "sipcli",
    "sip-scan",
    "pplsip",
    "sundayddr",
    "VaxSIPUserAgent",
    "iWar",
    "smap",
];

/// Whether a program that names itself so is one: it begins with a known name or one of `more`, and that word ends there.
pub fn is_scanner(agent: &[u8], more: &[String]) -> bool {
    let begins_with = |name: &str| {
        let start = agent.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()));
        start && agent.get(name.len()).is_none_or(|next| !next.is_ascii_alphanumeric())
    };
    KNOWN.into_iter().chain(more.iter().map(String::as_str)).any(|name| !name.is_empty() && begins_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scanner_is_known_by_the_beginning_of_its_name_and_a_telephone_never_is_one() {
        let more = ["Evil Phone".to_owned(), String::new()];
        for (agent, expected) in [
            ("friendly-scanner", true),
            ("Friendly-Scanner", true),
            ("sipcli/v1.8", true),
            ("VaxSIPUserAgent/3.1", true),
            ("smap 0.6.0", true),
            ("evil phone 2", true),
            ("sipclient 1.0", false),
            ("smapphone", false),
            ("sipsak 0.9.8.1", false),
            ("Yealink SIP-T46S 66.84.0.10", false),
            ("my friendly-scanner", false),
            ("", false),
        ] {
            assert_eq!(is_scanner(agent.as_bytes(), &more), expected, "{agent}");
        }
    }
}
