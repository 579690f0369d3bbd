//! The end of a closing as an administrator writes it: `17:00`, `tomorrow 08:00`, `monday 08:00`, `2026-12-01 08:00`;
//! on the clinic's own clock, exact where the clocks are set.
//!
//! A time that comes twice is the second one, one that is left out is the moment at which the clock jumps over it: the
//! first moment from which on the clock shows no earlier time any more. Nothing is guessed: a time of today that is
//! past is no time of tomorrow.

use super::week;
use crate::clock::WallTime;
use crate::limits::CLINIC_CLOSED_MAX;
use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};

/// An end that was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Until {
    /// When.
    pub at: WallTime,
    /// What the clock does at that time.
    pub clock: Clock,
}

/// What the clock on the wall does at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// It shows it once.
    Once,
    /// It shows it twice, and the second time is meant.
    Twice,
    /// It jumps over it, and the jump is meant.
    Never,
}

/// Why an end cannot be taken: each names the words that are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoUntil {
    /// It is no time of a day.
    Unreadable,
    /// It is past.
    Past,
    /// It is farther away than [`CLINIC_CLOSED_MAX`].
    TooFar,
}

/// Reads an end; `now` tells which day is today in `zone`.
///
/// # Errors
/// [`NoUntil`].
pub fn read(text: &str, zone: &TimeZone, now: WallTime) -> Result<Until, NoUntil> {
    let begin = Timestamp::from_microsecond(now.as_micros()).map_err(|_| NoUntil::Unreadable)?;
    let (day, time) = text.trim().rsplit_once(' ').unwrap_or(("", text.trim()));
    let time = time_of_day(time).ok_or(NoUntil::Unreadable)?;
    let today = zone.to_datetime(begin).date();
    let days = days(day.trim(), today).ok_or(NoUntil::Unreadable)?;
    let ends = days.into_iter().filter_map(|day| moment(day, time, zone));
    let end = ends.into_iter().find(|(at, _)| *at > begin).ok_or(NoUntil::Past)?;
    let (at, clock) = (WallTime::from_micros(end.0.as_microsecond()), end.1);
    if at > now + CLINIC_CLOSED_MAX {
        return Err(NoUntil::TooFar);
    }
    Ok(Until { at, clock })
}

/// `8:00`, `08:00`; and `24:00`, which is the next day's first moment.
fn time_of_day(text: &str) -> Option<(Time, i64)> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(hours) || !digits(minutes) || hours.len() > 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (i8, i8) = (hours.parse().ok()?, minutes.parse().ok()?);
    if (hours, minutes) == (24, 0) {
        return Some((Time::midnight(), 1));
    }
    Time::new(hours, minutes, 0, 0).ok().map(|time| (time, 0))
}

/// The days that may be meant, the nearest first.
fn days(word: &str, today: Date) -> Option<Vec<Date>> {
    let after = |days: i64| today.checked_add(days.days()).ok();
    match word.to_lowercase().as_str() {
        "" | "today" => Some(vec![today]),
        "tomorrow" => Some(vec![after(1)?]),
        word => match week::weekday(word) {
            // Today if that is still ahead, else in a week.
            Some(day) => {
                let ahead = i64::from(today.weekday().until(day));
                Some(vec![after(ahead)?, after(ahead + 7)?])
            }
            None if word.len() == 10 => word.parse().ok().map(|day| vec![day]),
            None => None,
        },
    }
}

