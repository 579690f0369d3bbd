//! Comfort noise: what a party that sends no silence says of it (RFC 3389), and noise of that level.
//!
//! The noise is white. The reflection coefficients of §3.2 are passed over: most senders give none, the
//! level is what tells a listener that the line is alive, and shaping costs more than a whole tick of G.722.
//!
//! Not its job: when noise is due; that the stream knows which the payloads came in.

use crate::rng::Rng;

/// A level of noise, in dB under overload, 0 to 127 (RFC 3389 §3.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Level {
    under_overload_db: u8,
}

impl Level {
    /// The level in a comfort noise payload; none in an empty one.
    ///
    /// The uppermost bit is reserved and not looked at. Noise louder than 30 dB under overload is louder than
    /// most speech and no comfort: it is read as that, for the ear at the other end.
    pub fn read(payload: &[u8]) -> Option<Self> {
        payload.first().map(|octet| Self { under_overload_db: (octet & 0x7f).max(LOUDEST_UNDER_OVERLOAD_DB) })
    }

    /// Decibels under the overload of the sample, whose square wave at full scale is 0.
    pub const fn under_overload_db(self) -> u8 {
        self.under_overload_db
    }
}

/// White noise without end.
#[derive(Clone, Debug)]
pub struct Noise {
    rng: Rng,
    /// Sixteen times the greatest sample: the root of three over the effective value of evenly spread ones.
    sixteenfold_peak: i32,
}

impl Noise {
    /// Noise of `level`; the same `seed` gives the same noise.
    pub fn new(level: Level, seed: u64) -> Self {
        let mut noise = Self { rng: Rng::seeded(seed), sixteenfold_peak: 0 };
        noise.set(level);
        noise
    }

    /// Goes on with another level.
    pub fn set(&mut self, level: Level) {
        let effective = 32_768.0 * 10f32.powf(-f32::from(level.under_overload_db) / 20.0);
        self.sixteenfold_peak = (16.0 * 3f32.sqrt() * effective).round() as i32;
    }

    /// Fills `samples`, at whichever rate: white noise has the same level at each.
    pub fn fill(&mut self, samples: &mut [i16]) {
        for four in samples.chunks_mut(4) {
            let mut chance = self.rng.next_u64();
            for sample in four {
                let spread = i32::from(chance as i16) * self.sixteenfold_peak;
                *sample = ((spread + (1 << 18)) >> 19) as i16;
                chance >>= 16;
            }
        }
    }
}

/// The loudest noise that is made, in dB under overload.
const LOUDEST_UNDER_OVERLOAD_DB: u8 = 30;

#[cfg(test)]
mod tests {
    use super::*;

    /// The level of `samples` in dB under overload.
    fn measured_db(samples: &[i16]) -> f64 {
        let energy: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
        -10.0 * (energy / samples.len() as f64 / 32_768f64.powi(2)).log10()
    }

    #[test]
    fn a_payload_is_a_level_and_what_follows_is_passed_over() {
        let table: [(&[u8], Option<u8>); 6] = [
            (&[], None),
            (&[60], Some(60)),
            (&[127], Some(127)),
            (&[0x80 | 60], Some(60)),
            (&[55, 130, 120, 127], Some(55)),
            (&[0], Some(30)),
        ];
        for (payload, level) in table {
            assert_eq!(Level::read(payload).map(Level::under_overload_db), level, "{payload:?}");
        }
    }

    #[test]
    fn the_noise_has_the_level_that_was_told() {
        let mut noise = Noise::new(Level { under_overload_db: 30 }, 7);
        for wanted in (30..=90).step_by(5) {
            noise.set(Level { under_overload_db: wanted });
            let mut samples = [0; 16_000];
            noise.fill(&mut samples);
            let measured = measured_db(&samples);
            assert!((measured - f64::from(wanted)).abs() < 1.0, "{wanted} was told, {measured:.2} is heard");
        }
    }

    #[test]
    fn the_noise_is_white_and_its_own_for_each_seed() {
        let heard = |seed| {
            let mut samples = [0; 16_000];
            Noise::new(Level { under_overload_db: 40 }, seed).fill(&mut samples);
            samples
        };
        let samples = heard(1);
        let energy: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
        for lag in 1..20 {
            let alike: f64 =
                samples.iter().zip(&samples[lag..]).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            assert!((alike / energy).abs() < 0.04, "lag {lag}: {:.3}", alike / energy);
        }
        assert!(samples == heard(1) && samples != heard(2));
    }
}
