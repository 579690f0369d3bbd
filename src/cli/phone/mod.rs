//! `careline phone`: a small telephone for testers. It makes one call, or takes one, goes through a script, and
//! tells what it heard.
//!
//! ```text
//!  arguments, script ─▶ director ─▶ call ─▶ SIP machine ─▶ sockets
//!                           ▲         └───▶ media ─▶ keys, line ─▶ sockets
//!                           └── ears ◀────────┘
//!                                └─▶ recogniser: the names of prompts, if they are asked for
//! ```
//! It is made of the engine's own parts, so that a fault in them may be in both: SIPp and baresip are the
//! witnesses that are not.

mod call;
mod director;
mod ears;
mod facts;
mod keys;
mod line;
mod media;
mod no_events;
mod recogniser;
mod script;
mod sound;
mod summary;

use super::calls::{picture, text};
use super::hear::listener::Listener;
use crate::clock::Instant;
use crate::config::Config;
use crate::flow::diagnostic::{Paint, did_you_mean};
use crate::io::now::Clock;
use crate::io::prompts::sound_file;
use crate::io::sip_port::{Listen, SipPort};
use crate::rng::Rng;
use crate::sip::connections;
use crate::sip::interface::{InfoKeys, Network, Settings as SipSettings};
use crate::sip::stack::Stack;
use crate::sip::way::Transport;
use crate::wire::codec::Codec;
use crate::wire::sip::uri::Uri;
use call::Phone;
use director::{Curfew, Director, Step};
use ears::Ears;
use facts::{Callee, Events, KeysBy, RtpEvents, Settings};
use line::{Badness, Line as BadLine};
use media::Media;
use recogniser::Recogniser;
use script::{Act, Line, Wait};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use summary::Summary;
use tokio::signal::unix::{SignalKind, signal};

/// Exit code when nothing could be tried.
const SETUP: u8 = 2;
/// How long the far end may take to acknowledge that the call is over.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long an answer may take when there is no script.
const ANSWER: Duration = Duration::from_secs(60);
/// Silences that are shorter are not told.
const GAP: Duration = Duration::from_millis(200);
/// The pause before each of `--keys`.
const KEY_PAUSE: Duration = Duration::from_secs(1);
/// Ports that are tried, over UDP and TCP.
const PORT_TRIES: usize = 100;

/// The arguments of `careline phone`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  careline phone sip:100@127.0.0.1:5060 --keys \"1 5\" --for 20s --record heard.wav --ladder
  careline phone sip:100@127.0.0.1:5060 --script menu.script --loss 20 --seed 7
  careline phone --answer --listen 127.0.0.1:5070 --for 10s

