//! One recording, from its name to its closing: the order of steps that keeps recordings true.
//!
//! ```text
//!  Naming ──durable──▶ Opening ──opened──▶ (Tone ──ended──▶) Starting ──tap opened──▶ Running
//!    │                    │                   │                  │                      │ stop
//!    │ stop               └──────stop─────────┴──────▶ Closing ◀─┴── tap closed ◀─── Stopping
//!    ▼                                                    │ file closed
//!   Over ◀────────────────────────────────────────────────┘
//! ```
//!
//! The name is durable before the file exists, the file exists before the first sample: so a crash
//! at any point leaves no file that nobody knows. The machine orders; it touches neither disk nor
//! media. What is said in the log about it is the switch's.

use crate::media::tap::{Tap, TapReader};

/// Whether a tone is heard before the first sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// The recording of a call begins silently, after its notice.
    AtOnce,
    /// The recording of a message begins after a tone.
    AfterTone,
}

/// What happens to a take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Its name is on disk.
    NameDurable,
    /// Its file is open, its header written.
    FileOpened,
    /// The tone was heard.
    ToneEnded,
    /// The first frame went into the ring.
    TapOpened,
    /// The last frame went into the ring.
    TapClosed,
    /// The file is closed and synced.
    FileClosed,
    /// The recorder gave up.
    Failed,
    /// Enough.
    Stop,
}

/// What the switch does next for a take.
#[derive(Debug)]
pub enum Order {
    /// Open the file and read from this ring.
    OpenFile(TapReader),
    /// Play the tone.
    PlayTone,
    /// Feed this ring from the leg.
    Record(Tap),
    /// Stop feeding.
    StopTap,
    /// Drain the ring and close the file.
    CloseFile,
    /// The take is over before its file was asked for: nothing is on disk.
    NeverOpened,
    /// Nothing more will come: the take is over.
    Over,
}

#[derive(Debug)]
enum Stage {
    Naming(Tap, TapReader),
    Opening(Tap),
    Tone(Tap),
    /// `stop`: it was told to stop before the tap had opened.
    Starting {
        stop: bool,
    },
    Running,
    /// `failed`: the file is gone already; only the tap is waited for.
    Stopping {
        failed: bool,
    },
    Closing,
    Over,
}

/// One recording under way.
#[derive(Debug)]
pub struct Take {
    stage: Stage,
    begin: Begin,
}

impl Take {
    /// A take whose name has just been handed to the log.
    pub fn new(begin: Begin, (tap, reader): (Tap, TapReader)) -> Self {
        Self { stage: Stage::Naming(tap, reader), begin }
    }

    /// Samples are being taken.
    pub fn is_running(&self) -> bool {
        matches!(self.stage, Stage::Running)
    }

    /// Moves on, and says what to do. An input that does not fit the stage changes nothing: the
    /// recorder and the media worker may cross each other's messages.
    pub fn handle(&mut self, input: Input) -> Option<Order> {
        let stage = std::mem::replace(&mut self.stage, Stage::Over);
        let (stage, order) = self.step(stage, input);
        self.stage = stage;
        order
    }

