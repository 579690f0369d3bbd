//! An administrator who has the guide and nothing else: `docs/admin-guide/flu-shot-line.md` is followed block by block as
//! it stands there, in a copy of the shipped flows. The line that comes of it is checked, broken in many ways,
//! published, called, and taken back. What callers hear is named by `careline hear`.
//!
//! The prompts of the new line are spoken by `sounds/make`, as the guide says; all others are a tenth of a second long,
//! so that a call comes to the line at once. What is *not* its job: the rules of the flow language, which have tests
//! of their own.

#[path = "engine/mod.rs"]
mod engine;
#[path = "sound/mod.rs"]
mod sound;

use engine::{Engine, ROOT, Wishes, careline, furnish};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The blocks of the guide: the line above each, without its `# `, and the lines to write.
fn blocks() -> Vec<(String, String)> {
    let guide = fs::read_to_string(Path::new(ROOT).join("docs/admin-guide/flu-shot-line.md"));
    let guide = guide.expect("the guide is shipped");
    let block = |text: &str| {
        let text = text.split("\n```").next().unwrap_or_default();
        let (head, body) = text.split_once('\n').unwrap_or((text, ""));
        let head =
            head.strip_prefix("# ").unwrap_or_else(|| panic!("a block does not say its file:\n{text}"));
        (head.to_owned(), format!("{body}\n"))
    };
    guide.split("```yaml\n").skip(1).map(block).collect()
}

/// Writes one block where its head says.
fn write(home: &Path, head: &str, body: &str) {
    let (file, place) = head.split_once(", ").unwrap_or((head, ""));
    let path = home.join(file);
    let before = if place == "a new file" { String::new() } else { read(&path) };
    let after = if let Some(word) = place.strip_prefix("under ") {
        let at = before.find(&format!("\n{word}")).unwrap_or_else(|| panic!("{file} has no `{word}`"));
        let end = before[at + 1..].find('\n').map_or(before.len(), |end| at + 1 + end + 1);
        format!("{}{body}{}", &before[..end], &before[end..])
    } else {
        assert!(["a new file", "at the end"].contains(&place), "nobody knows where this is: {head}");
        let gap = if place == "at the end" && !body.starts_with(' ') { "\n" } else { "" };
        format!("{before}{gap}{body}")
    };
    fs::write(&path, after).expect("the test's own directory can be written");
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of the prompts that the guide adds.
fn new_prompts() -> Vec<String> {
    let of_prompts = blocks().into_iter().filter(|(head, _)| head.starts_with("ivr-flows/prompts.yaml"));
    let names = |(_, body): (String, String)| {
        let name =
            |line: &str| line.strip_suffix(':').filter(|name| !name.starts_with(' ')).map(str::to_owned);
        body.lines().filter_map(name).collect::<Vec<_>>()
    };
    of_prompts.flat_map(names).collect()
}

/// A clinic with short prompts, before the guide is followed.
fn furnished(home: &Path) -> (std::net::SocketAddr, std::net::SocketAddr) {
    let sounds = home.join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    furnish(home, &Wishes { sounds, ..Wishes::default() })
}

fn follow_the_guide(home: &Path) {
    for (head, body) in blocks() {
        write(home, &head, &body);
    }
}

/// Shipped, and spoken in its whole length: a key is over before the call is.
const LAST_WORDS: &str = "u.goodbye";

/// Short sounds for the new prompts, for those who only check.
fn make_short_sounds(home: &Path) {
    for name in new_prompts() {
        for language in ["en", "es"] {
            sound::write_tone(&home.join(format!("sounds/{language}/{name}.wav")), 300.0, 0.1);
        }
    }
}

/// The sounds of the new prompts, spoken as the guide says.
fn make_sounds(home: &Path) {
    for language in ["en", "es"] {
        fs::remove_file(home.join(format!("sounds/{language}/{LAST_WORDS}.wav"))).expect("it was made short");
    }
    fs::copy(Path::new(ROOT).join("sounds/make"), home.join("sounds/make")).expect("it is shipped");
    let made = Command::new("sh")
        .arg(home.join("sounds/make"))
        .env("CARELINE", env!("CARGO_BIN_EXE_careline"))
        .output()
        .expect("a shell can be run");
    let said = String::from_utf8_lossy(&made.stderr).into_owned();
    assert!(made.status.success(), "sounds/make (needs espeak-ng and sox): {said}");
}

/// What a command says; it must go well.
fn told(home: &Path, arguments: &[&str]) -> String {
    let output = careline(home, arguments).output().expect("the program can be run");
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "careline {arguments:?}: {}\n{said}", output.status);
    said
}

