//! What a party says, made out of its packets: only while somebody listens.
//!
//! ```text
//!  packets ──▶ playout ──20 ms──▶ said: octets of G.711 or L16 as they came, samples of G.722
//! ```
//! Which packets are the party's is the leg's job; who hears it is the engine's.

use crate::audio::sound::Sound;
use crate::rtp::playout::Playout;
use crate::wire::codec::Codec;

/// One party, listened to.
#[derive(Clone, Debug)]
pub struct Listener {
    codec: Codec,
    playout: Playout,
    said: Sound,
}

impl Listener {
    /// Nobody has said anything yet; `codec` is what is expected.
    pub fn new(codec: Codec) -> Self {
        Self { codec, playout: Playout::new(0xff), said: Sound::silence(codec) }
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
    pub fn put(&mut self, codec: Codec, ssrc: u32, timestamp: u32, octets: &[u8]) {
        if codec != self.codec {
            *self = Self::new(codec);
        }
        self.playout.put(ssrc, timestamp, octets);
    }

    /// The next 20 ms.
    pub fn tick(&mut self) {
        self.said = Sound::of(self.codec, &self.playout.take());
    }
}
