//! What a party says, made out of its packets: only while somebody listens.
//!
//! ```text
//!  packets ──▶ jitter buffer ──20 ms──▶ decode ──▶ conceal ──▶ said
//!                  │         └─30 ms──▶ decode ──▶ squeeze ─┘
//!                  └─ 20 ms of G.711, none missing: said from where they lie; what hides a loss hears of them when
//!                     one comes
//! ```
//! Where the party told of comfort noise and sends nothing, there is noise of its level. Which packets are the
//! party's is the leg's job; who hears it is the engine's.

use crate::audio::comfort_noise::{Level, Noise};
use crate::audio::conceal::squeeze::squeeze;
use crate::audio::conceal::{Concealer, HISTORY_TICKS, Rate, TICK_SAMPLES_MAX};
use crate::audio::g711::{self, Law};
use crate::audio::resample::Down;
use crate::audio::sound::{Lying, NARROW_SAMPLES, Sound};
use crate::audio::{dtmf, fax, g722, l16};
use crate::media::command::Ears;
use crate::near;
use crate::rtp::jitter::{Arrival, Came, Jitter, Layout, Loudness, Stretch, TAKEN_OCTETS_MAX, Taken};
use crate::wire::codec::Codec;
use crate::wire::telephone_event::Key;
use std::mem::offset_of;
use std::time::Duration;

/// One party, listened to. What a tick of a calm line needs is at its beginning.
#[derive(Debug)]
#[repr(C)]
pub struct Listener {
    codec: Codec,
    newest: Newest,
    /// Whole ticks that the concealer has not heard of, the newest last: as many as it remembers.
    unheard: [Option<Stretch>; HISTORY_TICKS],
    keys: Option<Box<dtmf::Detector>>,
    fax: Option<Box<fax::Detector>>,
    /// What stands for the party's silence since it told of it.
    noise: Option<Noise>,
    concealer: Concealer,
    jitter: Jitter,
    made: Box<Sound>,
    /// The decoder's memory, where it has one.
    g722: Option<g722::Decoder>,
    /// To the rate of keys and fax tones.
    down: Down,
}

/// Where that is which the party said in the last tick.
#[derive(Clone, Copy, Debug)]
enum Newest {
    /// Octets of G.711 as they came, in the jitter buffer.
    AsItCame(Stretch),
    /// In a place of its own.
    Made,
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
    /// Octets of it that a packet and a tick of a calm line need, beside those of sound.
    pub const HEAD_OCTETS: usize = offset_of!(Listener, jitter) + Jitter::HEAD_OCTETS;

    /// Nobody has said anything yet; `codec` is what is expected.
    pub fn new(codec: Codec) -> Self {
        Self {
            codec,
            jitter: Jitter::open(layout(codec)),
            g722: (codec == Codec::G722).then(g722::Decoder::new),
            concealer: Concealer::new(rate(codec)),
            noise: None,
            newest: Newest::Made,
            made: Box::new(Sound::silence(codec.between_legs())),
            unheard: [None; HISTORY_TICKS],
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
    pub fn said(&self) -> Lying<'_> {
        match self.newest {
            Newest::AsItCame(stretch) => Lying::of(self.codec, self.jitter.lying(stretch)),
            Newest::Made => Lying::from(&*self.made),
        }
    }

    /// Asks for the memory of its next packet.
    pub fn ask_for_next(&self) {
        self.jitter.ask_for_next();
    }

    /// Asks for the memory of what is being said now.
    pub fn ask_for_said(&self) {
        match self.newest {
            Newest::AsItCame(stretch) => self.jitter.ask_for(stretch),
            Newest::Made => near::ask_for(self.made.octets()),
        }
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
        let loudness = self.loudness();
        let mut octets = [0; TAKEN_OCTETS_MAX];
        let taken = self.jitter.take(loudness, &mut octets);
        if let Taken::Whole(stretch) = taken
            && Law::of(self.codec).is_some()
            && self.concealer.rests()
        {
            return self.say_as_it_came(stretch, tell);
        }
        self.catch_up();
        let mut samples = [0; DECODED_MAX];
        match taken {
            Taken::Whole(stretch) => {
                Lying::of(self.codec, self.jitter.lying(stretch))
                    .copy_to(&mut octets[..self.codec.tick_octets()]);
                self.even(Came::ALL, &octets, &mut samples);
            }
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
        self.listen(&samples, tell);
    }

    /// How loud it was, where that is worth knowing.
    fn loudness(&mut self) -> Loudness {
        if !self.jitter.wants_to_shrink() {
            return Loudness::Loud;
        }
        self.catch_up();
        if self.concealer.is_quiet() { Loudness::Quiet } else { Loudness::Loud }
    }

    /// Nothing is missing and nothing is hidden: the octets are said from where they lie.
    fn say_as_it_came(&mut self, stretch: Stretch, tell: &mut impl FnMut(Told)) {
        self.newest = Newest::AsItCame(stretch);
        self.unheard.rotate_left(1);
        self.unheard[HISTORY_TICKS - 1] = Some(stretch);
        if self.hears_for_itself() {
            let mut samples = [0; DECODED_MAX];
            self.samples_of(stretch, &mut samples);
            self.listen(&samples, tell);
        }
    }

    /// The concealer hears of the whole ticks that it was not told of. One whose room is taken was as silence.
    fn catch_up(&mut self) {
        let unheard = std::mem::take(&mut self.unheard);
        for stretch in unheard.into_iter().flatten() {
            let mut samples = [0; DECODED_MAX];
            self.samples_of(stretch, &mut samples);
            self.concealer.remember(&samples[..rate(self.codec).tick_samples()]);
        }
    }

    fn samples_of(&mut self, stretch: Stretch, samples: &mut [i16; DECODED_MAX]) {
        let mut sound = Sound::silence(self.codec);
        sound.repeat(Lying::of(self.codec, self.jitter.lying(stretch)));
        self.decode(sound.octets(), samples);
    }

    /// Somebody wants to know what the sound tells.
    const fn hears_for_itself(&self) -> bool {
        self.keys.is_some() || self.fax.is_some()
    }

    /// Keys and fax tones in these 20 ms.
    fn listen(&mut self, samples: &[i16; DECODED_MAX], tell: &mut impl FnMut(Told)) {
        if !self.hears_for_itself() {
            return;
        }
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
        self.conceal(samples, came);
        self.say(samples);
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
        self.newest = Newest::Made;
        let octets = self.made.become_of(self.codec.between_legs());
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

#[cfg(test)]
mod tests;
