//! Words with values in them: slots are filled when the words are made, and what no recording says is asked of a voice.
//!
//! ```text
//! words ──▶ prompts, among them ~v1 ──speak──▶ Awaiting ──all are answered, or a second is over──▶ playing
//!                                                  │ nothing came of it, and numbers alone say nothing
//!                                                  ▼
//!                                               a person
//! ```
//! Keys act while a voice is awaited as they do in the words themselves. What a voice said is played again for the star key
//! without asking again.

use super::{Run, Speech, State};
use crate::clock::Instant;
use crate::flow::action::{Action, Heard, Pace, Phrases, Spoken, Why, voiced, voicing};
use crate::flow::check::slots::VALUE;
use crate::flow::saved::Saved;
use crate::flow::utterance::{Part, row};
use crate::id::{Language, PromptName, VoicingId};
use crate::limits::{VOICE_ANSWER_MAX, VOICED_PER_CALL_MAX};
use crate::phi::Phi;
use smallvec::smallvec;
use std::sync::Arc;

/// A text for a voice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Voicing {
    language: Language,
    text: Phi<String>,
    instead: Vec<PromptName>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Not asked for yet: the words may never be spoken.
    Wanted,
    Asked,
    Answered(Heard),
}

/// Whether words can be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    /// They are playing.
    Playing,
    /// A voice is awaited.
    Awaiting { by: Instant },
    /// They cannot be said to their end: a person must help.
    Lost { since: Instant },
}

impl Run {
    /// A prompt in the caller's language, its slots filled.
    pub(super) fn words(&mut self, prompt: &PromptName) -> Phrases {
        let language = self.language().clone();
        self.words_in(prompt, &language, None)
    }

    /// The same, about one value that its slot names `value`.
    pub(super) fn words_about(&mut self, prompt: &PromptName, value: &Saved) -> Phrases {
        let language = self.language().clone();
        self.words_in(prompt, &language, Some(value))
    }

    pub(super) fn words_in(
        &mut self,
        prompt: &PromptName,
        language: &Language,
        about: Option<&Saved>,
    ) -> Phrases {
        let set = Arc::clone(&self.set);
        let spoken = |prompt: PromptName| Spoken { prompt, language: language.clone(), pace: Pace::Normal };
        let Some(parts) = set.slotted(prompt, language) else { return smallvec![spoken(prompt.clone())] };
        let with = set.step(self.here).map_or(&[][..], |step| &step.with);
        let value = |slot: &str| {
            if let (VALUE, Some(about)) = (slot, about) {
                return Some(about);
            }
            let here = with.iter().find(|(there, _)| there.as_str() == slot).map(|(_, here)| here.as_str());
            self.saves.get(here.unwrap_or(slot))
        };
        let row = set.speaker(language).map(|speaker| row(parts, speaker, &value));
        let Some(Ok(row)) = row else { return smallvec![spoken(self.unspeakable(language))] };
        row.into_iter()
            .map(|part| match part {
                Part::Recorded(recording) => spoken(recording),
                Part::ForVoice { text, instead } => spoken(self.for_voice(Voicing {
                    language: language.clone(),
                    text,
                    instead,
                    stage: Stage::Wanted,
                })),
            })
            .collect()
    }

    /// A text that nothing will come of.
    fn unspeakable(&mut self, language: &Language) -> PromptName {
        let (text, instead) = (Phi::default(), Vec::new());
        let stage = Stage::Answered(Heard::Nothing);
        self.for_voice(Voicing { language: language.clone(), text, instead, stage })
    }

    /// The name under which a text for a voice stands among prompts. What was said before is not asked again, and one
    /// too many in a call is never asked for.
    fn for_voice(&mut self, mut text: Voicing) -> PromptName {
        let is_same = |known: &Voicing| {
            known.stage != Stage::Answered(Heard::Nothing)
                && (&known.language, &known.text) == (&text.language, &text.text)
        };
        if let Some(at) = self.voicings.iter().position(is_same) {
            return voiced(VoicingId(at as u64 + 1));
        }
        if self.voicings.len() >= VOICED_PER_CALL_MAX {
            text.stage = Stage::Answered(Heard::Nothing);
        }
        self.voicings.push(text);
        voiced(VoicingId(self.voicings.len() as u64))
    }

    fn voicing(&self, prompt: &PromptName) -> Option<(VoicingId, &Voicing)> {
        let id = voicing(prompt)?;
        let at = usize::try_from(id.0).ok()?.checked_sub(1)?;
        Some((id, self.voicings.get(at)?))
    }

    fn voicing_mut(&mut self, id: VoicingId) -> Option<&mut Voicing> {
        let at = usize::try_from(id.0).ok()?.checked_sub(1)?;
        self.voicings.get_mut(at)
    }

