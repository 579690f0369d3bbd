//! One binding: where a user's phone is to be called (RFC 3261 §10.2, §10.3; RFC 3327 §5.3; RFC 5626 §6).

use crate::clock::Instant;
use crate::phi::Phi;
use crate::sip::way::{Transport, Way};
use crate::wire::sip::registration::{Preference, Wanted};
use crate::wire::sip::uri::{Host, Uri};
use crate::wire::sip::uri_match::same;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Where SIP is spoken when a URI names no port (RFC 3261 §19.1.2).
const DEFAULT_PORT: u16 = 5060;

/// A Contact of a user, and how it is reached. `When` says how its end is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding<When = Instant> {
    /// What is called: the Request-URI. It tells who works where, so it is not printed.
    pub contact: Phi<Box<[u8]>>,
    /// The Path that the request goes, as it came (RFC 3327 §5.1); empty for most.
    pub path: Phi<Box<[u8]>>,
    /// The phone's own name; empty if it has told none (RFC 5626 §4.1).
    pub instance: Phi<Box<[u8]>>,
    /// Which of the phone's ways this is (RFC 5626 §4.2).
    pub reg_id: Option<u32>,
    /// How it is reached: where the REGISTER came from, or what Contact says if that is the same host.
    pub way: Way,
    /// How much it is preferred.
    pub preference: Preference,
    /// The REGISTER that bound it last.
    pub call_id: Phi<Box<[u8]>>,
    /// Its number.
    pub cseq: u32,
    /// Until when, or how long still, it holds.
    pub holds: When,
}

/// A binding as it is kept over a restart: with the time that it still holds. One over a connection is not kept: it ends
/// with that.
pub type Kept = Binding<Duration>;

impl<When> Binding<When> {
    /// The same, with its end told otherwise.
    fn holding<Otherwise>(self, holds: Otherwise) -> Binding<Otherwise> {
        let Self { contact, path, instance, reg_id, way, preference, call_id, cseq, holds: _ } = self;
        Binding { contact, path, instance, reg_id, way, preference, call_id, cseq, holds }
    }
}

impl Binding {
    /// Whether that Contact is this one: the same URI, or the same way of the same phone (RFC 3261 §10.3 step 7,
    /// RFC 5626 §6). Without that a phone that was restarted would be rung at its old port too.
    pub fn is_of(&self, uri: &Uri<'_>, wanted: &Wanted<'_>) -> bool {
        let instance = wanted.instance.as_deref().unwrap_or_default();
        let is_same_phone = !instance.is_empty()
            && wanted.reg_id.is_some()
            && wanted.reg_id == self.reg_id
            && instance == &**self.instance.expose();
        is_same_phone || Uri::read(self.contact.expose()).is_ok_and(|own| same(&own, uri))
    }

    /// Whether calls go to it as they went to that one.
    pub fn leads_like(&self, other: &Self) -> bool {
        self.contact == other.contact
            && self.path == other.path
            && self.way == other.way
            && self.preference == other.preference
            && self.instance == other.instance
            && self.reg_id == other.reg_id
    }

    /// Whether it outlives a restart.
    pub const fn is_kept(&self) -> bool {
        self.way.connection.is_none()
    }

    /// As it is kept.
    pub fn to_kept(&self, now: Instant) -> Kept {
        self.clone().holding(self.holds.since(now))
    }

    /// As it was kept.
    pub fn from_kept(now: Instant, kept: Kept) -> Self {
        let until = now + kept.holds;
        kept.holding(until)
    }

    /// The value of Contact in our 200: with the time that it still holds (RFC 3261 §10.3 step 8).
    pub fn to_value(&self, now: Instant) -> Vec<u8> {
        let seconds = self.holds.since(now).as_micros().div_ceil(1_000_000);
        let mut value = [b"<", &**self.contact.expose(), b">"].concat();
        if self.preference != Preference::FULL {
            value.extend_from_slice(format!(";q={}", self.preference).as_bytes());
        }
        value.extend_from_slice(format!(";expires={seconds}").as_bytes());
        if !self.instance.expose().is_empty() {
            value.extend_from_slice(b";+sip.instance=\"");
            for &octet in &**self.instance.expose() {
                if matches!(octet, b'"' | b'\\') {
                    value.push(b'\\');
                }
                value.push(octet);
            }
            value.push(b'"');
        }
        if let Some(id) = self.reg_id {
            value.extend_from_slice(format!(";reg-id={id}").as_bytes());
        }
        value
    }
}

/// How a Contact is reached whose REGISTER came that way.
///
/// Over a connection: by it, and by nothing else. By datagrams: where the REGISTER came from, for behind a NAT that
/// alone leads back (RFC 3581 §4); only a phone whose Contact names that very host may name another port or TCP.
/// Behind a proxy (Path) the proxy is where it came from.
pub fn way_to(uri: &Uri<'_>, way: Way, path: &[u8]) -> Way {
    let host = match uri.host {
        Some(Host::V4(ip)) => Some(IpAddr::V4(ip)),
        Some(Host::V6(ip)) => Some(IpAddr::V6(ip).to_canonical()),
        Some(Host::Name(_)) | None => None,
    };
    let is_there = path.is_empty() && host == Some(way.remote.ip().to_canonical());
    if way.connection.is_some() || !is_there {
        return way;
    }
    let transport = Transport::asked_by(uri).unwrap_or_default();
    let remote = SocketAddr::new(way.remote.ip(), uri.port.filter(|port| *port != 0).unwrap_or(DEFAULT_PORT));
    Way { transport, remote, ..way }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::way::ConnectionId;

    #[test]
    fn a_phone_is_rung_where_it_came_from_unless_it_says_better() {
        // RFC 3261 §10.3, §19.1.2; RFC 3327 §5.3; RFC 3581 §4; RFC 5626 §5.3
        let local = "10.0.0.1:5060".parse().unwrap();
        let udp = Way::udp(local, "192.0.2.7:40000".parse().unwrap());
        let tcp = Way { transport: Transport::Tcp, connection: Some(ConnectionId(3)), ..udp };
        for (name, contact, way, path, expected) in [
            ("behind a NAT", "sip:ann@10.9.9.9:5060", udp, "", "udp 192.0.2.7:40000 -"),
            ("a name leads nowhere for sure", "sip:ann@phone.example", udp, "", "udp 192.0.2.7:40000 -"),
            ("its own host and port", "sip:ann@192.0.2.7:5070", udp, "", "udp 192.0.2.7:5070 -"),
            ("its own host, no port", "sip:ann@192.0.2.7", udp, "", "udp 192.0.2.7:5060 -"),
            ("it asks for TCP", "sip:ann@192.0.2.7:5070;transport=tcp", udp, "", "tcp 192.0.2.7:5070 -"),
            (
                "behind a NAT TCP leads nowhere",
                "sip:ann@10.9.9.9;transport=tcp",
                udp,
                "",
                "udp 192.0.2.7:40000 -",
            ),
            ("over a connection", "sip:ann@192.0.2.7:5070", tcp, "", "tcp 192.0.2.7:40000 3"),
            ("through a proxy", "sip:ann@192.0.2.7:5070", udp, "<sip:edge;lr>", "udp 192.0.2.7:40000 -"),
        ] {
            let found = way_to(&Uri::read(contact.as_bytes()).unwrap(), way, path.as_bytes());
            let connection = found.connection.map_or("-".to_owned(), |id| id.0.to_string());
            let shown = format!("{} {} {connection}", found.transport.in_uri(), found.remote);
            assert_eq!(shown, expected, "{name}");
        }
    }
}
