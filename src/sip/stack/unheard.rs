//! A call whose connection is gone before anybody said anything, with no other way to go: it has failed (RFC 3261 §17.1.4), but
//! its INVITE may have arrived. What the phone says late, over a connection of its own, is still heard: its ringing is
//! cancelled (§9.1), and who picks up is told at once that nobody is there (§13.2.2.4).

use super::Stack;
use crate::clock::Instant;
use crate::sip::transaction::clients::{Begin, Cancel, ClientId, Purpose, Sending};
use crate::sip::way::Way;

impl Stack {
    /// Such a call. Where no connection stood nothing has arrived, and where there is another way it goes on by that.
    pub(super) fn unheard(&mut self, id: ClientId, lost: &Way) -> Option<Begin> {
        lost.connection?;
        let client = self.clients.get_mut(id)?;
        let Purpose::Invite { invite, .. } = &client.purpose else { return None };
        let is_alone = client.sending == Sending::Sent && client.rest.is_empty();
        let purpose = Purpose::Left { invite: invite.clone(), answers: Vec::new(), cancel: Cancel::Unsent };
        is_alone.then(|| Begin { key: client.key().clone(), octets: Vec::new(), way: client.way, purpose })
    }

    /// It has failed: answers to it are heard for 64·T1 more, and nothing is sent again.
    pub(super) fn hear_late(&mut self, now: Instant, unheard: Begin) {
        let id = self.clients.begin(now, unheard);
        if let Some(client) = self.clients.get_mut(id) {
            client.sending = Sending::Sent;
        }
        self.retime_client(id);
    }
}
