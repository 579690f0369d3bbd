//! Phones of the staff dial at the real program: baresip calls baresip by its name and both hear each other; SIPp, with
//! its own hash of the password, is led on or refused; and a phone without a login calls for help over a trunk.
//!
//! The carrier for emergency calls is the test's own, a socket that answers one call.

#[path = "engine/mod.rs"]
mod engine;
#[path = "softphone/mod.rs"]
mod softphone;
#[path = "sound/mod.rs"]
mod sound;

use careline::sip::digest::Ha1;
use careline::wire::sip::credentials::Algorithm;
use engine::sipp::Sipp;
use engine::{Engine, Wishes};
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread::JoinHandle;
use std::time::Duration;

const FRONT_DESK_HZ: f64 = 440.0;
const COLLEAGUE_HZ: f64 = 1_000.0;

/// An engine with two users, and a trunk for help at `emergency`.
fn engine(home: &Path, emergency: SocketAddr) -> Engine {
    let (sip, desk) = engine::furnish(home, &Wishes::default());
    let file = home.join("careline.yaml");
    let config = fs::read_to_string(&file).expect("it was written");
    let user = |name: &str| {
        let ha1 = Ha1::of(Algorithm::Md5, name.as_bytes(), b"careline", b"secret");
        format!("{{name: {name}, digest: md5, ha1: \"{}\"}}", ha1.expose())
    };
    let more = format!(
        "users: [{}, {}]\n\
         trunks:\n  - {{name: emergency, addresses: [203.0.113.7], out: {{to: \"sip:{emergency}\", caller: \"+16175550100\"}}}}\n\
         dialling: {{trunk: emergency, country: US, allow: [\"+1\"]}}\n\
         emergency: {{places: [{{from: [127.0.0.0/8], callback: \"+16175550102\", location: floor 2}}], alert: [front-desk]}}\n",
        user("front-desk"),
        user("colleague"),
    );
    fs::write(&file, config + &more).expect("the test's own directory can be written");
    Engine::start_again(home, sip, desk)
}

fn nowhere() -> SocketAddr {
    engine::free_port()
}

#[test]
fn sipp_dials_with_its_password_and_is_refused_what_it_may_not_call() {
    // RFC 3261 §22.3
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = engine(home.path(), nowhere());
    for name in ["dials-nobody", "dials-premium", "dials-premium-as-at-home", "dials-with-a-guess"] {
        let (good, said) = Sipp::new(home.path(), &engine, name).run();
        assert!(good, "{name}: {said}\n{}", engine.said());
    }
    let figures = engine.status();
    let of = |name: &str| figures[name];
    assert_eq!((of("calls_dialled"), of("calls_dialled_refused")), (1, 2), "{figures:#?}");
    assert_eq!((of("calls_challenged"), of("calls_wrong_password")), (5, 1), "{figures:#?}");
    assert_eq!(of("persons_not_reached"), 1, "{figures:#?}");
    let (status, said) = engine.stop();
    assert!(status.success() && said.contains("premium range"), "{status}: {said}");
    assert!(!said.contains("9005550123") && !said.contains("secret"), "no number is in the log: {said}");
}

/// A baresip that logs in as `user` with a tone of its own.
fn furnish(home: &Path, engine: &Engine, user: &str, hertz: f64, more: &str) {
    let source = softphone::tone_file(home, hertz, 8_000);
    let account = format!(
        "<sip:{user}@{};transport=udp>;auth_user={user};auth_pass=secret;regint=60{more}",
        engine.sip
    );
    softphone::furnish(home, engine::free_port(), &source, softphone::PCMU, &account);
}

fn end(mut phone: Child) {
    phone.kill().expect("it runs until it is told to stop");
    phone.wait().expect("it is our child");
}

