//! What the phone does: a script of one act a line, read whole before anything is dialled.
//!
//! ```text
//!  dial                     wait answer 10s      key 5          hang up
//!  play FILE                wait silence 2s      keys 12#       expect ended 5s
//!  tone 440 2s              wait sound 5s        hold           expect status 486
//!  # a remark               wait tone 440 5s     resume
//!  wait heard u.greeting 9s  wait 1.5s            expect heard u.greeting
//! ```
//! Every fault of a script is told at once, each with its place and its repair. Doing the acts is
//! the director's job.

use crate::flow::diagnostic::{Code, Diagnostic, Place, Sources, Words, did_you_mean};
use crate::wire::telephone_event::Key;
use std::path::PathBuf;
use std::time::Duration;

/// A line begins with no act.
const ACT: Code = Code { id: "P001", meaning: "a line of a script begins with no act" };
/// What follows the act is missing, or is not what belongs there.
const VALUE: Code = Code { id: "P002", meaning: "what follows an act cannot be read" };
/// Nothing is to be done.
const EMPTY: Code = Code { id: "P003", meaning: "a script has no act" };

/// One act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Calls the target.
    Dial,
    /// Waits.
    Wait(Wait),
    /// Presses these keys, one after the other.
    Keys(Vec<Key>),
    /// Plays a sound file to its end.
    Play(PathBuf),
    /// Plays a tone.
    Tone {
        /// Its frequency.
        hertz: u32,
        /// How long.
        lasts: Duration,
    },
    /// Puts the far end on hold (RFC 3264 §8.4).
    Hold,
    /// Takes it back.
    Resume,
    /// Ends the call.
    HangUp,
    /// The call must be over within this.
    ExpectEnded(Duration),
    /// The call must be answered with this final status.
    ExpectStatus(u16),
    /// This prompt must have been heard in the call.
    ExpectHeard(String),
}

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Nothing but time.
    Time(Duration),
    /// The answer, within this.
    Answer(Duration),
    /// So much silence in a row.
    Silence(Duration),
    /// Anything to hear, within this.
    Sound(Duration),
    /// A tone, within this.
    Tone {
        /// Its frequency.
        hertz: u32,
        /// Within this.
        within: Duration,
    },
    /// A prompt of this name, within this.
    Heard {
        /// Such as `u.greeting`.
        prompt: String,
        /// Within this.
        within: Duration,
    },
}

/// An act with its place in the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The line, from 1; 0 for what the command line asked for.
    pub number: usize,
    /// As it is written.
    pub text: String,
    /// What is to be done.
    pub act: Act,
}

const ACTS: [&str; 9] = ["dial", "wait", "key", "keys", "play", "tone", "hold", "resume", "hang"];
const WAITS: [&str; 5] = ["answer", "silence", "sound", "tone", "heard"];
const EXPECTS: [&str; 3] = ["ended", "status", "heard"];

/// Reads a script.
///
/// # Errors
/// All of its faults.
pub fn read(path: &str, text: &str) -> Result<Vec<Line>, Vec<Diagnostic>> {
    let mut sources = Sources::default();
    let file = sources.add(path, text.to_owned());
    let mut lines = Vec::new();
    for (number, text) in (1..).zip(text.lines()) {
        let mut words = words_of(text);
        if words.is_empty() || words[0].text.starts_with('#') {
            continue;
        }
        // Behind an act a lone `#` begins a remark, except where it is a key.
        if !matches!(words[0].text, "key" | "keys") {
            let end = words.iter().position(|word| word.text.starts_with('#')).unwrap_or(words.len());
            words.truncate(end);
        }
        match act(&words) {
            Ok(act) => lines.push(Line { number, text: text.trim().to_owned(), act }),
            Err(wrong) => {
                let place = Place { file, line: number, column: wrong.column, width: wrong.width };
                sources.fault(place, wrong.code, Words::what(wrong.what).repair(wrong.repair));
            }
        }
    }
    if lines.is_empty() && sources.is_clean() {
        let words = Words::what("nothing is to be done").repair("begin with `dial`");
        sources.fault(Place::whole_file(file), EMPTY, words);
    }
    if sources.is_clean() { Ok(lines) } else { Err(sources.into_faults()) }
}

