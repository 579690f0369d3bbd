//! A patient or a phone of ours calls: admission, routing, offer and answer, up to the first word.
//!
//! An INVITE is answered at once: no patient listens to ringing where an engine could speak. What is
//! refused here is counted; what is let in leaves a record, whatever comes of it.

use super::admission::{self, Reserve, Standing};
use super::call::Call;
use super::dialled::{Placed, Script};
use super::dialling::Reading;
use super::interface::{Output, UnsignedTrees};
use super::ladder::Numbers;
use super::moving::Order;
use super::negotiate::{plan, settled};
use super::ports::Owned;
use super::{HeardBy, Switch};
use crate::call::leg::{DialogOf, Leg, Silence};
use crate::call::routing::{Trunk, caller_number, trunk_of};
use crate::clock::Instant;
use crate::flow::action::{self, Urgency};
use crate::flow::run::{Run, Unsigned};
use crate::id::{CallId, LegId};
use crate::limits::{KEPT_AFTER, MESSAGE_OPEN_MAX};
use crate::media::command::{Command, Ears, KeysGo, PortIndex, WorkerIndex};
use crate::phi::Phi;
use crate::report::event::{Cause, Event, Party};
use crate::sip::diverted::CarriedOn;
use crate::sip::interface as sip;
use crate::sip::invite::offer_answer;
use std::net::{IpAddr, SocketAddr};

/// Seconds that a caller is asked to wait when the engine is full (RFC 3261 §20.33).
const RETRY_AFTER_S: u32 = 10;

impl Switch {
    /// A new INVITE: of a caller, or of a phone of ours that dials.
    pub(super) fn on_invite(&mut self, leg: LegId, invite: sip::Invite) {
        if let Some(replaced) = self.replaced_by(&invite) {
            return self.on_replacing(leg, invite, replaced);
        }
        match self.read_invite(&invite) {
            Reading::Caller => match self.circle(&invite) {
                Some(circle) => self.refuse_circle(leg, circle),
                None => self.on_call(leg, invite, None),
            },
            Reading::Prober => self.sip(sip::Command::Ignore { leg }),
            Reading::Unproven => {
                let phone = invite.phone;
                self.sip(sip::Command::Challenge { leg, phone });
            }
            Reading::Refused(fault) => self.refuse_dialled(leg, &invite, fault),
            Reading::Placed(placed) => self.on_call(leg, invite, Some(placed)),
        }
    }

    /// A call: let in and answered, or refused with the status that says why. Who calls for help is refused for want of
    /// a port alone, and some are kept for him.
    fn on_call(&mut self, leg: LegId, invite: sip::Invite, placed: Option<Placed>) {
        self.counters.offered += 1;
        let urgency = placed.as_ref().map(Placed::urgency);
        if !self.may_call_person(urgency.unwrap_or(Urgency::Usual)) {
            self.counters.refused_draining += 1;
            return self.refuse_for_now(leg);
        }
        let standing = match urgency {
            None => self.standing(&invite),
            Some(Urgency::Usual) => Standing::Ordinary,
            Some(Urgency::Danger) => Standing::Emergency,
        };
        if !self.admission.admits(self.now.at, standing) {
            self.counters.refused_busy += 1;
            return self.refuse_for_now(leg);
        }
        if self.calls.len() >= self.room(standing) {
            self.counters.refused_full += 1;
            return self.refuse_for_now(leg);
        }
        if let Some(Err(fault)) = placed.as_ref().map(|placed| self.count_dialled(placed)) {
            return self.refuse_dialled(leg, &invite, fault);
        }
        let owned = match urgency {
            Some(Urgency::Danger) => self.ports.take_kept(self.now.at),
            Some(Urgency::Usual) | None => self.ports.take(self.now.at),
        };
        let Some(owned) = owned else {
            self.counters.refused_full += 1;
            return self.refuse_for_now(leg);
        };
        self.admit(leg, invite, owned, placed);
    }

