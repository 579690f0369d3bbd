//! A telephone of the tests' own: one call over SIP and RTP from loopback, with a tone as its voice.
//!
//! It sends a packet for each that it hears (the engine sends one every 20 ms), so its pace is the
//! engine's. What is *not* its job: retransmissions, refusals, BYE. A phone falls silent when dropped.

use crate::sound;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A phone in a call.
pub struct Phone {
    hung_up: Arc<AtomicBool>,
    voice: Option<JoinHandle<()>>,
}

impl Phone {
    /// Calls `number` at `engine` and speaks with a tone of `hertz` once it is answered.
    ///
    /// # Errors
    /// What came in place of a 200.
    pub fn call(engine: SocketAddr, number: &str, hertz: f64) -> Result<Phone, String> {
        let sip = UdpSocket::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        let rtp = UdpSocket::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        sip.set_read_timeout(Some(Duration::from_secs(5))).map_err(|error| error.to_string())?;
        rtp.set_read_timeout(Some(Duration::from_millis(100))).map_err(|error| error.to_string())?;
        let address = |socket: &UdpSocket| socket.local_addr().map_err(|error| error.to_string());
        let call = Call { engine, number: number.to_owned(), sip: address(&sip)?, rtp: address(&rtp)? };
        let answer = call.answered(&sip)?;
        sip.send_to(call.ack(&answer).as_bytes(), engine).map_err(|error| error.to_string())?;
        let port = field(&answer, "m=audio ").and_then(|rest| rest.split(' ').next()?.parse().ok());
        let port: u16 = port.ok_or_else(|| format!("no audio in the answer:\n{answer}"))?;
        let hung_up = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&hung_up);
        let voice = std::thread::spawn(move || speak(&rtp, SocketAddr::new(engine.ip(), port), hertz, &stop));
        Ok(Phone { hung_up, voice: Some(voice) })
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.hung_up.store(true, Ordering::Relaxed);
        if let Some(voice) = self.voice.take() {
            // A voice that broke has shown it in the recording already.
            let _ = voice.join();
        }
    }
}

/// Sends 20 ms of the tone for each packet that comes, or for each 100 ms in which none comes.
fn speak(rtp: &UdpSocket, to: SocketAddr, hertz: f64, hung_up: &AtomicBool) {
    let mut heard = [0_u8; 2_048];
    let mut sequence = 0_u16;
    while !hung_up.load(Ordering::Relaxed) {
        let timestamp = u32::from(sequence) * 160;
        let mut packet = vec![0x80, if sequence == 0 { 0x80 } else { 0 }];
        packet.extend(sequence.to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend(u32::from(to.port()).to_be_bytes());
        packet.extend(sound::mu_law_tone(hertz, timestamp));
        // After a kill nobody is there to take it.
        let _ = rtp.send_to(&packet, to);
        let _ = rtp.recv(&mut heard);
        sequence = sequence.wrapping_add(1);
    }
}

struct Call {
    engine: SocketAddr,
    number: String,
    sip: SocketAddr,
    rtp: SocketAddr,
}

impl Call {
    /// The 200 to the INVITE.
    fn answered(&self, sip: &UdpSocket) -> Result<String, String> {
        sip.send_to(self.invite().as_bytes(), self.engine).map_err(|error| error.to_string())?;
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

    fn invite(&self) -> String {
        let rtp = self.rtp;
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {} RTP/AVP 0\r\n",
            rtp.port()
        );
        let head = self.head("INVITE", &format!("sip:{}@{}", self.number, self.engine), "i", "");
        let (contact, length) = (self.sip, sdp.len());
        format!(
            "{head}Contact: <sip:caller@{contact}>\r\nContent-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{sdp}"
        )
    }

    fn ack(&self, answer: &str) -> String {
        let tag = field(answer, "To:").and_then(|to| to.split(";tag=").nth(1)).unwrap_or_default();
        let target = field(answer, "Contact:").map_or_else(
            || format!("sip:{}", self.engine),
            |contact| contact.trim().trim_start_matches('<').split('>').next().unwrap_or_default().to_owned(),
        );
        format!("{}Content-Length: 0\r\n\r\n", self.head("ACK", &target, "a", &format!(";tag={tag}")))
    }

    /// The request line and the headers that INVITE and ACK share.
    fn head(&self, method: &str, target: &str, branch: &str, to_tag: &str) -> String {
        let (sip, engine, number, id) = (self.sip, self.engine, &self.number, self.rtp.port());
        format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {sip};branch=z9hG4bK-{id}-{port}-{branch}-{pid};rport\r\n\
             From: <sip:+16175550142@{sip}>;tag=phone-{id}-{pid}\r\nTo: <sip:{number}@{engine}>{to_tag}\r\n\
             Call-ID: phone-{id}-{port}-{pid}@127.0.0.1\r\nCSeq: 1 {method}\r\nMax-Forwards: 70\r\n",
            port = sip.port(),
            pid = std::process::id()
        )
    }
}

/// The rest of the first line that begins with `name`.
fn field<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message.lines().find_map(|line| line.strip_prefix(name))
}
