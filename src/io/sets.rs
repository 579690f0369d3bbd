//! The sets that are served, each with its sounds: a call hears the words of the set that it began with, whatever was
//! published since. A set that no call runs on any more is forgotten, and its sounds with it.

use crate::flow::edition::{Canary, Edition, Served};
use crate::flow::set::FlowSet;
use crate::io::prompts::PromptLibrary;
use crate::io::set_load::{Loaded, NewSets};
use crate::limits::SETS_SERVED_MAX;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use thiserror::Error;

/// Too many sets have calls.
#[derive(Debug, Error)]
#[error(
    "calls still run on {SETS_SERVED_MAX} sets, and the sounds of each are in memory: \
     `careline status` shows them; wait until one of them has no calls"
)]
pub struct TooMany;

/// The sounds of every set that a call may run on.
#[derive(Debug)]
pub struct Sets {
    kept: BTreeMap<Edition, Loaded>,
    /// What is made here and read from no folder.
    common: PromptLibrary,
    served: Vec<Edition>,
}

impl Sets {
    /// The first sets, and how the switch is told of them.
    pub fn new(first: NewSets) -> (Self, Served) {
        let common = PromptLibrary::open(Path::new(""));
        let mut sets = Self { kept: BTreeMap::new(), common, served: Vec::new() };
        let served = sets.enter(first);
        (sets, served)
    }

    /// New calls get these from now on.
    ///
    /// # Errors
    /// [`TooMany`]; then nothing has changed.
    pub fn take(&mut self, new: NewSets) -> Result<Served, TooMany> {
        self.forget_unused();
        let editions = || std::iter::once(&new.current).chain(new.canary.as_ref().map(|(loaded, _)| loaded));
        let added = editions().filter(|loaded| !self.kept.contains_key(&loaded.set.edition())).count();
        if self.kept.len() + added > SETS_SERVED_MAX {
            return Err(TooMany);
        }
        Ok(self.enter(new))
    }

    /// The sounds of a set.
    pub fn prompts(&self, edition: Edition) -> &PromptLibrary {
        self.kept.get(&edition).map_or(&self.common, |kept| &kept.prompts)
    }

    /// The sounds that are the same in every set: the tone before a message.
    pub fn common(&self) -> &PromptLibrary {
        &self.common
    }

    /// Forgets the sets that no call runs on and no new call gets: nobody but this table holds them.
    pub fn forget_unused(&mut self) {
        let served = &self.served;
        self.kept.retain(|edition, kept| served.contains(edition) || Arc::strong_count(&kept.set) > 1);
    }

    fn enter(&mut self, new: NewSets) -> Served {
        let current = self.keep(new.current);
        let canary = new.canary.map(|(loaded, share)| Canary { set: self.keep(loaded), share });
        let editions = std::iter::once(&current).chain(canary.as_ref().map(|canary| &canary.set));
        self.served = editions.map(|set| set.edition()).collect();
        Served { current, canary }
    }

    /// A set that is kept already stays as it is: calls run on it.
    fn keep(&mut self, loaded: Loaded) -> Arc<FlowSet> {
        let kept = self.kept.entry(loaded.set.edition()).or_insert(loaded);
        Arc::clone(&kept.set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::edition::Share;
    use crate::flow::set::Audio;
    use crate::io::flow_files;

    fn loaded(edition: Edition) -> Loaded {
        let files = flow_files::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("ivr-flows")).unwrap();
        let (set, _) = FlowSet::load(files, &|_, _| Audio::Present);
        let set = Arc::new(set.unwrap().served_as(edition, edition.to_string()));
        Loaded { set, prompts: PromptLibrary::open(Path::new(&edition.to_string())) }
    }

    fn published(number: u32) -> NewSets {
        NewSets { current: loaded(Edition::Published(number)), canary: None }
    }

    fn kept(sets: &Sets) -> Vec<String> {
        sets.kept.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn a_set_is_kept_while_a_call_runs_on_it_or_new_calls_get_it() {
        let (mut sets, first) = Sets::new(published(1));
        let call = Arc::clone(&first.current);
        let second = sets.take(published(2)).unwrap();
        drop(first);
        sets.forget_unused();
        assert_eq!(kept(&sets), ["set 1", "set 2"], "a call runs on the first");
        drop(call);
        let canary = Some((loaded(Edition::Published(3)), Share::Percent(10)));
        let third = sets.take(NewSets { current: loaded(Edition::Published(2)), canary }).unwrap();
        assert!(Arc::ptr_eq(&second.current, &third.current), "what is served already is not replaced");
        drop((second, third));
        sets.forget_unused();
        assert_eq!(kept(&sets), ["set 2", "set 3"]);
        sets.take(published(4)).unwrap();
        sets.forget_unused();
        assert_eq!(kept(&sets), ["set 4"]);
    }

    #[test]
    fn more_sets_than_memory_is_meant_for_are_refused_until_calls_are_over() {
        let (mut sets, first) = Sets::new(published(1));
        let mut calls = vec![first];
        for number in 2..=SETS_SERVED_MAX as u32 {
            calls.push(sets.take(published(number)).unwrap());
        }
        let next = SETS_SERVED_MAX as u32 + 1;
        let error = sets.take(published(next)).unwrap_err().to_string();
        assert!(error.contains("wait until one of them has no calls"), "{error}");
        assert_eq!(kept(&sets).len(), SETS_SERVED_MAX);
        calls.remove(3);
        assert!(sets.take(published(next)).is_ok());
    }
}
