//! `careline serve`: the edges are opened one by one, each with its own plain error, then the engine runs.
//!
//! A set of flows with a fault never starts serving. Nothing has to be written first: with no
//! configuration file the shipped flows and sounds are served.

mod banner;
mod start;

use super::check::{self, Paths};
use super::sounds::Sounds;
use crate::config::Log;
use crate::flow::diagnostic::Paint;
use std::io::IsTerminal;
use std::process::ExitCode;

/// Serves until stopped by SIGTERM or SIGINT.
pub fn serve(paths: &Paths) -> ExitCode {
    let sounds = Sounds::default();
    let loaded = check::load(paths, &|folder, prompt, language| sounds.audio(folder, prompt, language));
    let faults = check::report(&loaded, Paint::Plain);
    eprint!("{faults}");
    let (Some(config), Some(flows)) = (loaded.config, loaded.flows) else {
        eprintln!("the engine does not start: nothing is served until these faults are mended");
        return ExitCode::FAILURE;
    };
    let prompts = sounds.into_library(&config.sounds);
    start_log(config.log);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("the engine does not start: the system gives no event loop: {error}");
            return ExitCode::FAILURE;
        }
    };
    let inside = runtime.enter();
    let started = start::start(&config, flows, prompts);
    drop(inside);
    match started {
        Ok(started) => {
            print!("{}", banner::banner(&config, &started));
            run(&runtime, started)
        }
        Err(error) => {
            eprintln!("the engine does not start: {error}");
            ExitCode::FAILURE
        }
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
