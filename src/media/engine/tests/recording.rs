//! What a tap holds: one frame a tick, the party left and ours right.

use super::*;

#[test]
fn a_recording_has_one_frame_a_tick_the_party_left_and_ours_right() {
    let mut world = World::new();
    world.open(A, plan(A));
    let (tap, mut reader) = ring(1_000, Codec::Pcmu);
    world.command(Command::Record { leg: A, tap });
    let prompt = tone(620, 100).concat();
    world.play(A, 1, prompt);
    let spoken = tone(440, 100);
    for (n, frame) in spoken.iter().enumerate().filter(|(n, _)| !(40..60).contains(n)) {
        let wait = (world.now - Instant::START).as_millis() as u64;
        world.run_ms((n as u64 * 20).saturating_sub(wait));
        world.rtp(A, party(A), &audio(n as u16, frame));
    }
    world.run_ms(100);
    let ticks = world.sent_to(A).len() as u64;
    world.command(Command::StopRecording { leg: A });
    world.run_ms(100);
    let frames = frames(&mut reader);
    assert_eq!(frames.len() as u64, ticks);
    assert!(
        frames
            .iter()
            .zip(0..)
            .all(|(frame, index)| frame.index == index && frame.party.codec() == Codec::Pcmu)
    );
    let left: Vec<u8> = frames.iter().flat_map(|frame| frame.party.octets().to_vec()).collect();
    let right: Vec<u8> = frames.iter().flat_map(|frame| frame.ours.octets().to_vec()).collect();
    assert_eq!(tones_in(Codec::Pcmu, &left, &[440, 620]), [440]);
    assert_eq!(tones_in(Codec::Pcmu, &right[..16_000], &[440, 620]), [620]);
    assert_eq!(tones_in(Codec::Pcmu, &left[45 * 160..55 * 160], &[440, 620]), [0; 0], "he said nothing");
    let spans: Vec<Event> = world
        .events()
        .into_iter()
        .filter(|event| matches!(event, Event::TapOpened { .. } | Event::TapClosed { .. }))
        .collect();
    let [Event::TapOpened { at: began, .. }, Event::TapClosed { at: ended, frames, dropped, .. }] = spans[..]
    else {
        panic!("{spans:?}");
    };
    assert_eq!((frames, dropped, ended.since(began)), (ticks, 0, TICK * ticks as u32));
    assert!(reader.is_finished());
}

#[test]
fn the_recording_of_a_bridged_leg_holds_what_it_says_and_what_it_hears() {
    let mut world = World::new();
    world.open(A, plan(A));
    world.open(B, in_codec(plan(B), 8, Codec::Pcma));
    let (tap, mut reader) = ring(1_000, Codec::Pcmu);
    world.command(Command::Record { leg: A, tap });
    world.command(Command::Bridge { a: A, b: B });
    for (n, (low, high)) in tone(440, 50).iter().zip(tone(620, 50)).enumerate() {
        let mut high = high;
        g711::transcode(Law::Mu, Law::A, &mut high);
        world.rtp(A, party(A), &audio(n as u16, low));
        world.rtp(B, party(B), &packet(8, 77, n as u16, n as u32 * 160, &high));
        world.tick();
    }
    let frames = frames(&mut reader);
    let left: Vec<u8> = frames.iter().flat_map(|frame| frame.party.octets().to_vec()).collect();
    let right: Vec<u8> = frames.iter().flat_map(|frame| frame.ours.octets().to_vec()).collect();
    assert_eq!(tones_in(Codec::Pcmu, &left, &[440, 620]), [440]);
    assert_eq!(tones_in(Codec::Pcmu, &right, &[440, 620]), [620]);
}

#[test]
fn a_recorder_that_does_not_read_costs_frames_and_not_the_call() {
    let mut world = World::new();
    world.open(A, plan(A));
    let (tap, _reader) = ring(4, Codec::Pcmu);
    world.command(Command::Record { leg: A, tap });
    world.run_ms(200);
    world.command(Command::Close { leg: A });
    let events = world.events();
    let closed = events.iter().find_map(|event| match event {
        Event::TapClosed { frames, dropped, .. } => Some((*frames, *dropped)),
        _ => None,
    });
    assert_eq!((closed, world.left.len()), (Some((10, 6)), 10));
    assert!(matches!(events.last(), Some(Event::Closed { .. })), "the port is given back last: {events:?}");
}

#[test]
fn a_paused_recording_is_silence_on_both_sides_and_as_long_as_it_would_be() {
    let mut world = World::new();
    world.open(A, plan(A));
    let (mut tap, mut reader) = ring(1_000, Codec::Pcmu);
    tap.keep(Kept::Silence); // a pause that was ordered before the first frame
    world.command(Command::Record { leg: A, tap });
    world.play(A, 1, vec![7; 160 * 200]);
    for n in 0..100u16 {
        world.rtp(A, party(A), &audio(n, &[9; 160]));
        match n {
            10 | 60 => world.command(Command::ResumeRecording { leg: A }),
            30 | 31 | 90 => world.command(Command::PauseRecording { leg: A }),
            _ => {}
        }
        world.tick();
    }
    world.command(Command::StopRecording { leg: A });
    world.command(Command::PauseRecording { leg: A }); // nothing is recorded any more
    let frames = frames(&mut reader);
    assert!(frames.iter().zip(0..).all(|(frame, index)| frame.index == index));
    let kept: String = frames
        .iter()
        .map(|frame| match (frame.party.octets()[0], frame.ours.octets()[0]) {
            (0xff, 0xff) => '.',
            (9, 7) => 'x',
            _ => '?',
        })
        .collect();
    let [before, pause, after, end] = [10, 30, 30, 10].map(|ticks: usize| ".".repeat(ticks));
    let expected = format!("{before}{}{pause}{}{end}", "x".repeat(20), "x".repeat(after.len()));
    assert_eq!(kept, expected);
    let told: Vec<(char, u64)> = world
        .events()
        .iter()
        .filter_map(|event| match event {
            Event::TapPaused { frame, .. } => Some(('p', *frame)),
            Event::TapResumed { frame, .. } => Some(('r', *frame)),
            Event::TapClosed { frames, .. } => Some(('c', *frames)),
            _ => None,
        })
        .collect();
    assert_eq!(told, [('p', 0), ('r', 10), ('p', 30), ('r', 60), ('p', 90), ('c', 100)]);
    let (tap, mut reader) = ring(100, Codec::Pcmu);
    world.command(Command::Record { leg: A, tap });
    world.run_ms(100);
    let next = self::frames(&mut reader);
    assert!(next.iter().all(|frame| frame.ours.octets()[0] == 7), "the pause ended with its recording");
}
