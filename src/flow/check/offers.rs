//! Offers: every key that a text speaks does something where it is heard, and every key that does something is spoken.
//!
//! Keys are kept for the next menu, so a key that a step speaks before a menu is that menu's. By themselves work
//! 0, 9, star and pound everywhere; 4 where a menu is open; 2 and 7 until the first menu is over; 7 also while
//! the notice or the way to a person lasts. 8 belongs to calls from the clinic. The engine's side of the same
//! rules is `flow::run`. Not here: how keys are found in a text ([`super::spoken_keys`]).

use super::graph::{Graph, Node, Up};
use super::paths::first_pass;
use super::spoken_keys::{self, Manner, SpokenKey};
use super::words::Used;
use crate::flow::closing;
use crate::flow::closing::phone::words::WORDS;
use crate::flow::codes::{
    KEYS_DIFFER, NOT_DECLARED, NOT_SPOKEN, NOTICE, OPT_OUT, OPTIONS, UNHEARD_KEY, ZERO,
};
use crate::flow::diagnostic::{Place, Sources, Words};
use crate::flow::draft::{Draft, Way};
use crate::flow::program::{Own, Recording};
use crate::flow::read::flow::{ActText, AnswerText, StepText, key_name};
use crate::flow::spoken::lexicon::Lexicon;
use crate::flow::syntax::fields::Placed;
use crate::limits::MENU_OPTIONS_MAX;
use crate::wire::telephone_event::Key;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Finds fault with what texts offer.
pub fn check(draft: &Draft, graph: &Graph, used: &BTreeMap<String, Used>, sources: &mut Sources) {
    if draft.clinic.is_none() || draft.prompts.is_none() {
        return;
    }
    let mut offers = Offers {
        told: told(draft, used),
        waiting: Waiting::of(draft, graph),
        mended: BTreeSet::new(),
        unheard: BTreeSet::new(),
        sources,
    };
    for (flow, text) in draft.flows.iter().enumerate() {
        for (step, text) in text.steps.iter().enumerate() {
            let node = graph.node(crate::flow::program::StepAt { flow, step });
            offers.step(text, node);
        }
    }
    offers.engines_own(draft);
    offers.notice(draft);
    offers.languages_differ();
    offers.zero(draft);
}

/// A set of keys; letters are on no telephone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Keys(u16);

impl Keys {
    const NONE: Self = Self(0);
    const ALL: Self = Self(u16::MAX);

    const fn of(keys: &[Key]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < keys.len() {
            bits |= Self::bit(keys[at]);
            at += 1;
        }
        Self(bits)
    }

    const fn bit(key: Key) -> u16 {
        match key {
            Key::Digit(digit) => 1 << digit,
            Key::Star => 1 << 10,
            Key::Pound => 1 << 11,
            Key::Letter(_) => 0,
        }
    }

    fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn also_in(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    fn has(self, key: Key) -> bool {
        self.0 & Self::bit(key) != 0
    }

    fn count(self) -> usize {
        self.0.count_ones() as usize
    }
}

/// Keys that mean the same everywhere, so that no menu declares them.
const EVERYWHERE: Keys = Keys::of(&[Key::Digit(0), Key::Digit(9), Key::Star, Key::Pound]);
const NURSE: Keys = Keys::of(&[Key::Digit(4)]);
const YES_AND_NO: Keys = Keys::of(&[Key::Digit(1), Key::Digit(2)]);
const NO_RECORDING: Keys = Keys::of(&[Key::Digit(7)]);
/// The key that ends calls from the clinic.
const OPT_OUT_KEY: Key = Key::Digit(8);

/// What a prompt says in one language.
struct Told<'a> {
    prompt: &'a str,
    language: &'a str,
    lexicon: &'a Lexicon,
    text: &'a Placed<String>,
    keys: Vec<SpokenKey>,
}

