//! Session timers: RFC 4028. A dialog whose parties no longer hear of each other comes to its end.
//!
//! ```text
//!  they ask (UAS)                      we asked (UAC)
//!  answer(said, ours) ─▶ Terms         accepted(said of the 2xx) ─▶ Terms      who refreshes, and how often
//!
//!  Off ──Terms──▶ Ours   ─ half the interval ─▶ Refresh ─ refused ─▶ again after half of what is left
//!           └───▶ Theirs                         both: shortly before the interval is over ─▶ Expired
//! ```
//! Whoever refreshes names itself in each refresh, so roles never change by accident (§7.4). As the UAS
//! we choose ourselves where the peer leaves it open: a peer that forgets to refresh then costs no call.

use crate::clock::Instant;
use crate::limits::{SESSION_ENDS_EARLY_MAX, SESSION_EXPIRES_MIN_S};
use crate::wire::sip::grammar::{Parameters, split_at_outside};
use crate::wire::sip::header::Headers;
use crate::wire::sip::name::Name;
use crate::wire::sip::value::{delta_seconds, has_option};
use std::time::Duration;

/// A party by its role in the transaction at hand, as `refresher` names it (RFC 4028 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The one that sent the request.
    Uac,
    /// The one that answers it.
    Uas,
}

impl Role {
    /// As it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Uac => "uac",
            Role::Uas => "uas",
        }
    }
}

/// Whether a peer names `timer` in Supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// It does.
    Named,
    /// It does not.
    Unnamed,
}

/// What a message says of session timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// Whether its sender knows them.
    pub support: Support,
    /// Session-Expires: seconds, and who refreshes if it says so.
    pub expires: Option<(u32, Option<Role>)>,
    /// Min-SE in seconds.
    pub min_se_s: Option<u32>,
}

impl Said {
    /// Reads it; what cannot be read counts as not said.
    pub fn read(headers: &Headers<'_>) -> Self {
        let named =
            has_option(headers, Name::Supported, "timer") || has_option(headers, Name::Require, "timer");
        let expires = headers.first(Name::SessionExpires).and_then(|value| {
            let parameters = Parameters::new(split_at_outside(value, b';').1.unwrap_or_default());
            Some((delta_seconds(value)?, parameters.value("refresher").and_then(role)))
        });
        let min_se_s = headers.first(Name::MinSe).and_then(delta_seconds);
        Self { support: if named { Support::Named } else { Support::Unnamed }, expires, min_se_s }
    }
}

fn role(value: &[u8]) -> Option<Role> {
    [Role::Uac, Role::Uas].into_iter().find(|role| value.eq_ignore_ascii_case(role.as_str().as_bytes()))
}

/// What is agreed: how long a session lives without a refresh, and who refreshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The interval in seconds.
    pub interval_s: u32,
    /// Who refreshes, by its role in the transaction that agreed on it.
    pub refresher: Role,
    /// Whether the caller knows timers: then our 2xx requires them (§9).
    pub support: Support,
}

/// The interval that they ask for is under our least (answered with 422).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooSmall;

/// Our answer to a request, `ours_s` being the interval that we would ask for, 0 for none (§9).
///
/// # Errors
/// [`TooSmall`] if they know timers and ask for less than [`SESSION_EXPIRES_MIN_S`].
pub fn answer(said: &Said, ours_s: u32) -> Result<Option<Terms>, TooSmall> {
    let least = said.min_se_s.unwrap_or(0).max(SESSION_EXPIRES_MIN_S);
    let support = said.support;
    let Some((asked, refresher)) = said.expires else {
        let wanted = support == Support::Named && ours_s > 0;
        let terms = Terms { interval_s: ours_s.max(least), refresher: Role::Uas, support };
        return Ok(wanted.then_some(terms));
    };
    if asked < SESSION_EXPIRES_MIN_S && support == Support::Named {
        return Err(TooSmall);
    }
    // It may be lowered, never under Min-SE, and never raised; but no proxy makes us refresh without pause.
    let wished = if ours_s > 0 { ours_s } else { asked };
    let interval_s = asked.min(wished.max(least)).max(SESSION_EXPIRES_MIN_S);
    let refresher = match support {
        Support::Named => refresher.unwrap_or(Role::Uas),
        Support::Unnamed => Role::Uas,
    };
    Ok(Some(Terms { interval_s, refresher, support }))
}

