//! What a recorder is told and what it tells: plain values, the same for the disk and for the simulation.
//!
//! A recording is named in the event log before it is opened here, so that no file can exist that
//! nobody knows of. What is recorded, and when, is not decided here: `call/take.rs` keeps the order.

use crate::clock::WallTime;
use crate::id::{CallId, RecordingId};
use crate::media::tap::TapReader;

/// What a recording holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingKind {
    /// The call.
    Call,
    /// A message that the caller left.
    Message,
}

/// Why a recording broke off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingFault {
    /// The disk is full.
    DiskFull,
    /// The quota for recordings is used up.
    Quota,
    /// The disk reported another error.
    Io,
    /// The recorder has no room for another recording.
    Busy,
}

/// What the switch wants of the recorder.
#[derive(Debug)]
pub enum Command {
    /// Makes the file, then reads the ring until told to close.
    Open {
        /// Its name; the file is named after it.
        recording: RecordingId,
        /// The call it belongs to, for traces.
        call: CallId,
        /// What it holds, for traces.
        kind: RecordingKind,
        /// The wall time of its `RecordingNamed`: its UTC day is the file's folder.
        at: WallTime,
        /// Where the sound comes from.
        reader: TapReader,
    },
    /// The tap is closed: write what is left in the ring, sync, close the file.
    Close {
        /// Which.
        recording: RecordingId,
        /// Frames of 20 ms that the tap counted, dropped ones included: the length the file must have.
        frames: u64,
    },
}

/// What the recorder tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The file exists with a valid header: samples may come.
    Opened {
        /// Which.
        recording: RecordingId,
    },
    /// The file is complete and closed.
    Closed {
        /// Which.
        recording: RecordingId,
        /// Milliseconds of sound in it.
        milliseconds: u64,
        /// The disk confirmed all of it; false: it is all there, but a power loss could still cost its end.
        durable: bool,
    },
    /// The recording broke off; what was written before stays readable.
    Failed {
        /// Which.
        recording: RecordingId,
        /// Why.
        fault: RecordingFault,
        /// Milliseconds of sound in the file.
        milliseconds: u64,
    },
}
