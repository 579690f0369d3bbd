//! Words and syllables as they are heard, by each language's own rules.
//!
//! How a number is said stands in the language's file. Syllables are counted only in a language that has a formula.
//! English spelling does not tell its syllables; the rules here are groups of vowels, silent endings, and
//! hiatus, with a short list of words that keep no rule. Spanish spelling does tell them: strong vowels part,
//! weak ones join, an accent on a weak one parts again (Real Academia Española, Ortografía, 2010).

use crate::flow::spoken::Say;
use crate::flow::spoken::lexicon::Measure;
use crate::flow::spoken::piece;
use crate::flow::spoken::rules::Rules;

/// What is heard of one written word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Spoken words: "911" is three.
    pub words: usize,
    /// Spoken syllables.
    pub syllables: usize,
}

/// Whose rules hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tongue {
    English,
    Spanish,
}

impl Tongue {
    fn of(rules: &Rules) -> Option<Tongue> {
        rules.lexicon().measure().map(|measure| match measure {
            Measure::FleschKincaid => Tongue::English,
            Measure::FernandezHuerta => Tongue::Spanish,
        })
    }

    fn syllables(self, word: &str) -> usize {
        match self {
            Tongue::English => in_english(word),
            Tongue::Spanish => in_spanish(word),
        }
    }
}

/// What is heard of `word`, which has no blanks or outer marks.
pub fn heard(word: &str, rules: &Rules) -> Heard {
    let tongue = Tongue::of(rules);
    let one =
        |syllables: &dyn Fn(Tongue) -> usize| Heard { words: 1, syllables: tongue.map_or(0, syllables) };
    if word.is_empty() {
        return Heard::default();
    }
    // A slot is filled with a word that nobody knows yet, of middling length.
    if word.contains(['{', '}']) {
        return one(&|_| 2);
    }
    if word.bytes().all(|octet| octet.is_ascii_digit()) {
        return number(word, rules, tongue);
    }
    let is_spelled = word.chars().count() <= 5 && word.chars().all(char::is_uppercase) && word.len() > 1;
    if word.contains('.') || word.chars().any(|c| c.is_ascii_digit()) || (is_spelled && !has_vowel(word)) {
        return spelled(word, rules, tongue);
    }
    let mut letters = word.chars();
    match (letters.next(), letters.next()) {
        (Some(only), None) => one(&|tongue| letter(only, tongue)),
        _ => one(&|tongue| tongue.syllables(word)),
    }
}

fn has_vowel(word: &str) -> bool {
    word.chars().any(|c| "AEIOUÁÉÍÓÚ".contains(c))
}

/// Letters and digits one by one.
fn spelled(word: &str, rules: &Rules, tongue: Option<Tongue>) -> Heard {
    word.chars().filter(|c| c.is_alphanumeric()).fold(Heard::default(), |heard, c| {
        let own = if c.is_ascii_digit() {
            number(&c.to_string(), rules, tongue)
        } else {
            Heard { words: 1, syllables: tongue.map_or(0, |tongue| letter(c, tongue)) }
        };
        Heard { words: heard.words + own.words, syllables: heard.syllables + own.syllables }
    })
}

fn letter(letter: char, tongue: Tongue) -> usize {
    match (letter.to_lowercase().next().unwrap_or(letter), tongue) {
        ('w', Tongue::English) => 3,
        ('f' | 'h' | 'j' | 'l' | 'm' | 'n' | 'ñ' | 'r' | 's' | 'v' | 'x' | 'z', Tongue::Spanish) => 2,
        ('w', Tongue::Spanish) => 4,
        _ => 1,
    }
}

/// Digits alone: up to 99 as a number, a longer row digit by digit, as telephone numbers are.
fn number(digits: &str, rules: &Rules, tongue: Option<Tongue>) -> Heard {
    let said = match digits.parse().ok().filter(|_| digits.len() <= 2) {
        Some(number) => rules.say(Say::Number(number)),
        None => rules.say(Say::Phone(digits)),
    };
    // What is too long to be spoken is at least as long to be heard.
    let Ok(said) = said else { return Heard { words: digits.len(), syllables: digits.len() } };
    let text = piece::text(&said);
    let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    words.fold(Heard::default(), |heard, word| Heard {
        words: heard.words + 1,
        syllables: heard.syllables + tongue.map_or(0, |tongue| tongue.syllables(word)),
    })
}

