//! Addresses that calls go out to, as flows and the configuration write them: `sip:NAME@HOST`, `trunk:NAME/+NUMBER`.

use crate::limits::MENU_KEYS_MAX;
use crate::wire::barred::{Bar, bar_of_user, is_premium};
use crate::wire::telephone_event::Key;

/// Why no premium number is called.
const PREMIUM: &str = "its number is of a premium range, and each call would cost a fortune";
/// Why no emergency number is called.
const HELP: &str = "its name is an emergency number, and no flow calls for help in a patient's place";

/// Why an address cannot be called, and what to write in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotCalled {
    /// Why.
    pub why: &'static str,
    /// What to write.
    pub repair: &'static str,
}

/// Whether this is an address that calls go out to.
///
/// # Errors
/// [`NotCalled`], in words.
pub fn callable(target: &str) -> Result<(), NotCalled> {
    let repair = |repair| move |why| NotCalled { why, repair };
    match target.strip_prefix("trunk:") {
        Some(rest) => trunk_number(rest).map_err(repair(
            "write it as trunk:NAME/+16175550123, with the name of a trunk in careline.yaml",
        )),
        None => sip_address(target).map_err(repair("write it as sip:NAME@HOST or sip:NAME@HOST:PORT")),
    }
}

/// Keys as they are written in a row.
pub fn menu_keys(text: &str) -> Option<Vec<Key>> {
    let keys: Option<Vec<Key>> = text.chars().map(Key::of_char).collect();
    keys.filter(|keys| (1..=MENU_KEYS_MAX).contains(&keys.len()))
}

/// Whether the rest of `trunk:NAME/NUMBER` can be called: a number with its country code (ITU-T E.164 §6.2.1). So no
/// short number is one, nor that of an ambulance.
fn trunk_number(rest: &str) -> Result<(), &'static str> {
    let (name, number) =
        rest.split_once('/').ok_or("behind the name of the trunk a `/` and a number are missing")?;
    let in_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.".contains(c);
    if name.is_empty() || !name.chars().all(in_name) {
        return Err("the name of the trunk is empty or has a character that no name has");
    }
    let number = number.strip_prefix('+').ok_or("its number does not begin with `+` and the country code")?;
    let digits: String = number.chars().filter(|c| !" -.()".contains(*c)).collect();
    if !digits.chars().all(|c| c.is_ascii_digit()) {
        return Err("its number has a character that no number has");
    }
    match (digits.starts_with('0'), digits.len()) {
        (false, 7..=15) if is_premium(&format!("+{digits}")) => Err(PREMIUM),
        (false, 7..=15) => Ok(()),
        (true, _) => Err("no country code begins with 0"),
        (false, _) => Err("a number with its country code has 7 to 15 digits"),
    }
}

