//! Calls that come in: RFC 3261 §8.2.2.2, §9, §9.2, §11.1, §12.2.2, §13, §13.3, §14, §14.2, §15, and
//! RFC 5407 §3.2.1 for the races.

use super::phone::{Scene, check, settings};
use crate::sip::interface::Settings;

/// A 2xx that is never acknowledged.
pub const RESENT_2XX: &str = "500 > 200 INVITE\n1500 > 200 INVITE\n3500 > 200 INVITE\n7500 > 200 INVITE\n\
    11500 > 200 INVITE\n15500 > 200 INVITE\n19500 > 200 INVITE\n23500 > 200 INVITE\n27500 > 200 INVITE\n\
    31500 > 200 INVITE\n";

#[test]
fn a_plain_call_is_taken_and_ended_by_either_side() {
    let scene = check(
        "they hang up",
        &[(0, "INVITE"), (50, "ring"), (100, "answer"), (120, "ACK"), (900, "BYE"), (950, "BYE again")],
        "0 ! Invite\n0 > 100 INVITE\n50 > 180 INVITE\n100 > 200 INVITE\n120 ! Confirmed\n900 > 200 BYE\n\
         900 ! Bye\n950 > 200 BYE\n",
    );
    let counters = scene.stack.counters();
    assert_eq!((counters.datagrams, counters.requests, counters.retransmissions_in), (4, 4, 1));
    assert_eq!((counters.retransmissions_out, counters.answers), (1, [2, 2, 0, 0, 0, 0]));
    check(
        "we hang up",
        &[(0, "INVITE"), (100, "answer"), (120, "ACK"), (900, "hang up"), (910, "200 BYE")],
        "0 ! Invite\n0 > 100 INVITE\n100 > 200 INVITE\n120 ! Confirmed\n900 > BYE\n",
    );
    check(
        "it rings long: each minute they hear of it",
        &[(0, "INVITE"), (0, "ring"), (70_000, "CANCEL"), (70_001, "ACK failure")],
        "0 ! Invite\n0 > 100 INVITE\n0 > 180 INVITE\n60000 > 180 INVITE\n70000 > 200 CANCEL\n70000 > 487 INVITE\n\
         70000 ! Cancelled\n",
    );
    check(
        "we hang up and they are gone",
        &[(0, "INVITE"), (0, "answer"), (0, "ACK"), (1_000, "hang up")],
        "0 ! Invite\n0 > 100 INVITE\n0 > 200 INVITE\n0 ! Confirmed\n1000 > BYE\n1500 > BYE\n2500 > BYE\n4500 > BYE\n\
         8500 > BYE\n12500 > BYE\n16500 > BYE\n20500 > BYE\n24500 > BYE\n28500 > BYE\n32500 > BYE\n",
    );
}

#[test]
fn retransmissions_never_reach_the_switch() {
    check(
        "the INVITE again, before and after the answer",
        &[
            (0, "INVITE"),
            (9, "INVITE again"),
            (20, "answer"),
            (30, "INVITE again"),
            (40, "ACK"),
            (50, "ACK"),
            (60, "INVITE again"),
            (99, "BYE"),
        ],
        "0 ! Invite\n0 > 100 INVITE\n9 > 100 INVITE\n20 > 200 INVITE\n40 ! Confirmed\n99 > 200 BYE\n99 ! Bye\n",
    );
    check(
        "the INVITE another way",
        &[(0, "INVITE"), (9, "INVITE merged"), (20, "refuse"), (30, "ACK failure")],
        "0 ! Invite\n0 > 100 INVITE\n9 > 482 INVITE\n20 > 486 INVITE\n520 > 486 INVITE\n1520 > 486 INVITE\n\
         3520 > 486 INVITE\n7520 > 486 INVITE\n11520 > 486 INVITE\n15520 > 486 INVITE\n19520 > 486 INVITE\n\
         23520 > 486 INVITE\n27520 > 486 INVITE\n31520 > 486 INVITE\n",
    );
}

#[test]
fn a_refused_call_is_over_with_its_ack() {
    check(
        "busy",
        &[
            (0, "INVITE"),
            (9, "refuse"),
            (20, "ACK failure"),
            (30, "ACK failure"),
            (40, "answer"),
            (50, "hang up"),
        ],
        "0 ! Invite\n0 > 100 INVITE\n9 > 486 INVITE\n",
    );
    check(
        "busy, the ACK comes late",
        &[(0, "INVITE"), (0, "refuse"), (600, "INVITE again"), (700, "ACK failure")],
        "0 ! Invite\n0 > 100 INVITE\n0 > 486 INVITE\n500 > 486 INVITE\n600 > 486 INVITE\n",
    );
    check(
        "the switch hangs up in place of answering",
        &[(0, "INVITE"), (9, "ring"), (10, "hang up"), (20, "ACK failure")],
        "0 ! Invite\n0 > 100 INVITE\n9 > 180 INVITE\n10 > 480 INVITE\n",
    );
}

