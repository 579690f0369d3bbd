//! `offer`: the items of a list, one at a time; the machine of keys is that of a menu.

use super::{Run, State};
use crate::clock::Instant;
use crate::flow::action::Fact;
use crate::flow::program::{Act, OfferAnswer, Target};
use crate::flow::saved::Saved;
use crate::id::ValueName;
use crate::phi::Phi;
use std::sync::Arc;
use std::time::Duration;

impl Run {
    /// Begins with the first item.
    pub(super) fn offer(
        &mut self,
        now: Instant,
        from: &ValueName,
        first_key: Duration,
        used_up: Target,
    ) -> Option<Target> {
        self.item = 0;
        if self.items(from) == 0 {
            return Some(used_up);
        }
        self.ask(now, first_key);
        None
    }

    fn items(&self, from: &ValueName) -> usize {
        match self.saves.get(from.as_str()) {
            Some(Saved::List(items)) => items.len(),
            Some(_) | None => 0,
        }
    }

    /// The item that is offered.
    pub(super) fn offered(&self) -> Option<&Saved> {
        let Act::Offer { from, .. } = &self.set.step(self.here)?.act else { return None };
        match self.saves.get(from.as_str())? {
            Saved::List(items) => items.get(self.item),
            _ => None,
        }
    }

    /// What an answer to an offer does.
    pub(super) fn choose_offered(&mut self, now: Instant, answer: &OfferAnswer) {
        let set = Arc::clone(&self.set);
        let Some(Act::Offer { from, save, used_up, .. }) = set.step(self.here).map(|step| &step.act) else {
            return;
        };
        self.tell(Fact::Chosen { key: Phi::new(answer.key), answer: answer.name.clone() });
        match answer.target {
            Some(target) => {
                if let (Some(name), Some(item)) = (save, self.offered().cloned()) {
                    self.saves.save(name.clone(), item);
                }
                self.go(now, target);
            }
            None if self.item + 1 < self.items(from) => {
                self.item += 1;
                if let State::Asking(asking) = &mut self.state {
                    asking.misses = 0;
                }
                self.speak_menu(now, None);
            }
            None => self.go(now, *used_up),
        }
    }
}
