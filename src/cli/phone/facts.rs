//! What the phone is told, how far its call is, and what is known of it: values without any doing.

use crate::clock::Instant;
use crate::wire::codec::Codec;
use crate::wire::sip::emit::reason_phrase;
use crate::wire::telephone_event::Key;

/// What the phone is told once.
pub struct Settings {
    /// Whom to call.
    pub target: Option<String>,
    /// The user part of From.
    pub from_user: String,
    /// The codecs that it offers, in their order.
    pub codecs: Vec<Codec>,
    /// The sound in a packet, in ms.
    pub ptime_ms: u16,
    /// How keys are sent.
    pub keys_by: KeysBy,
    /// Whether telephone-event (RFC 4733) stands in its SDP.
    pub rtp_events: RtpEvents,
    /// Whether a call that comes in is answered.
    pub callee: Callee,
    /// Whether events are printed as they happen.
    pub events: Events,
}

/// How keys are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum KeysBy {
    /// As RTP events (RFC 4733).
    Rfc4733,
    /// In SIP INFO, as application/dtmf-relay.
    Info,
    /// As tones in the sound.
    InBand,
}

/// Whether telephone-event stands in the phone's SDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RtpEvents {
    /// It does.
    Named,
    /// It does not, as with gateways that know keys in the sound alone.
    LeftOut,
}

/// Whether calls that come in are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    /// The first is.
    Answers,
    /// 486.
    IsBusy,
}

/// Whether events are printed as they happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Events {
    /// One a line.
    Printed,
    /// They are not.
    Kept,
}

/// How far the call is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Life {
    /// Nobody was called, and nobody called.
    Idle,
    /// It is dialled.
    Calling,
    /// It is answered.
    Up,
    /// It is over.
    Over(End),
}

/// Why a call is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// We hung up.
    Ours,
    /// The far end did.
    Theirs,
    /// It was refused with this status.
    Refused(u16),
    /// No message ever came.
    NobodyThere,
    /// The far end gave up before we answered.
    Cancelled,
    /// Their SDP has nothing for us.
    NoSession(String),
    /// The dialog died.
    Lost,
}

impl End {
    /// In words.
    pub fn told(&self) -> String {
        match self {
            End::Ours => "we hung up".to_owned(),
            End::Theirs => "the far end hung up".to_owned(),
            End::Refused(status) => format!("refused with {status} {}", reason_phrase(*status)),
            End::NobodyThere => {
                "nobody is there: nothing came back; check the address, the port and the transport".to_owned()
            }
            End::Cancelled => "the far end gave up before the answer".to_owned(),
            End::NoSession(why) => format!("no sound can be agreed on: {why}"),
            End::Lost => "the far end is gone".to_owned(),
        }
    }
}

/// Where a change of the session stands that we asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// None is on its way.
    Settled,
    /// One is.
    Asked,
    /// The last was refused.
    Refused(u16),
}

/// What the summary tells.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// When it was dialled, or the call came.
    pub begun: Option<Instant>,
    /// When it was answered.
    pub answered: Option<Instant>,
    /// When it was over.
    pub over: Option<Instant>,
    /// The final status of the INVITE.
    pub status: Option<u16>,
    /// Keys that were heard.
    pub keys_heard: Vec<Key>,
    /// Keys that were sent.
    pub keys_sent: Vec<Key>,
}
