//! Legs that talk in a room: in, out, and what is heard there.

use super::Engine;
use crate::audio::sound::Sound;
use crate::clock::Instant;
use crate::id::{LegId, RoomId};
use crate::media::bridge::PassedOn;
use crate::media::command::{KeysGo, PortIndex};

impl Engine {
    /// The leg is in `room` and nowhere else: a bridge of it is parted, and what plays to it is stopped. `None`: there
    /// is no such leg or no seat for it, and all is as it was.
    pub(super) fn join(
        &mut self,
        now: Instant,
        id: LegId,
        room: RoomId,
        (hears, keys): (&[LegId], KeysGo),
    ) -> Option<()> {
        self.port_of(id)?;
        let seat = self.rooms.join(id, room, hears, keys)?;
        self.leave(id);
        self.unbridge(id)?;
        self.with(id, |leg, outbox| {
            leg.stop(now, outbox);
            leg.sit(Some(seat));
        })
    }

    /// Whom a leg in a room hears from now on.
    pub(super) fn hears(&mut self, id: LegId, whom: &[LegId]) -> Option<()> {
        let port = self.port_of(id)?;
        let seat = self.leg_at(port)?.seat()?;
        self.rooms.hears(seat, whom);
        Some(())
    }

    /// The leg hears nobody, and nobody hears it. `None`: it was in no room.
    pub(super) fn leave(&mut self, id: LegId) -> Option<()> {
        let port = self.port_of(id)?;
        let leg = self.leg_at(port)?;
        let seat = leg.seat()?;
        leg.sit(None);
        self.rooms.leave(seat);
        Some(())
    }

    /// What the leg at `port` hears of others in its tick, written into `heard`; `None`, and nothing written, if it hears
    /// nobody.
    pub(super) fn heard_at(&mut self, port: PortIndex, heard: &mut Sound) -> Option<()> {
        let leg = self.leg_at(port)?;
        match (leg.seat(), leg.bridged_to()) {
            (Some(seat), _) => heard.repeat(&self.rooms.hear(seat)?),
            (None, other) => heard.repeat(self.leg_at(other?)?.said()?),
        }
        Some(())
    }

    /// What its party said in this tick, for those in its room.
    pub(super) fn said_at(&mut self, port: PortIndex) {
        let place = self.ports.get(port.0 as usize).and_then(|port| port.leg);
        let Some(leg) = place.and_then(|place| self.legs.get(place)) else { return };
        match (leg.seat(), leg.said()) {
            (Some(seat), Some(said)) => self.rooms.say(seat, said),
            (Some(seat), None) => self.rooms.hush(seat),
            (None, _) => {}
        }
    }

    /// A key of the leg at `port` goes to whoever its party talks with.
    pub(super) fn pass_on(&mut self, port: PortIndex, key: PassedOn) {
        let Some(leg) = self.leg_at(port) else { return };
        let (seat, other) = (leg.seat(), leg.bridged_to());
        if let Some(other) = other.and_then(|other| self.leg_at(other)) {
            other.relay(key);
        }
        let Some(seat) = seat else { return };
        for party in self.rooms.talking_with(seat).parties() {
            if let Some(other) = self.rooms.leg_at(seat, party) {
                self.with(other, |leg, _| leg.relay(key));
            }
        }
    }
}
