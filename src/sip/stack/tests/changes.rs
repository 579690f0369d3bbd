//! Re-INVITE both ways: RFC 3261 §14, and UPDATE: RFC 3311.

use super::calls_in::RESENT_2XX;
use super::phone::{OFFER, SDP, Scene, check, settings};
use crate::sip::interface::Settings;

const UP: &str = "0 ! Invite\n0 > 100 INVITE\n0 > 200 INVITE\n9 ! Confirmed\n";
/// The peer's Allow names UPDATE.
const KNOWS_UPDATE: &str = "INVITE + Allow: INVITE, ACK, BYE, UPDATE";

/// A call that they began and that stands since 9 ms, and what follows.
fn up<'a>(rest: &[(u64, &'a str)]) -> Vec<(u64, &'a str)> {
    [&[(0, "INVITE"), (0, "answer"), (9, "ACK")], rest].concat()
}

/// The same with a peer that knows UPDATE.
fn up_with_update<'a>(rest: &[(u64, &'a str)]) -> Vec<(u64, &'a str)> {
    [&[(0, KNOWS_UPDATE), (0, "answer"), (9, "ACK")], rest].concat()
}

#[track_caller]
fn check_up(name: &str, rest: &[(u64, &str)], ladder: &str) -> Scene {
    check(name, &up(rest), &format!("{UP}{ladder}"))
}

fn text(scene: &Scene, place: usize) -> String {
    String::from_utf8_lossy(&scene.sent[place]).into_owned()
}

/// The newest message of ours that begins so.
fn newest(scene: &Scene, start: &str) -> String {
    let found = scene.sent.iter().rev().map(|octets| String::from_utf8_lossy(octets).into_owned());
    found
        .into_iter()
        .find(|text| text.starts_with(start))
        .unwrap_or_else(|| panic!("no {start}:\n{}", scene.ladder))
}

/// When the ladder shows `act`, in ms.
fn times(scene: &Scene, act: &str) -> Vec<u64> {
    let lines = scene.ladder.lines().filter_map(|line| line.split_once(' '));
    lines.filter(|(_, seen)| *seen == act).map(|(at, _)| at.parse().unwrap()).collect()
}

#[test]
fn our_re_invite_is_answered_and_its_ack_comes_as_often_as_the_200() {
    let scene = check_up(
        "taken",
        &[(20, "reoffer"), (30, "100 INVITE"), (40, "200 INVITE"), (540, "200 INVITE"), (600, "BYE")],
        "20 > INVITE\n40 > ACK\n40 ! OfferAnswered\n540 > ACK\n600 > 200 BYE\n600 ! Bye\n",
    );
    let (invite, ack) = (text(&scene, 2), text(&scene, 3));
    assert!(invite.ends_with(OFFER) && invite.contains("CSeq: 1 INVITE\r\n"), "{invite}");
    assert!(invite.contains(";tag=them\r\n") && invite.contains("\r\nContact: "), "{invite}");
    assert!(ack.contains("CSeq: 1 ACK\r\n") && ack.contains("Content-Length: 0\r\n"), "{ack}");
    assert!(ack.starts_with("ACK sip:desk@10.0.0.2:5062 "), "the target is refreshed by the 200: {ack}");
    check(
        "in a call of ours",
        &[(0, "call"), (9, "200 INVITE"), (20, "reoffer"), (30, "200 INVITE"), (40, "BYE")],
        "0 > INVITE\n9 > ACK\n9 ! Answered\n20 > INVITE\n30 > ACK\n30 ! OfferAnswered\n40 > 200 BYE\n40 ! Bye\n",
    );
}