/// The file of what a baresip heard.
fn kept(home: &Path) -> PathBuf {
    let entries = fs::read_dir(home).expect("it was written").filter_map(Result::ok);
    let kept = entries.map(|entry| entry.path()).find(|path| path.to_string_lossy().ends_with("-dec.wav"));
    kept.unwrap_or_else(|| panic!("baresip kept nothing that it heard; it said:\n{}", softphone::said(home)))
}

/// The one channel of such a file.
fn samples(file: &Path) -> Vec<f64> {
    let mut reader =
        hound::WavReader::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    reader.samples::<i16>().map(|sample| f64::from(sample.expect("16 bits a sample")) / 32_768.0).collect()
}

#[test]
fn baresip_dials_a_colleague_by_name_and_both_hear_each_other() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = engine(home.path(), nowhere());
    let (caller, called) = (home.path().join("caller"), home.path().join("called"));
    furnish(&called, &engine, "colleague", COLLEAGUE_HZ, ";answermode=auto");
    furnish(&caller, &engine, "front-desk", FRONT_DESK_HZ, "");
    let said = || format!("{}\n{}\n{}", softphone::said(&caller), softphone::said(&called), engine.said());
    let colleague = softphone::run(&called, &[]);
    engine::eventually(|| (engine.status()["phones"] == 1).then_some(()), || format!("a login: {}", said()));
    let dial = format!("/dial sip:colleague@{}", engine.sip);
    let phone = softphone::run(&caller, &["-t", "8", "-e", &dial]);
    engine::eventually(|| (engine.status()["bridged"] == 1).then_some(()), || format!("a talk: {}", said()));
    engine.wait_for("the end of the call", |figures| figures["calls_ended"] == 1);
    end(phone);
    end(colleague);
    for (file, hertz) in [(kept(&caller), COLLEAGUE_HZ), (kept(&called), FRONT_DESK_HZ)] {
        let heard = samples(&file);
        let last = heard.rchunks_exact(8_000).nth(1).expect("seconds of talk");
        let share = sound::heard_in(last, hertz);
        assert!(
            share > 0.8,
            "{}: {hertz} Hz is heard in {:.0} % of a second\n{}",
            file.display(),
            share * 100.0,
            said()
        );
    }
    let figures = engine.status();
    assert_eq!((figures["calls_dialled"], figures["recorder_opened"]), (1, 0), "{figures:#?}");
}

