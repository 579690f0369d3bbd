//! Two reporters over a wire of known length, and reports that nobody should believe.

use super::*;
use crate::rng::Rng;
use proptest::prelude::*;
use std::time::Duration;

const OURS: u32 = 0x0a;
const THEIRS: u32 = 0x0b;
/// 2024-01-01T00:00:00Z.
const NEW_YEAR: WallTime = WallTime::from_micros(1_704_067_200_000_000);

fn at(ms: u64) -> Now {
    Now { at: Instant::from_millis(ms), wall: NEW_YEAR + Duration::from_millis(ms) }
}

fn sending(packets: u64) -> Sending {
    Sending { packets, octets: 160 * packets, timestamp: 160 * packets as u32 }
}

fn reporter(ssrc: u32) -> Reporter {
    Reporter::new(ssrc, Rng::seeded(u64::from(ssrc)), Instant::START)
}

/// The report that leaves at `ms`, which is long enough after the one before.
fn report(of: &mut Reporter, ms: u64, packets: u64, party: Option<&mut Source>) -> Vec<u8> {
    let mut to = [0; COMPOUND_OCTETS_MAX];
    let length = of.write(at(ms), sending(packets), party, &mut to);
    assert!(length > 0, "no report at {ms} ms, but at {:?}", of.poll_timeout());
    to[..length].to_vec()
}

fn first(octets: &[u8]) -> (Option<SenderInfo>, Option<Block>) {
    match Compound::read(octets).unwrap().packets().next() {
        Some(Packet::Sender { info, blocks, .. }) => (Some(info), blocks.iter().next()),
        Some(Packet::Receiver { blocks, .. }) => (None, blocks.iter().next()),
        other => panic!("{other:?}"),
    }
}

/// A receiver report on `of` by `from`.
fn heard_by(from: u32, of: u32, change: impl FnOnce(&mut Block)) -> Vec<u8> {
    let mut block = Block { ssrc: of, ..Block::default() };
    change(&mut block);
    let report = Report {
        ssrc: from,
        sender: None,
        block: Some(block),
        cname: Cname::of([3; 12]),
        course: Course::Stays,
    };
    let mut to = [0; COMPOUND_OCTETS_MAX];
    let length = report.write(&mut to);
    to[..length].to_vec()
}

#[test]
fn who_sends_reports_as_a_sender_and_who_has_stopped_as_a_receiver() {
    // RFC 3550 §6.4, §6.3.8
    let mut ours = reporter(OURS);
    let kinds: Vec<bool> = [(10, 0), (20, 5), (30, 9), (40, 9), (50, 9), (60, 10)]
        .map(|(s, packets)| first(&report(&mut ours, 1_000 * s, packets, None)).0.is_some())
        .to_vec();
    assert_eq!(kinds, [false, true, true, true, false, true]);
}

#[test]
fn a_sender_report_tells_one_moment_on_both_clocks() {
    // RFC 3550 §6.4.1; RFC 868 for the seconds from 1900 to 1970
    let (info, block) = first(&report(&mut reporter(OURS), 10_500, 525, None));
    let seconds = 1_704_067_210 + 2_208_988_800;
    let expected =
        SenderInfo { ntp: (seconds << 32) | (1 << 31), timestamp: 84_000, packets: 525, octets: 84_000 };
    assert_eq!((info, block), (Some(expected), None));
    assert_eq!(ntp(WallTime::from_micros(-1)) >> 32, 2_208_988_799, "before 1970");
}

#[test]
fn the_party_is_in_the_report_while_it_is_heard() {
    // RFC 3550 §6.4, §6.4.1
    let mut ours = reporter(OURS);
    let mut source = Source::new(THEIRS, 1);
    source.take(3);
    let block = first(&report(&mut ours, 10_000, 1, Some(&mut source))).1.unwrap();
    assert_eq!((block.ssrc, block.fraction_lost, block.lost, block.highest), (THEIRS, 85, 1, 3));
    assert_eq!((block.last_report, block.delay), (0, 0), "it has not reported");
    assert_eq!(first(&report(&mut ours, 20_000, 1, Some(&mut source))).1, None, "nothing came");

    let mut theirs = reporter(THEIRS);
    let said = report(&mut theirs, 21_000, 50, None);
    let name = first(&said).0.unwrap().name();
    assert_eq!(ours.receive(at(21_000).at, &said, 1, None), Ok(Signal::Alive));
    source.take(4);
    let block = first(&report(&mut ours, 30_000, 1, Some(&mut source))).1.unwrap();
    assert_eq!((block.last_report, block.delay), (name, 9 * 65_536));
    let mut other = Source::new(0x0c, 1);
    let block = first(&report(&mut ours, 40_000, 1, Some(&mut other))).1.unwrap();
    assert_eq!((block.last_report, block.delay), (0, 0), "another source has not reported");
}

