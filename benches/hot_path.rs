//! What must not allocate does not, and what must be quick is: `cargo bench --bench hot_path`.
//!
//! Counts allocations of the media path and of reading an INVITE, and takes the best time of many
//! rounds, which other load on the machine disturbs least. Exit code 1 when a bar is missed.

mod support {
    pub mod allocations;
    pub mod invite;
    pub mod packets;
}

use careline::clock::{Instant, WallTime};
use careline::flow::set::{Audio, FlowSet, SourceFile};
use careline::id::{LegId, PlaybackId};
use careline::limits::{MEDIA_LOST_DEFAULT, RECORDER_RING_FRAMES, TICK};
use careline::media::command::Kind;
use careline::media::command::{Clip, Command, Direction, PortIndex, StreamPlan};
use careline::media::engine::Engine;
use careline::media::slot::Slot;
use careline::media::tap::{self, TapReader};
use careline::report::ladder::{Heading, Ladder, Rung, Seen};
use careline::sip::transaction::index::TimerIndex;
use careline::sip::way::Transport;
use careline::wire::codec::{AudioFormat, Codec};
use careline::wire::sip::message::{self, Message};
use careline::wire::telephone_event::EventFormat;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;
use support::allocations::{self, Counting};
use support::invite::{invite, read_as_a_uas};
use support::packets::{KEY_PACKETS, Outgoing, PACKET_OCTETS, TELEPHONE_EVENT};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Legs that are measured: one hears a prompt, one is recorded, two are bridged.
const LEGS: u32 = 4;
/// Ticks of each leg whose allocations are counted.
const TICKS: u32 = 10_000;
/// Ticks before, in which buffers grow to their size.
const WARM_UP_TICKS: u32 = 200;
/// Of those, the ones that are in a talk.
const BRIDGED_LEGS: u32 = 2;
/// A key is pressed every so many ticks.
const TICKS_BETWEEN_KEYS: u32 = 100;
/// Rounds of a timed piece of work; the best counts.
const ROUNDS: usize = 30;
/// Runs in one round.
const RUNS: u32 = 2_000;
/// Entries of the timer index: 32 s of finished transactions at 2 000 calls a second, and half as much again.
const TIMERS: u32 = 200_000;

/// Parsing, judging and reading an INVITE of 1.1 kB, in nanoseconds.
const READ_NS: f64 = 1_000.0;
/// Noting a message in the ladder of its call, in nanoseconds, the INVITE's and the others' together: a call of
/// six messages may cost 200 µs in all.
const NOTE_NS: f64 = 700.0;
/// Buffers of a ladder.
const LADDER_BUFFERS: f64 = 2.0;
/// Moving an entry of the full timer index, in nanoseconds: 1 % of a core at 2 000 calls a second with ten moves each.
const MOVE_NS: f64 = 5_000.0;
/// Asking the shipped calendar whether the clinic is open, in nanoseconds: a whole step of a flow may take 2 µs.
const HOURS_NS: f64 = 200.0;
/// The first question of a stretch in which the answer is the same, a few times a day.
const HOURS_FIRST_NS: f64 = 20_000.0;

/// Legs of the talks that are timed, two to a talk: far more than a core's own caches hold.
const TALKING_LEGS: u32 = 1_000;
/// Ticks of all of them before, in which every line becomes calm.
const TALKING_WARM_UP_TICKS: u32 = 400;
/// Rounds of them; the best counts.
const TALKING_ROUNDS: usize = 10;
/// Ticks of all of them in one round.
const TALKING_TICKS: u32 = 50;
/// What others use of the memory between two slots: the kernel, for the packets of all, and whoever else runs.
const OTHERS_OCTETS: usize = 8 << 20;
/// Receive and tick of one leg of a talk among so many, in nanoseconds.
const TALKING_NS: f64 = 1_000.0;

