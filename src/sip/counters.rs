//! What the SIP machine tells of itself: its counters, where it is logged in, and which hosts of carriers are there.

use crate::id::TrunkName;
use std::net::SocketAddr;

/// What the SIP machine counts. Each is a total since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Datagrams seen.
    pub datagrams: u64,
    /// Datagrams that were no SIP at all.
    pub noise: u64,
    /// Keep-alives (RFC 5626 §3.5.1 and lone line ends).
    pub keep_alives: u64,
    /// Messages that break a rule of the RFC: answered 400 if they were requests.
    pub malformed: u64,
    /// Requests outside a dialog from networks that nobody named.
    pub unlisted: u64,
    /// Requests of sources that asked too much, dropped.
    pub over_rate: u64,
    /// Requests of banned sources, dropped.
    pub banned: u64,
    /// Requests of programs that look for engines to call through, dropped.
    pub scanners: u64,
    /// INVITEs from the Internet to numbers that no flow is named for, not answered.
    pub unrouted: u64,
    /// Requests seen, retransmissions included.
    pub requests: u64,
    /// Requests that were retransmissions.
    pub retransmissions_in: u64,
    /// Messages that we sent again.
    pub retransmissions_out: u64,
    /// Responses that belong to no transaction.
    pub stray_responses: u64,
    /// Answers given, by hundreds: 1xx to 6xx.
    pub answers: [u64; 6],
    /// 2xx whose ACK never came.
    pub acks_missing: u64,
    /// New transactions refused because the table was full.
    pub transactions_full: u64,
    /// Ways of which the transport said that nobody is at their end.
    pub unreachable: u64,
    /// Requests that went on to another target.
    pub failovers: u64,
    /// Challenges of carriers that were answered with an account.
    pub accounts_shown: u64,
    /// Requests that a carrier refused for our account: a wrong password, none at all, or an algorithm of another kind.
    pub accounts_refused: u64,
    /// Values of Diversion and History-Info that were none.
    pub diversions_unread: u64,
    /// OPTIONS to hosts of carriers.
    pub hosts_asked: u64,
    /// REGISTERs of users that were served.
    pub registers: u64,
    /// REGISTERs with a wrong password, or for somebody else.
    pub registers_refused: u64,
    /// REGISTERs that are to come again later: too many came at once.
    pub registers_shed: u64,
    /// NOTIFYs that told phones how many messages wait.
    pub summaries: u64,
    /// Those that were refused, or that nobody answered.
    pub summaries_refused: u64,
    /// MESSAGEs that told phones of a call for help.
    pub alerts: u64,
    /// Those that were refused, or that nobody answered.
    pub alerts_refused: u64,
    /// Texts that went to no phone: none is logged in, or too much waits for it.
    pub alerts_unsent: u64,
    /// SUBSCRIBEs that were served.
    pub subscriptions: u64,
    /// SUBSCRIBEs with a wrong password, or for another's mailbox.
    pub subscriptions_refused: u64,
    /// SUBSCRIBEs that are to come again later.
    pub subscriptions_sent_away: u64,
    /// Calls of phones that were asked for a password.
    pub invites_challenged: u64,
    /// Calls with a wrong password.
    pub invites_refused: u64,
}

/// What is known of the hosts of a carrier that is asked by OPTIONS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The carrier.
    pub name: TrunkName,
    /// Hosts that were found.
    pub hosts: usize,
    /// Those that answer.
    pub answering: usize,
    /// Those that calls go past.
    pub down: Vec<SocketAddr>,
}

/// Whether a carrier has us logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The carrier.
    pub name: TrunkName,
    /// What was granted last still holds.
    pub holds: bool,
    /// Refusals in a row since.
    pub failures: u32,
}