/// The moment at which a clock in `zone` shows that time for the last time, or jumps over it.
fn moment(day: Date, (time, days): (Time, i64), zone: &TimeZone) -> Option<(Timestamp, Clock)> {
    let time = day.checked_add(days.days()).ok()?.to_datetime(time);
    match zone.to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Unambiguous { offset } => Some((offset.to_timestamp(time).ok()?, Clock::Once)),
        AmbiguousOffset::Fold { after, .. } => Some((after.to_timestamp(time).ok()?, Clock::Twice)),
        AmbiguousOffset::Gap { after, .. } => {
            let before = after.to_timestamp(time).ok()?;
            let jump = zone.following(before).next()?.timestamp();
            Some((jump, Clock::Never))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `11-30T13:00Z`, and what the clock does; or why not. New York, at a moment in Greenwich.
    fn told(text: &str, now: &str) -> String {
        let zone = super::super::zone::zone("America/New_York").unwrap();
        let now: Timestamp = now.replace('Z', ":00Z").parse().unwrap();
        match read(text, &zone, WallTime::from_micros(now.as_microsecond())) {
            Ok(Until { at, clock }) => {
                let at = Timestamp::from_microsecond(at.as_micros()).unwrap().strftime("%m-%dT%H:%MZ");
                let clock = match clock {
                    Clock::Once => "",
                    Clock::Twice => " twice",
                    Clock::Never => " never",
                };
                format!("{at}{clock}")
            }
            Err(why) => format!("{why:?}"),
        }
    }

    #[test]
    fn ends_are_read_on_the_clinics_clock() {
        // Saturday, 11:00 in New York.
        let now = "2026-11-28T16:00Z";
        for (text, expected) in [
            ("17:00", "11-28T22:00Z"),
            ("today 17:00", "11-28T22:00Z"),
            ("24:00", "11-29T05:00Z"),
            ("tomorrow 8:00", "11-29T13:00Z"),
            ("Tomorrow  08:00", "11-29T13:00Z"),
            ("monday 08:00", "11-30T13:00Z"),
            ("mon 08:00", "11-30T13:00Z"),
            ("saturday 12:00", "11-28T17:00Z"),
            ("saturday 11:00", "12-05T16:00Z"),
            ("2026-12-01 08:00", "12-01T13:00Z"),
            ("2026-12-12 11:00", "12-12T16:00Z"),
            ("2026-12-12 11:01", "TooFar"),
            ("2027-01-01 08:00", "TooFar"),
            ("08:00", "Past"),
            ("11:00", "Past"),
            ("2026-11-27 08:00", "Past"),
            ("", "Unreadable"),
            ("tomorrow", "Unreadable"),
            ("8", "Unreadable"),
            ("8am", "Unreadable"),
            ("5:00 pm", "Unreadable"),
            ("25:00", "Unreadable"),
            ("08:60", "Unreadable"),
            ("24:01", "Unreadable"),
            ("+8:00", "Unreadable"),
            ("someday 08:00", "Unreadable"),
            ("2026-02-30 08:00", "Unreadable"),
            ("12/01/2026 08:00", "Unreadable"),
            ("2026-12-01T08:00 08:00", "Unreadable"),
        ] {
            assert_eq!(told(text, now), expected, "{text}");
        }
        // In Greenwich it is Sunday already.
        assert_eq!(told("tomorrow 08:00", "2026-11-29T03:00Z"), "11-29T13:00Z");
    }

    /// New York is set back on 2026-11-01 at 06:00Z and forward on 2027-03-14 at 07:00Z.
    #[test]
    fn where_the_clock_jumps_the_end_is_when_no_earlier_time_follows() {
        for (text, now, expected) in [
            ("tomorrow 00:59", "2026-10-31T16:00Z", "11-01T04:59Z"),
            ("tomorrow 01:30", "2026-10-31T16:00Z", "11-01T06:30Z twice"),
            ("01:30", "2026-11-01T05:45Z", "11-01T06:30Z twice"),
            ("01:30", "2026-11-01T06:30Z", "Past"),
            ("tomorrow 02:00", "2026-10-31T16:00Z", "11-01T07:00Z"),
            ("tomorrow 02:00", "2027-03-13T16:00Z", "03-14T07:00Z never"),
            ("tomorrow 02:30", "2027-03-13T16:00Z", "03-14T07:00Z never"),
            ("tomorrow 03:00", "2027-03-13T16:00Z", "03-14T07:00Z"),
        ] {
            assert_eq!(told(text, now), expected, "{text} at {now}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// The words of an end in the near future lead back to it, in any zone, and no words lead into the past.
        #[test]
        fn an_end_written_out_is_the_end_that_is_read(
            zone in proptest::sample::select(&["America/New_York", "Europe/London", "Australia/Lord_Howe",
                "America/Santiago", "Asia/Kathmandu", "UTC"][..]),
            now in 1_767_000_000_i64..1_830_000_000,
            ahead in 1_i64..14 * 1_440,
        ) {
            let zone = super::super::zone::zone(zone).unwrap();
            let end = Timestamp::from_second((now / 60 + ahead) * 60).unwrap();
            let now = WallTime::from_micros(now * 1_000_000);
            let clock = zone.to_datetime(end);
            let text = clock.strftime("%Y-%m-%d %H:%M").to_string();
            let until = read(&text, &zone, now);
            match until {
                Ok(Until { at, clock: Clock::Once }) => prop_assert_eq!(at.as_micros(), end.as_microsecond()),
                Ok(Until { at, clock: Clock::Twice }) => {
                    let at = Timestamp::from_microsecond(at.as_micros()).unwrap();
                    prop_assert!(at >= end && zone.to_datetime(at) == clock);
                }
                Ok(Until { clock: Clock::Never, .. }) => prop_assert!(false, "a time that was shown: {}", text),
                Err(why) => prop_assert_eq!(why, NoUntil::TooFar, "{}", text),
            }
        }

        #[test]
        fn no_words_are_too_odd_to_be_read(text in ".{0,20}|(mon|today|2026-1[0-9]-0[0-9]) [0-9]{0,3}:[0-9]{0,3}") {
            let zone = super::super::zone::zone("America/New_York").unwrap();
            let now = WallTime::from_micros(1_795_824_000_000_000);
            if let Ok(until) = read(&text, &zone, now) {
                prop_assert!(until.at > now && until.at <= now + CLINIC_CLOSED_MAX);
            }
            for odd in [i64::MIN, 0, i64::MAX] {
                let _ = read(&text, &zone, WallTime::from_micros(odd));
            }
        }
    }
}
