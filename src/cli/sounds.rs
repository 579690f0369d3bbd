//! The sounds that a check asks for: one library per folder, opened at the first question; and `careline sounds`,
//! which tells how loud each prompt was recorded and is heard.

use crate::cli::check::{self, Loaded, Paths};
use crate::flow::action::Spoken;
use crate::flow::diagnostic::Paint;
use crate::flow::set::Audio;
use crate::id::{Language, PromptName};
use crate::io::prompts::level::Level;
use crate::io::prompts::music;
use crate::io::prompts::{self, PromptLibrary};
use crate::limits::{WAIT_SOUND_MAX, WAIT_SOUND_UNDER_WORDS_DB};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

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

/// The command: the loudness of every prompt that the flows speak. Faults of configuration or flows are told
/// in its place.
pub fn list(paths: &Paths, paint: Paint) -> ExitCode {
    let sounds = Sounds::default();
    let loaded = check::load(paths, &|folder, prompt, language| sounds.audio(folder, prompt, language));
    let Loaded { config: Some(config), flows: Some(flows), .. } = &loaded else {
        eprint!("{}", check::report(&loaded, paint));
        return ExitCode::FAILURE;
    };
    let library = sounds.into_library(&config.sounds);
    let mut code = ExitCode::SUCCESS;
    let mut levels = Vec::new();
    for spoken in flows.spoken().iter().filter(|spoken| !prompts::is_rest(&spoken.prompt)) {
        match library.level(spoken) {
            Ok(level) => levels.push((spoken, level)),
            Err(error) => {
                eprintln!("{error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    print!("{}{}", table(&levels), under_waits(&config.sounds));
    code
}

/// What is heard under a wait.
fn under_waits(folder: &Path) -> String {
    match music::path(folder) {
        Some(path) => format!(
            "under a wait: {}, {WAIT_SOUND_UNDER_WORDS_DB:.0} dB softer than words, its first {} s at the most\n",
            path.display(),
            WAIT_SOUND_MAX.as_secs()
        ),
        None => {
            format!("under a wait: two soft notes; a sound of your own is {}/wait.wav\n", folder.display())
        }
    }
}

/// One line a prompt, and what is to be done where it does not sound like the others.
fn table(levels: &[(&Spoken, Level)]) -> String {
    let name = |spoken: &Spoken| format!("{}/{}", spoken.language, spoken.prompt);
    let width = levels.iter().map(|(spoken, _)| name(spoken).len()).max().unwrap_or(0).max("prompt".len());
    let mut text = format!("{:<width$}  {:>8}  {:>10}  {:>6}  heard\n", "prompt", "recorded", "peak", "gain");
    for (spoken, level) in levels {
        let recorded = level.recorded;
        let repair = match (recorded.lufs, level.is_like_the_others()) {
            (None, _) => "  too short or too quiet to be measured: it is left as it is",
            (Some(_), true) => "",
            (Some(_), false) => "  quieter than the others: record it again, louder and without clicks",
        };
        text += &format!(
            "{:<width$}  {}  {:>5.1} dBFS  {:>+6.1}  {} LUFS{repair}\n",
            name(spoken),
            lufs(recorded.lufs, 8),
            recorded.peak_dbfs,
            level.gain_db,
            lufs(level.heard_lufs(), 0),
        );
    }
    text
}

fn lufs(lufs: Option<f64>, width: usize) -> String {
    lufs.map_or_else(|| format!("{:>width$}", "-"), |lufs| format!("{lufs:>width$.1}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::loudness::Loudness;
    use crate::flow::action::Pace;

    #[test]
    fn each_prompt_has_a_line_with_its_repair() {
        let spoken = |prompt: &str| Spoken {
            prompt: PromptName::from(prompt),
            language: Language::from("en"),
            pace: Pace::Normal,
        };
        let level = |lufs, peak_dbfs, gain_db| Level { recorded: Loudness { lufs, peak_dbfs }, gain_db };
        let (a, b, c) = (spoken("u.greeting"), spoken("u.person"), spoken("x"));
        let levels = [
            (&a, level(Some(-20.25), -3.0, 1.25)),
            (&b, level(Some(-30.0), -6.0, 5.0)),
            (&c, level(None, -12.0, 0.0)),
        ];
        expect_test::expect![[r#"
            prompt         recorded        peak    gain  heard
            en/u.greeting     -20.2   -3.0 dBFS    +1.2  -19.0 LUFS
            en/u.person       -30.0   -6.0 dBFS    +5.0  -25.0 LUFS  quieter than the others: record it again, louder and without clicks
            en/x                  -  -12.0 dBFS    +0.0  - LUFS  too short or too quiet to be measured: it is left as it is
        "#]]
        .assert_eq(&table(&levels));
    }
}
