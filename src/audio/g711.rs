//! G.711: µ-law and A-law, octet by octet (ITU-T G.711 §3, RFC 3551 §4.5.14).
//!
//! Samples are linear, 16 bits. Decoding and transcoding are tables made when the program is built;
//! encoding is computed, because it happens when a prompt is loaded and not per packet.

use crate::wire::codec::Codec;

/// Which of the two ways samples are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// µ-law: North America, Japan.
    Mu,
    /// A-law: everywhere else.
    A,
}

impl Law {
    /// Both.
    pub const ALL: [Law; 2] = [Law::Mu, Law::A];

    /// The law of a codec, if it is G.711.
    pub const fn of(codec: Codec) -> Option<Law> {
        match codec {
            Codec::Pcmu => Some(Law::Mu),
            Codec::Pcma => Some(Law::A),
            Codec::G722 | Codec::L16Narrow | Codec::L16Wide => None,
        }
    }
}

/// The sample that `octet` stands for.
pub const fn decode(law: Law, octet: u8) -> i16 {
    match law {
        Law::Mu => PCMU[octet as usize],
        Law::A => PCMA[octet as usize],
    }
}

/// The octet whose interval holds `sample`.
pub const fn encode(law: Law, sample: i16) -> u8 {
    match law {
        Law::Mu => encode_pcmu(sample),
        Law::A => encode_pcma(sample),
    }
}

/// The samples that `octets` stand for, as many as there is room for.
pub fn decode_all(law: Law, octets: &[u8], samples: &mut [i16]) {
    octets.iter().zip(samples).for_each(|(octet, sample)| *sample = decode(law, *octet));
}

/// The octets of `samples`, as many as there is room for.
pub fn encode_all(law: Law, samples: &[i16], octets: &mut [u8]) {
    samples.iter().zip(octets).for_each(|(sample, octet)| *octet = encode(law, *sample));
}

/// Rewrites `octets` from one law into the other, in place; nothing happens when both are the same.
pub fn transcode(from: Law, to: Law, octets: &mut [u8]) {
    let table = match (from, to) {
        (Law::Mu, Law::A) => &PCMU_TO_PCMA,
        (Law::A, Law::Mu) => &PCMA_TO_PCMU,
        (Law::Mu, Law::Mu) | (Law::A, Law::A) => return,
    };
    octets.iter_mut().for_each(|octet| *octet = table[usize::from(*octet)]);
}

/// µ-law works on the magnitude plus this, in 16-bit units: 33 of 14 bits.
const BIAS: u32 = 132;
/// The greatest magnitude that µ-law tells apart, in 16-bit units.
const CLIP: u32 = 32_635;

const fn encode_pcmu(sample: i16) -> u8 {
    let magnitude = sample.unsigned_abs() as u32;
    let biased = if magnitude > CLIP { CLIP } else { magnitude } + BIAS;
    let segment = 24 - biased.leading_zeros();
    let interval = (biased >> (segment + 3)) & 0x0f;
    let code = (segment << 4) as u8 | interval as u8;
    if sample < 0 { !(code | 0x80) } else { !code }
}

const fn decode_pcmu(octet: u8) -> i16 {
    let code = !octet;
    let segment = (code >> 4) & 0x07;
    let interval = (code & 0x0f) as i32;
    let magnitude = (((interval << 3) + BIAS as i32) << segment) - BIAS as i32;
    if code & 0x80 != 0 { -magnitude as i16 } else { magnitude as i16 }
}

const fn encode_pcma(sample: i16) -> u8 {
    let magnitude = sample.unsigned_abs() as u32;
    let magnitude = if magnitude > 32_767 { 32_767 } else { magnitude };
    let code = if magnitude < 256 {
        magnitude >> 4
    } else {
        let segment = 24 - magnitude.leading_zeros();
        (segment << 4) | ((magnitude >> (segment + 3)) & 0x0f)
    } as u8;
    if sample < 0 { code ^ 0x55 } else { code ^ 0xd5 }
}

const fn decode_pcma(octet: u8) -> i16 {
    let code = octet ^ 0x55;
    let segment = (code >> 4) & 0x07;
    let interval = ((code & 0x0f) as i32) << 4;
    let magnitude = if segment == 0 { interval + 8 } else { (interval + 264) << (segment - 1) };
    if code & 0x80 != 0 { magnitude as i16 } else { -magnitude as i16 }
}

