//! What words and marks mean where keys are spoken, in English and in Spanish.
//!
//! A word is compared in lower case and without accents. The languages differ in their words alone: the same
//! reader goes over both.

use crate::wire::telephone_event::Key;

/// What a word or mark does in a sentence that may speak of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// "press", "enter", "marque".
    Verb,
    /// "not", "don't".
    Not,
    /// "the", "el": may stand between the verb and the key.
    Filler,
    /// "number", "número": filler, or the name of the pound key.
    Number,
    /// "key", "sign", "tecla", "signo".
    Sign,
    /// "of", "from", "de".
    Of,
    /// "to", "a": a goal, or the far end of a scale.
    To,
    /// "for", "if", "para", "si": a goal follows.
    Goal,
    /// A key, and how it is written.
    Key(Key, Written),
    /// Several digits in one.
    Digits,
    /// "times", "digits": what stands before is counted, not pressed.
    Count,
    /// "then", "followed", "después".
    Then,
    /// "again", the second half of "de nuevo".
    Again,
    /// "or", "and", and Spanish "o", "y".
    Joint,
    /// A comma, or what is heard as one.
    Comma,
    /// The end of a sentence.
    End,
    /// A mark that says nothing.
    Blank,
    /// Any other word.
    Other,
}

/// How a key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// `1`, `*`.
    Sign,
    /// "one", "star": words that may mean something else.
    Word,
}

/// What `token` means in `language`; a word in any case, or one mark.
pub fn meaning(token: &str, language: &str) -> Meaning {
    if !token.starts_with(char::is_alphanumeric) {
        return mark(token);
    }
    if let [digit] = token.as_bytes()
        && digit.is_ascii_digit()
    {
        return Meaning::Key(Key::Digit(digit - b'0'), Written::Sign);
    }
    if token.bytes().all(|octet| octet.is_ascii_digit()) {
        return Meaning::Digits;
    }
    let word = plain(token);
    match language {
        "es" => spanish(&word),
        _ => english(&word),
    }
}

/// A word in lower case without accents; `ñ` becomes `n`.
fn plain(word: &str) -> String {
    let letter = |c: char| match c {
        'á' => 'a',
        'é' => 'e',
        'í' => 'i',
        'ó' => 'o',
        'ú' | 'ü' => 'u',
        'ñ' => 'n',
        '’' => '\'',
        c => c,
    };
    word.chars().flat_map(char::to_lowercase).map(letter).collect()
}

fn mark(mark: &str) -> Meaning {
    match mark {
        "." | "?" | "!" | ";" | "…" => Meaning::End,
        "," | "(" | ")" | "–" | "—" => Meaning::Comma,
        "/" => Meaning::Joint,
        "*" => Meaning::Key(Key::Star, Written::Sign),
        "#" => Meaning::Key(Key::Pound, Written::Sign),
        _ => Meaning::Blank,
    }
}

fn word(key: Key) -> Meaning {
    Meaning::Key(key, Written::Word)
}

fn english(word_of: &str) -> Meaning {
    match word_of {
        "press" | "presses" | "pressing" | "push" | "pushing" | "hit" | "touch" | "tap" | "punch" => {
            Meaning::Verb
        }
        "dial" | "dialing" | "enter" | "entering" | "type" | "typing" | "select" | "choose" => Meaning::Verb,
        "not" | "don't" | "dont" | "never" => Meaning::Not,
        "the" | "button" | "option" | "either" | "just" | "only" | "by" | "with" | "digit" => Meaning::Filler,
        "number" => Meaning::Number,
        "key" | "sign" | "symbol" => Meaning::Sign,
        "of" | "from" => Meaning::Of,
        "to" | "through" => Meaning::To,
        "for" | "if" | "when" => Meaning::Goal,
        "zero" => word(Key::Digit(0)),
        "one" => word(Key::Digit(1)),
        "two" => word(Key::Digit(2)),
        "three" => word(Key::Digit(3)),
        "four" => word(Key::Digit(4)),
        "five" => word(Key::Digit(5)),
        "six" => word(Key::Digit(6)),
        "seven" => word(Key::Digit(7)),
        "eight" => word(Key::Digit(8)),
        "nine" => word(Key::Digit(9)),
        "star" | "asterisk" => word(Key::Star),
        "pound" | "hash" => word(Key::Pound),
        "times" | "time" | "digits" | "numbers" | "more" | "minutes" | "seconds" | "days" => Meaning::Count,
        "then" | "followed" | "afterwards" => Meaning::Then,
        "again" => Meaning::Again,
        "or" | "and" => Meaning::Joint,
        _ => Meaning::Other,
    }
}

fn spanish(word_of: &str) -> Meaning {
    match word_of {
        "marque" | "marca" | "marcar" | "marcando" | "oprima" | "oprime" | "oprimir" | "oprimiendo" => {
            Meaning::Verb
        }
        "presione" | "presiona" | "presionar" | "presionando" | "pulse" | "pulsa" | "pulsar" => Meaning::Verb,
        "apriete" | "aprieta" | "apretar" | "toque" | "toca" | "digite" | "digita" | "digitar" => {
            Meaning::Verb
        }
        "teclee" | "teclea" | "teclear" | "elija" | "elige" | "escoja" | "seleccione" | "ingrese" => {
            Meaning::Verb
        }
        "no" | "nunca" => Meaning::Not,
        "el" | "la" | "los" | "las" | "boton" | "opcion" | "digito" | "con" | "por" | "solo" => {
            Meaning::Filler
        }
        "numero" => Meaning::Number,
        "tecla" | "teclas" | "signo" | "simbolo" => Meaning::Sign,
        "de" | "del" | "desde" => Meaning::Of,
        "a" | "al" | "hasta" => Meaning::To,
        "para" | "si" | "cuando" => Meaning::Goal,
        "cero" => word(Key::Digit(0)),
        "uno" => word(Key::Digit(1)),
        "dos" => word(Key::Digit(2)),
        "tres" => word(Key::Digit(3)),
        "cuatro" => word(Key::Digit(4)),
        "cinco" => word(Key::Digit(5)),
        "seis" => word(Key::Digit(6)),
        "siete" => word(Key::Digit(7)),
        "ocho" => word(Key::Digit(8)),
        "nueve" => word(Key::Digit(9)),
        "asterisco" | "estrella" => word(Key::Star),
        "gato" | "numeral" | "almohadilla" | "michi" | "cuadradillo" | "libra" => word(Key::Pound),
        "veces" | "vez" | "digitos" | "numeros" | "mas" | "minutos" | "segundos" | "dias" => Meaning::Count,
        "despues" | "luego" | "seguido" | "seguida" | "entonces" => Meaning::Then,
        "nuevo" => Meaning::Again,
        "o" | "u" | "y" | "e" => Meaning::Joint,
        _ => Meaning::Other,
    }
}
