//! A telephone of the tests' own: one call over SIP and RTP from loopback, with a tone as its voice.
//!
//! It has a clock of its own, like every telephone: 20 ms of its tone leave every 20 ms, whatever it hears.
//! What it hears it counts and keeps. What is *not* its job: retransmissions, refusals, requests of the engine. A
//! phone falls silent when dropped, without a BYE.

#![allow(dead_code, reason = "each test program uses its own part of this support")]

pub mod called;

use crate::sound;
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long an answer of the engine may take.
const ANSWER: Duration = Duration::from_secs(5);
const TICK: Duration = Duration::from_millis(20);
/// The payload types that its offer names.
pub const AUDIO: u8 = 0;
pub const EVENT: u8 = 101;

/// A phone in a call.
pub struct Phone {
    /// Where the engine takes its sound.
    pub media: SocketAddr,
    /// The source that its packets name.
    pub ssrc: u32,
    call: Call,
    sip: UdpSocket,
    answer: String,
    line: Arc<Line>,
    voice: Option<JoinHandle<()>>,
}

/// Where a phone is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Its SDP tells where its packets come from.
    Open,
    /// Its SDP names a port at which nobody is: it is known by its packets alone (RFC 4961).
    BehindNat,
    /// It is at this address, and says so, whether the engine can reach that or not.
    At(IpAddr),
}

impl Place {
    fn ip(self) -> IpAddr {
        match self {
            Place::Open | Place::BehindNat => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Place::At(ip) => ip,
        }
    }
}

/// The port that a phone behind NAT names.
const NOWHERE: u16 = 9;

/// What the phone and its voice share.
#[derive(Default)]
struct Line {
    state: Mutex<State>,
    heard: Condvar,
}

#[derive(Default)]
struct State {
    hung_up: bool,
    keys: VecDeque<u8>,
    heard: Heard,
    last: Option<u16>,
    /// The µ-law that came.
    sound: Vec<u8>,
    /// Events, and the timestamps at which they began, of which the end was told.
    pressed: Vec<(u8, u32)>,
}

/// What a phone has heard and sent so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Packets of the engine.
    pub packets: u64,
    /// Those with anything but silence in them.
    pub voiced: u64,
    /// Keys that the engine told it of (RFC 4733), by the packets that begin one.
    pub keys: u64,
    /// Sequence numbers that were passed over.
    pub missing: u64,
    /// Packets that came late, or twice.
    pub out_of_order: u64,
    /// Packets that it sent.
    pub sent: u64,
    /// Those that left over 40 ms late: the machine did not let it.
    pub sent_late: u64,
}

impl Phone {
    /// Calls `number` at `engine` and speaks with a tone of `hertz` once it is answered.
    ///
    /// # Errors
    /// What came in place of a 200.
    pub fn call(engine: SocketAddr, number: &str, hertz: f64) -> Result<Phone, String> {
        Self::call_as(engine, number, hertz, Place::Open)
    }

    /// The same from where `place` says.
    ///
    /// # Errors
    /// What came in place of a 200.
    pub fn call_as(engine: SocketAddr, number: &str, hertz: f64, place: Place) -> Result<Phone, String> {
        let sip = UdpSocket::bind((place.ip(), 0)).map_err(|error| error.to_string())?;
        let rtp = UdpSocket::bind((place.ip(), 0)).map_err(|error| error.to_string())?;
        sip.set_read_timeout(Some(ANSWER)).map_err(|error| error.to_string())?;
        let address = |socket: &UdpSocket| socket.local_addr().map_err(|error| error.to_string());
        let (sip_at, rtp_at) = (address(&sip)?, address(&rtp)?);
        let told = if place == Place::BehindNat { NOWHERE } else { rtp_at.port() };
        let call = Call { engine, number: number.to_owned(), sip: sip_at, rtp: rtp_at, told };
        let answer = call.answered(&sip)?;
        sip.send_to(call.request("ACK", 1, &answer).as_bytes(), engine).map_err(|error| error.to_string())?;
        let port = field(&answer, "m=audio ").and_then(|rest| rest.split(' ').next()?.parse().ok());
        let port: u16 = port.ok_or_else(|| format!("no audio in the answer:\n{answer}"))?;
        let media = SocketAddr::new(engine.ip(), port);
        let line = Arc::new(Line::default());
        let ssrc = 0x0a00_0000 | u32::from(port);
        let voice = Voice { rtp, to: media, ssrc, hertz, line: Arc::clone(&line), sequence: 0, key: None };
        let voice = Some(std::thread::spawn(move || voice.speak()));
        Ok(Phone { media, ssrc, call, sip, answer, line, voice })
    }

