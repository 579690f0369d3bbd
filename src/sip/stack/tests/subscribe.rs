//! Phones that ask to be told how many messages wait: RFC 6665 §4.2, RFC 3842 §3.

use super::register::{Bench, checked, phones, purse, tcp, udp};
use super::summary::{answer, bench, count, notifys, wait};
use crate::limits::summaries::SUBSCRIPTIONS_OF_USER_MAX;
use crate::sip::interface::{Command, Input, Openness, Phones};
use crate::sip::way::Way;
use crate::wire::sip::name::Name;

const CONTACT: &str = "Contact: <sip:ann@10.0.0.2:5062>\r\n";
const SUMMARY: &str = "Event: message-summary\r\nContact: <sip:ann@10.0.0.2:5062>\r\n";

/// A phone with one dialog.
struct Phone {
    user: &'static str,
    call_id: String,
    to_tag: String,
    cseq: u32,
}

impl Phone {
    fn new(call_id: &str) -> Self {
        Self { user: "ann", call_id: call_id.to_owned(), to_tag: String::new(), cseq: 0 }
    }

    /// SUBSCRIBE as these lines say; what comes of it, in words.
    fn say(&mut self, bench: &mut Bench, lines: &str) -> String {
        self.cseq += 1;
        let Self { user, call_id, to_tag, cseq } = &*self;
        let (via, sent) = (bench.way.transport.in_via(), bench.sent.len());
        let text = format!(
            "SUBSCRIBE sip:{user}@careline SIP/2.0\r\n\
             Via: SIP/2.0/{via} 10.0.0.2;rport;branch=z9hG4bKs{call_id}{cseq}n{sent}\r\n\
             From: <sip:{user}@careline>;tag=f\r\nTo: <sip:{user}@careline>{to_tag}\r\nCall-ID: {call_id}\r\n\
             CSeq: {cseq} SUBSCRIBE\r\nMax-Forwards: 70\r\n{lines}Content-Length: 0\r\n\r\n"
        );
        let (way, since) = (bench.way, bench.sent.len());
        bench.tell(Input::Message { way, octets: text.as_bytes() });
        if let Some(ok) = bench.sent[since..].iter().find(|(_, text)| text.starts_with("SIP/2.0 200 ")) {
            let to = ok.1.lines().find(|line| line.starts_with("To: ")).unwrap();
            self.to_tag = to.split_once(">").unwrap().1.to_owned();
        }
        told(bench, since)
    }

    /// The same with the password, asked for first.
    fn ask(&mut self, bench: &mut Bench, lines: &str) -> String {
        let asked = self.say(bench, lines);
        if !asked.starts_with("401") {
            return asked;
        }
        let asked = bench.sent.last().unwrap().1.clone();
        let authorization = bench.authorization_for(&asked, "SUBSCRIBE");
        self.say(bench, &format!("{authorization}{lines}"))
    }
}

/// What was sent since then: statuses; of NOTIFYs how many wait and what becomes of the subscription.
fn told(bench: &Bench, since: usize) -> String {
    let says = |(_, text): &(Way, String)| {
        let text = checked(text);
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("nothing");
            line.to_owned()
        };
        match text.strip_prefix("SIP/2.0 ") {
            Some(answer) => answer[..3].to_owned(),
            None => format!("{} {}", value("Voice-Message: "), value("Subscription-State: ")),
        }
    };
    bench.sent[since..].iter().map(says).collect::<Vec<_>>().join(", ")
}

/// One that holds for so many seconds, and whose first NOTIFY is taken.
fn subscribed(bench: &mut Bench, seconds: u32) -> Phone {
    let mut phone = Phone::new("s");
    let told = phone.ask(bench, &format!("{SUMMARY}Expires: {seconds}\r\n"));
    assert!(told.starts_with("200, ") && told.ends_with(&format!(" active;expires={seconds}")), "{told}");
    answer(bench, 200, "");
    phone
}

