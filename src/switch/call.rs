//! One call as the switch keeps it: the patient's leg, the flow that runs, and what hangs on them.

use super::dialled::Script;
use super::guests::Guest;
use super::interface::Now;
use super::lasting::Length;
use super::replacing::Coming;
use super::talk::Talk;
use crate::call::keycode::Reader;
use crate::call::keys::Presses;
use crate::call::leg::Leg;
use crate::call::recording::RecordingKind;
use crate::call::take::Take;
use crate::clock::{Instant, WallTime};
use crate::flow::action::{Urgency, Why};
use crate::id::{AskId, ExitName, FlowName, Language, LegId, RecordingId, RequestId};
use crate::media::tap::Kept;
use crate::report::event::{Cause, Party, TransferMeans};
use crate::sip::carrier::Dialled;
use crate::sip::diverted::CarriedOn;
use crate::wire::telephone_event::Key;
use std::net::SocketAddr;

/// A call that is not over yet.
pub struct Call {
    /// Where the patient's signalling comes from: our probes and hang-ups go through it.
    pub local: SocketAddr,
    /// The patient's leg.
    pub patient: Leg,
    /// The flow that answered, as its record has it.
    pub flow: FlowName,
    /// What runs in it: the flow, from the answer on, or the call that a phone of ours has placed.
    pub run: Script,
    /// The patient can hear: the flow has begun.
    pub heard: bool,
    /// The caller's number as the record has it, for the From of calls we place for him.
    pub caller: Option<crate::phi::Phi<String>>,
    /// What calls that we place for him tell of this one.
    pub carries: CarriedOn,
    /// When its dialogs are written down for a later start of the engine; `None` once they are.
    pub keep_at: Option<Instant>,
    /// An earlier start of the engine had it, and its parties do not hear us yet.
    pub resuming: Resuming,
    /// A voice was asked to speak in it.
    pub voiced: bool,
    /// The person being called or talked with.
    pub person: Option<Person>,
    /// The talk that is being handed to that person by another one.
    pub transfer: Option<Transfer>,
    /// The address of whom a phone of ours has called, while that one is handed on: he is where callers are then (`places.rs`).
    pub turned: Option<String>,
    /// Another phone of that person, which has our offer and has not answered it.
    pub coming: Option<Coming>,
    /// Who else is in the talk, or is called into it: at most [`GUESTS_MAX`](crate::limits::GUESTS_MAX).
    pub guests: Vec<Guest>,
    /// Who hears each other.
    pub talk: Talk,
    /// Who hands the talk on and the one whom he asks first, if the worker was told that they hear each other.
    pub consult: Option<(LegId, LegId)>,
    /// What the recording keeps while these talk: silence while somebody is in who is not to be recorded.
    pub kept: Kept,
    /// Legs to persons and guests that are being closed.
    pub leaving: Vec<Leg>,
    /// What the patient hears while nothing else is to be heard.
    pub under: Under,
    /// The recording under way.
    pub recording: Option<Recording>,
    /// A message waits for the call's recording to close; until then.
    pub message_until: Option<Instant>,
    /// The message that the flow waits for: word of an earlier one is not for it any more.
    pub message: Option<RecordingId>,
    /// The patient's presses that may be told a second time, in the other way.
    pub presses: Presses,
    /// The request that the flow waits for.
    pub request: Option<RequestId>,
    /// The greatest length.
    pub length: Length,
    /// The call is over; only its closing is waited for.
    pub ending: Option<Ending>,
    /// The deadline in the switch's index.
    pub due: Option<Instant>,
}

/// A person whom the flow calls for the patient.
pub struct Person {
    /// The person's leg.
    pub leg: Leg,
    /// The address of the configuration that is called.
    pub target: String,
    /// Until when it may ring; `None` once they talk.
    pub ring_until: Option<Instant>,
    /// What the person hears while nothing else is to be heard.
    pub under: Under,
    /// The language of the interpreter without whom the talk does not begin.
    pub interpreter: Option<Language>,
    /// Who is in danger waits for no interpreter.
    pub urgency: Urgency,
    /// What is pressed for the person's menu, and when once it has answered.
    pub menu: Menu,
    /// The call to it has come back to us.
    pub came_back: bool,
    /// How he came into the call.
    pub brought: Brought,
    /// Whether sound has ever come of him.
    pub voice: Voice,
    /// The keys that he presses to hand on.
    pub keys: Reader,
    /// The newest of all, which may come in two ways.
    pub presses: Presses,
}

