//! What goes into the switch and what comes out of it: closed enums, the same for the engine and the simulation.

use crate::audio::tone::{Signal, Wait};
use crate::call::keycode::Codes;
use crate::call::recording;
use crate::call::routing::Trunk;
use crate::clock::{Instant, WallTime};
use crate::flow::action::{Heard, Phrases, Why};
use crate::flow::closing::Closings;
use crate::flow::closing::change::Change;
use crate::flow::edition::{Edition, Served};
use crate::flow::request::Plan;
use crate::flow::request::answer::Answer;
use crate::flow::request::build::Message;
use crate::flow::request::failure::Failure;
use crate::id::{
    AskId, CallId, FlowName, Language, LegId, PlaybackId, PromptName, RecordingId, RequestId, TraceId,
    VoicingId,
};
use crate::media::command as media;
use crate::phi::Phi;
use crate::report::event::{Entry, GuestMode, KeptLeg};
use crate::sip::carrier::Carrier;
use crate::sip::interface as sip;
use crate::sip::locate::{LocateId, Question, Record};
use crate::sip::registrar::Keep;
use crate::sip::way::Way;
use crate::switch::messages::Left;
use crate::switch::{by_phone, dial, interpreters, messages, trace};
use crate::wire::codec::Codec;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// The time of an input, on both lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Monotonic: for every timer.
    pub at: Instant,
    /// The calendar's: for records only.
    pub wall: WallTime,
}

/// Settings of the switch, from the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// For the SIP machine.
    pub sip: sip::Settings,
    /// Where lines are closed by phone, if anywhere.
    pub service: Option<by_phone::Settings>,
    /// What phones of ours may dial.
    pub dial: dial::Settings,
    /// Vendors of interpreters, and who is never recorded.
    pub interpreters: interpreters::Settings,
    /// Whose phones show how many messages wait.
    pub messages: messages::Settings,
    /// By which keys persons hand on.
    pub keys: Codes,
    /// The address told in SDP in place of the one that the peer reached us at.
    pub external_address: Option<IpAddr>,
    /// Carriers and gateways.
    pub trunks: Vec<Trunk>,
    /// Calls at once.
    pub max_calls: u32,
    /// Legs on one media worker before the next one gets any.
    pub legs_gathered: usize,
    /// How long a freed port rests before a new leg may have it.
    pub port_rest: Duration,
    /// Who gets a triage tree that nobody has signed.
    pub unsigned: UnsignedTrees,
    /// How long a call may last.
    pub longest: Duration,
    /// How long a person may be rung at the most, whatever the flow says.
    pub ring: Duration,
    /// How long a leg may be without a sign of life before it is probed.
    pub media_lost: Duration,
    /// The first sequence number of the event log in this run.
    pub first_seq: u64,
    /// The first number for calls and recordings in this run: over all those of earlier runs.
    pub first_id: u64,
}

/// Who gets a triage tree that nobody has signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnsignedTrees {
    /// Nobody: the safe stub for all.
    #[default]
    Withheld,
    /// Who calls from this machine, and by no trunk: somebody tries it out.
    OnLoopback,
}

