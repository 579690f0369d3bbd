//! Sound: one unbroken stream per leg, nobody hears whom he should not, keys are as many as were
//! pressed, and a port has one owner and rests between two.

use super::super::phone::quirk::Quirk;
use super::super::phone::{Phone, Stage};
use super::super::sound::{Ear, Heard, PIECE, RINGING, Voice, is_key};
use super::Verdict;
use super::talks::Talk;
use careline::call::keycode::Codes;
use careline::clock::Instant;
use careline::id::{LegId, PlaybackId};
use careline::limits::PORT_REST_DEFAULT;
use careline::media::command::{Clip, Command, Event, PortIndex, StreamPlan, WorkerIndex};
use careline::report::event as report;
use careline::wire::codec::Codec;
use careline::wire::rtp;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

/// How long a voice may still be heard after it was stopped: what waits in a packet and in the queues.
/// Units of the RTP clock in a tick, for the codecs of this world.
const TICK_UNITS: u32 = 160;
const GRACE: Duration = Duration::from_millis(60);
/// Pieces of 10 ms in a row that may hold a wrong voice in a room.
const WRONG_PIECES_MAX: u32 = 20;
/// Pieces of 10 ms that are made up for lost packets, at the most, until there is silence (ITU-T G.711 Appendix I).
const BLURRED_PIECES_MAX: u32 = 6;
/// A voice that is over is remembered so much longer, for packets that journeys make late.
const LINGERS: Duration = Duration::from_millis(400);
/// How much later than its packet time a packet may leave.
const LATE: Duration = Duration::from_millis(5);
/// A bridge of this length lets each hear the other, whatever is lost.
const SURELY_HEARD: Duration = Duration::from_secs(6);

/// Word that a port is free again takes less than this.
const RESTED_SURELY: Duration = Duration::from_millis(100);

/// Where a port is.
type Port = (WorkerIndex, PortIndex);

/// All legs that are open.
pub struct Streams {
    legs: BTreeMap<LegId, Leg>,
    owners: BTreeMap<Port, LegId>,
    rested: BTreeMap<Port, Instant>,
    /// Whom the log bridges with whom.
    intended: BTreeMap<LegId, LegId>,
    /// The talks by their patients' legs, as the log tells them.
    talks: BTreeMap<LegId, Talk>,
    /// Who was ever to be heard on legs that are closed.
    past: BTreeMap<LegId, BTreeSet<Voice>>,
    ear: Ear,
    /// Keys of persons are read for codes: patients get only those that are pressed for them.
    has_codes: bool,
}

/// A leg as its packets show it.
#[derive(Debug)]
pub struct Leg {
    port: Port,
    /// Whose phone it is.
    pub phone: Option<usize>,
    plan: StreamPlan,
    opened: Instant,
    last: Option<Packet>,
    /// It did not send for a while, as it was told: time may have jumped.
    paused: bool,
    /// The last piece of sound, and what it was.
    piece: (Vec<u8>, Heard),
    /// Who may be heard, and until when.
    voices: Vec<(Voice, Option<Instant>)>,
    /// Who was ever to be heard: what may be on the recording.
    pub ever: BTreeSet<Voice>,
    playing: Option<Playing>,
    bridge: Option<Bridge>,
    /// Since when it is in a room.
    room: Option<Instant>,
    /// When it left its room: what was mixed there lingers.
    left_room: Option<Instant>,
    /// Pieces in a row in its room that held whom it must not hear.
    wrong_pieces: u32,
    /// Pieces since the last one of whom it may hear that sounded nearly like him.
    blurred_pieces: u32,
    /// Presses that came from where the party is said to be.
    presses: BTreeSet<u64>,
    /// Presses that came from elsewhere: it moved, and that is not told yet. They may be heard, or not.
    doubtful: BTreeSet<u64>,
    keys: u64,
    /// Its worker closed it, and the switch will soon know.
    closed: bool,
    /// Journeys to another worker since its last packet: each may cost two frames.
    journeys: u32,
    /// How much later its last packet may have left than it would have without those.
    on_the_way: Duration,
    /// Something was played: the caller was spoken to.
    pub spoken_to: bool,
    /// Keys were pressed for its menu.
    pub dialled: bool,
    /// Its newest piece of sound is the tone of a key.
    hears_keys: bool,
    /// It hears ringing, and until when.
    rings: Option<Option<Instant>>,
    /// Keys that are to be pressed for it and were not yet.
    to_press: usize,
    /// The timestamp of the last press that it was sent.
    last_press: Option<u32>,
}

