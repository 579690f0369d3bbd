//! Sounds in memory, bounded: what was not used for longest goes first.

use crate::flow::action::Spoken;
use crate::wire::codec::Codec;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One kept sound.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The samples of a prompt at a rate, in Hz, from which its encodings are made.
    Samples(Spoken, u32),
    /// A prompt in the octets of a codec.
    Encoded(Spoken, Codec),
}

/// What is kept of it.
#[derive(Clone, Debug)]
pub enum Sound {
    /// At the rate of its key.
    Samples(Arc<[i16]>),
    /// In the codec of its key.
    Octets(Arc<[u8]>),
}

/// Sounds by their key, with the time of their last use.
#[derive(Debug)]
pub struct Cache {
    kept: BTreeMap<Key, (u64, Sound)>,
    uses: u64,
    octets: usize,
    most_octets: usize,
}

impl Cache {
    /// A cache that keeps `most_octets` at the most.
    pub fn new(most_octets: usize) -> Self {
        Self { kept: BTreeMap::new(), uses: 0, octets: 0, most_octets }
    }

    /// A sound, if it is kept; this counts as its last use.
    pub fn get(&mut self, key: &Key) -> Option<Sound> {
        self.uses += 1;
        let (used, sound) = self.kept.get_mut(key)?;
        *used = self.uses;
        Some(sound.clone())
    }

    /// Keeps a sound, and forgets others until there is room. One that is larger than the whole cache
    /// is not kept.
    pub fn put(&mut self, key: Key, sound: Sound) {
        let size = size(&sound);
        if size > self.most_octets {
            return;
        }
        self.forget(&key);
        while self.octets + size > self.most_octets {
            let Some(oldest) =
                self.kept.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone())
            else {
                break;
            };
            self.forget(&oldest);
        }
        self.uses += 1;
        self.octets += size;
        self.kept.insert(key, (self.uses, sound));
    }

    /// Octets of memory in use.
    pub fn octets(&self) -> usize {
        self.octets
    }

    fn forget(&mut self, key: &Key) {
        if let Some((_, sound)) = self.kept.remove(key) {
            self.octets -= size(&sound);
        }
    }
}

fn size(sound: &Sound) -> usize {
    match sound {
        Sound::Samples(samples) => 2 * samples.len(),
        Sound::Octets(octets) => octets.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::action::Pace;
    use crate::id::{Language, PromptName};
    use proptest::prelude::*;

    fn key(name: &str) -> Key {
        let (prompt, language) = (PromptName::from(name), Language::from("en"));
        Key::Encoded(Spoken { prompt, language, pace: Pace::Normal }, Codec::Pcmu)
    }

    fn octets(count: usize) -> Sound {
        Sound::Octets(vec![0; count].into())
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let mut cache = Cache::new(10);
        ["a", "b", "c"].iter().for_each(|name| cache.put(key(name), octets(3)));
        assert!(cache.get(&key("a")).is_some());
        cache.put(key("d"), octets(4));
        let kept: Vec<_> =
            ["a", "b", "c", "d"].iter().filter(|name| cache.get(&key(name)).is_some()).collect();
        assert_eq!(kept, [&"a", &"c", &"d"]);
        cache.put(key("huge"), octets(11));
        assert!(cache.get(&key("huge")).is_none(), "larger than the cache");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn the_bound_holds_and_the_sum_is_true(puts in proptest::collection::vec(("[a-f]", 0_usize..40), 0..60)) {
            let mut cache = Cache::new(100);
            for (name, count) in puts {
                cache.put(key(&name), octets(count));
                let sum: usize = cache.kept.values().map(|(_, sound)| size(sound)).sum();
                prop_assert_eq!(cache.octets(), sum);
                prop_assert!(sum <= 100);
            }
        }
    }
}
