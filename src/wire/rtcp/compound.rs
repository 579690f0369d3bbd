//! A compound RTCP datagram, read as a whole: RFC 3550 §6.1 and §A.2, reduced size as in RFC 5506.
//!
//! ```text
//!  octets ─▶ read: every length, version and count ─▶ packets ─▶ blocks, names, sources
//! ```
//! All is judged before anything is believed; after that nothing can fail. Feedback, application and unknown
//! packets are passed over. Whose reports are believed is not this file's job.

use crate::wire::rtcp::{
    BLOCK_OCTETS, Block, CNAME, GOODBYE, ParseError, RECEIVER_REPORT, SENDER_REPORT, SOURCE_DESCRIPTION,
    SenderInfo, is_rtcp,
};

/// A datagram of RTCP packets that hangs together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compound<'a> {
    octets: &'a [u8],
}

/// One packet of a compound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// A sender report (RFC 3550 §6.4.1).
    Sender {
        /// Whose.
        ssrc: u32,
        /// What it says of its own stream.
        info: SenderInfo,
        /// What it says of the streams that it hears.
        blocks: Blocks<'a>,
    },
    /// A receiver report (RFC 3550 §6.4.2).
    Receiver {
        /// Whose.
        ssrc: u32,
        /// What it says of the streams that it hears.
        blocks: Blocks<'a>,
    },
    /// Names of sources (RFC 3550 §6.5).
    Description(Names<'a>),
    /// Sources that leave (RFC 3550 §6.6).
    Goodbye {
        /// Who.
        sources: Sources<'a>,
        /// Why, as octets of UTF-8 that nobody has checked.
        reason: Option<&'a [u8]>,
    },
    /// A packet that we take no notice of: APP, feedback, extended reports and what is yet to come.
    Other {
        /// Its type.
        packet_type: u8,
    },
}

/// The report blocks of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks<'a> {
    octets: &'a [u8],
}

/// The sources of one BYE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sources<'a> {
    octets: &'a [u8],
}

/// The chunks of one SDES packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names<'a> {
    octets: &'a [u8],
    chunks: u8,
}

impl<'a> Compound<'a> {
    /// Reads one datagram. Any octets may come. It need not begin with a report (RFC 5506 §3.4.2).
    ///
    /// # Errors
    /// [`ParseError`] when one of its packets is not whole, not version 2, of no RTCP type, or padded wrongly.
    pub fn read(octets: &'a [u8]) -> Result<Self, ParseError> {
        let mut rest = octets;
        loop {
            let (_, behind) = cut(rest)?;
            if behind.is_empty() {
                return Ok(Self { octets });
            }
            rest = behind;
        }
    }

    /// Its packets, in order; at least one.
    pub fn packets(self) -> impl Iterator<Item = Packet<'a>> {
        let mut rest = self.octets;
        std::iter::from_fn(move || {
            let (packet, behind) = cut(rest).ok()?;
            rest = behind;
            packet.read()
        })
    }
}

/// One packet's head and what follows it, without padding.
struct Cut<'a> {
    packet_type: u8,
    count: u8,
    body: &'a [u8],
}

/// Cuts the first packet off; gives what stands behind it.
fn cut(octets: &[u8]) -> Result<(Cut<'_>, &[u8]), ParseError> {
    let Some((head, after)) = octets.split_first_chunk::<4>() else {
        return Err(ParseError::Short { octets: octets.len(), needed: 4 });
    };
    let version = head[0] >> 6;
    if version != 2 {
        return Err(ParseError::Version { version });
    }
    let (packet_type, count) = (head[1], head[0] & 0x1f);
    if !is_rtcp(octets) {
        return Err(ParseError::Type { packet_type });
    }
    let length = 4 * usize::from(u16::from_be_bytes([head[2], head[3]]));
    let Some((body, behind)) = after.split_at_checked(length) else {
        return Err(ParseError::Short { octets: octets.len(), needed: 4 + length });
    };
    let body = if head[0] & 0x20 == 0 { body } else { without_padding(body, behind.len())? };
    let needed = least_body(packet_type, count);
    if body.len() < needed {
        return Err(ParseError::Short { octets: 4 + body.len(), needed: 4 + needed });
    }
    Ok((Cut { packet_type, count, body }, behind))
}

/// Padding is whole words, and only the last packet of a datagram has it (RFC 3550 §6.4.1).
fn without_padding(body: &[u8], behind: usize) -> Result<&[u8], ParseError> {
    let padding = body.last().copied().unwrap_or(0);
    let kept = body.len().checked_sub(usize::from(padding));
    match kept {
        Some(kept) if behind == 0 && padding > 0 && padding.is_multiple_of(4) => Ok(&body[..kept]),
        Some(_) | None => Err(ParseError::Padding { padding, octets: 4 + body.len(), behind }),
    }
}

/// What must stand behind the head at the least.
fn least_body(packet_type: u8, count: u8) -> usize {
    let count = usize::from(count);
    match packet_type {
        SENDER_REPORT => 24 + BLOCK_OCTETS * count,
        RECEIVER_REPORT => 4 + BLOCK_OCTETS * count,
        GOODBYE => 4 * count,
        _ => 0,
    }
}

