//! `careline calls [ID]`: the last calls as a table, or one call with its path, recordings and counters;
//! `careline calls show ID`: one call drawn, SIP messages beside the steps of its flow.
//!
//! ```text
//!  store ─▶ lines of calls ─▶ list                 careline calls
//!      └──▶ entries of one ─▶ record               careline calls ID
//!                        └──▶ picture ─▶ text      careline calls show ID
//!                                   └──▶ svg       careline calls show ID --svg FILE
//! ```
//! Telephone numbers, pressed keys and SIP's Call-ID belong to the patient: without `--numbers` only the
//! last two digits of a number are printed and keys not at all. Reads the store on its own connection, so
//! that it can be used beside a running engine.

mod facts;
mod guests;
mod layout;
mod list;
pub(super) mod picture;
mod record;
mod svg;
#[cfg(test)]
mod tests;
pub(super) mod text;
pub(super) mod words;

use crate::cli::ended;
use crate::config::Config;
use crate::flow::diagnostic::Paint;
use crate::id::CallId;
use crate::io::store::read;
use crate::report::event::Entry;
use jiff::tz::TimeZone;
use picture::Picture;
use std::fs::{OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::process::ExitCode;

/// How much of a patient's numbers is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// The last two digits.
    Masked,
    /// All of it: for who may see it.
    Full,
}

/// Prints the list, or one call.
pub fn run(config: &Config, id: Option<&str>, last: u32, numbers: Numbers) -> ExitCode {
    let zone = TimeZone::system();
    ended(match id {
        None => read::calls(&config.store, last)
            .map_err(|error| error.to_string())
            .map(|calls| list::list(&calls, numbers, &zone)),
        Some(id) => entries(config, id).and_then(|entries| {
            record::show(&entries, numbers, &zone, &config.recordings.directory)
                .ok_or_else(|| no_call(config, id))
        }),
    })
}

/// Draws one call: on the terminal, or into an SVG file that is made for its owner alone.
pub fn draw(config: &Config, id: &str, svg: Option<&Path>, numbers: Numbers, paint: Paint) -> ExitCode {
    let zone = TimeZone::system();
    let picture = entries(config, id)
        .and_then(|entries| Picture::of(&entries, numbers, &zone).ok_or_else(|| no_call(config, id)));
    ended(picture.and_then(|picture| {
        match svg {
            None => Ok(text::draw(&picture, paint)),
            Some(file) => write_for_owner(file, &svg::draw(&picture))
                .map(|()| format!("{}\n", file.display()))
                .map_err(|error| format!("the picture cannot be written to {}: {error}", file.display())),
        }
    }))
}

fn entries(config: &Config, id: &str) -> Result<Vec<Entry>, String> {
    let call: CallId = id.parse().map_err(|error| format!("`{id}`: {error}"))?;
    read::call(&config.store, call).map_err(|error| error.to_string())
}

fn no_call(config: &Config, id: &str) -> String {
    format!("no call {id} in {}: `careline calls` lists those there are", config.store.display())
}

/// What shows how a patient called is for the owner's eyes, like the store it was read from.
fn write_for_owner(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())
}
