//! PRACK as its server, and the 1xx that waits for it (RFC 3262 §3, §5).

use super::super::interface::Event;
use super::super::invite::reliable::{Body, Output, RAck};
use super::super::invite::uas;
use super::super::transaction::StatusClass;
use super::super::transaction::key::ServerKey;
use super::Stack;
use super::command::Reply;
use super::leg::{OpenOffer, Phase, Refreshes};
use super::receive::Arrival;
use super::refusal::Refusal;
use super::request::sdp_of;
use crate::clock::Instant;
use crate::id::LegId;
use crate::wire::sip::name::Name;

/// The status of an INVITE whose 1xx nobody acknowledged (RFC 3262 §3).
const NO_PRACK: u16 = 504;

impl Stack {
    /// A PRACK: with the answer to our offer, with an offer of theirs, or with nothing.
    pub(super) fn prack_in(
        &mut self,
        now: Instant,
        arrival: &Arrival<'_>,
        key: ServerKey,
        leg: LegId,
    ) -> Result<(), Refusal> {
        let rack = arrival.request.headers.first(Name::RAck).and_then(RAck::read);
        let rack = rack.ok_or(Refusal::NothingToAcknowledge)?;
        let Some(Phase::InDialog(within)) = self.legs.get_mut(&leg).map(|leg| &mut leg.phase) else {
            return Err(Refusal::NoDialog);
        };
        if within.incoming.as_ref().is_some_and(|incoming| incoming.cseq != rack.cseq) {
            return Err(Refusal::NothingToAcknowledge);
        }
        let body = within.reliable.prack(rack.rseq).ok_or(Refusal::NothingToAcknowledge)?;
        match (body, sdp_of(&arrival.request)) {
            (Body::Offer, Some(sdp)) => {
                within.uas.handle(now, uas::Input::Settled);
                within.remote_sdp.clone_from(&sdp);
                self.answer_non_invite(now, arrival, key, "");
                self.tell(Event::OfferAnswered { leg, sdp });
            }
            (Body::Empty | Body::Answer, Some(sdp)) if within.open_offer() == OpenOffer::None => {
                let asked = self.asked(now, arrival, key, sdp.clone(), Refreshes::Nothing);
                if let Some(Phase::InDialog(within)) = self.legs.get_mut(&leg).map(|leg| &mut leg.phase) {
                    within.asked = Some(asked);
                }
                self.tell(Event::Reoffer { leg, sdp: Some(sdp) });
            }
            // An answer to nothing is passed over; without the answer that is due we offer again in the 2xx.
            (Body::Empty | Body::Answer, Some(_)) | (Body::Empty | Body::Answer | Body::Offer, None) => {
                self.answer_non_invite(now, arrival, key, "");
            }
        }
        self.send_held_back(now, leg);
        self.settle_leg(now, leg);
        Ok(())
    }

    /// The answer to the INVITE that waited for a PRACK, or for the answer to an offer in it.
    pub(super) fn send_held_back(&mut self, now: Instant, leg: LegId) {
        let held = match self.legs.get_mut(&leg).map(|leg| &mut leg.phase) {
            Some(Phase::InDialog(within)) => within.held_back.take(),
            Some(Phase::Outgoing(_) | Phase::Mortal { .. } | Phase::Subscribed(_)) | None => None,
        };
        if let Some(reply) = held {
            self.answer_open(now, leg, reply);
        }
    }

    /// A 1xx of ours may have to be sent again, or never be acknowledged.
    pub(super) fn reliable_timeout(&mut self, now: Instant, leg: LegId) {
        let Some(Phase::InDialog(within)) = self.legs.get_mut(&leg).map(|leg| &mut leg.phase) else { return };
        let transaction = within.incoming.as_ref().map(|incoming| incoming.transaction);
        match within.reliable.timeout(now) {
            Some(Output::Resend) => {
                self.counters.retransmissions_out += 1;
                self.send_again(now, transaction, StatusClass::Provisional);
            }
            Some(Output::GiveUp) => {
                self.counters.acks_missing += 1;
                self.answer_open(now, leg, Reply::status(NO_PRACK));
                self.forget(leg);
                self.tell(Event::AckMissing { leg });
            }
            None => {}
        }
    }
}
