//! What voices said in the calls that are up, by the names under which it is spoken: forgotten with its call.

use crate::flow::action::Heard;
use crate::id::{CallId, PromptName, VoicingId};
use crate::io::prompts::Voiced;
use crate::limits::VOICED_PER_CALL_MAX;
use crate::switch::interface::voiced_in;
use std::collections::BTreeMap;

/// The sounds by their calls.
#[derive(Debug, Default)]
pub struct VoicedSounds {
    names: BTreeMap<CallId, Vec<PromptName>>,
    sounds: BTreeMap<PromptName, Voiced>,
}

impl VoicedSounds {
    /// A sound of this call is asked for.
    pub fn expect(&mut self, call: CallId) {
        self.names.entry(call).or_default();
    }

    /// Keeps a sound for its call, if the call is still up. One too many is none: the flow says numbers in its place, or
    /// calls a person.
    pub fn keep(&mut self, call: CallId, voicing: VoicingId, sound: Voiced) -> Heard {
        let Some(names) = self.names.get_mut(&call) else { return Heard::Nothing };
        if names.len() >= VOICED_PER_CALL_MAX {
            return Heard::Nothing;
        }
        let name = voiced_in(call, voicing);
        names.push(name.clone());
        self.sounds.insert(name, sound);
        Heard::Sound
    }

    /// The sound of this name, if it is the name of one.
    pub fn get(&self, name: &PromptName) -> Option<&Voiced> {
        self.sounds.get(name)
    }

    /// The call is over.
    pub fn forget(&mut self, call: CallId) {
        for name in self.names.remove(&call).unwrap_or_default() {
            self.sounds.remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> Voiced {
        Voiced { narrow: vec![1; 8].into(), wide: vec![1; 16].into() }
    }

    #[test]
    fn a_sound_belongs_to_its_call_and_is_gone_with_it() {
        let mut sounds = VoicedSounds::default();
        for call in [CallId(1), CallId(17)] {
            sounds.expect(call);
            assert_eq!(sounds.keep(call, VoicingId(1), sound()), Heard::Sound);
        }
        assert!(
            sounds.get(&PromptName::from("~v1")).is_none()
                && sounds.get(&PromptName::from("u.person")).is_none()
        );
        sounds.forget(CallId(1));
        assert!(sounds.get(&voiced_in(CallId(1), VoicingId(1))).is_none());
        assert!(sounds.get(&voiced_in(CallId(17), VoicingId(1))).is_some());
        for n in 2..=VOICED_PER_CALL_MAX as u64 {
            assert_eq!(sounds.keep(CallId(17), VoicingId(n), sound()), Heard::Sound);
        }
        assert_eq!(sounds.keep(CallId(17), VoicingId(99), sound()), Heard::Nothing, "one too many");
        sounds.forget(CallId(17));
        assert_eq!(sounds.keep(CallId(17), VoicingId(1), sound()), Heard::Nothing, "its call is over");
        assert!(sounds.sounds.is_empty() && sounds.names.is_empty());
    }
}
