//! One audio file of any usual kind as samples of one channel, at the rate of a call. The only file that names `symphonia` and `rubato`.

use crate::limits::PROMPT_MAX;
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error as Symphonia;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;
use thiserror::Error;

/// Why a file gives no sound. Cause and repair; the place is told by whoever asked.
#[derive(Debug, Error)]
pub enum SoundError {
    /// The system does not let us read it.
    #[error("it cannot be read: {0}; check that the engine's user may read it")]
    Unreadable(std::io::Error),
    /// Nothing is in it.
    #[error("it is empty; record or generate it again")]
    Empty,
    /// It holds words.
    #[error(
        "this is a text file, not audio: it begins `{begins}`; was the wrong file copied, or a link saved instead of the sound?"
    )]
    Text {
        /// Its first words.
        begins: String,
    },
    /// No kind of audio that we read.
    #[error("it is no WAV, FLAC, MP3 or OGG Vorbis file; convert it: `sox YOURS -r 8000 -c 1 NEW.wav`")]
    Unknown,
    /// It breaks off or is damaged.
    #[error("it is damaged: {cause}; copy or export it again")]
    Damaged {
        /// What the decoder says.
        cause: String,
    },
    /// It is longer than any prompt.
    #[error("it is longer than {} s; nobody listens to that: split it", PROMPT_MAX.as_secs())]
    TooLong,
    /// It can be decoded, and nothing can be heard.
    #[error("there is nothing to hear in it; was the microphone muted?")]
    Silent,
}

/// A file whose loudest sample is under this is silence: 66 dB below full scale.
const SILENT_PEAK: u16 = 16;

/// Reads, decodes, mixes to one channel and resamples to `rate_hz` samples a second.
///
/// # Errors
/// [`SoundError`] with cause and repair.
pub fn read(path: &Path, rate_hz: u32) -> Result<Vec<i16>, SoundError> {
    refuse_text(path)?;
    let (samples, own_rate_hz) = decode(open(path)?)?;
    let samples = resample(samples, own_rate_hz, rate_hz)?;
    let samples: Vec<i16> = samples.iter().map(|sample| to_sixteen_bits(*sample)).collect();
    if samples.iter().all(|sample| sample.unsigned_abs() < SILENT_PEAK) {
        return Err(SoundError::Silent);
    }
    Ok(samples)
}

/// The samples of a sound in memory at each of these rates, as [`read`] gives them of a file.
///
/// # Errors
/// [`SoundError`] with the cause.
pub fn read_octets<const N: usize>(octets: Vec<u8>, rates_hz: [u32; N]) -> Result<[Vec<i16>; N], SoundError> {
    refuse_text_in(&octets[..octets.len().min(HEAD_OCTETS)])?;
    let (samples, own_rate_hz) = decode(probe(Box::new(Cursor::new(octets)), &Hint::new())?)?;
    let mut made = [const { Vec::new() }; N];
    for (made, rate_hz) in made.iter_mut().zip(rates_hz) {
        let resampled = resample(samples.clone(), own_rate_hz, rate_hz)?;
        *made = resampled.iter().map(|sample| to_sixteen_bits(*sample)).collect();
    }
    if made.iter().flatten().all(|sample| sample.unsigned_abs() < SILENT_PEAK) {
        return Err(SoundError::Silent);
    }
    Ok(made)
}

/// What is looked at to know a text.
const HEAD_OCTETS: usize = 256;

pub(super) fn refuse_text(path: &Path) -> Result<(), SoundError> {
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(HEAD_OCTETS as u64).read_to_end(&mut head))
        .map_err(SoundError::Unreadable)?;
    refuse_text_in(&head)
}

fn refuse_text_in(head: &[u8]) -> Result<(), SoundError> {
    if head.is_empty() {
        return Err(SoundError::Empty);
    }
    let is_text = |octet: &u8| matches!(octet, b' '..=b'~' | b'\t' | b'\n' | b'\r') || *octet >= 0x80;
    let text = String::from_utf8_lossy(head);
    if head.iter().all(is_text) && !text.contains('\u{fffd}') {
        let begins = text.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
        return Err(SoundError::Text { begins: begins.chars().take(40).collect() });
    }
    Ok(())
}

