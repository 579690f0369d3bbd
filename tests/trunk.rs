//! A real login and a real call out over a trunk: a patient asks for a person, and the person's number is called over a carrier that asks
//! for the account, for each request anew (RFC 3261 §22.3).
//!
//! ```text
//!  patient ──INVITE──▶ engine ──INVITE──▶ a host where nobody is
//!                             ──INVITE──▶ carrier ──407──▶ ACK, INVITE with the account ──200──▶ both hear each other
//! ```
//! The carrier is the test's own: it makes the hash of the password with its own hands (RFC 7616 §3.4.1).

#[path = "engine/mod.rs"]
mod engine;
#[path = "phone/mod.rs"]
mod phone;
#[path = "sound/mod.rs"]
mod sound;

use engine::sipp::Sipp;
use engine::{Engine, Notice, ROOT, Wishes, eventually};
use md5::{Digest, Md5};
use phone::Phone;
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

const USER: &str = "clinic-7";
const PASSWORD: &str = "tr,unk pass";
const REALM: &str = "carrier.example";
const PATIENT_HZ: f64 = 440.0;

/// A carrier that takes no request without the account. It goes when the test is over.
struct Carrier {
    at: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    /// While it is set it answers nothing.
    silent: Arc<AtomicBool>,
    /// While it is set nobody answers the telephone that it calls.
    rings: Arc<AtomicBool>,
}

impl Carrier {
    fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
        let at = socket.local_addr().expect("it is bound");
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&heard);
        let silent = Arc::<AtomicBool>::default();
        let rings = Arc::<AtomicBool>::default();
        let (is_silent, is_ringing) = (Arc::clone(&silent), Arc::clone(&rings));
        std::thread::spawn(move || {
            let sound = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
            let port = sound.local_addr().expect("it is bound").port();
            let mut datagram = [0_u8; 8_192];
            while let Ok((length, from)) = socket.recv_from(&mut datagram) {
                let text = String::from_utf8_lossy(&datagram[..length]).into_owned();
                let mut heard = log.lock().expect("no reader panics");
                let answer = answer(&text, at, port, heard.len()).filter(|_| !is_silent.load(Relaxed));
                let answer = match is_ringing.load(Relaxed) && text.starts_with("INVITE ") {
                    true => answer.map(|answer| answer.replace("SIP/2.0 200 OK", "SIP/2.0 180 Ringing")),
                    false => answer,
                };
                heard.push(text);
                // An engine that was killed takes no answer.
                let _ = answer.map(|answer| socket.send_to(answer.as_bytes(), from));
            }
        });
        Self { at, heard, silent, rings }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("no writer panics").clone()
    }

    /// Waits for a request that begins so and shows the account.
    fn wait_for(&self, begins: &str) -> String {
        let is_it = |text: &&String| text.starts_with(begins) && knows_the_password(text);
        let found = || self.heard().iter().find(is_it).cloned();
        eventually(found, || {
            format!("`{begins}` with the account; the carrier heard:\n{}", self.heard().join("\n"))
        })
    }
}

fn line<'a>(text: &'a str, name: &str) -> &'a str {
    text.lines().find(|line| line.starts_with(name)).unwrap_or_default()
}

fn answer(text: &str, at: SocketAddr, port: u16, count: usize) -> Option<String> {
    let method = text.split(' ').next()?;
    if method == "ACK" {
        return None;
    }
    let to = line(text, "To: ");
    let tag = if to.contains(";tag=") { "" } else { ";tag=carrier" };
    let (via, from, id, cseq) =
        (line(text, "Via: "), line(text, "From: "), line(text, "Call-ID: "), line(text, "CSeq: "));
    let head = format!("{via}\r\n{from}\r\n{to}{tag}\r\n{id}\r\n{cseq}\r\n");
    if !knows_the_password(text) {
        let ask = format!("Digest realm=\"{REALM}\", nonce=\"n{count}\", algorithm=MD5, qop=\"auth\"");
        let (status, asks) = match method {
            "REGISTER" => ("401 Unauthorized", "WWW-Authenticate"),
            _ => ("407 Proxy Authentication Required", "Proxy-Authenticate"),
        };
        return Some(format!("SIP/2.0 {status}\r\n{head}{asks}: {ask}\r\nContent-Length: 0\r\n\r\n"));
    }
    let body = match method {
        "INVITE" => format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
        ),
        _ => String::new(),
    };
    // Whom a login is for, and for how long it holds (RFC 3261 §10.3).
    let contact = match method {
        "REGISTER" => format!("{};expires=600", line(text, "Contact: ")),
        _ => format!("Contact: <sip:desk@{at}>"),
    };
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    Some(format!("SIP/2.0 200 OK\r\n{head}{contact}\r\n{kind}Content-Length: {}\r\n\r\n{body}", body.len()))
}

