//! A shelf on a real disk: every place at which publishing can stop, and everything that can happen to a set.

use super::pointer::Mover;
use super::*;
use std::os::unix::fs::MetadataExt;

const SOUND: &str = "sounds/en/u.person.wav";

/// A draft and a shelf in a folder of their own.
struct Bench {
    home: tempfile::TempDir,
    shelf: Shelf,
    draft: Folders,
}

impl Bench {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let draft = Folders { flows: home.path().join("ivr-flows"), sounds: home.path().join("sounds") };
        for folder in ["ivr-flows/tests", "sounds/en", "sounds/es", "data"] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        let shelf = Shelf::at(&home.path().join("data/published"));
        let bench = Self { home, shelf, draft };
        bench.write("flows/clinic.yaml", "clinic: one");
        bench.write("flows/tests/a.test.yaml", "- one");
        bench.write(SOUND, "RIFF");
        bench.write("sounds/es/u.person.wav", "RIFFs");
        bench
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.draft.path(name), text).unwrap();
    }

    fn manifest(&self, number: u32) -> Manifest {
        let (at, by, note) = (String::new(), "test".to_owned(), String::new());
        let (changes, needs) = (Vec::new(), Vec::new());
        Manifest { number, at, by, note, changes, needs, content: self.draft.content().unwrap() }
    }

    fn pointer(&self, current: u32) -> Pointer {
        Pointer::first(current, Mover::new("test", "t".to_owned()))
    }

    fn publish(&self, number: u32) {
        let held = self.shelf.hold().unwrap();
        self.shelf.add(&held, &self.draft, &self.manifest(number)).unwrap();
        self.shelf.point(&self.pointer(number)).unwrap();
    }

    /// The whole set that a start would serve.
    fn served(&self) -> Option<Content> {
        let pointer = self.shelf.pointer().unwrap()?;
        Some(self.shelf.whole(pointer.current).unwrap().content)
    }

    /// A new bench with the same draft and shelf as far as names and contents go.
    fn again(&self) -> Self {
        let bench = Self::new();
        for folder in ["ivr-flows", "sounds", "data"] {
            copy_tree(&self.home.path().join(folder), &bench.home.path().join(folder));
        }
        bench
    }
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if from.is_dir() {
            copy_tree(&from, &to);
        } else {
            let _ = fs::remove_file(&to);
            fs::copy(&from, &to).unwrap();
        }
    }
}

/// How the machine stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// The process is killed: what it wrote is there.
    Kill,
    /// The power goes: of files that were not synced only half is there, and names may be there before contents are.
    PowerCut,
}

/// What a power cut leaves of the files that no sync came after.
fn cut_power(done: &[Operation]) {
    for (at, operation) in done.iter().enumerate() {
        let written = match operation {
            Operation::Write { to, .. } | Operation::Copy { to, .. } => to,
            Operation::Clear(_)
            | Operation::MakeFolder(_)
            | Operation::Link { .. }
            | Operation::Sync(_)
            | Operation::Rename { .. } => continue,
        };
        let is_synced = done[at..].contains(&Operation::Sync(written.clone()));
        // What was renamed since lies under its new name.
        let now = done[at..].iter().fold(written.clone(), |path, operation| match operation {
            Operation::Rename { from, to } => path.strip_prefix(from).map_or(path.clone(), |rest| {
                if rest.as_os_str().is_empty() { to.clone() } else { to.join(rest) }
            }),
            _ => path,
        });
        if !is_synced && now.exists() {
            let octets = fs::read(&now).unwrap();
            fs::remove_file(&now).unwrap();
            fs::write(&now, &octets[..octets.len() / 2]).unwrap();
        }
    }
}

#[test]
fn wherever_publishing_stops_the_old_set_or_the_new_one_is_served_whole() {
    for first in [true, false] {
        let base = Bench::new();
        if !first {
            base.publish(1);
            base.write("flows/clinic.yaml", "clinic: two");
            base.write("flows/flu.yaml", "flow: flu");
            base.write(SOUND, "RIFF, said again");
        }
        let (old, new) = (base.served(), base.draft.content().unwrap());
        let number = if first { 1 } else { 2 };
        let steps = plan(&base, number).len();
        let mut seen = BTreeSet::new();
        for stop in [Stop::Kill, Stop::PowerCut] {
            for count in 0..=steps {
                let bench = base.again();
                fs::create_dir_all(&bench.shelf.folder).unwrap();
                let done: Vec<Operation> = plan(&bench, number).into_iter().take(count).collect();
                perform_unsynced(&done);
                if stop == Stop::PowerCut {
                    cut_power(&done);
                }
                let served = bench.served();
                assert!(
                    served == old || served.as_ref() == Some(&new),
                    "{stop:?} after {count} of {steps}: {done:#?}"
                );
                seen.insert(served == old);
                // Whoever publishes next is not in the way of what was left.
                let next = bench.shelf.next_number().unwrap();
                perform_unsynced(&plan(&bench, next));
                assert_eq!(bench.served(), Some(new.clone()), "{stop:?} after {count}");
            }
        }
        assert_eq!(seen.len(), 2, "both were seen");
    }
}

