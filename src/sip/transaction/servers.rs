//! The server transactions that live now, with the octets that they send again.
//!
//! A finished transaction keeps its key, its deadline and the response, nothing else: the call that
//! it belonged to is long gone.

use super::super::way::Way;
use super::key::{MergeKey, ServerKey};
use super::server_invite::{self, ServerInvite};
use super::server_non_invite::{self, ServerNonInvite};
use super::{StatusClass, Timers};
use crate::clock::Instant;
use crate::id::LegId;
use std::collections::BTreeMap;

/// Names a server transaction inside the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerId(u64);

/// One server transaction.
pub struct Server {
    machine: Machine,
    key: ServerKey,
    merge: Option<MergeKey>,
    /// The last answer; empty before the first.
    pub response: Vec<u8>,
    /// How answers go.
    pub way: Way,
    /// The leg, of an INVITE.
    pub leg: Option<LegId>,
}

enum Machine {
    Invite(ServerInvite),
    NonInvite(ServerNonInvite),
}

/// What is needed to begin a server transaction.
pub struct Begin {
    /// Its name on the wire.
    pub key: ServerKey,
    /// Its name for merged requests, outside dialogs.
    pub merge: Option<MergeKey>,
    /// How answers go.
    pub way: Way,
    /// The leg, of an INVITE; another method has none.
    pub leg: Option<LegId>,
}

/// What a transaction wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send the response for the first time.
    Send,
    /// Send the response again.
    Resend,
    /// The ACK is the core's.
    AckToCore,
}

/// What a retransmission, an ACK or a deadline is to a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The request came again.
    Request,
    /// An ACK came.
    Ack,
    /// The core answers.
    Answer(StatusClass),
    /// The deadline passed.
    Timeout,
}

impl Server {
    /// Its answer, to be sent. What stays has no room to spare: the writer's buffer goes out, its copy is kept.
    pub fn said(&mut self) -> Vec<u8> {
        let kept = self.response.clone();
        std::mem::replace(&mut self.response, kept)
    }

    /// Takes one input; there is at most one thing to do for it.
    pub fn handle(&mut self, now: Instant, input: Input) -> Option<Output> {
        match &mut self.machine {
            Machine::Invite(machine) => {
                let input = match input {
                    Input::Request => server_invite::Input::Invite,
                    Input::Ack => server_invite::Input::Ack,
                    Input::Answer(class) => server_invite::Input::Answer(class),
                    Input::Timeout => server_invite::Input::Timeout,
                };
                let output = machine.handle(now, input);
                // Acknowledged: whatever comes again is absorbed from now on (RFC 3261 §17.2.1).
                if matches!(input, server_invite::Input::Ack) && machine.only_lingers() {
                    self.response = Vec::new();
                }
                output.map(|output| match output {
                    server_invite::Output::Send => Output::Send,
                    server_invite::Output::Resend => Output::Resend,
                    server_invite::Output::AckToCore => Output::AckToCore,
                })
            }
            Machine::NonInvite(machine) => {
                let input = match input {
                    Input::Request => server_non_invite::Input::Request,
                    Input::Answer(_) => server_non_invite::Input::Answer,
                    Input::Timeout => server_non_invite::Input::Timeout,
                    Input::Ack => return None,
                };
                machine.handle(now, input).map(|output| match output {
                    server_non_invite::Output::Send => Output::Send,
                    server_non_invite::Output::Resend => Output::Resend,
                })
            }
        }
    }

    /// When its `Timeout` is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.machine {
            Machine::Invite(machine) => machine.poll_timeout(),
            Machine::NonInvite(machine) => machine.poll_timeout(),
        }
    }

    /// Nothing is sent any more unless a message comes: at the deadline it is only forgotten.
    pub fn only_lingers(&self) -> bool {
        match &self.machine {
            Machine::Invite(machine) => machine.only_lingers(),
            Machine::NonInvite(machine) => machine.only_lingers(),
        }
    }

    /// Nothing more can happen.
    pub fn is_terminated(&self) -> bool {
        match &self.machine {
            Machine::Invite(machine) => machine.is_terminated(),
            Machine::NonInvite(machine) => machine.is_terminated(),
        }
    }
}

/// All of them. Ordered maps: a peer chooses the keys.
pub struct Servers {
    timers: Timers,
    /// Apart from the nodes of the map, which are half empty where names only grow.
    entries: BTreeMap<ServerId, Box<Server>>,
    by_key: BTreeMap<ServerKey, ServerId>,
    by_merge: BTreeMap<MergeKey, ServerId>,
    next: u64,
}