#[derive(Debug)]
struct Packet {
    ssrc: u32,
    sequence: u16,
    /// The timestamp that the next packet has.
    next: u32,
    at: Instant,
}

#[derive(Debug)]
struct Playing {
    playback: PlaybackId,
    octets: usize,
    sent: usize,
    /// There may be silence in it.
    is_signal: bool,
}

#[derive(Debug)]
struct Bridge {
    other: LegId,
    voice: Voice,
    since: Instant,
    heard: u64,
    /// The other side speaks all the time: it has to be heard.
    surely: bool,
}

impl Streams {
    /// No leg is open.
    pub fn new(ear: Ear, codes: &Codes) -> Self {
        Self {
            legs: BTreeMap::new(),
            owners: BTreeMap::new(),
            rested: BTreeMap::new(),
            intended: BTreeMap::new(),
            talks: BTreeMap::new(),
            past: BTreeMap::new(),
            ear,
            has_codes: codes.are_any(),
        }
    }

    /// The ear, for the next world: it knows many frames by now.
    pub fn into_ear(self) -> Ear {
        self.ear
    }

    /// A leg that is open.
    pub fn leg(&self, leg: LegId) -> Option<&Leg> {
        self.legs.get(&leg)
    }

    /// The engine forgot everything; what rests, rests on.
    pub fn forget(&mut self) {
        self.legs.clear();
        self.owners.clear();
        self.rested.clear();
        self.past.clear();
        self.intended.clear();
        self.talks.clear();
    }

    /// The log says that these two hear each other from now on.
    pub fn intend(&mut self, patient: LegId, person: LegId) {
        self.intended.insert(patient, person);
    }

    /// One more entry of the patient's call.
    pub fn follow(&mut self, patient: LegId, event: &report::Event) {
        if let report::Event::Ended { .. } = event {
            self.talks.remove(&patient);
        } else {
            self.talks.entry(patient).or_default().follow(event);
        }
    }

    /// The leg of this phone, if it has one that is not being closed.
    pub fn leg_of(&self, phone: usize) -> Option<LegId> {
        self.legs.iter().find(|(_, leg)| leg.phone == Some(phone) && !leg.closed).map(|(id, _)| *id)
    }

    /// Whether this leg is open, and nobody has told its worker to close it.
    pub fn is_open(&self, leg: LegId) -> bool {
        self.legs.get(&leg).is_some_and(|leg| !leg.closed)
    }

    /// The phone with whom the one of this leg talks.
    pub fn partner_of(&self, leg: LegId) -> Option<usize> {
        let other = self.legs.get(&leg)?.bridge.as_ref()?.other;
        self.legs.get(&other)?.phone
    }

    /// A guest whom this patient must not hear, for the leaked whisper.
    pub fn secret_of(&self, patient: LegId) -> Option<LegId> {
        let secret = self.talks.get(&patient)?.secret()?;
        self.legs.contains_key(&secret).then_some(secret)
    }

