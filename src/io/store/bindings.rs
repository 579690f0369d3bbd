//! Where phones are, over a restart: the last known bindings of each user, in a table of the store.
//!
//! ```text
//!  switch ──keep──▶ waiting, one place a user ──all of them──▶ one commit ──▶ up to this change it is on disk
//!         never waits        └◀─ again, a second later ─┘ fails
//! ```
//! What waits is the newest word of each user, so that there is never more than one for each. A thread and a connection
//! of its own: the event log does not wait for phones, nor they for it.

use super::schema::migrate;
use super::{StoreError, connect};
use crate::clock::WallTime;
use crate::io::now::Clock;
use crate::phi::Phi;
use crate::sip::registrar::Keep;
use crate::sip::registrar::binding::Kept;
use crate::sip::way::{Transport, Way};
use crate::wire::sip::registration::Preference;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// How long a failed commit waits for its next try.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The bindings on disk.
pub struct Bindings {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

/// The bindings of each user that still hold.
pub type Loaded = Vec<(String, Vec<Kept>)>;

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    waiting: BTreeMap<Arc<str>, Keep>,
    last: u64,
    closing: bool,
}

struct Writer {
    shared: Arc<Shared>,
    runtime: Runtime,
    path: PathBuf,
    /// None after a commit that failed: what it left open ends with it.
    connection: Option<SqliteConnection>,
    clock: Clock,
    told: watch::Sender<u64>,
}

