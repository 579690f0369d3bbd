//! The change of each kind of file, and the sentence for it.

use super::*;
use crate::flow::content::digest;
use proptest::prelude::*;

/// The files of a set: name in the set, text.
type Files<'a> = &'a [(&'a str, &'a str)];

fn told(old: Files<'_>, new: Files<'_>) -> String {
    let read = |files: Files<'_>| {
        let content =
            files.iter().map(|(name, text)| ((*name).to_owned(), digest(text.as_bytes()))).collect();
        let flow = |(name, text): &(&str, &str)| {
            let is_flow =
                name.starts_with("flows/") && name.ends_with(".yaml") && !name.ends_with(".test.yaml");
            is_flow.then(|| SourceFile { path: format!("/x/{name}"), octets: text.as_bytes().to_vec() })
        };
        (files.iter().filter_map(flow).collect::<Vec<_>>(), Content { files: content })
    };
    let (old, new) = (read(old), read(new));
    let side = |(flows, content): &'_ (Vec<SourceFile>, Content)| (flows.clone(), content.clone());
    let ((old_flows, old_content), (new_flows, new_content)) = (side(&old), side(&new));
    let before = Side { flows: &old_flows, content: &old_content };
    let after = Side { flows: &new_flows, content: &new_content };
    sentences(before, after).join("\n")
}

#[test]
fn every_change_is_a_sentence_that_an_administrator_would_say() {
    const MENU: &str = "flow: main_menu\ntitle: The front door\nstart: choose\nsteps:\n  choose: {menu: mm.menu, keys: {1: visits, 3: billing}}\n  visits: {person: u.agent, exit: visits}\n";
    let menu = |from: &str, to: &str| MENU.replace(from, to);
    // File, before, after, the sentences.
    let table: &[(&str, &str, String, &str)] = &[
        (
            "flows/main_menu.yaml",
            MENU,
            menu("3: billing", "3: refill"),
            "menu `choose` of main_menu: key 3 now leads to refill, it led to billing",
        ),
        (
            "flows/main_menu.yaml",
            MENU,
            menu("3: billing", "3: billing, 5: hear"),
            "menu `choose` of main_menu: key 5 is new: it leads to hear",
        ),
        (
            "flows/main_menu.yaml",
            MENU,
            menu(", 3: billing", ""),
            "menu `choose` of main_menu: key 3 is gone: it led to billing",
        ),
        (
            "flows/main_menu.yaml",
            MENU,
            menu("billing}}", "billing}, next: {billing: person}}"),
            "menu `choose` of main_menu: key 3 now leads to person, it led to billing",
        ),
        (
            "flows/main_menu.yaml",
            MENU,
            menu("3: billing}", "3: money}, next: {money: billing}"),
            "menu `choose` of main_menu: key 3 is now the answer money, it was billing",
        ),
        (
            "flows/main_menu.yaml",
            MENU,
            menu("menu: mm.menu", "menu: mm.short"),
            "menu `choose` of main_menu: `menu` is now mm.short, it was mm.menu",
        ),
        (
            "flows/main_menu.yaml",
            MENU,
            menu("exit: visits", "exit: visit"),
            "step `visits` of main_menu: `exit` is now visit, it was visits",
        ),
        (
            "flows/main_menu.yaml",
            MENU,
            menu("  visits:", "  visit:"),
            "step `visit` of main_menu is new\nstep `visits` of main_menu is gone",
        ),
        (
            "flows/main_menu.yaml",
            MENU,
            menu("The front door", "Hello"),
            "flow main_menu: `title` is now Hello, it was The front door",
        ),
        (
            "flows/main_menu.yaml",
            MENU,
            menu("steps:", "steps: # all"),
            "flow main_menu: only comments, order or layout of main_menu.yaml changed",
        ),
        ("flows/main_menu.yaml", MENU, menu("steps:", "steps: ["), "flow main_menu: main_menu.yaml changed"),
        (
            "flows/entry.yaml",
            "steps: {a: {say: x, next: b}}",
            "steps: {a: {say: x, next: c}}".to_owned(),
            "step `a` of entry now leads to c, it led to b",
        ),
        (
            "flows/entry.yaml",
            "steps: {a: {call: t, next: {returned: b}}}",
            "steps: {a: {call: t, next: {returned: c, failed: d}}}".to_owned(),
            "step `a` of entry: `failed` is new: it leads to d\nstep `a` of entry: `returned` now leads to c, it led to b",
        ),
        (
            "flows/clinic.yaml",
            "numbers: {'+1617': main_menu, 100: main_menu}\ntries: 2",
            "numbers: {'+1617': after_hours, 199: main_menu}\ntries: 3".to_owned(),
            "number +1617 now leads to after_hours, it led to main_menu\nnumber 100 is gone: it led to main_menu\nnumber 199 is new: it leads to main_menu\nthe clinic: `tries` is now 3, it was 2",
        ),
        (
            "flows/clinic.yaml",
            "times: {first_key: 8 s}",
            "times: {first_key: 9 s}".to_owned(),
            "the clinic: `times.first_key` is now 9 s, it was 8 s",
        ),
        (
            "flows/clinic.yaml",
            "person: [{call: a}]",
            "person: [{call: b}]".to_owned(),
            "the clinic: `person` is now [{call: b}], it was [{call: a}]",
        ),
        (
            "flows/prompts.yaml",
            "mm.menu: {en: For a visit, es: Para}",
            "mm.menu: {en: For visits, es: Para}".to_owned(),
            "prompt mm.menu: new English text",
        ),
        (
            "flows/prompts.yaml",
            "a: {en: A}\nb: {en: B}",
            "b: {en: B, es: Be}\nc: {en: C}".to_owned(),
            "prompt a is gone\nprompt b: it has a Spanish text now\nprompt c is new",
        ),
        (
            "flows/prompts.yaml",
            "a: {en: A, es: Ah, in: all}",
            "a: {en: A, in: one}".to_owned(),
            "prompt a: its Spanish text is gone\nprompt a: `in` is now one, it was all",
        ),
        (
            "flows/hours.ics",
            "BEGIN:VCALENDAR",
            "BEGIN:VCALENDAR\n".to_owned(),
            "file flows/hours.ics changed",
        ),
        ("flows/a.test.yaml", "- 1", "- 2".to_owned(), "file flows/a.test.yaml changed"),
        ("sounds/es/u.greeting.wav", "RIFF1", "RIFF2".to_owned(), "sound u.greeting (Spanish) changed"),
        ("sounds/pt/u.greeting.wav", "RIFF", "RIFF".to_owned(), ""),
        ("flows/main_menu.yaml", MENU, MENU.to_owned(), ""),
    ];
    for (name, old, new, expected) in table {
        assert_eq!(told(&[(name, old)], &[(name, new)]), *expected, "{name}: {old} became {new}");
    }
}