fn main() -> ExitCode {
    let kept = [media(), talks(), sip(), ladder(), timers(), hours()];
    if kept.iter().all(|kept| *kept) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints a value and its bar; whether it was kept.
fn bar(name: &str, value: f64, limit: f64) -> bool {
    let kept = value <= limit;
    println!("{} {name:<58} {value:>10.1}  at most {limit:.1}", if kept { "kept  " } else { "MISSED" });
    kept
}

/// Prints what was counted and what was due; whether they are equal.
fn exactly(name: &str, counted: u64, due: u64) -> bool {
    let kept = counted == due;
    println!("{} {name:<58} {counted:>10}  exactly {due}", if kept { "kept  " } else { "MISSED" });
    kept
}

/// The best time of one run, in nanoseconds.
fn best_ns(mut run: impl FnMut(u32)) -> f64 {
    let round = |_| {
        let began = std::time::Instant::now();
        (0..RUNS).for_each(&mut run);
        began.elapsed()
    };
    let best = (0..ROUNDS).map(round).min().unwrap_or(Duration::MAX);
    best.as_secs_f64() * 1e9 / f64::from(RUNS)
}

/// Packets that are due to legs in so many ticks, of which so many hear another one: one a tick, and beside the sound the events
/// of each key that the other one presses (RFC 4733 §2.5.1).
fn packets_due(ticks: u32, legs: u32, in_talks: u32) -> u64 {
    u64::from(ticks * legs) + u64::from(ticks / TICKS_BETWEEN_KEYS * KEY_PACKETS * in_talks)
}

/// One leg of the media bench: what its party sends.
struct Party {
    address: SocketAddr,
    outgoing: Outgoing,
    tick: u32,
    key_began: u32,
}

impl Party {
    /// The next packet: audio, or part of a key.
    fn speak<'a>(&mut self, packet: &'a mut [u8; PACKET_OCTETS]) -> &'a [u8] {
        let within = self.tick % TICKS_BETWEEN_KEYS;
        self.tick += 1;
        if within >= KEY_PACKETS {
            self.outgoing.audio(packet);
            return packet;
        }
        if within == 0 {
            self.key_began = self.outgoing.timestamp;
        }
        self.outgoing.key(within, self.key_began, packet)
    }
}

struct Media {
    engine: Engine,
    parties: Vec<Party>,
    recorder: TapReader,
    /// The last slot of the ticks that were run.
    until: Instant,
    /// Packets of sound and keys that left; reports of their quality are not counted.
    sent: u64,
    events: u64,
}

impl Media {
    /// Talks of two legs each, and nothing else.
    fn talking() -> Self {
        let mut engine = Engine::new(TALKING_LEGS);
        let parties: Vec<Party> = (0..TALKING_LEGS).map(|leg| party(leg, &mut engine)).collect();
        for leg in (0..u64::from(TALKING_LEGS)).step_by(2) {
            engine.command(Instant::START, Command::Bridge { a: LegId(leg), b: LegId(leg + 1) });
        }
        let (_, recorder) = tap::ring(1, Codec::Pcmu);
        Self { engine, parties, recorder, until: Instant::START, sent: 0, events: 0 }
    }

    fn open() -> Self {
        let mut engine = Engine::new(LEGS);
        let parties: Vec<Party> = (0..LEGS).map(|leg| party(leg, &mut engine)).collect();
        let clip = Clip { codec: Codec::Pcmu, octets: vec![0x55; 8_000].into() };
        for leg in [0, 1] {
            let (leg, clips) = (LegId(leg), vec![clip.clone(), clip.clone()]);
            let playback = PlaybackId(1);
            engine.command(Instant::START, Command::Play { leg, playback, clips, repeat: true });
        }
        let (tap, recorder) = tap::ring(RECORDER_RING_FRAMES, Codec::Pcmu);
        engine.command(Instant::START, Command::Record { leg: LegId(1), tap });
        engine.command(Instant::START, Command::Bridge { a: LegId(2), b: LegId(3) });
        Self { engine, parties, recorder, until: Instant::START, sent: 0, events: 0 }
    }

    /// So many ticks of each leg, and what `around` does with each slot of them.
    fn run(&mut self, ticks: u32, mut around: impl FnMut(&mut Self, Slot)) {
        self.until += TICK * ticks;
        while let Some(slot) = self.engine.next_slot().filter(|slot| slot.at() <= self.until) {
            around(self, slot);
        }
    }

    /// One slot: what came for its legs, their tick, and what the switch and the recorder would take.
    fn slot(&mut self, slot: Slot) {
        let mut packet = [0; PACKET_OCTETS];
        let mut place = 0;
        while let Some(&port) = self.engine.residents(slot).get(place) {
            self.engine.ask_ahead(self.engine.residents(slot), place);
            let party = &mut self.parties[port.0 as usize];
            let octets = party.speak(&mut packet);
            self.engine.receive(slot.at(), port, Kind::Rtp, party.address, octets);
            place += 1;
        }
        self.engine.tick(slot.at(), slot, &mut |departure| {
            black_box(departure.octets);
            self.sent += u64::from(departure.kind == Kind::Rtp);
        });
        while self.engine.take_event().is_some() {
            self.events += 1;
        }
        while self.recorder.pop().is_some() {}
    }
}

