//! What was said before, in memory alone: by a hash of language and text, so that no text is kept; what was not used for
//! longest goes first.

use crate::io::prompts::Voiced;
use std::collections::BTreeMap;

/// Sounds by hash, with their last use.
#[derive(Debug)]
pub struct Kept {
    sounds: BTreeMap<String, (u64, Voiced)>,
    uses: u64,
    octets: usize,
    most_octets: usize,
}

impl Kept {
    /// Keeps `most_octets` of sound at the most.
    pub fn new(most_octets: usize) -> Self {
        Self { sounds: BTreeMap::new(), uses: 0, octets: 0, most_octets }
    }

    /// A sound, if it is kept; this counts as its last use.
    pub fn get(&mut self, key: &str) -> Option<Voiced> {
        self.uses += 1;
        let (used, sound) = self.sounds.get_mut(key)?;
        *used = self.uses;
        Some(sound.clone())
    }

    /// Keeps a sound, and forgets others until there is room. One that is larger than all the room is not kept.
    pub fn put(&mut self, key: String, sound: Voiced) {
        let size = octets(&sound);
        if size > self.most_octets {
            return;
        }
        self.forget(&key);
        while self.octets + size > self.most_octets {
            let oldest = self.sounds.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            self.forget(&oldest);
        }
        self.uses += 1;
        self.octets += size;
        self.sounds.insert(key, (self.uses, sound));
    }

    fn forget(&mut self, key: &str) {
        if let Some((_, sound)) = self.sounds.remove(key) {
            self.octets -= octets(&sound);
        }
    }
}

fn octets(sound: &Voiced) -> usize {
    2 * (sound.narrow.len() + sound.wide.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(samples: usize) -> Voiced {
        Voiced { narrow: vec![1; samples].into(), wide: Vec::new().into() }
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first_and_the_bound_holds() {
        let mut kept = Kept::new(20);
        ["a", "b", "c"].iter().for_each(|key| kept.put((*key).to_owned(), sound(3)));
        assert!(kept.get("a").is_some());
        kept.put("d".to_owned(), sound(3));
        let left: Vec<&str> =
            ["a", "b", "c", "d"].into_iter().filter(|key| kept.get(key).is_some()).collect();
        assert_eq!((left, kept.octets), (vec!["a", "c", "d"], 18));
        kept.put("huge".to_owned(), sound(11));
        assert!(kept.get("huge").is_none() && kept.get("a").is_some());
        kept.put("a".to_owned(), sound(4));
        assert_eq!(kept.octets, 20, "the same key again counts once");
    }
}
