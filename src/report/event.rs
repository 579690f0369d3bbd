//! The event log: every fact about a call, in the order in which it became true.

use crate::call::recording::{RecordingFault, RecordingKind};
use crate::clock::WallTime;
use crate::flow::action::Fact;
use crate::id::{CallId, ExitName, FlowName, Language, LegId, RecordingId, TrunkName};
use crate::media::command::Counters;
use crate::phi::Phi;
use crate::report::ladder::Ladder;
use crate::sip::dialog::kept::Kept as KeptDialog;
use crate::wire::codec::Codec;
use crate::wire::sip::diversion::Why as DivertedWhy;
use std::fmt;

/// A call had been sent on to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diverted {
    /// The number of the last one who did; `None` if it is not to be told.
    pub by: Option<Phi<String>>,
    /// Why.
    pub why: DivertedWhy,
    /// The number that the call was first meant for; `None` if it is not to be told.
    pub first: Option<Phi<String>>,
    /// How often it was sent on in all.
    pub times: u32,
}

/// Where a phone of the house calls for help from, in the house's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpFrom {
    /// The place; `None` where none is known.
    pub location: Option<String>,
    /// Whose phone it is; `None` is a phone that nobody is logged in at.
    pub user: Option<String>,
}

impl fmt::Display for HelpFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.location.as_deref().unwrap_or("a place that is not known"))?;
        self.user.as_ref().map_or(Ok(()), |user| write!(f, " (phone of {user})"))
    }
}

/// One line of the event log.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its number: rises by one over the life of the store.
    pub seq: u64,
    /// When it became true.
    pub at: WallTime,
    /// Microseconds since the engine started, for exact spans between the entries of one call.
    pub since_start_us: u64,
    /// Which call.
    pub call: CallId,
    /// What.
    pub event: Event,
}

