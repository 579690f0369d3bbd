//! The limit of open files: two sockets a leg make it the first bound that a busy engine meets.

use super::media_socket;

/// Descriptors that are kept for files, the store and the SIP port.
const KEPT: u64 = 512;
/// What is assumed when the system does not tell: the usual soft limit.
const USUAL: u64 = 1_024;

/// Raises the soft limit to the hard one and says how many legs that allows, at two sockets each.
pub fn raise_and_count_legs() -> u64 {
    legs(media_socket::raise_descriptor_limit().unwrap_or(USUAL))
}

fn legs(descriptors: u64) -> u64 {
    descriptors.saturating_sub(KEPT) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_costs_two_descriptors() {
        assert_eq!((legs(512), legs(1_024), legs(20_000)), (0, 256, 9_744));
        assert!(raise_and_count_legs() > 0);
    }
}
