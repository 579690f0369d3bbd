//! Sound, as the tests make it and measure it: a tone in µ-law, and how much of a tone is in a recording.
//!
//! Written apart from the engine's own G.711 and Goertzel, so that it can prove them wrong.

#![allow(dead_code, reason = "each test program uses its own part of this support")]

use std::path::Path;

/// Samples a second, in everything here.
pub const RATE: u32 = 8_000;

/// The amplitude of the tones made here; of 32 767.
const TONE: f64 = 12_000.0;

/// A stereo recording.
pub struct Stereo {
    /// The caller.
    pub left: Vec<f64>,
    /// Our side.
    pub right: Vec<f64>,
}

/// Reads a recording.
///
/// # Errors
/// A text that says what is wrong with the file.
pub fn read(path: &Path) -> Result<Stereo, String> {
    let mut reader = hound::WavReader::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let spec = reader.spec();
    if (spec.channels, spec.sample_rate) != (2, RATE) {
        return Err(format!("{}: {} channels at {} Hz", path.display(), spec.channels, spec.sample_rate));
    }
    let shift = f64::from(1_u32 << (spec.bits_per_sample - 1));
    let samples: Result<Vec<f64>, _> =
        reader.samples::<i32>().map(|sample| sample.map(|s| f64::from(s) / shift)).collect();
    let samples = samples.map_err(|error| format!("{}: {error}", path.display()))?;
    let side = |first: usize| samples.iter().skip(first).step_by(2).copied().collect();
    Ok(Stereo { left: side(0), right: side(1) })
}

/// Seconds of sound.
pub fn seconds(samples: &[f64]) -> f64 {
    samples.len() as f64 / f64::from(RATE)
}

/// The mean power: 0.5 is a full sine.
pub fn power(samples: &[f64]) -> f64 {
    samples.iter().map(|sample| sample * sample).sum::<f64>() / samples.len().max(1) as f64
}

/// The power that lies at `hertz`: one term of the Fourier transform. 0.5 is a full sine.
pub fn power_at(samples: &[f64], hertz: f64) -> f64 {
    let step = std::f64::consts::TAU * hertz / f64::from(RATE);
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        real += sample * (step * n as f64).cos();
        imaginary += sample * (step * n as f64).sin();
    }
    let count = samples.len().max(1) as f64;
    2.0 * (real * real + imaginary * imaginary) / (count * count)
}

/// The share of the power that lies at `hertz`, from 0 to 1.
pub fn share_of(samples: &[f64], hertz: f64) -> f64 {
    power_at(samples, hertz) / power(samples).max(1e-12)
}

/// The share of the stretches of 40 ms in which the tone is clearly heard: a packet that was sent over 40 ms
/// late is a gap of 20 ms and a break in the tone's phase, not the loss of the tone.
pub fn heard_in(samples: &[f64], hertz: f64) -> f64 {
    let full = 0.5 * (TONE / f64::from(i16::MAX)).powi(2);
    let windows = samples.chunks_exact(320);
    let count = windows.len().max(1) as f64;
    windows.filter(|window| power_at(window, hertz) > full / 10.0).count() as f64 / count
}

/// Whether a key is heard as tones in any stretch of 40 ms: one of each group of four, over -23 dBFS (ITU-T Q.23).
pub fn has_key_tones(samples: &[f64]) -> bool {
    let rows = [697.0, 770.0, 852.0, 941.0];
    let columns = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
    samples.windows(320).step_by(160).any(|window| {
        [rows, columns].iter().all(|group| group.iter().any(|hertz| power_at(window, *hertz) > 0.0022))
    })
}

/// Writes a mono file of 16 bits with `seconds` of a tone.
pub fn write_tone(path: &Path, hertz: f64, seconds: f64) {
    write_tone_at(RATE, path, hertz, seconds);
}

/// The same at another rate.
pub fn write_tone_at(rate: u32, path: &Path, hertz: f64, seconds: f64) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).expect("the test's own directory can be written");
    for n in 0..(seconds * f64::from(rate)) as u32 {
        writer.write_sample(tone_sample(rate, hertz, n)).expect("the test's own directory can be written");
    }
    writer.finalize().expect("the test's own directory can be written");
}

/// Prompts of a tenth of a second under the names of those that `root` ships, so that tests go fast.
pub fn short_prompts(root: &Path, to: &Path) {
    for language in ["en", "es"] {
        for inside in [Path::new(language).to_owned(), Path::new(language).join("say")] {
            let folder = to.join(&inside);
            std::fs::create_dir_all(&folder).expect("the test's own directory can be written");
            let shipped = std::fs::read_dir(root.join("sounds").join(&inside)).expect("sounds are shipped");
            let files =
                shipped.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.is_file());
            for stem in files.filter_map(|path| path.file_stem().map(std::ffi::OsStr::to_owned)) {
                write_tone(&folder.join(stem).with_added_extension("wav"), 300.0, 0.1);
            }
        }
    }
}

/// The same, but these prompts, such as `en/mm.menu.wav`, are the shipped ones.
pub fn short_prompts_but(root: &Path, to: &Path, real: &[&str]) {
    short_prompts(root, to);
    for name in real {
        std::fs::copy(root.join("sounds").join(name), to.join(name)).expect("the prompt is shipped");
    }
}

/// The prompts that `careline hear --json` named in each channel or stream; those that cannot be told apart as `a|b`.
pub fn named(told: &str) -> Vec<Vec<String>> {
    let told: serde_json::Value = serde_json::from_str(told).expect("it is JSON");
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let word = |value: &serde_json::Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let name = |value: &serde_json::Value| format!("{} {}", word(value, "name"), word(value, "language"));
    let names = |part: &serde_json::Value| {
        let heard = list(&part["heard"]).into_iter().filter(|heard| heard["what"] == "prompt");
        let all = |heard: serde_json::Value| {
            let others = [list(&heard["or"]), list(&heard["part_of"])].concat();
            std::iter::once(name(&heard)).chain(others.iter().map(name)).collect::<Vec<_>>().join("|")
        };
        heard.map(all).collect()
    };
    list(&told["parts"]).iter().map(names).collect()
}

fn tone_sample(rate: u32, hertz: f64, n: u32) -> i16 {
    ((std::f64::consts::TAU * hertz * f64::from(n) / f64::from(rate)).sin() * TONE) as i16
}

/// The 160 octets of µ-law of a tone that begin at sample `from` (ITU-T G.711).
pub fn mu_law_tone(hertz: f64, from: u32) -> [u8; 160] {
    std::array::from_fn(|n| mu_law(tone_sample(RATE, hertz, from + n as u32)))
}

fn mu_law(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = u32::from(sample.unsigned_abs()).min(32_635) + 132;
    let exponent = (31 - magnitude.leading_zeros()) - 7;
    let mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    !(sign | (exponent << 4) as u8 | mantissa as u8)
}

/// The sample of one octet of µ-law, of 1 (ITU-T G.711).
pub fn of_mu_law(octet: u8) -> f64 {
    let octet = !octet;
    let (exponent, mantissa) = ((octet >> 4) & 7, octet & 0x0f);
    let magnitude = ((f64::from(mantissa) * 8.0 + 132.0) * f64::from(1_u32 << exponent) - 132.0) / 32_768.0;
    if octet & 0x80 == 0 { magnitude } else { -magnitude }
}
