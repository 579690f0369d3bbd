//! The port pairs of a worker are bound at its start: those that are free, in order.

use super::{Settings, StartError};
use crate::io::media_port::Pair;
use crate::limits::{MEDIA_PORT_TRIED_EVERY, MEDIA_PORTS_FREED_WITHIN};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

pub(super) fn bind_pairs(settings: &Settings) -> Result<Vec<Pair>, StartError> {
    let (first, last) = (*settings.ports.start(), *settings.ports.end());
    let mut pairs = Vec::with_capacity(settings.pairs);
    let even = (first..last).filter(|port| port % 2 == 0);
    let mut patience = MEDIA_PORTS_FREED_WITHIN;
    for rtp in even {
        if pairs.len() == settings.pairs {
            break;
        }
        match bind_in_time(settings.bind, rtp, &mut patience, pause) {
            Ok(pair) => pairs.push(pair),
            Err(cause) if cause.kind() == io::ErrorKind::AddrInUse => {}
            Err(cause) => {
                return Err(StartError::Bind { address: SocketAddr::new(settings.bind, rtp), cause });
            }
        }
    }
    if pairs.is_empty() { Err(StartError::NoPort { bind: settings.bind, first, last }) } else { Ok(pairs) }
}

/// Nobody tells when the kernel frees a port; to be woken early does no harm.
fn pause(length: Duration) {
    std::thread::park_timeout(length);
}

/// Binds a pair. One in use may belong to an engine that was killed a moment ago: it is tried again while there is
/// patience left, which all pairs share.
pub(super) fn bind_in_time(
    bind: IpAddr,
    rtp: u16,
    patience: &mut Duration,
    mut pause: impl FnMut(Duration),
) -> io::Result<Pair> {
    loop {
        match Pair::bind(bind, rtp) {
            Err(cause) if cause.kind() == io::ErrorKind::AddrInUse && !patience.is_zero() => {
                pause(MEDIA_PORT_TRIED_EVERY);
                *patience = patience.saturating_sub(MEDIA_PORT_TRIED_EVERY);
            }
            bound => return bound,
        }
    }
}
