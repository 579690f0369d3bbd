//! A triage tree as its rules see it: questions, answers, and exits that have an acuity.
//!
//! ```text
//!  intro ──▶ breath ─1─▶ emergency (1)
//!               └─2─▶ stroke ─1─▶ emergency (1)
//!                        └─2─▶ … ─2─▶ nurse (2)
//! ```
//! The keys 0, 4 and 9, silence, wrong keys and a fault of the engine are no ways of the tree: they lead up from every
//! step, and no file can say otherwise. Not here: what a tree must be ([`super::rules`], [`super::paths`]).

use crate::flow::diagnostic::Place;
use crate::flow::syntax::fields::Placed;
use crate::wire::telephone_event::Key;

/// A tree.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The flow's name.
    pub name: Placed<String>,
    /// The first step, if it is known.
    pub start: Option<usize>,
    /// The steps, in the order of the file.
    pub nodes: Vec<Node>,
}

/// A step of a tree.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its name.
    pub name: Placed<String>,
    /// What it does.
    pub act: NodeAct,
}

/// What a step of a tree does.
#[derive(Clone, Debug)]
pub enum NodeAct {
    /// Speaks.
    Say {
        /// What.
        prompt: Placed<String>,
        /// Where it leads.
        to: To,
    },
    /// Asks for yes (1) or no (2).
    Ask {
        /// The question.
        prompt: Placed<String>,
        /// What it asks about, by its name in [`super::red_flags`] or the clinic's own.
        code: Option<Placed<String>>,
        /// Where yes leads.
        yes: To,
        /// Where no leads.
        no: To,
    },
    /// Asks for one of several keys.
    Menu {
        /// The question.
        prompt: Placed<String>,
        /// The keys, with the names of their answers.
        answers: Vec<(Key, Placed<String>, To)>,
    },
    /// Gets a person.
    Person {
        /// What is said first.
        prompt: Placed<String>,
        /// The exit in the records.
        exit: String,
    },
    /// Does something that has no place in a tree.
    Strange {
        /// What, as a file writes it.
        what: &'static str,
    },
    /// Could not be read; its fault is noted.
    Unread,
}

/// Where an answer leads.
#[derive(Clone, Debug)]
pub struct To {
    /// The word in the file.
    pub word: Placed<String>,
    /// What it names.
    pub end: End,
}

/// What a word names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A step of the tree.
    Node(usize),
    /// An exit of the tree.
    Exit(Exit),
    /// Something that leads away from a nurse: a message, another flow, the end of the call.
    Away,
    /// Nothing that is known; its fault is noted.
    Nowhere,
}

/// Where a tree leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// The emergency line, again and again, while a person is called.
    Emergency,
    /// The crisis ladder.
    Crisis,
    /// A nurse.
    Nurse,
    /// A person.
    Person,
}

impl Exit {
    /// How urgent it is: 1 is at once, 2 is a person of the clinic.
    pub const fn acuity(self) -> u8 {
        match self {
            Exit::Emergency | Exit::Crisis => 1,
            Exit::Nurse | Exit::Person => 2,
        }
    }

    /// The destination in files.
    pub const fn word(self) -> &'static str {
        match self {
            Exit::Emergency => "emergency_exit",
            Exit::Crisis | Exit::Nurse | Exit::Person => self.exit(),
        }
    }

    /// The exit in records and tests.
    pub const fn exit(self) -> &'static str {
        match self {
            Exit::Emergency => "emergency",
            Exit::Crisis => "crisis",
            Exit::Nurse => "nurse",
            Exit::Person => "person",
        }
    }
}

/// A way from a step: by which answer, and where to.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// The key that takes it; none where the words alone lead on.
    pub key: Option<Key>,
    /// The answer, as a person would say it.
    pub answer: &'a str,
    /// Where it leads.
    pub to: &'a To,
}

impl Node {
    /// Where the step leads by an answer or by itself.
    pub fn ways(&self) -> Vec<Way<'_>> {
        match &self.act {
            NodeAct::Say { to, .. } => vec![Way { key: None, answer: "then", to }],
            NodeAct::Ask { yes, no, .. } => vec![
                Way { key: Some(Key::Digit(1)), answer: "yes", to: yes },
                Way { key: Some(Key::Digit(2)), answer: "no", to: no },
            ],
            NodeAct::Menu { answers, .. } => answers
                .iter()
                .map(|(key, name, to)| Way { key: Some(*key), answer: name.value.as_str(), to })
                .collect(),
            NodeAct::Person { .. } | NodeAct::Strange { .. } | NodeAct::Unread => Vec::new(),
        }
    }

    /// What the step speaks.
    pub fn prompt(&self) -> Option<&Placed<String>> {
        match &self.act {
            NodeAct::Say { prompt, .. }
            | NodeAct::Ask { prompt, .. }
            | NodeAct::Menu { prompt, .. }
            | NodeAct::Person { prompt, .. } => Some(prompt),
            NodeAct::Strange { .. } | NodeAct::Unread => None,
        }
    }

    /// Where the step stands.
    pub fn place(&self) -> Place {
        self.name.place
    }
}

impl Tree {
    /// The steps in an order in which each stands before those that it leads to, from the start on; or a step of a
    /// circle. Steps that nothing leads to are left out. Depth first, without recursion: a step is entered once.
    ///
    /// # Errors
    /// A step that leads back to itself.
    pub fn in_order(&self) -> Result<Vec<usize>, usize> {
        let Some(start) = self.start else { return Ok(Vec::new()) };
        let mut marks = vec![Mark::New; self.nodes.len()];
        let mut behind = Vec::new();
        let mut open = vec![(start, self.next(start))];
        marks[start] = Mark::Open;
        while let Some((node, left)) = open.last_mut() {
            match left.pop() {
                Some(next) => match marks[next] {
                    Mark::New => {
                        marks[next] = Mark::Open;
                        open.push((next, self.next(next)));
                    }
                    Mark::Open => return Err(next),
                    Mark::Done => {}
                },
                None => {
                    marks[*node] = Mark::Done;
                    behind.push(*node);
                    open.pop();
                }
            }
        }
        behind.reverse();
        Ok(behind)
    }

    /// The steps that a step leads to, the last way first.
    fn next(&self, node: usize) -> Vec<usize> {
        let step = |way: &Way<'_>| match way.to.end {
            End::Node(next) => Some(next),
            End::Exit(_) | End::Away | End::Nowhere => None,
        };
        self.nodes[node].ways().iter().rev().filter_map(step).collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    New,
    Open,
    Done,
}
