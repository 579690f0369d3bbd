//! Collecting digits: one table-driven machine for everything that a caller types.
//!
//! ```text
//!            key        star      pound            words said   time is up
//! Asking     Typing     Starred   more time        Listening    Listening     words are said, nothing is typed
//! Listening  Typing     Starred   more time        –            silence       first key
//! Typing     Typing     Starred   the entry ends   –            it ends       between keys, total
//! Starred    person …   Asking    Asking           –            Asking        two seconds
//! Reading    yes, no …  Reading   more time        Deciding     Deciding      the value is read back
//! Deciding   yes, no …  Reading   more time        –            silence       first key
//! Over       –          –         –                –            –
//! ```
//! `TABLE` is this picture; a test prints it. A timer lives in the state that needs it, so a key that is typed into
//! the question starts its timer too, and no state but `Over` is without one: nobody waits for ever.
//!
//! **Fixed keys while somebody types.** All digits are data. Star and 0 is a person, star and 9 the crisis line, a star
//! that nothing follows for two seconds says the question again and forgets what was typed; another digit after a
//! star begins the entry anew. A lone 0 or 9 followed by the time between keys is a person or the crisis line; the
//! pound key makes it data. Pound ends; while nothing is typed it gives more time. While a value is read back the keys are those of a menu: 1, 2, 0, 4, 9, star, pound.
//!
//! **9 1 1** leads to the emergency exit when it is the whole entry, however that ends, and was typed within three
//! seconds: 911 555 1234 is data, for more follows within the time between keys. Where nothing that begins
//! with 911 could be an answer (a date, a number under 911, three digits at the most) it leads there at once.
//! 9 8 8 leads to the crisis line by the same rule. So 0, 9, 91 and 98 do not end an entry of one or two digits by their
//! length; time or the pound key does.
//!
//! Misses are silences, wrong entries, refused values and keys that a read-back does not know, counted together; the
//! one that makes `tries` leads to a person. Not here: playing, and what the words are.

pub mod ask;
pub mod judge;
#[cfg(test)]
mod tests;

use crate::clock::{Due, Instant};
use crate::limits::{EMERGENCY_KEYS_WITHIN, ENTRY_LATE_POUND, ENTRY_STAR_WAITS, PROMPT_MAX};
use crate::phi::Phi;
use crate::wire::telephone_event::Key;
use ask::{Ask, Confirm, Digits};
use judge::{Value, Verdict, Wrong};
use std::collections::VecDeque;
use std::time::Duration;

/// Names one saying of an entry, so that the end of an older one is not taken for its.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SayId(pub u32);

/// What happens to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed.
    Key(Key),
    /// Words ended: their last sample was sent, or they were cut by another.
    Said(SayId),
    /// [`Entry::poll_timeout`] is due.
    Timeout,
    /// The caller is gone.
    HangUp,
}

/// What an entry wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Speak in place of whatever is heard now; [`Input::Said`] with the same name follows.
    Say(SayId, Words),
    /// Be silent: the caller types.
    Hush,
    /// A miss, for the event log: which, and the how-manieth from 1.
    Missed(Miss, u32),
    /// The entry is over. The last output.
    Done(Outcome),
}

/// What is to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Words {
    /// The question, behind what leads to it.
    Question(Lead),
    /// The value, and that 1 is yes and 2 is no, behind what leads to it.
    ReadBack {
        /// What was entered.
        value: Phi<Value>,
        /// Whether as it was typed.
        reading: Reading,
        /// What leads to it.
        lead: Lead,
    },
    /// There is more time now.
    MoreTime,
}

/// Why something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lead {
    /// For the first time.
    First,
    /// The caller pressed star.
    Asked,
    /// Something was missed.
    After(Miss),
}

/// How a value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// As it was typed.
    AsTyped,
    /// A date with month and day exchanged, for as typed there is none.
    Swapped,
}