fn party(leg: u32, engine: &mut Engine) -> Party {
    let address = SocketAddr::from((Ipv4Addr::new(127, 1, (leg >> 8) as u8, leg as u8), 4_000));
    let plan = StreamPlan {
        remote: address,
        remote_rtcp: address,
        rtcp_mux: false,
        source: IpAddr::V4(Ipv4Addr::LOCALHOST),
        sends: AudioFormat { payload_type: 0, codec: Codec::Pcmu },
        takes: vec![AudioFormat { payload_type: 0, codec: Codec::Pcmu }],
        sends_events: Some(EventFormat { payload_type: TELEPHONE_EVENT, clock_hz: 8_000 }),
        takes_events: vec![EventFormat { payload_type: TELEPHONE_EVENT, clock_hz: 8_000 }],
        packet_ms: 20,
        direction: Direction { send: true, receive: true },
    };
    engine.command(
        Instant::START,
        Command::Open {
            leg: LegId(u64::from(leg)),
            port: PortIndex(leg),
            plan,
            ssrc: leg,
            sequence: 0,
            timestamp: 0,
            beside: (leg % 2 == 1).then(|| LegId(u64::from(leg - 1))),
            seed: 7,
            silent_after: MEDIA_LOST_DEFAULT,
        },
    );
    let outgoing = Outgoing { payload_type: 0, ssrc: 1_000 + leg, sequence: 0, timestamp: 0 };
    Party { address, outgoing, tick: 0, key_began: 0 }
}

/// Receive and tick of a leg: nothing is allocated, and everything that should happen does.
fn media() -> bool {
    let mut media = Media::open();
    media.run(WARM_UP_TICKS, Media::slot);
    let (sent, events) = (media.sent, media.events);
    let began = std::time::Instant::now();
    let allocations = allocations::during(|| media.run(TICKS, Media::slot));
    let each = began.elapsed().as_secs_f64() * 1e9 / f64::from(TICKS * LEGS);
    let (sent, events) = (media.sent - sent, media.events - events);
    println!(
        "media: {TICKS} ticks of {LEGS} legs (prompt; prompt and recorder; bridge), {sent} packets sent, \
         {events} events, {each:.0} ns for receive and tick of a leg"
    );
    let nothing = bar("media: allocations in receive and tick", allocations as f64, 0.0);
    let packets = exactly("media: packets sent", sent, packets_due(TICKS, LEGS, BRIDGED_LEGS));
    let keys = u64::from(TICKS / TICKS_BETWEEN_KEYS * LEGS);
    exactly("media: keys told", events, keys) && packets && nothing
}

/// What a leg of a talk costs among a thousand, without the kernel's part: most of it is waiting for memory.
fn talks() -> bool {
    let mut media = Media::talking();
    media.run(TALKING_WARM_UP_TICKS, Media::slot);
    let sent = media.sent;
    let mut others = vec![0_u64; OTHERS_OCTETS / size_of::<u64>()];
    let mut round = || {
        let mut took = Duration::ZERO;
        media.run(TALKING_TICKS, |media, slot| {
            others.iter_mut().for_each(|word| *word += 1);
            let began = std::time::Instant::now();
            media.slot(slot);
            took += began.elapsed();
        });
        took
    };
    let best = (0..TALKING_ROUNDS).map(|_| round()).min().unwrap_or(Duration::MAX);
    let each = best.as_secs_f64() * 1e9 / f64::from(TALKING_TICKS * TALKING_LEGS);
    let due = packets_due(TALKING_TICKS * TALKING_ROUNDS as u32, TALKING_LEGS, TALKING_LEGS);
    let packets = exactly("talks: packets sent", media.sent - sent, due);
    bar("talks: receive and tick of one leg of a thousand, ns", each, TALKING_NS) && packets
}

/// Reading and judging an INVITE, and reading what the UAS reads of it.
fn sip() -> bool {
    let invite = invite();
    println!("sip: an INVITE of {} octets", invite.len());
    let octets = invite.as_bytes();
    let parse = |_: u32| match message::parse(black_box(octets)) {
        Ok(message) => _ = black_box(message),
        Err(error) => panic!("the bench's own INVITE is refused: {error}"),
    };
    let whole = |_: u32| {
        let Ok(Message::Request(request)) = message::parse(black_box(octets)) else { return };
        read_as_a_uas(&request);
    };
    let allocations = allocations::during(|| (0..RUNS).for_each(whole));
    let nothing = bar("sip: allocations in parsing, judging and reading", allocations as f64, 0.0);
    println!("       sip: parsing alone, ns {:>42.1}", best_ns(parse));
    bar("sip: parsing, judging and reading all that the UAS reads, ns", best_ns(whole), READ_NS) && nothing
}

