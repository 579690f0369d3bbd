//! Requests that a call hangs on: INVITE, ACK, CANCEL, BYE, re-INVITE and what else comes in a dialog
//! (RFC 3261 §9.2, §12.2.2, §13.3, §14.2, §15.1.2).

use super::super::dialog::{Dialog, DialogId};
use super::super::interface::Event;
use super::super::invite::uas::{self, Offer, Uas};
use super::super::transaction::key::{MergeKey, ServerKey};
use super::super::transaction::servers::{self, ServerId};
use super::leg::{InDialog, Incoming, Leg, Phase, Stage};
use super::receive::{Arrival, check_content};
use super::refusal::Refusal;
use super::{Stack, body, caller};
use crate::clock::Instant;
use crate::id::LegId;
use crate::wire::sip::message::Request;
use crate::wire::sip::method::Method;
use crate::wire::sip::name::Name;

/// How long a peer waits at most before it tries a second re-INVITE again, in seconds (RFC 3261 §14.2).
const RETRY_AFTER_MAX_S: u64 = 10;

impl Stack {
    /// An INVITE that begins a dialog: 100 at once, and the switch decides.
    pub(super) fn invite_in(&mut self, now: Instant, arrival: &Arrival<'_>, key: ServerKey) {
        let Arrival { way, request, .. } = arrival;
        let local_tag = self.rng.token();
        let Ok(dialog) = Dialog::uas(request, *way, &local_tag) else {
            self.counters.malformed += 1;
            return;
        };
        let leg = self.reserve_leg();
        let mut uas = Uas::new(self.timers);
        uas.handle(now, uas::Input::Invite(offer_of(request)));
        let incoming = Some(self.begin_invite(now, arrival, key, MergeKey::of(request), leg));
        self.dialogs.insert(dialog.id(), leg);
        let within = InDialog { dialog, local_tag, uas, incoming, stage: Stage::Early };
        let phase = Phase::InDialog(Box::new(within));
        self.legs.insert(leg, Leg { reason: None, phase });
        let invite = Box::new(caller::describe(request, *way));
        self.tell(Event::Invite { leg, invite });
    }

    /// The transaction of an INVITE, with its 100 (RFC 3261 §17.2.1).
    fn begin_invite(
        &mut self,
        now: Instant,
        arrival: &Arrival<'_>,
        key: ServerKey,
        merge: Option<MergeKey>,
        leg: LegId,
    ) -> Incoming {
        let (way, leg) = (arrival.reply_way(), Some(leg));
        let transaction = self.servers.begin(servers::Begin { key, merge, way, leg });
        let mut trying = self.response(&arrival.request, arrival.way, 100, None);
        if let Some(sent) = arrival.request.headers.first(Name::Timestamp) {
            trying = trying.header(Name::Timestamp, sent);
        }
        self.server_answer(now, transaction, 100, trying.finish());
        let cseq = arrival.essentials.cseq.number;
        Incoming { transaction, octets: arrival.octets.to_vec(), way: arrival.way, cseq }
    }

    /// An ACK: of a 3xx-6xx it ends the resending, of a 2xx it confirms the dialog.
    pub(super) fn ack_in(&mut self, now: Instant, arrival: &Arrival<'_>, known: Option<ServerId>) {
        if let Some(id) = known {
            let output = self.servers.get_mut(id).and_then(|server| server.handle(now, servers::Input::Ack));
            self.retime_server(id);
            if output != Some(servers::Output::AckToCore) {
                return;
            }
        }
        let request = &arrival.request;
        let dialog = DialogId::of_request(&arrival.essentials);
        let Some(leg) = dialog.and_then(|dialog| self.dialogs.get(&dialog).copied()) else { return };
        let Some(Phase::InDialog(within)) = self.legs.get_mut(&leg).map(|leg| &mut leg.phase) else { return };
        if within.incoming.as_ref().map(|incoming| incoming.cseq) != Some(arrival.essentials.cseq.number) {
            return;
        }
        match within.uas.handle(now, uas::Input::Ack) {
            Some(uas::Output::Confirmed) => {
                let answered = within.incoming.take();
                // Nobody asks for the 2xx again: only its name and deadline stay.
                if let Some(server) = answered.and_then(|invite| self.servers.get_mut(invite.transaction)) {
                    server.response = Vec::new();
                }
                let sdp = sdp_of(request);
                self.tell(Event::Confirmed { leg, at: now, sdp });
            }
            Some(uas::Output::SendBye) => self.send_bye(now, leg),
            Some(_) | None => {}
        }
        self.retime_leg(leg);
    }

    /// A CANCEL whose INVITE is here: always 200; 487 to the INVITE if it has no final answer
    /// (RFC 3261 §9.2).
    pub(super) fn cancel_in(
        &mut self,
        now: Instant,
        arrival: &Arrival<'_>,
        key: ServerKey,
        invite: ServerId,
    ) {
        let leg = self.servers.get_mut(invite).and_then(|server| server.leg);
        let open = leg.and_then(|leg| self.open_invite(leg)).filter(|open| open.transaction == invite);
        // The tag that the INVITE was answered with, also when that was a 200 already (RFC 3261 §9.2).
        let known = leg.and_then(|leg| self.local_tag(leg));
        let tag = known.unwrap_or_else(|| self.stateless_tag(&arrival.request));
        self.answer_non_invite(now, arrival, key, &tag);
        let (Some(leg), Some(open)) = (leg, open) else { return };
        self.answer_open(now, leg, super::command::Reply::status(487));
        if open.stage == Stage::Early {
            self.forget(leg);
            self.tell(Event::Cancelled { leg });
        }
    }