/// The texts of every prompt that is heard, in the order of the languages. A language whose file has a fault says nothing.
fn told<'a>(draft: &'a Draft, used: &'a BTreeMap<String, Used>) -> BTreeMap<&'a str, Vec<Told<'a>>> {
    let (Some(prompts), Some(clinic)) = (&draft.prompts, &draft.clinic) else { return BTreeMap::new() };
    let mut all = BTreeMap::new();
    for (prompt, used) in used {
        let Some(texts) = prompts.get(prompt) else { continue };
        let languages = clinic.languages.iter().skip(used.unspoken).map(|language| language.value.as_str());
        let told = languages.filter_map(|language| {
            let text = texts.texts.get(language)?;
            let lexicon = draft.languages.rules(language)?.lexicon();
            Some(Told { prompt, language, lexicon, text, keys: spoken_keys::read(&text.value, lexicon) })
        });
        all.insert(prompt.as_str(), told.collect());
    }
    all
}

/// Which keys wait at each node, for what is said there: its own, or those of the menu behind it.
struct Waiting {
    at: Vec<Keys>,
}

impl Waiting {
    fn of(draft: &Draft, graph: &Graph) -> Self {
        let two_languages = draft.clinic.as_ref().is_some_and(|clinic| clinic.languages.len() > 1);
        let in_first_pass = first_pass(draft, graph);
        let early = if two_languages { NO_RECORDING.with(Keys::of(&[Key::Digit(2)])) } else { NO_RECORDING };
        let own = |node: Node| if in_first_pass[node] { early } else { Keys::NONE };
        let mut waiting = Self { at: vec![Keys::ALL; graph.nodes().len()] };
        let mut known = vec![false; graph.nodes().len()];
        // Depth first over the ways that need no key: what is said before a menu waits for it.
        for from in graph.nodes() {
            let mut open = vec![from];
            while let Some(node) = open.last().copied() {
                let ahead =
                    graph.ways(node).iter().filter(|(_, way)| *way == Way::ByItself).map(|(next, _)| *next);
                if !std::mem::replace(&mut known[node], true) {
                    open.extend(ahead.filter(|next| !known[*next]));
                    continue;
                }
                open.pop();
                let act = graph.step(node).and_then(|at| draft.act(at));
                let there = match act {
                    Some(ActText::Menu { answers, .. } | ActText::Offer { answers, .. }) => {
                        declared(answers).with(NURSE)
                    }
                    Some(ActText::Ask { .. }) => YES_AND_NO.with(NURSE),
                    Some(ActText::Collect(_)) => Keys::ALL,
                    Some(
                        ActText::Person { .. }
                        | ActText::Transfer { .. }
                        | ActText::Queue { .. }
                        | ActText::Record { .. },
                    ) => NO_RECORDING,
                    _ if graph.up(node) == Up::Unknown => Keys::ALL,
                    _ => {
                        let every = ahead.map(|next| waiting.at[next]).reduce(Keys::also_in);
                        every.unwrap_or(NO_RECORDING)
                    }
                };
                let notice =
                    if matches!(act, Some(ActText::Notice { .. })) { NO_RECORDING } else { Keys::NONE };
                waiting.at[node] = there.with(own(node)).with(notice).with(EVERYWHERE);
            }
        }
        waiting
    }
}

fn declared(answers: &[AnswerText]) -> Keys {
    answers.iter().fold(Keys::NONE, |keys, answer| keys.with(Keys::of(&[answer.key])))
}

struct Offers<'a> {
    told: BTreeMap<&'a str, Vec<Told<'a>>>,
    waiting: Waiting,
    /// Prompts and keys that have a fault already: repaired, they no longer differ between languages.
    mended: BTreeSet<(&'a str, u16)>,
    /// Words that were told to wait for nothing.
    unheard: BTreeSet<Place>,
    sources: &'a mut Sources,
}

