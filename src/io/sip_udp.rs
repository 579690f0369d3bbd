//! The SIP port over UDP: each datagram with the address of ours that it was sent to, each answer from there.
//!
//! A socket that listens on every address does not say which of them a datagram came to; IP_PKTINFO
//! does (ip(7), ipv6(7)), and puts the same address on what goes out. With IP_RECVERR the kernel tells of the
//! ICMP errors that come back for what was sent, and SO_RXQ_OVFL counts what it dropped because we were busy. This
//! is one of the few files with `unsafe`: two system calls and the reading of their control messages.
#![allow(unsafe_code)]

use crate::limits::SIP_DATAGRAM_MAX_OCTETS;
use crate::sip::way::Way;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io;
use std::mem::{size_of, zeroed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;

/// The receive buffer that is asked for, in octets: about 4 000 INVITEs that come while the engine is busy.
pub const RECEIVE_BUFFER_OCTETS: usize = 4 * 1_048_576;
/// Room for the control messages of one datagram, or of one error with the address of who told it.
const CONTROL_OCTETS: usize = 256;
/// How often a call is made again that only told of an earlier error.
const TRIES: usize = 16;

/// The SIP port.
pub struct SipUdp {
    socket: Arc<AsyncFd<Socket>>,
    bound: SocketAddr,
    buffer: Vec<u8>,
    receive_buffer_octets: usize,
    /// Datagrams that the kernel dropped, as it counts them: in 32 bits.
    dropped_32: u32,
    dropped: u64,
}

/// A datagram that came in; its octets are in the socket's buffer.
#[derive(Clone, Copy, Debug)]
pub struct Arrived {
    /// Our address that it was sent to.
    pub local: SocketAddr,
    /// Where it came from.
    pub from: SocketAddr,
    /// How long it is.
    pub octets: usize,
}

impl SipUdp {
    /// Binds the port. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// What the operating system says, such as a port that is in use.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let domain = if address.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
        let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_nonblocking(true)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?; // IPv4 has a socket of its own
        }
        socket.set_recv_buffer_size(RECEIVE_BUFFER_OCTETS)?;
        let receive_buffer_octets = socket.recv_buffer_size()?;
        mark(&socket, address)?;
        ask_for_control_messages(&socket, address.is_ipv4())?;
        socket.bind(&SockAddr::from(address))?;
        let bound = socket.local_addr()?.as_socket().unwrap_or(address);
        // SAFETY: the socket owns its descriptor and never lends it out to be closed; it lives inside the
        // AsyncFd, which takes it out of the poller before it drops it.
        let socket = Arc::new(unsafe { AsyncFd::register(socket)? });
        let (buffer, dropped_32, dropped) = (vec![0; SIP_DATAGRAM_MAX_OCTETS], 0, 0);
        Ok(Self { socket, bound, buffer, receive_buffer_octets, dropped_32, dropped })
    }

    /// The size of the receive buffer, in octets: what the kernel granted of what was asked for.
    pub fn receive_buffer_octets(&self) -> usize {
        self.receive_buffer_octets
    }

    /// Datagrams that the kernel dropped because the receive buffer was full, up to the last that was received.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Tells `lost`, as long as somebody listens, of every address from which an ICMP error comes back.
    pub fn watch_errors(&self, lost: mpsc::Sender<Way>) {
        let (socket, local) = (Arc::clone(&self.socket), self.bound);
        tokio::spawn(async move {
            while let Ok(mut guard) = socket.ready(Interest::ERROR).await {
                while let Some(error) = next_error(&socket) {
                    if let Some(remote) = error.remote.filter(|_| error.is_final)
                        && lost.send(Way::udp(local, remote)).await.is_err()
                    {
                        return;
                    }
                }
                guard.clear_ready();
            }
        });
    }

    /// The address that it is bound to.
    pub fn bound(&self) -> SocketAddr {
        self.bound
    }

    /// Ready when there is something to receive.
    ///
    /// # Errors
    /// When the runtime is shutting down.
    pub fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.poll_read_ready(context).map_ok(|mut guard| guard.retain_ready())
    }

    /// Whether what leaves from `local` leaves by this socket.
    pub fn sends_for(&self, local: SocketAddr) -> bool {
        let (bound, ip) = (self.bound, self.bound.ip());
        bound.port() == local.port()
            && bound.is_ipv4() == local.is_ipv4()
            && (ip.is_unspecified() || ip == local.ip())
    }

    /// The octets of the datagram that was received last.
    pub fn octets(&self, arrived: &Arrived) -> &[u8] {
        &self.buffer[..arrived.octets]
    }

    /// Takes the next datagram; `None` when there is none.
    pub fn receive(&mut self) -> Option<Arrived> {
        let (bound, buffer) = (self.bound, &mut self.buffer);
        for _ in 0..TRIES {
            let received =
                self.socket.try_io(Interest::READABLE, |socket| receive_message(socket, buffer, bound));
            match received {
                Ok((arrived, dropped_32)) => {
                    let more = dropped_32.map_or(0, |now| now.wrapping_sub(self.dropped_32));
                    self.dropped_32 = self.dropped_32.wrapping_add(more);
                    self.dropped += u64::from(more);
                    return Some(arrived);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                // It tells of something that was sent before: `watch_errors` says where to.
                Err(_) => {}
            }
        }
        None
    }

    /// Sends a datagram from an address of ours.
    ///
    /// # Errors
    /// What the operating system says: an unreachable network, a full buffer.
    pub fn send(&self, local: SocketAddr, to: SocketAddr, octets: &[u8]) -> io::Result<()> {
        let first = self.send_message(local, to, octets);
        match first {
            // It may tell of what was sent before, to somebody else.
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => self.send_message(local, to, octets),
            first => first,
        }
    }

    fn send_message(&self, local: SocketAddr, to: SocketAddr, octets: &[u8]) -> io::Result<()> {
        let to = SockAddr::from(to);
        let mut control = ControlBuffer([0; CONTROL_OCTETS]);
        let mut part = libc::iovec { iov_base: octets.as_ptr().cast_mut().cast(), iov_len: octets.len() };
        // SAFETY: all-zero is a valid msghdr.
        let mut message = unsafe { zeroed::<libc::msghdr>() };
        message.msg_name = to.as_ptr().cast_mut().cast();
        message.msg_namelen = to.len();
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        if !local.ip().is_unspecified() {
            write_source(&mut message, &mut control, local.ip());
        }
        // SAFETY: `message` points to live locals and to `octets`, which the kernel only reads.
        let sent = unsafe { libc::sendmsg(self.socket.as_raw_fd(), &raw const message, libc::MSG_DONTWAIT) };
        if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

/// An error that came back for what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Returned {
    /// Where it was sent to.
    remote: Option<SocketAddr>,
    /// Sending it again helps nothing.
    is_final: bool,
}

/// Takes the next error from the socket's queue of errors (ip(7), IP_RECVERR).
fn next_error(socket: &AsyncFd<Socket>) -> Option<Returned> {
    // SAFETY: all-zero is a valid sockaddr_storage and msghdr: they are plain C structures.
    let (mut name, mut message) = unsafe { (zeroed::<libc::sockaddr_storage>(), zeroed::<libc::msghdr>()) };
    let mut control = ControlBuffer([0; CONTROL_OCTETS]);
    message.msg_name = (&raw mut name).cast();
    message.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = CONTROL_OCTETS as _;
    let flags = libc::MSG_ERRQUEUE | libc::MSG_DONTWAIT;
    // SAFETY: every pointer in `message` points to a live local, with its true length; there is no room for data.
    let got = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, flags) };
    // A datagram that was too large for the path is cut by the kernel when it is sent again.
    let is_final = control_messages(&message)
        .any(|control| matches!(control, Control::Error(errno) if errno as i32 != libc::EMSGSIZE));
    (got >= 0).then(|| Returned { remote: socket_address(&name), is_final })
}

