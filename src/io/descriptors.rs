//! The limit of open files: two sockets a leg make it the first bound that a busy engine meets (getrlimit(2)).
#![allow(unsafe_code)]

/// Descriptors that are kept for files, the store and the SIP port.
const KEPT: u64 = 512;

/// Raises the soft limit to the hard one and says how many legs that allows, at two sockets each.
pub fn raise_and_count_legs() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel fills the structure, which lives through the call.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return legs(1_024);
    }
    let raised = libc::rlimit { rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max };
    // SAFETY: the kernel only reads the structure.
    let done = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const raised) } == 0;
    legs(if done { raised.rlim_cur } else { limit.rlim_cur })
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
