//! Carriers that calls go out over: how a target names one, and the address that is called there.
//!
//! ```text
//!  trunk:carrier/+1-617-555-0123 ─▶ carrier, +16175550123
//!      to: [sip:sbc1.carrier.example, "sip:192.0.2.7:5080;transport=tcp"]
//!         ─▶ sip:+16175550123@sbc1.carrier.example;user=phone
//!         ─▶ sip:+16175550123@192.0.2.7:5080;transport=tcp;user=phone
//! ```
//! A number is written with its country code (ITU-T E.164) and without separators (RFC 3261 §19.1.6). So no flow can dial a
//! short number over a carrier, and no emergency call: those are not a clinic's to place for a patient. A phone of the
//! house that calls for help is another thing: `emergency:911` goes to the carrier of that name, and no file can say it.
//!
//! Who answers when a carrier asks for the account is the stack's (`stack/trunk`), and so is the search for hosts.

use super::digest::answer::Account;
use super::locate::Hop;
use super::quirks::{Quirk, Quirks};
use crate::id::TrunkName;
use crate::phi::Phi;
use crate::wire::sip::telephone::number_of;
use crate::wire::sip::uri::Uri;
use std::time::Duration;

/// What a target over a carrier begins with.
const SCHEME: &str = "trunk:";
/// What an emergency call of a phone of ours begins with.
const EMERGENCY: &str = "emergency:";
/// The name of the carrier that takes those.
pub const EMERGENCY_CARRIER: &str = "emergency";
/// Digits of an emergency number: 112, 911, 110; the longest in use have five.
const EMERGENCY_DIGITS: std::ops::RangeInclusive<usize> = 2..=6;
/// What a carrier's address begins with.
const SIP: &str = "sip:";
/// Digits of an international number: the shortest in use have seven, E.164 §6.2.1 allows fifteen.
const E164_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// A carrier that calls of ours go out over.
#[derive(Clone, Debug)]
pub struct Carrier {
    /// Its name: `trunk:NAME/NUMBER` is called over it.
    pub name: TrunkName,
    /// Its hosts in the order in which they are tried, such as `sip:sbc.carrier.example`.
    pub to: Vec<String>,
    /// The number that those who are called see, as E.164 writes it.
    pub caller: String,
    /// Whether it may learn a patient's number (RFC 3325 §5).
    pub trusted: bool,
    /// Who we are there, if it asks.
    pub account: Option<Account>,
    /// For how many seconds we log in there, if at all (RFC 3261 §10.2).
    pub login_s: Option<u32>,
    /// How often its hosts are asked whether they are there, if at all (RFC 3261 §11).
    pub health_every: Option<Duration>,
    /// How it is told that a call was sent on by a line of ours.
    pub diversion: TellsDiversion,
    /// What it wants otherwise than the rules say.
    pub quirks: Quirks,
}

impl Carrier {
    /// A number as it wants to read it.
    pub fn spelled(&self, number: &str) -> String {
        self.quirks.spelled(number, &self.caller)
    }

    /// The host of those who call over it, where `ours` is our address.
    pub fn host_of_callers(&self, ours: &str) -> String {
        let theirs =
            self.to.first().filter(|_| self.quirks.has(Quirk::TheirHost)).and_then(|to| domain_of(to));
        theirs.unwrap_or_else(|| ours.to_owned())
    }

    /// The Request-URI for a number at one of its hosts.
    pub fn uri_of(&self, to: &str, number: &str) -> String {
        let phone = if self.quirks.has(Quirk::NoUserPhone) { "" } else { ";user=phone" };
        format!("{SIP}{}@{}{phone}", self.spelled(number), to.strip_prefix(SIP).unwrap_or(to))
    }
}

/// How a carrier is told that a call to somebody is one that a line of ours sends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TellsDiversion {
    /// By History-Info (RFC 7044 §5).
    #[default]
    HistoryInfo,
    /// By Diversion (RFC 5806 §3).
    Diversion,
    /// By both.
    Both,
    /// Not at all.
    Nothing,
}

/// What became of a host of a carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostChange {
    /// It does not answer: calls go past it, at once.
    Down,
    /// It answers again.
    Up,
}

/// Names a carrier in the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CarrierId(pub usize);

/// A number as one host of a carrier is called for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Whose host.
    pub carrier: CarrierId,
    /// The Request-URI.
    pub uri: Phi<String>,
}

/// A target over a carrier, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialled<'a> {
    /// The name of the carrier.
    pub trunk: &'a str,
    /// The number, `+` and digits.
    pub number: Phi<String>,
}

impl<'a> Dialled<'a> {
    /// Reads `trunk:NAME/NUMBER`; `None` if it is none, or its number is no international one.
    pub fn read(target: &'a str) -> Option<Self> {
        let (trunk, number) = target.strip_prefix(SCHEME)?.split_once('/')?;
        Some(Self { trunk, number: Phi::new(e164(number)?) })
    }

    /// Reads `emergency:NUMBER`.
    pub fn read_emergency(target: &'a str) -> Option<Self> {
        let number = target.strip_prefix(EMERGENCY).filter(|number| is_emergency_number(number))?;
        Some(Self { trunk: EMERGENCY_CARRIER, number: Phi::new(number.to_owned()) })
    }

    /// Whether a target is meant for a carrier at all.
    pub fn is_meant(target: &str) -> bool {
        target.starts_with(SCHEME) || is_emergency(target)
    }
}

/// Whether a target is an emergency call of a phone of ours.
pub fn is_emergency(target: &str) -> bool {
    target.starts_with(EMERGENCY)
}

