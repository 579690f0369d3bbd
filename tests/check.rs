//! `careline check` and `careline serve` against broken files: every fault is told with its place, at
//! once, and a faulty set never starts serving.

#[path = "engine/mod.rs"]
mod engine;
#[path = "sound/mod.rs"]
mod sound;

use engine::{ROOT, Wishes, careline, furnish, run_to_end};
use std::fs;
use std::path::Path;

/// One way to break the shipped files.
struct Break {
    what: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
    /// What must be said, each of them; [`LINE`] is the place of the change.
    says: &'static [&'static str],
}

/// Stands for `FILE:LINE:` of the change.
const LINE: &str = "its line";

const BREAKS: &[Break] = &[
    Break {
        what: "an unknown word in careline.yaml",
        file: "careline.yaml",
        from: "drain_s:",
        to: "drain:",
        says: &[LINE, "C001", "drain_s"],
    },
    Break {
        what: "a value that is no number",
        file: "careline.yaml",
        from: "max: 200",
        to: "max: many",
        says: &[LINE, "C009"],
    },
    Break {
        what: "a port range that is none",
        file: "careline.yaml",
        from: "workers: 2",
        to: "workers: 2, last_port: 1024",
        says: &[LINE],
    },
    Break {
        what: "a key that leads nowhere",
        file: "ivr-flows/main_menu.yaml",
        from: "1: visits,",
        to: "1: visist,",
        says: &[LINE, "F012", "visits"],
    },
    Break {
        what: "the same key twice",
        file: "ivr-flows/main_menu.yaml",
        from: "{1: visits, 3:",
        to: "{1: visits, 1:",
        says: &[LINE],
    },
    Break {
        what: "a tab",
        file: "ivr-flows/main_menu.yaml",
        from: "    menu: mm.menu",
        to: "\tmenu: mm.menu",
        says: &[LINE],
    },
    Break {
        what: "an anchor",
        file: "ivr-flows/main_menu.yaml",
        from: "start: choose",
        to: "start: &start choose",
        says: &[LINE],
    },
    Break {
        what: "a circle without the caller",
        file: "ivr-flows/entry.yaml",
        from: "u.person, next: called_number",
        to: "u.person, next: emergency",
        says: &["entry.yaml:", "F013"],
    },
    Break {
        what: "a step of no known kind",
        file: "ivr-flows/main_menu.yaml",
        from: "menu: mm.more",
        to: "menue: mm.more",
        says: &[LINE, "F101", "menu"],
    },
    Break {
        what: "a prompt that nobody wrote",
        file: "ivr-flows/entry.yaml",
        from: "say: u.person",
        to: "say: u.persno",
        says: &[LINE, "F020", "u.person"],
    },
    Break {
        what: "a flow that does not exist",
        file: "ivr-flows/clinic.yaml",
        from: "199: after_hours",
        to: "199: after_ours",
        says: &[LINE, "F036", "after_hours"],
    },
    Break {
        what: "a key that the menu does not take",
        file: "ivr-flows/prompts.yaml",
        from: "To leave a message, press 1.",
        to: "To leave a message, press the 3 key.",
        says: &[LINE, "F018", "key 3", "F019", "key 1"],
    },
    Break {
        what: "a key that only one language offers",
        file: "ivr-flows/prompts.yaml",
        from: "o marque 9 ahora",
        to: "o siga en la línea",
        says: &[LINE, "F051", "key 9"],
    },
    Break {
        what: "a key that nothing waits for",
        file: "ivr-flows/prompts.yaml",
        from: "Thank you for calling.",
        to: "Thank you for calling. Press 5.",
        says: &[LINE, "F054", "key 5"],
    },
    Break {
        what: "the key that ends calls from the clinic",
        file: "ivr-flows/main_menu.yaml",
        from: "3: website,",
        to: "8: website,",
        says: &[LINE, "F050"],
    },
    Break {
        what: "words that need a university",
        file: "ivr-flows/prompts.yaml",
        from: "Okay. I will get a person to help you.",
        to: "Certainly. A representative specialising in administrative assistance is being notified immediately.",
        says: &[LINE, "F052", "u.agent"],
    },
    Break {
        what: "a number that speaks and hangs up",
        file: "ivr-flows/after_hours.yaml",
        from: "    menu: vm.closed_now              # 4 is the nurse everywhere, 0 a person\n    keys: {1: message}",
        to: "    say: u.goodbye\n    end: message_left",
        says: &["after_hours.yaml:1:", "F056"],
    },
    Break {
        what: "a ladder without a last rung",
        file: "ivr-flows/clinic.yaml",
        from: "  - {message: vm.record_now",
        to: "  # - {message: vm.record_now",
        says: &["clinic.yaml:"],
    },
];

