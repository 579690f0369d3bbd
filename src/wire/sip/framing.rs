//! A stream of octets into SIP messages: RFC 3261 §7.5, §18.3; the keep-alive of RFC 5626 §4.4.1.
//!
//! ```text
//!  octets ─▶ line ends before a start line ─ CRLF CRLF ──▶ Ping: answered by CRLF
//!            start line … empty line       ─ Content-Length ─▶ that many octets more ─▶ Message
//!                                          ─ none, no number, too much ───▶ Broken: refused, then closed
//! ```
//! A stream whose measure is lost has no next message: after [`Piece::Broken`] nothing comes any more.
//! Whether a message keeps the other rules is not judged here: that is [`validate`](super::validate)'s.

use super::message::{BodyLength, Message, parse};
use crate::limits::SIP_STREAM_MESSAGE_MAX_OCTETS;
use std::fmt;
use thiserror::Error;

/// What a keep-alive is: two line ends where a message could begin (RFC 5626 §3.5.1).
const PING: &[u8; 4] = b"\r\n\r\n";
/// What answers it (RFC 5626 §3.5.1).
pub const PONG: &[u8] = b"\r\n";

/// The octets of one connection that are no whole message yet.
#[derive(Default)]
pub struct Framing {
    buffer: Vec<u8>,
    /// Octets of the buffer that are done with.
    taken: usize,
    /// Up to here no empty line begins.
    scanned: usize,
    /// How much of [`PING`] came last.
    ping: usize,
    stage: Stage,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    /// The header part is not whole yet.
    #[default]
    Head,
    /// The message will be that long, in octets.
    Body { octets: usize },
    /// The measure is lost.
    Broken,
}

/// What a stream held next.
#[derive(Clone, PartialEq, Eq)]
pub enum Piece {
    /// One whole message.
    Message(Vec<u8>),
    /// A keep-alive, to be answered by [`PONG`].
    Ping,
    /// Where the next message would begin cannot be known.
    Broken {
        /// Start line and header fields, to be refused if they are a request's; empty if they are nothing.
        head: Vec<u8>,
        /// Why.
        fault: Fault,
    },
}

impl fmt::Debug for Piece {
    /// Prints nothing about a patient: lengths alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Piece::Message(octets) => write!(f, "Message({} octets)", octets.len()),
            Piece::Ping => f.write_str("Ping"),
            Piece::Broken { head, fault } => write!(f, "Broken({} octets, {fault:?})", head.len()),
        }
    }
}

/// Why a stream cannot be measured any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// What came is no SIP.
    #[error("what came is no SIP message")]
    NotSip,
    /// The header part does not end within the bound.
    #[error("the header fields are longer than {SIP_STREAM_MESSAGE_MAX_OCTETS} octets")]
    HeadTooLong,
    /// Content-Length is not there (RFC 3261 §18.3).
    #[error("Content-Length is missing, and a stream needs it (RFC 3261 §18.3)")]
    NoLength,
    /// Content-Length is no number, below zero, or two numbers.
    #[error("Content-Length is not one number of octets (RFC 3261 §20.14)")]
    BadLength,
    /// The message would be longer than the bound.
    #[error("a body of {announced} octets is more than is taken")]
    TooLarge {
        /// Octets that Content-Length announces.
        announced: u64,
    },
}

impl Framing {
    /// Adds what was read from the connection; then drain [`Framing::pop`].
    pub fn push(&mut self, octets: &[u8]) {
        if self.stage != Stage::Broken {
            self.buffer.extend_from_slice(octets);
        }
    }

    /// The next piece, if it is whole.
    pub fn pop(&mut self) -> Option<Piece> {
        if self.stage == Stage::Head {
            match self.head() {
                Step::Wait => {
                    self.compact();
                    return None;
                }
                Step::Done(piece) => return Some(piece),
                Step::Measured(octets) => self.stage = Stage::Body { octets },
            }
        }
        let Stage::Body { octets } = self.stage else { return None };
        let Some(message) = self.buffer.get(self.taken..self.taken + octets).map(<[u8]>::to_vec) else {
            self.compact();
            return None;
        };
        self.taken += octets;
        self.scanned = self.taken;
        self.stage = Stage::Head;
        Some(Piece::Message(message))
    }

    /// Whether a message has begun and is not whole.
    pub fn is_within_message(&self) -> bool {
        self.stage != Stage::Broken && self.buffer.len() > self.taken
    }

    /// Octets that are held.
    pub fn held_octets(&self) -> usize {
        self.buffer.len()
    }

    fn compact(&mut self) {
        self.buffer.drain(..self.taken);
        self.scanned = self.scanned.saturating_sub(self.taken);
        self.taken = 0;
    }

