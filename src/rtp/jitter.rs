//! The adaptive jitter buffer: packets in, exactly 20 ms out every tick (RFC 3550 §6.4.1 names the jitter it hides).
//!
//! ```text
//!                 play_at         newest_end
//!  ring  ··▒▒▒·▒▒▒│▒▒▒▒▒▒▒▒▒···▒▒▒▒▒│······    ▒ came, · missing
//!   was there once └─ 20 ms a tick  └─ at most 320 ms, a longer wait loses its oldest
//!
//!  waits longer   nothing is left: the time stands still until the next packet; so a stream in order loses nothing
//!                 a packet came too late: as much is put in before the next tick
//!  waits shorter  all packets of 3 to 6 s waited long: 10 ms of a missing stretch are passed over,
//!                 else 30 ms are handed out to be made 20 by overlap-add
//! ```
//! Octets lie in a ring on a time line of the buffer's own. A source's timestamps are laid onto it by an
//! offset that is chosen anew when the source changes or its timestamps jump, so that what waits is heard to
//! its end, nothing twice and all in order. Its time is counted in ticks: arrivals are seen only in them.
//!
//! **Promised.** After the delay has adapted: no octet lost by the buffer at 60 ms of jitter, reordered or not.
//! While it adapts: a packet that is overtaken and late is lost, and makes the delay longer by its lateness and
//! 10 ms, by 40 ms at the most; a stream in order loses nothing, and stands still for up to 300 ms instead.
//! Within 10 s of a calm line the mean wait is back at 40 ms. Decoding, hiding what is missing and the
//! overlap-add are not its job.

mod ring;
mod waits;

use crate::limits::{JITTER_DELAY_MS, JITTER_DELAY_START_MS};
use crate::near;
use ring::Ring;
use std::mem::offset_of;
use waits::Waits;

/// Octets in 30 ms of the widest codec: L16 at 16 kHz.
pub const TAKEN_OCTETS_MAX: usize = 960;
/// Milliseconds in a tick.
const TICK_MS: u32 = 20;
/// How much is cut out at once, in milliseconds.
const PIECE_MS: u32 = 10;
/// How long the time stands still at most, in milliseconds: then a tick more fits under the bound.
const HOLD_MS: u32 = JITTER_DELAY_MS - TICK_MS;
/// The most that one late packet makes the delay longer, in milliseconds: a straggler does not hold up all.
const GROW_MS: u32 = 40;
/// Ticks between two cuts in sound that is not quiet: a tenth faster is still natural speech.
const CUT_EVERY_TICKS: u32 = 5;
/// A packet that is too old by more than this is of a new time line, in milliseconds.
const JUMP_MS: u32 = 1_000;
/// In a burst over the bound, losses are told from a jump by a gap of three packets at the most, in milliseconds.
const GAP_IN_BURST_MS: u32 = 60;
/// A packet that is older by fewer sequence numbers was overtaken (RFC 3550 §A.1).
const MISORDER: i16 = 100;
/// A source that was silent for so many ticks may be followed by any other.
const ALIVE_TICKS: u64 = 3;
/// A source is not followed by a third one within so many ticks, unless it falls silent: 1 s.
const SETTLED_TICKS: u64 = 50;

/// How octets and time belong together in a codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    octets_per_unit: usize,
    units_per_ms: u32,
}

impl Layout {
    /// One octet for each of 8 units of the RTP clock in a millisecond: PCMU, PCMA, G.722 (RFC 3551 §4.5).
    pub const OCTETS: Layout = Layout { octets_per_unit: 1, units_per_ms: 8 };
    /// Two octets for each of 8 units in a millisecond: L16 at 8 kHz.
    pub const L16_NARROW: Layout = Layout { octets_per_unit: 2, units_per_ms: 8 };
    /// Two octets for each of 16 units in a millisecond: L16 at 16 kHz.
    pub const L16_WIDE: Layout = Layout { octets_per_unit: 2, units_per_ms: 16 };

    /// Octets in `ms` milliseconds.
    pub const fn octets(self, ms: u32) -> usize {
        self.octets_per_unit * self.units(ms) as usize
    }

    /// Units of the RTP clock in `ms` milliseconds.
    const fn units(self, ms: u32) -> u32 {
        self.units_per_ms * ms
    }
}

/// One RTP packet of sound as it came.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// Whose it is.
    pub ssrc: u32,
    /// Its sequence number.
    pub sequence: u16,
    /// Its timestamp, in units of the codec's RTP clock.
    pub timestamp: u32,
    /// Its payload.
    pub octets: &'a [u8],
}