/// Call signalling goes before ordinary traffic: CS3, as routers are set up for it (RFC 4594 §4.2 says CS5).
pub(super) fn mark(socket: &Socket, address: SocketAddr) -> io::Result<()> {
    const CS3: u32 = 24 << 2;
    if address.is_ipv4() { socket.set_tos_v4(CS3) } else { socket.set_tclass_v6(CS3) }
}

/// One recvmsg(2): the datagram into `buffer`, its source and its destination, and how many the kernel dropped so
/// far, if any.
fn receive_message(
    socket: &Socket,
    buffer: &mut [u8],
    bound: SocketAddr,
) -> io::Result<(Arrived, Option<u32>)> {
    // SAFETY: all-zero is a valid sockaddr_storage and msghdr: they are plain C structures.
    let (mut name, mut message) = unsafe { (zeroed::<libc::sockaddr_storage>(), zeroed::<libc::msghdr>()) };
    let mut control = ControlBuffer([0; CONTROL_OCTETS]);
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    message.msg_name = (&raw mut name).cast();
    message.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = CONTROL_OCTETS as _;
    // SAFETY: every pointer in `message` points to a live local or to `buffer`, with its true length.
    let got = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, libc::MSG_DONTWAIT) };
    let octets = usize::try_from(got).map_err(|_| io::Error::last_os_error())?;
    let from = socket_address(&name).ok_or(io::ErrorKind::InvalidData)?;
    let (mut local, mut dropped) = (bound, None);
    for control in control_messages(&message) {
        match control {
            Control::Destination(ip) => local.set_ip(ip),
            Control::Dropped(count) => dropped = Some(count),
            Control::Error(_) | Control::Other => {}
        }
    }
    Ok((Arrived { local, from, octets }, dropped))
}

