//! The jitter buffer on lines of every kind: what is lost by it, how long sound waits, and in which order it comes.

use super::*;
use crate::rng::Rng;
use proptest::prelude::*;
use std::fmt::Write;

/// A packet and the tick before which it is read.
#[derive(Clone, Debug)]
struct Sent {
    tick: u32,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    units: u32,
}

/// What was heard of a line. Each unit of a packet carries the lowest 16 bits of its timestamp, and each tick is
/// noted with the delay after it.
struct Heard {
    /// The timestamps of the units that came out, in their order.
    units: Vec<u16>,
    ticks: Vec<Taken>,
    waiting_ms: Vec<u32>,
    counters: Counters,
}

impl Heard {
    fn missing_ms(&self) -> u32 {
        let missing = |taken: &Taken| match taken {
            Taken::Even(came) => 20 - came.milliseconds().count_ones(),
            Taken::Whole(_) | Taken::Squeeze => 0,
        };
        self.ticks.iter().map(missing).sum()
    }

    /// Each unit comes once, after all of lower timestamp.
    fn is_in_order(&self) -> bool {
        self.units.windows(2).all(|pair| (pair[1].wrapping_sub(pair[0]) as i16) > 0)
    }
}

const NARROW: Layout = Layout::L16_NARROW;

fn hear(sent: &[Sent], ticks: u32) -> Heard {
    let mut jitter = Jitter::open(NARROW);
    let mut heard = Heard { units: vec![], ticks: vec![], waiting_ms: vec![], counters: Counters::default() };
    let mut sent = sent.iter().peekable();
    for tick in 0..ticks {
        while let Some(packet) = sent.next_if(|packet| packet.tick <= tick) {
            put(&mut jitter, packet);
        }
        let mut octets = [0xaa; TAKEN_OCTETS_MAX];
        let taken = jitter.take(Loudness::Loud, &mut octets);
        let (ms, came) = match taken {
            Taken::Whole(stretch) => {
                assert!(octets.iter().all(|octet| *octet == 0xaa), "what is whole is not copied");
                octets[..NARROW.octets(20)].copy_from_slice(&jitter.lying(stretch).concat());
                (20, u32::MAX)
            }
            Taken::Even(came) => (20, came.milliseconds()),
            Taken::Squeeze => (30, u32::MAX),
        };
        for (n, piece) in octets[..NARROW.octets(ms)].chunks(NARROW.octets(1)).enumerate() {
            let units = piece.chunks(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
            match came >> n & 1 {
                1 => heard.units.extend(units),
                _ => assert!(piece.iter().all(|octet| *octet == 0), "missing octets are 0"),
            }
        }
        assert!(octets[NARROW.octets(ms)..].iter().all(|octet| *octet == 0xaa), "nothing after the tick");
        heard.ticks.push(taken);
        heard.waiting_ms.push(jitter.waiting_ms());
    }
    heard.counters = jitter.counters();
    heard
}

fn put(jitter: &mut Jitter, packet: &Sent) {
    let units = (0..packet.units).map(|n| packet.timestamp.wrapping_add(n) as u16);
    let octets: Vec<u8> = units.flat_map(u16::to_be_bytes).collect();
    let Sent { ssrc, sequence, timestamp, .. } = *packet;
    jitter.put(Arrival { ssrc, sequence, timestamp, octets: &octets });
}

/// One packet of 20 ms for each delay, which is in ms, or lost.
fn line(delays_ms: &[Option<u32>]) -> Vec<Sent> {
    let arrive = |(n, delay): (usize, &Option<u32>)| {
        let n = n as u32;
        let at_us = n * 20_000 + (*delay)? * 1_000;
        let packet = Sent { tick: 0, ssrc: 1, sequence: n as u16, timestamp: n * 160, units: 160 };
        Some((at_us, packet))
    };
    let mut arrivals: Vec<_> = delays_ms.iter().enumerate().filter_map(arrive).collect();
    arrivals.sort_by_key(|(at_us, _)| *at_us);
    arrivals.into_iter().map(|(at_us, packet)| Sent { tick: at_us.div_ceil(20_000), ..packet }).collect()
}

/// Short lists of what comes when: (tick, timestamp in packets of 20 ms).
fn packets(arrivals: &[(u32, u32)]) -> Vec<Sent> {
    let packet = |(tick, n): &(u32, u32)| Sent {
        tick: *tick,
        ssrc: 1,
        sequence: *n as u16,
        timestamp: n * 160,
        units: 160,
    };
    arrivals.iter().map(packet).collect()
}

/// Each tick as one letter: the packet of its first millisecond from `a` on, `.` for missing, `-` after a cut.
fn story(heard: &Heard) -> String {
    let mut units = heard.units.iter();
    let mut packet = |units_taken: usize| {
        let these: Vec<u16> = units.by_ref().take(units_taken).copied().collect();
        these.first().map_or('.', |unit| char::from(b'a' + (unit / 160) as u8))
    };
    let letter = |taken: &Taken| match taken {
        Taken::Whole(_) => packet(160),
        Taken::Even(came) => packet(came.milliseconds().count_ones() as usize * 8),
        Taken::Squeeze => {
            packet(240);
            '-'
        }
    };
    heard.ticks.iter().map(letter).collect()
}

#[test]
fn what_is_heard_of_what_came() {
    let mut faults = String::new();
    let mut check = |why: &str, arrivals: &[(u32, u32)], expected: &str| {
        let heard = hear(&packets(arrivals), expected.len() as u32);
        let seen = story(&heard);
        if seen != expected || !heard.is_in_order() {
            writeln!(faults, "{why}: {seen}, not {expected}").expect("a string takes all");
        }
    };
    check("nothing ever", &[], "...");
    check("in time, held back 40 ms", &[(0, 0), (1, 1), (2, 2)], "..abc");
    check("two in one tick", &[(0, 0), (2, 1), (2, 2)], "..abc");
    check("reordered", &[(0, 0), (1, 2), (1, 1)], "..abc");
    check("the first two reordered", &[(0, 1), (0, 0), (1, 2)], ".abc");
    check("one lost", &[(0, 0), (2, 2), (3, 3)], "..a.cd");
    check("twice", &[(0, 0), (0, 0), (1, 1), (2, 1), (3, 1)], "..ab.");
    check("late, nothing left: the time stands still", &[(0, 0), (1, 1), (7, 2), (7, 3)], "..ab...cd");
    check("a pause is no delay", &[(0, 0), (1, 1), (12, 12), (13, 13)], "..ab..........mn");
    check(
        "overtaken and late: lost, and 30 ms are put in",
        &[(0, 0), (1, 2), (1, 3), (4, 1), (4, 4)],
        "..a..ccd",
    );
    check("later still: 40 ms at the most", &[(0, 0), (2, 2), (2, 3), (5, 1), (5, 4)], "..a.c..d");
    check(
        "300 ms of silence, then all at once",
        &[(0, 0), (17, 1), (17, 2), (17, 3)],
        "..a..............bcd",
    );
    assert!(faults.is_empty(), "{faults}");
}

/// The model of a committed trace: the delay of each packet in milliseconds, or that it is lost.
type Model = fn(packet: u32, chance: &mut Rng) -> Option<u32>;

/// The models that the traces were made by, with 20 ms between packets. Each is calm in its last 15 s, or throughout.
const MODELS: [(&str, &str, Model); 5] = [
    ("calm", "a LAN: 5 ms, and up to 2 ms more", |_, chance| Some(5 + chance.below(3) as u32)),
    (
        "uniform",
        "after 1 s without, jitter of 0 to 60 ms evenly: packets overtake; after 30 s calm",
        |n, chance| {
            let shaken = (50..1_500).contains(&n);
            Some(20 + if shaken { chance.below(61) as u32 } else { 0 })
        },
    ),
    (
        "wifi",
        "up to 8 ms; each 2.5 s the radio is busy for 100 ms, then all comes at once; after 30 s calm",
        |n, chance| {
            let (busy, spread) = ((n + 60) % 125, chance.below(9) as u32);
            let kept = if n < 1_500 && busy < 5 { 100 - 20 * busy } else { 0 };
            Some(10 + kept + if n < 1_500 && kept == 0 { spread } else { 0 })
        },
    ),
    (
        "handover",
        "up to 15 ms; at 10 s and 20 s nothing for 300 ms, then all at once; after 30 s calm",
        |n, chance| {
            let (since, spread) = (n % 500, chance.below(16) as u32);
            let kept = if (500..1_500).contains(&n) && since < 15 { 300 - 20 * since } else { 0 };
            Some(40 + kept + if n < 1_500 && kept == 0 { spread } else { 0 })
        },
    ),
    (
        "drift",
        "a clock slow by 200 ppm; 3 % lost; each 16th packet is 25 ms late and overtaken",
        |n, chance| {
            let lost = chance.below(100) < 3;
            let overtaken = chance.below(16) == 0;
            (!lost).then_some(10 + n * 4 / 1_000 + if overtaken { 25 } else { 0 })
        },
    ),
];

const TRACE_PACKETS: u32 = 2_250;

/// The text of a trace: what it is, then the delays of 25 packets a line.
fn written(name: &str, what: &str, model: Model) -> String {
    let mut chance = Rng::seeded(name.bytes().map(u64::from).sum());
    let mut text = format!("# {name}: {what}.\n# Delay of each packet of 20 ms in ms, - for a lost one.\n");
    for n in 0..TRACE_PACKETS {
        let delay = model(n, &mut chance).map_or("-".to_owned(), |delay| delay.to_string());
        let end = if n % 25 == 24 { '\n' } else { ' ' };
        write!(text, "{delay}{end}").expect("a string takes all");
    }
    text
}

fn read(text: &str) -> Vec<Option<u32>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).map(|delay| delay.parse().ok()).collect()
}

