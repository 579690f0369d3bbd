//! `careline status` after one known call: every counter that the operator's guide names is printed, and
//! says what happened.

#[path = "engine/mod.rs"]
mod engine;
#[path = "phone/mod.rs"]
mod phone;
#[path = "sound/mod.rs"]
mod sound;

use engine::{Engine, Notice, ROOT, Wishes};
use phone::Phone;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::Command;

/// The figures after a call in which 6 was pressed, each with the least and the most that is right.
const AFTER_ONE_CALL: &[(&str, u64, u64)] = &[
    ("calls_up", 0, 0),
    ("calls_peak", 1, 1),
    ("calls_offered", 1, 1),
    ("calls_answered", 1, 1),
    ("calls_ended", 1, 1),
    ("calls_refused_full", 0, 0),
    ("calls_refused_draining", 0, 0),
    ("calls_no_common_media", 0, 0),
    ("calls_media_lost", 0, 0),
    ("calls_session_lost", 0, 0),
    ("calls_too_long", 0, 0),
    ("calls_cut_off", 0, 0),
    ("calls_recovered", 0, 0),
    ("calls_closed_late", 0, 0),
    ("ports_in_use", 0, 0),
    // The first words, the notice, the menu and the second one.
    ("playings", 7, 9),
    ("keys", 1, 1),
    ("answers_missed", 0, 0),
    ("ladder_rungs", 0, 0),
    ("patients_held", 0, 0),
    ("parties_silent", 0, 0),
    ("persons_lost", 0, 0),
    ("persons_unheard", 0, 0),
    ("calls_dialled_refused", 0, 0),
    ("calls_emergency", 0, 0),
    ("alerts_refused", 0, 0),
    ("alerts_unsent", 0, 0),
    ("calls_wrong_password", 0, 0),
    ("transfers", 0, 0),
    ("transfers_attended", 0, 0),
    ("transfers_by_keys", 0, 0),
    ("person_keys_dropped", 0, 0),
    ("transfers_failed", 0, 0),
    ("transfers_refused", 0, 0),
    ("guests_in", 0, 0),
    ("guests_joined", 0, 0),
    ("guests_not_reached", 0, 0),
    ("guest_changes", 0, 0),
    ("interpreters_missing", 0, 0),
    ("persons_not_reached", 0, 0),
    ("flow_faults", 0, 0),
    ("recordings", 1, 1),
    ("recordings_failed", 0, 0),
    ("recording_frames_dropped", 0, 0),
    // The call, its answer, its steps and choices, its recording, its end.
    ("events_appended", 15, 60),
    ("events_not_durable", 0, 0),
    // INVITE, ACK, BYE, and the OPTIONS that asked whether the engine is there.
    ("sip_requests", 4, 600),
    ("sip_answers_2xx", 3, 600),
    ("sip_answers_4xx", 0, 0),
    ("sip_answers_5xx", 0, 0),
    ("sip_noise", 0, 0),
    ("sip_malformed", 0, 0),
    ("sip_unlisted", 0, 0),
    ("sip_over_rate", 0, 0),
    ("sip_banned", 0, 0),
    ("sip_scanners", 0, 0),
    ("sip_unrouted", 0, 0),
    ("trunk_calls_refused", 0, 0),
    ("calls_refused_busy", 0, 0),
    ("calls_in_a_circle", 0, 0),
    ("sip_diversions_unread", 0, 0),
    ("sip_acks_missing", 0, 0),
    ("messages_waiting", 0, 0),
    ("sip_transactions_full", 0, 0),
    ("sip_failovers", 0, 0),
    ("trunk_accounts_refused", 0, 0),
    ("phones_refused", 0, 0),
    ("phones_sent_away", 0, 0),
    ("phones_subscribed", 0, 0),
    ("subscriptions", 0, 0),
    ("subscriptions_refused", 0, 0),
    ("subscriptions_sent_away", 0, 0),
    ("summaries", 0, 0),
    ("summaries_refused", 0, 0),
    ("udp_dropped", 0, 0),
    ("tcp_over_bound", 0, 0),
    ("tcp_broken", 0, 0),
    ("tcp_half", 0, 0),
    ("tcp_not_opened", 0, 0),
    ("dns_unanswered", 0, 0),
    ("rtp_unowned", 0, 50),
    ("rtp_send_errors", 0, 0),
    ("rtp_dropped_by_kernel", 0, 0),
    ("media_keys_dropped", 0, 0),
    ("media_workers", 2, 2),
    ("media_legs", 0, 0),
    ("recorder_opened", 1, 1),
    ("recorder_closed", 1, 1),
    ("recorder_failed", 0, 0),
    // A second of both sides.
    ("recorder_octets", 32_000, 32_000 * 120),
    ("store_committed", 15, 60),
    ("store_failures", 0, 0),
    ("store_waiting", 0, 0),
    ("store_dropped", 0, 0),
];

/// The counters in the table of what says that something is wrong.
fn named_in_the_guide() -> BTreeSet<String> {
    let guide = fs::read_to_string(Path::new(ROOT).join("docs/operator-guide/README.md"));
    let guide = guide.expect("the operator's guide is shipped");
    let table = guide.split("The counters that say something is wrong").nth(1).expect("its table is there");
    let table = table.split("\n## ").next().expect("a text has a first part");
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let first = |row: &str| row.split('|').nth(1).unwrap_or_default().to_owned();
    let names = rows.map(first).flat_map(|cell| {
        let words: Vec<String> = cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        words
    });
    names.collect()
}

