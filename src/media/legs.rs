//! Where the legs of one worker live: side by side in one piece of memory, not each in a place of its own.
//!
//! ```text
//!  memory   │ leg │ leg │ free │ leg │ room for the others, which no leg has ever needed
//!            0     1     2      3                                  the lowest free place is taken first
//! ```
//! A packet and a tick touch the leg, its listener and its jitter buffer. Strewn over the heap they are on more pages
//! than a processor knows the addresses of at once, and to look each one up again was a third of what a talk costs. In
//! one piece the system can make few large pages of them ([`Legs::memory`]).

use crate::media::leg::Leg;
use crate::near;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A leg's place among [`Legs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(u32);

/// The legs of one worker.
#[derive(Debug)]
pub struct Legs {
    places: Vec<Option<Leg>>,
    free: BinaryHeap<Reverse<Place>>,
}

impl Legs {
    /// Room for `most` legs, of which nothing is used yet.
    pub fn with_room_for(most: u32) -> Self {
        Self { places: Vec::with_capacity(most as usize), free: BinaryHeap::with_capacity(most as usize) }
    }

    /// A leg comes to live here. `None`, and it is dropped, when there is no room: there is as much as there are ports.
    pub fn put(&mut self, leg: Leg) -> Option<Place> {
        if let Some(Reverse(place)) = self.free.pop() {
            *self.places.get_mut(place.0 as usize)? = Some(leg);
            return Some(place);
        }
        if self.places.len() == self.places.capacity() {
            return None;
        }
        let place = Place(u32::try_from(self.places.len()).ok()?);
        self.places.push(Some(leg));
        Some(place)
    }

    /// A leg leaves.
    pub fn take(&mut self, place: Place) -> Option<Leg> {
        let leg = self.places.get_mut(place.0 as usize)?.take()?;
        self.free.push(Reverse(place));
        Some(leg)
    }

    /// The leg that lives there.
    pub fn get(&self, place: Place) -> Option<&Leg> {
        self.places.get(place.0 as usize)?.as_ref()
    }

    /// The leg that lives there, to be changed.
    pub fn get_mut(&mut self, place: Place) -> Option<&mut Leg> {
        self.places.get_mut(place.0 as usize)?.as_mut()
    }

    /// Asks for the head of the leg that may live there. Nothing of it is read.
    pub fn ask_for(&self, place: Place) {
        if let Some(leg) = self.places.get(place.0 as usize) {
            near::ask_for_part(leg, Leg::HEAD);
        }
    }

    /// All the memory that legs will ever live in: where it begins, and its octets.
    pub const fn memory(&self) -> (*const u8, usize) {
        (self.places.as_ptr().cast(), self.places.capacity() * size_of::<Option<Leg>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Instant;
    use crate::id::LegId;
    use crate::media::command::{Direction, PortIndex, StreamPlan};
    use crate::media::leg::Opening;
    use crate::media::sender::Beginning;
    use crate::rtp::latch::Strangers;
    use crate::wire::codec::{AudioFormat, Codec};
    use std::net::{IpAddr, Ipv4Addr, SocketAddr};
    use std::time::Duration;

    fn leg(id: u64) -> Leg {
        let party = SocketAddr::from((Ipv4Addr::LOCALHOST, 4_000));
        let format = AudioFormat { payload_type: 0, codec: Codec::Pcmu };
        let plan = StreamPlan {
            remote: party,
            remote_rtcp: party,
            rtcp_mux: false,
            source: IpAddr::V4(Ipv4Addr::LOCALHOST),
            sends: format,
            takes: vec![format],
            sends_events: None,
            takes_events: vec![],
            packet_ms: 20,
            direction: Direction { send: true, receive: true },
        };
        let opening = Opening {
            leg: LegId(id),
            port: PortIndex(0),
            plan,
            beginning: Beginning { ssrc: 1, sequence: 1, timestamp: 1 },
            seed: 1,
            silent_after: Duration::from_secs(60),
            strangers: Strangers::default(),
        };
        Leg::open(opening, Instant::START)
    }

    #[test]
    fn the_lowest_place_that_is_free_is_taken_and_none_moves() {
        let mut legs = Legs::with_room_for(3);
        let (begin, octets) = legs.memory();
        let places: Vec<Place> = (0..3).filter_map(|id| legs.put(leg(id))).collect();
        assert_eq!(places, [Place(0), Place(1), Place(2)]);
        assert_eq!(legs.put(leg(9)), None, "there is no room for a fourth");
        assert_eq!(legs.take(Place(2)).map(|leg| leg.id()), Some(LegId(2)));
        assert_eq!(legs.take(Place(0)).map(|leg| leg.id()), Some(LegId(0)));
        assert!(legs.take(Place(0)).is_none() && legs.get(Place(0)).is_none());
        assert_eq!([legs.put(leg(4)), legs.put(leg(5))], [Some(Place(0)), Some(Place(2))]);
        let ids: Vec<_> = places.iter().filter_map(|place| legs.get(*place)).map(Leg::id).collect();
        assert_eq!(ids, [LegId(4), LegId(1), LegId(5)]);
        assert_eq!(legs.memory(), (begin, octets));
        assert!(octets >= 3 * size_of::<Leg>(), "{octets} octets for three legs");
    }
}
