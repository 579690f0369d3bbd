//! The order in which SIP messages have their turn: whoever is in a call before whoever wants one.
//!
//! ```text
//!  socket ─▶ responses, ACK, BYE, CANCEL, PRACK, all in a dialog ─▶ at once
//!         └▶ INVITE, OPTIONS, … outside a dialog ─▶ waits here ─▶ one, when the socket is empty
//! ```
//! Under more load than the engine can bear, what frees a line must not wait behind what takes one. A CANCEL
//! waits if an INVITE of its sender does: it must not overtake the one that it is about. What is sent again while
//! it waits is left out: it would take a turn of somebody else's, and come up when its call is long decided. What binds
//! the connection that it came over is left out when that is lost; whoever calls by it has his turn, for his answer finds
//! its way over a new one (RFC 3261 §18.2.2).
//! A call for help of the house waits like the others, and is not dropped: in a full inbox it has the place of the ordinary
//! request that has waited longest, whose sender sends it again.

use crate::clock::Instant;
use crate::limits::{INBOX_HELP_MAX, INBOX_MAX};
use crate::sip::way::{ConnectionId, Way};
use crate::wire::sip::message::{Message, Request, parse};
use crate::wire::sip::name::Name;
use crate::wire::sip::validate::validate_on_stream;
use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

/// Messages that wait for their turn.
#[derive(Default)]
pub struct Inbox {
    waiting: VecDeque<Waiting>,
    /// What waits, to know it when it comes again.
    known: BTreeSet<Transaction>,
    dropped: u64,
}

/// The request that a message is, however often it is sent (RFC 3261 §17.2.3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Transaction {
    from: SocketAddr,
    names: Box<[u8]>,
}

/// One message that waited.
pub struct Waiting {
    /// How it came.
    pub way: Way,
    /// The message.
    pub octets: Vec<u8>,
    since: Instant,
    transaction: Option<Transaction>,
    class: Class,
}

/// What a message that waits is to whom it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// It may be sent again.
    Ordinary,
    /// A phone of the house calls for help.
    Help,
}

impl Waiting {
    /// How long it has waited.
    pub fn waited(&self, now: Instant) -> Duration {
        now.since(self.since)
    }

    /// Whether it asks for requests of ours to go by the connection that it came over.
    fn binds_its_connection(&self) -> bool {
        [&b"REGISTER "[..], b"SUBSCRIBE "].iter().any(|method| self.octets.starts_with(method))
    }
}

/// When a message has its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// At once.
    Now,
    /// It was put into the inbox; or dropped, because that is full or holds it already.
    Later,
}

impl Inbox {
    /// Decides on a message that has just been read, and keeps it if it has to wait. `calls_for_help` says whether a request
    /// is the INVITE of a phone of the house to an emergency number.
    pub fn sort(
        &mut self,
        now: Instant,
        way: Way,
        octets: &[u8],
        calls_for_help: impl FnOnce(&Request<'_>) -> bool,
    ) -> Turn {
        if self.is_urgent(way, octets) {
            return Turn::Now;
        }
        let request = match parse(octets) {
            Ok(Message::Request(request)) => Some(request),
            Ok(Message::Response(_)) | Err(_) => None,
        };
        let transaction = request.as_ref().map(|request| Transaction::of(way, request));
        if transaction.as_ref().is_some_and(|one| self.known.contains(one)) {
            return Turn::Later;
        }
        let class = if request.is_some_and(|it| calls_for_help(&it)) { Class::Help } else { Class::Ordinary };
        if self.has_room(class) {
            self.known.extend(transaction.clone());
            self.waiting.push_back(Waiting { way, octets: octets.to_vec(), since: now, transaction, class });
        } else {
            // Its sender sends it again (RFC 3261 §17.1.1.2).
            self.dropped += 1;
        }
        Turn::Later
    }

    /// The one whose turn it is.
    pub fn take(&mut self) -> Option<Waiting> {
        self.take_at(0)
    }

    fn take_at(&mut self, at: usize) -> Option<Waiting> {
        let taken = self.waiting.remove(at)?;
        if let Some(transaction) = &taken.transaction {
            self.known.remove(transaction);
        }
        Some(taken)
    }

    /// Whether there is room for one more of that class. Who calls for help is made room for, by so many as a house could
    /// need: a phone that has gone mad must not drive all others out.
    fn has_room(&mut self, class: Class) -> bool {
        if self.waiting.len() < INBOX_MAX || class == Class::Ordinary {
            return self.waiting.len() < INBOX_MAX;
        }
        let for_help = self.waiting.iter().filter(|waiting| waiting.class == Class::Help).count();
        if for_help >= INBOX_HELP_MAX {
            return false;
        }
        let oldest = self.waiting.iter().position(|waiting| waiting.class == Class::Ordinary);
        let evicted = oldest.and_then(|at| self.take_at(at));
        self.dropped += u64::from(evicted.is_some());
        evicted.is_some()
    }

    /// That connection is gone: a phone that logs in or subscribes by it would be bound to nothing, and rung there for
    /// an hour.
    pub fn lost(&mut self, connection: ConnectionId) {
        let known = &mut self.known;
        self.waiting.retain(|waiting| {
            let stays = waiting.way.connection != Some(connection) || !waiting.binds_its_connection();
            if let Some(transaction) = waiting.transaction.as_ref().filter(|_| !stays) {
                known.remove(transaction);
            }
            stays
        });
    }

    /// Nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Messages that found the inbox full.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn is_urgent(&self, way: Way, octets: &[u8]) -> bool {
        if octets.starts_with(b"CANCEL ") {
            return !self.waiting.iter().any(|waiting| waiting.way.remote == way.remote);
        }
        let at_once: [&[u8]; 4] = [b"SIP/2.0 ", b"ACK ", b"BYE ", b"PRACK "];
        if at_once.iter().any(|start| octets.starts_with(start)) {
            return true;
        }
        match parse(octets) {
            // A tag in To is a dialog (RFC 3261 §12.2.2). What breaks a stream is answered before that is closed.
            Ok(Message::Request(request)) => {
                (way.transport.is_reliable() && validate_on_stream(&request).is_err())
                    || request
                        .headers
                        .first(Name::To)
                        .is_some_and(|to| to.windows(5).any(|part| part == b";tag="))
            }
            // Keep-alives and noise are soon dealt with.
            Ok(Message::Response(_)) | Err(_) => true,
        }
    }
}

