//! A clinic that speaks English and French: French is a file beside its flows, and every check holds for it.

use super::*;

const FILES: [(&str, &str); 5] = [
    ("clinic.yaml", include_str!("../../../../tests/french/clinic.yaml")),
    ("entry.yaml", include_str!("../../../../tests/french/entry.yaml")),
    ("front_desk.yaml", include_str!("../../../../tests/french/front_desk.yaml")),
    ("prompts.yaml", include_str!("../../../../tests/french/prompts.yaml")),
    ("languages/fr.yaml", include_str!("../../../../tests/french/languages/fr.yaml")),
];

/// The faults of the French clinic with these changes.
fn french(changes: &[(&str, &str, &str)]) -> String {
    let change = |(name, text): (&str, &str)| {
        let own = changes.iter().filter(|(file, ..)| *file == name);
        let text = own.fold(text.to_owned(), |text, (_, from, to)| {
            assert!(text.contains(from), "{name} has no `{from}`");
            text.replacen(from, to, 1)
        });
        SourceFile { path: name.to_owned(), octets: text.into_bytes() }
    };
    let files = FILES.into_iter().map(change).collect();
    let (set, faults) = FlowSet::load(files, &|_, _| Audio::Present);
    assert_eq!(set.is_some(), faults.iter().all(|fault| fault.severity == Severity::Warning));
    render(&faults)
}

#[test]
fn a_third_language_is_a_file_beside_the_flows() {
    expect![""].assert_eq(&french(&[]));
    // Any two of the three.
    for languages in ["[fr, en]", "[es, fr]", "[fr, es]", "[fr]"] {
        let change = ("clinic.yaml", "[en, fr]", languages);
        // Who speaks the first language hears no offer of it.
        let offer = (
            "prompts.yaml",
            "  fr: \"Pour le français",
            "  en: \"For English, press 2.\"\n  fr: \"Pour le français",
        );
        assert_eq!(french(&[change, offer]), "", "{languages}");
    }
}

