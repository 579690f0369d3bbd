//! `dialling:` and `emergency:` of `careline.yaml`: what the phones of users may call over trunks, and how they call for help.

use super::codes::{DIALLING, EMERGENCY, FAMILY, NO_EMERGENCY};
use super::{Config, Trunk, users, vocabulary};
use crate::flow::diagnostic::{Place as InFile, Sources, Words};
use crate::flow::syntax::fields::{self, Fields};
use crate::flow::syntax::tree::Node;
use crate::id::TrunkName;
use crate::limits::alerts::ALERT_USERS_MAX;
use crate::limits::{
    DIALLED_PER_DAY_MAX, DIALLED_PREFIXES_MAX, EMERGENCY_PLACES_MAX, TRUNK_AT_ONCE_MAX, TRUNK_PER_DAY_MAX,
    TRUNK_PER_MINUTE_MAX,
};
use crate::sip::carrier::{EMERGENCY_CARRIER, e164, is_emergency_number};
use crate::sip::help::Help;
use crate::sip::interface::User;
use crate::switch::dial::{self, Caps, Emergency, Outside, Place, Rules};
use crate::wire::national::Country;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is dialled for help, unless the configuration says otherwise: North America, Europe and GSM, and the number that
/// reads back the address of a phone without calling anybody out.
const NUMBERS: [&str; 3] = ["911", "112", "933"];
/// What a user may place at once, in a minute and in a day, unless the configuration says otherwise.
const CAPS: Caps = Caps { at_once: 2, per_minute: 4, per_day: 100 };
/// The greatest number of calls of one user at once, and in a minute.
const CAP_MAX: u32 = 60;
/// The greatest caps of one user.
pub(super) const OF_USER: Caps = Caps { at_once: CAP_MAX, per_minute: CAP_MAX, per_day: DIALLED_PER_DAY_MAX };
/// The greatest caps of one trunk.
pub(super) const OF_TRUNK: Caps =
    Caps { at_once: TRUNK_AT_ONCE_MAX, per_minute: TRUNK_PER_MINUTE_MAX, per_day: TRUNK_PER_DAY_MAX };

/// What `emergency:` says; without it the usual numbers, and no place is known.
pub fn no_emergency() -> Emergency {
    let numbers = NUMBERS.map(str::to_owned).to_vec();
    Emergency { numbers, places: Vec::new(), alert: Vec::new() }
}

/// Reads `dialling:`; nothing if it has a fault.
pub fn read(node: &Node, sources: &mut Sources) -> Option<Outside> {
    let mut fields = Fields::of_object(node, &[&vocabulary::DIALLING], FAMILY, sources)?;
    let trunk = fields.need("trunk", sources).and_then(|node| fields::name(node, "a trunk", FAMILY, sources));
    let country = fields.take("country").and_then(|node| country(node, sources));
    let allow = fields.need("allow", sources).map(|node| prefixes(node, sources));
    let caps = caps(&mut fields, OF_USER, sources).caps_over(CAPS);
    fields.finish(sources);
    let own = BTreeMap::new();
    Some(Outside { trunk: TrunkName::from(trunk?.value.as_str()), country, allow: allow?, caps, own })
}

/// Reads what one user or one trunk has of `allow` and the caps.
pub(super) fn rules(fields: &mut Fields<'_>, most: Caps, sources: &mut Sources) -> Rules {
    let allow = fields.take("allow").map(|node| prefixes(node, sources));
    Rules { allow, ..caps(fields, most, sources) }
}

fn caps(fields: &mut Fields<'_>, most: Caps, sources: &mut Sources) -> Rules {
    let mut cap = |name: &str, most: u32| {
        let node = fields.take(name)?;
        let calls = fields::number(node, "number of calls", 1..=u64::from(most), FAMILY, sources)?;
        u32::try_from(calls).ok()
    };
    let (at_once, per_minute) = (cap("at_once", most.at_once), cap("per_minute", most.per_minute));
    Rules { allow: None, at_once, per_minute, per_day: cap("per_day", most.per_day) }
}

/// Reads the two letters of a country; nothing, with a fault, if they are none.
pub(super) fn country(node: &Node, sources: &mut Sources) -> Option<Country> {
    let word = fields::word(node, "a country", FAMILY, sources)?;
    let country = Country::read(&word.value);
    if country.is_none() {
        let words = Words::what(format!("`{}` is no country", word.value))
            .repair("write its two capital letters, such as US, MX or DE");
        sources.fault(word.place, FAMILY.value, words);
    }
    country
}