/// The keys of a word such as `12#`; spaces between them are passed over.
///
/// # Errors
/// The first character that is no key.
pub fn keys(text: &str) -> Result<Vec<Key>, char> {
    let key = |sign: char| match sign {
        '0'..='9' => Ok(Key::Digit(sign as u8 - b'0')),
        '*' => Ok(Key::Star),
        '#' => Ok(Key::Pound),
        'A'..='D' | 'a'..='d' => Ok(Key::Letter(sign.to_ascii_uppercase() as u8)),
        other => Err(other),
    };
    text.chars().filter(|sign| !sign.is_whitespace()).map(key).collect()
}

/// `10s`, `1.5s`, `500ms`, `2m`.
pub fn length(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|sign: char| sign.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        _ => return None,
    };
    let is_plain = digits.chars().all(|sign| sign.is_ascii_digit() || sign == '.');
    let count: f64 = digits.parse().ok().filter(|_| is_plain)?;
    let seconds = count * unit;
    (seconds > 0.0 && seconds <= LENGTH_MAX_S).then(|| Duration::from_secs_f64(seconds))
}

/// The longest that a script may name, in seconds: a day.
const LENGTH_MAX_S: f64 = 86_400.0;

/// A word of a line with its column, from 1.
#[derive(Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    column: usize,
}

struct Wrong {
    column: usize,
    width: usize,
    code: Code,
    what: String,
    repair: String,
}

fn words_of(line: &str) -> Vec<Word<'_>> {
    let begin = |text: &str| text.as_ptr() as usize - line.as_ptr() as usize;
    let column = |text: &str| line[..begin(text)].chars().count() + 1;
    line.split_whitespace().map(|text| Word { text, column: column(text) }).collect()
}

