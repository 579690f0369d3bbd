//! Supervisors and third parties of a talk, in words.

use super::words::clock;
use crate::id::LegId;
use crate::report::event::GuestMode;
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
pub fn guest_stayed(target: &str, modes: &[GuestMode], stayed: Duration) -> String {
    let how = |mode: &GuestMode| match mode {
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

    #[test]
    fn over_a_call_stands_who_was_in_it_how_and_for_how_long() {
        let modes = [GuestMode::Listen, GuestMode::Whisper, GuestMode::Barge];
        let told = guest_stayed("sip:maria@clinic.example", &modes, Duration::from_secs(75));
        assert_eq!(told, "  sip:maria@clinic.example listened in, whispered, barged in for 1:15.0");
        let told = guest_stayed("sip:ines@clinic.example", &[GuestMode::Third], Duration::from_secs(5));
        assert_eq!(told, "  sip:ines@clinic.example was the third party for 0:05.0");
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
