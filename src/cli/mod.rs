//! Floor 9: the commands of `careline`, one file each. Without a command it serves.

pub mod calls;
pub mod check;
pub mod serve;
pub mod status;

use crate::config::{self, Config};
use clap::{Parser, Subcommand};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The configuration file that is read when none is named and it exists.
const CONFIG_FILE: &str = "careline.yaml";

#[derive(Parser)]
#[command(name = "careline", version, about = "A telephone engine for healthcare call centres.", max_term_width = 100)]
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
    let named = arguments.config;
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Check => check_command(named.as_deref()),
        Command::Serve => with_config(named.as_deref(), serve::serve),
        Command::Status => with_config(named.as_deref(), |config| status::status(&config)),
        Command::Calls { id, last, numbers } => with_config(named.as_deref(), |config| {
            let ask = calls::Ask { id, last, numbers: if numbers { calls::Numbers::Full } else { calls::Numbers::Masked } };
            calls::calls(&config, &ask)
        }),
    }
}

/// The file that is to be read: the one that was named, or the usual one if it exists.
fn config_file(named: Option<&Path>) -> Option<PathBuf> {
    named.map(Path::to_path_buf).or_else(|| Some(PathBuf::from(CONFIG_FILE)).filter(|file| file.exists()))
}

fn with_config(named: Option<&Path>, run: impl FnOnce(Config) -> ExitCode) -> ExitCode {
    match config::load(config_file(named).as_deref()) {
        Ok(config) => run(config),
        Err(report) => {
            eprint!("{report}");
            ExitCode::FAILURE
        }
    }
}

fn check_command(named: Option<&Path>) -> ExitCode {
    let report = check::check(config_file(named).as_deref(), std::io::stdout().is_terminal());
    print!("{}", report.text);
    ExitCode::from(report.exit_code)
}
