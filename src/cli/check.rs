//! `careline check`: every fault of `careline.yaml` and of the flows, at once.
//!
//! The text and the exit code are made here; printing them is `main`'s, and whether a prompt's audio
//! can be heard is told by the caller of [`check`].

mod fix;
mod json;
mod sarif;

use crate::cli::{by_phone, trunks};
use crate::config::codes::NO_EMERGENCY;
use crate::config::{self, Config};
use crate::flow::diagnostic::{Diagnostic, Paint, Severity, did_you_mean};
use crate::flow::faults::{self, Page};
use crate::flow::hours::lint;
use crate::flow::set::{Audio, FlowSet};
use crate::flow::triage::kept::not_answered;
use crate::flow::triage::signature::day_of;
use crate::id::{Language, PromptName};
use crate::io::flow_files;
use crate::io::now::Clock;
use crate::io::prompts::music;
use crate::io::published::gather::Folders;
use std::path::{Path, PathBuf};

/// The file that is looked for when none is named.
pub const CONFIG_FILE: &str = "careline.yaml";

/// What shall be checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    /// The configuration file; without one, `careline.yaml` if it is there, else the defaults.
    pub config: Option<PathBuf>,
    /// The directory of flows in place of the configured one.
    pub flows: Option<PathBuf>,
}

/// What the command may be told.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Arguments {
    /// How the faults are told: text for people, json or sarif for programs and editors
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
    /// Repair what can be meant in one way alone, such as a slip of the keyboard; then check
    #[arg(long)]
    pub fix: bool,
    /// With --fix: show the repairs and write nothing
    #[arg(long, requires = "fix")]
    pub dry_run: bool,
    /// Print the page of a fault: what it means, what a caller would hear, how to repair it, an example
    #[arg(long, value_name = "CODE", conflicts_with_all = ["fix", "format"])]
    pub why: Option<String>,
}

/// How faults are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// SARIF 2.1.0, for editors and code hosts.
    Sarif,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// For the terminal, with a final line end.
    pub text: String,
    /// 0 without faults, else 1.
    pub exit_code: u8,
}

/// Everything that a start needs, or every fault that stands against it.
#[derive(Debug)]
pub struct Loaded {
    /// The settings, if they have no fault.
    pub config: Option<Config>,
    /// The flows, if they have no fault.
    pub flows: Option<FlowSet>,
    /// All faults and warnings of both.
    pub faults: Vec<Diagnostic>,
    /// What could not even be read.
    pub unreadable: Vec<String>,
    /// Where the flows and their sounds lie.
    pub folders: Folders,
}

impl Loaded {
    /// Whether nothing stands against a start; warnings do not.
    pub fn is_sound(&self) -> bool {
        self.unreadable.is_empty() && self.faults.iter().all(|found| found.severity == Severity::Warning)
    }
}

/// Tells whether a prompt can be heard: the directory of sounds, the prompt, the language.
pub type AudioIn<'a> = &'a dyn Fn(&Path, &PromptName, &Language) -> Audio;

/// Reads and checks the configuration, then the flows it names.
pub fn load(paths: &Paths, audio: AudioIn<'_>) -> Loaded {
    let folders = Config::default().draft();
    let mut loaded =
        Loaded { config: None, flows: None, faults: Vec::new(), unreadable: Vec::new(), folders };
    match read_config(paths) {
        Ok((config, faults)) => {
            loaded.config = config;
            loaded.faults = faults;
        }
        Err(unreadable) => loaded.unreadable.push(unreadable),
    }
    let settings = loaded.config.clone().unwrap_or_default();
    let directory = paths.flows.as_ref().unwrap_or(&settings.flows);
    loaded.folders = Folders { flows: directory.clone(), sounds: settings.sounds.clone() };
    match flow_files::read(directory) {
        Ok(files) => {
            let (flows, faults) =
                FlowSet::load(files, &|prompt, language| audio(&settings.sounds, prompt, language));
            loaded.flows = flows;
            loaded.faults.extend(faults);
        }
        Err(unreadable) => loaded.unreadable.push(unreadable.to_string()),
    }
    if let Err(broken) = music::read(&settings.sounds) {
        loaded.unreadable.push(broken.to_string());
    }
    loaded.faults.extend(by_phone::faults(&settings, loaded.flows.as_ref()));
    loaded.faults.extend(trunks::faults(&settings, loaded.flows.as_ref()));
    loaded
}

