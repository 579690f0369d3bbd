//! Who is let in when more ask than can be served well, and who is refused first.
//!
//! ```text
//!  wait of new calls in the inbox ─┐            ordinary   trusted   emergency
//!  lateness of the media threads  ─┴▶ Calm         ✓          ✓          ✓
//!                                     Busy         503        ✓          ✓
//!                                     Overrun      503        503        ✓
//! ```
//! A queue that empties now and then is a burst and no trouble; one whose *shortest* wait over a while is long
//! only grows, and whoever is let in then makes every call worse. So the shortest wait decides (the idea of
//! CoDel, RFC 8289 §3). It is the same with media threads: a machine that stood still for a moment has gone on when it
//! is seen, so the better of two looks in a row decides. Calls that are up are never touched.

use crate::clock::Instant;
use crate::limits::{
    ADMISSION_LATENESS_HOLDS, ADMISSION_RESERVE_PARTS, ADMISSION_WINDOW, QUEUE_BUSY, QUEUE_OVERRUN,
    TICKS_BUSY, TICKS_OVERRUN,
};
use std::time::Duration;

/// How much a caller's call matters when not all can be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Anybody.
    Ordinary,
    /// Over a trunk whose word is believed.
    Trusted,
    /// To a flow that is named for emergencies.
    Emergency,
}

/// How it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Load {
    /// Everybody can be served.
    #[default]
    Calm,
    /// More come than can be served well.
    Busy,
    /// Even those who come first cannot all be served well.
    Overrun,
}

/// Measures how it goes.
#[derive(Debug, Default)]
pub struct Admission {
    window_ends: Instant,
    shortest: Option<Duration>,
    queue: Load,
    /// What the last two looks at the media threads have in common.
    ticks: Load,
    /// What the last look alone said.
    last_look: Load,
    ticks_until: Instant,
}

impl Admission {
    /// A new call has waited so long for its turn.
    pub fn note_wait(&mut self, now: Instant, waited: Duration) {
        if now >= self.window_ends {
            // A window without a call had no queue.
            let stale = now.since(self.window_ends) >= ADMISSION_WINDOW;
            let shortest = self.shortest.take().filter(|_| !stale);
            self.queue = level(shortest.unwrap_or_default(), QUEUE_BUSY, QUEUE_OVERRUN);
            self.window_ends = now + ADMISSION_WINDOW;
        }
        self.shortest = Some(self.shortest.map_or(waited, |shortest| shortest.min(waited)));
    }

    /// Media threads were so late for their slots since the last look. One look may have seen a hiccup.
    pub fn note_lateness(&mut self, now: Instant, late: Duration) {
        let this_look = level(late, TICKS_BUSY, TICKS_OVERRUN);
        let last_look = if now >= self.ticks_until { Load::Calm } else { self.last_look };
        self.ticks = this_look.min(last_look);
        self.last_look = this_look;
        self.ticks_until = now + ADMISSION_LATENESS_HOLDS;
    }

    /// How it goes now.
    pub fn load(&self, now: Instant) -> Load {
        let queue = if now.since(self.window_ends) >= ADMISSION_WINDOW { Load::Calm } else { self.queue };
        let ticks = if now >= self.ticks_until { Load::Calm } else { self.ticks };
        queue.max(ticks)
    }

    /// Whether a call of that standing is let in.
    pub fn admits(&self, now: Instant, standing: Standing) -> bool {
        match (self.load(now), standing) {
            (Load::Calm, _) | (_, Standing::Emergency) | (Load::Busy, Standing::Trusted) => true,
            (Load::Busy, Standing::Ordinary) | (Load::Overrun, Standing::Ordinary | Standing::Trusted) => {
                false
            }
        }
    }
}

/// How many calls may be up when one of that standing is let in. With `reserve` the last few are kept from
/// ordinary calls; a call to an emergency flow is refused for want of a port only.
pub fn room(max_calls: usize, standing: Standing, reserve: Reserve) -> usize {
    match (standing, reserve) {
        (Standing::Ordinary, Reserve::Kept) => max_calls - max_calls / ADMISSION_RESERVE_PARTS,
        (Standing::Ordinary, Reserve::None) | (Standing::Trusted, _) => max_calls,
        (Standing::Emergency, _) => usize::MAX,
    }
}

