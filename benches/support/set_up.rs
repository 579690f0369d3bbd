//! How long each call took to be set up: to its 200, and until its two parties could hear each other.
//!
//! ```text
//!  INVITE ─▶ 407 ─▶ INVITE ─▶ 200 ─▶ ACK, INVITE to the other phone ─▶ its 200 ─▶ joined
//!  └──────── by SIPp ─────────┘
//!                     └────────────────── by the engine's log of events ────────────┘
//! ```
//! The engine answers a phone of ours before it calls the other one, so that the first alone says little. Their sum is more than
//! the whole, by the time of one 200. SIPp's statistics count whole milliseconds; its log of messages tells microseconds.

use careline::io::store::read;
use careline::report::event::Event;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

/// A row of this many dashes or more stands before the time of each message.
const DASHES: &str = "----------";
const DAY: Duration = Duration::from_secs(86_400);

/// The times from first INVITE to 200, in no order: calls that were not answered have none.
pub fn times(log: &str) -> Vec<Duration> {
    let mut began: BTreeMap<&str, Duration> = BTreeMap::new();
    let mut took = Vec::new();
    let mut at = Duration::ZERO;
    let (mut invites, mut answers) = (false, false);
    for line in log.lines() {
        if line.starts_with(DASHES) {
            at = line.rsplit(' ').next().and_then(time_of_day).unwrap_or(at);
            (invites, answers) = (false, false);
        } else if line.starts_with("INVITE ") {
            invites = true;
        } else if line.starts_with("SIP/2.0 200 ") {
            answers = true;
        } else if let Some(call) = line.strip_prefix("Call-ID: ") {
            if invites {
                began.entry(call).or_insert(at);
            } else if answers && let Some(began) = began.get_mut(call) {
                // The 200 to the BYE comes later: it finds nothing that has begun.
                if *began != Duration::MAX {
                    took.push(at.checked_sub(*began).unwrap_or(at + DAY - *began));
                    *began = Duration::MAX;
                }
            }
        }
    }
    took
}

/// The times from the INVITE that was let in until both parties heard each other, of each call in this store that came so far.
///
/// # Errors
/// When the store cannot be read.
pub fn joined(store: &Path) -> io::Result<Vec<Duration>> {
    let mut took = Vec::new();
    for call in read::calls(store, u32::MAX).map_err(io::Error::other)? {
        let entries = read::call(store, call.call).map_err(io::Error::other)?;
        let [arrived, bridged] = [
            entries.iter().find(|entry| matches!(entry.event, Event::Arrived { .. })),
            entries.iter().find(|entry| matches!(entry.event, Event::Bridged { .. })),
        ];
        let Some((arrived, bridged)) = arrived.zip(bridged) else { continue };
        took.push(Duration::from_micros(bridged.since_start_us.saturating_sub(arrived.since_start_us)));
    }
    Ok(took)
}

/// The mean; infinite if there is none.
pub fn mean_ms(times: &[Duration]) -> f64 {
    if times.is_empty() {
        return f64::INFINITY;
    }
    times.iter().sum::<Duration>().as_secs_f64() * 1e3 / times.len() as f64
}

fn time_of_day(text: &str) -> Option<Duration> {
    let mut parts = text.split([':', '.']).map(|part| part.parse::<u64>().ok());
    let mut next = || parts.next().flatten();
    let (hours, minutes, seconds, micros) = (next()?, next()?, next()?, next()?);
    Some(Duration::from_secs((hours * 60 + minutes) * 60 + seconds) + Duration::from_micros(micros))
}
