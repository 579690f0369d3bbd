//! A carrier is told by which line of ours a patient's call is sent on to somebody (RFC 7044 §5, RFC 5806 §3, RFC 4458 §2).
//!
//! ```text
//!  patient ──▶ +1 617 555 0199, our line ──INVITE──▶ trunk ──▶ +1 617 555 0123, a person
//!     History-Info: <sip:+16175550199@us>;index=1, <sip:+16175550123@sbc;user=phone;cause=302>;index=1.1;mp=1
//!     Diversion:    <sip:+16175550199@us>;reason=unconditional
//! ```
//! Who sent the call on to us is not told further: those are other people's numbers. Nothing is told of a call for help, nor of
//! one whose caller wants its way kept to himself (RFC 7044 §10.1).

use super::super::carrier::{Line, TellsDiversion, e164, is_emergency};
use super::super::interface::Outgoing;
use super::Stack;
use super::readdress::{find, with_line};
use crate::wire::sip::diversion::Wish;
use crate::wire::sip::emit::Builder;
use crate::wire::sip::name::Name;

/// What stands before the target of the call in History-Info.
const TARGET: &[u8] = b">;index=1, <";

impl Stack {
    /// Writes what the carrier of this line is told.
    pub(super) fn tell_history(
        &self,
        builder: Builder,
        call: &Outgoing,
        told: &str,
        line: Option<&Line>,
    ) -> Builder {
        let carrier = line.and_then(|line| Some((line, self.carriers.held(line.carrier)?)));
        let (Some((line, held)), Some(by)) = (carrier, &call.carries.by) else { return builder };
        if is_emergency(&call.target) || call.carries.privacy.history == Wish::Withheld {
            return builder;
        }
        let number = e164(by.expose()).unwrap_or_else(|| held.carrier.caller.clone());
        let (number, host) = (held.carrier.spelled(&number), held.carrier.host_of_callers(told));
        let ours = format!("<sip:{number}@{host}>");
        let (history, diversion) = match held.carrier.diversion {
            TellsDiversion::HistoryInfo => (true, false),
            TellsDiversion::Diversion => (false, true),
            TellsDiversion::Both => (true, true),
            TellsDiversion::Nothing => (false, false),
        };
        let builder = match history {
            true => builder.header(Name::HistoryInfo, history_of(&ours, line.uri.expose())),
            false => builder,
        };
        match diversion {
            true => builder.header_fmt(Name::Diversion, format_args!("{ours};reason=unconditional")),
            false => builder,
        }
    }
}

/// All of a clinic's calls to that person go there: unconditional, which is 302 (RFC 4458 §2).
fn history_of(ours: &str, target: &str) -> String {
    format!("{ours};index=1, <{target};cause=302>;index=1.1;mp=1")
}

/// The INVITE with another target in its History-Info, if it has one.
pub fn with_target(octets: &[u8], uri: &str) -> Vec<u8> {
    const NAME: &[u8] = b"History-Info: ";
    let line = [b"\r\n", NAME].concat();
    let Some(at) = find(octets, &line).map(|at| at + line.len()) else { return octets.to_vec() };
    let Some(end) = find(&octets[at..], TARGET).map(|end| at + end + 1) else { return octets.to_vec() };
    let ours = String::from_utf8_lossy(&octets[at..end]);
    with_line(octets, NAME, history_of(&ours, uri).as_bytes())
}