    /// The leg of a room hears those whom the log lets it hear, and from now on nobody else.
    fn in_room(&mut self, now: Instant, id: LegId, phones: &[Phone]) {
        let is_in = |(patient, talk): &(&LegId, &Talk)| **patient == id || talk.others().any(|leg| leg == id);
        let Some((patient, talk)) = self.talks.iter().find(is_in) else { return };
        let heard = talk.heard_by(*patient, id).into_iter().filter_map(|other| self.legs.get(&other));
        let heard: Vec<(Voice, bool)> =
            heard.filter_map(|leg| Some((phones[leg.phone?].voice, leg.plan.direction.send))).collect();
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.hush(now);
        leg.playing = None;
        leg.bridge = None;
        leg.room.get_or_insert(now);
        for (voice, _) in heard.into_iter().filter(|(_, is_there)| *is_there) {
            leg.voices.push((voice, None));
            leg.ever.insert(voice);
        }
    }

    /// The leg is in no room.
    fn out_of_room(&mut self, now: Instant, id: LegId) {
        if let Some(leg) = self.legs.get_mut(&id)
            && leg.room.take().is_some()
        {
            leg.left_room = Some(now);
            leg.hush(now);
        }
    }

    /// Whether this voice was ever to be heard on this leg.
    pub fn was_heard(&self, leg: LegId, voice: Voice) -> bool {
        let open = self.legs.get(&leg).map(|leg| &leg.ever);
        open.or(self.past.get(&leg)).is_some_and(|ever| ever.contains(&voice))
    }

    /// Another open leg on the same worker, for the wrong bridge.
    pub fn another(&self, a: LegId, b: LegId) -> Option<LegId> {
        let worker = self.legs.get(&a)?.port.0;
        self.legs.iter().find(|(id, leg)| **id != a && **id != b && leg.port.0 == worker).map(|(id, _)| *id)
    }

    /// Ports that rest, or have hardly rested enough.
    pub fn rest(&self, now: Instant) -> usize {
        let rests = |since: &&Instant| now.since(**since) < PORT_REST_DEFAULT + RESTED_SURELY;
        self.rested.values().filter(rests).count()
    }

    /// A port that rests, for the hasty one.
    pub fn resting(&self, now: Instant) -> Option<PortIndex> {
        let young = |since: &Instant| now.since(*since) < PORT_REST_DEFAULT / 2;
        self.rested
            .iter()
            .find(|(port, since)| port.0 == WorkerIndex(0) && young(since))
            .map(|(port, _)| port.1)
    }

    /// A command reached a worker.
    pub fn commanded(
        &mut self,
        now: Instant,
        worker: WorkerIndex,
        command: &Command,
        phones: &[Phone],
        voices: &[Voice],
    ) -> Verdict {
        match command {
            Command::Open { leg, port, plan, .. } => {
                return self.opened(now, *leg, (worker, *port), plan, phones);
            }
            Command::Replan { leg, plan } => {
                if let Some(leg) = self.legs.get_mut(leg) {
                    leg.paused |= !plan.direction.send || !leg.plan.direction.send;
                    leg.plan = plan.clone();
                }
                self.doubt_bridges();
                self.held(now, *leg);
                let in_rooms = self.legs.iter().filter(|(_, leg)| leg.room.is_some()).map(|(id, _)| *id);
                for id in in_rooms.collect::<Vec<_>>() {
                    self.in_room(now, id, phones);
                }
            }
            Command::Play { leg, playback, clips, .. } => {
                if let Some(leg) = self.legs.get_mut(leg) {
                    leg.played(now, *playback, clips, voices);
                }
            }
            Command::Stop { leg } => {
                if let Some(leg) = self.legs.get_mut(leg) {
                    leg.hush(now);
                    leg.playing = None;
                }
            }
            Command::Bridge { a, .. } => {
                self.out_of_room(now, *a);
                if let Some(b) = self.intended.get(a).copied() {
                    self.out_of_room(now, b);
                }
                // Whom the log names, not whom the command names: the command may be wrong.
                if let Some(b) = self.intended.get(a).copied() {
                    self.bridged(now, *a, b, phones);
                }
            }
            Command::Unbridge { leg } => return self.unbridged(now, *leg),
            Command::Close { leg } => {
                if let Some(leg) = self.legs.get_mut(leg) {
                    leg.closed = true;
                }
                return self.unbridged(now, *leg);
            }
            Command::Join { leg, .. } | Command::Hears { leg, .. } => self.in_room(now, *leg, phones),
            Command::Leave { leg } => self.out_of_room(now, *leg),
            Command::Move { leg, .. } => {
                self.out_of_room(now, *leg);
                if let Some(leg) = self.legs.get_mut(leg) {
                    leg.journeys += 1;
                }
                self.doubt_bridges();
                // Who is on the way hears nobody, and nobody hears him; words to him go on.
                if self.legs.get(leg).is_some_and(|leg| leg.bridge.is_some()) {
                    return self.unbridged(now, *leg);
                }
            }
            Command::Press { leg, keys, .. } => {
                if let Some(leg) = self.legs.get_mut(leg) {
                    leg.dialled = true;
                    leg.to_press += keys.expose().len();
                }
            }
            Command::Bed { leg, sound } => {
                if let Some(leg) = self.legs.get_mut(leg) {
                    leg.bedded(now, sound.is_some().then_some(voices));
                }
            }
            Command::Promise { .. }
            | Command::Withdraw { .. }
            | Command::Listen { .. }
            | Command::Keys { .. }
            | Command::Record { .. }
            | Command::StopRecording { .. }
            | Command::PauseRecording { .. }
            | Command::ResumeRecording { .. } => {}
        }
        Ok(())
    }

