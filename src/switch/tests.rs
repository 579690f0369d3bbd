//! The switch alone: datagrams, media events and a store that answers when it is told to, no flow of sound.

mod by_phone;
mod changes;
mod clock;
mod desk;
mod dialling;
mod diverted;
mod editions;
mod guests;
mod hold;
mod journeys;
mod keycode;
mod keys;
mod lasting;
mod messages;
mod places;
mod privacy;
mod replacing;
mod resuming;
mod silence;
mod stopping;
mod strangers;
mod taking;
mod toll;
mod transfer;
mod voices;
mod wait;

use super::*;
use crate::flow::action::Fact;
use crate::flow::set::{Audio, SourceFile};
use crate::flow::shipped::FILES;
use crate::id::PlaybackId;
use crate::sip::locate::Record;
use crate::sip::way::Way;
use crate::wire::telephone_event::Key;
use std::net::SocketAddr;
use std::time::Duration;

const US: &str = "10.0.0.1:5060";
/// Where the person of the shipped flows is.
const DESK: &str = "10.0.0.9";
const THEM: &str = "10.0.0.2:5062";
const SILENT_AFTER: Duration = Duration::from_secs(60);
/// Non-INVITE transactions end after 64·T1.
const UNANSWERED: Duration = Duration::from_secs(32);

fn flows() -> Arc<FlowSet> {
    flows_with("")
}

/// The shipped flows, with this line of `clinic.yaml` in place of the one that names the urgent flows.
fn flows_with(line: &str) -> Arc<FlowSet> {
    flows_where("urgent_flows: [crisis_help]", line)
}

/// The shipped flows, with `that` in place of `this` in `clinic.yaml`.
fn flows_where(this: &str, that: &str) -> Arc<FlowSet> {
    let text = |text: &str| text.replace(this, that);
    let file = |(name, shipped): (&str, &str)| SourceFile {
        path: name.to_owned(),
        octets: if name == "clinic.yaml" { text(shipped) } else { shipped.to_owned() }.into(),
    };
    let (set, faults) = FlowSet::load(FILES.into_iter().map(file).collect(), &|_, _| Audio::Present);
    assert!(faults.is_empty(), "{faults:?}");
    Arc::new(set.unwrap())
}

/// A switch with one caller, and all that it wanted done.
struct Scene {
    switch: Switch,
    now: Now,
    sent: Vec<String>,
    commands: Vec<media::Command>,
    spoken: Vec<PlaybackId>,
    /// The first prompt of what is said now.
    says: String,
    /// For whom a bed was ordered, each time.
    beds: Vec<LegId>,
    log: Vec<Event>,
    /// Of which call each of them is.
    of: Vec<CallId>,
    /// What came of wishes about guests.
    answers: Vec<Result<super::interface::GuestDone, super::interface::GuestRefusal>>,
    marked: Vec<Result<(), super::interface::NotMarked>>,
    cseq: u32,
    /// The phones of persons and guests send sound as soon as they have answered.
    phones_speak: bool,
    /// Short sounds for persons.
    signals: Vec<(LegId, crate::audio::tone::Signal)>,
    /// Where nobody answers at once what is asked of a name: what was.
    unanswered: Option<Vec<crate::sip::locate::LocateId>>,
}

impl Scene {
    /// Nobody calls yet.
    fn down() -> Self {
        Self::with(|_| {})
    }

