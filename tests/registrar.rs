//! Desk phones log in at the real program and are rung by it: SIPp with a right, a wrong and no password, and baresip,
//! which is the front desk and is heard by the patient.
//!
//! The phone's address stands nowhere in the flows: they ring `sip:front-desk@careline`, and where that is the phone
//! says when it logs in. The engine is killed and started again, and knows it still.

#[path = "engine/mod.rs"]
mod engine;
#[path = "phone/mod.rs"]
mod phone;
#[path = "softphone/mod.rs"]
mod softphone;
#[path = "sound/mod.rs"]
mod sound;

use careline::sip::digest::Ha1;
use careline::sip::digest::answer::{Account, Purse};
use careline::wire::sip::credentials::{Algorithm, Challenge};
use engine::sipp::Sipp;
use engine::{Engine, Notice, ROOT, Wishes};
use phone::Phone;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Child;
use std::time::Duration;

/// What the person's phone sounds like, and the patient.
const PERSON_HZ: f64 = 1_000.0;
const PATIENT_HZ: f64 = 440.0;
/// 20 ms packets that the patient hears from the person: three seconds.
const TALK: u64 = 150;

/// An engine with one user, whose flows ring him by his name.
fn engine(home: &Path) -> Engine {
    let sounds = home.join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    let desk_hop = |_nowhere: SocketAddr| "careline".to_owned();
    let wishes = Wishes { sounds, desk_hop, notice: Notice::InTheFirstWords, ..Wishes::default() };
    let (sip, desk) = engine::furnish(home, &wishes);
    let ha1 = Ha1::of(Algorithm::Md5, b"front-desk", b"careline", b"secret");
    let file = home.join("careline.yaml");
    let config = fs::read_to_string(&file).expect("it was written");
    let users = format!("{config}users: [{{name: front-desk, digest: md5, ha1: \"{}\"}}]\n", ha1.expose());
    fs::write(&file, users).expect("the test's own directory can be written");
    Engine::start_again(home, sip, desk)
}

#[test]
fn sipp_logs_in_with_its_password_and_with_no_other() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = engine(home.path());
    let (good, said) = Sipp::new(home.path(), &engine, "logs-in").run();
    assert!(good, "{said}\n{}", engine.said());
    assert_eq!(engine.status()["phones"], 1);
    let (good, said) = Sipp::new(home.path(), &engine, "stranger").run();
    assert!(good, "{said}\n{}", engine.said());
    let (good, said) = Sipp::new(home.path(), &engine, "wrong-password").run_times(100);
    assert!(good, "{said}\n{}", engine.said());
    let figures = engine.status();
    assert_eq!((figures["phones"], figures["phones_refused"]), (1, 100), "{figures:#?}");
    // Killed at once, as a power cut would: what was answered is on disk.
    let (sip, desk) = (engine.sip, engine.desk);
    engine.kill();
    let engine = Engine::start_again(home.path(), sip, desk);
    assert_eq!(engine.status()["phones"], 1, "{}", engine.said());
    let (status, said) = engine.stop();
    assert!(status.success() && !said.contains("secret"), "{status}: {said}");
}

/// Sends a REGISTER of the front desk over that connection; its answer.
fn register(stream: &mut TcpStream, cseq: u32, authorization: &str) -> String {
    let here = stream.local_addr().expect("it is connected");
    let port = here.port();
    let text = format!(
        "REGISTER sip:careline SIP/2.0\r\nVia: SIP/2.0/TCP {here};branch=z9hG4bK{port}-{cseq}\r\n\
         From: <sip:front-desk@careline>;tag=1\r\nTo: <sip:front-desk@careline>\r\nCall-ID: by-tcp-{port}\r\n\
         CSeq: {cseq} REGISTER\r\nMax-Forwards: 70\r\nContact: <sip:front-desk@{here};transport=tcp>\r\n\
         {authorization}Content-Length: 0\r\n\r\n"
    );
    stream.write_all(text.as_bytes()).expect("the engine reads");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut octet = [0];
        stream.read_exact(&mut octet).expect("the engine answers");
        answer.extend(octet);
    }
    String::from_utf8(answer).expect("SIP is text")
}