    /// An event of a worker is handed to the switch.
    pub fn told(&mut self, event: &Event, phones: &[Phone]) -> Verdict {
        match event {
            Event::Key { leg, .. } => {
                if let Some(leg) = self.legs.get_mut(leg) {
                    leg.keys += 1;
                }
            }
            Event::PlaybackEnded { leg, playback, completed: true, .. } => {
                let Some(track) = self.legs.get(leg) else { return Ok(()) };
                let Some(playing) = track.playing.as_ref().filter(|playing| playing.playback == *playback)
                else {
                    return Ok(());
                };
                let packet = usize::from(track.plan.packet_ms) * track.plan.sends.codec.octets_per_ms();
                if playing.sent + 2 * packet < playing.octets {
                    let Playing { octets, sent, .. } = playing;
                    return Err(format!(
                        "{playback} on {leg} counts as heard to its end: {sent} of {octets} octets were sent"
                    ));
                }
            }
            Event::Closed { leg, port, at, .. } => return self.closed(*leg, *port, *at, phones),
            Event::Fax { leg, .. } => {
                return Err(format!("{leg} is taken for a fax machine, and no phone here is one"));
            }
            Event::FirstPacket { .. }
            | Event::Moved { .. }
            | Event::PlaybackEnded { .. }
            | Event::TapOpened { .. }
            | Event::TapClosed { .. }
            | Event::TapPaused { .. }
            | Event::TapResumed { .. }
            | Event::MediaSilent { .. } => {}
        }
        Ok(())
    }

    /// A packet of a phone reached a port.
    pub fn reached_port(&mut self, port: Port, (phone, from): (usize, SocketAddr), press: Option<u64>) {
        let Some(leg) = self.owners.get(&port).and_then(|leg| self.legs.get_mut(leg)) else { return };
        if let Some(press) = press.filter(|_| leg.phone == Some(phone) && !leg.closed) {
            let is_expected = from == leg.plan.remote;
            if is_expected { &mut leg.presses } else { &mut leg.doubtful }.insert(press);
        }
    }

