//! One leg as the stack holds it: from the INVITE to the end of the BYE.
//! ```text
//!  they call:  InDialog{Early} ──200──▶ InDialog{Established} ──our BYE──▶ Mortal ──▶ gone
//!  we call:    Outgoing ────────200──▶        (the same)
//! ```
//! A mortal dialog is one that our BYE ended: a BYE that crosses it is still answered 200
//! (RFC 5407 §3.2.1).

use super::super::dialog::{Dialog, DialogId};
use super::super::invite::uac::Uac;
use super::super::invite::uas::Uas;
use super::super::transaction::clients::ClientId;
use super::super::transaction::servers::ServerId;
use super::super::way::Way;

/// One leg.
pub struct Leg {
    /// The text of the Reason header field for the request that ends it.
    pub reason: Option<&'static str>,
    /// How far it is.
    pub phase: Phase,
}

/// How far a leg is.
pub enum Phase {
    /// We call, and nobody answered yet.
    Outgoing {
        /// The caller's core.
        uac: Uac,
        /// The INVITE client transaction.
        invite: ClientId,
    },
    /// There is a dialog.
    InDialog(Box<InDialog>),
    /// We sent BYE.
    Mortal {
        /// The dialog that was.
        dialog: DialogId,
    },
}

/// A dialog and the INVITE that may be open in it.
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
}

/// Whether the first INVITE was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Not yet: to end it is to refuse it.
    Early,
    /// Yes: to end it is to send BYE.
    Established,
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
}
