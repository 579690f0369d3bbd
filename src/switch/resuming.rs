//! Calls that were up when the engine died go on: every party gets one re-INVITE, and who answers hears us again.
//!
//! ```text
//!  Resume ──▶ re-INVITE to the patient ── 2xx ──▶ with his person again, or led to one
//!         │                            └─ else ─▶ over: engine_restart
//!         └─▶ re-INVITE to the person he talked with ── 2xx ──▶ bridged again
//!                                                    └─ else, or nothing in RESUMED_PERSON_WITHIN ──▶ led to another
//! ```
//! Same dialogs with higher CSeq, same SDP session with a higher version, other ports: those of before rest, because parties
//! still send there. What was recorded is kept as it is; the notice of before does not stand for what is said now.

use super::Switch;
use super::call::{Call, Person, Resuming};
use super::dialled::{Dialled, EMERGENCY, Placed, Script};
use super::incoming::new_leg;
use super::interface::{Interrupted, Talk};
use super::ladder::Numbers;
use super::ports::Owned;
use crate::call::leg::{DialogOf, Leg};
use crate::flow::action::{Company, ConnectEnd, Input};
use crate::flow::run::Run;
use crate::id::{CallId, LegId};
use crate::limits::RESUMED_PERSON_WITHIN;
use crate::report::event::{Cause, Event, KeptLeg, Party};
use crate::sip::diverted::CarriedOn;
use crate::sip::interface as sip;
use crate::sip::invite::offer_answer::Agreed;
use crate::wire::sip::diversion::{Privacy, Wish};

impl Switch {
    /// Goes on with all of them. The ports that they had rest first, so that none gets what is meant for another.
    pub(super) fn resume_all(&mut self, calls: Vec<Interrupted>) {
        for call in &calls {
            let person = call.person.as_ref().and_then(|talk| talk.kept.as_ref());
            for kept in std::iter::once(&call.patient.1).chain(person) {
                self.ports.rest_number(kept.port, self.now.at);
            }
            self.sip.name_legs_after(call.last_leg);
            self.next_id = self.next_id.max(call.call.0 + 1);
        }
        calls.into_iter().for_each(|call| self.resume(call));
    }

    fn resume(&mut self, it: Interrupted) {
        let id = it.call;
        self.shifts_us.insert(id, it.since_start_us.saturating_sub(self.now.at.as_micros()));
        let owned = match it.flow.as_str() {
            EMERGENCY => self.ports.take_kept(self.now.at),
            _ => self.ports.take(self.now.at),
        };
        let Some(owned) = owned else {
            self.append(id, Event::Ended { cause: Cause::EngineRestart, by: Party::Engine, exit: None });
            return;
        };
        let patient = leg_again(it.patient.0, owned, &it.patient.1);
        let (leg, kept, talk) = (patient.id, it.patient.1.clone(), it.person.clone());
        let sip_call_id = kept.dialog.call_id.expose().clone();
        let numbers = Numbers { called: it.called.clone(), caller: it.caller.clone() };
        self.ladders.open(id, leg, &sip_call_id, numbers);
        let call = Box::new(self.call_again(it, patient, &sip_call_id));
        self.legs.insert(leg, id);
        self.calls.insert(id, call);
        self.counters.peak = self.counters.peak.max(self.calls.len() as u64);
        self.ask_again(id, leg, kept);
        if let Some(talk) = talk {
            self.ask_person_again(id, talk);
        }
        self.rekey(id);
    }

    /// What runs in the call from now on: a flow, or the call of a phone of ours. A flow may have the name by which the
    /// record knows such a call: then it is a caller's.
    fn script_again(&self, it: &Interrupted, sip_call_id: &str) -> Script {
        let flows = self.flows.of_call(it.called.expose(), sip_call_id).clone();
        let caller = it.caller.as_ref().map(|caller| caller.expose().as_str());
        // Help goes where the phone stands, now as before.
        let phone = it.patient.1.dialog.way.remote.ip();
        let place = self.settings.dial.emergency.as_ref().and_then(|emergency| emergency.place_of(phone));
        let placed = Placed::again(&it.flow, it.called.expose(), caller, place);
        if let Some(placed) = placed.filter(|_| flows.position(&it.flow).is_none()) {
            let (realm, ring) = (self.house.realm(), self.settings.ring);
            return Script::Dialled(Dialled::new(placed, realm, ring, flows));
        }
        let flow = flows.route(it.called.expose()).clone();
        let run = Run::new(flows, flow).begun_at(self.now.at, self.now.wall);
        Script::Flow(match &it.language {
            Some(language) => run.speaking(language),
            None => run,
        })
    }

