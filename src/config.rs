//! `careline.yaml`: one configuration file whose every key has a default.
//!
//! It is read like a flow: every fault at once, each with its line and its repair
//! ([`crate::flow::diagnostic`]). `careline.yaml.example` shows every key with its default.

mod addresses;
mod by_phone;
mod calls;
pub mod codes;
pub mod dialling;
pub mod faults;
pub mod interpreters;
mod keys;
pub mod out;
mod users;
pub mod vocabulary;
mod voice;

use crate::call::keycode::Codes;
use crate::call::routing::CalledNumberFrom;
use crate::flow::diagnostic::{Diagnostic, Place, Sources, Words};
use crate::flow::syntax::fields::{self, Fields};
use crate::flow::syntax::tree::{self, Node, Reading};
use crate::id::TrunkName;
use crate::io::media_worker::{Batching, Priority};
use crate::io::published::Shelf;
use crate::io::published::gather::Folders;
use crate::io::sip_port::Listen;
use crate::io::voice::engine::Engine;
use crate::limits;
use crate::sip::interface::{InfoKeys, Network, Settings, User};
use crate::sip::nearby::near_networks;
use crate::switch::dial::{Emergency, Outside};
use crate::switch::messages;
use crate::wire::national::Country;
use addresses::{listens, networks, over_each, this_machine};
use codes::{FAMILY, NO_PORT, ODD_PORT, TRUNK_TWICE};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// All settings of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Signalling.
    pub sip: Sip,
    /// Sound.
    pub media: Media,
    /// Bounds on calls.
    pub calls: Calls,
    /// Carriers and gateways by their addresses.
    pub trunks: Vec<Trunk>,
    /// Whose phones log in here.
    pub users: Vec<User>,
    /// The names of users who are never recorded.
    pub unrecorded: Vec<String>,
    /// Users whose phones show how many messages wait.
    pub messages: messages::Settings,
    /// Vendors of interpreters, in the order in which they are tried.
    pub interpreters: Vec<interpreters::Vendor>,
    /// By which keys persons hand on.
    pub keys: Codes,
    /// What phones of users may call over a trunk; `None` is nothing.
    pub dialling: Option<Outside>,
    /// What phones of the house dial for help, and where they are.
    pub emergency: Emergency,
    /// The directory of flows.
    pub flows: PathBuf,
    /// The directory of prompt audio.
    pub sounds: PathBuf,
    /// The folder of published sets; `None` is beside the store.
    pub published: Option<PathBuf>,
    /// Whether changes of the draft are heard at once.
    pub live_edit: LiveEdit,
    /// Recordings on disk.
    pub recordings: Recordings,
    /// Who says what no recording does.
    pub voice: Engine,
    /// Where lines are closed by phone; `None` is nowhere.
    pub close_by_phone: Option<CloseByPhone>,
    /// The database of events and records.
    pub store: PathBuf,
    /// The socket for `careline status` and other commands.
    pub control: PathBuf,
    /// How long calls may go on after the engine was told to stop.
    pub drain: Duration,
    /// How much is logged.
    pub log: Log,
}

/// Signalling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sip {
    /// Where SIP is listened for.
    pub listen: Vec<Listen>,
    /// The address told in Contact and SDP in place of the one that the route to the peer uses.
    pub external_address: Option<IpAddr>,
    /// T1 of RFC 3261 §17.1.1.1.
    pub t1: Duration,
    /// How long a target of a call may say nothing at all while its name leads to another one.
    pub target_patience: Duration,
    /// The text of Server and User-Agent.
    pub product: String,
    /// Networks whose calls are taken besides those of trunks.
    pub listen_to: Vec<Network>,
    /// Requests outside a dialog that are heard from each source that is no trunk, in a second.
    pub requests_a_second: u32,
    /// The session interval that we ask for, in seconds; 0 asks for none (RFC 4028).
    pub session_expires_s: u32,
    /// Whether keys in INFO count.
    pub info_keys: InfoKeys,
    /// What the passwords of users are for, and the host of their addresses.
    pub realm: String,
    /// What programs name themselves, besides the known ones, that look for engines to call through.
    pub drop_agents: Vec<String>,
}

/// Sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Where RTP is received.
    pub address: IpAddr,
    /// The first RTP port, even.
    pub first_port: u16,
    /// The last port that may be used.
    pub last_port: u16,
    /// How long a freed port rests before a new call may have it.
    pub port_rest: Duration,
    /// Media threads; `None` is one per core.
    pub workers: Option<usize>,
    /// After this long without RTP and RTCP the party is probed.
    pub silent_after: Duration,
    /// How packets are moved.
    pub batching: Batching,
    /// Whether media threads go before other programs.
    pub priority: Priority,
}

/// Bounds on calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls {
    /// Calls at once.
    pub max: u32,
    /// How long a call may ring.
    pub ring: Duration,
    /// How long a call may last.
    pub longest: Duration,
}

/// A carrier or gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trunk {
    /// Its name in records.
    pub name: TrunkName,
    /// Where its calls come from.
    pub addresses: Vec<Network>,
    /// Whether its P-Asserted-Identity is believed.
    pub trust: Trust,
    /// Where its INVITEs carry the number that was dialled.
    pub called_number_from: CalledNumberFrom,
    /// The country whose numbers it writes without `+`.
    pub country: Option<Country>,
    /// How calls go out over it; `None` is not at all.
    pub out: Option<out::Out>,
}

/// Whether a trunk's word about the caller is believed (RFC 3325 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// P-Asserted-Identity names the caller.
    Trusted,
    /// From names the caller.
    Untrusted,
}

/// Whether callers hear the draft as it is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveEdit {
    /// Each clean version of the draft, as soon as it is saved: for demonstrations.
    On,
    /// What was published.
    Off,
}

/// Recordings on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recordings {
    /// Their directory.
    pub directory: PathBuf,
    /// What they may take on disk, in octets.
    pub quota_octets: u64,
    /// After this long at most a recording is synced to disk.
    pub sync: Duration,
}

/// Where lines are closed by phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseByPhone {
    /// The number that is called for it.
    pub number: String,
    /// The file that holds the PIN.
    pub pin_file: PathBuf,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// What needs a repair.
    Error,
    /// What may need one.
    Warn,
    /// What an operator wants to know.
    Info,
    /// What a developer wants to know.
    Debug,
    /// Everything.
    Trace,
}

impl Log {
    /// The level's name for a log filter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Log::Error => "error",
            Log::Warn => "warn",
            Log::Info => "info",
            Log::Debug => "debug",
            Log::Trace => "trace",
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            sip: Sip {
                listen: over_each(SocketAddr::from(([0, 0, 0, 0], 5060))),
                external_address: None,
                t1: Duration::from_millis(500),
                target_patience: limits::SIP_TARGET_PATIENCE_DEFAULT,
                product: concat!("Careline/", env!("CARGO_PKG_VERSION")).to_owned(),
                listen_to: near_networks(),
                requests_a_second: limits::GUARD_REQUESTS_A_SECOND_DEFAULT,
                session_expires_s: limits::SESSION_EXPIRES_DEFAULT_S,
                info_keys: InfoKeys::Told,
                realm: "careline".to_owned(),
                drop_agents: Vec::new(),
            },
            media: Media {
                address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                first_port: 20_000,
                last_port: 29_999,
                port_rest: limits::PORT_REST_DEFAULT,
                workers: None,
                silent_after: limits::MEDIA_LOST_DEFAULT,
                batching: Batching::WherePossible,
                priority: Priority::WherePossible,
            },
            calls: Calls {
                max: limits::MAX_CALLS_DEFAULT,
                ring: limits::RING_DEFAULT,
                longest: limits::CALL_DEFAULT,
            },
            trunks: Vec::new(),
            users: Vec::new(),
            unrecorded: Vec::new(),
            messages: messages::Settings::default(),
            interpreters: Vec::new(),
            keys: Codes::default(),
            dialling: None,
            emergency: dialling::no_emergency(),
            flows: PathBuf::from("ivr-flows"),
            sounds: PathBuf::from("sounds"),
            published: None,
            live_edit: LiveEdit::Off,
            recordings: Recordings {
                directory: PathBuf::from("careline-data/recordings"),
                quota_octets: limits::RECORDINGS_QUOTA_DEFAULT_OCTETS,
                sync: Duration::from_secs(5),
            },
            voice: Engine::None,
            close_by_phone: None,
            store: PathBuf::from("careline-data/careline.db"),
            control: PathBuf::from("careline-data/control.sock"),
            drain: Duration::from_secs(30),
            log: Log::Info,
        }
    }
}

