//! Dialogs: RFC 3261 §12. Who the two parties are, how their requests are numbered, and which way
//! our requests take.
//!
//! ```text
//!               route set            Request-URI      Route               sent to
//!  no proxy     –                    remote target    –                   remote target
//!  loose        <p1;lr>,<p2;lr>      remote target    <p1;lr>,<p2;lr>     p1
//!  strict       <p1>,<p2>            p1               <p2>,<target>       p1           (§12.2.1.1)
//! ```
//! There is no DNS here: for a next hop that is a name the way is where the peer's requests come from, until the
//! stack has found out better, and so it is for a peer whose Via shows that an address translator stands between
//! (RFC 3581 §4). A peer that came over a connection is reached by it as long as it lives.

pub mod kept;

use super::way::{Transport, Way};
use crate::wire::sip::address::{Address, AddressError};
use crate::wire::sip::cseq::CSeq;
use crate::wire::sip::emit::{self, Builder};
use crate::wire::sip::grammar::unfold;
use crate::wire::sip::header::Headers;
use crate::wire::sip::message::{Request, Response};
use crate::wire::sip::method::Method;
use crate::wire::sip::name::Name;
use crate::wire::sip::uri::{Host, Uri};
use crate::wire::sip::validate::Essentials;
use crate::wire::sip::via::Via;
use std::net::{IpAddr, SocketAddr};
use thiserror::Error;

/// Where SIP is spoken when a URI names no port (RFC 3261 §19.1.2).
const DEFAULT_PORT: u16 = 5060;

/// Names a dialog: Call-ID, our tag, the peer's tag (RFC 3261 §12).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DialogId(Box<[u8]>);

/// One dialog.
#[derive(Clone)]
pub struct Dialog {
    call_id: Box<[u8]>,
    /// The whole value of our From: URI and tag.
    local: Box<[u8]>,
    local_tag: Box<[u8]>,
    /// The whole value of their To: URI and tag.
    remote: Box<[u8]>,
    remote_tag: Box<[u8]>,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    remote_target: Box<[u8]>,
    /// Each as it stood in Record-Route, in the order in which our requests pass them.
    route_set: Vec<Box<[u8]>>,
    /// How the peer's messages come.
    peer: Way,
    translated: Translated,
}

/// Whether an address translator stands between us and the next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Translated {
    /// One does.
    Yes,
    /// None does.
    No,
}

/// Why a message makes no dialog, or does not fit into one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DialogError {
    /// A header field that the dialog needs is not there.
    #[error("{name} is missing")]
    Missing {
        /// Which.
        name: Name,
    },
    /// A header field that the dialog needs cannot be read.
    #[error("{name}: {cause}")]
    Malformed {
        /// Which.
        name: Name,
        /// Why.
        cause: AddressError,
    },
    /// The request is older than one that came before (RFC 3261 §12.2.2).
    #[error("CSeq {number} after {last}")]
    OutOfOrder {
        /// The CSeq that came.
        number: u32,
        /// The highest before.
        last: u32,
    },
}

/// Which way a request takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The Request-URI.
    pub uri: Vec<u8>,
    /// The values of Route, in order.
    pub route: Vec<Vec<u8>>,
    /// How the message goes.
    pub way: Way,
}

impl DialogId {
    /// The dialog that a request from the peer belongs to (RFC 3261 §12.2.2); `None` without a To tag.
    pub fn of_request(essentials: &Essentials<'_>) -> Option<Self> {
        let Essentials { from, to, call_id, .. } = essentials;
        Some(Self::new(call_id, to.address.tag()?, from.address.tag().unwrap_or_default()))
    }

    /// The dialog with this Call-ID in which our tag and theirs are these.
    pub fn named(call_id: &[u8], local_tag: &[u8], remote_tag: &[u8]) -> Self {
        Self::new(call_id, local_tag, remote_tag)
    }

    fn new(call_id: &[u8], local_tag: &[u8], remote_tag: &[u8]) -> Self {
        Self([call_id, local_tag, remote_tag].join(&b'\n').into())
    }
}

