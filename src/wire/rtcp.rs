//! RTCP: RFC 3550 §6, RFC 5761 §4, RFC 5506.
//!
//! ```text
//!  V=2 P count │ type │ words − 1 │ …     one packet; a datagram is a compound of them, one behind the other
//! ```
//! What both ways have in common, and [`read`], which looks at the first packet only: it is lenient, as a sign of
//! life may be. A whole compound is read by `compound`, written by `write`. When reports are due, and what they
//! say, is not this folder's job.

use thiserror::Error;

pub mod compound;
pub mod write;

/// A reception report block (RFC 3550 §6.4.1): how one source's packets arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The source whose packets these are.
    pub ssrc: u32,
    /// Packets lost since the report before, in 256ths of those expected.
    pub fraction_lost: u8,
    /// Packets lost since the beginning; negative when duplicates outweigh them. 24 bits with a sign are sent.
    pub lost: i32,
    /// The highest sequence number that came, with the count of its wraps in the upper 16 bits.
    pub highest: u32,
    /// Interarrival jitter, in units of the source's RTP clock.
    pub jitter: u32,
    /// The middle 32 bits of the NTP time of the last sender report that came from the source; 0 if none did.
    pub last_report: u32,
    /// How long ago that report came, in units of 1/65 536 s.
    pub delay: u32,
}

/// What a sender tells of its own stream (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderInfo {
    /// The calendar's time of the report, in 2⁻³² s since 1900.
    pub ntp: u64,
    /// The same moment on the stream's own clock.
    pub timestamp: u32,
    /// Packets sent since the beginning.
    pub packets: u32,
    /// Octets of payload in them.
    pub octets: u32,
}

impl SenderInfo {
    /// The middle 32 bits of the NTP time, which the answer carries as [`Block::last_report`].
    pub const fn name(&self) -> u32 {
        (self.ntp >> 16) as u32
    }
}

/// Octets of a report block.
pub const BLOCK_OCTETS: usize = 24;

/// What the first packet of a compound RTCP datagram is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// A sender report (RFC 3550 §6.4.1).
    Sender {
        /// Whose.
        ssrc: u32,
        /// Reception report blocks in it.
        blocks: u8,
    },
    /// A receiver report (RFC 3550 §6.4.2).
    Receiver {
        /// Whose.
        ssrc: u32,
        /// Reception report blocks in it.
        blocks: u8,
    },
    /// Any other RTCP packet, as reduced-size RTCP may begin with (RFC 5506 §3.4.2).
    Other {
        /// The packet type.
        packet_type: u8,
    },
}

/// Why a datagram is no RTCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParseError {
    /// The datagram ends before its first packet does.
    #[error("{octets} octets are no RTCP packet: it announces {needed}")]
    Short {
        /// Octets there are.
        octets: usize,
        /// Octets that the packet announces.
        needed: usize,
    },
    /// The version is not 2.
    #[error("RTCP version {version} is not 2")]
    Version {
        /// The version it tells.
        version: u8,
    },
    /// The packet type is none of RTCP's.
    #[error("packet type {packet_type} is not RTCP's")]
    Type {
        /// The type it tells.
        packet_type: u8,
    },
    /// A packet other than the last is padded, or its padding cannot be true (RFC 3550 §6.4.1).
    #[error("padding of {padding} octets in an RTCP packet of {octets}, with {behind} behind it")]
    Padding {
        /// The count in the packet's last octet.
        padding: u8,
        /// Octets of the packet.
        octets: usize,
        /// Octets of the datagram after the packet.
        behind: usize,
    },
}

/// A datagram on a shared port is RTCP and not RTP (RFC 5761 §4: packet types 192 to 223).
pub fn is_rtcp(octets: &[u8]) -> bool {
    octets.get(1).is_some_and(|packet_type| (192..=223).contains(packet_type))
}

