//! Session timers in messages, and what they do to a dialog (RFC 4028 §7 to §10).

use super::super::interface::{Event, Loss};
use super::super::invite::change::{Content, Means, Wish};
use super::super::invite::session_timer::{Output, Role, Support, Terms};
use super::Stack;
use super::leg::{Phase, Update};
use crate::clock::Instant;
use crate::id::LegId;
use crate::limits::SESSION_EXPIRES_MIN_S;
use crate::wire::sip::emit::Builder;
use crate::wire::sip::name::Name;

/// Asks for `interval_s` in a request, 0 for none; `refresher` keeps who refreshes today, `least_s` is the
/// least that a hop on the way named before (RFC 4028 §7.1, §7.4).
pub fn ask(builder: Builder, interval_s: u32, refresher: Option<Role>, least_s: u32) -> Builder {
    if interval_s == 0 {
        return builder;
    }
    let builder = match refresher {
        Some(role) => {
            builder.header_fmt(Name::SessionExpires, format_args!("{interval_s};refresher={}", role.as_str()))
        }
        None => builder.header_fmt(Name::SessionExpires, format_args!("{interval_s}")),
    };
    builder.header_fmt(Name::MinSe, format_args!("{}", least_s.max(SESSION_EXPIRES_MIN_S)))
}

/// Tells in a 2xx what was agreed. Who knows timers must keep to it (RFC 4028 §9).
pub fn tell(builder: Builder, terms: Option<Terms>) -> Builder {
    let Some(Terms { interval_s, refresher, support }) = terms else { return builder };
    let builder = builder
        .header_fmt(Name::SessionExpires, format_args!("{interval_s};refresher={}", refresher.as_str()));
    match support {
        Support::Named => builder.header(Name::Require, "timer"),
        Support::Unnamed => builder,
    }
}

impl Stack {
    /// The session of a leg may have to be refreshed, or be over.
    pub(super) fn session_timeout(&mut self, now: Instant, id: LegId) {
        let Some(Phase::InDialog(within)) = self.legs.get_mut(&id).map(|leg| &mut leg.phase) else { return };
        match within.timer.timeout(now) {
            Some(Output::Refresh) => {
                let means = match within.update {
                    Update::Allowed => Means::Update,
                    Update::NotAllowed => Means::ReInvite,
                };
                within.change.want(Wish { means, content: Content::Refresh, tries: 0 });
            }
            Some(Output::Expired) => self.lose(now, id, Loss::Expired),
            None => {}
        }
    }

    /// The dialog is dead: the switch is told, and BYE is sent for whoever still listens.
    pub(super) fn lose(&mut self, now: Instant, id: LegId, loss: Loss) {
        let leaving = match self.legs.get(&id).map(|leg| &leg.phase) {
            Some(Phase::InDialog(within)) => within.is_leaving(),
            Some(Phase::Outgoing(_) | Phase::Mortal { .. } | Phase::Subscribed(_)) | None => true,
        };
        if leaving {
            return;
        }
        self.tell(Event::SessionLost { leg: id, loss });
        let reason = match loss {
            Loss::Expired => "SIP;cause=408;text=\"session timer expired\"",
            Loss::Gone => "SIP;cause=481;text=\"dialog does not exist\"",
        };
        self.hang_up(now, id, Some(reason));
    }
}
