//! What goes into the SIP machine and what comes out of it: closed enums, so that the switch, the
//! simulation and the tests speak to the same machine.
//!
//! The machine answers by itself what the RFCs settle (`stack/refusal.rs` has the statuses in one place),
//! acknowledges, refreshes and sends again; whether a call is taken, and what is heard in it, is the switch's.

use crate::clock::Instant;
use crate::id::{LegId, TrunkName};
use crate::phi::Phi;
use crate::sip::carrier::{Carrier, HostChange};
use crate::sip::dialog::kept::Kept as KeptDialog;
use crate::sip::digest::Ha1;
use crate::sip::digest::nonce::Secret;
use crate::sip::diverted::{CarriedOn, Diversions};
use crate::sip::help::Help;
use crate::sip::locate::{LocateId, Question, Record};
use crate::sip::refer::{Refer, Replaced};
use crate::sip::registrar::Keep;
use crate::sip::registrar::binding::Kept;
use crate::sip::way::Way;
use crate::wire::sip::diversion::Privacy;
use crate::wire::telephone_event::Key;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// Settings of the SIP machine.
#[derive(Clone, Debug)]
pub struct Settings {
    /// T1, the estimate of the round trip; every other timer follows from it (RFC 3261 §17.1.1.1).
    pub t1: Duration,
    /// How long a target of a call of ours may say nothing at all while there is another one (RFC 3263 §4.3).
    pub target_patience: Duration,
    /// The address told in Contact in place of the one the peer reached us at.
    pub external_address: Option<IpAddr>,
    /// Text of the Server and User-Agent header fields.
    pub product: String,
    /// Networks whose requests outside a dialog are listened to; others are dropped and counted.
    pub listen_to: Vec<Network>,
    /// Networks whose requests are not measured: trunks, and this machine.
    pub trusted: Vec<Network>,
    /// Requests outside a dialog that are heard from each other source in a second.
    pub requests_a_second: u32,
    /// Who is heard whatever else his source has sent.
    pub help: Help,
    /// The session interval that we ask for, in seconds; 0 asks for none (RFC 4028 §4).
    pub session_expires_s: u32,
    /// What keys in INFO are worth.
    pub info_keys: InfoKeys,
    /// What programs name themselves, besides those of [`super::scanners`], that are not heard.
    pub drop_agents: Vec<String>,
}

/// Whether keys in INFO are told. Some carriers send each key this way and as an RTP event: the switch takes one press
/// that comes in two ways once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InfoKeys {
    /// [`Event::Info`] tells of them, and they count for who agreed on no RTP events.
    Told,
    /// They are told too, and count for who agreed on RTP events as well.
    Paired,
    /// They are answered and forgotten.
    Ignored,
}

/// An IP network: those addresses whose first `prefix` bits are those of `base`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// Any address of the network.
    pub base: IpAddr,
    /// Leading bits that count.
    pub prefix: u8,
}

impl Network {
    /// Whether `address` belongs to this network; an IPv4 address in IPv6 clothes (`::ffff:…`) is taken as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(a)) => {
                same_prefix(base.to_bits().into(), a.to_bits().into(), 32, self.prefix)
            }
            (IpAddr::V6(base), IpAddr::V6(a)) => same_prefix(base.to_bits(), a.to_bits(), 128, self.prefix),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// Whether the first `prefix` of `width` bits are the same.
fn same_prefix(a: u128, b: u128, width: u32, prefix: u8) -> bool {
    let rest = width.saturating_sub(u32::from(prefix));
    rest >= 128 || (a ^ b) >> rest == 0
}

/// The users whose phones log in here.
#[derive(Clone, Debug)]
pub struct Phones {
    /// What their passwords are for, and the host of their addresses: `sip:NAME@REALM` is rung at their phones.
    pub realm: String,
    /// Who.
    pub users: Vec<User>,
    /// Seals the nonces of this start: from the system's own source of chance.
    pub secret: Secret,
    /// Where they were when the last run ended.
    pub kept: Vec<(String, Vec<Kept>)>,
}

