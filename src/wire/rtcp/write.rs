//! A compound RTCP datagram of ours: RFC 3550 §6.1.
//!
//! ```text
//!  SR │ RR, a report block or none ─▶ SDES: CNAME ─▶ BYE, at the end
//! ```
//! One source of ours, one party heard: there is never more. When it is written is not this file's job.

use crate::wire::rtcp::{
    BLOCK_OCTETS, Block, CNAME, GOODBYE, RECEIVER_REPORT, SENDER_REPORT, SOURCE_DESCRIPTION, SenderInfo,
};

/// The longest compound that we write: 28 of SR, 24 of a block, 28 of SDES, 8 of BYE.
pub const COMPOUND_OCTETS_MAX: usize = 28 + BLOCK_OCTETS + DESCRIPTION_OCTETS + 8;

const DESCRIPTION_OCTETS: usize = 4 + 4 + 2 + CNAME_OCTETS + 2;
const CNAME_OCTETS: usize = 16;

/// A name that tells nothing: 96 random bits as sixteen letters (RFC 7022 §4.2, §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cname([u8; CNAME_OCTETS]);

impl Cname {
    /// The name of twelve random octets, in base 64 (RFC 4648 §4).
    pub fn of(random: [u8; 12]) -> Self {
        let mut name = [0; CNAME_OCTETS];
        for (three, four) in random.chunks_exact(3).zip(name.chunks_exact_mut(4)) {
            let bits = three.iter().fold(0, |bits, octet| bits << 8 | usize::from(*octet));
            for (place, letter) in four.iter_mut().enumerate() {
                *letter = BASE_64[bits >> (18 - 6 * place) & 0x3f];
            }
        }
        Self(name)
    }

    /// The name as it is sent.
    pub const fn as_octets(&self) -> &[u8; CNAME_OCTETS] {
        &self.0
    }
}

const BASE_64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Whether the source stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// The stream goes on.
    Stays,
    /// It ends here: a BYE is the last packet (RFC 3550 §6.6).
    Leaves,
}

/// One report of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Our source.
    pub ssrc: u32,
    /// What we sent; without it the report is a receiver's.
    pub sender: Option<SenderInfo>,
    /// How the party is heard, if it is.
    pub block: Option<Block>,
    /// Our name.
    pub cname: Cname,
    /// Whether we stay.
    pub course: Course,
}

impl Report {
    /// Writes the compound and tells how many octets it has.
    pub fn write(&self, to: &mut [u8; COMPOUND_OCTETS_MAX]) -> usize {
        let mut pen = Pen { to, at: 0 };
        self.write_report(&mut pen);
        pen.head(SOURCE_DESCRIPTION, 1, DESCRIPTION_OCTETS);
        pen.word(self.ssrc);
        pen.octets(&[CNAME, CNAME_OCTETS as u8]);
        pen.octets(self.cname.as_octets());
        pen.octets(&[0, 0]); // the end of the items, and what fills the word
        if self.course == Course::Leaves {
            pen.head(GOODBYE, 1, 8);
            pen.word(self.ssrc);
        }
        pen.at
    }

    fn write_report(&self, pen: &mut Pen<'_>) {
        let blocks = u8::from(self.block.is_some());
        let octets = BLOCK_OCTETS * usize::from(blocks);
        if let Some(info) = &self.sender {
            pen.head(SENDER_REPORT, blocks, 28 + octets);
            pen.word(self.ssrc);
            pen.octets(&info.ntp.to_be_bytes());
            [info.timestamp, info.packets, info.octets].into_iter().for_each(|word| pen.word(word));
        } else {
            pen.head(RECEIVER_REPORT, blocks, 8 + octets);
            pen.word(self.ssrc);
        }
        if let Some(block) = &self.block {
            let lost = block.lost.clamp(-0x80_0000, 0x7f_ffff) as u32 & 0xff_ffff;
            pen.word(block.ssrc);
            pen.word(u32::from(block.fraction_lost) << 24 | lost);
            let rest = [block.highest, block.jitter, block.last_report, block.delay];
            rest.into_iter().for_each(|word| pen.word(word));
        }
    }
}

/// Writes one word behind the other; what would stand outside is left out.
struct Pen<'a> {
    to: &'a mut [u8; COMPOUND_OCTETS_MAX],
    at: usize,
}

