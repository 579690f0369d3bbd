//! Interpreters: the vendor of a language is called into the talk as a third party, and let in once the keys of its menu
//! are pressed.
//!
//! ```text
//!  asked for ─▶ first vendor ──answer──▶ Dials ─ 2 s ─▶ PIN ─ 2 s ─▶ key of the language ─▶ In
//!                  └─ busy, silent ─▶ the next vendor of the language ─▶ … ─▶ none: the talk goes on without
//! ```
//! While he dials nobody hears him: what his menu asks for is for no ears. The keys go out as events (RFC 4733), which are
//! no sound: no recording holds them, and the log tells that a PIN was sent, never which.

use super::Switch;
use super::call::Person;
use super::guests::{Called, Stage};
use super::interface::GuestRefusal;
use super::moving::Order;
use crate::clock::Instant;
use crate::flow::action::Urgency;
use crate::id::{AskId, CallId, Language, LegId};
use crate::limits::{GUEST_RING, INTERPRETER_WAIT_MAX, KEY_PRESSED, KEY_SENT_PAUSE, MENU_PAUSE};
use crate::media::command::{Audible, Command};
use crate::phi::Phi;
use crate::report::event::{Event, GuestMode, Pressed};
use crate::sip::interface as sip;
use crate::wire::telephone_event::Key;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Who may be called into talks by name alone, and who is never recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Vendors of interpreters, in the order in which they are tried.
    pub vendors: Vec<Vendor>,
    /// Addresses of users who are never recorded, such as `sip:ines@clinic.example`.
    pub unrecorded: Vec<String>,
}

/// A vendor of interpreters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vendor {
    /// Its name in the records.
    pub name: String,
    /// The address that is called.
    pub target: String,
    /// The languages that it has interpreters for.
    pub languages: Vec<Language>,
    /// What its menu asks for first.
    pub pin: Option<Phi<Vec<Key>>>,
    /// What its menu asks for next, by language.
    pub keys: BTreeMap<Language, Vec<Key>>,
    /// Whether its interpreters are recorded with the others.
    pub recorded: Recorded,
}

/// Whether somebody may be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// With the others, if the call is.
    WithTheCall,
    /// Never: while he is in a talk its recording is silent.
    Never,
}

/// What a guest is called for who interprets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Interprets {
    /// From which language.
    language: Language,
    /// The place of his vendor among all.
    vendor: usize,
    /// Its name.
    pub name: String,
    /// Until when he, or another vendor, is to be in.
    until: Instant,
    /// Keys that are still to be pressed for its menu.
    dials: VecDeque<(Pressed, Phi<Vec<Key>>)>,
}

impl Vendor {
    /// How long its menu takes from the answer until its interpreter may be heard.
    pub fn menu_takes(&self, language: &Language) -> Duration {
        let pin = self.pin.as_ref().map(|pin| pin.expose().len());
        let questions = pin.into_iter().chain(self.keys.get(language).map(Vec::len));
        let asked: Duration = questions.map(|keys| pressing(keys) + MENU_PAUSE).sum();
        if asked.is_zero() { asked } else { MENU_PAUSE + asked }
    }
}

/// How long it takes to press so many keys.
fn pressing(keys: usize) -> Duration {
    (KEY_PRESSED + KEY_SENT_PAUSE).saturating_mul(u32::try_from(keys).unwrap_or(u32::MAX))
}

