//! Whether carriers on the Internet are told an address of ours that they can reach: the usual cause of calls in which the
//! patient hears nothing (RFC 3261 §18.2.1, RFC 3264 §5.1).
//!
//! A trunk with a public address gets calls and sound from this machine by a private one only through a translator, and what
//! the translator shows has to be said in `sip: {external_address: …}`.

use super::finding::Finding;
use crate::config::{Config, Trunk};
use crate::sip::nearby::is_near;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// Any port: nothing is sent there.
const ANY_PORT: u16 = 5060;

/// What is found for the trunks, where `ours` tells by which address of this machine another one is reached.
pub fn findings(config: &Config, ours: impl Fn(IpAddr) -> Option<IpAddr>) -> Vec<Finding> {
    if let Some(told) = config.sip.external_address {
        return vec![match is_near(told) {
            true => Finding::look(
                format!("sip.external_address is {told}, which nobody on the Internet reaches"),
                "write the address that your router has there",
            ),
            false => Finding::good(format!("peers are told the address {told}")),
        }];
    }
    let hides = |trunk: &Trunk| {
        let public = trunk.addresses.iter().map(|network| network.base).find(|base| !is_near(*base))?;
        ours(public).filter(|ours| is_near(*ours))
    };
    let hidden = config.trunks.iter().find_map(|trunk| hides(trunk).map(|ours| (&trunk.name, ours)));
    hidden.map(|(trunk, ours)| unreachable(trunk.as_str(), ours)).into_iter().collect()
}

fn unreachable(trunk: &str, ours: IpAddr) -> Finding {
    Finding::look(
        format!("the trunk {trunk} is on the Internet, and would be told to send sound to {ours}"),
        "if a router stands between, write its outer address: `sip: {external_address: …}`; else callers hear nothing",
    )
}

/// The address of this machine by which `remote` is reached: the system's own choice. Nothing is sent.
pub fn by_which(remote: IpAddr) -> Option<IpAddr> {
    let any: IpAddr =
        if remote.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((remote, ANY_PORT)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::State;

    #[test]
    fn a_public_trunk_behind_a_private_address_is_looked_at() {
        let trunk = |address: &str| format!("trunks: [{{name: carrier, addresses: ['{address}']}}]\n");
        let told = |address: &str| format!("sip: {{external_address: {address}}}\n");
        for (yaml, ours, expected) in [
            (trunk("203.0.113.0/24"), "10.0.0.5", Some(State::Look)),
            (trunk("203.0.113.0/24"), "198.51.100.9", None),
            (trunk("10.1.0.0/16"), "10.0.0.5", None),
            (trunk("2001:db8::/32"), "fd00::1", Some(State::Look)),
            (String::new(), "10.0.0.5", None),
            (told("198.51.100.9") + &trunk("203.0.113.0/24"), "10.0.0.5", Some(State::Good)),
            (told("192.168.1.1"), "10.0.0.5", Some(State::Look)),
        ] {
            let (config, faults) = Config::read("careline.yaml", yaml.as_bytes());
            assert_eq!(faults, vec![], "{yaml}");
            let found = findings(&config.expect("no fault"), |_| ours.parse().ok());
            assert_eq!(found.first().map(|finding| finding.state), expected, "{yaml} {ours}: {found:?}");
        }
    }

    #[test]
    fn this_machine_reaches_itself_by_loopback() {
        assert_eq!(by_which(IpAddr::V4(Ipv4Addr::LOCALHOST)), Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    }
}