impl<'a> Offers<'a> {
    fn step(&mut self, step: &'a StepText, node: Node) {
        let Some(act) = &step.act else { return };
        let waits = self.waiting.at[node];
        let Some(at) = act.prompt() else { return };
        let behind = format!("after `{}`", step.name.value);
        for which in 0..self.told.get(at.value.as_str()).map_or(0, Vec::len) {
            match act {
                ActText::Menu { answers, .. } | ActText::Offer { answers, .. } => {
                    self.leads_nowhere(&at.value, which, waits, answers, &step.name.value);
                    self.not_spoken(&at.value, which, answers);
                }
                ActText::Ask { .. } => {
                    self.leads_nowhere(&at.value, which, waits, &[], &step.name.value);
                    self.says_yes_and_no(at, which);
                }
                ActText::OfferLanguage { .. } => {
                    self.unheard(&at.value, which, waits, &behind);
                    self.offers_no_language(&at.value, which);
                }
                _ => self.unheard(&at.value, which, waits, &behind),
            }
        }
        if let ActText::Collect(collect) = act
            && let Some(confirm) = &collect.confirm
        {
            for which in 0..self.told.get(confirm.value.as_str()).map_or(0, Vec::len) {
                self.unheard(&confirm.value, which, YES_AND_NO.with(NURSE).with(EVERYWHERE), &behind);
                self.says_yes_and_no(confirm, which);
            }
        }
        if let ActText::Menu { answers, .. } | ActText::Offer { answers, .. } = act {
            self.opt_out(answers);
            self.options(at, answers, waits);
        }
    }

