//! What a start does with what the last stop left behind: no call stays open, no recording without an end.
//!
//! ```text
//!  recordings: log × folder ──reconcile──▶ RecordingRecovered | RecordingFailed
//!  calls without Ended       ────────────▶ Interrupted, if their dialogs were written down and it was a moment ago
//!                            └───────────▶ Ended { engine_restart }
//! ```

use super::commit::commit;
use super::interruption;
use super::ledger::Ledger;
use super::messages;
use super::read::entries;
use super::texts::Texts;
use super::{StoreError, loaded};
use crate::call::recording::RecordingFault;
use crate::clock::WallTime;
use crate::id::{CallId, RecordingId};
use crate::io::recorder::disk;
use crate::io::recorder::reconcile::{self, Found, Known};
use crate::limits::EVENT_BATCH_MAX;
use crate::report::event::{Cause, Entry, Event, Party};
use crate::switch::interface::Interrupted;
use crate::switch::messages::Left;
use sqlx::{Row, SqliteConnection};
use std::collections::BTreeMap;
use std::path::Path;

/// What the start found and settled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The sequence number of this run's first entry.
    pub next_seq: u64,
    /// Over every number that a call or a recording ever had.
    pub next_id: u64,
    /// Calls that were open and are closed now.
    pub calls: Vec<CallId>,
    /// Calls that were open and may go on.
    pub interrupted: Vec<Interrupted>,
    /// Recordings that were unfinished and are whole now, with their milliseconds.
    pub recordings: BTreeMap<RecordingId, u64>,
    /// Recordings that were named and have no readable file.
    pub lost: Vec<RecordingId>,
    /// Files in the folder that no log knows; they were left alone.
    pub foreign: u64,
    /// Messages that nobody has marked as done, the oldest first.
    pub messages: Vec<Left>,
    /// Octets that the recordings take: where the recorder's quota starts.
    pub octets: u64,
}

/// Settles everything, with entries that carry the time `now`.
///
/// # Errors
/// What the database or the folder of recordings says.
pub async fn settle(
    connection: &mut SqliteConnection,
    folder: &Path,
    now: WallTime,
) -> Result<Recovered, StoreError> {
    let (known, owners) = recordings(connection).await?;
    let found = reconcile::reconcile(folder, &known)
        .map_err(|source| StoreError::Recordings { path: folder.to_path_buf(), source })?;
    let (mut calls, mut interrupted) = (Vec::new(), Vec::new());
    for call in open_calls(connection).await? {
        match interruption::read(call, &entries(connection, call).await?, now) {
            Some(it) => interrupted.push(it),
            None => calls.push(call),
        }
    }
    let events = closing(&found, &owners, &calls);
    let mut next_seq = next(connection, "SELECT MAX(seq) FROM event_log").await?;
    let mut batch = Vec::with_capacity(events.len());
    for (call, event) in events {
        let since_start_us = since_start(connection, call, now).await?;
        batch.push(Entry { seq: next_seq, at: now, since_start_us, call, event });
        next_seq += 1;
    }
    let (mut ledger, mut texts) = (Ledger::default(), Texts::default());
    for part in batch.chunks(EVENT_BATCH_MAX) {
        commit(connection, &mut ledger, &mut texts, part).await?;
    }
    let mut next_id = 1;
    for greatest in [
        "SELECT MAX(call_id) FROM call_record",
        "SELECT MAX(call_id) FROM late_entry",
        "SELECT MAX(recording_id) FROM recording",
    ] {
        next_id = next(connection, greatest).await?.max(next_id);
    }
    let lost = lost(&found);
    let messages = messages::left(connection).await?;
    Ok(Recovered {
        messages,
        next_seq,
        next_id,
        calls,
        interrupted,
        recordings: found.recovered,
        lost,
        foreign: found.foreign,
        octets: found.octets,
    })
}

/// The entries that end what was left open: recordings first, so that the calls' records have them.
fn closing(found: &Found, owners: &BTreeMap<RecordingId, CallId>, calls: &[CallId]) -> Vec<(CallId, Event)> {
    let owner = |recording: RecordingId| owners.get(&recording).copied();
    let recovered = found.recovered.iter().filter_map(|(&recording, &milliseconds)| {
        Some((owner(recording)?, Event::RecordingRecovered { recording, milliseconds }))
    });
    let lost = lost(found).into_iter().filter_map(|recording| {
        Some((
            owner(recording)?,
            Event::RecordingFailed { recording, fault: RecordingFault::Io, milliseconds: 0 },
        ))
    });
    let ended = Event::Ended { cause: Cause::EngineRestart, by: Party::Engine, exit: None };
    recovered.chain(lost).chain(calls.iter().map(|&call| (call, ended.clone()))).collect()
}

fn lost(found: &Found) -> Vec<RecordingId> {
    let unreadable =
        found.unreadable.iter().filter_map(|(path, _)| disk::named(path)).map(|(recording, _)| recording);
    found.missing.iter().copied().chain(unreadable).collect()
}

async fn recordings(
    connection: &mut SqliteConnection,
) -> Result<(Known, BTreeMap<RecordingId, CallId>), StoreError> {
    let mut known = Known::default();
    let mut owners = BTreeMap::new();
    let rows =
        sqlx::query("SELECT recording_id, call_id, state FROM recording").fetch_all(connection).await?;
    for row in rows {
        let recording = RecordingId(loaded(row.try_get("recording_id")?));
        let state: &str = row.try_get("state")?;
        if state == "open" {
            known.unfinished.insert(recording);
            owners.insert(recording, CallId(loaded(row.try_get("call_id")?)));
        } else if state == "failed" {
            known.broken.insert(recording);
        } else {
            known.finished.insert(recording);
        }
    }
    Ok((known, owners))
}

async fn open_calls(connection: &mut SqliteConnection) -> Result<Vec<CallId>, StoreError> {
    let ids: Vec<i64> =
        sqlx::query_scalar("SELECT call_id FROM call_record WHERE cause IS NULL ORDER BY call_id")
            .fetch_all(connection)
            .await?;
    Ok(ids.into_iter().map(|id| CallId(loaded(id))).collect())
}

/// The place of `now` on the time line of the run in which the call lived.
async fn since_start(
    connection: &mut SqliteConnection,
    call: CallId,
    now: WallTime,
) -> Result<u64, StoreError> {
    let entries = entries(connection, call).await?;
    let Some(last) = entries.last() else { return Ok(0) };
    let since = now.as_micros().saturating_sub(last.at.as_micros());
    Ok(last.since_start_us.saturating_add(u64::try_from(since).unwrap_or(0)))
}

async fn next(connection: &mut SqliteConnection, greatest: &'static str) -> Result<u64, StoreError> {
    let greatest: Option<i64> = sqlx::query_scalar(greatest).fetch_one(connection).await?;
    Ok(greatest.map_or(1, |greatest| loaded(greatest) + 1))
}
