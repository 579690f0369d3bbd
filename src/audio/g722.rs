//! G.722 at 64 kbit/s: 7 kHz of sound in sub-bands (ITU-T G.722 (09/2012), mode 1; RFC 3551 §4.5.2).
//!
//! ```text
//!  16 kHz ─▶ qmf ─┬─ lower  8 kHz ─▶ ADPCM, 6 bits ─┐
//!                 └─ higher 8 kHz ─▶ ADPCM, 2 bits ─┴─▶ an octet for two samples
//! ```
//! Bit-exact to the Recommendation, its saturations with it. What is not here: modes 2 and 3, whose octets
//! RTP does not know, and the concealment of Appendices III and IV.
//!
//! The code is stateful: what an octet means depends on those before it. [`join`] tells how sounds
//! follow one another without a click.

mod band;
pub mod join;
mod qmf;
mod tables;

use band::Bands;
use qmf::{Analysis, BLOCK, Synthesis};

/// Samples at 16 kHz to octets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Encoder {
    analysis: Analysis,
    bands: Bands,
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// An encoder after a reset.
    pub const fn new() -> Self {
        Self { analysis: Analysis::new(), bands: Bands::new() }
    }

    /// Encodes `samples` at 16 kHz, an octet for two; what has no place in `octets`, or no partner, is left.
    pub fn encode(&mut self, samples: &[i16], octets: &mut [u8]) {
        let mut parted = [[0; 2]; BLOCK];
        let pairs = octets.len().min(samples.len() / 2);
        let blocks = samples[..2 * pairs].chunks(2 * BLOCK);
        for (samples, octets) in blocks.zip(octets[..pairs].chunks_mut(BLOCK)) {
            self.analysis.part(samples, &mut parted);
            for (octet, [low, high]) in octets.iter_mut().zip(&parted) {
                *octet = self.bands.encode(i32::from(*low), i32::from(*high));
            }
        }
    }
}

