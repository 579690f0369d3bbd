//! What a phone expects of us: lines of an answer, ways of requests, and what comes of a change that it asked for.

use super::Phone;
use super::quirk::Quirk;
use super::sdp::{Told, Way};
use careline::wire::sip::message::{Request, Response};
use careline::wire::sip::name::Name;

impl Phone {
    /// A change that this phone asked for is agreed.
    pub(super) fn changed(&mut self, told: &Told, answer: &[u8]) {
        self.judge_media_lines(answer);
        match self.quirk {
            Some(Quirk::MovesContact) => {
                let moved = self.place.contact_port != self.at.port();
                self.story.contact_told |= moved;
                self.story.odd |= moved;
            }
            Some(Quirk::NewSsrc) => {
                if let Some(talk) = self.talk.as_mut().filter(|talk| talk.has_still_hands()) {
                    talk.renew(&mut self.rng);
                    self.story.odd = true;
                }
            }
            Some(Quirk::MovesKeys) => {
                if let Some(talk) = &mut self.talk {
                    talk.move_keys(told.keys);
                    self.story.odd = true;
                }
            }
            Some(Quirk::ZeroHold | Quirk::HoldsTwice | Quirk::HoldMusic | Quirk::DeskHolds) => {
                self.story.odd |= self.way == Way::SendRecv;
            }
            _ => {}
        }
    }

    /// An answer has as many media as the offer, in the same order (RFC 3264 §6).
    pub(super) fn judge_media_lines(&mut self, answer: &[u8]) {
        let text = String::from_utf8_lossy(answer);
        let media: Vec<&str> = text.lines().filter(|line| line.starts_with("m=")).collect();
        let is_right =
            media.len() == 2 && media[0].starts_with("m=audio ") && media[1].starts_with("m=video 0 ");
        if self.is(Quirk::TwoMedia) && !is_right {
            self.puzzled(format!("sound and video were offered, the answer is {media:?}"));
        }
    }

    /// Our requests take the way that Record-Route told (RFC 3261 §12.2.1.1).
    pub(super) fn judge_route(&mut self, request: &Request<'_>) {
        let routes: Vec<_> =
            request.headers.values(Name::Route).map(|r| String::from_utf8_lossy(r).into_owned()).collect();
        let (at, uri) = (self.at, String::from_utf8_lossy(request.uri).into_owned());
        let is_right = match self.quirk {
            Some(Quirk::LooseRoute) => {
                routes == [format!("<sip:{at};lr>"), "<sip:second.invalid;lr>".to_owned()]
                    && uri == format!("sip:phone@{at}")
            }
            Some(Quirk::StrictRoute) => {
                routes == [format!("<sip:phone@{at}>")] && uri == format!("sip:proxy@{at}")
            }
            _ => return,
        };
        self.story.odd = true;
        if !is_right {
            self.puzzled(format!("{} {uri} came with the routes {routes:?}", request.method));
        }
    }

    /// It refused the sound with port 0: that is no hold, and there is nothing to agree on (RFC 3264 §6, §8.2).
    pub(super) fn judge_port_zero(&mut self, response: &Response<'_>) {
        let body = String::from_utf8_lossy(response.body);
        match response.status {
            488 => self.story.odd = true,
            200..300 if body.contains("m=audio 0 ") => self.story.odd = true,
            200..300 => self.puzzled(format!("it refused the sound, and the answer is {body}")),
            _ => {}
        }
    }
}
