//! What the switch learns of an INVITE that begins a dialog: who calls whom, as the header fields
//! tell it. Which of them is believed is the switch's.

use super::super::diverted::{Diversions, Diverted};
use super::super::interface::{Invite, Phone, Reliability};
use super::body;
use crate::phi::Phi;
use crate::sip::way::Way;
use crate::wire::sip::address::Address;
use crate::wire::sip::diversion::{self, Diversion, Privacy};
use crate::wire::sip::header::Headers;
use crate::wire::sip::message::Request;
use crate::wire::sip::name::Name;
use crate::wire::sip::telephone::number_of;
use crate::wire::sip::uri::{Host, Uri};
use crate::wire::sip::value::has_option;

/// Gathers it; `dialled` is what the Request-URI calls.
pub fn describe(request: &Request<'_>, way: Way, dialled: Option<String>) -> Invite {
    let headers = &request.headers;
    let call_id = headers.first(Name::CallId).unwrap_or_default();
    Invite {
        way,
        sip_call_id: Phi::new(String::from_utf8_lossy(call_id).into_owned()),
        request_user: Phi::new(dialled.unwrap_or_default()),
        to_user: Phi::new(user_of(headers, Name::To).unwrap_or_default()),
        p_called_party_user: user_of(headers, Name::PCalledPartyId).map(Phi::new),
        diversions: diversions(headers),
        privacy: Privacy::read(headers),
        from_user: named_user_of(headers, Name::From).map(Phi::new),
        asserted_user: named_user_of(headers, Name::PAssertedIdentity).map(Phi::new),
        sdp: body::sdp(request).ok().flatten().map(<[u8]>::to_vec),
        reliability: match has_option(headers, Name::Require, "100rel") {
            true => Reliability::Required,
            false => Reliability::NotRequired,
        },
        phone: Phone::default(),
        replaces: None,
    }
}

/// What a Request-URI calls: the number as it is dialled, or the user.
pub fn dialled(uri: &[u8]) -> Option<String> {
    Uri::read(uri).ok().and_then(|uri| user(&uri))
}

fn diversions(headers: &Headers<'_>) -> Diversions {
    let diversion::Diversions { list, more, unread } = diversion::read(headers);
    Diversions { list: list.into_iter().map(diverted).collect(), more, unread }
}

fn diverted(diversion: Diversion<'_>) -> Diverted {
    let Diversion { who, told, why } = diversion;
    Diverted { who: named(&who).map(Phi::new), told, why }
}

/// The user part of the first value of that name that has one.
fn user_of(headers: &Headers<'_>, name: Name) -> Option<String> {
    headers.values(name).find_map(|value| user(&Address::read(value).ok()?.uri().ok()?))
}

/// The same, but nobody if the caller wishes to be anonymous (RFC 3323 §4.1).
fn named_user_of(headers: &Headers<'_>, name: Name) -> Option<String> {
    headers.values(name).find_map(|value| named(&Address::read(value).ok()?.uri().ok()?))
}

fn named(uri: &Uri<'_>) -> Option<String> {
    user(uri).filter(|user| !user.eq_ignore_ascii_case("anonymous") && !hides(uri.host))
}

fn hides(host: Option<Host<'_>>) -> bool {
    matches!(host, Some(Host::Name(name)) if name.eq_ignore_ascii_case(b"anonymous.invalid"))
}

/// The telephone number, as it is dialled; else the user part, unescaped, without what carriers append after `;`.
fn user(uri: &Uri<'_>) -> Option<String> {
    number_of(uri).or_else(|| name_of(uri))
}

fn name_of(uri: &Uri<'_>) -> Option<String> {
    let user = uri.user_unescaped()?;
    let bare = user.split(|&octet| octet == b';').next().unwrap_or_default();
    Some(String::from_utf8_lossy(bare).into_owned()).filter(|user| !user.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sip::message::{Message, parse};

    fn invite(uri: &str, headers: &str) -> Invite {
        let text = format!("INVITE {uri} SIP/2.0\r\nTo: <sip:desk@clinic>\r\nCall-ID: c\r\n{headers}\r\n");
        let Ok(Message::Request(request)) = parse(text.as_bytes()) else { panic!("{text}") };
        let address = "127.0.0.1:5060".parse().unwrap();
        describe(&request, Way::udp(address, address), dialled(request.uri))
    }

    fn named(user: &Option<Phi<String>>) -> Option<&str> {
        user.as_ref().map(|user| user.expose().as_str())
    }

    /// Who sent the call on, the last one first.
    fn sent_on_by(call: &Invite) -> Vec<Option<&str>> {
        call.diversions.list.iter().map(|it| named(&it.who)).collect()
    }

    #[test]
    fn users_come_from_where_carriers_put_them() {
        // RFC 3325 §9.1; RFC 5806 §3; RFC 7315 §4.2
        let call = invite(
            "sip:%2B1617;npdi@clinic",
            "From: \"A\" <sip:+16175550142@x>;tag=1\r\nP-Asserted-Identity: <sip:x.example>, <tel:+1-617>\r\n\
             Diversion: <sip:200@x>;reason=busy\r\nP-Called-Party-ID: <sip:300@x>\r\n",
        );
        assert_eq!((call.request_user.expose().as_str(), call.to_user.expose().as_str()), ("+1617", "desk"));
        assert_eq!(named(&call.from_user), Some("+16175550142"));
        assert_eq!(named(&call.asserted_user), Some("+1617"));
        assert_eq!((sent_on_by(&call), named(&call.p_called_party_user)), (vec![Some("200")], Some("300")));
    }

    #[test]
    fn numbers_are_told_as_they_are_dialled() {
        let call = invite(
            "tel:617-555-0100;phone-context=+1",
            "From: \"Ann\" <sip:(617)555.0142;phone-context=+1@x;user=phone>;tag=1\r\nP-Asserted-Identity: <sip:+1-617-555-0142@x>\r\n\
             Diversion: <tel:7042;phone-context=clinic.example>\r\n",
        );
        assert_eq!(call.request_user.expose(), "+16175550100");
        assert_eq!(
            (named(&call.from_user), named(&call.asserted_user)),
            (Some("+16175550142"), Some("+16175550142"))
        );
        assert_eq!(sent_on_by(&call), [Some("7042")]);
    }

    #[test]
    fn who_sent_a_call_on_may_be_nobody_and_what_is_none_is_counted() {
        // RFC 5806 §3, RFC 7044 §5, RFC 3323 §4.1
        let call = invite(
            "sip:clinic",
            "Diversion: <sip:anonymous@anonymous.invalid>;reason=user-busy, <sip:x@\"y>, <sip:+1-617@x>\r\n",
        );
        assert_eq!(sent_on_by(&call), [None, Some("+1617")]);
        assert_eq!((call.diversions.more, call.diversions.unread), (0, 1));
        let call = invite(
            "sip:clinic",
            "History-Info: <sip:617-555-0111@x;user=phone;phone-context=+1>;index=1, <sip:100@x;cause=486>;index=1.1;mp=1\r\n",
        );
        assert_eq!(sent_on_by(&call), [Some("+16175550111")]);
    }

    #[test]
    fn anonymous_is_nobody_and_no_error() {
        // RFC 3323 §4.1
        for from in
            ["<sip:anonymous@anonymous.invalid>", "<sip:Anonymous@x>", "<sip:x@anonymous.invalid>", "sip:x"]
        {
            let call = invite("sip:clinic", &format!("From: {from};tag=1\r\n"));
            assert_eq!(named(&call.from_user), None, "{from}");
            assert_eq!(call.request_user.expose(), "");
        }
    }
}
