//! A real softphone, baresip, calls the real program with its own sound; then the recording is opened.
//!
//! The left channel holds the phone's tone from the first second to the last, the right one our
//! prompts and none of the tone; `sox`, which knows nothing of us, reads the same. The length of the
//! file is that of the recorded spans in the call's record.

#[path = "engine/mod.rs"]
mod engine;
#[path = "sound/mod.rs"]
mod sound;

use careline::io::store::read;
use careline::report::event::Event;
use engine::{Engine, Notice, Wishes};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Long enough to hear all the first words, the notice behind them and half of the menu.
const CALL_S: u32 = 45;

/// Samples before the first of the phone's tone: the playout holds back 40 ms, and the first packet comes
/// within a tick.
const HELD_BACK: usize = 480;

/// Starts a baresip that calls at once over a transport and hangs up after [`CALL_S`].
fn baresip(home: &Path, engine: &Engine, source: &str, transport: &str) -> Child {
    fs::create_dir_all(home).expect("the test's own directory can be written");
    let write = |name: &str, text: &str| {
        fs::write(home.join(name), text).expect("the test's own directory can be written")
    };
    let rtp = engine::free_stretch(8);
    // baresip's own sine comes at 48 kHz in stereo only; it resamples.
    let is_sine = source.starts_with("ausine");
    write(
        "config",
        &format!(
            "sip_listen 127.0.0.1:{sip}\nmodule_path /usr/lib/baresip/modules\nmodule g711.so\nmodule ausine.so\n\
             module aufile.so\nmodule_app account.so\nmodule_app menu.so\naudio_source {source}\n\
             ausrc_srate {rate}\nauplay_srate 8000\nausrc_channels {channels}\nauplay_channels 1\nrtp_ports {rtp}-{last}\n",
            sip = engine::free_port().port(),
            rate = if is_sine { 48_000 } else { 8_000 },
            channels = if is_sine { 2 } else { 1 },
            last = rtp + 8,
        ),
    );
    write("accounts", "<sip:tester@127.0.0.1>;regint=0;audio_codecs=PCMU/8000/1\n");
    write("contacts", "");
    let log =
        |name: &str| fs::File::create(home.join(name)).expect("the test's own directory can be written");
    Command::new("baresip")
        .args([
            "-4",
            "-t",
            &CALL_S.to_string(),
            "-e",
            &format!("/dial sip:100@{};transport={transport}", engine.sip),
            "-f",
        ])
        .arg(home)
        .stdin(Stdio::null())
        .stdout(log("said"))
        .stderr(log("errors"))
        .spawn()
        .unwrap_or_else(|error| {
            panic!("baresip does not start ({error}); install it: apt-get install -y baresip-core")
        })
}

fn recordings(home: &Path) -> Vec<PathBuf> {
    let mut waiting = vec![home.join("recordings")];
    let mut found = Vec::new();
    while let Some(folder) = waiting.pop() {
        for path in
            fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path())
        {
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "wav") {
                found.push(path);
            }
        }
    }
    found
}

/// Milliseconds that the event log says were recorded, of each recording, in ascending order.
fn spans(store: &Path) -> Vec<u64> {
    let calls = read::calls(store, 100).unwrap_or_else(|error| panic!("{}: {error}", store.display()));
    let of_call = |line: &read::CallLine| {
        let entries =
            read::call(store, line.call).unwrap_or_else(|error| panic!("{}: {error}", store.display()));
        let frames =
            |event: &Event| if let Event::RecordingSpanEnded { frames, .. } = event { *frames } else { 0 };
        entries.iter().map(|entry| frames(&entry.event)).sum::<u64>() * 20
    };
    let mut spans: Vec<u64> = calls.iter().map(of_call).collect();
    spans.sort_unstable();
    spans
}

/// Milliseconds of sound in each file, in ascending order.
fn lengths(files: &[PathBuf]) -> Vec<u64> {
    let length = |file: &PathBuf| sound::read(file).map_or(0, |stereo| stereo.left.len() as u64 / 8);
    let mut lengths: Vec<u64> = files.iter().map(length).collect();
    lengths.sort_unstable();
    lengths
}

