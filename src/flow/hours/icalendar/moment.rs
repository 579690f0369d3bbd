//! A day or a time of an iCalendar file: DATE and the three forms of DATE-TIME (RFC 5545 §3.3.4, §3.3.5).

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// When something begins or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A day.
    Day(Date),
    /// A time on whatever clock hangs where the calendar is.
    Local(DateTime),
    /// A time on the clock of a zone.
    Zoned(DateTime, TimeZone),
}

impl Moment {
    /// Reads `20260101`, `20260101T080000` or `20260101T080000Z`; the second is of `zone` if there is one.
    pub fn read(value: &str, zone: Option<&TimeZone>) -> Option<Moment> {
        let (day, time) = value.split_once('T').map_or((value, None), |(day, time)| (day, Some(time)));
        let day = date(day)?;
        let Some(time) = time else { return Some(Moment::Day(day)) };
        let (time, zone) = match time.strip_suffix('Z') {
            Some(time) => (time, Some(TimeZone::UTC)),
            None => (time, zone.cloned()),
        };
        let [hour, minute, second] = numbers(time)?;
        // A leap second is the second before it, as RFC 5545 §3.3.12 wants it where it is not known.
        let time = jiff::civil::Time::new(hour, minute, second.min(59), 0).ok().filter(|_| second <= 60)?;
        let at = day.to_datetime(time);
        Some(zone.map_or(Moment::Local(at), |zone| Moment::Zoned(at, zone)))
    }

    /// The day on its own clock.
    pub fn date(&self) -> Date {
        match self {
            Moment::Day(day) => *day,
            Moment::Local(at) | Moment::Zoned(at, _) => at.date(),
        }
    }

    /// The instant; a day's is its midnight, a time without a zone is one of `zone`. A time that comes twice is the
    /// first, one that is left out is counted from before (RFC 5545 §3.3.5).
    pub fn instant(&self, zone: &TimeZone) -> Option<Timestamp> {
        let (at, zone) = match self {
            Moment::Day(day) => (day.at(0, 0, 0, 0), zone),
            Moment::Local(at) => (*at, zone),
            Moment::Zoned(at, own) => (*at, own),
        };
        zone.to_ambiguous_timestamp(at).compatible().ok()
    }

    /// The same time of day on another day.
    pub fn on(&self, day: Date) -> Moment {
        match self {
            Moment::Day(_) => Moment::Day(day),
            Moment::Local(at) => Moment::Local(day.to_datetime(at.time())),
            Moment::Zoned(at, zone) => Moment::Zoned(day.to_datetime(at.time()), zone.clone()),
        }
    }

    /// The zone of its clock, where it is written.
    pub fn zone(&self) -> Option<&TimeZone> {
        match self {
            Moment::Day(_) | Moment::Local(_) => None,
            Moment::Zoned(_, zone) => Some(zone),
        }
    }
}

fn date(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let date = Date::new(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?).ok()?;
    // Far enough from the ends of the calendar that days can be counted from it.
    (1900..=2200).contains(&date.year()).then_some(date)
}

fn numbers(time: &str) -> Option<[i8; 3]> {
    if time.len() != 6 || !time.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some([time[..2].parse().ok()?, time[2..4].parse().ok()?, time[4..].parse().ok()?])
}
