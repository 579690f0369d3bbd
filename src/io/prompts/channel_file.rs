//! A recording of any usual kind, each of its channels for itself. `sound_file` mixes them, because a prompt has one.

use super::sound_file::{SoundError, damaged, next_packet, probe, refuse_text, resample, to_sixteen_bits};
use std::path::Path;
use std::time::Duration;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error as Symphonia;
use symphonia::core::formats::TrackType;

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
    let mut format = probe(path)?;
    let track = format.default_track(TrackType::Audio).ok_or(SoundError::Unknown)?;
    let track_id = track.id;
    let parameters =
        track.codec_params.as_ref().and_then(|parameters| parameters.audio()).ok_or(SoundError::Unknown)?;
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(|_| SoundError::Unknown)?;
    let (mut channels, mut rate, mut interleaved) = (Vec::<Vec<f32>>::new(), 0, Vec::<f32>::new());
    while let Some(packet) = next_packet(format.as_mut())? {
        if packet.track_id != track_id {
            continue;
        }
        let buffer = match decoder.decode(&packet) {
            Ok(buffer) => buffer,
            // One bad packet is a click; the file goes on.
            Err(Symphonia::DecodeError(_)) => continue,
            Err(error) => return Err(damaged(&error)),
        };
        rate = buffer.spec().rate();
        let count = buffer.spec().channels().count().max(1);
        buffer.copy_to_vec_interleaved(&mut interleaved);
        channels.resize(count, Vec::new());
        for (number, channel) in channels.iter_mut().enumerate() {
            channel.extend(interleaved.iter().skip(number).step_by(count));
        }
        if channels[0].len() as u64 > u64::from(rate) * longest.as_secs() {
            return Ok((channels, rate, true));
        }
    }
    if channels.iter().all(Vec::is_empty) {
        return Err(SoundError::Damaged { cause: "no sample could be decoded".to_owned() });
    }
    Ok((channels, rate, false))
}
