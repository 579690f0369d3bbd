//! National numbers: what a phone of the house dials without a country code, as E.164 writes it. The only file that names
//! `phonenumber`, whose table of all countries says what a number of one looks like.
//!
//! ```text
//!  US   (617) 555-0123 · 1 617 555 0123 · 011 49 30 901820   ──▶ +16175550123 · +16175550123 · +4930901820
//!  DE   030 901820 · 00 1 617 555 0123                       ──▶ +4930901820 · +16175550123
//!  US   411 · 5550123 · bob                                   ──▶ nothing
//! ```
//! The table is read at its first use, which takes a tenth of a second: whoever makes a [`Country`] has read it.

use phonenumber::country::Id;
use phonenumber::{Mode, format, is_valid, parse};

/// The most octets that are dialled for one number, with what stands between the digits: E.164 has 15 digits, an international
/// prefix up to five more (ITU-T E.164 §6.2.1, Annex A).
const DIALLED_OCTETS_MAX: usize = 40;
/// What is looked up to have the table read.
const ANY_NUMBER: &str = "+16175550123";

/// A country in which a phone stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country(Id);

impl Country {
    /// The country of two capital letters (ISO 3166-1), such as `US`; `None` if no country has them.
    pub fn read(letters: &str) -> Option<Self> {
        let is_code = letters.len() == 2 && letters.bytes().all(|octet| octet.is_ascii_uppercase());
        let country = Self(letters.parse().ok().filter(|_| is_code)?);
        country.e164(ANY_NUMBER).map(|_| country)
    }

    /// The number that is dialled in this country, as E.164 writes it; `None` if it is none that can be called from abroad.
    pub fn e164(self, dialled: &str) -> Option<String> {
        let is_plain = |octet: u8| octet.is_ascii_digit() || b"+ -.()/".contains(&octet);
        if dialled.len() > DIALLED_OCTETS_MAX || !dialled.bytes().all(is_plain) {
            return None;
        }
        let number = parse(Some(self.0), dialled).ok().filter(is_valid)?;
        Some(format(&number).mode(Mode::E164).to_string())
    }
}

/// Has the table read now, so that no call waits for it.
pub fn warm() {
    let _ = parse(None, ANY_NUMBER);
}

/// A number, as E.164 writes it, as it is dialled where `there` is a number, without separators; `None` if it is of another country.
pub fn dialled_with(number: &str, there: &str) -> Option<String> {
    let [number, there] = [number, there].map(|number| parse(None, number).ok());
    let (number, there) = (number?, there?);
    let national = format(&number).mode(Mode::National).to_string();
    let digits = national.chars().filter(char::is_ascii_digit).collect();
    (number.code().value() == there.code().value()).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_dialled_as_people_of_the_country_do() {
        // ITU-T E.164 §6.2.1
        for (country, dialled, expected) in [
            ("US", "6175550123", Some("+16175550123")),
            ("US", "(617) 555-0123", Some("+16175550123")),
            ("US", "1 617 555 0123", Some("+16175550123")),
            ("US", "011 49 30 901820", Some("+4930901820")),
            ("US", "+49 30 901820", Some("+4930901820")),
            ("US", "5550123", None),
            ("US", "411", None),
            ("US", "100", None),
            ("US", "911", None),
            ("US", "112", None),
            ("US", "", None),
            ("US", "bob", None),
            ("US", "6175550123x5", None),
            ("US", "6175550123;ext=5", None),
            ("US", "1-800-FLOWERS", None),
            ("US", "9006175550123", None),
            ("DE", "030 901820", Some("+4930901820")),
            ("DE", "00 1 617 555 0123", Some("+16175550123")),
            ("DE", "110", None),
            ("GB", "020 7946 0123", Some("+442079460123")),
            ("ES", "915 550 123", Some("+34915550123")),
        ] {
            let country = Country::read(country).unwrap_or_else(|| panic!("{country}"));
            assert_eq!(country.e164(dialled).as_deref(), expected, "{country:?} {dialled}");
        }
        let long = "6".repeat(1_000_000);
        assert_eq!(Country::read("US").and_then(|country| country.e164(&long)), None);
    }

    #[test]
    fn a_country_has_two_capital_letters() {
        for letters in ["", "us", "USA", "ZZ", "1", "U S", "001"] {
            assert_eq!(Country::read(letters), None, "{letters}");
        }
    }
}