    /// Presses a key for 100 ms (RFC 4733).
    pub fn press(&self, key: u8) {
        self.line.lock().keys.push_back(key);
    }

    /// What it has heard so far.
    pub fn heard(&self) -> Heard {
        self.line.lock().heard
    }

    /// Everything that it has heard so far, as samples.
    pub fn sound(&self) -> Vec<f64> {
        self.line.sound()
    }

    /// Waits until it has heard what `is_so` asks for; `what` is told when that takes over `within`.
    pub fn wait_until(&self, within: Duration, what: &str, is_so: impl Fn(&Heard) -> bool) -> Heard {
        let waiting = |state: &mut State| !is_so(&state.heard);
        let (state, waited) = self
            .line
            .heard
            .wait_timeout_while(self.line.lock(), within, waiting)
            .expect("no voice panics while it holds the line");
        assert!(!waited.timed_out(), "waited {within:?} for {what}; heard {:?}", state.heard);
        state.heard
    }

    /// Listens to so many more packets of the engine, 20 ms each.
    pub fn listen(&self, packets: u64) -> Heard {
        let until = self.heard().packets + packets;
        self.wait_until(TICK * 20 * packets as u32, "packets of the engine", |heard| heard.packets >= until)
    }

    /// Waits for the engine's BYE, answers it, and tells what it has heard in the call.
    ///
    /// # Errors
    /// When no BYE comes within `within`.
    pub fn await_hang_up(self, within: Duration) -> Result<Heard, String> {
        self.sip.set_read_timeout(Some(within)).map_err(|error| error.to_string())?;
        let mut datagram = [0_u8; 4_096];
        loop {
            let (length, from) =
                self.sip.recv_from(&mut datagram).map_err(|error| format!("no BYE: {error}"))?;
            let text = String::from_utf8_lossy(&datagram[..length]).into_owned();
            if text.starts_with("BYE ") {
                let copied = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
                let lines = text.lines().filter(|line| copied.iter().any(|name| line.starts_with(name)));
                let head: String = lines.map(|line| format!("{line}\r\n")).collect();
                let answer = format!("SIP/2.0 200 OK\r\n{head}Content-Length: 0\r\n\r\n");
                self.sip.send_to(answer.as_bytes(), from).map_err(|error| error.to_string())?;
                return Ok(self.heard());
            }
        }
    }

