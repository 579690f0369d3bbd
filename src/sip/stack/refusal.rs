//! What the machine refuses by itself, and the one place where its statuses are decided
//! (RFC 3261 §8.2, §12.2.2, §14.2; RFC 3262 §3; RFC 3311 §5.2; RFC 4028 §6).
//!
//! Some statuses are never ours. 404 to a call is the switch's, and for phones of ours alone: every other number leads to a flow. 421: there is no
//! extension that we cannot do without. 483: we forward nothing, so the last hop is as good as any
//! (RFC 3261 §16.3). 408 to anything but INVITE helps nobody (RFC 4320 §4.2).

use super::super::summary::CONTENT_TYPE;
use crate::limits::SESSION_EXPIRES_MIN_S;
use crate::limits::summaries::SUBSCRIPTION_MIN_S;
use crate::wire::sip::emit::Builder;
use crate::wire::sip::name::Name;
use crate::wire::sip::refer::ReferError;
use crate::wire::sip::validate::Violation;

/// What this engine does (RFC 3261 §20.5).
pub const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, PRACK, INFO, REFER, SUBSCRIBE";
/// The event packages that it knows (RFC 6665 §8.2.2).
pub const EVENTS: &str = "message-summary, refer";
/// The extensions that it knows (RFC 3261 §20.37).
pub const SUPPORTED: &str = "100rel, replaces, timer";
/// The same, each by itself.
pub const EXTENSIONS: [&[u8]; 3] = [b"100rel", b"replaces", b"timer"];
/// The body that it reads (RFC 3261 §20.1).
pub const ACCEPT: &str = "application/sdp";
/// The bodies that it reads in INFO.
const ACCEPT_INFO: &str = "application/dtmf-relay, application/dtmf";

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
    /// A Request-URI over [`SIP_URI_MAX_OCTETS`](crate::limits::SIP_URI_MAX_OCTETS) (RFC 3261 §21.4.12).
    UriTooLong,
    /// A body over [`SIP_BODY_MAX_OCTETS`](crate::limits::SIP_BODY_MAX_OCTETS) (RFC 3261 §21.4.11).
    BodyTooLong,
    /// Its Accept has no room for SDP, which our 2xx would carry (RFC 3261 §21.4.7).
    NotAcceptable,
    /// A session interval under our least (RFC 4028 §6).
    IntervalTooSmall,
    /// The body of an INFO is of no kind that we know (RFC 6086 §4.2.2).
    InfoType,
    /// The body of an INFO is broken (RFC 3261 §21.4.1).
    InfoBody,
    /// A PRACK whose RAck names no 1xx of ours that waits (RFC 3262 §3).
    NothingToAcknowledge,
    /// An UPDATE that the switch did not answer in time (RFC 3311 §5.2).
    TooLate,
    /// A body that is packed (RFC 3261 §8.2.3).
    ContentEncoding,
    /// There is no such dialog (RFC 3261 §12.2.2).
    NoDialog,
    /// There is nothing to cancel (RFC 3261 §9.2).
    NothingToCancel,
    /// A later request in the dialog came before (RFC 3261 §12.2.2).
    OutOfOrder,
    /// An INVITE in the dialog has no final answer yet (RFC 3261 §14.2), or an offer of theirs has no
    /// answer (RFC 3311 §5.2).
    StillOpen {
        /// A random wait of 0 to 10 s.
        retry_after_s: u32,
    },
    /// An offer of ours in the dialog has no answer yet (RFC 3261 §14.2).
    OurOfferOpen,
    /// A REFER where there is no call that stands (RFC 3261 §21.4.4).
    Forbidden,
    /// A REFER that points to nobody whom we could call.
    Refer(ReferError),
    /// A second REFER while its sender is still told of the first: a request is pending in the dialog
    /// (RFC 3261 §21.4.27).
    ReferOpen,
    /// A SUBSCRIBE of no event package that we know (RFC 6665 §8.3.2).
    BadEvent,
    /// A SUBSCRIBE of a user whose phones show no messages (RFC 3261 §21.4.5).
    NoMailbox,
    /// A SUBSCRIBE for under [`SUBSCRIPTION_MIN_S`] (RFC 6665 §4.2.1.1).
    TooBrief,
    /// Its Accept has no room for the body of our NOTIFYs (RFC 3261 §21.4.7).
    NotASummary,
    /// A SUBSCRIBE without a Contact that a NOTIFY could go to (RFC 6665 §8.1.1).
    NoContact,
    /// A SUBSCRIBE of which more would be kept than is (RFC 3261 §21.5.7).
    TooMuchToKeep,
    /// There is no room for another transaction, or subscription.
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
            Refusal::InfoBody | Refusal::NoContact => 400,
            Refusal::NoMailbox => 404,
            Refusal::NotAcceptable | Refusal::NotASummary => 406,
            Refusal::BodyTooLong => 413,
            Refusal::UriTooLong => 414,
            Refusal::ContentType | Refusal::ContentEncoding | Refusal::InfoType => 415,
            Refusal::IntervalTooSmall => 422,
            Refusal::TooBrief => 423,
            Refusal::BadEvent => 489,
            Refusal::TooMuchToKeep => 513,
            Refusal::NoDialog | Refusal::NothingToCancel | Refusal::NothingToAcknowledge => 481,
            Refusal::OutOfOrder | Refusal::StillOpen { .. } => 500,
            Refusal::Forbidden => 403,
            Refusal::Refer(error) => error.status(),
            Refusal::OurOfferOpen | Refusal::ReferOpen => 491,
            Refusal::Full => 503,
            Refusal::TooLate => 504,
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
            Refusal::InfoType => builder.header(Name::Accept, ACCEPT_INFO),
            Refusal::NotASummary => builder.header(Name::Accept, CONTENT_TYPE),
            Refusal::BadEvent => builder.header(Name::AllowEvents, EVENTS),
            Refusal::TooBrief => builder.header_fmt(Name::MinExpires, format_args!("{SUBSCRIPTION_MIN_S}")),
            Refusal::IntervalTooSmall => {
                builder.header_fmt(Name::MinSe, format_args!("{SESSION_EXPIRES_MIN_S}"))
            }
            Refusal::ContentEncoding => builder.extension("Accept-Encoding", "identity"),
            Refusal::StillOpen { retry_after_s } => {
                builder.header_fmt(Name::RetryAfter, format_args!("{retry_after_s}"))
            }
            Refusal::Full => builder.header_fmt(Name::RetryAfter, format_args!("{FULL_RETRY_AFTER_S}")),
            Refusal::Violation(_)
            | Refusal::Merged
            | Refusal::NoDialog
            | Refusal::NothingToCancel
            | Refusal::NothingToAcknowledge
            | Refusal::UriTooLong
            | Refusal::BodyTooLong
            | Refusal::InfoBody
            | Refusal::NoMailbox
            | Refusal::NoContact
            | Refusal::TooMuchToKeep
            | Refusal::TooLate
            | Refusal::OutOfOrder
            | Refusal::Forbidden
            | Refusal::Refer(_)
            | Refusal::ReferOpen
            | Refusal::OurOfferOpen => builder,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sip::emit;
    use crate::wire::sip::method::Method;

    #[test]
    fn each_refusal_has_its_status_and_the_header_field_that_explains_it() {
        for (refusal, status, line) in [
            (Refusal::InfoBody, 400, ""),
            (
                Refusal::MethodNotAllowed,
                405,
                "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, PRACK, INFO, REFER, SUBSCRIBE",
            ),
            (Refusal::NoContact, 400, ""),
            (Refusal::NoMailbox, 404, ""),
            (Refusal::NotAcceptable, 406, "Accept: application/sdp"),
            (Refusal::NotASummary, 406, "Accept: application/simple-message-summary"),
            (Refusal::TooBrief, 423, "Min-Expires: 60"),
            (Refusal::BadEvent, 489, "Allow-Events: message-summary, refer"),
            (Refusal::TooMuchToKeep, 513, ""),
            (Refusal::BodyTooLong, 413, ""),
            (Refusal::UriTooLong, 414, ""),
            (Refusal::ContentType, 415, "Accept: application/sdp"),
            (Refusal::ContentEncoding, 415, "Accept-Encoding: identity"),
            (Refusal::InfoType, 415, "Accept: application/dtmf-relay, application/dtmf"),
            (Refusal::Extension { tags: b"path".to_vec() }, 420, "Unsupported: path"),
            (Refusal::IntervalTooSmall, 422, "Min-SE: 90"),
            (Refusal::NoDialog, 481, ""),
            (Refusal::NothingToCancel, 481, ""),
            (Refusal::NothingToAcknowledge, 481, ""),
            (Refusal::Merged, 482, ""),
            (Refusal::OurOfferOpen, 491, ""),
            (Refusal::ReferOpen, 491, ""),
            (Refusal::Forbidden, 403, ""),
            (Refusal::Refer(ReferError::Count), 400, ""),
            (Refusal::Refer(ReferError::Scheme), 416, ""),
            (Refusal::OutOfOrder, 500, ""),
            (Refusal::StillOpen { retry_after_s: 7 }, 500, "Retry-After: 7"),
            (
                Refusal::UnknownMethod,
                501,
                "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, PRACK, INFO, REFER, SUBSCRIBE",
            ),
            (Refusal::Full, 503, "Retry-After: 10"),
            (Refusal::TooLate, 504, ""),
        ] {
            let before = emit::request(Method::Options, b"sip:x").finish();
            let after = refusal.explain(emit::request(Method::Options, b"sip:x")).finish();
            let added = String::from_utf8(after).unwrap();
            assert_eq!(refusal.status(), status, "{refusal:?}");
            assert_eq!(
                added.len() - before.len(),
                if line.is_empty() { 0 } else { line.len() + 2 },
                "{added}"
            );
            assert!(added.contains(line), "{refusal:?}: {added}");
        }
    }

    #[test]
    fn a_broken_rule_is_told_in_plain_ascii() {
        let refusal = Refusal::Violation(Violation::CSeqMethod);
        assert_eq!(refusal.status(), 400);
        assert_eq!(refusal.reason().as_deref(), Some("CSeq names another method than the request line"));
        assert_eq!(Refusal::Full.reason(), None);
    }
}
