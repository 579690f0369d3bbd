//! Telephone numbers in URIs: `tel:`, and the user part of `sip:` where that is one (RFC 3966, RFC 3261 §19.1.6).
//!
//! ```text
//!  tel:+1-617-555-0100                                    ─▶ +16175550100
//!  sip:(617)555.0100;phone-context=+1@carrier;user=phone  ─▶ +16175550100
//!  tel:7042;phone-context=clinic.example                  ─▶ 7042
//! ```
//! A number is told as it is dialled, so that it compares with what is configured. Which numbers are whose is
//! not known here.

use super::grammar::{Parameters, split_at_outside};
use super::uri::{Scheme, Uri};

/// The longest country code, in digits (ITU-T E.164 §6.2.1).
const COUNTRY_CODE_MAX_DIGITS: usize = 3;
/// The shortest numbers with their country code that are in use, in digits.
const GLOBAL_MIN_DIGITS: usize = 7;

/// The telephone number that the URI names, without visual separators; with `+` and the country code if the
/// URI tells that. `None` if it names no number.
pub fn number_of(uri: &Uri<'_>) -> Option<String> {
    let user = uri.user_unescaped()?;
    // In a SIP URI the parameters of the number stand in the user part (RFC 3261 §19.1.6).
    let (written, parameters) = split_at_outside(&user, b';');
    if !is_telephone(uri, written) {
        return None;
    }
    let number = dialled(written)?;
    if number.starts_with('+') {
        return Some(number);
    }
    let inside = Parameters::new(parameters.unwrap_or_default()).value("phone-context");
    let context = inside.or_else(|| uri.parameters.value("phone-context")).and_then(country_code);
    let global = context.unwrap_or_default() + &number;
    // `tel:911;phone-context=+1` says in which country that is dialled: no number with its country code is so short.
    Some(if global.len() > GLOBAL_MIN_DIGITS { global } else { number })
}

/// `tel:`, `user=phone`, or a user that begins as a global number: carriers forget the parameter.
fn is_telephone(uri: &Uri<'_>, written: &[u8]) -> bool {
    let says_phone = || uri.parameters.value("user").is_some_and(|user| user.eq_ignore_ascii_case(b"phone"));
    match uri.scheme {
        Scheme::Tel => true,
        Scheme::Sip | Scheme::Sips => written.first() == Some(&b'+') || says_phone(),
        Scheme::Other(_) => false,
    }
}

/// The octets of a number without visual separators (RFC 3966 §5.1.1); `None` if anything else is among them.
fn dialled(written: &[u8]) -> Option<String> {
    let mut number = String::with_capacity(written.len());
    for &octet in written {
        match octet {
            b'-' | b'.' | b'(' | b')' | b' ' => {}
            b'+' if number.is_empty() => number.push('+'),
            b'0'..=b'9' | b'*' | b'#' | b'a'..=b'f' | b'A'..=b'F' => number.push(char::from(octet)),
            _ => return None,
        }
    }
    Some(number).filter(|number| number.bytes().any(|octet| octet != b'+'))
}

/// A context that is a country code alone. A longer prefix only says where the number is valid: the two need
/// not make one number (RFC 3966 §5.1.5).
fn country_code(context: &[u8]) -> Option<String> {
    let prefix = dialled(context).filter(|prefix| prefix.starts_with('+'))?;
    (prefix.len() <= 1 + COUNTRY_CODE_MAX_DIGITS).then_some(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(uri: &str, expected: &str) {
        let read = Uri::read(uri.as_bytes()).unwrap_or_else(|error| panic!("{uri}: {error}"));
        assert_eq!(number_of(&read).as_deref().unwrap_or("-"), expected, "{uri}");
    }

    #[test]
    fn a_global_number_is_plus_and_digits_however_it_is_written() {
        // RFC 3261 §19.1.6; RFC 3966 §5.1.1
        check("tel:+1-201-555-0123", "+12015550123");
        check("TEL:+1(617)555.0100", "+16175550100");
        check("sip:+1-617-555-0100@carrier.example;user=phone", "+16175550100");
        check("sip:+16175550100@carrier.example", "+16175550100");
        check("sip:%2B1%20617%20555%200100@carrier.example", "+16175550100");
        // Number portability and trunk groups stand after the number (RFC 4694, RFC 4904 §4).
        check("sip:+16175550100;npdi;rn=+16175550000@carrier.example;user=phone", "+16175550100");
        check("tel:+16175550100;tgrp=tg-1;trunk-context=carrier.example", "+16175550100");
        check("sip:+16175550100;tgrp=tg-1;trunk-context=x@carrier.example;user=phone", "+16175550100");
    }

    #[test]
    fn a_local_number_is_made_global_by_a_country_code_alone() {
        // RFC 3966 §5.1.5
        check("tel:617-555-0100;phone-context=+1", "+16175550100");
        check("sip:6175550100;phone-context=+1@carrier.example;user=phone", "+16175550100");
        check("sip:6175550100@carrier.example;user=phone;phone-context=+1", "+16175550100");
        check("tel:(0)30-1234;phone-context=+49", "+490301234");
        check("tel:863-1234;phone-context=+1-914-555", "8631234");
        check("tel:7042;phone-context=clinic.example", "7042");
        check("tel:911", "911");
        check("tel:911;phone-context=+1", "911");
        check("sip:911;phone-context=+1@clinic.example;user=phone", "911");
        check("sip:%39%31%31@clinic.example;user=phone", "911");
        check("tel:*21*7042#;phone-context=clinic.example", "*21*7042#");
    }

    #[test]
    fn a_user_that_is_no_number_is_none() {
        check("sip:alice@clinic.example", "-");
        check("sip:front-desk@clinic.example;user=phone", "-");
        check("sip:7042@clinic.example", "-");
        check("sip:7042@clinic.example;user=PHONE", "7042");
        check("sip:clinic.example", "-");
        check("sip:+@clinic.example", "-");
        check("sip:+1+2@clinic.example", "-");
        check("mailto:+16175550100", "-");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn separators_change_nothing(digits in "[0-9]{3,15}", marks in prop::collection::vec(0..5_usize, 15)) {
            let between = ["", "-", ".", "(", ")"];
            let written: String = digits.chars().zip(&marks).map(|(digit, mark)| format!("{digit}{}", between[*mark])).collect();
            for uri in [format!("tel:+{written}"), format!("sip:+{written}@h;user=phone")] {
                prop_assert_eq!(number_of(&Uri::read(uri.as_bytes()).unwrap()), Some(format!("+{digits}")));
            }
        }

        #[test]
        fn a_number_is_made_of_what_is_dialled(user in "[ -~]{0,30}") {
            let uri = format!("sip:{user}@h;user=phone");
            if let Some(number) = Uri::read(uri.as_bytes()).ok().and_then(|uri| number_of(&uri)) {
                prop_assert!(number.bytes().all(|octet| octet.is_ascii_hexdigit() || b"+*#".contains(&octet)), "{}", number);
            }
        }
    }
}
