//! Steps that hold values: what is typed, saved, compared, offered and brought back from another flow.

use super::*;
use crate::clock::WallTime;
use crate::flow::saved::Saved;

const WORDS: &str = "
t.zip: {en: \"Please enter your zip code.\", es: \"Marque su código postal.\"}
t.birth: {en: \"Please enter your date of birth.\", es: \"Marque su fecha de nacimiento.\"}
t.right: {en: \"Is it right? Press 1 for yes. Press 2 for no.\", es: \"¿Es correcto? Marque 1 para sí. Marque 2 para no.\"}
t.old: {en: \"You are not a child.\", es: \"Usted no es menor.\"}
t.young: {en: \"You are a child.\", es: \"Usted es menor.\"}
t.grade: {en: \"How was it? From 1 to 5.\", es: \"¿Cómo fue? Del 1 al 5.\"}
t.comment: {en: \"Tell us more. When you are done, press pound.\", es: \"Diga más. Cuando termine, marque gato.\"}
t.another: {en: \"To take it, press 1. For the next one, press 3.\", es: \"Para tomarlo, marque 1. Para el siguiente, marque 3.\"}
";

/// The shipped flows, with these files and the number 100 leading to `flow`.
pub fn set(files: &[(&str, &str)], flow: &str) -> Arc<FlowSet> {
    let numbers =
        include_str!("../../../../ivr-flows/clinic.yaml").replace("100: main_menu", &format!("100: {flow}"));
    let words = format!("{}{WORDS}", include_str!("../../../../ivr-flows/prompts.yaml"));
    let hours = include_str!("../../../../ivr-flows/hours.yaml");
    let fixed = [("clinic.yaml", numbers.as_str()), ("prompts.yaml", &words), ("hours.yaml", hours)];
    flows(&[&fixed, files].concat())
}

fn door(steps: &str) -> Arc<FlowSet> {
    set(&[("door.yaml", &format!("flow: door\nstart: a\nsteps:\n{steps}"))], "door")
}

/// What is heard behind the first words.
#[track_caller]
fn heard_in(set: Arc<FlowSet>, script: &str) -> String {
    engine_in(set, script).1
}

fn engine_in(set: Arc<FlowSet>, script: &str) -> (Engine, String) {
    let mut engine = Engine::new(Arc::clone(&set), "door");
    // 2026-11-24 08:00 in New York.
    engine.run = Run::new(set, FlowName::from("door"))
        .begun_at(Instant::START, WallTime::from_micros(1_795_525_200 * 1_000_000));
    engine.play(&format!("start w18 {script}"));
    let rest = engine.log.strip_prefix(FIRST_WORDS);
    let rest = rest.unwrap_or_else(|| panic!("other first words:\n{}", engine.log)).to_owned();
    (engine, rest)
}

const ZIP: &str = "  a: {collect: t.zip, as: digits, length: 5, save: zip, next: b}\n  \
                   b: {when: zip == '02139', next: {yes: message, no: c}}\n  c: {say: t.young, next: person}\n";

#[test]
fn digits_are_typed_saved_and_compared() {
    for (script, expected) in [
        (
            "w3 0 2 1 3 9 w1",
            "18.0  say t.zip/en\n21.0  LadderRung { rung: 2, why: Asked }\n21.0  say u.recording/en\n",
        ),
        ("w1 0 2 1 4 0 w1", "18.0  say t.zip/en\n19.0  say t.young/en\n"),
        // Pound ends an entry; one that comes late belongs to the entry that was full.
        ("w1 0 2 1 4 0 # w1", "18.0  say t.zip/en\n19.0  say t.young/en\n"),
        (
            "w1 0 2 # w4",
            "18.0  say t.zip/en\n19.0  Missed { silence: false, count: 1 }\n19.0  say u.nomatch/en t.zip/en\n",
        ),
        // Nine is data here, and so is zero; alone they are what they are everywhere.
        ("w1 9 4 0 2 1 w1", "18.0  say t.zip/en\n19.0  say t.young/en\n"),
        (
            "w1 9 w5",
            "18.0  say t.zip/en\n24.0  LadderRung { rung: 1, why: Crisis }\n24.0  say cr.stay/en\n24.0  call sip:front-desk@127.0.0.1:5070 for 25 s\n",
        ),
        (
            "w1 * 0",
            "18.0  say t.zip/en\n19.0  LadderRung { rung: 1, why: Asked }\n19.0  say u.agent/en\n19.0  call sip:front-desk@127.0.0.1:5070 for 25 s\n",
        ),
        (
            "w1 9 1 1 w5",
            "18.0  say t.zip/en\n24.0  LadderRung { rung: 1, why: Emergency }\n24.0  say u.emergency/en\n24.0  call sip:front-desk@127.0.0.1:5070 for 25 s\n",
        ),
    ] {
        assert_eq!(heard_in(door(ZIP), script), expected, "{script}");
    }
}

#[test]
fn two_silences_in_an_entry_lead_to_a_person() {
    let heard = heard_in(door(ZIP), "w30");
    assert_eq!(
        heard,
        "18.0  say t.zip/en\n29.0  Missed { silence: true, count: 1 }\n29.0  say u.noinput1/en t.zip/en\n\
         43.0  Missed { silence: true, count: 2 }\n43.0  say u.noinput2/en u.recording/en\n"
    );
}

#[test]
fn keys_typed_ahead_are_the_first_digits() {
    let mut engine = Engine::new(door(ZIP), "door");
    engine.play("start w13 0");
    // A key in the first words is kept; zero is a person there, so another one is typed.
    assert!(engine.log.contains("why: Asked"), "{}", engine.log);
    let mut engine = Engine::new(door(ZIP), "door");
    engine.play("start w16 1 2 1 3 9 w1");
    assert!(engine.log.ends_with("say t.young/en\n"), "{}", engine.log);
}

const BIRTH: &str = "  a: {collect: t.birth, as: date, from: 1900-01-01, to: today, confirm: t.right, save: birth, next: b}\n  \
                     b: {when: age(birth) >= 18, next: {yes: c, no: d}}\n  c: {say: t.old, next: person}\n  \
                     d: {say: t.young, next: person}\n";

#[test]
fn a_date_is_read_back_and_an_age_counted_on_the_day_of_the_call() {
    for (script, last) in [
        // 24 November 2008 is 18 today.
        ("w1 1 1 2 4 2 0 0 8 w1 1", "say t.old/en\n"),
        ("w1 1 1 2 5 2 0 0 8 w1 1", "say t.young/en\n"),
        // Tomorrow is no day of birth; nor is the 13th month, but as day it is offered.
        ("w1 1 1 2 5 2 0 2 6 w1", "say u.nomatch/en t.birth/en\n"),
        ("w1 1 3 0 4 1 9 5 8 w1 1", "say t.old/en\n"),
        ("w1 1 1 2 4 2 0 0 8 w1 2 w1", "say t.birth/en\n"),
        ("w1 1 1 2 4 2 0 0 8 w1 4", "say u.nurse/en u.recording/en\n"),
    ] {
        let heard = heard_in(door(BIRTH), script);
        assert!(heard.ends_with(last), "{script}\n{heard}");
        assert!(heard.contains("say t.right/en\n") || last.contains("nomatch"), "{script}\n{heard}");
    }
}

#[test]
fn a_flow_that_is_called_sees_what_goes_with_it_and_gives_back_what_it_says() {
    let door = "flow: door\nstart: a\nsteps:\n  a: {set: {days: 2, mine: 7}, next: b}\n  \
                b: {call: sums, with: {count: $days}, save: {all: sum}, next: c}\n  \
                c: {when: all == 5 and mine == 7, next: {yes: d, no: person}}\n  d: {say: t.old, next: message}\n";
    let more = "flow: sums\ntakes: {count: number}\ngives: {sum: number}\nstart: x\nsteps:\n  \
                x: {set: {sum: count + 3, days: 9}, next: return}\n";
    let (engine, heard) = engine_in(set(&[("door.yaml", door), ("sums.yaml", more)], "door"), "w1");
    assert_eq!(heard, "18.0  say t.old/en\n");
    assert_eq!(engine.run.saves.get("days"), Some(&Saved::Number(2)), "a flow's own names are its own");
}

#[test]
fn who_goes_on_from_a_called_flow_into_another_may_do_so_for_ever() {
    let door = "flow: door\nstart: a\nsteps:\n  a: {call: hop, next: person}\n";
    let hop = "flow: hop\ngives: {}\nstart: x\nsteps:\n  \
               x: {menu: t.another, keys: {1: again, 3: ready}, next: {again: door, ready: return}}\n";
    let rounds = crate::limits::FLOW_CALLS_DEPTH_MAX + 2;
    let heard = heard_in(set(&[("door.yaml", door), ("hop.yaml", hop)], "door"), &"w3 1 ".repeat(rounds));
    assert_eq!(heard.matches("say t.another/en").count(), rounds + 1, "{heard}");
    assert!(!heard.contains("Fault"), "{heard}");
}

#[test]
fn an_answer_that_is_handed_over_as_a_text_is_compared_with_texts() {
    let door = "flow: door\nstart: a\nsteps:\n  \
                a: {menu: t.another, keys: {1: sick, 3: well}, save: visit, next: {else: b}}\n  \
                b: {call: asks, with: {why: $visit}, next: person}\n";
    let asks = "flow: asks\ntakes: {why: text}\ngives: {}\nstart: x\nsteps:\n  \
                x: {when: why == 'sick', next: {yes: y, no: z}}\n  y: {say: t.old, next: return}\n  \
                z: {say: t.young, next: return}\n";
    for (key, said) in [("1", "say t.old/en"), ("3", "say t.young/en")] {
        let set = set(&[("door.yaml", door), ("asks.yaml", asks)], "door");
        let heard = heard_in(set, &format!("w3 {key}"));
        assert!(heard.contains(said), "{key}: {heard}");
    }
}

#[test]
fn a_number_that_grows_too_large_leads_up() {
    let steps = "  a: {set: {n: 9223372036854775807}, next: b}\n  b: {set: {n: n + 1}, next: c}\n  c: {say: t.old, next: person}\n";
    let heard = heard_in(door(steps), "w1");
    assert!(heard.starts_with("18.0  Fault { what: \"a number grew too large"), "{heard}");
    assert!(heard.contains("why: Fault"), "{heard}");
}

#[test]
fn a_grade_may_be_four_and_is_saved_by_its_name() {
    let steps = "  a: {menu: t.grade, scale: yes, keys: {1: bad, 3: fair, 4: good, 5: best}, save: grade, next: {else: b}}\n  \
                 b: {when: \"grade in ['good', 'best']\", next: {yes: c, no: d}}\n  c: {say: t.old, next: person}\n  d: {say: t.young, next: person}\n";
    for (key, last) in
        [("4", "chosen good\n21.0  say t.old/en\n"), ("1", "chosen bad\n21.0  say t.young/en\n")]
    {
        let heard = heard_in(door(steps), &format!("w3 {key}"));
        assert!(heard.ends_with(last), "{heard}");
    }
}

#[test]
fn a_spoken_comment_is_taken_after_the_notice_and_the_call_goes_on() {
    let steps =
        "  a: {record: t.comment, longest: 30 s, next: {saved: b}}\n  b: {say: t.old, next: person}\n";
    let heard = heard_in(door(steps), "w3 w3 open w30 saved w1");
    assert_eq!(
        heard,
        "18.0  say u.recording/en\n21.0  NoticeGiven\n21.0  record\n21.0  say t.comment/en\n24.0  tone\n\
         54.0  message over\n54.0  say t.old/en\n"
    );
    let heard = heard_in(door(steps), "w3 w3 open w2 # lost w1");
    assert!(heard.contains("message over\n"), "{heard}");
    assert!(
        heard.ends_with("say u.agent/en\n26.0  call sip:front-desk@127.0.0.1:5070 for 25 s\n"),
        "{heard}"
    );
}

#[test]
fn a_transfer_rings_one_party_and_leads_on_when_nobody_answers() {
    let steps = "  a: {transfer: \"sip:pharmacy@10.0.0.5\", before: u.agent, ring: 20 s, exit: colleague_pharmacy, next: {failed: b}}\n  \
                 b: {say: t.old, next: person}\n";
    let heard = heard_in(door(steps), "w20");
    assert_eq!(
        heard,
        "18.0  say u.agent/en\n18.0  call sip:pharmacy@10.0.0.5 for 20 s\n36.0  say u.one_moment/en\n38.0  say t.old/en\n"
    );
    let (engine, heard) = engine_in(door(steps), "w2 yes bye w1");
    assert!(heard.contains("they talk\n20.0  say t.old/en\n") || heard.contains("they talk\n"), "{heard}");
    assert_eq!(engine.run.exit(), Some(&ExitName::from("colleague_pharmacy")));
    // Who answered and was never heard counts as one who did not answer.
    let (engine, heard) = engine_in(door(steps), "w2 yes w15 mute w1");
    assert!(heard.ends_with("they talk\n35.0  say t.old/en\n"), "{heard}");
    assert_eq!(engine.run.exit(), None, "nobody talked");
    // Who is in danger goes up the ladder when that party does not answer.
    let heard = heard_in(door(steps), "w2 9 no w1");
    assert!(heard.ends_with("call sip:front-desk@127.0.0.1:5070 for 25 s\n"), "{heard}");
}

#[test]
fn the_recording_pauses_where_the_flow_says_so() {
    let steps = "  a: {record: t.comment, next: {saved: b}}\n  b: {recording: pause, next: c}\n  \
                 c: {collect: t.zip, as: digits, length: 5, secret: yes, save: pin, next: d}\n  \
                 d: {recording: resume, next: e}\n  e: {say: t.old, next: person}\n";
    let heard = heard_in(door(steps), "w3 w3 open w1 # saved w1 1 2 3 4 5 w1");
    let tail =
        "25.0  message over\n25.0  record no more\n25.0  say t.zip/en\n26.0  record\n26.0  say t.old/en\n";
    assert!(heard.ends_with(tail), "{heard}");
    assert!(!heard.contains("12345"), "{heard}");
}

#[test]
fn what_nothing_is_connected_to_leads_up_and_says_so() {
    let steps =
        "  a: {care: task.create, next: {done: person, failed: b}}\n  b: {say: t.old, next: person}\n";
    assert_eq!(heard_in(door(steps), "w1"), "18.0  NotConnected\n18.0  say t.old/en\n");
    let steps = "  a: {callback: u.one_moment, within: 30 min, next: {done: b, failed: b}}\n  b: {say: t.old, next: person}\n";
    assert_eq!(heard_in(door(steps), "w1"), "18.0  NotConnected\n18.0  say t.old/en\n");
    let steps = "  a: {queue: nurses, before: u.nurse, exit: nurse, next: {overflow: message}}\n";
    assert!(heard_in(door(steps), "w1").starts_with("18.0  say u.nurse/en u.recording/en\n"));
}

#[test]
fn a_silence_ends_by_itself_or_by_a_key_and_a_slow_flow_speaks_slowly() {
    let steps = "  a: {wait: 4 s, next: b}\n  b: {speech: slow, next: c}\n  c: {menu: oi.more, keys: {1: d, 3: person}}\n  d: {say: t.old, next: person}\n";
    assert_eq!(heard_in(door(steps), "w5"), "22.0  say oi.more/en/slow\n");
    assert_eq!(heard_in(door(steps), "w1 1 w1"), "19.0  chosen d\n19.0  say t.old/en/slow\n");
}

#[test]
fn items_of_a_list_are_offered_one_at_a_time() {
    let steps = "  a: {set: {birth: today(), zip: \"last('02139', 5)\"}, next: find}\n  \
                 find: {care: patient.find, with: {birth: $birth, zip: $zip}, next: {found: list, several: person, none: person}}\n  \
                 list: {care: appt.list, save: times, next: {found: b, none: person}}\n  \
                 b: {offer: t.another, from: $times, save: time, keys: {1: take, 3: another}, next: {take: c, used_up: d}}\n  \
                 c: {say: t.old, next: person}\n  d: {say: t.young, next: person}\n";
    let set = door(steps);
    let at = set.position(&FlowName::from("door")).unwrap();
    // No records answer yet: the list is put there by the test, and the first steps passed over.
    let pass = crate::flow::program::Act::Speech {
        pace: Pace::Normal,
        next: crate::flow::program::Target::Step(StepAt { flow: at, step: 3 }),
    };
    let set = Arc::new(Arc::unwrap_or_clone(set).with_act(StepAt { flow: at, step: 0 }, pass));
    let items = |count: i64| Saved::List((0..count).map(Saved::Number).collect());
    for (count, script, last, chosen) in [
        (2, "w22 3 w1 1", "say t.old/en\n", Some(1)),
        (2, "w22 1", "say t.old/en\n", Some(0)),
        (2, "w22 3 w1 3", "say t.young/en\n", None),
        (0, "w19", "say t.young/en\n", None),
    ] {
        let mut engine = Engine::new(Arc::clone(&set), "door");
        engine.run.saves.save(crate::id::ValueName::from("times"), items(count));
        engine.play(&format!("start {script}"));
        assert!(engine.log.ends_with(last), "{script}\n{}", engine.log);
        assert_eq!(engine.run.saves.get("time"), chosen.map(Saved::Number).as_ref(), "{script}");
    }
}
