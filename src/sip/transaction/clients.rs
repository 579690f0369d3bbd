//! The client transactions that live now, with the octets that they send again and what they are for.

use super::super::way::Way;
use super::client_invite::{self, ClientInvite};
use super::client_non_invite::{self, ClientNonInvite};
use super::key::ClientKey;
use super::{StatusClass, Timers};
use crate::clock::Instant;
use crate::id::LegId;
use std::collections::BTreeMap;

/// Names a client transaction inside the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientId(u64);

/// What a request of ours is for.
pub enum Purpose {
    /// A call that we place.
    Invite {
        /// The leg.
        leg: LegId,
        /// The INVITE: ACK, CANCEL and dialogs are made from it.
        invite: Vec<u8>,
        /// The ACKs of 2xx, one for each fork that answered.
        acks: Vec<Ack>,
    },
    /// Ends an INVITE.
    Cancel,
    /// Ends a dialog; `None` for the dialog of a fork that never had a leg.
    Bye {
        /// The leg.
        leg: Option<LegId>,
    },
    /// OPTIONS within a dialog.
    Probe {
        /// The leg.
        leg: LegId,
    },
    /// A re-INVITE of ours.
    ReInvite {
        /// The leg.
        leg: LegId,
        /// The re-INVITE: ACK and CANCEL are made from it.
        invite: Vec<u8>,
        /// The ACK of its 2xx.
        ack: Option<Ack>,
    },
    /// An UPDATE of ours.
    Update {
        /// The leg.
        leg: LegId,
    },
    /// Acknowledges a reliable 1xx.
    Prack,
}

/// The ACK of a 2xx, sent again whenever that 2xx comes again (RFC 3261 §13.2.2.4).
pub struct Ack {
    /// The To tag of the 2xx.
    pub tag: Vec<u8>,
    /// The ACK.
    pub octets: Vec<u8>,
    /// How it goes.
    pub way: Way,
}

/// One client transaction.
pub struct Client {
    machine: Machine,
    key: ClientKey,
    /// What is sent again: the request, or the ACK of a 3xx-6xx; empty when nothing is.
    pub octets: Vec<u8>,
    /// How it goes.
    pub way: Way,
    /// What it is for.
    pub purpose: Purpose,
}

enum Machine {
    Invite(ClientInvite),
    NonInvite(ClientNonInvite),
}

/// What is needed to begin a client transaction.
pub struct Begin {
    /// Its name on the wire.
    pub key: ClientKey,
    /// The request.
    pub octets: Vec<u8>,
    /// How it goes.
    pub way: Way,
    /// What it is for.
    pub purpose: Purpose,
}

/// What happens to a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A response came.
    Response(StatusClass),
    /// A CANCEL for it was sent.
    Cancelled,
    /// The deadline passed.
    Timeout,
}

/// What a transaction wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send the request again.
    Resend,
    /// The core hears the response.
    Deliver,
    /// Acknowledge the 3xx-6xx; the core hears it.
    AckAndDeliver,
    /// Acknowledge the 3xx-6xx again.
    Ack,
    /// Nobody answered.
    TimedOut,
}

impl Client {
    /// Takes one input; there is at most one thing to do for it.
    pub fn handle(&mut self, now: Instant, input: Input) -> Option<Output> {
        match &mut self.machine {
            Machine::Invite(machine) => {
                let input = match input {
                    Input::Response(class) => client_invite::Input::Response(class),
                    Input::Cancelled => client_invite::Input::Cancelled,
                    Input::Timeout => client_invite::Input::Timeout,
                };
                machine.handle(now, input).map(|output| match output {
                    client_invite::Output::Resend => Output::Resend,
                    client_invite::Output::Deliver => Output::Deliver,
                    client_invite::Output::AckAndDeliver => Output::AckAndDeliver,
                    client_invite::Output::Ack => Output::Ack,
                    client_invite::Output::TimedOut => Output::TimedOut,
                })
            }
            Machine::NonInvite(machine) => {
                let input = match input {
                    Input::Response(class) => client_non_invite::Input::Response(class),
                    Input::Timeout => client_non_invite::Input::Timeout,
                    Input::Cancelled => return None,
                };
                machine.handle(now, input).map(|output| match output {
                    client_non_invite::Output::Resend => Output::Resend,
                    client_non_invite::Output::Deliver => Output::Deliver,
                    client_non_invite::Output::TimedOut => Output::TimedOut,
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

/// All of them.
pub struct Clients {
    timers: Timers,
    entries: BTreeMap<ClientId, Client>,
    by_key: BTreeMap<ClientKey, ClientId>,
    next: u64,
}

impl Clients {
    /// None yet.
    pub fn new(timers: Timers) -> Self {
        Self { timers, entries: BTreeMap::new(), by_key: BTreeMap::new(), next: 0 }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// Enters a new transaction, whose request is sent now.
    pub fn begin(&mut self, now: Instant, begin: Begin) -> ClientId {
        let id = ClientId(self.next);
        self.next += 1;
        let machine = match begin.purpose {
            Purpose::Invite { .. } | Purpose::ReInvite { .. } => {
                Machine::Invite(ClientInvite::new(now, self.timers))
            }
            Purpose::Cancel
            | Purpose::Bye { .. }
            | Purpose::Probe { .. }
            | Purpose::Update { .. }
            | Purpose::Prack => Machine::NonInvite(ClientNonInvite::new(now, self.timers)),
        };
        let Begin { key, octets, way, purpose } = begin;
        self.by_key.insert(key.clone(), id);
        self.entries.insert(id, Client { machine, key, octets, way, purpose });
        id
    }

    /// The transaction of that name.
    pub fn find(&self, key: &ClientKey) -> Option<ClientId> {
        self.by_key.get(key).copied()
    }

    /// One of them.
    pub fn get_mut(&mut self, id: ClientId) -> Option<&mut Client> {
        self.entries.get_mut(&id)
    }

    /// Forgets one, and returns what it was for.
    pub fn remove(&mut self, id: ClientId) -> Option<Purpose> {
        let client = self.entries.remove(&id)?;
        self.by_key.remove(&client.key);
        Some(client.purpose)
    }
}