/// Which milliseconds of a tick are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Came(u32);

impl Came {
    /// All 20 ms.
    pub const ALL: Came = Came((1 << TICK_MS) - 1);
    /// Nothing.
    pub const NONE: Came = Came(0);

    /// Bit n is set when all octets of millisecond n are there.
    pub const fn milliseconds(self) -> u32 {
        self.0
    }
}

/// 20 ms that came and were taken, where they lie in the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    place: u32,
}

/// What a tick was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// 20 ms that are all there, as they came. They are not copied.
    Whole(Stretch),
    /// 20 ms, of which some may be missing; their octets are 0.
    Even(Came),
    /// 30 ms that are all there and are to be made 20, so that the delay becomes shorter.
    Squeeze,
}

/// How loud the sound before this tick was: quiet sound is cut sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loudness {
    /// Nothing that a cut would harm.
    Quiet,
    /// Speech, or not known.
    Loud,
}

/// What the buffer did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Octets that came after their time and were not played.
    pub late_octets: u64,
    /// Octets that were thrown away because too much waited.
    pub overflow_octets: u64,
    /// Octets of a second source that came between those of the first.
    pub other_source_octets: u64,
    /// Times that timestamps jumped.
    pub restarts: u64,
    /// Times that the source changed.
    pub source_changes: u64,
    /// Milliseconds that were put in so that the delay became longer.
    pub grown_ms: u64,
    /// Milliseconds that were cut so that it became shorter.
    pub cut_ms: u64,
}

/// The sound that a party sent and that was not yet played. What each packet and tick needs is at its beginning.
#[derive(Debug)]
#[repr(C)]
pub struct Jitter {
    stream: Option<Stream>,
    waits: Waits,
    ticks: u64,
    layout: Layout,
    cut_in_ticks: u32,
    counters: Counters,
    ring: Ring,
}

/// Places on the buffer's time line are in units of the RTP clock.
#[derive(Clone, Copy, Debug)]
struct Stream {
    source: Source,
    /// Where the next tick begins.
    play_at: u32,
    newest_end: u32,
    /// For how many units the time stands still because nothing was left.
    held: u32,
    /// Units that are still to be put in.
    owed: u32,
}

#[derive(Clone, Copy, Debug)]
struct Source {
    ssrc: u32,
    /// The source that this one followed.
    before: Option<u32>,
    /// What makes a timestamp a place.
    offset: u32,
    highest_sequence: u16,
    since_tick: u64,
    heard_tick: u64,
}

/// Where a packet of the current source belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// Its place on the time line as it is.
    At(u32),
    /// Its timestamp has nothing to do with those before.
    Jumped,
}

impl Jitter {
    /// Octets of it that each packet and tick needs, beside those of sound.
    pub const HEAD_OCTETS: usize = offset_of!(Jitter, ring) + size_of::<u64>();

    /// An empty buffer; all its memory is taken here.
    pub fn open(layout: Layout) -> Self {
        let units = layout.units(JITTER_DELAY_MS + TICK_MS).next_power_of_two() as usize;
        Self {
            layout,
            ring: Ring::new(units, layout.octets_per_unit),
            stream: None,
            waits: Waits::default(),
            ticks: 0,
            cut_in_ticks: 0,
            counters: Counters::default(),
        }
    }

    /// What it did so far.
    pub const fn counters(&self) -> Counters {
        self.counters
    }

    /// How much waits now, with what is still to be put in before it, in milliseconds.
    pub fn waiting_ms(&self) -> u32 {
        let waits = self.stream.map_or(0, |s| s.left().max(0) as u32 + s.owed);
        waits.div_ceil(self.layout.units_per_ms)
    }

    /// Asks for the memory of the next packet, and of the next tick's marks.
    pub fn ask_for_next(&self) {
        let Some(stream) = &self.stream else { return };
        self.ring.ask_for(stream.newest_end, self.layout.octets(TICK_MS));
        self.ring.ask_for(stream.play_at, 1);
    }

    /// Asks for the memory of a stretch.
    pub fn ask_for(&self, stretch: Stretch) {
        self.lying(stretch).into_iter().for_each(near::ask_for);
    }

    /// The next tick may be cut: worth knowing how loud it is.
    pub fn wants_to_shrink(&self) -> bool {
        self.excess() >= self.piece()
    }

