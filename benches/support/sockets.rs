//! Datagrams in batches, readiness, and the clocks of a thread: the system calls that `std` does not offer.
//!
//! The only file of the load benches with `unsafe`. Linux on a 64-bit machine only: control messages
//! (cmsg(3)) are laid out by hand, in safe code, with 8-octet sizes and alignment.
//!
//! Not its job: who talks to whom (`generator.rs`, `floor.rs`).

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

/// Datagrams that one system call moves at most.
pub const BATCH: usize = 64;
/// Octets kept of one datagram: an RTP packet of 20 ms G.711 has 172.
const DATAGRAM_OCTETS: usize = 256;
/// Room for the control messages of one datagram: IP_PKTINFO takes 32 octets, a timestamp 32.
const CONTROL_OCTETS: usize = 64;
/// `cmsg_len`, `cmsg_level`, `cmsg_type`: 8 + 4 + 4 octets.
const CONTROL_HEADER_OCTETS: usize = 16;
/// `struct in_pktinfo`: interface, our address, the address in the header.
const PKTINFO_OCTETS: usize = 12;

/// Control messages of one datagram, aligned as the kernel wants them.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Control([u8; CONTROL_OCTETS]);

/// One datagram that came in.
#[derive(Debug)]
pub struct Datagram<'a> {
    /// Its octets, cut at 256.
    pub octets: &'a [u8],
    /// The address of ours that it was sent to, if the socket was opened with [`tell_address_and_time`].
    pub to: Option<Ipv4Addr>,
    /// Where it came from.
    pub from: SocketAddrV4,
    /// When the kernel took it in, in nanoseconds of the calendar's clock, on such a socket.
    pub at_ns: Option<u64>,
}

/// Room for the datagrams of one `recvmmsg`.
pub struct Receiver {
    octets: Box<[[u8; DATAGRAM_OCTETS]; BATCH]>,
    control: Box<[Control; BATCH]>,
    names: [libc::sockaddr_in; BATCH],
    lengths: [(usize, usize); BATCH],
    room: usize,
}

impl Receiver {
    /// Room for up to `room` datagrams at a time, [`BATCH`] at most.
    pub fn with_room(room: usize) -> Self {
        Self {
            octets: Box::new([[0; DATAGRAM_OCTETS]; BATCH]),
            control: Box::new([Control([0; CONTROL_OCTETS]); BATCH]),
            names: [sockaddr(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0)); BATCH],
            lengths: [(0, 0); BATCH],
            room: room.min(BATCH),
        }
    }

    /// Takes what waits on `socket`, without waiting for more; says how many came.
    pub fn receive(&mut self, socket: &impl AsRawFd) -> io::Result<usize> {
        let mut vectors: [libc::iovec; BATCH] = std::array::from_fn(|i| libc::iovec {
            iov_base: self.octets[i].as_mut_ptr().cast(),
            iov_len: DATAGRAM_OCTETS,
        });
        let mut headers: [libc::mmsghdr; BATCH] = std::array::from_fn(|i| libc::mmsghdr {
            msg_hdr: libc::msghdr {
                msg_name: (&raw mut self.names[i]).cast(),
                msg_namelen: size_of::<libc::sockaddr_in>() as libc::socklen_t,
                msg_iov: &raw mut vectors[i],
                msg_iovlen: 1,
                msg_control: self.control[i].0.as_mut_ptr().cast(),
                msg_controllen: CONTROL_OCTETS,
                msg_flags: 0,
            },
            msg_len: 0,
        });
        // SAFETY: every pointer in `headers` points into `vectors` or into arrays that `self` owns and
        // that nothing else touches during the call; `room` ≤ BATCH headers are given, each with the
        // true sizes of its buffers; the null timeout is allowed.
        let came = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr(),
                self.room as libc::c_uint,
                libc::MSG_DONTWAIT,
                std::ptr::null_mut(),
            )
        };
        let came = or_nothing(i64::from(came))?;
        for (length, header) in self.lengths.iter_mut().zip(&headers[..came]) {
            *length = ((header.msg_len as usize).min(DATAGRAM_OCTETS), header.msg_hdr.msg_controllen);
        }
        Ok(came)
    }

    /// The `index`th datagram of the last [`Receiver::receive`].
    pub fn datagram(&self, index: usize) -> Datagram<'_> {
        let (octets, control) = self.lengths[index];
        let (to, at_ns) = read_control(&self.control[index].0[..control.min(CONTROL_OCTETS)]);
        let name = &self.names[index];
        let ip = Ipv4Addr::from(name.sin_addr.s_addr.to_ne_bytes());
        let from = SocketAddrV4::new(ip, u16::from_be(name.sin_port));
        Datagram { octets: &self.octets[index][..octets], to, from, at_ns }
    }
}