/// Whether some of the room is kept for those who come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserve {
    /// A trusted trunk is configured.
    Kept,
    /// There is nobody to keep it for.
    None,
}

fn level(measured: Duration, busy: Duration, overrun: Duration) -> Load {
    if measured > overrun {
        Load::Overrun
    } else if measured > busy {
        Load::Busy
    } else {
        Load::Calm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDINGS: [Standing; 3] = [Standing::Ordinary, Standing::Trusted, Standing::Emergency];

    fn after(ms: u64) -> Instant {
        Instant::START + Duration::from_millis(ms)
    }

    fn admitted(admission: &Admission, ms: u64) -> [bool; 3] {
        STANDINGS.map(|standing| admission.admits(after(ms), standing))
    }

    /// Calls every 10 ms that waited as `waits` says, over and over.
    fn fed(waits: &[u64], for_ms: u64) -> Admission {
        let mut admission = Admission::default();
        for (turn, ms) in (0..for_ms).step_by(10).enumerate() {
            admission.note_wait(after(ms), Duration::from_millis(waits[turn % waits.len()]));
        }
        admission
    }

    #[test]
    fn a_queue_that_never_empties_refuses_the_ordinary_first_and_the_emergency_never() {
        // RFC 8289 §3: the shortest wait decides, not the longest.
        let all = [true; 3];
        for (why, waits, expected) in [
            ("no wait", &[0][..], all),
            ("bursts that end", &[400, 300, 200, 0], all),
            ("a standing queue", &[60, 90, 80], [false, true, true]),
            ("one beyond all measure", &[300, 900], [false, false, true]),
        ] {
            assert_eq!(admitted(&fed(waits, 1_000), 1_000), expected, "{why}");
        }
    }

    #[test]
    fn who_stops_waiting_is_let_in_again() {
        let mut admission = fed(&[300], 1_000);
        assert_eq!(admitted(&admission, 1_000), [false, false, true]);
        for ms in (1_000..1_400).step_by(10) {
            admission.note_wait(after(ms), Duration::ZERO);
        }
        assert_eq!(admitted(&admission, 1_400), [true; 3], "the queue has emptied");
        assert_eq!(admitted(&fed(&[300], 1_000), 2_000), [true; 3], "nobody has come for a second");
    }

    #[test]
    fn media_threads_that_are_late_twice_in_a_row_refuse_calls_until_the_measure_is_old() {
        let all = [true; 3];
        for (why, looks, expected) in [
            ("a trifle", &[(0, 5), (1_000, 5)][..], all),
            ("a machine that stood still for a moment", &[(0, 60)], all),
            ("so it did, and went on", &[(0, 60), (1_000, 1)], all),
            ("two such moments far apart", &[(0, 60), (5_000, 60)], all),
            ("late and late again", &[(0, 15), (1_000, 15)], [false, true, true]),
            ("the better of two decides", &[(0, 60), (1_000, 15)], [false, true, true]),
            ("beyond all measure", &[(0, 60), (1_000, 60)], [false, false, true]),
        ] {
            let mut admission = Admission::default();
            looks.iter().for_each(|&(at_ms, late_ms)| {
                admission.note_lateness(after(at_ms), Duration::from_millis(late_ms));
            });
            let last = looks[looks.len() - 1].0;
            assert_eq!(admitted(&admission, last + 1), expected, "{why}");
            let old = last + ADMISSION_LATENESS_HOLDS.as_millis() as u64;
            assert_eq!(admitted(&admission, old), all, "{why}, long ago");
        }
    }

    #[test]
    fn the_last_places_are_kept_only_where_somebody_has_them() {
        let rooms = |reserve| STANDINGS.map(|standing| room(1_000, standing, reserve));
        assert_eq!(rooms(Reserve::Kept), [950, 1_000, usize::MAX]);
        assert_eq!(rooms(Reserve::None), [1_000, 1_000, usize::MAX]);
        assert_eq!(room(3, Standing::Ordinary, Reserve::Kept), 3, "of very few none is kept");
    }
}
