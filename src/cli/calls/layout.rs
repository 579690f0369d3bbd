//! Where everything stands on the page of a picture.
//!
//! ```text
//!  rows ─▶ a height each, by its lines of notes; between two: their time apart to scale, or a break
//!      └─▶ bars: from a step to the next       └─▶ bands: from what begins to what ends it
//! ```
//! Heights come first, time second: two rows never overlap, however close in time they are.

use super::picture::{Arrow, BREAK, Picture, Row, Span, Stretch, What, pause, pause_told};
use std::time::Duration;

/// From the upper edge of a row to its arrow, in pixels: there is room for the arrow's label.
const LABEL: f64 = 18.0;
/// Height of a line of notes, in pixels.
pub const LINE: f64 = 14.0;
/// The least height of a row, in pixels.
const ROW: f64 = 28.0;
/// Pixels of a second that is drawn to scale.
const SECOND: f64 = 40.0;
/// Height of a break, in pixels.
pub const BREAK_HEIGHT: f64 = 36.0;
/// Characters of a line of notes.
const NOTE: usize = 68;
/// Characters of a name in a bar.
pub const BAR: usize = 20;

/// A row in its place.
pub struct Placed<'a> {
    /// The height of its arrow or mark.
    pub y: f64,
    /// Itself.
    pub row: &'a Row,
    /// What stands beside it.
    pub notes: Vec<String>,
}

/// Time that is not drawn to scale.
pub struct Break {
    /// Its middle.
    pub y: f64,
    /// How long it is, in words.
    pub told: String,
}

/// A step of the flow from its beginning to the next one.
pub struct Bar<'a> {
    /// Where it begins and ends.
    pub from_to: (f64, f64),
    /// Its flow.
    pub flow: &'a str,
    /// Its name.
    pub step: &'a str,
}

/// Something that lasted.
pub struct Band {
    /// Where it begins and ends.
    pub from_to: (f64, f64),
    /// What.
    pub span: Span,
}

/// The whole page under its head.
pub struct Layout<'a> {
    /// Rows, from above.
    pub placed: Vec<Placed<'a>>,
    /// Breaks.
    pub breaks: Vec<Break>,
    /// Steps.
    pub bars: Vec<Bar<'a>>,
    /// What lasted.
    pub bands: Vec<Band>,
    /// Where the lifelines end.
    pub bottom: f64,
}

/// Places the rows of a picture under `top`.
pub fn layout(picture: &Picture, top: f64) -> Layout<'_> {
    let (mut placed, mut breaks, mut y, mut before) = (Vec::new(), Vec::new(), top, None);
    for row in &picture.rows {
        match pause(before, row) {
            Some(pause) => {
                breaks.push(Break { y: y + BREAK_HEIGHT / 2.0, told: pause_told(pause) });
                y += BREAK_HEIGHT;
            }
            None => y += SECOND * apart(before, row).min(BREAK).as_secs_f64(),
        }
        let notes = notes(&row.what);
        let height = ROW.max(LABEL + LINE * notes.len() as f64);
        placed.push(Placed { y: y + LABEL, row, notes });
        y += height;
        before = Some(row);
    }
    let bottom = y + LINE;
    Layout { bars: bars(&placed, bottom), bands: bands(picture, &placed, bottom), placed, breaks, bottom }
}

fn apart(before: Option<&Row>, row: &Row) -> Duration {
    before.map_or(Duration::ZERO, |before| row.at.saturating_sub(before.at))
}

/// The steps; the end of the call ends the last one.
fn bars<'a>(placed: &[Placed<'a>], bottom: f64) -> Vec<Bar<'a>> {
    let mut bars: Vec<Bar<'a>> = Vec::new();
    let mut open = false;
    for Placed { y, row, .. } in placed {
        let last = bars.last_mut().filter(|_| open);
        match &row.what {
            What::Step { flow, step } => {
                last.into_iter().for_each(|bar| bar.from_to.1 = y - ROW / 2.0);
                bars.push(Bar { from_to: (y - ROW / 2.0 + 2.0, bottom), flow, step });
                open = true;
            }
            What::Over(_) => {
                last.into_iter().for_each(|bar| bar.from_to.1 = *y);
                open = false;
            }
            What::Message(_) | What::Cut(_) | What::Told(..) | What::Edge(..) => {}
        }
    }
    bars
}

/// What lasted, where it did.
fn bands(picture: &Picture, placed: &[Placed<'_>], bottom: f64) -> Vec<Band> {
    let y = |place: usize| placed.get(place).map_or(bottom, |row| row.y);
    let band = |it: &Stretch| Band { from_to: (y(it.rows.start), y(it.rows.end)), span: it.span };
    picture.stretches.iter().map(band).collect()
}

/// What stands beside a row, in lines that fit.
fn notes(what: &What) -> Vec<String> {
    match what {
        What::Message(arrow) => arrow_notes(arrow),
        What::Cut(messages) => vec![format!("{messages} messages that are not kept")],
        // A name that fits into its bar stands there.
        What::Step { step, .. } if step.chars().count() <= BAR => Vec::new(),
        What::Step { flow, step } => wrapped(&format!("{flow} / {step}"), NOTE),
        What::Told(_, text) | What::Edge(.., text) | What::Over(text) => wrapped(text, NOTE),
    }
}

fn arrow_notes(arrow: &Arrow) -> Vec<String> {
    let head = format!("#{} · {}", arrow.transaction, arrow.cseq);
    let head = if arrow.uri.is_empty() { head } else { format!("{head} · {}", arrow.uri) };
    let parts = [&head, &arrow.media, &arrow.again, &arrow.reason];
    parts.into_iter().filter(|part| !part.is_empty()).flat_map(|part| wrapped(part, NOTE)).collect()
}

/// A text in lines of at most so many characters, broken between words where that is possible.
pub fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let letters: Vec<char> = word.chars().collect();
        for (part, letters) in letters.chunks(most).enumerate() {
            let used = lines.last().map_or(0, |line| line.chars().count());
            if used > 0 && (part > 0 || used + 1 + letters.len() > most) {
                lines.push(String::new());
            }
            if let Some(line) = lines.last_mut() {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.extend(letters);
            }
        }
    }
    lines
}
