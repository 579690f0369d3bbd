//! Which set of flows a call gets: the current one, or for some callers one that is being tried (the canary).
//!
//! The choice hangs on the call's own Call-ID and on the set that is tried, on nothing else: the same call always gets
//! the same set, whatever was restarted, and another canary is tried on other callers. A number that leads to an urgent
//! flow, in either set, always gets the current one. Not here: where sets are kept (`io::published`).

use crate::flow::set::FlowSet;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use thiserror::Error;

/// The name of a set while it is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edition {
    /// The published set of this number, from 1.
    Published(u32),
    /// A draft that is served unpublished; counted up in each run of the engine.
    Draft(u32),
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Edition::Published(number) => write!(f, "set {number}"),
            Edition::Draft(count) => write!(f, "draft {count}"),
        }
    }
}

/// Which callers get the canary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Share {
    /// So many of a hundred calls, 1 to 99.
    Percent(u8),
    /// Calls to this number.
    Number(String),
}

/// A text that is no share.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{0}` is no share of the calls: write a percentage from 1% to 99%, or a number such as +16175550100"
)]
pub struct BadShare(String);

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Share::Percent(percent) => write!(f, "{percent}%"),
            Share::Number(number) => f.write_str(number),
        }
    }
}

impl FromStr for Share {
    type Err = BadShare;

    fn from_str(text: &str) -> Result<Self, BadShare> {
        let bad = || BadShare(text.to_owned());
        if let Some(percent) = text.strip_suffix('%') {
            let is_plain = percent.bytes().all(|octet| octet.is_ascii_digit());
            let percent = percent.parse().ok().filter(|percent| is_plain && (1..=99).contains(percent));
            return percent.map(Share::Percent).ok_or_else(bad);
        }
        let number: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')')).collect();
        let is_plain = !number.is_empty() && number.chars().all(|c| c.is_ascii_alphanumeric() || c == '+');
        if is_plain { Ok(Share::Number(number)) } else { Err(bad()) }
    }
}

/// A set that some callers try.
#[derive(Clone, Debug)]
pub struct Canary {
    /// The set.
    pub set: Arc<FlowSet>,
    /// Whose calls get it.
    pub share: Share,
}

/// The sets that new calls get.
#[derive(Clone, Debug)]
pub struct Served {
    /// The one that callers get who do not try another.
    pub current: Arc<FlowSet>,
    /// The one that is tried.
    pub canary: Option<Canary>,
}

impl Served {
    /// One set for every call.
    pub fn to_all(current: Arc<FlowSet>) -> Self {
        Self { current, canary: None }
    }

    /// The set of a call: by the number that was called and the Call-ID.
    pub fn of_call(&self, called: &str, call_id: &str) -> &Arc<FlowSet> {
        let Some(canary) = &self.canary else { return &self.current };
        let is_urgent = |set: &FlowSet| set.is_urgent(set.route(called));
        if is_urgent(&self.current) || is_urgent(&canary.set) {
            return &self.current;
        }
        let tries = match &canary.share {
            Share::Percent(percent) => lot(canary.set.version(), call_id) < *percent,
            Share::Number(number) => FlowSet::is_same_number(number, called),
        };
        if tries { &canary.set } else { &self.current }
    }
}