/// What went amiss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Miss {
    /// Nothing was pressed.
    Silence,
    /// The entry is not what was asked for.
    Wrong(Wrong),
    /// The caller said that the value is not right.
    Refused,
    /// A key that a read-back does not know.
    WrongKey,
}

/// How an entry ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With a value, confirmed if that was asked for.
    Entered(Phi<Value>),
    /// The caller asked for a person.
    Person,
    /// The caller asked for a nurse, while a value was read back.
    Nurse,
    /// The caller asked for the crisis line.
    Crisis,
    /// The caller typed the emergency number.
    Emergency,
    /// The last try was missed: a person is to be got.
    Missed(Miss),
}

/// An entry that is under way. Its `Debug` shows no digits.
#[derive(Clone, Debug)]
pub struct Entry {
    ask: Ask,
    state: State,
    misses: u32,
    sayings: u32,
    /// A pound key until then belongs to the entry that ended by its length.
    late_pound_until: Option<Instant>,
    outputs: VecDeque<Output>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Asking {
        say: SayId,
        /// A saying whose end is never told must not hold the caller for ever.
        give_up_at: Instant,
        /// How long the caller may think afterwards.
        wait: Duration,
    },
    Listening {
        until: Instant,
    },
    Typing(Typing),
    Starred {
        until: Instant,
    },
    Reading {
        say: SayId,
        give_up_at: Instant,
        wait: Duration,
        read: Read,
    },
    Deciding {
        until: Instant,
        read: Read,
    },
    Over,
}

/// Digits on their way.
#[derive(Clone, Copy, Debug)]
struct Typing {
    digits: Digits,
    first: Instant,
    last: Instant,
    /// The earlier of the time between keys and the total.
    until: Instant,
    total_until: Instant,
}

/// A value that waits for a yes.
#[derive(Clone, Copy, Debug)]
struct Read {
    value: Phi<Value>,
    reading: Reading,
}

/// The rows of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Asking,
    Listening,
    Typing,
    Starred,
    Reading,
    Deciding,
    Over,
}

/// Its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    Digit,
    Star,
    Pound,
    Said,
    Due,
}

/// What its fields say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    Ignore,
    /// The digit is data.
    Type,
    /// What was typed is forgotten; a key may follow.
    Star,
    /// The digit after a star.
    AfterStar,
    /// The question again.
    Repeat,
    /// More time, or an empty entry.
    More,
    /// The caller ends the entry.
    End,
    /// Time ends the entry.
    TimeEnds,
    /// The caller's turn.
    Listen,
    /// Nothing was pressed.
    Silent,
    /// The digit answers a read-back.
    Answer,
    /// The value again.
    ReadAgain,
}

const TABLE: [[Move; 5]; 7] = {
    use Move::*;
    [
        // Digit   Star       Pound   Said    Due
        [Type, Star, More, Listen, Listen],          // Asking
        [Type, Star, More, Ignore, Silent],          // Listening
        [Type, Star, End, Ignore, TimeEnds],         // Typing
        [AfterStar, Repeat, Repeat, Ignore, Repeat], // Starred
        [Answer, ReadAgain, More, Listen, Listen],   // Reading
        [Answer, ReadAgain, More, Ignore, Silent],   // Deciding
        [Ignore, Ignore, Ignore, Ignore, Ignore],    // Over
    ]
};

/// How an entry came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Pound,
    Length,
    Time,
}

impl Entry {
    /// An entry that begins with its question. Keys typed ahead are handed in at once.
    pub fn begin(now: Instant, ask: Ask) -> Entry {
        let outputs = VecDeque::with_capacity(OUTPUTS_AT_ONCE);
        let mut entry =
            Entry { ask, state: State::Over, misses: 0, sayings: 0, late_pound_until: None, outputs };
        entry.question(now, Lead::First);
        entry
    }

