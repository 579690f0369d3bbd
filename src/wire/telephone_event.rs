//! Keys as RTP events: RFC 4733 §2.3 (payload) and §3.2 (DTMF codes).
//!
//! ```text
//!  event (8) │ E R volume (6) │ duration (16)
//! ```
//! Which packets belong to one press is not this file's job: see `media/dtmf.rs`.

use std::fmt;
use thiserror::Error;

/// Octets of the payload.
pub const PAYLOAD_OCTETS: usize = 4;

/// The clock of telephone-event beside most codecs, in Hz.
pub const CLOCK_HZ: u32 = 8_000;

/// What one payload type of RTP means: events, counted in a clock (RFC 4733 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventFormat {
    /// The number in the header.
    pub payload_type: u8,
    /// The clock of timestamps and durations, in Hz.
    pub clock_hz: u32,
}

/// A key of a telephone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// 0 to 9.
    Digit(u8),
    /// `*`
    Star,
    /// `#`
    Pound,
    /// A to D, as `b'A'` to `b'D'`.
    Letter(u8),
}

impl Key {
    /// The key as it is written: a digit, `*` or `#`.
    pub fn of_char(written: char) -> Option<Key> {
        match written {
            '*' => Some(Key::Star),
            '#' => Some(Key::Pound),
            other => other.to_digit(10).and_then(|digit| u8::try_from(digit).ok()).map(Key::Digit),
        }
    }

    /// The key as it is written: what [`Key::of_char`] reads, or a letter.
    pub fn as_char(self) -> char {
        match self {
            Key::Digit(digit) => char::from(b'0' + digit % 10),
            Key::Star => '*',
            Key::Pound => '#',
            Key::Letter(letter) => char::from(letter),
        }
    }

    /// The key of an event code (RFC 4733 table 3); `None` for flash and every event that is no key.
    pub const fn from_event(code: u8) -> Option<Key> {
        match code {
            0..=9 => Some(Key::Digit(code)),
            10 => Some(Key::Star),
            11 => Some(Key::Pound),
            12..=15 => Some(Key::Letter(b'A' + (code - 12))),
            16..=u8::MAX => None,
        }
    }

    /// The event code of the key (RFC 4733 table 3).
    pub const fn event(self) -> u8 {
        match self {
            Key::Digit(digit) => digit,
            Key::Star => 10,
            Key::Pound => 11,
            Key::Letter(letter) => 12 + (letter.wrapping_sub(b'A') & 3),
        }
    }
}

/// The key as people say it: `5`, `star`, `pound`, `A`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Digit(digit) => write!(f, "{digit}"),
            Key::Star => f.write_str("star"),
            Key::Pound => f.write_str("pound"),
            Key::Letter(letter) => write!(f, "{}", char::from(*letter)),
        }
    }
}

/// One telephone-event payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TelephoneEvent {
    /// The event code; 0 to 15 are keys.
    pub event: u8,
    /// The E bit: the event is over.
    pub end: bool,
    /// The power of the tone, in dBm0 without its sign, 0 to 63.
    pub volume: u8,
    /// How long the event has lasted since its timestamp, in RTP timestamp units: 8 per ms at 8 kHz.
    pub duration: u16,
}

/// Why a payload is no telephone-event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParseError {
    /// Under four octets.
    #[error("{octets} octets are no telephone-event: it has {PAYLOAD_OCTETS}")]
    Short {
        /// Octets there are.
        octets: usize,
    },
}

impl TelephoneEvent {
    /// Reads one payload (RFC 4733 §2.3); what follows its four octets is passed over.
    ///
    /// # Errors
    /// [`ParseError::Short`] when `payload` is under four octets.
    pub fn read(payload: &[u8]) -> Result<Self, ParseError> {
        let Some(&[event, flags, high, low]) = payload.first_chunk::<PAYLOAD_OCTETS>() else {
            return Err(ParseError::Short { octets: payload.len() });
        };
        Ok(Self {
            event,
            end: flags & 0x80 != 0,
            volume: flags & 0x3f,
            duration: u16::from_be_bytes([high, low]),
        })
    }

    /// The payload; the R bit is zero.
    pub const fn write(self) -> [u8; PAYLOAD_OCTETS] {
        let [high, low] = self.duration.to_be_bytes();
        let end = if self.end { 0x80 } else { 0 };
        [self.event, end | (self.volume & 0x3f), high, low]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_key_has_one_code_and_a_spoken_name() {
        let names: Vec<String> = (0..=15).filter_map(Key::from_event).map(|key| key.to_string()).collect();
        assert_eq!(names.join(" "), "0 1 2 3 4 5 6 7 8 9 star pound A B C D");
        for code in 0..=15 {
            assert_eq!(Key::from_event(code).map(Key::event), Some(code));
        }
        assert_eq!(Key::from_event(16), None, "flash is no key");
    }

    #[test]
    fn a_payload_is_read_and_a_short_one_refused() {
        let five = TelephoneEvent { event: 5, end: true, volume: 10, duration: 800 };
        assert_eq!(TelephoneEvent::read(&[5, 0x8a, 3, 32]), Ok(five));
        assert_eq!(TelephoneEvent::read(&[5, 0xca, 3, 32, 0, 0]), Ok(five), "R bit and trailing octets");
        assert_eq!(TelephoneEvent::read(&[5, 0x8a, 3]), Err(ParseError::Short { octets: 3 }));
        assert_eq!(TelephoneEvent::read(&[]), Err(ParseError::Short { octets: 0 }));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn what_we_write_is_read_back(event in any::<u8>(), end in any::<bool>(), volume in 0u8..64, duration in any::<u16>()) {
            let told = TelephoneEvent { event, end, volume, duration };
            prop_assert_eq!(TelephoneEvent::read(&told.write()), Ok(told));
        }
    }
}