/// A number under a hundred that each of a call and a version draws once and for all.
fn lot(version: &str, call_id: &str) -> u8 {
    let hash = Sha256::new().chain_update(version).chain_update([0]).chain_update(call_id).finalize();
    let drawn = hash.iter().take(8).fold(0_u64, |all, octet| (all << 8) | u64::from(*octet));
    (drawn % 100) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::set::{Audio, SourceFile};
    use proptest::prelude::*;

    fn set(clinic_line: &str, edition: u32) -> Arc<FlowSet> {
        let flows = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("ivr-flows");
        let file = |name: &str| {
            let mut text = std::fs::read_to_string(flows.join(name)).unwrap();
            if name == "clinic.yaml" {
                text = text.replace("urgent_flows: [crisis_help]", clinic_line);
            }
            SourceFile { path: name.to_owned(), octets: text.into_bytes() }
        };
        let names = std::fs::read_dir(&flows).unwrap().map(|entry| entry.unwrap().file_name());
        let names = names.map(|name| name.into_string().unwrap());
        let files = names.filter(|name| name.ends_with(".yaml") && !name.ends_with(".test.yaml"));
        let (set, faults) = FlowSet::load(files.map(|name| file(&name)).collect(), &|_, _| Audio::Present);
        let set = set.unwrap_or_else(|| panic!("{faults:#?}"));
        Arc::new(set.served_as(Edition::Published(edition), format!("{edition:064}")))
    }

    fn edition(served: &Served, called: &str, call_id: &str) -> Edition {
        served.of_call(called, call_id).edition()
    }

    #[test]
    fn a_share_is_a_percentage_or_a_number_and_is_written_as_it_is_read() {
        let table = [
            ("10%", Some(Share::Percent(10))),
            ("1%", Some(Share::Percent(1))),
            ("99%", Some(Share::Percent(99))),
            ("+1 (617) 555-0100", Some(Share::Number("+16175550100".to_owned()))),
            ("100", Some(Share::Number("100".to_owned()))),
            ("0%", None),
            ("100%", None),
            ("+5%", None),
            ("2.5%", None),
            ("%", None),
            ("", None),
            ("a b=c", None),
        ];
        for (text, expected) in table {
            let share = text.parse::<Share>().ok();
            assert_eq!(share, expected, "{text}");
            if let Some(share) = share {
                assert_eq!(share.to_string().parse(), Ok(share), "{text}");
            }
        }
    }

    #[test]
    fn an_urgent_flow_is_never_tried_whichever_set_calls_it_urgent() {
        let (plain, urgent) = (set("", 1), set("urgent_flows: [after_hours]", 2));
        let shares = [Share::Percent(99), Share::Number("+16175550199".to_owned())];
        for (current, tried) in [(&plain, &urgent), (&urgent, &plain), (&urgent, &urgent)] {
            for share in &shares {
                let canary = Some(Canary { set: tried.clone(), share: share.clone() });
                let served = Served { current: current.clone(), canary };
                for n in 0..50 {
                    let chosen = edition(&served, "+16175550199", &format!("call-{n}"));
                    assert_eq!(chosen, current.edition(), "{share}");
                }
            }
        }
    }

    #[test]
    fn a_canary_for_a_number_is_for_its_callers_alone_however_the_number_is_written() {
        let share = Share::Number("+16175550100".to_owned());
        let canary = Some(Canary { set: set("", 2), share });
        let served = Served { current: set("", 1), canary };
        for (called, expected) in
            [("+16175550100", 2), ("+1-617-555-0100", 2), ("100", 1), ("+16175550199", 1), ("", 1)]
        {
            assert_eq!(edition(&served, called, "x"), Edition::Published(expected), "{called}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn as_many_calls_try_as_the_share_says_and_each_call_stays_where_it_is(percent in 1_u8..=99, salt in "[a-z]{8}") {
            let tries = |n: u32| lot(&salt, &format!("{n}@10.0.0.{}", n % 200)) < percent;
            let count = (0..4_000).filter(|n| tries(*n)).count() as f64 / 40.0;
            // Five standard deviations of the binomial distribution of 4 000 draws, at its widest.
            prop_assert!((count - f64::from(percent)).abs() < 4.0, "{count}% of {percent}%");
            prop_assert!((0..50).all(|n| tries(n) == tries(n)));
        }
    }

    #[test]
    fn another_canary_is_tried_on_other_callers() {
        let tries =
            |version: &str| (0..1_000).filter(|n| lot(version, &n.to_string()) < 10).collect::<Vec<_>>();
        let (one, other) = (tries("a"), tries("b"));
        let both = one.iter().filter(|n| other.contains(n)).count();
        assert!(one.len() > 50 && both < one.len() / 3, "{} and {both} of them again", one.len());
    }
}
