//! Time zones by their IANA names, from the data that is built into the program: the same answer on every
//! machine, and no file is read for it.

use crate::clock::WallTime;
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// The zone of an IANA name such as `America/New_York`. `None` for abbreviations too: `EST` is no place, and knows
/// no summer time.
pub fn zone(name: &str) -> Option<TimeZone> {
    let is_place = name.contains('/') || name == "UTC";
    if !is_place {
        return None;
    }
    let zone = TimeZoneDatabase::bundled().get(name).ok()?;
    (zone.iana_name() == Some(name)).then_some(zone)
}

/// Hours and minutes there: `10:31`.
pub fn time_of_day(at: WallTime, zone: &TimeZone) -> String {
    let stamp = Timestamp::from_microsecond(at.as_micros()).unwrap_or(Timestamp::UNIX_EPOCH);
    zone.to_datetime(stamp).strftime("%H:%M").to_string()
}

/// The zone that was probably meant: a slip of the keyboard, another case, the city alone, or an abbreviation.
pub fn meant(word: &str) -> Option<String> {
    let abbreviation = ABBREVIATIONS.iter().find(|(short, _)| short.eq_ignore_ascii_case(word));
    if let Some((_, name)) = abbreviation {
        return Some((*name).to_owned());
    }
    let database = TimeZoneDatabase::bundled();
    let names: Vec<String> = database.available().map(|name| name.to_string()).collect();
    let places = || names.iter().map(String::as_str).filter(|name| name.contains('/'));
    let city = word.trim().replace(' ', "_").to_lowercase();
    let is_city = |name: &&str| name.rsplit('/').next().is_some_and(|last| last.to_lowercase() == city);
    let found = places().find(is_city).or_else(|| super::super::diagnostic::nearest(word, places()));
    found.map(str::to_owned)
}

/// What is written in place of a zone, in the country of the first clinics.
const ABBREVIATIONS: [(&str, &str); 18] = [
    ("est", "America/New_York"),
    ("edt", "America/New_York"),
    ("et", "America/New_York"),
    ("eastern", "America/New_York"),
    ("cst", "America/Chicago"),
    ("cdt", "America/Chicago"),
    ("ct", "America/Chicago"),
    ("mst", "America/Denver"),
    ("mdt", "America/Denver"),
    ("mt", "America/Denver"),
    ("pst", "America/Los_Angeles"),
    ("pdt", "America/Los_Angeles"),
    ("pt", "America/Los_Angeles"),
    ("gmt", "UTC"),
    // As Windows and Outlook call them.
    ("eastern standard time", "America/New_York"),
    ("central standard time", "America/Chicago"),
    ("mountain standard time", "America/Denver"),
    ("pacific standard time", "America/Los_Angeles"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_a_place_and_no_abbreviation() {
        for good in ["America/New_York", "Europe/Berlin", "Asia/Kathmandu", "US/Eastern", "UTC", "Etc/GMT+5"]
        {
            assert!(zone(good).is_some(), "{good}");
        }
        for bad in ["EST", "EST5EDT", "america/new_york", "America/New York", "Boston", "+05:00", "", "/"] {
            assert!(zone(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_time_of_day_is_that_of_the_place() {
        let at = WallTime::from_micros(1_767_285_060_000_000);
        let there = |name: &str| time_of_day(at, &zone(name).unwrap());
        assert_eq!((there("UTC").as_str(), there("America/New_York").as_str()), ("16:31", "11:31"));
    }

    #[test]
    fn the_place_that_was_meant_is_found() {
        for (word, name) in [
            ("america/new_york", "America/New_York"),
            ("New York", "America/New_York"),
            ("EST", "America/New_York"),
            ("Eastern Standard Time", "America/New_York"),
            ("Amerika/Chicago", "America/Chicago"),
            ("berlin", "Europe/Berlin"),
        ] {
            assert_eq!(meant(word).as_deref(), Some(name), "{word}");
        }
        assert_eq!(meant("somewhere over the rainbow"), None);
    }
}
