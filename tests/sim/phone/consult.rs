//! What a person's phone does with two calls at once: hold one, hand on by naming the other (RFC 5589 §7, RFC 3891 §3);
//! and a password that is shown when it is asked for (RFC 3261 §22.3).

use super::handing::Handing;
use super::sdp::Way;
use super::{Phone, Stage, What};
use careline::clock::Instant;
use careline::sip::digest::answer::{Digests, Purse};
use careline::wire::sip::address::Address;
use careline::wire::sip::message::Response;
use careline::wire::sip::method::Method;
use careline::wire::sip::name::Name;

/// A password is shown so often for one call: a nonce may be too old.
const SHOWN_MAX: u32 = 3;

impl Phone {
    /// It is in a call, since then.
    pub fn up_since(&self) -> Option<Instant> {
        match self.stage {
            Stage::Up(since) if self.story.acked => Some(since),
            Stage::Up(_) | Stage::Waiting | Stage::Calling | Stage::Over(_) => None,
        }
    }

    /// Its call is over.
    pub fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over(_))
    }

    /// No change of its own is open.
    pub fn is_still(&self) -> bool {
        !self.reoffers()
    }

    /// Puts the other side on hold, or takes it back.
    pub fn turn(&mut self, now: Instant, way: Way) {
        if matches!(self.stage, Stage::Up(_)) && self.way != way {
            self.reinvite(now, way);
        }
    }

    /// Hangs up, if it is in a call.
    pub fn leave(&mut self, now: Instant) {
        if matches!(self.stage, Stage::Up(_)) {
            self.hang_up(now);
        }
    }

    /// The dialog of its call as a Replaces names it to the engine: the To tag is the engine's (RFC 3891 §3).
    pub fn replaces(&self) -> String {
        let remote = Address::read(self.dialog.remote.as_bytes()).ok();
        let tag = remote.as_ref().and_then(Address::tag).unwrap_or_default();
        let tag = String::from_utf8_lossy(tag);
        format!("{};to-tag={tag};from-tag={}", self.dialog.call_id, self.dialog.local_tag)
    }

    /// Asks that its caller be put through to this user, in the place that it has in another call itself.
    pub fn hand_on_to(&mut self, now: Instant, user: &str, replaces: &str) {
        let escaped = replaces.replace('@', "%40").replace(';', "%3B").replace('=', "%3D");
        self.dialog.refer_to = format!("<sip:{user}@{}?Replaces={escaped}>", self.engine);
        self.handing = Handing::Asked;
        self.ask(now, What::Refer, Method::Refer, None);
    }

    /// Its INVITE asks for the place of this dialog.
    pub fn ask_in_place_of(&mut self, replaces: &str) {
        self.dialog.extra.push((Name::Replaces, replaces.to_owned()));
    }

    /// It is nobody's of the house, and has no password.
    pub fn is_a_stranger(&mut self) {
        self.purse = None;
        self.dialog.local = format!("<sip:eve@elsewhere.example>;tag={}", self.dialog.local_tag);
    }

    /// It was asked for a password and has one: its next INVITE shows it.
    pub(super) fn shows_password(&mut self, response: &Response<'_>) -> bool {
        if response.status != 407 || self.story.cancelled || self.shown == SHOWN_MAX {
            return false;
        }
        let uri = self.dialog.target.clone();
        let cnonce = self.rng.token();
        let Some(purse) = self.purse.as_mut() else { return false };
        let value = match Purse::choose(&response.headers, Name::ProxyAuthenticate, Digests::Both) {
            Ok(challenge) => purse.credentials(challenge, b"INVITE", uri.as_bytes(), &cnonce),
            Err(error) => {
                self.puzzled(format!("it is asked for a password so that it cannot answer: {error}"));
                return false;
            }
        };
        self.shown += 1;
        self.story.status = None;
        self.dialog.extra.retain(|(name, _)| *name != Name::ProxyAuthorization);
        let value = String::from_utf8_lossy(&value).into_owned();
        self.dialog.extra.push((Name::ProxyAuthorization, value));
        true
    }
}
