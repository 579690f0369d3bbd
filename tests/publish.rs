//! Publishing as an administrator does it: the draft is edited and published while calls are up, gone back from, tried by
//! some callers, and broken; and whoever publishes is killed at each stage of it.

#[path = "engine/mod.rs"]
mod engine;
#[path = "phone/mod.rs"]
mod phone;
#[path = "sound/mod.rs"]
mod sound;

use engine::{Engine, ROOT, Wishes, careline, edit, eventually, furnish, must, ran};
use phone::Phone;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// The first two keys of the main menu: as they are shipped, changed, and without sense.
const BEFORE: &str = "1: visits, 3: refill";
const AFTER: &str = "1: refill, 3: visits";
const BROKEN: &str = "1: nowhere, 3: refill";

/// A clinic with short prompts, and where its engine will be.
fn furnished() -> (tempfile::TempDir, SocketAddr, SocketAddr) {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let sounds = home.path().join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    let (sip, desk) = furnish(home.path(), &Wishes { sounds, ..Wishes::default() });
    (home, sip, desk)
}

fn call(engine: &Engine, number: &str) -> Phone {
    Phone::call(engine.sip, number, 440.0).unwrap_or_else(|fault| panic!("{fault}"))
}

/// The record of the newest call, once it is over.
fn record_of_last(engine: &Engine, ended: u64) -> String {
    engine.wait_for("the end of the call", |figures| {
        figures["calls_ended"] == ended && figures["events_not_durable"] == 0
    });
    let (id, _) = engine.calls().into_iter().next().expect("a call is listed");
    engine.told(&["calls", &id])
}

/// The version that `careline history` shows for a set.
fn version(home: &Path, set: &str) -> String {
    let (_, table) = ran(home, &["history"]);
    let line = table.lines().find(|line| line.split_whitespace().next() == Some(set));
    let line = line.unwrap_or_else(|| panic!("no set {set} in\n{table}"));
    let is_version = |word: &&str| word.len() == 12 && word.bytes().all(|octet| octet.is_ascii_hexdigit());
    line.split_whitespace().find(is_version).unwrap_or_else(|| panic!("no version in {line}")).to_owned()
}

/// Calls, hangs up, and tells the version that it ran on.
fn version_of_a_call(engine: &Engine, number: &str, ended: u64) -> String {
    let phone = call(engine, number);
    phone.listen(5);
    phone.hang_up().unwrap_or_else(|fault| panic!("{fault}"));
    let record = record_of_last(engine, ended);
    let version = record.split_once(", version ").and_then(|(_, rest)| rest.get(..12));
    version.unwrap_or_else(|| panic!("no version in\n{record}")).to_owned()
}

#[test]
fn callers_hear_what_was_published_and_end_on_what_they_began_with() {
    let (home, sip, desk) = furnished();
    let home = home.path();
    let engine = Engine::start_again(home, sip, desk);
    wait_until_said(&engine, "published now as set 1");
    let first = version(home, "1");
    let early = call(&engine, "100");
    engine.wait_for("the call", |figures| figures.get("calls_on_set_1") == Some(&1));

    edit(home, "main_menu.yaml", BEFORE, AFTER);
    edit(home, "prompts.yaml", "This is the Riverside Clinic.", "This is the clinic at the river.");
    sound::write_tone(&home.join("sounds/en/mm.more.wav"), 700.0, 0.2);
    must(home, &["publish"], false, &["no terminal", "--yes", "key 1 now leads to refill, it led to visits"]);
    let says = [
        "menu `choose` of main_menu: key 1 now leads to refill, it led to visits",
        "prompt u.greeting: new English text",
        "sound mm.more (English) changed",
        "live now is set 2",
        "1 call still runs on set 1",
    ];
    must(home, &["publish", "--yes", "--by", "maria", "--note", "river"], true, &says);
    let figures = engine.status();
    assert_eq!((figures["flows_set"], figures["calls_on_set_1"]), (2, 1), "{figures:#?}");
    must(home, &["publish", "--yes"], true, &["nothing to publish"]);
    let second = version(home, "2");
    assert_ne!(first, second);

    // The call that was up takes the way of its own set; the next one that of the new set.
    let spoken = engine.status()["playings"];
    engine.wait_for("the menu", |figures| figures["playings"] > spoken);
    early.press(1);
    engine.wait_for("the key", |figures| figures["keys"] == 1);
    early.listen(10);
    early.hang_up().unwrap_or_else(|fault| panic!("{fault}"));
    let record = record_of_last(&engine, 1);
    assert!(record.contains(&first) && record.contains("visits") && !record.contains("refill"), "{record}");
    assert_eq!(version_of_a_call(&engine, "100", 2), second);
    engine.wait_for("the old set to be forgotten", |figures| !figures.contains_key("calls_on_set_1"));

    must(home, &["diff", "1", "2"], true, &["from set 1 to set 2", "key 1 now leads to refill"]);
    must(home, &["rollback"], true, &["key 1 now leads to visits, it led to refill", "live now is set 1"]);
    assert_eq!(version_of_a_call(&engine, "100", 3), first);
    must(home, &["history"], true, &["maria", "[current] the first start", "river"]);
    must(home, &["rollback"], false, &["no set was published before this one"]);
    must(home, &["rollback", "2"], true, &["live now is set 2"]);
    must(home, &["rollback", "7"], false, &["there is no published set 7"]);
    assert_eq!(version_of_a_call(&engine, "100", 4), second);
    engine.stop();
}

