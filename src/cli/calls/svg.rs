//! The picture of a call as SVG 1.1: one file without a script or a font of its own, for light and dark pages.
//!
//! ```text
//!  time │ steps of the flow │ caller ───▶ Careline ◀─── person │ notes
//!       │    as bars        │   red: recorded, green: talking  │
//!       ≈ a break: time that is not drawn to scale
//!  transactions with their branches
//! ```
//! Where things stand is `layout.rs`'s; how a text of a peer gets into XML is [`escaped`]'s.

use super::layout::{BAR, BREAK_HEIGHT, Band, Bar, Break, LINE, Layout, Placed, layout, wrapped};
use super::picture::{Arrow, Edge, Lane, Mark, Picture, Span, Tone, What, time_told};
use super::text::clipped;

/// Where the times end, in pixels from the left.
const TIME: f64 = 74.0;
/// Where the axis stands.
const AXIS: f64 = 82.0;
/// Where bars begin, and how wide they are.
const BARS: (f64, f64) = (94.0, 150.0);
/// Where the first lifeline stands, and how far apart they are.
const LANES: (f64, f64) = (296.0, 226.0);
/// From the last lifeline to the notes.
const NOTES: f64 = 30.0;
/// Width of the notes.
const NOTES_WIDTH: f64 = 450.0;
/// Characters of an arrow's label.
const LABEL: usize = 26;
/// Colours of bars, one after the other.
const BAR_COLOURS: usize = 6;

/// Colours, once for a light page and once for a dark one.
const STYLE: &str = "\
text{font:12px system-ui,'Segoe UI','DejaVu Sans',sans-serif;fill:#1f2328}\
.h{font-size:17px;font-weight:600}.b{font-weight:600}.i{font-style:italic}.s{font-size:11px}.g{fill:#59636e}\
.m{font:11px ui-monospace,'DejaVu Sans Mono',monospace;fill:#59636e}\
.page{fill:#fff}.head{fill:#eef1f4;stroke:#c3cad2}.axis,.life{stroke:#aab2bb}.life{stroke-width:1.5}\
.cut{stroke:#fff;stroke-width:7}.zig{fill:none;stroke:#59636e;stroke-width:1.2}\
.rec{stroke:#d1242f;stroke-width:6}.talk{fill:#2da44e;opacity:.13}.hold{fill:#bf8700;opacity:.17}\
.end{stroke:#59636e;stroke-width:2}\
.req{stroke:#0969da}.prov{stroke:#7d8590}.ok{stroke:#1a7f37}.bad{stroke:#cf222e}\
.fh{fill:#9a6700}.fq{fill:#0969da}.fp{fill:#6a737d}.fo{fill:#1a7f37}.fb{fill:#cf222e}\
.key{fill:#8250df}.sound{fill:#0c7d84}.note{fill:#6e7781}.bar text{fill:#1f2328}\
.c0{fill:#cfe3fb}.c1{fill:#d6efd8}.c2{fill:#fbe5c8}.c3{fill:#e8dcfa}.c4{fill:#fbd9e3}.c5{fill:#d2eef0}\
@media (prefers-color-scheme:dark){text,.bar text{fill:#e6edf3}.g,.m{fill:#9aa4af}\
.page{fill:#0d1117}.head{fill:#1b222b;stroke:#3d4650}.axis,.life{stroke:#4a545f}.cut{stroke:#0d1117}\
.zig{stroke:#9aa4af}.rec{stroke:#f0544f}.talk{opacity:.2}.hold{opacity:.24}.end{stroke:#9aa4af}\
.req{stroke:#58a6ff}.prov{stroke:#8b949e}.ok{stroke:#3fb950}.bad{stroke:#ff7b72}\
.fh{fill:#d29922}.fq{fill:#58a6ff}.fp{fill:#9aa4af}.fo{fill:#3fb950}.fb{fill:#ff7b72}\
.key{fill:#b392f0}.sound{fill:#39c5cf}.note{fill:#9aa4af}\
.c0{fill:#1d3a5f}.c1{fill:#1d4428}.c2{fill:#553c12}.c3{fill:#40306b}.c4{fill:#5c2438}.c5{fill:#15464a}}";

/// Draws it.
pub fn draw(picture: &Picture) -> String {
    let top = 34.0 + 18.0 * picture.title.len() as f64;
    let layout = layout(picture, top + 34.0);
    let mut page = Page { picture, layout, body: String::new() };
    page.head(top);
    page.ground(top);
    page.rows();
    let height = page.foot();
    let (width, title) = (page.notes() + NOTES_WIDTH, picture.title.first().map_or("", String::as_str));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">\n<title>{}</title>\n<style>{STYLE}</style>\n\
         <rect class=\"page\" width=\"{width}\" height=\"{height}\"/>\n{}</svg>\n",
        escaped(title),
        page.body
    )
}

