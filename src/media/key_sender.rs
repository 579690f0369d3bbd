//! Keys that we press ourselves, as RTP events: RFC 4733 §2.5.1; or as tones, for a party that takes none.
//!
//! ```text
//!  tick      1        2        …   N            N+1        N+2        N+3   N+4
//!  Pressing  marker   longer   …   end          Ending end Ending end
//!                                               Pausing ── 60 ms ─────────▶ the next key
//!  Sounding  tone     tone     …   tone         Resting ── 60 ms ─────────▶ the next key
//!                                                       └─ 240 ms ────────▶ the leg's own sound
//! ```
//! One packet each tick of 20 ms, the end three times, all with the timestamp at which the press began; a press
//! that is longer than a duration can tell goes on in a new segment (§2.5.1.3). Keys that are only passed on from
//! another leg are the job of `bridge.rs`.

use crate::limits::{
    KEY_ECHO_WITHIN, KEY_SENT_MAX, KEY_SENT_MIN, KEY_SENT_PAUSE, KEY_SOUND_REST, KEYS_TO_SEND_MAX, TICK,
};
use crate::media::sender::OutgoingEvent;
use crate::wire::telephone_event::{Key, TelephoneEvent};
use std::time::Duration;
use thiserror::Error;

/// The keys that one leg has to send.
#[derive(Clone, Debug, Default)]
pub struct KeySender {
    waiting: [Option<Order>; KEYS_TO_SEND_MAX],
    state: State,
    /// Ticks in which an echo of the last tone may still come back.
    echoes: u32,
}

/// What a tick says in place of the leg's own sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InSound {
    /// A key's tone.
    Tone {
        /// Which.
        key: Key,
        /// Ticks of it before this one.
        ticks: u32,
    },
    /// The silence behind a key.
    Pause,
}

/// How the receiver wants its events: what it told in SDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventStream {
    /// The payload type that it gave telephone-event.
    pub payload_type: u8,
    /// The clock of telephone-event: durations count with it, and so does the stream's timestamp.
    pub clock_hz: u32,
}

/// Why a key is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// So many wait already.
    #[error("{KEYS_TO_SEND_MAX} keys wait to be sent already")]
    Full,
}

/// One key to press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Order {
    key: Key,
    ticks: u32,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Idle,
    Pressing {
        order: Order,
        /// Ticks that were sent.
        ticks: u32,
        segment: Segment,
    },
    /// The key is let go; its end is told so often more, and the pause has begun.
    Pausing {
        last: TelephoneEvent,
        timestamp: u32,
        /// Ticks since the end.
        ticks: u32,
    },
    /// The tone of a key is said.
    Sounding {
        order: Order,
        /// Ticks that were said.
        ticks: u32,
    },
    /// Its tone is over, and nothing is said.
    Resting {
        /// Ticks since its end.
        ticks: u32,
    },
}

/// The stretch of a press that one timestamp stands for.
#[derive(Clone, Copy, Debug)]
struct Segment {
    timestamp: u32,
    /// Units of the press before it.
    before: u32,
}

impl KeySender {
    /// Presses `key` for `duration` once the keys before it are through. It is pressed for whole ticks, and for
    /// no less than [`KEY_SENT_MIN`] and no more than [`KEY_SENT_MAX`].
    ///
    /// # Errors
    /// [`Refusal::Full`] when [`KEYS_TO_SEND_MAX`] keys wait.
    pub fn press(&mut self, key: Key, duration: Duration) -> Result<(), Refusal> {
        let ticks = duration.clamp(KEY_SENT_MIN, KEY_SENT_MAX).as_micros().div_ceil(TICK.as_micros()) as u32;
        let free = self.waiting.iter_mut().find(|place| place.is_none()).ok_or(Refusal::Full)?;
        *free = Some(Order { key, ticks });
        Ok(())
    }

