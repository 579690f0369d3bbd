//! A real softphone, baresip, calls the real program with its own sound; then the recording is opened.
//!
//! The left channel holds the phone's tone from the first second to the last, the right one our
//! prompts and none of the tone; `sox`, which knows nothing of us, reads the same. The length of the
//! file is that of the recorded spans in the call's record.
//!
//! Another one is the front desk and is called by TCP: the patient hears its tone, and what it heard itself, which
//! it keeps in a file, is the patient's. So it is where the person speaks another codec than the patient, and the keys
//! of each reach the other. And it puts the patient on hold: he hears our bed, and nothing that the desk's phone sends.
//!
//! Five that call at once, each in its own codec, are heard by us and hear us: `careline hear` names the prompts in
//! what each phone kept.

#[path = "engine/mod.rs"]
mod engine;
#[path = "baresip/guests.rs"]
mod guests;
#[path = "phone/mod.rs"]
mod phone;
#[path = "softphone/mod.rs"]
mod softphone;
#[path = "sound/mod.rs"]
mod sound;

use careline::io::store::read;
use careline::report::event::Event;
use engine::{Engine, Notice, ROOT, Wishes};
use phone::Phone;
use softphone::{CONTROL, PCMU, Spoken, furnish, run, said, tone_file};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

const PCMA: Spoken = Spoken { account: "PCMA/8000/1", rate: 8_000, word: "PCMA" };
const G722: Spoken = Spoken { account: "G722/16000/1", rate: 16_000, word: "G722" };
const L16_NARROW: Spoken = Spoken { account: "L16/8000/1", rate: 8_000, word: "L16/8000" };
const L16_WIDE: Spoken = Spoken { account: "L16/16000/1", rate: 16_000, word: "L16/16000" };

/// Long enough to hear all the first words, the notice behind them and half of the menu.
const CALL_S: u32 = 45;

/// Samples before the first of the phone's tone: the jitter buffer holds back 40 ms, and the first packet comes
/// within a tick.
const HELD_BACK: usize = 480;

/// Starts a baresip that calls at once over a transport and hangs up after [`CALL_S`].
fn baresip(home: &Path, engine: &Engine, source: &str, transport: &str) -> Child {
    furnish(home, engine::free_port(), source, PCMU, "<sip:tester@127.0.0.1>;regint=0");
    call(home, engine, transport, CALL_S)
}

/// Lets a furnished one call at once and hang up after so long.
fn call(home: &Path, engine: &Engine, transport: &str, seconds: u32) -> Child {
    let dial = format!("/dial sip:100@{};transport={transport}", engine.sip);
    run(home, &["-t", &seconds.to_string(), "-e", &dial])
}

/// Starts a baresip that answers for the front desk at once, and waits until it can be reached by TCP. What it
/// sends and what it hears is kept in its home, each in a file.
fn front_desk(home: &Path, at: SocketAddr, source: &str, spoken: Spoken) -> Child {
    furnish(home, at, source, spoken, "<sip:front-desk@127.0.0.1>;regint=0;answermode=auto");
    let desk = run(home, &[]);
    let listens = || TcpStream::connect(at).ok();
    engine::eventually(listens, || format!("baresip at {at}; it said:\n{}", said(home)));
    desk
}

/// A connection by which a baresip takes commands and tells what happens to it, as netstrings of JSON.
struct Control(TcpStream, String);

impl Control {
    fn of(home: &Path) -> Self {
        let at = fs::read_to_string(home.join(CONTROL)).expect("it was furnished");
        let stream = engine::eventually(|| TcpStream::connect(&at).ok(), || format!("baresip at {at}"));
        stream.set_nonblocking(true).expect("a socket can be told not to wait");
        Self(stream, String::new())
    }

