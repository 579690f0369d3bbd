//! A person hands the talk on with nothing but keys: a code, then the number of somebody of the clinic.
//!
//! ```text
//!  talk ─code, number─▶ is somebody called so? ─ no ──▶ a tone; the talk was never left
//!                         │ blind: `transfer.rs`, and the person hears that it rings
//!                         └ attended: patient on the bed, the other one rung ─answer─▶ person ══ other one
//!                              │ the person hangs up ─────────────▶ patient ══ other one, now or once he answers
//!                              └ back, the other one hangs up, nobody ─▶ patient ══ person again, after a tone
//! ```
//! Only keys of the person are read, and only in calls that a flow has answered; those of the patient begin no code. While codes are
//! configured the key events of the person go to nobody by themselves: what is no code is pressed for the others
//! (`passing.rs`). Keys that are sound pass as sound, and are read beside. Whom a number means, and who may not be called, is
//! decision 30's, by the code of `handing.rs`.

use super::Switch;
use super::call::Call;
use super::moving::Order;
use super::transfer::STATUS_FORBIDDEN;
use crate::audio::tone::Signal;
use crate::call::keycode::{Doing, Hands, Reading};
use crate::call::keys::Teller;
use crate::id::{CallId, LegId, PlaybackId};
use crate::media::command::{Command, Ears, KeysGo};
use crate::phi::Phi;
use crate::report::event::{Event, TransferMeans, TransferStep};
use crate::sip::interface as sip;
use crate::wire::telephone_event::Key;

/// The playing of a signal to a person: never one of the flow's own.
pub(super) const SIGNAL: PlaybackId = PlaybackId(u64::MAX - 2);
/// What the log has as the status when the person wants the caller back, or the other one has hung up before the two
/// were together: temporarily unavailable.
const STATUS_TAKEN_BACK: u16 = 480;

impl Call {
    /// What the person of this leg does whose keys are read; `None` if they are not.
    fn doing(&mut self, leg: LegId) -> Option<Doing> {
        if self.run.placed().is_some() || self.ending.is_some() {
            return None;
        }
        let is_by_keys = self.transfer.as_ref().map(|transfer| transfer.means.is_by_keys());
        let talks = self.person_with_patient().is_some_and(|person| person.leg.id == leg);
        match is_by_keys {
            None => talks.then_some(Doing::Talks),
            Some(true) => self.transferor_leg(leg).map(|_| Doing::HandsOn),
            Some(false) => None,
        }
    }
}

impl Switch {
    /// The worker tells of the keys of a person to the switch alone, or listens for them in the sound of a phone that sends none
    /// as events. It is told of changes alone.
    pub(super) fn turn_keys(&mut self, id: CallId) {
        let are_any = self.settings.keys.are_any();
        let call = self.calls.get_mut(&id).filter(|call| are_any && call.ending.is_none());
        let Some(call) = call.filter(|call| call.run.placed().is_none()) else { return };
        let is_consulted = call.is_consulted();
        let person = call.person.as_mut().filter(|person| person.talks() && !is_consulted);
        let by_keys = call.transfer.as_mut().filter(|transfer| transfer.means.is_by_keys());
        let from = by_keys.and_then(|transfer| transfer.from.as_mut());
        let mut orders = Vec::new();
        for person in [person, from].into_iter().flatten() {
            let its = &mut person.leg;
            let (worker, leg) = (its.worker, its.id);
            let by_event = its.agreed.is_none_or(|agreed| agreed.key_events);
            let go = if by_event { KeysGo::Nowhere } else { KeysGo::ToTheOthers };
            if std::mem::replace(&mut its.keys_go, go) != go {
                orders.push((worker, leg, Command::Keys { leg, go }));
            }
            let ears = Ears { keys: !by_event, fax: false };
            if std::mem::replace(&mut its.ears, ears) != ears {
                orders.push((worker, leg, Command::Listen { leg, ears }));
            }
        }
        for (worker, leg, command) in orders {
            self.order(worker, leg, Order::Media(command));
        }
    }

