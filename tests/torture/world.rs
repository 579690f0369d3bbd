//! The whole machine for one message: it is parsed, judged and answered, as when it comes from a trunk.
//!
//! A call that reaches the switch is answered here by the same pure function that answers it there.

use careline::clock::Instant;
use careline::id::LegId;
use careline::phi::Phi;
use careline::rng::Rng;
use careline::sip::interface::{
    Command, Event, InfoKeys, Input, Invite, Network, Outgoing, Output, Settings,
};
use careline::sip::invite::offer_answer::{Ours, answer, offer};
use careline::sip::stack::Stack;
use careline::sip::way::Way;
use careline::wire::codec::Codec;
use careline::wire::sdp::read::read;
use careline::wire::sdp::session::Direction;
use careline::wire::sip::message::{Message, Response, parse};
use careline::wire::sip::name::Name;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// Where the machine and the peer are.
pub const IP4: (&str, &str) = ("192.0.2.100:5060", "192.0.2.2:5060");
/// The same in IPv6.
pub const IP6: (&str, &str) = ("[2001:db8::20]:5060", "[2001:db8::9:1]:5060");
/// What explains a status and is told with it.
const EXPLAINED: [(u16, Name); 5] = [
    (405, Name::Allow),
    (406, Name::Accept),
    (415, Name::Accept),
    (420, Name::Unsupported),
    (501, Name::Allow),
];

/// One machine and what it did.
pub struct World {
    stack: Stack,
    now: Instant,
    way: Way,
    acts: Vec<String>,
    /// Everything that it sent.
    pub sent: Vec<Vec<u8>>,
}

/// What becomes of a request from the first message of it to the last act of the machine.
pub fn outcome(octets: &[u8], (us, them): (&str, &str)) -> String {
    let mut world = World::new(us, them);
    world.receive(octets);
    world.told()
}

/// What becomes of a response to a call of ours, which it is made to fit by the branch of its top Via.
pub fn outcome_of_response(octets: &[u8]) -> String {
    let mut world = World::new(IP4.0, IP4.1);
    let branch = world.call();
    world.receive(&with_branch(octets, &branch));
    world.run_for(Duration::from_secs(1));
    world.told()
}

impl World {
    pub fn new(us: &str, them: &str) -> Self {
        let any = |base: IpAddr| Network { base, prefix: 0 };
        let settings = Settings {
            t1: Duration::from_millis(500),
            target_patience: careline::limits::SIP_TARGET_PATIENCE_DEFAULT,
            external_address: None,
            product: "Careline".to_owned(),
            trusted: Vec::new(),
            requests_a_second: 1_000,
            help: Default::default(),
            listen_to: vec![any([0, 0, 0, 0].into()), any(Ipv6Addr::UNSPECIFIED.into())],
            session_expires_s: 1_800,
            info_keys: InfoKeys::Ignored,
            drop_agents: Vec::new(),
        };
        Self {
            stack: Stack::new(settings, Rng::seeded(1)),
            now: Instant::START,
            way: Way::udp(us.parse().unwrap(), them.parse().unwrap()),
            acts: Vec::new(),
            sent: Vec::new(),
        }
    }

    pub fn receive(&mut self, octets: &[u8]) {
        self.stack.handle(self.now, Input::Message { way: self.way, octets });
        self.drain();
    }

    /// What it did, in order; nothing is told with what was counted instead.
    pub fn told(&self) -> String {
        let counters = self.stack.counters();
        let counted = match (counters.noise, counters.malformed) {
            (0, 0) => "taken",
            (_, 0) => "noise",
            (_, _) => "dropped",
        };
        if self.acts.is_empty() { counted.to_owned() } else { self.acts.join(", ") }
    }