/// How a person came into a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brought {
    /// The flow, or the phone that dialled, called him.
    ByFlow,
    /// Another person handed the patient on to him, or asked him first.
    ByTransfer,
}

/// Whether sound has ever come of a person (`silence.rs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// It has, or nobody looks at it.
    Heard,
    /// Not yet, and nobody speaks into it.
    Unheard,
    /// Not yet: both hear a signal then.
    WarnedAt(Instant),
    /// Not after the signal either: he is hung up then.
    LeftAt(Instant),
}

impl Voice {
    /// When something is to be done about it.
    pub const fn due(self) -> Option<Instant> {
        match self {
            Voice::Heard | Voice::Unheard => None,
            Voice::WarnedAt(at) | Voice::LeftAt(at) => Some(at),
        }
    }
}

/// What is pressed for the menu of a person who is a line with one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Menu {
    /// These keys.
    pub keys: Vec<Key>,
    /// Then.
    pub at: Option<Instant>,
}

impl Person {
    /// Somebody who has talked with the patient before: no menu and no interpreter stands between them.
    pub fn known(leg: Leg, target: String, ring_until: Option<Instant>) -> Self {
        Self {
            leg,
            target,
            ring_until,
            under: Under::Silence,
            interpreter: None,
            urgency: Urgency::Usual,
            menu: Menu::default(),
            came_back: false,
            brought: Brought::ByFlow,
            voice: Voice::Heard,
            keys: Reader::default(),
            presses: Presses::default(),
        }
    }

    /// Somebody over a trunk to whom another person has handed the patient: nobody has told him that the call is recorded.
    pub fn came_from_outside(&self) -> bool {
        self.brought == Brought::ByTransfer && Dialled::is_meant(&self.target)
    }

    /// The person answered, and the patient is bridged with it.
    pub const fn talks(&self) -> bool {
        self.leg.open && self.ring_until.is_none() && self.interpreter.is_none()
    }

    /// The person answered and waits for the interpreter.
    pub const fn waits(&self) -> bool {
        self.leg.open && self.ring_until.is_none() && self.interpreter.is_some()
    }
}

/// Whether the patient of a call that an earlier start of the engine had hears us again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resuming {
    /// He is asked by re-INVITE.
    Asked {
        /// Why he is led to a person then, unless he talks with one.
        why: Why,
    },
    /// He does, or the call is one of this start.
    Over,
}

/// A talk that is being handed on.
pub struct Transfer {
    /// The leg of who asked: its phone is told what comes of it.
    pub by: LegId,
    /// Who asked, until that one hangs up.
    pub from: Option<Person>,
    /// Who waits for word of it, if it was asked for by command, and whom he named.
    pub asked: Option<(AskId, String)>,
    /// How it was asked for.
    pub means: TransferMeans,
}

/// What is under the words to a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Under {
    /// Silence: whoever speaks with it, or listens, is to be heard alone.
    Silence,
    /// The bed of a wait.
    Bed,
    /// That somebody is rung.
    Ringing,
}

/// A recording under way.
pub struct Recording {
    /// Its name.
    pub id: RecordingId,
    /// What it holds.
    pub kind: RecordingKind,
    /// Where it stands.
    pub take: Take,
    /// The wall time of its name in the log.
    pub named_at: WallTime,
    /// Frames that the tap counted, once it is closed.
    pub frames: u64,
    /// What is kept of the sound, as it was ordered last.
    pub kept: Kept,
}

/// Why and when the call was over.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Why.
    pub cause: Cause,
    /// Who.
    pub by: Party,
    /// The exit of the flow.
    pub exit: Option<ExitName>,
    /// When: the record's end is the hang-up, not the last file closed.
    pub at: Now,
    /// The closing is not waited for longer.
    pub until: Instant,
}

impl Call {
    /// A call in which nobody hears anything yet.
    pub fn new(
        patient: Leg,
        (flow, run): (FlowName, Script),
        caller: Option<crate::phi::Phi<String>>,
        ends_at: Instant,
    ) -> Self {
        Self {
            local: patient.local,
            patient,
            flow,
            run,
            heard: false,
            caller,
            carries: CarriedOn::default(),
            keep_at: None,
            resuming: Resuming::Over,
            voiced: false,
            person: None,
            transfer: None,
            turned: None,
            coming: None,
            guests: Vec::new(),
            talk: Talk::Apart,
            consult: None,
            kept: Kept::Sound,
            leaving: Vec::new(),
            under: Under::Silence,
            recording: None,
            message_until: None,
            message: None,
            presses: Presses::default(),
            request: None,
            length: Length::until(ends_at),
            ending: None,
            due: None,
        }
    }