fn md5(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|octet| format!("{octet:02x}")).collect()
}

fn knows_the_password(text: &str) -> bool {
    let name = if text.starts_with("REGISTER ") { "Authorization: " } else { "Proxy-Authorization: " };
    let value = line(text, name);
    let parameter = |name: &str| {
        let after = value.split_once(&format!("{name}=")).map(|(_, after)| after).unwrap_or_default();
        after.trim_start_matches('"').split(['"', ',']).next().unwrap_or_default()
    };
    let (method, uri) = (text.split(' ').next().unwrap_or_default(), parameter("uri"));
    let ha1 = md5(&format!("{USER}:{REALM}:{PASSWORD}"));
    let ha2 = md5(&format!("{method}:{uri}"));
    let (nonce, nc, cnonce) = (parameter("nonce"), parameter("nc"), parameter("cnonce"));
    let expected = md5(&format!("{ha1}:{nonce}:{nc}:{cnonce}:auth:{ha2}"));
    text.starts_with(&format!("{method} {uri} ")) && parameter("response") == expected
}

/// An engine whose first person is a number over a trunk: its first host is nowhere, its second is the carrier.
fn engine(home: &Path, carrier: &Carrier, password: &str) -> Engine {
    engine_with(home, carrier, password, "")
}

/// The same with these lines more about the trunk.
fn engine_with(home: &Path, carrier: &Carrier, password: &str, more: &str) -> Engine {
    engine_called_from(home, carrier, password, "192.0.2.1", more)
}

/// The same with a trunk that calls us from this address.
fn engine_called_from(home: &Path, carrier: &Carrier, password: &str, address: &str, more: &str) -> Engine {
    let sounds = home.join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    let wishes = Wishes { sounds, notice: Notice::InTheFirstWords, ..Wishes::default() };
    let (sip, desk) = engine::furnish(home, &wishes);
    let clinic = home.join("ivr-flows/clinic.yaml");
    let text = fs::read_to_string(&clinic).expect("it was copied");
    let rung = format!("sip:front-desk@{desk}");
    assert!(text.contains(&rung), "{text}");
    fs::write(&clinic, text.replace(&rung, "trunk:carrier/+1-617-555-0123")).expect("it can be written");
    let secret = home.join("carrier.password");
    fs::write(&secret, format!("{password}\n")).expect("the test's own directory can be written");
    fs::set_permissions(&secret, Permissions::from_mode(0o600)).expect("it is ours");
    let file = home.join("careline.yaml");
    let config = fs::read_to_string(&file).expect("it was written");
    let trunk = format!(
        "trunks:\n  - name: carrier\n    addresses: [{address}]\n    out:\n      to: [\"sip:{}\", \"sip:{}\"]\n      \
         caller: \"+1 617 555 0100\"\n      user: {USER}\n      digest: md5\n      password_file: {}\n{more}",
        engine::free_port(),
        carrier.at,
        secret.display()
    );
    fs::write(&file, config + &trunk).expect("the test's own directory can be written");
    Engine::start_again(home, sip, desk)
}

#[test]
fn a_person_is_reached_over_a_carrier_that_asks_for_the_account_each_time() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let carrier = Carrier::start();
    let engine = engine(home.path(), &carrier, PASSWORD);
    let patient = Phone::call(engine.sip, "100", PATIENT_HZ).unwrap_or_else(|fault| panic!("{fault}"));
    engine.wait_for("a recording", |figures| figures["recorder_opened"] == 1);
    patient.press(0);
    let figures = engine.wait_for("the person to answer", |figures| figures["bridged"] == 1);
    assert_eq!((figures["trunk_accounts_shown"], figures["trunk_accounts_refused"]), (1, 0), "{figures:#?}");
    let invite = carrier.wait_for("INVITE ");
    assert!(
        invite.starts_with(&format!("INVITE sip:+16175550123@{};user=phone SIP/2.0\r\n", carrier.at)),
        "{invite}"
    );
    assert!(line(&invite, "From: ").contains("<sip:+16175550100@"), "{invite}");
    assert!(!invite.contains("+16175550142"), "the patient's number is not this carrier's to know: {invite}");
    // RFC 7044 §5: the line that sends the call on, and the host that it is sent to after the first one was nowhere.
    let told = format!(
        "<sip:+16175550100@{}>;index=1, <sip:+16175550123@{};user=phone;cause=302>;index=1.1;mp=1",
        engine.sip, carrier.at
    );
    assert_eq!(line(&invite, "History-Info: "), format!("History-Info: {told}"), "{invite}");
    assert_eq!(line(&invite, "Diversion: "), "", "{invite}");
    // The ACK of the 200 shows what its INVITE did (RFC 3261 §13.2.2.4).
    let shown = line(&invite, "Proxy-Authorization: ").to_owned();
    let is_ack = |text: &String| text.starts_with("ACK ") && text.contains(&shown);
    eventually(|| carrier.heard().iter().any(is_ack).then_some(()), || "the ACK of the 200".to_owned());
    patient.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}"));
    carrier.wait_for("BYE ");
    let figures = engine.wait_for("the end of the call", |figures| figures["calls_ended"] == 1);
    assert!(figures["sip_failovers"] >= 1, "the first host is nowhere: {figures:#?}");
    let (status, said) = engine.stop();
    assert!(status.success() && !said.contains(PASSWORD), "{status}: {said}");
}