    /// Takes one packet. An empty one is passed over, a longer one than the bound is cut.
    pub fn put(&mut self, arrival: Arrival<'_>) {
        let size = self.layout.octets_per_unit;
        let units = (arrival.octets.len() / size).min(self.layout.units(HOLD_MS) as usize);
        if units == 0 {
            return;
        }
        let arrival = Arrival { octets: &arrival.octets[..units * size], ..arrival };
        let Some(mut stream) = self.stream else { return self.begin(&arrival) };
        if stream.source.ssrc != arrival.ssrc {
            return self.put_of_another(stream, &arrival);
        }
        stream.source.heard_tick = self.ticks;
        match stream.position(&arrival, units as u32, self.layout) {
            None => self.counters.late_octets += arrival.octets.len() as u64,
            Some(Position::At(place)) => self.store(stream, place, &arrival),
            Some(Position::Jumped) => {
                self.counters.restarts += 1;
                self.append(stream, &arrival);
            }
        }
    }

    fn begin(&mut self, arrival: &Arrival<'_>) {
        let start = self.layout.units(JITTER_DELAY_START_MS);
        let source = Source::new(arrival, None, start, self.ticks);
        let stream = Stream { source, play_at: 0, newest_end: start, held: 0, owed: 0 };
        self.store(stream, start, arrival);
    }

    /// A new source is followed at once. One that speaks between the packets of another is not, or the two
    /// would cut each other to pieces.
    fn put_of_another(&mut self, mut stream: Stream, arrival: &Arrival<'_>) {
        let alive = self.ticks - stream.source.heard_tick < ALIVE_TICKS;
        let settled = self.ticks - stream.source.since_tick >= SETTLED_TICKS;
        let known = stream.source.before == Some(arrival.ssrc);
        if alive && (known || !settled && stream.source.before.is_some()) {
            self.counters.other_source_octets += arrival.octets.len() as u64;
            return;
        }
        self.counters.source_changes += 1;
        stream.source = Source::new(arrival, Some(stream.source.ssrc), 0, self.ticks);
        self.append(stream, arrival);
    }

    /// Lays a new time line behind what waits; if nothing waits, the packet is held back like the first one.
    fn append(&mut self, mut stream: Stream, arrival: &Arrival<'_>) {
        self.waits = Waits::default();
        let mut place = stream.newest_end;
        if stream.left() < self.layout.units_per_ms as i32 {
            stream.play_at = stream.play_at.wrapping_add(stream.held);
            stream.held = 0;
            place = stream.play_at.wrapping_add(self.layout.units(JITTER_DELAY_START_MS));
        }
        stream.source.lay(arrival, place);
        self.store(stream, place, arrival);
    }

    /// Puts octets where they belong. What is already there stays as it is, what is past is late.
    fn store(&mut self, mut stream: Stream, place: u32, arrival: &Arrival<'_>) {
        let units = (arrival.octets.len() / self.layout.octets_per_unit) as u32;
        let end = place.wrapping_add(units);
        let newer = distance(stream.newest_end, end);
        if newer > 0 {
            self.ring.clear(stream.newest_end, newer as u32);
            stream.newest_end = end;
        }
        let past = distance(place, stream.play_at).clamp(0, units as i32) as u32;
        if past > 0 && self.note_late(&stream, place, past) {
            let lateness = distance(place, stream.play_at).max(0) as u32;
            self.owe(&mut stream, lateness);
        }
        let kept = &arrival.octets[past as usize * self.layout.octets_per_unit..];
        self.ring.write(place.wrapping_add(past), kept);
        let wait = i64::from(distance(stream.play_at, place)) - i64::from(stream.held);
        self.waits.note(wait + i64::from(stream.owed));
        self.keep_the_bound(&mut stream);
        self.stream = Some(stream);
    }

    /// Counts what came too late; tells whether any of it came for the first time.
    fn note_late(&mut self, stream: &Stream, place: u32, units: u32) -> bool {
        let remembered = distance(place, stream.newest_end) as i64 <= self.ring.units() as i64;
        let late = if remembered { self.ring.mark(place, units) } else { units as usize };
        self.counters.late_octets += (late * self.layout.octets_per_unit) as u64;
        remembered && late > 0
    }

    /// Makes the delay longer, so that the next packet that is as late is in time.
    fn owe(&mut self, stream: &mut Stream, lateness: u32) {
        let ms = (lateness.div_ceil(self.layout.units_per_ms) + PIECE_MS).min(GROW_MS);
        let room = self.layout.units(JITTER_DELAY_MS).saturating_sub(stream.left().max(0) as u32);
        let room = room - room % self.layout.units_per_ms;
        let owed = self.layout.units(ms).min(room).max(stream.owed);
        self.grow(owed - stream.owed);
        stream.owed = owed;
    }