#[test]
fn a_refused_change_leaves_the_call_as_it_was_and_only_481_and_408_end_it() {
    for status in [302, 400, 415, 486, 487, 488, 500, 503, 603, 606] {
        let (answer, refused) = (format!("{status} INVITE"), format!("OfferRefused {status}"));
        check_up(
            &answer,
            &[(20, "reoffer"), (30, &answer), (40, "BYE")],
            &format!("20 > INVITE\n30 > ACK\n30 ! {refused}\n40 > 200 BYE\n40 ! Bye\n"),
        );
    }
    for answer in ["481 INVITE", "408 INVITE"] {
        check_up(
            answer,
            &[(20, "reoffer"), (30, answer), (40, "200 BYE")],
            "20 > INVITE\n30 > ACK\n30 ! SessionLost Gone\n30 > BYE\n",
        );
    }
    let scene = Scene::new(settings(500)).play(&up(&[(20, "reoffer"), (32_100, "200 BYE")]));
    assert!(scene.ladder.ends_with("32020 ! SessionLost Gone\n32020 > BYE\n"), "{}", scene.ladder);
}

#[test]
fn glare_is_tried_again_in_the_window_of_the_owner_of_the_call_id() {
    for seed in 0..20 {
        let mut theirs = Scene::seeded(settings(500), seed);
        theirs =
            theirs.play(&up(&[(20, "reoffer"), (30, "491 INVITE"), (5_000, "200 INVITE"), (6_000, "BYE")]));
        let again = times(&theirs, "> INVITE")[1] - 30;
        assert!(again <= 2_000, "they own the Call-ID: {again} ms\n{}", theirs.ladder);
        let mut ours = Scene::seeded(settings(500), seed);
        ours = ours.play(&[
            (0, "call"),
            (9, "200 INVITE"),
            (20, "reoffer"),
            (30, "491 INVITE"),
            (5_000, "200 INVITE"),
            (6_000, "BYE"),
        ]);
        let again = times(&ours, "> INVITE")[2] - 30;
        assert!((2_100..=4_000).contains(&again), "we own the Call-ID: {again} ms\n{}", ours.ladder);
        for scene in [&theirs, &ours] {
            assert!(scene.ladder.contains("! OfferAnswered\n"), "{}", scene.ladder);
            assert!(newest(scene, "INVITE").ends_with(OFFER), "the same offer again");
        }
    }
}

