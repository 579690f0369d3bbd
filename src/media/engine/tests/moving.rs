//! Legs that go from one worker to another and back while they live.

use super::*;
use crate::media::command::WorkerIndex;
use crate::rng::Rng;

/// Two engines, between which every leg moves.
struct Pair {
    workers: [Engine; 2],
    now: Instant,
    left: Vec<Left>,
    told: Vec<Event>,
    /// On which worker each leg lives.
    home: BTreeMap<LegId, usize>,
}

impl Pair {
    fn new() -> Self {
        let workers = [Engine::new(4), Engine::new(4)];
        Self { workers, now: Instant::START, left: Vec::new(), told: Vec::new(), home: BTreeMap::new() }
    }

    fn command(&mut self, leg: LegId, command: Command) {
        let home = self.home.get(&leg).copied().unwrap_or_default();
        self.workers[home].command(self.now, command);
    }

    /// The leg goes to the other worker, to the port with its own number there; on the way `wait` passes.
    fn move_leg(&mut self, leg: LegId, wait: Duration) {
        let home = self.home.get(&leg).copied().unwrap_or_default();
        let to = 1 - home;
        let order = Command::Move { leg, to: WorkerIndex(to as u32), port: PortIndex(leg.0 as u32) };
        self.workers[home].command(self.now, order);
        let moving = self.workers[home].take_moving().expect("it lives there");
        assert_eq!((moving.leg(), moving.to()), (leg, WorkerIndex(to as u32)));
        let from = moving.from();
        self.run(wait);
        let former = self.workers[to].adopt(self.now, moving).expect("the port is free");
        self.workers[home].settle(from, former);
        self.home.insert(leg, to);
        self.collect();
    }

    fn run(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some((worker, slot)) = self.next_slot().filter(|(_, slot)| slot.at() <= until) {
            self.now = slot.at();
            let left = &mut self.left;
            let at = self.now;
            self.workers[worker].tick(at, slot, &mut |departure| left.extend(read(at, &departure)));
            self.collect();
        }
        self.now = until;
    }

    fn next_slot(&self) -> Option<(usize, Slot)> {
        let slot = |worker: usize| self.workers[worker].next_slot().map(|slot| (worker, slot));
        [slot(0), slot(1)].into_iter().flatten().min_by_key(|(_, slot)| *slot)
    }

    fn collect(&mut self) {
        for worker in &mut self.workers {
            self.told.extend(std::iter::from_fn(|| worker.take_event()));
        }
    }

    fn rtp(&mut self, leg: LegId, octets: &[u8]) {
        let home = self.home.get(&leg).copied().unwrap_or_default();
        let port = self.workers[home].port_of(leg).expect("it lives there");
        self.workers[home].receive(self.now, port, Kind::Rtp, party(leg), octets);
    }
}

fn opening(leg: LegId, plan: StreamPlan) -> Command {
    Command::Open {
        leg,
        port: PortIndex(leg.0 as u32),
        plan,
        ssrc: 900 + leg.0 as u32,
        sequence: 65_530,
        timestamp: u32::MAX - 1_000,
        beside: None,
        seed: 7,
        silent_after: Duration::from_secs(60),
    }
}

#[test]
fn a_leg_that_moves_at_every_tick_sends_one_unbroken_stream_and_is_recorded_whole() {
    for late_ms in [0, 3, 19] {
        let mut pair = Pair::new();
        pair.command(A, opening(A, plan(A)));
        let (tap, mut reader) = ring(2_000, Codec::Pcmu);
        pair.command(A, Command::Record { leg: A, tap });
        let clips = vec![Clip { codec: Codec::Pcmu, octets: (0..16_000).map(|n| (n / 160) as u8).collect() }];
        pair.command(A, Command::Play { leg: A, playback: PlaybackId(1), clips, repeat: false });
        for n in 0..100u16 {
            pair.rtp(A, &audio(n, &[n as u8; 160]));
            pair.run(Duration::from_millis(20 - late_ms));
            pair.move_leg(A, Duration::from_millis(late_ms));
        }
        pair.run(Duration::from_millis(19));
        pair.command(A, Command::StopRecording { leg: A });
        pair.collect();
        assert_eq!(pair.left.len(), 100, "late {late_ms} ms: a packet for each tick");
        assert_unbroken(&pair.left.iter().collect::<Vec<_>>(), 160);
        let said: Vec<u8> = pair.left.iter().map(|left| left.payload[0]).collect();
        assert_eq!(said, (0..100).collect::<Vec<u8>>(), "late {late_ms} ms: no word is lost");
        let kept = frames(&mut reader);
        assert!(kept.iter().zip(0..).all(|(frame, index)| frame.index == index), "late {late_ms} ms");
        let heard: Vec<u8> = kept.iter().map(|frame| frame.party.octets()[0]).filter(|o| *o != 255).collect();
        assert!(heard.len() >= 96 && heard.is_sorted(), "late {late_ms} ms: {heard:?}");
        let moved = pair.told.iter().filter(|event| matches!(event, Event::Moved { leg: A, .. })).count();
        assert_eq!(moved, 100);
        let faults = pair.workers.iter().map(|worker| worker.counters().refused_commands).sum::<u64>();
        assert_eq!((faults, pair.workers[0].legs() + pair.workers[1].legs()), (0, 1));
    }
}