    /// Whether everything was sent, the pause after the last key included.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle) && self.waiting[0].is_none()
    }

    /// Whether a key is down: the leg's sound waits or goes on beside it, as the sender likes.
    pub const fn is_pressing(&self) -> bool {
        matches!(self.state, State::Pressing { .. })
    }

    /// Gives up what waits and what is pressed, as when the receiver takes no events any more.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// One tick of 20 ms; `now` is the timestamp of our stream at its beginning.
    pub fn tick(&mut self, stream: EventStream, now: u32, mut send: impl FnMut(&OutgoingEvent)) {
        self.state = match self.state {
            State::Idle | State::Sounding { .. } | State::Resting { .. } => {
                self.next_key(stream, now, &mut send)
            }
            State::Pressing { order, ticks, segment } => go_on(order, ticks, segment, stream, &mut send),
            State::Pausing { ticks: PAUSE_TICKS.., .. } => self.next_key(stream, now, &mut send),
            State::Pausing { last, timestamp, ticks } => {
                if ticks < ENDS - 1 {
                    send(&outgoing(stream, timestamp, last));
                }
                State::Pausing { last, timestamp, ticks: ticks + 1 }
            }
        };
    }

    /// One tick of 20 ms of a party that takes no events: what it hears in place of the leg's own sound, if there is a key.
    pub fn tick_in_sound(&mut self) -> Option<InSound> {
        self.echoes = self.echoes.saturating_sub(1);
        let state = match self.state {
            State::Sounding { order, ticks } if ticks < order.ticks => {
                Some(State::Sounding { order, ticks: ticks + 1 })
            }
            State::Sounding { .. } => Some(State::Resting { ticks: 1 }),
            State::Resting { ticks } if ticks < PAUSE_TICKS => Some(State::Resting { ticks: ticks + 1 }),
            State::Resting { ticks } => self.next_tone().or_else(|| rest_on(ticks)),
            State::Idle | State::Pressing { .. } | State::Pausing { .. } => self.next_tone(),
        };
        self.state = state.unwrap_or_default();
        match self.state {
            State::Sounding { order, ticks } => {
                self.echoes = ECHO_TICKS;
                Some(InSound::Tone { key: order.key, ticks: ticks - 1 })
            }
            State::Resting { .. } => Some(InSound::Pause),
            State::Idle | State::Pressing { .. } | State::Pausing { .. } => None,
        }
    }

    /// Keys in the party's sound may be the echo of ours.
    pub const fn may_echo(&self) -> bool {
        self.echoes > 0
    }

    fn next_tone(&mut self) -> Option<State> {
        self.next_order().map(|order| State::Sounding { order, ticks: 1 })
    }

    fn next_order(&mut self) -> Option<Order> {
        let next = self.waiting[0].take();
        self.waiting.rotate_left(1);
        next
    }

    fn next_key(&mut self, stream: EventStream, now: u32, send: &mut impl FnMut(&OutgoingEvent)) -> State {
        let Some(order) = self.next_order() else { return State::Idle };
        go_on(order, 0, Segment { timestamp: now, before: 0 }, stream, send)
    }
}

/// Nothing is said a while longer behind the last key.
fn rest_on(ticks: u32) -> Option<State> {
    (ticks < REST_TICKS).then_some(State::Resting { ticks: ticks + 1 })
}

/// Sends the packet of one more tick of a press.
fn go_on(
    order: Order,
    ticks: u32,
    mut segment: Segment,
    stream: EventStream,
    send: &mut impl FnMut(&OutgoingEvent),
) -> State {
    let ticks = ticks + 1;
    let elapsed = (u64::from(ticks) * u64::from(stream.clock_hz) * TICK.as_millis() as u64 / 1_000) as u32;
    let event = |duration, end| TelephoneEvent { event: order.key.event(), end, volume: VOLUME, duration };
    let duration = loop {
        match u16::try_from(elapsed.saturating_sub(segment.before)) {
            Ok(duration) => break duration,
            Err(_) => {
                send(&outgoing(stream, segment.timestamp, event(u16::MAX, false)));
                segment.timestamp = segment.timestamp.wrapping_add(u32::from(u16::MAX));
                segment.before += u32::from(u16::MAX);
            }
        }
    };
    let last = event(duration, ticks >= order.ticks);
    send(&OutgoingEvent { marker: ticks == 1, ..outgoing(stream, segment.timestamp, last) });
    if last.end {
        return State::Pausing { last, timestamp: segment.timestamp, ticks: 0 };
    }
    State::Pressing { order, ticks, segment }
}

fn outgoing(stream: EventStream, timestamp: u32, event: TelephoneEvent) -> OutgoingEvent {
    OutgoingEvent { marker: false, payload_type: stream.payload_type, timestamp, event }
}

