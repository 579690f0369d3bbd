//! The side that is asked for a password: what we say to a carrier's 401 or 407 (RFC 3261 §22.1, §22.2, §22.3;
//! RFC 7616 §3.4; RFC 8760 §2.4).
//!
//! A challenge is answered once. If the same realm asks again and does not say that only its nonce was too old, the
//! password is wrong: asking again would lock the account (RFC 3261 §22.1). What was answered stands in the request that
//! was challenged, so that many requests may share one account.

use super::{Ha1, response};
use crate::phi::Phi;
use crate::wire::sip::credentials::{Algorithm, Challenge, Counted, Credentials, CredentialsError, Qop};
use crate::wire::sip::header::Headers;
use crate::wire::sip::message::{Request, Response};
use crate::wire::sip::name::Name;

/// The status with which a proxy asks (RFC 3261 §22.3); a server asks with 401.
const PROXY_ASKS: u16 = 407;

/// The functions by which a password is shown. Whoever hears what was shown by MD5 finds a weak password in hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Digests {
    /// SHA-256 alone: the rule.
    #[default]
    Sha256,
    /// MD5 alone.
    Md5,
    /// The strongest that is asked for.
    Both,
}

impl Digests {
    /// Whether a password may be shown by this function.
    pub const fn allow(self, algorithm: Algorithm) -> bool {
        matches!(
            (self, algorithm),
            (Digests::Both, _) | (Digests::Sha256, Algorithm::Sha256) | (Digests::Md5, Algorithm::Md5)
        )
    }
}

/// Whose password, and the password. It cannot be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    user: String,
    password: Phi<String>,
    digests: Digests,
}

impl Account {
    /// A user and his password, which is shown by whatever is asked for.
    pub fn new(user: &str, password: &str) -> Self {
        Self { user: user.to_owned(), password: Phi::new(password.to_owned()), digests: Digests::Both }
    }

    /// The same, shown by these functions alone.
    #[must_use]
    pub fn shown_by(self, digests: Digests) -> Self {
        Self { digests, ..self }
    }

    /// The user.
    pub fn user(&self) -> &str {
        &self.user
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
    /// It can be answered by a function alone by which this password is not shown.
    #[error("the password is asked for by {}, and it is not shown so", .0.as_str())]
    NotShownBy(Algorithm),
}

/// What goes into the request that is sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Authorization or Proxy-Authorization.
    pub name: Name,
    /// Its value.
    pub value: Vec<u8>,
    /// Whom it convinces: what was shown to the same realm before is left out.
    pub realm: Vec<u8>,
}

