//! What will happen in a world, drawn from its seed before it begins: who calls, how, and what breaks.

use super::disk::Mood;
use super::link::Quality;
use super::phone::caller::{Ack, Act, Offer, Place, Plan};
use super::phone::quirk::Quirk;
use super::phone::sdp::Ability;
use super::phone::talk::Mouth;
use careline::call::keycode::Codes;
use careline::clock::Instant;
use careline::rng::Rng;
use careline::sip::interface::Network;
use careline::sip::way::Transport;
use careline::wire::codec::Codec;
use careline::wire::telephone_event::Key;
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// The engine's SIP port.
pub const ENGINE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 5060);
/// The front desk, whatever the flows call it.
pub const DESK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 9, 0, 1)), 5070);
/// A number that leads to a flow that is named as urgent.
pub const URGENT: &str = "199";
/// What a new call takes the engine when nothing is the matter.
pub const TURN_COST: Duration = Duration::from_micros(80);
/// New calls begin until then.
pub const CALLS_UNTIL: Duration = Duration::from_secs(540);
/// A world's length without what has to die down.
pub const LENGTH: Duration = Duration::from_secs(620);

/// Who leaves the end to the engine hangs up so long after twice the greatest length of a call: who is alone with a flow
/// at its end is led to a person first.
const AFTER_LONGEST: Duration = Duration::from_secs(60);

/// A world before it begins.
pub struct Script {
    /// Who calls.
    pub callers: Vec<Caller>,
    /// What happens besides, in order.
    pub chaos: Vec<(Instant, Chaos)>,
    /// RTP ports of each worker.
    pub ports: Vec<Vec<u16>>,
    /// Calls at once.
    pub max_calls: u32,
    /// The greatest length of a call.
    pub longest: Duration,
    /// Sources that are never banned.
    pub trusted: Vec<Network>,
    /// The codes by which persons hand on, if the house has any.
    pub codes: Codes,
    /// At every step some call is to go to another worker.
    pub restless: bool,
}

/// A caller before he calls.
pub struct Caller {
    /// Where he is.
    pub place: Place,
    /// What his phone can do.
    pub ability: Ability,
    /// What he will do.
    pub plan: Plan,
    /// What is odd about his phone.
    pub quirk: Option<Quirk>,
    /// How he signals.
    pub transport: Transport,
    /// His signalling's path.
    pub sip: Quality,
    /// His sound's path.
    pub rtp: Quality,
}

/// What happens besides calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chaos {
    /// The store commits nothing for a while.
    StoreStuck(Duration),
    /// The store takes so long for a commit from now on.
    StoreDelay(Duration),
    /// The disk of the recordings changes its mood.
    Disk(Mood),
    /// Syncs take so long from now on.
    SyncDelay(Duration),
    /// A caller's path loses everything for a while.
    Burst(usize, Duration),
    /// Other flows.
    Reload,
    /// Noise comes to the SIP port.
    Noise,
    /// Requests without number come from few sources.
    Flood,
    /// A new call takes the engine so long from now on.
    TurnCost(Duration),
    /// The calendar's clock jumps by so many seconds (P29).
    ClockJump(i64),
    /// kill -9, and a new start.
    Kill,
    /// SIGTERM, and a new start when all is over.
    Drain(Duration),
}

impl Script {
    /// The script of a seed.
    pub fn draw(rng: &mut Rng) -> Self {
        let workers = 1 + rng.below(2);
        let pairs = if rng.below(3) == 0 { 6 } else { 40 };
        let numbers = |worker: u64| (0..pairs).map(|n| (20_000 + worker * 1_000 + n * 2) as u16).collect();
        let count = 20 + rng.below(9) as usize;
        let longest = Duration::from_secs(if rng.below(3) == 0 { 90 } else { 400 });
        let mut callers: Vec<Caller> = (0..count).map(|n| caller(n, rng)).collect();
        let crosses =
            |caller: &&mut Caller| caller.quirk == Some(Quirk::ByeCrosses) && longest < CALLS_UNTIL / 4;
        for caller in callers.iter_mut().filter(crosses) {
            // So that the engine is the one who hangs up; of a call that it forgot, for it was killed, the caller does.
            caller.plan.acts.retain(|(_, act)| !matches!(act, Act::HangUp | Act::Vanish));
            caller.plan.acts.push_back((2 * longest + AFTER_LONGEST, Act::HangUp));
        }
        let mut chaos = chaos(count, rng);
        if rng.below(3) == 0 {
            storm(rng, &mut callers, &mut chaos);
        } else if rng.below(3) == 0 {
            let at = Instant::START + millis(rng, 30_000, CALLS_UNTIL.as_millis() as u64);
            chaos.push((at, Chaos::Flood));
            chaos.sort_by_key(|(at, _)| *at);
        }
        Self {
            chaos,
            callers,
            ports: (0..workers).map(numbers).collect(),
            max_calls: if rng.below(5) == 0 { 4 } else { 1_000 },
            trusted: vec![super::flood::trusted()],
            longest,
            codes: Codes::default(),
            restless: workers > 1 && rng.below(2) == 0,
        }
    }
}

