//! The memory of a worker's legs in large pages, where the system has them: madvise(2).
//!
//! A processor knows the addresses of some two thousand pages at once. With 4 kB to a page a thousand legs, and the
//! kernel's part of their sockets, are more than that. What lives there is `media::legs`' business.

use std::io;

/// Asks the kernel for large pages in this piece of memory, from its first use on. It takes as much of it as it likes, and
/// nothing is taken before it is used.
///
/// # Errors
/// The kernel has no large pages or is told to give none: all goes on in small ones.
pub fn in_large_pages((begin, octets): (*const u8, usize)) -> io::Result<()> {
    let before = begin.align_offset(PAGE_OCTETS);
    let Some(octets) = octets.checked_sub(before).filter(|octets| *octets >= PAGE_OCTETS) else {
        return Ok(());
    };
    let whole_pages = octets / PAGE_OCTETS * PAGE_OCTETS;
    let address = begin.wrapping_add(before).cast_mut().cast();
    // SAFETY: this advice changes no content and no right to it, wherever it is given: only the size of the pages in
    // which the kernel keeps what is there. An address that is not ours is refused.
    let done = unsafe { libc::madvise(address, whole_pages, libc::MADV_HUGEPAGE) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// A page as the advice counts them.
const PAGE_OCTETS: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_stays_as_it_is() {
        let octets = vec![7_u8; 3 << 20];
        match in_large_pages((octets.as_ptr(), octets.len())) {
            Ok(()) => {}
            Err(error) => println!("no large pages here: {error}"),
        }
        assert!(octets.iter().all(|octet| *octet == 7));
        assert!(in_large_pages((octets.as_ptr(), 100)).is_ok(), "less than a page is nothing to ask for");
    }
}
