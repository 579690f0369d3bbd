//! Plural rules: which form of a noun stands beside a number (as Unicode's CLDR names them: one, few, many, other).
//!
//! ```text
//! plurals: {one: "1", other: "0", many: "0 mod 1000000"}                   Spanish
//! plurals: {many: "11..14 mod 100", one: "1 mod 10", few: "2..4 mod 10"}   Polish or Russian, in short
//! ```
//! The first rule that fits names the form; where none fits it is `other`.

/// The form where no rule fits.
pub const OTHER: &str = "other";

/// The forms of one language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plurals {
    rules: Vec<(String, Test)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Test {
    from: u64,
    to: u64,
    modulo: Option<u64>,
}

impl Plurals {
    /// Takes in a rule such as `2..4 mod 10`; `None` if it cannot be read: then its form exists and fits nothing.
    pub fn add(&mut self, form: &str, text: &str) -> Option<()> {
        let test = test(text);
        self.rules.push((form.to_owned(), test.unwrap_or(Test { from: 1, to: 0, modulo: None })));
        test.map(|_| ())
    }

    /// Whether a form has this name.
    pub fn knows(&self, form: &str) -> bool {
        form == OTHER || self.rules.iter().any(|(name, _)| name == form)
    }

    /// The form beside a number.
    pub fn form(&self, number: u64) -> &str {
        let fits = |test: &Test| {
            let number = test.modulo.map_or(number, |modulo| number % modulo);
            (test.from..=test.to).contains(&number)
        };
        self.rules.iter().find(|(_, test)| fits(test)).map_or(OTHER, |(name, _)| name)
    }
}

fn test(text: &str) -> Option<Test> {
    let (range, modulo) = match text.split_once("mod") {
        Some((range, modulo)) => (range, Some(modulo.trim().parse().ok().filter(|modulo| *modulo > 0)?)),
        None => (text, None),
    };
    let (from, to) = range.split_once("..").unwrap_or((range, range));
    Some(Test { from: from.trim().parse().ok()?, to: to.trim().parse().ok()?, modulo })
}
