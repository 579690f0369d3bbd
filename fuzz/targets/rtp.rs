//! Any datagram as RTP and RTCP: read alone, and given to an open leg of a media engine.
#![no_main]

use careline::clock::Instant;
use careline::id::LegId;
use careline::media::command::{Command, Direction, Kind, PortIndex, StreamPlan};
use careline::media::engine::Engine;
use careline::wire::codec::{AudioFormat, Codec};
use careline::wire::telephone_event::EventFormat;
use careline::wire::{rtcp, rtp, telephone_event};
use libfuzzer_sys::fuzz_target;
use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Duration;

fuzz_target!(|octets: &[u8]| {
    black_box((rtcp::read(octets).is_ok(), rtcp::is_rtcp(octets)));
    if let Ok(packet) = rtp::Packet::read(octets) {
        black_box(telephone_event::TelephoneEvent::read(packet.payload).is_ok());
    }
    let party = SocketAddr::from(([192, 0, 2, 9], 4_000));
    let mut engine = Engine::new(1);
    engine.command(Instant::START, open(party));
    for (n, part) in octets.chunks(64).enumerate() {
        let now = Instant::from_millis(20 * n as u64);
        let kind = if part.len() % 2 == 0 { Kind::Rtp } else { Kind::Rtcp };
        engine.receive(now, PortIndex(0), kind, party, part);
        while let Some(slot) = engine.next_slot().filter(|slot| slot.at() <= now) {
            engine.tick(now, slot, &mut |departure| assert!(departure.octets.len() <= 12 + 480));
        }
        while engine.take_event().is_some() {}
    }
});

fn open(remote: SocketAddr) -> Command {
    let plan = StreamPlan {
        remote,
        remote_rtcp: SocketAddr::new(remote.ip(), remote.port() + 1),
        rtcp_mux: false,
        source: [192, 0, 2, 1].into(),
        sends: AudioFormat { payload_type: 0, codec: Codec::Pcmu },
        takes: vec![AudioFormat { payload_type: 0, codec: Codec::Pcmu }],
        sends_events: Some(EventFormat { payload_type: 101, clock_hz: 8_000 }),
        takes_events: vec![EventFormat { payload_type: 101, clock_hz: 8_000 }],
        packet_ms: 20,
        direction: Direction { send: true, receive: true },
    };
    Command::Open {
        leg: LegId(1),
        port: PortIndex(0),
        plan,
        ssrc: 1,
        sequence: 1,
        timestamp: 1,
        beside: None,
        seed: 1,
        silent_after: Duration::from_secs(60),
    }
}
