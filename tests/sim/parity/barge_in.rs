//! Barge-in in virtual time: how long the words go on from the arrival of a key's first packet, measured at the
//! packets that leave: to the end of the last one that holds something of them. Each of the three ways of a key comes at every millisecond of a tick.
//!
//! The words that the key ends are a tone of their own, all others another one. What is *not* here: the waits of the
//! network, of a phone's jitter buffer and of a loaded machine.

use super::super::flows::Flows;
use super::agent::Agent;
use super::scenario::Step;
use super::stage::Stage;
use careline::audio::g711::{self, Law};
use careline::audio::goertzel::power;
use careline::clock::Instant;
use std::f64::consts::TAU;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// The tone of the words that the key ends, and that of all others; the bed under waits has neither.
const WORDS_HZ: u32 = 800;
const OTHERS_HZ: u32 = 1_200;
/// The tone is in a packet from this power on: 30 dB under its own, which the soft bed under a wait never has there.
const PRESENT: f64 = 8_000.0 * 8_000.0 / 2.0 / 1_000.0;
/// When the key comes: in mid-word.
const KEY_AT: Duration = Duration::from_secs(3);
const PHASES_MS: u64 = 20;
const TICK: Duration = Duration::from_millis(20);

/// How a key comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// RFC 4733.
    Event,
    /// SIP INFO, `application/dtmf-relay`, where telephone-event was not agreed on.
    Info,
    /// Its two tones, where it was not either.
    InBand,
}

fn sines(hertz: [f64; 2], crest: f64, from: usize, samples: usize) -> impl Iterator<Item = i16> {
    let sine = move |n: usize, hertz: f64| crest * (TAU * hertz * n as f64 / 8_000.0).sin();
    (from..from + samples).map(move |n| (sine(n, hertz[0]) + sine(n, hertz[1])) as i16)
}

/// Sounds in which every prompt is a tone.
fn tones(folder: &Path) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    for language in ["en", "es"] {
        std::fs::create_dir_all(folder.join(language)).unwrap();
        let shipped = Path::new(super::ROOT).join("sounds").join(language);
        let files = std::fs::read_dir(shipped).unwrap().map(|entry| entry.unwrap().path());
        // Pieces of values lie in a folder of their own.
        for name in files
            .filter(|path| path.is_file())
            .filter_map(|path| path.file_name().map(|name| name.to_owned()))
        {
            let is_word = name == "u.emergency.wav";
            let (hertz, samples) = if is_word { (WORDS_HZ, 80_000) } else { (OTHERS_HZ, 4_000) };
            let mut file = hound::WavWriter::create(folder.join(language).join(name), spec).unwrap();
            sines([f64::from(hertz), 0.0], 8_000.0, 0, samples)
                .for_each(|sample| file.write_sample(sample).unwrap());
            file.finalize().unwrap();
        }
    }
}

const HEAD: &str = "Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch];rport\nFrom: <sip:p@x>;tag=them\n\
    Call-ID: [call_id]\nContact: <sip:p@[local_ip]:[local_port]>\nMax-Forwards: 70\n";

fn request(method: &str, cseq: u32, kind: &str, body: &str) -> Step {
    let (target, to) = match method {
        "INVITE" => ("sip:[service]@[remote_ip]:[remote_port]", "To: <sip:[service]@[remote_ip]>"),
        _ => ("[next_url]", "[last_To:]"),
    };
    Step::Send(format!(
        "{method} {target} SIP/2.0\n{HEAD}{to}\nCSeq: {cseq} {method}\n{kind}Content-Length: [len]\n\n{body}"
    ))
}

/// A call in which the key comes, and ten seconds more.
fn steps(way: Way, phase: Duration) -> Vec<Step> {
    // INFO counts where no events were agreed on.
    let events = if way == Way::Event { " 96\na=rtpmap:96 telephone-event/8000" } else { "" };
    let sdp = format!(
        "v=0\no=- 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [media_ip]\nt=0 0\nm=audio [auto_media_port] RTP/AVP 0{events}\n"
    );
    let ok = |is_route| Step::Receive { what: "200".to_owned(), optional: false, is_route };
    let mut steps = vec![
        request("INVITE", 1, "Content-Type: application/sdp\n", &sdp),
        ok(true),
        request("ACK", 1, "", ""),
        Step::Pause(KEY_AT + phase),
    ];
    if way == Way::Info {
        let kind = "Content-Type: application/dtmf-relay\n";
        steps.extend([request("INFO", 2, kind, "Signal=0\nDuration=100\n"), ok(false)]);
    }
    steps.extend([Step::Pause(Duration::from_secs(4)), request("BYE", 3, "", ""), ok(false)]);
    steps
}

