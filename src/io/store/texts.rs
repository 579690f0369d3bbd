//! The statement of a commit: its text, for each number of rows of each table.
//!
//! ```text
//!  rows: 25 · 3 · 0 · 0  ─padded─▶  Shape 32 · 4 · 0 · 0  ─▶  BEGIN; INSERT …; INSERT …; COMMIT
//! ```
//! Numbers of rows are rounded up to one of a few, so that few statements are in use and each stays prepared:
//! to prepare one took a sixth of a commit, and to write its text as long as to encode its rows.

use crate::limits::STORE_TEXTS_MAX;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many rows of each table a statement writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shape {
    /// Of `event_log`.
    pub log: usize,
    /// Of `call_record`.
    pub calls: usize,
    /// Of `recording`.
    pub recordings: usize,
    /// Of `late_entry`.
    pub late: usize,
}

/// The texts that were needed so far.
#[derive(Debug, Default)]
pub struct Texts(BTreeMap<Shape, Arc<str>>);

impl Texts {
    /// The text for so many rows; at most [`STORE_TEXTS_MAX`] are kept.
    pub fn of(&mut self, shape: Shape) -> Arc<str> {
        if let Some(text) = self.0.get(&shape) {
            return Arc::clone(text);
        }
        if self.0.len() == STORE_TEXTS_MAX {
            self.0.clear();
        }
        let text: Arc<str> = text(shape).into();
        self.0.insert(shape, Arc::clone(&text));
        text
    }
}

/// A number of rows rounded up: 1, 2, 3, 4, 6, 8, 12, 16, 24, …
pub fn padded_length(count: usize) -> usize {
    let above = count.next_power_of_two();
    let between = above / 4 * 3;
    match count {
        0 => 0,
        _ if count <= between => between,
        _ => above,
    }
}

/// The greatest such number that is not over `count`.
pub fn unpadded_length(count: usize) -> usize {
    let below = 1 << count.checked_ilog2().unwrap_or(0);
    let between = below / 2 * 3;
    if count >= between { between.max(below) } else { below.min(count) }
}

struct Table {
    into: &'static str,
    columns: usize,
    /// What a row does that is there already.
    again: &'static str,
}

const LOG: Table = Table {
    into: "event_log (seq, at, since_start_us, call_id, kind, body)",
    columns: 6,
    again: "(seq) DO NOTHING",
};

/// A beginning that is written again leaves the end that stands there already; an end, the first entry.
const CALLS: Table = Table {
    into: "call_record (call_id, arrived_at, called, caller, trunk, flow, flow_version, sip_call_id, answered_at, \
           heard_at, ended_at, ring_us, talk_us, exit_name, cause, ended_by, first_seq, last_seq)",
    columns: 18,
    again: "(call_id) DO UPDATE SET answered_at = excluded.answered_at, heard_at = excluded.heard_at, \
            ended_at = excluded.ended_at, ring_us = excluded.ring_us, talk_us = excluded.talk_us, \
            exit_name = excluded.exit_name, cause = excluded.cause, ended_by = excluded.ended_by, \
            last_seq = excluded.last_seq WHERE excluded.cause IS NOT NULL",
};

const RECORDINGS: Table = Table {
    into: "recording (recording_id, call_id, kind, named_at, state, milliseconds, fault)",
    columns: 7,
    again: "(recording_id) DO UPDATE SET state = excluded.state, milliseconds = excluded.milliseconds, \
            fault = excluded.fault WHERE excluded.state <> 'open'",
};

const LATE: Table =
    Table { into: "late_entry (call_id, seq)", columns: 2, again: "(call_id, seq) DO NOTHING" };

fn text(shape: Shape) -> String {
    let mut text = "BEGIN; ".to_owned();
    let tables = [(LOG, shape.log), (CALLS, shape.calls), (RECORDINGS, shape.recordings), (LATE, shape.late)];
    for (table, rows) in tables.into_iter().filter(|(_, rows)| *rows > 0) {
        let row = format!("({})", vec!["?"; table.columns].join(","));
        let rows = vec![row; rows].join(",");
        text.push_str(&format!("INSERT INTO {} VALUES {rows} ON CONFLICT {}; ", table.into, table.again));
    }
    text.push_str("COMMIT");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_only_the_tables_that_get_rows() {
        let shape = Shape { log: 2, calls: 0, recordings: 0, late: 1 };
        assert_eq!(
            Texts::default().of(shape).as_ref(),
            "BEGIN; INSERT INTO event_log (seq, at, since_start_us, call_id, kind, body) VALUES \
             (?,?,?,?,?,?),(?,?,?,?,?,?) ON CONFLICT (seq) DO NOTHING; \
             INSERT INTO late_entry (call_id, seq) VALUES (?,?) ON CONFLICT (call_id, seq) DO NOTHING; COMMIT"
        );
    }

    #[test]
    fn every_table_has_as_many_question_marks_as_columns() {
        for table in [LOG, CALLS, RECORDINGS, LATE] {
            assert_eq!(table.into.split(',').count(), table.columns, "{}", table.into);
        }
    }

    #[test]
    fn as_many_texts_are_kept_as_are_allowed() {
        let mut texts = Texts::default();
        for log in 1..=2 * STORE_TEXTS_MAX {
            texts.of(Shape { log, calls: 0, recordings: 0, late: 0 });
            assert!(texts.0.len() <= STORE_TEXTS_MAX, "{} texts after {log}", texts.0.len());
        }
    }
}
