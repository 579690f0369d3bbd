//! Plays clips to one leg, one after the other without a gap, 20 ms a tick.
//!
//! The packets that the octets go out in are the sender's; a clip is neither decoded nor resampled
//! here: a leg that has changed its codec in mid-prompt makes sound of its own codec of it.

use crate::audio::sound::{Sound, silence};
use crate::id::PlaybackId;
use crate::media::command::Clip;
use crate::media::seek::{self, Place};
use std::time::Duration;

/// One sequence of clips, and how far it has come.
#[derive(Clone, Debug)]
pub struct Player {
    playback: PlaybackId,
    clips: Vec<Clip>,
    repeat: Repeat,
    clip: usize,
    octet: usize,
}

/// What happens at the end of the last clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// The playing is over.
    Once,
    /// The first clip follows, until stopped.
    Forever,
}

/// What 20 ms of a playing are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Played {
    /// There is more to come.
    On,
    /// The clips are at their end, after this many octets of the sound; silence fills it up.
    Ended(usize),
}

impl Player {
    /// A playing that has not begun.
    pub fn new(playback: PlaybackId, clips: Vec<Clip>, repeat: Repeat) -> Self {
        let empty = clips.iter().all(|clip| clip.octets.is_empty());
        let repeat = if empty { Repeat::Once } else { repeat };
        Self { playback, clips, repeat, clip: 0, octet: 0 }
    }

    /// The name of this playing.
    pub const fn playback(&self) -> PlaybackId {
        self.playback
    }

    /// How much of the clips is over, in this round of them.
    pub fn at(&self) -> Duration {
        seek::time(&self.clips, Place { clip: self.clip, octet: self.octet })
    }

    /// Goes on from `at`, or from the last border of a tick before it: where a prompt was interrupted, or a little
    /// before. Beyond the end of the clips nothing more is heard, or the first one again.
    pub fn seek(&mut self, at: Duration) {
        let Place { clip, octet } = seek::place(&self.clips, at);
        (self.clip, self.octet) = (clip, octet);
        self.pass_ends();
    }

    /// Writes the next 20 ms into `sound`, in the codec of the clip. A clip in another codec begins in a
    /// tick of its own. Without any clip it is silence in the codec that `sound` has.
    pub fn take(&mut self, sound: &mut Sound) -> Played {
        let codec = self.clips.get(self.clip).map_or(sound.codec(), |clip| clip.codec);
        let octets = sound.become_of(codec);
        let mut filled = 0;
        while filled < octets.len() {
            let Some(clip) = self.clips.get(self.clip).filter(|clip| clip.codec == codec) else { break };
            let rest = &clip.octets[self.octet..];
            let count = rest.len().min(octets.len() - filled);
            octets[filled..filled + count].copy_from_slice(&rest[..count]);
            filled += count;
            self.octet += count;
            if self.octet == clip.octets.len() {
                self.next_clip();
            }
        }
        silence(codec, &mut octets[filled..]);
        match self.clips.get(self.clip) {
            Some(_) => Played::On,
            None => Played::Ended(filled),
        }
    }

    /// Starts over at the end of all, where that is wanted.
    fn pass_ends(&mut self) {
        if self.repeat == Repeat::Forever && self.clip == self.clips.len() {
            self.clip = 0;
        }
    }

