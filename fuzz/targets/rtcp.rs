//! Any datagrams as RTCP: read, and given to the reporter of a leg that reports in between.
#![no_main]

use careline::clock::{Instant, WallTime};
use careline::rng::Rng;
use careline::rtp::reporter::{Now, Reporter, Sending};
use careline::rtp::sequence::Source;
use careline::wire::rtcp::compound::{Compound, Packet};
use careline::wire::rtcp::read;
use careline::wire::rtcp::write::COMPOUND_OCTETS_MAX;
use libfuzzer_sys::fuzz_target;
use std::hint::black_box;

fuzz_target!(|octets: &[u8]| {
    let mut reporter = Reporter::new(0x0a, Rng::seeded(1), Instant::START);
    let mut source = Source::new(0x0b, 1);
    let mut to = [0; COMPOUND_OCTETS_MAX];
    // The first octet of each part is its length, so that one input is several datagrams.
    let (mut rest, mut sent) = (octets, 0);
    while let Some((length, after)) = rest.split_first() {
        let (part, behind) = after.split_at(after.len().min(usize::from(*length)));
        rest = behind;
        sent += 1;
        let at = Instant::from_millis(2_500 * sent);
        if let Ok(compound) = Compound::read(part) {
            black_box(read(part).is_ok());
            look_at(compound);
        }
        black_box(reporter.receive(at, part, sent, Some(source.ssrc())).is_ok());
        assert!(reporter.told().is_none_or(|told| told.lost <= told.sent));
        source.take(sent as u16);
        let now = Now { at, wall: WallTime::from_micros(at.as_micros() as i64) };
        let sending = Sending { packets: sent, octets: 160 * sent, timestamp: 160 * sent as u32 };
        let length = reporter.write(now, sending, Some(&mut source), &mut to);
        assert!(length == 0 || Compound::read(&to[..length]).is_ok());
    }
});

/// All that can be asked of a compound; it has a packet at least.
fn look_at(compound: Compound<'_>) {
    let mut packets = 0;
    for packet in compound.packets() {
        packets += 1;
        match packet {
            Packet::Sender { blocks, .. } | Packet::Receiver { blocks, .. } => {
                assert!(blocks.iter().count() < 32);
            }
            Packet::Description(names) => {
                black_box(names.cname(0x0b).is_some());
            }
            Packet::Goodbye { sources, reason } => {
                assert!(sources.iter().count() < 32 && reason.is_none_or(|reason| reason.len() < 256));
            }
            Packet::Other { .. } => {}
        }
    }
    assert!(packets > 0);
}
