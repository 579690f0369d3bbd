//! INVITE as the two cores see it: RFC 3261 §13 and §14. What is said of media is in `offer_answer`.

pub mod offer_answer;
pub mod uac;
pub mod uas;
