//! Which address of ours leads to another: the routing table is asked, nothing is sent.

use std::net::{IpAddr, SocketAddr, UdpSocket};

/// Any port: connecting a UDP socket sends nothing.
const DISCARD_PORT: u16 = 9;

/// The address of ours, with the port where we listen, from which `remote` is reached; `None` without a route, or
/// where we listen at no address of that family.
pub fn local_for(listening: &[SocketAddr], remote: IpAddr) -> Option<SocketAddr> {
    let of_family = listening.iter().filter(|local| local.is_ipv4() == remote.is_ipv4());
    of_family.into_iter().find_map(|local| {
        let socket = UdpSocket::bind((local.ip(), 0)).ok()?;
        socket.connect((remote, DISCARD_PORT)).ok()?;
        Some(SocketAddr::new(socket.local_addr().ok()?.ip(), local.port()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_routing_table_chooses_the_address_and_we_the_port() {
        let check = |listening: &[&str], remote: &str| {
            let listening: Vec<SocketAddr> = listening.iter().map(|local| local.parse().unwrap()).collect();
            local_for(&listening, remote.parse().unwrap()).map(|local| local.to_string())
        };
        assert_eq!(check(&["0.0.0.0:5060"], "127.0.0.1").as_deref(), Some("127.0.0.1:5060"));
        assert_eq!(check(&["127.0.0.2:5062"], "127.0.0.1").as_deref(), Some("127.0.0.2:5062"));
        assert_eq!(check(&["[::1]:5060", "127.0.0.1:5061"], "127.0.0.9").as_deref(), Some("127.0.0.1:5061"));
        assert_eq!(check(&["127.0.0.1:5060"], "::1"), None, "no address of that family");
    }
}
