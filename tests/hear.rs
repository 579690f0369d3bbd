//! `careline hear`: the names of the shipped prompts, in every condition that a telephone adds; what is no prompt has
//! no name. Runs the real program on files made here.
//!
//! Whatever is judged against all prompts is one file with many channels, so that their index is made once. Other tests
//! name prompts from a small folder, for the same reason.

#![allow(clippy::unwrap_used, reason = "what these helpers unwrap are files that the tests made")]

#[path = "capture/mod.rs"]
mod capture;

use capture::Capture;
use careline::audio::{g722, l16};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::Duration;

const RATE: u32 = 8_000;
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A shipped prompt.
#[derive(Clone)]
struct Prompt {
    name: String,
    language: String,
    octets: Vec<u8>,
}

/// A deterministic source of chance (xorshift).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most as u64) as usize
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Those of a folder of `sounds/LANGUAGE/`; the pieces of which values are joined are in `say/`.
fn in_folder(language: &str, inside: &str) -> Vec<Prompt> {
    let folder = Path::new(ROOT).join("sounds").join(language).join(inside);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.is_file());
    paths.sort();
    let one = |path: PathBuf| {
        let file = fs::read(&path).unwrap();
        let at = file.windows(4).position(|word| word == b"data").unwrap();
        let length = u32::from_le_bytes(file[at + 4..at + 8].try_into().unwrap()) as usize;
        let name = format!("{inside}{}", path.file_stem().unwrap().to_str().unwrap());
        Prompt { name, language: language.to_owned(), octets: file[at + 8..at + 8 + length].to_vec() }
    };
    paths.into_iter().map(one).collect()
}

fn prompts(language: &str) -> Vec<Prompt> {
    in_folder(language, "")
}

fn pieces(language: &str) -> Vec<Prompt> {
    in_folder(language, "say/")
}

/// G.711 µ-law, written apart from the engine's own.
fn linear(octet: u8) -> i16 {
    let code = !octet;
    let magnitude = ((i32::from(code & 0x0f) << 3) + 132) << ((code >> 4) & 7);
    let sample = magnitude - 132;
    (if code & 0x80 == 0 { sample } else { -sample }) as i16
}

fn samples(prompt: &Prompt) -> Vec<i16> {
    prompt.octets.iter().map(|octet| linear(*octet)).collect()
}

/// Through A-law and back (G.711 table 1a): 13 bits, twelve intervals apart from the first.
fn through_a_law(samples: &[i16]) -> Vec<i16> {
    let one = |sample: &i16| {
        let magnitude = i32::from(*sample).abs().min(32_767);
        let shift = (32 - (magnitude >> 8).leading_zeros() as i32 - 1).max(0) + 4;
        let rounded = (magnitude >> shift << shift) + (1 << (shift - 1));
        (rounded * i32::from(*sample).signum()) as i16
    };
    samples.iter().map(one).collect()
}

fn with_noise(samples: &[i16], below_db: f64, chance: &mut Chance) -> Vec<i16> {
    let power = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / samples.len() as f64;
    let width = (12.0 * power / 10_f64.powf(below_db / 10.0)).sqrt();
    samples.iter().map(|sample| (f64::from(*sample) + width * (chance.unit() - 0.5)) as i16).collect()
}

/// Loses packets of 20 ms.
fn with_loss(samples: &[i16], share: f64, chance: &mut Chance) -> Vec<i16> {
    let mut left = samples.to_vec();
    left.chunks_mut(160).filter(|_| chance.unit() < share).for_each(|packet| packet.fill(0));
    left
}

fn write_wav(path: &Path, channels: &[&[i16]], rate: u32) {
    let spec = hound::WavSpec {
        channels: channels.len() as u16,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    let longest = channels.iter().map(|channel| channel.len()).max().unwrap();
    for at in 0..longest {
        for channel in channels {
            writer.write_sample(channel.get(at).copied().unwrap_or(0)).unwrap();
        }
    }
    writer.finalize().unwrap();
}

fn hear(path: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_careline"));
    command.current_dir(ROOT).arg("hear").arg(path).args(more).output().unwrap()
}

fn parts(path: &Path, more: &[&str]) -> Vec<Value> {
    let output = hear(path, &[more, &["--json"]].concat());
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}: {errors}", path.display());
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    told["parts"].as_array().unwrap().clone()
}

/// `u.menu en` for each prompt that was named, `u.a en|u.b en` for those that cannot be told apart, `unknown`.
fn names(part: &Value) -> Vec<String> {
    let one =
        |name: &Value| format!("{} {}", name["name"].as_str().unwrap(), name["language"].as_str().unwrap());
    let heard = part["heard"].as_array().unwrap().iter();
    let named = heard.filter_map(|heard| match heard["what"].as_str().unwrap() {
        "prompt" => {
            let others = ["or", "part_of"].map(|list| heard[list].as_array().unwrap().iter().map(one));
            let all = std::iter::once(one(heard)).chain(others.into_iter().flatten());
            Some(all.collect::<Vec<_>>().join("|"))
        }
        "unknown" => Some("unknown".to_owned()),
        _ => None,
    });
    named.collect()
}

