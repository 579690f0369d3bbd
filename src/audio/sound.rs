//! 20 ms of sound in the octets of its codec: what passes between legs, players and recorders.

use crate::audio::g711;
use crate::wire::codec::Codec;

/// Octets in 20 ms at 8 kHz.
pub const OCTETS: usize = 160;

/// 20 ms of sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sound {
    /// The codec of `octets`.
    pub codec: Codec,
    /// One octet per sample.
    pub octets: [u8; OCTETS],
}

impl Sound {
    /// 20 ms without sound.
    pub const fn silence(codec: Codec) -> Self {
        Self { codec, octets: [codec.silence_octet(); OCTETS] }
    }

    /// The same sound in `codec`.
    pub fn in_codec(mut self, codec: Codec) -> Self {
        g711::transcode(self.codec, codec, &mut self.octets);
        self.codec = codec;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_stays_silence_in_the_other_codec() {
        assert_eq!(Sound::silence(Codec::Pcmu).in_codec(Codec::Pcma), Sound::silence(Codec::Pcma));
        assert_eq!(Sound::silence(Codec::Pcmu).in_codec(Codec::Pcmu), Sound::silence(Codec::Pcmu));
    }
}