impl Pen<'_> {
    fn head(&mut self, packet_type: u8, count: u8, octets: usize) {
        let words = (octets / 4 - 1) as u8;
        self.octets(&[0x80 | count, packet_type, 0, words]);
    }

    fn word(&mut self, word: u32) {
        self.octets(&word.to_be_bytes());
    }

    fn octets(&mut self, octets: &[u8]) {
        let end = self.at + octets.len();
        if let Some(place) = self.to.get_mut(self.at..end) {
            place.copy_from_slice(octets);
            self.at = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::rtcp::compound::{Compound, Packet};
    use proptest::prelude::*;

    #[test]
    fn a_report_is_written_as_the_rfc_draws_it() {
        // RFC 3550 §6.4.1, §6.5, §6.6
        let report = Report {
            ssrc: 9,
            sender: Some(SenderInfo { ntp: 0x83aa_7e80_8000_0000, timestamp: 160, packets: 3, octets: 480 }),
            block: Some(Block {
                ssrc: 7,
                fraction_lost: 64,
                lost: -2,
                highest: 65_546,
                jitter: 80,
                last_report: 1,
                delay: 2,
            }),
            cname: Cname::of(*b"Man is disti"),
            course: Course::Leaves,
        };
        let mut to = [0xee; COMPOUND_OCTETS_MAX];
        let length = report.write(&mut to);
        let expected = [
            &[0x81, 200, 0, 12, 0, 0, 0, 9, 0x83, 0xaa, 0x7e, 0x80, 0x80, 0, 0, 0][..],
            &[0, 0, 0, 160, 0, 0, 0, 3, 0, 0, 1, 0xe0],
            &[0, 0, 0, 7, 64, 0xff, 0xff, 0xfe, 0, 1, 0, 10, 0, 0, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2],
            &[0x81, 202, 0, 6, 0, 0, 0, 9, 1, 16],
            b"TWFuIGlzIGRpc3Rp\0\0",
            &[0x81, 203, 0, 1, 0, 0, 0, 9],
        ]
        .concat();
        assert_eq!(to[..length], expected);
        assert_eq!(length, COMPOUND_OCTETS_MAX, "the longest there is");
    }

    #[test]
    fn a_name_is_base_64_and_different_for_different_octets() {
        // RFC 7022 §5, RFC 4648 §10
        assert_eq!(Cname::of([0; 12]).as_octets(), b"AAAAAAAAAAAAAAAA");
        assert_eq!(Cname::of([0xff; 12]).as_octets(), b"////////////////");
        assert_eq!(Cname::of(*b"foobarfoobar").as_octets(), b"Zm9vYmFyZm9vYmFy");
    }

    fn block() -> impl Strategy<Value = Block> {
        let words = (any::<u32>(), any::<u8>(), -0x80_0000i32..0x80_0000, any::<[u32; 4]>());
        words.prop_map(|(ssrc, fraction_lost, lost, [highest, jitter, last_report, delay])| Block {
            ssrc,
            fraction_lost,
            lost,
            highest,
            jitter,
            last_report,
            delay,
        })
    }

    fn sender() -> impl Strategy<Value = SenderInfo> {
        (any::<u64>(), any::<[u32; 3]>()).prop_map(|(ntp, [timestamp, packets, octets])| SenderInfo {
            ntp,
            timestamp,
            packets,
            octets,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn what_we_write_we_read_back(
            ssrc in any::<u32>(), random in any::<[u8; 12]>(), leaves in any::<bool>(),
            sender in proptest::option::of(sender()), block in proptest::option::of(block()),
        ) {
            let course = if leaves { Course::Leaves } else { Course::Stays };
            let ours = Report { ssrc, sender, block, cname: Cname::of(random), course };
            let mut to = [0; COMPOUND_OCTETS_MAX];
            let length = ours.write(&mut to);
            let mut packets = Compound::read(&to[..length]).unwrap().packets();
            let (from, info, blocks) = match packets.next() {
                Some(Packet::Sender { ssrc, info, blocks }) => (ssrc, Some(info), blocks),
                Some(Packet::Receiver { ssrc, blocks }) => (ssrc, None, blocks),
                other => panic!("{other:?}"),
            };
            prop_assert_eq!((from, info), (ssrc, sender));
            prop_assert_eq!(blocks.iter().collect::<Vec<_>>(), Vec::from_iter(block));
            let Some(Packet::Description(names)) = packets.next() else { panic!("no SDES") };
            prop_assert_eq!(names.cname(ssrc), Some(&ours.cname.as_octets()[..]));
            let left = match packets.next() {
                Some(Packet::Goodbye { sources, reason: None }) => sources.iter().collect(),
                None => vec![],
                other => panic!("{other:?}"),
            };
            prop_assert_eq!(left, if leaves { vec![ssrc] } else { vec![] });
            prop_assert_eq!(packets.next(), None);
        }

        #[test]
        fn a_loss_beyond_24_bits_is_the_most_that_can_be_told(lost in any::<i32>()) {
            let block = Block { lost, ..Block::default() };
            let ours = Report { ssrc: 1, sender: None, block: Some(block), cname: Cname::of([1; 12]), course: Course::Stays };
            let mut to = [0; COMPOUND_OCTETS_MAX];
            let length = ours.write(&mut to);
            let Some(Packet::Receiver { blocks, .. }) = Compound::read(&to[..length]).unwrap().packets().next() else {
                panic!("no RR")
            };
            prop_assert_eq!(blocks.iter().next().map(|b| b.lost), Some(lost.clamp(-8_388_608, 8_388_607)));
        }
    }
}
