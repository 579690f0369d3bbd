//! A session description of ours to octets (RFC 8866 §5), as RFC 3264 wants offers and answers.
//!
//! `t=0 0` and `s=-` are what RFC 3264 §5 asks for. The address is told once, for the session; the
//! direction is always written, so that nobody has to guess it.

use super::session::Direction;
use std::fmt::{self, Write};
use std::net::IpAddr;

/// What we describe: an offer or an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description<'a> {
    /// The id of the session: unique per call, the same for all its descriptions.
    pub id: u64,
    /// One more than before whenever anything differs (RFC 3264 §8).
    pub version: u64,
    /// Where media for us go.
    pub address: IpAddr,
    /// One section per `m=`; in an answer as many and in the order of the offer (RFC 3264 §6).
    pub sections: Vec<Section<'a>>,
}

/// One `m=` and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Section<'a> {
    /// Sound that we take part in.
    Audio(Audio<'a>),
    /// A medium of an offer that we refuse: port 0 (RFC 3264 §6).
    Refused {
        /// The kind of media of the offer.
        kind: &'a [u8],
        /// The protocol of the offer.
        protocol: &'a [u8],
        /// One format of the offer, for the grammar wants one.
        format: &'a [u8],
    },
}

/// Sound that we take part in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audio<'a> {
    /// Our RTP port.
    pub port: u16,
    /// The protocol: the offer's, or `RTP/AVP`.
    pub protocol: &'a [u8],
    /// Payload types in the order of preference.
    pub formats: Vec<Format<'a>>,
    /// Milliseconds of sound in a packet that we would like.
    pub ptime_ms: u16,
    /// Who sends, as we see it.
    pub direction: Direction,
    /// Where our RTCP is.
    pub rtcp: RtcpPort,
}

/// Where RTCP for us goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RtcpPort {
    /// To the port after RTP's: nothing is written.
    Next,
    /// To RTP's port, which an answer may only say if the offer did (RFC 5761 §5.1.1).
    Muxed,
    /// To that port (RFC 3605).
    At(u16),
}

/// A payload type and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format<'a> {
    /// 0 to 127.
    pub payload_type: u8,
    /// Such as `PCMU`.
    pub encoding: &'a str,
    /// Units of the RTP timestamp in a second.
    pub clock_hz: u32,
    /// The parameters of `a=fmtp`, such as `0-16`.
    pub parameters: Option<&'a str>,
}

impl Description<'_> {
    /// The description as octets, each line ended with CRLF.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Lines { octets: Vec::with_capacity(384) };
        let kind = if self.address.is_ipv4() { "IP4" } else { "IP6" };
        out.line(format_args!("v=0"));
        out.line(format_args!("o=- {} {} IN {kind} {}", self.id, self.version, self.address));
        out.line(format_args!("s=-"));
        out.line(format_args!("c=IN {kind} {}", self.address));
        out.line(format_args!("t=0 0"));
        for section in &self.sections {
            match section {
                Section::Audio(audio) => out.audio(audio),
                Section::Refused { kind, protocol, format } => {
                    out.fields(&[b"m=", kind, b" 0 ", protocol, b" ", format]);
                }
            }
        }
        out.octets
    }
}

struct Lines {
    octets: Vec<u8>,
}

impl Lines {
    fn audio(&mut self, audio: &Audio<'_>) {
        self.text(format_args!("m=audio {} ", audio.port));
        self.put(audio.protocol);
        for format in &audio.formats {
            self.text(format_args!(" {}", format.payload_type));
        }
        self.end();
        for Format { payload_type, encoding, clock_hz, parameters } in &audio.formats {
            self.line(format_args!("a=rtpmap:{payload_type} {encoding}/{clock_hz}"));
            if let Some(parameters) = parameters {
                self.line(format_args!("a=fmtp:{payload_type} {parameters}"));
            }
        }
        self.line(format_args!("a=ptime:{}", audio.ptime_ms));
        self.line(format_args!("a={}", audio.direction.as_str()));
        match audio.rtcp {
            RtcpPort::Next => {}
            RtcpPort::Muxed => self.line(format_args!("a=rtcp-mux")),
            RtcpPort::At(port) => self.line(format_args!("a=rtcp:{port}")),
        }
    }

    fn fields(&mut self, fields: &[&[u8]]) {
        for field in fields {
            self.put(field);
        }
        self.end();
    }

    fn line(&mut self, text: fmt::Arguments<'_>) {
        self.text(text);
        self.end();
    }

    fn text(&mut self, text: fmt::Arguments<'_>) {
        self.write_fmt(text).expect("writing into a Vec does not fail");
    }

    fn end(&mut self) {
        self.octets.extend_from_slice(b"\r\n");
    }

    /// Writes octets that may not end the line: CR, LF and NUL become question marks, so that a field
    /// stays a field.
    fn put(&mut self, octets: &[u8]) {
        self.octets.extend(octets.iter().map(|octet| match octet {
            b'\r' | b'\n' | 0 => b'?',
            octet => *octet,
        }));
    }
}

impl Write for Lines {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sdp::read::read;
    use crate::wire::sdp::session::{Address, Connection};
    use proptest::prelude::*;

    const PCMA: Format<'static> =
        Format { payload_type: 8, encoding: "PCMA", clock_hz: 8_000, parameters: None };
    const KEYS: Format<'static> =
        Format { payload_type: 101, encoding: "telephone-event", clock_hz: 8_000, parameters: Some("0-16") };