/// Datagrams that wait for one `sendmmsg`.
pub struct Sender {
    octets: Box<[[u8; DATAGRAM_OCTETS]; BATCH]>,
    control: Box<[Control; BATCH]>,
    names: [libc::sockaddr_in; BATCH],
    lengths: [(usize, usize); BATCH],
    waiting: usize,
}

impl Sender {
    /// An empty batch.
    pub fn new() -> Self {
        Self {
            octets: Box::new([[0; DATAGRAM_OCTETS]; BATCH]),
            control: Box::new([Control([0; CONTROL_OCTETS]); BATCH]),
            names: [sockaddr(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0)); BATCH],
            lengths: [(0, 0); BATCH],
            waiting: 0,
        }
    }

    /// Adds a datagram to `to`, from our address `from` if one is named. The batch must have room.
    pub fn push(&mut self, from: Option<Ipv4Addr>, to: SocketAddrV4, octets: &[u8]) {
        let i = self.waiting;
        self.octets[i][..octets.len()].copy_from_slice(octets);
        self.names[i] = sockaddr(to);
        let control = from.map_or(0, |from| write_source(&mut self.control[i].0, from));
        self.lengths[i] = (octets.len(), control);
        self.waiting += 1;
    }

    /// No datagram fits any more.
    pub fn is_full(&self) -> bool {
        self.waiting == BATCH
    }

    /// Sends all that waits; says how many went out.
    pub fn flush(&mut self, socket: &impl AsRawFd) -> io::Result<usize> {
        let mut vectors: [libc::iovec; BATCH] = std::array::from_fn(|i| libc::iovec {
            iov_base: self.octets[i].as_mut_ptr().cast(),
            iov_len: self.lengths[i].0,
        });
        let mut headers: [libc::mmsghdr; BATCH] = std::array::from_fn(|i| libc::mmsghdr {
            msg_hdr: libc::msghdr {
                msg_name: (&raw mut self.names[i]).cast(),
                msg_namelen: size_of::<libc::sockaddr_in>() as libc::socklen_t,
                msg_iov: &raw mut vectors[i],
                msg_iovlen: 1,
                msg_control: self.control[i].0.as_mut_ptr().cast(),
                msg_controllen: self.lengths[i].1,
                msg_flags: 0,
            },
            msg_len: 0,
        });
        let mut sent = 0;
        while sent < self.waiting {
            let rest = &mut headers[sent..self.waiting];
            // SAFETY: every pointer in `rest` points into `vectors` or into arrays that `self` owns,
            // with the lengths that `push` wrote there; the count is that of the slice.
            let went = unsafe {
                libc::sendmmsg(socket.as_raw_fd(), rest.as_mut_ptr(), rest.len() as libc::c_uint, 0)
            };
            match or_nothing(i64::from(went))? {
                0 => break,
                went => sent += went,
            }
        }
        self.waiting = 0;
        Ok(sent)
    }
}

/// Asks the kernel to tell, with each datagram, which address of ours it was sent to and when it came.
pub fn tell_address_and_time(socket: &impl AsRawFd) -> io::Result<()> {
    set_flag(socket, libc::IPPROTO_IP, libc::IP_PKTINFO)?;
    set_flag(socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS)
}

fn set_flag(socket: &impl AsRawFd, level: i32, name: i32) -> io::Result<()> {
    let one: libc::c_int = 1;
    let length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the value is an int that lives through the call, and its true size is given.
    let done = unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const one).cast(), length) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Which of many sockets have something to read (epoll(7)).
pub struct Readiness {
    epoll: OwnedFd,
    events: Vec<libc::epoll_event>,
}

impl Readiness {
    /// Watches nothing yet; tells of `at_once` sockets at a time.
    pub fn new(at_once: usize) -> io::Result<Self> {
        // SAFETY: takes no pointer.
        let fd = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor was just made, is valid, and nothing else owns it.
        let epoll = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Self { epoll, events: vec![libc::epoll_event { events: 0, u64: 0 }; at_once] })
    }

    /// Watches `socket` under the name `token`.
    pub fn watch(&self, socket: &impl AsRawFd, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: token };
        // SAFETY: both descriptors are open and `event` lives through the call.
        let done = unsafe {
            libc::epoll_ctl(self.epoll.as_raw_fd(), libc::EPOLL_CTL_ADD, socket.as_raw_fd(), &raw mut event)
        };
        if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// The tokens of the sockets that have something to read now, without waiting.
    pub fn ready(&mut self) -> io::Result<impl Iterator<Item = u64> + '_> {
        // SAFETY: the kernel writes at most `events.len()` events into memory that `self` owns.
        let came = unsafe {
            libc::epoll_wait(self.epoll.as_raw_fd(), self.events.as_mut_ptr(), self.events.len() as i32, 0)
        };
        let came = or_nothing(i64::from(came))?;
        Ok(self.events[..came].iter().map(|event| event.u64))
    }
}