fn prefixes(node: &Node, sources: &mut Sources) -> Vec<String> {
    let items = fields::items(node, "a list of beginnings of numbers", FAMILY, sources).unwrap_or_default();
    if items.len() > DIALLED_PREFIXES_MAX {
        let words =
            Words::what(format!("{} beginnings stand here, and {DIALLED_PREFIXES_MAX} may", items.len()));
        sources.fault(node.place, DIALLING, words.repair("name countries and areas, not single numbers"));
    }
    items.iter().filter_map(|item| prefix(item, sources)).collect()
}

fn prefix(node: &Node, sources: &mut Sources) -> Option<String> {
    let word = fields::word(node, "the beginning of a number", FAMILY, sources)?;
    let plain: String = word.value.chars().filter(|c| !" -.()".contains(*c)).collect();
    let digits = plain.strip_prefix('+').unwrap_or_default();
    if !digits.is_empty() && !digits.starts_with('0') && digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return Some(plain);
    }
    let words = Words::what(format!("`{}` is no beginning of a number with its country code", word.value))
        .repair("write it as \"+1617\": a plus, the country code, perhaps an area, and quotes around it");
    sources.fault(word.place, DIALLING, words);
    None
}

/// Reads `emergency:`; phones of these users log in.
pub fn read_emergency(node: &Node, users: &[User], sources: &mut Sources) -> Option<Emergency> {
    let mut fields = Fields::of_object(node, &[&vocabulary::EMERGENCY], FAMILY, sources)?;
    let numbers = fields.take("numbers").map(|node| numbers(node, sources));
    let places = fields.take("places");
    let items = places.and_then(|node| fields::items(node, "`places`", FAMILY, sources)).unwrap_or_default();
    let alert = fields.take("alert").map(|node| alert(node, users, sources)).unwrap_or_default();
    fields.finish(sources);
    if let Some(over) = items.get(EMERGENCY_PLACES_MAX) {
        let words = Words::what(format!("{} places stand here, and {EMERGENCY_PLACES_MAX} may", items.len()));
        sources.fault(over.place, EMERGENCY, words.repair("join places that have one number"));
    }
    let places = items.iter().take(EMERGENCY_PLACES_MAX).filter_map(|item| place(item, sources)).collect();
    Some(Emergency { numbers: numbers.unwrap_or_else(|| no_emergency().numbers), places, alert })
}

/// Who is told of a call for help: each once.
fn alert(node: &Node, users: &[User], sources: &mut Sources) -> Vec<Arc<str>> {
    let items = fields::items(node, "a list of users", FAMILY, sources).unwrap_or_default();
    if let Some(over) = items.get(ALERT_USERS_MAX) {
        let words = Words::what(format!("{} users stand here, and {ALERT_USERS_MAX} may", items.len()));
        sources.fault(over.place, FAMILY.value, words.repair("name those who can go there, and the desk"));
    }
    let mut named: Vec<Arc<str>> = Vec::new();
    for item in items {
        let Some(word) = fields::name(item, "a user", FAMILY, sources) else { continue };
        if !users.iter().any(|user| user.name == word.value) {
            let words = Words::what(format!("there is no user `{}`", word.value))
                .repair("write a name that stands under `users:`")
                .hears("nobody at that phone would learn that help was called");
            sources.fault(word.place, EMERGENCY, words);
        } else if !named.iter().any(|name| **name == *word.value) {
            named.push(Arc::from(word.value));
        }
    }
    named
}

fn numbers(node: &Node, sources: &mut Sources) -> Vec<String> {
    let items = fields::items(node, "a list of numbers", FAMILY, sources).unwrap_or_default();
    if items.is_empty() {
        let words = Words::what("no number is named for emergencies")
            .repair("name them, such as [\"911\"], or take the line out")
            .hears("who dials one in an emergency would not get help");
        sources.fault(node.place, EMERGENCY, words);
    }
    let number = |node: &Node, sources: &mut Sources| {
        let word = fields::word(node, "an emergency number", FAMILY, sources)?;
        if is_emergency_number(&word.value) {
            return Some(word.value);
        }
        let words = Words::what(format!("`{}` is no emergency number", word.value))
            .repair("write two to six digits, such as \"911\", with quotes around them");
        sources.fault(word.place, EMERGENCY, words);
        None
    };
    items.iter().filter_map(|item| number(item, sources)).collect()
}

