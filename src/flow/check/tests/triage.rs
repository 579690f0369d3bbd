//! Triage trees: each way to spoil one, as it is told at its line.

use super::*;
use crate::flow::triage::fixture::{PROMPTS, TREE};
use crate::flow::triage::signature::NotAnswered;
use std::fmt::Write;

/// The tree and its prompts as files, one of them changed.
fn spoiled(from: &str, to: &str) -> [(&'static str, Vec<u8>); 2] {
    let prompts = PROMPTS.to_owned() + include_str!("../../../../ivr-flows/prompts.yaml");
    assert!(TREE.contains(from) || PROMPTS.contains(from), "{from}");
    let changed = |text: &str| text.replacen(from, to, 1).into_bytes();
    [("red_flags.yaml", changed(TREE)), ("prompts.yaml", changed(&prompts))]
}

fn faults(from: &str, to: &str) -> Vec<Diagnostic> {
    let files = spoiled(from, to);
    let files: Vec<(&str, Option<&[u8]>)> =
        files.iter().map(|(name, text)| (*name, Some(text.as_slice()))).collect();
    let found = load(&files);
    found.into_iter().filter(|found| found.severity == Severity::Fault).collect()
}

/// What was spoiled, and how.
const SPOILED: [(&str, &str, &str); 27] = [
    ("nothing", "", ""),
    ("no purpose", "intended_use: \"Routes the call. Does not diagnose and advises no self-care.\"\n", ""),
    ("no sources", "sources: [CDC warning signs, the clinic's own lead]\n", ""),
    ("an ordinary flow", "kind: triage\n", ""),
    ("a red flag is skipped", "no: stroke}}", "no: bleed}}"),
    ("yes leads to a nurse", "yes: emergency_exit, no: poison", "yes: nurse, no: poison"),
    ("no code", "code: stroke, ", ""),
    ("a key for help", "keys: {1: breath}", "keys: {1: breath, 9: stroke}"),
    ("a message", "yes: crisis, no: nurse", "yes: crisis, no: message"),
    ("another flow", "yes: crisis, no: nurse", "yes: crisis, no: main_menu"),
    ("a circle", "yes: crisis, no: nurse", "yes: crisis, no: begin"),
    ("nowhere", "yes: crisis, no: nurse", "yes: crisis, no: nruse"),
    ("another step", "{say: tt.call_now, next: emergency_exit}", "{wait: 3 s, next: emergency_exit}"),
    ("a goodbye", "{say: tt.poison_help, next: nurse}", "{say: tt.poison_help, end: informed}"),
    (
        "advice",
        "{yes: poison_help, no: harm}}",
        "{yes: self_care, no: harm}}\n  self_care: {say: tt.poison_help, next: poison_help}",
    ),
    ("no test", "  - {name: stroke, keys: [1, 2, 1], exit: emergency}\n", ""),
    ("a test ends elsewhere", "keys: [1, 2, 9], exit: crisis", "keys: [1, 2, 9], exit: nurse"),
    ("a test presses more", "keys: [4], exit", "keys: [4, 1], exit"),
    ("a test stops short", "keys: [1, 2, 9], exit: crisis", "keys: [1, 2], exit: crisis"),
    ("no key", "keys: [4]", "keys: [44]"),
    (
        "no day",
        "tests:\n",
        "signed: {by: A, licence: R1/MA, on: today, review_due: 2027-01-01, sha256: x}\ntests:\n",
    ),
    ("half a signature", "tests:\n", "signed: {by: A}\ntests:\n"),
    ("other numbers", "ahora.\"}\ntt.poison_help", "ahora al 1 1 2.\"}\ntt.poison_help"),
    (
        "no number",
        "Hang up and call 9 1 1 now.\", es: \"Cuelgue y llame al 9 1 1 ahora.",
        "Hang up now.\", es: \"Cuelgue ahora.",
    ),
    (
        "yes and no",
        "chest pain? Press 1 for yes. Press 2 for no.",
        "chest pain? Press 1 for no. Press 2 for yes.",
    ),
    (
        "a long question",
        "Is there chest pain?",
        "Is there pain in the chest, or in an arm, or in the back? Did it come on all at once? Does it stay on when you sit and rest?",
    ),
    ("many ways", "no: nurse}}\n", "no: m0}}\n"),
];

/// Ten menus of two ways in a row behind the last question.
fn many_ways() -> String {
    let step = |n: usize| {
        let next = if n == 9 { "nurse".to_owned() } else { format!("m{}", n + 1) };
        format!(
            "  m{n}: {{menu: tt.two, keys: {{1: a{n}, 3: b{n}}}}}\n  a{n}: {{say: tt.poison_help, next: {next}}}\n  b{n}: {{say: tt.poison_help, next: {next}}}\n"
        )
    };
    (0..10).map(step).collect()
}

pub fn triage() {
    let mut told = String::new();
    for (what, from, to) in SPOILED {
        let found = match what {
            "many ways" => {
                let words = "tt.two: {en: \"Press 1 or 3.\", es: \"Marque 1 o 3.\"}\ntt.begin:";
                let prompts = PROMPTS.to_owned() + include_str!("../../../../ivr-flows/prompts.yaml");
                let prompts = prompts.replacen("tt.begin:", words, 1);
                let tree = TREE.replacen(from, &(to.to_owned() + &many_ways()), 1);
                let found = load(&[
                    ("red_flags.yaml", Some(tree.as_bytes())),
                    ("prompts.yaml", Some(prompts.as_bytes())),
                ]);
                found.into_iter().filter(|found| found.severity == Severity::Fault).collect()
            }
            _ => faults(from, to),
        };
        let lines = render(&found).replace("red_flags.yaml:", "");
        writeln!(told, "== {what}\n{lines}").unwrap();
    }
    expect![[r#"
        == nothing

        == no purpose
        2:1  F002  a flow file needs `intended_use`
            2 | flow: red_flags
              | ^ add `intended_use: …`

        == no sources
        2:1  F002  a flow file needs `sources`
            2 | flow: red_flags
              | ^ add `sources: …`

        == an ordinary flow
        4:15  F178  `intended_use` belongs to a triage tree, and this flow is none
            4 | intended_use: "Routes the call. Does not diagnose and advises no self-care."
              |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ add `kind: triage` above, or take it out
              the questions of this flow would be asked without anybody's signature
        5:10  F178  `sources` belongs to a triage tree, and this flow is none
            5 | sources: [CDC warning signs, the clinic's own lead]
              |          ^ add `kind: triage` above, or take it out
              the questions of this flow would be asked without anybody's signature
        18:3  F178  `tests` belongs to a triage tree, and this flow is none
           18 |   - {name: chest pain, keys: [1, 1], exit: emergency}
              |   ^ add `kind: triage` above, or take it out
              the questions of this flow would be asked without anybody's signature

        == a red flag is skipped
        11:3  F011  no way leads to the step `stroke`
           11 |   stroke: {ask: tt.stroke, code: stroke, next: {yes: call_now, no: bleed}}
              |   ^^^^^^ let a `next` or a key lead to it, or take it out
              no caller would ever hear it
        15:3  F160  `harm` leads to `nurse` though a caller was not asked about: stroke
           15 |   harm: {ask: tt.harm, code: self-harm, next: {yes: crisis, no: nurse}}
              |   ^^^^ ask before it, such as `{ask: …, code: stroke, next: {yes: …, no: …}}`
              somebody with signs of a stroke would wait like everybody else
        19:3  F164  one way through this tree has no test
           19 |   - {name: chest pain, keys: [1, 1], exit: emergency}
              |   ^ add under `tests`: `- {name: …, keys: [1, 2, 2, 2, 2, 2], exit: nurse}`
              nobody has said where a caller with these answers must come

        == yes leads to a nurse
        13:69  F176  yes to a seizure, or a bad reaction with swelling leads to `nurse`
           13 |   seizure: {ask: tt.seizure, code: seizure-anaphylaxis, next: {yes: nurse, no: poison}}
              |                                                                     ^^^^^ let it lead to `emergency_exit`
              a caller in danger would wait where others wait

        == no code
        11:17  F177  the question `stroke` does not say which sign it asks about
           11 |   stroke: {ask: tt.stroke, next: {yes: call_now, no: bleed}}
              |                 ^^^^^^^^^ add `code: …`: one of chest-breathing, stroke, bleed-collapse, seizure-anaphylaxis, ingestion, self-harm, or a name of your own
              nobody could tell whether callers are asked about every sign of danger
        15:3  F160  `harm` leads to `nurse` though a caller was not asked about: stroke
           15 |   harm: {ask: tt.harm, code: self-harm, next: {yes: crisis, no: nurse}}
              |   ^^^^ ask before it, such as `{ask: …, code: stroke, next: {yes: …, no: …}}`
              somebody with signs of a stroke would wait like everybody else

        == a key for help
        9:45  F016  key 9 gets help in a crisis, in every flow
            9 |   begin: {menu: tt.begin, keys: {1: breath, 9: stroke}}
              |                                             ^ take the line out; 9 works by itself
              a caller who relies on 9 would land somewhere else
        9:48  F161  key 9 belongs to the caller in a triage tree
            9 |   begin: {menu: tt.begin, keys: {1: breath, 9: stroke}}
              |                                                ^^^^^^ give the answer another key: 0 is a person, 4 a nurse, 9 help in a crisis at every step
              who presses 9 for help would get `stroke`
        15:3  F160  `harm` leads to `nurse` though a caller was not asked about: chest-breathing
           15 |   harm: {ask: tt.harm, code: self-harm, next: {yes: crisis, no: nurse}}
              |   ^^^^ ask before it, such as `{ask: …, code: chest-breathing, next: {yes: …, no: …}}`
              somebody with chest pain or trouble breathing would wait like everybody else
        19:3  F164  6 of the 13 ways through this tree have no test
           19 |   - {name: chest pain, keys: [1, 1], exit: emergency}
              |   ^ add under `tests`: `- {name: …, keys: [9, 1], exit: emergency}`, `- {name: …, keys: [9, 2, 1], exit: emergency}`, `- {name: …, keys: [9, 2, 2, 1], exit: emergency}`, and 3 more
              nobody has said where a caller with these answers must come

        == a message
        15:65  F162  `message` leads away from a nurse
           15 |   harm: {ask: tt.harm, code: self-harm, next: {yes: crisis, no: message}}
              |                                                                 ^^^^^^^ let it lead to a step of this tree, or to `nurse`, `person`, `crisis` or `emergency_exit`
              who may be in danger would get less than a person

        == another flow
        15:65  F162  `main_menu` leads away from a nurse
           15 |   harm: {ask: tt.harm, code: self-harm, next: {yes: crisis, no: main_menu}}
              |                                                                 ^^^^^^^^^ let it lead to a step of this tree, or to `nurse`, `person`, `crisis` or `emergency_exit`
              who may be in danger would get less than a person

        == a circle
        9:3  F163  `begin` leads back to itself
            9 |   begin: {menu: tt.begin, keys: {1: breath}}
              |   ^^^^^ let each answer lead on: star says a question again in every tree
              a caller in danger could be asked the same again and again

        == nowhere
        15:65  F010  `nruse` is no step of this flow
           15 |   harm: {ask: tt.harm, code: self-harm, next: {yes: crisis, no: nruse}}
              |                                                                 ^^^^^ did you mean `nurse`?
              after these words the caller would hear nothing more

        == another step
        16:3  F175  a `wait` step has no place in a triage tree
           16 |   call_now: {wait: 3 s, next: emergency_exit}
              |   ^^^^^^^^ a tree says, asks, offers keys and gets a person: `say`, `ask`, `menu`, `person`
              nobody has judged what would happen to the caller here

        == a goodbye
        17:3  F175  a `say` with `end` step has no place in a triage tree
           17 |   poison_help: {say: tt.poison_help, end: informed}
              |   ^^^^^^^^^^^ a tree says, asks, offers keys and gets a person: `say`, `ask`, `menu`, `person`
              nobody has judged what would happen to the caller here

        == advice
        15:3  F168  `self_care` is an exit with advice; a triage tree has none
           15 |   self_care: {say: tt.poison_help, next: poison_help}
              |   ^^^^^^^^^ let the caller talk with a nurse, who advises
              a recording would tell somebody whom nobody has seen what to do

        == no test
        19:3  F164  one way through this tree has no test
           19 |   - {name: chest pain, keys: [1, 1], exit: emergency}
              |   ^ add under `tests`: `- {name: …, keys: [1, 2, 1], exit: emergency}`
              nobody has said where a caller with these answers must come

        == a test ends elsewhere
        30:55  F172  the test `nine in the middle` ends at `crisis`, not at `nurse`; the last step was `stroke`
           30 |   - {name: nine in the middle, keys: [1, 2, 9], exit: nurse}
              |                                                       ^^^^^ mend the tree if callers are led wrongly, else the test
              somebody who answers like this would come where nobody meant

        == a test presses more
        29:49  F172  the test `a nurse at once` is at `nurse` before its last key; the last step was `begin`
           29 |   - {name: a nurse at once, keys: [4, 1], exit: nurse}
              |                                                 ^^^^^ mend the tree if callers are led wrongly, else the test
              somebody who answers like this would come where nobody meant

        == a test stops short
        30:52  F172  the test `nine in the middle` comes to no exit: the caller is still asked; the last step was `stroke`
           30 |   - {name: nine in the middle, keys: [1, 2], exit: crisis}
              |                                                    ^^^^^^ mend the tree if callers are led wrongly, else the test
              somebody who answers like this would come where nobody meant

        == no key
        29:36  F107  `44` is no key of a test
           29 |   - {name: a nurse at once, keys: [44], exit: nurse}
              |                                    ^^ may stand here: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, star, pound, silence

        == no day
        18:37  F174  `today` is no day
           18 | signed: {by: A, licence: R1/MA, on: today, review_due: 2027-01-01, sha256: x}
              |                                     ^^^^^ sign the tree anew: `careline sign` writes this block
              nobody could tell whether the signature still holds: callers would get a nurse at once

        == half a signature
        18:9  F002  a signature needs `licence`
           18 | signed: {by: A}
              |         ^ add `licence: …`
        18:9  F002  a signature needs `on`
           18 | signed: {by: A}
              |         ^ add `on: …`
        18:9  F002  a signature needs `review_due`
           18 | signed: {by: A}
              |         ^ add `review_due: …`
        18:9  F002  a signature needs `sha256`
           18 | signed: {by: A}
              |         ^ add `sha256: …`

        == other numbers
        prompts.yaml:9:1  F165  `tt.call_now` says other numbers in `es` than in `en`
            9 | tt.call_now: {en: "Hang up and call 9 1 1 now.", es: "Cuelgue y llame al 9 1 1 ahora al 1 1 2."}
              | ^^^^^^^^^^^ say the same telephone numbers and keys in every language
              a caller would dial or press what was never judged

        == no number
        prompts.yaml:9:19  F171  the `en` words before `emergency_exit` do not say its number
            9 | tt.call_now: {en: "Hang up now.", es: "Cuelgue ahora."}
              |                   ^^^^^^^^^^^^^^ say 9 1 1 digit by digit
              a caller in danger would not hear whom to call
        prompts.yaml:9:39  F171  the `es` words before `emergency_exit` do not say its number
            9 | tt.call_now: {en: "Hang up now.", es: "Cuelgue ahora."}
              |                                       ^^^^^^^^^^^^^^^^ say 9 1 1 digit by digit
              a caller in danger would not hear whom to call

        == yes and no
        prompts.yaml:3:17  F166  this `en` question does not offer 1 for yes and 2 for no
            3 | tt.breath: {en: "Is there chest pain? Press 1 for no. Press 2 for yes.", es: "¿Hay dolor de pecho? Marque 1 para sí. Mar
              |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ end it with "Press 1 for yes. Press 2 for no."
              a caller's yes could be taken for a no

        == a long question
        prompts.yaml:3:17  F169  this question has 30 words; 25 are the most
            3 | tt.breath: {en: "Is there pain in the chest, or in an arm, or in the back? Did it come on all at once? Does it stay on w
              |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ ask one thing, in a short sentence; make two questions of it
              who is in pain has lost its beginning when it ends, and answers something else

        == many ways
        2:7  F173  1030 ways lead through this tree; 200 are the most
            2 | flow: red_flags
              |       ^^^^^^^^^ ask less in one tree: a nurse asks the rest
              no person could have tried each of these ways

    "#]].assert_eq(&told);
    let (set, _) = {
        let files = spoiled("", "");
        let files: Vec<(&str, Option<&[u8]>)> =
            files.iter().map(|(name, text)| (*name, Some(text.as_slice()))).collect();
        FlowSet::load(shipped(&files), &|_, _| Audio::Present)
    };
    let set = set.unwrap();
    let warning = set.trees()[0].warning(NotAnswered::Unsigned);
    SEEN.with_borrow_mut(|seen| seen.insert(warning.code.id));
    expect![[r#"
        red_flags.yaml:2:7  F167  warning: the triage tree `red_flags` is a draft that nobody has signed
            2 | flow: red_flags
              |       ^^^^^^^^^ let a clinical lead read and sign it: `careline sign red_flags --by NAME --licence NUMBER/STATE`
              callers are not asked its questions: they hear the emergency line, then get a nurse
    "#]].assert_eq(&render(&[warning]));
}
