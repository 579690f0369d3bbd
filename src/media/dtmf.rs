//! Which telephone-event packets are one press: RFC 4733 §2.5.
//!
//! A press is known by its source, its RTP timestamp and its event code, and is told once, at the first
//! packet that is seen of it: start lost, marker absent or end packets only make no difference. Two
//! liberties that senders take are allowed for:
//! ```text
//!  end packets with a timestamp of their own    ts 800 800 800 │ E 1280 E 1280 E 1280      one press
//!  segments of a long press (§2.5.1.3)          ts 0 … duration 0xffff │ ts 65535 …        one press
//!  the same key again, 80 ms later              ts 800 800 E800 E800 E800 │ ts 1440 …      two presses
//! ```
//! All times are in the clock that was agreed on for telephone-event (RFC 4733 §2.1); at 48 kHz a segment is
//! over after 1.4 s. Hearing keys in the sound itself is the job of `audio/dtmf.rs`.

use crate::limits::KEY_PRESSES_REMEMBERED;
use crate::wire::telephone_event::{Key, TelephoneEvent};
use std::time::Duration;

/// The presses of one party.
#[derive(Clone, Debug)]
pub struct Detector {
    times: Times,
    /// The newest identities that were seen, a ring.
    seen: [Option<Identity>; KEY_PRESSES_REMEMBERED],
    next: usize,
}

/// One (source, timestamp, event) and how far it has come.
#[derive(Clone, Copy, Debug)]
struct Identity {
    ssrc: u32,
    timestamp: u32,
    event: u8,
    /// The longest duration told so far, in timestamp units.
    duration: u16,
    ended: bool,
}

/// The bounds of a press, in timestamp units.
#[derive(Clone, Copy, Debug)]
struct Times {
    least_cycle: i64,
    least_pause: i64,
    end_tolerance: i64,
    segment_tolerance: i64,
}

impl Times {
    /// The bounds at a clock of `clock_hz`.
    fn at(clock_hz: u32) -> Self {
        let units = |bound: Duration| {
            let units = bound.as_micros() * u128::from(clock_hz) / 1_000_000;
            i64::try_from(units).unwrap_or(i64::MAX)
        };
        Self {
            least_cycle: units(LEAST_CYCLE),
            least_pause: units(LEAST_PAUSE),
            end_tolerance: units(END_TOLERANCE),
            segment_tolerance: units(SEGMENT_TOLERANCE),
        }
    }
}

/// At the clock of nearly every telephone: 8 kHz.
impl Default for Detector {
    fn default() -> Self {
        Self::new(8_000)
    }
}

impl Detector {
    /// Presses whose timestamps and durations count with `clock_hz`, the rate of telephone-event in SDP.
    pub fn new(clock_hz: u32) -> Self {
        Self { times: Times::at(clock_hz), seen: Default::default(), next: 0 }
    }

    /// A new offer and answer agreed on another clock; the presses seen so far stay known.
    pub fn reclock(&mut self, clock_hz: u32) {
        self.times = Times::at(clock_hz);
    }

    /// Takes one telephone-event packet; gives the key when it is the first seen of its press. Events that
    /// are no key (flash, tones) give nothing.
    pub fn take(&mut self, ssrc: u32, timestamp: u32, told: TelephoneEvent) -> Option<Key> {
        let key = Key::from_event(told.event)?;
        let event = told.event;
        let same = |seen: &&mut Identity| (seen.ssrc, seen.timestamp, seen.event) == (ssrc, timestamp, event);
        if let Some(known) = self.seen.iter_mut().flatten().find(same) {
            known.duration = known.duration.max(told.duration);
            known.ended |= told.end;
            return None;
        }
        let of_this_key = |seen: &&Identity| (seen.ssrc, seen.event) == (ssrc, event);
        let mut before = self.seen.iter().flatten().filter(of_this_key);
        let goes_on = before.any(|before| before.goes_on(self.times, timestamp, told));
        let identity = Identity { ssrc, timestamp, event, duration: told.duration, ended: told.end };
        self.seen[self.next] = Some(identity);
        self.next = (self.next + 1) % KEY_PRESSES_REMEMBERED;
        (!goes_on).then_some(key)
    }
}