#[test]
fn a_phone_that_subscribes_is_told_at_once_and_of_each_change() {
    // RFC 6665 §4.2.1.2, §4.4.1, §8.2.1; RFC 3842 §3.5, §3.8, §3.11
    let mut bench = bench(2);
    let mut phone = Phone::new("s");
    let lines = format!("{CONTACT}Event: message-summary;id=7\r\nExpires: 600\r\n");
    assert_eq!(phone.say(&mut bench, &lines), "401");
    assert_eq!(bench.stack.transactions(), 0, "who has shown nothing costs no memory");
    assert_eq!(phone.ask(&mut bench, &lines), "200, 2/0 active;expires=600");
    let [.., (_, ok), (way, notify)] = &bench.sent[..] else { panic!("two messages") };
    assert!(
        ok.contains("\r\nExpires: 600\r\n") && ok.contains("\r\nContact: <sip:10.0.0.1:5060>\r\n"),
        "{ok}"
    );
    assert_eq!(*way, udp("10.0.0.2:5062"), "to its Contact");
    for line in [
        "NOTIFY sip:ann@10.0.0.2:5062 SIP/2.0\r\n",
        &format!("\r\nFrom: <sip:ann@careline>{}\r\n", phone.to_tag),
        "\r\nTo: <sip:ann@careline>;tag=f\r\n",
        "\r\nCall-ID: s\r\nCSeq: 1 NOTIFY\r\n",
        "\r\nContact: <sip:10.0.0.1:5060>\r\n",
        "\r\nEvent: message-summary;id=7\r\n",
        "\r\nContent-Type: application/simple-message-summary\r\n",
        "\r\n\r\nMessages-Waiting: yes\r\nMessage-Account: sip:ann@careline\r\nVoice-Message: 2/0\r\n",
    ] {
        assert!(notify.contains(line), "{line:?} in {notify}");
    }
    answer(&mut bench, 200, "");
    let since = bench.sent.len();
    (3..9).for_each(|waiting| count(&mut bench, waiting));
    wait(&mut bench, 4_999);
    assert_eq!(told(&bench, since), "", "not too often");
    wait(&mut bench, 1);
    assert_eq!(told(&bench, since), "8/0 active;expires=595");
    assert!(bench.sent.last().unwrap().1.contains("\r\nCSeq: 2 NOTIFY\r\n"));
    let counters = bench.stack.counters();
    assert_eq!((bench.stack.subscriptions(), counters.subscriptions, counters.summaries), (1, 1, 2));
    assert_eq!(phone.ask(&mut bench, SUMMARY), "481", "without its id it is another one");
}

#[test]
fn what_cannot_be_told_is_refused_with_its_reason() {
    // RFC 6665 §4.2.1, §4.2.1.1, §8.1.1, §8.3.2; RFC 3842 §3.4; RFC 3261 §21.4.5, §21.4.7, §21.4.17, §21.5.7
    let mut bench = bench(1);
    let long = format!("Event: message-summary\r\nContact: <sip:{}@10.0.0.2>\r\n", "a".repeat(2_000));
    for (user, lines, expected, line) in [
        ("ann", CONTACT, "489", "Allow-Events: message-summary, refer"),
        ("ann", &format!("{CONTACT}Event: presence\r\n"), "489", "Allow-Events: message-summary, refer"),
        ("ann", &format!("{CONTACT}Event: refer\r\n"), "403", ""),
        ("ann", &format!("{SUMMARY}Require: eventlist\r\n"), "420", "Unsupported: eventlist"),
        ("ann", &format!("{SUMMARY}Expires: 5\r\n"), "423", "Min-Expires: 60"),
        (
            "ann",
            &format!("{SUMMARY}Accept: text/plain\r\n"),
            "406",
            "Accept: application/simple-message-summary",
        ),
        ("ann", "Event: message-summary\r\n", "400", ""),
        ("ann", "Event: message-summary\r\nContact: <tel:+1617>\r\n", "400", ""),
        ("ann", &long, "513", ""),
        ("cleo", SUMMARY, "403", ""),
        ("+16175550100", SUMMARY, "403", ""),
    ] {
        let mut phone = Phone { user, ..Phone::new(&format!("{user}{}", bench.sent.len())) };
        assert_eq!(phone.ask(&mut bench, lines), expected, "{user} {lines}");
        let (_, text) = bench.sent.last().unwrap();
        assert!(text.contains(line), "{lines}: {text}");
    }
    bench.purse = purse("cleo");
    let mut phone = Phone { user: "cleo", ..Phone::new("none") };
    assert_eq!(phone.ask(&mut bench, SUMMARY), "404", "she heeds no messages");
    assert_eq!((bench.stack.subscriptions(), bench.stack.counters().subscriptions), (0, 0));
    assert_eq!(bench.stack.counters().subscriptions_refused, 2, "another's mailbox");
    // Who asks for no time gets an hour, and nobody gets more.
    for lines in [SUMMARY, &format!("{SUMMARY}Expires: 86400\r\nAccept: */*\r\n")] {
        bench.purse = purse("ann");
        assert_eq!(
            Phone::new(&format!("hour{}", lines.len())).ask(&mut bench, lines),
            "200, 1/0 active;expires=3600"
        );
        answer(&mut bench, 481, "");
    }
}