#[test]
fn whoever_follows_the_guide_has_a_line_without_fault() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let home = home.path();
    furnished(home);
    let before = told(home, &["check"]);
    follow_the_guide(home);
    make_short_sounds(home);
    let said = told(home, &["check"]);
    assert!(
        said.contains("no fault") && said.matches("warning").count() == before.matches("warning").count(),
        "before:\n{before}\nafter:\n{said}"
    );
    for number in ["180 leads to flu_shots", "+16175550180 leads to flu_shots"] {
        assert!(said.contains(number), "{said}");
    }
    told(home, &["fmt", "--check"]);
    // What the guide lets her ask, and what she must see.
    for (time, way) in [
        ("2026-11-26 10:00", "leads to flu_shots / holiday"),
        ("2026-11-30 10:00", "leads to flu_shots / choose"),
        ("2026-11-30 12:30", "leads to flu_shots / closed"),
        ("2026-11-29 10:00", "leads to flu_shots / closed"),
    ] {
        let why = told(home, &["explain", time, "flu_shots"]);
        assert!(why.contains(way) && why.contains("hours.yaml:"), "{time}: not `{way}` in\n{why}");
    }
}

/// A slip of the hand in what the guide lets her write.
struct Slip {
    what: &'static str,
    /// Under `ivr-flows`.
    file: &'static str,
    from: &'static str,
    to: &'static str,
    code: &'static str,
    /// How many lines below the change it is told: above it, if less than 0.
    below: i64,
}

const fn slip(
    what: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
    code: &'static str,
    below: i64,
) -> Slip {
    Slip { what, file, from, to, code, below }
}

const HOURS: &str = "hours.yaml";
const FLOW: &str = "flu_shots.yaml";
const PROMPTS: &str = "prompts.yaml";
const CLINIC: &str = "clinic.yaml";

