//! The recorder's tap: a bounded ring of 20 ms frames from one leg to the recorder. The only file that names `rtrb`.
//!
//! ```text
//!  index (4 octets) │ codec of each side (2) │ what the party said │ what we said          one frame in the ring
//! ```
//! The media side never waits: a full ring drops the frame and counts it; the index in each frame
//! lets the reader write silence where one is missing, so that time in the file stays true. A paused tap counts on and
//! passes silence. Octets go through
//! as they are: making samples of them is the recorder's job.

use crate::audio::sound::{Lying, OCTETS_MAX, Sound};
use crate::wire::codec::Codec;

/// 20 ms of both directions; silence stands where nothing came.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Place in the recorded stretch, from 0, one for each 20 ms whether pushed or dropped.
    pub index: u64,
    /// What the party said.
    pub party: Sound,
    /// What we (or the person bridged with the party) said.
    pub ours: Sound,
}

/// The media worker's end.
pub struct Tap {
    ring: rtrb::Producer<u8>,
    index: u64,
    dropped: u64,
    kept: Kept,
}

/// What of the sound the recorder gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// All of it.
    Sound,
    /// None of it: the recording is paused, and time runs on.
    Silence,
}

impl std::fmt::Debug for Tap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tap({} frames, {} dropped)", self.index, self.dropped)
    }
}

/// The recorder's end.
pub struct TapReader {
    ring: rtrb::Consumer<u8>,
    /// The index of the last frame, whose lower half alone travels.
    last: u64,
}

impl std::fmt::Debug for TapReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TapReader")
    }
}

/// A ring with room for `frames` frames of a leg that speaks `codec`.
pub fn ring(frames: usize, codec: Codec) -> (Tap, TapReader) {
    let side = codec.between_legs().tick_octets();
    let (producer, consumer) = rtrb::RingBuffer::new(frames * (HEAD_OCTETS + 2 * side));
    (Tap { ring: producer, index: 0, dropped: 0, kept: Kept::Sound }, TapReader { ring: consumer, last: 0 })
}

/// Octets of a frame before its sound.
const HEAD_OCTETS: usize = 6;

impl Tap {
    /// What is kept from the next frame on.
    pub fn keep(&mut self, kept: Kept) {
        self.kept = kept;
    }

    /// What is kept now.
    pub const fn kept(&self) -> Kept {
        self.kept
    }

    /// Pushes the next 20 ms; a full ring loses them, counted.
    pub fn push<'a>(&mut self, party: impl Into<Lying<'a>>, ours: &Sound) {
        let (party, silence) = (party.into(), Sound::silence);
        match self.kept {
            Kept::Sound => self.put(party, ours.into()),
            Kept::Silence => self.put((&silence(party.codec())).into(), (&silence(ours.codec())).into()),
        }
    }

    fn put(&mut self, party: Lying<'_>, ours: Lying<'_>) {
        let index = self.index as u32;
        self.index += 1;
        let [a, b, c, d] = index.to_le_bytes();
        let mut frame = [0; HEAD_OCTETS + 2 * OCTETS_MAX];
        frame[..HEAD_OCTETS].copy_from_slice(&[a, b, c, d, number(party.codec()), number(ours.codec())]);
        let mut end = HEAD_OCTETS;
        for side in [party, ours] {
            let octets = side.codec().tick_octets();
            side.copy_to(&mut frame[end..end + octets]);
            end += octets;
        }
        if self.ring.push_entire_slice(&frame[..end]).is_err() {
            self.dropped += 1;
        }
    }

    /// Frames offered so far, dropped ones included: the length of the stretch in units of 20 ms.
    pub fn frames(&self) -> u64 {
        self.index
    }

    /// Frames that found the ring full.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl TapReader {
    /// The next frame, if one waits.
    pub fn pop(&mut self) -> Option<Frame> {
        let mut head = [0; HEAD_OCTETS];
        self.ring.pop_entire_slice(&mut head).ok()?;
        let [a, b, c, d, party, ours] = head;
        let low = u32::from_le_bytes([a, b, c, d]);
        self.last += u64::from(low.wrapping_sub(self.last as u32));
        Some(Frame { index: self.last, party: self.side(party)?, ours: self.side(ours)? })
    }

    /// The octets of one side: a frame comes whole, so that they are there once its head is.
    fn side(&mut self, number: u8) -> Option<Sound> {
        let mut sound = Sound::silence(Codec::ALL.into_iter().find(|codec| self::number(*codec) == number)?);
        self.ring.pop_entire_slice(sound.octets_mut()).ok()?;
        Some(sound)
    }

    /// The tap is gone and nothing waits any more.
    pub fn is_finished(&self) -> bool {
        self.ring.is_abandoned() && self.ring.is_empty()
    }
}

/// How a codec is told in a frame.
const fn number(codec: Codec) -> u8 {
    codec as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pcmu(octet: u8) -> Sound {
        Sound::of(Codec::Pcmu, &[octet; 160])
    }

    #[test]
    fn a_full_ring_loses_frames_but_not_the_count_of_time() {
        let (mut tap, mut reader) = ring(2, Codec::Pcmu);
        (0..3).for_each(|n| tap.push(&pcmu(n), &pcmu(0)));
        assert_eq!((tap.frames(), tap.dropped()), (3, 1));
        assert_eq!(reader.pop().map(|f| (f.index, f.party.octets()[0])), Some((0, 0)));
        tap.push(&pcmu(9), &pcmu(0));
        assert_eq!(reader.pop().map(|f| f.index), Some(1));
        assert_eq!(reader.pop().map(|f| f.index), Some(3), "frame 2 was lost: its place shows");
        assert!(!reader.is_finished());
        drop(tap);
        assert!(reader.is_finished());
    }

    #[test]
    fn each_side_comes_out_as_it_went_in_whatever_its_codec() {
        for codec in Codec::ALL {
            let (mut tap, mut reader) = ring(3, codec);
            for (n, ours) in (1..).zip([codec, Codec::Pcma, codec]) {
                let party = if codec == Codec::G722 { Codec::L16Wide } else { codec };
                tap.push(&Sound::of(party, &[n; 640]), &Sound::of(ours, &[n + 10; 640]));
                tap.push(&Sound::of(party, &[n; 640]), &Sound::of(ours, &[n + 20; 640]));
                for more in [10, 20] {
                    let frame = reader.pop().expect("it went in");
                    assert_eq!(frame.party, Sound::of(party, &[n; 640]), "{codec:?}");
                    assert_eq!(frame.ours, Sound::of(ours, &[n + more; 640]), "{codec:?}");
                }
            }
            assert_eq!((tap.dropped(), reader.pop().map(|frame| frame.index)), (0, None), "{codec:?}");
        }
    }
}