impl Identity {
    /// A packet of the same source and key, but with another timestamp, still belongs to this press.
    fn goes_on(&self, times: Times, timestamp: u32, told: TelephoneEvent) -> bool {
        // Half the circle of timestamps away is as far as it gets, and its distance fits in 64 bits only.
        let after = i64::from(timestamp.wrapping_sub(self.timestamp) as i32);
        if after.abs() < times.least_cycle {
            return told.end || !self.ended;
        }
        match (self.ended, after < 0) {
            (false, false) => self.ends_in(times, after, told) || self.runs_over_into(times, after),
            (true, true) => self.began_at(times, after, told),
            (false, true) | (true, false) => false,
        }
    }

    /// The beginning of a press whose end, with a timestamp of its own, overtook it on the way.
    fn began_at(&self, times: Times, after: i64, told: TelephoneEvent) -> bool {
        !told.end && (after + i64::from(self.duration)).abs() <= times.end_tolerance
    }

    /// End packets whose timestamp is the end of the press, not its beginning: they lie where what is known
    /// of the press stops, or at the duration that they tell.
    fn ends_in(&self, times: Times, after: i64, told: TelephoneEvent) -> bool {
        let beyond_known = after - i64::from(self.duration);
        let beyond_told = after - i64::from(told.duration);
        told.end && (beyond_known < times.least_pause || beyond_told.abs() <= times.end_tolerance)
    }

    /// The next segment of a press that is longer than a duration can tell.
    fn runs_over_into(&self, times: Times, after: i64) -> bool {
        let segment = i64::from(u16::MAX);
        self.duration > u16::MAX / 2 && (after - segment).abs() <= times.segment_tolerance
    }
}

