//! Service URNs: what is called by what it does, and not by a number (RFC 5031).
//!
//! ```text
//!  urn:service:sos, urn:service:sos.fire ─▶ help
//! ```
//! Which number that is here is not known here.

/// What the service of emergencies is named, its own name and those beneath it (RFC 5031 §4.2).
const EMERGENCY: &[u8] = b"urn:service:sos";

/// Whether a URI asks for help, of whatever kind. Upper and lower case are the same (RFC 5031 §3).
pub fn is_emergency(uri: &[u8]) -> bool {
    let Some((start, rest)) = uri.split_at_checked(EMERGENCY.len()) else { return false };
    start.eq_ignore_ascii_case(EMERGENCY) && matches!(rest, [] | [b'.', _, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_the_service_sos_with_all_that_is_beneath_it() {
        // RFC 5031 §3, §4.2
        for (uri, expected) in [
            ("urn:service:sos", true),
            ("URN:service:Sos", true),
            ("urn:service:sos.ambulance", true),
            ("urn:service:sos.animal-control", true),
            ("urn:service:sos.", false),
            ("urn:service:sosx", false),
            ("urn:service:so", false),
            ("urn:service:test.sos", false),
            ("urn:service:counseling", false),
            ("sip:sos@clinic.example", false),
            ("", false),
        ] {
            assert_eq!(is_emergency(uri.as_bytes()), expected, "{uri}");
        }
    }
}
