//! French, row by row, by the file of `tests/french` alone.

use super::*;

const FRENCH: &str = include_str!("../../../../tests/french/languages/fr.yaml");

#[test]
fn every_french_number_to_a_hundred() {
    let words = [
        "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit \
         dix-neuf"
            .split(' ')
            .map(str::to_owned)
            .collect::<Vec<_>>(),
        ["vingt", "trente", "quarante", "cinquante", "soixante"].iter().flat_map(|ten| tens(ten)).collect(),
        "dix;et onze;douze;treize;quatorze;quinze;seize;dix-sept;dix-huit;dix-neuf"
            .split(';')
            .map(|rest| format!("soixante {rest}"))
            .collect(),
        vec!["quatre-vingts".to_owned()],
        "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf"
            .split(' ')
            .map(|rest| format!("quatre-vingt {rest}"))
            .collect(),
        vec!["cent".to_owned()],
    ]
    .concat();
    assert_eq!(words.len(), 101);
    let rules = rules(FRENCH);
    for (number, words) in (0..).zip(&words) {
        assert_eq!(&said(&rules, Say::Number(number)), words, "{number}");
    }
}

/// A ten and what stands behind it up to nine.
fn tens(ten: &str) -> Vec<String> {
    let rest = ["", " et un", " deux", " trois", " quatre", " cinq", " six", " sept", " huit", " neuf"];
    rest.iter().map(|rest| format!("{ten}{rest}")).collect()
}

#[test]
fn french_numbers() {
    check(
        &rules(FRENCH),
        &[
            ("number", "101", "cent un"),
            ("number", "180", "cent quatre-vingts"),
            ("number", "200", "deux cents"),
            ("number", "201", "deux cent un"),
            ("number", "1000", "mille"),
            ("number", "1001", "mille un"),
            ("number", "2000", "deux mille"),
            ("number", "21000", "vingt et un mille"),
            ("number", "80000", "quatre-vingt mille"),
            ("number", "81000", "quatre-vingt un mille"),
            ("number", "200080", "deux cent mille quatre-vingts"),
            ("number", "280000", "deux cent quatre-vingt mille"),
            ("number", "1000000", "un million"),
            ("number", "80000000", "quatre-vingts millions"),
            ("number", "1971", "mille neuf cent soixante et onze"),
            ("number", "-5", "moins cinq"),
            ("number", "1000000000", "un zéro zéro zéro zéro zéro zéro zéro zéro zéro"),
            ("by feminine", "1", "une"),
            ("by feminine", "21", "vingt et une"),
            ("by feminine", "71", "soixante et onze"),
            ("by feminine", "81", "quatre-vingt une"),
            ("by feminine", "101", "cent une"),
            ("by feminine", "200", "deux cents"),
            ("by ordinal", "1", "premier"),
            ("by ordinal", "2", "deuxième"),
            ("by ordinal", "5", "cinquième"),
            ("by ordinal", "9", "neuvième"),
            ("by ordinal", "21", "vingt et unième"),
            ("by ordinal", "22", "vingt deuxième"),
            ("by ordinal", "71", "soixante et onzième"),
            ("by ordinal", "80", "quatre-vingtième"),
            ("by ordinal", "81", "quatre-vingt unième"),
            ("by ordinal", "91", "quatre-vingt onzième"),
            ("by ordinal", "100", "centième"),
            ("by ordinal", "101", "cent unième"),
            ("by ordinal", "200", "deux centième"),
            ("by ordinal", "1000", "millième"),
        ],
    );
    for set in ["cardinal", "feminine", "ordinal"] {
        numbers_differ(&rules(FRENCH), set);
    }
}

#[test]
fn french_days_times_and_amounts() {
    check(
        &rules(FRENCH),
        &[
            ("weekday", "2026-11-24", "mardi"),
            ("date", "2026-03-01", "premier mars"),
            ("date", "2026-03-21", "vingt et un mars"),
            ("full", "2026-08-11", "mardi onze août"),
            ("year", "1958-03-03", "trois mars mille neuf cent cinquante huit"),
            ("year", "2005-12-31", "trente et un décembre deux mille cinq"),
            ("time", "00:00", "zéro heure"),
            ("time", "01:01", "une heure une"),
            ("time", "09:30", "neuf heures trente"),
            ("time", "12:00", "douze heures"),
            ("time", "21:21", "vingt et une heures vingt et une"),
            ("at", "01:15", "à une heure quinze"),
            ("at", "13:05", "à treize heures cinq"),
            ("duration", "0", "zéro seconde"),
            ("duration", "60", "une minute"),
            ("duration", "5400", "une heure et trente minutes"),
            ("duration", "1814400", "vingt et un jours"),
            ("cents", "0", "zéro dollar"),
            ("cents", "100", "un dollar"),
            ("cents", "101", "un dollar et un centime"),
            ("cents", "1205", "douze dollars et cinq centimes"),
            ("cents", "8000", "quatre-vingts dollars"),
            ("cents", "100000000", "un million de dollars"),
            ("cents", "-250", "moins deux dollars et cinquante centimes"),
            ("count hours", "1", "une heure"),
            ("count hours", "81", "quatre-vingt une heures"),
            ("count days", "2", "deux jours"),
            ("phone", "6175550142", "six un sept, cinq cinq cinq, zéro un quatre deux"),
            ("phone", "911", "neuf un un"),
            ("code", "b2-É", "B comme Berthe, deux, E accent aigu"),
            ("code", "ñ", "! a character has no name in this language"),
        ],
    );
}

#[test]
fn the_french_file_speaks_of_the_same_things_as_the_english_one() {
    let (french, english) = (rules(FRENCH), rules(ENGLISH));
    assert!(french.nouns.keys().eq(english.nouns.keys()));
    assert!(french.phone.keys().eq(english.phone.keys()));
    assert_eq!((french.language(), french.name(), french.lexicon().measure()), ("fr", "French", None));
}
