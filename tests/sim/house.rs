//! A world with users: telephones that log in, refresh that, move, and are rung where they are; and that dial a
//! colleague, a number of a flow, and what nobody may. By chance of its own, and in no world of the first hundred seeds, so
//! that those are what they were.
//!
//! ```text
//!  set ─REGISTER─▶ 401 ─REGISTER─▶ 200        lost ones come again; what is kept outlives a kill once it is on disk
//!  flow, colleague ─▶ INVITE to its binding ─▶ a phone of that set, one for each call
//!  set ─INVITE─▶ 407 ─INVITE─▶ 200 or a refusal
//! ```
//! What a person does with two calls at once is `consult.rs`'s.

use super::check::Wrong;
use super::consult::Consult;
use super::fault::Fault;
use super::link::{Link, Quality};
use super::phone::callee::Manner;
use super::phone::caller::{Ack, Act, Offer, Place, Plan};
use super::phone::quirk::Quirk;
use super::phone::sdp::Ability;
use super::phone::talk::Mouth;
use super::phone::{GIVE_UP, Phone, Role, T1};
use super::script::{CALLS_UNTIL, ENGINE, LENGTH};
use super::sound::Voice;
use super::world::{Event, FIRST_PROMPT_VOICE, World};
use careline::clock::Instant;
use careline::rng::Rng;
use careline::sip::digest::Ha1;
use careline::sip::digest::answer::{Account, Digests, Purse};
use careline::sip::digest::nonce::Secret;
use careline::sip::interface as sip;
use careline::sip::registrar::Keep;
use careline::sip::registrar::binding::Kept;
use careline::switch::dial;
use careline::switch::interface::Input;
use careline::wire::codec::Codec;
use careline::wire::sip::credentials::Algorithm;
use careline::wire::sip::emit;
use careline::wire::sip::message::{Message, Response, parse};
use careline::wire::sip::method::Method;
use careline::wire::sip::name::Name;
use careline::wire::sip::via::Via;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// What the passwords are for, and the host of users' addresses.
pub const REALM: &str = "clinic";
/// The user whom the flows call, and a colleague who is asked.
pub const FRONT: &str = "ann";
/// The colleague whom she consults; nobody else calls him.
pub const COLLEAGUE: &str = "bob";
const PASSWORD: &str = "correct horse battery";
/// Worlds up to this seed have no users.
const FIRST_SEEDS: u64 = 100;
/// Of the others one in so many: in those nobody hands on by keys, and no guest comes.
const ONE_IN: u64 = 3;
/// What a phone asks for, in seconds: so little that a world dies down.
const EXPIRES_S: u32 = 90;
/// A login is refreshed after this and a little more.
const REFRESH_AFTER: Duration = Duration::from_secs(35);
/// After a login that failed the next one is tried.
const AGAIN_AFTER: Duration = Duration::from_secs(12);
/// In one of so many refreshes the phone has moved.
const MOVES_ONE_IN: u64 = 4;
/// A login is answered within this time, whatever waits in front of it.
const ANSWERED_WITHIN: Duration = Duration::from_secs(6);
/// A login of which so many answers in a row were 401 never comes to an end.
const ASKED_MAX: u32 = 3;
/// The phones of users dial every now and then.
const DIALS_EVERY: Duration = Duration::from_secs(12);

/// The users and their telephones.
#[derive(Default)]
pub struct House {
    pub(super) rng: Option<Rng>,
    sets: Vec<Set>,
    /// What is on disk of where they are, and what will be.
    kept: BTreeMap<String, Vec<Kept>>,
    pending: BTreeMap<u64, Keep>,
    dials_at: Instant,
    dials: u64,
    /// Calls that were dialled, with the status that they must get, if one must.
    dialled: BTreeMap<usize, Option<u16>>,
    /// Somebody consults a colleague, or goes on at another phone.
    pub(super) consult: Option<Consult>,
    /// Counts those.
    pub(super) turn: usize,
    /// Logins that were granted, and of those how many moved.
    pub logins: usize,
    /// The latter.
    pub moved: usize,
    /// Callers who were taken over, and of those how many by another phone of the same user.
    pub taken: usize,
    /// The latter.
    pub replaced: usize,
}

