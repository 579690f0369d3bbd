//! The dial plan of the staff's phones: what a dialled number means, and what is refused. A pure function of the number
//! and the settings.
//!
//! ```text
//!  bob, a user of ours ──────────────▶ his phones
//!  +1 617 555 0123 ──▶ premium? allowed? ──▶ trunk of `dialling`
//!  617 555 0123 ─────▶ the same, where `country` is named
//!  anything else ────▶ refused, counted, told in the log without the number
//! ```
//! Emergency numbers are known before this is asked ([`Emergency`]). Numbers that a flow answers never come here. Who may
//! dial, and how often, is `dialling`'s.

use crate::id::TrunkName;
use crate::phi::Phi;
use crate::sip::carrier::e164;
use crate::sip::interface::Network;
use crate::wire::national::Country;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

/// What phones of ours may dial, from the configuration.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Calls over a trunk; `None` is none.
    pub outside: Option<Outside>,
    /// Emergency calls; `None` where no trunk carries them.
    pub emergency: Option<Emergency>,
    /// Emergency numbers that no trunk carries: a flow answers them, whoever dials, so that a person hears him.
    pub answered: Vec<String>,
}

/// Calls over a trunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// The trunk.
    pub trunk: TrunkName,
    /// Where the phones stand: national numbers are those of this country. `None`: none are dialled.
    pub country: Option<Country>,
    /// What an allowed number begins with, `+` and digits. None allows none.
    pub allow: Vec<String>,
    /// How many calls.
    pub caps: Caps,
}

/// How many calls over a trunk one user may place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// At once.
    pub at_once: u32,
    /// In any 60 s.
    pub per_minute: u32,
    /// In any 24 h, counted from the start of the engine.
    pub per_day: u32,
}

/// Emergency calls of phones of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emergency {
    /// What is dialled for one.
    pub numbers: Vec<String>,
    /// Where phones are.
    pub places: Vec<Place>,
    /// The users whose phones are told of each such call, at most [`ALERT_USERS_MAX`](crate::limits::alerts::ALERT_USERS_MAX).
    pub alert: Vec<Arc<str>>,
}

/// Where phones are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The networks of the phones there.
    pub networks: Vec<Network>,
    /// The number that stands for this place at the trunk, as E.164 writes it: the dispatcher sees it, finds the place by
    /// it, and calls it back.
    pub callback: String,
    /// The place in words, for the people of the house.
    pub location: String,
}

impl Emergency {
    /// Whether this is dialled for an emergency.
    pub fn is_number(&self, dialled: &str) -> bool {
        self.numbers.iter().any(|number| number == dialled)
    }

    /// Where a phone with this address is.
    pub fn place_of(&self, address: IpAddr) -> Option<&Place> {
        self.places.iter().find(|place| place.networks.iter().any(|network| network.contains(address)))
    }
}

/// What a dialled number means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The phones of a user of ours.
    User(Arc<str>),
    /// A number over a trunk.
    Number {
        /// The trunk.
        trunk: TrunkName,
        /// As E.164 writes it.
        number: Phi<String>,
    },
}

/// Why a dialled number is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The password is right and From names another user.
    #[error("the password is of another user than the one who calls")]
    OtherUser,
    /// No user, and no number.
    #[error(
        "what was dialled is no user, no number with + and its country code, and none of `dialling: {{country: …}}`"
    )]
    Unknown,
    /// There is no `dialling`.
    #[error("no trunk is named for calls of phones: `dialling` is missing in careline.yaml")]
    NoTrunk,
    /// It costs a fortune.
    #[error("the number is of a premium range")]
    Premium,
    /// `allow` does not name it.
    #[error("the number begins with nothing that `dialling: {{allow: …}}` names")]
    NotAllowed,
    /// As many calls of this user as may be at once.
    #[error("the user has `dialling: {{at_once: …}}` calls already")]
    TooManyAtOnce,
    /// As many calls of this user as may be in a minute.
    #[error("the user has placed `dialling: {{per_minute: …}}` calls in this minute")]
    TooManyThisMinute,
    /// As many calls of this user as may be in a day.
    #[error("the user has placed `dialling: {{per_day: …}}` calls in 24 h")]
    TooManyThisDay,
}

