//! The recorder's tap: a bounded ring of 20 ms frames from one leg to the recorder. The only file that names `rtrb`.
//!
//! ```text
//!  index (4 octets) │ codec of each side (2) │ what the party said │ what we said          one frame in the ring
//! ```
//! The media side never waits: a full ring drops the frame and counts it; the index in each frame
//! lets the reader write silence where one is missing, so that time in the file stays true. A paused tap counts on and
//! passes silence. Octets go through
//! as they are, making samples of them is the recorder's job; but what is wider than the leg's own codec (a person with a
//! better phone, a talk of three at 16 kHz) is made narrow first: the ring holds 620 ms of the leg's codec, and of wider
//! sound it would hold less than the time between two looks of the recorder.

use crate::audio::sound::{Lying, OCTETS_MAX, Sound};
use crate::audio::transcode::Transcoder;
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
    /// What the ring was made for: no side takes more octets than its ticks.
    codec: Codec,
    index: u64,
    dropped: u64,
    kept: Kept,
    /// Only once something came that was wider: of the party, and of us.
    narrowed: [Option<Box<Narrowed>>; 2],
}

/// One side that was too wide.
#[derive(Default)]
struct Narrowed {
    transcoder: Transcoder,
    made: Option<Sound>,
}

impl Narrowed {
    fn make(&mut self, sound: Lying<'_>, codec: Codec) -> Lying<'_> {
        let mut wide = Sound::silence(sound.codec());
        wide.repeat(sound);
        let made = self.made.get_or_insert_with(|| Sound::silence(codec));
        self.transcoder.transcode(&wide, codec, made);
        (&*made).into()
    }
}

/// The same sound in no more octets than `codec` takes.
fn at_most<'a>(codec: Codec, sound: Lying<'a>, narrowed: &'a mut Option<Box<Narrowed>>) -> Lying<'a> {
    if sound.codec().tick_octets() <= codec.tick_octets() {
        return sound;
    }
    narrowed.get_or_insert_default().make(sound, codec)
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

/// A ring with room for `frames` frames of a leg that speaks `codec`, whatever is said.
pub fn ring(frames: usize, codec: Codec) -> (Tap, TapReader) {
    let codec = codec.between_legs();
    let (ring, consumer) = rtrb::RingBuffer::new(frames * (HEAD_OCTETS + 2 * codec.tick_octets()));
    let tap = Tap { ring, codec, index: 0, dropped: 0, kept: Kept::Sound, narrowed: [None, None] };
    (tap, TapReader { ring: consumer, last: 0 })
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
        let [of_party, of_us] = &mut self.narrowed;
        let (party, ours) = (at_most(self.codec, party, of_party), at_most(self.codec, ours, of_us));
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
    fn a_ring_holds_its_time_of_whatever_is_said() {
        for own in Codec::ALL {
            for party in Codec::ALL {
                for ours in Codec::ALL {
                    let (mut tap, mut reader) = ring(50, own);
                    (0..50).for_each(|_| tap.push(&Sound::silence(party), &Sound::silence(ours)));
                    let kept = std::iter::from_fn(|| reader.pop()).count();
                    assert_eq!((tap.dropped(), kept), (0, 50), "made for {own:?}: {party:?} and {ours:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_too_wide_sounds_the_same_when_it_is_narrow() {
        let (mut tap, mut reader) = ring(50, Codec::Pcmu);
        let mut heard = Vec::new();
        for tick in 0..50 {
            let samples: Vec<i16> = (tick * 320..(tick + 1) * 320)
                .map(|n| ((n as f64 / 16_000.0 * 440.0 * std::f64::consts::TAU).sin() * 8_000.0) as i16)
                .collect();
            let mut wide = Sound::silence(Codec::L16Wide);
            crate::audio::l16::encode(&samples, wide.octets_mut());
            tap.push(&wide, &pcmu(0xff));
            let frame = reader.pop().expect("it went in");
            assert_eq!(frame.party.codec(), Codec::Pcmu);
            let mut samples = [0; 160];
            let law = crate::audio::g711::Law::Mu;
            crate::audio::g711::decode_all(law, frame.party.octets(), &mut samples);
            heard.extend(samples);
        }
        let heard = &heard[800..];
        let all = heard.iter().map(|it| f64::from(*it).powi(2)).sum::<f64>() / heard.len() as f64;
        let tone = crate::audio::goertzel::power(heard, 440);
        assert!((all.sqrt() - 5_657.0).abs() < 300.0, "as loud as before: {}", all.sqrt());
        assert!(tone > 0.99 * all, "nothing but the tone, whole: {tone} of {all}");
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
