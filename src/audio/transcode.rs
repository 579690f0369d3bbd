//! From the sound of one codec to samples, and to the sound of another.
//!
//! ```text
//!  Sound ──▶ Decode ──▶ samples, 8 or 16 kHz ──▶ Encode ──▶ Sound
//!            └ G.722 and changes of the rate remember what came before: one Decode and Encode a stream
//! ```
//! What needs no memory (G.711 to G.711) takes none. Hiding losses is the listener's job.

use crate::audio::g711::{self, Law};
use crate::audio::resample::{Down, Up};
use crate::audio::sound::{NARROW_SAMPLES, Sound, WIDE_SAMPLES};
use crate::audio::{g722, l16};
use crate::wire::codec::Codec;

/// Makes samples of one stream's sounds, whatever codec each is in.
#[derive(Clone, Debug, Default)]
pub struct Decode {
    g722: Option<Box<g722::Decoder>>,
    up: Option<Box<Up>>,
    down: Option<Box<Down>>,
}

impl Decode {
    /// The 20 ms at 8 kHz.
    pub fn narrow(&mut self, sound: &Sound) -> [i16; NARROW_SAMPLES] {
        let mut samples = [0; NARROW_SAMPLES];
        match sound.codec() {
            Codec::Pcmu => g711::decode_all(Law::Mu, sound.octets(), &mut samples),
            Codec::Pcma => g711::decode_all(Law::A, sound.octets(), &mut samples),
            Codec::L16Narrow => l16::decode(sound.octets(), &mut samples),
            Codec::G722 | Codec::L16Wide => {
                let wide = self.own_wide(sound);
                self.down.get_or_insert_with(|| Box::new(Down::new())).down(&wide, &mut samples);
            }
        }
        samples
    }

    /// The 20 ms at 16 kHz.
    pub fn wide(&mut self, sound: &Sound) -> [i16; WIDE_SAMPLES] {
        match sound.codec() {
            Codec::G722 | Codec::L16Wide => self.own_wide(sound),
            Codec::Pcmu | Codec::Pcma | Codec::L16Narrow => {
                let narrow = self.narrow(sound);
                let mut samples = [0; WIDE_SAMPLES];
                self.up.get_or_insert_with(|| Box::new(Up::new())).up(&narrow, &mut samples);
                samples
            }
        }
    }

    /// Sound of 16 kHz as it is; any other is silence here.
    fn own_wide(&mut self, sound: &Sound) -> [i16; WIDE_SAMPLES] {
        let mut samples = [0; WIDE_SAMPLES];
        match sound.codec() {
            Codec::G722 => {
                let decoder = self.g722.get_or_insert_with(|| Box::new(g722::Decoder::new()));
                decoder.decode(sound.octets(), &mut samples);
            }
            Codec::L16Wide => l16::decode(sound.octets(), &mut samples),
            Codec::Pcmu | Codec::Pcma | Codec::L16Narrow => {}
        }
        samples
    }
}

/// Makes sounds of one codec of a stream's samples.
#[derive(Clone, Debug, Default)]
pub struct Encode {
    g722: Option<Box<g722::Encoder>>,
}

impl Encode {
    /// The sound of 20 ms at 8 kHz, for the codecs of that rate.
    fn narrow(samples: &[i16; NARROW_SAMPLES], into: &mut Sound) {
        match into.codec() {
            Codec::Pcmu => g711::encode_all(Law::Mu, samples, into.octets_mut()),
            Codec::Pcma => g711::encode_all(Law::A, samples, into.octets_mut()),
            Codec::L16Narrow | Codec::L16Wide | Codec::G722 => l16::encode(samples, into.octets_mut()),
        }
    }

    /// The sound of 20 ms at 16 kHz, for the codecs of that rate.
    fn wide(&mut self, samples: &[i16; WIDE_SAMPLES], into: &mut Sound) {
        match into.codec() {
            Codec::G722 => {
                let encoder = self.g722.get_or_insert_with(|| Box::new(g722::Encoder::new()));
                encoder.encode(samples, into.octets_mut());
            }
            Codec::Pcmu | Codec::Pcma | Codec::L16Narrow | Codec::L16Wide => {
                l16::encode(samples, into.octets_mut());
            }
        }
    }
}

/// Takes sounds of any codec and gives those of one.
#[derive(Clone, Debug, Default)]
pub struct Transcoder {
    decode: Decode,
    encode: Encode,
}

impl Transcoder {
    /// Writes `sound` into `into` as sound of `codec`.
    pub fn transcode(&mut self, sound: &Sound, codec: Codec, into: &mut Sound) {
        if let (Some(from), Some(to)) = (Law::of(sound.codec()), Law::of(codec)) {
            into.become_of(codec).copy_from_slice(sound.octets());
            return g711::transcode(from, to, into.octets_mut());
        }
        into.become_of(codec);
        match codec {
            Codec::Pcmu | Codec::Pcma | Codec::L16Narrow => {
                Encode::narrow(&self.decode.narrow(sound), into);
            }
            Codec::G722 | Codec::L16Wide => self.encode.wide(&self.decode.wide(sound), into),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::goertzel::power;
    use crate::audio::tone::sine;
    use std::time::Duration;

    /// A second of 440 Hz in `codec`.
    fn tone_in(codec: Codec) -> Vec<Sound> {
        let samples = sine(440, Duration::from_secs(1), 8_000);
        let mut transcoder = Transcoder::default();
        let sound = |piece: &[i16]| {
            let mut narrow = Sound::silence(Codec::L16Narrow);
            l16::encode(piece, narrow.octets_mut());
            let mut sound = Sound::silence(codec);
            transcoder.transcode(&narrow, codec, &mut sound);
            sound
        };
        samples.chunks_exact(NARROW_SAMPLES).map(sound).collect()
    }

    #[test]
    fn a_tone_passes_from_every_codec_to_every_codec() {
        for from in Codec::ALL {
            for to in Codec::ALL {
                let mut transcoder = Transcoder::default();
                let mut decode = Decode::default();
                let mut heard = Vec::new();
                for sound in tone_in(from) {
                    let mut sent = Sound::silence(Codec::Pcmu);
                    transcoder.transcode(&sound, to, &mut sent);
                    assert_eq!(sent.codec(), to);
                    heard.extend(decode.narrow(&sent));
                }
                let level = 10.0 * (power(&heard[800..7_600], 440) / 3.2e7).log10();
                let all = heard[800..7_600].iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / 6_800.0;
                let noise = 10.0 * ((all - power(&heard[800..7_600], 440)).max(1.0) / 3.2e7).log10();
                assert!(level.abs() < 0.5, "{from:?} to {to:?}: {level:.2} dB");
                assert!(noise < -28.0, "{from:?} to {to:?}: {noise:.1} dB of noise");
            }
        }
    }
}
