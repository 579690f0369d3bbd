//! `careline hear FILE`: what is heard in a recording or a capture: the names of prompts, when, how loud, and the
//! keys; for testers and for scripts (`--json`).
//!
//! ```text
//!  sounds ─▶ known ─▶ listener ┐
//!  recording ─▶ channels ──────┼─▶ parts ─▶ report ─▶ table | JSON
//!  capture ─▶ streams ─────────┘
//! ```
//! It reads files only and asks no engine. Keys in a capture are a patient's: only who may see the capture has them.

mod known;
pub(super) mod listener;
mod report;
mod streams;

use crate::audio::fingerprint::RATE_HZ;
use crate::config::Config;
use crate::io::capture::{self, CaptureError};
use crate::io::prompts::channel_file;
use crate::io::prompts::sound_file::SoundError;
use crate::limits::HEARD_FILE_MAX;
use clap::ValueEnum;
use known::KnownError;
use listener::{Listener, Packets, Part, Sound};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;
use streams::{Kind, Kinds};
use thiserror::Error;

/// What is asked for.
#[derive(clap::Args, Debug)]
pub struct Wish {
    /// A recording (WAV, FLAC, MP3, OGG; one or two channels, any rate) or a capture (pcap, pcapng)
    file: PathBuf,
    /// The folder of prompts, as `sounds/LANGUAGE/NAME.wav`; without it that of the configuration
    #[arg(long, value_name = "DIR")]
    sounds: Option<PathBuf>,
    /// Which channel of a recording: with Careline's own the caller is left and the engine right
    #[arg(long, value_enum, default_value = "both")]
    channel: Side,
    /// Silences shorter than this are not told, in ms
    #[arg(long, value_name = "MS", default_value_t = 200)]
    gap: u64,
    /// What a payload type of a capture means, if no SDP in it says so: `--pt 96=L16/16000`
    #[arg(long = "pt", value_name = "NUMBER=NAME/HZ", value_parser = payload_type)]
    payload_types: Vec<(u8, Kind)>,
    /// Print one JSON object instead of the table
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Side {
    Left,
    Right,
    Both,
}

/// Why nothing can be told of a file.
#[derive(Debug, Error)]
enum HearError {
    #[error("{}: {source}", path.display())]
    Sound { path: PathBuf, source: SoundError },
    #[error("{}: {source}", path.display())]
    Capture { path: PathBuf, source: CaptureError },
    #[error("{} is not there or cannot be read: {cause}", path.display())]
    Unreadable { path: PathBuf, cause: std::io::Error },
    #[error(
        "{}: no RTP stream is in the {datagrams} UDP datagrams of this capture; was it taken at the ports of the sound? \
         `--pt 96=L16/16000` names a payload type that no SDP in it explains",
        path.display()
    )]
    NoStream { path: PathBuf, datagrams: usize },
    #[error("{}: it has one channel; leave `--channel right` out", path.display())]
    NoRight { path: PathBuf },
    #[error(transparent)]
    Known(#[from] KnownError),
}

