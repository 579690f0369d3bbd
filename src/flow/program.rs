//! A checked flow set as the interpreter walks it: every name is resolved, every time is filled in.
//!
//! Nothing here can be written by hand; [`super::set::FlowSet::load`] builds it from files without
//! fault. Not here: what a step does ([`super::run`]).

use crate::flow::action::{Pace, Why};
use crate::flow::entry::ask::{self, Confirm, DateOrder};
use crate::flow::expression::Checked;
use crate::flow::request::Plan;
use crate::flow::value::Date;
use crate::id::{ExitName, FlowName, Language, PromptName, StepName, ValueName};
use crate::wire::telephone_event::Key;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// A step, by its flow and its position there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StepAt {
    /// Position of the flow in the set.
    pub flow: usize,
    /// Position of the step in the flow.
    pub step: usize,
}

/// One flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Its name.
    pub name: FlowName,
    /// What it is for, in the administrator's words.
    pub title: String,
    /// Whether it sorts callers by danger.
    pub kind: FlowKind,
    /// The values that it gives to who called it.
    pub gives: Vec<ValueName>,
    /// The first step.
    pub start: StepAt,
    /// Its steps, in the order of the file.
    pub steps: Vec<Step>,
}

/// What a flow is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlowKind {
    /// Anything else.
    #[default]
    Ordinary,
    /// A triage tree: silence and wrong keys in it lead to a nurse.
    Triage,
}

/// One thing that the caller notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub name: StepName,
    /// The values that go with it, each under the name by which it is known there: the slots of its prompts, the
    /// parameters of a sub-flow, what is asked of the records.
    pub with: Vec<(ValueName, ValueName)>,
    /// What it does.
    pub act: Act,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Speaks, then goes on.
    Say {
        /// What.
        prompt: PromptName,
        /// In which languages.
        voices: Voices,
        /// Where it leads.
        next: Target,
    },
    /// Offers the second language, in its own words; passed over when the caller has chosen.
    OfferLanguage {
        /// The offer.
        prompt: PromptName,
        /// Where it leads.
        next: Target,
    },
    /// Gives the recording notice here already; recording begins when it was heard to its end.
    Notice {
        /// The notice.
        notice: PromptName,
        /// Where it leads.
        next: Target,
    },
    /// Asks for a key.
    Menu {
        /// The question.
        prompt: PromptName,
        /// The keys and where they lead.
        answers: Vec<Answer>,
        /// How long a caller may think after the question.
        first_key: Duration,
        /// What is saved of the answer.
        save: Option<SaveAnswer>,
    },
    /// Asks for digits.
    Collect(Box<Collect>),
    /// Offers the items of a list, one at a time.
    Offer {
        /// The words around an item.
        prompt: PromptName,
        /// The list.
        from: ValueName,
        /// The keys; an answer without a target is the next item.
        answers: Vec<OfferAnswer>,
        /// How long a caller may think.
        first_key: Duration,
        /// The name under which the item that was chosen is saved.
        save: Option<ValueName>,
        /// Where it leads when no item is left.
        used_up: Target,
    },
    /// Gives names to values.
    Set {
        /// In this order.
        values: Vec<(ValueName, Checked)>,
        /// Where it leads.
        next: Target,
    },
    /// Leads by a condition.
    When {
        /// Yes or no.
        condition: Checked,
        /// Where it leads if it holds.
        yes: Target,
        /// Where it leads if not.
        no: Target,
    },
    /// Goes through another flow and comes back.
    Call {
        /// The first step of that flow.
        start: StepAt,
        /// What is kept of what it gives: the name here, and the name there.
        save: Vec<(ValueName, ValueName)>,
        /// Where it leads then.
        next: Target,
    },
    /// Asks the records.
    Care {
        /// What.
        verb: crate::flow::care::Verb,
        /// Where each outcome leads.
        ways: Vec<(StepName, Target)>,
        /// Where it leads when they cannot be asked.
        failed: Target,
    },
    /// Asks a server of the clinic.
    Request {
        /// What.
        plan: Arc<Plan>,
        /// The words for whoever waits.
        meanwhile: PromptName,
        /// Where it leads with an answer, which is saved.
        done: Target,
        /// Where it leads without one.
        failed: Target,
    },
    /// Promises to call back: nobody keeps such a promise yet.
    Callback {
        /// Where it leads.
        failed: Target,
    },
    /// Takes a spoken message.
    Record {
        /// What is asked for, before the tone.
        prompt: PromptName,
        /// How long it may be.
        longest: Duration,
        /// Where it leads when it is saved.
        saved: Target,
        /// Where it leads when it could not be kept.
        failed: Target,
    },
    /// Stops the recording of the call for a while, or goes on with it.
    Recording {
        /// Which of both.
        what: Pausing,
        /// Where it leads.
        next: Target,
    },
    /// Speaks at this pace from here on.
    Speech {
        /// The pace.
        pace: Pace,
        /// Where it leads.
        next: Target,
    },
    /// Is silent for a while.
    Wait {
        /// How long.
        time: Duration,
        /// Where it leads.
        next: Target,
    },
    /// Calls one party and bridges it with the caller.
    Transfer {
        /// The words before.
        prompt: PromptName,
        /// Whom, and for how long.
        to: Rung,
        /// The language that an interpreter is needed for.
        interpreter: Option<Language>,
        /// The exit that the record shows once somebody answered.
        exit: ExitName,
        /// Where it leads when nobody did.
        failed: Target,
    },
    /// Asks a calendar whether the clinic is open; nothing is heard.
    Hours {
        /// Its position in the set.
        calendar: usize,
        /// Where it leads while the clinic is open, and if the time is not known.
        open: Target,
        /// Where it leads while it is closed.
        closed: Target,
        /// Where it leads on a holiday.
        holiday: Target,
    },
    /// Gets a person.
    Person {
        /// What is said first.
        prompt: PromptName,
        /// The exit that the record shows once a person answered.
        exit: ExitName,
    },
    /// Speaks, then ends the call.
    End {
        /// The last words.
        prompt: PromptName,
        /// The named exit.
        exit: ExitName,
    },
}