/// Words that keep no rule, with their syllables.
const ENGLISH_EXCEPTIONS: &[(&str, usize)] = &[
    ("area", 3),
    ("areas", 3),
    ("business", 2),
    ("cereal", 3),
    ("clothes", 1),
    ("colleague", 2),
    ("diabetes", 4),
    ("element", 3),
    ("every", 2),
    ("everyone", 3),
    ("everything", 3),
    ("fiend", 1),
    ("fluid", 2),
    ("fluids", 2),
    ("fuel", 2),
    ("idea", 3),
    ("ideal", 3),
    ("ideas", 3),
    ("maybe", 2),
    ("nineteen", 2),
    ("ninety", 2),
    ("people", 2),
    ("poem", 2),
    ("poet", 2),
    ("real", 2),
    ("recipe", 3),
    ("ruin", 2),
    ("science", 2),
    ("someone", 2),
    ("something", 2),
    ("sometimes", 2),
    ("somewhere", 2),
    ("wednesday", 2),
];

fn is_english_vowel(c: char) -> bool {
    "aeiouyáéíóú".contains(c)
}

fn in_english(word: &str) -> usize {
    let word = word.to_lowercase().replace('’', "'");
    let stem = word.strip_suffix("'s").unwrap_or(&word).replace('\'', "");
    if let Some((_, count)) = ENGLISH_EXCEPTIONS.iter().find(|(exception, _)| *exception == stem) {
        return *count;
    }
    let letters: Vec<char> = stem.chars().collect();
    let (mut count, mut previous) = (0, false);
    for (at, c) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| letters[before]);
        let next_is_vowel = letters.get(at + 1).is_some_and(|next| is_english_vowel(*next));
        // "you", "beyond", "saying": a consonant; "quiet": part of one.
        let consonant = match c {
            'y' => next_is_vowel && before.is_none_or(is_english_vowel),
            'u' => before == Some('q'),
            _ => false,
        };
        let vowel = is_english_vowel(*c) && !consonant;
        count += usize::from(vowel && !previous);
        previous = vowel;
    }
    count += (1..letters.len()).filter(|at| parts(&letters, *at)).count();
    count += usize::from(ends_without_vowel(&stem));
    count.saturating_sub(silent_endings(&stem)).max(1)
}

/// Whether the vowel at `at` begins a syllable of its own behind another vowel: "diet", "serious", "video".
fn parts(letters: &[char], at: usize) -> bool {
    let before = at.checked_sub(2).map(|before| letters[before]);
    let next = letters.get(at + 1).copied();
    // "patient", "social", "region": the i only softens what stands before it.
    let soft = matches!(before, Some('t' | 'c' | 's' | 'x' | 'g'));
    match (letters[at - 1], letters[at]) {
        ('i', 'a') => !soft || next == Some('t') || at <= 2,
        ('i', 'o') => !soft,
        ('i', 'e') => match next {
            Some('t') => true,
            Some('n') => !(soft || before == Some('r') && at <= 3),
            _ => false,
        },
        ('i', 'u') => true,
        ('e', 'o') => !(before == Some('g') && next == Some('n')),
        // "create" and "react", but "treat" and "reach".
        ('e', 'a') => before == Some('r') && next.is_some_and(|c| "ct".contains(c)) && is_re_act(letters, at),
        ('u', 'a') => !matches!(before, Some('g' | 'q')),
        ('y', 'i') => !before.is_some_and(is_english_vowel),
        ('o' | 'e', 'i') => letters[at..] == ['i', 'n', 'g'],
        _ => false,
    }
}

