//! What the switch tells a media worker, and what the worker tells the switch: two closed enums that
//! travel through two bounded queues.

use crate::clock::Instant;
use crate::id::{LegId, PlaybackId, RoomId};
use crate::media::bed::BedSound;
use crate::phi::Phi;
use crate::wire::codec::{AudioFormat, Codec};
use crate::wire::telephone_event::{EventFormat, Key};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// Where the keys go that the party of a leg presses (RFC 4733). The switch is told of them in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeysGo {
    /// To those whom it hears and who hear it: whoever it talks with.
    #[default]
    ToTheOthers,
    /// To nobody: they are orders to the switch.
    Nowhere,
}

/// Whether keys of ours go as tones, in the sound of a party that takes no events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audible {
    /// There, yes.
    WhereNeeded,
    /// Never: they are secret, and an echo of a tone is heard by others and recorded.
    Never,
}

/// One RTP/RTCP port pair, by its place in the pool of its worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortIndex(pub u32);

/// Which socket of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The even port.
    Rtp,
    /// The odd port.
    Rtcp,
}

/// One media worker (one thread, one core), by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerIndex(pub u32);

/// Who sends on a stream, as SDP's direction attributes say it, seen from us (RFC 3264 §6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Direction {
    /// We send audio.
    pub send: bool,
    /// We take audio.
    pub receive: bool,
}

/// How one leg's stream runs: what offer and answer agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamPlan {
    /// Where SDP says that the party receives; the latch rule may move it.
    pub remote: SocketAddr,
    /// Where the party receives RTCP (`a=rtcp`, else the next port).
    pub remote_rtcp: SocketAddr,
    /// RTCP shares the RTP port (RFC 5761).
    pub rtcp_mux: bool,
    /// The address we told in SDP: packets leave from it.
    pub source: IpAddr,
    /// What we send.
    pub sends: AudioFormat,
    /// What the party may send, the likeliest first; it may change from one to the other in mid-stream.
    pub takes: Vec<AudioFormat>,
    /// How we send keys, if that was negotiated (RFC 4733).
    pub sends_events: Option<EventFormat>,
    /// How the party may send keys.
    pub takes_events: Vec<EventFormat>,
    /// The sound in a packet that we send, in ms: 10 to 60.
    pub packet_ms: u16,
    /// Who sends.
    pub direction: Direction,
}

/// What a party's sound is listened to for; where it is nothing, the sound is not even decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ears {
    /// Keys as tones, until the first key event of the leg (RFC 4733) shows that they are not needed.
    pub keys: bool,
    /// The calling and answering tones of fax machines.
    pub fax: bool,
}

impl StreamPlan {
    /// The codec in which the party is expected to speak.
    pub fn expected(&self) -> Codec {
        self.takes.first().map_or(self.sends.codec, |format| format.codec)
    }
}

/// Sound in the octets of one codec, ready to be cut into packets: a prompt, a tone.
#[derive(Clone, PartialEq, Eq)]
pub struct Clip {
    /// The codec of `octets`.
    pub codec: Codec,
    /// The octets, without a header.
    pub octets: Arc<[u8]>,
}

impl std::fmt::Debug for Clip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clip({:?}, {} ms)", self.codec, self.octets.len() / self.codec.octets_per_ms())
    }
}