/// Our sender report at 10 s, which the party keeps for `kept` and answers; the answer comes after `away_ms`.
fn round_trip(away_ms: u64, kept: u32, name: impl FnOnce(u32) -> u32) -> Option<u32> {
    let mut ours = reporter(OURS);
    let said = first(&report(&mut ours, 10_000, 9, None)).0.unwrap().name();
    let answer = heard_by(THEIRS, OURS, |block| (block.last_report, block.delay) = (name(said), kept));
    assert_eq!(ours.receive(at(10_000 + away_ms).at, &answer, 9, None), Ok(Signal::Alive));
    ours.round_trip().map(|all| all.last_us)
}

#[test]
fn the_round_trip_is_the_time_away_less_the_time_kept() {
    // RFC 3550 §6.4.1
    let same = |name| name;
    assert_eq!(round_trip(5_040, 5 * 65_536, same), Some(40_000));
    assert_eq!(round_trip(40, 0, same), Some(40_000));
    assert_eq!(round_trip(6_000, 327_680 + 32_768, same), Some(500_000));
    assert_eq!(round_trip(1_000, 65_536 + 13, same), Some(0), "clocks differ a little");
    assert_eq!(round_trip(1_000, 65_536 + 6_554, same), None, "kept for longer than it was away");
    assert_eq!(round_trip(40, u32::MAX, same), None);
    assert_eq!(round_trip(40, 0, |name| name ^ 1), None, "no report of ours");
    assert_eq!(round_trip(40, 0, |_| 0), None, "it has none of ours");
}

#[test]
fn the_round_trip_has_a_mean_and_a_worst() {
    let mut ours = reporter(OURS);
    for (n, away_ms) in [20, 90, 40].into_iter().enumerate() {
        let ms = 10_000 * (n as u64 + 1);
        let name = first(&report(&mut ours, ms, n as u64 + 1, None)).0.unwrap().name();
        let answer = heard_by(THEIRS, OURS, |block| block.last_report = name);
        ours.receive(at(ms + away_ms).at, &answer, 9, None).unwrap();
    }
    let all = ours.round_trip().unwrap();
    assert_eq!((all.last_us, all.mean_us(), all.max_us), (40_000, 50_000, 90_000));
}

#[test]
fn a_report_that_is_older_than_the_last_four_is_forgotten() {
    let mut ours = reporter(OURS);
    let names: Vec<u32> =
        (1..=5u64).map(|n| first(&report(&mut ours, 10_000 * n, n, None)).0.unwrap().name()).collect();
    let mut known = |name| {
        let before = ours.round_trip();
        let answer = heard_by(THEIRS, OURS, |block| block.last_report = name);
        ours.receive(at(50_100).at, &answer, 9, None).unwrap();
        ours.round_trip() != before
    };
    assert_eq!(names.iter().map(|name| known(*name)).collect::<Vec<_>>(), [false, true, true, true, true]);
}

#[test]
fn what_the_party_tells_of_us_is_kept_and_what_it_tells_of_others_is_not() {
    let mut ours = reporter(OURS);
    let told =
        |of| heard_by(THEIRS, of, |block| (block.fraction_lost, block.lost, block.jitter) = (26, 12, 80));
    ours.receive(at(1_000).at, &told(0x0c), 100, None).unwrap();
    assert_eq!(ours.told(), None);
    ours.receive(at(2_000).at, &told(OURS), 100, None).unwrap();
    let expected = Told { fraction_lost: 26, lost: 12, sent: 100, jitter: 80, reports: 1 };
    assert_eq!(ours.told(), Some(expected));
}

#[test]
fn losses_told_by_one_party_after_another_add_up() {
    let mut ours = reporter(OURS);
    let mut lost = |from, lost, sent| {
        ours.receive(at(1_000).at, &heard_by(from, OURS, |block| block.lost = lost), sent, None).unwrap();
        ours.told().map(|told| told.lost)
    };
    assert_eq!(lost(THEIRS, 3, 100), Some(3));
    assert_eq!(lost(THEIRS, 5, 200), Some(5), "cumulative");
    assert_eq!(lost(0x0c, 2, 300), Some(7), "another telephone");
    assert_eq!(lost(0x0c, 4, 400), Some(9));
    assert_eq!(lost(0x0c, -4, 400), Some(5), "more came than was sent");
    assert_eq!(lost(0x0c, i32::MAX, 500), Some(500), "no more than there were");
}

#[test]
fn a_bye_of_the_party_is_told_and_that_of_others_is_not() {
    // RFC 3550 §6.6
    let mut to = [0; COMPOUND_OCTETS_MAX];
    let length = reporter(THEIRS).write_last(at(9_000), sending(1), None, &mut to);
    let bye = &to[..length];
    let signal = |source| reporter(OURS).receive(at(9_000).at, bye, 1, source);
    assert_eq!(signal(Some(THEIRS)), Ok(Signal::Goodbye));
    assert_eq!(signal(None), Ok(Signal::Goodbye), "the reporter itself, who was never heard");
    let alone = [0x81, 203, 0, 1, 0, 0, 0, 0x0b];
    let reduced = |source| reporter(OURS).receive(at(9_000).at, &alone, 1, source);
    assert_eq!(reduced(Some(THEIRS)), Ok(Signal::Goodbye), "RFC 5506 §3.4.2");
    assert_eq!(reduced(Some(0x0c)), Ok(Signal::Alive));
    assert_eq!(reduced(None), Ok(Signal::Alive));
}

