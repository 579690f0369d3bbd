//! Faults that are planted to prove the checks: each is made once or all along, between the switch and
//! its edges, as a bug in the switch or in an edge would make it. The engine itself holds none of them.

use super::phone::quirk::Quirk;

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
    /// BYE waits with those who want a call.
    WaitingBye,
    /// A desk that asks to be left alone is called all the same.
    IgnoredRest,
    /// The second place that answered a call is not told BYE.
    SecondNotEnded,
    /// A session is not refreshed.
    LostRefresh,
    /// A 200 that comes again is not acknowledged.
    LostAck,
    /// Our requests forget their route.
    LostRoute,
    /// Urgent callers are refused like all others.
    RefusedUrgent,
    /// New calls that pile up are all let in.
    UnheardWait,
    /// A change that met one of the other side's is not tried again.
    ForgottenGlare,
    /// A 1xx that waits for its PRACK is not sent again.
    LostProgress,
    /// A 1xx that may not be lost is not acknowledged.
    LostPrack,
    /// Port 0 counts as hold.
    PortZeroHolds,
    /// Word that nobody is at the end of a way is lost.
    UnheardRefusal,
    /// Word comes that a connection ended, and it goes on.
    FalseEnd,
    /// An answer goes by the connection of its request alone, even if that is gone.
    FaithfulAnswer,
    /// Each request of a source is metered as if it came from another one.
    UnmeteredSource,
    /// Trusted sources are metered like all others.
    ForgottenTrust,
    /// A worker is not told that a party knows a port before it answers.
    LostPromise,
    /// A patient is let hear a supervisor who listens or whispers.
    LeakedWhisper,
    /// A colleague is taken out of a call, and his worker is not told with whom he talks now: the patient is with nobody.
    LostHandover,
    /// An INVITE loses its Replaces: the desk is called for it, and is in one more call.
    LostReplaces,
    /// Who has handed on is never told BYE.
    UndismissedDesk,
    /// A worker is not told that the keys of a person go to nobody: the patient gets the code.
    LeakedCode,
}

impl Fault {
    /// Every one of them.
    pub const ALL: [Fault; 38] = [
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
        Fault::WaitingBye,
        Fault::IgnoredRest,
        Fault::SecondNotEnded,
        Fault::LostRefresh,
        Fault::LostAck,
        Fault::LostRoute,
        Fault::RefusedUrgent,
        Fault::UnheardWait,
        Fault::ForgottenGlare,
        Fault::LostProgress,
        Fault::LostPrack,
        Fault::PortZeroHolds,
        Fault::UnheardRefusal,
        Fault::FalseEnd,
        Fault::FaithfulAnswer,
        Fault::UnmeteredSource,
        Fault::ForgottenTrust,
        Fault::LostPromise,
        Fault::LeakedWhisper,
        Fault::LeakedCode,
        Fault::LostHandover,
        Fault::LostReplaces,
        Fault::UndismissedDesk,
    ];

    /// What a check says when it finds this one: a failure without any of it has another cause.
    pub fn signs(self) -> &'static [&'static str] {
        match self {
            Fault::LeakedPort => &["is given port", "legs are left", "`ports_in_use`"],
            Fault::DoubledKey | Fault::LostKey => &["keys were pressed"],
            Fault::LostRetransmission => &["the 2xx to INVITE"],
            Fault::EarlyDurable => &["its name is entry", "the mark is not on disk"],
            Fault::LostClosing => &["after its end", "has no end", "is not closed"],
            Fault::CutNoticeCounts => &["counts as heard to its end"],
            Fault::WrongBridge => &["and should hear", "never heard"],
            Fault::BrokenStream => &["follows Packet"],
            Fault::LostBye => &["its caller is not told"],
            Fault::TwoRecords => &["after its end"],
            Fault::HastyPort => &["which rests since"],
            Fault::ShortRecording => &["ms told"],
            Fault::LostSilence => &["and the call is up"],
            Fault::LateAnswer | Fault::WaitingBye => &["and is unanswered"],
            Fault::IgnoredRest => &["the desk wants to be left alone"],
            Fault::SecondNotEnded => &["was never told BYE"],
            Fault::LostRefresh => &["SessionLost", "is not refreshed"],
            Fault::LostAck => &["has no ACK"],
            Fault::LostRoute => &["came with the routes"],
            Fault::RefusedUrgent => &["calls an urgent flow"],
            Fault::UnheardWait => &["new calls pile up"],
            Fault::ForgottenGlare => &["our change does not come again"],
            Fault::LostProgress => &["the 1xx to INVITE"],
            Fault::LostPrack => &["has no PRACK"],
            Fault::PortZeroHolds => &["it refused the sound"],
            Fault::UnheardRefusal => &["leads nowhere", "nothing comes by datagram"],
            Fault::FalseEnd => &["in two transactions"],
            Fault::FaithfulAnswer => &["over TCP, and no answer came", "with AckMissing"],
            Fault::UnmeteredSource => &["requests of a flood"],
            Fault::ForgottenTrust => &["a trusted source asked"],
            Fault::LostPromise => &["never heard"],
            Fault::LeakedWhisper => &["in its room"],
            Fault::LeakedCode => &["who is read for codes"],
            Fault::LostHandover => &["is to talk with", "never heard"],
            Fault::LostReplaces => &["is to talk with", "asks for a place"],
            Fault::UndismissedDesk => &["nobody told it BYE"],
        }
    }

    /// What the front desk has to do so that it is made; `None`: it has no part in it.
    pub fn consult(self) -> Option<Quirk> {
        match self {
            Fault::LostHandover | Fault::UndismissedDesk => Some(Quirk::DeskConsults),
            Fault::LostReplaces => Some(Quirk::TakesPlace),
            _ => None,
        }
    }
}