    /// Hangs up, and tells what it has heard in the call.
    ///
    /// # Errors
    /// What came in place of a 200.
    pub fn hang_up(self) -> Result<Heard, String> {
        let bye = self.call.request("BYE", 2, &self.answer);
        self.sip.send_to(bye.as_bytes(), self.call.engine).map_err(|error| error.to_string())?;
        receive(&self.sip)?;
        Ok(self.heard())
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.line.lock().hung_up = true;
        if let Some(voice) = self.voice.take() {
            // A voice that broke has shown it in the recording already.
            let _ = voice.join();
        }
    }
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding the line")
    }

    fn sound(&self) -> Vec<f64> {
        self.lock().sound.iter().copied().map(sound::of_mu_law).collect()
    }

    /// The keys that were pressed for it, in their order (RFC 4733 §3.2).
    fn keys(&self) -> String {
        let names = b"0123456789*#ABCD";
        let name = |(event, _): &(u8, u32)| names.get(usize::from(*event)).copied().unwrap_or(b'?');
        self.lock().pressed.iter().map(name).map(char::from).collect()
    }

    fn take_packet(&self, packet: &[u8]) {
        if packet.get(1).is_some_and(|kind| (192..=223).contains(kind)) {
            return; // a report, of this call or of one whose port is next to ours (RFC 5761 §4)
        }
        let Some(sequence) = packet.get(2..4).map(|octets| u16::from_be_bytes([octets[0], octets[1]])) else {
            return;
        };
        let mut state = self.lock();
        let ahead = state.last.map_or(1, |last| sequence.wrapping_sub(last).cast_signed());
        if ahead > 0 {
            state.last = Some(sequence);
            state.heard.missing += u64::from(ahead.unsigned_abs() - 1);
        } else {
            state.heard.out_of_order += 1;
        }
        state.heard.packets += 1;
        state.heard.voiced += u64::from(packet[12..].iter().any(|octet| octet | 0x80 != 0xff));
        state.heard.keys += u64::from(packet[1] == 0x80 | EVENT);
        match packet[1] & 0x7f {
            AUDIO => state.sound.extend(&packet[12..]),
            EVENT => state.take_event(packet),
            _ => {}
        }
        self.heard.notify_all();
    }
}

impl State {
    /// The end of an event comes three times, with the timestamp of its beginning (RFC 4733 §2.5.1.4).
    fn take_event(&mut self, packet: &[u8]) {
        let [_, _, _, _, a, b, c, d, _, _, _, _, event, flags, ..] = *packet else { return };
        let pressed = (event, u32::from_be_bytes([a, b, c, d]));
        if flags & 0x80 != 0 && self.pressed.last() != Some(&pressed) {
            self.pressed.push(pressed);
        }
    }
}

/// The thread that speaks and listens.
struct Voice {
    rtp: UdpSocket,
    to: SocketAddr,
    ssrc: u32,
    hertz: f64,
    line: Arc<Line>,
    sequence: u16,
    /// The key that is pressed, the timestamp of its beginning, and how many of its packets were sent.
    key: Option<(u8, u32, u16)>,
}

impl Voice {
    fn speak(mut self) {
        go_before_others();
        let begun = Instant::now();
        for n in 0.. {
            let due = begun + TICK * n;
            self.listen(due);
            let timestamp = n * 160;
            let packet = self.packet(timestamp);
            // After a kill nobody is there to take it.
            let _ = self.rtp.send_to(&packet, self.to);
            self.sequence = self.sequence.wrapping_add(1);
            let mut state = self.line.lock();
            state.heard.sent += 1;
            state.heard.sent_late += u64::from(due.elapsed() > 2 * TICK);
            if state.hung_up {
                return;
            }
        }
    }

    /// Takes what comes until then.
    fn listen(&self, until: Instant) {
        let mut packet = [0_u8; 2_048];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.rtp.set_read_timeout(Some(left)).is_err() {
                return;
            }
            if let Ok(length) = self.rtp.recv(&mut packet) {
                self.line.take_packet(&packet[..length]);
            }
        }
    }

    /// What is sent in this tick: the tone, or the key in its place.
    fn packet(&mut self, timestamp: u32) -> Vec<u8> {
        if self.key.is_none() {
            let key = self.line.lock().keys.pop_front();
            self.key = key.map(|key| (key, timestamp, 0));
        }
        let Some((key, began, sent)) = self.key else {
            let marker = if self.sequence == 0 { 0x80 } else { 0 };
            let tone = sound::mu_law_tone(self.hertz, timestamp);
            return rtp(marker | AUDIO, self.sequence, timestamp, self.ssrc, &tone);
        };
        let (is_first, is_end, is_last) =
            (sent == 0, sent >= KEY_PACKETS, sent + 1 == KEY_PACKETS + KEY_ENDS);
        self.key = (!is_last).then_some((key, began, sent + 1));
        let event = key_event(key, (sent + 1).min(KEY_PACKETS) * 160, is_end);
        rtp(if is_first { 0x80 } else { 0 } | EVENT, self.sequence, began, self.ssrc, &event)
    }
}

