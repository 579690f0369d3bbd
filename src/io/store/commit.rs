//! One batch of entries into the tables: one commit, one statement for each table, one trip to the database.
//!
//! `sqlx` runs SQLite on a thread of its own, so that each `execute` costs two changes of thread. BEGIN, the
//! rows and COMMIT therefore go there together.
//!
//! The event log is the truth; `call_record` and `recording` are kept beside it in the same commit, so
//! that a list of calls need not read every event. A row is written when its call or recording begins and
//! once more when it ends; both times the whole row, so that the second may come alone or twice. A batch
//! may be committed twice (when a first answer got lost): the second time changes nothing.

use super::encode::encode;
use super::ledger::Ledger;
use super::read::entries;
use super::words::Word;
use super::{StoreError, stored};
use crate::id::{CallId, RecordingId};
use crate::report::cdr::{Record, Recording, RecordingState};
use crate::report::event::{Entry, Event};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use std::collections::{BTreeMap, BTreeSet};

/// Writes `batch`. The `ledger` knows of it only once it is on disk.
///
/// # Errors
/// What the database says; nothing of the batch is in it then.
pub async fn commit(
    connection: &mut SqliteConnection,
    ledger: &mut Ledger,
    batch: &[Entry],
) -> Result<(), StoreError> {
    if batch.is_empty() {
        return Ok(());
    }
    if let Err(error) = transact(connection, ledger, batch).await {
        // After most errors of a disk SQLite has rolled back by itself, and then this says that there is
        // nothing to roll back: either way nothing is open that the next commit could land in.
        let rolled_back = sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await;
        tracing::debug!(open = rolled_back.is_ok(), "a commit failed");
        return Err(error);
    }
    ledger.note(batch);
    Ok(())
}

/// Not `sqlx`'s own transaction: it goes on counting one that SQLite has rolled back by itself, takes the next
/// for a savepoint within it, and after a second failed commit reports savepoints released in a transaction
/// that is never committed.
async fn transact(
    connection: &mut SqliteConnection,
    ledger: &Ledger,
    batch: &[Entry],
) -> Result<(), StoreError> {
    let records = changed(connection, ledger, batch).await?;
    let mut statements: QueryBuilder<Sqlite> = QueryBuilder::new("BEGIN; ");
    log(&mut statements, batch);
    write_calls(&mut statements, &records, batch);
    write_recordings(&mut statements, &records, batch);
    list_late(&mut statements, ledger, batch);
    statements.push("COMMIT");
    statements.build().execute(connection).await?;
    Ok(())
}

/// The rows, and the last one again and again up to one of a few lengths, so that statements of few lengths are
/// in use and each stays prepared: to prepare one took a sixth of a commit. Every table takes a row twice.
fn padded<T>(rows: &[T]) -> impl Iterator<Item = &T> {
    let count = rows.len();
    // 1, 2, 3, 4, 6, 8, 12, 16, 24, …
    let above = count.next_power_of_two();
    let between = above / 4 * 3;
    let length = if count <= between { between } else { above };
    rows.iter().chain(std::iter::repeat_n(rows.last(), length - count).flatten())
}

fn log(statements: &mut QueryBuilder<Sqlite>, batch: &[Entry]) {
    statements.push("INSERT INTO event_log (seq, at, since_start_us, call_id, kind, body) ");
    statements.push_values(padded(batch), |mut row, entry| {
        let (kind, body) = encode(&entry.event);
        row.push_bind(stored(entry.seq))
            .push_bind(entry.at.as_micros())
            .push_bind(stored(entry.since_start_us))
            .push_bind(stored(entry.call.0))
            .push_bind(kind)
            .push_bind(body.to_string());
    });
    statements.push(" ON CONFLICT (seq) DO NOTHING; ");
}

/// The records, with this batch, of the calls of which a row begins or ends in it.
async fn changed(
    connection: &mut SqliteConnection,
    ledger: &Ledger,
    batch: &[Entry],
) -> Result<BTreeMap<CallId, Record>, StoreError> {
    let calls: BTreeSet<CallId> =
        batch.iter().filter(|entry| writes_a_row(&entry.event)).map(|entry| entry.call).collect();
    let mut records = BTreeMap::new();
    for call in calls {
        let record = match ledger.record_with(batch, call) {
            Some(record) => Some(record),
            None => Record::of(&whole(&mut *connection, batch, call).await?),
        };
        records.extend(record.map(|record| (call, record)));
    }
    Ok(records)
}

