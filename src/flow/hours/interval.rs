//! One time of opening: from a minute of the day to another, over midnight if the second is not later.

use crate::limits::INTERVALS_MAX;
use std::fmt;

/// Minutes of one day.
pub const DAY_MINUTES: u16 = 1_440;

/// Open from one minute of a day to another; its end is the first minute that is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    /// Minutes after midnight, under 1 440.
    pub from: u16,
    /// Minutes after midnight, 1 to 1 440; not over `from`: it is the next day's.
    pub to: u16,
}

impl Interval {
    /// Whether it ends on the day after.
    pub const fn is_over_midnight(self) -> bool {
        self.to <= self.from
    }

    /// Whether a minute of the day on which it begins is in it.
    pub const fn holds(self, minute: u16) -> bool {
        self.from <= minute && (self.is_over_midnight() || minute < self.to)
    }

    /// Whether a minute of the day after is in it.
    pub const fn runs_on_to(self, minute: u16) -> bool {
        self.is_over_midnight() && minute < self.to
    }

    /// Minutes from its beginning to its end.
    pub const fn length(self) -> u16 {
        if self.is_over_midnight() { DAY_MINUTES + self.to - self.from } else { self.to - self.from }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Interval { from, to } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    }
}

/// Why no time of opening can be read: what is wrong, and the repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong.
    pub what: String,
    /// What to write.
    pub repair: &'static str,
}

const WRITE: &str =
    "write times of 24 hours, such as 08:00-17:00 or 08:00-12:00, 13:00-17:00, or write closed";

/// Reads `closed`, or times such as `08:00-12:00, 13:00-17:00`, in the order in which they are written.
///
/// # Errors
/// What is wrong with the first that cannot be read.
pub fn read(text: &str) -> Result<Vec<Interval>, Unreadable> {
    if text.trim() == "closed" {
        return Ok(Vec::new());
    }
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    if parts.len() > INTERVALS_MAX {
        let what = format!("{} times of opening in one day", parts.len());
        return Err(Unreadable { what, repair: "nobody can follow more than 12" });
    }
    parts.into_iter().map(one).collect()
}

fn one(text: &str) -> Result<Interval, Unreadable> {
    let unreadable = |what| Unreadable { what, repair: WRITE };
    let Some((from, to)) = text.split_once('-') else {
        return Err(unreadable(format!("`{text}` is no time of opening")));
    };
    let time = |text: &str| {
        minute(text.trim()).ok_or_else(|| unreadable(format!("`{}` is no time of the day", text.trim())))
    };
    let (from, to) = (time(from)?, time(to)?);
    if from == to || from == DAY_MINUTES || to == 0 {
        let repair = "the whole day is 00:00-24:00; a night ends on the next day, such as 22:00-06:00";
        return Err(Unreadable { what: format!("`{text}` has no end after its beginning"), repair });
    }
    Ok(Interval { from, to })
}

/// `8:00`, `08:00` and up to `24:00` as minutes after midnight.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !digits(hours) || !digits(minutes) || hours.is_empty() || hours.len() > 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (minutes < 60 && hours * 60 + minutes <= DAY_MINUTES).then_some(hours * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_opening_are_read_as_they_are_written() {
        for (text, shown) in [
            ("08:00-17:00", "08:00-17:00"),
            ("8:00 - 12:00, 13:00-17:30", "08:00-12:00 13:00-17:30"),
            ("22:00-06:00", "22:00-06:00"),
            ("00:00-24:00", "00:00-24:00"),
            ("closed", ""),
        ] {
            let read = read(text).unwrap_or_else(|why| panic!("{text}: {why:?}"));
            let words: Vec<String> = read.iter().map(ToString::to_string).collect();
            assert_eq!(words.join(" "), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_named() {
        for (text, what) in [
            ("8am-5pm", "`8am` is no time of the day"),
            ("08:00", "`08:00` is no time of opening"),
            ("08:00-17:60", "`17:60` is no time of the day"),
            ("08:00-24:01", "`24:01` is no time of the day"),
            ("08:00-08:00", "`08:00-08:00` has no end after its beginning"),
            ("24:00-08:00", "`24:00-08:00` has no end after its beginning"),
            ("08:00-00:00", "`08:00-00:00` has no end after its beginning"),
            ("8:0-9:00", "`8:0` is no time of the day"),
            ("+8:00-9:00", "`+8:00` is no time of the day"),
            ("", "`` is no time of opening"),
            ("08:00-12:00,", "`` is no time of opening"),
            ("open", "`open` is no time of opening"),
        ] {
            assert_eq!(read(text).unwrap_err().what, what, "{text}");
        }
        assert!(read(&["1:00-2:00"; 13].join(",")).is_err());
    }

    #[test]
    fn a_night_holds_its_evening_and_the_morning_after() {
        let night = Interval { from: 22 * 60, to: 6 * 60 };
        let held: Vec<u16> =
            [0, 359, 360, 1_319, 1_320, 1_439].into_iter().filter(|m| night.holds(*m)).collect();
        assert_eq!(held, [1_320, 1_439]);
        let after: Vec<u16> = [0, 359, 360, 1_320].into_iter().filter(|m| night.runs_on_to(*m)).collect();
        assert_eq!(after, [0, 359]);
        assert_eq!(night.length(), 8 * 60);
    }
}
