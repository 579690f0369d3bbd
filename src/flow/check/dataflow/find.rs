//! What is wrong with the values of a program: one look at each step that a call comes to, with what is known before it.
//!
//! Where a name is broken, what is made of it is not faulted again. Not here: calls of flows ([`super::calls`]).

use super::facts::{Fact, Kind, Known, NODE_NONE};
use super::solve::{Facts, Local};
use super::{
    Assurance, Formula, Goes, Name, Node, NodeAt, Path, Program, Reading, Save, Slot, To, Unused, Use,
    Wanted, Way, What,
};
use crate::flow::diagnostic::Place;
use crate::flow::expression::fault::{Cause, Span, nearest};
use crate::flow::expression::types::{Flags, Type};
use crate::flow::expression::{Checked, Judged};
use std::collections::{BTreeMap, BTreeSet};

/// What was found: faults, and the expressions that have none.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// The expressions without fault, by their places.
    pub checked: BTreeMap<Place, Checked>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub spot: Spot,
    /// What.
    pub problem: Problem,
}

/// A place, or a stretch of the expression that stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The place.
    pub place: Place,
    /// The whole expression, and the stretch of it.
    pub within: Option<(String, Span)>,
}

impl From<Place> for Spot {
    fn from(place: Place) -> Spot {
        Spot { place, within: None }
    }
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Nothing saves a value under the name.
    Unsaved {
        /// The name.
        name: String,
        /// One that is near.
        near: Option<String>,
    },
    /// It is saved, but on no way that leads here.
    NotHere {
        /// The name.
        name: String,
        /// Where it is saved.
        saved: Place,
    },
    /// It is saved on some ways only.
    Perhaps {
        /// The name.
        name: String,
        /// Where it is saved.
        saved: Place,
        /// The step over which a way comes without; `None` is the beginning of a call.
        without: Option<NodeAt>,
    },
    /// Two ways bring two types.
    TwoTypes {
        /// The name.
        name: String,
        /// The type that is saved at the spot.
        here: Type,
        /// The other type.
        there: Type,
        /// Where that one is saved.
        place: Place,
    },
    /// A fault of the expression itself.
    Expression(Cause),
    /// Another kind of value belongs here.
    Wanted {
        /// What belongs here.
        wanted: Wanted,
        /// What stands here.
        found: Type,
    },
    /// A record has no such field.
    Field {
        /// What was asked.
        of: Type,
        /// The field.
        field: String,
        /// One that is near.
        near: Option<String>,
    },
    /// A secret leaves the engine.
    Secret {
        /// The name.
        name: String,
        /// How.
        goes: Goes,
    },
    /// What tells of a patient stands in an address.
    InAddress {
        /// The name.
        name: String,
    },
    /// The caller is not known well enough.
    Assurance {
        /// What the step needs.
        needs: Assurance,
        /// What some way brings.
        has: Assurance,
    },
    /// A called flow takes no such value.
    NoParameter {
        /// The name.
        name: String,
        /// One that is near.
        near: Option<String>,
    },
    /// A called flow takes a value that it is not given.
    Missing {
        /// The name.
        name: String,
        /// Its type.
        kind: Type,
    },
    /// A flow comes back without what it gives.
    NotGiven {
        /// The name.
        name: String,
        /// Where it is promised.
        promised: Place,
        /// The step over which a way comes without; `None` if none brings it.
        without: Option<NodeAt>,
    },
    /// A flow comes back with another type than it promises.
    GivenType {
        /// The name.
        name: String,
        /// What it promises.
        promised: Type,
        /// What it has.
        found: Type,
    },
    /// `return` where nobody has called.
    ReturnNowhere,
    /// A step goes on into a flow that only a call may enter.
    JumpedInto {
        /// That flow.
        flow: usize,
    },
    /// A flow is called and never comes back.
    NeverReturns {
        /// That flow.
        flow: usize,
    },
    /// Flows call each other in a circle: all of them, in order.
    Circle {
        /// The flows.
        flows: Vec<usize>,
    },
    /// Nobody asks for a saved value.
    NotUsed {
        /// The name.
        name: String,
    },
    /// A flow takes a value and does not ask for it.
    NotTaken {
        /// The name.
        name: String,
    },
}