#[test]
fn a_subscription_is_refreshed_moved_and_ended_by_its_phone_alone() {
    // RFC 6665 §4.1.2.2, §4.1.2.3, §4.2.1.3, §4.2.1.4, §4.4.1, §4.4.3; RFC 3261 §12.2.2
    let mut bench = bench(1);
    let mut phone = subscribed(&mut bench, 600);
    assert_eq!(phone.say(&mut bench, SUMMARY), "401", "who has seen a dialog pass by is not its phone");
    let moved = SUMMARY.replace("5062", "5063");
    assert_eq!(phone.ask(&mut bench, &moved), "200, 1/0 active;expires=3600");
    assert_eq!(bench.last(), "NOTIFY sip:ann@10.0.0.2:5063 SIP/2.0 to udp/10.0.0.2:5063");
    let since = bench.sent.len();
    count(&mut bench, 2);
    assert_eq!(phone.ask(&mut bench, &moved), "200", "one NOTIFY at a time");
    answer(&mut bench, 200, "Contact: <sip:ann@10.0.0.2:5064>\r\n");
    assert_eq!(told(&bench, since), "401, 200, 2/0 active;expires=3600");
    assert_eq!(bench.last(), "NOTIFY sip:ann@10.0.0.2:5064 SIP/2.0 to udp/10.0.0.2:5064");
    answer(&mut bench, 200, "");
    assert_eq!(phone.ask(&mut bench, &format!("{SUMMARY}Expires: 5\r\n")), "423");
    let cseq = std::mem::replace(&mut phone.cseq, 0);
    assert_eq!(phone.ask(&mut bench, SUMMARY), "500", "an old one");
    phone.cseq = cseq;
    assert_eq!(phone.ask(&mut bench, &format!("{CONTACT}Event: presence\r\n")), "489");
    assert_eq!(
        phone.ask(&mut bench, &format!("{SUMMARY}Expires: 0\r\n")),
        "200, 2/0 terminated;reason=timeout"
    );
    assert_eq!(phone.ask(&mut bench, SUMMARY), "481", "it is over");
    answer(&mut bench, 200, "");
    assert_eq!((bench.stack.subscriptions(), phone.ask(&mut bench, SUMMARY)), (0, "481".to_owned()));
    // A fetch: told once.
    let fetched = Phone::new("fetch").ask(&mut bench, &format!("{SUMMARY}Expires: 0\r\n"));
    assert_eq!(fetched, "200, 2/0 terminated;reason=timeout");
    answer(&mut bench, 481, "");
    assert_eq!(bench.stack.subscriptions(), 0);
}

