//! A flow set: files in, a checked set or faults out. Pure; `io::flow_files` reads the directory.

use crate::flow::action::Spoken;
use crate::flow::check;
use crate::flow::codes::FILE;
use crate::flow::content::Content;
use crate::flow::diagnostic::{Diagnostic, Place, Sources, Words};
use crate::flow::draft::{Calendars, Draft};
use crate::flow::edition::Edition;
use crate::flow::entry::ask::Digits;
use crate::flow::expression::Checked;
use crate::flow::hours::calendar::Calendar;
use crate::flow::languages::{self, Languages};
use crate::flow::program::{Act, Clinic, Flow, FlowKind, Message, Own, Step, StepAt};
use crate::flow::read;
use crate::flow::read::clinic::{ClinicText, plain_number};
use crate::flow::read::hours::{self, IcsFile};
use crate::flow::slots;
use crate::flow::syntax::tree::{self, Reading};
use crate::flow::triage::dry_run;
use crate::flow::triage::kept::KeptTree;
use crate::flow::triage::signature::{NotAnswered, Seal};
use crate::flow::utterance::Speaker;
use crate::flow::value::Date;
use crate::id::{FlowName, Language, PromptName};
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

mod build;
mod speech;

use build::Builder;
use speech::Speech;

/// One file of a flow set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path, as faults shall name it.
    pub path: String,
    /// Its contents.
    pub octets: Vec<u8>,
}

/// Whether a prompt can be heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audio {
    /// It can.
    Present,
    /// There is no file.
    Missing,
    /// The file holds no sound, for this reason.
    Broken(String),
}

/// Tells whether a prompt can be heard in a language.
pub type AudioOf<'a> = &'a dyn Fn(&PromptName, &Language) -> Audio;

/// The file that holds what is true for all flows.
pub const CLINIC_FILE: &str = "clinic.yaml";
/// The file that holds the texts.
pub const PROMPTS_FILE: &str = "prompts.yaml";
/// The file that holds the calendars.
pub const HOURS_FILE: &str = "hours.yaml";
/// How the name of a file of tests ends.
pub const TEST_ENDING: &str = ".test.yaml";
/// How the name of an iCalendar file ends.
pub const ICS_ENDING: &str = ".ics";

/// A flow set without fault: what calls are served with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowSet {
    flows: Vec<Flow>,
    clinic: Clinic,
    spoken: Vec<Spoken>,
    /// The names of the engine's own words, in the order of [`Own::ALL`].
    own: [PromptName; Own::ALL.len()],
    edition: Edition,
    drafts: Vec<Spoken>,
    calendars: Vec<Calendar>,
    speech: Speech,
    version: String,
    trees: Vec<KeptTree>,
    /// Of the tree of each flow that is one; until its sounds are known nobody has signed it.
    seals: BTreeMap<usize, Seal>,
}

impl FlowSet {
    /// Reads and checks all `files` of a set: the set if it has no fault, and every fault and warning it has.
    pub fn load(mut files: Vec<SourceFile>, audio: AudioOf<'_>) -> (Option<FlowSet>, Vec<Diagnostic>) {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let version = version(&files);
        let mut sources = Sources::default();
        let draft = read_all(&files, &mut sources);
        let checked = check::all(&draft, audio, &mut sources);
        let set = if sources.is_clean() { build(&draft, &sources, &checked, audio, version) } else { None };
        let set = set.and_then(|set| tried(set, &draft, &mut sources));
        (set, sources.into_faults())
    }

    /// The flow of a called number; the default flow for a number that is not listed.
    pub fn route(&self, called: &str) -> &FlowName {
        let flow = self.clinic.numbers.get(&plain_number(called)).unwrap_or(&self.clinic.default);
        &self.flows[*flow].name
    }

    /// Whether a number is listed, so that its flow is more than the default.
    pub fn answers(&self, called: &str) -> bool {
        self.clinic.numbers.contains_key(&plain_number(called))
    }

    /// Whether callers of that flow are refused last.
    pub fn is_urgent(&self, name: &FlowName) -> bool {
        self.position(name).is_some_and(|flow| self.clinic.urgent.contains(&flow))
    }

