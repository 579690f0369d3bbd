//! The stream that leaves: unbroken, at its pace, over prompts, hold and a late worker.

use super::*;

#[test]
fn the_stream_is_unbroken_over_silence_prompt_stop_bridge_and_parting() {
    let mut world = World::new();
    world.open(A, plan(A));
    world.open(B, plan(B));
    world.run_ms(100);
    world.play(A, 1, vec![7; 16_000]);
    world.run_ms(100);
    world.command(Command::Stop { leg: A });
    world.run_ms(100);
    world.command(Command::Bridge { a: A, b: B });
    world.run_ms(100);
    world.command(Command::Unbridge { leg: B });
    world.run_ms(100);
    for leg in [A, B] {
        let sent = world.sent_to(leg);
        assert_eq!((sent.len(), sent[0].marker, sent[1].marker), (25, true, false));
        assert_unbroken(&sent, 160);
        assert!(sent.windows(2).all(|pair| pair[1].at.since(pair[0].at) == TICK), "{sent:?}");
    }
    let octets: Vec<u8> = world.sent_to(A).iter().map(|left| left.payload[0]).collect();
    let expected = [vec![255; 5], vec![7; 5], vec![255; 15]].concat();
    assert_eq!(octets, expected);
}

#[test]
fn a_stop_takes_effect_at_the_next_tick_and_a_playing_ends_once() {
    let mut world = World::new();
    world.open(A, plan(A));
    let ended = |playback, completed, at| {
        let at = Instant::from_millis(at);
        Event::PlaybackEnded { leg: A, playback: PlaybackId(playback), completed, at }
    };
    world.play(A, 1, vec![7; 1_600]);
    world.run_ms(59);
    world.command(Command::Stop { leg: A });
    assert_eq!(world.events(), [ended(1, false, 60)]);
    world.play(A, 2, vec![8; 1_600]);
    world.tick();
    world.play(A, 3, vec![9; 320]);
    assert_eq!(world.events(), [ended(2, false, 80)]);
    world.run_ms(100);
    assert_eq!(world.events(), [ended(3, true, 120)]);
    let octets: Vec<u8> = world.sent_to(A).iter().map(|left| left.payload[0]).collect();
    assert_eq!(octets, [7, 7, 7, 8, 9, 9, 255, 255, 255]);
}

#[test]
fn packets_of_every_ptime_leave_at_the_right_pace() {
    for (ms, packets) in [(10, 100), (20, 50), (30, 33), (40, 25), (60, 16), (1, 100), (999, 16)] {
        let mut world = World::new();
        world.open(A, StreamPlan { packet_ms: ms, ..plan(A) });
        world.play(A, 1, (0..8_000).map(|n| (n / 80) as u8).collect());
        world.run_ms(1_019);
        let sent = world.sent_to(A);
        let samples = u32::from(ms.clamp(10, 60)) * 8;
        assert!(sent.len().abs_diff(packets) <= 2, "{samples} samples: {} packets", sent.len());
        assert_unbroken(&sent, samples);
        let octets: Vec<u8> = sent.iter().flat_map(|left| left.payload.clone()).take(7_200).collect();
        assert!((0..7_200).all(|n| octets[n] == (n / 80) as u8), "{samples} samples: {octets:?}");
    }
}

#[test]
fn a_prompt_is_told_to_be_over_when_its_last_octet_has_left() {
    for (ms, octets) in [(20, 480), (20, 481), (30, 480), (60, 480), (60, 500), (10, 90)] {
        let mut world = World::new();
        world.open(A, StreamPlan { packet_ms: ms, ..plan(A) });
        world.play(A, 1, vec![7; octets]);
        let ended =
            |world: &mut World| world.events().iter().any(|e| matches!(e, Event::PlaybackEnded { .. }));
        while !ended(&mut world) {
            world.tick();
            assert!(world.left.len() < 100);
        }
        let gone = world.left.iter().flat_map(|left| &left.payload).filter(|octet| **octet == 7).count();
        assert_eq!(gone, octets, "{ms} ms in a packet");
        let last =
            world.left.last().map_or(0, |left| left.payload.iter().filter(|octet| **octet == 7).count());
        assert!(last > 0 || ms < 20, "{ms} ms: told a packet late");
    }
}

#[test]
fn on_hold_nothing_leaves_time_runs_on_and_the_prompt_waits() {
    let mut world = World::new();
    world.open(A, plan(A));
    world.play(A, 1, vec![7; 800]);
    world.run_ms(60);
    let held = Direction { send: false, receive: false };
    world.command(Command::Replan { leg: A, plan: StreamPlan { direction: held, ..plan(A) } });
    world.run_ms(200);
    assert_eq!(world.left.len(), 3);
    world.command(Command::Replan { leg: A, plan: plan(A) });
    world.run_ms(100);
    let sent = world.sent_to(A);
    let (before, after) = (sent[2], sent[3]);
    assert_eq!(after.sequence, before.sequence.wrapping_add(1), "no loss");
    assert_eq!(after.timestamp, before.timestamp.wrapping_add(11 * 160), "but 200 ms of time");
    assert!(after.marker && !sent[4].marker);
    let octets: Vec<u8> = sent.iter().map(|left| left.payload[0]).collect();
    assert_eq!(octets, [7, 7, 7, 7, 7, 255, 255, 255], "the prompt went on where it was");
}

#[test]
fn a_worker_that_comes_far_too_late_skips_ticks_and_keeps_the_time_true() {
    let mut world = World::new();
    world.open(A, plan(A));
    let (tap, mut reader) = ring(1_000, Codec::Pcmu);
    world.command(Command::Record { leg: A, tap });
    world.run_ms(100);
    let before = world.left.last().map(|left| left.timestamp);
    world.now += Duration::from_secs(1);
    world.run_ms(40);
    let sent = world.sent_to(A);
    let after = sent[5];
    assert!(sent.len() <= 9, "no burst of the missed packets: {}", sent.len());
    assert_eq!(
        before.map(|before| after.timestamp.wrapping_sub(before)),
        Some(50 * 160),
        "as if none were missed"
    );
    let frames = frames(&mut reader).len() as u32;
    assert_eq!(frames, 57, "the recording has the missed second as silence");
    assert_eq!(world.engine.counters().skipped_ticks, 49);
}