/// Octets to samples at 16 kHz.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decoder {
    bands: Bands,
    synthesis: Synthesis,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder after a reset.
    pub const fn new() -> Self {
        Self { bands: Bands::new(), synthesis: Synthesis::new() }
    }

    /// Decodes `octets` to twice as many samples at 16 kHz; what has no place in `samples` is left.
    pub fn decode(&mut self, octets: &[u8], samples: &mut [i16]) {
        let mut parted = [[0; 2]; BLOCK];
        let count = octets.len().min(samples.len() / 2);
        let blocks = octets[..count].chunks(BLOCK);
        for (octets, samples) in blocks.zip(samples[..2 * count].chunks_mut(2 * BLOCK)) {
            for (pair, octet) in parted.iter_mut().zip(octets) {
                let (low, high) = self.bands.decode(*octet);
                *pair = [low as i16, high as i16];
            }
            self.synthesis.join(&parted[..octets.len()], samples);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use sha2::{Digest, Sha256};
    use std::f64::consts::TAU;

    /// The first eight octets of the SHA-256 of `octets`, in hexadecimal.
    fn digest(octets: impl IntoIterator<Item = u8>) -> String {
        let octets: Vec<u8> = octets.into_iter().collect();
        Sha256::digest(&octets).iter().take(8).map(|octet| format!("{octet:02x}")).collect()
    }

    /// Described signals at 16 kHz, of whole numbers alone: loud noise, noise that swells by 6 dB in every 500
    /// samples, squares of full scale with longer and longer halves, triangles that rise in pitch, silence.
    fn signals() -> [(&'static str, Vec<i16>); 5] {
        let (mut loud, mut swell) = (Rng::seeded(1), Rng::seeded(2));
        let triangle = |n: i32| ((n * n / 64 % 512 - 256).abs() - 128) * 200;
        [
            ("loud noise", (0..16_000).map(|_| loud.next_u16() as i16).collect()),
            (
                "swelling noise",
                (0..16_000).map(|n| (swell.next_u16() as i16) >> (15 - n / 500 % 16)).collect(),
            ),
            (
                "squares",
                (0..16_000).map(|n| if n / (1 + n / 200) % 2 == 0 { 32_767 } else { -32_768 }).collect(),
            ),
            ("triangles", (0..16_000).map(|n| triangle(n) as i16).collect()),
            ("silence", vec![0; 16_000]),
        ]
    }

    /// The digests are those of the Recommendation's own program (ITU-T G.191, G.722 module) for these signals.
    #[test]
    fn octets_and_samples_are_those_of_the_recommendation() {
        let expected = [
            ("loud noise", "ef96a706170c1c42", "ae9c646708fe2a99"),
            ("swelling noise", "2410c1468c7e2b0c", "bb51c0aa89a57903"),
            ("squares", "4d28568de59b2018", "04e139a0def819da"),
            ("triangles", "5c1293c0b30fe6c1", "d58330957977fe1f"),
            ("silence", "9c0b9b2330c2fa6b", "67f04dfd3801f7a0"),
        ];
        for ((name, samples), expected) in signals().into_iter().zip(expected) {
            let (mut octets, mut back) = (vec![0; 8_000], vec![0; 16_000]);
            Encoder::new().encode(&samples, &mut octets);
            Decoder::new().decode(&octets, &mut back);
            let back = digest(back.iter().flat_map(|sample: &i16| sample.to_le_bytes()));
            assert_eq!((name, digest(octets).as_str(), back.as_str()), expected);
        }
    }

    #[test]
    fn any_octets_are_decoded_as_the_recommendation_does() {
        let mut rng = Rng::seeded(3);
        let octets: Vec<u8> = (0..60_000)
            .map(
                |n| if n < 30_000 { rng.next_u16() as u8 } else { [(n / 400) as u8, (n / 150) as u8][n % 2] },
            )
            .collect();
        let mut samples = vec![0; 120_000];
        Decoder::new().decode(&octets, &mut samples);
        assert_eq!(digest(samples.iter().flat_map(|sample: &i16| sample.to_le_bytes())), "6ca8eaf74194a2bf");
    }

    #[test]
    fn tones_come_back_with_the_codec_s_signal_to_noise_ratio() {
        for (frequency_hz, least_db) in [
            (300.0, 55.0),
            (1_000.0, 42.0),
            (2_000.0, 44.0),
            (3_000.0, 36.0),
            (5_000.0, 18.0),
            (6_500.0, 20.0),
        ] {
            let said: Vec<i16> = (0..16_000)
                .map(|n| (8_000.0 * (TAU * frequency_hz * f64::from(n) / 16_000.0).sin()) as i16)
                .collect();
            let (mut octets, mut heard) = (vec![0; 8_000], vec![0; 16_000]);
            Encoder::new().encode(&said, &mut octets);
            Decoder::new().decode(&octets, &mut heard);
            let energy =
                |samples: &mut dyn Iterator<Item = f64>| samples.map(|sample| sample * sample).sum::<f64>();
            let signal = energy(&mut said[2_000..15_000].iter().map(|sample| f64::from(*sample)));
            let noise = energy(&mut (2_000..15_000).map(|n| f64::from(heard[n + 22]) - f64::from(said[n])));
            let ratio_db = 10.0 * (signal / noise).log10();
            println!("{frequency_hz} Hz: {ratio_db:.1} dB");
            assert!(ratio_db > least_db, "{frequency_hz} Hz: {ratio_db:.1} dB");
        }
    }

    #[test]
    fn it_does_not_matter_where_a_stream_is_cut_and_what_has_no_place_is_left() {
        let (_, samples) = signals().into_iter().nth(1).expect("five signals");
        let (mut whole, mut parts) = (vec![0; 8_000], vec![0; 8_000]);
        Encoder::new().encode(&samples, &mut whole);
        let mut encoder = Encoder::new();
        for (samples, octets) in samples.chunks(2 * 77).zip(parts.chunks_mut(77)) {
            encoder.encode(samples, octets);
        }
        assert!(whole == parts);
        let (mut short, mut none) = ([9; 3], [9; 1]);
        Encoder::new().encode(&[0; 5], &mut short);
        Decoder::new().decode(&[1, 2, 3], &mut none);
        assert_eq!((short[2], none), (9, [9]));
    }
}