/// Reads the head of a datagram's first RTCP packet. Any octets may come.
///
/// # Errors
/// [`ParseError`] when the datagram is not whole, not version 2 or of no RTCP type.
pub fn read(octets: &[u8]) -> Result<Report, ParseError> {
    let Some(head) = octets.first_chunk::<8>() else {
        return Err(ParseError::Short { octets: octets.len(), needed: 8 });
    };
    let version = head[0] >> 6;
    if version != 2 {
        return Err(ParseError::Version { version });
    }
    let packet_type = head[1];
    if !is_rtcp(octets) {
        return Err(ParseError::Type { packet_type });
    }
    let blocks = head[0] & 0x1f;
    let told = 4 * (1 + usize::from(u16::from_be_bytes([head[2], head[3]])));
    let needed = told.max(least_octets(packet_type, blocks));
    if octets.len() < needed {
        return Err(ParseError::Short { octets: octets.len(), needed });
    }
    let ssrc = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
    Ok(match packet_type {
        SENDER_REPORT => Report::Sender { ssrc, blocks },
        RECEIVER_REPORT => Report::Receiver { ssrc, blocks },
        packet_type => Report::Other { packet_type },
    })
}

/// What header, sender information and report blocks take at the least.
fn least_octets(packet_type: u8, blocks: u8) -> usize {
    let blocks = BLOCK_OCTETS * usize::from(blocks);
    match packet_type {
        SENDER_REPORT => 28 + blocks,
        RECEIVER_REPORT => 8 + blocks,
        _ => 4,
    }
}

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
/// The item of a source description that is always there (RFC 3550 §6.5.1).
const CNAME: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet(first: u8, packet_type: u8, words: u16, octets: usize) -> Vec<u8> {
        let mut packet = vec![0u8; octets];
        packet[0] = first;
        packet[1] = packet_type;
        packet[2..4].copy_from_slice(&words.to_be_bytes());
        packet[7] = 9;
        packet
    }

    #[test]
    fn reports_are_told_from_noise() {
        // RFC 3550 §6, §6.4.1, §6.4.2
        let check = |why: &str, octets: Vec<u8>, expected| assert_eq!(read(&octets), expected, "{why}");
        let short = |octets, needed| Err(ParseError::Short { octets, needed });
        check("empty RR", packet(0x80, 201, 1, 8), Ok(Report::Receiver { ssrc: 9, blocks: 0 }));
        check("RR, one block", packet(0x81, 201, 7, 32), Ok(Report::Receiver { ssrc: 9, blocks: 1 }));
        check("RR and SDES", packet(0x80, 201, 1, 20), Ok(Report::Receiver { ssrc: 9, blocks: 0 }));
        check("RR whose block is cut", packet(0x81, 201, 1, 8), short(8, 32));
        check("SR", packet(0x80, 200, 6, 28), Ok(Report::Sender { ssrc: 9, blocks: 0 }));
        check("SR cut", packet(0x80, 200, 6, 24), short(24, 28));
        // RFC 5506 §3.4.2: no report stands before it.
        check("BYE alone", packet(0x81, 203, 1, 8), Ok(Report::Other { packet_type: 203 }));
        check("version 0", packet(0x00, 201, 1, 8), Err(ParseError::Version { version: 0 }));
        check("RTP", packet(0x80, 0, 1, 8), Err(ParseError::Type { packet_type: 0 }));
        check("nothing", vec![], short(0, 8));
    }

    #[test]
    fn on_a_shared_port_the_second_octet_decides() {
        // RFC 5761 §4: these are RTP's payload types 64 to 95 with the marker, which nobody may use beside RTCP.
        for packet_type in 0..=u8::MAX {
            assert_eq!(
                is_rtcp(&[0x80, packet_type]),
                (0x80 | 64..=0x80 | 95).contains(&packet_type),
                "{packet_type}"
            );
        }
        assert!(is_rtcp(&[0x80, 200]) && is_rtcp(&[0x80, 201]) && is_rtcp(&[0x80, 203]));
        assert!(!is_rtcp(&[0x80, 0]) && !is_rtcp(&[0x80, 0x80]) && !is_rtcp(&[0x80, 0xe5]) && !is_rtcp(&[]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_octets_are_read_without_a_panic(octets in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = read(&octets);
        }
    }
}