/// A folder with a few of the shipped prompts: an index of them is made soon.
fn few(directory: &Path, prompts: &[(&str, &str)]) -> String {
    let to = directory.join("sounds");
    for (language, name) in prompts {
        let file = Path::new(language).join(name).with_added_extension("wav");
        fs::create_dir_all(to.join(&file).parent().unwrap()).unwrap();
        fs::copy(Path::new(ROOT).join("sounds").join(&file), to.join(&file)).unwrap();
    }
    to.to_str().unwrap().to_owned()
}

fn full_name(prompt: &Prompt) -> String {
    format!("{} {}", prompt.name, prompt.language)
}

/// What a telephone does to a prompt.
struct Condition {
    title: &'static str,
    /// What of it is played.
    part: fn(usize) -> Range<usize>,
    spoils: fn(&[i16], &mut Chance) -> Vec<i16>,
}

const WHOLE: fn(usize) -> Range<usize> = |length| 0..length;
/// Without the first 200 ms.
const LATE: fn(usize) -> Range<usize> = |length| 1_600.min(length / 2)..length;
/// Until somebody pressed a key after 1.5 s.
const CUT: fn(usize) -> Range<usize> = |length| 0..length.min(12_400);

const CONDITIONS: [Condition; 8] = [
    Condition { title: "clean", part: WHOLE, spoils: |samples, _| samples.to_vec() },
    Condition { title: "A-law", part: WHOLE, spoils: |samples, _| through_a_law(samples) },
    Condition { title: "5 % loss", part: WHOLE, spoils: |samples, chance| with_loss(samples, 0.05, chance) },
    Condition {
        title: "10 dB SNR",
        part: WHOLE,
        spoils: |samples, chance| with_noise(samples, 10.0, chance),
    },
    Condition { title: "first 200 ms missing", part: LATE, spoils: |samples, _| samples.to_vec() },
    Condition { title: "cut after 1.5 s", part: CUT, spoils: |samples, _| samples.to_vec() },
    Condition {
        title: "20 dB quieter",
        part: WHOLE,
        spoils: |samples, _| samples.iter().map(|sample| sample / 10).collect(),
    },
    Condition {
        title: "A-law, loss, noise, no beginning",
        part: LATE,
        spoils: |samples, chance| with_loss(&with_noise(&through_a_law(samples), 10.0, chance), 0.05, chance),
    },
];
/// A prompt that is shorter is a word or two: without its beginning or with noise it may be unknown, 1.5 s.
const SHORT: usize = 12_000;

/// Prompts of both languages under one condition, between silences of chance length.
struct Row {
    condition: &'static Condition,
    prompts: Vec<Prompt>,
    sound: Vec<i16>,
}

/// Every eighth prompt, from another one on in each condition: each comes once, in Spanish under another condition
/// than in English.
fn row(number: usize, chance: &mut Chance) -> Row {
    let condition = &CONDITIONS[number];
    let of = |language, first: usize| prompts(language).into_iter().skip(first % 8).step_by(8);
    let prompts: Vec<Prompt> = of("en", number).chain(of("es", number + 3)).collect();
    let mut sound = Vec::new();
    for prompt in &prompts {
        sound.extend(vec![0; 2_400 + chance.below(4_000)]);
        let all = samples(prompt);
        sound.extend((condition.spoils)(&all[(condition.part)(all.len())], chance));
    }
    sound.extend(vec![0; 3_000]);
    Row { condition, prompts, sound }
}

/// The normalised correlation of two stretches.
fn likeness(one: &[i16], other: &[i16]) -> f32 {
    let (mut both, mut first, mut second, mut at) = (0.0_f32, 1.0_f32, 1.0_f32, 0);
    while at < one.len().min(other.len()) {
        let (x, y) = (f32::from(one[at]), f32::from(other[at]));
        (both, first, second) = (both + x * y, first + x * x, second + y * y);
        at += 1;
    }
    both / (first * second).sqrt()
}

/// Whether all that was played of one prompt is in another at about the same place: its first 200 ms of sound tell
/// where, and then each 100 ms must be alike.
fn is_in(played: &[i16], from: usize, other: &[i16]) -> bool {
    let Some(first) = played.iter().position(|sample| sample.unsigned_abs() > 1_000) else { return false };
    let anchor = &played[first..(first + 1_600).min(played.len())];
    let at = |lag: usize| (from + first + lag).checked_sub(800);
    let alike =
        |lag: usize| at(lag).and_then(|at| other.get(at..)).map_or(0.0, |under| likeness(anchor, under));
    let Some(lag) = (0..1_600).max_by(|one, two| alike(*one).total_cmp(&alike(*two))) else { return false };
    let alike = played.chunks(800).enumerate().skip(first.div_ceil(800)).filter(|(number, chunk)| {
        let under = (from + 800 * number + lag).checked_sub(800).and_then(|at| other.get(at..));
        let is_pause = chunk.iter().all(|sample| sample.unsigned_abs() < 300);
        is_pause || under.is_some_and(|under| likeness(chunk, under) > 0.7)
    });
    alike.count() + 1 >= played.chunks(800).skip(first.div_ceil(800)).count()
}

