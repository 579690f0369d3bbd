//! A call whose media port is flooded: tens of thousands of packets from other addresses, among them the
//! party's own source, keys and a loud tone. The caller notices nothing, and neither does anybody else.

#[path = "engine/mod.rs"]
mod engine;
#[path = "phone/mod.rs"]
mod phone;
#[path = "sound/mod.rs"]
mod sound;

use careline::rng::Rng;
use engine::{Engine, Notice, ROOT, Wishes};
use phone::{AUDIO, EVENT, Heard, Phone, Place, key_event, rtp};
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};

/// The tones of the flooded caller, of the other one, and of the flood.
const FLOODED_HZ: f64 = 440.0;
const OTHER_HZ: f64 = 700.0;
const FLOOD_HZ: f64 = 3_000.0;
/// The menu is heard all through the flood, which lasts for so many packets of the engine.
const MENU_S: f64 = 6.0;
const FLOOD_TICKS: u64 = 100;
const FLOOD_PER_TICK: u64 = 300;
/// Samples before the first of a recording's tone: what the jitter buffer holds back, and a tick.
const HELD_BACK: usize = 480;

/// Who floods a port, and with what.
struct Flood {
    sockets: Vec<UdpSocket>,
    to: SocketAddr,
    /// The party's source.
    ssrc: u32,
    rng: Rng,
    sent: u64,
}

impl Flood {
    /// From another host, and from another port of the party's.
    fn new(phone: &Phone) -> Self {
        let bind = |host: &str| UdpSocket::bind((host, 0)).expect("loopback has many addresses");
        let sockets = ["127.0.0.2", "127.0.0.1"].map(bind).into();
        Self { sockets, to: phone.media, ssrc: phone.ssrc, rng: Rng::seeded(1), sent: 0 }
    }

    fn send(&mut self, packets: u64) {
        for _ in 0..packets {
            let packet = self.packet();
            let socket = &self.sockets[self.sent as usize / 7 % self.sockets.len()];
            // A port that is connected to the party refuses it: that is as it should be.
            let _ = socket.send_to(&packet, self.to);
            self.sent += 1;
        }
    }

    fn packet(&mut self) -> Vec<u8> {
        let (sequence, timestamp) = (self.sent as u16, self.sent as u32 / 7 * 160);
        let tone = || sound::mu_law_tone(FLOOD_HZ, timestamp);
        let stranger = self.rng.next_u32();
        match self.sent % 7 {
            0 => {
                let length = self.rng.below(300);
                (0..length).map(|_| self.rng.next_u32() as u8).collect()
            }
            1 => rtp(AUDIO, sequence, timestamp, stranger, &tone()),
            2 => rtp(AUDIO, sequence, timestamp, self.ssrc, &tone()),
            3 => rtp(0x80 | EVENT, sequence, timestamp, stranger, &key_event(1, 800, true)),
            4 => rtp(0x80 | EVENT, sequence, timestamp, self.ssrc, &key_event(5, 800, true)),
            5 => rtp(0x80 | 96, sequence, timestamp, self.ssrc, &key_event(9, 800, true)),
            // An RTCP BYE of the party (RFC 3550 §6.6), on the RTP port.
            _ => [&[0x81, 203, 0, 1][..], &self.ssrc.to_be_bytes()].concat(),
        }
    }
}

/// The text of a call in `careline calls ID`, and its recording.
fn record(engine: &Engine, id: &str) -> (String, PathBuf) {
    let text = engine.told(&["calls", id]);
    let path = text.split_whitespace().find(|word| word.ends_with(".wav"));
    (text.clone(), path.unwrap_or_else(|| panic!("no recording:\n{text}")).into())
}

/// The party's tone is on the left from the beginning to the end, and the flood's nowhere.
fn holds_its_party_and_no_flood(file: &Path, hertz: f64, least: f64, heard: Heard) {
    let stereo = sound::read(file).unwrap_or_else(|fault| panic!("{fault}"));
    let length = sound::seconds(&stereo.left);
    assert!(length > 2.0, "{}: only {length:.2} s", file.display());
    let own = sound::heard_in(&stereo.left[HELD_BACK..], hertz);
    let least = if heard.sent_late == 0 { least } else { least - 0.15 };
    assert!(own >= least, "{hertz} Hz is heard in {:.1} % of {length:.2} s; {heard:?}", own * 100.0);
    for (side, samples) in [("left", &stereo.left), ("right", &stereo.right)] {
        let flood = sound::heard_in(samples, FLOOD_HZ);
        assert!(flood == 0.0, "{side}: the flood is heard in {:.1} % of {}", flood * 100.0, file.display());
    }
}

fn started(home: &Path) -> Engine {
    let sounds = home.join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    sound::write_tone(&sounds.join("en/mm.menu.wav"), 300.0, MENU_S);
    Engine::start(home, &Wishes { sounds, notice: Notice::InTheFirstWords, ..Wishes::default() })
}

