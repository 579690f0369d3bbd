//! Real engines, and those that hang, flood, fail or print rubbish.

use super::engine::Address;
use super::*;
use crate::audio::goertzel::power;
use crate::audio::loudness;
use crate::flow::action::Pace;
use crate::io::prompts::clip_of;
use crate::limits::PROMPT_LOUDNESS_LUFS;
use crate::wire::codec::Codec;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

/// A patient's words: they must not be seen outside of the engine.
const WORDS: &str = "Doctor Maria Lee-Quimby";

async fn asked(voice: &mut Voice, text: &str) -> Option<Voiced> {
    let (call, language) = (CallId(7), Language::from("en"));
    voice.ask(Question { call, voicing: VoicingId(3), language, text: Phi::new(text.to_owned()) });
    // An engine's own bound is a second; the test's is for a machine that is busy with others.
    let answer = tokio::time::timeout(Duration::from_secs(60), voice.answer()).await.expect("an answer");
    assert_eq!((answer.call, answer.voicing), (CallId(7), VoicingId(3)));
    answer.sound
}

fn command(words: &[&str]) -> Engine {
    Engine::Command(words.iter().map(|word| (*word).to_owned()).collect())
}

fn shell(script: &str) -> Engine {
    command(&["sh", "-c", script])
}

async fn heard(engine: Engine) -> Option<Voiced> {
    asked(&mut Voice::start(engine).unwrap(), WORDS).await
}

/// A server of one answer on a port of its own.
fn server(answer: impl FnOnce(std::net::TcpStream, String) + Send + 'static) -> Engine {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/say/{{language}}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut question, mut some) = (Vec::new(), [0; 1_024]);
        while !String::from_utf8_lossy(&question).contains(WORDS) {
            let count = stream.read(&mut some).unwrap();
            question.extend_from_slice(&some[..count]);
        }
        answer(stream, String::from_utf8_lossy(&question).into_owned());
    });
    Engine::Http(Address::read(&address).unwrap())
}

/// A second of 440 Hz as a WAV file, behind half a second of silence.
fn wav(crest: f64) -> Vec<u8> {
    let mut octets = std::io::Cursor::new(Vec::new());
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 22_050,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::new(&mut octets, spec).unwrap();
    for n in 0..33_075 {
        let sample = crest * (f64::from(n) * 440.0 * std::f64::consts::TAU / 22_050.0).sin();
        writer.write_sample(if n < 11_025 { 0 } else { sample as i16 }).unwrap();
    }
    writer.finalize().unwrap();
    octets.into_inner()
}

#[tokio::test]
async fn espeak_ng_and_flite_speak_within_their_bound_as_loud_as_prompts() {
    for engine in [Engine::EspeakNg(BTreeMap::new()), Engine::Flite(BTreeMap::new())] {
        let name = engine.name();
        let there = std::process::Command::new(name).arg("--version").output();
        if there.is_err() {
            eprintln!("{name} is not installed here: not tried");
            continue;
        }
        // On a busy machine it may be late now and then.
        let mut sound = None;
        for _ in 0..5 {
            sound = sound.or(heard(engine.clone()).await);
        }
        let sound = sound.unwrap_or_else(|| panic!("{name} said nothing"));
        let (narrow, wide) = (sound.narrow.len(), sound.wide.len());
        assert!((6_000..40_000).contains(&narrow), "{name}: {narrow} samples");
        assert!(wide.abs_diff(2 * narrow) < 400, "{name}: {wide} wide for {narrow} narrow");
        let loud = loudness::measure(&sound.narrow, 8_000);
        let off = loud.lufs.map(|lufs| (lufs - PROMPT_LOUDNESS_LUFS).abs());
        println!("{name}: {narrow} samples, {loud:?}");
        assert!(off.is_some_and(|off| off < 6.0) && loud.peak_dbfs < -0.9, "{name}: {loud:?}");
    }
}

#[tokio::test]
async fn what_an_engine_gives_is_cut_levelled_and_made_for_every_codec() {
    let bench = tempfile::tempdir().unwrap();
    let path = bench.path().join("tone.wav");
    std::fs::write(&path, wav(1_000.0)).unwrap();
    let sound = heard(command(&["cat", path.to_str().unwrap()])).await.expect("a sound");
    assert!(sound.narrow.len().abs_diff(8_160) < 200, "{} samples: the silence is gone", sound.narrow.len());
    let loud = loudness::measure(&sound.narrow, 8_000).lufs.unwrap();
    assert!((loud - PROMPT_LOUDNESS_LUFS).abs() < 0.5, "{loud} LUFS");
    assert!(power(&sound.narrow, 440) > 100.0 * power(&sound.narrow, 700));
    for codec in Codec::ALL {
        let (normal, slow) = (clip_of(&sound, Pace::Normal, codec), clip_of(&sound, Pace::Slow, codec));
        let longer = slow.octets.len() as f64 / normal.octets.len() as f64;
        assert!((1.2..1.45).contains(&longer), "{codec:?}: slowly it takes {longer} times as long");
        let ms = normal.octets.len() / normal.codec.octets_per_ms();
        assert!(ms.abs_diff(1_020) < 30, "{codec:?}: {ms} ms");
    }
}

