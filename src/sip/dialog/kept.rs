//! A dialog written down, so that a later start of the engine can go on with it: its state (RFC 3261 §12) and no more.
//!
//! ```text
//!  Dialog ──keep──▶ Kept ──to disk, the engine dies, a new one starts──▶ revive ──▶ Dialog, same tags, higher CSeq
//! ```

use super::{Dialog, Translated};
use crate::id::TrunkName;
use crate::limits::KEPT_CSEQ_GAP;
use crate::phi::Phi;
use crate::sip::invite::change::Owner;
use crate::sip::way::Way;

/// A dialog as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its Call-ID.
    pub call_id: Phi<String>,
    /// The whole value of our From.
    pub local: Phi<String>,
    /// Our tag.
    pub local_tag: String,
    /// The whole value of our To.
    pub remote: Phi<String>,
    /// The peer's tag.
    pub remote_tag: String,
    /// The CSeq of our last request.
    pub local_cseq: u32,
    /// The CSeq of the peer's last request.
    pub remote_cseq: Option<u32>,
    /// The peer's Contact.
    pub remote_target: Phi<String>,
    /// The proxies that our requests pass, in their order.
    pub route_set: Vec<String>,
    /// How the peer's messages came. A connection is none that a later start could use.
    pub way: Way,
    /// Whether an address translator stands between.
    pub translated: Translated,
    /// Who began it.
    pub owner: Owner,
    /// The trunk that the call was placed over: it may ask for our account in the dialog too (RFC 3261 §22.2).
    pub trunk: Option<TrunkName>,
}

impl Dialog {
    /// The dialog, which `owner` began over that trunk, as it is written down; `None` if a party wrote something into it that is
    /// no text.
    pub fn keep(&self, owner: Owner, trunk: Option<TrunkName>) -> Option<Kept> {
        let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).ok();
        let phi = |octets: &[u8]| text(octets).map(Phi::new);
        Some(Kept {
            call_id: phi(&self.call_id)?,
            local: phi(&self.local)?,
            local_tag: text(&self.local_tag)?,
            remote: phi(&self.remote)?,
            remote_tag: text(&self.remote_tag)?,
            local_cseq: self.local_cseq,
            remote_cseq: self.remote_cseq,
            remote_target: phi(&self.remote_target)?,
            route_set: self.route_set.iter().map(|route| text(route)).collect::<Option<_>>()?,
            way: Way { connection: None, ..self.peer },
            translated: self.translated,
            owner,
            trunk,
        })
    }
}

impl Kept {
    /// The dialog, as far as it was written down. Requests of ours that came after are left room for: a gap in CSeq is no
    /// error (RFC 3261 §12.2.2), a number that came before is one.
    pub fn revive(&self) -> Dialog {
        let octets = |text: &str| Box::from(text.as_bytes());
        Dialog {
            call_id: octets(self.call_id.expose()),
            local: octets(self.local.expose()),
            local_tag: octets(&self.local_tag),
            remote: octets(self.remote.expose()),
            remote_tag: octets(&self.remote_tag),
            local_cseq: self.local_cseq.saturating_add(KEPT_CSEQ_GAP),
            remote_cseq: self.remote_cseq,
            remote_target: octets(self.remote_target.expose()),
            route_set: self.route_set.iter().map(|route| octets(route)).collect(),
            peer: self.way,
            translated: self.translated,
        }
    }
}
