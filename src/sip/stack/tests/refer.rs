//! REFER within a call and outside of one, and what its sender is told: RFC 3515, RFC 3891 §3, RFC 4488, RFC 6665 §4.2.2.

use super::phone::{Scene, check, settings};
use super::register::phones;
use crate::clock::Instant;
use crate::sip::interface::Input;

const UP: [(u64, &str); 2] = [(0, "call"), (9, "200 INVITE")];
const UP_LADDER: &str = "0 > INVITE\n9 > ACK\n9 ! Answered\n";
const REFER: &str = "REFER + Refer-To: <sip:desk@10.0.0.1>";
const TAKEN: &str = "100 ! Refer here desk\n100 > 202 REFER\n100 > NOTIFY\n";

/// A call that we placed, then this script.
#[track_caller]
fn check_up(name: &str, rest: &[(u64, &str)], ladder: &str) -> Scene {
    check(name, &[&UP, rest].concat(), &format!("{UP_LADDER}{ladder}"))
}

/// The same after a REFER that is taken at 100 ms.
#[track_caller]
fn check_taken(name: &str, rest: &[(u64, &str)], ladder: &str) -> Scene {
    check_up(name, &[&[(100, REFER), (100, "accept refer")], rest].concat(), &format!("{TAKEN}{ladder}"))
}

/// The NOTIFYs, each once.
fn notifys(scene: &Scene) -> Vec<String> {
    let text = |octets: &Vec<u8>| String::from_utf8_lossy(octets).into_owned();
    let mut all: Vec<String> =
        scene.sent.iter().map(text).filter(|text| text.starts_with("NOTIFY ")).collect();
    all.dedup();
    all
}

#[track_caller]
fn says(text: &str, state: &str, status: &str) {
    assert!(
        text.contains("\r\nEvent: refer\r\n") && text.contains("\r\nContact: <sip:10.0.0.1:5060>\r\n"),
        "{text}"
    );
    assert!(text.contains(&format!("\r\nSubscription-State: {state}\r\n")), "{text}");
    assert!(text.contains("\r\nContent-Type: message/sipfrag;version=2.0\r\n"), "{text}");
    assert!(text.ends_with(&format!("\r\n\r\nSIP/2.0 {status}\r\n")), "{text}");
}

#[test]
fn who_refers_is_told_at_once_and_at_the_end_and_our_bye_waits_for_that() {
    // RFC 3515 §2.4.2, §2.4.4, §2.4.5; RFC 5589 §6.1
    let scene = check_taken(
        "it is done, then we hang up",
        &[(110, "200 NOTIFY"), (900, "tell done"), (900, "hang up"), (950, "200 NOTIFY"), (960, "200 BYE")],
        "900 > NOTIFY\n950 > BYE\n",
    );
    let told = notifys(&scene);
    says(&told[0], "active;expires=90", "100 Trying");
    says(&told[1], "terminated;reason=noresource", "200 OK");
    // The REFER told another Contact than the 200 (RFC 5057 §5.4).
    assert!(told[0].starts_with("NOTIFY sip:p@10.0.0.2:5062 SIP/2.0\r\n"), "{}", told[0]);
    let scene = check_taken(
        "busy before the first NOTIFY is answered: one at a time",
        &[(105, "tell busy"), (110, "200 NOTIFY"), (120, "200 NOTIFY"), (500, "BYE")],
        "110 > NOTIFY\n500 > 200 BYE\n500 ! Bye\n",
    );
    says(&notifys(&scene)[1], "terminated;reason=noresource", "486 Busy Here");
    check_taken(
        "they hang up when they are told",
        &[(110, "200 NOTIFY"), (900, "tell done"), (900, "hang up"), (905, "BYE"), (910, "200 NOTIFY")],
        "900 > NOTIFY\n905 > 200 BYE\n",
    );
    check_taken(
        "we hang up and nothing came of it yet: nothing to wait for",
        &[(110, "200 NOTIFY"), (900, "hang up"), (910, "200 BYE")],
        "900 > BYE\n",
    );
    check_taken(
        "our BYE may not wait any longer",
        &[
            (110, "200 NOTIFY"),
            (900, "tell done"),
            (900, "hang up"),
            (910, "part now"),
            (920, "200 NOTIFY"),
            (930, "200 BYE"),
        ],
        "900 > NOTIFY\n910 > BYE\n",
    );
}

