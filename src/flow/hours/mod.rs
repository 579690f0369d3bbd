//! Opening hours: whether a clinic is open at an instant, why, and until when. Pure: the time comes in.
//!
//! ```text
//! hours.yaml ─read::hours─▶ Calendar { zone, week, holidays by rule, feeds }
//! holidays.ics ─icalendar─▶ Event ──────────────────────────────┘
//!                Calendar::answer(time) ─▶ open · closed · holiday, and the line that says so
//! ```
//! The answer is what a patient before the door would read: the clock on the wall and the sign beside it. So an hour
//! that comes twice when the clocks are set back is open both times or closed both times, and a time that does not
//! exist when they are set forward is passed over. Hours belong to the day on which they begin: the night shift of
//! the 24th runs to its end on the 25th, whatever day that is.
//!
//! Not here: reading `hours.yaml` with its faults (`flow/read/hours.rs`), and where a step leads ([`super::run`]).

pub mod calendar;
pub mod holiday;
pub mod icalendar;
pub mod interval;
pub mod lint;
pub mod memo;
pub mod promise;
pub mod until;
pub mod week;
pub mod zone;