/// A telephone.
struct Set {
    user: &'static str,
    at: SocketAddr,
    purse: Purse,
    call_id: String,
    tag: String,
    cseq: u32,
    /// When it logs in next; `None`: it never does.
    due: Option<Instant>,
    asks: Option<Asks>,
    /// Where it is rung, as it was told.
    bound: Option<SocketAddr>,
    /// Where it was before it moved.
    was: Option<SocketAddr>,
    up: Link,
    down: Link,
}

/// A REGISTER without its final answer.
struct Asks {
    branch: String,
    octets: Vec<u8>,
    next_at: Instant,
    interval: Duration,
    give_up_at: Instant,
    /// When it first had its turn at the engine.
    heard: Option<Instant>,
    /// So often it was asked for its password.
    asked: u32,
}

/// Nobody may dial out of the house.
pub fn dial_plan() -> dial::Settings {
    let caps = dial::Caps { at_once: 1, per_minute: 1, per_day: 1 };
    let outside = dial::Outside {
        trunk: "carrier".into(),
        country: None,
        allow: Vec::new(),
        caps,
        own: Default::default(),
    };
    dial::Settings { outside: Some(outside), ..dial::Settings::default() }
}

impl House {
    /// The house of that seed, if there is one.
    pub fn new(seed: u64, fault: Option<Fault>) -> Self {
        let is_open = match fault {
            None => seed > FIRST_SEEDS && seed.is_multiple_of(ONE_IN),
            Some(fault) => fault.consult().is_some(),
        };
        if !is_open {
            return Self::default();
        }
        let mut rng = Rng::seeded(seed ^ 0x686f_7573_6500);
        // The second one of the front desk never logs in: it only takes calls.
        let sets = [(FRONT, 1, true), (FRONT, 2, false), (COLLEAGUE, 3, true), ("cleo", 4, true)];
        let sets = sets.map(|(user, host, logs_in)| {
            let link = |rng: &mut Rng| Link::new(Quality::random(rng), Rng::seeded(rng.next_u64()));
            let (up, down) = (link(&mut rng), link(&mut rng));
            Set {
                user,
                at: SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 8, 0, host)), 5060),
                purse: Purse::new(Account::new(user, PASSWORD)),
                call_id: format!("{}@{user}", rng.token()),
                tag: rng.token(),
                cseq: 0,
                due: logs_in.then(|| Instant::START + Duration::from_millis(rng.below(900))),
                asks: None,
                bound: None,
                was: None,
                up,
                down,
            }
        });
        let turn = (seed / ONE_IN) as usize;
        let dials_at = Instant::START + DIALS_EVERY / 2;
        Self { rng: Some(rng), sets: sets.into(), dials_at, dials: seed / ONE_IN, turn, ..Self::default() }
    }

    /// Whether there is one.
    pub fn is_open(&self) -> bool {
        self.rng.is_some()
    }

    /// Whether a telephone of it is at this host.
    pub fn is_at(&self, at: SocketAddr) -> bool {
        self.set_at(at).is_some()
    }

    fn set_at(&self, at: SocketAddr) -> Option<usize> {
        self.sets.iter().position(|set| set.at.ip() == at.ip())
    }

    /// The telephone of this user that logs in, or the other one.
    pub(super) fn set_of(&self, user: &str, nth: usize) -> usize {
        let its = self.sets.iter().enumerate().filter(|(_, set)| set.user == user);
        its.map(|(n, _)| n).nth(nth).unwrap_or_default()
    }

    /// The engine was killed: it knows no more than what is on disk.
    pub fn forget(&mut self) {
        self.pending.clear();
        self.consult = None;
        self.dialled.clear();
        for set in &mut self.sets {
            set.bound = None;
            if let Some(asks) = &mut set.asks {
                asks.heard = None;
            }
        }
    }
}

