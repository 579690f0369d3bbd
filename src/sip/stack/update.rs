//! UPDATE as its server, and every offer of the peer that waits for the switch (RFC 3311 §5.2, RFC 3264 §4).
//!
//! ```text
//!  UPDATE ─ no SDP ─▶ 200 at once: target and session are refreshed
//!         ─ SDP ─▶ our offer open: 491 · theirs open: 500 ─▶ else Event::Reoffer ─▶ 200, or 504 in time
//! ```
//! An early dialog of a call of ours takes UPDATE too, once its answer came in a reliable 1xx.

use super::super::dialog::DialogId;
use super::super::interface::Event;
use super::super::invite::session_timer::{self, Role, Said, Terms, TooSmall};
use super::super::transaction::key::ServerKey;
use super::super::transaction::servers;
use super::command::Reply;
use super::compose::SDP;
use super::leg::{Answer, Asked, Incoming, Leg, OpenOffer, Phase, Refreshes, Stage, Update};
use super::receive::Arrival;
use super::refusal::Refusal;
use super::request::sdp_of;
use super::{Stack, timer};
use crate::clock::Instant;
use crate::id::LegId;
use crate::wire::sip::header::Headers;
use crate::wire::sip::message::{Message, parse};
use crate::wire::sip::name::Name;

/// Whether a message's Allow names UPDATE; `None` if it has no Allow (RFC 3311 §4).
pub fn update_of(headers: &Headers<'_>) -> Option<Update> {
    if !headers.has(Name::Allow) {
        return None;
    }
    let named = headers.values(Name::Allow).any(|method| method == b"UPDATE");
    Some(if named { Update::Allowed } else { Update::NotAllowed })
}

impl Stack {
    /// What a request agrees on session timers.
    pub(super) fn terms_of(&self, headers: &Headers<'_>) -> Result<Option<Terms>, Refusal> {
        let answered = session_timer::answer(&Said::read(headers), self.settings.session_expires_s);
        answered.map_err(|TooSmall| Refusal::IntervalTooSmall)
    }

    /// UPDATE in a dialog that is more than an early one of ours.
    pub(super) fn update_in(
        &mut self,
        now: Instant,
        arrival: &Arrival<'_>,
        key: ServerKey,
        leg: LegId,
    ) -> Result<(), Refusal> {
        let (headers, offer) = (&arrival.request.headers, sdp_of(&arrival.request));
        let terms = self.terms_of(headers)?;
        let busy = Refusal::StillOpen { retry_after_s: self.retry_after_s() };
        let Some(Phase::InDialog(within)) = self.legs.get_mut(&leg).map(|leg| &mut leg.phase) else {
            return Err(Refusal::NoDialog);
        };
        match within.open_offer() {
            OpenOffer::Ours if offer.is_some() => return Err(Refusal::OurOfferOpen),
            OpenOffer::Theirs if offer.is_some() => return Err(busy),
            OpenOffer::Ours | OpenOffer::Theirs | OpenOffer::None => {}
        }
        within.dialog.refresh(&arrival.request, arrival.way);
        within.update = update_of(headers).unwrap_or(within.update);
        // A session has no interval before it begins.
        let terms = terms.filter(|_| within.stage == Stage::Established);
        let Some(sdp) = offer else {
            if within.stage == Stage::Established {
                within.timer.agree(now, terms, Role::Uas);
            }
            let way = arrival.reply_way();
            let transaction = self.servers.begin(servers::Begin { key, merge: None, way, leg: None });
            let builder = self.response(&arrival.request, arrival.way, 200, None);
            let octets = timer::tell(self.abilities(builder, arrival.way), terms).finish();
            self.server_answer(now, transaction, 200, octets);
            self.settle_leg(now, leg);
            return Ok(());
        };
        let asked = self.asked(now, arrival, key, sdp.clone(), Refreshes::Session);
        if let Some(Phase::InDialog(within)) = self.legs.get_mut(&leg).map(|leg| &mut leg.phase) {
            within.asked = Some(Asked { incoming: Incoming { terms, ..asked.incoming }, ..asked });
        }
        self.retime_leg(leg);
        self.tell(Event::Reoffer { leg, sdp: Some(sdp) });
        Ok(())
    }

    /// UPDATE in an early dialog of a call of ours.
    pub(super) fn update_in_fork(
        &mut self,
        now: Instant,
        arrival: &Arrival<'_>,
        key: ServerKey,
        leg: LegId,
        dialog: &DialogId,
    ) -> Result<(), Refusal> {
        let offer = sdp_of(&arrival.request);
        let busy = Refusal::StillOpen { retry_after_s: self.retry_after_s() };
        let given_up = self.legs.get(&leg).is_none_or(Leg::is_given_up);
        let fork = self.fork_mut(leg, dialog).ok_or(Refusal::NoDialog)?;
        let Some(sdp) = offer else {
            fork.dialog.refresh(&arrival.request, arrival.way);
            self.answer_non_invite(now, arrival, key, "");
            return Ok(());
        };
        if fork.asked.is_some() {
            return Err(busy);
        }
        if fork.answer == Answer::Open || given_up {
            return Err(Refusal::OurOfferOpen);
        }
        fork.dialog.refresh(&arrival.request, arrival.way);
        let asked = self.asked(now, arrival, key, sdp.clone(), Refreshes::Session);
        if let Some(fork) = self.fork_mut(leg, dialog) {
            fork.asked = Some(asked);
        }
        self.retime_leg(leg);
        self.tell(Event::Reoffer { leg, sdp: Some(sdp) });
        Ok(())
    }

