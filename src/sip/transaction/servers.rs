//! The server transactions that live now, with the octets that they send again.
//!
//! A finished transaction keeps its key, its deadline and the response, nothing else: the call that
//! it belonged to is long gone.

use super::key::{MergeKey, ServerKey};
use super::server_invite::{self, ServerInvite};
use super::server_non_invite::{self, ServerNonInvite};
use super::{StatusClass, Timers};
use crate::clock::Instant;
use crate::id::LegId;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Names a server transaction inside the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerId(u64);

/// One server transaction.
#[derive(Debug)]
pub struct Server {
    machine: Machine,
    key: ServerKey,
    merge: Option<MergeKey>,
    /// The last answer; empty before the first.
    pub response: Vec<u8>,
    /// Our address that the request came to.
    pub local: SocketAddr,
    /// Where answers go.
    pub to: SocketAddr,
    /// The leg, of an INVITE.
    pub leg: Option<LegId>,
}

#[derive(Debug)]
enum Machine {
    Invite(ServerInvite),
    NonInvite(ServerNonInvite),
}

/// What is needed to begin a server transaction.
#[derive(Debug)]
pub struct Begin {
    /// Its name on the wire.
    pub key: ServerKey,
    /// Its name for merged requests, outside dialogs.
    pub merge: Option<MergeKey>,
    /// Our address that the request came to.
    pub local: SocketAddr,
    /// Where answers go.
    pub to: SocketAddr,
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
                machine.handle(now, input).map(|output| match output {
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

    /// Nothing more can happen.
    pub fn is_terminated(&self) -> bool {
        match &self.machine {
            Machine::Invite(machine) => machine.is_terminated(),
            Machine::NonInvite(machine) => machine.is_terminated(),
        }
    }
}

/// All of them. Ordered maps: a peer chooses the keys.
#[derive(Debug)]
pub struct Servers {
    timers: Timers,
    entries: BTreeMap<ServerId, Server>,
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
            Some(_) => Machine::Invite(ServerInvite::new(self.timers)),
            None => Machine::NonInvite(ServerNonInvite::new(self.timers)),
        };
        let Begin { key, merge, local, to, leg } = begin;
        self.by_key.insert(key.clone(), id);
        if let Some(merge) = &merge {
            self.by_merge.insert(merge.clone(), id);
        }
        self.entries.insert(id, Server { machine, key, merge, response: Vec::new(), local, to, leg });
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
        self.entries.get_mut(&id)
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
