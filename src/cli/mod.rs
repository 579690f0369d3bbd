//! Floor 9: the commands of `careline`, one file each. Without a command it serves.

mod by_phone;
pub mod calls;
pub mod check;
pub mod close;
pub mod doctor;
pub mod explain;
pub mod fmt;
mod guest;
pub mod hear;
pub mod messages;
pub mod phone;
mod pieces;
pub mod publish;
pub mod schema;
pub mod serve;
pub mod sign;
mod sounds;
pub mod status;
pub mod test;
pub mod trace;
mod trunks;
pub mod user;

use crate::config::Config;
use crate::flow::diagnostic::Paint;
use crate::report::event::GuestMode;
use check::Paths;
use clap::{Parser, Subcommand};
use sounds::Sounds;
use std::fmt::Display;
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
    Serve(serve::Arguments),
    /// Name every fault of the configuration and the flows, with place, cause and repair; exit code 1 if there is one
    Check(check::Arguments),
    /// Lay out the files of the flows in one way: comments and meaning stay
    Fmt(fmt::Arguments),
    /// Print the JSON Schema of a kind of file, by which an editor completes and checks it
    Schema(schema::Arguments),
    /// Make the draft of the flows what callers hear, after a check, with what changes in sentences
    Publish(publish::Publish),
    /// Say yes to a published set that changes triage or what is said in a crisis, as a second person
    Approve(publish::approve::Approve),
    /// Let callers hear an earlier set again
    Rollback(publish::Rollback),
    /// Sign a triage tree of the draft as it stands, after reading it: callers get no tree that nobody signed
    Sign(sign::Sign),
    /// List the published sets
    History,
    /// Tell what is another in the draft, or in set M, than in set N, in sentences
    Diff {
        /// The set to compare with; without it, the current one
        #[arg(value_name = "N")]
        from: Option<u32>,
        /// The set that is compared; without it, the draft
        #[arg(value_name = "M")]
        to: Option<u32>,
    },
    /// Close numbers by hand until a time: a snow day, an outage, a message ahead of everything else
    Close(close::Close),
    /// End a closing before its time
    Open {
        /// The numbers, or all
        #[arg(required = true, value_name = "NUMBER")]
        numbers: Vec<String>,
    },
    /// List what is closed by hand now, and until when
    Closings,
    /// Say whether the clinic is open at a time, which line of hours.yaml says so, and where that leads callers
    Explain {
        /// On the clinic's own clock, such as "2026-11-01 01:30"; or now
        when: String,
        /// A flow, or a number that is called
        flow_or_number: String,
    },
    /// List what a speaker records so that numbers, dates and times are spoken by his voice: the name of each file, a tab,
    /// its words
    Pieces {
        /// The language, such as en
        #[arg(default_value = "en")]
        language: String,
    },
    /// Play the calls that stand beside the flows in NAME.test.yaml, and tell which come out otherwise
    Test {
        /// Names of test files, such as main_menu; without one, all of them
        #[arg(value_name = "NAME")]
        only: Vec<String>,
    },
    /// Tell how loud each prompt was recorded, what it is raised by, and how loud callers hear it
    Sounds,
    /// Write the line of careline.yaml with which the phones of a user log in
    User(user::Wish),
    /// Say whether this machine and these settings are fit to serve: rights, room, what is allowed and unwise; exit code 1
    /// if something has to be mended
    Doctor,
    /// Print every counter of the running engine
    Status,
    /// List the last calls, or tell one: its path, its recordings, its counters; `show ID` draws it
    #[command(args_conflicts_with_subcommands = true)]
    Calls {
        #[command(subcommand)]
        show: Option<CallsCommand>,
        /// The call, as the list prints it
        id: Option<String>,
        /// How many calls to list
        #[arg(long, default_value_t = 20)]
        last: u32,
        /// Print telephone numbers in full instead of their last two digits
        #[arg(long)]
        numbers: bool,
    },
    /// List the messages of callers that nobody has dealt with, the oldest first; `done ID` marks those that somebody has
    #[command(args_conflicts_with_subcommands = true)]
    Messages {
        #[command(subcommand)]
        done: Option<MessagesCommand>,
        /// How many to list at the most
        #[arg(long, default_value_t = 50)]
        first: usize,
        /// Print telephone numbers in full instead of their last two digits
        #[arg(long)]
        numbers: bool,
    },
    /// Call a third party into a talk that goes on, such as an interpreter: all hear each other, and he hears first that
    /// the call is recorded, if it is
    Join(guest::Come),
    /// Call an interpreter for a language into a talk that goes on: the vendors under `interpreters` are tried in order
    Interpreter(guest::Interpret),
    /// Let a supervisor listen to a talk: he hears both, and nobody hears him. On his phone he presses 4 to listen, 5 to
    /// whisper, 6 to barge in
    Listen(guest::Come),
    /// Let a supervisor whisper to the person who talks with a caller: the caller and the recording do not hear him
    Whisper(guest::Come),
    /// Let a supervisor barge into a talk: all hear each other
    Barge(guest::Come),
    /// Let a supervisor or third party leave a talk
    Leave(guest::Leave),
    /// Let the person of a talk hand it on to somebody else, as with the transfer key of his phone: if nobody answers, the
    /// caller talks with the person again
    Transfer(guest::HandOn),
    /// Tell what is heard in a recording or a capture: the names of prompts, when, silences, levels and keys
    Hear(hear::Wish),
    /// A small telephone for testers: dial, press keys, say a file, record, run a script, draw the SIP messages
    Phone(Box<phone::Arguments>),
    /// Keep every SIP message of a number in full, for a while; without a number, list what is traced
    Trace {
        /// The number, of the caller or called
        number: Option<String>,
        /// For how long: 90s, 30m, 2h; a day at the most
        #[arg(long = "for", value_name = "LENGTH", default_value = "1h")]
        lasts: String,
        /// End a trace, as the list names it
        #[arg(long, value_name = "TRACE", conflicts_with = "number")]
        stop: Option<String>,
    },
}