fn one_call(home: &Path) -> (Engine, phone::Heard) {
    let sounds = home.join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    let engine =
        Engine::start(home, &Wishes { sounds, notice: Notice::InTheFirstWords, ..Wishes::default() });
    let phone = Phone::call(engine.sip, "100", 440.0).unwrap_or_else(|fault| panic!("{fault}"));
    engine.wait_for("a recording", |figures| figures["recorder_opened"] == 1);
    phone.listen(60);
    let spoken = engine.status()["playings"];
    phone.press(6);
    engine.wait_for("the next menu", |figures| figures["playings"] > spoken);
    let heard = phone.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}"));
    (engine, heard)
}

#[test]
fn after_one_known_call_every_counter_says_what_happened() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let (engine, heard) = one_call(home.path());
    let figures = engine.wait_for("the end of the call and of its files", |figures| {
        (figures["calls_ended"], figures["recorder_closed"], figures["events_not_durable"]) == (1, 1, 0)
    });
    let known: BTreeMap<&str, (u64, u64)> =
        AFTER_ONE_CALL.iter().map(|(name, least, most)| (*name, (*least, *most))).collect();
    let guide = named_in_the_guide();
    assert!(guide.len() > 10, "the guide's table is not read: {guide:?}");
    let mut faults = Vec::new();
    for name in &guide {
        if !known.contains_key(name.as_str()) {
            faults.push(format!("the guide names `{name}`: say in this test what it is after one call"));
        }
    }
    for (name, (least, most)) in &known {
        match figures.get(*name) {
            None => faults.push(format!("`{name}` is not printed")),
            Some(value) if !(*least..=*most).contains(value) => {
                faults.push(format!("`{name}` is {value}, not {least} to {most}"));
            }
            Some(_) => {}
        }
    }
    // The last packets cross the BYE.
    for (name, other) in [("rtp_received", heard.sent), ("rtp_sent", heard.packets)] {
        let value = figures[name];
        if value.abs_diff(other) > 50 || value < 60 {
            faults.push(format!("`{name}` is {value}; the phone counts {other}"));
        }
    }
    assert!(
        faults.is_empty(),
        "{}\nof {figures:#?}\nthe phone: {heard:?}\n{}",
        faults.join("\n"),
        engine.said()
    );
}

/// Stops a process or lets it go on (SIGSTOP, SIGCONT).
fn signal(engine: &Engine, name: &str) {
    let pid = engine.pid().to_string();
    let sent = Command::new("sh").args(["-c", "kill -\"$0\" \"$1\"", name, &pid]).status();
    assert!(sent.is_ok_and(|status| status.success()), "SIG{name} could not be sent to {pid}");
}

/// Whether no thread of the process runs any more.
fn stands_still(engine: &Engine) -> bool {
    let tasks = fs::read_dir(format!("/proc/{}/task", engine.pid())).expect("it lives");
    let state = |task: std::fs::DirEntry| fs::read_to_string(task.path().join("stat")).unwrap_or_default();
    tasks.filter_map(Result::ok).all(|task| state(task).contains(") T "))
}

#[test]
fn what_came_while_nobody_read_and_found_no_room_is_told() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = Engine::start(home.path(), &Wishes::default());
    let phone = Phone::call(engine.sip, "100", 440.0).unwrap_or_else(|fault| panic!("{fault}"));
    phone.listen(10);
    assert_eq!(engine.status()["rtp_dropped_by_kernel"], 0);
    let rtcp = SocketAddr::new(phone.media.ip(), phone.media.port() + 1);
    let stranger = UdpSocket::bind((rtcp.ip(), 0)).expect("loopback has a free port");
    signal(&engine, "STOP");
    let stopped = || stands_still(&engine).then_some(());
    engine::eventually(stopped, || "every thread to stop".to_owned());
    // The buffer of a media socket holds under a hundred.
    let sent = 1_000;
    (0..sent).for_each(|_| assert!(stranger.send_to(&[0; 172], rtcp).is_ok()));
    signal(&engine, "CONT");
    let figures = engine.status();
    let dropped = figures["rtp_dropped_by_kernel"];
    // What the phone said meanwhile may be among them, if that took long.
    assert!(dropped >= sent - 100, "{dropped} of {sent}: {figures:#?}");
    phone.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}"));
}

#[test]
fn a_call_that_a_crash_broke_off_is_counted_by_the_next_start() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = Engine::start(home.path(), &Wishes::default());
    let (sip, desk) = (engine.sip, engine.desk);
    let _phone = Phone::call(sip, "100", 440.0).unwrap_or_else(|fault| panic!("{fault}"));
    engine.wait_for("the call on disk", |figures| {
        (figures["calls_up"], figures["calls_recovered"], figures["events_not_durable"]) == (1, 0, 0)
            && figures["store_committed"] > 0
    });
    engine.kill();
    let figures = Engine::start_again(home.path(), sip, desk).status();
    assert_eq!((figures["calls_recovered"], figures["calls_resumed"]), (1, 0), "{figures:#?}");
}

#[test]
fn without_an_engine_the_command_says_how_to_get_one() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    engine::furnish(home.path(), &Wishes::default());
    let (code, said) = engine::run_to_end(home.path(), "status");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("no engine answers") && said.contains("careline serve"), "{said}");
}
