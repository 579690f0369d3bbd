//! How octets that were made apart follow one another without a click.
//!
//! ```text
//!  clip's octets ─▶ bands of the clip's encoder ─▶ lower, higher ─▶ bands of the far decoder ─▶ octets to send
//!                                                    ▲ fade
//! ```
//! What an octet means depends on the state of the decoder (scale and predictor of each band), and a decoder
//! forgets slowly: a predictor's coefficient loses 1/256 a sample, 1/e in 32 ms. [`encode_clip`] therefore begins
//! and ends each clip in the state of long silence, so that clips follow one another, and silence, in any order
//! as they are. Where a clip is *cut* the far decoder is in the middle of a vowel: a [`Splice`] knows that state
//! from the octets that were sent and writes what follows for it, a tick at a time, until it is as good as settled.
//! It works on the sub-bands and needs no filter: no delay, and half the cost of decoding and encoding again.

use super::band::Bands;
use super::qmf::BLOCK;
use super::{Decoder, Encoder};

/// Octets in a tick of 20 ms.
const TICK_OCTETS: usize = BLOCK;

/// What is sent when nothing is said: a tick of silence that follows silence.
pub const fn silence_octets() -> [u8; TICK_OCTETS] {
    // The lower band's least positive and negative codes mean no coarse difference at all, the higher band's
    // least ones a difference of one; they take turns, so that no predictor learns of them.
    [0; TICK_OCTETS]
}
