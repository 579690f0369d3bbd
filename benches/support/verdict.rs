//! What is made of the measurements: an account that a person reads, and the bars that must be kept.

use crate::Run;
use crate::support::bar::Bar;
use crate::support::clinic::{FIRST_PROMPT, KEY_AFTER, Recording, SCRIPT, SECOND_PROMPT};
use crate::support::generator::TICK;
use crate::support::heard::Heard;
use crate::support::sipp::Codec;
use std::fmt::Write as _;
use std::time::Duration;

/// CPU per call-second, in ms, without recording.
const CPU_MS: f64 = 0.50;
/// The same with recording.
const CPU_RECORDED_MS: f64 = 0.63;
/// The same in G.722.
const CPU_G722_RECORDED_MS: f64 = 2.2;
/// CPU per call-second without recording, as a multiple of the floor's.
const TIMES_FLOOR: f64 = 1.5;
/// The gap between packets that one in a thousand may exceed, in ms.
const GAP_P999_MS: f64 = 22.0;
/// Resident memory for a call, in kB.
const CALL_KB: f64 = 64.0;
/// CPU of an idle engine, in ms a second.
const IDLE_MS: f64 = 1.0;
/// Slots of the media threads that may be over 2 ms late, of a thousand.
const LATE_OF_THOUSAND: f64 = 1.0;
/// How much longer than its script a call may be.
const STRETCH: f64 = 1.01;

/// The figures of one run.
pub fn account(run: &Run) -> String {
    let mut out = String::new();
    let (idle_kb, busy_kb) = run.resident_kb;
    let per = |ms: f64| ms / run.call_seconds;
    _ = writeln!(
        out,
        "engine, recording {}: {:.0} calls at once on average",
        name(run.recording),
        run.at_once
    );
    _ = writeln!(
        out,
        "  CPU per call-second: {:.3} ms ({:.3} user, {:.3} system; the scheduler counts {:.3})",
        cpu_ms(run),
        per(run.cpu.user_ms),
        per(run.cpu.system_ms),
        per(run.cpu.scheduled_ms()),
    );
    for (name, spent_ms) in &run.cpu.threads_ms {
        _ = writeln!(out, "    {:.3} ms in threads `{name}`", per(*spent_ms));
    }
    _ = writeln!(out, "  CPU idle: {:.2} ms a second; {} threads under load", run.idle_ms, run.threads);
    _ = writeln!(
        out,
        "  resident: {idle_kb} kB idle, {busy_kb} kB under load, {:.1} kB a call",
        call_kb(run)
    );
    _ = writeln!(
        out,
        "  SIPp: {} calls by the scenario, {} not, {} retransmissions",
        run.count.successful, run.count.failed, run.count.retransmissions
    );
    _ = writeln!(out, "  slots: {} served, {} of them over 2 ms late", run.slots.served, run.slots.late);
    _ = writeln!(out, "{}", run.heard);
    if run.count.failed > 0 {
        out.push_str(&run.complaints);
    }
    out
}

/// The bars, with the floor's CPU per leg-second.
pub fn bars(run: &Run, codec: Codec, floor_ms: f64) -> Vec<Bar> {
    match codec {
        Codec::Pcmu => bars_pcmu(run, floor_ms),
        Codec::G722 => bars_g722(run),
    }
}

/// What a leg costs that encodes all that it says, and decodes all that it records.
fn bars_g722(run: &Run) -> Vec<Bar> {
    let mut bars = Vec::new();
    let mut bar = |name: &str, value, limit| bars.push(Bar::new(format!("G.722: {name}"), value, limit));
    match run.recording {
        Recording::Off => bar("CPU ms per call-second", cpu_ms(run), CPU_G722_RECORDED_MS),
        Recording::On => bar("recorded, CPU ms per call-second", cpu_ms(run), CPU_G722_RECORDED_MS),
    }
    bar("gap between packets p99.9, ms", run.heard.gaps.quantile_ms(0.999), GAP_P999_MS);
    bar("calls that failed", run.count.failed as f64, 0.0);
    bars
}

