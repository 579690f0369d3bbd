//! `careline doctor`: whether this machine and these settings are fit to serve patients, before the first one calls.
//!
//! ```text
//!  careline.yaml ──▶ settings ─┐
//!  files it names ─▶ files ────┼─▶ findings ─▶ a table: good, look, wrong, each with its repair
//!  its engine ─────▶ trunks ───┤   if it runs
//!  this machine ───▶ machine, nat ┘
//! ```
//! `careline check` tells of faults in what is written; this tells of what is allowed and unwise, of rights, and of the machine.

mod files;
mod finding;
mod machine;
mod nat;
mod settings;
mod trunks;

use super::check::{self, Paths};
use crate::flow::diagnostic::Paint;
use crate::io::control;
use finding::State;
use std::path::PathBuf;
use std::process::ExitCode;

/// The file that is read where none is named.
const CONFIG: &str = "careline.yaml";

/// Looks at everything and prints what is found; exit code 1 if something is wrong.
pub fn doctor(paths: &Paths, paint: Paint) -> ExitCode {
    let config = match check::config(paths) {
        Ok(config) => config,
        Err(report) => {
            eprint!("{report}");
            return ExitCode::FAILURE;
        }
    };
    let file = paths.config.clone().unwrap_or_else(|| PathBuf::from(CONFIG));
    let mut findings = settings::findings(&config);
    let figures = control::ask_status(&config.control).unwrap_or_default();
    findings.extend(nat::findings(&config, nat::by_which));
    findings.extend(trunks::findings(&figures));
    findings.extend(files::findings(&config, &file));
    findings.extend(machine::findings(&config, &machine::Machine::look()));
    print!("{}", finding::table(&findings, paint));
    if findings.iter().any(|finding| finding.state == State::Wrong) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
