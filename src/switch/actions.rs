//! The flow runs: what it asks for is done here, and what comes of it goes back as its input.

use super::Switch;
use super::keycode::SIGNAL;
use super::lasting::Lasts;
use super::moving::Order;
use super::person::Wanted;
use crate::audio::tone::Signal;
use crate::call::keys::{Teller, Telling};
use crate::call::recording::RecordingKind;
use crate::call::take;
use crate::flow::action::{Action, Fact, Input, Phrases, Spoken, voicing};
use crate::flow::request::Plan;
use crate::flow::request::answer::Answer;
use crate::flow::request::build::Message;
use crate::flow::request::failure::Failure;
use crate::id::{CallId, LegId, PlaybackId, RequestId};
use crate::limits::MESSAGE_OPEN_MAX;
use crate::media::command::{Command, Ears};
use crate::report::event::{Cause, Event, Party};
use crate::sip::interface::InfoKeys;
use crate::switch::interface::{Output, voiced_in};
use crate::wire::telephone_event::Key;
use std::sync::Arc;

/// The playing of the tone before a message: never one of the flow's own.
pub(super) const TONE: PlaybackId = PlaybackId(u64::MAX);

/// What a voice said in a call has a name among all calls.
fn of_call(id: CallId, spoken: Spoken) -> Spoken {
    match voicing(&spoken.prompt) {
        Some(voicing) => Spoken { prompt: voiced_in(id, voicing), ..spoken },
        None => spoken,
    }
}

