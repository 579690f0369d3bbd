//! Prompts: missing texts, languages and sound files, and keys that the words do not offer.

use super::*;

pub fn words() {
    // Only as an offer of languages a prompt needs no text in the first of them.
    edited(
        "entry.yaml",
        "greeting: {say: u.greeting",
        "greeting: {say: u.language",
        expect![[r#"
            prompts.yaml:19:1  F021  the prompt `u.language` has no text in `en`
               19 | u.language:
                  | ^^^^^^^^^^ add `en: "…"`
                  a caller who hears `en` would hear nothing here
        "#]],
    );
    steps(
        "  a: {say: u.godbye, end: visits}",
        expect![[r#"
            after_hours.yaml:1:7  F056  no way through `after_hours` comes to a question or a person
                1 | flow: after_hours
                  |       ^^^^^^^^^^^ let its last words lead to a menu or to `person`
                  whoever calls this number would hear some words and be hung up on
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
        "sol ".repeat(25).trim_end(),
    ));
    let changes: [(&str, Option<&[u8]>); 2] =
        [("after_hours.yaml", Some(flow)), ("prompts.yaml", Some(texts.as_bytes()))];
    expect![[r#"
        prompts.yaml:434:17  F022  `x.missing` has no audio in `en`
          434 | x.missing: {en: A, es: B}
              |                 ^ record this text as en/x.missing.wav in the folder of sounds
              a caller would hear silence
        prompts.yaml:434:24  F022  `x.missing` has no audio in `es`
          434 | x.missing: {en: A, es: B}
              |                        ^ record this text as es/x.missing.wav in the folder of sounds
              a caller would hear silence
        prompts.yaml:435:23  F023  the audio of `x.broken` in `es` cannot be read: no sound in it
          435 | x.broken: {en: A, es: B}
              |                       ^ record this text as es/x.broken.wav in the folder of sounds
              a caller would hear silence
        prompts.yaml:436:23  F024  `x.slot` says {clinic}, and no step that speaks it has such a value
          436 | x.slot: {en: "This is {clinic}.", es: B}
              |                       ^^^^^^^^ write the name of a saved value, or give the step `with: {NAME: $VALUE}`
              the caller would be led to a person here
        prompts.yaml:436:39  F055  `x.slot` says {clinic} in `en` and not in `es`
          436 | x.slot: {en: "This is {clinic}.", es: B}
              |                                       ^ write the same slots in every language
              a caller who hears `es` would not be told it
        prompts.yaml:437:14  F025  a sentence of 26 words is too long to be followed by ear
          437 | x.long: {en: word word word word word word word word word word word word word word word word word word word word word wo
              |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ make two of it; at most 25 words
              who is ill or old has lost its beginning when it ends
        prompts.yaml:438:1  F021  the prompt `x.half` has no text in `es`
          438 | x.half: {en: A}
              | ^^^^^^ add `es: "…"`
              a caller who hears `es` would hear nothing here
    "#]].assert_eq(&render(&load(&changes)));
    edited(
        "prompts.yaml",
        "hang up now and call 9 1 1.",
        "hang up now.",
        expect![[r#"
            prompts.yaml:11:7  F026  `u.emergency` does not say 911
               11 |   en: "If this is a medical emergency, hang up now."
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
    // The languages must say the same of what is filled in.
    let flow = b"flow: after_hours\nstart: a\nsteps:\n  a: {say: x.slots, next: b}\n  b: {menu: vm.closed_now, keys: {1: message}}\n";
    let texts = more("x.slots: {en: \"At {time} on {day}.\", es: \"A las {time}.\"}\n");
    let changes: [(&str, Option<&[u8]>); 2] =
        [("after_hours.yaml", Some(flow)), ("prompts.yaml", Some(texts.as_bytes()))];
    expect![[r#"
        prompts.yaml:434:19  F024  `x.slots` says {time}, and no step that speaks it has such a value
          434 | x.slots: {en: "At {time} on {day}.", es: "A las {time}."}
              |                   ^^^^^^ write the name of a saved value, or give the step `with: {NAME: $VALUE}`
              the caller would be led to a person here
        prompts.yaml:434:29  F024  `x.slots` says {day}, and no step that speaks it has such a value
          434 | x.slots: {en: "At {time} on {day}.", es: "A las {time}."}
              |                             ^^^^^ write the name of a saved value, or give the step `with: {NAME: $VALUE}`
              the caller would be led to a person here
        prompts.yaml:434:42  F055  `x.slots` says {day} in `en` and not in `es`
          434 | x.slots: {en: "At {time} on {day}.", es: "A las {time}."}
              |                                          ^^^^^^^^^^^^^^^ write the same slots in every language
              a caller who hears `es` would not be told it
        prompts.yaml:434:49  F024  `x.slots` says {time}, and no step that speaks it has such a value
          434 | x.slots: {en: "At {time} on {day}.", es: "A las {time}."}
              |                                                 ^^^^^^ write the name of a saved value, or give the step `with: {NAME: $VALUE}`
              the caller would be led to a person here
    "#]].assert_eq(&render(&load(&changes)));
    hard(
        "It is imperative that individuals requiring immediate pharmaceutical assistance communicate with a \
         representative.",
        "Es imprescindible que las personas necesitadas de asistencia farmacéutica inmediata se comuniquen \
         telefónicamente.",
        expect![[r#"
            prompts.yaml:435:7  F052  the `en` text of `x.hard` needs 24.0 years of school; 6.5 are the most
              435 |   en: It is imperative that individuals requiring immediate pharmaceutical assistance communicate with a representative.
                  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ say it in shorter words and shorter sentences
                  a caller who is ill or afraid would not understand it at once
            prompts.yaml:436:7  F052  the `es` text of `x.hard` has a reading ease of 0; 60 is the least
              436 |   es: Es imprescindible que las personas necesitadas de asistencia farmacéutica inmediata se comuniquen telefónicamente.
                  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ say it in shorter words and shorter sentences
                  a caller who is ill or afraid would not understand it at once
        "#]],
    );
    // Over the bar, and by less than the counting may be wrong: a warning.
    hard(
        "The nurse will answer your question about the medicine by Monday.",
        "La enfermera contestará su pregunta sobre la medicina el lunes.",
        expect![[r#"
            prompts.yaml:435:7  F052  warning: the `en` text of `x.hard` needs 6.9 years of school; 6.5 are the most
              435 |   en: The nurse will answer your question about the medicine by Monday.
                  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ say it in shorter words and shorter sentences
                  a caller who is ill or afraid would not understand it at once
            prompts.yaml:436:7  F052  warning: the `es` text of `x.hard` has a reading ease of 59; 60 is the least
              436 |   es: La enfermera contestará su pregunta sobre la medicina el lunes.
                  |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ say it in shorter words and shorter sentences
                  a caller who is ill or afraid would not understand it at once
        "#]],
    );
    with(
        "prompts.yaml",
        more("x.nobody: {en: Hello., es: Hola.}\n"),
        expect![[r#"
            prompts.yaml:434:1  F053  warning: no step speaks `x.nobody`
              434 | x.nobody: {en: Hello., es: Hola.}
                  | ^^^^^^^^ let a step speak it, or take it out
                  no caller would ever hear it
        "#]],
    );
    with(
        "prompts.yaml",
        more("x.nobody: {en: Hello., draft: es}\n"),
        expect![[r#"
            prompts.yaml:434:31  F004  `draft` names `es`, and this prompt has no such text
              434 | x.nobody: {en: Hello., draft: es}
                  |                               ^^ write `draft: true`, or the languages whose texts wait for their review
        "#]],
    );
}

/// A step that says these texts.
fn hard(en: &str, es: &str, expected: Expect) {
    let flow = b"flow: after_hours\nstart: a\nsteps:\n  a: {say: x.hard, next: b}\n  b: {menu: vm.closed_now, keys: {1: message}}\n";
    let prompts = include_str!("../../../../ivr-flows/prompts.yaml");
    let texts = format!("{prompts}x.hard:\n  en: {en}\n  es: {es}\n");
    let changes: [(&str, Option<&[u8]>); 2] =
        [("after_hours.yaml", Some(flow)), ("prompts.yaml", Some(texts.as_bytes()))];
    expected.assert_eq(&render(&load(&changes)));
}
