//! The system calls of one media socket and one media thread: `recvmmsg(2)`, `sendmsg(2)` with
//! `IP_PKTINFO`, `getsockopt(2)`, `connect(2)` to nobody, `eventfd(2)`, `ppoll(2)`, `prctl(2)`, `sched_setscheduler(2)`,
//! `setrlimit(2)`.
//!
//! A [`Batch`] reads what waits on one socket in one call and never blocks. Moving the packets of many
//! sockets in one call is [`crate::io::media_ring`]'s job.

use crate::limits::{MEDIA_DATAGRAM_MAX_OCTETS, MEDIA_RECEIVE_BATCH, MEDIA_SOCKET_BUFFER_OCTETS};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

/// A bound UDP socket that never blocks and keeps little in the kernel.
///
/// # Errors
/// What the kernel says, `AddrInUse` above all.
pub fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?; // a peer has one address, not an IPv4 one in IPv6 clothes beside it
        socket.set_tclass_v6(EXPEDITED_FORWARDING)?;
    } else {
        socket.set_tos_v4(EXPEDITED_FORWARDING)?;
    }
    socket.set_recv_buffer_size(MEDIA_SOCKET_BUFFER_OCTETS)?;
    socket.bind(&SockAddr::from(address))?;
    Ok(socket.into())
}

/// The DSCP of telephony, in its place in the octet (RFC 4594 §4.1).
const EXPEDITED_FORWARDING: u32 = 46 << 2;

/// Room for the datagrams of one `recvmmsg`.
pub struct Batch {
    octets: Box<[[u8; MEDIA_DATAGRAM_MAX_OCTETS]; MEDIA_RECEIVE_BATCH]>,
    names: [libc::sockaddr_in6; MEDIA_RECEIVE_BATCH],
    lengths: [usize; MEDIA_RECEIVE_BATCH],
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Batch")
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            octets: Box::new([[0; MEDIA_DATAGRAM_MAX_OCTETS]; MEDIA_RECEIVE_BATCH]),
            // SAFETY: `sockaddr_in6` is a plain C struct for which all-zero octets are a value.
            names: unsafe { std::mem::zeroed() },
            lengths: [0; MEDIA_RECEIVE_BATCH],
        }
    }
}

impl Batch {
    /// Reads what waits on `socket`, at most [`MEDIA_RECEIVE_BATCH`] datagrams, and tells how many. An error
    /// of the socket (an ICMP message of an earlier send) is told by the kernel in place of what waits: behind
    /// it there may be a key.
    pub fn read(&mut self, socket: &UdpSocket) -> usize {
        match self.read_once(socket) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => self.read_once(socket).unwrap_or(0),
            read => read.unwrap_or(0),
        }
    }

    fn read_once(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        // SAFETY: `mmsghdr` and `iovec` are plain C structs for which all-zero octets are a value.
        let mut heads: [libc::mmsghdr; MEDIA_RECEIVE_BATCH] = unsafe { std::mem::zeroed() };
        // SAFETY: as above.
        let mut parts: [libc::iovec; MEDIA_RECEIVE_BATCH] = unsafe { std::mem::zeroed() };
        for (n, head) in heads.iter_mut().enumerate() {
            parts[n].iov_base = self.octets[n].as_mut_ptr().cast();
            parts[n].iov_len = MEDIA_DATAGRAM_MAX_OCTETS;
            head.msg_hdr.msg_iov = &raw mut parts[n];
            head.msg_hdr.msg_iovlen = 1;
            head.msg_hdr.msg_name = (&raw mut self.names[n]).cast();
            head.msg_hdr.msg_namelen = size_of::<libc::sockaddr_in6>() as libc::socklen_t;
        }
        let vlen = MEDIA_RECEIVE_BATCH as libc::c_uint;
        let (fd, flags) = (socket.as_raw_fd(), libc::MSG_DONTWAIT);
        // SAFETY: `heads` holds `vlen` entries; each points to a buffer and a name of the lengths told with
        // it, and `heads`, `parts`, `self.octets` and `self.names` outlive the call and are not read in it.
        let count = unsafe { libc::recvmmsg(fd, heads.as_mut_ptr(), vlen, flags, std::ptr::null_mut()) };
        let Ok(count) = usize::try_from(count) else { return Err(io::Error::last_os_error()) };
        for (length, head) in self.lengths.iter_mut().zip(&heads[..count]) {
            *length = head.msg_len as usize;
        }
        Ok(count)
    }

    /// One datagram of the last [`Batch::read`], by its place under the count: where it came from, its octets.
    pub fn datagram(&self, place: usize) -> Option<(SocketAddr, &[u8])> {
        let octets = self.octets.get(place)?.get(..*self.lengths.get(place)?)?;
        Some((address(self.names.get(place)?)?, octets))
    }
}