fn is_re_act(letters: &[char], at: usize) -> bool {
    let text: String = letters.iter().collect();
    match letters.get(at + 1) {
        Some('t') => text.contains("creat") && !text.contains("creature"),
        _ => text.contains("react"),
    }
}

/// "prism", "didn't": a syllable without a vowel.
fn ends_without_vowel(word: &str) -> bool {
    const NEGATED: [&str; 9] =
        ["isnt", "wasnt", "didnt", "doesnt", "hasnt", "havent", "couldnt", "wouldnt", "shouldnt"];
    word.ends_with("sm") || word.ends_with("thm") || NEGATED.contains(&word)
}

/// Vowels that are written and not heard: "called", "minutes", "please", "safely".
fn silent_endings(word: &str) -> usize {
    let letters: Vec<char> = word.chars().collect();
    let from_end = |n: usize| letters.len().checked_sub(n).map(|at| letters[at]);
    let vowel = |n: usize| from_end(n).is_some_and(is_english_vowel);
    let ending = match (from_end(2), from_end(1)) {
        // "table", but "whole".
        (Some('l'), Some('e')) => vowel(3),
        (Some(c), Some('e')) => !is_english_vowel(c),
        // "tables"; "places", "boxes", "changes", "reaches", but "minutes".
        (Some('e'), Some('s')) if from_end(3) == Some('l') => vowel(4),
        (Some('e'), Some('s')) => {
            let hissing = matches!(from_end(3), Some('s' | 'c' | 'z' | 'x' | 'g'));
            !vowel(3) && !hissing && !word.ends_with("ches") && !word.ends_with("shes")
        }
        // "called", but "needed" and "started".
        (Some('e'), Some('d')) => !vowel(3) && !matches!(from_end(3), Some('t' | 'd')),
        _ => false,
    };
    usize::from(ending) + usize::from(has_silent_e_within(word))
}

fn has_silent_e_within(word: &str) -> bool {
    const ENDINGS: [&str; 5] = ["ely", "eful", "eless", "ement", "eness"];
    // "statement", but "agreement" and "settlement".
    let hard = |stem: &str| {
        let mut ends = stem.chars().rev().map(is_english_vowel);
        let (last, before) = (ends.next(), ends.next());
        last == Some(false)
            && !(stem.ends_with('l') && before == Some(false))
            && stem.contains(is_english_vowel)
    };
    ENDINGS.iter().filter_map(|ending| word.strip_suffix(ending)).any(hard)
}

