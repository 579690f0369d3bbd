//! One leg as the stack holds it: from the INVITE to the end of the BYE.
//! ```text
//!  they call:  InDialog{Early} ──200──▶ InDialog{Established} ──our BYE──▶ Mortal ──▶ gone
//!  we call:    Outgoing ────────200──▶        (the same)
//!              └ a fork for each party that rang: an early dialog
//! ```
//! A mortal dialog is one that our BYE ended: a BYE that crosses it is still answered 200
//! (RFC 5407 §3.2.1). One that their BYE ended lives on while they are told of their REFER (RFC 5057 §4.1).

use super::super::carrier::CarrierId;
use super::super::dialog::{Dialog, DialogId};
use super::super::interface::Reliability;
use super::super::invite::change::{Change, Content, Means, Owner};
use super::super::invite::refer::{Order, Subscription};
use super::super::invite::reliable::{Body, Reliable};
use super::super::invite::session_timer::{SessionTimer, Terms};
use super::super::invite::uac::Uac;
use super::super::invite::uas::{Final, Offer, Standing, Uas};
use super::super::transaction::Timers;
use super::super::transaction::clients::ClientId;
use super::super::transaction::servers::ServerId;
use super::super::way::Way;
use super::command::Reply;
use crate::clock::Instant;

/// One leg.
pub struct Leg {
    /// The text of the Reason header field for the request that ends it.
    pub reason: Option<&'static str>,
    /// The carrier that it was called over.
    pub carrier: Option<CarrierId>,
    /// How far it is.
    pub phase: Phase,
}

/// How far a leg is.
pub enum Phase {
    /// We call, and nobody answered yet.
    Outgoing(Box<Calling>),
    /// There is a dialog.
    InDialog(Box<InDialog>),
    /// We sent BYE.
    Mortal {
        /// The dialog that was.
        dialog: DialogId,
    },
    /// They sent BYE, and are still told what comes of their REFER.
    Subscribed(Box<Subscribed>),
}

/// A dialog in which nothing is left but the subscription of a REFER.
pub struct Subscribed {
    /// The dialog.
    pub dialog: Dialog,
    /// What they are told.
    pub subscription: Subscription,
}

/// A call of ours that nobody answered yet.
pub struct Calling {
    /// The caller's core.
    pub uac: Uac,
    /// The INVITE client transaction.
    pub invite: ClientId,
    /// Early dialogs, one for each To tag (RFC 3261 §12.1.2).
    pub forks: Vec<Fork>,
    /// Our offer.
    pub sdp: Vec<u8>,
    /// How often the session interval was too short for a hop on the way (RFC 4028 §7.4).
    pub interval_tries: u32,
}

/// An early dialog of a call of ours.
pub struct Fork {
    /// The dialog.
    pub dialog: Dialog,
    /// The RSeq of the last 1xx that we acknowledged.
    pub rseq: Option<u32>,
    /// What it says of media.
    pub sdp: Option<Vec<u8>>,
    /// Whether that is its answer, for good.
    pub answer: Answer,
    /// An offer of the peer that waits for the switch.
    pub asked: Option<Asked>,
}

/// Whether the SDP of an early dialog is its answer: only in a reliable 1xx it is (RFC 3262 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Our offer is answered.
    Given,
    /// It is not.
    Open,
}

/// A dialog and what may be open in it.
pub struct InDialog {
    /// The dialog.
    pub dialog: Dialog,
    /// Our tag: in To of every answer to the first INVITE.
    pub local_tag: String,
    /// The callee's core, for the first INVITE and every re-INVITE.
    pub uas: Uas,
    /// The INVITE that is open, or whose ACK is missing.
    pub incoming: Option<Incoming>,
    /// Whether the first INVITE was answered.
    pub stage: Stage,
    /// Our 1xx that must not be lost.
    pub reliable: Reliable,
    /// Whether the caller requires that of every 1xx.
    pub reliability: Reliability,
    /// An answer to the INVITE that waits for a PRACK.
    pub held_back: Option<Reply>,
    /// An offer of the peer, in UPDATE or PRACK, that waits for the switch.
    pub asked: Option<Asked>,
    /// Our own changes of the session.
    pub change: Change,
    /// The request that carries the change which is open.
    pub changing: Option<Changing>,
    /// When the session is refreshed, or over.
    pub timer: SessionTimer,
    /// The least session interval of the hops between, in seconds: 0 if none was told (RFC 4028 §7.4).
    pub least_interval_s: u32,
    /// Who owns the Call-ID.
    pub owner: Owner,
    /// Whether the peer allows UPDATE.
    pub update: Update,
    /// What we said of media last.
    pub local_sdp: Vec<u8>,
    /// What they said last.
    pub remote_sdp: Vec<u8>,
    /// Their REFER, and what hangs on it.
    pub refer: Refer,
}