/// The front desk logs in over a connection of its own.
fn logs_in_by_tcp(engine: &Engine) -> TcpStream {
    let mut stream = TcpStream::connect(engine.sip).expect("the engine listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("it is no moment");
    let asked = register(&mut stream, 1, "");
    let challenge = asked.lines().find_map(|line| line.strip_prefix("WWW-Authenticate: "));
    let challenge = Challenge::read(challenge.unwrap_or_else(|| panic!("{asked}")).as_bytes());
    let mut purse = Purse::new(Account::new("front-desk", "secret"));
    let challenge = challenge.unwrap_or_else(|error| panic!("{error}: {asked}"));
    let value = purse.credentials(challenge, b"REGISTER", b"sip:careline", "c0");
    let authorization = format!("Authorization: {}\r\n", String::from_utf8_lossy(&value));
    let answer = register(&mut stream, 2, &authorization);
    assert!(answer.starts_with("SIP/2.0 200"), "{answer}\n{}", engine.said());
    assert_eq!(engine.status()["phones"], 1);
    stream
}

#[test]
fn a_phone_over_tcp_is_there_as_long_as_its_connection_and_no_longer() {
    // RFC 5626 §4.2, §5.3
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = engine(home.path());
    let stream = logs_in_by_tcp(&engine);
    drop(stream);
    engine.wait_for("the phone to be gone with its connection", |figures| figures["phones"] == 0);
    let _stream = logs_in_by_tcp(&engine);
    // What cannot be reached after a restart is not rung then: the patient is led on at once.
    let (sip, desk) = (engine.sip, engine.desk);
    engine.kill();
    let engine = Engine::start_again(home.path(), sip, desk);
    assert_eq!(engine.status()["phones"], 0, "{}", engine.said());
    let patient = Phone::call(engine.sip, "100", PATIENT_HZ).unwrap_or_else(|fault| panic!("{fault}"));
    engine.wait_for("a recording", |figures| figures["recorder_opened"] == 1);
    patient.press(0);
    let figures = engine.wait_for("nobody to be there", |figures| figures["persons_not_reached"] >= 1);
    assert_eq!(figures["bridged"], 0);
    patient.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}"));
}

/// A baresip that logs in as the front desk and answers at once.
fn baresip(home: &Path, engine: &Engine, password: &str) -> Child {
    let source = softphone::tone_file(home, PERSON_HZ, 8_000);
    let account = format!(
        "<sip:front-desk@{};transport=udp>;auth_user=front-desk;auth_pass={password};regint=60;answermode=auto",
        engine.sip
    );
    softphone::furnish(home, engine::free_port(), &source, softphone::PCMU, &account);
    softphone::run(home, &[])
}

#[test]
fn baresip_logs_in_is_rung_by_its_name_and_the_patient_hears_it() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = engine(home.path());
    let place = home.path().join("desk");
    let said = || softphone::said(&place);
    let mut desk = baresip(&place, &engine, "secret");
    engine::eventually(
        || (engine.status()["phones"] == 1).then_some(()),
        || format!("baresip to log in; it said:\n{}\n{}", said(), engine.said()),
    );
    let patient = Phone::call(engine.sip, "100", PATIENT_HZ).unwrap_or_else(|fault| panic!("{fault}"));
    engine.wait_for("a recording", |figures| figures["recorder_opened"] == 1);
    patient.press(0);
    engine.wait_for("the front desk to answer", |figures| figures["bridged"] == 1);
    patient.listen(TALK);
    patient.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}"));
    engine.wait_for("the end of the call and of its files", |figures| {
        (figures["calls_ended"], figures["recorder_closed"]) == (1, 1)
    });
    desk.kill().expect("it runs until it is told to stop");
    desk.wait().expect("it is our child");
    let file = engine::recordings(home.path()).pop().expect("one recording is closed");
    let stereo = sound::read(&file).unwrap_or_else(|fault| panic!("{fault}"));
    let last = stereo.right.rchunks_exact(8_000).nth(1).expect("seconds of talk");
    let heard = sound::heard_in(last, PERSON_HZ);
    assert!(heard > 0.8, "the patient hears the person in {:.0} % of a second\n{}", heard * 100.0, said());
}

#[test]
fn a_person_whose_phone_is_not_logged_in_is_not_reached_at_once() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = engine(home.path());
    let mut desk = baresip(&home.path().join("desk"), &engine, "guess");
    engine.wait_for("a wrong password", |figures| figures["phones_refused"] >= 1);
    desk.kill().expect("it runs until it is told to stop");
    desk.wait().expect("it is our child");
    let patient = Phone::call(engine.sip, "100", PATIENT_HZ).unwrap_or_else(|fault| panic!("{fault}"));
    engine.wait_for("a recording", |figures| figures["recorder_opened"] == 1);
    patient.press(0);
    let figures = engine.wait_for("nobody to be there", |figures| figures["persons_not_reached"] >= 1);
    assert_eq!((figures["bridged"], figures["phones"]), (0, 0));
    patient.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}"));
}