    /// 200 through a transaction of its own.
    fn answer_non_invite(&mut self, now: Instant, arrival: &Arrival<'_>, key: ServerKey, tag: &str) {
        let way = arrival.reply_way();
        let id = self.servers.begin(servers::Begin { key, merge: None, way, leg: None });
        let builder = self.response(&arrival.request, arrival.way, 200, Some(tag));
        let octets = match arrival.request.method {
            Method::Options => self.abilities(builder, arrival.way).finish(),
            _ => builder.finish(),
        };
        self.server_answer(now, id, 200, octets);
    }

    /// A request whose dialog is `leg`'s.
    pub(super) fn in_dialog(&mut self, now: Instant, arrival: &Arrival<'_>, key: ServerKey, leg: LegId) {
        if let Err(refusal) = self.take_in_dialog(now, arrival, key, leg) {
            self.counters.transactions_full += u64::from(refusal == Refusal::Full);
            self.refuse_statelessly(arrival.way, &arrival.request, &refusal);
        }
    }

    fn take_in_dialog(
        &mut self,
        now: Instant,
        arrival: &Arrival<'_>,
        key: ServerKey,
        leg: LegId,
    ) -> Result<(), Refusal> {
        let request = &arrival.request;
        check_method(request.method)?;
        let Some(held) = self.legs.get_mut(&leg) else { return Err(Refusal::NoDialog) };
        let within = match &mut held.phase {
            Phase::InDialog(within) => within,
            Phase::Mortal { .. } if request.method == Method::Bye => {
                self.answer_non_invite(now, arrival, key, "");
                return Ok(());
            }
            Phase::Mortal { .. } | Phase::Outgoing { .. } => return Err(Refusal::NoDialog),
        };
        within.dialog.take_cseq(arrival.essentials.cseq.number).map_err(|_| Refusal::OutOfOrder)?;
        if request.method == Method::Bye {
            self.bye_in(now, arrival, key, leg);
            return Ok(());
        }
        check_content(request)?;
        self.check_room()?;
        if request.method == Method::Invite {
            return self.re_invite_in(now, arrival, key, leg);
        }
        self.answer_non_invite(now, arrival, key, "");
        Ok(())
    }

    /// BYE: 200, and 487 to an INVITE that is still open (RFC 3261 §15.1.2).
    fn bye_in(&mut self, now: Instant, arrival: &Arrival<'_>, key: ServerKey, leg: LegId) {
        self.answer_non_invite(now, arrival, key, "");
        self.answer_open(now, leg, super::command::Reply::status(487));
        let told = match self.legs.get(&leg).map(|leg| &leg.phase) {
            Some(Phase::InDialog(within)) => !within.uas.is_leaving(),
            Some(Phase::Outgoing { .. } | Phase::Mortal { .. }) | None => false,
        };
        self.forget(leg);
        if told {
            self.tell(Event::Bye { leg });
        }
    }

    /// An INVITE within the dialog (RFC 3261 §14.2).
    fn re_invite_in(
        &mut self,
        now: Instant,
        arrival: &Arrival<'_>,
        key: ServerKey,
        leg: LegId,
    ) -> Result<(), Refusal> {
        let retry_after_s = u32::try_from(self.rng.below(RETRY_AFTER_MAX_S + 1)).unwrap_or(0);
        let Some(Phase::InDialog(within)) = self.legs.get_mut(&leg).map(|leg| &mut leg.phase) else {
            return Err(Refusal::NoDialog);
        };
        match within.uas.handle(now, uas::Input::Invite(offer_of(&arrival.request))) {
            Some(uas::Output::StillOpen) => return Err(Refusal::StillOpen { retry_after_s }),
            Some(uas::Output::OurOfferOpen) => return Err(Refusal::OurOfferOpen),
            Some(uas::Output::ConfirmAndOpen) => {
                within.dialog.refresh(&arrival.request, arrival.way);
                self.tell(Event::Confirmed { leg, at: now, sdp: None });
            }
            Some(_) | None => within.dialog.refresh(&arrival.request, arrival.way),
        }
        let incoming = self.begin_invite(now, arrival, key, None, leg);
        if let Some(Phase::InDialog(within)) = self.legs.get_mut(&leg).map(|leg| &mut leg.phase) {
            within.incoming = Some(incoming);
        }
        self.retime_leg(leg);
        let sdp = sdp_of(&arrival.request);
        self.tell(Event::Reoffer { leg, sdp });
        Ok(())
    }
}

/// Which message carries the offer.
fn offer_of(request: &Request<'_>) -> Offer {
    if sdp_of(request).is_some() { Offer::InInvite } else { Offer::InSuccess }
}

/// The SDP of a request; a body that we cannot read is refused before, or in an ACK ignored.
fn sdp_of(request: &Request<'_>) -> Option<Vec<u8>> {
    body::sdp(request).ok().flatten().map(<[u8]>::to_vec)
}

/// Whether we do that method within a dialog.
fn check_method(method: Method<'_>) -> Result<(), Refusal> {
    match method {
        Method::Invite | Method::Bye | Method::Options | Method::Ack => Ok(()),
        Method::Cancel => Err(Refusal::NothingToCancel),
        Method::Other(_) => Err(Refusal::UnknownMethod),
        Method::Register
        | Method::Prack
        | Method::Update
        | Method::Info
        | Method::Refer
        | Method::Subscribe
        | Method::Notify
        | Method::Message
        | Method::Publish => Err(Refusal::MethodNotAllowed),
    }
}