/// One thing that happens to the engine.
#[derive(Debug)]
pub enum Input<'a> {
    /// A SIP message came in.
    Message {
        /// How it came.
        way: Way,
        /// The datagram, or one message of a stream.
        octets: &'a [u8],
    },
    /// An earlier start of the engine had these calls and died: each goes on, or gets its record.
    Resume(Vec<Interrupted>),
    /// The answer to [`Output::Resolve`].
    Resolved {
        /// Whose question it was.
        id: LocateId,
        /// What was found.
        records: Vec<Record>,
    },
    /// The answer to [`Output::Request`].
    Answered {
        /// Whose request it was.
        call: CallId,
        /// Which.
        request: RequestId,
        /// The values that its step wants, or why there are none.
        answer: Result<Answer, Failure>,
    },
    /// Nobody is at the end of that way.
    Unreachable {
        /// Which.
        way: Way,
    },
    /// The answer to [`Output::Voice`].
    Voiced {
        /// The call.
        call: CallId,
        /// Which text of it.
        voicing: VoicingId,
        /// What came of it.
        heard: Heard,
    },
    /// A media worker tells.
    Media(media::Event),
    /// The recorder tells.
    Recorder(recording::Event),
    /// The event log is on disk up to this sequence number.
    Durable {
        /// The last one that is.
        up_to: u64,
    },
    /// New flows, already checked: for new calls.
    Flows(Served),
    /// What is closed by hand: for new calls.
    Closings(Arc<Closings>),
    /// The answer to [`Output::ChangeClosings`]: what is closed now, or nothing if it could not be changed.
    ClosingsChanged {
        /// The call.
        call: CallId,
        /// What is closed, for new calls.
        closings: Option<Arc<Closings>>,
    },
    /// All legs of this call are to live on that worker: its own is to be emptied.
    Move {
        /// The call.
        call: CallId,
        /// Where it goes.
        to: media::WorkerIndex,
    },
    /// What is said in this call from now on is for nobody's ears, such as a card number or a PIN: silence stands for it
    /// in the recording that runs or begins, if there is one.
    PauseRecording {
        /// The call.
        call: CallId,
    },
    /// What is said is for the recording again.
    ResumeRecording {
        /// The call.
        call: CallId,
    },
    /// Somebody of the clinic wants a supervisor or a third party in a talk, or out of it; [`Output::GuestAnswer`] comes
    /// back, at the latest when he has rung for as long as he may.
    Guest {
        /// The name of the wish, never used before.
        ask: AskId,
        /// What is wanted.
        order: GuestOrder,
    },
    /// Messages of earlier runs that nobody has marked as done, the oldest first.
    MessagesWait(Vec<Left>),
    /// Somebody of the clinic has dealt with a message; [`Output::MessageAnswer`] comes back once that is on disk.
    MessageDone {
        /// The name of the wish, never used before.
        ask: AskId,
        /// The message.
        message: SavedMessage,
    },
    /// No new calls from now on; whoever is left after `within` is told goodbye by BYE.
    Drain {
        /// How long calls may go on.
        within: Duration,
    },
    /// The operator wants the full text of a number's calls, or no longer.
    Trace(TraceOrder),
    /// A new call waited so long for its turn; its message comes next.
    Waited(Duration),
    /// Media threads were so late for their slots since the last time that this was told.
    TicksLate(Duration),
    /// Who may log in with a phone, and where the phones were.
    Phones(Box<sip::Phones>),
    /// The carriers that calls go out over.
    Carriers(Vec<Carrier>),
    /// What [`Output::KeepBindings`] told of is on disk up to this change.
    BindingsKept {
        /// The last one.
        up_to: u64,
    },
    /// `poll_timeout` is due.
    Timeout,
}

/// A call that was up when the engine died, as its log tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interrupted {
    /// Its name.
    pub call: CallId,
    /// The number called.
    pub called: Phi<String>,
    /// The caller's number.
    pub caller: Option<Phi<String>>,
    /// What its record says that answered it.
    pub flow: FlowName,
    /// The patient's leg.
    pub patient: (LegId, KeptLeg),
    /// The person with whom he talked.
    pub person: Option<Talk>,
    /// The language that he has chosen.
    pub language: Option<Language>,
    /// Why he is led to a person.
    pub why: Why,
    /// The greatest number of a leg of the call.
    pub last_leg: LegId,
    /// Where the call's own time line stands now, in µs.
    pub since_start_us: u64,
}

/// A talk with a person that was cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Talk {
    /// The person's leg.
    pub leg: LegId,
    /// What was called.
    pub target: String,
    /// What is needed to go on with it, if it was written down.
    pub kept: Option<KeptLeg>,
}

