//! The RTP streams of a capture as samples: RFC 3550 §6.4 (loss), RFC 3551 table 4 (payload types), RFC 4733 (keys).
//!
//! ```text
//!  datagrams ─┬─ SIP with SDP ─▶ what each payload type means at each port
//!             └─ RTP ─▶ by (SSRC, from, to) ─▶ in sequence ─▶ decoded to where the timestamp says ─▶ Stream
//! ```
//! What was lost stays silent, so that it is heard as it was. Any UDP may look like RTP: a stream counts only if
//! most of its packets follow each other.

use crate::audio::{g711, g722, l16, resample};
use crate::io::capture::Datagram;
use crate::limits::{HEARD_FILE_MAX, HEARD_STREAMS_MAX};
use crate::media::dtmf::Detector;
use crate::wire::codec::Codec;
use crate::wire::rtp::Packet;
use crate::wire::sdp;
use crate::wire::sip::message::{self, Message};
use crate::wire::telephone_event::{Key, TelephoneEvent};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// What a payload type means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sound.
    Audio(Codec),
    /// Keys, with their clock in Hz.
    Events(u32),
}

/// The meaning of payload types that no table has: by port, or for all if the port is 0.
pub type Kinds = BTreeMap<(u16, u8), Kind>;

/// One stream.
#[derive(Debug)]
pub struct Stream {
    /// Who sent it.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// Its source.
    pub ssrc: u32,
    /// The codec of its first sound.
    pub codec: Codec,
    /// When its first packet came, since the capture's beginning.
    pub begins: Duration,
    /// At 8 kHz, from `begins` on.
    pub samples: Vec<i16>,
    /// Packets of it that are there, each once.
    pub packets: usize,
    /// Sequence numbers between the first and the last that are not.
    pub lost: usize,
    /// Keys and when they were pressed, from `begins` on.
    pub keys: Vec<(Duration, Key)>,
}

/// A packet with its place in its stream.
struct Placed<'a> {
    at: Duration,
    sequence: i64,
    packet: Packet<'a>,
}

/// Fewer packets are no stream.
const LEAST_PACKETS: usize = 10;
/// Sound and arrival may be so far apart, in samples, before a timestamp has jumped: 2 s.
const JUMP: i64 = 16_000;
/// Samples in a ms.
const PER_MS: i64 = 8;

/// All streams, in the order in which they begin. `named` comes before what SDP says.
pub fn streams(datagrams: &[Datagram], named: &Kinds) -> Vec<Stream> {
    let mut kinds = negotiated(datagrams);
    kinds.extend(named.iter().map(|(place, kind)| (*place, *kind)));
    let mut sources: BTreeMap<(u32, SocketAddr, SocketAddr), Vec<Placed<'_>>> = BTreeMap::new();
    for datagram in datagrams {
        let Ok(packet) = Packet::read(&datagram.payload) else { continue };
        if kind_of(&kinds, datagram, packet.payload_type).is_none() {
            continue;
        }
        let source = (packet.ssrc, datagram.from, datagram.to);
        if sources.len() >= HEARD_STREAMS_MAX && !sources.contains_key(&source) {
            continue;
        }
        let packets = sources.entry(source).or_default();
        let before = packets.last().map_or(i64::from(packet.sequence), |last| last.sequence);
        let step = i64::from(packet.sequence.wrapping_sub(before as u16) as i16);
        packets.push(Placed { at: datagram.at, sequence: before + step, packet });
    }
    let streams = sources.into_iter().filter_map(|((ssrc, from, to), packets)| {
        let kind = |payload_type| kind_at(&kinds, from.port(), to.port(), payload_type);
        is_stream(&packets).then(|| stream(ssrc, from, to, packets, &kind)).flatten()
    });
    let mut streams: Vec<Stream> = streams.collect();
    streams.sort_by_key(|stream| stream.begins);
    streams
}

fn kind_of(kinds: &Kinds, datagram: &Datagram, payload_type: u8) -> Option<Kind> {
    kind_at(kinds, datagram.from.port(), datagram.to.port(), payload_type)
}

/// The receiver's description counts, then the sender's, then what was named for all, then the tables.
fn kind_at(kinds: &Kinds, from: u16, to: u16, payload_type: u8) -> Option<Kind> {
    let told = [0, to, from].into_iter().find_map(|port| kinds.get(&(port, payload_type)).copied());
    told.or_else(|| match payload_type {
        // What devices use for keys when nobody has said so.
        101 => Some(Kind::Events(8_000)),
        _ => Codec::ALL
            .into_iter()
            .find(|codec| codec.static_payload_type() == Some(payload_type))
            .map(Kind::Audio),
    })
}

/// What the SDP of every SIP message in the capture says.
fn negotiated(datagrams: &[Datagram]) -> Kinds {
    let mut kinds = Kinds::new();
    for datagram in datagrams {
        let body = match message::parse(&datagram.payload) {
            Ok(Message::Request(request)) => request.body,
            Ok(Message::Response(response)) => response.body,
            Err(_) => continue,
        };
        let Ok(session) = sdp::read::read(body) else { continue };
        for media in session.media.iter().filter(|media| media.is("audio")) {
            for map in &media.rtpmaps {
                let name = String::from_utf8_lossy(map.encoding);
                if let Some(kind) = kind_named(&name, map.clock_hz) {
                    kinds.insert((media.port, map.payload_type), kind);
                }
            }
        }
    }
    kinds
}