impl World {
    /// The engine starts: who may log in, and where they were.
    pub(super) fn open_house(&mut self) -> Result<(), Wrong> {
        if !self.house.is_open() {
            return Ok(());
        }
        let user = |name: &str| sip::User {
            name: name.to_owned(),
            ha1: Ha1::of(Algorithm::Sha256, name.as_bytes(), REALM.as_bytes(), PASSWORD.as_bytes()),
        };
        let users = [FRONT, COLLEAGUE, "cleo"].map(user).into();
        let secret = Secret([self.life as u8 + 3; 32]);
        let kept = self.house.kept.clone().into_iter().collect();
        let phones = sip::Phones { realm: REALM.to_owned(), users, secret, kept };
        self.tell_switch(Input::Phones(Box::new(phones)))
    }

    /// Where phones are goes to the disk.
    pub(super) fn keep_bindings(&mut self, keep: Keep) {
        let Some(rng) = &mut self.house.rng else { return };
        let at = self.now + Duration::from_millis(1 + rng.below(200));
        let up_to = keep.change;
        self.house.pending.insert(up_to, keep);
        self.heap.push(at, Event::Kept { life: self.life, up_to });
    }

    /// It is there.
    pub(super) fn bindings_kept(&mut self, up_to: u64) -> Result<(), Wrong> {
        let later = self.house.pending.split_off(&(up_to + 1));
        for (_, keep) in std::mem::replace(&mut self.house.pending, later) {
            self.house.kept.insert(keep.user.to_string(), keep.bindings);
        }
        self.tell_switch(Input::BindingsKept { up_to })
    }

    /// Telephones log in, people dial and consult, and what is late shows.
    pub(super) fn tend_house(&mut self) -> Result<(), Wrong> {
        if !self.house.is_open() {
            return Ok(());
        }
        (0..self.house.sets.len()).try_for_each(|set| self.tend_set(set))?;
        self.judge_dialled()?;
        self.dial_now_and_then()?;
        self.tend_consult()
    }

    fn tend_set(&mut self, n: usize) -> Result<(), Wrong> {
        let (now, set) = (self.now, &mut self.house.sets[n]);
        let Some(asks) = &mut set.asks else {
            let is_due = set.due.is_some_and(|due| due <= now) && now < Instant::START + LENGTH;
            if is_due {
                self.move_set(n);
                self.register(n, None);
            }
            return Ok(());
        };
        if asks.heard.is_some_and(|heard| now.since(heard) > ANSWERED_WITHIN) {
            return Err(format!(
                "the phone of {} asked to be logged in at {:?}: no answer",
                set.user, asks.heard
            ));
        }
        if asks.give_up_at <= now {
            set.asks = None;
            set.due = set.due.map(|_| now + AGAIN_AFTER);
        } else if asks.next_at <= now {
            asks.interval = (asks.interval * 2).min(T1 * 8);
            asks.next_at = now + asks.interval;
            let octets = asks.octets.clone();
            self.send_login(n, &octets);
        }
        Ok(())
    }

    /// Its address changes, now and then.
    fn move_set(&mut self, n: usize) {
        let Some(rng) = &mut self.house.rng else { return };
        let set = &mut self.house.sets[n];
        if set.bound == Some(set.at) && rng.below(MOVES_ONE_IN) == 0 {
            set.was = Some(set.at);
            set.at.set_port(set.at.port() + 2);
            self.ladder.note(self.now, &format!("the phone of {} moves to {}", set.user, set.at));
        }
    }

