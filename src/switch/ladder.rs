//! Which SIP message belongs to which call: the ladders of the calls that are up, and the traces of numbers.
//!
//! ```text
//!  message ─▶ Call-ID ─▶ a call of ours ─▶ its ladder grows, and a copy goes to its trace
//!                   │ no
//!                   ├─ an INVITE comes in:  kept apart until the switch admits it  (open)
//!                   └─ an INVITE goes out:  the person that was announced with its offer  (call_out)
//!
//!  call over ─▶ all answered? ─yes─▶ its ladder goes into the log beside its end
//!                    └─no─▶ it lingers: until the last answer, LADDER_LINGERS at the most
//! ```
//! Reading a message a second time is what the stack's freedom from reports costs: well under a
//! microsecond (`benches/hot_path.rs`). What is *not* its job: what a message means, or the file of a trace.

use super::trace::{Copied, Told, Traces};
use crate::clock::Instant;
use crate::id::{CallId, LegId, TraceId};
use crate::limits::{LADDER_LEGS_MAX, LADDER_LINGERS, LADDERS_LINGERING_MAX};
use crate::phi::Phi;
use crate::report::ladder::{Heading, Ladder, Rung, Seen};
use crate::sip::way::Way;
use crate::wire::sip::message::{Message, parse};
use crate::wire::sip::method::Method;
use crate::wire::sip::name::Name;
use std::collections::{BTreeMap, VecDeque};

/// A message on its way in or out.
#[derive(Clone, Copy)]
pub(super) struct Passing<'a> {
    /// When.
    pub at: Instant,
    /// Which way it goes.
    pub heading: Heading,
    /// How.
    pub way: Way,
    /// The message.
    pub octets: &'a [u8],
}

/// The numbers of a call: what a trace looks for.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    /// The number called.
    pub called: Phi<String>,
    /// The caller's; `None` is anonymous.
    pub caller: Option<Phi<String>>,
}

/// The ladders of the calls that are up, or were a moment ago.
#[derive(Default)]
pub(super) struct Ladders {
    open: BTreeMap<CallId, Open>,
    by_call_id: BTreeMap<Box<[u8]>, (CallId, LegId)>,
    arriving: Option<Arriving>,
    called_out: Vec<CalledOut>,
    lingering: VecDeque<(Instant, CallId)>,
    written: VecDeque<(CallId, Ladder)>,
    /// Where the media of a message are put together.
    scratch: String,
    /// Which numbers are traced.
    pub traces: Traces,
}

/// The ladder of one call.
struct Open {
    ladder: Ladder,
    sip_call_ids: Vec<Box<[u8]>>,
    numbers: Numbers,
    trace: Option<TraceId>,
    life: Life,
}

/// Whether the call of a ladder is up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Up,
    Over,
}

/// An INVITE that nobody has admitted yet, and our 100 to it.
struct Arriving {
    sip_call_id: Box<[u8]>,
    ladder: Ladder,
    copies: Vec<Copied>,
}

/// An INVITE that is about to go out: told by its offer, in which the port is this leg's alone.
struct CalledOut {
    call: CallId,
    leg: LegId,
    offer: Vec<u8>,
}

/// Messages kept of an INVITE that is not admitted: itself, its 100, and what is sent again.
const ARRIVING_MAX: usize = 4;

impl Ladders {
    /// A message passes.
    pub fn note(&mut self, passing: Passing<'_>) {
        let Ok(message) = parse(passing.octets) else { return };
        let headers = match &message {
            Message::Request(request) => &request.headers,
            Message::Response(response) => &response.headers,
        };
        let Some(sip_call_id) = headers.first(Name::CallId) else { return };
        match self.by_call_id.get(sip_call_id) {
            Some(&(call, leg)) => self.climb(call, leg, &message, passing),
            None => self.note_unknown(sip_call_id, &message, passing),
        }
    }

    fn climb(&mut self, call: CallId, leg: LegId, message: &Message<'_>, passing: Passing<'_>) {
        let Some(open) = self.open.get_mut(&call) else { return };
        open.ladder.climb(&rung(message, leg, passing, &mut self.scratch));
        if let Some(trace) = open.trace {
            self.traces.copy(trace, call, copied(passing));
        }
        if open.life == Life::Over && open.ladder.is_settled() {
            self.write(call);
        }
    }