    /// The listed numbers and their flows, in the order of the numbers.
    pub fn numbers(&self) -> impl Iterator<Item = (&str, &FlowName)> {
        self.clinic.numbers.iter().map(|(number, flow)| (number.as_str(), &self.flows[*flow].name))
    }

    /// The flow of numbers that are not listed.
    pub fn default_flow(&self) -> &FlowName {
        &self.flows[self.clinic.default].name
    }

    /// All flows, in the order of their files.
    pub fn flows(&self) -> &[Flow] {
        &self.flows
    }

    /// What holds for all flows.
    pub fn clinic(&self) -> &Clinic {
        &self.clinic
    }

    /// Everybody whom its steps and its person ladder call, each as often as it is named.
    pub fn called(&self) -> impl Iterator<Item = &str> {
        let steps = self.flows.iter().flat_map(|flow| &flow.steps);
        let of_steps = steps.filter_map(|step| match &step.act {
            Act::Transfer { to, .. } => Some(to.target.as_str()),
            _ => None,
        });
        self.clinic.ladder.iter().map(|rung| rung.target.as_str()).chain(of_steps)
    }

    /// The languages that steps want interpreters for.
    pub fn interpreted(&self) -> impl Iterator<Item = &Language> {
        let steps = self.flows.iter().flat_map(|flow| &flow.steps);
        steps.filter_map(|step| match &step.act {
            Act::Transfer { interpreter, .. } => interpreter.as_ref(),
            _ => None,
        })
    }

    /// Every prompt in every language that a caller can hear.
    pub fn spoken(&self) -> &[Spoken] {
        &self.spoken
    }

    /// The prompt of the engine's own words.
    pub fn own(&self, own: Own) -> &PromptName {
        &self.own[own as usize]
    }

    /// The calendars of hours.yaml, in its order.
    pub fn calendars(&self) -> &[Calendar] {
        &self.calendars
    }

    /// The zone where the clinic stands: that of its first calendar, or UTC.
    pub fn zone(&self) -> &TimeZone {
        const UTC: &TimeZone = &TimeZone::UTC;
        self.calendars.first().map_or(UTC, |calendar| &calendar.zone)
    }

    /// The parts of a prompt in a language, if it has slots.
    pub fn slotted(&self, prompt: &PromptName, language: &Language) -> Option<&[slots::Part]> {
        self.speech.slotted.get(language)?.get(prompt).map(Vec::as_slice)
    }

    /// Who speaks values in a language; `None` if no prompt has a slot in it.
    pub fn speaker(&self, language: &Language) -> Option<&Speaker> {
        self.speech.speakers.get(language)
    }

    /// Those of them that are marked as drafts: nobody has reviewed their words yet.
    pub fn drafts(&self) -> &[Spoken] {
        &self.drafts
    }

    /// SHA-256 in hexadecimal: over the names and contents of the files, until the set is served with its sounds.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The name under which it is served; the first draft until it has one.
    pub fn edition(&self) -> Edition {
        self.edition
    }

    /// The set under the name that it is served by; `version` is the hash of all that is served, sounds and all.
    #[must_use]
    pub fn served_as(self, edition: Edition, version: String) -> Self {
        Self { edition, version, ..self }
    }

    /// The triage trees.
    pub fn trees(&self) -> &[KeptTree] {
        &self.trees
    }

    /// The triage tree of this name.
    pub fn tree(&self, name: &str) -> Option<&KeptTree> {
        self.trees.iter().find(|tree| tree.name.as_str() == name)
    }

    /// The set with its signatures held against the sounds that are served: before that no tree is signed.
    #[must_use]
    pub fn sealed_by(self, content: &Content) -> Self {
        let seals = self.trees.iter().map(|tree| (tree.flow, tree.seal(content))).collect();
        Self { seals, ..self }
    }

    /// Why callers of this day do not get the tree of a flow; nothing for those that are none.
    pub fn not_answered(&self, flow: usize, today: impl FnOnce() -> Option<Date>) -> Option<NotAnswered> {
        match self.flows.get(flow)?.kind {
            FlowKind::Ordinary => None,
            FlowKind::Triage => self.seals.get(&flow).copied().unwrap_or(Seal::Missing).against(today()),
        }
    }

