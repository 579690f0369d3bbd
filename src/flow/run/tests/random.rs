//! Anything that can happen, in any order, and what must hold whatever comes.

use super::*;
use crate::clock::WallTime;
use std::sync::LazyLock;

/// A flow with each kind of step, so that keys and time meet all of them.
const EVERYTHING: &str = "flow: everything\nstart: a\nsteps:
  a: {menu: oi.more, keys: {1: b, 3: d}}
  b: {collect: t.birth, as: date, from: 1900-01-01, to: today, confirm: t.right, save: birth, next: c}
  c: {when: age(birth) >= 18, next: {yes: d, no: e}}
  d: {call: zips, save: {zip: zip}, next: f}
  e: {record: t.comment, longest: 30 s, next: {saved: g}}
  f: {ask: t.right, save: right, next: {yes: e, no: h}}
  g: {wait: 3 s, next: i}
  h: {transfer: \"sip:pharmacy@10.0.0.5\", before: u.agent, next: {failed: a}}
  i: {recording: pause, next: j}
  j: {speech: slow, next: k}
  k: {menu: t.grade, scale: yes, keys: {1: bad, 2: poor, 3: fair, 4: good, 5: best}, save: grade, next: {else: l}}
  l: {care: survey.save, next: {done: a, failed: m}}
  m: {recording: resume, next: n}
  n: {queue: nurses, before: u.nurse, next: {overflow: message}}
";
const ZIPS: &str = "flow: zips\ngives: {zip: digits}\nstart: a\nsteps:
  a: {collect: t.zip, as: digits, length: 5, save: zip, next: return}
";

static SETS: LazyLock<[(Arc<FlowSet>, &str); 3]> = LazyLock::new(|| {
    let everything = values::set(&[("everything.yaml", EVERYTHING), ("zips.yaml", ZIPS)], "everything");
    [(flows(&[]), "main_menu"), (flows(&[]), "after_hours"), (everything, "everything")]
});

/// Anything that can happen, in any order.
fn anything() -> impl Strategy<Value = Vec<(u8, u8)>> {
    proptest::collection::vec((0..24u8, 0..40u8), 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_no_caller_is_hung_up_on(inputs in anything(), which in 0..4_usize, told: bool) {
        let (set, flow) = &SETS[which.min(2)];
        let mut engine = Engine::new(Arc::clone(set), flow);
        if told {
            let run = Run::new(Arc::clone(set), FlowName::from(*flow));
            engine.run = run.begun_at(Instant::START, WallTime::from_micros(1_795_525_200 * 1_000_000));
        }
        if which > 1 {
            // Behind the first words, where the flow's own begin.
            engine.play("start w19");
        }
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
        prop_assert!(engine.run.callers.len() <= 1 && engine.run.ahead.len() <= TYPE_AHEAD_MAX);
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
