//! Messages of ours: what every request and response of this engine carries (RFC 3261 §8.1.1, §8.2.6).

use super::super::way::{Transport, Way};
use super::Stack;
use super::refusal::{ACCEPT, ALLOW, EVENTS, Refusal, SUPPORTED};
use crate::wire::sip::emit::{self, Answer, Builder, RecordRoute};
use crate::wire::sip::message::Request;
use crate::wire::sip::method::Method;
use crate::wire::sip::name::Name;
use crate::wire::sip::via::Via;
use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::net::{IpAddr, SocketAddr};

/// The media type of what we say of media.
pub const SDP: &str = "application/sdp";
/// Where SIP is spoken when a Via names no port (RFC 3261 §18.2.2).
const DEFAULT_PORT: u16 = 5060;

/// How the answers to a request go: to the port that asked if `rport` asks for that (RFC 3581 §4),
/// else to the port of its Via (RFC 3261 §18.2.2); always to the address that it came from. Over a
/// connection they go back by it, and there only if it is gone.
pub fn reply_way(via: Option<&Via<'_>>, way: Way) -> Way {
    match via {
        Some(via) if via.rport().is_none() || way.transport.is_reliable() => {
            let port = via.port.filter(|&port| port != 0).unwrap_or(DEFAULT_PORT);
            Way { remote: SocketAddr::new(way.remote.ip(), port), ..way }
        }
        Some(_) | None => way,
    }
}

impl Stack {
    /// Our address as peers shall use it.
    fn told_ip(&self, local: SocketAddr) -> IpAddr {
        let external = self.settings.external_address;
        // An address of another family leads nowhere for this peer.
        external.filter(|external| external.is_ipv4() == local.is_ipv4()).unwrap_or(local.ip())
    }

    pub(super) fn told(&self, local: SocketAddr) -> SocketAddr {
        SocketAddr::new(self.told_ip(local), local.port())
    }

    pub(super) fn contact(&self, way: Way) -> String {
        let told = self.told(way.local);
        match way.transport {
            Transport::Udp => format!("<sip:{told}>"),
            Transport::Tcp => format!("<sip:{told};transport={}>", way.transport.in_uri()),
        }
    }

    /// A new branch, and the Via that carries it (RFC 3261 §8.1.1.7).
    pub(super) fn via(&mut self, way: Way) -> (String, String) {
        let branch = format!("z9hG4bK{}", self.rng.token());
        let (transport, told) = (way.transport.in_via(), self.told(way.local));
        let via = format!("SIP/2.0/{transport} {told};branch={branch};rport");
        (branch, via)
    }

    /// Begins the answer to a request.
    pub(super) fn response(
        &self,
        request: &Request<'_>,
        way: Way,
        status: u16,
        to_tag: Option<&str>,
    ) -> Builder {
        let makes_dialog =
            (101..300).contains(&status) && matches!(request.method, Method::Invite | Method::Subscribe);
        let record_route = if makes_dialog { RecordRoute::Copied } else { RecordRoute::LeftOut };
        let reason = emit::reason_phrase(status);
        let answer = Answer { status, reason, source: way.remote, to_tag, record_route };
        emit::response(request, &answer).header(Name::Server, &self.settings.product)
    }

    /// Refuses without a transaction (RFC 3261 §8.2.7): the same request gets the same tag again.
    pub(super) fn refuse_statelessly(&mut self, way: Way, request: &Request<'_>, refusal: &Refusal) {
        let octets = self.refusal_octets(request, way, refusal, &self.stateless_tag(request));
        self.count_answer(refusal.status());
        let via = request.headers.values(Name::Via).next().and_then(|via| Via::read_to_answer(via).ok());
        self.transmit(reply_way(via.as_ref(), way), octets);
    }

    pub(super) fn refusal_octets(
        &self,
        request: &Request<'_>,
        way: Way,
        refusal: &Refusal,
        to_tag: &str,
    ) -> Vec<u8> {
        let (status, own) = (refusal.status(), refusal.reason());
        let reason = own.as_deref().unwrap_or_else(|| emit::reason_phrase(status));
        let to_tag = Some(to_tag);
        let answer =
            Answer { status, reason, source: way.remote, to_tag, record_route: RecordRoute::LeftOut };
        let builder = emit::response(request, &answer).header(Name::Server, &self.settings.product);
        refusal.explain(builder).finish()
    }

    /// A tag that follows from the request and the seed.
    pub(super) fn stateless_tag(&self, request: &Request<'_>) -> String {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.tag_seed);
        for name in [Name::CallId, Name::CSeq, Name::From, Name::Via] {
            hasher.write(request.headers.first(name).unwrap_or_default());
        }
        format!("{:016x}", hasher.finish())
    }

    /// What we can do, for answers to OPTIONS and INVITE (RFC 3261 §11.2, §13.3.1.4; RFC 6665 §4.4.4).
    pub(super) fn abilities(&self, builder: Builder, way: Way) -> Builder {
        builder
            .header(Name::Contact, self.contact(way))
            .header(Name::Allow, ALLOW)
            .header(Name::AllowEvents, EVENTS)
            .header(Name::Accept, ACCEPT)
            .header(Name::Supported, SUPPORTED)
    }
}
