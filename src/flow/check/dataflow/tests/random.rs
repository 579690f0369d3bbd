//! On small random programs the data-flow agrees with trying every way that a call can take.

use super::*;
use crate::rng::Rng;
use proptest::prelude::*;

/// What a name has on one way: its type and flags, and nothing if it was not saved.
type State = Vec<Option<(Type, Flags)>>;

const NAMES: usize = 3;

fn type_of(which: u64) -> Type {
    match which {
        0 => Type::Date,
        1 => Type::Number,
        _ => Type::Choice(vec![format!("c{which}")]),
    }
}

/// Steps that save, copy and ask, and lead anywhere; `narrows` adds conditions that ask whether a name is known.
fn random(rng: &mut Rng, narrows: bool) -> Program {
    let mut program =
        Program { flows: vec![Flow { start: Some(0), ..Flow::default() }], ..Program::default() };
    let names: Vec<Name> = (0..NAMES).map(|at| program.names.number(&format!("n{at}"))).collect();
    let count = 2 + small(rng, 5);
    for at in 0..count {
        let mut node = Node::default();
        for name in &names {
            // Everything is asked for everywhere, so that no fact is left out.
            let path = Path { name: *name, field: None };
            node.uses.push(Use {
                path,
                wanted: Wanted::Anything,
                goes: Goes::Inside,
                place: Place::default(),
            });
        }
        let asks = narrows && small(rng, 3) == 0;
        if asks {
            let which = small(rng, NAMES);
            let text = format!("n{which} is known");
            let expression = Expression::read(&text).expect("it is written so");
            node.condition = Some(Formula { expression, text, place: Place::default() });
        }
        for which in 0..1 + small(rng, 3) {
            let when = match (asks, which) {
                (true, 0) => When::IfTrue,
                (true, _) => When::IfFalse,
                (false, _) => When::Always,
            };
            let saves = (0..small(rng, 3)).map(|which| save(rng, &names, 100 * at + which)).collect();
            let to = if small(rng, 8) == 0 { To::Out } else { To::Node(small(rng, count)) };
            let raises = [Assurance::L0, Assurance::L0, Assurance::L1, Assurance::L2][small(rng, 4)];
            node.ways.push(Way { to, when, saves, raises, place: Place::default() });
        }
        program.nodes.push(node);
    }
    program.starts = vec![(0, Place::default())];
    program
}

fn small(rng: &mut Rng, bound: usize) -> usize {
    usize::try_from(rng.below(bound as u64)).expect("a small number")
}

fn save(rng: &mut Rng, names: &[Name], line: usize) -> Save {
    let name = names[small(rng, NAMES)];
    let what = if small(rng, 3) == 0 {
        let text = format!("n{}", small(rng, NAMES));
        let expression = Expression::read(&text).expect("it is written so");
        What::Formula(Formula { expression, text, place: Place::default() })
    } else {
        let flags = Flags { phi: small(rng, 3) == 0, secret: small(rng, 4) == 0 };
        What::Fixed(type_of(rng.below(4)), flags)
    };
    Save { name, what, place: Place { line: line + 1, ..Place::default() }, unused: Unused::Fine }
}

/// Every state in which some way of a call comes to each step.
fn every_way(program: &Program) -> Vec<Vec<(State, Assurance)>> {
    let mut seen: Vec<Vec<(State, Assurance)>> = vec![Vec::new(); program.nodes.len()];
    let mut open = vec![(0, vec![None; NAMES], Assurance::L0)];
    while let Some((at, state, assurance)) = open.pop() {
        if seen[at].contains(&(state.clone(), assurance)) {
            continue;
        }
        seen[at].push((state.clone(), assurance));
        let node = &program.nodes[at];
        let holds = node.condition.as_ref().and_then(|formula| formula.names(program).first().copied());
        let holds = holds.map(|name| state[index(program, name)].is_some());
        for way in &node.ways {
            match (way.when, holds) {
                (When::IfTrue, Some(false)) | (When::IfFalse, Some(true)) => continue,
                (When::Always | When::IfTrue | When::IfFalse, _) => {}
            }
            let mut state = state.clone();
            for save in &way.saves {
                let value = match &save.what {
                    What::Fixed(kind, flags) => Some((kind.clone(), *flags)),
                    What::Formula(formula) => {
                        formula.names(program).first().and_then(|name| state[index(program, *name)].clone())
                    }
                    What::Item(_) | What::Result(..) => None,
                };
                state[index(program, save.name)] = value;
            }
            if let To::Node(to) = way.to {
                open.push((to, state, assurance.max(way.raises)));
            }
        }
    }
    seen
}

fn index(program: &Program, name: Name) -> usize {
    program.names.all().position(|one| one == name).expect("it is one of them")
}

/// What all states of a step say of a name together.
fn all_of(states: &[(State, Assurance)], name: usize) -> (Known, Flags, Vec<Type>) {
    let with: Vec<&(Type, Flags)> = states.iter().filter_map(|(state, _)| state[name].as_ref()).collect();
    let known = match with.len() {
        0 => Known::Never,
        all if all == states.len() => Known::Always,
        _ => Known::Perhaps,
    };
    let flags = with.iter().fold(Flags::default(), |flags, (_, own)| flags.join(*own));
    let mut types: Vec<Type> = with.iter().map(|(kind, _)| kind.clone()).collect();
    types.sort();
    types.dedup();
    (known, flags, types)
}

