//! A call as a picture: SIP messages, steps of the flow, sound and recording on one axis of time. What
//! `text.rs` and `svg.rs` draw alike.
//!
//! ```text
//!  ladder ──▶ arrows ──┐
//!                      ├─ by time; in one instant: what came in, what was told, what went out ──▶ rows
//!  log ─────▶ facts ───┘
//! ```
//! Every text in it is printable and its numbers are as the reader may see them. What is *not* its job:
//! where anything stands on a page.

use super::Numbers;
use super::facts::facts;
use super::record::summary;
use super::words::{masked, number, printable};
use crate::id::LegId;
use crate::limits::LADDER_HEAD_RUNGS;
use crate::phi::Phi;
use crate::report::cdr::Record;
use crate::report::event::{Entry, Event};
use crate::report::ladder::{Heading, Ladder, Rung, Start};
use crate::wire::sip::emit::reason_phrase;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

/// A call, ready to be drawn.
#[derive(Debug, Default)]
pub struct Picture {
    /// What stands over it.
    pub title: Vec<String>,
    /// Who takes part, from left to right.
    pub lanes: Vec<Lane>,
    /// What happened, in order.
    pub rows: Vec<Row>,
    /// What lasted over several of them.
    pub stretches: Vec<Stretch>,
    /// What stands under it.
    pub foot: Vec<String>,
}

/// A lifeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// The patient.
    Caller,
    /// The engine.
    Careline,
    /// Whom the flow called for the patient.
    Person,
}

impl Lane {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Lane::Caller => "caller",
            Lane::Careline => "Careline",
            Lane::Person => "person",
        }
    }
}

/// One thing that happened.
#[derive(Debug)]
pub struct Row {
    /// When, since the INVITE came.
    pub at: Duration,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum What {
    /// A SIP message.
    Message(Box<Arrow>),
    /// Messages that are counted and not kept.
    Cut(u32),
    /// A step of the flow began.
    Step {
        /// Its flow.
        flow: String,
        /// Its name.
        step: String,
    },
    /// Something was told.
    Told(Mark, String),
    /// Something that lasts began or ended.
    Edge(Span, Edge, String),
    /// The call was over.
    Over(String),
}

/// What kind of thing was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A key, or the lack of one.
    Key,
    /// Sound.
    Sound,
    /// Anything else.
    Note,
}

/// What lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Span {
    /// Sound is being recorded.
    Recording,
    /// The caller has put us on hold.
    Hold,
    /// Caller and person hear each other.
    Talk,
    /// The person has put the caller on hold.
    Wait,
}

/// Something that lasted.
#[derive(Debug)]
pub struct Stretch {
    /// What.
    pub span: Span,
    /// The rows from its beginning to before its end.
    pub rows: Range<usize>,
}

/// One end of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// It begins.
    Begins,
    /// It ends.
    Ends,
}

/// A SIP message between two lifelines.
#[derive(Clone, Debug)]
pub struct Arrow {
    /// Where it starts.
    pub from: Lane,
    /// Where it ends.
    pub to: Lane,
    /// Its method, or its status.
    pub label: String,
    /// What kind it is.
    pub tone: Tone,
    /// Which line of the transactions in the foot names its branch, from 1.
    pub transaction: usize,
    /// What its SDP says; empty if it has none.
    pub media: String,
    /// That it was sent again; empty if it was not.
    pub again: String,
    /// Its Reason; empty if it has none.
    pub reason: String,
    /// CSeq.
    pub cseq: String,
    /// The Request-URI of a request; empty for a response.
    pub uri: String,
}

/// How a message is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A request.
    Request,
    /// 1xx.
    Provisional,
    /// 2xx.
    Success,
    /// 3xx and over.
    Failure,
}

/// The order of what happened in one instant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// A message that came in.
    CameIn,
    /// What the engine made of it.
    Told,
    /// A message that went out.
    WentOut,
    /// The end.
    Over,
}

/// Something that happened, not yet in its place: microseconds since the engine started, its turn, itself.
pub type Unplaced = (u64, Turn, What);

impl Picture {
    /// The picture of a call; `None` when nothing is known of it.
    pub fn of(entries: &[Entry], numbers: Numbers, zone: &TimeZone) -> Option<Self> {
        let record = Record::of(entries)?;
        let ladder = entries.iter().find_map(|entry| match &entry.event {
            Event::Ladder(ladder) => Some(ladder.as_ref()),
            _ => None,
        });
        let mut rows = facts(entries, &record, numbers);
        let mut transactions = Transactions::default();
        if let Some(ladder) = ladder {
            let patient = record.arrival.as_ref().map(|arrival| arrival.leg);
            rows.extend(arrows(ladder, patient, numbers, &mut transactions));
        }
        rows.sort_by_key(|(at, turn, _)| (*at, *turn));
        let arrived = record.arrived.map(|arrived| arrived.since_start_us);
        let began = rows.first().map(|(at, ..)| *at).into_iter().chain(arrived).min().unwrap_or(0);
        let row = |(at, _, what): Unplaced| Row { at: Duration::from_micros(at - began), what };
        let rows: Vec<Row> = rows.into_iter().map(row).collect();
        let mut lanes = BTreeSet::from([Lane::Caller, Lane::Careline]);
        lanes.extend((!record.persons.is_empty()).then_some(Lane::Person));
        lanes.extend(rows.iter().filter_map(|row| match &row.what {
            What::Message(arrow) => Some(arrow.from.max(arrow.to)),
            What::Cut(_) | What::Step { .. } | What::Told(..) | What::Edge(..) | What::Over(_) => None,
        }));
        Some(Self {
            title: summary(&record, numbers, zone).lines().map(str::to_owned).collect(),
            lanes: lanes.into_iter().collect(),
            stretches: stretches(&rows),
            rows,
            foot: transactions.told(ladder),
        })
    }
}

