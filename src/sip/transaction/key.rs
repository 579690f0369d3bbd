//! What names a transaction: RFC 3261 §17.2.3 on the server's side, §17.1.3 on the client's.
//!
//! A key is one flat run of octets, stored once, with a digest of itself before it: a table of 100 000 finished transactions
//! is searched by the digests alone, which lie in its nodes, and only the key that is found is looked at octet by octet.
//! Whoever makes digests clash on purpose gains nothing but the comparison of octets. Requests whose
//! branch lacks the magic cookie (RFC 2543) are named by what the second list of §17.2.3 compares;
//! the To tag is left out for INVITE, because its ACK carries ours.

use crate::wire::sip::address::Address;
use crate::wire::sip::cseq::CSeq;
use crate::wire::sip::header::Headers;
use crate::wire::sip::message::{Request, Response};
use crate::wire::sip::method::Method;
use crate::wire::sip::name::Name;
use crate::wire::sip::uri::Host;
use crate::wire::sip::validate::Essentials;
use crate::wire::sip::via::Via;
use std::sync::Arc;

/// Parts of a key are set apart by an octet that no header value holds.
const APART: u8 = b'\n';
/// The port of a Via that names none (RFC 3261 §18.2.2).
const DEFAULT_PORT: u16 = 5060;

/// Octets that sort by their digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    digest: u64,
    octets: Arc<[u8]>,
}

/// Names a server transaction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerKey(Named);

/// Names a request over all the ways that it came (RFC 3261 §8.2.2.2): From tag, Call-ID and CSeq.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MergeKey(Named);

/// Names a client transaction: branch and method.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientKey(Named);

impl ServerKey {
    /// The key of the transaction that the request begins or belongs to: an ACK belongs to its INVITE.
    pub fn of(request: &Request<'_>, essentials: &Essentials<'_>) -> Self {
        match request.method {
            Method::Ack => Self::with(request, essentials, &Method::Invite),
            method => Self::with(request, essentials, &method),
        }
    }

    /// The key of the INVITE that a CANCEL wants cancelled (RFC 3261 §9.2).
    pub fn of_cancelled(cancel: &Request<'_>, essentials: &Essentials<'_>) -> Self {
        Self::with(cancel, essentials, &Method::Invite)
    }

    fn with(request: &Request<'_>, essentials: &Essentials<'_>, method: &Method<'_>) -> Self {
        let Essentials { via, from, to, call_id, cseq, .. } = essentials;
        let method = method.octets();
        if let Some(branch) = via.branch().filter(|_| via.has_cookie()) {
            let port = via.port.unwrap_or(DEFAULT_PORT).to_be_bytes();
            let named = |host: &[u8]| Self(join(&[method, branch, &port, host]));
            return match via.host {
                Host::Name(name) => named(&name.to_ascii_lowercase()),
                Host::V4(address) => named(&address.octets()),
                Host::V6(address) => named(&address.octets()),
            };
        }
        let number = cseq.number.to_string();
        let to_tag = to.address.tag().filter(|_| method != Method::Invite.octets()).unwrap_or_default();
        let from_tag = from.address.tag().unwrap_or_default();
        let via = request.headers.values(Name::Via).next().unwrap_or_default();
        Self(join(&[method, request.uri, from_tag, to_tag, call_id, number.as_bytes(), via]))
    }
}

impl MergeKey {
    /// The key of a request outside a dialog; `None` if the request was not validated.
    pub fn of(request: &Request<'_>) -> Option<Self> {
        let headers = &request.headers;
        let cseq = headers.first(Name::CSeq)?;
        Some(Self(join(&[tag(headers, Name::From), headers.first(Name::CallId)?, cseq])))
    }
}

impl ClientKey {
    /// The key of a request that we send with `branch`.
    pub fn new(branch: &str, method: &Method<'_>) -> Self {
        Self(join(&[branch.as_bytes(), method.octets()]))
    }

    /// The key of the transaction that a response belongs to; `None` if the response was not validated.
    pub fn of(response: &Response<'_>) -> Option<Self> {
        let via = Via::read(response.headers.values(Name::Via).next()?).ok()?;
        let cseq = CSeq::read(response.headers.first(Name::CSeq)?).ok()?;
        Some(Self(join(&[via.branch()?, cseq.method.octets()])))
    }
}

/// The tag of From or To; none is as good as an empty one here.
fn tag<'a>(headers: &Headers<'a>, name: Name) -> &'a [u8] {
    let address = headers.first(name).and_then(|value| Address::read(value).ok());
    address.and_then(|address| address.tag()).unwrap_or_default()
}

