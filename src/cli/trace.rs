//! `careline trace`: the full text of the SIP messages of one number, for a while; and what is traced now.
//!
//! ```text
//!  careline trace NUMBER --for 1h   ─▶ the running engine writes DATA/traces/TIME.txt, for its owner alone
//!  careline trace                   ─▶ what is traced: how long yet, how many messages, which file
//!  careline trace --stop t1         ─▶ no longer
//! ```
//! The number goes to the engine over its control socket and is in no file name, no log line and no list.

use super::calls::words::table;
use super::ended;
use crate::config::Config;
use crate::id::{BadId, TraceId};
use crate::io::control;
use crate::limits::TRACE_MAX;
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use thiserror::Error;

/// What the operator wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish<'a> {
    /// To trace this number for so long, as typed.
    Start(&'a str, &'a str),
    /// To know what is traced.
    List,
    /// To end this trace.
    Stop(&'a str),
}

/// Why a wish is not even sent.
#[derive(Debug, Error, PartialEq, Eq)]
enum WishError {
    /// No length of time.
    #[error("`{0}` is no length of time: write it as 30m, 2h or 90s")]
    Length(String),
    /// Longer than a trace may be.
    #[error("a trace ends after {} h at the latest: it keeps what patients' telephones say in full", TRACE_MAX.as_secs() / 3_600)]
    TooLong,
    /// No number; what was typed is not repeated.
    #[error("that is no number: write it as the calls have it, such as +16175550142 or 100")]
    Number,
    /// No trace.
    #[error("{0}")]
    Id(#[from] BadId),
    /// The path of the file cannot go over the control socket.
    #[error("the data directory {} has a name that cannot be sent to the engine", .0.display())]
    Path(PathBuf),
}

/// Asks the engine that runs with this configuration, and prints what it says.
pub fn trace(config: &Config, wish: Wish<'_>) -> ExitCode {
    let asked = order(config, wish).map_err(|error| error.to_string()).and_then(|order| {
        control::ask_trace(&config.control, &order.line)
            .map(|answer| told(wish, &order, &answer))
            .map_err(|error| error.to_string())
    });
    ended(asked)
}

/// The request line of a wish, and where the text of a new trace goes.
#[derive(Debug, PartialEq, Eq)]
struct Order {
    line: String,
    file: PathBuf,
}

fn order(config: &Config, wish: Wish<'_>) -> Result<Order, WishError> {
    let file = PathBuf::new();
    match wish {
        Wish::List => Ok(Order { line: "list".to_owned(), file }),
        Wish::Stop(trace) => Ok(Order { line: format!("stop {}", trace.parse::<TraceId>()?), file }),
        Wish::Start(number, lasts) => {
            let (number, lasts) = (bare(number)?, length(lasts)?);
            let file = file_name(&config.store, Timestamp::now());
            let shown = file.to_str().filter(|path| !path.contains(['\n', '\r']));
            let shown = shown.ok_or_else(|| WishError::Path(file.clone()))?;
            Ok(Order { line: format!("start {} {number} {shown}", lasts.as_secs()), file })
        }
    }
}

/// Beside the store, named by the moment: never by the number.
fn file_name(store: &Path, now: Timestamp) -> PathBuf {
    let name = format!("{}.txt", now.strftime("%Y-%m-%dT%H%M%S.%6fZ"));
    let data = store.parent().unwrap_or(Path::new("")).join("traces").join(name);
    // The engine may run in another directory.
    std::path::absolute(&data).unwrap_or(data)
}

/// A number without its visual separators (RFC 3966 §5.1.1).
fn bare(number: &str) -> Result<String, WishError> {
    let bare: String = number.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')')).collect();
    let is_plain = |c: char| c.is_ascii_graphic();
    if bare.is_empty() || !bare.chars().all(is_plain) { Err(WishError::Number) } else { Ok(bare) }
}

