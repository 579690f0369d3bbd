//! A capture (pcap) as the tests write it: Ethernet, IPv4, UDP, by hand. What is in the datagrams is not its job.

#![allow(dead_code, reason = "each test program uses its own part of this support")]

use pcap_file::DataLink;
use pcap_file::pcap::{PcapHeader, PcapPacket, PcapWriter};
use std::fs::File;
use std::path::Path;
use std::time::Duration;

/// A capture of what goes from 10.0.0.1:4000 to 10.0.0.2:5000.
pub struct Capture {
    writer: PcapWriter<File>,
}

impl Capture {
    /// An empty one.
    pub fn create(path: &Path) -> Self {
        let header = PcapHeader { datalink: DataLink::ETHERNET, ..PcapHeader::default() };
        let file = File::create(path).expect("the test's own directory can be written");
        Self { writer: PcapWriter::with_header(file, header).expect("its header can be written") }
    }

    /// A datagram, so long after the first.
    pub fn send(&mut self, at: Duration, payload: &[u8]) {
        let mut octets = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
        let length = (28 + payload.len()) as u16;
        octets.extend([0x45, 0]);
        octets.extend(length.to_be_bytes());
        octets.extend([0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        octets.extend([0x0f, 0xa0, 0x13, 0x88]);
        octets.extend((8 + payload.len() as u16).to_be_bytes());
        octets.extend([0, 0]);
        octets.extend(payload);
        let packet = PcapPacket::new(Duration::from_secs(1_000) + at, octets.len() as u32, &octets);
        self.writer.write_packet(&packet).expect("the test's own directory can be written");
    }
}