    /// Nobody calls yet, with other settings.
    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings {
            sip: sip::Settings {
                t1: Duration::from_millis(500),
                target_patience: crate::limits::SIP_TARGET_PATIENCE_DEFAULT,
                external_address: None,
                product: "Careline".to_owned(),
                listen_to: vec![sip::Network { base: "10.0.0.0".parse().unwrap(), prefix: 8 }],
                trusted: Vec::new(),
                requests_a_second: 100_000,
                help: Default::default(),
                session_expires_s: 1_800,
                info_keys: sip::InfoKeys::Told,
                drop_agents: Vec::new(),
            },
            external_address: None,
            trunks: Vec::new(),
            max_calls: 10,
            messages: Default::default(),
            legs_gathered: 2,
            port_rest: crate::limits::PORT_REST_DEFAULT,
            unsigned: super::interface::UnsignedTrees::Withheld,
            longest: Duration::from_secs(4 * 3_600),
            ring: Duration::from_secs(180),
            media_lost: SILENT_AFTER,
            service: None,
            dial: Default::default(),
            interpreters: Default::default(),
            keys: Default::default(),
            first_seq: 1,
            first_id: 1,
        };
        change(&mut settings);
        let switch =
            Switch::new(settings, flows(), &[vec![20_000, 20_002, 20_004], vec![21_000]], Rng::seeded(1));
        let (sent, commands, spoken, log) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self {
            switch,
            now: Now::default(),
            sent,
            commands,
            spoken,
            says: String::new(),
            beds: Vec::new(),
            log,
            of: Vec::new(),
            answers: Vec::new(),
            marked: Vec::new(),
            cseq: 0,
            phones_speak: true,
            signals: Vec::new(),
            unanswered: None,
        }
    }

    /// A call to `number` that is answered and acknowledged; the offer's direction is `direction`.
    fn up(number: &str, direction: &str) -> Self {
        let mut scene = Self::down();
        scene.offer(number, direction);
        scene.request(number, "ACK", "");
        scene
    }

    fn offer(&mut self, number: &str, direction: &str) {
        self.cseq += 1;
        let sdp = format!(
            "v=0\r\no=- 1 {} IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\n\
             m=audio 4000 RTP/AVP 0\r\na={direction}\r\n",
            self.cseq
        );
        self.request(number, "INVITE", &sdp);
    }

    fn request(&mut self, number: &str, method: &str, body: &str) {
        let cseq = self.cseq;
        let answered = self.sent.iter().find_map(|text| text.split("To: ").nth(1)?.split(";tag=").nth(1));
        let tag =
            answered.and_then(|rest| rest.lines().next()).map_or(String::new(), |tag| format!(";tag={tag}"));
        self.datagram(&format!(
            "{method} sip:{number}@{US} SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};branch=z9hG4bK{method}{cseq}\r\n\
             From: <sip:p@x>;tag=them\r\nTo: <sip:{number}@{US}>{tag}\r\nCall-ID: one@x\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:p@{THEM}>\r\nMax-Forwards: 70\r\n\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
    }

    fn datagram(&mut self, text: &str) {
        self.datagram_from(THEM, text);
    }

    fn datagram_from(&mut self, from: &str, text: &str) {
        let (local, from): (SocketAddr, SocketAddr) = (US.parse().unwrap(), from.parse().unwrap());
        self.tell(Input::Message { way: Way::udp(local, from), octets: text.as_bytes() });
    }

    /// 200 to the newest OPTIONS.
    fn answer_probe(&mut self) {
        let request =
            self.sent.iter().rev().find(|text| text.starts_with("OPTIONS ")).expect("a probe").clone();
        let header = |name: &str| request.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        let same = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].map(header).join("\r\n");
        self.datagram(&format!("SIP/2.0 200 OK\r\n{same}\r\nContent-Length: 0\r\n\r\n"));
    }

    fn tell(&mut self, input: Input<'_>) {
        self.switch.handle(self.now, input);
        let known = self.commands.len();
        while let Some(output) = self.switch.poll_output() {
            match output {
                Output::Transmit { octets, .. } => self.sent.push(String::from_utf8(octets).unwrap()),
                Output::Media { command, .. } => self.commands.push(command),
                Output::Speak { playback, prompts, .. } => {
                    self.spoken.push(playback);
                    self.says = prompts.first().map(|said| said.prompt.to_string()).unwrap_or_default();
                }
                Output::Tone { playback: actions::TONE, .. } => self.spoken.push(actions::TONE),
                Output::Tone { leg, signal, .. } => self.signals.push((leg, signal)),
                Output::Append(entry) => {
                    self.of.push(entry.call);
                    self.log.push(entry.event);
                }
                Output::Resolve { id, .. } if self.unanswered.is_some() => {
                    self.unanswered.iter_mut().for_each(|open| open.push(id));
                }
                Output::Resolve { id, .. } => {
                    let records =
                        vec![Record::Address { remote: DESK.parse().unwrap(), local: US.parse().unwrap() }];
                    self.switch.handle(self.now, Input::Resolved { id, records });
                }
                Output::Bed { leg, .. } => self.beds.push(leg),
                Output::Request { .. } | Output::LetGo { .. } | Output::ChangeClosings { .. } => {}
                Output::GuestAnswer { answer, .. } => self.answers.push(answer),
                Output::MessageAnswer { answer, .. } => self.marked.push(answer),
                Output::Voice { .. } | Output::ForgetVoiced { .. } => {}
                Output::Recorder(_) | Output::KeepBindings(_) | Output::Trace(_) | Output::Drained => {}
            }
        }
        let opened = self.commands[known..].iter().filter_map(|command| match command {
            media::Command::Open { leg, .. } => Some(*leg),
            _ => None,
        });
        for leg in opened.filter(|_| self.phones_speak).collect::<Vec<_>>() {
            let call = self.switch.legs.get(&leg).and_then(|id| self.switch.calls.get(id));
            if call.is_some_and(|call| !call.is_patient(leg)) {
                self.speaks(leg);
            }
        }
    }

    /// The first packet of that party.
    fn speaks(&mut self, leg: LegId) {
        self.tell(Input::Media(media::Event::FirstPacket { leg, at: self.now.at }));
    }

    /// Lets time pass; whatever is due on the way is told.
    fn wait(&mut self, time: Duration) {
        let until = self.now.at + time;
        while let Some(due) = self.switch.poll_timeout().filter(|due| due.at <= until) {
            self.now.at = due.at;
            self.tell(Input::Timeout);
        }
        self.now.at = until;
    }

    fn leg(&self) -> LegId {
        *self.switch.legs.keys().next().expect("a leg")
    }

    /// Whether the party of this leg has a bed under the words now, by the orders so far.
    fn is_on_bed(&self, leg: LegId) -> bool {
        let is_end = |command: &&media::Command| matches!(command, media::Command::Bed { leg: its, sound: None } if *its == leg);
        let ends = self.commands.iter().filter(is_end).count();
        let begins = self.beds.iter().filter(|its| **its == leg).count();
        assert!(begins == ends || begins == ends + 1, "{leg}: {begins} begun, {ends} ended");
        begins > ends
    }

    fn press(&mut self, key: Key) {
        self.tell(Input::Media(media::Event::Key { leg: self.leg(), key, at: self.now.at }));
    }

    /// What is said or sounded now is over.
    fn heard(&mut self) {
        let playback = *self.spoken.last().expect("something is said");
        let leg = self.leg();
        self.tell(Input::Media(media::Event::PlaybackEnded {
            leg,
            playback,
            completed: true,
            at: self.now.at,
        }));
    }

    /// Everything that was appended is on disk.
    fn durable(&mut self) {
        self.tell(Input::Durable { up_to: self.switch.next_seq - 1 });
    }

    /// The disk of the log has been stuck for so long that nothing more is kept of it.
    fn log_is_stuck(&mut self) {
        self.switch.next_seq += EVENT_SPILL_HARD_MAX as u64;
    }

    fn recording(&self) -> RecordingId {
        *self.switch.recordings.keys().next().expect("a recording")
    }

    fn probes(&self) -> usize {
        self.sent.iter().filter(|text| text.starts_with("OPTIONS ")).count()
    }

    fn ended(&self) -> Option<Cause> {
        let ended = |event: &Event| if let Event::Ended { cause, .. } = event { Some(*cause) } else { None };
        // Its stream is closed by nobody here: the record is written after `CLOSING_MAX`.
        self.log.iter().find_map(ended)
    }

    fn was_promised(&self) -> bool {
        self.log.iter().any(|event| matches!(event, Event::Flow(Fact::Promised { .. })))
    }

    fn named(&self) -> usize {
        self.log.iter().filter(|event| matches!(event, Event::RecordingNamed { .. })).count()
    }
}

