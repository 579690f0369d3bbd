//! When a promise of so many working days ends. A working day is one on which the clinic opens; where no calendar tells,
//! Monday to Friday. The day of the promise itself does not count.

use super::calendar::{Calendar, Opening};
use crate::clock::WallTime;
use crate::limits::PROMISE_AHEAD_DAYS;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// The last closing of the `days`th working day after that of `from`; `None` if the calendar knows no such day within
/// [`PROMISE_AHEAD_DAYS`].
pub fn by_calendar(calendar: &Calendar, from: WallTime, days: u32) -> Option<WallTime> {
    let date = |at: WallTime| date(at, &calendar.zone);
    let first = date(from)?;
    let last = first.checked_add(PROMISE_AHEAD_DAYS.days()).ok()?;
    let (mut at, mut opened, mut day, mut counted, mut end) = (from, first, first, 0, None);
    loop {
        let was = calendar.answer(at)?.state.opening();
        let Some(next) = calendar.changes_after(at).filter(|next| date(*next).is_some_and(|day| day <= last))
        else {
            return end;
        };
        let is = calendar.answer(next)?.state.opening();
        if was == Opening::Open && is != Opening::Open && opened > first {
            if opened > day {
                if counted == days {
                    return end;
                }
                (day, counted) = (opened, counted + 1);
            }
            end = (counted == days).then_some(next);
        }
        if is == Opening::Open {
            opened = date(next)?;
        }
        at = next;
    }
}

/// The end of the `days`th day from Monday to Friday after that of `from`.
pub fn by_week(zone: &TimeZone, from: WallTime, days: u32) -> Option<WallTime> {
    let mut day = date(from, zone)?;
    for _ in 0..days {
        day = day.tomorrow().ok()?;
        while matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            day = day.tomorrow().ok()?;
        }
    }
    let end = zone.to_timestamp(day.tomorrow().ok()?.at(0, 0, 0, 0)).ok()?;
    Some(WallTime::from_micros(end.as_microsecond()))
}

fn date(at: WallTime, zone: &TimeZone) -> Option<Date> {
    let stamp = Timestamp::from_microsecond(at.as_micros()).ok()?;
    Some(zone.to_datetime(stamp).date())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::diagnostic::Sources;
    use crate::flow::read::hours::{self, HoursText};
    use crate::flow::syntax::tree::{self, Reading};
    use jiff::civil::DateTime;
    use std::collections::BTreeMap;

    fn moment(text: &str, zone: &TimeZone) -> WallTime {
        let local: DateTime = text.replace(' ', "T").parse().unwrap();
        WallTime::from_micros(zone.to_timestamp(local).unwrap().as_microsecond())
    }

    fn told(at: Option<WallTime>, zone: &TimeZone) -> String {
        let stamp = |at: WallTime| Timestamp::from_microsecond(at.as_micros()).unwrap();
        at.map_or("never".to_owned(), |at| zone.to_datetime(stamp(at)).strftime("%Y-%m-%d %H:%M").to_string())
    }

    fn calendar(rest: &str) -> Calendar {
        let yaml = format!("c:\n  zone: America/New_York\n{rest}");
        let mut sources = Sources::default();
        let (_, Reading::Tree(node)) = tree::read(&mut sources, "hours.yaml", yaml.as_bytes()) else {
            panic!("no tree:\n{yaml}")
        };
        let HoursText { mut calendars, .. } = hours::read(&node, &BTreeMap::new(), &mut sources);
        assert!(sources.into_faults().is_empty(), "{yaml}");
        calendars.remove(0).1.unwrap()
    }

    #[test]
    fn a_promise_ends_with_the_last_closing_of_a_day_on_which_the_clinic_opens() {
        let week =
            "  week:\n    mon-thu: 08:00-12:00, 13:00-17:00\n    fri: 20:00-02:00\n    sat-sun: closed\n";
        let plain = calendar(week);
        let holiday = calendar(&format!("{week}  holidays: {{Thanksgiving: 2026-11-26}}\n"));
        let never = calendar("  week: {every day: \"00:00-24:00\"}\n");
        for (calendar, from, days, expected) in [
            (&plain, "2026-11-23 09:00", 1, "2026-11-24 17:00"),
            (&plain, "2026-11-23 03:00", 1, "2026-11-24 17:00"),
            (&plain, "2026-11-23 23:00", 2, "2026-11-25 17:00"),
            (&plain, "2026-11-26 12:30", 1, "2026-11-28 02:00"),
            (&plain, "2026-11-27 21:00", 1, "2026-11-30 17:00"),
            (&plain, "2026-11-28 01:00", 1, "2026-11-30 17:00"),
            (&plain, "2026-11-29 10:00", 1, "2026-11-30 17:00"),
            (&holiday, "2026-11-25 09:00", 1, "2026-11-28 02:00"),
            (&never, "2026-11-25 09:00", 1, "never"),
        ] {
            let at = by_calendar(calendar, moment(from, &calendar.zone), days);
            assert_eq!(told(at, &calendar.zone), expected, "{from} {days}");
        }
    }

    #[test]
    fn without_a_calendar_monday_to_friday_are_working_days() {
        let zone = TimeZone::get("America/New_York").unwrap();
        for (from, days, expected) in [
            ("2026-11-25 10:00", 1, "2026-11-27 00:00"),
            ("2026-11-27 23:59", 1, "2026-12-01 00:00"),
            ("2026-11-28 10:00", 1, "2026-12-01 00:00"),
            ("2026-11-27 10:00", 2, "2026-12-02 00:00"),
        ] {
            assert_eq!(told(by_week(&zone, moment(from, &zone), days), &zone), expected, "{from} {days}");
        }
    }
}