    /// How much a call matters when not all can be served.
    fn standing(&self, invite: &sip::Invite) -> Standing {
        let trunk = trunk_of(&self.settings.trunks, invite.way.remote.ip());
        let flows = &self.flows.current;
        let flow = flows.route(self.number_called(invite, trunk).expose());
        match trunk {
            _ if flows.is_urgent(flow) => Standing::Emergency,
            Some(trunk) if trunk.trusted => Standing::Trusted,
            Some(_) | None => Standing::Ordinary,
        }
    }

    fn room(&self, standing: Standing) -> usize {
        let kept = self.settings.trunks.iter().any(|trunk| trunk.trusted);
        let reserve = if kept { Reserve::Kept } else { Reserve::None };
        admission::room(self.settings.max_calls as usize, standing, reserve)
    }

    /// 503, each caller with another time to come again, so that they do not all come at once.
    fn refuse_for_now(&mut self, leg: LegId) {
        let spread = self.rng.next_u32() % (RETRY_AFTER_S + 1);
        self.refuse(leg, 503, Some(RETRY_AFTER_S / 2 + spread));
    }

    /// Lets OPTIONS say what an INVITE of anybody would be told.
    pub(super) fn tell_openness(&mut self) {
        let full = self.calls.len() >= self.room(Standing::Ordinary);
        let busy = !self.admission.admits(self.now.at, Standing::Ordinary);
        let openness = if self.stopping.is_some() || full || busy {
            sip::Openness::Closed { retry_after_s: RETRY_AFTER_S }
        } else {
            sip::Openness::Open
        };
        if openness != self.openness {
            self.openness = openness;
            self.sip(sip::Command::Tell { openness });
        }
    }

    fn admit(&mut self, leg: LegId, invite: sip::Invite, owned: Owned, placed: Option<Placed>) {
        let id = CallId(self.next_id);
        self.next_id += 1;
        let trunk = trunk_of(&self.settings.trunks, invite.way.remote.ip());
        let called = self.number_called(&invite, trunk);
        let user = placed.as_ref().and_then(|placed| placed.user.as_deref());
        let caller = match user {
            Some(user) => Some(Phi::new(user.to_owned())),
            None => caller_number(&invite, trunk),
        };
        let flows = self.flows.of_call(called.expose(), invite.sip_call_id.expose()).clone();
        let flow = flows.route(called.expose()).clone();
        let service = self.service_of(called.expose(), &flows);
        let named = placed.as_ref().map_or_else(|| Self::flow_of(service, &flow), Placed::flow);
        let version = flows.version().to_owned();
        let unsigned = self.unsigned_for(&invite, trunk);
        let trunk = trunk.map(|trunk| trunk.name.clone());
        let is_a_patients = placed.is_none();
        let run = match placed {
            Some(placed) => self.dialled_script(id, placed, flows),
            None => {
                let is_urgent = flows.is_urgent(&flow);
                let closings = if is_urgent { Vec::new() } else { self.closings.of_number(called.expose()) };
                let run = Run::new(flows, flow)
                    .begun_at(self.now.at, self.now.wall)
                    .with_unsigned(unsigned)
                    .closed_by(closings)
                    .at(service);
                Script::Flow(run)
            }
        };
        let by = is_a_patients.then(|| called.clone());
        let carries = CarriedOn { by, privacy: invite.privacy };
        let numbers = Numbers { called: called.clone(), caller: caller.clone() };
        self.ladders.open(id, leg, invite.sip_call_id.expose(), numbers);
        let arrived = Event::Arrived {
            leg,
            trunk,
            called,
            caller: caller.clone(),
            sip_call_id: invite.sip_call_id,
            flow: named.clone(),
            version,
        };
        self.append(id, arrived);
        self.note_diverted(id, &invite.diversions);
        let leg = new_leg(leg, owned, invite.way.local, invite.way.remote.ip());
        let ends_at = self.now.at + self.settings.longest;
        let call = Box::new(Call { carries, ..Call::new(leg, (named, run), caller, ends_at) });
        self.legs.insert(call.patient.id, id);
        self.calls.insert(id, call);
        self.counters.peak = self.counters.peak.max(self.calls.len() as u64);
        self.tell_of_help(id);
        self.answer(id, invite.sdp.as_deref(), invite.reliability);
        self.rekey(id);
    }