    /// Takes in one thing that happened.
    pub fn handle(&mut self, now: Instant, input: Input) {
        let (signal, digit) = match input {
            Input::Key(Key::Digit(digit @ 0..=9)) => (Signal::Digit, digit),
            Input::Key(Key::Star) => (Signal::Star, 0),
            Input::Key(Key::Pound) if self.is_late_pound(now) => return,
            Input::Key(Key::Pound) => (Signal::Pound, 0),
            Input::Key(Key::Digit(_) | Key::Letter(_)) => return,
            Input::Said(say) if self.saying() == Some(say) => (Signal::Said, 0),
            Input::Timeout if self.poll_timeout().is_some_and(|due| due.at <= now) => (Signal::Due, 0),
            Input::Said(_) | Input::Timeout => return,
            Input::HangUp => {
                self.state = State::Over;
                self.outputs.clear();
                return;
            }
        };
        self.step(now, TABLE[self.phase() as usize][signal as usize], digit);
    }

    /// The next thing to do; `None` until something happens again.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to hand in [`Input::Timeout`] at the latest; `None` only when the entry is over.
    pub fn poll_timeout(&self) -> Option<Due> {
        let due = |at, reason| Some(Due { at, reason });
        match &self.state {
            State::Asking { give_up_at, .. } | State::Reading { give_up_at, .. } => {
                due(*give_up_at, "the end of a prompt was not told")
            }
            State::Listening { until } => due(*until, "the first key of an entry"),
            State::Typing(typing) => due(typing.until, "the next key of an entry"),
            State::Starred { until } => due(*until, "a key after star"),
            State::Deciding { until, .. } => due(*until, "a yes or no to a value"),
            State::Over => None,
        }
    }

    /// Words that were held back go on: their end may be told as long after `now` as the longest take.
    pub fn allow(&mut self, now: Instant) {
        if let State::Asking { give_up_at, .. } | State::Reading { give_up_at, .. } = &mut self.state {
            *give_up_at = now + PROMPT_MAX;
        }
    }

    /// Until when a pound key, pressed after the entry ended by its length, belongs to it and means nothing else.
    pub fn late_pound_until(&self) -> Option<Instant> {
        self.late_pound_until
    }

    fn step(&mut self, now: Instant, step: Move, digit: u8) {
        match step {
            Move::Ignore => {}
            Move::Type => self.typed(now, digit),
            Move::Star => {
                self.outputs.push_back(Output::Hush);
                self.state = State::Starred { until: now + ENTRY_STAR_WAITS };
            }
            Move::AfterStar => match digit {
                0 => self.done(Outcome::Person),
                9 => self.done(Outcome::Crisis),
                _ => self.typed(now, digit),
            },
            Move::Repeat => self.question(now, Lead::Asked),
            Move::More => self.more_time(now),
            Move::End => self.entry_ends(now, By::Pound),
            Move::TimeEnds => self.entry_ends(now, By::Time),
            Move::Listen => self.listen(now),
            Move::Silent => self.miss(now, Miss::Silence),
            Move::Answer => self.answer(now, digit),
            Move::ReadAgain => self.read_again(now, Lead::Asked),
        }
    }

    const fn phase(&self) -> Phase {
        match &self.state {
            State::Asking { .. } => Phase::Asking,
            State::Listening { .. } => Phase::Listening,
            State::Typing(_) => Phase::Typing,
            State::Starred { .. } => Phase::Starred,
            State::Reading { .. } => Phase::Reading,
            State::Deciding { .. } => Phase::Deciding,
            State::Over => Phase::Over,
        }
    }

    const fn saying(&self) -> Option<SayId> {
        match &self.state {
            State::Asking { say, .. } | State::Reading { say, .. } => Some(*say),
            State::Listening { .. } | State::Typing(_) | State::Starred { .. } => None,
            State::Deciding { .. } | State::Over => None,
        }
    }

