//! Calls that we place: RFC 3261 §9.1, §13.2, §13.2.2, §15.1.1, §17.1, §18.1.2.

use super::phone::{Scene, check, settings};
use crate::limits::SIP_VIA_MAX;
use std::collections::BTreeSet;

#[test]
fn a_call_that_we_place_is_answered_and_ended() {
    let scene = check(
        "answered, they hang up",
        &[
            (0, "call"),
            (9, "100 INVITE"),
            (20, "180 INVITE"),
            (30, "180 INVITE"),
            (99, "200 INVITE"),
            (500, "BYE"),
        ],
        "0 > INVITE\n20 ! Ringing\n99 > ACK\n99 ! Answered\n500 > 200 BYE\n500 ! Bye\n",
    );
    let ack = String::from_utf8(scene.sent[1].clone()).unwrap();
    assert!(ack.starts_with("ACK sip:desk@10.0.0.2:5062 SIP/2.0\r\n"), "{ack}");
    assert!(ack.contains("CSeq: 1 ACK\r\n"), "{ack}");
    check(
        "answered, we hang up",
        &[(0, "call"), (99, "200 INVITE"), (500, "hang up"), (510, "200 BYE")],
        "0 > INVITE\n99 > ACK\n99 ! Answered\n500 > BYE\n",
    );
    check(
        "the 200 comes again: so does the ACK",
        &[(0, "call"), (99, "200 INVITE"), (599, "200 INVITE"), (700, "BYE")],
        "0 > INVITE\n99 > ACK\n99 ! Answered\n599 > ACK\n700 > 200 BYE\n700 ! Bye\n",
    );
    check(
        "they change media",
        &[
            (0, "call"),
            (9, "200 INVITE"),
            (50, "re-INVITE"),
            (60, "answer reoffer"),
            (70, "ACK"),
            (80, "BYE"),
        ],
        "0 > INVITE\n9 > ACK\n9 ! Answered\n50 ! Reoffer\n50 > 100 INVITE\n60 > 200 INVITE\n70 ! Confirmed\n\
         80 > 200 BYE\n80 ! Bye\n",
    );
}

#[test]
fn a_call_that_comes_to_nothing_says_why() {
    check(
        "busy, and again",
        &[(0, "call"), (99, "486 INVITE"), (599, "486 INVITE")],
        "0 > INVITE\n99 > ACK\n99 ! Failed 486\n599 > ACK\n",
    );
    check("redirected", &[(0, "call"), (99, "302 INVITE")], "0 > INVITE\n99 > ACK\n99 ! Failed 302\n");
    check(
        "nobody there",
        &[(0, "call")],
        "0 > INVITE\n500 > INVITE\n1500 > INVITE\n3500 > INVITE\n7500 > INVITE\n15500 > INVITE\n31500 > INVITE\n\
         32000 ! Failed 408\n",
    );
}

#[test]
fn a_call_that_is_given_up_is_cancelled_or_ended() {
    check(
        "while it rings",
        &[(0, "call"), (9, "180 INVITE"), (20, "hang up"), (30, "200 CANCEL"), (31, "487 INVITE")],
        "0 > INVITE\n9 ! Ringing\n20 > CANCEL\n31 > ACK\n",
    );
    check(
        "before the 100: CANCEL waits for it",
        &[(0, "call"), (9, "hang up"), (20, "100 INVITE"), (30, "200 CANCEL"), (31, "487 INVITE")],
        "0 > INVITE\n20 > CANCEL\n31 > ACK\n",
    );
    check(
        "the 200 crosses the CANCEL",
        &[
            (0, "call"),
            (9, "180 INVITE"),
            (20, "hang up"),
            (21, "200 INVITE"),
            (22, "481 CANCEL"),
            (23, "200 BYE"),
        ],
        "0 > INVITE\n9 ! Ringing\n20 > CANCEL\n21 > ACK\n21 > BYE\n",
    );
    check(
        "the 200 comes in place of the 100",
        &[(0, "call"), (9, "hang up"), (21, "200 INVITE"), (22, "200 BYE"), (521, "200 INVITE")],
        "0 > INVITE\n21 > ACK\n21 > BYE\n521 > ACK\n",
    );
    let scene = Scene::new(settings(500)).play(&[
        (0, "call"),
        (9, "180 INVITE"),
        (20, "hang up"),
        (30, "200 CANCEL"),
    ]);
    assert_eq!(scene.ladder, "0 > INVITE\n9 ! Ringing\n20 > CANCEL\n", "64·T1 after it, it is over");
}

