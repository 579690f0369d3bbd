//! The ladder's specification: what a rung keeps, what is folded, what the bounds are.

use super::*;
use crate::wire::sip::message::parse;
use proptest::prelude::*;

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\n\
    m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n";

fn seen(at_ms: u64, heading: Heading) -> Seen {
    Seen { at_us: at_ms * 1_000, heading, leg: LegId(1), transport: Transport::Udp }
}

/// What is made of the rung of a message.
fn rung_of<T>(octets: &str, seen: Seen, made: impl FnOnce(&Rung<'_>) -> T) -> T {
    let mut scratch = String::new();
    made(&Rung::of(&parse(octets.as_bytes()).unwrap(), seen, &mut scratch))
}

fn climb(ladder: &mut Ladder, octets: &str, seen: Seen) {
    rung_of(octets, seen, |rung| ladder.climb(rung));
}

fn request(method: &str, cseq: u32, more: &str, body: &str) -> String {
    format!(
        "{method} sip:+16175550100@clinic.example SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK{method}{cseq}\r\n\
         To: <sip:a@b>\r\nCSeq: {cseq} {method}\r\n{more}\r\n{body}"
    )
}

fn response(status: &str, cseq: u32, method: &str, to_tag: &str) -> String {
    format!(
        "SIP/2.0 {status}\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK{method}{cseq}\r\nTo: <sip:a@b>;tag={to_tag}\r\n\
         CSeq: {cseq} {method}\r\n\r\n"
    )
}

/// A rung as one line, the number in it in the clear.
fn line(rung: &Rung<'_>) -> String {
    let way = match rung.seen.heading {
        Heading::In => "▶",
        Heading::Out => "◀",
    };
    let start = match &rung.start {
        Start::Request { uri } => uri.expose().to_string(),
        Start::Status { status, phrase } => format!("{status} {}", phrase.as_deref().unwrap_or("-")),
    };
    let mut line = format!("{way} {} {} {start} {}", rung.cseq, rung.method, rung.branch);
    rung.reason.iter().for_each(|reason| line.push_str(&format!(" reason `{reason}`")));
    rung.media.iter().for_each(|media| line.push_str(&format!(" media `{media}`")));
    if rung.again > 0 {
        line.push_str(&format!(" and {} more until {} ms", rung.again, rung.last_us / 1_000));
    }
    line
}

#[test]
fn a_rung_keeps_the_start_line_cseq_branch_reason_and_what_is_said_of_media() {
    let table = [
        (
            request("INVITE", 1, "Content-Type: application/sdp\r\n", OFFER),
            "▶ 1 INVITE sip:+16175550100@clinic.example z9hG4bKINVITE1 media `audio 4000 RTP/AVP 0 8 101 sendrecv`",
        ),
        (
            request("BYE", 7, "Reason: Q.850;cause=16;text=\"done\"\r\n", ""),
            "▶ 7 BYE sip:+16175550100@clinic.example z9hG4bKBYE7 reason `Q.850;cause=16;text=\"done\"`",
        ),
        (response("200 OK", 1, "INVITE", "x"), "▶ 1 INVITE 200 - z9hG4bKINVITE1"),
        (response("486 Not now", 2, "INVITE", "x"), "▶ 2 INVITE 486 Not now z9hG4bKINVITE2"),
        ("PING sip:a SIP/2.0\r\n\r\n".to_owned(), "▶ 0 PING sip:a "),
        ("SIP/2.0 200 OK\r\n\r\n".to_owned(), "▶ 0 ? 200 - "),
        ("BYE sip:\u{1b}[31m@b SIP/2.0\r\n\r\n".to_owned(), "▶ 0 BYE sip:\u{fffd}[31m@b "),
    ];
    for (octets, expected) in table {
        assert_eq!(rung_of(&octets, seen(0, Heading::In), line), expected);
    }
}

#[test]
fn a_direction_is_the_mediums_own_or_the_sessions() {
    let table = [
        ("v=0\nm=audio 9 RTP/AVP 0\n", Some("audio 9 RTP/AVP 0")),
        ("v=0\na=inactive\nm=audio 9 RTP/AVP 0\n", Some("audio 9 RTP/AVP 0 inactive")),
        ("v=0\na=inactive\nm=audio 9 RTP/AVP 0\na=sendonly\n", Some("audio 9 RTP/AVP 0 sendonly")),
        (
            "v=0\na=recvonly\nm=audio 9 RTP/AVP 0\na=sendonly\nm=video 0 RTP/AVP 31",
            Some("audio 9 RTP/AVP 0 sendonly; video 0 RTP/AVP 31 recvonly"),
        ),
        (
            "--part\r\n\r\nv=0\r\nm=audio 9 RTP/AVP 0\r\na=sendrecv\r\n--part--",
            Some("audio 9 RTP/AVP 0 sendrecv"),
        ),
        ("Hello\r\nworld", None),
        ("", None),
    ];
    for (body, expected) in table {
        assert_eq!(media(body.as_bytes(), &mut String::new()).as_deref(), expected, "for {body:?}");
    }
}

#[test]
fn a_number_is_not_printed_with_its_rung() {
    let mut ladder = Ladder::default();
    climb(&mut ladder, &request("INVITE", 1, "", ""), seen(0, Heading::In));
    assert!(
        format!("{ladder:?}").contains("INVITE") && !format!("{ladder:?}").contains("5550100"),
        "{ladder:?}"
    );
}

#[test]
fn what_is_sent_again_is_one_rung_with_a_count() {
    let mut ladder = Ladder::default();
    let invite = request("INVITE", 1, "", "");
    [0, 500, 1_500].into_iter().for_each(|ms| climb(&mut ladder, &invite, seen(ms, Heading::Out)));
    climb(&mut ladder, &response("180 Ringing", 1, "INVITE", "a"), seen(1_600, Heading::In));
    climb(&mut ladder, &response("200 OK", 1, "INVITE", "a"), seen(1_700, Heading::In));
    climb(&mut ladder, &response("200 OK", 1, "INVITE", "b"), seen(1_800, Heading::In));
    climb(&mut ladder, &response("200 OK", 1, "INVITE", "a"), seen(2_200, Heading::In));
    climb(&mut ladder, &request("INVITE", 2, "", ""), seen(2_300, Heading::Out));
    let lines: Vec<String> = ladder.rungs().map(|rung| line(&rung)).collect();
    assert_eq!(
        lines,
        [
            "◀ 1 INVITE sip:+16175550100@clinic.example z9hG4bKINVITE1 and 2 more until 1500 ms",
            "▶ 1 INVITE 180 - z9hG4bKINVITE1",
            "▶ 1 INVITE 200 - z9hG4bKINVITE1 and 1 more until 2200 ms",
            "▶ 1 INVITE 200 - z9hG4bKINVITE1",
            "◀ 2 INVITE sip:+16175550100@clinic.example z9hG4bKINVITE2",
        ],
        "the second 200 is that of another phone (fork)"
    );
}

#[test]
fn a_ladder_is_settled_when_every_request_is_answered_and_every_answer_to_an_invite_acknowledged() {
    use Heading::{In, Out};
    let invite = || (In, request("INVITE", 1, "", ""));
    let ok = || (Out, response("200 OK", 1, "INVITE", "a"));
    let ack = || (In, request("ACK", 1, "", ""));
    let bye = || (Out, request("BYE", 1, "", ""));
    let bye_ok = || (In, response("200 OK", 1, "BYE", "a"));
    let table = [
        (vec![], true),
        (vec![invite()], false),
        (vec![invite(), (Out, response("100 Trying", 1, "INVITE", "a"))], false),
        (vec![invite(), ok()], false),
        (vec![invite(), ok(), ack()], true),
        (vec![invite(), ok(), ack(), bye()], false),
        (vec![invite(), ok(), ack(), bye(), bye_ok()], true),
        (vec![invite(), (Out, response("488 Not Acceptable Here", 1, "INVITE", "a")), ack()], true),
        (vec![invite(), ok(), ack(), (In, request("BYE", 2, "", "")), bye(), bye_ok()], false),
    ];
    for (number, (messages, expected)) in table.into_iter().enumerate() {
        let mut ladder = Ladder::default();
        messages.iter().for_each(|(heading, octets)| climb(&mut ladder, octets, seen(0, *heading)));
        assert_eq!(ladder.is_settled(), expected, "row {number}: {ladder:?}");
    }
}

#[test]
fn a_leg_is_told_by_its_first_final_answer_and_the_last_reason() {
    let mut ladder = Ladder::default();
    climb(&mut ladder, &request("INVITE", 1, "", ""), seen(0, Heading::In));
    climb(&mut ladder, &response("200 OK", 1, "INVITE", "a"), seen(1, Heading::Out));
    climb(&mut ladder, &response("491 Request Pending", 2, "INVITE", "a"), seen(2, Heading::Out));
    climb(&mut ladder, &request("BYE", 3, "Reason: Q.850;cause=16\r\n", ""), seen(3, Heading::In));
    let person = Seen { leg: LegId(2), transport: Transport::Tcp, ..seen(1, Heading::Out) };
    climb(&mut ladder, &request("INVITE", 1, "", ""), person);
    let leg = |leg, transport, status, reason: Option<&str>| Signalling {
        leg: LegId(leg),
        transport,
        status,
        reason: reason.map(Box::from),
    };
    let expected =
        [leg(1, Transport::Udp, Some(200), Some("Q.850;cause=16")), leg(2, Transport::Tcp, None, None)];
    assert_eq!(ladder.legs(), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn however_long_a_call_is_its_ladder_keeps_both_ends_and_counts_the_rest(
        numbers in proptest::collection::vec(0_u32..200, 0..400)
    ) {
        let mut ladder = Ladder::default();
        for (at, number) in numbers.iter().enumerate() {
            climb(&mut ladder, &request("INFO", *number, "", ""), seen(at as u64, Heading::In));
        }
        let kept: Vec<Rung<'_>> = ladder.rungs().collect();
        prop_assert!(kept.len() <= LADDER_HEAD_RUNGS + LADDER_TAIL_RUNGS, "{} rungs", kept.len());
        let told: u32 = kept.iter().map(|rung| 1 + rung.again).sum();
        prop_assert_eq!((told + ladder.cut()) as usize, numbers.len(), "each message is kept or counted");
        prop_assert!(kept.windows(2).all(|pair| pair[0].seen.at_us < pair[1].seen.at_us), "in order");
        if let Some(last) = numbers.last() {
            prop_assert!(kept.iter().any(|rung| rung.cseq == *last), "the last message is kept");
        }
        prop_assert_eq!(Ladder::from_parts(ladder.rungs(), ladder.cut()), ladder.clone());
    }

    #[test]
    fn whatever_a_peer_sends_a_rung_is_small(octets in proptest::collection::vec(any::<u8>(), 0..3_000)) {
        let mut message = b"INVITE sip:a SIP/2.0\r\nReason: ".to_vec();
        message.extend(&octets);
        message.extend(b"\r\nVia: SIP/2.0/UDP h;branch=");
        message.extend(&octets);
        message.extend(b"\r\n\r\nm=");
        message.extend(&octets);
        if let Ok(message) = parse(&message) {
            let mut scratch = String::new();
            let rung = Rung::of(&message, seen(0, Heading::In), &mut scratch);
            let texts = [Some(&rung.branch), rung.reason.as_ref(), rung.media.as_ref()];
            for text in texts.into_iter().flatten() {
                // A damaged octet becomes a mark of three.
                prop_assert!(text.len() <= 3 * LADDER_TEXT_MAX + 3, "{} octets", text.len());
                prop_assert!(!text.chars().any(char::is_control), "{text:?}");
            }
        }
    }
}