    /// A key of a person: it may belong to a code, or is for the others.
    pub(super) fn on_person_key(&mut self, id: CallId, leg: LegId, key: Key, teller: Teller) {
        let (now, codes) = (self.now.at, &self.settings.keys);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let doing = if codes.are_any() { call.doing(leg) } else { None };
        let Some(doing) = doing else { return self.pass_told(id, leg, key, teller) };
        let Some(person) = call.person_at(leg) else { return };
        let reading = person.keys.take(now, key, codes, doing);
        self.obey_keys(id, leg, reading);
    }

    /// A person has not pressed a key for long enough.
    pub(super) fn read_on_when_due(&mut self, id: CallId) {
        let now = self.now.at;
        let Some(call) = self.calls.get(&id) else { return };
        let is_due = |at: Option<crate::clock::Instant>| at.is_some_and(|at| at <= now);
        let due = call.persons().filter(|person| is_due(person.keys.poll_timeout()));
        for leg in due.map(|person| person.leg.id).collect::<Vec<_>>() {
            let person = self.calls.get_mut(&id).and_then(|call| call.person_at(leg));
            let reading = person.map_or(Reading::Nothing, |person| person.keys.timeout(now));
            self.obey_keys(id, leg, reading);
        }
    }

    fn obey_keys(&mut self, id: CallId, leg: LegId, reading: Reading) {
        match reading {
            Reading::Nothing => {}
            Reading::Keys(keys) => self.pass_keys(id, leg, keys),
            Reading::Asks => self.sound_for(id, leg, Signal::YourTurn),
            Reading::Number(hands, number) => self.hand_on_by_keys(id, leg, hands, &number),
            Reading::Back => self.take_back(id, leg),
        }
    }

    /// A short sound for a person, in place of those that he hears.
    pub(super) fn sound_for(&mut self, id: CallId, leg: LegId, signal: Signal) {
        let Some(its) = self.leg_of(id, leg).filter(|its| its.open) else { return };
        let Some(codec) = its.codec() else { return };
        let worker = its.worker;
        self.order(worker, leg, Order::Tone { playback: SIGNAL, signal, codec });
    }

    /// The number is there: whoever it means is called, as if the person's phone had asked.
    fn hand_on_by_keys(&mut self, id: CallId, leg: LegId, hands: Hands, number: &Phi<String>) {
        let granted = self.may_ask(id, leg).and_then(|()| {
            let target = self.target_written(id, number.expose()).ok_or(STATUS_FORBIDDEN)?;
            Ok((target, self.port_for_transfer(id)?))
        });
        match granted {
            Ok((target, owned)) => {
                let means = match hands {
                    Hands::Blind => TransferMeans::Keys,
                    Hands::Attended => TransferMeans::KeysAttended,
                };
                self.begin_transfer(id, leg, target, owned, means);
            }
            Err(status) => {
                self.counters.transfers_refused += 1;
                self.append(id, Event::Transfer { by: leg, step: TransferStep::Refused { status } });
                self.sound_for(id, leg, Signal::NotReached);
            }
        }
    }

    /// Who was called answered, and the person speaks with him first.
    pub(super) fn begin_consult(&mut self, id: CallId, with: LegId) {
        let Some(by) = self.calls.get(&id).and_then(|call| Some(call.transfer.as_ref()?.by)) else { return };
        self.let_hear(id);
        self.append(id, Event::Transfer { by, step: TransferStep::Consults { with } });
        self.turn_beds(id);
    }

    /// The other one has hung up before he was handed the patient.
    pub(super) fn end_consult(&mut self, id: CallId) {
        self.drop_person(id);
        self.transfer_failed(id, STATUS_TAKEN_BACK);
    }

    /// The person wants the caller back, or does not want to dial on.
    fn take_back(&mut self, id: CallId, leg: LegId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.transferor_leg(leg).is_none() {
            return self.sound_for(id, leg, Signal::NotReached);
        }
        let Some(person) = &call.person else { return };
        let (other, talks) = (person.leg.id, person.talks());
        self.sip(sip::Command::HangUp { leg: other, reason: None });
        if talks {
            return self.end_consult(id);
        }
        self.drop_person(id);
        self.person_not_reached(id, other, STATUS_TAKEN_BACK);
    }
}
