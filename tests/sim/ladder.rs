//! The last messages on the wire, to be read when a check fails; and the hash of everything that was
//! ever sent or logged, by which two runs of one seed are compared.

use careline::clock::Instant;
use careline::wire::sip::message::{Message, parse};
use careline::wire::sip::name::Name;
use std::collections::VecDeque;
use std::fmt::Write as _;

/// Lines that are kept; all of them when one seed is replayed.
const LINES_MAX: usize = 60;

/// The trace of a world.
pub struct Ladder {
    lines: VecDeque<String>,
    lines_max: usize,
    hash: u64,
}

impl Ladder {
    /// Nothing has happened.
    pub fn new() -> Self {
        let lines_max = if std::env::var_os("CARELINE_SEED").is_some() { usize::MAX } else { LINES_MAX };
        Self { lines: VecDeque::new(), lines_max, hash: 0xcbf2_9ce4_8422_2325 }
    }

    /// A SIP message on the wire.
    pub fn sip(&mut self, now: Instant, from: &str, to: &str, octets: &[u8]) {
        self.mix(now, octets);
        self.line(now, &format!("{from:>8} → {to:<8} {}", gist(octets)));
    }

    /// Something else that is worth a line.
    pub fn note(&mut self, now: Instant, text: &str) {
        self.mix(now, text.as_bytes());
        self.line(now, text);
    }

    /// Something that only the hash keeps: sound.
    pub fn mix(&mut self, now: Instant, octets: &[u8]) {
        // FNV-1a over eight octets at a time.
        let mut hash = self.hash ^ now.as_micros();
        for chunk in octets.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x100_0000_01b3);
            hash ^= hash >> 29;
        }
        self.hash = hash;
    }

    /// What two runs of one seed agree on.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The last lines.
    pub fn text(&self) -> String {
        self.lines.iter().fold(String::new(), |mut text, line| {
            let _ = writeln!(text, "{line}");
            text
        })
    }

    fn line(&mut self, now: Instant, text: &str) {
        if self.lines.len() >= self.lines_max {
            self.lines.pop_front();
        }
        self.lines.push_back(format!("{now:?}  {text}"));
    }
}

/// A message in one line: method or status, CSeq, the beginning of Call-ID.
pub fn gist(octets: &[u8]) -> String {
    let Ok(message) = parse(octets) else { return format!("{} octets that are no SIP", octets.len()) };
    let headers = match &message {
        Message::Request(request) => request.headers,
        Message::Response(response) => response.headers,
    };
    let value =
        |name| headers.first(name).map(|v| String::from_utf8_lossy(v).into_owned()).unwrap_or_default();
    let call: String = value(Name::CallId).chars().take(8).collect();
    let start = match &message {
        Message::Request(request) => request.method.to_string(),
        Message::Response(response) => response.status.to_string(),
    };
    format!("{start:<8} {} ({call})", value(Name::CSeq))
}
