//! Supervisors and third parties of a talk, in words.

use super::words::clock;
use crate::id::{Language, LegId};
use crate::report::cdr::{Guest, Moment};
use crate::report::event::{GuestMode, Pressed};
use std::time::Duration;

/// Who is being called into the talk.
pub fn guest_called(leg: LegId, target: &str, mode: GuestMode) -> String {
    let why = match mode {
        GuestMode::Listen => "to listen in",
        GuestMode::Whisper => "to whisper to the person",
        GuestMode::Barge => "to barge in",
        GuestMode::Third => "to join the talk",
    };
    format!("calling {target} {why} ({leg})")
}

/// Which vendor it is.
pub fn interpreter_called(leg: LegId, vendor: &str, language: &Language) -> String {
    format!("that is {vendor}, who interprets {language} ({leg})")
}

/// That there is none.
pub fn interpreter_missing(language: &Language) -> String {
    format!("no interpreter for {language} was reached: the talk goes on without one")
}

/// What was pressed; never which keys.
pub fn keys_pressed(leg: LegId, pressed: Pressed) -> String {
    match pressed {
        Pressed::Pin => format!("PIN sent ({leg})"),
        Pressed::Language => format!("the key of the language sent ({leg})"),
    }
}

/// Who was not got.
pub fn guest_not_reached(leg: LegId, status: u16) -> String {
    format!("who was called into the talk is not reached ({leg}, SIP status {status})")
}

/// Who is in the talk from now on, and how.
pub fn guest_joins(leg: LegId, mode: GuestMode) -> String {
    match mode {
        GuestMode::Listen => format!("a supervisor listens in ({leg})"),
        GuestMode::Whisper => format!("a supervisor whispers to the person ({leg})"),
        GuestMode::Barge => format!("a supervisor barges in ({leg})"),
        GuestMode::Third => format!("a third party joins the talk ({leg})"),
    }
}

/// How he goes on.
pub fn guest_changes(leg: LegId, mode: GuestMode) -> String {
    let now = match mode {
        GuestMode::Listen => "only listens now",
        GuestMode::Whisper => "whispers to the person now",
        GuestMode::Barge => "is heard by all now",
        GuestMode::Third => "is a third party now",
    };
    format!("the supervisor {now} ({leg})")
}

/// Who is gone.
pub fn guest_leaves(leg: LegId) -> String {
    format!("who was called into the talk has left it ({leg})")
}

/// What stands of him over the call.
pub fn guest_stayed(guest: &Guest, stayed: Duration) -> String {
    let Guest { target, interprets, modes, .. } = guest;
    if let Some((vendor, language)) = interprets {
        return format!("  {vendor} ({target}) interpreted {language} for {}", clock(stayed));
    }
    let how = |(_, mode): &(Moment, GuestMode)| match mode {
        GuestMode::Listen => "listened in",
        GuestMode::Whisper => "whispered",
        GuestMode::Barge => "barged in",
        GuestMode::Third => "was the third party",
    };
    let how: Vec<&str> = modes.iter().map(how).collect();
    format!("  {target} {} for {}", how.join(", "), clock(stayed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::WallTime;

    #[test]
    fn over_a_call_stands_who_was_in_it_how_and_for_how_long() {
        let now = Moment { at: WallTime::default(), since_start_us: 0 };
        let guest = |target: &str, modes: &[GuestMode]| Guest {
            leg: LegId(7),
            target: target.to_owned(),
            interprets: None,
            called: now,
            modes: modes.iter().map(|mode| (now, *mode)).collect(),
            left: None,
            refused: None,
        };
        let modes = [GuestMode::Listen, GuestMode::Whisper, GuestMode::Barge];
        let told = guest_stayed(&guest("sip:maria@clinic.example", &modes), Duration::from_secs(75));
        assert_eq!(told, "  sip:maria@clinic.example listened in, whispered, barged in for 1:15.0");
        let ines = guest("sip:ines@clinic.example", &[GuestMode::Third]);
        let told = guest_stayed(&ines, Duration::from_secs(5));
        assert_eq!(told, "  sip:ines@clinic.example was the third party for 0:05.0");
        let vendor = Guest { interprets: Some(("lingua".to_owned(), Language::from("vi"))), ..ines };
        let told = guest_stayed(&vendor, Duration::from_secs(5));
        assert_eq!(told, "  lingua (sip:ines@clinic.example) interpreted vi for 0:05.0");
    }

    #[test]
    fn each_mode_is_told_in_words_of_its_own() {
        let modes = [GuestMode::Listen, GuestMode::Whisper, GuestMode::Barge, GuestMode::Third];
        let all: [fn(LegId, GuestMode) -> String; 3] =
            [guest_joins, guest_changes, |leg, mode| guest_called(leg, "sip:a@b", mode)];
        for told in all {
            let mut words = modes.map(|mode| told(LegId(7), mode)).to_vec();
            assert!(words.iter().all(|words| words.ends_with("(l7)")), "{words:?}");
            words.dedup();
            assert_eq!(words.len(), modes.len(), "{words:?}");
        }
    }
}
