//! All files of a set, repaired until no certain repair is left.
//!
//! A round makes every certain repair at once and looks at the set again. If it has more faults then, the
//! repairs are tried one by one, and those that make it worse are left to a person. A file that could not
//! be read at all may show the faults that were hidden behind. Not here: reading and writing files.

use crate::flow::diagnostic::{Diagnostic, Fix, Severity};
use crate::flow::mend::mended;
use crate::flow::set::SourceFile;
use crate::limits::REPAIR_ROUNDS_MAX;

/// One repair that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The file.
    pub path: String,
    /// The line, as it was numbered when the repair was made.
    pub line: usize,
    /// What was done, such as "`refil` becomes `refill`".
    pub says: String,
}

/// Tells every fault of a set of files.
pub type Judge<'a> = &'a dyn Fn(&[SourceFile]) -> Vec<Diagnostic>;

/// The files after every certain repair, in the same order, and what was done.
pub fn repaired(mut files: Vec<SourceFile>, judge: Judge<'_>) -> (Vec<SourceFile>, Vec<Change>) {
    let mut changes = Vec::new();
    let mut faults = judge(&files);
    for _round in 0..REPAIR_ROUNDS_MAX {
        let certain: Vec<&Diagnostic> = faults.iter().filter(|fault| fault.fix.is_some()).collect();
        let (next, done, left) = match attempt(&files, &certain, &faults, judge) {
            Some(round) => round,
            None => one_by_one(&files, &certain, &faults, judge),
        };
        if done.is_empty() {
            break;
        }
        (files, faults) = (next, left);
        changes.extend(done);
    }
    (files, changes)
}

/// The files, what was done to them, and the faults that are left.
type Round = (Vec<SourceFile>, Vec<Change>, Vec<Diagnostic>);

/// Makes these repairs; `None` if the set is worse for them.
fn attempt(
    files: &[SourceFile],
    certain: &[&Diagnostic],
    faults: &[Diagnostic],
    judge: Judge<'_>,
) -> Option<Round> {
    let mut changes = Vec::new();
    let mut after = files.to_vec();
    for file in &mut after {
        let of_file = certain.iter().filter(|fault| *fault.file == *file.path);
        let fixes: Vec<&Fix> = of_file.filter_map(|fault| fault.fix.as_ref()).collect();
        changes.extend(mend(file, &fixes));
    }
    let left = judge(&after);
    let was_unreadable = certain.iter().any(|fault| fault.code.id.starts_with('Y'));
    (stopping(&left) <= stopping(faults) || was_unreadable).then_some((after, changes, left))
}

/// How many of them stop a start: a repaired set may show warnings that its faults hid.
fn stopping(faults: &[Diagnostic]) -> usize {
    faults.iter().filter(|found| found.severity == Severity::Fault).count()
}

/// Makes the first repair that does not make the set worse: the next round makes the next one.
fn one_by_one(
    files: &[SourceFile],
    certain: &[&Diagnostic],
    faults: &[Diagnostic],
    judge: Judge<'_>,
) -> Round {
    let first = certain.iter().find_map(|fault| attempt(files, &[fault], faults, judge));
    first.unwrap_or_else(|| (files.to_vec(), Vec::new(), faults.to_vec()))
}