    /// A packet leaves a port.
    pub fn departed(&mut self, now: Instant, port: Port, octets: &[u8]) -> Verdict {
        let Some(&id) = self.owners.get(&port) else {
            return Err(format!("a packet leaves {port:?}, which nobody owns"));
        };
        let Some(leg) = self.legs.get_mut(&id) else { return Ok(()) };
        let packet =
            rtp::Packet::read(octets).map_err(|error| format!("{id} sends what is no RTP: {error}"))?;
        leg.follow(now, &packet).map_err(|wrong| format!("{id}: {wrong}"))?;
        if packet.payload_type != leg.plan.sends.payload_type {
            // Guests are no persons whose keys are read.
            let is_alone = leg.room.is_none() && leg.left_room.is_none();
            let is_patient = is_alone && self.talks.contains_key(&id);
            return if self.has_codes && is_patient { leg.take_press(id, packet.timestamp) } else { Ok(()) };
        }
        let codec = leg.plan.sends.codec;
        for piece in packet.payload.chunks(PIECE) {
            // Who takes no events hears the tones of keys.
            leg.hears_keys = leg.plan.sends_events.is_none() && is_key(codec, piece);
            leg.hear(now, codec, piece, &mut self.ear)
                .map_err(|wrong| format!("{id} of phone {:?}: {wrong}", leg.phone))?;
        }
        Ok(())
    }

    /// What is late by now.
    pub fn sweep(&self, now: Instant) -> Verdict {
        for (id, leg) in &self.legs {
            let last = leg.last.as_ref().map_or(leg.opened, |packet| packet.at);
            let on_the_way = careline::limits::TICK * 2 * leg.journeys;
            if leg.plan.direction.send
                && !leg.paused
                && now.since(last) > 2 * leg.packet_time() + LATE + on_the_way
            {
                return Err(format!("{id} has sent nothing since {last:?}"));
            }
        }
        Ok(())
    }

    fn opened(
        &mut self,
        now: Instant,
        id: LegId,
        port: Port,
        plan: &StreamPlan,
        phones: &[Phone],
    ) -> Verdict {
        if let Some(owner) = self.owners.get(&port) {
            return Err(format!("{id} is given port {port:?}, which {owner} owns"));
        }
        if let Some(since) = self.rested.get(&port).filter(|since| now.since(**since) < PORT_REST_DEFAULT) {
            return Err(format!("{id} is given port {port:?}, which rests since {since:?} only"));
        }
        let is_there = |phone: &Phone| phone.ability.media == plan.remote;
        // It may have gone on to another port of its own since it told of this one.
        let is_its_own = |phone: &Phone| phone.ability.media.ip() == plan.remote.ip();
        let phone = phones.iter().position(is_there).or_else(|| phones.iter().position(is_its_own));
        self.owners.insert(port, id);
        let leg = Leg {
            port,
            phone,
            plan: plan.clone(),
            opened: now,
            last: None,
            paused: !plan.direction.send,
            piece: (Vec::new(), Heard::Silence),
            voices: Vec::new(),
            ever: BTreeSet::new(),
            playing: None,
            bridge: None,
            room: None,
            left_room: None,
            wrong_pieces: 0,
            blurred_pieces: 0,
            presses: BTreeSet::new(),
            doubtful: BTreeSet::new(),
            keys: 0,
            closed: false,
            journeys: 0,
            on_the_way: Duration::ZERO,
            spoken_to: false,
            dialled: false,
            hears_keys: false,
            rings: None,
            to_press: 0,
            last_press: None,
        };
        self.legs.insert(id, leg);
        Ok(())
    }

    /// A leg lives at another port now, whose sockets are those that it had.
    pub fn moved(&mut self, id: LegId, from: Port, to: Port) -> Verdict {
        let Some(leg) = self.legs.get_mut(&id) else { return Err(format!("{id} moves and was not open")) };
        if leg.port != from || self.owners.contains_key(&to) {
            return Err(format!("{id} owns {:?} and moves from {from:?} to {to:?}", leg.port));
        }
        leg.port = to;
        self.owners.remove(&from);
        self.owners.insert(to, id);
        if let Some(since) = self.rested.remove(&to) {
            self.rested.insert(from, since);
        }
        Ok(())
    }