/// The address in a socket name of either family.
pub fn address(name: &libc::sockaddr_in6) -> Option<SocketAddr> {
    match libc::c_int::from(name.sin6_family) {
        libc::AF_INET6 => {
            let ip = Ipv6Addr::from(name.sin6_addr.s6_addr);
            Some(SocketAddr::new(ip.into(), u16::from_be(name.sin6_port)))
        }
        libc::AF_INET => {
            // SAFETY: the family says that the kernel wrote a `sockaddr_in`; it is smaller than
            // `sockaddr_in6`, needs no greater alignment, and any octets are a value of it.
            let name = unsafe { &*std::ptr::from_ref(name).cast::<libc::sockaddr_in>() };
            let ip = Ipv4Addr::from(name.sin_addr.s_addr.to_ne_bytes());
            Some(SocketAddr::new(ip.into(), u16::from_be(name.sin_port)))
        }
        _ => None,
    }
}

/// Sends one datagram from `source`, an address of this machine that the route would not choose by itself.
///
/// # Errors
/// What the kernel says.
pub fn send_from(socket: &UdpSocket, source: IpAddr, to: SocketAddr, octets: &[u8]) -> io::Result<()> {
    let name = SockAddr::from(to);
    let mut part = libc::iovec { iov_base: octets.as_ptr().cast_mut().cast(), iov_len: octets.len() };
    let mut control = Control([0; CONTROL_OCTETS]);
    // SAFETY: `msghdr` is a plain C struct for which all-zero octets are a value.
    let mut head: libc::msghdr = unsafe { std::mem::zeroed() };
    head.msg_name = name.as_ptr().cast_mut().cast();
    head.msg_namelen = name.len();
    head.msg_iov = &raw mut part;
    head.msg_iovlen = 1;
    head.msg_control = control.0.as_mut_ptr().cast();
    head.msg_controllen = CONTROL_OCTETS;
    head.msg_controllen = write_source(&mut head, source);
    // SAFETY: name, part and control outlive the call, their lengths are told beside them, and `sendmsg`
    // only reads through these pointers.
    let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const head, libc::MSG_DONTWAIT) };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Room for one control message with the larger of the two packet infos; aligned as `cmsghdr` must be.
#[repr(align(8))]
struct Control([u8; CONTROL_OCTETS]);

const CONTROL_OCTETS: usize = 64;

/// Writes the control message for `source` into `head`'s control buffer and tells its length.
fn write_source(head: &mut libc::msghdr, source: IpAddr) -> usize {
    match source {
        IpAddr::V4(source) => {
            let address = libc::in_addr { s_addr: u32::from_ne_bytes(source.octets()) };
            let any = libc::in_addr { s_addr: 0 };
            let info = libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: address, ipi_addr: any };
            write_control(head, (libc::IPPROTO_IP, libc::IP_PKTINFO), info)
        }
        IpAddr::V6(source) => {
            let address = libc::in6_addr { s6_addr: source.octets() };
            let info = libc::in6_pktinfo { ipi6_addr: address, ipi6_ifindex: 0 };
            write_control(head, (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO), info)
        }
    }
}

fn write_control<T>(head: &mut libc::msghdr, kind: (libc::c_int, libc::c_int), info: T) -> usize {
    let octets = size_of::<T>() as libc::c_uint;
    // SAFETY: `msg_control` points to CONTROL_OCTETS zeroed octets, aligned for `cmsghdr`; a header and
    // either packet info take at most 40 of them, so `first` is not null and both writes stay inside.
    unsafe {
        let first = libc::CMSG_FIRSTHDR(head);
        (*first).cmsg_level = kind.0;
        (*first).cmsg_type = kind.1;
        (*first).cmsg_len = libc::CMSG_LEN(octets) as usize;
        libc::CMSG_DATA(first).cast::<T>().write_unaligned(info);
        libc::CMSG_SPACE(octets) as usize
    }
}

