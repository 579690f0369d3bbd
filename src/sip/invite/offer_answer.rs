//! Offer and answer: RFC 3264, as pure functions from what they say and what we have to what is agreed.
//!
//! ```text
//!  they offer            we answer                      they answer ours
//!  answer(offer, ours) ─▶ Agreed{ body to send, … }     read_answer(ours, offer(ours), answer) ─▶ Agreed
//! ```
//! One sound line with one codec is agreed on, the first that we can use; every other line is refused
//! with port 0 in its place (§6). Nothing is sent to a party that holds us, and hold by address
//! 0.0.0.0 (RFC 2543) is understood but never spoken.

use crate::limits::PACKET_OCTETS_MAX;
use crate::wire::codec::{AudioFormat, Codec};
use crate::wire::sdp::read::read;
use crate::wire::sdp::session::{Address, Connection, Direction, Media, Session};
use crate::wire::sdp::write::{Audio, Description, Format, RtcpPort, Section};
use crate::wire::telephone_event::{self, EventFormat};
use std::net::{IpAddr, SocketAddr};
use thiserror::Error;

/// The packet times that we send, in ms: shorter floods, longer is heard when one is lost.
const PTIME_MS: std::ops::RangeInclusive<u16> = 10..=60;
/// The payload type of telephone-event in our own offers: what most phones use.
const TELEPHONE_EVENT: u8 = 101;
/// The first payload type that means nothing by itself (RFC 3551 §6).
const DYNAMIC: u8 = 96;
/// The events that we understand: keys and flash (RFC 4733 §3.2).
const EVENTS: &str = "0-16";
/// The highest of [`EVENTS`].
const EVENT_MAX: u8 = 16;
/// The clocks in which events are understood: those of the codecs that peers have, in Hz.
const EVENT_CLOCKS_HZ: [u32; 5] = [telephone_event::CLOCK_HZ, 16_000, 24_000, 32_000, 48_000];

/// What we have to say of ourselves.
#[derive(Clone, Debug)]
pub struct Ours<'a> {
    /// Where media for us go.
    pub address: IpAddr,
    /// Our RTP port; RTCP is on the next one.
    pub rtp_port: u16,
    /// The id of the session in `o=`, the same for the whole dialog.
    pub id: u64,
    /// The version in `o=` of `last`, or of our first description if there is none.
    pub version: u64,
    /// What we said last in this dialog: the version rises only if we say something else (§8).
    pub last: Option<&'a [u8]>,
    /// The codecs that we take when they are offered.
    pub codecs: &'a [Codec],
    /// The codecs of our own offers, in their order.
    pub offered: &'a [Codec],
    /// The packet time when the peer names none, in ms.
    pub ptime_ms: u16,
    /// What we wish to do: `SendRecv` unless we hold.
    pub direction: Direction,
    /// The address of the peer's signalling: media go there if their SDP names a host, for we ask no DNS.
    pub peer: IpAddr,
}

/// What is agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// Our side of it as SDP: the answer to send, or the offer that was sent.
    pub body: Vec<u8>,
    /// The version in the `o=` of `body`.
    pub version: u64,
    /// Where they receive RTP. Unspecified while they hold us by address.
    pub remote: SocketAddr,
    /// Where they receive RTCP.
    pub remote_rtcp: SocketAddr,
    /// RTCP shares the RTP port (RFC 5761).
    pub rtcp_mux: bool,
    /// What we send.
    pub sends: AudioFormat,
    /// What they may send, each under its number here: [`Agreed::sends`] first. Who offered several codecs may
    /// change from one to the other in mid-stream (RFC 3264 §5.1).
    pub takes: Vec<AudioFormat>,
    /// How we send events, if both know them: in the clock of what we send, where they have that, else at 8 kHz.
    pub sends_events: Option<EventFormat>,
    /// The events that they may send, in whatever clock they named.
    pub takes_events: Vec<EventFormat>,
    /// The sound in a packet that we send, in ms.
    pub packet_ms: u16,
    /// Who sends, as we see it.
    pub direction: Direction,
    /// They wish to hear nothing from us.
    pub on_hold: bool,
}

/// Why there is no agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Disagreement {
    /// None of their lines is sound that we can exchange (answered with 488).
    #[error("none of {lines} media descriptions is audio over RTP/AVP in a codec we have")]
    NoCommonMedia {
        /// How many lines there were.
        lines: usize,
    },
}

/// The line that we can use, read.
struct Usable<'a> {
    /// What we know of what they name, in their order; never empty.
    sounds: Vec<AudioFormat>,
    sends: AudioFormat,
    events: Vec<EventFormat>,
    sends_events: Option<EventFormat>,
    event_codes: String,
    remote: SocketAddr,
    ptime_ms: u16,
    media: &'a Media<'a>,
}

/// Answers an offer (RFC 3264 §6).
///
/// # Errors
/// [`Disagreement::NoCommonMedia`].
pub fn answer(offer: &Session<'_>, ours: &Ours<'_>) -> Result<Agreed, Disagreement> {
    let lines = offer.media.len();
    let found =
        offer.media.iter().enumerate().find_map(|(at, media)| Some((at, usable(offer, media, ours)?)));
    let (at, line) = found.ok_or(Disagreement::NoCommonMedia { lines })?;
    let theirs = their_direction(offer, line.media);
    let direction = reply(theirs, ours.direction);
    let rtcp = match (line.media.rtcp_mux, line.media.rtcp) {
        (true, _) => RtcpPort::Muxed,
        (false, Some(_)) => RtcpPort::At(ours.rtp_port.saturating_add(1)),
        (false, None) => RtcpPort::Next,
    };
    let (body, version) = {
        let audio = || Audio {
            port: ours.rtp_port,
            protocol: line.media.protocol,
            formats: formats(&[line.sends], line.sends_events.as_slice(), &line.event_codes),
            ptime_ms: line.ptime_ms,
            direction,
            rtcp,
        };
        let lines = offer.media.iter().enumerate();
        let sections = lines
            .map(|(index, media)| if index == at { Section::Audio(audio()) } else { refused(media) })
            .collect();
        describe(ours, sections)
    };
    let takes = with_first(line.sends, &line.sounds);
    let takes_events = line.events.clone();
    Ok(Agreed { takes, takes_events, ..agreed(body, version, &line, direction, on_hold(theirs)) })
}