/// `90s`, `30m`, `2h`.
fn length(text: &str) -> Result<Duration, WishError> {
    let wrong = || WishError::Length(text.to_owned());
    let (digits, unit) = text.split_at(text.len() - text.chars().last().map_or(0, char::len_utf8));
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return Err(wrong()),
    };
    let count: u64 = digits.parse().map_err(|_| wrong())?;
    let lasts = Duration::from_secs(count.saturating_mul(unit));
    if lasts.is_zero() {
        return Err(wrong());
    }
    if lasts > TRACE_MAX { Err(WishError::TooLong) } else { Ok(lasts) }
}

/// What the engine said, for the operator.
fn told(wish: Wish<'_>, order: &Order, answer: &str) -> String {
    match wish {
        Wish::Start(_, lasts) => {
            let trace = answer.trim();
            format!(
                "{trace}: every SIP message of its calls goes to {} for {lasts}\n\
                 `careline trace` tells how it goes; `careline trace --stop {trace}` ends it now\n",
                order.file.display()
            )
        }
        Wish::List => list(answer),
        Wish::Stop(trace) => format!("{trace} is over; its file stays until you remove it\n"),
    }
}

/// The traces that run, as a table.
fn list(answer: &str) -> String {
    let row = |line: &str| -> Option<[String; 5]> {
        let mut parts = line.splitn(5, '\t').map(str::to_owned);
        let (trace, left) = (parts.next()?, parts.next()?.parse::<u64>().ok()?);
        let left = format!("{}:{:02}:{:02}", left / 3_600, left / 60 % 60, left % 60);
        Some([trace, left, parts.next()?, parts.next()?, parts.next()?])
    };
    let rows: Vec<[String; 5]> = answer.lines().filter_map(row).collect();
    if rows.is_empty() {
        return "nothing is traced: `careline trace NUMBER --for 1h` begins it\n".to_owned();
    }
    let head = ["trace", "ends in", "messages", "not kept", "file"].map(str::to_owned);
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>(), &[1, 2, 3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_a_number_with_its_unit_and_no_longer_than_a_day() {
        let table = [
            ("90s", Ok(90)),
            ("30m", Ok(1_800)),
            ("1h", Ok(3_600)),
            ("24h", Ok(86_400)),
            ("25h", Err(WishError::TooLong)),
            ("99999999999999999999h", Err(WishError::Length("99999999999999999999h".to_owned()))),
            ("0h", Err(WishError::Length("0h".to_owned()))),
            ("h", Err(WishError::Length("h".to_owned()))),
            ("", Err(WishError::Length(String::new()))),
            ("1ü", Err(WishError::Length("1ü".to_owned()))),
            ("60", Err(WishError::Length("60".to_owned()))),
        ];
        for (text, expected) in table {
            assert_eq!(length(text), expected.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn a_number_is_sent_without_its_separators_and_what_is_none_is_not_repeated() {
        assert_eq!(bare("+1 (617) 555-0142").as_deref(), Ok("+16175550142"));
        assert_eq!(bare("*97#").as_deref(), Ok("*97#"));
        for wrong in ["", " - ", "100\nstop t1", "zwölf"] {
            let error = bare(wrong).unwrap_err();
            assert!(wrong.is_empty() || !error.to_string().contains(wrong), "{error}");
        }
    }

    #[test]
    fn the_file_stands_beside_the_store_under_the_moment_and_without_the_number() {
        let now = Timestamp::from_microsecond(1_795_465_800_000_123).unwrap();
        let file = file_name(Path::new("/var/lib/careline/careline.db"), now);
        assert_eq!(file, Path::new("/var/lib/careline/traces/2026-11-23T203000.000123Z.txt"));
        assert!(file_name(Path::new("careline.db"), now).is_absolute());
    }

    #[test]
    fn what_is_traced_is_a_table() {
        assert_eq!(list(""), "nothing is traced: `careline trace NUMBER --for 1h` begins it\n");
        assert_eq!(
            list("t1\t3599\t12\t0\t/data/traces/a b.txt\nt2\t59\t3\t1\t/data/traces/c.txt\n"),
            "trace  ends in  messages  not kept  file\n\
             t1     0:59:59        12         0  /data/traces/a b.txt\n\
             t2     0:00:59         3         1  /data/traces/c.txt\n"
        );
    }
}