/// Whether `text` is a SIP URI of the plain form that can be called (RFC 3261 §19.1.1).
fn sip_address(text: &str) -> Result<(), &'static str> {
    let rest = text.strip_prefix("sip:").ok_or("it does not begin with `sip:`")?;
    if rest.contains(char::is_whitespace) {
        return Err("it has a space in it");
    }
    let (user, host) = rest.rsplit_once('@').ok_or("it has no `@`")?;
    let (host, transport) = host.split_once(';').map_or((host, None), |(host, rest)| (host, Some(rest)));
    if transport.is_some_and(|rest| !["transport=udp", "transport=tcp"].contains(&rest)) {
        return Err("behind the host only ;transport=udp or ;transport=tcp can stand");
    }
    let unreserved = |c: char| c.is_ascii_alphanumeric() || "-_.!~*'()&=+$,;?/%".contains(c);
    if user.is_empty() || !user.chars().all(unreserved) {
        return Err("the name before the @ is empty or has a character that SIP forbids");
    }
    match bar_of_user(user) {
        Some(Bar::Help) => return Err(HELP),
        Some(Bar::Premium) => return Err(PREMIUM),
        None => {}
    }
    let (host, port) = match host.strip_prefix('[').and_then(|h| h.split_once(']')) {
        Some((v6, rest)) if v6.parse::<std::net::Ipv6Addr>().is_ok() => ("", rest.strip_prefix(':')),
        Some(_) => return Err("the address in [ ] is no IPv6 address"),
        None => host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port))),
    };
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    if !host.chars().all(letters) || (host.is_empty() && !rest.contains(']') && port.is_none()) {
        return Err("the host after the @ has a character that no host name has");
    }
    if host.is_empty() && !rest.contains('[') {
        return Err("the host after the @ is missing");
    }
    match port {
        Some(port) if port.parse::<u16>().map_or(true, |p| p == 0) => {
            Err("the port is no number from 1 to 65535")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sip_address_is_taken_only_if_it_can_be_called() {
        for good in [
            "sip:front-desk@10.0.0.5",
            "sip:a@b.example:5070",
            "sip:+1617@[2001:db8::1]:5060",
            "sip:a@[::1]",
            "sip:a@[::1];transport=udp",
            "sip:a@b:5070;transport=tcp",
        ] {
            assert_eq!(sip_address(good), Ok(()), "{good}");
        }
        for bad in [
            "front-desk@10.0.0.5",
            "sip:10.0.0.5",
            "sip:@10.0.0.5",
            "sip:a@",
            "sip:a@:5060",
            "sip:a@b:0",
            "sip:a@b:99999",
            "sip:a b@c",
            "sip:a@[::1",
            "sip:a@[zz]",
            "sip:a@b:c:d",
            "tel:+1617",
            "sip:a@b_c",
            "sip:a@b;transport=tls",
            "sip:a@b;lr",
            "sip:a@;transport=tcp",
        ] {
            assert!(sip_address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_host_is_asked_for_help_or_for_a_premium_number() {
        for (target, expected) in [
            ("sip:911@sbc.carrier.example", HELP),
            ("sip:112@10.0.0.5:5070;transport=tcp", HELP),
            ("sip:9-1-1@10.0.0.5", HELP),
            ("sip:15@pbx", HELP),
            ("sip:+19005550123@sbc.carrier.example", PREMIUM),
            ("sip:0019005550123@sbc.carrier.example", PREMIUM),
        ] {
            assert_eq!(callable(target).map_err(|fault| fault.why), Err(expected), "{target}");
        }
        for target in ["sip:100@10.0.0.5", "sip:+16175550123@sbc.carrier.example", "sip:night-911@10.0.0.5"] {
            assert_eq!(callable(target), Ok(()), "{target}");
        }
    }

    #[test]
    fn a_number_over_a_trunk_has_its_country_code() {
        // ITU-T E.164 §6.2.1
        for (rest, expected) in [
            ("carrier/+16175550123", ""),
            ("carrier/+1-617-555.0123", ""),
            ("carrier/+1 (617) 555-0123", ""),
            ("c-1.x/+4930123456", ""),
            ("carrier", "a `/` and a number are missing"),
            ("/+16175550123", "the name of the trunk is empty"),
            ("Carrier/+16175550123", "the name of the trunk is empty or has a character"),
            ("carrier/6175550123", "does not begin with `+`"),
            ("carrier/911", "does not begin with `+`"),
            ("carrier/+911", "has 7 to 15 digits"),
            ("carrier/+1617555012345678", "has 7 to 15 digits"),
            ("carrier/+0617555012", "no country code begins with 0"),
            ("carrier/+1617555a123", "a character that no number has"),
            ("carrier/+16175550123@evil", "a character that no number has"),
            ("carrier/+19005550123", "of a premium range"),
            ("carrier/+1 (900) 555-0123", "of a premium range"),
            ("carrier/+34803123456", "of a premium range"),
        ] {
            let fault = trunk_number(rest).err().unwrap_or_default();
            assert!(fault.contains(expected) && fault.is_empty() == expected.is_empty(), "{rest}: {fault}");
        }
    }
}
