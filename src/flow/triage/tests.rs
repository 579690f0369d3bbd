//! Every rule that a tree can break, by its code; and what a signature is over. Trees are written here in short lines:
//! `NAME ask CODE YES NO`, `NAME say NEXT`, `NAME menu KEY=STEP …`, `NAME person EXIT`; each speaks the prompt `p.NAME`.

use super::canonical::{Canonical, Clinic};
use super::heard;
use super::read::{CallerAct, TestText, TriageText};
use super::red_flags::REQUIRED;
use super::rules::{self, Ways};
use super::tree::{End, Exit, Node, NodeAct, To, Tree};
use super::{paths, sentences};
use crate::flow::content::Content;
use crate::flow::diagnostic::{Diagnostic, Paint, Place, Sources};
use crate::flow::languages::Languages;
use crate::flow::read::prompts::{self, Texts};
use crate::flow::syntax::fields::Placed;
use crate::flow::syntax::tree as yaml;
use crate::wire::telephone_event::Key;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn placed(word: &str, line: usize) -> Placed<String> {
    Placed { value: word.to_owned(), place: Place { file: 0, line, column: 1, width: word.len() } }
}

fn tree(text: &str) -> Tree {
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    let lines: Vec<Vec<&str>> = lines.into_iter().filter(|words| !words.is_empty()).collect();
    let to = |word: &str, line: usize| {
        let step = lines.iter().position(|words| words[0] == word).map(End::Node);
        let exits = [Exit::Emergency, Exit::Crisis, Exit::Nurse, Exit::Person];
        let exit = exits.into_iter().find(|exit| exit.exit() == word).map(End::Exit);
        let away = ["message", "main_menu"].contains(&word).then_some(End::Away);
        To { word: placed(word, line), end: step.or(exit).or(away).unwrap_or(End::Nowhere) }
    };
    let node = |(at, words): (usize, &Vec<&str>)| {
        let (line, prompt) = (at + 1, placed(&format!("p.{}", words[0]), at + 1));
        let act = match words[1] {
            "ask" => NodeAct::Ask {
                prompt,
                code: Some(words[2]).filter(|code| *code != "-").map(|code| placed(code, line)),
                yes: to(words[3], line),
                no: to(words[4], line),
            },
            "say" => NodeAct::Say { prompt, to: to(words[2], line) },
            "person" => NodeAct::Person { prompt, exit: words[2].to_owned() },
            "menu" => {
                let answer = |word: &&str| {
                    let (key, step) = word.split_once('=').unwrap();
                    (Key::Digit(key.parse().unwrap()), placed(step, line), to(step, line))
                };
                NodeAct::Menu { prompt, answers: words[2..].iter().map(answer).collect() }
            }
            _ => NodeAct::Strange { what: "`wait`" },
        };
        Node { name: placed(words[0], line), act }
    };
    let nodes: Vec<Node> = lines.iter().enumerate().map(node).collect();
    Tree { name: placed("nurse_triage", 1), start: (!nodes.is_empty()).then_some(0), nodes }
}

const GOOD: &str = "\
begin menu 1=breath
breath ask chest-breathing emergency_words stroke
stroke ask stroke emergency_words bleed
bleed ask bleed-collapse emergency seizure
seizure ask seizure-anaphylaxis emergency poison
poison ask ingestion poison_help harm
harm ask self-harm crisis nurse
emergency_words say emergency
poison_help say nurse
";

fn faults(tree: &Tree) -> (Vec<String>, Option<Vec<usize>>) {
    let mut sources = Sources::default();
    sources.add("t.yaml", String::new());
    let ways = match rules::check(tree, &mut sources) {
        Ways::Known(order) => Some(order),
        Ways::Unknown => None,
    };
    (sources.into_faults().iter().map(told).collect(), ways)
}

fn told(fault: &Diagnostic) -> String {
    for part in [&fault.what, &fault.repair, &fault.hears] {
        assert!(!part.is_empty(), "{}", fault.render(Paint::Plain));
    }
    format!("{} line {}: {}", fault.code.id, fault.place.line, fault.what)
}