const TRACES: [&str; 5] = [
    include_str!("traces/calm.txt"),
    include_str!("traces/uniform.txt"),
    include_str!("traces/wifi.txt"),
    include_str!("traces/handover.txt"),
    include_str!("traces/drift.txt"),
];

#[test]
fn the_traces_are_what_their_models_make() {
    for ((name, what, model), trace) in MODELS.into_iter().zip(TRACES) {
        let text = written(name, what, model);
        if std::env::var_os("CARELINE_REWRITE").is_some() {
            let path = format!("{}/src/rtp/jitter/traces/{name}.txt", env!("CARGO_MANIFEST_DIR"));
            std::fs::write(path, text).expect("the traces can be written");
        } else {
            assert!(
                text == trace,
                "traces/{name}.txt is not what its model makes: run with CARELINE_REWRITE=1"
            );
        }
    }
}

/// What a trace may cost: octets late in all, and after the first 5 s; the most that waits, the mean while the line
/// is unsteady (2 to 30 s), and the mean from 10 s after it became calm on, in ms.
struct Cost {
    late: u64,
    late_after_5_s: u64,
    most: u32,
    unsteady: u32,
    calm: u32,
}

const COSTS: [Cost; 5] = [
    Cost { late: 0, late_after_5_s: 0, most: 40, unsteady: 40, calm: 40 },
    Cost { late: 640, late_after_5_s: 0, most: 80, unsteady: 60, calm: 40 },
    Cost { late: 0, late_after_5_s: 0, most: 120, unsteady: 110, calm: 40 },
    Cost { late: 0, late_after_5_s: 0, most: 320, unsteady: 140, calm: 40 },
    Cost { late: 0, late_after_5_s: 0, most: 60, unsteady: 40, calm: 40 },
];

