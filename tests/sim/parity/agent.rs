//! A scenario that is played in virtual time: what SIPp would send, wait for and press.

use super::super::phone::sdp;
use super::super::phone::talk::{Mouth, Spoken, Talk};
use super::super::sound::Voice;
use super::rungs::{Rungs, Sent};
use super::scenario::{Step, keys};
use careline::clock::Instant;
use careline::rng::Rng;
use careline::wire::codec::Codec;
use careline::wire::sip::address::Address;
use careline::wire::sip::message::{Message, parse};
use careline::wire::sip::name::Name;
use std::collections::VecDeque;
use std::net::SocketAddr;

/// `play_dtmf` of SIPp always sends this payload type.
const SIPP_KEYS: u8 = 96;

/// A SIPp that plays one call.
pub struct Agent {
    /// Its SIP address.
    pub at: SocketAddr,
    engine: SocketAddr,
    steps: VecDeque<Step>,
    wait_until: Option<Instant>,
    last: Vec<u8>,
    route: String,
    number: &'static str,
    field: String,
    kept: Vec<(String, String)>,
    call_id: String,
    branches: u32,
    talk: Option<Talk>,
    /// Messages that leave.
    pub outs: VecDeque<Vec<u8>>,
    /// Key packets that leave.
    pub sounds: VecDeque<(SocketAddr, Spoken)>,
    /// What it saw.
    pub rungs: Rungs,
    rng: Rng,
}

impl Agent {
    /// An agent at `at` that plays `steps`.
    pub fn new(
        at: SocketAddr,
        engine: SocketAddr,
        steps: Vec<Step>,
        number: &'static str,
        field: &str,
    ) -> Self {
        Self {
            at,
            engine,
            steps: steps.into(),
            wait_until: None,
            last: Vec::new(),
            route: String::new(),
            number,
            field: field.to_owned(),
            kept: Vec::new(),
            call_id: format!("1-{}@{}", at.port(), at.ip()),
            branches: 0,
            talk: None,
            outs: VecDeque::new(),
            sounds: VecDeque::new(),
            rungs: Rungs::default(),
            rng: Rng::seeded(u64::from(at.port())),
        }
    }

    /// When it has something to do by itself.
    pub fn due(&self) -> Option<Instant> {
        let talk = self.talk.as_ref().map(|talk| talk.next_at);
        [self.wait_until, talk].into_iter().flatten().min()
    }

    /// The scenario is played to its end.
    pub fn is_done(&self) -> bool {
        self.steps.is_empty()
    }

    /// What it waits for, for whoever waits in vain.
    pub fn next(&self) -> Option<&Step> {
        self.steps.front()
    }

    /// Goes on as far as it can.
    pub fn advance(&mut self, now: Instant) {
        if let Some(talk) = self.talk.as_mut().filter(|talk| talk.next_at <= now) {
            let to = talk.to;
            self.sounds.extend(talk.tick(&mut self.rng).map(|spoken| (to, spoken)));
        }
        if self.wait_until.is_some_and(|until| until > now) {
            return;
        }
        self.wait_until = None;
        while let Some(step) = self.steps.pop_front_if(|step| !matches!(step, Step::Receive { .. })) {
            match step {
                Step::Send(text) => {
                    let octets = self.fill_in(&text);
                    self.rungs.add(Sent::ByUs, &octets);
                    self.outs.push_back(octets);
                }
                Step::Pause(pause) => {
                    self.wait_until = Some(now + pause);
                    return;
                }
                Step::Keys(text) => self.press(now, &text),
                Step::Speak => {
                    if let Some(talk) = self.talk.as_mut() {
                        talk.mouth = Mouth::Silence;
                    }
                }
                Step::Keep { header, variable } => {
                    let value =
                        Name::read(header.as_bytes()).map(|name| self.last_header(name)).unwrap_or_default();
                    let value = value.split_once(':').map(|(_, value)| value.to_owned()).unwrap_or_default();
                    self.kept.push((format!("[${variable}]"), value));
                }
                Step::PauseByChance | Step::Receive { .. } => {}
            }
        }
    }