impl Config {
    /// Reads the file: the settings if it has no fault, and every fault it has. An empty file is all defaults.
    pub fn read(path: &str, octets: &[u8]) -> (Option<Config>, Vec<Diagnostic>) {
        let mut sources = Sources::default();
        let mut config = Config::default();
        if let (_, Reading::Tree(node)) = tree::read(&mut sources, path, octets) {
            config.take(&node, &mut sources);
        }
        let clean = sources.is_clean();
        let mut faults = sources.into_faults();
        faults.iter_mut().for_each(users::hide_hash);
        (clean.then_some(config), faults)
    }

    /// Where published sets are kept: beside the records, if nothing else is said.
    pub fn shelf(&self) -> Shelf {
        let beside = || self.store.parent().unwrap_or(Path::new("")).join("published");
        Shelf::at(&self.published.clone().unwrap_or_else(beside))
    }

    /// Where the draft is: what is edited.
    pub fn draft(&self) -> Folders {
        Folders { flows: self.flows.clone(), sounds: self.sounds.clone() }
    }

    /// The settings of the SIP machine: it listens to the near networks and to every trunk.
    pub fn sip_settings(&self) -> Settings {
        let trunks = self.trunks.iter().flat_map(|trunk| &trunk.addresses);
        Settings {
            t1: self.sip.t1,
            target_patience: self.sip.target_patience,
            external_address: self.sip.external_address,
            product: self.sip.product.clone(),
            listen_to: self.sip.listen_to.iter().chain(trunks.clone()).copied().collect(),
            trusted: trunks.copied().chain(this_machine()).collect(),
            requests_a_second: self.sip.requests_a_second,
            help: self.help(),
            session_expires_s: self.sip.session_expires_s,
            info_keys: self.sip.info_keys,
            drop_agents: self.sip.drop_agents.clone(),
        }
    }

    fn take(&mut self, node: &Node, sources: &mut Sources) {
        let object = &vocabulary::CONFIG;
        let Some(mut fields) = Fields::of_object(node, &[object], FAMILY, sources) else { return };
        let (sip, media) = (fields.take("sip"), fields.take("media"));
        if let Some(node) = sip {
            self.sip.take(node, sources);
        }
        if let Some(node) = media {
            self.media.take(node, sources);
        }
        if let Some(node) = sip.or(media) {
            self.check_families(node.place, sources);
        }
        if let Some(node) = fields.take("calls") {
            self.calls.take(node, sources);
        }
        if let Some(node) = fields.take("trunks") {
            self.trunks = trunks(node, sources);
        }
        self.take_phones(&mut fields, sources);
        if let Some(node) = fields.take("interpreters") {
            self.interpreters = interpreters::read(node, &self.trunks, sources);
        }
        if let Some(node) = fields.take("keys") {
            self.keys = keys::read(node, sources);
        }
        if let Some(node) = fields.take("voice") {
            self.voice = voice::read(node, sources);
        }
        if let Some(node) = fields.take("close_by_phone") {
            self.close_by_phone = by_phone::read(node, sources);
        }
        if let Some(node) = fields.take("recordings") {
            self.recordings.take(node, sources);
        }
        let paths = [
            ("flows", &mut self.flows),
            ("sounds", &mut self.sounds),
            ("store", &mut self.store),
            ("control", &mut self.control),
        ];
        for (name, place) in paths {
            path(&mut fields, name, place, sources);
        }
        if let Some(node) = fields.take("published") {
            self.published =
                fields::word(node, "a path", FAMILY, sources).map(|path| PathBuf::from(path.value));
        }
        if let Some(node) = fields.take("live_edit") {
            let ways = [("true", LiveEdit::On), ("false", LiveEdit::Off)];
            self.live_edit =
                fields::choice(node, "true or false", &ways, FAMILY, sources).unwrap_or(self.live_edit);
        }
        seconds(&mut fields, "drain_s", 0..=86_400, &mut self.drain, sources);
        if let Some(node) = fields.take("log") {
            let levels = [Log::Error, Log::Warn, Log::Info, Log::Debug, Log::Trace].map(|l| (l.as_str(), l));
            self.log = fields::choice(node, "log level", &levels, FAMILY, sources).unwrap_or(self.log);
        }
        fields.finish(sources);
    }
}