/// An account with the nonce that was answered last, for one peer.
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

    /// Whose it is.
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// The strongest challenge of a 401 or 407 that we can answer by these functions: of each algorithm there may be one
    /// (RFC 8760 §2.4).
    ///
    /// # Errors
    /// [`GiveUp::Challenge`] or [`GiveUp::NotShownBy`] when there is none.
    pub fn choose<'a>(headers: &Headers<'a>, name: Name, digests: Digests) -> Result<Challenge<'a>, GiveUp> {
        let mut best: Result<Challenge<'a>, GiveUp> = Err(GiveUp::Challenge(CredentialsError::Scheme));
        for challenge in headers.each(name).map(Challenge::read) {
            best = match (best, challenge) {
                (best, Ok(other)) if !digests.allow(other.algorithm) => {
                    best.or(Err(GiveUp::NotShownBy(other.algorithm)))
                }
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

    /// What to show for a 401 or 407 to this request. `cnonce` is new each time.
    ///
    /// # Errors
    /// [`GiveUp`].
    pub fn answer(
        &mut self,
        request: &Request<'_>,
        response: &Response<'_>,
        cnonce: &str,
    ) -> Result<Said, GiveUp> {
        let (asks, name) = match response.status {
            PROXY_ASKS => (Name::ProxyAuthenticate, Name::ProxyAuthorization),
            _ => (Name::WwwAuthenticate, Name::Authorization),
        };
        let challenge = Self::choose(&response.headers, asks, self.account.digests)?;
        if !challenge.stale && was_shown_to(&request.headers, name, challenge.realm) {
            return Err(GiveUp::Refused);
        }
        let value = self.credentials(challenge, request.method.octets(), request.uri, cnonce);
        Ok(Said { name, value, realm: challenge.realm.to_vec() })
    }

    /// The value of Authorization or Proxy-Authorization for this challenge.
    pub fn credentials(
        &mut self,
        challenge: Challenge<'_>,
        method: &[u8],
        uri: &[u8],
        cnonce: &str,
    ) -> Vec<u8> {
        if self.nonce != challenge.nonce {
            self.nonce = challenge.nonce.to_vec();
            self.count = 0;
        }
        self.count += 1;
        let Account { user, password, digests: _ } = &self.account;
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
        credentials.to_value()
    }
}

/// Whether a request carries credentials for this realm.
fn was_shown_to(headers: &Headers<'_>, name: Name, realm: &[u8]) -> bool {
    headers.each(name).filter_map(|value| Credentials::read(value).ok()).any(|shown| shown.realm == realm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sip::message::{Message, parse};

    fn purse() -> Purse {
        Purse::new(Account::new("clinic-7", "tr,\"unk"))
    }

    /// What is shown for this answer to an INVITE with these lines.
    fn said(purse: &mut Purse, lines: &str, answer: &str) -> Result<Said, GiveUp> {
        let request = format!("INVITE sip:+1617@carrier.example SIP/2.0\r\n{lines}\r\n");
        let answer = format!("SIP/2.0 {answer}\r\n\r\n");
        match (parse(request.as_bytes()), parse(answer.as_bytes())) {
            (Ok(Message::Request(request)), Ok(Message::Response(answer))) => {
                purse.answer(&request, &answer, "c0")
            }
            other => panic!("{request}{answer}: {other:?}"),
        }
    }

    fn text(shown: &Said) -> String {
        format!("{}: {}\r\n", shown.name.as_str(), String::from_utf8_lossy(&shown.value))
    }

    #[test]
    fn a_challenge_is_answered_once_and_a_stale_one_again() {
        // RFC 3261 §22.1, §22.2, §22.3; RFC 7616 §3.3, §3.4
        let mut purse = purse();
        let ask = "407 Who\r\nProxy-Authenticate: Digest realm=\"x \\\"y\\\"\", nonce=\"n1\", qop=\"auth\", opaque=\"o\"";
        let first = text(&said(&mut purse, "", ask).unwrap());
        for part in [
            "Proxy-Authorization: Digest ",
            "realm=\"x \\\"y\\\"\"",
            "nc=00000001",
            "opaque=\"o\"",
            "algorithm=MD5",
            "cnonce=\"c0\"",
            "uri=\"sip:+1617@carrier.example\"",
        ] {
            assert!(first.contains(part), "{part} is not in {first}");
        }
        assert_eq!(said(&mut purse, &first, ask), Err(GiveUp::Refused), "the same nonce");
        let other = ask.replace("n1", "n2");
        assert_eq!(said(&mut purse, &first, &other), Err(GiveUp::Refused), "another nonce, the same realm");
        let stale = text(&said(&mut purse, &first, &format!("{ask}, stale=true")).unwrap());
        assert!(stale.contains("nc=00000002"), "{stale}");
        let new = text(&said(&mut purse, &first, &format!("{other}, stale=TRUE")).unwrap());
        assert!(new.contains("nonce=\"n2\"") && new.contains("nc=00000001"), "{new}");
        let another_call = text(&said(&mut purse, "", &other).unwrap());
        assert!(another_call.contains("nc=00000002"), "a nonce for all calls is counted: {another_call}");
        // A server behind the proxy asks too: another field.
        let server =
            said(&mut purse, &first, "401 Who\r\nWWW-Authenticate: Digest realm=\"z\", nonce=\"n3\"");
        let server = text(&server.unwrap());
        assert!(server.starts_with("Authorization: ") && !server.contains("nc="), "{server}");
        let printed = format!("{purse:?}");
        assert!(!printed.contains("unk"), "{printed}");
    }

    #[test]
    fn the_answer_is_the_hash_of_the_rfc() {
        // RFC 2617 §3.5, without the names of a web server: MD5 of the parts, as another program makes it.
        let mut purse = Purse::new(Account::new("Mufasa", "Circle Of Life"));
        let ask = "407 Who\r\nProxy-Authenticate: Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"";
        let shown = text(&said(&mut purse, "", ask).unwrap());
        let md5 = |text: String| {
            use md5::Digest as _;
            md5::Md5::digest(text.as_bytes()).iter().map(|octet| format!("{octet:02x}")).collect::<String>()
        };
        let ha1 = md5("Mufasa:testrealm@host.com:Circle Of Life".to_owned());
        assert_eq!(ha1, "939e7578ed9e3c518a452acee763bce9", "as RFC 2617 §3.5 goes on to use");
        let ha2 = md5("INVITE:sip:+1617@carrier.example".to_owned());
        let expected = md5(format!("{ha1}:dcd98b7102dd2f0e8b11d0f600bfb0c093:{ha2}"));
        assert!(shown.contains(&format!("response=\"{expected}\"")), "{expected} is not in {shown}");
    }

    #[test]
    fn a_password_is_shown_by_no_function_that_it_is_not_meant_for() {
        // RFC 8760 §2.4
        let md5 = "Proxy-Authenticate: Digest realm=\"a\", nonce=\"n5\"\r\n";
        let sha = "Proxy-Authenticate: Digest realm=\"a\", nonce=\"n256\", algorithm=SHA-256\r\n";
        let (md5_alone, sha_alone) =
            (Err(GiveUp::NotShownBy(Algorithm::Md5)), Err(GiveUp::NotShownBy(Algorithm::Sha256)));
        for (digests, asked, expected) in [
            (Digests::Sha256, [sha, md5], Ok("n256")),
            (Digests::Sha256, [md5, sha], Ok("n256")),
            (Digests::Sha256, [md5, ""], md5_alone),
            (Digests::Md5, [sha, md5], Ok("n5")),
            (Digests::Md5, [md5, sha], Ok("n5")),
            (Digests::Md5, [sha, ""], sha_alone),
            (Digests::Both, [md5, sha], Ok("n256")),
            (Digests::Both, [md5, ""], Ok("n5")),
        ] {
            let mut purse = Purse::new(Account::new("clinic-7", "secret").shown_by(digests));
            let answer = format!("407 Who\r\n{}", asked.concat().trim_end());
            let found = said(&mut purse, "", &answer).map(|said| text(&said));
            match expected {
                Ok(nonce) => {
                    let found = found.unwrap_or_else(|fault| panic!("{digests:?} {asked:?}: {fault}"));
                    assert!(found.contains(&format!("nonce=\"{nonce}\"")), "{digests:?} {asked:?}: {found}");
                }
                Err(fault) => assert_eq!(found, Err(fault), "{digests:?} {asked:?}"),
            }
        }
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
            let chosen = Purse::choose(&response.headers, Name::ProxyAuthenticate, Digests::Both);
            let nonce = chosen.map(|it| std::str::from_utf8(it.nonce).unwrap());
            assert_eq!(nonce, expected.map_err(GiveUp::Challenge), "{text}");
        }
    }
}
