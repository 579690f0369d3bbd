//! Numbers that no file may name and no phone may dial: those that cost a fortune, and those that call for help.
//!
//! ```text
//!  +1 900 555 0123 · sip:0019005550123@sbc ──▶ premium: never called, whatever a list allows
//!  sip:911@sbc · sip:1-1-2@sbc             ──▶ help: called by phones of the house alone, over the trunk for it
//! ```
//! Neither list can be whole. What a trunk's `allow` names is the guard, and the table of premium ranges is a net for whoever
//! allows a whole country. Who dials for help, and what is dialled for it in this house, is the configuration's.

/// What begins a premium number, as E.164 writes it.
const PREMIUM: [&str; 25] = [
    // ITU-T, list of E.164 country codes: international premium rate; satellite; international networks.
    "+979", "+870", "+881", "+882", "+883",
    // North American Numbering Plan Administrator: area code 900.
    "+1900",
    // Ofcom, National Telephone Numbering Plan: 09 premium rate; 0871 to 0873 special services; 070 personal numbers.
    "+449", "+4487", "+4470", // Bundesnetzagentur: 0900 premium services.
    "+49900",
    // Spain, Orden ITC/308/2008 and Orden PRE/2410/2004: 803, 806, 807 and 907 services of additional price; 905 mass calls.
    "+34803", "+34806", "+34807", "+34905", "+34907",
    // Arcep, plan national de numérotation, décision 2018-0881: 089 numbers of raised price.
    "+3389", // Agcom, delibera 8/15/CIR: the decade 89 of surcharged services (892, 893, 894, 895, 899).
    "+3989",
    // OFCOM (Switzerland), numbering plan E.164/2002: 0900 business, 0901 entertainment, 0906 adult.
    "+41900", "+41901", "+41906",
    // RTR, KEM-V (Austria): the range 09, value-added services such as 0900, 0901, 0930, 0931 and 0939.
    "+439", // ACM, Nummerplan telefoon- en ISDN-diensten: 0900, 0906 and 0909 information numbers.
    "+31900", "+31906",
    "+31909", // BIPT, Royal Decree of 27 April 2007: the range 090. 09 alone is Ghent's.
    "+3290",
];

/// What is dialled for an ambulance, the police or a fire brigade somewhere, each from its country's numbering plan. Numbers
/// that are rather extensions of a house, such as 100 and 144, are left out.
const HELP: [&str; 12] = [
    // North America, and 933, which reads back the address of a phone there; the European Union and GSM (3GPP TS 22.101 §10.1).
    "911", "933", "112", // The United Kingdom; Australia.
    "999", "000", // Germany and Japan: 110. Italy and Switzerland: 118.
    "110", "118", // France: 15, 17, 18. Spain: 061 and 062.
    "15", "17", "18", "061", "062",
];

/// Digits from which on a number without a plus is read as one with its country code.
const INTERNATIONAL_DIGITS: std::ops::RangeInclusive<usize> = 11..=15;
/// Digits of a number of North America without its country code.
const NANP_DIGITS: usize = 10;

/// Whether an E.164 number, `+` and digits, is of a premium range that is known here.
pub fn is_premium(number: &str) -> bool {
    PREMIUM.iter().any(|prefix| number.starts_with(prefix)) || is_nanp_976(number)
}

/// The exchange 976 of any North American area code: +1 NPA 976 XXXX (North American Numbering Plan Administrator).
fn is_nanp_976(number: &str) -> bool {
    number.strip_prefix("+1").and_then(|rest| rest.get(3..6)) == Some("976")
}

/// Why a user part of a SIP address is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bar {
    /// It costs a fortune.
    Premium,
    /// It calls for help.
    Help,
}

