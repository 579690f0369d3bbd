//! INFO within a dialog: keys in the two old ways that phones still send, `application/dtmf-relay` and
//! `application/dtmf` (RFC 6086 §3 calls them legacy). Whether they count is the switch's.

use super::super::interface::{Event, InfoKeys};
use super::super::transaction::clients::{self, Purpose};
use super::super::transaction::key::ClientKey;
use super::Stack;
use super::leg::Phase;
use super::refusal::Refusal;
use crate::clock::Instant;
use crate::id::LegId;
use crate::wire::sip::grammar::trim;
use crate::wire::sip::message::Request;
use crate::wire::sip::method::Method;
use crate::wire::sip::name::Name;
use crate::wire::sip::value::MediaType;
use crate::wire::telephone_event::Key;

/// What an INFO carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carried {
    /// No body: a sign of life.
    Nothing,
    /// A key.
    Key(Key),
    /// Flash, or another event that is no key.
    NoKey,
}

impl Stack {
    /// Tells of a key if that is wanted; the caller answers 200.
    pub(super) fn info_in(&mut self, leg: LegId, request: &Request<'_>) -> Result<(), Refusal> {
        match read(request)? {
            Carried::Key(key)
                if self.settings.info_keys != InfoKeys::Ignored
                    && self.legs.get(&leg).is_some_and(|leg| !leg.is_given_up()) =>
            {
                self.tell(Event::Info { leg, key });
            }
            Carried::Key(_) | Carried::Nothing | Carried::NoKey => {}
        }
        Ok(())
    }
}

impl Stack {
    /// INFO within the dialog with one key (RFC 6086 §4.2.1; the body is one of the old ways). What its answer
    /// says of the dialog is what a probe's says (RFC 6086 §4.2.2, RFC 5057 §5.1).
    pub(super) fn send_key(&mut self, now: Instant, id: LegId, key: Key) {
        let Some(way) = self.dialog_way(id) else { return };
        let (branch, via) = self.via(way);
        let Some(Phase::InDialog(within)) = self.legs.get_mut(&id).map(|leg| &mut leg.phase) else { return };
        let builder = within.dialog.request(&Method::Info, &via);
        let body = format!("Signal={}\r\nDuration={PRESS_MS}\r\n", sign(key));
        let octets = self
            .abilities(builder, way)
            .header(Name::UserAgent, &self.settings.product)
            .finish_with("application/dtmf-relay", body.as_bytes());
        let client = ClientKey::new(&branch, &Method::Info);
        self.client_begin(
            now,
            clients::Begin { key: client, octets, way, purpose: Purpose::Probe { leg: id } },
        );
    }
}

/// How long a key is told to have been pressed, in ms.
const PRESS_MS: u32 = 160;

/// The key as a body spells it.
fn sign(key: Key) -> char {
    match key {
        Key::Digit(digit) => char::from(b'0' + digit % 10),
        Key::Star => '*',
        Key::Pound => '#',
        Key::Letter(letter) => char::from(letter),
    }
}

fn read(request: &Request<'_>) -> Result<Carried, Refusal> {
    if request.body.is_empty() {
        return Ok(Carried::Nothing);
    }
    let kind = request.headers.first(Name::ContentType).and_then(MediaType::read).ok_or(Refusal::InfoType)?;
    let signal = if kind.is("application", "dtmf-relay") {
        relayed(request.body).ok_or(Refusal::InfoBody)?
    } else if kind.is("application", "dtmf") {
        trim(request.body)
    } else {
        return Err(Refusal::InfoType);
    };
    key(signal)
}

/// The value of the line `Signal=`; `Duration=` tells nothing that we need.
fn relayed(body: &[u8]) -> Option<&[u8]> {
    body.split(|&octet| octet == b'\n').find_map(|line| {
        let at = line.iter().position(|&octet| octet == b'=')?;
        trim(&line[..at]).eq_ignore_ascii_case(b"Signal").then(|| trim(&line[at + 1..]))
    })
}