/// A wish about who is in a talk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestOrder {
    /// The call.
    pub call: CallId,
    /// What is wanted.
    pub act: GuestAct,
}

/// What is wanted of a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuestAct {
    /// He is to be called into the talk; a supervisor who is in it goes on in this way.
    Come {
        /// A user of ours, or an address that the flows name.
        target: String,
        /// What he hears, and who him.
        mode: GuestMode,
    },
    /// The person hands the talk on to somebody else, as with the transfer key of his phone.
    HandOn {
        /// A user of ours, or somebody whom the flows call: an address, or the name or number in it.
        target: String,
    },
    /// An interpreter of this language is to be called into the talk, whichever vendor has one.
    Interpret {
        /// The caller's language.
        language: Language,
    },
    /// He is to leave.
    Leave {
        /// His address, or the user in it.
        name: String,
    },
}

/// A message as the log knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavedMessage {
    /// The call in which it was left.
    pub call: CallId,
    /// Its recording.
    pub recording: RecordingId,
    /// When it was saved.
    pub at: WallTime,
    /// The same on the call's own time line, in µs.
    pub since_start_us: u64,
}

/// Why a message is not marked as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotMarked {
    /// The log takes nothing more.
    #[error(
        "the disk of the records is stuck, and a mark could be lost: `careline status` tells, then do it again"
    )]
    LogFull,
    /// The log was too slow.
    #[error("the disk has not taken it yet: `careline messages` tells later whether the message is marked")]
    Late,
}

/// What came of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuestDone {
    /// He is in the talk.
    Joined(GuestMode),
    /// He goes on in that way.
    Changed(GuestMode),
    /// He is out.
    Left,
    /// The patient talks with somebody else.
    HandedOn,
}

/// Why nothing came of it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GuestRefusal {
    /// There is no such call.
    #[error("no call {0} goes on: `careline calls` names those that do")]
    NoCall(CallId),
    /// Nobody talks with the patient.
    #[error("nobody talks with the caller of {0}: only a talk can be joined or listened to")]
    NobodyTalks(CallId),
    /// The target is a stranger.
    #[error("{0} is no user of `users:` in the configuration, and no flow names that address")]
    NotOurs(String),
    /// No vendor has that language.
    #[error("no vendor under `interpreters:` in the configuration has the language {0}")]
    NoInterpreter(Language),
    /// There is no place left.
    #[error("no more may be in this talk, or no more talks may have guests: let somebody leave first")]
    TooMany,
    /// He is in the talk in another role, or is being called.
    #[error("{0} is in this talk, or is being called into it: `careline leave` ends that")]
    IsThere(String),
    /// He is not in the talk.
    #[error("nobody who goes by {0} was called into this talk")]
    IsNotThere(String),
    /// He did not answer.
    #[error("{target} is not reached: SIP status {status}")]
    NotReached {
        /// Whom it was.
        target: String,
        /// The final status.
        status: u16,
    },
    /// The talk was over before he was in it.
    #[error("the talk was over, or was to do without {0}, before he was in it")]
    TalkOver(String),
    /// A phone of ours has called for help, and who sends it hears nobody but who has called.
    #[error(
        "{0} is a call for help: whoever dialled stays on it, and a guest can only listen or whisper to that one"
    )]
    CallsForHelp(CallId),
    /// A phone of ours has placed the call.
    #[error("{0} was dialled at a phone of ours: only a caller of a flow can be handed on by command")]
    Dialled(CallId),
    /// The engine stops.
    #[error("the engine is stopping: nobody is called any more")]
    Stopping,
}

/// The name, among all prompts, of what a voice said in a call; no file has such a name.
pub fn voiced_in(call: CallId, voicing: VoicingId) -> PromptName {
    PromptName::from(format!("~{call}.{voicing}").as_str())
}

