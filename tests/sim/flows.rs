//! The flows that a world serves: the shipped ones, and the same with one line changed, for a reload
//! in mid-call. In both `after_hours` is urgent. Every prompt counts as having sound.

use careline::flow::set::{Audio, FlowSet, SourceFile};
use std::path::Path;
use std::sync::Arc;

/// Two sets of flows.
#[derive(Clone)]
pub struct Flows {
    /// The shipped one, and the changed one.
    pub sets: [Arc<FlowSet>; 2],
}

impl Flows {
    /// Reads the shipped flows.
    pub fn shipped() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ivr-flows");
        let mut files: Vec<SourceFile> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.to_string_lossy().ends_with(".yaml"))
            .filter(|path| !path.to_string_lossy().ends_with(".test.yaml"))
            .map(|path| SourceFile {
                octets: std::fs::read(&path).unwrap(),
                path: path.display().to_string(),
            })
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        for file in files.iter_mut().filter(|file| file.path.ends_with("clinic.yaml")) {
            let text = String::from_utf8(file.octets.clone()).unwrap();
            file.octets = text.replace("[crisis_help]", "[after_hours, crisis_help]").into_bytes();
        }
        let mut changed = files.clone();
        for file in changed.iter_mut().filter(|file| file.path.ends_with("clinic.yaml")) {
            let text = String::from_utf8(file.octets.clone()).unwrap();
            assert!(text.contains("tries: 2"), "clinic.yaml has no line `tries: 2` to change:\n{text}");
            file.octets = text.replace("tries: 2", "tries: 3").into_bytes();
        }
        // The tests within the triage tree are of two tries.
        for file in changed.iter_mut().filter(|file| file.path.ends_with("nurse_triage.yaml")) {
            let text = String::from_utf8(file.octets.clone()).unwrap();
            let text = text.replace("silence, silence", "silence, silence, silence");
            file.octets = text.replace("2, 5, 6]", "2, 5, 6, 5]").into_bytes();
        }
        Self { sets: [load(files), load(changed)] }
    }
}

fn load(files: Vec<SourceFile>) -> Arc<FlowSet> {
    let (set, faults) = FlowSet::load(files, &|_, _| Audio::Present);
    // That nobody has signed the shipped triage tree is a warning.
    assert!(set.is_some(), "the shipped flows have faults: {faults:?}");
    Arc::new(set.expect("a set without fault loads"))
}
