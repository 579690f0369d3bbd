//! Wishes of the clinic's staff about who is in a talk: read from the control socket, answered when the switch knows.
//!
//! ```text
//!  guest come CALL MODE TARGET   ─▶ ok joined MODE │ ok changed MODE │ no REASON
//!  guest interpret CALL LANGUAGE ─▶ ok joined MODE │ no REASON
//!  guest leave CALL NAME         ─▶ ok left        │ no REASON
//!  guest hand-on CALL TARGET     ─▶ ok handed on   │ no REASON
//! ```
//! An answer may take as long as a phone rings. Who asked and is gone by then reads none; what he asked for is done.

use crate::id::{AskId, CallId, Language};
use crate::io::store::words::Word;
use crate::report::event::GuestMode;
use crate::switch::interface::{GuestAct, GuestDone, GuestOrder, GuestRefusal, NotMarked};
use std::collections::BTreeMap;
use tokio::sync::oneshot;

/// Those who wait for an answer: as many as there are guests that are being called.
#[derive(Debug, Default)]
pub struct Asked {
    waiting: BTreeMap<AskId, oneshot::Sender<String>>,
    next: u64,
}

impl Asked {
    /// A name for a wish; its answer goes to `answer`.
    pub fn ask(&mut self, answer: oneshot::Sender<String>) -> AskId {
        let ask = AskId(self.next);
        self.next += 1;
        self.waiting.insert(ask, answer);
        ask
    }

    /// What came of a wish about a guest.
    pub fn answer(&mut self, ask: AskId, answer: &Result<GuestDone, GuestRefusal>) {
        self.say(ask, line(answer));
    }

    /// Whether a message is marked as done.
    pub fn marked(&mut self, ask: AskId, answer: Result<(), NotMarked>) {
        self.say(ask, answer.map_or_else(|why| format!("no {why}\n"), |()| "ok\n".to_owned()));
    }

    fn say(&mut self, ask: AskId, line: String) {
        let Some(asked) = self.waiting.remove(&ask) else { return };
        // Whoever asked may be gone.
        let _ = asked.send(line);
    }
}

fn line(answer: &Result<GuestDone, GuestRefusal>) -> String {
    match answer {
        Ok(GuestDone::Joined(mode)) => format!("ok joined {}\n", mode.word()),
        Ok(GuestDone::Changed(mode)) => format!("ok changed {}\n", mode.word()),
        Ok(GuestDone::Left) => "ok left\n".to_owned(),
        Ok(GuestDone::HandedOn) => "ok handed on\n".to_owned(),
        Err(refusal) => format!("no {refusal}\n"),
    }
}

/// The wish of a request line, after its first word.
///
/// # Errors
/// In words, when it is none.
pub fn read(order: &str) -> Result<GuestOrder, String> {
    let none = || "it is not known to this engine".to_owned();
    let (act, rest) = order.split_once(' ').ok_or_else(none)?;
    let (call, rest) = rest.split_once(' ').ok_or_else(none)?;
    let call: CallId = call.parse().map_err(|error: crate::id::BadId| error.to_string())?;
    let act = match act {
        "come" => {
            let (mode, target) = rest.split_once(' ').ok_or_else(none)?;
            let mode = GuestMode::of(mode).ok_or_else(none)?;
            GuestAct::Come { target: target.to_owned(), mode }
        }
        "interpret" => GuestAct::Interpret { language: Language::from(rest) },
        "leave" => GuestAct::Leave { name: rest.to_owned() },
        "hand-on" => GuestAct::HandOn { target: rest.to_owned() },
        _ => return Err(none()),
    };
    Ok(GuestOrder { call, act })
}

/// The request line of a wish, after its first word.
pub fn written(order: &GuestOrder) -> String {
    match &order.act {
        GuestAct::Come { target, mode } => format!("come {} {} {target}", order.call, mode.word()),
        GuestAct::Interpret { language } => format!("interpret {} {language}", order.call),
        GuestAct::Leave { name } => format!("leave {} {name}", order.call),
        GuestAct::HandOn { target } => format!("hand-on {} {target}", order.call),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_read_as_it_was_written_and_nonsense_is_none() {
        let target = || "sip:maria@clinic.example".to_owned();
        let modes = [GuestMode::Listen, GuestMode::Whisper, GuestMode::Barge, GuestMode::Third];
        let comes = modes.map(|mode| GuestAct::Come { target: target(), mode });
        let others = [
            GuestAct::Leave { name: "maria".to_owned() },
            GuestAct::HandOn { target: "nurse".to_owned() },
            GuestAct::Interpret { language: "vi".into() },
        ];
        for act in comes.into_iter().chain(others) {
            let order = GuestOrder { call: CallId(0x1f3), act };
            assert_eq!(read(&written(&order)), Ok(order));
        }
        for line in ["", "come", "come c1f3", "come c1f3 listen", "come c1f3 shout sip:a@b", "go c1f3 a"] {
            assert!(read(line).is_err(), "{line}");
        }
        assert!(
            read("leave zzz maria").is_err_and(|why| why.contains("careline calls")),
            "it says where ids stand"
        );
    }

    #[test]
    fn an_answer_goes_to_who_asked_and_to_nobody_twice() {
        let mut asked = Asked::default();
        let (one, mut first) = oneshot::channel();
        let (other, mut second) = oneshot::channel();
        let (one, other) = (asked.ask(one), asked.ask(other));
        asked.answer(other, &Ok(GuestDone::Changed(GuestMode::Barge)));
        asked.answer(one, &Err(GuestRefusal::TooMany));
        asked.answer(one, &Ok(GuestDone::Left));
        assert_eq!(second.try_recv().as_deref(), Ok("ok changed barge\n"));
        assert!(first.try_recv().is_ok_and(|told| told.starts_with("no no more may be in this talk")));
        assert!(asked.waiting.is_empty());
    }
}
