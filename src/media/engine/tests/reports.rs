//! Reports of a leg to its party, and what is kept of the party's.

use super::*;
use crate::clock::WallTime;
use crate::media::command::Counters;
use crate::wire::rtcp;
use crate::wire::rtcp::compound::{Compound, Packet as Report};

/// A report that left: when, by which socket, where to, and its octets.
type Sent = (Instant, Kind, SocketAddr, Vec<u8>);

/// A minute in which each side sends a packet every 20 ms. Every fifth of the party's is lost, and the party
/// answers each of our reports after 2 s with one that tells of 3 % lost on a way of 50 ms each.
fn minute(plan: StreamPlan) -> (Vec<Sent>, Counters) {
    let mut world = World::new();
    world.engine = Engine::new(8).started_at(WallTime::from_micros(1_790_000_000_000_000));
    let to = plan.remote;
    world.open(A, plan);
    let mut reports: Vec<Sent> = Vec::new();
    let mut answers: std::collections::VecDeque<(Instant, Vec<u8>)> = std::collections::VecDeque::new();
    for n in 0..3_000u16 {
        if n % 5 != 4 {
            world.rtp(A, to, &audio(n, &[9; 160]));
        }
        let seen = reports.len();
        let end = world.now + Duration::from_millis(20);
        while let Some(slot) = world.engine.next_slot().filter(|slot| slot.at() <= end) {
            world.now = slot.at().max(world.now);
            let at = world.now;
            world.engine.tick(at, slot, &mut |left| {
                if rtcp::is_rtcp(left.octets) {
                    reports.push((at, left.kind, left.to, left.octets.to_vec()));
                }
            });
        }
        world.now = end;
        for (at, _, _, octets) in &reports[seen..] {
            answers.push_back((*at + Duration::from_millis(2_100), answer(octets)));
        }
        while answers.front().is_some_and(|(at, _)| *at <= world.now) {
            let (_, octets) = answers.pop_front().expect("it was looked at");
            world.engine.receive(world.now, PortIndex(1), Kind::Rtcp, to, &octets);
        }
    }
    world.command(Command::Close { leg: A });
    let last = world.engine.take_last_words().expect("it has reported before");
    let last = last.departure();
    reports.push((world.now, last.kind, last.to, last.octets.to_vec()));
    let counters = world.events().into_iter().find_map(|event| match event {
        Event::Closed { counters, .. } => Some(counters),
        _ => None,
    });
    (reports, counters.expect("it was closed"))
}

/// What the party answers: its LSR is the middle of our NTP time, its DLSR 2 s.
fn answer(report: &[u8]) -> Vec<u8> {
    let ssrc = 55u32;
    let mut octets = vec![0x81, 201, 0, 7];
    octets.extend(ssrc.to_be_bytes());
    octets.extend(&report[4..8]);
    octets.extend([8, 0, 0, 30, 0, 0, 0, 0]);
    octets.extend(80u32.to_be_bytes());
    octets.extend(&report[10..14]);
    octets.extend((2u32 << 16).to_be_bytes());
    octets
}

#[test]
fn a_leg_reports_every_few_seconds_and_says_goodbye() {
    // RFC 3550 §6.2, §6.4.1, §6.6; RFC 5761 §4
    for mux in [false, true] {
        let plan = plan(A);
        let own = SocketAddr::new(plan.remote.ip(), plan.remote.port() + 7);
        let (reports, _) = minute(StreamPlan { rtcp_mux: mux, remote_rtcp: own, ..plan.clone() });
        assert!((10..=22).contains(&reports.len()), "{} in a minute", reports.len());
        let expected = if mux { (Kind::Rtp, plan.remote) } else { (Kind::Rtcp, own) };
        assert!(reports.iter().all(|(_, kind, to, _)| (*kind, *to) == expected), "{expected:?}");
        let gaps: Vec<Duration> = reports.windows(2).map(|two| two[1].0.since(two[0].0)).collect();
        let inner = &gaps[..gaps.len() - 1];
        assert!(inner.iter().all(|gap| (1_000..=8_000).contains(&gap.as_millis())), "{inner:?}");
        for (n, (_, _, _, octets)) in reports.iter().enumerate() {
            let compound = Compound::read(octets).expect("it is whole");
            let kinds: Vec<&str> = compound
                .packets()
                .map(|packet| match packet {
                    Report::Sender { ssrc, .. } => {
                        assert_eq!(ssrc, 101);
                        "SR"
                    }
                    Report::Receiver { .. } => "RR",
                    Report::Description(_) => "SDES",
                    Report::Goodbye { .. } => "BYE",
                    Report::Other { .. } => "?",
                })
                .collect();
            let expected: &[&str] =
                if n + 1 == reports.len() { &["SR", "SDES", "BYE"] } else { &["SR", "SDES"] };
            assert_eq!(kinds, expected, "report {n}");
        }
    }
}

#[test]
fn the_record_of_a_leg_has_both_directions_and_the_way_between() {
    let (_, counters) = minute(plan(A));
    let Counters { received, lost, burst_ratio, mos, round_trip_us, their_lost, .. } = counters;
    assert_eq!((received, lost), (2_400, 599), "{counters:?}");
    assert!(burst_ratio.is_some_and(|ratio| ratio <= 100), "one by one is less than chance: {counters:?}");
    assert!(mos.is_some_and(|mos| (100..360).contains(&mos)), "a fifth lost is a bad line: {counters:?}");
    assert_eq!((their_lost, counters.their_jitter_us), (Some(30), Some(10_000)), "{counters:?}");
    assert!(counters.their_mos.is_some_and(|mos| (380..441).contains(&mos)), "{counters:?}");
    let way = round_trip_us.expect("it answered");
    assert!((80_000..=125_000).contains(&way), "100 ms, told in ticks: {way} µs");
}
