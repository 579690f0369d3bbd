//! Sound that comes before the 200, of the person that will answer and of another place that rings as well
//! (RFC 3960).

use super::super::sound::Voice;
use super::quirk::Quirk;
use super::sdp::{self, Ability};
use super::talk::{Mouth, Talk};
use super::{Out, Phone, Stage, answer_to};
use careline::clock::Instant;
use careline::wire::sip::message::Request;
use careline::wire::sip::name::Name;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Nobody speaks longer into a ringing.
const SPEAKS_EARLY: Duration = Duration::from_secs(5);
/// So long the other place goes on after the answer.
const GOES_ON: Duration = Duration::from_secs(3);
/// Voices of callers and persons.
const VOICES: u16 = 200;

/// Sound before its time.
#[derive(Default)]
pub struct Early {
    elsewhere: Option<(SocketAddr, Talk)>,
    until: Option<Instant>,
}

impl Early {
    pub(super) fn due(&self) -> Option<Instant> {
        self.elsewhere.as_ref().map(|(_, talk)| talk.next_at)
    }
}

impl Phone {
    /// It rings: whose sound comes already.
    pub(super) fn speak_early(&mut self, now: Instant, request: &Request<'_>) {
        let Some(told) = self.told.clone() else { return };
        self.early.until = Some(now + SPEAKS_EARLY);
        match self.quirk {
            Some(Quirk::SoundFirst) => self.begin_talk(now, &told),
            Some(Quirk::SecondSpeaks) => {
                let (ip, port) = (self.media.ip(), self.media.port());
                let IpAddr::V4(own) = ip else { return };
                let from = SocketAddr::new(IpAddr::from([10, 8, own.octets()[2], own.octets()[3]]), port);
                let codec = told.codecs.iter().find(|codec| self.ability.codecs.contains(codec)).copied();
                let Some(codec) = codec else { return };
                let ability = Ability { codecs: vec![codec], media: from, ..self.ability.clone() };
                let second = self.second_tag();
                let early = answer_to(request, 183, self.engine, &second)
                    .header_fmt(Name::Contact, format_args!("<sip:second@{}>", self.at))
                    .finish_with("application/sdp", &sdp::write(&ability, self.way, self.version));
                self.outs.push_back(Out::Sip(early));
                let voice = Voice((self.voice.0 + VOICES / 2 - 1) % VOICES);
                let talk = Talk::new(now, told.media, voice, Mouth::Voice, (codec, None), &mut self.rng);
                self.early.elsewhere = Some((from, talk));
            }
            _ => {}
        }
    }

    /// It has answered, and its sound has come before that.
    pub(super) fn has_spoken_early(&mut self) -> bool {
        let spoke = self.is(Quirk::SoundFirst) && self.talk.is_some();
        self.story.odd |= spoke || self.early.elsewhere.is_some();
        spoke
    }

    /// The other place goes on for a while.
    pub(super) fn speak_elsewhere(&mut self, now: Instant) {
        let is_over = match self.stage {
            Stage::Waiting => false,
            Stage::Calling => self.early.until.is_some_and(|until| now >= until),
            Stage::Up(since) => now.since(since) > GOES_ON,
            Stage::Over(_) => true,
        };
        if is_over {
            self.early.elsewhere = None;
            if self.stage == Stage::Calling {
                self.talk = None;
            }
        }
        let Some((from, talk)) = self.early.elsewhere.as_mut().filter(|(_, talk)| talk.next_at <= now) else {
            return;
        };
        let (from, to) = (*from, talk.to);
        if let Some(spoken) = talk.tick(&mut self.rng) {
            self.outs.push_back(Out::Stray { from, to, octets: spoken.octets });
        }
    }
}
