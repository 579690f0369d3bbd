//! The rungs of one call in two buffers that grow with the call, not with the message.
//!
//! ```text
//!  slots  │ seen status cseq … at │ seen status cseq … at │ …           numbers, and where the texts begin
//!  texts  │INVITE sip:100@clinic z9hG4bK7 │INVITE z9hG4bK7 … │ …         method, start, branch, Reason, media
//! ```
//! Texts lie in the order of their slots, so that a rung that is lost leaves no hole. What is *not* its job:
//! which rung is lost.

use super::{Rung, Seen, Start};
use crate::phi::Phi;
use std::borrow::Cow;

/// Rungs that the first buffer has room for: those of an ordinary call.
const SLOTS: usize = 8;
/// Octets of text for them.
const TEXT: usize = 1_024;

/// Rungs in order.
#[derive(Clone, Default)]
pub(super) struct Packed {
    slots: Vec<Slot>,
    text: String,
}

/// The numbers of a rung. Its texts begin at `at`; the others are their lengths in octets.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    pub seen: Seen,
    /// `None` is a request.
    pub status: Option<u16>,
    pub cseq: u32,
    fork: u16,
    again: u32,
    last_us: u64,
    at: usize,
    method: usize,
    start: Option<usize>,
    branch: usize,
    reason: Option<usize>,
    media: Option<usize>,
}

impl Slot {
    fn octets(&self) -> usize {
        let maybe = [self.start, self.reason, self.media];
        self.method + self.branch + maybe.into_iter().flatten().sum::<usize>()
    }

    /// Whether it is a response that ends its transaction (RFC 3261 §8.1.3.1).
    pub fn is_final(&self) -> bool {
        self.status.is_some_and(|status| status >= 200)
    }
}

impl Packed {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// The numbers of all.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// All of them, oldest first.
    pub fn rungs(&self) -> impl DoubleEndedIterator<Item = Rung<'_>> {
        self.slots.iter().map(|slot| self.rung(slot))
    }

    /// The method of one of these slots.
    pub fn method(&self, slot: &Slot) -> &str {
        &self.text[slot.at..slot.at + slot.method]
    }

    fn rung(&self, slot: &Slot) -> Rung<'_> {
        let mut rest = &self.text[slot.at..];
        let mut take = |octets: usize| {
            let (text, more) = rest.split_at(octets);
            rest = more;
            Cow::Borrowed(text)
        };
        let method = take(slot.method);
        let start = slot.start.map(&mut take);
        let start = match slot.status {
            None => Start::Request { uri: Phi::new(start.unwrap_or_default()) },
            Some(status) => Start::Status { status, phrase: start },
        };
        Rung {
            seen: slot.seen,
            method,
            start,
            cseq: slot.cseq,
            branch: take(slot.branch),
            fork: slot.fork,
            reason: slot.reason.map(&mut take),
            media: slot.media.map(&mut take),
            again: slot.again,
            last_us: slot.last_us,
        }
    }

    /// Adds one at the end.
    pub fn push(&mut self, rung: &Rung<'_>) {
        if self.slots.capacity() == 0 {
            (self.slots, self.text) = (Vec::with_capacity(SLOTS), String::with_capacity(TEXT));
        }
        let (status, start) = match &rung.start {
            Start::Request { uri } => (None, Some(uri.expose().as_ref())),
            Start::Status { status, phrase } => (Some(*status), phrase.as_deref()),
        };
        let at = self.text.len();
        let mut put = |text: &str| {
            self.text.push_str(text);
            text.len()
        };
        self.slots.push(Slot {
            seen: rung.seen,
            status,
            cseq: rung.cseq,
            fork: rung.fork,
            again: rung.again,
            last_us: rung.last_us,
            at,
            method: put(&rung.method),
            start: start.map(&mut put),
            branch: put(&rung.branch),
            reason: rung.reason.as_deref().map(&mut put),
            media: rung.media.as_deref().map(&mut put),
        });
    }

    /// Takes one out; how often it had been sent again.
    pub fn lose(&mut self, place: usize) -> u32 {
        let lost = self.slots.remove(place);
        self.text.drain(lost.at..lost.at + lost.octets());
        self.slots[place..].iter_mut().for_each(|slot| slot.at -= lost.octets());
        lost.again
    }

    /// Counts this message on the rung that it repeats (RFC 3261 §17): the same line of the same
    /// transaction. Whether there is one.
    pub fn count_again(&mut self, rung: &Rung<'_>) -> bool {
        let is_its = |slot: &Slot| {
            let texts = slot.at + slot.method + slot.start.unwrap_or(0);
            slot.cseq == rung.cseq
                && slot.status == rung.status()
                && slot.seen.heading == rung.seen.heading
                && slot.seen.leg == rung.seen.leg
                && slot.fork == rung.fork
                && self.method(slot) == rung.method
                && self.text[texts..texts + slot.branch] == *rung.branch
        };
        let Some(place) = self.slots.iter().rposition(is_its) else { return false };
        let slot = &mut self.slots[place];
        slot.again = slot.again.saturating_add(1);
        slot.last_us = rung.last_us;
        true
    }

    /// Gives every rung to this leg.
    pub fn give(&mut self, leg: crate::id::LegId) {
        self.slots.iter_mut().for_each(|slot| slot.seen.leg = leg);
    }
}
