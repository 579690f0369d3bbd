//! The file of what is closed, changed for who closes by phone: on a thread that may wait for the disk and for another who holds
//! the file, while the loop goes on.

use crate::clock::WallTime;
use crate::flow::closing::Closings;
use crate::flow::closing::change::Change;
use crate::id::CallId;
use crate::io::published::Shelf;
use crate::limits::CLOSINGS_MAX;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The call in which it was confirmed.
    pub call: CallId,
    /// What is closed now; nothing if it could not be changed.
    pub closings: Option<Arc<Closings>>,
}

/// Changes the file.
#[derive(Debug)]
pub struct ByPhone {
    shelf: Shelf,
    tell: mpsc::Sender<Changed>,
    told: mpsc::Receiver<Changed>,
}

impl ByPhone {
    /// For the file on this shelf.
    pub fn new(shelf: Shelf) -> Self {
        let (tell, told) = mpsc::channel(CLOSINGS_MAX);
        Self { shelf, tell, told }
    }

    /// Begins a change; [`Self::changed`] brings what comes of it. One thread each: a caller waits for one at a time.
    pub fn change(&self, call: CallId, change: Change, now: WallTime) {
        let (shelf, tell) = (self.shelf.clone(), self.tell.clone());
        tokio::task::spawn_blocking(move || {
            let closings = changed(&shelf, &change, now);
            if let Err(error) = &closings {
                tracing::error!(%call, "lines could not be closed by phone: {error}");
            }
            // Nobody is told once the engine has stopped; the file holds.
            let _ = tell.blocking_send(Changed { call, closings: closings.ok().map(Arc::new) });
        });
    }

    /// What came of a change.
    pub async fn changed(&mut self) -> Changed {
        match self.told.recv().await {
            Some(changed) => changed,
            // A sender is kept here: it never closes.
            None => std::future::pending().await,
        }
    }
}

fn changed(shelf: &Shelf, change: &Change, now: WallTime) -> Result<Closings, String> {
    let held = shelf.hold_closings().map_err(|error| error.to_string())?;
    let before = shelf.closings().map_err(|error| error.to_string())?;
    let closings = change.of(&before, now).map_err(|error| error.to_string())?;
    shelf.keep_closings(&held, &closings).map_err(|error| error.to_string())?;
    tracing::info!(closings = closings.holding(now), "changed by phone: new calls meet these closings");
    Ok(closings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::closing::{Closing, Numbers, Then};
    use crate::id::PromptName;
    use std::time::Duration;

    const NOW: WallTime = WallTime::from_micros(1_795_824_000_000_000);

    fn closing() -> Change {
        Change::Close(Closing {
            numbers: Numbers::All,
            until: NOW + Duration::from_secs(3_600),
            zone: "UTC".to_owned(),
            say: PromptName::from("closed.weather"),
            then: Then::AfterHours,
            by: "phone, call 7".to_owned(),
            made: NOW,
        })
    }

    #[test]
    fn a_change_is_on_disk_when_it_is_told_and_one_that_cannot_be_kept_leaves_the_file() {
        let home = tempfile::tempdir().unwrap();
        let shelf = Shelf::at(&home.path().join("published"));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut by_phone = ByPhone::new(shelf.clone());
        let mut tried = |change: Change| {
            runtime.block_on(async {
                by_phone.change(CallId(7), change, NOW);
                by_phone.changed().await
            })
        };
        let told = tried(closing());
        let closings = told.closings.expect("the folder can be written");
        assert_eq!((told.call, shelf.closings().unwrap()), (CallId(7), (*closings).clone()));

        let held = shelf.hold_closings().unwrap();
        assert_eq!(tried(Change::Open(Numbers::All)).closings, None, "somebody else holds the file");
        assert_eq!(shelf.closings().unwrap(), *closings);
        drop(held);
        assert_eq!(tried(Change::Open(Numbers::All)).closings, Some(Arc::default()));
        assert_eq!(shelf.closings().unwrap(), Closings::default());
    }
}
