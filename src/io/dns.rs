//! Names to records and addresses: what [`crate::sip::locate`] asks for, looked up by the system's resolver.
//!
//! Answers are kept as long as their TTL says. A question that is not answered in time is answered with nothing:
//! somebody waits for the call.

pub mod names;

use crate::io::route;
use crate::limits::{SIP_LOCATE_MAX, SIP_LOCATING_MAX};
use crate::sip::locate::{LocateId, Question, Record};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, ResolverOpts};
use hickory_resolver::proto::rr::{RData, RecordType};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::mpsc;

/// How long one server may take before the question is asked again.
const SERVER_MAX: Duration = Duration::from_millis(800);
/// Answers that are kept.
const CACHE_ANSWERS: u64 = 4_096;

/// Questions and their answers.
pub struct Dns {
    resolver: Option<Arc<TokioResolver>>,
    listening: Arc<[SocketAddr]>,
    sender: mpsc::Sender<(LocateId, Vec<Record>)>,
    answers: mpsc::Receiver<(LocateId, Vec<Record>)>,
    counters: Arc<Counters>,
}

/// Totals since the start.
#[derive(Debug, Default)]
pub struct Counters {
    /// Names that were looked up.
    pub asked: AtomicU64,
    /// Questions that no server answered in time.
    pub unanswered: AtomicU64,
}

impl Dns {
    /// A resolver as the system's configuration has it, for an engine that listens at these addresses. Without such
    /// a configuration only numeric hosts are found.
    pub fn system(listening: &[SocketAddr]) -> Self {
        let resolver = TokioResolver::builder_tokio().and_then(|mut builder| {
            tune(builder.options_mut(), listening);
            builder.build()
        });
        let resolver = resolver.inspect_err(|error| {
            tracing::warn!(%error, "names cannot be resolved: only numeric SIP addresses are reached");
        });
        Self::with(resolver.ok(), listening)
    }

    fn with(resolver: Option<TokioResolver>, listening: &[SocketAddr]) -> Self {
        let (sender, answers) = mpsc::channel(SIP_LOCATING_MAX);
        let counters = Arc::default();
        Self { resolver: resolver.map(Arc::new), listening: listening.into(), sender, answers, counters }
    }

    /// What was counted.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Looks something up; [`Dns::answer`] brings what was found. Must be called inside a tokio runtime.
    pub fn ask(&self, id: LocateId, question: Question) {
        let numeric = match &question {
            Question::Addresses(host) => host.parse::<IpAddr>().ok(),
            Question::Naptr(_) | Question::Srv(_) => None,
        };
        if let Some(ip) = numeric {
            return self.tell(id, addresses(&self.listening, [ip]));
        }
        let Some(resolver) = self.resolver.clone() else { return self.tell(id, Vec::new()) };
        let (listening, sender) = (Arc::clone(&self.listening), self.sender.clone());
        let counters = Arc::clone(&self.counters);
        counters.asked.fetch_add(1, Relaxed);
        tokio::spawn(async move {
            let looked_up =
                tokio::time::timeout(SIP_LOCATE_MAX, look_up(&resolver, &listening, question)).await;
            let records = looked_up.unwrap_or_else(|_too_late| {
                counters.unanswered.fetch_add(1, Relaxed);
                Vec::new()
            });
            // The engine may have stopped.
            let _ = sender.send((id, records)).await;
        });
    }

    fn tell(&self, id: LocateId, records: Vec<Record>) {
        if self.sender.try_send((id, records)).is_err() {
            // The search ends by its own time.
            self.counters.unanswered.fetch_add(1, Relaxed);
        }
    }

    /// The next answer.
    pub async fn answer(&mut self) -> (LocateId, Vec<Record>) {
        match self.answers.recv().await {
            Some(answer) => answer,
            // There is always a sender: our own.
            None => std::future::pending().await,
        }
    }
}

async fn look_up(resolver: &TokioResolver, listening: &[SocketAddr], question: Question) -> Vec<Record> {
    match question {
        Question::Naptr(name) => records(resolver, name, RecordType::NAPTR).await,
        Question::Srv(name) => records(resolver, name, RecordType::SRV).await,
        Question::Addresses(host) => {
            // The system's own list of hosts (hosts(5)) counts too.
            let Ok(found) = resolver.lookup_ip(host).await else { return Vec::new() };
            addresses(listening, found.iter())
        }
    }
}