    /// The earliest of the call's deadlines.
    pub fn next_due(&self) -> Option<Instant> {
        if let Some(ending) = &self.ending {
            return Some(ending.until);
        }
        let run = self.run.poll_timeout().map(|due| due.at).filter(|_| self.heard);
        let ring = self.person.as_ref().and_then(|person| person.ring_until);
        let guests = self.guests.iter().filter_map(Guest::due).min();
        let probe = self.probed_legs().filter_map(|leg| leg.probe_at).min();
        let menu = self.person.as_ref().and_then(|person| person.menu.at);
        let voice = self.person.as_ref().and_then(|person| person.voice.due());
        let keys = self.persons().filter_map(|person| person.keys.poll_timeout()).min();
        let length = Some(self.length.due());
        let own = [run, ring, menu, voice, keys, guests, self.message_until, probe, self.keep_at, length];
        own.into_iter().flatten().min()
    }

    /// The legs that may have to be asked whether the party is still there: all but those that are on their way out.
    pub fn probed_legs(&self) -> impl Iterator<Item = &Leg> {
        let guests = self.guests.iter().map(|guest| &guest.leg);
        std::iter::once(&self.patient).chain(self.persons().map(|person| &person.leg)).chain(guests)
    }

    /// The person who is called or talked with, and the one who hands the talk on.
    pub fn persons(&self) -> impl Iterator<Item = &Person> {
        self.person.iter().chain(self.transfer.as_ref().and_then(|it| it.from.as_ref()))
    }

    /// Whoever of them has this leg.
    pub fn person_at(&mut self, leg: LegId) -> Option<&mut Person> {
        let from = self.transfer.as_mut().and_then(|it| it.from.as_mut());
        self.person.iter_mut().chain(from).find(|person| person.leg.id == leg)
    }

    /// The presses of whoever has this leg, where each may come in two ways.
    pub fn presses_of(&mut self, leg: LegId) -> Option<&mut Presses> {
        if self.is_patient(leg) {
            return Some(&mut self.presses);
        }
        self.person_at(leg).map(|person| &mut person.presses)
    }

    /// The person with whom the patient talks.
    pub fn person_with_patient(&self) -> Option<&Person> {
        self.person.as_ref().filter(|person| person.talks() && !self.is_consulted())
    }

    /// Who is called is asked first by the one who hands on, and talks with the patient only when that one has left.
    pub fn is_consulted(&self) -> bool {
        let transfer = self.transfer.as_ref();
        transfer.is_some_and(|it| it.means == TransferMeans::KeysAttended && it.from.is_some())
    }

    /// Who hands the talk on, and the one with whom he speaks first.
    pub fn consulting(&self) -> Option<(LegId, LegId)> {
        let from = self.transfer.as_ref()?.from.as_ref().filter(|_| self.is_consulted())?;
        let asked = self.person.as_ref().filter(|person| person.talks())?;
        Some((from.leg.id, asked.leg.id))
    }

    /// Whether `leg` is the patient's.
    pub fn is_patient(&self, leg: LegId) -> bool {
        self.patient.id == leg
    }

    /// A leg of the call, whoever's it is, and whether it is on its way out.
    pub fn any_leg(&mut self, leg: LegId) -> Option<&mut Leg> {
        let from = self.transfer.as_mut().and_then(|transfer| transfer.from.as_mut());
        let persons = self.person.iter_mut().chain(from).map(|person| &mut person.leg);
        let guests = self.guests.iter_mut().map(|guest| &mut guest.leg);
        let mut all =
            std::iter::once(&mut self.patient).chain(persons).chain(guests).chain(&mut self.leaving);
        all.find(|its| its.id == leg)
    }

    /// The leg of who hands the talk on, if `leg` is it.
    pub fn transferor_leg(&mut self, leg: LegId) -> Option<&mut Leg> {
        let from = self.transfer.as_mut()?.from.as_mut();
        from.map(|person| &mut person.leg).filter(|its| its.id == leg)
    }

    /// The person's leg, if `leg` is it.
    pub fn person_leg(&mut self, leg: LegId) -> Option<&mut Leg> {
        self.person.as_mut().map(|person| &mut person.leg).filter(|l| l.id == leg)
    }
}
