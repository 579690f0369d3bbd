//! A checked flow set as the interpreter walks it: every name is resolved, every time is filled in.
//!
//! Nothing here can be written by hand; [`super::set::FlowSet::load`] builds it from files without
//! fault. Not here: what a step does ([`super::run`]).

use crate::flow::action::Why;
use crate::id::{ExitName, FlowName, Language, PromptName, StepName};
use crate::wire::telephone_event::Key;
use std::collections::{BTreeMap, BTreeSet};
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
    /// The first step.
    pub start: StepAt,
    /// Its steps, in the order of the file.
    pub steps: Vec<Step>,
}

/// One thing that the caller notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub name: StepName,
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
    Record {
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
