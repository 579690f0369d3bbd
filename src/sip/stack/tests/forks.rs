//! A call of ours that a proxy forks: RFC 3261 §12.1.2, §13.2.2.4, §16.7; RFC 3960.

use super::phone::{Scene, check, settings};

#[test]
fn each_fork_has_an_early_dialog_of_its_own_and_one_answers() {
    // RFC 3261 §12.1, §13.2.2.1: a 1xx with a tag makes an early dialog, in which requests may go.
    let scene = check(
        "the second answers, the first too late: its dialog is ended",
        &[
            (0, "call"),
            (10, "183 INVITE one + Require: 100rel + RSeq: 5 + sdp"),
            (11, "200 PRACK"),
            (20, "183 INVITE two + Require: 100rel + RSeq: 90 + sdp"),
            (21, "200 PRACK"),
            (30, "180 INVITE one + Require: 100rel + RSeq: 6"),
            (31, "200 PRACK"),
            (40, "200 INVITE two"),
            (50, "200 INVITE one"),
            (55, "200 BYE"),
            (60, "200 INVITE one"),
            (70, "200 INVITE two"),
            (80, "hang up"),
            (85, "200 BYE"),
        ],
        "0 > INVITE\n10 > PRACK\n10 ! EarlyMedia 0\n10 ! Ringing\n20 > PRACK\n20 ! EarlyMedia 1\n30 > PRACK\n\
         40 > ACK\n40 ! Answered\n50 > ACK\n50 > BYE\n60 > ACK\n70 > ACK\n80 > BYE\n",
    );
    let text = |place: usize| String::from_utf8_lossy(&scene.sent[place]).into_owned();
    for (place, tag, cseq) in [
        (1, "one", "2 PRACK"),
        (2, "two", "2 PRACK"),
        (3, "one", "3 PRACK"),
        (4, "two", "1 ACK"),
        (5, "one", "1 ACK"),
        (9, "two", "3 BYE"),
    ] {
        let sent = text(place);
        assert!(sent.contains(&format!(";tag={tag}\r\n")), "{place}: {tag}\n{sent}");
        assert!(sent.contains(&format!("CSeq: {cseq}\r\n")), "{place}: {cseq}\n{sent}");
    }
    let bye = text(6);
    let cseq: u32 = bye.split("CSeq: ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok()).unwrap();
    assert!(bye.contains(";tag=one\r\n") && cseq > 3, "its number is over those of its PRACKs:\n{bye}");
}

#[test]
fn early_media_is_told_for_each_fork_and_again_when_it_changes() {
    check(
        "183 with and without media, 180 after it",
        &[
            (0, "call"),
            (10, "183 INVITE"),
            (20, "183 INVITE + sdp"),
            (30, "180 INVITE"),
            (40, "183 INVITE + sdp"),
            (50, "183 INVITE two + sdp"),
            (60, "200 INVITE"),
            (70, "BYE"),
        ],
        "0 > INVITE\n10 ! Ringing\n20 ! EarlyMedia 0\n50 ! EarlyMedia 1\n60 > ACK\n60 ! Answered\n70 > 200 BYE\n\
         70 ! Bye\n",
    );
}

#[test]
fn a_final_refusal_ends_every_fork() {
    for status in ["486 INVITE one", "603 INVITE one"] {
        let number = &status[..3];
        check(
            status,
            &[
                (0, "call"),
                (10, "183 INVITE one + sdp"),
                (20, "180 INVITE two"),
                (30, status),
                (40, "UPDATE + sdp"),
            ],
            &format!(
                "0 > INVITE\n10 ! EarlyMedia 0\n10 ! Ringing\n30 > ACK\n30 ! Failed {number}\n40 > 481 UPDATE\n"
            ),
        );
    }
    check(
        "a target that asks for peace is quoted",
        &[(0, "call"), (30, "503 INVITE + Retry-After: 120")],
        "0 > INVITE\n30 > ACK\n30 ! Failed 503\n",
    );
}

#[test]
fn after_a_refusal_no_fork_is_known_any_more() {
    // RFC 3261 §13.2.2.3
    let mut scene = Scene::new(settings(500));
    for word in ["call", "183 INVITE one + sdp", "180 INVITE two"] {
        scene.say(word);
    }
    for (status, refusal) in [(200, Some("486 INVITE one")), (481, None)] {
        for tag in ["one", "two"] {
            let update = scene.message("UPDATE").replace(";tag=them", &format!(";tag={tag}"));
            scene.datagram(update.as_bytes());
            assert!(scene.ladder.ends_with(&format!("0 > {status} UPDATE\n")), "{tag}\n{}", scene.ladder);
        }
        refusal.into_iter().for_each(|word| scene.say(word));
    }
}

#[test]
fn a_callee_may_not_end_an_early_dialog_but_may_ask_in_it() {
    check(
        "BYE, OPTIONS, INFO",
        &[
            (0, "call"),
            (10, "180 INVITE"),
            (20, "BYE"),
            (30, "OPTIONS"),
            (40, "re-INVITE"),
            (45, "ACK failure"),
            (50, "200 INVITE"),
            (60, "BYE"),
        ],
        "0 > INVITE\n10 ! Ringing\n20 > 481 BYE\n30 > 200 OPTIONS\n40 > 481 INVITE\n50 > ACK\n50 ! Answered\n\
         60 > 200 BYE\n60 ! Bye\n",
    );
}

#[test]
fn a_call_that_is_given_up_is_silent_about_what_still_comes() {
    check(
        "early media after the CANCEL: acknowledged, not told",
        &[
            (0, "call"),
            (10, "180 INVITE one"),
            (20, "hang up"),
            (25, "200 CANCEL"),
            (30, "183 INVITE two + Require: 100rel + RSeq: 1 + sdp"),
            (35, "200 PRACK"),
            (40, "200 INVITE two"),
            (45, "200 BYE"),
            (50, "200 INVITE one"),
            (55, "200 BYE"),
        ],
        "0 > INVITE\n10 ! Ringing\n20 > CANCEL\n30 > PRACK\n40 > ACK\n40 > BYE\n50 > ACK\n50 > BYE\n",
    );
}

#[test]
fn the_ways_of_loose_and_strict_routers_are_kept() {
    for (route, start, last) in [
        ("<sip:10.0.0.2:5062;lr>", "BYE sip:desk@10.0.0.2:5062 ", "Route: <sip:10.0.0.2:5062;lr>"),
        ("<sip:10.0.0.2:5062>", "BYE sip:10.0.0.2:5062 ", "Route: <sip:desk@10.0.0.2:5062>"),
    ] {
        let answer = format!("200 INVITE + Record-Route: {route}");
        let scene =
            Scene::new(settings(500)).play(&[(0, "call"), (9, &answer), (20, "hang up"), (30, "200 BYE")]);
        let bye = String::from_utf8_lossy(&scene.sent[2]).into_owned();
        assert!(bye.starts_with(start) && bye.contains(&format!("\r\n{last}\r\n")), "{route}\n{bye}");
    }
}

#[test]
fn why_the_other_side_ends_it_is_read() {
    for (line, expected) in [
        ("Reason: Q.850;cause=16;text=\"Normal\"", " Q850 16"),
        ("Reason: foo;cause=1, SIP;cause=200;text=\"Call completed elsewhere\"", " Sip 200"),
        ("Reason: SIP;text=\"no number\"", ""),
    ] {
        let bye = format!("BYE + {line}");
        check(
            line,
            &[(0, "call"), (9, "200 INVITE"), (20, &bye)],
            &format!("0 > INVITE\n9 > ACK\n9 ! Answered\n20 > 200 BYE\n20 ! Bye{expected}\n"),
        );
        let cancel = format!("CANCEL + {line}");
        check(
            line,
            &[(0, "INVITE"), (9, &cancel), (10, "ACK failure")],
            &format!("0 ! Invite\n0 > 100 INVITE\n9 > 200 CANCEL\n9 > 487 INVITE\n9 ! Cancelled{expected}\n"),
        );
    }
}
