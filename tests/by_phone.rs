//! The rehearsals of the shipped flows (`ivr-flows/NAME.test.yaml`) once more, by telephone: the same keys over real
//! SIP and RTP against the real program, in real time, many at once. `careline hear` names what each caller heard, and
//! the record of the call names its exit: both must be what the rehearsal says. Played are those that add something: an
//! exit in a language, or a prompt. What they leave out is one exit once more, by the same key in another flow.
//!
//! ```text
//!  NAME.test.yaml ─▶ script of `careline phone` ─▶ engine ─▶ recording ─▶ `careline hear` ─▶ the prompts, in order
//!                                                       └──▶ record ─────────────────────▶ the exit
//! ```
//! A caller presses a key when he has heard enough of a prompt for its name, not all of it, so most prompts are cut.
//! What is *not* its job: the order of the first words in seconds (`first_words.rs`), and what each key means in each
//! flow and language (`sipp/`).

#[path = "engine/mod.rs"]
mod engine;
#[path = "sound/mod.rs"]
mod sound;

use careline::flow::diagnostic::Sources;
use careline::flow::rehearsal::{Desk, Does, Line, Rehearsal, read};
use careline::flow::set::{Audio, FlowSet};
use careline::io::flow_files;
use careline::wire::telephone_event::Key;
use engine::{Engine, ROOT, Wishes, free_stretch, furnish};
use std::collections::{BTreeSet, VecDeque};
use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread;

/// The first words of every call, which take 25 s.
const FIRST_WORDS: [&str; 5] = ["u.emergency", "u.crisis", "u.language", "u.greeting", "u.person"];
/// How long they take in each language when they are shipped (who presses 2 at once hears one language alone); and when
/// they are a tenth of a second each.
const FIRST_WORDS_S: [(&str, f64); 2] = [("en", 26.0), ("es", 21.0)];
const SHORT_FIRST_WORDS_S: f64 = 2.0;
/// What a caller hears of a prompt before he presses: enough for its name.
const ENOUGH_S: f64 = 5.5;
/// What he hears of words that lead on by themselves: a key has to fall into them.
const ENOUGH_OF_LEADING_ON: (&str, f64) = ("cr.danger", 1.5);
/// How long a menu waits for the first key (`times:` of clinic.yaml).
const FIRST_KEY_S: f64 = 8.0;
/// The tone after which a caller speaks.
const BEEP_HZ: u32 = 1_000;

/// Rehearsals in which the records answer, and the prompt that tells it. No records are connected yet: in its place,
/// and for all that follows, a real caller gets a person.
const RECORDS_COME_LATER: &[(&str, &str)] = &[
    ("a record that is found", "id.ok"),
    ("a record that is not there, in Spanish", "id.fail"),
    ("no more calls, once the engine keeps the list", "oo.done"),
];

/// One call: what is dialled and done, and what must come of it.
struct Call {
    what: String,
    script: String,
    number: String,
    language: String,
    hears: Vec<String>,
    exit: String,
    place: Place,
    /// How long it takes, by its script.
    seconds: f64,
}

/// The engine that a call goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    /// The first words are heard whole.
    whole_first_words: bool,
    /// Somebody answers at the desk.
    staffed: bool,
}

const PLACES: [Place; 4] = [
    Place { whole_first_words: true, staffed: true },
    Place { whole_first_words: true, staffed: false },
    Place { whole_first_words: false, staffed: true },
    Place { whole_first_words: false, staffed: false },
];

fn shipped() -> FlowSet {
    let files = flow_files::read(&Path::new(ROOT).join("ivr-flows")).expect("the flows are shipped");
    let (set, faults) = FlowSet::load(files, &|_, _| Audio::Present);
    set.unwrap_or_else(|| panic!("the shipped flows have faults: {faults:?}"))
}

/// Every rehearsal beside the shipped flows, with the name of its file.
fn rehearsals(set: &FlowSet) -> Vec<(String, Rehearsal)> {
    let files = flow_files::tests(&Path::new(ROOT).join("ivr-flows")).expect("the tests are shipped");
    let mut sources = Sources::default();
    let mut all = Vec::new();
    for file in &files {
        let name = file.path.rsplit('/').next().unwrap_or_default().to_owned();
        all.extend(read::file(file, set, &mut sources).into_iter().map(|one| (name.clone(), one)));
    }
    let faults = sources.into_faults();
    assert!(faults.is_empty() && all.len() > 20, "{} rehearsals, and {faults:?}", all.len());
    all
}