/// How often the end is told (RFC 4733 §2.5.1.4).
const ENDS: u32 = 3;
/// Ticks between two keys.
const PAUSE_TICKS: u32 = (KEY_SENT_PAUSE.as_micros() / TICK.as_micros()) as u32;
/// Ticks of silence behind the last key that was a tone.
const REST_TICKS: u32 = (KEY_SOUND_REST.as_micros() / TICK.as_micros()) as u32;
/// Ticks after a tone in which its echo may come back.
const ECHO_TICKS: u32 = (KEY_ECHO_WITHIN.as_micros() / TICK.as_micros()) as u32;
/// As loud as a telephone sends keys: −10 dBm0, each of the two where they are tones (ITU-T Q.23).
pub const VOLUME: u8 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::dtmf::Detector;
    use crate::rng::Rng;
    use proptest::prelude::*;

    const STREAM: EventStream = EventStream { payload_type: 97, clock_hz: 8_000 };

    /// All that is sent in the ticks to come, with the tick of each packet, until all is through.
    fn sent(sender: &mut KeySender, stream: EventStream, first: u32) -> Vec<(u32, OutgoingEvent)> {
        let mut packets = Vec::new();
        for tick in 0..10_000 {
            let now = first.wrapping_add(tick * stream.clock_hz / 50);
            sender.tick(stream, now, |packet| packets.push((tick, *packet)));
            if sender.is_idle() {
                break;
            }
        }
        packets
    }

    fn told(packets: &[(u32, OutgoingEvent)]) -> String {
        let one = |(tick, packet): &(u32, OutgoingEvent)| {
            let OutgoingEvent { marker, timestamp, event, .. } = packet;
            let (marker, end) = (if *marker { "M" } else { "" }, if event.end { "E" } else { "" });
            format!("{tick}:{marker}{}@{timestamp}:{}{end}", event.event, event.duration)
        };
        packets.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_press_begins_with_the_marker_grows_and_ends_three_times() {
        // RFC 4733 §2.5.1
        let mut sender = KeySender::default();
        sender.press(Key::Digit(5), Duration::from_millis(80)).unwrap();
        let packets = sent(&mut sender, STREAM, 1_000);
        let expected = "0:M5@1000:160 1:5@1000:320 2:5@1000:480 3:5@1000:640E 4:5@1000:640E 5:5@1000:640E";
        assert_eq!(told(&packets), expected);
        assert!(packets.iter().all(|(_, packet)| packet.payload_type == 97));
    }

    #[test]
    fn between_two_keys_there_are_60_ms_and_durations_are_in_the_receivers_clock() {
        let mut sender = KeySender::default();
        sender.press(Key::Digit(1), Duration::from_millis(1)).unwrap();
        sender.press(Key::Pound, Duration::from_millis(41)).unwrap();
        let packets = sent(&mut sender, EventStream { clock_hz: 48_000, ..STREAM }, 0);
        let first = "0:M1@0:960 1:1@0:1920E 2:1@0:1920E 3:1@0:1920E";
        let second = "5:M11@4800:960 6:11@4800:1920 7:11@4800:2880E 8:11@4800:2880E 9:11@4800:2880E";
        assert_eq!(told(&packets), format!("{first} {second}"));
    }

    #[test]
    fn a_long_press_goes_on_in_segments_that_are_one_press() {
        // RFC 4733 §2.5.1.3
        for clock_hz in [8_000, 16_000, 48_000] {
            let mut sender = KeySender::default();
            sender.press(Key::Digit(5), Duration::from_secs(10)).unwrap();
            let packets = sent(&mut sender, EventStream { clock_hz, ..STREAM }, u32::MAX - 1_000);
            let (_, last) = packets.last().unwrap();
            let length = last.timestamp.wrapping_sub(u32::MAX - 1_000) + u32::from(last.event.duration);
            assert_eq!(length, 10 * clock_hz, "{clock_hz} Hz");
            let full = packets.iter().filter(|(_, packet)| packet.event.duration == u16::MAX).count() as u32;
            assert_eq!(full, 10 * clock_hz / 65_535, "{clock_hz} Hz");
            assert_eq!(packets.iter().filter(|(_, packet)| packet.marker).count(), 1);
            let mut detector = Detector::new(clock_hz);
            let presses = packets.iter().filter_map(|(_, p)| detector.take(1, p.timestamp, p.event)).count();
            assert_eq!(presses, 1, "{clock_hz} Hz");
        }
    }

    /// What is said tick by tick: the key, a dot for silence, a space for the leg's own sound.
    fn sounded(sender: &mut KeySender, ticks: usize) -> String {
        let sign = |said| match said {
            Some(InSound::Tone { key, .. }) => key.as_char(),
            Some(InSound::Pause) => '.',
            None => ' ',
        };
        (0..ticks).map(|_| sign(sender.tick_in_sound())).collect()
    }

    #[test]
    fn keys_as_tones_are_in_order_with_pauses_and_silence_behind_the_last() {
        let mut sender = KeySender::default();
        assert_eq!((sounded(&mut sender, 3), sender.may_echo()), ("   ".to_owned(), false));
        sender.press(Key::Digit(5), Duration::from_millis(100)).unwrap();
        sender.press(Key::Pound, Duration::from_millis(60)).unwrap();
        assert_eq!(sounded(&mut sender, 26), "55555...###............   ");
        assert!(sender.is_idle() && sender.may_echo());
        sounded(&mut sender, 30);
        assert!(!sender.may_echo());
    }

    #[test]
    fn a_key_that_is_pressed_in_the_silence_behind_the_last_waits_for_no_more_than_the_pause() {
        let mut sender = KeySender::default();
        sender.press(Key::Digit(5), Duration::from_millis(40)).unwrap();
        assert_eq!(sounded(&mut sender, 7), "55.....");
        sender.press(Key::Digit(5), Duration::from_millis(40)).unwrap();
        assert_eq!(sounded(&mut sender, 4), "55..");
    }

    #[test]
    fn a_party_that_begins_or_ceases_to_take_events_has_the_next_key_in_the_other_way() {
        let mut sender = KeySender::default();
        let press = |sender: &mut KeySender| sender.press(Key::Digit(5), Duration::from_millis(60)).unwrap();
        press(&mut sender);
        press(&mut sender);
        assert_eq!(sounded(&mut sender, 1), "5");
        assert_eq!(told(&sent(&mut sender, STREAM, 0)).matches('M').count(), 1);
        press(&mut sender);
        sender.tick(STREAM, 0, |_| {});
        press(&mut sender);
        assert_eq!(sounded(&mut sender, 4), "555.");
    }

    #[test]
    fn the_queue_has_a_bound_and_what_is_given_up_is_not_sent() {
        let mut sender = KeySender::default();
        let mut press = |_| sender.press(Key::Digit(1), Duration::ZERO);
        assert_eq!((0..KEYS_TO_SEND_MAX).map(&mut press).filter(Result::is_ok).count(), KEYS_TO_SEND_MAX);
        assert_eq!(press(0), Err(Refusal::Full));
        sender.tick(STREAM, 0, |_| {});
        assert!(sender.is_pressing() && !sender.is_idle());
        sender.clear();
        assert_eq!((sent(&mut sender, STREAM, 0).len(), sender.is_idle()), (0, true));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn our_own_detector_counts_what_was_sent_over_a_bad_line(
            seed in any::<u64>(),
            keys in prop::collection::vec((0u8..16, 0u64..400), 1..30),
            clock_hz in prop::sample::select(vec![8_000_u32, 16_000, 48_000]),
        ) {
            let mut rng = Rng::seeded(seed);
            let mut sender = KeySender::default();
            for (event, millis) in &keys {
                let key = Key::from_event(*event).unwrap();
                prop_assert_eq!(sender.press(key, Duration::from_millis(*millis)), Ok(()));
            }
            let packets = sent(&mut sender, EventStream { clock_hz, ..STREAM }, rng.next_u32());
            // One in five is lost, one in ten comes twice, each comes up to 40 ms late; no press is lost whole.
            let mut arrived = Vec::new();
            for (n, (tick, packet)) in packets.iter().enumerate() {
                let (is_first, is_last) = (packet.marker, n + 1 == packets.len() || packets[n + 1].1.marker);
                let lost = rng.below(5) == 0 && !(is_first && seed % 2 == 0) && !(is_last && seed % 2 == 1);
                let copies = if lost { 0 } else { 1 + rng.below(10) / 9 };
                arrived.extend((0..copies).map(|_| (u64::from(*tick) * 20 + rng.below(40), *packet)));
            }
            arrived.sort_by_key(|(at, _)| *at);
            let mut detector = Detector::new(clock_hz);
            let told: Vec<u8> =
                arrived.iter().filter_map(|(_, p)| detector.take(1, p.timestamp, p.event)).map(Key::event).collect();
            prop_assert_eq!(told, keys.iter().map(|(event, _)| *event).collect::<Vec<_>>());
        }
    }
}
