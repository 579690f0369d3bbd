//! Changes of ours that met one of the phone's: each is tried again, at its time (RFC 3261 §14.1).

use super::super::phone::{Phone, Role};
use super::Verdict;
use careline::clock::Instant;
use std::collections::BTreeMap;
use std::time::Duration;

/// Who began the call waits so long, from and to; the other one from nothing.
const OWNER_WAITS: [Duration; 2] = [Duration::from_millis(2_100), Duration::from_secs(4)];
const OTHER_WAITS: [Duration; 2] = [Duration::ZERO, Duration::from_secs(2)];
/// How late a timer may be, and the look at it.
const SLACK: Duration = Duration::from_millis(200);

/// What was seen of them.
#[derive(Default)]
pub struct Glares {
    /// The number of our last change to each phone.
    last: BTreeMap<usize, (u32, [Duration; 2])>,
    open: BTreeMap<usize, Glare>,
}

struct Glare {
    at: Instant,
    /// The phone's own change was under way until then.
    busy_until: Instant,
    waits: [Duration; 2],
}

impl Glares {
    /// A change of ours leaves, or leaves again.
    pub fn left(&mut self, now: Instant, (n, phone): (usize, &Phone), number: u32) -> Verdict {
        let waits = if matches!(phone.role, Role::Callee(_)) { OWNER_WAITS } else { OTHER_WAITS };
        let before = self.last.insert(n, (number, waits));
        if before.is_some_and(|(before, _)| before == number) {
            return Ok(());
        }
        match self.open.remove(&n) {
            Some(glare) if now.since(glare.at) < glare.waits[0] => Err(format!(
                "phone {n} had a change of its own at {:?}, and ours comes again at once",
                glare.at
            )),
            Some(_) | None => Ok(()),
        }
    }

    /// 491 came to a change of ours.
    pub fn refused(&mut self, now: Instant, n: usize, number: u32) {
        if let Some((_, waits)) = self.last.get(&n).filter(|(last, _)| *last == number) {
            self.open.entry(n).or_insert(Glare { at: now, busy_until: now, waits: *waits });
        }
    }

    /// The call ends.
    pub fn end(&mut self, n: usize) {
        self.open.remove(&n);
        self.last.remove(&n);
    }

    /// What is late by now.
    pub fn sweep(&mut self, now: Instant, is_busy: impl Fn(usize) -> bool) -> Verdict {
        for (n, glare) in &mut self.open {
            if is_busy(*n) {
                glare.busy_until = now;
            }
            if now > glare.busy_until.max(glare.at + glare.waits[1]) + SLACK {
                return Err(format!(
                    "phone {n} said 491 at {:?}, and our change does not come again",
                    glare.at
                ));
            }
        }
        Ok(())
    }
}