/// Twenty ways to break the line, and more.
const SLIPS: &[Slip] = &[
    slip("times that are none", HOURS, "    sat: 09:00-12:00", "    sat: 9-12", "F004", 0),
    slip(
        "a day that is forgotten",
        HOURS,
        "    sat: 09:00-12:00\n    sun: closed",
        "    sat: 09:00-12:00",
        "F062",
        -2,
    ),
    slip(
        "a zone without summer time",
        HOURS,
        "flu_shots:\n  zone: America/New_York",
        "flu_shots:\n  zone: EST",
        "F061",
        0,
    ),
    slip(
        "a holiday that nobody can find",
        HOURS,
        "day after fourth thursday",
        "day after forth thursday",
        "F064",
        0,
    ),
    slip("a calendar that is not there", FLOW, "hours: flu_shots", "hours: flu_shot", "F060", 0),
    slip("a key that leads nowhere", FLOW, "3: cost", "3: cots", "F012", 0),
    slip("a step that leads nowhere", FLOW, "fs.times, next: more", "fs.times, next: mroe", "F010", 0),
    slip("words with nothing behind them", FLOW, "{say: fs.times, next: more}", "{say: fs.times}", "F014", 0),
    slip("a circle without a key", FLOW, "fs.holiday, next: closed", "fs.holiday, next: holiday", "F013", 0),
    slip("a step that nothing leads to", FLOW, "holiday: holiday}", "holiday: closed}", "F011", 8),
    slip("key 0 with another meaning", FLOW, "{1: book, 3: cost", "{0: book, 3: cost", "F016", 0),
    slip(
        "a key that is not offered",
        FLOW,
        "keys: {1: times, 5: message}",
        "keys: {1: times, 3: goodbye, 5: message}",
        "F019",
        0,
    ),
    slip("a prompt that nobody wrote", FLOW, "say: fs.cost", "say: fs.costs", "F020", 0),
    slip("a word that nothing knows", FLOW, "owner: front desk", "ower: front desk", "F001", 0),
    slip("no first step", FLOW, "start: open_now\n", "", "F002", -3),
    slip("an exit that is not listed", FLOW, "exit: flu_shot", "exit: flu_shoot", "F039", 0),
    slip("a tab", FLOW, "    menu: fs.more", "\tmenu: fs.more", "Y005", 0),
    slip("a remark that cuts a text", PROMPTS, "\"Today is a holiday.\"", "Today is #1 holiday.", "Y014", 0),
    slip(
        "a quotation mark that is not closed",
        PROMPTS,
        "\"Good. I will get a person to find a time for you.\"",
        "\"Good. I will get a person to find a time for you.",
        "Y004",
        1,
    ),
    slip("a language that is missing", PROMPTS, "  es: \"Hoy es día de fiesta.\"\n", "", "F021", -2),
    slip("the same prompt twice", PROMPTS, "fs.times:", "fs.cost:", "Y011", 0),
    slip(
        "a key that only one language offers",
        PROMPTS,
        "Today is a holiday.",
        "Today is a holiday. For a person, press 0.",
        "F051",
        1,
    ),
    slip(
        "a text that offers a key that is none",
        PROMPTS,
        "To leave a message, press 5.\"\n  es: \"Para una vacuna",
        "To leave a message, press 6.\"\n  es: \"Para una vacuna",
        "F018",
        0,
    ),
    slip(
        "key 8, which ends calls from the clinic",
        PROMPTS,
        "Today is a holiday.",
        "Today is a holiday. Press 8.",
        "F050",
        0,
    ),
    slip(
        "a sentence that nobody can follow",
        PROMPTS,
        "with most plans. Without a plan it",
        "with most plans and if you do not have a plan at all or do not know if you have one then it",
        "F025",
        0,
    ),
    slip("a number that leads nowhere", CLINIC, "  180: flu_shots", "  180: flu_shot", "F036", 0),
    slip(
        "a number that has its flow already",
        CLINIC,
        "  180: flu_shots",
        "  \"+16175550180\": flu_shots",
        "Y011",
        0,
    ),
];

/// The line of a file's text on which it first differs from another.
fn first_difference(before: &str, after: &str) -> usize {
    before.lines().zip(after.lines()).take_while(|(a, b)| a == b).count() + 1
}

/// What is wrong with what `careline check` says of the slip, if anything is.
fn judged(home: &Path, slip: &Slip) -> Option<String> {
    let path = home.join("ivr-flows").join(slip.file);
    let before = read(&path);
    let made = before.matches(slip.from).count();
    assert!(made > 0, "{}: {} has no `{}`", slip.what, slip.file, slip.from);
    // The guide's own lines stand last, those of clinic.yaml first.
    let after = if slip.file == CLINIC {
        before.replacen(slip.from, slip.to, 1)
    } else {
        let at = before.rfind(slip.from).unwrap_or_default();
        format!("{}{}{}", &before[..at], slip.to, &before[at + slip.from.len()..])
    };
    fs::write(&path, &after).expect("the test's own directory can be written");
    let output = careline(home, &["check", "--format", "json"]).output().expect("the program can be run");
    fs::write(&path, &before).expect("the test's own directory can be written");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let json: Value = serde_json::from_str(&printed).unwrap_or(Value::Null);
    let faults = json["faults"].as_array().cloned().unwrap_or_default();
    let line = first_difference(&before, &after) as i64 + slip.below;
    let words = |fault: &Value, word: &str| fault[word].as_str().is_some_and(|words| !words.is_empty());
    let is_told = |fault: &&Value| {
        let there = fault["place"]["line"].as_i64() == Some(line);
        let file = fault["file"].as_str().is_some_and(|file| file.ends_with(slip.file));
        fault["code"] == slip.code && there && file && words(fault, "what") && words(fault, "repair")
    };
    let good = output.status.code() == Some(1) && faults.iter().any(|fault| is_told(&fault));
    let file = slip.file;
    (!good).then(|| {
        format!("== {}: no {} of {file}:{line} with cause and repair in\n{printed}", slip.what, slip.code)
    })
}