/// The answer of the carrier to a request, with sound at a port of its own.
fn answer(text: &str, at: SocketAddr, port: u16) -> Option<String> {
    let method = text.split(' ').next().filter(|method| *method != "ACK")?;
    let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    let tag = if line("To: ").contains(";tag=") { "" } else { ";tag=psap" };
    let same = ["Via: ", "From: ", "Call-ID: ", "CSeq: "].map(line).join("\r\n");
    let (to, body) = (
        line("To: "),
        match method {
            "INVITE" => format!(
                "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
            ),
            _ => String::new(),
        },
    );
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    Some(format!(
        "SIP/2.0 200 OK\r\n{same}\r\n{to}{tag}\r\nContact: <sip:{at}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

/// Where the carrier is, and what it heard when its call is over.
fn carrier() -> (SocketAddr, JoinHandle<Vec<String>>) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    let at = socket.local_addr().expect("it is bound");
    let carrier = std::thread::spawn(move || {
        socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket can be told to wait so long");
        let sound = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
        let port = sound.local_addr().expect("it is bound").port();
        let (mut heard, mut datagram) = (Vec::<String>::new(), [0_u8; 8_192]);
        while !heard.iter().any(|text| text.starts_with("BYE ")) {
            let Ok((length, from)) = socket.recv_from(&mut datagram) else { break };
            let text = String::from_utf8_lossy(&datagram[..length]).into_owned();
            if let Some(answer) = answer(&text, at, port) {
                socket.send_to(answer.as_bytes(), from).expect("loopback takes it");
            }
            heard.push(text);
        }
        heard
    });
    (at, carrier)
}

#[test]
fn a_phone_without_a_login_calls_for_help_with_the_number_of_its_place() {
    // 47 CFR 9.16
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let (at, carrier) = carrier();
    let engine = engine(home.path(), at);
    let (good, said) = Sipp::new(home.path(), &engine, "calls-for-help").run();
    assert!(good, "{said}\n{}", engine.said());
    let heard = carrier.join().expect("the carrier does not panic");
    // Before it the carrier may have been asked by OPTIONS whether it is there.
    let invite = heard.iter().find(|text| text.starts_with("INVITE "));
    let invite = invite.unwrap_or_else(|| panic!("nobody called: {said}\n{}", engine.said()));
    assert!(invite.starts_with(&format!("INVITE sip:911@{at};user=phone SIP/2.0\r\n")), "{invite}");
    assert!(invite.contains("\r\nFrom: <sip:+16175550102@"), "{invite}");
    assert!(heard.last().is_some_and(|text| text.starts_with("BYE ")), "{heard:#?}");
    engine.wait_for("the end of the call", |figures| figures["calls_ended"] == 1);
    let figures = engine.status();
    assert_eq!((figures["calls_emergency"], figures["calls_challenged"], figures["bridged"]), (1, 0, 1));
    let (status, said) = engine.stop();
    assert!(
        status.success() && said.contains("calls for help") && said.contains("floor 2"),
        "{status}: {said}"
    );
}

/// The next text that a phone is told; each is answered.
fn text_to(phone: &UdpSocket, engine: &Engine) -> String {
    let mut octets = [0_u8; 4_096];
    let (length, from) = phone.recv_from(&mut octets).unwrap_or_else(|_| panic!("{}", engine.said()));
    let message = String::from_utf8_lossy(&octets[..length]).into_owned();
    assert!(message.starts_with("MESSAGE sip:front-desk@"), "{message}");
    let line = |name: &str| message.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    let same = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].map(line).join("\r\n");
    let answer = format!("SIP/2.0 200 OK\r\n{same}\r\nContent-Length: 0\r\n\r\n");
    phone.send_to(answer.as_bytes(), from).expect("the engine is there");
    message.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned()
}

#[test]
fn a_desk_that_is_logged_in_is_told_that_help_is_called_and_when_that_is_over() {
    // RFC 3428 §4; 47 CFR 9.16(b)(2)
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let (at, carrier) = carrier();
    let engine = engine(home.path(), at);
    let desk = engine::free_port();
    let (good, said) = Sipp::at(home.path(), &engine, "logs-in", desk).run();
    assert!(good, "{said}\n{}", engine.said());
    // SIPp has gone; a socket in its place hears what comes.
    let phone = UdpSocket::bind(desk).expect("its port is free again");
    phone.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket can be told how long to wait");
    let caller = Sipp::new(home.path(), &engine, "calls-for-help").begin();
    let begins = text_to(&phone, &engine);
    assert!(begins.starts_with("Help was called at "), "{begins}");
    // All phones of this test have one address: whoever calls from there is taken for who is logged in.
    let from = "floor 2 (phone of front-desk)";
    assert!(begins.ends_with(&format!(" from {from}. Dialled: 911. Call-back: +16175550102.")), "{begins}");
    let ends = std::iter::repeat_with(|| text_to(&phone, &engine)).take(20).find(|text| *text != begins);
    let ends = ends.expect("another text");
    assert!(ends.starts_with(&format!("The call for help from {from} ended at ")), "{ends}");
    let (good, said) = caller.end();
    assert!(good, "{said}\n{}", engine.said());
    carrier.join().expect("the carrier does not panic");
    engine.wait_for("the end of the call", |figures| figures["calls_ended"] == 1);
    let figures = engine.status();
    assert_eq!((figures["alerts"], figures["alerts_refused"], figures["alerts_unsent"]), (2, 0, 0));
    let calls = engine.calls();
    let [(call, _)] = &calls[..] else { panic!("{calls:?}") };
    let told = engine.told(&["calls", call]);
    assert!(told.contains(&format!("called for help from {from}")), "{told}");
}