/// A fact about a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The INVITE was let in.
    Arrived {
        /// The patient's leg.
        leg: LegId,
        /// The trunk it came over, if one is configured for its source.
        trunk: Option<TrunkName>,
        /// The number called.
        called: Phi<String>,
        /// The caller's number; `None` is an anonymous caller.
        caller: Option<Phi<String>>,
        /// SIP's Call-ID.
        sip_call_id: Phi<String>,
        /// The flow that answers.
        flow: FlowName,
        /// The version of the flow set: a hash of its contents, in hexadecimal.
        version: String,
    },
    /// Somebody had sent the call on to us: told right after its arrival.
    Diverted(Diverted),
    /// A phone of the house calls for help: told right after its arrival.
    Emergency(HelpFrom),
    /// The 200 was sent.
    Answered {
        /// The codec agreed on.
        codec: Codec,
    },
    /// The caller can hear: the ACK or the first RTP came.
    Heard {
        /// True for the ACK, false for RTP before it.
        by_ack: bool,
    },
    /// What the flow tells.
    Flow(Fact),
    /// A recording has its name, before the first sample.
    RecordingNamed {
        /// Its name.
        recording: RecordingId,
        /// What it holds.
        kind: RecordingKind,
    },
    /// The first sample is being recorded.
    RecordingSpanBegan {
        /// Which.
        recording: RecordingId,
    },
    /// What is said from now on is not for the recording, such as a card number: silence stands in its place.
    RecordingPaused {
        /// Which.
        recording: RecordingId,
        /// Frames of 20 ms in the stretch before the silence.
        frame: u64,
    },
    /// It is heard again.
    RecordingResumed {
        /// Which.
        recording: RecordingId,
        /// Frames of 20 ms in the stretch up to here, silent ones included.
        frame: u64,
    },
    /// A recorded stretch ended; a pause in it ended with it.
    RecordingSpanEnded {
        /// Which.
        recording: RecordingId,
        /// Frames of 20 ms in the stretch.
        frames: u64,
        /// Of them, frames that came too fast for the disk and are silence in the file.
        dropped: u64,
    },
    /// The file is closed, its header true, its contents synced.
    RecordingClosed {
        /// Which.
        recording: RecordingId,
        /// Milliseconds of sound in it.
        milliseconds: u64,
    },
    /// The recording broke off; the call went on.
    RecordingFailed {
        /// Which.
        recording: RecordingId,
        /// Why.
        fault: RecordingFault,
        /// Milliseconds of sound that are safe.
        milliseconds: u64,
    },
    /// The start-up found this recording unfinished and closed it.
    RecordingRecovered {
        /// Which.
        recording: RecordingId,
        /// Milliseconds of sound in it.
        milliseconds: u64,
    },
    /// The call to a person came back to us, for its telephone sends its calls on to a line of ours: refused.
    CameBack {
        /// The person's leg.
        leg: LegId,
    },
    /// A person is being called for the patient.
    PersonCalled {
        /// The leg to the person.
        leg: LegId,
        /// The target, as configured.
        target: String,
    },
    /// That person did not answer.
    PersonNotReached {
        /// The leg.
        leg: LegId,
        /// The final status of SIP.
        status: u16,
    },
    /// Patient and person can hear each other.
    Bridged {
        /// The leg to the person.
        leg: LegId,
    },
    /// They cannot any more.
    Unbridged {
        /// The leg to the person.
        leg: LegId,
    },
    /// Somebody is being called into the talk of patient and person.
    GuestCalled {
        /// The leg to him.
        leg: LegId,
        /// The target, as asked for.
        target: String,
        /// What he will hear, and who him.
        mode: GuestMode,
    },
    /// He is the vendor of an interpreter.
    InterpreterCalled {
        /// The leg to him.
        leg: LegId,
        /// The vendor, by its name in the configuration.
        vendor: String,
        /// From which language.
        language: Language,
    },
    /// No vendor was reached: the talk goes on without an interpreter.
    InterpreterMissing {
        /// From which language.
        language: Language,
    },
    /// Keys were pressed for a menu that we called. Which, stands nowhere.
    KeysPressed {
        /// The leg to it.
        leg: LegId,
        /// What they are.
        pressed: Pressed,
    },
    /// He did not answer, or the talk was over before he did.
    GuestNotReached {
        /// The leg.
        leg: LegId,
        /// The final status of SIP.
        status: u16,
    },
    /// He is in the talk.
    GuestJoined {
        /// The leg.
        leg: LegId,
        /// What he hears, and who him.
        mode: GuestMode,
    },
    /// He goes on in another way.
    GuestChanged {
        /// The leg.
        leg: LegId,
        /// What he hears now, and who him.
        mode: GuestMode,
    },
    /// He is not in the talk any more.
    GuestLeft {
        /// The leg.
        leg: LegId,
    },
    /// The caller's message is saved.
    MessageSaved {
        /// Its recording.
        recording: RecordingId,
    },
    /// Somebody has heard the message and does what it asks for: it waits no more. This may come days after the call.
    MessageDone {
        /// Its recording.
        recording: RecordingId,
        /// By which way this was told.
        by: DoneBy,
    },
    /// A party put us on hold, or took us back. A hold that lasts ends with its party.
    Hold {
        /// True: on hold.
        on: bool,
        /// The caller, or the person: then the caller waits.
        by: Party,
    },
    /// No sound comes of a party, and what is known of it.
    Silent {
        /// Its leg.
        leg: LegId,
        /// What is known.
        step: SilenceStep,
    },
    /// What a later start of the engine needs to go on with a leg, as it stands from now on. It tells nothing of the call.
    Kept {
        /// The leg.
        leg: LegId,
        /// What is needed.
        kept: Box<KeptLeg>,
    },
    /// A later start of the engine goes on with the leg: its party hears us again.
    Resumed {
        /// The leg.
        leg: LegId,
    },
    /// A person wants the caller put through to somebody else.
    Transfer {
        /// The leg to the person who asked.
        by: LegId,
        /// How far it is.
        step: TransferStep,
    },
    /// A leg's stream was closed; what it counted.
    MediaClosed {
        /// The leg.
        leg: LegId,
        /// The counts.
        counters: Counters,
    },
    /// The SIP messages of the call, once none is awaited any more: with the end of the call, or up to
    /// [`LADDER_LINGERS`](crate::limits::LADDER_LINGERS) after it.
    Ladder(Box<Ladder>),
    /// The call is over. Exactly one per call.
    Ended {
        /// Why.
        cause: Cause,
        /// Who ended it.
        by: Party,
        /// The exit of the flow, if it reached one.
        exit: Option<ExitName>,
    },
}