#[test]
fn who_need_not_send_on_hold_is_asked_whether_he_is_there() {
    // Who is sent sound by the party looks at the sound itself: the worker tells of its silence.
    for (direction, is_asked) in
        [("inactive", true), ("recvonly", true), ("sendonly", false), ("sendrecv", false)]
    {
        for from_the_start in [true, false] {
            let mut scene = Scene::up("100", if from_the_start { direction } else { "sendrecv" });
            if !from_the_start {
                scene.wait(Duration::from_secs(5));
                scene.offer("100", direction);
                scene.request("100", "ACK", "");
            }
            let what = format!("{direction}, from the start: {from_the_start}");
            for n in 1..=3 {
                scene.wait(SILENT_AFTER);
                assert_eq!(scene.probes(), if is_asked { n } else { 0 }, "{what}: minute {n}");
                if is_asked {
                    scene.answer_probe();
                }
            }
            scene.wait(SILENT_AFTER + UNANSWERED + crate::limits::CLOSING_MAX);
            let expected = is_asked.then_some(Cause::MediaLost);
            assert_eq!(scene.ended(), expected, "{what}, then no answer\n{:#?}", scene.log);
            assert_eq!(scene.switch.counters.media_lost, u64::from(is_asked), "{what}");
        }
    }
}

