//! What stands against closing by phone: the file of the PIN, and flows that do not fit to it.

use crate::config::Config;
use crate::flow::codes::{BY_PHONE_NUMBER, BY_PHONE_PIN, BY_PHONE_WORDS};
use crate::flow::diagnostic::{Diagnostic, Place, Sources, Words};
use crate::flow::set::FlowSet;
use crate::io::secret_file;

/// Every fault; none where it is off.
pub fn faults(config: &Config, set: Option<&FlowSet>) -> Vec<Diagnostic> {
    let Some(service) = &config.close_by_phone else { return Vec::new() };
    let file = service.pin_file.display().to_string();
    let head = format!("close_by_phone: {{number: {}, pin_file: ", service.number);
    let mut sources = Sources::default();
    let place =
        |text: &str, column: usize| Place { file: 0, line: 1, column, width: text.chars().count().max(1) };
    let (number, path) = (place(&service.number, 26), place(&file, head.chars().count() + 1));
    sources.add("careline.yaml", format!("{head}{file}}}"));
    if let Err(error) = secret_file::pin(&service.pin_file) {
        let words = Words::what(error.to_string())
            .repair("let it hold 6 to 12 digits and nothing else, readable by its owner alone");
        sources.fault(path, BY_PHONE_PIN, words.hears("nobody could close a line by phone"));
    }
    let Some(set) = set else { return sources.into_faults() };
    if let Some((_, flow)) = set.numbers().find(|(known, _)| FlowSet::is_same_number(known, &service.number))
    {
        let words = Words::what(format!("{} leads to `{flow}` in clinic.yaml", service.number))
            .repair("take it out there, or name another number here");
        sources.fault(number, BY_PHONE_NUMBER, words.hears("its callers would be asked for a PIN"));
    }
    let unsaid = set.unsaid_by_phone();
    if !unsaid.is_empty() {
        let words = Words::what(format!("prompts.yaml lacks {}", unsaid.join(", ")))
            .repair("add them in every language, as the shipped prompts.yaml has them");
        sources.fault(number, BY_PHONE_WORDS, words.hears("the number would answer as any other"));
    }
    sources.into_faults()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::diagnostic::Paint;
    use crate::flow::set::{Audio, SourceFile};
    use crate::flow::shipped::FILES;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    fn told(config: &str, change: impl Fn(&str) -> String) -> String {
        let file =
            |(name, text): (&str, &str)| SourceFile { path: name.to_owned(), octets: change(text).into() };
        let (set, _) = FlowSet::load(FILES.into_iter().map(file).collect(), &|_, _| Audio::Present);
        let (config, faults) = Config::read("careline.yaml", config.as_bytes());
        let config = config.unwrap_or_else(|| panic!("{faults:?}"));
        faults_of(&config, set.as_ref())
    }

    fn faults_of(config: &Config, set: Option<&FlowSet>) -> String {
        faults(config, set).iter().map(|fault| fault.render(Paint::Plain) + "\n").collect()
    }

    #[test]
    fn what_stands_against_it_is_told_with_its_code_and_never_the_pin() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("close.pin");
        fs::write(&path, "902748").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let config = |number: &str, file: &str| {
            format!("close_by_phone: {{number: {number}, pin_file: {}}}\n", home.path().join(file).display())
        };
        let same = str::to_owned;
        assert_eq!(told("", same), "");
        assert_eq!(told(&config("180", "close.pin"), same), "");
        for (config, lacks, fault) in [
            (config("180", "gone.pin"), "", "F193"),
            (config("120", "close.pin"), "", "F194  120 leads to `office_info` in clinic.yaml"),
            (config("180", "close.pin"), "cp.past", "F195  prompts.yaml lacks cp.past"),
        ] {
            let change = |text: &str| match lacks {
                "" => text.to_owned(),
                name => text.replace(&format!("\n{name}:"), "\nx.other:"),
            };
            let told = told(&config, change);
            assert!(told.contains(fault) && !told.contains("902748"), "{fault}: {told}");
        }
    }
}
