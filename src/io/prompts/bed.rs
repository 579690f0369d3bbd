//! The bed under a wait in the codecs of calls: ours is made at first use and kept, a clinic's own when its set is loaded.
//! Ours take less than 3 MB together; a clinic's minute takes 12 MB.

use super::{encode, widened};
use crate::audio::fade::{Fade, each_tick};
use crate::audio::tone::{self, Wait};
use crate::media::bed::BedSound;
use crate::media::command::Clip;
use crate::wire::codec::Codec;
use std::collections::BTreeMap;

/// The beds that were made.
#[derive(Debug, Default)]
pub struct Beds(BTreeMap<(Wait, Codec), BedSound>);

impl Beds {
    /// Those of a clinic that has a sound of its own in place of our notes: at 8 kHz, and at 16 kHz.
    pub fn with_notes(narrow: &[i16], wide: &[i16]) -> Self {
        let bed = |codec: Codec| {
            let is_narrow = codec.sample_rate_hz() == tone::RATE_HZ;
            ((Wait::Notes, codec), made(if is_narrow { narrow } else { wide }, codec))
        };
        Self(Codec::ALL.map(Codec::between_legs).into_iter().map(bed).collect())
    }

    /// The bed of that wait for legs of a codec.
    pub fn of(&mut self, wait: Wait, codec: Codec) -> BedSound {
        let codec = codec.between_legs();
        self.0.entry((wait, codec)).or_insert_with(|| of_ours(wait, codec)).clone()
    }
}

fn of_ours(wait: Wait, codec: Codec) -> BedSound {
    let narrow = wait.samples();
    let body = if codec.sample_rate_hz() == tone::RATE_HZ { narrow } else { widened(&narrow) };
    made(&body, codec)
}

fn made(body: &[i16], codec: Codec) -> BedSound {
    let tick = codec.sample_rate_hz() as usize / 50;
    let clip = |samples: &[i16]| Clip { codec, octets: encode(samples, codec) };
    BedSound {
        rising: clip(&each_tick(body, tick, Fade::In)),
        falling: clip(&each_tick(body, tick, Fade::Out)),
        body: clip(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::goertzel::power;
    use crate::audio::sound::Sound;
    use crate::audio::transcode::Decode;

    #[test]
    fn in_every_codec_it_is_the_same_four_seconds_of_two_soft_notes() {
        let mut beds = Beds::default();
        for codec in Codec::ALL {
            let BedSound { body, rising, falling } = beds.of(Wait::Notes, codec);
            for form in [&body, &rising, &falling] {
                assert_eq!(form.codec, codec.between_legs());
                assert_eq!(form.octets.len(), 200 * form.codec.tick_octets(), "{codec:?}");
            }
            let mut decode = Decode::default();
            let ticks = body.octets.chunks(body.codec.tick_octets());
            let samples: Vec<i16> =
                ticks.flat_map(|tick| decode.narrow(&Sound::of(body.codec, tick))).collect();
            let (note, other) = (power(&samples[..8_000], 392), power(&samples[..8_000], 800));
            assert!(note > 100.0 * other && note > 1_000.0, "{codec:?}: {note} and {other}");
        }
        assert!(beds.0.len() <= 4, "each is made once: {}", beds.0.len());
    }
}
