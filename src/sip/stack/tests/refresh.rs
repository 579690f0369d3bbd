//! Session timers: RFC 4028, in both roles on both sides.

use super::phone::{SDP, Scene, check, settings};
use crate::sip::interface::Settings;

/// They ask for an interval of 90 s and know UPDATE; `role` refreshes.
fn asks(role: &str) -> String {
    format!(
        "INVITE + Allow: INVITE, ACK, BYE, UPDATE + Supported: timer + Session-Expires: 90;refresher={role}"
    )
}

const UP: &str = "0 ! Invite\n0 > 100 INVITE\n0 > 200 INVITE\n9 ! Confirmed\n";

#[track_caller]
fn check_up(name: &str, invite: &str, rest: &[(u64, &str)], ladder: &str) -> Scene {
    let script = [&[(0, invite), (0, "answer"), (9, "ACK")], rest].concat();
    check(name, &script, &format!("{UP}{ladder}"))
}

fn text(scene: &Scene, place: usize) -> String {
    String::from_utf8_lossy(&scene.sent[place]).into_owned()
}

#[track_caller]
fn has(text: &str, line: &str) {
    assert!(text.contains(&format!("\r\n{line}\r\n")), "{line} is not in\n{text}");
}

#[test]
fn we_refresh_at_half_the_interval_when_that_is_agreed() {
    // RFC 4028 §9: the 200 names interval and refresher, and requires timers of who knows them.
    let again = "200 UPDATE + Require: timer + Session-Expires: 90;refresher=uac";
    let scene = check_up(
        "by UPDATE, twice",
        &asks("uas"),
        &[(45_010, again), (90_020, again), (99_000, "BYE")],
        "45000 > UPDATE\n90010 > UPDATE\n99000 > 200 BYE\n99000 ! Bye\n",
    );
    has(&text(&scene, 1), "Session-Expires: 90;refresher=uas");
    has(&text(&scene, 1), "Require: timer");
    for place in [2, 3] {
        has(&text(&scene, place), "Session-Expires: 90;refresher=uac");
        has(&text(&scene, place), "Min-SE: 90");
        has(&text(&scene, place), "Content-Length: 0");
    }
    let scene = check_up(
        "by re-INVITE, with what was said last",
        "INVITE + Supported: timer + Session-Expires: 90",
        &[(45_010, "200 INVITE + Session-Expires: 90;refresher=uac"), (50_000, "BYE")],
        "45000 > INVITE\n45010 > ACK\n50000 > 200 BYE\n50000 ! Bye\n",
    );
    assert!(text(&scene, 2).ends_with(SDP), "{}", text(&scene, 2));
    check_up(
        "they take the refreshing over",
        &asks("uas"),
        &[(45_010, "200 UPDATE + Session-Expires: 90;refresher=uas"), (105_020, "200 BYE")],
        "45000 > UPDATE\n105010 ! SessionLost Expired\n105010 > BYE\n",
    );
}

#[test]
fn a_refused_refresh_ends_nothing_but_by_481_and_408() {
    for answer in ["481 UPDATE", "408 UPDATE"] {
        check_up(
            answer,
            &asks("uas"),
            &[(45_010, answer), (45_020, "200 BYE")],
            "45000 > UPDATE\n45010 ! SessionLost Gone\n45010 > BYE\n",
        );
    }
    for status in [403, 488, 500, 503, 504, 606] {
        let answer = format!("{status} UPDATE");
        let taken = "200 UPDATE + Session-Expires: 90;refresher=uac";
        check_up(
            &answer,
            &asks("uas"),
            &[(45_000, &answer), (52_510, taken), (60_000, "BYE")],
            "45000 > UPDATE\n52500 > UPDATE\n60000 > 200 BYE\n60000 ! Bye\n",
        );
    }
    let scene = check_up(
        "refused to the end: BYE only when the session is really over",
        &asks("uas"),
        &[
            (45_000, "500 UPDATE"),
            (52_500, "500 UPDATE"),
            (56_250, "500 UPDATE"),
            (58_125, "500 UPDATE"),
            (60_010, "200 BYE"),
        ],
        "45000 > UPDATE\n52500 > UPDATE\n56250 > UPDATE\n58125 > UPDATE\n60000 ! SessionLost Expired\n60000 > BYE\n",
    );
    has(&text(&scene, 6), "Reason: SIP;cause=408;text=\"session timer expired\"");
}

#[test]
fn an_update_before_the_call_stands_agrees_on_no_interval() {
    let scene = check(
        "in the early dialog",
        &[
            (0, "INVITE + Require: 100rel + Allow: INVITE, ACK, BYE, UPDATE"),
            (0, "ring"),
            (10, "PRACK"),
            (20, "UPDATE + Supported: timer + Session-Expires: 90;refresher=uac"),
            (30, "answer"),
            (40, "ACK"),
            (99_000, "BYE"),
        ],
        "0 ! Invite\n0 > 100 INVITE\n0 > 180 INVITE\n10 > 200 PRACK\n20 > 200 UPDATE\n30 > 200 INVITE\n\
         40 ! Confirmed\n99000 > 200 BYE\n99000 ! Bye\n",
    );
    assert!(!text(&scene, 3).contains("Session-Expires"), "{}", text(&scene, 3));
}