    fn closed(&mut self, id: LegId, port: PortIndex, at: Instant, phones: &[Phone]) -> Verdict {
        let Some(leg) = self.legs.remove(&id) else { return Err(format!("{id} is closed and was not open")) };
        if leg.port.1 != port {
            return Err(format!("{id} owned {:?} and gives back {port:?}", leg.port));
        }
        self.owners.remove(&leg.port);
        self.rested.insert(leg.port, at);
        self.past.insert(id, leg.ever.clone());
        let Some(phone) = leg.phone.map(|phone| &phones[phone]) else { return Ok(()) };
        let plain =
            phone.ability.media == phone.media && !phone.story.rebound && leg.plan.remote == phone.media;
        let (least, most) = (leg.presses.len(), leg.presses.union(&leg.doubtful).count());
        if plain && !(least as u64..=most as u64).contains(&leg.keys) {
            return Err(format!("{id}: {least} to {most} keys were pressed, {} were told", leg.keys));
        }
        Ok(())
    }

    fn bridged(&mut self, now: Instant, a: LegId, b: LegId, phones: &[Phone]) {
        for (one, other) in [(a, b), (b, a)] {
            let Some((far, plan)) =
                self.legs.get(&other).and_then(|leg| Some((&phones[leg.phone?], leg.plan.clone())))
            else {
                continue;
            };
            let Some(leg) = self.legs.get_mut(&one) else { continue };
            leg.hush(now);
            leg.playing = None;
            if plan.direction.send {
                leg.voices.push((far.voice, None));
            }
            leg.ever.insert(far.voice);
            // An address translator may hide it: who speaks from the first is heard all the same.
            let is_found = far.media == far.ability.media || far.quirk == Some(Quirk::SoundFirst);
            let is_open = plan.direction.receive && plan.direction.send && leg.plan.direction.send;
            let surely = far.speaks() && is_found && is_open;
            leg.bridge = Some(Bridge { other, voice: far.voice, since: now, heard: 0, surely });
        }
    }

    /// Who puts us on hold is heard by nobody, whatever its phone sends, and is heard again when it is back.
    fn held(&mut self, now: Instant, id: LegId) {
        let plan = self.legs.get(&id).and_then(|leg| Some((leg.plan.direction, leg.bridge.as_ref()?.other)));
        let Some((direction, other)) = plan else { return };
        let Some(other) = self.legs.get_mut(&other) else { return };
        let Some(voice) = other.bridge.as_ref().map(|bridge| bridge.voice) else { return };
        let its = other.voices.iter_mut().filter(|(known, until)| *known == voice && until.is_none());
        if direction.send {
            if its.count() == 0 {
                other.voices.push((voice, None));
            }
        } else {
            its.for_each(|(_, until)| *until = Some(now + GRACE));
        }
    }

    fn unbridged(&mut self, now: Instant, id: LegId) -> Verdict {
        let other_of = |id: LegId| Some(self.legs.get(&id)?.bridge.as_ref()?.other);
        // Who was handed on is bridged with somebody else by now.
        let other = other_of(id).filter(|other| other_of(*other) == Some(id));
        for id in [Some(id), other].into_iter().flatten() {
            let Some(leg) = self.legs.get_mut(&id) else { continue };
            leg.hush(now);
            let Some(bridge) = leg.bridge.take() else { continue };
            if bridge.surely && bridge.heard == 0 && now.since(bridge.since) > SURELY_HEARD {
                return Err(format!(
                    "{id} was bridged since {:?} and never heard {:?}",
                    bridge.since, bridge.voice
                ));
            }
        }
        Ok(())
    }

    /// Whoever does not speak in a call, or is gone without a word, need not be heard: it may have fallen silent before
    /// it said anything.
    pub fn doubt_the_silent(&mut self, phones: &[Phone]) {
        let is_silent = |phone: usize| {
            let phone = &phones[phone];
            phone.story.vanished.is_some() || matches!(phone.stage, Stage::Up(_)) && !phone.speaks()
        };
        let silent = self.legs.iter().filter(|(_, leg)| leg.phone.is_some_and(is_silent));
        let silent: BTreeSet<LegId> = silent.map(|(id, _)| *id).collect();
        let bridges = self.legs.values_mut().filter_map(|leg| leg.bridge.as_mut());
        bridges.filter(|bridge| silent.contains(&bridge.other)).for_each(|bridge| bridge.surely = false);
    }

