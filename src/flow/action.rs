//! What a running flow is told, and what it asks for.

use crate::flow::closing::Then;
use crate::flow::closing::change::ByPhone;
use crate::flow::closing::phone::{self, Order};
use crate::flow::request::Plan;
use crate::flow::request::answer::Answer;
use crate::flow::request::build::Message;
use crate::flow::request::failure::{Failure, Outcome};
use crate::id::{ExitName, FlowName, Language, PlaybackId, PromptName, RequestId, StepName, VoicingId};
use crate::phi::Phi;
use crate::wire::telephone_event::Key;
use smallvec::SmallVec;
use std::sync::Arc;
use std::time::Duration;

/// One prompt in one language.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spoken {
    /// Which prompt.
    pub prompt: PromptName,
    /// In which language.
    pub language: Language,
    /// How fast.
    pub pace: Pace,
}

/// What is spoken without a gap. The words of the engine and those of a step behind them need no room of their own;
/// more of them, as values in words make, do.
pub type Phrases = SmallVec<[Spoken; 2]>;

/// How fast words are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pace {
    /// As they were recorded.
    Normal,
    /// At 110 of 145 words a minute, for who asked to hear them once more and once more.
    Slow,
}

/// What happens to a running flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The caller can hear: the ACK came, or the first RTP.
    Start,
    /// The engine died and a later start goes on with the call: the caller can hear again.
    Resumed {
        /// Why he is led to a person, unless one is with him.
        why: Why,
        /// Whether one is.
        company: Company,
    },
    /// A key was pressed.
    Key(Key),
    /// A fax machine was heard, in a stretch that [`Ears::fax`] asked for.
    Fax,
    /// A playing ended. `completed`: its last sample was sent.
    PlaybackEnded {
        /// Which one.
        playback: PlaybackId,
        /// To its end, not cut.
        completed: bool,
    },
    /// `poll_timeout` is due.
    Timeout,
    /// The caller has put the engine on hold, or is back: while he hears nothing, words wait for him.
    Hold {
        /// On hold from now on.
        on: bool,
    },
    /// The party that [`Action::Connect`] called has answered and is bridged.
    Connected,
    /// The party did not answer, or the talk is over.
    ConnectEnded(ConnectEnd),
    /// A voice has said what [`Action::Voice`] asked for, or nothing came of it.
    Voiced {
        /// Which text.
        voicing: VoicingId,
        /// What came of it.
        heard: Heard,
    },
    /// The message is being recorded from now on.
    MessageOpen,
    /// The message is on disk, durably.
    MessageSaved,
    /// The message could not be kept.
    MessageFailed,
    /// What came of an [`Action::ByPhone`].
    ByPhone(phone::Answer),
    /// What came of an [`Action::Request`].
    Answered {
        /// Which one.
        request: RequestId,
        /// The values that its step wants, or why there are none.
        answer: Result<Answer, Failure>,
    },
    /// The engine stops in a moment: there is time for last words alone.
    Stopping,
    /// The call has lasted as long as a call may, and nobody talks with the caller: he is led to a person before it ends.
    LongAlone,
}

/// Whether a person is with a caller whose call goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Company {
    /// The one with whom he talked.
    Person,
    /// Nobody.
    Nobody,
}

/// What came of a text for a voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Its sound is there.
    Sound,
    /// There is none, and none will come.
    Nothing,
}

/// What the names of sounds begin with that a voice said; no file has such a name.
const VOICED: char = '~';

/// The name of the sound of a text that a voice said, among the prompts of its run.
pub fn voiced(voicing: VoicingId) -> PromptName {
    PromptName::from(format!("{VOICED}{voicing}").as_str())
}

/// The text whose sound has this name, if it is such a name.
pub fn voicing(prompt: &PromptName) -> Option<VoicingId> {
    prompt.as_str().strip_prefix(VOICED)?.parse().ok()
}

/// What the caller's sound is listened to for. Keys that come as events need no ear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ears {
    /// Keys act on what happens now.
    pub keys: bool,
    /// The caller has not answered once already: he may be a fax machine.
    pub fax: bool,
}

/// How an [`Action::Connect`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectEnd {
    /// Nobody answered in the time allowed, or the target was busy, refused or could not be reached.
    NotReached,
    /// They talked, and the far party hung up: the caller is still here.
    FarHungUp,
    /// Somebody answered, and no sound ever came of him: he counts as one who did not answer.
    NeverHeard,
}

