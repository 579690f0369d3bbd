//! The packets that both sides of a bench exchange: RTP with 20 ms of PCMU (RFC 3550 §5.1, 172 octets)
//! and one RFC 4733 key of seven packets.
//!
//! Written apart from `careline::wire`, so that a fault there does not hide itself from the bench.

/// Octets of one audio packet: 12 of header, 160 samples.
pub const PACKET_OCTETS: usize = 172;
/// Samples, and so octets, of 20 ms at 8 kHz.
pub const SAMPLES: u32 = 160;
/// The payload type of telephone-event in the offer that SIPp makes.
pub const TELEPHONE_EVENT: u8 = 101;
/// Packets of one key press: four while the key is down, the end told three times (RFC 4733 §2.5.1.4).
pub const KEY_PACKETS: u32 = 7;
/// Those of them that come before the end.
const KEY_DOWN_PACKETS: u32 = 4;

/// 20 ms of steady µ-law noise: not silence, which a detector could pass over.
static NOISE: [u8; SAMPLES as usize] = noise();

const fn noise() -> [u8; SAMPLES as usize] {
    let mut samples = [0; SAMPLES as usize];
    let (mut state, mut i) = (1u32, 0);
    while i < samples.len() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        samples[i] = 0xa0 | (state >> 24) as u8 & 0x1f;
        i += 1;
    }
    samples
}

/// What every packet of a stream carries, and where the stream stands.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing {
    /// What the audio packets are told to be.
    pub payload_type: u8,
    /// Synchronization source.
    pub ssrc: u32,
    /// Of the next packet.
    pub sequence: u16,
    /// Of the next audio packet.
    pub timestamp: u32,
}

impl Outgoing {
    /// Writes the next 20 ms of audio.
    pub fn audio(&mut self, packet: &mut [u8; PACKET_OCTETS]) {
        self.header(packet, self.payload_type, self.timestamp);
        packet[12..].copy_from_slice(&NOISE);
        self.timestamp = self.timestamp.wrapping_add(SAMPLES);
    }

    /// Writes packet `number` (from 0) of the press of key 1; its octets.
    ///
    /// The audio clock goes on while the key sounds; all packets of the key carry `began`.
    pub fn key<'a>(&mut self, number: u32, began: u32, packet: &'a mut [u8; PACKET_OCTETS]) -> &'a [u8] {
        let marker = if number == 0 { 0x80 } else { 0 };
        self.header(packet, marker | TELEPHONE_EVENT, began);
        let ended = number >= KEY_DOWN_PACKETS;
        let units = (number.min(KEY_DOWN_PACKETS) + 1) * SAMPLES;
        let [_, _, high, low] = units.to_be_bytes();
        packet[12..16].copy_from_slice(&[1, if ended { 0x8a } else { 0x0a }, high, low]);
        self.timestamp = self.timestamp.wrapping_add(SAMPLES);
        &packet[..16]
    }

    fn header(&mut self, packet: &mut [u8], marker_and_type: u8, timestamp: u32) {
        packet[0] = 0x80;
        packet[1] = marker_and_type;
        packet[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        packet[4..8].copy_from_slice(&timestamp.to_be_bytes());
        packet[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        self.sequence = self.sequence.wrapping_add(1);
    }
}