    fn note_unknown(&mut self, sip_call_id: &[u8], message: &Message<'_>, passing: Passing<'_>) {
        match (passing.heading, message) {
            (Heading::In, Message::Request(request)) if request.method == Method::Invite => {
                let arriving = Arriving {
                    sip_call_id: sip_call_id.into(),
                    ladder: Ladder::default(),
                    copies: Vec::new(),
                };
                self.arriving = Some(arriving);
                self.note_arriving(sip_call_id, message, passing);
            }
            (Heading::Out, Message::Response(_)) => self.note_arriving(sip_call_id, message, passing),
            (Heading::Out, Message::Request(request)) if request.method == Method::Invite => {
                let known = self.called_out.iter().position(|out| out.offer == request.body);
                let Some(CalledOut { call, leg, .. }) = known.map(|at| self.called_out.swap_remove(at))
                else {
                    return;
                };
                self.follow(call, leg, sip_call_id);
                self.climb(call, leg, message, passing);
            }
            (Heading::In | Heading::Out, Message::Request(_)) | (Heading::In, Message::Response(_)) => {}
        }
    }

    fn note_arriving(&mut self, sip_call_id: &[u8], message: &Message<'_>, passing: Passing<'_>) {
        let Some(arriving) = self.arriving.as_mut().filter(|it| *it.sip_call_id == *sip_call_id) else {
            return;
        };
        if arriving.ladder.height() < ARRIVING_MAX {
            arriving.ladder.climb(&rung(message, LegId(0), passing, &mut self.scratch));
            arriving.copies.extend(self.traces.is_any().then(|| copied(passing)));
        }
    }

    /// The INVITE that arrived last is let in as this call.
    pub fn open(&mut self, call: CallId, leg: LegId, sip_call_id: &str, numbers: Numbers) {
        let trace = self.traces.of(&numbers);
        let mut ladder = Ladder::default();
        if let Some(arriving) = self.arriving.take().filter(|it| *it.sip_call_id == *sip_call_id.as_bytes()) {
            ladder = arriving.ladder;
            ladder.give(leg);
            if let Some(trace) = trace {
                arriving.copies.into_iter().for_each(|copy| self.traces.copy(trace, call, copy));
            }
        }
        self.open.insert(call, Open { ladder, sip_call_ids: Vec::new(), numbers, trace, life: Life::Up });
        self.follow(call, leg, sip_call_id.as_bytes());
    }

    /// The INVITE that arrived last is let in as another leg of a call that is up.
    pub fn join(&mut self, call: CallId, leg: LegId, sip_call_id: &str) {
        let arriving = self.arriving.take().filter(|it| *it.sip_call_id == *sip_call_id.as_bytes());
        if let Some((mut arriving, open)) = arriving.zip(self.open.get_mut(&call)) {
            arriving.ladder.give(leg);
            arriving.ladder.rungs().for_each(|rung| open.ladder.climb(&rung));
            if let Some(trace) = open.trace {
                arriving.copies.into_iter().for_each(|copy| self.traces.copy(trace, call, copy));
            }
        }
        self.follow(call, leg, sip_call_id.as_bytes());
    }

    /// From now on messages with this Call-ID are this leg's.
    pub fn follow(&mut self, call: CallId, leg: LegId, sip_call_id: &[u8]) {
        let Some(open) = self.open.get_mut(&call).filter(|it| it.sip_call_ids.len() < LADDER_LEGS_MAX) else {
            return;
        };
        open.sip_call_ids.push(sip_call_id.into());
        self.by_call_id.insert(sip_call_id.into(), (call, leg));
    }

    /// The party of this leg is in that call from now on, and so are its messages.
    pub fn hand_over(&mut self, leg: LegId, from: CallId, to: CallId) {
        self.called_out.iter_mut().filter(|out| out.leg == leg).for_each(|out| out.call = to);
        let Some(open) = self.open.get_mut(&from) else { return };
        let by_call_id = &mut self.by_call_id;
        let goes = |sip_call_id: &mut Box<[u8]>| by_call_id.get(sip_call_id) == Some(&(from, leg));
        let gone: Vec<_> = open.sip_call_ids.extract_if(.., goes).collect();
        for sip_call_id in gone {
            self.by_call_id.remove(&sip_call_id);
            self.follow(to, leg, &sip_call_id);
        }
    }