/// What a leg does, as the switch orders it.
#[derive(Debug)]
pub enum Command {
    /// A party is told of `port` in an offer from now on, and has not answered: who sends there for the first time
    /// may be that party. [`Command::Open`] follows, or [`Command::Withdraw`] if the party does not answer.
    Promise {
        /// A port that the switch took from this worker's pool.
        port: PortIndex,
    },
    /// The port goes back to the pool without a leg: a promise of it holds no more.
    Withdraw {
        /// The port.
        port: PortIndex,
    },
    /// Owns `port` for `leg` from now on and sends an unbroken stream, silence at first.
    Open {
        /// The leg.
        leg: LegId,
        /// A port that the switch took from this worker's pool.
        port: PortIndex,
        /// What was agreed on.
        plan: StreamPlan,
        /// The SSRC of what we send.
        ssrc: u32,
        /// The first RTP sequence number.
        sequence: u16,
        /// The first RTP timestamp.
        timestamp: u32,
        /// The leg that it will talk with, if there is one already: both then tick one after the other, as long as the
        /// groups of legs stay about equal.
        beside: Option<LegId>,
        /// What chance the leg has: the intervals of its reports and its name in them come of it (RFC 3550 §6.3, RFC 7022).
        seed: u64,
        /// After this long without RTP and RTCP the worker says [`Event::MediaSilent`].
        silent_after: Duration,
    },
    /// A new offer and answer: new address, codec or direction; the leg may latch once more.
    Replan {
        /// The leg.
        leg: LegId,
        /// What is agreed on now.
        plan: StreamPlan,
    },
    /// Plays `clips` without a gap between them, in place of whatever plays now.
    Play {
        /// The leg that hears it.
        leg: LegId,
        /// The name of this playing; [`Event::PlaybackEnded`] carries it.
        playback: PlaybackId,
        /// What to play, each in the leg's codec.
        clips: Vec<Clip>,
        /// Start over at the end, until stopped.
        repeat: bool,
    },
    /// Stops what plays, at the next packet border; silence follows.
    Stop {
        /// The leg.
        leg: LegId,
    },
    /// Presses these keys for the party of the leg, one after the other, as RTP events (RFC 4733): an extension, the choice
    /// of a menu, a PIN. A party that takes no events hears their tones in place of what is said to it (ITU-T Q.23), if
    /// they may be heard, else of none. No other party hears them, and no tap holds them.
    Press {
        /// The leg.
        leg: LegId,
        /// In this order; at most [`KEYS_TO_SEND_MAX`](crate::limits::KEYS_TO_SEND_MAX) wait at once.
        keys: Phi<Vec<Key>>,
        /// Whether they may be tones.
        audible: Audible,
    },
    /// Where the party's key events go from now on, whomever it talks with: those that go nowhere are told to the switch
    /// alone.
    Keys {
        /// The leg.
        leg: LegId,
        /// Where; to the others, until something else is ordered.
        go: KeysGo,
    },
    /// Listens to the party's sound for these things from the next tick on, in place of what it was listened to for.
    Listen {
        /// The leg.
        leg: LegId,
        /// For what.
        ears: Ears,
    },
    /// Feeds the recorder from the next tick on: the party on the left, our side on the right.
    Record {
        /// The leg.
        leg: LegId,
        /// The writing end of the recorder's ring.
        tap: crate::media::tap::Tap,
    },
    /// Ends the tap; the worker answers with [`Event::TapClosed`].
    StopRecording {
        /// The leg.
        leg: LegId,
    },
    /// What is recorded of the leg is silence on both sides from the next tick on; the worker answers with
    /// [`Event::TapPaused`]. A leg that is not recorded, or paused already, is left as it is.
    PauseRecording {
        /// The leg.
        leg: LegId,
    },
    /// It is sound again; the worker answers with [`Event::TapResumed`].
    ResumeRecording {
        /// The leg.
        leg: LegId,
    },
    /// What the leg hears softly while nothing else is to be heard, in place of the bed it had.
    Bed {
        /// The leg.
        leg: LegId,
        /// The sound, in any codec; `None` for silence.
        sound: Option<BedSound>,
    },
    /// Takes the leg into a room of this worker, which the first leg opens: out of its room or bridge of before, and what
    /// plays to it is stopped. Nobody hears it until told by [`Command::Hears`].
    Join {
        /// The leg.
        leg: LegId,
        /// The room.
        room: RoomId,
        /// Whom it hears; who is not in the room now is not meant.
        hears: Vec<LegId>,
        /// Where its keys go.
        keys: KeysGo,
    },
    /// Whom a leg in a room hears from now on, in place of those it heard.
    Hears {
        /// The leg.
        leg: LegId,
        /// Legs of the same room; who is not in it now is not meant.
        whom: Vec<LegId>,
    },
    /// Takes the leg out of its room; it hears silence until told otherwise. The last leg closes the room.
    Leave {
        /// The leg.
        leg: LegId,
    },
    /// Lets two legs of this worker hear each other, out of the rooms they were in; what plays to either is stopped.
    Bridge {
        /// One leg.
        a: LegId,
        /// The other.
        b: LegId,
    },
    /// Parts two bridged legs; both hear silence until told otherwise.
    Unbridge {
        /// Either of them.
        leg: LegId,
    },
    /// Moves the leg with all that belongs to it to another worker, which answers with [`Event::Moved`]. A bridge of it
    /// is parted, and it leaves its room. Until then nothing else may be ordered of it.
    Move {
        /// The leg.
        leg: LegId,
        /// The worker that it goes to.
        to: WorkerIndex,
        /// A port that the switch took from that worker's pool: the two workers exchange the sockets of this one and the
        /// leg's.
        port: PortIndex,
    },
    /// Gives the port back; the worker answers with [`Event::Closed`].
    Close {
        /// The leg.
        leg: LegId,
    },
}