/// The command as it was told.
pub fn run(paths: &Paths, arguments: &Arguments, audio: AudioIn<'_>, paint: Paint) -> Report {
    if let Some(code) = &arguments.why {
        return why(code);
    }
    let repairs = if arguments.dry_run { fix::Repairs::Show } else { fix::Repairs::Write };
    let done = arguments.fix.then(|| fix::fix(paths, repairs));
    match (arguments.format, done) {
        (Format::Text, Some(done)) => fix::report(done, check(paths, audio, paint)),
        (Format::Text, None) => check(paths, audio, paint),
        (Format::Json | Format::Sarif, Some(Err(text))) => Report { text, exit_code: 1 },
        (Format::Json, Some(Ok(_)) | None) => for_programs(paths, audio, json::document),
        (Format::Sarif, Some(Ok(_)) | None) => for_programs(paths, audio, sarif::document),
    }
}

/// The faults as a program reads them.
fn for_programs(
    paths: &Paths,
    audio: AudioIn<'_>,
    document: fn(&[Diagnostic], &[String]) -> String,
) -> Report {
    let loaded = strictly(load(paths, audio));
    let exit_code = u8::from(!loaded.is_sound());
    let Loaded { mut faults, unreadable, flows, folders, .. } = loaded;
    faults.extend(flows.iter().flat_map(|flows| reminders(flows, &folders)));
    Report { text: document(&faults, &unreadable), exit_code }
}

/// The pages of all kinds of fault.
pub fn pages() -> impl Iterator<Item = &'static Page> {
    faults::pages().chain(config::faults::PAGES)
}

/// Where the page of a code stands in the documentation.
pub fn page_path(code: &str) -> String {
    format!("docs/faults/{code}.md")
}

/// The page of a kind of fault.
fn why(code: &str) -> Report {
    let code = code.to_uppercase();
    match pages().find(|page| page.code.id == code) {
        Some(page) => Report { text: page.text(), exit_code: 0 },
        None => {
            let known: Vec<&str> = pages().map(|page| page.code.id).collect();
            let text = format!("`{code}` is no code of a fault; {}\n", did_you_mean(&code, &known));
            Report { text, exit_code: 1 }
        }
    }
}

/// Phones of the house that cannot call for help are a warning to a start, for the patients' lines must not stay down for
/// it; to whoever checks they are a fault.
fn strictly(mut loaded: Loaded) -> Loaded {
    let helpless = loaded.faults.iter_mut().filter(|found| found.code == NO_EMERGENCY);
    helpless.for_each(|found| found.severity = Severity::Fault);
    loaded
}

/// What comes of faults that are there.
fn consequence(loaded: &Loaded) -> &'static str {
    let mut faults = loaded.faults.iter().filter(|found| found.severity == Severity::Fault);
    if loaded.unreadable.is_empty() && faults.all(|found| found.code == NO_EMERGENCY) {
        return "callers would be served, and no phone of the house could call for help";
    }
    "nothing would be served"
}

/// The command without wishes: checks and tells.
pub fn check(paths: &Paths, audio: AudioIn<'_>, paint: Paint) -> Report {
    let loaded = strictly(load(paths, audio));
    let warnings = loaded.faults.iter().filter(|found| found.severity == Severity::Warning).count();
    let faults = loaded.faults.len() - warnings + loaded.unreadable.len();
    let mut text = report(&loaded, paint);
    if warnings > 0 {
        text += &format!("{}: nothing that stops a start\n", counted(warnings, "warning"));
    }
    match &loaded.flows {
        Some(flows) if faults == 0 => {
            let told = reminders(flows, &loaded.folders);
            let told = told.iter().map(|reminder| reminder.render(paint) + "\n\n");
            text += &(told.collect::<String>() + &summary(flows));
        }
        _ => {
            let certain = loaded.faults.iter().filter(|fault| fault.fix.is_some()).count();
            text += &format!("{}: {}\n", counted(faults, "fault"), consequence(&loaded));
            if certain > 0 {
                text += &format!("{certain} of them can be repaired by `careline check --fix`\n");
            }
        }
    }
    Report { text, exit_code: u8::from(faults > 0) }
}