impl Switch {
    /// Calls the first vendor of the language into the talk.
    pub(super) fn ask_for_interpreter(
        &mut self,
        ask: Option<AskId>,
        id: CallId,
        language: Language,
    ) -> Result<(), GuestRefusal> {
        let rooms = self.rooms_in_use();
        let call = self.calls.get(&id).filter(|call| call.ending.is_none());
        let call = call.ok_or(GuestRefusal::NoCall(id))?;
        if !call.patient_talks() {
            return Err(GuestRefusal::NobodyTalks(id));
        }
        call.may_have(id, GuestMode::Third)?;
        call.has_place_for_guest(rooms)?;
        let is_there = call.guests.iter().filter_map(|guest| guest.interprets.as_ref());
        if let Some(its) = is_there.into_iter().find(|its| its.language == language) {
            return Err(GuestRefusal::IsThere(its.name.clone()));
        }
        let until = self.now.at + INTERPRETER_WAIT_MAX;
        let first = self.vendor_after(0, &language, until);
        let vendor = first.ok_or_else(|| GuestRefusal::NoInterpreter(language.clone()))?;
        self.call_vendor(id, ask, vendor, language, until);
        Ok(())
    }

    /// The person answered: whether patient and person wait for an interpreter now. Who is in danger gets the person at
    /// once, and the interpreter when he is there.
    pub(super) fn wait_for_interpreter(&mut self, id: CallId) -> bool {
        let person = self.calls.get(&id).and_then(|call| call.person.as_ref());
        let Some(language) = person.and_then(|person| person.interpreter.clone()) else { return false };
        let rooms = self.rooms_in_use();
        let has_place = self.calls.get(&id).is_some_and(|call| call.has_place_for_guest(rooms).is_ok());
        let until = self.now.at + INTERPRETER_WAIT_MAX;
        let Some(vendor) = self.vendor_after(0, &language, until).filter(|_| has_place) else {
            self.no_interpreter(id, language);
            self.forget_interpreter(id);
            return false;
        };
        self.call_vendor(id, None, vendor, language, until);
        // Where no port was left for any vendor, nobody waits any more.
        self.calls.get(&id).and_then(|call| call.person.as_ref()).is_some_and(Person::waits)
    }

    /// The caller is in danger now: who has answered, or will, talks with him at once.
    pub(super) fn hurry(&mut self, id: CallId) {
        if let Some(person) = self.calls.get_mut(&id).and_then(|call| call.person.as_mut()) {
            person.urgency = Urgency::Danger;
        }
        self.wait_no_longer(id);
    }

    fn forget_interpreter(&mut self, id: CallId) {
        if let Some(person) = self.calls.get_mut(&id).and_then(|call| call.person.as_mut()) {
            person.interpreter = None;
        }
    }

    /// Patient and person talk with each other, whether the interpreter is there or not.
    pub(super) fn wait_no_longer(&mut self, id: CallId) {
        let person = self.calls.get_mut(&id).and_then(|call| call.person.as_mut());
        let Some(person) = person.filter(|person| person.waits()) else { return };
        person.interpreter = None;
        let (leg, holds) = (person.leg.id, person.leg.is_held());
        self.begin_talk(id, leg, holds);
    }

    /// The next vendor of the language from that place on whose menu could be through before `until`.
    fn vendor_after(&self, place: usize, language: &Language, until: Instant) -> Option<usize> {
        let now = self.now.at;
        let in_time = |vendor: &Vendor| now + vendor.menu_takes(language) < until;
        let vendors = self.settings.interpreters.vendors.iter().enumerate().skip(place);
        let mut offering =
            vendors.filter(|(_, vendor)| vendor.languages.contains(language) && in_time(vendor));
        offering.next().map(|(place, _)| place)
    }

    fn call_vendor(
        &mut self,
        id: CallId,
        ask: Option<AskId>,
        place: usize,
        language: Language,
        until: Instant,
    ) {
        let is_last = self.vendor_after(place + 1, &language, until).is_none();
        let Some(vendor) = self.settings.interpreters.vendors.get(place) else { return };
        let pin = vendor.pin.clone().map(|pin| (Pressed::Pin, pin));
        let keys = vendor.keys.get(&language).map(|keys| (Pressed::Language, Phi::new(keys.clone())));
        let dials = pin.into_iter().chain(keys).collect();
        let name = vendor.name.clone();
        let target = vendor.target.clone();
        // He must answer early enough for his menu.
        let answers_by = until.before(vendor.menu_takes(&language));
        let interprets = Interprets { language, vendor: place, name, until, dials };
        // Nobody comes after the last one: he may ring for as long as there is time.
        let ring_until = if is_last { answers_by } else { answers_by.min(self.now.at + GUEST_RING) };
        self.call_guest(id, Called::vendor(target, interprets, ring_until, ask));
    }