impl Fault {
    /// The status that answers it (RFC 3261 §21.4.4, §21.4.5, §21.4.18).
    pub const fn status(self) -> u16 {
        match self {
            Fault::Unknown => 404,
            Fault::OtherUser | Fault::NoTrunk | Fault::Premium | Fault::NotAllowed => 403,
            Fault::TooManyAtOnce | Fault::TooManyThisMinute | Fault::TooManyThisDay => 480,
        }
    }
}

/// What `dialled` means for a phone of ours.
///
/// # Errors
/// [`Fault`] says why it is not called.
pub fn read(dialled: &str, users: &BTreeSet<Arc<str>>, outside: Option<&Outside>) -> Result<Goal, Fault> {
    if let Some(user) = users.get(dialled) {
        return Ok(Goal::User(Arc::clone(user)));
    }
    let country = outside.and_then(|outside| outside.country);
    let national = || country.and_then(|country| country.e164(dialled));
    let number = e164(dialled).or_else(national).ok_or(Fault::Unknown)?;
    let outside = outside.ok_or(Fault::NoTrunk)?;
    if is_premium(&number) {
        return Err(Fault::Premium);
    }
    if !outside.allow.iter().any(|prefix| number.starts_with(prefix.as_str())) {
        return Err(Fault::NotAllowed);
    }
    Ok(Goal::Number { trunk: outside.trunk.clone(), number: Phi::new(number) })
}

/// What begins a premium number whatever `allow` says. A list can never be whole: `allow` is the guard, and this is its
/// net for whoever allows a whole country.
const PREMIUM: [&str; 10] = [
    // ITU-T, list of E.164 country codes: international premium rate; satellite; international networks.
    "+979", "+870", "+881", "+882", "+883",
    // North American Numbering Plan Administrator: area code 900.
    "+1900",
    // Ofcom, National Telephone Numbering Plan: 09 premium rate; 0871 to 0873 special services; 070 personal numbers.
    "+449", "+4487", "+4470", // Bundesnetzagentur: 0900 premium services.
    "+49900",
];

/// Whether an E.164 number is of a premium range that is known here.
fn is_premium(number: &str) -> bool {
    PREMIUM.iter().any(|prefix| number.starts_with(prefix)) || is_nanp_976(number)
}

