//! Where a moment of a sequence of clips lies: for going on where a prompt was interrupted, or a little before.
//!
//! A place is always at the border of a tick, because an octet in between need not stand for a sample by itself.

use crate::limits::TICK;
use crate::media::command::Clip;
use std::time::Duration;

/// A place in a sequence of clips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which clip, from 0; the count of clips at the end of all.
    pub clip: usize,
    /// Octets into it.
    pub octet: usize,
}

/// The place `at` into the clips, or the last tick border of its clip before it. Later than all of them: their end.
pub fn place(clips: &[Clip], at: Duration) -> Place {
    let mut rest = at;
    for (clip, sound) in clips.iter().enumerate() {
        let tick = sound.codec.tick_octets();
        let length = span(sound.octets.len(), tick);
        if rest < length {
            let ticks = (rest.as_micros() / TICK.as_micros()) as usize;
            return Place { clip, octet: ticks * tick };
        }
        rest -= length;
    }
    Place { clip: clips.len(), octet: 0 }
}

/// How much of the clips lies before a place.
pub fn time(clips: &[Clip], place: Place) -> Duration {
    let length = |clip: &Clip, octets: usize| span(octets, clip.codec.tick_octets());
    let before = clips.iter().take(place.clip).map(|clip| length(clip, clip.octets.len())).sum::<Duration>();
    before + clips.get(place.clip).map_or(Duration::ZERO, |clip| length(clip, place.octet))
}

fn span(octets: usize, tick_octets: usize) -> Duration {
    Duration::from_micros(octets as u64 * TICK.as_micros() as u64 / tick_octets as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::codec::Codec;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn clips(lengths: &[usize]) -> Vec<Clip> {
        lengths
            .iter()
            .map(|octets| Clip { codec: Codec::Pcmu, octets: Arc::from(vec![0; *octets]) })
            .collect()
    }

    #[test]
    fn a_moment_is_found_in_its_clip_at_a_tick_border() {
        // Lengths in octets, 160 to a tick; the moment in ms; clip and octet.
        let table: [(&[usize], u64, usize, usize); 11] = [
            (&[800], 0, 0, 0),
            (&[800], 19, 0, 0),
            (&[800], 20, 0, 160),
            (&[800], 99, 0, 640),
            (&[800], 100, 1, 0),
            (&[800], 5_000, 1, 0),
            (&[800, 0, 400], 100, 2, 0),
            (&[800, 0, 400], 125, 2, 160),
            (&[80, 800], 9, 0, 0),
            (&[80, 800], 10, 1, 0), // the first clip is half a tick long
            (&[], 10, 0, 0),
        ];
        for (lengths, ms, clip, octet) in table {
            let found = place(&clips(lengths), Duration::from_millis(ms));
            assert_eq!(found, Place { clip, octet }, "{ms} ms into {lengths:?}");
        }
        // Another codec has other octets: 640 to a tick.
        let wide = Clip { codec: Codec::L16Wide, octets: Arc::from(vec![0; 6_400]) };
        let found = place(&[wide], Duration::from_millis(65));
        assert_eq!(found, Place { clip: 0, octet: 1_920 });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn there_and_back_costs_less_than_a_tick_and_never_goes_forward(
            lengths in proptest::collection::vec(0_usize..2_000, 0..6), ms in 0_u64..1_500,
        ) {
            let clips = clips(&lengths);
            let at = Duration::from_millis(ms);
            let found = place(&clips, at);
            let back = time(&clips, found);
            let end = time(&clips, Place { clip: clips.len(), octet: 0 });
            prop_assert!(found.octet.is_multiple_of(160) && back <= at, "{:?} is {:?}", found, back);
            let clips_count = clips.len() as u32; // a length need not be whole microseconds
            prop_assert!(at.min(end) - back < TICK + Duration::from_micros(1) * clips_count, "{:?}: {:?}", found, back);
        }
    }
}