#[test]
fn each_way_to_spoil_a_tree_is_told_by_its_own_code() {
    let table = [
        ("as it is", "", "", ""),
        (
            "a red flag is skipped",
            "breath ask chest-breathing emergency_words stroke",
            "breath ask chest-breathing emergency_words bleed",
            "F160 line 7: `harm` leads to `nurse` though a caller was not asked about: stroke",
        ),
        (
            "a menu leads past all",
            "begin menu 1=breath",
            "begin menu 1=breath 2=nurse",
            "F160 line 1: `begin` leads to `nurse` though a caller was not asked about: chest-breathing, stroke, bleed-collapse, seizure-anaphylaxis, ingestion, self-harm",
        ),
        (
            "a person too early",
            "begin menu 1=breath",
            "begin menu 1=breath 3=desk\ndesk person front_desk",
            "F160 line 2: `desk` leads to `desk` though a caller was not asked about",
        ),
        (
            "a slip in a code",
            "ask ingestion",
            "ask ingestoin",
            "F160 line 7: `harm` leads to `nurse` though a caller was not asked about: ingestion",
        ),
        (
            "yes and no changed over",
            "breath ask chest-breathing emergency_words stroke",
            "breath ask chest-breathing stroke emergency_words",
            "F176 line 2: yes to chest pain or trouble breathing leads to `nurse`",
        ),
        (
            "yes leads to a nurse",
            "bleed ask bleed-collapse emergency",
            "bleed ask bleed-collapse nurse",
            "F176 line 4: yes to bleeding that will not stop, or somebody who passed out leads to `nurse`",
        ),
        (
            "poison without a word",
            "ask ingestion poison_help",
            "ask ingestion nurse",
            "F176 line 6: yes to too much medicine, or poison leads to `nurse`",
        ),
        (
            "harm leads to a nurse",
            "harm ask self-harm crisis",
            "harm ask self-harm nurse",
            "F176 line 7: yes to thoughts of hurting oneself or others leads to `nurse`",
        ),
        ("no code", "ask stroke", "ask -", "F177 line 3"),
        ("0 is taken away", "begin menu 1=breath", "begin menu 0=breath", "F161 line 1: key 0 belongs"),
        ("4 is taken away", "begin menu 1=breath", "begin menu 4=breath", "F161 line 1: key 4 belongs"),
        ("9 is taken away", "begin menu 1=breath", "begin menu 9=breath", "F161 line 1: key 9 belongs"),
        (
            "a message",
            "self-harm crisis nurse",
            "self-harm crisis message",
            "F162 line 7: `message` leads away",
        ),
        (
            "another flow",
            "self-harm crisis nurse",
            "self-harm crisis main_menu",
            "F162 line 7: `main_menu` leads away",
        ),
        (
            "a circle with keys",
            "self-harm crisis nurse",
            "self-harm crisis begin",
            "F163 line 1: `begin` leads back",
        ),
        ("a circle of words", "poison_help say nurse", "poison_help say poison_help", "F163 line 9"),
        ("advice", "poison_help", "self_care", "F168 line 9: `self_care` is an exit with advice"),
        ("a hang-up", "poison_help", "hang_up", "F168 line 9: `hang_up`"),
        (
            "a step that waits",
            "poison_help say nurse",
            "poison_help wait nurse",
            "F175 line 9: a `wait` step",
        ),
    ];
    for (what, from, to, expected) in table {
        assert!(GOOD.contains(from), "{what}");
        let (told, _) = faults(&tree(&GOOD.replace(from, to)));
        let fits = match expected {
            "" => told.is_empty(),
            expected => told.first().is_some_and(|told| told.starts_with(expected)),
        };
        assert!(fits, "{what}: {told:#?}");
    }
}

#[test]
fn a_circle_and_a_step_without_end_are_told_before_any_way_is_looked_at() {
    for (from, to) in [
        ("self-harm crisis nurse", "self-harm crisis begin"),
        ("self-harm crisis nurse", "self-harm crisis nowhere"),
    ] {
        let (told, ways) = faults(&tree(&GOOD.replace(from, to)));
        assert_eq!(ways, None, "{told:?}");
        assert!(told.iter().all(|told| told.starts_with("F163")), "{told:?}");
    }
    assert_eq!(faults(&tree("")).1, None);
}

/// A tree of a thousand questions of two ways each that meet again: 2 to the power of 1 000 ways.
fn wide() -> Tree {
    let mut text = String::new();
    for n in 0..1_000 {
        text += &format!("q{n} menu 1=a{n} 2=b{n}\na{n} say q{m}\nb{n} say q{m}\n", m = n + 1);
    }
    let flags: Vec<&str> = REQUIRED.iter().map(|flag| flag.code).collect();
    for (n, code) in flags.iter().enumerate() {
        let (at, next) = (1_000 + n, 1_001 + n);
        let next = if n + 1 == flags.len() { "nurse".to_owned() } else { format!("q{next}") };
        text += &format!("q{at} ask {code} emergency {next}\n");
    }
    tree(&text)
}

