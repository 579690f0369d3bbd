//! Who is told when: scripts in words, and the NOTIFYs that follow from them.

use super::*;
use crate::phi::Phi;
use crate::sip::way::Way;
use std::time::Duration;

/// One user, `ann`, and others who heed messages too.
struct Scene {
    summaries: Summaries,
    now: Instant,
    phones: Vec<Registered>,
    open: Vec<(String, Telling)>,
    told: String,
}

/// A phone is named by its port, and its login by a letter behind it.
fn phone(name: &str) -> Registered {
    let (port, login) = name.split_at(1);
    let kept = |text: &str| Phi::new(Box::from(text.as_bytes()));
    let remote = format!("10.0.0.2:{port}").parse().unwrap();
    let way = Way::udp("10.0.0.1:5060".parse().unwrap(), remote);
    let reached = Reached { uri: kept(&format!("sip:ann@10.0.0.2:{port}")), route: kept(""), way };
    Registered { reached, call_id: kept(login) }
}

impl Scene {
    fn new() -> Self {
        let (phones, open) = (Vec::new(), Vec::new());
        let now = Instant::START + Duration::from_secs(1);
        Self { summaries: Summaries::default(), now, phones, open, told: String::new() }
    }

    fn say(&mut self, word: &str) {
        let ann: Arc<str> = Arc::from("ann");
        match word.split_once(' ').expect("two words") {
            ("count", waiting) => self.summaries.set(self.now, &ann, waiting.parse().unwrap()),
            ("phones", names) => {
                self.phones = names.split(' ').filter(|name| *name != "none").map(phone).collect();
                self.summaries.bound(self.now, &ann);
            }
            ("yes", name) => self.answer(name, Outcome::Taken),
            ("no", name) => self.answer(name, Outcome::Refused),
            ("wait", ms) => self.wait(ms.parse().unwrap()),
            _ => panic!("{word}"),
        }
    }

    fn answer(&mut self, name: &str, outcome: Outcome) {
        let at = self.open.iter().position(|(whom, _)| whom == name).expect("it was told something");
        let (_, telling) = self.open.remove(at);
        self.summaries.answered(self.now, &telling.user, telling.id, outcome);
    }

    fn wait(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        for _ in 0..10_000 {
            let Some(at) = self.summaries.poll_timeout().filter(|at| *at <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(at);
            let phones = self.phones.clone();
            let of = |user: &str| if user == "ann" { phones.clone() } else { vec![phone("9z")] };
            while let Some(telling) = self.summaries.timeout(self.now, of) {
                let port = telling.phone.way.remote.port();
                let ms = self.now.as_micros() / 1_000 - 1_000;
                self.told += &format!("{ms} {port}:{} ", telling.waiting);
                self.open.push((port.to_string(), telling));
            }
        }
        panic!("it never rests: {}", self.told);
    }
}

fn told(script: &str) -> String {
    let mut scene = Scene::new();
    script.split(", ").for_each(|word| scene.say(word));
    scene.told.trim_end().to_owned()
}

#[test]
fn phones_are_told_of_each_change_once_and_not_too_often() {
    // RFC 3842 §3.8, §3.11
    for (name, script, expected) in [
        ("nobody heeds", "phones 1a, wait 9000", ""),
        ("nobody is logged in", "count 3, wait 9000", ""),
        ("none waits: the lamp goes out", "count 0, phones 1a, wait 9000", "500 1:0"),
        ("two phones, one after the other", "count 2, phones 1a 2a, wait 9000", "500 1:2 510 2:2"),
        ("two changes in one", "phones 1a, count 1, wait 100, count 2, wait 9000", "500 1:2"),
        (
            "a change that is taken back",
            "phones 1a, count 1, wait 600, yes 1, count 2, count 1, wait 9000",
            "500 1:1",
        ),
        ("the next one rests", "phones 1a, count 1, wait 600, yes 1, count 2, wait 9000", "500 1:1 5500 1:2"),
        (
            "later, it is told soon",
            "phones 1a, count 1, wait 9000, yes 1, count 2, wait 9000",
            "500 1:1 9500 1:2",
        ),
        ("one NOTIFY at a time", "phones 1a, count 1, wait 9000, count 2, wait 9000", "500 1:1"),
        (
            "what changed meanwhile is told after the answer",
            "phones 1a, count 1, wait 9000, count 2, wait 9000, yes 1, wait 9000",
            "500 1:1 18500 1:2",
        ),
        ("refused", "phones 1a, count 1, wait 600, no 1, count 2, phones 1a, wait 9000", "500 1:1"),
        (
            "refused, and logged in anew",
            "phones 1a, count 1, wait 600, no 1, phones 1b, wait 9000",
            "500 1:1 5500 1:1",
        ),
        ("a refresh is no news", "phones 1a, count 1, wait 600, yes 1, phones 1a, wait 9000", "500 1:1"),
        (
            "another phone comes",
            "phones 1a, count 1, wait 9000, yes 1, phones 1a 2a, wait 9000",
            "500 1:1 9500 2:1",
        ),
        (
            "it is gone before it answers",
            "phones 1a, count 1, wait 600, phones none, wait 9000, yes 1, wait 9000",
            "500 1:1",
        ),
    ] {
        assert_eq!(told(script), expected, "{name}");
    }
}

#[test]
fn whoever_heeds_has_his_turn_and_no_two_notifys_leave_at_once() {
    let mut scene = Scene::new();
    let users: Vec<Arc<str>> = (0..50).map(|n| Arc::from(format!("user-{n}"))).collect();
    users.iter().for_each(|user| scene.summaries.set(scene.now, user, 1));
    scene.wait(600);
    assert_eq!(scene.open.len(), 11, "a hundred in a second");
    scene.wait(9_000);
    let told: BTreeSet<_> = scene.open.iter().map(|(_, telling)| Arc::clone(&telling.user)).collect();
    assert_eq!((told.len(), scene.open.len()), (50, 50));
    assert_eq!(scene.summaries.poll_timeout(), None, "it rests");
}

#[test]
fn what_a_phone_reads() {
    // RFC 3842 §3.5, §5.2
    let none = "Messages-Waiting: no\r\nMessage-Account: sip:ann@careline\r\nVoice-Message: 0/0\r\n";
    assert_eq!(body("sip:ann@careline", 0), none);
    let some = "Messages-Waiting: yes\r\nMessage-Account: sip:ann@careline\r\nVoice-Message: 7/0\r\n";
    assert_eq!(body("sip:ann@careline", 7), some);
}
