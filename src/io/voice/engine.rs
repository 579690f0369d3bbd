//! The kinds of speech engine, and how each is asked. What it gives is bounded; how long it may take is the caller's bound.

use super::{Failure, child};
use crate::flow::request::url::{Scheme, Url};
use crate::id::Language;
use crate::io::http::{self, Fault, Question};
use crate::limits::VOICE_OCTETS_MAX;
use crate::phi::Phi;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tokio::net::TcpStream;

/// A configured engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// There is none.
    #[default]
    None,
    /// espeak-ng, by the names of its voices for languages.
    EspeakNg(BTreeMap<String, String>),
    /// flite, by the names of its voices for languages.
    Flite(BTreeMap<String, String>),
    /// A program that gets the text on its standard input and gives a sound on its standard output; `{language}` in its
    /// words stands for the language.
    Command(Vec<String>),
    /// A server that gets the text in a POST and gives a sound back.
    Http(Address),
}

/// Where an HTTP engine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Host and port, such as `127.0.0.1:5002`.
    pub authority: String,
    /// The path, from its slash on; `{language}` in it stands for the language.
    pub path: String,
}

impl Address {
    /// Reads `http://HOST:PORT/PATH` of a server in the clinic's own network, by the rules of the URLs of requests: what
    /// is said may tell of a patient, and plain http can be read by anybody on the way. `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        let Url { scheme, host, port, .. } = Url::read(&text.replace("{language}", "en")).ok()?;
        let rest = text.strip_prefix("http://")?;
        let (_, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let slash = if tail.starts_with('/') { "" } else { "/" };
        (scheme == Scheme::Http)
            .then(|| Self { authority: format!("{host}:{port}"), path: format!("{slash}{tail}") })
    }
}

impl Engine {
    /// Its name in the log.
    pub const fn name(&self) -> &'static str {
        match self {
            Engine::None => "none",
            Engine::EspeakNg(_) => "espeak-ng",
            Engine::Flite(_) => "flite",
            Engine::Command(_) => "command",
            Engine::Http(_) => "http",
        }
    }

    /// Whether there is one.
    pub const fn is_there(&self) -> bool {
        !matches!(self, Engine::None)
    }

    /// Asks for the sound of a text: the octets of a WAV file, or of any other kind that prompts may have.
    pub(super) async fn say(&self, language: &Language, text: &Phi<String>) -> Result<Vec<u8>, Failure> {
        match self {
            Engine::None => Err(Failure::NoVoice),
            Engine::EspeakNg(voices) => {
                let voice =
                    voices.get(language.as_str()).map_or_else(|| espeak_voice(language), String::as_str);
                let words = ["espeak-ng", "-v", voice, "-s", "150", "--stdin", "--stdout"];
                child::piped(&words, text).await
            }
            Engine::Flite(voices) => {
                let mut words = vec!["flite"];
                if let Some(voice) = voices.get(language.as_str()) {
                    words.extend(["-voice", voice]);
                }
                words.extend(["-f", "/dev/stdin", "-o", "/dev/stdout"]);
                child::into_memory_file(&words, text, &shared_memory()).await
            }
            Engine::Command(words) => {
                let words: Vec<String> =
                    words.iter().map(|word| word.replace("{language}", language.as_str())).collect();
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                child::piped(&words, text).await
            }
            Engine::Http(address) => post(address, language, text).await,
        }
    }
}

/// The voice of espeak-ng that callers of this language know best.
fn espeak_voice(language: &Language) -> &str {
    match language.as_str() {
        "en" => "en-us",
        "es" => "es-419",
        other => other,
    }
}

/// A folder that lies in memory, for a program that cannot write into a pipe.
fn shared_memory() -> PathBuf {
    PathBuf::from("/dev/shm")
}

/// One POST, and the body of its answer.
async fn post(address: &Address, language: &Language, text: &Phi<String>) -> Result<Vec<u8>, Failure> {
    let stream = TcpStream::connect(&address.authority).await.map_err(Failure::NotReached)?;
    let question = Question {
        method: "POST",
        target: &address.path.replace("{language}", language.as_str()),
        authority: &address.authority,
        fields: &[
            ("content-type", "text/plain; charset=utf-8"),
            ("content-language", language.as_str()),
            ("accept", "audio/wav"),
        ],
        body: text.expose().as_bytes().to_vec(),
    };
    http::ask(stream, question, VOICE_OCTETS_MAX).await.map_err(|fault| match fault {
        Fault::TooLong => Failure::TooMuch,
        Fault::Unwritable | Fault::Broken | Fault::Status(_) => Failure::Failed(fault.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_or_refused() {
        for (text, read) in [
            ("http://127.0.0.1:5002/say/{language}", Some(("127.0.0.1:5002", "/say/{language}"))),
            ("http://localhost", Some(("localhost:80", "/"))),
            ("http://tts.local/", None),
            ("http://[::1]:5002/", Some(("[::1]:5002", "/"))),
            ("http://[::1]/", Some(("[::1]:80", "/"))),
            ("http://10.0.0.7:81/", Some(("10.0.0.7:81", "/"))),
            ("https://tts.local/", None),
            ("http://tts.example.org/", None),
            ("http://203.0.113.5/say", None),
            ("http://127.0.0.1?say", Some(("127.0.0.1:80", "/?say"))),
            ("http://user@tts.local/", None),
            ("http://", None),
            ("http://:80/", None),
            ("http://a b/", None),
            ("http://a/b\r\nX: y", None),
            ("127.0.0.1:5002", None),
        ] {
            let found = Address::read(text);
            let found = found.as_ref().map(|address| (address.authority.as_str(), address.path.as_str()));
            assert_eq!(found, read, "{text}");
        }
    }
}