fn furnished() -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let sounds = home.path().join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    furnish(home.path(), &Wishes { sounds, ..Wishes::default() });
    home
}

/// Breaks the file; tells what must be said of it.
fn break_it(home: &Path, wanted: &Break) -> Vec<String> {
    let path = home.join(wanted.file);
    let text = fs::read_to_string(&path).expect("the file is shipped");
    let before = text.split_once(wanted.from).map(|(before, _)| before);
    let before =
        before.unwrap_or_else(|| panic!("{}: {} has no `{}`", wanted.what, wanted.file, wanted.from));
    let place =
        format!("{}:{}:", wanted.file, before.lines().count().max(1) + usize::from(before.ends_with('\n')));
    fs::write(&path, text.replacen(wanted.from, wanted.to, 1))
        .expect("the test's own directory can be written");
    wanted.says.iter().map(|word| if *word == LINE { place.clone() } else { (*word).to_owned() }).collect()
}

#[test]
fn the_shipped_files_have_no_fault() {
    let home = furnished();
    let (code, said) = run_to_end(home.path(), "check");
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn every_fault_is_told_with_its_place_and_never_served() {
    let mut faults = String::new();
    for wanted in BREAKS {
        let home = furnished();
        let must_say = break_it(home.path(), wanted);
        for command in ["check", "serve"] {
            let (code, said) = run_to_end(home.path(), command);
            let unsaid: Vec<_> = must_say.iter().filter(|word| !said.contains(word.as_str())).collect();
            if code != Some(1) || !unsaid.is_empty() {
                faults += &format!(
                    "== {}: `{command}` ended with {code:?}, did not say {unsaid:?}:\n{said}\n",
                    wanted.what
                );
            }
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn faults_of_all_files_are_told_at_once() {
    let home = furnished();
    let together = ["a key that leads nowhere", "a prompt that nobody wrote", "a flow that does not exist"];
    let wanted: Vec<&Break> = BREAKS.iter().filter(|one| together.contains(&one.what)).collect();
    let must_say: Vec<Vec<String>> = wanted.iter().map(|one| break_it(home.path(), one)).collect();
    let (code, said) = run_to_end(home.path(), "check");
    assert_eq!(code, Some(1), "{said}");
    for word in must_say.iter().flatten() {
        assert!(said.contains(word), "no {word} in\n{said}");
    }
}

#[test]
fn a_prompt_without_audio_is_a_fault_and_so_is_audio_that_is_none() {
    for (what, code) in [("missing", "F022"), ("none", "F023")] {
        let home = furnished();
        let file = home.path().join("sounds/es/u.person.wav");
        if what == "missing" {
            fs::remove_file(&file).expect("the file was made");
        } else {
            fs::write(&file, "this is no sound").expect("the test's own directory can be written");
        }
        let (exit, said) = run_to_end(home.path(), "check");
        assert!(
            exit == Some(1) && said.contains(code) && said.contains("u.person"),
            "{what}: {exit:?}\n{said}"
        );
    }
}

#[test]
fn a_sound_under_waits_that_is_none_is_a_fault_and_careline_sounds_tells_what_is_heard() {
    let home = furnished();
    let (code, said) = run_to_end(home.path(), "sounds");
    assert!(code == Some(0) && said.contains("under a wait: two soft notes"), "{code:?}\n{said}");
    fs::write(home.path().join("sounds/wait.mp3"), "music").expect("the test's own directory can be written");
    let (code, said) = run_to_end(home.path(), "check");
    assert!(code == Some(1) && said.contains("wait.mp3: this is a text file"), "{code:?}\n{said}");
}

#[test]
fn a_prompt_that_nobody_hears_is_told_and_stops_nothing() {
    let home = furnished();
    let file = home.path().join("ivr-flows/prompts.yaml");
    let text = fs::read_to_string(&file).expect("the file is shipped");
    fs::write(&file, text + "x.nobody: {en: Hello., es: Hola.}\n")
        .expect("the test's own directory can be written");
    let (code, said) = run_to_end(home.path(), "check");
    assert!(code == Some(0) && said.contains("F053") && said.contains("1 warning"), "{code:?}\n{said}");
}

#[test]
fn a_port_in_use_is_told_and_not_served() {
    let home = furnished();
    let config = home.path().join("careline.yaml");
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = taken.local_addr().expect("a bound socket has an address").to_string();
    let text = fs::read_to_string(&config).expect("the file was made");
    let rest = text.split_once("\", t1_ms").expect("the test's own configuration").1;
    fs::write(&config, format!("sip: {{listen: \"{address}\", t1_ms{rest}"))
        .expect("the test's own directory can be written");
    let (code, said) = run_to_end(home.path(), "serve");
    assert!(code == Some(1) && said.contains(&address), "{code:?}\n{said}");
}

#[test]
fn a_configuration_that_is_not_there_is_told() {
    let home = furnished();
    fs::remove_file(home.path().join("careline.yaml")).expect("the file was made");
    let (code, said) = run_to_end(home.path(), "serve");
    assert!(code == Some(1) && said.contains("careline.yaml"), "{code:?}\n{said}");
}

/// Runs a command: its exit code and what it printed.
fn ran(home: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = careline(home, arguments).output().expect("the program can be run");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_slip_is_told_to_programs_repaired_and_laid_out() {
    let home = furnished();
    let slip = BREAKS.iter().find(|one| one.what == "a key that leads nowhere").expect("it is in the table");
    break_it(home.path(), slip);
    for (format, word) in [("json", "\"page\": \"docs/faults/F012.md\""), ("sarif", "\"ruleId\": \"F012\"")] {
        let (code, said) = ran(home.path(), &["check", "--format", format]);
        assert!(code == Some(1) && said.contains(word), "{format}: {code:?}\n{said}");
    }
    let (code, said) = ran(home.path(), &["check", "--why", "F012"]);
    assert!(code == Some(0) && said.contains("How to repair it"), "{code:?}\n{said}");
    let (code, said) = ran(home.path(), &["check", "--fix", "--dry-run"]);
    assert!(code == Some(1) && said.contains("`visist` becomes `visits`"), "{code:?}\n{said}");
    let (code, said) = ran(home.path(), &["check", "--fix"]);
    assert!(code == Some(0) && said.contains("1 repair written"), "{code:?}\n{said}");

    let menu = home.path().join(slip.file);
    let shipped = fs::read_to_string(&menu).expect("the file is there");
    fs::write(&menu, shipped.replace("start: ", "start:    "))
        .expect("the test's own directory can be written");
    let (code, said) = ran(home.path(), &["fmt", "--check"]);
    assert!(code == Some(1) && said.contains("main_menu.yaml"), "{code:?}\n{said}");
    let (code, said) = ran(home.path(), &["fmt"]);
    assert_eq!((code, fs::read_to_string(&menu).ok()), (Some(0), Some(shipped)), "{said}");
    assert_eq!(ran(home.path(), &["fmt", "--check"]).0, Some(0));
    let (code, said) = ran(home.path(), &["schema", "flow"]);
    assert!(
        code == Some(0) && said.contains("https://json-schema.org/draft/2020-12/schema"),
        "{code:?}\n{said}"
    );
}
