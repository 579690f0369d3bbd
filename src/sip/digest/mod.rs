//! Digest authentication, both sides: RFC 7616 and RFC 8760, RFC 2617 §3.2.2.1 for old telephones, RFC 3261 §22.
//!
//! ```text
//!  REGISTER ───────────────────▶ no credentials          [server]  401, a nonce of [nonce]
//!  REGISTER, credentials ──────▶ hash right, nonce ours, count new: the user
//!                                hash right, nonce old or counted: 401 stale, nobody is asked for a password
//!                                hash wrong: 401, and a mark against the source
//! ```
//! [`answer`] is the other side: what we say when a carrier asks. Hashes of passwords cannot be printed.

pub mod answer;
pub mod nonce;
pub mod server;

use crate::phi::Phi;
use crate::wire::sip::credentials::{Algorithm, Credentials};
use md5::Md5;
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// Hexadecimal digits of a hash: 32 of MD5, 64 of SHA-256.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hex {
    digits: [u8; 64],
    length: usize,
}

impl Hex {
    fn of(hash: &[u8]) -> Self {
        let mut digits = [0; 64];
        for (pair, octet) in digits.chunks_exact_mut(2).zip(hash) {
            let digit = |value: u8| b"0123456789abcdef"[usize::from(value)];
            (pair[0], pair[1]) = (digit(octet >> 4), digit(octet & 15));
        }
        Self { digits, length: 2 * hash.len().min(32) }
    }

    /// As octets.
    pub fn octets(&self) -> &[u8] {
        &self.digits[..self.length]
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "‹hash› {} digits", self.length)
    }
}

/// The hash of a user, a realm and a password (RFC 7616 §3.4.2). Who has it can log in, so it is a password: it cannot
/// be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1 {
    algorithm: Algorithm,
    digits: Phi<Hex>,
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "‹password› {}", self.algorithm.as_str())
    }
}

impl Ha1 {
    /// The hash of a password.
    pub fn of(algorithm: Algorithm, user: &[u8], realm: &[u8], password: &[u8]) -> Self {
        Self { algorithm, digits: Phi::new(hash(algorithm, &[user, realm, password])) }
    }

    /// The hash as configuration has it; `None` if it is none of this algorithm.
    pub fn read(algorithm: Algorithm, text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let mut digits = [0; 64];
        let place = digits.get_mut(..digits_of(algorithm)).filter(|place| place.len() == text.len())?;
        place.copy_from_slice(text.as_bytes());
        let good = text.bytes().all(|octet| octet.is_ascii_hexdigit());
        good.then(|| Self { algorithm, digits: Phi::new(Hex { digits, length: text.len() }) })
    }

    /// The hash that it is of.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// As configuration has it: for the eyes of who sets it up.
    pub fn expose(&self) -> String {
        self.digits.expose().octets().iter().map(|&octet| char::from(octet)).collect()
    }
}

const fn digits_of(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::Md5 => 32,
        Algorithm::Sha256 => 64,
    }
}

/// The hash of these with colons between them.
fn hash(algorithm: Algorithm, parts: &[&[u8]]) -> Hex {
    match algorithm {
        Algorithm::Md5 => Hex::of(&joined::<Md5>(parts)),
        Algorithm::Sha256 => Hex::of(&joined::<Sha256>(parts)),
    }
}

fn joined<D: Digest>(parts: &[&[u8]]) -> impl std::ops::Deref<Target = [u8]> + use<D> {
    let mut digest = D::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            digest.update(b":");
        }
        digest.update(part);
    }
    digest.finalize()
}

/// The response that these credentials should carry for this method (RFC 7616 §3.4.1): with `qop=auth`, or without it
/// as RFC 2617 §3.2.2.1 has it. Their own `response` is not looked at.
pub fn response(ha1: &Ha1, method: &[u8], credentials: &Credentials<'_>) -> Hex {
    let ha2 = hash(ha1.algorithm, &[method, credentials.uri]);
    let (secret, nonce) = (ha1.digits.expose(), credentials.nonce);
    match &credentials.counted {
        Some(counted) => {
            let parts = [secret.octets(), nonce, counted.nc, counted.cnonce, b"auth", ha2.octets()];
            hash(ha1.algorithm, &parts)
        }
        None => hash(ha1.algorithm, &[secret.octets(), nonce, ha2.octets()]),
    }
}

