//! Supervisors and third parties of a world: asked for in calls that are up, changed, sent away; and talks that are handed
//! on by command; by chance of their own, so that worlds without them are what they were.

use super::check::Wrong;
use super::fault::Fault;
use super::world::World;
use careline::clock::Instant;
use careline::id::{AskId, LegId};
use careline::phi::Phi;
use careline::report::event::GuestMode;
use careline::rng::Rng;
use careline::switch::interface::{GuestAct, GuestDone, GuestOrder, GuestRefusal, Input};
use careline::switch::interpreters;
use careline::wire::telephone_event::Key;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Guests come in one of so many worlds.
const ONE_IN: u64 = 3;

/// The language that interpreters are asked for.
const LANGUAGE: &str = "vi";

/// A vendor who is where the flows call, and whose menu asks for a PIN and a key.
pub fn interpreters(target: &str) -> interpreters::Settings {
    let keys = vec![Key::Digit(2)];
    let vendor = interpreters::Vendor {
        name: "lingua".to_owned(),
        target: target.to_owned(),
        languages: vec![LANGUAGE.into()],
        pin: Some(Phi::new(vec![Key::Digit(4), Key::Digit(7), Key::Pound])),
        keys: BTreeMap::from([(LANGUAGE.into(), keys)]),
        recorded: interpreters::Recorded::Never,
    };
    interpreters::Settings { vendors: vec![vendor], unrecorded: Vec::new() }
}

/// Who is asked for, and what was answered.
#[derive(Default)]
pub struct Visits {
    rng: Option<Rng>,
    next_at: Instant,
    next: u64,
    /// Wishes without an answer yet.
    open: BTreeSet<AskId>,
    /// Legs to vendors of interpreters.
    pub interpreters: BTreeSet<LegId>,
    /// Guests who came into a talk.
    pub joined: usize,
    /// Changes of supervisors who were in one.
    pub changed: usize,
}

impl Visits {
    /// The visits of that seed; with a planted fault they come where it needs them.
    pub fn new(seed: u64, fault: Option<Fault>) -> Self {
        let come = match fault {
            None => seed % ONE_IN == 1,
            Some(fault) => fault == Fault::LeakedWhisper,
        };
        Self { rng: come.then(|| Rng::seeded(seed ^ 0x6775_6573_7473)), ..Self::default() }
    }

    /// The engine was killed: it answers nothing that it was asked before.
    pub fn forget(&mut self) {
        self.open.clear();
    }
}

impl World {
    /// Somebody of the clinic wants something, now and then.
    pub(super) fn visit(&mut self) -> Result<(), Wrong> {
        let Some(rng) = self.visits.rng.as_mut().filter(|_| self.visits.next_at <= self.now) else {
            return Ok(());
        };
        self.visits.next_at = self.now + Duration::from_millis(100 + rng.below(1_500));
        let (up, talking) = (self.checker.log.up(), self.checker.log.talking());
        // Mostly where somebody talks; elsewhere it is refused.
        let among = if talking.is_empty() || rng.below(6) == 0 { up } else { talking };
        if among.is_empty() {
            return Ok(());
        }
        let call = among[rng.below(among.len() as u64) as usize];
        let target = self.flows.sets[self.reloaded].called().next().unwrap_or_default().to_owned();
        let mode = [GuestMode::Listen, GuestMode::Whisper, GuestMode::Barge, GuestMode::Third];
        let mode = mode[rng.below(4) as usize];
        let act = match rng.below(8) {
            0 => GuestAct::Leave { name: target },
            1 => GuestAct::HandOn { target },
            2 => GuestAct::Interpret { language: LANGUAGE.into() },
            _ => GuestAct::Come { target, mode },
        };
        let ask = AskId(self.visits.next);
        self.visits.next += 1;
        self.visits.open.insert(ask);
        self.ladder.note(self.now, &format!("{ask}: {call} {act:?}"));
        self.tell_switch(Input::Guest { ask, order: GuestOrder { call, act } })
    }

    /// What came of a wish: told once.
    pub(super) fn take_guest_answer(
        &mut self,
        ask: AskId,
        answer: &Result<GuestDone, GuestRefusal>,
    ) -> Result<(), Wrong> {
        self.ladder.note(self.now, &format!("{ask}: {answer:?}"));
        if !self.visits.open.remove(&ask) {
            return Err(format!("{ask} is answered twice, or was never asked: {answer:?}"));
        }
        match answer {
            Ok(GuestDone::Joined(_)) => self.visits.joined += 1,
            Ok(GuestDone::Changed(_)) => self.visits.changed += 1,
            Ok(GuestDone::Left | GuestDone::HandedOn) | Err(_) => {}
        }
        Ok(())
    }

    /// All is over: so is every wish.
    pub(super) fn judge_visits(&self) -> Result<(), Wrong> {
        match self.visits.open.first() {
            Some(ask) => Err(format!("the world is over and {ask} was never answered")),
            None => Ok(()),
        }
    }
}
