//! Guests of a talk: supervisors who listen in, whisper or barge in, and third parties such as an interpreter.
//!
//! ```text
//!  asked for ─▶ Rings ──answer──▶ In ──hangs up, told to leave──▶ gone
//!                 │       ├─▶ HearsNotice ─▶ In      a third party, while the call is recorded
//!                 │       └─▶ Dials ───────▶ In      an interpreter, while keys are pressed (`interpreters.rs`)
//!                 └─ silent, busy, the talk is over ─▶ not reached
//! ```
//! There are guests only while somebody talks with the patient. Their comings and goings change nothing for the others,
//! but that each hears whom he may (`hearing.rs`, `talk.rs`). When the last one who talked with the patient is gone, the
//! others go too, and the flow leads the patient on.
//!
//! A third party is told of the recording before he hears or is heard. If he wants none, or did not hear all of that, the
//! recording is silent while he is in (`talk.rs`), and so it is for who is marked as never recorded. A supervisor is
//! staff, and knows.

use super::Switch;
use super::call::{Call, Person};
use super::hearing::Place;
use super::incoming::new_leg;
use super::interface::{GuestAct, GuestDone, GuestOrder, GuestRefusal, Output};
use super::interpreters::{Interprets, Recorded};
use super::moving::Order;
use super::person::{STATUS_NO_PORT, STATUS_RANG_OUT, STATUS_STOPPING};
use crate::call::leg::Leg;
use crate::call::recording::RecordingKind;
use crate::clock::Instant;
use crate::flow::action::{ConnectEnd, Input, Urgency};
use crate::id::{AskId, CallId, LegId, PlaybackId};
use crate::limits::{GUEST_RING, GUESTS_MAX, ROOMS_MAX};
use crate::media::command::{Command, Ears};
use crate::report::event::{Event, GuestMode};
use crate::sip::interface as sip;
use crate::wire::telephone_event::Key;

/// The playing of the notice to a guest: never one of the flow's own.
pub(super) const NOTICE: PlaybackId = PlaybackId(u64::MAX - 1);
/// The final status that the record gives to a vendor who hung up in his menu: temporarily unavailable.
const STATUS_GONE: u16 = 480;
/// The final status that the record gives to who was still called when the talk was over: request terminated.
const STATUS_TALK_OVER: u16 = 487;

/// Somebody in a talk besides patient and person.
pub struct Guest {
    /// His leg.
    pub leg: Leg,
    /// The address that is called.
    pub target: String,
    /// What he hears, and who him.
    pub mode: GuestMode,
    /// How far he is.
    pub stage: Stage,
    /// What he interprets, if that is what he is called for.
    pub(super) interprets: Option<Interprets>,
    /// Whether he is recorded with the others.
    kept: Consent,
    /// Who waits for word of him.
    asked: Option<AskId>,
}

/// A guest who is to be called.
pub(super) struct Called {
    target: String,
    mode: GuestMode,
    interprets: Option<Interprets>,
    ring_until: Instant,
    asked: Option<AskId>,
}

impl Called {
    /// A vendor of interpreters.
    pub fn vendor(target: String, interprets: Interprets, ring_until: Instant, asked: Option<AskId>) -> Self {
        Self { target, mode: GuestMode::Third, interprets: Some(interprets), ring_until, asked }
    }
}

/// How far a guest is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// His phone rings, until then.
    Rings(Instant),
    /// He hears that the call is recorded.
    HearsNotice,
    /// His line's menu hears keys: the next ones then, or he is in.
    Dials(Instant),
    /// He is in the talk.
    In,
}

/// Whether a guest is recorded with the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Consent {
    /// He is, if anybody is.
    Given,
    /// The recording is silent while he is in.
    Refused,
}

impl Guest {
    /// Until when he may ring.
    pub fn ring_until(&self) -> Option<Instant> {
        match self.stage {
            Stage::Rings(until) => Some(until),
            Stage::HearsNotice | Stage::Dials(_) | Stage::In => None,
        }
    }

    /// When something is to be done for him.
    pub fn due(&self) -> Option<Instant> {
        match self.stage {
            Stage::Rings(at) | Stage::Dials(at) => Some(at),
            Stage::HearsNotice | Stage::In => None,
        }
    }

    /// He is in, and not recorded.
    pub fn is_unrecorded(&self) -> bool {
        self.stage == Stage::In && self.kept == Consent::Refused
    }

