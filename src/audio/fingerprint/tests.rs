//! What is told of made-up voices: whole, in pieces, alike, drifting. The shipped prompts are the job of `tests/hear.rs`.

use super::*;
use crate::rng::Rng;
use std::f32::consts::TAU;

/// A made-up voice: harmonics of a pitch that wanders, in syllables, from a seed.
fn voice(seed: u64, seconds: usize) -> Vec<i16> {
    let mut rng = Rng::seeded(seed);
    let mut unit = move || (rng.next_u64() >> 40) as f32 / (1_u64 << 24) as f32;
    let (mut samples, mut phase) = (Vec::new(), 0.0_f32);
    while samples.len() < seconds * RATE_HZ {
        let (pitch, end) = (90.0 + 80.0 * unit(), 90.0 + 80.0 * unit());
        let weights: Vec<f32> = (0..12).map(|_| unit() * unit()).collect();
        let length = 1_000 + (1_200.0 * unit()) as usize;
        for at in 0..length {
            let part = at as f32 / length as f32;
            phase += (pitch + (end - pitch) * part) / RATE_HZ as f32;
            let loud = 4_000.0 * (part * TAU / 2.0).sin();
            let harmonics =
                weights.iter().zip(1..).map(|(weight, number)| weight * (phase * TAU * number as f32).sin());
            samples.push((loud * harmonics.sum::<f32>() / 2.0) as i16);
        }
    }
    samples
}

fn silence(ms: usize) -> Vec<i16> {
    vec![0; 8 * ms]
}

