//! What a party says, made out of its packets: only while somebody listens.
//!
//! ```text
//!  packets ──▶ jitter buffer ──20 ms──▶ decode ──▶ conceal ──▶ said
//!                            └─30 ms──▶ decode ──▶ squeeze ─┘   octets of G.711 as they came, where none is missing
//! ```
//! Where the party told of comfort noise and sends nothing, there is noise of its level. Which packets are the
//! party's is the leg's job; who hears it is the engine's.

use crate::audio::comfort_noise::{Level, Noise};
use crate::audio::conceal::squeeze::squeeze;
use crate::audio::conceal::{Concealer, Rate, TICK_SAMPLES_MAX};
use crate::audio::g711::{self, Law};
use crate::audio::resample::Down;
use crate::audio::sound::{NARROW_SAMPLES, Sound};
use crate::audio::{dtmf, fax, g722, l16};
use crate::media::command::Ears;
use crate::rtp::jitter::{Arrival, Came, Jitter, Layout, Loudness, TAKEN_OCTETS_MAX, Taken};
use crate::wire::codec::Codec;
use crate::wire::telephone_event::Key;
use std::time::Duration;

/// One party, listened to.
#[derive(Debug)]
pub struct Listener {
    codec: Codec,
    jitter: Jitter,
    /// The decoder's memory, where it has one.
    g722: Option<g722::Decoder>,
    concealer: Concealer,
    /// What stands for the party's silence since it told of it.
    noise: Option<Noise>,
    said: Sound,
    keys: Option<Box<dtmf::Detector>>,
    fax: Option<Box<fax::Detector>>,
    /// To the rate of keys and fax tones.
    down: Down,
}

/// What the sound told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// A key is pressed.
    Key(Key),
    /// A fax machine calls or answers.
    Fax,
}

/// Samples in 30 ms at 16 kHz: the most that are decoded in one tick.
const DECODED_MAX: usize = TICK_SAMPLES_MAX + TICK_SAMPLES_MAX / 2;

impl Listener {
    /// Nobody has said anything yet; `codec` is what is expected.
    pub fn new(codec: Codec) -> Self {
        Self {
            codec,
            jitter: Jitter::open(layout(codec)),
            g722: (codec == Codec::G722).then(g722::Decoder::new),
            concealer: Concealer::new(rate(codec)),
            noise: None,
            said: Sound::silence(codec.between_legs()),
            keys: None,
            fax: None,
            down: Down::new(),
        }
    }

    /// From the next tick on the sound is listened to for these things; what is listened to already goes on.
    pub fn listen_for(&mut self, ears: Ears) {
        match (ears.keys, &self.keys) {
            (true, None) => self.keys = Some(Box::new(dtmf::Detector::new())),
            (false, Some(_)) => self.keys = None,
            (true, Some(_)) | (false, None) => {}
        }
        match (ears.fax, &self.fax) {
            (true, None) => self.fax = Some(Box::new(fax::Detector::new())),
            (false, Some(_)) => self.fax = None,
            (true, Some(_)) | (false, None) => {}
        }
    }

    /// Packets of 20 ms that came too late to be played.
    pub fn late(&self) -> u64 {
        self.jitter.counters().late_octets / self.codec.tick_octets() as u64
    }

    /// How long what comes now will wait.
    pub fn held(&self) -> Duration {
        Duration::from_millis(self.jitter.waiting_ms().into())
    }

    /// The codec of what was heard last.
    pub const fn codec(&self) -> Codec {
        self.codec
    }

    /// What the party said in the last tick.
    pub const fn said(&self) -> &Sound {
        &self.said
    }

    /// Takes one packet. Another codec than before begins anew.
    pub fn put(&mut self, codec: Codec, arrival: Arrival<'_>) {
        if codec != self.codec {
            let (keys, fax) = (self.keys.take(), self.fax.take());
            *self = Self { keys, fax, ..Self::new(codec) };
        }
        self.noise = None;
        self.jitter.put(arrival);
    }

    /// The party says that it is silent, and how its silence sounds (RFC 3389).
    pub fn comfort(&mut self, level: Level) {
        match &mut self.noise {
            Some(noise) => noise.set(level),
            None => self.noise = Some(Noise::new(level, u64::from(level.under_overload_db()))),
        }
    }

