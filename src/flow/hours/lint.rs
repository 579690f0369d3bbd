//! What is well written and yet wrong: times that overlap, and a list of holidays that is about to end.

use super::calendar::{Calendar, Feed};
use super::interval::{DAY_MINUTES, Interval};
use crate::clock::WallTime;
use crate::flow::codes::ENDS;
use crate::flow::diagnostic::{Diagnostic, Place, Severity};
use crate::limits::CALENDAR_ENDS_SOON_DAYS;
use jiff::Timestamp;
use jiff::civil::Date;

/// Two times that overlap: where in the week each stands, and it.
pub type Overlap = [(usize, Interval); 2];

const WEEK_MINUTES: u32 = 7 * DAY_MINUTES as u32;

/// The first times of a week that overlap, nights over midnight included; days count from Monday, 0.
pub fn overlap(week: &[Vec<Interval>; 7]) -> Option<Overlap> {
    let of_day = |(day, intervals): (usize, &Vec<Interval>)| {
        intervals.iter().map(move |interval| (day, *interval)).collect::<Vec<_>>()
    };
    let mut all: Vec<(usize, Interval)> = week.iter().enumerate().flat_map(of_day).collect();
    all.sort_by_key(|(day, interval)| (*day, interval.from, interval.to));
    let begin =
        |(day, interval): (usize, Interval)| day as u32 * u32::from(DAY_MINUTES) + u32::from(interval.from);
    let around = all.iter().zip(all.iter().cycle().skip(1));
    for (at, (one, next)) in around.enumerate() {
        let week_on = if at + 1 == all.len() { WEEK_MINUTES } else { 0 };
        if begin(*one) + u32::from(one.1.length()) > begin(*next) + week_on && all.len() > 1 {
            return Some([*one, *next]);
        }
    }
    None
}

/// The first of one day's times that overlap.
pub fn overlap_of_day(intervals: &[Interval]) -> Option<Overlap> {
    let mut week: [Vec<Interval>; 7] = Default::default();
    week[0] = intervals.to_vec();
    overlap(&week)
}

/// The feeds of a calendar that name no day from soon after `today` on: who gets the next list has time to do it.
pub fn ends_soon(calendar: &Calendar, today: WallTime) -> Vec<Diagnostic> {
    let Ok(now) = Timestamp::from_microsecond(today.as_micros()) else { return Vec::new() };
    let today = calendar.zone.to_datetime(now).date();
    calendar.feeds.iter().filter_map(|feed| told(feed, today)).collect()
}

fn told(feed: &Feed, today: Date) -> Option<Diagnostic> {
    let ends: Option<Vec<Date>> = feed.events.iter().map(super::icalendar::event::Event::ends_on).collect();
    let last = ends?.into_iter().max()?;
    let left = last.duration_since(today).as_hours() / 24;
    if left >= CALENDAR_ENDS_SOON_DAYS {
        return None;
    }
    let what = if left < 0 {
        format!("the last day of this file was {last}: it names no holiday any more")
    } else {
        format!("the last day of this file is {last}, {left} days from today")
    };
    Some(Diagnostic {
        file: feed.line.file.clone(),
        place: Place { file: 0, line: feed.line.number, column: 1, width: feed.line.text.chars().count() },
        code: ENDS,
        what,
        source: feed.line.text.clone(),
        repair: "get the next list and put it in its place, or write the holidays as rules".to_owned(),
        severity: Severity::Warning,
        fix: None,
        hears: "on holidays that are not listed a caller would be told that the clinic is open".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::hours::interval;

    /// The week as seven texts; the days left out are closed.
    fn found(days: &[(usize, &str)]) -> String {
        let mut week: [Vec<Interval>; 7] = Default::default();
        for (day, text) in days {
            week[*day] = interval::read(text).unwrap();
        }
        overlap(&week).map_or_else(String::new, |[a, b]| format!("{} {} / {} {}", a.0, a.1, b.0, b.1))
    }

    #[test]
    fn times_that_overlap_are_found_also_over_midnight_and_over_the_week() {
        for (days, expected) in [
            (&[(0, "08:00-12:00, 13:00-17:00")][..], ""),
            (&[(0, "08:00-12:00, 12:00-17:00")], ""),
            (&[(0, "08:00-13:00, 12:00-17:00")], "0 08:00-13:00 / 0 12:00-17:00"),
            (&[(0, "13:00-17:00, 08:00-13:30")], "0 08:00-13:30 / 0 13:00-17:00"),
            (&[(0, "08:00-09:00, 08:00-09:00")], "0 08:00-09:00 / 0 08:00-09:00"),
            (&[(0, "22:00-06:00"), (1, "06:00-12:00")], ""),
            (&[(0, "22:00-06:00"), (1, "05:00-12:00")], "0 22:00-06:00 / 1 05:00-12:00"),
            (&[(6, "22:00-06:00"), (0, "05:00-12:00")], "6 22:00-06:00 / 0 05:00-12:00"),
            (&[(6, "22:00-05:00"), (0, "05:00-12:00")], ""),
            (&[(3, "22:00-21:00")], ""),
            (&[(3, "00:00-24:00"), (4, "00:00-24:00")], ""),
        ] {
            assert_eq!(found(days), expected, "{days:?}");
        }
    }
}