#[test]
fn files_that_come_and_go_are_named_the_clinic_first_and_sounds_last() {
    let old: Files<'_> =
        &[("flows/clinic.yaml", "tries: 2"), ("flows/gone.yaml", "flow: gone"), ("sounds/en/a.wav", "1")];
    let new: Files<'_> = &[
        ("flows/clinic.yaml", "tries: 3"),
        ("flows/flu.yaml", "flow: flu"),
        ("flows/prompts.yaml", "a: {en: A}"),
        ("sounds/en/b.wav", "1"),
    ];
    let expected = "the clinic: `tries` is now 3, it was 2\nflow flu: flu.yaml is new\nflow gone: gone.yaml is gone\n\
                    the prompts: prompts.yaml is new\nsound a (English) is gone\nsound b (English) is new";
    assert_eq!(told(old, new), expected);
}

#[test]
fn a_long_value_is_cut_and_stays_in_one_line() {
    let (old, new) = (format!("title: '{}'", "é".repeat(80)), "title: |\n  one\n  two\n".to_owned());
    let said = told(&[("flows/a.yaml", &old)], &[("flows/a.yaml", &new)]);
    assert_eq!(said, format!("flow a: `title` is now one two , it was {}…", "é".repeat(60)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn equal_sets_have_no_sentence_and_others_have_one(
        old in "[a-c]{1,2}: \\{[1-3]: [a-c]\\}(\nsteps: \\{[ab]: \\{keys: \\{1: [ab], 2: [ab]\\}(, next: (\\{[ab]: [cd]\\}|[cd]))?\\}\\})?",
        new in "[a-c]{1,2}: \\{[1-3]: [a-c]\\}(\nsteps: \\{[ab]: \\{keys: \\{1: [ab], 2: [ab]\\}(, next: (\\{[ab]: [cd]\\}|[cd]))?\\}\\})?",
        name in prop::sample::select(vec!["flows/clinic.yaml", "flows/prompts.yaml", "flows/x.yaml", "sounds/en/x.wav"]),
    ) {
        prop_assert_eq!(told(&[(name, &old)], &[(name, &old)]), "");
        let said = told(&[(name, &old)], &[(name, &new)]);
        prop_assert_eq!(said.is_empty(), old == new, "{} became {}: {}", old, new, said);
        if said.contains("only comments") {
            // Nobody who calls can tell the difference: a `next` that no answer uses.
            prop_assert!(value_of(old.as_bytes()) == value_of(new.as_bytes()) || old.contains("next") || new.contains("next"));
        }
    }
}

#[test]
fn a_text_whose_sound_stayed_is_told_with_it() {
    const SOUND: &str = "sounds/en/mm.menu.wav";
    let set = |text: &'static str, sound: &'static str| {
        [("flows/prompts.yaml", text), (SOUND, sound), ("sounds/es/mm.menu.wav", "RIFFes")]
    };
    let before = set("mm.menu: {en: One., es: Uno.}\n", "RIFF");
    let only_text = set("mm.menu: {en: Two., es: Uno.}\n", "RIFF");
    let both = set("mm.menu: {en: Two., es: Uno.}\n", "RIFF2");
    assert_eq!(
        told(&before, &only_text),
        "prompt mm.menu: new English text, and its sound is still the one from before"
    );
    assert_eq!(told(&before, &both), "prompt mm.menu: new English text\nsound mm.menu (English) changed");
}

#[test]
fn a_prompt_that_was_no_list_of_languages_is_told_beside_others() {
    let before = [("flows/prompts.yaml", "a: {en: One.}\nb: Two.\n")];
    let after = [("flows/prompts.yaml", "a: {en: Uno.}\nb: Three.\n")];
    assert_eq!(
        told(&before, &after),
        "prompt a: new English text\nprompt b: `text` is now Three., it was Two."
    );
}

#[test]
fn the_file_of_a_language_is_told_as_such_beside_a_flow_of_its_name() {
    let flow = ("flows/fr.yaml", "flow: fr\n");
    let language = ("flows/languages/fr.yaml", "clock: 12\n");
    assert_eq!(told(&[flow], &[flow, language]), "language fr: languages/fr.yaml is new");
    assert_eq!(told(&[flow, language], &[flow]), "language fr: languages/fr.yaml is gone");
    let later = ("flows/languages/fr.yaml", "clock: 24\n");
    assert_eq!(told(&[flow, language], &[flow, later]), "language fr: `clock` is now 24, it was 12");
}