/// What was told of the prompts of a row.
#[derive(Debug, Default)]
struct Told {
    /// Named, alone.
    right: usize,
    /// Named among others that sound the same in what was played.
    among: usize,
    /// Unknown, as it may be for a word or two.
    unknown: usize,
    /// Everything else.
    wrong: Vec<String>,
}

fn judge(row: &Row, part: &Value, all: &[Prompt]) -> Told {
    let mut told = Told::default();
    let heard = names(part);
    let mut rest = heard.iter().peekable();
    for prompt in &row.prompts {
        let name = full_name(prompt);
        let length = prompt.octets.len();
        let Some(heard) = rest.next() else {
            told.wrong.push(format!("{name}: nothing"));
            continue;
        };
        let names: Vec<&str> = heard.split('|').collect();
        let sounds_the_same = |other: &&str| {
            let played = (row.condition.part)(length);
            let other = all.iter().find(|prompt| full_name(prompt) == **other).unwrap();
            full_name(other) == name || is_in(&samples(prompt)[played.clone()], played.start, &samples(other))
        };
        if *heard == name {
            told.right += 1;
        } else if names.contains(&name.as_str()) && names.iter().all(sounds_the_same) {
            told.among += 1;
        } else if heard == "unknown" && length < SHORT {
            told.unknown += 1;
        } else {
            told.wrong.push(format!("{name}: {heard}"));
        }
    }
    told.wrong.extend(rest.map(|more| format!("more: {more}")));
    println!("{:<38} {told:?}", row.condition.title);
    told
}

/// Sound that is no prompt, and what it is.
fn strange_sounds() -> Vec<(&'static str, Vec<i16>)> {
    let mut chance = Chance(77);
    let both = [prompts("en"), prompts("es")].concat();
    // The same voice, other words: pieces of 250 ms of all prompts, shuffled.
    let mut shuffled = Vec::new();
    for _ in 0..240 {
        let all = samples(&both[chance.below(both.len())]);
        let at = chance.below(all.len() - 2_000);
        shuffled.extend_from_slice(&all[at..at + 2_000]);
    }
    let menu = samples(both.iter().find(|prompt| prompt.name == "mm.menu").unwrap());
    let backwards: Vec<i16> = menu.iter().rev().copied().collect();
    let faster: Vec<i16> = menu.chunks_exact(10).flat_map(|ten| ten[..9].to_vec()).collect();
    let tone: Vec<i16> = (0..24_000).map(|at| (9_000.0 * (f64::from(at) * 0.7).sin()) as i16).collect();
    vec![("shuffled", shuffled), ("backwards", backwards), ("cut closer", faster), ("a tone", tone)]
}

/// Words around values that are joined of pieces, in a language.
struct Spoken {
    language: &'static str,
    names: Vec<String>,
    sound: Vec<i16>,
}

/// Values of each language, of four pieces each, without a pause between them: clean, through A-law, with loss.
const VALUES: usize = 18;

fn values(language: &'static str, chance: &mut Chance) -> Spoken {
    let (words, pieces) = (prompts(language), pieces(language));
    let word = |name: &str| words.iter().find(|prompt| prompt.name == name).unwrap().clone();
    let (mut names, mut sound) = (Vec::new(), Vec::new());
    for number in 0..VALUES {
        let value: Vec<Prompt> = (0..4).map(|_| pieces[chance.below(pieces.len())].clone()).collect();
        let all = [vec![word("id.dob_back.1")], value, vec![word("id.dob_back.2")]].concat();
        names.extend(all.iter().map(full_name));
        sound.extend(vec![0; 3_000 + chance.below(2_000)]);
        let joined: Vec<i16> = all.iter().flat_map(samples).collect();
        sound.extend((CONDITIONS[number % 3].spoils)(&joined, chance));
    }
    sound.extend(vec![0; 3_000]);
    Spoken { language, names, sound }
}