    fn audio(direction: Direction, rtcp: RtcpPort) -> Audio<'static> {
        Audio { port: 40_000, protocol: b"RTP/AVP", formats: vec![PCMA, KEYS], ptime_ms: 20, direction, rtcp }
    }

    fn described(address: &str, sections: Vec<Section<'_>>) -> Vec<u8> {
        Description { id: 7, version: 3, address: address.parse().unwrap(), sections }.write()
    }

    #[test]
    fn an_answer_is_written_line_by_line() {
        // RFC 3264 §5, §6; RFC 8866 §5
        let refused = Section::Refused { kind: b"video", protocol: b"RTP/SAVPF", format: b"97" };
        let sections = vec![Section::Audio(audio(Direction::RecvOnly, RtcpPort::Next)), refused];
        let octets = described("192.0.2.1", sections);
        let expected = "v=0\r\no=- 7 3 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
                        m=audio 40000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
                        a=fmtp:101 0-16\r\na=ptime:20\r\na=recvonly\r\nm=video 0 RTP/SAVPF 97\r\n";
        assert_eq!(std::str::from_utf8(&octets), Ok(expected));
    }

    #[test]
    fn rtcp_is_told_only_when_it_is_not_on_the_next_port() {
        // RFC 5761 §5.1.1; RFC 3605 §2.1
        for (rtcp, line) in [
            (RtcpPort::Next, None),
            (RtcpPort::Muxed, Some("a=rtcp-mux\r\n")),
            (RtcpPort::At(9), Some("a=rtcp:9\r\n")),
        ] {
            let octets = described("::1", vec![Section::Audio(audio(Direction::SendRecv, rtcp))]);
            let text = String::from_utf8(octets).unwrap();
            assert_eq!(text.contains("rtcp"), line.is_some(), "{text}");
            assert!(line.is_none_or(|line| text.ends_with(line)), "{text}");
            assert!(text.contains("c=IN IP6 ::1\r\n"), "{text}");
        }
    }

    #[test]
    fn a_value_of_the_offer_cannot_begin_a_new_line() {
        let refused = Section::Refused { kind: b"video\r\na=x", protocol: b"R\nTP", format: b"9\x007" };
        let octets = described("192.0.2.1", vec![refused]);
        assert!(octets.ends_with(b"\r\nm=video??a=x 0 R?TP 9?7\r\n"), "{}", octets.escape_ascii());
    }

    fn format() -> impl Strategy<Value = Format<'static>> {
        let parameters = prop::sample::select(vec![None, Some("0-16"), Some("mode=20; a=b")]);
        let encoding = prop::sample::select(vec!["PCMU", "PCMA", "telephone-event", "G722"]);
        (0u8..128, encoding, 1u32..200_000, parameters).prop_map(
            |(payload_type, encoding, clock_hz, parameters)| Format {
                payload_type,
                encoding,
                clock_hz,
                parameters,
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn what_is_written_is_read_back_equal(
            address in prop_oneof![any::<[u8; 4]>().prop_map(IpAddr::from), any::<[u8; 16]>().prop_map(IpAddr::from)],
            (id, version, port) in any::<(u64, u64, u16)>(),
            formats in prop::collection::vec(format(), 1..8),
            ptime_ms in 1u16..200,
            direction in prop::sample::select(Direction::ALL.to_vec()),
            rtcp in prop_oneof![Just(RtcpPort::Next), Just(RtcpPort::Muxed), any::<u16>().prop_map(RtcpPort::At)],
        ) {
            let audio = Audio { port, protocol: b"RTP/AVP", formats: formats.clone(), ptime_ms, direction, rtcp };
            let refused = Section::Refused { kind: b"video", protocol: b"RTP/SAVP", format: b"97" };
            let octets = Description { id, version, address, sections: vec![refused, Section::Audio(audio)] }.write();
            let session = read(&octets).unwrap();
            let media = &session.media[1];
            prop_assert_eq!(session.connection_of(media), Some(Connection { address: Address::Ip(address) }));
            let origin = session.origin.unwrap();
            prop_assert_eq!(origin.id.to_vec(), id.to_string().into_bytes());
            prop_assert_eq!(origin.version.to_vec(), version.to_string().into_bytes());
            prop_assert_eq!((media.port, media.ptime_ms, session.direction_of(media)), (port, Some(ptime_ms), direction));
            let types: Vec<u8> = formats.iter().map(|format| format.payload_type).collect();
            prop_assert_eq!(media.payload_types().collect::<Vec<_>>(), types);
            for (format, rtpmap) in formats.iter().zip(&media.rtpmaps) {
                prop_assert_eq!(rtpmap.payload_type, format.payload_type);
                prop_assert!(rtpmap.is(format.encoding, format.clock_hz));
            }
            let parameters: Vec<_> = formats.iter().filter_map(|format| format.parameters).map(str::as_bytes).collect();
            let read_parameters: Vec<_> = media.fmtps.iter().map(|fmtp| fmtp.parameters).collect();
            prop_assert_eq!(read_parameters, parameters);
            prop_assert_eq!(media.rtcp_mux, rtcp == RtcpPort::Muxed);
            let at = if let RtcpPort::At(port) = rtcp { Some(port) } else { None };
            prop_assert_eq!(media.rtcp.map(|rtcp| rtcp.port), at);
            prop_assert_eq!((session.media[0].port, session.media[0].kind), (0, &b"video"[..]));
        }
    }
}
