//! `Phi<T>`: a value about a patient (protected health information).
//!
//! A telephone number, a name, a key that was pressed as an answer: whatever tells who called or
//! why. The wrapper prints a token in `Debug` and `Display`, so that it cannot slip into a log line,
//! an error text, a file name or a metric. [`Phi::expose`] is the one way out; each use of it is a
//! place to look at in a review.

use std::fmt;

/// A value about a patient. Printing it prints `‹phi›`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Phi<T>(T);

impl<T> Phi<T> {
    /// Wraps a value at the edge where it comes in.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself: for the wire, the store and an authorised reader, never for logs.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value itself, taken out.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl Phi<String> {
    /// Gives the memory back, overwritten. Copies that somebody else made stay.
    pub fn overwrite(self) {
        let mut octets = self.0.into_bytes();
        octets.fill(0);
        std::hint::black_box(&octets);
    }
}

impl<T> fmt::Debug for Phi<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹phi›")
    }
}

impl<T> fmt::Display for Phi<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹phi›")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patients_number_is_never_printed() {
        let caller = Phi::new("+16175550142".to_owned());
        assert_eq!(format!("{caller} {caller:?} {:?}", Some(&caller)), "‹phi› ‹phi› Some(‹phi›)");
        assert_eq!(caller.expose(), "+16175550142");
    }
}