const fn samples(law: Law) -> [i16; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        table[octet] = match law {
            Law::Mu => decode_pcmu(octet as u8),
            Law::A => decode_pcma(octet as u8),
        };
        octet += 1;
    }
    table
}

const fn octets(from: Law, to: Law) -> [u8; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        table[octet] = encode(to, decode(from, octet as u8));
        octet += 1;
    }
    table
}

static PCMU: [i16; 256] = samples(Law::Mu);
static PCMA: [i16; 256] = samples(Law::A);
static PCMU_TO_PCMA: [u8; 256] = octets(Law::Mu, Law::A);
static PCMA_TO_PCMU: [u8; 256] = octets(Law::A, Law::Mu);

#[cfg(test)]
mod tests {
    use super::*;

    /// The intervals of G.711 tables 1 and 2 as (lower edge, value), built as the tables are: one after
    /// the other, each value in the middle, the width doubling from segment to segment. 16-bit units.
    fn intervals(law: Law) -> Vec<(i32, i32)> {
        let (mut edge, segments, scale) = match law {
            Law::A => (0, [32, 16, 16, 16, 16, 16, 16].as_slice(), 8), // 13 bits
            Law::Mu => (-1, [16; 8].as_slice(), 4),                    // 14 bits
        };
        let mut intervals = Vec::new();
        let mut width = 2;
        for count in segments {
            for _ in 0..*count {
                intervals.push((edge * scale, (edge + width / 2) * scale));
                edge += width;
            }
            width *= 2;
        }
        intervals
    }

    fn definition(law: Law, octet: u8) -> i32 {
        let (number, positive) = match law {
            Law::Mu => (!octet & 0x7f, octet & 0x80 != 0),
            Law::A => ((octet ^ 0x55) & 0x7f, octet & 0x80 != 0),
        };
        let (_, magnitude) = intervals(law)[usize::from(number)];
        if positive { magnitude } else { -magnitude }
    }

    #[test]
    fn every_octet_decodes_as_the_tables_of_the_recommendation_say() {
        // RFC 3551 §4.5.14: one octet a sample, the sign in its highest bit.
        for law in Law::ALL {
            for octet in 0..=255 {
                assert_eq!(i32::from(decode(law, octet)), definition(law, octet), "{law:?} {octet:#x}");
            }
        }
        assert_eq!((decode(Law::Mu, 0x80), decode(Law::Mu, 0x00)), (32_124, -32_124));
        assert_eq!((decode(Law::A, 0xaa), decode(Law::A, 0x2a)), (32_256, -32_256));
    }

    #[test]
    fn every_sample_encodes_to_the_interval_that_holds_it() {
        for law in Law::ALL {
            let intervals = intervals(law);
            for sample in i16::MIN..=i16::MAX {
                let magnitude = i32::from(sample).abs();
                let (_, value) = intervals[intervals.partition_point(|(edge, _)| *edge <= magnitude) - 1];
                let expected = if sample < 0 { -value } else { value };
                assert_eq!(i32::from(decode(law, encode(law, sample))), expected, "{law:?} {sample}");
            }
        }
    }

    #[test]
    fn an_octet_survives_decoding_and_encoding() {
        for law in Law::ALL {
            for octet in 0..=255u8 {
                let again = encode(law, decode(law, octet));
                let negative_zero = law == Law::Mu && octet == 0x7f;
                assert!(again == octet || negative_zero, "{law:?} {octet:#x} became {again:#x}");
            }
        }
    }

    #[test]
    fn transcoding_there_and_back_stays_within_one_interval() {
        for octet in 0..=255u8 {
            let mut there = [octet];
            transcode(Law::A, Law::Mu, &mut there);
            transcode(Law::Mu, Law::A, &mut there);
            let (before, after) = (decode(Law::A, octet), decode(Law::A, there[0]));
            let allowed = 16 + i32::from(before).abs() / 16;
            assert!((i32::from(before) - i32::from(after)).abs() <= allowed, "{before} became {after}");
        }
        let mut same = [1, 2, 3];
        transcode(Law::Mu, Law::Mu, &mut same);
        assert_eq!(same, [1, 2, 3]);
    }

    #[test]
    fn silence_is_silence_in_both() {
        assert_eq!(encode(Law::Mu, 0), 0xff);
        assert_eq!(encode(Law::A, 0), 0xd5);
        let mut octets = [0xff; 160];
        transcode(Law::Mu, Law::A, &mut octets);
        assert_eq!(octets, [0xd5; 160]);
    }
}