    /// A person is about to be called with this offer.
    pub fn call_out(&mut self, call: CallId, leg: LegId, offer: &[u8]) {
        // One person at a time: an INVITE that never left is not awaited beside the next one.
        self.called_out.retain(|out| out.call != call);
        self.called_out.push(CalledOut { call, leg, offer: offer.to_vec() });
    }

    /// The call is over. Its ladder, if nothing is missing in it; else it comes by [`Ladders::poll`].
    pub fn end(&mut self, now: Instant, call: CallId) -> Option<Ladder> {
        self.called_out.retain(|out| out.call != call);
        let open = self.open.get_mut(&call)?;
        if open.ladder.is_settled() {
            return self.take(call);
        }
        open.life = Life::Over;
        self.lingering.push_back((now + LADDER_LINGERS, call));
        if self.lingering.len() > LADDERS_LINGERING_MAX
            && let Some((_, oldest)) = self.lingering.pop_front()
        {
            self.write(oldest);
        }
        None
    }

    /// The time has come for ladders that waited long enough, and for traces.
    pub fn timeout(&mut self, now: Instant) {
        while let Some(&(until, call)) = self.lingering.front() {
            if until > now && self.open.contains_key(&call) {
                break;
            }
            self.lingering.pop_front();
            self.write(call);
        }
        for trace in self.traces.timeout(now) {
            self.untrace(trace);
        }
    }

    /// When [`Ladders::timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let linger = self.lingering.front().map(|&(until, _)| until);
        linger.into_iter().chain(self.traces.poll_timeout()).min()
    }

    /// Nothing is awaited any longer: every ladder whose call is over is complete as it is.
    pub fn finish(&mut self) {
        while let Some((_, call)) = self.lingering.pop_front() {
            self.write(call);
        }
    }

    /// The next ladder whose call was over before it.
    pub fn poll(&mut self) -> Option<(CallId, Ladder)> {
        self.written.pop_front()
    }

    /// What the traces tell.
    pub fn poll_trace(&mut self) -> Option<Told> {
        self.traces.poll()
    }

    /// Keeps the full text of calls from or to this number from now on, those that are up included.
    pub fn trace(&mut self, trace: TraceId, number: Phi<String>, until: Instant) {
        self.traces.start(trace, number, until);
        for open in self.open.values_mut().filter(|open| open.trace.is_none()) {
            open.trace = self.traces.of(&open.numbers);
        }
    }

    /// Keeps it no longer.
    pub fn untrace(&mut self, trace: TraceId) {
        self.traces.stop(trace);
        self.open.values_mut().filter(|open| open.trace == Some(trace)).for_each(|open| open.trace = None);
    }

    fn write(&mut self, call: CallId) {
        if let Some(ladder) = self.take(call) {
            self.written.push_back((call, ladder));
        }
    }

    fn take(&mut self, call: CallId) -> Option<Ladder> {
        let open = self.open.remove(&call)?;
        for sip_call_id in open.sip_call_ids {
            // A peer that uses a Call-ID twice has given it to a later call.
            if self.by_call_id.get(&sip_call_id).is_some_and(|(owner, _)| *owner == call) {
                self.by_call_id.remove(&sip_call_id);
            }
        }
        Some(open.ladder)
    }
}

fn rung<'a>(message: &Message<'a>, leg: LegId, passing: Passing<'_>, scratch: &'a mut String) -> Rung<'a> {
    let Passing { at, heading, way, .. } = passing;
    Rung::of(message, Seen { at_us: at.as_micros(), heading, leg, transport: way.transport }, scratch)
}

fn copied(passing: Passing<'_>) -> Copied {
    Copied { heading: passing.heading, way: passing.way, octets: Phi::new(passing.octets.to_vec()) }
}

#[cfg(test)]
mod tests;