/// An offer of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// It as SDP.
    pub body: Vec<u8>,
    /// The version in its `o=`.
    pub version: u64,
}

/// Our offer: every codec, in our order (RFC 3264 §5). Later in a dialog it has the lines of what we said
/// last, each in its place, and no number means anything else than before (§8, §8.3.2).
pub fn offer(ours: &Ours<'_>) -> Offer {
    let last = ours.last.and_then(|last| read(last).ok()).filter(|last| audio_line(last).is_some());
    let sections = match &last {
        None => vec![Section::Audio(offered(ours, None))],
        Some(last) => last.media.iter().map(|media| offered_again(ours, media)).collect(),
    };
    let (body, version) = describe(ours, sections);
    Offer { body, version }
}

/// A line of our last description once more: what was refused stays so (RFC 3264 §8.1).
fn offered_again<'a>(ours: &Ours<'_>, media: &Media<'a>) -> Section<'a> {
    if media.port == 0 { refused(media) } else { Section::Audio(offered(ours, Some(media))) }
}

/// Sound with every codec, under the numbers that the line had, if there was one.
fn offered<'a>(ours: &Ours<'_>, last: Option<&Media<'a>>) -> Audio<'a> {
    let told = last.map(|media| sounds_of(media, ours)).unwrap_or_default();
    let also = told.iter().map(|told| told.codec).filter(|codec| !ours.offered.contains(codec));
    let mut sounds = Vec::new();
    for codec in ours.offered.iter().copied().chain(also) {
        let payload_type = number_of(codec, &told, &sounds);
        sounds.push(AudioFormat { payload_type, codec });
    }
    Audio {
        port: ours.rtp_port,
        protocol: last.map_or(b"RTP/AVP", |media| media.protocol),
        formats: formats(&sounds, &numbers_of_keys(&sounds, last), EVENTS),
        ptime_ms: ours.ptime_ms,
        direction: ours.direction,
        rtcp: match last {
            Some(media) if media.rtcp_mux => RtcpPort::Muxed,
            Some(_) | None => RtcpPort::Next,
        },
    }
}

/// The number that the codec had, else its own, else a free one; none that means something else here.
fn number_of(codec: Codec, told: &[AudioFormat], taken: &[AudioFormat]) -> u8 {
    let known = told.iter().find(|told| told.codec == codec).map(|told| told.payload_type);
    let is_free = |number: &u8| {
        told.iter().all(|told| told.payload_type != *number)
            && taken.iter().all(|taken| taken.payload_type != *number)
    };
    let own = codec.static_payload_type().filter(is_free);
    known.or(own).or_else(|| (DYNAMIC..TELEPHONE_EVENT).find(is_free)).unwrap_or(DYNAMIC)
}

/// Events in each clock that a codec of the offer runs in (RFC 4733 §2.1).
fn numbers_of_keys(sounds: &[AudioFormat], last: Option<&Media<'_>>) -> Vec<EventFormat> {
    let told = last.map(events_of).unwrap_or_default();
    let mut events: Vec<EventFormat> = Vec::new();
    for clock_hz in sounds.iter().map(|sound| sound.codec.clock_hz()) {
        if events.iter().any(|event| event.clock_hz == clock_hz) {
            continue;
        }
        let known = told.iter().find(|told| told.clock_hz == clock_hz).map(|told| told.payload_type);
        let is_free = |number: &u8| {
            sounds.iter().all(|sound| sound.payload_type != *number)
                && events.iter().chain(&told).all(|event| event.payload_type != *number)
        };
        let number = known.or_else(|| (TELEPHONE_EVENT..128).find(is_free));
        events.extend(number.map(|payload_type| EventFormat { payload_type, clock_hz }));
    }
    events
}

/// The line that is not refused: we speak by one alone.
fn audio_line(session: &Session<'_>) -> Option<usize> {
    session.media.iter().position(|media| media.port != 0)
}

/// What their answer to our offer agrees on (RFC 3264 §7).
///
/// # Errors
/// [`Disagreement::NoCommonMedia`] when they refuse the line or take none of our codecs.
pub fn read_answer(ours: &Ours<'_>, our_offer: &[u8], answer: &Session<'_>) -> Result<Agreed, Disagreement> {
    let lines = answer.media.len();
    let offer = read(our_offer).ok();
    let place = offer.as_ref().and_then(audio_line).unwrap_or_default();
    let line = answer.media.get(place).and_then(|media| usable(answer, media, ours));
    let line = line.ok_or(Disagreement::NoCommonMedia { lines })?;
    let theirs = their_direction(answer, line.media);
    // An answer never asks for RTCP on the RTP port unless our offer did, and it does not.
    let direction = reply(theirs, ours.direction);
    let (takes, takes_events) =
        taken_after(ours, offer.as_ref().and_then(|offer| offer.media.get(place)), &line);
    let body = our_offer.to_vec();
    Ok(Agreed { takes, takes_events, ..agreed(body, ours.version, &line, direction, on_hold(theirs)) })
}

/// They send under the numbers of our offer (RFC 3264 §5.1), which may differ from those of their answer. A number
/// that only their answer has is taken too: some phones use it in both directions.
fn taken_after(
    ours: &Ours<'_>,
    told: Option<&Media<'_>>,
    line: &Usable<'_>,
) -> (Vec<AudioFormat>, Vec<EventFormat>) {
    let told_sounds = told.map(|told| sounds_of(told, ours)).unwrap_or_default();
    let told_events = told.map(events_of).unwrap_or_default();
    let is_new = |number: u8| {
        told_sounds.iter().all(|sound| sound.payload_type != number)
            && told_events.iter().all(|event| event.payload_type != number)
    };
    let first =
        told_sounds.iter().copied().find(|sound| sound.codec == line.sends.codec).unwrap_or(line.sends);
    let theirs = line.sounds.iter().copied().filter(|sound| is_new(sound.payload_type));
    let sounds: Vec<_> = told_sounds.iter().copied().chain(theirs).collect();
    let theirs = line.events.iter().copied().filter(|event| is_new(event.payload_type));
    let events = told_events.iter().copied().chain(theirs).collect();
    (with_first(first, &sounds), events)
}

