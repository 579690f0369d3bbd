//! What leaves the engine, and whom it reaches: a phone by datagrams or by TCP, if it speaks that, and nobody at all on
//! a host that is gone. Who is not there is told, as ICMP and TCP tell it, and the engine has to find another way at once
//! (RFC 3261 §8.1.3.1, §18.1.1).
//!
//! ```text
//!  transmit ─ datagram to a phone ──▶ its path
//!           ─ TCP to who speaks it ──▶ a connection
//!           ─ TCP to others, or a host that is gone ─▶ a little later: "unreachable" ─▶ the next target, the datagram
//! ```

use super::check::Wrong;
use super::link::{Quality, where_is};
use super::phone::Phone;
use super::phone::callee::Manner;
use super::phone::caller::Place;
use super::phone::quirk::Quirk;
use super::script::{DESK, ENGINE};
use super::sound::Voice;
use super::world::{Event, FIRST_PROMPT_VOICE, World};
use careline::clock::Instant;
use careline::limits::SIP_REQUEST_BY_UDP_MAX_OCTETS;
use careline::rng::Rng;
use careline::sip::locate::{Question, Record};
use careline::sip::way::{Transport, Way};
use careline::switch::interface::Input;
use careline::wire::sip::message::{Message, parse};
use careline::wire::sip::method::Method;
use careline::wire::sip::name::Name;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Another host of the front desk, which is switched off.
pub const GONE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 9, 0, 2));
/// One more, which is there and says nothing.
pub const MUTE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 9, 0, 3));
/// In one of so many calls its name leads to the former as well, and in as many to the latter.
const GONE_ONE_IN: u64 = 8;
/// Where TCP was refused a datagram comes within this time.
const DATAGRAM_WITHIN: Duration = Duration::from_millis(200);

/// What was seen of those who are not there.
#[derive(Default)]
pub struct Reach {
    /// Calls that were tried at the host that is gone, and how; and of which of them the engine knows it.
    tried: BTreeSet<(String, Transport)>,
    told: BTreeSet<(String, Transport)>,
    /// Calls that were tried at the host that says nothing.
    unheard: BTreeSet<String>,
    /// Phones that were tried by TCP, since the engine knows that it is refused.
    refused: BTreeMap<usize, Instant>,
}

impl Reach {
    /// The engine has forgotten all.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

impl World {
    /// What the resolver knows of a name.
    pub(super) fn look_up(&mut self, question: &Question) -> Vec<Record> {
        let mut records = where_is(DESK.ip(), ENGINE, question);
        if records.is_empty() {
            return records;
        }
        let first = match self.rng.below(GONE_ONE_IN) {
            0 => Some(GONE),
            1 => Some(MUTE),
            _ => None,
        };
        if let Some(remote) = first {
            records.insert(0, Record::Address { remote, local: ENGINE });
        }
        records
    }

    /// A message leaves the engine.
    pub(super) fn transmit(&mut self, way: Way, octets: Vec<u8>) -> Result<(), Wrong> {
        let to = way.remote;
        if to.ip() == MUTE {
            return self.try_mute(way, octets);
        }
        if to.ip() == GONE {
            return self.try_gone(way, octets);
        }
        if let Some(verdict) = self.flood.answered(to, &octets) {
            return verdict;
        }
        if self.answers_login(to, &octets) {
            return Ok(());
        }
        self.judge_place(to, &octets)?;
        let by_tcp = way.transport == Transport::Tcp;
        let Some(phone) = self.phone_at(way, &octets) else { return Ok(()) };
        let takes = to == DESK || self.phones[phone].dialog.transport == Transport::Tcp;
        if by_tcp && (!takes || self.desk_refuses(way, &octets)) {
            self.ladder.note(self.now, &format!("phone{phone} takes no TCP"));
            return self.send_down(way, octets);
        }
        if self.spoil_transmit(phone, &octets) {
            return Ok(());
        }
        if !octets.starts_with(b"SIP/2.0 ") && self.reach.refused.remove(&phone).is_some() {
            self.phones[phone].story.odd |= self.phones[phone].quirk == Some(Quirk::LongRoute);
        }
        self.ladder.sip(self.now, "engine", &format!("phone{phone}"), &octets);
        let octets = self.spoil_octets(octets);
        self.judge_admission(phone, &octets)?;
        self.checker.signals.left_engine(self.now, (phone, &self.phones[phone]), way, &octets)?;
        if by_tcp {
            return self.send_down(way, octets);
        }
        self.note_fall_back(to, &octets);
        for at in self.paths[phone].down.carry(self.now).into_iter().flatten() {
            self.heap.push(at, Event::ToPhone { phone, octets: octets.clone() });
        }
        Ok(())
    }

    /// Whoever is there is never heard: a call goes on after its patience.
    fn try_mute(&mut self, way: Way, octets: Vec<u8>) -> Result<(), Wrong> {
        self.ladder.sip(self.now, "engine", "mute", &octets);
        if let Some((call, _)) = call_of(&octets) {
            self.reach.unheard.insert(call);
        }
        if way.transport == Transport::Tcp { self.send_down(way, octets) } else { Ok(()) }
    }