Exit code: 0 the call or script came through; 1 it did not, and why is told; 2 nothing could be tried.
The acts of a script are in docs/tester-guide/phone.md.")]
pub struct Arguments {
    /// Whom to call, such as sip:100@127.0.0.1:5060; needed unless --answer
    #[arg(required_unless_present = "answer")]
    target: Option<String>,
    /// Who calls: the part before the @ is the number that the engine sees
    #[arg(long, value_name = "URI", default_value = "sip:phone@localhost")]
    from: String,
    /// A sound file that is said once the call is answered
    #[arg(long, value_name = "FILE", conflicts_with = "script")]
    say: Option<PathBuf>,
    /// Keys that are pressed after the answer, a second before each: "5 2 #"
    #[arg(long, value_name = "KEYS", conflicts_with = "script")]
    keys: Option<String>,
    /// The codec: pcmu, pcma, g722, l16 or l16-16; given several times, they are offered in that order
    #[arg(long, value_name = "CODEC", default_value = "pcmu")]
    codec: Vec<String>,
    /// The sound in a packet, in ms: 10 to 60
    #[arg(long, value_name = "MS", default_value_t = 20, value_parser = clap::value_parser!(u16).range(10..=60))]
    ptime: u16,
    /// How keys are sent
    #[arg(long, value_enum, default_value = "rfc4733")]
    keys_by: KeysBy,
    /// Leave telephone-event out of the SDP, as gateways do that know keys in the sound alone
    #[arg(long)]
    no_rtp_events: bool,
    /// Tell at the end which prompts were heard, as `careline hear` does
    #[arg(long)]
    hear: bool,
    /// The folder of prompts that are known by `--hear` and the `heard` of scripts, as DIR/LANGUAGE/NAME.wav
    #[arg(long, value_name = "DIR", default_value = "sounds")]
    sounds: PathBuf,
    /// Write both directions into this WAV file: what is heard on the left, what is said on the right
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Hang up so long after the answer: 30s, 1m
    #[arg(long = "for", value_name = "LENGTH", default_value = "30s", conflicts_with = "script")]
    lasts: String,
    /// Do what stands in this file, one act a line
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Draw the SIP messages at the end
    #[arg(long)]
    ladder: bool,
    /// Print the summary as JSON, and nothing else
    #[arg(long)]
    json: bool,
    /// Do not print what happens while it happens
    #[arg(long)]
    no_events: bool,
    /// Call over TCP
    #[arg(long)]
    tcp: bool,
    /// Wait for one call and answer it
    #[arg(long)]
    answer: bool,
    /// Where the phone itself is called, such as 127.0.0.1:5070; without it any free port
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// The phone's own line is bad: so many percent of its packets are lost
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    loss: u8,
    /// So many percent of its packets arrive twice
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    duplicate: u8,
    /// Each of its packets is held back by chance up to this, and may be overtaken
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=1_000))]
    jitter: u16,
    /// The seed of all that chance: the same seed, the same line
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Makes the call and tells what came of it.
pub fn run(arguments: &Arguments, paint: Paint) -> ExitCode {
    let lines = match lines(arguments, paint) {
        Ok(lines) => lines,
        Err(faults) => return setup_fault(&faults),
    };
    let recogniser = match recogniser(arguments, &lines) {
        Ok(recogniser) => recogniser,
        Err(fault) => return setup_fault(&fault),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return setup_fault(&format!("no runtime: {error}")),
    };
    let curfew = match (&arguments.script, script::length(&arguments.lasts)) {
        (Some(_), _) => Curfew::Script,
        (None, Some(lasts)) => Curfew::After(lasts),
        (None, None) => return setup_fault(&format!("`{}` is no time: write it as 30s", arguments.lasts)),
    };
    runtime.block_on(async {
        match phone(arguments, recogniser) {
            Ok(phone) => perform(arguments, phone, Director::new(lines, curfew), paint).await,
            Err(fault) => setup_fault(&fault),
        }
    })
}

fn setup_fault(fault: &str) -> ExitCode {
    eprintln!("{fault}");
    ExitCode::from(SETUP)
}

/// The script of the file, or what the command line asks for.
fn lines(arguments: &Arguments, paint: Paint) -> Result<Vec<Line>, String> {
    let lines = match &arguments.script {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| format!("the script {} cannot be read: {error}", path.display()))?;
            script::read(&path.display().to_string(), &text).map_err(|faults| {
                faults
                    .iter()
                    .map(|fault| fault.render(paint) + "\n")
                    .collect::<String>()
                    .trim_end()
                    .to_owned()
            })?
        }
        None => simple(arguments)?,
    };
    for line in &lines {
        if let Act::Play(file) = &line.act {
            sound_file::read(file, Codec::Pcmu.sample_rate_hz())
                .map_err(|error| format!("{}: {error}", file.display()))?;
        }
    }
    Ok(lines)
}

fn simple(arguments: &Arguments) -> Result<Vec<Line>, String> {
    let keys = script::keys(arguments.keys.as_deref().unwrap_or_default())
        .map_err(|sign| format!("`{sign}` is no key: keys are 0 to 9, *, # and A to D"))?;
    let mut acts = if arguments.answer { Vec::new() } else { vec![Act::Dial] };
    // A phone that is called waits for its caller as long as it takes.
    let patience = if arguments.answer { Duration::MAX } else { ANSWER };
    acts.push(Act::Wait(Wait::Answer(patience)));
    acts.extend(arguments.say.clone().map(Act::Play));
    for key in keys {
        acts.extend([Act::Wait(Wait::Time(KEY_PAUSE)), Act::Keys(vec![key])]);
    }
    Ok(acts.into_iter().map(|act| Line { number: 0, text: String::new(), act }).collect())
}

