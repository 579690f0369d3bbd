//! What the generator reads of a packet that came: the RTP header (RFC 3550 §5.1) and whether it sounds.
//!
//! Written apart from `careline::wire`, so that a fault there does not hide itself from the bench.

/// µ-law silence, without its sign.
const SILENCE: u8 = 0x7f;
/// Octets that are looked at for sound: half of a packet.
const LOOKED_AT: usize = 80;

/// What the generator wants to know of a packet that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// What is in it.
    pub payload_type: u8,
    /// Synchronization source.
    pub ssrc: u32,
    /// Sequence number.
    pub sequence: u16,
    /// RTP timestamp.
    pub timestamp: u32,
    /// Something else than µ-law silence is to be heard in its first half.
    pub sounds: bool,
}

/// Reads an RTP packet without CSRC or extension; `None` for anything else, reports (RFC 5761 §4) among it.
pub fn read(octets: &[u8]) -> Option<Incoming> {
    let (header, payload) = octets.split_at_checked(12)?;
    if header[0] != 0x80 || payload.is_empty() || (192..=223).contains(&header[1]) {
        return None;
    }
    let sounds = payload.iter().take(LOOKED_AT).any(|sample| sample & SILENCE != SILENCE);
    Some(Incoming {
        payload_type: header[1] & 0x7f,
        sequence: u16::from_be_bytes([header[2], header[3]]),
        timestamp: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
        ssrc: u32::from_be_bytes([header[8], header[9], header[10], header[11]]),
        sounds,
    })
}
