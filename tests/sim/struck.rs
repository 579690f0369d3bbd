//! What must be left of a recording of which one operation of the disk went wrong: a file that opens, a record
//! that says how much is in it, a figure that shows it.

use super::check::Wrong;
use super::check::log::Outcome;
use super::disk::Contents;
use super::world::World;
use careline::call::recording;
use careline::id::RecordingId;
use careline::io::recorder::reconcile::repair;
use careline::io::recorder::wav::{HEADER_OCTETS, header};
use careline::switch::interface::Input;
use std::io::Write;

impl World {
    /// The recorder tells that a recording broke off.
    pub(super) fn tell_broken_off(
        &mut self,
        recording: RecordingId,
        milliseconds: u64,
        event: recording::Event,
    ) -> Result<(), Wrong> {
        let files = self.disk.files();
        for (_, contents) in files.iter().filter(|((id, _), _)| *id == recording) {
            let there = self.opens(contents).map_err(|fault| format!("{recording} broke off: {fault}"))?;
            if there < milliseconds {
                return Err(format!("{recording} broke off: {milliseconds} ms told, {there} ms there"));
            }
        }
        let (before, was_told) = (self.failures(), self.outcome_of(recording).is_some());
        self.tell_switch(Input::Recorder(event))?;
        if !was_told && self.outcome_of(recording).is_some() && self.failures() == before {
            return Err(format!("{recording} broke off and `recordings_failed` is {before:?} still"));
        }
        Ok(())
    }

    /// Milliseconds in a file whose header is true: at once, or, where the disk took half of a header and then
    /// nothing more, after the next start.
    fn opens(&self, contents: &Contents) -> Result<u64, Wrong> {
        let file = &contents.written;
        let claimed = file.get(40..44).map_or(0, |l| u32::from_le_bytes([l[0], l[1], l[2], l[3]]));
        let is_true = file.get(..HEADER_OCTETS as usize) == Some(&header(claimed)[..]);
        if is_true && u64::from(claimed) + HEADER_OCTETS <= file.len() as u64 {
            let reader = hound::WavReader::new(&file[..]).map_err(|error| error.to_string())?;
            return Ok(u64::from(reader.duration()) / 8);
        }
        if !self.disk.is_torn() {
            return Err(format!("its header claims {claimed} of {} octets", file.len()));
        }
        let mut copy = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
        copy.write_all(file).map_err(|error| error.to_string())?;
        let milliseconds = repair(copy.path()).map_err(|error| error.to_string())?;
        hound::WavReader::open(copy.path()).map_err(|error| error.to_string())?;
        Ok(milliseconds)
    }

    fn outcome_of(&self, recording: RecordingId) -> Option<Outcome> {
        self.checker.log.recordings().get(&recording).and_then(|known| known.outcome)
    }

    fn failures(&self) -> Option<u64> {
        let figures = self.switch.status();
        figures.iter().find(|figure| figure.name == "recordings_failed").map(|figure| figure.value)
    }

    /// The world is over: an operation that went wrong, and could not be made good, is told.
    pub(super) fn judge_struck(&self) -> Result<(), Wrong> {
        let Some(recording) = self.disk.struck().filter(|_| !self.disk.is_made_good()) else { return Ok(()) };
        let outcome = self.outcome_of(recording);
        if self.checker.was_killed || outcome == Some(Outcome::Failed) {
            return Ok(());
        }
        Err(format!("the disk failed {recording}, and its end is {outcome:?}"))
    }
}
