//! The arguments of a bench: `--name NUMBER` pairs, each with a default; an unknown word is a fault.

use std::time::Duration;

/// The numbers that a bench runs with.
#[derive(Debug)]
pub struct Options(Vec<(&'static str, u64)>);

/// An argument that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadArgument {
    /// The bench has no such option.
    #[error("`{word}` is no option here; there are: {known}")]
    Unknown {
        /// What was given.
        word: String,
        /// All options.
        known: String,
    },
    /// The option wants a number.
    #[error("`--{name}` wants a whole number after it")]
    NoNumber {
        /// The option.
        name: &'static str,
    },
}

impl Options {
    /// Reads the process's arguments over the defaults; `--bench`, which cargo adds, is passed over.
    ///
    /// # Errors
    /// When a word is unknown or a number is missing.
    pub fn from_arguments(defaults: &[(&'static str, u64)]) -> Result<Self, BadArgument> {
        let mut values = defaults.to_vec();
        let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
        while let Some(word) = words.next() {
            let known = || defaults.iter().map(|(name, _)| format!("--{name}")).collect::<Vec<_>>().join(" ");
            let option = values.iter_mut().find(|(name, _)| word.strip_prefix("--") == Some(name));
            let Some((name, value)) = option else {
                return Err(BadArgument::Unknown { word, known: known() });
            };
            let number = words.next().and_then(|word| word.parse().ok());
            *value = number.ok_or(BadArgument::NoNumber { name })?;
        }
        Ok(Self(values))
    }

    /// The value of the option `name`; zero if the bench has none of that name.
    pub fn get(&self, name: &str) -> u64 {
        self.0.iter().find(|(known, _)| *known == name).map_or(0, |(_, value)| *value)
    }

    /// The same as seconds.
    pub fn seconds(&self, name: &str) -> Duration {
        Duration::from_secs(self.get(name))
    }
}