#[test]
fn twenty_slips_and_more_are_each_told_with_file_line_cause_and_repair() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let home = home.path();
    furnished(home);
    follow_the_guide(home);
    make_short_sounds(home);
    let wrong: Vec<String> = SLIPS.iter().filter_map(|slip| judged(home, slip)).collect();
    assert!(SLIPS.len() >= 20 && wrong.is_empty(), "{}", wrong.join("\n"));
    told(home, &["check"]);
}

/// One call to the line.
struct Way {
    what: &'static str,
    /// Which hours the clinic has then.
    hours: &'static str,
    /// What the caller does once the call is answered.
    script: &'static str,
    /// The prompts that are named, in this order; others may be between.
    hears: &'static [&'static str],
    /// What the record tells.
    exit: &'static str,
}

/// What is put in the place of the guide's hours, so that the test does not ask what day it is.
const OPEN: &str = "  week: {every day: 00:00-24:00}\n";
const CLOSED: &str = "  week: {every day: closed}\n";
const HOLIDAY: &str = "  week: {every day: 00:00-24:00}\n  holidays:\n";

const WAYS: &[Way] = &[
    Way {
        what: "listens, and asks for a shot",
        hours: OPEN,
        script: "wait sound 5s\nwait 4s\nkey 1\nwait tone 440 20s\nhang up\n",
        hears: &["fs.menu en", "fs.person en"],
        exit: "flu_shot",
    },
    Way {
        what: "asks what it costs, and has what she needs",
        hours: OPEN,
        script: "key 3\nwait 7s\nkey 3\nexpect ended 10s\n",
        hears: &["fs.cost en", "fs.more en", "u.goodbye en"],
        exit: "informed",
    },
    Way {
        what: "the same in Spanish",
        hours: OPEN,
        script: "key 2\nkey 3\nwait 9s\nkey 3\nexpect ended 10s\n",
        hears: &["fs.cost es", "fs.more es", "u.goodbye es"],
        exit: "informed",
    },
    Way {
        what: "hears the choices again, and leaves a message",
        hours: OPEN,
        script: "key 3\nwait 3s\nkey 1\nwait sound 2s\nwait 3s\nkey 5\nwait 3s\ntone 500 1s\nkey #\nexpect ended 10s\n",
        hears: &["fs.cost en", "fs.menu en", "u.goodbye en"],
        exit: "message_left",
    },
    Way {
        what: "calls when it is closed",
        hours: CLOSED,
        script: "wait sound 5s\nwait 3s\nkey 1\nwait 3s\nkey 3\nexpect ended 10s\n",
        hears: &["fs.closed en", "fs.times en", "u.goodbye en"],
        exit: "informed",
    },
    Way {
        what: "the same in Spanish",
        hours: CLOSED,
        script: "key 2\nwait sound 5s\nwait 4s\nkey 1\nwait 3s\nkey 3\nexpect ended 10s\n",
        hears: &["fs.closed es", "fs.times es", "u.goodbye es"],
        exit: "informed",
    },
    Way {
        what: "calls on a holiday, and leaves a message",
        hours: HOLIDAY,
        script: "wait sound 5s\nwait 4s\nkey 5\nwait 3s\ntone 500 1s\nkey #\nexpect ended 10s\n",
        hears: &["fs.holiday en", "fs.closed en", "u.goodbye en"],
        exit: "message_left",
    },
];

