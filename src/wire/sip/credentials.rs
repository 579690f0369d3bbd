//! Digest challenges and credentials: WWW-Authenticate, Proxy-Authenticate, Authorization and
//! Proxy-Authorization (RFC 3261 §20.7, §20.27, §20.28, §20.44; RFC 7616 §3.3, §3.4; RFC 8760 §2).
//!
//! ```text
//!  Digest realm="clinic", nonce="4f…", algorithm=SHA-256, qop="auth"                      a challenge
//!  Digest username="ann", realm="clinic", nonce="4f…", uri="sip:clinic", response="…", …  credentials
//! ```
//! One line holds one of them (RFC 3261 §7.3.1), so its commas part parameters. Values are borrowed from the
//! message without their quotes and with their escapes: what is hashed is what was sent. Hashing is not known here.

use super::grammar::{List, find_near, is_token, quoted_len, trim};
use crate::limits::SIP_CREDENTIALS_PARAMETERS_MAX;
use std::fmt::{self, Write};
use thiserror::Error;

/// The scheme that we speak.
const DIGEST: &[u8] = b"Digest";

/// A function that passwords and messages are hashed with (RFC 8760 §2.1). Those of sessions (`-sess`) are none of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// What every telephone has (RFC 2617 §3.2.1).
    Md5,
    /// RFC 8760 §2.1.
    Sha256,
}

impl Algorithm {
    /// As messages spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Sha256 => "SHA-256",
        }
    }

    /// The algorithm that a value names; without one it is MD5 (RFC 2617 §3.2.1). `None`: another one.
    fn read(value: Option<&[u8]>) -> Option<Self> {
        let Some(value) = value else { return Some(Algorithm::Md5) };
        [Algorithm::Md5, Algorithm::Sha256]
            .into_iter()
            .find(|known| value.eq_ignore_ascii_case(known.as_str().as_bytes()))
    }
}

/// Why a value is no challenge and no credentials that we can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CredentialsError {
    /// Another scheme than Digest.
    #[error("it is no Digest")]
    Scheme,
    /// A parameter is no `name=value`, or stands there twice.
    #[error("a parameter is broken")]
    Parameter,
    /// More parameters than anybody needs.
    #[error("it has too many parameters")]
    TooMany,
    /// One that must be there is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// An algorithm that we do not speak.
    #[error("its algorithm is none of ours")]
    Algorithm,
    /// A protection of bodies that we do not speak.
    #[error("its qop is none of ours")]
    Qop,
}

/// Whether the other side counts its uses of a nonce (RFC 7616 §3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qop {
    /// `auth`.
    Auth,
    /// None: the form of RFC 2069, which RFC 2617 §3.2.2.1 still allows.
    None,
}

/// A demand for credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge<'a> {
    /// What the password is for.
    pub realm: &'a [u8],
    /// What is hashed along.
    pub nonce: &'a [u8],
    /// What goes back as it came.
    pub opaque: Option<&'a [u8]>,
    /// Only the nonce was too old, the password was right.
    pub stale: bool,
    /// The hash.
    pub algorithm: Algorithm,
    /// Whether uses of the nonce are counted.
    pub qop: Qop,
}

impl<'a> Challenge<'a> {
    /// Reads the value of a WWW-Authenticate or Proxy-Authenticate.
    ///
    /// # Errors
    /// [`CredentialsError`] when it is none that we can answer.
    pub fn read(value: &'a [u8]) -> Result<Self, CredentialsError> {
        let found = Found::read(value)?;
        let qop = match found.get("qop") {
            None => Qop::None,
            Some(offered) if List::new(offered).any(|one| one.eq_ignore_ascii_case(b"auth")) => Qop::Auth,
            Some(_) => return Err(CredentialsError::Qop),
        };
        Ok(Self {
            realm: found.need("realm")?,
            nonce: found.need("nonce")?,
            opaque: found.get("opaque"),
            stale: found.get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case(b"true")),
            algorithm: Algorithm::read(found.get("algorithm")).ok_or(CredentialsError::Algorithm)?,
            qop,
        })
    }
}

