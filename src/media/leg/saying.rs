//! What a leg says to its party in a tick: words, else those that it is to hear, else the bed of a wait, else silence.
//!
//! ```text
//!  bed falls ─▶ tail of a cut ─▶ player ─▶ heard of others ─▶ bed ─▶ silence        the first that is there
//! ```

use super::Leg;
use crate::audio::g722::join::fade_out;
use crate::audio::l16;
use crate::audio::sound::{Sound, WIDE_SAMPLES};
use crate::clock::Instant;
use crate::media::bed::{Bed, BedSound, Filled, Words};
use crate::media::command::Event;
use crate::media::outbox::Outbox;
use crate::media::player::{Played, Player};
use crate::wire::codec::Codec;

impl Leg {
    /// Plays `clips` in place of what plays now.
    pub fn play(&mut self, player: Player, now: Instant, outbox: &mut Outbox) {
        self.stop(now, outbox);
        self.player = Some(player);
    }

    /// Stops what plays.
    pub fn stop(&mut self, now: Instant, outbox: &mut Outbox) {
        if let Some((playback, _)) = self.finishing.take() {
            outbox.tell(Event::PlaybackEnded { leg: self.id, playback, completed: true, at: now });
        }
        if let Some(mut player) = self.player.take() {
            self.tail = cut(&mut player).map(Box::new);
            let playback = player.playback();
            outbox.tell(Event::PlaybackEnded { leg: self.id, playback, completed: false, at: now });
        }
    }

    /// What is heard under a wait, in place of what there was.
    pub fn bed(&mut self, sound: Option<BedSound>) {
        let last = self.bed.take().and_then(|bed| bed.leave());
        self.tail = last.map(Box::new).or_else(|| self.tail.take());
        self.bed = sound.map(|sound| Box::new(Bed::new(sound)));
    }

    /// What the party hears in this tick. While it may not be sent anything, what plays waits: a prompt
    /// that ended was heard to its end.
    pub(super) fn say(&mut self, heard: Option<&Sound>, ours: &mut Sound) {
        let codec = self.plan.sends.codec;
        if self.lies_on_bed(heard, ours) == Filled::ByBed {
            return;
        }
        let tail = self.tail.take();
        if !self.plan.direction.send {
            return ours.fall_silent(codec.between_legs());
        }
        if let Some(tail) = tail {
            return ours.clone_from(&tail);
        }
        let Some(player) = &mut self.player else {
            return match heard {
                Some(heard) => ours.repeat(heard),
                None => ours.fall_silent(codec.between_legs()),
            };
        };
        if let Played::Ended(octets) = player.take(ours) {
            let octets = octets * codec.octets_per_ms() / ours.codec().octets_per_ms();
            self.finishing = Some((player.playback(), self.sender.waiting() + octets));
            self.player = None;
        }
    }

    /// The bed has the tick, if nothing else wants it; words that begin wait until it has faded.
    fn lies_on_bed(&mut self, heard: Option<&Sound>, ours: &mut Sound) -> Filled {
        let Some(bed) = &mut self.bed else { return Filled::Free };
        let is_wanted = heard.is_some() || self.player.is_some() || self.tail.is_some();
        let words = if is_wanted || !self.plan.direction.send { Words::Waiting } else { Words::None };
        match bed.fill(words, ours) {
            Filled::ByBed if self.plan.direction.send => Filled::ByBed,
            Filled::ByBed | Filled::Free => Filled::Free,
        }
    }

    /// What is said, as the leg's codec has it.
    pub(super) fn in_own_codec<'a>(&mut self, ours: &'a Sound, sent: &'a mut Sound) -> &'a Sound {
        let codec = self.plan.sends.codec;
        if ours.codec() == codec {
            return ours;
        }
        self.transcoder.get_or_insert_default().transcode(ours, codec, sent);
        sent
    }

    pub(super) fn tell_finished(&mut self, gone: usize, now: Instant, outbox: &mut Outbox) {
        let Some((playback, octets)) = self.finishing else { return };
        if octets > gone {
            self.finishing = Some((playback, octets - gone));
            return;
        }
        self.finishing = None;
        outbox.tell(Event::PlaybackEnded { leg: self.id, playback, completed: true, at: now });
    }
}

/// What follows a cut in samples: G.722 would make a click of it that lasts.
fn cut(player: &mut Player) -> Option<Sound> {
    let mut sound = Sound::silence(Codec::L16Wide);
    player.take(&mut sound);
    if !matches!(sound.codec(), Codec::L16Narrow | Codec::L16Wide) {
        return None;
    }
    let mut samples = [0; WIDE_SAMPLES];
    let samples = &mut samples[..sound.octets().len() / 2];
    l16::decode(sound.octets(), samples);
    fade_out(samples);
    l16::encode(samples, sound.octets_mut());
    Some(sound)
}
