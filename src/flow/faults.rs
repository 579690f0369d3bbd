//! The page of each kind of fault: what it means, what a caller would hear, how to repair it, and an example.
//!
//! `docs/faults/CODE.md` is written from these pages, and `careline check --why CODE` prints one. An example
//! is a change of the shipped files; a test makes it, and sees that its wrong half has this fault and its
//! right half has not. The pages of `careline.yaml` stand in `config::faults`.

use crate::flow::diagnostic::Code;

mod closing;
mod heard;
mod hours;
mod language;
mod request;
mod slots;
mod triage;
mod typed;
mod values;
mod words;
mod yaml;

/// The page of one kind of fault.
#[derive(Debug)]
pub struct Page {
    /// Which kind.
    pub code: Code,
    /// What it means, for somebody who knows callers and not programming.
    pub means: &'static str,
    /// What a caller would hear if such a file were served.
    pub hears: &'static str,
    /// How to repair it.
    pub repair: &'static str,
    /// The fault, and the same without it.
    pub example: Example,
}

/// Wrong and right, side by side.
#[derive(Debug)]
pub enum Example {
    /// These steps of a flow.
    Steps {
        /// With the fault.
        wrong: &'static str,
        /// Without it.
        right: &'static str,
    },
    /// These words of a shipped file.
    Words {
        /// The file.
        file: &'static str,
        /// With the fault.
        wrong: &'static str,
        /// Without it, as the file is shipped.
        right: &'static str,
    },
    /// It can only be told.
    Told(&'static str),
}

/// A page; a table of them reads as the codes are numbered.
pub const fn page(
    code: Code,
    means: &'static str,
    hears: &'static str,
    repair: &'static str,
    example: Example,
) -> Page {
    Page { code, means, hears, repair, example }
}

/// An example of steps.
pub const fn steps(wrong: &'static str, right: &'static str) -> Example {
    Example::Steps { wrong, right }
}

/// An example in a shipped file.
pub const fn words(file: &'static str, wrong: &'static str, right: &'static str) -> Example {
    Example::Words { file, wrong, right }
}

/// The pages of flows and of YAML itself, in the order of their codes.
pub fn pages() -> impl Iterator<Item = &'static Page> {
    yaml::PAGES
        .iter()
        .chain(language::PAGES)
        .chain(heard::PAGES)
        .chain(hours::PAGES)
        .chain(words::PAGES)
        .chain(slots::PAGES)
        .chain(request::PAGES)
        .chain(typed::PAGES)
        .chain(triage::PAGES)
        .chain(closing::PAGES)
        .chain(values::PAGES)
        .chain(closing::BY_PHONE)
        .chain(closing::CALLED)
}

impl Page {
    /// The page as Markdown.
    pub fn markdown(&self) -> String {
        let Page { code, means, hears, repair, example } = self;
        let example = match example {
            Example::Steps { wrong, right } => both(wrong, right, ""),
            Example::Words { file, wrong, right } => both(wrong, right, &format!(" (`{file}`)")),
            Example::Told(text) => format!("{text}\n"),
        };
        format!(
            "# {}: {}\n\n## What it means\n\n{means}\n\n## What a caller would hear\n\n{hears}\n\n\
             ## How to repair it\n\n{repair}\n\n## Example\n\n{example}",
            code.id, code.meaning
        )
    }

    /// The page for a terminal: the same without Markdown's signs, in lines that fit.
    pub fn text(&self) -> String {
        let (mut text, mut inside) = (String::new(), false);
        for line in self.markdown().lines() {
            if line.starts_with("```") {
                inside = !inside;
            } else if inside {
                text += &format!("    {line}\n");
            } else {
                text += &wrapped(line.trim_start_matches(['#', ' ']));
            }
        }
        text
    }
}

/// Characters of a line on a terminal.
const LINE_SHOWN: usize = 90;

/// A paragraph in lines that fit.
fn wrapped(paragraph: &str) -> String {
    let (mut lines, mut length) = (String::new(), 0);
    for word in paragraph.split(' ') {
        let wide = word.chars().count();
        if length > 0 && length + 1 + wide > LINE_SHOWN {
            lines.push('\n');
            length = 0;
        } else if length > 0 {
            lines.push(' ');
            length += 1;
        }
        lines += word;
        length += wide;
    }
    lines + "\n"
}

fn both(wrong: &str, right: &str, place: &str) -> String {
    format!("Wrong{place}:\n\n```yaml\n{wrong}\n```\n\nRight:\n\n```yaml\n{right}\n```\n")
}

/// The list of all pages, for `docs/faults/README.md`.
pub fn index<'a>(pages: impl IntoIterator<Item = &'a Page>) -> String {
    let mut index = String::from(
        "# Faults\n\nEach kind of fault has a code that never changes. `careline check` names it, and\n\
         `careline check --why CODE` prints its page. A set of files with a fault is never served: what a\n\
         caller would hear is told so that you see why it matters.\n\n\
         Written from the engine's own table: `CARELINE_REWRITE=1 cargo test --lib pages`.\n\n\
         | code | meaning |\n|---|---|\n",
    );
    for Page { code, .. } in pages {
        index += &format!("| [{0}]({0}.md) | {1} |\n", code.id, code.meaning);
    }
    index
}

#[cfg(test)]
mod tests;
