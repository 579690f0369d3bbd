//! Keys as RTP events (RFC 4733 §2.5): while a key is pressed, its packets leave in the place of sound.
//!
//! ```text
//!  sound   ▒ ▒ ▒ ▒ │ ▒ ▒ ▒ ▒ ▒ │ ▒ ▒ ▒ │ ▒ ▒ ▒      each packet keeps its sequence number
//!  leaves  ▒ ▒ ▒ ▒ │ 5 5 5 5 5 │ E E E │ ▒ ▒ ▒      with the timestamp at which the press began
//! ```
//! The stream itself is the engine's; losing packets is the line's job.

use crate::wire::rtp::{HEADER_OCTETS, Header, Packet};
use crate::wire::telephone_event::{EventFormat, Key, PAYLOAD_OCTETS, TelephoneEvent};
use std::collections::VecDeque;

/// A packet of a key.
pub type EventPacket = [u8; HEADER_OCTETS + PAYLOAD_OCTETS];

/// How long a key is pressed, in ms.
const PRESSED_MS: u32 = 100;
/// How often its end is told, in case it is lost (RFC 4733 §2.5.1.4).
const ENDS: u32 = 3;
/// The pause before the next key, in ms.
const PAUSE_MS: u32 = 100;
/// The power of the key, in dBm0 without its sign.
const VOLUME: u8 = 10;

/// Presses keys one after the other.
#[derive(Debug, Default)]
pub struct Presser {
    waiting: VecDeque<Key>,
    press: Option<Press>,
    /// Packets of sound before the next key.
    pause: u32,
}

#[derive(Clone, Copy, Debug)]
struct Press {
    key: Key,
    began: u32,
    sent: u32,
}

impl Presser {
    /// Will press these.
    pub fn press(&mut self, keys: &[Key]) {
        self.waiting.extend(keys);
    }

    /// Nothing is pressed, and nothing waits.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.press.is_none() && self.pause == 0
    }

    /// What leaves in the place of this packet of sound; `None` leaves it as it is. `packet_ms` is the sound in a
    /// packet.
    pub fn replace(
        &mut self,
        sound: &Packet<'_>,
        packet_ms: u16,
        format: EventFormat,
    ) -> Option<EventPacket> {
        if self.press.is_none() {
            if self.pause > 0 {
                self.pause -= 1;
                return None;
            }
            let key = self.waiting.pop_front()?;
            self.press = Some(Press { key, began: sound.timestamp, sent: 0 });
        }
        let press = self.press.as_mut()?;
        let packet_ms = u32::from(packet_ms).max(1);
        let going = PRESSED_MS.div_ceil(packet_ms);
        press.sent += 1;
        let duration = press.sent.min(going) * packet_ms * format.clock_hz / 1_000;
        let event = TelephoneEvent {
            event: press.key.event(),
            end: press.sent > going,
            volume: VOLUME,
            duration: u16::try_from(duration).unwrap_or(u16::MAX),
        };
        let header = Header {
            marker: press.sent == 1,
            payload_type: format.payload_type,
            sequence: sound.sequence,
            timestamp: press.began,
            ssrc: sound.ssrc,
        };
        if press.sent == going + ENDS {
            self.press = None;
            self.pause = PAUSE_MS.div_ceil(packet_ms);
        }
        let mut packet = [0; HEADER_OCTETS + PAYLOAD_OCTETS];
        packet[HEADER_OCTETS..].copy_from_slice(&event.write());
        if let Some(head) = packet.first_chunk_mut() {
            header.write(head);
        }
        Some(packet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_takes_the_place_of_sound_with_one_timestamp_and_three_ends() {
        // RFC 4733 §2.5.1
        let format = EventFormat { payload_type: 101, clock_hz: 8_000 };
        let mut presser = Presser::default();
        presser.press(&[Key::Digit(5), Key::Pound]);
        let mut told = Vec::new();
        for n in 0..24_u16 {
            let sound = Packet {
                marker: false,
                payload_type: 0,
                sequence: n,
                timestamp: u32::from(n) * 160,
                ssrc: 7,
                payload: &[0xff; 160],
            };
            let Some(octets) = presser.replace(&sound, 20, format) else {
                told.push("-".to_owned());
                continue;
            };
            let packet = Packet::read(&octets).expect("it is RTP");
            let event = TelephoneEvent::read(packet.payload).expect("it is an event");
            assert_eq!((packet.sequence, packet.ssrc, packet.payload_type), (n, 7, 101));
            let (mark, end) = (if packet.marker { "!" } else { "" }, if event.end { "E" } else { "" });
            told.push(format!("{}{mark}@{}:{}{end}", event.event, packet.timestamp, event.duration));
        }
        let five = "5!@0:160 5@0:320 5@0:480 5@0:640 5@0:800 5@0:800E 5@0:800E 5@0:800E";
        let pound = "11!@2080:160 11@2080:320 11@2080:480 11@2080:640 11@2080:800 11@2080:800E 11@2080:800E 11@2080:800E";
        assert_eq!(told.join(" "), format!("{five} - - - - - {pound} - - -"));
        assert!(!presser.is_idle(), "the pause behind the last key");
    }
}
