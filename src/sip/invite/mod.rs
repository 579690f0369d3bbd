//! INVITE as the two cores see it: RFC 3261 §13 and §14, RFC 3262, RFC 3311 and RFC 4028; and REFER
//! within its dialog, RFC 3515. What is said of media is in `offer_answer`.

pub mod change;
pub mod offer_answer;
pub mod refer;
pub mod reliable;
pub mod session_timer;
pub mod uac;
pub mod uas;