#[test]
fn every_end_that_is_not_the_callers_has_a_counter_of_its_own() {
    type End = fn(&mut Scene);
    // Who is alone is led on once when he has been there for the greatest length.
    const NOTHING: End = |scene| scene.wait(Duration::from_secs(2 * 4 * 3_600));
    const HANGS_UP: End = |scene| {
        scene.cseq += 1;
        scene.request("100", "BYE", "");
    };
    const DRAINS: End = |scene| scene.tell(Input::Drain { within: Duration::ZERO });
    let cases = [
        ("hangs up", "sendrecv", HANGS_UP, Cause::Normal, [0, 0, 0, 0, 0]),
        ("stays on", "sendrecv", NOTHING, Cause::TooLong, [0, 0, 1, 0, 0]),
        ("is on hold and gone", "inactive", NOTHING, Cause::MediaLost, [1, 0, 0, 0, 0]),
        ("is cut off", "sendrecv", DRAINS, Cause::Draining, [0, 0, 0, 1, 0]),
        ("speaks nothing that we do", "", |_| {}, Cause::NoCommonMedia, [0, 0, 0, 0, 1]),
    ];
    for (what, direction, ends, cause, expected) in cases {
        let mut scene = Scene::down();
        if direction.is_empty() {
            scene.cseq += 1;
            scene.request("100", "INVITE", "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 18\r\n");
        } else {
            scene.offer("100", direction);
            scene.request("100", "ACK", "");
        }
        ends(&mut scene);
        scene.wait(crate::limits::CLOSING_MAX);
        assert_eq!(scene.ended(), Some(cause), "{what}\n{:#?}", scene.log);
        let c = &scene.switch.counters;
        let told = [c.media_lost, c.session_lost, c.too_long, c.cut_off, c.no_common_media];
        assert_eq!(told, expected, "{what}");
    }
}

#[test]
fn who_is_back_from_hold_is_not_asked_any_more() {
    let mut scene = Scene::up("100", "inactive");
    scene.wait(SILENT_AFTER / 2);
    scene.offer("100", "sendrecv");
    scene.request("100", "ACK", "");
    scene.wait(SILENT_AFTER * 5);
    assert_eq!((scene.probes(), scene.ended()), (0, None));
}