#[test]
fn what_each_trace_costs() {
    for (((name, ..), trace), cost) in MODELS.into_iter().zip(TRACES).zip(COSTS) {
        let sent = line(&read(trace));
        let heard = hear(&sent, TRACE_PACKETS + 20);
        let counters = heard.counters;
        let early = hear(&sent[..sent.len().min(300)], 250).counters.late_octets;
        let waits = &heard.waiting_ms[..TRACE_PACKETS as usize];
        let mean =
            |ticks: std::ops::Range<usize>| waits[ticks.clone()].iter().sum::<u32>() / ticks.len() as u32;
        let most = *waits.iter().max().expect("there are ticks");
        let (unsteady, calm) = (mean(100..1_500), mean(2_000..2_250));
        println!("{name:8} most {most} ms, unsteady {unsteady} ms, calm {calm} ms, {counters:?}");
        let all: u64 = sent.iter().map(|packet| u64::from(packet.units) * 2).sum();
        let lost = counters.late_octets + counters.overflow_octets;
        assert_eq!(all, heard.units.len() as u64 * 2 + lost, "{name}: what was not lost was heard");
        assert!(heard.is_in_order(), "{name}");
        assert_eq!((counters.restarts, counters.overflow_octets), (0, 0), "{name}");
        assert!(counters.late_octets <= cost.late, "{name}");
        assert!(counters.late_octets - early <= cost.late_after_5_s, "{name}");
        assert!(most <= cost.most && unsteady <= cost.unsteady && calm <= cost.calm, "{name}");
    }
}

