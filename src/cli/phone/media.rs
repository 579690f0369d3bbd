//! The phone's sound: one leg of the media engine on a port pair of its own, behind a line that may be bad.
//!
//! ```text
//!  sockets ─▶ engine.receive ─▶ tick ─▶ keys in the place of sound ─▶ line ─▶ socket
//!                                 └─▶ tap ─▶ ears
//! ```
//! What was agreed on, and when it is over, is the call's job.

use super::ears::Ears;
use super::keys::Presser;
use super::line::Line;
use crate::clock::Instant;
use crate::id::{LegId, PlaybackId};
use crate::media::command::{Clip, Command, Counters, Event, Kind, PortIndex, StreamPlan};
use crate::media::engine::Engine;
use crate::media::tap::{self, TapReader};
use crate::rng::Rng;
use crate::wire::rtp;
use crate::wire::telephone_event::Key;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

/// The phone's only port pair.
const PORT: PortIndex = PortIndex(0);
/// Frames that may wait for the ears: ten seconds.
const FRAMES_MAX: usize = 500;
/// A phone waits for the other side as long as its script does.
const SILENT_AFTER: Duration = Duration::from_secs(86_400);
/// Datagrams taken in a row from one socket.
const IN_A_ROW: usize = 64;
/// Room for any datagram of sound.
const DATAGRAM_OCTETS: usize = 2_048;
/// Pairs of ports that are tried.
const TRIES: usize = 200;

/// The phone's sound.
pub struct Media {
    engine: Engine,
    rtp: UdpSocket,
    rtcp: UdpSocket,
    /// The even port, for SDP.
    pub port: u16,
    leg: Option<LegId>,
    plan: Option<StreamPlan>,
    to: Option<SocketAddr>,
    rng: Rng,
    reader: Option<TapReader>,
    /// What is heard.
    pub ears: Ears,
    /// What is pressed by RTP events.
    pub presser: Presser,
    line: Line,
    arrivals: Arrivals,
    playing: Option<PlaybackId>,
    playings: u64,
    counters: Option<Counters>,
}

/// When packets came.
#[derive(Clone, Copy, Debug, Default)]
struct Arrivals {
    last: Option<Instant>,
    largest_gap: Duration,
}

/// What the media engine told that the call must know.
pub enum Told {
    /// A key was heard.
    Key(Key),
    /// A playing is over.
    Played,
}

impl Media {
    /// Takes a free pair of ports of this address.
    ///
    /// # Errors
    /// What the system says when there is none.
    pub fn open(ip: IpAddr, ears: Ears, line: Line, rng: Rng) -> io::Result<Self> {
        let (rtp, rtcp, port) = port_pair(ip)?;
        Ok(Self {
            engine: Engine::new(1),
            rtp,
            rtcp,
            port,
            leg: None,
            plan: None,
            to: None,
            rng,
            reader: None,
            ears,
            presser: Presser::default(),
            line,
            arrivals: Arrivals::default(),
            playing: None,
            playings: 0,
            counters: None,
        })
    }

    /// The stream runs as `plan` says from now on.
    pub fn run(&mut self, now: Instant, leg: LegId, plan: StreamPlan) {
        let expected = plan.expected();
        self.plan = Some(plan.clone());
        if self.leg == Some(leg) {
            return self.engine.command(now, Command::Replan { leg, plan });
        }
        self.leg = Some(leg);
        let (ssrc, sequence, timestamp) = (self.rng.next_u32(), self.rng.next_u16(), self.rng.next_u32());
        let (seed, silent_after) = (self.rng.next_u64(), SILENT_AFTER);
        self.engine.command(
            now,
            Command::Open {
                leg,
                port: PORT,
                plan,
                ssrc,
                sequence,
                timestamp,
                beside: None,
                seed,
                silent_after,
            },
        );
        let (tap, reader) = tap::ring(FRAMES_MAX, expected);
        self.reader = Some(reader);
        self.engine.command(now, Command::Record { leg, tap });
    }

    /// How the stream runs.
    pub fn plan(&self) -> Option<&StreamPlan> {
        self.plan.as_ref()
    }

    /// Plays a sound in the codec of the stream.
    pub fn play(&mut self, now: Instant, clip: Clip) {
        let Some(leg) = self.leg else { return };
        self.playings += 1;
        let playback = PlaybackId(self.playings);
        self.playing = Some(playback);
        self.engine.command(now, Command::Play { leg, playback, clips: vec![clip], repeat: false });
    }

    /// Something of ours plays.
    pub fn is_playing(&self) -> bool {
        self.playing.is_some()
    }