/// Whether the user part of a SIP address, as it is written (RFC 3261 §19.1.1), dials a number that is barred at whatever host:
/// a gateway takes `911`, `+19005550123` and `0019005550123` from there as from a telephone.
pub fn bar_of_user(user: &str) -> Option<Bar> {
    let number = dialled(user);
    if HELP.contains(&number.trim_start_matches('+')) {
        return Some(Bar::Help);
    }
    international(&number).iter().any(|number| is_premium(number)).then_some(Bar::Premium)
}

/// What a gateway would dial: without escapes, parameters (RFC 3966 §3) and what stands between the digits.
fn dialled(user: &str) -> String {
    let mut plain = String::with_capacity(user.len());
    let mut rest = user;
    while let Some(c) = rest.chars().next() {
        let escaped = rest.strip_prefix('%').and_then(|rest| rest.get(..2));
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(octet) => {
                plain.push(char::from(octet));
                rest = rest.get(3..).unwrap_or_default();
            }
            None => {
                plain.push(c);
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
            }
        }
    }
    let number = plain.split([';', ':']).next().unwrap_or_default();
    number.chars().filter(|c| !"-.() ".contains(*c)).collect()
}

/// Every number, as E.164 writes it, that these digits may be: with the prefixes 00 and 011, and as at home in North America.
fn international(number: &str) -> Vec<String> {
    let digits = number.strip_prefix('+').unwrap_or(number);
    if digits.is_empty() || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return Vec::new();
    }
    let prefixed = ["00", "011"].iter().filter_map(|prefix| digits.strip_prefix(prefix));
    let mut all: Vec<String> = prefixed.map(|rest| format!("+{rest}")).collect();
    if number.starts_with('+') || INTERNATIONAL_DIGITS.contains(&digits.len()) {
        all.push(format!("+{digits}"));
    }
    if digits.len() == NANP_DIGITS && !number.starts_with('+') {
        all.push(format!("+1{digits}"));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn premium_ranges_of_each_country_are_known_and_their_neighbours_are_none() {
        for (number, expected) in [
            ("+19005550123", true),
            ("+16179765550", true),
            ("+19765550123", false),
            ("+449012345678", true),
            ("+447912345678", false),
            ("+49900123456", true),
            ("+4930901820", false),
            ("+34803123456", true),
            ("+34807123456", true),
            ("+34905123456", true),
            ("+34915550123", false),
            ("+33891234567", true),
            ("+33145678901", false),
            ("+39899123456", true),
            ("+390612345678", false),
            ("+41900123456", true),
            ("+41901123456", true),
            ("+41446681800", false),
            ("+43900123456", true),
            ("+43930123456", true),
            ("+4315550123", false),
            ("+31900123456", true),
            ("+31909123456", true),
            ("+31201234567", false),
            ("+3290212345", true),
            ("+3292123456", false),
            ("+97912345678", true),
            ("+88163123456", true),
        ] {
            assert_eq!(is_premium(number), expected, "{number}");
        }
    }

    #[test]
    fn a_user_part_is_barred_however_it_is_written() {
        let (help, premium) = (Some(Bar::Help), Some(Bar::Premium));
        for (user, expected) in [
            ("911", help),
            ("112", help),
            ("933", help),
            ("000", help),
            ("999", help),
            ("110", help),
            ("118", help),
            ("15", help),
            ("17", help),
            ("18", help),
            ("+911", help),
            ("9-1-1", help),
            ("%39%31%31", help),
            ("911;phone-context=+1", help),
            ("911:secret", help),
            ("100", None),
            ("9110", None),
            ("front-desk", None),
            ("+19005550123", premium),
            ("+1-900-555-0123", premium),
            ("19005550123", premium),
            ("9005550123", premium),
            ("0019005550123", premium),
            ("01119005550123", premium),
            ("%2B19005550123", premium),
            ("+16175550123", None),
            ("8705550123", None),
            ("6175550123", None),
            ("7042", None),
            ("%", None),
            ("%zz", None),
            ("", None),
        ] {
            assert_eq!(bar_of_user(user), expected, "{user}");
        }
    }
}