    /// What a caller of a triage tree that nobody has signed gets: it, if he tries it out on this machine.
    fn unsigned_for(&self, invite: &sip::Invite, trunk: Option<&Trunk>) -> Unsigned {
        let tries_out = self.settings.unsigned == UnsignedTrees::OnLoopback
            && trunk.is_none()
            && invite.way.remote.ip().is_loopback();
        if tries_out { Unsigned::Answered } else { Unsigned::Withheld }
    }

    /// 200 with our answer; or with our offer, when the INVITE brought none (RFC 3261 §13.2.1). Who requires
    /// reliable answers gets the offer in a 183 first, for some carriers take it nowhere else: its PRACK
    /// brings the answer, and the 200 waits for it (RFC 3262 §5).
    fn answer(&mut self, id: CallId, offer: Option<&[u8]>, reliability: sip::Reliability) {
        let Some(mut patient) = self.calls.get(&id).map(|call| call.patient.clone()) else { return };
        let leg = patient.id;
        let Some(offer) = offer else {
            let sdp = self.make_offer(&mut patient);
            self.promise(&patient);
            self.keep_leg(id, patient);
            if reliability == sip::Reliability::Required {
                self.sip(sip::Command::Progress { leg, sdp: sdp.clone() });
            }
            return self.sip(sip::Command::Answer { leg, sdp });
        };
        match self.answer_offer(&mut patient, offer) {
            Ok(agreed) => {
                self.keep_leg(id, patient);
                self.sip(sip::Command::Answer { leg, sdp: agreed.body.clone() });
                self.open_patient(id, &agreed);
            }
            Err(error) => {
                tracing::debug!(%error, call = %id, "refused with 488");
                self.refuse(leg, 488, None);
                self.end_call(id, Cause::NoCommonMedia, Party::Engine, None);
            }
        }
    }

    /// Opens the patient's stream: from here on it is unbroken.
    fn open_patient(&mut self, id: CallId, agreed: &offer_answer::Agreed) {
        self.counters.answered += 1;
        self.append(id, Event::Answered { codec: agreed.sends.codec });
        let Some(mut leg) = self.calls.get(&id).map(|call| call.patient.clone()) else { return };
        self.open_leg(&mut leg, agreed);
        self.keep_leg(id, leg);
    }

    /// Tells the worker that the party hears of the leg's port before it answers.
    pub(super) fn promise(&mut self, leg: &Leg) {
        let command = Command::Promise { port: leg.port };
        self.outputs.push_back(Output::Media { worker: leg.worker, command });
    }

    /// Tells the worker that nobody answered for the leg's port: who spoke there meanwhile is a stranger to the next.
    pub(super) fn withdraw(&mut self, leg: &Leg) {
        let command = Command::Withdraw { port: leg.port };
        self.outputs.push_back(Output::Media { worker: leg.worker, command });
    }

    /// Tells the worker to own the leg's port from now on.
    pub(super) fn open_leg(&mut self, leg: &mut Leg, agreed: &offer_answer::Agreed) {
        leg.agreed = Some(settled(agreed));
        leg.open = true;
        self.ports.speaks(leg.worker, leg.port, agreed.sends.codec);
        self.watch(leg);
        let patient = self.legs.get(&leg.id).and_then(|id| self.calls.get(id)).map(|call| &call.patient);
        let beside = patient.filter(|patient| patient.id != leg.id && patient.worker == leg.worker);
        let beside = beside.map(|patient| patient.id);
        let command = Command::Open {
            leg: leg.id,
            port: leg.port,
            plan: plan(agreed, leg.local.ip()),
            ssrc: self.rng.next_u32(),
            sequence: self.rng.next_u16(),
            timestamp: self.rng.next_u32(),
            beside,
            seed: self.rng.next_u64(),
            silent_after: self.settings.media_lost,
        };
        self.outputs.push_back(Output::Media { worker: leg.worker, command });
    }

