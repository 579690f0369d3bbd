//! What a leg reports of its stream: RTCP to its party (RFC 3550 §6), counts for the record of the call.

use super::{Departure, Leg};
use crate::clock::{Instant, WallTime};
use crate::media::command::{Counters, Kind, PortIndex};
use crate::rtp::loss::Losses;
use crate::rtp::quality::Coding;
use crate::rtp::reporter::{self, Sending};
use crate::rtp::sequence::Source;
use crate::rtp::summary::{Direction, Facts, Summary};
use crate::wire::codec::Codec;
use crate::wire::rtcp::write::COMPOUND_OCTETS_MAX;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// The last report of a leg that is closed.
#[derive(Clone, Copy, Debug)]
pub struct LastWords {
    port: PortIndex,
    kind: Kind,
    source: IpAddr,
    to: SocketAddr,
    octets: [u8; COMPOUND_OCTETS_MAX],
    length: usize,
}

impl LastWords {
    /// It as a packet that leaves.
    pub fn departure(&self) -> Departure<'_> {
        let LastWords { port, kind, source, to, .. } = *self;
        Departure { port, kind, source, to, octets: &self.octets[..self.length] }
    }
}

impl Leg {
    /// The counts so far.
    pub fn counters(&self) -> Counters {
        let jitter_us = self.source.as_ref().map_or(0, Source::jitter_us);
        let losses = self.losses_before.and(self.source.as_ref().map_or(Losses::default(), Source::losses));
        let (late, held) = self.listener.as_ref().map_or((0, Duration::ZERO), |it| (it.late(), it.held()));
        let late = self.counters.late + late;
        let facts = Facts {
            coding: coding(self.plan.sends.codec),
            clock_hz: self.plan.sends.codec.clock_hz(),
            losses,
            late,
            jitter_us,
            held: held + Duration::from_millis(self.plan.packet_ms.into()),
            told: self.reporter.told(),
            round_trip: self.reporter.round_trip(),
        };
        let Summary { ours, theirs, burst_ratio_hundredths, round_trip_us, .. } = facts.summary();
        let mos = |direction: Option<Direction>| Some(direction?.quality?.mos_hundredths);
        Counters {
            sent: self.sender.sent(),
            lost: losses.lost,
            jitter_us,
            late,
            burst_ratio: burst_ratio_hundredths,
            mos: mos(ours),
            round_trip_us,
            their_lost: theirs.map(|theirs| theirs.lost),
            their_jitter_us: theirs.map(|theirs| theirs.jitter_us),
            their_mos: mos(theirs),
            ..self.counters
        }
    }

    fn sending(&self) -> Sending {
        let sender = &self.sender;
        Sending { packets: sender.sent(), octets: sender.octets(), timestamp: sender.timestamp() }
    }

    /// Where reports go: to the address that SDP names, but to the host that the party was found at.
    fn reports_to(&self) -> (Kind, SocketAddr) {
        let to = self.latch.to();
        if self.plan.rtcp_mux {
            return (Kind::Rtp, to);
        }
        let named = self.plan.remote_rtcp;
        let is_where_sdp_says = to == self.plan.remote;
        let next = SocketAddr::new(to.ip(), to.port().saturating_add(1));
        (Kind::Rtcp, if is_where_sdp_says { named } else { next })
    }

    /// The last report, with a BYE (RFC 3550 §6.6).
    pub fn last_words(&mut self, now: Instant, wall: WallTime) -> Option<LastWords> {
        let (kind, to) = self.reports_to();
        let sending = self.sending();
        let mut octets = [0; COMPOUND_OCTETS_MAX];
        let now = reporter::Now { at: now, wall };
        let length = self.reporter.write_last(now, sending, self.source.as_mut(), &mut octets);
        let may = length > 0 && !to.ip().is_unspecified();
        may.then_some(LastWords { port: self.port, kind, source: self.plan.source, to, octets, length })
    }

    pub(super) fn report(&mut self, now: reporter::Now, send: &mut impl FnMut(Departure<'_>)) {
        let (kind, to) = self.reports_to();
        let sending = self.sending();
        let mut octets = [0; COMPOUND_OCTETS_MAX];
        let length = self.reporter.write(now, sending, self.source.as_mut(), &mut octets);
        if length > 0 && !to.ip().is_unspecified() {
            let (port, source) = (self.port, self.plan.source);
            send(Departure { port, kind, source, to, octets: &octets[..length] });
        }
    }
}

/// How a codec's losses are heard.
const fn coding(codec: Codec) -> Coding {
    match codec {
        Codec::Pcmu | Codec::Pcma => Coding::G711,
        Codec::G722 => Coding::G722,
        Codec::L16Narrow | Codec::L16Wide => Coding::L16,
    }
}