fn act(words: &[Word<'_>]) -> Result<Act, Wrong> {
    let Some((first, rest)) = words.split_first() else {
        return Err(after(words, "nothing stands here", "take the line out"));
    };
    match first.text {
        "dial" => only(Act::Dial, words, 1),
        "hold" => only(Act::Hold, words, 1),
        "resume" => only(Act::Resume, words, 1),
        "hang" => match rest.first() {
            Some(up) if up.text == "up" => only(Act::HangUp, words, 2),
            Some(other) => Err(at(other, VALUE, "after `hang` stands `up`", "write `hang up`")),
            None => Err(after(words, "`hang` is half an act", "write `hang up`")),
        },
        "key" | "keys" => pressed(words),
        "play" => match rest {
            [] => Err(after(words, "`play` needs a file", "write `play FILE.wav`")),
            [file] => Ok(Act::Play(file.text.into())),
            [_, more, ..] => Err(at(more, VALUE, "a file's name has no spaces here", "rename the file")),
        },
        "tone" => {
            let hertz = hertz(words, 1)?;
            let lasts = time(words, 2)?;
            only(Act::Tone { hertz, lasts }, words, 3)
        }
        "wait" => wait(words),
        "expect" => expect(words),
        other => {
            let known: Vec<&str> = ACTS.into_iter().chain(["expect"]).collect();
            Err(at(first, ACT, format!("`{other}` is no act"), did_you_mean(other, &known)))
        }
    }
}

fn pressed(words: &[Word<'_>]) -> Result<Act, Wrong> {
    let mut all = Vec::new();
    for word in &words[1..] {
        let read = keys(word.text).map_err(|sign| {
            at(word, VALUE, format!("`{sign}` is no key"), "keys are 0 to 9, *, # and A to D")
        });
        all.extend(read?);
    }
    match (words[0].text, all.len()) {
        (_, 0) => Err(after(words, "no key to press", "write `key 5`")),
        ("key", 2..) => Err(at(&words[1], VALUE, "`key` presses one key", "write `keys` for several")),
        _ => Ok(Act::Keys(all)),
    }
}

fn wait(words: &[Word<'_>]) -> Result<Act, Wrong> {
    let Some(what) = words.get(1) else {
        return Err(after(words, "`wait` for what?", "write `wait 2s` or `wait answer 10s`"));
    };
    let (wait, count) = match what.text {
        "answer" => (Wait::Answer(time(words, 2)?), 3),
        "silence" => (Wait::Silence(time(words, 2)?), 3),
        "sound" => (Wait::Sound(time(words, 2)?), 3),
        "heard" => (Wait::Heard { prompt: prompt(words)?, within: time(words, 3)? }, 4),
        "tone" => (Wait::Tone { hertz: hertz(words, 2)?, within: time(words, 3)? }, 4),
        text if text.starts_with(|sign: char| sign.is_ascii_digit()) => (Wait::Time(time(words, 1)?), 2),
        other => {
            let what_is = format!("nobody can wait for `{other}`");
            let repair = format!("{} (or a time, such as 2s)", did_you_mean(other, &WAITS));
            return Err(at(what, VALUE, what_is, repair));
        }
    };
    only(Act::Wait(wait), words, count)
}

fn expect(words: &[Word<'_>]) -> Result<Act, Wrong> {
    match words.get(1) {
        Some(what) if what.text == "ended" => only(Act::ExpectEnded(time(words, 2)?), words, 3),
        Some(what) if what.text == "heard" => only(Act::ExpectHeard(prompt(words)?), words, 3),
        Some(what) if what.text == "status" => {
            let Some(word) = words.get(2) else {
                return Err(after(words, "a status is missing", "write `expect status 486`"));
            };
            let status = word.text.parse().ok().filter(|status| (200..700).contains(status));
            let wrong = || at(word, VALUE, format!("`{}` is no final status", word.text), "200 to 699");
            only(Act::ExpectStatus(status.ok_or_else(wrong)?), words, 3)
        }
        Some(other) => {
            let what = format!("nobody can expect `{}`", other.text);
            Err(at(other, VALUE, what, did_you_mean(other.text, &EXPECTS)))
        }
        None => Err(after(words, "`expect` what?", "write `expect ended 5s` or `expect status 486`")),
    }
}

fn time(words: &[Word<'_>], place: usize) -> Result<Duration, Wrong> {
    let repair = "write it as 500ms, 2s, 1.5s or 1m; a day at the most";
    let Some(word) = words.get(place) else { return Err(after(words, "a time is missing", repair)) };
    length(word.text).ok_or_else(|| at(word, VALUE, format!("`{}` is no time", word.text), repair))
}

/// The name behind `heard`.
fn prompt(words: &[Word<'_>]) -> Result<String, Wrong> {
    let named = words.get(2).map(|word| word.text.to_owned());
    named.ok_or_else(|| after(words, "the name of a prompt is missing", "write `heard u.greeting`"))
}

fn hertz(words: &[Word<'_>], place: usize) -> Result<u32, Wrong> {
    let repair = "write it in hertz, from 50 to 3900: `440`";
    let Some(word) = words.get(place) else { return Err(after(words, "a frequency is missing", repair)) };
    let hertz = word.text.parse().ok().filter(|hertz| (50..=3_900).contains(hertz));
    hertz.ok_or_else(|| at(word, VALUE, format!("`{}` is no frequency of a telephone", word.text), repair))
}

/// The act, if nothing stands behind its words.
fn only(act: Act, words: &[Word<'_>], count: usize) -> Result<Act, Wrong> {
    match words.get(count) {
        None => Ok(act),
        Some(more) => Err(at(more, VALUE, format!("`{}` is too much here", more.text), "one act a line")),
    }
}

fn at(word: &Word<'_>, code: Code, what: impl Into<String>, repair: impl Into<String>) -> Wrong {
    let (column, width) = (word.column, word.text.chars().count());
    Wrong { column, width, code, what: what.into(), repair: repair.into() }
}

/// Something is missing behind the last word.
fn after(words: &[Word<'_>], what: &str, repair: &str) -> Wrong {
    let column = words.last().map_or(1, |word| word.column + word.text.chars().count() + 1);
    Wrong { column, width: 1, code: VALUE, what: what.to_owned(), repair: repair.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::diagnostic::Paint;

    #[test]
    fn each_act_is_read_as_it_is_written() {
        let seconds = Duration::from_secs;
        for (text, expected) in [
            ("dial", Act::Dial),
            ("  wait answer 10s  # soon", Act::Wait(Wait::Answer(seconds(10)))),
            ("wait silence 2s", Act::Wait(Wait::Silence(seconds(2)))),
            ("wait sound 500ms", Act::Wait(Wait::Sound(Duration::from_millis(500)))),
            ("wait tone 440 1m", Act::Wait(Wait::Tone { hertz: 440, within: seconds(60) })),
            (
                "wait heard u.menu 3s",
                Act::Wait(Wait::Heard { prompt: "u.menu".to_owned(), within: seconds(3) }),
            ),
            ("expect heard u.menu", Act::ExpectHeard("u.menu".to_owned())),
            ("wait 1.5s", Act::Wait(Wait::Time(Duration::from_millis(1_500)))),
            ("key #", Act::Keys(vec![Key::Pound])),
            ("keys 1 2* b", Act::Keys(vec![Key::Digit(1), Key::Digit(2), Key::Star, Key::Letter(b'B')])),
            ("play a/b.wav", Act::Play("a/b.wav".into())),
            ("tone 440 2s", Act::Tone { hertz: 440, lasts: seconds(2) }),
            ("hold", Act::Hold),
            ("resume", Act::Resume),
            ("hang up", Act::HangUp),
            ("expect ended 5s", Act::ExpectEnded(seconds(5))),
            ("expect status 486", Act::ExpectStatus(486)),
        ] {
            let read = read("script", &format!("# a remark\n\n{text}\n"));
            let acts: Vec<_> = read.iter().flatten().map(|line| (line.number, &line.act)).collect();
            assert_eq!(acts, [(3, &expected)], "{text}: {read:?}");
        }
    }

    #[test]
    fn each_fault_has_its_place_and_its_repair() {
        for (text, column, what) in [
            ("dail", 1, "`dail` is no act did you mean `dial`?"),
            ("  hangup", 3, "`hangup` is no act did you mean `hang`?"),
            ("hang on", 6, "after `hang` stands `up` write `hang up`"),
            ("hang", 6, "`hang` is half an act write `hang up`"),
            (
                "wait anser 3s",
                6,
                "nobody can wait for `anser` did you mean `answer`? (or a time, such as 2s)",
            ),
            ("wait answer", 13, "a time is missing"),
            ("wait heard", 12, "the name of a prompt is missing"),
            ("wait heard u.menu", 19, "a time is missing"),
            ("expect heard", 14, "the name of a prompt is missing"),
            ("expect heard u.menu 3s", 21, "`3s` is too much here"),
            ("wait answer 10", 13, "`10` is no time"),
            ("wait -2s", 6, "nobody can wait for `-2s`"),
            ("wait 0s", 6, "`0s` is no time"),
            ("wait 99999999m", 6, "`99999999m` is no time"),
            ("wait tone 9 1s", 11, "`9` is no frequency"),
            ("key 55", 5, "`key` presses one key write `keys` for several"),
            ("keys 1x", 6, "`x` is no key keys are 0 to 9"),
            ("keys", 6, "no key to press"),
            ("play", 6, "`play` needs a file"),
            ("dial now", 6, "`now` is too much here one act a line"),
            ("expect status 180", 15, "`180` is no final status 200 to 699"),
            ("expect end 1s", 8, "nobody can expect `end` did you mean `ended`?"),
        ] {
            let faults = read("a.script", &format!("dial\n{text}\n")).expect_err(text);
            let [fault] = faults.as_slice() else { panic!("{text}: {faults:?}") };
            assert_eq!((fault.place.line, fault.place.column), (2, column), "{text}: {fault:?}");
            let told = format!("{} {}", fault.what, fault.repair);
            assert!(told.starts_with(what), "{text}: {told}");
        }
    }

    #[test]
    fn all_faults_of_a_script_are_told_at_once_and_an_empty_one_is_a_fault() {
        let faults = read("a.script", "dail\ndial\nwait\n").expect_err("two lines are wrong");
        let told: Vec<_> = faults.iter().map(|fault| fault.render(Paint::Plain)).collect();
        expect_test::expect![[r"
            a.script:1:1  P001  `dail` is no act
                1 | dail
                  | ^^^^ did you mean `dial`?
            a.script:3:6  P002  `wait` for what?
                3 | wait
                  |      ^ write `wait 2s` or `wait answer 10s`"]]
        .assert_eq(&told.join("\n"));
        assert_eq!(read("a.script", "# nothing\n").expect_err("empty")[0].code, EMPTY);
    }
}
