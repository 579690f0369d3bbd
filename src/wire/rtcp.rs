//! RTCP, as far as a sign of life needs it: RFC 3550 §6, RFC 5761 §4, RFC 5506.
//!
//! Who may be told from a datagram that it is RTCP, and from whom. Reports are neither kept nor
//! sent here.

use thiserror::Error;

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
    let blocks = 24 * usize::from(blocks);
    match packet_type {
        SENDER_REPORT => 28 + blocks,
        RECEIVER_REPORT => 8 + blocks,
        _ => 4,
    }
}

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;

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