fn millis(rng: &mut Rng, from: u64, to: u64) -> Duration {
    Duration::from_millis(from + rng.below(to - from))
}

fn caller(n: usize, rng: &mut Rng) -> Caller {
    let listed = rng.below(30) != 0;
    let network = if listed { [10, 1, 0] } else { [203, 0, 113] };
    let ip = IpAddr::from([network[0], network[1], network[2], 1 + n as u8]);
    let media = SocketAddr::new(ip, 30_000);
    let natted = rng.below(4) == 0;
    let told = if natted { SocketAddr::new(IpAddr::from([192, 168, 7, 1 + n as u8]), 30_000) } else { media };
    let codecs = match rng.below(4) {
        0 => vec![Codec::Pcma],
        1 => vec![Codec::Pcmu],
        2 => vec![Codec::Pcma, Codec::Pcmu],
        _ => vec![Codec::Pcmu, Codec::Pcma],
    };
    let keys = [Some(101), Some(96), Some(101), Some(97), Some(101), Some(101), Some(110), None]
        [rng.below(8) as usize];
    let ptime = [20, 20, 20, 30, 40][rng.below(5) as usize];
    let (mut plan, sip, rtp) = (plan(rng), Quality::random(rng), Quality::random(rng));
    let quirk = Quirk::random(&Quirk::OF_CALLERS, rng);
    let mut acts = Vec::from(std::mem::take(&mut plan.acts));
    acts.extend(quirk.map(Quirk::acts).unwrap_or_default());
    acts.sort_by_key(|(at, _)| *at);
    plan.acts = acts.into();
    Caller {
        place: Place { at: SocketAddr::new(ip, 5060), media, engine: ENGINE },
        ability: Ability { codecs, keys, ptime, media: told },
        plan,
        quirk,
        transport: Transport::Udp,
        sip,
        rtp,
    }
}

/// More call at once than the engine can take, some of them a flow that is named as urgent; and each new
/// call takes it long while they do.
fn storm(rng: &mut Rng, callers: &mut Vec<Caller>, chaos: &mut Vec<(Instant, Chaos)>) {
    let from = Instant::START + millis(rng, 60_000, CALLS_UNTIL.as_millis() as u64);
    let lasts = millis(rng, 1_000, 2_500);
    for n in 0..60 + rng.below(30) as usize {
        let mut caller = caller(n, rng);
        let ip = IpAddr::from([10, 2, 0, 1 + n as u8]);
        let media = SocketAddr::new(ip, 30_000);
        caller.place = Place { at: SocketAddr::new(ip, 5060), media, engine: ENGINE };
        caller.ability.media = media;
        caller.plan.starts = from + lasts.mul_f64(rng.below(1_000) as f64 / 1_000.0);
        caller.plan.number = if rng.below(5) == 0 { URGENT } else { "100" }.to_owned();
        caller.plan.acts = VecDeque::from([(millis(rng, 2_000, 12_000), Act::HangUp)]);
        caller.plan.ghost = false;
        caller.quirk = None;
        callers.push(caller);
    }
    chaos.push((from, Chaos::TurnCost(millis(rng, 25, 45))));
    chaos.push((from + Duration::from_secs(12), Chaos::TurnCost(TURN_COST)));
    chaos.sort_by_key(|(at, _)| *at);
}

