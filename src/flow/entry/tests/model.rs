//! The same rules written the other way round: a text of keys, four named clocks, and questions asked of both.
//!
//! It shares the settings with the machine and nothing else; its judge reads text.

use super::*;
use std::collections::BTreeMap;

#[derive(Clone)]
pub struct Model {
    ask: Ask,
    /// `(millisecond, key)` of this try.
    keys: Vec<(u64, char)>,
    /// Clocks that run, by name.
    clocks: BTreeMap<&'static str, u64>,
    /// The value that waits for a yes, as text.
    read: Option<String>,
    wait: u64,
    misses: u32,
    sayings: u32,
    speaking: bool,
    late_pound: Option<u64>,
    over: bool,
    told: VecDeque<String>,
}

const fn ms(time: Duration) -> u64 {
    time.as_millis() as u64
}

fn at(now: Instant) -> u64 {
    now.as_micros() / 1_000
}

impl Model {
    pub fn new(now: Instant, ask: Ask) -> Model {
        let mut model = Model {
            ask,
            keys: Vec::new(),
            clocks: BTreeMap::new(),
            read: None,
            wait: 0,
            misses: 0,
            sayings: 0,
            speaking: false,
            late_pound: None,
            over: false,
            told: VecDeque::new(),
        };
        model.start_over(at(now), "");
        model
    }

    pub fn next_told(&mut self) -> Option<String> {
        if self.told.front().is_some_and(|told| told == "miss") {
            self.told.pop_front();
            return None;
        }
        self.told.pop_front()
    }

    pub fn due(&self) -> Option<Instant> {
        self.clocks.values().min().map(|at| Instant::from_millis(*at))
    }

    pub fn handle(&mut self, now: Instant, input: Input) {
        let now = at(now);
        if self.over {
            return;
        }
        match input {
            Input::HangUp => {
                self.over = true;
                self.clocks.clear();
            }
            Input::Said(SayId(say)) if self.speaking && say == self.sayings => self.callers_turn(now),
            Input::Said(_) | Input::Key(Key::Letter(_)) => {}
            Input::Timeout => self.time(now),
            Input::Key(Key::Star) => self.star(now),
            Input::Key(Key::Pound) => self.pound(now),
            Input::Key(Key::Digit(digit)) => self.digit(now, char::from(b'0' + digit)),
        }
    }

    fn say(&mut self, now: u64, words: String, wait: u64) {
        self.told.push_back(words);
        self.sayings += 1;
        self.speaking = true;
        self.wait = wait;
        self.clocks = BTreeMap::from([("words", now + 300_000)]);
    }

    fn start_over(&mut self, now: u64, lead: &str) {
        (self.keys, self.read) = (Vec::new(), None);
        self.say(now, format!("{lead}ask"), ms(self.ask.timers.first_key));
    }

    fn read(&mut self, now: u64, lead: &str) {
        let read = self.read.clone().expect("a value");
        self.say(now, format!("{lead}read {read}"), ms(self.ask.timers.first_key));
    }

    fn callers_turn(&mut self, now: u64) {
        self.speaking = false;
        self.clocks = BTreeMap::from([("first key", now + self.wait)]);
    }

    fn end(&mut self, how: &str) {
        self.over = true;
        self.clocks.clear();
        self.told.push_back(format!("! {how}"));
    }

    fn miss(&mut self, now: u64, what: &str) {
        self.misses += 1;
        self.told.push_back("miss".to_owned());
        if self.misses >= self.ask.tries {
            self.end(&format!("person: {what}"));
        } else if self.read.is_some() && what != "refused" {
            self.read(now, &format!("{what} "));
        } else {
            self.start_over(now, &format!("{what} "));
        }
    }

    fn time(&mut self, now: u64) {
        let Some((name, _)) =
            self.clocks.clone().into_iter().filter(|(_, at)| *at <= now).min_by_key(|(_, at)| *at)
        else {
            return;
        };
        match name {
            "words" => self.callers_turn(now),
            "first key" => self.miss(now, "silence"),
            "star" => self.start_over(now, "again "),
            _ => self.finish(now, true),
        }
    }

    fn star(&mut self, now: u64) {
        if self.read.is_some() {
            self.read(now, "again ");
        } else if self.clocks.contains_key("star") {
            self.start_over(now, "again ");
        } else {
            self.speaking = false;
            self.told.push_back("hush".to_owned());
            self.keys.clear();
            self.clocks = BTreeMap::from([("star", now + 2_000)]);
        }
    }

    fn pound(&mut self, now: u64) {
        let late = self.late_pound.take().is_some_and(|until| now <= until);
        if !self.keys.is_empty() && self.read.is_none() {
            return self.finish(now, false);
        }
        if late {
            return;
        }
        let more = ms(self.ask.timers.more_time);
        if self.clocks.contains_key("star") {
            self.start_over(now, "again ");
        } else if self.read.is_none() && matches!(self.ask.kind, Kind::Digits { least: 0, .. }) {
            self.judge(now, "");
        } else if self.speaking {
            self.wait += more;
        } else {
            let left = self.clocks["first key"].saturating_sub(now);
            self.say(now, "more".to_owned(), left + more);
        }
    }

