//! The SIP port over UDP: each datagram with the address of ours that it was sent to, each answer from there.
//!
//! A socket that listens on every address does not say which of them a datagram came to; IP_PKTINFO
//! does (ip(7), ipv6(7)), and puts the same address on what goes out. This is one of the few files
//! with `unsafe`: two system calls and the reading of their control messages.
#![allow(unsafe_code)]

use crate::limits::SIP_DATAGRAM_MAX_OCTETS;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io;
use std::mem::{size_of, zeroed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::task::{Context, Poll};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// The receive buffer that is asked for, in octets: about 4 000 INVITEs that come while the engine is busy.
const RECEIVE_BUFFER_OCTETS: usize = 4 * 1_048_576;
/// Room for one control message of either family.
const CONTROL_OCTETS: usize = 128;

/// The SIP port.
pub struct SipUdp {
    socket: AsyncFd<Socket>,
    bound: SocketAddr,
    buffer: Vec<u8>,
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
        mark(&socket, address)?;
        ask_for_destination(&socket, address.is_ipv4())?;
        socket.bind(&SockAddr::from(address))?;
        let bound = socket.local_addr()?.as_socket().unwrap_or(address);
        // SAFETY: the socket owns its descriptor and never lends it out to be closed; it lives inside the
        // AsyncFd, which takes it out of the poller before it drops it.
        let socket = unsafe { AsyncFd::register(socket)? };
        Ok(Self { socket, bound, buffer: vec![0; SIP_DATAGRAM_MAX_OCTETS] })
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
        self.socket.try_io(Interest::READABLE, |socket| receive_message(socket, buffer, bound)).ok()
    }

    /// Sends a datagram from an address of ours.
    ///
    /// # Errors
    /// What the operating system says: an unreachable network, a full buffer.
    pub fn send(&self, local: SocketAddr, to: SocketAddr, octets: &[u8]) -> io::Result<()> {
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

/// Call signalling goes before ordinary traffic: CS3, as routers are set up for it (RFC 4594 §4.2 says CS5).
pub(super) fn mark(socket: &Socket, address: SocketAddr) -> io::Result<()> {
    const CS3: u32 = 24 << 2;
    if address.is_ipv4() { socket.set_tos_v4(CS3) } else { socket.set_tclass_v6(CS3) }
}

/// One recvmsg(2): the datagram into `buffer`, its source and its destination.
fn receive_message(socket: &Socket, buffer: &mut [u8], bound: SocketAddr) -> io::Result<Arrived> {
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
    let local = destination(&message).map_or(bound, |ip| SocketAddr::new(ip, bound.port()));
    Ok(Arrived { local, from, octets })
}

/// Octets with the alignment that control messages need.
#[repr(align(8))]
struct ControlBuffer([u8; CONTROL_OCTETS]);

fn ask_for_destination(socket: &Socket, v4: bool) -> io::Result<()> {
    let on: libc::c_int = 1;
    let (level, option) =
        if v4 { (libc::IPPROTO_IP, libc::IP_PKTINFO) } else { (libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO) };
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

/// The destination address in the control messages of a received datagram.
fn destination(message: &libc::msghdr) -> Option<IpAddr> {
    // SAFETY: `message` was filled by recvmsg, so its control area is a chain of whole headers with true
    // lengths; CMSG_FIRSTHDR and CMSG_NXTHDR stay inside it and end with null. The data of a PKTINFO
    // message is the structure of that name; it is read unaligned.
    unsafe {
        let mut header = libc::CMSG_FIRSTHDR(message);
        while !header.is_null() {
            let data = libc::CMSG_DATA(header);
            match ((*header).cmsg_level, (*header).cmsg_type) {
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    let info = data.cast::<libc::in_pktinfo>().read_unaligned();
                    return Some(Ipv4Addr::from(u32::from_be(info.ipi_addr.s_addr)).into());
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    let info = data.cast::<libc::in6_pktinfo>().read_unaligned();
                    return Some(Ipv6Addr::from(info.ipi6_addr.s6_addr).into());
                }
                _ => header = libc::CMSG_NXTHDR(message, header),
            }
        }
    }
    None
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
}
