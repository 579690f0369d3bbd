//! CSeq: the number and the method of a request (RFC 3261 §20.16).

use super::grammar::{decimal, is_lws_octet, is_token, trim};
use super::method::Method;
use thiserror::Error;

/// The greatest sequence number plus one (RFC 3261 §8.1.1.5).
pub const CSEQ_END: u64 = 1 << 31;

/// A CSeq value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CSeq<'a> {
    /// The sequence number, below 2³¹.
    pub number: u32,
    /// The method of the request.
    pub method: Method<'a>,
}

/// Why a value is no CSeq.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CSeqError {
    /// Not a number, white space and a method.
    #[error("it is not a number and a method")]
    Malformed,
    /// The number is 2³¹ or more.
    #[error("its number is not below 2147483648")]
    TooLarge,
}

impl<'a> CSeq<'a> {
    /// Reads a CSeq value.
    ///
    /// # Errors
    /// [`CSeqError`] when it is none.
    pub fn read(value: &'a [u8]) -> Result<Self, CSeqError> {
        let digits = value.iter().position(|octet| !octet.is_ascii_digit()).ok_or(CSeqError::Malformed)?;
        let (number, rest) = value.split_at(digits);
        let method = trim(rest);
        if number.is_empty() || !rest.first().copied().is_some_and(is_lws_octet) || !is_token(method) {
            return Err(CSeqError::Malformed);
        }
        let number = decimal(number).filter(|&number| number < CSEQ_END).ok_or(CSeqError::TooLarge)?;
        let number = u32::try_from(number).map_err(|_| CSeqError::TooLarge)?;
        Ok(Self { number, method: Method::read(method) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cseq_is_a_number_and_a_method() {
        for (value, number, method) in [
            (&b"1 INVITE"[..], 1, Method::Invite),
            (b"0009\r\n  INVITE", 9, Method::Invite),
            (b"2147483647\tBYE", 2_147_483_647, Method::Bye),
            (b"0 invite", 0, Method::Other(b"invite")),
        ] {
            assert_eq!(CSeq::read(value), Ok(CSeq { number, method }), "{}", value.escape_ascii());
        }
    }

    #[test]
    fn what_is_no_cseq_names_its_fault() {
        for (value, error) in [
            (&b""[..], CSeqError::Malformed),
            (b"1", CSeqError::Malformed),
            (b"1INVITE", CSeqError::Malformed),
            (b"INVITE", CSeqError::Malformed),
            (b"-1 INVITE", CSeqError::Malformed),
            (b"1 INV ITE", CSeqError::Malformed),
            (b"2147483648 INVITE", CSeqError::TooLarge),
            (b"36893488147419103232 REGISTER", CSeqError::TooLarge),
        ] {
            assert_eq!(CSeq::read(value), Err(error), "{}", value.escape_ascii());
        }
    }
}