/// Octets with the alignment that control messages need.
#[repr(align(8))]
struct ControlBuffer([u8; CONTROL_OCTETS]);

fn ask_for_control_messages(socket: &Socket, v4: bool) -> io::Result<()> {
    let (destination, errors) = if v4 {
        ((libc::IPPROTO_IP, libc::IP_PKTINFO), (libc::IPPROTO_IP, libc::IP_RECVERR))
    } else {
        ((libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO), (libc::IPPROTO_IPV6, libc::IPV6_RECVERR))
    };
    let drops = (libc::SOL_SOCKET, libc::SO_RXQ_OVFL);
    [destination, errors, drops].into_iter().try_for_each(|(level, option)| switch_on(socket, level, option))
}

fn switch_on(socket: &Socket, level: libc::c_int, option: libc::c_int) -> io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the option takes an int, and `on` is one that lives through the call.
    let result = unsafe {
        let size = size_of::<libc::c_int>() as libc::socklen_t;
        libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const on).cast(), size)
    };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The address in `name`, as the kernel filled it.
fn socket_address(name: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match i32::from(name.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that the storage holds a sockaddr_in, and the storage is large and aligned enough.
            let v4 = unsafe { &*(&raw const *name).cast::<libc::sockaddr_in>() };
            let ip = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
            Some(SocketAddr::new(ip.into(), u16::from_be(v4.sin_port)))
        }
        libc::AF_INET6 => {
            // SAFETY: as above, for a sockaddr_in6.
            let v6 = unsafe { &*(&raw const *name).cast::<libc::sockaddr_in6>() };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            Some(SocketAddr::new(ip.into(), u16::from_be(v6.sin6_port)))
        }
        _ => None,
    }
}

/// What stands beside a datagram or an error.
enum Control {
    /// Our address that the datagram was sent to.
    Destination(IpAddr),
    /// Datagrams that the kernel dropped so far, in 32 bits.
    Dropped(u32),
    /// The number of an error.
    Error(u32),
    /// Something else.
    Other,
}

/// The control messages that `recvmsg` wrote.
fn control_messages(message: &libc::msghdr) -> impl Iterator<Item = Control> {
    // SAFETY: `message` was filled by recvmsg, so its control area is a chain of whole headers with true
    // lengths; CMSG_FIRSTHDR and CMSG_NXTHDR stay inside it and end with null.
    let mut header = unsafe { libc::CMSG_FIRSTHDR(message) };
    std::iter::from_fn(move || {
        // SAFETY: as above; the data of a message is the structure of that name, and is read unaligned.
        unsafe {
            if header.is_null() {
                return None;
            }
            let data = libc::CMSG_DATA(header);
            let control = match ((*header).cmsg_level, (*header).cmsg_type) {
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    let info = data.cast::<libc::in_pktinfo>().read_unaligned();
                    Control::Destination(Ipv4Addr::from(u32::from_be(info.ipi_addr.s_addr)).into())
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    let info = data.cast::<libc::in6_pktinfo>().read_unaligned();
                    Control::Destination(Ipv6Addr::from(info.ipi6_addr.s6_addr).into())
                }
                (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => {
                    Control::Dropped(data.cast::<u32>().read_unaligned())
                }
                (libc::IPPROTO_IP, libc::IP_RECVERR) | (libc::IPPROTO_IPV6, libc::IPV6_RECVERR) => {
                    Control::Error(data.cast::<libc::sock_extended_err>().read_unaligned().ee_errno)
                }
                _ => Control::Other,
            };
            header = libc::CMSG_NXTHDR(message, header);
            Some(control)
        }
    })
}