    /// Whether two numbers are the same but for the characters that only part their digits.
    pub fn is_same_number(one: &str, other: &str) -> bool {
        plain_number(one) == plain_number(other)
    }

    /// The position of the flow with this name.
    pub fn position(&self, name: &FlowName) -> Option<usize> {
        self.flows.iter().position(|flow| flow.name == *name)
    }

    /// The set with another act at a step, unchecked: what no file can say.
    #[cfg(test)]
    pub fn with_act(mut self, at: StepAt, act: crate::flow::program::Act) -> Self {
        self.flows[at.flow].steps[at.step].act = act;
        self
    }

    /// A step.
    pub fn step(&self, at: StepAt) -> Option<&Step> {
        self.flows.get(at.flow)?.steps.get(at.step)
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn version(files: &[SourceFile]) -> String {
    let mut hash = Sha256::new();
    for file in files {
        let own = file_name(&file.path);
        let in_folder = Languages::file(&file.path).map(|_| format!("{}/{own}", languages::FOLDER));
        let name = in_folder.as_deref().unwrap_or(own);
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(name);
        hash.update((file.octets.len() as u64).to_be_bytes());
        hash.update(&file.octets);
    }
    hash.finalize().iter().map(|octet| format!("{octet:02x}")).collect()
}

fn read_all(files: &[SourceFile], sources: &mut Sources) -> Draft {
    let mut draft = Draft::default();
    let (mut clinic_seen, mut prompts_seen) = (false, false);
    let (spoken, files): (Vec<&SourceFile>, Vec<&SourceFile>) =
        files.iter().partition(|file| Languages::file(&file.path).is_some());
    spoken.into_iter().for_each(|file| language(file, &mut draft.languages, sources));
    let (lists, files): (Vec<&SourceFile>, Vec<&SourceFile>) =
        files.into_iter().partition(|file| file.path.ends_with(ICS_ENDING));
    let ics: BTreeMap<String, IcsFile> =
        lists.into_iter().map(|file| (file_name(&file.path).to_owned(), ics(file, sources))).collect();
    for file in files {
        let node = match tree::read(sources, &file.path, &file.octets) {
            (_, Reading::Tree(node)) => Some(node),
            (_, Reading::Broken) => None,
            (at, Reading::Empty) => {
                let words = Words::what("the file is empty").repair("delete it, or write what belongs here");
                sources.fault(Place::whole_file(at), tree::EMPTY, words);
                None
            }
        };
        match file_name(&file.path) {
            CLINIC_FILE => {
                clinic_seen = true;
                draft.clinic = node.and_then(|node| read::clinic::read(&node, &draft.languages, sources));
            }
            PROMPTS_FILE => {
                prompts_seen = true;
                draft.prompts = node.map(|node| read::prompts::read(&node, sources));
            }
            HOURS_FILE => {
                let read = node.map(|node| hours::read(&node, &ics, sources));
                draft.hours = read.map_or(Calendars::Unread, Calendars::Read);
            }
            name => {
                draft.promised.insert(name.trim_end_matches(".yaml").to_owned());
                draft.flows.extend(node.and_then(|node| read::flow::read(&node, sources)));
            }
        }
    }
    match &draft.hours {
        Calendars::NoFile => hours::unnamed(&ics, &[], sources),
        Calendars::Unread => {}
        Calendars::Read(text) => hours::unnamed(&ics, &text.named, sources),
    }
    for (name, seen) in [(CLINIC_FILE, clinic_seen), (PROMPTS_FILE, prompts_seen)] {
        if !seen {
            let file = sources.add(name, String::new());
            let words = Words::what(format!("the flows have no {name}"))
                .repair(format!("copy {name} from the shipped flows beside them and change it"))
                .hears("no call could be answered");
            sources.fault(Place::whole_file(file), FILE, words);
        }
    }
    draft.index();
    draft
}

/// The set, if every test of its triage trees ends where it says.
fn tried(set: FlowSet, draft: &Draft, sources: &mut Sources) -> Option<FlowSet> {
    if set.trees.is_empty() {
        return Some(set);
    }
    let set = Arc::new(set);
    dry_run::check(&set, draft, sources);
    Arc::into_inner(set).filter(|_| sources.is_clean())
}

/// The draft as a program. `None` only if a check missed something: then nothing is served.
fn build(
    draft: &Draft,
    sources: &Sources,
    checked: &BTreeMap<Place, Checked>,
    audio: AudioOf<'_>,
    version: String,
) -> Option<FlowSet> {
    let text = draft.clinic.as_ref()?;
    let clinic = clinic(draft, text)?;
    let builder = Builder { draft, text, locale: text.locale?, checked };
    let flow = |at: usize| {
        let flow = &draft.flows[at];
        let steps: Option<Vec<Step>> = flow.steps.iter().map(|text| builder.step(at, text)).collect();
        Some(Flow {
            name: FlowName::from(flow.name.value.as_str()),
            title: flow.title.clone(),
            kind: flow.kind,
            gives: flow.gives.iter().flatten().map(|(name, _)| build::value(name)).collect(),
            start: draft.start(at)?,
            steps: steps?,
        })
    };
    let flows: Option<Vec<Flow>> = (0..draft.flows.len()).map(flow).collect();
    let used = check::words::used(draft);
    let environment = check::values::environment(draft);
    let speech = speech::speech(draft, &used, &environment, audio);
    let spoken = speech::recordings(draft, &used, &speech);
    let drafts = speech::drafts(draft, &used);
    let calendars = draft.hours.text().into_iter().flat_map(|hours| &hours.calendars);
    let calendars = calendars.filter_map(|(_, calendar)| calendar.clone()).collect();
    let (edition, trees, seals) = (Edition::Draft(0), KeptTree::all(draft, sources), BTreeMap::new());
    let (flows, own) = (flows?, Own::ALL.map(Own::prompt));
    Some(FlowSet { flows, clinic, spoken, own, edition, drafts, calendars, speech, version, trees, seals })
}

/// Reads the file of a language; an empty one has its fault, as every empty file has.
fn language(file: &SourceFile, languages: &mut Languages, sources: &mut Sources) {
    let Some(name) = Languages::file(&file.path) else { return };
    match tree::read(sources, &file.path, &file.octets) {
        (_, Reading::Tree(node)) => languages.read(name, &file.path, &node, sources),
        (_, Reading::Broken) => languages.broken(name),
        (at, Reading::Empty) => {
            languages.broken(name);
            let words = Words::what("the file is empty").repair("delete it, or write what belongs here");
            sources.fault(Place::whole_file(at), tree::EMPTY, words);
        }
    }
}

/// Reads an iCalendar file; one that is no text holds nothing, and its fault is noted.
fn ics(file: &SourceFile, sources: &mut Sources) -> IcsFile {
    match tree::text(sources, &file.path, &file.octets) {
        Ok(at) => hours::read_ics(at, sources),
        Err(file) => IcsFile { file, events: Vec::new() },
    }
}

fn clinic(draft: &Draft, text: &ClinicText) -> Option<Clinic> {
    let numbers = text.numbers.iter().map(|(number, flow)| Some((number.clone(), draft.flow(&flow.value)?)));
    let message = text.message.as_ref()?;
    if text.ladder.is_empty() || text.languages.is_empty() {
        return None;
    }
    Some(Clinic {
        name: text.name.clone(),
        languages: text.languages.iter().map(|language| Language::from(language.value.as_str())).collect(),
        emergency: text.locale?.emergency.to_vec(),
        entry: draft.entry()?,
        default: draft.flow(&text.default.as_ref()?.value)?,
        numbers: numbers.collect::<Option<_>>()?,
        urgent: text.urgent.iter().map(|flow| draft.flow(&flow.value)).collect::<Option<_>>()?,
        crisis: Digits::of(text.locale?.crisis)?,
        more_time: text.more_time,
        between_keys: text.between_keys,
        all_keys: text.all_keys,
        tries: text.tries,
        recording: text.recording.value,
        ladder: text.ladder.clone(),
        message: Message {
            prompt: PromptName::from(message.prompt.value.as_str()),
            saved: PromptName::from(message.saved.value.as_str()),
            within_working_days: message.within_working_days,
        },
    })
}
