//! Floor 6, reports: every one is a fold over the event log, so that no two can disagree.

pub mod cdr;
pub mod event;
pub mod ladder;
pub mod messages;
