//! G.711: µ-law and A-law, octet by octet (ITU-T G.711 §3, RFC 3551 §4.5.14).
//!
//! Samples are linear, 16 bits. Decoding and transcoding are tables made when the program is built;
//! encoding is computed, because it happens when a prompt is loaded and not per packet.

use crate::wire::codec::Codec;

/// The sample that `octet` stands for.
pub const fn decode(codec: Codec, octet: u8) -> i16 {
    match codec {
        Codec::Pcmu => PCMU[octet as usize],
        Codec::Pcma => PCMA[octet as usize],
    }
}

/// The octet whose interval holds `sample`.
pub const fn encode(codec: Codec, sample: i16) -> u8 {
    match codec {
        Codec::Pcmu => encode_pcmu(sample),
        Codec::Pcma => encode_pcma(sample),
    }
}

/// Rewrites `octets` from one codec into the other, in place; nothing happens when both are the same.
pub fn transcode(from: Codec, to: Codec, octets: &mut [u8]) {
    let table = match (from, to) {
        (Codec::Pcmu, Codec::Pcma) => &PCMU_TO_PCMA,
        (Codec::Pcma, Codec::Pcmu) => &PCMA_TO_PCMU,
        (Codec::Pcmu, Codec::Pcmu) | (Codec::Pcma, Codec::Pcma) => return,
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

const fn samples(codec: Codec) -> [i16; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        table[octet] = match codec {
            Codec::Pcmu => decode_pcmu(octet as u8),
            Codec::Pcma => decode_pcma(octet as u8),
        };
        octet += 1;
    }
    table
}

const fn octets(from: Codec, to: Codec) -> [u8; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        table[octet] = encode(to, decode(from, octet as u8));
        octet += 1;
    }
    table
}

static PCMU: [i16; 256] = samples(Codec::Pcmu);
static PCMA: [i16; 256] = samples(Codec::Pcma);
static PCMU_TO_PCMA: [u8; 256] = octets(Codec::Pcmu, Codec::Pcma);
static PCMA_TO_PCMU: [u8; 256] = octets(Codec::Pcma, Codec::Pcmu);

#[cfg(test)]
mod tests {
    use super::*;

    /// The intervals of G.711 tables 1 and 2 as (lower edge, value), built as the tables are: one after
    /// the other, each value in the middle, the width doubling from segment to segment. 16-bit units.
    fn intervals(codec: Codec) -> Vec<(i32, i32)> {
        let (mut edge, segments, scale) = match codec {
            Codec::Pcma => (0, [32, 16, 16, 16, 16, 16, 16].as_slice(), 8), // 13 bits
            Codec::Pcmu => (-1, [16; 8].as_slice(), 4),                     // 14 bits
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

    fn definition(codec: Codec, octet: u8) -> i32 {
        let (number, positive) = match codec {
            Codec::Pcmu => (!octet & 0x7f, octet & 0x80 != 0),
            Codec::Pcma => ((octet ^ 0x55) & 0x7f, octet & 0x80 != 0),
        };
        let (_, magnitude) = intervals(codec)[usize::from(number)];
        if positive { magnitude } else { -magnitude }
    }

    #[test]
    fn every_octet_decodes_as_the_tables_of_the_recommendation_say() {
        // RFC 3551 §4.5.14: one octet a sample, the sign in its highest bit.
        for codec in Codec::ALL {
            for octet in 0..=255 {
                assert_eq!(i32::from(decode(codec, octet)), definition(codec, octet), "{codec:?} {octet:#x}");
            }
        }
        assert_eq!((decode(Codec::Pcmu, 0x80), decode(Codec::Pcmu, 0x00)), (32_124, -32_124));
        assert_eq!((decode(Codec::Pcma, 0xaa), decode(Codec::Pcma, 0x2a)), (32_256, -32_256));
    }

    #[test]
    fn every_sample_encodes_to_the_interval_that_holds_it() {
        for codec in Codec::ALL {
            let intervals = intervals(codec);
            for sample in i16::MIN..=i16::MAX {
                let magnitude = i32::from(sample).abs();
                let (_, value) = intervals[intervals.partition_point(|(edge, _)| *edge <= magnitude) - 1];
                let expected = if sample < 0 { -value } else { value };
                assert_eq!(i32::from(decode(codec, encode(codec, sample))), expected, "{codec:?} {sample}");
            }
        }
    }

    #[test]
    fn an_octet_survives_decoding_and_encoding() {
        for codec in Codec::ALL {
            for octet in 0..=255u8 {
                let again = encode(codec, decode(codec, octet));
                let negative_zero = codec == Codec::Pcmu && octet == 0x7f;
                assert!(again == octet || negative_zero, "{codec:?} {octet:#x} became {again:#x}");
            }
        }
    }

    #[test]
    fn transcoding_there_and_back_stays_within_one_interval() {
        for octet in 0..=255u8 {
            let mut there = [octet];
            transcode(Codec::Pcma, Codec::Pcmu, &mut there);
            transcode(Codec::Pcmu, Codec::Pcma, &mut there);
            let (before, after) = (decode(Codec::Pcma, octet), decode(Codec::Pcma, there[0]));
            let allowed = 16 + i32::from(before).abs() / 16;
            assert!((i32::from(before) - i32::from(after)).abs() <= allowed, "{before} became {after}");
        }
        let mut same = [1, 2, 3];
        transcode(Codec::Pcmu, Codec::Pcmu, &mut same);
        assert_eq!(same, [1, 2, 3]);
    }

    #[test]
    fn silence_is_silence_in_both() {
        assert_eq!(encode(Codec::Pcmu, 0), Codec::Pcmu.silence_octet());
        assert_eq!(encode(Codec::Pcma, 0), Codec::Pcma.silence_octet());
        let mut octets = [Codec::Pcmu.silence_octet(); 160];
        transcode(Codec::Pcmu, Codec::Pcma, &mut octets);
        assert_eq!(octets, [Codec::Pcma.silence_octet(); 160]);
    }
}