impl Dialog {
    /// The dialog that our 101–299 to `invite` makes, `local_tag` being in our To (RFC 3261 §12.1.1).
    ///
    /// # Errors
    /// [`DialogError`] when the request lacks what §12.1.1 copies; a validated INVITE does not.
    pub fn uas(invite: &Request<'_>, way: Way, local_tag: &str) -> Result<Self, DialogError> {
        let headers = &invite.headers;
        let to = value(headers, Name::To)?;
        let remote = value(headers, Name::From)?;
        Ok(Self {
            call_id: value(headers, Name::CallId)?.into(),
            local: [&to, &b";tag="[..], local_tag.as_bytes()].concat().into(),
            local_tag: local_tag.as_bytes().into(),
            remote_tag: read(headers, Name::From)?.tag().unwrap_or_default().into(),
            remote: remote.into(),
            local_cseq: 0,
            remote_cseq: CSeq::read(&value(headers, Name::CSeq)?).ok().map(|cseq| cseq.number),
            remote_target: target_or_from(headers)?,
            route_set: record_route(headers).collect(),
            peer: way,
            translated: translated(headers, way.remote),
        })
    }

    /// The dialog that a 2xx to our `invite` makes, or an early one that a 1xx makes (RFC 3261 §12.1.2).
    ///
    /// # Errors
    /// [`DialogError`] when the response lacks what §12.1.2 copies.
    pub fn uac(invite: &Request<'_>, response: &Response<'_>, way: Way) -> Result<Self, DialogError> {
        let headers = &response.headers;
        let mut route_set: Vec<_> = record_route(headers).collect();
        route_set.reverse();
        Ok(Self {
            call_id: value(&invite.headers, Name::CallId)?.into(),
            local: value(&invite.headers, Name::From)?.into(),
            local_tag: read(&invite.headers, Name::From)?.tag().unwrap_or_default().into(),
            remote: value(headers, Name::To)?.into(),
            remote_tag: read(headers, Name::To)?.tag().unwrap_or_default().into(),
            local_cseq: CSeq::read(&value(&invite.headers, Name::CSeq)?).map_or(1, |cseq| cseq.number),
            remote_cseq: None,
            remote_target: target(headers).or_else(|_| Ok(Box::from(invite.uri)))?,
            route_set,
            peer: way,
            translated: Translated::No,
        })
    }

    /// A 2xx confirms the early dialog: route set and target are computed again from it, all else stays
    /// (RFC 3261 §13.2.2.4).
    pub fn confirm(&mut self, response: &Response<'_>, way: Way) {
        self.route_set = record_route(&response.headers).collect();
        self.route_set.reverse();
        self.peer = way;
        self.refresh_by(response);
    }

    /// Target refresh by a 2xx to a re-INVITE or UPDATE of ours (RFC 3261 §12.2.1.2).
    pub fn refresh_by(&mut self, response: &Response<'_>) {
        if let Ok(target) = target(&response.headers) {
            self.remote_target = target;
        }
    }

    /// Leaves numbers out: a gap in CSeq is no error (RFC 3261 §12.2.2).
    pub fn skip_cseq(&mut self, numbers: u32) {
        self.local_cseq += numbers;
    }

    /// The name of the dialog.
    pub fn id(&self) -> DialogId {
        DialogId::new(&self.call_id, &self.local_tag, &self.remote_tag)
    }

    /// The Call-ID.
    pub fn call_id(&self) -> &[u8] {
        &self.call_id
    }

    /// Our tag.
    pub fn local_tag(&self) -> &[u8] {
        &self.local_tag
    }

    /// The URI of the peer's Contact.
    pub fn remote_target(&self) -> &[u8] {
        &self.remote_target
    }

    /// No proxy stands between.
    pub fn is_direct(&self) -> bool {
        self.route_set.is_empty()
    }

    /// The peer's tag: forks of one INVITE differ in it.
    pub fn remote_tag(&self) -> &[u8] {
        &self.remote_tag
    }

    /// Takes the CSeq of a request from the peer (RFC 3261 §12.2.2).
    ///
    /// # Errors
    /// [`DialogError::OutOfOrder`] when a later request came before.
    pub fn take_cseq(&mut self, number: u32) -> Result<(), DialogError> {
        match self.remote_cseq {
            Some(last) if number < last => Err(DialogError::OutOfOrder { number, last }),
            _ => {
                self.remote_cseq = Some(number);
                Ok(())
            }
        }
    }

