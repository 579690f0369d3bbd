//! A fault in a file that an administrator wrote: where it is, what it is, how to repair it, and what
//! a caller would hear because of it.
//!
//! ```text
//! ivr-flows/main_menu.yaml:9:14  F012  key 3 leads to `refil`, which is no step of this flow
//!    9 |         3: refil
//!      |            ^^^^^ did you mean `refill` (line 14)?
//!      a caller who presses 3 would hear nothing that follows
//! ```
//! Faults are gathered, never thrown: a reader goes on after one, so that a file shows all of its
//! faults at once. Not here: what is a fault. That is each reader's and each check's.

use crate::limits::FAULTS_MAX;
use std::fmt::Write;
use std::sync::Arc;

/// The stable name of one kind of fault, for documentation and search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code {
    /// Such as `F012`: Y is YAML itself, F is flows, C is `careline.yaml`.
    pub id: &'static str,
    /// What it means, in a line for the administrator's guide.
    pub meaning: &'static str,
}

/// Not all faults are told.
pub const TOO_MANY: Code = Code { id: "Y017", meaning: "there are more faults than can be shown at once" };

/// A place in one of the files of a [`Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which file, by its position in the sources.
    pub file: usize,
    /// Line, from 1; 0 is the file as a whole.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Characters to underline.
    pub width: usize,
}

impl Place {
    /// The file as a whole.
    pub fn whole_file(file: usize) -> Self {
        Self { file, ..Self::default() }
    }
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A patient would be led or told wrongly: nothing is served until it is mended.
    #[default]
    Fault,
    /// Worth a look; what is served does no harm.
    Warning,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it weighs.
    pub severity: Severity,
    /// The file, as the administrator named it.
    pub file: Arc<str>,
    /// Where in it.
    pub place: Place,
    /// Which kind.
    pub code: Code,
    /// What is wrong.
    pub what: String,
    /// The line of the file; empty when the fault is the file's as a whole.
    pub source: String,
    /// What to do about it.
    pub repair: String,
    /// What a caller would hear because of it; empty when a caller would not notice.
    pub hears: String,
    /// The repair as edits, when only one can be meant.
    pub fix: Option<Fix>,
}

/// A repair of which the meaning is certain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, such as "`refil` becomes `refill`".
    pub says: String,
    /// Its edits, none of which touches another.
    pub edits: Vec<Edit>,
}

/// One change of a file, which stands on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The characters of this place become this text.
    Replace(Place, String),
    /// The line of this place goes.
    RemoveLine(Place),
}

/// What is known of a repair before the fault is tied to its place.
#[derive(Clone, Debug, Default)]
enum Mend {
    #[default]
    Unknown,
    Word(String, String),
    Edits(Fix),
}

/// What is said about a fault, before it is tied to its place.
#[derive(Clone, Debug, Default)]
pub struct Words {
    what: String,
    repair: String,
    hears: String,
    mend: Mend,
}

impl Words {
    /// What is wrong.
    pub fn what(text: impl Into<String>) -> Self {
        Self { what: text.into(), ..Self::default() }
    }

    /// What to do about it.
    pub fn repair(self, text: impl Into<String>) -> Self {
        Self { repair: text.into(), ..self }
    }

    /// What a caller would hear.
    pub fn hears(self, text: impl Into<String>) -> Self {
        Self { hears: text.into(), ..self }
    }

    /// The word at the place, as it stands there, is to become another.
    pub fn mend(self, from: &str, to: &str) -> Self {
        Self { mend: Mend::Word(from.to_owned(), to.to_owned()), ..self }
    }

    /// The word at the place is to become the one of `known` that is meant, if that is certain.
    pub fn meant<'a>(self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match certain(word, known) {
            Some(name) => self.mend(word, name),
            None => self,
        }
    }

    /// These edits repair it.
    pub fn mends(self, fix: Option<Fix>) -> Self {
        match fix {
            Some(fix) => Self { mend: Mend::Edits(fix), ..self },
            None => self,
        }
    }
}

/// Colour is for a terminal only; the caller knows whether there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Text alone.
    Plain,
    /// ANSI colours.
    Colour,
}