/// What a sync does is in [`cut_power`]; a real one, a hundred times a test, only makes the disk busy.
fn perform_unsynced(operations: &[Operation]) {
    let is_sync = |operation: &&Operation| matches!(operation, Operation::Sync(_));
    operations
        .iter()
        .filter(|operation| !is_sync(operation))
        .for_each(|operation| perform(operation).unwrap());
}

fn plan(bench: &Bench, number: u32) -> Vec<Operation> {
    let mut plan = bench.shelf.plan_of_set(&bench.draft, &bench.manifest(number)).unwrap();
    plan.extend(bench.shelf.plan_of_pointer(&bench.pointer(number)));
    plan
}

#[test]
fn a_file_that_is_the_same_is_not_written_again() {
    let bench = Bench::new();
    bench.publish(1);
    bench.write("flows/clinic.yaml", "clinic: two");
    bench.publish(2);
    let inode = |number: u32, name: &str| {
        fs::metadata(Folders::of_set(&bench.shelf.folder_of(number)).path(name)).unwrap().ino()
    };
    assert_eq!(inode(1, SOUND), inode(2, SOUND));
    assert_ne!(inode(1, "flows/clinic.yaml"), inode(2, "flows/clinic.yaml"));
    assert_eq!(bench.shelf.numbers().unwrap(), [1, 2]);
    assert!(bench.shelf.whole(1).is_ok() && bench.shelf.whole(2).is_ok());
}

#[test]
fn a_file_that_went_bad_in_the_set_before_is_taken_from_the_draft() {
    let bench = Bench::new();
    bench.publish(1);
    let published = Folders::of_set(&bench.shelf.folder_of(1)).path(SOUND);
    fs::remove_file(&published).unwrap();
    fs::write(&published, "RI").unwrap();
    bench.publish(2);
    assert!(bench.shelf.whole(2).is_ok());
}

/// What is done to the folder of a set.
type Harm = fn(&Path);

#[test]
fn a_set_that_is_not_as_it_was_published_is_known_as_such() {
    let table: [(&str, Harm, &str); 5] = [
        (
            "changed",
            |set| replace(&set.join("flows/clinic.yaml"), "clinic: mine"),
            "flows/clinic.yaml changed",
        ),
        ("gone", |set| fs::remove_file(set.join(SOUND)).unwrap(), "sounds/en/u.person.wav is gone"),
        ("added", |set| fs::write(set.join("flows/x.yaml"), "").unwrap(), "flows/x.yaml was added"),
        ("manifest", |set| replace(&set.join(MANIFEST_FILE), "{}"), "its manifest cannot be read"),
        ("no set", |set| fs::remove_dir_all(set).unwrap(), "there is no published set 1"),
    ];
    for (what, harm, told) in table {
        let bench = Bench::new();
        bench.publish(1);
        harm(&bench.shelf.folder_of(1));
        let error = bench.shelf.whole(1).unwrap_err().to_string();
        assert!(error.contains(told), "{what}: {error}");
    }
}

fn replace(path: &Path, text: &str) {
    fs::remove_file(path).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn a_draft_that_changes_while_it_is_published_is_not_published() {
    let bench = Bench::new();
    bench.publish(1);
    bench.write("flows/clinic.yaml", "clinic: two");
    let manifest = bench.manifest(2);
    bench.write("flows/clinic.yaml", "clinic: three");
    let held = bench.shelf.hold().unwrap();
    let error = bench.shelf.add(&held, &bench.draft, &manifest).unwrap_err().to_string();
    assert!(error.contains("clinic.yaml was changed meanwhile"), "{error}");
    assert_eq!(bench.shelf.numbers().unwrap(), [1]);
    assert!(!bench.shelf.folder.join(SET_NEW).exists());
}

#[test]
fn two_cannot_publish_at_once_and_a_set_that_was_never_served_can_be_removed() {
    let bench = Bench::new();
    let held = bench.shelf.hold().unwrap();
    assert!(matches!(bench.shelf.hold(), Err(ShelfError::Busy { .. })));
    bench.shelf.add(&held, &bench.draft, &bench.manifest(1)).unwrap();
    bench.shelf.remove(&held, 1).unwrap();
    assert_eq!(bench.shelf.numbers().unwrap(), [0_u32; 0]);
    drop(held);
    assert!(bench.shelf.hold().is_ok());
}

#[test]
fn what_an_editor_leaves_behind_is_no_part_of_a_set() {
    let bench = Bench::new();
    let before = bench.draft.content().unwrap();
    for name in [
        "flows/.clinic.yaml.swp",
        "flows/clinic.yaml~",
        "flows/notes.txt",
        "sounds/make",
        "sounds/en/u.person.aup",
    ] {
        bench.write(name, "x");
    }
    assert_eq!(bench.draft.content().unwrap(), before);
    let names: Vec<&str> = before.files.keys().map(String::as_str).collect();
    assert_eq!(names, ["flows/clinic.yaml", "flows/tests/a.test.yaml", SOUND, "sounds/es/u.person.wav"]);
}