impl fmt::Display for Challenge<'_> {
    /// The value as it goes into a message; what is in it is ours, so that it is text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest realm=\"")?;
        ascii(f, self.realm)?;
        f.write_str("\", nonce=\"")?;
        ascii(f, self.nonce)?;
        write!(f, "\", algorithm={}", self.algorithm.as_str())?;
        if self.stale {
            f.write_str(", stale=true")?;
        }
        if self.qop == Qop::Auth {
            f.write_str(", qop=\"auth\"")?;
        }
        if let Some(opaque) = self.opaque {
            f.write_str(", opaque=\"")?;
            ascii(f, opaque)?;
            f.write_char('"')?;
        }
        Ok(())
    }
}

/// What shows that somebody knows a password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Credentials<'a> {
    /// Whose password.
    pub username: &'a [u8],
    /// What it is for.
    pub realm: &'a [u8],
    /// The nonce of the challenge.
    pub nonce: &'a [u8],
    /// The Request-URI as the sender wrote it: proxies may have changed the other one.
    pub uri: &'a [u8],
    /// The hash, in hexadecimal digits.
    pub response: &'a [u8],
    /// Which hash.
    pub algorithm: Algorithm,
    /// What came along with the challenge.
    pub opaque: Option<&'a [u8]>,
    /// The count of the nonce's uses and the sender's own nonce.
    pub counted: Option<Counted<'a>>,
}

/// What `qop=auth` adds (RFC 7616 §3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted<'a> {
    /// The eight digits as they are hashed.
    pub nc: &'a [u8],
    /// Their number.
    pub count: u32,
    /// The sender's own nonce.
    pub cnonce: &'a [u8],
}

impl fmt::Debug for Credentials<'_> {
    /// A response lets passwords be guessed, so nothing of it is printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "‹credentials› {} counted: {}", self.algorithm.as_str(), self.counted.is_some())
    }
}

impl<'a> Credentials<'a> {
    /// Reads the value of an Authorization or Proxy-Authorization.
    ///
    /// # Errors
    /// [`CredentialsError`] when it is none that we can judge.
    pub fn read(value: &'a [u8]) -> Result<Self, CredentialsError> {
        let found = Found::read(value)?;
        let counted = match found.get("qop") {
            None => None,
            Some(qop) if qop.eq_ignore_ascii_case(b"auth") => {
                let nc = found.need("nc")?;
                let count = eight_digits(nc).ok_or(CredentialsError::Parameter)?;
                Some(Counted { nc, count, cnonce: found.need("cnonce")? })
            }
            Some(_) => return Err(CredentialsError::Qop),
        };
        Ok(Self {
            username: found.need("username")?,
            realm: found.need("realm")?,
            nonce: found.need("nonce")?,
            uri: found.need("uri")?,
            response: found.need("response")?,
            algorithm: Algorithm::read(found.get("algorithm")).ok_or(CredentialsError::Algorithm)?,
            opaque: found.get("opaque"),
            counted,
        })
    }

    /// The value as it goes into a message, octet by octet as it was put in.
    pub fn to_value(&self) -> Vec<u8> {
        let mut value = b"Digest ".to_vec();
        let quoted =
            [("username", self.username), ("realm", self.realm), ("nonce", self.nonce), ("uri", self.uri)];
        for (name, text) in quoted {
            value.extend_from_slice(format!("{name}=\"").as_bytes());
            value.extend_from_slice(text);
            value.extend_from_slice(b"\", ");
        }
        value.extend_from_slice(b"response=\"");
        value.extend_from_slice(self.response);
        value.extend_from_slice(format!("\", algorithm={}", self.algorithm.as_str()).as_bytes());
        if let Some(opaque) = self.opaque {
            value.extend_from_slice(b", opaque=\"");
            value.extend_from_slice(opaque);
            value.push(b'"');
        }
        if let Some(Counted { nc, cnonce, .. }) = self.counted {
            // `qop` and `nc` stand without quotes (RFC 7616 §3.4).
            value.extend_from_slice(b", qop=auth, nc=");
            value.extend_from_slice(nc);
            value.extend_from_slice(b", cnonce=\"");
            value.extend_from_slice(cnonce);
            value.push(b'"');
        }
        value
    }
}