    /// The stream is over.
    pub fn close(&mut self, now: Instant) {
        if let Some(leg) = self.leg.take() {
            self.engine.command(now, Command::Close { leg });
        }
    }

    /// When [`Media::pump`] has something to do at the latest.
    pub fn due(&self) -> Option<Instant> {
        self.engine.next_slot().map(|slot| slot.at())
    }

    /// Takes what came, ticks what is due, and sends what leaves.
    pub fn pump(&mut self, now: Instant) {
        self.receive(now);
        while let Some(slot) = self.engine.next_slot().filter(|slot| slot.at() <= now) {
            let Self { engine, plan, presser, line, to, rtcp, .. } = self;
            let plan = plan.as_ref();
            engine.tick(now, slot, &mut |departure| {
                if departure.kind == Kind::Rtcp {
                    // Reports go by the good line: the bad one is for what is heard.
                    let _: Result<usize, _> = rtcp.send_to(departure.octets, departure.to);
                    return;
                }
                *to = Some(departure.to);
                match replaced(plan, presser, departure.octets) {
                    Some(event) => line.send(now, &event),
                    None => line.send(now, departure.octets),
                }
            });
        }
        while let Some(octets) = self.line.arrive(now) {
            // What the system does not send is lost, as on any line.
            let _ = self.to.map(|to| self.rtp.send_to(&octets, to));
        }
        while let Some(frame) = self.reader.as_mut().and_then(TapReader::pop) {
            self.ears.take(&frame);
        }
        if let Some(recogniser) = &mut self.ears.recogniser {
            recogniser.pump(now);
        }
    }

    fn receive(&mut self, now: Instant) {
        let mut datagram = [0; DATAGRAM_OCTETS];
        for (socket, kind) in [(&self.rtp, Kind::Rtp), (&self.rtcp, Kind::Rtcp)] {
            for _ in 0..IN_A_ROW {
                match socket.recv_from(&mut datagram) {
                    Ok((octets, from)) => {
                        let octets = &datagram[..octets];
                        if kind == Kind::Rtp && self.leg.is_some() && rtp::Packet::read(octets).is_ok() {
                            self.arrivals.note(now);
                        }
                        self.engine.receive(now, PORT, kind, from, octets);
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    // An ICMP error of an earlier packet: there may be more behind it.
                    Err(_) => {}
                }
            }
        }
    }

    /// The oldest thing that the call has not heard of.
    pub fn take_told(&mut self) -> Option<Told> {
        loop {
            match self.engine.take_event()? {
                Event::Key { key, .. } => return Some(Told::Key(key)),
                Event::PlaybackEnded { playback, .. } if self.playing == Some(playback) => {
                    self.playing = None;
                    return Some(Told::Played);
                }
                Event::Closed { counters, .. } => self.counters = Some(counters),
                _ => {}
            }
        }
    }

    /// What was counted, once the stream is over.
    pub fn counters(&self) -> Counters {
        self.counters.unwrap_or_default()
    }

    /// The longest time without a packet between two of them.
    pub fn largest_gap(&self) -> Duration {
        self.arrivals.largest_gap
    }

    /// Packets of ours that the bad line lost.
    pub fn lost_by_line(&self) -> u64 {
        self.line.lost()
    }
}

impl Arrivals {
    fn note(&mut self, now: Instant) {
        if let Some(last) = self.last.replace(now) {
            self.largest_gap = self.largest_gap.max(now.since(last));
        }
    }
}

/// What leaves in the place of a packet of sound.
fn replaced(
    plan: Option<&StreamPlan>,
    presser: &mut Presser,
    octets: &[u8],
) -> Option<super::keys::EventPacket> {
    let plan = plan?;
    let format = plan.sends_events?;
    let packet = rtp::Packet::read(octets).ok()?;
    let is_sound = packet.payload_type == plan.sends.payload_type;
    is_sound.then(|| presser.replace(&packet, plan.packet_ms, format)).flatten()
}

/// A socket at an even port and one at the next.
fn port_pair(ip: IpAddr) -> io::Result<(UdpSocket, UdpSocket, u16)> {
    let mut said = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..TRIES {
        let rtp = UdpSocket::bind((ip, 0))?;
        let port = rtp.local_addr()?.port();
        if port % 2 == 1 || port == u16::MAX {
            continue;
        }
        match UdpSocket::bind((ip, port + 1)) {
            Ok(rtcp) => {
                rtp.set_nonblocking(true)?;
                rtcp.set_nonblocking(true)?;
                return Ok((rtp, rtcp, port));
            }
            Err(error) => said = error,
        }
    }
    Err(said)
}