#[test]
fn what_20_ms_of_each_layout_are() {
    // RFC 3551 §4.5, §4.5.2: the clock of G.722 counts 8 000 units a second, one for each octet.
    let octets = [Layout::OCTETS, Layout::L16_NARROW, Layout::L16_WIDE].map(|layout| layout.octets(20));
    assert_eq!(octets, [160, 320, 640]);
    assert_eq!(Layout::L16_WIDE.octets(30), TAKEN_OCTETS_MAX);
}

#[test]
fn a_calm_line_is_never_touched() {
    let heard = hear(&line(&[Some(0); 3_000]), 3_000);
    assert_eq!(heard.counters, Counters::default());
    assert_eq!(heard.missing_ms(), 40, "only the beginning is held back");
}

#[test]
fn a_clock_that_drifts_for_an_hour_loses_nothing() {
    // 200 ppm of an hour are 720 ms.
    for ppm in [-200_i64, 200] {
        let arrive = |n: u32| {
            let at_us = i64::from(n) * (20_000 + 20_000 * ppm / 1_000_000) + 5_000;
            Sent { tick: (at_us as u32).div_ceil(20_000), ..packets(&[(0, n)])[0].clone() }
        };
        let sent: Vec<Sent> = (0..180_000).map(arrive).collect();
        let heard = hear(&sent, 179_900);
        let counters = heard.counters;
        println!("{ppm} ppm: {counters:?}");
        assert!(heard.is_in_order(), "{ppm}");
        assert_eq!((counters.late_octets, counters.overflow_octets, counters.restarts), (0, 0, 0), "{ppm}");
        let most = *heard.waiting_ms.iter().max().expect("there are ticks");
        assert!(most <= 60, "{ppm}: {most} ms wait");
        let moved = counters.cut_ms + counters.grown_ms;
        assert!((680..=760).contains(&moved), "{ppm}: {moved} ms were put in or cut");
    }
}

/// A hundred packets on each of two time lines, the second with `second` (ssrc, sequence, timestamp) for its first,
/// after `pause` ticks.
fn two_lines(second: (u32, u16, u32), pause: u32) -> Vec<Sent> {
    let (ssrc, sequence, timestamp) = second;
    let first =
        (0..100).map(|n| Sent { tick: n, ssrc: 1, sequence: n as u16, timestamp: n * 160, units: 160 });
    let second = (0..100).map(|n| Sent {
        tick: 100 + pause + n,
        ssrc,
        sequence: sequence.wrapping_add(n as u16),
        timestamp: timestamp.wrapping_add(n * 160),
        units: 160,
    });
    first.chain(second).collect()
}

#[test]
fn a_stream_that_begins_anew_loses_nothing() {
    let check = |why: &str, second, pause, missing_ms, restarts, changes| {
        let heard = hear(&two_lines(second, pause), 202 + pause);
        let counters = heard.counters;
        assert_eq!(heard.units.len(), 200 * 160, "{why}");
        assert_eq!(heard.missing_ms(), missing_ms, "{why}");
        assert_eq!((counters.restarts, counters.source_changes), (restarts, changes), "{why}");
        let waits = heard.waiting_ms[150 + pause as usize];
        assert_eq!(waits, 40, "{why}: {counters:?}, {:?}", &heard.waiting_ms[98..]);
    };
    check("goes on", (1, 100, 16_000), 0, 40, 0, 0);
    check("a new source", (2, 7, 0x9000_0000), 0, 40, 0, 1);
    check("a new source of the same timestamps", (2, 100, 16_000), 0, 40, 0, 1);
    check("a new source after a pause", (2, 7, 5), 50, 40 + 1_000, 0, 1);
    check("timestamps jump ahead", (1, 100, 900_000), 0, 40, 1, 0);
    check("timestamps jump back", (1, 100, 0xf000_0000), 0, 40, 1, 0);
    check("timestamps jump back a little", (1, 100, 12_000), 0, 40, 1, 0);
    check("all begins anew", (1, 40_000, 77), 0, 40, 1, 0);
    check("a pause that the timestamps count", (1, 100, 16_000 + 50 * 160), 50, 40 + 1_000, 0, 0);
    check("hold: a pause that they do not count", (1, 100, 16_000), 50, 40 + 1_000, 1, 0);
    check("hold, and the timestamps begin anew", (1, 100, 3), 50, 40 + 1_000, 1, 0);
}

