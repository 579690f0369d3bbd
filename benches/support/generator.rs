//! The callers' side of the sound: one thread that plays up to some thousand telephones.
//!
//! ```text
//!            first packet                    key_after                   1 s of nothing
//!  Quiet ───────────────────▶ Live: audio ─────────────▶ 7 key packets ─────────────▶ Quiet + one `Heard`
//!                              every 20 ms                then audio again
//! ```
//! Each line has an address of its own, 127.1.0.1 and up, so that all of them share four sockets and
//! move 64 packets a system call: the generator shares the machine with what it measures and must
//! cost little. It learns where to send from the first packet that comes (symmetric RTP, RFC 4961).
//! Arrival times are the kernel's own (SO_TIMESTAMPNS), so that the gaps are the sender's, whatever
//! delays this thread. A late thread sends what it owes.
//!
//! Not its job: signalling (`sipp.rs`), what is made of it (`heard.rs`).

use super::heard::{Heard, Prompt, Report};
use super::incoming::{self, Incoming};
use super::packets::{self, KEY_PACKETS, Outgoing, PACKET_OCTETS};
use super::sockets::{self, BATCH, Receiver, Sender};
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

/// A tick of 20 ms is walked through in this many slots, as the engine does.
pub const SLOTS: usize = 4;
/// The length of one slot.
pub const SLOT: Duration = Duration::from_millis(5);
/// The length of a tick, and of the sound in one packet.
pub const TICK: Duration = Duration::from_millis(20);
/// Sockets that the lines share.
const SOCKETS: usize = 4;
/// Octets that may wait in one of them: 100 ms of a thousand lines, with the kernel's own overhead.
const SOCKET_BUFFER_OCTETS: usize = 4 << 20;
/// The address of line 0.
const FIRST_ADDRESS: u32 = u32::from_be_bytes([127, 1, 0, 1]);
/// A line that hears nothing for so long stops talking: its call is over.
const HUSH_NS: u64 = 100_000_000;
/// A line that hears nothing for so long is free again.
const OVER_NS: u64 = 1_000_000_000;

/// The running generator.
pub struct Generator {
    addresses: Vec<SocketAddrV4>,
    shared: Arc<Shared>,
    thread: JoinHandle<io::Result<Report>>,
}

#[derive(Default)]
struct Shared {
    received: AtomicU64,
    sent: AtomicU64,
    live: AtomicUsize,
    window: AtomicBool,
    stop: AtomicBool,
}

impl Generator {
    /// Opens `lines` lines, each of which presses its key `key_after` its first packet.
    pub fn start(lines: usize, key_after: Duration) -> io::Result<Self> {
        let sockets = (0..SOCKETS).map(|_| open()).collect::<io::Result<Vec<_>>>()?;
        let ports = sockets.iter().map(|s| Ok(s.local_addr()?.port())).collect::<io::Result<Vec<_>>>()?;
        let addresses =
            (0..lines).map(|line| SocketAddrV4::new(address(line), ports[socket_of(line)])).collect();
        let shared = Arc::new(Shared::default());
        let state = State {
            lines: (0..lines).map(|_| Line::Quiet).collect(),
            key_after_ns: nanos(key_after),
            report: Report::new(),
            shared: shared.clone(),
        };
        let thread =
            std::thread::Builder::new().name("generator".to_owned()).spawn(move || state.run(&sockets))?;
        Ok(Self { addresses, shared, thread })
    }

    /// Where each line hears: what SDP must say.
    pub fn addresses(&self) -> &[SocketAddrV4] {
        &self.addresses
    }

    /// Gaps and streams count from now on.
    pub fn open_window(&self) {
        self.shared.window.store(true, Ordering::Relaxed);
    }

    /// Gaps and new streams count no more.
    pub fn close_window(&self) {
        self.shared.window.store(false, Ordering::Relaxed);
    }

    /// Packets that came so far.
    pub fn received(&self) -> u64 {
        self.shared.received.load(Ordering::Relaxed)
    }

    /// Packets sent so far.
    pub fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::Relaxed)
    }

    /// Lines that hear something.
    pub fn live(&self) -> usize {
        self.shared.live.load(Ordering::Relaxed)
    }

    /// Ends all lines and tells what they heard.
    ///
    /// # Errors
    /// The first fault of a socket that ended the thread.
    pub fn stop(self) -> io::Result<Report> {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| io::Error::other("the generator's thread panicked"))?
    }
}

/// One telephone.
enum Line {
    Quiet,
    Live(Box<Stream>),
}

