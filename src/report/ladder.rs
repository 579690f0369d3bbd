//! The ladder of a call: its SIP messages in order, as an operator reads them (RFC 3261 §7.1, §7.2).
//!
//! ```text
//!  message ──Rung::of──▶ Rung ──climb──▶ seen before? ──yes──▶ that rung counts one more
//!                                             │no
//!                                             ▼
//!                        head: the first 48 │ cut: counted alone │ tail: the last 16
//! ```
//! A rung keeps the start line, CSeq, branch, Reason and the `m=` and direction lines of SDP: neither
//! names nor bodies. The Request-URI holds a number, so it is [`Phi`]. A rung borrows its texts from the message
//! or the ladder; what a ladder keeps lies in two buffers (`packed.rs`). The full text of a message is a
//! trace's (`switch/ladder.rs`), never the ladder's.

mod packed;

use crate::id::LegId;
use crate::limits::{LADDER_HEAD_RUNGS, LADDER_TAIL_RUNGS, LADDER_TEXT_MAX};
use crate::phi::Phi;
use crate::sip::way::Transport;
use crate::wire::sdp::session::Direction;
use crate::wire::sip::cseq::CSeq;
use crate::wire::sip::emit::reason_phrase;
use crate::wire::sip::header::Headers;
use crate::wire::sip::message::Message;
use crate::wire::sip::method::Method;
use crate::wire::sip::name::Name;
use crate::wire::sip::via::Via;
use packed::{Packed, Slot};
use std::borrow::Cow;
use std::fmt;

/// Which way a message went, as the engine sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heading {
    /// To the engine.
    In,
    /// From the engine.
    Out,
}

/// Where and when a message was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Microseconds since the engine started.
    pub at_us: u64,
    /// Which way it went.
    pub heading: Heading,
    /// The leg it belongs to.
    pub leg: LegId,
    /// What carried it.
    pub transport: Transport,
}

/// The first line of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start<'a> {
    /// A request (RFC 3261 §7.1); its method is the rung's.
    Request {
        /// The Request-URI: its user is a number.
        uri: Phi<Cow<'a, str>>,
    },
    /// A response (RFC 3261 §7.2).
    Status {
        /// 100 to 699.
        status: u16,
        /// The reason phrase, where it is not the one that the RFC suggests.
        phrase: Option<Cow<'a, str>>,
    },
}

/// One message, and how often it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung<'a> {
    /// Where and when it was seen first.
    pub seen: Seen,
    /// The method: of the request line, or of the CSeq of a response.
    pub method: Cow<'a, str>,
    /// The first line.
    pub start: Start<'a>,
    /// The number in CSeq.
    pub cseq: u32,
    /// The branch of the topmost Via: names the transaction.
    pub branch: Cow<'a, str>,
    /// Parts the answers of several phones to one INVITE of ours: made of the tag in To; 0 otherwise.
    pub fork: u16,
    /// The Reason header field (RFC 3326).
    pub reason: Option<Cow<'a, str>>,
    /// The `m=` lines of SDP with the direction of each, parted by `; `.
    pub media: Option<Cow<'a, str>>,
    /// How often it was sent again.
    pub again: u32,
    /// Microseconds since the engine started when it was sent for the last time.
    pub last_us: u64,
}

impl<'a> Rung<'a> {
    /// What the ladder keeps of a message. What SDP says is put together in `scratch`.
    pub fn of(message: &Message<'a>, seen: Seen, scratch: &'a mut String) -> Self {
        let (headers, body) = match message {
            Message::Request(request) => (&request.headers, request.body),
            Message::Response(response) => (&response.headers, response.body),
        };
        let cseq = headers.first(Name::CSeq).and_then(|value| CSeq::read(value).ok());
        let (method, start) = match message {
            Message::Request(request) => {
                (request.method, Start::Request { uri: Phi::new(printable(request.uri)) })
            }
            Message::Response(response) => {
                let method = cseq.map_or(Method::Other(b"?"), |cseq| cseq.method);
                let usual = response.reason == reason_phrase(response.status).as_bytes();
                let phrase = (!usual).then(|| printable(response.reason));
                (method, Start::Status { status: response.status, phrase })
            }
        };
        Self {
            seen,
            method: printable(method.octets()),
            fork: fork(&start, method, headers),
            start,
            cseq: cseq.map_or(0, |cseq| cseq.number),
            branch: branch(headers),
            reason: headers.first(Name::Reason).map(printable),
            media: media(body, scratch),
            again: 0,
            last_us: seen.at_us,
        }
    }

