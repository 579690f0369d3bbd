//! When a report came, as the kernel saw it: `recvmsg(2)` with `SO_TIMESTAMPNS` (socket(7)).
//!
//! The RTCP sockets are read once a second, because nobody waits for a report. How long a packet takes there and
//! back is reckoned from the moment at which the report arrived (RFC 3550 §6.4.1), so that moment is asked for.

use crate::io::media_socket::address;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, SystemTime};

/// Lets the kernel note when each datagram comes.
///
/// # Errors
/// What the kernel says.
pub fn ask(socket: &UdpSocket) -> io::Result<()> {
    let on: libc::c_int = 1;
    let (level, name) = (libc::SOL_SOCKET, libc::SO_TIMESTAMPNS);
    let octets = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: `on` outlives the call, and its length is told beside it.
    let done = unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const on).cast(), octets) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// One datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Came {
    /// Its octets, in the room that was given.
    pub octets: usize,
    /// Who sent it.
    pub from: SocketAddr,
    /// How long ago it came; no time if the kernel does not say.
    pub ago: Duration,
}

/// Takes one datagram, if one waits.
///
/// # Errors
/// What the kernel says, `WouldBlock` if none waits.
pub fn receive(socket: &UdpSocket, room: &mut [u8]) -> io::Result<Came> {
    // SAFETY: `sockaddr_in6` and `msghdr` are plain C structs for which all-zero octets are a value.
    let (mut name, mut head): (libc::sockaddr_in6, libc::msghdr) = unsafe { std::mem::zeroed() };
    let mut part = libc::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: room.len() };
    let mut control = Control([0; CONTROL_OCTETS]);
    head.msg_name = (&raw mut name).cast();
    head.msg_namelen = size_of::<libc::sockaddr_in6>() as libc::socklen_t;
    head.msg_iov = &raw mut part;
    head.msg_iovlen = 1;
    head.msg_control = control.0.as_mut_ptr().cast();
    head.msg_controllen = CONTROL_OCTETS;
    // SAFETY: name, part, room and control outlive the call, and their lengths are told beside them.
    let count = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut head, libc::MSG_DONTWAIT) };
    let octets = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
    let from = address(&name).ok_or_else(|| io::Error::from(io::ErrorKind::Unsupported))?;
    Ok(Came { octets: octets.min(room.len()), from, ago: noted(&head).map_or(Duration::ZERO, ago) })
}

/// How long ago that time of the calendar was. A calendar that was set meanwhile makes it none.
fn ago(noted: libc::timespec) -> Duration {
    let since_epoch = Duration::new(noted.tv_sec.unsigned_abs(), noted.tv_nsec.unsigned_abs() as u32);
    let elapsed = (SystemTime::UNIX_EPOCH + since_epoch).elapsed().unwrap_or(Duration::ZERO);
    if elapsed > STAMP_MAX { Duration::ZERO } else { elapsed }
}

/// The control message with the time, if there is one.
fn noted(head: &libc::msghdr) -> Option<libc::timespec> {
    // SAFETY: the kernel filled `head`, whose control buffer is alive in `receive`; the macros stay within the
    // length that it told, and a message of that level and type holds a `timespec`.
    unsafe {
        let mut message = libc::CMSG_FIRSTHDR(head);
        while !message.is_null() {
            if ((*message).cmsg_level, (*message).cmsg_type) == (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) {
                return Some(libc::CMSG_DATA(message).cast::<libc::timespec>().read_unaligned());
            }
            message = libc::CMSG_NXTHDR(head, message);
        }
    }
    None
}

/// Room for one control message, aligned as `cmsghdr` must be.
#[repr(align(8))]
struct Control([u8; CONTROL_OCTETS]);

const CONTROL_OCTETS: usize = 64;
/// A stamp that is older tells of a calendar that was set: reports are read far more often.
const STAMP_MAX: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_comes_with_its_sender_and_its_age() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        ask(&socket).unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut room = [0; 100];
        assert_eq!(receive(&socket, &mut room).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        sender.send_to(b"report", socket.local_addr().unwrap()).unwrap();
        let sent = std::time::Instant::now();
        while sent.elapsed() < Duration::from_millis(5) {
            std::hint::spin_loop();
        }
        let came = receive(&socket, &mut room).unwrap();
        assert_eq!((came.octets, came.from, &room[..6]), (6, sender.local_addr().unwrap(), &b"report"[..]));
        assert!(came.ago >= Duration::from_millis(5) && came.ago < STAMP_MAX, "{came:?}");
    }
}