    /// A request whose offer the switch answers: its transaction waits.
    pub(super) fn asked(
        &mut self,
        now: Instant,
        arrival: &Arrival<'_>,
        key: ServerKey,
        sdp: Vec<u8>,
        refreshes: Refreshes,
    ) -> Asked {
        let way = arrival.reply_way();
        let transaction = self.servers.begin(servers::Begin { key, merge: None, way, leg: None });
        let incoming = Incoming {
            transaction,
            octets: arrival.octets.to_vec(),
            way: arrival.way,
            cseq: arrival.essentials.cseq.number,
            terms: None,
        };
        Asked { incoming, sdp, refreshes, until: now + self.timers.give_up() / 2 }
    }

    /// The switch's answer to an offer of the peer, wherever that came.
    pub(super) fn answer_reoffer(&mut self, now: Instant, leg: LegId, sdp: Vec<u8>) {
        if let Some(asked) = self.take_asked(leg) {
            match self.legs.get_mut(&leg).map(|leg| &mut leg.phase) {
                Some(Phase::InDialog(within)) => {
                    within.local_sdp.clone_from(&sdp);
                    within.remote_sdp.clone_from(&asked.sdp);
                    if asked.refreshes == Refreshes::Session && within.stage == Stage::Established {
                        within.timer.agree(now, asked.incoming.terms, Role::Uas);
                    }
                }
                Some(Phase::Outgoing(calling)) => calling.sdp.clone_from(&sdp),
                Some(Phase::Mortal { .. } | Phase::Subscribed(_)) | None => {}
            }
            self.answer_asked(now, &asked, 200, Some(&sdp));
            self.send_held_back(now, leg);
            return self.settle_leg(now, leg);
        }
        if !self.acknowledge_owed(now, leg, Some(sdp.clone()))
            && self.open_invite(leg).is_some_and(|open| open.stage == Stage::Established)
        {
            self.answer_open(now, leg, Reply::with_sdp(200, sdp));
        }
    }

    /// The switch does not want it: the session stays as it was.
    pub(super) fn refuse_reoffer(&mut self, now: Instant, leg: LegId, status: u16) {
        if self.refuse_asked(now, leg, status) {
            self.send_held_back(now, leg);
            return self.settle_leg(now, leg);
        }
        if self.acknowledge_owed(now, leg, None) {
            // Their offer cannot be refused any more: the call is over (RFC 3261 §13.2.2.4).
            return self.hang_up(now, leg, Some("SIP;cause=488;text=\"no common media\""));
        }
        if self.open_invite(leg).is_some_and(|open| open.stage == Stage::Established) {
            self.answer_open(now, leg, Reply::status(status));
        }
    }

    /// Refuses the UPDATE or PRACK that waits for the switch, if there is one.
    pub(super) fn refuse_asked(&mut self, now: Instant, leg: LegId, status: u16) -> bool {
        let Some(asked) = self.take_asked(leg) else { return false };
        self.answer_asked(now, &asked, status, None);
        true
    }

    fn take_asked(&mut self, leg: LegId) -> Option<Asked> {
        match &mut self.legs.get_mut(&leg)?.phase {
            Phase::InDialog(within) => within.asked.take(),
            Phase::Outgoing(calling) => {
                let fork = calling.forks.iter_mut().find(|fork| fork.asked.is_some())?;
                let asked = fork.asked.take()?;
                fork.sdp = Some(asked.sdp.clone());
                Some(asked)
            }
            Phase::Mortal { .. } | Phase::Subscribed(_) => None,
        }
    }

    fn answer_asked(&mut self, now: Instant, asked: &Asked, status: u16, sdp: Option<&[u8]>) {
        let octets = {
            let incoming = &asked.incoming;
            // It was parsed when it came.
            let Ok(Message::Request(request)) = parse(&incoming.octets) else { return };
            let builder = self.response(&request, incoming.way, status, None);
            let builder = match (sdp, asked.refreshes) {
                (Some(_), Refreshes::Session) => {
                    timer::tell(self.abilities(builder, incoming.way), incoming.terms)
                }
                (Some(_), Refreshes::Nothing) | (None, _) => builder,
            };
            match sdp {
                Some(sdp) => builder.finish_with(SDP, sdp),
                None => builder.finish(),
            }
        };
        self.server_answer(now, asked.incoming.transaction, status, octets);
    }

    /// The switch did not answer an offer in time.
    pub(super) fn asked_timeout(&mut self, now: Instant, leg: LegId) {
        let until = match self.legs.get(&leg).map(|leg| &leg.phase) {
            Some(Phase::InDialog(within)) => within.asked.as_ref().map(|asked| asked.until),
            Some(Phase::Outgoing(calling)) => calling.poll_timeout(),
            Some(Phase::Mortal { .. } | Phase::Subscribed(_)) | None => None,
        };
        if until.is_some_and(|until| until <= now) {
            self.refuse_asked(now, leg, Refusal::TooLate.status());
            self.send_held_back(now, leg);
        }
    }
}