impl Act {
    /// Every way that leads on from it in its own flow.
    pub fn targets(&self) -> Vec<Target> {
        match self {
            Act::Say { next, .. }
            | Act::OfferLanguage { next, .. }
            | Act::Notice { next, .. }
            | Act::Set { next, .. }
            | Act::Call { next, .. }
            | Act::Recording { next, .. }
            | Act::Speech { next, .. }
            | Act::Wait { next, .. } => vec![*next],
            Act::Menu { answers, .. } => answers.iter().map(|answer| answer.target).collect(),
            Act::Offer { answers, used_up, .. } => {
                answers.iter().filter_map(|answer| answer.target).chain([*used_up]).collect()
            }
            Act::Collect(collect) => vec![collect.next],
            Act::When { yes, no, .. } => vec![*yes, *no],
            Act::Care { ways, failed, .. } => {
                ways.iter().map(|(_, target)| *target).chain([*failed]).collect()
            }
            Act::Request { done, failed, .. } => vec![*done, *failed],
            Act::Callback { failed } | Act::Transfer { failed, .. } => vec![*failed],
            Act::Record { saved, failed, .. } => vec![*saved, *failed],
            Act::Hours { open, closed, holiday, .. } => vec![*open, *closed, *holiday],
            Act::Person { .. } | Act::End { .. } => Vec::new(),
        }
    }
}

/// What is saved of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaveAnswer {
    /// Its name.
    Name(ValueName),
    /// Whether it was yes.
    Yes(ValueName),
}

/// One answer to an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferAnswer {
    /// The key.
    pub key: Key,
    /// The answer's name.
    pub name: StepName,
    /// Where it leads; `None` is the next item.
    pub target: Option<Target>,
}

/// What a recording does for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pausing {
    /// It stops.
    Pause,
    /// It goes on, if it was stopped by such a step.
    Resume,
}

/// Digits that are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collect {
    /// The question.
    pub prompt: PromptName,
    /// The words of the read-back.
    pub confirm: Option<PromptName>,
    /// What is said before the question after a wrong entry.
    pub wrong: PromptName,
    /// What may be typed.
    pub kind: CollectKind,
    /// How long is waited.
    pub timers: ask::Timers,
    /// Whether the value is read back.
    pub confirmed: Confirm,
    /// The name of the value.
    pub save: ValueName,
    /// Where it leads.
    pub next: Target,
}

/// What may be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CollectKind {
    /// Whatever does not depend on the day of the call.
    Fixed(ask::Kind),
    /// A day, within bounds.
    Date {
        /// In which order its parts are typed.
        order: DateOrder,
        /// The first.
        from: Option<Day>,
        /// The last.
        to: Option<Day>,
    },
}

/// A day, as a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// This one.
    On(Date),
    /// That of the call.
    Today,
}

/// In which languages a step speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voices {
    /// The caller's.
    Callers,
    /// All of the clinic's until the caller has chosen one.
    All,
}

/// One answer of a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The key.
    pub key: Key,
    /// The answer's name.
    pub name: StepName,
    /// Where it leads.
    pub target: Target,
}