impl Switch {
    /// Tells the flow, then does all that it asks for.
    pub(super) fn run_flow(&mut self, id: CallId, input: Input) {
        let now = self.now.at;
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.heard && call.ending.is_none()) else {
            return;
        };
        call.run.handle(now, input);
        while let Some(action) = self.calls.get_mut(&id).and_then(|call| call.run.poll_action()) {
            self.act(id, action);
        }
        self.turn_ears(id);
        self.turn_beds(id);
    }

    /// The worker listens to the patient's sound for what matters now: for keys only where they do not come as
    /// events (RFC 4733). It is told of changes alone.
    pub(super) fn turn_ears(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.heard && call.patient.open) else {
            return;
        };
        let by_event = call.patient.agreed.is_none_or(|agreed| agreed.key_events);
        let wished = call.run.ears();
        let ears = Ears { keys: wished.keys && !by_event, fax: wished.fax };
        if std::mem::replace(&mut call.patient.ears, ears) != ears {
            self.tell_patient(id, |leg| Command::Listen { leg, ears });
        }
    }

    /// A fax machine speaks: what it says is no silence of a patient.
    pub(super) fn on_fax(&mut self, id: CallId, leg: LegId) {
        if self.calls.get(&id).is_some_and(|call| call.is_patient(leg)) {
            self.run_flow(id, Input::Fax);
        }
    }

    fn act(&mut self, id: CallId, action: Action) {
        match action {
            Action::Play { playback, prompts } => self.speak(id, playback, prompts),
            Action::Voice { voicing, text, language } => {
                if let Some(call) = self.calls.get_mut(&id) {
                    call.voiced = true;
                    self.outputs.push_back(Output::Voice { call: id, voicing, text, language });
                }
            }
            Action::StopPlaying => self.tell_patient(id, |leg| Command::Stop { leg }),
            Action::StartRecording => self.start_recording(id, RecordingKind::Call),
            Action::StopRecording => self.stop_recording(id),
            Action::Connect { target, ring, urgency, aid } => {
                self.call_person(id, Wanted { target, ring, urgency, aid });
            }
            Action::Hurry => self.hurry(id),
            Action::TakeMessage => self.take_message(id),
            Action::FinishMessage => self.finish_message(id),
            Action::Request { request, plan, message } => self.ask_server(id, request, plan, message),
            Action::ByPhone(order) => self.by_phone(id, order),
            Action::LetGo { request } => self.let_go(id, request),
            Action::Tell(fact) => self.tell_log(id, fact),
            Action::End { exit } => self.end_call(id, Cause::Normal, Party::Flow, Some(exit)),
            Action::Stopped => self.end_call(id, Cause::Draining, Party::Engine, None),
        }
    }

    fn speak(&mut self, id: CallId, playback: PlaybackId, prompts: Phrases) {
        let Some(call) = self.calls.get(&id) else { return };
        let (leg, edition) = (&call.patient, call.run.edition());
        let Some(codec) = leg.codec() else { return };
        let (worker, leg) = (leg.worker, leg.id);
        self.counters.playings += 1;
        let prompts = prompts.into_iter().map(|spoken| of_call(id, spoken)).collect();
        self.order(worker, leg, Order::Speak { playback, edition, prompts, codec });
    }

    /// Plays the tone after which a message is recorded.
    pub(super) fn play_tone(&mut self, id: CallId) {
        let Some(leg) = self.calls.get(&id).map(|call| &call.patient) else { return };
        let Some(codec) = leg.codec() else { return };
        let (worker, leg) = (leg.worker, leg.id);
        self.order(worker, leg, Order::Tone { playback: TONE, signal: Signal::YourTurn, codec });
    }

    /// Tells the worker of the patient's leg.
    pub(super) fn tell_patient(&mut self, id: CallId, command: impl FnOnce(LegId) -> Command) {
        let Some(leg) = self.calls.get(&id).map(|call| &call.patient).filter(|leg| leg.open) else { return };
        let (worker, leg) = (leg.worker, leg.id);
        self.order(worker, leg, Order::Media(command(leg)));
    }

    fn ask_server(&mut self, id: CallId, request: RequestId, plan: Arc<Plan>, message: Message) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.request = Some(request);
        }
        self.outputs.push_back(Output::Request { call: id, request, plan, message });
    }

    fn let_go(&mut self, id: CallId, request: RequestId) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.request = None;
        }
        self.outputs.push_back(Output::LetGo { call: id, request });
    }

    /// The edge has asked: what came of it, for a call that may be over.
    pub(super) fn on_answered(&mut self, id: CallId, request: RequestId, answer: Result<Answer, Failure>) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.request.take_if(|asked| *asked == request);
        self.run_flow(id, Input::Answered { request, answer });
        self.rekey(id);
    }

    /// Nobody waits for an answer in a call that is over.
    pub(super) fn forget_request(&mut self, id: CallId) {
        let request = self.calls.get_mut(&id).and_then(|call| call.request.take());
        if let Some(request) = request {
            self.outputs.push_back(Output::LetGo { call: id, request });
        }
    }

    fn tell_log(&mut self, id: CallId, fact: Fact) {
        match fact {
            Fact::LadderRung { .. } => self.counters.ladder_rungs += 1,
            Fact::Fault { .. } => self.counters.flow_faults += 1,
            Fact::Missed { .. } => self.counters.missed += 1,
            Fact::Requested { .. } => self.counters.requests += 1,
            Fact::StepEntered { .. }
            | Fact::Chosen { .. }
            | Fact::LanguageChosen(_)
            | Fact::NoticeGiven
            | Fact::NoticeCut
            | Fact::FaxHeard
            | Fact::Closed { .. }
            | Fact::ByPhone(_)
            | Fact::NotConnected
            | Fact::RecordingRefused
            | Fact::Promised { .. } => {}
        }
        self.append(id, Event::Flow(fact));
    }

    /// A key of the patient goes to the flow, one of a supervisor is an order, one of a person may begin a code
    /// (`keycode.rs`).
    pub(super) fn on_key(&mut self, id: CallId, leg: LegId, key: Key, teller: Teller) {
        if self.was_told(id, leg, key, teller) {
            return;
        }
        self.counters.keys += 1;
        if self.calls.get_mut(&id).is_some_and(|call| call.person_at(leg).is_some()) {
            return self.on_person_key(id, leg, key, teller);
        }
        self.pass_told(id, leg, key, teller);
        if self.calls.get(&id).is_some_and(|call| call.is_patient(leg)) {
            return self.run_flow(id, Input::Key(key));
        }
        self.on_guest_key(id, leg, key);
    }

    /// Whether the press came in the other way before.
    fn was_told(&mut self, id: CallId, leg: LegId, key: Key, teller: Teller) -> bool {
        let now = self.now.at;
        let presses = self.calls.get_mut(&id).and_then(|call| call.presses_of(leg));
        presses.is_some_and(|presses| presses.take(now, key, teller) == Telling::Again)
    }

    /// A key in an INFO counts where the party agreed on no RTP events; and of patient and person, whose presses are paired,
    /// in any case, if that is wished: who sends a press in both ways sends it late in one of them at times.
    pub(super) fn on_info(&mut self, leg: LegId, key: Key) {
        let Some(&id) = self.legs.get(&leg) else { return };
        let by_event = self.leg_of(id, leg).and_then(|leg| leg.agreed).is_none_or(|agreed| agreed.key_events);
        let is_paired = self.calls.get_mut(&id).is_some_and(|call| call.presses_of(leg).is_some());
        let counts = match self.settings.sip.info_keys {
            InfoKeys::Told => !by_event,
            InfoKeys::Paired => !by_event || is_paired,
            InfoKeys::Ignored => false,
        };
        if counts {
            self.on_key(id, leg, key, Teller::Info);
            self.rekey(id);
        }
    }

    pub(super) fn on_playback_ended(
        &mut self,
        id: CallId,
        leg: LegId,
        playback: PlaybackId,
        completed: bool,
    ) {
        if !self.calls.get(&id).is_some_and(|call| call.is_patient(leg)) {
            return self.on_notice_ended(id, leg, completed);
        }
        if playback == SIGNAL {
            return;
        }
        if playback == TONE {
            return self.order_take(id, take::Input::ToneEnded);
        }
        self.run_flow(id, Input::PlaybackEnded { playback, completed });
    }

    /// A deadline of this call has come: which one, the state says.
    pub(super) fn on_call_timeout(&mut self, id: CallId) {
        let now = self.now.at;
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.ending.as_ref().is_some_and(|ending| ending.until <= now) {
            return self.finish_call(id);
        }
        if call.length.due() <= now && self.on_length_due(id) == Lasts::NoLonger {
            return;
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.message_until.is_some_and(|until| until <= now) {
            // The tone waits for a patient who is on hold.
            let is_held = call.patient.is_held();
            call.message_until = is_held.then_some(now + MESSAGE_OPEN_MAX);
            if !is_held {
                self.give_up_message(id);
            }
        }
        if self
            .calls
            .get(&id)
            .and_then(|call| call.person.as_ref()?.ring_until)
            .is_some_and(|until| until <= now)
        {
            self.give_up_person(id);
        }
        self.keep_when_due(id);
        self.give_up_guests(id);
        self.dial_on(id);
        self.press_when_due(id);
        self.end_unheard(id);
        self.read_on_when_due(id);
        self.probe_again(id);
        let flow_due = self.calls.get(&id).and_then(|call| call.run.poll_timeout());
        if flow_due.is_some_and(|due| due.at <= now) {
            self.run_flow(id, Input::Timeout);
        }
    }
}