fn place(node: &Node, sources: &mut Sources) -> Option<Place> {
    let mut fields = Fields::of_object(node, &[&vocabulary::PLACE], FAMILY, sources)?;
    let from = fields.need("from", sources).map(|node| super::addresses::networks(node, sources));
    let callback = fields.need("callback", sources).and_then(|node| callback(node, sources));
    let location = fields.need("location", sources);
    let location = location.and_then(|node| fields::prose(node, "a place", FAMILY, sources));
    fields.finish(sources);
    Some(Place { networks: from?, callback: callback?, location: location?.value })
}

fn callback(node: &Node, sources: &mut Sources) -> Option<String> {
    let word = fields::word(node, "a number", FAMILY, sources)?;
    let number = e164(&word.value);
    if number.is_none() {
        let words = Words::what(format!("`{}` is no number with its country code", word.value))
            .repair("write the number that the carrier knows this place by, as \"+16175550101\"")
            .hears("the dispatcher would not know where help is needed, and could not call back");
        sources.fault(word.place, EMERGENCY, words);
    }
    number
}

impl Config {
    /// Whether a trunk takes emergency calls.
    pub fn has_emergency_trunk(&self) -> bool {
        self.trunks.iter().any(|trunk| trunk.name.as_str() == EMERGENCY_CARRIER && trunk.out.is_some())
    }

    /// Who is heard whatever else his source has sent: calls for help from the places that are named.
    pub(super) fn help(&self) -> Help {
        let places = self.emergency.places.iter().flat_map(|place| &place.networks);
        Help { networks: places.copied().collect(), numbers: self.emergency.numbers.clone() }
    }

    /// What phones may dial. Without a trunk for them emergency numbers are answered by the flows.
    pub fn dial_settings(&self) -> dial::Settings {
        let (emergency, answered) = match self.has_emergency_trunk() {
            true => (Some(self.emergency.clone()), Vec::new()),
            false => (None, self.emergency.numbers.clone()),
        };
        let rules = |trunk: &Trunk| Some((trunk.name.clone(), trunk.out.as_ref()?.rules.clone()));
        let trunks = self.trunks.iter().filter_map(rules).collect();
        dial::Settings { outside: self.dialling.clone(), emergency, answered, trunks }
    }

    /// Reads whose phones log in and what they may dial; `trunks:` was read before.
    pub(super) fn take_phones(&mut self, fields: &mut Fields<'_>, sources: &mut Sources) {
        let (of_users, dialling) = (fields.take("users"), fields.take("dialling"));
        self.dialling = dialling.and_then(|node| read(node, sources));
        if let Some(node) = of_users {
            let users::Users { all, unrecorded, messages, own } = users::read(node, sources);
            (self.users, self.unrecorded, self.messages) = (all, unrecorded, messages);
            self.take_own(own, dialling, sources);
        }
        let emergency = fields.take("emergency");
        if let Some(emergency) = emergency.and_then(|node| read_emergency(node, &self.users, sources)) {
            self.emergency = emergency;
        }
        let place = |node: Option<&Node>| node.map(|node| node.place);
        let places = Places {
            users: place(of_users).filter(|_| !self.users.is_empty()),
            dialling: place(dialling),
            emergency: place(emergency).filter(|_| !self.emergency.places.is_empty()),
        };
        self.check_dialling(places, sources);
    }

    /// What users may dial otherwise than `dialling` says, which must be there.
    fn take_own(
        &mut self,
        own: BTreeMap<Arc<str>, (Rules, InFile)>,
        dialling: Option<&Node>,
        sources: &mut Sources,
    ) {
        if let (None, Some((user, (_, place)))) = (dialling, own.first_key_value()) {
            let words =
                Words::what(format!("what user {user} may dial stands here, and `dialling` is missing"))
                    .repair(
                        "write `dialling` with a trunk and what all others may dial, `allow: []` for nothing",
                    )
                    .hears("no phone could call out of the house");
            sources.fault(*place, DIALLING, words);
        }
        if let Some(outside) = &mut self.dialling {
            outside.own = own.into_iter().map(|(user, (rules, _))| (user, rules)).collect();
        }
    }