    /// The next 20 ms. `tell` takes what they told.
    pub fn tick(&mut self, tell: &mut impl FnMut(Told)) {
        let quiet = self.jitter.wants_to_shrink() && self.concealer.is_quiet();
        let loudness = if quiet { Loudness::Quiet } else { Loudness::Loud };
        let mut octets = [0; TAKEN_OCTETS_MAX];
        let mut samples = [0; DECODED_MAX];
        match self.jitter.take(loudness, &mut octets) {
            Taken::Even(came) => self.even(came, &octets, &mut samples),
            Taken::Squeeze => {
                let rate = rate(self.codec);
                let count = rate.tick_samples() * 3 / 2;
                self.decode(&octets[..layout(self.codec).octets(30)], &mut samples);
                squeeze(rate, &mut samples[..count]);
                self.conceal(&mut samples, Came::ALL);
                self.say(&samples);
            }
        }
        if self.keys.is_some() || self.fax.is_some() {
            self.listen(&samples, tell);
        }
    }

    /// Keys and fax tones in these 20 ms.
    fn listen(&mut self, samples: &[i16; DECODED_MAX], tell: &mut impl FnMut(Told)) {
        let mut narrow = [0; NARROW_SAMPLES];
        match rate(self.codec) {
            Rate::Narrow => narrow.copy_from_slice(&samples[..NARROW_SAMPLES]),
            Rate::Wide => self.down.down(&samples[..TICK_SAMPLES_MAX], &mut narrow),
        }
        if let Some(keys) = &mut self.keys {
            keys.hear(&narrow, &mut |heard| match heard {
                dtmf::Heard::Pressed { key, .. } => tell(Told::Key(key)),
                dtmf::Heard::Released { .. } => {}
            });
        }
        if let Some(fax) = &mut self.fax
            && fax.hear(&narrow).is_some()
        {
            tell(Told::Fax);
        }
    }

    fn even(&mut self, came: Came, octets: &[u8], samples: &mut [i16; DECODED_MAX]) {
        let octets = &octets[..self.codec.tick_octets()];
        if let Some(noise) = self.noise.as_mut().filter(|_| came == Came::NONE) {
            noise.fill(&mut samples[..rate(self.codec).tick_samples()]);
            self.conceal(samples, Came::ALL);
            return self.say(samples);
        }
        self.decode_came(came, octets, samples);
        let as_it_came = came == Came::ALL && self.concealer.rests();
        self.conceal(samples, came);
        if as_it_came && Law::of(self.codec).is_some() {
            self.said.become_of(self.codec).copy_from_slice(octets);
        } else {
            self.say(samples);
        }
    }

    /// What did not come is not for a decoder that remembers: each run of milliseconds that came is decoded by itself.
    fn decode_came(&mut self, came: Came, octets: &[u8], samples: &mut [i16]) {
        if came == Came::ALL || self.g722.is_none() {
            return self.decode(octets, samples);
        }
        let (per_ms, samples_per_ms) = (self.codec.octets_per_ms(), rate(self.codec).samples_per_ms());
        let ms = came.milliseconds();
        for n in (0..20).filter(|n| ms & (1 << n) != 0) {
            let octets = &octets[n * per_ms..(n + 1) * per_ms];
            self.decode(octets, &mut samples[n * samples_per_ms..(n + 1) * samples_per_ms]);
        }
    }

    fn decode(&mut self, octets: &[u8], samples: &mut [i16]) {
        match (self.codec, &mut self.g722) {
            (Codec::Pcmu, _) => g711::decode_all(Law::Mu, octets, samples),
            (Codec::Pcma, _) => g711::decode_all(Law::A, octets, samples),
            (Codec::G722, Some(decoder)) => decoder.decode(octets, &mut samples[..2 * octets.len()]),
            (Codec::G722, None) | (Codec::L16Narrow | Codec::L16Wide, _) => l16::decode(octets, samples),
        }
    }

    fn conceal(&mut self, samples: &mut [i16; DECODED_MAX], came: Came) {
        let count = rate(self.codec).tick_samples();
        self.concealer.tick(&mut samples[..count], came.milliseconds());
    }

    /// Makes the sound of the codec that legs pass on.
    fn say(&mut self, samples: &[i16; DECODED_MAX]) {
        let samples = &samples[..rate(self.codec).tick_samples()];
        let octets = self.said.become_of(self.codec.between_legs());
        match Law::of(self.codec) {
            Some(law) => g711::encode_all(law, samples, octets),
            None => l16::encode(samples, octets),
        }
    }
}

const fn layout(codec: Codec) -> Layout {
    match codec {
        Codec::Pcmu | Codec::Pcma | Codec::G722 => Layout::OCTETS,
        Codec::L16Narrow => Layout::L16_NARROW,
        Codec::L16Wide => Layout::L16_WIDE,
    }
}

const fn rate(codec: Codec) -> Rate {
    match codec {
        Codec::Pcmu | Codec::Pcma | Codec::L16Narrow => Rate::Narrow,
        Codec::G722 | Codec::L16Wide => Rate::Wide,
    }
}