#[test]
fn who_hangs_up_after_the_202_is_told_all_the_same() {
    // RFC 5057 §4.1: the BYE ends the call, and the subscription lives on in the dialog.
    check_taken(
        "at once",
        &[(120, "BYE"), (130, "200 NOTIFY"), (900, "tell done"), (910, "200 NOTIFY")],
        "120 > 200 BYE\n120 ! Bye\n900 > NOTIFY\n",
    );
    check_taken(
        "and would end it: it ends by itself",
        &[
            (120, "SUBSCRIBE + Event: refer + Expires: 0"),
            (130, "200 NOTIFY"),
            (140, "SUBSCRIBE + Event: dialog"),
            (150, "SUBSCRIBE + Event: message-summary"),
            (160, "BYE"),
            (900, "tell done"),
            (910, "200 NOTIFY"),
        ],
        "120 > 403 SUBSCRIBE\n140 > 489 SUBSCRIBE\n150 > 403 SUBSCRIBE\n160 > 200 BYE\n160 ! Bye\n900 > NOTIFY\n",
    );
    check_taken(
        "and has forgotten the dialog",
        &[(120, "BYE"), (130, "481 NOTIFY"), (900, "tell done")],
        "120 > 200 BYE\n120 ! Bye\n",
    );
    check_taken(
        "and asks for more: the call is over",
        &[
            (110, "200 NOTIFY"),
            (120, "BYE"),
            (130, "re-INVITE"),
            (131, "ACK failure"),
            (140, "INFO"),
            (150, REFER),
            (900, "tell busy"),
            (910, "200 NOTIFY"),
        ],
        "120 > 200 BYE\n120 ! Bye\n130 > 481 INVITE\n140 > 481 INFO\n150 > 481 REFER\n900 > NOTIFY\n",
    );
}

#[test]
fn a_notify_that_is_not_taken_ends_the_telling_and_not_the_call() {
    // RFC 6665 §4.2.2, RFC 5057 §5.1
    for answer in ["481 NOTIFY", "489 NOTIFY", "500 NOTIFY", "408 NOTIFY"] {
        check_taken(
            answer,
            &[
                (110, answer),
                (200, "tell done"),
                (300, "re-INVITE"),
                (310, "answer reoffer"),
                (320, "ACK"),
                (400, "BYE"),
            ],
            "300 ! Reoffer\n300 > 100 INVITE\n310 > 200 INVITE\n320 ! Confirmed\n400 > 200 BYE\n400 ! Bye\n",
        );
    }
    let again = [600, 1_600, 3_600, 7_600, 11_600, 15_600, 19_600, 23_600, 27_600, 31_600];
    let again: String = again.iter().map(|at| format!("{at} > NOTIFY\n")).collect();
    check_taken(
        "nobody answers: our BYE waits for the end of the transaction",
        &[(150, "tell busy"), (200, "hang up"), (32_110, "200 BYE")],
        &format!("{again}32100 > BYE\n"),
    );
}