/// A count as eight hexadecimal digits (RFC 7616 §3.4 `nc-value`).
fn eight_digits(octets: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(octets).ok().filter(|text| text.len() == 8)?;
    text.bytes().all(|octet| octet.is_ascii_hexdigit()).then(|| u32::from_str_radix(text, 16).ok())?
}

fn ascii(f: &mut fmt::Formatter<'_>, octets: &[u8]) -> fmt::Result {
    octets.iter().try_for_each(|&octet| f.write_char(char::from(octet)))
}

/// The parameters of a Digest value.
struct Found<'a> {
    parameters: [(&'a [u8], &'a [u8]); SIP_CREDENTIALS_PARAMETERS_MAX],
    count: usize,
}

impl<'a> Found<'a> {
    fn read(value: &'a [u8]) -> Result<Self, CredentialsError> {
        let value = trim(value);
        let (scheme, rest) = value.split_at_checked(DIGEST.len()).ok_or(CredentialsError::Scheme)?;
        if !scheme.eq_ignore_ascii_case(DIGEST) || !matches!(rest.first(), Some(b' ' | b'\t' | b'\r')) {
            return Err(CredentialsError::Scheme);
        }
        let mut found = Self { parameters: Default::default(), count: 0 };
        for parameter in List::new(rest) {
            found.add(parameter)?;
        }
        Ok(found)
    }

    fn add(&mut self, parameter: &'a [u8]) -> Result<(), CredentialsError> {
        let equals = find_near(parameter, b'=').ok_or(CredentialsError::Parameter)?;
        let (name, value) = (trim(&parameter[..equals]), trim(&parameter[equals + 1..]));
        let value = match quoted_len(value) {
            Some(length) if length == value.len() => &value[1..length - 1],
            Some(_) => return Err(CredentialsError::Parameter),
            None if is_token(value) => value,
            None => return Err(CredentialsError::Parameter),
        };
        // Of two of one name each side could mean another.
        let twice = self.all().iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        if !is_token(name) || twice {
            return Err(CredentialsError::Parameter);
        }
        let place = self.parameters.get_mut(self.count).ok_or(CredentialsError::TooMany)?;
        *place = (name, value);
        self.count += 1;
        Ok(())
    }

    fn all(&self) -> &[(&'a [u8], &'a [u8])] {
        &self.parameters[..self.count]
    }

    fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.all()
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| *value)
    }

    fn need(&self, name: &'static str) -> Result<&'a [u8], CredentialsError> {
        self.get(name).ok_or(CredentialsError::Missing(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &str) -> String {
        let text = |octets: &[u8]| octets.escape_ascii().to_string();
        match Challenge::read(value.as_bytes()) {
            Err(error) => error.to_string(),
            Ok(it) => format!(
                "{} {} {:?} {:?} stale={} opaque={}",
                text(it.realm),
                text(it.nonce),
                it.algorithm,
                it.qop,
                it.stale,
                it.opaque.map_or("-".to_owned(), text)
            ),
        }
    }

    #[test]
    fn a_challenge_is_read_as_servers_write_it() {
        // RFC 3261 §20.27, §20.44; RFC 7616 §3.3; RFC 8760 §2.1
        for (value, expected) in [
            ("Digest realm=\"a\", nonce=\"n\"", "a n Md5 None stale=false opaque=-"),
            ("digest  Realm = \"a, b\",nonce=n,Algorithm=md5", "a, b n Md5 None stale=false opaque=-"),
            (
                "Digest realm=\"x \\\"y\\\"\", nonce=\"n\", opaque=\"\", stale=TRUE, algorithm=SHA-256, qop=\"auth,auth-int\"",
                "x \\\\\\\"y\\\\\\\" n Sha256 Auth stale=true opaque=",
            ),
            (
                "Digest realm=\"a\",\r\n nonce=\"n\", domain=\"sip:x\", qop=auth",
                "a n Md5 Auth stale=false opaque=-",
            ),
            ("Digest realm=\"a\", nonce=\"n\", qop=\"auth-int\"", "its qop is none of ours"),
            ("Digest realm=\"a\", nonce=\"n\", algorithm=SHA-512-256", "its algorithm is none of ours"),
            ("Digest realm=\"a\", nonce=\"n\", algorithm=MD5-sess", "its algorithm is none of ours"),
            ("Digest realm=\"a\"", "`nonce` is missing"),
            ("Digest nonce=\"a\"", "`realm` is missing"),
            ("Digest realm=\"a\", realm=\"b\", nonce=\"n\"", "a parameter is broken"),
            ("Digest realm=\"a\" x, nonce=\"n\"", "a parameter is broken"),
            ("Digest realm=\"a", "a parameter is broken"),
            ("Digest realm", "a parameter is broken"),
            ("Digest =a", "a parameter is broken"),
            ("Basic realm=\"a\"", "it is no Digest"),
            ("Digestrealm=\"a\"", "it is no Digest"),
            ("Digest", "it is no Digest"),
            ("", "it is no Digest"),
        ] {
            assert_eq!(shown(value), expected, "for {value:?}");
        }
    }

    #[test]
    fn credentials_are_read_and_written_alike() {
        // RFC 3261 §20.7, §20.28; RFC 7616 §3.4
        let value = "Digest username=\"ann\", realm=\"a, b\", nonce=\"n\", uri=\"sip:c;x=1,2\", response=\"0f\", \
             algorithm=SHA-256, opaque=\"o\", qop=auth, nc=0000001a, cnonce=\"c\\\"c\"";
        let read = Credentials::read(value.as_bytes()).unwrap();
        assert_eq!(read.counted, Some(Counted { nc: b"0000001a", count: 26, cnonce: b"c\\\"c" }));
        assert_eq!(String::from_utf8(read.to_value()).unwrap(), value);
        let bare = "Digest username=\"clinic\\\\ann\", realm=\"a\", nonce=\"n\", uri=\"sip:c\", response=\"0f\", algorithm=MD5";
        let read = Credentials::read(bare.as_bytes()).unwrap();
        assert_eq!((read.username, read.counted), (&b"clinic\\\\ann"[..], None));
        assert_eq!(String::from_utf8(read.to_value()).unwrap(), bare);
    }

    #[test]
    fn what_is_missing_or_broken_in_credentials_is_named() {
        let whole = "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"sip:c\", response=\"0\", qop=auth, nc=00000001, cnonce=\"c\"";
        assert!(Credentials::read(whole.as_bytes()).is_ok());
        for (from, to, error) in [
            ("username", "usrname", CredentialsError::Missing("username")),
            ("realm", "rlm", CredentialsError::Missing("realm")),
            ("uri", "url", CredentialsError::Missing("uri")),
            ("response", "answer", CredentialsError::Missing("response")),
            (", cnonce=\"c\"", "", CredentialsError::Missing("cnonce")),
            ("nc=00000001", "nc=1", CredentialsError::Parameter),
            ("nc=00000001", "nc=+0000001", CredentialsError::Parameter),
            ("nc=00000001", "nc=zzzzzzzz", CredentialsError::Parameter),
            ("qop=auth", "qop=auth-int", CredentialsError::Qop),
            ("qop=auth", "algorithm=TIGER", CredentialsError::Algorithm),
        ] {
            let broken = whole.replace(from, to);
            assert_eq!(Credentials::read(broken.as_bytes()), Err(error), "{broken}");
        }
        let many: String = (0..=SIP_CREDENTIALS_PARAMETERS_MAX).map(|n| format!(", x{n}=1")).collect();
        let many = format!("{whole}{many}");
        assert_eq!(Credentials::read(many.as_bytes()), Err(CredentialsError::TooMany));
    }

    #[test]
    fn a_challenge_of_ours_is_read_back_and_printing_credentials_prints_nothing() {
        let ours = Challenge {
            realm: b"clinic",
            nonce: b"n",
            opaque: None,
            stale: true,
            algorithm: Algorithm::Sha256,
            qop: Qop::Auth,
        };
        let written = ours.to_string();
        assert_eq!(
            written,
            "Digest realm=\"clinic\", nonce=\"n\", algorithm=SHA-256, stale=true, qop=\"auth\""
        );
        assert_eq!(Challenge::read(written.as_bytes()), Ok(ours));
        let value = "Digest username=\"ann\", realm=\"r\", nonce=\"n\", uri=\"sip:c\", response=\"cafe\"";
        let printed = format!("{:?}", Credentials::read(value.as_bytes()));
        assert!(!printed.contains("ann") && !printed.contains("cafe"), "{printed}");
    }
}