struct Page<'a> {
    picture: &'a Picture,
    layout: Layout<'a>,
    body: String,
}

impl Page<'_> {
    fn put(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }

    /// A text at a place; `class` is its look.
    fn text(&mut self, (x, y): (f64, f64), class: &str, text: &str) {
        let text = escaped(text);
        self.put(&format!("<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\">{text}</text>"));
    }

    /// The same around or before a place: `anchor` is SVG's `middle` or `end`.
    fn anchored(&mut self, (x, y): (f64, f64), anchor: &str, class: &str, text: &str) {
        let text = escaped(text);
        self.put(&format!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" class=\"{class}\">{text}</text>"
        ));
    }

    fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), class: &str) {
        self.put(&format!(
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" class=\"{class}\"/>"
        ));
    }

    /// Where a lifeline stands. A picture without it has no arrow to it.
    fn lane(&self, lane: Lane) -> f64 {
        let place = self.picture.lanes.iter().position(|it| *it == lane).unwrap_or(0);
        LANES.0 + LANES.1 * place as f64
    }

    fn last_lane(&self) -> f64 {
        self.picture.lanes.last().map_or(LANES.0, |lane| self.lane(*lane))
    }

    fn notes(&self) -> f64 {
        self.last_lane() + NOTES
    }

    /// What stands over it, and the names of the lifelines.
    fn head(&mut self, top: f64) {
        let picture = self.picture;
        for (place, line) in picture.title.iter().enumerate() {
            let class = if place == 0 { "h" } else { "g" };
            self.text((20.0, 30.0 + 18.0 * place as f64), class, line.trim_start());
        }
        self.anchored((TIME, top + 15.0), "end", "s g", "time");
        self.text((BARS.0, top + 15.0), "s g", "step of the flow");
        self.lane_names(top);
    }

    fn lane_names(&mut self, top: f64) {
        for lane in &self.picture.lanes {
            let x = self.lane(*lane);
            self.put(&format!(
                "<rect class=\"head\" x=\"{:.1}\" y=\"{top:.1}\" width=\"92\" height=\"22\" rx=\"5\"/>",
                x - 46.0
            ));
            self.anchored((x, top + 15.5), "middle", "b", lane.name());
        }
    }

    /// What lies under the arrows: bands, lifelines, bars, breaks.
    fn ground(&mut self, top: f64) {
        let (begin, bottom) = (top + 22.0, self.layout.bottom);
        let bands = std::mem::take(&mut self.layout.bands);
        bands.iter().for_each(|band| self.band(band));
        self.line((AXIS, begin), (AXIS, bottom), "axis");
        for lane in &self.picture.lanes {
            let x = self.lane(*lane);
            self.line((x, begin), (x, bottom), "life");
        }
        let x = self.lane(Lane::Careline);
        for Band { from_to: (from, to), .. } in bands.iter().filter(|it| it.span == Span::Recording) {
            self.line((x, *from), (x, *to), "rec");
        }
        let bars = std::mem::take(&mut self.layout.bars);
        bars.iter().enumerate().for_each(|(place, bar)| self.bar(place, bar));
        let breaks = std::mem::take(&mut self.layout.breaks);
        breaks.iter().for_each(|it| self.break_of(it));
    }

    /// Talk and hold lie between the lifelines of those whom they concern.
    fn band(&mut self, band: &Band) {
        let (class, lanes) = match band.span {
            Span::Recording => return,
            Span::Hold => ("hold", (Lane::Caller, Lane::Careline)),
            Span::Talk => ("talk", (Lane::Caller, Lane::Person)),
            Span::Wait => ("hold", (Lane::Careline, Lane::Person)),
        };
        let (from, to) = band.from_to;
        let (left, right) = (self.lane(lanes.0), self.lane(lanes.1));
        self.rect(class, (left, from), (right - left, to - from));
    }

    fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64)) {
        self.put(&format!(
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"4\"/>"
        ));
    }

    fn bar(&mut self, place: usize, bar: &Bar<'_>) {
        let (from, to) = bar.from_to;
        let whole = escaped(&format!("{} / {}", bar.flow, bar.step));
        self.put(&format!("<g class=\"bar\"><title>{whole}</title>"));
        self.rect(&format!("c{}", place % BAR_COLOURS), (BARS.0, from), (BARS.1, to - from));
        self.text((BARS.0 + 8.0, from + 16.0), "b", &clipped(bar.step, BAR));
        if to - from >= 2.0 * LINE + 8.0 {
            self.text((BARS.0 + 8.0, from + 16.0 + LINE), "s", &clipped(bar.flow, BAR));
        }
        self.put("</g>");
    }

    /// A gap in every line that runs through it, with its length.
    fn break_of(&mut self, it: &Break) {
        let lines: Vec<f64> =
            [AXIS].into_iter().chain(self.picture.lanes.iter().map(|lane| self.lane(*lane))).collect();
        for x in lines {
            self.line((x, it.y - 4.0), (x, it.y + 4.0), "cut");
            for y in [it.y - 4.0, it.y + 4.0] {
                let path = format!("M{:.1} {:.1}q4 -5 8 0t8 0", x - 8.0, y);
                self.put(&format!("<path class=\"zig\" d=\"{path}\"/>"));
            }
        }
        self.anchored((TIME - 4.0, it.y + 4.0), "end", "s g i", &format!("+{}", it.told));
    }

    fn rows(&mut self) {
        let placed = std::mem::take(&mut self.layout.placed);
        let mut told = None;
        for row in &placed {
            let time = time_told(row.row.at);
            if told.as_ref() != Some(&time) {
                self.anchored((TIME, row.y + 4.0), "end", "s g", &time);
                self.line((AXIS - 4.0, row.y), (AXIS, row.y), "axis");
                told = Some(time);
            }
            self.row(row);
        }
    }

    fn row(&mut self, placed: &Placed<'_>) {
        let (y, caller, careline) = (placed.y, self.lane(Lane::Caller), self.lane(Lane::Careline));
        let class = match &placed.row.what {
            What::Message(arrow) => {
                self.arrow(y, arrow);
                ["s", "s g"]
            }
            What::Told(Mark::Key, _) => {
                self.rect("key", (caller - 6.0, y - 6.0), (12.0, 12.0));
                ["b key", "key"]
            }
            What::Told(Mark::Sound, _) => {
                self.dot((careline, y), "sound");
                ["sound", "sound"]
            }
            What::Told(Mark::Note, _) => {
                self.dot((careline, y), "note");
                ["", ""]
            }
            What::Edge(Span::Recording, edge, _) => {
                match edge {
                    Edge::Begins => self.dot((careline, y), "fb"),
                    Edge::Ends => self.rect("fb", (careline - 5.0, y - 5.0), (10.0, 10.0)),
                }
                ["fb", "fb"]
            }
            What::Edge(Span::Hold | Span::Wait, ..) => {
                self.dot((careline, y), "fh");
                ["fh", "fh"]
            }
            What::Edge(Span::Talk, ..) => {
                self.dot((careline, y), "fo");
                ["fo", "fo"]
            }
            What::Cut(_) => ["g", "g"],
            What::Step { .. } => ["s g", "s g"],
            What::Over(_) => {
                self.line((LANES.0 - 20.0, y), (self.last_lane() + 20.0, y), "end");
                ["b", "b"]
            }
        };
        let x = self.notes();
        for (place, note) in placed.notes.iter().enumerate() {
            // What was sent again is what is looked for.
            let class = if is_again(&placed.row.what, note) { "s b fb" } else { class[place.min(1)] };
            self.text((x, y + 4.0 + LINE * place as f64), class, note);
        }
    }

    fn dot(&mut self, (x, y): (f64, f64), class: &str) {
        self.put(&format!("<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\"/>"));
    }

    fn arrow(&mut self, y: f64, arrow: &Arrow) {
        let (stroke, fill) = match arrow.tone {
            Tone::Request => ("req", "fq"),
            Tone::Provisional => ("prov", "fp"),
            Tone::Success => ("ok", "fo"),
            Tone::Failure => ("bad", "fb"),
        };
        let (from, to) = (self.lane(arrow.from), self.lane(arrow.to));
        let towards = if from < to { 1.0 } else { -1.0 };
        let tip = to - towards * 4.0;
        self.put(&format!(
            "<line x1=\"{from:.1}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\" class=\"{stroke}\" stroke-width=\"1.6\"/>\
             <path class=\"{fill}\" d=\"M{tip:.1} {y:.1}l{:.1} -4.5v9z\"/>",
            tip - towards * 8.0,
            -towards * 9.0
        ));
        let label = clipped(&arrow.label, LABEL);
        self.anchored(((from + to) / 2.0, y - 5.0), "middle", &format!("b {fill}"), &label);
    }

    /// The names of the lifelines once more, a legend, the transactions. Where the page ends.
    fn foot(&mut self) -> f64 {
        let bottom = self.layout.bottom;
        self.lane_names(bottom);
        let mut y = bottom + BREAK_HEIGHT + LINE;
        let legend = "red: recorded  ·  green: talking with a person  ·  amber: on hold  ·  purple: keys  ·  \
                      teal: sound  ·  \
                      ≈: time not drawn to scale  ·  #: transaction";
        self.text((20.0, y), "s g", legend);
        y += LINE;
        let picture = self.picture;
        for line in picture.foot.iter().flat_map(|line| wrapped(line, 130)) {
            y += LINE;
            self.text((20.0, y), "m", &line);
        }
        y + 20.0
    }
}

fn is_again(what: &What, note: &str) -> bool {
    matches!(what, What::Message(arrow) if arrow.again == note)
}

/// A text as XML takes it: its own signs by name, characters that XML forbids as U+FFFD.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