    fn head(&mut self) -> Step {
        if self.skip_line_ends() == LineEnds::Ping {
            return Step::Done(Piece::Ping);
        }
        let Some(end) = self.empty_line() else {
            let held = self.buffer.len() - self.taken;
            return if held > SIP_STREAM_MESSAGE_MAX_OCTETS {
                self.broken(0, Fault::HeadTooLong)
            } else {
                Step::Wait
            };
        };
        let octets = end - self.taken;
        if octets > SIP_STREAM_MESSAGE_MAX_OCTETS {
            return self.broken(0, Fault::HeadTooLong);
        }
        let length = match parse(&self.buffer[self.taken..end]) {
            Ok(Message::Request(request)) => request.length,
            Ok(Message::Response(response)) => response.length,
            Err(_) => return self.broken(0, Fault::NotSip),
        };
        match length {
            BodyLength::Announced => Step::Measured(octets),
            BodyLength::TooLong { announced, .. } => {
                let room = SIP_STREAM_MESSAGE_MAX_OCTETS - octets;
                match usize::try_from(announced).ok().filter(|body| *body <= room) {
                    Some(body) => Step::Measured(octets + body),
                    None => self.broken(octets, Fault::TooLarge { announced }),
                }
            }
            BodyLength::Absent => self.broken(octets, Fault::NoLength),
            BodyLength::Malformed
            | BodyLength::Negative
            | BodyLength::Clash { .. }
            | BodyLength::NoEmptyLine => self.broken(octets, Fault::BadLength),
        }
    }

    fn broken(&mut self, head_octets: usize, fault: Fault) -> Step {
        let head = self.buffer[self.taken..self.taken + head_octets].to_vec();
        self.stage = Stage::Broken;
        self.buffer = Vec::new();
        (self.taken, self.scanned) = (0, 0);
        Step::Done(Piece::Broken { head, fault })
    }

    /// Line ends before a start line are no part of a message (RFC 3261 §7.5).
    fn skip_line_ends(&mut self) -> LineEnds {
        while let Some(&octet) = self.buffer.get(self.taken).filter(|octet| matches!(octet, b'\r' | b'\n')) {
            self.taken += 1;
            self.ping = match octet == PING[self.ping] {
                true => self.ping + 1,
                false => usize::from(octet == PING[0]),
            };
            if self.ping == PING.len() {
                self.ping = 0;
                return LineEnds::Ping;
            }
        }
        if self.taken < self.buffer.len() {
            self.ping = 0;
        }
        self.scanned = self.scanned.max(self.taken);
        LineEnds::Skipped
    }

    /// Where the empty line after the header fields ends; each octet is looked at once.
    fn empty_line(&mut self) -> Option<usize> {
        while let Some(found) = memchr::memchr(b'\n', &self.buffer[self.scanned..]) {
            self.scanned += found;
            match self.buffer[self.scanned + 1..] {
                [b'\n', ..] => return Some(self.scanned + 2),
                [b'\r', b'\n', ..] => return Some(self.scanned + 3),
                // What follows decides, and is not here yet.
                [] | [b'\r'] => return None,
                _ => self.scanned += 1,
            }
        }
        self.scanned = self.buffer.len();
        None
    }
}

#[derive(PartialEq, Eq)]
enum LineEnds {
    Ping,
    Skipped,
}

enum Step {
    Wait,
    Done(Piece),
    Measured(usize),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pieces(chunks: &[&[u8]]) -> Vec<Piece> {
        let mut framing = Framing::default();
        let mut pieces = Vec::new();
        for chunk in chunks {
            framing.push(chunk);
            pieces.extend(std::iter::from_fn(|| framing.pop()));
        }
        pieces
    }

    fn shown(stream: &str) -> String {
        let shown = |piece: &Piece| match piece {
            Piece::Message(octets) => format!("{:?}", String::from_utf8_lossy(octets)),
            Piece::Ping => "ping".to_owned(),
            Piece::Broken { head, fault } => format!("{} octets: {fault}", head.len()),
        };
        pieces(&[stream.as_bytes()]).iter().map(shown).collect::<Vec<_>>().join(" | ")
    }

    #[track_caller]
    fn check(name: &str, stream: &str, expected: &str) {
        assert_eq!(shown(stream), expected, "{name}");
    }

    const OPTIONS: &str = "OPTIONS sip:a SIP/2.0\r\nl: 0\r\n\r\n";