    fn grow(&mut self, units: u32) {
        self.waits.shift(i64::from(units));
        self.counters.grown_ms += u64::from(units / self.layout.units_per_ms);
    }

    /// Throws the oldest away when too much waits, and 10 ms more for a joint that is heard as a loss. Time that
    /// stood still is gone over first: it is a pause that ends.
    fn keep_the_bound(&mut self, stream: &mut Stream) {
        let bound = self.layout.units(JITTER_DELAY_MS) as i32;
        stream.owed = stream.owed.min((bound - stream.left()).max(0) as u32);
        let over = (stream.left() - bound).max(0) as u32;
        let passed = over.min(stream.held);
        let mut lost = self.ring.count(stream.play_at, passed);
        stream.play_at = stream.play_at.wrapping_add(passed);
        stream.held -= passed;
        if over > passed {
            let dropped = over - passed + self.piece();
            lost += self.ring.count(stream.play_at, dropped);
            stream.play_at = stream.play_at.wrapping_add(dropped);
            stream.owed = self.piece();
        }
        self.counters.overflow_octets += (lost * self.layout.octets_per_unit) as u64;
        self.waits.shift(-i64::from(over - passed));
    }

    /// The octets of a stretch. Nothing, when what came since has their room: only a burst of more than a quarter of a
    /// second over the bound takes it.
    pub fn lying(&self, stretch: Stretch) -> [&[u8]; 2] {
        let newest_end = self.stream.map_or(stretch.place, |stream| stream.newest_end);
        if distance(stretch.place, newest_end) as i64 > self.ring.units() as i64 {
            return [&[], &[]];
        }
        self.ring.parts(stretch.place, self.layout.octets(TICK_MS))
    }

    /// The next 20 ms, or 30 that are to be made 20, into the front of `octets`; what is whole stays where it lies.
    pub fn take(&mut self, before: Loudness, octets: &mut [u8; TAKEN_OCTETS_MAX]) -> Taken {
        self.ticks += 1;
        self.waits.tick();
        self.cut_in_ticks = self.cut_in_ticks.saturating_sub(1);
        let Some(mut stream) = self.stream else {
            octets[..self.layout.octets(TICK_MS)].fill(0);
            return Taken::Even(Came::NONE);
        };
        if stream.held > 0 && stream.left() > 0 {
            let missing = self.ring.first(stream.play_at, stream.held).unwrap_or(stream.held);
            let grown = stream.resume(missing);
            self.grow(grown);
        }
        let taken = if self.may_cut(&mut stream, before) {
            self.ring.read(stream.play_at, &mut octets[..self.layout.octets(TICK_MS + PIECE_MS)]);
            self.cut(&mut stream);
            stream.play_at = stream.play_at.wrapping_add(self.layout.units(TICK_MS));
            self.cut_in_ticks = CUT_EVERY_TICKS;
            Taken::Squeeze
        } else {
            self.fill(&mut stream, &mut octets[..self.layout.octets(TICK_MS)])
        };
        self.stream = Some(stream);
        taken
    }

    /// Passes over missing stretches if the delay is too long; tells whether sound is to be cut as well.
    fn may_cut(&mut self, stream: &mut Stream, before: Loudness) -> bool {
        let piece = self.piece();
        while stream.left() >= 2 * piece as i32
            && self.ring.none(stream.play_at, 2 * piece)
            && self.excess() >= piece
        {
            self.cut(stream);
        }
        let due = match before {
            Loudness::Quiet => true,
            Loudness::Loud => self.cut_in_ticks == 0,
        };
        due && stream.owed == 0
            && stream.left() >= 3 * piece as i32
            && self.excess() >= piece
            && self.ring.all(stream.play_at, 3 * piece)
    }

    fn cut(&mut self, stream: &mut Stream) {
        stream.play_at = stream.play_at.wrapping_add(self.piece());
        self.waits.shift(-i64::from(self.piece()));
        self.counters.cut_ms += u64::from(PIECE_MS);
    }

