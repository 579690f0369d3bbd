//! What the machine refuses by itself, and the one place where its statuses are decided
//! (RFC 3261 §8.2, §12.2.2, §14.2).

use crate::wire::sip::emit::Builder;
use crate::wire::sip::name::Name;
use crate::wire::sip::validate::Violation;

/// What this engine does (RFC 3261 §20.5).
pub const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS";
/// The body that it reads (RFC 3261 §20.1).
pub const ACCEPT: &str = "application/sdp";

/// Why the machine refuses a request without asking the switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It breaks a rule.
    Violation(Violation),
    /// A method that no RFC that we know defines (RFC 3261 §21.5.2).
    UnknownMethod,
    /// A method that we know and do not do (RFC 3261 §8.2.1).
    MethodNotAllowed,
    /// The same request came another way already (RFC 3261 §8.2.2.2).
    Merged,
    /// Extensions that it requires (RFC 3261 §8.2.2.3).
    Extension {
        /// Their tags.
        tags: Vec<u8>,
    },
    /// A body that is no SDP (RFC 3261 §8.2.3).
    ContentType,
    /// Its Accept has no room for SDP, which our 2xx would carry (RFC 3261 §21.4.7).
    NotAcceptable,
    /// A body that is packed (RFC 3261 §8.2.3).
    ContentEncoding,
    /// There is no such dialog (RFC 3261 §12.2.2).
    NoDialog,
    /// There is nothing to cancel (RFC 3261 §9.2).
    NothingToCancel,
    /// A later request in the dialog came before (RFC 3261 §12.2.2).
    OutOfOrder,
    /// An INVITE in the dialog has no final answer yet (RFC 3261 §14.2).
    StillOpen {
        /// A random wait of 0 to 10 s.
        retry_after_s: u32,
    },
    /// An offer of ours in the dialog has no answer yet (RFC 3261 §14.2).
    OurOfferOpen,
    /// There is no room for another transaction.
    Full,
}

/// How long a peer waits when there is no room, in seconds.
const FULL_RETRY_AFTER_S: u32 = 10;

impl Refusal {
    /// The status that answers it.
    pub fn status(&self) -> u16 {
        match self {
            Refusal::Violation(violation) => violation.status(),
            Refusal::UnknownMethod => 501,
            Refusal::MethodNotAllowed => 405,
            Refusal::Merged => 482,
            Refusal::Extension { .. } => 420,
            Refusal::NotAcceptable => 406,
            Refusal::ContentType | Refusal::ContentEncoding => 415,
            Refusal::NoDialog | Refusal::NothingToCancel => 481,
            Refusal::OutOfOrder | Refusal::StillOpen { .. } => 500,
            Refusal::OurOfferOpen => 491,
            Refusal::Full => 503,
        }
    }

    /// A reason phrase that says more than the usual one; it never quotes the message.
    pub fn reason(&self) -> Option<String> {
        let Refusal::Violation(violation) = self else { return None };
        // Where the rule stands is for our own log; the peer reads what is wrong, in ASCII.
        let text = violation.to_string();
        Some(text.replace(" (RFC ", " \0").split(" \0").next().unwrap_or_default().to_owned())
            .filter(|text| text.is_ascii() && !text.is_empty())
    }

    /// Adds the header fields that the status calls for.
    pub fn explain(&self, builder: Builder) -> Builder {
        match self {
            Refusal::UnknownMethod | Refusal::MethodNotAllowed => builder.header(Name::Allow, ALLOW),
            Refusal::Extension { tags } => builder.header(Name::Unsupported, tags),
            Refusal::ContentType | Refusal::NotAcceptable => builder.header(Name::Accept, ACCEPT),
            Refusal::ContentEncoding => builder.extension("Accept-Encoding", "identity"),
            Refusal::StillOpen { retry_after_s } => {
                builder.header_fmt(Name::RetryAfter, format_args!("{retry_after_s}"))
            }
            Refusal::Full => builder.header_fmt(Name::RetryAfter, format_args!("{FULL_RETRY_AFTER_S}")),
            Refusal::Violation(_)
            | Refusal::Merged
            | Refusal::NoDialog
            | Refusal::NothingToCancel
            | Refusal::OutOfOrder
            | Refusal::OurOfferOpen => builder,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_rule_is_told_in_plain_ascii() {
        let refusal = Refusal::Violation(Violation::CSeqMethod);
        assert_eq!(refusal.status(), 400);
        assert_eq!(refusal.reason().as_deref(), Some("CSeq names another method than the request line"));
        assert_eq!(Refusal::Full.reason(), None);
    }
}
