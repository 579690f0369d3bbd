//! Rehearsals of the shipped flows: as written, and otherwise.

mod exits;

use super::*;
use crate::flow::diagnostic::Paint;
use crate::flow::set::Audio;
use expect_test::{Expect, expect};

/// The files of the shipped folder that have such a name.
fn of_folder(is_wanted: impl Fn(&str) -> bool) -> Vec<SourceFile> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("ivr-flows");
    let files = std::fs::read_dir(folder).expect("the shipped flows can be read").filter_map(|entry| {
        let path = entry.ok()?.path();
        let name = path.file_name()?.to_str()?.to_owned();
        let octets = std::fs::read(&path).ok()?;
        is_wanted(&name).then_some(SourceFile { path: name, octets })
    });
    files.collect()
}

fn shipped() -> Arc<FlowSet> {
    let files = of_folder(|name| name.ends_with(".yaml") && !name.ends_with(".test.yaml"));
    let (set, faults) = FlowSet::load(files, &|_, _| Audio::Present);
    let shown: Vec<String> = faults.iter().map(|fault| fault.render(Paint::Plain)).collect();
    Arc::new(set.unwrap_or_else(|| panic!("{}", shown.join("\n"))))
}

fn came(text: &str) -> String {
    let file = SourceFile { path: "main_menu.test.yaml".to_owned(), octets: text.as_bytes().to_vec() };
    let came = all(&shipped(), &[file]);
    let played = came.played.iter().map(|(_, name, verdict)| format!("{name}: {verdict:?}\n"));
    let faults = came.faults.iter().map(|fault| fault.render(Paint::Plain) + "\n");
    played.chain(faults).collect()
}

#[track_caller]
fn comes_to(text: &str, expected: Expect) {
    expected.assert_eq(&came(text));
}

#[test]
fn a_call_that_comes_out_as_written_is_told_so() {
    for text in [
        "- name: a\n  call: [{hears: mm.menu, presses: 3}]\n  then: {exit: refill}\n",
        "- name: a\n  given: {number: 199, language: es, desk: nobody}\n  call:\n    - {hears: [u.greeting, vm.closed_now], presses: 1}\n    - {hears: [u.recording, vm.record_now], says: 5 s}\n    - {hears: [vm.saved_next_day, u.goodbye]}\n  then: {exit: message_left}\n",
        "- name: a\n  call: [{silent: yes}, {hears: [u.noinput1, mm.menu], silent: yes}, {hears: u.noinput2}]\n  then: {exit: person}\n",
        "- name: a\n  call: [{presses: [9, 1, 1]}]\n  then: {exit: emergency}\n",
        "- name: a\n  given: {number: office_info}\n  call: [{hears: oi.menu, presses: 1}, {hears: oi.hours, presses: 3}]\n  then: {exit: informed}\n",
    ] {
        assert_eq!(came(text), "a: AsWritten\n", "{text}");
    }
}

#[test]
fn a_call_that_is_written_in_two_languages_is_played_in_each() {
    let call = "  call: [{hears: mm.menu, presses: 3}]\n  then: {exit: refill}\n";
    let came_in = |languages: &str| came(&format!("- name: a\n  given: {{language: {languages}}}\n{call}"));
    assert_eq!(came_in("[en, es]"), "a (en): AsWritten\na (es): AsWritten\n");
    assert_eq!(came_in("es"), "a: AsWritten\n");
    assert_eq!(came_in("[es]"), "a: AsWritten\n");
    let with_unknown = came_in("[en, fr]");
    assert!(with_unknown.starts_with("a (en): AsWritten\na (fr): Otherwise\n"), "{with_unknown}");
    let with_twice = came_in("[en, es, en]");
    assert!(with_twice.contains("F192  this call is in 3 languages, and callers hear 2"), "{with_twice}");
}

#[test]
fn keys_fall_into_the_words_that_are_named_last() {
    for (call, exit) in [
        // The number for crises asks nothing: a key has to fall into its words.
        ("{hears: cr.danger, presses: 0}", "person"),
        ("{hears: [u.crisis, cr.danger], presses: [9, 1, 1]}", "emergency"),
        ("{hears: [cr.danger, cr.stay]}", "crisis"),
        // At once: the entry says its first words.
        ("{presses: 0}", "person"),
    ] {
        let text =
            format!("- name: a\n  given: {{number: 190}}\n  call: [{call}]\n  then: {{exit: {exit}}}\n");
        assert_eq!(came(&text), "a: AsWritten\n", "{text}");
    }
}

