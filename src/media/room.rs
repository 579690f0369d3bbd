//! A conversation of several legs of one worker, in which each hears those that it may.
//!
//! ```text
//!  leg's tick   room.hear(seat) ──▶ what the others said in their last ticks ──▶ the leg says it to its party
//!               room.say(seat)  ◀── what its own party said, made wide
//! ```
//! The legs of a room tick in slots of their own. What a party said is heard until its next tick replaces it, so
//! that everybody hears each 20 ms of everybody once. A room mixes at 16 kHz; making the sum a leg's own codec is the
//! leg's job. Who says nothing at all, or has us on hold, leaves the others to their beds. Keys go to those who talk
//! with who pressed them, unless they are orders to the switch ([`KeysGo`]).

use crate::audio::l16;
use crate::audio::sound::{Lying, Sound, WIDE_SAMPLES};
use crate::audio::transcode::Decode;
use crate::id::{LegId, RoomId};
use crate::limits::{MIXER_PARTIES_MAX, ROOMS_MAX};
use crate::media::command::KeysGo;
use crate::media::mixer::{Mixer, Party, PartySet};
use crate::wire::codec::Codec;
use std::collections::BTreeMap;

/// A leg's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    room: RoomId,
    party: Party,
    keys: KeysGo,
}

impl Seat {
    /// Where the keys go that are pressed here.
    pub const fn keys(self) -> KeysGo {
        self.keys
    }
}

/// The rooms of one worker, at most [`ROOMS_MAX`].
#[derive(Debug, Default)]
pub struct Rooms {
    rooms: BTreeMap<RoomId, Box<Room>>,
}

#[derive(Debug)]
struct Room {
    mixer: Mixer,
    /// By party.
    members: [Option<Member>; MIXER_PARTIES_MAX],
}

#[derive(Clone, Debug)]
struct Member {
    leg: LegId,
    /// From what its party says to samples.
    decode: Decode,
}

impl Rooms {
    /// A seat for `leg`, which hears those of `whom` that are here. Nobody hears it until told. The first to come opens
    /// the room. `None` when there are too many rooms, or parties in this one.
    pub fn join(&mut self, leg: LegId, room: RoomId, whom: &[LegId], keys: KeysGo) -> Option<Seat> {
        let is_full = self.rooms.len() >= ROOMS_MAX;
        if is_full && !self.rooms.contains_key(&room) {
            return None;
        }
        let its = self.rooms.entry(room).or_insert_with(Room::new);
        let party = its.mixer.join()?;
        let mut decode = Decode::default();
        decode.wide(&Sound::silence(Codec::Pcmu)); // what it needs is made here, not in a tick
        its.members[party.place()] = Some(Member { leg, decode });
        let seat = Seat { room, party, keys };
        self.hears(seat, whom);
        Some(seat)
    }

    /// From now on the leg of this seat hears these, as far as they are here.
    pub fn hears(&mut self, seat: Seat, whom: &[LegId]) {
        let Some(room) = self.rooms.get_mut(&seat.room) else { return };
        let is_meant = |member: &Option<Member>| member.as_ref().is_some_and(|it| whom.contains(&it.leg));
        let heard = room.mixer.present().parties().filter(|party| is_meant(&room.members[party.place()]));
        let heard = heard.fold(PartySet::NOBODY, PartySet::with);
        room.mixer.hears(seat.party, heard);
    }

    /// The seat is free. The last to go closes the room.
    pub fn leave(&mut self, seat: Seat) {
        let Some(room) = self.rooms.get_mut(&seat.room) else { return };
        room.mixer.leave(seat.party);
        room.members[seat.party.place()] = None;
        if room.mixer.present() == PartySet::NOBODY {
            self.rooms.remove(&seat.room);
        }
    }

    /// What the party of this seat said in its tick, in place of what it said in the one before.
    pub fn say(&mut self, seat: Seat, said: Lying<'_>) {
        let Some(room) = self.rooms.get_mut(&seat.room) else { return };
        let Room { mixer, members } = &mut **room;
        if let Some(member) = &mut members[seat.party.place()] {
            let mut sound = Sound::silence(said.codec());
            sound.repeat(said);
            mixer.say(seat.party, &member.decode.wide(&sound));
        }
    }

    /// The party of this seat says nothing from its tick on: it is not listened to, or does not listen.
    pub fn hush(&mut self, seat: Seat) {
        if let Some(room) = self.rooms.get_mut(&seat.room) {
            room.mixer.hush(seat.party);
        }
    }

    /// What the leg of this seat hears now. `None`: none of those whom it may hear is to be heard.
    pub fn hear(&self, seat: Seat) -> Option<Sound> {
        let mixer = &self.rooms.get(&seat.room)?.mixer;
        if mixer.heard_by(seat.party) == PartySet::NOBODY {
            return None;
        }
        let mut samples = [0; WIDE_SAMPLES];
        mixer.hear(seat.party, &mut samples);
        let mut sound = Sound::silence(Codec::L16Wide);
        l16::encode(&samples, sound.octets_mut());
        Some(sound)
    }

    /// Those whom the party of this seat talks with: each hears the other.
    pub fn talking_with(&self, seat: Seat) -> PartySet {
        self.rooms.get(&seat.room).map_or(PartySet::NOBODY, |room| room.mixer.talking_with(seat.party))
    }

    /// The leg of another seat of the same room.
    pub fn leg_at(&self, seat: Seat, party: Party) -> Option<LegId> {
        self.rooms.get(&seat.room)?.members[party.place()].as_ref().map(|member| member.leg)
    }

    /// Rooms with somebody in them.
    pub fn count(&self) -> usize {
        self.rooms.len()
    }
}

impl Room {
    fn new() -> Box<Self> {
        Box::new(Self { mixer: Mixer::new(WIDE_SAMPLES), members: Default::default() })
    }
}