    /// Target refresh: the Contact of a re-INVITE or UPDATE (RFC 3261 §12.2.2). A message
    /// without one refreshes nothing.
    pub fn refresh(&mut self, request: &Request<'_>, way: Way) {
        if let Ok(target) = target(&request.headers) {
            self.remote_target = target;
        }
        self.peer = way;
        self.translated = translated(&request.headers, way.remote);
    }

    /// Begins the next request in this dialog: start line, Via, Route, From, To, Call-ID, CSeq and
    /// Max-Forwards (RFC 3261 §12.2.1.1). It goes by [`Dialog::way`].
    pub fn request(&mut self, method: &Method<'_>, via: &str) -> Builder {
        self.local_cseq += 1;
        self.write(method, self.local_cseq, via)
    }

    /// Begins the ACK of the 2xx to the request with this CSeq (RFC 3261 §13.2.2.4).
    pub fn ack(&self, cseq: u32, via: &str) -> Builder {
        self.write(&Method::Ack, cseq, via)
    }

    /// The CSeq of our last request.
    pub fn local_cseq(&self) -> u32 {
        self.local_cseq
    }

    fn write(&self, method: &Method<'_>, cseq: u32, via: &str) -> Builder {
        let path = self.path();
        let mut builder = emit::request(*method, &path.uri).header(Name::Via, via);
        for route in &path.route {
            builder = builder.header(Name::Route, route);
        }
        builder
            .header(Name::From, &self.local)
            .header(Name::To, &self.remote)
            .header(Name::CallId, &self.call_id)
            .header_fmt(Name::CSeq, format_args!("{cseq} {method}"))
            .header(Name::MaxForwards, "70")
    }

    /// Request-URI, Route and next hop of our next request (RFC 3261 §12.2.1.1).
    pub fn path(&self) -> Path {
        let target = self.remote_target.to_vec();
        let Some((first, rest)) = self.route_set.split_first() else {
            return Path { way: self.next_hop(&target), uri: target, route: Vec::new() };
        };
        let first_uri = Address::read(first).map_or(&first[..], |address| address.uri);
        let way = self.next_hop(first_uri);
        let loose = Uri::read(first_uri).is_ok_and(|uri| uri.parameters.get("lr").is_some());
        if loose {
            return Path { uri: target, route: self.route_set.iter().map(|r| r.to_vec()).collect(), way };
        }
        let mut route: Vec<_> = rest.iter().map(|r| r.to_vec()).collect();
        route.push([b"<", &target[..], b">"].concat());
        Path { uri: first_uri.to_vec(), route, way }
    }

    /// How our next request goes.
    pub fn way(&self) -> Way {
        self.path().way
    }

    fn next_hop(&self, uri: &[u8]) -> Way {
        let read = Uri::read(uri).ok();
        let ip = read.as_ref().and_then(|uri| host_ip(uri.host));
        match (ip, self.translated) {
            (Some(ip), Translated::No) if !ip.is_unspecified() => {
                let asked = read.as_ref().and_then(Transport::asked_by);
                let remote = SocketAddr::new(ip, read.and_then(|uri| uri.port).unwrap_or(DEFAULT_PORT));
                let is_peer = ip == self.peer.remote.ip();
                // A URI that names no transport should mean UDP (RFC 3263 §4.1). Peers that speak over TCP forget
                // to name it, and hear nothing then: with them we go on as they came.
                let usual = if is_peer { self.peer.transport } else { Transport::Udp };
                let transport = asked.unwrap_or(usual);
                let is_same = is_peer && transport == self.peer.transport;
                let connection = self.peer.connection.filter(|_| is_same);
                Way { transport, remote, connection, ..self.peer }
            }
            (_, Translated::Yes | Translated::No) => self.peer,
        }
    }
}

/// The address that a host writes, if it is one.
fn host_ip(host: Option<Host<'_>>) -> Option<IpAddr> {
    match host? {
        Host::V4(ip) => Some(IpAddr::V4(ip)),
        Host::V6(ip) => Some(IpAddr::V6(ip)),
        Host::Name(_) => None,
    }
}

/// The sender says in Via where it believes to be: elsewhere than it is, if it is translated.
fn translated(headers: &Headers<'_>, from: SocketAddr) -> Translated {
    let via = headers.values(Name::Via).next().and_then(|via| Via::read(via).ok());
    match via.and_then(|via| host_ip(Some(via.host))) {
        Some(ip) if ip.to_canonical() != from.ip().to_canonical() => Translated::Yes,
        Some(_) | None => Translated::No,
    }
}