impl Sip {
    fn take(&mut self, node: &Node, sources: &mut Sources) {
        let object = &vocabulary::SIP;
        let Some(mut fields) = Fields::of_object(node, &[object], FAMILY, sources) else { return };
        if let Some(node) = fields.take("listen") {
            self.listen = listens(node, sources);
        }
        if let Some(node) = fields.take("external_address") {
            self.external_address = parsed(node, "IP address", "203.0.113.10", sources);
        }
        if let Some(node) = fields.take("t1_ms") {
            let t1 = fields::number(node, "time in milliseconds", 10..=5_000, FAMILY, sources);
            self.t1 = t1.map_or(self.t1, Duration::from_millis);
        }
        seconds(&mut fields, "target_patience_s", 1..=32, &mut self.target_patience, sources);
        let product = fields.take("product");
        if let Some(product) = product.and_then(|n| fields::word(n, "the product's name", FAMILY, sources)) {
            self.product = product.value;
        }
        if let Some(node) = fields.take("listen_to") {
            self.listen_to = networks(node, sources);
        }
        if let Some(node) = fields.take("requests_a_second") {
            let rate = fields::number(node, "number of requests", 1..=100_000, FAMILY, sources);
            self.requests_a_second =
                rate.and_then(|n| u32::try_from(n).ok()).unwrap_or(self.requests_a_second);
        }
        if let Some(node) = fields.take("session_expires_s") {
            let seconds = fields::number(node, "time in seconds", 0..=86_400, FAMILY, sources);
            let asked =
                seconds.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(self.session_expires_s);
            // Nobody agrees to less (RFC 4028 §5).
            self.session_expires_s = if asked == 0 { 0 } else { asked.max(limits::SESSION_EXPIRES_MIN_S) };
        }
        if let Some(node) = fields.take("info_keys") {
            let choices = [
                ("ignored", InfoKeys::Ignored),
                ("count", InfoKeys::Told),
                ("deduplicate", InfoKeys::Paired),
            ];
            self.info_keys =
                fields::choice(node, "choice", &choices, FAMILY, sources).unwrap_or(self.info_keys);
        }
        if let Some(realm) = fields.take("realm").and_then(|n| fields::name(n, "a realm", FAMILY, sources)) {
            self.realm = realm.value;
        }
        if let Some(node) = fields.take("drop_agents") {
            self.drop_agents = addresses::agents(node, sources);
        }
        fields.finish(sources);
    }
}