/// All samples of the first audio track, mixed to one channel, and their rate.
fn decode(format: Box<dyn FormatReader>) -> Result<(Vec<f32>, u32), SoundError> {
    let mut mono = Vec::new();
    let rate = each_packet(format, |interleaved, channels, rate| {
        mono.extend(
            interleaved.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() / channels as f32),
        );
        if mono.len() as u64 > u64::from(rate) * PROMPT_MAX.as_secs() {
            return Err(SoundError::TooLong);
        }
        Ok(Go::On)
    })?;
    if mono.is_empty() {
        return Err(SoundError::Damaged { cause: "no sample could be decoded".to_owned() });
    }
    Ok((mono, rate))
}

/// Whether more of a file is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Go {
    /// The next packet too.
    On,
    /// It is enough.
    NoFurther,
}

/// Decodes the first audio track: `take` gets the samples of each packet, interleaved, with the number of channels and
/// the rate. Tells the rate.
pub(super) fn each_packet(
    mut format: Box<dyn FormatReader>,
    mut take: impl FnMut(&[f32], usize, u32) -> Result<Go, SoundError>,
) -> Result<u32, SoundError> {
    let track = format.default_track(TrackType::Audio).ok_or(SoundError::Unknown)?;
    let track_id = track.id;
    let parameters =
        track.codec_params.as_ref().and_then(|parameters| parameters.audio()).ok_or(SoundError::Unknown)?;
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(|_| SoundError::Unknown)?;
    let (mut rate, mut interleaved) = (0, Vec::<f32>::new());
    while let Some(packet) = next_packet(format.as_mut())? {
        if packet.track_id != track_id {
            continue;
        }
        let buffer = match decoder.decode(&packet) {
            Ok(buffer) => buffer,
            // One bad packet in an MP3 is a click; the file goes on.
            Err(Symphonia::DecodeError(_)) => continue,
            Err(error) => return Err(damaged(&error)),
        };
        rate = buffer.spec().rate();
        let channels = buffer.spec().channels().count().max(1);
        buffer.copy_to_vec_interleaved(&mut interleaved);
        if take(&interleaved, channels, rate)? == Go::NoFurther {
            break;
        }
    }
    Ok(rate)
}

/// A file as its decoder finds it.
pub(super) fn open(path: &Path) -> Result<Box<dyn FormatReader>, SoundError> {
    let file = File::open(path).map_err(SoundError::Unreadable)?;
    let mut hint = Hint::new();
    if let Some(extension) = path.extension().and_then(|extension| extension.to_str()) {
        hint.with_extension(extension);
    }
    probe(Box::new(file), &hint)
}

fn probe(source: Box<dyn MediaSource>, hint: &Hint) -> Result<Box<dyn FormatReader>, SoundError> {
    let stream = MediaSourceStream::new(source, Default::default());
    let probed = symphonia::default::get_probe().probe(
        hint,
        stream,
        FormatOptions::default(),
        MetadataOptions::default(),
    );
    probed.map_err(|error| match error {
        Symphonia::IoError(_) | Symphonia::Unsupported(_) => SoundError::Unknown,
        error => damaged(&error),
    })
}

/// The next packet; `None` at the end. A file that breaks off in a packet is played up to there.
fn next_packet(format: &mut dyn FormatReader) -> Result<Option<symphonia::core::packet::Packet>, SoundError> {
    match format.next_packet() {
        Ok(packet) => Ok(packet),
        Err(Symphonia::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        Err(Symphonia::ResetRequired) => Ok(None),
        Err(error) => Err(damaged(&error)),
    }
}

pub(super) fn resample(samples: Vec<f32>, from_hz: u32, to_hz: u32) -> Result<Vec<f32>, SoundError> {
    const CHUNK: usize = 1_024;
    if from_hz == to_hz {
        return Ok(samples);
    }
    let told = |cause: String| SoundError::Damaged { cause };
    let mut resampler = Fft::<f32>::new(from_hz as usize, to_hz as usize, CHUNK, 1, FixedSync::Both)
        .map_err(|error| told(format!("a rate of {from_hz} Hz: {error}")))?;
    let input = InterleavedSlice::new(&samples, 1, samples.len()).map_err(|error| told(error.to_string()))?;
    let output =
        resampler.process_all(&input, samples.len(), None).map_err(|error| told(error.to_string()))?;
    Ok(output.take_data())
}

pub(super) fn to_sixteen_bits(sample: f32) -> i16 {
    // The cast saturates: what resampling lifts over full scale stays at full scale.
    (sample * 32_768.0).round() as i16
}

fn damaged(error: &Symphonia) -> SoundError {
    SoundError::Damaged { cause: error.to_string() }
}