    /// He goes by this name: his address, the user in it, or the vendor he is called of.
    fn is_called(&self, name: &str) -> bool {
        let user = self.target.split_once(':').and_then(|(_, rest)| rest.split_once('@'));
        let vendor = self.interprets.as_ref().is_some_and(|its| its.name == name);
        vendor || self.target.eq_ignore_ascii_case(name) || user.is_some_and(|(user, _)| user == name)
    }

    /// Whether the sound of his phone is listened to for keys, where they do not come as events.
    fn ears(&self) -> Ears {
        let by_event = self.leg.agreed.is_none_or(|agreed| agreed.key_events);
        let wanted = self.stage == Stage::HearsNotice || self.mode.supervises();
        Ears { keys: wanted && !by_event, fax: false }
    }
}

impl Call {
    /// Those who are in the talk: who has called us first, then who was called, then the guests.
    pub fn talking(&self) -> Vec<(Place, LegId)> {
        let (caller, called) = match self.run.placed().filter(|_| self.turned.is_none()) {
            None => (Place::Patient, Place::Person),
            Some(_) => (Place::Person, Place::Patient),
        };
        let person = self.person_with_patient().map(|person| (called, person.leg.id));
        let guests = self.guests.iter().filter(|guest| guest.stage == Stage::In);
        let guests = guests.map(|guest| (Place::Guest(guest.mode), guest.leg.id));
        std::iter::once((caller, self.patient.id)).chain(person).chain(guests).collect()
    }

    /// Those who are in the talk with who has called us.
    pub fn with_patient(&self) -> impl Iterator<Item = (Place, LegId)> {
        self.talking().into_iter().skip(1)
    }

    /// Somebody talks with the patient.
    pub fn patient_talks(&self) -> bool {
        self.with_patient().any(|(place, _)| place.talks())
    }

    /// Whether somebody may be in this talk in that way, or come into it. Who sends help hears nobody but who has called
    /// for it.
    pub(super) fn may_have(&self, id: CallId, mode: GuestMode) -> Result<(), GuestRefusal> {
        if self.run.is_emergency() && mode.talks_with_patient() {
            return Err(GuestRefusal::CallsForHelp(id));
        }
        Ok(())
    }

    /// All who talk with the patient have put him on hold.
    pub fn patient_is_held(&self) -> bool {
        let person = self.person_with_patient().map(|person| &person.leg);
        let guests = self.guests.iter().filter(|guest| guest.stage == Stage::In);
        let guests = guests.filter(|guest| guest.mode.talks_with_patient()).map(|guest| &guest.leg);
        let mut voices = person.into_iter().chain(guests).peekable();
        voices.peek().is_some() && voices.all(Leg::is_held)
    }

    /// Whether one more guest may come, while so many talks have guests.
    pub(super) fn has_place_for_guest(&self, rooms: usize) -> Result<(), GuestRefusal> {
        let is_full = self.guests.len() >= GUESTS_MAX || rooms >= ROOMS_MAX;
        if is_full { Err(GuestRefusal::TooMany) } else { Ok(()) }
    }

    /// The guest of this leg.
    pub fn guest(&mut self, leg: LegId) -> Option<&mut Guest> {
        self.guests.iter_mut().find(|guest| guest.leg.id == leg)
    }

    /// A leg that we called, and whom: the person's or a guest's.
    pub fn called(&mut self, leg: LegId) -> Option<(&mut Leg, &str)> {
        let person = self.person.as_mut().map(|Person { leg, target, .. }| (leg, target.as_str()));
        let guests = self.guests.iter_mut().map(|Guest { leg, target, .. }| (leg, target.as_str()));
        person.into_iter().chain(guests).find(|(its, _)| its.id == leg)
    }
}

/// Who waits for word of somebody who is not reached, his address, and what he was to interpret.
type NotReached = (Option<AskId>, String, Option<Interprets>);

impl Switch {
    /// Somebody of the clinic asks for a guest, or wants one to leave. The answer comes at once, or with what comes of
    /// the call to him.
    pub(super) fn on_guest_order(&mut self, ask: AskId, order: GuestOrder) {
        let id = order.call;
        let answer = match order.act {
            GuestAct::Come { target, mode } => self.ask_for_guest(ask, id, target, mode).transpose(),
            GuestAct::Interpret { language } => {
                self.ask_for_interpreter(Some(ask), id, language).err().map(Err)
            }
            GuestAct::Leave { name } => Some(self.send_away(id, &name)),
            GuestAct::HandOn { target } => self.hand_on(ask, id, &target).err().map(Err),
        };
        if let Some(answer) = answer {
            self.outputs.push_back(Output::GuestAnswer { ask, answer });
        }
        self.rekey(id);
    }