fn bars_pcmu(run: &Run, floor_ms: f64) -> Vec<Bar> {
    let which = match run.recording {
        Recording::Off => "ivr",
        Recording::On => "ivr + recording",
    };
    let mut bars = Vec::new();
    let mut bar = |name: &str, value: f64, limit: f64| {
        bars.push(Bar::new(format!("{which}: {name}"), value, limit));
    };
    match run.recording {
        Recording::Off => {
            bar("CPU ms per call-second", cpu_ms(run), CPU_MS);
            bar("CPU as a multiple of the fastest floor", cpu_ms(run) / floor_ms, TIMES_FLOOR);
            bar("idle CPU, ms a second", run.idle_ms, IDLE_MS);
        }
        Recording::On => bar("CPU ms per call-second", cpu_ms(run), CPU_RECORDED_MS),
    }
    bar("resident kB a call", call_kb(run), CALL_KB);
    bar("gap between packets p99.9, ms", run.heard.gaps.quantile_ms(0.999), GAP_P999_MS);
    let late = 1e3 * run.slots.late as f64 / run.slots.served.max(1) as f64;
    bar("slots served over 2 ms late, of a thousand", late, LATE_OF_THOUSAND);
    bar("calls that failed", run.count.failed as f64, 0.0);
    bar("longest call, as a multiple of its script", longest(run, own_length, SCRIPT), STRETCH);
    // A prompt begins and ends on the border of a packet.
    let most = |length: Duration| STRETCH + TICK.as_secs_f64() / length.as_secs_f64();
    let first = |heard: &Heard| heard.first_prompt.lasted;
    bar("longest first prompt, as a multiple", longest(run, first, FIRST_PROMPT), most(FIRST_PROMPT));
    let second = |heard: &Heard| heard.second_prompt.lasted;
    bar("longest second prompt, as a multiple", longest(run, second, SECOND_PROMPT), most(SECOND_PROMPT));
    let missing = run.count.successful as f64 - run.heard.heard.len() as f64;
    bar("calls without a stream of their own", missing.abs(), 0.0);
    bar("streams in which something was cut, lost or mixed", broken(run), 0.0);
    bars
}

/// CPU in ms for a call and second. From the whole process, so that threads that ended count too.
pub fn cpu_ms(run: &Run) -> f64 {
    (run.cpu.user_ms + run.cpu.system_ms) / run.call_seconds
}

/// Resident memory of a call, in kB.
pub fn call_kb(run: &Run) -> f64 {
    let (idle_kb, busy_kb) = run.resident_kb;
    (busy_kb as f64 - idle_kb as f64) / run.at_once
}

/// The longest of the window, as a multiple; infinite if the window saw none.
fn longest(run: &Run, of: impl Fn(&Heard) -> Duration, script: Duration) -> f64 {
    let longest = run.heard.in_window().map(of).max();
    longest.map_or(f64::INFINITY, |longest| longest.as_secs_f64() / script.as_secs_f64())
}

/// The length, without what the caller was late with the key.
fn own_length(heard: &Heard) -> Duration {
    let late = heard.key_after.unwrap_or_default().saturating_sub(KEY_AFTER);
    heard.length.saturating_sub(late)
}

/// Streams that lost packets, mixed with another, or did not bring both prompts whole.
fn broken(run: &Run) -> f64 {
    let whole = |heard: &&Heard| {
        let first = heard.first_prompt.sound + TICK >= FIRST_PROMPT;
        let second = heard.second_prompt.sound + TICK >= SECOND_PROMPT;
        heard.disordered == 0 && !heard.overlapped && heard.key_after.is_some() && first && second
    };
    run.heard.heard.iter().filter(|heard| !whole(heard)).count() as f64
}

const fn name(recording: Recording) -> &'static str {
    match recording {
        Recording::On => "on",
        Recording::Off => "off",
    }
}