fn with_first(first: AudioFormat, all: &[AudioFormat]) -> Vec<AudioFormat> {
    std::iter::once(first).chain(all.iter().copied().filter(|format| *format != first)).collect()
}

fn agreed(body: Vec<u8>, version: u64, line: &Usable<'_>, direction: Direction, on_hold: bool) -> Agreed {
    let (remote, media) = (line.remote, line.media);
    let named = media.rtcp.map(|rtcp| {
        let ip = rtcp.connection.and_then(ip_of).unwrap_or(remote.ip());
        SocketAddr::new(ip, rtcp.port)
    });
    let next = SocketAddr::new(remote.ip(), remote.port().saturating_add(1));
    Agreed {
        body,
        version,
        remote,
        remote_rtcp: if media.rtcp_mux { remote } else { named.unwrap_or(next) },
        rtcp_mux: media.rtcp_mux,
        sends: line.sends,
        takes: Vec::new(),
        sends_events: line.sends_events,
        takes_events: Vec::new(),
        packet_ms: line.ptime_ms,
        direction,
        on_hold,
    }
}

/// Whether we can exchange sound by that line, and how.
fn usable<'a>(session: &Session<'a>, media: &'a Media<'a>, ours: &Ours<'_>) -> Option<Usable<'a>> {
    if !media.is("audio") || media.port == 0 || !media.protocol.eq_ignore_ascii_case(b"RTP/AVP") {
        return None;
    }
    let connection = session.connection_of(media)?;
    let ip = ip_of(connection).unwrap_or(ours.peer);
    if ip.is_ipv4() != ours.address.is_ipv4() && !ip.is_unspecified() {
        return None;
    }
    let sounds = sounds_of(media, ours);
    let sends = *sounds.first()?;
    let events = events_of(media);
    // In the clock of the sound (RFC 4733 §2.1); but softphones know keys at 8 kHz alone, whatever they speak.
    let at = |clock_hz| events.iter().copied().find(|event| event.clock_hz == clock_hz);
    let sends_events = at(sends.codec.clock_hz()).or_else(|| at(telephone_event::CLOCK_HZ));
    let codes = sends_events.and_then(|event| media.fmtp(event.payload_type)).map(common_events);
    Some(Usable {
        sounds,
        sends,
        events,
        sends_events,
        event_codes: codes.filter(|codes| !codes.is_empty()).unwrap_or_else(|| EVENTS.to_owned()),
        remote: SocketAddr::new(ip, media.port),
        ptime_ms: packet_time(media, ours, sends.codec),
        media,
    })
}

/// Those of a line's formats that are sound we take, in its order.
fn sounds_of(media: &Media<'_>, ours: &Ours<'_>) -> Vec<AudioFormat> {
    let format = |payload_type| {
        let codec = codec_of(media, payload_type).filter(|codec| ours.codecs.contains(codec))?;
        Some(AudioFormat { payload_type, codec })
    };
    media.payload_types().filter_map(format).collect()
}

/// The codec behind a payload type: what `a=rtpmap` says, else the static table (RFC 3551 §6).
fn codec_of(media: &Media<'_>, payload_type: u8) -> Option<Codec> {
    match media.rtpmap(payload_type) {
        Some(map) => Codec::ALL.into_iter().find(|codec| map.is(codec.encoding_name(), codec.clock_hz())),
        None => Codec::ALL.into_iter().find(|codec| codec.static_payload_type() == Some(payload_type)),
    }
}

/// The payload types of telephone-event, with their clocks.
fn events_of(media: &Media<'_>) -> Vec<EventFormat> {
    let format = |payload_type| {
        let map = media.rtpmap(payload_type)?;
        let clock_hz = EVENT_CLOCKS_HZ.into_iter().find(|clock| map.is("telephone-event", *clock))?;
        Some(EventFormat { payload_type, clock_hz })
    };
    media.payload_types().filter_map(format).collect()
}

/// Their `ptime` under their `maxptime`, in whole tens of ms within what we send (RFC 8866 §6.4).
fn packet_time(media: &Media<'_>, ours: &Ours<'_>, codec: Codec) -> u16 {
    let wished = media.ptime_ms.unwrap_or(ours.ptime_ms).min(media.maxptime_ms.unwrap_or(u16::MAX));
    let fits = (PACKET_OCTETS_MAX / codec.octets_per_ms()) as u16;
    wished.clamp(*PTIME_MS.start(), (*PTIME_MS.end()).min(fits)) / 10 * 10
}

/// Those of the events in an `a=fmtp` that we understand too, written as they are there (RFC 4733 §2.4.1).
fn common_events(parameters: &[u8]) -> String {
    let text = String::from_utf8_lossy(parameters);
    let ranges = text.trim().trim_start_matches("events=").split(',').filter_map(|range| {
        let (first, last) = range.trim().split_once('-').unwrap_or((range.trim(), range.trim()));
        let first: u8 = first.parse().ok().filter(|first| *first <= EVENT_MAX)?;
        let last: u8 = last.parse().ok().filter(|last| *last >= first)?;
        let last = last.min(EVENT_MAX);
        Some(if first == last { first.to_string() } else { format!("{first}-{last}") })
    });
    ranges.collect::<Vec<_>>().join(",")
}

fn ip_of(connection: Connection<'_>) -> Option<IpAddr> {
    match connection.address {
        Address::Ip(ip) => Some(ip),
        Address::Name(_) => None,
    }
}

/// Their direction, with the hold by address of RFC 2543 told in today's words: they do not receive.
fn their_direction(session: &Session<'_>, media: &Media<'_>) -> Direction {
    let said = session.direction_of(media);
    let (sends, receives) = parts(said);
    let nowhere = session.connection_of(media).is_some_and(|connection| connection.is_unspecified());
    whole(sends, receives && !nowhere)
}

