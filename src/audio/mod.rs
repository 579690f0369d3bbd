//! Floor 1, samples: total functions over sound, without state of a call.

pub mod bank;
pub mod dtmf;
pub mod fax;
pub mod g711;
pub mod goertzel;
pub mod sound;
pub mod tone;
