//! Keys cross a talk, whatever the phones on both sides know.
//!
//! ```text
//!  pressed as        reaches the others                                they get it as
//!  RTP event         by the worker, packet for packet; a person's      ┐ RTP event, if they agreed on events (RFC 4733)
//!                    from here, where codes are read (`keycode.rs`)    ├ else a tone in their sound (ITU-T Q.23), which
//!  SIP INFO          from here: it is in no stream                     ┘ `media/leg/pressing.rs` makes
//!  tone              in the sound, as it is                              sound
//! ```
//! Nobody is sent INFO: a phone that sends it hears tones, as every phone does. Who sends a press in two ways has it in his
//! stream too, and is not passed on from here once that has been seen.

use super::Switch;
use super::call::Call;
use super::moving::Order;
use crate::call::keys::Teller;
use crate::id::{CallId, LegId};
use crate::limits::{KEY_PRESSED, KEY_SENT_PAUSE, KEYS_PASSED_ON_MAX};
use crate::media::command::{Audible, Command, KeysGo};
use crate::phi::Phi;
use crate::wire::telephone_event::Key;

impl Call {
    /// Those for whom a key of this leg is.
    fn others_of(&self, leg: LegId) -> Vec<LegId> {
        match self.consulting() {
            Some((from, asked)) if from == leg => return vec![asked],
            Some((from, asked)) if asked == leg => return vec![from],
            Some(_) | None => {}
        }
        let talking = self.talking().into_iter().filter(|(place, _)| place.has_keys());
        let (own, others): (Vec<LegId>, Vec<LegId>) =
            talking.map(|(_, its)| its).partition(|its| *its == leg);
        if own.is_empty() { Vec::new() } else { others }
    }

    /// Whether the newest press of this leg reaches the others from here alone.
    fn is_for_us_to_pass(&mut self, leg: LegId) -> bool {
        let goes_nowhere = self.person_at(leg).is_some_and(|person| person.leg.keys_go == KeysGo::Nowhere);
        goes_nowhere || self.presses_of(leg).is_none_or(|presses| presses.is_in_info_alone())
    }
}

impl Switch {
    /// A press goes on to the others, if it was told by INFO: all else is in the party's stream.
    pub(super) fn pass_told(&mut self, id: CallId, leg: LegId, key: Key, teller: Teller) {
        match teller {
            Teller::Info => self.pass_keys(id, leg, vec![key]),
            Teller::Media => {}
        }
    }

    /// Keys of this leg go to those with whom its party talks, in their order.
    pub(super) fn pass_keys(&mut self, id: CallId, leg: LegId, keys: Vec<Key>) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.ending.is_none()) else { return };
        if !call.is_for_us_to_pass(leg) {
            return;
        }
        let others = call.others_of(leg);
        let dropped = others.into_iter().map(|other| self.press_anew(id, other, &keys)).max();
        self.counters.person_keys_dropped += dropped.unwrap_or_default() as u64;
    }

    /// Presses keys of others for this leg, as many as may wait. Tells how many may not.
    fn press_anew(&mut self, id: CallId, leg: LegId, keys: &[Key]) -> usize {
        let now = self.now.at;
        let Some(its) = self.leg_of(id, leg) else { return 0 };
        let each = KEY_PRESSED + KEY_SENT_PAUSE;
        let within = now + each * KEYS_PASSED_ON_MAX;
        let takes = |_: &Key| {
            let until = its.keys_through.max(now) + each;
            let has_room = until <= within;
            if has_room {
                its.keys_through = until;
            }
            has_room
        };
        let taken: Vec<Key> = keys.iter().copied().take_while(takes).collect();
        let (worker, dropped) = (its.worker, keys.len() - taken.len());
        if !taken.is_empty() {
            let (keys, audible) = (Phi::new(taken), Audible::WhereNeeded);
            self.order(worker, leg, Order::Media(Command::Press { leg, keys, audible }));
        }
        dropped
    }
}
