//! What the commands print of calls, as golden text.

use super::Numbers;
use super::layout::wrapped;
use super::list::list;
use super::picture::Picture;
use super::record::show;
use super::{svg, text};
use crate::call::recording::RecordingKind;
use crate::clock::WallTime;
use crate::flow::action::{Fact, Why};
use crate::flow::diagnostic::Paint;
use crate::id::{CallId, ExitName, FlowName, Language, LegId, RecordingId, StepName};
use crate::io::store::read::{CallLine, LineEnd};
use crate::media::command::Counters;
use crate::phi::Phi;
use crate::report::cdr::Record;
use crate::report::event::{Cause, Entry, Event, Party};
use crate::report::ladder::{Heading, Ladder, Rung, Seen};
use crate::sip::way::Transport;
use crate::wire::codec::Codec;
use crate::wire::sip::message::parse;
use crate::wire::telephone_event::Key;
use expect_test::expect;
use jiff::tz::TimeZone;
use std::path::Path;
use std::time::Duration;

const START: i64 = 1_795_465_800_000_000;

fn entries() -> Vec<Entry> {
    let recording = RecordingId(0x2a);
    let step = |step: &str| {
        Event::Flow(Fact::StepEntered { flow: FlowName::from("entry"), step: StepName::from(step) })
    };
    let counters = Counters {
        received: 3_012,
        sent: 3_101,
        lost: 2,
        jitter_us: 1_500,
        mos: Some(441),
        keys: 1,
        ..Counters::default()
    };
    let events = [
        (
            0,
            Event::Arrived {
                leg: LegId(1),
                trunk: None,
                called: Phi::new("+16175550100".to_owned()),
                caller: Some(Phi::new("+16175550142".to_owned())),
                sip_call_id: Phi::new("f81d4fae@phone".to_owned()),
                flow: FlowName::from("entry"),
                version: "0123456789abcdef".to_owned(),
            },
        ),
        (12, Event::Answered { codec: Codec::Pcmu }),
        (31, Event::Heard { by_ack: true }),
        (31, step("hello")),
        (9_000, Event::Flow(Fact::NoticeGiven)),
        (9_001, Event::RecordingNamed { recording, kind: RecordingKind::Call }),
        (9_020, Event::RecordingSpanBegan { recording }),
        (9_500, Event::Flow(Fact::Chosen { key: Phi::new(Key::Digit(4)), answer: StepName::from("nurse") })),
        (9_500, Event::Flow(Fact::LanguageChosen(Language::from("es")))),
        (9_510, Event::Flow(Fact::LadderRung { rung: 1, why: Why::Nurse })),
        (9_520, Event::PersonCalled { leg: LegId(2), target: "sip:front-desk@10.0.0.5".to_owned() }),
        (14_000, Event::Bridged { leg: LegId(2) }),
        (71_900, Event::RecordingSpanEnded { recording, frames: 3_144, dropped: 0 }),
        (72_000, Event::MediaClosed { leg: LegId(1), counters }),
        (
            72_012,
            Event::Ended { cause: Cause::Normal, by: Party::Caller, exit: Some(ExitName::from("talked")) },
        ),
        (72_400, Event::RecordingClosed { recording, milliseconds: 62_880 }),
    ];
    let entry = |(seq, (ms, event)): (usize, (u64, Event))| Entry {
        seq: seq as u64 + 1,
        at: WallTime::from_micros(START + ms as i64 * 1_000),
        since_start_us: 5_000_000 + ms * 1_000,
        call: CallId(0x1f3),
        event,
    };
    events.into_iter().enumerate().map(entry).collect()
}

fn lines() -> Vec<CallLine> {
    let line = |call: u64, caller: Option<&str>, end: Option<LineEnd>| CallLine {
        call: CallId(call),
        arrived: WallTime::from_micros(START),
        called: Phi::new("100".to_owned()),
        caller: caller.map(|caller| Phi::new(caller.to_owned())),
        flow: FlowName::from("entry"),
        end,
    };
    let end = |cause: Cause, by: Party, exit: Option<&str>| {
        let (ring, talk) = (Duration::from_millis(40), Duration::from_millis(62_550));
        Some(LineEnd { ring, talk, exit: exit.map(ExitName::from), cause, by })
    };
    vec![
        line(0x1f4, None, None),
        line(0x1f3, Some("+16175550142"), end(Cause::Normal, Party::Flow, Some("message_left"))),
        line(0x1f2, Some("7\u{1b}[31m"), end(Cause::EngineRestart, Party::Engine, None)),
    ]
}