/// All entries of a call: those on disk, and behind them those of the batch that are not there yet.
async fn whole(
    connection: &mut SqliteConnection,
    batch: &[Entry],
    call: CallId,
) -> Result<Vec<Entry>, StoreError> {
    let mut all = entries(connection, call).await?;
    let on_disk = all.last().map_or(0, |entry| entry.seq);
    all.extend(batch.iter().filter(|entry| entry.call == call && entry.seq > on_disk).cloned());
    Ok(all)
}

fn writes_a_row(event: &Event) -> bool {
    matches!(event, Event::Arrived { .. } | Event::Ended { .. }) || recording_named(event).is_some()
}

/// The recording of which an event begins or ends the row.
fn recording_named(event: &Event) -> Option<RecordingId> {
    match event {
        Event::RecordingNamed { recording, .. }
        | Event::RecordingClosed { recording, .. }
        | Event::RecordingFailed { recording, .. }
        | Event::RecordingRecovered { recording, .. } => Some(*recording),
        Event::Arrived { .. }
        | Event::Answered { .. }
        | Event::Heard { .. }
        | Event::Flow(_)
        | Event::RecordingSpanBegan { .. }
        | Event::RecordingSpanEnded { .. }
        | Event::PersonCalled { .. }
        | Event::PersonNotReached { .. }
        | Event::Bridged { .. }
        | Event::Unbridged { .. }
        | Event::MessageSaved { .. }
        | Event::Hold { .. }
        | Event::MediaClosed { .. }
        | Event::Ladder(_)
        | Event::Ended { .. } => None,
    }
}

fn write_calls(statements: &mut QueryBuilder<Sqlite>, records: &BTreeMap<CallId, Record>, batch: &[Entry]) {
    let begins_or_ends = |event: &Event| matches!(event, Event::Arrived { .. } | Event::Ended { .. });
    let calls: BTreeSet<CallId> =
        batch.iter().filter(|entry| begins_or_ends(&entry.event)).map(|entry| entry.call).collect();
    let known = |call: &CallId| {
        let record = records.get(call)?;
        Some((record, record.arrived?, record.arrival.as_ref()?))
    };
    let rows: Vec<_> = calls.iter().filter_map(known).collect();
    let of_call = |call: CallId| batch.iter().filter(move |entry| entry.call == call).map(|entry| entry.seq);
    if rows.is_empty() {
        return;
    }
    statements.push(
        "INSERT INTO call_record (call_id, arrived_at, called, caller, trunk, flow, flow_version, sip_call_id,
         answered_at, heard_at, ended_at, ring_us, talk_us, exit_name, cause, ended_by, first_seq, last_seq) ",
    );
    statements.push_values(padded(&rows), |mut row, (record, arrived, arrival)| {
        let end = record.end.as_ref();
        let micros = |span: std::time::Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        row.push_bind(stored(record.call.0))
            .push_bind(arrived.at.as_micros())
            .push_bind(arrival.called.expose().as_str())
            .push_bind(arrival.caller.as_ref().map(|caller| caller.expose().as_str()))
            .push_bind(arrival.trunk.as_ref().map(|trunk| trunk.as_str()))
            .push_bind(arrival.flow.as_str())
            .push_bind(arrival.version.as_str())
            .push_bind(arrival.sip_call_id.expose().as_str())
            .push_bind(record.answered.map(|moment| moment.at.as_micros()))
            .push_bind(record.heard.map(|moment| moment.at.as_micros()))
            .push_bind(record.ended.map(|moment| moment.at.as_micros()))
            .push_bind(end.map(|_| micros(record.ring())))
            .push_bind(end.map(|_| micros(record.talk())))
            .push_bind(end.and_then(|end| end.exit.as_ref()).map(|exit| exit.as_str()))
            .push_bind(end.map(|end| end.cause.word()))
            .push_bind(end.map(|end| end.by.word()))
            .push_bind(of_call(record.call).next().map(stored))
            .push_bind(end.and_then(|_| of_call(record.call).next_back()).map(stored));
    });
    // A beginning that is written again leaves the end that stands there already; an end, the first entry.
    statements.push(
        " ON CONFLICT (call_id) DO UPDATE SET answered_at = excluded.answered_at, heard_at = excluded.heard_at,
         ended_at = excluded.ended_at, ring_us = excluded.ring_us, talk_us = excluded.talk_us,
         exit_name = excluded.exit_name, cause = excluded.cause, ended_by = excluded.ended_by,
         last_seq = excluded.last_seq
         WHERE excluded.cause IS NOT NULL; ",
    );
}

