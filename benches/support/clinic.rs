//! The clinics that the benches call: flows, sounds and a configuration in a directory of their own.
//!
//! ```text
//!  first packet                                     8.0 s    8.8 s             10.8 s
//!  ├ emergency 0.2 ┬ notice 0.2 ┬ person 0.2 ┬ menu 7.4 ┤ silence ├ goodbye 2.0 ┤ BYE
//!                                                       └ key 1 ──┘
//! ```
//! Without recording no notice is given, and the menu is longer by as much.
//! The first words are as short as the rules of flows allow, so that a recording, which begins after
//! the notice, covers nearly all of the call. Sounds are tones, never silence, so that the generator
//! can tell how long each prompt was heard.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// When the caller presses the key, after the first packet.
pub const KEY_AFTER: Duration = Duration::from_millis(8_800);
/// How long the words before the key sound.
pub const FIRST_PROMPT: Duration = Duration::from_millis(8_000);
/// How long the words after the key sound.
pub const SECOND_PROMPT: Duration = Duration::from_millis(2_000);
/// The length of a call by the script.
pub const SCRIPT: Duration = Duration::from_millis(10_800);

/// Whether the engine records the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recording {
    /// From the end of the notice on.
    On,
    /// Never.
    Off,
}

const CLINIC: &str = r#"clinic: The bench
languages: [en]
locale: us
entry: entry
default: bench
tries: 2
recording: RECORDING
person:
  - {call: "sip:nobody@127.0.0.1:9", ring: 5 s}
  - {message: vm.record_now, saved: vm.saved, promise: 1 working day}
exits:
  done: Heard all of it
"#;

const ENTRY: &str = "flow: entry
title: The first words
owner: bench
start: emergency
steps:
  emergency: {say: u.emergency, languages: all, next: notice}
  notice: {recording: notice, prompt: u.recording, next: zero}
  zero: {say: u.person, next: called_number}
";

const BENCH: &str = "flow: bench
title: One menu and a farewell
owner: bench
start: choose
steps:
  choose:
    menu: bench.menu
    keys: {1: bye}
  bye: {say: bench.bye, end: done}
";

/// The prompt that gives the notice.
const NOTICE: &str = "u.recording";
/// The prompt that takes up what the first words leave of [`FIRST_PROMPT`].
const MENU: &str = "bench.menu";

/// The flow of a caller who is joined with a person after the first words.
const TRANSFER: &str = "flow: bench
title: A person at once
owner: bench
start: connect
steps:
  connect: {transfer: \"sip:agent@AGENTS\", before: u.one_moment, next: {failed: bye}}
  bye: {say: bench.bye, end: done}
";

/// Each prompt: its text, and how many milliseconds of tone stand for it.
const PROMPTS: &[(&str, &str, u32)] = &[
    ("u.emergency", "If this is a medical emergency, hang up now and call 9 1 1.", 200),
    (NOTICE, "We record this call. To go on without a recording, press 7.", 200),
    ("u.person", "For a person, press 0 at any time.", 200),
    (MENU, "To go on, press 1.", 7_400),
    ("bench.bye", "Thank you for calling.", 2_000),
    ("u.one_moment", "One moment, please.", 500),
    ("u.more_time", "Take your time.", 500),
    ("u.noinput1", "I did not hear you.", 500),
    ("u.noinput2", "I still did not hear you.", 500),
    ("u.nomatch", "I did not get that.", 500),
    ("u.agent", "I will get a person.", 500),
    ("u.nurse", "I will get a nurse.", 500),
    ("u.not_reached", "No one can come to the phone.", 500),
    ("u.sysfail", "I am having trouble.", 500),
    ("u.not_recorded", "We will not record this call.", 500),
    ("u.goodbye", "Goodbye.", 500),
    ("cr.stay", "I am with you.", 500),
    ("cr.fallback", "I am still with you. You can also call 9 8 8.", 500),
    ("vm.record_now", "Please leave a message.", 500),
    ("vm.saved", "Your message is saved.", 500),
];

/// Where the engine's ports for sound begin: under those that the system gives to whoever asks for any.
const FIRST_PORT: u64 = 10_000;
/// A pair for the call, one for the call before it, which rests, and half of one to spare.
const PORTS_PER_CALL: u64 = 5;
/// The shipped rest of a port, in seconds.
const REST_S: u64 = 10;
/// A rest that leaves room for many short calls: on loopback no packet is later than this.
const SHORT_REST_S: u64 = 3;
/// Ports that the open files of a usual process are enough for.
const PORTS_MAX: u64 = 16_000;

/// What the engine has room for.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    calls: u64,
    ports: u64,
    rest_s: u64,
}