/// What happened on a leg. `at` is the tick in which it was seen.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The first valid RTP packet came in.
    FirstPacket {
        /// The leg.
        leg: LegId,
        /// When.
        at: Instant,
    },
    /// A key was pressed: told once per press, at the first packet of its event (RFC 4733).
    Key {
        /// The leg.
        leg: LegId,
        /// Which key.
        key: Key,
        /// When.
        at: Instant,
    },
    /// A fax machine was heard, while [`Ears::fax`] was asked for: told once until asked again.
    Fax {
        /// The leg.
        leg: LegId,
        /// When.
        at: Instant,
    },
    /// A playing came to its end, or was stopped or replaced before it.
    PlaybackEnded {
        /// The leg.
        leg: LegId,
        /// Which playing.
        playback: PlaybackId,
        /// The last octet was sent: the party could hear all of it.
        completed: bool,
        /// When.
        at: Instant,
    },
    /// The tap feeds the recorder: the first frame was pushed in this tick.
    TapOpened {
        /// The leg.
        leg: LegId,
        /// When the first frame's 20 ms began.
        at: Instant,
    },
    /// The tap was closed.
    TapClosed {
        /// The leg.
        leg: LegId,
        /// When the last frame's 20 ms ended.
        at: Instant,
        /// Frames of 20 ms that went into the ring.
        frames: u64,
        /// Frames that found the ring full; the recorder writes silence in their place.
        dropped: u64,
    },
    /// What is tapped is silence from this frame on.
    TapPaused {
        /// The leg.
        leg: LegId,
        /// When.
        at: Instant,
        /// Frames of 20 ms before the silence.
        frame: u64,
    },
    /// It is sound again.
    TapResumed {
        /// The leg.
        leg: LegId,
        /// When.
        at: Instant,
        /// Frames of 20 ms up to here, silent ones included.
        frame: u64,
    },
    /// Neither RTP nor RTCP came for the time agreed in [`Command::Open`]; told once until something comes again.
    MediaSilent {
        /// The leg.
        leg: LegId,
        /// When.
        at: Instant,
    },
    /// The leg lives on this worker now.
    Moved {
        /// The leg.
        leg: LegId,
        /// Its port here.
        port: PortIndex,
        /// When.
        at: Instant,
    },
    /// The leg is closed and its port drained.
    Closed {
        /// The leg.
        leg: LegId,
        /// The port that is free again.
        port: PortIndex,
        /// What was counted.
        counters: Counters,
        /// When.
        at: Instant,
    },
}

/// What one leg's stream counted, for the call's record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// RTP packets taken from the party.
    pub received: u64,
    /// RTP packets sent.
    pub sent: u64,
    /// Packets that the party's sequence numbers say are missing (RFC 3550 §A.3).
    pub lost: u64,
    /// Packets from a source that the leg is not latched to, or with a payload type not agreed on.
    pub refused: u64,
    /// Packets that were no RTP.
    pub malformed: u64,
    /// Interarrival jitter at the end, in µs (RFC 3550 §6.4.1).
    pub jitter_us: u32,
    /// Key presses told.
    pub keys: u64,
    /// Packets that came too late to be played, where somebody listened.
    pub late: u64,
    /// How the losses of the party's packets lie, in hundredths: 100 is by chance, more is in bursts (ITU-T G.107 §3.7).
    pub burst_ratio: Option<u32>,
    /// How the party sounded here: MOS in hundredths (ITU-T G.107).
    pub mos: Option<u16>,
    /// The mean time there and back, in µs, if the party answered a report (RFC 3550 §6.4.1).
    pub round_trip_us: Option<u32>,
    /// Packets of ours that the party missed, as it reported last.
    pub their_lost: Option<u64>,
    /// The jitter of our packets there, in µs.
    pub their_jitter_us: Option<u32>,
    /// How we sounded there: MOS in hundredths.
    pub their_mos: Option<u16>,
}