fn value(headers: &Headers<'_>, name: Name) -> Result<Vec<u8>, DialogError> {
    let value = headers.first(name).ok_or(DialogError::Missing { name })?;
    Ok(unfold(value).into_owned())
}

/// From or To, which are no lists: a comma in a name without quotes belongs to the name.
fn read<'a>(headers: &Headers<'a>, name: Name) -> Result<Address<'a>, DialogError> {
    let value = headers.first(name).ok_or(DialogError::Missing { name })?;
    Address::read(value).map_err(|cause| DialogError::Malformed { name, cause })
}

fn target(headers: &Headers<'_>) -> Result<Box<[u8]>, DialogError> {
    let name = Name::Contact;
    let first = headers.values(name).next().ok_or(DialogError::Missing { name })?;
    let contact = Address::read(first).map_err(|cause| DialogError::Malformed { name, cause })?;
    contact.uri().map_err(|cause| DialogError::Malformed { name, cause: AddressError::Uri(cause) })?;
    Ok(contact.uri.into())
}

/// The Contact of an INVITE; where a phone of RFC 2543 sends none, its From (RFC 4475 §3.4.1).
fn target_or_from(headers: &Headers<'_>) -> Result<Box<[u8]>, DialogError> {
    if headers.has(Name::Contact) { target(headers) } else { Ok(read(headers, Name::From)?.uri.into()) }
}