/// The texts that are read, and the faults found in them so far.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<(Arc<str>, String)>,
    faults: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl Sources {
    /// Takes in a file; the number names it in every [`Place`].
    pub fn add(&mut self, path: &str, text: String) -> usize {
        self.files.push((Arc::from(path), text));
        self.files.len() - 1
    }

    /// The text of a file.
    pub fn text(&self, file: usize) -> &str {
        self.files.get(file).map_or("", |(_, text)| text)
    }

    /// The path of a file.
    pub fn path(&self, file: usize) -> &str {
        self.files.get(file).map_or("", |(path, _)| path)
    }

    /// The place of a stretch of a text that stands at a place, in octets; the whole text if its line shows it
    /// otherwise than it is read.
    pub fn within(&self, place: Place, text: &str, at: std::ops::Range<usize>) -> Place {
        let written = self.text(place.file).lines().nth(place.line.saturating_sub(1)).unwrap_or_default();
        let from: String = written.chars().skip(place.column.saturating_sub(1)).collect();
        let quote = usize::from(from.starts_with(['"', '\'']));
        match (text.get(..at.start), text.get(at)) {
            (Some(before), Some(word)) if from[quote..].starts_with(text) => Place {
                column: place.column + quote + before.chars().count(),
                width: word.chars().count().max(1),
                ..place
            },
            _ => place,
        }
    }

    /// Notes a fault.
    pub fn fault(&mut self, place: Place, code: Code, words: Words) {
        match self.faults.len() {
            ..FAULTS_MAX => {
                let fault = self.note(Severity::Fault, place, code, words);
                self.faults.push(fault);
            }
            FAULTS_MAX => {
                let words = Words::what(format!("there are more than {FAULTS_MAX} faults"));
                let last = Place { line: usize::MAX, ..Place::whole_file(usize::MAX) };
                let words = words.repair("repair those above, then check again");
                let fault = self.note(Severity::Fault, last, TOO_MANY, words);
                self.faults.push(fault);
            }
            _ => {}
        }
    }

    /// Notes what stops nothing; of more than [`FAULTS_MAX`] the rest is left out.
    pub fn warn(&mut self, place: Place, code: Code, words: Words) {
        if self.warnings.len() < FAULTS_MAX {
            let warning = self.note(Severity::Warning, place, code, words);
            self.warnings.push(warning);
        }
    }

    /// Whether no further fault would be told: then none need be looked into.
    pub fn is_full(&self) -> bool {
        self.faults.len() > FAULTS_MAX
    }

    fn note(&self, severity: Severity, place: Place, code: Code, words: Words) -> Diagnostic {
        let Words { what, repair, hears, mend } = words;
        let (file, text) =
            self.files.get(place.file).map_or((Arc::from(""), ""), |(path, text)| (path.clone(), text));
        let line = place.line.checked_sub(1).and_then(|index| text.lines().nth(index));
        let source = line.unwrap_or("").trim_end().to_owned();
        let fix = match mend {
            Mend::Unknown => None,
            Mend::Edits(fix) => Some(fix),
            Mend::Word(from, to) => word_edit(&source, place, &from, &to)
                .map(|edit| Fix { says: format!("`{from}` becomes `{to}`"), edits: vec![edit] }),
        };
        Diagnostic { severity, file, place, code, what, source, repair, hears, fix }
    }

    /// Whether no fault was found so far; warnings do not count.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    /// The faults and warnings, in the order of files and lines.
    pub fn into_faults(mut self) -> Vec<Diagnostic> {
        self.faults.append(&mut self.warnings);
        self.faults.sort_by_key(|fault| (fault.place, fault.code));
        self.faults.dedup();
        self.faults
    }
}

impl Diagnostic {
    /// The fault as text for an administrator, several lines, without a final line end.
    pub fn render(&self, paint: Paint) -> String {
        let (bold, red, cyan, plain) = match paint {
            Paint::Plain => ("", "", "", ""),
            Paint::Colour => ("\x1b[1m", "\x1b[31m", "\x1b[36m", "\x1b[0m"),
        };
        let Place { line, column, width, .. } = self.place;
        let line = if self.file.is_empty() { 0 } else { line };
        let mut text = match line {
            0 => format!("{bold}{}{plain}", self.file),
            _ => format!("{bold}{}:{line}:{column}{plain}", self.file),
        };
        let mark = match self.severity {
            Severity::Fault => "",
            Severity::Warning => "warning: ",
        };
        let _ = write!(text, "  {red}{}{plain}  {bold}{mark}{}{plain}", self.code.id, self.what);
        if line > 0 {
            let (source, indent) = clipped(&self.source, column);
            let caret = "^".repeat(width.clamp(1, SOURCE_SHOWN - indent.min(SOURCE_SHOWN - 1)));
            let _ = write!(text, "\n{line:>5} | {source}");
            let _ = write!(text, "\n      | {}{red}{caret}{plain}", " ".repeat(indent));
            if !self.repair.is_empty() {
                let _ = write!(text, " {cyan}{}{plain}", self.repair);
            }
        } else if !self.repair.is_empty() {
            let _ = write!(text, "\n      {cyan}{}{plain}", self.repair);
        }
        if !self.hears.is_empty() {
            let _ = write!(text, "\n      {}", self.hears);
        }
        text
    }
}

