//! How a value of a type is spoken in a manner: the one table of manners.
//!
//! ```text
//! date    (with year)  day  date  full          number  (plain)  a set such as ordinal, a noun such as days
//! time    (plain)  at                           text    (by a voice)  spelled
//! ```
//! Not here: the words ([`crate::flow::spoken`]).

use crate::flow::diagnostic::did_you_mean;
use crate::flow::expression::types::Type;
use crate::flow::spoken::manner::Manner;
use crate::flow::spoken::rules::Rules;

/// A kind of value, as far as speaking goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Words.
    Text,
    /// Digits that mean themselves.
    Digits,
    /// A whole number.
    Number,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// So many seconds.
    Duration,
    /// An amount.
    Money,
    /// A telephone number.
    Phone,
    /// One of several names; yes and no are such.
    Choice,
    /// Several values.
    List,
    /// A record.
    Record,
}

impl Kind {
    /// All of them that can be spoken.
    pub const SPEAKABLE: [Kind; 9] = [
        Kind::Date,
        Kind::Time,
        Kind::Number,
        Kind::Money,
        Kind::Duration,
        Kind::Digits,
        Kind::Phone,
        Kind::Text,
        Kind::Choice,
    ];

    /// The kind of a type.
    pub const fn of(kind: &Type) -> Kind {
        match kind {
            Type::Text => Kind::Text,
            Type::Digits => Kind::Digits,
            Type::Number => Kind::Number,
            Type::Date => Kind::Date,
            Type::Time => Kind::Time,
            Type::Duration => Kind::Duration,
            Type::Money => Kind::Money,
            Type::Phone => Kind::Phone,
            Type::Choice(_) | Type::Bool => Kind::Choice,
            Type::List(_) => Kind::List,
            Type::Record(_) => Kind::Record,
        }
    }

    /// Its name in a sentence, and in the table of the guide.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Text => "a text",
            Kind::Digits => "a row of digits",
            Kind::Number => "a number",
            Kind::Date => "a date",
            Kind::Time => "a time of day",
            Kind::Duration => "a duration",
            Kind::Money => "an amount of money",
            Kind::Phone => "a telephone number",
            Kind::Choice => "a choice",
            Kind::List => "a list",
            Kind::Record => "a record",
        }
    }
}

/// How a slot is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How<'a> {
    /// By the language's rules.
    ByRules(Manner<'a>),
    /// By the recording of this choice, `say.NAME`, or by a voice.
    ByName,
    /// By a voice.
    ByVoice,
}

/// Why a slot cannot be spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mute {
    /// Its type is never spoken.
    Never,
    /// Its type has no such manner; what can be written in its place.
    NoManner(String),
}

/// One manner of a kind, with what is heard in English of an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Whose manner it is.
    pub kind: Kind,
    /// Its word behind the colon; empty for the plain manner.
    pub word: &'static str,
    /// How it is spoken.
    pub how: How<'static>,
    /// A value, as the guide writes it.
    pub example: &'static str,
    /// What is heard.
    pub heard: &'static str,
}

const fn row(
    kind: Kind,
    word: &'static str,
    how: How<'static>,
    example: &'static str,
    heard: &'static str,
) -> Row {
    Row { kind, word, how, example, heard }
}

