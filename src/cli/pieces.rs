//! `careline pieces LANGUAGE`: what a speaker records so that values are spoken by his voice, one line a recording.
//!
//! ```text
//! say/march<TAB>March
//! ```
//! The first word is the file, without its ending, in the folder of sounds of the language. `sounds/make` reads it.

use crate::cli::check::{self, Paths};
use crate::flow::diagnostic::{Paint, Sources};
use crate::flow::languages::Languages;
use crate::flow::spoken::piece::PAUSE_NAME;
use crate::flow::spoken::rules::Rules;
use crate::flow::syntax::tree::{self, Reading};
use crate::flow::utterance::recording;
use crate::io::flow_files;
use std::process::ExitCode;

/// The command.
pub fn run(paths: &Paths, language: &str, paint: Paint) -> ExitCode {
    let (languages, sources) = match languages(paths) {
        Ok(read) => read,
        Err(report) => {
            eprint!("{report}");
            return ExitCode::FAILURE;
        }
    };
    let Some(rules) = languages.rules(language) else {
        sources.into_faults().iter().for_each(|fault| eprintln!("{}", fault.render(paint)));
        eprintln!("no rules for `{language}`: write languages/{language}.yaml beside the flows");
        return ExitCode::FAILURE;
    };
    print!("{}", list(rules));
    ExitCode::SUCCESS
}

/// The languages that are built in or have a file beside the flows, and the faults of these files.
///
/// # Errors
/// What is wrong with `careline.yaml`.
pub(super) fn languages(paths: &Paths) -> Result<(Languages, Sources), String> {
    let config = check::config(paths)?;
    let (mut languages, mut sources) = (Languages::default(), Sources::default());
    for file in flow_files::read(&config.flows).unwrap_or_default() {
        let Some(name) = Languages::file(&file.path) else { continue };
        match tree::read(&mut sources, &file.path, &file.octets) {
            (_, Reading::Tree(node)) => languages.read(name, &file.path, &node, &mut sources),
            (_, Reading::Broken | Reading::Empty) => languages.broken(name),
        }
    }
    Ok((languages, sources))
}

/// Name and text of each recording, a line each, in the order of the language's file. The pause needs none.
fn list(rules: &Rules) -> String {
    let pieces = rules.pieces().iter().filter(|piece| piece.name != PAUSE_NAME);
    pieces.map(|piece| format!("{}\t{}\n", recording(piece).as_str(), piece.text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_recording_has_a_line_with_its_name_and_its_words() {
        let languages = Languages::default();
        let english = list(languages.rules("en").expect("English"));
        assert!(
            english.lines().all(|line| line.starts_with("say/") && line.split('\t').count() == 2),
            "{english}"
        );
        assert!(
            english.contains("say/in-the-morning\tin the morning\n") && !english.contains("pause"),
            "{english}"
        );
        let spanish = list(languages.rules("es").expect("Spanish"));
        assert!(spanish.contains("say/d_ed_as\tdías\n"), "{spanish}");
        println!("{} lines in English, {} in Spanish", english.lines().count(), spanish.lines().count());
    }
}
