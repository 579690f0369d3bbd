//! What texts offer: a table of phrases, and every shipped text.

use super::*;
use crate::flow::diagnostic::Sources;
use crate::flow::languages::Languages;
use crate::flow::syntax::tree::{self, Reading};
use expect_test::expect_file;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The languages that are built in, and French by its file.
fn languages() -> Languages {
    let (mut languages, mut sources) = (Languages::default(), Sources::default());
    let french = include_bytes!("../../../../tests/french/languages/fr.yaml");
    let (_, Reading::Tree(node)) = tree::read(&mut sources, "languages/fr.yaml", french) else {
        panic!("{:?}", sources.into_faults())
    };
    languages.read("fr", "languages/fr.yaml", &node, &mut sources);
    assert!(sources.is_clean(), "{:?}", sources.into_faults());
    languages
}

fn read_in(text: &str, language: &str) -> Vec<SpokenKey> {
    read(text, languages().rules(language).expect("rules").lexicon())
}

/// The keys as a line: `1 2 star`, a scale in brackets.
fn line(text: &str, language: &str) -> String {
    let told = |found: &SpokenKey| {
        let key = crate::flow::read::flow::key_name(found.key);
        if found.manner == Manner::Scale { format!("[{key}]") } else { key }
    };
    read_in(text, language).iter().map(told).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_keys_that_a_text_offers_are_read_from_it() {
    let table = [
        // The plain ways.
        ("en", "For visits, press 1. For a nurse, press 4. Press 1 again. Call 9 1 1.", "1 4"),
        ("en", "press one, or touch the two key", "1 2"),
        ("en", "Press the star key to hear it again, or the pound key for more time.", "star pound"),
        ("en", "Press star. Press pound. Press 0, or press nine now.", "star pound 0 9"),
        ("en", "Press *. Press #.", "star pound"),
        ("en", "Press the number 3, or key in the rest", "3"),
        ("en", "Press the number sign. Press the number key.", "pound"),
        ("en", "Press the hash sign", "pound"),
        ("en", "By pressing zero you get a person.", "0"),
        ("en", "PRESS ONE NOW", "1"),
        ("en", "Press \"1\" for visits.", "1"),
        ("es", "Para citas, marque 1. Oprima 2. Presione tres. Pulse el 5. Apriete la tecla 6.", "1 2 3 5 6"),
        ("es", "Marque asterisco o marque gato.", "star pound"),
        ("es", "Marque la tecla de asterisco. Presione la tecla numeral.", "star pound"),
        ("es", "Oprima el signo de número.", "pound"),
        ("es", "Presione la tecla de número. Pulse almohadilla.", "pound"),
        ("es", "Marque el número 1 o el 2", "1 2"),
        ("es", "MARQUE CERO", "0"),
        ("es", "Marque uno, dos, tres, cuatro, cinco, seis, siete, ocho o nueve", "1 2 3 4 5 6 7 8 9"),
        ("en", "Press one, two, three, four, five, six, seven, eight, or nine", "1 2 3 4 5 6 7 8 9"),
        // Lists.
        ("en", "Press 1 or 2.", "1 2"),
        ("en", "Press 1, 2 or 3 to go on.", "1 2 3"),
        ("en", "Press either 1 or the star key.", "1 star"),
        ("es", "Marque 1 o 2. Pulse 3 y 5.", "1 2 3 5"),
        ("es", "Marque siete u ocho.", "7 8"),
        // The verb of the first key does for the others.
        ("en", "Press 1 for yes, 2 for no.", "1 2"),
        ("en", "Press one for yes and two for no.", "1 2"),
        ("en", "Press 1 if you will come, or 2 if you will not.", "1 2"),
        ("en", "Press 1 to book, 2 to cancel.", "1 2"),
        ("es", "Marque 1 para sí, 2 para no o 0 para una persona.", "1 2 0"),
        ("en", "Press 1 for visits, from 8 to 5 on weekdays, 8 to 1 on Saturdays.", "1"),
        // Star and pound behind what is entered.
        ("en", "Enter the number, then press pound.", "pound"),
        ("en", "Enter the number, followed by the pound key.", "pound"),
        ("en", "Enter the number and then star.", "star"),
        ("es", "Marque el número y después gato.", "pound"),
        ("es", "Marque su código seguido de la tecla numeral.", "pound"),
        ("es", "Marque el número y luego la tecla de número.", "pound"),
        ("en", "The pound of flesh is then a star.", ""),
        ("es", "Luego el gato come.", ""),
        // Numbers that are no keys.
        ("en", "If you are in danger, call 9 1 1.", ""),
        ("en", "Call or text 9 8 8, or press 9 now.", "9"),
        ("en", "Dial 9 1 1. Dial 9-1-1. Dial 9.1.1. Dial 911. Dial 9, 1, 1.", ""),
        ("es", "Llame al 9 1 1. Marque 9 1 1. Marque al 9 1 1. Marque el 911.", ""),
        ("es", "Llame o mande un texto al 9 8 8, o marque 9 ahora.", "9"),
        ("en", "press 12", ""),
        ("en", "The number is 1 800, 2 2 2, 1 2 2 2. To be put through, press 1.", "1"),
        ("en", "Press one of these keys. Press one key. Press 2 times. Press 1 more time.", ""),
        ("es", "Marque uno de los números. Pulse dos veces. Marque los cinco números.", ""),
        ("es", "Marque uno de nuevo.", "1"),
        ("en", "Enter two numbers for the month, two for the day, and four for the year.", ""),
        ("en", "Enter your five number zip code.", ""),
        ("en", "Do not press 1. Don't press 2. Never press 3.", ""),
        ("es", "No marque 1. Nunca oprima 2.", ""),
        ("en", "If not, press 2.", "2"),
        ("es", "Si no, marque 2.", "2"),
        ("en", "Press any key. Press again. Press.", ""),
        ("es", "Para español, marque 2.", "2"),
        ("es", "Gracias por llamar. Adiós.", ""),
        ("en", "", ""),
        // French, by its file alone.
        (
            "fr",
            "Pour une visite, appuyez sur le 1. Tapez 2, faites le trois ou pressez la touche 5.",
            "1 2 3 5",
        ),
        ("fr", "Appuyez sur l'étoile. Appuyez sur la touche dièse, ou sur le zéro.", "star pound 0"),
        ("fr", "APPUYEZ SUR L’ETOILE OU SUR LA TOUCHE CARRE", "star pound"),
        ("fr", "Tapez 1 pour oui, 2 pour non ou 0 pour une personne.", "1 2 0"),
        ("fr", "Entrez votre numéro, puis dièse. Composez le code suivi de la touche étoile.", "pound star"),
        // An article is no number.
        ("fr", "Tapez un, deux ou trois. Tapez 5, un agent vous répondra.", "1 2 3 5"),
        ("fr", "Appuyez sur un.", "1"),
        ("fr", "Entrez un code. Choisissez un numéro. Appuyez sur un bouton. Entrez un nouveau code.", ""),
        ("fr", "Tapez un de ces chiffres. Tapez un de nouveau. Entrez quatre chiffres.", "1"),
        ("fr", "Appelez le 9 1 1. Composez le 9 1 1. Faites le 911.", ""),
        ("fr", "N'appuyez pas sur 1. Ne tapez pas 2. Ne jamais taper 3.", ""),
        ("fr", "Si ce n'est pas le cas, appuyez sur le 2.", "2"),
        ("fr", "De 1, très mal, à 3, très bien.", "[1] [2] [3]"),
        // Scales.
        ("en", "From 1, very bad, to 5, very good.", "[1] [2] [3] [4] [5]"),
        ("es", "De 1, muy mala, a 3, muy buena.", "[1] [2] [3]"),
        ("es", "Del uno al tres.", "[1] [2] [3]"),
        ("en", "We are open from 8 to 5, from 10 to 12 and from 9.", ""),
        ("en", "From 1 to 3. Press 2.", "[1] 2 [3]"),
    ];
    let wrong: Vec<String> = table
        .iter()
        .filter(|(language, text, expected)| line(text, language) != *expected)
        .map(|(language, text, expected)| format!("{text}\n  is  {}\n  not {expected}", line(text, language)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_key_stands_where_its_word_stands() {
    for (language, text, words) in [
        ("en", "For a nurse, press the 4 key or star.", vec!["4", "star"]),
        ("es", "Para oír más, marque «asterisco» o el número tres.", vec!["asterisco", "tres"]),
        ("en", "From 1, bad, to 2, good", vec!["From 1, bad, to 2", "From 1, bad, to 2"]),
    ] {
        let found: Vec<&str> = read_in(text, language).into_iter().map(|key| &text[key.at]).collect();
        assert_eq!(found, words, "{text}");
    }
}

#[test]
fn the_keys_of_all_shipped_texts_are_read() {
    let text = include_str!("../../../../ivr-flows/prompts.yaml");
    let prompts: BTreeMap<String, BTreeMap<String, serde_yaml::Value>> = serde_yaml::from_str(text).unwrap();
    let mut table = String::new();
    for (name, texts) in &prompts {
        for language in ["en", "es"] {
            let Some(serde_yaml::Value::String(text)) = texts.get(language) else { continue };
            table += format!("{name} {language}: {}", line(text, language)).trim_end();
            table += "\n";
        }
    }
    expect_file!["shipped.txt"].assert_eq(&table);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_and_every_place_is_a_word_of_it(
        words in proptest::collection::vec(
            prop_oneof![
                Just("press"), Just("marque"), Just("1"), Just("9"), Just("one"), Just("or"), Just(","), Just("."),
                Just("from"), Just("de"), Just("to"), Just("then"), Just("#"), Just("é¿"), Just("the"), Just("number"),
            ],
            0..24,
        ),
        spanish in any::<bool>(),
    ) {
        let text = words.join(" ");
        for found in read_in(&text, if spanish { "es" } else { "en" }) {
            prop_assert!(text.get(found.at.clone()).is_some_and(|word| !word.trim().is_empty()), "{text} {found:?}");
        }
    }
}