/// Every manner with a word of its own. A number has those of its language besides: each set of numbers, each noun.
pub const ROWS: [Row; 16] = [
    row(
        Kind::Date,
        "",
        How::ByRules(Manner::DateWithYear),
        "1958-03-03",
        "March third, nineteen fifty eight",
    ),
    row(Kind::Date, "day", How::ByRules(Manner::Weekday), "2026-11-24", "Tuesday"),
    row(Kind::Date, "date", How::ByRules(Manner::Date), "2026-11-24", "November twenty fourth"),
    row(Kind::Date, "full", How::ByRules(Manner::FullDate), "2026-11-24", "Tuesday, November twenty fourth"),
    row(Kind::Time, "", How::ByRules(Manner::Time), "09:30", "nine thirty in the morning"),
    row(Kind::Time, "at", How::ByRules(Manner::AtTime), "13:05", "at one oh five in the afternoon"),
    row(Kind::Number, "", How::ByRules(Manner::Number), "121", "one hundred twenty one"),
    row(Kind::Money, "", How::ByRules(Manner::Money), "12.05", "twelve dollars and five cents"),
    row(Kind::Duration, "", How::ByRules(Manner::Duration), "5400", "one hour and thirty minutes"),
    row(Kind::Digits, "", How::ByRules(Manner::Phone), "02139", "zero two one, three nine"),
    row(Kind::Digits, "spelled", How::ByRules(Manner::Code), "42", "four, two"),
    row(
        Kind::Phone,
        "",
        How::ByRules(Manner::Phone),
        "6175550142",
        "six one seven, five five five, zero one four two",
    ),
    row(Kind::Phone, "spelled", How::ByRules(Manner::Code), "911", "nine, one, one"),
    row(Kind::Text, "", How::ByVoice, "Dr. Lee", "Dr. Lee, by a second voice"),
    row(Kind::Text, "spelled", How::ByRules(Manner::Code), "B2", "B as in boy, two"),
    row(Kind::Choice, "", How::ByName, "checkup", "the recording `say.checkup`, or a second voice"),
];

/// How a value of a kind is spoken in a manner, or in the plain one.
///
/// # Errors
/// [`Mute`], with the repair.
pub fn how<'a>(kind: Kind, manner: Option<&'a str>, rules: &Rules) -> Result<How<'a>, Mute> {
    if matches!(kind, Kind::List | Kind::Record) {
        return Err(Mute::Never);
    }
    let word = manner.unwrap_or("");
    if let Some(row) = ROWS.iter().find(|row| row.kind == kind && row.word == word) {
        return Ok(row.how);
    }
    let own = [Manner::Counted(word), Manner::NumberBy(word)];
    let own = own.into_iter().find(|manner| kind == Kind::Number && rules.knows(*manner));
    own.map(How::ByRules).ok_or_else(|| Mute::NoManner(repair(kind, word, rules)))
}

fn repair(kind: Kind, word: &str, rules: &Rules) -> String {
    let rows = ROWS.iter().filter(|row| row.kind == kind && !row.word.is_empty()).map(|row| row.word);
    let own = rules.ways_of_numbers().filter(|_| kind == Kind::Number);
    let known: Vec<&str> = rows.chain(own).collect();
    match known.as_slice() {
        [] => "take the colon and the word behind it out".to_owned(),
        known => did_you_mean(word, known),
    }
}

