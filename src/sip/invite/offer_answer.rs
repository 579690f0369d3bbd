//! Offer and answer (RFC 3264) as pure functions: an offer and our side in, an answer and what it settles out.
//!
//! One audio line is accepted, the first that is plain RTP with a codec of ours; every other line is
//! refused with port 0 in its place (§6). The answer names one codec, the offer's first choice among
//! ours, so that nobody has to guess which one is meant. Sending on, and when to offer, are not its job.

use crate::wire::codec::Codec;
use crate::wire::sdp::read::{self, SdpError};
use crate::wire::sdp::session::{Address, Connection, Direction, Media, Session};
use crate::wire::sdp::write::{Audio, Description, Format, RtcpPort, Section};
use std::net::{IpAddr, SocketAddr};

/// Our side of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ours {
    /// The address that media for us go to.
    pub address: IpAddr,
    /// Our RTP port; RTCP is on the next one.
    pub rtp_port: u16,
    /// The id in `o=`, the same in every description of the session.
    pub session_id: u64,
    /// The version in `o=`: one more whenever anything differs (RFC 3264 §8).
    pub session_version: u64,
}

/// What offer and answer settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// Our answer, if we answered; empty if the answer came from the peer.
    pub body: Vec<u8>,
    /// Where the peer receives RTP. With `c=0.0.0.0` nothing is sent there.
    pub remote: SocketAddr,
    /// Where the peer receives RTCP.
    pub remote_rtcp: SocketAddr,
    /// RTCP shares the RTP port (RFC 5761).
    pub rtcp_mux: bool,
    /// The codec in both directions.
    pub codec: Codec,
    /// Its payload type.
    pub payload_type: u8,
    /// The payload type of telephone-event/8000.
    pub telephone_event: Option<u8>,
    /// Samples in a packet that we send: 80 to 480.
    pub samples_per_packet: u32,
    /// Who sends, as we see it.
    pub direction: Direction,
}

/// Why there is no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSession {
    /// The body is no session description.
    #[error("not a session description: {0}")]
    Unreadable(SdpError),
    /// No audio line is plain RTP with a codec of ours, or all of them are refused already.
    #[error("no audio over RTP/AVP with PCMU or PCMA among {lines} media lines")]
    NoCommonMedia {
        /// Media lines in the description.
        lines: usize,
    },
    /// The audio line has no address, or one that is no IP address of our family.
    #[error("the audio line has no IP address of the family that we use")]
    NoAddress,
}

/// The payload type that we offer for keys.
const OFFERED_EVENT: u8 = 101;
/// The keys we take: 0 to 9, star, pound, A to D, flash (RFC 4733 §3.2).
const EVENTS: &str = "0-16";
/// What packets hold when nobody asks for anything else (RFC 3551 §4.2).
const PTIME_DEFAULT_MS: u16 = 20;
/// The packet times we send: 10 to 60 ms.
const PTIME_MS: std::ops::RangeInclusive<u16> = 10..=60;

/// Answers an offer.
///
/// # Errors
/// When nothing in the offer can be spoken with us.
pub fn answer(offer: &[u8], ours: &Ours) -> Result<Agreed, NoSession> {
    let session = read::read(offer).map_err(NoSession::Unreadable)?;
    let (place, chosen) = choose(&session)?;
    let mut agreed = settle(&session, &session.media[place], chosen, ours)?;
    agreed.direction = answered_direction(&session, &session.media[place]);
    let sections = session.media.iter().enumerate().map(|(n, media)| {
        if n == place { Section::Audio(answered(media, &agreed, ours)) } else { refused(media) }
    });
    let sections = sections.collect();
    let description =
        Description { id: ours.session_id, version: ours.session_version, address: ours.address, sections };
    agreed.body = description.write();
    Ok(agreed)
}