fn in_spanish(word: &str) -> usize {
    let mut vowels: Vec<Option<Vowel>> = Vec::new();
    let letters: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
    for (at, c) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        let next = letters.get(at + 1).copied();
        match c {
            // Between vowels it is not heard, and does not part them.
            'h' => {}
            // que, qui, gue, gui: the u is not heard.
            'u' if matches!(before, Some('q' | 'g')) && matches!(next, Some('e' | 'i' | 'é' | 'í')) => {}
            'a' | 'e' | 'o' | 'á' | 'é' | 'ó' => vowels.push(Some(Vowel::Strong)),
            'í' | 'ú' => vowels.push(Some(Vowel::Stressed)),
            'i' | 'u' | 'ü' => vowels.push(Some(Vowel::Weak)),
            // "muy", "y": a vowel at the end alone.
            'y' if next.is_none() => vowels.push(Some(Vowel::Weak)),
            _ => vowels.push(None),
        }
    }
    let mut count = 0;
    let mut previous: Option<Vowel> = None;
    for vowel in vowels {
        let begins = match (previous, vowel) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(Vowel::Weak), Some(Vowel::Strong | Vowel::Weak)) => false,
            (Some(Vowel::Strong), Some(Vowel::Weak)) => false,
            (Some(Vowel::Strong), Some(Vowel::Strong)) => true,
            (Some(Vowel::Stressed), Some(_)) | (Some(_), Some(Vowel::Stressed)) => true,
        };
        count += usize::from(begins);
        previous = vowel;
    }
    count.max(1)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Vowel {
    Strong,
    Weak,
    Stressed,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::languages::Languages;

    fn heard_in(word: &str, language: &str) -> Heard {
        heard(word, Languages::default().rules(language).expect("rules"))
    }

    /// Words by their syllables, as a dictionary parts them.
    const ENGLISH: &[(usize, &str)] = &[
        (
            1,
            "call press nurse please voice house through health clothes ones called worse friend laughed want",
        ),
        (
            1,
            "you your yes pound star their here care leave hear speech weak bleed day staff done name can't hours",
        ),
        (2, "person clinic today number message record minutes after leaving before English Spanish table"),
        (2, "hurting yourself without moment needed started places choices changes reaching tables handles"),
        (2, "trouble people maybe someone safely careful something every useful being going client quiet"),
        (
            2,
            "trial fluid lion poem diet science doing patient special region urgent reason react create trying",
        ),
        (2, "saying beyond treatment creature measure prism didn't value surgeon question language lawyer"),
        (
            3,
            "medical referral recording hospital insurance medicine medicines cancelling telephone settlement",
        ),
        (3, "serious radio idea area usual gradual cereal everyone reaction however continue premium video"),
        (
            4,
            "emergency information operator understanding diabetes January experience ingredient anxiety society",
        ),
        (5, "refrigerator university pediatrician appreciation"),
    ];
    const SPANISH: &[(usize, &str)] = &[
        (1, "si no que el la por pie voz muy hoy fue guion seis dos tres bien buen pues luz sol más quien"),
        (
            2,
            "citas marque para cuelgue llame daño texto quiere nueve siete gracias cuentas puedo cualquier gato",
        ),
        (2, "habla oír día país baúl reír aún ciudad agua cuida guía lengua huevo búho después está nombre"),
        (
            3,
            "persona médica espera llamada mensaje ahora clínica español cerrado seguro línea opciones grabación",
        ),
        (
            3,
            "héroe poeta caído leído quería hacía ayuda cigüeña repito termine presione oprima número momento",
        ),
        (
            4,
            "emergencia enfermera medicina teléfono necesita capacitar asterisco todavía nacimiento recibimos",
        ),
        (4, "seguridad información expediente comunicar"),
        (5, "comunicarle universidad enfermedades necesitamos especialista vacunaciones"),
    ];

    fn wrong(table: &[(usize, &str)], language: &str) -> Vec<String> {
        let words = table.iter().flat_map(|(count, words)| words.split(' ').map(move |word| (*count, word)));
        let counted = words.map(|(count, word)| (count, word, heard_in(word, language).syllables));
        counted
            .filter(|(count, _, is)| count != is)
            .map(|(c, word, is)| format!("{word}: {is}, not {c}"))
            .collect()
    }

    #[test]
    fn syllables_are_counted_as_a_dictionary_parts_them() {
        let all = [wrong(ENGLISH, "en"), wrong(SPANISH, "es")].concat();
        assert!(all.is_empty(), "{}", all.join("\n"));
        for table in [ENGLISH, SPANISH] {
            let words: usize = table.iter().map(|(_, words)| words.split(' ').count()).sum();
            assert!(words >= 60, "{words}");
        }
    }

    #[test]
    fn numbers_letters_and_slots_count_as_they_are_spoken() {
        for (language, written, words, syllables) in [
            ("en", "9", 1, 1),
            ("en", "0", 1, 2),
            ("en", "11", 1, 3),
            ("en", "30", 1, 2),
            ("en", "47", 2, 4),
            ("en", "911", 3, 3),
            ("en", "a", 1, 1),
            ("en", "W", 1, 3),
            ("en", "TV", 2, 2),
            ("en", "24h", 3, 3),
            ("en", "{minutes}", 1, 2),
            ("en", "", 0, 0),
            ("es", "9", 1, 2),
            ("es", "16", 1, 3),
            ("es", "21", 1, 3),
            ("es", "35", 3, 5),
            ("es", "911", 3, 6),
            ("es", "y", 1, 1),
            ("es", "TV", 2, 3),
        ] {
            assert_eq!(heard_in(written, language), Heard { words, syllables }, "{language} {written}");
        }
    }
}