/// `2` a prompt, `2|3` those that cannot be told apart, `2<3` one that was whole and is a part of another, `?` unknown;
/// silences are left out.
fn told(index: &Index, file: &[i16]) -> String {
    let stretches = index.listen(file);
    let words = stretches.iter().filter_map(|stretch| match &stretch.what {
        What::Prompt(heard) => {
            let mut all: Vec<&usize> = std::iter::once(&heard.prompt).chain(&heard.or).collect();
            all.sort_unstable();
            let longer = heard.part_of.iter().map(|other| format!("<{other}"));
            let all = all.into_iter().map(usize::to_string).collect::<Vec<_>>().join("|");
            Some(all + &longer.collect::<String>())
        }
        What::Unknown => Some("?".to_owned()),
        What::Quiet => None,
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_file_is_told_from_its_first_to_its_last_sample_without_a_hole() {
    let prompts: Vec<Vec<i16>> = (1..5).map(|seed| voice(seed, 3)).collect();
    let index = Index::of(mark(prompts.iter().map(Vec::as_slice)));
    let file =
        [silence(333), prompts[2].clone(), silence(500), voice(99, 2), silence(700), prompts[0].clone()]
            .concat();
    assert_eq!(told(&index, &file), "2 ? 0");
    let stretches = index.listen(&file);
    let mut at = Duration::ZERO;
    for stretch in &stretches {
        assert_eq!(stretch.from, at, "{stretches:#?}");
        at = stretch.to;
    }
    assert_eq!(at, time(file.len()));
    let first = stretches.iter().find(|stretch| stretch.what != What::Quiet);
    let from = first.map_or(0.0, |stretch| stretch.from.as_secs_f64());
    assert!((from - 0.333).abs() < 0.05, "{from}");
}

#[test]
fn what_is_told_of_pieces_of_three_prompts_of_which_two_end_alike() {
    let end = voice(50, 2);
    let prompts = [voice(1, 4), [voice(2, 2), end.clone()].concat(), [voice(3, 2), end.clone()].concat()];
    let index = Index::of(mark(prompts.iter().map(Vec::as_slice)));
    let other = voice(77, 2);
    let rows: [(&str, Vec<i16>, &str); 9] = [
        ("nothing", Vec::new(), ""),
        ("a click", [silence(500), vec![9_000; 200], silence(500)].concat(), ""),
        ("whole, one after the other", [prompts[1].clone(), prompts[0].clone()].concat(), "1 0"),
        ("only the end that two have", [silence(300), end.clone(), silence(300)].concat(), "1|2"),
        ("the end, and what came before it", [prompts[2][8_000..].to_vec(), silence(300)].concat(), "2"),
        ("cut off", [prompts[0][..12_800].to_vec(), silence(800)].concat(), "0"),
        ("talked over after 1.6 s", [prompts[0][..12_800].to_vec(), other.clone()].concat(), "0 ?"),
        (
            "its words within other speech",
            [other.clone(), prompts[0][8_000..18_000].to_vec(), other.clone()].concat(),
            "?",
        ),
        (
            "a piece too short to be sure",
            [silence(300), prompts[0][8_000..10_400].to_vec(), silence(300)].concat(),
            "?",
        ),
    ];
    for (what, file, expected) in rows {
        assert_eq!(told(&index, &file), expected, "{what}");
    }
}

#[test]
fn prompts_that_begin_alike_are_told_apart_where_they_differ_and_no_earlier() {
    let begins = voice(60, 2);
    let prompts = [
        [begins.clone(), voice(61, 2)].concat(),
        [begins.clone(), voice(62, 1)].concat(),
        begins.clone(),
        voice(63, 3),
    ];
    let index = Index::of(mark(prompts.iter().map(Vec::as_slice)));
    let slipped = |number: usize, at: usize| [&prompts[number][..at], &prompts[number][at + 160..]].concat();
    let rows: [(&str, Vec<i16>, &str); 9] = [
        ("cut before they differ, and before the shortest ends", begins[..12_000].to_vec(), "0|1|2"),
        ("the shortest, whole, or one of the others, cut there", begins.clone(), "2<0<1"),
        ("the first", prompts[0].clone(), "0"),
        ("the second", prompts[1].clone(), "1"),
        ("the second, 200 ms after they differ", prompts[1][..begins.len() + 2_400].to_vec(), "1"),
        ("the first without its beginning", prompts[0][4_000..].to_vec(), "0"),
        ("cut, and another follows at once", [&begins[..12_000], &prompts[3]].concat(), "0|1|2 3"),
        ("the second, whose stream slips before they differ", slipped(1, 12_000), "1"),
        ("the shortest, whose stream slips, or one of the others, cut there", slipped(2, 8_000), "2<0<1"),
    ];
    for (what, file, expected) in rows {
        let file = [silence(300), file, silence(1_500)].concat();
        assert_eq!(told(&index, &file), expected, "{what}");
    }
}

#[test]
fn a_word_is_named_when_it_stands_free_or_among_known_ones_but_not_in_other_speech() {
    let word = |seed| voice(seed, 1)[..3_200].to_vec();
    let prompts = [word(70), word(71), voice(72, 3)];
    let index = Index::of(mark(prompts.iter().map(Vec::as_slice)));
    let other = voice(73, 2);
    let rows: [(&str, Vec<i16>, &str); 6] = [
        ("alone", prompts[0].clone(), "0"),
        ("between others", [prompts[2].clone(), prompts[1].clone(), prompts[0].clone()].concat(), "2 1 0"),
        ("in other speech", [other.clone(), prompts[0].clone(), other.clone()].concat(), "?"),
        ("as the first of other speech", [prompts[0].clone(), other.clone()].concat(), "?"),
        ("as the last of other speech", [other, prompts[0].clone()].concat(), "?"),
        ("half of it", prompts[0][..1_600].to_vec(), "?"),
    ];
    for (what, file, expected) in rows {
        let file = [silence(300), file, silence(300)].concat();
        assert_eq!(told(&index, &file), expected, "{what}");
    }
}

#[test]
fn a_word_is_not_the_one_that_differs_in_its_last_sound_or_goes_on_and_one_that_was_cut_keeps_its_name() {
    let sound = |seed, samples| voice(seed, 1)[..samples].to_vec();
    let (begins, ends, ends_else) = (sound(80, 4_000), sound(81, 960), sound(82, 960));
    let known = [begins.clone(), ends.clone()].concat();
    let index = Index::of(mark([known.as_slice(), &voice(83, 3)]));
    let faint = |samples: Vec<i16>| samples.into_iter().map(|sample| sample / 16).collect::<Vec<i16>>();
    let without = |from: usize| {
        let mut lost = known.clone();
        lost[from..from + 160].fill(0);
        lost
    };
    let rows: [(&str, Vec<i16>, &str); 8] = [
        ("the word", known.clone(), "0"),
        ("its last 120 ms are other ones", [begins.clone(), ends_else.clone()].concat(), "?"),
        ("its last 60 ms are other ones", [&known[..4_480], &ends_else[..480]].concat(), "?"),
        (
            "other ones instead of 60 ms in it",
            [&known[..3_000], &ends_else[..480], &known[3_480..]].concat(),
            "?",
        ),
        ("it goes on", [known.clone(), ends_else.clone()].concat(), "?"),
        ("it goes on as faint as a th", [known.clone(), faint(ends_else)].concat(), "?"),
        ("it was cut", known[..4_300].to_vec(), "0"),
        ("a packet of its end is lost", without(4_420), "0"),
    ];
    for (what, file, expected) in rows {
        let file = [silence(300), file, silence(300)].concat();
        assert_eq!(told(&index, &file), expected, "{what}");
    }
}

#[test]
fn a_clock_that_drifts_and_a_stream_that_slips_leave_one_prompt() {
    let prompts = [voice(1, 8), voice(2, 8)];
    let index = Index::of(mark(prompts.iter().map(Vec::as_slice)));
    // 100 parts in a million: one sample more in each 10 000.
    let drifted: Vec<i16> =
        prompts[0].chunks(10_000).flat_map(|part| part.iter().chain(part.last())).copied().collect();
    assert_eq!(told(&index, &drifted), "0");
    let slipped = [prompts[1][..24_000].to_vec(), prompts[1][24_160..].to_vec()].concat();
    assert_eq!(told(&index, &slipped), "1");
}
