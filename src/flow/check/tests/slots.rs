//! Slots: what fills them, how each is spoken, and what is in no recording.

use super::*;

const ENGLISH: &str = include_str!("../../../../languages/en.yaml");

/// A flow that knows a date, a number, digits, a choice, a text and a list, and says `x.slots`.
const FLOW: &str = "flow: after_hours\nstart: birth\nsteps:\n  \
    birth: {collect: x.ask, as: date, confirm: x.back, save: birth, next: many}\n  \
    many: {collect: x.ask, as: number, to: 31, save: many, next: zip}\n  \
    zip: {collect: x.ask, as: digits, length: 5, save: zip, next: visit}\n  \
    visit: {menu: vm.closed_now, keys: {1: checkup}, save: visit, next: {checkup: name}}\n  \
    name: {set: {name: '\"Dr. Lee\"'}, next: said}\n  \
    said: {say: x.slots, with: {doctor: $name}, next: person}\n";

/// The faults of a text with slots, and of the pieces and names in no recording.
fn spoken(text: &str, recorded: &dyn Fn(&str) -> bool, more: &[(&str, &str)]) -> String {
    let prompts = include_str!("../../../../ivr-flows/prompts.yaml").to_owned()
        + "x.ask: {en: Type it now., es: Escriba ahora.}\n"
        + "x.back: {en: \"I heard {value}. If that is right, press 1. If not, press 2.\", es: \"Entendí {value}. Si es correcto, marque 1. Si no, marque 2.\"}\n"
        + &format!("x.slots: {text}\n");
    let mut changes = vec![("after_hours.yaml", FLOW), ("prompts.yaml", prompts.as_str())];
    changes.extend(more);
    let changes: Vec<(&str, Option<&[u8]>)> =
        changes.iter().map(|(name, text)| (*name, Some(text.as_bytes()))).collect();
    let (_, faults) = FlowSet::load(shipped(&changes), &|prompt, _| match recorded(prompt.as_str()) {
        true => Audio::Present,
        false => Audio::Missing,
    });
    SEEN.with_borrow_mut(|seen| seen.extend(faults.iter().map(|fault| fault.code.id)));
    render(&faults)
}

const ALL: &dyn Fn(&str) -> bool = &|_| true;

pub fn slots() {
    manners();
    recordings();
    languages();
}

