//! An interpreter by telephone, in real sound: the vendor's line is called, its menu gets PIN and key as events (RFC 4733),
//! and then three talk.
//!
//! ```text
//!  patient ◀──▶ engine ◀──▶ desk
//!                 └──PIN, key──▶ vendor        nobody hears him, he hears nobody; then all hear all
//! ```
//! The PIN is looked for in everything that the engine prints and writes, and in the recording as tones.

#[path = "engine/mod.rs"]
mod engine;
#[path = "phone/mod.rs"]
mod phone;
#[path = "sound/mod.rs"]
mod sound;

use engine::{Engine, Notice, ROOT, Wishes, eventually};
use phone::Phone;
use phone::called::Called;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

/// Far from each other, from the prompts of 300 Hz and from the tones of keys.
const PATIENT_HZ: f64 = 430.0;
const DESK_HZ: f64 = 570.0;
const VENDOR_HZ: f64 = 1_900.0;
const PIN: &str = "8403917265";
const KEY: &str = "74#";
const PIN_FILE: &str = "lingua.pin";
const ALL: &str = "p:dv d:pv v:pd";

/// An engine, its front desk, and a vendor with two lines: one with a menu for Vietnamese, one without for Spanish.
struct Stage {
    home: tempfile::TempDir,
    engine: Engine,
    desk: Called,
    vendor: Called,
}

impl Stage {
    fn set() -> Self {
        Self::with(|_home, _desk| {})
    }

