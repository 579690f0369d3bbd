//! Live edit, for demonstrations: the draft is looked at twice a second, and each version of it that has no fault is
//! served as soon as it has settled. One with faults is told and served to nobody. Not here: publishing; what is heard
//! this way is kept nowhere, and calls that go on over many changes may hear a sound in its newest form.

use crate::flow::content::Content;
use crate::io::control::Request;
use crate::io::published::gather::Folders;
use crate::io::set_load::{self, NewSets};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval};

/// Between two looks: an editor that writes several files is done by the second one.
const LOOKED_AT_EVERY: Duration = Duration::from_millis(500);

/// What was seen of the draft.
#[derive(Debug, Default)]
struct Watch {
    /// What was served, or told to have faults.
    done: Content,
    /// What was there at the last look.
    seen: Content,
}

impl Watch {
    /// Whether the draft is to be loaded: it is another one, and it has not changed since the last look.
    fn look(&mut self, now: Content) -> bool {
        let is_settled = now == self.seen;
        self.seen = now;
        let is_due = is_settled && self.seen != self.done;
        if is_due {
            self.done = self.seen.clone();
        }
        is_due
    }
}

/// Watches until the engine ends. Must be called inside a tokio runtime.
pub fn watch(draft: Folders, requests: mpsc::Sender<Request>) {
    tokio::spawn(async move {
        let mut ticks = interval(LOOKED_AT_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut watch = Watch { done: content(&draft).await.unwrap_or_default(), seen: Content::default() };
        let mut count = 1;
        while !requests.is_closed() {
            ticks.tick().await;
            let Some(now) = content(&draft).await else { continue };
            if watch.look(now) {
                count += 1;
                serve(&draft, count, &requests).await;
            }
        }
    });
}

/// The hashes of the files; nothing while they cannot be read, as in the middle of a copy.
async fn content(draft: &Folders) -> Option<Content> {
    let draft = draft.clone();
    tokio::task::spawn_blocking(move || draft.content().ok()).await.ok().flatten()
}

async fn serve(draft: &Folders, count: u32, requests: &mpsc::Sender<Request>) {
    let from = draft.clone();
    let current = match tokio::task::spawn_blocking(move || set_load::draft(&from, count)).await {
        Ok(Ok(loaded)) => loaded,
        Ok(Err(error)) => {
            return tracing::warn!(
                "the draft has faults and is not served; what was served before still is:\n{error}"
            );
        }
        Err(error) => return tracing::error!(%error, "the draft could not be loaded"),
    };
    let (answer, told) = oneshot::channel();
    let sets = Box::new(NewSets { current, canary: None });
    if requests.send(Request::Serve(sets, answer)).await.is_ok()
        && let Ok(Err(error)) = told.await
    {
        tracing::warn!(%error, "the draft is not served");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_loaded_once_it_has_settled_and_only_once() {
        let content = |hash: &str| Content { files: [("a".to_owned(), hash.to_owned())].into() };
        let mut watch = Watch { done: content("1"), seen: Content::default() };
        // What is there at each look, and whether it is loaded.
        let looks = [
            ("1", false),
            ("1", false),
            ("2", false),
            ("3", false),
            ("3", true),
            ("3", false),
            ("1", false),
            ("1", true),
        ];
        for (at, (hash, expected)) in looks.into_iter().enumerate() {
            assert_eq!(watch.look(content(hash)), expected, "look {at} at {hash}");
        }
    }
}
