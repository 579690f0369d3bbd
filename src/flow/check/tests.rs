//! What an administrator reads when a flow set has faults: one golden text for each kind.

use crate::flow::codes::CODES;
use crate::flow::diagnostic::{Diagnostic, Paint};
use crate::flow::set::{Audio, FlowSet, SourceFile};
use crate::flow::syntax::tree;
use expect_test::{Expect, expect};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

thread_local! {
    static SEEN: RefCell<BTreeSet<&'static str>> = const { RefCell::new(BTreeSet::new()) };
}

/// The shipped files, some of them replaced; `None` takes one away.
fn shipped(changes: &[(&str, Option<&[u8]>)]) -> Vec<SourceFile> {
    let mut files: BTreeMap<&str, &[u8]> = BTreeMap::from([
        ("clinic.yaml", include_bytes!("../../../ivr-flows/clinic.yaml").as_slice()),
        ("prompts.yaml", include_bytes!("../../../ivr-flows/prompts.yaml")),
        ("entry.yaml", include_bytes!("../../../ivr-flows/entry.yaml")),
        ("main_menu.yaml", include_bytes!("../../../ivr-flows/main_menu.yaml")),
        ("after_hours.yaml", include_bytes!("../../../ivr-flows/after_hours.yaml")),
    ]);
    for (name, octets) in changes {
        match octets {
            Some(octets) => files.insert(name, octets),
            None => files.remove(name),
        };
    }
    let file = |(name, octets): (&str, &[u8])| SourceFile { path: name.to_owned(), octets: octets.to_vec() };
    files.into_iter().map(file).collect()
}

/// The faults of the shipped files with these changes.
fn load(changes: &[(&str, Option<&[u8]>)]) -> Vec<Diagnostic> {
    let files = shipped(changes);
    let (set, faults) = FlowSet::load(files, &|prompt, language| match prompt.as_str() {
        "x.missing" => Audio::Missing,
        "x.broken" if language.as_str() == "es" => Audio::Broken("no sound in it".to_owned()),
        _ => Audio::Present,
    });
    assert_eq!(set.is_some(), faults.is_empty());
    SEEN.with_borrow_mut(|seen| seen.extend(faults.iter().map(|fault| fault.code.id)));
    faults
}

fn render(faults: &[Diagnostic]) -> String {
    faults.iter().map(|fault| fault.render(Paint::Plain) + "\n").collect()
}

/// The faults of the shipped set with `file` replaced by `octets`.
fn with(file: &str, octets: impl AsRef<[u8]>, expected: Expect) {
    expected.assert_eq(&render(&load(&[(file, Some(octets.as_ref()))])));
}

/// The faults when `old` becomes `new` in a shipped file.
fn edited(file: &str, old: &str, new: &str, expected: Expect) {
    let text = match file {
        "clinic.yaml" => include_str!("../../../ivr-flows/clinic.yaml"),
        "prompts.yaml" => include_str!("../../../ivr-flows/prompts.yaml"),
        "entry.yaml" => include_str!("../../../ivr-flows/entry.yaml"),
        "main_menu.yaml" => include_str!("../../../ivr-flows/main_menu.yaml"),
        _ => include_str!("../../../ivr-flows/after_hours.yaml"),
    };
    assert!(text.contains(old), "{file} has no `{old}`");
    with(file, text.replacen(old, new, 1), expected);
}

/// `after_hours.yaml` with these steps, of which the first is `a`.
fn steps(steps: &str, expected: Expect) {
    let text = format!("flow: after_hours\nstart: a\nsteps:\n{steps}\n");
    with("after_hours.yaml", text, expected);
}

const GOOD: &str = "  a: {menu: vm.closed_now, keys: {1: message}}\n";

