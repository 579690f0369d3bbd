//! Requests that a call hangs on: INVITE, ACK, CANCEL, BYE, re-INVITE and what else comes in a dialog
//! (RFC 3261 §9.2, §12.2.2, §13.3, §14.2, §15.1.2). UPDATE, PRACK, INFO and REFER have files of their own.

use super::super::dialog::{Dialog, DialogId};
use super::super::interface::{Event, Invite, Protocol, Reason};
use super::super::invite::change::Owner;
use super::super::invite::uas::{self, Offer};
use super::super::transaction::key::{MergeKey, ServerKey};
use super::super::transaction::servers::{self, ServerId};
use super::leg::{InDialog, Incoming, Leg, OpenOffer, Parting, Phase, Stage, Update};
use super::receive::{Arrival, check_content};
use super::refusal::Refusal;
use super::subscribe::refused_in_call;
use super::update::update_of;
use super::{Stack, body, caller};
use crate::clock::Instant;
use crate::id::LegId;
use crate::wire::sip::cseq::CSeq;
use crate::wire::sip::grammar::{Parameters, decimal, split_at_outside, trim};
use crate::wire::sip::message::{Message, Request, parse};
use crate::wire::sip::method::Method;
use crate::wire::sip::name::Name;
use crate::wire::sip::refer::Replaces;

/// How long a peer waits at most before it tries a second re-INVITE again, in seconds (RFC 3261 §14.2).
const RETRY_AFTER_MAX_S: u64 = 10;
/// The first RSeq is under this, so that there is room for more (RFC 3262 §3).
const RSEQ_FIRST_MAX: u64 = 1 << 30;

impl Stack {
    /// An INVITE that begins a dialog: the switch decides.
    pub(super) fn invite_in(&mut self, now: Instant, arrival: &Arrival<'_>, key: ServerKey) {
        let Arrival { way, request, .. } = arrival;
        let local_tag = self.rng.token();
        let Ok(dialog) = Dialog::uas(request, *way, &local_tag) else {
            self.counters.malformed += 1;
            return;
        };
        let leg = self.reserve_leg();
        let mut within = InDialog::new(dialog, Owner::Them, self.first_rseq(), self.timers);
        within.uas.handle(now, uas::Input::Invite(offer_of(request)));
        within.incoming = Some(self.begin_invite(now, arrival, key, MergeKey::of(request), leg));
        within.local_tag = local_tag;
        within.update = update_of(&request.headers).unwrap_or(Update::NotAllowed);
        let phone = self.phone_in(now, arrival);
        // It was read when it came in.
        let replaces = Replaces::of(&request.headers).ok().flatten().map(|it| self.replaced(&it));
        let described = caller::describe(request, *way, self.dialled(request.uri));
        let invite = Box::new(Invite { phone, replaces, ..described });
        within.reliability = invite.reliability;
        self.counters.diversions_unread += u64::from(invite.diversions.unread);
        self.dialogs.insert(within.dialog.id(), leg);
        let phase = Phase::InDialog(Box::new(within));
        self.legs.insert(leg, Leg { reason: None, carrier: None, phase });
        self.tell(Event::Invite { leg, invite });
    }

    /// The number before that of the first reliable 1xx in a dialog (RFC 3262 §3).
    pub(super) fn first_rseq(&mut self) -> u32 {
        u32::try_from(self.rng.below(RSEQ_FIRST_MAX)).unwrap_or(0)
    }

    /// How long a peer waits before it tries again, in seconds (RFC 3261 §14.2, RFC 3311 §5.2).
    pub(super) fn retry_after_s(&mut self) -> u32 {
        u32::try_from(self.rng.below(RETRY_AFTER_MAX_S + 1)).unwrap_or(0)
    }