    /// The texts of a prompt that was found before.
    fn text(&self, prompt: &str, which: usize) -> &Told<'a> {
        &self.told[prompt][which]
    }

    /// Keys that a menu's text offers and the menu does not take.
    fn leads_nowhere(&mut self, prompt: &str, which: usize, waits: Keys, answers: &[AnswerText], step: &str) {
        let told = self.text(prompt, which);
        let taken = declared(answers);
        let is_offer = |key: &&SpokenKey| match key.manner {
            Manner::Told => true,
            Manner::Scale => {
                let mut scale = told.keys.iter().filter(|other| other.at == key.at).map(|other| other.key);
                let first = scale.next();
                first.is_some_and(|key| taken.has(key)) && scale.next_back().is_some_and(|key| taken.has(key))
            }
        };
        let offered: Vec<SpokenKey> = told.keys.iter().filter(is_offer).cloned().collect();
        for SpokenKey { key, at, .. } in offered.into_iter().filter(|offer| !waits.has(offer.key)) {
            let Told { prompt, language, text, .. } = *self.text(prompt, which);
            let name = key_name(key);
            let (code, words) = match key {
                OPT_OUT_KEY => {
                    (OPT_OUT, opt_out_words(format!("the `{language}` text of `{prompt}` offers key 8")))
                }
                _ => {
                    let what = format!(
                        "the `{language}` text of `{prompt}` offers key {name}, which `{step}` does not take"
                    );
                    let words = Words::what(what)
                        .repair(format!(
                            "add {name} under the `keys` of `{step}`, or take it out of the text"
                        ))
                        .hears(format!(
                            "a caller who presses {name} as told would hear \"I did not get that\""
                        ));
                    (NOT_DECLARED, words)
                }
            };
            self.mended.insert((prompt, Keys::bit(key)));
            let place = word(self.sources, text, at);
            self.sources.fault(place, code, words);
        }
    }

    /// Keys that a menu takes and its text does not offer.
    fn not_spoken(&mut self, prompt: &str, which: usize, answers: &[AnswerText]) {
        let Told { prompt, language, lexicon, ref keys, .. } = *self.text(prompt, which);
        let by_itself = EVERYWHERE.with(NURSE);
        let silent = |answer: &&AnswerText| {
            answer.key != OPT_OUT_KEY
                && !by_itself.has(answer.key)
                && !keys.iter().any(|told| told.key == answer.key)
        };
        for answer in answers.iter().filter(silent).collect::<Vec<_>>() {
            let key = key_name(answer.key);
            let words = Words::what(format!("the `{language}` text of `{prompt}` does not offer key {key}"))
                .repair(format!("say it there, such as \"{}\"", lexicon.offer(&key)))
                .hears("a caller cannot know that this key does something");
            self.mended.insert((prompt, Keys::bit(answer.key)));
            self.sources.fault(answer.place, NOT_SPOKEN, words);
        }
    }

    /// A question of yes and no says which key is which.
    fn says_yes_and_no(&mut self, at: &'a Placed<String>, which: usize) {
        for (digit, meaning) in [(1, "yes"), (2, "no")] {
            let Told { prompt, language, ref keys, .. } = *self.text(&at.value, which);
            if keys.iter().any(|told| told.key == Key::Digit(digit)) {
                continue;
            }
            let words =
                Words::what(format!("the `{language}` text of `{prompt}` does not offer key {digit}"))
                    .repair(format!("say it there: {digit} is {meaning}"))
                    .hears("a caller cannot know how to answer");
            self.mended.insert((prompt, Keys::bit(Key::Digit(digit))));
            self.sources.fault(at.place, NOT_SPOKEN, words);
        }
    }

    /// Keys that are spoken where nothing waits for them.
    fn unheard(&mut self, prompt: &str, which: usize, waits: Keys, when: &str) {
        let told = self.text(prompt, which);
        let nowhere = |told: &&SpokenKey| told.manner == Manner::Told && !waits.has(told.key);
        let offered: Vec<SpokenKey> = told.keys.iter().filter(nowhere).cloned().collect();
        for SpokenKey { key, at, .. } in offered {
            let Told { prompt, language, text, .. } = *self.text(prompt, which);
            self.mended.insert((prompt, Keys::bit(key)));
            let place = word(self.sources, text, at);
            // The engine may say what a step says too: one fault is enough.
            if !self.unheard.insert(place) {
                continue;
            }
            let name = key_name(key);
            let (code, words) = match key {
                OPT_OUT_KEY => {
                    (OPT_OUT, opt_out_words(format!("the `{language}` text of `{prompt}` offers key 8")))
                }
                _ => {
                    let what = format!(
                        "the `{language}` text of `{prompt}` offers key {name}, and nothing waits for it {when}"
                    );
                    let words = Words::what(what)
                        .repair("let a menu that takes this key follow, or take it out of the text")
                        .hears(format!("a caller who presses {name} as told would not get what was said"));
                    (UNHEARD_KEY, words)
                }
            };
            self.sources.fault(place, code, words);
        }
    }

    /// An offer of the second language is pressing 2.
    fn offers_no_language(&mut self, prompt: &str, which: usize) {
        let Told { prompt, language, lexicon, text, ref keys } = *self.text(prompt, which);
        if !keys.iter().any(|told| told.key == Key::Digit(2)) {
            let words = Words::what(format!("the `{language}` text of `{prompt}` does not offer key 2"))
                .repair(format!("say it there, such as \"{}\"", lexicon.offer("2")))
                .hears("a caller cannot know how to get this language");
            self.mended.insert((prompt, Keys::bit(Key::Digit(2))));
            self.sources.fault(text.place, NOT_SPOKEN, words);
        }
    }

    fn opt_out(&mut self, answers: &[AnswerText]) {
        if let Some(answer) = answers.iter().find(|answer| answer.key == OPT_OUT_KEY) {
            let words = opt_out_words("key 8 is an answer of this menu".to_owned());
            self.sources.fault(answer.place, OPT_OUT, words);
        }
    }

    /// More choices than a caller keeps in mind.
    fn options(&mut self, at: &Placed<String>, answers: &[AnswerText], waits: Keys) {
        let declared = declared(answers);
        let texts = self.told.get(at.value.as_str()).map_or(&[][..], Vec::as_slice);
        let heard = texts.iter().map(|text| {
            let spoken = text.keys.iter().filter(|key| key.manner == Manner::Told);
            let spoken = spoken.fold(Keys::NONE, |keys, told| keys.with(Keys::of(&[told.key])));
            declared.with(spoken.also_in(waits)).count()
        });
        let options = heard.max().unwrap_or(answers.len());
        if options > MENU_OPTIONS_MAX {
            let words = Words::what(format!("this menu has {options} options"))
                .repair(format!("make two menus of it; at most {MENU_OPTIONS_MAX} can be kept in mind"))
                .hears("at the end of the list a caller has forgotten its beginning");
            self.sources.fault(at.place, OPTIONS, words);
        }
    }

    /// What the engine says by itself, and the words around a message.
    fn engines_own(&mut self, draft: &Draft) {
        let own = Own::ALL.into_iter().map(|own| (own.name(), waiting_at(own)));
        let message = draft.clinic.iter().filter_map(|clinic| clinic.message.as_ref());
        let around = message.flat_map(|message| {
            [(message.prompt.value.as_str(), NO_RECORDING), (message.saved.value.as_str(), Keys::NONE)]
        });
        let closings = self.told.keys().filter(|name| name.starts_with(closing::PROMPTS));
        let closings = closings.map(|name| (*name, Keys::NONE)).collect::<Vec<_>>();
        for (prompt, waits) in own.chain(around).chain(closings).collect::<Vec<_>>() {
            for which in 0..self.told.get(prompt).map_or(0, Vec::len) {
                self.unheard(prompt, which, waits.with(EVERYWHERE), "when the engine says it");
            }
        }
        self.by_phone();
    }

    /// What is said to who closes lines by phone offers its keys, each and no other.
    fn by_phone(&mut self) {
        for row in WORDS {
            let Some((&prompt, all)) = self.told.get_key_value(row.name) else { continue };
            let waits = row
                .keys
                .iter()
                .fold(EVERYWHERE.with(NURSE), |keys, digit| keys.with(Keys::of(&[Key::Digit(*digit)])));
            for which in 0..all.len() {
                self.unheard(prompt, which, waits, "when the engine says it");
                for digit in row.keys {
                    let Told { language, text, ref keys, .. } = *self.text(prompt, which);
                    if keys.iter().any(|told| told.key == Key::Digit(*digit)) {
                        continue;
                    }
                    let what = format!("the `{language}` text of `{prompt}` does not offer key {digit}");
                    let words = Words::what(what)
                        .repair(format!("say what key {digit} does, as the shipped text has it"));
                    self.mended.insert((prompt, Keys::bit(Key::Digit(*digit))));
                    let hears = "who closes lines by phone cannot know that this key does something";
                    self.sources.fault(text.place, NOT_SPOKEN, words.hears(hears));
                }
            }
        }
    }

    /// The recording notice must say how not to be recorded.
    fn notice(&mut self, draft: &Draft) {
        let records = draft.clinic.as_ref().is_some_and(|clinic| clinic.recording.value == Recording::On);
        let acts = draft.flows.iter().flat_map(|flow| &flow.steps).filter_map(|step| step.act.as_ref());
        let notices = acts.filter_map(|act| match act {
            ActText::Notice { notice, .. } => Some(notice.value.as_str()),
            _ => None,
        });
        let notices: BTreeSet<&str> = notices.chain([Own::Recording.name()]).collect();
        for told in notices.iter().filter(|_| records).filter_map(|name| self.told.get(name)).flatten() {
            if !told.keys.iter().any(|key| key.key == Key::Digit(7)) {
                let words = Words::what(format!(
                    "the `{}` text of `{}` does not offer key 7",
                    told.language, told.prompt
                ))
                .repair("say that 7 goes on without a recording")
                .hears("a caller could not know how not to be recorded");
                self.mended.insert((told.prompt, Keys::bit(Key::Digit(7))));
                self.sources.fault(told.text.place, NOTICE, words);
            }
        }
    }

    /// One language offers what another does not.
    fn languages_differ(&mut self) {
        for texts in self.told.values() {
            let spoken = |told: &Told<'_>| {
                let keys = told.keys.iter().filter(|key| key.manner == Manner::Told);
                keys.fold(Keys::NONE, |keys, told| keys.with(Keys::of(&[told.key])))
            };
            let Some(first) = texts.first() else { continue };
            for other in &texts[1..] {
                for (has, lacks) in [(first, other), (other, first)] {
                    let only = has
                        .keys
                        .iter()
                        .filter(|key| key.manner == Manner::Told && !spoken(lacks).has(key.key));
                    for key in only.filter(|key| !self.mended.contains(&(has.prompt, Keys::bit(key.key)))) {
                        let key = key_name(key.key);
                        let words = Words::what(format!(
                            "`{}` offers key {key} in `{}` and not in `{}`",
                            has.prompt, has.language, lacks.language
                        ))
                        .repair(format!("say it in the `{}` text too, or in neither", lacks.language))
                        .hears(format!("a caller who hears `{}` would not know of it", lacks.language));
                        self.sources.fault(lacks.text.place, KEYS_DIFFER, words);
                    }
                }
            }
        }
    }

    /// The entry must say how to get a person.
    fn zero(&mut self, draft: &Draft) {
        let (Some(entry), Some(clinic)) = (draft.entry(), &draft.clinic) else { return };
        let flow = &draft.flows[entry];
        let prompts = flow.steps.iter().filter_map(|step| Some(step.act.as_ref()?.prompt()?.value.as_str()));
        let texts: Vec<&Told<'_>> = prompts.filter_map(|prompt| self.told.get(prompt)).flatten().collect();
        let languages = clinic.languages.iter().map(|language| language.value.as_str());
        for language in languages.filter(|language| draft.languages.rules(language).is_some()) {
            let says = |told: &&&Told<'_>| {
                told.language == language && told.keys.iter().any(|key| key.key == Key::Digit(0))
            };
            if !texts.iter().any(|told| says(&told)) {
                let words =
                    Words::what(format!("the entry does not say in `{language}` that 0 gets a person"))
                        .repair("add a step such as {say: u.person, next: …}")
                        .hears("a caller who needs a person would not know how to get one");
                self.sources.fault(flow.name.place, ZERO, words);
            }
        }
    }
}

