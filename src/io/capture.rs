//! A capture of a network, pcap or pcapng, as its UDP datagrams. The only file that names `pcap_file` and `etherparse`.
//!
//! ```text
//!  file ─▶ packets ─▶ Ethernet (with VLAN) | Linux cooked | raw IP ─▶ IPv4 | IPv6 ─▶ UDP ─▶ Datagram
//! ```
//! What is in a datagram is not its job. Fragments of IP and everything that is not UDP are passed over.

use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use pcap_file::DataLink;
use pcap_file::pcap::PcapReader;
use pcap_file::pcapng::{Block, PcapNgReader};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;
use thiserror::Error;

/// One UDP datagram of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Since the first packet of the capture.
    pub at: Duration,
    /// Who sent it.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// Its octets.
    pub payload: Vec<u8>,
}

/// Why a capture cannot be read.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// The system does not let us read it.
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
    /// It begins like a capture, and goes on otherwise.
    #[error("the capture is damaged: {0}; capture it again, or cut it with `editcap`")]
    Damaged(String),
}

/// Whether a file begins as a capture does.
///
/// # Errors
/// What the system says when it cannot be opened or read.
pub fn is_capture(path: &Path) -> io::Result<bool> {
    let mut magic = Vec::new();
    File::open(path)?.take(4).read_to_end(&mut magic)?;
    Ok(PCAPNG == magic[..] || PCAPS.iter().any(|pcap| *pcap == magic[..]))
}

/// The UDP datagrams of a capture in the order of the file. One that breaks off in a packet is read up to there.
///
/// # Errors
/// [`CaptureError`] with the cause.
pub fn read(path: &Path) -> Result<Vec<Datagram>, CaptureError> {
    let mut file = File::open(path).map_err(CaptureError::Unreadable)?;
    let mut magic = [0; 4];
    file.read_exact(&mut magic).and_then(|()| file.rewind()).map_err(CaptureError::Unreadable)?;
    let reader = BufReader::new(file);
    let mut datagrams = if magic == PCAPNG { read_pcapng(reader)? } else { read_pcap(reader)? };
    let first = datagrams.iter().map(|datagram| datagram.at).min().unwrap_or_default();
    datagrams.iter_mut().for_each(|datagram| datagram.at -= first);
    Ok(datagrams)
}

/// The type of a section header, which is the same in both orders of octets.
const PCAPNG: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
/// Microseconds and nanoseconds, in both orders.
const PCAPS: [[u8; 4]; 4] =
    [[0xd4, 0xc3, 0xb2, 0xa1], [0xa1, 0xb2, 0xc3, 0xd4], [0x4d, 0x3c, 0xb2, 0xa1], [0xa1, 0xb2, 0x3c, 0x4d]];

fn read_pcap(reader: impl Read) -> Result<Vec<Datagram>, CaptureError> {
    let mut reader = PcapReader::new(reader).map_err(|error| CaptureError::Damaged(error.to_string()))?;
    let link = reader.header().datalink;
    let mut datagrams = Vec::new();
    while let Some(packet) = reader.next_packet() {
        match packet {
            Ok(packet) => datagrams.extend(datagram(link, packet.timestamp, &packet.data)),
            Err(pcap_file::PcapError::IncompleteBuffer) => break,
            Err(error) => return Err(CaptureError::Damaged(error.to_string())),
        }
    }
    Ok(datagrams)
}

fn read_pcapng(reader: impl Read) -> Result<Vec<Datagram>, CaptureError> {
    let mut reader = PcapNgReader::new(reader).map_err(|error| CaptureError::Damaged(error.to_string()))?;
    let (mut links, mut datagrams) = (Vec::new(), Vec::new());
    while let Some(block) = reader.next_block() {
        match block {
            Ok(Block::SectionHeader(_)) => links.clear(),
            Ok(Block::InterfaceDescription(interface)) => links.push(interface.linktype),
            Ok(Block::EnhancedPacket(packet)) => {
                if let Some(link) = links.get(packet.interface_id as usize) {
                    datagrams.extend(datagram(*link, packet.timestamp, &packet.data));
                }
            }
            Ok(_) => {}
            Err(pcap_file::PcapError::IncompleteBuffer) => break,
            Err(error) => return Err(CaptureError::Damaged(error.to_string())),
        }
    }
    Ok(datagrams)
}

fn datagram(link: DataLink, at: Duration, octets: &[u8]) -> Option<Datagram> {
    let packet = match link {
        DataLink::ETHERNET => SlicedPacket::from_ethernet(octets),
        DataLink::LINUX_SLL => SlicedPacket::from_linux_sll(octets),
        DataLink::LINUX_SLL2 => SlicedPacket::from_ip(octets.get(SLL2_OCTETS..)?),
        DataLink::NULL | DataLink::LOOP => SlicedPacket::from_ip(octets.get(LOOPBACK_OCTETS..)?),
        _ => SlicedPacket::from_ip(octets),
    };
    let packet = packet.ok()?;
    let (source, destination) = match packet.net? {
        NetSlice::Ipv4(ip) => {
            (IpAddr::V4(ip.header().source_addr()), IpAddr::V4(ip.header().destination_addr()))
        }
        NetSlice::Ipv6(ip) => {
            (IpAddr::V6(ip.header().source_addr()), IpAddr::V6(ip.header().destination_addr()))
        }
        NetSlice::Arp(_) => return None,
    };
    let Some(TransportSlice::Udp(udp)) = packet.transport else { return None };
    Some(Datagram {
        at,
        from: SocketAddr::new(source, udp.source_port()),
        to: SocketAddr::new(destination, udp.destination_port()),
        payload: udp.payload().to_vec(),
    })
}

/// Octets of the header of Linux cooked captures, version 2 (`tcpdump -i any` of today).
const SLL2_OCTETS: usize = 20;
/// Octets of the header of BSD loopback captures.
const LOOPBACK_OCTETS: usize = 4;