/// Who names prompts, if any are asked for: reading them takes a moment, so it is done before anything is dialled.
fn recogniser(arguments: &Arguments, lines: &[Line]) -> Result<Option<Recogniser>, String> {
    let asked: Vec<(&Line, &str)> = lines
        .iter()
        .filter_map(|line| match &line.act {
            Act::Wait(Wait::Heard { prompt, .. }) | Act::ExpectHeard(prompt) => Some((line, prompt.as_str())),
            _ => None,
        })
        .collect();
    if asked.is_empty() && !arguments.hear {
        return Ok(None);
    }
    let listener = Listener::read(&arguments.sounds, &Config::default().flows);
    let listener = listener.map_err(|error| error.to_string())?;
    let known: Vec<&str> = listener.names().collect();
    if let Some((line, name)) = asked.iter().find(|(_, name)| !known.contains(name)) {
        let (number, text, folder) = (line.number, &line.text, arguments.sounds.display());
        let repair = did_you_mean(name, &known);
        return Err(format!("line {number}: `{text}`: no prompt of {folder} is named `{name}`; {repair}"));
    }
    Ok(Some(Recogniser::new(listener)))
}

/// The phone at its sockets. Must be called inside a tokio runtime.
fn phone(arguments: &Arguments, recogniser: Option<Recogniser>) -> Result<Phone, String> {
    let target = arguments.target.as_deref().map(|target| aimed(target, arguments)).transpose()?;
    let from = Uri::read(arguments.from.as_bytes())
        .map_err(|error| format!("`{}` is no SIP address: {error}", arguments.from))?;
    let from_user = from.user_unescaped().unwrap_or_default();
    let from_user = String::from_utf8_lossy(&from_user).into_owned();
    let codecs = arguments.codec.iter().map(|name| codec(name)).collect::<Result<Vec<_>, _>>()?;
    let is_six = target.as_ref().is_some_and(|target| target.contains('['));
    let any: IpAddr = if is_six { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
    let address = match arguments.listen {
        Some(address) if address.port() != 0 => address,
        Some(address) => free(address.ip())?,
        None => free(any)?,
    };
    let listen = Transport::ALL.map(|transport| Listen { transport, address });
    let everywhere = vec![
        Network { base: Ipv4Addr::UNSPECIFIED.into(), prefix: 0 },
        Network { base: Ipv6Addr::UNSPECIFIED.into(), prefix: 0 },
    ];
    let sip = SipPort::open(&listen, connections::Settings { all: 16, listen_to: everywhere.clone() })
        .map_err(|taken| format!("{} cannot be listened at: {}", taken.listen.address, taken.cause))?;
    let clock = Clock::start();
    let mut chance = Rng::seeded(clock.wall().as_micros().cast_unsigned() ^ u64::from(std::process::id()));
    let stack = Stack::new(
        SipSettings {
            t1: Duration::from_millis(500),
            target_patience: crate::limits::SIP_TARGET_PATIENCE_DEFAULT,
            external_address: None,
            product: format!("Careline phone/{}", env!("CARGO_PKG_VERSION")),
            listen_to: everywhere.clone(),
            trusted: everywhere,
            requests_a_second: 1_000,
            help: Default::default(),
            session_expires_s: 0,
            info_keys: InfoKeys::Told,
            drop_agents: Vec::new(),
        },
        Rng::seeded(chance.next_u64()),
    );
    let mut ears = match &arguments.record {
        Some(path) => Ears::recording_into(path)
            .map_err(|error| format!("{} cannot be written: {error}", path.display()))?,
        None => Ears::default(),
    };
    ears.recogniser = recogniser;
    let badness =
        Badness { loss: arguments.loss, duplicate: arguments.duplicate, jitter_ms: arguments.jitter };
    let line = BadLine::new(badness, arguments.seed);
    let media = Media::open(address.ip(), ears, line, chance)
        .map_err(|error| format!("no pair of ports for sound: {error}"))?;
    let settings = Settings {
        target,
        from_user,
        codecs,
        ptime_ms: arguments.ptime,
        keys_by: arguments.keys_by,
        rtp_events: if arguments.no_rtp_events { RtpEvents::LeftOut } else { RtpEvents::Named },
        callee: if arguments.answer { Callee::Answers } else { Callee::IsBusy },
        events: if arguments.json || arguments.no_events { Events::Kept } else { Events::Printed },
    };
    Ok(Phone::new(clock, settings, stack, sip, media))
}

/// The target, with the transport that was asked for.
fn aimed(target: &str, arguments: &Arguments) -> Result<String, String> {
    Uri::read(target.as_bytes()).map_err(|error| {
        format!("`{target}` is no SIP address: {error}; write it as sip:100@127.0.0.1:5060")
    })?;
    Ok(if arguments.tcp { format!("{target};transport=tcp") } else { target.to_owned() })
}

fn codec(name: &str) -> Result<Codec, String> {
    let known = sound::CODECS.iter().find(|(known, _)| *known == name).map(|(_, codec)| *codec);
    known.ok_or_else(|| {
        let all: Vec<&str> = sound::CODECS.iter().map(|(name, _)| *name).collect();
        format!("`{name}` is no codec of the phone: {}", all.join(", "))
    })
}

/// A port that is free over UDP and TCP.
fn free(ip: IpAddr) -> Result<SocketAddr, String> {
    let free = |_try: usize| {
        let address = UdpSocket::bind((ip, 0)).ok()?.local_addr().ok()?;
        TcpListener::bind(address).ok().map(|_| address)
    };
    (0..PORT_TRIES).find_map(free).ok_or_else(|| format!("no port of {ip} is free"))
}

/// Goes through the script, says farewell, and tells what came of it.
async fn perform(arguments: &Arguments, mut phone: Phone, mut director: Director, paint: Paint) -> ExitCode {
    let Ok(mut interrupt) = signal(SignalKind::interrupt()) else {
        return setup_fault("the system lets no signal be caught");
    };
    let mut failed = None;
    let mut leaves: Option<Instant> = None;
    loop {
        let now = phone.clock.now();
        phone.pump(now);
        match leaves {
            None => match director.step(now, &mut phone) {
                Step::On => {}
                Step::Through => leaves = Some(now + FAREWELL),
                Step::Failed(why) => (failed, leaves) = (Some(why), Some(now + FAREWELL)),
            },
            Some(at) => {
                phone.hang_up(now);
                if at <= now || phone.is_at_rest() {
                    break;
                }
            }
        }
        tokio::select! {
            biased;
            _ = interrupt.recv() => (failed, leaves) = (Some("interrupted".to_owned()), Some(now + FAREWELL)),
            waited = phone.wait(now) => if let Err(error) = waited {
                return setup_fault(&format!("the sockets are lost: {error}"));
            },
        }
    }
    let now = phone.clock.now();
    phone.media.close(now);
    phone.pump(now);
    if let Err(error) = phone.media.ears.finish() {
        failed = failed.or_else(|| Some(format!("the recording could not be written: {error}")));
    }
    print!("{}", told(arguments, &phone, failed.as_deref(), paint));
    ExitCode::from(u8::from(failed.is_some()))
}

/// Everything that is printed at the end.
fn told(arguments: &Arguments, phone: &Phone, failed: Option<&str>, paint: Paint) -> String {
    let summary = Summary::of(phone);
    let whole = phone.media.ears.recogniser.as_ref().filter(|_| arguments.hear).map(Recogniser::whole);
    if arguments.json {
        let mut json = summary.json(failed);
        if let Some((listener, part)) = whole {
            json["hear"] = listener.json(&[part], GAP);
        }
        return format!("{json}\n");
    }
    let mut told = String::new();
    if arguments.ladder {
        let patient = (!arguments.answer).then_some(call::LEG);
        let title = vec!["SIP of this call, the phone's side".to_owned()];
        let picture = picture::of_ladder(title, &phone.ladder, phone.noted.clone(), patient);
        told += &format!("{}\n", text::draw(&picture, paint));
    }
    if let Some((listener, part)) = whole {
        told += &format!("{}\n", listener.table(&[part], GAP));
    }
    told += &summary.text();
    if let Some(why) = failed {
        told += &format!("failed          {why}\n");
    }
    told
}