    /// The status of a response; `None` for a request.
    pub fn status(&self) -> Option<u16> {
        match self.start {
            Start::Status { status, .. } => Some(status),
            Start::Request { .. } => None,
        }
    }
}

/// The branch of the topmost Via (RFC 3261 §8.1.1.7).
fn branch<'a>(headers: &Headers<'a>) -> Cow<'a, str> {
    let via = headers.values(Name::Via).next().and_then(|value| Via::read(value).ok());
    printable(via.and_then(|via| via.branch()).unwrap_or_default())
}

/// Two phones that answer one INVITE are told apart by the tags of their To (RFC 3261 §12.1.2).
fn fork(start: &Start<'_>, method: Method<'_>, headers: &Headers<'_>) -> u16 {
    let (Start::Status { .. }, Method::Invite, Some(to)) = (start, method, headers.first(Name::To)) else {
        return 0;
    };
    let Some(at) = to.windows(5).rposition(|window| window.eq_ignore_ascii_case(b";tag=")) else { return 0 };
    to[at + 5..].iter().fold(0, |hash: u16, &octet| hash.wrapping_mul(31).wrapping_add(u16::from(octet)))
}

/// The `m=` lines of a body with the direction of each (RFC 8866 §5.14, §6.7); `None` when it has none.
///
/// Read line by line, not through `wire::sdp`: the ladder also shows what is no good SDP, and it reads
/// parts of a multipart body without taking it apart.
fn media<'a>(body: &[u8], text: &'a mut String) -> Option<Cow<'a, str>> {
    text.clear();
    let (mut of_session, mut told) = (None, true);
    for line in body.split(|&octet| octet == b'\n').map(<[u8]>::trim_ascii_end) {
        if text.len() > LADDER_TEXT_MAX {
            break;
        }
        if let Some(medium) = line.strip_prefix(b"m=") {
            finish_medium(text, told, of_session);
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(&printable(medium));
            told = false;
        } else if let Some(direction) = direction(line) {
            if text.is_empty() {
                of_session = Some(direction);
            } else if !told {
                told = true;
                text.push(' ');
                text.push_str(direction.as_str());
            }
        }
    }
    finish_medium(text, told, of_session);
    let text: &'a str = text;
    (!text.is_empty()).then(|| printable(text.as_bytes()))
}

/// A medium without a direction of its own has the session's, and says nothing when there is none.
fn finish_medium(text: &mut String, told: bool, of_session: Option<Direction>) {
    if let Some(direction) = of_session.filter(|_| !told) {
        text.push(' ');
        text.push_str(direction.as_str());
    }
}

fn direction(line: &[u8]) -> Option<Direction> {
    let name = line.strip_prefix(b"a=")?;
    Direction::ALL.into_iter().find(|direction| name == direction.as_str().as_bytes())
}

/// Text of a peer that can steer no terminal, cut at [`LADDER_TEXT_MAX`] octets.
fn printable(octets: &[u8]) -> Cow<'_, str> {
    let octets = &octets[..octets.len().min(LADDER_TEXT_MAX)];
    match std::str::from_utf8(octets) {
        Ok(text) if octets.iter().all(|octet| (0x20..0x7f).contains(octet)) => Cow::Borrowed(text),
        _ => {
            let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
            Cow::Owned(String::from_utf8_lossy(octets).chars().map(shown).collect())
        }
    }
}

/// The messages of a call, in the order in which they were seen.
#[derive(Clone, Default)]
pub struct Ladder {
    rungs: Packed,
    cut: u32,
}

impl PartialEq for Ladder {
    fn eq(&self, other: &Self) -> bool {
        self.cut == other.cut && self.rungs().eq(other.rungs())
    }
}

impl Eq for Ladder {}

impl fmt::Debug for Ladder {
    /// Rung by rung: the numbers in them are printed as [`Phi`] is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ladder")
            .field("cut", &self.cut)
            .field("rungs", &self.rungs().collect::<Vec<_>>())
            .finish()
    }
}

