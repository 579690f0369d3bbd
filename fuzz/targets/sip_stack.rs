//! Any datagrams to the SIP machine, one after the other, with answers to the calls it takes: it never panics,
//! and what it sends is SIP that we read ourselves.
#![no_main]

use careline::clock::Instant;
use careline::rng::Rng;
use careline::sip::interface::{Command, Event, InfoKeys, Input, Network, Output, Settings};
use careline::sip::stack::Stack;
use careline::sip::way::Way;
use careline::wire::sip::message;
use libfuzzer_sys::fuzz_target;
use std::net::SocketAddr;
use std::time::Duration;

const SDP: &[u8] =
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n";

fuzz_target!(|input: &[u8]| {
    let everywhere = Network { base: [0, 0, 0, 0].into(), prefix: 0 };
    let settings = Settings {
        t1: Duration::from_millis(500),
        target_patience: careline::limits::SIP_TARGET_PATIENCE_DEFAULT,
        external_address: None,
        product: "fuzz".to_owned(),
        listen_to: vec![everywhere],
        trusted: Vec::new(),
        requests_a_second: 100_000,
        help: Default::default(),
        session_expires_s: 1_800,
        info_keys: InfoKeys::Told,
        drop_agents: Vec::new(),
    };
    let mut stack = Stack::new(settings, Rng::seeded(1));
    let local = SocketAddr::from(([192, 0, 2, 1], 5_060));
    let from = SocketAddr::from(([192, 0, 2, 9], 5_060));
    let mut now = Instant::START;
    for octets in input.split(|octet| *octet == 0) {
        stack.handle(now, Input::Message { way: Way::udp(local, from), octets });
        drain(&mut stack, now);
        now += Duration::from_millis(300);
        stack.handle(now, Input::Timeout);
        drain(&mut stack, now);
    }
});

fn drain(stack: &mut Stack, now: Instant) {
    while let Some(output) = stack.poll_output() {
        match output {
            Output::Transmit { octets, .. } => assert!(message::parse(&octets).is_ok()),
            Output::Event(Event::Invite { leg, .. }) => {
                stack.handle(now, Input::Command(Command::Answer { leg, sdp: SDP.to_vec() }));
            }
            Output::Event(Event::Reoffer { leg, .. }) => {
                stack.handle(now, Input::Command(Command::AnswerReoffer { leg, sdp: SDP.to_vec() }));
            }
            Output::Resolve { id, .. } => stack.handle(now, Input::Resolved { id, records: Vec::new() }),
            Output::Event(_) => {}
        }
    }
}