    fn step(&self, stage: Stage, input: Input) -> (Stage, Option<Order>) {
        match (stage, input) {
            (Stage::Naming(tap, reader), Input::NameDurable) => {
                (Stage::Opening(tap), Some(Order::OpenFile(reader)))
            }
            (Stage::Naming(..), Input::Stop | Input::Failed) => (Stage::Over, Some(Order::NeverOpened)),
            (Stage::Opening(tap), Input::FileOpened) => match self.begin {
                Begin::AtOnce => (Stage::Starting { stop: false }, Some(Order::Record(tap))),
                Begin::AfterTone => (Stage::Tone(tap), Some(Order::PlayTone)),
            },
            (Stage::Tone(tap), Input::ToneEnded) => {
                (Stage::Starting { stop: false }, Some(Order::Record(tap)))
            }
            (Stage::Opening(_) | Stage::Tone(_), Input::Stop) => (Stage::Closing, Some(Order::CloseFile)),
            (Stage::Opening(_) | Stage::Tone(_), Input::Failed) => (Stage::Over, Some(Order::Over)),
            (Stage::Starting { stop: false }, Input::TapOpened) => (Stage::Running, None),
            (Stage::Starting { stop: true }, Input::TapOpened) => (Stage::Stopping { failed: false }, None),
            (Stage::Starting { stop: false }, Input::Stop) => {
                (Stage::Starting { stop: true }, Some(Order::StopTap))
            }
            (Stage::Starting { .. } | Stage::Stopping { failed: false }, Input::TapClosed) => {
                (Stage::Closing, Some(Order::CloseFile))
            }
            (Stage::Running, Input::Stop) => (Stage::Stopping { failed: false }, Some(Order::StopTap)),
            (Stage::Starting { .. } | Stage::Running, Input::Failed) => {
                (Stage::Stopping { failed: true }, Some(Order::StopTap))
            }
            (Stage::Stopping { .. }, Input::Failed) => (Stage::Stopping { failed: true }, None),
            (Stage::Stopping { failed: true }, Input::TapClosed) => (Stage::Over, Some(Order::Over)),
            (Stage::Closing, Input::FileClosed | Input::Failed) => (Stage::Over, Some(Order::Over)),
            (stage, _) => (stage, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::tap;
    use crate::wire::codec::Codec;
    use proptest::prelude::*;

    fn told(begin: Begin, inputs: &[Input]) -> String {
        let mut take = Take::new(begin, tap::ring(1, Codec::Pcmu));
        let name = |order: Option<Order>| match order {
            None => "-",
            Some(Order::OpenFile(_)) => "open",
            Some(Order::PlayTone) => "tone",
            Some(Order::Record(_)) => "record",
            Some(Order::StopTap) => "untap",
            Some(Order::CloseFile) => "close",
            Some(Order::NeverOpened) => "never",
            Some(Order::Over) => "over",
        };
        inputs.iter().map(|&input| name(take.handle(input))).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_step_waits_for_the_one_before() {
        use Input::*;
        let table: [(Begin, &[Input], &str); 8] = [
            (
                Begin::AtOnce,
                &[NameDurable, FileOpened, TapOpened, Stop, TapClosed, FileClosed],
                "open record - untap close over",
            ),
            (
                Begin::AfterTone,
                &[NameDurable, FileOpened, ToneEnded, TapOpened, Stop, TapClosed, FileClosed],
                "open tone record - untap close over",
            ),
            (Begin::AtOnce, &[Stop], "never"),
            (Begin::AtOnce, &[NameDurable, Stop, FileOpened, FileClosed], "open close - over"),
            (
                Begin::AtOnce,
                &[NameDurable, FileOpened, Stop, TapOpened, TapClosed, FileClosed],
                "open record untap - close over",
            ),
            (Begin::AtOnce, &[NameDurable, Failed], "open over"),
            (
                Begin::AtOnce,
                &[NameDurable, FileOpened, TapOpened, Failed, TapClosed],
                "open record - untap over",
            ),
            (
                Begin::AtOnce,
                &[NameDurable, FileOpened, TapOpened, Stop, Failed, TapClosed],
                "open record - untap - over",
            ),
        ];
        for (begin, inputs, expected) in table {
            assert_eq!(told(begin, inputs), expected, "{begin:?} {inputs:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn it_is_over_at_most_once_and_never_records_before_the_file_is_open(
            inputs in proptest::collection::vec(prop_oneof![
                Just(Input::NameDurable), Just(Input::FileOpened), Just(Input::ToneEnded), Just(Input::TapOpened),
                Just(Input::TapClosed), Just(Input::FileClosed), Just(Input::Failed), Just(Input::Stop),
            ], 0..20),
        ) {
            let story = told(Begin::AtOnce, &inputs);
            prop_assert!(story.matches("over").count() <= 1, "{story}");
            prop_assert!(story.matches("close").count() <= 1, "{story}");
            if let Some(record) = story.find("record") {
                prop_assert!(story.find("open").is_some_and(|open| open < record), "{story}");
            }
        }
    }
}