#[test]
fn it_ends_when_its_time_is_over_or_its_user_is_none_any_more() {
    // RFC 6665 §4.1.3, §4.2.2
    let mut bench = bench(1);
    subscribed(&mut bench, 60);
    let since = bench.sent.len();
    wait(&mut bench, 60_000);
    assert_eq!(told(&bench, since), "1/0 terminated;reason=timeout");
    answer(&mut bench, 200, "");
    assert_eq!(bench.stack.subscriptions(), 0);
    subscribed(&mut bench, 600);
    let since = bench.sent.len();
    let all = phones();
    let users = all.users.into_iter().filter(|user| user.name != "ann").collect();
    bench.tell(Input::Phones(Box::new(Phones { users, ..phones() })));
    assert_eq!(told(&bench, since), "nothing terminated;reason=noresource");
    assert!(bench.sent.last().unwrap().1.ends_with("\r\nContent-Length: 0\r\n\r\n"));
    answer(&mut bench, 200, "");
    wait(&mut bench, 40_000);
    assert_eq!((bench.stack.subscriptions(), bench.stack.transactions()), (0, 0));
    // Nobody is a user: nobody may subscribe.
    bench.tell(Input::Phones(Box::new(Phones { users: Vec::new(), ..phones() })));
    assert_eq!(Phone::new("late").say(&mut bench, SUMMARY), "403");
}

#[test]
fn a_phone_that_does_not_take_its_notify_is_told_no_more_and_is_rung_all_the_same() {
    // RFC 6665 §4.2.2; RFC 5057 §5.1
    for status in [302, 401, 408, 481, 489, 503] {
        let mut bench = bench(1);
        bench.log_in("ann", CONTACT);
        let mut phone = Phone::new("s");
        phone.ask(&mut bench, SUMMARY);
        answer(&mut bench, status, "Retry-After: 60\r\n");
        let refused = bench.stack.counters().summaries_refused;
        assert_eq!((bench.stack.subscriptions(), refused), (0, 1), "{status}");
        assert_eq!(phone.ask(&mut bench, SUMMARY), "481");
        bench.call("sip:ann@careline");
        assert!(bench.last().starts_with("INVITE"), "{status}: it is rung all the same");
    }
    let mut bench = bench(1);
    Phone::new("s").ask(&mut bench, SUMMARY);
    wait(&mut bench, 70_000);
    assert_eq!((bench.stack.subscriptions(), bench.stack.transactions()), (0, 0), "nobody answered");
}

#[test]
fn who_has_subscribed_is_not_told_a_second_time_because_he_is_logged_in() {
    let mut bench = bench(1);
    bench.log_in("ann", &format!("{CONTACT}Contact: <sip:cell@10.0.0.2:5070>\r\n"));
    assert_eq!(bench.kept(), "200");
    let mut phone = subscribed(&mut bench, 600);
    let since = bench.sent.len();
    wait(&mut bench, 600);
    assert_eq!(notifys(&bench, since), "10.0.0.2:5070 1/0", "the other phone has not asked");
    answer(&mut bench, 200, "");
    phone.ask(&mut bench, &format!("{SUMMARY}Expires: 0\r\n"));
    answer(&mut bench, 200, "");
    let since = bench.sent.len();
    count(&mut bench, 2);
    wait(&mut bench, 6_000);
    let told = notifys(&bench, since);
    assert!(told.contains("10.0.0.2:5062 2/0") && told.contains("10.0.0.2:5070 2/0"), "{told}");
}

#[test]
fn a_notify_takes_the_way_that_its_subscribe_recorded() {
    // RFC 3261 §12.1.1, §12.2.1.1; RFC 6665 §4.4.1
    let mut bench = bench(1);
    bench.way = udp("10.0.0.7:5060");
    let lines = format!("Record-Route: <sip:10.0.0.7;lr>\r\n{SUMMARY}");
    let mut phone = Phone::new("proxied");
    assert_eq!(phone.ask(&mut bench, &lines), "200, 1/0 active;expires=3600");
    let [.., (_, ok), (way, notify)] = &bench.sent[..] else { panic!("two messages") };
    assert!(ok.contains("\r\nRecord-Route: <sip:10.0.0.7;lr>\r\n"), "{ok}");
    assert!(notify.starts_with("NOTIFY sip:ann@10.0.0.2:5062 ") && *way == udp("10.0.0.7:5060"), "{notify}");
    assert!(notify.contains("\r\nRoute: <sip:10.0.0.7;lr>\r\n"), "{notify}");
    let mut bench = super::summary::bench(1);
    bench.way = tcp("10.0.0.2:40001", 7);
    let lines = "Event: message-summary\r\nContact: <sip:ann@10.0.0.2:40001;transport=tcp>\r\n";
    Phone::new("stream").ask(&mut bench, lines);
    assert_eq!(bench.last(), "NOTIFY sip:ann@10.0.0.2:40001;transport=tcp SIP/2.0 to tcp/10.0.0.2:40001 #7");
}