/// Wakes a thread that sleeps in [`Bell::sleep`]; rung while nobody sleeps, it shortens the next sleep.
#[derive(Debug)]
pub struct Bell {
    fd: OwnedFd,
}

impl Bell {
    /// A new bell.
    ///
    /// # Errors
    /// The process has no descriptor left.
    pub fn new() -> io::Result<Self> {
        // SAFETY: `eventfd` takes no pointer.
        let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `fd` was just opened and belongs to nobody else.
        Ok(Self { fd: unsafe { OwnedFd::from_raw_fd(fd) } })
    }

    /// Rings it.
    pub fn ring(&self) {
        let one = 1u64.to_ne_bytes();
        // SAFETY: the eight octets outlive the call. The result does not matter: a full counter rings too.
        unsafe { libc::write(self.fd.as_raw_fd(), one.as_ptr().cast(), one.len()) };
    }

    /// Sleeps until it rings, or `at_most` passed; without `at_most`, until it rings.
    pub fn sleep(&self, at_most: Option<Duration>) {
        let timeout = at_most.map(|duration| libc::timespec {
            tv_sec: libc::time_t::try_from(duration.as_secs()).unwrap_or(libc::time_t::MAX),
            tv_nsec: duration.subsec_nanos() as libc::c_long,
        });
        let timeout = timeout.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        let mut poll = libc::pollfd { fd: self.fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one `pollfd` is told and given; `timeout` is null or points to a value that outlives the call.
        let ready = unsafe { libc::ppoll(&raw mut poll, 1, timeout, std::ptr::null()) };
        if ready > 0 {
            let mut count = [0u8; 8];
            // SAFETY: the eight octets outlive the call. The result does not matter: nothing to read is no ring.
            unsafe { libc::read(self.fd.as_raw_fd(), count.as_mut_ptr().cast(), count.len()) };
        }
    }
}

/// Lets a connected socket hear everybody again; a port that it was bound to stays its own.
///
/// # Errors
/// What the kernel says.
pub fn disconnect(socket: &UdpSocket) -> io::Result<()> {
    // SAFETY: `sockaddr` is a plain C struct for which all-zero octets are a value.
    let mut nobody: libc::sockaddr = unsafe { std::mem::zeroed() };
    nobody.sa_family = libc::AF_UNSPEC as libc::sa_family_t;
    let length = size_of::<libc::sockaddr>() as libc::socklen_t;
    // SAFETY: `nobody` outlives the call, its true length is told, and the kernel only reads it.
    let done = unsafe { libc::connect(socket.as_raw_fd(), &raw const nobody, length) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Datagrams that the kernel dropped at `socket` since it was bound, because its buffer was full.
///
/// # Errors
/// The system does not tell it.
pub fn dropped(socket: &UdpSocket) -> io::Result<u32> {
    let mut figures = [0_u32; DROPS + 1];
    let mut length = size_of_val(&figures) as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` octets, the true length of `figures`, which outlives the call.
    let done = unsafe {
        let to = figures.as_mut_ptr().cast();
        libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_MEMINFO, to, &raw mut length)
    };
    match done {
        0 if length as usize == size_of_val(&figures) => Ok(figures[DROPS]),
        0 => Err(io::ErrorKind::Unsupported.into()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The place of the drops among the figures of `SO_MEMINFO`: `SK_MEMINFO_DROPS` of `linux/sock_diag.h`.
const DROPS: usize = 8;

/// Lets the calling thread go before all ordinary programs (SCHED_FIFO), so that a packet leaves on time
/// on a busy machine too. Threads that it starts take their turn again.
///
/// # Errors
/// The system does not allow it to this user: `CAP_SYS_NICE` or a limit `rtprio` is missing.
pub fn run_before_others() -> io::Result<()> {
    let order = libc::sched_param { sched_priority: PRIORITY };
    // SAFETY: `order` outlives the call, which reads it and changes the calling thread (0) only.
    let done = unsafe {
        libc::sched_setscheduler(0, libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK, &raw const order)
    };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Of 1 to 99; the kernel's own interrupt threads have 50.
const PRIORITY: libc::c_int = 10;

/// Lets the calling thread's sleeps end on time: the kernel's default slack is 50 µs.
pub fn sleep_exactly() {
    let slack_ns: libc::c_ulong = 1;
    // SAFETY: this option of `prctl` takes a number and touches the calling thread only.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, slack_ns) };
}

/// Lets the process open as many descriptors as the system allows it, and tells how many those are:
/// each leg holds two.
///
/// # Errors
/// What the kernel says.
pub fn raise_descriptor_limit() -> io::Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes one `rlimit`, which outlives the call.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } < 0 {
        return Err(io::Error::last_os_error());
    }
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: the kernel reads one `rlimit`, which outlives the call.
    if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(limit.rlim_cur)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (UdpSocket, UdpSocket) {
        let a = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let b = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        (a, b)
    }

    #[test]
    fn sound_leaves_marked_as_telephony_over_either_family() {
        // RFC 4594 §4.1: Expedited Forwarding, code point 46 in the upper six bits.
        let marks = ["127.0.0.1:0", "[::1]:0"].map(|address| {
            let socket = bind(address.parse().unwrap()).unwrap();
            let socket = socket2::SockRef::from(&socket);
            if address.starts_with('[') { socket.tclass_v6().unwrap() } else { socket.tos_v4().unwrap() }
        });
        assert_eq!(marks, [0b1011_1000; 2]);
    }

    #[test]
    fn one_call_reads_what_waits_and_an_empty_socket_gives_none() {
        let (a, b) = pair();
        let mut batch = Batch::default();
        assert_eq!(batch.read(&b), 0);
        for n in 0..MEDIA_RECEIVE_BATCH as u8 + 1 {
            a.send_to(&[n; 20], b.local_addr().unwrap()).unwrap();
        }
        assert_eq!(batch.read(&b), MEDIA_RECEIVE_BATCH);
        for n in 0..MEDIA_RECEIVE_BATCH {
            assert_eq!(batch.datagram(n), Some((a.local_addr().unwrap(), &[n as u8; 20][..])));
        }
        assert_eq!(batch.read(&b), 1);
        assert_eq!(batch.datagram(0).map(|(_, octets)| octets[0]), Some(MEDIA_RECEIVE_BATCH as u8));
    }

    #[test]
    fn what_waits_behind_an_error_of_the_network_is_read() {
        let (a, b) = pair();
        let (ours, theirs) = (a.local_addr().unwrap(), b.local_addr().unwrap());
        a.connect(theirs).unwrap();
        b.send_to(b"key", ours).unwrap();
        drop(b);
        a.send(b"to nobody").unwrap();
        let mut batch = Batch::default();
        assert_eq!(batch.read(&a), 1);
        assert_eq!(batch.datagram(0), Some((theirs, &b"key"[..])));
    }

    #[test]
    fn a_datagram_leaves_from_the_address_that_was_asked_for() {
        let a = bind("0.0.0.0:0".parse().unwrap()).unwrap();
        let b = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let mut batch = Batch::default();
        let source = "127.0.0.77".parse().unwrap();
        send_from(&a, source, b.local_addr().unwrap(), b"here").unwrap();
        assert_eq!(batch.read(&b), 1);
        let expected = SocketAddr::new(source, a.local_addr().unwrap().port());
        assert_eq!(batch.datagram(0), Some((expected, &b"here"[..])));
    }

    #[test]
    fn a_bell_that_was_rung_ends_one_sleep() {
        let bell = Bell::new().unwrap();
        bell.ring();
        bell.ring();
        bell.sleep(None);
        bell.sleep(Some(Duration::from_millis(1)));
    }

    #[test]
    fn the_descriptor_limit_is_raised_once_and_stays() {
        let first = raise_descriptor_limit().unwrap();
        assert_eq!(raise_descriptor_limit().unwrap(), first);
        assert!(first >= 256, "{first}");
    }
}
