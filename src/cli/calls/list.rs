//! The last calls as a table.

use super::Numbers;
use super::words::{by_whom, cause, clock, date_time, number, party, table};
use crate::io::store::read::{CallLine, LineEnd};
use crate::report::event::Cause;
use jiff::tz::TimeZone;

/// The calls as a table whose columns fit their contents.
pub fn list(calls: &[CallLine], numbers: Numbers, zone: &TimeZone) -> String {
    if calls.is_empty() {
        return "no calls yet\n".to_owned();
    }
    let head = ["call", "local time", "from", "to", "flow", "rang", "talked", "end"].map(str::to_owned);
    let rows = calls.iter().map(|call| {
        let end = call.end.as_ref();
        [
            call.call.to_string(),
            date_time(call.arrived, zone, "%Y-%m-%d %H:%M:%S"),
            call.caller.as_ref().map_or("anonymous".to_owned(), |caller| number(caller, numbers)),
            number(&call.called, numbers),
            call.flow.to_string(),
            end.map_or(String::new(), |end| clock(end.ring)),
            end.map_or(String::new(), |end| clock(end.talk)),
            end.map_or("goes on".to_owned(), ended),
        ]
    });
    let rows: Vec<[String; 8]> = std::iter::once(head).chain(rows).collect();
    table(&rows, &[4, 5, 6])
}

fn ended(end: &LineEnd) -> String {
    match (&end.exit, end.cause) {
        (Some(exit), Cause::Normal) => format!("{exit}, by {}", party(end.by)),
        (Some(exit), _) => format!("{exit}, {}", cause(end.cause)),
        (None, _) => by_whom(end.cause, end.by),
    }
}
