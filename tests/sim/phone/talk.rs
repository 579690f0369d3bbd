//! What a phone says: a packet every 20 ms of its own voice, keys as RFC 4733 events, or nothing.

use super::super::sound::{FRAME, Voice, silence};
use super::sdp::number;
use careline::clock::Instant;
use careline::rng::Rng;
use careline::wire::codec::Codec;
use careline::wire::telephone_event::Key;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

/// What a phone sends when it presses no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mouth {
    /// Its voice, always.
    Voice,
    /// Packets of silence: a caller who listens.
    Silence,
    /// Nothing at all: a phone that saves packets, or is gone.
    Shut,
}

/// A stream that a phone sends.
#[derive(Clone, Debug)]
pub struct Talk {
    /// Where it goes.
    pub to: SocketAddr,
    /// What it sends.
    pub mouth: Mouth,
    /// When the next packet leaves.
    pub next_at: Instant,
    /// Keys pressed so far; the number of a press is its place.
    pub presses: u64,
    payload_type: u8,
    keys_type: Option<u8>,
    frame: [u8; FRAME],
    silence: [u8; FRAME],
    /// Whether a key begins with the marker, and how often its end is told.
    style: KeyStyle,
    /// Packets since the last one of a key.
    since_key: u32,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    pressing: Option<Press>,
    waiting: VecDeque<Key>,
}

/// A key that is held down.
#[derive(Clone, Copy, Debug)]
struct Press {
    number: u64,
    key: Key,
    timestamp: u32,
    duration: u16,
    /// Packets until the release.
    hold: u32,
    /// Times that the end is still told.
    ends: u32,
}

/// A packet that leaves a phone.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// The packet.
    pub octets: Vec<u8>,
    /// The press that it belongs to.
    pub press: Option<u64>,
}

const TICK: Duration = Duration::from_millis(20);
/// The end of a key is told three times (RFC 4733 §2.5.1.4).
const ENDS: u32 = 3;
/// So many packets after a key no path has anything left of it.
const STILL: u32 = 25;

/// How keys are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStyle {
    /// With the marker, and three ends.
    Usual,
    /// Without the marker, and with six ends.
    Unmarked,
}

impl KeyStyle {
    fn ends(self) -> u32 {
        match self {
            KeyStyle::Usual => ENDS,
            KeyStyle::Unmarked => 2 * ENDS,
        }
    }
}

impl Talk {
    /// A stream to `to` that begins now, in a codec and with the payload type of keys.
    pub fn new(
        now: Instant,
        to: SocketAddr,
        voice: Voice,
        mouth: Mouth,
        (codec, keys): (Codec, Option<u8>),
        rng: &mut Rng,
    ) -> Self {
        Self {
            to,
            mouth,
            next_at: now + Duration::from_micros(rng.below(20_000)),
            presses: 0,
            payload_type: number(codec),
            keys_type: keys,
            frame: voice.frame(codec),
            silence: [silence(codec); FRAME],
            style: KeyStyle::Usual,
            since_key: u32::MAX / 2,
            ssrc: rng.next_u32(),
            sequence: rng.next_u16(),
            timestamp: rng.next_u32(),
            pressing: None,
            waiting: VecDeque::new(),
        }
    }

    /// Presses a key as soon as the one before is released.
    pub fn press(&mut self, key: Key) {
        self.waiting.push_back(key);
    }

    /// Tells keys in that style from now on.
    pub fn tell_keys(&mut self, style: KeyStyle) {
        self.style = style;
    }

    /// The codec that it sends.
    pub fn codec(&self) -> Option<Codec> {
        Codec::ALL.into_iter().find(|codec| codec.static_payload_type() == Some(self.payload_type))
    }

    /// No key is pressed, none waits, and the last one is long over.
    pub fn has_still_hands(&self) -> bool {
        self.pressing.is_none() && self.waiting.is_empty() && self.since_key > STILL
    }

    /// Another payload type for keys from now on.
    pub fn move_keys(&mut self, keys: Option<u8>) {
        self.keys_type = keys.or(self.keys_type);
    }