fn write_recordings(
    statements: &mut QueryBuilder<Sqlite>,
    records: &BTreeMap<CallId, Record>,
    batch: &[Entry],
) {
    let named: BTreeMap<RecordingId, CallId> =
        batch.iter().filter_map(|entry| Some((recording_named(&entry.event)?, entry.call))).collect();
    let known = |(id, call): (&RecordingId, &CallId)| {
        let recording = records.get(call)?.recordings.iter().find(|it| it.recording == *id)?;
        Some((*call, recording.clone()))
    };
    let rows: Vec<(CallId, Recording)> = named.iter().filter_map(known).collect();
    if rows.is_empty() {
        return;
    }
    statements
        .push("INSERT INTO recording (recording_id, call_id, kind, named_at, state, milliseconds, fault) ");
    statements.push_values(padded(&rows), |mut row, (call, recording)| {
        let (state, milliseconds, fault) = match recording.state {
            RecordingState::Unfinished => ("open", 0, None),
            RecordingState::Closed { milliseconds } => ("closed", milliseconds, None),
            RecordingState::Failed { fault, milliseconds } => ("failed", milliseconds, Some(fault)),
            RecordingState::Recovered { milliseconds } => ("recovered", milliseconds, None),
        };
        row.push_bind(stored(recording.recording.0))
            .push_bind(stored(call.0))
            .push_bind(recording.kind.word())
            .push_bind(recording.named.at.as_micros())
            .push_bind(state)
            .push_bind(stored(milliseconds))
            .push_bind(fault.map(Word::word));
    });
    statements.push(
        " ON CONFLICT (recording_id) DO UPDATE SET state = excluded.state,
         milliseconds = excluded.milliseconds, fault = excluded.fault WHERE excluded.state <> 'open'; ",
    );
}

/// The entries of calls that are over, or of which the beginning is not known: no row says where they lie.
fn list_late(statements: &mut QueryBuilder<Sqlite>, ledger: &Ledger, batch: &[Entry]) {
    let begun: BTreeSet<CallId> = batch
        .iter()
        .filter(|entry| matches!(entry.event, Event::Arrived { .. }))
        .map(|entry| entry.call)
        .collect();
    let late: Vec<&Entry> =
        batch.iter().filter(|entry| !ledger.knows(entry.call) && !begun.contains(&entry.call)).collect();
    if late.is_empty() {
        return;
    }
    statements.push("INSERT INTO late_entry (call_id, seq) ");
    statements.push_values(padded(&late), |mut row, entry| {
        row.push_bind(stored(entry.call.0)).push_bind(stored(entry.seq));
    });
    statements.push(" ON CONFLICT (call_id, seq) DO NOTHING; ");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_padded_to_few_lengths_and_only_with_the_last_one() {
        let mut lengths = BTreeSet::new();
        for count in 1..=500 {
            let rows: Vec<usize> = (0..count).collect();
            let padded: Vec<usize> = padded(&rows).copied().collect();
            assert_eq!(padded[..count], rows);
            assert!(padded[count..].iter().all(|row| *row == count - 1), "{padded:?}");
            assert!(padded.len() * 2 <= count * 3 || count == 1, "{count} rows became {}", padded.len());
            lengths.insert(padded.len());
        }
        assert_eq!(lengths.len(), 18, "{lengths:?}");
        assert_eq!(padded::<u8>(&[]).count(), 0);
    }
}