#[test]
fn a_key_that_french_words_speak_is_held_against_the_menu() {
    expect![""].assert_eq(&french(&[(
        "prompts.yaml",
        "tapez 3. Pour une infirmière, faites le quatre.",
        "faites le 3, un agent vous dira. Pour une infirmière, faites le 4.",
    )]));
    expect![[r#"
        front_desk.yaml:7:20  F019  the `fr` text of `fd.menu` does not offer key 3
            7 |     keys: {1: day, 3: cost}
              |                    ^ say it there, such as "appuyez sur le 3"
              a caller cannot know that this key does something
        prompts.yaml:87:77  F018  the `fr` text of `fd.menu` offers key 5, which `choose` does not take
           87 |   fr: "Pour le jour d'un rendez-vous, appuyez sur le 1. Pour le prix, tapez 5. Pour une infirmière, faites le quatre."
              |                                                                             ^ add 5 under the `keys` of `choose`, or take it out of the text
              a caller who presses 5 as told would hear "I did not get that"
    "#]].assert_eq(&french(&[("prompts.yaml", "tapez 3.", "tapez 5.")]));
    expect![[r#"
        front_desk.yaml:7:29  F019  the `en` text of `fd.menu` does not offer key 5
            7 |     keys: {1: day, 3: cost, 5: cost}
              |                             ^ say it there, such as "press 5"
              a caller cannot know that this key does something
        front_desk.yaml:7:29  F019  the `fr` text of `fd.menu` does not offer key 5
            7 |     keys: {1: day, 3: cost, 5: cost}
              |                             ^ say it there, such as "appuyez sur le 5"
              a caller cannot know that this key does something
    "#]]
    .assert_eq(&french(&[("front_desk.yaml", "3: cost", "3: cost, 5: cost")]));
    expect![[r#"
        prompts.yaml:8:7  F051  `u.crisis` offers key 9 in `en` and not in `fr`
            8 |   fr: "Si vous pensez à vous faire du mal, appelez ou écrivez au 9 8 8, ou restez en ligne."
              |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ say it in the `fr` text too, or in neither
              a caller who hears `fr` would not know of it
    "#]].assert_eq(&french(&[("prompts.yaml", "ou appuyez sur le 9 maintenant", "ou restez en ligne")]));
    expect![[r#"
        entry.yaml:1:7  F031  the entry does not say in `fr` that 0 gets a person
            1 | flow: entry
              |       ^^^^^ add a step such as {say: u.person, next: …}
              a caller who needs a person would not know how to get one
        prompts.yaml:19:7  F051  `u.person` offers key 0 in `en` and not in `fr`
           19 |   fr: "Pour parler à une personne, dites-le à tout moment."
              |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ say it in the `fr` text too, or in neither
              a caller who hears `fr` would not know of it
    "#]].assert_eq(&french(&[("prompts.yaml", "appuyez sur le 0 à tout moment", "dites-le à tout moment")]));
    expect![[r#"
        prompts.yaml:11:7  F019  the `fr` text of `u.language` does not offer key 2
           11 |   fr: "Nous parlons français."
              |       ^^^^^^^^^^^^^^^^^^^^^^^^ say it there, such as "appuyez sur le 2"
              a caller cannot know how to get this language
    "#]]
    .assert_eq(&french(&[("prompts.yaml", "Pour le français, appuyez sur le 2.", "Nous parlons français.")]));
}

#[test]
fn a_french_text_is_judged_by_its_sentences_and_by_no_foreign_formula() {
    let hard = "Incontestablement, l'administration hospitalière communiquera prochainement l'authentification \
                indispensable, conformément aux réglementations internationales.";
    assert_eq!(french(&[("prompts.yaml", "Un instant, s'il vous plaît.", hard)]), "");
    let long = "Nous vous prions de bien vouloir rester en ligne pendant que nous cherchons une personne qui peut vous \
                aider avec tout ce que vous voulez nous demander.";
    expect![[r#"
        prompts.yaml:31:7  F025  a sentence of 27 words is too long to be followed by ear
           31 |   fr: "Nous vous prions de bien vouloir rester en ligne pendant que nous cherchons une personne qui peut vous aider avec
              |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ make two of it; at most 25 words
              who is ill or old has lost its beginning when it ends
    "#]].assert_eq(&french(&[("prompts.yaml", "Un instant, s'il vous plaît.", long)]));
}

#[test]
fn what_the_french_file_or_a_french_text_lacks_is_named() {
    expect![[r#"
        languages/fr.yaml  F127  `keys.star`: it is missing
              docs/admin-guide/languages.md says how it is written
              a number, date or time would be spoken wrongly, or a key would not be offered
        languages/fr.yaml:212:10  F127  `keys.stra.1`: `stra` means nothing here; did you mean `star`?
          212 |   stra: [étoile, etoile, l'étoile, l'etoile, astérisque, asterisque, l'astérisque, l'asterisque]
              |          ^^^^^^ docs/admin-guide/languages.md says how it is written
              a number, date or time would be spoken wrongly, or a key would not be offered
    "#]].assert_eq(&french(&[("languages/fr.yaml", "  star: [étoile", "  stra: [étoile")]));
    expect![[r#"
        prompts.yaml:96:1  F021  the prompt `fd.told` has no text in `fr`
           96 | fd.told:
              | ^^^^^^^ add `fr: "…"`
              a caller who hears `fr` would hear nothing here
    "#]]
    .assert_eq(&french(&[("prompts.yaml", "  fr: \"Nous avons noté le {day:full}.\"\n", "")]));
    expect![[r#"
        prompts.yaml:103:47  F122  a number is not spoken in the manner `nuits` in `fr`
          103 |   fr: "Une visite coûte 20 dollars. Vous avez {left:nuits} pour payer."
              |                                               ^^^^^^^^^^^^ may stand here: days, hours, minutes, money, money_part, seconds, cardinal, before_mille, feminine, digit, ordinal, ordinal_within, day, minutes
              the caller would be led to a person here
    "#]].assert_eq(&french(&[("prompts.yaml", "{left:days} pour payer", "{left:nuits} pour payer")]));
    expect![[r#"
        clinic.yaml:3:21  F038  `fr` is one language more than a caller can choose between
            3 | languages: [en, es, fr]
              |                     ^^ leave two; 2 chooses the second
              whoever is offered it with key 2 would get the second language instead
    "#]]
    .assert_eq(&french(&[("clinic.yaml", "[en, fr]", "[en, es, fr]")]));
    expect![[r#"
        clinic.yaml:3:17  F038  `de` is no other language that flows speak
            3 | languages: [en, de]
              |                 ^^ write one of en, es, fr, or add a file languages/NAME.yaml beside the flows
    "#]]
    .assert_eq(&french(&[("clinic.yaml", "[en, fr]", "[en, de]")]));
}
