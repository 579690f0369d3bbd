//! A recording of any usual kind, each of its channels for itself. `sound_file` mixes them, because a prompt has one.

use super::sound_file::{Go, SoundError, each_packet, open, refuse_text, resample, to_sixteen_bits};
use std::path::Path;
use std::time::Duration;

/// What a recording gives.
#[derive(Debug)]
pub struct Channels {
    /// The samples of each channel, at the rate that was asked for.
    pub samples: Vec<Vec<i16>>,
    /// The rate of the file, in Hz.
    pub own_rate_hz: u32,
    /// Whether the file is longer than what was read.
    pub is_cut: bool,
}

/// Reads the first `longest` of a file, and resamples each channel to `rate_hz` samples a second. Silence is no fault here.
///
/// # Errors
/// [`SoundError`] with cause and repair.
pub fn read(path: &Path, rate_hz: u32, longest: Duration) -> Result<Channels, SoundError> {
    refuse_text(path)?;
    let (channels, own_rate_hz, is_cut) = decode(path, longest)?;
    let mut samples = Vec::with_capacity(channels.len());
    for channel in channels {
        let resampled = resample(channel, own_rate_hz, rate_hz)?;
        samples.push(resampled.into_iter().map(to_sixteen_bits).collect());
    }
    Ok(Channels { samples, own_rate_hz, is_cut })
}

fn decode(path: &Path, longest: Duration) -> Result<(Vec<Vec<f32>>, u32, bool), SoundError> {
    let (mut channels, mut is_cut) = (Vec::<Vec<f32>>::new(), false);
    let rate = each_packet(open(path)?, |interleaved, count, rate| {
        channels.resize(count, Vec::new());
        for (number, channel) in channels.iter_mut().enumerate() {
            channel.extend(interleaved.iter().skip(number).step_by(count));
        }
        is_cut = channels[0].len() as u64 > u64::from(rate) * longest.as_secs();
        Ok(if is_cut { Go::NoFurther } else { Go::On })
    })?;
    if channels.iter().all(Vec::is_empty) {
        return Err(SoundError::Damaged { cause: "no sample could be decoded".to_owned() });
    }
    Ok((channels, rate, is_cut))
}