    /// Twenty milliseconds: first what is owed, then what is in the ring, then the time stands still.
    fn fill(&mut self, stream: &mut Stream, octets: &mut [u8]) -> Taken {
        let (unit, place) = (self.layout.units_per_ms, stream.play_at);
        let owed_ms = (stream.owed.div_ceil(unit)).min(TICK_MS);
        stream.owed = stream.owed.saturating_sub(owed_ms * unit);
        let ready_ms = (stream.left().max(0) as u32 / unit).min(TICK_MS - owed_ms);
        stream.play_at = place.wrapping_add(ready_ms * unit);
        if ready_ms == TICK_MS && self.ring.all(place, self.layout.units(TICK_MS)) {
            return Taken::Whole(Stretch { place });
        }
        octets.fill(0);
        let mut came = 0;
        for ms in 0..ready_ms {
            let at = place.wrapping_add(ms * unit);
            if self.ring.all(at, unit) {
                let (from, to) = (self.layout.octets(owed_ms + ms), self.layout.octets(owed_ms + ms + 1));
                self.ring.read(at, &mut octets[from..to]);
                came |= 1 << (owed_ms + ms);
            }
        }
        stream.hold((TICK_MS - owed_ms - ready_ms) * unit, self.layout.units(HOLD_MS));
        self.follow_time(stream);
        Taken::Even(Came(came))
    }

    /// In a long silence the end of the newest packet goes with the time: places run over after some hours.
    fn follow_time(&mut self, stream: &mut Stream) {
        let behind = distance(stream.newest_end, stream.play_at);
        if behind >= self.ring.units() as i32 / 2 {
            self.ring.clear(stream.newest_end, behind as u32);
            stream.newest_end = stream.play_at;
        }
    }

    /// By how many units every packet of the last seconds waited too long: their mean is over what a calm line
    /// is promised, and the shortest wait leaves a margin that is as wide as the line is unsteady.
    fn excess(&self) -> u32 {
        let settled = i64::from(self.layout.units(JITTER_DELAY_START_MS));
        self.waits.excess(settled, i64::from(self.piece()))
    }

    const fn piece(&self) -> u32 {
        self.layout.units(PIECE_MS)
    }
}

impl Stream {
    /// Units from the next tick's beginning to the end of the newest packet; none or fewer when nothing is left.
    const fn left(&self) -> i32 {
        distance(self.play_at, self.newest_end)
    }

    /// The time stands still for `units`, or runs on when it stood long enough.
    fn hold(&mut self, units: u32, most: u32) {
        let held = units.min(most - self.held);
        self.held += held;
        self.play_at = self.play_at.wrapping_add(units - held);
    }

    /// The time runs on after it stood still: over what is missing, so far as its time has passed. The rest made
    /// the delay longer, and is told.
    fn resume(&mut self, missing: u32) -> u32 {
        self.play_at = self.play_at.wrapping_add(missing);
        std::mem::take(&mut self.held) - missing
    }

    /// Where a packet of the source belongs; `None` for one that was overtaken by the time line after its own.
    fn position(&mut self, arrival: &Arrival<'_>, units: u32, layout: Layout) -> Option<Position> {
        let place = arrival.timestamp.wrapping_add(self.source.offset);
        let sequence_ahead = arrival.sequence.wrapping_sub(self.source.highest_sequence) as i16;
        let now = self.play_at.wrapping_add(self.held);
        let newer = distance(self.newest_end, place.wrapping_add(units)) > 0;
        let follows = distance(self.newest_end, place) <= layout.units(GAP_IN_BURST_MS) as i32;
        let too_far = distance(now, place) > layout.units(JITTER_DELAY_MS) as i32 && !follows;
        let too_old = distance(place, now) > layout.units(JUMP_MS) as i32;
        let stood_too_long = newer && distance(place, self.play_at) > 0 && self.left() < 0;
        let went_back = sequence_ahead > 0 && !newer;
        let jumped = too_far || too_old || stood_too_long || went_back;
        if jumped && (-MISORDER..0).contains(&sequence_ahead) {
            return None;
        }
        if jumped || sequence_ahead > 0 {
            self.source.highest_sequence = arrival.sequence;
        }
        Some(if jumped { Position::Jumped } else { Position::At(place) })
    }
}

impl Source {
    fn new(arrival: &Arrival<'_>, before: Option<u32>, place: u32, tick: u64) -> Self {
        Self {
            ssrc: arrival.ssrc,
            before,
            offset: place.wrapping_sub(arrival.timestamp),
            highest_sequence: arrival.sequence,
            since_tick: tick,
            heard_tick: tick,
        }
    }

    fn lay(&mut self, arrival: &Arrival<'_>, place: u32) {
        self.offset = place.wrapping_sub(arrival.timestamp);
    }
}

/// How far `to` lies after `from` on the circle of places.
const fn distance(from: u32, to: u32) -> i32 {
    to.wrapping_sub(from) as i32
}

#[cfg(test)]
mod tests;
