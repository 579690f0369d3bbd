//! The stream that a leg sends: one SSRC, unbroken sequence numbers and timestamps (RFC 3550 §5.1).
//!
//! ```text
//!  20 ms a tick ──▶ waiting octets ──▶ a packet whenever packet_ms of them wait ──▶ socket
//!             └─────────── packets of 20 ms never wait ────────────────────────────▶
//! ```
//! While the leg may not send (hold), the timestamp runs on and the sequence number stands, so that the
//! receiver sees a pause and not a loss. Where the octets come from is the leg's job.

use crate::audio::g711::{Law, transcode};
use crate::audio::sound::{OCTETS_MAX, Sound};
use crate::limits::PACKET_OCTETS_MAX;
use crate::media::command::StreamPlan;
use crate::wire::codec::AudioFormat;
use crate::wire::rtp::{HEADER_OCTETS, Header};
use crate::wire::telephone_event::{self, TelephoneEvent};

/// The sending half of a leg.
#[derive(Clone, Debug)]
pub struct Sender {
    ssrc: u32,
    sequence: u16,
    /// The timestamp of the first waiting octet.
    timestamp: u32,
    format: AudioFormat,
    octets_per_packet: usize,
    pace: Pace,
    /// Room for a header, then the waiting octets: a packet is sent from where it lies. None while packets are of a tick.
    packet: Option<Box<Packet>>,
    waiting: usize,
    sent: u64,
    octets: u64,
}

type Packet = [u8; HEADER_OCTETS + WAITING_MAX];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// Packets go out.
    Sending,
    /// The next packet is the first after a pause, or the first of all: it carries the marker.
    Resuming,
    /// Time runs, nothing goes out.
    Paused,
}

/// Where a stream begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beginning {
    /// The synchronization source.
    pub ssrc: u32,
    /// The first sequence number.
    pub sequence: u16,
    /// The first timestamp.
    pub timestamp: u32,
}

impl Sender {
    /// A stream that begins at `beginning` and runs as `plan` says.
    pub fn new(beginning: Beginning, plan: &StreamPlan) -> Self {
        let Beginning { ssrc, sequence, timestamp } = beginning;
        let mut sender = Self {
            ssrc,
            sequence,
            timestamp,
            format: plan.sends,
            octets_per_packet: plan.sends.codec.tick_octets(),
            pace: Pace::Paused,
            packet: None,
            waiting: 0,
            sent: 0,
            octets: 0,
        };
        sender.replan(plan);
        sender
    }

    /// The stream runs on as `plan` says now. Its timestamps go on from where they are, in the clock of the new
    /// codec (RFC 7160 §4.2).
    pub fn replan(&mut self, plan: &StreamPlan) {
        if plan.sends.codec != self.format.codec {
            self.recode(plan.sends);
        }
        self.format = plan.sends;
        let octets = usize::from(plan.packet_ms).clamp(PACKET_MS_MIN, PACKET_MS_MAX)
            * self.format.codec.octets_per_ms();
        self.octets_per_packet = octets.min(PACKET_OCTETS_MAX);
        if self.octets_per_packet != self.format.codec.tick_octets() {
            self.packet.get_or_insert_with(|| Box::new([0; HEADER_OCTETS + WAITING_MAX]));
        }
        self.pace = match (plan.direction.send, self.pace) {
            (false, _) => Pace::Paused,
            (true, Pace::Paused | Pace::Resuming) => Pace::Resuming,
            (true, Pace::Sending) => Pace::Sending,
        };
    }

    /// What waits goes on in the other law of G.711; in any other codec it is passed over, under a packet's length.
    fn recode(&mut self, format: AudioFormat) {
        match (Law::of(self.format.codec), Law::of(format.codec)) {
            (Some(from), Some(to)) => {
                if let Some(packet) = &mut self.packet {
                    transcode(from, to, &mut packet[HEADER_OCTETS..HEADER_OCTETS + self.waiting]);
                }
            }
            (_, _) => {
                self.timestamp = self.timestamp.wrapping_add(self.units(self.waiting));
                self.waiting = 0;
            }
        }
    }

    /// Units of the RTP clock that so many octets last.
    const fn units(&self, octets: usize) -> u32 {
        (octets / self.format.codec.octets_per_unit()) as u32
    }

    /// Packets sent so far.
    pub const fn sent(&self) -> u64 {
        self.sent
    }

