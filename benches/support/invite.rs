//! An INVITE as a carrier sends it, and what the UAS reads of it.

use careline::wire::sip::message::Request;
use careline::wire::sip::name::Name;
use careline::wire::sip::validate;
use careline::wire::sip::value::MediaType;
use std::hint::black_box;

/// An INVITE as a carrier sends it, about 1.1 kB.
pub fn invite() -> String {
    let sdp = "v=0\r\no=- 20518 0 IN IP4 203.0.113.1\r\ns=-\r\nc=IN IP4 203.0.113.1\r\nt=0 0\r\n\
               m=audio 54400 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
               a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n";
    let head = "INVITE sip:+16175550100@198.51.100.20:5060;user=phone SIP/2.0\r\n\
        Via: SIP/2.0/UDP 203.0.113.10:5060;branch=z9hG4bK776asdhds83a1b;rport\r\n\
        Via: SIP/2.0/UDP 203.0.113.77:5060;branch=z9hG4bKnashds8x91;received=203.0.113.78\r\n\
        Record-Route: <sip:203.0.113.10;lr;ftag=1928301774>\r\nMax-Forwards: 69\r\n\
        From: \"Maria Alvarez\" <sip:+16175550142@carrier.example;user=phone>;tag=1928301774\r\n\
        To: <sip:+16175550100@clinic.example;user=phone>\r\n\
        Call-ID: a84b4c76e66710.7f3d2b@203.0.113.77\r\nCSeq: 314159 INVITE\r\n\
        Contact: <sip:+16175550142@203.0.113.77:5060;transport=udp>\r\n\
        P-Asserted-Identity: <sip:+16175550142@carrier.example>\r\n\
        P-Charging-Vector: icid-value=3f1d9b7a;icid-generated-at=203.0.113.10;orig-ioi=carrier\r\n\
        Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, PRACK\r\nSupported: 100rel, timer, replaces\r\n\
        Session-Expires: 1800\r\nMin-SE: 90\r\nUser-Agent: Example-SBC/7.4\r\n\
        Content-Type: application/sdp\r\n";
    format!("{head}Content-Length: {}\r\n\r\n{sdp}", sdp.len())
}

/// Judges the request, which reads its Request-URI, Via, From, To, Call-ID, CSeq, Max-Forwards and Contact
/// with their tags and URIs, and reads the other header fields that decide what becomes of a call.
pub fn read_as_a_uas(request: &Request<'_>) {
    let essentials = match validate::read(request) {
        Ok(essentials) => essentials,
        Err(broken) => panic!("our own INVITE is refused: {broken}"),
    };
    black_box((essentials.from.address.tag(), essentials.to.address.tag()));
    black_box(&essentials);
    let headers = &request.headers;
    black_box(headers.first(Name::ContentType).and_then(MediaType::read));
    for name in [Name::PAssertedIdentity, Name::Diversion] {
        for value in headers.values(name) {
            black_box(&validate::Party::read(value).ok());
        }
    }
    for name in [Name::Require, Name::Allow, Name::Supported] {
        headers.values(name).for_each(|tag| _ = black_box(tag));
    }
}
