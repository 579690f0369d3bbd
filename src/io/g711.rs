//! G.711 for files: octets of a call into samples, samples of a prompt into octets (RFC 3551 §4.5.14).

use crate::wire::codec::Codec;

/// The sample that an octet stands for.
pub fn decode(codec: Codec, octet: u8) -> i16 {
    match codec {
        Codec::Pcmu => ULAW[usize::from(octet)],
        Codec::Pcma => ALAW[usize::from(octet)],
    }
}

/// The octet nearest to a sample.
pub fn encode(codec: Codec, sample: i16) -> u8 {
    match codec {
        Codec::Pcmu => encode_ulaw(sample),
        Codec::Pcma => encode_alaw(sample),
    }
}

const fn decode_ulaw(octet: u8) -> i16 {
    let octet = !octet;
    let magnitude = ((((octet & 0x0f) as i16) << 3) + 0x84) << ((octet & 0x70) >> 4);
    if octet & 0x80 != 0 { 0x84 - magnitude } else { magnitude - 0x84 }
}

const fn decode_alaw(octet: u8) -> i16 {
    let octet = octet ^ 0x55;
    let exponent = (octet & 0x70) >> 4;
    let mantissa = ((octet & 0x0f) as i16) << 4;
    let magnitude = if exponent == 0 { mantissa + 8 } else { (mantissa + 0x108) << (exponent - 1) };
    if octet & 0x80 != 0 { magnitude } else { -magnitude }
}

fn encode_ulaw(sample: i16) -> u8 {
    let (sign, magnitude) = if sample < 0 { (0x80, -i32::from(sample)) } else { (0, i32::from(sample)) };
    let magnitude = magnitude.min(32_635) + 0x84;
    let exponent = 24 - (magnitude as u32).leading_zeros();
    let mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    !(sign | (exponent as u8) << 4 | mantissa as u8)
}

fn encode_alaw(sample: i16) -> u8 {
    let (sign, magnitude) = if sample < 0 { (0, !i32::from(sample)) } else { (0x80, i32::from(sample)) };
    let exponent = if magnitude < 256 { 0 } else { 24 - (magnitude as u32).leading_zeros() };
    let mantissa = (magnitude >> if exponent == 0 { 4 } else { exponent + 3 }) & 0x0f;
    (sign | (exponent as u8) << 4 | mantissa as u8) ^ 0x55
}

const ULAW: [i16; 256] = {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        table[octet] = decode_ulaw(octet as u8);
        octet += 1;
    }
    table
};

const ALAW: [i16; 256] = {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        table[octet] = decode_alaw(octet as u8);
        octet += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_octet_survives_the_way_to_a_sample_and_back() {
        for codec in Codec::ALL {
            for octet in 0..=255_u8 {
                let sample = decode(codec, octet);
                assert_eq!(decode(codec, encode(codec, sample)), sample, "{codec:?} {octet:#x}");
            }
            assert!(decode(codec, codec.silence_octet()).abs() <= 8);
        }
    }

    #[test]
    fn a_sample_is_never_further_off_than_half_a_step() {
        for codec in Codec::ALL {
            for sample in (-32_768..=32_767).step_by(7) {
                let sample = sample as i16;
                let error = (i32::from(decode(codec, encode(codec, sample))) - i32::from(sample)).abs();
                let bound = (i32::from(sample).abs() / 32).max(16) + 132;
                assert!(error <= bound, "{codec:?} {sample}: off by {error}");
            }
        }
    }
}
