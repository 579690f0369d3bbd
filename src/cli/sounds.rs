//! The sounds that a check asks for: one library per folder, opened at the first question.

use crate::flow::set::Audio;
use crate::id::{Language, PromptName};
use crate::io::prompts::PromptLibrary;
use std::cell::RefCell;
use std::path::{Path, PathBuf};

/// The libraries opened so far: one, unless a command asks for several folders.
#[derive(Default)]
pub struct Sounds {
    opened: RefCell<Option<(PathBuf, PromptLibrary)>>,
}

impl Sounds {
    /// Whether a prompt can be heard from this folder.
    pub fn audio(&self, folder: &Path, prompt: &PromptName, language: &Language) -> Audio {
        let mut opened = self.opened.borrow_mut();
        let stale = opened.as_ref().is_none_or(|(path, _)| path != folder);
        if stale {
            *opened = Some((folder.to_owned(), PromptLibrary::open(folder)));
        }
        opened.as_ref().map_or(Audio::Missing, |(_, library)| library.audio(prompt, language))
    }

    /// The library of this folder, for the engine: what a check has read is not read again.
    pub fn into_library(self, folder: &Path) -> PromptLibrary {
        match self.opened.into_inner() {
            Some((path, library)) if path == folder => library,
            Some(_) | None => PromptLibrary::open(folder),
        }
    }
}