#[test]
fn a_subscription_of_which_nothing_is_heard_ends_by_itself() {
    // RFC 6665 §4.1.3, §4.2.2, §8.2.3
    let scene = check_taken(
        "no outcome",
        &[(110, "200 NOTIFY"), (90_110, "200 NOTIFY"), (91_000, "BYE")],
        "90100 > NOTIFY\n91000 > 200 BYE\n91000 ! Bye\n",
    );
    says(&notifys(&scene)[1], "terminated;reason=timeout", "100 Trying");
    check_up(
        "the switch says nothing",
        &[(100, REFER), (20_000, "accept refer"), (20_010, "BYE")],
        "100 ! Refer here desk\n16100 > 504 REFER\n20010 > 200 BYE\n20010 ! Bye\n",
    );
    check_up(
        "a BYE before the answer",
        &[(100, REFER), (200, "BYE"), (300, "accept refer")],
        "100 ! Refer here desk\n200 > 200 BYE\n200 > 487 REFER\n200 ! Bye\n",
    );
    check_up(
        "our BYE before the answer",
        &[(100, REFER), (200, "hang up"), (210, "200 BYE")],
        "100 ! Refer here desk\n200 > 487 REFER\n200 > BYE\n",
    );
    check_up(
        "refused",
        &[(100, REFER), (100, "refuse refer"), (110, REFER), (110, "refuse refer"), (200, "BYE")],
        "100 ! Refer here desk\n100 > 403 REFER\n110 ! Refer here desk\n110 > 403 REFER\n200 > 200 BYE\n200 ! Bye\n",
    );
}

#[test]
fn who_does_not_want_to_be_told_is_not() {
    // RFC 4488 §3
    for lines in ["Refer-Sub: false", "Refer-Sub: FALSE + Require: norefersub"] {
        let refer = format!("{REFER} + {lines}");
        let scene = check_up(
            lines,
            &[(100, &refer), (100, "accept refer"), (900, "tell done"), (900, "hang up"), (910, "200 BYE")],
            "100 ! Refer here desk\n100 > 202 REFER\n900 > BYE\n",
        );
        let accepted = String::from_utf8_lossy(&scene.sent[2]).into_owned();
        assert!(accepted.contains("\r\nRefer-Sub: false\r\n"), "{accepted}");
    }
}

#[test]
fn one_refer_is_taken_at_a_time_and_a_later_one_is_told_apart() {
    // RFC 3261 §21.4.27, RFC 3515 §2.4.6
    let scene = check_taken(
        "two, and a third when the first is done",
        &[
            (105, REFER),
            (110, "200 NOTIFY"),
            (120, "tell busy"),
            (130, REFER),
            (140, "200 NOTIFY"),
            (150, REFER),
            (150, "accept refer"),
            (160, "200 NOTIFY"),
            (170, "BYE"),
            (180, "tell done"),
            (190, "200 NOTIFY"),
        ],
        "105 > 491 REFER\n120 > NOTIFY\n130 > 491 REFER\n150 ! Refer here desk\n150 > 202 REFER\n150 > NOTIFY\n\
         170 > 200 BYE\n170 ! Bye\n180 > NOTIFY\n",
    );
    let events: Vec<String> = notifys(&scene)
        .iter()
        .filter_map(|text| text.lines().find_map(|line| line.strip_prefix("Event: ")).map(str::to_owned))
        .collect();
    assert_eq!(events, ["refer", "refer", "refer;id=4", "refer;id=4"]);
}

#[test]
fn a_refer_that_points_to_nobody_or_stands_nowhere_is_refused() {
    // RFC 3515 §2.4.2, RFC 3261 §12.2.2, §21.4.4
    for (word, status) in [
        ("REFER", 400),
        ("REFER + Refer-To: <sip:a@h> + Refer-To: <sip:b@h>", 400),
        ("REFER + Refer-To: <sip:a@h?Replaces=x>", 400),
        // RFC 3891 §3: only an INVITE takes a place by this header field itself.
        ("REFER + Refer-To: <sip:a@h> + Replaces: x;to-tag=a;from-tag=b", 400),
        ("REFER + Refer-To: <http://h>", 416),
        ("REFER + Refer-To: <sip:a@h;method=BYE>", 403),
        ("REFER + Refer-To: <sip:a@h> + Require: magic", 420),
    ] {
        check_up(
            word,
            &[(100, word), (200, "BYE")],
            &format!("100 > {status} REFER\n200 > 200 BYE\n200 ! Bye\n"),
        );
    }
    check("outside of a dialog", &[(0, "REFER outside + Refer-To: <sip:a@h>")], "0 > 403 REFER\n");
    check("in a dialog that is none", &[(0, "REFER stranger + Refer-To: <sip:a@h>")], "0 > 481 REFER\n");
    check(
        "before we answered",
        &[(0, "INVITE"), (0, "ring"), (10, REFER), (20, "CANCEL"), (30, "ACK failure")],
        "0 ! Invite\n0 > 100 INVITE\n0 > 180 INVITE\n10 > 403 REFER\n20 > 200 CANCEL\n20 > 487 INVITE\n20 ! Cancelled\n",
    );
    check(
        "before they answered",
        &[(0, "call"), (9, "180 INVITE"), (20, REFER), (30, "486 INVITE")],
        "0 > INVITE\n9 ! Ringing\n20 > 403 REFER\n30 > ACK\n30 ! Failed 486\n",
    );
}

