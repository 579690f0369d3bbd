//! Floor 9: the commands of `careline`, one file each. Without a command it serves.

pub mod calls;
pub mod check;
pub mod serve;
mod sounds;
pub mod status;

use crate::config::Config;
use crate::flow::diagnostic::Paint;
use check::Paths;
use clap::{Parser, Subcommand};
use sounds::Sounds;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "careline",
    version,
    about = "A telephone engine for healthcare call centres.",
    max_term_width = 100
)]
struct Arguments {
    /// The configuration file; without it `careline.yaml` is read if it is there, else every default holds
    #[arg(long, short, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Answer calls (what happens without a command)
    Serve,
    /// Name every fault of the configuration and the flows, with place, cause and repair; exit code 1 if there is one
    Check,
    /// Print every counter of the running engine
    Status,
    /// List the last calls, or show one: its path, its recordings, its counters
    Calls {
        /// The call, as the list prints it
        id: Option<String>,
        /// How many calls to list
        #[arg(long, default_value_t = 20)]
        last: u32,
        /// Print telephone numbers in full instead of their last two digits
        #[arg(long)]
        numbers: bool,
    },
}

/// Reads the arguments and runs the command.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let paths = Paths { config: arguments.config, flows: None };
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(&paths),
        Command::Check => {
            let paint = if std::io::stdout().is_terminal() { Paint::Colour } else { Paint::Plain };
            let sounds = Sounds::default();
            let report = check::check(
                &paths,
                &|folder, prompt, language| sounds.audio(folder, prompt, language),
                paint,
            );
            print!("{}", report.text);
            ExitCode::from(report.exit_code)
        }
        Command::Status => with_config(&paths, status::status),
        Command::Calls { id, last, numbers } => with_config(&paths, |config| {
            let numbers = if numbers { calls::Numbers::Full } else { calls::Numbers::Masked };
            calls::run(config, id.as_deref(), last, numbers)
        }),
    }
}

/// For the commands that need the configuration alone.
fn with_config(paths: &Paths, run: impl FnOnce(&Config) -> ExitCode) -> ExitCode {
    match check::config(paths) {
        Ok(config) => run(&config),
        Err(report) => {
            eprint!("{report}");
            ExitCode::FAILURE
        }
    }
}