/// What the program told of everything that is to be judged against all prompts: it makes their index once. A WAV
/// file has 18 channels at the most.
struct Heard {
    rows: Vec<(Row, Value)>,
    strange: Vec<(&'static str, Value)>,
    values: Vec<(Spoken, Value)>,
}

fn heard() -> &'static Heard {
    static HEARD: OnceLock<Heard> = OnceLock::new();
    HEARD.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("all.wav");
        let mut chance = Chance(0x5eed_cafe);
        let rows: Vec<Row> = (0..CONDITIONS.len()).map(|number| row(number, &mut chance)).collect();
        let (strange, values) =
            (strange_sounds(), ["en", "es"].map(|language| values(language, &mut chance)));
        let sounds = rows.iter().map(|row| &row.sound).chain(strange.iter().map(|(_, sound)| sound));
        let sounds = sounds.chain(values.iter().map(|value| &value.sound));
        let channels: Vec<&[i16]> = sounds.map(Vec::as_slice).collect();
        write_wav(&path, &channels, RATE);
        let mut parts = parts(&path, &[]).into_iter();
        let rows = rows.into_iter().zip(parts.by_ref()).collect();
        let strange = strange.into_iter().map(|(what, _)| what).zip(parts.by_ref()).collect();
        Heard { rows, strange, values: values.into_iter().zip(parts).collect() }
    })
}

#[test]
fn every_shipped_prompt_is_named_in_every_condition_of_a_telephone() {
    let rows = &heard().rows;
    assert_eq!(rows.len(), CONDITIONS.len());
    let all = ["en", "es"].map(|language| [prompts(language), pieces(language)].concat()).concat();
    let told: Vec<Told> = rows.iter().map(|(row, part)| judge(row, part, &all)).collect();
    let wrong: Vec<&String> = told.iter().flat_map(|told| &told.wrong).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let sum = |of: fn(&Told) -> usize| told.iter().map(of).sum::<usize>();
    let (right, among, unknown) = (sum(|told| told.right), sum(|told| told.among), sum(|told| told.unknown));
    println!("{right} named, {among} among others, {unknown} too short to be known");
    let names = |row: &Row| row.prompts.iter().map(full_name).collect::<Vec<_>>();
    let expected: BTreeSet<String> = rows.iter().flat_map(|(row, _)| names(row)).collect();
    assert_eq!(expected.len(), prompts("en").len() + prompts("es").len(), "each prompt is somewhere");
    // Words that prompts share are few: most must be named alone.
    assert!(right * 100 >= 94 * expected.len(), "only {right} of {} are named alone", expected.len());
    let keys: Vec<&Value> = rows.iter().flat_map(|(_, part)| part["keys"].as_array().unwrap()).collect();
    assert!(keys.is_empty(), "no prompt is a key: {keys:?}");
}

#[test]
fn a_value_is_read_piece_by_piece_and_no_piece_is_taken_for_another() {
    let (mut right, mut all) = (0, 0);
    for (value, part) in &heard().values {
        let heard = names(part);
        let mut rest = heard.iter().filter(|name| *name != "unknown").peekable();
        for name in &value.names {
            let is_it = |heard: &&String| heard.split('|').any(|one| one == name);
            right += usize::from(rest.next_if(is_it).is_some());
        }
        all += value.names.len();
        let wrong: Vec<&String> = rest.collect();
        println!("{}: {heard:?}", value.language);
        assert!(wrong.is_empty(), "{}: {wrong:?} in {heard:?}, said was {:?}", value.language, value.names);
    }
    println!("{right} of {all} named");
    assert_eq!(all, 2 * VALUES * 6);
    assert!(right * 100 >= 80 * all, "only {right} of {all} are named");
}

#[test]
fn what_is_no_prompt_has_no_name() {
    assert_eq!(heard().strange.len(), 4);
    for (what, part) in &heard().strange {
        let heard = names(part);
        println!("{what}: {heard:?}");
        assert!(!heard.is_empty() && heard.iter().all(|name| name == "unknown"), "{what}: {heard:?}");
    }
}

/// Words that are not in the folder, and those that are and differ from them in their last sound.
const LEFT_OUT: [(&str, &str, &str); 22] = [
    ("en", "nineteen", "nineteenth"),
    ("en", "hundredth", "hundred"),
    ("en", "seventeenth", "seventeen"),
    ("en", "fourteen", "fourteenth"),
    ("en", "ninety", "ninetieth"),
    ("en", "six", "sixth"),
    ("es", "s_e9_ptima", "s_e9_ptimo"),
    ("es", "novecientos", "novecientas"),
    ("es", "seiscientos", "seiscientas"),
    ("es", "ochocientas", "ochocientos"),
    ("es", "cuatrocientos", "cuatrocientas"),
    ("es", "setecientos", "setecientas"),
    ("es", "segundo", "segundos"),
    ("es", "primero", "primera"),
    ("es", "centavo", "centavos"),
    ("es", "doscientos", "doscientas"),
    ("es", "trescientas", "trescientos"),
    ("es", "quinientos", "quinientas"),
    ("es", "veintiuno", "veintiuna"),
    ("es", "octava", "octavo"),
    ("es", "tercero", "tercera"),
    ("es", "minuto", "minutos"),
];

