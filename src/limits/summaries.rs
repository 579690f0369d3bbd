//! Bounds of what phones are told of messages that wait.

use std::time::Duration;

/// Users whose phones show how many messages wait: each change is told to all phones of all of them.
pub const SUMMARY_USERS_MAX: usize = 1_000;
/// Flows whose messages one user heeds.
pub const SUMMARY_FLOWS_MAX: usize = 64;
/// How long a change waits for the next one, and a phone that was bound for its 200, before it is told.
pub const SUMMARY_SETTLES: Duration = Duration::from_millis(500);
/// How long a user's phones are told nothing more after that: RFC 3842 §3.11 has a second at least.
pub const SUMMARY_EVERY: Duration = Duration::from_secs(5);
/// Time between two NOTIFYs, whoever gets them: a hundred in a second. With 32 s for one without an answer and one at a
/// time for each phone, 3 200 transactions at the most.
pub const SUMMARY_APART: Duration = Duration::from_millis(10);