    #[test]
    fn content_length_parts_the_messages() {
        let quoted = format!("{OPTIONS:?}");
        check("one", OPTIONS, &quoted);
        check("two in one read", &OPTIONS.repeat(2), &format!("{quoted} | {quoted}"));
        check("half", &OPTIONS[..30], "");
        check("line ends first", &format!("\r\n\n{OPTIONS}"), &quoted);
        check(
            "a body, and the next message",
            &format!("INFO sip:a SIP/2.0\r\nContent-Length: 4\r\n\r\n\r\n\r\n{OPTIONS}"),
            &format!("\"INFO sip:a SIP/2.0\\r\\nContent-Length: 4\\r\\n\\r\\n\\r\\n\\r\\n\" | {quoted}"),
        );
        check("line ends of LF alone", "SIP/2.0 200 OK\nl: 1\n\nx", "\"SIP/2.0 200 OK\\nl: 1\\n\\nx\"");
        check(
            "a folded line that looks empty",
            "SIP/2.0 200 OK\r\nX: a\r\n \r\nl: 0\r\n\r\n",
            "\"SIP/2.0 200 OK\\r\\nX: a\\r\\n \\r\\nl: 0\\r\\n\\r\\n\"",
        );
    }

    #[test]
    fn two_line_ends_are_a_ping_and_one_is_nothing() {
        check("a ping", "\r\n\r\n", "ping");
        check("a pong", "\r\n", "");
        check("three pings", &"\r\n".repeat(6), "ping | ping | ping");
        check("line feeds alone are nothing", "\n\n\n\n", "");
        check("a ping after a stray octet", "\r\r\n\r\n", "ping");
        let after = format!("\r\n{OPTIONS}\r\n");
        check("a message between two line ends parts them", &after, &format!("{OPTIONS:?}"));
    }

    #[test]
    fn a_stream_that_cannot_be_measured_is_broken_and_says_nothing_more() {
        let head = |lines: &str| format!("INFO sip:a SIP/2.0\r\n{lines}\r\n{OPTIONS}");
        check(
            "no length",
            &head(""),
            "22 octets: Content-Length is missing, and a stream needs it (RFC 3261 §18.3)",
        );
        let bad = "octets: Content-Length is not one number of octets (RFC 3261 §20.14)";
        check("negative", &head("l: -1\r\n"), &format!("29 {bad}"));
        check("words", &head("l: many\r\n"), &format!("31 {bad}"));
        check("two", &head("l: 1\r\nl: 2\r\n"), &format!("34 {bad}"));
        check("huge", &head("l: 65536\r\n"), "32 octets: a body of 65536 octets is more than is taken");
        let most = u64::MAX;
        let huge = format!("47 octets: a body of {most} octets is more than is taken");
        check("beyond counting", &head(&format!("l: {most}\r\n")), &huge);
        check(
            "another protocol",
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "0 octets: what came is no SIP message",
        );
        let endless = format!("INFO sip:a SIP/2.0\r\nX: {}", "y".repeat(SIP_STREAM_MESSAGE_MAX_OCTETS));
        check("a head without end", &endless, "0 octets: the header fields are longer than 65507 octets");
    }

    #[test]
    fn the_longest_message_fits_and_one_octet_more_does_not() {
        let message = |body: usize| {
            let head = format!("INFO sip:a SIP/2.0\r\nl: {body}\r\n\r\n");
            let announced = body - head.len();
            format!("INFO sip:a SIP/2.0\r\nl: {announced}\r\n\r\n{}", "x".repeat(announced))
        };
        let longest = message(SIP_STREAM_MESSAGE_MAX_OCTETS);
        assert_eq!(longest.len(), SIP_STREAM_MESSAGE_MAX_OCTETS);
        assert_eq!(pieces(&[longest.as_bytes()]), [Piece::Message(longest.into_bytes())]);
        let over = message(SIP_STREAM_MESSAGE_MAX_OCTETS + 1);
        assert!(matches!(
            pieces(&[over.as_bytes()])[..],
            [Piece::Broken { fault: Fault::TooLarge { .. }, .. }]
        ));
    }

    fn stream() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop::sample::select(vec![
            OPTIONS,
            "\r\n",
            "\r\n\r\n",
            "\n",
            "\r",
            "INFO sip:a SIP/2.0\r\nContent-Length: 9\r\n\r\n\r\n\r\n12345",
            "SIP/2.0 200 OK\nl: 3\n\nabc",
            "BYE sip:a SIP/2.0\r\nX: a\r\n \r\n\tb\r\nl: 0\r\n\r\n",
            "BYE sip:a SIP/2.0\r\n\r\n",
            "x",
        ]);
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat().into_bytes())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn however_a_stream_is_chopped_it_holds_the_same(
            stream in stream(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        ) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
            cuts.push(stream.len());
            cuts.sort_unstable();
            let mut begin = 0;
            let mut chunks = Vec::new();
            for cut in cuts {
                chunks.push(&stream[begin..cut]);
                begin = cut;
            }
            let whole = pieces(&[&stream]);
            prop_assert_eq!(pieces(&chunks), whole.clone());
            let single: Vec<&[u8]> = stream.chunks(1).collect();
            prop_assert_eq!(pieces(&single), whole);
        }
    }
}
