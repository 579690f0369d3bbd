//! Somebody of the clinic deals with the messages of a world and marks each as done, soon after it is on disk: he is told
//! so once, and only when the mark is on disk too.

use super::check::Wrong;
use super::world::World;
use careline::id::{AskId, RecordingId};
use careline::report::event::{Entry, Event};
use careline::switch::interface::{Input, NotMarked, SavedMessage};
use std::collections::{BTreeMap, VecDeque};

/// Names of these wishes begin here: those about guests stay under it.
const FIRST_ASK: u64 = 1 << 32;

/// What there is to mark, and what was asked for.
#[derive(Default)]
pub struct Marks {
    saved: VecDeque<(u64, SavedMessage)>,
    open: BTreeMap<AskId, RecordingId>,
    next: u64,
    /// Messages that were told as marked.
    pub done: usize,
}

impl Marks {
    /// The log has another line.
    pub fn note(&mut self, entry: &Entry) {
        if let Event::MessageSaved { recording } = entry.event {
            let Entry { call, at, since_start_us, .. } = *entry;
            self.saved.push_back((entry.seq, SavedMessage { call, recording, at, since_start_us }));
        }
    }

    /// The engine was killed: it answers nothing that it was asked before, and what is not on disk never was.
    pub fn forget(&mut self, durable: u64) {
        self.open.clear();
        self.saved.retain(|(seq, _)| *seq <= durable);
    }
}

impl World {
    /// Marks the oldest message that is on disk.
    pub(super) fn mark(&mut self) -> Result<(), Wrong> {
        let durable = self.store.durable;
        let Some((_, message)) = self.marks.saved.pop_front_if(|(seq, _)| *seq <= durable) else {
            return Ok(());
        };
        let ask = AskId(FIRST_ASK + self.marks.next);
        self.marks.next += 1;
        self.marks.open.insert(ask, message.recording);
        self.tell_switch(Input::MessageDone { ask, message })
    }

    /// What came of a mark.
    pub(super) fn take_message_answer(
        &mut self,
        ask: AskId,
        answer: Result<(), NotMarked>,
    ) -> Result<(), Wrong> {
        let Some(message) = self.marks.open.remove(&ask) else {
            return Err(format!("{ask} is answered twice, or was never asked: {answer:?}"));
        };
        if answer.is_ok() {
            self.marks.done += 1;
        }
        let is_mark = |entry: &&Entry| {
            matches!(entry.event, Event::MessageDone { recording, .. } if recording == message)
                && entry.seq <= self.store.durable
        };
        match answer.is_err() || self.checker.log.entries().iter().any(|entry| is_mark(&entry)) {
            true => Ok(()),
            false => Err(format!("{message} is told as done, and the mark is not on disk")),
        }
    }

    /// All is over: so is every mark.
    pub(super) fn judge_marks(&self) -> Result<(), Wrong> {
        match self.marks.open.first_key_value() {
            Some((ask, message)) => {
                Err(format!("the world is over and {ask} for {message} was never answered"))
            }
            None => Ok(()),
        }
    }
}