/// Offers all that we speak.
pub fn offer(ours: &Ours) -> Vec<u8> {
    let mut formats: Vec<Format<'_>> = Codec::ALL.into_iter().map(|codec| format(codec, codec.static_payload_type())).collect();
    formats.push(event_format(OFFERED_EVENT));
    let audio = Audio {
        port: ours.rtp_port,
        protocol: b"RTP/AVP",
        formats,
        ptime_ms: PTIME_DEFAULT_MS,
        direction: Direction::SendRecv,
        rtcp: RtcpPort::Next,
    };
    let sections = vec![Section::Audio(audio)];
    Description { id: ours.session_id, version: ours.session_version, address: ours.address, sections }.write()
}

/// Reads the answer to [`offer`].
///
/// # Errors
/// When the peer refused the audio, or answered with something that we did not offer.
pub fn read_answer(answer: &[u8], ours: &Ours) -> Result<Agreed, NoSession> {
    let session = read::read(answer).map_err(NoSession::Unreadable)?;
    let (place, chosen) = choose(&session)?;
    let media = &session.media[place];
    let mut agreed = settle(&session, media, chosen, ours)?;
    agreed.direction = answered_direction(&session, media);
    agreed.rtcp_mux = false;
    agreed.remote_rtcp = rtcp_address(&session, media, agreed.remote, false);
    Ok(agreed)
}

/// The codec of a line and its payload type.
type Chosen = (Codec, u8);

/// The first audio line that we can speak on, and its first codec that is ours.
fn choose(session: &Session<'_>) -> Result<(usize, Chosen), NoSession> {
    let usable = |media: &Media<'_>| {
        let plain = media.is("audio") && media.port != 0 && media.protocol.eq_ignore_ascii_case(b"RTP/AVP");
        plain.then(|| media.payload_types().find_map(|pt| codec_of(media, pt).map(|codec| (codec, pt)))).flatten()
    };
    let found = session.media.iter().enumerate().find_map(|(n, media)| usable(media).map(|chosen| (n, chosen)));
    found.ok_or(NoSession::NoCommonMedia { lines: session.media.len() })
}

/// What a payload type means on this line: what `a=rtpmap` says, else what RFC 3551 table 4 says.
fn codec_of(media: &Media<'_>, payload_type: u8) -> Option<Codec> {
    Codec::ALL.into_iter().find(|codec| match media.rtpmap(payload_type) {
        Some(rtpmap) => rtpmap.is(codec.encoding_name(), 8_000),
        None => codec.static_payload_type() == payload_type,
    })
}

fn settle(session: &Session<'_>, media: &Media<'_>, (codec, payload_type): Chosen, ours: &Ours) -> Result<Agreed, NoSession> {
    let connection = session.connection_of(media).ok_or(NoSession::NoAddress)?;
    let Address::Ip(ip) = connection.address else { return Err(NoSession::NoAddress) };
    if ip.is_ipv4() != ours.address.is_ipv4() {
        return Err(NoSession::NoAddress);
    }
    let remote = SocketAddr::new(ip, media.port);
    let is_event = |pt: &u8| media.rtpmap(*pt).is_some_and(|rtpmap| rtpmap.is("telephone-event", 8_000));
    Ok(Agreed {
        body: Vec::new(),
        remote,
        remote_rtcp: rtcp_address(session, media, remote, media.rtcp_mux),
        rtcp_mux: media.rtcp_mux,
        codec,
        payload_type,
        telephone_event: media.payload_types().find(is_event),
        samples_per_packet: u32::from(ptime(media)) * 8,
        direction: Direction::SendRecv,
    })
}

fn rtcp_address(session: &Session<'_>, media: &Media<'_>, remote: SocketAddr, mux: bool) -> SocketAddr {
    if mux {
        return remote;
    }
    let Some(rtcp) = media.rtcp else { return SocketAddr::new(remote.ip(), media.port.saturating_add(1)) };
    let connection: Option<Connection<'_>> = rtcp.connection.or(session.connection_of(media));
    match connection.map(|connection| connection.address) {
        Some(Address::Ip(ip)) => SocketAddr::new(ip, rtcp.port),
        Some(Address::Name(_)) | None => SocketAddr::new(remote.ip(), rtcp.port),
    }
}

