//! What the data-flow knows and finds, on programs written in a few words:
//!
//! ```text
//!  flow sub takes x:text gives y:date     say x · get x · post x · list x · needs L2 · when EXPRESSION · call sub x=a.b
//!  a: say x; -> b {x date phi, y := EXPRESSION, z item list, w result sub.0} L2; yes -> c; -> return; -> out
//! ```

mod calls;
mod linear;
mod random;
mod values;

use super::facts::Known;
use super::find::{Finding, Found, Problem};
use super::solve::{Facts, solve};
use super::*;
use crate::flow::expression::types::Assigned;

/// A program and the names of its steps and flows.
struct Written {
    program: Program,
    steps: Vec<String>,
    flows: Vec<String>,
}

/// Reads a program; the first step is where calls begin.
fn written(text: &str) -> Written {
    let field =
        |kind: Type| Variable { kind, flags: Flags { phi: true, secret: false }, assigned: Assigned::Always };
    let patient =
        BTreeMap::from([("name".to_owned(), field(Type::Text)), ("birth".to_owned(), field(Type::Date))]);
    let mut program =
        Program { records: BTreeMap::from([("patient".to_owned(), patient)]), ..Program::default() };
    let (mut steps, mut flows) = (Vec::new(), Vec::new());
    let lines: Vec<(usize, &str)> =
        text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).collect();
    for (_, line) in &lines {
        match line.trim().strip_prefix("flow ") {
            Some(flow) => flows.push(flow.split(' ').next().unwrap_or_default().to_owned()),
            None => steps.push(line.split_once(':').expect("a step has a colon").0.trim().to_owned()),
        }
    }
    if flows.is_empty() {
        flows.push("main".to_owned());
        program.flows.push(Flow::default());
    }
    for (line, text) in &lines {
        let place = |word: &str| Place {
            file: 0,
            line: line + 1,
            column: text.find(word).map_or(1, |at| at + 1),
            width: word.len(),
        };
        match text.trim().strip_prefix("flow ") {
            Some(flow) => {
                let start = Some(program.nodes.len());
                let name = flow.split(' ').next().unwrap_or_default();
                let calls = |line: &str| line.split(';').any(|act| act.contains(&format!("call {name}")));
                let called = flow.contains(':') || lines.iter().any(|(_, line)| calls(line));
                let entered = if called { Entered::ByCall } else { Entered::ByNext };
                let mut read = Flow { start, entered, ..Flow::default() };
                let mut gives = false;
                for word in flow.split(' ').skip(1) {
                    match word.split_once(':') {
                        None => gives = word == "gives",
                        Some((name, kind)) => {
                            let slot = Slot {
                                name: program.names.number(name),
                                kind: kind_of(kind),
                                place: place(word),
                            };
                            if gives { read.gives.push(slot) } else { read.takes.push(slot) }
                        }
                    }
                }
                program.flows.push(read);
            }
            None => {
                let flow = program.flows.len() - 1;
                let at = program.nodes.len();
                program.flows[flow].start.get_or_insert(at);
                let mut node = Node { flow, ..Node::default() };
                let (_, acts) = text.split_once(':').expect("a step has a colon");
                for act in acts.split(';').map(str::trim) {
                    one_act(act, &mut node, &mut program.names, (&steps, &flows), &place);
                }
                program.nodes.push(node);
            }
        }
    }
    program.starts = vec![(0, Place::default())];
    Written { program, steps, flows }
}

fn kind_of(word: &str) -> Type {
    match word.split_once('/') {
        Some(("list", of)) => return Type::List(Box::new(kind_of(of))),
        Some(("choice", names)) => return Type::Choice(names.split('/').map(str::to_owned).collect()),
        _ => {}
    }
    match word {
        "text" => Type::Text,
        "digits" => Type::Digits,
        "number" => Type::Number,
        "date" => Type::Date,
        "time" => Type::Time,
        "patient" => Type::Record("patient".to_owned()),
        other => panic!("no type {other}"),
    }
}

fn path_of(word: &str, names: &mut Names) -> Path {
    match word.split_once('.') {
        Some((name, field)) => Path { name: names.number(name), field: Some(field.to_owned()) },
        None => Path { name: names.number(word), field: None },
    }
}