#[test]
fn a_leg_that_is_long_on_its_way_misses_those_ticks_alone_and_its_time_runs_on() {
    let mut pair = Pair::new();
    pair.command(A, opening(A, plan(A)));
    pair.run(Duration::from_millis(100));
    pair.move_leg(A, Duration::from_millis(50));
    pair.run(Duration::from_millis(100));
    let stamps: Vec<u32> =
        pair.left.iter().map(|left| left.timestamp.wrapping_sub(u32::MAX - 1_000)).collect();
    let steps: Vec<u32> = stamps.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(steps.iter().all(|step| *step <= 3 * 160), "two frames are lost at the most: {steps:?}");
    let numbers: Vec<u16> = pair.left.iter().map(|left| left.sequence.wrapping_sub(65_530)).collect();
    assert!(numbers.windows(2).all(|two| two[1] == two[0] + 1), "{numbers:?}");
}

#[test]
fn keys_are_told_once_and_a_bridge_is_as_it_was_when_both_legs_have_moved() {
    for seed in 0..40 {
        let mut rng = Rng::seeded(seed);
        let mut pair = Pair::new();
        pair.command(A, opening(A, plan(A)));
        pair.command(B, opening(B, plan(B)));
        pair.command(A, Command::Bridge { a: A, b: B });
        let mut pressed = 0;
        for n in 0..120u16 {
            pair.rtp(A, &audio(n, &[10; 160]));
            pair.rtp(B, &audio(n, &[20; 160]));
            let press = n / 12;
            pair.rtp(A, &event(n + 1_000, u32::from(press) * 8_000, 160 * (n % 12 + 1), n % 12 > 8));
            pressed = press + 1;
            pair.run(Duration::from_millis(20));
            if rng.below(4) == 0 {
                let wait = Duration::from_millis(rng.below(4));
                pair.move_leg(A, wait);
                pair.move_leg(B, wait);
                pair.command(A, Command::Bridge { a: A, b: B });
            }
        }
        let keys = pair.told.iter().filter(|event| matches!(event, Event::Key { leg: A, .. })).count();
        assert_eq!(keys, usize::from(pressed), "seed {seed}: each press once");
        for (leg, ssrc, other) in [(A, 900 + A.0 as u32, 20), (B, 900 + B.0 as u32, 10)] {
            let sent: Vec<&Left> =
                pair.left.iter().filter(|left| left.ssrc == ssrc && left.payload_type == 0).collect();
            let heard = sent.iter().filter(|left| left.payload[0] == other).count();
            assert!(heard * 100 > sent.len() * 85, "seed {seed}: {leg} heard {heard} of {}", sent.len());
            let own = 30 - other;
            assert!(!sent.iter().any(|left| left.payload == [own; 160]), "seed {seed}: {leg} hears itself");
        }
    }
}

#[test]
fn a_port_that_is_taken_gives_the_leg_back() {
    let mut pair = Pair::new();
    pair.command(A, opening(A, plan(A)));
    pair.workers[1].command(Instant::START, opening(A, plan(A)));
    let order = Command::Move { leg: A, to: WorkerIndex(1), port: PortIndex(A.0 as u32) };
    pair.workers[0].command(Instant::START, order);
    let moving = pair.workers[0].take_moving().expect("it lives there");
    let back = pair.workers[1].adopt(Instant::START, moving).expect_err("the port is taken");
    assert_eq!(back.leg(), A);
    let stranger = Command::Move { leg: LegId(77), to: WorkerIndex(1), port: PortIndex(3) };
    pair.workers[0].command(Instant::START, stranger);
    assert_eq!(pair.workers[0].counters().refused_commands, 1, "nobody of that name is here");
}