impl Media {
    fn take(&mut self, node: &Node, sources: &mut Sources) {
        let object = &vocabulary::MEDIA;
        let Some(mut fields) = Fields::of_object(node, &[object], FAMILY, sources) else { return };
        if let Some(node) = fields.take("address") {
            self.address = parsed(node, "IP address", "0.0.0.0", sources).unwrap_or(self.address);
        }
        let mut clash = node.place;
        for (name, place) in [("first_port", &mut self.first_port), ("last_port", &mut self.last_port)] {
            if let Some(node) = fields.take(name) {
                clash = node.place;
                let port = fields::number(node, "port", 1_024..=65_535, FAMILY, sources);
                *place = port.and_then(|port| u16::try_from(port).ok()).unwrap_or(*place);
            }
        }
        if let Some(node) = fields.take("workers") {
            let workers = fields::number(node, "number of threads", 1..=256, FAMILY, sources);
            self.workers = workers.and_then(|workers| usize::try_from(workers).ok());
        }
        seconds(&mut fields, "port_rest_s", 1..=60, &mut self.port_rest, sources);
        seconds(&mut fields, "silent_after_s", 5..=3_600, &mut self.silent_after, sources);
        if let Some(node) = fields.take("io_uring") {
            let ways = [("auto", Batching::WherePossible), ("never", Batching::Never)];
            self.batching =
                fields::choice(node, "use of io_uring", &ways, FAMILY, sources).unwrap_or(self.batching);
        }
        if let Some(node) = fields.take("priority") {
            let ways = [("auto", Priority::WherePossible), ("never", Priority::Never)];
            self.priority = fields::choice(node, "priority", &ways, FAMILY, sources).unwrap_or(self.priority);
        }
        fields.finish(sources);
        self.check_ports(clash, sources);
    }

    /// RTP takes an even port and RTCP the odd one after it (RFC 3550 §11).
    fn check_ports(&self, place: Place, sources: &mut Sources) {
        let (first, last) = (self.first_port, self.last_port);
        if first % 2 == 1 {
            let words = Words::what(format!("the first port {first} is odd, and RTP takes even ports"))
                .repair(format!("write first_port: {}", first.saturating_add(1)));
            sources.fault(place, ODD_PORT, words);
        }
        if last <= first {
            let words = Words::what(format!("no port lies between {first} and {last}"))
                .repair("make last_port greater than first_port: each party needs two ports")
                .hears("no call could be answered");
            sources.fault(place, NO_PORT, words);
        }
    }
}

impl Recordings {
    fn take(&mut self, node: &Node, sources: &mut Sources) {
        let object = &vocabulary::RECORDINGS;
        let Some(mut fields) = Fields::of_object(node, &[object], FAMILY, sources) else { return };
        path(&mut fields, "directory", &mut self.directory, sources);
        if let Some(node) = fields.take("quota_mb") {
            let megabytes = fields::number(node, "size in megabytes", 1..=1_000_000_000, FAMILY, sources);
            self.quota_octets = megabytes.map_or(self.quota_octets, |mb| mb * 1_000_000);
        }
        seconds(&mut fields, "sync_s", 1..=60, &mut self.sync, sources);
        fields.finish(sources);
    }
}

fn trunks(node: &Node, sources: &mut Sources) -> Vec<Trunk> {
    let mut trunks: Vec<Trunk> = Vec::new();
    for item in fields::items(node, "`trunks`", FAMILY, sources).unwrap_or_default() {
        let Some((trunk, place)) = trunk(item, sources) else { continue };
        if trunks.iter().any(|other| other.name == trunk.name) {
            let words = Words::what(format!("the trunk {} stands here for the second time", trunk.name))
                .repair("give each trunk its own name");
            sources.fault(place, TRUNK_TWICE, words);
        }
        trunks.push(trunk);
    }
    trunks
}