    /// The ACK of our 200: the flow begins. An answer in it settles a delayed offer.
    pub(super) fn on_confirmed(&mut self, leg: LegId, sdp: Option<Vec<u8>>) {
        let Some(&id) = self.legs.get(&leg) else { return };
        if self.on_place_confirmed(id, leg, sdp.as_deref()) {
            return;
        }
        if let Some(sdp) =
            sdp.as_ref().filter(|_| self.leg_of(id, leg).is_some_and(|leg| leg.agreed.is_some()))
        {
            // The ACK of a re-INVITE that asked us to offer.
            self.on_offer_answered(leg, sdp);
        }
        let Some(call) = self.calls.get(&id).filter(|call| call.is_patient(leg)) else { return };
        if call.patient.agreed.is_none() {
            match sdp.map(|sdp| self.read_answer(&call.patient, &sdp)) {
                Some(Ok(agreed)) => self.open_patient(id, &agreed),
                Some(Err(_)) | None => return self.no_agreement(id, leg),
            }
        }
        self.on_heard(id, leg, HeardBy::Ack);
        self.rekey(id);
    }

    /// Our offer has no answer that we could use, and the call stands already: it is hung up.
    fn no_agreement(&mut self, id: CallId, leg: LegId) {
        self.sip(sip::Command::HangUp { leg, reason: Some("SIP;cause=488;text=\"no common media\"") });
        self.end_call(id, Cause::NoCommonMedia, Party::Engine, None);
    }

