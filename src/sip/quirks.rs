//! What a carrier wants otherwise than the rules say. Each is configured by its name and with the reason for it, so that whoever
//! comes later knows when it may go.
//!
//! ```text
//!                        rule                                      number_without_plus   national_number
//!  Request-URI, To       sip:+16175550123@sbc.example;user=phone   16175550123           6175550123
//!  From, asserted, sent on by       sip:+16175550100@OUR-ADDRESS   16175550100           6175550100
//! ```
//! `no_user_phone` leaves `;user=phone` out, `their_host` writes the carrier's domain where our address stands.

use crate::wire::national;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quirk {
    /// Numbers are written without `+` (against RFC 3966 §5.1.4).
    NumberWithoutPlus,
    /// Numbers of the country of the number that it shows are written as they are dialled there.
    NationalNumber,
    /// No `user=phone` (against RFC 3261 §19.1.1).
    NoUserPhone,
    /// Who calls is somebody of the carrier's domain: it knows its customers by the name alone.
    TheirHost,
}

impl Quirk {
    /// Each with its name in the configuration.
    pub const ALL: [(&'static str, Quirk); 4] = [
        ("number_without_plus", Quirk::NumberWithoutPlus),
        ("national_number", Quirk::NationalNumber),
        ("no_user_phone", Quirk::NoUserPhone),
        ("their_host", Quirk::TheirHost),
    ];
}

/// All that one carrier has. None is the rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quirks(pub Vec<Quirk>);

impl Quirks {
    /// Whether it has this one.
    pub fn has(&self, quirk: Quirk) -> bool {
        self.0.contains(&quirk)
    }

    /// A number as this carrier wants it; `ours` is the number that it shows, as E.164 writes it. What is no number with its
    /// country code, such as that of an ambulance, stays as it is.
    pub fn spelled(&self, number: &str, ours: &str) -> String {
        let Some(digits) = number.strip_prefix('+') else { return number.to_owned() };
        let national =
            || self.has(Quirk::NationalNumber).then(|| national::dialled_with(number, ours)).flatten();
        let plain = || self.has(Quirk::NumberWithoutPlus).then(|| digits.to_owned());
        national().or_else(plain).unwrap_or_else(|| number.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_as_the_carrier_wants_it() {
        // ITU-T E.164 §6.2.1; RFC 3966 §5.1.4
        const US: &str = "+16175550100";
        const DE: &str = "+4930901820";
        let [none, plain, national] = [vec![], vec![Quirk::NumberWithoutPlus], vec![Quirk::NationalNumber]];
        let both = vec![Quirk::NationalNumber, Quirk::NumberWithoutPlus];
        for (quirks, ours, number, expected) in [
            (&none, US, "+16175550123", "+16175550123"),
            (&plain, US, "+16175550123", "16175550123"),
            (&plain, US, "911", "911"),
            (&national, US, "+16175550123", "6175550123"),
            (&national, US, "+4930901820", "+4930901820"),
            (&national, DE, "+4930901821", "030901821"),
            (&national, US, "911", "911"),
            (&national, US, "anonymous", "anonymous"),
            (&both, US, "+4930901820", "4930901820"),
            (&both, US, "+16175550123", "6175550123"),
        ] {
            assert_eq!(Quirks(quirks.clone()).spelled(number, ours), expected, "{quirks:?} {ours} {number}");
        }
    }
}
