//! Prompts: missing texts, languages and sound files, and keys that the words do not offer.

use super::*;

pub fn words() {
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
    let more = |text: &str| include_str!("../../../../ivr-flows/prompts.yaml").to_owned() + text;
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