    /// What is said in one place of trunks that stand in another.
    fn check_dialling(&self, places: Places, sources: &mut Sources) {
        let goes_out = |name: &TrunkName| {
            let is_it = |trunk: &&Trunk| trunk.name == *name;
            self.trunks.iter().find(is_it).is_some_and(|trunk| trunk.out.is_some())
        };
        if let (Some(place), Some(outside)) = (places.dialling, &self.dialling)
            && !goes_out(&outside.trunk)
        {
            let words = Words::what(format!("there is no trunk `{}` with `out`", outside.trunk))
                .repair("name a trunk that stands under `trunks:` and says how calls go out")
                .hears("no phone could call out of the house");
            sources.fault(place, DIALLING, words);
        }
        if let (Some(place), false) = (places.users.or(places.emergency), self.has_emergency_trunk()) {
            let words = Words::what("no trunk is named `emergency`, so phones cannot call for help")
                .repair("name the trunk for such calls `emergency`, with `out`, even if the same carrier is there twice")
                .hears("an emergency number that a phone of the house dials is answered by a flow");
            sources.warn(place, NO_EMERGENCY, words);
        }
    }
}

/// Where these sections stand.
#[derive(Clone, Copy)]
struct Places {
    users: Option<InFile>,
    dialling: Option<InFile>,
    emergency: Option<InFile>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::diagnostic::{Paint, Severity};

    const TRUNKS: &str = "trunks:\n  - {name: carrier, addresses: [203.0.113.7], out: {to: \"sip:h\", caller: \"+16175550100\"}}\n  \
        - {name: emergency, addresses: [203.0.113.7], out: {to: \"sip:h\", caller: \"+16175550100\"}}\n";

    fn read(text: &str) -> (Option<Config>, String) {
        let (config, faults) = Config::read("careline.yaml", format!("{TRUNKS}{text}").as_bytes());
        (config, faults.iter().map(|fault| fault.render(Paint::Plain)).collect())
    }

    #[test]
    fn phones_may_dial_what_is_named_and_call_for_help_from_where_they_are() {
        let (config, faults) = read(
            "dialling: {trunk: carrier, country: US, allow: [\"+1 617\", \"+49\"], at_once: 1, per_minute: 2, per_day: 3}\n\
             emergency: {numbers: [\"911\"], places: [{from: [10.1.0.0/16], callback: \"+1-617-555-0101\", location: \"Main St 1, floor 2\"}]}\n",
        );
        assert_eq!(faults, "");
        let settings = config.unwrap().dial_settings();
        let expected = Outside {
            trunk: TrunkName::from("carrier"),
            country: Country::read("US"),
            allow: vec!["+1617".to_owned(), "+49".to_owned()],
            caps: Caps { at_once: 1, per_minute: 2, per_day: 3 },
            own: BTreeMap::new(),
        };
        assert_eq!(settings.outside, Some(expected));
        let emergency = settings.emergency.unwrap();
        let place = &emergency.places[0];
        assert_eq!((emergency.numbers.len(), place.callback.as_str()), (1, "+16175550101"));
        assert_eq!(emergency.place_of("10.1.9.9".parse().unwrap()), Some(place));
        let (config, faults) = read("dialling: {trunk: carrier, allow: []}\n");
        let settings = config.unwrap_or_else(|| panic!("{faults}")).dial_settings();
        assert_eq!(settings.outside.map(|outside| outside.caps), Some(CAPS));
        assert_eq!(
            settings.emergency,
            Some(no_emergency()),
            "with the trunk, whoever has an account may call"
        );
    }

    #[test]
    fn who_is_told_of_a_call_for_help_is_a_user_and_stands_there_once() {
        let users = "users:\n  - {name: desk, digest: md5, ha1: 00112233445566778899aabbccddeeff}\n  \
            - {name: nurse-1, digest: md5, ha1: 00112233445566778899aabbccddeeff}\n";
        let (config, faults) = read(&format!("{users}emergency: {{alert: [nurse-1, desk, nurse-1]}}\n"));
        let settings = config.unwrap_or_else(|| panic!("{faults}")).dial_settings();
        let told = settings.emergency.unwrap().alert.join(" ");
        assert_eq!((told.as_str(), faults.as_str()), ("nurse-1 desk", ""));
        let many = ["desk"; ALERT_USERS_MAX + 1].join(", ");
        for (alert, expected) in [
            ("[dsk]", "C024  there is no user `dsk`"),
            ("[Desk]", "C007"),
            ("{desk: yes}", "C003"),
            (&format!("[{many}]"), "C004  21 users stand here, and 20 may"),
        ] {
            let (config, faults) = read(&format!("{users}emergency: {{alert: {alert}}}\n"));
            assert!(config.is_none() && faults.contains(expected), "{alert}: {faults}");
        }
    }