fn plan(rng: &mut Rng) -> Plan {
    let number = ["100", "100", "100", "199", "+16175550100", "5551234"][rng.below(6) as usize];
    let cancels = rng.below(12) == 0;
    Plan {
        starts: Instant::START + millis(rng, 100, CALLS_UNTIL.as_millis() as u64),
        number: number.to_owned(),
        from: (rng.below(5) > 0).then(|| format!("+1617555{:04}", rng.below(10_000))),
        offer: if rng.below(8) == 0 { Offer::Delayed } else { Offer::InInvite },
        ack: if rng.below(20) == 0 { Ack::Forgotten } else { Ack::Sent },
        mouth: [Mouth::Voice, Mouth::Voice, Mouth::Silence, Mouth::Shut][rng.below(4) as usize],
        ghost: rng.below(4) == 0,
        cancel_after: cancels.then(|| millis(rng, 0, 300)),
        acts: acts(rng),
    }
}

/// What callers do: press keys as they think right, or not, and hang up sooner or later.
fn acts(rng: &mut Rng) -> VecDeque<(Duration, Act)> {
    let stays = match rng.below(6) {
        0 => millis(rng, 0, 3_000),
        1 | 2 => millis(rng, 5_000, 40_000),
        _ => millis(rng, 30_000, 150_000),
    };
    let mut acts = Vec::new();
    let eager = rng.below(5);
    let mut at = millis(rng, 200, 9_000);
    while at < stays && eager > 0 && acts.len() < 40 {
        acts.push((at, Act::Press(key(rng))));
        let pause =
            if rng.below(3) == 0 { millis(rng, 20, 400) } else { millis(rng, 1_000, 4_000 * eager + 2_000) };
        at += pause;
    }
    if rng.below(4) == 0 {
        hold(stays, rng, &mut acts);
    }
    for act in [Act::Options, Act::Rebind, Act::Move, Act::Speak(Mouth::Shut), Act::Speak(Mouth::Voice)] {
        if rng.below(10) == 0 {
            acts.push((stays.mul_f64(rng.below(100) as f64 / 100.0), act));
        }
    }
    acts.push((stays, if rng.below(12) == 0 { Act::Vanish } else { Act::HangUp }));
    acts.sort_by_key(|(at, _)| *at);
    acts.into()
}

fn hold(stays: Duration, rng: &mut Rng, acts: &mut Vec<(Duration, Act)>) {
    let from = stays.mul_f64(0.3);
    acts.push((from, if rng.below(3) == 0 { Act::HoldInactive } else { Act::Hold }));
    acts.push((from + millis(rng, 50, 20_000), Act::Resume));
}

fn key(rng: &mut Rng) -> Key {
    match rng.below(24) {
        0..=3 => Key::Digit(0),
        4..=7 => Key::Digit(1),
        8..=9 => Key::Digit(6),
        10..=17 => Key::Digit(rng.below(10) as u8),
        18 => Key::Digit(9),
        19 => Key::Digit(7),
        20 => Key::Star,
        21 => Key::Pound,
        22 => Key::Digit(4),
        _ => Key::Letter(b'A' + rng.below(4) as u8),
    }
}

fn chaos(callers: usize, rng: &mut Rng) -> Vec<(Instant, Chaos)> {
    let mut chaos = Vec::new();
    let moment = |rng: &mut Rng| Instant::START + millis(rng, 1_000, LENGTH.as_millis() as u64);
    for _ in 0..2 + rng.below(6) {
        let what = match rng.below(8) {
            0 => Chaos::StoreStuck(millis(rng, 500, 30_000)),
            1 => Chaos::StoreDelay(millis(rng, 1, 800)),
            2 | 3 => Chaos::Burst(rng.below(callers as u64) as usize, millis(rng, 100, 4_000)),
            4 => Chaos::Reload,
            5 => Chaos::Noise,
            6 => Chaos::SyncDelay(millis(rng, 1, 3_000)),
            _ => Chaos::ClockJump(rng.below(7_200) as i64 - 3_600),
        };
        chaos.push((moment(rng), what));
    }
    if rng.below(3) == 0 {
        let from = moment(rng);
        let mood = [Mood::Full, Mood::Short(1_000), Mood::Broken, Mood::Short(200)][rng.below(4) as usize];
        chaos.push((from, Chaos::Disk(mood)));
        chaos.push((from + millis(rng, 200, 40_000), Chaos::Disk(Mood::Good)));
    }
    match rng.below(6) {
        0 | 1 => chaos.push((moment(rng), Chaos::Kill)),
        2 => chaos.push((moment(rng), Chaos::Drain(millis(rng, 0, 60_000)))),
        _ => {}
    }
    chaos.sort_by_key(|(at, _)| *at);
    chaos
}
