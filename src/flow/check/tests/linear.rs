//! The work of a check grows as the flows do: it is counted, not timed.

use super::*;
use crate::flow::draft::WORK;
use std::fmt::Write;

/// The shipped set and `count` flows of twenty steps: menus, chains of words, ways to each other and back.
fn large(count: usize) -> Vec<SourceFile> {
    let mut files = shipped(&[]);
    let mut numbers = String::new();
    let mut texts = include_str!("../../../../ivr-flows/prompts.yaml").to_owned();
    for flow in 0..count {
        let (next, far) = ((flow + 1) % count, (flow * 7 + 3) % count);
        let mut text = format!("flow: f{flow}\nstart: a0\nsteps:\n");
        // Each flow saves and asks: two values of its own, and one that all flows share.
        let _ = writeln!(text, "  a0: {{set: {{days{flow}: {flow}, shared: today()}}, next: a1}}");
        for step in 1..15 {
            let _ = writeln!(text, "  a{step}: {{say: u.one_moment, next: a{}}}", step + 1);
        }
        let _ = writeln!(text, "  a15: {{set: {{left{flow}: days{flow} - 3}}, next: a16}}");
        let _ = writeln!(
            text,
            "  a16: {{when: left{flow} > 2 and shared > '2026-01-31', next: {{yes: a17, no: c}}}}"
        );
        let _ = writeln!(
            text,
            "  a17: {{menu: x.menu{flow}, keys: {{1: b, 3: f{next}, 5: f{far}, 6: a3}}, save: way{flow}}}"
        );
        let _ = writeln!(text, "  b: {{menu: x.menu{flow}, keys: {{1: c, 3: f{far}, 5: a0, 6: person}}}}");
        let _ = writeln!(text, "  c: {{when: way{flow} is known, next: {{yes: d, no: person}}}}");
        let _ = writeln!(text, "  d: {{say: u.agent, next: person}}");
        files.push(SourceFile { path: format!("f{flow}.yaml"), octets: text.into_bytes() });
        let keys = |verb: &str| [1, 3, 5, 6].map(|key| format!("{verb} {key}.")).join(" ");
        let _ = writeln!(texts, "x.menu{flow}: {{en: {}, es: {}}}", keys("Press"), keys("Marque"));
        let _ = writeln!(numbers, "  2{flow:05}: f{flow}");
    }
    for file in &mut files {
        match file.path.as_str() {
            "clinic.yaml" => {
                let text = String::from_utf8(file.octets.clone()).unwrap();
                file.octets =
                    text.replace("  100: main_menu", &format!("{numbers}  100: main_menu")).into_bytes();
            }
            "prompts.yaml" => file.octets.clone_from(&texts.clone().into_bytes()),
            _ => {}
        }
    }
    files
}

#[test]
fn the_work_of_a_check_grows_as_the_flows_do() {
    let work = |flows: usize| {
        let files = large(flows);
        let before = WORK.get();
        let (set, faults) = FlowSet::load(files, &|_, _| Audio::Present);
        assert!(set.is_some_and(|set| set.flows().len() == flows + FILES.len() - 3), "{}", render(&faults));
        WORK.get() - before
    };
    let (hundred, thousand) = (work(100), work(1_000));
    println!("lookups and ways: {hundred} for 100 flows, {thousand} for 1 000");
    assert!(thousand < 11 * hundred, "{hundred} for 100 flows, {thousand} for 1 000");
    assert!(thousand < 20 * 1_000 * 50, "{thousand} for 20 000 steps");
}

#[test]
fn faulty_flows_are_checked_with_no_more_work_than_good_ones() {
    let mut files = large(300);
    for file in files.iter_mut().filter(|file| file.path.starts_with('f')) {
        let text = String::from_utf8(file.octets.clone()).unwrap();
        file.octets = text.replace("next: a", "next: nowhere_").into_bytes();
    }
    let before = WORK.get();
    let (set, faults) = FlowSet::load(files, &|_, _| Audio::Present);
    let work = WORK.get() - before;
    assert!(set.is_none() && faults.len() == crate::limits::FAULTS_MAX + 1, "{}", faults.len());
    assert!(work < 20 * 300 * 40, "{work} for 6 000 steps");
}
