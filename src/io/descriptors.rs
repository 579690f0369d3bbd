//! The limit of open files: two sockets a leg make it the first bound that a busy engine meets.

use super::media_socket;
use crate::limits::SIP_CONNECTIONS_MAX;

/// Descriptors that are kept for files, the store and the SIP sockets.
const KEPT: u64 = 512;
/// What is assumed when the system does not tell: the usual soft limit.
const USUAL: u64 = 1_024;

/// The part of all descriptors that SIP connections may take: an eighth, for most calls come without one.
const PART_OF_CONNECTIONS: u64 = 8;

/// What the descriptors of this process are enough for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Legs, at two sockets each.
    pub legs: u64,
    /// Connections of SIP over TCP.
    pub connections: usize,
}

/// Raises the soft limit to the hard one and shares out what that allows.
pub fn raise_and_share() -> Room {
    share(media_socket::raise_descriptor_limit().unwrap_or(USUAL))
}

fn share(descriptors: u64) -> Room {
    let most = SIP_CONNECTIONS_MAX as u64;
    let connections = most.min(descriptors / PART_OF_CONNECTIONS);
    let legs = descriptors.saturating_sub(KEPT + connections) / 2;
    Room { legs, connections: usize::try_from(connections).unwrap_or(SIP_CONNECTIONS_MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_costs_two_descriptors_and_a_connection_one() {
        for (descriptors, legs, connections) in [
            (512, 0, 64),
            (1_024, 192, 128),
            (20_000, 8_494, 2_500),
            (1_000_000, 497_696, SIP_CONNECTIONS_MAX),
        ] {
            assert_eq!(share(descriptors), Room { legs, connections }, "{descriptors} descriptors");
        }
        assert!(raise_and_share().legs > 0);
    }
}