/// Hears the file and prints what is in it: 0 whatever was heard, 1 if the file or the prompts cannot be read.
pub fn run(config: &Config, wish: &Wish) -> ExitCode {
    match hear(config, wish) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn hear(config: &Config, wish: &Wish) -> Result<String, HearError> {
    let sounds = sounds(wish)?;
    let listener = Listener::read(wish.sounds.as_deref().unwrap_or(&config.sounds), &config.flows)?;
    let parts = hear_all(&listener, sounds);
    let gap = Duration::from_millis(wish.gap);
    Ok(match wish.json {
        true => format!("{:#}\n", listener.json(&parts, gap)),
        false => listener.table(&parts, gap),
    })
}

/// Hears as many at once as there are processors: each holds the spectrum of all its sound.
fn hear_all(listener: &Listener, sounds: Vec<Sound>) -> Vec<Part> {
    let at_once = thread::available_parallelism().map_or(1, usize::from);
    let (mut parts, mut sounds) = (Vec::new(), sounds.into_iter().peekable());
    while sounds.peek().is_some() {
        let some: Vec<Sound> = sounds.by_ref().take(at_once).collect();
        let heard: Vec<Part> = thread::scope(|scope| {
            let hearing: Vec<_> =
                some.into_iter().map(|sound| scope.spawn(|| listener.hear(sound))).collect();
            hearing.into_iter().map(|one| one.join().expect("whoever hears does not panic")).collect()
        });
        parts.extend(heard);
    }
    parts
}

fn sounds(wish: &Wish) -> Result<Vec<Sound>, HearError> {
    let path = wish.file.clone();
    match capture::is_capture(&wish.file) {
        Ok(true) => of_capture(wish),
        Ok(false) => of_recording(&wish.file, wish.channel),
        Err(cause) => Err(HearError::Unreadable { path, cause }),
    }
}

fn of_recording(path: &Path, side: Side) -> Result<Vec<Sound>, HearError> {
    let mut channels = channel_file::read(path, RATE_HZ as u32, HEARD_FILE_MAX)
        .map_err(|source| HearError::Sound { path: path.to_owned(), source })?;
    if channels.is_cut {
        eprintln!("{}: only its first {} h are heard", path.display(), HEARD_FILE_MAX.as_secs() / 3_600);
    }
    let rate = channels.own_rate_hz;
    let titles = match channels.samples.len() {
        1 => vec!["one channel".to_owned()],
        2 => vec!["left channel".to_owned(), "right channel".to_owned()],
        more => (1..=more).map(|number| format!("channel {number}")).collect(),
    };
    if side == Side::Right && channels.samples.len() < 2 {
        return Err(HearError::NoRight { path: path.to_owned() });
    }
    let wanted = |number: usize| match side {
        Side::Left => number == 0,
        Side::Right => number == 1,
        Side::Both => true,
    };
    let sounds = channels.samples.drain(..).zip(titles).enumerate().filter(|(number, _)| wanted(*number));
    let sounds = sounds.map(|(_, (samples, title))| {
        let title = format!("{title}, {rate} Hz");
        Sound { title, samples, keys: Vec::new(), packets: None }
    });
    Ok(sounds.collect())
}

fn of_capture(wish: &Wish) -> Result<Vec<Sound>, HearError> {
    let path = wish.file.clone();
    let datagrams =
        capture::read(&wish.file).map_err(|source| HearError::Capture { path: path.clone(), source })?;
    let named: Kinds = wish.payload_types.iter().map(|(number, kind)| ((0, *number), *kind)).collect();
    let streams = streams::streams(&datagrams, &named);
    if streams.is_empty() {
        return Err(HearError::NoStream { path, datagrams: datagrams.len() });
    }
    let sounds = streams.into_iter().map(|stream| Sound {
        title: format!(
            "{} → {}, {}/{}, SSRC {:08x}",
            stream.from,
            stream.to,
            stream.codec.encoding_name(),
            stream.codec.clock_hz(),
            stream.ssrc
        ),
        packets: Some(Packets { begins: stream.begins, here: stream.packets, lost: stream.lost }),
        samples: stream.samples,
        keys: stream.keys,
    });
    Ok(sounds.collect())
}

fn payload_type(text: &str) -> Result<(u8, Kind), String> {
    let parts = text.split_once('=').and_then(|(number, rest)| Some((number, rest.split_once('/')?)));
    let (number, (name, clock)) = parts.ok_or("write it as 96=L16/16000")?;
    let number: u8 = number.parse().ok().filter(|number| *number < 128).ok_or("the number is 0 to 127")?;
    let clock_hz = clock.parse().map_err(|_| "the clock is a number, as 8000")?;
    let kind = streams::kind_named(name, clock_hz)
        .ok_or("PCMU/8000, PCMA/8000, G722/8000, L16/8000, L16/16000 and telephone-event/8000 are known")?;
    Ok((number, kind))
}