/// What a 2xx to a request of ours settles: nothing if it says nothing (§7.2).
pub fn accepted(said: &Said) -> Option<Terms> {
    let (seconds, refresher) = said.expires?;
    let interval_s = seconds.max(SESSION_EXPIRES_MIN_S);
    Some(Terms { interval_s, refresher: refresher.unwrap_or(Role::Uac), support: said.support })
}

/// The clock of one dialog.
#[derive(Clone, Copy, Debug)]
pub struct SessionTimer {
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Off,
    /// We refresh; `None` while a refresh is on its way.
    Ours {
        interval_s: u32,
        refresh_at: Option<Instant>,
        ends_at: Instant,
    },
    Theirs {
        interval_s: u32,
        ends_at: Instant,
    },
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Refresh the session.
    Refresh,
    /// End the dialog: it was not refreshed.
    Expired,
}

impl SessionTimer {
    /// No terms yet.
    pub const fn off() -> Self {
        Self { state: State::Off }
    }

    /// A refresh, or the first 2xx, settled `terms` in a transaction in which we are `us` (§10).
    pub fn agree(&mut self, now: Instant, terms: Option<Terms>, us: Role) {
        self.state = match terms {
            None => State::Off,
            Some(Terms { interval_s, refresher, .. }) => {
                let interval = Duration::from_secs(interval_s.into());
                let ends_at = now + (interval - SESSION_ENDS_EARLY_MAX.min(interval / 3));
                if refresher == us {
                    State::Ours { interval_s, refresh_at: Some(now + interval / 2), ends_at }
                } else {
                    State::Theirs { interval_s, ends_at }
                }
            }
        };
    }

    /// Our refresh was refused, and the dialog lives: the next one comes after half of what is left.
    pub fn refused(&mut self, now: Instant) {
        if let State::Ours { interval_s, refresh_at: None, ends_at } = self.state {
            let rest = ends_at.since(now) / 2;
            let refresh_at = (rest >= Duration::from_secs(1)).then(|| now + rest);
            self.state = State::Ours { interval_s, refresh_at, ends_at };
        }
    }

    /// The dialog is being ended.
    pub fn stop(&mut self) {
        self.state = State::Off;
    }

    /// The interval in seconds, and who refreshes as a request of ours names it; `None` without terms.
    pub fn interval_s(&self) -> Option<(u32, Role)> {
        match self.state {
            State::Off => None,
            State::Ours { interval_s, .. } => Some((interval_s, Role::Uac)),
            State::Theirs { interval_s, .. } => Some((interval_s, Role::Uas)),
        }
    }

    /// The deadline may have passed.
    pub fn timeout(&mut self, now: Instant) -> Option<Output> {
        match self.state {
            State::Ours { ends_at, .. } | State::Theirs { ends_at, .. } if ends_at <= now => {
                self.state = State::Off;
                Some(Output::Expired)
            }
            State::Ours { interval_s, refresh_at: Some(at), ends_at } if at <= now => {
                self.state = State::Ours { interval_s, refresh_at: None, ends_at };
                Some(Output::Refresh)
            }
            State::Off | State::Ours { .. } | State::Theirs { .. } => None,
        }
    }