#[tokio::test]
async fn an_engine_that_fails_floods_or_prints_rubbish_costs_one_answer() {
    let long = "head -c 33000000 /dev/zero | tr '\\0' 'x'";
    for (why, engine) in [
        ("there is none", Engine::None),
        ("no such program", command(&["/no/such/voice"])),
        ("no words", command(&[])),
        ("nothing", shell("cat >/dev/null")),
        ("it does not read", shell("exit 0")),
        ("rubbish", shell("echo no sound at all")),
        ("the text itself", command(&["cat"])),
        ("zeros", shell("head -c 20000 /dev/zero")),
        ("a flood", shell(long)),
        ("a flood without end", command(&["yes"])),
        ("a fault", shell("exit 3")),
        ("a signal", shell("kill -9 $$")),
    ] {
        assert!(heard(engine).await.is_none(), "{why}");
    }
}

#[tokio::test]
async fn an_engine_that_hangs_is_ended_with_all_that_it_started() {
    let bench = tempfile::tempdir().unwrap();
    let pid = bench.path().join("pid");
    // Its own child waits for words that never come: it would outlive a shell that is killed alone.
    let never = bench.path().join("never");
    let script = format!("mkfifo {0}; cat {0} & echo $! > {1}; wait", never.display(), pid.display());
    let mut voice = Voice::start(shell(&script)).unwrap();
    assert!(asked(&mut voice, WORDS).await.is_none());
    let child = std::fs::read_to_string(&pid).unwrap();
    let stat = format!("/proc/{}/stat", child.trim());
    // Killed, and perhaps not yet reaped by whoever adopts it.
    let lives = || std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "));
    let gone = async {
        while lives() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("its child is gone too");
    assert_eq!(voice.counters().failed.load(Relaxed), 1);
}

#[tokio::test]
async fn an_http_engine_gets_the_text_in_the_body_and_gives_a_sound() {
    let engine = server(|mut stream, question| {
        assert!(question.starts_with("POST /say/en HTTP/1.1\r\n"), "{question}");
        assert!(question.ends_with(&format!("\r\n\r\n{WORDS}")), "{question}");
        let sound = wav(5_000.0);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", sound.len());
        stream.write_all(&[head.as_bytes(), &sound].concat()).unwrap();
    });
    assert!(heard(engine).await.is_some());
}

#[tokio::test]
async fn an_http_engine_that_floods_is_silent_or_answers_html_costs_one_answer() {
    let flood = server(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
        // Whoever hung up early has seen enough.
        while stream.write_all(&[0x55; 65_536]).is_ok() {}
    });
    let silent = server(|mut stream, _| {
        let _ = stream.read(&mut [0]);
    });
    let html = server(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n<!doctype html><html><body>login</body></html>");
    });
    let refused = server(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    });
    let nobody = Engine::Http(Address::read("http://127.0.0.1:1/").unwrap());
    for (why, engine) in
        [("a flood", flood), ("silence", silent), ("HTML", html), ("503", refused), ("nobody", nobody)]
    {
        assert!(heard(engine).await.is_none(), "{why}");
    }
}

#[tokio::test]
async fn what_was_said_before_is_not_asked_again_and_its_text_is_kept_nowhere() {
    let bench = tempfile::tempdir().unwrap();
    let (sound, runs) = (bench.path().join("tone.wav"), bench.path().join("runs"));
    std::fs::write(&sound, wav(1_000.0)).unwrap();
    let script = format!("echo run >> {}; cat {}", runs.display(), sound.display());
    let mut voice = Voice::start(shell(&script)).unwrap();
    for _ in 0..3 {
        assert!(asked(&mut voice, WORDS).await.is_some());
    }
    assert!(asked(&mut voice, "somebody else").await.is_some());
    assert_eq!(std::fs::read_to_string(&runs).unwrap().lines().count(), 2);
    assert_eq!(voice.counters().kept.load(Relaxed), 2);
    let text = Phi::new(WORDS.to_owned());
    let question = Question { call: CallId(1), voicing: VoicingId(1), language: Language::from("en"), text };
    assert!(!format!("{question:?}").contains("Maria"), "{question:?}");
}

#[tokio::test]
async fn more_questions_than_can_be_said_are_answered_with_nothing() {
    let mut voice = Voice::start(shell("tail -f /dev/null")).unwrap();
    let asked = 3 * VOICE_WAITING_MAX;
    for number in 0..asked {
        let text = Phi::new(format!("text {number}"));
        let language = Language::from("en");
        voice.ask(Question { call: CallId(1), voicing: VoicingId(number as u64), language, text });
    }
    let mut answered = std::collections::BTreeSet::new();
    let all = async {
        // What was refused while the queue of answers was full is counted, and the flow goes on by its own time.
        while answered.len() < VOICE_WAITING_MAX {
            let answer = voice.answer().await;
            assert!(answer.sound.is_none());
            answered.insert(answer.voicing);
        }
    };
    tokio::time::timeout(Duration::from_secs(60), all).await.expect("answers");
}