#[test]
fn a_call_that_comes_out_otherwise_is_told_with_what_was_heard() {
    comes_to(
        "- name: a\n  call: [{hears: mm.menu, presses: 5}]\n  then: {exit: refill}\n",
        expect![[r#"
        a: Otherwise
        main_menu.test.yaml:3:16  F192  `a`: the call comes to `billing`, not to `refill`
            3 |   then: {exit: refill}
              |                ^^^^^^ mend the flow if callers are led wrongly, else this line
              somebody who calls like this would hear something that nobody meant
    "#]],
    );
    comes_to(
        "- name: a\n  call: [{hears: [mm.more, mm.menu], presses: 5}]\n  then: {exit: billing}\n",
        expect![[r#"
            a: Otherwise
            main_menu.test.yaml:2:19  F192  `a`: the caller does not hear `mm.more` here, but `u.emergency`, `u.emergency`, `u.crisis`, `u.language`, `u.greeting`, `u.person`, `mm.menu`
                2 |   call: [{hears: [mm.more, mm.menu], presses: 5}]
                  |                   ^^^^^^^ mend the flow if callers are led wrongly, else this line
                  somebody who calls like this would hear something that nobody meant
        "#]],
    );
    comes_to(
        "- name: a\n  call: [{hears: mm.menu}]\n  then: {exit: billing}\n",
        expect![[r#"
            a: Otherwise
            main_menu.test.yaml:3:16  F192  `a`: the call comes to no exit, not to `billing`; after the last line the caller heard nothing
                3 |   then: {exit: billing}
                  |                ^^^^^^^ mend the flow if callers are led wrongly, else this line
                  somebody who calls like this would hear something that nobody meant
        "#]],
    );
    comes_to(
        "- name: a\n  given: {language: fr}\n  call: [{hears: mm.menu}]\n  then: {exit: billing}\n",
        expect![[r#"
            a: Otherwise
            main_menu.test.yaml:2:21  F192  `a`: no caller hears `fr` here
                2 |   given: {language: fr}
                  |                     ^^ mend the flow if callers are led wrongly, else this line
                  somebody who calls like this would hear something that nobody meant
        "#]],
    );
    comes_to(
        "- name: a\n  given: {care: {patient.find: lost}}\n  call: [{hears: mm.menu}]\n  then: {exit: billing}\n",
        expect![[r#"
            a: Otherwise
            main_menu.test.yaml:2:32  F192  `a`: `patient.find` never comes to `lost`
                2 |   given: {care: {patient.find: lost}}
                  |                                ^^^^ mend the flow if callers are led wrongly, else this line
                  somebody who calls like this would hear something that nobody meant
        "#]],
    );
}

#[test]
fn what_cannot_be_read_has_its_place_and_repair() {
    comes_to(
        "- name: a\n  given: {number: front, at: soon}\n  call: [{hears: mm.menu, presses: 5, says: 3 s}]\n  then: {exitt: refill}\n",
        expect![[r#"
            main_menu.test.yaml:2:30  F192  `soon` is no day and time
                2 |   given: {number: front, at: soon}
                  |                              ^^^^ write it as 2026-11-26 10:00, in the clinic's time
            main_menu.test.yaml:3:10  F192  a caller does one thing in a line
                3 |   call: [{hears: mm.menu, presses: 5, says: 3 s}]
                  |          ^ make several lines of it
            main_menu.test.yaml:4:9  F002  `then` of a test needs `exit`
                4 |   then: {exitt: refill}
                  |         ^ add `exit: …`
            main_menu.test.yaml:4:10  F001  `exitt` means nothing in `then` of a test
                4 |   then: {exitt: refill}
                  |          ^^^^^ did you mean `exit`?
        "#]],
    );
    comes_to(
        "name: a\n",
        expect![[r#"
        main_menu.test.yaml:1:1  F003  a file of tests is a list
            1 | name: a
              | ^ write it in [ ], or lines with `- `
    "#]],
    );
    comes_to(
        "- name: a\n  given: {number: front}\n  call: [{presses: 12}]\n  then: {exit: refill}\n",
        expect![[r#"
            main_menu.test.yaml:2:19  F192  there is no flow `front`
                2 |   given: {number: front}
                  |                   ^^^^^ write `given: {number: …}`; may stand here: after_hours, colleague_line, crisis_help, entry, identify, main_menu, my_record, nurse_triage, office_info, optout, survey
            main_menu.test.yaml:3:20  F110  `12` is no key of a telephone
                3 |   call: [{presses: 12}]
                  |                    ^^ may stand here: 1, 2, 3, 5, 6, 7, 8
        "#]],
    );
}
