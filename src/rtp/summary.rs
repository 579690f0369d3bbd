//! What one leg's stream was like, in both directions, for the record of the call.
//!
//! ```text
//!  party ──── what came, what didn't, how late ────▶ ours: how the party sounded here
//!  theirs: how we sounded there ◀──── its reports ──── party
//! ```
//! A direction of which nothing is known has no figures: a party without RTCP is no bad line. How a figure becomes a
//! score is `quality`'s job.

use crate::rtp::loss::Losses;
use crate::rtp::quality::{Coding, Path, Quality};
use crate::rtp::reporter::{RoundTrip, Told};
use std::time::Duration;

/// What was counted on a leg until now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The codec in both directions.
    pub coding: Coding,
    /// The RTP clock of what we send, in Hz.
    pub clock_hz: u32,
    /// Over all sources of the party.
    pub losses: Losses,
    /// Packets that came, but too late to be played: none where nothing is played out.
    pub late: u64,
    /// Interarrival jitter at the end, in µs.
    pub jitter_us: u32,
    /// How long sound waits in its packet and in the jitter buffer.
    pub held: Duration,
    /// What the party told last.
    pub told: Option<Told>,
    /// How long packets take there and back.
    pub round_trip: Option<RoundTrip>,
}

/// One leg's stream, summed up. Whole numbers only, so that a record may keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How the party sounded here; `None` if no packet of it came.
    pub ours: Option<Direction>,
    /// How we sounded there; `None` if the party never reported on us.
    pub theirs: Option<Direction>,
    /// Packets that came too late to be played; they are among the received.
    pub late: u64,
    /// BurstR of what the party sent, in hundredths; `None` without a loss (ITU-T G.107 §7.5).
    pub burst_ratio_hundredths: Option<u32>,
    /// The mean round trip in µs, if the party answered a report.
    pub round_trip_us: Option<u32>,
    /// The longest round trip in µs.
    pub round_trip_max_us: Option<u32>,
}

/// One direction of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Direction {
    /// Packets that came.
    pub received: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Interarrival jitter at the end, in µs.
    pub jitter_us: u32,
    /// How it sounded; `None` if no packet was due.
    pub quality: Option<Quality>,
}

impl Facts {
    /// The sum of it. A round trip that is not known counts as none: a score without one is of loss and buffers only.
    pub fn summary(&self) -> Summary {
        let Self { losses, late, round_trip, .. } = *self;
        let heard = losses.received > 0;
        Summary {
            ours: heard.then(|| self.ours()),
            theirs: self.told.filter(|told| told.sent > 0).map(|told| self.theirs(told)),
            late,
            burst_ratio_hundredths: losses.burst_ratio_hundredths(),
            round_trip_us: round_trip.map(|all| all.mean_us()),
            round_trip_max_us: round_trip.map(|all| all.max_us),
        }
    }

    fn ours(&self) -> Direction {
        let Losses { received, lost, bursts } = self.losses;
        let late = self.late.min(received);
        // A packet that came too late is a loss of its own to the ear.
        let losses = Losses { received: received - late, lost: lost + late, bursts: bursts + late };
        let path = Path { coding: self.coding, losses, delay: self.one_way() + self.held };
        Direction { received, lost, jitter_us: self.jitter_us, quality: path.quality() }
    }

    /// Reports tell nothing of bursts, and nothing of the party's buffer.
    fn theirs(&self, told: Told) -> Direction {
        let received = told.sent.saturating_sub(told.lost);
        let losses = Losses::scattered(received, told.lost);
        let path = Path { coding: self.coding, losses, delay: self.one_way() + HELD_BY_THE_PARTY };
        let jitter_us = u64::from(told.jitter) * 1_000_000 / u64::from(self.clock_hz.max(1));
        Direction {
            received,
            lost: told.lost,
            jitter_us: u32::try_from(jitter_us).unwrap_or(u32::MAX),
            quality: path.quality(),
        }
    }

    fn one_way(&self) -> Duration {
        Duration::from_micros(self.round_trip.map_or(0, |all| u64::from(all.mean_us()) / 2))
    }
}

/// What a telephone is taken to hold back: a packet of 20 ms, and 40 ms against jitter.
const HELD_BY_THE_PARTY: Duration = Duration::from_millis(60);

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: Facts = Facts {
        coding: Coding::G711,
        clock_hz: 8_000,
        losses: Losses { received: 1_000, lost: 0, bursts: 0 },
        late: 0,
        jitter_us: 1_500,
        held: Duration::from_millis(60),
        told: None,
        round_trip: None,
    };

    const TOLD: Told = Told { fraction_lost: 9, lost: 30, sent: 1_000, jitter: 80, reports: 4 };

    fn scores(facts: Facts) -> (Option<u16>, Option<u16>) {
        let Summary { ours, theirs, .. } = facts.summary();
        let score = |direction: Option<Direction>| Some(direction?.quality?.mos_hundredths);
        (score(ours), score(theirs))
    }

    #[test]
    fn each_direction_is_scored_by_what_is_known_of_it() {
        // ITU-T G.107: 60 ms of buffers alone are R 91.5, MOS 4.37
        let check = |why: &str, facts, expected| assert_eq!(scores(facts), expected, "{why}");
        let lossy = Losses { received: 970, lost: 30, bursts: 29 };
        let bursty = Losses { bursts: 10, ..lossy };
        let silent = Losses::default();
        let slow = Some(RoundTrip::after(None, 340_000));
        check("nothing lost, no RTCP", FACTS, (Some(437), None));
        check("nothing came, no RTCP", Facts { losses: silent, ..FACTS }, (None, None));
        check("3 % at random", Facts { losses: lossy, ..FACTS }, (Some(408), None));
        check("3 % in bursts", Facts { losses: bursty, ..FACTS }, (Some(405), None));
        check("3 % too late", Facts { late: 30, ..FACTS }, (Some(408), None));
        let two_bursts = Losses { received: 1_000, lost: 10, bursts: 2 };
        check(
            "a tenth too late, here and there",
            Facts { losses: two_bursts, late: 100, ..FACTS },
            (Some(324), None),
        );
        check("all too late", Facts { late: 5_000, ..FACTS }, (Some(114), None));
        check("3 % told", Facts { told: Some(TOLD), ..FACTS }, (Some(437), Some(408)));
        check("nothing was sent", Facts { told: Some(Told { sent: 0, ..TOLD }), ..FACTS }, (Some(437), None));
        check(
            "half a second to and fro",
            Facts { round_trip: slow, told: Some(TOLD), ..FACTS },
            (Some(409), Some(368)),
        );
    }

    #[test]
    fn the_figures_are_those_that_were_counted() {
        let losses = Losses { received: 970, lost: 30, bursts: 10 };
        let round_trip = Some(RoundTrip::after(Some(RoundTrip::after(None, 20_000)), 80_000));
        let summary = Facts { losses, late: 5, told: Some(TOLD), round_trip, ..FACTS }.summary();
        let figures = |all: Option<Direction>| all.map(|one| (one.received, one.lost, one.jitter_us));
        assert_eq!(figures(summary.ours), Some((970, 30, 1_500)));
        assert_eq!(figures(summary.theirs), Some((970, 30, 10_000)));
        assert_eq!((summary.late, summary.burst_ratio_hundredths), (5, Some(291)));
        assert_eq!((summary.round_trip_us, summary.round_trip_max_us), (Some(50_000), Some(80_000)));
        let wide = Facts { clock_hz: 16_000, told: Some(TOLD), ..FACTS }.summary();
        assert_eq!(figures(wide.theirs), Some((970, 30, 5_000)), "units of our clock");
    }
}