    /// Another stream: SSRC, sequence and timestamp begin anew.
    pub fn renew(&mut self, rng: &mut Rng) {
        self.ssrc = rng.next_u32();
        self.sequence = rng.next_u16();
        self.timestamp = rng.next_u32();
    }

    /// Whether there is a way to press keys at all.
    pub fn has_keys(&self) -> bool {
        self.keys_type.is_some()
    }

    /// The packet of this tick, if one leaves.
    pub fn tick(&mut self, rng: &mut Rng) -> Option<Spoken> {
        self.next_at += TICK;
        let timestamp = self.timestamp;
        self.timestamp = self.timestamp.wrapping_add(FRAME as u32);
        if self.pressing.is_none()
            && let Some(key) = self.waiting.pop_front()
        {
            self.presses += 1;
            let hold = 2 + rng.below(8) as u32;
            self.pressing = Some(Press {
                number: self.presses,
                key,
                timestamp,
                duration: 0,
                hold,
                ends: self.style.ends(),
            });
        }
        if self.pressing.is_some() {
            self.since_key = 0;
            return self.key_packet();
        }
        self.since_key = self.since_key.saturating_add(1);
        let payload = match self.mouth {
            Mouth::Voice => self.frame,
            Mouth::Silence => self.silence,
            Mouth::Shut => return None,
        };
        Some(Spoken { octets: self.packet(self.payload_type, Marker::Off, timestamp, &payload), press: None })
    }

    fn key_packet(&mut self) -> Option<Spoken> {
        let keys_type = self.keys_type?;
        let mut press = self.pressing.take()?;
        let first = press.duration == 0;
        let end = press.hold == 0;
        if end {
            press.ends -= 1;
        } else {
            press.hold -= 1;
            press.duration += FRAME as u16;
        }
        let [high, low] = press.duration.to_be_bytes();
        let payload = [press.key.event(), if end { 0x8a } else { 0x0a }, high, low];
        let marker = if first && self.style == KeyStyle::Usual { Marker::On } else { Marker::Off };
        let octets = self.packet(keys_type, marker, press.timestamp, &payload);
        self.pressing = Some(press).filter(|press| press.ends > 0);
        Some(Spoken { octets, press: Some(press.number) })
    }

    fn packet(&mut self, payload_type: u8, marker: Marker, timestamp: u32, payload: &[u8]) -> Vec<u8> {
        let mut octets = Vec::with_capacity(12 + payload.len());
        octets.extend([0x80, payload_type | if marker == Marker::On { 0x80 } else { 0 }]);
        octets.extend(self.sequence.to_be_bytes());
        octets.extend(timestamp.to_be_bytes());
        octets.extend(self.ssrc.to_be_bytes());
        octets.extend(payload);
        self.sequence = self.sequence.wrapping_add(1);
        octets
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Marker {
    On,
    Off,
}

#[test]
fn a_key_is_one_event_with_one_timestamp_and_three_ends() {
    let mut rng = Rng::seeded(3);
    let to = "10.0.0.1:20000".parse().unwrap();
    let mut talk = Talk::new(Instant::START, to, Voice(1), Mouth::Voice, (Codec::Pcmu, Some(101)), &mut rng);
    talk.press(Key::Digit(5));
    let packets: Vec<Vec<u8>> =
        (0..20).filter_map(|_| talk.tick(&mut rng)).map(|spoken| spoken.octets).collect();
    assert_eq!(packets.len(), 20);
    let keys: Vec<&Vec<u8>> = packets.iter().filter(|packet| packet[1] & 0x7f == 101).collect();
    assert_eq!(keys.iter().filter(|key| key[13] & 0x80 != 0).count(), 3, "{keys:?}");
    assert!(keys.iter().all(|key| key[4..8] == keys[0][4..8] && key[12] == 5), "{keys:?}");
    assert_eq!(keys.iter().filter(|key| key[1] & 0x80 != 0).count(), 1);
}
