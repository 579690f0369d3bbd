//! Our own changes of a session: re-INVITE (RFC 3261 §14.1) and UPDATE (RFC 3311), one at a time.
//! ```text
//!  Idle ──wish──▶ Wanted ──dialog free──▶ Open ──2xx, other refusals──▶ Idle
//!                   ▲                       │
//!                   ├── 422, 405 ───────────┤     at once: with their interval, by re-INVITE
//!                   └── 491: after a wait ──┘     the owner of the Call-ID 2.1–4 s, the other 0–2 s (§14.1)
//! ```
//! A newer wish takes the place of one that was not sent yet. What the answer means to the dialog is
//! decided here, what it says of media is the switch's.

use crate::clock::Instant;
use crate::limits::{GLARE_TRIES_MAX, INTERVAL_TRIES_MAX};
use crate::rng::Rng;
use std::time::Duration;

/// The step in which a wait after 491 is chosen (RFC 3261 §14.1).
const GLARE_STEP_MS: u64 = 10;

/// Who began the call: he owns its Call-ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// We did.
    Us,
    /// The peer did.
    Them,
}

/// How long a change waits that met one of the peer's (RFC 3261 §14.1).
pub fn glare_wait(owner: Owner, rng: &mut Rng) -> Duration {
    let steps = match owner {
        Owner::Us => 210 + rng.below(191),
        Owner::Them => rng.below(201),
    };
    Duration::from_millis(steps * GLARE_STEP_MS)
}

/// Which request carries a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// INVITE within the dialog.
    ReInvite,
    /// UPDATE.
    Update,
}

/// What a change says of media.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// This offer.
    Offer(Vec<u8>),
    /// Nothing: the peer shall offer in its 2xx (re-INVITE alone).
    Ask,
    /// What was said last: only the session timer is meant.
    Refresh,
}

/// A change that we want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// By which request.
    pub means: Means,
    /// What.
    pub content: Content,
    /// How often it met a change of the peer's.
    pub tries: u32,
}

/// What a final answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 2xx: the change holds.
    Accepted(Wish),
    /// The session stays as it was.
    Refused(Wish),
    /// The peer knows the dialog no more, or is not there (RFC 3261 §12.2.1.2).
    Gone,
    /// It is tried again later.
    Later,
}

/// Our changes in one dialog.
#[derive(Debug, Default)]
pub struct Change {
    next: Option<Wish>,
    not_before: Option<Instant>,
    open: Option<Wish>,
}

impl Change {
    /// Enters a wish. One that waits for its turn is forgotten, unless the new one only refreshes.
    pub fn want(&mut self, wish: Wish) {
        if wish.content != Content::Refresh || self.next.is_none() {
            self.next = Some(wish);
        }
    }

    /// The dialog is free: the wish that may go now.
    pub fn take(&mut self, now: Instant) -> Option<&Wish> {
        if self.open.is_some() || self.not_before.is_some_and(|at| at > now) {
            return None;
        }
        self.not_before = None;
        self.open = self.next.take();
        self.open.as_ref()
    }

    /// The final status of the change that is open; 408 when nobody answered. `wait` is for 491.
    pub fn finish(&mut self, now: Instant, status: u16, wait: Duration) -> Option<Outcome> {
        let mut wish = self.open.take()?;
        wish.tries += 1;
        Some(match status {
            200..=299 => Outcome::Accepted(wish),
            408 | 481 => {
                self.stop();
                Outcome::Gone
            }
            // An UPDATE that they do not do after all goes as a re-INVITE.
            405 | 501 if wish.means == Means::Update => {
                self.next.get_or_insert(Wish { means: Means::ReInvite, ..wish });
                Outcome::Later
            }
            // With the least interval that was named it may go at once (RFC 4028 §7.4).
            422 if wish.tries < INTERVAL_TRIES_MAX => {
                self.next.get_or_insert(wish);
                Outcome::Later
            }
            491 if wish.tries < GLARE_TRIES_MAX => {
                self.next.get_or_insert(wish);
                self.not_before = Some(now + wait);
                Outcome::Later
            }
            _ => Outcome::Refused(wish),
        })
    }

    /// Nothing more is wanted.
    pub fn stop(&mut self) {
        *self = Self::default();
    }

    /// Forgets the wish that was not sent yet.
    pub fn withdraw(&mut self) -> Option<Wish> {
        self.not_before = None;
        self.next.take()
    }

