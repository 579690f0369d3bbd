//! Octets to a session description (RFC 8866 §9), leniently.
//!
//! Understood beside the grammar: line ends of LF or CR alone, a last line without one, empty lines,
//! missing `o=`, `s=` and `t=`, any order of lines, white space around values. An attribute that is
//! malformed is kept as an unknown one; only lines without which nobody knows where media go and of
//! which kind they are make an error.

use super::session::{Address, Connection, Direction, Fmtp, Media, Origin, Rtcp, Rtpmap, Session};
use super::session::{number, payload_type};
use crate::limits::{SDP_FORMATS_MAX, SDP_MEDIA_MAX, SDP_OTHERS_MAX};
use crate::phi::Phi;
use std::net::IpAddr;
use thiserror::Error;

/// Why octets are no session description, and on which line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {cause}")]
pub struct SdpError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub cause: Cause,
}

/// What is wrong with a session description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Cause {
    /// The first line is not `v=`.
    #[error("a session description begins with `v=0` (RFC 8866 §5.1)")]
    NoVersion,
    /// Another version.
    #[error("the version is not 0 (RFC 8866 §5.1)")]
    Version,
    /// `o=` has not six fields or no address.
    #[error("`o=` is not user, id, version, `IN`, `IP4` or `IP6`, address (RFC 8866 §5.2)")]
    Origin,
    /// `c=` has not three fields or no address.
    #[error("`c=` is not `IN`, `IP4` or `IP6`, address (RFC 8866 §5.7)")]
    Connection,
    /// `m=` has under four fields.
    #[error("`m=` is not media, port, protocol and formats (RFC 8866 §5.14)")]
    Media,
    /// The port of `m=` is none.
    #[error("the port of `m=` is no number up to 65535 (RFC 8866 §5.14)")]
    Port,
    /// More `m=` lines than [`SDP_MEDIA_MAX`].
    #[error("more than {max} media descriptions")]
    TooManyMedia {
        /// The bound.
        max: usize,
    },
}

/// Reads a session description.
///
/// # Errors
/// [`SdpError`] with the line and what is wrong there.
pub fn read(octets: &[u8]) -> Result<Session<'_>, SdpError> {
    let mut session = Session {
        origin: None,
        name: b"",
        connection: None,
        direction: None,
        others: Vec::new(),
        media: Vec::new(),
    };
    let mut begun = false;
    for (index, line) in lines(octets) {
        let fault = |cause| SdpError { line: index, cause };
        match line.strip_prefix(b"v=") {
            Some(version) if !begun => read_version(version).map_err(fault)?,
            _ if !begun => return Err(fault(Cause::NoVersion)),
            _ => read_line(&mut session, line).map_err(fault)?,
        }
        begun = true;
    }
    if begun { Ok(session) } else { Err(SdpError { line: 1, cause: Cause::NoVersion }) }
}

/// Lines that are not empty, with their numbers from 1. CRLF, LF and CR all end a line.
fn lines(octets: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut number = 0;
    let mut rest = octets;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        let line = &rest[..end];
        let ending = if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
        rest = rest.get(end + ending..).unwrap_or_default();
        number += 1;
        Some((number, line.trim_ascii()))
    })
    .filter(|(_, line)| !line.is_empty())
}

fn read_version(value: &[u8]) -> Result<(), Cause> {
    if value.trim_ascii() == b"0" { Ok(()) } else { Err(Cause::Version) }
}

fn read_line<'a>(session: &mut Session<'a>, line: &'a [u8]) -> Result<(), Cause> {
    let (kind, value) = match line {
        [kind, b'=', value @ ..] => (*kind, value.trim_ascii()),
        _ => (0, line),
    };
    if kind == b'm' {
        if session.media.len() == SDP_MEDIA_MAX {
            return Err(Cause::TooManyMedia { max: SDP_MEDIA_MAX });
        }
        session.media.push(read_media(value)?);
        return Ok(());
    }
    match session.media.last_mut() {
        Some(media) => read_media_line(media, kind, value, line),
        None => read_session_line(session, kind, value, line),
    }
}

