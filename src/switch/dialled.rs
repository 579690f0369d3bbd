//! What runs in a call that a phone of ours has placed, in place of a flow: whom it dialled is called and bridged.
//!
//! ```text
//!  Waiting ─Start─▶ Calling ─Connected─▶ Talking ─the other hangs up─▶ Over
//!                     │  ▲
//!          not reached│  │ an emergency call, a moment later, a few times
//!                     ▼  │
//!            Over ◀── Resting
//! ```
//! Keys go through the bridge; nothing is said and nothing recorded. While somebody is called the caller hears the bed.

use super::dial::{Goal, Place};
use crate::clock::{Due, Instant};
use crate::flow::action::{Action, Aid, Company, ConnectEnd, Ears, Input, Phrases, Urgency};
use crate::flow::edition::Edition;
use crate::flow::run::Run;
use crate::flow::set::FlowSet;
use crate::id::{ExitName, FlowName};
use crate::limits::{EMERGENCY_TRIES, ENGINE_ANSWER_MAX, LADDER_REST};
use crate::phi::Phi;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// The name of a call for help in the record.
pub const EMERGENCY: &str = "emergency";

/// What runs in a call.
#[expect(clippy::large_enum_variant, reason = "nearly every call runs a flow")]
pub enum Script {
    /// A flow: a patient calls.
    Flow(Run),
    /// A phone of ours calls.
    Dialled(Dialled),
}

/// What a phone of ours wants.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Who dialled; `None` is a phone of the house that nobody is logged in at.
    pub user: Option<Arc<str>>,
    /// Whom.
    pub whom: Whom,
}

/// Whom a phone of ours calls.
#[derive(Clone, Debug)]
pub enum Whom {
    /// A user or a number.
    Party(Goal),
    /// Help.
    Emergency {
        /// The emergency number.
        number: String,
        /// Where the phone is, if that is known.
        place: Option<Place>,
    },
}

impl Placed {
    /// The name of it in the record, where other calls have their flow.
    pub fn flow(&self) -> FlowName {
        FlowName::from(match self.whom {
            Whom::Party(_) => "dialled",
            Whom::Emergency { .. } => EMERGENCY,
        })
    }

    /// What an earlier start of the engine had placed from `place`, as its record names it; `None` for a call of a flow.
    pub fn again(flow: &FlowName, called: &str, caller: Option<&str>, place: Option<&Place>) -> Option<Self> {
        let whom = match flow.as_str() {
            // It is not counted again, whomever it was to.
            "dialled" => Whom::Party(Goal::User(called.into())),
            EMERGENCY => Whom::Emergency { number: called.to_owned(), place: place.cloned() },
            _ => return None,
        };
        Some(Self { user: caller.map(Arc::from), whom })
    }

    /// Whether lives hang on it.
    pub const fn urgency(&self) -> Urgency {
        match self.whom {
            Whom::Party(_) => Urgency::Usual,
            Whom::Emergency { .. } => Urgency::Danger,
        }
    }

    /// Whether it goes over the trunk whose calls are counted.
    pub const fn is_outside(&self) -> bool {
        matches!(self.whom, Whom::Party(Goal::Number { .. }))
    }

    /// The target, as the SIP machine calls it.
    fn target(&self, realm: &str) -> String {
        match &self.whom {
            Whom::Party(Goal::User(user)) => format!("sip:{user}@{realm}"),
            Whom::Party(Goal::Number { trunk, number }) => format!("trunk:{trunk}/{}", number.expose()),
            Whom::Emergency { number, .. } => format!("emergency:{number}"),
        }
    }

    /// Who is shown as the caller: the user, or the number of the place that calls for help. A trunk shows its own number
    /// where this is none.
    pub fn presented(&self) -> Phi<String> {
        let user = self.user.as_deref();
        let shown = match &self.whom {
            Whom::Party(_) => user,
            Whom::Emergency { place, .. } => place.as_ref().map(|place| place.callback.as_str()).or(user),
        };
        Phi::new(shown.unwrap_or_default().to_owned())
    }

    /// The target without the number, which may be a patient's: for the log.
    pub fn told(&self, target: &str) -> String {
        let number = target.strip_prefix("trunk:").and_then(|rest| rest.split_once('/'));
        match (&self.whom, number) {
            (Whom::Party(_), Some((trunk, _))) => format!("trunk:{trunk}"),
            (Whom::Party(_), None) | (Whom::Emergency { .. }, _) => target.to_owned(),
        }
    }
}

/// The call of a phone of ours.
pub struct Dialled {
    /// What it wants.
    pub placed: Placed,
    target: String,
    ring: Duration,
    /// It has no words of its own; the set says in which edition calls are counted.
    pub(super) set: Arc<FlowSet>,
    state: State,
    tries: u32,
    exit: Option<ExitName>,
    actions: VecDeque<Action>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Calling { by: Instant },
    Resting { until: Instant },
    Talking,
    Over,
}

impl Dialled {
    /// A call that waits for its caller to hear; whom it calls may ring for so long.
    pub fn new(placed: Placed, realm: &str, ring: Duration, set: Arc<FlowSet>) -> Self {
        let target = placed.target(realm);
        let (state, actions) = (State::Waiting, VecDeque::new());
        Self { placed, target, ring, set, state, tries: 0, exit: None, actions }
    }