    /// The vendor answered: its menu is to begin before keys are pressed for it. `false` if there is none.
    pub(super) fn dial_menu(&mut self, id: CallId, leg: LegId) -> bool {
        let at = self.now.at + MENU_PAUSE;
        let Some(guest) = self.calls.get_mut(&id).and_then(|call| call.guest(leg)) else { return false };
        if guest.interprets.as_ref().is_none_or(|its| its.dials.is_empty()) {
            return false;
        }
        guest.stage = Stage::Dials(at);
        if guest.leg.agreed.is_none_or(|agreed| !agreed.key_events) {
            self.sip(sip::Command::HangUp {
                leg,
                reason: Some("SIP;cause=488;text=\"no telephone events\""),
            });
            self.on_guest_failed(id, leg, STATUS_NO_EVENTS);
        }
        true
    }

    /// Presses the keys that are due, and lets in whose menu has all of them.
    pub(super) fn dial_on(&mut self, id: CallId) {
        let now = self.now.at;
        let Some(call) = self.calls.get_mut(&id) else { return };
        let due = call.guests.iter_mut().find(|guest| matches!(guest.stage, Stage::Dials(at) if at <= now));
        let Some(guest) = due else { return };
        let (leg, worker) = (guest.leg.id, guest.leg.worker);
        let dials = guest.interprets.as_mut().map(|its| &mut its.dials);
        let Some((pressed, keys)) = dials.and_then(VecDeque::pop_front) else {
            return self.let_vendor_in(id, leg);
        };
        guest.stage = Stage::Dials(now + pressing(keys.expose().len()) + MENU_PAUSE);
        self.append(id, Event::KeysPressed { leg, pressed });
        let audible = Audible::Never;
        self.order(worker, leg, Order::Media(Command::Press { leg, keys, audible }));
    }

    /// He was not reached in time: the next vendor of the language is called, or the talk goes on without an interpreter.
    /// `None` is that the next one is called.
    pub(super) fn after_vendor(
        &mut self,
        id: CallId,
        interprets: &Interprets,
        asked: Option<AskId>,
    ) -> Option<Option<AskId>> {
        let Interprets { language, vendor, until, .. } = interprets;
        if let Some(next) = self.vendor_after(vendor + 1, language, *until) {
            self.call_vendor(id, asked, next, language.clone(), *until);
            return None;
        }
        self.no_interpreter(id, language.clone());
        Some(asked)
    }

    /// The talk goes on without an interpreter.
    pub(super) fn no_interpreter(&mut self, id: CallId, language: Language) {
        self.counters.interpreters_missing += 1;
        self.append(id, Event::InterpreterMissing { language });
    }

    /// Whether the interpreters of that guest's vendor are recorded with the others.
    pub(super) fn vendor_is_recorded(&self, interprets: &Interprets) -> Recorded {
        let vendor = self.settings.interpreters.vendors.get(interprets.vendor);
        vendor.map_or(Recorded::Never, |vendor| vendor.recorded)
    }

    /// Whether whoever has this address is never recorded.
    pub(super) fn is_unrecorded(&self, target: &str) -> bool {
        self.settings.interpreters.unrecorded.iter().any(|its| its.eq_ignore_ascii_case(target))
    }
}

impl Interprets {
    /// What stands of it in the log.
    pub(super) fn told(&self, leg: LegId) -> Event {
        Event::InterpreterCalled { leg, vendor: self.name.clone(), language: self.language.clone() }
    }
}

/// The final status that the record gives to a vendor whose line takes no keys (RFC 3261 §21.4.26).
const STATUS_NO_EVENTS: u16 = 488;