#[test]
fn who_shall_refresh_and_does_not_loses_the_call() {
    check_up("never", &asks("uac"), &[(60_010, "200 BYE")], "60000 ! SessionLost Expired\n60000 > BYE\n");
    let update = "UPDATE + Supported: timer + Session-Expires: 90;refresher=uac";
    let scene = check_up(
        "by UPDATE, once",
        &asks("uac"),
        &[(40_000, update), (100_010, "200 BYE")],
        "40000 > 200 UPDATE\n100000 ! SessionLost Expired\n100000 > BYE\n",
    );
    has(&text(&scene, 2), "Session-Expires: 90;refresher=uac");
    check_up(
        "by re-INVITE, once",
        &asks("uac"),
        &[
            (40_000, "re-INVITE + Supported: timer + Session-Expires: 90;refresher=uac"),
            (40_000, "answer reoffer"),
            (40_010, "ACK"),
            (100_010, "200 BYE"),
        ],
        "40000 ! Reoffer\n40000 > 100 INVITE\n40000 > 200 INVITE\n40010 ! Confirmed\n\
         100000 ! SessionLost Expired\n100000 > BYE\n",
    );
}

#[test]
fn too_short_an_interval_is_answered_with_our_least() {
    // RFC 4028 §6
    let scene = check(
        "at the beginning",
        &[(0, "INVITE + Supported: timer + Session-Expires: 30")],
        "0 > 422 INVITE\n",
    );
    has(&text(&scene, 0), "Min-SE: 90");
    let scene = check_up(
        "in an UPDATE and a re-INVITE: the call stands",
        "INVITE",
        &[
            (20, "UPDATE + Supported: timer + Session-Expires: 30"),
            (30, "re-INVITE + Supported: timer + Session-Expires: 30"),
            (35, "ACK failure"),
            (50, "BYE"),
        ],
        "20 > 422 UPDATE\n30 > 422 INVITE\n50 > 200 BYE\n50 ! Bye\n",
    );
    has(&text(&scene, 2), "Min-SE: 90");
}

/// A machine that wishes for half an hour.
fn wishing() -> Scene {
    Scene::new(Settings { session_expires_s: 1_800, ..settings(500) })
}

#[test]
fn our_calls_ask_for_an_interval_and_take_a_longer_least() {
    // RFC 4028 §7
    let scene = wishing().play(&[
        (0, "call"),
        (9, "422 INVITE + Min-SE: 2000"),
        (20, "200 INVITE + Require: timer + Session-Expires: 2000;refresher=uac"),
        (1_000_030, "200 INVITE + Session-Expires: 2000;refresher=uac"),
        (1_000_100, "BYE"),
    ]);
    let ladder = "0 > INVITE\n9 > ACK\n9 > INVITE\n20 > ACK\n20 ! Answered\n1000020 > INVITE\n1000030 > ACK\n\
                  1000100 > 200 BYE\n1000100 ! Bye\n";
    assert_eq!(scene.ladder, ladder);
    has(&text(&scene, 0), "Session-Expires: 1800");
    has(&text(&scene, 0), "Min-SE: 90");
    has(&text(&scene, 2), "Session-Expires: 2000");
    has(&text(&scene, 2), "Min-SE: 2000");
    has(&text(&scene, 2), "CSeq: 2 INVITE");
    has(&text(&scene, 4), "Session-Expires: 2000;refresher=uac");
    let scene = wishing().play(&[
        (0, "call"),
        (1, "422 INVITE + Min-SE: 2000"),
        (2, "422 INVITE + Min-SE: 3000"),
        (3, "422 INVITE + Min-SE: 4000"),
        (4, "422 INVITE + Min-SE: 5000"),
    ]);
    assert!(scene.ladder.ends_with("4 > ACK\n4 ! Failed 422\n"), "{}", scene.ladder);
}

#[test]
fn a_party_that_knows_no_timers_is_refreshed_by_us_or_not_at_all() {
    let scene = wishing().play(&[(0, "INVITE"), (0, "answer"), (9, "ACK"), (2_000_000, "BYE")]);
    assert_eq!(scene.ladder, format!("{UP}2000000 > 200 BYE\n2000000 ! Bye\n"), "nobody asked");
    let scene = wishing().play(&[
        (0, "INVITE + Supported: timer"),
        (0, "answer"),
        (9, "ACK"),
        (900_010, "200 INVITE"),
        (4_000_000, "BYE"),
    ]);
    let ladder = "900000 > INVITE\n900010 > ACK\n4000000 > 200 BYE\n4000000 ! Bye\n";
    assert_eq!(scene.ladder, format!("{UP}{ladder}"), "a 200 without an interval ends the timer");
}
