//! The IPv6 torture messages of RFC 5118, all of them, written anew after their descriptions, each with the
//! outcome that the RFC prescribes. We are no registrar: a good REGISTER is answered 405 (RFC 3261 §8.2.1).

use crate::rfc4475::Torture;
use crate::wire;
use crate::world::{IP4, IP6};

/// A message and the addresses it goes between.
pub struct Torture6 {
    pub message: Torture,
    pub between: (&'static str, &'static str),
}

const NO_REGISTRAR: &str = "405 Allow: INVITE, …";
/// BYE outside any dialog of ours (RFC 3261 §15.1.2).
const NO_DIALOG: &str = "481";

fn torture(name: &'static str, octets: Vec<u8>, verdict: &'static str, outcome: &'static str) -> Torture6 {
    Torture6 { message: Torture { name, octets, verdict, outcome }, between: IP6 }
}

/// A REGISTER to that URI.
fn register(uri: &str) -> Vec<u8> {
    wire(&format!(
        "REGISTER {uri} SIP/2.0\nTo: sip:user@example.com\nFrom: sip:user@example.com;tag=81x2\n\
         Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111\nCall-ID: SSG9559905523997077@hlau_4100\n\
         Max-Forwards: 70\nContact: \"Caller\" <sip:caller@[2001:db8::1]>\nCSeq: 98176 REGISTER\nContent-Length: 0\n\n"
    ))
}

/// An OPTIONS to a user at that host.
fn options(host: &str) -> Vec<u8> {
    wire(&format!(
        "OPTIONS sip:user@{host} SIP/2.0\nTo: sip:user@{host}\nFrom: sip:user@example.com;tag=810x2\n\
         Via: SIP/2.0/UDP lab1.east.example.com;branch=z9hG4bKas3-111\nCall-ID: G9559905523997077@hlau_4100\n\
         CSeq: 689 OPTIONS\nMax-Forwards: 70\nContent-Length: 0\n\n"
    ))
}

/// A BYE whose Via says in which way `received` writes its address.
fn bye(received: &str) -> Vec<u8> {
    wire(&format!(
        "BYE sip:[2001:db8::10] SIP/2.0\nTo: sip:user@example.com;tag=bd76ya\nFrom: sip:user@example.com;tag=81x2\n\
         Via: SIP/2.0/UDP [2001:db8::9:1];received={received};branch=z9hG4bKas3-111\n\
         Call-ID: SSG9559905523997077@hlau_4100\nMax-Forwards: 70\nCSeq: 321 BYE\nContent-Length: 0\n\n"
    ))
}

/// An INVITE with that Via, Contact and body.
fn invite(vias: &str, contact: &str, sdp: &str) -> Vec<u8> {
    let body = wire(sdp);
    let head = wire(&format!(
        "INVITE sip:user@[2001:db8::10] SIP/2.0\nTo: sip:user@[2001:db8::10]\nFrom: sip:user@example.com;tag=81x2\n\
         {vias}Call-ID: SSG9559905523997077@hlau_4100\nContact: {contact}\nCSeq: 8912 INVITE\nMax-Forwards: 70\n\
         Content-Type: application/sdp\nContent-Length: {}\n\n",
        body.len()
    ));
    [head, body].concat()
}

const VIA: &str = "Via: SIP/2.0/UDP [2001:db8::20];branch=z9hG4bKas3-111\n";
const CONTACT: &str = "\"Caller\" <sip:caller@[2001:db8::20]>";
const TAKEN: &str = "! call to `user`, 200";

/// All of them, in the order of RFC 5118 §4.
pub fn all() -> Vec<Torture6> {
    vec![
        // §4.1: an address in brackets is a host.
        torture("ipv6-good", register("sip:[2001:db8::10]"), "ok", NO_REGISTRAR),
        // §4.2: without them nobody knows where the port begins.
        torture(
            "ipv6-bad",
            register("sip:2001:db8::10"),
            "answer 400: the Request-URI is malformed (RFC 3261 §19.1): its port is no number up to 65535",
            "400",
        ),
        // §4.3: within the brackets it is part of the address.
        torture("port-ambiguous", register("sip:[2001:db8::10:5070]"), "ok", NO_REGISTRAR),
        // §4.4: after them it is a port.
        torture("port-unambiguous", register("sip:[2001:db8::10]:5070"), "ok", NO_REGISTRAR),
        // §4.5: both spellings of `received` are understood.
        torture("via-received-param-with-delim", bye("[2001:db8::9:255]"), "ok", NO_DIALOG),
        torture("via-received-param-no-delim", bye("2001:db8::9:255"), "ok", NO_DIALOG),
        // §4.6: SDP writes addresses without brackets.
        torture("ipv6-in-sdp", invite(VIA, CONTACT, SDP6), "ok", TAKEN),
        // §4.7: addresses of both kinds in one message.
        torture("mult-ip-in-header", mult_ip_in_header(), "ok", TAKEN),
        // §4.8: sound in IPv4, video in IPv6.
        Torture6 {
            message: Torture {
                name: "mult-ip-in-sdp",
                octets: invite(VIA, CONTACT, MULT_IP_SDP),
                verdict: "ok",
                outcome: TAKEN,
            },
            between: IP4,
        },
        // §4.9: an IPv4 address in IPv6 clothes is an address as any other.
        torture(
            "ipv4-mapped-ipv6",
            invite(
                "Via: SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19\n\
                 Via: SIP/2.0/UDP [::ffff:192.0.2.2];branch=z9hG4bKas3-111\n",
                "\"T. desk phone\" <sip:ted@[::ffff:192.0.2.2]>",
                MAPPED_SDP,
            ),
            "ok",
            TAKEN,
        ),
        // RFC 5118 §4.10: the grammar of RFC 3261 has one colon too many; both are understood.
        torture("ipv6-bug-abnf-3-colons", options("[2001:db8:::192.0.2.1]"), "ok", "200"),
        torture("ipv6-correct-abnf-2-colons", options("[2001:db8::192.0.2.1]"), "ok", "200"),
    ]
}

/// Sound at an IPv6 address.
const SDP6: &str = "v=0\no=assistant 971731711378798081 0 IN IP6 2001:db8::20\ns=Live video feed\nc=IN IP6 2001:db8::20\n\
    t=3338481189 3370017201\nm=audio 6000 RTP/AVP 2\na=rtpmap:2 PCMU/8000\nm=video 6024 RTP/AVP 107\na=rtpmap:107 H263-1998/90000\n";

/// Sound at an IPv4 address and video at an IPv6 one.
pub const MULT_IP_SDP: &str = "v=0\no=bob 280744730 28977631 IN IP4 host.example.com\ns=\nt=0 0\n\
    m=audio 22334 RTP/AVP 0\nc=IN IP4 192.0.2.1\nm=video 6024 RTP/AVP 107\nc=IN IP6 2001:db8::1\na=rtpmap:107 H263-1998/90000\n";

/// Sound at an IPv4 address in IPv6 clothes.
const MAPPED_SDP: &str = "v=0\no=bob 280744730 28977631 IN IP6 ::ffff:192.0.2.2\ns=\nc=IN IP6 ::ffff:192.0.2.2\nt=0 0\n\
    m=audio 22334 RTP/AVP 0\n";

pub fn mult_ip_in_header() -> Vec<u8> {
    invite(
        "Via: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111\n\
         Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144\n\
         Via: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200\n",
        CONTACT,
        SDP6,
    )
}
