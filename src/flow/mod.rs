//! Floor 5, flows: what a caller meets, read from YAML, checked to the line, then interpreted.
//!
//! This floor knows no SIP and no RTP: a [`action::Action`] goes out, an [`action::Input`] comes in.

pub mod action;
