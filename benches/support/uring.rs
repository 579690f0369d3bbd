//! io_uring for the floor: many `recv` or `send` in one system call, each on a socket of its own.
//!
//! With `sockets.rs` the only file of the load benches with `unsafe`.

use super::packets::PACKET_OCTETS;
use io_uring::{IoUring, opcode, types};
use std::io;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;

/// Operations that wait for one call at most; more are sent on their way at once.
const ENTRIES: u32 = 512;

/// A ring over connected sockets, which are named by their place.
pub struct Ring {
    ring: IoUring,
    /// One packet for each operation that waits; never moved or grown while the kernel may use it.
    packets: Box<[[u8; PACKET_OCTETS]]>,
    waiting: usize,
}

impl Ring {
    /// A ring over `sockets`, which must live as long as it is used.
    pub fn new(sockets: &[UdpSocket]) -> io::Result<Self> {
        let ring = IoUring::builder().setup_single_issuer().setup_defer_taskrun().build(ENTRIES)?;
        let descriptors: Vec<_> = sockets.iter().map(AsRawFd::as_raw_fd).collect();
        ring.submitter().register_files(&descriptors)?;
        let packets = vec![[0; PACKET_OCTETS]; ENTRIES as usize].into_boxed_slice();
        Ok(Self { ring, packets, waiting: 0 })
    }

    /// Takes what waits on these sockets, one packet each; says how many came.
    pub fn receive(&mut self, sockets: impl Iterator<Item = usize>) -> io::Result<u64> {
        let mut came = 0;
        for socket in sockets {
            if self.waiting == self.packets.len() {
                came += self.flush()?;
            }
            let packet = &mut self.packets[self.waiting];
            let receive =
                opcode::Recv::new(types::Fixed(socket as u32), packet.as_mut_ptr(), PACKET_OCTETS as u32)
                    .flags(libc::MSG_DONTWAIT)
                    .build();
            self.enqueue(&receive)?;
        }
        Ok(came + self.flush()?)
    }

    /// Sends `packet` on `socket` with the next [`Ring::flush`], or before.
    pub fn push(&mut self, socket: usize, packet: &[u8; PACKET_OCTETS]) -> io::Result<()> {
        if self.waiting == self.packets.len() {
            self.flush()?;
        }
        let place = &mut self.packets[self.waiting];
        *place = *packet;
        let send =
            opcode::Send::new(types::Fixed(socket as u32), place.as_ptr(), PACKET_OCTETS as u32).build();
        self.enqueue(&send)
    }

    fn enqueue(&mut self, operation: &io_uring::squeue::Entry) -> io::Result<()> {
        // SAFETY: the operation's buffer is `packets[waiting]`, on the heap, owned by `self`, used by
        // no other waiting operation, and not touched again before `flush` has seen it complete.
        unsafe { self.ring.submission().push(operation) }.map_err(io::Error::other)?;
        self.waiting += 1;
        Ok(())
    }

    /// Does all that waits, and waits until it is done; says how many operations moved a packet.
    pub fn flush(&mut self) -> io::Result<u64> {
        let mut done = 0;
        let mut moved = 0;
        while done < self.waiting {
            self.ring.submit_and_wait(self.waiting - done)?;
            for completion in self.ring.completion() {
                done += 1;
                moved += u64::from(completion.result() > 0);
            }
        }
        self.waiting = 0;
        Ok(moved)
    }
}