/// The faults and warnings as text, an empty line between two.
pub fn report(loaded: &Loaded, paint: Paint) -> String {
    let unreadable = loaded.unreadable.iter().cloned();
    let faults = loaded.faults.iter().map(|fault| fault.render(paint));
    unreadable.chain(faults).map(|fault| fault + "\n\n").collect()
}

/// The configuration alone, or the report of its faults.
///
/// # Errors
/// The report, for the terminal.
pub fn config(paths: &Paths) -> Result<Config, String> {
    match read_config(paths) {
        Ok((Some(config), _)) => Ok(config),
        Ok((None, faults)) => Err(faults.iter().map(|fault| fault.render(Paint::Plain) + "\n\n").collect()),
        Err(unreadable) => Err(unreadable + "\n"),
    }
}

/// What hangs on the day and keeps nobody from serving: lists of holidays that end, and triage trees that callers do
/// not get.
fn reminders(flows: &FlowSet, folders: &Folders) -> Vec<Diagnostic> {
    let today = Clock::start().wall();
    let ends = flows.calendars().iter().flat_map(|calendar| lint::ends_soon(calendar, today));
    let mut found: Vec<Diagnostic> = ends.collect();
    // All sounds are read for their hashes, so it is asked only where something is signed.
    if !flows.trees().is_empty() {
        let content = folders.content().unwrap_or_default();
        let trees = not_answered(flows.trees(), &content, day_of(today));
        found.extend(trees.into_iter().map(|(tree, why)| tree.warning(why)));
    }
    found
}

fn summary(flows: &FlowSet) -> String {
    let prompts = flows.spoken().len();
    let mut text = format!("no fault: {}, {prompts} spoken texts\n", counted(flows.flows().len(), "flow"));
    let drafts = flows.drafts().len();
    if drafts > 0 {
        text += &format!("  {} for review by somebody who may judge the words\n", waiting(drafts));
    }
    for (number, flow) in flows.numbers() {
        text += &format!("  {number} leads to {flow}\n");
    }
    text + &format!("  any other number leads to {}\n", flows.default_flow())
}

fn waiting(drafts: usize) -> String {
    format!("{} {}", counted(drafts, "draft"), if drafts == 1 { "waits" } else { "wait" })
}

/// A number and what it counts.
pub fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn read_config(paths: &Paths) -> Result<(Option<Config>, Vec<Diagnostic>), String> {
    let path = paths.config.clone().unwrap_or_else(|| PathBuf::from(CONFIG_FILE));
    match std::fs::read(&path) {
        Ok(octets) => Ok(Config::read(&path.to_string_lossy(), &octets)),
        Err(cause) if paths.config.is_none() && cause.kind() == std::io::ErrorKind::NotFound => {
            Ok((Some(Config::default()), Vec::new()))
        }
        Err(cause) => Err(format!("the configuration `{}` cannot be read: {cause}", path.display())),
    }
}