impl Room {
    /// Room for so many calls at once, which take turns as the script says.
    pub fn for_calls(calls: u64) -> Self {
        Self { calls, ports: (calls * PORTS_PER_CALL).max(SHIPPED_PORTS), rest_s: REST_S }
    }

    /// Room for so many short calls a second, up to `calls` of them at once.
    pub fn for_rate(rate: u64, calls: u64) -> Self {
        let pairs = rate * SHORT_REST_S + calls;
        Self { calls, ports: (pairs * 2).clamp(SHIPPED_PORTS, PORTS_MAX), rest_s: SHORT_REST_S }
    }
}

/// Writes all files into `directory`; the engine will listen on `sip` and has that room.
pub fn write(directory: &Path, sip: SocketAddr, recording: Recording, room: Room) -> io::Result<()> {
    write_flows(directory, recording, BENCH)?;
    std::fs::write(directory.join("careline.yaml"), configuration(sip, room))
}

/// The same, but each caller is joined with a person who answers at `agents`, and `more` stands in the configuration.
pub fn write_talks(
    directory: &Path,
    sip: SocketAddr,
    recording: Recording,
    room: Room,
    agents: SocketAddr,
    more: &str,
) -> io::Result<()> {
    write_flows(directory, recording, &TRANSFER.replace("AGENTS", &agents.to_string()))?;
    std::fs::write(directory.join("careline.yaml"), configuration(sip, room) + more)
}

fn write_flows(directory: &Path, recording: Recording, bench: &str) -> io::Result<()> {
    let flows = directory.join("flows");
    let sounds = directory.join("sounds").join("en");
    std::fs::create_dir_all(&flows)?;
    std::fs::create_dir_all(&sounds)?;
    let notice_ms =
        PROMPTS.iter().find(|(name, ..)| *name == NOTICE).map_or(0, |(_, _, length_ms)| *length_ms);
    let (recording, longer_ms) = match recording {
        Recording::On => ("on", 0),
        Recording::Off => ("off", notice_ms),
    };
    std::fs::write(flows.join("clinic.yaml"), CLINIC.replace("RECORDING", recording))?;
    std::fs::write(flows.join("entry.yaml"), ENTRY)?;
    std::fs::write(flows.join("bench.yaml"), bench)?;
    let texts =
        PROMPTS.iter().map(|(name, text, _)| format!("{name}:\n  en: \"{text}\"\n")).collect::<String>();
    std::fs::write(flows.join("prompts.yaml"), texts)?;
    for (name, _, length_ms) in PROMPTS {
        let length_ms = if *name == MENU { length_ms + longer_ms } else { *length_ms };
        tone(&sounds.join(format!("{name}.wav")), length_ms).map_err(io::Error::other)?;
    }
    Ok(())
}

/// 440 Hz at a moderate level, in the sampling rate of the telephone.
fn tone(path: &Path, length_ms: u32) -> hound::Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(path, spec)?;
    for sample in 0..length_ms * 8 {
        let phase = f64::from(sample) * 440.0 / 8_000.0 * std::f64::consts::TAU;
        wav.write_sample((phase.sin() * 8_000.0) as i16)?;
    }
    wav.finalize()
}

/// The file of the call records, in the clinic's directory.
pub const STORE: &str = "careline.db";
/// As many ports as the shipped configuration has.
const SHIPPED_PORTS: u64 = 10_000;

/// Ports for the calls at once, and for those that rest after a call.
fn configuration(sip: SocketAddr, room: Room) -> String {
    let last_port = FIRST_PORT + room.ports - 1;
    let (max, rest_s) = (room.calls + room.calls / 10, room.rest_s);
    format!(
        "sip:\n  listen: {sip}\nmedia:\n  address: {}\n  first_port: {FIRST_PORT}\n  last_port: {last_port}\n  port_rest_s: {rest_s}\n\
         calls:\n  max: {max}\nflows: flows\nsounds: sounds\nrecordings:\n  directory: recordings\n\
         store: {STORE}\ncontrol: control.sock\nlog: warn\n",
        sip.ip()
    )
}