/// Where a step leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To a step of this or another flow.
    Step(StepAt),
    /// To the flow of the number that was called.
    CalledNumber,
    /// Up the person ladder.
    Ladder(Why),
    /// To the message at the end of the ladder.
    Message,
    /// Back to the flow that called this one.
    Return,
}

/// What holds for all flows: `clinic.yaml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clinic {
    /// The clinic's name, for the operator.
    pub name: String,
    /// The languages; the first is spoken until the caller chooses.
    pub languages: Vec<Language>,
    /// The keys of the emergency number, such as 9 1 1.
    pub emergency: Vec<Key>,
    /// The digits of the crisis line, such as 988.
    pub crisis: ask::Digits,
    /// The flow that every call hears first.
    pub entry: usize,
    /// The flow of a number that is not listed.
    pub default: usize,
    /// Called numbers without separators, and their flows.
    pub numbers: BTreeMap<String, usize>,
    /// The flows whose callers are refused last when there is more than the engine can serve.
    pub urgent: BTreeSet<usize>,
    /// How much longer the pound key lets a caller think.
    pub more_time: Duration,
    /// How long a caller who types may think between two keys.
    pub between_keys: Duration,
    /// How long he may type in all.
    pub all_keys: Duration,
    /// Misses in one menu after which a person is got.
    pub tries: u32,
    /// Whether calls are recorded.
    pub recording: Recording,
    /// The persons to call, in this order; at least one.
    pub ladder: Vec<Rung>,
    /// The last rung.
    pub message: Message,
}

/// Whether calls are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recording {
    /// After the notice, which is given before the first person or message at the latest, unless the
    /// caller presses 7.
    On,
    /// Never.
    Off,
}

/// One person or group to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// The SIP address.
    pub target: String,
    /// How long it may ring.
    pub ring: Duration,
    /// What is pressed for its menu once it has answered, by the caller's language.
    pub keys: BTreeMap<Language, Vec<Key>>,
}

/// A message with a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What is asked for, before the tone.
    pub prompt: PromptName,
    /// What is said when it is saved: it speaks the promise.
    pub saved: PromptName,
    /// The promise: somebody calls back within this many working days.
    pub within_working_days: u32,
}

/// Words that the engine says by itself, in any flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Own {
    /// The emergency line.
    Emergency,
    /// While somebody is being called.
    OneMoment,
    /// After the pound key.
    MoreTime,
    /// After the first silence.
    Silence,
    /// After the last silence.
    SilenceAgain,
    /// After a wrong key.
    WrongKey,
    /// Before a person is called.
    Person,
    /// Before a person is called for a nurse.
    Nurse,
    /// When nobody came to the phone.
    NotReached,
    /// When something of ours failed.
    Fault,
    /// The notice before the first person or message.
    Recording,
    /// After the 7 key.
    NotRecorded,
    /// Before the engine hangs up.
    Goodbye,
    /// The first words to a caller in a crisis.
    CrisisStay,
    /// To a caller in a crisis, while somebody is being called.
    CrisisWait,
}

impl Own {
    /// All of them.
    pub const ALL: [Own; 15] = [
        Own::Emergency,
        Own::OneMoment,
        Own::MoreTime,
        Own::Silence,
        Own::SilenceAgain,
        Own::WrongKey,
        Own::Person,
        Own::Nurse,
        Own::NotReached,
        Own::Fault,
        Own::Recording,
        Own::NotRecorded,
        Own::Goodbye,
        Own::CrisisStay,
        Own::CrisisWait,
    ];

    /// The prompt's name in `prompts.yaml`.
    pub const fn name(self) -> &'static str {
        match self {
            Own::Emergency => "u.emergency",
            Own::OneMoment => "u.one_moment",
            Own::MoreTime => "u.more_time",
            Own::Silence => "u.noinput1",
            Own::SilenceAgain => "u.noinput2",
            Own::WrongKey => "u.nomatch",
            Own::Person => "u.agent",
            Own::Nurse => "u.nurse",
            Own::NotReached => "u.not_reached",
            Own::Fault => "u.sysfail",
            Own::Recording => "u.recording",
            Own::NotRecorded => "u.not_recorded",
            Own::Goodbye => "u.goodbye",
            Own::CrisisStay => "cr.stay",
            Own::CrisisWait => "cr.fallback",
        }
    }

    /// The prompt.
    pub fn prompt(self) -> PromptName {
        PromptName::from(self.name())
    }
}

// Whoever keeps something for each of them finds it by its place: no compiler lets the two orders differ.
const _: () = {
    let mut place = 0;
    while place < Own::ALL.len() {
        assert!(Own::ALL[place] as usize == place);
        place += 1;
    }
};
