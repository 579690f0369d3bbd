//! `Refer-To`: to whom a REFER points, and the dialog that it says to take over (RFC 3515 §2.1, RFC 3891 §6.1).
//!
//! A `Replaces` stands escaped among the header fields of the URI: `<sip:desk@h?Replaces=id%3Bto-tag%3Da%3Bfrom-tag%3Db>`.
//! Its other header fields are for an INVITE that we do not copy. Whether the dialog is one of ours is `sip/stack`'s.

use super::address::{Address, AddressError};
use super::grammar::{Parameters, split_at_outside, trim};
use super::header::Headers;
use super::name::Name;
use super::uri::{Scheme, Uri, unescape};
use thiserror::Error;

/// To whom a REFER points. It cannot be printed: it may hold a patient's number.
#[derive(Clone, PartialEq, Eq)]
pub struct ReferTo<'a> {
    /// The URI, read.
    pub uri: Uri<'a>,
    /// The URI as it is written, without its header fields.
    pub written: &'a [u8],
    /// The dialog whose place is to be taken.
    pub replaces: Option<Replaces>,
}

/// A dialog as whoever is asked to give it up names it (RFC 3891 §3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaces {
    /// Its Call-ID.
    pub call_id: Vec<u8>,
    /// The tag of whoever is asked.
    pub to_tag: Vec<u8>,
    /// The tag of the other side.
    pub from_tag: Vec<u8>,
    /// Which dialogs are meant.
    pub stage: Stage,
}

/// Which dialogs a `Replaces` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Any.
    Any,
    /// One that nobody has answered yet (`early-only`).
    Early,
}

/// Why a REFER points to nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReferError {
    /// There is no Refer-To, or more than one (RFC 3515 §2.4.2).
    #[error("Refer-To stands not exactly once")]
    Count,
    /// It is no address.
    #[error("Refer-To: {0}")]
    Address(AddressError),
    /// Its URI is of a kind that nobody is called by.
    #[error("Refer-To has a URI that is no sip, sips or tel")]
    Scheme,
    /// It asks for another request than an INVITE.
    #[error("Refer-To asks for another method than INVITE")]
    Method,
    /// Its `Replaces` is no dialog, or stands where it may not.
    #[error("Replaces names no dialog, or stands where it may not")]
    Replaces,
}

impl ReferError {
    /// The status that answers it.
    pub const fn status(self) -> u16 {
        match self {
            ReferError::Count | ReferError::Address(_) | ReferError::Replaces => 400,
            ReferError::Scheme => 416,
            ReferError::Method => 403,
        }
    }
}

impl<'a> ReferTo<'a> {
    /// Reads the Refer-To of a REFER.
    ///
    /// # Errors
    /// [`ReferError`] when there is not exactly one, or it points to nobody whom we could call.
    pub fn read(headers: &Headers<'a>) -> Result<Self, ReferError> {
        let mut values = headers.values(Name::ReferTo);
        let (Some(value), None) = (values.next(), values.next()) else { return Err(ReferError::Count) };
        let address = Address::read(value).map_err(ReferError::Address)?;
        let uri = address.uri().map_err(|error| ReferError::Address(AddressError::Uri(error)))?;
        match uri.scheme {
            Scheme::Sip | Scheme::Sips | Scheme::Tel => {}
            Scheme::Other(_) => return Err(ReferError::Scheme),
        }
        if uri.parameters.value("method").is_some_and(|method| !method.eq_ignore_ascii_case(b"INVITE")) {
            return Err(ReferError::Method);
        }
        let headless = address.uri.strip_suffix(uri.headers).unwrap_or(address.uri);
        let written = headless.strip_suffix(b"?").unwrap_or(headless);
        Ok(Self { uri, written, replaces: replaces(uri.headers)? })
    }
}

/// The `Replaces` among the header fields of a URI (RFC 3261 §19.1.1).
fn replaces(headers: &[u8]) -> Result<Option<Replaces>, ReferError> {
    let named = |field: &&[u8]| {
        let name = field.split(|&octet| octet == b'=').next().unwrap_or_default();
        unescape(name).eq_ignore_ascii_case(b"Replaces")
    };
    let mut fields = headers.split(|&octet| octet == b'&').filter(named);
    let (field, more) = (fields.next(), fields.next());
    if more.is_some() {
        return Err(ReferError::Replaces);
    }
    let Some(field) = field else { return Ok(None) };
    let at = field.iter().position(|&octet| octet == b'=').ok_or(ReferError::Replaces)?;
    Replaces::read(&unescape(&field[at + 1..])).map(Some).ok_or(ReferError::Replaces)
}

