//! Bounds of carriers: their hosts, logins, and whether they are there; and of calls that were sent on.

use std::time::Duration;

/// Hosts of one carrier that are named in the configuration: each may be a name that leads to several more.
pub const CARRIER_HOSTS_MAX: usize = 4;
/// The longest login at a carrier, in seconds: a day.
pub const CARRIER_LOGIN_MAX_S: u32 = 86_400;
/// What a login at a carrier asks for, in seconds, if nothing else is said (RFC 3261 §10.2.1.1).
pub const CARRIER_LOGIN_DEFAULT_S: u32 = 3_600;
/// How long a login that was refused waits at first (RFC 5626 §4.5 has the same).
pub const CARRIER_LOGIN_WAIT_FIRST: Duration = Duration::from_secs(30);
/// How long at the most, as RFC 5626 §4.5 has it: a carrier that is back is found within half an hour.
pub const CARRIER_LOGIN_WAIT_MAX: Duration = Duration::from_secs(1_800);
/// Numbers left between two logins: those that challenges and other hosts take (RFC 3261 §10.2).
pub const CARRIER_LOGIN_CSEQS: u32 = 100;
/// Contacts that the answer to a login may have: those of other machines with the same account.
pub const CARRIER_CONTACTS_MAX: usize = 32;
/// How often a host of a carrier is asked whether it is there, in seconds, if nothing else is said.
pub const HEALTH_EVERY_DEFAULT_S: u32 = 30;
/// The longest time between two questions, in seconds: after an hour an answer tells nothing of now.
pub const HEALTH_EVERY_MAX_S: u32 = 3_600;
/// How long such a question waits: four sendings over UDP, as for a call ([`super::SIP_TARGET_PATIENCE_DEFAULT`]).
pub const HEALTH_PATIENCE: Duration = Duration::from_secs(4);
/// How often a host is asked that has not answered, so that it has calls again as soon as it is back.
pub const HEALTH_SOON: Duration = Duration::from_secs(5);
/// Within which time after a start a host is asked first.
pub const HEALTH_START: Duration = Duration::from_secs(1);
/// Each time between questions is shortened by chance by up to one of so many parts.
pub const HEALTH_JITTER_PARTS: u32 = 10;
/// Questions, or calls, without an answer in a row that bring a host down: one may be chance.
pub const HEALTH_MISSES: u32 = 2;
/// How long calls go past a host that answers no OPTIONS and lost calls: only a call can show that it is back.
pub const HEALTH_SILENT_REST: Duration = Duration::from_secs(60);
/// Diversions of one call that are read: a carrier gives a call up that was sent on a few times.
pub const DIVERSIONS_MAX: usize = 16;
/// Targets of History-Info that are looked at, the last ones: proxies on the way write their own among the diversions.
pub const HISTORY_MAX: usize = 2 * DIVERSIONS_MAX;
/// How often a call may have been sent on by a line of ours: more often it goes in a circle.
pub const DIVERTED_BY_US_MAX: usize = 2;