/// A user whose phones log in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The user part of his address, and his name in credentials.
    pub name: String,
    /// The hash of his password.
    pub ha1: Ha1,
}

/// One thing that happens to the SIP machine.
#[derive(Debug)]
pub enum Input<'a> {
    /// A message came in.
    Message {
        /// How it came: answers go back this way.
        way: Way,
        /// The datagram, or one message of the stream.
        octets: &'a [u8],
    },
    /// The answer to [`Output::Resolve`].
    Resolved {
        /// Whose question it was.
        id: LocateId,
        /// What was found; nothing is an answer too.
        records: Vec<Record>,
    },
    /// The transport says that nobody is at the end of that way: an ICMP error, a connection refused or lost.
    Unreachable {
        /// Which.
        way: Way,
    },
    /// Who may log in from now on; phones that are logged in are forgotten but for those that it names.
    Phones(Box<Phones>),
    /// The carriers that calls go out over from now on.
    Carriers(Vec<Carrier>),
    /// What [`Event::KeepBindings`] told of is on disk up to this change.
    BindingsKept {
        /// The last one.
        up_to: u64,
    },
    /// `poll_timeout` is due.
    Timeout,
    /// The switch wants something.
    Command(Command),
}

/// Whether calls are let in, as far as OPTIONS tells (RFC 3261 §11.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Openness {
    /// An INVITE would be answered.
    Open,
    /// It would be refused with 503.
    Closed {
        /// Seconds for Retry-After.
        retry_after_s: u32,
    },
}

