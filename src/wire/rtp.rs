//! RTP packets: RFC 3550 §5.1. The only file that names the `rtp` crate.
//!
//! ```text
//!  V=2 P X CC │ M PT │ sequence │ timestamp │ SSRC │ CSRC × CC │ extension │ payload │ padding
//! ```
//! Headers are written by the crate, which allocates nothing for ours. They are read here: the
//! crate's reader copies the payload, and an RFC 8285 element that is longer than its extension makes
//! it panic. In the tests the crate is the oracle of the reader. What the payload means is not this
//! file's job.

use rtp::header::Header as CrateHeader;
use thiserror::Error;
use util::marshal::Marshal;
use webrtc_util as util;

/// Octets of the header that we write: no CSRC, no extension.
pub const HEADER_OCTETS: usize = 12;

/// One RTP packet that was read: the header's fields and the payload, in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The marker bit: the first packet of a talkspurt or of an event.
    pub marker: bool,
    /// The payload type, 0 to 127.
    pub payload_type: u8,
    /// The sequence number.
    pub sequence: u16,
    /// The timestamp, in units of the payload's clock.
    pub timestamp: u32,
    /// The synchronization source.
    pub ssrc: u32,
    /// The payload, without padding.
    pub payload: &'a [u8],
}

/// The header of a packet that we send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The marker bit.
    pub marker: bool,
    /// The payload type, 0 to 127.
    pub payload_type: u8,
    /// The sequence number.
    pub sequence: u16,
    /// The timestamp.
    pub timestamp: u32,
    /// The synchronization source.
    pub ssrc: u32,
}

/// Why a datagram is no RTP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParseError {
    /// The datagram ends before its header does.
    #[error("{octets} octets are no RTP packet: its header has {needed}")]
    Short {
        /// Octets there are.
        octets: usize,
        /// Octets that the header announces.
        needed: usize,
    },
    /// The version is not 2.
    #[error("RTP version {version} is not 2")]
    Version {
        /// The version it tells.
        version: u8,
    },
    /// The padding count is zero, or longer than what follows the header.
    #[error("padding of {padding} octets in {payload} octets of payload")]
    Padding {
        /// The count in the last octet.
        padding: u8,
        /// Octets after the header.
        payload: usize,
    },
}

impl<'a> Packet<'a> {
    /// Reads one datagram as an RTP packet (RFC 3550 §5.1, checks of §A.1). Any octets may come.
    ///
    /// # Errors
    /// [`ParseError`] when the header is not whole, not version 2, or its padding cannot be true.
    pub fn read(octets: &'a [u8]) -> Result<Self, ParseError> {
        let Some((fixed, rest)) = octets.split_first_chunk::<HEADER_OCTETS>() else {
            return Err(ParseError::Short { octets: octets.len(), needed: HEADER_OCTETS });
        };
        let version = fixed[0] >> 6;
        if version != 2 {
            return Err(ParseError::Version { version });
        }
        let after = after_csrc_and_extension(fixed[0], rest)
            .map_err(|needed| ParseError::Short { octets: octets.len(), needed })?;
        let has_padding = fixed[0] & 0x20 != 0;
        Ok(Self {
            marker: fixed[1] & 0x80 != 0,
            payload_type: fixed[1] & 0x7f,
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
            payload: if has_padding { without_padding(after)? } else { after },
        })
    }
}

/// What follows CSRC list and header extension, or the octets that the whole header would need.
fn after_csrc_and_extension(first: u8, rest: &[u8]) -> Result<&[u8], usize> {
    let csrc = 4 * usize::from(first & 0x0f);
    let after_csrc = rest.get(csrc..).ok_or(HEADER_OCTETS + csrc)?;
    if first & 0x10 == 0 {
        return Ok(after_csrc);
    }
    let Some((head, after_head)) = after_csrc.split_first_chunk::<4>() else {
        return Err(HEADER_OCTETS + csrc + 4);
    };
    let extension = 4 * usize::from(u16::from_be_bytes([head[2], head[3]]));
    after_head.get(extension..).ok_or(HEADER_OCTETS + csrc + 4 + extension)
}

fn without_padding(payload: &[u8]) -> Result<&[u8], ParseError> {
    let padding = payload.last().copied().unwrap_or(0);
    match payload.len().checked_sub(usize::from(padding)) {
        Some(kept) if padding > 0 => Ok(&payload[..kept]),
        Some(_) | None => Err(ParseError::Padding { padding, payload: payload.len() }),
    }
}