    fn next_clip(&mut self) {
        self.octet = 0;
        self.clip += 1;
        self.pass_ends();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::codec::Codec;
    use std::sync::Arc;

    fn clip(octet: u8, octets: usize) -> Clip {
        Clip { codec: Codec::Pcmu, octets: Arc::from(vec![octet; octets]) }
    }

    /// Lengths of the stretches of equal octets that `ticks` ticks give, and whether it ended.
    #[track_caller]
    fn check(
        why: &str,
        clips: &[Clip],
        repeat: Repeat,
        ticks: usize,
        expected: &[(u8, usize)],
        ended: Option<usize>,
    ) {
        let mut player = Player::new(PlaybackId(1), clips.to_vec(), repeat);
        let mut stretches: Vec<(u8, usize)> = Vec::new();
        let mut end = None;
        for _ in 0..ticks {
            let mut sound = Sound::silence(Codec::Pcmu);
            if let Played::Ended(octets) = player.take(&mut sound) {
                end = end.or(Some(octets));
            }
            for octet in sound.octets().iter().copied() {
                match stretches.last_mut() {
                    Some((last, count)) if *last == octet => *count += 1,
                    Some(_) | None => stretches.push((octet, 1)),
                }
            }
        }
        assert_eq!((stretches.as_slice(), end), (expected, ended), "{why}");
    }

    #[test]
    fn clips_follow_each_other_without_a_gap() {
        let once = Repeat::Once;
        check("one, whole ticks", &[clip(1, 320)], once, 2, &[(1, 320)], Some(160));
        check("two within a tick", &[clip(1, 100), clip(2, 60)], once, 1, &[(1, 100), (2, 60)], Some(160));
        check(
            "over the border",
            &[clip(1, 200), clip(2, 50)],
            once,
            2,
            &[(1, 200), (2, 50), (255, 70)],
            Some(90),
        );
        check("many small ones", &vec![clip(1, 1); 200], once, 2, &[(1, 200), (255, 120)], Some(40));
        check(
            "an empty one between",
            &[clip(1, 80), clip(9, 0), clip(2, 80)],
            once,
            1,
            &[(1, 80), (2, 80)],
            Some(160),
        );
        check("not yet ended", &[clip(1, 321)], once, 2, &[(1, 320)], None);
        check("nothing at all", &[], once, 1, &[(255, 160)], Some(0));
        check("only an empty one, for ever", &[clip(1, 0)], Repeat::Forever, 1, &[(255, 160)], Some(0));
        let rounds = [(1, 100), (2, 100), (1, 100), (2, 20)];
        check("for ever", &[clip(1, 100), clip(2, 100)], Repeat::Forever, 2, &rounds, None);
    }

    #[test]
    fn an_interrupted_prompt_goes_on_where_it_was_or_a_little_before() {
        let mut sound = Sound::silence(Codec::Pcmu);
        let mut heard = |player: &mut Player| (player.take(&mut sound), sound.octets()[0]);
        let mut player = Player::new(PlaybackId(1), vec![clip(1, 320), clip(2, 480)], Repeat::Once);
        (0..3).for_each(|_| {
            heard(&mut player);
        });
        assert_eq!(player.at(), Duration::from_millis(60));
        player.seek(player.at().saturating_sub(Duration::from_millis(35)));
        assert_eq!(player.at(), Duration::from_millis(20), "25 ms, at the border of a tick");
        let again: Vec<u8> = (0..4).map(|_| heard(&mut player).1).collect();
        assert_eq!(again, [1, 2, 2, 2]);
        player.seek(Duration::from_secs(9));
        assert_eq!(heard(&mut player), (Played::Ended(0), 0xff), "beyond the end");
        let mut round = Player::new(PlaybackId(2), vec![clip(7, 320)], Repeat::Forever);
        round.seek(Duration::from_secs(9));
        assert_eq!(heard(&mut round), (Played::On, 7));
    }

    #[test]
    fn a_clip_in_another_codec_begins_in_a_tick_of_its_own() {
        let wide = Clip { codec: Codec::L16Wide, octets: Arc::from(vec![7; 700]) };
        let mut player = Player::new(PlaybackId(1), vec![clip(1, 200), wide], Repeat::Once);
        let mut sound = Sound::silence(Codec::Pcma);
        let told: Vec<_> = (0..4)
            .map(|_| {
                let played = player.take(&mut sound);
                (played, sound.codec(), sound.octets()[0], sound.octets()[100])
            })
            .collect();
        let expected = [
            (Played::On, Codec::Pcmu, 1, 1),
            (Played::On, Codec::Pcmu, 1, 0xff),
            (Played::On, Codec::L16Wide, 7, 7),
            (Played::Ended(60), Codec::L16Wide, 7, 0),
        ];
        assert_eq!(told, expected);
    }
}
