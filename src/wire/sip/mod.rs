//! SIP messages between octets and values: RFC 3261 §7 and §25.
//!
//! ```text
//!  octets ──message::parse──▶ Message ──validate──▶ Ok, or the rule of the RFC that is broken
//!                               │ headers: an index into the octets, nothing is copied
//!                               ▼
//!          via · uri · telephone · address · cseq · value   (each reads one header value, when asked)
//!
//!  values ──emit::{request, response}──▶ octets
//! ```
//! Parsing allocates nothing and judges little: what can be answered with 400 must first be readable.
//! Judging is [`validate`]'s. Which message is awaited when is not known here: that is `sip/`'s.

pub mod address;
pub mod credentials;
pub mod cseq;
pub mod diversion;
pub mod emit;
pub mod event;
pub mod framing;
pub mod grammar;
pub mod header;
pub mod message;
pub mod method;
pub mod name;
pub mod refer;
pub mod registration;
pub mod service;
pub mod telephone;
pub mod uri;
pub mod uri_match;
pub mod validate;
pub mod value;
pub mod via;