fn manners() {
    let good = "{en: \"{birth} {birth:day} {many:ordinal} {many:days} {zip} {visit}.\", es: \"{birth} {birth:day} {many:ordinal} {many:days} {zip} {visit}.\"}";
    expect![""].assert_eq(&spoken(good, ALL, &[]));
    expect![[r#"
        prompts.yaml:436:18  F122  a date is not spoken in the manner `ful` in `en`
          436 | x.slots: {en: "ñ {birth:ful} {many:dayz} {zip:full} {clinic}.", es: "{birth:ful} {many:dayz} {zip:full} {clinic}."}
              |                  ^^^^^^^^^^^ did you mean `full`?
              the caller would be led to a person here
        prompts.yaml:436:30  F122  a number is not spoken in the manner `dayz` in `en`
          436 | x.slots: {en: "ñ {birth:ful} {many:dayz} {zip:full} {clinic}.", es: "{birth:ful} {many:dayz} {zip:full} {clinic}."}
              |                              ^^^^^^^^^^^ did you mean `days`?
              the caller would be led to a person here
        prompts.yaml:436:42  F122  a row of digits is not spoken in the manner `full` in `en`
          436 | x.slots: {en: "ñ {birth:ful} {many:dayz} {zip:full} {clinic}.", es: "{birth:ful} {many:dayz} {zip:full} {clinic}."}
              |                                          ^^^^^^^^^^ may stand here: spelled
              the caller would be led to a person here
        prompts.yaml:436:53  F024  `x.slots` says {clinic}, and no step that speaks it has such a value
          436 | x.slots: {en: "ñ {birth:ful} {many:dayz} {zip:full} {clinic}.", es: "{birth:ful} {many:dayz} {zip:full} {clinic}."}
              |                                                     ^^^^^^^^ write the name of a saved value, or give the step `with: {NAME: $VALUE}`
              the caller would be led to a person here
        prompts.yaml:436:70  F122  a date is not spoken in the manner `ful` in `es`
          436 | x.slots: {en: "ñ {birth:ful} {many:dayz} {zip:full} {clinic}.", es: "{birth:ful} {many:dayz} {zip:full} {clinic}."}
              |                                                                      ^^^^^^^^^^^ did you mean `full`?
              the caller would be led to a person here
        prompts.yaml:436:82  F122  a number is not spoken in the manner `dayz` in `es`
          436 | x.slots: {en: "ñ {birth:ful} {many:dayz} {zip:full} {clinic}.", es: "{birth:ful} {many:dayz} {zip:full} {clinic}."}
              |                                                                                  ^^^^^^^^^^^ did you mean `days`?
              the caller would be led to a person here
        prompts.yaml:436:94  F122  a row of digits is not spoken in the manner `full` in `es`
          436 | x.slots: {en: "ñ {birth:ful} {many:dayz} {zip:full} {clinic}.", es: "{birth:ful} {many:dayz} {zip:full} {clinic}."}
              |                                                                                              ^^^^^^^^^^ may stand here: spelled
              the caller would be led to a person here
        prompts.yaml:436:105  F024  `x.slots` says {clinic}, and no step that speaks it has such a value
          436 | x.slots: {en: "ñ {birth:ful} {many:dayz} {zip:full} {clinic}.", es: "{birth:ful} {many:dayz} {zip:full} {clinic}."}
              |                                                                                                         ^^^^^^^^ write the name of a saved value, or give the step `with: {NAME: $VALUE}`
              the caller would be led to a person here
    "#]].assert_eq(&spoken("{en: \"ñ {birth:ful} {many:dayz} {zip:full} {clinic}.\", es: \"{birth:ful} {many:dayz} {zip:full} {clinic}.\"}", ALL, &[]));
    expect![[r#"
        prompts.yaml:436:20  F123  in `x.slots` the `{` has no other half
          436 | x.slots: {en: "Now {birth. {Many}.", es: "Ahora birth}."}
              |                    ^ write a slot as {name} or {name:manner}
              nothing can speak what belongs there
        prompts.yaml:436:28  F123  in `x.slots` `{Many}` is no name of a value
          436 | x.slots: {en: "Now {birth. {Many}.", es: "Ahora birth}."}
              |                            ^^^^^^ write a slot as {name} or {name:manner}
              nothing can speak what belongs there
        prompts.yaml:436:42  F055  `x.slots` says {Many} in `en` and not in `es`
          436 | x.slots: {en: "Now {birth. {Many}.", es: "Ahora birth}."}
              |                                          ^^^^^^^^^^^^^^^ write the same slots in every language
              a caller who hears `es` would not be told it
        prompts.yaml:436:54  F123  in `x.slots` the `}` has no other half
          436 | x.slots: {en: "Now {birth. {Many}.", es: "Ahora birth}."}
              |                                                      ^ write a slot as {name} or {name:manner}
              nothing can speak what belongs there
    "#]].assert_eq(&spoken("{en: \"Now {birth. {Many}.\", es: \"Ahora birth}.\"}", ALL, &[]));
    let listed = FLOW.replace(
        "name: {set: {name: '\"Dr. Lee\"'}, next: said}",
        "name: {care: appt.search, save: times, next: {found: said, none: said, failed: person}}",
    );
    expect![[r#"
        after_hours.yaml:8:16  F146  this needs a caller known at L2, and on some way here he is known at L0
            8 |   name: {care: appt.search, save: times, next: {found: said, none: said, failed: person}}
              |                ^^^^^^^^^^^ let a flow that finds out who calls come before, on every way
              somebody else could hear or change what is the patient's alone
        after_hours.yaml:8:16  F147  `appt.search` needs a value `visit`, a text
            8 |   name: {care: appt.search, save: times, next: {found: said, none: said, failed: person}}
              |                ^^^^^^^^^^^ add it under `with`: {visit: $…}
              the records could not be asked, and the caller would be given a person
        after_hours.yaml:9:15  F141  `times` is saved in line 8, but not on a way over `name`
            9 |   said: {say: x.slots, with: {doctor: $name}, next: person}
              |               ^^^^^^^ save it there too, or ask before with `when: times is known`
              a caller who comes here without it would be given a person
        after_hours.yaml:9:15  F144  what can be spoken belongs here, and this is a list, each of which is a record `appointment`
            9 |   said: {say: x.slots, with: {doctor: $name}, next: person}
              |               ^^^^^^^ name a field of it, such as `{patient.name}`
              the caller would be given a person
        after_hours.yaml:9:39  F140  nothing is saved as `name`
            9 |   said: {say: x.slots, with: {doctor: $name}, next: person}
              |                                       ^^^^^ let a step before save it: `save: name`
              a caller who comes here without it would be given a person
        prompts.yaml:436:19  F124  {times} is a list, and that is not spoken
          436 | x.slots: {en: "On {times}.", es: "El {times}."}
              |                   ^^^^^^^ name one of its parts, or save it under a name of its own first
              the caller would be led to a person here
        prompts.yaml:436:38  F124  {times} is a list, and that is not spoken
          436 | x.slots: {en: "On {times}.", es: "El {times}."}
              |                                      ^^^^^^^ name one of its parts, or save it under a name of its own first
              the caller would be led to a person here
    "#]].assert_eq(&spoken("{en: \"On {times}.\", es: \"El {times}.\"}", ALL, &[("after_hours.yaml", &listed)]));
}

fn recordings() {
    // A text is spoken by a voice, and a choice without a recording; segments must be there.
    let text = "{en: \"With {doctor} for {visit} at last.\", es: \"Con {doctor} para {visit}.\"}";
    expect![[r#"
        prompts.yaml:436:15  F022  `x.slots.3` has no audio in `en`
          436 | x.slots: {en: "With {doctor} for {visit} at last.", es: "Con {doctor} para {visit}."}
              |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ record at last. as en/x.slots.3.wav in the folder of sounds
              a caller would hear silence
        prompts.yaml:436:21  F126  warning: {doctor} is a text, which no recording holds: a second voice speaks it
          436 | x.slots: {en: "With {doctor} for {visit} at last.", es: "Con {doctor} para {visit}."}
              |                     ^^^^^^^^ set `voice:` in careline.yaml; `careline pieces` tells what can be recorded in its place
              another voice in the middle of the words; without one, digits alone or a person
        prompts.yaml:436:34  F126  warning: {visit} in `en` needs recordings that are not there, `say.checkup`: a second voice speaks it
          436 | x.slots: {en: "With {doctor} for {visit} at last.", es: "Con {doctor} para {visit}."}
              |                                  ^^^^^^^ set `voice:` in careline.yaml; `careline pieces` tells what can be recorded in its place
              another voice in the middle of the words; without one, digits alone or a person
        prompts.yaml:436:62  F126  warning: {doctor} is a text, which no recording holds: a second voice speaks it
          436 | x.slots: {en: "With {doctor} for {visit} at last.", es: "Con {doctor} para {visit}."}
              |                                                              ^^^^^^^^ set `voice:` in careline.yaml; `careline pieces` tells what can be recorded in its place
              another voice in the middle of the words; without one, digits alone or a person
        prompts.yaml:436:76  F126  warning: {visit} in `es` needs recordings that are not there, `say.checkup`: a second voice speaks it
          436 | x.slots: {en: "With {doctor} for {visit} at last.", es: "Con {doctor} para {visit}."}
              |                                                                            ^^^^^^^ set `voice:` in careline.yaml; `careline pieces` tells what can be recorded in its place
              another voice in the middle of the words; without one, digits alone or a person
    "#]].assert_eq(&spoken(text, &|name| name != "say.checkup" && name != "x.slots.3", &[]));
    // Pieces that are not recorded; those that the value cannot need are not asked for.
    let text = "{en: \"{birth:day}.\", es: \"{birth:day}.\"}";
    expect![[r#"
        after_hours.yaml:5:52  F152  warning: no step behind this asks for `many`
            5 |   many: {collect: x.ask, as: number, to: 31, save: many, next: zip}
              |                                                    ^^^^ use it, or take `save` out
              what the caller answers changes nothing
        after_hours.yaml:6:54  F152  warning: no step behind this asks for `zip`
            6 |   zip: {collect: x.ask, as: digits, length: 5, save: zip, next: visit}
              |                                                      ^^^ use it, or take `save` out
              what the caller answers changes nothing
        after_hours.yaml:7:58  F152  warning: no step behind this asks for `visit`
            7 |   visit: {menu: vm.closed_now, keys: {1: checkup}, save: visit, next: {checkup: name}}
              |                                                          ^^^^^ use it, or take `save` out
              what the caller answers changes nothing
        prompts.yaml:219:16  F126  warning: {value} in `en` needs recordings that are not there, `say/march` and 1 more: a second voice speaks it
          219 |   en: "I heard {value}. If that is right, press 1. If not, press 2."
              |                ^^^^^^^ set `voice:` in careline.yaml; `careline pieces` tells what can be recorded in its place
              another voice in the middle of the words; without one, digits alone or a person
        prompts.yaml:220:16  F126  warning: {value} in `es` needs recordings that are not there, `say/marzo` and 2 more: a second voice speaks it
          220 |   es: "Entendí {value}. Si es correcto, marque 1. Si no, marque 2."
              |                ^^^^^^^ set `voice:` in careline.yaml; `careline pieces` tells what can be recorded in its place
              another voice in the middle of the words; without one, digits alone or a person
        prompts.yaml:347:14  F126  warning: {day:full} in `en` needs recordings that are not there, `say/march` and 2 more: a second voice speaks it
          347 |   en: "until {day:full}, {time}."
              |              ^^^^^^^^^^ set `voice:` in careline.yaml; `careline pieces` tells what can be recorded in its place
              another voice in the middle of the words; without one, digits alone or a person
        prompts.yaml:347:26  F126  warning: {time} in `en` needs recordings that are not there, `say/midnight`: a second voice speaks it
          347 |   en: "until {day:full}, {time}."
              |                          ^^^^^^ set `voice:` in careline.yaml; `careline pieces` tells what can be recorded in its place
              another voice in the middle of the words; without one, digits alone or a person
        prompts.yaml:348:21  F126  warning: {day:full} in `es` needs recordings that are not there, `say/martes` and 3 more: a second voice speaks it
          348 |   es: "hasta el día {day:full}, {time}."
              |                     ^^^^^^^^^^ set `voice:` in careline.yaml; `careline pieces` tells what can be recorded in its place
              another voice in the middle of the words; without one, digits alone or a person
        prompts.yaml:435:23  F126  warning: {value} in `en` needs recordings that are not there, `say/march` and 1 more: a second voice speaks it
          435 | x.back: {en: "I heard {value}. If that is right, press 1. If not, press 2.", es: "Entendí {value}. Si es correcto, marqu
              |                       ^^^^^^^ set `voice:` in careline.yaml; `careline pieces` tells what can be recorded in its place
              another voice in the middle of the words; without one, digits alone or a person
        prompts.yaml:435:91  F126  warning: {value} in `es` needs recordings that are not there, `say/marzo` and 2 more: a second voice speaks it
          435 | x.back: {en: "I heard {value}. If that is right, press 1. If not, press 2.", es: "Entendí {value}. Si es correcto, marqu
              |                                                                                           ^^^^^^^ set `voice:` in careline.yaml; `careline pieces` tells what can be recorded in its place
              another voice in the middle of the words; without one, digits alone or a person
        prompts.yaml:436:16  F126  warning: {birth:day} in `en` needs recordings that are not there, `say/monday`: a second voice speaks it
          436 | x.slots: {en: "{birth:day}.", es: "{birth:day}."}
              |                ^^^^^^^^^^^ set `voice:` in careline.yaml; `careline pieces` tells what can be recorded in its place
              another voice in the middle of the words; without one, digits alone or a person
        prompts.yaml:436:36  F126  warning: {birth:day} in `es` needs recordings that are not there, `say/martes` and 1 more: a second voice speaks it
          436 | x.slots: {en: "{birth:day}.", es: "{birth:day}."}
              |                                    ^^^^^^^^^^^ set `voice:` in careline.yaml; `careline pieces` tells what can be recorded in its place
              another voice in the middle of the words; without one, digits alone or a person
    "#]].assert_eq(&spoken(text, &|name| !name.starts_with("say/m"), &[]));
}

fn languages() {
    let french = ENGLISH.replace("language: en", "language: fr");
    let text = "{en: \"{birth:day}.\", fr: \"{birth:ordinal}.\"}";
    let clinic = include_str!("../../../../ivr-flows/clinic.yaml")
        .replace("languages: [en, es]", "languages: [en, fr]");
    let told = |more: &[(&str, &str)]| {
        let found = spoken(text, ALL, more);
        // What else a set of texts in a third language lacks is told elsewhere.
        let spoken = |line: &&str| ["F122", "F127", "F038", "Y"].iter().any(|code| line.contains(code));
        found.lines().filter(spoken).collect::<Vec<_>>().join("\n")
    };
    expect!["prompts.yaml:436:36  F122  a date is not spoken in the manner `ordinal` in `fr`"]
        .assert_eq(&told(&[("clinic.yaml", &clinic), ("languages/fr.yaml", &french)]));
    expect!["clinic.yaml:3:17  F038  `fr` is no other language that flows speak"]
        .assert_eq(&told(&[("clinic.yaml", &clinic)]));
    let broken = french.replace("clock: 12", "clock: 13");
    expect!["languages/fr.yaml:4:8  F127  `clock`: `13` cannot be read; it is written as 12 or 24"]
        .assert_eq(&told(&[("languages/fr.yaml", &broken)]));
    expect!["languages/fr.yaml  Y016  the file is empty"].assert_eq(&told(&[("languages/fr.yaml", "")]));
}
