//! How the closed enums of the event log are spelled in the store: one table per enum, read both ways.

use crate::call::recording::{RecordingFault, RecordingKind};
use crate::flow::action::Why;
use crate::flow::closing::Then;
use crate::report::event::{Cause, DoneBy, GuestMode, Party, Pressed, SilenceStep};
use crate::report::ladder::Heading;
use crate::sip::way::Transport;
use crate::wire::codec::Codec;
use crate::wire::sip::diversion::Why as DivertedWhy;
use crate::wire::telephone_event::Key;

/// A value that is stored as one word.
pub trait Word: Copy + PartialEq + 'static {
    /// What kind of thing it is, for messages.
    const KIND: &'static str;
    /// Every value with its word.
    const WORDS: &'static [(Self, &'static str)];

    /// Its word.
    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(value, _)| *value == self).map_or("", |(_, word)| word)
    }

    /// The value of a word.
    fn of(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, its)| *its == word).map(|(value, _)| *value)
    }
}

impl Word for Codec {
    const KIND: &'static str = "codec";
    const WORDS: &'static [(Self, &'static str)] = &[
        (Codec::Pcmu, "PCMU"),
        (Codec::Pcma, "PCMA"),
        (Codec::G722, "G722"),
        (Codec::L16Narrow, "L16/8000"),
        (Codec::L16Wide, "L16/16000"),
    ];
}

impl Word for RecordingKind {
    const KIND: &'static str = "kind of recording";
    const WORDS: &'static [(Self, &'static str)] =
        &[(RecordingKind::Call, "call"), (RecordingKind::Message, "message")];
}

impl Word for RecordingFault {
    const KIND: &'static str = "fault of a recording";
    const WORDS: &'static [(Self, &'static str)] = &[
        (RecordingFault::DiskFull, "disk_full"),
        (RecordingFault::Quota, "quota"),
        (RecordingFault::Io, "io"),
        (RecordingFault::Busy, "busy"),
    ];
}

impl Word for SilenceStep {
    const KIND: &'static str = "step of a silence";
    const WORDS: &'static [(Self, &'static str)] = &[
        (SilenceStep::Began, "began"),
        (SilenceStep::NothingYet, "nothing_yet"),
        (SilenceStep::Alive, "alive"),
        (SilenceStep::Gone, "gone"),
        (SilenceStep::NeverHeard, "never_heard"),
    ];
}

impl Word for DivertedWhy {
    const KIND: &'static str = "why a call was sent on";
    const WORDS: &'static [(Self, &'static str)] = &[
        (DivertedWhy::Unknown, "unknown"),
        (DivertedWhy::Busy, "busy"),
        (DivertedWhy::NoAnswer, "no_answer"),
        (DivertedWhy::Unavailable, "unavailable"),
        (DivertedWhy::Always, "always"),
        (DivertedWhy::Chosen, "chosen"),
    ];
}

impl Word for Then {
    const KIND: &'static str = "what follows on a closing";
    const WORDS: &'static [(Self, &'static str)] =
        &[(Then::AfterHours, Then::AfterHours.word()), (Then::Open, Then::Open.word())];
}

impl Word for Cause {
    const KIND: &'static str = "cause";
    const WORDS: &'static [(Self, &'static str)] = &[
        (Cause::Normal, "normal"),
        (Cause::Cancelled, "cancelled"),
        (Cause::Draining, "draining"),
        (Cause::NoCommonMedia, "no_common_media"),
        (Cause::AckMissing, "ack_missing"),
        (Cause::MediaLost, "media_lost"),
        (Cause::SessionLost, "session_lost"),
        (Cause::TooLong, "too_long"),
        (Cause::EngineRestart, "engine_restart"),
    ];
}

impl Word for DoneBy {
    const KIND: &'static str = "how a message was marked";
    const WORDS: &'static [(Self, &'static str)] = &[(DoneBy::Command, "command")];
}

impl Word for GuestMode {
    const KIND: &'static str = "how a guest is in a talk";
    const WORDS: &'static [(Self, &'static str)] = &[
        (GuestMode::Listen, "listen"),
        (GuestMode::Whisper, "whisper"),
        (GuestMode::Barge, "barge"),
        (GuestMode::Third, "third"),
    ];
}

impl Word for Pressed {
    const KIND: &'static str = "what keys are";
    const WORDS: &'static [(Self, &'static str)] = &[(Pressed::Pin, "pin"), (Pressed::Language, "language")];
}

