//! Recordings: the orders of a [`Take`], and what the log is told about it.
//!
//! A recording's name is in the log, durably, before its file exists; the file exists before the
//! first sample. A fault of the disk ends the recording and never the call.

use super::call::Recording;
use super::interface::Output;
use super::messages::Left;
use super::{Switch, Waiting};
use crate::call::recording::{
    Command as RecorderCommand, Event as RecorderEvent, RecordingFault, RecordingKind,
};
use crate::call::take::{self, Begin, Order, Take};
use crate::flow::action::Input;
use crate::id::{CallId, RecordingId};
use crate::limits::{MESSAGE_OPEN_MAX, RECORDER_RING_FRAMES};
use crate::media::command::Command;
use crate::media::tap::{self, Kept};
use crate::report::event::Event;
use crate::wire::codec::Codec;

impl Switch {
    /// Names a recording; its file is opened when the name is durable.
    pub(super) fn start_recording(&mut self, id: CallId, kind: RecordingKind) {
        let Some(call) = self.calls.get(&id).filter(|call| call.recording.is_none() && call.patient.open)
        else {
            return;
        };
        let codec = call.patient.codec().unwrap_or(Codec::Pcmu);
        if self.log_is_full() {
            return self.recording_refused(id, kind);
        }
        let recording = RecordingId(self.next_id);
        self.next_id += 1;
        let begin = match kind {
            RecordingKind::Call => Begin::AtOnce,
            RecordingKind::Message => Begin::AfterTone,
        };
        let named_at = self.now.wall;
        let take = Take::new(begin, tap::ring(RECORDER_RING_FRAMES, codec));
        if let Some(call) = self.calls.get_mut(&id) {
            call.recording =
                Some(Recording { id: recording, kind, take, named_at, frames: 0, kept: call.kept });
        }
        if kind == RecordingKind::Message
            && let Some(call) = self.calls.get_mut(&id)
        {
            call.message = Some(recording);
        }
        self.recordings.insert(recording, id);
        let seq = self.append(id, Event::RecordingNamed { recording, kind });
        self.waiting.insert(seq, (id, Waiting::TakeName(recording)));
        self.counters.recordings += 1;
    }

    /// The log has been stuck for so long that a name could be lost: nothing is recorded that nobody knows of.
    fn recording_refused(&mut self, id: CallId, kind: RecordingKind) {
        self.counters.recordings_failed += 1;
        if kind == RecordingKind::Message {
            if let Some(call) = self.calls.get_mut(&id) {
                call.message_until = None;
            }
            self.run_flow(id, Input::MessageFailed);
        }
    }

    /// No more recording of the call, if there is one; a message is not meant.
    pub(super) fn stop_recording(&mut self, id: CallId) {
        if self
            .calls
            .get(&id)
            .and_then(|c| c.recording.as_ref())
            .is_some_and(|r| r.kind == RecordingKind::Call)
        {
            self.order_take(id, take::Input::Stop);
        }
    }

    /// From now on silence stands for what is said, in the recording that runs or is about to: its time runs on. The
    /// pause ends with [`Switch::resume_recording`], else with the recording; the next one begins without it.
    pub(super) fn pause_recording(&mut self, id: CallId) {
        if self.keep(id, Kept::Silence) {
            self.tell_patient(id, |leg| Command::PauseRecording { leg });
        }
    }

    /// What is said is recorded again, where it was before.
    pub(super) fn resume_recording(&mut self, id: CallId) {
        if self.keep(id, Kept::Sound) {
            self.tell_patient(id, |leg| Command::ResumeRecording { leg });
        }
    }

    /// Whether this changes what the recording keeps.
    fn keep(&mut self, id: CallId, kept: Kept) -> bool {
        let recording = self.calls.get_mut(&id).and_then(|call| call.recording.as_mut());
        recording.is_some_and(|recording| std::mem::replace(&mut recording.kept, kept) != kept)
    }

    /// The worker did it: the gap is part of what is known of the recording.
    pub(super) fn on_tap_kept(&mut self, id: CallId, kept: Kept, frame: u64) {
        let recording = self.calls.get(&id).and_then(|call| call.recording.as_ref()).map(|it| it.id);
        let Some(recording) = recording else { return };
        self.append(
            id,
            match kept {
                Kept::Silence => Event::RecordingPaused { recording, frame },
                Kept::Sound => Event::RecordingResumed { recording, frame },
            },
        );
    }

    /// The caller is to leave a message: what is recorded now is closed first.
    pub(super) fn take_message(&mut self, id: CallId) {
        let until = self.now.at + MESSAGE_OPEN_MAX;
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.message_until = Some(until);
        call.message = None;
        if call.recording.is_some() {
            return self.order_take(id, take::Input::Stop);
        }
        self.start_recording(id, RecordingKind::Message);
    }

    /// The message is over, or the caller left it before it had begun: then none is begun any more.
    pub(super) fn finish_message(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let was_to_begin = call.message_until.take().is_some();
        if call.recording.as_ref().is_some_and(|r| r.kind == RecordingKind::Message) {
            self.order_take(id, take::Input::Stop);
        } else if was_to_begin {
            self.run_flow(id, Input::MessageFailed);
        }
    }

    /// Tells the flow what became of a message, if it is the one that the flow waits for.
    pub(super) fn tell_flow_of_message(&mut self, id: CallId, message: RecordingId, input: Input) {
        if self.calls.get(&id).is_some_and(|call| call.message == Some(message)) {
            self.run_flow(id, input);
        }
    }