fn record_route(headers: &Headers<'_>) -> impl Iterator<Item = Box<[u8]>> {
    headers.values(Name::RecordRoute).map(|value| unfold(value).into_owned().into_boxed_slice())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sip::message::{Message, parse};

    const PEER: &str = "10.0.0.9:5070";

    fn peer() -> Way {
        Way::udp("10.0.0.1:5060".parse().unwrap(), PEER.parse().unwrap())
    }

    fn invite(record_route: &str, contact: &str, via: &str) -> String {
        format!(
            "INVITE sip:100@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {via};branch=z9hG4bK1\r\n{record_route}\
             From: \"P\" <sip:p@x>;tag=a\r\nTo: <sip:100@clinic>\r\nCall-ID: c1\r\nCSeq: 7 INVITE\r\n\
             Contact: {contact}\r\n\r\n"
        )
    }

    fn uas(text: &str) -> Dialog {
        let Ok(Message::Request(request)) = parse(text.as_bytes()) else { panic!("no request") };
        Dialog::uas(&request, peer(), "ours").expect("a dialog")
    }

    fn uac(record_route: &str) -> Dialog {
        let ours = invite("", "<sip:me@10.0.0.1>", "10.0.0.1");
        let Ok(Message::Request(request)) = parse(ours.as_bytes()) else { panic!("no request") };
        let text = format!(
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n{record_route}From: <sip:p@x>;tag=a\r\n\
             To: <sip:100@clinic>;tag=b\r\nCall-ID: c1\r\nCSeq: 7 INVITE\r\nContact: <sip:t@10.0.0.2>\r\n\r\n"
        );
        let Ok(Message::Response(response)) = parse(text.as_bytes()) else { panic!("no response") };
        Dialog::uac(&request, &response, peer()).expect("a dialog")
    }

    #[track_caller]
    fn check(name: &str, dialog: &Dialog, expected: &str) {
        let path = dialog.path();
        let route: Vec<_> = path.route.iter().map(|r| String::from_utf8_lossy(r)).collect();
        let seen =
            format!("{} [{}] {}", String::from_utf8_lossy(&path.uri), route.join(" "), path.way.remote);
        assert_eq!(seen, expected, "{name}");
    }

    const LOOSE: &str = "Record-Route: <sip:10.0.1.1;lr>, <sip:10.0.1.2:5080;lr>\r\n";
    const STRICT: &str = "Record-Route: <sip:10.0.1.1>\r\nRecord-Route: <sip:10.0.1.2>\r\n";

    #[test]
    fn our_requests_take_the_way_of_the_route_set() {
        // RFC 3261 §12.1.1, §12.1.2, §12.2.1.1; RFC 3263 §4.1
        let direct = invite("", "<sip:t@10.0.0.2:5062>;q=1", "10.0.0.9");
        check("no proxy", &uas(&direct), "sip:t@10.0.0.2:5062 [] 10.0.0.2:5062");
        let loose = invite(LOOSE, "<sip:t@10.0.0.2>", "10.0.0.9");
        check(
            "loose, as callee: the order of the message",
            &uas(&loose),
            "sip:t@10.0.0.2 [<sip:10.0.1.1;lr> <sip:10.0.1.2:5080;lr>] 10.0.1.1:5060",
        );
        check(
            "loose, as caller: the order turned round",
            &uac(LOOSE),
            "sip:t@10.0.0.2 [<sip:10.0.1.2:5080;lr> <sip:10.0.1.1;lr>] 10.0.1.2:5080",
        );
        let strict = invite(STRICT, "<sip:t@10.0.0.2>", "10.0.0.9");
        check(
            "strict: the first route is the Request-URI and the target goes last",
            &uas(&strict),
            "sip:10.0.1.1 [<sip:10.0.1.2> <sip:t@10.0.0.2>] 10.0.1.1:5060",
        );
        let named = invite("", "<sip:t@phone.local>", "10.0.0.9");
        check("a name is reached where it came from", &uas(&named), "sip:t@phone.local [] 10.0.0.9:5070");
        let behind = invite("", "<sip:t@192.168.1.4:5060>", "192.168.1.4:5060");
        check("so is a translated peer", &uas(&behind), "sip:t@192.168.1.4:5060 [] 10.0.0.9:5070");
    }

    #[test]
    fn a_request_names_both_parties_and_counts_up() {
        let mut dialog = uas(&invite("", "<sip:t@10.0.0.2>", "10.0.0.9"));
        let builder = dialog.request(&Method::Bye, "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx");
        let text = String::from_utf8(builder.finish()).unwrap();
        assert!(text.starts_with("BYE sip:t@10.0.0.2 SIP/2.0\r\nVia: "), "{text}");
        assert!(text.contains("From: <sip:100@clinic>;tag=ours\r\nTo: \"P\" <sip:p@x>;tag=a\r\n"), "{text}");
        assert!(text.contains("Call-ID: c1\r\nCSeq: 1 BYE\r\n"), "{text}");
        assert_eq!(dialog.way(), dialog.path().way);
        dialog.request(&Method::Options, "v");
        assert_eq!(dialog.local_cseq(), 2);
    }

    #[test]
    fn a_request_older_than_the_last_is_out_of_order() {
        // RFC 3261 §12.2.2
        let mut dialog = uas(&invite("", "<sip:t@10.0.0.2>", "10.0.0.9"));
        assert_eq!(dialog.take_cseq(6), Err(DialogError::OutOfOrder { number: 6, last: 7 }));
        assert_eq!(dialog.take_cseq(9), Ok(()));
        assert_eq!(dialog.take_cseq(8), Err(DialogError::OutOfOrder { number: 8, last: 9 }));
    }

    #[test]
    fn the_request_of_the_peer_finds_the_dialog() {
        // RFC 3261 §12, §12.2.2
        let dialog = uac("");
        let text = "BYE sip:p@x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK2\r\nFrom: <sip:100@clinic>;tag=b\r\n\
                    To: <sip:p@x>;tag=a\r\nCall-ID: c1\r\nCSeq: 1 BYE\r\n\r\n";
        let Ok(Message::Request(request)) = parse(text.as_bytes()) else { panic!("no request") };
        let essentials = crate::wire::sip::validate::read(&request).expect("no broken rule");
        assert_eq!(DialogId::of_request(&essentials), Some(dialog.id()));
        assert_eq!(dialog.remote_tag(), b"b");
    }

    #[test]
    fn a_re_invite_moves_the_target() {
        let mut dialog = uas(&invite(LOOSE, "<sip:t@10.0.0.2>", "10.0.0.9"));
        let text = invite("Record-Route: <sip:10.9.9.9;lr>\r\n", "<sip:t@10.0.0.3>", "10.0.0.9");
        let Ok(Message::Request(request)) = parse(text.as_bytes()) else { panic!("no request") };
        dialog.refresh(&request, peer());
        check(
            "the target moves, the route set stays",
            &dialog,
            "sip:t@10.0.0.3 [<sip:10.0.1.1;lr> <sip:10.0.1.2:5080;lr>] 10.0.1.1:5060",
        );
    }
}
