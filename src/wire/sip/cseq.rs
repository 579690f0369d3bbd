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
