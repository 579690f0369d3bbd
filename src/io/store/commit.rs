//! One batch of entries into the tables: one commit, one statement for each table, one trip to the database.
//!
//! `sqlx` runs SQLite on a thread of its own, so that each `execute` costs two changes of thread. BEGIN, the
//! rows and COMMIT therefore go there together.
//!
//! The event log is the truth; `call_record` and `recording` are kept beside it in the same commit, so
//! that a list of calls need not read every event. A row is written when its call or recording begins and
//! once more when it ends; both times the whole row, so that the second may come alone or twice. A batch
//! may be committed twice (when a first answer got lost): the second time changes nothing.

use super::encode::{body, kind};
use super::ledger::{ByCall, Ledger};
use super::read::entries;
use super::texts::{Shape, Texts, padded_length};
use super::words::Word;
use super::{StoreError, stored};
use crate::id::{CallId, RecordingId};
use crate::report::cdr::{Record, Recording, RecordingState};
use crate::report::event::{Entry, Event};
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, Encode, Sqlite, SqliteConnection, Type};
use std::collections::{BTreeMap, BTreeSet};

/// Writes `batch`. The `ledger` knows of it only once it is on disk.
///
/// # Errors
/// What the database says; nothing of the batch is in it then.
pub async fn commit(
    connection: &mut SqliteConnection,
    ledger: &mut Ledger,
    texts: &mut Texts,
    batch: &[Entry],
) -> Result<(), StoreError> {
    if batch.is_empty() {
        return Ok(());
    }
    if let Err(error) = transact(connection, ledger, texts, batch).await {
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
    texts: &mut Texts,
    batch: &[Entry],
) -> Result<(), StoreError> {
    let sorted = ByCall::of(batch);
    let records = changed(connection, ledger, &sorted).await?;
    let mut values = Values::default();
    let shape = Shape {
        log: log(&mut values, batch)?,
        calls: write_calls(&mut values, &records, &sorted)?,
        recordings: write_recordings(&mut values, &records, batch)?,
        late: list_late(&mut values, ledger, batch)?,
    };
    sqlx::query_with(AssertSqlSafe(texts.of(shape)), values.0).execute(connection).await?;
    Ok(())
}

/// What is bound to the question marks of a statement, in their order.
#[derive(Default)]
struct Values(SqliteArguments);

impl Values {
    fn add<'v, T: Encode<'v, Sqlite> + Type<Sqlite>>(&mut self, value: T) -> Result<&mut Self, StoreError> {
        self.0.add(value).map_err(sqlx::Error::Encode)?;
        Ok(self)
    }
}

/// The rows, and the last one again and again up to [`padded_length`]. Every table takes a row twice.
fn padded<T>(rows: &[T]) -> impl Iterator<Item = &T> {
    let missing = padded_length(rows.len()) - rows.len();
    rows.iter().chain(std::iter::repeat_n(rows.last(), missing).flatten())
}

fn log(values: &mut Values, batch: &[Entry]) -> Result<usize, StoreError> {
    for entry in padded(batch) {
        values
            .add(stored(entry.seq))?
            .add(entry.at.as_micros())?
            .add(stored(entry.since_start_us))?
            .add(stored(entry.call.0))?
            .add(kind(&entry.event))?
            .add(body(&entry.event)?)?;
    }
    Ok(padded_length(batch.len()))
}

/// The records, with this batch, of the calls of which a row begins or ends in it.
async fn changed(
    connection: &mut SqliteConnection,
    ledger: &Ledger,
    batch: &ByCall<'_>,
) -> Result<BTreeMap<CallId, Record>, StoreError> {
    let mut records = BTreeMap::new();
    for (call, its) in batch.calls().filter(|(_, its)| its.iter().any(|entry| writes_a_row(&entry.event))) {
        let record = match ledger.record_with(call, its) {
            Some(record) => Some(record),
            None => Record::of(&whole(&mut *connection, call, its).await?),
        };
        records.extend(record.map(|record| (call, record)));
    }
    Ok(records)
}

/// All entries of a call: those on disk, and behind them those of the batch that are not there yet.
async fn whole(
    connection: &mut SqliteConnection,
    call: CallId,
    its: &[&Entry],
) -> Result<Vec<Entry>, StoreError> {
    let mut all = entries(connection, call).await?;
    let on_disk = all.last().map_or(0, |entry| entry.seq);
    all.extend(its.iter().filter(|entry| entry.seq > on_disk).map(|&entry| entry.clone()));
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
        | Event::Diverted(_)
        | Event::Emergency(_)
        | Event::CameBack { .. }
        | Event::Answered { .. }
        | Event::Heard { .. }
        | Event::Flow(_)
        | Event::RecordingSpanBegan { .. }
        | Event::RecordingPaused { .. }
        | Event::RecordingResumed { .. }
        | Event::RecordingSpanEnded { .. }
        | Event::PersonCalled { .. }
        | Event::PersonNotReached { .. }
        | Event::Bridged { .. }
        | Event::Unbridged { .. }
        | Event::GuestCalled { .. }
        | Event::GuestNotReached { .. }
        | Event::GuestJoined { .. }
        | Event::GuestChanged { .. }
        | Event::GuestLeft { .. }
        | Event::InterpreterCalled { .. }
        | Event::InterpreterMissing { .. }
        | Event::KeysPressed { .. }
        | Event::MessageSaved { .. }
        | Event::MessageDone { .. }
        | Event::Hold { .. }
        | Event::Silent { .. }
        | Event::Kept { .. }
        | Event::Resumed { .. }
        | Event::Transfer { .. }
        | Event::MediaClosed { .. }
        | Event::Ladder(_)
        | Event::Ended { .. } => None,
    }
}