#[test]
fn who_comes_in_the_way_of_an_offer_is_told_so() {
    // RFC 3264 §4: one offer at a time; RFC 3311 §5.2 says with which status.
    check_up(
        "theirs meet our re-INVITE, which stands",
        &[
            (20, "reoffer"),
            (25, "re-INVITE"),
            (26, "ACK failure"),
            (27, "UPDATE + sdp"),
            (40, "200 INVITE"),
            (50, "BYE"),
        ],
        "20 > INVITE\n25 > 491 INVITE\n27 > 491 UPDATE\n40 > ACK\n40 ! OfferAnswered\n50 > 200 BYE\n50 ! Bye\n",
    );
    let scene = check_up(
        "theirs meet their own",
        &[
            (20, "UPDATE + sdp"),
            (25, "UPDATE + sdp"),
            (26, "re-INVITE"),
            (27, "ACK failure"),
            (30, "answer reoffer"),
            (50, "BYE"),
        ],
        "20 ! Reoffer\n25 > 500 UPDATE\n26 > 500 INVITE\n30 > 200 UPDATE\n50 > 200 BYE\n50 ! Bye\n",
    );
    for place in [2, 3] {
        let refused = text(&scene, place);
        let wait =
            refused.split("\r\nRetry-After: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
        assert!(wait.is_some_and(|seconds: u32| seconds <= 10), "{refused}");
    }
    check_up(
        "ours wait for the end of theirs",
        &[
            (20, "re-INVITE"),
            (25, "reoffer"),
            (30, "answer reoffer"),
            (40, "ACK"),
            (50, "200 INVITE"),
            (60, "BYE"),
        ],
        "20 ! Reoffer\n20 > 100 INVITE\n30 > 200 INVITE\n40 ! Confirmed\n40 > INVITE\n50 > ACK\n\
         50 ! OfferAnswered\n60 > 200 BYE\n60 ! Bye\n",
    );
}

#[test]
fn asked_for_an_offer_the_peer_gets_its_answer_in_the_ack() {
    let scene = check_up(
        "taken",
        &[(20, "ask"), (30, "200 INVITE"), (40, "answer reoffer"), (530, "200 INVITE"), (600, "BYE")],
        "20 > INVITE\n30 ! Reoffer\n40 > ACK\n530 > ACK\n600 > 200 BYE\n600 ! Bye\n",
    );
    assert!(text(&scene, 2).contains("Content-Length: 0\r\n"), "{}", text(&scene, 2));
    assert!(text(&scene, 3).ends_with(SDP), "{}", text(&scene, 3));
    check_up(
        "not to be taken: it is acknowledged, and the call is over",
        &[(20, "ask"), (30, "200 INVITE"), (40, "refuse reoffer"), (50, "200 BYE")],
        "20 > INVITE\n30 ! Reoffer\n40 > ACK\n40 > BYE\n",
    );
    check_up(
        "they hang up before",
        &[(20, "ask"), (30, "200 INVITE"), (40, "BYE"), (50, "answer reoffer")],
        "20 > INVITE\n30 ! Reoffer\n40 > 200 BYE\n40 > ACK\n40 ! Bye\n",
    );
}

#[test]
fn a_change_that_is_taken_back_is_cancelled_in_all_its_races() {
    check_up(
        "while they think",
        &[
            (20, "reoffer"),
            (25, "100 INVITE"),
            (30, "withdraw"),
            (35, "200 CANCEL"),
            (36, "487 INVITE"),
            (50, "BYE"),
        ],
        "20 > INVITE\n30 > CANCEL\n36 > ACK\n36 ! OfferRefused 487\n50 > 200 BYE\n50 ! Bye\n",
    );
    check_up(
        "before the 100: CANCEL waits for it",
        &[
            (20, "reoffer"),
            (25, "withdraw"),
            (30, "100 INVITE"),
            (35, "200 CANCEL"),
            (36, "487 INVITE"),
            (50, "BYE"),
        ],
        "20 > INVITE\n30 > CANCEL\n36 > ACK\n36 ! OfferRefused 487\n50 > 200 BYE\n50 ! Bye\n",
    );
    check_up(
        "the 200 crosses the CANCEL: the change holds",
        &[
            (20, "reoffer"),
            (25, "100 INVITE"),
            (30, "withdraw"),
            (31, "200 INVITE"),
            (32, "481 CANCEL"),
            (50, "BYE"),
        ],
        "20 > INVITE\n30 > CANCEL\n31 > ACK\n31 ! OfferAnswered\n50 > 200 BYE\n50 ! Bye\n",
    );
    check_up(
        "before it was sent",
        &[
            (20, "re-INVITE"),
            (25, "reoffer"),
            (30, "withdraw"),
            (35, "answer reoffer"),
            (40, "ACK"),
            (50, "BYE"),
        ],
        "20 ! Reoffer\n20 > 100 INVITE\n30 ! OfferRefused 487\n35 > 200 INVITE\n40 ! Confirmed\n50 > 200 BYE\n\
         50 ! Bye\n",
    );
}

#[test]
fn the_end_of_the_call_crosses_a_change_of_ours() {
    check_up(
        "we hang up, then its 200 comes: acknowledged, for they send it until it is",
        &[
            (20, "reoffer"),
            (25, "100 INVITE"),
            (30, "hang up"),
            (40, "200 INVITE"),
            (50, "200 BYE"),
            (540, "200 INVITE"),
        ],
        "20 > INVITE\n30 > BYE\n40 > ACK\n540 > ACK\n",
    );
    check_up(
        "its 100 comes late, and nothing more: it is not waited for without end",
        &[(20, "reoffer"), (30, "hang up"), (40, "100 INVITE"), (50, "200 BYE")],
        "20 > INVITE\n30 > BYE\n",
    );
    check(
        "while our BYE waits for an ACK nothing more is told",
        &[
            (0, "INVITE"),
            (0, "answer"),
            (10, "hang up"),
            (20, "UPDATE + sdp"),
            (30, "re-INVITE"),
            (31, "ACK failure"),
            (40, "UPDATE"),
            (450, "OPTIONS"),
            (32_010, "200 BYE"),
        ],
        &format!(
            "0 ! Invite\n0 > 100 INVITE\n0 > 200 INVITE\n20 > 491 UPDATE\n30 > 491 INVITE\n40 > 200 UPDATE\n\
             450 > 200 OPTIONS\n{RESENT_2XX}32000 > BYE\n"
        ),
    );
    check_up(
        "they hang up and refuse it",
        &[(20, "reoffer"), (30, "BYE"), (31, "487 INVITE")],
        "20 > INVITE\n30 > 200 BYE\n30 ! Bye\n31 > ACK\n",
    );
}

#[test]
fn update_changes_media_or_only_tells_that_they_live() {
    // RFC 3311 §5.2
    check_up(
        "without media",
        &[(20, "UPDATE"), (25, "UPDATE again"), (50, "BYE")],
        "20 > 200 UPDATE\n25 > 200 UPDATE\n50 > 200 BYE\n50 ! Bye\n",
    );
    let scene = check_up(
        "taken",
        &[
            (20, "UPDATE + sdp"),
            (25, "UPDATE again + sdp"),
            (30, "answer reoffer"),
            (35, "UPDATE again + sdp"),
            (50, "BYE"),
        ],
        "20 ! Reoffer\n30 > 200 UPDATE\n35 > 200 UPDATE\n50 > 200 BYE\n50 ! Bye\n",
    );
    assert!(
        text(&scene, 2).ends_with(SDP) && text(&scene, 2).contains("\r\nContact: "),
        "{}",
        text(&scene, 2)
    );
    check_up(
        "refused: the call stands",
        &[(20, "UPDATE + sdp"), (30, "refuse reoffer"), (50, "BYE")],
        "20 ! Reoffer\n30 > 488 UPDATE\n50 > 200 BYE\n50 ! Bye\n",
    );
    check_up(
        // RFC 4320 §4.2: never with 408.
        "the switch is silent: no answer may come after Timer F",
        &[(20, "UPDATE + sdp"), (17_000, "BYE")],
        "20 ! Reoffer\n16020 > 504 UPDATE\n17000 > 200 BYE\n17000 ! Bye\n",
    );
    check_up(
        "a BYE meanwhile",
        &[(20, "UPDATE + sdp"), (30, "BYE"), (40, "answer reoffer")],
        "20 ! Reoffer\n30 > 200 BYE\n30 > 487 UPDATE\n30 ! Bye\n",
    );
}

#[test]
fn our_update_goes_where_it_is_known_and_else_as_a_re_invite() {
    // RFC 3311 §4, §5.1
    let scene = check(
        "their Allow names it",
        &up_with_update(&[
            (20, "update"),
            (30, "200 UPDATE + sdp"),
            (40, "refresh"),
            (50, "200 UPDATE"),
            (60, "BYE"),
        ]),
        &format!("{UP}20 > UPDATE\n30 ! OfferAnswered\n40 > UPDATE\n60 > 200 BYE\n60 ! Bye\n"),
    );
    let ours = text(&scene, 1);
    let allow = ours.lines().find(|line| line.starts_with("Allow: "));
    assert!(allow.is_some_and(|line| line.contains("UPDATE")), "our 200 says that we take one: {ours}");
    check(
        "it names it and does not do it",
        &up_with_update(&[
            (20, "update"),
            (30, "405 UPDATE"),
            (40, "200 INVITE"),
            (50, "update"),
            (60, "200 INVITE"),
            (70, "BYE"),
        ]),
        &format!(
            "{UP}20 > UPDATE\n30 > INVITE\n40 > ACK\n40 ! OfferAnswered\n50 > INVITE\n60 > ACK\n60 ! OfferAnswered\n\
             70 > 200 BYE\n70 ! Bye\n"
        ),
    );
    let scene = check_up(
        "it does not name it: the refresh says again what was said last",
        &[(20, "refresh"), (30, "200 INVITE"), (40, "BYE")],
        "20 > INVITE\n30 > ACK\n40 > 200 BYE\n40 ! Bye\n",
    );
    assert!(text(&scene, 2).ends_with(SDP), "{}", text(&scene, 2));
    for (answer, end) in [
        ("481 UPDATE", "30 ! SessionLost Gone\n30 > BYE\n"),
        ("408 UPDATE", "30 ! SessionLost Gone\n30 > BYE\n"),
    ] {
        check(
            answer,
            &up_with_update(&[(20, "update"), (30, answer), (40, "200 BYE")]),
            &format!("{UP}20 > UPDATE\n{end}"),
        );
    }
}

#[test]
fn the_target_moves_with_a_re_invite_an_update_and_a_200() {
    for word in ["UPDATE", "re-INVITE"] {
        let mut scene = Scene::new(settings(500));
        for word in ["INVITE", "answer", "ACK"] {
            scene.say(word);
        }
        let moved = scene.message(word).replace("<sip:p@10.0.0.2:5062>", "<sip:q@10.0.0.7:5070>");
        scene.datagram(moved.as_bytes());
        if word == "re-INVITE" {
            scene.say("answer reoffer");
            scene.say("ACK");
        }
        scene.say("hang up");
        assert!(scene.ladder.ends_with("0 > BYE to 10.0.0.7:5070\n"), "{word}\n{}", scene.ladder);
        assert!(newest(&scene, "BYE").starts_with("BYE sip:q@10.0.0.7:5070 "), "{}", newest(&scene, "BYE"));
    }
}

#[test]
fn a_key_of_ours_goes_in_info_and_its_answer_tells_whether_the_dialog_lives() {
    // RFC 6086 §4.2.1; RFC 5057 §5.1: a refused INFO says nothing of the dialog, 481 and 408 do.
    let answers =
        [("200", true), ("415", true), ("405", true), ("500", true), ("481", false), ("408", false)];
    for (status, alive) in answers {
        let answer = format!("{status} INFO");
        let scene = Scene::new(settings(500)).play(&up(&[(20, "press"), (30, &answer), (50, "BYE")]));
        let tail = format!("20 > INFO\n30 ! Probed {alive}\n50 > 200 BYE\n50 ! Bye\n");
        assert_eq!(scene.ladder, format!("{UP}{tail}"), "{status}");
        let info = newest(&scene, "INFO");
        assert!(info.contains("\r\nContent-Type: application/dtmf-relay\r\n"), "{info}");
        assert!(info.ends_with("\r\n\r\nSignal=#\r\nDuration=160\r\n"), "{info}");
    }
}

#[test]
fn a_key_in_info_is_told_and_what_is_no_key_is_refused() {
    // RFC 6086 §3: keys without an Info-Package are from before it, and still taken.
    let info = |kind: &str, body: &str| {
        let mut scene = Scene::new(Settings { ..settings(500) });
        for word in ["INVITE", "answer", "ACK"] {
            scene.say(word);
        }
        let plain = scene.message("INFO");
        let text = plain
            .replace("application/sdp", kind)
            .replace("Content-Length: 0", &format!("Content-Length: {}", body.len()));
        scene.datagram(format!("{text}{body}").as_bytes());
        let said = scene.ladder.lines().skip(4).collect::<Vec<_>>().join(" ");
        (said, String::from_utf8_lossy(scene.sent.last().unwrap()).into_owned())
    };
    for (kind, body, expected) in [
        ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "0 ! Info 5 0 > 200 INFO"),
        ("application/dtmf", "#", "0 ! Info pound 0 > 200 INFO"),
        ("application/dtmf-relay", "Signal=!\r\n", "0 > 200 INFO"),
        ("application/dtmf-relay", "Duration=160\r\n", "0 > 400 INFO"),
        ("text/plain", "5", "0 > 415 INFO"),
    ] {
        let (said, answer) = info(kind, body);
        assert_eq!(said, expected, "{kind} {body:?}");
        // RFC 6086 §4.2.2: who is refused for the kind of the body learns which ones are read.
        let kinds = answer.contains("\r\nAccept: application/dtmf-relay, application/dtmf\r\n");
        assert_eq!(kinds, expected.ends_with("415 INFO"), "{answer}");
    }
}
