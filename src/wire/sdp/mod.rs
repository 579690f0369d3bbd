//! Session descriptions between octets and values: RFC 8866, as far as RFC 3264 needs them.
//!
//! ```text
//!  octets ──read──▶ Session { origin, connection, direction, media: [Media] }
//!  Description { address, sections: Audio | Refused } ──write──▶ octets
//! ```
//! Reading is lenient: it takes what phones really send and keeps what it does not know as it is.
//! Writing is strict: only what we mean. What to answer to an offer is not decided here but in
//! `media/`.

pub mod read;
pub mod session;
pub mod write;
