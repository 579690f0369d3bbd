//! Why a request brought no answer. Nothing of a question, an answer or a value is in it.

use super::{Kind, answer::Refusal};
use std::fmt;
use thiserror::Error;

/// Why a request failed: the step goes on with its `failed`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// As many requests are under way as there may be.
    #[error("too many requests are under way at once")]
    Busy,
    /// The values are more than a request may hold.
    #[error("the values are more than a request may hold")]
    Long,
    /// A value that is to be sent was never saved.
    #[error("a value that is to be sent has not been saved")]
    Unsaved,
    /// The host's name has no address.
    #[error("the host has no address")]
    NoAddress,
    /// Nobody listens there, or the network is down.
    #[error("the server cannot be reached")]
    NotReached,
    /// The server's certificate is not to be trusted, or it speaks no TLS.
    #[error("no TLS with the server: its certificate is not trusted, or it speaks none")]
    Tls,
    /// No whole answer in the time allowed.
    #[error("no whole answer in time")]
    Late,
    /// The connection broke, or what came is no HTTP.
    #[error("the connection broke, or what came is no HTTP")]
    Broken,
    /// The answer leads elsewhere: it is not followed.
    #[error("the answer {0} leads to another URL, which is not followed")]
    Redirected(u16),
    /// The server says that it has no answer.
    #[error("the server answered {0}")]
    Status(u16),
    /// The answer is too long.
    #[error("the answer is too long")]
    TooLong,
    /// The answer does not hold what the step says.
    #[error("{0}")]
    Refused(Refusal),
    /// The edge gave no answer at all.
    #[error("the engine itself gave no answer")]
    Lost,
}

impl Failure {
    /// Whether the same request may have an answer a moment later.
    pub const fn passes(&self) -> bool {
        match self {
            Failure::NotReached | Failure::Broken => true,
            // RFC 9110 §15.5.9, RFC 6585 §4, RFC 9110 §15.6.
            Failure::Status(status) => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
            Failure::Busy | Failure::Long | Failure::Unsaved | Failure::NoAddress | Failure::Tls => false,
            Failure::Late | Failure::Redirected(_) | Failure::TooLong | Failure::Refused(_) => false,
            Failure::Lost => false,
        }
    }

    /// For the event log.
    pub fn outcome(&self) -> Outcome {
        match self {
            Failure::Busy => Outcome::Busy,
            Failure::Long => Outcome::Long,
            Failure::Unsaved => Outcome::Unsaved,
            Failure::NoAddress => Outcome::NoAddress,
            Failure::NotReached => Outcome::NotReached,
            Failure::Tls => Outcome::Tls,
            Failure::Late => Outcome::Late,
            Failure::Broken => Outcome::Broken,
            Failure::Redirected(_) => Outcome::Redirected,
            Failure::Status(status) => Outcome::Status(*status),
            Failure::TooLong => Outcome::TooLong,
            Failure::Refused(_) => Outcome::Refused,
            Failure::Lost => Outcome::Lost,
        }
    }
}

/// How a request ended, as the event log keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With an answer that holds what the step says.
    Done,
    /// The caller went on before it came: he pressed a key or hung up.
    Left,
    /// See [`Failure::Busy`].
    Busy,
    /// See [`Failure::Long`].
    Long,
    /// See [`Failure::Unsaved`].
    Unsaved,
    /// See [`Failure::NoAddress`].
    NoAddress,
    /// See [`Failure::NotReached`].
    NotReached,
    /// See [`Failure::Tls`].
    Tls,
    /// See [`Failure::Late`].
    Late,
    /// See [`Failure::Broken`].
    Broken,
    /// See [`Failure::Redirected`].
    Redirected,
    /// See [`Failure::Status`].
    Status(u16),
    /// See [`Failure::TooLong`].
    TooLong,
    /// See [`Failure::Refused`].
    Refused,
    /// See [`Failure::Lost`].
    Lost,
}

impl Outcome {
    /// Those without a number, and the word that is kept for each.
    const WORDS: [(&'static str, Outcome); 14] = [
        ("done", Outcome::Done),
        ("left", Outcome::Left),
        ("busy", Outcome::Busy),
        ("long", Outcome::Long),
        ("unsaved", Outcome::Unsaved),
        ("no_address", Outcome::NoAddress),
        ("not_reached", Outcome::NotReached),
        ("tls", Outcome::Tls),
        ("late", Outcome::Late),
        ("broken", Outcome::Broken),
        ("redirected", Outcome::Redirected),
        ("too_long", Outcome::TooLong),
        ("refused", Outcome::Refused),
        ("lost", Outcome::Lost),
    ];

    /// The outcome of this word.
    pub fn read(word: &str) -> Option<Outcome> {
        if let Some(status) = word.strip_prefix("status_") {
            return status.parse().ok().map(Outcome::Status);
        }
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, outcome)| *outcome)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Outcome::Status(status) = self {
            return write!(f, "status_{status}");
        }
        let word = Self::WORDS.iter().find(|(_, outcome)| outcome == self).map_or("lost", |(word, _)| word);
        f.write_str(word)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::NoJson => f.write_str("the answer is no JSON"),
            Refusal::NoObject => f.write_str("the answer is JSON, but no object"),
            Refusal::Missing(name) => write!(f, "the answer lacks `{name}`"),
            Refusal::Twice(name) => write!(f, "the answer has `{name}` twice"),
            Refusal::Kind(name, wanted) => write!(f, "`{name}` in the answer is no {}", shown(*wanted)),
            Refusal::Many(name) => write!(f, "`{name}` in the answer has more items than anybody can hear"),
        }
    }
}

fn shown(kind: Kind) -> String {
    match kind {
        Kind::One(item) => item.word().to_owned(),
        Kind::ListOf(_) => kind.to_string(),
    }
}