#[test]
fn a_word_that_is_not_in_the_folder_is_unknown_and_its_neighbour_keeps_its_name() {
    let directory = tempfile::tempdir().unwrap();
    let say = |name: &str| format!("say/{name}");
    let known = LEFT_OUT.map(|(language, _, known)| (language, say(known)));
    let sounds = few(directory.path(), &known.each_ref().map(|(language, name)| (*language, name.as_str())));
    let all = ["en", "es"].map(pieces).concat();
    let one = |language: &str, name: &str| {
        let is_it = |prompt: &&Prompt| prompt.language == language && prompt.name == say(name);
        samples(all.iter().find(is_it).unwrap())
    };
    let mut chance = Chance(0xd1ff);
    // Clean, A-law, 5 % loss; then those that are known, clean and through A-law.
    let rows = [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1)].map(|(condition, which)| {
        let spoken = LEFT_OUT.iter().flat_map(|(language, left_out, known)| {
            let word = one(language, [left_out, known][which]);
            [(CONDITIONS[condition].spoils)(&word, &mut chance), vec![0; 6_000]].concat()
        });
        [vec![0; 4_000], spoken.collect()].concat()
    });
    let path = directory.path().join("left_out.wav");
    write_wav(&path, &rows.each_ref().map(Vec::as_slice), RATE);
    for (number, part) in parts(&path, &["--sounds", &sounds]).iter().enumerate() {
        let heard = names(part);
        println!("{number}: {heard:?}");
        let expected: Vec<String> =
            known.iter().map(|(language, name)| format!("{name} {language}")).collect();
        match number {
            // Where the packets of the last sound are lost, nothing is left that tells two words apart.
            0..3 => {
                let named = heard.iter().filter(|name| *name != "unknown").count();
                assert!(named <= usize::from(number == 2) && heard.len() >= LEFT_OUT.len(), "{heard:?}");
            }
            _ => assert_eq!(heard, expected),
        }
    }
}

#[test]
fn a_prompt_that_begins_another_is_named_first_and_one_that_was_cut_is_not_guessed() {
    let directory = tempfile::tempdir().unwrap();
    let known =
        [("es", "u.agent"), ("es", "id.other"), ("es", "u.greeting"), ("en", "u.agent"), ("en", "id.other")];
    let sounds = few(directory.path(), &known);
    let spanish = prompts("es");
    let one = |name: &str| samples(spanish.iter().find(|prompt| prompt.name == name).unwrap());
    // "Está bien. Voy a buscar a una persona que" begins both; a key is pressed early, in the last word, and never.
    let (agent, other) = (one("u.agent"), one("id.other"));
    let two = ["u.agent es", "id.other es"];
    let rows = [
        ("agent, cut early", agent[..16_000].to_vec(), two.as_slice()),
        ("other, cut early", other[..16_000].to_vec(), &two),
        ("agent, whole", agent.clone(), &two[..1]),
        ("other, whole", other.clone(), &two[1..]),
        ("other, its beginning missing", other[24_000..].to_vec(), &two[1..]),
        ("agent, cut, and the greeting", [&agent[..16_000], &one("u.greeting")].concat(), &two),
    ];
    let path = directory.path().join("alike.wav");
    let padded = rows.each_ref().map(|row| [vec![0; 4_000], row.1.clone(), vec![0; 12_000]].concat());
    write_wav(&path, &padded.each_ref().map(Vec::as_slice), RATE);
    for ((what, _, expected), part) in rows.iter().zip(parts(&path, &["--sounds", &sounds])) {
        let heard = names(&part);
        println!("{what}: {heard:?}");
        let first: BTreeSet<&str> = heard[0].split('|').collect();
        assert_eq!(first, expected.iter().copied().collect(), "{what}: {heard:?}");
    }
}

#[test]
fn words_that_two_prompts_share_are_not_given_to_one_of_them() {
    let directory = tempfile::tempdir().unwrap();
    let english = prompts("en");
    let one = |name: &str| samples(english.iter().find(|prompt| prompt.name == name).unwrap());
    // "I will get a person to help you." ends each of these: the wave still tells whose it is, or all are named.
    let shared = ["u.agent", "u.noinput2", "u.sysfail"];
    let ends = shared.map(|name| one(name).split_off(one(name).len() - 15_000));
    let known = ["u.agent", "u.noinput2", "u.sysfail", "id.other", "u.person", "u.nurse"];
    let sounds = few(directory.path(), &known.map(|name| ("en", name)));
    let path = directory.path().join("shared.wav");
    write_wav(&path, &ends.each_ref().map(Vec::as_slice), RATE);
    for (name, part) in shared.into_iter().zip(parts(&path, &["--sounds", &sounds])) {
        let heard = names(&part);
        println!("{name}: {heard:?}");
        assert_eq!(heard.len(), 1);
        assert!(heard[0].split('|').any(|one| one == format!("{name} en")), "{name}: {heard:?}");
    }
}