/// What the switch wants of a leg.
#[derive(Clone, Debug)]
pub enum Command {
    /// What OPTIONS outside a dialog is answered from now on.
    Tell {
        /// Whether calls are let in.
        openness: Openness,
    },
    /// 180 Ringing. Left out where it would have to carry an offer: see [`Command::Progress`].
    Ring {
        /// The leg.
        leg: LegId,
    },
    /// 183 with SDP: the answer, or our offer if the INVITE brought none and requires `100rel` (RFC 3262 §5).
    /// An offer that could be lost is not sent.
    Progress {
        /// The leg.
        leg: LegId,
        /// The SDP body.
        sdp: Vec<u8>,
    },
    /// 200 with this SDP answer, retransmitted until the ACK comes (RFC 3261 §13.3.1.4).
    Answer {
        /// The leg.
        leg: LegId,
        /// The SDP body.
        sdp: Vec<u8>,
    },
    /// A final answer over 299 to the INVITE or re-INVITE that is open.
    Refuse {
        /// The leg.
        leg: LegId,
        /// The status, 300 to 699.
        status: u16,
        /// Seconds for Retry-After, on 503 and 500.
        retry_after_s: Option<u32>,
    },
    /// Nothing at all is answered to the INVITE, and nothing of it is kept: who tries out numbers learns nothing, and
    /// answers for it.
    Ignore {
        /// The leg.
        leg: LegId,
    },
    /// 407: whoever calls shows that he knows his password, or that he knows it still (RFC 3261 §22.3).
    Challenge {
        /// The leg.
        leg: LegId,
        /// As [`Event::Invite`] told.
        phone: Phone,
    },
    /// The answer to [`Event::Reoffer`]: in the 200 to the re-INVITE, UPDATE or PRACK, or in the ACK.
    AnswerReoffer {
        /// The leg.
        leg: LegId,
        /// The SDP body.
        sdp: Vec<u8>,
    },
    /// The session stays as it was: a final answer over 299 to what [`Event::Reoffer`] told of.
    RefuseReoffer {
        /// The leg.
        leg: LegId,
        /// The status, 300 to 699.
        status: u16,
    },
    /// A re-INVITE of ours, as soon as the dialog is free for it (RFC 3261 §14.1).
    Reoffer {
        /// The leg.
        leg: LegId,
        /// The offer; `None` asks the peer for one, which comes as [`Event::Reoffer`].
        sdp: Option<Vec<u8>>,
    },
    /// The same by UPDATE if the peer allows it, else by re-INVITE (RFC 3311 §5.1).
    Update {
        /// The leg.
        leg: LegId,
        /// The offer; `None` changes nothing and only refreshes the session.
        sdp: Option<Vec<u8>>,
    },
    /// Takes a change of ours back: CANCEL if its re-INVITE is on its way (RFC 3261 §9.1).
    Withdraw {
        /// The leg.
        leg: LegId,
    },
    /// Ends the leg whatever its state: BYE if confirmed, CANCEL or 487/480 if not yet answered.
    HangUp {
        /// The leg.
        leg: LegId,
        /// The text for a Reason header field, such as `SIP;cause=200;text="done"` (RFC 3326).
        reason: Option<&'static str>,
    },
    /// Goes on with a dialog of an earlier start of the engine: a re-INVITE with this offer. [`Event::OfferAnswered`],
    /// [`Event::OfferRefused`] or [`Event::SessionLost`] follows. No leg is named by `leg` or a number under it yet.
    Resume {
        /// The leg: the name it had.
        leg: LegId,
        /// The dialog.
        dialog: Box<KeptDialog>,
        /// The offer.
        sdp: Vec<u8>,
    },
    /// OPTIONS inside the dialog: is the party still there?
    Probe {
        /// The leg.
        leg: LegId,
    },
    /// A key by INFO, as `application/dtmf-relay`: [`Event::Probed`] tells what came of it.
    Info {
        /// The leg.
        leg: LegId,
        /// The key.
        key: Key,
    },
    /// The party that a REFER names is called: 202, and its sender is told (RFC 3515 §2.4.2).
    AcceptRefer {
        /// The leg of [`Event::Refer`].
        leg: LegId,
    },
    /// Nobody is called: a final answer over 299 to the REFER.
    RefuseRefer {
        /// The leg.
        leg: LegId,
        /// The status, 300 to 699.
        status: u16,
    },
    /// What came of the call that a REFER asked for: in the last NOTIFY. A leg whose party hung up meanwhile is told too, and
    /// a BYE of ours waits until the NOTIFY is answered.
    TellRefer {
        /// The leg.
        leg: LegId,
        /// The final status.
        status: u16,
    },
    /// BYEs that wait for the answer to a NOTIFY go now.
    PartNow,
    /// The engine stops: the hosts of carriers are asked no more whether they are there.
    StopAsking,
    /// The engine is about to end: carriers that have us logged in hear it (RFC 3261 §10.2.2), then `Stack::is_parting` ends.
    LogOut,
    /// So many messages wait for a user from now on: his phones are told if it is news to them (RFC 3842).
    Summarize {
        /// His name.
        user: Arc<str>,
        /// How many.
        waiting: u64,
    },
    /// The phones of a user are told this at once, by MESSAGE (RFC 3428).
    Alert(crate::sip::alerts::Text),
    /// Finds out how a party is reached (RFC 3263 §4): [`Event::Located`] or [`Event::Failed`]. `leg`: `Stack::reserve_leg`.
    Locate {
        /// The leg.
        leg: LegId,
        /// The URI to be called, or a number over a carrier, `trunk:NAME/NUMBER`.
        target: String,
    },
    /// Calls a party: INVITE with this offer (RFC 3261 §13.2.1). `leg` comes from `Stack::reserve_leg`.
    Invite {
        /// The leg.
        leg: LegId,
        /// How it goes: as [`Event::Located`] told. If nobody is there, the stack goes on to the next target by itself.
        way: Way,
        /// Whom to call, and as whom.
        call: Box<Outgoing>,
    },
}

/// A call that we place.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// From configuration alone: a Request-URI, `sip:desk@10.0.0.5:5060`, or a number over a carrier, `trunk:NAME/NUMBER`.
    pub target: String,
    /// The user part of our From: the patient's number, or `anonymous`. Over a carrier From has the number of the trunk.
    pub from_user: Phi<String>,
    /// What it tells of the call that it carries on.
    pub carries: CarriedOn,
    /// The SDP offer.
    pub sdp: Vec<u8>,
}

