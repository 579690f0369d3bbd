//! Where a SIP URI is reached: RFC 3263 §4, with the choice among SRV records of RFC 2782.
//! ```text
//!  numeric host ─────────────────────────────────────────────┐
//!  port written ─────────────────────────────────────────────┤
//!  transport written ──────▶ SRV of that transport ──────────┤ none: the host itself, port 5060
//!  neither ─▶ NAPTR ─▶ SRV of each transport in its order ───┼──▶ Addresses of each host ─▶ targets in order
//!               └none──▶ SRV of UDP, then of TCP ────────────┘
//! ```
//! One question at a time; whoever asks may stop at any time and take what is known. A numeric host is asked for
//! too, because only the edge knows which address of ours leads to it. Names are resolved by the edge.

use super::way::{Transport, Way};
use crate::limits::SIP_TARGETS_MAX;
use crate::rng::Rng;
use crate::wire::sip::uri::{Host, Scheme, Uri};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where SIP is spoken when nothing names a port (RFC 3261 §19.1.2).
const DEFAULT_PORT: u16 = 5060;

/// Names one search for targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocateId(pub u64);

/// What a URI says of the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    host: String,
    numeric: Option<IpAddr>,
    port: Option<u16>,
    transport: Option<Transport>,
}

/// What the edge shall look up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// The NAPTR records of a domain (RFC 3403).
    Naptr(String),
    /// The SRV records of a name such as `_sip._udp.example.com` (RFC 2782).
    Srv(String),
    /// A and AAAA records of a host, or a numeric host, each with the address of ours that leads to it.
    Addresses(String),
}

/// What the edge found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// RFC 3403 §4.1.
    Naptr {
        /// Lower ones first.
        order: u16,
        /// Lower ones first, within one order.
        preference: u16,
        /// `s`: an SRV record follows.
        flags: String,
        /// Such as `SIP+D2U`.
        service: String,
        /// The name of the SRV record.
        replacement: String,
    },
    /// RFC 2782.
    Srv {
        /// Lower ones first.
        priority: u16,
        /// Greater ones more often, within one priority.
        weight: u16,
        /// The port.
        port: u16,
        /// The host; `.` says that there is none.
        target: String,
    },
    /// An address and ours that leads there.
    Address {
        /// The host's.
        remote: IpAddr,
        /// Ours, where we listen.
        local: SocketAddr,
    },
}

/// One search for targets.
#[derive(Clone, Debug)]
pub struct Locate {
    hop: Hop,
    stage: Stage,
    found: Vec<Way>,
}

#[derive(Clone, Debug)]
enum Stage {
    Naptr,
    Srv { left: VecDeque<(Transport, String)>, hosts: VecDeque<Place> },
    Addresses { left: VecDeque<Place> },
}

/// A host whose addresses are still to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    transport: Transport,
    host: String,
    port: u16,
}

impl Hop {
    /// What `uri` says; `None` if it leads where we cannot go: another scheme than `sip:`, or a transport that this
    /// engine does not speak.
    pub fn of(uri: &Uri<'_>) -> Option<Self> {
        if uri.scheme != Scheme::Sip {
            return None;
        }
        let transport = Transport::asked_by(uri);
        if transport.is_none() && uri.parameters.value("transport").is_some() {
            return None;
        }
        // An maddr stands before the host (RFC 3261 §19.1.1).
        let host = uri.parameters.value("maddr").and_then(Host::read).or(uri.host)?;
        let numeric = match host {
            Host::V4(ip) => Some(IpAddr::V4(ip)),
            Host::V6(ip) => Some(IpAddr::V6(ip)),
            Host::Name(_) => None,
        };
        let host = match (numeric, host) {
            (Some(ip), _) => ip.to_string(),
            (None, host) => host.to_string().to_ascii_lowercase(),
        };
        Some(Self { host, numeric, port: uri.port, transport })
    }