    /// `None`: he is called now, and what comes of it is told later.
    fn ask_for_guest(
        &mut self,
        ask: AskId,
        id: CallId,
        target: String,
        mode: GuestMode,
    ) -> Result<Option<GuestDone>, GuestRefusal> {
        let rooms = self.rooms_in_use();
        let call = self.calls.get_mut(&id).filter(|call| call.ending.is_none());
        let call = call.ok_or(GuestRefusal::NoCall(id))?;
        if !call.patient_talks() {
            return Err(GuestRefusal::NobodyTalks(id));
        }
        call.may_have(id, mode)?;
        if let Some(known) = call.guests.iter().find(|guest| guest.is_called(&target)) {
            let leg = known.leg.id;
            if known.stage != Stage::In || !(known.mode.supervises() && mode.supervises()) {
                return Err(GuestRefusal::IsThere(target));
            }
            self.change_guest(id, leg, mode);
            return Ok(Some(GuestDone::Changed(mode)));
        }
        let is_named = self.sip.is_user(&target) || self.flows.current.called().any(|named| named == target);
        if !is_named {
            return Err(GuestRefusal::NotOurs(target));
        }
        call.has_place_for_guest(rooms)?;
        let ring_until = self.now.at + GUEST_RING;
        self.call_guest(id, Called { target, mode, interprets: None, ring_until, asked: Some(ask) });
        Ok(None)
    }

    /// Talks that have guests.
    pub(super) fn rooms_in_use(&self) -> usize {
        self.calls.values().filter(|call| !call.guests.is_empty()).count()
    }

    pub(super) fn call_guest(&mut self, id: CallId, called: Called) {
        let Called { target, mode, interprets, ring_until, asked } = called;
        let leg = self.sip.reserve_leg();
        self.append(id, Event::GuestCalled { leg, target: target.clone(), mode });
        if let Some(its) = &interprets {
            self.append(id, its.told(leg));
        }
        // While the engine stops only those come who help a caller in danger.
        let urgency = if mode == GuestMode::Third { self.urgency_of(id) } else { Urgency::Usual };
        let port = if self.may_call_person(urgency) { Ok(()) } else { Err(STATUS_STOPPING) };
        let port = port.and_then(|()| self.toll(&target, urgency));
        let port = port.and_then(|()| self.port_beside_talk(id).ok_or(STATUS_NO_PORT));
        let Some(call) = self.calls.get_mut(&id) else { return };
        let owned = match port {
            Ok(owned) => owned,
            Err(status) => return self.guest_not_reached(id, leg, status, (asked, target, interprets)),
        };
        let until = ring_until.min(self.now.at + self.settings.ring);
        call.guests.push(Guest {
            leg: new_leg(leg, owned, call.local, call.patient.peer),
            target: target.clone(),
            mode,
            stage: Stage::Rings(until),
            interprets,
            kept: Consent::Given,
            asked,
        });
        self.legs.insert(leg, id);
        self.sip(sip::Command::Locate { leg, target });
    }