/// What sox says of one channel: its rough frequency in hertz and its length in seconds.
fn sox(file: &Path, channel: &str) -> (f64, f64) {
    let output = Command::new("sox").arg(file).args(["-n", "remix", channel, "stat"]).output();
    let output = output
        .unwrap_or_else(|error| panic!("sox does not start ({error}); install it: apt-get install -y sox"));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let figure = |name: &str| {
        let line = text
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap_or_else(|| panic!("no {name} in:\n{text}"));
        line.split_whitespace()
            .last()
            .and_then(|last| last.parse().ok())
            .unwrap_or_else(|| panic!("no figure in {line}"))
    };
    (figure("Rough"), figure("Length"))
}

/// The tone is on the left in every second, and our voice on the right.
fn both_channels_are_right(file: &Path, hertz: f64) {
    let stereo = sound::read(file).unwrap_or_else(|fault| panic!("{fault}"));
    let length = sound::seconds(&stereo.left);
    assert!(length > 5.0, "only {length:.2} s recorded of a call of {CALL_S} s");
    let all = sound::heard_in(&stereo.left[HELD_BACK..], hertz);
    assert!(all >= 0.95, "left: the {hertz} Hz tone is heard in only {:.0} % of {length:.2} s", all * 100.0);
    for (n, second) in stereo.left.chunks_exact(8_000).enumerate() {
        let heard = sound::heard_in(second, hertz);
        assert!(
            // A softphone on a busy machine sends late now and then; never for long.
            heard >= 0.8,
            "left, second {n}: the {hertz} Hz tone is heard in only {:.0} % of it",
            heard * 100.0
        );
    }
    let ours = sound::power(&stereo.right);
    assert!(ours > 1e-4, "right: no prompt is heard (power {ours:.6})");
    let echo = sound::share_of(&stereo.right, hertz);
    assert!(echo < 0.05, "right: {:.0} % of our side is the caller's tone", echo * 100.0);
    let (frequency, seconds) = sox(file, "1");
    assert!((frequency - hertz).abs() < hertz * 0.05, "sox hears {frequency} Hz on the left, not {hertz}");
    assert!((seconds - length).abs() < 0.001, "sox reads {seconds} s, we {length} s");
}

#[test]
fn a_softphone_is_recorded_with_its_own_sound_on_the_left_and_ours_on_the_right() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let wishes = Wishes { notice: Notice::InTheFirstWords, ..Wishes::default() };
    let engine = Engine::start(home.path(), &wishes);
    let file = home.path().join("voice.wav");
    sound::write_tone(&file, 440.0, 60.0);
    let from_file = format!("aufile,{}", file.display());
    let sources = [(440.0, from_file, "udp"), (1_000.0, "ausine,1000".to_owned(), "tcp")];
    let phones: Vec<(f64, PathBuf, Child)> = sources
        .into_iter()
        .map(|(hertz, source, transport)| {
            let place = home.path().join(format!("phone-{hertz}"));
            let phone = baresip(&place, &engine, &source, transport);
            (hertz, place, phone)
        })
        .collect();
    let mut logs = String::new();
    let mut tones = Vec::new();
    for (hertz, place, mut phone) in phones {
        let status = phone.wait().expect("it is our child");
        let said = fs::read_to_string(place.join("said")).unwrap_or_default();
        logs += &format!("== {hertz} Hz, {status}\n{said}\n");
        tones.push(hertz);
    }
    let figures = engine.status();
    assert!(figures["tcp_accepted"] >= 1, "the second phone did not come by TCP: {figures:#?}\n{logs}");
    let list = engine.ask(&["calls"]);
    let (status, said) = engine.stop();
    assert!(status.success(), "the engine ended with {status}:\n{said}\n{logs}");
    let files = recordings(home.path());
    assert_eq!(
        files.len(),
        tones.len(),
        "one recording a call\n{logs}\n{said}\n{}",
        String::from_utf8_lossy(&list.stdout)
    );
    let (told, heard) = (spans(&home.path().join("records.sqlite")), lengths(&files));
    let is_true =
        told.len() == heard.len() && told.iter().zip(&heard).all(|(told, heard)| told.abs_diff(*heard) <= 20);
    assert!(is_true, "the log tells of {told:?} ms recorded, the files hold {heard:?} ms\n{said}");
    for hertz in tones {
        let share = |file: &&PathBuf| {
            sound::read(file)
                .map_or(0.0, |stereo| sound::share_of(&stereo.left[..stereo.left.len().min(8_000)], hertz))
        };
        let own = files.iter().find(|file| share(file) > 0.5);
        let own = own.unwrap_or_else(|| panic!("no recording holds the tone of {hertz} Hz\n{logs}\n{said}"));
        both_channels_are_right(own, hertz);
    }
}
