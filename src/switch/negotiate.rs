//! Offer and answer as the switch needs them: our side is the leg's port, address and what it told last.

use super::Switch;
use crate::call::leg::{Agreed as Settled, Leg};
use crate::limits::TICK;
use crate::media::command::{Direction, StreamPlan};
use crate::sip::invite::offer_answer::{self, Agreed, Disagreement, Ours};
use crate::wire::codec::Codec;
use crate::wire::sdp::read::{SdpError, read};
use crate::wire::sdp::session;
use std::net::IpAddr;

/// Why a leg has no session: 488 to the party (RFC 3261 §21.4.26).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoSession {
    /// The body is no session description.
    #[error("not a session description: {0}")]
    Unreadable(#[from] SdpError),
    /// It is one, and holds nothing for us.
    #[error(transparent)]
    Disagreement(#[from] Disagreement),
}

impl Switch {
    /// Answers the party's offer. The leg keeps what it told: the version rises only when that changes.
    pub(super) fn answer_offer(&self, leg: &mut Leg, offer: &[u8]) -> Result<Agreed, NoSession> {
        let agreed = offer_answer::answer(&read(offer)?, &self.ours(leg))?;
        leg.sdp_version = agreed.version;
        leg.told = Some(agreed.body.clone());
        Ok(agreed)
    }

    /// Our offer to the party.
    pub(super) fn make_offer(&self, leg: &mut Leg) -> Vec<u8> {
        let offer = offer_answer::offer(&self.ours(leg));
        leg.sdp_version = offer.version;
        leg.told = Some(offer.body.clone());
        offer.body
    }

    /// What the party's answer to our offer settles.
    pub(super) fn read_answer(&self, leg: &Leg, answer: &[u8]) -> Result<Agreed, NoSession> {
        let offer = leg.told.as_deref().unwrap_or_default();
        Ok(offer_answer::read_answer(&self.ours(leg), offer, &read(answer)?)?)
    }

    fn ours<'a>(&self, leg: &'a Leg) -> Ours<'a> {
        let external = self.settings.external_address.filter(|told| told.is_ipv4() == leg.local.is_ipv4());
        Ours {
            address: external.unwrap_or(leg.local.ip()),
            rtp_port: self.ports.number(leg.worker, leg.port),
            id: leg.id.0,
            version: leg.sdp_version,
            last: leg.told.as_deref(),
            codecs: &Codec::ALL,
            offered: OFFERED,
            ptime_ms: TICK.as_millis() as u16,
            direction: session::Direction::SendRecv,
            peer: leg.peer,
        }
    }
}

/// What our own offers name. Linear samples are only taken where they are offered: they fill four times the line.
const OFFERED: &[Codec] = &[Codec::Pcmu, Codec::Pcma, Codec::G722];

/// What the leg keeps of an agreement.
pub(super) fn settled(agreed: &Agreed) -> Settled {
    let key_events = agreed.sends_events.is_some();
    Settled { codec: agreed.sends.codec, direction: direction(agreed), key_events }
}

/// How the stream runs that was agreed on, from the address that the party reached us at.
pub(super) fn plan(agreed: &Agreed, source: IpAddr) -> StreamPlan {
    StreamPlan {
        remote: agreed.remote,
        remote_rtcp: agreed.remote_rtcp,
        rtcp_mux: agreed.rtcp_mux,
        source,
        sends: agreed.sends,
        takes: agreed.takes.clone(),
        sends_events: agreed.sends_events,
        takes_events: agreed.takes_events.clone(),
        packet_ms: agreed.packet_ms,
        direction: direction(agreed),
    }
}

fn direction(agreed: &Agreed) -> Direction {
    let (send, receive) = match agreed.direction {
        session::Direction::SendRecv => (true, true),
        session::Direction::SendOnly => (true, false),
        session::Direction::RecvOnly => (false, true),
        session::Direction::Inactive => (false, false),
    };
    Direction { send, receive }
}