impl<'a> Cut<'a> {
    fn read(&self) -> Option<Packet<'a>> {
        let blocks = BLOCK_OCTETS * usize::from(self.count);
        Some(match self.packet_type {
            SENDER_REPORT => Packet::Sender {
                ssrc: word(self.body, 0)?,
                info: sender_info(self.body)?,
                blocks: Blocks { octets: self.body.get(24..24 + blocks)? },
            },
            RECEIVER_REPORT => Packet::Receiver {
                ssrc: word(self.body, 0)?,
                blocks: Blocks { octets: self.body.get(4..4 + blocks)? },
            },
            SOURCE_DESCRIPTION => Packet::Description(Names { octets: self.body, chunks: self.count }),
            GOODBYE => {
                let (sources, after) = self.body.split_at_checked(4 * usize::from(self.count))?;
                let reason = after.split_first().and_then(|(length, text)| text.get(..usize::from(*length)));
                Packet::Goodbye { sources: Sources { octets: sources }, reason }
            }
            packet_type => Packet::Other { packet_type },
        })
    }
}

fn sender_info(body: &[u8]) -> Option<SenderInfo> {
    Some(SenderInfo {
        ntp: u64::from(word(body, 4)?) << 32 | u64::from(word(body, 8)?),
        timestamp: word(body, 12)?,
        packets: word(body, 16)?,
        octets: word(body, 20)?,
    })
}

fn word(octets: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*octets.get(at..)?.first_chunk()?))
}

impl<'a> Blocks<'a> {
    /// Each block, in order.
    pub fn iter(self) -> impl Iterator<Item = Block> + 'a {
        self.octets.chunks_exact(BLOCK_OCTETS).filter_map(|octets| {
            let losses = word(octets, 4)?;
            Some(Block {
                ssrc: word(octets, 0)?,
                fraction_lost: (losses >> 24) as u8,
                lost: (losses << 8) as i32 >> 8,
                highest: word(octets, 8)?,
                jitter: word(octets, 12)?,
                last_report: word(octets, 16)?,
                delay: word(octets, 20)?,
            })
        })
    }
}

impl<'a> Sources<'a> {
    /// Each source, in order.
    pub fn iter(self) -> impl Iterator<Item = u32> + 'a {
        self.octets.chunks_exact(4).filter_map(|octets| word(octets, 0))
    }
}

impl<'a> Names<'a> {
    /// The canonical name of a source (RFC 3550 §6.5.1), as octets that nobody has checked. What cannot be read
    /// ends the search.
    pub fn cname(self, ssrc: u32) -> Option<&'a [u8]> {
        let mut rest = self.octets;
        for _ in 0..self.chunks {
            let of = word(rest, 0)?;
            let (name, behind) = chunk(rest)?;
            if of == ssrc {
                return name;
            }
            rest = behind;
        }
        None
    }
}