/// Whether a copy of what may not be there is made somewhere: then a state without it goes on without a value, and
/// the data-flow, which has told the fault, goes on with one.
fn copies_what_is_not_there(program: &Program, facts: &Facts) -> bool {
    let mut copies = program
        .nodes
        .iter()
        .enumerate()
        .flat_map(|(at, node)| node.ways.iter().flat_map(|way| &way.saves).map(move |save| (at, save)));
    copies.any(|(at, save)| match &save.what {
        What::Formula(formula) => formula.names(program).iter().any(|name| {
            facts.assurance(at).is_some()
                && facts.before(at, *name).is_some_and(|fact| fact.known != Known::Always)
        }),
        What::Fixed(..) | What::Item(_) | What::Result(..) => false,
    })
}

/// Where both must agree they do; the error says where they do not.
fn agrees(program: &Program, exactly: bool) -> Result<(), String> {
    let facts = solve(program);
    if copies_what_is_not_there(program, &facts) {
        return Ok(());
    }
    for (at, states) in every_way(program).iter().enumerate() {
        let assurance = states.iter().map(|(_, assurance)| *assurance).min();
        if exactly && facts.assurance(at) != assurance
            || facts.assurance(at) > assurance && assurance.is_some()
        {
            return Err(format!("step {at}: assurance {:?} and not {assurance:?}", facts.assurance(at)));
        }
        if states.is_empty() {
            continue;
        }
        for name in program.names.all() {
            let fact = facts.before(at, name).ok_or(format!("step {at}: nothing of {name:?}"))?;
            let (known, flags, types) = all_of(states, index(program, name));
            let says = format!("step {at}, {name:?}: {fact:?} and not {known:?} {flags:?} {types:?}");
            let is_known = fact.known == known || (!exactly && fact.known == Known::Perhaps);
            let has_flags = fact.flags == flags || (!exactly && fact.flags.join(flags) == fact.flags);
            if !is_known
                || (known != Known::Never && !has_flags)
                || !same_types(&facts, fact, &types, exactly)
            {
                return Err(says);
            }
        }
    }
    Ok(())
}

fn same_types(facts: &Facts, fact: facts::Fact, types: &[Type], exactly: bool) -> bool {
    let Some((first, rest)) = types.split_first() else { return true };
    let joined = rest.iter().try_fold(first.clone(), |all, one| all.join(one));
    match (fact.kind, joined) {
        (facts::Kind::Of(number), Some(joined)) => {
            let own = facts.kinds().kind(number);
            own == Some(&joined) || (!exactly && own.is_some_and(|own| own.takes(&joined)))
        }
        (facts::Kind::Two(..), None) => true,
        (facts::Kind::Two(..) | facts::Kind::Open, Some(_)) => !exactly,
        (facts::Kind::Of(_), None) => false,
        // A copy of two types.
        (facts::Kind::Open, None) => true,
    }
}

/// A program in a few lines.
fn brief(program: &Program) -> String {
    let mut text = String::new();
    for (at, node) in program.nodes.iter().enumerate() {
        let asks = node.condition.as_ref().map_or("", |formula| formula.text.as_str());
        text += &format!("{at}: {asks}\n");
        for way in &node.ways {
            text += &format!("   {:?} {:?} {:?}", way.when, way.to, way.raises);
            for save in &way.saves {
                match &save.what {
                    What::Formula(formula) => text += &format!(", {:?} = {}", save.name, formula.text),
                    other => text += &format!(", {:?} {other:?}", save.name),
                }
            }
            text += "\n";
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn without_conditions_it_knows_exactly_what_all_ways_together_know(seed in any::<u64>()) {
        let mut rng = Rng::seeded(seed);
        for _ in 0..20 {
            let program = random(&mut rng, false);
            prop_assert_eq!(agrees(&program, true), Ok(()), "{}", brief(&program));
        }
    }

    #[test]
    fn with_conditions_it_never_promises_more_than_all_ways_keep(seed in any::<u64>()) {
        let mut rng = Rng::seeded(seed);
        for _ in 0..20 {
            let program = random(&mut rng, true);
            prop_assert_eq!(agrees(&program, false), Ok(()), "{}", brief(&program));
        }
    }
}

#[test]
fn the_random_programs_are_worth_something() {
    let mut rng = Rng::seeded(1);
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..2_000 {
        let program = random(&mut rng, true);
        let facts = solve(&program);
        if copies_what_is_not_there(&program, &facts) {
            continue;
        }
        for at in 0..program.nodes.len() {
            for (_, fact) in facts.row(at) {
                *met.entry(format!("{:?}", fact.known)).or_default() += 1;
                let kind = format!("{:?}", fact.kind);
                *met.entry(kind.split('(').next().unwrap_or_default().to_owned()).or_default() += 1;
            }
        }
    }
    println!("{met:?}");
    for what in ["Always", "Perhaps", "Never", "Of", "Two"] {
        assert!(met.get(what).is_some_and(|count| *count > 100), "{what}: {met:?}");
    }
}
