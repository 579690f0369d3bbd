//! A worker on loopback, with sockets for phones.

use super::bind::bind_in_time;
use super::*;
use crate::id::{LegId, PlaybackId};
use crate::limits::{MEDIA_PORT_TRIED_EVERY, MEDIA_PORTS_FREED_WITHIN};
use crate::media::command::{Clip, Direction, StreamPlan};
use crate::wire::codec::{AudioFormat, Codec};
use crate::wire::rtp::{HEADER_OCTETS, Header, Packet};
use crate::wire::telephone_event::EventFormat;
use std::net::UdpSocket;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver as EventReceiver, channel};

const LEG: LegId = LegId(1);
const LOOPBACK: &str = "127.0.0.1";

type Started = (Handle, Vec<PortPair>, EventReceiver<(WorkerIndex, Event)>);

const WAYS: [Batching; 2] = [Batching::WherePossible, Batching::Never];

fn started(pairs: usize, events: usize) -> Started {
    started_on(LOOPBACK, pairs, events, Batching::WherePossible)
}

fn started_on(bind: &str, pairs: usize, events: usize, batching: Batching) -> Started {
    let (events, told) = channel(events);
    let (handle, ports) =
        worker(bind, pairs, batching, (WorkerIndex(3), Clock::start()), &events, &Arc::default());
    (handle, ports, told)
}

/// A worker of that name and clock, which finds others in the hall.
fn worker(
    bind: &str,
    pairs: usize,
    batching: Batching,
    (index, clock): (WorkerIndex, Clock),
    events: &EventSender<(WorkerIndex, Event)>,
    hall: &Arc<Hall>,
) -> (Handle, Vec<PortPair>) {
    let (bind, events, hall) = (bind.parse().unwrap(), events.clone(), Arc::clone(hall));
    let ports = 23_000..=32_000;
    let priority = Priority::WherePossible;
    start(Settings { index, bind, ports, pairs, clock, events, batching, priority, hall }).unwrap()
}

