//! Bounds of a talk between patient and person.

use std::time::Duration;

/// How long a person may talk with a patient and send not one packet since the answer: no patient should speak into
/// nothing for longer. Who has a phone without sound counts then as one who did not answer.
pub const UNHEARD_PERSON_MAX: Duration = Duration::from_secs(15);
/// When both hear a short signal before that, and the phone is asked whether it is there: time enough to say a word, and to end
/// a mute that was pressed in error.
pub const UNHEARD_PERSON_WARNED: Duration = Duration::from_secs(10);
/// How long before the greatest length of a call the persons in its talk hear that it will end: as long as before a stop.
pub const LONGEST_WARNED: Duration = Duration::from_secs(60);