#[test]
fn sequence_and_timestamp_run_over() {
    let sent: Vec<Sent> = (0..200)
        .map(|n| Sent {
            tick: n,
            ssrc: 1,
            sequence: 65_500_u16.wrapping_add(n as u16),
            timestamp: (u32::MAX - 5_000).wrapping_add(n * 160),
            units: 160,
        })
        .collect();
    let heard = hear(&sent, 202);
    assert_eq!((heard.units.len(), heard.counters), (200 * 160, Counters::default()));
    assert!(heard.is_in_order());
}

#[test]
fn of_two_sources_at_once_one_is_heard_whole() {
    let second =
        |packet: &Sent| Sent { ssrc: 2, timestamp: packet.timestamp.wrapping_add(0x7000), ..packet.clone() };
    let first: Vec<Sent> = line(&[Some(0); 500]);
    let both: Vec<Sent> = first.iter().flat_map(|packet| [packet.clone(), second(packet)]).collect();
    let heard = hear(&both, 500);
    let counters = heard.counters;
    assert_eq!((counters.source_changes, counters.restarts, counters.late_octets), (1, 0, 0));
    assert!(heard.missing_ms() <= 60, "{} ms are missing", heard.missing_ms());
    assert!(heard.units.windows(2).filter(|pair| pair[1] != pair[0].wrapping_add(1)).count() <= 1);
    // The one that is heard falls silent: the other is heard again.
    let after = line(&[Some(0); 600]).split_off(500);
    let heard = hear(&[both, after].concat(), 600);
    assert_eq!(heard.counters.source_changes, 2);
    assert!(heard.missing_ms() <= 200, "{} ms are missing", heard.missing_ms());
}