    /// The same with flows that this has changed; it is told where the desk is.
    fn with(change: impl Fn(&Path, &str)) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let sounds = home.path().join("sounds");
        sound::short_prompts(Path::new(ROOT), &sounds);
        let wishes = Wishes { sounds, notice: Notice::InTheFirstWords, ..Wishes::default() };
        let (sip, desk) = engine::furnish(home.path(), &wishes);
        change(home.path(), &desk.to_string());
        let vendor = engine::free_port();
        let secret = home.path().join(PIN_FILE);
        fs::write(&secret, format!("{PIN}\n")).expect("the test's own directory can be written");
        fs::set_permissions(&secret, Permissions::from_mode(0o600)).expect("it is ours");
        let file = home.path().join("careline.yaml");
        let config = fs::read_to_string(&file).expect("it was written");
        let vendors = format!(
            "interpreters:\n  - {{name: lingua, call: \"sip:line@{vendor}\", languages: [vi], pin_file: {}, \
             keys: {{vi: \"{KEY}\"}}, recorded: with_the_call}}\n  \
             - {{name: parlo, call: \"sip:parlo@{vendor}\", languages: [es], recorded: with_the_call}}\n",
            secret.display()
        );
        fs::write(&file, config + &vendors).expect("the test's own directory can be written");
        let (desk_phone, vendor) = (Called::start(desk, DESK_HZ), Called::start(vendor, VENDOR_HZ));
        Self { engine: Engine::start_again(home.path(), sip, desk), home, desk: desk_phone, vendor }
    }

    /// A patient who is recorded and has pressed that key, and his call.
    fn calls(&self, key: u8) -> (Phone, String) {
        let before = self.engine.calls().len();
        let opened = self.engine.status()["recorder_opened"];
        let patient =
            Phone::call(self.engine.sip, "100", PATIENT_HZ).unwrap_or_else(|fault| panic!("{fault}"));
        self.engine.wait_for("a recording", |figures| figures["recorder_opened"] == opened + 1);
        patient.press(key);
        let listed = || Some(self.engine.calls()).filter(|calls| calls.len() > before);
        let calls = eventually(listed, || "the call to be listed".to_owned());
        (patient, calls[0].0.clone())
    }

    /// A patient who talks with the desk, and his call.
    fn talking(&self) -> (Phone, String) {
        let (patient, call) = self.calls(0);
        self.told(&call, "talking with a person");
        (patient, call)
    }

    /// Waits until the record of a call has this.
    fn told(&self, call: &str, what: &str) {
        let record = || Some(self.engine.told(&["calls", call])).filter(|record| record.contains(what));
        eventually(record, || {
            format!("`{what}` in\n{}\n{}", self.engine.told(&["calls", call]), self.engine.said())
        });
    }

    /// Begins `careline interpreter`, which waits until he is in.
    fn ask_for_interpreter(&self, call: &str, language: &str) -> Child {
        let mut command = engine::careline(self.home.path(), &["interpreter", call, language]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program can be run")
    }

    /// Waits until those hear each other so: `d:pv` is that the desk hears patient and vendor.
    fn hear(&self, patient: &Phone, expected: &str) {
        let mut heard = String::new();
        // What was said before the last change is still on its way; and a phone may begin late.
        for _ in 0..5 {
            heard = self.heard_now(patient);
            if heard == expected {
                return;
            }
        }
        panic!("they hear {heard}, not {expected}\n{}", self.engine.said());
    }

    /// Who hears whom in the next second.
    fn heard_now(&self, patient: &Phone) -> String {
        let ears: [(char, &dyn Fn() -> Vec<f64>); 3] =
            [('p', &|| patient.sound()), ('d', &|| self.desk.sound()), ('v', &|| self.vendor.sound())];
        let begun = ears.map(|(_, ear)| ear().len());
        patient.listen(50);
        let voices = [('p', PATIENT_HZ), ('d', DESK_HZ), ('v', VENDOR_HZ)];
        let of = |((who, ear), begun): ((char, &dyn Fn() -> Vec<f64>), usize)| {
            let sound = ear();
            let is_heard = |(_, hertz): &(char, f64)| sound::heard_in(&sound[begun..], *hertz) > 0.7;
            let whom: String = voices.iter().filter(|voice| is_heard(voice)).map(|(whom, _)| whom).collect();
            (!whom.is_empty()).then(|| format!("{who}:{whom}"))
        };
        ears.into_iter().zip(begun).filter_map(of).collect::<Vec<_>>().join(" ")
    }

    /// Waits until nothing is left of so many calls.
    fn is_clean_after(&self, calls: u64) {
        let figures = self.engine.wait_for("the end of the calls and of their files", |figures| {
            (figures["calls_ended"], figures["recorder_closed"], figures["ports_in_use"]) == (calls, calls, 0)
        });
        assert_eq!([figures["flow_faults"], figures["interpreters_missing"]], [0, 0], "{figures:#?}");
        let hung_up = || (!self.desk.is_in_call() && !self.vendor.is_in_call()).then_some(());
        eventually(hung_up, || "BYE for the desk and the vendor".to_owned());
    }

    fn stop(self) -> (tempfile::TempDir, String) {
        let (status, said) = self.engine.stop();
        assert!(status.success(), "the engine ended with {status}:\n{said}");
        (self.home, said)
    }
}

/// Every file under a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("it is there").filter_map(Result::ok).map(|entry| entry.path());
    let (folders, mut found): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    // The control socket is none.
    found.retain(|path| path.is_file());
    found.extend(folders.iter().flat_map(|folder| files(folder)));
    found
}

/// The ways in which these keys may stand somewhere: as text, as lists, and as numbers.
fn forms(keys: &str) -> Vec<Vec<u8>> {
    let digits: Vec<String> = keys.chars().map(String::from).collect();
    let texts = ["", " ", ",", ", ", "-"].map(|between| digits.join(between).into_bytes());
    let debug = keys.chars().map(|digit| format!("Digit({digit})")).collect::<Vec<_>>().join(", ");
    let raw = keys.bytes().map(|digit| digit - b'0').collect();
    texts.into_iter().chain([debug.into_bytes(), raw]).collect()
}

fn holds(octets: &[u8], part: &[u8]) -> bool {
    octets.windows(part.len()).any(|window| window == part)
}

