//! Memory that is used in a moment, asked for ahead: the processor goes on meanwhile and finds it near.
//!
//! A thousand legs are more than a core's own caches hold, and between two of its ticks a leg's memory has been
//! pushed out by the others and by the kernel's work for their packets. To wait for it, line by line, was most of
//! what a tick cost. What to ask for, and how long ahead, is up to who knows what comes next.

use std::ops::Range;

/// Octets that come at once.
const LINE_OCTETS: usize = 64;

/// Asks for all of `what`, which is not read here.
pub fn ask_for<T: ?Sized>(what: &T) {
    ask_for_part(what, 0..size_of_val(what));
}

/// Asks for these octets of `what`.
pub fn ask_for_part<T: ?Sized>(what: &T, part: Range<usize>) {
    let first = std::ptr::from_ref(what).cast::<u8>();
    part.clone().step_by(LINE_OCTETS).for_each(|at| ask(first.wrapping_add(at)));
    if !part.is_empty() {
        ask(first.wrapping_add(part.end - 1)); // what does not begin with a line may end on one more
    }
}

#[cfg(target_arch = "x86_64")]
fn ask(address: *const u8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a prefetch reads and writes nothing that the program can see, and never faults, whatever the address.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
}

/// Other processors are not asked: they are as right, and slower.
#[cfg(not(target_arch = "x86_64"))]
const fn ask(_: *const u8) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_asked_for_stays_as_it_is() {
        let octets: Vec<u8> = (0..=255).collect();
        for (from, to) in [(0, 0), (3, 3), (0, 1), (63, 65), (1, 256)] {
            ask_for(&octets[from..to]);
        }
        assert_eq!(octets, (0..=255).collect::<Vec<u8>>());
    }
}
