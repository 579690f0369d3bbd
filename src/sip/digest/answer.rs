//! The side that is asked for a password: what we say to a carrier's 401 or 407 (RFC 3261 §22.1, §22.2, §22.3;
//! RFC 7616 §3.4; RFC 8760 §2.4).
//!
//! A challenge is answered once. The same nonce again, and not because it was stale, means that the password is wrong:
//! asking again would lock the account (RFC 3261 §22.1).

use super::{Ha1, response};
use crate::phi::Phi;
use crate::wire::sip::credentials::{Challenge, Counted, Credentials, CredentialsError, Qop};
use crate::wire::sip::header::Headers;
use crate::wire::sip::name::Name;

/// Whose password, and the password. It cannot be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    user: String,
    password: Phi<String>,
}

impl Account {
    /// A user and his password.
    pub fn new(user: &str, password: &str) -> Self {
        Self { user: user.to_owned(), password: Phi::new(password.to_owned()) }
    }
}

/// Why a challenge is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GiveUp {
    /// It was answered already, and not taken: the password is wrong.
    #[error("the password was not taken")]
    Refused,
    /// None of its challenges is one that we can answer.
    #[error("no challenge that we can answer: {0}")]
    Challenge(CredentialsError),
}

/// An account with what was answered last, for one peer.
#[derive(Clone, Debug)]
pub struct Purse {
    account: Account,
    nonce: Vec<u8>,
    count: u32,
}

impl Purse {
    /// An account that nobody has asked for yet.
    pub const fn new(account: Account) -> Self {
        Self { account, nonce: Vec::new(), count: 0 }
    }

    /// The strongest challenge of a 401 or 407 that we can answer: of each algorithm there may be one (RFC 8760 §2.4).
    ///
    /// # Errors
    /// [`GiveUp::Challenge`] when there is none.
    pub fn choose<'a>(headers: &Headers<'a>, name: Name) -> Result<Challenge<'a>, GiveUp> {
        let mut best: Result<Challenge<'a>, GiveUp> = Err(GiveUp::Challenge(CredentialsError::Scheme));
        for challenge in headers.each(name).map(Challenge::read) {
            best = match (best, challenge) {
                (Ok(best), Ok(other)) if other.algorithm > best.algorithm => Ok(other),
                (Err(_), Ok(first)) => Ok(first),
                (Err(GiveUp::Challenge(CredentialsError::Scheme)), Err(error)) => {
                    Err(GiveUp::Challenge(error))
                }
                (best, _) => best,
            };
        }
        best
    }

    /// The value of Authorization or Proxy-Authorization for this challenge. `cnonce` is new each time.
    ///
    /// # Errors
    /// [`GiveUp::Refused`] when the same nonce was answered before and is not stale.
    pub fn answer(
        &mut self,
        challenge: Challenge<'_>,
        method: &[u8],
        uri: &[u8],
        cnonce: &str,
    ) -> Result<Vec<u8>, GiveUp> {
        if self.nonce == challenge.nonce && !challenge.stale {
            return Err(GiveUp::Refused);
        }
        if self.nonce != challenge.nonce {
            self.nonce = challenge.nonce.to_vec();
            self.count = 0;
        }
        self.count += 1;
        let Account { user, password } = &self.account;
        let ha1 =
            Ha1::of(challenge.algorithm, user.as_bytes(), challenge.realm, password.expose().as_bytes());
        let nc = format!("{:08x}", self.count);
        let counted = Counted { nc: nc.as_bytes(), count: self.count, cnonce: cnonce.as_bytes() };
        let mut credentials = Credentials {
            username: user.as_bytes(),
            realm: challenge.realm,
            nonce: challenge.nonce,
            uri,
            response: &[],
            algorithm: challenge.algorithm,
            opaque: challenge.opaque,
            counted: (challenge.qop == Qop::Auth).then_some(counted),
        };
        let response = response(&ha1, method, &credentials);
        credentials.response = response.octets();
        Ok(credentials.to_value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sip::message::{Message, parse};

    fn purse() -> Purse {
        Purse::new(Account::new("clinic-7", "tr,\"unk"))
    }

    fn said(purse: &mut Purse, challenge: &str) -> String {
        let challenge = Challenge::read(challenge.as_bytes()).unwrap();
        match purse.answer(challenge, b"INVITE", b"sip:+1617@carrier.example", "c0") {
            Ok(value) => String::from_utf8(value).unwrap(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_challenge_is_answered_once_and_a_stale_one_again() {
        // RFC 3261 §22.1, §22.2; RFC 7616 §3.4
        let mut purse = purse();
        let first =
            said(&mut purse, "Digest realm=\"x \\\"y\\\"\", nonce=\"n1\", qop=\"auth\", opaque=\"o\"");
        for part in ["realm=\"x \\\"y\\\"\"", "nc=00000001", "opaque=\"o\"", "algorithm=MD5", "cnonce=\"c0\""]
        {
            assert!(first.contains(part), "{part} is not in {first}");
        }
        assert_eq!(
            said(&mut purse, "Digest realm=\"x\", nonce=\"n1\", qop=\"auth\""),
            "the password was not taken"
        );
        let stale = said(&mut purse, "Digest realm=\"x\", nonce=\"n1\", qop=\"auth\", stale=true");
        assert!(stale.contains("nc=00000002"), "{stale}");
        let other = said(&mut purse, "Digest realm=\"x\", nonce=\"n2\"");
        assert!(!other.contains("nc=") && !other.contains("qop"), "{other}");
        let printed = format!("{purse:?}");
        assert!(!printed.contains("unk"), "{printed}");
    }

    #[test]
    fn of_several_challenges_the_strongest_is_answered() {
        // RFC 8760 §2.4
        for (lines, expected) in [
            ("Digest realm=\"a\", nonce=\"1\"|Digest realm=\"a\", nonce=\"2\", algorithm=SHA-256", Ok("2")),
            ("Digest realm=\"a\", nonce=\"2\", algorithm=SHA-256|Digest realm=\"a\", nonce=\"1\"", Ok("2")),
            (
                "Digest realm=\"a\", nonce=\"3\", algorithm=SHA-512-256|Digest realm=\"a\", nonce=\"1\"",
                Ok("1"),
            ),
            ("Digest realm=\"a\", nonce=\"1\"|Digest realm=\"b\", nonce=\"2\"", Ok("1")),
            ("Basic realm=\"a\"", Err(CredentialsError::Scheme)),
            ("Digest realm=\"a\", nonce=\"1\", qop=\"auth-int\"", Err(CredentialsError::Qop)),
            ("", Err(CredentialsError::Scheme)),
        ] {
            let lines: String = lines
                .split('|')
                .filter(|line| !line.is_empty())
                .map(|line| format!("Proxy-Authenticate: {line}\r\n"))
                .collect();
            let text = format!("SIP/2.0 407 Who\r\n{lines}\r\n");
            let Ok(Message::Response(response)) = parse(text.as_bytes()) else { panic!("{text}") };
            let chosen = Purse::choose(&response.headers, Name::ProxyAuthenticate);
            let nonce = chosen.map(|it| std::str::from_utf8(it.nonce).unwrap());
            assert_eq!(nonce, expected.map_err(GiveUp::Challenge), "{text}");
        }
    }
}
