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
use crate::wire::barred::is_premium;
use crate::wire::national::Country;
use std::collections::{BTreeMap, BTreeSet};
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
    /// What holds for every call over a trunk, whoever causes it. A trunk that is not here carries all but premium numbers.
    pub trunks: BTreeMap<TrunkName, Rules>,
}

impl Settings {
    /// Whether the rules of a trunk take a number, as E.164 writes it.
    pub fn takes(&self, trunk: &TrunkName, number: &str) -> bool {
        self.trunks.get(trunk).is_none_or(|rules| rules.takes(number))
    }
}

/// What holds for one user where `dialling` says otherwise, or for all calls over one trunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// What an allowed number begins with, `+` and digits; `None` says nothing of it.
    pub allow: Option<Vec<String>>,
    /// How many calls at once; `None` says nothing of it, and so on.
    pub at_once: Option<u32>,
    /// How many in any 60 s.
    pub per_minute: Option<u32>,
    /// How many in any 24 h.
    pub per_day: Option<u32>,
}

impl Rules {
    /// Whether a number, as E.164 writes it, may be called by these.
    pub fn takes(&self, number: &str) -> bool {
        self.allow.as_ref().is_none_or(|allow| begins_with_one(allow, number))
    }

    /// The caps that they name, and those of `others` where they name none.
    pub fn caps_over(&self, others: Caps) -> Caps {
        Caps {
            at_once: self.at_once.unwrap_or(others.at_once),
            per_minute: self.per_minute.unwrap_or(others.per_minute),
            per_day: self.per_day.unwrap_or(others.per_day),
        }
    }
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
    /// Users for whom it is otherwise.
    pub own: BTreeMap<Arc<str>, Rules>,
}

impl Outside {
    /// How many calls this user may place.
    pub fn caps_of(&self, user: &str) -> Caps {
        self.own.get(user).map_or(self.caps, |own| own.caps_over(self.caps))
    }

    /// Whether this user may call a number: his own list holds in place of that of all.
    fn allows(&self, user: &str, number: &str) -> bool {
        let own = self.own.get(user).and_then(|own| own.allow.as_ref());
        begins_with_one(own.unwrap_or(&self.allow), number)
    }
}

fn begins_with_one(allow: &[String], number: &str) -> bool {
    allow.iter().any(|prefix| number.starts_with(prefix.as_str()))
}

/// How many calls over a trunk one user may place, or everybody together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// At once.
    pub at_once: u32,
    /// In any 60 s.
    pub per_minute: u32,
    /// In any 24 h, counted from the start of the engine.
    pub per_day: u32,
}

impl Caps {
    /// None.
    pub const NONE: Self = Self { at_once: u32::MAX, per_minute: u32::MAX, per_day: u32::MAX };
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
    /// `allow` does not name it: that of the user, else of `dialling`; or that of the trunk.
    #[error("the number begins with nothing that `allow` names, of `dialling`, the user or the trunk")]
    NotAllowed,
    /// As many calls of this user, or over this trunk, as may be at once.
    #[error("as many calls are up as `at_once` says")]
    TooManyAtOnce,
    /// As many as may be in a minute.
    #[error("as many calls were placed in this minute as `per_minute` says")]
    TooManyThisMinute,
    /// As many as may be in a day.
    #[error("as many calls were placed in 24 h as `per_day` says")]
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

/// What `dialled` means for the phone of the user `by`.
///
/// # Errors
/// [`Fault`] says why it is not called.
pub fn read(
    dialled: &str,
    by: &str,
    users: &BTreeSet<Arc<str>>,
    outside: Option<&Outside>,
) -> Result<Goal, Fault> {
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
    if !outside.allows(by, &number) {
        return Err(Fault::NotAllowed);
    }
    Ok(Goal::Number { trunk: outside.trunk.clone(), number: Phi::new(number) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> (BTreeSet<Arc<str>>, Outside) {
        let users = ["ann", "bob", "101"].map(Arc::from).into_iter().collect();
        let caps = Caps { at_once: 1, per_minute: 1, per_day: 1 };
        let allow = ["+1", "+49", "+44", "+9", "+8"].map(str::to_owned).to_vec();
        (
            users,
            Outside { trunk: TrunkName::from("carrier"), country: None, allow, caps, own: BTreeMap::new() },
        )
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
            assert_eq!(read(dialled, "ann", &users, Some(&outside)), expected, "{dialled}");
        }
        assert_eq!(read("+16175550123", "ann", &users, None), Err(Fault::NoTrunk));
        assert_eq!(
            read("bob", "ann", &users, None),
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
            assert_eq!(read(dialled, "ann", &users, Some(&here)), expected, "{dialled} in the US");
        }
        assert_eq!(
            read("6175550123", "ann", &users, Some(&outside)),
            Err(Fault::Unknown),
            "no country is named"
        );
        let none = Outside { allow: Vec::new(), ..outside };
        assert_eq!(read("+16175550123", "ann", &users, Some(&none)), Err(Fault::NotAllowed));
    }

    #[test]
    fn a_users_own_list_and_caps_hold_in_place_of_those_of_all() {
        let (users, mut outside) = plan();
        let own = Rules { allow: Some(vec!["+33".to_owned()]), per_day: Some(9), ..Rules::default() };
        outside.own.insert("bob".into(), own);
        outside.own.insert("101".into(), Rules { at_once: Some(7), ..Rules::default() });
        let none = Caps { at_once: 1, per_minute: 1, per_day: 1 };
        for (by, boston, paris, caps) in [
            ("ann", true, false, none),
            ("bob", false, true, Caps { per_day: 9, ..none }),
            ("101", true, false, Caps { at_once: 7, ..none }),
        ] {
            let is_allowed = |number| match read(number, by, &users, Some(&outside)) {
                Ok(_) => true,
                Err(fault) => {
                    assert_eq!(fault, Fault::NotAllowed, "{by}");
                    false
                }
            };
            assert_eq!(is_allowed("+16175550123"), boston, "{by}");
            assert_eq!(is_allowed("+33123456789"), paris, "{by}");
            assert_eq!(outside.caps_of(by), caps, "{by}");
        }
        let premium = Rules { allow: Some(vec!["+1900".to_owned()]), ..Rules::default() };
        outside.own.insert("bob".into(), premium);
        assert_eq!(read("+19005550123", "bob", &users, Some(&outside)), Err(Fault::Premium));
    }

    #[test]
    fn a_trunk_without_a_list_takes_all_and_one_with_an_empty_list_nothing() {
        let rules = |allow: &[&str]| Rules {
            allow: Some(allow.iter().map(|prefix| (*prefix).to_owned()).collect()),
            ..Rules::default()
        };
        let trunks = [("plain", Rules::default()), ("us", rules(&["+1"])), ("shut", rules(&[]))];
        let trunks = trunks.into_iter().map(|(name, rules)| (TrunkName::from(name), rules)).collect();
        let settings = Settings { trunks, ..Settings::default() };
        let takes = |trunk: &str, number: &str| settings.takes(&TrunkName::from(trunk), number);
        assert!(
            takes("other", "+33123456789") && takes("plain", "+33123456789") && takes("us", "+16175550123")
        );
        assert!(!takes("us", "+33123456789") && !takes("shut", "+16175550123"));
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