#[test]
fn whom_a_refer_means_is_read_from_how_phones_write_it() {
    for (uri, meant) in [
        ("sip:ann@careline", "user sip:ann@careline"),
        ("sip:ann@CareLine;transport=tcp", "user sip:ann@careline"),
        ("sip:ann@10.0.0.1", "user sip:ann@careline"),
        ("sip:%61nn@10.0.0.1:5060", "user sip:ann@careline"),
        ("sips:ann@10.0.0.1", "user sip:ann@careline"),
        ("sip:Ann@10.0.0.1", "here Ann"),
        ("sip:0900123456@10.0.0.1", "here 0900123456"),
        ("tel:+16175550142", "here +16175550142"),
        ("sip:ann@10.0.0.1:5070", "elsewhere sip:ann@10.0.0.1:5070"),
        ("sip:ann@10.0.0.9", "elsewhere sip:ann@10.0.0.9"),
        ("sip:10.0.0.1", "elsewhere sip:10.0.0.1"),
        ("sip:ann@[::1]?Subject=x", "elsewhere sip:ann@[::1]"),
    ] {
        let mut scene = Scene::new(settings(500));
        scene.stack.handle(Instant::START, Input::Phones(Box::new(phones())));
        let refer = format!("REFER + Refer-To: <{uri}>");
        let script = [&UP[..], &[(100, &*refer), (100, "refuse refer"), (200, "BYE")]].concat();
        let scene = scene.play(&script);
        let expected = format!("100 ! Refer {meant}\n100 > 403 REFER\n");
        assert!(scene.ladder.contains(&expected), "{uri}: {}", scene.ladder);
    }
}

#[test]
fn the_call_whose_place_is_taken_is_found_by_our_tag_as_its_to_tag() {
    // RFC 3891 §3
    let first = Scene::new(settings(500)).play(&[&UP[..], &[(200, "BYE")]].concat());
    let invite = String::from_utf8_lossy(&first.sent[0]).into_owned();
    let after =
        |name: &str| invite.split(name).nth(1).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let (call_id, ours) = (after("Call-ID: ").replace('@', "%40"), after(";tag="));
    for (replaces, meant) in [
        (format!("{call_id}%3Bto-tag%3D{ours}%3Bfrom-tag%3Dthem"), "l1"),
        (format!("{call_id}%3Bto-tag%3Dthem%3Bfrom-tag%3D{ours}"), "nobody"),
        (format!("{call_id}%3Bto-tag%3D{ours}%3Bfrom-tag%3Dthem%3Bearly-only"), "one that is answered"),
        (format!("x{call_id}%3Bto-tag%3D{ours}%3Bfrom-tag%3Dthem"), "nobody"),
    ] {
        let refer = format!("REFER + Refer-To: <sip:desk@10.0.0.1?Replaces={replaces}>");
        check_up(
            &refer,
            &[(100, &refer), (100, "refuse refer"), (200, "BYE")],
            &format!("100 ! Refer here desk for {meant}\n100 > 403 REFER\n200 > 200 BYE\n200 ! Bye\n"),
        );
    }
}
