//! From what an engine gave to samples at the rates of calls, without silence at its ends and as loud as prompts are.

use super::Failure;
use crate::audio::tone;
use crate::io::prompts::level::Level;
use crate::io::prompts::{Voiced, sound_file};
use crate::limits::VOICE_SOUND_MAX;

/// Samples a second of wide calls.
const WIDE_HZ: u32 = 16_000;
/// Under this a sample at an end of the sound is silence: −50 dBFS.
const QUIET: u16 = 100;
/// Samples at 8 kHz that stay before the first word and behind the last: 20 ms.
const EDGE: usize = 160;

/// Decodes, cuts and levels.
///
/// # Errors
/// [`Failure::NoSound`] if it is none, [`Failure::TooMuch`] if it is longer than a value can be.
pub fn level(octets: Vec<u8>) -> Result<Voiced, Failure> {
    let samples = sound_file::read_octets(octets, [tone::RATE_HZ, WIDE_HZ]);
    let [narrow, wide] = samples.map_err(|_| Failure::NoSound)?;
    let loud = |sample: &i16| sample.unsigned_abs() >= QUIET;
    let (Some(first), Some(last)) = (narrow.iter().position(loud), narrow.iter().rposition(loud)) else {
        return Err(Failure::NoSound);
    };
    let (from, to) = (first.saturating_sub(EDGE), (last + EDGE).min(narrow.len()));
    if (to - from) as u128 > VOICE_SOUND_MAX.as_millis() * u128::from(tone::RATE_HZ / 1_000) {
        return Err(Failure::TooMuch);
    }
    let mut narrow = narrow[from..to].to_vec();
    let mut wide = wide[(2 * from).min(wide.len())..(2 * to).min(wide.len())].to_vec();
    let level = Level::of(&narrow, tone::RATE_HZ);
    level.apply(&mut narrow);
    level.apply(&mut wide);
    Ok(Voiced { narrow: narrow.into(), wide: wide.into() })
}