#[test]
fn an_hour_on_hold_is_no_fault_of_the_flow_and_without_hold_a_prompt_without_end_is_one() {
    for (direction, faults) in [("inactive", 0), ("recvonly", 1), ("sendonly", 0)] {
        let mut scene = Scene::up("100", direction);
        for _ in 0..6 {
            scene.wait(SILENT_AFTER);
            if direction != "sendonly" {
                scene.answer_probe();
            }
        }
        assert_eq!(scene.switch.counters.flow_faults, faults, "{direction}\n{:#?}", scene.log);
    }
    let mut scene = Scene::up("100", "sendonly");
    scene.wait(Duration::from_secs(3_600));
    scene.offer("100", "sendrecv");
    scene.request("100", "ACK", "");
    scene.heard();
    assert_eq!(scene.switch.counters.flow_faults, 0, "the words go on after it\n{:#?}", scene.log);
}

/// Up to the tone before a message, which the caller hears.
fn at_the_tone() -> Scene {
    let mut scene = Scene::up("199", "sendrecv");
    scene.press(Key::Digit(1));
    scene.heard();
    scene.heard();
    scene
}

/// Up to the end of a message, whose file is not closed yet.
fn spoken_message() -> (Scene, RecordingId) {
    let mut scene = at_the_tone();
    let (leg, recording) = (scene.leg(), scene.recording());
    scene.durable();
    scene.tell(Input::Recorder(crate::call::recording::Event::Opened { recording }));
    scene.heard();
    scene.tell(Input::Media(media::Event::TapOpened { leg, at: scene.now.at }));
    scene.press(Key::Pound);
    scene.tell(Input::Media(media::Event::TapClosed { leg, at: scene.now.at, frames: 50, dropped: 0 }));
    (scene, recording)
}

fn close_file(scene: &mut Scene, recording: RecordingId) {
    let (milliseconds, durable) = (1_000, true);
    scene.tell(Input::Recorder(crate::call::recording::Event::Closed { recording, milliseconds, durable }));
}

#[test]
fn the_tone_waits_for_a_caller_on_hold() {
    let mut scene = at_the_tone();
    scene.durable();
    scene.tell(Input::Recorder(crate::call::recording::Event::Opened { recording: scene.recording() }));
    assert_eq!(scene.spoken.last(), Some(&actions::TONE), "{:#?}", scene.log);
    scene.offer("199", "sendonly");
    scene.request("199", "ACK", "");
    scene.wait(Duration::from_secs(600));
    scene.offer("199", "sendrecv");
    scene.request("199", "ACK", "");
    scene.heard();
    let faults = (scene.switch.counters.flow_faults, scene.switch.counters.recordings_failed);
    assert_eq!(faults, (0, 0), "{:#?}", scene.log);
    assert!(matches!(scene.commands.last(), Some(media::Command::Record { .. })), "{:?}", scene.commands);
}

#[test]
fn a_message_that_is_closed_while_the_log_is_stuck_is_not_told_as_saved() {
    for is_stuck in [false, true] {
        let (mut scene, recording) = spoken_message();
        if is_stuck {
            scene.log_is_stuck();
        }
        close_file(&mut scene, recording);
        scene.durable();
        assert_eq!(scene.was_promised(), !is_stuck, "stuck: {is_stuck}\n{:#?}", scene.log);
        scene.wait(crate::limits::LADDER_REST * 2);
        let called = scene.log.iter().any(|event| matches!(event, Event::PersonCalled { .. }));
        assert_eq!(called, is_stuck, "who has no message gets a person\n{:#?}", scene.log);
    }
}

#[test]
fn no_recording_begins_while_the_log_is_stuck_and_one_begins_after_it() {
    let mut scene = Scene::up("199", "sendrecv");
    scene.log_is_stuck();
    let id = *scene.switch.calls.keys().next().unwrap();
    scene.switch.start_recording(id, crate::call::recording::RecordingKind::Call);
    scene.press(Key::Digit(1));
    scene.heard();
    scene.heard();
    assert_eq!(scene.named(), 0, "{:#?}", scene.log);
    assert_eq!(
        scene.switch.counters.recordings_failed, 3,
        "the call's twice, and the message\n{:#?}",
        scene.log
    );
    scene.durable();
    scene.switch.start_recording(id, crate::call::recording::RecordingKind::Call);
    scene.durable();
    assert_eq!(scene.named(), 1, "{:#?}", scene.log);
}