/// The packet time for this line: what it asks for, in whole tens and no more than it takes.
fn ptime(media: &Media<'_>) -> u16 {
    let wanted = media.ptime_ms.unwrap_or(PTIME_DEFAULT_MS).min(media.maxptime_ms.unwrap_or(u16::MAX));
    (wanted / 10 * 10).clamp(*PTIME_MS.start(), *PTIME_MS.end())
}

/// The direction of our answer (RFC 3264 §6.1): what the offerer sends we take, what it takes we send.
/// `c=0.0.0.0` takes nothing (§8.4), whatever the attribute says.
fn answered_direction(session: &Session<'_>, media: &Media<'_>) -> Direction {
    let offered = session.direction_of(media);
    let nowhere = session.connection_of(media).is_some_and(|connection| connection.is_unspecified());
    match (offered.receives() && !nowhere, offered.sends()) {
        (true, true) => Direction::SendRecv,
        (true, false) => Direction::SendOnly,
        (false, true) => Direction::RecvOnly,
        (false, false) => Direction::Inactive,
    }
}

fn answered<'a>(media: &Media<'a>, agreed: &Agreed, ours: &Ours) -> Audio<'a> {
    let mut formats = vec![format(agreed.codec, agreed.payload_type)];
    formats.extend(agreed.telephone_event.map(event_format));
    Audio {
        port: ours.rtp_port,
        protocol: media.protocol,
        formats,
        ptime_ms: ptime(media),
        direction: agreed.direction,
        rtcp: if agreed.rtcp_mux { RtcpPort::Muxed } else { RtcpPort::Next },
    }
}

fn refused<'a>(media: &Media<'a>) -> Section<'a> {
    let format = media.formats.first().copied().unwrap_or(b"0");
    Section::Refused { kind: media.kind, protocol: media.protocol, format }
}

fn format(codec: Codec, payload_type: u8) -> Format<'static> {
    Format { payload_type, encoding: codec.encoding_name(), clock_hz: 8_000, parameters: None }
}