/// What `L16/16000` or `telephone-event/8000` means.
pub fn kind_named(name: &str, clock_hz: u32) -> Option<Kind> {
    if name.eq_ignore_ascii_case("telephone-event") {
        return Some(Kind::Events(clock_hz));
    }
    let is_it =
        |codec: &Codec| codec.encoding_name().eq_ignore_ascii_case(name) && codec.clock_hz() == clock_hz;
    Codec::ALL.into_iter().find(is_it).map(Kind::Audio)
}

fn is_stream(packets: &[Placed<'_>]) -> bool {
    let follow = packets.windows(2).filter(|two| (-20..=50).contains(&(two[1].sequence - two[0].sequence)));
    packets.len() >= LEAST_PACKETS && follow.count() * 10 >= (packets.len() - 1) * 8
}

fn stream(
    ssrc: u32,
    from: SocketAddr,
    to: SocketAddr,
    mut packets: Vec<Placed<'_>>,
    kind: &dyn Fn(u8) -> Option<Kind>,
) -> Option<Stream> {
    let begins = packets.iter().map(|packet| packet.at).min()?;
    packets.sort_by_key(|packet| packet.sequence);
    packets.dedup_by_key(|packet| packet.sequence);
    let codec = packets.iter().find_map(|placed| match kind(placed.packet.payload_type) {
        Some(Kind::Audio(codec)) => Some(codec),
        Some(Kind::Events(_)) | None => None,
    })?;
    let span = packets.last()?.sequence - packets.first()?.sequence + 1;
    let lost = usize::try_from(span).unwrap_or(0).saturating_sub(packets.len());
    let count = packets.len();
    let mut listener = Listener::new(begins);
    for placed in &packets {
        listener.take(placed, kind(placed.packet.payload_type));
    }
    let Listener { samples, keys, .. } = listener;
    Some(Stream { from, to, ssrc, codec, begins, samples, packets: count, lost, keys })
}

/// Lays packets where they belong.
struct Listener {
    begins: Duration,
    samples: Vec<i16>,
    keys: Vec<(Duration, Key)>,
    detector: Detector,
    /// The timestamp that belongs to the sample, for a clock.
    origin: Option<(u32, i64)>,
    g722: g722::Decoder,
    down: resample::Down,
}

impl Listener {
    fn new(begins: Duration) -> Self {
        Self {
            begins,
            samples: Vec::new(),
            keys: Vec::new(),
            detector: Detector::default(),
            origin: None,
            g722: g722::Decoder::new(),
            down: resample::Down::new(),
        }
    }

    fn take(&mut self, placed: &Placed<'_>, kind: Option<Kind>) {
        let packet = &placed.packet;
        match kind {
            Some(Kind::Audio(codec)) => {
                let place = self.place(placed, codec.clock_hz());
                let heard = self.decode(codec, packet.payload);
                self.write(place, &heard);
            }
            Some(Kind::Events(clock_hz)) => {
                let Ok(told) = TelephoneEvent::read(packet.payload) else { return };
                let begun = placed.at.saturating_sub(self.begins);
                let lasted =
                    Duration::from_millis(u64::from(told.duration) * 1_000 / u64::from(clock_hz.max(1)));
                if let Some(key) = self.detector.take(packet.ssrc, packet.timestamp, told) {
                    self.keys.push((begun.saturating_sub(lasted), key));
                }
            }
            None => {}
        }
    }

    /// The sample at which a packet begins: by its timestamp, or by its arrival when that has jumped.
    fn place(&mut self, placed: &Placed<'_>, clock_hz: u32) -> i64 {
        let arrived = placed.at.saturating_sub(self.begins).as_millis() as i64 * PER_MS;
        let timestamp = placed.packet.timestamp;
        let told = self.origin.map(|(origin, at)| {
            at + i64::from(timestamp.wrapping_sub(origin) as i32) * 8_000 / i64::from(clock_hz)
        });
        let place = told.filter(|told| (told - arrived).abs() < JUMP).unwrap_or(arrived);
        self.origin = Some((timestamp, place));
        place
    }

    fn decode(&mut self, codec: Codec, payload: &[u8]) -> Vec<i16> {
        let mut wide;
        match codec {
            Codec::Pcmu => return decode_g711(g711::Law::Mu, payload),
            Codec::Pcma => return decode_g711(g711::Law::A, payload),
            Codec::L16Narrow => {
                let mut narrow = vec![0; payload.len() / 2];
                l16::decode(payload, &mut narrow);
                return narrow;
            }
            Codec::G722 => {
                wide = vec![0; 2 * payload.len()];
                self.g722.decode(payload, &mut wide);
            }
            Codec::L16Wide => {
                wide = vec![0; payload.len() / 4 * 2];
                l16::decode(&payload[..payload.len() / 4 * 4], &mut wide);
            }
        }
        let mut narrow = vec![0; wide.len() / 2];
        self.down.down(&wide, &mut narrow);
        narrow
    }

    fn write(&mut self, place: i64, heard: &[i16]) {
        let Ok(start) = usize::try_from(place) else { return };
        let end = start + heard.len();
        if end as u64 > HEARD_FILE_MAX.as_secs() * 8_000 {
            return;
        }
        if self.samples.len() < end {
            self.samples.resize(end, 0);
        }
        self.samples[start..end].copy_from_slice(heard);
    }
}

fn decode_g711(law: g711::Law, octets: &[u8]) -> Vec<i16> {
    octets.iter().map(|octet| g711::decode(law, *octet)).collect()
}
