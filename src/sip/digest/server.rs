//! The side that asks for a password: RFC 7616 §3.3, §3.4; RFC 3261 §22.2; RFC 8760 §2.4.
//!
//! Each user has one challenge, in the algorithm of the hash that is kept of his password. Who is unknown is asked like
//! anybody else and is told the same as who has the wrong password.
//!
//! The URI in credentials may differ from that of the request: proxies rewrite the one and telephones abbreviate the
//! other. What is hashed is theirs; the method and the nonce are ours, so that nothing can be made of it.

use super::nonce::{Nonces, Secret, Worth};
use super::{Ha1, is_right};
use crate::clock::Instant;
use crate::limits::DIGEST_TEXT_MAX_OCTETS;
use crate::wire::sip::credentials::{Algorithm, Challenge, Credentials, Qop};
use crate::wire::sip::header::Headers;
use crate::wire::sip::name::Name;

/// Asks for passwords for one realm.
pub struct Asker {
    realm: String,
    nonces: Nonces,
}

/// What credentials show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// He knows the password, and this is no message that was played twice.
    Knows,
    /// He knows the password and needs another nonce.
    Stale,
    /// There are no credentials for this realm.
    Nothing,
    /// They are wrong, or of nobody.
    Wrong,
}

impl Asker {
    /// Asks for this realm.
    pub fn new(realm: &str, secret: Secret) -> Self {
        Self { realm: realm.to_owned(), nonces: Nonces::new(secret) }
    }

    /// The realm.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The value of WWW-Authenticate.
    pub fn challenge(&mut self, now: Instant, algorithm: Algorithm, stale: Shown) -> String {
        let nonce = self.nonces.mint(now);
        Challenge {
            realm: self.realm.as_bytes(),
            nonce: nonce.as_bytes(),
            opaque: None,
            stale: stale == Shown::Stale,
            algorithm,
            qop: Qop::Auth,
        }
        .to_string()
    }

    /// The credentials for this realm (RFC 3261 §22.3: there may be others for other realms); `None` if there are none.
    pub fn credentials<'a>(&self, headers: &Headers<'a>) -> Option<Credentials<'a>> {
        let ours = |value| Credentials::read(value).ok().filter(|it| it.realm == self.realm.as_bytes());
        headers.each(Name::Authorization).find_map(ours)
    }

    /// The same of a request that is asked with 407 (RFC 3261 §22.3); some phones answer that in Authorization.
    pub fn credentials_of_call<'a>(&self, headers: &Headers<'a>) -> Option<Credentials<'a>> {
        let ours = |value| Credentials::read(value).ok().filter(|it| it.realm == self.realm.as_bytes());
        let all = [Name::ProxyAuthorization, Name::Authorization];
        all.into_iter().find_map(|name| headers.each(name).find_map(ours))
    }

    /// What these show of the user whose hash is `ha1`; a nonce is used up only by who knows the password.
    pub fn judge(
        &mut self,
        now: Instant,
        method: &[u8],
        credentials: Option<&Credentials<'_>>,
        ha1: Option<&Ha1>,
    ) -> Shown {
        let Some(credentials) = credentials else { return Shown::Nothing };
        let Some(ha1) = ha1.filter(|_| is_short(credentials)) else { return Shown::Wrong };
        // Without qop there is the old form alone, which is MD5's (RFC 2617 §3.2.2.1).
        let is_old_form = credentials.counted.is_none();
        if (is_old_form && ha1.algorithm() != Algorithm::Md5) || !is_right(ha1, method, credentials) {
            return Shown::Wrong;
        }
        let count = credentials.counted.map(|counted| counted.count);
        match self.nonces.use_up(now, credentials.nonce, count) {
            Worth::Good => Shown::Knows,
            Worth::Stale => Shown::Stale,
        }
    }
}

fn is_short(credentials: &Credentials<'_>) -> bool {
    let cnonce = credentials.counted.map_or(&[][..], |counted| counted.cnonce);
    [credentials.nonce, cnonce].iter().all(|text| text.len() <= DIGEST_TEXT_MAX_OCTETS)
}

#[cfg(test)]
mod tests {
    use super::super::answer::{Account, Purse};
    use super::*;
    use crate::limits::DIGEST_NONCE_LIVES;
    use std::time::Duration;

    const REGISTER: &[u8] = b"REGISTER";