    fn handle(&mut self, now: Instant, input: Input) {
        match (self.state, input) {
            (State::Waiting, Input::Start) => self.call(now),
            (State::Waiting, Input::Resumed { company: Company::Person, .. }) => {
                self.exit = Some(ExitName::from("talked"));
                self.state = State::Talking;
            }
            // The call goes on and the other party is gone: help is called anew.
            (State::Waiting, Input::Resumed { company: Company::Nobody, .. })
            | (State::Talking, Input::ConnectEnded(ConnectEnd::NotReached | ConnectEnd::NeverHeard)) => {
                match self.placed.urgency() {
                    Urgency::Danger => self.call(now),
                    Urgency::Usual => self.end("talked"),
                }
            }
            (State::Resting { until }, Input::Timeout) if until <= now => self.call(now),
            (State::Calling { .. }, Input::Connected) => {
                self.exit = Some(ExitName::from("talked"));
                self.state = State::Talking;
            }
            (State::Calling { by }, Input::Timeout) if by <= now => self.not_reached(now),
            (State::Calling { .. }, Input::ConnectEnded(_)) => self.not_reached(now),
            (State::Talking, Input::ConnectEnded(ConnectEnd::FarHungUp)) => self.end("talked"),
            (State::Over, _) => {}
            (_, Input::Stopping) => {
                self.state = State::Over;
                self.actions.push_back(Action::Stopped);
            }
            (State::Waiting | State::Calling { .. } | State::Resting { .. } | State::Talking, _) => {}
        }
    }

    fn call(&mut self, now: Instant) {
        self.tries += 1;
        self.state = State::Calling { by: now + self.ring + ENGINE_ANSWER_MAX };
        let (target, ring, urgency) = (self.target.clone(), self.ring, self.placed.urgency());
        self.actions.push_back(Action::Connect { target, ring, urgency, aid: Aid::default() });
    }

    /// An emergency call is placed again: what a trunk refuses now it may take a moment later.
    fn not_reached(&mut self, now: Instant) {
        match self.placed.urgency() {
            Urgency::Danger if self.tries < EMERGENCY_TRIES => {
                self.state = State::Resting { until: now + LADDER_REST };
            }
            Urgency::Danger | Urgency::Usual => self.end("not_reached"),
        }
    }

    fn end(&mut self, exit: &str) {
        let exit = ExitName::from(exit);
        self.exit = Some(exit.clone());
        self.state = State::Over;
        self.actions.push_back(Action::End { exit });
    }

    fn poll_timeout(&self) -> Option<Due> {
        match self.state {
            State::Calling { by } => Some(Due { at: by, reason: "a party rings" }),
            State::Resting { until } => Some(Due { at: until, reason: "an emergency call is placed again" }),
            State::Waiting | State::Talking | State::Over => None,
        }
    }
}

impl Script {
    /// Takes in one thing that happened.
    pub fn handle(&mut self, now: Instant, input: Input) {
        match self {
            Script::Flow(run) => run.handle(now, input),
            Script::Dialled(dialled) => dialled.handle(now, input),
        }
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        match self {
            Script::Flow(run) => run.poll_action(),
            Script::Dialled(dialled) => dialled.actions.pop_front(),
        }
    }

    /// When to hand in [`Input::Timeout`] at the latest.
    pub fn poll_timeout(&self) -> Option<Due> {
        match self {
            Script::Flow(run) => run.poll_timeout(),
            Script::Dialled(dialled) => dialled.poll_timeout(),
        }
    }

    /// The exit that the call has reached.
    pub fn exit(&self) -> Option<&ExitName> {
        match self {
            Script::Flow(run) => run.exit(),
            Script::Dialled(dialled) => dialled.exit.as_ref(),
        }
    }

    /// The set that it runs on, to its end.
    pub fn set(&self) -> &FlowSet {
        match self {
            Script::Flow(run) => run.set(),
            Script::Dialled(dialled) => &dialled.set,
        }
    }

    /// The name of that set.
    pub fn edition(&self) -> Edition {
        self.set().edition()
    }

    /// The notice that somebody hears who comes into a talk that is recorded; the calls of our phones never are.
    pub fn recording_notice(&self) -> Phrases {
        match self {
            Script::Flow(run) => run.recording_notice(),
            Script::Dialled(_) => Phrases::new(),
        }
    }

    /// What the caller's sound matters for now.
    pub fn ears(&self) -> Ears {
        match self {
            Script::Flow(run) => run.ears(),
            Script::Dialled(_) => Ears::default(),
        }
    }

    /// The caller knows that he waits.
    pub fn waits(&self) -> bool {
        match self {
            Script::Flow(run) => run.waits(),
            Script::Dialled(dialled) => match dialled.state {
                State::Calling { .. } | State::Resting { .. } => true,
                State::Waiting | State::Talking | State::Over => false,
            },
        }
    }

    /// What a phone of ours wants, if one calls.
    pub fn placed(&self) -> Option<&Placed> {
        match self {
            Script::Flow(_) => None,
            Script::Dialled(dialled) => Some(&dialled.placed),
        }
    }

    /// Whether lives may hang on it: help is called, or the flow's caller is in danger.
    pub fn is_in_danger(&self) -> bool {
        match self {
            Script::Flow(run) => run.is_in_danger(),
            Script::Dialled(dialled) => dialled.placed.urgency() == Urgency::Danger,
        }
    }

    /// Whether help is called: ports are kept for such a call.
    pub fn is_emergency(&self) -> bool {
        self.placed().is_some_and(|placed| placed.urgency() == Urgency::Danger)
    }
}
