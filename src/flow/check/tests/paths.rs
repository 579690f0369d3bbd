//! Ways through a flow: steps that nobody reaches, circles, menus, and what every entry must do.

use super::*;

pub fn paths() {
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
        "  a: {language: u.language, next: b}\n  b: {recording: notice, prompt: u.recording, next: person}",
        expect![[r#"
            after_hours.yaml:4:17  F103  the language is offered in the entry flow
                4 |   a: {language: u.language, next: b}
                  |                 ^^^^^^^^^^ move this step there
                  2 and 7 work there only
            after_hours.yaml:5:34  F032  the recording notice is given in the entry flow
                5 |   b: {recording: notice, prompt: u.recording, next: person}
                  |                                  ^^^^^^^^^^^ move this step there
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
            entry.yaml:4:7  F121  the entry flow never leads to the flow of the called number
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
            main_menu.yaml:8:23  F019  the `en` text of `mm.menu` does not offer key 2
                8 |     keys: {1: visits, 2: refill, 7: refill, 5: billing, 6: more}
                  |                       ^ say it there, such as "press 2"
                  a caller cannot know that this key does something
            main_menu.yaml:8:23  F019  the `es` text of `mm.menu` does not offer key 2
                8 |     keys: {1: visits, 2: refill, 7: refill, 5: billing, 6: more}
                  |                       ^ say it there, such as "marque 2"
                  a caller cannot know that this key does something
            main_menu.yaml:8:23  F116  key 2 chooses the second language until the first menu is over
                8 |     keys: {1: visits, 2: refill, 7: refill, 5: billing, 6: more}
                  |                       ^ give this answer another key, or let a menu without this key come before
                  a caller who presses 2 here would not get `refill`
            main_menu.yaml:8:34  F019  the `en` text of `mm.menu` does not offer key 7
                8 |     keys: {1: visits, 2: refill, 7: refill, 5: billing, 6: more}
                  |                                  ^ say it there, such as "press 7"
                  a caller cannot know that this key does something
            main_menu.yaml:8:34  F019  the `es` text of `mm.menu` does not offer key 7
                8 |     keys: {1: visits, 2: refill, 7: refill, 5: billing, 6: more}
                  |                                  ^ say it there, such as "marque 7"
                  a caller cannot know that this key does something
            main_menu.yaml:8:34  F116  key 7 stops the recording until the first menu is over
                8 |     keys: {1: visits, 2: refill, 7: refill, 5: billing, 6: more}
                  |                                  ^ give this answer another key, or let a menu without this key come before
                  a caller who presses 7 here would not get `refill`
            prompts.yaml:99:57  F018  the `en` text of `mm.menu` offers key 3, which `choose` does not take
               99 |   en: "For visits, press 1. To refill a medicine, press 3. For a nurse, press 4. For bills or insurance, press 5. For mo
                  |                                                         ^ add 3 under the `keys` of `choose`, or take it out of the text
                  a caller who presses 3 as told would hear "I did not get that"
            prompts.yaml:100:63  F018  the `es` text of `mm.menu` offers key 3, which `choose` does not take
              100 |   es: "Para citas, marque 1. Para surtir una medicina, marque 3. Para una enfermera, marque 4. Para cuentas o seguro, ma
                  |                                                               ^ add 3 under the `keys` of `choose`, or take it out of the text
                  a caller who presses 3 as told would hear "I did not get that"
        "#]],
    );
    steps(
        "  a: {say: u.one_moment, next: b}\n  b: {say: u.goodbye, end: visits}",
        expect![[r#"
        after_hours.yaml:1:7  F056  no way through `after_hours` comes to a question or a person
            1 | flow: after_hours
              |       ^^^^^^^^^^^ let its last words lead to a menu or to `person`
              whoever calls this number would hear some words and be hung up on
    "#]],
    );
    with(
        "spare.yaml",
        format!("flow: spare\nstart: a\nsteps:\n{GOOD}"),
        expect![[r#"
            spare.yaml:1:7  F057  warning: no number and no other flow leads to `spare`
                1 | flow: spare
                  |       ^^^^^ give it a number in clinic.yaml, or let a step of another flow lead to it
                  no caller would ever hear it
        "#]],
    );
    // The way into a circle is no part of it.
    steps(
        "  a: {say: u.one_moment, next: b}\n  b: {say: u.agent, next: c}\n  c: {say: u.agent, next: b}",
        expect![[r#"
            after_hours.yaml:5:3  F013  `b` leads back to itself without any key
                5 |   b: {say: u.agent, next: c}
                  |   ^ let one step of the circle lead to a menu or to `person`
                  a caller would hear the same words again and again, for ever
        "#]],
    );
    // A person, or a message, is enough.
    for last in ["person", "nurse", "message", "main_menu"] {
        let flow = format!("flow: after_hours\nstart: a\nsteps:\n  a: {{say: u.one_moment, next: {last}}}\n");
        let found = load(&[("after_hours.yaml", Some(flow.as_bytes()))]);
        let codes: Vec<&str> = found.iter().map(|fault| fault.code.id).collect();
        assert_eq!(codes, ["F053"], "{last}: {}", render(&found));
    }
}