    /// The transaction of an INVITE. It owes a 100, unless the switch answers at once.
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
        self.tell_trying();
        if let Some(leg) = leg {
            self.trying = Some((now, leg));
        }
        let cseq = arrival.essentials.cseq.number;
        // Too small an interval was refused before.
        let terms = self.terms_of(&arrival.request.headers).ok().flatten();
        Incoming { transaction, octets: arrival.octets.to_vec(), way: arrival.way, cseq, terms }
    }

    /// The 100 of the INVITE that came last, if the switch has not answered it in the same moment: one that is
    /// answered within 200 ms needs none (RFC 3261 §17.2.1).
    pub(super) fn tell_trying(&mut self) {
        let Some((now, leg)) = self.trying.take() else { return };
        let Some(Phase::InDialog(within)) = self.legs.get(&leg).map(|leg| &leg.phase) else { return };
        let Some(incoming) = &within.incoming else { return };
        let id = incoming.transaction;
        if self.servers.get_mut(id).is_none_or(|server| !server.response.is_empty()) {
            return;
        }
        // It was parsed when it came.
        let Ok(Message::Request(request)) = parse(&incoming.octets) else { return };
        let mut trying = self.response(&request, incoming.way, 100, None);
        if let Some(sent) = request.headers.first(Name::Timestamp) {
            trying = trying.header(Name::Timestamp, sent);
        }
        let octets = trying.finish();
        self.server_answer(now, id, 100, octets);
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
                if let Some(sdp) = &sdp {
                    within.remote_sdp.clone_from(sdp);
                }
                self.tell(Event::Confirmed { leg, at: now, sdp });
            }
            Some(uas::Output::SendBye) => self.send_bye(now, leg),
            Some(_) | None => {}
        }
        self.settle_leg(now, leg);
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
            self.refuse_asked(now, leg, 487);
            self.forget(leg);
            let reason = reason_of(&arrival.request);
            self.tell(Event::Cancelled { leg, reason });
        }
    }

    /// 200 through a transaction of its own.
    pub(super) fn answer_non_invite(
        &mut self,
        now: Instant,
        arrival: &Arrival<'_>,
        key: ServerKey,
        tag: &str,
    ) {
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
    pub(super) fn in_dialog(
        &mut self,
        now: Instant,
        arrival: &Arrival<'_>,
        key: ServerKey,
        leg: LegId,
        dialog: &DialogId,
    ) {
        let is_early = matches!(self.legs.get(&leg).map(|leg| &leg.phase), Some(Phase::Outgoing(_)));
        let taken = if is_early {
            self.take_in_fork(now, arrival, key, leg, dialog)
        } else {
            self.take_in_dialog(now, arrival, key, leg)
        };
        match taken {
            Ok(()) => {}
            Err(Refusal::Full) => {
                self.counters.transactions_full += 1;
                self.refuse_statelessly(arrival.way, &arrival.request, &Refusal::Full);
            }
            Err(refusal) => self.refuse_in_dialog(now, arrival, leg, &refusal),
        }
    }

    /// Refuses through a transaction: what is refused now, for something else is open, would else be taken when
    /// it comes again, and each side would have another session in mind. Without room it is refused all the same.
    fn refuse_in_dialog(&mut self, now: Instant, arrival: &Arrival<'_>, leg: LegId, refusal: &Refusal) {
        if self.check_room().is_err() {
            return self.refuse_statelessly(arrival.way, &arrival.request, refusal);
        }
        // A validated request has a key.
        let key = ServerKey::of(&arrival.request, &arrival.essentials);
        let leg = Some(leg).filter(|_| arrival.request.method == Method::Invite);
        let way = arrival.reply_way();
        let id = self.servers.begin(servers::Begin { key, merge: None, way, leg });
        let tag = self.stateless_tag(&arrival.request);
        let octets = self.refusal_octets(&arrival.request, arrival.way, refusal, &tag);
        self.server_answer(now, id, refusal.status(), octets);
    }

    fn take_in_dialog(
        &mut self,
        now: Instant,
        arrival: &Arrival<'_>,
        key: ServerKey,
        leg: LegId,
    ) -> Result<(), Refusal> {
        let request = &arrival.request;
        check_method(request)?;
        let Some(held) = self.legs.get_mut(&leg) else { return Err(Refusal::NoDialog) };
        let within = match &mut held.phase {
            Phase::InDialog(within) => within,
            Phase::Mortal { .. } if request.method == Method::Bye => {
                self.answer_non_invite(now, arrival, key, "");
                return Ok(());
            }
            Phase::Mortal { .. } | Phase::Subscribed(_) | Phase::Outgoing(_) => {
                return Err(Refusal::NoDialog);
            }
        };
        within.dialog.take_cseq(arrival.essentials.cseq.number).map_err(|_| Refusal::OutOfOrder)?;
        if request.method == Method::Bye {
            self.bye_in(now, arrival, key, leg);
            return Ok(());
        }
        check_content(request)?;
        if request.method == Method::Prack {
            // It is heard before new calls, even when there is no room: a 1xx is sent until it comes.
            return self.prack_in(now, arrival, key, leg);
        }
        self.check_room()?;
        match request.method {
            Method::Invite => return self.re_invite_in(now, arrival, key, leg),
            Method::Update => return self.update_in(now, arrival, key, leg),
            Method::Info => self.info_in(leg, request)?,
            Method::Refer => return self.refer_in(now, arrival, key, leg),
            _ => {}
        }
        self.answer_non_invite(now, arrival, key, "");
        Ok(())
    }

    /// A request in an early dialog of a call of ours. The peer may not end it (RFC 3261 §15), nor change
    /// what is not agreed on.
    fn take_in_fork(
        &mut self,
        now: Instant,
        arrival: &Arrival<'_>,
        key: ServerKey,
        leg: LegId,
        dialog: &DialogId,
    ) -> Result<(), Refusal> {
        let request = &arrival.request;
        check_method(request)?;
        let fork = self.fork_mut(leg, dialog).ok_or(Refusal::NoDialog)?;
        if matches!(request.method, Method::Bye | Method::Invite | Method::Prack) {
            return Err(Refusal::NoDialog);
        }
        if request.method == Method::Refer {
            return Err(Refusal::Forbidden);
        }
        fork.dialog.take_cseq(arrival.essentials.cseq.number).map_err(|_| Refusal::OutOfOrder)?;
        check_content(request)?;
        self.check_room()?;
        match request.method {
            Method::Update => return self.update_in_fork(now, arrival, key, leg, dialog),
            Method::Info => self.info_in(leg, request)?,
            _ => {}
        }
        self.answer_non_invite(now, arrival, key, "");
        Ok(())
    }

    /// BYE: 200, and 487 to an INVITE that is still open (RFC 3261 §15.1.2).
    fn bye_in(&mut self, now: Instant, arrival: &Arrival<'_>, key: ServerKey, leg: LegId) {
        self.answer_non_invite(now, arrival, key, "");
        self.refuse_asked(now, leg, 487);
        self.refuse_refer(now, leg, 487);
        // An ACK that waited for the switch is still owed; nothing else of ours is sent any more.
        if let Some(Phase::InDialog(within)) = self.legs.get_mut(&leg).map(|leg| &mut leg.phase) {
            within.change.stop();
        }
        self.acknowledge_owed(now, leg, None);
        self.answer_open(now, leg, super::command::Reply::status(487));
        let (told, changing) = match self.legs.get(&leg).map(|leg| &leg.phase) {
            Some(Phase::InDialog(within)) => {
                (!within.is_leaving(), within.changing.as_ref().map(|changing| changing.client))
            }
            Some(Phase::Outgoing(_) | Phase::Mortal { .. } | Phase::Subscribed(_)) | None => (false, None),
        };
        self.end_call_of(leg);
        self.leave_to_its_end(now, changing);
        if told {
            let reason = reason_of(&arrival.request);
            self.tell(Event::Bye { leg, reason });
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
        let retry_after_s = self.retry_after_s();
        self.terms_of(&arrival.request.headers)?;
        let Some(Phase::InDialog(within)) = self.legs.get_mut(&leg).map(|leg| &mut leg.phase) else {
            return Err(Refusal::NoDialog);
        };
        if within.asked.is_some() {
            return Err(Refusal::StillOpen { retry_after_s });
        }
        // Our re-INVITE, or our offer in an UPDATE (RFC 3261 §14.2, RFC 3311 §5.2).
        let changing = within.changing.is_some() && within.open_offer() == OpenOffer::Ours;
        if changing || within.refer.parting == Parting::AfterNotify {
            return Err(Refusal::OurOfferOpen);
        }
        within.update = update_of(&arrival.request.headers).unwrap_or(within.update);
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
pub fn sdp_of(request: &Request<'_>) -> Option<Vec<u8>> {
    body::sdp(request).ok().flatten().map(<[u8]>::to_vec)
}

/// The number of a validated request.
pub fn cseq_of(request: &Request<'_>) -> u32 {
    request.headers.first(Name::CSeq).and_then(|value| CSeq::read(value).ok()).map_or(0, |cseq| cseq.number)
}

/// Why the peer ends the call: the first Reason in numbers that we know (RFC 3326 §2).
fn reason_of(request: &Request<'_>) -> Option<Reason> {
    request.headers.values(Name::Reason).find_map(|value| {
        let (protocol, parameters) = split_at_outside(value, b';');
        let protocol = match trim(protocol) {
            name if name.eq_ignore_ascii_case(b"SIP") => Protocol::Sip,
            name if name.eq_ignore_ascii_case(b"Q.850") => Protocol::Q850,
            _ => return None,
        };
        let cause = Parameters::new(parameters.unwrap_or_default()).value("cause").and_then(decimal)?;
        Some(Reason { protocol, cause: u16::try_from(cause).ok()? })
    })
}

/// Whether we do that method within a dialog.
fn check_method(request: &Request<'_>) -> Result<(), Refusal> {
    match request.method {
        Method::Invite
        | Method::Bye
        | Method::Options
        | Method::Ack
        | Method::Prack
        | Method::Update
        | Method::Info
        | Method::Refer => Ok(()),
        Method::Cancel => Err(Refusal::NothingToCancel),
        Method::Other(_) => Err(Refusal::UnknownMethod),
        Method::Subscribe => Err(refused_in_call(&request.headers)),
        Method::Register | Method::Notify | Method::Message | Method::Publish => {
            Err(Refusal::MethodNotAllowed)
        }
    }
}
