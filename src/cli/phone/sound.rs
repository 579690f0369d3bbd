//! The phone's codecs and sounds: one table of codecs, samples to their octets, and the tones of keys.

use crate::audio::g711::{self, Law};
use crate::audio::tone;
use crate::media::command::Clip;
use crate::wire::codec::Codec;
use crate::wire::telephone_event::Key;
use std::time::Duration;

/// Each codec that the phone can be told to speak, by its name.
pub const CODECS: [(&str, Codec); 5] = [
    ("pcmu", Codec::Pcmu),
    ("pcma", Codec::Pcma),
    ("g722", Codec::G722),
    ("l16", Codec::L16Narrow),
    ("l16-16", Codec::L16Wide),
];

/// The name of a codec.
pub fn name(codec: Codec) -> &'static str {
    CODECS.iter().find(|(_, known)| *known == codec).map_or("?", |(name, _)| name)
}

/// The crest of a tone of the phone: 12 dB under full scale.
const TONE_CREST: i16 = 8_192;
/// The crest of each of a key's two tones: together they stay under full scale (ITU-T Q.24).
const KEY_CREST: i16 = 6_000;
/// How long a key sounds, and the pause behind it: twice what a receiver must take (ITU-T Q.24).
const KEY_SOUNDS: Duration = Duration::from_millis(100);

/// Samples at the codec's rate as what a leg plays.
pub fn clip(codec: Codec, samples: &[i16]) -> Clip {
    let codec = codec.between_legs();
    let packed = |law| samples.iter().map(|sample| g711::encode(law, *sample)).collect();
    let octets: Vec<u8> = match codec {
        Codec::Pcmu => packed(Law::Mu),
        Codec::Pcma => packed(Law::A),
        Codec::G722 | Codec::L16Narrow | Codec::L16Wide => {
            samples.iter().flat_map(|sample| sample.to_be_bytes()).collect()
        }
    };
    Clip { codec, octets: octets.into() }
}

/// A tone of the phone.
pub fn tone(codec: Codec, hertz: u32, lasts: Duration) -> Clip {
    clip(codec, &sine(codec, hertz, lasts, TONE_CREST))
}

/// A key as its two tones (ITU-T Q.23), with the pause behind it.
pub fn key(codec: Codec, key: Key) -> Clip {
    const LOW: [u32; 4] = [697, 770, 852, 941];
    const HIGH: [u32; 4] = [1_209, 1_336, 1_477, 1_633];
    let (row, column) = match key {
        Key::Digit(0) => (3, 1),
        Key::Digit(digit) => (usize::from((digit - 1) / 3 % 3), usize::from((digit - 1) % 3)),
        Key::Star => (3, 0),
        Key::Pound => (3, 2),
        Key::Letter(letter) => (usize::from(letter.wrapping_sub(b'A') & 3), 3),
    };
    let [low, high] = [LOW[row], HIGH[column]].map(|hertz| sine(codec, hertz, KEY_SOUNDS, KEY_CREST));
    let mut samples: Vec<i16> = low.iter().zip(&high).map(|(low, high)| low + high).collect();
    samples.resize(2 * samples.len(), 0);
    clip(codec, &samples)
}

/// A sine at the codec's rate. At 16 kHz it is one of half the frequency and twice the length at 8 kHz.
fn sine(codec: Codec, hertz: u32, lasts: Duration, crest: i16) -> Vec<i16> {
    let ratio = codec.sample_rate_hz() / tone::RATE_HZ;
    tone::sine(hertz / ratio, lasts * ratio, crest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::goertzel::power;

    #[test]
    fn a_key_is_its_two_tones_and_a_pause() {
        // ITU-T Q.23 table 1
        for (pressed, low, high) in [
            (Key::Digit(1), 697, 1_209),
            (Key::Digit(5), 770, 1_336),
            (Key::Digit(9), 852, 1_477),
            (Key::Digit(0), 941, 1_336),
            (Key::Star, 941, 1_209),
            (Key::Pound, 941, 1_477),
            (Key::Letter(b'A'), 697, 1_633),
            (Key::Letter(b'D'), 941, 1_633),
        ] {
            let clip = key(Codec::Pcmu, pressed);
            let samples: Vec<i16> = clip.octets.iter().map(|octet| g711::decode(Law::Mu, *octet)).collect();
            assert_eq!(samples.len(), 1_600, "{pressed}");
            let heard = [697, 770, 852, 941, 1_209, 1_336, 1_477, 1_633]
                .map(|hertz| (hertz, power(&samples[..800], hertz) > 4.0e6));
            let heard: Vec<u32> = heard.iter().filter(|(_, heard)| *heard).map(|(hertz, _)| *hertz).collect();
            assert_eq!(heard, [low, high], "{pressed}");
            assert!(samples[800..].iter().all(|sample| sample.abs() < 10), "{pressed}: a pause");
        }
    }
}
