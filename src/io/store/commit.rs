//! One batch of entries into the tables, in one commit.
//!
//! The event log is the truth; `call_record` and `recording` are kept beside it in the same commit, so
//! that a list of calls need not read every event. A batch may be committed twice (when a first answer
//! got lost): the second time changes nothing.

use super::encode::encode;
use super::read::entries;
use super::words::Word;
use super::{StoreError, stored};
use crate::call::recording::RecordingFault;
use crate::id::{CallId, RecordingId};
use crate::report::cdr::Record;
use crate::report::event::{Entry, Event};
use sqlx::{Connection, QueryBuilder, Sqlite, SqliteConnection};

/// Writes `batch`: one statement for the log, then what it changes in the other tables.
///
/// # Errors
/// What the database says; nothing of the batch is in it then.
pub async fn commit(connection: &mut SqliteConnection, batch: &[Entry]) -> Result<(), StoreError> {
    if batch.is_empty() {
        return Ok(());
    }
    let mut transaction = connection.begin().await?;
    log(&mut transaction, batch).await?;
    for entry in batch {
        apply(&mut transaction, entry).await?;
    }
    transaction.commit().await?;
    Ok(())
}

async fn log(connection: &mut SqliteConnection, batch: &[Entry]) -> Result<(), StoreError> {
    let mut insert: QueryBuilder<Sqlite> =
        QueryBuilder::new("INSERT INTO event_log (seq, at, since_start_us, call_id, kind, body) ");
    insert.push_values(batch, |mut row, entry| {
        let (kind, body) = encode(&entry.event);
        row.push_bind(stored(entry.seq))
            .push_bind(entry.at.as_micros())
            .push_bind(stored(entry.since_start_us))
            .push_bind(stored(entry.call.0))
            .push_bind(kind)
            .push_bind(body.to_string());
    });
    insert.push(" ON CONFLICT (seq) DO NOTHING");
    // Batches differ in length: keeping each statement prepared would only fill the cache.
    insert.build().persistent(false).execute(connection).await?;
    Ok(())
}

async fn apply(connection: &mut SqliteConnection, entry: &Entry) -> Result<(), StoreError> {
    match &entry.event {
        Event::Arrived { .. } => open_record(connection, entry).await,
        Event::Ended { .. } => close_record(connection, entry.call).await,
        Event::RecordingNamed { recording, kind } => {
            sqlx::query(
                "INSERT INTO recording (recording_id, call_id, kind, named_at, state, milliseconds)
                 VALUES ($1, $2, $3, $4, 'open', 0) ON CONFLICT (recording_id) DO NOTHING",
            )
            .bind(stored(recording.0))
            .bind(stored(entry.call.0))
            .bind(kind.word())
            .bind(entry.at.as_micros())
            .execute(connection)
            .await?;
            Ok(())
        }
        Event::RecordingClosed { recording, milliseconds } => {
            close_recording(connection, *recording, "closed", *milliseconds, None).await
        }
        Event::RecordingFailed { recording, fault, milliseconds } => {
            close_recording(connection, *recording, "failed", *milliseconds, Some(*fault)).await
        }
        Event::RecordingRecovered { recording, milliseconds } => {
            close_recording(connection, *recording, "recovered", *milliseconds, None).await
        }
        Event::Answered { .. }
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
        | Event::MediaClosed { .. } => Ok(()),
    }
}

async fn open_record(connection: &mut SqliteConnection, entry: &Entry) -> Result<(), StoreError> {
    let Event::Arrived { trunk, called, caller, sip_call_id, flow, version, .. } = &entry.event else {
        return Ok(());
    };
    sqlx::query(
        "INSERT INTO call_record (call_id, arrived_at, called, caller, trunk, flow, flow_version, sip_call_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (call_id) DO NOTHING",
    )
    .bind(stored(entry.call.0))
    .bind(entry.at.as_micros())
    .bind(called.expose())
    .bind(caller.as_ref().map(|caller| caller.expose()))
    .bind(trunk.as_ref().map(|trunk| trunk.as_str()))
    .bind(flow.as_str())
    .bind(version)
    .bind(sip_call_id.expose())
    .execute(connection)
    .await?;
    Ok(())
}

/// The record as the log tells it: the fold is done once, here, at the end of the call.
async fn close_record(connection: &mut SqliteConnection, call: CallId) -> Result<(), StoreError> {
    let Some(record) = Record::of(&entries(&mut *connection, call).await?) else { return Ok(()) };
    let Some(end) = &record.end else { return Ok(()) };
    sqlx::query(
        "UPDATE call_record SET answered_at = $2, heard_at = $3, ended_at = $4, ring_us = $5, talk_us = $6,
         exit_name = $7, cause = $8, ended_by = $9 WHERE call_id = $1",
    )
    .bind(stored(call.0))
    .bind(record.answered.map(|moment| moment.at.as_micros()))
    .bind(record.heard.map(|moment| moment.at.as_micros()))
    .bind(record.ended.map(|moment| moment.at.as_micros()))
    .bind(i64::try_from(record.ring().as_micros()).unwrap_or(i64::MAX))
    .bind(i64::try_from(record.talk().as_micros()).unwrap_or(i64::MAX))
    .bind(end.exit.as_ref().map(|exit| exit.as_str()))
    .bind(end.cause.word())
    .bind(end.by.word())
    .execute(connection)
    .await?;
    Ok(())
}

async fn close_recording(
    connection: &mut SqliteConnection,
    recording: RecordingId,
    state: &'static str,
    milliseconds: u64,
    fault: Option<RecordingFault>,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE recording SET state = $2, milliseconds = $3, fault = $4 WHERE recording_id = $1")
        .bind(stored(recording.0))
        .bind(state)
        .bind(stored(milliseconds))
        .bind(fault.map(Word::word))
        .execute(connection)
        .await?;
    Ok(())
}
