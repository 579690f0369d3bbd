//! Addresses as `careline.yaml` writes them: networks whose calls are taken, and where SIP is listened for.

use super::Config;
use super::codes::{CLASH, FAMILY, LISTEN_NOWHERE, LISTEN_TWICE};
use crate::flow::diagnostic::{Place, Sources, Words};
use crate::flow::syntax::fields;
use crate::flow::syntax::tree::{Node, Shape};
use crate::io::sip_port::Listen;
use crate::limits::DROP_AGENTS_MAX;
use crate::sip::interface::Network;
use crate::sip::way::Transport;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

pub fn networks(node: &Node, sources: &mut Sources) -> Vec<Network> {
    let items = fields::items(node, "a list of networks", FAMILY, sources).unwrap_or_default();
    items.iter().filter_map(|item| network(item, sources)).collect()
}

fn network(node: &Node, sources: &mut Sources) -> Option<Network> {
    let word = fields::word(node, "a network", FAMILY, sources)?;
    let found = parse_network(&word.value);
    if found.is_none() {
        let words = Words::what(format!("`{}` is no network", word.value))
            .repair("write an address or a network, such as 203.0.113.7 or 203.0.113.0/24");
        sources.fault(word.place, FAMILY.value, words);
    }
    found
}

/// Names of programs that are not heard.
pub fn agents(node: &Node, sources: &mut Sources) -> Vec<String> {
    let items = fields::items(node, "a list of names", FAMILY, sources).unwrap_or_default();
    if items.len() > DROP_AGENTS_MAX {
        let words = Words::what(format!("{} names stand here, and {DROP_AGENTS_MAX} may", items.len()));
        sources.fault(node.place, FAMILY.value, words.repair("keep those that call here"));
    }
    let name = |item: &Node| fields::word(item, "the name of a program", FAMILY, sources);
    items.iter().filter_map(name).map(|name| name.value).collect()
}

/// The addresses where SIP is listened for: one, or a list of them.
pub fn listens(node: &Node, sources: &mut Sources) -> Vec<Listen> {
    let items = match &node.shape {
        Shape::List(items) => items.as_slice(),
        Shape::Scalar(_) | Shape::Map(_) | Shape::Broken => std::slice::from_ref(node),
    };
    let mut all: Vec<Listen> = Vec::new();
    for item in items {
        for listen in listen(item, sources) {
            if all.contains(&listen) {
                let (transport, address) = (listen.transport.in_uri(), listen.address);
                let words = Words::what(format!("{transport} {address} stands here for the second time"))
                    .repair("take one of them out");
                sources.fault(item.place, LISTEN_TWICE, words);
            }
            all.push(listen);
        }
    }
    if items.is_empty() {
        let words = Words::what("SIP would be listened for nowhere")
            .repair("write an address with its port, such as 0.0.0.0:5060, or take the line out")
            .hears("no call could be answered");
        sources.fault(node.place, LISTEN_NOWHERE, words);
    }
    all
}

/// One address over both transports, or over the one that stands before it.
fn listen(node: &Node, sources: &mut Sources) -> Vec<Listen> {
    let Some(word) = fields::word(node, "an address with port", FAMILY, sources) else { return Vec::new() };
    let found = parse_listen(&word.value);
    if found.is_empty() {
        let words = Words::what(format!("`{}` is no address with port", word.value))
            .repair("write it as 0.0.0.0:5060, or udp 0.0.0.0:5060, or tcp 0.0.0.0:5060");
        sources.fault(word.place, FAMILY.value, words);
    }
    found
}

fn parse_listen(text: &str) -> Vec<Listen> {
    let (transport, address) = text.split_once(' ').map_or((None, text), |(word, rest)| (Some(word), rest));
    let Ok(address) = address.trim().parse() else { return Vec::new() };
    let mut all = over_each(address);
    all.retain(|listen| transport.is_none_or(|word| word == listen.transport.in_uri()));
    all
}

/// The address over each transport.
pub fn over_each(address: SocketAddr) -> Vec<Listen> {
    Transport::ALL.map(|transport| Listen { transport, address }).to_vec()
}

/// A network in CIDR notation; a lone address is a network of one.
pub fn parse_network(text: &str) -> Option<Network> {
    let (base, prefix) = text.split_once('/').map_or((text, None), |(base, prefix)| (base, Some(prefix)));
    let base: IpAddr = base.parse().ok()?;
    let longest = if base.is_ipv4() { 32 } else { 128 };
    let digits = |p: &str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit());
    let prefix = match prefix {
        None => longest,
        Some(prefix) if digits(prefix) => prefix.parse().ok().filter(|p| *p <= longest)?,
        Some(_) => return None,
    };
    Some(Network { base, prefix })
}

/// The loopback addresses: what runs beside the engine is the operator's own.
pub fn this_machine() -> [Network; 2] {
    [
        Network { base: IpAddr::V4(Ipv4Addr::LOCALHOST), prefix: 8 },
        Network { base: IpAddr::V6(Ipv6Addr::LOCALHOST), prefix: 128 },
    ]
}

impl Config {
    /// Sound goes by one family of addresses: whoever signals over the other could not be heard.
    pub(super) fn check_families(&self, place: Place, sources: &mut Sources) {
        let sound = self.media.address;
        let other = self.sip.listen.iter().find(|listen| listen.address.is_ipv4() != sound.is_ipv4());
        let Some(listen) = other else { return };
        let any = if listen.address.is_ipv4() { "0.0.0.0" } else { "\"::\"" };
        let words =
            Words::what(format!("SIP is listened for at {}, and sound at {sound} alone", listen.address))
                .repair(format!(
                    "write media: {{address: {any}}}, or take that address out of `sip: {{listen: …}}`"
                ))
                .hears("who calls there would hear nothing");
        sources.fault(place, CLASH, words);
    }
}
