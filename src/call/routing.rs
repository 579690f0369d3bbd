//! Who called, which number, over which trunk: read from one INVITE (RFC 3261 §8.2.2, RFC 3325, RFC 7315, RFC 5806).
//!
//! A pure function of the INVITE and the configuration. Which flow answers the number is the flow set's to say.

use crate::id::TrunkName;
use crate::phi::Phi;
use crate::sip::interface::{Invite, Network};
use crate::wire::national::Country;
use std::net::IpAddr;

/// A carrier or gateway that calls come over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trunk {
    /// Its name in the configuration.
    pub name: TrunkName,
    /// The networks it sends from.
    pub networks: Vec<Network>,
    /// Its P-Asserted-Identity is believed (RFC 3325 §5).
    pub trusted: bool,
    /// Where it writes the number that was called.
    pub called_number_from: CalledNumberFrom,
    /// The country whose numbers it writes without `+`; `None`: they stay as it writes them.
    pub country: Option<Country>,
}

impl Trunk {
    /// A number as E.164 writes it, if this trunk writes national ones and it is one.
    fn e164(&self, number: &Phi<String>) -> Option<Phi<String>> {
        self.country?.e164(number.expose()).map(Phi::new)
    }
}

/// Where a trunk writes the number that the patient dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalledNumberFrom {
    /// The user part of the Request-URI: the rule.
    RequestUri,
    /// The user part of To: carriers that put a pilot number into the Request-URI.
    To,
    /// P-Called-Party-ID (RFC 7315 §4.2).
    PCalledPartyId,
    /// Diversion or History-Info (RFC 5806, RFC 7044): the line that was forwarded to us.
    Diversion,
}

/// The trunk that this address belongs to.
pub fn trunk_of(trunks: &[Trunk], from: IpAddr) -> Option<&Trunk> {
    trunks.iter().find(|trunk| trunk.networks.iter().any(|network| network.contains(from)))
}

/// The number that was called. A trunk's own place comes first; where it is empty, the Request-URI, then To. `is_listed`
/// says whether a flow is named for a number.
pub fn called_number(
    invite: &Invite,
    trunk: Option<&Trunk>,
    is_listed: impl Fn(&str) -> bool,
) -> Phi<String> {
    let place = trunk.map_or(CalledNumberFrom::RequestUri, |trunk| trunk.called_number_from);
    let told = match place {
        CalledNumberFrom::RequestUri => Some(&invite.request_user),
        CalledNumberFrom::To => Some(&invite.to_user),
        CalledNumberFrom::PCalledPartyId => invite.p_called_party_user.as_ref(),
        CalledNumberFrom::Diversion => {
            forwarded_line(invite, |number| is_listed(as_e164(number, trunk).expose()))
        }
    };
    let written = [told, Some(&invite.request_user)]
        .into_iter()
        .flatten()
        .find(|user| !user.expose().is_empty())
        .unwrap_or(&invite.to_user);
    as_e164(written, trunk)
}

fn as_e164(written: &Phi<String>, trunk: Option<&Trunk>) -> Phi<String> {
    trunk.and_then(|trunk| trunk.e164(written)).unwrap_or_else(|| written.clone())
}

/// Of the lines that sent the call on, the one that the patient dialled first and that has a flow: a line of somebody else
/// that forwards to us does not choose. Without any, the last line, unless the number that we were reached by has a flow.
fn forwarded_line(invite: &Invite, is_listed: impl Fn(&Phi<String>) -> bool) -> Option<&Phi<String>> {
    let lines = || invite.diversions.list.iter().filter_map(|it| it.who.as_ref());
    let listed = lines().rev().find(|line| is_listed(line));
    listed.or_else(|| lines().next().filter(|_| !is_listed(&invite.request_user)))
}