/// The picture of a ladder that the other side of the engine kept, beside what it noted on the way; the times begin
/// with the first of them. What comes in at the engine went out there, after what was noted in the same instant.
/// The leg of `patient` is the caller's, any other a person's.
pub fn of_ladder(
    title: Vec<String>,
    ladder: &Ladder,
    noted: Vec<Unplaced>,
    patient: Option<LegId>,
) -> Picture {
    let (mut transactions, mut rows) = (Transactions::default(), noted);
    let turned = |turn| match turn {
        Turn::CameIn => Turn::WentOut,
        Turn::WentOut => Turn::CameIn,
        Turn::Told => Turn::Told,
        Turn::Over => Turn::Over,
    };
    let arrows = arrows(ladder, patient, Numbers::Masked, &mut transactions);
    rows.extend(arrows.into_iter().map(|(at, turn, what)| (at, turned(turn), what)));
    rows.sort_by_key(|(at, turn, _)| (*at, *turn));
    let began = rows.first().map_or(0, |(at, ..)| *at);
    let row = |(at, _, what): Unplaced| Row { at: Duration::from_micros(at - began), what };
    let peer = if patient.is_some() { Lane::Caller } else { Lane::Person };
    let lanes = BTreeSet::from([peer, Lane::Careline]).into_iter().collect();
    let rows = rows.into_iter().map(row).collect();
    Picture { title, lanes, rows, stretches: Vec::new(), foot: transactions.told(Some(ladder)) }
}

/// What lasts, until its end is told. Nothing outlasts the call but what is told to have ended after it.
fn stretches(rows: &[Row]) -> Vec<Stretch> {
    let (mut open, mut done, mut over) = (BTreeMap::new(), Vec::new(), rows.len());
    for (place, row) in rows.iter().enumerate() {
        match &row.what {
            What::Edge(span, Edge::Begins, _) => {
                open.entry(*span).or_insert(place);
            }
            What::Edge(span, Edge::Ends, _) => {
                let from = open.remove(span);
                done.extend(from.map(|from| Stretch { span: *span, rows: from..place }));
            }
            What::Over(_) => over = place,
            What::Message(_) | What::Cut(_) | What::Step { .. } | What::Told(..) => {}
        }
    }
    done.extend(open.into_iter().map(|(span, from)| Stretch { span, rows: from..over }));
    done
}

/// The transactions of the messages: a branch is too long to stand beside each of them.
#[derive(Default)]
struct Transactions {
    known: Vec<(LegId, String, String)>,
}

impl Transactions {
    /// The place of a message's transaction in the foot, from 1 (RFC 3261 §17: told by its branch).
    fn place(&mut self, rung: &Rung<'_>) -> usize {
        let is_its =
            |(leg, branch, _): &(LegId, String, String)| *leg == rung.seen.leg && *branch == rung.branch;
        if let Some(place) = self.known.iter().position(is_its) {
            return place + 1;
        }
        let over = rung.seen.transport.in_via();
        let told = format!("{} over {over}, branch {}", rung.seen.leg, printable(&rung.branch));
        self.known.push((rung.seen.leg, rung.branch.to_string(), told));
        self.known.len()
    }

    fn told(&self, ladder: Option<&Ladder>) -> Vec<String> {
        if ladder.is_none() {
            return vec![
                "no SIP messages: they are kept when the call is over, and a crash of the engine loses"
                    .to_owned(),
                "those of the calls that are up".to_owned(),
            ];
        }
        self.known.iter().enumerate().map(|(at, (.., told))| format!("#{} {told}", at + 1)).collect()
    }
}

fn arrows(
    ladder: &Ladder,
    patient: Option<LegId>,
    numbers: Numbers,
    transactions: &mut Transactions,
) -> Vec<Unplaced> {
    let mut rows = Vec::new();
    for (place, rung) in ladder.rungs().enumerate() {
        let turn = match rung.seen.heading {
            Heading::In => Turn::CameIn,
            Heading::Out => Turn::WentOut,
        };
        if place == LADDER_HEAD_RUNGS && ladder.cut() > 0 {
            rows.push((rung.seen.at_us, Turn::CameIn, What::Cut(ladder.cut())));
        }
        let peer = if patient == Some(rung.seen.leg) { Lane::Caller } else { Lane::Person };
        let arrow = arrow(&rung, peer, numbers, transactions.place(&rung));
        rows.push((rung.seen.at_us, turn, What::Message(Box::new(arrow))));
    }
    rows
}

