//! Whether two URIs are the same (RFC 3261 §19.1.4): two Contacts of one phone, or of two.

use super::uri::{Host, Scheme, Uri, unescape};

/// Parameters that make a difference even if only one side has them (RFC 3261 §19.1.4).
const DECISIVE: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];

/// Whether both URIs lead to the same resource. The order of parameters, and those that only one of them has and that
/// decide nothing, do not matter. Header fields must be the same as they are written.
pub fn same(a: &Uri<'_>, b: &Uri<'_>) -> bool {
    same_scheme(a.scheme, b.scheme)
        && a.user.map(unescape) == b.user.map(unescape)
        && a.password.map(unescape) == b.password.map(unescape)
        && same_host(a.host, b.host)
        && a.port == b.port
        && a.headers.eq_ignore_ascii_case(b.headers)
        && same_parameters(a, b)
}

fn same_scheme(a: Scheme<'_>, b: Scheme<'_>) -> bool {
    match (a, b) {
        (Scheme::Other(a), Scheme::Other(b)) => a.eq_ignore_ascii_case(b),
        _ => a == b,
    }
}

fn same_host(a: Option<Host<'_>>, b: Option<Host<'_>>) -> bool {
    match (a, b) {
        (Some(Host::Name(a)), Some(Host::Name(b))) => a.eq_ignore_ascii_case(b),
        _ => a == b,
    }
}

fn same_parameters(a: &Uri<'_>, b: &Uri<'_>) -> bool {
    let same_value = |a: Option<&[u8]>, b: Option<&[u8]>| {
        unescape(a.unwrap_or_default()).eq_ignore_ascii_case(&unescape(b.unwrap_or_default()))
    };
    let agrees = |(name, value): (&[u8], Option<&[u8]>)| {
        let text = std::str::from_utf8(name).unwrap_or_default();
        b.parameters.get(text).is_none_or(|other| same_value(value, other))
    };
    let decided =
        DECISIVE.iter().all(|name| a.parameters.get(name).is_some() == b.parameters.get(name).is_some());
    decided && a.parameters.iter().all(agrees)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_the_same_by_the_rules_and_not_by_their_looks() {
        // RFC 3261 §19.1.4: its own examples, and what phones send.
        for (a, b, expected) in [
            ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", true),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5", true),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", false),
            ("sip:a@h;transport=tcp;method=REGISTER", "sip:a@h;method=REGISTER;transport=tcp", true),
            ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", false),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", false),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp", false),
            ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", false),
            ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", false),
            ("sip:a@[2001:DB8::1]", "sip:a@[2001:db8:0::1]", true),
            ("sip:a@h", "sips:a@h", false),
            ("sip:a:x@h", "sip:a@h", false),
        ] {
            let (left, right) = (Uri::read(a.as_bytes()).unwrap(), Uri::read(b.as_bytes()).unwrap());
            assert_eq!((same(&left, &right), same(&right, &left)), (expected, expected), "{a} and {b}");
        }
    }
}
