//! The playout buffer: packets in, exactly 160 octets out every 20 ms (RFC 3550 §6.4.1 names the jitter it hides).
//!
//! ```text
//!             play_at            newest
//!  ring  ······│▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒│······     ▒ sound, · silence
//!              └─ 160 a tick        └─ up to 200 ms ahead of play_at
//! ```
//! Octets lie in a ring by their timestamp; what never came is silence. The first packet is held back
//! 40 ms. When a newest packet is too late or too far ahead, the stream has slipped and the buffer
//! starts anew from it. Adapting the delay to the line, and hiding losses, is not its job.

use crate::limits::{PLAYOUT_DELAY_SAMPLES, PLAYOUT_MAX_SAMPLES};

/// Octets in a frame of 20 ms at 8 kHz.
pub const FRAME_OCTETS: usize = 160;

/// The sound that a party sent and that was not yet played.
#[derive(Clone, Debug)]
pub struct Playout {
    ring: [u8; RING],
    silence: u8,
    /// The timestamps of the next octet to play and of the end of the newest packet.
    stream: Option<Stream>,
    restarts: u64,
}

#[derive(Clone, Copy, Debug)]
struct Stream {
    ssrc: u32,
    play_at: u32,
    newest_end: u32,
}

impl Playout {
    /// An empty buffer that plays `silence` where nothing came.
    pub const fn new(silence: u8) -> Self {
        Self { ring: [silence; RING], silence, stream: None, restarts: 0 }
    }

    /// Times that the stream slipped and was begun anew.
    pub const fn restarts(&self) -> u64 {
        self.restarts
    }

    /// Takes the octets of one packet. What is too old is passed over.
    pub fn put(&mut self, ssrc: u32, timestamp: u32, octets: &[u8]) {
        let octets = &octets[..octets.len().min(PACKET_MAX)];
        let end = timestamp.wrapping_add(octets.len() as u32);
        let Some(stream) = self.stream.filter(|stream| stream.ssrc == ssrc) else {
            return self.begin(ssrc, timestamp, octets);
        };
        let newer = distance(stream.newest_end, end);
        if newer > 0 {
            let ahead = distance(stream.play_at, end);
            let late = distance(stream.play_at, timestamp) < 0;
            if late || ahead > PLAYOUT_MAX_SAMPLES as i32 {
                return self.slip(ssrc, timestamp, octets);
            }
            self.stream = Some(Stream { newest_end: end, ..stream });
        } else if newer < -JUMP_BACK {
            return self.slip(ssrc, timestamp, octets);
        }
        self.store(stream.play_at, timestamp, octets);
    }

    /// The next 20 ms.
    pub fn take(&mut self) -> [u8; FRAME_OCTETS] {
        let Some(stream) = &mut self.stream else {
            return [self.silence; FRAME_OCTETS];
        };
        let at = stream.play_at;
        stream.play_at = at.wrapping_add(FRAME_OCTETS as u32);
        std::array::from_fn(|n| {
            let place = &mut self.ring[at.wrapping_add(n as u32) as usize % RING];
            std::mem::replace(place, self.silence)
        })
    }

    fn slip(&mut self, ssrc: u32, timestamp: u32, octets: &[u8]) {
        self.restarts += 1;
        self.ring.fill(self.silence);
        self.begin(ssrc, timestamp, octets);
    }

    fn begin(&mut self, ssrc: u32, timestamp: u32, octets: &[u8]) {
        if self.stream.is_some() {
            self.ring.fill(self.silence);
        }
        let play_at = timestamp.wrapping_sub(PLAYOUT_DELAY_SAMPLES);
        let newest_end = timestamp.wrapping_add(octets.len() as u32);
        self.stream = Some(Stream { ssrc, play_at, newest_end });
        self.store(play_at, timestamp, octets);
    }

    fn store(&mut self, play_at: u32, timestamp: u32, octets: &[u8]) {
        for (n, octet) in octets.iter().enumerate() {
            let at = timestamp.wrapping_add(n as u32);
            if (0..RING as i32).contains(&distance(play_at, at)) {
                self.ring[at as usize % RING] = *octet;
            }
        }
    }
}

/// How far `to` lies after `from` on the circle of timestamps.
const fn distance(from: u32, to: u32) -> i32 {
    to.wrapping_sub(from) as i32
}