fn event_format(payload_type: u8) -> Format<'static> {
    Format { payload_type, encoding: "telephone-event", clock_hz: 8_000, parameters: Some(EVENTS) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ours() -> Ours {
        Ours { address: "192.0.2.1".parse().unwrap(), rtp_port: 40_000, session_id: 7, session_version: 1 }
    }

    fn offered(media: &str) -> String {
        format!("v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n{media}")
    }

    /// The lines of the answer from `m=` on, joined with a space; or why there is none.
    fn answered_lines(media: &str) -> String {
        match answer(offered(media).as_bytes(), &ours()) {
            Ok(agreed) => {
                let text = String::from_utf8(agreed.body).unwrap();
                let lines: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("m=")).collect();
                lines.join(" ")
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn an_offer_is_answered_line_by_line() {
        const NONE: &str = "no audio over RTP/AVP with PCMU or PCMA among 1 media lines";
        let table = [
            ("the plainest offer", "m=audio 9 RTP/AVP 0\r\n",
             "m=audio 40000 RTP/AVP 0 a=rtpmap:0 PCMU/8000 a=ptime:20 a=sendrecv"),
            ("the offer's first choice wins", "m=audio 9 RTP/AVP 18 8 0\r\n",
             "m=audio 40000 RTP/AVP 8 a=rtpmap:8 PCMA/8000 a=ptime:20 a=sendrecv"),
            ("keys by the offer's payload type", "m=audio 9 RTP/AVP 0 96\r\na=rtpmap:96 telephone-event/8000\r\n",
             "m=audio 40000 RTP/AVP 0 96 a=rtpmap:0 PCMU/8000 a=rtpmap:96 telephone-event/8000 a=fmtp:96 0-16 a=ptime:20 a=sendrecv"),
            ("keys at another clock are not ours", "m=audio 9 RTP/AVP 0 96\r\na=rtpmap:96 telephone-event/48000\r\n",
             "m=audio 40000 RTP/AVP 0 a=rtpmap:0 PCMU/8000 a=ptime:20 a=sendrecv"),
            ("a dynamic type that is PCMA", "m=audio 9 RTP/AVP 97\r\na=rtpmap:97 pcma/8000\r\n",
             "m=audio 40000 RTP/AVP 97 a=rtpmap:97 PCMA/8000 a=ptime:20 a=sendrecv"),
            ("type 0 that is something else", "m=audio 9 RTP/AVP 0\r\na=rtpmap:0 L16/8000\r\n", NONE),
            ("packets of 30 ms", "m=audio 9 RTP/AVP 0\r\na=ptime:30\r\n",
             "m=audio 40000 RTP/AVP 0 a=rtpmap:0 PCMU/8000 a=ptime:30 a=sendrecv"),
            ("packets of 200 ms, at most 40", "m=audio 9 RTP/AVP 0\r\na=ptime:200\r\na=maxptime:40\r\n",
             "m=audio 40000 RTP/AVP 0 a=rtpmap:0 PCMU/8000 a=ptime:40 a=sendrecv"),
            ("video is refused in its place", "m=video 9 RTP/AVP 31 97\r\nm=audio 9 RTP/AVP 0\r\n",
             "m=video 0 RTP/AVP 31 m=audio 40000 RTP/AVP 0 a=rtpmap:0 PCMU/8000 a=ptime:20 a=sendrecv"),
            ("a second audio line is refused", "m=audio 9 RTP/AVP 0\r\nm=audio 11 RTP/AVP 8\r\n",
             "m=audio 40000 RTP/AVP 0 a=rtpmap:0 PCMU/8000 a=ptime:20 a=sendrecv m=audio 0 RTP/AVP 8"),
            ("the secured line is passed over", "m=audio 9 RTP/SAVP 0\r\nm=audio 11 RTP/AVP 8\r\n",
             "m=audio 0 RTP/SAVP 0 m=audio 40000 RTP/AVP 8 a=rtpmap:8 PCMA/8000 a=ptime:20 a=sendrecv"),
            ("one port for both, if offered", "m=audio 9 RTP/AVP 0\r\na=rtcp-mux\r\n",
             "m=audio 40000 RTP/AVP 0 a=rtpmap:0 PCMU/8000 a=ptime:20 a=sendrecv a=rtcp-mux"),
            ("line ends without CR, the last without any", "m=audio 9 RTP/AVP 0\na=sendonly",
             "m=audio 40000 RTP/AVP 0 a=rtpmap:0 PCMU/8000 a=ptime:20 a=recvonly"),
            ("only codecs that we do not speak", "m=audio 9 RTP/AVP 18 3\r\n", NONE),
            ("audio that is refused already is no hold", "m=audio 0 RTP/AVP 0\r\n", NONE),
            ("no audio at all", "m=image 9 udptl t38\r\n", NONE),
        ];
        for (what, offer, expected) in table {
            assert_eq!(answered_lines(offer), expected, "{what}");
        }
    }

    #[test]
    fn the_direction_table_is_whole() {
        // RFC 3264 §6.1 and §8.4: offer, with an address, with `c=0.0.0.0`.
        let table = [
            ("sendrecv", Direction::SendRecv, Direction::RecvOnly),
            ("sendonly", Direction::RecvOnly, Direction::RecvOnly),
            ("recvonly", Direction::SendOnly, Direction::Inactive),
            ("inactive", Direction::Inactive, Direction::Inactive),
        ];
        for (attribute, with_address, without) in table {
            for (connection, expected) in [("192.0.2.9", with_address), ("0.0.0.0", without)] {
                for level in ["session", "media"] {
                    let (above, below) = if level == "session" { (format!("a={attribute}\r\n"), String::new()) } else { (String::new(), format!("a={attribute}\r\n")) };
                    let offer = format!("v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nc=IN IP4 {connection}\r\nt=0 0\r\n{above}m=audio 9 RTP/AVP 0\r\n{below}");
                    let agreed = answer(offer.as_bytes(), &ours()).unwrap();
                    assert_eq!(agreed.direction, expected, "{attribute} at {level} level with c={connection}");
                    let text = String::from_utf8(agreed.body).unwrap();
                    assert!(!text.contains("0.0.0.0"), "never sent: {text}");
                    assert!(text.contains(&format!("a={}\r\n", expected.as_str())), "{text}");
                }
            }
        }
    }

    #[test]
    fn the_address_is_the_lines_own_else_the_sessions() {
        let own = offered("m=audio 9 RTP/AVP 0\r\nc=IN IP4 192.0.2.77\r\na=rtcp:1234\r\n");
        let agreed = answer(own.as_bytes(), &ours()).unwrap();
        assert_eq!((agreed.remote.to_string().as_str(), agreed.remote_rtcp.to_string().as_str()), ("192.0.2.77:9", "192.0.2.77:1234"));
        let plain = answer(offered("m=audio 9 RTP/AVP 0\r\n").as_bytes(), &ours()).unwrap();
        assert_eq!((plain.remote.to_string().as_str(), plain.remote_rtcp.port()), ("192.0.2.9:9", 10));
        let muxed = answer(offered("m=audio 9 RTP/AVP 0\r\na=rtcp-mux\r\n").as_bytes(), &ours()).unwrap();
        assert_eq!(muxed.remote_rtcp, muxed.remote);
        for bad in ["v=0\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n", "v=0\r\ns=-\r\nc=IN IP6 ::9\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"] {
            assert_eq!(answer(bad.as_bytes(), &ours()), Err(NoSession::NoAddress), "{bad}");
        }
    }

    #[test]
    fn what_we_offer_can_be_answered_by_us() {
        let text = offer(&ours());
        let theirs = Ours { address: "192.0.2.5".parse().unwrap(), rtp_port: 5_000, session_id: 9, session_version: 0 };
        let answered = answer(&text, &theirs).unwrap();
        let agreed = read_answer(&answered.body, &ours()).unwrap();
        assert_eq!((agreed.codec, agreed.payload_type, agreed.telephone_event), (Codec::Pcmu, 0, Some(101)));
        assert_eq!(agreed.remote.to_string(), "192.0.2.5:5000");
        assert_eq!(agreed.direction, Direction::SendRecv);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn any_offer_gets_an_answer_with_as_many_lines_or_a_reason(
            kinds in prop::collection::vec((0usize..4, prop::sample::select(vec![0u16, 9, 60_000]), 0u8..128), 0..6),
        ) {
            let lines: String = kinds.iter().map(|(kind, port, pt)| {
                let kind = ["audio", "video", "AUDIO", "text"][*kind];
                format!("m={kind} {port} RTP/AVP {pt} 0\r\n")
            }).collect();
            match answer(offered(&lines).as_bytes(), &ours()) {
                Ok(agreed) => {
                    let session = read::read(&agreed.body).unwrap();
                    prop_assert_eq!(session.media.len(), kinds.len());
                    let open: Vec<_> = session.media.iter().filter(|media| media.port != 0).collect();
                    prop_assert_eq!(open.len(), 1);
                    prop_assert_eq!(open[0].port, 40_000);
                }
                Err(NoSession::NoCommonMedia { lines }) => prop_assert_eq!(lines, kinds.len()),
                Err(error) => prop_assert!(false, "{}", error),
            }
        }

        #[test]
        fn any_octets_get_an_answer_or_a_reason(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = answer(&octets, &ours());
        }
    }
}