/// Lines as a caller of today hears them, and the exit.
fn as_served(rehearsal: &Rehearsal) -> (Vec<(Vec<String>, Does)>, String) {
    let names = |line: &Line| line.hears.iter().map(|name| name.value.clone()).collect::<Vec<_>>();
    let mut lines: Vec<_> = rehearsal.lines.iter().map(|line| (names(line), line.does.clone())).collect();
    if rehearsal.given.care.iter().all(|(_, outcome)| outcome.value == "failed") {
        return (lines, rehearsal.exit.value.clone());
    }
    let name = &rehearsal.name.value;
    let told = RECORDS_COME_LATER.iter().find(|(of, _)| name.starts_with(of));
    let (_, prompt) = told.unwrap_or_else(|| panic!("`{name}` is not in RECORDS_COME_LATER"));
    let at = lines.iter().position(|(hears, _)| hears.iter().any(|heard| heard == prompt));
    lines.truncate(at.unwrap_or_else(|| panic!("`{name}` does not hear {prompt}")));
    lines.push((vec!["u.agent".to_owned()], Does::Nothing));
    (lines, "person".to_owned())
}

/// Seconds of a shipped prompt.
fn seconds(language: &str, name: &str) -> f64 {
    let file = Path::new(ROOT).join(format!("sounds/{language}/{name}.wav"));
    let reader = hound::WavReader::open(&file);
    match reader {
        Ok(reader) => f64::from(reader.duration()) / f64::from(reader.spec().sample_rate),
        // µ-law, which hound does not know: an octet a sample.
        Err(_) => fs::metadata(&file).map_or(0.0, |file| file.len() as f64 / f64::from(sound::RATE)),
    }
}

fn sign(key: Key) -> String {
    match key {
        Key::Star => "*".to_owned(),
        Key::Pound => "#".to_owned(),
        Key::Digit(_) | Key::Letter(_) => key.to_string(),
    }
}

/// What the caller does, in the words of `careline phone`.
fn script(call: &[(Vec<String>, Does)], language: &str, place: Place, exit: &str) -> String {
    let mut script = "dial\nwait answer 20s\nwait sound 10s\n".to_owned();
    if language != "en" {
        script += "key 2\n";
    }
    let whole = FIRST_WORDS_S.iter().find(|(spoken, _)| *spoken == language);
    let whole = whole.map(|(_, seconds)| *seconds).expect("a language of FIRST_WORDS_S");
    let first_words = if place.whole_first_words { whole } else { SHORT_FIRST_WORDS_S };
    for (n, (hears, does)) in call.iter().enumerate() {
        let is_first = n == 0;
        let said: Vec<f64> = hears
            .iter()
            .filter(|name| !(is_first && FIRST_WORDS.contains(&name.as_str())))
            .map(|name| seconds(language, name))
            .collect();
        let before = if is_first && !hears.is_empty() { first_words } else { 0.0 };
        let all = before + said.iter().sum::<f64>();
        let last = said.last().copied().unwrap_or(if is_first { 0.0 } else { ENOUGH_S });
        let enough_of_last = match hears.last() {
            Some(name) if name == ENOUGH_OF_LEADING_ON.0 => ENOUGH_OF_LEADING_ON.1,
            Some(_) | None => ENOUGH_S,
        };
        let enough = if hears.is_empty() { last } else { all - last + last.min(enough_of_last) };
        match does {
            Does::Presses(keys) => {
                let keys: String = keys.iter().map(|key| sign(*key)).collect();
                // Who presses at once waits for nothing: a script has no time of zero.
                let listens = if enough > 0.0 { format!("wait {enough:.1}s\n") } else { String::new() };
                let _ = writeln!(script, "{listens}keys {keys}");
            }
            Does::Says(_) => {
                let _ = writeln!(script, "wait tone {BEEP_HZ} 60s\nwait 600ms\ntone 500 2s\nkeys #");
            }
            Does::IsSilent => {
                let _ = writeln!(script, "wait {:.1}s", all + FIRST_KEY_S);
            }
            Does::Nothing => {
                let _ = writeln!(script, "wait {all:.1}s");
            }
        }
    }
    script += if ends_by_itself(exit) { "expect ended 25s\n" } else { "wait 15s\nhang up\n" };
    script
}

/// Behind these exits the engine says goodbye; behind the others the caller is with a person, or on his way.
fn ends_by_itself(exit: &str) -> bool {
    ["informed", "optout", "survey", "message_left"].contains(&exit)
}

