//! The picture of a call on a terminal: lifelines, arrows between them, and words on the right.
//!
//! ```text
//!     time   caller                  Careline                   person
//!    0.000     │──────── INVITE ────────▶│                         │   #1 1 INVITE · audio 40000: PCMU · sendrecv
//!    9.020     │                         ┃                         │   ● recording r2a begins
//!              ┊                         ┊                         ┊     4.5 s
//! ```
//! A heavy line of Careline is a recording that runs, a dotted one of the caller is hold, a double one of the
//! person is talk. A row of dotted lines is time that is not drawn to scale.

use super::picture::{Arrow, Edge, Lane, Mark, Picture, Row, Span, Tone, What};
use super::picture::{pause, pause_told, time_told};
use crate::flow::diagnostic::Paint;
use std::time::Duration;

/// Characters between two lifelines.
const BETWEEN: usize = 25;
/// Characters of the time on the left.
const TIME: usize = 10;

/// Draws it.
pub fn draw(picture: &Picture, paint: Paint) -> String {
    let mut drawing = Drawing { picture, paint, place: 0, text: String::new() };
    drawing.head();
    let mut before = None;
    for (place, row) in picture.rows.iter().enumerate() {
        drawing.place = place;
        if let Some(pause) = pause(before, row) {
            drawing.break_of(pause);
        }
        drawing.row(row);
        before = Some(row);
    }
    drawing.foot();
    drawing.text
}

struct Drawing<'a> {
    picture: &'a Picture,
    paint: Paint,
    /// Which row is drawn.
    place: usize,
    text: String,
}

/// A colour of the terminal.
#[derive(Clone, Copy)]
enum Ink {
    Grey,
    Red,
    Green,
    Cyan,
    Bold,
}

impl Drawing<'_> {
    fn inked(&self, text: &str, ink: Ink) -> String {
        let code = match (self.paint, ink) {
            (Paint::Plain, _) => return text.to_owned(),
            (Paint::Colour, Ink::Grey) => "\x1b[90m",
            (Paint::Colour, Ink::Red) => "\x1b[31m",
            (Paint::Colour, Ink::Green) => "\x1b[32m",
            (Paint::Colour, Ink::Cyan) => "\x1b[36m",
            (Paint::Colour, Ink::Bold) => "\x1b[1m",
        };
        format!("{code}{text}\x1b[0m")
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn head(&mut self) {
        for (number, line) in self.picture.title.iter().enumerate() {
            let line = if number == 0 { self.inked(line, Ink::Bold) } else { line.clone() };
            self.line(&line);
        }
        let mut head = format!("{:>TIME$}", "time");
        for (place, lane) in self.picture.lanes.iter().enumerate() {
            // Centred over its lifeline.
            let begins = TIME + 4 + place * (BETWEEN + 1) - lane.name().len() / 2;
            head.push_str(&" ".repeat(begins - head.len()));
            head.push_str(lane.name());
        }
        let head = self.inked(&head, Ink::Bold);
        self.line("");
        self.line(&head);
    }

    /// The character of a lifeline, as it is now.
    fn lifeline(&self, lane: Lane) -> String {
        let stretches = &self.picture.stretches;
        let has = |span| stretches.iter().any(|it| it.span == span && it.rows.contains(&self.place));
        match lane {
            Lane::Careline if has(Span::Recording) => self.inked("┃", Ink::Red),
            Lane::Caller if has(Span::Hold) => "┊".to_owned(),
            Lane::Person if has(Span::Wait) => "┊".to_owned(),
            Lane::Person if has(Span::Talk) => "║".to_owned(),
            Lane::Caller | Lane::Careline | Lane::Person => "│".to_owned(),
        }
    }

    /// All lifelines, with `between` drawn after each but the last.
    fn lifelines(&self, between: impl Fn(Lane) -> String) -> String {
        let lanes = &self.picture.lanes;
        let mut text = String::new();
        for (place, lane) in lanes.iter().enumerate() {
            text.push_str(&self.lifeline(*lane));
            if place + 1 < lanes.len() {
                text.push_str(&between(*lane));
            }
        }
        text
    }

    fn told(&mut self, at: Option<Duration>, lifelines: &str, words: &str) {
        let at = at.map_or(String::new(), time_told);
        let at = self.inked(&format!("{at:>TIME$}"), Ink::Grey);
        self.line(&format!("{at}    {lifelines}   {words}"));
    }

    fn break_of(&mut self, pause: Duration) {
        let dotted = vec!["┊"; self.picture.lanes.len()].join(&" ".repeat(BETWEEN));
        let words = self.inked(&format!("  {}", pause_told(pause)), Ink::Grey);
        self.told(None, &dotted, &words);
    }

    fn row(&mut self, row: &Row) {
        let words = match &row.what {
            What::Message(arrow) => return self.arrow(row.at, arrow),
            What::Cut(messages) => self.inked(&format!("⋯ {messages} messages that are not kept"), Ink::Grey),
            What::Step { flow, step } => format!("▸ {}", self.inked(&format!("{flow} / {step}"), Ink::Cyan)),
            What::Told(Mark::Key, text) => format!("◆ {text}"),
            What::Told(Mark::Sound, text) => format!("♪ {text}"),
            What::Told(Mark::Note, text) => format!("· {text}"),
            What::Edge(span, edge, text) => self.edge(*span, *edge, text),
            What::Over(text) => format!("■ {}", self.inked(text, Ink::Bold)),
        };
        let lifelines = self.lifelines(|_| " ".repeat(BETWEEN));
        self.told(Some(row.at), &lifelines, &words);
    }

    fn edge(&self, span: Span, edge: Edge, text: &str) -> String {
        let mark = match (span, edge) {
            (Span::Recording, Edge::Begins) => self.inked("●", Ink::Red),
            (Span::Recording, Edge::Ends) => self.inked("■", Ink::Red),
            (Span::Hold | Span::Talk | Span::Wait, Edge::Begins | Edge::Ends) => "·".to_owned(),
        };
        format!("{mark} {text}")
    }

    fn arrow(&mut self, at: Duration, arrow: &Arrow) {
        let left = arrow.from.min(arrow.to);
        let ink = match arrow.tone {
            Tone::Request => Ink::Cyan,
            Tone::Provisional => Ink::Grey,
            Tone::Success => Ink::Green,
            Tone::Failure => Ink::Red,
        };
        let drawn = self.inked(&shaft(arrow), ink);
        let empty = " ".repeat(BETWEEN);
        let lifelines = self.lifelines(|lane| if lane == left { drawn.clone() } else { empty.clone() });
        let first = format!("#{} {}", arrow.transaction, arrow.cseq);
        let parts = [&first, &arrow.uri, &arrow.media, &arrow.again, &arrow.reason];
        let words: Vec<&str> =
            parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        let words = self.inked(&words.join(" · "), Ink::Grey);
        self.told(Some(at), &lifelines, &words);
    }

    fn foot(&mut self) {
        self.line("");
        for line in &self.picture.foot {
            self.text.push_str(&format!("  {line}\n"));
        }
    }
}

/// The line of an arrow with its label in the middle and its head at its end.
fn shaft(arrow: &Arrow) -> String {
    let label = clipped(&arrow.label, BETWEEN - 5);
    let line = format!("{:─^width$}", format!(" {label} "), width = BETWEEN - 1);
    if arrow.from < arrow.to { format!("{line}▶") } else { format!("◀{line}") }
}

/// At most so many characters of a text; a `…` tells that there were more.
pub fn clipped(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}
