//! `careline fmt`: lays out files of flows and the configuration in one way; `--check` only looks.

use crate::cli::check::{self, Paths};
use crate::flow::diagnostic::Paint;
use crate::flow::layout::{Refusal, laid_out};
use crate::io::{flow_files, replace_file};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What the command may be told.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Arguments {
    /// The files; without any, every file of the configured flows
    #[arg(value_name = "FILES")]
    pub files: Vec<PathBuf>,
    /// Write nothing; exit code 1 if a file would be changed
    #[arg(long)]
    pub check: bool,
}

/// What came of all files.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// For the terminal, with a final line end.
    pub text: String,
    /// Why files were left as they are, each with a final line end.
    pub refused: String,
    /// 0 if all files are laid out now, else 1.
    pub exit_code: u8,
}

/// The command.
pub fn run(paths: &Paths, arguments: &Arguments, paint: Paint) -> ExitCode {
    match files(paths, arguments) {
        Ok(files) => {
            let report = all(&files, arguments, paint);
            eprint!("{}", report.refused);
            print!("{}", report.text);
            ExitCode::from(report.exit_code)
        }
        Err(text) => {
            eprint!("{text}");
            ExitCode::FAILURE
        }
    }
}

/// The files that are meant.
fn files(paths: &Paths, arguments: &Arguments) -> Result<Vec<PathBuf>, String> {
    if !arguments.files.is_empty() {
        return Ok(arguments.files.clone());
    }
    let config = check::config(paths)?;
    let directory = paths.flows.as_ref().unwrap_or(&config.flows);
    let files = flow_files::read(directory).map_err(|error| format!("{error}\n"))?;
    Ok(files.into_iter().map(|file| PathBuf::from(file.path)).collect())
}

fn all(files: &[PathBuf], arguments: &Arguments, paint: Paint) -> Report {
    let mut report = Report::default();
    let mut changed = 0;
    for file in files {
        match laid(file, paint) {
            Ok(None) => continue,
            Ok(Some(_)) if arguments.check => {}
            Ok(Some(text)) => {
                if let Err(cause) = replace_file::replace(file, text.as_bytes()) {
                    report.refused += &format!("`{}` cannot be written: {cause}\n", file.display());
                    continue;
                }
            }
            Err(why) => {
                report.refused += &why;
                continue;
            }
        }
        changed += 1;
        report.text += &format!("{}\n", file.display());
    }
    let what = if arguments.check { "would be changed" } else { "changed" };
    report.text += &format!("{changed} of {} {what}\n", check::counted(files.len(), "file"));
    let misses = !report.refused.is_empty() || (arguments.check && changed > 0);
    report.exit_code = u8::from(misses);
    report
}

/// The text of a file as it should be; `None` if it is so.
fn laid(file: &Path, paint: Paint) -> Result<Option<String>, String> {
    let name = file.display().to_string();
    let octets = fs::read(file).map_err(|cause| format!("`{name}` cannot be read: {cause}\n"))?;
    match laid_out(&name, &octets) {
        Ok(text) => Ok((text.as_bytes() != octets).then_some(text)),
        Err(Refusal::Meaning) => {
            Err(format!("{name}  is left as it is: laid out, it would say something else\n"))
        }
        Err(Refusal::Faults(faults)) => {
            let faults = faults.iter().map(|fault| fault.render(paint) + "\n\n");
            Err(faults.chain([format!("{name}  is left as it is, because of its faults\n")]).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_on(text: &str, look: bool) -> (Report, String) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a.yaml");
        fs::write(&file, text).unwrap();
        let arguments = Arguments { files: vec![file.clone()], check: look };
        let found = files(&Paths::default(), &arguments).unwrap();
        let mut report = all(&found, &arguments, Paint::Plain);
        let folder = format!("{}/", directory.path().display());
        report.text = report.text.replace(&folder, "");
        report.refused = report.refused.replace(&folder, "");
        (report, fs::read_to_string(file).unwrap())
    }

    #[test]
    fn files_are_written_only_when_they_shall_be_and_can_be() {
        for (before, look, after, said, exit_code) in [
            ("a:  b\n", false, "a: b\n", "a.yaml\n1 of 1 file changed\n", 0),
            ("a:  b\n", true, "a:  b\n", "a.yaml\n1 of 1 file would be changed\n", 1),
            ("a: b\n", true, "a: b\n", "0 of 1 file would be changed\n", 0),
            ("a:  &b c\n", false, "a:  &b c\n", "0 of 1 file changed\n", 1),
        ] {
            let (report, text) = run_on(before, look);
            assert_eq!((text.as_str(), report.text.as_str()), (after, said), "{before:?} {look}");
            assert_eq!(report.exit_code, exit_code, "{before:?}");
        }
        let (report, _) = run_on("a:  &b c\n", false);
        assert!(
            report.refused.contains("a.yaml:1:5  Y008") || report.refused.contains("Y008"),
            "{}",
            report.refused
        );
    }

    #[test]
    fn the_shipped_flows_are_laid_out() {
        let flows = Path::new(env!("CARGO_MANIFEST_DIR")).join("ivr-flows");
        let arguments = Arguments { files: Vec::new(), check: true };
        let paths = Paths { config: None, flows: Some(flows) };
        let report = all(&files(&paths, &arguments).unwrap(), &arguments, Paint::Plain);
        assert_eq!(report.exit_code, 0, "{}{}", report.refused, report.text);
    }
}
