//! A carrier that asks for the account by SHA-256, alone or before MD5: RFC 7616 §3.4.1, RFC 8760 §2.4.

use super::*;
use sha2::Sha256;

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|octet| format!("{octet:02x}")).collect()
}

#[test]
fn a_carrier_that_asks_by_sha_256_gets_that_and_no_md5() {
    let challenge = |status: &str, algorithm: &str| {
        let name = if status == "407" { "Proxy-Authenticate" } else { "WWW-Authenticate" };
        format!("{name}: Digest realm=\"carrier.example\", nonce=\"n1\", qop=\"auth\"{algorithm}\r\n")
    };
    for (status, header) in [("401", "Authorization"), ("407", "Proxy-Authorization")] {
        let (md5, sha) = (challenge(status, ""), challenge(status, ", algorithm=SHA-256"));
        for lines in [sha.clone(), format!("{sha}{md5}"), format!("{md5}{sha}")] {
            let mut bench = Bench::new();
            bench.call(NUMBER);
            bench.answer(status, "INVITE", &lines);
            bench.did(
                "0 INVITE udp 10.0.0.2:5060\n0 ACK udp 10.0.0.2:5060\n0 INVITE udp 10.0.0.2:5060 with an account\n",
            );
            let (_, invite) = bench.last("INVITE");
            let values: Vec<&str> =
                invite.lines().filter_map(|line| line.strip_prefix(&format!("{header}: "))).collect();
            let [value] = values[..] else { panic!("{values:?}: one is enough: {invite}") };
            assert_eq!(parameter(value, "algorithm"), "SHA-256", "{invite}");
            let ha1 = sha256(&format!("clinic-7:carrier.example:{PASSWORD}"));
            let ha2 = sha256(&format!("INVITE:{}", parameter(value, "uri")));
            let (nc, cnonce) = (parameter(value, "nc"), parameter(value, "cnonce"));
            let expected = sha256(&format!("{ha1}:n1:{nc}:{cnonce}:auth:{ha2}"));
            assert_eq!(parameter(value, "response"), expected, "{invite}");
            bench.answer("486", "INVITE", "");
            bench.rests();
            let counters = bench.stack.counters();
            assert_eq!((counters.accounts_shown, counters.accounts_refused), (1, 0));
        }
    }
}
