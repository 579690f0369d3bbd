//! What a carrier gets that wants numbers and addresses written otherwise: RFC 3261 §19.1.1, RFC 3966 §5.1.4.

use super::{Bench, NUMBER, US, carrier};
use crate::sip::carrier::Carrier;
use crate::sip::quirks::{Quirk, Quirks};

#[test]
fn a_carrier_that_wants_it_otherwise_gets_it_so() {
    // RFC 3261 §19.1.1, RFC 3966 §5.1.4
    use Quirk::{NationalNumber, NoUserPhone, NumberWithoutPlus, TheirHost};
    for (quirks, uri, from, asserted) in [
        (vec![], "+16175550123@a.example;user=phone", "+16175550100@", "+16175550142@"),
        (vec![NumberWithoutPlus], "16175550123@a.example;user=phone", "16175550100@", "16175550142@"),
        (vec![NationalNumber], "6175550123@a.example;user=phone", "6175550100@", "6175550142@"),
        (vec![NoUserPhone, TheirHost], "+16175550123@a.example", "+16175550100@", "+16175550142@"),
    ] {
        let host = if quirks.contains(&TheirHost) { "a.example" } else { US };
        let mut bench = Bench::over(Carrier { quirks: Quirks(quirks.clone()), ..carrier(None, true) });
        bench.call(NUMBER);
        let (_, invite) = bench.last("INVITE");
        for part in [
            format!("INVITE sip:{uri} SIP/2.0\r\n"),
            format!("\r\nTo: <sip:{uri}>\r\n"),
            format!("\r\nFrom: <sip:{from}{host}>;tag="),
            format!("\r\nP-Asserted-Identity: <sip:{asserted}{host}>\r\n"),
        ] {
            assert!(invite.contains(&part), "{quirks:?}: {part:?} is not in\n{invite}");
        }
    }
}