#[test]
fn times_gaps_levels_and_cuts_are_told_for_each_channel() {
    let directory = tempfile::tempdir().unwrap();
    let english = prompts("en");
    let one = |name: &str| samples(english.iter().find(|prompt| prompt.name == name).unwrap());
    let mut right = vec![0; 8_000];
    right.extend(one("u.emergency"));
    right.extend(vec![0; 4_000]);
    // A key is pressed after 2 s of the menu, and the next words follow at once.
    right.extend(&one("mm.menu")[..16_000]);
    right.extend(one("u.one_moment"));
    let left: Vec<i16> = one("u.goodbye").iter().map(|sample| sample / 4).collect();
    let known = ["u.emergency", "mm.menu", "u.one_moment", "u.goodbye", "u.greeting"];
    let sounds = few(directory.path(), &known.map(|name| ("en", name)));
    for rate in [8_000, 16_000, 44_100] {
        let stretched = |samples: &[i16]| -> Vec<i16> {
            let count = samples.len() as u64 * u64::from(rate) / u64::from(RATE);
            let at = |number: u64| {
                let place = number as f64 * f64::from(RATE) / f64::from(rate);
                let (whole, part) = (place as usize, place.fract());
                let next = samples[(whole + 1).min(samples.len() - 1)];
                (f64::from(samples[whole]) * (1.0 - part) + f64::from(next) * part) as i16
            };
            (0..count).map(at).collect()
        };
        let path = directory.path().join("stereo.wav");
        write_wav(&path, &[&stretched(&left), &stretched(&right)], rate);
        let both = parts(&path, &["--sounds", &sounds]);
        assert_eq!(names(&both[0]), ["u.goodbye en"], "{rate} Hz");
        assert_eq!(names(&both[1]), ["u.emergency en", "mm.menu en", "u.one_moment en"], "{rate} Hz");
        let right_only = parts(&path, &["--channel", "right", "--sounds", &sounds]);
        assert_eq!(right_only.len(), 1);
        assert_eq!(right_only[0]["heard"], both[1]["heard"]);
        let heard = both[1]["heard"].as_array().unwrap();
        let near = |value: &Value, expected: f64, by: f64| {
            let value = value.as_f64().unwrap();
            assert!((value - expected).abs() <= by, "{rate} Hz: {value} is not {expected}: {heard:#?}");
        };
        let named: Vec<&Value> = heard.iter().filter(|heard| heard["what"] == "prompt").collect();
        near(&named[0]["from"], 1.05, 0.06);
        near(&named[0]["to"], 6.35, 0.08);
        near(&named[1]["to"], 8.90, 0.1);
        near(&named[1]["missing"], 11.3, 0.1);
        assert_eq!((&named[0]["whole"], &named[1]["whole"]), (&Value::Bool(true), &Value::Bool(false)));
        near(&named[0]["dbfs"], -19.0, 3.0);
        let gap = heard.iter().find(|heard| heard["what"] == "silence" && heard["from"].as_f64() > Some(5.0));
        near(&gap.unwrap()["from"], 6.35, 0.1);
    }
}

/// An RTP stream in a capture.
struct Wire(Capture);

impl Wire {
    fn create(path: &Path) -> Self {
        Self(Capture::create(path))
    }

    fn send(&mut self, at_ms: u64, payload: &[u8]) {
        self.0.send(Duration::from_millis(at_ms), payload);
    }

    fn rtp(&mut self, number: u64, payload_type: u8, timestamp: u32, payload: &[u8]) {
        let mut octets = vec![0x80, payload_type];
        octets.extend((number as u16).wrapping_add(65_500).to_be_bytes());
        octets.extend(timestamp.to_be_bytes());
        octets.extend(0xfeed_beef_u32.to_be_bytes());
        octets.extend(payload);
        self.send(20 * number, &octets);
    }
}

