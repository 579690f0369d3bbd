//! What the doctor says of one thing, and all of it as a table.

use crate::flow::diagnostic::Paint;
use std::fmt::Write;

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// As it should be.
    Good,
    /// It works; somebody should look whether it is meant.
    Look,
    /// It will cost a call, or tells of patients to who should not know.
    Wrong,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How it stands.
    pub state: State,
    /// What was seen.
    pub seen: String,
    /// What to do about it; nothing where it is good.
    pub repair: String,
}

impl Finding {
    /// As it should be.
    pub fn good(seen: impl Into<String>) -> Self {
        Self { state: State::Good, seen: seen.into(), repair: String::new() }
    }

    /// It works, and this would be better.
    pub fn look(seen: impl Into<String>, repair: impl Into<String>) -> Self {
        Self { state: State::Look, seen: seen.into(), repair: repair.into() }
    }

    /// It has to be mended.
    pub fn wrong(seen: impl Into<String>, repair: impl Into<String>) -> Self {
        Self { state: State::Wrong, seen: seen.into(), repair: repair.into() }
    }
}

/// A line for each finding, what has to be mended last, where it is read; then how many there are of each.
pub fn table(findings: &[Finding], paint: Paint) -> String {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| finding.state);
    let mut text = String::new();
    for Finding { state, seen, repair } in sorted {
        let (code, word) = match state {
            State::Good => ("\x1b[32m", "good "),
            State::Look => ("\x1b[33m", "look "),
            State::Wrong => ("\x1b[31m", "wrong"),
        };
        let (on, off) = if paint == Paint::Colour { (code, "\x1b[0m") } else { ("", "") };
        // Writing into a text cannot fail.
        let _ = writeln!(text, "{on}{word}{off}  {seen}");
        if !repair.is_empty() {
            let _ = writeln!(text, "       {repair}");
        }
    }
    let count = |state| findings.iter().filter(|finding| finding.state == state).count();
    let (good, look, wrong) = (count(State::Good), count(State::Look), count(State::Wrong));
    let _ = writeln!(text, "\n{wrong} to mend, {look} to look at, {good} good");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_to_be_mended_stands_last_and_is_counted() {
        let findings = [
            Finding::wrong("others may read the PIN", "chmod 600 it"),
            Finding::good("two cores"),
            Finding::look("md5", "sha-256"),
        ];
        let plain = "good   two cores\nlook   md5\n       sha-256\nwrong  others may read the PIN\n       chmod 600 it\n\n\
                     1 to mend, 1 to look at, 1 good\n";
        assert_eq!(table(&findings, Paint::Plain), plain);
        assert!(table(&findings, Paint::Colour).contains("\x1b[31mwrong\x1b[0m"));
        assert_eq!(table(&[], Paint::Plain), "\n0 to mend, 0 to look at, 0 good\n");
    }
}