impl Replaces {
    /// The one of an INVITE, if it has one (RFC 3891 §3).
    ///
    /// # Errors
    /// [`ReferError::Replaces`] when there is more than one, or it names no dialog.
    pub fn of(headers: &Headers<'_>) -> Result<Option<Self>, ReferError> {
        let mut values = headers.values(Name::Replaces);
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => Self::read(value).map(Some).ok_or(ReferError::Replaces),
            (Some(_), Some(_)) => Err(ReferError::Replaces),
        }
    }

    /// Reads the value of a Replaces; `None` if it is none (RFC 3891 §6.1).
    fn read(value: &[u8]) -> Option<Self> {
        let (call_id, parameters) = split_at_outside(value, b';');
        let parameters = Parameters::new(parameters?);
        let tag = |name| parameters.value(name).map(trim).filter(|tag| !tag.is_empty()).map(<[u8]>::to_vec);
        let stage = if parameters.get("early-only").is_some() { Stage::Early } else { Stage::Any };
        let call_id = trim(call_id).to_vec();
        let (to_tag, from_tag) = (tag("to-tag")?, tag("from-tag")?);
        (!call_id.is_empty()).then_some(Self { call_id, to_tag, from_tag, stage })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sip::message::{Message, parse};
    use proptest::prelude::*;

    /// What is read of these lines, in short.
    fn read(lines: &str) -> Result<String, u16> {
        let text = format!("REFER sip:a@b SIP/2.0\r\n{lines}\r\n");
        let Ok(Message::Request(request)) = parse(text.as_bytes()) else { panic!("{text}") };
        let refer = ReferTo::read(&request.headers).map_err(ReferError::status)?;
        let plain = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let replaces = refer.replaces.as_ref().map_or(String::new(), |it| {
            let (id, to, from) = (plain(&it.call_id), plain(&it.to_tag), plain(&it.from_tag));
            format!(" for {id} {to} {from} {:?}", it.stage)
        });
        Ok(plain(refer.written) + &replaces)
    }

    #[test]
    fn a_refer_points_to_one_party_and_perhaps_to_its_dialog() {
        // RFC 3515 §2.4.2, RFC 3891 §3, §6.1
        let packed = "Replaces=425928%40bobster.example.org%3Bto-tag%3D7743%3Bfrom-tag%3D6472";
        let taken = "sip:carol@h for 425928@bobster.example.org 7743 6472";
        for (lines, expected) in [
            ("Refer-To: <sip:carol@h>\r\n", Ok("sip:carol@h".to_owned())),
            ("r: sip:carol@h;x=y\r\n", Ok("sip:carol@h".to_owned())),
            (
                "Refer-To: \"Carol\" <sips:carol@h:5061;transport=tcp>;z\r\n",
                Ok("sips:carol@h:5061;transport=tcp".to_owned()),
            ),
            ("Refer-To: <tel:+16175550142>\r\n", Ok("tel:+16175550142".to_owned())),
            ("Refer-To: <sip:carol@h;method=INVITE>\r\n", Ok("sip:carol@h;method=INVITE".to_owned())),
            ("Refer-To: <sip:carol@h?>\r\n", Ok("sip:carol@h".to_owned())),
            ("Refer-To: <sip:carol@h?Subject=hi>\r\n", Ok("sip:carol@h".to_owned())),
            (&format!("Refer-To: <sip:carol@h?{packed}>\r\n"), Ok(format!("{taken} Any"))),
            (
                &format!("Refer-To: <sip:carol@h?Require=replaces&{packed}%3Bearly-only>\r\n"),
                Ok(format!("{taken} Early")),
            ),
            (&format!("Refer-To: <sip:carol@h?r%65places{}>\r\n", &packed[8..]), Ok(format!("{taken} Any"))),
            ("", Err(400)),
            ("Refer-To: <sip:carol@h>\r\nRefer-To: <sip:dave@h>\r\n", Err(400)),
            ("Refer-To: <sip:carol@h>, <sip:dave@h>\r\n", Err(400)),
            ("Refer-To: <carol>\r\n", Err(400)),
            ("Refer-To: <sip:carol@h\r\n", Err(400)),
            (&format!("Refer-To: sip:carol@h?{packed}\r\n"), Err(400)),
            ("Refer-To: <http://h/page>\r\n", Err(416)),
            ("Refer-To: <sip:carol@h;method=BYE>\r\n", Err(403)),
            ("Refer-To: <sip:carol@h?Replaces>\r\n", Err(400)),
            ("Refer-To: <sip:carol@h?Replaces=id>\r\n", Err(400)),
            ("Refer-To: <sip:carol@h?Replaces=id%3Bto-tag%3Da>\r\n", Err(400)),
            ("Refer-To: <sip:carol@h?Replaces=id%3Bto-tag%3D%3Bfrom-tag%3Db>\r\n", Err(400)),
            ("Refer-To: <sip:carol@h?Replaces=%3Bto-tag%3Da%3Bfrom-tag%3Db>\r\n", Err(400)),
            (&format!("Refer-To: <sip:carol@h?{packed}&{packed}>\r\n"), Err(400)),
        ] {
            assert_eq!(read(lines), expected, "{lines}");
        }
    }

    #[test]
    fn an_invite_takes_the_place_of_one_dialog_or_of_none() {
        // RFC 3891 §3, §6.1
        for (lines, expected) in [
            ("", Ok(None)),
            ("Replaces: a@h;to-tag=t;from-tag=f\r\n", Ok(Some(Stage::Any))),
            ("Replaces: a@h ;from-tag=f;early-only;to-tag=t\r\n", Ok(Some(Stage::Early))),
            ("Replaces: a@h;to-tag=t\r\n", Err(400)),
            ("Replaces: ;to-tag=t;from-tag=f\r\n", Err(400)),
            ("Replaces: a;to-tag=t;from-tag=f\r\nReplaces: b;to-tag=t;from-tag=f\r\n", Err(400)),
        ] {
            let text = format!("INVITE sip:a@b SIP/2.0\r\n{lines}\r\n");
            let Ok(Message::Request(request)) = parse(text.as_bytes()) else { panic!("{text}") };
            let read = Replaces::of(&request.headers).map_err(ReferError::status);
            assert_eq!(read.map(|it| it.map(|it| it.stage)), expected, "{lines}");
        }
    }

    proptest! {
        #[test]
        fn whatever_stands_in_a_refer_to_is_read_or_refused(value in "[ -~]{0,80}") {
            let text = format!("REFER sip:a@b SIP/2.0\r\nRefer-To: {value}\r\nX: y\r\n\r\n");
            if let Ok(Message::Request(request)) = parse(text.as_bytes())
                && let Ok(refer) = ReferTo::read(&request.headers)
            {
                prop_assert!(Uri::read(refer.written).is_ok_and(|uri| uri.headers.is_empty()));
            }
        }
    }
}