#[test]
fn some_callers_try_a_set_and_those_of_an_urgent_flow_never() {
    let (home, sip, desk) = furnished();
    let home = home.path();
    edit(home, "clinic.yaml", "urgent_flows: [crisis_help]", "urgent_flows: [after_hours]");
    let engine = Engine::start_again(home, sip, desk);
    let first = version(home, "1");
    edit(home, "main_menu.yaml", BEFORE, AFTER);
    must(home, &["publish", "--yes", "--canary-number", "199"], false, &["an urgent flow"]);
    must(home, &["publish", "--yes", "--canary", "100%"], false, &["no share of the calls"]);
    must(
        home,
        &["publish", "--yes", "--canary-number", "100"],
        true,
        &["new calls to 100 hear it, all others set 1"],
    );
    let second = version(home, "2");
    assert_eq!(version_of_a_call(&engine, "100", 1), second);
    assert_eq!(version_of_a_call(&engine, "199", 2), first);
    assert_eq!(version_of_a_call(&engine, "+16175550100", 3), first);

    must(
        home,
        &["publish", "--yes", "--canary", "99%"],
        true,
        &["99% of the new calls hear it, the others set 1"],
    );
    let figures = engine.status();
    assert_eq!((figures["flows_set"], figures["canary_set"]), (1, 2), "{figures:#?}");
    assert_eq!(version_of_a_call(&engine, "199", 4), first);
    // What is tried is tried after a start too.
    let (status, said) = engine.stop();
    assert!(status.success(), "{said}");
    let engine = Engine::start_again(home, sip, desk);
    assert_eq!(engine.status()["canary_set"], 2);
    must(home, &["rollback"], false, &["some calls try set 2", "--withdraw"]);
    must(home, &["publish", "--withdraw"], true, &["live now is set 1"]);
    must(home, &["publish", "--promote"], false, &["no set is tried"]);
    assert_eq!(version_of_a_call(&engine, "100", 1), first);
    must(home, &["publish", "--yes", "--canary", "50%"], true, &["set 2: 50%"]);
    must(home, &["publish", "--promote"], true, &["live now is set 2: every new call hears it"]);
    assert_eq!(version_of_a_call(&engine, "100", 2), second);
    engine.stop();
}

#[test]
fn a_broken_draft_is_served_to_nobody() {
    let (home, sip, desk) = furnished();
    let home = home.path();
    let engine = Engine::start_again(home, sip, desk);
    let first = version(home, "1");
    edit(home, "main_menu.yaml", BEFORE, BROKEN);
    must(home, &["publish", "--yes"], false, &["main_menu.yaml:", "nowhere", "nothing is published"]);
    assert_eq!(version_of_a_call(&engine, "100", 1), first);
    engine.stop();

    // A start serves what was published, and says that the draft is another.
    let engine = Engine::start_again(home, sip, desk);
    wait_until_said(&engine, "differs: `careline publish` makes it live");
    assert_eq!(version_of_a_call(&engine, "100", 1), first);

    // A published set that was changed by hand replaces nothing, and the set before it is served after a start.
    edit(home, "main_menu.yaml", BROKEN, AFTER);
    must(home, &["publish", "--yes"], true, &["live now is set 2"]);
    must(home, &["rollback"], true, &["live now is set 1"]);
    let file = home.join("published/000002/flows/main_menu.yaml");
    fs::remove_file(&file).expect("it was published");
    must(home, &["rollback", "2"], false, &["flows/main_menu.yaml is gone"]);
    assert_eq!(engine.status()["flows_set"], 1);
    engine.stop();
}

#[test]
fn a_warning_stops_neither_the_first_start_nor_publishing() {
    let (home, sip, desk) = furnished();
    let home = home.path();
    edit(home, "prompts.yaml", "mm.menu:\n", "x.new: {en: Hello., es: Hola.}\nmm.menu:\n");
    let engine = Engine::start_again(home, sip, desk);
    wait_until_said(&engine, "F053  warning: no step speaks `x.new`");
    edit(home, "main_menu.yaml", BEFORE, AFTER);
    must(home, &["publish", "--yes"], true, &["F053  warning", "live now is set 2"]);
    engine.stop();
}