#[test]
fn packets_of_any_length_are_joined() {
    for lengths in [&[80_u32][..], &[240], &[480], &[100], &[33, 160, 7], &[1_499]] {
        let (mut sent, mut timestamp, mut sequence) = (Vec::new(), 0_u32, 0_u16);
        while timestamp < 400 * 160 {
            let units = lengths[sequence as usize % lengths.len()];
            // A packet leaves when its last unit was spoken.
            let tick = (timestamp + units).div_ceil(160);
            sent.push(Sent { tick, ssrc: 1, sequence, timestamp, units });
            if sequence % 10 == 0 {
                sent.push(Sent { tick, ssrc: 1, sequence, timestamp, units: 0 });
            }
            (timestamp, sequence) = (timestamp + units, sequence + 1);
        }
        let heard = hear(&sent, 380);
        assert!(heard.units.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{lengths:?}");
        assert_eq!(heard.counters.late_octets + heard.counters.overflow_octets, 0, "{lengths:?}");
        assert_eq!(heard.counters.restarts, 0, "{lengths:?}");
    }
}

#[test]
fn silence_for_hours_is_no_wrap_of_the_time_line() {
    let mut jitter = Jitter::open(Layout::OCTETS);
    jitter.put(Arrival { ssrc: 1, sequence: 0, timestamp: 0, octets: &[1; 160] });
    for _ in 0..3_000 {
        jitter.take(Loudness::Loud, &mut [0; TAKEN_OCTETS_MAX]);
        let left = jitter.stream.map_or(0, |stream| stream.left());
        assert!(left >= -4_096, "{left} units from the end of the newest packet");
    }
    // Its timestamp did not count the pause.
    jitter.put(Arrival { ssrc: 1, sequence: 1, timestamp: 160, octets: &[1; 160] });
    assert_eq!((jitter.waiting_ms(), jitter.counters().restarts), (60, 1));
}

#[test]
fn what_was_taken_lies_there_until_a_burst_has_its_room() {
    let mut jitter = Jitter::open(Layout::OCTETS);
    let mut lying = |packets: std::ops::Range<u32>| {
        for n in packets {
            let octets = [n as u8; 160];
            jitter.put(Arrival { ssrc: 1, sequence: n as u16, timestamp: n * 160, octets: &octets });
        }
        let Taken::Whole(stretch) = jitter.take(Loudness::Loud, &mut [0; TAKEN_OCTETS_MAX]) else {
            return None;
        };
        Some((stretch, jitter.lying(stretch).concat()))
    };
    assert_eq!([lying(0..1), lying(1..2)], [None, None], "the delay of the beginning");
    let (first, octets) = lying(2..3).expect("20 ms are there");
    assert_eq!(octets, [0; 160]);
    let (second, octets) = lying(3..4).expect("20 ms are there");
    assert_eq!(octets, [1; 160]);
    assert_eq!(jitter.lying(first).concat(), [0; 160], "three ticks are needed to hide a loss");
    for n in 4..25 {
        jitter.put(Arrival { ssrc: 1, sequence: n, timestamp: u32::from(n) * 160, octets: &[9; 160] });
    }
    assert_eq!(jitter.lying(first).concat(), [0; 160], "the ring is longer than what waits");
    for n in 25..26 {
        jitter.put(Arrival { ssrc: 1, sequence: n, timestamp: u32::from(n) * 160, octets: &[9; 160] });
    }
    assert_eq!(jitter.lying(first).concat(), [0; 0], "its room is another's");
    assert_eq!(jitter.lying(second).concat(), [1; 160]);
}

#[test]
fn keys_leave_a_gap_and_no_delay() {
    // Ten packets of telephone-event take sequence numbers, and the sound's timestamps run on.
    let sent: Vec<Sent> =
        line(&[Some(0); 100]).into_iter().filter(|p| !(30..40).contains(&p.sequence)).collect();
    let heard = hear(&sent, 102);
    assert_eq!((heard.missing_ms(), heard.counters), (240, Counters::default()));
    assert_eq!(*heard.waiting_ms.get(60).expect("there are ticks"), 40);
}

#[test]
fn quiet_sound_is_cut_at_once() {
    let mut jitter = Jitter::open(Layout::OCTETS);
    let mut squeezed = 0;
    for n in 0..400_u32 {
        let burst = if n == 0 { 0..10 } else { n + 9..n + 10 };
        for packet in burst {
            let (sequence, timestamp) = (packet as u16, packet * 160);
            jitter.put(Arrival { ssrc: 1, sequence, timestamp, octets: &[1; 160] });
        }
        let taken = jitter.take(Loudness::Quiet, &mut [0; TAKEN_OCTETS_MAX]);
        squeezed += u32::from(taken == Taken::Squeeze);
        let waits = jitter.waiting_ms();
        assert!(n < 330 || waits <= 40, "{waits} ms wait at {n}");
    }
    assert!(squeezed >= 15, "{squeezed} cuts");
}

#[test]
fn sixty_milliseconds_of_jitter_lose_nothing_after_five_seconds() {
    let (mut late_early, mut late_later, mut most) = (0, 0, 0);
    for seed in 0..60 {
        let mut chance = Rng::seeded(seed);
        let phase = chance.below(20) as u32;
        let delays: Vec<Option<u32>> = (0..2_000).map(|_| Some(phase + chance.below(61) as u32)).collect();
        let sent = line(&delays);
        let early = hear(&sent[..300], 250).counters.late_octets;
        let heard = hear(&sent, 2_000);
        late_early += early / 320;
        late_later += heard.counters.late_octets / 320 - early / 320;
        most = most.max(*heard.waiting_ms.iter().max().expect("there are ticks"));
    }
    println!(
        "of 60 lines: {late_early} packets late in 5 s, {late_later} in the 35 s after; at most {most} ms wait"
    );
    assert_eq!(late_later, 0);
    assert!(late_early <= 120 && most <= 140);
}

#[test]
fn of_more_than_the_bound_the_oldest_is_lost() {
    // Nothing for 500 ms, then all of it at once.
    let delays: Vec<Option<u32>> =
        (0..900_u32).map(|n| Some(if (100..125).contains(&n) { 500 - 20 * (n - 100) } else { 0 })).collect();
    let heard = hear(&line(&delays), 900);
    let lost_ms = heard.counters.overflow_octets / 16;
    println!("{lost_ms} ms are lost, {:?}", heard.counters);
    assert!((180..=280).contains(&lost_ms) && heard.counters.late_octets == 0);
    assert_eq!(
        heard.counters.restarts, 1,
        "the time that stood still ended once; the burst goes on from there"
    );
    let cuts: Vec<usize> = (0..heard.ticks.len()).filter(|n| heard.ticks[*n] == Taken::Squeeze).collect();
    assert!(cuts.len() > 20 && cuts.windows(2).all(|pair| pair[1] - pair[0] >= 5), "a tenth faster at most");
    assert!(heard.is_in_order());
    assert!(heard.waiting_ms[125] >= 300 && heard.waiting_ms[700] <= 40);
}

#[test]
fn an_overtaken_packet_of_the_time_line_before_is_no_jump() {
    let mut sent = two_lines((1, 101, 900_000), 0);
    sent.insert(101, Sent { tick: 100, ssrc: 1, sequence: 100, timestamp: 16_000, units: 160 });
    let heard = hear(&sent, 202);
    assert_eq!((heard.counters.restarts, heard.counters.late_octets), (1, 320));
    assert_eq!(heard.missing_ms(), 40);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_comes_the_delay_is_bounded_and_silence_follows(
        arrivals in proptest::collection::vec(
            (0u32..3, any::<u16>(), prop_oneof![any::<u32>(), 0u32..9_000], 0usize..3_000, 0u32..3), 0..80),
        wide in any::<bool>(),
    ) {
        let layout = if wide { Layout::L16_WIDE } else { Layout::OCTETS };
        let mut jitter = Jitter::open(layout);
        let (mut put_in, mut came_out) = (0_usize, 0_usize);
        let mut take = |jitter: &mut Jitter| {
            match jitter.take(Loudness::Quiet, &mut [0; TAKEN_OCTETS_MAX]) {
                Taken::Whole(_) => came_out += layout.octets(20),
                Taken::Even(came) => came_out += came.milliseconds().count_ones() as usize * layout.octets(1),
                Taken::Squeeze => came_out += layout.octets(30),
            }
            jitter.waiting_ms()
        };
        for (ssrc, sequence, timestamp, length, ticks) in arrivals {
            jitter.put(Arrival { ssrc, sequence, timestamp, octets: &vec![1; length] });
            put_in += length;
            prop_assert!(jitter.waiting_ms() <= JITTER_DELAY_MS, "{} ms wait", jitter.waiting_ms());
            for _ in 0..ticks {
                let waits = take(&mut jitter);
                prop_assert!(waits <= JITTER_DELAY_MS, "{waits} ms wait");
            }
        }
        (0..20).for_each(|_| { take(&mut jitter); });
        let last = jitter.take(Loudness::Quiet, &mut [0; TAKEN_OCTETS_MAX]);
        prop_assert_eq!(last, Taken::Even(Came::NONE));
        prop_assert!(came_out <= put_in, "{came_out} came out of {put_in}");
    }

    #[test]
    fn nothing_is_heard_twice_or_out_of_order(
        seed in any::<u64>(), jitter_ms in 0u64..200, loss in 0u64..30, twice in 0u64..30,
    ) {
        let mut chance = Rng::seeded(seed);
        let mut sent = Vec::new();
        for n in 0..400_u32 {
            let copies = u32::from(chance.below(100) >= loss) + u32::from(chance.below(100) < twice);
            for _ in 0..copies {
                let at_ms = n * 20 + chance.below(jitter_ms + 1) as u32;
                sent.push((at_ms, Sent { tick: at_ms.div_ceil(20), ..packets(&[(0, n)])[0].clone() }));
            }
        }
        sent.sort_by_key(|(at_ms, _)| *at_ms);
        let sent: Vec<Sent> = sent.into_iter().map(|(_, packet)| packet).collect();
        let heard = hear(&sent, 450);
        prop_assert!(heard.is_in_order());
        prop_assert_eq!(heard.counters.restarts, 0);
    }
}