    /// One such key only, and not while something is typed: it means something then.
    fn is_late_pound(&mut self, now: Instant) -> bool {
        let late = self.late_pound_until.take().is_some_and(|until| now <= until);
        late && self.phase() != Phase::Typing
    }

    fn typed(&mut self, now: Instant, digit: u8) {
        let (digits, first, total_until) = match &self.state {
            State::Typing(typing) => (typing.digits, typing.first, typing.total_until),
            State::Asking { .. } => {
                self.outputs.push_back(Output::Hush);
                (Digits::NONE, now, now + self.ask.timers.total)
            }
            State::Listening { .. } | State::Starred { .. } => {
                (Digits::NONE, now, now + self.ask.timers.total)
            }
            State::Reading { .. } | State::Deciding { .. } | State::Over => return,
        };
        let Some(digits) = digits.with(digit) else { return };
        let until = (now + self.ask.timers.between_keys).min(total_until);
        let typing = Typing { digits, first, last: now, until, total_until };
        self.state = State::Typing(typing);
        let answers_nothing = !judge::may_begin(&self.ask.kind, &digits);
        match self.leads_away(&typing) {
            Some(outcome) if answers_nothing => self.done(outcome),
            Some(_) => {}
            None if judge::is_full(&self.ask.kind, &digits) && !self.is_held(&digits) => {
                self.late_pound_until = Some(now + ENTRY_LATE_POUND);
                self.entry_ends(now, By::Length);
            }
            None => {}
        }
    }

    /// 9 1 1 and 9 8 8, typed fast enough.
    fn leads_away(&self, typing: &Typing) -> Option<Outcome> {
        if typing.last - typing.first > EMERGENCY_KEYS_WITHIN {
            return None;
        }
        let is = |keys: &Digits| keys.count() > 0 && *keys == typing.digits;
        if is(&self.ask.emergency) {
            Some(Outcome::Emergency)
        } else if is(&self.ask.crisis) {
            Some(Outcome::Crisis)
        } else {
            None
        }
    }

    /// Not to be ended by its length: a lone 0 or 9, or what begins 9 1 1 or 9 8 8.
    fn is_held(&self, digits: &Digits) -> bool {
        let typed = digits.as_slice();
        let begins = |keys: &Digits| keys.as_slice().starts_with(typed) && *keys != *digits;
        matches!(typed, [0 | 9]) || begins(&self.ask.emergency) || begins(&self.ask.crisis)
    }

    fn entry_ends(&mut self, now: Instant, by: By) {
        let State::Typing(typing) = self.state else { return };
        if let Some(outcome) = self.leads_away(&typing) {
            return self.done(outcome);
        }
        match (by, typing.digits.as_slice()) {
            (By::Time, [0]) => self.done(Outcome::Person),
            (By::Time, [9]) => self.done(Outcome::Crisis),
            (By::Pound | By::Length | By::Time, _) => self.judge(now, &typing.digits),
        }
    }

    fn judge(&mut self, now: Instant, digits: &Digits) {
        match (judge::judge(&self.ask.kind, digits), self.ask.confirm) {
            (Verdict::Good(value), Confirm::WhenInDoubt) => self.done(Outcome::Entered(Phi::new(value))),
            (Verdict::Good(value), Confirm::Always) => {
                let read = Read { value: Phi::new(value), reading: Reading::AsTyped };
                self.read(now, read, Lead::First);
            }
            (Verdict::Swapped(date), Confirm::WhenInDoubt | Confirm::Always) => {
                let read = Read { value: Phi::new(Value::Date(date)), reading: Reading::Swapped };
                self.read(now, read, Lead::First);
            }
            (Verdict::Wrong(wrong), Confirm::WhenInDoubt | Confirm::Always) => {
                self.miss(now, Miss::Wrong(wrong));
            }
        }
    }