/// CPU time that this thread has used, user and system.
pub fn thread_cpu() -> Duration {
    clock(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// The monotonic clock, as [`sleep_until`] understands it.
pub fn monotonic() -> Duration {
    clock(libc::CLOCK_MONOTONIC)
}

/// Sleeps for so long.
pub fn wait(time: Duration) {
    sleep_until(monotonic() + time);
}

/// A UDP port of this machine that is free now.
pub fn free_address() -> io::Result<SocketAddr> {
    UdpSocket::bind("127.0.0.1:0")?.local_addr()
}

fn clock(id: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes one timespec into a variable that lives through the call. The two
    // clocks asked for exist on every Linux, so the call cannot fail.
    unsafe { libc::clock_gettime(id, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Sleeps until the monotonic clock shows `at`; returns at once if it is past.
pub fn sleep_until(at: Duration) {
    let time = libc::timespec {
        tv_sec: at.as_secs() as libc::time_t,
        tv_nsec: libc::c_long::from(at.subsec_nanos() as i32),
    };
    // SAFETY: `time` lives through the call and the remainder is not asked for. A signal ends the
    // sleep early, which the loop mends.
    while unsafe {
        libc::clock_nanosleep(
            libc::CLOCK_MONOTONIC,
            libc::TIMER_ABSTIME,
            &raw const time,
            std::ptr::null_mut(),
        )
    } == libc::EINTR
    {}
}

/// The count that a system call returned; nothing there, or a late ICMP error, counts as none.
fn or_nothing(count: i64) -> io::Result<usize> {
    if let Ok(count) = usize::try_from(count) {
        return Ok(count);
    }
    let error = io::Error::last_os_error();
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted | io::ErrorKind::ConnectionRefused => Ok(0),
        _ => Err(error),
    }
}

fn sockaddr(address: SocketAddrV4) -> libc::sockaddr_in {
    libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: address.port().to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(address.ip().octets()) },
        sin_zero: [0; 8],
    }
}

/// Writes an IP_PKTINFO message that names our address `from`; its length.
fn write_source(control: &mut [u8; CONTROL_OCTETS], from: Ipv4Addr) -> usize {
    let end = CONTROL_HEADER_OCTETS + PKTINFO_OCTETS;
    control[0..8].copy_from_slice(&end.to_ne_bytes());
    control[8..12].copy_from_slice(&libc::IPPROTO_IP.to_ne_bytes());
    control[12..16].copy_from_slice(&libc::IP_PKTINFO.to_ne_bytes());
    control[16..20].fill(0);
    control[20..24].copy_from_slice(&from.octets());
    control[24..32].fill(0);
    end.next_multiple_of(8)
}

/// Reads the address and the time that [`tell_address_and_time`] asked for.
fn read_control(mut control: &[u8]) -> (Option<Ipv4Addr>, Option<u64>) {
    let (mut to, mut at_ns) = (None, None);
    while let Some((header, _)) = control.split_at_checked(CONTROL_HEADER_OCTETS) {
        let length = word(header, 0) as usize;
        let (level, kind) = (int(header, 8), int(header, 12));
        let Some(data) = control.get(CONTROL_HEADER_OCTETS..length) else { break };
        match (level, kind, data.len()) {
            (libc::IPPROTO_IP, libc::IP_PKTINFO, PKTINFO_OCTETS..) => {
                to = Some(Ipv4Addr::new(data[8], data[9], data[10], data[11]));
            }
            (libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 16..) => {
                at_ns = Some(word(data, 0) * 1_000_000_000 + word(data, 8));
            }
            (..) => {}
        }
        control = control.get(length.next_multiple_of(8)..).unwrap_or_default();
    }
    (to, at_ns)
}

fn word(octets: &[u8], at: usize) -> u64 {
    octets[at..].first_chunk().map_or(0, |octets| u64::from_ne_bytes(*octets))
}

fn int(octets: &[u8], at: usize) -> i32 {
    octets[at..].first_chunk().map_or(0, |octets| i32::from_ne_bytes(*octets))
}