    fn register(&mut self, n: usize, shown: Option<(String, u32)>) {
        let Some(rng) = &mut self.house.rng else { return };
        let set = &mut self.house.sets[n];
        set.cseq += 1;
        let branch = format!("z9hG4bK{}", rng.token());
        let (at, user) = (set.at, set.user);
        let mut builder = emit::request(Method::Register, format!("sip:{REALM}").as_bytes())
            .header_fmt(Name::Via, format_args!("SIP/2.0/UDP {at};rport;branch={branch}"))
            .header(Name::MaxForwards, "70")
            .header_fmt(Name::From, format_args!("<sip:{user}@{REALM}>;tag={}", set.tag))
            .header_fmt(Name::To, format_args!("<sip:{user}@{REALM}>"))
            .header(Name::CallId, &set.call_id)
            .header_fmt(Name::CSeq, format_args!("{} REGISTER", set.cseq))
            .header_fmt(Name::Contact, format_args!("<sip:{user}@{at}>;expires={EXPIRES_S}"));
        if let Some(was) = set.was {
            builder = builder.header_fmt(Name::Contact, format_args!("<sip:{user}@{was}>;expires=0"));
        }
        let asked = shown.as_ref().map_or(0, |(_, asked)| *asked);
        if let Some((value, _)) = shown {
            builder = builder.header(Name::Authorization, value);
        }
        let octets = builder.finish();
        let give_up_at = self.now + GIVE_UP;
        let (next_at, interval) = (self.now + T1, T1);
        let asks = Asks { branch, octets: octets.clone(), next_at, interval, give_up_at, heard: None, asked };
        set.asks = Some(asks);
        self.send_login(n, &octets);
    }

    fn send_login(&mut self, n: usize, octets: &[u8]) {
        let set = &mut self.house.sets[n];
        let from = set.at;
        for at in set.up.carry(self.now).into_iter().flatten() {
            self.heap.push(at, Event::ToEngine { from, phone: None, octets: octets.to_vec() });
        }
    }

    /// A REGISTER reaches the engine.
    pub(super) fn note_login(&mut self, from: SocketAddr, octets: &[u8]) {
        let Some(n) = self.house.set_at(from).filter(|_| octets.starts_with(b"REGISTER ")) else { return };
        let user = self.house.sets[n].user;
        self.ladder.sip(self.now, user, "engine", octets);
        if let Some(asks) = self.house.sets[n].asks.as_mut().filter(|asks| asks.octets == octets) {
            asks.heard.get_or_insert(self.now);
        }
    }

    /// Whether this is the answer to one.
    pub(super) fn answers_login(&mut self, to: SocketAddr, octets: &[u8]) -> bool {
        let Some(n) = self.house.set_at(to) else { return false };
        let Ok(Message::Response(response)) = parse(octets) else { return false };
        if !response.headers.first(Name::CSeq).is_some_and(|cseq| cseq.ends_with(b"REGISTER")) {
            return false;
        }
        self.ladder.sip(self.now, "engine", self.house.sets[n].user, octets);
        let set = &mut self.house.sets[n];
        let branch = branch_of(&response);
        if let Some(asks) = set.asks.as_mut().filter(|asks| asks.branch == branch) {
            asks.heard = None;
        }
        for at in set.down.carry(self.now).into_iter().flatten() {
            self.heap.push(at, Event::ToSet { set: n, octets: octets.to_vec() });
        }
        true
    }

