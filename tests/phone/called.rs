//! A telephone that is called and answers at once, with a tone as its voice: one call after the other.
//!
//! It keeps what it hears and which keys are pressed for it. What is *not* its job: refusals, or sending anything again.

use super::{AUDIO, EVENT, Line, Voice, field};
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard};

/// A phone that waits for calls. Its calls fall silent when it is dropped.
pub struct Called {
    at: SocketAddr,
    sip: UdpSocket,
    talks: Arc<Mutex<Vec<Talk>>>,
}

/// A call that it took.
struct Talk {
    invite: String,
    from: SocketAddr,
    rtp_port: u16,
    line: Arc<Line>,
    is_over: bool,
}

impl Called {
    /// One that answers there and speaks with a tone of `hertz`.
    pub fn start(at: SocketAddr, hertz: f64) -> Self {
        let sip = UdpSocket::bind(at).expect("the port was free a moment ago");
        let talks = Arc::<Mutex<Vec<Talk>>>::default();
        let (its_sip, its_talks) = (sip.try_clone().expect("a socket can be shared"), Arc::clone(&talks));
        std::thread::spawn(move || serve(&its_sip, at, hertz, &its_talks));
        Self { at, sip, talks }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Talk>> {
        self.talks.lock().expect("nobody panics while holding the talks")
    }

    /// Calls that it took so far.
    pub fn taken(&self) -> usize {
        self.lock().len()
    }

    /// Whether it is in a call.
    pub fn is_in_call(&self) -> bool {
        self.lock().iter().any(|talk| !talk.is_over)
    }

    /// The keys that were pressed for it in its newest call.
    pub fn keys(&self) -> String {
        self.lock().last().map(|talk| talk.line.keys()).unwrap_or_default()
    }

    /// Everything that it heard in its newest call, as samples.
    pub fn sound(&self) -> Vec<f64> {
        self.lock().last().map(|talk| talk.line.sound()).unwrap_or_default()
    }

    /// Hangs up its newest call (RFC 3261 §15.1.1); the call is over when that is answered.
    pub fn hang_up(&self) {
        let talks = self.lock();
        let talk = talks.last().expect("it was called");
        let value = |name: &str| field(&talk.invite, name).unwrap_or_default().trim().to_owned();
        let contact = value("Contact:");
        let target = contact.trim_start_matches('<').split('>').next().unwrap_or_default();
        let bye = format!(
            "BYE {target} SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bK-called-{n}-{port};rport\r\nFrom: {};tag={TAG}\r\n\
             To: {}\r\nCall-ID: {}\r\nCSeq: 1 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
            value("To:"),
            value("From:"),
            value("Call-ID:"),
            at = self.at,
            n = talks.len(),
            port = self.at.port(),
        );
        self.sip.send_to(bye.as_bytes(), talk.from).expect("loopback takes a datagram");
    }
}

impl Drop for Called {
    fn drop(&mut self) {
        for talk in self.lock().iter() {
            talk.line.lock().hung_up = true;
        }
    }
}

const TAG: &str = "called";

/// Answers what comes, as long as the test program runs.
fn serve(sip: &UdpSocket, at: SocketAddr, hertz: f64, talks: &Mutex<Vec<Talk>>) {
    let mut datagram = [0_u8; 8_192];
    while let Ok((length, from)) = sip.recv_from(&mut datagram) {
        let text = String::from_utf8_lossy(&datagram[..length]).into_owned();
        let id = field(&text, "Call-ID:").unwrap_or_default().to_owned();
        let mut talks = talks.lock().expect("nobody panics while holding the talks");
        let place = talks.iter().position(|talk| field(&talk.invite, "Call-ID:") == Some(&id));
        let method = text.split(' ').next().unwrap_or_default();
        let place = match (method, place) {
            ("INVITE", None) => {
                talks.push(begin(text.clone(), from, hertz));
                Some(talks.len() - 1)
            }
            _ => place,
        };
        let talk = place.and_then(|place| talks.get_mut(place));
        let is_bye = field(&text, "CSeq:").is_some_and(|cseq| cseq.ends_with("BYE"));
        let rtp_port = talk.as_ref().map(|talk| talk.rtp_port);
        if let Some(talk) = talk.filter(|_| is_bye) {
            talk.is_over = true;
            talk.line.lock().hung_up = true;
        }
        if !matches!(method, "ACK" | "SIP/2.0") {
            // An engine that was killed takes no answer.
            let _ = sip.send_to(answer(&text, at, rtp_port).as_bytes(), from);
        }
    }
}

/// The call that this INVITE begins: its voice goes to where its offer says.
fn begin(invite: String, from: SocketAddr, hertz: f64) -> Talk {
    let port = field(&invite, "m=audio ").and_then(|rest| rest.split(' ').next()?.parse().ok());
    let to = SocketAddr::new(from.ip(), port.expect("an offer of sound"));
    let rtp = UdpSocket::bind((from.ip(), 0)).expect("a port is free");
    let rtp_port = rtp.local_addr().expect("it is bound").port();
    let line = Arc::new(Line::default());
    let ssrc = 0x0b00_0000 | u32::from(rtp_port);
    let voice = Voice { rtp, to, ssrc, hertz, line: Arc::clone(&line), sequence: 0, key: None };
    std::thread::spawn(move || voice.speak());
    Talk { invite, from, rtp_port, line, is_over: false }
}

/// A 200, with an answer to the offer of an INVITE.
fn answer(request: &str, at: SocketAddr, rtp_port: Option<u16>) -> String {
    let copied = ["Via:", "From:", "Call-ID:", "CSeq:"];
    let lines = request.lines().filter(|line| copied.iter().any(|name| line.starts_with(name)));
    let mut head: String = lines.map(|line| format!("{line}\r\n")).collect();
    let to = field(request, "To:").unwrap_or_default();
    let tag = if to.contains(";tag=") { String::new() } else { format!(";tag={TAG}") };
    head += &format!("To:{to}{tag}\r\nContact: <sip:called@{at}>\r\n");
    let Some(port) = rtp_port.filter(|_| request.starts_with("INVITE ")) else {
        return format!("SIP/2.0 200 OK\r\n{head}Content-Length: 0\r\n\r\n");
    };
    let sdp = format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP {AUDIO} {EVENT}\r\na=rtpmap:{EVENT} telephone-event/8000\r\n",
        ip = at.ip()
    );
    let length = sdp.len();
    format!("SIP/2.0 200 OK\r\n{head}Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{sdp}")
}