fn yaml_traps() {
    steps(
        "  a:\n    menu: vm.closed_now\n    keys:\n      1: message\n      #: wait",
        expect![[r#"
        after_hours.yaml:8:7  Y012  the line `#: wait` is a comment, so it vanishes
            8 |       #: wait
              |       ^^^^^^^ the pound key is written `pound`
              a caller who presses pound would get more time and nothing else
    "#]],
    );
    steps(
        "  a:\n    menu: vm.closed_now\n    keys:\n      1: message\n      *: wait",
        expect![[r#"
            after_hours.yaml:8:7  Y013  `*` begins a YAML alias, so the star key cannot be written so
                8 |       *: wait
                  |       ^ the star key is written `star`; it repeats what was said, everywhere
        "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: message, *: wait}}",
        expect![[r#"
            after_hours.yaml:4:47  Y013  `*` begins a YAML alias, so the star key cannot be written so
                4 |   a: {menu: vm.closed_now, keys: {1: message, *: wait}}
                  |                                               ^^ the star key is written `star`; it repeats what was said, everywhere
            after_hours.yaml:4:50  Y004  this is no YAML: while parsing a flow mapping, did not find expected ',' or '}'
                4 |   a: {menu: vm.closed_now, keys: {1: message, *: wait}}
                  |                                                  ^ compare with a line above that is right; put texts in quotation marks
        "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: message, '#': wait, '*': wait, A: wait}}",
        expect![[r#"
        after_hours.yaml:4:47  F016  `#` is no key of a telephone
            4 |   a: {menu: vm.closed_now, keys: {1: message, '#': wait, '*': wait, A: wait}}
              |                                               ^^^ write `pound`
        after_hours.yaml:4:58  F016  `*` is no key of a telephone
            4 |   a: {menu: vm.closed_now, keys: {1: message, '#': wait, '*': wait, A: wait}}
              |                                                          ^^^ write `star`
        after_hours.yaml:4:69  F004  `A` is no key of a telephone
            4 |   a: {menu: vm.closed_now, keys: {1: message, '#': wait, '*': wait, A: wait}}
              |                                                                     ^ may stand here: 1, 2, 3, 5, 6, 7, 8
    "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: message, '1': nurse, 01: crisis}}",
        expect![[r#"
        after_hours.yaml:4:47  Y011  `1` stands here for the second time
            4 |   a: {menu: vm.closed_now, keys: {1: message, '1': nurse, 01: crisis}}
              |                                               ^^^ keep one of them; the first is in line 4
        after_hours.yaml:4:59  F005  key 1 stands here for the second time
            4 |   a: {menu: vm.closed_now, keys: {1: message, '1': nurse, 01: crisis}}
              |                                                           ^^ keep one of them; the first is in line 4
              of two meanings a caller would get only one
    "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: !known message}}",
        expect![[r#"
        after_hours.yaml:4:45  Y007  a word that begins with ! is a YAML tag
            4 |   a: {menu: vm.closed_now, keys: {1: !known message}}
              |                                             ^^^^^^^ take it out, or put the text in quotation marks
    "#]],
    );
    steps(
        "  a: &here {menu: vm.closed_now, keys: {1: message}}\n  b: *here",
        expect![[r#"
            after_hours.yaml:4:12  Y008  a word that begins with & is a YAML anchor
                4 |   a: &here {menu: vm.closed_now, keys: {1: message}}
                  |            ^ take it out, or put the text in quotation marks
            after_hours.yaml:5:6  Y008  `*here` is a YAML alias: it would repeat another part of the file
                5 |   b: *here
                  |      ^^^^^ write the value out; the star key is written `star`
        "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: message}, <<: {first_key: 9 s}}",
        expect![[r#"
        after_hours.yaml:4:48  Y009  `<<` would mix another part of the file in here
            4 |   a: {menu: vm.closed_now, keys: {1: message}, <<: {first_key: 9 s}}
              |                                                ^^ write the names and values out
    "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: message}}\n---\nflow: other",
        expect![[r#"
        after_hours.yaml:5:1  Y010  a second document begins here
            5 | ---
              | ^^^ keep one document in a file
    "#]],
    );
    steps(
        "%YAML 1.2\n---\na: b",
        expect![[r#"
            after_hours.yaml:4:1  Y015  a line that begins with % is a YAML directive
                4 | %YAML 1.2
                  | ^ take it out
        "#]],
    );
    steps(
        "\ta: {menu: vm.closed_now, keys: {1: message}}",
        expect![[r#"
            after_hours.yaml:4:1  Y005  a tab stands where YAML wants spaces
                4 | →a: {menu: vm.closed_now, keys: {1: message}}
                  | ^ put spaces in its place
        "#]],
    );
    steps(
        "  a:\n    menu: vm.closed_now\n\tkeys: {1: message}",
        expect![[r#"
            after_hours.yaml:6:1  Y005  a tab stands where YAML wants spaces
                6 | →keys: {1: message}
                  | ^ put spaces in its place
        "#]],
    );
    steps(
        "  a: {menu: \"vm.closed_now, keys: {1: message}}",
        expect![[r#"
            after_hours.yaml:4:13  Y006  a quotation mark is not closed
                4 |   a: {menu: "vm.closed_now, keys: {1: message}}
                  |             ^ close it where the text ends
        "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: message}",
        expect![[r#"
            after_hours.yaml:4:6  Y006  the bracket `{` is not closed
                4 |   a: {menu: vm.closed_now, keys: {1: message}
                  |      ^ close it with `}`
        "#]],
    );
    steps(
        "  a: menu: vm.closed_now",
        expect![[r#"
            after_hours.yaml:4:10  Y004  this is no YAML: mapping values are not allowed in this context
                4 |   a: menu: vm.closed_now
                  |          ^ compare with a line above that is right; put texts in quotation marks
        "#]],
    );
    steps(
        "  a:\n    menu: vm.closed_now\n   keys: {1: message}",
        expect![[r#"
            after_hours.yaml:6:4  Y004  this is no YAML: while parsing a block mapping, did not find expected key
                6 |    keys: {1: message}
                  |    ^ begin the line under its neighbours; a text with `: ` needs quotation marks
        "#]],
    );
    edited(
        "prompts.yaml",
        "\"One moment, please.\"",
        "Press # now",
        expect![[r#"
            prompts.yaml:35:7  Y014  ` #` begins a comment and cuts this text off
               35 |   en: Press # now
                  |       ^^^^^ put the whole text in quotation marks, or the comment on a line of its own
                  only this would be left: "Press"
        "#]],
    );
    edited(
        "clinic.yaml",
        "clinic: Riverside Clinic",
        "clinic: Riverside # Clinic",
        expect![[r#"
        clinic.yaml:2:9  Y014  ` #` begins a comment and cuts this text off
            2 | clinic: Riverside # Clinic
              |         ^^^^^^^^^ put the whole text in quotation marks, or the comment on a line of its own
              only this would be left: "Riverside"
    "#]],
    );
    edited(
        "clinic.yaml",
        "tries: 2 ",
        "tries: 2\ntries: 3",
        expect![[r#"
        clinic.yaml:16:1  Y011  `tries` stands here for the second time
           16 | tries: 3                      # silences or wrong keys in a menu, then a person
              | ^^^^^ keep one of them; the first is in line 15
    "#]],
    );
    with(
        "after_hours.yaml",
        "",
        expect![[r#"
            after_hours.yaml  Y016  the file is empty
                  delete it, or write what belongs here
        "#]],
    );
    with(
        "after_hours.yaml",
        "# nothing\n",
        expect![[r#"
            after_hours.yaml  Y016  the file is empty
                  delete it, or write what belongs here
        "#]],
    );
    with(
        "after_hours.yaml",
        b"flow: after_hours\nstart: \xff\n",
        expect![[r#"
            after_hours.yaml:2:8  Y001  the octet 0xff is no UTF-8 text
                2 | start: �
                  |        ^ save the file as UTF-8 in your editor
        "#]],
    );
    with(
        "after_hours.yaml",
        "[".repeat(64),
        expect![[r#"
            after_hours.yaml:1:33  Y003  values are nested too deep
                1 | [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[
                  |                                 ^ at most 32 levels are read; no flow needs more than five
        "#]],
    );
    with(
        "after_hours.yaml",
        "a: ".repeat(64),
        expect![[r#"
            after_hours.yaml:1:5  Y004  this is no YAML: mapping values are not allowed in this context
                1 | a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: a: 
                  |     ^ compare with a line above that is right; put texts in quotation marks
        "#]],
    );
    with(
        "after_hours.yaml",
        vec![b' '; crate::limits::FLOW_FILE_MAX_OCTETS + 1],
        expect![[r#"
            after_hours.yaml  Y002  the file has 1048577 octets
                  split it: at most 1048576 are read
        "#]],
    );
}

fn shapes() {
    let mut many = String::from("  a: {menu: vm.closed_now, keys: {1: message}, next: {message: s0}}\n");
    for n in 0..crate::limits::FLOW_STEPS_MAX {
        many += &format!("  s{n}: {{say: u.one_moment, next: s{}}}\n", n + 1);
    }
    steps(
        &many,
        expect![[r#"
        after_hours.yaml:503:35  F010  `s499` is no step of this flow
          503 |   s498: {say: u.one_moment, next: s499}
              |                                   ^^^^ did you mean `s49` (line 54)?
              after these words the caller would hear nothing more
        after_hours.yaml:504:3  F015  the flow has 501 steps
          504 |   s499: {say: u.one_moment, next: s500}
              |   ^^^^ make several flows of it; at most 500 steps are read
    "#]],
    );
    with(
        "after_hours.yaml",
        "just words",
        expect![[r#"
            after_hours.yaml:1:1  F003  a flow file is written as names and values, and none stand here
                1 | just words
                  | ^^^^^^^^^^ write `name: value`, each on its line or in { }
        "#]],
    );
    with(
        "after_hours.yaml",
        "flow: after_hours\nstart: a\nstesp: {}\nowner: [a, b]\n",
        expect![[r#"
            after_hours.yaml:1:1  F002  a flow file needs `steps`
                1 | flow: after_hours
                  | ^ add `steps: …`
            after_hours.yaml:3:1  F001  `stesp` means nothing in a flow file
                3 | stesp: {}
                  | ^^^^^ did you mean `steps`?
            after_hours.yaml:4:8  F003  the owner is one word, and a list or mapping stands here
                4 | owner: [a, b]
                  |        ^ write one word
        "#]],
    );
    steps(
        "  a: {mneu: vm.closed_now, keys: {1: message}}",
        expect![[r#"
            after_hours.yaml:4:7  F001  nothing says what this step does
                4 |   a: {mneu: vm.closed_now, keys: {1: message}}
                  |       ^^^^ did you mean `menu`?
        "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, kesy: {1: message}}",
        expect![[r#"
            after_hours.yaml:4:6  F002  a `menu` step needs `keys`
                4 |   a: {menu: vm.closed_now, kesy: {1: message}}
                  |      ^ add `keys: …`
            after_hours.yaml:4:28  F001  `kesy` means nothing in a `menu` step
                4 |   a: {menu: vm.closed_now, kesy: {1: message}}
                  |                            ^^^^ did you mean `keys`?
        "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, say: u.goodbye, keys: {1: message}}",
        expect![[r#"
        after_hours.yaml:4:28  F005  a step does one thing, and this one does several
            4 |   a: {menu: vm.closed_now, say: u.goodbye, keys: {1: message}}
              |                            ^^^ make two steps of it
    "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: message}, first_key: 8}",
        expect![[r#"
        after_hours.yaml:4:59  F004  `8` is no time for a key
            4 |   a: {menu: vm.closed_now, keys: {1: message}, first_key: 8}
              |                                                           ^ write seconds from 3 to 60, such as `8 s`
    "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: message}, first_key: 2 s}",
        expect![[r#"
        after_hours.yaml:4:59  F004  `2 s` is no time for a key
            4 |   a: {menu: vm.closed_now, keys: {1: message}, first_key: 2 s}
              |                                                           ^^^ write seconds from 3 to 60, such as `8 s`
    "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: [message]}",
        expect![[r#"
            after_hours.yaml:4:34  F003  `keys` is written as names and values, and none stand here
                4 |   a: {menu: vm.closed_now, keys: [message]}
                  |                                  ^ write `name: value`, each on its line or in { }
        "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: message}, next: {mesage: person}}",
        expect![[r#"
        after_hours.yaml:4:55  F001  no key of this menu is named `mesage`
            4 |   a: {menu: vm.closed_now, keys: {1: message}, next: {mesage: person}}
              |                                                       ^^^^^^ did you mean `message`?
    "#]],
    );
    steps(
        "  a:\n",
        expect![[r#"
        after_hours.yaml:4:3  F003  the step is empty
            4 |   a:
              |   ^ say what it does: say, menu, language, record, person
    "#]],
    );
    steps(
        "  A step: {say: u.goodbye, end: visits}",
        expect![[r#"
            after_hours.yaml:4:3  F004  `A step` is no name for a step
                4 |   A step: {say: u.goodbye, end: visits}
                  |   ^^^^^^ names are lower-case letters, digits, _ - and .
        "#]],
    );
    steps(
        "  a: {say: u.goodbye, next: person, end: visits}",
        expect![[r#"
        after_hours.yaml:4:42  F005  a step either goes on with `next` or ends the call with `end`
            4 |   a: {say: u.goodbye, next: person, end: visits}
              |                                          ^^^^^^ take one of them out
    "#]],
    );
    steps(
        "  a: {say: u.goodbye, languages: both, end: visits}",
        expect![[r#"
        after_hours.yaml:4:34  F004  `both` is no choice of languages
            4 |   a: {say: u.goodbye, languages: both, end: visits}
              |                                  ^^^^ may stand here: all
    "#]],
    );
}

fn names() {
    edited(
        "main_menu.yaml",
        "3: refill,",
        "3: refil,",
        expect![[r#"
            main_menu.yaml:8:26  F012  key 3 leads to `refil`, which is no step of this flow
                8 |     keys: {1: visits, 3: refil, 5: billing, 6: more}
                  |                          ^^^^^ did you mean `refill` (line 15)?
                  a caller who presses 3 would hear nothing that follows
        "#]],
    );
    edited(
        "main_menu.yaml",
        "3: refill,",
        "3: xyzzy,",
        expect![[r#"
            main_menu.yaml:8:26  F012  key 3 leads to `xyzzy`, which is no step of this flow
                8 |     keys: {1: visits, 3: xyzzy, 5: billing, 6: more}
                  |                          ^^^^^ add the step `xyzzy:`, or name one of: choose, more, visits, refill, billing, referrals, video, website, topics, caregiver, person, nurse, crisis, message, called_number, after_hours, entry, main_menu
                  a caller who presses 3 would hear nothing that follows
        "#]],
    );
    edited(
        "main_menu.yaml",
        "start: choose",
        "start: chose",
        expect![[r#"
        main_menu.yaml:4:8  F010  `chose` is no step of this flow
            4 | start: chose
              |        ^^^^^ did you mean `choose`?
              the flow could not begin: the caller would be given a person
    "#]],
    );
    edited(
        "entry.yaml",
        "next: greeting",
        "next: greting",
        expect![[r#"
            entry.yaml:11:48  F010  `greting` is no step of this flow
               11 |   other_language: {language: u.language, next: greting}
                  |                                                ^^^^^^^ did you mean `greeting` (line 12)?
                  after these words the caller would hear nothing more
        "#]],
    );
    edited(
        "main_menu.yaml",
        "exit: refill",
        "exit: refil",
        expect![[r#"
        main_menu.yaml:15:35  F039  the exit `refil` is not listed in clinic.yaml
           15 |   refill: {person: u.agent, exit: refil}
              |                                   ^^^^^ did you mean `refill`?
    "#]],
    );
    edited(
        "main_menu.yaml",
        "flow: main_menu",
        "flow: front",
        expect![[r#"
            main_menu.yaml:1:7  F006  the flow `front` is in a file of another name
                1 | flow: front
                  |       ^^^^^ name the file front.yaml
        "#]],
    );
    with(
        "more.yaml",
        format!("flow: after_hours\nstart: a\nsteps:\n{GOOD}"),
        expect![[r#"
        more.yaml:1:7  F005  the flow `after_hours` is already in after_hours.yaml
            1 | flow: after_hours
              |       ^^^^^^^^^^^ give one of them another name
        more.yaml:1:7  F006  the flow `after_hours` is in a file of another name
            1 | flow: after_hours
              |       ^^^^^^^^^^^ name the file after_hours.yaml
    "#]],
    );
    with(
        "person.yaml",
        format!("flow: person\nstart: a\nsteps:\n{GOOD}"),
        expect![[r#"
        person.yaml:1:7  F007  `person` is a destination of every flow
            1 | flow: person
              |       ^^^^^^ give the flow another name
    "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: main_menu}}\n  main_menu: {person: u.agent}",
        expect![[r#"
        after_hours.yaml:5:3  F007  `main_menu` is the name of a flow already
            5 |   main_menu: {person: u.agent}
              |   ^^^^^^^^^ give the step another name, so that everyone can see where a line leads
    "#]],
    );
    steps(
        "  a: {say: u.one_moment}",
        expect![[r#"
        after_hours.yaml:4:3  F014  nothing follows on `a`
            4 |   a: {say: u.one_moment}
              |   ^ add `next: …`, or `end: …` to a `say`
              after these words the caller would hear nothing more
    "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {0: message, 1: message, 4: message, 9: message, star: message}}",
        expect![[r#"
        after_hours.yaml:4:35  F016  key 0 gets a person, in every flow
            4 |   a: {menu: vm.closed_now, keys: {0: message, 1: message, 4: message, 9: message, star: message}}
              |                                   ^ take the line out; 0 works by itself
              a caller who relies on 0 would land somewhere else
        after_hours.yaml:4:59  F016  key 4 gets the nurse, in every flow
            4 |   a: {menu: vm.closed_now, keys: {0: message, 1: message, 4: message, 9: message, star: message}}
              |                                                           ^ take the line out; 4 works by itself
              a caller who relies on 4 would land somewhere else
        after_hours.yaml:4:71  F016  key 9 gets help in a crisis, in every flow
            4 |   a: {menu: vm.closed_now, keys: {0: message, 1: message, 4: message, 9: message, star: message}}
              |                                                                       ^ take the line out; 9 works by itself
              a caller who relies on 9 would land somewhere else
        after_hours.yaml:4:83  F016  key star repeats what was said, in every flow
            4 |   a: {menu: vm.closed_now, keys: {0: message, 1: message, 4: message, 9: message, star: message}}
              |                                                                                   ^^^^ take the line out; star works by itself
              a caller who relies on star would land somewhere else
    "#]],
    );
}

fn paths() {
    steps(
        &format!("{GOOD}  b: {{person: u.agent}}"),
        expect![[r#"
        after_hours.yaml:5:3  F011  no way leads to the step `b`
            5 |   b: {person: u.agent}
              |   ^ let a `next` or a key lead to it, or take it out
              no caller would ever hear it
    "#]],
    );
    steps(
        "  a: {say: u.one_moment, next: b}\n  b: {say: u.agent, next: a}",
        expect![[r#"
        after_hours.yaml:4:3  F013  `a` leads back to itself without any key
            4 |   a: {say: u.one_moment, next: b}
              |   ^ let one step of the circle lead to a menu or to `person`
              a caller would hear the same words again and again, for ever
    "#]],
    );
    steps(
        "  a: {say: u.one_moment, next: called_number}",
        expect![[r#"
        after_hours.yaml:4:3  F013  `a` leads back to itself without any key
            4 |   a: {say: u.one_moment, next: called_number}
              |   ^ let one step of the circle lead to a menu or to `person`
              a caller would hear the same words again and again, for ever
        after_hours.yaml:4:32  F041  `called_number` belongs to the entry flow
            4 |   a: {say: u.one_moment, next: called_number}
              |                                ^^^^^^^^^^^^^ name the step or flow that is meant
              the caller would be taken back to where the call began
    "#]],
    );
    steps(
        "  a: {language: u.language, next: b}\n  b: {record: u.recording, next: person}",
        expect![[r#"
        after_hours.yaml:4:17  F001  the language is offered in the entry flow
            4 |   a: {language: u.language, next: b}
              |                 ^^^^^^^^^^ move this step there
              2 and 7 work there only
        after_hours.yaml:5:15  F032  the recording notice is given in the entry flow
            5 |   b: {record: u.recording, next: person}
              |               ^^^^^^^^^^^ move this step there
              2 and 7 work there only
    "#]],
    );
    edited(
        "entry.yaml",
        "start: emergency",
        "start: crisis_line",
        expect![[r#"
            entry.yaml:9:3  F011  no way leads to the step `emergency`
                9 |   emergency: {say: u.emergency, languages: all, next: crisis_line}
                  |   ^^^^^^^^^ let a `next` or a key lead to it, or take it out
                  no caller would ever hear it
            entry.yaml:10:22  F030  the first words of every call must be the emergency line, in every language
               10 |   crisis_line: {say: u.crisis, next: other_language}
                  |                      ^^^^^^^^ begin with {say: u.emergency, languages: all, next: …}
                  a caller with chest pain would hear other words first
        "#]],
    );
    edited(
        "entry.yaml",
        "languages: all, ",
        "",
        expect![[r#"
            entry.yaml:9:20  F030  the first words of every call must be the emergency line, in every language
                9 |   emergency: {say: u.emergency, next: crisis_line}
                  |                    ^^^^^^^^^^^ begin with {say: u.emergency, languages: all, next: …}
                  a caller with chest pain would hear other words first
        "#]],
    );
    edited(
        "entry.yaml",
        "{say: u.person, next: called_number}",
        "{say: u.person, next: person}",
        expect![[r#"
            entry.yaml:4:7  F041  the entry flow never leads to the flow of the called number
                4 | flow: entry
                  |       ^^^^^ let its last step say `next: called_number`
                  every number would sound the same
        "#]],
    );
    edited(
        "entry.yaml",
        "{say: u.person, next: called_number}",
        "{say: u.one_moment, next: called_number}",
        expect![[r#"
            entry.yaml:4:7  F031  the entry does not say in `en` that 0 gets a person
                4 | flow: entry
                  |       ^^^^^ add a step such as {say: u.person, next: …}
                  a caller who needs a person would not know how to get one
            entry.yaml:4:7  F031  the entry does not say in `es` that 0 gets a person
                4 | flow: entry
                  |       ^^^^^ add a step such as {say: u.person, next: …}
                  a caller who needs a person would not know how to get one
        "#]],
    );
    edited(
        "main_menu.yaml",
        "3: refill,",
        "2: refill, 7: refill,",
        expect![[r#"
        main_menu.yaml:7:11  F017  this menu has 6 options
            7 |     menu: mm.menu                    # 4 is the nurse everywhere
              |           ^^^^^^^ make two menus of it; at most 5 can be kept in mind
              at the end of the list a caller has forgotten its beginning
        main_menu.yaml:7:11  F018  the text of `mm.menu` offers key 3, which leads nowhere
            7 |     menu: mm.menu                    # 4 is the nurse everywhere
              |           ^^^^^^^ add 3 under `keys`, or take it out of the `en` text
              a caller who presses 3 as told would hear "I did not get that"
        main_menu.yaml:7:11  F018  the text of `mm.menu` offers key 3, which leads nowhere
            7 |     menu: mm.menu                    # 4 is the nurse everywhere
              |           ^^^^^^^ add 3 under `keys`, or take it out of the `es` text
              a caller who presses 3 as told would hear "I did not get that"
        main_menu.yaml:8:23  F016  key 2 chooses the second language until the first menu is over
            8 |     keys: {1: visits, 2: refill, 7: refill, 5: billing, 6: more}
              |                       ^ give this answer another key
              a caller who presses 2 here would not get `refill`
        main_menu.yaml:8:23  F019  the `en` text of `mm.menu` does not offer key 2
            8 |     keys: {1: visits, 2: refill, 7: refill, 5: billing, 6: more}
              |                       ^ say it there, such as "press 2" (es: "marque 2")
              a caller cannot know that this key does something
        main_menu.yaml:8:23  F019  the `es` text of `mm.menu` does not offer key 2
            8 |     keys: {1: visits, 2: refill, 7: refill, 5: billing, 6: more}
              |                       ^ say it there, such as "press 2" (es: "marque 2")
              a caller cannot know that this key does something
        main_menu.yaml:8:34  F016  key 7 stops the recording until the first menu is over
            8 |     keys: {1: visits, 2: refill, 7: refill, 5: billing, 6: more}
              |                                  ^ give this answer another key
              a caller who presses 7 here would not get `refill`
        main_menu.yaml:8:34  F019  the `en` text of `mm.menu` does not offer key 7
            8 |     keys: {1: visits, 2: refill, 7: refill, 5: billing, 6: more}
              |                                  ^ say it there, such as "press 7" (es: "marque 7")
              a caller cannot know that this key does something
        main_menu.yaml:8:34  F019  the `es` text of `mm.menu` does not offer key 7
            8 |     keys: {1: visits, 2: refill, 7: refill, 5: billing, 6: more}
              |                                  ^ say it there, such as "press 7" (es: "marque 7")
              a caller cannot know that this key does something
    "#]],
    );
}

fn words() {
    // Only as an offer of languages a prompt needs no text in the first of them.
    edited(
        "entry.yaml",
        "greeting: {say: u.greeting",
        "greeting: {say: u.language",
        expect![[r#"
        prompts.yaml:16:1  F021  the prompt `u.language` has no text in `en`
           16 | u.language:
              | ^^^^^^^^^^ add `en: "…"`
              a caller who hears `en` would hear nothing here
    "#]],
    );
    steps(
        "  a: {say: u.godbye, end: visits}",
        expect![[r#"
        after_hours.yaml:4:12  F020  the prompt `u.godbye` is not in prompts.yaml
            4 |   a: {say: u.godbye, end: visits}
              |            ^^^^^^^^ did you mean `u.goodbye`?
              here a caller would hear nothing
    "#]],
    );
    let more = |text: &str| include_str!("../../../ivr-flows/prompts.yaml").to_owned() + text;
    let flow = b"flow: after_hours\nstart: a\nsteps:\n  a: {say: x.missing, next: b}\n  b: {say: x.broken, next: c}\n  \
                 c: {say: x.slot, next: d}\n  d: {say: x.long, next: e}\n  e: {say: x.half, next: person}\n";
    let long = "word ".repeat(26);
    let texts = more(&format!(
        "x.missing: {{en: A, es: B}}\nx.broken: {{en: A, es: B}}\nx.slot: {{en: \"This is {{clinic}}.\", es: B}}\n\
         x.long: {{en: {long}, es: Short. {}.}}\nx.half: {{en: A}}\n",
        "palabra ".repeat(25).trim_end(),
    ));
    let changes: [(&str, Option<&[u8]>); 2] =
        [("after_hours.yaml", Some(flow)), ("prompts.yaml", Some(texts.as_bytes()))];
    expect![[r#"
        prompts.yaml:91:17  F022  `x.missing` has no audio in `en`
           91 | x.missing: {en: A, es: B}
              |                 ^ record this text as en/x.missing.wav in the folder of sounds
              a caller would hear silence
        prompts.yaml:91:24  F022  `x.missing` has no audio in `es`
           91 | x.missing: {en: A, es: B}
              |                        ^ record this text as es/x.missing.wav in the folder of sounds
              a caller would hear silence
        prompts.yaml:92:23  F023  the audio of `x.broken` in `es` cannot be read: no sound in it
           92 | x.broken: {en: A, es: B}
              |                       ^ record this text as es/x.broken.wav in the folder of sounds
              a caller would hear silence
        prompts.yaml:93:14  F024  `x.slot` has a {slot}; to fill it needs a speech engine
           93 | x.slot: {en: "This is {clinic}.", es: B}
              |              ^^^^^^^^^^^^^^^^^^^ write the text without { }
              nothing can speak what belongs there
        prompts.yaml:94:14  F025  a sentence of 26 words is too long to be followed by ear
           94 | x.long: {en: word word word word word word word word word word word word word word word word word word word word word wo
              |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ make two of it; at most 25 words
              who is ill or old has lost its beginning when it ends
        prompts.yaml:95:1  F021  the prompt `x.half` has no text in `es`
           95 | x.half: {en: A}
              | ^^^^^^ add `es: "…"`
              a caller who hears `es` would hear nothing here
    "#]].assert_eq(&render(&load(&changes)));
    edited(
        "prompts.yaml",
        "To refill a medicine, press 3.",
        "To refill a medicine, press 8.",
        expect![[r#"
        main_menu.yaml:7:11  F018  the text of `mm.menu` offers key 8, which leads nowhere
            7 |     menu: mm.menu                    # 4 is the nurse everywhere
              |           ^^^^^^^ add 8 under `keys`, or take it out of the `en` text
              a caller who presses 8 as told would hear "I did not get that"
        main_menu.yaml:8:23  F019  the `en` text of `mm.menu` does not offer key 3
            8 |     keys: {1: visits, 3: refill, 5: billing, 6: more}
              |                       ^ say it there, such as "press 3" (es: "marque 3")
              a caller cannot know that this key does something
    "#]],
    );
    edited(
        "prompts.yaml",
        "For more choices, press 6.\"",
        "For more choices, press 6. For fun, press 8.\"",
        expect![[r#"
        main_menu.yaml:7:11  F018  the text of `mm.menu` offers key 8, which leads nowhere
            7 |     menu: mm.menu                    # 4 is the nurse everywhere
              |           ^^^^^^^ add 8 under `keys`, or take it out of the `en` text
              a caller who presses 8 as told would hear "I did not get that"
    "#]],
    );
    edited(
        "main_menu.yaml",
        "3: refill,",
        "3: refill, 8: refill,",
        expect![[r#"
        main_menu.yaml:7:11  F017  this menu has 6 options
            7 |     menu: mm.menu                    # 4 is the nurse everywhere
              |           ^^^^^^^ make two menus of it; at most 5 can be kept in mind
              at the end of the list a caller has forgotten its beginning
        main_menu.yaml:8:34  F019  the `en` text of `mm.menu` does not offer key 8
            8 |     keys: {1: visits, 3: refill, 8: refill, 5: billing, 6: more}
              |                                  ^ say it there, such as "press 8" (es: "marque 8")
              a caller cannot know that this key does something
        main_menu.yaml:8:34  F019  the `es` text of `mm.menu` does not offer key 8
            8 |     keys: {1: visits, 3: refill, 8: refill, 5: billing, 6: more}
              |                                  ^ say it there, such as "press 8" (es: "marque 8")
              a caller cannot know that this key does something
    "#]],
    );
    edited(
        "prompts.yaml",
        "hang up now and call 9 1 1.",
        "hang up now.",
        expect![[r#"
            prompts.yaml:10:7  F026  `u.emergency` does not say 911
               10 |   en: "If this is a medical emergency, hang up now."
                  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ say the number digit by digit
                  a caller in danger would not hear whom to call
        "#]],
    );
    edited(
        "prompts.yaml",
        "u.sysfail:",
        "u.sysfial:",
        expect![[r#"
        clinic.yaml  F020  the prompt `u.sysfail`, which every flow needs, is not in prompts.yaml
              add `u.sysfail:` with its texts there
              here a caller would hear nothing
    "#]],
    );
}

fn clinic() {
    edited(
        "clinic.yaml",
        "default: main_menu",
        "default: entry",
        expect![[r#"
            clinic.yaml:7:10  F036  every call begins with `entry`; a number leads to what follows
                7 | default: entry             # then a number that is not listed below leads here
                  |          ^^^^^ name the flow that the caller hears after it
                  the first words again and again
        "#]],
    );
    edited(
        "clinic.yaml",
        "default: main_menu",
        "default: main_meny",
        expect![[r#"
        clinic.yaml:7:10  F036  there is no flow `main_meny`
            7 | default: main_meny             # then a number that is not listed below leads here
              |          ^^^^^^^^^ did you mean `main_menu`?
              who calls this number could not be answered
    "#]],
    );
    edited(
        "clinic.yaml",
        "default: main_menu",
        "urgent_flows: [after_hour]\ndefault: main_menu",
        expect![[r#"
            clinic.yaml:7:16  F036  there is no flow `after_hour`
                7 | urgent_flows: [after_hour]
                  |                ^^^^^^^^^^ did you mean `after_hours`?
                  who calls this number could not be answered
        "#]],
    );
    edited(
        "clinic.yaml",
        "100: main_menu",
        "'1-00 0': main_menu\n  1000: main_menu\n  a/b: main_menu",
        expect![[r#"
        clinic.yaml:12:3  F037  the number 1000 stands here for the second time
           12 |   1000: main_menu
              |   ^^^^ keep one of them; the first is in line 11
        clinic.yaml:13:3  F037  `a/b` is no called number
           13 |   a/b: main_menu               # for trying it out: sip:100@this-machine
              |   ^^^ write it as the carrier sends it, such as "+16175550100"
    "#]],
    );
    edited(
        "clinic.yaml",
        "languages: [en, es]",
        "languages: [en, fr]",
        expect![[r#"
        clinic.yaml:3:17  F038  `fr` is no other language that flows speak
            3 | languages: [en, fr]            # the first is spoken until the caller presses 2 for the second
              |                 ^^ en and es are known; 2 chooses the second
    "#]],
    );
    edited(
        "clinic.yaml",
        "locale: us",
        "locale: uk",
        expect![[r#"
        clinic.yaml:4:9  F004  `uk` is no locale
            4 | locale: uk                     # emergency number 9 1 1
              |         ^^ may stand here: us
    "#]],
    );
    edited(
        "clinic.yaml",
        "recording: on ",
        "recording: yes ",
        expect![[r#"
            clinic.yaml:16:12  F004  `yes` is no choice for recording
               16 | recording: yes                  # after the notice, before the first person; 7 means no
                  |            ^^^ may stand here: on, off
        "#]],
    );
    edited(
        "clinic.yaml",
        "sip:front-desk@127.0.0.1:5070",
        "front-desk@127.0.0.1",
        expect![[r#"
        clinic.yaml:19:12  F035  `front-desk@127.0.0.1` cannot be called: it does not begin with `sip:`
           19 |   - {call: "front-desk@127.0.0.1", ring: 25 s}
              |            ^^^^^^^^^^^^^^^^^^^^^^ write it as sip:NAME@HOST or sip:NAME@HOST:PORT
              a caller who asks for a person would not reach this one
    "#]],
    );
    edited(
        "clinic.yaml",
        "ring: 25 s",
        "ring: 25",
        expect![[r#"
        clinic.yaml:19:51  F004  `25` is no time to ring
           19 |   - {call: "sip:front-desk@127.0.0.1:5070", ring: 25}
              |                                                   ^^ write seconds from 5 to 120, such as `8 s`
    "#]],
    );
    edited(
        "clinic.yaml",
        "promise: 1 working day",
        "promise: soon",
        expect![[r#"
        clinic.yaml:20:65  F004  `soon` is no promise
           20 |   - {message: vm.record_now, saved: vm.saved_next_day, promise: soon}
              |                                                                 ^^^^ write `1 working day` up to `10 working days`, as the prompt says it
    "#]],
    );
    edited(
        "clinic.yaml",
        "  - {message: vm.record_now, saved: vm.saved_next_day, promise: 1 working day}\n",
        "",
        expect![[r#"
            clinic.yaml:19:5  F034  the last rung calls somebody, who may not answer
               19 |   - {call: "sip:front-desk@127.0.0.1:5070", ring: 25 s}
                  |     ^ add `- {message: …, saved: …, promise: 1 working day}`
                  a caller whom nobody answers would be left without a way to be called back
        "#]],
    );
    edited(
        "clinic.yaml",
        "  - {call: \"sip:front-desk@127.0.0.1:5070\", ring: 25 s}\n",
        "",
        expect![[r#"
        clinic.yaml:19:3  F033  the person ladder needs at least two rungs
           19 |   - {message: vm.record_now, saved: vm.saved_next_day, promise: 1 working day}
              |   ^ name a person to call, then a message
              a caller whom nobody answers would be left without a way to be called back
    "#]],
    );
    edited(
        "clinic.yaml",
        "exits: ",
        "exits: {}\nexists: ",
        expect![[r#"
        clinic.yaml:23:1  F001  `exists` means nothing in clinic.yaml
           23 | exists:                         # how calls end, for the reports; the ladder's own need no line here
              | ^^^^^^ did you mean `exits`?
        main_menu.yaml:14:35  F039  the exit `visits` is not listed in clinic.yaml
           14 |   visits: {person: u.agent, exit: visits}
              |                                   ^^^^^^ add `visits: …` under `exits`
        main_menu.yaml:15:35  F039  the exit `refill` is not listed in clinic.yaml
           15 |   refill: {person: u.agent, exit: refill}
              |                                   ^^^^^^ add `refill: …` under `exits`
        main_menu.yaml:16:36  F039  the exit `billing` is not listed in clinic.yaml
           16 |   billing: {person: u.agent, exit: billing}
              |                                    ^^^^^^^ add `billing: …` under `exits`
        main_menu.yaml:17:38  F039  the exit `referrals` is not listed in clinic.yaml
           17 |   referrals: {person: u.agent, exit: referrals}
              |                                      ^^^^^^^^^ add `referrals: …` under `exits`
        main_menu.yaml:18:34  F039  the exit `video` is not listed in clinic.yaml
           18 |   video: {person: u.agent, exit: video}
              |                                  ^^^^^ add `video: …` under `exits`
        main_menu.yaml:19:36  F039  the exit `website` is not listed in clinic.yaml
           19 |   website: {person: u.agent, exit: website}
              |                                    ^^^^^^^ add `website: …` under `exits`
        main_menu.yaml:20:35  F039  the exit `topics` is not listed in clinic.yaml
           20 |   topics: {person: u.agent, exit: topics}
              |                                   ^^^^^^ add `topics: …` under `exits`
        main_menu.yaml:21:38  F039  the exit `caregiver` is not listed in clinic.yaml
           21 |   caregiver: {person: u.agent, exit: caregiver}
              |                                      ^^^^^^^^^ add `caregiver: …` under `exits`
    "#]],
    );
    expect![[r#"
        clinic.yaml  F006  the flows have no clinic.yaml
              copy clinic.yaml from the shipped flows beside them and change it
              no call could be answered
        prompts.yaml  F006  the flows have no prompts.yaml
              copy prompts.yaml from the shipped flows beside them and change it
              no call could be answered
    "#]]
    .assert_eq(&render(&load(&[("clinic.yaml", None), ("prompts.yaml", None)])));
}

#[test]
fn every_kind_of_fault_has_its_golden_text_and_none_is_unused() {
    load(&[("after_hours.yaml", Some("- !a\n".repeat(1_000).as_bytes()))]);
    for group in [yaml_traps, shapes, names, paths, words, clinic] {
        group();
    }
    let all = CODES.iter().chain(tree::CODES).map(|code| code.id);
    let unseen: Vec<&str> = SEEN.with_borrow(|seen| all.filter(|id| !seen.contains(id)).collect());
    assert_eq!(unseen, Vec::<&str>::new(), "codes that no example shows");
}

#[test]
fn a_file_of_nothing_but_faults_shows_no_more_than_can_be_repaired() {
    let text = "- !a\n".repeat(10_000);
    let faults = load(&[("after_hours.yaml", Some(text.as_bytes()))]);
    assert_eq!(faults.len(), crate::limits::FAULTS_MAX + 1);
    assert_eq!(faults.last().map(|fault| fault.code.id), Some("Y017"));
}

#[test]
fn numbers_stay_as_they_are_written() {
    let text = include_str!("../../../ivr-flows/clinic.yaml").replace(
        "  100: main_menu",
        "  +16175550142: main_menu\n  03141958: after_hours\n  1e3: after_hours\n  0x10: main_menu",
    );
    let files: Vec<SourceFile> = shipped(&[("clinic.yaml", Some(text.as_bytes()))]);
    let (set, faults) = FlowSet::load(files, &|_, _| Audio::Present);
    assert!(faults.is_empty(), "{}", render(&faults));
    let numbers: Vec<String> = set.unwrap().numbers().map(|(number, _)| number.to_owned()).collect();
    assert_eq!(numbers, ["+16175550100", "+16175550142", "+16175550199", "03141958", "0x10", "199", "1e3"]);
}

#[test]
fn what_yaml_allows_and_does_no_harm_is_allowed() {
    let text = include_str!("../../../ivr-flows/after_hours.yaml");
    for (name, text) in [
        ("a byte order mark", format!("\u{feff}{text}")),
        ("lines ended as on Windows", text.replace('\n', "\r\n")),
        ("a document mark", format!("---\n{text}")),
        ("an end mark", format!("{text}...\n")),
        ("a comment after a value", text.replace("start: closed", "start: closed   # the first")),
        ("no line end at the end", text.trim_end().to_owned()),
        ("words that other readers turn into true", text.replace("owner: front desk", "owner: yes")),
        ("the nurse written out", text.replace("{1: message}", "{1: message, 4: nurse}")),
        ("a mapped answer", text.replace("{1: message}", "{1: leave}\n    next: {leave: message}")),
        ("a mapped rest", text.replace("{1: message}", "{1: leave}\n    next: {else: message}")),
        ("a quoted key", text.replace("{1: message}", "{\"1\": message}")),
    ] {
        let faults = load(&[("after_hours.yaml", Some(text.as_bytes()))]);
        assert!(faults.is_empty(), "{name}:\n{}", render(&faults));
    }
}

#[test]
fn the_version_follows_names_and_contents() {
    let version = |name: &str, text: &str| {
        let file = |name: &str, octets: &[u8]| SourceFile {
            path: format!("some/where/{name}"),
            octets: octets.to_vec(),
        };
        let files = vec![
            file("clinic.yaml", include_bytes!("../../../ivr-flows/clinic.yaml")),
            file("prompts.yaml", include_bytes!("../../../ivr-flows/prompts.yaml")),
            file("entry.yaml", include_bytes!("../../../ivr-flows/entry.yaml")),
            file("main_menu.yaml", include_bytes!("../../../ivr-flows/main_menu.yaml")),
            file(name, text.as_bytes()),
        ];
        FlowSet::load(files, &|_, _| Audio::Present).0.unwrap().version().to_owned()
    };
    let text = include_str!("../../../ivr-flows/after_hours.yaml");
    assert_eq!(version("after_hours.yaml", text), version("after_hours.yaml", text));
    assert_ne!(version("after_hours.yaml", text), version("after_hours.yaml", &format!("{text}\n")));
}
