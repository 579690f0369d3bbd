//! G.722 at 64 kbit/s: 7 kHz of sound in sub-bands (ITU-T G.722 (09/2012), mode 1; RFC 3551 §4.5.2).
//!
//! ```text
//!  16 kHz ─▶ qmf ─┬─ lower  8 kHz ─▶ ADPCM, 6 bits ─┐
//!                 └─ higher 8 kHz ─▶ ADPCM, 2 bits ─┴─▶ an octet for two samples
//! ```
//! Bit-exact to the Recommendation, its saturations with it. What is not here: modes 2 and 3, whose octets
//! RTP does not know, and the concealment of Appendices III and IV.
//!
//! The code is stateful: what an octet means depends on those before it. [`splice`] tells how octets that
//! were made apart follow one another without a click.

mod band;
mod qmf;
pub mod splice;
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