fn mend(file: &mut SourceFile, fixes: &[&Fix]) -> Vec<Change> {
    const MARK: &str = "\u{feff}";
    let Ok(text) = std::str::from_utf8(&file.octets) else { return Vec::new() };
    let (mark, text) = text.strip_prefix(MARK).map_or(("", text), |text| (MARK, text));
    let (after, done) = mended(text, fixes);
    let after = format!("{mark}{after}");
    let changes = done.into_iter().map(|(line, says)| Change { path: file.path.clone(), line, says });
    let changes: Vec<Change> = changes.collect();
    file.octets = after.into_bytes();
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::diagnostic::Paint;
    use crate::flow::set::{Audio, FlowSet};
    use crate::flow::shipped::FILES;
    use proptest::prelude::*;

    fn judge(files: &[SourceFile]) -> Vec<Diagnostic> {
        FlowSet::load(files.to_vec(), &|_, _| Audio::Present).1
    }

    /// The shipped files with another text in one of them.
    fn set(file: &str, text: &str) -> Vec<SourceFile> {
        let one = |(name, shipped): (&str, &str)| SourceFile {
            path: name.to_owned(),
            octets: if name == file { text } else { shipped }.as_bytes().to_vec(),
        };
        FILES.map(one).to_vec()
    }

    fn text_of<'a>(files: &'a [SourceFile], name: &str) -> &'a str {
        let file = files.iter().find(|file| file.path == name).unwrap();
        std::str::from_utf8(&file.octets).unwrap()
    }

    fn shown(faults: &[Diagnostic]) -> String {
        faults.iter().map(|fault| fault.render(Paint::Plain) + "\n").collect()
    }

    #[test]
    fn each_mechanical_fault_is_repaired_and_nothing_else_is_touched() {
        for (file, right, wrong, says) in [
            ("main_menu.yaml", "3: refill,", "3: refil,", "8: `refil` becomes `refill`"),
            ("main_menu.yaml", "start: choose", "strat: choose", "4: `strat` becomes `start`"),
            ("main_menu.yaml", "start: choose", "start: \"chooze\"", "4: `chooze` becomes `choose`"),
            ("main_menu.yaml", "menu: mm.more", "menue: mm.more", "10: `menue` becomes `menu`"),
            ("main_menu.yaml", "    menu: mm.menu ", "\tmenu: mm.menu ", "7: tabs become spaces"),
            (
                "main_menu.yaml",
                "owner: front desk\n",
                "owner: front desk\nowner: front desk\n",
                "4: the line stands in line 3 already and goes",
            ),
            ("entry.yaml", "say: u.person", "say: u.persno", "13: `u.persno` becomes `u.person`"),
            ("clinic.yaml", "199: after_hours", "199: after_ours", "26: `after_ours` becomes `after_hours`"),
            ("clinic.yaml", "languages: [en", "langauges: [en", "3: `langauges` becomes `languages`"),
        ] {
            let shipped = text_of(&set("", ""), file).to_owned();
            let broken = shipped.replacen(right, wrong, 1);
            assert_ne!(broken, shipped, "{wrong}");
            // A byte order mark and Windows' line ends are not the fault that is repaired.
            for (mark, end) in [("", "\n"), ("\u{feff}", "\r\n")] {
                let as_written = |text: &str| format!("{mark}{}", text.replace('\n', end));
                let (after, changes) = repaired(set(file, &as_written(&broken)), &judge);
                let done: Vec<String> = changes.iter().map(|c| format!("{}: {}", c.line, c.says)).collect();
                assert_eq!(done, [says], "{wrong}:\n{}", shown(&judge(&after)));
                let wanted = shipped.replace(
                    "start: choose",
                    if wrong.contains('"') { "start: \"choose\"" } else { "start: choose" },
                );
                assert_eq!(text_of(&after, file), as_written(&wanted), "{wrong}");
                assert_eq!(repaired(after.clone(), &judge), (after, Vec::new()), "a second time: {wrong}");
            }
        }
    }

    #[test]
    fn signs_become_words_and_what_the_keys_always_do_is_told_then() {
        for (key, word) in [("'#'", "'pound'"), ("\"*\"", "\"star\""), ("*", "star")] {
            let text = format!(
                "flow: after_hours\nstart: a\nsteps:\n  a:\n    menu: vm.closed_now\n    keys:\n      1: message\n      {key}: nurse\n"
            );
            let (after, _) = repaired(set("after_hours.yaml", &text), &judge);
            assert_eq!(
                text_of(&after, "after_hours.yaml"),
                text.replace(&format!("{key}: nurse"), &format!("{word}: nurse"))
            );
            let codes: Vec<&str> = judge(&after).iter().map(|fault| fault.code.id).collect();
            assert_eq!(codes, ["F016"], "{key}");
        }
        let text = "flow: after_hours\nstart: a\nsteps:\n  a:\n    menu: vm.closed_now\n    keys:\n      1: message\n      #: nurse\n";
        let (after, _) = repaired(set("after_hours.yaml", text), &judge);
        assert!(text_of(&after, "after_hours.yaml").ends_with("      pound: nurse\n"));
    }

    #[test]
    fn a_repair_that_would_bring_more_faults_is_not_made_and_another_one_is() {
        // `mm.menu` is near, and it offers keys that this step does not have.
        let text = "flow: after_hours\nstrat: a\nsteps:\n  a: {menu: mm.meny, keys: {1: message}}\n";
        let (after, changes) = repaired(set("after_hours.yaml", text), &judge);
        assert_eq!(text_of(&after, "after_hours.yaml"), text.replace("strat", "start"), "{changes:?}");
        let codes: Vec<&str> = judge(&after).iter().map(|fault| fault.code.id).collect();
        assert_eq!(codes, ["F020"]);
    }

    #[test]
    fn what_may_mean_two_things_is_left_to_a_person() {
        for (file, right, wrong) in [
            // Both words stand there already, or two are near.
            ("main_menu.yaml", "owner: front desk\n", "owner: front desk\nowners: nobody\n"),
            ("main_menu.yaml", "start: choose", "start: xyzzy"),
            ("main_menu.yaml", "owner: front desk\n", "owner: front desk\nowner: nobody\n"),
            ("main_menu.yaml", "  more:\n", "  # a remark\n  #: not a key\n  more:\n"),
        ] {
            let broken = text_of(&set("", ""), file).replacen(right, wrong, 1);
            let files = set(file, &broken);
            assert!(!judge(&files).is_empty(), "{wrong} is no fault");
            assert_eq!(repaired(files.clone(), &judge), (files, Vec::new()), "{wrong}");
        }
    }

    /// A slip of the keyboard somewhere in a word of a text.
    fn slipped(text: &str, at: usize, letter: char, kind: u8) -> String {
        let mut chars: Vec<char> = text.chars().collect();
        let letters: Vec<usize> = (1..chars.len())
            .filter(|i| chars[*i].is_ascii_lowercase() && chars[i - 1].is_ascii_lowercase())
            .collect();
        let at = letters[at % letters.len()];
        match kind {
            0 => {
                chars.remove(at);
            }
            1 => chars.insert(at, letter),
            2 => chars[at] = letter,
            _ => chars.swap(at - 1, at),
        }
        chars.into_iter().collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        #[test]
        fn after_one_slip_either_all_is_well_again_or_nothing_is_touched(
            file in 0_usize..5, at in any::<usize>(), letter in prop::char::range('a', 'z'), kind in 0_u8..4,
        ) {
            let (name, shipped) = FILES[file];
            let broken = slipped(shipped, at, letter, kind);
            let files = set(name, &broken);
            let before = judge(&files);
            let (after, changes) = repaired(files.clone(), &judge);
            let left = judge(&after);
            prop_assert!(left.len() <= before.len(), "{}\n--\n{}", shown(&before), shown(&left));
            prop_assert!(changes.is_empty() == (after == files), "{changes:?}");
            let new = left.iter().filter(|fault| !before.iter().any(|old| old.code == fault.code && old.file == fault.file));
            let new: Vec<Diagnostic> = new.cloned().collect();
            prop_assert!(new.is_empty(), "{}\n--\n{}", shown(&before), shown(&new));
            prop_assert_eq!(repaired(after.clone(), &judge), (after, Vec::new()));
        }

        #[test]
        fn several_slips_never_end_in_more_faults(
            slips in prop::collection::vec((0_usize..5, any::<usize>(), prop::char::range('a', 'z'), 0_u8..4), 1..6),
        ) {
            let mut texts = FILES.map(|(_, text)| text.to_owned());
            for (file, at, letter, kind) in slips {
                texts[file] = slipped(&texts[file], at, letter, kind);
            }
            let files: Vec<SourceFile> = FILES.iter().zip(&texts).map(|((name, _), text)| SourceFile {
                path: (*name).to_owned(), octets: text.clone().into_bytes(),
            }).collect();
            let before = judge(&files).len();
            let (after, _) = repaired(files, &judge);
            prop_assert!(judge(&after).len() <= before);
            prop_assert_eq!(repaired(after.clone(), &judge), (after, Vec::new()));
        }
    }
}