/// Addresses of the families where we listen, and no wait for a server that is gone.
fn tune(options: &mut ResolverOpts, listening: &[SocketAddr]) {
    let has = |v4: bool| listening.iter().any(|local| local.is_ipv4() == v4);
    options.ip_strategy = match (has(true), has(false)) {
        (true, true) => LookupIpStrategy::Ipv4AndIpv6,
        (false, true) => LookupIpStrategy::Ipv6Only,
        (true | false, false) => LookupIpStrategy::Ipv4Only,
    };
    (options.timeout, options.cache_size) = (SERVER_MAX, CACHE_ANSWERS);
}

/// Records of a name; none if the name, or the record, or the server is not there.
async fn records(resolver: &TokioResolver, name: String, kind: RecordType) -> Vec<Record> {
    let Ok(found) = resolver.lookup(name, kind).await else { return Vec::new() };
    found.answers().iter().filter_map(|answer| record(&answer.data)).collect()
}

fn record(data: &RData) -> Option<Record> {
    match data {
        RData::NAPTR(naptr) => Some(Record::Naptr {
            order: naptr.order,
            preference: naptr.preference,
            flags: String::from_utf8_lossy(&naptr.flags).into_owned(),
            service: String::from_utf8_lossy(&naptr.services).into_owned(),
            replacement: naptr.replacement.to_ascii(),
        }),
        RData::SRV(srv) => Some(Record::Srv {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port,
            target: srv.target.to_ascii(),
        }),
        _ => None,
    }
}

