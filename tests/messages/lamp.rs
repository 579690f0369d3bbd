//! The lamp of a desk phone: baresip and SIPp ask to be told how many messages wait, and one that has not asked is told too.

use super::*;
use crate::engine::sipp::Sipp;
use crate::softphone::{self, PCMU};
use careline::sip::digest::Ha1;
use careline::wire::sip::credentials::Algorithm;
use std::fs;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::{Child, Command};

/// An engine with one user, whose phones show all messages.
fn engine(home: &Path) -> Engine {
    let sounds = home.join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    let (sip, desk) = engine::furnish(home, &Wishes { sounds, ..Wishes::default() });
    let ha1 = Ha1::of(Algorithm::Md5, b"front-desk", b"careline", b"secret");
    let file = home.join("careline.yaml");
    let config = fs::read_to_string(&file).expect("it was written");
    let user = format!("{{name: front-desk, digest: md5, ha1: \"{}\", messages: all}}", ha1.expose());
    fs::write(&file, format!("{config}users: [{user}]\n")).expect("the test's own directory can be written");
    Engine::start_again(home, sip, desk)
}

/// How often a baresip was told so, when it was at least so often.
fn shows(home: &Path, what: &str, times: usize) {
    let told = || (softphone::said(home).matches(what).count() >= times).then_some(());
    engine::eventually(told, || {
        format!("baresip to show {what} {times} times; it said:\n{}", softphone::said(home))
    });
}

/// Times that a baresip is started: one that has logged in before its module's first millisecond is over subscribes for
/// ever, anew each time, whatever it is answered (1.0.0).
const STARTS: usize = 8;

/// A baresip that subscribes once, with its own engine.
fn subscribed(home: &Path) -> (Engine, Child, PathBuf) {
    for start in 0..STARTS {
        let home = home.join(start.to_string());
        fs::create_dir(&home).expect("the test's own directory can be written");
        let engine = engine(&home);
        let place = home.join("desk");
        let mut desk = desk_of(&engine, &place);
        let asks = || softphone::said(&place).matches("mwi: subscribing").count();
        let is_subscribed = || engine.status()["phones_subscribed"] == 1;
        let came = || (asks() > 1).then_some(false).or_else(|| is_subscribed().then_some(true));
        let once = engine::eventually(came, || {
            format!("baresip to subscribe; it said:\n{}", softphone::said(&place))
        });
        if once {
            return (engine, desk, place);
        }
        println!("start {start}: baresip asked {} times", asks());
        desk.kill().expect("it runs until it is told to stop");
        desk.wait().expect("it is our child");
    }
    panic!("baresip does not subscribe just once in {STARTS} starts")
}

fn desk_of(engine: &Engine, place: &Path) -> Child {
    let account = format!(
        "<sip:front-desk@{};transport=udp>;auth_user=front-desk;auth_pass=secret;regint=60;mwi=yes",
        engine.sip
    );
    let source = softphone::tone_file(place, 440.0, 8_000);
    softphone::furnish(place, engine::free_port(), &source, PCMU, &account);
    let config = place.join("config");
    let text = fs::read_to_string(&config).expect("it was written");
    fs::write(&config, text + "module_app mwi.so\n").expect("the test's own directory can be written");
    softphone::run(place, &[])
}

#[test]
fn baresip_subscribes_and_shows_that_a_message_waits_until_it_is_done() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let (engine, mut desk, place) = subscribed(home.path());
    shows(&place, "Voice-Message: 0/0", 1);
    leave_a_message(&engine);
    shows(&place, "Voice-Message: 1/0", 1);
    shows(&place, "Messages-Waiting: yes", 1);
    let calls = engine.calls();
    let [(call, _)] = &calls[..] else { panic!("{calls:?}") };
    assert!(engine.told(&["messages", "done", call]).contains("is marked as done"));
    shows(&place, "Voice-Message: 0/0", 2);
    let figures = engine.status();
    let told = (figures["phones_subscribed"], figures["subscriptions_refused"], figures["summaries_refused"]);
    assert_eq!(told, (1, 0, 0), "told in its subscription and in no other way: {figures:#?}");
    // It says goodbye before it goes.
    let asked = Command::new("kill").args(["-TERM", &desk.id().to_string()]).status();
    assert!(asked.expect("kill is there").success());
    desk.wait().expect("it is our child");
    engine.wait_for("baresip to be told no more", |figures| figures["phones_subscribed"] == 0);
    let (status, said) = engine.stop();
    assert!(status.success() && !said.contains("secret"), "{status}: {said}");
}

#[test]
fn sipp_subscribes_with_its_password_and_takes_leave() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = engine(home.path());
    let (good, said) = Sipp::new(home.path(), &engine, "subscribes").run();
    assert!(good, "{said}\n{}", engine.said());
    let figures = engine.status();
    let seen = (figures["phones_subscribed"], figures["subscriptions"], figures["summaries"]);
    assert_eq!(seen, (0, 2, 2), "{figures:#?}");
}

#[test]
fn a_phone_that_has_not_asked_is_told_when_it_logs_in() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = engine(home.path());
    let at = engine::free_port();
    let (good, said) = Sipp::at(home.path(), &engine, "logs-in", at).run();
    assert!(good, "{said}\n{}", engine.said());
    // SIPp has gone; a socket in its place hears what comes.
    let phone = UdpSocket::bind(at).expect("its port is free again");
    phone.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket can be told how long to wait");
    let mut octets = [0; 2_000];
    let (length, from) = phone.recv_from(&mut octets).unwrap_or_else(|_| panic!("{}", engine.said()));
    let text = String::from_utf8_lossy(&octets[..length]).into_owned();
    assert!(text.starts_with(&format!("NOTIFY sip:front-desk@{at} SIP/2.0\r\n")), "{text}");
    assert!(text.ends_with("\r\nVoice-Message: 0/0\r\n"), "{text}");
    let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    let all = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].map(line).join("\r\n");
    let answer = format!("SIP/2.0 200 OK\r\n{all}\r\nContent-Length: 0\r\n\r\n");
    phone.send_to(answer.as_bytes(), from).expect("the engine is there");
    leave_a_message(&engine);
    let again = || phone.recv_from(&mut octets).map(|(length, _)| octets[..length].to_vec());
    let told = engine_says(again);
    assert!(told.contains("Messages-Waiting: yes") && told.ends_with("\r\nVoice-Message: 1/0\r\n"), "{told}");
    assert_eq!(engine.status()["summaries_refused"], 0);
}

/// The first message that tells another count: one may come twice.
fn engine_says(mut next: impl FnMut() -> std::io::Result<Vec<u8>>) -> String {
    for _ in 0..20 {
        let octets = next().expect("the engine tells of the message");
        let text = String::from_utf8_lossy(&octets).into_owned();
        if !text.contains("Voice-Message: 0/0") {
            return text;
        }
    }
    panic!("the count never changes")
}