/// What a flow wants done. Answers come back as [`Input`]s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Speak these prompts without a gap, in place of whatever is heard now.
    Play {
        /// The name of this playing, unique within the run.
        playback: PlaybackId,
        /// In this order.
        prompts: Phrases,
    },
    /// Let a voice say this text; [`Input::Voiced`] brings what came of it. Its sound is the prompt [`voiced`] of this run
    /// until the call is over.
    Voice {
        /// The name of the text, unique within the run.
        voicing: VoicingId,
        /// What to say.
        text: Phi<String>,
        /// In which language.
        language: Language,
    },
    /// Be silent.
    StopPlaying,
    /// Record from now on: the notice was heard to its end and nobody pressed 7.
    StartRecording,
    /// Record no more, until another [`Action::StartRecording`]: the caller pressed 7, is in a crisis,
    /// or chose a language in which the notice was not given yet.
    StopRecording,
    /// Call this party and bridge it with the caller. While it rings, what plays goes on.
    Connect {
        /// The address from configuration, such as `sip:front-desk@10.0.0.5`.
        target: String,
        /// How long it may ring.
        ring: Duration,
        /// Whether the call may be placed while the engine stops.
        urgency: Urgency,
        /// What the talk needs besides.
        aid: Aid,
    },
    /// The caller is in danger now: who has answered waits for no interpreter.
    Hurry,
    /// Play the tone and keep what the caller says as a message, until [`Action::FinishMessage`] or hang-up.
    TakeMessage,
    /// The message is over: save it, then say so with [`Input::MessageSaved`].
    FinishMessage,
    /// Ask a server of the clinic; [`Input::Answered`] brings what comes of it.
    Request {
        /// The name of this request, unique within the run.
        request: RequestId,
        /// Whom, for how long, and what the answer must hold.
        plan: Arc<Plan>,
        /// What is sent.
        message: Message,
    },
    /// Nobody waits for the answer to this request any more.
    LetGo {
        /// Which.
        request: RequestId,
    },
    /// Look at a PIN, or change what is closed; [`Input::ByPhone`] brings what comes of it.
    ByPhone(Order),
    /// A fact for the event log.
    Tell(Fact),
    /// The flow is over: end the call. The last action of a run.
    End {
        /// The named exit.
        exit: ExitName,
    },
    /// The last words before the engine stops were said: end the call. The last action of a run.
    Stopped,
}

/// What a talk needs besides a bridge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aid {
    /// An interpreter of this language, before caller and person talk; who is in danger does not wait for him.
    pub interpreter: Option<Language>,
    /// What is pressed for the party's menu once it has answered.
    pub keys: Vec<Key>,
}

/// How much hangs on a call to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// The caller can leave a message, or call again.
    Usual,
    /// The caller is in a crisis or an emergency.
    Danger,
}

/// What a flow tells the event log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A step began.
    StepEntered {
        /// Its flow.
        flow: FlowName,
        /// The step.
        step: StepName,
    },
    /// The caller answered a menu.
    Chosen {
        /// The key.
        key: Phi<Key>,
        /// The answer's name.
        answer: StepName,
    },
    /// The caller was silent, or pressed a key that the step does not know.
    Missed {
        /// True for silence, false for a wrong key.
        silence: bool,
        /// The how-manieth miss in this step, from 1.
        count: u32,
    },
    /// The caller's language from now on.
    LanguageChosen(Language),
    /// The recording notice was heard to its end.
    NoticeGiven,
    /// The recording notice was cut short: nothing is recorded.
    NoticeCut,
    /// The caller pressed 7: nothing is recorded.
    RecordingRefused,
    /// The caller is a fax machine.
    FaxHeard,
    /// The call goes up the person ladder.
    LadderRung {
        /// Which rung, from 1.
        rung: u32,
        /// Why: the caller's key, silence, wrong keys, a fault.
        why: Why,
    },
    /// A promise was spoken: somebody calls back by this time, in the clinic's words.
    Promised {
        /// Working days from today.
        within_working_days: u32,
    },
    /// The number is closed by hand.
    Closed {
        /// What the caller hears.
        prompt: PromptName,
        /// What follows on it.
        then: Then,
    },
    /// Who closes lines by phone did something.
    ByPhone(ByPhone),
    /// The flow asked for something that this engine is not connected to: records, a list of calls to make.
    NotConnected,
    /// A server of the clinic was asked.
    Requested {
        /// Which, without anything of what was asked.
        host: Box<str>,
        /// How it ended.
        outcome: Outcome,
        /// How long it took.
        milliseconds: u32,
    },
    /// The program did what its check says it cannot; the caller went up the ladder.
    Fault {
        /// What, in plain words, without anything of the caller.
        what: &'static str,
    },
}

/// Why a call went up the person ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The caller asked for a person.
    Asked,
    /// The caller asked for a nurse.
    Nurse,
    /// The caller is in a crisis.
    Crisis,
    /// The caller typed the emergency number.
    Emergency,
    /// Silence.
    Silence,
    /// Wrong keys.
    WrongKeys,
    /// A fault of the engine or of something it asked.
    Fault,
}

impl Why {
    /// How much hangs on it that a person is reached.
    pub const fn urgency(self) -> Urgency {
        match self {
            Why::Crisis | Why::Emergency => Urgency::Danger,
            Why::Asked | Why::Nurse | Why::Silence | Why::WrongKeys | Why::Fault => Urgency::Usual,
        }
    }
}
