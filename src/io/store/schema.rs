//! The tables, and how an older database is brought up to them. Plain SQL that PostgreSQL takes as it stands,
//! but for the type of a key.
//!
//! Times are microseconds since 1970 in UTC, ids the 64 bits of their type, spans microseconds.
//!
//! The log has no index by call: with a thousand calls up, their entries would be spread over as many of
//! its pages, and each commit would write most of them anew. Instead a call's row says from where to where
//! its entries lie, and those that came when the call was over are listed in `late_entry`.

use super::StoreError;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

/// The type of a key that SQLite takes for the place of the row itself; with any other word it keeps a second tree
/// from keys to rows, which every commit writes too. PostgreSQL says BIGINT.
const ROW_NUMBER: &str = "INTEGER";

/// Each step brings the database from its own place in this list to the next.
const STEPS: &[&str] = &[
    "
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
",
    "
    ALTER TABLE call_record ADD COLUMN first_seq BIGINT;
    ALTER TABLE call_record ADD COLUMN last_seq BIGINT;
    UPDATE call_record SET
        first_seq = (SELECT MIN(seq) FROM event_log WHERE event_log.call_id = call_record.call_id),
        last_seq = (SELECT MAX(seq) FROM event_log WHERE event_log.call_id = call_record.call_id);
    UPDATE call_record SET last_seq = NULL WHERE cause IS NULL;
    CREATE TABLE late_entry (
        call_id BIGINT NOT NULL,
        seq     BIGINT NOT NULL,
        PRIMARY KEY (call_id, seq)
    );
    INSERT INTO late_entry (call_id, seq)
        SELECT call_id, seq FROM event_log WHERE call_id NOT IN (SELECT call_id FROM call_record);
    DROP INDEX event_log_of_call;
",
    "
    CREATE TABLE event_log_3 (
        seq            ROW_NUMBER PRIMARY KEY,
        at             BIGINT NOT NULL,
        since_start_us BIGINT NOT NULL,
        call_id        BIGINT NOT NULL,
        kind           TEXT   NOT NULL,
        body           TEXT   NOT NULL
    );
    INSERT INTO event_log_3 (seq, at, since_start_us, call_id, kind, body)
        SELECT seq, at, since_start_us, call_id, kind, body FROM event_log ORDER BY seq;
    DROP TABLE event_log;
    ALTER TABLE event_log_3 RENAME TO event_log;
    CREATE TABLE call_record_3 (
        call_id      ROW_NUMBER PRIMARY KEY,
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
        ended_by     TEXT,
        first_seq    BIGINT,
        last_seq     BIGINT
    );
    INSERT INTO call_record_3 (call_id, arrived_at, answered_at, heard_at, ended_at, ring_us, talk_us, called,
            caller, trunk, flow, flow_version, sip_call_id, exit_name, cause, ended_by, first_seq, last_seq)
        SELECT call_id, arrived_at, answered_at, heard_at, ended_at, ring_us, talk_us, called,
            caller, trunk, flow, flow_version, sip_call_id, exit_name, cause, ended_by, first_seq, last_seq
        FROM call_record ORDER BY call_id;
    DROP TABLE call_record;
    ALTER TABLE call_record_3 RENAME TO call_record;
    CREATE INDEX call_record_by_time ON call_record (arrived_at);
    CREATE TABLE recording_3 (
        recording_id ROW_NUMBER PRIMARY KEY,
        call_id      BIGINT NOT NULL,
        kind         TEXT   NOT NULL,
        named_at     BIGINT NOT NULL,
        state        TEXT   NOT NULL,
        milliseconds BIGINT NOT NULL,
        fault        TEXT
    );
    INSERT INTO recording_3 (recording_id, call_id, kind, named_at, state, milliseconds, fault)
        SELECT recording_id, call_id, kind, named_at, state, milliseconds, fault
        FROM recording ORDER BY recording_id;
    DROP TABLE recording;
    ALTER TABLE recording_3 RENAME TO recording;
    CREATE INDEX recording_of_call ON recording (call_id);
",
    "
    CREATE TABLE binding (
        sip_user       TEXT   NOT NULL,
        contact        TEXT   NOT NULL,
        path           TEXT   NOT NULL,
        instance       TEXT   NOT NULL,
        reg_id         BIGINT,
        transport      TEXT   NOT NULL,
        local_address  TEXT   NOT NULL,
        remote_address TEXT   NOT NULL,
        preference     BIGINT NOT NULL,
        call_id        TEXT   NOT NULL,
        cseq           BIGINT NOT NULL,
        until_at       BIGINT NOT NULL
    );
    CREATE INDEX binding_of_user ON binding (sip_user);
",
    // Which messages wait is asked of a few lines among millions; all others cost this index nothing.
    "
    CREATE INDEX event_log_of_messages ON event_log (seq)
        WHERE kind IN ('message_saved', 'message_done', 'promised');
",
];

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
        sqlx::raw_sql(AssertSqlSafe(step.replace("ROW_NUMBER", ROW_NUMBER)))
            .execute(&mut *transaction)
            .await?;
        sqlx::query("INSERT INTO schema_version (version) VALUES ($1)")
            .bind((number + 1) as i64)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::read::entries;
    use super::*;
    use crate::id::CallId;
    use crate::io::store::blocking;

    #[test]
    fn a_database_of_the_first_version_keeps_its_calls() {
        let found = blocking(async {
            let mut connection = SqliteConnection::connect("sqlite::memory:").await?;
            sqlx::raw_sql(STEPS[0]).execute(&mut connection).await?;
            sqlx::raw_sql(
                "CREATE TABLE schema_version (version BIGINT NOT NULL);
                 INSERT INTO schema_version VALUES (1);
                 INSERT INTO event_log VALUES (1, 10, 10, 7, 'heard', '{\"by_ack\":true}'),
                     (2, 20, 20, 8, 'heard', '{\"by_ack\":true}'), (3, 30, 30, 7, 'notice_given', '{}'),
                     (4, 40, 40, 9, 'notice_given', '{}'), (5, 50, 50, 8, 'notice_cut', '{}');
                 INSERT INTO call_record (call_id, arrived_at, called, flow, flow_version, sip_call_id, cause)
                     VALUES (7, 10, '100', 'entry', '0', 'a@b', 'normal'), (8, 20, '100', 'entry', '0', 'c@d', NULL);
                 INSERT INTO recording (recording_id, call_id, kind, named_at, state, milliseconds)
                     VALUES (5, 7, 'call', 12, 'closed', 340);",
            )
            .execute(&mut connection)
            .await?;
            migrate(&mut connection).await?;
            migrate(&mut connection).await?;
            let mut found = Vec::new();
            for call in [7, 8, 9] {
                let its = entries(&mut connection, CallId(call)).await?;
                found.push((call, its.iter().map(|entry| entry.seq).collect::<Vec<_>>()));
            }
            let row: String = sqlx::query_scalar(
                "SELECT r.recording_id || r.kind || r.state || r.milliseconds || c.sip_call_id || c.cause
                 || c.first_seq || c.last_seq FROM recording r JOIN call_record c ON c.call_id = r.call_id",
            )
            .fetch_one(&mut connection)
            .await?;
            let second_trees: Vec<String> =
                sqlx::query_scalar("SELECT tbl_name FROM sqlite_schema WHERE name LIKE 'sqlite_autoindex_%'")
                    .fetch_all(&mut connection)
                    .await?;
            Ok((found, row, second_trees))
        });
        let (found, row, second_trees) = found.unwrap();
        assert_eq!(found, [(7, vec![1, 3]), (8, vec![2, 5]), (9, vec![4])]);
        assert_eq!(row, "5callclosed340a@bnormal13");
        assert_eq!(second_trees, ["late_entry"], "one tree a table, but for the key of two columns");
    }
}