    fn try_gone(&mut self, way: Way, octets: Vec<u8>) -> Result<(), Wrong> {
        self.ladder.sip(self.now, "engine", "nobody", &octets);
        if let Some((call, Method::Invite)) = call_of(&octets) {
            let call = (call, way.transport);
            if self.reach.told.contains(&call) {
                return Err(format!("{way:?} leads nowhere, the engine knows it, and asks there again"));
            }
            self.reach.tried.insert(call);
        }
        match way.transport {
            Transport::Udp => self.refuse_soon(way),
            Transport::Tcp => return self.send_down(way, octets),
        }
        Ok(())
    }

    /// A large call goes in a datagram, for nobody took it over TCP.
    fn note_fall_back(&mut self, to: SocketAddr, octets: &[u8]) {
        let begins = matches!(call_of(octets), Some((_, Method::Invite)));
        if to == DESK && begins && octets.len() > SIP_REQUEST_BY_UDP_MAX_OCTETS {
            self.wires.fell_back += 1;
        }
    }

    fn refuse_soon(&mut self, way: Way) {
        let at = self.now + Duration::from_micros(500 + self.rng.below(30_000));
        self.heap.push(at, Event::Refused { life: self.life, way });
    }

    /// Word comes that nobody is at the end of that way.
    pub(super) fn refuse(&mut self, way: Way) -> Result<(), Wrong> {
        self.ladder.note(self.now, &format!("nobody is there: {way:?}"));
        if way.remote.ip() == GONE {
            let by_it = |(_, transport): &(String, Transport)| *transport == way.transport;
            let tried = self.reach.tried.extract_if(.., by_it).collect::<Vec<_>>();
            self.reach.told.extend(tried);
        } else if let Some(&phone) = self.by_address.get(&way.remote)
            && self.phones[phone].dialog.transport == Transport::Udp
        {
            self.reach.refused.entry(phone).or_insert(self.now);
        }
        if self.hides_refusal() {
            return Ok(());
        }
        self.checker.signals.byes.lost(way);
        way.connection.into_iter().for_each(|connection| self.inbox.lost(connection));
        self.tell_switch(Input::Unreachable { way })
    }

    /// What is late by now.
    pub(super) fn sweep_reach(&self) -> Result<(), Wrong> {
        match self.reach.refused.iter().find(|(_, since)| self.now.since(**since) > DATAGRAM_WITHIN) {
            Some((phone, since)) => {
                Err(format!("phone {phone} takes no TCP since {since:?}, and nothing comes by datagram"))
            }
            None => Ok(()),
        }
    }

    /// Whose message this is: a caller's by its connection or address, a person's by its Call-ID.
    fn phone_at(&mut self, way: Way, octets: &[u8]) -> Option<usize> {
        if let Some(caller) = way.connection.and_then(|id| self.wires.caller(id)) {
            return Some(caller);
        }
        let is_house = self.house.is_at(way.remote);
        if way.remote.ip() != DESK.ip() && !is_house {
            return self.by_address.get(&way.remote).copied();
        }
        let (call, method) = call_of(octets)?;
        if let Some(phone) = self.by_call.get(&call) {
            return Some(*phone);
        }
        (method == Method::Invite)
            .then(|| if is_house { self.new_colleague(call, way.remote) } else { self.new_person(call) })
    }

    fn new_person(&mut self, call: String) -> usize {
        let n = self.phones.len();
        let media = SocketAddr::new(IpAddr::from([10, 9, (n / 250) as u8, 1 + (n % 250) as u8]), 40_000);
        let place = Place { at: DESK, media, engine: ENGINE };
        let manner = Manner::random(&mut self.rng);
        let is_elsewhere = self.reach.told.iter().any(|(told, _)| *told == call);
        let quirk = match (is_elsewhere, self.reach.unheard.contains(&call)) {
            (true, _) => Some(Quirk::HostGone),
            (false, true) => Some(Quirk::HostMute),
            (false, false) => {
                let quirk = Quirk::random(&Quirk::OF_PERSONS, &mut self.rng);
                quirk.or(Some(Quirk::OF_OTHERS[n % Quirk::OF_OTHERS.len()]))
            }
        };
        let rng = Rng::seeded(self.rng.next_u64());
        let voice = Voice((n % usize::from(FIRST_PROMPT_VOICE)) as u16);
        self.by_call.insert(call, n);
        self.ladder.note(self.now, &format!("phone{n} is a person who {manner:?}, and {quirk:?}"));
        let (sip, rtp) = (Quality::random(&mut self.rng), Quality::random(&mut self.rng));
        let mut phone = Phone::callee(place, voice, (manner, quirk), rng);
        phone.story.odd = matches!(quirk, Some(Quirk::HostGone | Quirk::HostMute));
        self.add_phone(phone, sip, rtp);
        n
    }
}

/// The Call-ID of a message; the method of a request, BYE for an answer.
pub fn call_of(octets: &[u8]) -> Option<(String, Method<'static>)> {
    let message = parse(octets).ok()?;
    let (headers, method) = match &message {
        Message::Request(request) if request.method == Method::Invite => (request.headers, Method::Invite),
        Message::Request(request) => (request.headers, Method::Bye),
        Message::Response(response) => (response.headers, Method::Bye),
    };
    Some((String::from_utf8_lossy(headers.first(Name::CallId)?).into_owned(), method))
}