fn join(parts: &[&[u8]]) -> Named {
    let octets = parts.join(&APART);
    Named { digest: digest(&octets), octets: octets.into() }
}

/// Spreads keys that differ in a few digits only: a step of multiply and fold for eight octets.
fn digest(octets: &[u8]) -> u64 {
    // An odd number without pattern: the fraction of the golden ratio in 64 bits.
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    octets.chunks(8).fold(octets.len() as u64, |digest, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        let (low, high) = (digest ^ u64::from_le_bytes(word)).carrying_mul(STEP, 0);
        low ^ high
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sip::message::{Message, parse};
    use crate::wire::sip::validate::read;
    use std::collections::BTreeSet;

    fn request(method: &str, via: &str, to: &str) -> String {
        format!(
            "{method} sip:100@clinic SIP/2.0\r\nVia: SIP/2.0/UDP {via}\r\nFrom: <sip:p@x>;tag=a\r\n\
             To: <sip:100@clinic>{to}\r\nCall-ID: c1\r\nCSeq: 7 {method}\r\n\r\n"
        )
    }

    fn key(text: &str) -> ServerKey {
        match parse(text.as_bytes()) {
            Ok(Message::Request(request)) => {
                ServerKey::of(&request, &read(&request).expect("no broken rule"))
            }
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn check(name: &str, a: (&str, &str, &str), b: (&str, &str, &str), same: bool) {
        let (left, right) = (key(&request(a.0, a.1, a.2)), key(&request(b.0, b.1, b.2)));
        assert_eq!(left == right, same, "{name}: {left:?} {right:?}");
    }

    #[test]
    fn a_transaction_is_branch_sent_by_and_method() {
        // RFC 3261 §17.2.3, §18.2.2
        let invite = ("INVITE", "10.0.0.1;branch=z9hG4bK1", "");
        check("itself", invite, invite, true);
        check("its ACK", invite, ("ACK", "10.0.0.1;branch=z9hG4bK1", ";tag=b"), true);
        check("the port 5060 may be written", invite, ("INVITE", "10.0.0.1:5060;branch=z9hG4bK1", ""), true);
        check("parameters beside", invite, ("INVITE", "10.0.0.1;rport;branch=z9hG4bK1", ""), true);
        check("its CANCEL", invite, ("CANCEL", "10.0.0.1;branch=z9hG4bK1", ""), false);
        check("another branch", invite, ("INVITE", "10.0.0.1;branch=z9hG4bK2", ""), false);
        check("another host", invite, ("INVITE", "10.0.0.2;branch=z9hG4bK1", ""), false);
        check("another port", invite, ("INVITE", "10.0.0.1:5062;branch=z9hG4bK1", ""), false);
        check(
            "case of the host",
            ("BYE", "A.b;branch=z9hG4bK1", ""),
            ("BYE", "a.B;branch=z9hG4bK1", ""),
            true,
        );
    }

    #[test]
    fn keys_of_neighbours_have_digests_far_apart() {
        let key = |n: u32| key(&request("BYE", &format!("10.0.0.1;branch=z9hG4bK-{n}"), ""));
        let digests: BTreeSet<u64> = (0..100_000).map(|n| key(n).0.digest).collect();
        assert_eq!(digests.len(), 100_000);
        let first_octets: BTreeSet<u8> = digests.iter().map(|digest| (digest >> 56) as u8).collect();
        assert!(first_octets.len() > 200, "spread over {} of 256", first_octets.len());
    }

    #[test]
    fn without_the_cookie_the_older_list_decides() {
        let invite = ("INVITE", "10.0.0.1;branch=1", "");
        check("itself", invite, invite, true);
        check("its ACK carries our tag", invite, ("ACK", "10.0.0.1;branch=1", ";tag=b"), true);
        check("another Via", invite, ("INVITE", "10.0.0.1;branch=2", ""), false);
        check("no branch at all", ("INVITE", "10.0.0.1", ""), ("INVITE", "10.0.0.1", ""), true);
        check("another To tag of a BYE", ("BYE", "h", ";tag=1"), ("BYE", "h", ";tag=2"), false);
    }

    #[test]
    fn a_response_finds_its_request_by_branch_and_method() {
        let text = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;rport=1;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\n\
                    To: <sip:c@d>\r\nCall-ID: i\r\nCSeq: 2 BYE\r\n\r\n";
        let Ok(Message::Response(response)) = parse(text.as_bytes()) else { panic!("no response") };
        assert_eq!(ClientKey::of(&response), Some(ClientKey::new("z9hG4bKx", &Method::Bye)));
        assert_ne!(ClientKey::of(&response), Some(ClientKey::new("z9hG4bKx", &Method::Options)));
    }
}
