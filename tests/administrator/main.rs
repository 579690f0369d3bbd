//! An administrator who has the guide and nothing else: `docs/admin-guide/flu-shot-line.md` is followed block by block as
//! it stands there, in a copy of the shipped flows. The line that comes of it is checked, broken in many ways,
//! published, called, and taken back. What callers hear is named by `careline hear`.
//!
//! The prompts of the new line are spoken by `sounds/make`, as the guide says; all others are a tenth of a second long,
//! so that a call comes to the line at once. What is *not* its job: the rules of the flow language, which have tests
//! of their own.

#[path = "../engine/mod.rs"]
mod engine;
mod guide;
mod slips;
#[path = "../sound/mod.rs"]
mod sound;
mod witnesses;

use engine::{Engine, ROOT, Wishes, careline, furnish};
use guide::{blocks, new_prompts, read, write};
use serde_json::Value;
use slips::{SLIPS, judged};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use witnesses::{Counter, Stock};

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
    /// What the program that counts the shots says then.
    stock: Stock,
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

const SOME: Stock = Stock::Left(12);
const NONE: Stock = Stock::Left(0);

const WAYS: &[Way] = &[
    Way {
        what: "listens, and asks for a shot",
        hours: OPEN,
        stock: SOME,
        script: "wait sound 5s\nwait 4s\nkey 1\nwait tone 440 20s\nhang up\n",
        hears: &["fs.menu en", "fs.person en"],
        exit: "flu_shot",
    },
    Way {
        what: "asks what it costs, and has what she needs",
        hours: OPEN,
        stock: SOME,
        script: "key 3\nwait 7s\nkey 3\nexpect ended 10s\n",
        hears: &["fs.cost en", "fs.more en", "u.goodbye en"],
        exit: "informed",
    },
    Way {
        what: "the same in Spanish",
        hours: OPEN,
        stock: SOME,
        script: "key 2\nkey 3\nwait 9s\nkey 3\nexpect ended 10s\n",
        hears: &["fs.cost es", "fs.more es", "u.goodbye es"],
        exit: "informed",
    },
    Way {
        what: "hears the choices again, and leaves a message",
        hours: OPEN,
        stock: SOME,
        script: "key 3\nwait 3s\nkey 1\nwait sound 2s\nwait 3s\nkey 5\nwait 3s\ntone 500 1s\nkey #\nexpect ended 10s\n",
        hears: &["fs.cost en", "fs.menu en", "u.goodbye en"],
        exit: "message_left",
    },
    Way {
        what: "asks for a shot when none are left",
        hours: OPEN,
        stock: NONE,
        script: "key 1\nwait 8s\nkey 3\nexpect ended 10s\n",
        hears: &["fs.gone en", "fs.more en", "u.goodbye en"],
        exit: "informed",
    },
    Way {
        what: "the same in Spanish",
        hours: OPEN,
        stock: NONE,
        script: "key 2\nkey 1\nwait 9s\nkey 3\nexpect ended 10s\n",
        hears: &["fs.gone es", "fs.more es", "u.goodbye es"],
        exit: "informed",
    },
    Way {
        what: "asks for a shot when the program is broken",
        hours: OPEN,
        stock: Stock::Page,
        script: "key 1\nwait tone 440 20s\nhang up\n",
        hears: &["fs.person en"],
        exit: "flu_shot",
    },
    Way {
        what: "calls when it is closed",
        hours: CLOSED,
        stock: SOME,
        script: "wait sound 5s\nwait 3s\nkey 1\nwait 3s\nkey 3\nexpect ended 10s\n",
        hears: &["fs.closed en", "fs.times en", "u.goodbye en"],
        exit: "informed",
    },
    Way {
        what: "the same in Spanish",
        hours: CLOSED,
        stock: SOME,
        script: "key 2\nwait sound 5s\nwait 4s\nkey 1\nwait 3s\nkey 3\nexpect ended 10s\n",
        hears: &["fs.closed es", "fs.times es", "u.goodbye es"],
        exit: "informed",
    },
    Way {
        what: "calls on a holiday, and leaves a message",
        hours: HOLIDAY,
        stock: SOME,
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

/// The left channels of these recordings as one file, so that the prompts are read once.
fn joined(home: &Path, recordings: &[PathBuf]) -> PathBuf {
    let heard: Vec<Vec<i16>> = recordings
        .iter()
        .map(|recording| {
            let stereo = sound::read(recording).unwrap_or_else(|fault| panic!("{fault}"));
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
fn named(home: &Path, recordings: &[PathBuf]) -> Vec<Vec<String>> {
    for language in ["en", "es"] {
        let folder = home.join("new").join(language);
        fs::create_dir_all(&folder).expect("the test's own directory can be written");
        for name in new_prompts().into_iter().chain([LAST_WORDS.to_owned()]) {
            let file = home.join(format!("sounds/{language}/{name}.wav"));
            fs::copy(file, folder.join(format!("{name}.wav"))).expect("sounds/make made it");
        }
    }
    let file = joined(home, recordings);
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

/// The exits of all calls. Of a caller's number a record shows two digits, which are the number of the way.
fn must_have_exits(engine: &Engine) {
    let records: Vec<String> =
        engine.calls_of(100).iter().map(|(id, _)| engine.told(&["calls", id])).collect();
    let of = |digits: &str| {
        let shown = format!("  from …{digits} to ");
        let own: Vec<&String> = records.iter().filter(|record| record.contains(&shown)).collect();
        assert_eq!(own.len(), 1, "one call of …{digits} in\n{}", records.join("\n"));
        own[0]
    };
    for (n, way) in WAYS.iter().enumerate() {
        let record = of(&format!("{n:02}"));
        let exit = format!(", exit {}", way.exit);
        assert!(record.contains(&exit), "{}: not {} in\n{record}", way.what, way.exit);
    }
    // SIPp, whose scenario names +16175550142, and the softphone.
    let (sipp, softphone) = (of("42"), of("88"));
    assert!(sipp.contains("flu_shots / goodbye") && sipp.contains(", exit informed"), "{sipp}");
    assert!(softphone.contains("flu_shots / choose"), "{softphone}");
}

/// SIPp came through its scenario, and the softphone to its end.
fn must_end_well((mut sipp, mut baresip): (Child, Child), home: &Path) {
    let status = sipp.wait().expect("it is our child");
    let said = || ["said", "errors"].map(|name| read(&home.join("sipp").join(name))).concat();
    assert!(status.success(), "SIPp ended with {status}:\n{}", said());
    baresip.wait().expect("it is our child");
}

/// Every prompt that a way names, in this order; and the softphone heard the choices.
fn must_have_heard(home: &Path) {
    let stereo = home.join("baresip.wav");
    let mut sox = Command::new("sox");
    sox.arg(witnesses::kept(home)).args(["-b", "16", "-r", "8000", "-c", "2"]);
    let made = sox.arg(&stereo).status().expect("sox can be run");
    assert!(made.success(), "sox cannot read what baresip kept: {made}");
    let recordings = (0..WAYS.len()).map(|n| home.join(format!("{n}.wav"))).chain([stereo]);
    let named = named(home, &recordings.collect::<Vec<_>>());
    let softphone = ("a softphone", ["fs.menu en"].as_slice());
    let expected = WAYS.iter().map(|way| (way.what, way.hears)).chain([softphone]);
    for (heard, (what, hears)) in named.iter().zip(expected) {
        let mut rest = heard.iter();
        let all = hears.iter().all(|name| rest.any(|heard| heard == name));
        assert!(all, "{what}: heard {heard:?}, not {hears:?}");
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

    let counter = Counter::start();
    let flow = home.join("ivr-flows/flu_shots.yaml");
    let there = read(&flow).replace("127.0.0.1:8085", &counter.at.to_string());
    fs::write(&flow, there).expect("the test's own directory can be written");

    let ways = |hours, stock| {
        let holds = |way: &Way| way.hours == hours && way.stock == stock;
        WAYS.iter().enumerate().filter(|(_, way)| holds(way)).collect::<Vec<_>>()
    };
    set_hours(home, OPEN);
    let said = told(home, &["publish", "--yes", "--by", "maria", "--note", "flu shots"]);
    assert!(said.contains("live now is set 2"), "{said}");
    let others = (witnesses::sipp(home, &engine, "180", "33"), witnesses::baresip(home, &engine, "180", 12));
    for stock in [SOME, NONE, Stock::Page] {
        counter.has(stock);
        call(home, &engine, &ways(OPEN, stock));
    }
    must_end_well(others, home);
    let asked = counter.asked();
    assert!(asked.len() == 4 && asked.iter().all(|line| line == "GET /flu-shots HTTP/1.1"), "{asked:?}");
    set_hours(home, CLOSED);
    told(home, &["publish", "--yes"]);
    call(home, &engine, &ways(CLOSED, SOME));
    set_hours(home, &holidays(home));
    told(home, &["publish", "--yes"]);
    call(home, &engine, &ways(HOLIDAY, SOME));

    engine.wait_for("every record", |figures| (figures["calls_up"], figures["events_not_durable"]) == (0, 0));
    must_have_exits(&engine);
    must_have_heard(home);

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