fn formula_of(text: &str, names: &mut Names, place: Place) -> Formula {
    let expression = Expression::read(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
    for (_, name) in expression.names() {
        names.number(name);
    }
    Formula { expression, text: text.to_owned(), place }
}

fn one_act(
    act: &str,
    node: &mut Node,
    names: &mut Names,
    (steps, flows): (&[String], &[String]),
    place: &dyn Fn(&str) -> Place,
) {
    let (word, rest) = act.split_once(' ').unwrap_or((act, ""));
    let flow_at = |name: &str| flows.iter().position(|flow| flow == name).expect("the flow is written");
    let asked =
        |goes, wanted, names: &mut Names| Use { path: path_of(rest, names), wanted, goes, place: place(act) };
    match word {
        "say" => node.uses.push(asked(Goes::Spoken, Wanted::Words, names)),
        "get" => node.uses.push(asked(Goes::Address, Wanted::Words, names)),
        "post" => node.uses.push(asked(Goes::Inside, Wanted::Anything, names)),
        "list" => node.uses.push(asked(Goes::Inside, Wanted::List, names)),
        "needs" => node.needs = Some((level(rest), place(act))),
        "when" => node.condition = Some(formula_of(rest, names, place(rest))),
        "call" => {
            let mut words = rest.split(' ');
            let flow = flow_at(words.next().unwrap_or_default());
            let with = words.map(|word| {
                let (name, value) = word.split_once('=').expect("a value has a name");
                (names.number(name), path_of(value, names), place(word))
            });
            node.call = Some(Call { flow, with: with.collect(), place: place(act) });
        }
        "->" | "yes" | "no" => {
            let when = match word {
                "yes" => When::IfTrue,
                "no" => When::IfFalse,
                _ => When::Always,
            };
            let rest = act.trim_start_matches("yes ").trim_start_matches("no ").trim_start_matches("-> ");
            let (to, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            let (saves, raises) = match rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
                Some((saves, raises)) => (saves, raises.trim()),
                None => ("", rest.trim()),
            };
            let saves = saves.split(", ").filter(|save| !save.is_empty());
            let saves = saves.map(|save| save_of(save, names, flows, place)).collect();
            let place = place(&format!("-> {to}"));
            let to = match to {
                "return" => To::Return,
                "out" => To::Out,
                step => To::Node(steps.iter().position(|one| one == step).expect("the step is written")),
            };
            node.ways.push(Way { to, when, saves, raises: level(raises), place });
        }
        "" => {}
        other => panic!("no act {other}"),
    }
}

fn level(word: &str) -> Assurance {
    match word {
        "" | "L0" => Assurance::L0,
        "L1" => Assurance::L1,
        "L2" => Assurance::L2,
        "L3" => Assurance::L3,
        other => panic!("no assurance {other}"),
    }
}

fn save_of(save: &str, names: &mut Names, flows: &[String], place: &dyn Fn(&str) -> Place) -> Save {
    let (name, rest) = save.split_once(' ').expect("a saved value has a name and more");
    let what = match rest.split_once(' ') {
        Some((":=", text)) => What::Formula(formula_of(text, names, place(text))),
        Some(("item", list)) => What::Item(path_of(list, names)),
        Some(("result", result)) => {
            let (flow, which) = result.split_once('.').expect("a result has a flow");
            let flow = flows.iter().position(|one| one == flow).expect("the flow is written");
            What::Result(flow, which.parse().expect("a result has a number"))
        }
        Some((kind, flags)) => {
            let flags = Flags { phi: flags.contains("phi"), secret: flags.contains("secret") };
            What::Fixed(kind_of(kind), flags)
        }
        None => What::Fixed(kind_of(rest), Flags::default()),
    };
    Save { name: names.number(name), what, place: place(save), unused: Unused::Odd }
}

/// All findings of a program.
fn found(program: &Program) -> (Facts, Found) {
    let facts = solve(program);
    let mut found = find::find(program, &facts);
    found.findings.extend(super::calls::find(program, &facts));
    (facts, found)
}

/// What is found, a line each: line and column, and the stretch of an expression.
fn told(text: &str) -> String {
    let written = written(text);
    let (_, found) = found(&written.program);
    let mut lines: Vec<String> = found.findings.iter().map(|finding| line(&written, finding)).collect();
    lines.sort();
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn line(written: &Written, finding: &Finding) -> String {
    let Place { line, column, .. } = finding.spot.place;
    let step = |node: &Option<NodeAt>| match node {
        Some(node) => written.steps[*node].clone(),
        None => "the beginning".to_owned(),
    };
    let flow = |flow: &usize| written.flows[*flow].clone();
    let says = match &finding.problem {
        Problem::Unsaved { name, near } => format!("{name} is never saved, near {near:?}"),
        Problem::NotHere { name, saved } => format!("{name} of line {} does not come here", saved.line),
        Problem::Perhaps { name, saved, without } => {
            format!("{name} of line {} does not come over {}", saved.line, step(without))
        }
        Problem::TwoTypes { name, here, there, place } => {
            format!("{name} is {here}, in line {} {there}", place.line)
        }
        Problem::Expression(cause) => format!("{cause}"),
        Problem::Wanted { wanted, found } => format!("{wanted:?} and not {found}"),
        Problem::Field { of, field, near } => format!("{of} has no {field}, near {near:?}"),
        Problem::Secret { name, goes } => format!("secret {name} goes {goes:?}"),
        Problem::InAddress { name } => format!("phi {name} in an address"),
        Problem::Assurance { needs, has } => format!("needs {needs} and has {has}"),
        Problem::NoParameter { name, near } => format!("no parameter {name}, near {near:?}"),
        Problem::Missing { name, kind } => format!("{name} is missing, {kind}"),
        Problem::NotGiven { name, without, .. } => format!("{name} is not given, over {}", step(without)),
        Problem::GivenType { name, promised, found } => format!("{name} shall be {promised} and is {found}"),
        Problem::ReturnNowhere => "return to nobody".to_owned(),
        Problem::JumpedInto { flow: at } => format!("jumps into {}", flow(at)),
        Problem::NeverReturns { flow: at } => format!("{} never returns", flow(at)),
        Problem::Circle { flows } => {
            format!("circle of {}", flows.iter().map(flow).collect::<Vec<_>>().join(", "))
        }
        Problem::NotUsed { name } => format!("{name} is not used"),
        Problem::NotTaken { name } => format!("{name} is not taken"),
    };
    let within = finding.spot.within.as_ref().map_or("", |(text, span)| &text[span.start..span.end]);
    let within = if within.is_empty() { String::new() } else { format!(" `{within}`") };
    format!("{line}:{column}{within} {says}")
}

/// Checks a table of programs and what is found in them.
fn table(rows: &[(&str, &str, &str)]) {
    for (name, program, expected) in rows {
        let found = told(program);
        let expected: String = expected.lines().map(|line| format!("{}\n", line.trim())).collect();
        let expected = expected.trim_start().to_owned();
        assert_eq!(found, expected, "{name}:\n{program}");
    }
}