fn phone() -> UdpSocket {
    let socket = UdpSocket::bind((LOOPBACK, 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    socket
}

fn plan(phone: &UdpSocket) -> StreamPlan {
    let remote = phone.local_addr().unwrap();
    StreamPlan {
        remote,
        remote_rtcp: remote,
        rtcp_mux: false,
        source: LOOPBACK.parse().unwrap(),
        sends: AudioFormat { payload_type: 0, codec: Codec::Pcmu },
        takes: vec![AudioFormat { payload_type: 0, codec: Codec::Pcmu }],
        sends_events: Some(EventFormat { payload_type: 101, clock_hz: 8_000 }),
        takes_events: vec![EventFormat { payload_type: 101, clock_hz: 8_000 }],
        packet_ms: 20,
        direction: Direction { send: true, receive: true },
    }
}

fn open(plan: StreamPlan) -> Command {
    open_as(LEG, plan)
}

fn open_as(leg: LegId, plan: StreamPlan) -> Command {
    let silent_after = Duration::from_secs(60);
    Command::Open {
        leg,
        port: PortIndex(0),
        plan,
        ssrc: 7,
        sequence: 65_534,
        timestamp: 0,
        beside: None,
        seed: 7,
        silent_after,
    }
}

/// Packets to the phone until `enough` says so: (sequence, timestamp, first payload octet).
fn heard(phone: &UdpSocket, mut enough: impl FnMut(u8) -> bool) -> Vec<(u16, u32, u8)> {
    let mut octets = [0; 1_500];
    let mut packets = Vec::new();
    while packets.len() < 500 {
        let (count, _) = phone.recv_from(&mut octets).unwrap();
        let packet = Packet::read(&octets[..count]).unwrap();
        assert_eq!((packet.ssrc, packet.payload.len()), (7, 160));
        packets.push((packet.sequence, packet.timestamp, packet.payload[0]));
        if enough(packet.payload[0]) {
            return packets;
        }
    }
    panic!("not enough in {packets:?}");
}

fn event_packet(sequence: u16) -> Vec<u8> {
    let mut head = [0; HEADER_OCTETS];
    Header { marker: true, payload_type: 101, sequence, timestamp: 800, ssrc: 9 }.write(&mut head);
    [&head[..], &[5, 10, 0, 160]].concat()
}

/// The phone and the leg send to each other until the phone has heard `packets` of them in sequence;
/// each of its own is told to be `octet`.
fn talk(phone: &UdpSocket, port: u16, packets: u16, octet: u8) {
    let mut octets = [0; 1_500];
    let mut last = None;
    for n in 0..packets {
        let (count, _) = phone.recv_from(&mut octets).unwrap();
        let sequence = Packet::read(&octets[..count]).unwrap().sequence;
        assert!(last.is_none_or(|last: u16| sequence == last.wrapping_add(1)), "{last:?} {sequence}");
        last = Some(sequence);
        phone.send_to(&rtp_packet(9, n, octet), (LOOPBACK, port)).unwrap();
    }
}

#[test]
fn a_party_that_is_certain_is_heard_whole_and_a_new_offer_may_bring_another() {
    for batching in WAYS {
        let (handle, ports, mut told) = started_on(LOOPBACK, 1, 64, batching);
        let (first, second) = (phone(), phone());
        handle.send(open(plan(&first))).unwrap();
        let (tap, mut reader) = crate::media::tap::ring(1_000, Codec::Pcmu);
        handle.send(Command::Record { leg: LEG, tap }).unwrap();
        talk(&first, ports[0].rtp, 60, 3);
        handle.send(Command::Replan { leg: LEG, plan: plan(&second) }).unwrap();
        talk(&second, ports[0].rtp, 60, 5);
        handle.send(Command::Close { leg: LEG }).unwrap();
        let closed = std::iter::from_fn(|| told.blocking_recv()).find_map(|(_, event)| match event {
            Event::Closed { counters, .. } => Some(counters),
            _ => None,
        });
        assert_eq!(closed.map(|counters| (counters.received, counters.lost)), Some((120, 0)), "{batching:?}");
        let heard: Vec<u8> =
            std::iter::from_fn(|| reader.pop()).map(|frame| frame.party.octets()[80]).collect();
        assert!(heard.contains(&3) && heard.contains(&5), "{batching:?} {heard:?}");
        handle.stop();
    }
}

#[test]
fn a_leg_sends_an_unbroken_stream_plays_a_clip_and_tells_a_key_once() {
    let (handle, ports, mut told) = started(2, 64);
    let phone = phone();
    handle.send(open(plan(&phone))).unwrap();
    let mut stream = heard(&phone, |_| true);
    let clips = vec![Clip { codec: Codec::Pcmu, octets: Arc::from(vec![42; 480]) }];
    handle.send(Command::Play { leg: LEG, playback: PlaybackId(4), clips, repeat: false }).unwrap();
    for _ in 0..3 {
        phone.send_to(&event_packet(1), (LOOPBACK, ports[0].rtp)).unwrap();
    }
    let mut played = 0;
    stream.extend(heard(&phone, |octet| {
        played += usize::from(octet == 42);
        played == 3 && octet == 0xff
    }));
    for (n, (sequence, timestamp, _)) in stream.iter().enumerate() {
        let expected = (65_534u16.wrapping_add(n as u16), 160 * n as u32);
        assert_eq!((*sequence, *timestamp), expected, "{stream:?}");
    }
    handle.send(Command::Close { leg: LEG }).unwrap();
    let mut names = Vec::new();
    while let Some((index, event)) = told.blocking_recv() {
        assert_eq!(index, WorkerIndex(3));
        match event {
            Event::FirstPacket { .. } => names.push("first".to_owned()),
            Event::Key { key, .. } => names.push(format!("key {key}")),
            Event::PlaybackEnded { playback, completed, .. } => names.push(format!("{playback} {completed}")),
            Event::Closed { port, counters, .. } => {
                names.push(format!("closed {} {} received", port.0, counters.received));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(names, ["first", "key 5", "p4 true", "closed 0 3 received"]);
    handle.stop();
    assert!(told.blocking_recv().is_none(), "the thread has ended");
}

#[test]
fn events_wait_in_order_while_the_switch_is_behind() {
    let (handle, _ports, mut told) = started(1, 1);
    let phone = phone();
    handle.send(open(plan(&phone))).unwrap();
    for playback in 0..20 {
        handle
            .send(Command::Play { leg: LEG, playback: PlaybackId(playback), clips: vec![], repeat: true })
            .unwrap();
    }
    handle.send(Command::Close { leg: LEG }).unwrap();
    let ended: Vec<u64> = std::iter::from_fn(|| told.blocking_recv())
        .map_while(|(_, event)| match event {
            Event::PlaybackEnded { playback, .. } => Some(playback.0),
            _ => None,
        })
        .collect();
    assert_eq!(ended, (0..20).collect::<Vec<_>>());
    handle.stop();
}

#[test]
fn a_port_in_use_is_passed_over_and_no_free_port_is_an_error() {
    let (first, pairs, _told) = started(1, 1);
    let (events, _) = channel(1);
    let taken = pairs[0].rtp;
    let settings = |ports| Settings {
        index: WorkerIndex(0),
        bind: LOOPBACK.parse().unwrap(),
        ports,
        pairs: 1,
        clock: Clock::start(),
        events: events.clone(),
        batching: Batching::WherePossible,
        hall: Arc::default(),
        priority: Priority::Never,
    };
    let error = start(settings(taken..=taken + 1)).unwrap_err();
    assert!(error.to_string().contains("media.first_port"), "{error}");
    let (second, others) = start(settings(taken..=32_000)).unwrap();
    assert!(others[0].rtp > taken && others[0].rtp % 2 == 0 && others[0].rtcp == others[0].rtp + 1);
    second.stop();
    first.stop();
    let (again, same) = start(settings(taken..=taken + 1)).unwrap();
    assert_eq!(same[0].rtp, taken, "a port is free at once when its worker ends");
    again.stop();
}

#[test]
fn a_port_of_an_engine_that_was_killed_a_moment_ago_is_waited_for() {
    let (holder, pairs, _told) = started(1, 1);
    let taken = pairs[0].rtp;
    let mut holder = Some(holder);
    let mut patience = MEDIA_PORTS_FREED_WITHIN;
    let mut pauses = 0;
    let bound = bind_in_time(LOOPBACK.parse().unwrap(), taken, &mut patience, |_| {
        pauses += 1;
        if pauses == 3 {
            holder.take().unwrap().stop();
        }
    });
    assert_eq!(bound.unwrap().ports(PortIndex(0)).rtp, taken);
    assert_eq!((pauses, patience), (3, MEDIA_PORTS_FREED_WITHIN - 3 * MEDIA_PORT_TRIED_EVERY));

    let (_holder, pairs, _told) = started(1, 1);
    let error = bind_in_time(LOOPBACK.parse().unwrap(), pairs[0].rtp, &mut patience, |_| {}).unwrap_err();
    assert_eq!((error.kind(), patience), (io::ErrorKind::AddrInUse, Duration::ZERO));
}

#[test]
fn a_command_to_an_ended_worker_is_an_error_and_not_a_wait() {
    let (mut handle, _ports, _told) = started(1, 1);
    handle.end();
    assert_eq!(handle.send(Command::Close { leg: LEG }), Err(SendError::Ended(WorkerIndex(3))));
}

#[test]
fn packets_leave_from_the_address_that_sdp_told() {
    let (handle, ports, _told) = started_on("0.0.0.0", 1, 8, Batching::WherePossible);
    let phone = phone();
    handle.send(open(plan(&phone))).unwrap();
    for source in [LOOPBACK, "127.0.0.77"] {
        let source = source.parse().unwrap();
        handle.send(Command::Replan { leg: LEG, plan: StreamPlan { source, ..plan(&phone) } }).unwrap();
        let expected = SocketAddr::new(source, ports[0].rtp);
        let found =
            (0..10).map(|_| phone.recv_from(&mut [0; 1_500]).unwrap().1).find(|from| *from == expected);
        assert_eq!(found, Some(expected));
    }
    assert_eq!(handle.counters().send_errors.load(Ordering::Relaxed), 0);
    handle.stop();
}

fn rtp_packet(ssrc: u32, sequence: u16, octet: u8) -> Vec<u8> {
    let mut head = [0; HEADER_OCTETS];
    let timestamp = u32::from(sequence) * 160;
    Header { marker: false, payload_type: 0, sequence, timestamp, ssrc }.write(&mut head);
    [&head[..], &[octet; 160]].concat()
}

#[test]
fn a_former_caller_who_keeps_sending_is_not_recorded_in_the_next_call() {
    WAYS.into_iter().for_each(ghost_calls);
}

fn ghost_calls(batching: Batching) {
    // Of the other sign than the caller's, so that no fading of his voice over a loss is taken for it.
    const GHOST: u8 = 0x83;
    let (handle, ports, mut told) = started_on(LOOPBACK, 1, 64, batching);
    let (ghost, caller) = (phone(), phone());
    let to = (LOOPBACK, ports[0].rtp);
    handle.send(open(plan(&ghost))).unwrap();
    for sequence in 0..40 {
        ghost.recv(&mut [0; 1_500]).unwrap();
        ghost.send_to(&rtp_packet(66, sequence, GHOST), to).unwrap();
    }
    handle.send(Command::Close { leg: LEG }).unwrap();
    while !matches!(told.blocking_recv(), Some((_, Event::Closed { .. }))) {}
    (40..50).for_each(|n| assert!(ghost.send_to(&rtp_packet(66, n, GHOST), to).is_ok()));
    let unreachable = StreamPlan { remote: "127.0.0.99:9".parse().unwrap(), ..plan(&caller) };
    handle.send(open(unreachable)).unwrap();
    let (tap, mut reader) = crate::media::tap::ring(1_000, Codec::Pcmu);
    handle.send(Command::Record { leg: LEG, tap }).unwrap();
    while !matches!(told.blocking_recv(), Some((_, Event::TapOpened { .. }))) {}
    caller.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut answered = 0;
    for n in 50..500 {
        ghost.send_to(&rtp_packet(66, n, GHOST), to).unwrap();
        caller.send_to(&rtp_packet(5, n, 3), to).unwrap();
        answered += usize::from(caller.recv(&mut [0; 1_500]).is_ok());
        if answered == 20 {
            break;
        }
    }
    assert_eq!(answered, 20, "the caller behind NAT was latched to");
    handle.send(Command::StopRecording { leg: LEG }).unwrap();
    while !matches!(told.blocking_recv(), Some((_, Event::TapClosed { .. }))) {}
    let heard: Vec<u8> = std::iter::from_fn(|| reader.pop()).map(|frame| frame.party.octets()[0]).collect();
    assert!(heard.contains(&3) && !heard.contains(&GHOST), "{heard:?}");
    handle.stop();
}

#[test]
fn a_leg_goes_to_another_worker_and_back_and_its_party_notices_nothing() {
    const MOVES: u64 = 20;
    for batching in WAYS {
        let (events, mut told) = channel(1_000);
        let (hall, clock) = (Arc::default(), Clock::start());
        let names = [WorkerIndex(0), WorkerIndex(1)];
        let workers = names.map(|name| worker(LOOPBACK, 2, batching, (name, clock), &events, &hall));
        let phone = phone();
        workers[0].0.send(open(plan(&phone))).unwrap();
        let (tap, mut reader) = crate::media::tap::ring(2_000, Codec::Pcmu);
        workers[0].0.send(Command::Record { leg: LEG, tap }).unwrap();
        let clips = vec![Clip { codec: Codec::Pcmu, octets: Arc::from(vec![42; 160 * 1_000]) }];
        workers[0].0.send(Command::Play { leg: LEG, playback: PlaybackId(1), clips, repeat: false }).unwrap();
        let (mut home, mut last, mut packets, mut lost, mut keys) = (0, None::<(u16, u32)>, 0u16, 0, 0);
        let mut octets = [0; 1_500];
        for round in 0..MOVES {
            for n in 0..8u16 {
                let mut sound = || loop {
                    let (count, _) = phone.recv_from(&mut octets).unwrap();
                    if !crate::wire::rtcp::is_rtcp(&octets[..count]) {
                        return count;
                    }
                };
                let count = sound();
                let packet = Packet::read(&octets[..count]).unwrap();
                assert_eq!(packet.ssrc, 7);
                if let Some((sequence, timestamp)) = last {
                    assert_eq!(packet.sequence, sequence.wrapping_add(1), "{batching:?} round {round}");
                    let step = packet.timestamp.wrapping_sub(timestamp);
                    assert!(
                        step.is_multiple_of(160) && step <= 3 * 160,
                        "{batching:?} round {round}: {step}"
                    );
                    lost += step / 160 - 1;
                }
                last = Some((packet.sequence, packet.timestamp));
                phone.send_to(&rtp_packet(9, packets, 5), (LOOPBACK, workers[0].1[0].rtp)).unwrap();
                packets += 1;
                if n == 4 {
                    let mut key = event_packet(30_000 + packets);
                    key[4..8].copy_from_slice(&(u32::from(packets) * 1_600).to_be_bytes());
                    phone.send_to(&key, (LOOPBACK, workers[0].1[0].rtp)).unwrap();
                }
            }
            // The two ports whose sockets change places are the first of each worker.
            let order = Command::Move { leg: LEG, to: names[1 - home], port: PortIndex(0) };
            workers[home].0.send(order).unwrap();
            home = 1 - home;
            let arrived = |event: &(WorkerIndex, Event)| matches!(event, (at, Event::Moved { .. }) if *at == names[home]);
            loop {
                let event = told.blocking_recv().expect("both workers live");
                keys += u64::from(matches!(event.1, Event::Key { .. }));
                if arrived(&event) {
                    break;
                }
            }
        }
        workers[home].0.send(Command::Close { leg: LEG }).unwrap();
        let counters = loop {
            match told.blocking_recv().expect("both workers live").1 {
                Event::Key { .. } => keys += 1,
                Event::Closed { counters, .. } => break counters,
                _ => {}
            }
        };
        assert!(lost <= 2 * MOVES as u32, "{batching:?}: {lost} frames in {MOVES} moves");
        assert_eq!((keys, counters.keys, counters.lost), (MOVES, MOVES, 0), "{batching:?} {counters:?}");
        let frames: Vec<_> = std::iter::from_fn(|| reader.pop()).collect();
        assert!(frames.iter().zip(0..).all(|(frame, index)| frame.index == index), "{batching:?}: whole");
        let heard = frames.iter().filter(|frame| frame.party.octets()[80] == 5).count();
        assert!(heard + 40 >= usize::from(packets), "{batching:?}: {heard} of {packets} were recorded");
        for (handle, _) in workers {
            handle.stop();
        }
    }
}

#[test]
fn a_port_whose_leg_moved_away_serves_the_next_leg_by_the_sockets_that_came_for_it() {
    const ROUNDS: usize = 10;
    for batching in WAYS {
        let (events, mut told) = channel(1_000);
        let (hall, clock) = (Arc::default(), Clock::start());
        let names = [WorkerIndex(0), WorkerIndex(1)];
        let workers = names.map(|name| worker(LOOPBACK, 1, batching, (name, clock), &events, &hall));
        let mut numbers = [workers[0].1[0].rtp, workers[1].1[0].rtp];
        for round in 0..ROUNDS {
            let (first, second, stranger) = (phone(), phone(), phone());
            let (one, two) = (LegId(2 * round as u64 + 1), LegId(2 * round as u64 + 2));
            workers[0].0.send(open_as(one, plan(&first))).unwrap();
            talk(&first, numbers[0], 4, 3);
            // It waits in the sockets that go to the first worker, and is of no leg's party.
            stranger.send_to(&rtp_packet(77, 0, 9), (LOOPBACK, numbers[1])).unwrap();
            workers[0].0.send(Command::Move { leg: one, to: names[1], port: PortIndex(0) }).unwrap();
            let arrived =
                |event: &(WorkerIndex, Event)| matches!(event, (at, Event::Moved { .. }) if *at == names[1]);
            while !arrived(&told.blocking_recv().expect("both workers live")) {}
            numbers.swap(0, 1);
            workers[0].0.send(open_as(two, plan(&second))).unwrap();
            let (_, from) = second.recv_from(&mut [0; 1_500]).unwrap();
            assert_eq!(from.port(), numbers[0], "{batching:?} round {round}");
            talk(&second, numbers[0], 4, 5);
            let (_, from) = first.recv_from(&mut [0; 1_500]).unwrap();
            assert_eq!(from.port(), numbers[1], "{batching:?} round {round}: the leg kept its sockets");
            for (home, leg) in [(1, one), (0, two)] {
                workers[home].0.send(Command::Close { leg }).unwrap();
                let counters = loop {
                    match told.blocking_recv().expect("both workers live").1 {
                        Event::Closed { leg: closed, counters, .. } if closed == leg => break counters,
                        _ => {}
                    }
                };
                assert_eq!(counters.received, 4, "{batching:?} round {round} {leg}: {counters:?}");
            }
        }
        for (handle, _) in workers {
            handle.stop();
        }
    }
}