impl Bindings {
    /// Reads what holds still, and starts the thread that writes. `told` gets the last change that is on disk.
    ///
    /// # Errors
    /// [`StoreError`] with the place, the cause and the repair.
    pub fn open(path: &Path, clock: Clock, told: watch::Sender<u64>) -> Result<(Self, Loaded), StoreError> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let (connection, loaded) = runtime.block_on(async {
            let mut connection = connect(path).await?;
            migrate(&mut connection).await?;
            let loaded = load(&mut connection, clock.wall()).await?;
            Ok::<_, StoreError>((connection, loaded))
        })?;
        let shared = Arc::new(Shared::default());
        let mut writer = Writer {
            shared: Arc::clone(&shared),
            runtime,
            path: path.to_path_buf(),
            connection: Some(connection),
            clock,
            told,
        };
        let thread = std::thread::Builder::new().name("bindings".to_owned()).spawn(move || writer.run())?;
        Ok((Self { shared, thread }, loaded))
    }

    /// Keeps this word of a user in place of the one before. Never waits.
    pub fn keep(&self, keep: Keep) {
        let mut state = self.shared.lock();
        state.last = state.last.max(keep.change);
        state.waiting.insert(Arc::clone(&keep.user), keep);
        drop(state);
        self.shared.wake.notify_one();
    }

    /// Writes what waits, and ends.
    pub fn close(self) {
        self.shared.lock().closing = true;
        self.shared.wake.notify_one();
        if self.thread.join().is_err() {
            tracing::error!("the thread that keeps the bindings of phones had failed");
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    fn run(&mut self) {
        while let Some((batch, last)) = self.next() {
            match self.commit(&batch) {
                Ok(()) => drop(self.told.send_replace(last)),
                Err(error) => {
                    tracing::error!(%error, "the bindings of phones are not kept; they are rung all the same");
                    self.connection = None;
                    if !self.put_back(batch) {
                        return;
                    }
                }
            }
        }
    }

    /// All that waits, and the last change in it; `None` when the store closes and nothing is left.
    fn next(&self) -> Option<(BTreeMap<Arc<str>, Keep>, u64)> {
        let mut state = self.shared.lock();
        while state.waiting.is_empty() {
            if state.closing {
                return None;
            }
            state = self.shared.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        Some((std::mem::take(&mut state.waiting), state.last))
    }

    /// What failed waits again, behind a newer word of the same user, for a moment. False: the store closes.
    fn put_back(&self, batch: BTreeMap<Arc<str>, Keep>) -> bool {
        let mut state = self.shared.lock();
        if state.closing {
            return false;
        }
        for (user, keep) in batch {
            state.waiting.entry(user).or_insert(keep);
        }
        let open = |state: &mut State| !state.closing;
        drop(self.shared.wake.wait_timeout_while(state, RETRY_AFTER, open));
        true
    }

    fn commit(&mut self, batch: &BTreeMap<Arc<str>, Keep>) -> Result<(), StoreError> {
        let Self { runtime, connection, path, clock, .. } = self;
        runtime.block_on(async {
            let open = match connection.take() {
                Some(open) => open,
                None => connect(path).await?,
            };
            write(connection.insert(open), batch, clock.wall()).await
        })
    }
}

async fn write(
    connection: &mut SqliteConnection,
    batch: &BTreeMap<Arc<str>, Keep>,
    now: WallTime,
) -> Result<(), StoreError> {
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut *connection).await?;
    for (user, keep) in batch {
        sqlx::query("DELETE FROM binding WHERE sip_user = $1")
            .bind(&**user)
            .execute(&mut *connection)
            .await?;
        for kept in &keep.bindings {
            insert(connection, user, kept, now).await?;
        }
    }
    sqlx::raw_sql("COMMIT").execute(connection).await?;
    Ok(())
}

async fn insert(
    connection: &mut SqliteConnection,
    user: &str,
    kept: &Kept,
    now: WallTime,
) -> Result<(), StoreError> {
    let until = now.as_micros().saturating_add(i64::try_from(kept.holds.as_micros()).unwrap_or(i64::MAX));
    let text = |octets: &Phi<Box<[u8]>>| String::from_utf8_lossy(octets.expose()).into_owned();
    sqlx::query(
        "INSERT INTO binding (sip_user, contact, path, instance, reg_id, transport, local_address, remote_address,
             preference, call_id, cseq, until_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(user)
    .bind(text(&kept.contact))
    .bind(text(&kept.path))
    .bind(text(&kept.instance))
    .bind(kept.reg_id.map(i64::from))
    .bind(kept.way.transport.in_uri())
    .bind(kept.way.local.to_string())
    .bind(kept.way.remote.to_string())
    .bind(i64::from(kept.preference.thousandths()))
    .bind(text(&kept.call_id))
    .bind(i64::from(kept.cseq))
    .bind(until)
    .execute(connection)
    .await?;
    Ok(())
}

/// What holds still; a row that cannot be read is as if its phone had never logged in: it does so again.
async fn load(connection: &mut SqliteConnection, now: WallTime) -> Result<Loaded, StoreError> {
    let rows = sqlx::query(
        "SELECT sip_user, contact, path, instance, reg_id, transport, local_address, remote_address, preference,
             call_id, cseq, until_at
         FROM binding WHERE until_at > $1 ORDER BY sip_user",
    )
    .bind(now.as_micros())
    .fetch_all(connection)
    .await?;
    let mut loaded: Loaded = Vec::new();
    for (user, kept) in rows.iter().filter_map(|row| read(row, now)) {
        match loaded.last_mut().filter(|(last, _)| *last == user) {
            Some((_, all)) => all.push(kept),
            None => loaded.push((user, vec![kept])),
        }
    }
    Ok(loaded)
}

fn read(row: &SqliteRow, now: WallTime) -> Option<(String, Kept)> {
    let text = |name: &str| row.try_get::<String, _>(name).ok();
    // Asked for a plain number, SQLite gives 0 for one that is not there.
    let number = |name: &str| row.try_get::<Option<i64>, _>(name).ok().flatten();
    let octets = |name: &str| Some(Phi::new(text(name)?.into_bytes().into_boxed_slice()));
    let transport = text("transport")?;
    let transport = Transport::ALL.into_iter().find(|known| known.in_uri() == transport)?;
    let lasts = number("until_at")?.saturating_sub(now.as_micros());
    let kept = Kept {
        contact: octets("contact")?,
        path: octets("path")?,
        instance: octets("instance")?,
        reg_id: number("reg_id").and_then(|id| u32::try_from(id).ok()),
        way: Way {
            transport,
            local: text("local_address")?.parse().ok()?,
            remote: text("remote_address")?.parse().ok()?,
            connection: None,
        },
        preference: Preference::from_thousandths(u16::try_from(number("preference")?).ok()?),
        call_id: octets("call_id")?,
        cseq: u32::try_from(number("cseq")?).ok()?,
        holds: Duration::from_micros(u64::try_from(lasts).ok()?),
    };
    Some((text("sip_user")?, kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(contact: &str, seconds: u64, reg_id: Option<u32>) -> Kept {
        let octets = |text: &str| Phi::new(Box::from(text.as_bytes()));
        Kept {
            contact: octets(contact),
            path: octets("<sip:edge;lr>"),
            instance: octets("<urn:uuid:1>"),
            reg_id,
            way: Way {
                transport: Transport::Udp,
                local: "10.0.0.1:5060".parse().unwrap(),
                remote: "[2001:db8::7]:40000".parse().unwrap(),
                connection: None,
            },
            preference: Preference::from_thousandths(500),
            call_id: octets("c"),
            cseq: u32::MAX,
            holds: Duration::from_secs(seconds),
        }
    }

    fn keep(change: u64, user: &str, bindings: Vec<Kept>) -> Keep {
        Keep { change, user: Arc::from(user), bindings }
    }

    #[test]
    fn what_was_kept_is_read_back_and_the_last_word_of_a_user_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.sqlite");
        let (told, mut heard) = watch::channel(0);
        std::fs::File::create(&path).unwrap();
        let clock = Clock::start();
        let (bindings, before) = Bindings::open(&path, clock, told).unwrap();
        assert!(before.is_empty(), "{before:?}");
        bindings.keep(keep(1, "ann", vec![kept("sip:one@h", 600, None)]));
        bindings.keep(keep(2, "bob", vec![kept("sip:gone@h", 0, None)]));
        bindings.keep(keep(3, "ann", vec![kept("sip:two@h", 600, Some(7)), kept("sip:three@h", 600, None)]));
        bindings.keep(keep(4, "cleo", vec![kept("sip:x@h", 600, None)]));
        bindings.keep(keep(5, "cleo", vec![]));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(heard.wait_for(|up_to| *up_to == 5)).unwrap();
        bindings.close();
        let (told, _heard) = watch::channel(0);
        let (bindings, loaded) = Bindings::open(&path, clock, told).unwrap();
        bindings.close();
        let [(user, all)] = &loaded[..] else { panic!("{loaded:?}") };
        assert_eq!(user, "ann");
        for (found, expected) in
            all.iter().zip([kept("sip:two@h", 600, Some(7)), kept("sip:three@h", 600, None)])
        {
            let lasts = found.holds;
            assert!(lasts <= expected.holds && lasts > Duration::from_secs(300), "{lasts:?}");
            assert_eq!(*found, Kept { holds: lasts, ..expected });
        }
        assert_eq!(all.len(), 2);
    }
}