fn phone(home: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_careline"));
    command.arg("phone").args(arguments).current_dir(home).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program can be run")
}

fn ended(child: Child) -> (bool, String) {
    let output = child.wait_with_output().expect("it is our child");
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), said)
}

/// The hours of the line in the draft, in place of what they were.
fn set_hours(home: &Path, hours: &str) {
    let path = home.join("ivr-flows/hours.yaml");
    let text = read(&path);
    let head = "flu_shots:\n  zone: America/New_York\n";
    let at = text.find(head).expect("the guide was followed") + head.len();
    fs::write(&path, format!("{}{hours}", &text[..at])).expect("the test's own directory can be written");
}

/// Today and tomorrow as holidays, by the clinic's own clock.
fn holidays(home: &Path) -> String {
    let why = told(home, &["explain", "now", "flu_shots"]);
    let is_date = |word: &&str| word.len() == 10 && word.bytes().filter(|octet| *octet == b'-').count() == 2;
    let today =
        why.split_whitespace().find(is_date).unwrap_or_else(|| panic!("no date in\n{why}")).to_owned();
    format!("{HOLIDAY}    Today: {today}\n    Tomorrow: day after {today}\n")
}

/// Each of these ways at once; what was wrong with any.
fn call(home: &Path, engine: &Engine, ways: &[(usize, &Way)]) {
    let needs_desk = ways.iter().any(|(_, way)| way.exit == "flu_shot");
    let desk = needs_desk.then(|| {
        fs::write(home.join("desk.script"), "wait answer 30s\ntone 440 30s\nexpect ended 5s\n")
            .expect("the test's own directory can be written");
        let at = engine.desk.to_string();
        phone(home, &["--answer", "--listen", &at, "--script", "desk.script", "--no-events"])
    });
    let target = format!("sip:180@{}", engine.sip);
    let callers: Vec<Child> = ways
        .iter()
        .map(|(n, way)| {
            let (script, file) = (format!("{n}.script"), format!("{n}.wav"));
            fs::write(home.join(&script), format!("dial\nwait answer 10s\n{}", way.script))
                .expect("the test's own directory can be written");
            let from = format!("sip:+1617555{n:04}@here");
            phone(home, &[&target, "--script", &script, "--record", &file, "--from", &from, "--no-events"])
        })
        .collect();
    for (caller, (_, way)) in callers.into_iter().zip(ways) {
        let (well, said) = ended(caller);
        assert!(well, "{}: {said}\n{}", way.what, records(engine));
    }
    if let Some(desk) = desk {
        let (well, said) = ended(desk);
        assert!(well, "the desk: {said}");
    }
}

/// The record of each call so far.
fn records(engine: &Engine) -> String {
    engine.calls_of(100).iter().map(|(id, _)| engine.told(&["calls", id])).collect::<Vec<_>>().join("\n")
}

