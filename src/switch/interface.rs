//! What goes into the switch and what comes out of it: closed enums, the same for the engine and the simulation.

use crate::call::recording;
use crate::call::routing::Trunk;
use crate::clock::{Instant, WallTime};
use crate::flow::action::{Heard, Phrases};
use crate::flow::closing::Closings;
use crate::flow::closing::change::Change;
use crate::flow::edition::{Edition, Served};
use crate::flow::request::Plan;
use crate::flow::request::answer::Answer;
use crate::flow::request::build::Message;
use crate::flow::request::failure::Failure;
use crate::id::{CallId, Language, LegId, PlaybackId, PromptName, RequestId, TraceId, VoicingId};
use crate::media::command as media;
use crate::phi::Phi;
use crate::report::event::Entry;
use crate::sip::interface as sip;
use crate::sip::locate::{LocateId, Question, Record};
use crate::sip::registrar::Keep;
use crate::sip::way::Way;
use crate::switch::{by_phone, dial, trace};
use crate::wire::codec::Codec;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

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
    Carriers(Vec<sip::Carrier>),
    /// What [`Output::KeepBindings`] told of is on disk up to this change.
    BindingsKept {
        /// The last one.
        up_to: u64,
    },
    /// `poll_timeout` is due.
    Timeout,
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
    /// Let a leg hear the tone after which a message is recorded.
    Tone {
        /// On this worker.
        worker: media::WorkerIndex,
        /// The leg.
        leg: LegId,
        /// The name of this playing.
        playback: PlaybackId,
        /// In this codec.
        codec: Codec,
    },
    /// Let a leg hear the bed of a wait while nothing else is to be heard.
    Bed {
        /// On this worker.
        worker: media::WorkerIndex,
        /// The leg.
        leg: LegId,
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
    /// Add to the event log; [`Input::Durable`] comes back.
    Append(Entry),
    /// Keep where the phones of a user are, over a restart; [`Input::BindingsKept`] comes back.
    KeepBindings(Keep),
    /// Keep this message of a traced number, or close its file.
    Trace(trace::Told),
    /// The last call is over after [`Input::Drain`].
    Drained,
}
