//! The tables, and how an older database is brought up to them. Plain SQL that PostgreSQL takes as it stands.
//!
//! Times are microseconds since 1970 in UTC, ids the 64 bits of their type, spans microseconds.

use super::StoreError;
use sqlx::{Connection, SqliteConnection};

/// Each step brings the database from its own place in this list to the next.
const STEPS: &[&str] = &["
    CREATE TABLE event_log (
        seq            BIGINT PRIMARY KEY,
        at             BIGINT NOT NULL,
        since_start_us BIGINT NOT NULL,
        call_id        BIGINT NOT NULL,
        kind           TEXT   NOT NULL,
        body           TEXT   NOT NULL
    );
    CREATE INDEX event_log_of_call ON event_log (call_id, seq);
    CREATE TABLE call_record (
        call_id      BIGINT PRIMARY KEY,
        arrived_at   BIGINT NOT NULL,
        answered_at  BIGINT,
        heard_at     BIGINT,
        ended_at     BIGINT,
        ring_us      BIGINT,
        talk_us      BIGINT,
        called       TEXT   NOT NULL,
        caller       TEXT,
        trunk        TEXT,
        flow         TEXT   NOT NULL,
        flow_version TEXT   NOT NULL,
        sip_call_id  TEXT   NOT NULL,
        exit_name    TEXT,
        cause        TEXT,
        ended_by     TEXT
    );
    CREATE INDEX call_record_by_time ON call_record (arrived_at);
    CREATE TABLE recording (
        recording_id BIGINT PRIMARY KEY,
        call_id      BIGINT NOT NULL,
        kind         TEXT   NOT NULL,
        named_at     BIGINT NOT NULL,
        state        TEXT   NOT NULL,
        milliseconds BIGINT NOT NULL,
        fault        TEXT
    );
    CREATE INDEX recording_of_call ON recording (call_id);
"];

/// Brings the database to this program's version.
///
/// # Errors
/// [`StoreError::Newer`] when a newer program has written it; what the database says otherwise.
pub async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::raw_sql("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")
        .execute(&mut *connection)
        .await?;
    let version: Option<i64> =
        sqlx::query_scalar("SELECT MAX(version) FROM schema_version").fetch_one(&mut *connection).await?;
    let version = usize::try_from(version.unwrap_or(0)).unwrap_or(usize::MAX);
    if version > STEPS.len() {
        return Err(StoreError::Newer { found: version, ours: STEPS.len() });
    }
    for (number, step) in STEPS.iter().enumerate().skip(version) {
        let mut transaction = connection.begin().await?;
        sqlx::raw_sql(*step).execute(&mut *transaction).await?;
        sqlx::query("INSERT INTO schema_version (version) VALUES ($1)")
            .bind((number + 1) as i64)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
    }
    Ok(())
}