    /// A message came.
    pub fn on_sip(&mut self, now: Instant, octets: &[u8]) {
        let Ok(message) = parse(octets) else { return };
        self.rungs.add(Sent::ByEngine, octets);
        let what = match &message {
            Message::Request(request) => request.method.to_string(),
            Message::Response(response) => response.status.to_string(),
        };
        let place = self.place_of(&what);
        let Some(place) = place.filter(|_| self.wait_until.is_none()) else {
            return self.answer_by_itself(octets, &what);
        };
        let is_route = matches!(self.steps.get(place), Some(Step::Receive { is_route: true, .. }));
        let optional = matches!(self.steps.get(place), Some(Step::Receive { optional: true, .. }));
        self.last = octets.to_vec();
        if is_route {
            let headers = match &message {
                Message::Request(request) => request.headers,
                Message::Response(response) => response.headers,
            };
            let contact = headers.first(Name::Contact).and_then(|value| Address::read(value).ok());
            self.route =
                contact.map(|contact| String::from_utf8_lossy(contact.uri).into_owned()).unwrap_or_default();
        }
        self.hear_of_media(now, &message);
        if !optional {
            self.steps.drain(..=place);
            self.advance(now);
        }
    }

    /// The place of the step that waits for this message; optional ones may be passed over.
    fn place_of(&self, wanted: &str) -> Option<usize> {
        for (place, step) in self.steps.iter().enumerate() {
            match step {
                Step::Receive { what, .. } if what == wanted => return Some(place),
                Step::Receive { optional: true, .. } => {}
                _ => return None,
            }
        }
        None
    }

    /// What SIPp answers by itself with `-aa`.
    fn answer_by_itself(&mut self, octets: &[u8], what: &str) {
        if what == "OPTIONS" {
            let before = std::mem::replace(&mut self.last, octets.to_vec());
            let text = "SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n";
            let answer = self.fill_in(text);
            self.last = before;
            self.rungs.add(Sent::ByUs, &answer);
            self.outs.push_back(answer);
        }
    }

    fn hear_of_media(&mut self, now: Instant, message: &Message<'_>) {
        let body = match message {
            Message::Request(request) => request.body,
            Message::Response(response) => response.body,
        };
        let Some(told) = sdp::read(body) else { return };
        if self.talk.is_none() {
            let keys = Some(SIPP_KEYS);
            let talk = Talk::new(now, told.media, Voice(0), Mouth::Shut, (Codec::Pcmu, keys), &mut self.rng);
            self.talk = Some(talk);
        }
    }

    fn press(&mut self, _now: Instant, text: &str) {
        let text = text.replace("[keys]", &self.field);
        if let Some(talk) = self.talk.as_mut() {
            keys(&text).into_iter().for_each(|key| talk.press(key));
        }
    }

    /// Fills in what SIPp fills in.
    fn fill_in(&mut self, text: &str) -> Vec<u8> {
        self.branches += 1;
        let (local, remote) = (self.at, self.engine);
        let mut text = text.trim_start().replace("[service]", self.number);
        let values = [
            ("[remote_ip]", remote.ip().to_string()),
            ("[remote_port]", remote.port().to_string()),
            ("[local_ip]", local.ip().to_string()),
            ("[local_port]", local.port().to_string()),
            ("[media_ip]", local.ip().to_string()),
            ("[auto_media_port]", (local.port() + 2_000).to_string()),
            ("[transport]", "UDP".to_owned()),
            ("[branch]", format!("z9hG4bK-{}-{}", local.port(), self.branches)),
            ("[pid]", local.port().to_string()),
            ("[call_number]", "1".to_owned()),
            ("[call_id]", self.call_id.clone()),
            ("[next_url]", self.route.clone()),
        ];
        for (name, value) in values {
            text = text.replace(name, &value);
        }
        for (name, value) in &self.kept {
            text = text.replace(name, value);
        }
        for name in [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq] {
            let placeholder = format!("[last_{}:]", name.as_str());
            if text.contains(&placeholder) {
                text = text.replace(&placeholder, &self.last_header(name));
            }
        }
        finish(&text)
    }

    fn last_header(&self, name: Name) -> String {
        let Ok(message) = parse(&self.last) else { return String::new() };
        let headers = match &message {
            Message::Request(request) => request.headers,
            Message::Response(response) => response.headers,
        };
        let lines =
            headers.each(name).map(|value| format!("{}: {}", name.as_str(), String::from_utf8_lossy(value)));
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// Line ends, and the length of the body.
fn finish(text: &str) -> Vec<u8> {
    let mut parts = text.splitn(2, "\n\n");
    let lines = |part: &str| part.lines().map(|line| format!("{}\r\n", line.trim_end())).collect::<String>();
    let head = lines(parts.next().unwrap_or_default());
    let body = lines(parts.next().unwrap_or_default().trim());
    format!("{}\r\n{body}", head.replace("[len]", &body.len().to_string())).into_bytes()
}