/// Floods the one call while both hear the menu; with a key pressed in it, if `presses`.
fn flood(flooded: &Phone, presses: bool) -> u64 {
    let mut flood = Flood::new(flooded);
    for tick in 0..FLOOD_TICKS {
        flood.send(FLOOD_PER_TICK);
        flooded.listen(1);
        if presses && tick == FLOOD_TICKS * 3 / 4 {
            flooded.press(6);
        }
    }
    flood.sent
}

/// Two calls up, the first of them flooded. What the flooded one must hold of its tone is `least`.
fn goes_on_unharmed(place: Place, least: f64) {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = started(home.path());
    let call = |hertz, place| {
        Phone::call_as(engine.sip, "100", hertz, place).unwrap_or_else(|fault| panic!("{fault}"))
    };
    let (flooded, other) = (call(FLOODED_HZ, place), call(OTHER_HZ, Place::Open));
    engine.wait_for("two recordings", |figures| figures["recorder_opened"] == 2);
    // Recording begins with the menu: both hear it from here on.
    flooded.listen(10);
    let before = (flooded.heard(), other.heard());
    let sent = flood(&flooded, place == Place::Open);
    let during = (flooded.heard(), other.heard());
    if place == Place::BehindNat {
        flooded.press(6);
    }
    flooded.listen(50);
    let in_the_calls = engine.status();
    let heard = flooded.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}"));
    let other_heard = other.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}"));
    let figures = engine.wait_for("the end of both", |figures| {
        (figures["calls_ended"], figures["recorder_closed"], figures["events_not_durable"]) == (2, 2, 0)
    });
    let calls = engine.calls();
    let (text, file) = record(&engine, &calls[1].0);
    let (other_text, other_file) = record(&engine, &calls[0].0);
    println!("{sent} packets of the flood; flooded {heard:?}, other {other_heard:?}, {figures:#?}\n{text}");

    assert_eq!(sent, FLOOD_TICKS * FLOOD_PER_TICK);
    for (who, heard) in [("flooded", heard), ("other", other_heard)] {
        assert_eq!(
            (heard.missing, heard.out_of_order),
            (0, 0),
            "the {who} caller's stream is whole: {heard:?}"
        );
    }
    let menu = (during.0.voiced - before.0.voiced, during.1.voiced - before.1.voiced);
    assert!(menu.0.min(menu.1) > FLOOD_TICKS / 2, "packets with the menu in the flood: {menu:?}");
    assert_eq!(text.matches("a key → ").count(), 1, "one key, once:\n{text}");
    assert!(text.contains("a key → more"), "it was the caller's:\n{text}");
    assert!(!other_text.contains("a key → "), "the other pressed none:\n{other_text}");
    holds_its_party_and_no_flood(&file, FLOODED_HZ, least, heard);
    holds_its_party_and_no_flood(&other_file, OTHER_HZ, 0.95, other_heard);
    assert_eq!(in_the_calls["calls_up"], 2, "{in_the_calls:#?}");
    for (name, expected) in QUIET {
        assert_eq!(figures[*name], *expected, "{name}\n{figures:#?}");
    }
    let sound = heard.packets + other_heard.packets;
    assert!(figures["rtp_sent"] >= sound, "{} sent, {sound} heard\n{figures:#?}", figures["rtp_sent"]);
}

/// What a flood leaves of the counters.
const QUIET: &[(&str, u64)] = &[
    ("calls_answered", 2),
    ("calls_ended", 2),
    ("calls_media_lost", 0),
    ("keys", 1),
    ("answers_missed", 0),
    ("ladder_rungs", 0),
    ("flow_faults", 0),
    ("recordings_failed", 0),
    ("media_keys_dropped", 0),
    ("media_ticks_skipped", 0),
    ("rtp_send_errors", 0),
    ("sip_malformed", 0),
];

/// A press takes the place of 160 ms of the tone, which spoils up to six stretches of 40 ms in the 3.2 s that are
/// recorded; a busy machine may cost as many more (84.8 % was seen once). Every other packet of the caller comes through.
#[test]
fn a_flooded_call_goes_on_unharmed_and_so_does_every_other() {
    goes_on_unharmed(Place::Open, 0.80);
}

/// Who is known by his packets alone shares his port's buffer with the flood: while it lasts some or all of
/// what he says is lost, and nothing else. His key is pressed after it. Of the 3.2 s that are recorded 1.0 s come then, less
/// 0.16 s of the press and up to six stretches of 40 ms: 0.6 s are a fifth (25.6 % was seen once, when all of the flood's time was lost).
#[test]
fn a_flood_costs_a_caller_behind_nat_what_he_says_meanwhile_and_nobody_else_anything() {
    goes_on_unharmed(Place::BehindNat, 0.18);
}
