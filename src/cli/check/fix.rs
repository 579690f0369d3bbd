//! `careline check --fix`: repairs that can be meant in one way alone are written into the files.
//!
//! The configuration first, because it names the directory of flows; then all flows at once. Audio is not
//! asked for: no repair depends on it. A file is written beside itself and takes its own place at once, so
//! that nobody ever reads half of one.

use super::{CONFIG_FILE, Paths, Report};
use crate::config::Config;
use crate::flow::repair::{Change, repaired};
use crate::flow::set::{Audio, FlowSet, SourceFile};
use crate::io::{flow_files, replace_file};
use std::fs;
use std::path::Path;

/// What becomes of the repairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repairs {
    /// They are written into the files.
    Write,
    /// They are told only.
    Show,
}

/// Makes or shows the repairs. What cannot be read is left to the check that follows.
///
/// # Errors
/// The sentence for the terminal, when a file cannot be written.
pub fn fix(paths: &Paths, repairs: Repairs) -> Result<String, String> {
    let path = paths.config.clone().unwrap_or_else(|| CONFIG_FILE.into());
    let name = path.to_string_lossy().into_owned();
    let config: Vec<SourceFile> =
        fs::read(&path).map(|octets| SourceFile { path: name, octets }).into_iter().collect();
    let judge = |files: &[SourceFile]| {
        files.iter().flat_map(|file| Config::read(&file.path, &file.octets).1).collect()
    };
    let (config_after, mut changes) = repaired(config.clone(), &judge);
    let settings = config_after.first().and_then(|file| Config::read(&file.path, &file.octets).0);
    let settings = settings.unwrap_or_default();
    let directory = paths.flows.as_ref().unwrap_or(&settings.flows);
    let flows = flow_files::read(directory).unwrap_or_default();
    let judge = |files: &[SourceFile]| FlowSet::load(files.to_vec(), &|_, _| Audio::Present).1;
    let (flows_after, of_flows) = repaired(flows.clone(), &judge);
    changes.extend(of_flows);
    if repairs == Repairs::Write {
        for (before, after) in config.iter().zip(&config_after).chain(flows.iter().zip(&flows_after)) {
            if before != after {
                let path = Path::new(&after.path);
                let cannot = |cause| format!("`{}` cannot be written: {cause}\n", path.display());
                replace_file::replace(path, &after.octets).map_err(cannot)?;
            }
        }
    }
    Ok(told(&changes, repairs))
}

fn told(changes: &[Change], repairs: Repairs) -> String {
    if changes.is_empty() {
        return "nothing to repair: what is wrong, if anything, can be meant in more than one way\n"
            .to_owned();
    }
    let lines = changes.iter().map(|Change { path, line, says }| format!("{path}:{line}  {says}\n"));
    let end = match repairs {
        Repairs::Write => format!("{} written\n", super::counted(changes.len(), "repair")),
        Repairs::Show => format!("{}; nothing is written\n", super::counted(changes.len(), "repair")),
    };
    lines.chain([end]).collect()
}

/// The report of a repair: what was done, then what a check says now.
pub fn report(done: Result<String, String>, check: Report) -> Report {
    match done {
        Ok(text) => Report { text: text + "\n" + &check.text, exit_code: check.exit_code },
        Err(text) => Report { text, exit_code: 1 },
    }
}