#[test]
fn more_ways_than_atoms_are_judged_without_listing_one() {
    let tree = wide();
    let (told, ways) = faults(&tree);
    assert_eq!(told, [] as [String; 0]);
    let mut sources = Sources::default();
    sources.add("t.yaml", String::new());
    paths::check(&tree, &ways.unwrap(), &tests_of(&[]), &mut sources);
    let told: Vec<String> = sources.into_faults().iter().map(told_of).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("F173 line 1"), "{told:?}");
}

fn told_of(fault: &Diagnostic) -> String {
    told(fault) + " | " + &fault.repair
}

fn tests_of(tests: &[&str]) -> TriageText {
    let act = |word: &str| match word {
        "silence" => CallerAct::Silence,
        digit => CallerAct::Press(Key::Digit(digit.parse().unwrap())),
    };
    let test = |line: &&str| {
        let (keys, exit) = line.split_once('>').unwrap();
        TestText {
            name: placed(line, 1),
            acts: keys.split_whitespace().map(act).collect(),
            exit: placed(exit, 1),
        }
    };
    TriageText {
        intended_use: Some(placed("Routes the call.", 1)),
        sources: vec![placed("CDC", 1)],
        tests: tests.iter().map(test).collect(),
        tests_place: Place { file: 0, line: 20, column: 1, width: 1 },
        signed: None,
    }
}

const TESTS: [&str; 7] = [
    "1 1>emergency",
    "1 2 1>emergency",
    "1 2 2 1>emergency",
    "1 2 2 2 1>emergency",
    "1 2 2 2 2 1>nurse",
    "1 2 2 2 2 2 1>crisis",
    "1 2 2 2 2 2 2>nurse",
];

#[test]
fn a_way_without_a_test_is_named_with_the_line_that_tests_it() {
    let good = tree(GOOD);
    let (_, ways) = faults(&good);
    let ways = ways.unwrap();
    let untested = |tests: &[&str]| {
        let mut sources = Sources::default();
        sources.add("t.yaml", String::new());
        paths::check(&good, &ways, &tests_of(tests), &mut sources);
        sources.into_faults().iter().map(told_of).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(untested(&TESTS), "");
    for (without, test) in TESTS.iter().enumerate() {
        let mut tests = TESTS.to_vec();
        tests.remove(without);
        let (keys, exit) = test.split_once('>').unwrap();
        let line = format!("`- {{name: …, keys: [{}], exit: {exit}}}`", keys.replace(' ', ", "));
        let told = untested(&tests);
        assert!(told.starts_with("F164 line 20: one way") && told.ends_with(&line), "{told}\n{line}");
    }
    // What goes up by 0, 9 or silence, and what stops short, is no way by answers.
    let told = untested(&["0>person", "silence silence>person", "1 2>nurse", "1 1 1>emergency"]);
    assert!(told.contains("7 of the 7 ways") && told.ends_with("and 4 more"), "{told}");
}

const PROMPTS: &str = r#"
p.begin: {en: "I will ask some short questions. To begin, press 1.", es: "Le haré unas preguntas. Para empezar, marque 1."}
p.breath: {en: "Is there chest pain? Press 1 for yes. Press 2 for no.", es: "¿Hay dolor de pecho? Marque 1 para sí. Marque 2 para no."}
p.emergency_words: {en: "Call 9 1 1 now.", es: "Llame al 9 1 1 ahora."}
p.poison_help: {en: "The number is 1 800, 2 2 2, 1 2 2 2.", es: "El número es 1 800, 2 2 2, 1 2 2 2."}
u.emergency: {en: "Call 9 1 1.", es: "Llame al 9 1 1."}
u.nurse: {en: "I will get a nurse.", es: "Busco a una enfermera."}
x.other: {en: "Something else.", es: "Otra cosa."}
"#;

fn texts(changes: &[(&str, &str)]) -> BTreeMap<String, Texts> {
    let mut text = PROMPTS.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let mut sources = Sources::default();
    let (_, yaml::Reading::Tree(node)) = yaml::read(&mut sources, "prompts.yaml", text.as_bytes()) else {
        panic!("{text}")
    };
    let prompts = prompts::read(&node, &mut sources);
    assert!(sources.is_clean(), "{text}");
    prompts
}

#[test]
fn words_that_would_mislead_a_caller_in_a_tree_are_told() {
    let long = "Is there chest pain or a pain in the arm or in the jaw or in the back that came on at once and does not go away when you rest?";
    type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);
    let table: [Row<'_>; 8] = [
        ("as it is", &[], ""),
        (
            "yes and no changed over",
            &[("Press 1 for yes. Press 2 for no.", "Press 1 for no. Press 2 for yes.")],
            "F166",
        ),
        ("no no", &[("Marque 1 para sí. Marque 2 para no.", "Marque 1 para sí.")], "F165 F166"),
        ("a third key", &[("Press 2 for no.", "Press 2 for no. Press 3 if you do not know.")], "F165 F166"),
        ("another number in Spanish", &[("Llame al 9 1 1 ahora.", "Llame al 1 1 2 ahora.")], "F165 F171"),
        (
            "no number",
            &[("Call 9 1 1 now.", "Call now."), ("Llame al 9 1 1 ahora.", "Llame ahora.")],
            "F171 F171",
        ),
        ("a number with a slip", &[("1 2 2 2.\"}", "1 2 3 2.\"}")], "F165"),
        ("a long question", &[("Is there chest pain?", long)], "F169"),
    ];
    let good = tree(GOOD);
    for (what, changes, expected) in table {
        let prompts = texts(changes);
        let mut sources = Sources::default();
        sources.add("prompts.yaml", String::new());
        let clinic = Clinic { prompts: &prompts, languages: &["en", "es"], emergency: "911", tries: 2 };
        heard::check(&good, &clinic, &Languages::default(), &mut sources);
        let faults = sources.into_faults();
        let mut codes: Vec<&str> = faults.iter().map(|fault| fault.code.id).collect();
        codes.sort_unstable();
        assert_eq!(codes.join(" "), expected, "{what}: {:#?}", faults.iter().map(told).collect::<Vec<_>>());
    }
}

