//! Networks that nobody in the Internet can send from: who calls out of one stands in the house, or behind its door.

use super::interface::Network;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Loopback, private (RFC 1918, RFC 4193), link-local (RFC 3927, RFC 4291 §2.5.6) and shared (RFC 6598).
pub fn near_networks() -> Vec<Network> {
    let v4 = |a, b, prefix| Network { base: IpAddr::V4(Ipv4Addr::new(a, b, 0, 0)), prefix };
    let v6 = |first, prefix| Network { base: IpAddr::V6(Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 0)), prefix };
    vec![
        v4(127, 0, 8),
        v4(10, 0, 8),
        v4(172, 16, 12),
        v4(192, 168, 16),
        v4(169, 254, 16),
        v4(100, 64, 10),
        Network { base: IpAddr::V6(Ipv6Addr::LOCALHOST), prefix: 128 },
        v6(0xfc00, 7),
        v6(0xfe80, 10),
    ]
}

/// Whether an address is of one of them.
pub fn is_near(address: IpAddr) -> bool {
    near_networks().iter().any(|network| network.contains(address))
}