/// Whether a number could be one for emergencies.
pub fn is_emergency_number(number: &str) -> bool {
    EMERGENCY_DIGITS.contains(&number.len()) && number.bytes().all(|octet| octet.is_ascii_digit())
}

/// The number as E.164 writes it, `+` and digits; `None` if it is not written with its country code.
pub fn e164(written: &str) -> Option<String> {
    let uri = format!("tel:{}", written.replace(' ', ""));
    let number = number_of(&Uri::read(uri.as_bytes()).ok()?)?;
    let digits = number.strip_prefix('+')?;
    let is_one = E164_DIGITS.contains(&digits.len())
        && digits.bytes().all(|octet| octet.is_ascii_digit())
        && !digits.starts_with('0');
    is_one.then_some(number)
}

/// The way to a carrier's host; `None` if that is no plain address of a host.
pub fn hop(to: &str) -> Option<Hop> {
    let uri = Uri::read(to.as_bytes()).ok().filter(|uri| uri.user.is_none() && uri.headers.is_empty())?;
    Hop::of(&uri).filter(|_| to.starts_with(SIP))
}

/// The Request-URI of a login at a carrier's host: without a transport (RFC 3261 §10.2).
pub fn registrar_of(to: &str) -> String {
    to.split(';').next().unwrap_or(to).to_owned()
}

/// The host of an account's address: of the carrier's first host, without its port.
pub fn domain_of(to: &str) -> Option<String> {
    let host = Uri::read(to.as_bytes()).ok()?.host?;
    Some(host.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_names_a_carrier_and_an_international_number() {
        // ITU-T E.164 §6.2.1; RFC 3966 §5.1.1
        for (target, expected) in [
            ("trunk:carrier/+16175550123", Some(("carrier", "+16175550123"))),
            ("trunk:carrier/+1-617-555.0123", Some(("carrier", "+16175550123"))),
            ("trunk:carrier/+1 (617) 555-0123", Some(("carrier", "+16175550123"))),
            ("trunk:c-1.x/+4930123456", Some(("c-1.x", "+4930123456"))),
            ("trunk:carrier/6175550123", None),
            ("trunk:carrier/911", None),
            ("trunk:carrier/+911", None),
            ("trunk:carrier/+0617555012", None),
            ("trunk:carrier/+1617555012345678", None),
            ("trunk:carrier/+1617555a123", None),
            ("trunk:carrier/+1617555*123", None),
            ("trunk:carrier/+16175550123@evil", None),
            ("trunk:carrier/+16175550123;phone-context=x", Some(("carrier", "+16175550123"))),
            ("trunk:carrier", None),
            ("sip:+16175550123@carrier", None),
        ] {
            let read = Dialled::read(target);
            let read = read.as_ref().map(|it| (it.trunk, it.number.expose().as_str()));
            assert_eq!(read, expected, "{target}");
        }
    }

    #[test]
    fn an_emergency_call_goes_to_the_carrier_of_that_name_and_no_trunk_target_is_one() {
        for (target, expected) in [
            ("emergency:911", Some("911")),
            ("emergency:112", Some("112")),
            ("emergency:", None),
            ("emergency:9", None),
            ("emergency:+911", None),
            ("emergency:911@evil", None),
            ("trunk:emergency/911", None),
        ] {
            let read = Dialled::read_emergency(target);
            assert_eq!(read.as_ref().map(|it| it.number.expose().as_str()), expected, "{target}");
            assert!(read.is_none_or(|it| it.trunk == EMERGENCY_CARRIER), "{target}");
            assert_eq!(Dialled::read(target), None, "{target}: no flow can say it");
        }
    }

    #[test]
    fn a_carriers_address_is_a_host_and_nothing_more() {
        let login = |to| (registrar_of(to), domain_of(to));
        let of = |uri: &str, host: &str| (uri.to_owned(), Some(host.to_owned()));
        assert_eq!(login("sip:h.example;transport=tcp"), of("sip:h.example", "h.example"));
        assert_eq!(login("sip:192.0.2.7:5080"), of("sip:192.0.2.7:5080", "192.0.2.7"));
        assert_eq!(login("sip:[2001:db8::7]:5080"), of("sip:[2001:db8::7]:5080", "[2001:db8::7]"));
        let carrier = Carrier {
            name: TrunkName::from("carrier"),
            to: Vec::new(),
            caller: "+16175550100".to_owned(),
            trusted: false,
            account: None,
            login_s: None,
            health_every: None,
            diversion: TellsDiversion::default(),
            quirks: Quirks::default(),
        };
        for (to, expected) in [
            ("sip:sbc.example", Some("sip:+1617@sbc.example;user=phone")),
            ("sip:192.0.2.7:5080;transport=tcp", Some("sip:+1617@192.0.2.7:5080;transport=tcp;user=phone")),
            ("sip:[2001:db8::7]", Some("sip:+1617@[2001:db8::7];user=phone")),
            ("sip:us@sbc.example", None),
            ("sips:sbc.example", None),
            ("SIP:sbc.example", None),
            ("sbc.example", None),
            ("sip:sbc.example;transport=tls", None),
            ("sip:sbc.example?x=y", None),
            ("", None),
        ] {
            let uri = hop(to).map(|_| carrier.uri_of(to, "+1617"));
            assert_eq!(uri.as_deref(), expected, "{to}");
            if let Some(uri) = uri {
                assert_eq!(Uri::read(uri.as_bytes()).ok().as_ref().and_then(Hop::of), hop(to), "{uri}");
            }
        }
    }
}
