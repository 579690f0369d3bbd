//! One party's side of a call, from the switch's point of view.

use crate::clock::Instant;
use crate::id::LegId;
use crate::media::command::{Direction, Ears, KeysGo, PortIndex, WorkerIndex};
use crate::wire::codec::Codec;
use std::net::{IpAddr, SocketAddr};

/// A leg that owns a port: promised in SDP, and open or about to be.
#[derive(Clone, Debug)]
pub struct Leg {
    /// Its name.
    pub id: LegId,
    /// The media worker that it lives on.
    pub worker: WorkerIndex,
    /// The port pair it owns there.
    pub port: PortIndex,
    /// Our signalling address towards the party.
    pub local: SocketAddr,
    /// Where the party's signalling comes from: media go there if its SDP names a host.
    pub peer: IpAddr,
    /// What was agreed on; `None` until there are both offer and answer.
    pub agreed: Option<Agreed>,
    /// The session version of the SDP we told last (RFC 3264 §8).
    pub sdp_version: u64,
    /// The SDP we told last: the same again keeps its version, another raises it by one.
    pub told: Option<Vec<u8>>,
    /// A stream runs on the worker: it has to be closed there.
    pub open: bool,
    /// What the worker listens to the party's sound for.
    pub ears: Ears,
    /// Where the worker sends the party's key events.
    pub keys_go: KeysGo,
    /// When the keys are through that others pressed and that are pressed anew for the party.
    pub keys_through: Instant,
    /// Whose dialog it is in.
    pub dialog: DialogOf,
    /// When to ask (again) whether the party is still there: its sound does not tell.
    pub probe_at: Option<Instant>,
    /// What the log has of its party's silence.
    pub silence: Silence,
}

/// What the log has of a party's silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Nothing.
    Untold,
    /// That no sound comes.
    Told,
    /// And that the party is there.
    Answered,
}

/// Which start of the engine a leg's dialog is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialogOf {
    /// This one.
    ThisStart,
    /// An earlier one: the party is asked by re-INVITE, and has not answered.
    EarlierStart,
}

/// What offer and answer settled, as far as the switch cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// The codec.
    pub codec: Codec,
    /// Who sends.
    pub direction: Direction,
    /// The party sends keys as RTP events (RFC 4733).
    pub key_events: bool,
}

impl Leg {
    /// The codec, once agreed.
    pub fn codec(&self) -> Option<Codec> {
        self.agreed.map(|agreed| agreed.codec)
    }

    /// The party need not send, so that its silence tells nothing (RFC 3264 §8.4).
    pub fn may_be_silent(&self) -> bool {
        self.agreed.is_some_and(|agreed| !agreed.direction.receive)
    }

    /// The party has put us on hold: it does not listen, whatever it sends (RFC 3264 §8.4).
    pub fn is_held(&self) -> bool {
        self.agreed.is_some_and(|agreed| !agreed.direction.send)
    }
}
