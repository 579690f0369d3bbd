//! Where planted faults are made: between the switch and its edges. Without a fault nothing is changed.

use super::fault::Fault;
use super::world::World;
use careline::call::recording;
use careline::media::command::{Command, Event};
use careline::report::event::{self as report, Entry};
use careline::wire::sip::message::{Message, parse};
use careline::wire::sip::method::Method;
use careline::wire::sip::name::Name;

impl World {
    /// The fault is made once.
    fn strikes(&mut self, fault: Fault) -> bool {
        let strikes = self.fault == Some(fault) && self.fault_left > 0;
        if strikes {
            self.fault_left -= 1;
            self.ladder.note(self.now, &format!("{fault:?} is made"));
        }
        strikes
    }

    /// The fault is made every time.
    fn plagues(&mut self, fault: Fault) -> bool {
        let plagues = self.fault == Some(fault);
        if plagues {
            self.fault_left = 0;
        }
        plagues
    }

    pub(super) fn spoil_media_event(&mut self, event: Event) -> [Option<Event>; 2] {
        match event {
            Event::Key { .. } if self.strikes(Fault::DoubledKey) => [Some(event.clone()), Some(event)],
            Event::Key { .. } if self.strikes(Fault::LostKey) => [None, None],
            Event::MediaSilent { .. } if self.plagues(Fault::LostSilence) => [None, None],
            Event::PlaybackEnded { leg, playback, completed: false, at }
                if self.plagues(Fault::CutNoticeCounts) =>
            {
                [Some(Event::PlaybackEnded { leg, playback, completed: true, at }), None]
            }
            event => [Some(event), None],
        }
    }

    pub(super) fn spoil_command(&mut self, command: Command) -> Option<Command> {
        match command {
            Command::Close { .. } if self.strikes(Fault::LeakedPort) => None,
            Command::Bridge { a, b } => {
                let other = self.checker.streams.another(a, b);
                match other {
                    Some(other) if self.strikes(Fault::WrongBridge) => Some(Command::Bridge { a, b: other }),
                    _ => Some(Command::Bridge { a, b }),
                }
            }
            Command::Open { leg, port, plan, ssrc, sequence, timestamp, silent_after } => {
                let hasty = self.checker.streams.resting(self.now).filter(|_| self.strikes(Fault::HastyPort));
                let port = hasty.unwrap_or(port);
                Some(Command::Open { leg, port, plan, ssrc, sequence, timestamp, silent_after })
            }
            command => Some(command),
        }
    }

    /// Whether the datagram is lost before it leaves.
    pub(super) fn spoil_transmit(&mut self, phone: usize, octets: &[u8]) -> bool {
        if self.fault.is_none() {
            return false;
        }
        match parse(octets) {
            Ok(Message::Request(request)) => request.method == Method::Bye && self.plagues(Fault::LostBye),
            Ok(Message::Response(response)) => {
                let invite = response.headers.first(Name::CSeq).is_some_and(|cseq| cseq.ends_with(b"INVITE"));
                let again =
                    self.phones[phone].story.status.is_none() && self.checker.signals.was_answered(phone);
                let lost =
                    invite && response.status >= 200 && again && self.plagues(Fault::LostRetransmission);
                lost || invite && phone == 0 && self.plagues(Fault::LateAnswer)
            }
            Err(_) => false,
        }
    }

    pub(super) fn spoil_entry(&mut self, entry: Entry) -> [Option<Entry>; 2] {
        if matches!(entry.event, report::Event::Ended { .. }) && self.strikes(Fault::TwoRecords) {
            let again = Entry { seq: entry.seq + 1, ..entry.clone() };
            return [Some(entry), Some(again)];
        }
        [Some(entry), None]
    }

    /// Whether the log says "durable" before it is.
    pub(super) fn spoil_durable(&mut self) -> bool {
        self.plagues(Fault::EarlyDurable)
    }

    pub(super) fn spoil_recorder_event(&mut self, event: recording::Event) -> Option<recording::Event> {
        match event {
            recording::Event::Closed { .. } if self.strikes(Fault::LostClosing) => None,
            recording::Event::Closed { recording, milliseconds, durable }
                if milliseconds > 1_000 && self.strikes(Fault::ShortRecording) =>
            {
                Some(recording::Event::Closed { recording, milliseconds: milliseconds - 1_000, durable })
            }
            event => Some(event),
        }
    }
}