#[test]
fn the_list_is_a_table_without_a_whole_number_in_it() {
    let text = list(&lines(), Numbers::Masked, &TimeZone::UTC);
    expect![[r#"
        call  local time           from       to    flow    rang  talked  end
        c1f4  2026-11-23 20:30:00  anonymous  …00  entry                  goes on
    "#]]
    .assert_eq(&text.lines().take(2).map(|line| format!("{line}\n")).collect::<String>());
    assert!(!text.contains("5550142") && !text.contains('\u{1b}'), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert_eq!(list(&[], Numbers::Masked, &TimeZone::UTC), "no calls yet\n");
    assert!(list(&lines(), Numbers::Full, &TimeZone::UTC).contains("+16175550142"));
}

#[test]
fn one_call_is_told_from_its_first_ring_to_its_recording() {
    let text = show(&entries(), Numbers::Masked, &TimeZone::UTC, Path::new("data")).unwrap();
    expect![[r#"
        call c1f3   2026-11-23 20:30:00 UTC
          from …42 to …00
          flow entry, version 0123456789ab
          rang 0:00.0, talked 1:12.0, PCMU, language es
          ended: hung up, by the caller, exit talked

        path
               0.00 s  the call came in
               0.01 s  answered in PCMU
               0.03 s  the caller can hear
               0.03 s  step entry / hello
               9.00 s  the recording notice was heard
               9.02 s  recording r2a runs
               9.50 s  a key → nurse
               9.50 s  language es
               9.51 s  up the person ladder, rung 1: the caller asked for a nurse
               9.52 s  calling sip:front-desk@10.0.0.5 (l2)
              14.00 s  talking with a person (l2)
              71.90 s  recording r2a stops
              72.01 s  ended: hung up, by the caller

        recordings
          r2a  the call  1:02.8  complete  data/2026/11/23/r2a.wav

        sound
          leg  received  sent  lost  late  refused  malformed  jitter   MOS  keys
          l1       3012  3101     2     0        0          0  1.5 ms  4.41     1
    "#]]
    .assert_eq(&text);
}

#[test]
fn numbers_keys_and_the_call_id_are_printed_only_when_asked_for() {
    let full = show(&entries(), Numbers::Full, &TimeZone::UTC, Path::new("data")).unwrap();
    let masked = show(&entries(), Numbers::Masked, &TimeZone::UTC, Path::new("data")).unwrap();
    for secret in ["+16175550142", "f81d4fae@phone", "key 4"] {
        assert!(full.contains(secret) && !masked.contains(secret), "{secret}:\n{masked}");
    }
}

#[test]
fn a_call_that_goes_on_says_so() {
    let text = show(&entries()[..4], Numbers::Masked, &TimeZone::UTC, Path::new("data")).unwrap();
    assert!(text.contains("it goes on"), "{text}");
    assert!(text.contains("rang 0:00.0, up since 20:30:00, PCMU") && !text.contains("talked"), "{text}");
    let text = show(&entries()[..1], Numbers::Masked, &TimeZone::UTC, Path::new("data")).unwrap();
    assert!(text.contains("rings since 20:30:00"), "{text}");
    assert_eq!(show(&[], Numbers::Masked, &TimeZone::UTC, Path::new("data")), None);
}

/// One more message of a ladder: milliseconds since the INVITE, its way, its leg, itself.
fn climb(ladder: &mut Ladder, ms: u64, heading: Heading, leg: u64, message: &str) {
    let seen = Seen { at_us: 5_000_000 + ms * 1_000, heading, leg: LegId(leg), transport: Transport::Udp };
    ladder.climb(&Rung::of(&parse(message.as_bytes()).unwrap(), seen, &mut String::new()));
}

fn request(method: &str, uri: &str, cseq: &str, more: &str) -> String {
    format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK-{method}-{cseq}\r\nCSeq: {cseq} {method}\r\n{more}"
    )
}

fn response(status: &str, method: &str, cseq: &str, more: &str) -> String {
    format!(
        "SIP/2.0 {status}\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK-{method}-{cseq}\r\nCSeq: {cseq} {method}\r\n{more}"
    )
}

const OFFER: &str = "\r\nm=audio 40000 RTP/AVP 0 8 101\r\na=sendrecv\r\nm=video 0 RTP/AVP 96\r\n";
const CLINIC: &str = "sip:+16175550100@10.0.0.5;transport=udp";

fn ladder(reason: &str) -> Ladder {
    use Heading::{In, Out};
    let desk = "sip:front-desk@10.0.0.5";
    let mut ladder = Ladder::default();
    for (ms, heading, leg, message) in [
        (0, In, 1, request("INVITE", CLINIC, "1", OFFER)),
        (0, Out, 1, response("100 Trying", "INVITE", "1", "\r\n")),
        (12, Out, 1, response("200 OK", "INVITE", "1", OFFER)),
        (31, In, 1, request("ACK", CLINIC, "1", "\r\n")),
        (9_520, Out, 2, request("INVITE", desk, "1", OFFER)),
        (10_020, Out, 2, request("INVITE", desk, "1", OFFER)),
        (10_030, In, 2, response("180 Ringing", "INVITE", "1", "\r\n")),
        (13_990, In, 2, response("200 OK", "INVITE", "1", OFFER)),
        (13_991, Out, 2, request("ACK", desk, "1", "\r\n")),
        (72_000, In, 1, request("BYE", CLINIC, "2", reason)),
        (72_001, Out, 1, response("200 OK", "BYE", "2", "\r\n")),
        (72_001, Out, 2, request("BYE", desk, "2", "\r\n")),
        (72_020, In, 2, response("200 OK", "BYE", "2", "\r\n")),
    ] {
        climb(&mut ladder, ms, heading, leg, &message);
    }
    ladder
}

/// The call with a ladder beside its end.
fn with_ladder(ladder: Ladder) -> Vec<Entry> {
    let mut entries = entries();
    let last = entries.last().unwrap().clone();
    entries.push(Entry { event: Event::Ladder(Box::new(ladder)), ..last });
    entries
}

fn picture(entries: &[Entry], numbers: Numbers) -> Picture {
    Picture::of(entries, numbers, &TimeZone::UTC).unwrap()
}

const HUNG_UP: &str = "Reason: Q.850;cause=16;text=\"of 16175550142\"\r\n\r\n";

#[test]
fn a_call_is_drawn_with_its_messages_its_steps_and_its_recording_on_one_axis() {
    let text = text::draw(&picture(&with_ladder(ladder(HUNG_UP)), Numbers::Masked), Paint::Plain);
    expect![[r#"
        call c1f3   2026-11-23 20:30:00 UTC
          from …42 to …00
          flow entry, version 0123456789ab
          rang 0:00.0, talked 1:12.0, PCMU, language es
          ended: hung up, by the caller, exit talked

              time caller                   Careline                   person
             0.000    │──────── INVITE ────────▶│                         │   #1 1 INVITE · sip:…00@10.0.0.5 · audio 40000: PCMU PCMA 101 · sendrecv, video refused
             0.000    │◀────── 100 Trying ──────│                         │   #1 1 INVITE
             0.012    │◀──────── 200 OK ────────│                         │   #1 1 INVITE · audio 40000: PCMU PCMA 101 · sendrecv, video refused
             0.031    │───────── ACK ──────────▶│                         │   #2 1 ACK · sip:…00@10.0.0.5
             0.031    │                         │                         │   ▸ entry / hello
                      ┊                         ┊                         ┊     9.0 s
             9.000    │                         │                         │   ♪ the recording notice was heard
             9.020    │                         ┃                         │   ● recording r2a begins
             9.500    │                         ┃                         │   ◆ a key → nurse
             9.500    │                         ┃                         │   · language es
             9.510    │                         ┃                         │   · up the person ladder, rung 1: the caller asked for a nurse
             9.520    │                         ┃                         │   · calling sip:front-desk@10.0.0.5 (l2)
             9.520    │                         ┃──────── INVITE ────────▶│   #3 1 INVITE · sip:…sk@10.0.0.5 · audio 40000: PCMU PCMA 101 · sendrecv, video refused · sent 2 times in 0.5 s
            10.030    │                         ┃◀───── 180 Ringing ──────│   #3 1 INVITE
                      ┊                         ┊                         ┊     4.0 s
            13.990    │                         ┃◀──────── 200 OK ────────│   #3 1 INVITE · audio 40000: PCMU PCMA 101 · sendrecv, video refused
            13.991    │                         ┃───────── ACK ──────────▶│   #4 1 ACK · sip:…sk@10.0.0.5
            14.000    │                         ┃                         ║   · talking with a person (l2)
                      ┊                         ┊                         ┊     57.9 s
          1:11.900    │                         │                         ║   ■ recording r2a ends
          1:12.000    │───────── BYE ──────────▶│                         ║   #5 2 BYE · sip:…00@10.0.0.5 · Q.850;cause=16;text="of …42"
          1:12.000    │                         │                         ║   ♪ sound of l1: 3012 packets in, 3101 out, 2 lost, jitter 1.5 ms, keys 1
          1:12.001    │◀──────── 200 OK ────────│                         ║   #5 2 BYE
          1:12.001    │                         │───────── BYE ──────────▶║   #6 2 BYE · sip:…sk@10.0.0.5
          1:12.012    │                         │                         │   ■ over: hung up, by the caller, exit talked
          1:12.020    │                         │◀──────── 200 OK ────────│   #6 2 BYE

          #1 l1 over UDP, branch z9hG4bK-INVITE-1
          #2 l1 over UDP, branch z9hG4bK-ACK-1
          #3 l2 over UDP, branch z9hG4bK-INVITE-1
          #4 l2 over UDP, branch z9hG4bK-ACK-1
          #5 l1 over UDP, branch z9hG4bK-BYE-2
          #6 l2 over UDP, branch z9hG4bK-BYE-2
    "#]].assert_eq(&text);
}

#[test]
fn a_call_without_its_ladder_is_drawn_with_what_is_known() {
    let text = text::draw(&picture(&entries()[..9], Numbers::Masked), Paint::Plain);
    for part in ["no SIP messages", "▸ entry / hello", "● recording r2a begins", "it goes on"] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert!(Picture::of(&[], Numbers::Masked, &TimeZone::UTC).is_none());
}

#[test]
fn what_a_crash_cut_off_is_drawn_up_to_there_and_no_further() {
    let recording = RecordingId(0x2a);
    let recovered = Event::RecordingRecovered { recording, milliseconds: 62_880 };
    let ends_of = |entries: &[Entry]| {
        let text = text::draw(&picture(entries, Numbers::Masked), Paint::Plain);
        let (before, after) = text
            .split_once("■ recording r2a ends: the engine had stopped")
            .unwrap_or_else(|| panic!("it ends: {text}"));
        assert!(before.contains('┃') && !after.contains('┃'), "the line ends with it:\n{text}");
        assert!(!text.contains("1:00:0"), "the picture ends with the call:\n{text}");
    };
    let at = |events: &[Entry], event: &Event| events.iter().position(|entry| entry.event == *event);
    let ended = Event::RecordingSpanEnded { recording, frames: 3_144, dropped: 0 };
    let mut went_on = entries();
    let place = at(&went_on, &ended).unwrap();
    went_on[place].event = recovered.clone();
    ends_of(&went_on);
    // The start that found it came an hour later.
    let mut went_on_no_more = went_on.clone();
    let mut late = went_on_no_more.remove(place);
    late.since_start_us += 3_600_000_000;
    went_on_no_more.push(late);
    ends_of(&went_on_no_more);
    // The stream had ended before: there is nothing to cut off.
    let mut had_ended = entries();
    had_ended.push(Entry { event: recovered, ..had_ended[place].clone() });
    let text = text::draw(&picture(&had_ended, Numbers::Masked), Paint::Plain);
    assert!(!text.contains("the engine had stopped"), "{text}");
}

#[test]
fn neither_drawing_shows_a_number_unless_it_is_asked_for() {
    let entries = with_ladder(ladder(HUNG_UP));
    let both = |numbers| {
        let picture = picture(&entries, numbers);
        [text::draw(&picture, Paint::Plain), svg::draw(&picture)]
    };
    for (masked, full) in both(Numbers::Masked).iter().zip(both(Numbers::Full)) {
        for secret in ["16175550142", "sip:+16175550100@10.0.0.5", "f81d4fae@phone", "key 4"] {
            assert!(full.contains(secret) && !masked.contains(secret), "{secret}:\n{masked}\n{full}");
        }
    }
}

#[test]
fn what_is_cut_out_of_a_long_ladder_is_told_where_it_was() {
    let mut long = Ladder::default();
    for cseq in 0..70 {
        let info = request("INFO", CLINIC, &cseq.to_string(), "\r\n");
        climb(&mut long, 100 + cseq, Heading::In, 1, &info);
    }
    let picture = picture(&with_ladder(long), Numbers::Masked);
    let text = text::draw(&picture, Paint::Plain);
    let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part}:\n{text}"));
    assert_eq!(text.matches("INFO ───").count(), 64, "{text}");
    let (before, cut, after) = (at("47 INFO"), at("6 messages that are not kept"), at("54 INFO"));
    assert!(before < cut && cut < after, "{text}");
    assert!(svg::draw(&picture).contains("6 messages that are not kept"));
}

/// The element names of a document; panics when it is not well-formed.
fn elements(svg: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(svg);
    reader.config_mut().check_end_names = true;
    let mut names = Vec::new();
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error}:\n{svg}")) {
            quick_xml::events::Event::Eof => return names,
            quick_xml::events::Event::Start(it) | quick_xml::events::Event::Empty(it) => {
                names.push(String::from_utf8_lossy(it.name().as_ref()).into_owned());
            }
            _ => {}
        }
    }
}

#[test]
fn no_text_of_a_peer_becomes_an_element_or_steers_a_terminal() {
    let evil = "Reason: SIP;text=\"</text><script>alert('&amp;')</script>\u{1b}[31m\"\r\n\r\n";
    let picture = picture(&with_ladder(ladder(evil)), Numbers::Full);
    let svg = svg::draw(&picture);
    let names = elements(&svg);
    assert!(names.len() > 50 && !names.iter().any(|name| name == "script"), "{names:?}");
    assert!(svg.contains("&lt;/text&gt;&lt;script&gt;alert(&#39;&amp;amp;&#39;)"), "{svg}");
    assert!(!svg.contains('\u{1b}'));
    assert!(!text::draw(&picture, Paint::Plain).contains('\u{1b}'));
    assert_eq!(
        svg::escaped("Ann <a&b> \"Müller\"\0\u{ffff}"),
        "Ann &lt;a&amp;b&gt; &quot;Müller&quot;\u{fffd}\u{fffd}"
    );
}

/// The value of an attribute.
fn attribute(element: &str, name: &str) -> f64 {
    let value = element.split(&format!(" {name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{name} of {element}"))
}

#[test]
fn no_two_texts_of_the_page_lie_on_one_another() {
    let busy = ladder(HUNG_UP);
    for (entries, what) in
        [(with_ladder(busy), "a whole call"), (entries()[..9].to_vec(), "one that goes on")]
    {
        let svg = svg::draw(&picture(&entries, Numbers::Full));
        let texts: Vec<(f64, f64, &str)> = svg
            .lines()
            .filter(|line| line.starts_with("<text "))
            .map(|line| (attribute(line, "x"), attribute(line, "y"), line))
            .collect();
        for (place, (x, y, line)) in texts.iter().enumerate() {
            let near = texts[..place].iter().find(|(a, b, _)| a == x && (b - y).abs() < 11.0);
            assert!(near.is_none(), "{what}: {line}\n{near:?}");
        }
        let bottom = attribute(&svg, "height");
        assert!(texts.iter().all(|(_, y, _)| *y < bottom), "{what}: under {bottom}");
    }
}

#[test]
fn a_call_of_forty_minutes_is_hardly_longer_than_one_of_three_seconds() {
    let height = |entries: &[Entry]| attribute(&svg::draw(&picture(entries, Numbers::Masked)), "height");
    let short = with_ladder(ladder(HUNG_UP));
    let mut long = short.clone();
    let shift = 40 * 60 * 1_000_000;
    let by = |at_us: u64| if at_us > 70_000_000 { shift } else { 0 };
    for entry in &mut long {
        if let Event::Ladder(ladder) = &entry.event {
            let moved = ladder.rungs().map(|rung| {
                let at_us = rung.seen.at_us + by(rung.seen.at_us);
                Rung { seen: Seen { at_us, ..rung.seen }, ..rung }
            });
            entry.event = Event::Ladder(Box::new(Ladder::from_parts(moved, 0)));
        }
        entry.since_start_us += by(entry.since_start_us);
    }
    assert_eq!(height(&short), height(&long));
    assert!(text::draw(&picture(&long, Numbers::Masked), Paint::Plain).contains("40 min 57 s"));
    assert_eq!(Record::of(&long).unwrap().talk(), Duration::from_secs(40 * 60 + 72));
}

#[test]
fn a_line_is_broken_between_words_and_a_long_word_where_it_must_be() {
    let table = [
        ("", 5, vec![""]),
        ("one two three", 7, vec!["one two", "three"]),
        ("abcdefgh ij", 5, vec!["abcde", "fgh", "ij"]),
        ("a abcdefgh", 5, vec!["a", "abcde", "fgh"]),
    ];
    for (text, most, expected) in table {
        assert_eq!(wrapped(text, most), expected, "{text}");
    }
}
