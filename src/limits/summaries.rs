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
/// Time between two NOTIFYs of a change, whoever gets them: a hundred in a second. With 32 s for one without an answer and one at a
/// time for each phone, 3 200 transactions at the most.
pub const SUMMARY_APART: Duration = Duration::from_millis(10);

/// Subscriptions to the count of messages, of all users: as many phones as a large house has, each with one dialog in
/// memory. Over it 503.
pub const SUBSCRIPTIONS_MAX: usize = 10_000;
/// Subscriptions of one user: as many as he may have phones logged in, and as many that were restarted and forgot theirs.
pub const SUBSCRIPTIONS_OF_USER_MAX: usize = 20;
/// The shortest subscription, in seconds, as of a login: shorter ones would be refreshed all the time.
pub const SUBSCRIPTION_MIN_S: u32 = 60;
/// The longest, in seconds, and that of whoever asks for no time (RFC 3842 §3.4): so long a restarted engine leaves a
/// phone dark that does not look.
pub const SUBSCRIPTION_MAX_S: u32 = 3_600;
/// Octets of the header fields that a subscription keeps of its SUBSCRIBE: a Contact, names and two proxies have under 1 000.
pub const SUBSCRIPTION_KEEPS_MAX_OCTETS: usize = 2_048;