fn read_session_line<'a>(
    session: &mut Session<'a>,
    kind: u8,
    value: &'a [u8],
    line: &'a [u8],
) -> Result<(), Cause> {
    match kind {
        b'o' => session.origin = Some(read_origin(value).ok_or(Cause::Origin)?),
        b's' => session.name = value,
        b'c' => session.connection = Some(read_connection(value)?),
        b'a' if session.direction.is_none() && read_direction(value).is_some() => {
            session.direction = read_direction(value);
        }
        _ => keep(&mut session.others, line, SDP_OTHERS_MAX),
    }
    Ok(())
}

fn read_media_line<'a>(
    media: &mut Media<'a>,
    kind: u8,
    value: &'a [u8],
    line: &'a [u8],
) -> Result<(), Cause> {
    match kind {
        // More than one `c=` tells several multicast addresses (RFC 8866 §5.7): the first counts.
        b'c' if media.connection.is_none() => media.connection = Some(read_connection(value)?),
        b'a' if read_attribute(media, value).is_some() => {}
        _ => keep(&mut media.others, line, SDP_OTHERS_MAX),
    }
    Ok(())
}

fn keep<T>(list: &mut Vec<T>, value: T, most: usize) {
    if list.len() < most {
        list.push(value);
    }
}

/// Takes an attribute that we know; `None` if we do not, or if it is malformed.
fn read_attribute<'a>(media: &mut Media<'a>, value: &'a [u8]) -> Option<()> {
    if let Some(direction) = read_direction(value) {
        media.direction.get_or_insert(direction);
        return Some(());
    }
    if value == b"rtcp-mux" {
        media.rtcp_mux = true;
        return Some(());
    }
    let colon = value.iter().position(|&octet| octet == b':')?;
    let (name, value) = (&value[..colon], value[colon + 1..].trim_ascii());
    match name {
        b"rtpmap" => keep(&mut media.rtpmaps, read_rtpmap(value)?, SDP_FORMATS_MAX),
        b"fmtp" => keep(&mut media.fmtps, read_fmtp(value)?, SDP_FORMATS_MAX),
        b"ptime" => media.ptime_ms = Some(read_ms(value)?),
        b"maxptime" => media.maxptime_ms = Some(read_ms(value)?),
        b"rtcp" => media.rtcp = Some(read_rtcp(value)?),
        _ => return None,
    }
    Some(())
}

fn read_direction(value: &[u8]) -> Option<Direction> {
    Direction::ALL.into_iter().find(|direction| value == direction.as_str().as_bytes())
}

/// Whole milliseconds; some phones write `20.0`.
fn read_ms(value: &[u8]) -> Option<u16> {
    let whole = value.split(|&octet| octet == b'.').next()?;
    number(whole).filter(|&ms| ms > 0)
}

/// The first field and what follows the white space after it.
fn split_field(value: &[u8]) -> (&[u8], &[u8]) {
    match value.iter().position(u8::is_ascii_whitespace) {
        Some(space) => (&value[..space], value[space..].trim_ascii_start()),
        None => (value, b""),
    }
}

fn fields(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty())
}

fn read_rtpmap(value: &[u8]) -> Option<Rtpmap<'_>> {
    let (format, mapping) = split_field(value);
    let mut parts = mapping.split(|&octet| octet == b'/').map(<[u8]>::trim_ascii);
    let encoding = parts.next().filter(|encoding| !encoding.is_empty())?;
    let clock_hz = number(parts.next()?)?;
    let channels = parts.next().map_or(Some(1), number)?;
    Some(Rtpmap { payload_type: payload_type(format)?, encoding, clock_hz, channels })
}

