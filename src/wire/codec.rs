//! The audio codecs we speak, by their names in SDP (RFC 3551 §6).
//!
//! ```text
//!              samples/s   clock of RTP   octets in 20 ms   number
//!  PCMU PCMA       8 000          8 000               160    0 8
//!  G722           16 000          8 000               160    9        the clock is wrong for ever: RFC 3551 §4.5.2
//!  L16/8000        8 000          8 000               320    by name
//!  L16/16000      16 000         16 000               640    by name
//! ```
//! A further codec is a row here, a coder under `audio/`, and nothing else: Opus will be one.

/// An audio codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// G.711 µ-law (RFC 3551 §4.5.14).
    Pcmu,
    /// G.711 A-law (RFC 3551 §4.5.14).
    Pcma,
    /// G.722 at 64 kbit/s: speech up to 7 kHz (RFC 3551 §4.5.2).
    G722,
    /// Linear samples of 16 bits, 8 000 a second (RFC 3551 §4.5.11).
    L16Narrow,
    /// Linear samples of 16 bits, 16 000 a second (RFC 3551 §4.5.11).
    L16Wide,
}

impl Codec {
    /// Every codec, in the order in which we prefer them when nothing else decides.
    pub const ALL: [Codec; 5] = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::L16Narrow, Codec::L16Wide];

    /// The static payload type (RFC 3551 table 4), if it has one.
    pub const fn static_payload_type(self) -> Option<u8> {
        match self {
            Codec::Pcmu => Some(0),
            Codec::Pcma => Some(8),
            Codec::G722 => Some(9),
            Codec::L16Narrow | Codec::L16Wide => None,
        }
    }

    /// The encoding name of `a=rtpmap` (compared without regard to case).
    pub const fn encoding_name(self) -> &'static str {
        match self {
            Codec::Pcmu => "PCMU",
            Codec::Pcma => "PCMA",
            Codec::G722 => "G722",
            Codec::L16Narrow | Codec::L16Wide => "L16",
        }
    }

    /// The rate of the RTP clock, in Hz: what `a=rtpmap` tells and timestamps count in.
    pub const fn clock_hz(self) -> u32 {
        match self {
            Codec::Pcmu | Codec::Pcma | Codec::G722 | Codec::L16Narrow => 8_000,
            Codec::L16Wide => 16_000,
        }
    }

    /// Samples in a second of its sound.
    pub const fn sample_rate_hz(self) -> u32 {
        match self {
            Codec::Pcmu | Codec::Pcma | Codec::L16Narrow => 8_000,
            Codec::G722 | Codec::L16Wide => 16_000,
        }
    }

    /// The codec of the sound that legs of this codec pass on and play. Octets of G.722 mean something only after all
    /// that came before them, so one encoder and one decoder a stream stand at its ends, and samples between them.
    pub const fn between_legs(self) -> Codec {
        match self {
            Codec::Pcmu | Codec::Pcma | Codec::L16Narrow | Codec::L16Wide => self,
            Codec::G722 => Codec::L16Wide,
        }
    }

    /// Octets in one unit of the RTP clock.
    pub const fn octets_per_unit(self) -> usize {
        match self {
            Codec::Pcmu | Codec::Pcma | Codec::G722 => 1,
            Codec::L16Narrow | Codec::L16Wide => 2,
        }
    }

    /// Octets in a millisecond.
    pub const fn octets_per_ms(self) -> usize {
        self.octets_per_unit() * (self.clock_hz() as usize) / 1_000
    }

    /// Octets in a tick of 20 ms.
    pub const fn tick_octets(self) -> usize {
        20 * self.octets_per_ms()
    }

    /// Units of the RTP clock in a tick of 20 ms.
    pub const fn tick_units(self) -> u32 {
        self.clock_hz() / 50
    }
}

/// What one payload type of RTP means: sound in a codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioFormat {
    /// The number in the header.
    pub payload_type: u8,
    /// What it is.
    pub codec: Codec,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_codec_has_its_clock_its_rate_and_its_octets() {
        // RFC 3551 table 4, §4.5.2, §4.5.11
        let facts = Codec::ALL.map(|codec| {
            let number = codec.static_payload_type().map_or("-".to_owned(), |number| number.to_string());
            let (name, clock, rate) = (codec.encoding_name(), codec.clock_hz(), codec.sample_rate_hz());
            format!("{name}/{clock} {rate} {number} {} {}", codec.tick_octets(), codec.tick_units())
        });
        let expected = [
            "PCMU/8000 8000 0 160 160",
            "PCMA/8000 8000 8 160 160",
            "G722/8000 16000 9 160 160",
            "L16/8000 8000 - 320 160",
            "L16/16000 16000 - 640 320",
        ];
        assert_eq!(facts, expected);
    }
}