/// What the SIP machine wants done or known.
#[derive(Debug)]
pub enum Output {
    /// Send this message.
    Transmit {
        /// This way.
        way: Way,
        /// The message.
        octets: Vec<u8>,
    },
    /// Look this up; [`Input::Resolved`] brings the answer.
    Resolve {
        /// Whose question it is.
        id: LocateId,
        /// What.
        question: Question,
    },
    /// The switch must know.
    Event(Event),
}

/// What happened to a leg.
#[derive(Debug)]
pub enum Event {
    /// Somebody calls. 100 is sent already; the switch answers, rings or refuses.
    Invite {
        /// The new leg.
        leg: LegId,
        /// The call.
        invite: Box<Invite>,
    },
    /// The ACK of our 200 came.
    Confirmed {
        /// The leg.
        leg: LegId,
        /// When.
        at: Instant,
        /// The SDP in the ACK: the answer, if our 200 carried the offer.
        sdp: Option<Vec<u8>>,
    },
    /// No ACK of our 200 in 64·T1: the leg was ended with BYE (RFC 3261 §13.3.1.4). Or no PRACK of our 1xx:
    /// it was refused with 504 (RFC 3262 §3).
    AckMissing {
        /// The leg.
        leg: LegId,
    },
    /// The caller gave up before the answer; 487 is sent.
    Cancelled {
        /// The leg.
        leg: LegId,
        /// What its Reason says.
        reason: Option<Reason>,
    },
    /// The party hung up; 200 is sent.
    Bye {
        /// The leg.
        leg: LegId,
        /// What its Reason says.
        reason: Option<Reason>,
    },
    /// A re-INVITE, UPDATE or PRACK wants other media; the switch answers with `AnswerReoffer` or `RefuseReoffer`.
    Reoffer {
        /// The leg.
        leg: LegId,
        /// The SDP body; `None` asks us to offer.
        sdp: Option<Vec<u8>>,
    },
    /// A party that is to be called is reached this way; the INVITE may go.
    Located {
        /// The leg.
        leg: LegId,
        /// The way, with the address of ours that SDP shall tell.
        way: Way,
    },
    /// The party we call rings (any 1xx over 100).
    Ringing {
        /// The leg.
        leg: LegId,
    },
    /// The party we call lets us hear something before it answers (RFC 3960): told again when it changes.
    EarlyMedia {
        /// The leg.
        leg: LegId,
        /// Which of the parties that the call was forked to, counted from 0.
        fork: usize,
        /// The SDP.
        sdp: Vec<u8>,
    },
    /// The answer to an offer of ours in a re-INVITE, an UPDATE or a reliable 1xx.
    OfferAnswered {
        /// The leg.
        leg: LegId,
        /// The SDP answer.
        sdp: Vec<u8>,
    },
    /// An offer of ours was refused: the session is as it was.
    OfferRefused {
        /// The leg.
        leg: LegId,
        /// The final status.
        status: u16,
    },
    /// The dialog is dead; our BYE is on its way.
    SessionLost {
        /// The leg.
        leg: LegId,
        /// Why.
        loss: Loss,
    },
    /// A key in an INFO (the old ways `application/dtmf-relay` and `application/dtmf`).
    Info {
        /// The leg.
        leg: LegId,
        /// The key.
        key: Key,
    },
    /// A party asks us to put the other one through to somebody else (RFC 3515): answer `AcceptRefer` or `RefuseRefer`.
    Refer {
        /// The leg.
        leg: LegId,
        /// To whom.
        refer: Box<Refer>,
    },
    /// The party we call answered; the ACK is sent.
    Answered {
        /// The leg.
        leg: LegId,
        /// The SDP answer.
        sdp: Vec<u8>,
    },
    /// The call we placed came to nothing.
    Failed {
        /// The leg.
        leg: LegId,
        /// The final status, or 408 when nobody answered at all.
        status: u16,
    },
    /// The phones of a user are elsewhere than before, or hold longer: [`Input::BindingsKept`] comes back.
    KeepBindings(Keep),
    /// A host of a carrier has changed: told once.
    Host {
        /// The carrier.
        trunk: TrunkName,
        /// The host.
        host: SocketAddr,
        /// What became of it.
        change: HostChange,
        /// Its other hosts, and itself, that calls go to.
        left: usize,
    },
    /// What came of a [`Command::Probe`].
    Probed {
        /// The leg.
        leg: LegId,
        /// The dialog lives at the peer: any final answer but 408 and 481.
        alive: bool,
    },
}