    /// The answer reaches the telephone.
    pub(super) fn reach_set(&mut self, n: usize, octets: &[u8]) -> Result<(), Wrong> {
        let Ok(Message::Response(response)) = parse(octets) else { return Ok(()) };
        let branch = branch_of(&response);
        let set = &mut self.house.sets[n];
        let Some(asks) = set.asks.take_if(|asks| asks.branch == branch && response.status >= 200) else {
            return Ok(());
        };
        let Some(rng) = &mut self.house.rng else { return Ok(()) };
        match response.status {
            401 if asks.asked < ASKED_MAX => {
                let challenge = Purse::choose(&response.headers, Name::WwwAuthenticate, Digests::Both)
                    .map_err(|error| format!("the phone of {} cannot answer its 401: {error}", set.user))?;
                let uri = format!("sip:{REALM}");
                let value = set.purse.credentials(challenge, b"REGISTER", uri.as_bytes(), &rng.token());
                let value = String::from_utf8_lossy(&value).into_owned();
                self.register(n, Some((value, asks.asked + 1)));
            }
            200..300 => {
                self.house.logins += 1;
                self.house.moved += usize::from(set.was.take().is_some());
                set.bound = Some(set.at);
                let after = REFRESH_AFTER + Duration::from_millis(rng.below(10_000));
                set.due = set.due.map(|_| self.now + after);
            }
            // Too many at once: it comes again.
            503 => set.due = set.due.map(|_| self.now + AGAIN_AFTER),
            status => return Err(format!("the phone of {} is not logged in: {status}", set.user)),
        }
        Ok(())
    }

    /// A call that begins goes to where the phone is, not where it was before it moved.
    pub(super) fn judge_place(&self, to: SocketAddr, octets: &[u8]) -> Result<(), Wrong> {
        let Some(n) = self.house.set_at(to).filter(|_| octets.starts_with(b"INVITE ")) else { return Ok(()) };
        let set = &self.house.sets[n];
        let is_known =
            super::reach::call_of(octets).is_some_and(|(call, _)| self.by_call.contains_key(&call));
        if !is_known && set.bound == Some(set.at) && to != set.at {
            return Err(format!("the phone of {} is at {}, and is rung at {to}", set.user, set.at));
        }
        Ok(())
    }

    /// A user is rung: his phone has one more call.
    pub(super) fn new_colleague(&mut self, call: String, at: SocketAddr) -> usize {
        let n = self.phones.len();
        let user = self.house.set_at(at).map_or("", |set| self.house.sets[set].user);
        let asked = self.house.consult.as_mut().filter(|_| user == COLLEAGUE).and_then(|it| it.rings(n));
        let Some(rng) = &mut self.house.rng else { return 0 };
        let patiently = Manner::Answers {
            after: Duration::from_millis(300 + rng.below(3_000)),
            talks: Duration::from_millis(45_000 + rng.below(30_000)),
        };
        let manner = match asked {
            Some(manner) => manner,
            None if user == FRONT && rng.below(4) > 0 => patiently,
            None => Manner::random(rng),
        };
        let place = Place { at, media: media_of(n), engine: ENGINE };
        let phone = Phone::callee(place, voice_of(n), (manner, None), Rng::seeded(rng.next_u64()));
        let (sip, rtp) = (Quality::random(rng), Quality::random(rng));
        self.by_call.insert(call, n);
        self.ladder.note(self.now, &format!("phone{n} is {user}'s, who {manner:?}"));
        self.add_phone(phone, sip, rtp);
        n
    }

    /// A telephone dials. It hangs up after that time.
    pub(super) fn dial_from(&mut self, set: usize, number: &str, quirk: Quirk, stays: Duration) -> usize {
        let n = self.phones.len();
        let Some(rng) = &mut self.house.rng else { return 0 };
        let (user, at) = (self.house.sets[set].user, self.house.sets[set].at);
        let media = media_of(n);
        let plan = Plan {
            starts: self.now,
            number: number.to_owned(),
            from: Some(user.to_owned()),
            offer: Offer::InInvite,
            ack: Ack::Sent,
            mouth: Mouth::Voice,
            ghost: false,
            cancel_after: None,
            acts: [(stays, Act::HangUp)].into(),
        };
        let ability = Ability { codecs: vec![Codec::Pcmu, Codec::Pcma], keys: Some(101), ptime: 20, media };
        let place = Place { at, media, engine: ENGINE };
        let own = Rng::seeded(rng.next_u64());
        let mut phone = Phone::caller(place, ability, voice_of(n), (plan, Some(quirk)), own);
        phone.dialog.local = format!("<sip:{user}@{REALM}>;tag={}", phone.dialog.local_tag);
        phone.purse = Some(Purse::new(Account::new(user, PASSWORD)));
        let (sip, rtp) = (Quality::random(rng), Quality::random(rng));
        self.by_call.insert(phone.dialog.call_id.clone(), n);
        self.ladder.note(self.now, &format!("phone{n} is {user}'s, who dials {number}: {quirk:?}"));
        self.add_phone(phone, sip, rtp);
        n
    }

