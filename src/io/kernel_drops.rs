//! Datagrams that the kernel dropped at our media sockets because nobody read them in time.
//!
//! Each socket knows its own figure (`SO_MEMINFO`), and asking costs nothing until somebody does. Asking each packet for
//! it (`SO_RXQ_OVFL`, as the SIP socket does) would cost every packet something, and `io_uring` has no place for the
//! answer. The kernel's list of all sockets (`/proc/net/udp`) holds the same figures, but it is given out a page at a
//! time and counted through from its start for each: 20 000 sockets took 230 ms of a core.

use crate::io::media_socket::dropped;
use std::io;
use std::net::UdpSocket;
use std::sync::Arc;

/// The sockets of all media workers. Ports change places between workers; the sockets of all stay the same.
#[derive(Clone, Debug)]
pub struct MediaSockets(Vec<Arc<UdpSocket>>);

impl MediaSockets {
    /// These.
    pub const fn new(sockets: Vec<Arc<UdpSocket>>) -> Self {
        Self(sockets)
    }

    /// What the kernel has dropped at all of them since they were bound: one system call a socket.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn dropped(&self) -> io::Result<u64> {
        self.0.iter().try_fold(0_u64, |sum, socket| Ok(sum.saturating_add(dropped(socket)?.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::media_port::Pair;
    use std::net::IpAddr;

    fn flooded(bind: &str, to: &str) {
        let bind: IpAddr = bind.parse().unwrap();
        let pair = (23_000..32_000).step_by(2).find_map(|port| Pair::bind(bind, port).ok()).unwrap();
        let peer = UdpSocket::bind((to, 0)).unwrap();
        let rtp = pair.rtp.local_addr().unwrap().port();
        let ours = MediaSockets::new(vec![Arc::clone(&pair.rtp), Arc::clone(&pair.rtcp)]);
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
        // A party that is certain changes nothing of what was.
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