#[derive(Subcommand)]
enum MessagesCommand {
    /// Mark the messages of these calls as dealt with: they are listed no more
    Done {
        /// The calls, as the list prints them
        #[arg(required = true, value_name = "ID")]
        calls: Vec<String>,
    },
}

#[derive(Subcommand)]
enum CallsCommand {
    /// Draw a call: its SIP messages, the steps of its flow and its recording on one axis of time
    Show {
        /// The call, as the list prints it
        id: String,
        /// Write the picture into this file instead of printing it as text
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
        /// Draw telephone numbers and keys in full
        #[arg(long)]
        numbers: bool,
    },
}

/// Reads the arguments and runs the command.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let paths = Paths { config: arguments.config, flows: None };
    match arguments.command.unwrap_or_else(|| Command::Serve(serve::Arguments::default())) {
        Command::Serve(arguments) => serve::serve(&paths, &arguments),
        Command::Check(arguments) => {
            let sounds = Sounds::default();
            let report = check::run(
                &paths,
                &arguments,
                &|folder, prompt, language| sounds.audio(folder, prompt, language),
                paint(),
            );
            print!("{}", report.text);
            ExitCode::from(report.exit_code)
        }
        Command::Fmt(arguments) => fmt::run(&paths, &arguments, paint()),
        Command::Schema(arguments) => schema::run(&paths, &arguments),
        Command::Publish(wish) => publish::publish(&paths, &wish),
        Command::Approve(wish) => with_config(&paths, |config| publish::approve::approve(config, &wish)),
        Command::Sign(wish) => sign::sign(&paths, &wish),
        Command::Rollback(wish) => with_config(&paths, |config| publish::rollback(config, &wish)),
        Command::History => with_config(&paths, publish::history::history),
        Command::Diff { from, to } => with_config(&paths, |config| publish::history::diff(config, from, to)),
        Command::Close(wanted) => close::close(&paths, &wanted),
        Command::Open { numbers } => with_config(&paths, |config| close::open(config, &numbers)),
        Command::Closings => with_config(&paths, close::closings),
        Command::Explain { when, flow_or_number } => explain::run(&paths, &when, &flow_or_number),
        Command::Pieces { language } => pieces::run(&paths, &language, paint()),
        Command::Test { only } => test::run(&paths, &only, paint()),
        Command::Sounds => sounds::list(&paths, paint()),
        Command::User(wish) => with_config(&paths, |config| user::run(config, &wish)),
        Command::Doctor => doctor::doctor(&paths, paint()),
        Command::Status => with_config(&paths, status::status),
        Command::Calls { show: Some(CallsCommand::Show { id, svg, numbers }), .. } => {
            with_config(&paths, |config| calls::draw(config, &id, svg.as_deref(), shown(numbers), paint()))
        }
        Command::Calls { show: None, id, last, numbers } => {
            with_config(&paths, |config| calls::run(config, id.as_deref(), last, shown(numbers)))
        }
        Command::Messages { done: Some(MessagesCommand::Done { calls }), .. } => {
            with_config(&paths, |config| messages::done(config, &calls))
        }
        Command::Messages { done: None, first, numbers } => {
            with_config(&paths, |config| messages::list(&paths, config, first, shown(numbers)))
        }
        Command::Join(wish) => with_config(&paths, |config| guest::come(config, &wish, GuestMode::Third)),
        Command::Interpreter(wish) => with_config(&paths, |config| guest::interpret(config, &wish)),
        Command::Listen(wish) => with_config(&paths, |config| guest::come(config, &wish, GuestMode::Listen)),
        Command::Whisper(wish) => {
            with_config(&paths, |config| guest::come(config, &wish, GuestMode::Whisper))
        }
        Command::Barge(wish) => with_config(&paths, |config| guest::come(config, &wish, GuestMode::Barge)),
        Command::Leave(wish) => with_config(&paths, |config| guest::leave(config, &wish)),
        Command::Transfer(wish) => with_config(&paths, |config| guest::hand_on(config, &wish)),
        Command::Hear(wish) => with_config(&paths, |config| hear::run(config, &wish)),
        Command::Phone(arguments) => phone::run(&arguments, paint()),
        Command::Trace { number, lasts, stop } => with_config(&paths, |config| {
            let wish = match (&number, &stop) {
                (_, Some(trace)) => trace::Wish::Stop(trace),
                (Some(number), None) => trace::Wish::Start(number, &lasts),
                (None, None) => trace::Wish::List,
            };
            trace::trace(config, wish)
        }),
    }
}

fn paint() -> Paint {
    if std::io::stdout().is_terminal() { Paint::Colour } else { Paint::Plain }
}

fn shown(numbers: bool) -> calls::Numbers {
    if numbers { calls::Numbers::Full } else { calls::Numbers::Masked }
}

/// Prints what a command has to say, or why it did nothing.
fn ended(done: Result<String, impl Display>) -> ExitCode {
    match done {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}", error.to_string().trim_end());
            ExitCode::FAILURE
        }
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