impl Word for Party {
    const KIND: &'static str = "party";
    const WORDS: &'static [(Self, &'static str)] = &[
        (Party::Caller, "caller"),
        (Party::Person, "person"),
        (Party::Flow, "flow"),
        (Party::Engine, "engine"),
    ];
}

impl Word for Transport {
    const KIND: &'static str = "transport";
    const WORDS: &'static [(Self, &'static str)] = &[(Transport::Udp, "udp"), (Transport::Tcp, "tcp")];
}

impl Word for Heading {
    const KIND: &'static str = "way of a message";
    const WORDS: &'static [(Self, &'static str)] = &[(Heading::In, "in"), (Heading::Out, "out")];
}

impl Word for Why {
    const KIND: &'static str = "reason for the ladder";
    const WORDS: &'static [(Self, &'static str)] = &[
        (Why::Asked, "asked"),
        (Why::Nurse, "nurse"),
        (Why::Crisis, "crisis"),
        (Why::Silence, "silence"),
        (Why::WrongKeys, "wrong_keys"),
        (Why::Emergency, "emergency"),
        (Why::Fault, "fault"),
    ];
}

impl Word for Key {
    const KIND: &'static str = "key";
    const WORDS: &'static [(Self, &'static str)] = &[
        (Key::Digit(0), "0"),
        (Key::Digit(1), "1"),
        (Key::Digit(2), "2"),
        (Key::Digit(3), "3"),
        (Key::Digit(4), "4"),
        (Key::Digit(5), "5"),
        (Key::Digit(6), "6"),
        (Key::Digit(7), "7"),
        (Key::Digit(8), "8"),
        (Key::Digit(9), "9"),
        (Key::Star, "*"),
        (Key::Pound, "#"),
        (Key::Letter(b'A'), "A"),
        (Key::Letter(b'B'), "B"),
        (Key::Letter(b'C'), "C"),
        (Key::Letter(b'D'), "D"),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each_word_is_its_own<T: Word + std::fmt::Debug>() {
        for (value, word) in T::WORDS {
            assert_eq!(value.word(), *word, "{value:?} stands twice in the table");
            assert_eq!(T::of(word), Some(*value), "`{word}` stands twice in the table");
        }
        assert_eq!(T::of(""), None);
    }

    #[test]
    fn every_word_is_read_back_as_the_value_it_was_written_for() {
        each_word_is_its_own::<Codec>();
        each_word_is_its_own::<RecordingKind>();
        each_word_is_its_own::<RecordingFault>();
        each_word_is_its_own::<Cause>();
        each_word_is_its_own::<Party>();
        each_word_is_its_own::<Why>();
        each_word_is_its_own::<DivertedWhy>();
        each_word_is_its_own::<Key>();
        each_word_is_its_own::<Transport>();
        each_word_is_its_own::<Heading>();
    }

    /// A value that is added to an enum and not to its table would be stored as an empty word. The
    /// matches have no wildcard: adding a value breaks this test's build, and leads here.
    #[test]
    fn every_value_has_a_word() {
        let cause = |cause| match cause {
            Cause::Normal | Cause::Cancelled | Cause::Draining | Cause::NoCommonMedia => 9,
            Cause::AckMissing | Cause::MediaLost | Cause::TooLong => 9,
            Cause::SessionLost | Cause::EngineRestart => 9,
        };
        let fault = |fault| match fault {
            RecordingFault::DiskFull | RecordingFault::Quota | RecordingFault::Io | RecordingFault::Busy => 4,
        };
        let why = |why| match why {
            Why::Asked | Why::Nurse | Why::Crisis | Why::Silence | Why::WrongKeys => 7,
            Why::Emergency | Why::Fault => 7,
        };
        let party = |party| match party {
            Party::Caller | Party::Person | Party::Flow | Party::Engine => 4,
        };
        assert_eq!(Cause::WORDS.len(), cause(Cause::EngineRestart));
        assert_eq!(RecordingFault::WORDS.len(), fault(RecordingFault::Io));
        assert_eq!(Why::WORDS.len(), why(Why::Fault));
        assert_eq!(Party::WORDS.len(), party(Party::Flow));
        assert_eq!(Codec::WORDS.len(), Codec::ALL.len());
        assert_eq!(Transport::WORDS.len(), Transport::ALL.len());
        assert_eq!(DivertedWhy::WORDS.len(), DivertedWhy::ALL.len());
    }
}
