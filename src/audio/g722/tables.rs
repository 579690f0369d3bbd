//! The constants of G.722: ITU-T G.722 (09/2012) §6, Tables 11 (QMF), 14–19 (quantizers, logarithmic scale).
//!
//! Signs and places are folded in where that saves a step of the machine; nothing is left out or rounded.

/// The quadrature mirror filter's impulse response, times 2¹³ (Table 11); the second half mirrors the first.
pub const QMF: [i16; 24] = [
    3, -11, -11, 53, 12, -156, 32, 362, -210, -805, 951, 3876, //
    3876, 951, -805, -210, 362, 32, -156, 12, 53, -11, -11, 3,
];

/// Decision levels of the lower band's 60-level quantizer, ascending (Table 14, LL6 and LU6), behind three zeros
/// that every magnitude reaches, so that a level is found by counting over whole vectors.
pub const LOW_LEVELS: [u16; 32] = [
    0, 0, 0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, //
    650, 714, 786, 858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
];

/// Output levels of the lower band's 60-level quantizer (Table 14, OQ6; four codes of the 64 mean its last pair).
const LOW_OUTPUT_6: [i16; 31] = [
    0, 17, 54, 91, 130, 170, 211, 254, 300, 347, 396, 447, 501, 558, 618, 682, 750, 822, 899, 982,
    1072, //
    1170, 1279, 1399, 1535, 1689, 1873, 2088, 2376, 2738, 3101,
];

/// Output levels of the 15-level quantizer that both ends adapt by (Table 14, OQ4).
const LOW_OUTPUT_4: [i16; 8] = [0, 150, 323, 530, 786, 1121, 1612, 2557];

/// What the logarithmic scale of the lower band gains by a magnitude (Table 16, WL).
const LOW_GAIN: [i16; 8] = [-60, -30, 58, 172, 334, 538, 1198, 3042];

/// Codes of a difference that is not negative and of one that is, by magnitude 1 to 30 (Table 15).
pub const LOW_CODES: [[u8; 32]; 2] = low_codes();

/// What a code of six bits gives, eight times the table's value, signed (Table 15, inverse).
pub const LOW_OUTPUT: [i16; 64] = low_output();

/// What the upper four of a code's six bits give, eight times the table's value, signed.
pub const LOW_COARSE_OUTPUT: [i16; 16] = low_coarse().0;

/// What the logarithmic scale gains by the upper four bits of a code.
pub const LOW_COARSE_GAIN: [i16; 16] = low_coarse().1;

/// The decision level of the higher band's 4-level quantizer (Table 17).
pub const HIGH_LEVEL: i32 = 564;

/// What a code of two bits gives, eight times the table's value, signed (Table 17): 926 and 202.
pub const HIGH_OUTPUT: [i16; 4] = [-7_408, -1_616, 7_408, 1_616];

/// What the logarithmic scale of the higher band gains by a code (Table 18, WH).
pub const HIGH_GAIN: [i16; 4] = [798, -214, 798, -214];

/// The greatest logarithmic scale of each band.
pub const LOW_SCALE_MAX: i32 = 18_432;
/// The greatest logarithmic scale of the higher band.
pub const HIGH_SCALE_MAX: i32 = 22_528;

/// Linear from logarithmic scale, a thirty-second of an octave a step (§6.2.1.3, method 2).
pub const INVERSE_LOG: [u16; 32] = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, //
    2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];

/// The magnitude's number, 1 to 30, that a code of six bits stands for, and whether it is negative.
const fn low_magnitude(code: usize) -> (usize, i16) {
    match code {
        0..=3 => (1, -1),
        4..=31 => (34 - code, -1),
        32..=61 => (62 - code, 1),
        62 => (2, -1),
        _ => (1, -1),
    }
}

const fn low_codes() -> [[u8; 32]; 2] {
    let mut codes = [[0; 32]; 2];
    let mut magnitude = 1;
    while magnitude <= 30 {
        codes[0][magnitude] = 62 - magnitude as u8;
        codes[1][magnitude] = if magnitude <= 2 { 64 - magnitude as u8 } else { 34 - magnitude as u8 };
        magnitude += 1;
    }
    codes
}

const fn low_output() -> [i16; 64] {
    let mut output = [0; 64];
    let mut code = 0;
    while code < 64 {
        let (magnitude, sign) = low_magnitude(code);
        output[code] = sign * 8 * LOW_OUTPUT_6[magnitude];
        code += 1;
    }
    output
}

const fn low_coarse() -> ([i16; 16], [i16; 16]) {
    let (mut output, mut gain) = ([0; 16], [0; 16]);
    let mut code = 0;
    while code < 16 {
        let (magnitude, sign) = match code {
            0 | 15 => (0, 1),
            1..=7 => (8 - code, -1),
            _ => (15 - code, 1),
        };
        output[code] = sign * 8 * LOW_OUTPUT_4[magnitude];
        gain[code] = LOW_GAIN[magnitude];
        code += 1;
    }
    (output, gain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_levels_are_those_of_the_recommendation() {
        // Table 15: the code of each magnitude, and what the decoder makes of it.
        for (magnitude, positive, negative) in
            [(1, 61, 63), (2, 60, 62), (3, 59, 31), (4, 58, 30), (29, 33, 5), (30, 32, 4)]
        {
            assert_eq!(LOW_CODES[0][magnitude], positive, "magnitude {magnitude}");
            assert_eq!(LOW_CODES[1][magnitude], negative, "magnitude {magnitude}");
            assert_eq!(LOW_OUTPUT[usize::from(positive)], 8 * LOW_OUTPUT_6[magnitude]);
            assert_eq!(LOW_OUTPUT[usize::from(negative)], -8 * LOW_OUTPUT_6[magnitude]);
        }
        assert_eq!(LOW_OUTPUT[..4], [-136; 4], "codes that are never sent mean the least negative level");
        assert_eq!(
            LOW_COARSE_OUTPUT[..9],
            [0, -20_456, -12_896, -8_968, -6_288, -4_240, -2_584, -1_200, 20_456]
        );
        assert_eq!(LOW_COARSE_GAIN[..9], [-60, 3_042, 1_198, 538, 334, 172, 58, -30, 3_042]);
    }

    #[test]
    fn every_output_level_lies_in_its_interval() {
        for magnitude in 1..30 {
            let (under, over) = (LOW_LEVELS[magnitude + 1], LOW_LEVELS[magnitude + 2]);
            let output = LOW_OUTPUT_6[magnitude] as u16;
            assert!(under <= output && output < over, "magnitude {magnitude}: {under} {output} {over}");
        }
        assert!(LOW_OUTPUT_6[30] as u16 >= LOW_LEVELS[31]);
    }

    #[test]
    fn the_filter_is_symmetric_and_passes_all_of_a_steady_sound() {
        assert!((0..24).all(|n| QMF[n] == QMF[23 - n]), "{QMF:?}");
        assert_eq!(QMF.iter().map(|tap| i32::from(*tap)).sum::<i32>(), 8_192, "one, times 2 to the 13th");
    }
}