/// Characters of a source line that are shown at most.
const SOURCE_SHOWN: usize = 120;

/// A line without tabs and control characters, cut to what fits, and the caret's indent in it.
fn clipped(source: &str, column: usize) -> (String, usize) {
    let at = column.saturating_sub(1);
    let from = if at < SOURCE_SHOWN { 0 } else { at - SOURCE_SHOWN / 2 };
    let visible = |c: char| match c {
        '\t' => '→',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    (source.chars().skip(from).take(SOURCE_SHOWN).map(visible).collect(), at - from)
}

/// The edit by which a word becomes another, with or without its quotation marks; none if `from` does not
/// stand there to the letter.
fn word_edit(source: &str, place: Place, from: &str, to: &str) -> Option<Edit> {
    let start = place.column.checked_sub(1)?;
    let rest: String = source.chars().skip(start).collect();
    let quoted = rest.starts_with(['"', '\'']);
    let bare = rest.get(usize::from(quoted)..)?;
    let after = bare.strip_prefix(from)?;
    let ends = match quoted {
        true => after.starts_with(rest.chars().next()?),
        false => after.chars().next().is_none_or(|next| next.is_whitespace() || ":,}]".contains(next)),
    };
    let width = from.chars().count();
    let column = place.column + usize::from(quoted);
    ends.then(|| Edit::Replace(Place { column, width, ..place }, to.to_owned()))
}

/// The only name among `known` that `word` can be a slip of: one keystroke away, or two in a long word, no
/// other name within a keystroke more, and every digit as it is, because 1 and 2 are no slip.
pub fn certain<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let length = word.chars().count();
    let far = if length >= 8 { 2 } else { 1 };
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&word.to_lowercase(), name), name))
        .filter(|(keystrokes, _)| *keystrokes <= far + 1)
        .collect();
    near.sort_unstable();
    near.dedup();
    match near[..] {
        [(keystrokes, name)] if keystrokes <= far && length > 2 && digits(word) == digits(name) => Some(name),
        _ => None,
    }
}

/// The name among `known` that a slip of the keyboard turns into `word`.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = |name: &'a str| {
        let likeness = strsim::normalized_damerau_levenshtein(&word.to_lowercase(), &name.to_lowercase());
        (likeness >= 0.6).then_some((likeness, name))
    };
    let nearer = |a: (f64, &'a str), b: (f64, &'a str)| if b.0 > a.0 { b } else { a };
    known.into_iter().filter_map(near).reduce(nearer).map(|(_, name)| name)
}