    fn after(ms: u64) -> Instant {
        Instant::START + Duration::from_millis(ms)
    }

    fn asker() -> Asker {
        Asker::new("clinic", Secret([1; 32]))
    }

    fn judged(asker: &mut Asker, at: Instant, value: &[u8], ha1: &Ha1) -> Shown {
        asker.judge(at, REGISTER, Credentials::read(value).ok().as_ref(), Some(ha1))
    }

    #[test]
    fn who_knows_the_password_is_known_until_his_nonce_is_old() {
        for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
            let mut asker = asker();
            let ha1 = Ha1::of(algorithm, b"ann", b"clinic", b"secret");
            let mut purse = Purse::new(Account::new("ann", "secret"));
            let challenge = asker.challenge(after(0), algorithm, Shown::Nothing);
            assert!(!challenge.contains("stale"), "{challenge}");
            let mut say = |challenge: &str| {
                let challenge = Challenge::read(challenge.as_bytes()).unwrap();
                purse.credentials(challenge, REGISTER, b"sip:clinic", "c")
            };
            let first = say(&challenge);
            assert_eq!(judged(&mut asker, after(1), &first, &ha1), Shown::Knows, "{algorithm:?}");
            assert_eq!(judged(&mut asker, after(2), &first, &ha1), Shown::Stale, "played again");
            let invite =
                asker.judge(after(2), b"INVITE", Credentials::read(&first).ok().as_ref(), Some(&ha1));
            assert_eq!(invite, Shown::Wrong, "another method");
            let late = after(DIGEST_NONCE_LIVES.as_millis() as u64 + 2);
            assert_eq!(judged(&mut asker, late, &first, &ha1), Shown::Stale, "old");
            let challenge = asker.challenge(late, algorithm, Shown::Stale);
            assert!(challenge.contains("stale=true"), "{challenge}");
            let again = say(&challenge);
            assert_eq!(judged(&mut asker, late, &again, &ha1), Shown::Knows);
        }
    }

    #[test]
    fn who_does_not_know_it_is_told_the_same_whoever_he_is() {
        let mut asker = asker();
        let ha1 = Ha1::of(Algorithm::Sha256, b"ann", b"clinic", b"secret");
        let mut said = |password: &str, algorithm| {
            let challenge = asker.challenge(after(0), algorithm, Shown::Nothing);
            let mut purse = Purse::new(Account::new("ann", password));
            let challenge = Challenge::read(challenge.as_bytes()).unwrap();
            purse.credentials(challenge, REGISTER, b"sip:clinic", "c")
        };
        let (wrong, right, other) = (
            said("secreT", Algorithm::Sha256),
            said("secret", Algorithm::Sha256),
            said("secret", Algorithm::Md5),
        );
        assert_eq!(judged(&mut asker, after(1), &wrong, &ha1), Shown::Wrong);
        assert_eq!(
            judged(&mut asker, after(1), &other, &ha1),
            Shown::Wrong,
            "a weaker algorithm than asked for"
        );
        let nobody = asker.judge(after(1), REGISTER, Credentials::read(&right).ok().as_ref(), None);
        assert_eq!(nobody, Shown::Wrong);
        assert_eq!(asker.judge(after(1), REGISTER, None, Some(&ha1)), Shown::Nothing);
        assert_eq!(asker.nonces.counted(), 0, "who guesses leaves nothing behind");
        assert_eq!(judged(&mut asker, after(1), &right, &ha1), Shown::Knows);
    }

    #[test]
    fn the_old_form_without_qop_is_for_md5_alone() {
        // RFC 2617 §3.2.2.1
        for (algorithm, expected) in [(Algorithm::Md5, Shown::Knows), (Algorithm::Sha256, Shown::Wrong)] {
            let mut asker = asker();
            let ha1 = Ha1::of(algorithm, b"ann", b"clinic", b"secret");
            let challenge =
                asker.challenge(after(0), algorithm, Shown::Nothing).replace(", qop=\"auth\"", "");
            let mut purse = Purse::new(Account::new("ann", "secret"));
            let challenge = Challenge::read(challenge.as_bytes()).unwrap();
            let value = purse.credentials(challenge, REGISTER, b"sip:clinic", "c");
            assert_eq!(judged(&mut asker, after(1), &value, &ha1), expected);
        }
    }
}
