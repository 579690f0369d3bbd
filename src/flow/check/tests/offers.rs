//! What texts say of keys, against what the keys do.

use super::*;

/// `after_hours` with these steps, of which the first is `a`, and one prompt more.
fn saying(steps: &str, prompt: &str, expected: Expect) {
    let flow = format!("flow: after_hours\nstart: a\nsteps:\n{steps}\n");
    let texts = include_str!("../../../../ivr-flows/prompts.yaml").to_owned() + prompt + "\n";
    let changes: [(&str, Option<&[u8]>); 2] =
        [("after_hours.yaml", Some(flow.as_bytes())), ("prompts.yaml", Some(texts.as_bytes()))];
    expected.assert_eq(&render(&load(&changes)));
}

pub fn offers() {
    menus();
    languages();
    elsewhere();
    opt_out();
}

fn menus() {
    edited(
        "prompts.yaml",
        "For a video visit, press 2.",
        "For a video visit, press the 7 key.",
        expect![[r#"
            main_menu.yaml:11:26  F019  the `en` text of `mm.more` does not offer key 2
               11 |     keys: {1: referrals, 2: video, 3: website, 5: topics, 6: caregiver}
                  |                          ^ say it there, such as "press 2"
                  a caller cannot know that this key does something
            prompts.yaml:103:97  F018  the `en` text of `mm.more` offers key 7, which `more` does not take
              103 |   en: "For referrals, press 1. For help with the website, press 3. For a video visit, press the 7 key. For health topics
                  |                                                                                                 ^ add 7 under the `keys` of `more`, or take it out of the text
                  a caller who presses 7 as told would hear "I did not get that"
        "#]],
    );
    edited(
        "prompts.yaml",
        "If you care for someone, press 6.\"",
        "If you care for someone, press 6 or 7.\"",
        expect![[r#"
            prompts.yaml:103:160  F018  the `en` text of `mm.more` offers key 7, which `more` does not take
              103 | health topics, press 5. If you care for someone, press 6 or 7."
                  |                                                             ^ add 7 under the `keys` of `more`, or take it out of the text
                  a caller who presses 7 as told would hear "I did not get that"
        "#]],
    );
    // Number words, the star key and a scale.
    saying(
        "  a: {menu: x.menu, keys: {1: message, 2: person, 3: b, 5: message}}\n  b: {person: u.agent}",
        "x.menu:\n  en: \"For a message, press one. To ask, two. To hear it again, press star.\"\n  \
         es: \"Para un mensaje, oprima uno. Para oírlo de nuevo, pulse la tecla de asterisco.\"",
        expect![[r#"
            after_hours.yaml:4:40  F019  the `en` text of `x.menu` does not offer key 2
                4 |   a: {menu: x.menu, keys: {1: message, 2: person, 3: b, 5: message}}
                  |                                        ^ say it there, such as "press 2"
                  a caller cannot know that this key does something
            after_hours.yaml:4:40  F019  the `es` text of `x.menu` does not offer key 2
                4 |   a: {menu: x.menu, keys: {1: message, 2: person, 3: b, 5: message}}
                  |                                        ^ say it there, such as "marque 2"
                  a caller cannot know that this key does something
            after_hours.yaml:4:40  F116  key 2 chooses the second language until the first menu is over
                4 |   a: {menu: x.menu, keys: {1: message, 2: person, 3: b, 5: message}}
                  |                                        ^ give this answer another key, or let a menu without this key come before
                  a caller who presses 2 here would not get `person`
            after_hours.yaml:4:51  F019  the `en` text of `x.menu` does not offer key 3
                4 |   a: {menu: x.menu, keys: {1: message, 2: person, 3: b, 5: message}}
                  |                                                   ^ say it there, such as "press 3"
                  a caller cannot know that this key does something
            after_hours.yaml:4:51  F019  the `es` text of `x.menu` does not offer key 3
                4 |   a: {menu: x.menu, keys: {1: message, 2: person, 3: b, 5: message}}
                  |                                                   ^ say it there, such as "marque 3"
                  a caller cannot know that this key does something
            after_hours.yaml:4:57  F019  the `en` text of `x.menu` does not offer key 5
                4 |   a: {menu: x.menu, keys: {1: message, 2: person, 3: b, 5: message}}
                  |                                                         ^ say it there, such as "press 5"
                  a caller cannot know that this key does something
            after_hours.yaml:4:57  F019  the `es` text of `x.menu` does not offer key 5
                4 |   a: {menu: x.menu, keys: {1: message, 2: person, 3: b, 5: message}}
                  |                                                         ^ say it there, such as "marque 5"
                  a caller cannot know that this key does something
        "#]],
    );
    saying(
        "  a: {menu: x.scale, keys: {1: message, 3: person}}",
        "x.scale:\n  en: \"How was it? From 1, bad, to 3, good.\"\n  es: \"¿Cómo fue? De 1, mala, a 3, buena.\"",
        expect![[r#"
            prompts.yaml:108:1  F053  warning: no step speaks `vm.closed_now`
              108 | vm.closed_now:
                  | ^^^^^^^^^^^^^ let a step speak it, or take it out
                  no caller would ever hear it
        "#]],
    );
    saying(
        "  a: {menu: x.many, keys: {1: message, 2: person, 3: person, 5: person}}",
        "x.many:\n  en: \"Press 1, 2, 3 or 5. For a nurse, press 4. For a person, press 0.\"\n  \
         es: \"Marque 1, 2, 3 o 5. Para una enfermera, marque 4.\"",
        expect![[r#"
            after_hours.yaml:4:13  F017  this menu has 6 options
                4 |   a: {menu: x.many, keys: {1: message, 2: person, 3: person, 5: person}}
                  |             ^^^^^^ make two menus of it; at most 5 can be kept in mind
                  at the end of the list a caller has forgotten its beginning
            after_hours.yaml:4:40  F116  key 2 chooses the second language until the first menu is over
                4 |   a: {menu: x.many, keys: {1: message, 2: person, 3: person, 5: person}}
                  |                                        ^ give this answer another key, or let a menu without this key come before
                  a caller who presses 2 here would not get `person`
            prompts.yaml:436:7  F051  `x.many` offers key 0 in `en` and not in `es`
              436 |   es: "Marque 1, 2, 3 o 5. Para una enfermera, marque 4."
                  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ say it in the `es` text too, or in neither
                  a caller who hears `es` would not know of it
        "#]],
    );
}

fn languages() {
    edited(
        "prompts.yaml",
        "marque 9 ahora",
        "quédese en la línea",
        expect![[r#"
        prompts.yaml:16:7  F051  `u.crisis` offers key 9 in `en` and not in `es`
           16 |   es: "Si piensa en hacerse daño, llame o mande un texto al 9 8 8, o quédese en la línea."
              |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ say it in the `es` text too, or in neither
              a caller who hears `es` would not know of it
    "#]],
    );
    edited(
        "prompts.yaml",
        "Para español, marque 2.",
        "Hablamos español.",
        expect![[r#"
        prompts.yaml:20:7  F019  the `es` text of `u.language` does not offer key 2
           20 |   es: "Hablamos español."
              |       ^^^^^^^^^^^^^^^^^^^ say it there, such as "marque 2"
              a caller cannot know how to get this language
    "#]],
    );
    edited(
        "prompts.yaml",
        "To go on without a recording, press 7.",
        "",
        expect![[r#"
        prompts.yaml:33:7  F032  the `en` text of `u.recording` does not offer key 7
           33 |   en: "We record this call to help you and to train our staff. "
              |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ say that 7 goes on without a recording
              a caller could not know how not to be recorded
    "#]],
    );
}

fn elsewhere() {
    // What is said before a menu waits for it.
    saying(
        "  a: {say: x.early, next: b}\n  b: {menu: vm.closed_now, keys: {1: message}}",
        "x.early: {en: \"Press 1, 4 or pound.\", es: \"Marque 1, 4 o gato.\"}",
        expect![[""]],
    );
    saying(
        "  a: {say: x.early, next: b}\n  b: {menu: vm.closed_now, keys: {1: message}}",
        "x.early: {en: \"Press 1 or 3.\", es: \"Marque 1 o 3.\"}",
        expect![[r#"
            prompts.yaml:434:27  F054  the `en` text of `x.early` offers key 3, and nothing waits for it after `a`
              434 | x.early: {en: "Press 1 or 3.", es: "Marque 1 o 3."}
                  |                           ^ let a menu that takes this key follow, or take it out of the text
                  a caller who presses 3 as told would not get what was said
            prompts.yaml:434:48  F054  the `es` text of `x.early` offers key 3, and nothing waits for it after `a`
              434 | x.early: {en: "Press 1 or 3.", es: "Marque 1 o 3."}
                  |                                                ^ let a menu that takes this key follow, or take it out of the text
                  a caller who presses 3 as told would not get what was said
        "#]],
    );
    saying(
        "  a: {say: x.early, next: person}",
        "x.early: {en: \"For a nurse, press 4.\", es: \"Para una enfermera, marque 4.\"}",
        expect![[r#"
            prompts.yaml:434:35  F054  the `en` text of `x.early` offers key 4, and nothing waits for it after `a`
              434 | x.early: {en: "For a nurse, press 4.", es: "Para una enfermera, marque 4."}
                  |                                   ^ let a menu that takes this key follow, or take it out of the text
                  a caller who presses 4 as told would not get what was said
            prompts.yaml:434:72  F054  the `es` text of `x.early` offers key 4, and nothing waits for it after `a`
              434 | x.early: {en: "For a nurse, press 4.", es: "Para una enfermera, marque 4."}
                  |                                                                        ^ let a menu that takes this key follow, or take it out of the text
                  a caller who presses 4 as told would not get what was said
        "#]],
    );
    edited(
        "prompts.yaml",
        "I did not get that.",
        "I did not get that. Press 1.",
        expect![[r#"
        prompts.yaml:59:34  F054  the `en` text of `u.nomatch` offers key 1, and nothing waits for it when the engine says it
           59 |   en: "I did not get that. Press 1. Let me say it again."
              |                                  ^ let a menu that takes this key follow, or take it out of the text
              a caller who presses 1 as told would not get what was said
    "#]],
    );
    // 2 works until the first menu is over, and who hears English must know it too.
    edited(
        "prompts.yaml",
        "Ahora está cerrado.",
        "Ahora está cerrado. Para español, marque 2.",
        expect![[r#"
            prompts.yaml:109:7  F051  `vm.closed_now` offers key 2 in `es` and not in `en`
              109 |   en: "We are closed now. For a nurse, press 4. To leave a message, press 1."
                  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ say it in the `en` text too, or in neither
                  a caller who hears `en` would not know of it
        "#]],
    );
    // What the entry speaks must wait in the flow of every number: 3 is no key of `after_hours`, 1 is.
    edited(
        "prompts.yaml",
        "For a person, press 0 at any time.",
        "For a person, press 0. Press 3 or 1.",
        expect![[r#"
            prompts.yaml:27:37  F054  the `en` text of `u.person` offers key 3, and nothing waits for it after `zero`
               27 |   en: "For a person, press 0. Press 3 or 1."
                  |                                     ^ let a menu that takes this key follow, or take it out of the text
                  a caller who presses 3 as told would not get what was said
            prompts.yaml:27:42  F054  the `en` text of `u.person` offers key 1, and nothing waits for it after `zero`
               27 |   en: "For a person, press 0. Press 3 or 1."
                  |                                          ^ let a menu that takes this key follow, or take it out of the text
                  a caller who presses 1 as told would not get what was said
        "#]],
    );
}

fn opt_out() {
    edited(
        "prompts.yaml",
        "To refill a medicine, press 3.",
        "To refill a medicine, press 8.",
        expect![[r#"
            main_menu.yaml:8:23  F019  the `en` text of `mm.menu` does not offer key 3
                8 |     keys: {1: visits, 3: refill, 5: billing, 6: more}
                  |                       ^ say it there, such as "press 3"
                  a caller cannot know that this key does something
            prompts.yaml:99:57  F050  the `en` text of `mm.menu` offers key 8, which ends calls from the clinic and nothing else
               99 |   en: "For visits, press 1. To refill a medicine, press 8. For a nurse, press 4. For bills or insurance, press 5. For mo
                  |                                                         ^ give it another key
                  whoever learned here that 8 does something would end the clinic's own calls with it
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
        main_menu.yaml:8:34  F050  key 8 is an answer of this menu, which ends calls from the clinic and nothing else
            8 |     keys: {1: visits, 3: refill, 8: refill, 5: billing, 6: more}
              |                                  ^ give it another key
              whoever learned here that 8 does something would end the clinic's own calls with it
    "#]],
    );
    edited(
        "prompts.yaml",
        "For a person, press 0 at any time.",
        "For a person, press 0. To stop these calls, press 8.",
        expect![[r#"
        prompts.yaml:27:58  F050  the `en` text of `u.person` offers key 8, which ends calls from the clinic and nothing else
           27 |   en: "For a person, press 0. To stop these calls, press 8."
              |                                                          ^ give it another key
              whoever learned here that 8 does something would end the clinic's own calls with it
    "#]],
    );
}
