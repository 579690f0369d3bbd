//! Goes through a script: each act is begun once and watched until it is done, or its time is over.
//!
//! ```text
//!  begin ──▶ watch, again and again ──▶ done: the next act
//!                    └── the time is over, or it can no longer happen ──▶ failed: the line, and what was seen
//! ```

use super::call::Phone;
use super::facts::{Change, End, Life};
use super::recogniser::Recogniser;
use super::script::{Act, Line, Wait};
use super::sound;
use crate::audio::fingerprint::RATE_HZ;
use crate::cli::calls::picture::Mark;
use crate::clock::Instant;
use crate::io::prompts::sound_file;
use crate::wire::sdp::session::Direction;
use std::time::Duration;

/// How long a far end may take over what has no time of its own in the script.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long silence may be waited for.
const SILENCE_PATIENCE: Duration = Duration::from_secs(60);

/// How far a script is.
pub struct Director {
    lines: Vec<Line>,
    at: usize,
    begun: Option<Instant>,
    curfew: Curfew,
}

/// What ends a script besides its last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curfew {
    /// Nothing.
    Script,
    /// So long after the answer the phone hangs up; and when the far end does it before, that is no fault.
    After(Duration),
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Go on.
    On,
    /// The script came through.
    Through,
    /// It did not.
    Failed(String),
}

/// Whether the act is done.
enum Progress {
    Done,
    Watched,
    Failed(String),
}

impl Director {
    /// Will do these.
    pub fn new(lines: Vec<Line>, curfew: Curfew) -> Self {
        Self { lines, at: 0, begun: None, curfew }
    }

    /// Begins what is next and watches what is begun.
    pub fn step(&mut self, now: Instant, phone: &mut Phone) -> Step {
        if self.is_over(now, phone) {
            return Step::Through;
        }
        loop {
            let Some(line) = self.lines.get(self.at) else {
                return match self.curfew {
                    Curfew::Script => Step::Through,
                    Curfew::After(_) if matches!(phone.life, Life::Over(_)) => Step::Failed(phone.seen()),
                    Curfew::After(_) => Step::On,
                };
            };
            let done = match self.begun {
                None => {
                    self.begun = Some(now);
                    begin(now, &line.act, phone)
                }
                Some(begun) => watch(now.since(begun), &line.act, phone),
            };
            match done {
                Progress::Done => (self.at, self.begun) = (self.at + 1, None),
                Progress::Watched => return Step::On,
                Progress::Failed(why) => return Step::Failed(told(line, &why)),
            }
        }
    }

    /// The curfew has come, or the far end hung up where that is no fault.
    fn is_over(&self, now: Instant, phone: &mut Phone) -> bool {
        let Curfew::After(lasts) = self.curfew else { return false };
        if phone.facts.answered.is_some_and(|answered| now.since(answered) >= lasts) {
            phone.hang_up(now);
        }
        phone.facts.answered.is_some() && matches!(phone.life, Life::Over(End::Ours | End::Theirs))
    }
}

fn told(line: &Line, why: &str) -> String {
    match line.number {
        0 => why.to_owned(),
        number => format!("line {number}: `{}`: {why}", line.text),
    }
}

fn begin(now: Instant, act: &Act, phone: &mut Phone) -> Progress {
    match act {
        Act::Dial if phone.settings().target.is_none() => {
            Progress::Failed("there is nobody to call".to_owned())
        }
        Act::Dial if phone.life != Life::Idle => Progress::Failed("the phone makes one call".to_owned()),
        Act::Dial => {
            phone.dial(now);
            Progress::Done
        }
        Act::Wait(_) | Act::ExpectEnded(_) | Act::ExpectStatus(_) | Act::ExpectHeard(_) => {
            watch(Duration::ZERO, act, phone)
        }
        Act::HangUp => {
            phone.hang_up(now);
            Progress::Done
        }
        Act::Keys(_) | Act::Play(_) | Act::Tone { .. } | Act::Hold | Act::Resume
            if phone.life != Life::Up =>
        {
            Progress::Failed(phone.seen())
        }
        Act::Keys(keys) => phone.press(now, keys).map_or_else(Progress::Failed, |()| Progress::Watched),
        Act::Play(file) => match sound_file::read(file, phone.codec().sample_rate_hz()) {
            Ok(samples) => {
                phone.note(now, Mark::Sound, format!("plays {}", file.display()));
                let clip = sound::clip(phone.codec(), &samples);
                phone.play(now, clip);
                Progress::Watched
            }
            Err(error) => Progress::Failed(format!("{}: {error}", file.display())),
        },
        Act::Tone { hertz, lasts } => {
            phone.note(now, Mark::Sound, format!("plays a tone of {hertz} Hz"));
            let clip = sound::tone(phone.codec(), *hertz, *lasts);
            phone.play(now, clip);
            Progress::Watched
        }
        Act::Hold => {
            phone.change(now, Direction::SendOnly);
            Progress::Watched
        }
        Act::Resume => {
            phone.change(now, Direction::SendRecv);
            Progress::Watched
        }
    }
}