fn hash(tree_text: &str, changes: &[(&str, &str)], sounds: &[(&str, &str)]) -> String {
    let prompts = texts(changes);
    let clinic = Clinic { languages: &["en", "es"], emergency: "911", tries: 2, prompts: &prompts };
    let files = sounds.iter().map(|(name, hash)| ((*name).to_owned(), (*hash).to_owned())).collect();
    Canonical::of(&tree(tree_text), "Routes the call.", &["CDC"], &clinic).sha256(&Content { files })
}

const SOUNDS: [(&str, &str); 4] = [
    ("sounds/en/p.breath.wav", "01"),
    ("sounds/es/u.nurse.1.flac", "02"),
    ("sounds/en/x.other.wav", "03"),
    ("flows/clinic.yaml", "04"),
];

#[test]
fn a_key_a_text_a_sound_or_an_order_breaks_a_signature_and_layout_does_not() {
    let base = hash(GOOD, &[], &SOUNDS);
    // The same steps in another order of the file, under other names, with another prompt changed.
    let mut lines: Vec<&str> = GOOD.lines().collect();
    lines[1..].reverse();
    let turned = lines.join("\n").replace("poison_help", "help").replace("p.help", "p.poison_help");
    let same = [
        hash(&turned.replace("help", "poison_help"), &[], &SOUNDS),
        hash(&GOOD.replace("harm", "last").replace("self-last", "self-harm"), &[], &SOUNDS),
        hash(GOOD, &[("Something else.", "Anything.")], &SOUNDS),
        hash(
            GOOD,
            &[],
            &[SOUNDS[0], SOUNDS[1], ("sounds/en/x.other.wav", "0f"), ("flows/clinic.yaml", "0f")],
        ),
    ];
    for (n, same) in same.iter().enumerate() {
        // A step's prompt is named after it here, so renaming `harm` names a prompt that is not there: no text changes.
        if n != 1 {
            assert_eq!(*same, base, "{n}");
        }
    }
    let swapped = GOOD
        .replace("ask stroke", "ask x")
        .replace("ask bleed-collapse", "ask stroke")
        .replace("ask x", "ask bleed-collapse");
    let other = [
        ("a key", hash(&GOOD.replace("1=breath", "3=breath"), &[], &SOUNDS)),
        ("an answer", hash(&GOOD.replace("self-harm crisis nurse", "self-harm crisis person"), &[], &SOUNDS)),
        ("the order of questions", hash(&swapped, &[], &SOUNDS)),
        ("a text", hash(GOOD, &[("Is there chest pain?", "Is there chest  pain?")], &SOUNDS)),
        ("a text in Spanish", hash(GOOD, &[("dolor de pecho", "dolor")], &SOUNDS)),
        ("a text of the engine", hash(GOOD, &[("I will get a nurse.", "I will get her.")], &SOUNDS)),
        ("a sound", hash(GOOD, &[], &[("sounds/en/p.breath.wav", "0f"), SOUNDS[1]])),
        ("a sound that is gone", hash(GOOD, &[], &SOUNDS[1..])),
        ("a piece of a sound", hash(GOOD, &[], &[SOUNDS[0], ("sounds/es/u.nurse.1.flac", "0f")])),
    ];
    for (what, other) in other {
        assert_ne!(other, base, "{what}");
    }
}