/// What the operator wants traced.
#[derive(Clone, Debug)]
pub enum TraceOrder {
    /// Keep every message of calls from or to this number; [`trace::Told::Ended`] comes when it is over.
    Start {
        /// The name of the trace, never used before.
        trace: TraceId,
        /// The number.
        number: Phi<String>,
        /// For so long.
        lasts: Duration,
    },
    /// Keep them no longer.
    Stop {
        /// The trace.
        trace: TraceId,
    },
}

/// What the engine wants done.
#[derive(Debug)]
pub enum Output {
    /// Send this SIP message.
    Transmit {
        /// This way.
        way: Way,
        /// The message.
        octets: Vec<u8>,
    },
    /// Look this up; [`Input::Resolved`] brings the answer.
    Resolve {
        /// Whose question it is.
        id: LocateId,
        /// What.
        question: Question,
    },
    /// Tell a media worker.
    Media {
        /// Which.
        worker: media::WorkerIndex,
        /// What.
        command: media::Command,
    },
    /// Let a leg hear these prompts: the edge has their sound.
    Speak {
        /// On this worker.
        worker: media::WorkerIndex,
        /// The leg.
        leg: LegId,
        /// The name of this playing.
        playback: PlaybackId,
        /// As they sound in this set.
        edition: Edition,
        /// What, in this order.
        prompts: Phrases,
        /// In this codec.
        codec: Codec,
    },
    /// Let a voice say this text; [`Input::Voiced`] brings what came of it. Its sound is spoken as the prompt [`voiced_in`].
    Voice {
        /// The call.
        call: CallId,
        /// The name of the text within it.
        voicing: VoicingId,
        /// What to say.
        text: Phi<String>,
        /// In which language.
        language: Language,
    },
    /// The call is over: what voices said in it is forgotten.
    ForgetVoiced {
        /// The call.
        call: CallId,
    },
    /// Let a leg hear a short sound, such as the tone after which a message is recorded.
    Tone {
        /// On this worker.
        worker: media::WorkerIndex,
        /// The leg.
        leg: LegId,
        /// The name of this playing.
        playback: PlaybackId,
        /// Which.
        signal: Signal,
        /// In this codec.
        codec: Codec,
    },
    /// Let a leg hear the bed of a wait while nothing else is to be heard.
    Bed {
        /// On this worker.
        worker: media::WorkerIndex,
        /// The leg.
        leg: LegId,
        /// The set that the call runs on: it may have a sound of its own.
        edition: Edition,
        /// Which.
        wait: Wait,
        /// In this codec.
        codec: Codec,
    },
    /// Tell the recorder.
    Recorder(recording::Command),
    /// Ask a server of the clinic; [`Input::Answered`] brings what comes of it.
    Request {
        /// Whose request it is.
        call: CallId,
        /// Which.
        request: RequestId,
        /// Whom, for how long, and what the answer must hold.
        plan: Arc<Plan>,
        /// What is sent.
        message: Message,
    },
    /// Change what is closed, durably; [`Input::ClosingsChanged`] brings what comes of it.
    ChangeClosings {
        /// The call in which it was confirmed.
        call: CallId,
        /// What.
        change: Change,
    },
    /// Nobody waits for the answer to this request any more.
    LetGo {
        /// Whose it was.
        call: CallId,
        /// Which.
        request: RequestId,
    },
    /// What came of [`Input::Guest`].
    GuestAnswer {
        /// Which wish.
        ask: AskId,
        /// What came of it.
        answer: Result<GuestDone, GuestRefusal>,
    },
    /// What came of [`Input::MessageDone`].
    MessageAnswer {
        /// Which wish.
        ask: AskId,
        /// Whether the mark is on disk.
        answer: Result<(), NotMarked>,
    },
    /// Add to the event log; [`Input::Durable`] comes back.
    Append(Entry),
    /// Keep where the phones of a user are, over a restart; [`Input::BindingsKept`] comes back.
    KeepBindings(Keep),
    /// Keep this message of a traced number, or close its file.
    Trace(trace::Told),
    /// The last call is over after [`Input::Drain`].
    Drained,
}