fn on_hold(theirs: Direction) -> bool {
    !parts(theirs).1
}

/// We send what they receive and receive what they send, as far as we wish to (RFC 3264 §6.1).
fn reply(theirs: Direction, wish: Direction) -> Direction {
    let ((they_send, they_receive), (send, receive)) = (parts(theirs), parts(wish));
    whole(send && they_receive, receive && they_send)
}

/// Whether a party with that direction sends, and whether it receives.
fn parts(direction: Direction) -> (bool, bool) {
    match direction {
        Direction::SendRecv => (true, true),
        Direction::SendOnly => (true, false),
        Direction::RecvOnly => (false, true),
        Direction::Inactive => (false, false),
    }
}

fn whole(sends: bool, receives: bool) -> Direction {
    match (sends, receives) {
        (true, true) => Direction::SendRecv,
        (true, false) => Direction::SendOnly,
        (false, true) => Direction::RecvOnly,
        (false, false) => Direction::Inactive,
    }
}

fn formats<'a>(sounds: &[AudioFormat], events: &[EventFormat], codes: &'a str) -> Vec<Format<'a>> {
    let sounds = sounds.iter().map(|sound| Format {
        payload_type: sound.payload_type,
        encoding: sound.codec.encoding_name(),
        clock_hz: sound.codec.clock_hz(),
        parameters: None,
    });
    let events = events.iter().map(|event| Format {
        payload_type: event.payload_type,
        encoding: "telephone-event",
        clock_hz: event.clock_hz,
        parameters: Some(codes),
    });
    sounds.chain(events).collect()
}

fn refused<'a>(media: &Media<'a>) -> Section<'a> {
    let format = media.formats.first().copied().unwrap_or(b"0");
    Section::Refused { kind: media.kind, protocol: media.protocol, format }
}