#[test]
fn a_tree_is_told_in_sentences_for_whoever_signs_it() {
    let prompts = texts(&[]);
    let lines = sentences::lines(
        &tree("begin menu 1=breath\nbreath ask chest-breathing emergency nurse\n"),
        &prompts,
        &["en", "es"],
    );
    expect_test::expect![[r#"
        At every question: 0 is a person, 4 a nurse, 9 help in a crisis, star says it again; two silences or two wrong keys get a person.
        begin offers keys:
            en  I will ask some short questions. To begin, press 1.
            es  Le haré unas preguntas. Para empezar, marque 1.
            1 (breath) → breath
        breath asks about chest pain or trouble breathing (red flag chest-breathing):
            en  Is there chest pain? Press 1 for yes. Press 2 for no.
            es  ¿Hay dolor de pecho? Marque 1 para sí. Marque 2 para no.
            1 (yes) → EMERGENCY: the emergency line is said again and again while a person is called; nothing is recorded
            2 (no) → a nurse: the person ladder, with the words for a nurse
    "#]]
    .assert_eq(&(lines.join("\n") + "\n"));
}

/// A tree of random questions: each leads to later ones or to exits, so it has no circle.
fn random() -> impl Strategy<Value = String> {
    let step = (0_usize..7, 0_usize..12, 0_usize..12);
    proptest::collection::vec(step, 1..9).prop_map(|steps| {
        let count = steps.len();
        let to = |from: usize, pick: usize| {
            let exits = ["emergency", "crisis", "nurse", "person"];
            let later = from + 1 + pick / 2;
            if pick.is_multiple_of(2) && later < count {
                format!("s{later}")
            } else {
                exits[pick % 4].to_owned()
            }
        };
        let line = |(at, (flag, yes, no)): (usize, &(usize, usize, usize))| match REQUIRED.get(*flag) {
            Some(flag) => format!("s{at} ask {} {} {}\n", flag.code, to(at, *yes), to(at, *no)),
            None => format!("s{at} menu 1={} 2={}\n", to(at, *yes), to(at, *no)),
        };
        steps.iter().enumerate().map(line).collect()
    })
}

/// Whether some way of the tree comes to a nurse or person past a red flag: by listing every way.
fn passes_by(tree: &Tree, at: usize, asked: &[&str], raised: bool) -> bool {
    let node = &tree.nodes[at];
    node.ways().iter().any(|way| {
        let mut asked = asked.to_vec();
        let mut raised = raised;
        if let NodeAct::Ask { code: Some(code), .. } = &node.act {
            raised |= way.key == Some(Key::Digit(1));
            asked.extend(REQUIRED.iter().map(|flag| flag.code).filter(|flag| *flag == code.value));
        }
        match way.to.end {
            End::Node(next) => passes_by(tree, next, &asked, raised),
            End::Exit(exit) => {
                exit.acuity() > 1 && !raised && REQUIRED.iter().any(|flag| !asked.contains(&flag.code))
            }
            End::Away | End::Nowhere => false,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn the_flow_of_data_finds_what_a_walk_over_every_way_finds(text in random()) {
        let tree = tree(&text);
        let (told, _) = faults(&tree);
        let found = told.iter().any(|told| told.starts_with("F160"));
        prop_assert_eq!(found, passes_by(&tree, 0, &[], false), "{}\n{:?}", text, told);
    }
}