/// Packets of a press before its end, and those that tell of its end.
const KEY_PACKETS: u16 = 5;
const KEY_ENDS: u16 = 3;

/// A telephone does nothing else: its voice goes before the other threads of a busy machine, as the
/// engine's do. Where that is not allowed [`Heard::sent_late`] tells what it costs.
fn go_before_others() {
    let Ok(thread) = std::fs::read_link("/proc/thread-self") else { return };
    let Some(id) = thread.file_name() else { return };
    let chrt = Command::new("chrt").args(["--rr", "--pid", "1"]).arg(id).stderr(Stdio::null()).status();
    // Not allowed, or not there: the voice takes its turn.
    let _ = chrt;
}

/// One RTP packet; `kind` is the payload type and the marker.
pub fn rtp(kind: u8, sequence: u16, timestamp: u32, ssrc: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, kind];
    packet.extend(sequence.to_be_bytes());
    packet.extend(timestamp.to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend(payload);
    packet
}

/// The payload of a telephone-event (RFC 4733 §2.3).
pub fn key_event(key: u8, duration: u16, end: bool) -> [u8; 4] {
    let [high, low] = duration.to_be_bytes();
    [key, if end { 0x8a } else { 0x0a }, high, low]
}

/// The next final answer: its text if it is a 2xx.
fn receive(sip: &UdpSocket) -> Result<String, String> {
    let mut datagram = [0_u8; 4_096];
    loop {
        let length = sip.recv(&mut datagram).map_err(|error| format!("no answer: {error}"))?;
        let text = String::from_utf8_lossy(&datagram[..length]).into_owned();
        match text.split(' ').nth(1) {
            Some("200") => return Ok(text),
            Some(status) if status.starts_with('1') => {}
            _ => return Err(text),
        }
    }
}

struct Call {
    engine: SocketAddr,
    number: String,
    sip: SocketAddr,
    rtp: SocketAddr,
    /// The RTP port that its SDP names.
    told: u16,
}

impl Call {
    /// The 200 to the INVITE.
    fn answered(&self, sip: &UdpSocket) -> Result<String, String> {
        sip.send_to(self.invite().as_bytes(), self.engine).map_err(|error| error.to_string())?;
        receive(sip)
    }

    fn invite(&self) -> String {
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
             m=audio {} RTP/AVP {AUDIO} {EVENT}\r\na=rtpmap:{EVENT} telephone-event/8000\r\n",
            self.told,
            ip = self.rtp.ip()
        );
        let head = self.head("INVITE", 1, &format!("sip:{}@{}", self.number, self.engine), "");
        let (contact, length) = (self.sip, sdp.len());
        format!(
            "{head}Contact: <sip:caller@{contact}>\r\nContent-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{sdp}"
        )
    }

    /// A request within the dialog that `answer` made.
    fn request(&self, method: &str, cseq: u32, answer: &str) -> String {
        let tag = field(answer, "To:").and_then(|to| to.split(";tag=").nth(1)).unwrap_or_default();
        let target = field(answer, "Contact:").map_or_else(
            || format!("sip:{}", self.engine),
            |contact| contact.trim().trim_start_matches('<').split('>').next().unwrap_or_default().to_owned(),
        );
        format!("{}Content-Length: 0\r\n\r\n", self.head(method, cseq, &target, &format!(";tag={tag}")))
    }

    /// The request line and the headers that all requests share.
    fn head(&self, method: &str, cseq: u32, target: &str, to_tag: &str) -> String {
        let (sip, engine, number, id) = (self.sip, self.engine, &self.number, self.rtp.port());
        format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {sip};branch=z9hG4bK-{id}-{port}-{method}-{pid};rport\r\n\
             From: <sip:+16175550142@{sip}>;tag=phone-{id}-{pid}\r\nTo: <sip:{number}@{engine}>{to_tag}\r\n\
             Call-ID: phone-{id}-{port}-{pid}@127.0.0.1\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n",
            port = sip.port(),
            pid = std::process::id()
        )
    }
}

/// The rest of the first line that begins with `name`.
fn field<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message.lines().find_map(|line| line.strip_prefix(name))
}