    #[test]
    fn users_and_trunks_have_lists_and_caps_of_their_own() {
        let ha1 = "00112233445566778899aabbccddeeff";
        let trunks = TRUNKS.replacen(
            "caller:",
            "allow: [\"+1\"], at_once: 40, per_minute: 600, per_day: 9000, caller:",
            1,
        );
        let users = format!(
            "users: [{{name: ann, digest: md5, ha1: {ha1}, allow: [\"+1 617\"], at_once: 1}}, {{name: bob, digest: md5, ha1: {ha1}}}]\n"
        );
        let text = format!("{trunks}{users}dialling: {{trunk: carrier, allow: []}}\n");
        let (config, faults) = Config::read("careline.yaml", text.as_bytes());
        let settings = config.unwrap_or_else(|| panic!("{faults:?}")).dial_settings();
        let own = Rules { allow: Some(vec!["+1617".to_owned()]), at_once: Some(1), ..Rules::default() };
        assert_eq!(settings.outside.map(|outside| outside.own), Some([("ann".into(), own)].into()));
        let rules = Rules {
            allow: Some(vec!["+1".to_owned()]),
            at_once: Some(40),
            per_minute: Some(600),
            per_day: Some(9_000),
        };
        assert_eq!(settings.trunks[&TrunkName::from("carrier")], rules);
        assert_eq!(settings.trunks[&TrunkName::from("emergency")], Rules::default());
        let (config, faults) = Config::read("careline.yaml", format!("{TRUNKS}{users}").as_bytes());
        let told: String = faults.iter().map(|fault| fault.render(Paint::Plain)).collect();
        assert!(config.is_none() && told.contains("C023  what user ann may dial stands here"), "{told}");
    }

    #[test]
    fn every_fault_of_it_is_told_at_once() {
        for (text, expected) in [
            ("dialling: {}", vec!["C002  `dialling` needs `trunk`", "C002  `dialling` needs `allow`"]),
            ("dialling: {trunk: carrier, country: usa, allow: []}", vec!["C004  `usa` is no country"]),
            ("dialling: {trunk: x, allow: []}", vec!["C023  there is no trunk `x` with `out`"]),
            (
                "dialling: {trunk: carrier, allow: [1617, \"+0\", \"+\"], at_once: 0}",
                vec!["C023  `1617` is no beginning", "C023  `+0`", "C023  `+`", "C009"],
            ),
            ("emergency: {numbers: []}", vec!["C024  no number is named"]),
            ("emergency: {numbers: [\"+911\", help]}", vec!["C024  `+911` is no", "C024  `help`"]),
            (
                "emergency: {places: [{from: [x], callback: 911}]}",
                vec![
                    "C004",
                    "C024  `911` is no number with its country code",
                    "C002  a place needs `location`",
                ],
            ),
        ] {
            let (config, faults) = read(&format!("{text}\n"));
            assert!(config.is_none(), "{text}");
            for part in expected {
                assert!(faults.contains(part), "{text}: {part} is not in\n{faults}");
            }
        }
    }

    #[test]
    fn users_without_a_trunk_for_emergencies_are_warned_of_and_served() {
        let user = "users: [{name: ann, digest: md5, ha1: 00112233445566778899aabbccddeeff}]\n";
        // `careline check` takes this warning for a fault; a start does not.
        let (config, faults) = Config::read("careline.yaml", user.as_bytes());
        let settings = config.expect("a warning only").dial_settings();
        assert_eq!((settings.emergency, settings.answered), (None, no_emergency().numbers));
        assert!(faults.len() == 1 && faults[0].severity == Severity::Warning, "{faults:?}");
        assert_eq!(faults[0].code, NO_EMERGENCY);
        assert_eq!(read(user).1, "");
    }
}
