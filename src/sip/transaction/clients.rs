//! The client transactions that live now, with the octets that they send again and what they are for.

use super::super::alerts::AlertId;
use super::super::carrier::{CarrierId, Line};
use super::super::registrar::Reached;
use super::super::subscription::SubscriptionId;
use super::super::summary::TellingId;
use super::super::way::{ConnectionId, Transport, Way};
use super::client_invite::{self, ClientInvite};
use super::client_non_invite::{self, ClientNonInvite};
use super::key::ClientKey;
use super::{StatusClass, Timers};
use crate::clock::Instant;
use crate::id::LegId;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

/// Names a client transaction inside the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientId(u64);

/// What a request of ours is for.
pub enum Purpose {
    /// A call that we place.
    Invite {
        /// The leg.
        leg: LegId,
        /// The INVITE: ACK, CANCEL and dialogs are made from it; once it is answered, what ACK and dialogs need.
        invite: Vec<u8>,
        /// The To tags of 2xx, one for each fork that answered.
        answers: Vec<Box<[u8]>>,
    },
    /// A call that has gone on to another target: nobody wants this one's answer any more.
    Left {
        /// The INVITE: ACK, CANCEL and the dialog that ends at once are made from it.
        invite: Vec<u8>,
        /// The To tags of 2xx that came all the same.
        answers: Vec<Box<[u8]>>,
        /// Whether it was cancelled.
        cancel: Cancel,
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
    /// Tells the sender of a REFER what comes of it.
    Notify {
        /// The leg.
        leg: LegId,
    },
    /// Tells a phone how many messages wait.
    Summary {
        /// Whose.
        user: Arc<str>,
        /// Which telling.
        telling: TellingId,
    },
    /// Tells the same to a phone that has asked for it.
    Subscriber {
        /// Its subscription.
        subscription: SubscriptionId,
    },
    /// Tells a phone that help was called.
    Alert {
        /// Which MESSAGE.
        alert: AlertId,
    },
    /// We log in at a carrier.
    Register {
        /// Which.
        carrier: CarrierId,
    },
    /// OPTIONS to a host of a carrier: is it there?
    Watch {
        /// Which.
        carrier: CarrierId,
    },
}

impl Purpose {
    /// The leg that it belongs to, if that still wants to hear of it.
    pub fn leg(&self) -> Option<LegId> {
        match self {
            Purpose::Invite { leg, .. }
            | Purpose::Probe { leg }
            | Purpose::ReInvite { leg, .. }
            | Purpose::Notify { leg }
            | Purpose::Update { leg } => Some(*leg),
            Purpose::Bye { leg } => *leg,
            Purpose::Left { .. }
            | Purpose::Cancel
            | Purpose::Prack
            | Purpose::Summary { .. }
            | Purpose::Subscriber { .. }
            | Purpose::Alert { .. }
            | Purpose::Register { .. }
            | Purpose::Watch { .. } => None,
        }
    }
}

/// Whether a CANCEL has been sent: not before a provisional answer comes (RFC 3261 §9.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancel {
    /// Not yet.
    Unsent,
    /// It has.
    Sent,
}

/// The ACK of a 2xx to a re-INVITE, sent again whenever that 2xx comes again (RFC 3261 §13.2.2.4).
pub struct Ack {
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
    /// Where else it could go.
    pub rest: VecDeque<Target>,
    /// Whether the request has left.
    pub sending: Sending,
    /// When an INVITE that has no answer at all goes on to another target, if there is one; when an OPTIONS to a carrier's
    /// host is in vain.
    pub patience: Option<Instant>,
    /// The carrier that it goes over: whose account answers a 401 or 407.
    pub carrier: Option<CarrierId>,
    /// How often the same target was answered that.
    pub challenges: u32,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// How it goes there.
    pub way: Way,
    /// What becomes of it if it is too large for a datagram.
    pub large: Large,
    /// The phone that is called there, if a user of ours is called: it has a Request-URI of its own.
    pub phone: Option<Arc<Reached>>,
    /// The line that is called there, if it is a carrier's host: it has a Request-URI of its own too.
    pub line: Option<Arc<Line>>,
}

impl Target {
    /// A target to which a large request goes by TCP.
    pub const fn new(way: Way) -> Self {
        Self { way, large: Large::ByTcp, phone: None, line: None }
    }