/// What no file and no text may hold.
fn holds_the_pin(octets: &[u8]) -> bool {
    forms(PIN).iter().any(|form| holds(octets, form))
}

/// The samples of a key that is heard.
fn key_tones(row: f64, column: f64) -> Vec<f64> {
    let at = |n: u32, hertz: f64| {
        (std::f64::consts::TAU * hertz * f64::from(n) / f64::from(sound::RATE)).sin() * 0.15
    };
    (0..800).map(|n| at(n, row) + at(n, column)).collect()
}

#[test]
fn the_vendor_gets_pin_and_key_as_events_nobody_else_learns_them_and_then_all_hear_all() {
    // RFC 4733 §2.5.1
    let stage = Stage::set();
    let traced = stage.engine.told(&["trace", "+16175550142", "--for", "10m"]);
    let (patient, call) = stage.talking();
    stage.hear(&patient, "p:d d:p");
    let asked_at = patient.sound().len();
    let asking = stage.ask_for_interpreter(&call, "vi");
    let has_pin = || (stage.vendor.keys() == PIN).then_some(());
    eventually(has_pin, || format!("the PIN; he got {}\n{}", stage.vendor.keys(), stage.engine.said()));
    // His menu is for no ears, and it hears nobody.
    let (of_patient, of_vendor) = (patient.sound(), stage.vendor.sound());
    assert!(sound::heard_in(&of_patient[asked_at..], DESK_HZ) > 0.7, "the talk goes on meanwhile");
    assert!(sound::heard_in(&of_patient[asked_at..], VENDOR_HZ) < 0.01, "the patient hears the menu");
    for hertz in [PATIENT_HZ, DESK_HZ] {
        assert!(sound::heard_in(&of_vendor, hertz) < 0.01, "the menu hears the talk");
    }
    let answer = asking.wait_with_output().expect("it is our child");
    let said = String::from_utf8_lossy(&answer.stdout).into_owned();
    assert!(answer.status.success() && said.contains("all hear each other"), "{said}");
    assert_eq!(stage.vendor.keys(), format!("{PIN}{KEY}"), "in this order, and nothing else");
    stage.hear(&patient, ALL);
    assert_eq!((stage.desk.keys().as_str(), patient.heard().keys), ("", 0), "they are pressed for him alone");
    stage.vendor.hang_up();
    stage.told(&call, "who was called into the talk has left it");
    stage.hear(&patient, "p:d d:p");
    for ear in [patient.sound(), stage.desk.sound(), stage.vendor.sound()] {
        assert!(!sound::has_key_tones(&ear[ear.len().saturating_sub(160_000)..]), "keys are no sound");
    }
    let since = patient.sound().len() - asked_at;
    patient.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}"));
    stage.is_clean_after(1);

    let svg = stage.home.path().join("call.svg");
    let mut told = vec![answer.stdout, answer.stderr, traced.into_bytes()];
    for words in
        [&["calls"] as &[&str], &["calls", &call], &["calls", "show", &call], &["status"], &["trace"]]
    {
        told.push(stage.engine.told(words).into_bytes());
        if words[0] == "calls" {
            told.push(stage.engine.told(&[words, &["--numbers"]].concat()).into_bytes());
        }
    }
    stage.engine.told(&["calls", "show", &call, "--numbers", "--svg", &svg.display().to_string()]);
    let record = stage.engine.told(&["calls", &call]);
    for line in ["PIN sent", "the key of the language sent", "lingua (sip:line@"] {
        assert!(record.contains(line), "{line}:\n{record}");
    }
    let (home, said) = stage.stop();
    told.push(said.into_bytes());
    for text in &told {
        assert!(!holds_the_pin(text), "{}", String::from_utf8_lossy(text));
    }
    let all = files(home.path());
    let written = |name: &str, holds_it: &[u8]| {
        let is_it = |path: &&PathBuf| {
            path.to_string_lossy().contains(name)
                && fs::read(path).is_ok_and(|octets| holds(&octets, holds_it))
        };
        assert!(all.iter().any(|path| is_it(&path)), "{name} tells of the vendor: {all:?}");
    };
    written("records.sqlite", b"lingua");
    written("/traces/", b"INVITE sip:line@");
    written("call.svg", b"PIN sent");
    written(PIN_FILE, PIN.as_bytes());
    for path in all.iter().filter(|path| !path.ends_with(PIN_FILE)) {
        let octets = fs::read(path).expect("it is ours");
        assert!(!holds_the_pin(&octets), "{} holds the PIN", path.display());
    }

    let file = engine::recordings(home.path()).pop().expect("one recording is closed");
    let stereo = sound::read(&file).unwrap_or_else(|fault| panic!("{fault}"));
    for (side, voices) in [(&stereo.left, &[PATIENT_HZ] as &[f64]), (&stereo.right, &[DESK_HZ, VENDOR_HZ])] {
        let side = &side[side.len().saturating_sub(since)..];
        for hertz in voices {
            let heard = sound::heard_in(side, *hertz);
            assert!(heard > 0.05, "{hertz} Hz is recorded in {heard} of it");
        }
        assert!(!sound::has_key_tones(side), "the recording holds a key");
    }
    assert!(sound::has_key_tones(&key_tones(770.0, 1_336.0)), "or this ear is deaf");
}