fn packet(kind: u8, sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, kind];
    packet.extend(sequence.to_be_bytes());
    packet.extend(timestamp.to_be_bytes());
    packet.extend(7_u32.to_be_bytes());
    packet.extend(payload);
    packet
}

/// The phone speaks silence from the beginning, and the key 0 for 100 ms at `key_at`.
fn speak(stage: &mut Stage, way: Way, key_at: Instant) {
    let first = key_at.as_micros() % TICK.as_micros() as u64;
    let before = (key_at.as_micros() / TICK.as_micros() as u64) as u16;
    for n in 0..before + 5 {
        let at = Instant::from_millis(0) + Duration::from_micros(first) + TICK * u32::from(n);
        let (timestamp, pressed) = (u32::from(n) * 160, n.checked_sub(before));
        let octets = match (way, pressed) {
            (Way::Event, Some(tick)) => {
                let [high, low] = ((tick + 1) * 160).to_be_bytes();
                let end = if tick == 4 { 0x8a } else { 0x0a };
                let marker = if tick == 0 { 0x80 } else { 0 };
                packet(marker | 96, n, u32::from(before) * 160, &[0, end, high, low])
            }
            (Way::InBand, Some(tick)) => {
                let tones = sines([941.0, 1_336.0], 5_000.0, usize::from(tick) * 160, 160);
                packet(0, n, timestamp, &tones.map(|s| g711::encode(Law::Mu, s)).collect::<Vec<u8>>())
            }
            (Way::Info, _) | (_, None) => packet(0, n, timestamp, &[0xff; 160]),
        };
        // Before the call is answered nobody is there to take it.
        if at > Instant::from_millis(100) {
            stage.rtp(at, 0, octets);
        }
    }
}

/// From the arrival of the key to the end of the last packet that holds something of the words.
fn goes_on(flows: &Flows, sounds: &Path, way: Way, phase: Duration) -> Duration {
    let [engine, caller]: [SocketAddr; 2] =
        ["127.0.0.1:5060", "127.0.0.1:6000"].map(|address| address.parse().unwrap());
    let agent = Agent::new(caller, engine, steps(way, phase), "100", "");
    let mut stage = Stage::new(flows, sounds, engine, vec![agent]);
    let key_at = Instant::from_millis(0) + KEY_AT + phase;
    speak(&mut stage, way, key_at);
    stage.play(Duration::from_secs(30)).unwrap();
    let arrived = if way == Way::Info { stage.arrived[2] } else { key_at };
    let has_words = |payload: &[u8]| {
        let samples: Vec<i16> = payload.iter().map(|&octet| g711::decode(Law::Mu, octet)).collect();
        samples.chunks_exact(80).any(|piece| power(piece, WORDS_HZ) > PRESENT)
    };
    let spoken = stage.left.iter().filter(|left| has_words(&left.payload));
    let last = spoken.map(|left| left.at).max().expect("the words were heard");
    assert!(last < arrived + Duration::from_secs(2), "{way:?} at {phase:?}: the key ended nothing");
    (last + TICK).since(arrived)
}

#[test]
fn a_key_ends_the_words_within_60_ms_and_one_in_the_sound_within_120() {
    let folder = tempfile::tempdir().unwrap();
    tones(folder.path());
    let flows = Flows::shipped();
    let limits = [(Way::Event, 60), (Way::Info, 60), (Way::InBand, 120)];
    for (way, limit_ms) in limits {
        let phases = (0..PHASES_MS).map(Duration::from_millis);
        let mut times: Vec<Duration> =
            phases.map(|phase| goes_on(&flows, folder.path(), way, phase)).collect();
        times.sort();
        println!("{way:?}: from {:?} to {:?}", times[0], times[times.len() - 1]);
        let longest = times[times.len() - 1];
        assert!(longest <= Duration::from_millis(limit_ms), "{way:?}: the words go on for {times:?}");
    }
}