/// A stream that is heard, and what is said back.
struct Stream {
    remote: SocketAddrV4,
    ssrc: u32,
    next_sequence: u16,
    first_timestamp: u32,
    last_timestamp: u32,
    first_ns: u64,
    last_ns: u64,
    packets: u64,
    disordered: u64,
    in_window: bool,
    first_prompt: Span,
    second_prompt: Span,
    key_ns: Option<u64>,
    key_sent: u32,
    key_began: u32,
    outgoing: Outgoing,
}

/// The first and the last moment at which something sounded, and in how many packets.
#[derive(Clone, Copy, Default)]
struct Span {
    ends: Option<(u64, u64)>,
    packets: u32,
}

impl Span {
    fn add(&mut self, at_ns: u64) {
        self.ends = Some((self.ends.map_or(at_ns, |(first, _)| first), at_ns));
        self.packets += 1;
    }

    fn prompt(self) -> Prompt {
        let lasted =
            self.ends.map_or(Duration::ZERO, |(first, last)| Duration::from_nanos(last - first) + TICK);
        Prompt { lasted, sound: TICK * self.packets }
    }
}

struct State {
    lines: Vec<Line>,
    key_after_ns: u64,
    report: Report,
    shared: Arc<Shared>,
}

impl State {
    fn run(mut self, sockets: &[UdpSocket]) -> io::Result<Report> {
        let mut receiver = Receiver::with_room(BATCH);
        let mut sender = Sender::new();
        let began = sockets::monotonic();
        let mut slots = 0;
        while !self.shared.stop.load(Ordering::Relaxed) {
            let due = began + SLOT * slots;
            sockets::sleep_until(due);
            self.report.latest = self.report.latest.max(sockets::monotonic().saturating_sub(due));
            for socket in sockets {
                self.drain(socket, &mut receiver)?;
            }
            let now_ns = wall_ns();
            for (index, socket) in sockets.iter().enumerate() {
                let first = slots as usize % SLOTS + SLOTS * index;
                self.talk(first, now_ns, socket, &mut sender)?;
            }
            slots += 1;
        }
        let now_ns = u64::MAX;
        (0..self.lines.len()).for_each(|line| self.end_if_over(line, now_ns));
        self.report.cpu = sockets::thread_cpu();
        Ok(self.report)
    }

    /// Takes all that waits on `socket`.
    fn drain(&mut self, socket: &UdpSocket, receiver: &mut Receiver) -> io::Result<()> {
        loop {
            let came = receiver.receive(socket)?;
            for index in 0..came {
                let datagram = receiver.datagram(index);
                let (Some(to), Some(packet)) = (datagram.to, incoming::read(datagram.octets)) else {
                    continue;
                };
                let line = u32::from(to).wrapping_sub(FIRST_ADDRESS) as usize;
                let at_ns = datagram.at_ns.unwrap_or_else(wall_ns);
                self.hear(line, datagram.from, packet, at_ns);
            }
            self.shared.received.fetch_add(came as u64, Ordering::Relaxed);
            if came < BATCH {
                return Ok(());
            }
        }
    }

    fn hear(&mut self, line: usize, from: SocketAddrV4, packet: Incoming, at_ns: u64) {
        let in_window = self.shared.window.load(Ordering::Relaxed);
        match self.lines.get_mut(line) {
            None => {}
            Some(Line::Live(stream)) if stream.ssrc == packet.ssrc && stream.remote == from => {
                if in_window {
                    self.report.gaps.add(at_ns.saturating_sub(stream.last_ns));
                }
                stream.hear(packet, at_ns);
            }
            Some(before) => {
                let stream = Stream::begin(line, from, packet, at_ns, in_window);
                match std::mem::replace(before, Line::Live(Box::new(stream))) {
                    Line::Live(old) => self.report.heard.push(Heard { overlapped: true, ..old.heard() }),
                    Line::Quiet => _ = self.shared.live.fetch_add(1, Ordering::Relaxed),
                }
            }
        }
    }