    /// The change that waits for its answer.
    pub fn open(&self) -> Option<&Wish> {
        self.open.as_ref()
    }

    /// When a wish that met a change of the peer's may go.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.not_before.filter(|_| self.open.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert, proptest};

    fn offer(means: Means, text: &str) -> Wish {
        Wish { means, content: Content::Offer(text.into()), tries: 0 }
    }

    const REFRESH: Wish = Wish { means: Means::Update, content: Content::Refresh, tries: 0 };
    const WAIT: Duration = Duration::from_millis(700);

    /// The outcome of one re-INVITE that is answered with `status`, in a word.
    fn outcome(means: Means, status: u16) -> String {
        let mut change = Change::default();
        change.want(offer(means, "a"));
        change.take(Instant::START).expect("free");
        let outcome = change.finish(Instant::START, status, WAIT).expect("open");
        let word = match outcome {
            Outcome::Accepted(_) => "accepted",
            Outcome::Refused(_) => "refused",
            Outcome::Gone => "gone",
            Outcome::Later => "later",
        };
        let next = change.next.as_ref().map(|wish| wish.means);
        format!("{word} {next:?} {:?}", change.poll_timeout())
    }

    #[test]
    fn every_answer_has_its_meaning() {
        for (means, status, expected) in [
            (Means::ReInvite, 200, "accepted None None"),
            (Means::ReInvite, 488, "refused None None"),
            (Means::ReInvite, 500, "refused None None"),
            (Means::ReInvite, 603, "refused None None"),
            (Means::ReInvite, 405, "refused None None"),
            (Means::ReInvite, 487, "refused None None"),
            (Means::ReInvite, 408, "gone None None"),
            (Means::ReInvite, 481, "gone None None"),
            (Means::ReInvite, 491, "later Some(ReInvite) Some(0.700000s)"),
            (Means::ReInvite, 422, "later Some(ReInvite) None"),
            (Means::Update, 405, "later Some(ReInvite) None"),
            (Means::Update, 501, "later Some(ReInvite) None"),
            (Means::Update, 491, "later Some(Update) Some(0.700000s)"),
            (Means::Update, 504, "refused None None"),
        ] {
            assert_eq!(outcome(means, status), expected, "{status} to {means:?}");
        }
    }

    #[test]
    fn one_change_is_open_and_the_newest_wish_is_next() {
        let mut change = Change::default();
        assert_eq!(change.take(Instant::START), None);
        change.want(offer(Means::ReInvite, "a"));
        assert_eq!(change.take(Instant::START), Some(&offer(Means::ReInvite, "a")));
        change.want(REFRESH);
        change.want(offer(Means::ReInvite, "b"));
        change.want(REFRESH);
        assert_eq!(change.take(Instant::START), None, "one at a time");
        assert_eq!(change.finish(Instant::START, 491, WAIT), Some(Outcome::Later));
        assert_eq!(change.take(Instant::START), None, "the wait runs");
        let later = Instant::START + WAIT;
        assert_eq!(change.take(later), Some(&offer(Means::ReInvite, "b")), "what is newer goes, not `a`");
        assert_eq!(
            change.finish(later, 200, WAIT),
            Some(Outcome::Accepted(Wish { tries: 1, ..offer(Means::ReInvite, "b") }))
        );
        assert_eq!(change.finish(later, 200, WAIT), None);
    }

    #[test]
    fn a_peer_that_is_always_in_the_way_is_left_in_peace() {
        let mut change = Change::default();
        change.want(offer(Means::ReInvite, "a"));
        let mut now = Instant::START;
        for _ in 1..GLARE_TRIES_MAX {
            change.take(now).expect("free");
            assert_eq!(change.finish(now, 491, WAIT), Some(Outcome::Later));
            now += WAIT;
        }
        change.take(now).expect("free");
        assert!(matches!(change.finish(now, 491, WAIT), Some(Outcome::Refused(_))));
    }

    proptest! {
        #[test]
        fn the_wait_is_in_its_window_in_steps_of_ten(seed in any::<u64>()) {
            let mut rng = Rng::seeded(seed);
            let (ours, theirs) = (glare_wait(Owner::Us, &mut rng), glare_wait(Owner::Them, &mut rng));
            prop_assert!((2_100..=4_000).contains(&ours.as_millis()) && theirs.as_millis() <= 2_000);
            prop_assert!(ours.as_millis() % 10 == 0 && theirs.as_millis() % 10 == 0);
        }
    }
}