    /// When [`SessionTimer::timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Off => None,
            State::Ours { refresh_at, ends_at, .. } => Some(refresh_at.map_or(ends_at, |at| at.min(ends_at))),
            State::Theirs { ends_at, .. } => Some(ends_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sip::message::{Message, parse};
    use proptest::prelude::*;

    fn said(lines: &str) -> Said {
        let text = format!("INVITE sip:a@b SIP/2.0\r\n{lines}\r\n");
        let Ok(Message::Request(request)) = parse(text.as_bytes()) else { panic!("{text}") };
        Said::read(&request.headers)
    }

    /// Who refreshes and how often, after a request with those lines.
    #[track_caller]
    fn check(name: &str, lines: &str, expected: &str) {
        let seen = match answer(&said(lines), 1_800) {
            Err(TooSmall) => "422".to_owned(),
            Ok(None) => "off".to_owned(),
            Ok(Some(terms)) => format!("{} {}", terms.interval_s, terms.refresher.as_str()),
        };
        assert_eq!(seen, expected, "{name}: {lines:?}");
    }

    #[test]
    fn a_request_is_answered_by_the_table_of_the_rfc() {
        check("a phone that knows no timers", "", "off");
        check("it knows them and asks for none", "Supported: timer\r\n", "1800 uas");
        check("and has a least", "Supported: timer\r\nMin-SE: 3600\r\n", "3600 uas");
        check("it asks for an hour: lowered to ours", "k: timer\r\nx: 3600\r\n", "1800 uas");
        check("but not under its least", "k: timer\r\nx: 3600\r\nMin-SE: 2000\r\n", "2000 uas");
        check("it asks for less than ours", "k: timer\r\nx: 600\r\n", "600 uas");
        check("it wishes to refresh", "k: timer\r\nx: 600;refresher=uac\r\n", "600 uac");
        check("it wishes us to refresh", "k: timer\r\nx: 600;Refresher=UAS\r\n", "600 uas");
        check("under our least", "k: timer\r\nx: 89\r\n", "422");
        check("our least itself", "Require: timer\r\nx: 90\r\n", "90 uas");
        check("a proxy asks for a phone that knows none", "x: 600;refresher=uac\r\n", "600 uas");
        check("and asks for too little", "x: 30\r\n", "90 uas");
        check("what cannot be read is not said", "k: timer\r\nx: soon\r\n", "1800 uas");
    }

    #[test]
    fn without_a_wish_of_our_own_their_interval_is_taken_as_it_is() {
        assert_eq!(answer(&said("k: timer\r\n"), 0), Ok(None));
        let terms = answer(&said("k: timer\r\nx: 7200\r\n"), 0);
        assert_eq!(terms.map(|terms| terms.map(|terms| terms.interval_s)), Ok(Some(7_200)));
    }

    #[test]
    fn a_2xx_settles_it_even_if_we_asked_for_nothing() {
        assert_eq!(accepted(&said("")), None);
        let terms = |lines| accepted(&said(lines)).map(|terms| (terms.interval_s, terms.refresher));
        assert_eq!(terms("x: 600;refresher=uas\r\n"), Some((600, Role::Uas)));
        assert_eq!(terms("x: 600\r\n"), Some((600, Role::Uac)), "nobody named: we do it");
        assert_eq!(terms("x: 5;refresher=uas\r\n"), Some((90, Role::Uas)), "too short to be meant");
    }

    fn run(us: Role, refresher: Role, refused_at: &[u64]) -> String {
        let mut timer = SessionTimer::off();
        timer.agree(Instant::START, Some(Terms { interval_s: 90, refresher, support: Support::Named }), us);
        let mut ladder = String::new();
        while let Some(at) = timer.poll_timeout() {
            let output = timer.timeout(at);
            let second = at.as_micros() / 1_000_000;
            ladder += &format!("{second} {output:?} ");
            if refused_at.contains(&second) {
                timer.refused(at);
            }
        }
        ladder
    }

    #[test]
    fn the_refresher_acts_at_half_the_interval_and_everybody_ends_a_third_early() {
        for (us, refresher) in [(Role::Uac, Role::Uac), (Role::Uas, Role::Uas)] {
            assert_eq!(run(us, refresher, &[]), "45 Some(Refresh) 60 Some(Expired) ");
        }
        for (us, refresher) in [(Role::Uac, Role::Uas), (Role::Uas, Role::Uac)] {
            assert_eq!(run(us, refresher, &[]), "60 Some(Expired) ");
        }
        let again = run(Role::Uac, Role::Uac, &[45, 52, 56, 58]);
        assert!(again.starts_with("45 Some(Refresh) 52 Some(Refresh) 56 Some(Refresh) "), "{again}");
        assert!(again.ends_with("60 Some(Expired) "), "{again}");
    }

    proptest! {
        #[test]
        fn whatever_is_asked_the_interval_is_bounded_and_never_raised(
            asked in any::<u32>(), least in any::<u32>(), ours in 90..100_000_u32, named in any::<bool>(),
        ) {
            let support = if named { Support::Named } else { Support::Unnamed };
            let said = Said { support, expires: Some((asked, None)), min_se_s: Some(least) };
            match answer(&said, ours) {
                Err(TooSmall) => prop_assert!(named && asked < SESSION_EXPIRES_MIN_S),
                Ok(terms) => {
                    let interval = terms.expect("they asked").interval_s;
                    prop_assert!(interval >= SESSION_EXPIRES_MIN_S);
                    prop_assert!(interval <= asked.max(SESSION_EXPIRES_MIN_S));
                    prop_assert!(interval >= least.min(asked));
                }
            }
        }
    }
}