/// Whether the credentials carry the right response. It takes as long for a wrong one as for a right one.
pub fn is_right(ha1: &Ha1, method: &[u8], credentials: &Credentials<'_>) -> bool {
    let expected = response(ha1, method, credentials);
    let given = credentials.response.to_ascii_lowercase();
    credentials.algorithm == ha1.algorithm && bool::from(expected.octets().ct_eq(&given))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RFC_7616: &str = "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", \
        nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, \
        cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, \
        opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";

    /// (algorithm, user, realm, password, method, credentials without response, response)
    const VECTORS: [(Algorithm, &str, &str, &str, &str, &str); 3] = [
        // RFC 7616 §3.9.1
        (
            Algorithm::Md5,
            "http-auth@example.org",
            "Circle of Life",
            "GET",
            RFC_7616,
            "8ca523f5e9506fed4657c9700eebdbec",
        ),
        (
            Algorithm::Sha256,
            "http-auth@example.org",
            "Circle of Life",
            "GET",
            RFC_7616,
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
        // RFC 2617 §3.5, with its qop
        (
            Algorithm::Md5,
            "testrealm@host.com",
            "Circle Of Life",
            "GET",
            "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
             uri=\"/dir/index.html\", qop=auth, nc=00000001, cnonce=\"0a4f113b\"",
            "6629fae49393a05397450978507c4ef1",
        ),
    ];

    #[test]
    fn the_responses_are_those_of_the_rfcs() {
        for (algorithm, realm, password, method, rest, expected) in VECTORS {
            let ha1 = Ha1::of(algorithm, b"Mufasa", realm.as_bytes(), password.as_bytes());
            let value = format!("{rest}, algorithm={}, response=\"{expected}\"", algorithm.as_str());
            let credentials = Credentials::read(value.as_bytes()).unwrap();
            let response = response(&ha1, method.as_bytes(), &credentials);
            assert_eq!(std::str::from_utf8(response.octets()), Ok(expected));
            assert!(is_right(&ha1, method.as_bytes(), &credentials));
            assert!(!is_right(&ha1, b"POST", &credentials), "another method");
            let other = Ha1::of(algorithm, b"Mufasa", realm.as_bytes(), b"circle of life");
            assert!(!is_right(&other, method.as_bytes(), &credentials), "another password");
            let capitals = value.replace(expected, &expected.to_ascii_uppercase());
            assert!(is_right(&ha1, method.as_bytes(), &Credentials::read(capitals.as_bytes()).unwrap()));
            for cut in ["", &expected[1..], &format!("{expected}0")] {
                let value = value.replace(expected, cut);
                let credentials = Credentials::read(value.as_bytes()).unwrap();
                assert!(!is_right(&ha1, method.as_bytes(), &credentials), "{value}");
            }
        }
    }

    #[test]
    fn a_hash_of_another_algorithm_is_never_right_and_a_hash_is_never_printed() {
        // RFC 2617 §3.2.2.1, RFC 2069: no qop.
        let md5 = Ha1::of(Algorithm::Md5, b"ann", b"clinic", b"secret");
        let bare =
            "Digest username=\"ann\", realm=\"clinic\", nonce=\"n\", uri=\"sip:clinic\", response=\"x\"";
        let right = response(&md5, b"REGISTER", &Credentials::read(bare.as_bytes()).unwrap());
        let right = String::from_utf8(right.octets().to_vec()).unwrap();
        // echo -n "$(echo -n ann:clinic:secret | md5sum | cut -c-32):n:$(echo -n REGISTER:sip:clinic | md5sum | cut -c-32)" | md5sum
        assert_eq!(right, "1b4ee49a42c7dc3a55d1d279cebb9a5d");
        let bare = bare.replace("\"x\"", &format!("\"{right}\""));
        assert!(is_right(&md5, b"REGISTER", &Credentials::read(bare.as_bytes()).unwrap()));
        let claimed = format!("{bare}, algorithm=SHA-256");
        assert!(!is_right(&md5, b"REGISTER", &Credentials::read(claimed.as_bytes()).unwrap()));
        let read = Ha1::read(Algorithm::Md5, &md5.expose().to_ascii_uppercase());
        assert_eq!(read, Some(md5.clone()));
        assert_eq!(Ha1::read(Algorithm::Sha256, &md5.expose()), None, "too short");
        assert_eq!(Ha1::read(Algorithm::Md5, &"g".repeat(32)), None, "no digits");
        let printed = format!("{md5:?} {:?}", Hex::of(&[0xca; 16]));
        assert!(!printed.contains(&md5.expose()) && !printed.contains("caca"), "{printed}");
    }
}
