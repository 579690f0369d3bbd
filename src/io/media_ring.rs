//! io_uring(7) for settled parties: one system call receives for all legs of a slot, another one sends.
//!
//! ```text
//!  receive(port) ×n ─▶ ┐                                  ┌─▶ Moved { port, octets }  in the order of the queue
//!  send(port, …) ×n ─▶ ┴─ rooms, entries ──flush──kernel──┴─▶ Nothing { port }
//! ```
//! The sockets are registered with the ring: to look one up by descriptor took a twentieth of the media thread.
//! The kernel takes a killed program's ring apart a moment later than its descriptors, and until then these
//! ports are in use: who binds them waits for them (`media_worker`). No operation waits: a socket without a
//! datagram answers at once, so that after [`Ring::flush`] the kernel holds none of our memory. Where the
//! kernel or a container forbids io_uring, the worker goes on with plain system calls.

use crate::limits::{MEDIA_DATAGRAM_MAX_OCTETS, MEDIA_RING_ENTRIES};
use crate::media::command::PortIndex;
use io_uring::squeue::Entry;
use io_uring::{IoUring, opcode, types};
use std::io;
use std::os::fd::RawFd;

/// What became of one operation.
#[derive(Debug)]
pub enum Done<'a> {
    /// These octets were received or sent.
    Moved {
        /// On this port.
        port: PortIndex,
        /// What a receive brought; of a send, as many octets as went out.
        octets: &'a [u8],
    },
    /// Nothing was moved: no datagram waits, or the kernel refused it.
    Nothing {
        /// On this port.
        port: PortIndex,
    },
}

/// A ring over the RTP sockets of one worker. It belongs to the thread that made it.
pub struct Ring {
    ring: IoUring,
    /// Room for each operation that waits, one behind the other; the kernel uses it from `enqueue` to the end of `flush`. What is
    /// sent takes as much as it is long: small packets lie close together, and more of them are near.
    rooms: Box<[u8]>,
    /// Octets of `rooms` that operations have.
    used: usize,
    waiting: usize,
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ring({} waiting)", self.waiting)
    }
}

/// Whether this kernel has such a ring and allows it here.
pub fn is_allowed() -> bool {
    // A place without a socket: a ring over no places at all is refused for that.
    Ring::new(&[-1]).is_ok()
}

impl Ring {
    /// A ring over `sockets`, each named by its place, which must be open as long as the ring is used.
    ///
    /// # Errors
    /// The kernel is older than 6.1, or forbids it.
    pub fn new(sockets: &[RawFd]) -> io::Result<Self> {
        let ring =
            IoUring::builder().setup_single_issuer().setup_defer_taskrun().build(MEDIA_RING_ENTRIES)?;
        ring.submitter().register_files(sockets)?;
        let rooms = vec![0; MEDIA_DATAGRAM_MAX_OCTETS * MEDIA_RING_ENTRIES as usize].into_boxed_slice();
        Ok(Self { ring, rooms, used: 0, waiting: 0 })
    }

    /// The sockets of a port are others from now on, or none. Nothing may wait for its flush.
    ///
    /// # Errors
    /// What the kernel says: then the ring must not be used any more.
    pub fn replace(&mut self, port: PortIndex, socket: Option<RawFd>) -> io::Result<()> {
        debug_assert_eq!(self.waiting, 0, "what waits is for the socket of before");
        self.ring.submitter().register_files_update(port.0, &[socket.unwrap_or(-1)]).map(|_| ())
    }

    /// No operation can be added before [`Ring::flush`].
    pub fn is_full(&self) -> bool {
        self.waiting == MEDIA_RING_ENTRIES as usize
    }

    /// With the next flush, one datagram is taken from the socket of `port`. The ring must not be full.
    pub fn receive(&mut self, port: PortIndex) {
        let at = self.used;
        let Some(room) = self.rooms.get_mut(at..at + MEDIA_DATAGRAM_MAX_OCTETS) else { return };
        let receive = opcode::Recv::new(types::Fixed(port.0), room.as_mut_ptr(), room.len() as u32);
        let room_octets = room.len();
        self.enqueue(receive.flags(libc::MSG_DONTWAIT).build(), port, room_octets);
    }

    /// With the next flush, `octets` leave from the socket of `port` to the party that it is connected
    /// to. The ring must not be full; what is longer than a datagram of ours is cut.
    pub fn send(&mut self, port: PortIndex, octets: &[u8]) {
        let (at, octets) = (self.used, &octets[..octets.len().min(MEDIA_DATAGRAM_MAX_OCTETS)]);
        let Some(room) = self.rooms.get_mut(at..at + octets.len()) else { return };
        room.copy_from_slice(octets);
        let send = opcode::Send::new(types::Fixed(port.0), room.as_ptr(), octets.len() as u32);
        self.enqueue(send.flags(libc::MSG_DONTWAIT).build(), port, octets.len());
    }