/// A key by its sign, or by its number among the events of RFC 4733 §3.2.
fn key(signal: &[u8]) -> Result<Carried, Refusal> {
    Ok(Carried::Key(match signal {
        [digit @ b'0'..=b'9'] => Key::Digit(digit - b'0'),
        b"*" => Key::Star,
        b"#" => Key::Pound,
        [letter @ (b'A'..=b'D' | b'a'..=b'd')] => Key::Letter(letter.to_ascii_uppercase()),
        [b'1', last @ b'0'..=b'6'] => match Key::from_event(10 + (last - b'0')) {
            Some(key) => key,
            None => return Ok(Carried::NoKey),
        },
        b"!" => return Ok(Carried::NoKey),
        _ => return Err(Refusal::InfoBody),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sip::message::{Message, parse};

    #[test]
    fn a_key_that_we_write_is_read_as_that_key() {
        for written in (0..=15).filter_map(Key::from_event) {
            let body = format!("Signal={}\r\nDuration={PRESS_MS}\r\n", sign(written));
            assert_eq!(relayed(body.as_bytes()).map(key), Some(Ok(Carried::Key(written))), "{body}");
        }
    }

    #[test]
    fn a_key_is_read_from_both_old_bodies_and_nothing_else_is_taken() {
        let relay = "application/dtmf-relay";
        for (kind, body, expected) in [
            ("", "", Ok(Carried::Nothing)),
            (relay, "Signal=5\r\nDuration=160\r\n", Ok(Carried::Key(Key::Digit(5)))),
            (relay, "Signal= *\r\nDuration= 250", Ok(Carried::Key(Key::Star))),
            ("Application/DTMF-Relay", "duration=1\nsignal=#\n", Ok(Carried::Key(Key::Pound))),
            (relay, "Signal=10\r\n", Ok(Carried::Key(Key::Star))),
            (relay, "Signal=a\r\n", Ok(Carried::Key(Key::Letter(b'A')))),
            (relay, "Signal=5\nDuration=160\n", Ok(Carried::Key(Key::Digit(5)))),
            (relay, "Signal= 5\r\n", Ok(Carried::Key(Key::Digit(5)))),
            (relay, "SIGNAL\t=\t5 \r\nDURATION=160\r\n\r\n", Ok(Carried::Key(Key::Digit(5)))),
            (relay, "\r\nSignal=0", Ok(Carried::Key(Key::Digit(0)))),
            (relay, "Signal=11\r\nDuration=1", Ok(Carried::Key(Key::Pound))),
            (relay, "Signal=15\r\n", Ok(Carried::Key(Key::Letter(b'D')))),
            (relay, "Signal=d\r\n", Ok(Carried::Key(Key::Letter(b'D')))),
            (relay, "Signal=5\r\nDuration=many\r\ngarbage\0\u{ff}=", Ok(Carried::Key(Key::Digit(5)))),
            (relay, "Signal=5\r\nSignal=6\r\n", Ok(Carried::Key(Key::Digit(5)))),
            ("application/dtmf-relay;x=y", "Signal=5", Ok(Carried::Key(Key::Digit(5)))),
            ("application/dtmf ; version=1", " 10\r\n", Ok(Carried::Key(Key::Star))),
            ("application/DTMF", "*\n", Ok(Carried::Key(Key::Star))),
            ("application/dtmf", "b", Ok(Carried::Key(Key::Letter(b'B')))),
            (relay, "Signal=\r\n", Err(Refusal::InfoBody)),
            (relay, "Signal=17\r\n", Err(Refusal::InfoBody)),
            (relay, "Signal=E\r\n", Err(Refusal::InfoBody)),
            (relay, "Signal=5 6\r\n", Err(Refusal::InfoBody)),
            (relay, "Signals=5\r\n", Err(Refusal::InfoBody)),
            (relay, "Signal 5\r\n", Err(Refusal::InfoBody)),
            (relay, "5", Err(Refusal::InfoBody)),
            ("application/dtmf", "\r\n", Err(Refusal::InfoBody)),
            ("application/dtmf", "05", Err(Refusal::InfoBody)),
            (relay, "Signal=16\r\n", Ok(Carried::NoKey)),
            ("application/dtmf", "7\r\n", Ok(Carried::Key(Key::Digit(7)))),
            ("application/dtmf", "!", Ok(Carried::NoKey)),
            ("application/dtmf", "77", Err(Refusal::InfoBody)),
            (relay, "Duration=160\r\n", Err(Refusal::InfoBody)),
            ("text/plain", "5", Err(Refusal::InfoType)),
            ("", "5", Err(Refusal::InfoType)),
        ] {
            let kind = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
            let text = format!("INFO sip:a@b SIP/2.0\r\n{kind}\r\n{body}");
            let Ok(Message::Request(request)) = parse(text.as_bytes()) else { panic!("{text}") };
            assert_eq!(read(&request), expected, "{text}");
        }
    }
}