/// The caller's number: asserted by a trusted trunk, else as the caller says. `None` is an anonymous caller.
pub fn caller_number(invite: &Invite, trunk: Option<&Trunk>) -> Option<Phi<String>> {
    let trusted = trunk.is_some_and(|trunk| trunk.trusted);
    let asserted = invite.asserted_user.as_ref().filter(|_| trusted);
    let told = asserted.or(invite.from_user.as_ref()).filter(|user| !user.expose().is_empty());
    told.map(|written| as_e164(written, trunk))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::diverted::{Diversions, Diverted};
    use crate::sip::interface::{Phone, Reliability};
    use crate::sip::way::Way;
    use crate::wire::sip::diversion::{Why, Wish};

    fn invite() -> Invite {
        let phi = |text: &str| Phi::new(text.to_owned());
        Invite {
            way: Way::udp("10.0.0.1:5060".parse().unwrap(), "10.0.0.9:5060".parse().unwrap()),
            sip_call_id: phi("x"),
            request_user: phi("100"),
            to_user: phi("200"),
            p_called_party_user: Some(phi("300")),
            diversions: Diversions::default(),
            privacy: Default::default(),
            from_user: Some(phi("555")),
            asserted_user: Some(phi("777")),
            sdp: None,
            reliability: Reliability::NotRequired,
            phone: Phone::default(),
            replaces: None,
        }
    }

    fn trunk(trusted: bool, called_number_from: CalledNumberFrom) -> Trunk {
        let networks = vec![Network { base: "10.0.0.0".parse().unwrap(), prefix: 24 }];
        Trunk { name: TrunkName::from("t"), networks, trusted, called_number_from, country: None }
    }

    #[test]
    fn the_called_number_is_where_the_trunk_writes_it() {
        // RFC 3261 §8.2.2; RFC 7315 §4.2; RFC 5806 §3
        let table = [
            (CalledNumberFrom::RequestUri, "100"),
            (CalledNumberFrom::To, "200"),
            (CalledNumberFrom::PCalledPartyId, "300"),
            (CalledNumberFrom::Diversion, "100"),
        ];
        for (place, expected) in table {
            let number = called_number(&invite(), Some(&trunk(false, place)), |_| true);
            assert_eq!(number.expose(), expected, "{place:?}");
        }
        assert_eq!(called_number(&invite(), None, |_| true).expose(), "100");
        let bare = Invite { request_user: Phi::default(), ..invite() };
        assert_eq!(called_number(&bare, None, |_| true).expose(), "200", "no user in the Request-URI: To");
    }

    #[test]
    fn the_line_that_was_dialled_first_and_has_a_flow_was_called() {
        // RFC 5806 §3: the last one first
        let line = |number: &str| {
            let who = Some(Phi::new(number.to_owned())).filter(|it| !it.expose().is_empty());
            Diverted { who, told: Wish::Withheld, why: Why::Always }
        };
        for (lines, listed, expected) in [
            (&[][..], &["100"][..], "100"),
            (&["222"], &["222", "100"], "222"),
            (&["222", "111"], &["111", "222"], "111"),
            (&["222", "555"], &["222"], "222"),
            (&["555", "", "222"], &["222", "100"], "222"),
            (&["555"], &["100", "222"], "100"),
            (&["555", "556"], &[], "555"),
            (&[""], &["222"], "100"),
        ] {
            let list = lines.iter().map(|number| line(number)).collect();
            let invite = Invite { diversions: Diversions { list, more: 0, unread: 0 }, ..invite() };
            let trunk = trunk(false, CalledNumberFrom::Diversion);
            let called = called_number(&invite, Some(&trunk), |number| listed.contains(&number));
            assert_eq!(called.expose(), expected, "{lines:?} {listed:?}");
        }
    }

    #[test]
    fn an_asserted_identity_counts_from_a_trusted_trunk_only() {
        // RFC 3325 §5
        let who =
            |invite: &Invite, trunk: Option<&Trunk>| caller_number(invite, trunk).map(Phi::into_exposed);
        assert_eq!(who(&invite(), Some(&trunk(true, CalledNumberFrom::To))).as_deref(), Some("777"));
        assert_eq!(who(&invite(), Some(&trunk(false, CalledNumberFrom::To))).as_deref(), Some("555"));
        assert_eq!(who(&invite(), None).as_deref(), Some("555"));
        assert_eq!(who(&Invite { from_user: None, ..invite() }, None), None, "anonymous is a value");
    }

    #[test]
    fn a_number_without_plus_is_read_as_the_trunks_country_writes_it() {
        // ITU-T E.164 §6.2.1; RFC 3966 §5.1.5
        let us = Trunk { country: Country::read("US"), ..trunk(true, CalledNumberFrom::RequestUri) };
        let as_it_is = Trunk { country: None, ..us.clone() };
        for (written, expected) in [
            ("6175550100", "+16175550100"),
            ("16175550100", "+16175550100"),
            ("+16175550100", "+16175550100"),
            ("011493090182000", "+493090182000"),
            ("100", "100"),
            ("anonymous", "anonymous"),
            ("911", "911"),
        ] {
            let phi = || Phi::new(written.to_owned());
            let invite =
                Invite { request_user: phi(), from_user: Some(phi()), asserted_user: None, ..invite() };
            for (trunk, expected) in [(Some(&us), expected), (Some(&as_it_is), written), (None, written)] {
                assert_eq!(called_number(&invite, trunk, |_| true).expose(), expected, "{written}");
                let caller = caller_number(&invite, trunk).map(Phi::into_exposed);
                assert_eq!(caller.as_deref(), Some(expected), "{written}");
            }
        }
        let of_the_line = Trunk { called_number_from: CalledNumberFrom::Diversion, ..us };
        let line = |number: &str| Diverted {
            who: Some(Phi::new(number.to_owned())),
            told: Wish::Withheld,
            why: Why::Always,
        };
        let list = ["6175550199", "6175550111"].map(line).into();
        let invite = Invite { diversions: Diversions { list, more: 0, unread: 0 }, ..invite() };
        let called = called_number(&invite, Some(&of_the_line), |number| number == "+16175550199");
        assert_eq!(called.expose(), "+16175550199", "lines are compared as clinic.yaml writes them");
    }

    #[test]
    fn a_trunk_is_known_by_its_networks() {
        let trunks = [trunk(true, CalledNumberFrom::To)];
        assert!(trunk_of(&trunks, "10.0.0.77".parse().unwrap()).is_some());
        assert!(trunk_of(&trunks, "10.0.1.77".parse().unwrap()).is_none());
    }
}