/// The addresses that a route leads to.
fn addresses(listening: &[SocketAddr], ips: impl IntoIterator<Item = IpAddr>) -> Vec<Record> {
    let reached = ips.into_iter().filter_map(|remote| {
        let local = route::local_for(listening, remote)?;
        Some(Record::Address { remote, local })
    });
    reached.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
    use hickory_resolver::net::runtime::TokioRuntimeProvider;
    use hickory_resolver::proto::rr::Name;
    use std::net::UdpSocket;
    use std::sync::atomic::AtomicBool;

    const LISTENING: &str = "127.0.0.1:5060";

    /// A DNS server of a few names (RFC 1035 §4), in a thread that ends with the test.
    struct Server {
        at: SocketAddr,
        questions: Arc<AtomicU64>,
        is_over: Arc<AtomicBool>,
    }

    impl Drop for Server {
        fn drop(&mut self) {
            self.is_over.store(true, Relaxed);
        }
    }

    fn name(text: &str) -> Vec<u8> {
        let labels = text.split('.').filter(|label| !label.is_empty());
        let mut octets: Vec<u8> =
            labels.flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat()).collect();
        octets.push(0);
        octets
    }

    fn naptr(order: u16, service: &str, replacement: &str) -> Vec<u8> {
        let numbers = [order.to_be_bytes(), 5_u16.to_be_bytes()].concat();
        [numbers, b"\x01s".to_vec(), vec![service.len() as u8], service.into(), vec![0], name(replacement)]
            .concat()
    }

    fn srv(port: u16, target: &str) -> Vec<u8> {
        let numbers = [1_u16, 7, port].map(u16::to_be_bytes).concat();
        [numbers, name(target)].concat()
    }

    /// What the zone holds: name, type, data.
    fn zone() -> Vec<(&'static str, u16, Vec<u8>)> {
        vec![
            ("clinic.test", 35, naptr(20, "SIP+D2U", "_sip._udp.clinic.test")),
            ("_sip._udp.clinic.test", 33, srv(5_070, "a.clinic.test")),
            ("a.clinic.test", 1, vec![127, 0, 0, 9]),
            ("a.clinic.test", 1, vec![127, 0, 0, 8]),
        ]
    }

    impl Server {
        fn start() -> Self {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
            let (questions, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
            let server = Self {
                at: socket.local_addr().unwrap(),
                questions: questions.clone(),
                is_over: is_over.clone(),
            };
            std::thread::spawn(move || {
                let mut buffer = [0; 1_500];
                while !is_over.load(Relaxed) {
                    let Ok((octets, from)) = socket.recv_from(&mut buffer) else { continue };
                    questions.fetch_add(1, Relaxed);
                    if let Some(answer) = answer(&buffer[..octets]) {
                        socket.send_to(&answer, from).unwrap();
                    }
                }
            });
            server
        }

        /// A resolver that knows this server alone.
        fn dns(&self) -> Dns {
            let mut connection = ConnectionConfig::udp();
            connection.port = self.at.port();
            let server = NameServerConfig::new(self.at.ip(), true, vec![connection]);
            let config = ResolverConfig::from_parts(None::<Name>, Vec::new(), vec![server]);
            let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
            let listening = [LISTENING.parse().unwrap()];
            tune(builder.options_mut(), &listening);
            Dns::with(Some(builder.build().unwrap()), &listening)
        }
    }

    /// The answer to one question; none for names that begin with `mute`.
    fn answer(query: &[u8]) -> Option<Vec<u8>> {
        let end = 12 + query[12..].iter().position(|octet| *octet == 0)? + 5;
        let question = &query[12..end];
        let asked = u16::from_be_bytes([question[question.len() - 4], question[question.len() - 3]]);
        let lower = question.to_ascii_lowercase();
        if lower.starts_with(b"\x04mute") {
            return None;
        }
        let found: Vec<Vec<u8>> = zone()
            .into_iter()
            .filter(|(owner, kind, _)| lower.starts_with(&name(owner)) && *kind == asked)
            .map(|(_, _, data)| data)
            .collect();
        let known = zone().iter().any(|(owner, ..)| lower.starts_with(&name(owner)));
        let code = if known { 0x80 } else { 0x83 };
        let mut out = [&query[..2], &[0x85, code, 0, 1, 0, found.len() as u8, 0, 0, 0, 0], question].concat();
        for data in found {
            let length = (data.len() as u16).to_be_bytes();
            out.extend(
                [&[0xc0, 12][..], &asked.to_be_bytes(), &[0, 1, 0, 0, 0, 60], &length, &data].concat(),
            );
        }
        Some(out)
    }

    async fn asked(dns: &mut Dns, question: Question) -> Vec<Record> {
        dns.ask(LocateId(7), question);
        let (id, records) = dns.answer().await;
        assert_eq!(id, LocateId(7));
        records
    }

    #[tokio::test]
    async fn the_records_of_a_zone_are_read() {
        let server = Server::start();
        let mut dns = server.dns();
        let found = asked(&mut dns, Question::Naptr("clinic.test".into())).await;
        let Some(Record::Naptr { order: 20, preference: 5, flags, service, replacement }) = found.first()
        else {
            panic!("{found:?}")
        };
        assert_eq!((flags.as_str(), service.as_str()), ("s", "SIP+D2U"));
        let found = asked(&mut dns, Question::Srv(replacement.clone())).await;
        let Some(Record::Srv { priority: 1, weight: 7, port: 5_070, target }) = found.first() else {
            panic!("{found:?}")
        };
        let mut found = asked(&mut dns, Question::Addresses(target.clone())).await;
        found.sort_by_key(|record| format!("{record:?}"));
        let local = LISTENING.parse().unwrap();
        let address = |last| Record::Address { remote: [127, 0, 0, last].into(), local };
        assert_eq!(found, [address(8), address(9)]);
    }

    #[tokio::test]
    async fn an_answer_is_kept_and_what_is_not_there_is_nothing() {
        let server = Server::start();
        let mut dns = server.dns();
        for _ in 0..3 {
            assert_eq!(asked(&mut dns, Question::Addresses("a.clinic.test".into())).await.len(), 2);
        }
        assert_eq!(server.questions.load(Relaxed), 1, "asked once, for we listen on IPv4 alone");
        for question in
            [Question::Addresses("gone.test".into()), Question::Srv("_sip._tcp.clinic.test".into())]
        {
            assert_eq!(asked(&mut dns, question).await, []);
        }
        assert_eq!(asked(&mut dns, Question::Addresses("mute.test".into())).await, [], "nobody answers");
        assert_eq!(dns.counters().unanswered.load(Relaxed), 1);
    }

    #[tokio::test]
    async fn a_numeric_host_is_found_without_a_server() {
        let mut dns = Dns::with(None, &[LISTENING.parse().unwrap()]);
        let found = asked(&mut dns, Question::Addresses("127.0.0.3".into())).await;
        let local = LISTENING.parse().unwrap();
        assert_eq!(found, [Record::Address { remote: [127, 0, 0, 3].into(), local }]);
        assert_eq!(asked(&mut dns, Question::Addresses("::1".into())).await, [], "we do not listen there");
        assert_eq!(asked(&mut dns, Question::Addresses("a.test".into())).await, [], "and no names");
    }
}
