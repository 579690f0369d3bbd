//! Provisional answers that are not lost: RFC 3262, as callee and as caller.

use super::phone::{SDP, Scene, check};

const NEEDS: &str = "INVITE + Require: 100rel";
const NEEDS_OFFER: &str = "INVITE offerless + Require: 100rel";

fn text(scene: &Scene, place: usize) -> String {
    String::from_utf8_lossy(&scene.sent[place]).into_owned()
}

#[test]
fn a_180_that_may_not_be_lost_comes_until_its_prack() {
    // RFC 3262 §3: sent from T1 on, doubling, for 64·T1; then the INVITE is refused with a 5xx.
    let scene = check(
        "it rings",
        &[
            (0, NEEDS),
            (0, "ring"),
            (1_600, "PRACK"),
            (1_610, "PRACK again"),
            (2_000, "answer"),
            (2_010, "ACK"),
            (2_020, "BYE"),
        ],
        "0 ! Invite\n0 > 100 INVITE\n0 > 180 INVITE\n500 > 180 INVITE\n1500 > 180 INVITE\n1600 > 200 PRACK\n\
         1610 > 200 PRACK\n2000 > 200 INVITE\n2010 ! Confirmed\n2020 > 200 BYE\n2020 ! Bye\n",
    );
    assert!(text(&scene, 1).contains("\r\nRequire: 100rel\r\n"), "{}", text(&scene, 1));
    let rseq = text(&scene, 1).split("\r\nRSeq: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
    assert!(rseq.is_some_and(|rseq: u32| (1..1 << 31).contains(&rseq)), "{}", text(&scene, 1));
    check(
        "never acknowledged",
        &[(0, NEEDS), (0, "ring"), (32_001, "ACK failure")],
        "0 ! Invite\n0 > 100 INVITE\n0 > 180 INVITE\n500 > 180 INVITE\n1500 > 180 INVITE\n3500 > 180 INVITE\n\
         7500 > 180 INVITE\n15500 > 180 INVITE\n31500 > 180 INVITE\n32000 > 504 INVITE\n32000 ! AckMissing\n",
    );
    check(
        "cancelled before it was acknowledged",
        &[(0, NEEDS), (0, "ring"), (100, "CANCEL"), (110, "ACK failure"), (120, "PRACK")],
        "0 ! Invite\n0 > 100 INVITE\n0 > 180 INVITE\n100 > 200 CANCEL\n100 > 487 INVITE\n100 ! Cancelled\n\
         120 > 481 PRACK\n",
    );
}

#[test]
fn without_the_wish_for_it_nothing_is_reliable() {
    check(
        "a plain 180",
        &[(0, "INVITE + Supported: 100rel"), (0, "ring"), (10, "PRACK"), (20, "CANCEL"), (21, "ACK failure")],
        "0 ! Invite\n0 > 100 INVITE\n0 > 180 INVITE\n10 > 481 PRACK\n20 > 200 CANCEL\n20 > 487 INVITE\n\
         20 ! Cancelled\n",
    );
    check(
        "an offer that could be lost is not sent",
        &[(0, "INVITE offerless"), (0, "progress"), (9, "answer"), (20, "ACK + sdp"), (30, "BYE")],
        "0 ! Invite without sdp\n0 > 100 INVITE\n0 > 183 INVITE\n9 > 200 INVITE\n20 ! Confirmed with sdp\n\
         30 > 200 BYE\n30 ! Bye\n",
    );
}

#[test]
fn an_offer_in_the_first_reliable_answer_is_answered_by_the_prack() {
    // RFC 3262 §5
    let scene = check(
        "answered before",
        &[
            (0, NEEDS_OFFER),
            (0, "ring"),
            (10, "progress"),
            (20, "answer"),
            (30, "PRACK + sdp"),
            (40, "ACK"),
            (50, "BYE"),
        ],
        "0 ! Invite without sdp\n0 > 100 INVITE\n10 > 183 INVITE\n30 > 200 PRACK\n30 ! OfferAnswered\n\
         30 > 200 INVITE\n40 ! Confirmed\n50 > 200 BYE\n50 ! Bye\n",
    );
    assert!(
        text(&scene, 1).ends_with(SDP),
        "the 180 that would have to offer is left out: {}",
        text(&scene, 1)
    );
    assert!(text(&scene, 3).contains("Content-Length: 0\r\n"), "all is said: {}", text(&scene, 3));
    check(
        "the PRACK forgets the answer: we offer again in the 200",
        &[(0, NEEDS_OFFER), (0, "progress"), (9, "answer"), (20, "PRACK"), (30, "ACK + sdp"), (50, "BYE")],
        "0 ! Invite without sdp\n0 > 100 INVITE\n0 > 183 INVITE\n20 > 200 PRACK\n20 > 200 INVITE\n\
         30 ! Confirmed with sdp\n50 > 200 BYE\n50 ! Bye\n",
    );
    check(
        "their offer may not cross ours",
        &[(0, NEEDS_OFFER), (0, "progress"), (9, "UPDATE + sdp"), (20, "CANCEL"), (21, "ACK failure")],
        "0 ! Invite without sdp\n0 > 100 INVITE\n0 > 183 INVITE\n9 > 491 UPDATE\n20 > 200 CANCEL\n20 > 487 INVITE\n\
         20 ! Cancelled\n",
    );
}

#[test]
fn the_200_waits_for_the_prack_of_an_answer_and_for_a_second_offer_in_it() {
    // RFC 3262 §3, §5
    let scene = check(
        "an answer in the 183",
        &[(0, NEEDS), (0, "progress"), (9, "answer"), (20, "PRACK"), (30, "ACK"), (50, "BYE")],
        "0 ! Invite\n0 > 100 INVITE\n0 > 183 INVITE\n20 > 200 PRACK\n20 > 200 INVITE\n30 ! Confirmed\n50 > 200 BYE\n\
         50 ! Bye\n",
    );
    assert!(text(&scene, 3).contains("Content-Length: 0\r\n"), "it was said before: {}", text(&scene, 3));
    check(
        "a second offer in its PRACK",
        &[
            (0, NEEDS),
            (0, "progress"),
            (9, "answer"),
            (20, "PRACK + sdp"),
            (30, "answer reoffer"),
            (40, "ACK"),
            (50, "BYE"),
        ],
        "0 ! Invite\n0 > 100 INVITE\n0 > 183 INVITE\n20 ! Reoffer\n30 > 200 PRACK\n30 > 200 INVITE\n40 ! Confirmed\n\
         50 > 200 BYE\n50 ! Bye\n",
    );
    check(
        "a refusal waits for nothing",
        &[(0, NEEDS), (0, "progress"), (9, "refuse"), (20, "ACK failure")],
        "0 ! Invite\n0 > 100 INVITE\n0 > 183 INVITE\n9 > 486 INVITE\n",
    );
    check(
        "an UPDATE in the early dialog",
        &[
            (0, NEEDS),
            (0, "progress"),
            (9, "PRACK"),
            (20, "UPDATE + sdp"),
            (25, "answer reoffer"),
            (30, "answer"),
            (40, "ACK"),
            (50, "BYE"),
        ],
        "0 ! Invite\n0 > 100 INVITE\n0 > 183 INVITE\n9 > 200 PRACK\n20 ! Reoffer\n25 > 200 UPDATE\n30 > 200 INVITE\n\
         40 ! Confirmed\n50 > 200 BYE\n50 ! Bye\n",
    );
}

#[test]
fn a_prack_that_names_nothing_of_ours_is_refused() {
    // RFC 3262 §3
    for (rack, status) in [("1 1 INVITE", 481), ("x", 481), ("", 481)] {
        let mut scene = Scene::new(super::phone::settings(500));
        for word in [NEEDS, "ring"] {
            scene.say(word);
        }
        let prack = scene.message("PRACK");
        let ours = prack.lines().find(|line| line.starts_with("RAck: ")).expect("an RAck").to_owned();
        scene.datagram(prack.replace(&ours, &format!("RAck: {rack}")).as_bytes());
        assert!(scene.ladder.ends_with(&format!("0 > {status} PRACK\n")), "{rack}\n{}", scene.ladder);
    }
}

#[test]
fn as_caller_each_reliable_answer_gets_one_prack_and_a_gap_gets_none() {
    // RFC 3262 §4
    let scene = check(
        "in order, again, after a gap",
        &[
            (0, "call"),
            (10, "183 INVITE + Require: 100rel + RSeq: 7 + sdp"),
            (15, "200 PRACK"),
            (20, "183 INVITE + Require: 100rel + RSeq: 7 + sdp"),
            (30, "180 INVITE + Require: 100rel + RSeq: 9"),
            (40, "180 INVITE + Require: 100rel + RSeq: 8"),
            (45, "200 PRACK"),
            (90, "200 INVITE"),
            (99, "BYE"),
        ],
        "0 > INVITE\n10 > PRACK\n10 ! EarlyMedia 0\n10 ! Ringing\n40 > PRACK\n90 > ACK\n90 ! Answered\n99 > 200 BYE\n\
         99 ! Bye\n",
    );
    let prack = text(&scene, 1);
    assert!(prack.contains("\r\nRAck: 7 1 INVITE\r\n") && prack.contains("CSeq: 2 PRACK\r\n"), "{prack}");
    assert!(text(&scene, 2).contains("\r\nRAck: 8 1 INVITE\r\n"), "{}", text(&scene, 2));
    check(
        "its answer came before: the 200 carries none",
        &[
            (0, "call"),
            (10, "183 INVITE + Require: 100rel + RSeq: 1 + sdp"),
            (15, "200 PRACK"),
            (90, "200 INVITE bare"),
            (99, "BYE"),
        ],
        "0 > INVITE\n10 > PRACK\n10 ! EarlyMedia 0\n10 ! Ringing\n90 > ACK\n90 ! Answered\n99 > 200 BYE\n99 ! Bye\n",
    );
    check(
        "they offer anew in the early dialog",
        &[
            (0, "call"),
            (10, "183 INVITE + Require: 100rel + RSeq: 1 + sdp"),
            (15, "200 PRACK"),
            (20, "UPDATE + sdp"),
            (30, "answer reoffer"),
            (90, "200 INVITE"),
            (99, "BYE"),
        ],
        "0 > INVITE\n10 > PRACK\n10 ! EarlyMedia 0\n10 ! Ringing\n20 ! Reoffer\n30 > 200 UPDATE\n90 > ACK\n\
         90 ! Answered\n99 > 200 BYE\n99 ! Bye\n",
    );
    check(
        "we gave the call up meanwhile",
        &[
            (0, "call"),
            (10, "183 INVITE + Require: 100rel + RSeq: 1 + sdp"),
            (15, "200 PRACK"),
            (20, "hang up"),
            (25, "200 CANCEL"),
            (30, "UPDATE + sdp"),
            (40, "487 INVITE"),
        ],
        "0 > INVITE\n10 > PRACK\n10 ! EarlyMedia 0\n10 ! Ringing\n20 > CANCEL\n30 > 491 UPDATE\n40 > ACK\n",
    );
    check(
        "before our offer is answered for good they may not",
        &[(0, "call"), (10, "183 INVITE + sdp"), (20, "UPDATE + sdp"), (30, "486 INVITE")],
        "0 > INVITE\n10 ! EarlyMedia 0\n10 ! Ringing\n20 > 491 UPDATE\n30 > ACK\n30 ! Failed 486\n",
    );
}