    /// Whether the URI says which transport it means.
    pub fn names_transport(&self) -> bool {
        self.transport.is_some()
    }

    /// Whether its host is a name.
    pub fn is_named(&self) -> bool {
        self.numeric.is_none()
    }
}

impl Locate {
    /// Begins a search.
    pub fn new(hop: Hop) -> Self {
        let host = hop.host.clone();
        let stage = match (hop.numeric, hop.port, hop.transport) {
            (Some(_), port, transport) | (None, port @ Some(_), transport) => {
                let (transport, port) = (transport.unwrap_or_default(), port.unwrap_or(DEFAULT_PORT));
                Stage::Addresses { left: [Place { transport, host, port }].into() }
            }
            (None, None, Some(transport)) => {
                let left = [(transport, srv_name(transport, &host))].into();
                Stage::Srv { left, hosts: VecDeque::new() }
            }
            (None, None, None) => Stage::Naptr,
        };
        Self { hop, stage, found: Vec::new() }
    }

    /// What is to be looked up now; `None` when the search is over.
    pub fn question(&self) -> Option<Question> {
        match &self.stage {
            Stage::Naptr => Some(Question::Naptr(self.hop.host.clone())),
            Stage::Srv { left, .. } => left.front().map(|(_, name)| Question::Srv(name.clone())),
            Stage::Addresses { left } => {
                let place = left.front().filter(|_| self.found.len() < SIP_TARGETS_MAX)?;
                Some(Question::Addresses(place.host.clone()))
            }
        }
    }

    /// Takes what was found; nothing is an answer too.
    pub fn answer(&mut self, rng: &mut Rng, records: Vec<Record>) {
        match &mut self.stage {
            Stage::Naptr => {
                let mut left = services(records);
                if left.is_empty() {
                    left = Transport::ALL.map(|t| (t, srv_name(t, &self.hop.host))).into();
                }
                self.stage = Stage::Srv { left, hosts: VecDeque::new() };
            }
            Stage::Srv { left, hosts } => {
                if let Some((transport, _)) = left.pop_front() {
                    hosts.extend(in_order(rng, transport, records));
                }
                if left.is_empty() {
                    let mut left = std::mem::take(hosts);
                    left.truncate(SIP_TARGETS_MAX);
                    if left.is_empty() {
                        left.push_back(self.itself());
                    }
                    self.stage = Stage::Addresses { left };
                }
            }
            Stage::Addresses { left } => {
                let Some(place) = left.pop_front() else { return };
                let mut ways: Vec<Way> = records.into_iter().filter_map(|r| place.way(r)).collect();
                // Sound over IPv4 is what carriers carry: it goes first. The sort keeps the order otherwise.
                ways.sort_by_key(|way| way.remote.is_ipv6());
                self.found.extend(ways);
            }
        }
    }

    /// The targets that are known so far, the first one first (RFC 3263 §4.3).
    pub fn into_targets(mut self) -> Vec<Way> {
        self.found.truncate(SIP_TARGETS_MAX);
        self.found
    }

    /// The host of the URI, when no SRV record speaks for it (RFC 3263 §4.2).
    fn itself(&self) -> Place {
        let transport = self.hop.transport.unwrap_or_default();
        Place { transport, host: self.hop.host.clone(), port: DEFAULT_PORT }
    }
}

impl Place {
    fn way(&self, record: Record) -> Option<Way> {
        match record {
            Record::Address { remote, local } => {
                let remote = SocketAddr::new(remote, self.port);
                let way = Way { transport: self.transport, local, remote, connection: None };
                // Who dials himself answers himself, until no port is left.
                (is_somebodys(remote) && remote != local).then_some(way)
            }
            Record::Naptr { .. } | Record::Srv { .. } => None,
        }
    }
}