/// Looks at every step.
pub fn find(program: &Program, facts: &Facts) -> Found {
    let mut saved: BTreeMap<Name, Place> = BTreeMap::new();
    let places = program.nodes.iter().flat_map(|node| &node.ways).flat_map(|way| &way.saves);
    let slots = program.flows.iter().flat_map(|flow| &flow.takes).map(|slot| (slot.name, slot.place));
    for (name, place) in places.map(|save| (save.name, save.place)).chain(slots) {
        saved.entry(name).and_modify(|old| *old = place.min(*old)).or_insert(place);
    }
    let mut finder = Finder {
        program,
        facts: facts.clone(),
        saved,
        told: BTreeSet::new(),
        odd: BTreeMap::new(),
        found: Found::default(),
    };
    for (at, node) in program.nodes.iter().enumerate() {
        if let Some(assurance) = facts.assurance(at) {
            finder.node(at, node, assurance);
        }
    }
    finder.unused();
    finder.found
}

struct Finder<'a> {
    program: &'a Program,
    facts: Facts,
    /// The first place that saves each name.
    saved: BTreeMap<Name, Place>,
    /// Names of which two types were told.
    told: BTreeSet<(Place, Place)>,
    /// Saved values, and whether somebody asks for them.
    odd: BTreeMap<Place, (Name, Asked)>,
    found: Found,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Yes,
    No,
}