fn write_calls(
    values: &mut Values,
    records: &BTreeMap<CallId, Record>,
    batch: &ByCall<'_>,
) -> Result<usize, StoreError> {
    let begins_or_ends = |event: &Event| matches!(event, Event::Arrived { .. } | Event::Ended { .. });
    let known = |(call, its): (CallId, &[&Entry])| {
        let (first, last) = (its.first()?.seq, its.last()?.seq);
        let record = records.get(&call)?;
        Some((record, record.arrived?, record.arrival.as_ref()?, first, last))
    };
    let changed = batch.calls().filter(|(_, its)| its.iter().any(|entry| begins_or_ends(&entry.event)));
    let rows: Vec<_> = changed.filter_map(known).collect();
    for &(record, arrived, arrival, first, last) in padded(&rows) {
        let end = record.end.as_ref();
        let micros = |span: std::time::Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        values
            .add(stored(record.call.0))?
            .add(arrived.at.as_micros())?
            .add(arrival.called.expose().as_str())?
            .add(arrival.caller.as_ref().map(|caller| caller.expose().as_str()))?
            .add(arrival.trunk.as_ref().map(|trunk| trunk.as_str()))?
            .add(arrival.flow.as_str())?
            .add(arrival.version.as_str())?
            .add(arrival.sip_call_id.expose().as_str())?
            .add(record.answered.map(|moment| moment.at.as_micros()))?
            .add(record.heard.map(|moment| moment.at.as_micros()))?
            .add(record.ended.map(|moment| moment.at.as_micros()))?
            .add(end.map(|_| micros(record.ring())))?
            .add(end.map(|_| micros(record.talk())))?
            .add(end.and_then(|end| end.exit.as_ref()).map(|exit| exit.as_str()))?
            .add(end.map(|end| end.cause.word()))?
            .add(end.map(|end| end.by.word()))?
            .add(stored(first))?
            .add(end.map(|_| stored(last)))?;
    }
    Ok(padded_length(rows.len()))
}

fn write_recordings(
    values: &mut Values,
    records: &BTreeMap<CallId, Record>,
    batch: &[Entry],
) -> Result<usize, StoreError> {
    let named: BTreeMap<RecordingId, CallId> =
        batch.iter().filter_map(|entry| Some((recording_named(&entry.event)?, entry.call))).collect();
    let known = |(id, call): (&RecordingId, &CallId)| {
        let recording = records.get(call)?.recordings.iter().find(|it| it.recording == *id)?;
        Some((*call, recording.clone()))
    };
    let rows: Vec<(CallId, Recording)> = named.iter().filter_map(known).collect();
    for (call, recording) in padded(&rows) {
        let (state, milliseconds, fault) = match recording.state {
            RecordingState::Unfinished => ("open", 0, None),
            RecordingState::Closed { milliseconds } => ("closed", milliseconds, None),
            RecordingState::Failed { fault, milliseconds } => ("failed", milliseconds, Some(fault)),
            RecordingState::Recovered { milliseconds } => ("recovered", milliseconds, None),
        };
        values
            .add(stored(recording.recording.0))?
            .add(stored(call.0))?
            .add(recording.kind.word())?
            .add(recording.named.at.as_micros())?
            .add(state)?
            .add(stored(milliseconds))?
            .add(fault.map(Word::word))?;
    }
    Ok(padded_length(rows.len()))
}

/// The entries of calls that are over, or of which the beginning is not known: no row says where they lie.
fn list_late(values: &mut Values, ledger: &Ledger, batch: &[Entry]) -> Result<usize, StoreError> {
    let begun: BTreeSet<CallId> = batch
        .iter()
        .filter(|entry| matches!(entry.event, Event::Arrived { .. }))
        .map(|entry| entry.call)
        .collect();
    let late: Vec<&Entry> =
        batch.iter().filter(|entry| !ledger.knows(entry.call) && !begun.contains(&entry.call)).collect();
    for entry in padded(&late) {
        values.add(stored(entry.call.0))?.add(stored(entry.seq))?;
    }
    Ok(padded_length(late.len()))
}

#[cfg(test)]
mod tests {
    use super::super::texts::unpadded_length;
    use super::*;

    #[test]
    fn rows_are_padded_to_few_lengths_and_only_with_the_last_one() {
        let mut lengths = BTreeSet::new();
        for count in 1..=500 {
            let rows: Vec<usize> = (0..count).collect();
            let padded: Vec<usize> = padded(&rows).copied().collect();
            assert_eq!(padded.len(), padded_length(count));
            assert_eq!(padded[..count], rows);
            assert!(padded[count..].iter().all(|row| *row == count - 1), "{padded:?}");
            assert!(padded.len() * 2 <= count * 3 || count == 1, "{count} rows became {}", padded.len());
            lengths.insert(padded.len());
            let below = unpadded_length(count);
            assert_eq!(padded_length(below), below, "{below} of {count} rows fit without filling up");
            assert!(below <= count && below * 3 >= count * 2, "{below} of {count} rows");
        }
        assert_eq!(lengths.len(), 18, "{lengths:?}");
        assert_eq!(padded::<u8>(&[]).count(), 0);
    }
}