/// Whether one host may listen there, whatever the zone says (RFC 1122 §3.2.1.3, RFC 4291 §2.5.2, §2.7).
fn is_somebodys(remote: SocketAddr) -> bool {
    let ip = remote.ip();
    let is_for_all = ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST);
    remote.port() != 0 && !ip.is_unspecified() && !is_for_all
}

fn srv_name(transport: Transport, host: &str) -> String {
    format!("_sip._{}.{host}", transport.in_uri())
}

/// The SRV names of the transports that we speak, in the domain's order (RFC 3263 §4.1).
fn services(records: Vec<Record>) -> VecDeque<(Transport, String)> {
    let mut found: Vec<_> = records.into_iter().filter_map(service).collect();
    found.sort();
    found.into_iter().take(SIP_TARGETS_MAX).map(|(_, transport, name)| (transport, name)).collect()
}

fn service(record: Record) -> Option<((u16, u16), Transport, String)> {
    let Record::Naptr { order, preference, flags, service, replacement } = record else { return None };
    let transport = match service.to_ascii_uppercase().as_str() {
        "SIP+D2U" => Transport::Udp,
        "SIP+D2T" => Transport::Tcp,
        _ => return None,
    };
    flags.eq_ignore_ascii_case("s").then_some(((order, preference), transport, replacement))
}

