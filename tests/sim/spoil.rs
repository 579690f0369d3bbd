//! Where planted faults are made: between the switch and its edges. Without a fault nothing is changed.

use super::fault::Fault;
use super::world::World;
use careline::call::recording;
use careline::media::command::{Command, Event, KeysGo};
use careline::report::event::{self as report, Entry};
use careline::wire::sip::message::{Message, Request, parse};
use careline::wire::sip::method::Method;
use careline::wire::sip::name::Name;
use std::borrow::Cow;

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

    /// A fault is planted, and it was made.
    pub(super) fn is_fault_made(&self) -> bool {
        self.fault.is_some() && self.fault_left == 0
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
            Command::Promise { .. } if self.plagues(Fault::LostPromise) => None,
            Command::Bridge { .. } if self.just_taken && self.strikes(Fault::LostHandover) => None,
            Command::Keys { go: KeysGo::Nowhere, .. } if self.plagues(Fault::LeakedCode) => None,
            Command::Bridge { a, b } => {
                let other = self.checker.streams.another(a, b);
                match other {
                    Some(other) if self.strikes(Fault::WrongBridge) => Some(Command::Bridge { a, b: other }),
                    _ => Some(Command::Bridge { a, b }),
                }
            }
            Command::Hears { leg, mut whom } => {
                if let Some(secret) = self.checker.streams.secret_of(leg)
                    && self.strikes(Fault::LeakedWhisper)
                {
                    whom.push(secret);
                }
                Some(Command::Hears { leg, whom })
            }
            Command::Open { leg, port, plan, ssrc, sequence, timestamp, beside, seed, silent_after } => {
                let hasty = self.checker.streams.resting(self.now).filter(|_| self.strikes(Fault::HastyPort));
                let port = hasty.unwrap_or(port);
                Some(Command::Open { leg, port, plan, ssrc, sequence, timestamp, beside, seed, silent_after })
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
            Ok(Message::Request(request)) => match request.method {
                Method::Bye if self.is_for_second(phone, &request) => self.plagues(Fault::SecondNotEnded),
                Method::Bye if self.has_handed_on(phone) => {
                    self.plagues(Fault::UndismissedDesk) || self.plagues(Fault::LostBye)
                }
                Method::Bye => self.plagues(Fault::LostBye),
                Method::Update => self.plagues(Fault::LostRefresh),
                Method::Prack => self.plagues(Fault::LostPrack),
                Method::Ack => {
                    self.checker.signals.was_acknowledged(phone, octets) && self.plagues(Fault::LostAck)
                }
                _ => false,
            },
            Ok(Message::Response(response)) => {
                let invite = response.headers.first(Name::CSeq).is_some_and(|cseq| cseq.ends_with(b"INVITE"));
                let again =
                    self.phones[phone].story.status.is_none() && self.checker.signals.was_answered(phone);
                let lost =
                    invite && response.status >= 200 && again && self.plagues(Fault::LostRetransmission);
                let rings = response.status < 200
                    && response.headers.has(Name::RSeq)
                    && self.checker.signals.rings_reliably(phone)
                    && self.plagues(Fault::LostProgress);
                lost || rings || invite && phone == 0 && self.plagues(Fault::LateAnswer)
            }
            Err(_) => false,
        }
    }

    fn is_for_second(&self, phone: usize, request: &Request<'_>) -> bool {
        let second = self.phones[phone].second_tag();
        request.headers.first(Name::To).is_some_and(|to| to.ends_with(second.as_bytes()))
    }

    /// What leaves, when it is not lost.
    pub(super) fn spoil_octets(&mut self, octets: Vec<u8>) -> Vec<u8> {
        let text = String::from_utf8_lossy(&octets);
        if self.fault == Some(Fault::LostRoute)
            && text.contains("\r\nRoute: ")
            && self.plagues(Fault::LostRoute)
        {
            let lines = text.split("\r\n").filter(|line| !line.starts_with("Route: "));
            return lines.collect::<Vec<&str>>().join("\r\n").into_bytes();
        }
        octets
    }

    /// What arrives.
    pub(super) fn spoil_arrival<'a>(&mut self, octets: &'a [u8]) -> Cow<'a, [u8]> {
        if self.fault.is_none() {
            return Cow::Borrowed(octets);
        }
        let text = String::from_utf8_lossy(octets);
        if text.starts_with("INVITE ") && text.contains("\r\nReplaces: ") && self.plagues(Fault::LostReplaces)
        {
            return Cow::Owned(text.replace("\r\nReplaces: ", "\r\nX-Replaces: ").into_bytes());
        }
        if text.contains("\r\nRetry-After: ") && self.plagues(Fault::IgnoredRest) {
            return Cow::Owned(text.replace("\r\nRetry-After: ", "\r\nX-After: ").into_bytes());
        }
        if text.starts_with("SIP/2.0 491 ") && self.plagues(Fault::ForgottenGlare) {
            return Cow::Owned(text.replacen("SIP/2.0 491 ", "SIP/2.0 488 ", 1).into_bytes());
        }
        if text.contains("\r\nm=audio 0 ") && self.plagues(Fault::PortZeroHolds) {
            let held = text.replace("\r\nm=audio 0 ", "\r\nm=audio 9 ").replace("a=sendrecv", "a=sendonly");
            return Cow::Owned(held.into_bytes());
        }
        if text.starts_with("INVITE sip:199@") && self.plagues(Fault::RefusedUrgent) {
            return Cow::Owned(text.replace("sip:199@", "sip:100@").into_bytes());
        }
        Cow::Borrowed(octets)
    }

    /// Whether the message waits for a second though it should not.
    pub(super) fn makes_wait(&mut self, octets: &[u8]) -> bool {
        octets.starts_with(b"BYE ") && self.plagues(Fault::WaitingBye)
    }

    /// Whether the switch never hears how long new calls wait.
    pub(super) fn hides_wait(&mut self) -> bool {
        self.plagues(Fault::UnheardWait)
    }

    /// Whether the switch never hears that nobody is at the end of a way.
    pub(super) fn hides_refusal(&mut self) -> bool {
        self.plagues(Fault::UnheardRefusal)
    }

    /// Whether the switch hears that a connection ended which goes on, as a BYE leaves by it.
    pub(super) fn cries_wolf(&mut self, octets: &[u8]) -> bool {
        octets.starts_with(b"BYE ") && self.strikes(Fault::FalseEnd)
    }

    /// Whether an answer never goes by another connection than its request.
    pub(super) fn keeps_to_connection(&mut self) -> bool {
        self.plagues(Fault::FaithfulAnswer)
    }

    /// Whether each request of a flood counts for another source.
    pub(super) fn scatters_flood(&mut self) -> bool {
        self.plagues(Fault::UnmeteredSource)
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
