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
use careline::wire::sip::credentials::Algorithm;
use engine::sipp::Sipp;
use engine::{Engine, Notice, ROOT, Wishes};
use phone::Phone;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Child;

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