    fn digit(&mut self, now: u64, key: char) {
        if let Some(read) = self.read.clone() {
            match key {
                '1' => self.end(read.trim_start_matches("swapped ")),
                '2' => self.miss(now, "refused"),
                '0' => self.end("Person"),
                '4' => self.end("Nurse"),
                '9' => self.end("Crisis"),
                _ => self.miss(now, "wrong_key"),
            }
            return;
        }
        match (self.clocks.contains_key("star"), key) {
            (true, '0') => return self.end("Person"),
            (true, '9') => return self.end("Crisis"),
            _ => {}
        }
        if self.speaking {
            self.told.push_back("hush".to_owned());
            self.speaking = false;
        }
        self.keys.push((now, key));
        let total = self.keys[0].0 + ms(self.ask.timers.total);
        self.clocks = BTreeMap::from([("between", now + ms(self.ask.timers.between_keys)), ("total", total)]);
        let typed: String = self.keys.iter().map(|(_, key)| key).collect();
        match self.escape() {
            Some(end) if !self.could_grow(&typed) => self.end(end),
            Some(_) => {}
            None if typed.len() >= self.full(&typed) && !["0", "9", "91", "98"].contains(&&typed[..]) => {
                self.late_pound = Some(now + 2_000);
                self.finish(now, false);
            }
            None => {}
        }
    }

    fn escape(&self) -> Option<&'static str> {
        let typed: String = self.keys.iter().map(|(_, key)| key).collect();
        let fast = self.keys.last()?.0 - self.keys.first()?.0 <= 3_000;
        match typed.as_str() {
            "911" if fast => Some("Emergency"),
            "988" if fast => Some("Crisis"),
            _ => None,
        }
    }

    fn full(&self, typed: &str) -> usize {
        match &self.ask.kind {
            Kind::Digits { most, .. } => usize::from(*most),
            Kind::Number { most, .. } => most.to_string().len(),
            Kind::Date { .. } => 8,
            Kind::Phone(_) => 10 + usize::from(typed.starts_with('1')),
        }
    }

    fn could_grow(&self, typed: &str) -> bool {
        let longer = match &self.ask.kind {
            Kind::Number { most, .. } => {
                format!("{typed}0").parse::<u64>().is_ok_and(|number| number <= *most)
            }
            Kind::Date { .. } => false,
            Kind::Digits { .. } | Kind::Phone(_) => true,
        };
        typed.len() < self.full(typed) && longer
    }

    fn finish(&mut self, now: u64, by_time: bool) {
        let typed: String = self.keys.iter().map(|(_, key)| key).collect();
        match (self.escape(), typed.as_str()) {
            (Some(end), _) => self.end(end),
            (None, "0") if by_time => self.end("Person"),
            (None, "9") if by_time => self.end("Crisis"),
            (None, _) => self.judge(now, &typed),
        }
    }

    fn judge(&mut self, now: u64, typed: &str) {
        let always = self.ask.confirm == Confirm::Always;
        match self.value(typed) {
            Err(wrong) => self.miss(now, wrong),
            Ok(value) if always || value.starts_with("swapped") => {
                self.read = Some(value);
                self.read(now, "");
            }
            Ok(value) => self.end(&value),
        }
    }

    fn value(&self, typed: &str) -> Result<String, &'static str> {
        match &self.ask.kind {
            Kind::Digits { least, .. } if typed.len() < usize::from(*least) => Err("TooShort"),
            Kind::Digits { most, .. } if typed.len() > usize::from(*most) => Err("TooLong"),
            Kind::Digits { .. } => Ok(format!("digits {typed}")),
            Kind::Number { least, most } => match typed.parse::<u64>() {
                Ok(number) if number >= *least && number <= *most => Ok(format!("number {number}")),
                _ => Err("OutOfRange"),
            },
            Kind::Date { .. } if typed.len() < 8 => Err("TooShort"),
            Kind::Date { earliest, latest, .. } => {
                let [a, b, year] =
                    [&typed[..2], &typed[2..4], &typed[4..]].map(|part| part.parse().expect("digits"));
                let day = |month: u16, day: u16| Date::new(year, month as u8, day as u8);
                let within = |date: Date| Some(date) >= *earliest && Some(date) <= *latest;
                match (day(a, b), day(b, a)) {
                    (Some(date), _) if within(date) => Ok(format!("date {date:?}")),
                    (Some(_), _) => Err("OutOfRange"),
                    (None, Some(date)) if within(date) && a > 12 => Ok(format!("swapped date {date:?}")),
                    _ => Err("NoSuchDay"),
                }
            }
            Kind::Phone(_) => {
                let number = typed.strip_prefix('1').unwrap_or(typed);
                let high = |at: usize| number.as_bytes()[at] > b'1';
                match number.len() {
                    10 if high(0) && high(3) => Ok(format!("phone {number}")),
                    10 => Err("NoSuchNumber"),
                    _ => Err("TooShort"),
                }
            }
        }
    }
}
