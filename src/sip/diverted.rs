//! Calls that are sent on: who sent one to us, and what a call of ours tells of the one that it carries on.

use crate::phi::Phi;
use crate::wire::sip::diversion::{Privacy, Why, Wish};

/// What a call that we place tells of the one that it carries on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CarriedOn {
    /// The number of ours that was called, which sends it on; `None` if it carries none on.
    pub by: Option<Phi<String>>,
    /// What its caller wants kept to himself.
    pub privacy: Privacy,
}

/// Somebody who sent a call on to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diverted {
    /// His number; `None` if there is none.
    pub who: Option<Phi<String>>,
    /// Whether it may be written down.
    pub told: Wish,
    /// Why.
    pub why: Why,
}

/// Those who sent a call on to us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diversions {
    /// The last one first.
    pub list: Vec<Diverted>,
    /// How many more there are than are listed.
    pub more: u32,
    /// Values of Diversion and History-Info that could not be read.
    pub unread: u32,
}
