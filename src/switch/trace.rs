//! Traces: for which numbers the full text of SIP is kept, until when, and the copies on their way out.
//!
//! A trace is the operator's, always ends by itself, and its number is printed nowhere. What is *not* its
//! job: the file that the copies go to (`io/trace.rs`), or which message belongs to which call.

use super::ladder::Numbers;
use crate::clock::Instant;
use crate::id::{CallId, TraceId};
use crate::phi::Phi;
use crate::report::ladder::Heading;
use crate::sip::way::Way;
use std::collections::{BTreeMap, VecDeque};

/// A message as it went over the wire.
#[derive(Clone, Debug)]
pub struct Copied {
    /// Which way.
    pub heading: Heading,
    /// How, and between whom.
    pub way: Way,
    /// The message.
    pub octets: Phi<Vec<u8>>,
}

/// What the traces tell the edge.
#[derive(Clone, Debug)]
pub enum Told {
    /// A message of a traced number.
    Copy {
        /// The trace it belongs to.
        trace: TraceId,
        /// The call it belongs to.
        call: CallId,
        /// The message.
        copy: Copied,
    },
    /// The trace is over: no copy comes any more.
    Ended {
        /// Which.
        trace: TraceId,
    },
}

/// What is traced.
#[derive(Default)]
pub(super) struct Traces {
    active: BTreeMap<TraceId, Trace>,
    told: VecDeque<Told>,
}

struct Trace {
    number: Phi<String>,
    until: Instant,
}

impl Traces {
    /// Whether any number is traced.
    pub fn is_any(&self) -> bool {
        !self.active.is_empty()
    }

    /// How many numbers are traced.
    pub fn count(&self) -> usize {
        self.active.len()
    }

    /// The trace that these numbers belong to.
    pub fn of(&self, numbers: &Numbers) -> Option<TraceId> {
        let is_its = |trace: &Trace| {
            let wanted = trace.number.expose();
            let caller = numbers.caller.as_ref();
            is_same(wanted, numbers.called.expose())
                || caller.is_some_and(|caller| is_same(wanted, caller.expose()))
        };
        self.active.iter().find(|(_, trace)| is_its(trace)).map(|(id, _)| *id)
    }

    /// Traces a number until then.
    pub fn start(&mut self, trace: TraceId, number: Phi<String>, until: Instant) {
        self.active.insert(trace, Trace { number, until });
    }

    /// Ends a trace; a trace that is over stays so.
    pub fn stop(&mut self, trace: TraceId) {
        if self.active.remove(&trace).is_some() {
            self.told.push_back(Told::Ended { trace });
        }
    }

    /// A message of a traced call.
    pub fn copy(&mut self, trace: TraceId, call: CallId, copy: Copied) {
        self.told.push_back(Told::Copy { trace, call, copy });
    }

    /// Those whose time has come.
    pub fn timeout(&self, now: Instant) -> Vec<TraceId> {
        self.active.iter().filter(|(_, trace)| trace.until <= now).map(|(id, _)| *id).collect()
    }

    /// When the next one ends.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.active.values().map(|trace| trace.until).min()
    }

    /// The next thing to tell.
    pub fn poll(&mut self) -> Option<Told> {
        self.told.pop_front()
    }
}

/// Whether two spellings are one number: visual separators and a leading plus do not count (RFC 3966 §5.1.1).
fn is_same(a: &str, b: &str) -> bool {
    let digits = |number: &str| -> Vec<char> {
        number.chars().filter(|c| !matches!(c, '+' | '-' | '.' | '(' | ')' | ' ')).collect()
    };
    digits(a) == digits(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_in_every_spelling_and_no_other_is() {
        let table = [
            ("+16175550142", "16175550142", true),
            ("+1 (617) 555-0142", "+1.617.555.0142", true),
            ("6175550142", "+16175550142", false),
            ("100", "100", true),
            ("100", "1001", false),
        ];
        for (a, b, expected) in table {
            assert_eq!(is_same(a, b), expected, "{a} and {b}");
        }
    }
}