    /// Phones moved or were put on hold: who must hear whom is not sure any more.
    pub fn doubt_bridges(&mut self) {
        self.legs.values_mut().filter_map(|leg| leg.bridge.as_mut()).for_each(|bridge| bridge.surely = false);
    }
}

impl Leg {
    /// The time between two packets: whole ticks of 20 ms, so 30 ms are now 40, now 20.
    fn packet_time(&self) -> Duration {
        careline::limits::TICK * u32::from(self.plan.packet_ms.div_ceil(20))
    }

    /// What it hears while nobody speaks.
    fn bedded(&mut self, now: Instant, voices: Option<&[Voice]>) {
        if let Some(until @ None) = &mut self.rings {
            *until = Some(now + GRACE);
        }
        if voices.is_some_and(|voices| voices.contains(&RINGING)) {
            self.rings = Some(None);
        }
    }

    /// It hears that somebody is rung.
    fn hears_ringing(&self, now: Instant) -> bool {
        let lasts = |until: Option<Instant>| until.is_none_or(|until| now <= until + self.on_the_way);
        self.piece.1 == Heard::Voice(RINGING) && self.rings.is_some_and(lasts)
    }

    /// A packet of a key: of one that was pressed for it.
    fn take_press(&mut self, id: LegId, timestamp: u32) -> Verdict {
        if self.last_press.replace(timestamp) == Some(timestamp) {
            return Ok(());
        }
        match self.to_press.checked_sub(1) {
            Some(left) => self.to_press = left,
            None => {
                return Err(format!(
                    "{id} of phone {:?} gets a key of a person who is read for codes",
                    self.phone
                ));
            }
        }
        Ok(())
    }

    fn played(&mut self, now: Instant, playback: PlaybackId, clips: &[Clip], voices: &[Voice]) {
        // Who hears a signal in a talk hears the others again after it.
        if self.bridge.is_none() && self.room.is_none() {
            self.hush(now);
        }
        self.spoken_to = true;
        let octets = clips.iter().map(|clip| clip.octets.len()).sum();
        self.playing = Some(Playing { playback, octets, sent: 0, is_signal: voices.is_empty() });
        self.voices.extend(voices.iter().map(|voice| (*voice, None)));
        self.ever.extend(voices);
    }

    /// Nobody may be heard any more, but for what is on its way.
    fn hush(&mut self, now: Instant) {
        self.voices.retain(|(_, until)| until.is_none_or(|until| until + self.on_the_way + LINGERS > now));
        for (_, until) in &mut self.voices {
            until.get_or_insert(now + GRACE);
        }
    }

    /// One more packet of the stream.
    fn follow(&mut self, now: Instant, packet: &rtp::Packet<'_>) -> Verdict {
        self.on_the_way = careline::limits::TICK * 2 * self.journeys;
        let is_sound = packet.payload_type == self.plan.sends.payload_type;
        let samples = packet.payload.len() as u32;
        let packet_time = self.packet_time();
        let Some(last) = &mut self.last else {
            let (ssrc, sequence) = (packet.ssrc, packet.sequence);
            self.last =
                Some(Packet { ssrc, sequence, next: packet.timestamp.wrapping_add(samples), at: now });
            if !is_sound {
                // A key of the other leg came first: the timestamp of sound is not known yet.
                self.paused = true;
                return Ok(());
            }
            let on_the_way = careline::limits::TICK * 2 * std::mem::take(&mut self.journeys);
            return if now.since(self.opened) <= 2 * packet_time + LATE + on_the_way || self.paused {
                self.paused = false;
                Ok(())
            } else {
                Err(format!("opened at {:?}, its first packet leaves now", self.opened))
            };
        };
        if packet.ssrc != last.ssrc || packet.sequence != last.sequence.wrapping_add(1) {
            return Err(format!("packet {} of {:x} follows {last:?}", packet.sequence, packet.ssrc));
        }
        last.sequence = packet.sequence;
        if !is_sound {
            return Ok(());
        }
        // The journey to another worker costs two frames at the most.
        let lost = 2 * std::mem::take(&mut self.journeys);
        let ahead = packet.timestamp.wrapping_sub(last.next);
        if !self.paused && (ahead > lost * TICK_UNITS || !ahead.is_multiple_of(TICK_UNITS)) {
            return Err(format!("timestamp {} follows {last:?}", packet.timestamp));
        }
        if !self.paused && now.since(last.at) > packet_time + LATE + careline::limits::TICK * lost {
            return Err(format!("a gap of {:?} before packet {}", now.since(last.at), packet.sequence));
        }
        self.paused = !self.plan.direction.send;
        last.next = packet.timestamp.wrapping_add(samples);
        last.at = now;
        Ok(())
    }