#[test]
fn a_capture_tells_its_streams_their_prompts_losses_and_keys() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("call.pcap");
    let spanish = prompts("es");
    let one = |name: &str| spanish.iter().position(|prompt| prompt.name == name).expect("it is shipped");
    let said = [one("cr.fallback"), one("u.crisis")];
    let octets = [&spanish[said[0]].octets[..], &vec![0xff; 4_000], &spanish[said[1]].octets].concat();
    let mut chance = Chance(4);
    let mut lost = 0;
    let mut wire = Wire::create(&path);
    let packets = octets.chunks_exact(160).count() as u64;
    for (number, packet) in (0..).zip(octets.chunks_exact(160)) {
        let timestamp = 0xffff_f000_u32.wrapping_add(160 * number as u32);
        let is_event = (100..110).contains(&number);
        if is_event {
            let end = if number >= 107 { 0x8a } else { 10 };
            let duration = (160 * (number.min(107) as u16 - 99)).to_be_bytes();
            let begun = 0xffff_f000_u32.wrapping_add(16_000);
            wire.rtp(number, 101, begun, &[7, end, duration[0], duration[1]]);
        } else if number > 0 && number + 1 < packets && chance.unit() < 0.05 {
            lost += 1;
        } else {
            wire.rtp(number, 0, timestamp, packet);
        }
        wire.send(20 * number + 3, b"something else at the same ports");
    }
    let known = ["cr.fallback", "u.crisis", "u.emergency"].map(|name| ("es", name));
    let sounds = few(directory.path(), &known);
    let parts = parts(&path, &["--sounds", &sounds]);
    println!("{lost} lost: {:#}", parts[0]);
    assert_eq!(parts.len(), 1);
    assert_eq!(names(&parts[0]), said.map(|at| full_name(&spanish[at])));
    assert_eq!(parts[0]["lost"], lost);
    let keys = parts[0]["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0]["key"], "7");
    assert!((keys[0]["at"].as_f64().unwrap() - 2.0).abs() < 0.03, "{keys:?}");
    let text = String::from_utf8(hear(&path, &["--sounds", &sounds]).stdout).unwrap();
    println!("{text}");
    for told in ["10.0.0.1:4000 → 10.0.0.2:5000, PCMU/8000", "lost (", "key 7", "cr.fallback es"] {
        assert!(text.contains(told), "`{told}` is not in\n{text}");
    }
}

#[test]
fn a_payload_type_is_named_by_the_tester_or_by_the_sdp_of_the_capture() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("linear.pcap");
    let prompt = prompts("en").into_iter().find(|prompt| prompt.name == "u.greeting").unwrap();
    let sdp = "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\nm=audio 5000 RTP/AVP 97\r\n\
               a=rtpmap:97 L16/8000\r\n";
    let invite = format!(
        "INVITE sip:100@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\nContent-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    );
    let sounds = few(directory.path(), &[("en", "u.greeting"), ("en", "u.goodbye")]);
    for with_sdp in [false, true] {
        let mut wire = Wire::create(&path);
        if with_sdp {
            wire.send(0, invite.as_bytes());
        }
        for (number, packet) in (0..).zip(samples(&prompt).chunks_exact(160)) {
            let payload: Vec<u8> = packet.iter().flat_map(|sample| sample.to_be_bytes()).collect();
            wire.rtp(number, 97, 160 * number as u32, &payload);
        }
        drop(wire);
        let named: &[&str] = if with_sdp { &[] } else { &["--pt", "97=L16/8000"] };
        let named = [named, &["--sounds", &sounds]].concat();
        assert_eq!(names(&parts(&path, &named)[0]), ["u.greeting en"], "with SDP: {with_sdp}");
        if !with_sdp {
            let untold = hear(&path, &[]);
            assert_eq!(untold.status.code(), Some(1));
            let error = String::from_utf8_lossy(&untold.stderr).into_owned();
            assert!(error.contains("no RTP stream") && error.contains("--pt"), "{error}");
        }
    }
}

/// Twice as many samples, with the mean of two neighbours between them.
fn at_16_khz(samples: &[i16]) -> Vec<i16> {
    let next = samples.iter().skip(1).chain(samples.last());
    samples
        .iter()
        .zip(next)
        .flat_map(|(one, next)| [*one, ((i32::from(*one) + i32::from(*next)) / 2) as i16])
        .collect()
}

#[test]
fn wideband_streams_are_heard_like_narrow_ones_keys_in_their_sound_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wide.pcap");
    let greeting = prompts("en").into_iter().find(|prompt| prompt.name == "u.greeting").unwrap();
    let sound = [samples(&greeting), vec![0; 4_000], key_tone(770.0, 1_336.0, 800), vec![0; 4_000]].concat();
    let wide = at_16_khz(&sound);
    let sdp = "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\nm=audio 5000 RTP/AVP 96\r\n\
               a=rtpmap:96 L16/16000\r\n";
    let answer = format!(
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\nContent-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    );
    let sounds = few(directory.path(), &[("en", "u.greeting"), ("en", "u.goodbye")]);
    // Payload type, octets of a packet, ticks of its clock (8 kHz for G.722: RFC 3551 section 4.5.2), SDP, option.
    for (title, payload_type, ticks, sdp, more) in [
        ("G722/8000", 9, 160, "", [].as_slice()),
        ("L16/16000", 96, 320, answer.as_str(), &[]),
        ("L16/16000", 96, 320, "", &["--pt", "96=L16/16000"]),
    ] {
        let mut wire = Wire::create(&path);
        if !sdp.is_empty() {
            wire.send(0, sdp.as_bytes());
        }
        let mut g722 = g722::Encoder::new();
        for (number, packet) in (0..).zip(wide.chunks_exact(320)) {
            let mut payload = vec![0; if payload_type == 9 { 160 } else { 640 }];
            match payload_type {
                9 => g722.encode(packet, &mut payload),
                _ => l16::encode(packet, &mut payload),
            }
            wire.rtp(number, payload_type, ticks * number as u32, &payload);
        }
        drop(wire);
        let told = parts(&path, &[more, &["--sounds", &sounds]].concat());
        let [part] = told.as_slice() else { panic!("{title}: {told:#?}") };
        assert!(part["title"].as_str().unwrap().contains(title), "{part:#}");
        assert_eq!(names(part)[0], "u.greeting en", "{title}: {part:#}");
        let keys = part["keys"].as_array().unwrap();
        assert_eq!(keys.len(), 1, "{title}: {part:#}");
        let at = (samples(&greeting).len() + 4_000) as f64 / f64::from(RATE);
        assert_eq!(keys[0]["key"], "5", "{title}");
        assert!((keys[0]["at"].as_f64().unwrap() - at).abs() < 0.02, "{title}: {keys:?}, pressed at {at}");
    }
}