#[test]
fn whoever_hangs_up_first_and_next_those_who_stay_hear_each_other_and_all_ends_clean() {
    let stage = Stage::set();
    let orders: [&[(char, &str)]; 5] = [
        &[],
        &[('v', "p:d d:p")],
        &[('v', "p:d d:p"), ('d', "")],
        &[('d', "p:v v:p")],
        // Nobody is left with the patient: his flow leads him on.
        &[('d', "p:v v:p"), ('v', "")],
    ];
    for (order, ended) in orders.into_iter().zip(1..) {
        println!("{order:?}, then the patient");
        let (patient, call) = stage.talking();
        let answer = stage.ask_for_interpreter(&call, "es").wait_with_output().expect("it is our child");
        assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
        assert_eq!(stage.vendor.keys(), "", "this line has no menu");
        stage.hear(&patient, ALL);
        for (who, heard) in order {
            match who {
                'd' => stage.desk.hang_up(),
                _ => stage.vendor.hang_up(),
            }
            stage.hear(&patient, heard);
        }
        patient.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}"));
        stage.is_clean_after(ended);
        stage.told(&call, " s  ended: ");
        let record = stage.engine.told(&["calls", &call]);
        assert_eq!(record.matches(" s  ended: ").count(), 1, "{record}");
    }
    stage.stop();
}

#[test]
fn a_step_that_wants_an_interpreter_lets_all_three_talk_once_the_menu_is_through() {
    let stage = Stage::with(|home, desk| {
        let step = format!(
            "visits: {{transfer: \"sip:nurse@{desk}\", before: u.agent, interpreter: vi, exit: visits, \
             next: {{failed: person}}}}"
        );
        engine::edit(home, "main_menu.yaml", "visits: {person: u.agent, exit: visits}", &step);
    });
    let (patient, call) = stage.calls(1);
    let is_through = || (stage.vendor.keys() == format!("{PIN}{KEY}")).then_some(());
    eventually(is_through, || format!("the keys; he got {}\n{}", stage.vendor.keys(), stage.engine.said()));
    stage.told(&call, "a third party joins the talk");
    stage.hear(&patient, ALL);
    let with_each_other =
        sound::heard_in(&stage.desk.sound(), PATIENT_HZ) - sound::heard_in(&stage.desk.sound(), VENDOR_HZ);
    assert!(with_each_other.abs() < 0.1, "the nurse hears the patient only with his interpreter");
    patient.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}"));
    stage.is_clean_after(1);
    stage.stop();
}