fn calls(set: &FlowSet) -> Vec<Call> {
    let call = |(file, rehearsal): (String, Rehearsal)| {
        let given = &rehearsal.given;
        let language = given.language.as_ref().map_or("en", |language| &language.value).to_owned();
        let (lines, exit) = as_served(&rehearsal);
        let hears: Vec<String> = lines.iter().flat_map(|(hears, _)| hears.clone()).collect();
        let whole = hears.iter().any(|name| FIRST_WORDS.contains(&name.as_str()))
            || lines.first().is_some_and(|(hears, _)| hears.is_empty());
        let place = Place { whole_first_words: whole, staffed: given.desk == Desk::Answers };
        let number = number_of(set, &given.number.value);
        let script = script(&lines, &language, place, &exit);
        let what = format!("{file}: {}", rehearsal.name.value);
        let waits = script
            .lines()
            .filter_map(|line| line.strip_prefix("wait ")?.strip_suffix('s')?.parse::<f64>().ok());
        let seconds = waits.sum();
        Call { what, script, number, language, hears, exit, place, seconds }
    };
    let mut seen = BTreeSet::new();
    let adds = |call: &Call| {
        let exit = format!("{} in {}", call.exit, call.language);
        call.hears.iter().chain([&exit]).filter(|name| seen.insert((*name).clone())).count() > 0
    };
    rehearsals(set).into_iter().map(call).filter(adds).collect()
}

/// A number, or the short one that leads to a flow.
fn number_of(set: &FlowSet, word: &str) -> String {
    if word.bytes().all(|octet| octet.is_ascii_digit()) {
        return word.to_owned();
    }
    let leads = |number: &u32| set.route(&number.to_string()).as_str() == word;
    (100..200).find(leads).unwrap_or_else(|| panic!("no number leads to {word}")).to_string()
}

/// A copy of the shipped sounds, with the first words a tenth of a second each if they shall be short.
fn sounds(to: &Path, place: Place) {
    let copied = Command::new("cp").arg("-r").arg(Path::new(ROOT).join("sounds")).arg(to).status();
    assert!(copied.is_ok_and(|status| status.success()), "the sounds are copied to {}", to.display());
    for language in ["en", "es"].into_iter().filter(|_| !place.whole_first_words) {
        for name in FIRST_WORDS {
            sound::write_tone(&to.join(format!("{language}/{name}.wav")), 300.0, 0.1);
        }
    }
}

/// An engine, and whoever is at its desk.
struct Served {
    home: tempfile::TempDir,
    engine: Engine,
    desk: Option<Child>,
}

impl Served {
    /// Starts an engine. Nobody calls before all engines listen: a telephone could have taken a port of one.
    fn start(place: Place) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let folder = home.path().join("sounds");
        sounds(&folder, place);
        let (sip, at) = furnish(home.path(), &Wishes { sounds: folder, ..Wishes::default() });
        // The questions of the shipped tree are asked before anybody of a clinic has signed it.
        let engine = Engine::start_told(home.path(), sip, at, &["--unsigned-ok"]);
        let desk = place.staffed.then(|| desk(home.path(), &engine));
        Self { home, engine, desk }
    }

    /// The records of all calls; the engine must end cleanly.
    fn records(self) -> Vec<String> {
        let Self { home: _home, engine, desk } = self;
        engine.wait_for("every record", |figures| {
            (figures["calls_up"], figures["events_not_durable"]) == (0, 0)
        });
        let records = engine.calls_of(200).iter().map(|(id, _)| engine.told(&["calls", id])).collect();
        if let Some(mut desk) = desk {
            desk.kill().expect("it is ours");
            desk.wait().expect("it is our child");
        }
        let (status, said) = engine.stop();
        assert!(status.success() && !said.contains("panicked"), "the engine ended with {status}:\n{said}");
        records
    }
}

/// Somebody who calls.
struct Caller {
    call: Call,
    phone: Child,
    recording: PathBuf,
    /// His number ends with it.
    number: usize,
}

/// A call that is over.
struct Over {
    call: Call,
    number: usize,
    /// What the caller heard.
    left: Vec<i16>,
}

impl Caller {
    fn ended(self) -> Over {
        let output = self.phone.wait_with_output().expect("it is our child");
        let said = [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said).into_owned());
        let Call { what, script, .. } = &self.call;
        assert!(output.status.success(), "{what}: {}\n{script}", said.concat());
        let stereo = sound::read(&self.recording).unwrap_or_else(|fault| panic!("{fault}"));
        let left = stereo.left.iter().map(|sample| (sample * f64::from(i16::MAX)) as i16).collect();
        Over { call: self.call, number: self.number, left }
    }
}