impl Finder<'_> {
    fn tell(&mut self, spot: impl Into<Spot>, problem: Problem) {
        self.found.findings.push(Finding { spot: spot.into(), problem });
    }

    fn text(&self, name: Name) -> String {
        self.program.names.text(name).to_owned()
    }

    fn node(&mut self, at: NodeAt, node: &Node, assurance: Assurance) {
        let before = Local::new(self.program, self.facts.row(at));
        if let Some((needs, place)) = node.needs.filter(|(needs, _)| *needs > assurance) {
            self.tell(place, Problem::Assurance { needs, has: assurance });
        }
        for one in &node.uses {
            self.asked(&before, one);
        }
        for (name, path, place) in node.call.iter().flat_map(|call| &call.with) {
            self.handed(&before, node, *name, path, *place);
        }
        let condition = node.condition.as_ref().map(|formula| {
            let judged = self.formula(&before, formula);
            if let Some(found) = judged.kind.clone().filter(|kind| *kind != Type::Bool) {
                self.tell(formula.place, Problem::Wanted { wanted: Wanted::Type(Type::Bool), found });
            }
            judged
        });
        for way in &node.ways {
            let mut local = before.clone();
            local.narrow(way.when, condition.as_ref());
            for (which, save) in way.saves.iter().enumerate() {
                self.save(&local, save);
                self.is_asked(way, which, node);
                local.save(save, &mut self.facts);
            }
            if way.to == To::Return {
                self.gives(&local, node, way);
            }
        }
    }

    /// A value that is handed to a called flow.
    fn handed(&mut self, local: &Local<'_>, node: &Node, name: Name, path: &Path, place: Place) {
        let flow = node.call.as_ref().and_then(|call| self.program.flows.get(call.flow));
        let slot = flow.and_then(|flow| flow.takes.iter().find(|slot| slot.name == name));
        // One that it does not take is told with the call.
        let wanted = slot.map_or(Wanted::Anything, |slot| Wanted::Type(slot.kind.clone()));
        self.asked(local, &Use { path: path.clone(), wanted, goes: Goes::Inside, place });
    }

    fn asked(&mut self, local: &Local<'_>, one: &Use) {
        let fact = local.fact(one.path.name);
        if !self.is_there(one.path.name, fact, one.place.into()) {
            return;
        }
        if fact.known == Known::Perhaps {
            self.perhaps(one.path.name, fact, one.place.into());
        }
        let (kind, flags) = local.look(&one.path, self.facts.kinds());
        match (kind, &one.path.field) {
            (Some(found), _) if !one.wanted.fits(&found) => {
                self.tell(one.place, Problem::Wanted { wanted: one.wanted.clone(), found });
            }
            (Some(_), _) | (None, None) => {}
            (None, Some(field)) => self.no_field(fact, field, one.place),
        }
        self.leaks(one, flags);
    }

    fn leaks(&mut self, one: &Use, flags: Flags) {
        let name = self.text(one.path.name);
        match one.goes {
            Goes::Spoken | Goes::Address if flags.secret => {
                self.tell(one.place, Problem::Secret { name, goes: one.goes });
            }
            Goes::Address if flags.phi => self.tell(one.place, Problem::InAddress { name }),
            Goes::Spoken | Goes::Address | Goes::Inside => {}
        }
    }

    fn no_field(&mut self, fact: Fact, field: &str, place: Place) {
        let Kind::Of(number) = fact.kind else { return };
        let Some(of) = self.facts.kinds().kind(number).cloned() else { return };
        let fields = match &of {
            Type::Record(record) => self.program.records.get(record),
            _ => None,
        };
        let near = fields.and_then(|fields| nearest(field, fields.keys().map(String::as_str)));
        self.tell(place, Problem::Field { of, field: field.to_owned(), near });
    }

    /// Whether a name has a value on some way, of one type; if not, that is told.
    fn is_there(&mut self, name: Name, fact: Fact, spot: Spot) -> bool {
        match (fact.known, fact.kind) {
            (Known::Never, _) => {
                self.not_there(&self.text(name), spot);
                false
            }
            (Known::Perhaps | Known::Always, Kind::Two(one, other)) => {
                self.two_types(name, fact, one, other);
                false
            }
            (Known::Perhaps | Known::Always, Kind::Of(_) | Kind::Open) => true,
        }
    }

    fn not_there(&mut self, name: &str, spot: Spot) {
        if self.program.reading == Reading::InPart {
            return;
        }
        let saved = self.program.names.find(name).and_then(|name| self.saved.get(&name)).copied();
        let name = name.to_owned();
        let problem = match saved {
            Some(saved) => Problem::NotHere { name, saved },
            None => {
                let known = self.saved.keys().map(|known| self.program.names.text(*known));
                Problem::Unsaved { near: nearest(&name, known), name }
            }
        };
        self.tell(spot, problem);
    }

    fn two_types(&mut self, name: Name, fact: Fact, one: u32, other: u32) {
        let kinds = self.facts.kinds();
        let (Some(there), Some(here)) = (kinds.kind(one).cloned(), kinds.kind(other).cloned()) else {
            return;
        };
        if self.told.insert((fact.saved, fact.other)) {
            let name = self.text(name);
            self.tell(fact.other, Problem::TwoTypes { name, here, there, place: fact.saved });
        }
    }

    fn perhaps(&mut self, name: Name, fact: Fact, spot: Spot) {
        let without = Some(fact.without).filter(|node| *node != NODE_NONE);
        self.tell(spot, Problem::Perhaps { name: self.text(name), saved: fact.saved, without });
    }

    fn formula(&mut self, local: &Local<'_>, formula: &Formula) -> Judged {
        let spot = |span| Spot { place: formula.place, within: Some((formula.text.clone(), span)) };
        let before = self.found.findings.len();
        for (span, text) in formula.expression.names() {
            match self.program.names.find(text) {
                Some(name) => _ = self.is_there(name, local.fact(name), spot(span)),
                None => self.not_there(text, spot(span)),
            }
        }
        let environment = local.environment(formula, self.facts.kinds());
        let judged = formula.expression.judge(&environment);
        for fault in judged.faults.iter().cloned() {
            match fault.cause {
                // It is told above, unless a step that was not read may save it.
                Cause::Name { .. } => {}
                Cause::PerhapsUnknown(text) => match self.program.names.find(&text) {
                    Some(name) => self.perhaps(name, local.fact(name), spot(fault.span)),
                    None => self.tell(spot(fault.span), Problem::Expression(Cause::PerhapsUnknown(text))),
                },
                cause => self.tell(spot(fault.span), Problem::Expression(cause)),
            }
        }
        if self.found.findings.len() == before
            && let Ok(checked) = formula.expression.check(&environment)
        {
            self.found.checked.insert(formula.place, checked);
        }
        judged
    }

    fn save(&mut self, local: &Local<'_>, save: &Save) {
        match &save.what {
            What::Fixed(..) | What::Result(..) => {}
            What::Formula(formula) => _ = self.formula(local, formula),
            What::Item(path) => {
                let one =
                    Use { path: path.clone(), wanted: Wanted::List, goes: Goes::Inside, place: save.place };
                self.asked(local, &one);
            }
        }
    }

    /// Notes whether somebody asks for what a way saves.
    fn is_asked(&mut self, way: &Way, which: usize, node: &Node) {
        let save = &way.saves[which];
        if save.unused == Unused::Fine {
            return;
        }
        let later =
            way.saves[which + 1..].iter().any(|later| later.what.names(self.program).contains(&save.name));
        let behind = match way.to {
            To::Node(to) => self.facts.before(to, save.name).is_some(),
            To::Return => self.program.flows[node.flow].gives.iter().any(|slot| slot.name == save.name),
            To::Out => false,
        };
        let asked = if later || behind { Asked::Yes } else { Asked::No };
        let entry = self.odd.entry(save.place).or_insert((save.name, asked));
        if asked == Asked::Yes {
            entry.1 = Asked::Yes;
        }
    }

    fn gives(&mut self, local: &Local<'_>, node: &Node, way: &Way) {
        if self.program.reading == Reading::InPart {
            return;
        }
        for Slot { name, kind, place } in &self.program.flows[node.flow].gives {
            let fact = local.fact(*name);
            let text = self.text(*name);
            match (fact.known, fact.kind) {
                (Known::Never, _) => {
                    self.tell(way.place, Problem::NotGiven { name: text, promised: *place, without: None });
                }
                (Known::Perhaps, _) => {
                    let without = Some(fact.without).filter(|node| *node != NODE_NONE);
                    self.tell(way.place, Problem::NotGiven { name: text, promised: *place, without });
                }
                (Known::Always, Kind::Two(one, other)) => self.two_types(*name, fact, one, other),
                (Known::Always, Kind::Open) => {}
                (Known::Always, Kind::Of(number)) => {
                    let Some(found) = self.facts.kinds().kind(number).cloned() else { continue };
                    if !kind.takes(&found) {
                        let problem = Problem::GivenType { name: text, promised: kind.clone(), found };
                        self.tell(fact.saved, problem);
                    }
                }
            }
        }
    }

    fn unused(&mut self) {
        if self.program.reading == Reading::InPart {
            return;
        }
        for (place, (name, asked)) in std::mem::take(&mut self.odd) {
            if asked == Asked::No {
                self.tell(place, Problem::NotUsed { name: self.text(name) });
            }
        }
        for flow in &self.program.flows {
            let Some(start) = flow.start else { continue };
            for slot in flow.takes.iter().filter(|slot| self.facts.before(start, slot.name).is_none()) {
                let finding = Problem::NotTaken { name: self.text(slot.name) };
                self.found.findings.push(Finding { spot: slot.place.into(), problem: finding });
            }
        }
    }
}

impl Wanted {
    fn fits(&self, found: &Type) -> bool {
        match self {
            Wanted::Anything => true,
            Wanted::Words => !matches!(found, Type::Record(_) | Type::List(_)),
            Wanted::List => matches!(found, Type::List(_)),
            Wanted::Type(wanted) => wanted.takes(found),
        }
    }
}