/// The left channels of all recordings as one file, so that the prompts are read once.
fn joined(home: &Path) -> std::path::PathBuf {
    let heard: Vec<Vec<i16>> = (0..WAYS.len())
        .map(|n| {
            let stereo =
                sound::read(&home.join(format!("{n}.wav"))).unwrap_or_else(|fault| panic!("{fault}"));
            stereo.left.iter().map(|sample| (sample * f64::from(i16::MAX)) as i16).collect()
        })
        .collect();
    let channels = u16::try_from(heard.len()).expect("a short table");
    let spec = hound::WavSpec {
        channels,
        sample_rate: sound::RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let path = home.join("heard.wav");
    let mut file = hound::WavWriter::create(&path, spec).expect("the test's own directory can be written");
    for at in 0..heard.iter().map(Vec::len).max().unwrap_or_default() {
        for channel in &heard {
            file.write_sample(channel.get(at).copied().unwrap_or(0)).expect("a sample can be written");
        }
    }
    file.finalize().expect("the test's own directory can be written");
    path
}

/// What `careline hear` names in each of the recordings.
fn named(home: &Path) -> Vec<Vec<String>> {
    for language in ["en", "es"] {
        let folder = home.join("new").join(language);
        fs::create_dir_all(&folder).expect("the test's own directory can be written");
        for name in new_prompts().into_iter().chain([LAST_WORDS.to_owned()]) {
            let file = home.join(format!("sounds/{language}/{name}.wav"));
            fs::copy(file, folder.join(format!("{name}.wav"))).expect("sounds/make made it");
        }
    }
    let file = joined(home);
    let mut hear = Command::new(env!("CARGO_BIN_EXE_careline"));
    let output = hear.arg("hear").arg(file).args(["--json", "--sounds"]).arg(home.join("new")).output();
    let output = output.expect("the program can be run");
    let json: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let names = |part: &Value| {
        let heard = part["heard"].as_array().cloned().unwrap_or_default();
        let name = |one: &Value| {
            let (name, language) = (one["name"].as_str()?, one["language"].as_str()?);
            (one["what"] == "prompt").then(|| format!("{name} {language}"))
        };
        heard.iter().filter_map(name).collect()
    };
    json["parts"].as_array().unwrap_or_else(|| panic!("no parts in {json}")).iter().map(names).collect()
}

/// The exits of all calls, by the caller's number, which ends in the number of the way.
fn must_have_exits(engine: &Engine) {
    for (id, _) in engine.calls_of(100) {
        let record = engine.told(&["calls", &id]);
        let way = (0..WAYS.len()).find(|n| record.contains(&format!("+1617555{n:04}")));
        let Some(way) = way.map(|n| &WAYS[n]) else { continue };
        assert!(
            record.contains(&format!(", exit {}", way.exit)),
            "{}: not {} in\n{record}",
            way.what,
            way.exit
        );
    }
}

#[test]
fn the_line_is_published_called_in_each_way_and_taken_back() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let home = home.path();
    let (sip, desk) = furnished(home);
    let engine = Engine::start_again(home, sip, desk);
    follow_the_guide(home);
    make_sounds(home);
    let said = told(home, &["diff"]);
    assert!(said.contains("flu_shots"), "{said}");

    let ways = |hours| WAYS.iter().enumerate().filter(|(_, way)| way.hours == hours).collect::<Vec<_>>();
    set_hours(home, OPEN);
    let said = told(home, &["publish", "--yes", "--by", "maria", "--note", "flu shots"]);
    assert!(said.contains("live now is set 2"), "{said}");
    call(home, &engine, &ways(OPEN));
    set_hours(home, CLOSED);
    told(home, &["publish", "--yes"]);
    call(home, &engine, &ways(CLOSED));
    set_hours(home, &holidays(home));
    told(home, &["publish", "--yes"]);
    call(home, &engine, &ways(HOLIDAY));

    engine.wait_for("every record", |figures| (figures["calls_up"], figures["events_not_durable"]) == (0, 0));
    must_have_exits(&engine);
    for (heard, way) in named(home).iter().zip(WAYS) {
        let mut rest = heard.iter();
        let all = way.hears.iter().all(|name| rest.any(|heard| heard == name));
        assert!(all, "{}: heard {heard:?}, not {:?}", way.what, way.hears);
    }

    let said = told(home, &["rollback", "1"]);
    assert!(said.contains("live now is set 1"), "{said}");
    let history = told(home, &["history"]);
    assert!(history.contains("maria") && history.contains("flu shots"), "{history}");
    let target = format!("sip:180@{}", engine.sip);
    let (well, said) = ended(phone(home, &[&target, "--for", "2s", "--from", "sip:+16175559999@here"]));
    assert!(well, "{said}");
    engine.wait_for("the record", |figures| (figures["calls_up"], figures["events_not_durable"]) == (0, 0));
    let record = engine.told(&["calls", &engine.calls()[0].0]);
    assert!(record.contains("main_menu") && !record.contains("flu_shots"), "{record}");
    engine.stop();
}