    /// The texts for a voice among prompts.
    fn texts_of(&self, prompts: &[Spoken]) -> Vec<VoicingId> {
        prompts.iter().filter_map(|spoken| self.voicing(&spoken.prompt)).map(|(id, _)| id).collect()
    }

    /// Asks the voice for what is not asked for yet. What is heard now gives way to the wait.
    pub(super) fn ready(&mut self, now: Instant, prompts: &[Spoken]) -> Readiness {
        for id in self.texts_of(prompts) {
            let Some(text) = self.voicing_mut(id).filter(|text| text.stage == Stage::Wanted) else {
                continue;
            };
            text.stage = Stage::Asked;
            let (text, language) = (text.text.clone(), text.language.clone());
            self.actions.push_back(Action::Voice { voicing: id, text, language });
        }
        let readiness = self.readiness(now, prompts);
        if readiness != Readiness::Playing {
            self.actions.push_back(Action::StopPlaying);
        }
        readiness
    }

    fn readiness(&self, now: Instant, prompts: &[Spoken]) -> Readiness {
        let mut readiness = Readiness::Playing;
        for (_, text) in prompts.iter().filter_map(|spoken| self.voicing(&spoken.prompt)) {
            match text.stage {
                Stage::Wanted | Stage::Asked => {
                    readiness = Readiness::Awaiting { by: now + VOICE_ANSWER_MAX };
                }
                Stage::Answered(Heard::Nothing) if text.instead.is_empty() => {
                    return Readiness::Lost { since: now };
                }
                Stage::Answered(_) => {}
            }
        }
        readiness
    }

    /// The prompts as they are played: in place of what no voice said stand its numbers.
    pub(super) fn playable(&self, prompts: &[Spoken], pace: Pace) -> Phrases {
        let mut playable = Phrases::with_capacity(prompts.len());
        for spoken in prompts {
            match self.voicing(&spoken.prompt) {
                Some((_, Voicing { stage: Stage::Answered(Heard::Nothing), instead, .. })) => {
                    let numbers = instead.iter().cloned();
                    playable.extend(numbers.map(|prompt| Spoken { prompt, pace, ..spoken.clone() }));
                }
                Some(_) | None => playable.push(Spoken { pace, ..spoken.clone() }),
            }
        }
        playable
    }

    /// The voice tells what came of a text.
    pub(super) fn voice_answers(&mut self, now: Instant, id: VoicingId, heard: Heard) {
        match self.voicing_mut(id) {
            Some(text) if text.stage == Stage::Asked => text.stage = Stage::Answered(heard),
            Some(_) | None => return,
        }
        self.begin_awaited(now);
    }

    /// The voice did not answer in time: its texts are given up.
    fn voice_is_late(&mut self, now: Instant) {
        let Some(speech) = self.speech() else { return };
        for id in self.texts_of(&speech.prompts) {
            if let Some(text) = self.voicing_mut(id).filter(|text| text.stage == Stage::Asked) {
                text.stage = Stage::Answered(Heard::Nothing);
            }
        }
        self.begin_awaited(now);
    }

    /// Plays the words that waited, if nothing of them is awaited any more.
    fn begin_awaited(&mut self, now: Instant) {
        let Some(speech) = self.speech().filter(|speech| matches!(speech.ready, Readiness::Awaiting { .. }))
        else {
            return;
        };
        let (playback, pace, prompts) = (speech.playback, speech.pace, speech.prompts.clone());
        let ready = self.readiness(now, &prompts);
        match ready {
            Readiness::Awaiting { .. } => return,
            Readiness::Lost { .. } => {}
            Readiness::Playing => {
                let prompts = self.playable(&prompts, pace);
                self.actions.push_back(Action::Play { playback, prompts });
            }
        }
        if let Some(speech) = self.speech_mut() {
            speech.ready = ready;
            speech.allow(now);
        }
    }

    /// Whether words wait for a voice that is due, or are lost.
    pub(super) fn voice_is_due(&self, now: Instant) -> bool {
        self.speech().and_then(Speech::awaited).is_some_and(|due| due <= now)
    }

    /// The time for a voice is over.
    pub(super) fn voice_is_over(&mut self, now: Instant) {
        self.voice_is_late(now);
        let is_lost = |speech: &Speech| matches!(speech.ready, Readiness::Lost { .. });
        if !self.speech().is_some_and(is_lost) {
            return;
        }
        self.tell_fault("a value could not be spoken");
        match &self.state {
            // A person is being called already.
            State::Climbing(_) => self.speech_ended(now, false),
            _ => self.climb(now, Why::Fault),
        }
    }
}

impl Speech {
    /// When words that wait for a voice must be looked at.
    pub(super) fn awaited(&self) -> Option<Instant> {
        match self.ready {
            Readiness::Playing => None,
            Readiness::Awaiting { by } => Some(by),
            Readiness::Lost { since } => Some(since),
        }
    }
}