/// How one leg was signalled, as its ladder tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signalling {
    /// The leg.
    pub leg: LegId,
    /// What carried its first message.
    pub transport: Transport,
    /// The final answer to its first INVITE, if there was one.
    pub status: Option<u16>,
    /// The Reason of the request that ended it (RFC 3326).
    pub reason: Option<Box<str>>,
}

impl Ladder {
    /// The ladder of these rungs, of which `cut` messages between the first and the last are missing.
    pub fn from_parts<'a>(rungs: impl IntoIterator<Item = Rung<'a>>, cut: u32) -> Self {
        let mut ladder = Self { cut, ..Self::default() };
        rungs.into_iter().for_each(|rung| ladder.put(&rung));
        ladder
    }

    /// The same ladder so many µs later: that of a call on whose own time line this start of the engine began late.
    pub fn later(&self, by_us: u64) -> Self {
        let mut ladder = Self { cut: self.cut, ..Self::default() };
        for mut rung in self.rungs() {
            rung.seen.at_us += by_us;
            rung.last_us += by_us;
            ladder.put(&rung);
        }
        ladder
    }

    /// One more message: a new rung, or one that is counted again.
    pub fn climb(&mut self, rung: &Rung<'_>) {
        if !self.rungs.count_again(rung) {
            self.put(rung);
        }
    }

    fn put(&mut self, rung: &Rung<'_>) {
        if self.rungs.len() == LADDER_HEAD_RUNGS + LADDER_TAIL_RUNGS {
            let again = self.rungs.lose(LADDER_HEAD_RUNGS);
            self.cut = self.cut.saturating_add(1).saturating_add(again);
        }
        self.rungs.push(rung);
    }

    /// Whose messages these are, once that is known.
    pub fn give(&mut self, leg: LegId) {
        self.rungs.give(leg);
    }

    /// How many rungs there are.
    pub fn height(&self) -> usize {
        self.rungs.len()
    }

    /// The rungs, oldest first; [`Ladder::cut`] messages are missing after the first [`LADDER_HEAD_RUNGS`].
    pub fn rungs(&self) -> impl DoubleEndedIterator<Item = Rung<'_>> {
        self.rungs.rungs()
    }

    /// Messages that are counted and not kept.
    pub fn cut(&self) -> u32 {
        self.cut
    }

    /// Whether nothing is awaited any more: each request has its final answer, and each final answer to
    /// an INVITE its ACK (RFC 3261 §17).
    pub fn is_settled(&self) -> bool {
        let method = |slot: &Slot| self.rungs.method(slot);
        self.rungs.slots().iter().all(|slot| {
            let mut others = self.rungs.slots().iter().filter(|other| {
                let is_same = other.seen.leg == slot.seen.leg && other.cseq == slot.cseq;
                is_same && other.seen.heading != slot.seen.heading
            });
            match slot.status {
                None if method(slot) == "ACK" => true,
                None => others.any(|other| other.is_final() && method(other) == method(slot)),
                Some(_) if slot.is_final() && method(slot) == "INVITE" => {
                    others.any(|other| other.status.is_none() && method(other) == "ACK")
                }
                Some(_) => true,
            }
        })
    }

    /// How each leg was signalled, in the order in which they began.
    pub fn legs(&self) -> Vec<Signalling> {
        let mut legs: Vec<Signalling> = Vec::new();
        for rung in self.rungs() {
            let known = legs.iter().position(|leg| leg.leg == rung.seen.leg);
            let place = known.unwrap_or_else(|| {
                let (leg, transport) = (rung.seen.leg, rung.seen.transport);
                legs.push(Signalling { leg, transport, status: None, reason: None });
                legs.len() - 1
            });
            let leg = &mut legs[place];
            let is_final = rung.status().is_some_and(|status| status >= 200);
            if is_final && rung.method == "INVITE" {
                leg.status = leg.status.or(rung.status());
            }
            let ends = matches!(&*rung.method, "BYE" | "CANCEL") || is_final;
            if let Some(reason) = rung.reason.as_ref().filter(|_| ends) {
                leg.reason = Some(reason.as_ref().into());
            }
        }
        legs
    }
}

#[cfg(test)]
mod tests;