/// Whether an act that was begun this long ago is done.
fn watch(lasted: Duration, act: &Act, phone: &Phone) -> Progress {
    let (is_so, within) = match act {
        Act::Dial | Act::HangUp => return Progress::Done,
        Act::Wait(Wait::Time(time)) => {
            return if lasted >= *time { Progress::Done } else { Progress::Watched };
        }
        Act::Wait(Wait::Answer(within)) => (phone.facts.answered.is_some(), *within),
        Act::Wait(Wait::Silence(time)) => (phone.media.ears.silent_for() >= *time, SILENCE_PATIENCE),
        Act::Wait(Wait::Sound(within)) => (phone.media.ears.hears_sound(), *within),
        Act::Wait(Wait::Tone { hertz, within }) => (phone.media.ears.hears_tone(*hertz), *within),
        Act::Wait(Wait::Heard { prompt, within }) => (heard_since(lasted, prompt, phone), *within),
        Act::Keys(_) => (phone.pressed_all(), PATIENCE),
        Act::Play(_) | Act::Tone { .. } => {
            if !phone.media.is_playing() {
                return Progress::Done;
            }
            (false, Duration::MAX)
        }
        Act::Hold | Act::Resume => match phone.change {
            Change::Settled => (true, PATIENCE),
            Change::Asked => (false, PATIENCE),
            Change::Refused(status) => return Progress::Failed(format!("refused with {status}")),
        },
        Act::ExpectEnded(within) => {
            let is_over = matches!(phone.life, Life::Over(_));
            return judged(is_over, lasted >= *within, phone);
        }
        Act::ExpectHeard(prompt) => {
            let Some(recogniser) = &phone.media.ears.recogniser else { return Progress::Watched };
            let knows_all = recogniser.covered() >= began(lasted, recogniser);
            return judged(recogniser.heard_after(prompt, 0), knows_all || lasted >= PATIENCE, phone);
        }
        Act::ExpectStatus(status) => {
            let known = phone.facts.status;
            let is_over = matches!(phone.life, Life::Over(_)) || known.is_some_and(|known| known != *status);
            return judged(known == Some(*status), lasted >= PATIENCE || is_over, phone);
        }
    };
    let can_no_more = matches!(phone.life, Life::Over(_));
    judged(is_so, can_no_more || lasted >= within, phone)
}

/// The prompt was heard, or its end, since an act was begun this long ago.
fn heard_since(lasted: Duration, prompt: &str, phone: &Phone) -> bool {
    let recogniser = phone.media.ears.recogniser.as_ref();
    recogniser.is_some_and(|recogniser| recogniser.heard_after(prompt, began(lasted, recogniser)))
}

/// The sample of what was heard that came this long ago.
fn began(lasted: Duration, recogniser: &Recogniser) -> usize {
    let samples = lasted.as_millis() as usize * RATE_HZ / 1_000;
    recogniser.heard().saturating_sub(samples)
}

fn judged(is_so: bool, is_too_late: bool, phone: &Phone) -> Progress {
    match (is_so, is_too_late) {
        (true, _) => Progress::Done,
        (false, true) => Progress::Failed(phone.seen()),
        (false, false) => Progress::Watched,
    }
}
