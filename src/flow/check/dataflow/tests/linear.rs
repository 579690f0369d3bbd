//! The work grows as steps and ways do: it is counted, not timed.

use super::*;
use crate::flow::draft::WORK;
use crate::rng::Rng;

fn fixed(name: Name, at: usize) -> Save {
    let place = Place { line: at + 1, ..Place::default() };
    Save { name, what: What::Fixed(Type::Number, Flags::default()), place, unused: Unused::Odd }
}

fn way(to: To, saves: Vec<Save>) -> Way {
    Way { to, when: When::Always, saves, raises: Assurance::L0, place: Place::default() }
}

fn spoken(name: Name) -> Use {
    let path = Path { name, field: None };
    Use { path, wanted: Wanted::Words, goes: Goes::Spoken, place: Place::default() }
}

/// `flows` flows of twenty steps: two values of their own each, one of all, a circle, ways to two other flows, a call.
fn mesh(flows: usize) -> Program {
    let mut program = Program::default();
    let all = program.names.number("all");
    let mut rng = Rng::seeded(7);
    for flow in 0..flows {
        let own = program.names.number(&format!("own{flow}"));
        let other = program.names.number(&format!("other{flow}"));
        let first = flow * 20;
        program.flows.push(Flow { start: Some(first), ..Flow::default() });
        for step in 0..20 {
            let at = first + step;
            let mut node = Node { flow, ..Node::default() };
            let mut saves = vec![];
            match step {
                0 => saves.push(fixed(own, at)),
                5 => saves.push(fixed(all, at)),
                7 => {
                    let text = format!("own{flow} + 1");
                    let expression = Expression::read(&text).expect("it is written so");
                    let place = Place { line: at + 1, ..Place::default() };
                    let what = What::Formula(Formula { expression, text, place });
                    saves.push(Save { name: other, what, place, unused: Unused::Odd });
                }
                9 => node.uses = vec![spoken(own), spoken(other)],
                13 => node.uses = vec![spoken(all)],
                15 => node.ways.push(way(To::Node(first + 3), Vec::new())),
                _ => {}
            }
            let next = if step < 19 { To::Node(at + 1) } else { To::Out };
            node.ways.push(way(next, saves));
            if step == 17 {
                for _ in 0..2 {
                    let to = usize::try_from(rng.below(flows as u64)).expect("a small number") * 20;
                    node.ways.push(way(To::Node(to), Vec::new()));
                }
            }
            program.nodes.push(node);
        }
    }
    program.starts = vec![(0, Place::default())];
    program
}

/// One long chain: a value from its beginning is asked for at its end, and each step has its own.
fn chain(steps: usize) -> Program {
    let mut program =
        Program { flows: vec![Flow { start: Some(0), ..Flow::default() }], ..Program::default() };
    let first = program.names.number("first");
    for at in 0..steps {
        let own = program.names.number(&format!("own{at}"));
        let mut node = Node::default();
        if at > 0 {
            node.uses.push(spoken(program.names.number(&format!("own{}", at - 1))));
        }
        let saves = if at == 0 { vec![fixed(first, 0), fixed(own, at)] } else { vec![fixed(own, at)] };
        if at + 1 == steps {
            node.uses.push(spoken(first));
        }
        node.ways.push(way(if at + 1 < steps { To::Node(at + 1) } else { To::Out }, saves));
        program.nodes.push(node);
    }
    program.starts = vec![(0, Place::default())];
    program
}

fn work(program: &Program) -> u64 {
    let before = WORK.get();
    let (_, found) = found(program);
    let odd = found.findings.iter().filter(|finding| !matches!(finding.problem, Problem::NotUsed { .. }));
    assert_eq!(odd.collect::<Vec<_>>(), Vec::<&Finding>::new());
    WORK.get() - before
}

#[test]
fn the_work_grows_as_the_steps_do() {
    type Make = fn(usize) -> Program;
    for (name, make, small) in [("flows", mesh as Make, 100), ("chain", chain as Make, 2_000)] {
        let (one, ten) = (work(&make(small)), work(&make(10 * small)));
        println!("{name}: {one} for {small}, {ten} for {}", 10 * small);
        assert!(ten < 11 * one, "{name}: {one} for {small}, {ten} for ten times as many");
    }
    let work = work(&mesh(1_000));
    assert!(work < 20_000 * 15, "{work} for 1 000 flows of 20 steps");
}

#[test]
fn circles_within_circles_end() {
    // Every step leads to every other, and each saves what the next one asks for.
    let count = 40;
    let mut program =
        Program { flows: vec![Flow { start: Some(0), ..Flow::default() }], ..Program::default() };
    let names: Vec<Name> = (0..count).map(|at| program.names.number(&format!("n{at}"))).collect();
    for at in 0..count {
        let ways = (0..count).map(|to| way(To::Node(to), vec![fixed(names[to], at)])).collect();
        program.nodes.push(Node { uses: vec![spoken(names[at])], ways, ..Node::default() });
    }
    program.starts = vec![(0, Place::default())];
    let before = WORK.get();
    let (facts, found) = found(&program);
    let work = WORK.get() - before;
    let odd: Vec<&Finding> = found.findings.iter().collect();
    // Only the first step is also reached from where calls begin.
    assert_eq!(odd.len(), 1, "{odd:?}");
    assert_eq!(facts.before(0, names[0]).map(|fact| fact.known), Some(Known::Perhaps));
    assert!(work < 40 * 40 * 40, "{work}");
}