    fn dial_now_and_then(&mut self) -> Result<(), Wrong> {
        let is_over = self.now > Instant::START + CALLS_UNTIL;
        let Some(rng) = self.house.rng.as_mut().filter(|_| self.house.dials_at <= self.now && !is_over)
        else {
            return Ok(());
        };
        self.house.dials_at = self.now + DIALS_EVERY + Duration::from_millis(rng.below(20_000));
        let stays = Duration::from_millis(2_000 + rng.below(25_000));
        self.house.dials += 1;
        let (user, number, quirk, status) = match self.house.dials % 6 {
            0 => (COLLEAGUE, "cleo", Quirk::DialsInside, None),
            1 => ("cleo", "100", Quirk::DialsFlow, None),
            2 => ("cleo", "+4930123456", Quirk::DialsOutside, Some(403)),
            3 => ("cleo", FRONT, Quirk::DialsInside, None),
            4 => (FRONT, "+19005550123", Quirk::DialsOutside, Some(403)),
            _ => (FRONT, "nobody", Quirk::DialsOutside, Some(404)),
        };
        let set = self.house.set_of(user, 0);
        let phone = self.dial_from(set, number, quirk, stays);
        self.house.dialled.insert(phone, status);
        Ok(())
    }

    /// What was dialled is answered, or refused as it must be.
    fn judge_dialled(&mut self) -> Result<(), Wrong> {
        let phones = &mut self.phones;
        let mut wrong = Ok(());
        self.house.dialled.retain(|n, expected| {
            let phone = &mut phones[*n];
            let Some(status) = phone.story.status.filter(|status| *status != 407 || phone.is_over()) else {
                return !phone.is_over();
            };
            let is_right = match expected {
                Some(expected) => [*expected, 503].contains(&status),
                None => [200, 503, 480].contains(&status),
            };
            if !is_right {
                wrong = Err(format!("phone{n} dialled and is told {status}, expected was {expected:?}"));
            }
            phone.story.odd |= expected.map_or(status == 200, |expected| status == expected);
            false
        });
        wrong
    }

    /// Whether this phone belongs to the house.
    pub(super) fn is_of_house(&self, phone: usize) -> bool {
        self.house.is_at(self.phones[phone].at)
    }

    /// Calls in which the front desk talks with somebody from outside, its phone being that of a user.
    pub(super) fn desks(&self) -> Vec<usize> {
        let set = self.house.set_of(FRONT, 0);
        let host = self.house.sets[set].at.ip();
        let is_desk = |phone: &Phone| {
            phone.at.ip() == host && matches!(phone.role, Role::Callee(_)) && phone.quirk.is_none()
        };
        (0..self.phones.len()).filter(|n| is_desk(&self.phones[*n])).collect()
    }
}

fn voice_of(n: usize) -> Voice {
    Voice((n % usize::from(FIRST_PROMPT_VOICE)) as u16)
}

/// Each call has its own place for sound.
fn media_of(n: usize) -> SocketAddr {
    SocketAddr::new(IpAddr::from([10, 8, 1 + (n / 250) as u8, 1 + (n % 250) as u8]), 40_000)
}

fn branch_of(response: &Response<'_>) -> String {
    let via = response.headers.values(Name::Via).next().and_then(|via| Via::read(via).ok());
    let branch = via.and_then(|via| via.branch().map(<[u8]>::to_vec)).unwrap_or_default();
    String::from_utf8_lossy(&branch).into_owned()
}