    fn call_again(&self, it: Interrupted, patient: Leg, sip_call_id: &str) -> Call {
        let (run, ends_at) = (self.script_again(&it, sip_call_id), self.now.at + self.settings.longest);
        // Whether he wanted to be told on was not written down.
        let privacy = Privacy { identity: Wish::Withheld, history: Wish::Withheld };
        let carries = CarriedOn { by: None, privacy };
        let resuming = Resuming::Asked { why: it.why };
        Call { resuming, carries, ..Call::new(patient, (it.flow, run), it.caller, ends_at) }
    }

    fn ask_person_again(&mut self, id: CallId, talk: Talk) {
        let Talk { leg, target, kept } = talk;
        let owned = kept.is_some().then(|| self.port_beside_patient(id)).flatten();
        let (Some(kept), Some(owned)) = (kept, owned) else {
            self.append(id, Event::Unbridged { leg });
            return;
        };
        let person = leg_again(leg, owned, &kept);
        let ring_until = Some(self.now.at + RESUMED_PERSON_WITHIN);
        self.ladders.follow(id, leg, kept.dialog.call_id.expose().as_bytes());
        self.legs.insert(leg, id);
        if let Some(call) = self.calls.get_mut(&id) {
            call.person = Some(Person::known(person, target, ring_until));
        }
        self.ask_again(id, leg, kept);
    }

    /// The re-INVITE: what we told before, with another port.
    fn ask_again(&mut self, id: CallId, leg: LegId, kept: KeptLeg) {
        let Some(mut changed) = self.leg_of(id, leg).cloned() else { return };
        let sdp = self.make_offer(&mut changed);
        self.promise(&changed);
        self.keep_leg(id, changed);
        self.sip(sip::Command::Resume { leg, dialog: Box::new(kept.dialog), sdp });
        // Should this start die as well, the next one goes on behind its numbers.
        self.write_down(id, leg);
    }

    /// Whether the leg is one that was asked, and has not answered.
    pub(super) fn is_asked_again(&mut self, id: CallId, leg: LegId) -> bool {
        let ends = self.calls.get(&id).is_none_or(|call| call.ending.is_some());
        !ends && self.leg_of(id, leg).is_some_and(|leg| leg.dialog == DialogOf::EarlierStart)
    }

    /// A party hears us again.
    pub(super) fn on_resumed(&mut self, id: CallId, mut changed: Leg, agreed: &Agreed) {
        let (leg, now) = (changed.id, self.now.at);
        changed.dialog = DialogOf::ThisStart;
        self.open_leg(&mut changed, agreed);
        let held = changed.is_held();
        self.keep_leg(id, changed);
        self.append(id, Event::Resumed { leg });
        if held {
            self.tell_of_hold(id, leg, true);
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.is_patient(leg) {
            self.counters.resumed += 1;
            call.heard = true;
            call.keep_at = Some(now);
            self.go_on(id);
            if held {
                self.tell_flow_of_hold(id, true);
            }
        } else if let Some(person) = call.person.as_mut() {
            person.ring_until = None;
            self.keep_again(id, leg);
        }
        self.let_hear(id);
        self.turn_beds(id);
        self.rekey(id);
    }

    fn go_on(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Resuming::Asked { why } = std::mem::replace(&mut call.resuming, Resuming::Over) else { return };
        let company = if call.person.is_some() { Company::Person } else { Company::Nobody };
        self.run_flow(id, Input::Resumed { why, company });
    }

    /// A party does not want to, or cannot, go on.
    pub(super) fn on_resumption_refused(&mut self, leg: LegId) {
        let Some(&id) = self.legs.get(&leg) else { return };
        if self.is_asked_again(id, leg) {
            self.not_resumed(id, leg);
        }
    }

    /// A party is not there any more, or does not want to go on.
    pub(super) fn not_resumed(&mut self, id: CallId, leg: LegId) {
        let Some(call) = self.calls.get(&id) else { return };
        if call.is_patient(leg) {
            return self.end_call(id, Cause::EngineRestart, Party::Engine, None);
        }
        self.sip(sip::Command::HangUp { leg, reason: None });
        self.drop_person(id);
        self.append(id, Event::Unbridged { leg });
        self.run_flow(id, Input::ConnectEnded(ConnectEnd::NotReached));
        self.rekey(id);
    }
}

/// The leg as it was, at another port.
fn leg_again(id: LegId, owned: Owned, kept: &KeptLeg) -> Leg {
    let told = Some(kept.told.expose().as_bytes().to_vec());
    let way = kept.dialog.way;
    let dialog = DialogOf::EarlierStart;
    Leg { told, dialog, sdp_version: kept.sdp_version, ..new_leg(id, owned, way.local, way.remote.ip()) }
}
