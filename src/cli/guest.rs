//! `careline join`, `listen`, `whisper`, `barge` and `leave`: who else is in a talk that goes on; and `transfer`: who talks
//! in place of its person.
//!
//! The running engine calls him, and tells what came of it: so a command may take as long as a phone rings.

use super::ended;
use crate::config::Config;
use crate::id::{BadId, CallId};
use crate::io::control::{self, AskError};
use crate::report::event::GuestMode;
use crate::switch::interface::{GuestAct, GuestOrder};
use clap::Args;
use std::process::ExitCode;
use thiserror::Error;

/// Into which talk, and who.
#[derive(Args)]
pub struct Come {
    /// The call, as `careline calls` prints it
    call: String,
    /// A user of the configuration, or an address that the flows name, such as sip:maria@clinic.example
    #[arg(value_name = "sip:NAME@REALM")]
    target: String,
}

/// Which talk, and to whom.
#[derive(Args)]
pub struct HandOn {
    /// The call, as `careline calls` prints it
    call: String,
    /// A user of the configuration, or somebody whom the flows call: a name, a number, or an address
    target: String,
}

/// Out of which talk, and who.
#[derive(Args)]
pub struct Leave {
    /// The call, as `careline calls` prints it
    call: String,
    /// His address, or the name in it
    name: String,
}

/// Into which talk, and for which language.
#[derive(Args)]
pub struct Interpret {
    /// The call, as `careline calls` prints it
    call: String,
    /// The caller's language, as `interpreters:` in the configuration names it, such as vi
    language: String,
}

/// Why nothing was done.
#[derive(Debug, Error)]
enum GuestError {
    /// No call.
    #[error("{0}")]
    Call(#[from] BadId),
    /// Neither a name nor an address.
    #[error("that is no name or address: write it as sip:maria@clinic.example, without spaces")]
    Name,
    /// The engine gave no good answer.
    #[error("{0}")]
    Ask(#[from] AskError),
}

/// Lets somebody into a talk, or lets a supervisor who is in it go on in that way.
pub fn come(config: &Config, come: &Come, mode: GuestMode) -> ExitCode {
    let act = name(&come.target).map(|target| GuestAct::Come { target, mode });
    ended(act.and_then(|act| wish(config, &come.call, act)))
}

/// Lets an interpreter into a talk, of whichever vendor has the language.
pub fn interpret(config: &Config, interpret: &Interpret) -> ExitCode {
    let act = name(&interpret.language).map(|name| GuestAct::Interpret { language: name.as_str().into() });
    ended(act.and_then(|act| wish(config, &interpret.call, act)))
}

/// Lets somebody leave a talk.
pub fn leave(config: &Config, leave: &Leave) -> ExitCode {
    let act = name(&leave.name).map(|name| GuestAct::Leave { name });
    ended(act.and_then(|act| wish(config, &leave.call, act)))
}

/// Lets the person of a talk hand it on, as with the transfer key of his phone.
pub fn hand_on(config: &Config, wanted: &HandOn) -> ExitCode {
    let act = name(&wanted.target).map(|target| GuestAct::HandOn { target });
    ended(act.and_then(|act| wish(config, &wanted.call, act)))
}

fn wish(config: &Config, call: &str, act: GuestAct) -> Result<String, GuestError> {
    let call: CallId = call.parse()?;
    let answer = control::ask_guest(&config.control, &GuestOrder { call, act })?;
    Ok(told(answer.trim()))
}

fn name(text: &str) -> Result<String, GuestError> {
    let is_plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
    if is_plain { Ok(text.to_owned()) } else { Err(GuestError::Name) }
}

/// What the engine did, for who asked.
fn told(answer: &str) -> String {
    let text = match answer {
        "joined listen" => "is in: hears both, and nobody hears him",
        "joined whisper" => "is in: hears both, and the person alone hears him",
        "joined barge" => "is in: all hear each other",
        "joined third" => "is in: all hear each other",
        "changed listen" => "is heard by nobody now",
        "changed whisper" => "is heard by the person alone now",
        "changed barge" => "is heard by all now",
        "left" => "is out of the talk",
        "handed on" => "talks with the caller now, and who talked before is hung up",
        other => other,
    };
    format!("{text}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_space_or_a_line_end_is_not_sent() {
        for text in ["", "maria lopez", "sip:a@b\nstatus", "mar\u{ed}a"] {
            assert!(name(text).is_err(), "{text:?}");
        }
        assert_eq!(name("sip:maria@clinic.example").ok().as_deref(), Some("sip:maria@clinic.example"));
    }
}
