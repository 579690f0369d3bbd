//! Messages that wait: their count, and the mark that one is done, which is told when it is on disk.

use super::super::interface::{NotMarked, SavedMessage};
use super::super::messages::Heeds;
use super::super::messages::Left;
use super::*;
use crate::clock::WallTime;
use crate::id::AskId;
use crate::sip::digest::Ha1;
use crate::sip::digest::nonce::Secret;
use crate::sip::registrar::binding::Kept;
use crate::wire::sip::credentials::Algorithm;
use crate::wire::sip::registration::Preference;

fn waiting(scene: &Scene) -> u64 {
    let figures = scene.switch.status();
    figures.iter().find(|figure| figure.name == "messages_waiting").expect("it is told").value
}

fn left(recordings: &[u64]) -> Vec<Left> {
    let left = |&n: &u64| Left { recording: RecordingId(n), flow: Some("entry".into()) };
    recordings.iter().map(left).collect()
}

fn done(scene: &mut Scene, call: CallId, recording: RecordingId) {
    let message = SavedMessage { call, recording, at: scene.now.wall, since_start_us: 5_000_000 };
    scene.tell(Input::MessageDone { ask: AskId(7), message });
}

fn marks(scene: &Scene) -> usize {
    scene.log.iter().filter(|event| matches!(event, Event::MessageDone { .. })).count()
}

#[test]
fn a_message_waits_once_it_is_on_disk_until_its_mark_is() {
    let (mut scene, recording) = spoken_message();
    let call = *scene.switch.calls.keys().next().unwrap();
    close_file(&mut scene, recording);
    assert_eq!(waiting(&scene), 0, "it is not saved yet");
    scene.durable();
    assert_eq!(waiting(&scene), 1);
    done(&mut scene, call, recording);
    assert_eq!((marks(&scene), scene.marked.len()), (1, 0), "nobody hears of what is not on disk");
    assert!(scene.switch.waits_for_the_disk());
    scene.durable();
    assert_eq!((&scene.marked[..], waiting(&scene)), (&[Ok(())][..], 0));
    done(&mut scene, call, recording);
    scene.durable();
    assert_eq!((scene.marked.len(), waiting(&scene)), (2, 0), "who marks it twice is told the same");
}

#[test]
fn messages_of_earlier_runs_wait_and_are_marked_on_their_own_line_of_time() {
    let mut scene = Scene::up("199", "sendrecv");
    scene.tell(Input::MessagesWait(left(&[1, 2])));
    assert_eq!(waiting(&scene), 2);
    let at = WallTime::from_micros(1_700_000_000_000_000);
    let message =
        SavedMessage { call: CallId(0xfff), recording: RecordingId(1), at, since_start_us: 5_000_000 };
    let now = Now { at: scene.now.at, wall: at + Duration::from_secs(3_600) };
    scene.switch.handle(now, Input::MessageDone { ask: AskId(1), message });
    let entry = std::iter::from_fn(|| scene.switch.poll_output()).find_map(|output| match output {
        Output::Append(entry) => Some(entry),
        _ => None,
    });
    let entry = entry.expect("the mark");
    assert_eq!((entry.call, entry.since_start_us, entry.at), (CallId(0xfff), 3_605_000_000, now.wall));
    scene.durable();
    assert_eq!((&scene.marked[..], waiting(&scene)), (&[Ok(())][..], 1));
}

#[test]
fn no_mark_is_made_that_a_stuck_log_could_lose() {
    let mut scene = Scene::up("199", "sendrecv");
    scene.tell(Input::MessagesWait(left(&[1])));
    scene.log_is_stuck();
    done(&mut scene, CallId(1), RecordingId(1));
    assert_eq!((&scene.marked[..], marks(&scene), waiting(&scene)), (&[Err(NotMarked::LogFull)][..], 0, 1));
}

