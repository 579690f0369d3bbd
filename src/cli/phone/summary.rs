//! What a call came to, as text for a tester and as JSON for a script.

use super::call::Phone;
use super::ears::Level;
use super::facts::{End, Life};
use super::sound;
use crate::limits::TICK;
use crate::wire::telephone_event::Key;
use serde_json::{Value, json};
use std::time::Duration;

/// What is told of a call.
pub struct Summary {
    /// From the first message to the answer, in s.
    answered_after_s: Option<f64>,
    /// From the answer to the first sound, in s.
    words_after_s: Option<f64>,
    /// From the answer to the end, in s.
    lasted_s: Option<f64>,
    status: Option<u16>,
    codec: Option<&'static str>,
    received: u64,
    lost: u64,
    refused: u64,
    sent: u64,
    lost_by_line: u64,
    largest_gap_ms: f64,
    heard: Sound,
    said: Sound,
    keys_heard: String,
    keys_sent: String,
    end: String,
}

struct Sound {
    mean_dbfs: Option<f64>,
    peak_dbfs: Option<f64>,
    voiced_s: f64,
}

impl Summary {
    /// The summary of a call that is over.
    pub fn of(phone: &Phone) -> Self {
        let (facts, media) = (&phone.facts, &phone.media);
        let between = |from: Option<_>, to: Option<_>| {
            from.zip(to).map(|(from, to): (crate::clock::Instant, _)| {
                let span: Duration = crate::clock::Instant::since(to, from);
                span.as_secs_f64()
            })
        };
        let counters = media.counters();
        let first = media.ears.theirs.first_voiced;
        Self {
            answered_after_s: between(facts.begun, facts.answered),
            words_after_s: first.map(|tick| (TICK * tick).as_secs_f64()),
            lasted_s: between(facts.answered, facts.over),
            status: facts.status,
            codec: media.plan().map(|plan| sound::name(plan.sends.codec)),
            received: counters.received,
            lost: counters.lost,
            refused: counters.refused + counters.malformed,
            sent: counters.sent,
            lost_by_line: media.lost_by_line(),
            largest_gap_ms: media.largest_gap().as_secs_f64() * 1_000.0,
            heard: Sound::of(&media.ears.theirs),
            said: Sound::of(&media.ears.ours),
            keys_heard: signs(&facts.keys_heard),
            keys_sent: signs(&facts.keys_sent),
            end: match &phone.life {
                Life::Over(end) => end.told(),
                Life::Idle => "there was no call".to_owned(),
                Life::Calling | Life::Up => End::Ours.told(),
            },
        }
    }

    /// A few lines.
    pub fn text(&self) -> String {
        let seconds = |span: Option<f64>| span.map_or("never".to_owned(), |span| format!("{span:.3} s"));
        let keys = |keys: &String| if keys.is_empty() { "none".to_owned() } else { keys.clone() };
        let mut text = format!("answered after  {}\n", seconds(self.answered_after_s));
        if let Some(codec) = self.codec {
            text += &format!(
                "words began     {} after the answer\n\
                 heard           {} packets in {codec}, {} lost, {} refused; largest gap {:.0} ms; {}\n\
                 said            {} packets, {} of them lost by our own bad line; {}\n\
                 keys            sent {}; heard {}\n",
                seconds(self.words_after_s),
                self.received,
                self.lost,
                self.refused,
                self.largest_gap_ms,
                self.heard.text(),
                self.sent,
                self.lost_by_line,
                self.said.text(),
                keys(&self.keys_sent),
                keys(&self.keys_heard),
            );
        }
        let after = self.lasted_s.map_or(String::new(), |lasted| format!(", {lasted:.1} s after the answer"));
        text + &format!("over            {}{after}\n", self.end)
    }

    /// The same for a program; `failed` is what the script failed by.
    pub fn json(&self, failed: Option<&str>) -> Value {
        json!({
            "came_through": failed.is_none(),
            "failed": failed,
            "status": self.status,
            "answered_after_s": self.answered_after_s,
            "words_after_s": self.words_after_s,
            "lasted_s": self.lasted_s,
            "codec": self.codec,
            "packets": {
                "received": self.received, "lost": self.lost, "refused": self.refused,
                "sent": self.sent, "lost_by_line": self.lost_by_line,
            },
            "largest_gap_ms": self.largest_gap_ms,
            "heard": self.heard.json(),
            "said": self.said.json(),
            "keys_sent": self.keys_sent,
            "keys_heard": self.keys_heard,
            "end": self.end,
        })
    }
}

impl Sound {
    fn of(level: &Level) -> Self {
        let voiced_s = (TICK * level.voiced).as_secs_f64();
        Self { mean_dbfs: level.mean_dbfs(), peak_dbfs: level.peak_dbfs(), voiced_s }
    }

    fn text(&self) -> String {
        match (self.mean_dbfs, self.peak_dbfs) {
            (Some(mean), Some(peak)) => {
                format!("{:.1} s of sound, mean {mean:.0} dBFS, peak {peak:.0} dBFS", self.voiced_s)
            }
            (None, _) | (_, None) => "nothing but silence".to_owned(),
        }
    }

    fn json(&self) -> Value {
        json!({"sound_s": self.voiced_s, "mean_dbfs": self.mean_dbfs, "peak_dbfs": self.peak_dbfs})
    }
}

/// Keys as they stand on a telephone.
fn signs(keys: &[Key]) -> String {
    let sign = |key: &Key| match key {
        Key::Digit(digit) => char::from(b'0' + digit % 10),
        Key::Star => '*',
        Key::Pound => '#',
        Key::Letter(letter) => char::from(*letter),
    };
    keys.iter().map(sign).collect()
}