/// One chunk: its CNAME and what stands behind it. Items end with a zero, and zeros fill up the word.
fn chunk(octets: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let (mut at, mut name) = (4, None);
    loop {
        let item = *octets.get(at)?;
        if item == 0 {
            let end = (at + 1).next_multiple_of(4);
            return Some((name, octets.get(end..)?));
        }
        let text = at + 2;
        let end = text + usize::from(*octets.get(at + 1)?);
        let value = octets.get(text..end)?;
        if item == CNAME {
            name = Some(value);
        }
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fmt::Write as _;

    /// Octets as hexadecimal words.
    fn octets(words: &str) -> Vec<u8> {
        let digits: Vec<u8> = words.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits
            .chunks(2)
            .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
            .collect()
    }

    /// What was read, in words.
    fn told(octets: &[u8]) -> String {
        let compound = match Compound::read(octets) {
            Ok(compound) => compound,
            Err(error) => return error.to_string(),
        };
        let mut told = String::new();
        let block = |b: Block| {
            let Block { ssrc, fraction_lost, lost, highest, jitter, last_report, delay } = b;
            format!(" [{ssrc:x} {fraction_lost}/256 {lost} {highest} {jitter} {last_report:x} {delay}]")
        };
        for packet in compound.packets() {
            match packet {
                Packet::Sender { ssrc, info, blocks } => {
                    let SenderInfo { ntp, timestamp, packets, octets } = info;
                    let _ = write!(told, "SR {ssrc:x} {ntp:x} {timestamp} {packets} {octets}");
                    blocks.iter().for_each(|b| told.push_str(&block(b)));
                }
                Packet::Receiver { ssrc, blocks } => {
                    let _ = write!(told, "RR {ssrc:x}");
                    blocks.iter().for_each(|b| told.push_str(&block(b)));
                }
                Packet::Description(names) => {
                    let name = names.cname(9).map(String::from_utf8_lossy);
                    let _ = write!(told, "SDES {name:?}");
                }
                Packet::Goodbye { sources, reason } => {
                    let sources: Vec<u32> = sources.iter().collect();
                    let _ = write!(told, "BYE {sources:?} {:?}", reason.map(String::from_utf8_lossy));
                }
                Packet::Other { packet_type } => {
                    let _ = write!(told, "{packet_type}");
                }
            }
            told.push_str("; ");
        }
        told
    }

    #[track_caller]
    fn check(why: &str, words: &str, expected: &str) {
        assert_eq!(told(&octets(words)), expected, "{why}");
    }

    const BLOCK: &str = "00000007 40fffffe 0001000a 00000050 abcd1234 00010000";

    #[test]
    fn each_packet_of_a_compound_is_read() {
        // RFC 3550 §6.1, §6.4.1, §6.4.2, §6.5, §6.6, §6.7
        check("empty RR", "80c90001 00000009", "RR 9; ");
        check(
            "SR with a block",
            &format!("81c8000c 00000009 83aa7e80 80000000 000000a0 00000003 000001e0 {BLOCK}"),
            "SR 9 83aa7e8080000000 160 3 480 [7 64/256 -2 65546 80 abcd1234 65536]; ",
        );
        check(
            "RR with two blocks",
            &format!("82c9000d 00000009 {BLOCK} {BLOCK}"),
            "RR 9 [7 64/256 -2 65546 80 abcd1234 65536] [7 64/256 -2 65546 80 abcd1234 65536]; ",
        );
        check(
            "RR, SDES of two chunks, BYE with reason, APP, feedback, extended report",
            "80c90001 00000009  82ca0006 00000007 01016100 00000009 02017801 02626300 00000000
             82cb0003 00000009 00000007 02686900  80cc0002 00000009 6e616d65  81cd0002 00000009 00000007
             80cf0001 00000009",
            "RR 9; SDES Some(\"bc\"); BYE [9, 7] Some(\"hi\"); 204; 205; 207; ",
        );
        check("an extension of the profile behind the blocks", "80c90002 00000009 ffffffff", "RR 9; ");
        check("BYE of nobody", "80cb0000", "BYE [] None; ");
        check("BYE whose reason is cut", "81cb0002 00000009 05686900", "BYE [9] None; ");
        check("SDES whose item overruns", "81ca0002 00000009 01ff6161", "SDES None; ");
        check("SDES without an end", "81ca0002 00000009 01026161", "SDES None; ");
        check("SDES that announces chunks it has not", "9fca0001 00000009", "SDES None; ");
        check("reduced size (RFC 5506 §3.4.2)", "81cd0002 00000009 00000007", "205; ");
    }

    #[test]
    fn what_does_not_hang_together_is_refused_as_a_whole() {
        // RFC 3550 §A.2
        check("nothing", "", "0 octets are no RTCP packet: it announces 4");
        check("a head cut", "80c900", "3 octets are no RTCP packet: it announces 4");
        check("a packet cut", "80c90001 0000", "6 octets are no RTCP packet: it announces 8");
        check(
            "a second one cut",
            "80c90001 00000009 81cb0001",
            "4 octets are no RTCP packet: it announces 8",
        );
        check("more blocks than octets", "81c90001 00000009", "8 octets are no RTCP packet: it announces 32");
        check("an RR without its source", "80c90000", "4 octets are no RTCP packet: it announces 8");
        check(
            "more sources than octets",
            "82cb0001 00000009",
            "8 octets are no RTCP packet: it announces 12",
        );
        check("version 1 behind", "80c90001 00000009 40cb0000", "RTCP version 1 is not 2");
        check("RTP behind", "80c90001 00000009 80000000", "packet type 0 is not RTCP's");
        check("an SR that is all head", "80c80000", "4 octets are no RTCP packet: it announces 28");
    }

    #[test]
    fn padding_is_whole_words_and_stands_at_the_end() {
        // RFC 3550 §6.4.1
        let wrong = |padding, octets, behind| {
            format!("padding of {padding} octets in an RTCP packet of {octets}, with {behind} behind it")
        };
        check("four octets", "a0c90002 00000009 00000004", "RR 9; ");
        check("behind a BYE", "80c90001 00000009 a1cb0002 00000009 00000004", "RR 9; BYE [9] None; ");
        check("none", "a0c90002 00000009 00000000", &wrong(0, 12, 0));
        check("half a word", "a0c90002 00000009 00000002", &wrong(2, 12, 0));
        check("longer than the packet", "a0c90002 00000009 0000000c", &wrong(12, 12, 0));
        check("over the source", "a0c90002 00000009 00000008", "4 octets are no RTCP packet: it announces 8");
        check("not at the end", "a0c90002 00000009 00000004 80cb0000", &wrong(4, 12, 4));
        check("of nothing", "a0cb0000", &wrong(0, 4, 0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_octets_are_read_without_a_panic(
            first in prop_oneof![Just(0x81u8), any::<u8>()], packet_type in 200u8..208, words in 0u8..9,
            rest in proptest::collection::vec(any::<u8>(), 0..120),
        ) {
            told(&rest);
            let mut octets = vec![first, packet_type, 0, words];
            octets.extend_from_slice(&rest);
            let found = told(&octets);
            prop_assert!(!found.is_empty(), "what was read has at least one packet");
        }
    }
}