fn trunk(node: &Node, sources: &mut Sources) -> Option<(Trunk, Place)> {
    let mut fields = Fields::of_object(node, &[&vocabulary::TRUNK], FAMILY, sources)?;
    let name = fields.need("name", sources).and_then(|n| fields::name(n, "a trunk", FAMILY, sources));
    let addresses = fields.need("addresses", sources).map(|n| networks(n, sources)).unwrap_or_default();
    let trust = fields.take("trusted").and_then(|n| {
        fields::choice(
            n,
            "true or false",
            &[("true", Trust::Trusted), ("false", Trust::Untrusted)],
            FAMILY,
            sources,
        )
    });
    let places = [
        ("request_uri", CalledNumberFrom::RequestUri),
        ("to", CalledNumberFrom::To),
        ("p_called_party_id", CalledNumberFrom::PCalledPartyId),
        ("diversion", CalledNumberFrom::Diversion),
    ];
    let called = fields.take("called_number_from");
    let called =
        called.and_then(|n| fields::choice(n, "place of the called number", &places, FAMILY, sources));
    let country = fields.take("country").and_then(|node| dialling::country(node, sources));
    let out = fields.take("out").and_then(|node| out::read(node, sources));
    fields.finish(sources);
    let name = name?;
    let trunk = Trunk {
        name: TrunkName::from(name.value.as_str()),
        addresses,
        trust: trust.unwrap_or(Trust::Untrusted),
        called_number_from: called.unwrap_or(CalledNumberFrom::RequestUri),
        country,
        out,
    };
    Some((trunk, name.place))
}

fn parsed<T: std::str::FromStr>(node: &Node, what: &str, example: &str, sources: &mut Sources) -> Option<T> {
    let word = fields::word(node, what, FAMILY, sources)?;
    let value = word.value.parse().ok();
    if value.is_none() {
        let words =
            Words::what(format!("`{}` is no {what}", word.value)).repair(format!("write it as {example}"));
        sources.fault(word.place, FAMILY.value, words);
    }
    value
}

fn path(fields: &mut Fields<'_>, name: &str, place: &mut PathBuf, sources: &mut Sources) {
    let Some(node) = fields.take(name) else { return };
    if let Some(path) = fields::word(node, "a path", FAMILY, sources) {
        *place = PathBuf::from(path.value);
    }
}

fn seconds(
    fields: &mut Fields<'_>,
    name: &str,
    bounds: std::ops::RangeInclusive<u64>,
    place: &mut Duration,
    sources: &mut Sources,
) {
    let Some(node) = fields.take(name) else { return };
    let found = fields::number(node, "time in seconds", bounds, FAMILY, sources);
    *place = found.map_or(*place, Duration::from_secs);
}

#[cfg(test)]
mod tests {
    use super::addresses::parse_network;
    use super::*;
    use crate::flow::diagnostic::Paint;