/// Why a dialog is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Nobody refreshed the session (RFC 4028 §10).
    Expired,
    /// The peer answered 481, or nothing (RFC 3261 §12.2.1.2).
    Gone,
}

/// Why a party ended a call, in its own words (RFC 3326 §2). The free text is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Whose numbers these are.
    pub protocol: Protocol,
    /// The cause: a SIP status, or a cause of Q.850.
    pub cause: u16,
}

/// Whose numbers a [`Reason`] speaks in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// SIP's statuses.
    Sip,
    /// The telephone network's causes.
    Q850,
}

/// An INVITE that begins a dialog, as far as the switch needs it.
#[derive(Clone, Debug)]
pub struct Invite {
    /// How it came.
    pub way: Way,
    /// Call-ID, for the operator's search on the wire.
    pub sip_call_id: Phi<String>,
    /// The user part of the Request-URI, unescaped.
    pub request_user: Phi<String>,
    /// The user part of To.
    pub to_user: Phi<String>,
    /// The user part of P-Called-Party-ID (RFC 7315 §4.2).
    pub p_called_party_user: Option<Phi<String>>,
    /// Who sent it on to us (RFC 5806, RFC 7044).
    pub diversions: Diversions,
    /// What the caller wants kept to himself.
    pub privacy: Privacy,
    /// The user part of From; `None` when it is anonymous (RFC 3323 §4.1).
    pub from_user: Option<Phi<String>>,
    /// The user part of the first P-Asserted-Identity (RFC 3325 §9.1).
    pub asserted_user: Option<Phi<String>>,
    /// The SDP offer, if the INVITE carried one.
    pub sdp: Option<Vec<u8>>,
    /// Whether the caller requires that no provisional answer be lost.
    pub reliability: Reliability,
    /// What it says of a phone of ours.
    pub phone: Phone,
    /// The dialog whose place it is to take (RFC 3891 §3).
    pub replaces: Option<Replaced>,
}

/// What an INVITE says of a phone of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phone {
    /// The user of ours whom From names: by the realm, or by an address of ours.
    pub named: Option<Arc<str>>,
    /// What its credentials for our realm show.
    pub proof: Proof,
}

/// What credentials show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Proof {
    /// There are none.
    #[default]
    Nothing,
    /// He knows the password of this user.
    Knows(Arc<str>),
    /// He knows it and needs another nonce.
    Stale,
    /// They are wrong, or of nobody: their source is blamed for it.
    Wrong,
}

/// Whether each 1xx of ours needs a PRACK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reliability {
    /// The INVITE requires `100rel` (RFC 3262 §3).
    Required,
    /// It does not.
    NotRequired,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        let net = |base: &str, prefix| Network { base: base.parse().unwrap(), prefix };
        let table = [
            ("10.0.0.0", 8, "10.255.0.1", true),
            ("10.0.0.0", 8, "11.0.0.1", false),
            ("100.64.0.0", 10, "100.127.255.255", true),
            ("100.64.0.0", 10, "100.128.0.0", false),
            ("127.0.0.1", 32, "127.0.0.1", true),
            ("0.0.0.0", 0, "8.8.8.8", true),
            ("10.0.0.0", 8, "::ffff:10.1.2.3", true),
            ("fe80::", 10, "fe80::1", true),
            ("::1", 128, "::2", false),
            ("10.0.0.0", 8, "fe80::1", false),
            ("::", 0, "10.0.0.1", false),
        ];
        for (base, prefix, address, expected) in table {
            assert_eq!(
                net(base, prefix).contains(address.parse().unwrap()),
                expected,
                "{address} in {base}/{prefix}"
            );
        }
    }
}
