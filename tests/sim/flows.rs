//! The flows that a world serves: the shipped ones, with a front desk that has a number, the same with one line changed and a front desk whose name does not
//! fit a datagram, and the shipped ones with the front desk reached by TCP, for reloads in mid-call. In all of them
//! `after_hours` is urgent. Every prompt counts as having sound.

use super::house::{FRONT, REALM};
use super::phone::codes::NUMBER;
use careline::flow::set::{Audio, FlowSet, SourceFile};
use std::path::Path;
use std::sync::Arc;

/// Where the shipped flows have the front desk.
const DESK: &str = "127.0.0.1:5070";

/// Three sets of flows.
#[derive(Clone)]
pub struct Flows {
    /// The shipped one, the changed one, and the one by TCP.
    pub sets: [Arc<FlowSet>; 3],
    /// Those of a world whose front desk is a user with a phone that logs in.
    pub house: [Arc<FlowSet>; 3],
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
        give_number(&mut files);
        for file in changed.iter_mut().filter(|file| file.path.ends_with("clinic.yaml")) {
            let text = String::from_utf8(file.octets.clone()).unwrap();
            assert!(text.contains("tries: 2"), "clinic.yaml has no line `tries: 2` to change:\n{text}");
            let text = text.replace("tries: 2", "tries: 3");
            let name = format!("sip:front-desk{}@", "-of-the-clinic".repeat(70));
            assert!(text.contains("sip:front-desk@"), "clinic.yaml has no front desk:\n{text}");
            file.octets = text.replace("sip:front-desk@", &name).into_bytes();
        }
        // The tests within the triage tree are of two tries.
        for file in changed.iter_mut().filter(|file| file.path.ends_with("nurse_triage.yaml")) {
            let text = String::from_utf8(file.octets.clone()).unwrap();
            let text = text.replace("silence, silence", "silence, silence, silence");
            file.octets = text.replace("2, 5, 6]", "2, 5, 6, 5]").into_bytes();
        }
        let mut by_tcp = files.clone();
        for file in by_tcp.iter_mut().filter(|file| file.path.ends_with("clinic.yaml")) {
            let text = String::from_utf8(file.octets.clone()).unwrap();
            assert!(text.contains(DESK), "clinic.yaml has no front desk at {DESK}:\n{text}");
            file.octets = text.replace(DESK, &format!("{DESK};transport=tcp")).into_bytes();
        }
        let mut at_users = files.clone();
        for file in at_users.iter_mut().filter(|file| file.path.ends_with("clinic.yaml")) {
            let text = String::from_utf8(file.octets.clone()).unwrap();
            let desk = format!("sip:{NUMBER}@{DESK}");
            assert!(text.contains(&desk), "clinic.yaml has no front desk {desk}:\n{text}");
            file.octets = text.replace(&desk, &format!("sip:{FRONT}@{REALM}")).into_bytes();
        }
        let (first, changed, by_users) = (load(files), load(changed), load(at_users));
        let house = [Arc::clone(&by_users), Arc::clone(&changed), by_users];
        Self { sets: [first, changed, load(by_tcp)], house }
    }
}

/// The front desk has a number, so that keys can say it.
fn give_number(files: &mut [SourceFile]) {
    for file in files.iter_mut().filter(|file| file.path.ends_with("clinic.yaml")) {
        let text = String::from_utf8(file.octets.clone()).unwrap();
        file.octets = text.replace("sip:front-desk@", &format!("sip:{NUMBER}@")).into_bytes();
    }
}

fn load(files: Vec<SourceFile>) -> Arc<FlowSet> {
    let (set, faults) = FlowSet::load(files, &|_, _| Audio::Present);
    // That nobody has signed the shipped triage tree is a warning.
    assert!(set.is_some(), "the shipped flows have faults: {faults:?}");
    Arc::new(set.expect("a set without fault loads"))
}
