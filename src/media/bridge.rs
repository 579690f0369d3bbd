//! Keys that pass from one leg of a bridge to the other: RFC 4733 end to end.
//!
//! ```text
//!  a: ssrc 1, ts 800, event 5 ──▶ PassedOn ──▶ Relay of b: the press gets b's own timestamp ──▶ b's stream
//! ```
//! Each packet goes on as one packet, so that losses, ends sent three times and long presses reach the
//! other side as they came; a party that takes no events hears a tone in their place (`leg/pressing.rs`). Sound
//! passes as [`crate::audio::sound::Sound`], taken by each leg at its own tick.

use crate::limits::RELAYED_EVENTS_MAX;
use crate::media::sender::OutgoingEvent;
use crate::wire::telephone_event::{EventFormat, Key, TelephoneEvent};

/// A telephone-event packet of one leg, for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassedOn {
    /// Whose press it is.
    pub ssrc: u32,
    /// When the press began, on the sender's time line.
    pub timestamp: u32,
    /// The clock of timestamp and duration, in Hz.
    pub clock_hz: u32,
    /// The event.
    pub event: TelephoneEvent,
    /// Its key, in the packet that was the first seen of a press.
    pub pressed: Option<Key>,
}

/// What waits for the leg's next tick, and the press that is being passed on. A tick without keys reads its end alone.
#[derive(Clone, Debug, Default)]
#[repr(C)]
pub struct Relay {
    waiting: [Option<PassedOn>; RELAYED_EVENTS_MAX],
    press: Option<Press>,
    count: usize,
}

#[derive(Clone, Copy, Debug)]
struct Press {
    ssrc: u32,
    theirs: u32,
    ours: u32,
}

impl Relay {
    /// Takes a packet for the next tick; over the bound it is lost, as on a line.
    pub fn put(&mut self, passed_on: PassedOn) {
        if let Some(place) = self.waiting.get_mut(self.count) {
            *place = Some(passed_on);
            self.count += 1;
        }
    }

    /// Empties what waits into `send`, as the receiver wants its events. A press that is new begins at `now`, the
    /// timestamp of this tick.
    pub fn flush(&mut self, format: EventFormat, now: u32, mut send: impl FnMut(&OutgoingEvent)) {
        if self.count == 0 {
            return;
        }
        let count = std::mem::take(&mut self.count);
        for passed_on in self.waiting[..count].iter_mut().filter_map(Option::take) {
            let PassedOn { ssrc, timestamp: theirs, clock_hz, event, .. } = passed_on;
            let known = self.press.filter(|press| press.ssrc == ssrc);
            if known.is_some_and(|press| (theirs.wrapping_sub(press.theirs) as i32) < 0) {
                continue; // a late packet of an older press: its own packets have told it
            }
            let marker = known.is_none_or(|press| press.theirs != theirs);
            let ours = known.filter(|_| !marker).map_or(now, |press| press.ours);
            self.press = Some(Press { ssrc, theirs, ours });
            let duration =
                u64::from(event.duration) * u64::from(format.clock_hz) / u64::from(clock_hz.max(1));
            let event = TelephoneEvent { duration: duration.min(u16::MAX.into()) as u16, ..event };
            send(&OutgoingEvent { marker, payload_type: format.payload_type, timestamp: ours, event });
        }
    }

    /// Throws away what waits.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: EventFormat = EventFormat { payload_type: 96, clock_hz: 8_000 };

    #[test]
    fn a_press_lasts_as_long_on_the_other_sides_clock() {
        let mut relay = Relay::default();
        let event = TelephoneEvent { event: 5, end: true, volume: 0, duration: 800 };
        relay.put(PassedOn { ssrc: 1, timestamp: 7, clock_hz: 8_000, event, pressed: None });
        let mut sent = Vec::new();
        let wide = EventFormat { payload_type: 97, clock_hz: 16_000 };
        relay.flush(wide, 0, |out| sent.push((out.payload_type, out.event.duration)));
        assert_eq!(sent, [(97, 1_600)]);
    }

    #[test]
    fn a_press_keeps_one_timestamp_and_a_late_older_packet_is_dropped() {
        let mut relay = Relay::default();
        let mut sent = Vec::new();
        let mut tick = |packets: &[(u32, u16)], now| {
            for (timestamp, duration) in packets {
                let event = TelephoneEvent { event: 5, end: false, volume: 0, duration: *duration };
                relay.put(PassedOn { ssrc: 1, timestamp: *timestamp, clock_hz: 8_000, event, pressed: None });
            }
            relay.flush(FORMAT, now, |out| sent.push((out.marker, out.timestamp, out.event.duration)));
        };
        tick(&[(800, 160), (800, 320)], 50_000);
        tick(&[(800, 480)], 50_160);
        tick(&[(2_000, 160), (800, 640), (2_000, 320)], 50_320);
        assert_eq!(
            sent,
            [
                (true, 50_000, 160),
                (false, 50_000, 320),
                (false, 50_000, 480),
                (true, 50_320, 160),
                (false, 50_320, 320),
            ]
        );
    }

    #[test]
    fn a_flood_meets_the_bound() {
        let mut relay = Relay::default();
        let event = TelephoneEvent { event: 5, end: false, volume: 0, duration: 1 };
        let packet = PassedOn { ssrc: 1, timestamp: 0, clock_hz: 8_000, event, pressed: None };
        (0..100).for_each(|_| relay.put(packet));
        let mut sent = 0;
        relay.flush(FORMAT, 0, |_| sent += 1);
        relay.flush(FORMAT, 0, |_| sent += 1);
        assert_eq!(sent, RELAYED_EVENTS_MAX);
    }
}
