//! What more and more calls cost: a table, a picture of it, and whether the cost grew faster than the calls.

use super::bar::Bar;
use super::verdict;
use crate::Run;
use std::fmt;
use std::fmt::Write as _;

/// Calls at once, run by run.
pub const CALLS: [u64; 7] = [10, 30, 100, 300, 1_000, 1_500, 2_000];
/// How many times the cost of a call among 1 000 a call among 2 000 may cost.
const GROWTH: f64 = 1.25;

/// One run.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// Calls at once on average.
    calls: f64,
    /// CPU for a call and second.
    cpu_ms: f64,
    /// Resident memory of a call.
    call_kb: f64,
    /// The gap between packets that one in a thousand exceeds.
    gap_p999_ms: f64,
    /// Calls that failed.
    failed: f64,
}

impl Point {
    /// What a run showed.
    pub fn of(run: &Run) -> Self {
        Self {
            calls: run.at_once,
            cpu_ms: verdict::cpu_ms(run),
            call_kb: verdict::call_kb(run),
            gap_p999_ms: run.heard.gaps.quantile_ms(0.999),
            failed: run.count.failed as f64,
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, cpu_ms, call_kb, gap_p999_ms, failed } = self;
        write!(
            f,
            "{calls:>6.0} calls: {:>6.1} ms a second, {cpu_ms:.3} for each; {call_kb:>6.1} kB a call; gap p99.9 \
             {gap_p999_ms:.2} ms; {failed} failed",
            calls * cpu_ms
        )
    }
}

/// The run with about so many calls.
fn near(points: &[Point], calls: f64) -> Option<&Point> {
    points.iter().min_by(|a, b| (a.calls - calls).abs().total_cmp(&(b.calls - calls).abs()))
}

/// No call failed, and a call among the most costs hardly more than one among half as many. (What an engine with few
/// calls costs is the waking of its thread 200 times a second, whoever calls.)
pub fn bars(points: &[Point]) -> Vec<Bar> {
    let cost = |calls| near(points, calls).map_or(f64::NAN, |point| point.cpu_ms);
    vec![
        Bar::new(
            "growth: CPU of a call among 2 000, by one among 1 000",
            cost(2_000.0) / cost(1_000.0),
            GROWTH,
        ),
        Bar::new("growth: calls that failed", points.iter().map(|point| point.failed).sum(), 0.0),
    ]
}

/// The picture's width, in pixels.
const WIDTH: f64 = 640.0;
/// Its height.
const HEIGHT: f64 = 360.0;
/// What is left free around the plot.
const MARGIN: f64 = 56.0;

/// The picture: CPU of the whole engine over calls, and the straight line through its runs with 10 and with 1 000 calls.
pub fn draw(points: &[Point]) -> String {
    let most =
        |of: fn(&Point) -> f64, step: f64| (points.iter().map(of).fold(1.0, f64::max) / step).ceil() * step;
    let most_calls = most(|point| point.calls, 500.0);
    let most_ms = most(|point| point.calls * point.cpu_ms, 250.0);
    let x = |calls: f64| MARGIN + calls / most_calls * (WIDTH - 2.0 * MARGIN);
    let y = |ms: f64| HEIGHT - MARGIN - ms / most_ms * (HEIGHT - 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\" role=\"img\" aria-label=\"CPU of the engine over calls at once\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for fifth in 0..=5 {
        let (ms, calls) = (most_ms * f64::from(fifth) / 5.0, most_calls * f64::from(fifth) / 5.0);
        let (left, right, at) = (MARGIN, WIDTH - MARGIN, y(ms));
        _ = writeln!(svg, "<path d=\"M{left} {at:.1}H{right}\" stroke=\"#ddd\"/>");
        _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{ms:.0}</text>",
            left - 6.0,
            at + 4.0
        );
        let below = HEIGHT - MARGIN + 18.0;
        _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{below}\" text-anchor=\"middle\">{calls:.0}</text>",
            x(calls)
        );
    }
    if let (Some(few), Some(many)) = (near(points, 10.0), near(points, 1_000.0)) {
        let ms = |point: &Point| point.calls * point.cpu_ms;
        let slope = (ms(many) - ms(few)) / (many.calls - few.calls);
        let at = |calls: f64| y(ms(few) + slope * (calls - few.calls));
        let (x1, y1, x2, y2) = (x(0.0), at(0.0), x(most_calls), at(most_calls));
        _ = writeln!(
            svg,
            "<path d=\"M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}\" stroke=\"#999\" stroke-dasharray=\"5 4\"/>"
        );
    }
    let line: Vec<String> = points
        .iter()
        .map(|point| format!("{:.1},{:.1}", x(point.calls), y(point.calls * point.cpu_ms)))
        .collect();
    _ = writeln!(
        svg,
        "<polyline points=\"{}\" stroke=\"#06c\" stroke-width=\"2\" fill=\"none\"/>",
        line.join(" ")
    );
    for point in points {
        let (cx, cy) = (x(point.calls), y(point.calls * point.cpu_ms));
        _ = writeln!(
            svg,
            "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"4\" fill=\"#06c\"><title>{point}</title></circle>"
        );
    }
    _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">calls at once</text>",
        WIDTH / 2.0,
        HEIGHT - 12.0
    );
    _ = writeln!(
        svg,
        "<text x=\"{MARGIN}\" y=\"28\">ms of CPU a second, whole engine (dashed: straight through 10 and 1 000)</text>"
    );
    svg.push_str("</svg>\n");
    svg
}