#[test]
fn there_is_a_bound_to_subscriptions_and_no_new_ones_where_no_calls_are_let_in() {
    let mut bench = bench(1);
    let contact =
        |n: usize| format!("Event: message-summary\r\nContact: <sip:ann@10.0.0.2:{}>\r\n", 6_000 + n);
    for n in 0..SUBSCRIPTIONS_OF_USER_MAX {
        assert!(Phone::new(&n.to_string()).ask(&mut bench, &contact(n)).starts_with("200"), "{n}");
        answer(&mut bench, 200, "");
    }
    assert_eq!(Phone::new("over").ask(&mut bench, &contact(99)), "403");
    let again = Phone::new("again").ask(&mut bench, &contact(3));
    assert_eq!(
        again, "200, 1/0 active;expires=3600",
        "a phone that has begun anew takes its old one's place"
    );
    answer(&mut bench, 200, "");
    assert_eq!(bench.stack.subscriptions(), SUBSCRIPTIONS_OF_USER_MAX);

    let mut bench = super::summary::bench(1);
    let mut phone = subscribed(&mut bench, 600);
    let openness = Openness::Closed { retry_after_s: 10 };
    bench.tell(Input::Command(Command::Tell { openness }));
    assert_eq!(Phone::new("new").ask(&mut bench, SUMMARY), "503");
    assert!(bench.sent.last().unwrap().1.contains("\r\nRetry-After: 10\r\n"));
    assert_eq!(bench.stack.counters().subscriptions_sent_away, 1);
    assert_eq!(phone.ask(&mut bench, SUMMARY), "200, 1/0 active;expires=3600", "who is told is told on");
}

#[test]
fn strangers_pay_for_what_they_ask_and_phones_of_ours_do_not() {
    let presence = format!("{CONTACT}Event: presence\r\n");
    let answered = |bench: &mut Bench, lines: &str| {
        (0..100).filter(|n| !Phone::new(&format!("n{n}")).say(bench, lines).is_empty()).count()
    };
    let mut bench = bench(1);
    bench.way = udp("10.0.0.66:5060");
    let strange = answered(&mut bench, &presence);
    assert!((15..30).contains(&strange), "{strange} of 100 were answered");
    bench.way = udp("10.0.0.67:5060");
    let wrong = "Authorization: Digest username=\"ann\", realm=\"careline\", nonce=\"x\", uri=\"sip:x\", \
                 response=\"00000000000000000000000000000000\", algorithm=SHA-256, qop=auth, nc=00000001, cnonce=\"c\"\r\n";
    let guesses = answered(&mut bench, &format!("{wrong}{SUMMARY}"));
    assert!((15..30).contains(&guesses), "{guesses} of 100 were answered");
    bench.way = udp("10.0.0.2:5062");
    bench.log_in("ann", CONTACT);
    assert_eq!(answered(&mut bench, &presence), 100, "a phone with a row of lamps");
}

#[test]
fn nobody_learns_from_a_challenge_who_is_a_user() {
    let mut bench = bench(1);
    let mut asked = |user: &'static str| {
        let told = Phone { user, ..Phone::new(user) }.say(&mut bench, SUMMARY);
        let text = bench.sent.last().unwrap().1.clone();
        let challenge = text.lines().find(|line| line.starts_with(Name::WwwAuthenticate.as_str())).unwrap();
        let nonce = challenge.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
        (told, challenge.replace(nonce, "N"))
    };
    assert_eq!(asked("ann"), asked("nobody"));
}