fn read_fmtp(value: &[u8]) -> Option<Fmtp<'_>> {
    let (format, parameters) = split_field(value);
    Some(Fmtp { payload_type: payload_type(format)?, parameters })
}

fn read_rtcp(value: &[u8]) -> Option<Rtcp<'_>> {
    let (port, rest) = split_field(value);
    let connection = if rest.is_empty() { None } else { Some(read_connection(rest).ok()?) };
    Some(Rtcp { port: number(port)?, connection })
}

fn read_origin(value: &[u8]) -> Option<Origin<'_>> {
    let mut fields = fields(value);
    let (username, id, version) = (fields.next()?, fields.next()?, fields.next()?);
    let address = read_address(&mut fields)?;
    Some(Origin { username: Phi::new(username), id, version, address })
}

fn read_connection(value: &[u8]) -> Result<Connection<'_>, Cause> {
    let address = read_address(&mut fields(value)).ok_or(Cause::Connection)?;
    Ok(Connection { address })
}

/// `IN IP4 192.0.2.1/127`: network type, address type, address, TTL of multicast.
fn read_address<'a>(fields: &mut impl Iterator<Item = &'a [u8]>) -> Option<Address<'a>> {
    let (network, kind, address) = (fields.next()?, fields.next()?, fields.next()?);
    let known = kind.eq_ignore_ascii_case(b"IP4") || kind.eq_ignore_ascii_case(b"IP6");
    if !network.eq_ignore_ascii_case(b"IN") || !known {
        return None;
    }
    let address = address.split(|&octet| octet == b'/').next()?;
    let ip: Option<IpAddr> = std::str::from_utf8(address).ok().and_then(|text| text.parse().ok());
    let in_name = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_');
    match ip {
        Some(ip) => Some(Address::Ip(ip)),
        None if !address.is_empty() && address.iter().all(in_name) => Some(Address::Name(address)),
        None => None,
    }
}