/// The table of manners for the guide.
pub fn table() -> String {
    let mut table = String::from("| type | slot | value | heard |\n|---|---|---|---|\n");
    for Row { kind, word, example, heard, .. } in ROWS {
        let slot = if word.is_empty() { "{x}".to_owned() } else { format!("{{x:{word}}}") };
        table += &format!("| {} | `{slot}` | `{example}` | {heard} |\n", kind.name());
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::diagnostic::Sources;
    use crate::flow::spoken::read;
    use crate::flow::syntax::tree::{self, Reading};

    fn english() -> Rules {
        let mut sources = Sources::default();
        let (_, Reading::Tree(tree)) =
            tree::read(&mut sources, "en.yaml", include_bytes!("../../../languages/en.yaml"))
        else {
            panic!("no tree")
        };
        Rules::compile(&read::entries(&tree)).expect("a clean file")
    }

    #[test]
    fn each_type_has_its_manners_and_a_slip_is_told_with_its_repair() {
        let rules = english();
        for (kind, manner, expected) in [
            (Type::Date, None, "ByRules(DateWithYear)"),
            (Type::Date, Some("day"), "ByRules(Weekday)"),
            (Type::Date, Some("fulll"), "NoManner(\"did you mean `full`?\")"),
            (Type::Date, Some("ordinal"), "NoManner(\"may stand here: day, date, full\")"),
            (Type::Time, Some("at"), "ByRules(AtTime)"),
            (Type::Number, Some("ordinal"), "ByRules(NumberBy(\"ordinal\"))"),
            (Type::Number, Some("days"), "ByRules(Counted(\"days\"))"),
            // A noun and a set of this name: the noun is what is meant.
            (Type::Number, Some("hours"), "ByRules(Counted(\"hours\"))"),
            (Type::Number, Some("dayz"), "NoManner(\"did you mean `days`?\")"),
            (Type::Money, Some("at"), "NoManner(\"take the colon and the word behind it out\")"),
            (Type::Text, None, "ByVoice"),
            (Type::Text, Some("spelled"), "ByRules(Code)"),
            (Type::Bool, None, "ByName"),
            (Type::Choice(Vec::new()), None, "ByName"),
            (Type::List(Box::new(Type::Date)), None, "Never"),
            (Type::Record("patient".to_owned()), Some("day"), "Never"),
        ] {
            let found = match how(Kind::of(&kind), manner, &rules) {
                Ok(how) => format!("{how:?}"),
                Err(mute) => format!("{mute:?}"),
            };
            assert_eq!(found, expected, "{kind} {manner:?}");
        }
    }

    #[test]
    fn every_kind_that_can_be_spoken_has_a_plain_manner_and_no_word_twice() {
        for kind in Kind::SPEAKABLE {
            let words: Vec<&str> = ROWS.iter().filter(|row| row.kind == kind).map(|row| row.word).collect();
            let mut once = words.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!((once.len(), once.first()), (words.len(), Some(&"")), "{kind:?}: {words:?}");
        }
    }

    const GUIDE: &str = "docs/admin-guide/values.md";
    const BEGIN: &str =
        "<!-- Written from the engine's own table: CARELINE_REWRITE=1 cargo test --lib manners -->\n";
    const END: &str = "<!-- the end of the table -->";

    #[test]
    fn the_guide_has_the_table_of_manners() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(GUIDE);
        let guide = std::fs::read_to_string(&path).expect("the guide");
        let (head, rest) = guide.split_once(BEGIN).expect("where the table begins");
        let (stands, tail) = rest.split_once(END).expect("where it ends");
        if std::env::var_os("CARELINE_REWRITE").is_some() {
            let made = format!("{head}{BEGIN}{}{END}{tail}", table());
            std::fs::write(&path, made).expect("the guide is written");
        } else {
            assert_eq!(stands, table(), "{GUIDE} is stale: CARELINE_REWRITE=1 cargo test --lib manners");
        }
    }

    /// What the guide tells of manners is what is heard.
    #[test]
    fn each_example_of_the_table_of_manners_is_true() {
        use crate::flow::spoken::{Say, piece::text};
        use crate::flow::value::{Date, Money, TimeOfDay};
        let rules = english();
        for Row { how, example, heard, .. } in ROWS {
            let How::ByRules(manner) = how else { continue };
            let parts: Vec<i64> =
                example.split(['-', ':', '.']).map(|part| part.parse().unwrap_or(0)).collect();
            let date = || Date::new(parts[0] as u16, parts[1] as u8, parts[2] as u8).expect("a day");
            let time = || TimeOfDay::new(parts[0] as u8, parts[1] as u8).expect("a time");
            let say = match manner {
                Manner::Number | Manner::NumberBy(_) | Manner::Counted(_) => Say::Number(parts[0]),
                Manner::Weekday => Say::Weekday(date()),
                Manner::Date => Say::Date(date()),
                Manner::DateWithYear => Say::DateWithYear(date()),
                Manner::FullDate => Say::FullDate(date()),
                Manner::Time => Say::Time(time()),
                Manner::AtTime => Say::AtTime(time()),
                Manner::Duration => Say::Duration(std::time::Duration::from_secs(parts[0].unsigned_abs())),
                Manner::Money => Say::Money(Money::from_cents(parts[0] * 100 + parts[1])),
                Manner::Phone => Say::Phone(example),
                Manner::Code => Say::Code(example),
            };
            assert_eq!(rules.say(say).map(|pieces| text(&pieces)).as_deref(), Ok(heard), "{example}");
        }
    }
}