fn arrow(rung: &Rung<'_>, peer: Lane, numbers: Numbers, transaction: usize) -> Arrow {
    let (from, to) = match rung.seen.heading {
        Heading::In => (peer, Lane::Careline),
        Heading::Out => (Lane::Careline, peer),
    };
    let (label, tone, uri) = match &rung.start {
        Start::Request { uri } => (rung.method.to_string(), Tone::Request, shown_uri(uri.expose(), numbers)),
        Start::Status { status, phrase } => {
            let phrase = match phrase {
                Some(phrase) => masked(phrase, numbers),
                None => reason_phrase(*status).to_owned(),
            };
            (format!("{status} {phrase}").trim_end().to_owned(), tone(*status), String::new())
        }
    };
    let last = Duration::from_micros(rung.last_us.saturating_sub(rung.seen.at_us));
    let again = match rung.again {
        0 => String::new(),
        again => format!("sent {} times in {:.1} s", u64::from(again) + 1, last.as_secs_f64()),
    };
    Arrow {
        from,
        to,
        label,
        tone,
        transaction,
        media: rung.media.as_deref().map_or(String::new(), media_told),
        again,
        reason: rung.reason.as_deref().map_or(String::new(), |reason| masked(reason, numbers)),
        cseq: format!("{} {}", rung.cseq, rung.method),
        uri,
    }
}

fn tone(status: u16) -> Tone {
    match status {
        ..200 => Tone::Provisional,
        200..300 => Tone::Success,
        300.. => Tone::Failure,
    }
}

/// A URI whose user is shown as a number is; its parameters may hold another number (RFC 3966 §3).
fn shown_uri(uri: &str, numbers: Numbers) -> String {
    if numbers == Numbers::Full {
        return printable(uri);
    }
    let (scheme, rest) = uri.split_once(':').unwrap_or(("", uri));
    let bare = |text: &str| text.split([';', '?', ':']).next().unwrap_or_default().to_owned();
    match rest.split_once('@') {
        Some((user, host)) => {
            let host = host.split([';', '?']).next().unwrap_or_default();
            format!("{scheme}:{}@{}", number(&Phi::new(bare(user)), numbers), printable(host))
        }
        None if scheme.eq_ignore_ascii_case("tel") => {
            format!("{scheme}:{}", number(&Phi::new(bare(rest)), numbers))
        }
        None => match rest.split([';', '?']).next().unwrap_or_default().rsplit_once(':') {
            Some((host, port)) if port.len() <= 5 => {
                format!("{scheme}:{}:{}", masked(host, numbers), printable(port))
            }
            Some(_) | None => masked(uri.split([';', '?']).next().unwrap_or_default(), numbers),
        },
    }
}

/// SDP's media in the words of a telephone: names of codecs for the payload types that are fixed (RFC 3551 §6).
fn media_told(media: &str) -> String {
    let one = |medium: &str| {
        let mut words = medium.split_whitespace();
        let (kind, port) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let _protocol = words.next();
        if port == "0" {
            return format!("{kind} refused");
        }
        let (mut codecs, mut direction) = (Vec::new(), "sendrecv");
        for word in words {
            match word {
                "sendrecv" | "sendonly" | "recvonly" | "inactive" => direction = word,
                "0" => codecs.push("PCMU"),
                "3" => codecs.push("GSM"),
                "8" => codecs.push("PCMA"),
                "9" => codecs.push("G722"),
                "13" => codecs.push("CN"),
                "18" => codecs.push("G729"),
                other => codecs.push(other),
            }
        }
        format!("{kind} {port}: {} · {direction}", codecs.join(" "))
    };
    printable(&media.split("; ").map(one).collect::<Vec<_>>().join(", "))
}

/// Time without anything in it from which on it is drawn as a break, not to scale.
pub const BREAK: Duration = Duration::from_secs(1);

/// The time since the row before, when it is long enough for a break.
pub fn pause(before: Option<&Row>, row: &Row) -> Option<Duration> {
    before.map(|before| row.at.saturating_sub(before.at)).filter(|pause| *pause >= BREAK)
}

/// A pause as it is written: `4.5 s`, `12 min 03 s`.
pub fn pause_told(pause: Duration) -> String {
    match pause.as_secs() {
        ..60 => format!("{:.1} s", pause.as_secs_f64()),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

/// A time of the axis: seconds and milliseconds, with minutes once there are some.
pub fn time_told(at: Duration) -> String {
    let (minutes, seconds) = (at.as_secs() / 60, at.as_secs() % 60);
    match minutes {
        0 => format!("{seconds}.{:03}", at.subsec_millis()),
        _ => format!("{minutes}:{seconds:02}.{:03}", at.subsec_millis()),
    }
}