    /// The operation has the next `octets` of the rooms.
    fn enqueue(&mut self, operation: Entry, port: PortIndex, octets: usize) {
        let name = u64::from(port.0) << 32 | self.used as u64;
        let operation = operation.user_data(name);
        // SAFETY: the operation's buffer is `rooms[used..used + octets]`, on the heap and owned by `self`. `used`
        // goes up by as much with it and down only when `flush` has seen every operation complete, so no other
        // operation gets this room and nothing here touches it before; `drop` leaks rooms in use.
        let pushed = unsafe { self.ring.submission().push(&operation) };
        // The queue has an entry for each of the longest datagrams that the rooms hold, and `flush` empties both.
        if pushed.is_ok() {
            self.used += octets;
            self.waiting += 1;
        }
    }

    /// Does all that waits and tells of each operation, in the order in which the kernel did them: that
    /// of the queue, for operations that do not wait.
    ///
    /// # Errors
    /// The kernel takes no more from this ring; it must not be used any more.
    pub fn flush(&mut self, mut done: impl FnMut(Done<'_>)) -> io::Result<()> {
        let mut missing = self.waiting;
        while missing > 0 {
            match self.ring.submit_and_wait(missing) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            for completion in self.ring.completion() {
                missing -= 1;
                let name = completion.user_data();
                let port = PortIndex((name >> 32) as u32);
                let room = self.rooms.get((name & 0xffff_ffff) as usize..);
                let moved = usize::try_from(completion.result()).ok();
                done(match moved.and_then(|length| room?.get(..length)) {
                    Some(octets) => Done::Moved { port, octets },
                    None => Done::Nothing { port },
                });
            }
        }
        (self.used, self.waiting) = (0, 0);
        Ok(())
    }
}

impl Drop for Ring {
    /// The ports are free at once and not when the kernel has taken the ring apart. After a flush that failed it may
    /// still write to rooms: they are never given back.
    fn drop(&mut self) {
        if let Err(error) = self.ring.submitter().unregister_files() {
            tracing::debug!(%error, "the media ports will be free a moment after the end");
        }
        if self.waiting > 0 {
            std::mem::forget(std::mem::take(&mut self.rooms));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::media_socket::bind;
    use std::net::UdpSocket;
    use std::os::fd::AsRawFd;

    fn pair() -> (UdpSocket, UdpSocket) {
        let (ours, theirs) = (bind("127.0.0.1:0".parse().unwrap()), bind("127.0.0.1:0".parse().unwrap()));
        let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
        ours.connect(theirs.local_addr().unwrap()).unwrap();
        theirs.connect(ours.local_addr().unwrap()).unwrap();
        (ours, theirs)
    }

    /// What a flush tells, one line each.
    fn flush(ring: &mut Ring) -> Vec<String> {
        let mut told = Vec::new();
        ring.flush(|done| {
            told.push(match done {
                Done::Moved { port, octets } => format!("{} {octets:?}", port.0),
                Done::Nothing { port } => format!("{} nothing", port.0),
            });
        })
        .unwrap();
        told
    }

    #[test]
    fn one_flush_serves_many_sockets_and_an_empty_one_does_not_hold_it_up() {
        let pairs = [pair(), pair(), pair()];
        let Ok(mut ring) = Ring::new(&pairs.each_ref().map(|(ours, _)| ours.as_raw_fd())) else {
            println!("this kernel or container forbids io_uring: the worker's plain way is tested elsewhere");
            return;
        };
        pairs[0].1.send(&[1, 2]).unwrap();
        pairs[2].1.send(&[3]).unwrap();
        (0..3).for_each(|port| ring.receive(PortIndex(port)));
        assert_eq!(flush(&mut ring), ["0 [1, 2]", "1 nothing", "2 [3]"]);
        ring.send(PortIndex(1), &[4, 5, 6]);
        ring.receive(PortIndex(0));
        ring.send(PortIndex(1), &[7]);
        assert_eq!(flush(&mut ring), ["1 [4, 5, 6]", "0 nothing", "1 [7]"], "each has room of its own");
        let mut octets = [0; 9];
        assert_eq!((pairs[1].1.recv(&mut octets).unwrap(), octets[0]), (3, 4));
        assert_eq!((pairs[1].1.recv(&mut octets).unwrap(), octets[0]), (1, 7));
        assert_eq!(flush(&mut ring), [""; 0]);
    }

    #[test]
    fn a_full_ring_says_so_and_is_empty_after_a_flush() {
        let (ours, theirs) = pair();
        let Ok(mut ring) = Ring::new(&[ours.as_raw_fd()]) else { return };
        (0..MEDIA_RING_ENTRIES).for_each(|_| ring.receive(PortIndex(0)));
        assert!(ring.is_full());
        assert_eq!(flush(&mut ring).len(), MEDIA_RING_ENTRIES as usize);
        assert!(!ring.is_full());
        drop(theirs);
        ring.send(PortIndex(0), &[1]);
        assert_eq!(flush(&mut ring), ["0 [1]"]);
        ring.send(PortIndex(0), &[2]);
        assert_eq!(flush(&mut ring), ["0 nothing"]);
    }
}