/// What is known of a party of which no sound comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SilenceStep {
    /// Neither sound nor reports came for `media.silent_after_s`: it is asked whether it is there.
    Began,
    /// A person has answered and not sent one packet for
    /// [`UNHEARD_PERSON_WARNED`](crate::limits::talks::UNHEARD_PERSON_WARNED).
    NothingYet,
    /// The party answered that it is there: told once for each silence.
    Alive,
    /// It did not answer, or knows of no call: it is out.
    Gone,
    /// Nothing had come of a person for [`UNHEARD_PERSON_MAX`](crate::limits::talks::UNHEARD_PERSON_MAX): he is hung up, and
    /// the caller is led on as if he had not answered.
    NeverHeard,
}

/// By which way somebody told that a message is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoneBy {
    /// `careline messages done`.
    Command,
}

/// What is needed to go on with a leg after the engine has died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptLeg {
    /// Its dialog.
    pub dialog: KeptDialog,
    /// The SDP that we told last: a later offer has the same lines in the same order (RFC 3264 §8).
    pub told: Phi<String>,
    /// Its version.
    pub sdp_version: u64,
    /// The port of ours in it.
    pub port: u16,
}

/// Why a call ended. A call that was not let in has none: it is counted where it was refused and leaves no record.
/// A person who does not answer ends no call either, and nor does a fault of a flow: both lead further up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A party hung up, or the flow came to its end.
    Normal,
    /// The caller gave up before the answer.
    Cancelled,
    /// The engine is shutting down.
    Draining,
    /// The offer held nothing we speak.
    NoCommonMedia,
    /// The ACK never came.
    AckMissing,
    /// No sound came for too long, and the party did not answer a probe.
    MediaLost,
    /// The party's phone knows the call no more, or did not refresh it in time.
    SessionLost,
    /// The call reached its greatest length.
    TooLong,
    /// The engine stopped in mid-call; the next start closed the record.
    EngineRestart,
}

/// How far a transfer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferStep {
    /// The person does not talk any more, and somebody else is called.
    Began {
        /// Whom: a user, or a target of the configuration.
        target: String,
        /// How the person has asked.
        means: TransferMeans,
    },
    /// The person speaks with who was called, and the caller waits.
    Consults {
        /// With this leg.
        with: LegId,
    },
    /// It may not be: nobody is called, and the talk goes on.
    Refused {
        /// What the person's phone was told.
        status: u16,
    },
    /// The person hung up meanwhile.
    Left,
    /// The caller talks with who was called.
    Done {
        /// By this leg.
        to: LegId,
    },
    /// Who was spoken with in this call is in another one from now on, and this one is over: the person who asked
    /// hands a patient on to him.
    Taken {
        /// That call.
        into: CallId,
    },
    /// Nobody was reached: the caller talks with the person again, or is led on if that has left.
    Failed {
        /// The final status of SIP.
        status: u16,
    },
}

/// How a person hands a talk on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferMeans {
    /// His phone says so in SIP.
    Phone,
    /// Somebody gave the command.
    Command,
    /// By the keys for it, without a word with the other one.
    Keys,
    /// By the keys for it, after a word with the other one.
    KeysAttended,
}

impl TransferMeans {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Phone, Self::Command, Self::Keys, Self::KeysAttended];

    /// Its name in the log.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Command => "command",
            Self::Keys => "keys",
            Self::KeysAttended => "keys_attended",
        }
    }

    /// The person has pressed keys for it.
    pub const fn is_by_keys(self) -> bool {
        match self {
            Self::Phone | Self::Command => false,
            Self::Keys | Self::KeysAttended => true,
        }
    }
}

/// How somebody is in a talk besides patient and person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GuestMode {
    /// A supervisor who hears all, and whom nobody hears.
    Listen,
    /// A supervisor whom the person alone hears.
    Whisper,
    /// A supervisor whom all hear.
    Barge,
    /// A third party, such as an interpreter: all hear all.
    Third,
}

impl GuestMode {
    /// The patient and he hear each other.
    pub const fn talks_with_patient(self) -> bool {
        match self {
            GuestMode::Listen | GuestMode::Whisper => false,
            GuestMode::Barge | GuestMode::Third => true,
        }
    }

    /// He is staff who looks after the talk of others.
    pub const fn supervises(self) -> bool {
        match self {
            GuestMode::Listen | GuestMode::Whisper | GuestMode::Barge => true,
            GuestMode::Third => false,
        }
    }
}

/// What keys are that we press for a menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// The PIN of the clinic's account.
    Pin,
    /// The choice of a language.
    Language,
}

/// Who ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The patient.
    Caller,
    /// The person the patient was bridged with.
    Person,
    /// The flow, at its end.
    Flow,
    /// The engine.
    Engine,
}