/// SRV records by priority, and within one priority by chance and weight (RFC 2782).
fn in_order(rng: &mut Rng, transport: Transport, records: Vec<Record>) -> Vec<Place> {
    let mut left: Vec<(u16, u16, Place)> = records
        .into_iter()
        .filter_map(|record| match record {
            Record::Srv { priority, weight, port, target } if target != "." && !target.is_empty() => {
                Some((priority, weight, Place { transport, host: target, port }))
            }
            Record::Srv { .. } | Record::Naptr { .. } | Record::Address { .. } => None,
        })
        .collect();
    // Those of weight 0 stand first in their priority: they are chosen when the number drawn is 0.
    left.sort_by_key(|(priority, weight, _)| (*priority, *weight));
    let mut ordered = Vec::with_capacity(left.len());
    while let Some(&(priority, ..)) = left.first() {
        let of_this = left.iter().take_while(|(other, ..)| *other == priority).count();
        let total: u64 = left[..of_this].iter().map(|(_, weight, _)| u64::from(*weight)).sum();
        let drawn = rng.below(total + 1);
        let mut sum = 0;
        let chosen = left[..of_this].iter().position(|(_, weight, _)| {
            sum += u64::from(*weight);
            sum >= drawn
        });
        ordered.push(left.remove(chosen.unwrap_or(0)).2);
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locate(uri: &str) -> Option<Locate> {
        Hop::of(&Uri::read(uri.as_bytes()).unwrap()).map(Locate::new)
    }

    /// A zone: a line for each record.
    fn records(zone: &str, question: &Question) -> Vec<Record> {
        let (kind, name) = match question {
            Question::Naptr(name) => ("NAPTR", name),
            Question::Srv(name) => ("SRV", name),
            Question::Addresses(name) => ("A", name),
        };
        let of_name = |line: &&str| line.split(' ').take(2).eq([name.as_str(), kind]);
        zone.lines()
            .map(str::trim)
            .filter(of_name)
            .map(|line| record(&line.split(' ').collect::<Vec<_>>()[1..]))
            .collect()
    }

    fn record(words: &[&str]) -> Record {
        let number = |at: usize| words[at].parse().unwrap();
        match words[0] {
            "NAPTR" => Record::Naptr {
                order: number(1),
                preference: number(2),
                flags: words[3].to_owned(),
                service: words[4].to_owned(),
                replacement: words[5].to_owned(),
            },
            "SRV" => Record::Srv {
                priority: number(1),
                weight: number(2),
                port: number(3),
                target: words[4].to_owned(),
            },
            _ => {
                let remote: IpAddr = words[1].parse().unwrap();
                let local = if remote.is_ipv4() { "10.0.9.9:5060" } else { "[fd00::99]:5060" };
                Record::Address { remote, local: local.parse().unwrap() }
            }
        }
    }

    fn targets(uri: &str, zone: &str, seed: u64) -> String {
        let mut rng = Rng::seeded(seed);
        let Some(mut locate) = locate(uri) else { return "cannot go there".to_owned() };
        while let Some(question) = locate.question() {
            locate.answer(&mut rng, records(zone, &question));
        }
        let shown = |way: &Way| format!("{} {}", way.transport.in_uri(), way.remote);
        locate.into_targets().iter().map(shown).collect::<Vec<_>>().join(", ")
    }

    #[track_caller]
    fn check(name: &str, uri: &str, zone: &str, expected: &str) {
        assert_eq!(targets(uri, zone, 1), expected, "{name}");
    }

    const ZONE: &str = "clinic.example NAPTR 20 0 s SIP+D2U _sip._udp.clinic.example
        clinic.example NAPTR 10 50 s SIPS+D2T _sips._tcp.clinic.example
        clinic.example NAPTR 10 60 s SIP+D2T _sip._tcp.clinic.example
        _sip._tcp.clinic.example SRV 1 0 5070 a.clinic.example
        _sip._udp.clinic.example SRV 2 0 5060 b.clinic.example
        _sip._udp.clinic.example SRV 1 0 5080 a.clinic.example
        a.clinic.example A fd00::a
        a.clinic.example A 10.0.0.10
        b.clinic.example A 10.0.0.11
        clinic.example A 10.0.0.99
        srv.example NAPTR 1 1 u E2U+sip !^.*$!sip:x!
        _sip._tcp.srv.example SRV 1 0 5090 b.clinic.example
        like.example NAPTR 10 20 S sip+d2u _sip._udp.srv.example
        like.example NAPTR 10 10 s SIP+D2T _sip._tcp.srv.example
        like.example NAPTR 9 0 a SIP+D2U b.clinic.example
        _sip._udp.srv.example SRV 1 0 5091 b.clinic.example
        bare.example A 10.0.0.12
        _sip._udp.gone.example SRV 0 0 0 .
        gone.example A 10.0.0.13
        10.0.0.2 A 10.0.0.2
        fd00::2 A fd00::2";

    #[test]
    fn a_uri_leads_to_targets_in_the_order_of_the_rfc() {
        // RFC 3263 §4.2, §4.3
        check("numeric", "sip:desk@10.0.0.2", ZONE, "udp 10.0.0.2:5060");
        check("numeric, all written", "sip:10.0.0.2:5070;transport=TCP", ZONE, "tcp 10.0.0.2:5070");
        check("numeric, IPv6", "sip:[fd00::2]", ZONE, "udp [fd00::2]:5060");
        check("a port: no SRV", "sip:desk@clinic.example:5066", ZONE, "udp 10.0.0.99:5066");
        check(
            "a transport: its SRV alone",
            "sip:clinic.example;transport=udp",
            ZONE,
            "udp 10.0.0.10:5080, udp [fd00::a]:5080, udp 10.0.0.11:5060",
        );
        check(
            "neither: NAPTR orders the transports, and what we do not speak is left out",
            "sip:Clinic.Example",
            ZONE,
            "tcp 10.0.0.10:5070, tcp [fd00::a]:5070, udp 10.0.0.10:5080, udp [fd00::a]:5080, udp 10.0.0.11:5060",
        );
        // RFC 3403 §4.1: order before preference, and another flag than `s` leads to no SRV.
        let by_preference = "tcp 10.0.0.11:5090, udp 10.0.0.11:5091";
        check("in one order the lower preference first", "sip:like.example", ZONE, by_preference);
        let each = "udp 10.0.0.11:5091, tcp 10.0.0.11:5090";
        check("no NAPTR of ours: SRV of each", "sip:srv.example", ZONE, each);
        check("no SRV: the host itself", "sip:bare.example", ZONE, "udp 10.0.0.12:5060");
        check("no SRV for the transport", "sip:bare.example;transport=tcp", ZONE, "tcp 10.0.0.12:5060");
        check("an SRV that says no", "sip:gone.example;transport=udp", ZONE, "udp 10.0.0.13:5060");
        check("maddr stands before the host", "sip:x@y.example;maddr=10.0.0.2", ZONE, "udp 10.0.0.2:5060");
        check("nothing known", "sip:nowhere.example", ZONE, "");
        for uri in ["sips:clinic.example", "sip:clinic.example;transport=sctp", "tel:+16175550142"] {
            check("a way that we do not go", uri, ZONE, "cannot go there");
        }
    }

    #[test]
    fn a_zone_that_lies_leads_to_nobody_or_to_those_of_whom_it_does_not() {
        // RFC 1122 §3.2.1.3, RFC 2782, RFC 4291 §2.7
        let zone = "_sip._udp.lies.example SRV 1 0 5060 for-all.example
            _sip._udp.lies.example SRV 2 0 0 a.example
            _sip._udp.lies.example SRV 3 0 5060 lies.example
            _sip._udp.lies.example SRV 4 0 5060 nowhere.example
            _sip._udp.lies.example SRV 5 0 5060 us.example
            _sip._udp.lies.example SRV 6 0 5060 a.example
            us.example A 10.0.9.9
            us.example A fd00::99
            for-all.example A 0.0.0.0
            for-all.example A 255.255.255.255
            for-all.example A 224.0.1.75
            for-all.example A ::
            for-all.example A ff02::1
            round.example NAPTR 1 1 s SIP+D2U _sip._udp.round.example
            _sip._udp.round.example SRV 1 0 5060 round.example
            a.example A 10.0.0.1";
        let (lies, round) = ("sip:lies.example;transport=udp", "sip:round.example");
        check("the one that is true is left", lies, zone, "udp 10.0.0.1:5060");
        check("round and round", round, zone, "");
        check("nobody", "sip:for-all.example:5060", zone, "");
        check("ourselves", "sip:us.example:5060", zone, "");
        check("somebody beside us", "sip:us.example:5070", zone, "udp 10.0.9.9:5070, udp [fd00::99]:5070");
    }

    #[test]
    fn weights_share_the_calls_and_weight_zero_comes_last_but_for_chance() {
        let zone = "_sip._udp.w.example SRV 1 75 1 a.example
            _sip._udp.w.example SRV 1 25 2 a.example
            _sip._udp.w.example SRV 1 0 3 a.example
            _sip._udp.w.example SRV 0 0 9 a.example
            a.example A 10.0.0.1";
        let mut first = [0_u32; 4];
        for seed in 0..2_000 {
            let found = targets("sip:w.example;transport=udp", zone, seed);
            let ports: Vec<usize> =
                found.split(", ").map(|target| target.rsplit(':').next().unwrap().parse().unwrap()).collect();
            assert_eq!((ports.len(), ports[0]), (4, 9), "the lower priority goes first: {found}");
            first[ports[1]] += 1;
        }
        assert!((1_350..1_600).contains(&first[1]), "{first:?}");
        assert!((350..650).contains(&first[2]), "{first:?}");
        assert!((1..80).contains(&first[3]), "{first:?}");
    }

    #[test]
    fn a_zone_without_end_is_cut() {
        let mut zone = String::from("_sip._udp.big.example SRV 1 0 5060 a.example\n");
        for host in 0..100 {
            zone += &format!(
                "_sip._udp.big.example SRV 2 0 5060 h{host}.example\nh{host}.example A 10.0.1.{host}\n"
            );
            zone += &format!("a.example A 10.0.0.{host}\n");
        }
        let found = targets("sip:big.example;transport=udp", &zone, 1);
        assert_eq!(found.split(", ").count(), SIP_TARGETS_MAX, "{found}");
    }
}