    /// In a room a mix of two may sound like a third for a moment, and a loss that is concealed like two: what lasts is
    /// judged.
    fn hear_room(&mut self, now: Instant, heard: Heard) -> Verdict {
        let lives =
            |until: &Option<Instant>| until.is_none_or(|until| now <= until + self.on_the_way + LINGERS);
        let live = self.voices.iter().filter(|(_, until)| lives(until)).count();
        let is_wrong = self.room.is_some()
            && match heard {
                Heard::Mixture => live == 1,
                Heard::Voice(voice) => {
                    !self.voices.iter().any(|(known, until)| *known == voice && lives(until))
                }
                Heard::Silence | Heard::Other => false,
            };
        self.wrong_pieces = if is_wrong { self.wrong_pieces + 1 } else { 0 };
        if self.wrong_pieces > WRONG_PIECES_MAX {
            return Err(format!("hears {heard:?} in its room and should hear {:?}", self.voices));
        }
        Ok(())
    }

    /// It hears a signal: the tones may sound like somebody's voice.
    fn in_signal(&self) -> bool {
        let packet = usize::from(self.plan.packet_ms) * self.plan.sends.codec.octets_per_ms();
        let plays = |playing: &&Playing| playing.is_signal && playing.sent < playing.octets + 2 * packet;
        self.playing.as_ref().filter(plays).is_some()
    }

    fn hear(&mut self, now: Instant, codec: Codec, piece: &[u8], ear: &mut Ear) -> Verdict {
        if self.piece.0 != piece {
            self.piece.0.clear();
            self.piece.0.extend_from_slice(piece);
            self.piece.1 = ear.hear(codec, piece);
        }
        let is_signal = self.in_signal() || self.hears_ringing(now) || self.hears_keys;
        let heard = if is_signal { Heard::Other } else { self.piece.1 };
        if let Some(playing) = &mut self.playing
            && (heard != Heard::Silence || playing.is_signal)
        {
            playing.sent += piece.len();
        }
        self.hear_room(now, heard)?;
        let Heard::Voice(voice) = heard else { return Ok(()) };
        if let Some(bridge) = self.bridge.as_mut().filter(|bridge| bridge.voice == voice) {
            bridge.heard += 1;
        }
        let allowed = self.voices.iter().any(|(known, until)| {
            *known == voice && until.is_none_or(|until| now <= until + self.on_the_way)
        });
        let lingers = self.left_room.is_some_and(|at| now <= at + self.on_the_way + LINGERS);
        if allowed || lingers || self.room.is_some() {
            self.blurred_pieces = 0;
            return Ok(());
        }
        self.blurred_pieces += 1;
        let is_blurred = self.blurred_pieces <= BLURRED_PIECES_MAX
            && self.voices.iter().any(|(known, _)| voice.is_beside(*known));
        if is_blurred {
            return Ok(());
        }
        Err(format!("hears {voice:?} and should hear {:?}", self.voices))
    }
}