#[test]
fn the_2xx_is_sent_until_the_ack() {
    check(
        "the ACK is late",
        &[(0, "INVITE"), (0, "answer"), (1_600, "ACK"), (2_000, "BYE")],
        "0 ! Invite\n0 > 100 INVITE\n0 > 200 INVITE\n500 > 200 INVITE\n1500 > 200 INVITE\n1600 ! Confirmed\n\
         2000 > 200 BYE\n2000 ! Bye\n",
    );
    let scene = check(
        "the ACK never comes",
        &[(0, "INVITE"), (0, "answer"), (32_100, "200 BYE")],
        &format!("0 ! Invite\n0 > 100 INVITE\n0 > 200 INVITE\n{RESENT_2XX}32000 ! AckMissing\n32000 > BYE\n"),
    );
    assert_eq!(scene.stack.counters().acks_missing, 1);
    check(
        "we hang up before the ACK: BYE waits for it",
        &[(0, "INVITE"), (0, "answer"), (100, "hang up"), (700, "ACK"), (710, "200 BYE")],
        "0 ! Invite\n0 > 100 INVITE\n0 > 200 INVITE\n500 > 200 INVITE\n700 > BYE\n",
    );
    check(
        "we hang up and the ACK never comes",
        &[(0, "INVITE"), (0, "answer"), (100, "hang up"), (32_100, "200 BYE")],
        &format!("0 ! Invite\n0 > 100 INVITE\n0 > 200 INVITE\n{RESENT_2XX}32000 > BYE\n"),
    );
}

#[test]
fn every_timer_follows_t1() {
    let script = [(0, "INVITE"), (0, "answer"), (322, "200 BYE")];
    let scene = Scene::new(settings(5)).play(&script);
    let end =
        scene.ladder.lines().filter(|line| line.contains("BYE") || line.contains('!')).collect::<Vec<_>>();
    assert_eq!(end, ["0 ! Invite", "320 ! AckMissing", "320 > BYE"], "{}", scene.ladder);
}

#[test]
fn cancel_races_are_settled_by_the_final_answer() {
    check(
        "while it rings",
        &[(0, "INVITE"), (9, "ring"), (20, "CANCEL"), (25, "ACK failure"), (30, "answer")],
        "0 ! Invite\n0 > 100 INVITE\n9 > 180 INVITE\n20 > 200 CANCEL\n20 > 487 INVITE\n20 ! Cancelled\n",
    );
    check(
        "CANCEL again",
        &[(0, "INVITE"), (20, "CANCEL"), (25, "CANCEL"), (30, "ACK failure")],
        "0 ! Invite\n0 > 100 INVITE\n20 > 200 CANCEL\n20 > 487 INVITE\n20 ! Cancelled\n25 > 200 CANCEL\n",
    );
    check(
        "CANCEL meets the 200: the call stands",
        &[(0, "INVITE"), (9, "answer"), (20, "CANCEL"), (25, "ACK"), (30, "BYE")],
        "0 ! Invite\n0 > 100 INVITE\n9 > 200 INVITE\n20 > 200 CANCEL\n25 ! Confirmed\n30 > 200 BYE\n30 ! Bye\n",
    );
    check("nothing to cancel", &[(0, "CANCEL")], "0 > 481 CANCEL\n");
}

#[test]
fn bye_races_leave_nothing_behind() {
    check(
        "BYE before the ACK",
        &[(0, "INVITE"), (0, "answer"), (100, "BYE"), (110, "ACK")],
        "0 ! Invite\n0 > 100 INVITE\n0 > 200 INVITE\n100 > 200 BYE\n100 ! Bye\n",
    );
    check(
        "BYE in an early dialog",
        &[(0, "INVITE"), (0, "ring"), (100, "BYE"), (110, "ACK failure")],
        "0 ! Invite\n0 > 100 INVITE\n0 > 180 INVITE\n100 > 200 BYE\n100 > 487 INVITE\n100 ! Bye\n",
    );
    check(
        "BYE crosses BYE",
        &[
            (0, "INVITE"),
            (0, "answer"),
            (9, "ACK"),
            (100, "hang up"),
            (105, "BYE"),
            (110, "200 BYE"),
            (120, "BYE"),
        ],
        "0 ! Invite\n0 > 100 INVITE\n0 > 200 INVITE\n9 ! Confirmed\n100 > BYE\n105 > 200 BYE\n120 > 200 BYE\n",
    );
    check(
        "a second BYE, and a re-INVITE after it",
        &[(0, "INVITE"), (0, "answer"), (9, "ACK"), (100, "BYE"), (105, "BYE"), (110, "re-INVITE")],
        "0 ! Invite\n0 > 100 INVITE\n0 > 200 INVITE\n9 ! Confirmed\n100 > 200 BYE\n100 ! Bye\n105 > 481 BYE\n\
         110 > 481 INVITE\n",
    );
    check(
        "BYE of a stranger",
        &[(0, "BYE stranger"), (5, "INVITE stranger"), (9, "ACK stranger")],
        "0 > 481 BYE\n5 > 481 INVITE\n",
    );
}