    /// A phone that has logged in. It is where it came from and nowhere else: behind a NAT no other transport leads
    /// there.
    pub fn phone(phone: Reached) -> Self {
        Self { way: phone.way, large: Large::AsItIs, phone: Some(Arc::new(phone)), line: None }
    }
}

/// What becomes of a request that is too large for a datagram (RFC 3261 §18.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Large {
    /// It goes by TCP.
    ByTcp,
    /// It goes in a datagram all the same: TCP did not get through.
    AsItIs,
}

/// Whether a request has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// Its next hop is being located.
    Held,
    /// It has.
    Sent,
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
    /// The transport says that the peer is not there.
    Unreachable,
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
    /// The peer is not there.
    Unreachable,
}

impl Client {
    /// Takes one input; there is at most one thing to do for it.
    pub fn handle(&mut self, now: Instant, input: Input) -> Option<Output> {
        if matches!(input, Input::Response(_)) {
            self.patience = None;
        }
        match &mut self.machine {
            Machine::Invite(machine) => {
                let input = match input {
                    Input::Response(class) => client_invite::Input::Response(class),
                    Input::Cancelled => client_invite::Input::Cancelled,
                    Input::Unreachable => client_invite::Input::Unreachable,
                    Input::Timeout => client_invite::Input::Timeout,
                };
                machine.handle(now, input).map(|output| match output {
                    client_invite::Output::Resend => Output::Resend,
                    client_invite::Output::Deliver => Output::Deliver,
                    client_invite::Output::AckAndDeliver => Output::AckAndDeliver,
                    client_invite::Output::Ack => Output::Ack,
                    client_invite::Output::TimedOut => Output::TimedOut,
                    client_invite::Output::Unreachable => Output::Unreachable,
                })
            }
            Machine::NonInvite(machine) => {
                let input = match input {
                    Input::Response(class) => client_non_invite::Input::Response(class),
                    Input::Timeout => client_non_invite::Input::Timeout,
                    Input::Unreachable => client_non_invite::Input::Unreachable,
                    Input::Cancelled => return None,
                };
                machine.handle(now, input).map(|output| match output {
                    client_non_invite::Output::Resend => Output::Resend,
                    client_non_invite::Output::Deliver => Output::Deliver,
                    client_non_invite::Output::TimedOut => Output::TimedOut,
                    client_non_invite::Output::Unreachable => Output::Unreachable,
                })
            }
        }
    }

    /// Whether it is an INVITE to which nobody has said anything yet.
    pub fn is_unanswered_invite(&self) -> bool {
        match &self.machine {
            Machine::Invite(machine) => machine.is_unanswered(),
            Machine::NonInvite(_) => false,
        }
    }

    /// Its name on the wire.
    pub const fn key(&self) -> &ClientKey {
        &self.key
    }