    fn faults(text: &str) -> String {
        let (config, faults) = Config::read("careline.yaml", text.as_bytes());
        assert_eq!(config.is_some(), faults.is_empty());
        faults.iter().map(|fault| fault.render(Paint::Plain)).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn an_empty_file_is_all_defaults() {
        for text in ["", "# nothing\n", "---\n"] {
            assert_eq!(
                Config::read("careline.yaml", text.as_bytes()),
                (Some(Config::default()), vec![]),
                "{text:?}"
            );
        }
    }

    #[test]
    fn the_example_shows_every_key_with_its_default() {
        let example = include_str!("../careline.yaml.example");
        let (config, faults) = Config::read("careline.yaml.example", example.as_bytes());
        assert_eq!(faults, vec![]);
        let mut config = config.unwrap();
        assert!(config.sip.product.starts_with("Careline/"), "{}", config.sip.product);
        config.sip.product = Config::default().sip.product;
        assert_eq!(config, Config::default());
    }

    #[test]
    fn every_key_is_read() {
        let text = "
sip: {listen: '192.0.2.1:5080', external_address: 203.0.113.10, t1_ms: 50, target_patience_s: 2, product: Clinic, listen_to: [10.0.0.0/8], session_expires_s: 30, info_keys: count, drop_agents: [Evil Phone]}
media: {address: 192.0.2.1, first_port: 30000, last_port: 30099, port_rest_s: 4, workers: 2, silent_after_s: 20, io_uring: never, priority: never}
calls: {max: 5, ring_s: 60, longest_s: 3600}
trunks:
  - {name: carrier, addresses: [203.0.113.0/24, '2001:db8::/32', 198.51.100.7], trusted: true, called_number_from: diversion, country: US}
flows: my flows
published: /srv/sets
live_edit: true
recordings: {directory: /srv/rec, quota_mb: 10, sync_s: 2}
drain_s: 5
log: debug
";
        let (config, faults) = Config::read("careline.yaml", text.as_bytes());
        assert_eq!(faults, vec![]);
        let config = config.unwrap();
        assert_eq!(config.sip.listen, over_each("192.0.2.1:5080".parse().unwrap()));
        assert_eq!(config.sip.t1, Duration::from_millis(50));
        assert_eq!(config.sip.target_patience, Duration::from_secs(2));
        assert_eq!((config.sip.session_expires_s, config.sip.info_keys), (90, InfoKeys::Told), "90 at least");
        assert_eq!(Config::default().sip.info_keys, InfoKeys::Told, "a phone that sends INFO has keys");
        let paired = text.replace("info_keys: count", "info_keys: deduplicate");
        let (paired, faults) = Config::read("careline.yaml", paired.as_bytes());
        assert_eq!((paired.unwrap().sip.info_keys, faults), (InfoKeys::Paired, vec![]));
        assert_eq!((config.media.workers, config.media.port_rest), (Some(2), Duration::from_secs(4)));
        assert_eq!((config.media.batching, config.media.priority), (Batching::Never, Priority::Never));
        assert_eq!(config.recordings.quota_octets, 10_000_000);
        assert_eq!(config.flows, PathBuf::from("my flows"));
        assert_eq!(config.shelf().folder_of(3), Path::new("/srv/sets/000003"));
        assert_eq!(Config::default().shelf().folder_of(3), Path::new("careline-data/published/000003"));
        assert_eq!(config.live_edit, LiveEdit::On);
        let trunk = &config.trunks[0];
        assert_eq!((trunk.trust, trunk.called_number_from), (Trust::Trusted, CalledNumberFrom::Diversion));
        assert_eq!(trunk.country, Country::read("US"));
        assert_eq!(config.sip_settings().listen_to.len(), 4, "its own network and the trunk's three");
        assert_eq!(config.log, Log::Debug);
        assert_eq!(config.sip_settings().drop_agents, ["Evil Phone"]);
    }

    #[test]
    fn all_faults_are_told_at_once_with_their_repair() {
        // RFC 3550 §11: RTP takes the even port.
        let text = "sipp: {}\nsip: {listen: 5060, t1_ms: fast}\nmedia: {first_port: 20001, last_port: 20001}\n\
                    trunks: [{name: a}, {addresses: [300.0.0.1, 10.0.0.0/33]}]\nlog: inof\ndrain_s: -1\n";
        expect_test::expect![[r#"
            careline.yaml:1:1  C001  `sipp` means nothing in careline.yaml
                1 | sipp: {}
                  | ^^^^ did you mean `sip`?
            careline.yaml:2:15  C004  `5060` is no address with port
                2 | sip: {listen: 5060, t1_ms: fast}
                  |               ^^^^ write it as 0.0.0.0:5060, or udp 0.0.0.0:5060, or tcp 0.0.0.0:5060
            careline.yaml:2:28  C009  `fast` is no time in milliseconds
                2 | sip: {listen: 5060, t1_ms: fast}
                  |                            ^^^^ write a whole number from 10 to 5000
            careline.yaml:3:39  C013  the first port 20001 is odd, and RTP takes even ports
                3 | media: {first_port: 20001, last_port: 20001}
                  |                                       ^^^^^ write first_port: 20002
            careline.yaml:3:39  C014  no port lies between 20001 and 20001
                3 | media: {first_port: 20001, last_port: 20001}
                  |                                       ^^^^^ make last_port greater than first_port: each party needs two ports
                  no call could be answered
            careline.yaml:4:10  C002  a trunk needs `addresses`
                4 | trunks: [{name: a}, {addresses: [300.0.0.1, 10.0.0.0/33]}]
                  |          ^ add `addresses: …`
            careline.yaml:4:21  C002  a trunk needs `name`
                4 | trunks: [{name: a}, {addresses: [300.0.0.1, 10.0.0.0/33]}]
                  |                     ^ add `name: …`
            careline.yaml:4:34  C004  `300.0.0.1` is no network
                4 | trunks: [{name: a}, {addresses: [300.0.0.1, 10.0.0.0/33]}]
                  |                                  ^^^^^^^^^ write an address or a network, such as 203.0.113.7 or 203.0.113.0/24
            careline.yaml:4:45  C004  `10.0.0.0/33` is no network
                4 | trunks: [{name: a}, {addresses: [300.0.0.1, 10.0.0.0/33]}]
                  |                                             ^^^^^^^^^^^ write an address or a network, such as 203.0.113.7 or 203.0.113.0/24
            careline.yaml:5:6  C008  `inof` is no log level
                5 | log: inof
                  |      ^^^^ did you mean `info`?
            careline.yaml:6:10  C009  `-1` is no time in seconds
                6 | drain_s: -1
                  |          ^^ write a whole number from 0 to 86400"#]].assert_eq(&faults(text));
    }

    #[test]
    fn sip_is_listened_for_at_one_address_or_several_over_both_transports_or_one() {
        let shown = |listen: &str| {
            let text = format!("sip: {{listen: {listen}}}\nmedia: {{address: '::'}}\n");
            let (config, faults) = Config::read("careline.yaml", text.as_bytes());
            let all = config.map(|config| config.sip.listen).unwrap_or_default();
            let all: Vec<String> =
                all.iter().map(|l| format!("{} {}", l.transport.in_uri(), l.address)).collect();
            let faults = faults.iter().map(|fault| fault.what.clone());
            all.into_iter().chain(faults).collect::<Vec<_>>().join(", ")
        };
        let table = [
            ("'[::]:5060'", "udp [::]:5060, tcp [::]:5060"),
            ("'tcp [::1]:5080'", "tcp [::1]:5080"),
            ("['[::1]:5060', 'udp [fd00::1]:5070']", "udp [::1]:5060, tcp [::1]:5060, udp [fd00::1]:5070"),
            ("['[::]:5060', 'tcp [::]:5060']", "tcp [::]:5060 stands here for the second time"),
            ("[]", "SIP would be listened for nowhere"),
            ("'tls [::]:5061'", "`tls [::]:5061` is no address with port"),
            ("['[::]:5060', '0.0.0.0:5060']", "SIP is listened for at 0.0.0.0:5060, and sound at :: alone"),
        ];
        for (listen, expected) in table {
            assert_eq!(shown(listen), expected, "{listen}");
        }
    }

    #[test]
    fn a_network_is_an_address_and_how_many_bits_count() {
        let good = [("10.0.0.0/8", 8), ("203.0.113.7", 32), ("::1", 128), ("fc00::/7", 7), ("0.0.0.0/0", 0)];
        for (text, prefix) in good {
            assert_eq!(parse_network(text).map(|network| network.prefix), Some(prefix), "{text}");
        }
        for bad in ["10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "10.0.0.0/+8", "example.com", ""] {
            assert_eq!(parse_network(bad), None, "{bad}");
        }
    }

    #[test]
    fn by_default_only_near_networks_are_listened_to() {
        // RFC 4291 §2.5.6 is the last one.
        let listed = Config::default().sip_settings().listen_to;
        let shown: Vec<String> = listed.iter().map(|n| format!("{}/{}", n.base, n.prefix)).collect();
        assert_eq!(
            shown.join(" "),
            "127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 100.64.0.0/10 ::1/128 fc00::/7 fe80::/10"
        );
    }

    #[test]
    fn the_administrators_guide_explains_every_code() {
        let guide = include_str!("../docs/admin-guide/flows.md");
        for crate::flow::diagnostic::Code { id, meaning } in codes::CODES {
            assert!(guide.contains(&format!("| {id} | {meaning} |")), "{id} {meaning}");
        }
    }
}
