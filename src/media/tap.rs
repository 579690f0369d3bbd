//! The recorder's tap: a bounded ring of 20 ms frames from one leg to the recorder. The only file that names `rtrb`.
//!
//! The media side never waits: a full ring drops the frame and counts it; the index in each frame
//! lets the reader write silence where one is missing, so that time in the file stays true.

use crate::wire::codec::Codec;

/// 20 ms of both directions, in the leg's codec; silence stands where nothing came.
#[derive(Clone, Copy)]
pub struct Frame {
    /// Place in the recorded stretch, from 0, one for each 20 ms whether pushed or dropped.
    pub index: u64,
    /// The codec of both sides.
    pub codec: Codec,
    /// What the party said.
    pub party: [u8; 160],
    /// What we (or the person bridged with the party) said.
    pub ours: [u8; 160],
}

/// The media worker's end.
pub struct Tap {
    ring: rtrb::Producer<Frame>,
    index: u64,
    dropped: u64,
}

impl std::fmt::Debug for Tap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tap({} frames, {} dropped)", self.index, self.dropped)
    }
}

/// The recorder's end.
pub struct TapReader {
    ring: rtrb::Consumer<Frame>,
}

impl std::fmt::Debug for TapReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TapReader")
    }
}

/// A ring with room for `frames` frames.
pub fn ring(frames: usize) -> (Tap, TapReader) {
    let (producer, consumer) = rtrb::RingBuffer::new(frames);
    (Tap { ring: producer, index: 0, dropped: 0 }, TapReader { ring: consumer })
}

impl Tap {
    /// Pushes the next 20 ms; a full ring loses them, counted.
    pub fn push(&mut self, codec: Codec, party: [u8; 160], ours: [u8; 160]) {
        let frame = Frame { index: self.index, codec, party, ours };
        self.index += 1;
        if self.ring.push(frame).is_err() {
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
        self.ring.pop().ok()
    }

    /// The tap is gone and nothing waits any more.
    pub fn is_finished(&self) -> bool {
        self.ring.is_abandoned() && self.ring.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_ring_loses_frames_but_not_the_count_of_time() {
        let (mut tap, mut reader) = ring(2);
        (0..3).for_each(|n| tap.push(Codec::Pcmu, [n; 160], [0; 160]));
        assert_eq!((tap.frames(), tap.dropped()), (3, 1));
        assert_eq!(reader.pop().map(|f| (f.index, f.party[0])), Some((0, 0)));
        tap.push(Codec::Pcmu, [9; 160], [0; 160]);
        assert_eq!(reader.pop().map(|f| f.index), Some(1));
        assert_eq!(reader.pop().map(|f| f.index), Some(3), "frame 2 was lost: its place shows");
        assert!(!reader.is_finished());
        drop(tap);
        assert!(reader.is_finished());
    }
}