    /// When its `Timeout` is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let machine = match &self.machine {
            Machine::Invite(machine) => machine.poll_timeout(),
            Machine::NonInvite(machine) => machine.poll_timeout(),
        };
        [machine, self.patience].into_iter().flatten().min()
    }

    /// Whether nobody has answered for so long that another target is tried: told once.
    pub fn loses_patience(&mut self, now: Instant) -> bool {
        self.patience.take_if(|at| *at <= now).is_some()
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

/// All of them.
pub struct Clients {
    timers: Timers,
    /// Apart from the nodes of the map, which are half empty where names only grow.
    entries: BTreeMap<ClientId, Box<Client>>,
    by_key: BTreeMap<ClientKey, ClientId>,
    /// By where they go, so that a peer that is gone is found among many.
    by_remote: BTreeSet<(Transport, SocketAddr, ClientId)>,
    /// By the connection that they go by.
    by_connection: BTreeSet<(ConnectionId, ClientId)>,
    next: u64,
}

impl Clients {
    /// None yet.
    pub fn new(timers: Timers) -> Self {
        let (by_remote, by_connection) = (BTreeSet::new(), BTreeSet::new());
        let (entries, by_key) = (BTreeMap::new(), BTreeMap::new());
        Self { timers, entries, by_key, by_remote, by_connection, next: 0 }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// Enters a new transaction, whose request is about to be sent.
    pub fn begin(&mut self, now: Instant, begin: Begin) -> ClientId {
        let id = ClientId(self.next);
        self.next += 1;
        let machine = self.machine(now, &begin.purpose, begin.way.transport);
        let Begin { key, octets, way, purpose } = begin;
        self.by_key.insert(key.clone(), id);
        self.enter_way(id, &way);
        let (rest, sending, patience) = (VecDeque::new(), Sending::Held, None);
        let (carrier, challenges) = (None, 0);
        let client =
            Client { machine, key, octets, way, purpose, rest, sending, patience, carrier, challenges };
        self.entries.insert(id, Box::new(client));
        id
    }

    fn machine(&self, now: Instant, purpose: &Purpose, transport: Transport) -> Machine {
        match purpose {
            Purpose::Invite { .. } | Purpose::ReInvite { .. } | Purpose::Left { .. } => {
                Machine::Invite(ClientInvite::new(now, self.timers, transport))
            }
            Purpose::Cancel
            | Purpose::Bye { .. }
            | Purpose::Probe { .. }
            | Purpose::Update { .. }
            | Purpose::Prack
            | Purpose::Notify { .. }
            | Purpose::Register { .. }
            | Purpose::Watch { .. }
            | Purpose::Summary { .. }
            | Purpose::Alert { .. }
            | Purpose::Subscriber { .. } => {
                Machine::NonInvite(ClientNonInvite::new(now, self.timers, transport))
            }
        }
    }

    /// The request of a transaction goes another way than it began with, or by the same: its timers begin now.
    pub fn redirect(&mut self, now: Instant, id: ClientId, way: Way) {
        let Some(client) = self.entries.get(&id) else { return };
        let machine = self.machine(now, &client.purpose, way.transport);
        let Some(client) = self.entries.get_mut(&id) else { return };
        let old = std::mem::replace(&mut client.way, way);
        client.machine = machine;
        self.leave_way(id, &old);
        self.enter_way(id, &way);
    }

    fn enter_way(&mut self, id: ClientId, way: &Way) {
        self.by_remote.insert((way.transport, way.remote, id));
        self.by_connection.extend(way.connection.map(|connection| (connection, id)));
    }

    fn leave_way(&mut self, id: ClientId, way: &Way) {
        self.by_remote.remove(&(way.transport, way.remote, id));
        if let Some(connection) = way.connection {
            self.by_connection.remove(&(connection, id));
        }
    }

    /// A transaction has its final answer: whether its peer can still be reached concerns it no more, nor where else its
    /// request could have gone.
    pub fn answered(&mut self, id: ClientId) {
        let Some(client) = self.entries.get_mut(&id) else { return };
        client.rest = VecDeque::new();
        let way = client.way;
        self.leave_way(id, &way);
    }

    /// The transactions whose request goes there: to that address without a connection of their own, or by that
    /// connection.
    pub fn towards(&self, way: &Way) -> Vec<ClientId> {
        let (first, last) = (ClientId(0), ClientId(u64::MAX));
        let there = (way.transport, way.remote, first)..=(way.transport, way.remote, last);
        let to_address = self.by_remote.range(there).map(|&(.., id)| id);
        let free = to_address.filter(|id| self.entries.get(id).is_some_and(|c| c.way.connection.is_none()));
        let by_it = way.connection.into_iter().flat_map(|connection| {
            self.by_connection.range((connection, first)..=(connection, last)).map(|&(_, id)| id)
        });
        free.chain(by_it).collect()
    }

    /// Whether a peer has not answered our BYE yet.
    pub fn await_a_bye(&self) -> bool {
        self.entries.values().any(|it| matches!(it.purpose, Purpose::Bye { .. }) && !it.octets.is_empty())
    }

    /// The transaction of that name.
    pub fn find(&self, key: &ClientKey) -> Option<ClientId> {
        self.by_key.get(key).copied()
    }

    /// One of them.
    pub fn get_mut(&mut self, id: ClientId) -> Option<&mut Client> {
        self.entries.get_mut(&id).map(Box::as_mut)
    }

    /// Forgets one, and returns what it was for.
    pub fn remove(&mut self, id: ClientId) -> Option<Purpose> {
        let client = self.entries.remove(&id)?;
        self.by_key.remove(&client.key);
        self.leave_way(id, &client.way);
        Some(client.purpose)
    }
}
