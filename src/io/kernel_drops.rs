//! Datagrams that the kernel dropped at our media sockets because nobody read them in time, as it lists them itself.
//!
//! ```text
//!   sl  local_address rem_address   st tx_queue:rx_queue tr:when  retrnsmt uid timeout inode ref pointer drops
//!  868: 0100007F:A394 00000000:0000 07 00000000:00001E00 00:00000000 00000000 0 0 2022980 2 000000008bc7338e 194
//! ```
//! Asking each packet for that figure (`SO_RXQ_OVFL`, as the SIP socket does) would cost every packet something, and
//! `io_uring` has no place for the answer. The list costs nothing until somebody reads it. Reading it is not for the
//! thread that serves calls: the kernel gives out a page at a time and counts from the first socket to find the next,
//! so that its time grows with the square of the sockets (20 000 on the machine took 230 ms of one core).

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The sockets of all media workers.
#[derive(Clone, Debug)]
pub struct MediaSockets {
    /// What they are bound to: one address, or every one of its family.
    address: IpAddr,
    /// Their ports, ascending.
    ports: Vec<u16>,
}

impl MediaSockets {
    /// The sockets of RTP at these even ports, and those of RTCP at the odd ones after them.
    pub fn new(address: IpAddr, rtp: impl Iterator<Item = u16>) -> Self {
        let mut ports: Vec<u16> = rtp.flat_map(|port| [port, port.saturating_add(1)]).collect();
        ports.sort_unstable();
        Self { address, ports }
    }

    /// What the kernel has dropped at all of them since they were bound. Where many sockets are open it takes long.
    ///
    /// # Errors
    /// When the system hides its list.
    pub fn dropped(&self) -> io::Result<u64> {
        let list = if self.address.is_ipv4() { "/proc/self/net/udp" } else { "/proc/self/net/udp6" };
        self.dropped_of(BufReader::new(File::open(list)?))
    }

    /// The sum over the lines of a list that are ours. A line that cannot be read is none of ours.
    fn dropped_of(&self, list: impl BufRead) -> io::Result<u64> {
        list.lines().try_fold(0_u64, |sum, line| {
            let ours = Line::read(&line?).filter(|line| self.holds(line));
            Ok(sum.saturating_add(ours.map_or(0, |line| line.drops)))
        })
    }

    /// Our sockets share their ports with nobody, so that a port at our address is ours. One that is bound to every
    /// address and then connected is listed with the address that it sends from.
    fn holds(&self, line: &Line) -> bool {
        let same_family = self.address.is_ipv4() == line.address.is_ipv4();
        let here = self.address == line.address || (self.address.is_unspecified() && same_family);
        here && self.ports.binary_search(&line.port).is_ok()
    }
}

/// One socket of the list.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    address: IpAddr,
    port: u16,
    drops: u64,
}

impl Line {
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let (address, port) = words.nth(1)?.split_once(':')?;
        // The queues and the timer are two words in one each.
        let drops = words.nth(10)?.parse().ok()?;
        let port = u16::from_str_radix(port, 16).ok()?;
        Some(Self { address: read_address(address)?, port, drops })
    }
}

