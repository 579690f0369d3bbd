//! Whom a REFER means, as far as SIP knows: a user of ours, somebody whom our own address stands behind, or anybody else
//! (RFC 3515 §2.1). Who of them is called is the switch's; the octets are read by `wire/sip/refer`.

use crate::id::LegId;
use crate::phi::Phi;

/// To whom a party wants the other one put through.
#[derive(Clone, Debug)]
pub struct Refer {
    /// Whom it names.
    pub whom: Whom,
    /// The call whose place is to be taken, if it names one (RFC 3891).
    pub replaces: Option<Replaced>,
}

/// Whom a REFER names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// A user whose phones log in here: as a target, `sip:NAME@REALM`.
    User(String),
    /// Somebody at our own address who is no such user, or a telephone number: the user part, unescaped.
    Here(Phi<String>),
    /// Somebody else: the URI as it is written.
    Elsewhere(Phi<String>),
}

/// A call whose place is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// One that stands, by its leg here.
    Leg(LegId),
    /// None that stands here, or one that we have not answered.
    Nobody,
    /// One that is answered, where one that rings is meant (`early-only`).
    Answered,
    /// One that is over, or about to be.
    Over,
}
