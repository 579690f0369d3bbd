//! The lines of an iCalendar file (RFC 5545 §3.1): folded lines are joined, each is a name, parameters and a value.
//!
//! Line ends of every system are read. Not here: what a property means.

/// Why a part of the file is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// The part of it that is meant.
    pub part: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub repair: String,
}

/// One property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// In capitals.
    pub name: String,
    /// Names in capitals, values without quotation marks.
    pub parameters: Vec<(String, String)>,
    /// As it stands there.
    pub value: String,
}

impl Property {
    /// A fault with the value, or with a part of it.
    pub fn fault(&self, part: &str, what: impl Into<String>, repair: impl Into<String>) -> Fault {
        Fault { line: self.line, part: part.to_owned(), what: what.into(), repair: repair.into() }
    }

    /// The value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// A TEXT value with its escapes resolved (RFC 5545 §3.3.11), on one line.
    pub fn text(&self) -> String {
        let (mut text, mut escaped) = (String::new(), false);
        for c in self.value.chars() {
            match (escaped, c) {
                (false, '\\') => escaped = true,
                (true, 'n' | 'N') => {
                    text.push(' ');
                    escaped = false;
                }
                (_, c) => {
                    text.push(if c.is_control() { ' ' } else { c });
                    escaped = false;
                }
            }
        }
        text.trim().to_owned()
    }
}

/// The properties of a file, and the lines that are none.
pub fn read(text: &str) -> Vec<Result<Property, Fault>> {
    let mut joined: Vec<(usize, String)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let folded = line.strip_prefix([' ', '\t']);
        match (folded, joined.last_mut()) {
            (Some(rest), Some((_, before))) => before.push_str(rest),
            (Some(rest), None) => joined.push((index + 1, rest.to_owned())),
            (None, _) => joined.push((index + 1, line.to_owned())),
        }
    }
    let written = joined.into_iter().filter(|(_, line)| !line.trim().is_empty());
    written.map(|(number, line)| property(number, &line)).collect()
}

fn property(number: usize, line: &str) -> Result<Property, Fault> {
    let none = || Fault {
        line: number,
        part: line.to_owned(),
        what: "this is no line of an iCalendar file".to_owned(),
        repair: "it is written NAME:VALUE; a line that goes on begins with a space".to_owned(),
    };
    let mut parts = parts(line).ok_or_else(none)?;
    let value = parts.pop().ok_or_else(none)?.to_owned();
    let mut parts = parts.into_iter();
    let name = parts.next().filter(|name| is_name(name)).ok_or_else(none)?.to_ascii_uppercase();
    let parameter = |part: &str| {
        let (name, value) = part.split_once('=').filter(|(name, _)| is_name(name))?;
        Some((name.to_ascii_uppercase(), value.trim_matches('"').to_owned()))
    };
    let parameters = parts.map(parameter).collect::<Option<_>>().ok_or_else(none)?;
    Ok(Property { line: number, name, parameters, value })
}

/// Name, parameters and value: parted at `;` and at the first `:`, both outside of quotation marks.
fn parts(line: &str) -> Option<Vec<&str>> {
    let (mut parts, mut from, mut quoted) = (Vec::new(), 0, false);
    for (at, octet) in line.bytes().enumerate() {
        match (octet, quoted) {
            (b'"', _) => quoted = !quoted,
            (b';', false) => {
                parts.push(&line[from..at]);
                from = at + 1;
            }
            (b':', false) => {
                parts.extend([&line[from..at], &line[at + 1..]]);
                return Some(parts);
            }
            _ => {}
        }
    }
    None
}

fn is_name(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let show = |found: Result<Property, Fault>| match found {
            Ok(p) => format!("{} {} {:?} = {}", p.line, p.name, p.parameters, p.value),
            Err(fault) => format!("{} ! {}", fault.line, fault.part),
        };
        read(text).into_iter().map(show).collect::<Vec<_>>().join("\n")
    }

    /// RFC 5545 §3.1: folding, parameters, quotation marks.
    #[test]
    fn folded_lines_are_joined_and_parted_into_name_parameters_and_value() {
        for (text, expected) in [
            ("BEGIN:VEVENT\r\n", r#"1 BEGIN [] = VEVENT"#),
            ("summary:one\r\n  two\r\n\tthree\nend:x", "1 SUMMARY [] = one twothree\n4 END [] = x"),
            (
                "DTSTART;TZID=Europe/Berlin:20260101T0800",
                r#"1 DTSTART [("TZID", "Europe/Berlin")] = 20260101T0800"#,
            ),
            (r#"A;b="c;d:e";F=g:h:i;j"#, r#"1 A [("B", "c;d:e"), ("F", "g")] = h:i;j"#),
            ("A:\n\n\nB:x", "1 A [] = \n4 B [] = x"),
            ("no colon", "1 ! no colon"),
            ("A;b:c", "1 ! A;b:c"),
            (":x", "1 ! :x"),
            ("Ä:x", "1 ! Ä:x"),
            (" folded\nA:b", "1 ! folded\n2 A [] = b"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn escapes_of_texts_are_resolved_on_one_line() {
        let property = read(r"SUMMARY:Thanksgiving\, and\nthe day\; after \\").remove(0).unwrap();
        assert_eq!(property.text(), r"Thanksgiving, and the day; after \");
    }
}