/// The exchange 976 of any North American area code: +1 NPA 976 XXXX (North American Numbering Plan Administrator).
fn is_nanp_976(number: &str) -> bool {
    number.strip_prefix("+1").and_then(|rest| rest.get(3..6)) == Some("976")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> (BTreeSet<Arc<str>>, Outside) {
        let users = ["ann", "bob", "101"].map(Arc::from).into_iter().collect();
        let caps = Caps { at_once: 1, per_minute: 1, per_day: 1 };
        let allow = ["+1", "+49", "+44", "+9", "+8"].map(str::to_owned).to_vec();
        (users, Outside { trunk: TrunkName::from("carrier"), country: None, allow, caps })
    }

    #[test]
    fn what_is_dialled_is_a_user_an_allowed_number_or_refused_with_the_reason() {
        // ITU-T E.164 §6.2.1; RFC 3966 §5.1.1
        let (users, outside) = plan();
        let user = |name: &str| Ok(Goal::User(Arc::from(name)));
        let number = |number: &str| {
            Ok(Goal::Number { trunk: TrunkName::from("carrier"), number: Phi::new(number.to_owned()) })
        };
        for (dialled, expected) in [
            ("bob", user("bob")),
            ("101", user("101")),
            ("Bob", Err(Fault::Unknown)),
            ("cleo", Err(Fault::Unknown)),
            ("", Err(Fault::Unknown)),
            ("+16175550123", number("+16175550123")),
            ("+1-617-555.0123", number("+16175550123")),
            ("+1 (617) 555 0123", number("+16175550123")),
            ("+4930123456", number("+4930123456")),
            ("6175550123", Err(Fault::Unknown)),
            ("16175550123", Err(Fault::Unknown)),
            ("0116175550123", Err(Fault::Unknown)),
            ("911", Err(Fault::Unknown)),
            ("+911", Err(Fault::Unknown)),
            // What stands behind a semicolon is no part of the number, and goes nowhere.
            ("+16175550123;phone-context=x@evil", number("+16175550123")),
            ("+16175550123@evil", Err(Fault::Unknown)),
            ("+33123456789", Err(Fault::NotAllowed)),
            ("+19005550123", Err(Fault::Premium)),
            ("+16179765550", Err(Fault::Premium)),
            ("+19765550123", number("+19765550123")),
            ("+449012345678", Err(Fault::Premium)),
            ("+448712345678", Err(Fault::Premium)),
            ("+447012345678", Err(Fault::Premium)),
            ("+447912345678", number("+447912345678")),
            ("+49900123456", Err(Fault::Premium)),
            ("+97912345678", Err(Fault::Premium)),
            ("+88163123456", Err(Fault::Premium)),
        ] {
            assert_eq!(read(dialled, &users, Some(&outside)), expected, "{dialled}");
        }
        assert_eq!(read("+16175550123", &users, None), Err(Fault::NoTrunk));
        assert_eq!(
            read("bob", &users, None),
            user("bob"),
            "without a trunk the house is called all the same"
        );
        let here = Outside { country: Country::read("US"), ..outside.clone() };
        for (dialled, expected) in [
            ("6175550123", number("+16175550123")),
            ("1-617-555-0123", number("+16175550123")),
            ("011 49 30 901820", number("+4930901820")),
            ("+49 30 901820", number("+4930901820")),
            ("101", user("101")),
            ("9005550123", Err(Fault::Premium)),
            ("011 34 915 550 123", Err(Fault::NotAllowed)),
            ("5550123", Err(Fault::Unknown)),
        ] {
            assert_eq!(read(dialled, &users, Some(&here)), expected, "{dialled} in the US");
        }
        assert_eq!(read("6175550123", &users, Some(&outside)), Err(Fault::Unknown), "no country is named");
        let none = Outside { allow: Vec::new(), ..outside };
        assert_eq!(read("+16175550123", &users, Some(&none)), Err(Fault::NotAllowed));
    }

    #[test]
    fn a_fault_never_tells_the_number_and_has_its_status() {
        let all = [
            (Fault::OtherUser, 403),
            (Fault::Unknown, 404),
            (Fault::NoTrunk, 403),
            (Fault::Premium, 403),
            (Fault::NotAllowed, 403),
            (Fault::TooManyAtOnce, 480),
            (Fault::TooManyThisMinute, 480),
            (Fault::TooManyThisDay, 480),
        ];
        for (fault, status) in all {
            assert_eq!(fault.status(), status, "{fault}");
        }
    }

    #[test]
    fn a_phone_is_at_the_first_place_whose_network_it_has() {
        let place = |base: &str, location: &str| Place {
            networks: vec![Network { base: base.parse().unwrap(), prefix: 16 }],
            callback: "+16175550100".to_owned(),
            location: location.to_owned(),
        };
        let numbers = vec!["911".to_owned()];
        let places = vec![place("10.1.0.0", "one"), place("10.2.0.0", "two")];
        let emergency = Emergency { numbers, places, alert: Vec::new() };
        let at = |address: &str| emergency.place_of(address.parse().unwrap()).map(|it| it.location.as_str());
        assert_eq!((at("10.1.2.3"), at("10.2.2.3"), at("10.3.2.3")), (Some("one"), Some("two"), None));
        assert!(emergency.is_number("911") && !emergency.is_number("9110") && !emergency.is_number("+911"));
    }
}
