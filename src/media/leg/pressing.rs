//! Keys that go to a leg's party: as events (RFC 4733), or in its sound where it takes none.
//!
//! ```text
//!  an event of another leg ─┬─ events are taken ──▶ Relay, packet for packet ───▶ events
//!                           └─ none ──once a press─▶ KeySender ─▶ tone, silence   in place of what is said
//!  keys of our own ────────────────────────────────▶ KeySender ─▶ events, or tones if they may be heard
//! ```
//! Tones are made behind the tap: what is recorded is what was said, without keys, as it is where they are events. Keys
//! that a party sends in its sound pass as sound.

use super::Leg;
use crate::audio::g711::{Law, encode_all};
use crate::audio::l16;
use crate::audio::sound::{Sound, WIDE_SAMPLES};
use crate::audio::tone;
use crate::limits::KEY_PRESSED;
use crate::media::bridge::PassedOn;
use crate::media::command::Audible;
use crate::media::key_sender::{self, InSound, VOLUME};
use crate::wire::telephone_event::Key;

impl Leg {
    /// Takes a key of another leg with whose party this one's talks.
    pub fn relay(&mut self, passed_on: PassedOn) {
        if self.plan.sends_events.is_some() {
            self.relay.put(passed_on);
        } else if let (Some(key), Some(pressing)) = (passed_on.pressed, &mut self.pressing) {
            // Over the bound it is lost, as on a line.
            let _: Result<(), key_sender::Refusal> = pressing.press(key, KEY_PRESSED);
        }
    }

    /// Presses keys of our own, if the party takes events or they may be heard. Whoever orders them keeps to the bound.
    pub fn press(&mut self, keys: &[Key], audible: Audible) {
        if self.plan.sends_events.is_none() && audible == Audible::Never {
            return;
        }
        let pressing = self.pressing.get_or_insert_default();
        let pressed = keys.iter().map_while(|key| pressing.press(*key, KEY_PRESSED).ok()).count();
        debug_assert_eq!(pressed, keys.len(), "more keys than may wait");
    }

    /// After an offer and answer: what was to go as events does not become sound, for it may be secret.
    pub(super) fn keys_as_planned(&mut self, took_events: bool) {
        if took_events && self.plan.sends_events.is_none() {
            self.pressing = None;
        }
        self.make_room_for_tones();
    }

    /// Keys of those with whom the party talks find their place here, so that none is made when they come.
    pub(super) fn make_room_for_tones(&mut self) {
        let talks = self.bridged_to.is_some() || self.seat.is_some();
        if talks && self.plan.sends_events.is_none() {
            self.pressing.get_or_insert_default();
        }
    }

    /// A key is heard in place of what would be said, by a party that takes no events (ITU-T Q.23 §4).
    pub(super) fn sound_keys(&mut self, ours: &mut Sound) {
        if self.plan.sends_events.is_some() {
            return;
        }
        let Some(said) = self.pressing.as_mut().and_then(|pressing| pressing.tick_in_sound()) else { return };
        let codec = self.plan.sends.codec.between_legs();
        let InSound::Tone { key, ticks } = said else { return ours.fall_silent(codec) };
        let law = Law::of(codec);
        let octets = ours.become_of(codec);
        let count = octets.len() / if law.is_some() { 1 } else { size_of::<i16>() };
        let rate_hz = (count * TICKS_A_SECOND) as u32;
        let mut samples = [0; WIDE_SAMPLES];
        let samples = &mut samples[..count];
        tone::dtmf_piece(key, -f64::from(VOLUME), ticks as usize * count, rate_hz, samples);
        match law {
            Some(law) => encode_all(law, samples, octets),
            None => l16::encode(samples, octets),
        }
    }
}

/// Ticks of 20 ms in a second.
const TICKS_A_SECOND: usize = 50;
