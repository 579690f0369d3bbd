//! The prompts that can be named: every sound of a folder, the pieces of which values are joined, and the first words
//! of those that `prompts.yaml` has.

use crate::audio::fingerprint::RATE_HZ;
use crate::flow::diagnostic::Sources;
use crate::flow::read::prompts::{self, Texts};
use crate::flow::set::PROMPTS_FILE;
use crate::flow::syntax::tree::{self, Reading};
use crate::io::prompts::sound_file::{self, SoundError};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// All prompts, by their place in the index.
#[derive(Debug)]
pub struct Known {
    prompts: Vec<Prompt>,
}

/// One of them.
#[derive(Debug)]
pub struct Prompt {
    /// Such as `u.menu`, or `say/march` for a piece.
    pub name: String,
    /// Such as `en`.
    pub language: String,
    /// Its first words, if the flows tell them.
    pub begins: Option<String>,
    samples: Vec<i16>,
}

/// Why no prompt can be named.
#[derive(Debug, Error)]
pub enum KnownError {
    /// The folder is not there, or there is no sound in it.
    #[error(
        "no prompt is in {}: name the folder that holds LANGUAGE/NAME.wav with `--sounds DIR`",
        folder.display()
    )]
    None {
        /// The folder.
        folder: PathBuf,
    },
    /// One of the sounds cannot be read.
    #[error("{}: {source}", path.display())]
    Broken {
        /// Which.
        path: PathBuf,
        /// Cause and repair.
        source: SoundError,
    },
}

/// The folder of pieces, in that of the language.
const PIECES: &str = "say";
/// Words of a prompt that are printed.
const FIRST_WORDS: usize = 4;

impl Known {
    /// Reads every sound of `folder/LANGUAGE/` and `folder/LANGUAGE/say/`, in the order of their names.
    ///
    /// # Errors
    /// [`KnownError`] when there is none or one is broken.
    pub fn read(folder: &Path, flows: &Path) -> Result<Self, KnownError> {
        let texts = texts(&flows.join(PROMPTS_FILE));
        let mut prompts = Vec::new();
        for language_folder in entries(folder) {
            let Some(language) = name_of(&language_folder) else { continue };
            let own = entries(&language_folder).into_iter().map(|path| ("", path));
            let pieces = entries(&language_folder.join(PIECES)).into_iter().map(|path| ("say/", path));
            for (inside, path) in own.chain(pieces).filter(|(_, path)| is_sound(path)) {
                let Some(name) = name_of(&path.with_extension("")) else { continue };
                let (name, language) = (format!("{inside}{name}"), language.clone());
                let samples = sound_file::read(&path, RATE_HZ as u32)
                    .map_err(|source| KnownError::Broken { path: path.clone(), source })?;
                let begins = texts.get(&name).and_then(|texts| texts.texts.get(&language));
                let begins = begins.map(|text| first_words(&text.value));
                prompts.push(Prompt { name, language, begins, samples });
            }
        }
        if prompts.is_empty() {
            return Err(KnownError::None { folder: folder.to_owned() });
        }
        Ok(Self { prompts })
    }

    /// The samples of each, in order.
    pub fn samples(&self) -> impl Iterator<Item = &[i16]> {
        self.prompts.iter().map(|prompt| prompt.samples.as_slice())
    }

    /// The name of each, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.prompts.iter().map(|prompt| prompt.name.as_str())
    }

    /// One of them.
    pub fn prompt(&self, number: usize) -> &Prompt {
        &self.prompts[number]
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn name_of(path: &Path) -> Option<String> {
    path.file_name().and_then(|name| name.to_str()).map(str::to_owned)
}

fn is_sound(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| ["wav", "flac", "mp3", "ogg"].contains(&extension) && path.is_file())
}

/// What the prompts say, as far as it can be read: names are told without it too.
fn texts(path: &Path) -> BTreeMap<String, Texts> {
    let mut sources = Sources::default();
    let Ok(octets) = fs::read(path) else { return BTreeMap::new() };
    match tree::read(&mut sources, &path.to_string_lossy(), &octets).1 {
        Reading::Tree(node) => prompts::read(&node, &mut sources),
        Reading::Empty | Reading::Broken => BTreeMap::new(),
    }
}

fn first_words(text: &str) -> String {
    let mut words = text.split_whitespace();
    let first: Vec<&str> = words.by_ref().take(FIRST_WORDS).collect();
    let more = if words.next().is_some() { " …" } else { "" };
    first.join(" ") + more
}