/// What a dialog has of REFERs: one is taken at a time.
#[derive(Default)]
pub struct Refer {
    /// The one that waits for the switch.
    pub asked: Option<AskedRefer>,
    /// What the sender of the last one is told.
    pub subscription: Option<Subscription>,
    /// Whether the next one is the first.
    pub order: Order,
    /// Whether our BYE waits for the answer to a NOTIFY.
    pub parting: Parting,
}

/// A REFER that waits for the switch.
pub struct AskedRefer {
    /// The request.
    pub incoming: Incoming,
    /// Whether its sender wants to be told.
    pub wish: Wish,
    /// When it is refused: nothing may answer it after Timer F (RFC 4320 §4.1).
    pub until: Instant,
}

/// Whether the sender of a REFER wants to be told what comes of it (RFC 4488 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// By NOTIFY.
    Told,
    /// Not at all: `Refer-Sub: false`.
    Untold,
}

/// Whether our BYE waits for the answer to the last NOTIFY.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parting {
    /// There is none.
    #[default]
    Stays,
    /// It does.
    AfterNotify,
}

impl Refer {
    /// A REFER has no answer yet, or its sender is still told of it.
    pub fn is_open(&self) -> bool {
        self.asked.is_some() || self.subscription.is_some()
    }
}

/// A re-INVITE or UPDATE of ours on its way.
pub struct Changing {
    /// Its transaction.
    pub client: ClientId,
    /// The caller's core, for CANCEL.
    pub uac: Uac,
    /// When it is taken back.
    pub patience: Option<Instant>,
    /// The CSeq of the ACK that waits for the switch's answer to their offer.
    pub ack_owed: Option<u32>,
}

/// Whether the first INVITE was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Not yet: to end it is to refuse it.
    Early,
    /// Yes: to end it is to send BYE.
    Established,
}

/// Whether the peer's Allow names UPDATE (RFC 3311 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// It does.
    Allowed,
    /// It does not, or there was none.
    NotAllowed,
}

/// An INVITE from the peer: its octets are kept until it is done with, for answers are made from it.
pub struct Incoming {
    /// The server transaction.
    pub transaction: ServerId,
    /// The request.
    pub octets: Vec<u8>,
    /// How it came.
    pub way: Way,
    /// Its CSeq: the ACK carries it too.
    pub cseq: u32,
    /// What it agrees on session timers.
    pub terms: Option<Terms>,
}

/// An UPDATE or PRACK from the peer whose offer waits for the switch.
pub struct Asked {
    /// The request.
    pub incoming: Incoming,
    /// The offer.
    pub sdp: Vec<u8>,
    /// What it refreshes.
    pub refreshes: Refreshes,
    /// When it is refused: nothing may answer it after Timer F (RFC 4320 §4.1).
    pub until: Instant,
}

/// Whether a request refreshes target and session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refreshes {
    /// UPDATE does.
    Session,
    /// PRACK does not.
    Nothing,
}

/// Whose offer waits for its answer in a dialog (RFC 3264 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenOffer {
    /// None does.
    None,
    /// Ours, or one that we are asked for.
    Ours,
    /// Theirs.
    Theirs,
}