/// Writes our description, with the version raised if it says anything but the last one (RFC 3264 §8).
fn describe(ours: &Ours<'_>, sections: Vec<Section<'_>>) -> (Vec<u8>, u64) {
    let mut description = Description { id: ours.id, version: ours.version, address: ours.address, sections };
    let body = description.write();
    if ours.last.is_none_or(|last| last == body) {
        return (body, ours.version);
    }
    description.version += 1;
    (description.write(), description.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Ours<'static> {
        Ours {
            address: "10.0.0.1".parse().unwrap(),
            rtp_port: 4000,
            id: 77,
            version: 1,
            last: None,
            codecs: &[Codec::Pcmu, Codec::Pcma],
            offered: &[Codec::Pcmu, Codec::Pcma],
            ptime_ms: 20,
            direction: Direction::SendRecv,
            peer: "10.0.0.9".parse().unwrap(),
        }
    }

    fn session(media: &str) -> String {
        format!("v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\n{media}")
    }

    /// What is agreed in a line, and what our answer says after its session part.
    fn told(result: Result<Agreed, Disagreement>) -> (String, String) {
        let agreed = match result {
            Ok(agreed) => agreed,
            Err(error) => return (error.to_string(), String::new()),
        };
        let plan = format!(
            "{:?}={} keys {:?} {} ms to {} rtcp {}{} {}{}",
            agreed.sends.codec,
            agreed.sends.payload_type,
            agreed.sends_events.map(|events| events.payload_type),
            agreed.packet_ms,
            agreed.remote,
            agreed.remote_rtcp,
            if agreed.rtcp_mux { " muxed" } else { "" },
            agreed.direction.as_str(),
            if agreed.on_hold { " held" } else { "" },
        );
        let body = String::from_utf8(agreed.body).unwrap();
        let lines: Vec<_> = body.lines().skip(5).collect();
        (plan, lines.join(" "))
    }

    #[track_caller]
    fn check(name: &str, media: &str, plan: &str, said: &str) {
        let text = session(media);
        let (seen_plan, seen_said) = told(answer(&read(text.as_bytes()).unwrap(), &ours()));
        assert_eq!(seen_plan, plan, "{name}");
        if !said.is_empty() {
            assert_eq!(seen_said, said, "{name}");
        }
    }

    const PLAIN: &str = "Pcmu=0 keys None 20 ms to 10.0.0.2:6000 rtcp 10.0.0.2:6001 sendrecv";
    const NONE: &str = "none of 1 media descriptions is audio over RTP/AVP in a codec we have";

    #[test]
    fn codecs_and_keys_are_found_by_name_and_by_number() {
        // RFC 3551 §6; RFC 3264 §6.1
        check(
            "static, no rtpmap",
            "m=audio 6000 RTP/AVP 0\r\n",
            PLAIN,
            "m=audio 4000 RTP/AVP 0 a=rtpmap:0 PCMU/8000 a=ptime:20 a=sendrecv",
        );
        check(
            "their order decides, their numbers are kept",
            "m=audio 6000 RTP/AVP 9 8 0 96\r\na=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-15\r\n",
            "Pcma=8 keys Some(96) 20 ms to 10.0.0.2:6000 rtcp 10.0.0.2:6001 sendrecv",
            "m=audio 4000 RTP/AVP 8 96 a=rtpmap:8 PCMA/8000 a=rtpmap:96 telephone-event/8000 a=fmtp:96 0-15 \
             a=ptime:20 a=sendrecv",
        );
        check(
            "a dynamic number may mean PCMU",
            "m=audio 6000 RTP/AVP 97\r\na=rtpmap:97 pcmu/8000/1\r\n",
            "Pcmu=97 keys None 20 ms to 10.0.0.2:6000 rtcp 10.0.0.2:6001 sendrecv",
            "m=audio 4000 RTP/AVP 97 a=rtpmap:97 PCMU/8000 a=ptime:20 a=sendrecv",
        );
        check(
            "0 mapped to something else is no PCMU",
            "m=audio 6000 RTP/AVP 0\r\na=rtpmap:0 G726-32/8000\r\n",
            NONE,
            "",
        );
        check(
            "PCMU at 16 kHz is another codec",
            "m=audio 6000 RTP/AVP 98\r\na=rtpmap:98 PCMU/16000\r\n",
            NONE,
            "",
        );
        check(
            "keys at another clock are not ours",
            "m=audio 6000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/48000\r\n",
            PLAIN,
            "",
        );
        check("a codec that nobody has", "m=audio 6000 RTP/AVP 18 9\r\n", NONE, "");
    }

    #[test]
    fn only_one_line_is_taken_and_the_others_are_refused_in_place() {
        // RFC 3264 §6
        check(
            "video before, secure and second audio after",
            "m=video 7000 RTP/AVP 97\r\nm=audio 6000 RTP/AVP 0\r\nm=audio 6002 RTP/AVP 0\r\nm=audio 6004 RTP/SAVP 0\r\n",
            PLAIN,
            "m=video 0 RTP/AVP 97 m=audio 4000 RTP/AVP 0 a=rtpmap:0 PCMU/8000 a=ptime:20 a=sendrecv \
             m=audio 0 RTP/AVP 0 m=audio 0 RTP/SAVP 0",
        );
        check("a refused line is not taken up", "m=audio 0 RTP/AVP 0\r\n", NONE, "");
        check("secure media are not ours", "m=audio 6000 RTP/SAVP 0\r\n", NONE, "");
        check("feedback profiles are not ours", "m=audio 6000 RTP/AVPF 0\r\n", NONE, "");
        check("fax is not ours", "m=image 6000 udptl t38\r\n", NONE, "");
        check(
            "they are elsewhere on the internet",
            "m=audio 6000 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\n",
            NONE,
            "",
        );
        check(
            "a line's own address counts",
            "m=audio 6000 RTP/AVP 0\r\nc=IN IP4 10.0.0.3\r\n",
            "Pcmu=0 keys None 20 ms to 10.0.0.3:6000 rtcp 10.0.0.3:6001 sendrecv",
            "",
        );
        check(
            "a name is reached where the signalling comes from",
            "m=audio 6000 RTP/AVP 0\r\nc=IN IP4 phone.example\r\n",
            "Pcmu=0 keys None 20 ms to 10.0.0.9:6000 rtcp 10.0.0.9:6001 sendrecv",
            "",
        );
    }

    #[test]
    fn the_packet_time_is_theirs_within_reason() {
        // RFC 8866 §6.4
        for (lines, ms) in [
            ("", 20),
            ("a=ptime:30\r\n", 30),
            ("a=ptime:10\r\n", 10),
            ("a=ptime:5\r\n", 10),
            ("a=ptime:200\r\n", 60),
            ("a=ptime:35\r\n", 30),
            ("a=ptime:40\r\na=maxptime:20\r\n", 20),
            ("a=maxptime:10\r\n", 10),
        ] {
            let text = session(&format!("m=audio 6000 RTP/AVP 0\r\n{lines}"));
            let agreed = answer(&read(text.as_bytes()).unwrap(), &ours()).unwrap();
            assert_eq!(agreed.packet_ms, ms, "{lines:?}");
            let said = format!("a=ptime:{ms}\r\n");
            assert!(String::from_utf8_lossy(&agreed.body).contains(&said), "{lines:?}");
        }
    }

    #[test]
    fn rtcp_is_answered_as_it_is_offered() {
        // RFC 3605 §2.1; RFC 5761 §5.1.1
        check(
            "muxed",
            "m=audio 6000 RTP/AVP 0\r\na=rtcp-mux\r\na=rtcp:6000\r\n",
            "Pcmu=0 keys None 20 ms to 10.0.0.2:6000 rtcp 10.0.0.2:6000 muxed sendrecv",
            "m=audio 4000 RTP/AVP 0 a=rtpmap:0 PCMU/8000 a=ptime:20 a=sendrecv a=rtcp-mux",
        );
        check(
            "elsewhere",
            "m=audio 6000 RTP/AVP 0\r\na=rtcp:7001 IN IP4 10.0.0.4\r\n",
            "Pcmu=0 keys None 20 ms to 10.0.0.2:6000 rtcp 10.0.0.4:7001 sendrecv",
            "m=audio 4000 RTP/AVP 0 a=rtpmap:0 PCMU/8000 a=ptime:20 a=sendrecv a=rtcp:4001",
        );
    }

    #[test]
    fn the_table_of_directions_is_kept_whole() {
        use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
        //           they say   we wish: SendRecv  SendOnly  RecvOnly  Inactive
        let table = [
            (SendRecv, [SendRecv, SendOnly, RecvOnly, Inactive]),
            (SendOnly, [RecvOnly, Inactive, RecvOnly, Inactive]),
            (RecvOnly, [SendOnly, SendOnly, Inactive, Inactive]),
            (Inactive, [Inactive, Inactive, Inactive, Inactive]),
        ];
        for (theirs, row) in table {
            for (wish, expected) in [SendRecv, SendOnly, RecvOnly, Inactive].into_iter().zip(row) {
                let text = session(&format!("m=audio 6000 RTP/AVP 0\r\na={}\r\n", theirs.as_str()));
                let ours = Ours { direction: wish, ..ours() };
                let agreed = answer(&read(text.as_bytes()).unwrap(), &ours).unwrap();
                assert_eq!(agreed.direction, expected, "{theirs:?} and {wish:?}");
                assert_eq!(agreed.on_hold, matches!(theirs, SendOnly | Inactive), "{theirs:?}");
                let body = String::from_utf8(agreed.body).unwrap();
                assert!(body.contains(&format!("a={}\r\n", expected.as_str())), "{body}");
            }
        }
    }

    #[test]
    fn the_table_is_the_same_wherever_the_direction_stands_and_whoever_offers() {
        // RFC 3264 §6.1, §7; RFC 8866 §6.7: a line's own attribute, else the session's, else both.
        let sent = offer(&ours()).body;
        let levels = || Direction::ALL.into_iter().map(Some).chain([None]);
        for (session_says, line_says) in levels().flat_map(|one| levels().map(move |other| (one, other))) {
            let said = |says: Option<Direction>| {
                says.map_or(String::new(), |says| format!("a={}\r\n", says.as_str()))
            };
            for (address, reaches) in [("10.0.0.2", true), ("0.0.0.0", false)] {
                let text = format!(
                    "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n{}m=audio 6000 RTP/AVP 0\r\n{}",
                    said(session_says),
                    said(line_says)
                );
                let theirs = line_says.or(session_says).unwrap_or(Direction::SendRecv);
                let (sends, receives) = parts(theirs);
                let expected = whole(receives && reaches, sends);
                for wish in Direction::ALL {
                    let ours = Ours { direction: wish, ..ours() };
                    let (send, receive) = parts(wish);
                    let (we_send, we_receive) = parts(expected);
                    let expected = whole(we_send && send, we_receive && receive);
                    let session = read(text.as_bytes()).unwrap();
                    let answered = answer(&session, &ours).unwrap();
                    let read = read_answer(&ours, &sent, &session).unwrap();
                    assert_eq!(
                        (answered.direction, read.direction),
                        (expected, expected),
                        "{wish:?} to {text}"
                    );
                    assert_eq!(
                        (answered.on_hold, read.on_hold),
                        (!(receives && reaches), !(receives && reaches))
                    );
                    assert!(!String::from_utf8_lossy(&answered.body).contains("0.0.0.0"));
                }
            }
        }
    }

    #[test]
    fn p12_hold_in_every_form_and_back_again() {
        // RFC 3264 §8.4; RFC 6337 §5.3: what they say, and what we answer, one after the other in one dialog.
        let script = [
            ("a=sendrecv", "10.0.0.2", Some("sendrecv")),
            ("a=sendonly", "10.0.0.2", Some("recvonly")),
            ("a=sendonly", "10.0.0.2", Some("recvonly")),
            ("a=inactive", "10.0.0.2", Some("inactive")),
            ("a=recvonly", "10.0.0.2", Some("sendonly")),
            ("", "0.0.0.0", Some("recvonly")),
            ("a=inactive", "0.0.0.0", Some("inactive")),
            // A line that is refused is not on hold: there is nothing left to agree on.
            ("port 0", "10.0.0.2", None),
            ("", "10.0.0.7", Some("sendrecv")),
        ];
        let (mut told, mut versions) = (None::<Agreed>, Vec::new());
        for (attribute, address, expected) in script {
            let port = if attribute == "port 0" { 0 } else { 6000 };
            let text = format!("v=0\r\nc=IN IP4 {address}\r\nm=audio {port} RTP/AVP 0\r\n{attribute}\r\n");
            let last = told.as_ref().map(|told| &told.body[..]);
            let version = told.as_ref().map_or(1, |told| told.version);
            let agreed = answer(&read(text.as_bytes()).unwrap(), &Ours { last, version, ..ours() });
            let said = agreed.as_ref().ok().map(|agreed| agreed.direction.as_str());
            assert_eq!(said, expected, "{attribute} at {address}");
            let Ok(agreed) = agreed else { continue };
            assert!(!String::from_utf8_lossy(&agreed.body).contains("0.0.0.0"), "never spoken");
            versions.push(agreed.version);
            told = Some(agreed);
        }
        assert_eq!(
            told.map(|told| told.remote.to_string()).as_deref(),
            Some("10.0.0.7:6000"),
            "resume says where"
        );
        assert_eq!(versions, [1, 2, 2, 3, 4, 5, 6, 7], "a version for each change and none for a repetition");
    }

    #[test]
    fn p15_codecs_in_every_spelling_of_the_field() {
        let lines = "m=audio 6000 RTP/AVP 9 111 18 96 0 8\r\na=rtpmap:9 G722/8000\r\na=rtpmap:111 opus/48000/2\r\n\
                     a=fmtp:111 stereo=1\r\na=fmtp:18 annexb=no\r\na=rtpmap:96 AMR/8000\r\na=fmtp:96 octet-align=1\r\n";
        check(
            "wide band, packed and static without a map",
            lines,
            PLAIN,
            "m=audio 4000 RTP/AVP 0 a=rtpmap:0 PCMU/8000 a=ptime:20 a=sendrecv",
        );
        let sent = offer(&ours()).body;
        for (answered, codec, number) in
            [("0 8", Codec::Pcmu, 0), ("8 0", Codec::Pcma, 8), ("8", Codec::Pcma, 8)]
        {
            let text = session(&format!("m=audio 6000 RTP/AVP {answered}\r\n"));
            let agreed = read_answer(&ours(), &sent, &read(text.as_bytes()).unwrap()).unwrap();
            assert_eq!(
                (agreed.sends.codec, agreed.sends.payload_type),
                (codec, number),
                "their order counts: {answered}"
            );
        }
        // A number that meant one codec means another in a later offer: each offer is read by itself.
        for (map, codec) in [("PCMU", Codec::Pcmu), ("PCMA", Codec::Pcma)] {
            let text = session(&format!("m=audio 6000 RTP/AVP 97\r\na=rtpmap:97 {map}/8000\r\n"));
            assert_eq!(answer(&read(text.as_bytes()).unwrap(), &ours()).unwrap().sends.codec, codec);
        }
    }

    /// What is agreed when every codec is taken: what we send, what they may send, the keys of both directions.
    fn formats_of(agreed: &Agreed) -> String {
        let sounds: Vec<_> =
            agreed.takes.iter().map(|it| format!("{:?}={}", it.codec, it.payload_type)).collect();
        let events = |it: &EventFormat| format!("{}/{}", it.payload_type, it.clock_hz);
        let takes: Vec<_> = agreed.takes_events.iter().map(events).collect();
        format!(
            "sends {:?}={} in {} ms, takes {}; keys out {}, in {}",
            agreed.sends.codec,
            agreed.sends.payload_type,
            agreed.packet_ms,
            sounds.join(" "),
            agreed.sends_events.as_ref().map_or("-".to_owned(), events),
            takes.join(" "),
        )
    }

    fn all() -> Ours<'static> {
        Ours { codecs: &Codec::ALL, offered: &[Codec::Pcmu, Codec::Pcma, Codec::G722], ..ours() }
    }

    #[test]
    fn p15_wide_band_and_linear_sound_are_agreed_on_by_name_and_clock() {
        // RFC 3551 §4.5.2, §4.5.11: G.722 is 8000 for ever; L16 has no number at these rates.
        for (name, lines, expected) in [
            ("static", "9 0", "sends G722=9 in 20 ms, takes G722=9 Pcmu=0; keys out -, in "),
            (
                "named, with keys",
                "96 101\r\na=rtpmap:96 G722/8000\r\na=rtpmap:101 telephone-event/8000",
                "sends G722=96 in 20 ms, takes G722=96; keys out 101/8000, in 101/8000",
            ),
            (
                "linear at 8 kHz",
                "96\r\na=rtpmap:96 L16/8000/1",
                "sends L16Narrow=96 in 20 ms, takes L16Narrow=96; keys out -, in ",
            ),
            (
                "linear at 16 kHz, whose packets would not fit a link at 60 ms",
                "97\r\na=rtpmap:97 L16/16000\r\na=ptime:60",
                "sends L16Wide=97 in 40 ms, takes L16Wide=97; keys out -, in ",
            ),
            (
                "keys in each clock: ours go out in that of our sound, theirs come in any",
                "97 0 101 102 103\r\na=rtpmap:97 L16/16000\r\na=rtpmap:101 telephone-event/8000\r\n\
                 a=rtpmap:102 telephone-event/16000\r\na=rtpmap:103 telephone-event/48000",
                "sends L16Wide=97 in 20 ms, takes L16Wide=97 Pcmu=0; \
                 keys out 102/16000, in 101/8000 102/16000 103/48000",
            ),
            (
                "keys at 8 kHz beside sound at 16 kHz, as softphones offer them",
                "97 101\r\na=rtpmap:97 L16/16000\r\na=rtpmap:101 telephone-event/8000",
                "sends L16Wide=97 in 20 ms, takes L16Wide=97; keys out 101/8000, in 101/8000",
            ),
            (
                "keys only in a clock that no sound has",
                "0 101\r\na=rtpmap:101 telephone-event/48000",
                "sends Pcmu=0 in 20 ms, takes Pcmu=0; keys out -, in 101/48000",
            ),
            (
                "stereo is another",
                "97 8\r\na=rtpmap:97 L16/8000/2",
                "sends Pcma=8 in 20 ms, takes Pcma=8; keys out -, in ",
            ),
        ] {
            let text = session(&format!("m=audio 6000 RTP/AVP {lines}\r\n"));
            let agreed = answer(&read(text.as_bytes()).unwrap(), &all()).unwrap();
            assert_eq!(formats_of(&agreed), expected, "{name}");
            let said = String::from_utf8(agreed.body).unwrap();
            let sounds = said.lines().filter(|line| line.starts_with("a=rtpmap") && !line.contains("event"));
            assert_eq!(sounds.count(), 1, "one sound is answered: {said}");
        }
    }

    #[test]
    fn p13_each_side_is_sent_the_numbers_that_it_chose() {
        // RFC 3264 §5.1: a number is chosen by who receives under it.
        let sent = offer(&all()).body;
        let said = String::from_utf8_lossy(&sent);
        assert!(said.contains("m=audio 4000 RTP/AVP 0 8 9 101\r\n"), "{said}");
        let text = session(
            "m=audio 6000 RTP/AVP 112 8 96\r\na=rtpmap:112 G722/8000\r\na=rtpmap:96 telephone-event/8000\r\n",
        );
        let agreed = read_answer(&all(), &sent, &read(text.as_bytes()).unwrap()).unwrap();
        assert_eq!(
            formats_of(&agreed),
            "sends G722=112 in 20 ms, takes G722=9 Pcmu=0 Pcma=8 G722=112; \
             keys out 96/8000, in 101/8000 96/8000"
        );
    }

    #[test]
    fn a_later_offer_of_ours_goes_on_with_the_sound_that_was_agreed_on() {
        let text = session(
            "m=audio 6000 RTP/AVP 97 98\r\na=rtpmap:97 L16/16000\r\na=rtpmap:98 telephone-event/16000\r\n",
        );
        let first = answer(&read(text.as_bytes()).unwrap(), &all()).unwrap();
        let again = offer(&Ours { last: Some(&first.body), version: first.version, ..all() });
        let said = String::from_utf8(again.body).unwrap();
        assert!(said.contains("m=audio 4000 RTP/AVP 0 8 9 97 101 98\r\n"), "{said}");
        assert!(said.contains("a=rtpmap:101 telephone-event/8000\r\n"), "{said}");
        assert!(said.contains("a=rtpmap:98 telephone-event/16000\r\n"), "{said}");
    }

    #[test]
    fn hold_by_address_is_understood_and_never_spoken() {
        check(
            "0.0.0.0",
            "m=audio 6000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n",
            "Pcmu=0 keys None 20 ms to 0.0.0.0:6000 rtcp 0.0.0.0:6001 recvonly held",
            "m=audio 4000 RTP/AVP 0 a=rtpmap:0 PCMU/8000 a=ptime:20 a=recvonly",
        );
        check(
            "0.0.0.0 and inactive",
            "m=audio 6000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n",
            "Pcmu=0 keys None 20 ms to 0.0.0.0:6000 rtcp 0.0.0.0:6001 inactive held",
            "",
        );
    }

    #[test]
    fn the_version_rises_only_when_something_changes() {
        // RFC 3264 §8
        let (call, hold) =
            (session("m=audio 6000 RTP/AVP 0\r\n"), session("m=audio 6000 RTP/AVP 0\r\na=sendonly\r\n"));
        let first = answer(&read(call.as_bytes()).unwrap(), &ours()).unwrap();
        let again = Ours { last: Some(&first.body), version: first.version, ..ours() };
        let same = answer(&read(call.as_bytes()).unwrap(), &again).unwrap();
        assert_eq!((same.version, &same.body), (1, &first.body));
        let held = answer(&read(hold.as_bytes()).unwrap(), &again).unwrap();
        assert_eq!(held.version, 2);
        assert!(String::from_utf8_lossy(&held.body).starts_with("v=0\r\no=- 77 2 IN IP4 10.0.0.1\r\n"));
    }

    #[test]
    fn events_are_those_that_both_know() {
        // RFC 4733 §2.4.1, §3.2
        for (theirs, common) in [
            ("0-15", "0-15"),
            ("0-16,32", "0-16"),
            ("0-11,16,66-70", "0-11,16"),
            ("0-255", "0-16"),
            ("x", ""),
        ] {
            assert_eq!(common_events(theirs.as_bytes()), common, "{theirs}");
        }
    }

    #[test]
    fn ip6_is_spoken_to_ip6() {
        let text = "v=0\r\no=- 1 1 IN IP6 ::1\r\ns=-\r\nc=IN IP6 ::1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 8\r\n";
        let ours = Ours { address: "::2".parse().unwrap(), ..ours() };
        let agreed = answer(&read(text.as_bytes()).unwrap(), &ours).unwrap();
        assert_eq!(agreed.remote.to_string(), "[::1]:6000");
        assert!(String::from_utf8_lossy(&agreed.body).contains("c=IN IP6 ::2\r\n"));
    }

    #[test]
    fn our_later_offers_keep_every_line_and_number_in_its_place() {
        // RFC 3264 §8, §8.1, §8.3.2
        let text = session(
            "m=video 7000 RTP/AVP 97\r\nm=audio 6000 RTP/AVP 101 96\r\na=rtpmap:101 PCMA/8000\r\n\
             a=rtpmap:96 telephone-event/8000\r\na=rtcp-mux\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
        );
        let first = answer(&read(text.as_bytes()).unwrap(), &ours()).unwrap();
        let told = Ours { last: Some(&first.body), version: first.version, ..ours() };
        let again = offer(&told);
        let said = String::from_utf8(again.body.clone()).unwrap();
        let lines: Vec<_> =
            said.lines().filter(|line| line.starts_with("m=") || line.starts_with("a=rtpmap")).collect();
        assert_eq!(
            lines,
            [
                "m=video 0 RTP/AVP 97",
                "m=audio 4000 RTP/AVP 0 101 96",
                "a=rtpmap:0 PCMU/8000",
                "a=rtpmap:101 PCMA/8000",
                "a=rtpmap:96 telephone-event/8000",
                "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
            ],
            "{said}"
        );
        assert!(said.contains("a=rtcp-mux\r\n"), "{said}");
        assert_eq!(again.version, first.version + 1, "it says more than the answer did");
        let theirs = session(
            "m=video 0 RTP/AVP 97\r\nm=audio 6002 RTP/AVP 0\r\nm=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n",
        );
        let ours = Ours { last: Some(&again.body), version: again.version, ..ours() };
        let agreed = read_answer(&ours, &again.body, &read(theirs.as_bytes()).unwrap()).unwrap();
        assert_eq!(
            (agreed.remote.port(), agreed.sends.codec, agreed.version),
            (6002, Codec::Pcmu, again.version)
        );
        // The same once more is the same version (RFC 3264 §8).
        assert_eq!(offer(&ours), again);
    }

    #[test]
    fn keys_get_a_number_that_no_codec_has() {
        let text = session("m=audio 6000 RTP/AVP 101\r\na=rtpmap:101 PCMU/8000\r\n");
        let first = answer(&read(text.as_bytes()).unwrap(), &ours()).unwrap();
        let again = offer(&Ours { last: Some(&first.body), version: first.version, ..ours() });
        let said = String::from_utf8(again.body).unwrap();
        assert!(said.contains("m=audio 4000 RTP/AVP 101 8 102\r\n"), "{said}");
    }

    #[test]
    fn a_later_offer_of_ours_has_every_line_in_its_place() {
        let first = session("m=video 7000 RTP/AVP 31\r\nm=audio 6000 RTP/AVP 8\r\nm=image 9 udptl t38\r\n");
        let agreed = answer(&read(first.as_bytes()).unwrap(), &ours()).unwrap();
        let again = Ours { last: Some(&agreed.body), version: agreed.version, ..ours() };
        let sent = offer(&again).body;
        let lines = |body: &[u8]| {
            let text = String::from_utf8(body.to_vec()).unwrap();
            text.lines().filter(|line| line.starts_with("m=")).map(str::to_owned).collect::<Vec<_>>()
        };
        let expected = ["m=video 0 RTP/AVP 31", "m=audio 4000 RTP/AVP 0 8 101", "m=image 0 udptl t38"];
        assert_eq!(lines(&sent), expected);
        assert!(
            String::from_utf8_lossy(&sent).contains("o=- 77 2 IN"),
            "what is said anew has a new version"
        );
        let theirs = session("m=video 0 RTP/AVP 31\r\nm=audio 6002 RTP/AVP 0\r\nm=image 0 udptl t38\r\n");
        let (plan, _) = told(read_answer(&again, &sent, &read(theirs.as_bytes()).unwrap()));
        assert_eq!(plan, "Pcmu=0 keys None 20 ms to 10.0.0.2:6002 rtcp 10.0.0.2:6003 sendrecv");
    }

    #[test]
    fn our_own_offer_is_answered_and_read() {
        // RFC 3264 §5, §7
        let sent = offer(&ours()).body;
        let said = String::from_utf8(sent.clone()).unwrap();
        assert!(
            said.contains("m=audio 4000 RTP/AVP 0 8 101\r\n") && said.contains("a=fmtp:101 0-16\r\n"),
            "{said}"
        );
        let text =
            session("m=audio 6000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:30\r\n");
        let (plan, _) = told(read_answer(&ours(), &sent, &read(text.as_bytes()).unwrap()));
        assert_eq!(plan, "Pcma=8 keys Some(101) 30 ms to 10.0.0.2:6000 rtcp 10.0.0.2:6001 sendrecv");
        let refused = session("m=audio 0 RTP/AVP 0\r\n");
        assert_eq!(told(read_answer(&ours(), &sent, &read(refused.as_bytes()).unwrap())).0, NONE);
        let theirs = Ours { address: "10.0.0.2".parse().unwrap(), rtp_port: 6000, ..ours() };
        let agreed = answer(&read(&sent).unwrap(), &theirs).unwrap();
        assert!(read_answer(&ours(), &sent, &read(&agreed.body).unwrap()).is_ok());
    }
}