#[test]
fn a_second_fork_is_acknowledged_and_ended() {
    check(
        "two forks answer",
        &[
            (0, "call"),
            (9, "200 INVITE one"),
            (20, "200 INVITE two"),
            (25, "200 BYE"),
            (30, "200 INVITE two"),
            (40, "200 INVITE one"),
            (50, "hang up"),
            (60, "200 BYE"),
        ],
        "0 > INVITE\n9 > ACK\n9 ! Answered\n20 > ACK\n20 > BYE\n30 > ACK\n40 > ACK\n50 > BYE\n",
    );
}

#[test]
fn the_ack_of_an_answer_that_comes_again_says_what_the_first_one_said() {
    // RFC 3261 §13.2.2.4; each is a request of its own, with its own branch (§8.1.1.7).
    let scene = Scene::new(settings(500)).play(&[
        (0, "call"),
        (9, "200 INVITE one"),
        (20, "200 INVITE one"),
        (30, "200 INVITE two"),
        (35, "200 BYE"),
        (40, "200 INVITE two"),
        (50, "hang up"),
        (60, "200 BYE"),
    ]);
    let text = |octets: &Vec<u8>| String::from_utf8(octets.clone()).unwrap();
    let acks = scene.sent.iter().map(text).filter(|text| text.starts_with("ACK "));
    let (branches, without): (BTreeSet<String>, Vec<String>) = acks
        .map(|ack| {
            let (before, after) = ack.split_once("branch=").unwrap();
            let end = after.find([';', '\r']).unwrap();
            (after[..end].to_owned(), before.to_owned() + &after[end..])
        })
        .unzip();
    assert_eq!((branches.len(), without.len()), (4, 4), "{without:#?}");
    assert_eq!((&without[0], &without[2]), (&without[1], &without[3]));
    assert_ne!(without[0], without[2], "another fork has another tag");
}

#[test]
fn each_request_of_ours_may_go_over_seventy_hops() {
    // RFC 3261 §8.1.1.6; so no honest message has more than 70 Vias.
    assert_eq!(SIP_VIA_MAX, 70);
    for (script, methods) in [
        (
            &[
                (0, "call"),
                (10, "183 INVITE + Require: 100rel + RSeq: 1 + sdp"),
                (20, "200 PRACK"),
                (30, "200 INVITE + Allow: UPDATE"),
                (40, "update"),
                (50, "200 UPDATE + sdp"),
                (60, "reoffer"),
                (70, "200 INVITE"),
                (80, "probe"),
                (90, "200 OPTIONS"),
                (99, "hang up"),
                (100, "200 BYE"),
            ][..],
            "INVITE PRACK ACK UPDATE INVITE ACK OPTIONS BYE",
        ),
        (
            &[(0, "call"), (9, "180 INVITE"), (20, "hang up"), (30, "200 CANCEL"), (31, "487 INVITE")],
            "INVITE CANCEL ACK",
        ),
    ] {
        let scene = Scene::new(settings(500)).play(script);
        let sent: Vec<_> = scene.sent.iter().map(|octets| String::from_utf8_lossy(octets)).collect();
        let begun: Vec<_> = sent.iter().filter_map(|text| text.split(' ').next()).collect();
        assert_eq!(begun.join(" "), methods, "{}", scene.ladder);
        for text in &sent {
            assert!(text.contains("\r\nMax-Forwards: 70\r\n"), "{text}");
        }
    }
}

#[test]
fn bye_in_our_name_goes_to_their_contact() {
    let scene = check(
        "we hang up",
        &[(0, "call"), (9, "200 INVITE"), (50, "hang up"), (60, "200 BYE"), (70, "200 BYE")],
        "0 > INVITE\n9 > ACK\n9 ! Answered\n50 > BYE\n",
    );
    let invite = String::from_utf8(scene.sent[0].clone()).unwrap();
    assert!(invite.contains("From: <sip:+1%20617@10.0.0.1:5060>;tag="), "{invite}");
    let bye = String::from_utf8(scene.sent[2].clone()).unwrap();
    assert!(bye.starts_with("BYE sip:desk@10.0.0.2:5062 SIP/2.0\r\n"), "{bye}");
    assert!(bye.contains("\r\nReason: SIP;cause=200;text=\"done\"\r\n"), "{bye}");
    assert!(bye.contains("CSeq: 2 BYE\r\n"), "{bye}");
}
