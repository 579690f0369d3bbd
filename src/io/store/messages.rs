//! The messages that wait, read from the log: a few lines of it, found by an index that holds no others.

use super::read::{entry, open};
use super::{StoreError, blocking, loaded};
use crate::clock::WallTime;
use crate::id::{CallId, FlowName};
use crate::phi::Phi;
use crate::report::messages::{Message, Messages};
use crate::switch::messages::Left;
use sqlx::{Connection, Row, SqliteConnection};
use std::path::Path;

/// A message of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageLine {
    /// The message.
    pub message: Message,
    /// The number that was called.
    pub called: Phi<String>,
    /// The caller's number; `None` is anonymous.
    pub caller: Option<Phi<String>>,
    /// The flow that answered.
    pub flow: FlowName,
    /// When its recording was named: its UTC day is the file's folder.
    pub named: WallTime,
}

/// Who asks in these words finds the index.
const OF_MESSAGES: &str = "SELECT seq, at, since_start_us, call_id, kind, body FROM event_log
     WHERE kind IN ('message_saved', 'message_done', 'promised') ORDER BY seq";

/// Every message of the log.
///
/// # Errors
/// What the database says, or a row that is no event.
pub async fn read(connection: &mut SqliteConnection) -> Result<Messages, StoreError> {
    let rows = sqlx::query(OF_MESSAGES).fetch_all(connection).await?;
    let mut messages = Messages::default();
    for row in rows {
        messages.follow(&entry(CallId(loaded(row.try_get("call_id")?)), &row)?);
    }
    Ok(messages)
}

/// Those that wait, the oldest first, each with the flow that answered its call.
///
/// # Errors
/// What the database says, or a row that is no event.
pub async fn left(connection: &mut SqliteConnection) -> Result<Vec<Left>, StoreError> {
    let mut all = Vec::new();
    for message in read(connection).await?.waiting() {
        let flow: Option<String> = sqlx::query_scalar("SELECT flow FROM call_record WHERE call_id = $1")
            .bind(super::stored(message.call.0))
            .fetch_optional(&mut *connection)
            .await?;
        let flow = flow.as_deref().map(FlowName::from);
        all.push(Left { recording: message.recording, flow });
    }
    Ok(all)
}

/// Every message of the log, on a connection of its own.
///
/// # Errors
/// When there is no store at `path`, or it cannot be read.
pub fn all(path: &Path) -> Result<Messages, StoreError> {
    blocking(async {
        let mut connection = open(path).await?;
        let messages = read(&mut connection).await;
        connection.close().await?;
        messages
    })
}

/// The `first` oldest ones that wait, and how many there are in all.
///
/// # Errors
/// When there is no store at `path`, or it cannot be read.
pub fn waiting(path: &Path, first: usize) -> Result<(Vec<MessageLine>, usize), StoreError> {
    blocking(async {
        let mut connection = open(path).await?;
        let messages = read(&mut connection).await?;
        let mut lines = Vec::new();
        for message in messages.waiting().take(first) {
            lines.extend(line(&mut connection, *message).await?);
        }
        connection.close().await?;
        Ok((lines, messages.waiting().len()))
    })
}

async fn line(
    connection: &mut SqliteConnection,
    message: Message,
) -> Result<Option<MessageLine>, StoreError> {
    let row = sqlx::query(
        "SELECT called, caller, flow, named_at FROM call_record
         JOIN recording ON recording.call_id = call_record.call_id
         WHERE recording.recording_id = $1",
    )
    .bind(super::stored(message.recording.0))
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let flow: &str = row.try_get("flow")?;
    Ok(Some(MessageLine {
        message,
        called: Phi::new(row.try_get("called")?),
        caller: row.try_get::<Option<String>, _>("caller")?.map(Phi::new),
        flow: FlowName::from(flow),
        named: WallTime::from_micros(row.try_get("named_at")?),
    }))
}

#[cfg(test)]
mod tests {
    use super::super::schema::migrate;
    use super::*;
    use crate::id::RecordingId;
    use crate::io::store::connect;
    use sqlx::AssertSqlSafe;

    const ROWS: &str = r#"
        INSERT INTO event_log VALUES (1, 10, 10, 7, 'message_saved', '{"recording":"r5"}'),
            (2, 20, 20, 7, 'promised', '{"within_working_days":1}'), (3, 30, 30, 8, 'heard', '{"by_ack":true}'),
            (4, 40, 40, 8, 'message_saved', '{"recording":"r6"}'), (5, 50, 50, 9, 'message_saved', '{"recording":"r7"}'),
            (6, 60, 60, 8, 'message_done', '{"recording":"r6","by":"command"}');
        INSERT INTO call_record (call_id, arrived_at, called, caller, flow, flow_version, sip_call_id)
            VALUES (7, 1, '199', '+16175550142', 'after_hours', '0', 'a@b'), (8, 2, '199', NULL, 'after_hours', '0', 'c@d'),
            (9, 3, '100', NULL, 'entry', '0', 'e@f');
        INSERT INTO recording (recording_id, call_id, kind, named_at, state, milliseconds)
            VALUES (5, 7, 'message', 5, 'closed', 340), (6, 8, 'message', 15, 'closed', 340),
            (7, 9, 'message', 45, 'closed', 340);
    "#;

    #[test]
    fn what_waits_is_listed_and_found_without_a_look_at_the_whole_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.sqlite");
        std::fs::File::create(&path).unwrap();
        let plan = blocking(async {
            let mut connection = connect(&path).await?;
            migrate(&mut connection).await?;
            sqlx::raw_sql(ROWS).execute(&mut connection).await?;
            let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {OF_MESSAGES}")));
            let rows = plan.fetch_all(&mut connection).await?;
            let details = rows.iter().map(|row| row.try_get::<String, _>("detail"));
            let plan = details.collect::<Result<Vec<_>, _>>()?.join("; ");
            connection.close().await?;
            Ok(plan)
        });
        let plan = plan.unwrap();
        assert!(plan.contains("event_log_of_messages") && !plan.contains("TEMP B-TREE"), "{plan}");

        let (lines, all) = waiting(&path, 1).unwrap();
        let [line] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!((line.message.call, line.message.recording, all), (CallId(7), RecordingId(5), 2));
        assert_eq!((line.message.within_working_days, line.message.saved.since_start_us), (Some(1), 10));
        assert_eq!((line.flow.as_str(), line.named.as_micros()), ("after_hours", 5));
        assert_eq!(line.caller.as_ref().map(|caller| caller.expose().as_str()), Some("+16175550142"));
        assert_eq!(waiting(&path, 9).unwrap().0.len(), 2);
        let left = blocking(async {
            let mut connection = connect(&path).await?;
            sqlx::raw_sql("DELETE FROM call_record WHERE call_id = 9").execute(&mut connection).await?;
            left(&mut connection).await
        });
        let left: Vec<_> = left.unwrap().into_iter().map(|it| (it.recording.0, it.flow)).collect();
        assert_eq!(
            left,
            [(5, Some("after_hours".into())), (7, None)],
            "a message without a record waits too"
        );
        let messages = super::all(&path).unwrap();
        assert!(messages.is_done(CallId(8)) && messages.of(CallId(9)).len() == 1);
    }
}