/// The prompt that a caller did not hear in its place, if any.
fn missing<'a>(call: &'a Call, heard: &[String]) -> Option<&'a String> {
    let mut rest = heard.iter();
    // Beginnings that two prompts share have both names: either is right.
    call.hears.iter().find(|name| {
        // One language is offered in the other.
        let language = match (name.as_str(), call.language.as_str()) {
            ("u.language", "en") => "es",
            ("u.language", _) => "en",
            (_, own) => own,
        };
        let in_language = format!("{name} {language}");
        !rest.any(|heard| heard.split('|').any(|one| one == in_language))
    })
}

/// What is wrong with a call, if anything is.
fn judged(Over { call, number, .. }: &Over, heard: &[String], records: &[String]) -> Option<String> {
    // Of a caller's number a record shows two digits.
    let shown = format!("  from …{number:02} to ");
    let record = records.iter().find(|record| record.contains(&shown)).map_or("no record", String::as_str);
    let missing = missing(call, heard);
    println!("{} ({}): {heard:?}, exit {}", call.what, call.number, call.exit);
    if missing.is_none() && record.contains(&format!(", exit {}", call.exit)) {
        return None;
    }
    let missing = missing.map_or(String::new(), |name| format!("`{name}` is not heard in its place; "));
    let (what, hears) = (&call.what, &call.hears);
    Some(format!(
        "== {what}: {missing}exit {} expected\n  must hear {hears:?} in {}\n  heard {heard:?}\n{}\n{record}",
        call.exit, call.language, call.script
    ))
}

fn dial((home, sip): (&Path, SocketAddr), number: usize, call: Call) -> Caller {
    let (file, recording) = (home.join(format!("{number}.script")), home.join(format!("{number}.wav")));
    fs::write(&file, &call.script).expect("the test's own directory can be written");
    let (to, from) = (format!("sip:{}@{sip}", call.number), format!("sip:+1617555{number:04}@here"));
    let mut phone = Command::new(env!("CARGO_BIN_EXE_careline"));
    phone.args(["phone", &to, "--from", &from, "--no-events", "--script"]).arg(file);
    phone.arg("--record").arg(&recording).current_dir(home);
    phone.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let phone = phone.spawn().expect("the program can be run");
    Caller { call, phone, recording, number }
}

/// A front desk that rings, answers, and waits until the other side hangs up, for as many as call.
/// It rings for longer than the scenario says: what is said meanwhile ends when it answers.
fn desk(home: &Path, engine: &Engine) -> Child {
    let scenario = Path::new(ROOT).join("sipp-scenarios/nominal/front-desk.xml");
    let scenario = fs::read_to_string(scenario).expect("the scenario is shipped");
    let rings = "pause milliseconds=\"1000\"";
    assert_eq!(scenario.matches(rings).count(), 1, "the desk rings once");
    // Sound is named from the root of the repository, and the desk has a home of its own.
    let sounds = "sipp-scenarios/sounds/";
    assert_eq!(scenario.matches(sounds).count(), 1, "the desk says something");
    let scenario = scenario.replace(sounds, &format!("{ROOT}/{sounds}"));
    fs::write(home.join("desk.xml"), scenario.replace(rings, "pause milliseconds=\"4000\""))
        .expect("the test's own directory can be written");
    let log =
        |name: &str| fs::File::create(home.join(name)).expect("the test's own directory can be written");
    let mut command = Command::new("sipp");
    command.current_dir(home).stdin(Stdio::null()).stdout(log("desk.screen")).stderr(log("desk.errors"));
    command.args(["-nostdin", "-i", "127.0.0.1", "-mi", "127.0.0.1", "-t", "u1"]);
    command.args(["-p", &engine.desk.port().to_string(), "-mp", &free_stretch(400).to_string()]);
    command.arg("-sf").arg(home.join("desk.xml"));
    command.spawn().unwrap_or_else(|error| {
        panic!("sipp does not start ({error}); install it: apt-get install -y sip-tester")
    })
}

/// Calls that are heard in one go, while later ones are still up. No reader of WAV files has to know so many channels
/// as there are calls.
const IN_ONE_GO: usize = 8;