#[test]
fn a_wrong_password_leads_the_patient_on_and_is_counted() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let carrier = Carrier::start();
    let engine = engine(home.path(), &carrier, "guess");
    let patient = Phone::call(engine.sip, "100", PATIENT_HZ).unwrap_or_else(|fault| panic!("{fault}"));
    engine.wait_for("a recording", |figures| figures["recorder_opened"] == 1);
    patient.press(0);
    let figures = engine.wait_for("the password to be refused", |figures| {
        figures["trunk_accounts_refused"] >= 1 && figures["persons_not_reached"] >= 1
    });
    assert_eq!(figures["bridged"], 0);
    patient.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}"));
    let (status, said) = engine.stop();
    assert!(status.success() && !said.contains("guess"), "{status}: {said}");
    let asked = carrier.heard().iter().filter(|text| text.starts_with("INVITE ")).count() as u64;
    assert_eq!(asked, 2 * figures["trunk_accounts_refused"], "each call shows it once");
}

#[test]
fn an_engine_logs_in_where_a_trunk_wants_it_and_says_so() {
    // RFC 3261 §10.2, §22.2
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let carrier = Carrier::start();
    // The carrier alone: a login is tried at one host after the other.
    let engine = engine_with(home.path(), &carrier, PASSWORD, "      register: true\n");
    engine.wait_for("the login", |figures| figures.get("trunk_carrier_logged_in") == Some(&1));
    let register = carrier.wait_for("REGISTER ");
    assert!(line(&register, "To: ").contains(&format!("<sip:{USER}@")), "{register}");
    assert!(line(&register, "Contact: ").contains(&format!("@{}", engine.sip)), "{register}");
    let (status, said) = engine.stop();
    assert!(status.success() && !said.contains(PASSWORD), "{status}: {said}");
    // It has heard that we leave, with the account, before the engine was gone (§10.2.2).
    let last = carrier.heard().into_iter().rfind(|text| text.starts_with("REGISTER ")).expect("a login");
    assert!(last.contains("\r\nExpires: 0\r\n") && knows_the_password(&last), "{last}");
    assert_eq!(line(&last, "Contact: "), line(&register, "Contact: "));
}

#[test]
fn a_wrong_password_keeps_an_engine_out_and_it_says_so() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let carrier = Carrier::start();
    let engine = engine_with(home.path(), &carrier, "guess", "      register: true\n");
    let figures = engine.wait_for("the refusal", |figures| figures["trunk_accounts_refused"] >= 1);
    assert_eq!(figures["trunk_carrier_logged_in"], 0);
    assert!(engine.told(&["status"]).contains("refused"), "careline status says why");
    let (status, said) = engine.stop();
    assert!(status.success() && !said.contains("guess"), "{status}: {said}");
}

#[test]
fn a_carrier_that_answers_no_more_is_down_until_it_does_and_no_patient_waits_for_it() {
    // RFC 3261 §11
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let carrier = Carrier::start();
    let engine = engine_with(home.path(), &carrier, PASSWORD, "      health_s: 1\n");
    let down = |figures: &BTreeMap<String, u64>| figures.get("trunk_carrier_hosts_down").copied();
    engine.wait_for("a host to answer", |_| carrier.heard().iter().any(|it| it.starts_with("OPTIONS ")));
    engine.wait_for("the question to be over", |figures| figures["trunk_hosts_asked"] >= 4);
    let figures = engine.wait_for("both hosts", |figures| down(figures) == Some(0));
    assert_eq!(figures["trunk_accounts_shown"], 0, "to be asked for an account is an answer");
    carrier.silent.store(true, Relaxed);
    engine.wait_for("the host to be down", |figures| down(figures) == Some(1));
    let told = engine.told(&["status"]);
    assert!(told.contains(&format!("that calls go past: {}", carrier.at)), "{told}");
    let asked = |of: &str| carrier.heard().iter().filter(|text| text.starts_with(of)).count();
    let patient = Phone::call(engine.sip, "100", PATIENT_HZ).unwrap_or_else(|fault| panic!("{fault}"));
    engine.wait_for("a recording", |figures| figures["recorder_opened"] == 1);
    patient.press(0);
    engine.wait_for("the next rung", |figures| figures["persons_not_reached"] >= 1);
    assert_eq!(asked("INVITE "), 0, "it is not even called");
    patient.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}"));
    carrier.silent.store(false, Relaxed);
    engine.wait_for("the host to be up again", |figures| down(figures) == Some(0));
    let (status, said) = engine.stop();
    assert!(status.success(), "{status}: {said}");
    for change in ["does not answer: calls go past it", "answers again"] {
        assert_eq!(said.matches(change).count(), 1, "{change}: {said}");
    }
}