    /// He answered: he is in, or hears first that the call is recorded, or his line's menu hears keys.
    pub(super) fn on_guest_answered(&mut self, id: CallId, leg: LegId) {
        if self.dial_menu(id, leg) {
            return;
        }
        let guest = self.calls.get_mut(&id).and_then(|call| call.guest(leg));
        if guest.is_some_and(|guest| guest.interprets.is_some()) {
            return self.let_vendor_in(id, leg);
        }
        let target =
            self.calls.get_mut(&id).and_then(|call| call.guest(leg)).map(|guest| guest.target.clone());
        if target.is_some_and(|target| self.is_unrecorded(&target)) {
            return self.let_guest_in(id, leg, Consent::Refused);
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        let is_recorded = call.recording.as_ref().is_some_and(|it| it.kind == RecordingKind::Call);
        let Some(guest) = call.guest(leg) else { return };
        if guest.mode.supervises() || !is_recorded {
            return self.let_guest_in(id, leg, Consent::Given);
        }
        guest.stage = Stage::HearsNotice;
        let (worker, codec) = (guest.leg.worker, guest.leg.codec());
        let (edition, prompts) = (call.run.edition(), call.run.recording_notice());
        self.turn_guests_ears(id, leg);
        if let Some(codec) = codec {
            self.counters.playings += 1;
            self.order(worker, leg, Order::Speak { playback: NOTICE, edition, prompts, codec });
        }
    }

    /// The notice is over, or was cut: he is in, and recorded only if he heard all of it.
    pub(super) fn on_notice_ended(&mut self, id: CallId, leg: LegId, completed: bool) {
        let guest = self.calls.get_mut(&id).and_then(|call| call.guest(leg));
        if guest.is_some_and(|guest| guest.stage == Stage::HearsNotice) {
            self.let_guest_in(id, leg, if completed { Consent::Given } else { Consent::Refused });
        }
    }

    /// A vendor is in: whether its interpreters are recorded is agreed on with it beforehand.
    pub(super) fn let_vendor_in(&mut self, id: CallId, leg: LegId) {
        self.wait_no_longer(id);
        let its = self.calls.get_mut(&id).and_then(|call| call.guest(leg)?.interprets.clone());
        let recorded = its.map_or(Recorded::Never, |its| self.vendor_is_recorded(&its));
        self.let_guest_in(
            id,
            leg,
            match recorded {
                Recorded::WithTheCall => Consent::Given,
                Recorded::Never => Consent::Refused,
            },
        );
    }

    fn let_guest_in(&mut self, id: CallId, leg: LegId, kept: Consent) {
        let Some(guest) = self.calls.get_mut(&id).and_then(|call| call.guest(leg)) else { return };
        (guest.stage, guest.kept) = (Stage::In, kept);
        let (mode, asked) = (guest.mode, guest.asked.take());
        self.counters.guests_joined += 1;
        self.append(id, Event::GuestJoined { leg, mode });
        self.turn_guests_ears(id, leg);
        self.let_hear(id);
        self.turn_beds(id);
        self.answer_guest(asked, Ok(GuestDone::Joined(mode)));
    }

    /// A supervisor goes on in another way, if he may.
    fn change_guest(&mut self, id: CallId, leg: LegId, mode: GuestMode) {
        let call = self.calls.get_mut(&id).filter(|call| call.may_have(id, mode).is_ok());
        let Some(guest) = call.and_then(|call| call.guest(leg)) else { return };
        if std::mem::replace(&mut guest.mode, mode) == mode {
            return;
        }
        self.counters.guest_changes += 1;
        self.append(id, Event::GuestChanged { leg, mode });
        self.let_hear(id);
        self.turn_beds(id);
        self.lead_on_if_alone(id);
    }

    /// A key of a guest: an order of a supervisor, or of who wants no recording.
    pub(super) fn on_guest_key(&mut self, id: CallId, leg: LegId, key: Key) {
        let Some(guest) = self.calls.get_mut(&id).and_then(|call| call.guest(leg)) else { return };
        let mode = match key {
            Key::Digit(4) => GuestMode::Listen,
            Key::Digit(5) => GuestMode::Whisper,
            Key::Digit(6) => GuestMode::Barge,
            Key::Digit(7) if guest.stage == Stage::HearsNotice => {
                let (worker, command) = (guest.leg.worker, Command::Stop { leg });
                self.order(worker, leg, Order::Media(command));
                return self.let_guest_in(id, leg, Consent::Refused);
            }
            _ => return,
        };
        if guest.stage == Stage::In && guest.mode.supervises() {
            self.change_guest(id, leg, mode);
        }
    }

    fn turn_guests_ears(&mut self, id: CallId, leg: LegId) {
        let Some(guest) = self.calls.get_mut(&id).and_then(|call| call.guest(leg)) else { return };
        let ears = guest.ears();
        let worker = guest.leg.worker;
        if std::mem::replace(&mut guest.leg.ears, ears) != ears {
            self.order(worker, leg, Order::Media(Command::Listen { leg, ears }));
        }
    }

    fn send_away(&mut self, id: CallId, name: &str) -> Result<GuestDone, GuestRefusal> {
        let call = self.calls.get(&id).filter(|call| call.ending.is_none());
        let call = call.ok_or(GuestRefusal::NoCall(id))?;
        let known = call.guests.iter().find(|guest| guest.is_called(name)).map(|guest| guest.leg.id);
        let leg = known.ok_or_else(|| GuestRefusal::IsNotThere(name.to_owned()))?;
        self.sip(sip::Command::HangUp { leg, reason: None });
        self.drop_guest(id, leg, STATUS_TALK_OVER);
        self.lead_on_if_alone(id);
        Ok(GuestDone::Left)
    }

    /// The call to him came to nothing, or he rang long enough.
    pub(super) fn on_guest_failed(&mut self, id: CallId, leg: LegId, status: u16) {
        self.drop_guest(id, leg, status);
    }

    /// He hung up, or is gone.
    pub(super) fn guest_left(&mut self, id: CallId, leg: LegId) {
        let dials = self.calls.get_mut(&id).and_then(|call| call.guest(leg));
        let dials = dials.is_some_and(|guest| matches!(guest.stage, Stage::Dials(_)));
        self.drop_guest(id, leg, if dials { STATUS_GONE } else { STATUS_TALK_OVER });
        self.lead_on_if_alone(id);
    }

    /// Those who rang long enough are called no longer.
    pub(super) fn give_up_guests(&mut self, id: CallId) {
        let now = self.now.at;
        let Some(call) = self.calls.get(&id) else { return };
        let late = call.guests.iter().filter(|guest| guest.ring_until().is_some_and(|until| until <= now));
        let late: Vec<LegId> = late.map(|guest| guest.leg.id).collect();
        for leg in late {
            self.sip(sip::Command::HangUp { leg, reason: None });
            self.on_guest_failed(id, leg, STATUS_RANG_OUT);
        }
    }

    /// Nobody talks with the patient any more: who else is there has nothing left to hear, and the flow leads him on, unless
    /// he is being handed to somebody.
    pub(super) fn lead_on_if_alone(&mut self, id: CallId) {
        self.lead_on(id, ConnectEnd::FarHungUp);
    }

    /// The same, after this end of the talk.
    pub(super) fn lead_on(&mut self, id: CallId, end: ConnectEnd) {
        let is_not_alone = |call: &Call| {
            let waits = call.person.as_ref().is_some_and(Person::waits);
            call.ending.is_some() || call.patient_talks() || waits
        };
        if self.calls.get(&id).is_none_or(|call| is_not_alone(call)) {
            return;
        }
        self.end_guests(id, None);
        if self.calls.get(&id).is_some_and(|call| call.transfer.is_none()) {
            self.run_flow(id, Input::ConnectEnded(end));
        }
    }

    /// All guests leave.
    pub(super) fn end_guests(&mut self, id: CallId, reason: Option<&'static str>) {
        let Some(call) = self.calls.get(&id) else { return };
        let legs: Vec<LegId> = call.guests.iter().map(|guest| guest.leg.id).collect();
        for leg in legs {
            self.sip(sip::Command::HangUp { leg, reason });
            self.drop_guest(id, leg, STATUS_TALK_OVER);
        }
    }

    /// He is out, and the others hear each other without him. `status` is what the record gives to who never was in.
    fn drop_guest(&mut self, id: CallId, leg: LegId, status: u16) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(place) = call.guests.iter().position(|guest| guest.leg.id == leg) else { return };
        let Guest { leg: its, target, stage, interprets, asked, .. } = call.guests.remove(place);
        let goes_on = call.ending.is_none();
        self.let_hear(id);
        self.close_leg(id, its);
        if goes_on {
            self.turn_beds(id);
        }
        match stage {
            Stage::In => _ = self.append(id, Event::GuestLeft { leg }),
            Stage::Rings(_) | Stage::HearsNotice | Stage::Dials(_) => {
                self.guest_not_reached(id, leg, status, (asked, target, interprets));
            }
        }
    }

    fn guest_not_reached(&mut self, id: CallId, leg: LegId, status: u16, of: NotReached) {
        let (mut asked, target, interprets) = of;
        self.counters.guests_not_reached += 1;
        self.append(id, Event::GuestNotReached { leg, status });
        if let Some(its) = interprets {
            let is_tried = status != STATUS_TALK_OVER && self.may_call_person(self.urgency_of(id));
            match if is_tried { self.after_vendor(id, &its, asked) } else { Some(asked) } {
                Some(answered) => asked = answered,
                None => return,
            }
            self.wait_no_longer(id);
        }
        let refusal = match status {
            STATUS_STOPPING if self.stopping.is_some() => GuestRefusal::Stopping,
            STATUS_TALK_OVER => GuestRefusal::TalkOver(target),
            status => GuestRefusal::NotReached { target, status },
        };
        self.answer_guest(asked, Err(refusal));
    }

    pub(super) fn answer_guest(&mut self, asked: Option<AskId>, answer: Result<GuestDone, GuestRefusal>) {
        if let Some(ask) = asked {
            self.outputs.push_back(Output::GuestAnswer { ask, answer });
        }
    }
}
