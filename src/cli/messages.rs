//! `careline messages`: what callers have left and nobody has dealt with; `careline messages done ID…` marks it.
//!
//! The list is read from the records, beside a running engine or without one. The mark is made by the engine: it alone
//! writes, and this command says so once the mark is on disk.

use super::calls::Numbers;
use super::calls::words::{date_time, number, table};
use super::check::{self, Paths};
use super::ended;
use crate::clock::WallTime;
use crate::config::Config;
use crate::flow::hours::promise;
use crate::flow::set::{Audio, FlowSet};
use crate::id::{BadId, CallId};
use crate::io::control::{self, AskError};
use crate::io::now::Clock;
use crate::io::recorder::disk::relative_path;
use crate::io::store::messages::{self, MessageLine};
use crate::io::store::{StoreError, read};
use crate::report::messages::{Message, Messages};
use crate::switch::interface::SavedMessage;
use jiff::tz::TimeZone;
use std::process::ExitCode;
use thiserror::Error;

/// Why a message is not marked.
#[derive(Debug, Error)]
enum NotDone {
    #[error("`{text}`: {cause}")]
    Id { text: String, cause: BadId },
    #[error("no call {0}: `careline messages` lists those that left a message")]
    NoCall(CallId),
    #[error("nobody left a message in {0}: `careline messages` lists those that wait")]
    NoMessage(CallId),
    #[error("the message of {0} is marked as done already")]
    Already(CallId),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("the message of {call} is not marked: {cause}")]
    Ask { call: CallId, cause: AskError },
}

/// Prints those that wait.
pub fn list(paths: &Paths, config: &Config, first: usize, numbers: Numbers) -> ExitCode {
    let read = messages::waiting(&config.store, first);
    ended(read.map(|(lines, all)| {
        let flows = check::load(paths, &|_, _, _| Audio::Present).flows;
        let page =
            Page { flows: flows.as_ref(), numbers, now: Clock::start().wall(), zone: TimeZone::system() };
        page.told(config, &lines, all)
    }))
}

/// How the list is told.
struct Page<'a> {
    flows: Option<&'a FlowSet>,
    numbers: Numbers,
    now: WallTime,
    zone: TimeZone,
}

impl Page<'_> {
    fn told(&self, config: &Config, lines: &[MessageLine], all: usize) -> String {
        if all == 0 {
            return "no messages wait\n".to_owned();
        }
        let head = ["call", "left", "from", "to", "flow", "call back by", "file"].map(str::to_owned);
        let rows = lines.iter().map(|line| {
            let file = relative_path(line.message.recording, line.named, 1);
            [
                line.message.call.to_string(),
                date_time(line.message.saved.at, &self.zone, "%Y-%m-%d %H:%M"),
                line.caller.as_ref().map_or("anonymous".to_owned(), |caller| number(caller, self.numbers)),
                number(&line.called, self.numbers),
                line.flow.to_string(),
                self.due(&line.message),
                config.recordings.directory.join(file).display().to_string(),
            ]
        });
        let rows: Vec<[String; 7]> = std::iter::once(head).chain(rows).collect();
        let more = match all - lines.len() {
            0 => String::new(),
            more => format!("and {more} more: `careline messages --first {all}`\n"),
        };
        table(&rows, &[]) + &more
    }

    /// By when the caller was promised to be called back, and whether that is past.
    fn due(&self, message: &Message) -> String {
        let Some(days) = message.within_working_days else { return "nothing promised".to_owned() };
        let calendar = self.flows.and_then(|flows| flows.calendars().first());
        let due = match calendar {
            Some(calendar) => promise::by_calendar(calendar, message.saved.at, days),
            None => promise::by_week(&self.zone, message.saved.at, days),
        };
        let Some(due) = due else { return format!("{days} working day(s)") };
        let zone = calendar.map_or(&self.zone, |calendar| &calendar.zone);
        let late = if due < self.now { ", OVERDUE" } else { "" };
        format!("{}{late}", date_time(due, zone, "%a %Y-%m-%d %H:%M"))
    }
}

/// Marks the messages of these calls as done: all of them, or none if one of the names is wrong.
pub fn done(config: &Config, calls: &[String]) -> ExitCode {
    ended(mark(config, calls))
}

fn mark(config: &Config, calls: &[String]) -> Result<String, NotDone> {
    let known = messages::all(&config.store)?;
    let named = calls.iter().map(|text| named(config, &known, text)).collect::<Result<Vec<_>, _>>()?;
    let mut text = String::new();
    for (call, its) in named {
        for message in its {
            let Message { call, recording, saved, .. } = message;
            let saved = SavedMessage { call, recording, at: saved.at, since_start_us: saved.since_start_us };
            control::ask_message_done(&config.control, &saved)
                .map_err(|cause| NotDone::Ask { call, cause })?;
        }
        text += &format!("the message of {call} is marked as done\n");
    }
    Ok(text)
}

/// The messages of a call that wait.
fn named(config: &Config, known: &Messages, text: &str) -> Result<(CallId, Vec<Message>), NotDone> {
    let call: CallId = text.parse().map_err(|cause| NotDone::Id { text: text.to_owned(), cause })?;
    let its = known.of(call);
    if !its.is_empty() {
        return Ok((call, its));
    }
    Err(match (known.is_done(call), read::call(&config.store, call)?.is_empty()) {
        (true, _) => NotDone::Already(call),
        (false, true) => NotDone::NoCall(call),
        (false, false) => NotDone::NoMessage(call),
    })
}
