//! Floor 1, samples: total functions over sound, without state of a call.

pub mod bank;
pub mod comfort_noise;
pub mod conceal;
pub mod dtmf;
pub mod fade;
pub mod fax;
pub mod fingerprint;
pub mod g711;
pub mod g722;
pub mod goertzel;
pub mod l16;
pub mod loudness;
pub mod resample;
pub mod sound;
pub mod stretch;
pub mod tone;
pub mod transcode;