#[test]
fn a_bye_leaves_at_once_but_only_if_the_party_knows_us() {
    // RFC 3550 §6.3.7
    let mut to = [0; COMPOUND_OCTETS_MAX];
    assert_eq!(reporter(OURS).write_last(at(10), sending(0), None, &mut to), 0, "nothing was ever sent");
    assert_eq!(reporter(OURS).write_last(at(10), sending(1), None, &mut to), 64);
    let mut silent = reporter(OURS);
    report(&mut silent, 10_000, 0, None);
    assert_eq!(silent.write_last(at(10_001), sending(0), None, &mut to), 44, "it reported");
    let byes = Compound::read(&to[..44]).unwrap().packets();
    let sources = byes.filter_map(|packet| match packet {
        Packet::Goodbye { sources, .. } => sources.iter().next(),
        _ => None,
    });
    assert_eq!(sources.collect::<Vec<_>>(), [OURS]);
}

#[test]
fn a_datagram_that_does_not_hang_together_is_not_believed_in_part() {
    let mut ours = reporter(OURS);
    let mut octets = heard_by(THEIRS, OURS, |block| block.lost = 5);
    octets.extend_from_slice(&[0x81, 203, 0, 1]);
    assert!(ours.receive(at(1_000).at, &octets, 9, None).is_err());
    assert_eq!(ours.told(), None);
}

#[test]
fn two_parties_learn_of_each_other_what_is_true() {
    // 60 s, 30 ms there and 30 back, every twentieth of their packets lost.
    let (mut ours, mut theirs) = (reporter(OURS), reporter(THEIRS));
    let mut heard: Option<Source> = None;
    let mut wire: Vec<(u64, bool, Vec<u8>)> = vec![];
    let mut to = [0; COMPOUND_OCTETS_MAX];
    for tick in 1..=3_000u64 {
        let ms = 20 * tick;
        if tick % 20 != 0 {
            let sequence = tick as u16;
            match &mut heard {
                Some(source) => source.take(sequence),
                none => *none = Some(Source::new(THEIRS, sequence)),
            }
        }
        let length = ours.write(at(ms), sending(tick), heard.as_mut(), &mut to);
        (length > 0).then(|| wire.push((ms + 30, false, to[..length].to_vec())));
        let length = theirs.write(at(ms), sending(tick), Some(&mut Source::new(OURS, tick as u16)), &mut to);
        (length > 0).then(|| wire.push((ms + 30, true, to[..length].to_vec())));
        wire.retain(|(due, to_us, octets)| {
            let it = if *to_us { &mut ours } else { &mut theirs };
            *due > ms || it.receive(Instant::from_millis(*due), octets, tick, None).is_err()
        });
    }
    let told = theirs.told().unwrap();
    assert!((8..=20).contains(&told.reports), "{told:?}");
    assert!((10..=16).contains(&told.fraction_lost), "5 % is 13/256: {told:?}");
    assert!(told.lost.abs_diff(told.sent / 20) <= 2, "{told:?}");
    for all in [ours.round_trip(), theirs.round_trip()].map(Option::unwrap) {
        // Their reports answer with an LSR only when ours came; both are read to the millisecond.
        assert!(all.mean_us().abs_diff(60_000) < 100 && all.max_us < 60_100, "{all:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_comes_nothing_panics_and_figures_stay_in_bounds(
        datagrams in proptest::collection::vec(
            (prop_oneof![Just(0x81u8), any::<u8>()], 200u8..205, 0u8..14, proptest::collection::vec(any::<u8>(), 0..80), 0u64..9_000),
            0..20,
        ),
        ours_in in any::<bool>(),
    ) {
        let mut ours = reporter(OURS);
        let (mut ms, mut to) = (0, [0; COMPOUND_OCTETS_MAX]);
        for (n, (head, packet_type, words, rest, later)) in datagrams.into_iter().enumerate() {
            ms += later;
            let mut octets = vec![head, packet_type, 0, words];
            octets.extend_from_slice(&rest);
            if ours_in && octets.len() >= 12 {
                octets[8..12].copy_from_slice(&OURS.to_be_bytes());
            }
            let sent = n as u64;
            let _ = ours.receive(at(ms).at, &octets, sent, Some(THEIRS));
            prop_assert!(ours.told().is_none_or(|told| told.lost <= told.sent));
            let length = ours.write(at(ms), sending(sent), None, &mut to);
            prop_assert!(length == 0 || Compound::read(&to[..length]).is_ok());
            prop_assert!(ours.poll_timeout().at > at(ms).at);
        }
    }
}
