//! `careline test`: the calls that stand beside the flows in `NAME.test.yaml`, played in no time.
//!
//! `careline publish` plays them too. The text is made here and printed by [`run`]. Not here: the playing
//! ([`crate::flow::rehearsal`]).

use super::check::{self, Paths};
use crate::config::Config;
use crate::flow::diagnostic::{Paint, did_you_mean};
use crate::flow::rehearsal::{self, Came, Verdict};
use crate::flow::set::{Audio, FlowSet, SourceFile, TEST_ENDING};
use crate::io::flow_files;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// The command: `only` are names of test files without their ending; none of them means all.
pub fn run(paths: &Paths, only: &[String], paint: Paint) -> ExitCode {
    let loaded = check::load(paths, &|_, _, _| Audio::Present);
    let (is_sound, told) = (loaded.is_sound(), check::report(&loaded, paint));
    let (Some(flows), true) = (loaded.flows, is_sound) else {
        eprint!("{told}");
        return ExitCode::FAILURE;
    };
    let directory = paths.flows.clone().unwrap_or_else(|| loaded.config.unwrap_or_default().flows);
    match files(&directory, only) {
        Ok(files) => {
            let came = rehearsal::all(&Arc::new(flows), &files);
            print!("{}", report(&came, paint));
            if came.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// Plays every test beside the draft.
///
/// # Errors
/// What came out otherwise, or could not be read, as text.
pub fn rehearse(flows: &FlowSet, config: &Config) -> Result<usize, String> {
    let files = flow_files::tests(&config.flows).map_err(|error| error.to_string())?;
    let came = rehearsal::all(&Arc::new(flows.clone()), &files);
    if came.is_sound() { Ok(came.played.len()) } else { Err(report(&came, Paint::Plain)) }
}

fn files(directory: &Path, only: &[String]) -> Result<Vec<SourceFile>, String> {
    let files = flow_files::tests(directory).map_err(|error| error.to_string())?;
    let name = |file: &SourceFile| {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        name.trim_end_matches(TEST_ENDING).to_owned()
    };
    let known: Vec<String> = files.iter().map(name).collect();
    if let Some(unknown) = only.iter().find(|wanted| !known.contains(wanted)) {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        return Err(format!("there is no file {unknown}{TEST_ENDING}: {}", did_you_mean(unknown, &known)));
    }
    Ok(files.into_iter().filter(|file| only.is_empty() || only.contains(&name(file))).collect())
}

fn report(came: &Came, paint: Paint) -> String {
    let mut text = String::new();
    for fault in &came.faults {
        let _ = writeln!(text, "{}\n", fault.render(paint));
    }
    let good = came.played.iter().filter(|(_, _, verdict)| *verdict == Verdict::AsWritten).count();
    let other = came.played.len() - good;
    let _ = match (came.played.len(), other) {
        (0, _) if came.faults.is_empty() => writeln!(
            text,
            "there are no tests: write NAME{TEST_ENDING} beside a flow, as docs/admin-guide/tests.md shows"
        ),
        (_, 0) => writeln!(text, "{} came out as written", calls(good)),
        _ => writeln!(text, "{} came out as written, {} did not", calls(good), calls(other)),
    };
    text
}

fn calls(count: usize) -> String {
    if count == 1 { "1 call".to_owned() } else { format!("{count} calls") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn shipped() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("ivr-flows")
    }

    #[test]
    fn the_shipped_tests_come_out_as_written() {
        let paths = Paths { config: None, flows: Some(shipped()) };
        let flows =
            check::load(&paths, &|_, _, _| Audio::Present).flows.expect("the shipped flows are sound");
        let came = rehearsal::all(&Arc::new(flows), &files(&shipped(), &[]).expect("they can be read"));
        assert!(came.is_sound(), "{}", report(&came, Paint::Plain));
        assert!(came.played.len() > 10, "{} calls only", came.played.len());
    }

    #[test]
    fn a_file_is_chosen_by_its_name_and_an_unknown_one_is_told() {
        let one = files(&shipped(), &["main_menu".to_owned()]).expect("it is shipped");
        assert_eq!(one.len(), 1);
        let error = files(&shipped(), &["main_men".to_owned()]).unwrap_err();
        assert_eq!(error, "there is no file main_men.test.yaml: did you mean `main_menu`?");
    }

    #[test]
    fn the_summary_counts_calls() {
        let played = |verdicts: &[Verdict]| Came {
            played: verdicts.iter().map(|verdict| (String::new(), String::new(), *verdict)).collect(),
            faults: Vec::new(),
        };
        for (came, text) in [
            (played(&[Verdict::AsWritten]), "1 call came out as written\n"),
            (
                played(&[Verdict::AsWritten, Verdict::Otherwise, Verdict::AsWritten]),
                "2 calls came out as written, 1 call did not\n",
            ),
            (
                played(&[]),
                "there are no tests: write NAME.test.yaml beside a flow, as docs/admin-guide/tests.md shows\n",
            ),
        ] {
            assert_eq!(report(&came, Paint::Plain), text);
        }
    }
}
