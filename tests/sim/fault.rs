//! Faults that are planted to prove the checks: each is made once or all along, between the switch and
//! its edges, as a bug in the switch or in an edge would make it. The engine itself holds none of them.

/// A planted fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A leg is never closed on its worker: its port leaks.
    LeakedPort,
    /// A key is told twice.
    DoubledKey,
    /// A key is not told at all.
    LostKey,
    /// A 200 is never sent again: the timer for it is lost.
    LostRetransmission,
    /// The log says "durable" before it is.
    EarlyDurable,
    /// Word that a file is closed is lost.
    LostClosing,
    /// A prompt that was cut is told as heard to its end: the notice counts as given.
    CutNoticeCounts,
    /// A caller is bridged with somebody else's leg.
    WrongBridge,
    /// One packet of a stream is not sent.
    BrokenStream,
    /// A caller's leg is not told that the call is over.
    LostBye,
    /// The record of a call is written twice.
    TwoRecords,
    /// A port is given to a new leg at once.
    HastyPort,
    /// A recording loses a second in the middle.
    ShortRecording,
    /// A party's leave is not told to the switch: nobody looks after silent streams.
    LostSilence,
    /// The answer to INVITE waits.
    LateAnswer,
}

impl Fault {
    /// Every one of them.
    pub const ALL: [Fault; 15] = [
        Fault::LeakedPort,
        Fault::DoubledKey,
        Fault::LostKey,
        Fault::LostRetransmission,
        Fault::EarlyDurable,
        Fault::LostClosing,
        Fault::CutNoticeCounts,
        Fault::WrongBridge,
        Fault::BrokenStream,
        Fault::LostBye,
        Fault::TwoRecords,
        Fault::HastyPort,
        Fault::ShortRecording,
        Fault::LostSilence,
        Fault::LateAnswer,
    ];
}