impl InDialog {
    /// A dialog that an INVITE of `owner` began; its first reliable 1xx has the number after `rseq`.
    pub fn new(dialog: Dialog, owner: Owner, rseq: u32, timers: Timers) -> Self {
        let (stage, standing) = match owner {
            Owner::Us => (Stage::Established, Standing::Confirmed),
            Owner::Them => (Stage::Early, Standing::Early),
        };
        Self {
            dialog,
            local_tag: String::new(),
            uas: Uas::new(standing, timers),
            incoming: None,
            stage,
            reliable: Reliable::idle(rseq, timers),
            reliability: Reliability::NotRequired,
            held_back: None,
            asked: None,
            change: Change::default(),
            changing: None,
            timer: SessionTimer::off(),
            least_interval_s: 0,
            owner,
            update: Update::NotAllowed,
            local_sdp: Vec::new(),
            remote_sdp: Vec::new(),
            refer: Refer::default(),
        }
    }

    /// Whether a request of ours that changes the session may go (RFC 3261 §14.1, RFC 3311 §5.1).
    pub fn is_free(&self) -> bool {
        self.stage == Stage::Established
            && self.uas.is_idle()
            && self.asked.is_none()
            && self.changing.is_none()
    }

    /// Whose offer waits for its answer.
    pub fn open_offer(&self) -> OpenOffer {
        let our_change = self.change.open().is_some_and(|wish| {
            wish.means == Means::ReInvite || matches!(wish.content, Content::Offer(_) | Content::Ask)
        });
        if self.asked.is_some() {
            return OpenOffer::Theirs;
        }
        // Once our BYE waits for an ACK nothing of theirs is taken any more.
        if our_change || self.is_leaving() || self.reliable.waits_with() == Some(Body::Offer) {
            return OpenOffer::Ours;
        }
        match self.uas.offer() {
            Some((Offer::InInvite, Final::NotSent)) => OpenOffer::Theirs,
            Some((Offer::InSuccess, Final::NotSent | Final::Sent)) => OpenOffer::Ours,
            Some((Offer::InInvite, Final::Sent) | (Offer::Settled, _)) | None => OpenOffer::None,
        }
    }

    /// Our side has left, and its BYE waits.
    pub fn is_leaving(&self) -> bool {
        self.uas.is_leaving() || self.refer.parting == Parting::AfterNotify
    }

    /// Whether an answer to the INVITE has to wait for the PRACK of a 1xx (RFC 3262 §3).
    pub fn must_wait(&self, status: u16) -> bool {
        match (self.reliable.waits_with(), status) {
            // The offer in a PRACK is answered first.
            (None, 200..=299) => self.asked.is_some(),
            (None, _) | (Some(_), 300..) => false,
            (Some(body), 200..=299) => body != Body::Empty,
            (Some(_), ..=199) => true,
        }
    }

    /// The earliest deadline of all that waits in the dialog.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let patience = self.changing.as_ref().and_then(|changing| changing.patience);
        let glare = self.change.poll_timeout().filter(|_| self.is_free());
        let asked = self.asked.as_ref().map(|asked| asked.until);
        let refer = self.refer.asked.as_ref().map(|asked| asked.until);
        let told = self.refer.subscription.as_ref().and_then(Subscription::poll_timeout);
        let deadlines = [
            self.uas.poll_timeout(),
            self.reliable.poll_timeout(),
            self.timer.poll_timeout(),
            patience,
            glare,
            asked,
            refer,
            told,
        ];
        deadlines.into_iter().flatten().min()
    }
}

impl Leg {
    /// Our side gave the leg up: nothing more is told of it, whatever is still on its way.
    pub fn is_given_up(&self) -> bool {
        match &self.phase {
            Phase::Outgoing(calling) => calling.uac.is_given_up(),
            Phase::InDialog(within) => within.is_leaving(),
            Phase::Mortal { .. } | Phase::Subscribed(_) => true,
        }
    }
}

impl Calling {
    /// The early dialog of that name.
    pub fn fork_mut(&mut self, id: &DialogId) -> Option<&mut Fork> {
        self.forks.iter_mut().find(|fork| fork.dialog.id() == *id)
    }

    /// The earliest deadline of all that waits in the early dialogs.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.forks.iter().filter_map(|fork| fork.asked.as_ref()).map(|asked| asked.until).min()
    }
}