#[test]
fn a_delayed_offer_is_answered_by_the_ack() {
    check(
        "offerless",
        &[(0, "INVITE offerless"), (9, "answer"), (20, "ACK sdp"), (99, "BYE")],
        "0 ! Invite without sdp\n0 > 100 INVITE\n9 > 200 INVITE\n20 ! Confirmed with sdp\n99 > 200 BYE\n99 ! Bye\n",
    );
}

#[test]
fn a_re_invite_is_one_at_a_time() {
    const UP: &str = "0 ! Invite\n0 > 100 INVITE\n0 > 200 INVITE\n9 ! Confirmed\n";
    let up = [(0, "INVITE"), (0, "answer"), (9, "ACK")];
    let after = |rest: &[(u64, &'static str)]| [&up[..], rest].concat();
    check(
        "taken",
        &after(&[(20, "re-INVITE"), (30, "answer reoffer"), (40, "ACK"), (50, "BYE")]),
        &format!(
            "{UP}20 ! Reoffer\n20 > 100 INVITE\n30 > 200 INVITE\n40 ! Confirmed\n50 > 200 BYE\n50 ! Bye\n"
        ),
    );
    check(
        "refused: the call stands",
        &after(&[(20, "re-INVITE"), (30, "refuse"), (40, "ACK failure"), (50, "BYE")]),
        &format!("{UP}20 ! Reoffer\n20 > 100 INVITE\n30 > 486 INVITE\n50 > 200 BYE\n50 ! Bye\n"),
    );
    let scene = check(
        "a second one while the first is open",
        &after(&[(20, "re-INVITE"), (25, "re-INVITE"), (26, "ACK failure"), (50, "BYE")]),
        &format!(
            "{UP}20 ! Reoffer\n20 > 100 INVITE\n25 > 500 INVITE\n50 > 200 BYE\n50 > 487 INVITE\n50 ! Bye\n{}",
            unacknowledged(50, 487)
        ),
    );
    let refused =
        scene.sent.iter().map(|octets| String::from_utf8_lossy(octets)).find(|text| text.contains(" 500 "));
    assert!(refused.unwrap().contains("\r\nRetry-After: "));
    check(
        "the ACK was lost: the re-INVITE stands for it",
        &[(0, "INVITE"), (0, "answer"), (20, "re-INVITE"), (30, "answer reoffer"), (40, "ACK"), (50, "BYE")],
        "0 ! Invite\n0 > 100 INVITE\n0 > 200 INVITE\n20 ! Confirmed\n20 ! Reoffer\n20 > 100 INVITE\n30 > 200 INVITE\n\
         40 ! Confirmed\n50 > 200 BYE\n50 ! Bye\n",
    );
    check(
        "our own offer is not answered yet",
        &[(0, "INVITE offerless"), (0, "answer"), (20, "re-INVITE"), (21, "ACK failure"), (50, "BYE")],
        "0 ! Invite without sdp\n0 > 100 INVITE\n0 > 200 INVITE\n20 > 491 INVITE\n50 > 200 BYE\n50 ! Bye\n",
    );
    check(
        "cancelled: the call stands",
        &after(&[
            (20, "re-INVITE"),
            (25, "CANCEL"),
            (26, "ACK failure"),
            (30, "answer reoffer"),
            (50, "BYE"),
        ]),
        &format!(
            "{UP}20 ! Reoffer\n20 > 100 INVITE\n25 > 200 CANCEL\n25 > 487 INVITE\n50 > 200 BYE\n50 ! Bye\n"
        ),
    );
    check(
        "we hang up while it is open",
        &after(&[(20, "re-INVITE"), (25, "hang up"), (26, "ACK failure"), (30, "200 BYE")]),
        &format!("{UP}20 ! Reoffer\n20 > 100 INVITE\n25 > 487 INVITE\n25 > BYE\n"),
    );
    check(
        "the ACK of a re-INVITE never comes",
        &after(&[(1_000, "re-INVITE"), (1_000, "answer reoffer"), (33_100, "200 BYE")]),
        &format!(
            "{UP}1000 ! Reoffer\n1000 > 100 INVITE\n1000 > 200 INVITE\n{}33000 ! AckMissing\n33000 > BYE\n",
            later(RESENT_2XX, 1_000)
        ),
    );
}

/// The lines of a final answer that is never acknowledged.
fn unacknowledged(start: u64, status: u16) -> String {
    later(RESENT_2XX, start).replace("200", &status.to_string())
}

fn later(ladder: &str, by: u64) -> String {
    let line = |line: &str| {
        let (at, act) = line.split_once(' ').unwrap();
        format!("{} {act}\n", at.parse::<u64>().unwrap() + by)
    };
    ladder.lines().map(line).collect()
}

#[test]
fn a_party_that_is_still_there_is_told_from_one_that_is_gone() {
    const UP: &str = "0 ! Invite\n0 > 100 INVITE\n0 > 200 INVITE\n9 ! Confirmed\n";
    let up = [(0, "INVITE"), (0, "answer"), (9, "ACK")];
    let after = |rest: &[(u64, &'static str)]| [&up[..], rest].concat();
    for (answer, alive) in
        [("200 OPTIONS", true), ("405 OPTIONS", true), ("481 OPTIONS", false), ("408 OPTIONS", false)]
    {
        check(
            answer,
            &after(&[(20, "probe"), (30, answer), (50, "BYE")]),
            &format!("{UP}20 > OPTIONS\n30 ! Probed {alive}\n50 > 200 BYE\n50 ! Bye\n"),
        );
    }
    let scene = Scene::new(settings(500)).play(&after(&[(0, "probe")]));
    assert!(scene.ladder.ends_with("32000 ! Probed false\nlegs 1\n"), "{}", scene.ladder);
    check(
        "they ask the same of us",
        &after(&[(20, "OPTIONS"), (30, "OPTIONS again"), (40, "INFO"), (50, "DANCE"), (60, "BYE")]),
        &format!(
            "{UP}20 > 200 OPTIONS\n30 > 200 OPTIONS\n40 > 200 INFO\n50 > 501 DANCE\n60 > 200 BYE\n60 ! Bye\n"
        ),
    );
}

#[test]
fn many_calls_at_once_are_all_taken_and_all_forgotten() {
    const CALLS: u64 = 500;
    let mut scene = Scene::new(Settings { requests_a_second: 1_000, ..settings(500) });
    let [invite, ack, bye] = ["INVITE", "ACK", "BYE"].map(|word| scene.message(word));
    let mut tags = Vec::new();
    for call in 0..CALLS {
        let own = |text: &str| text.replace("Call-ID: c1", &format!("Call-ID: c{call}"));
        let text = own(&invite).replace("z9hG4bK1", &format!("z9hG4bKi{call}"));
        scene.datagram(text.as_bytes());
        scene.say("answer");
        tags.push(scene.our_tag());
    }
    assert_eq!((scene.stack.legs(), scene.stack.transactions()), (500, 500));
    for (call, tag) in tags.iter().enumerate() {
        for (text, cseq) in [(&ack, "1 ACK"), (&bye, "2 BYE")] {
            let own = text
                .replace("Call-ID: c1", &format!("Call-ID: c{call}"))
                .replace(";tag=\r\n", &format!(";tag={tag}\r\n"));
            let text = own.replace("branch=z9hG4bK", &format!("branch=z9hG4bK{call}x"));
            assert!(text.contains(cseq), "{text}");
            scene.datagram(text.as_bytes());
        }
    }
    let scene = scene.play(&[]);
    assert_eq!(scene.stack.counters().answers, [CALLS, 2 * CALLS, 0, 0, 0, 0]);
    assert_eq!((scene.stack.legs(), scene.ladder.matches("! Bye").count()), (0, 500));
}

#[test]
fn a_call_from_before_our_restart_is_unknown_and_can_begin_anew() {
    let mut before = Scene::new(settings(500));
    for word in ["INVITE", "answer", "ACK"] {
        before.say(word);
    }
    let (bye, invite) = (before.message("BYE"), before.message("INVITE again"));
    let mut after = Scene::new(settings(500));
    after.datagram(bye.as_bytes());
    after.datagram(invite.as_bytes());
    assert_eq!(after.ladder, "0 > 481 BYE\n0 ! Invite\n0 > 100 INVITE\n");
}
