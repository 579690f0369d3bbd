//! 20 ms of sound in the octets of its codec: what passes between legs, players and recorders.
//!
//! What a party sent in G.722 never passes on as such: see [`Codec::between_legs`].

use crate::wire::codec::Codec;

/// The most octets that 20 ms take.
pub const OCTETS_MAX: usize = 640;
/// Samples in 20 ms at 8 kHz.
pub const NARROW_SAMPLES: usize = 160;
/// Samples in 20 ms at 16 kHz.
pub const WIDE_SAMPLES: usize = 320;

/// 20 ms of sound.
#[derive(Clone, Copy)]
pub struct Sound {
    codec: Codec,
    /// Only the first `codec.tick_octets()` count.
    octets: [u8; OCTETS_MAX],
}

impl Sound {
    /// 20 ms without sound.
    pub fn silence(codec: Codec) -> Self {
        let mut sound = Self { codec, octets: [0; OCTETS_MAX] };
        silence(codec, sound.octets_mut());
        sound
    }

    /// 20 ms in the octets of `codec`; what is missing of them is silence.
    pub fn of(codec: Codec, octets: &[u8]) -> Self {
        let mut sound = Self::silence(codec);
        let count = octets.len().min(codec.tick_octets());
        sound.octets[..count].copy_from_slice(&octets[..count]);
        sound
    }

    /// The codec of its octets.
    pub const fn codec(&self) -> Codec {
        self.codec
    }

    /// Its octets.
    pub fn octets(&self) -> &[u8] {
        &self.octets[..self.codec.tick_octets()]
    }

    /// Its octets, to be written.
    pub fn octets_mut(&mut self) -> &mut [u8] {
        &mut self.octets[..self.codec.tick_octets()]
    }

    /// Makes it a sound of `codec`, whose octets are still to be written.
    pub fn become_of(&mut self, codec: Codec) -> &mut [u8] {
        self.codec = codec;
        self.octets_mut()
    }

    /// Makes it the same as `other`. Octets that do not count are left alone: they are three quarters of it in most codecs.
    pub fn repeat<'a>(&mut self, other: impl Into<Lying<'a>>) {
        let other = other.into();
        other.copy_to(self.become_of(other.codec));
    }

    /// Makes it silence in `codec`.
    pub fn fall_silent(&mut self, codec: Codec) {
        silence(codec, self.become_of(codec));
    }
}

/// 20 ms of sound where they lie: in one piece, or in two, over the end of a ring.
#[derive(Clone, Copy, Debug)]
pub struct Lying<'a> {
    codec: Codec,
    /// No more octets than 20 ms take; what is missing of them is silence.
    parts: [&'a [u8]; 2],
}

impl<'a> Lying<'a> {
    /// Octets of `codec`, the second part after the first; what is over 20 ms is left out.
    pub fn of(codec: Codec, parts: [&'a [u8]; 2]) -> Self {
        let most = codec.tick_octets();
        let [first, second] = parts;
        let first = &first[..first.len().min(most)];
        Self { codec, parts: [first, &second[..second.len().min(most - first.len())]] }
    }

    /// The codec of its octets.
    pub const fn codec(self) -> Codec {
        self.codec
    }

    /// Its octets into as many as 20 ms take: the rest of them is silence.
    pub fn copy_to(self, octets: &mut [u8]) {
        let [first, second] = self.parts;
        let (head, rest) = octets.split_at_mut(first.len());
        let (middle, missing) = rest.split_at_mut(second.len());
        head.copy_from_slice(first);
        middle.copy_from_slice(second);
        if !missing.is_empty() {
            silence(self.codec, missing);
        }
    }
}

impl<'a> From<&'a Sound> for Lying<'a> {
    fn from(sound: &'a Sound) -> Self {
        Self { codec: sound.codec, parts: [sound.octets(), &[]] }
    }
}

impl PartialEq for Sound {
    fn eq(&self, other: &Self) -> bool {
        self.codec == other.codec && self.octets() == other.octets()
    }
}

impl Eq for Sound {}

impl std::fmt::Debug for Sound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sound({:?}, {:02x?} ..)", self.codec, &self.octets[..8])
    }
}

/// Fills `octets` with what is heard as silence in `codec`.
pub fn silence(codec: Codec, octets: &mut [u8]) {
    match codec {
        Codec::Pcmu => octets.fill(0xff),
        Codec::Pcma => octets.fill(0xd5),
        // Nobody sends these octets of G.722: a leg encodes silence like everything that it says.
        Codec::G722 | Codec::L16Narrow | Codec::L16Wide => octets.fill(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::g711::{self, Law};

    #[test]
    fn silence_has_the_octets_of_20_ms_and_no_sound() {
        for codec in Codec::ALL {
            let sound = Sound::silence(codec);
            assert_eq!((sound.codec(), sound.octets().len()), (codec, codec.tick_octets()));
        }
        for (codec, law) in [(Codec::Pcmu, Law::Mu), (Codec::Pcma, Law::A)] {
            assert_eq!(Sound::silence(codec).octets()[0], g711::encode(law, 0), "{codec:?}");
        }
        assert_eq!(Sound::of(Codec::Pcmu, &[1, 2]).octets()[..3], [1, 2, 0xff]);
        let mut sound = Sound::of(Codec::L16Wide, &[7; 640]);
        sound.fall_silent(Codec::Pcma);
        assert_eq!(sound, Sound::silence(Codec::Pcma), "what is behind its octets does not count");
    }

    #[test]
    fn sound_in_two_parts_is_whole_and_what_is_missing_of_it_is_silent() {
        let octets: Vec<u8> = (0..200).collect();
        let mut sound = Sound::of(Codec::L16Wide, &[7; 640]);
        for cut in [0, 1, 100, 160] {
            sound.repeat(Lying::of(Codec::Pcmu, [&octets[..cut], &octets[cut..]]));
            assert_eq!(sound, Sound::of(Codec::Pcmu, &octets[..160]), "{cut}");
        }
        sound.repeat(Lying::of(Codec::Pcma, [&[], &[1, 2]]));
        assert_eq!(sound, Sound::of(Codec::Pcma, &[1, 2]));
        sound.repeat(Lying::of(Codec::Pcma, [&octets, &octets]));
        assert_eq!(sound, Sound::of(Codec::Pcma, &octets[..160]));
    }
}