/// "did you mean …?" when a known name is near, else all that may stand there.
pub fn did_you_mean(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "take it out".to_owned(),
        None => format!("may stand here: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: Code = Code { id: "F012", meaning: "a key leads nowhere" };

    fn example(text: &str, place: Place) -> Diagnostic {
        let mut sources = Sources::default();
        sources.add("ivr-flows/main.yaml", text.to_owned());
        let words = Words::what("key 3 leads to `salse`, which is no step of this flow")
            .repair("did you mean `sales`?")
            .hears("a caller who presses 3 would hear nothing that follows");
        sources.fault(place, CODE, words);
        sources.into_faults().remove(0)
    }

    #[test]
    fn a_fault_shows_place_line_caret_repair_and_what_a_caller_hears() {
        let fault = example("keys:\n  3: salse\n", Place { file: 0, line: 2, column: 6, width: 5 });
        expect_test::expect![[r#"
            ivr-flows/main.yaml:2:6  F012  key 3 leads to `salse`, which is no step of this flow
                2 |   3: salse
                  |      ^^^^^ did you mean `sales`?
                  a caller who presses 3 would hear nothing that follows"#]]
        .assert_eq(&fault.render(Paint::Plain));
    }

    #[test]
    fn a_fault_of_a_whole_file_shows_no_line() {
        let fault = example("", Place::whole_file(0));
        expect_test::expect![[r#"
            ivr-flows/main.yaml  F012  key 3 leads to `salse`, which is no step of this flow
                  did you mean `sales`?
                  a caller who presses 3 would hear nothing that follows"#]]
        .assert_eq(&fault.render(Paint::Plain));
    }

    #[test]
    fn colour_comes_only_when_asked_for_and_control_characters_never() {
        let place = Place { file: 0, line: 1, column: 3, width: 1 };
        let fault = example("a\x1b\tb", place);
        assert!(!fault.render(Paint::Plain).contains('\x1b'), "{:?}", fault.render(Paint::Plain));
        assert!(fault.render(Paint::Colour).contains("\x1b[31mF012"));
    }

    #[test]
    fn a_long_line_is_cut_around_the_fault() {
        let text = format!("{}X{}", "a".repeat(500), "b".repeat(500));
        let fault = example(&text, Place { file: 0, line: 1, column: 501, width: 1 });
        let shown = fault.render(Paint::Plain);
        let caret = shown.lines().nth(2).and_then(|l| l.find('^'));
        assert_eq!(shown.lines().nth(1).and_then(|l| l.find('X')), caret, "{shown}");
        assert!(shown.lines().all(|l| l.len() < 200), "{shown}");
    }

    #[test]
    fn more_faults_than_the_bound_are_told_as_one() {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", "a\n".repeat(2 * FAULTS_MAX));
        for line in 1..=2 * FAULTS_MAX {
            sources.fault(Place { file, line, column: 1, width: 1 }, CODE, Words::what("wrong"));
        }
        let faults = sources.into_faults();
        assert_eq!(faults.len(), FAULTS_MAX + 1);
        let last = faults[FAULTS_MAX].render(Paint::Plain);
        assert_eq!(
            last,
            "  Y017  there are more than 500 faults\n      repair those above, then check again"
        );
    }

    #[test]
    fn only_a_slip_that_can_mean_one_word_is_certain() {
        for (word, known, wanted) in [
            ("refil", &["refill", "billing"][..], Some("refill")),
            ("visist", &["visits"], Some("visits")),
            ("Sales", &["sales"], Some("sales")),
            ("after_ours", &["after_hours", "main_menu"], Some("after_hours")),
            ("salse", &["sales", "salsa"], None),
            ("visit", &["visits", "vista"], None),
            ("line1", &["line2"], None),
            ("step12", &["step1"], None),
            ("on", &["no"], None),
            ("other", &["owner"], None),
        ] {
            assert_eq!(certain(word, known.iter().copied()), wanted, "{word} {known:?}");
        }
    }

    #[test]
    fn a_word_is_replaced_only_where_it_stands_to_the_letter() {
        let edited = |line: &str, column| {
            let place = Place { file: 0, line: 1, column, width: 5 };
            match word_edit(line, place, "refil", "refill") {
                Some(Edit::Replace(place, text)) => format!("{} {} {text}", place.column, place.width),
                Some(Edit::RemoveLine(_)) => "line".to_owned(),
                None => "none".to_owned(),
            }
        };
        for (line, column, wanted) in [
            ("3: refil", 4, "4 5 refill"),
            ("{é: \"refil\"}", 5, "6 5 refill"),
            ("{3: 'refil', 5: b}", 5, "6 5 refill"),
            ("refil: 3", 1, "1 5 refill"),
            ("3: refile", 4, "none"),
            ("3: \"refil \"", 4, "none"),
            ("3: \"re\\x66il\"", 4, "none"),
            ("3:", 40, "none"),
        ] {
            assert_eq!(edited(line, column), wanted, "{line}");
        }
    }

    #[test]
    fn a_warning_says_that_it_is_one_stops_nothing_and_hides_no_fault() {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", "a\n".repeat(2 * FAULTS_MAX));
        for line in 1..=2 * FAULTS_MAX {
            sources.warn(Place { file, line, column: 1, width: 1 }, CODE, Words::what("odd"));
        }
        assert!(sources.is_clean());
        sources.fault(Place { file, line: 1_000, column: 1, width: 1 }, CODE, Words::what("wrong"));
        assert!(!sources.is_clean());
        let faults = sources.into_faults();
        assert_eq!(faults.len(), FAULTS_MAX + 1);
        assert_eq!(faults[FAULTS_MAX].severity, Severity::Fault);
        let shown = faults[0].render(Paint::Plain);
        assert_eq!(shown, "a.yaml:1:1  F012  warning: odd\n    1 | a\n      | ^");
    }

    #[test]
    fn a_slip_of_the_keyboard_finds_its_word() {
        for (word, wanted) in [("salse", Some("sales")), ("Sales", Some("sales")), ("menue", Some("menu"))] {
            assert_eq!(nearest(word, ["sales", "menu", "nurse"]), wanted, "{word}");
        }
        assert_eq!(nearest("xyzzy", ["sales", "menu"]), None);
        assert_eq!(did_you_mean("xyzzy", &["say", "menu"]), "may stand here: say, menu");
    }
}
