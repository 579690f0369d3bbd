//! Reading the store: for reports on a connection of their own, which can neither write nor hold up a call.

use super::decode::decode;
use super::words::Word;
use super::{StoreError, blocking, loaded};
use crate::clock::WallTime;
use crate::id::{CallId, ExitName, FlowName};
use crate::phi::Phi;
use crate::report::event::{Cause, Entry, Party};
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection};
use std::path::Path;
use std::time::Duration;

/// One line of the list of calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLine {
    /// Which call.
    pub call: CallId,
    /// When the INVITE was let in.
    pub arrived: WallTime,
    /// The number called.
    pub called: Phi<String>,
    /// The caller's number; `None` is anonymous.
    pub caller: Option<Phi<String>>,
    /// The flow that answered.
    pub flow: FlowName,
    /// How it ended; `None`: it goes on.
    pub end: Option<LineEnd>,
}

/// How a call of the list ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineEnd {
    /// From the INVITE to the answer, or to the end.
    pub ring: Duration,
    /// From the answer to the end.
    pub talk: Duration,
    /// The exit of the flow, if it reached one.
    pub exit: Option<ExitName>,
    /// Why.
    pub cause: Cause,
    /// Who ended it.
    pub by: Party,
}

/// The last `limit` calls, the newest first.
///
/// # Errors
/// When there is no store at `path`, or it cannot be read.
pub fn calls(path: &Path, limit: u32) -> Result<Vec<CallLine>, StoreError> {
    blocking(async {
        let mut connection = open(path).await?;
        let rows = sqlx::query(
            "SELECT call_id, arrived_at, called, caller, flow, ring_us, talk_us, exit_name, cause, ended_by
             FROM call_record ORDER BY arrived_at DESC, call_id DESC LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(&mut connection)
        .await?;
        connection.close().await?;
        rows.iter().map(line).collect()
    })
}

/// Everything the log says of one call, in order; empty when it knows no such call.
///
/// # Errors
/// When there is no store at `path`, or it cannot be read.
pub fn call(path: &Path, call: CallId) -> Result<Vec<Entry>, StoreError> {
    blocking(async {
        let mut connection = open(path).await?;
        let found = entries(&mut connection, call).await;
        connection.close().await?;
        found
    })
}

/// The entries of one call on a connection that is open already: those between its first and its last, and
/// those that came later. Everything that was logged meanwhile is looked through.
///
/// # Errors
/// What the database says, or a row that is no event.
pub async fn entries(connection: &mut SqliteConnection, call: CallId) -> Result<Vec<Entry>, StoreError> {
    let rows = sqlx::query(
        "SELECT seq, at, since_start_us, kind, body FROM event_log
         WHERE call_id = $1
           AND seq >= (SELECT first_seq FROM call_record WHERE call_id = $1)
           AND seq <= (SELECT COALESCE(last_seq, 9223372036854775807) FROM call_record WHERE call_id = $1)
         UNION
         SELECT event_log.seq, at, since_start_us, kind, body
         FROM late_entry JOIN event_log ON event_log.seq = late_entry.seq
         WHERE late_entry.call_id = $1
         ORDER BY seq",
    )
    .bind(super::stored(call.0))
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| entry(call, row)).collect()
}

pub(super) async fn open(path: &Path) -> Result<SqliteConnection, StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing { path: path.to_path_buf() });
    }
    let options =
        SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(Duration::from_secs(5));
    options.connect().await.map_err(|source| StoreError::Open { path: path.to_path_buf(), source })
}

pub(super) fn entry(call: CallId, row: &SqliteRow) -> Result<Entry, StoreError> {
    let seq = loaded(row.try_get("seq")?);
    let kind: &str = row.try_get("kind")?;
    let body: &str = row.try_get("body")?;
    let body = serde_json::from_str(body).map_err(|_| StoreError::Body { seq })?;
    Ok(Entry {
        seq,
        at: WallTime::from_micros(row.try_get("at")?),
        since_start_us: loaded(row.try_get("since_start_us")?),
        call,
        event: decode(kind, &body).map_err(|source| StoreError::Decode { seq, source })?,
    })
}

fn line(row: &SqliteRow) -> Result<CallLine, StoreError> {
    let caller: Option<String> = row.try_get("caller")?;
    let cause: Option<&str> = row.try_get("cause")?;
    let by: Option<&str> = row.try_get("ended_by")?;
    let exit: Option<&str> = row.try_get("exit_name")?;
    let flow: &str = row.try_get("flow")?;
    let end = match (cause.and_then(Cause::of), by.and_then(Party::of)) {
        (Some(cause), Some(by)) => Some(LineEnd {
            ring: Duration::from_micros(loaded(row.try_get("ring_us")?)),
            talk: Duration::from_micros(loaded(row.try_get("talk_us")?)),
            exit: exit.map(ExitName::from),
            cause,
            by,
        }),
        (None, _) | (_, None) => None,
    };
    Ok(CallLine {
        call: CallId(loaded(row.try_get("call_id")?)),
        arrived: WallTime::from_micros(row.try_get("arrived_at")?),
        called: Phi::new(row.try_get("called")?),
        caller: caller.map(Phi::new),
        flow: FlowName::from(flow),
        end,
    })
}