    /// Sends what every sixteenth line from `first` on has to say in this tick: those of one slot and socket.
    fn talk(&mut self, first: usize, now_ns: u64, socket: &UdpSocket, sender: &mut Sender) -> io::Result<()> {
        let mut packet = [0; PACKET_OCTETS];
        let mut sent = 0;
        for line in (first..self.lines.len()).step_by(SLOTS * SOCKETS) {
            if let Line::Live(stream) = &mut self.lines[line]
                && stream.last_ns + HUSH_NS > now_ns
            {
                let octets = stream.speak(now_ns, self.key_after_ns, &mut packet);
                sender.push(Some(address(line)), stream.remote, octets);
            }
            if sender.is_full() {
                sent += sender.flush(socket)?;
            }
            self.end_if_over(line, now_ns);
        }
        sent += sender.flush(socket)?;
        self.shared.sent.fetch_add(sent as u64, Ordering::Relaxed);
        Ok(())
    }

    fn end_if_over(&mut self, line: usize, now_ns: u64) {
        if let Line::Live(stream) = &self.lines[line]
            && stream.last_ns + OVER_NS < now_ns
        {
            self.report.heard.push(stream.heard());
            self.lines[line] = Line::Quiet;
            self.shared.live.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Stream {
    fn begin(line: usize, remote: SocketAddrV4, packet: Incoming, at_ns: u64, in_window: bool) -> Self {
        let seed = (line as u32).wrapping_mul(2_654_435_761) ^ at_ns as u32;
        let mut stream = Self {
            remote,
            ssrc: packet.ssrc,
            next_sequence: packet.sequence,
            first_timestamp: packet.timestamp,
            last_timestamp: packet.timestamp,
            first_ns: at_ns,
            last_ns: at_ns,
            packets: 0,
            disordered: 0,
            in_window,
            first_prompt: Span::default(),
            second_prompt: Span::default(),
            key_ns: None,
            key_sent: 0,
            key_began: 0,
            outgoing: Outgoing {
                payload_type: packet.payload_type,
                ssrc: seed,
                sequence: seed as u16,
                timestamp: seed,
            },
        };
        stream.hear(packet, at_ns);
        stream
    }

    fn hear(&mut self, packet: Incoming, at_ns: u64) {
        self.packets += 1;
        self.disordered += u64::from(packet.sequence.wrapping_sub(self.next_sequence));
        self.next_sequence = packet.sequence.wrapping_add(1);
        self.last_timestamp = packet.timestamp;
        self.last_ns = at_ns;
        match self.key_ns {
            None if packet.sounds => self.first_prompt.add(at_ns),
            Some(key_ns) if packet.sounds && at_ns > key_ns => self.second_prompt.add(at_ns),
            None | Some(_) => {}
        }
    }

    /// Writes the next packet: audio, or the key if its time has come.
    fn speak<'a>(&mut self, now_ns: u64, key_after_ns: u64, packet: &'a mut [u8; PACKET_OCTETS]) -> &'a [u8] {
        if self.key_ns.is_none() && now_ns >= self.first_ns + key_after_ns {
            self.key_ns = Some(now_ns);
            self.key_began = self.outgoing.timestamp;
        }
        if self.key_ns.is_some() && self.key_sent < KEY_PACKETS {
            self.key_sent += 1;
            return self.outgoing.key(self.key_sent - 1, self.key_began, packet);
        }
        self.outgoing.audio(packet);
        packet
    }

    fn heard(&self) -> Heard {
        let samples = self.last_timestamp.wrapping_sub(self.first_timestamp) + packets::SAMPLES;
        let second_prompt_ns = self.second_prompt.ends.map(|(first, _)| first);
        Heard {
            in_window: self.in_window,
            length: Duration::from_nanos(self.last_ns - self.first_ns) + TICK,
            packets: self.packets,
            disordered: self.disordered,
            timestamps: Duration::from_micros(u64::from(samples) * 125),
            first_prompt: self.first_prompt.prompt(),
            second_prompt: self.second_prompt.prompt(),
            key_after: self.key_ns.map(|key_ns| Duration::from_nanos(key_ns - self.first_ns)),
            reaction: second_prompt_ns.zip(self.key_ns).map(|(at, key)| Duration::from_nanos(at - key)),
            overlapped: false,
        }
    }
}

/// Which of the sockets a line hears on: each slot of a tick uses them all.
fn socket_of(line: usize) -> usize {
    line / SLOTS % SOCKETS
}

fn address(line: usize) -> Ipv4Addr {
    Ipv4Addr::from(FIRST_ADDRESS + line as u32)
}

fn open() -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket2::SockRef::from(&socket).set_recv_buffer_size(SOCKET_BUFFER_OCTETS)?;
    sockets::tell_address_and_time(&socket)?;
    Ok(socket)
}

/// The calendar's clock in nanoseconds, as the kernel stamps packets.
fn wall_ns() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, nanos)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
