//! Any body as SDP: read, asked everything, and refused in an answer that is read back.
#![no_main]

use careline::wire::sdp::read::read;
use careline::wire::sdp::write::{Description, Section};
use libfuzzer_sys::fuzz_target;
use std::hint::black_box;
use std::net::Ipv4Addr;

fuzz_target!(|octets: &[u8]| {
    let session = match read(octets) {
        Err(error) => {
            assert!(error.line >= 1, "{error}");
            return;
        }
        Ok(session) => session,
    };
    for media in &session.media {
        black_box((session.connection_of(media), session.direction_of(media), media.label()));
        for payload_type in media.payload_types() {
            assert!(payload_type < 128);
            black_box((media.rtpmap(payload_type), media.fmtp(payload_type)));
        }
    }
    let refused = session.media.iter().map(|media| Section::Refused {
        kind: media.kind,
        protocol: media.protocol,
        format: media.formats[0],
    });
    let address = Ipv4Addr::LOCALHOST.into();
    let answer = Description { id: 1, version: 1, address, sections: refused.collect() }.write();
    let answer = read(&answer).expect("we wrote a session description");
    assert_eq!(answer.media.len(), session.media.len());
    assert!(answer.media.iter().all(|media| media.port == 0));
});