    /// A key while a value is read back, or after it.
    fn answer(&mut self, now: Instant, digit: u8) {
        let (State::Reading { read, .. } | State::Deciding { read, .. }) = self.state else { return };
        match digit {
            1 => self.done(Outcome::Entered(read.value)),
            2 => {
                // What is typed next is a new entry.
                self.state = State::Over;
                self.miss(now, Miss::Refused);
            }
            0 => self.done(Outcome::Person),
            4 => self.done(Outcome::Nurse),
            9 => self.done(Outcome::Crisis),
            _ => self.miss(now, Miss::WrongKey),
        }
    }

    /// Once more, or a person. A miss at a read-back reads back again; at an entry the question is asked again.
    fn miss(&mut self, now: Instant, miss: Miss) {
        self.misses += 1;
        self.outputs.push_back(Output::Missed(miss, self.misses));
        if self.misses >= self.ask.tries {
            return self.done(Outcome::Missed(miss));
        }
        match self.state {
            State::Reading { read, .. } | State::Deciding { read, .. } => {
                self.read(now, read, Lead::After(miss));
            }
            State::Asking { .. } | State::Listening { .. } | State::Typing(_) => {
                self.question(now, Lead::After(miss));
            }
            State::Starred { .. } | State::Over => self.question(now, Lead::After(miss)),
        }
    }

    fn listen(&mut self, now: Instant) {
        match self.state {
            State::Asking { wait, .. } => self.state = State::Listening { until: now + wait },
            State::Reading { wait, read, .. } => self.state = State::Deciding { until: now + wait, read },
            State::Listening { .. } | State::Typing(_) | State::Starred { .. } => {}
            State::Deciding { .. } | State::Over => {}
        }
    }

    /// Pound while nothing is typed. During words the time is added to what follows, else it is granted aloud.
    fn more_time(&mut self, now: Instant) {
        let more = self.ask.timers.more_time;
        match &mut self.state {
            State::Asking { .. } | State::Listening { .. } if judge::may_be_empty(&self.ask.kind) => {
                self.judge(now, &Digits::NONE);
            }
            State::Asking { wait, .. } | State::Reading { wait, .. } => *wait = wait.saturating_add(more),
            State::Listening { until } => {
                let wait = (*until - now).saturating_add(more);
                let say = self.say(Words::MoreTime);
                self.state = State::Asking { say, give_up_at: now + PROMPT_MAX, wait };
            }
            State::Deciding { until, read } => {
                let (wait, read) = ((*until - now).saturating_add(more), *read);
                let say = self.say(Words::MoreTime);
                self.state = State::Reading { say, give_up_at: now + PROMPT_MAX, wait, read };
            }
            State::Typing(_) | State::Starred { .. } | State::Over => {}
        }
    }

    fn question(&mut self, now: Instant, lead: Lead) {
        let say = self.say(Words::Question(lead));
        let wait = self.ask.timers.first_key;
        self.state = State::Asking { say, give_up_at: now + PROMPT_MAX, wait };
    }

    fn read_again(&mut self, now: Instant, lead: Lead) {
        if let State::Reading { read, .. } | State::Deciding { read, .. } = self.state {
            self.read(now, read, lead);
        }
    }

    fn read(&mut self, now: Instant, read: Read, lead: Lead) {
        let say = self.say(Words::ReadBack { value: read.value, reading: read.reading, lead });
        let wait = self.ask.timers.first_key;
        self.state = State::Reading { say, give_up_at: now + PROMPT_MAX, wait, read };
    }

    fn say(&mut self, words: Words) -> SayId {
        self.sayings = self.sayings.wrapping_add(1);
        let say = SayId(self.sayings);
        self.outputs.push_back(Output::Say(say, words));
        say
    }

    fn done(&mut self, outcome: Outcome) {
        self.state = State::Over;
        self.outputs.push_back(Output::Done(outcome));
    }
}

/// Outputs that one input makes at the most: a miss, and words or the end.
const OUTPUTS_AT_ONCE: usize = 4;
