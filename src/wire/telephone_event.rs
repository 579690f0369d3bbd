//! Keys as RTP events: RFC 4733.

/// A key of a telephone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// 0 to 9.
    Digit(u8),
    /// `*`
    Star,
    /// `#`
    Pound,
    /// A to D, as `b'A'` to `b'D'`.
    Letter(u8),
}
