//! Anything that can happen, in any order, and what must hold whatever comes.

use super::*;

/// Anything that can happen, in any order.
fn anything() -> impl Strategy<Value = Vec<(u8, u8)>> {
    proptest::collection::vec((0..24u8, 0..40u8), 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_no_caller_is_hung_up_on(inputs in anything(), closed: bool) {
        let mut engine = Engine::new(flows(&[]), if closed { "after_hours" } else { "main_menu" });
        for (what, seconds) in inputs {
            if engine.ended.is_some() {
                break;
            }
            match what {
                0..=9 => engine.press(Key::Digit(what)),
                10 => engine.press(Key::Star),
                11 => engine.press(Key::Pound),
                12 => engine.play("start"),
                13 if engine.ringing.is_some() => engine.play("yes"),
                14 if engine.ringing.is_some() => engine.play("no"),
                15 if matches!(engine.run.state, State::Talking { .. }) => engine.play("bye"),
                16 => engine.play("open"),
                17 => engine.play("saved"),
                18 => engine.play("lost"),
                19 => engine.input(Input::PlaybackEnded { playback: PlaybackId(u64::from(seconds)), completed: false }),
                20 => engine.input(Input::Timeout),
                21 => engine.play("hold"),
                22 => engine.play("back"),
                _ => engine.wait(Duration::from_secs(u64::from(seconds))),
            }
        }
        // From here on the caller is silent and nobody answers: a person is called or a message is taken.
        let before = engine.log.len();
        let talking = matches!(engine.run.state, State::Talking { .. });
        engine.play("back start");
        for _ in 0..200 {
            engine.play("w9");
        }
        let message = engine.ended.as_ref().is_some_and(|exit| exit.as_str() == "message_left");
        let after = &engine.log[before..];
        prop_assert!(
            talking || message || after.contains("call sip:") || after.contains("tone"),
            "left alone:\n{}", engine.log
        );
        if engine.ended.is_some() {
            prop_assert!(engine.log.contains("Promised"), "hung up without a promise:\n{}", engine.log);
        }
    }
}