#[test]
fn without_an_engine_the_next_start_serves_it_and_a_damaged_set_gives_way_to_the_one_before() {
    let (home, sip, desk) = furnished();
    let home = home.path();
    must(home, &["history"], true, &["nothing is published yet"]);
    must(home, &["publish", "--yes"], true, &["this is the first set", "no engine runs here"]);
    edit(home, "main_menu.yaml", BEFORE, AFTER);
    must(home, &["publish", "--yes"], true, &["from its next start on it is set 2"]);
    let engine = Engine::start_again(home, sip, desk);
    assert_eq!(engine.status()["flows_set"], 2);
    engine.stop();
    fs::remove_file(home.join("published/000002/sounds/es/mm.menu.wav")).expect("it was published");
    let engine = Engine::start_again(home, sip, desk);
    wait_until_said(&engine, "sounds/es/mm.menu.wav is gone");
    assert_eq!(engine.status()["flows_set"], 1);
    engine.stop();
}

#[test]
fn with_live_edit_a_clean_draft_is_heard_as_it_is_saved_and_a_broken_one_is_told() {
    let (home, sip, desk) = furnished();
    let home = home.path();
    let config = home.join("careline.yaml");
    let text = fs::read_to_string(&config).expect("the file was made") + "live_edit: true\n";
    fs::write(&config, text).expect("the test's own directory can be written");
    let engine = Engine::start_again(home, sip, desk);
    assert_eq!(engine.status()["flows_draft"], 1);
    edit(home, "main_menu.yaml", BEFORE, AFTER);
    engine.wait_for("the edit to be served", |figures| figures["flows_draft"] == 2);
    edit(home, "main_menu.yaml", AFTER, BROKEN);
    wait_until_said(&engine, "the draft has faults and is not served");
    assert_eq!(engine.status()["flows_draft"], 2);
    engine.stop();
}

/// What it prints comes to us a little after it answers.
fn wait_until_said(engine: &Engine, words: &str) {
    eventually(|| engine.said().contains(words).then_some(()), || format!("`{words}` in\n{}", engine.said()));
}

/// Starts to publish and kills it as soon as this is there.
fn kill_at(home: &Path, sight: &Path) {
    let mut command = careline(home, &["publish", "--yes"]);
    let mut child =
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program can be run");
    while !sight.exists() && matches!(child.try_wait(), Ok(None)) {
        std::thread::yield_now();
    }
    // It may have ended by itself at this very moment.
    let _ = child.kill();
    child.wait().expect("it is our child");
}

#[test]
fn whoever_is_killed_while_publishing_leaves_a_whole_set() {
    let (home, sip, desk) = furnished();
    let home = home.path();
    let mut engine = Some(Engine::start_again(home, sip, desk));
    let shelf = home.join("published");
    let sights: [fn(&Path, u64) -> PathBuf; 5] = [
        |shelf, _| shelf.join(".new"),
        |shelf, _| shelf.join(".new/sounds"),
        |shelf, _| shelf.join(".new/manifest.json"),
        |shelf, next| shelf.join(format!("{next:06}")),
        |shelf, _| shelf.join("current.new"),
    ];
    let mut keys = BEFORE;
    for (round, sight) in sights.iter().enumerate() {
        let next_keys = if round % 2 == 0 { AFTER } else { BEFORE };
        edit(home, "main_menu.yaml", keys, next_keys);
        keys = next_keys;
        let last = fs::read_dir(&shelf).expect("the first start made it").filter_map(Result::ok);
        let last =
            last.filter_map(|entry| entry.file_name().to_str()?.parse::<u64>().ok()).max().unwrap_or(0);
        kill_at(home, &sight(&shelf, last + 1));
        // The engine too, in every other round; else it was not running, or goes on.
        if let Some(running) = engine.take() {
            running.kill();
        }
        let started = Engine::start_again(home, sip, desk);
        wait_until_said(&started, "stop with Ctrl-C");
        let said = started.said();
        assert!(
            !said.contains("cannot be served") && !said.contains("is not as it was"),
            "round {round}: {said}"
        );
        let served = started.status()["flows_set"];
        assert!((1..=last + 1).contains(&served), "round {round}: set {served}");
        if round % 2 == 0 {
            engine = Some(started);
        } else {
            started.stop();
        }
    }
    if let Some(engine) = engine.take() {
        engine.stop();
    }
    must(home, &["publish", "--yes"], true, &[]);
    let (_, table) = ran(home, &["history"]);
    assert!(table.contains("[current]"), "{table}");
}