/// Noting the messages of a whole call: reading each once more, its rung, whether anything is missing at the end.
fn ladder() -> bool {
    let messages = call();
    let mut scratch = String::with_capacity(256);
    let mut note = |_: u32| {
        let mut ladder = Ladder::default();
        for (at, (heading, octets)) in messages.iter().enumerate() {
            let Ok(message) = message::parse(black_box(octets.as_bytes())) else { return };
            let transport = Transport::Udp;
            let seen = Seen { at_us: at as u64, heading: *heading, leg: LegId(1), transport };
            ladder.climb(&Rung::of(&message, seen, &mut scratch));
        }
        assert!(ladder.is_settled() && ladder.height() == messages.len(), "the bench's own call: {ladder:?}");
        black_box(ladder);
    };
    let allocations = allocations::during(|| (0..RUNS).for_each(&mut note));
    let each = allocations as f64 / f64::from(RUNS);
    let buffers = bar("ladder: allocations in a call, its two buffers", each, LADDER_BUFFERS);
    let ns = best_ns(note) / messages.len() as f64;
    bar("ladder: noting a message, ns", ns, NOTE_NS) && buffers
}

/// The messages of a short call: INVITE, 100, 200, ACK, BYE, 200.
fn call() -> Vec<(Heading, String)> {
    use Heading::{In, Out};
    let invite = invite();
    let sdp = invite.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned();
    let head = |start: &str, branch: &str, cseq: &str| {
        format!(
            "{start}\r\nVia: SIP/2.0/UDP 203.0.113.10:5060;branch=z9hG4bK{branch};rport\r\n\
             From: \"Maria Alvarez\" <sip:+16175550142@carrier.example;user=phone>;tag=1928301774\r\n\
             To: <sip:+16175550100@clinic.example;user=phone>;tag=8f2c6e01\r\n\
             Call-ID: a84b4c76e66710.7f3d2b@203.0.113.77\r\nCSeq: {cseq}\r\nMax-Forwards: 69\r\n"
        )
    };
    let bare = |start: &str, branch: &str, cseq: &str| {
        format!("{}Content-Length: 0\r\n\r\n", head(start, branch, cseq))
    };
    let answer = head("SIP/2.0 200 OK", "776asdhds83a1b", "314159 INVITE");
    let answer =
        format!("{answer}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}", sdp.len());
    vec![
        (In, invite),
        (Out, bare("SIP/2.0 100 Trying", "776asdhds83a1b", "314159 INVITE")),
        (Out, answer),
        (In, bare("ACK sip:198.51.100.20:5060 SIP/2.0", "776asdhds83a1c", "314159 ACK")),
        (In, bare("BYE sip:198.51.100.20:5060 SIP/2.0", "776asdhds83a1d", "314160 BYE")),
        (Out, bare("SIP/2.0 200 OK", "776asdhds83a1d", "314160 BYE")),
    ]
}

/// The timer index with as many entries as a busy hour has.
fn timers() -> bool {
    let mut index = TimerIndex::empty();
    let scattered = |key: u32| Instant::from_micros(u64::from(key.wrapping_mul(2_654_435_761) >> 7));
    (0..TIMERS).for_each(|key| index.set(key, Some(scattered(key))));
    let mut turn = 0_u32;
    let moving = best_ns(|_| {
        turn = turn.wrapping_add(7_919);
        index.set(turn % TIMERS, Some(scattered(turn ^ 0x5bd1_e995)));
    });
    let looking = best_ns(|_| _ = black_box(index.first()));
    println!("timers: {TIMERS} entries, {looking:.1} ns to look at the first");
    bar("timers: moving an entry, ns", moving, MOVE_NS)
}

/// The shipped calendar: asked again within an hour, and asked first on each day of years.
fn hours() -> bool {
    let set = shipped();
    let calendar = &set.calendars()[0];
    // Tuesday 2026-11-24, 10:00 in New York, and so many milliseconds.
    let at = |ms: i64| WallTime::from_micros(1_795_532_400_000_000 + ms * 1_000);
    let ask = |n: u32| _ = black_box(calendar.opening(at(i64::from(n))));
    ask(0);
    let allocations = allocations::during(|| (0..RUNS).for_each(ask));
    let nothing = bar("hours: allocations in asking again", allocations as f64, 0.0);
    let again = bar("hours: asking again, ns", best_ns(ask), HOURS_NS);
    let first = |n: u32| _ = black_box(calendar.opening(at(i64::from(n % 1_000) * 86_400_000)));
    bar("hours: asking first, ns", best_ns(first), HOURS_FIRST_NS) && again && nothing
}

/// The shipped flows.
fn shipped() -> FlowSet {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("ivr-flows");
    let entries = std::fs::read_dir(folder).expect("the flows are shipped").filter_map(Result::ok);
    let paths = entries.map(|entry| entry.path());
    let paths = paths.filter(|path| {
        path.to_str().is_some_and(|path| path.ends_with(".yaml") && !path.ends_with(".test.yaml"))
    });
    let file = |path: std::path::PathBuf| SourceFile {
        path: path.display().to_string(),
        octets: std::fs::read(path).expect("the flows are shipped"),
    };
    let (set, faults) = FlowSet::load(paths.map(file).collect(), &|_, _| Audio::Present);
    set.unwrap_or_else(|| panic!("{faults:#?}"))
}
