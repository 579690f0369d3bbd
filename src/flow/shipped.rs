//! The files of `ivr-flows/`, for tests that begin with what is shipped. A new flow is named here once.

/// A file of `ivr-flows`, and its text.
macro_rules! file {
    ($name:literal) => {
        ($name, include_str!(concat!("../../ivr-flows/", $name)))
    };
}

/// Name and text of every shipped file; those that most tests change come first.
pub const FILES: [(&str, &str); 14] = [
    file!("clinic.yaml"),
    file!("prompts.yaml"),
    file!("entry.yaml"),
    file!("main_menu.yaml"),
    file!("after_hours.yaml"),
    file!("office_info.yaml"),
    file!("colleague_line.yaml"),
    file!("hours.yaml"),
    file!("nurse_triage.yaml"),
    file!("crisis_help.yaml"),
    file!("identify.yaml"),
    file!("my_record.yaml"),
    file!("optout.yaml"),
    file!("survey.yaml"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_shipped_file_is_forgotten() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/ivr-flows");
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut there: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
        there.retain(|name| name.ends_with(".yaml") && !name.ends_with(".test.yaml"));
        there.sort();
        let mut here: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        here.sort_unstable();
        assert_eq!(there, here, "left: the folder; right: this list");
    }
}
