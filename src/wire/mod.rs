//! Floor 1, octets: total functions between octets and values, without state.

pub mod barred;
pub mod codec;
pub mod national;
pub mod rtcp;
pub mod rtp;
pub mod sdp;
pub mod sip;
pub mod telephone_event;