    fn press(&mut self, key: u8) {
        self.does(&format!(r#"{{"command":"sndcode","params":"{key}"}}"#));
    }

    fn does(&mut self, command: &str) {
        write!(self.0, "{}:{command},", command.len()).expect("baresip takes a command");
    }

    /// It told of this key and no other: a telephone-event that it received (RFC 4733).
    fn tells_of_one_key(&mut self, key: u8) {
        let told = self.told();
        let param = format!(r#""param":"{key}""#);
        let keys: Vec<&str> =
            told.split("{\"event\"").filter(|event| event.contains("CALL_DTMF_START")).collect();
        assert!(keys.len() == 1 && keys[0].contains(&param), "not {key} alone: {keys:#?}");
    }

    /// Everything that it told so far.
    fn told(&mut self) -> &str {
        let mut octets = [0; 4_096];
        while let Ok(length @ 1..) = self.0.read(&mut octets) {
            self.1 += &String::from_utf8_lossy(&octets[..length]);
        }
        &self.1
    }
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
        logs += &format!("== {hertz} Hz, {status}\n{}\n", said(&place));
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

/// What the patient and the person of [`a_softphone_that_is_called_by_tcp_hears_the_patient_and_is_heard`] sound like.
const PATIENT_HZ: f64 = 440.0;
const PERSON_HZ: f64 = 1_000.0;
/// How long a key may take from one to the other.
const KEY_WITHIN: Duration = Duration::from_secs(5);
/// Long enough for the short first words, the keys and five seconds of talk.
const PATIENT_STAYS_S: u32 = 15;
/// 20 ms packets that the patient hears from the person: five seconds.
const TALK: u64 = 250;

/// The samples of a file of one channel, at 8 kHz.
fn one_channel(file: &Path) -> Vec<f64> {
    let stereo = file.with_extension("stereo.wav");
    let made =
        Command::new("sox").arg(file).args(["-b", "16", "-r", "8000", "-c", "2"]).arg(&stereo).status();
    let made = made
        .unwrap_or_else(|error| panic!("sox does not start ({error}); install it: apt-get install -y sox"));
    assert!(made.success(), "sox cannot read {}: {made}", file.display());
    sound::read(&stereo).unwrap_or_else(|fault| panic!("{fault}")).left
}

/// The last seconds of the talk, without its very end, hold this tone and not the other.
fn holds_one_tone(what: &str, samples: &[f64], hertz: f64, other: f64) {
    let seconds: Vec<&[f64]> = samples.rchunks_exact(8_000).skip(1).take(3).collect();
    assert_eq!(seconds.len(), 3, "{what}: only {:.2} s of sound", sound::seconds(samples));
    for (n, second) in seconds.into_iter().enumerate() {
        let heard = sound::heard_in(second, hertz);
        assert!(
            // A softphone on a busy machine sends late now and then; never for long.
            heard >= 0.8,
            "{what}, second {} from its end: {hertz} Hz is heard in only {:.0} %",
            n + 2,
            heard * 100.0
        );
        let echo = sound::share_of(second, other);
        assert!(echo < 0.05, "{what}: {:.0} % of it is the tone of {other} Hz", echo * 100.0);
    }
}

/// What a baresip kept of what it heard.
fn kept(home: &Path) -> PathBuf {
    let entries = fs::read_dir(home).expect("it was written").filter_map(Result::ok);
    let kept = entries.map(|entry| entry.path()).find(|path| path.to_string_lossy().ends_with("-dec.wav"));
    kept.unwrap_or_else(|| panic!("baresip kept nothing that it heard; it said:\n{}", said(home)))
}

/// The prompts that `careline hear` names in each channel of a file.
fn prompts_in(engine: &Engine, sounds: &Path, file: &Path) -> Vec<Vec<String>> {
    let (file, sounds) = (file.to_string_lossy(), sounds.to_string_lossy());
    let told = engine.told(&["hear", &file, "--json", "--sounds", &sounds]);
    sound::named(&told)
}

/// Phones that call at once, each with a codec and a tone of its own.
const CALLERS: [(Spoken, f64); 5] =
    [(PCMU, 440.0), (PCMA, 620.0), (G722, 810.0), (L16_NARROW, 1_010.0), (L16_WIDE, 1_230.0)];
/// Long enough to hear the line of emergencies in both languages, short other words, and half of the menu.
const CALLERS_STAY_S: u32 = 18;

/// The prompts that are to be known again, and some that could be taken for them; the others are short.
const KNOWN: [&str; 9] = [
    "en/u.emergency.wav",
    "es/u.emergency.wav",
    "en/mm.menu.wav",
    "en/cr.danger.wav",
    "es/cr.danger.wav",
    "en/oi.menu.wav",
    "es/oi.menu.wav",
    "en/u.nurse.wav",
    "es/u.nurse.wav",
];

/// The record of the call that a recording belongs to.
fn record_of(engine: &Engine, file: &Path) -> String {
    let records = engine.calls().into_iter().map(|(id, _)| engine.told(&["calls", &id]));
    let name = file.to_string_lossy();
    let record = records.into_iter().find(|record| record.contains(&*name));
    record.unwrap_or_else(|| panic!("no record names {name}"))
}

#[test]
fn a_softphone_in_each_codec_is_heard_and_hears_our_prompts() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let sounds = home.path().join("sounds");
    sound::short_prompts_but(Path::new(ROOT), &sounds, &KNOWN);
    let wishes = Wishes { sounds: sounds.clone(), notice: Notice::InTheFirstWords, ..Wishes::default() };
    let engine = Engine::start(home.path(), &wishes);
    let place = |spoken: Spoken| home.path().join(spoken.word.replace('/', "-"));
    let begin = |(spoken, hertz): (Spoken, f64)| {
        let place = place(spoken);
        let source = tone_file(&place, hertz, spoken.rate);
        furnish(&place, engine::free_port(), &source, spoken, "<sip:tester@127.0.0.1>;regint=0");
        call(&place, &engine, "udp", CALLERS_STAY_S)
    };
    for mut phone in CALLERS.map(begin) {
        phone.wait().expect("it is our child");
    }
    engine.wait_for("the end of the calls and of their files", |figures| {
        (figures["calls_ended"], figures["recorder_closed"]) == (5, 5)
    });
    let files = engine::recordings(home.path());
    for (spoken, hertz) in CALLERS {
        let (what, place) = (spoken.word, place(spoken));
        let heard = kept(&place);
        let names = prompts_in(&engine, &sounds, &heard);
        println!("{what} at {hertz} Hz heard {names:?}");
        assert_eq!(names, [["u.emergency en", "u.emergency es", "mm.menu en"]], "{what}: {}", said(&place));
        let echo = sound::share_of(&one_channel(&heard), hertz);
        assert!(echo < 0.05, "{what}: {:.0} % of what it heard is its own tone", echo * 100.0);
        let is_own = |file: &&PathBuf| {
            sound::read(file).is_ok_and(|stereo| sound::share_of(&stereo.left, hertz) > 0.5)
        };
        let own = files.iter().find(is_own).unwrap_or_else(|| panic!("{what}: its tone is nowhere"));
        both_channels_are_right(own, hertz);
        assert_eq!(prompts_in(&engine, &sounds, own)[1], ["mm.menu en"], "{what}: our side of the recording");
        let record = record_of(&engine, own);
        assert!(record.contains(&format!("answered in {what}\n")), "{what} is not in\n{record}");
    }
    let (status, said) = engine.stop();
    assert!(status.success(), "the engine ended with {status}:\n{said}");
}

#[test]
fn a_softphone_that_is_called_by_tcp_hears_the_patient_and_is_heard() {
    patient_and_person_hear_each_other(PCMU);
}

#[test]
fn a_patient_in_g_711_and_a_person_in_g_722_hear_each_other_and_each_others_keys() {
    patient_and_person_hear_each_other(G722);
}

/// We offer no L16 ourselves; who calls may.
#[test]
fn a_patient_in_l16_and_a_person_in_g_722_hear_each_other_and_each_others_keys() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let sounds = home.path().join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    let wishes = Wishes { sounds, notice: Notice::InTheFirstWords, ..Wishes::default() };
    let engine = Engine::start(home.path(), &wishes);
    let [at_desk, at_home] = ["desk", "home"].map(|name| home.path().join(name));
    let mut desk = front_desk(&at_desk, engine.desk, &tone_file(&at_desk, PERSON_HZ, G722.rate), G722);
    let source = tone_file(&at_home, PATIENT_HZ, L16_WIDE.rate);
    furnish(&at_home, engine::free_port(), &source, L16_WIDE, "<sip:tester@127.0.0.1>;regint=0");
    let mut patient = call(&at_home, &engine, "udp", PATIENT_STAYS_S);
    let (mut by_patient, mut by_person) = (Control::of(&at_home), Control::of(&at_desk));
    engine.wait_for("a recording", |figures| figures["recorder_opened"] == 1);
    by_patient.press(0);
    engine.wait_for("the front desk to answer", |figures| figures["bridged"] == 1);
    by_patient.press(7);
    by_person.press(3);
    patient.wait().expect("it is our child");
    engine.wait_for("the end of the call and of its files", |figures| {
        (figures["calls_ended"], figures["recorder_closed"]) == (1, 1)
    });
    let over = || said(&at_desk).contains("terminated").then_some(());
    engine::eventually(over, || format!("baresip to hear of the end; it said:\n{}", said(&at_desk)));
    by_person.tells_of_one_key(7);
    by_patient.tells_of_one_key(3);
    desk.kill().expect("it runs until it is told to stop");
    desk.wait().expect("it is our child");
    let file = engine::recordings(home.path()).pop().expect("one recording is closed");
    let stereo = sound::read(&file).unwrap_or_else(|fault| panic!("{fault}"));
    holds_one_tone("the patient in the recording", &stereo.left, PATIENT_HZ, PERSON_HZ);
    holds_one_tone("the person in the recording", &stereo.right, PERSON_HZ, PATIENT_HZ);
    holds_one_tone("what the person heard", &one_channel(&kept(&at_desk)), PATIENT_HZ, PERSON_HZ);
    holds_one_tone("what the patient heard", &one_channel(&kept(&at_home)), PERSON_HZ, PATIENT_HZ);
    let record = record_of(&engine, &file);
    assert!(record.contains("answered in L16/16000\n"), "not in L16/16000:\n{record}");
}

/// The patient speaks PCMU, the person this.
fn patient_and_person_hear_each_other(spoken: Spoken) {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let sounds = home.path().join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    let desk_hop = |desk: SocketAddr| format!("{desk};transport=tcp");
    let wishes = Wishes { sounds, desk_hop, notice: Notice::InTheFirstWords, ..Wishes::default() };
    let engine = Engine::start(home.path(), &wishes);
    let place = home.path().join("desk");
    let mut desk = front_desk(&place, engine.desk, &tone_file(&place, PERSON_HZ, spoken.rate), spoken);
    let mut control = Control::of(&place);
    let phone = Phone::call(engine.sip, "100", PATIENT_HZ).unwrap_or_else(|fault| panic!("{fault}"));
    engine.wait_for("a recording", |figures| figures["recorder_opened"] == 1);
    phone.press(0);
    let before = engine.wait_for("the front desk to answer", |figures| figures["bridged"] == 1);
    phone.press(7);
    control.press(3);
    phone.wait_until(KEY_WITHIN, "the person's key", |heard| heard.keys == 1);
    phone.listen(TALK);
    let heard = phone.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}"));
    let figures = engine.wait_for("the end of the call and of its files", |figures| {
        (figures["calls_ended"], figures["recorder_closed"]) == (1, 1)
    });
    let over = || said(&place).contains("terminated").then_some(());
    engine::eventually(over, || format!("baresip to hear of the end; it said:\n{}", said(&place)));
    control.tells_of_one_key(7);
    desk.kill().expect("it runs until it is told to stop");
    desk.wait().expect("it is our child");
    assert_eq!(
        (before["tcp_opened"], figures["persons_not_reached"]),
        (1, 0),
        "{figures:#?}\n{}",
        said(&place)
    );
    assert_eq!((heard.missing, heard.out_of_order), (0, 0), "{heard:?}");
    let file = engine::recordings(home.path()).pop().expect("one recording is closed");
    let stereo = sound::read(&file).unwrap_or_else(|fault| panic!("{fault}"));
    holds_one_tone("the patient in the recording", &stereo.left, PATIENT_HZ, PERSON_HZ);
    holds_one_tone("what the patient heard", &stereo.right, PERSON_HZ, PATIENT_HZ);
    holds_one_tone("what the person heard", &one_channel(&kept(&place)), PATIENT_HZ, PERSON_HZ);
}

/// 20 ms packets before, in and after the hold of the desk.
const BEFORE_HOLD: u64 = 100;
const IN_HOLD: u64 = 250;
const AFTER_HOLD: u64 = 100;
/// The first note of the bed.
const BED_HZ: f64 = 392.0;
/// What a clinic has in its place.
const MUSIC_HZ: f64 = 330.0;

/// Half seconds of a side of a recording: `p` the person's tone, `b` the bed, `.` neither.
fn halves(side: &[f64], bed_hz: f64) -> String {
    let of_half = |half: &[f64]| {
        let is_heard = |hertz| sound::share_of(half, hertz) > 0.3 && sound::power(half) > 1e-6;
        match (is_heard(PERSON_HZ), is_heard(bed_hz)) {
            (true, _) => 'p',
            (false, true) => 'b',
            (false, false) => '.',
        }
    };
    side.chunks_exact(4_000).map(of_half).collect()
}

#[test]
fn a_desk_that_puts_the_patient_on_hold_leaves_him_with_our_bed_until_it_takes_him_back() {
    let ours = held_by_the_desk(|_| {}, BED_HZ);
    assert!(
        ours.matches('b').count() >= 2 && !ours.contains("........."),
        "the bed, again and again: {ours}"
    );
}

#[test]
fn a_clinic_with_music_of_its_own_has_that_under_the_hold() {
    let with_music = |sounds: &Path| sound::write_tone_at(16_000, &sounds.join("wait.wav"), MUSIC_HZ, 60.0);
    let ours = held_by_the_desk(with_music, MUSIC_HZ);
    assert!(ours.matches('b').count() >= 8, "it goes on: {ours}");
}

/// What the patient hears by half seconds while the desk holds, when these sounds were prepared.
fn held_by_the_desk(prepare: impl Fn(&Path), bed_hz: f64) -> String {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let sounds = home.path().join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    prepare(&sounds);
    let wishes = Wishes { sounds, notice: Notice::InTheFirstWords, ..Wishes::default() };
    let engine = Engine::start(home.path(), &wishes);
    let place = home.path().join("desk");
    let mut desk = front_desk(&place, engine.desk, &tone_file(&place, PERSON_HZ, PCMU.rate), PCMU);
    let mut control = Control::of(&place);
    let phone = Phone::call(engine.sip, "100", PATIENT_HZ).unwrap_or_else(|fault| panic!("{fault}"));
    engine.wait_for("a recording", |figures| figures["recorder_opened"] == 1);
    phone.press(0);
    engine.wait_for("the front desk to answer", |figures| figures["bridged"] == 1);
    phone.listen(BEFORE_HOLD);
    control.does(r#"{"command":"hold"}"#);
    engine.wait_for("the hold", |figures| figures["patients_held"] == 1);
    phone.listen(IN_HOLD);
    control.does(r#"{"command":"resume"}"#);
    let (call, _) = engine.calls().pop().expect("a call");
    let back = || engine.told(&["calls", &call]).contains("the person's hold is over").then_some(());
    engine::eventually(back, || format!("the resume; baresip said:\n{}", said(&place)));
    phone.listen(AFTER_HOLD);
    let heard = phone.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}"));
    engine.wait_for("the end of the call and of its files", |figures| {
        (figures["calls_ended"], figures["recorder_closed"]) == (1, 1)
    });
    desk.kill().expect("it runs until it is told to stop");
    desk.wait().expect("it is our child");
    assert_eq!((heard.missing, heard.out_of_order), (0, 0), "one unbroken stream: {heard:?}");
    let file = engine::recordings(home.path()).pop().expect("one recording is closed");
    let stereo = sound::read(&file).unwrap_or_else(|fault| panic!("{fault}"));
    let ours = halves(&stereo.right, bed_hz);
    let (first, last) = (ours.find('p'), ours.rfind('p'));
    let talk = first.zip(last).map(|(first, last)| &ours[first..=last]).unwrap_or_default();
    let hold = talk.trim_matches('p');
    println!("half seconds of our side: {ours}");
    assert!(hold.len() >= 9 && !hold.contains('p'), "nothing of the desk's in the hold: {ours}");
    assert!(hold.starts_with('b') || hold.starts_with(".b"), "the bed within a second: {ours}");
    assert!(talk.starts_with("ppp") && talk.ends_with("ppp"), "before it and after it they talk: {ours}");
    let record = record_of(&engine, &file);
    assert!(record.contains("on hold by the person once, for "), "{record}");
    hold.to_owned()
}