impl Header {
    /// Writes the header into the first [`HEADER_OCTETS`] of a packet.
    pub fn write(&self, to: &mut [u8; HEADER_OCTETS]) {
        let header = CrateHeader {
            version: 2,
            marker: self.marker,
            payload_type: self.payload_type & 0x7f,
            sequence_number: self.sequence,
            timestamp: self.timestamp,
            ssrc: self.ssrc,
            ..CrateHeader::default()
        };
        let written = header.marshal_to(to).expect("a header without CSRC and extension has twelve octets");
        debug_assert_eq!(written, HEADER_OCTETS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rtp::packet::Packet as CratePacket;
    use util::marshal::Unmarshal;

    const PLAIN: [u8; 16] = [0x80, 0x80, 0x12, 0x34, 0, 0, 0, 160, 0xca, 0xfe, 0, 1, 1, 2, 3, 4];

    #[track_caller]
    fn payload(why: &str, octets: &[u8], expected: Result<&[u8], ParseError>) {
        let found = Packet::read(octets).map(|packet| packet.payload);
        assert_eq!(found, expected, "{why}: {octets:02x?}");
    }

    fn with(first: u8, tail: &[u8]) -> Vec<u8> {
        let mut octets = PLAIN[..12].to_vec();
        octets[0] = first;
        octets.extend_from_slice(tail);
        octets
    }

    #[test]
    fn the_fields_of_a_plain_packet_are_read() {
        let packet = Packet::read(&PLAIN).unwrap();
        let expected = Packet {
            marker: true,
            payload_type: 0,
            sequence: 0x1234,
            timestamp: 160,
            ssrc: 0xcafe_0001,
            payload: &[1, 2, 3, 4],
        };
        assert_eq!(packet, expected);
    }

    #[test]
    fn csrc_extension_and_padding_are_cut_off_or_refused() {
        let short = |octets, needed| Err(ParseError::Short { octets, needed });
        payload("no payload", &with(0x80, &[]), Ok(&[]));
        payload("one CSRC", &with(0x81, &[9, 9, 9, 9, 7]), Ok(&[7]));
        payload("CSRC cut", &with(0x8f, &[9; 59]), short(71, 72));
        payload("extension of one word", &with(0x90, &[0, 1, 0, 1, 8, 8, 8, 8, 7]), Ok(&[7]));
        payload("empty extension", &with(0x90, &[0, 1, 0, 0, 7]), Ok(&[7]));
        payload("extension head cut", &with(0x90, &[0, 1, 0]), short(15, 16));
        payload("extension cut", &with(0x90, &[0, 1, 0, 2, 8, 8, 8, 8]), short(20, 24));
        payload("longest extension", &with(0x90, &[0, 1, 255, 255]), short(16, 262_156));
        payload("padding", &with(0xa0, &[5, 6, 0, 2]), Ok(&[5, 6]));
        payload("all padding", &with(0xa0, &[0, 0, 3]), Ok(&[]));
        payload("zero padding", &with(0xa0, &[5, 0]), Err(ParseError::Padding { padding: 0, payload: 2 }));
        payload(
            "padding too long",
            &with(0xa0, &[5, 3]),
            Err(ParseError::Padding { padding: 3, payload: 2 }),
        );
        payload("padding of nothing", &with(0xa0, &[]), Err(ParseError::Padding { padding: 0, payload: 0 }));
        payload("version 1", &with(0x40, &[1]), Err(ParseError::Version { version: 1 }));
        payload("eleven octets", &PLAIN[..11], short(11, 12));
        payload("nothing", &[], short(0, 12));
    }

    #[test]
    fn an_extension_element_that_overruns_is_no_harm() {
        payload("RFC 8285 element of 16 in 4", &with(0x90, &[0xbe, 0xde, 0, 1, 0x1f, 0, 0, 0]), Ok(&[]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_octets_are_read_without_a_panic(octets in proptest::collection::vec(any::<u8>(), 0..100)) {
            if let Ok(packet) = Packet::read(&octets) {
                prop_assert!(packet.payload.len() + HEADER_OCTETS <= octets.len());
            }
        }

        #[test]
        fn the_crate_reads_the_same(
            first in 0u8..=0x0f, padded in any::<bool>(), second in any::<u8>(),
            middle in any::<[u8; 10]>(), tail in proptest::collection::vec(any::<u8>(), 0..90),
        ) {
            let mut octets = vec![0x80 | first | if padded { 0x20 } else { 0 }, second];
            octets.extend_from_slice(&middle);
            octets.extend_from_slice(&tail);
            let theirs = CratePacket::unmarshal(&mut &octets[..]);
            match Packet::read(&octets) {
                Ok(ours) => {
                    let theirs = theirs.unwrap();
                    prop_assert_eq!(ours.payload, &theirs.payload[..]);
                    prop_assert_eq!(ours.marker, theirs.header.marker);
                    prop_assert_eq!(ours.payload_type, theirs.header.payload_type);
                    prop_assert_eq!(ours.sequence, theirs.header.sequence_number);
                    prop_assert_eq!(ours.timestamp, theirs.header.timestamp);
                    prop_assert_eq!(ours.ssrc, theirs.header.ssrc);
                }
                Err(ParseError::Padding { padding: 0, .. }) => {} // the crate lets a zero count pass
                Err(_) => prop_assert!(theirs.is_err()),
            }
        }

        #[test]
        fn what_we_write_is_read_back(
            marker in any::<bool>(), payload_type in 0u8..128, sequence in any::<u16>(),
            timestamp in any::<u32>(), ssrc in any::<u32>(),
        ) {
            let mut octets = [0u8; HEADER_OCTETS];
            Header { marker, payload_type, sequence, timestamp, ssrc }.write(&mut octets);
            let read = Packet::read(&octets);
            prop_assert_eq!(read, Ok(Packet { marker, payload_type, sequence, timestamp, ssrc, payload: &[] }));
        }
    }
}