#[test]
fn a_key_in_both_ways_counts_once_wherever_info_counts() {
    let two = [(0, Teller::Media), (50, Teller::Info), (300, Teller::Info), (360, Teller::Media)];
    for (info_keys, tellings, expected) in [
        (sip::InfoKeys::Paired, two.to_vec(), 2),
        (sip::InfoKeys::Paired, vec![(0, Teller::Media), (100, Teller::Media)], 2),
        (sip::InfoKeys::Paired, vec![(0, Teller::Info), (100, Teller::Info), (200, Teller::Info)], 3),
        (sip::InfoKeys::Paired, vec![(0, Teller::Media), (500, Teller::Info)], 2),
        (sip::InfoKeys::Told, two.to_vec(), 2),
        (sip::InfoKeys::Ignored, two.to_vec(), 2),
    ] {
        let mut scene = Scene::up("199", "sendrecv");
        scene.switch.settings.sip.info_keys = info_keys;
        let begin = scene.now.at;
        for (millis, teller) in &tellings {
            scene.wait(Duration::from_millis(*millis).saturating_sub(scene.now.at.since(begin)));
            scene.switch.now = scene.now;
            match teller {
                Teller::Media => scene.press(Key::Digit(5)),
                Teller::Info => scene.switch.on_info(scene.leg(), Key::Digit(5)),
            }
        }
        assert_eq!(scene.switch.counters.keys, expected, "{info_keys:?}: {tellings:?}");
    }
}

/// An INVITE of another caller, and the status of its final answer.
fn another(scene: &mut Scene, number: &str, name: &str) -> u16 {
    let sdp =
        "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\nm=audio 4002 RTP/AVP 0\r\n";
    scene.sent.clear();
    scene.datagram(&format!(
        "INVITE sip:{number}@{US} SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};branch=z9hG4bK{name}\r\n\
         From: <sip:p@x>;tag={name}\r\nTo: <sip:{number}@{US}>\r\nCall-ID: {name}@x\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:p@{THEM}>\r\nMax-Forwards: 70\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    ));
    let status = |text: &String| text.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok();
    scene.sent.iter().filter_map(status).find(|status| *status >= 200).unwrap_or_default()
}

#[test]
fn callers_of_an_urgent_flow_are_let_in_when_nobody_else_is() {
    let mut scene = Scene::up("100", "sendrecv");
    scene.switch.flows = Served::to_all(flows_with("urgent_flows: [after_hours]"));
    scene.switch.settings.max_calls = 1;
    assert_eq!(another(&mut scene, "100", "ordinary"), 503);
    assert_eq!(another(&mut scene, "199", "urgent"), 200);
    let let_in = (0..10).filter(|caller| another(&mut scene, "199", &format!("u{caller}")) == 200).count();
    assert_eq!(2 + let_in, scene.switch.ports.total(), "as many as there are ports");
}

#[test]
fn callers_who_pile_up_are_asked_to_come_again_and_the_call_that_is_up_goes_on() {
    let mut scene = Scene::up("100", "sendrecv");
    for _ in 0..100 {
        scene.wait(Duration::from_millis(10));
        scene.tell(Input::Waited(Duration::from_millis(90)));
    }
    assert_eq!(another(&mut scene, "100", "busy"), 503);
    assert!(scene.sent.iter().any(|text| text.contains("\r\nRetry-After: ")), "{:?}", scene.sent);
    assert_eq!((scene.switch.counters.refused_busy, scene.switch.calls_up()), (1, 1));
    scene.wait(Duration::from_secs(1));
    assert_eq!(another(&mut scene, "100", "calm"), 200, "a second later nobody waits any more");
    scene.tell(Input::TicksLate(Duration::from_millis(20)));
    assert_eq!(another(&mut scene, "100", "hiccup"), 200, "it may have been a moment");
    scene.wait(Duration::from_secs(1));
    scene.tell(Input::TicksLate(Duration::from_millis(20)));
    assert_eq!(another(&mut scene, "100", "late"), 503, "sound comes before new calls");
}