#[test]
fn a_password_that_others_may_read_keeps_the_engine_from_starting() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let carrier = Carrier::start();
    engine(home.path(), &carrier, PASSWORD).kill();
    let secret = home.path().join("carrier.password");
    fs::set_permissions(&secret, Permissions::from_mode(0o644)).expect("it is ours");
    let (code, said) = engine::run_to_end(home.path(), "serve");
    assert!(code == Some(1) && said.contains("chmod 600") && !said.contains(PASSWORD), "{code:?}: {said}");
}

#[test]
fn a_call_of_ours_that_comes_back_is_refused_and_the_patient_keeps_his() {
    // RFC 5806 §3, RFC 3261 §21.4.20
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let carrier = Carrier::start();
    carrier.rings.store(true, Relaxed);
    let engine = engine_with(home.path(), &carrier, PASSWORD, "      diversion: diversion\n");
    let patient = Phone::call(engine.sip, "100", PATIENT_HZ).unwrap_or_else(|fault| panic!("{fault}"));
    engine.wait_for("a recording", |figures| figures["recorder_opened"] == 1);
    patient.press(0);
    let invite = carrier.wait_for("INVITE ");
    let told = format!("Diversion: <sip:+16175550100@{}>;reason=unconditional", engine.sip);
    assert_eq!((line(&invite, "Diversion: "), line(&invite, "History-Info: ")), (&*told, ""), "{invite}");
    let (as_expected, said) = Sipp::carrier(home.path(), &engine, "comes-back").run();
    assert!(as_expected, "{said}");
    let figures = engine.status();
    assert_eq!((figures["calls_in_a_circle"], figures["calls_up"]), (1, 1), "{figures:#?}");
    patient.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}"));
    engine.wait_for("the end of the call", |figures| figures["calls_ended"] == 1);
    let calls = engine.calls();
    let (id, _) = calls.first().expect("the patient's call");
    let record = engine.told(&["calls", id]);
    assert!(record.contains("that telephone sends its calls on to a line of ours"), "{record}");
    let (status, said) = engine.stop();
    assert!(status.success() && !said.contains("5550142"), "{status}: {said}");
}

#[test]
fn a_call_that_was_sent_on_is_answered_for_the_line_that_was_dialled() {
    // RFC 5806 §3, RFC 7044 §5
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let carrier = Carrier::start();
    let from = "    called_number_from: diversion\n";
    let engine = engine_called_from(home.path(), &carrier, PASSWORD, "127.0.0.1", from);
    for (scenario, flow, told) in [
        // Values that nobody can read stand beside the one that counts.
        (
            "sent-on",
            "office_info",
            "sent on by …77: nobody answered there; first meant for …20, 2 times in all",
        ),
        ("sent-on-by-history", "after_hours", "sent on by …99: it was busy"),
    ] {
        let (as_expected, said) = Sipp::carrier(home.path(), &engine, scenario).run();
        assert!(as_expected, "{scenario}: {said}");
        let record = eventually(
            || {
                let (id, _) = engine.calls().into_iter().next()?;
                Some(engine.told(&["calls", &id])).filter(|record| record.contains(flow))
            },
            || format!("a call for {flow}; {:?}", engine.calls()),
        );
        assert!(record.contains(told), "{scenario}: {record}");
        assert!(!record.contains("5550120"), "no number is shown that was not asked for: {record}");
    }
    let figures = engine.wait_for("the end of both", |figures| figures["calls_ended"] == 2);
    assert_eq!((figures["sip_diversions_unread"], figures["calls_in_a_circle"]), (2, 0), "{figures:#?}");
    let (status, said) = engine.stop();
    assert!(status.success() && !said.contains("5550177"), "{status}: {said}");
}