/// Writes the control message that makes a datagram leave from `source`.
fn write_source(message: &mut libc::msghdr, control: &mut ControlBuffer, source: IpAddr) {
    message.msg_control = control.0.as_mut_ptr().cast();
    // SAFETY: the control buffer is aligned and longer than CMSG_SPACE of either structure, so the first
    // header and its data lie inside it; the data is written unaligned.
    unsafe {
        match source {
            IpAddr::V4(ip) => {
                message.msg_controllen = libc::CMSG_SPACE(size_of::<libc::in_pktinfo>() as u32) as _;
                let header = libc::CMSG_FIRSTHDR(message);
                (*header).cmsg_level = libc::IPPROTO_IP;
                (*header).cmsg_type = libc::IP_PKTINFO;
                (*header).cmsg_len = libc::CMSG_LEN(size_of::<libc::in_pktinfo>() as u32) as _;
                let mut info = zeroed::<libc::in_pktinfo>();
                info.ipi_spec_dst.s_addr = u32::from(ip).to_be();
                libc::CMSG_DATA(header).cast::<libc::in_pktinfo>().write_unaligned(info);
            }
            IpAddr::V6(ip) => {
                message.msg_controllen = libc::CMSG_SPACE(size_of::<libc::in6_pktinfo>() as u32) as _;
                let header = libc::CMSG_FIRSTHDR(message);
                (*header).cmsg_level = libc::IPPROTO_IPV6;
                (*header).cmsg_type = libc::IPV6_PKTINFO;
                (*header).cmsg_len = libc::CMSG_LEN(size_of::<libc::in6_pktinfo>() as u32) as _;
                let mut info = zeroed::<libc::in6_pktinfo>();
                info.ipi6_addr.s6_addr = ip.octets();
                libc::CMSG_DATA(header).cast::<libc::in6_pktinfo>().write_unaligned(info);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_datagram_is_answered_from_the_address_it_came_to() {
        let mut sip = SipUdp::bind("0.0.0.0:0".parse().unwrap()).unwrap();
        let port = sip.bound().port();
        let peer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        peer.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
        for address in ["127.0.0.1", "127.0.0.2"] {
            let target: SocketAddr = format!("{address}:{port}").parse().unwrap();
            peer.send_to(b"hello", target).unwrap();
            std::future::poll_fn(|context| sip.poll_readable(context)).await.unwrap();
            let arrived = sip.receive().expect("a datagram waits");
            assert_eq!((arrived.local, arrived.from), (target, peer.local_addr().unwrap()));
            assert_eq!(sip.octets(&arrived), b"hello");
            sip.send(arrived.local, arrived.from, b"there").unwrap();
            let mut answer = [0; 16];
            let (octets, from) = peer.recv_from(&mut answer).unwrap();
            assert_eq!((&answer[..octets], from), (&b"there"[..], target));
        }
        assert!(sip.receive().is_none());
    }

    #[tokio::test]
    async fn an_address_where_nobody_listens_is_told_and_others_are_sent_to_all_the_same() {
        for ip in ["127.0.0.1", "::1"] {
            let any_port = SocketAddr::new(ip.parse().unwrap(), 0);
            let sip = SipUdp::bind(any_port).unwrap();
            let (sender, mut lost) = mpsc::channel(8);
            sip.watch_errors(sender);
            let peer = std::net::UdpSocket::bind(any_port).unwrap();
            peer.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
            let there = peer.local_addr().unwrap();
            let nobody = std::net::UdpSocket::bind(any_port).unwrap().local_addr().unwrap();
            sip.send(sip.bound(), nobody, b"hello").unwrap();
            sip.send(sip.bound(), there, b"hello").unwrap();
            assert_eq!(peer.recv(&mut [0; 16]).unwrap(), 5);
            assert_eq!(lost.recv().await.map(|way| way.remote), Some(nobody));
        }
    }

    #[tokio::test]
    async fn signalling_leaves_marked_before_ordinary_traffic_over_either_family() {
        // CS3, where RFC 4594 §4.2 would have CS5; both stand before ordinary traffic and behind sound.
        let marks = ["127.0.0.1:0", "[::1]:0"].map(|address| {
            let socket = SipUdp::bind(address.parse().unwrap()).unwrap().socket;
            let socket = socket.get_ref();
            if address.starts_with('[') { socket.tclass_v6().unwrap() } else { socket.tos_v4().unwrap() }
        });
        assert_eq!(marks, [0b0110_0000; 2]);
    }

    #[tokio::test]
    async fn what_the_kernel_drops_is_counted() {
        let mut sip = SipUdp::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let peer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let datagram = [0; 8_192];
        let more_than_fits = 2 * sip.receive_buffer_octets() / datagram.len();
        for _ in 0..more_than_fits {
            peer.send_to(&datagram, sip.bound()).unwrap();
        }
        std::future::poll_fn(|context| sip.poll_readable(context)).await.unwrap();
        let taken = std::iter::from_fn(|| sip.receive()).count();
        assert!(taken < more_than_fits, "{taken} of {more_than_fits} fit");
        // The count comes beside the next datagram.
        peer.send_to(b"hello", sip.bound()).unwrap();
        std::future::poll_fn(|context| sip.poll_readable(context)).await.unwrap();
        assert!(sip.receive().is_some());
        assert_eq!(sip.dropped(), (more_than_fits - taken) as u64);
    }
}