fn read_media(value: &[u8]) -> Result<Media<'_>, Cause> {
    let mut fields = fields(value);
    let (Some(kind), Some(ports), Some(protocol)) = (fields.next(), fields.next(), fields.next()) else {
        return Err(Cause::Media);
    };
    let formats: Vec<_> = fields.take(SDP_FORMATS_MAX).collect();
    if formats.is_empty() {
        return Err(Cause::Media);
    }
    let mut ports = ports.splitn(2, |&octet| octet == b'/');
    let port = ports.next().and_then(number).ok_or(Cause::Port)?;
    let port_count = ports.next().map_or(Some(1), number).ok_or(Cause::Port)?;
    Ok(Media {
        kind,
        port,
        port_count,
        protocol,
        formats,
        connection: None,
        direction: None,
        rtpmaps: Vec::new(),
        fmtps: Vec::new(),
        ptime_ms: None,
        maxptime_ms: None,
        rtcp: None,
        rtcp_mux: false,
        others: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fmt::Write;

    fn text(octets: &[u8]) -> String {
        octets.escape_ascii().to_string()
    }

    fn address(connection: Option<Connection<'_>>) -> String {
        match connection.map(|connection| connection.address) {
            None => "-".to_owned(),
            Some(Address::Ip(ip)) => ip.to_string(),
            Some(Address::Name(name)) => text(name),
        }
    }

    /// One line for the session and two for each medium.
    fn shown(octets: &[u8]) -> String {
        let session = match read(octets) {
            Err(error) => return error.to_string(),
            Ok(session) => session,
        };
        let mut out = String::new();
        let origin = session.origin.map_or("-".to_owned(), |origin| {
            format!("{} {} {}", text(origin.username.expose()), text(origin.id), text(origin.version))
        });
        let others: Vec<_> = session.others.iter().map(|line| text(line)).collect();
        write!(out, "o {origin} s {} c {} {others:?}", text(session.name), address(session.connection))
            .unwrap();
        for media in &session.media {
            let formats: Vec<_> = media.formats.iter().map(|format| text(format)).collect();
            write!(
                out,
                "\n{} {}/{} {} {} to {} {:?} ptime {:?} {:?} rtcp {:?} {} mux {}",
                text(media.kind),
                media.port,
                media.port_count,
                text(media.protocol),
                formats.join(","),
                address(session.connection_of(media)),
                session.direction_of(media),
                media.ptime_ms,
                media.maxptime_ms,
                media.rtcp.map(|rtcp| rtcp.port),
                address(media.rtcp.and_then(|rtcp| rtcp.connection)),
                media.rtcp_mux
            )
            .unwrap();
            let maps = media.rtpmaps.iter().map(|map| {
                format!("{}={}/{}/{}", map.payload_type, text(map.encoding), map.clock_hz, map.channels)
            });
            let fmtps =
                media.fmtps.iter().map(|fmtp| format!("{}:{}", fmtp.payload_type, text(fmtp.parameters)));
            let others = media.others.iter().map(|line| text(line));
            let lines: Vec<_> = maps.chain(fmtps).chain(others).collect();
            write!(out, "\n  {}", lines.join(" | ")).unwrap();
        }
        out
    }

    #[track_caller]
    fn check(octets: &str, expected: &str) {
        assert_eq!(shown(octets.as_bytes()), expected, "for {octets:?}");
    }

    const PHONE: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.5\r\ns=-\r\nc=IN IP4 192.0.2.5\r\nt=0 0\r\n";

    #[test]
    fn an_ordinary_offer_is_taken_apart() {
        // RFC 8866 §5, §6.6, §6.15. RFC 3605 §2.1; RFC 3550 §5.1
        let audio = "m=audio 49170/2 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
                     a=rtpmap:96 opus/48000/2\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=maxptime:150\r\na=sendonly\r\n\
                     a=rtcp:53020 IN IP6 2001:db8::4\r\na=rtcp-mux\r\na=label:9\r\nb=AS:64\r\n";
        check(
            &format!("{PHONE}{audio}"),
            "o - 1 1 s - c 192.0.2.5 [\"t=0 0\"]\n\
             audio 49170/2 RTP/AVP 0,8,101 to 192.0.2.5 SendOnly ptime Some(20) Some(150) rtcp Some(53020) 2001:db8::4 mux true\n  \
             0=PCMU/8000/1 | 101=telephone-event/8000/1 | 96=opus/48000/2 | 101:0-16 | a=label:9 | b=AS:64",
        );
        let octets = format!("{PHONE}{audio}");
        let session = read(octets.as_bytes()).unwrap();
        let media = &session.media[0];
        assert!(media.is("AUDIO") && !media.is("video"));
        assert_eq!(media.payload_types().collect::<Vec<_>>(), [0, 8, 101]);
        assert!(media.rtpmap(101).unwrap().is("Telephone-Event", 8_000));
        assert!(!media.rtpmap(96).unwrap().is("opus", 48_000), "two channels are not one");
        assert_eq!((media.rtpmap(8), media.fmtp(101), media.fmtp(0)), (None, Some(&b"0-16"[..]), None));
        assert_eq!(
            (media.label(), media.attribute("lab"), media.attribute("rtcp")),
            (Some(&b"9"[..]), None, None)
        );
    }

    #[test]
    fn what_phones_leave_out_or_write_otherwise_is_understood() {
        // RFC 8866 §9
        // Line feeds alone, no end of the last line, no `o=`, `s=` and `t=`.
        check(
            "v=0\nc=IN IP4 10.0.0.1\nm=audio 4000 RTP/AVP 8",
            "o - s  c 10.0.0.1 []\naudio 4000/1 RTP/AVP 8 to 10.0.0.1 SendRecv ptime None None rtcp None - mux false\n  ",
        );
        // Carriage returns alone, empty lines, white space, lower case.
        check(
            "\r\n v=0 \r\rc= in ip4  10.0.0.1/127 \rm=audio  4000  RTP/AVP  0  \ra=ptime: 30.0 \ra=rtpmap:0  PCMU / 8000 ",
            "o - s  c 10.0.0.1 []\naudio 4000/1 RTP/AVP 0 to 10.0.0.1 SendRecv ptime Some(30) None rtcp None - mux false\n  \
             0=PCMU/8000/1",
        );
        // Not UTF-8 in a name, a line that is none.
        check("v=0\ns=\u{e9}\nnothing\nz\n", "o - s \\xc3\\xa9 c - [\"nothing\", \"z\"]");
        assert_eq!(shown(b"v=0\ns=\xff\xfe"), "o - s \\xff\\xfe c - []");
    }

    #[test]
    fn a_medium_overrides_the_session() {
        // RFC 8866 §5.7, §6.7
        check(
            "v=0\no=+16175550142 99999999999999999999 x IN IP6 ::1\nc=IN IP6 2001:db8::1\na=inactive\nm=audio 1 RTP/AVP 0\n\
             c=IN IP4 0.0.0.0\nc=IN IP4 9.9.9.9\na=recvonly\na=sendrecv\nm=video 0 RTP/SAVP 97\nm=image 2 udptl t38\nc=IN IP4 fax.example.com",
            "o +16175550142 99999999999999999999 x s  c 2001:db8::1 []\n\
             audio 1/1 RTP/AVP 0 to 0.0.0.0 RecvOnly ptime None None rtcp None - mux false\n  c=IN IP4 9.9.9.9\n\
             video 0/1 RTP/SAVP 97 to 2001:db8::1 Inactive ptime None None rtcp None - mux false\n  \n\
             image 2/1 udptl t38 to fax.example.com Inactive ptime None None rtcp None - mux false\n  ",
        );
        let session = read(b"v=0\nm=audio 1 RTP/AVP 0 x 200\nc=IN IP4 0.0.0.0\n").unwrap();
        assert!(session.media[0].connection.is_some_and(|connection| connection.is_unspecified()));
        assert_eq!(session.media[0].payload_types().collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn a_malformed_attribute_is_kept_as_an_unknown_one() {
        for line in [
            "a=rtpmap:0",
            "a=rtpmap:x PCMU/8000",
            "a=rtpmap:128 PCMU/8000",
            "a=rtpmap:0 PCMU",
            "a=rtpmap:0 PCMU/x",
            "a=rtpmap:0 /8000",
            "a=rtpmap:0 PCMU/-8000",
            "a=fmtp:x 0-16",
            "a=ptime:",
            "a=ptime:0",
            "a=ptime:soon",
            "a=maxptime:99999",
            "a=rtcp:",
            "a=rtcp:70000",
            "a=rtcp:9 IN",
            "a=sendrecv:1",
            "a=",
            "a",
            "=",
        ] {
            let octets = format!("v=0\nm=audio 1 RTP/AVP 0\n{line}\n");
            let media = &read(octets.as_bytes()).unwrap().media[0];
            assert_eq!(media.others, [line.as_bytes()], "{line}");
        }
    }

    #[test]
    fn a_fault_names_its_line_and_cause() {
        check("", "line 1: a session description begins with `v=0` (RFC 8866 §5.1)");
        check("\r\n\r\n", "line 1: a session description begins with `v=0` (RFC 8866 §5.1)");
        check("\n<xml/>", "line 2: a session description begins with `v=0` (RFC 8866 §5.1)");
        check("m=audio 1 RTP/AVP 0", "line 1: a session description begins with `v=0` (RFC 8866 §5.1)");
        check("v=1\n", "line 1: the version is not 0 (RFC 8866 §5.1)");
        let origin = "`o=` is not user, id, version, `IN`, `IP4` or `IP6`, address (RFC 8866 §5.2)";
        check("v=0\r\no=- 1 1\r\n", &format!("line 2: {origin}"));
        check("v=0\r\no=- 1 1 IN IP4 a@b\r\n", &format!("line 2: {origin}"));
        let connection = "`c=` is not `IN`, `IP4` or `IP6`, address (RFC 8866 §5.7)";
        for value in ["", "IN", "IN IP4", "IN IP5 1.2.3.4", "ATM NSAP 47", "IN IP4 /127", "IN IP6 ::g"] {
            check(&format!("v=0\ns=-\nc={value}\n"), &format!("line 3: {connection}"));
        }
        for value in ["", "audio", "audio 1", "audio 1 RTP/AVP"] {
            check(
                &format!("v=0\nm={value}"),
                "line 2: `m=` is not media, port, protocol and formats (RFC 8866 §5.14)",
            );
        }
        for port in ["492170", "-1", "x", "1/x", "1/", "+1"] {
            let octets = format!("v=0\n\nm=audio {port} RTP/AVP 0");
            check(&octets, "line 3: the port of `m=` is no number up to 65535 (RFC 8866 §5.14)");
        }
    }

    #[test]
    fn bombs_meet_their_bounds() {
        let media = "m=audio 1 RTP/AVP 0\n".repeat(SDP_MEDIA_MAX + 1);
        check(&format!("v=0\n{media}"), "line 18: more than 16 media descriptions");
        let formats = " 0".repeat(SDP_FORMATS_MAX + 1);
        let lines = "a=x\n".repeat(SDP_OTHERS_MAX + 1);
        let maps = "a=rtpmap:0 PCMU/8000\na=fmtp:0 x\n".repeat(SDP_FORMATS_MAX + 1);
        let octets = format!("v=0\n{lines}m=audio 1 RTP/AVP{formats}\n{maps}{lines}");
        let session = read(octets.as_bytes()).unwrap();
        let media = &session.media[0];
        assert_eq!((session.others.len(), media.others.len()), (SDP_OTHERS_MAX, SDP_OTHERS_MAX));
        assert_eq!((media.formats.len(), media.rtpmaps.len(), media.fmtps.len()), (64, 64, 64));
    }

    #[test]
    fn printing_a_session_prints_nothing_about_a_patient() {
        let octets =
            b"v=0\no=16175550142 1 1 IN IP4 192.0.2.5\ns=Ann\np=+16175550142\nm=audio 1 RTP/AVP 0\ni=Ann\n";
        let printed = format!("{:?}", read(octets).unwrap());
        assert!(!printed.contains("Ann") && !printed.contains("617"), "{printed}");
    }

    /// Octets that look enough like SDP to reach the depths of the reader.
    fn sdp_like() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop::sample::select(vec![
            &b"v=0\r\n"[..],
            b"o=- 1 1 IN IP4 1.2.3.4\n",
            b"c=IN IP4 ",
            b"c=IN IP6 ::1\n",
            b"m=audio 1 RTP/AVP 0\n",
            b"m=",
            b"a=rtpmap:",
            b"0 ",
            b"PCMU/8000",
            b"a=rtcp:1 IN IP4 1.1.1.1\n",
            b"a=fmtp:",
            b"\r",
            b"\n",
            b"=",
            b" ",
            b"/",
            b"\xff",
            b"a=ptime:20\n",
            b"1",
        ]);
        prop::collection::vec(piece, 0..40).prop_map(|pieces| [&b"v=0\n"[..], &pieces.concat()].concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_octets_give_a_verdict(octets in prop::collection::vec(any::<u8>(), 0..300)) {
            let _verdict = read(&octets);
        }

        #[test]
        fn almost_sdp_gives_a_verdict_and_a_line_within_it(octets in sdp_like()) {
            if let Err(error) = read(&octets) {
                prop_assert!(error.line >= 1 && error.line <= octets.len() + 1, "{error}");
            }
        }
    }
}
