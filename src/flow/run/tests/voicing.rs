//! Values in words: joined of recordings, asked of a voice, said in numbers, or given to a person.

use super::*;

/// `door` says these texts, filled with what it knows, and then asks a menu.
fn door(steps: &str, texts: &str) -> Arc<FlowSet> {
    let door = format!(
        "flow: door\nstart: know\nsteps:\n  know: {{set: {{who: '\"Dr. Lee\"', desk: '\"617-555\"', many: '21'}}, next: first}}\n{steps}  \
         menu: {{menu: vm.closed_now, keys: {{1: message}}}}\n"
    );
    let prompts = include_str!("../../../../ivr-flows/prompts.yaml").to_owned() + texts;
    let numbers = include_str!("../../../../ivr-flows/clinic.yaml").replace("100: main_menu", "100: door");
    flows(&[("clinic.yaml", &numbers), ("prompts.yaml", &prompts), ("door.yaml", &door)])
}

/// What is heard behind the first words.
#[track_caller]
fn heard_at_door(set: Arc<FlowSet>, script: &str) -> String {
    let mut engine = Engine::new(set, "door");
    engine.play(&format!("start w18 {script}"));
    let Some(rest) = engine.log.strip_prefix(FIRST_WORDS) else { panic!("{}", engine.log) };
    rest.to_owned()
}

fn texts(english: &str) -> String {
    format!("x.slots: {{en: \"{english}\", es: \"{english}\"}}\n")
}

const SAYS: &str = "  first: {say: x.slots, next: menu}\n";

#[test]
fn a_value_that_is_recorded_is_spoken_in_one_row_with_the_words_around_it() {
    let set = door(SAYS, &texts("In {many:days} at last."));
    expect_test::expect![[r#"
        18.0  say x.slots.1/en say/twenty/en say/one/en say/days/en x.slots.2/en
    "#]]
    .assert_eq(&heard_at_door(set, "w5"));
}

#[test]
fn what_no_recording_says_is_asked_of_a_voice_and_spoken_when_it_is_there() {
    let set = door(SAYS, &texts("With {who} now."));
    expect_test::expect![[r#"
        18.0  voice v1 en Dr. Lee
        18.0  say x.slots.1/en ~v1/en x.slots.2/en
        19.0  say x.slots.1/en ~v1/en x.slots.2/en
        20.0  say x.slots.1/en/slow ~v1/en/slow x.slots.2/en/slow
        29.0  say vm.closed_now/en
    "#]]
    .assert_eq(&heard_at_door(Arc::clone(&set), "v1 w1 * w1 * w11"));
    // Too late, twice, or of another text: nothing is spoken twice.
    expect_test::expect![[r#"
        18.0  voice v1 en Dr. Lee
        18.0  say x.slots.1/en ~v1/en x.slots.2/en
        27.0  say vm.closed_now/en
        38.0  Missed { silence: true, count: 1 }
        38.0  say u.noinput1/en vm.closed_now/en
    "#]]
    .assert_eq(&heard_at_door(Arc::clone(&set), "v7 v1 v1 x1 w20"));
}

#[test]
fn without_a_voice_numbers_are_said_and_without_numbers_a_person_is_called() {
    let numbers = door(SAYS, &texts("Call {desk} now."));
    for (how, script) in [("it fails", "x1 w2"), ("it is late", "w3")] {
        let heard = heard_at_door(Arc::clone(&numbers), script);
        assert!(
            heard.contains("say/six/en say/one/en say/seven/en say/pause/en say/five/en"),
            "{how}: {heard}"
        );
    }
    let name = door(SAYS, &texts("With {who} now."));
    for (how, script) in [("it fails", "x1 w1"), ("it is late", "w2")] {
        let heard = heard_at_door(Arc::clone(&name), script);
        let fault = "Fault { what: \"a value could not be spoken\" }";
        assert!(
            heard.contains(fault) && heard.contains("call sip:") && !heard.contains("x.slots"),
            "{how}: {heard}"
        );
    }
}

#[test]
fn keys_act_while_a_voice_is_awaited() {
    let set = door(SAYS, &texts("With {who} now."));
    for (script, expected) in [
        ("1 w1 v1", "chosen message"),
        ("0 w1 v1", "LadderRung { rung: 1, why: Asked }"),
        ("9 v1", "why: Crisis"),
    ] {
        let heard = heard_at_door(Arc::clone(&set), script);
        assert!(heard.contains(expected) && !heard.contains("x.slots"), "{script}: {heard}");
    }
}

#[test]
fn a_menu_waits_for_its_voice_and_counts_the_callers_time_from_its_end() {
    let menu = "  first: {menu: x.slots, keys: {1: menu}}\n";
    let both = "x.slots: {en: \"For {who}, press 1.\", es: \"Para {who}, marque 1.\"}\n";
    let set = door(menu, both);
    expect_test::expect![[r#"
        18.0  voice v1 en Dr. Lee
        18.0  say x.slots.1/en ~v1/en x.slots.2/en
        35.0  Missed { silence: true, count: 1 }
        35.0  say u.noinput1/en x.slots.1/en ~v1/en x.slots.2/en
    "#]]
    .assert_eq(&heard_at_door(Arc::clone(&set), "v1 w20 w12 v2"));
    let heard = heard_at_door(set, "hold v1 w60 back w5");
    assert!(heard.contains("~v1/en"), "{heard}");
}

#[test]
fn words_said_in_every_language_fill_their_slots_in_each() {
    let all = "  first: {say: x.slots, languages: all, next: menu}\n";
    let set = door(all, &texts("In {many:days} at last."));
    let heard = heard_at_door(set, "w2");
    assert!(
        heard.contains(
            "x.slots.1/en say/twenty/en say/one/en say/days/en x.slots.2/en x.slots.1/es say/veinti_fa_n/es"
        ),
        "{heard}"
    );
}
