//! Days of the week as an administrator writes them: `mon-fri`, `saturday, sunday`, `every day`.

use jiff::civil::Weekday;

/// The days, Monday first, with their names in full.
pub const DAYS: [(Weekday, &str); 7] = [
    (Weekday::Monday, "monday"),
    (Weekday::Tuesday, "tuesday"),
    (Weekday::Wednesday, "wednesday"),
    (Weekday::Thursday, "thursday"),
    (Weekday::Friday, "friday"),
    (Weekday::Saturday, "saturday"),
    (Weekday::Sunday, "sunday"),
];

/// The position of a day in a week that begins on Monday.
pub fn position(day: Weekday) -> usize {
    usize::from(day.to_monday_zero_offset().unsigned_abs())
}

/// The day of a name in full or of three letters, in any case.
pub fn weekday(word: &str) -> Option<Weekday> {
    let word = word.to_lowercase();
    let named = |name: &str| name == word || name[..3] == word;
    DAYS.iter().find(|(_, name)| named(name)).map(|(day, _)| *day)
}

/// The days that `text` names, in its order.
///
/// # Errors
/// The word that is no day.
pub fn read(text: &str) -> Result<Vec<Weekday>, String> {
    if text.eq_ignore_ascii_case("every day") {
        return Ok(DAYS.iter().map(|(day, _)| *day).collect());
    }
    let day = |word: &str| weekday(word.trim()).ok_or_else(|| word.trim().to_owned());
    let mut days = Vec::new();
    for part in text.split(',') {
        match part.split_once('-') {
            None => days.push(day(part)?),
            Some((first, last)) => {
                let (mut at, last) = (day(first)?, day(last)?);
                days.push(at);
                while at != last {
                    at = at.next();
                    days.push(at);
                }
            }
        }
    }
    Ok(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_alone_in_lists_and_in_ranges() {
        for (text, days) in [
            ("mon-fri", "0 1 2 3 4"),
            ("Saturday", "5"),
            ("sat, sun", "5 6"),
            ("mon, wed-thu", "0 2 3"),
            ("fri - mon", "4 5 6 0"),
            ("every day", "0 1 2 3 4 5 6"),
            ("sun-sun", "6"),
        ] {
            let found = read(text).unwrap_or_else(|word| panic!("{text}: {word}"));
            let found: Vec<String> = found.iter().map(|day| position(*day).to_string()).collect();
            assert_eq!(found.join(" "), days, "{text}");
        }
        for (text, word) in
            [("mon-fry", "fry"), ("", ""), ("mon,", ""), ("weekdays", "weekdays"), ("mon-tue-wed", "tue-wed")]
        {
            assert_eq!(read(text), Err(word.to_owned()), "{text}");
        }
    }
}
