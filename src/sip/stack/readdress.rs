//! Requests of ours as octets that go once more: to another target, by another transport, or with another line. We wrote
//! them ourselves, so that each line stands as we write it (RFC 3261 §8.1.3.5, §16.6, §18.1.1).

use super::super::registrar::Reached;
use super::super::way::Transport;
use crate::wire::sip::address::Address;
use crate::wire::sip::cseq::CSeq;
use crate::wire::sip::message::Request;
use crate::wire::sip::method::Method;
use crate::wire::sip::name::Name;

/// The request with this transport in its top Via (RFC 3261 §18.1.1).
pub fn with_via_transport(octets: &[u8], transport: Transport) -> Vec<u8> {
    const BEFORE: &[u8] = b"\r\nVia: SIP/2.0/";
    let Some(at) = find(octets, BEFORE).map(|at| at + BEFORE.len()) else { return octets.to_vec() };
    let end = octets[at..].iter().position(|octet| *octet == b' ').map_or(at, |space| at + space);
    [&octets[..at], transport.in_via().as_bytes(), &octets[end..]].concat()
}

/// The request for another target: a new top Via, our Contact for that way, and for a first INVITE or a REGISTER, which
/// the target before may have seen, the next CSeq (RFC 3261 §8.1.3.5, §10.2).
pub fn readdressed(request: &Request<'_>, octets: &[u8], via: &str, contact: &str) -> Vec<u8> {
    let mut octets = with_line(octets, b"Via: ", via.as_bytes());
    if request.headers.has(Name::Contact) {
        octets = with_line(&octets, b"Contact: ", contact.as_bytes());
    }
    let cseq = request.headers.first(Name::CSeq).and_then(|value| CSeq::read(value).ok());
    let to = request.headers.first(Name::To).and_then(|to| Address::read(to).ok());
    let begins = matches!(request.method, Method::Invite | Method::Register)
        && to.is_some_and(|to| to.tag().is_none());
    match cseq.filter(|_| begins) {
        Some(cseq) => {
            let next = format!("{} {}", cseq.number + 1, request.method);
            with_line(&octets, b"CSeq: ", next.as_bytes())
        }
        None => octets,
    }
}

/// The INVITE for another phone of the same user: its Request-URI, and its Route (RFC 3261 §16.6 steps 2 and 6,
/// RFC 3327 §5.4).
pub fn for_phone(octets: &[u8], phone: &Reached) -> Vec<u8> {
    let end = find(octets, b"\r\n").unwrap_or(octets.len());
    let mut all = [b"INVITE ", &**phone.uri.expose(), b" SIP/2.0"].concat();
    if !phone.route.expose().is_empty() {
        all.extend_from_slice(b"\r\nRoute: ");
        all.extend_from_slice(phone.route.expose());
    }
    const ROUTE: &[u8] = b"\r\nRoute: ";
    let rest = &octets[end..];
    match find(rest, ROUTE) {
        Some(at) => {
            let after =
                find(&rest[at + ROUTE.len()..], b"\r\n").map_or(rest.len(), |end| at + ROUTE.len() + end);
            all.extend_from_slice(&rest[..at]);
            all.extend_from_slice(&rest[after..]);
        }
        None => all.extend_from_slice(rest),
    }
    all
}

/// The request with another Request-URI.
pub fn with_uri(octets: &[u8], method: &Method<'_>, uri: &[u8]) -> Vec<u8> {
    let end = find(octets, b" SIP/2.0\r\n").unwrap_or(octets.len());
    [method.octets(), b" ", uri, &octets[end..]].concat()
}

/// The request without what was shown to whoever asked for our account.
pub fn without_credentials(octets: Vec<u8>) -> Vec<u8> {
    let names: [&[u8]; 2] = [b"\r\nAuthorization: ", b"\r\nProxy-Authorization: "];
    let mut octets = octets;
    for name in names {
        while let Some(at) = find(&octets, name) {
            let end = find(&octets[at + 2..], b"\r\n").map_or(octets.len(), |end| at + 2 + end);
            octets.drain(at..end);
        }
    }
    octets
}

/// The message with another value in its first line of that name; we wrote it ourselves.
pub fn with_line(octets: &[u8], name: &[u8], value: &[u8]) -> Vec<u8> {
    let line = [b"\r\n", name].concat();
    let Some(at) = find(octets, &line).map(|at| at + line.len()) else { return octets.to_vec() };
    let end = find(&octets[at..], b"\r\n").map_or(octets.len(), |end| at + end);
    [&octets[..at], value, &octets[end..]].concat()
}

pub fn find(octets: &[u8], wanted: &[u8]) -> Option<usize> {
    octets.windows(wanted.len()).position(|window| window == wanted)
}
