//! How a bench ends.

use std::error::Error;
use std::process::ExitCode;

/// Exit code 0 when every bar was kept; 1 when one was missed, or the bench could not be run, which is told.
pub fn of(outcome: Result<bool, Box<dyn Error>>) -> ExitCode {
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("the bench could not be run: {error}");
            ExitCode::FAILURE
        }
    }
}