/// A user whose phone was logged in when the last run ended, under the port of that number.
fn logged_in(name: &str, port: u16) -> (sip::User, (String, Vec<Kept>)) {
    let ha1 = Ha1::of(Algorithm::Sha256, name.as_bytes(), b"careline", b"secret");
    let kept = |text: &str| Phi::new(Box::from(text.as_bytes()));
    let remote = format!("10.0.0.9:{port}");
    let binding = Kept {
        contact: kept(&format!("sip:{name}@{remote}")),
        path: kept(""),
        instance: kept(""),
        reg_id: None,
        way: Way::udp(US.parse().unwrap(), remote.parse().unwrap()),
        preference: Preference::FULL,
        call_id: kept("r"),
        cseq: 1,
        holds: Duration::from_secs(3_600),
    };
    (sip::User { name: name.to_owned(), ha1 }, (name.to_owned(), vec![binding]))
}

/// Who is told how many wait, since then. What is sent again counts once.
fn told(scene: &Scene, since: usize) -> Vec<String> {
    let notifys = scene.sent[since..].iter().filter(|text| text.starts_with("NOTIFY sip:"));
    let said = |text: &String| {
        let (_, rest) = text.split_at("NOTIFY sip:".len());
        let user = rest.split('@').next().unwrap_or_default().to_owned();
        let says = text.lines().find_map(|line| line.strip_prefix("Voice-Message: "));
        format!("{user} {}", says.expect("a count"))
    };
    let mut told: Vec<String> = notifys.map(said).collect();
    told.sort();
    told.dedup();
    told
}

/// The phone takes a NOTIFY.
fn take(scene: &mut Scene, notify: &str) {
    let line = |name: &str| notify.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    let all = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].map(line).join("\r\n");
    scene.datagram(&format!("SIP/2.0 200 OK\r\n{all}\r\nContent-Length: 0\r\n\r\n"));
}

#[test]
fn phones_show_how_many_messages_of_their_flows_wait() {
    // RFC 3842 §3.8
    let of = |flow: &str| Heeds::Of([flow.into()].into());
    let mut scene = Scene::with(|settings| {
        settings.messages =
            [("ann".into(), Heeds::All), ("bob".into(), of("entry")), ("cleo".into(), of("night"))].into();
    });
    let phones = [("ann", 5061), ("bob", 5062), ("cleo", 5063), ("dan", 5064)];
    let (users, kept) = phones.iter().map(|(name, port)| logged_in(name, *port)).unzip();
    let realm = "careline".to_owned();
    scene.tell(Input::Phones(Box::new(sip::Phones { realm, users, secret: Secret([3; 32]), kept })));
    scene.tell(Input::MessagesWait(left(&[1, 2])));
    scene.wait(Duration::from_secs(1));
    assert_eq!(told(&scene, 0), ["ann 2/0", "bob 2/0", "cleo 0/0"], "dan heeds none");
    let since = scene.sent.len();
    let notifys: Vec<String> = scene.sent.iter().filter(|text| text.starts_with("NOTIFY")).cloned().collect();
    notifys.iter().for_each(|notify| take(&mut scene, notify));
    let message =
        SavedMessage { call: CallId(1), recording: RecordingId(1), at: scene.now.wall, since_start_us: 1 };
    scene.tell(Input::MessageDone { ask: AskId(1), message });
    scene.wait(Duration::from_secs(10));
    assert_eq!(told(&scene, since), ["ann 1/0", "bob 1/0"], "what is news to nobody is not told");
}

#[test]
fn a_message_that_is_left_now_is_told_to_those_who_heed_its_flow() {
    let (mut scene, recording) = spoken_message();
    let call = scene.switch.calls.values().next().unwrap();
    let flow = call.flow.clone();
    scene.switch.settings.messages = [("ann".into(), Heeds::Of([flow].into()))].into();
    let (user, kept) = logged_in("ann", 5061);
    let (realm, users, kept) = ("careline".to_owned(), vec![user], vec![kept]);
    scene.tell(Input::Phones(Box::new(sip::Phones { realm, users, secret: Secret([3; 32]), kept })));
    scene.wait(Duration::from_millis(600));
    assert_eq!(told(&scene, 0), ["ann 0/0"]);
    let since = scene.sent.len();
    let notify = scene.sent.iter().find(|text| text.starts_with("NOTIFY")).unwrap().clone();
    take(&mut scene, &notify);
    close_file(&mut scene, recording);
    scene.wait(Duration::from_secs(6));
    assert!(told(&scene, since).is_empty(), "it is not on disk yet");
    scene.durable();
    scene.wait(Duration::from_secs(1));
    assert_eq!(told(&scene, since), ["ann 1/0"]);
}
