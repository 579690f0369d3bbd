//! What is said of what came, beside a listener that decodes, remembers and hides each tick at once.

use super::*;
use crate::rng::Rng;
use proptest::prelude::*;

/// Decodes each tick and tells the concealer of it at once, whether it is needed or not.
struct AtOnce {
    codec: Codec,
    jitter: Jitter,
    concealer: Concealer,
}

impl AtOnce {
    fn tick(&mut self) -> Sound {
        let quiet = self.jitter.wants_to_shrink() && self.concealer.is_quiet();
        let loudness = if quiet { Loudness::Quiet } else { Loudness::Loud };
        let mut octets = [0; TAKEN_OCTETS_MAX];
        let law = Law::of(self.codec).expect("G.711");
        let mut samples = [0; DECODED_MAX];
        let (came, as_it_came) = match self.jitter.take(loudness, &mut octets) {
            Taken::Whole(stretch) => {
                Lying::of(self.codec, self.jitter.lying(stretch)).copy_to(&mut octets[..160]);
                (Came::ALL, self.concealer.rests())
            }
            Taken::Even(came) => (came, false),
            Taken::Squeeze => {
                g711::decode_all(law, &octets[..240], &mut samples);
                squeeze(Rate::Narrow, &mut samples[..240]);
                self.concealer.tick(&mut samples[..160], Came::ALL.milliseconds());
                return self.encoded(&samples);
            }
        };
        g711::decode_all(law, &octets[..160], &mut samples);
        self.concealer.tick(&mut samples[..160], came.milliseconds());
        if as_it_came { Sound::of(self.codec, &octets[..160]) } else { self.encoded(&samples) }
    }

    fn encoded(&self, samples: &[i16]) -> Sound {
        let mut sound = Sound::silence(self.codec);
        let law = Law::of(self.codec).expect("G.711");
        g711::encode_all(law, &samples[..160], sound.octets_mut());
        sound
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_told_late_is_heard_like_what_is_told_at_once(
        seed in any::<u64>(), a_law in any::<bool>(), loss in 0u64..20, jitter_ms in 0u64..90, quiet in any::<bool>(),
    ) {
        let codec = if a_law { Codec::Pcma } else { Codec::Pcmu };
        let mut listener = Listener::new(codec);
        let mut at_once =
            AtOnce { codec, jitter: Jitter::open(layout(codec)), concealer: Concealer::new(Rate::Narrow) };
        let mut chance = Rng::seeded(seed);
        let mut packets: Vec<(u64, u16)> = (0..300_u16)
            .filter(|_| chance.below(100) >= loss)
            .collect::<Vec<u16>>()
            .into_iter()
            .map(|n| (u64::from(n) * 20 + chance.below(jitter_ms + 1), n))
            .collect();
        packets.sort_unstable();
        let mut packets = packets.into_iter().peekable();
        for tick in 0..330_u64 {
            while let Some((_, n)) = packets.next_if(|(at_ms, _)| at_ms.div_ceil(20) <= tick) {
                let mut noise = Rng::seeded(seed ^ u64::from(n));
                let octets: Vec<u8> =
                    (0..160).map(|_| if quiet { 0xd5 ^ noise.below(2) as u8 } else { noise.below(256) as u8 }).collect();
                let arrival = Arrival { ssrc: 1, sequence: n, timestamp: u32::from(n) * 160, octets: &octets };
                listener.put(codec, arrival);
                at_once.jitter.put(arrival);
            }
            listener.tick(&mut |_| {});
            let mut said = Sound::silence(Codec::L16Wide);
            said.repeat(listener.said());
            prop_assert_eq!(said, at_once.tick(), "tick {}", tick);
        }
    }
}

#[test]
fn what_was_said_is_there_until_the_next_tick_though_packets_come() {
    let mut listener = Listener::new(Codec::Pcmu);
    let mut said = Sound::silence(Codec::Pcmu);
    for n in 0..200_u16 {
        let arrival =
            Arrival { ssrc: 1, sequence: n, timestamp: u32::from(n) * 160, octets: &[n as u8; 160] };
        listener.put(Codec::Pcmu, arrival);
        let mut again = Sound::silence(Codec::Pcmu);
        again.repeat(listener.said());
        assert_eq!(again, said, "packet {n}");
        listener.tick(&mut |_| {});
        said.repeat(listener.said());
        if n >= 2 {
            assert_eq!(said, Sound::of(Codec::Pcmu, &[(n - 2) as u8; 160]), "packet {n}");
        }
    }
}