    /// Places a call; its branch.
    fn call(&mut self) -> String {
        let leg = self.stack.reserve_leg();
        let sdp = b"v=0\r\nc=IN IP4 192.0.2.100\r\nm=audio 4000 RTP/AVP 0\r\n".to_vec();
        let from_user = Phi::new("100".to_owned());
        let call = Box::new(Outgoing {
            target: "sip:user@192.0.2.2".to_owned(),
            from_user,
            carries: Default::default(),
            sdp,
        });
        self.stack.handle(self.now, Input::Command(Command::Invite { leg, way: self.way, call }));
        self.drain();
        let invite = String::from_utf8(self.sent.remove(0)).unwrap();
        self.acts.clear();
        let after = invite.split_once("branch=").expect("a branch").1;
        after.split(';').next().unwrap().to_owned()
    }

    fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.stack.poll_timeout().filter(|due| due.at <= end) {
            self.now = due.at;
            self.stack.handle(self.now, Input::Timeout);
            self.drain();
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.stack.poll_output() {
            match output {
                Output::Transmit { octets, .. } => {
                    self.acts.push(shown(&octets));
                    self.sent.push(octets);
                }
                // No name leads anywhere here: what is sent goes back to where the message came from.
                Output::Resolve { id, .. } => {
                    self.stack.handle(self.now, Input::Resolved { id, records: Vec::new() });
                }
                Output::Event(Event::Invite { leg, invite }) => self.take(leg, &invite),
                Output::Event(event) => {
                    let event = format!("{event:?}");
                    self.acts.push(format!("! {}", event.split(' ').next().unwrap()));
                }
            }
        }
    }

    /// The switch's part: offer and answer.
    fn take(&mut self, leg: LegId, invite: &Invite) {
        self.acts.push(format!("! call to `{}`", invite.request_user.expose().escape_default()));
        let ours = Ours {
            address: self.way.local.ip(),
            rtp_port: 4_000,
            id: 1,
            version: 0,
            last: None,
            codecs: &Codec::ALL,
            offered: &[Codec::Pcmu, Codec::Pcma, Codec::G722],
            ptime_ms: 20,
            direction: Direction::SendRecv,
            peer: self.way.remote.ip(),
        };
        let body = match &invite.sdp {
            None => Some(offer(&ours).body),
            Some(sdp) => {
                read(sdp).ok().and_then(|offer| answer(&offer, &ours).ok()).map(|agreed| agreed.body)
            }
        };
        let command = match body {
            Some(sdp) => Command::Answer { leg, sdp },
            None => Command::Refuse { leg, status: 488, retry_after_s: None },
        };
        self.stack.handle(self.now, Input::Command(command));
    }
}

/// A message of ours: its method, or its status with what explains it.
fn shown(octets: &[u8]) -> String {
    match parse(octets).expect("what we send is SIP") {
        Message::Request(request) => request.method.to_string(),
        Message::Response(response) => {
            let explained = EXPLAINED.iter().find(|(status, _)| *status == response.status);
            let value = explained.map(|(_, name)| format!(" {name}: {}", value_of(&response, *name)));
            format!("{}{}", response.status, value.unwrap_or_default())
        }
    }
}

/// The value that explains a status; of Allow, which grows, only that INVITE is in it.
fn value_of(response: &Response<'_>, name: Name) -> String {
    let value = response.headers.first(name).unwrap_or_else(|| panic!("{} without {name}", response.status));
    let value = String::from_utf8_lossy(value).into_owned();
    if name == Name::Allow { value.split(',').next().unwrap().to_owned() + ", …" } else { value }
}

fn with_branch(octets: &[u8], branch: &str) -> Vec<u8> {
    let find = |wanted: &[u8]| octets.windows(wanted.len()).position(|window| window == wanted);
    let start = find(b"branch=").map_or(octets.len(), |at| at + b"branch=".len());
    let is_end = |octet: &u8| matches!(octet, b';' | b',' | b'\r');
    let end = octets[start..].iter().position(is_end).map_or(octets.len(), |at| start + at);
    [&octets[..start], branch.as_bytes(), &octets[end..]].concat()
}
