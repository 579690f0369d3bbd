//! BYE: a dialog is told of its end once. Another transaction needs a reason that the engine had before it left: what
//! carried the first one ended, or nobody took that (RFC 3261 §8.1.3.1, §18.4), nobody answered for 64·T1, or the
//! answer was 503 (RFC 3263 §4.3).

use super::super::phone::GIVE_UP;
use super::Verdict;
use careline::clock::Instant;
use careline::sip::way::{ConnectionId, Way};
use careline::wire::sip::message::{Message, Request, Response, parse};
use careline::wire::sip::name::Name;
use careline::wire::sip::via::Via;
use std::collections::BTreeMap;

/// A phone, and its tag in the dialog that ends.
pub type Party = (usize, String);

/// What was seen of them.
#[derive(Default)]
pub struct Byes {
    /// The last one of each dialog.
    last: BTreeMap<Party, Bye>,
}

struct Bye {
    branch: Vec<u8>,
    /// When it left first.
    at: Instant,
    way: Way,
    /// The connection that it went by.
    by: Option<ConnectionId>,
    fate: Fate,
}

/// What the engine knows of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Nothing.
    Open,
    /// It arrived: no reason for another one is left.
    Answered,
    /// It may be lost, or was turned away.
    Failed,
}

impl Byes {
    /// Whether one went there before.
    pub fn is_told(&self, party: &Party) -> bool {
        self.last.contains_key(party)
    }

    /// Whether this phone was told of an end.
    pub fn is_any_told(&self, phone: usize) -> bool {
        self.last.keys().any(|(known, _)| *known == phone)
    }

    /// One leaves, for the first time or again.
    pub fn left(&mut self, now: Instant, party: Party, way: Way, bye: &Request<'_>) -> Verdict {
        let branch = branch(bye.headers.first(Name::Via));
        if let Some(known) = self.last.get(&party) {
            if known.branch == branch {
                return Ok(());
            }
            let (at, fate, phone) = (known.at, known.fate, party.0);
            let is_given_up = fate == Fate::Open && now.since(at) >= GIVE_UP;
            if fate != Fate::Failed && !is_given_up {
                return Err(format!(
                    "phone {phone} is told BYE in two transactions: the first left at {at:?} by {:?} ({:?}) and \
                     is {fate:?}, the second leaves by {way:?}",
                    known.way, known.by
                ));
            }
        }
        self.last.insert(party, Bye { branch, at: now, way, by: None, fate: Fate::Open });
        Ok(())
    }

    /// A message goes by that connection.
    pub fn carried(&mut self, id: ConnectionId, octets: &[u8]) {
        if !octets.starts_with(b"BYE ") {
            return;
        }
        let Ok(Message::Request(bye)) = parse(octets) else { return };
        let branch = branch(bye.headers.first(Name::Via));
        if let Some(bye) = self.last.values_mut().find(|bye| bye.branch == branch) {
            bye.by = Some(id);
        }
    }

    /// The engine is about to hear that nothing more goes this way.
    pub fn lost(&mut self, way: Way) {
        let is_by_it = |bye: &&mut Bye| match (bye.by, way.connection) {
            (Some(by), Some(lost)) => by == lost,
            (None, _) => (bye.way.transport, bye.way.remote) == (way.transport, way.remote),
            (Some(_), None) => false,
        };
        self.last
            .values_mut()
            .filter(|bye| bye.fate == Fate::Open)
            .filter(is_by_it)
            .for_each(|bye| bye.fate = Fate::Failed);
    }

    /// An answer of that phone came.
    pub fn answered(&mut self, phone: usize, response: &Response<'_>) {
        let is_to_bye = response.headers.first(Name::CSeq).is_some_and(|cseq| cseq.ends_with(b"BYE"));
        if !is_to_bye || response.status < 200 {
            return;
        }
        let branch = branch(response.headers.first(Name::Via));
        let asked = self.last.iter_mut().find(|((known, _), bye)| *known == phone && bye.branch == branch);
        if let Some((_, bye)) = asked.filter(|(_, bye)| bye.fate == Fate::Open) {
            bye.fate = if response.status == 503 { Fate::Failed } else { Fate::Answered };
        }
    }
}

fn branch(via: Option<&[u8]>) -> Vec<u8> {
    let via = via.and_then(|via| Via::read(via).ok());
    via.and_then(|via| via.branch().map(<[u8]>::to_vec)).unwrap_or_default()
}