    /// Octets of payload sent so far.
    pub const fn octets(&self) -> u64 {
        self.octets
    }

    /// The source that it tells.
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Octets that wait for their packet to fill.
    pub const fn waiting(&self) -> usize {
        self.waiting
    }

    /// Takes 20 ms of sound in the codec of the plan and sends what fills a packet. Tells how many octets left the
    /// queue.
    pub fn push(&mut self, sound: &Sound, send: &mut impl FnMut(&[u8])) -> usize {
        debug_assert_eq!(sound.codec(), self.format.codec, "the leg makes its own codec's sound");
        let octets = sound.octets();
        let Some(mut packet) = self.packet.take() else { return self.send_at_once(octets, send) };
        let at = HEADER_OCTETS + self.waiting;
        packet[at..at + octets.len()].copy_from_slice(octets);
        self.waiting += octets.len();
        let mut gone = 0;
        while self.waiting >= self.octets_per_packet {
            let end = HEADER_OCTETS + self.octets_per_packet;
            self.send_one(&mut packet[..end], send);
            packet.copy_within(end..HEADER_OCTETS + self.waiting, HEADER_OCTETS);
            self.waiting -= self.octets_per_packet;
            gone += self.octets_per_packet;
        }
        self.packet = Some(packet);
        gone
    }

    /// A tick that is a packet.
    fn send_at_once(&mut self, octets: &[u8], send: &mut impl FnMut(&[u8])) -> usize {
        let mut packet = [0; HEADER_OCTETS + OCTETS_MAX];
        let packet = &mut packet[..HEADER_OCTETS + octets.len()];
        packet[HEADER_OCTETS..].copy_from_slice(octets);
        self.send_one(packet, send);
        octets.len()
    }

    /// Sends one packet of the other leg's key, whose press began at `timestamp` of this stream.
    pub fn send_event(&mut self, outgoing: &OutgoingEvent, send: &mut impl FnMut(&[u8])) {
        if self.pace == Pace::Paused {
            return;
        }
        let mut packet = [0; HEADER_OCTETS + telephone_event::PAYLOAD_OCTETS];
        packet[HEADER_OCTETS..].copy_from_slice(&outgoing.event.write());
        if let Some(head) = packet.first_chunk_mut() {
            self.next_header(outgoing.marker, outgoing.payload_type, outgoing.timestamp).write(head);
        }
        self.octets += telephone_event::PAYLOAD_OCTETS as u64;
        send(&packet);
    }

    /// The timestamp that the next octet given to [`Sender::push`] will have.
    pub fn timestamp(&self) -> u32 {
        self.timestamp.wrapping_add(self.units(self.waiting))
    }

    /// Passes over ticks that the worker was too late for.
    pub fn skip(&mut self, ticks: u64) {
        self.timestamp =
            self.timestamp.wrapping_add((ticks as u32).wrapping_mul(self.format.codec.tick_units()));
    }

    /// Sends a packet, whose header is still to be written, or passes over its time in a pause.
    fn send_one(&mut self, packet: &mut [u8], send: &mut impl FnMut(&[u8])) {
        let octets = packet.len() - HEADER_OCTETS;
        if self.pace != Pace::Paused {
            let marker = self.pace == Pace::Resuming;
            self.pace = Pace::Sending;
            let header = self.next_header(marker, self.format.payload_type, self.timestamp);
            if let Some(head) = packet.first_chunk_mut() {
                header.write(head);
            }
            self.octets += octets as u64;
            send(packet);
        }
        self.timestamp = self.timestamp.wrapping_add(self.units(octets));
    }

    fn next_header(&mut self, marker: bool, payload_type: u8, timestamp: u32) -> Header {
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        self.sent += 1;
        Header { marker, payload_type, sequence, timestamp, ssrc: self.ssrc }
    }
}

/// One telephone-event packet on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutgoingEvent {
    /// The first packet of its press.
    pub marker: bool,
    /// The payload type that the receiver gave it.
    pub payload_type: u8,
    /// When the press began, on this stream's time line.
    pub timestamp: u32,
    /// The event.
    pub event: TelephoneEvent,
}

/// Octets that may wait: all but one of a packet, and a tick.
const WAITING_MAX: usize = PACKET_OCTETS_MAX + OCTETS_MAX;
/// The shortest packet that we send, in ms.
const PACKET_MS_MIN: usize = 10;
/// The longest packet that we send, in ms: what carriers ask for at the most.
const PACKET_MS_MAX: usize = 60;