/// What several callers heard as one file, a channel each.
fn joined(path: &Path, heard: &[Over]) {
    let spec = hound::WavSpec {
        channels: u16::try_from(heard.len()).expect("a short table"),
        sample_rate: sound::RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec).expect("the test's own directory can be written");
    for at in 0..heard.iter().map(|one| one.left.len()).max().unwrap_or_default() {
        for one in heard {
            file.write_sample(one.left.get(at).copied().unwrap_or(0)).expect("a sample can be written");
        }
    }
    file.finalize().expect("the test's own directory can be written");
}

/// `careline hear` on what they heard.
fn hear(file: &Path, heard: &[Over]) -> Child {
    joined(file, heard);
    // Whoever still calls comes first.
    let mut hear = Command::new("nice");
    hear.args(["-n", "5", env!("CARGO_BIN_EXE_careline"), "hear", "--json", "--sounds"])
        .arg(Path::new(ROOT).join("sounds"))
        .arg(file);
    hear.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program can be run")
}

/// What it names in each.
fn names(hear: Child) -> Vec<Vec<String>> {
    let output = hear.wait_with_output().expect("it is our child");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    sound::named(&String::from_utf8_lossy(&output.stdout))
}

/// Calls that are up at once: more, and two processors are late for some.
const AT_ONCE: usize = 40;

/// Plays all calls, so many at once, and hears them as they end.
fn heard(served: &[Served], calls: VecDeque<(usize, Call)>, home: &Path) -> Vec<(Vec<Over>, Child)> {
    let place =
        |call: &Call| PLACES.iter().position(|place| *place == call.place).expect("all four are listed");
    let lines: Vec<_> = served.iter().map(|served| (served.home.path(), served.engine.sip)).collect();
    let (lines, waiting, mut heard) = (&lines, Mutex::new(calls), Vec::new());
    let next = || waiting.lock().expect("no thread panics with it").pop_front();
    thread::scope(|scope| {
        let (ended, overs) = mpsc::channel();
        for _ in 0..AT_ONCE {
            let (ended, next) = (ended.clone(), &next);
            scope.spawn(move || {
                while let Some((number, call)) = next() {
                    let over = dial(lines[place(&call)], number, call).ended();
                    ended.send(over).expect("all are heard");
                }
            });
        }
        drop(ended);
        let mut overs = overs.into_iter().peekable();
        while overs.peek().is_some() {
            let some: Vec<Over> = overs.by_ref().take(IN_ONE_GO).collect();
            let hear = hear(&home.join(format!("{}.wav", heard.len())), &some);
            heard.push((some, hear));
        }
    });
    heard
}

/// All calls, each with what was heard in it.
fn told(served: &[Served], calls: VecDeque<(usize, Call)>) -> Vec<(Over, Vec<String>)> {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let heard = heard(served, calls, home.path());
    heard.into_iter().flat_map(|(over, hear)| over.into_iter().zip(names(hear)).collect::<Vec<_>>()).collect()
}

/// So many may call once more when it is quiet: two processors do not always keep forty phones in time, and a gap in what
/// one records hides the name of a prompt. What is wrong with a flow is wrong then too.
const ONCE_MORE_MAX: usize = 4;
/// The number of the first of them.
const ONCE_MORE: usize = 60;

#[test]
fn every_exit_of_the_shipped_flows_is_reached_by_phone_as_its_rehearsal_is_written() {
    let (served, mut calls) = (PLACES.map(Served::start), calls(&shipped()));
    // The longest ones begin first, so that all are over early.
    calls.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    println!("{} calls", calls.len());
    assert!((40..=ONCE_MORE).contains(&calls.len()), "of a caller's number a record shows two digits");
    let calls = calls.into_iter().enumerate().collect();
    let told = told(&served, calls);
    let (mut told, unclear): (Vec<_>, Vec<_>) =
        told.into_iter().partition(|(over, heard)| missing(&over.call, heard).is_none());
    let names: Vec<&str> = unclear.iter().map(|(over, _)| over.call.what.as_str()).collect();
    println!("call once more: {names:?}");
    let heard: Vec<_> = unclear.iter().map(|(over, heard)| (&over.call.hears, heard)).collect();
    assert!(unclear.len() <= ONCE_MORE_MAX, "{names:#?} must hear, and heard: {heard:#?}");
    let once_more = (ONCE_MORE..).zip(unclear.into_iter().map(|(over, _)| over.call)).collect();
    told.extend(self::told(&served, once_more));
    let records = served.map(Served::records).concat();
    let wrong: Vec<String> = told.iter().filter_map(|(over, heard)| judged(over, heard, &records)).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), records.len(), wrong.join("\n"));
}