    /// The patient can hear: the first words start now, not before, so that none of them is clipped.
    pub(super) fn on_heard(&mut self, id: CallId, leg: LegId, by: HeardBy) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.heard || !call.is_patient(leg) || call.ending.is_some() {
            return;
        }
        call.heard = true;
        call.keep_at = Some(self.now.at + KEPT_AFTER);
        let on_hold = call.patient.is_held();
        self.append(id, Event::Heard { by_ack: by == HeardBy::Ack });
        self.run_flow(id, action::Input::Start);
        if on_hold {
            self.tell_flow_of_hold(id, true);
        }
    }

    /// While the patient is on hold the words wait for him, and so does the tone before a message.
    pub(super) fn tell_flow_of_hold(&mut self, id: CallId, on: bool) {
        let again = self.now.at + MESSAGE_OPEN_MAX;
        if let Some(call) = self.calls.get_mut(&id) {
            call.message_until = call.message_until.map(|_| again);
        }
        self.run_flow(id, action::Input::Hold { on });
    }

    /// A re-INVITE: other media, hold, resume (RFC 3264 §8). One without an offer asks for ours.
    pub(super) fn on_reoffer(&mut self, leg: LegId, sdp: Option<Vec<u8>>) {
        let known = self.legs.get(&leg).copied();
        let found = known.and_then(|id| Some((id, self.leg_of(id, leg)?.clone())));
        let Some((id, mut changed)) = found else { return self.refuse_reoffer(leg, 481) };
        let Some(offer) = sdp else {
            let sdp = self.make_offer(&mut changed);
            self.keep_leg(id, changed);
            return self.sip(sip::Command::AnswerReoffer { leg, sdp });
        };
        let Ok(agreed) = self.answer_offer(&mut changed, &offer) else {
            return self.refuse_reoffer(leg, 488);
        };
        self.sip(sip::Command::AnswerReoffer { leg, sdp: agreed.body.clone() });
        if !changed.open {
            // Nothing runs yet: an offer before the answer to the call changes only what we said.
            return self.keep_leg(id, changed);
        }
        self.replan(id, changed, &agreed);
    }

    /// The answer to an offer of ours: within the call, or before we answered it.
    pub(super) fn on_offer_answered(&mut self, leg: LegId, sdp: &[u8]) {
        let Some(&id) = self.legs.get(&leg) else { return };
        let Some(changed) = self.leg_of(id, leg).cloned() else { return };
        match self.read_answer(&changed, sdp) {
            Ok(agreed) if changed.open => self.replan(id, changed, &agreed),
            Ok(agreed) if self.is_asked_again(id, leg) => self.on_resumed(id, changed, &agreed),
            Ok(agreed) => self.open_patient(id, &agreed),
            // What runs goes on as it is.
            Err(_) if changed.open => {}
            Err(_) if self.is_asked_again(id, leg) => self.not_resumed(id, leg),
            Err(_) => self.no_agreement(id, leg),
        }
    }

    /// The leg's stream runs as it is agreed now.
    fn replan(&mut self, id: CallId, mut changed: Leg, agreed: &offer_answer::Agreed) {
        let was_held = changed.is_held();
        changed.agreed = Some(settled(agreed));
        self.ports.speaks(changed.worker, changed.port, agreed.sends.codec);
        let held = changed.is_held();
        self.watch(&mut changed);
        let leg = changed.id;
        let command = Command::Replan { leg, plan: plan(agreed, changed.local.ip()) };
        self.order(changed.worker, leg, Order::Media(command));
        self.keep_leg(id, changed);
        if held != was_held {
            self.tell_of_hold(id, leg, held);
        }
        if held != was_held && self.calls.get(&id).is_some_and(|call| call.is_patient(leg)) {
            self.tell_flow_of_hold(id, held);
        }
        self.turn_beds(id);
        self.turn_ears(id);
        self.turn_keys(id);
        self.await_voice(id);
        if self.calls.get(&id).is_none_or(|call| !call.is_consulted() || call.is_patient(leg)) {
            self.keep_again(id, leg);
        }
        self.rekey(id);
    }

    fn refuse_reoffer(&mut self, leg: LegId, status: u16) {
        self.sip(sip::Command::RefuseReoffer { leg, status });
    }

    /// Puts a changed leg back into its place.
    pub(super) fn keep_leg(&mut self, id: CallId, leg: Leg) {
        if let Some(place) = self.leg_of(id, leg.id) {
            *place = leg;
        }
    }

    /// The leg of that name: the patient's, the person's, a guest's, or that of a person who hands the talk on.
    pub(super) fn leg_of(&mut self, id: CallId, leg: LegId) -> Option<&mut Leg> {
        let call = self.calls.get_mut(&id)?;
        if call.is_patient(leg) {
            return Some(&mut call.patient);
        }
        if call.transferor_leg(leg).is_some() {
            return call.transferor_leg(leg);
        }
        call.called(leg).map(|(leg, _)| leg)
    }

    pub(super) fn refuse(&mut self, leg: LegId, status: u16, retry_after_s: Option<u32>) {
        self.sip(sip::Command::Refuse { leg, status, retry_after_s });
    }

    /// The From user of a call that we place for this patient.
    pub(super) fn presented(caller: Option<&Phi<String>>) -> Phi<String> {
        caller.cloned().unwrap_or_else(|| Phi::new("anonymous".to_owned()))
    }
}

/// A leg that owns a port and has agreed on nothing yet.
pub(super) fn new_leg(id: LegId, owned: Owned, local: SocketAddr, peer: IpAddr) -> Leg {
    let (worker, port): (WorkerIndex, PortIndex) = (owned.worker, owned.port);
    Leg {
        id,
        worker,
        port,
        local,
        peer,
        agreed: None,
        sdp_version: 0,
        told: None,
        open: false,
        ears: Ears::default(),
        keys_go: KeysGo::ToTheOthers,
        keys_through: Instant::START,
        dialog: DialogOf::ThisStart,
        probe_at: None,
        silence: Silence::Untold,
    }
}
