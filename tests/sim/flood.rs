//! A flood in a world: one source that offends and then asks for calls, one that asks too much, and a trunk that we
//! trust and that offends as well. The guard hears the first until it is banned, the second at its rate, the third
//! always; what else must be true of a world is true of the callers beside them.

use super::check::Wrong;
use super::world::{Event, World};
use careline::clock::Instant;
use careline::limits::{GUARD_BURST, GUARD_OFFENCES_MAX};
use careline::sip::interface::Network;
use careline::wire::sip::message::{Message, parse};
use careline::wire::sip::name::Name;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Requests outside a dialog that a source may send in a second, in every world.
pub const REQUESTS_A_SECOND: u32 = 100;
/// A flood lasts so long.
const LASTS: Duration = Duration::from_secs(6);
/// Time between two requests of it, and of the trunk after its offences.
const EVERY: Duration = Duration::from_millis(4);
const TRUNK_EVERY: Duration = Duration::from_millis(100);
/// Offences before it asks what it came for.
const OFFENCES: u64 = 2 * GUARD_OFFENCES_MAX as u64;
/// A trusted source is answered within this time.
const ANSWERED_WITHIN: Duration = Duration::from_millis(200);

/// Who floods: each has its own port, whatever address its requests seem to come from.
const SCANNER: u16 = 5060;
const GREEDY: u16 = 5061;
const FLOODERS: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 1);
const TRUNK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 77, 0, 1)), 5060);

/// The trunk's network.
pub fn trusted() -> Network {
    Network { base: TRUNK.ip(), prefix: 32 }
}

/// What was seen of floods.
#[derive(Default)]
pub struct Flood {
    /// Floods so far.
    pub floods: usize,
    /// Answers to each who floods.
    answered: BTreeMap<u16, u32>,
    /// What the trunk asked, by Call-ID, and has no answer.
    asked: BTreeMap<Vec<u8>, Instant>,
    requests: u64,
    /// Requests before this one are of a flood that is over.
    over: u64,
}

impl Flood {
    /// The engine has forgotten all, and nobody goes on: the scanner asks for calls because it is banned, and a new
    /// engine, which has seen none of its offences, would take them.
    pub fn forget(&mut self) {
        self.answered.clear();
        self.asked.clear();
        self.over = self.requests;
    }

    /// Whether this is a request of a flood that is over.
    pub fn is_over(&self, octets: &[u8]) -> bool {
        let number =
            |call: Vec<u8>| std::str::from_utf8(call.strip_prefix(b"flood")?).ok()?.parse::<u64>().ok();
        self.over > 0 && call_id(octets).and_then(number).is_some_and(|number| number < self.over)
    }

    /// A request of the trunk reaches the engine.
    fn reached(&mut self, now: Instant, octets: &[u8]) {
        if let Some(call) = call_id(octets) {
            self.asked.insert(call, now);
        }
    }

    /// An answer to one of them leaves; `None` if it is somebody else's.
    pub fn answered(&mut self, to: SocketAddr, octets: &[u8]) -> Option<Result<(), Wrong>> {
        if to == TRUNK {
            self.asked.remove(&call_id(octets).unwrap_or_default());
            return Some(Ok(()));
        }
        let IpAddr::V4(ip) = to.ip() else { return None };
        if ip.octets()[..2] != FLOODERS.octets()[..2] {
            return None;
        }
        let count = self.answered.entry(to.port()).or_default();
        *count += 1;
        let bound = match to.port() {
            SCANNER => GUARD_OFFENCES_MAX + 1,
            _ => REQUESTS_A_SECOND * (GUARD_BURST + LASTS + Duration::from_secs(1)).as_secs() as u32,
        };
        Some(if *count > bound {
            Err(format!("{count} requests of a flood from {to} are answered"))
        } else {
            Ok(())
        })
    }

    /// What is late by now.
    pub fn sweep(&self, now: Instant) -> Result<(), Wrong> {
        match self.asked.values().find(|since| now.since(**since) > ANSWERED_WITHIN) {
            Some(since) => Err(format!("a trusted source asked at {since:?} and is not answered")),
            None => Ok(()),
        }
    }
}

impl World {
    /// The flood begins.
    pub(super) fn begin_flood(&mut self) {
        self.flood.floods += 1;
        let count = (LASTS.as_micros() / EVERY.as_micros()) as u64;
        // Where phones log in, REGISTER is none.
        let offence = if self.house.is_open() { "PUBLISH" } else { "REGISTER" };
        for n in 0..count {
            let at = self.now + EVERY * n as u32;
            let method = match n {
                ..OFFENCES => offence,
                _ => ["INVITE", "OPTIONS", "SUBSCRIBE"][n as usize % 3],
            };
            self.push_flood(at, method, SocketAddr::new(FLOODERS.into(), SCANNER));
            self.push_flood(at, "OPTIONS", SocketAddr::new(FLOODERS.into(), GREEDY));
        }
        for n in 0..OFFENCES {
            self.push_flood(self.now + EVERY * n as u32, offence, TRUNK);
        }
        for n in 0..(LASTS.as_millis() / TRUNK_EVERY.as_millis()) as u32 {
            self.push_flood(self.now + TRUNK_EVERY * n, "OPTIONS", TRUNK);
        }
    }

    fn push_flood(&mut self, at: Instant, method: &str, from: SocketAddr) {
        let n = self.flood.requests;
        self.flood.requests += 1;
        let scattered = from != TRUNK && self.scatters_flood();
        let from = match scattered {
            true => {
                SocketAddr::new(IpAddr::from([10, 66, 1 + (n / 250) as u8, (n % 250) as u8]), from.port())
            }
            false => from,
        };
        let text = format!(
            "{method} sip:100@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bKflood{n}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:x@x.invalid>;tag=f{n}\r\nTo: <sip:100@10.0.0.1>\r\n\
             Call-ID: flood{n}\r\nCSeq: 1 {method}\r\nContact: <sip:x@{from}>\r\nContent-Length: 0\r\n\r\n"
        );
        self.heap.push(at, Event::ToEngine { from, phone: None, octets: text.into_bytes() });
    }

    /// A request that is no phone's reaches the engine.
    pub(super) fn note_stranger(&mut self, from: SocketAddr, octets: &[u8]) {
        if from == TRUNK {
            self.flood.reached(self.now, octets);
        }
    }
}

fn call_id(octets: &[u8]) -> Option<Vec<u8>> {
    let message = parse(octets).ok()?;
    let headers = match &message {
        Message::Request(request) => request.headers,
        Message::Response(response) => response.headers,
    };
    headers.first(Name::CallId).map(<[u8]>::to_vec)
}

#[test]
fn a_flood_is_over_when_the_engine_begins_anew_and_the_next_one_is_not() {
    let request = |n: u64| {
        format!("OPTIONS sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nCall-ID: flood{n}\r\n\r\n")
    };
    let mut flood = Flood { requests: 3, ..Flood::default() };
    assert!(!flood.is_over(request(2).as_bytes()), "it goes on");
    flood.forget();
    assert!(flood.is_over(request(2).as_bytes()) && !flood.is_over(request(3).as_bytes()));
    assert!(!flood.is_over(b"noise"));
}
