//! What a signature is over: one text that says all that callers of a tree meet, and nothing else.
//!
//! ```text
//!  careline triage tree 1          the form
//!  emergency 911 · tries 2         what clinic.yaml says of every question
//!  use "…" · source "…"            what the tree is for
//!  1 menu tr.begin 1>2             the steps as a caller comes to them, numbered so: their names, comments, order in
//!  2 ask tr.redflag1 chest-breathing 1>3 2>4      the file and layout are nobody's words
//!  say tr.redflag1 en "…"          every text that is spoken in the tree or first thing at one of its exits
//!  sound en/tr.redflag1.wav a3f…   the hash of each of their sounds
//! ```
//! Not here: hashing ([`crate::flow::content::digest`]) and who signed.

use super::tree::{End, NodeAct, Tree};
use crate::flow::content::{Content, SOUNDS, digest};
use crate::flow::program::Own;
use crate::flow::read::flow::key_name;
use crate::flow::read::prompts::Texts;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write;

/// What the engine itself says in a tree, and first thing at its exits. What it says of itself and later (a fault, the
/// recording notice, the wait, a message) is the same for every call and none of the tree.
pub const ENGINE_WORDS: [Own; 9] = [
    Own::Emergency,
    Own::CrisisStay,
    Own::CrisisWait,
    Own::Nurse,
    Own::Person,
    Own::Silence,
    Own::SilenceAgain,
    Own::WrongKey,
    Own::MoreTime,
];

/// What of a clinic counts for each of its trees.
#[derive(Clone, Copy, Debug)]
pub struct Clinic<'a> {
    /// The languages, the first first.
    pub languages: &'a [&'a str],
    /// The emergency number.
    pub emergency: &'a str,
    /// Misses after which a person is got.
    pub tries: u32,
    /// The prompts.
    pub prompts: &'a BTreeMap<String, Texts>,
}

/// A tree as it is signed, but for its sounds: those are known once the files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canonical {
    /// The text.
    text: String,
    /// The prompts whose sounds belong to it.
    prompts: BTreeSet<String>,
}

impl Canonical {
    /// What a tree says.
    pub fn of(tree: &Tree, intended_use: &str, sources: &[&str], clinic: &Clinic<'_>) -> Self {
        let mut text = String::from("careline triage tree 1\n");
        let mut line = |words: String| {
            text += &words;
            text.push('\n');
        };
        line(format!("emergency {} · tries {}", clinic.emergency, clinic.tries));
        line(format!("languages {}", clinic.languages.join(" ")));
        line(format!("use {intended_use:?}"));
        sources.iter().for_each(|source| line(format!("source {source:?}")));
        let order = met(tree);
        let numbers: BTreeMap<usize, usize> = order.iter().copied().zip(1..).collect();
        let mut prompts: BTreeSet<String> = ENGINE_WORDS.iter().map(|own| own.name().to_owned()).collect();
        for node in &order {
            line(step(tree, *node, &numbers));
            prompts.extend(tree.nodes[*node].prompt().map(|prompt| prompt.value.clone()));
        }
        for prompt in &prompts {
            let texts = clinic.prompts.get(prompt).map(|texts| &texts.texts);
            for (language, said) in texts.into_iter().flatten() {
                line(format!("say {prompt} {language} {:?}", said.value));
            }
        }
        Self { text, prompts }
    }

    /// The hash of it with the sounds of `content`.
    pub fn sha256(&self, content: &Content) -> String {
        let mut all = self.text.clone();
        for (name, hash) in self.sounds(content) {
            // Writing into a string cannot fail.
            let _ = writeln!(all, "sound {name} {hash}");
        }
        digest(all.as_bytes())
    }

    /// Whether a prompt belongs to it.
    pub fn speaks(&self, prompt: &str) -> bool {
        self.prompts.contains(prompt)
    }

    /// The sounds that belong to it: `en/tr.begin.wav`, and of a text in pieces `en/tr.begin.1.wav`.
    fn sounds<'a>(&'a self, content: &'a Content) -> impl Iterator<Item = (&'a str, &'a str)> {
        let is_its = |file: &str| {
            let stem =
                file.split_once('/').and_then(|(_, file)| file.rsplit_once('.')).map_or("", |(stem, _)| stem);
            let whole = stem.rsplit_once('.').filter(|(_, piece)| piece.bytes().all(|b| b.is_ascii_digit()));
            self.prompts.contains(stem) || whole.is_some_and(|(whole, _)| self.prompts.contains(whole))
        };
        let files = content.files.iter();
        let sounds = files
            .filter_map(|(name, hash)| Some((name.strip_prefix(SOUNDS)?.strip_prefix('/')?, hash.as_str())));
        sounds.filter(move |(name, _)| is_its(name))
    }
}

/// The steps as a caller may come to them, those of one question in the order of its keys.
fn met(tree: &Tree) -> Vec<usize> {
    let (mut seen, mut order) = (BTreeSet::new(), Vec::new());
    let mut open: VecDeque<usize> = tree.start.into_iter().collect();
    while let Some(node) = open.pop_front() {
        if seen.insert(node) {
            order.push(node);
            let mut ways = tree.nodes[node].ways();
            ways.sort_by_key(|way| way.key.map(key_name));
            open.extend(ways.iter().filter_map(|way| match way.to.end {
                End::Node(next) => Some(next),
                End::Exit(_) | End::Away | End::Nowhere => None,
            }));
        }
    }
    order
}

fn step(tree: &Tree, node: usize, numbers: &BTreeMap<usize, usize>) -> String {
    let number = |node: usize| numbers.get(&node).copied().unwrap_or_default();
    let node_at = &tree.nodes[node];
    let mut line = format!("{} ", number(node));
    line += &match &node_at.act {
        NodeAct::Say { prompt, .. } => format!("say {}", prompt.value),
        NodeAct::Ask { prompt, code, .. } => {
            format!("ask {} {}", prompt.value, code.as_ref().map_or("-", |code| &code.value))
        }
        NodeAct::Menu { prompt, .. } => format!("menu {}", prompt.value),
        NodeAct::Person { prompt, exit } => format!("person {} {exit}", prompt.value),
        NodeAct::Strange { what } => format!("strange {what}"),
        NodeAct::Unread => "unread".to_owned(),
    };
    let mut ways = node_at.ways();
    ways.sort_by_key(|way| way.key.map(key_name));
    for way in ways {
        let to = match way.to.end {
            End::Node(next) => number(next).to_string(),
            End::Exit(exit) => exit.word().to_owned(),
            End::Away | End::Nowhere => "-".to_owned(),
        };
        line += &format!(" {}>{to}", way.key.map_or_else(|| "then".to_owned(), key_name));
    }
    line
}