impl Transaction {
    /// By all that stays the same when a request is sent again, and differs between two.
    fn of(way: Way, request: &Request<'_>) -> Self {
        let name = |name| request.headers.first(name).unwrap_or_default();
        let names = [name(Name::Via), name(Name::CallId), name(Name::From), name(Name::CSeq)];
        Self { from: way.remote, names: names.join(&b'\n').into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::way::Transport;
    use crate::wire::sip::method::Method;

    fn way(port: u16) -> Way {
        Way::udp("10.0.0.1:5060".parse().unwrap(), ([10, 0, 0, 2], port).into())
    }

    /// What an inbox does with a message that is no call for help.
    fn sort(inbox: &mut Inbox, port: u16, octets: &[u8]) -> Turn {
        inbox.sort(Instant::START, way(port), octets, |_| false)
    }

    fn request(method: &str, to: &str) -> Vec<u8> {
        format!(
            "{method} sip:100@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n\
             {to}\r\nCall-ID: 1\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
        )
        .into_bytes()
    }

    #[test]
    fn who_is_in_a_call_goes_before_who_wants_one() {
        let (outside, inside) = ("To: <sip:100@c>", "t: <sip:100@c>;tag=7");
        for (why, octets, turn) in [
            ("a new call", request("INVITE", outside), Turn::Later),
            ("a re-INVITE", request("INVITE", inside), Turn::Now),
            ("a ping", request("OPTIONS", outside), Turn::Later),
            ("a probe in a call", request("OPTIONS", inside), Turn::Now),
            ("a registration", request("REGISTER", outside), Turn::Later),
            ("a BYE", request("BYE", inside), Turn::Now),
            ("a BYE without a tag, to be refused", request("BYE", outside), Turn::Now),
            ("an ACK", request("ACK", inside), Turn::Now),
            ("a PRACK", request("PRACK", inside), Turn::Now),
            ("a response", b"SIP/2.0 200 OK\r\n\r\n".to_vec(), Turn::Now),
            ("a keep-alive", b"\r\n\r\n".to_vec(), Turn::Now),
            ("noise", vec![0xff; 40], Turn::Now),
        ] {
            assert_eq!(sort(&mut Inbox::default(), 5_060, &octets), turn, "{why}");
        }
    }

    #[test]
    fn a_cancel_does_not_overtake_its_invite() {
        let mut inbox = Inbox::default();
        let (invite, cancel) = (request("INVITE", "To: <sip:100@c>"), request("CANCEL", "To: <sip:100@c>"));
        assert_eq!(sort(&mut inbox, 5_060, &invite), Turn::Later);
        assert_eq!(sort(&mut inbox, 5_061, &cancel), Turn::Now, "of somebody else");
        assert_eq!(sort(&mut inbox, 5_060, &cancel), Turn::Later);
        let order: Vec<_> = std::iter::from_fn(|| inbox.take()).map(|it| it.octets).collect();
        assert_eq!(order, [invite, cancel.clone()]);
        assert_eq!(sort(&mut inbox, 5_060, &cancel), Turn::Now, "nothing waits any more");
    }

    #[test]
    fn what_is_sent_again_while_it_waits_takes_one_turn() {
        let mut inbox = Inbox::default();
        let invite = request("INVITE", "To: <sip:100@c>");
        for (port, octets) in [(5_060, &invite), (5_060, &invite), (5_061, &invite)] {
            assert_eq!(sort(&mut inbox, port, octets), Turn::Later);
        }
        let another = request("OPTIONS", "To: <sip:100@c>");
        assert_eq!(sort(&mut inbox, 5_060, &another), Turn::Later);
        assert_eq!(
            (inbox.waiting.len(), inbox.dropped()),
            (3, 0),
            "one of each caller, and the other request"
        );
        inbox.take();
        sort(&mut inbox, 5_060, &invite);
        assert_eq!(inbox.waiting.len(), 3, "it had its turn: now it is one that comes again");
    }

    #[test]
    fn who_would_be_bound_to_a_connection_that_is_gone_is_left_out_and_who_calls_is_not() {
        // RFC 3261 §18.2.2; RFC 5626 §4.2
        let over = |port: u16, id: Option<u64>| Way {
            transport: Transport::Tcp,
            connection: id.map(ConnectionId),
            ..way(port)
        };
        let left = |method: &str, by: Way| {
            let mut inbox = Inbox::default();
            let octets = request(method, "To: <sip:100@c>");
            assert_eq!(inbox.sort(Instant::START, by, &octets, |_| false), Turn::Later, "{method}");
            inbox.lost(ConnectionId(7));
            let stays = !inbox.is_empty();
            inbox.sort(Instant::START, by, &octets, |_| false);
            assert_eq!(inbox.waiting.len(), 1, "{method}: one that was left out may come again");
            stays
        };
        for (why, method, by, stays) in [
            ("a login", "REGISTER", over(40_001, Some(7)), false),
            ("a subscription", "SUBSCRIBE", over(40_001, Some(7)), false),
            ("a call: its answer goes by a new connection", "INVITE", over(40_001, Some(7)), true),
            ("a login by another connection", "REGISTER", over(40_001, Some(8)), true),
            ("a login by datagrams", "REGISTER", way(40_001), true),
        ] {
            assert_eq!(left(method, by), stays, "{why}");
        }
    }

    #[test]
    fn a_full_inbox_drops_and_counts() {
        let mut inbox = Inbox::default();
        let invite = request("INVITE", "To: <sip:100@c>");
        (0..INBOX_MAX as u16 + 3).for_each(|port| _ = sort(&mut inbox, port, &invite));
        assert_eq!((inbox.waiting.len(), inbox.dropped()), (INBOX_MAX, 3));
        let later = Instant::START + Duration::from_millis(7);
        assert_eq!(inbox.take().map(|it| it.waited(later)), Some(Duration::from_millis(7)));
    }

    #[test]
    fn a_full_inbox_takes_a_call_for_help_in_the_place_of_who_has_waited_longest() {
        let mut inbox = Inbox::default();
        let invite = request("INVITE", "To: <sip:100@c>");
        (0..INBOX_MAX as u16).for_each(|port| _ = sort(&mut inbox, port, &invite));
        let help = |inbox: &mut Inbox, port| {
            let turn =
                inbox.sort(Instant::START, way(port), &invite, |request| request.method == Method::Invite);
            assert_eq!(turn, Turn::Later);
        };
        let ports =
            |inbox: &Inbox| -> Vec<u16> { inbox.waiting.iter().map(|it| it.way.remote.port()).collect() };
        help(&mut inbox, 9_000);
        help(&mut inbox, 9_000);
        sort(&mut inbox, 9_001, &invite);
        let kept = ports(&inbox);
        assert_eq!(
            (kept[0], kept[INBOX_MAX - 2], kept[INBOX_MAX - 1]),
            (1, 1_023, 9_000),
            "the first is out"
        );
        assert_eq!(
            (kept.len(), inbox.dropped()),
            (INBOX_MAX, 2),
            "once, and who is no call for help is not let in"
        );
        sort(&mut inbox, 0, &invite);
        assert_eq!(inbox.dropped(), 3, "who was put out is not taken for one who waits");
        (0..2 * INBOX_MAX as u16).for_each(|port| help(&mut inbox, 10_000 + port));
        let for_help = ports(&inbox).iter().filter(|port| **port >= 9_000).count();
        assert_eq!(
            (for_help, inbox.waiting.len()),
            (INBOX_HELP_MAX, INBOX_MAX),
            "and callers still have room"
        );
        assert_eq!(inbox.known.len(), INBOX_MAX);
    }
}