    /// The message could not be opened in time: the caller is told, not left waiting.
    pub(super) fn give_up_message(&mut self, id: CallId) {
        if self
            .calls
            .get(&id)
            .and_then(|call| call.recording.as_ref())
            .is_some_and(|r| r.kind == RecordingKind::Message)
        {
            self.order_take(id, take::Input::Stop);
        }
        self.run_flow(id, Input::MessageFailed);
    }

    pub(super) fn on_take_named(&mut self, id: CallId, recording: RecordingId) {
        if self.calls.get(&id).and_then(|call| call.recording.as_ref()).is_some_and(|r| r.id == recording) {
            self.order_take(id, take::Input::NameDurable);
        }
    }

    pub(super) fn on_tap_opened(&mut self, id: CallId) {
        self.order_take(id, take::Input::TapOpened);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some((recording, kind)) = call.recording.as_ref().map(|r| (r.id, r.kind)) else { return };
        call.message_until = None;
        self.append(id, Event::RecordingSpanBegan { recording });
        if kind == RecordingKind::Message {
            self.run_flow(id, Input::MessageOpen);
        }
    }

    pub(super) fn on_tap_closed(&mut self, id: CallId, frames: u64, dropped: u64) {
        let Some(taken) = self.calls.get_mut(&id).and_then(|call| call.recording.as_mut()) else { return };
        taken.frames = frames;
        let recording = taken.id;
        self.counters.frames_dropped += dropped;
        self.append(id, Event::RecordingSpanEnded { recording, frames, dropped });
        self.order_take(id, take::Input::TapClosed);
    }

    /// The recorder tells.
    pub(super) fn on_recorder(&mut self, event: RecorderEvent) {
        let (RecorderEvent::Opened { recording }
        | RecorderEvent::Closed { recording, .. }
        | RecorderEvent::Failed { recording, .. }) = event;
        let Some(&id) = self.recordings.get(&recording) else { return };
        match event {
            RecorderEvent::Opened { .. } => self.order_take(id, take::Input::FileOpened),
            RecorderEvent::Closed { milliseconds, durable: true, .. } => {
                self.append(id, Event::RecordingClosed { recording, milliseconds });
                self.on_file_closed(id, milliseconds);
            }
            RecorderEvent::Closed { milliseconds, durable: false, .. } => {
                self.counters.recordings_failed += 1;
                self.append(
                    id,
                    Event::RecordingFailed { recording, fault: RecordingFault::Io, milliseconds },
                );
                self.on_recording_failed(id);
            }
            RecorderEvent::Failed { fault, milliseconds, .. } => {
                self.counters.recordings_failed += 1;
                self.append(id, Event::RecordingFailed { recording, fault, milliseconds });
                self.on_recording_failed(id);
            }
        }
        self.rekey(id);
    }

    fn on_file_closed(&mut self, id: CallId, milliseconds: u64) {
        let Some(call) = self.calls.get(&id) else { return };
        let Some((recording, kind)) = call.recording.as_ref().map(|r| (r.id, r.kind)) else { return };
        let flow = Some(call.flow.clone());
        let is_message = kind == RecordingKind::Message;
        // Of a line that the log may lose nobody would be called back.
        let is_kept = milliseconds > 0 && !self.log_is_full();
        if is_message && milliseconds > 0 {
            self.counters.messages += 1;
            let seq = self.append(id, Event::MessageSaved { recording });
            if is_kept {
                self.waiting.insert(seq, (id, Waiting::MessageSaved(Left { recording, flow })));
            }
        }
        self.order_take(id, take::Input::FileClosed);
        if is_message && !is_kept {
            self.tell_flow_of_message(id, recording, Input::MessageFailed);
        }
    }

    fn on_recording_failed(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let was_message = call.recording.as_ref().is_some_and(|r| r.kind == RecordingKind::Message);
        if was_message {
            call.message_until = None;
        }
        self.order_take(id, take::Input::Failed);
        if was_message {
            self.run_flow(id, Input::MessageFailed);
        }
    }

    /// Moves the take on and does what it orders.
    pub(super) fn order_take(&mut self, id: CallId, input: take::Input) {
        let Some(recording) = self.calls.get_mut(&id).and_then(|call| call.recording.as_mut()) else {
            return;
        };
        let (name, kind, at, frames) = (recording.id, recording.kind, recording.named_at, recording.frames);
        let kept = recording.kept;
        match recording.take.handle(input) {
            None => {}
            Some(Order::OpenFile(reader)) => {
                let command = RecorderCommand::Open { recording: name, call: id, kind, at, reader };
                self.outputs.push_back(Output::Recorder(command));
            }
            Some(Order::PlayTone) => self.play_tone(id),
            Some(Order::Record(mut tap)) => {
                tap.keep(kept);
                self.tell_patient(id, |leg| Command::Record { leg, tap });
            }
            Some(Order::StopTap) => self.tell_patient(id, |leg| Command::StopRecording { leg }),
            Some(Order::CloseFile) => {
                self.outputs.push_back(Output::Recorder(RecorderCommand::Close { recording: name, frames }));
            }
            Some(Order::NeverOpened) => {
                self.append(id, Event::RecordingClosed { recording: name, milliseconds: 0 });
                self.take_over(id);
                self.tell_flow_of_message(id, name, Input::MessageFailed);
            }
            Some(Order::Over) => self.take_over(id),
        }
    }

    /// A take is over: what waited for it goes on.
    fn take_over(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if let Some(over) = call.recording.take() {
            self.recordings.remove(&over.id);
        }
        let message_waits = call.message_until.is_some() && call.ending.is_none();
        if message_waits {
            self.start_recording(id, RecordingKind::Message);
        }
        self.finish_if_closed(id);
    }
}
