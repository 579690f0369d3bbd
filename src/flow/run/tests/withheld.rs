//! The safe stub: whom a tree is withheld from, what is heard in its place, and who gets the tree.

use super::*;
use crate::flow::content::Content;
use crate::flow::triage::fixture::{PROMPTS, TREE};

/// The shipped flows with a tree, signed or not.
fn with_tree(signed: &str, content: Option<&Content>) -> Arc<FlowSet> {
    let prompts = include_str!("../../../../ivr-flows/prompts.yaml").to_owned() + PROMPTS;
    let tree = TREE.to_owned() + signed;
    let set = flows(&[("red_flags.yaml", tree.as_str()), ("prompts.yaml", &prompts)]);
    match content {
        Some(content) => Arc::new(Arc::unwrap_or_clone(set).sealed_by(content)),
        None => set,
    }
}

fn sounds() -> Content {
    Content { files: [("sounds/en/tt.breath.wav".to_owned(), "01".to_owned())].into() }
}

/// A signature that fits.
fn signature(due: &str, content: &Content) -> String {
    let hash = with_tree("", None).trees()[0].sha256(content);
    format!("signed: {{by: Ada, licence: RN1/MA, on: 2026-11-28, review_due: {due}, sha256: {hash}}}\n")
}

/// 2026-11-28, noon.
const TODAY: WallTime = WallTime::from_micros(1_795_867_200_000_000);

/// What is heard by who calls the tree's number and ends the first words with key 5, which means nothing there.
fn told(set: Arc<FlowSet>, unsigned: Unsigned, language: &[Key]) -> String {
    let mut engine = Engine::new(set, "red_flags");
    let run = std::mem::replace(&mut engine.run, Run::new(flows(&[]), FlowName::from("main_menu")));
    engine.run = run.begun_at(Instant::START, TODAY).with_unsigned(unsigned);
    engine.input(Input::Start);
    for key in language.iter().copied().chain([Key::Digit(5)]) {
        engine.input(Input::Key(key));
    }
    engine.wait(Duration::from_secs(30));
    let says =
        engine.log.lines().filter(|line| ["say", "call", "Fault"].iter().any(|word| line.contains(word)));
    says.map(|line| line.split_once(' ').map_or(line, |(_, rest)| rest.trim())).collect::<Vec<_>>().join("\n")
}

#[test]
fn callers_of_an_unsigned_tree_hear_the_emergency_line_and_get_a_nurse_in_their_language() {
    for (keys, language) in [(&[][..], "en"), (&[Key::Digit(2)][..], "es")] {
        let told = told(with_tree("", Some(&sounds())), Unsigned::Withheld, keys);
        let stub = format!(
            "Fault {{ what: \"a triage tree is not signed as it stands: the caller gets a nurse at once\" }}\n\
             say u.emergency/{language} u.nurse/{language} u.recording/{language}\n"
        );
        assert!(told.contains(&stub), "{language}: {told}");
        assert!(told.contains("call sip:front-desk@127.0.0.1:5070 for 25 s"), "{told}");
        assert!(!told.contains("tt."), "no word of the tree: {told}");
    }
}

#[test]
fn a_tree_is_answered_only_as_it_was_signed_and_before_its_last_day_is_over() {
    let content = sounds();
    let changed = Content { files: [("sounds/en/tt.breath.wav".to_owned(), "02".to_owned())].into() };
    let good = signature("2027-11-28", &content);
    let table = [
        ("signed", good.clone(), Some(&content), true),
        ("signed to today", signature("2026-11-28", &content), Some(&content), true),
        ("signed to yesterday", signature("2026-11-27", &content), Some(&content), false),
        ("another sound", good.clone(), Some(&changed), false),
        ("sounds not known", good, None, false),
        ("not signed", String::new(), Some(&content), false),
    ];
    for (what, signed, content, answered) in table {
        let told = told(with_tree(&signed, content), Unsigned::Withheld, &[]);
        assert_eq!(told.contains("tt.begin/en"), answered, "{what}: {told}");
        assert_eq!(told.contains("say u.emergency/en u.nurse/en"), !answered, "{what}: {told}");
    }
    // Whoever tries it out gets it as it is.
    assert!(told(with_tree("", None), Unsigned::Answered, &[]).contains("tt.begin/en"));
}

#[test]
fn in_the_stub_nine_gets_help_in_a_crisis_and_a_second_look_at_the_tree_is_the_stub_again() {
    let mut engine = Engine::new(with_tree("", Some(&sounds())), "red_flags");
    engine.input(Input::Start);
    engine.wait(Duration::from_secs(20));
    engine.input(Input::Key(Key::Digit(9)));
    assert!(engine.log.contains("say cr.stay/en"), "{}", engine.log);
    engine.input(Input::Connected);
    assert_eq!(engine.run.exit().map(ExitName::as_str), Some("crisis"), "{}", engine.log);
}

#[test]
fn silence_in_a_triage_tree_leads_to_a_nurse_and_yes_to_a_red_flag_to_the_emergency_exit() {
    for (keys, expected) in [(&[1][..], "why: Nurse"), (&[1, 2, 2, 1][..], "why: Emergency")] {
        let mut engine = Engine::new(with_tree("", None), "red_flags");
        let run = std::mem::replace(&mut engine.run, Run::new(flows(&[]), FlowName::from("main_menu")));
        engine.run = run.with_unsigned(Unsigned::Answered);
        engine.input(Input::Start);
        engine.wait(Duration::from_secs(18));
        for key in keys {
            engine.input(Input::Key(Key::Digit(*key)));
            engine.wait(Duration::from_secs(4));
        }
        engine.wait(Duration::from_secs(40));
        assert!(engine.log.contains(expected), "{keys:?}: {}", engine.log);
    }
}