#[cfg(test)]
mod format_tests;

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("ivr-flows")
    }

    #[test]
    fn the_shipped_flows_pass_and_the_report_names_their_numbers() {
        let paths = Paths { config: None, flows: Some(shipped()) };
        let report = check(&paths, &|_, _, _| Audio::Present, Paint::Plain);
        expect_test::expect![[r#"
            ivr-flows/nurse_triage.yaml:3:7  F167  warning: the triage tree `nurse_triage` is a draft that nobody has signed
                3 | flow: nurse_triage
                  |       ^^^^^^^^^^^^ let a clinical lead read and sign it: `careline sign nurse_triage --by NAME --licence NUMBER/STATE`
                  callers are not asked its questions: they hear the emergency line, then get a nurse

            no fault: 11 flows, 371 spoken texts
              157 drafts wait for review by somebody who may judge the words
              +16175550100 leads to main_menu
              +16175550120 leads to office_info
              +16175550130 leads to colleague_line
              +16175550140 leads to nurse_triage
              +16175550150 leads to optout
              +16175550160 leads to survey
              +16175550170 leads to my_record
              +16175550190 leads to crisis_help
              +16175550199 leads to after_hours
              100 leads to main_menu
              120 leads to office_info
              130 leads to colleague_line
              140 leads to nurse_triage
              150 leads to optout
              160 leads to survey
              170 leads to my_record
              190 leads to crisis_help
              199 leads to after_hours
              any other number leads to main_menu
        "#]]
        .assert_eq(&report.text.replace(concat!(env!("CARGO_MANIFEST_DIR"), "/"), ""));
        assert_eq!(report.exit_code, 0);
    }

    #[test]
    fn faults_of_configuration_and_flows_are_told_together_with_exit_code_1() {
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("careline.yaml");
        std::fs::write(&config, "clals: {max: 5}\n").unwrap();
        let paths = Paths { config: Some(config), flows: Some(shipped()) };
        let missing = |_: &Path, prompt: &PromptName, language: &Language| {
            let gone = prompt.as_str() == "mm.menu" && language.as_str() == "es";
            if gone { Audio::Missing } else { Audio::Present }
        };
        let report = check(&paths, &missing, Paint::Plain);
        assert_eq!(report.exit_code, 1);
        for part in
            ["C001  `clals`", "did you mean `calls`?", "F022  `mm.menu` has no audio in `es`", "2 faults"]
        {
            assert!(report.text.contains(part), "{part}\n{}", report.text);
        }
    }

    #[test]
    fn warnings_and_drafts_are_told_and_stop_nothing() {
        let directory = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(shipped()).unwrap() {
            let path = file.unwrap().path();
            std::fs::copy(&path, directory.path().join(path.file_name().unwrap())).unwrap();
        }
        let prompts = directory.path().join("prompts.yaml");
        let text = std::fs::read_to_string(&prompts).unwrap();
        let marked = |mark: &str| text.matches(mark).count();
        let shipped_drafts = marked("  draft: es\n") + 2 * marked("  draft: true\n");
        let changed =
            text.replacen("mm.menu:\n", "x.new: {en: Hello., es: Hola., draft: true}\nmm.menu:\n", 1);
        std::fs::write(&prompts, changed).unwrap();
        let paths = Paths { config: None, flows: Some(directory.path().to_owned()) };
        let report = check(&paths, &|_, _, _| Audio::Present, Paint::Plain);
        assert_eq!(report.exit_code, 0, "{}", report.text);
        let drafts = format!("{shipped_drafts} drafts wait for review");
        for part in
            ["F053  warning: no step speaks `x.new`", "1 warning: nothing", "no fault: 11 flows", &drafts]
        {
            assert!(report.text.contains(part), "{part}\n{}", report.text);
        }
    }

    #[test]
    fn phones_that_cannot_call_for_help_fail_a_check_and_no_start() {
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("careline.yaml");
        let user = "users: [{name: ann, digest: md5, ha1: 00112233445566778899aabbccddeeff}]\n";
        let out = "addresses: [203.0.113.7], out: {to: \"sip:h.example\", caller: \"+16175550100\"}";
        let trunk = format!("trunks: [{{name: emergency, {out}}}]\n");
        let last = "1 fault: callers would be served, and no phone of the house could call for help";
        for (text, code, said) in [
            (user.to_owned(), 1, last),
            (format!("{user}clals: {{max: 5}}\n"), 1, "2 faults: nothing would be served"),
            (format!("{user}{trunk}"), 0, "no fault: 11 flows"),
        ] {
            std::fs::write(&config, &text).unwrap();
            let paths = Paths { config: Some(config.clone()), flows: Some(shipped()) };
            let present: AudioIn<'_> = &|_, _, _| Audio::Present;
            let report = check(&paths, present, Paint::Plain);
            assert!(report.exit_code == code && report.text.contains(said), "{text}\n{}", report.text);
            assert!(!report.text.contains("C025  warning"), "{}", report.text);
            for format in [Format::Json, Format::Sarif] {
                let asked = Arguments { format, ..Arguments::default() };
                assert_eq!(run(&paths, &asked, present, Paint::Plain).exit_code, code, "{format:?}: {text}");
            }
            let starts = load(&paths, present).is_sound();
            assert_eq!(starts, !text.contains("clals"), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_a_fault_of_its_own() {
        let nowhere = || Some(PathBuf::from("no/such/place"));
        let report =
            check(&Paths { config: nowhere(), flows: nowhere() }, &|_, _, _| Audio::Present, Paint::Plain);
        assert_eq!(report.exit_code, 1);
        assert!(report.text.contains("2 faults: nothing would be served"), "{}", report.text);
    }
}
