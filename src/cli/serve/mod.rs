//! `careline serve`: the edges are opened one by one, each with its own plain error, then the engine runs.
//!
//! A set of flows with a fault never starts serving. Nothing has to be written or published first: with no
//! configuration file the shipped flows and sounds are published as the first set, and served.

mod banner;
mod serving;
mod start;

use super::check::{self, Paths};
use crate::config::{Config, Log};
use crate::flow::diagnostic::Paint;
use crate::flow::set::Audio;
use crate::switch::interface::UnsignedTrees;
use serving::Serving;
use std::io::IsTerminal;
use std::process::ExitCode;

/// What the command may be told.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Arguments {
    /// Let calls from this very machine hear triage trees that nobody has signed: for trying them out, never where a
    /// proxy on this machine passes patients on
    #[arg(long)]
    unsigned_ok: bool,
}

/// Serves until stopped by SIGTERM or SIGINT.
pub fn serve(paths: &Paths, arguments: &Arguments) -> ExitCode {
    let unsigned = if arguments.unsigned_ok { UnsignedTrees::OnLoopback } else { UnsignedTrees::Withheld };
    let (config, serving) = match settled(paths) {
        Ok(settled) => settled,
        Err(faults) => {
            eprintln!("{faults}the engine does not start: nothing is served until these faults are mended");
            return ExitCode::FAILURE;
        }
    };
    start_log(config.log);
    serving.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("the engine does not start: the system gives no event loop: {error}");
            return ExitCode::FAILURE;
        }
    };
    let inside = runtime.enter();
    let started = start::start(&config, serving.sets, unsigned);
    drop(inside);
    match started {
        Ok(started) => {
            print!("{}", banner::banner(&config, &started, &serving.origin));
            run(&runtime, started)
        }
        Err(error) => {
            eprintln!("the engine does not start: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The configuration and what it serves; or all faults that stand against it, those of the flows too.
fn settled(paths: &Paths) -> Result<(Config, Serving), String> {
    match check::config(paths) {
        Ok(config) => serving::find(paths, &config).map(|serving| (config, serving)),
        Err(_) => Err(check::report(&check::load(paths, &|_, _, _| Audio::Present), Paint::Plain)),
    }
}

fn run(runtime: &tokio::runtime::Runtime, started: start::Started) -> ExitCode {
    match runtime.block_on(started.engine.run()) {
        Ok(engine) => {
            start::stop(engine);
            println!("careline has stopped: every call is over, every recording and record is closed.");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("the engine stopped: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Log lines go to standard error; what a newcomer reads is on standard output.
fn start_log(log: Log) {
    let filter = tracing_subscriber::EnvFilter::new(log.as_str());
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
}