fn opt_out_words(what: String) -> Words {
    Words::what(format!("{what}, which ends calls from the clinic and nothing else"))
        .repair("give it another key")
        .hears("whoever learned here that 8 does something would end the clinic's own calls with it")
}

/// The keys that work while the engine says these words by itself, beside those that work everywhere.
fn waiting_at(own: Own) -> Keys {
    match own {
        Own::Silence | Own::WrongKey | Own::MoreTime => NURSE,
        Own::Recording | Own::NotRecorded | Own::Person | Own::Nurse | Own::OneMoment | Own::NotReached => {
            NO_RECORDING
        }
        Own::SilenceAgain
        | Own::Fault
        | Own::Emergency
        | Own::CrisisStay
        | Own::CrisisWait
        | Own::Goodbye => Keys::NONE,
    }
}

/// The place of a word within a text; the whole text if its line shows it otherwise than it is read.
pub(super) fn word(sources: &Sources, text: &Placed<String>, at: Range<usize>) -> Place {
    let Place { line, column, .. } = text.place;
    let written = sources.text(text.place.file).lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let from: String = written.chars().skip(column.saturating_sub(1)).collect();
    let quote = usize::from(from.starts_with(['"', '\'']));
    match (text.value.get(..at.start), text.value.get(at)) {
        (Some(before), Some(word)) if from[quote..].starts_with(&text.value) => Place {
            column: column + quote + before.chars().count(),
            width: word.chars().count(),
            ..text.place
        },
        _ => text.place,
    }
}