/// Two presses of one key begin at least 65 ms apart; under this it is one press.
const LEAST_CYCLE: Duration = Duration::from_millis(60);
/// The pause between two presses is at least 40 ms; this is a little less.
const LEAST_PAUSE: Duration = Duration::from_micros(37_500);
/// How far the timestamp of an end packet may be from the end of its press.
const END_TOLERANCE: Duration = Duration::from_millis(30);
/// How far a segment may begin from where the last one ran over.
const SEGMENT_TOLERANCE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    const SSRC: u32 = 0xabcd;

    fn packet(event: u8, end: bool, duration: u16) -> TelephoneEvent {
        TelephoneEvent { event, end, volume: 10, duration }
    }

    /// The clocks that telephone-event is agreed on with (RFC 4733 §2.1).
    const CLOCKS_HZ: [u32; 3] = [8_000, 16_000, 48_000];

    /// Reads `5@800:160 5@800:320E`, event@timestamp:duration with E for the end bit, in units of 8 kHz, and tells
    /// the presses; then the same at the other clocks.
    #[track_caller]
    fn check(why: &str, packets: &str, expected: &str) {
        CLOCKS_HZ.iter().for_each(|clock_hz| check_at(*clock_hz, clock_hz / 8_000, why, packets, expected));
    }

    /// The same in units of `clock_hz` / `times`.
    #[track_caller]
    fn check_at(clock_hz: u32, times: u32, why: &str, packets: &str, expected: &str) {
        let mut detector = Detector::new(clock_hz);
        let mut told = Vec::new();
        for word in packets.split_whitespace() {
            let (event, rest) = word.split_once('@').unwrap();
            let (timestamp, rest) = rest.split_once(':').unwrap();
            let duration: u32 = rest.trim_end_matches('E').parse().unwrap();
            let duration = u16::try_from(duration * times).unwrap_or(u16::MAX);
            let packet = packet(event.parse().unwrap(), rest.ends_with('E'), duration);
            let timestamp = timestamp.parse::<u32>().unwrap().wrapping_mul(times);
            told.extend(detector.take(SSRC, timestamp, packet).map(|key| key.to_string()));
        }
        assert_eq!(told.join(" "), expected, "{why}, at {clock_hz} Hz: {packets}");
    }

    #[test]
    fn what_senders_do_and_which_presses_it_is() {
        // RFC 4733 §2.5
        check("one press", "5@800:160 5@800:320 5@800:480 5@800:480E 5@800:480E 5@800:480E", "5");
        check("start lost", "5@800:480 5@800:640E 5@800:640E", "5");
        check("end packets only", "5@800:640E 5@800:640E 5@800:640E", "5");
        check("end packets that grow", "5@800:640E 5@800:800E 5@800:960E", "5");
        check("end lost, next key", "5@800:160 5@800:320 7@4000:160 7@4000:320E", "5 7");
        check("twice, 80 ms apart", "5@800:160 5@800:320E 5@800:320E 5@1440:160 5@1440:320E", "5 5");
        check("twice, first end lost", "5@800:160 5@800:320 5@1440:160 5@1440:320E", "5 5");
        check("twice, first end and second start lost", "5@800:160 5@800:320 5@1440:320E 5@1440:320E", "5 5");
        check("twice, only ends", "5@800:320E 5@800:320E 5@1440:320E 5@1440:320E", "5 5");
        check("flash and modem tones are no keys", "16@800:160 32@900:160 5@1600:160E", "5");
        check("letters, star and pound", "12@0:80E 15@2000:80E 10@4000:80E 11@6000:80E", "A D star pound");
    }

    #[test]
    fn end_packets_with_another_timestamp_are_no_second_press() {
        check("at the end", "5@800:160 5@800:320 5@800:480 5@1280:480E 5@1280:480E 5@1280:480E", "5");
        check("a packet later", "5@800:160 5@800:320 5@1280:480E 5@1280:480E", "5");
        check("each its own", "5@800:160 5@800:320 5@1280:480E 5@1440:480E 5@1600:480E", "5");
        check("middle lost", "5@800:160 5@2400:1600E 5@2400:1600E", "5");
        check("and pressed again", "5@800:160 5@1280:480E 5@1280:480E 5@1920:160 5@2400:480E", "5 5");
        check("after the next press began", "5@800:480 5@1600:160 5@1280:480E 5@1600:320 5@2080:480E", "5 5");
        check("overtaking its beginning", "5@1280:480E 5@800:480 5@1280:480E", "5");
        check("every packet its own", "5@800:160 5@960:320 5@1120:480 5@1280:480E", "5");
    }

    #[test]
    fn late_and_doubled_packets_are_no_second_press() {
        check("each twice", "5@800:160 5@800:160 5@800:320E 5@800:320E", "5");
        check("start after end", "5@800:320E 5@800:160 5@800:320E", "5");
        check("end after the next key began", "5@800:160 7@1600:160 5@800:320E 7@1600:320E", "5 7");
        check("first of two after second", "5@800:160 5@1600:160 5@800:320E 5@1600:320E 5@800:320E", "5 5");
        for clock_hz in CLOCKS_HZ {
            let far = "5@0:65535 5@2147483648:65535E 5@2147483647:160";
            check_at(clock_hz, 1, "half the circle of timestamps away", far, "5 5 5");
        }
        check("timestamps over the wrap", "5@4294967200:160 5@4294967200:320E 5@1000:160 5@1000:320E", "5 5");
    }

    #[test]
    fn every_liberty_of_a_sender_is_known_by_name() {
        // RFC 4733 §2.5
        check("start lost", "5@800:480 5@800:640E 5@800:640E", "5");
        check("marker absent: it is not asked for", "5@800:320 5@800:480E", "5");
        check("every packet an end", "5@800:160E 5@800:320E 5@800:480E 7@4000:160E 7@4000:320E", "5 7");
        check("ends with a timestamp of their own", "5@800:160 5@800:320 5@1120:320E 5@1120:320E", "5");
        check("ends whose duration grows", "5@800:160 5@800:320E 5@800:480E 5@800:640E", "5");
        check("ends with timestamp and duration of their own", "5@800:320 5@1120:480E 5@1280:640E", "5");
        check("shorter than 40 ms", "5@800:80 5@800:160E 5@1600:160E 5@2400:80E", "5 5 5");
        check("no duration at all", "5@800:0 5@800:0E 5@1600:0 5@1600:0E", "5 5");
        check("flash between keys", "5@800:160E 16@1600:160E 16@1600:160E 5@2400:160E", "5 5");
        check("letters", "12@0:160E 13@1600:160E 14@3200:160E 15@4800:160E", "A B C D");
        check(
            "interleaved with sound: timestamps in between",
            "5@800:160 5@800:640 5@800:800E 5@2400:160E",
            "5 5",
        );
    }

    /// A key held for ten seconds as the RFC wants it, its segments told one after another; the packets between
    /// `lost` milliseconds do not arrive.
    fn held(clock_hz: u32, lost: std::ops::Range<u32>) -> Vec<(u32, TelephoneEvent)> {
        let tick = clock_hz / 50;
        let at = |n: u32| {
            let elapsed = n * tick;
            let segment = (elapsed - 1) / 65_535 * 65_535;
            (800 + segment, packet(5, n >= 500, (elapsed - segment) as u16))
        };
        (1..=502).filter(|n| !lost.contains(&(n * 20))).map(|n| at(n.min(500))).collect()
    }

    #[test]
    fn a_key_held_for_ten_seconds_is_one_press() {
        // RFC 4733 §2.5.1.3
        for clock_hz in CLOCKS_HZ {
            let segment_ms = 65_535 * 1_000 / clock_hz;
            for (from, until) in
                [(0, 0), (0, 300), (segment_ms - 300, segment_ms + 60), (5_000, 5_600), (9_900, 10_030)]
            {
                let mut detector = Detector::new(clock_hz);
                let packets = held(clock_hz, from..until);
                let told =
                    packets.iter().filter(|(at, told)| detector.take(SSRC, *at, *told).is_some()).count();
                assert_eq!(told, 1, "at {clock_hz} Hz, lost from {from} to {until} ms: {packets:?}");
            }
        }
    }

    #[test]
    fn a_duration_that_stands_at_its_greatest_is_one_press() {
        for clock_hz in CLOCKS_HZ {
            check_at(clock_hz, 1, "saturated", "5@0:65000 5@0:65535 5@0:65535 5@0:65535E", "5");
            let on_a_border = "5@0:65280 5@0:65440 5@65440:160 5@65440:320E";
            check_at(clock_hz, 1, "segment on a packet border", on_a_border, "5");
        }
    }

    #[test]
    fn the_same_packet_of_another_source_is_another_press() {
        let mut detector = Detector::default();
        assert_eq!(detector.take(1, 800, packet(5, false, 160)), Some(Key::Digit(5)));
        assert_eq!(detector.take(2, 800, packet(5, false, 160)), Some(Key::Digit(5)));
    }

    /// The packets of a dialled number as (time of sending, timestamp, packet): each press 80 to 300 ms, each
    /// pause 40 to 200 ms, the end sent three times, sometimes with a timestamp of its own.
    fn dialled(
        rng: &mut Rng,
        clock_hz: u32,
        presses: usize,
        own_end_timestamp: bool,
    ) -> Vec<Vec<(u32, u32, TelephoneEvent)>> {
        let mut now = rng.next_u32() / 2;
        let tick = clock_hz / 50;
        let mut press = |_| {
            let event = [1, 1, 1, 2, 10][rng.below(5) as usize];
            let packets = 4 + rng.below(12) as u32;
            let start = now;
            let going =
                (1..=packets).map(|n| (start + n * tick, start, packet(event, false, (n * tick) as u16)));
            let end_at = start + if own_end_timestamp { packets * tick } else { 0 };
            let end =
                |n| (start + (packets + n) * tick, end_at, packet(event, true, (packets * tick) as u16));
            let all = going.chain((0..3).map(end)).collect();
            now += packets * tick + 2 * tick + tick * rng.below(8) as u32;
            all
        };
        (0..presses).map(&mut press).collect()
    }

    /// One in five lost (but never a whole press), some doubled, each up to 40 ms late.
    fn through_a_bad_line(
        rng: &mut Rng,
        clock_hz: u32,
        presses: &[Vec<(u32, u32, TelephoneEvent)>],
    ) -> Vec<(u32, TelephoneEvent)> {
        let mut arrived = Vec::new();
        for press in presses {
            let spared = rng.below(press.len() as u64 - 3) as usize;
            for (n, (sent, timestamp, packet)) in press.iter().enumerate() {
                let copies = if n != spared && rng.below(5) == 0 { 0 } else { 1 + rng.below(10) / 9 };
                arrived.extend(
                    (0..copies)
                        .map(|_| (sent + rng.below(u64::from(clock_hz / 25)) as u32, *timestamp, *packet)),
                );
            }
        }
        arrived.sort_by_key(|(at, ..)| *at);
        arrived.into_iter().map(|(_, timestamp, packet)| (timestamp, packet)).collect()
    }

    #[test]
    fn the_count_is_exact_under_loss_reordering_and_duplication() {
        for seed in 0..3_000 {
            let clock_hz = CLOCKS_HZ[seed as usize % 3];
            let mut rng = Rng::seeded(seed);
            let presses = dialled(&mut rng, clock_hz, 12, seed % 4 == 3);
            let arrived = through_a_bad_line(&mut rng, clock_hz, &presses);
            let mut detector = Detector::new(clock_hz);
            let told: Vec<Key> = arrived
                .iter()
                .filter_map(|(timestamp, packet)| detector.take(SSRC, *timestamp, *packet))
                .collect();
            let pressed: Vec<Key> =
                presses.iter().filter_map(|press| Key::from_event(press[0].2.event)).collect();
            assert_eq!(told, pressed, "seed {seed}, {clock_hz} Hz: {arrived:?}");
        }
    }
}