impl Servers {
    /// None yet.
    pub fn new(timers: Timers) -> Self {
        let (entries, by_key, by_merge) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { timers, entries, by_key, by_merge, next: 0 }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// Enters a new transaction.
    pub fn begin(&mut self, begin: Begin) -> ServerId {
        let id = ServerId(self.next);
        self.next += 1;
        let machine = match begin.leg {
            Some(_) => Machine::Invite(ServerInvite::new(self.timers, begin.way.transport)),
            None => Machine::NonInvite(ServerNonInvite::new(self.timers, begin.way.transport)),
        };
        let Begin { key, merge, way, leg } = begin;
        self.by_key.insert(key.clone(), id);
        if let Some(merge) = &merge {
            self.by_merge.insert(merge.clone(), id);
        }
        let server = Server { machine, key, merge, response: Vec::new(), way, leg };
        self.entries.insert(id, Box::new(server));
        id
    }

    /// The transaction of that name.
    pub fn find(&self, key: &ServerKey) -> Option<ServerId> {
        self.by_key.get(key).copied()
    }

    /// Whether the same request came another way already (RFC 3261 §8.2.2.2).
    pub fn has_merged(&self, key: &MergeKey) -> bool {
        self.by_merge.contains_key(key)
    }

    /// One of them.
    pub fn get_mut(&mut self, id: ServerId) -> Option<&mut Server> {
        self.entries.get_mut(&id).map(Box::as_mut)
    }

    /// Forgets one.
    pub fn remove(&mut self, id: ServerId) {
        let Some(server) = self.entries.remove(&id) else { return };
        self.by_key.remove(&server.key);
        if let Some(merge) = server.merge {
            self.by_merge.remove(&merge);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::TIMERS;
    use super::*;
    use crate::wire::sip::message::{Message, parse};
    use crate::wire::sip::validate::read;

    fn begin(branch: u32, leg: Option<LegId>) -> Begin {
        let method = if leg.is_some() { "INVITE" } else { "BYE" };
        let text = format!(
            "{method} sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK{branch}\r\nFrom: <sip:c@d>;tag=1\r\n\
             To: <sip:a@b>\r\nCall-ID: i{branch}\r\nCSeq: 1 {method}\r\n\r\n"
        );
        let Ok(Message::Request(request)) = parse(text.as_bytes()) else { panic!("{text}") };
        let address = "10.0.0.1:5060".parse().unwrap();
        let essentials = read(&request).unwrap();
        let (key, merge) = (ServerKey::of(&request, &essentials), MergeKey::of(&request));
        Begin { key, merge, way: Way::udp(address, address), leg }
    }

    #[test]
    fn a_transaction_that_is_forgotten_leaves_no_name_behind() {
        // RFC 3261 §8.2.2.2
        let mut servers = Servers::new(TIMERS);
        let ids: Vec<_> = (0..100).map(|branch| servers.begin(begin(branch, Some(LegId(1))))).collect();
        let Begin { key, merge, .. } = begin(42, Some(LegId(1)));
        assert_eq!((servers.count(), servers.find(&key)), (100, Some(ids[42])));
        assert!(servers.has_merged(&merge.clone().unwrap()));
        servers.remove(ids[42]);
        servers.remove(ids[42]);
        assert_eq!((servers.count(), servers.find(&key)), (99, None));
        assert!(!servers.has_merged(&merge.unwrap()) && servers.get_mut(ids[42]).is_none());
    }

    #[test]
    fn a_leg_makes_it_an_invite_and_none_another_method() {
        let mut servers = Servers::new(TIMERS);
        let answer = Input::Answer(StatusClass::Success);
        let (invite, bye) = (servers.begin(begin(1, Some(LegId(1)))), servers.begin(begin(2, None)));
        let mut told = |id, input| servers.get_mut(id).unwrap().handle(Instant::START, input);
        assert_eq!([told(invite, answer), told(bye, answer)], [Some(Output::Send); 2]);
        assert_eq!(told(invite, Input::Request), None, "absorbed");
        assert_eq!(told(bye, Input::Request), Some(Output::Resend), "answered again");
        assert_eq!(told(invite, Input::Ack), Some(Output::AckToCore));
        assert_eq!(told(bye, Input::Ack), None);
    }
}