/// The words of an address are in network order in memory and printed as numbers of this machine.
fn read_address(hex: &str) -> Option<IpAddr> {
    let word = |place: usize| {
        let digits = hex.get(place * 8..place * 8 + 8)?;
        u32::from_str_radix(digits, 16).ok().map(u32::to_ne_bytes)
    };
    match hex.len() {
        8 => word(0).map(|octets| Ipv4Addr::from(octets).into()),
        32 => {
            let octets: Vec<u8> = (0..4).map(word).collect::<Option<Vec<_>>>()?.concat();
            <[u8; 16]>::try_from(octets).ok().map(|octets| Ipv6Addr::from(octets).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::media_port::Pair;
    use std::net::UdpSocket;

    /// An address as this machine would print it.
    fn hex(address: &str) -> String {
        let octets = match address.parse::<IpAddr>().unwrap() {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        let word = |four: &[u8]| format!("{:08X}", u32::from_ne_bytes(four.try_into().unwrap()));
        octets.chunks_exact(4).map(word).collect()
    }

    fn line(address: &str, port: u16, drops: &str) -> String {
        let anybody = if address.contains(':') { "::" } else { "0.0.0.0" };
        format!(
            "{port:5}: {}:{port:04X} {}:0000 07 00000000:00001E00 00:00000000 00000000     0        0 2022980 2 000000008bc7338e {drops} ",
            hex(address),
            hex(anybody)
        )
    }

    #[test]
    fn a_line_gives_address_port_and_drops_or_nothing() {
        let good = line("127.0.0.1", 41_876, "194");
        let cases = [
            (good.clone(), Some(("127.0.0.1", 41_876, 194))),
            (line("192.0.2.77", 0, "0"), Some(("192.0.2.77", 0, 0))),
            (line("2001:db8::17", 65_535, "4294967295"), Some(("2001:db8::17", 65_535, 4_294_967_295))),
            (
                "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops".to_owned(),
                None,
            ),
            (String::new(), None),
            (" \t ".to_owned(), None),
            (line("127.0.0.1", 1, "-1"), None),
            (line("127.0.0.1", 1, "99999999999999999999"), None),
            (line("127.0.0.1", 1, ""), None),
            (good.replace(":A394", ":1A394"), None),
            (good.replace(":A394", ":"), None),
            (good.replace(":A394", ""), None),
            (good.replace(&hex("127.0.0.1"), "7F"), None),
            (good.replace(&hex("127.0.0.1"), "XXXXXXXX"), None),
            (good.replace(&hex("127.0.0.1"), "ééée"), None),
            (good.replace(&hex("127.0.0.1"), "ééééé€€€€€€€é"), None),
            (good.replace("2022980 ", ""), None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|(address, port, drops)| Line {
                address: address.parse().unwrap(),
                port,
                drops,
            });
            assert_eq!(Line::read(&text), expected, "{text}");
        }
    }

    #[test]
    fn only_our_ports_at_our_address_are_summed() {
        let list = [
            line("127.0.0.1", 20_000, "1"),
            line("0.0.0.0", 20_001, "20"),
            line("192.0.2.7", 20_003, "300"),
            "nonsense of 20000 40000".to_owned(),
            line("127.0.0.1", 20_004, "4000"),
            line("::", 20_002, "50000"),
            line("127.0.0.1", 5_060, "600000"),
        ]
        .join("\n");
        let cases = [("0.0.0.0", 321), ("127.0.0.1", 1), ("192.0.2.7", 300), ("::", 50_000), ("::1", 0)];
        for (address, expected) in cases {
            let ours = MediaSockets::new(address.parse().unwrap(), [20_002, 20_000].into_iter());
            assert_eq!(ours.dropped_of(list.as_bytes()).unwrap(), expected, "{address}");
        }
    }

    fn flooded(bind: &str, to: &str) {
        let bind: IpAddr = bind.parse().unwrap();
        let pair = (23_000..32_000).step_by(2).find_map(|port| Pair::bind(bind, port).ok()).unwrap();
        let peer = UdpSocket::bind((to, 0)).unwrap();
        let rtp = pair.rtp.local_addr().unwrap().port();
        let ours = MediaSockets::new(bind, [rtp].into_iter());
        assert_eq!(ours.dropped().unwrap(), 0);
        let sent = 1_000;
        for _ in 0..sent {
            peer.send_to(&[0; 172], (to, rtp)).unwrap();
            peer.send_to(&[0; 172], (to, rtp + 1)).unwrap();
        }
        let waiting = |socket: &UdpSocket| {
            let mut octets = [0; 200];
            (0..).take_while(|_: &u64| socket.recv(&mut octets).is_ok()).count() as u64
        };
        let kept = waiting(&pair.rtp) + waiting(&pair.rtcp);
        // Connected, it is listed under the address that it is spoken to at.
        pair.rtp.connect(peer.local_addr().unwrap()).unwrap();
        assert_eq!(ours.dropped().unwrap(), 2 * sent - kept, "{kept} kept, at {bind}");
    }

    #[test]
    fn what_the_kernel_drops_at_both_sockets_of_a_pair_is_told_exactly() {
        flooded("0.0.0.0", "127.0.0.1");
        flooded("127.0.0.1", "127.0.0.1");
        flooded("::", "::1");
    }
}