/// Places in the ring: a power of two over [`PLAYOUT_MAX_SAMPLES`].
const RING: usize = 2_048;
/// The most octets of one packet that are heard: 200 ms less the delay.
const PACKET_MAX: usize = (PLAYOUT_MAX_SAMPLES - PLAYOUT_DELAY_SAMPLES) as usize;
/// A newest packet that is older than all by this much is a sender that began anew, not reordering: 1 s.
const JUMP_BACK: i32 = 8_000;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SILENCE: u8 = 0xff;

    /// One step: packets as (timestamp, octet) of 160 octets, then one tick. Tells the first octet of each tick.
    fn played(ticks: &[&[(u32, u8)]]) -> Vec<u8> {
        let mut playout = Playout::new(SILENCE);
        let tick = |packets: &&[(u32, u8)]| {
            packets.iter().for_each(|(timestamp, octet)| playout.put(1, *timestamp, &[*octet; 160]));
            playout.take()[0]
        };
        ticks.iter().map(tick).collect()
    }

    #[test]
    fn what_is_played_for_what_came() {
        let check =
            |why: &str, ticks: &[&[(u32, u8)]], expected: &[u8]| assert_eq!(played(ticks), expected, "{why}");
        let s = SILENCE;
        check("in time, 40 ms later", &[&[(0, 1)], &[(160, 2)], &[(320, 3)], &[], &[]], &[s, s, 1, 2, 3]);
        check("two in one tick", &[&[(0, 1)], &[], &[(160, 2), (320, 3)], &[], &[]], &[s, s, 1, 2, 3]);
        check("reordered", &[&[(0, 1)], &[(320, 3), (160, 2)], &[], &[], &[]], &[s, s, 1, 2, 3]);
        check("one lost", &[&[(0, 1)], &[], &[(320, 3)], &[], &[]], &[s, s, 1, s, 3]);
        check("twice", &[&[(0, 1), (0, 1)], &[(160, 2)], &[(160, 2)], &[]], &[s, s, 1, 2]);
        check("nothing ever", &[&[], &[]], &[s, s]);
        check("over the wrap", &[&[(u32::MAX - 159, 1)], &[(0, 2)], &[], &[]], &[s, s, 1, 2]);
        check(
            "late for good: begins anew",
            &[&[(0, 1)], &[], &[], &[], &[(160, 2)], &[(320, 3)], &[(480, 4)]],
            &[s, s, 1, s, s, s, 2],
        );
        check(
            "an old one comes late",
            &[&[(0, 1)], &[], &[(320, 3)], &[], &[(160, 2)], &[]],
            &[s, s, 1, s, 3, s],
        );
        check("far ahead: begins anew", &[&[(0, 1)], &[(80_000, 2)], &[], &[]], &[s, s, s, 2]);
        check("far back: begins anew", &[&[(80_000, 1)], &[(0, 2)], &[], &[]], &[s, s, s, 2]);
    }

    #[test]
    fn a_new_source_is_a_new_stream() {
        let mut playout = Playout::new(SILENCE);
        playout.put(1, 0, &[1; 160]);
        playout.put(2, 5_000, &[2; 160]);
        let heard: Vec<u8> = (0..4).map(|_| playout.take()[0]).collect();
        assert_eq!(heard, [SILENCE, SILENCE, 2, SILENCE]);
    }

    #[test]
    fn packets_of_any_length_are_joined() {
        let mut playout = Playout::new(SILENCE);
        (0..4u8).for_each(|n| playout.put(1, u32::from(n) * 80, &[n; 80]));
        let heard: Vec<u8> = (0..4).flat_map(|_| playout.take()).skip(320).step_by(80).collect();
        assert_eq!(heard, [0, 1, 2, 3]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn whatever_comes_a_tick_is_a_frame_and_nothing_waits_over_200_ms(
            packets in proptest::collection::vec((0u32..3, any::<u32>(), 0usize..2_000, any::<bool>()), 0..60),
        ) {
            let mut playout = Playout::new(SILENCE);
            for (ssrc, timestamp, length, tick) in packets {
                playout.put(ssrc, timestamp, &vec![1; length]);
                if tick {
                    playout.take();
                }
                let waits = playout.stream.map_or(0, |s| distance(s.play_at, s.newest_end));
                prop_assert!(waits <= PLAYOUT_MAX_SAMPLES as i32, "{} samples wait", waits);
            }
            (0..20).for_each(|_| { playout.take(); });
            prop_assert_eq!(playout.take(), [SILENCE; 160]);
        }
    }
}
