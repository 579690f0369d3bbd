//! Bounds of what the house is told when a phone of it calls for help.

use super::REGISTER_CONTACTS_MAX;

/// Users whose phones are told: a desk, nurses, the house keeper.
pub const ALERT_USERS_MAX: usize = 20;
/// Phones at once that were told and have not answered: all of those users, each with as many phones as he may have.
pub const ALERT_PHONES_MAX: usize = ALERT_USERS_MAX * REGISTER_CONTACTS_MAX;
/// Texts that wait for a phone which has not answered the one before: two for each of a few calls for help in 32 s.
pub const ALERT_WAITING_MAX: usize = 8;
/// Characters of a place in a text: with four octets each a MESSAGE has under 1 300 (RFC 3428 §8).
pub const ALERT_PLACE_MAX_CHARS: usize = 120;