/// Two tones of -12 dB each (ITU-T Q.23).
fn key_tone(low: f64, high: f64, count: usize) -> Vec<i16> {
    let step = |hertz: f64, at: usize| (std::f64::consts::TAU * hertz * at as f64 / f64::from(RATE)).sin();
    (0..count).map(|at| (8_000.0 * (step(low, at) + step(high, at))) as i16).collect()
}

#[test]
fn keys_in_the_sound_of_a_recording_are_told_with_their_times_for_each_channel() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys.wav");
    let quiet = vec![0; 1_600];
    // ITU-T Q.24: 40 ms of a key must count, and 40 ms without it part two; 20 ms are none.
    let pressed = [
        key_tone(770.0, 1_336.0, 800),
        quiet.clone(),
        key_tone(941.0, 1_209.0, 360),
        vec![0; 360],
        key_tone(941.0, 1_477.0, 4_000),
        quiet.clone(),
        key_tone(697.0, 1_209.0, 160),
        quiet.clone(),
        key_tone(697.0, 1_633.0, 800),
    ];
    let starts: Vec<f64> = (0..pressed.len())
        .map(|at| (1_600 + pressed[..at].concat().len()) as f64 / f64::from(RATE))
        .collect();
    let left = [quiet.clone(), pressed.concat(), quiet.clone()].concat();
    let goodbye = prompts("en").into_iter().find(|prompt| prompt.name == "u.goodbye").unwrap();
    write_wav(&path, &[&left, &samples(&goodbye)], RATE);
    let sounds = few(directory.path(), &[("en", "u.goodbye")]);
    let told = parts(&path, &["--sounds", &sounds]);
    let keys = |part: &Value| -> Vec<(String, f64)> {
        let keys = part["keys"].as_array().unwrap().iter();
        keys.map(|key| (key["key"].as_str().unwrap().to_owned(), key["at"].as_f64().unwrap())).collect()
    };
    let heard = keys(&told[0]);
    let signs: Vec<&str> = heard.iter().map(|key| key.0.as_str()).collect();
    assert_eq!(signs, ["5", "star", "pound", "A"], "{heard:?}");
    for ((_, at), pressed) in heard.iter().zip([0, 2, 4, 8]) {
        assert!((at - starts[pressed]).abs() < 0.01, "{heard:?} at {starts:?}");
    }
    assert_eq!((keys(&told[1]), names(&told[1])), (Vec::new(), vec!["u.goodbye en".to_owned()]));
}

#[test]
fn a_file_that_cannot_be_heard_is_told_with_cause_and_repair() {
    let directory = tempfile::tempdir().unwrap();
    let rows: [(&str, &[u8], &str); 5] = [
        ("empty.wav", b"", "it is empty"),
        ("text.wav", b"this is a letter to nobody", "this is a text file, not audio"),
        ("noise.wav", &[0x80, 0, 1, 0xff, 0, 0, 7, 9, 0xfe, 0, 0, 0], "convert it"),
        ("short.pcap", &[0xd4, 0xc3, 0xb2, 0xa1], "damaged"),
        ("dir/none.wav", b"", "is not there"),
    ];
    for (name, octets, says) in rows {
        let path = directory.path().join(name);
        if !name.contains('/') {
            fs::write(&path, octets).unwrap();
        }
        let output = hear(&path, &[]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{name}: {error}");
        assert!(error.contains(says) && error.contains(name), "{name}: `{says}` is not in: {error}");
    }
    let silent = directory.path().join("silent.wav");
    write_wav(&silent, &[&[0; 8_000]], RATE);
    let sounds = few(directory.path(), &[("en", "u.goodbye")]);
    let text = String::from_utf8(hear(&silent, &["--sounds", &sounds]).stdout).unwrap();
    assert!(text.contains("silence for 1.00 s"), "{text}");
    let nowhere = hear(&silent, &["--sounds", "no/such/sounds"]);
    let error = String::from_utf8_lossy(&nowhere.stderr).into_owned();
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(error.contains("no prompt is in no/such/sounds") && error.contains("--sounds DIR"), "{error}");
}
