//! `hours.yaml` and the iCalendar files that it names: when the clinic is open, calendar by calendar.

use crate::flow::codes::{FAMILY, FILE, HOLIDAY, ICS, OVERLAP, TWICE, VALUE, WEEK, ZONE};
use crate::flow::diagnostic::{Place, Sources, Words, nearest};
use crate::flow::hours::calendar::{Calendar, Day, Feed, Holiday, Line};
use crate::flow::hours::holiday::Rule;
use crate::flow::hours::icalendar::{self, event::Event};
use crate::flow::hours::interval::{self, Interval};
use crate::flow::hours::memo::Memo;
use crate::flow::hours::{lint, week, zone};
use crate::flow::syntax::fields::{self, Fields, Placed};
use crate::flow::syntax::tree::{Node, Shape};
use crate::flow::vocabulary;
use crate::limits::{CALENDARS_MAX, HOLIDAYS_MAX, ICS_FILES_MAX};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An iCalendar file beside `hours.yaml`.
#[derive(Clone, Debug)]
pub struct IcsFile {
    /// Which of the sources it is.
    pub file: usize,
    /// What it holds.
    pub events: Vec<Event>,
}

/// `hours.yaml` as written.
#[derive(Clone, Debug, Default)]
pub struct HoursText {
    /// The calendars by name; absent where one could not be read.
    pub calendars: Vec<(Placed<String>, Option<Calendar>)>,
    /// The iCalendar files that they name.
    pub named: Vec<String>,
}

/// Reads the iCalendar file that is number `file` of the sources.
pub fn read_ics(file: usize, sources: &mut Sources) -> IcsFile {
    let path: Arc<str> = Arc::from(sources.path(file));
    let (events, faults) = icalendar::read(sources.text(file), &path);
    for fault in faults {
        let line = sources.text(file).lines().nth(fault.line - 1).unwrap_or("").trim_end();
        let at = line.find(&fault.part).filter(|_| !fault.part.is_empty());
        let column = at.map_or(1, |at| line[..at].chars().count() + 1);
        let width = at.map_or(line.chars().count(), |_| fault.part.chars().count()).max(1);
        let words = Words::what(fault.what).repair(fault.repair).hears(HEARS);
        sources.fault(Place { file, line: fault.line, column, width }, ICS, words);
    }
    IcsFile { file, events }
}

const HEARS: &str = "a caller would be told that the clinic is open while nobody is there, or the reverse";

/// Reads `hours.yaml`; `ics` are the iCalendar files beside it, by name.
pub fn read(node: &Node, ics: &BTreeMap<String, IcsFile>, sources: &mut Sources) -> HoursText {
    let mut text = HoursText::default();
    let entries = fields::entries(node, "hours.yaml", FAMILY, sources).unwrap_or_default();
    too_many(entries, CALENDARS_MAX, "calendars", sources);
    for (key, value) in entries.iter().take(CALENDARS_MAX) {
        let Some(name) = fields::name(key, "a calendar", FAMILY, sources) else { continue };
        let calendar = calendar(&name.value, value, ics, &mut text.named, sources);
        text.calendars.push((name, calendar));
    }
    text
}

fn too_many(entries: &[(Node, Node)], max: usize, what: &str, sources: &mut Sources) {
    if let Some((key, _)) = entries.get(max) {
        let words = Words::what(format!("there are {} {what}", entries.len()));
        sources.fault(key.place, VALUE, words.repair(format!("at most {max} are read")));
    }
}

fn calendar(
    name: &str,
    node: &Node,
    ics: &BTreeMap<String, IcsFile>,
    named: &mut Vec<String>,
    sources: &mut Sources,
) -> Option<Calendar> {
    let mut fields = Fields::of_object(node, &[&vocabulary::CALENDAR], FAMILY, sources)?;
    let zone = fields.need("zone", sources).and_then(|n| zone(n, sources));
    let week = fields.need("week", sources).and_then(|n| self::week(n, sources));
    let holidays = fields.take("holidays").map(|n| holidays(n, sources)).unwrap_or_default();
    let feeds = fields.take("ics").map(|n| feeds(n, ics, named, sources)).unwrap_or_default();
    fields.finish(sources);
    Some(Calendar { name: name.to_owned(), zone: zone?, week: week?, holidays, feeds, memo: Memo::default() })
}

fn zone(node: &Node, sources: &mut Sources) -> Option<TimeZone> {
    let word = fields::word(node, "a time zone", FAMILY, sources)?;
    let zone = zone::zone(&word.value);
    if zone.is_none() {
        let repair = match zone::meant(&word.value) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "write the place of the IANA list, such as America/New_York".to_owned(),
        };
        let words = Words::what(format!("`{}` is no time zone", word.value)).repair(repair);
        sources.fault(word.place, ZONE, words.hears("nobody would know when it is eight o'clock"));
    }
    zone
}

fn line(place: Place, sources: &Sources) -> Line {
    let text = sources.text(place.file).lines().nth(place.line.saturating_sub(1)).unwrap_or("");
    Line { file: Arc::from(sources.path(place.file)), number: place.line, text: text.trim().to_owned() }
}

fn intervals(node: &Node, sources: &mut Sources) -> Option<Vec<Interval>> {
    let word = fields::word(node, "a time of opening", FAMILY, sources)?;
    match interval::read(&word.value) {
        Ok(intervals) => Some(intervals),
        Err(why) => {
            sources.fault(word.place, VALUE, Words::what(why.what).repair(why.repair).hears(HEARS));
            None
        }
    }
}

fn week(node: &Node, sources: &mut Sources) -> Option<[Day; 7]> {
    let mut days: [Option<(Day, Place)>; 7] = Default::default();
    let mut whole = true;
    for (key, value) in fields::entries(node, "`week`", FAMILY, sources)? {
        let named = days_of(key, sources);
        let intervals = intervals(value, sources);
        whole &= named.is_some() && intervals.is_some();
        for at in named.unwrap_or_default() {
            let (_, day) = week::DAYS[at];
            if let Some((_, first)) = &days[at] {
                let words = Words::what(format!("{day} stands here for the second time"))
                    .repair(format!("name it once; the first is in line {}", first.line));
                sources.fault(key.place, TWICE, words.hears(HEARS));
                continue;
            }
            let intervals = intervals.clone().unwrap_or_default();
            days[at] = Some((Day { intervals, line: line(key.place, sources) }, value.place));
        }
    }
    if whole {
        gaps(&days, node.place, sources);
    }
    let places = days.each_ref().map(|day| day.as_ref().map(|(_, place)| *place));
    let [a, b, c, d, e, f, g] = days.map(|day| day.map(|(day, _)| day));
    let week = [a?, b?, c?, d?, e?, f?, g?];
    if let Some([one, next]) = lint::overlap(&week.each_ref().map(|day| day.intervals.clone())) {
        let of = |(day, interval): (usize, Interval)| format!("{} of {}", interval, week::DAYS[day].1);
        let place = places[next.0.max(one.0)].unwrap_or(node.place);
        overlaps(place, &of(one), &of(next), sources);
    }
    whole.then_some(week)
}

fn overlaps(place: Place, one: &str, next: &str, sources: &mut Sources) {
    let words = Words::what(format!("{next} begins before {one} is over"))
        .repair("let one end where the other begins, or make one of them")
        .hears("nothing now, but nobody can tell which of the two was meant");
    sources.fault(place, OVERLAP, words);
}

fn gaps(days: &[Option<(Day, Place)>; 7], place: Place, sources: &mut Sources) {
    let left_out: Vec<&str> =
        days.iter().zip(week::DAYS).filter(|(day, _)| day.is_none()).map(|(_, (_, name))| name).collect();
    if !left_out.is_empty() {
        let words = Words::what(format!("the week does not say anything of {}", left_out.join(", ")))
            .repair(format!("add the hours, or `{}: closed`", left_out.join(", ")))
            .hears("whether the clinic is open on that day would be a guess");
        sources.fault(place, WEEK, words);
    }
}

/// Positions in the week.
fn days_of(key: &Node, sources: &mut Sources) -> Option<Vec<usize>> {
    let word = fields::word(key, "a day", FAMILY, sources)?;
    match week::read(&word.value) {
        Ok(days) => Some(days.into_iter().map(week::position).collect()),
        Err(wrong) => {
            let full = || week::DAYS.iter().map(|(_, name)| *name);
            let repair = match (wrong.as_str(), nearest(&wrong, full().map(|name| &name[..3]).chain(full())))
            {
                ("weekdays", _) => "write `mon-fri`".to_owned(),
                ("weekend" | "weekends", _) => "write `sat, sun`".to_owned(),
                (_, Some(near)) => format!("did you mean `{near}`?"),
                (_, None) => "write days such as `monday`, `mon-fri`, `sat, sun` or `every day`".to_owned(),
            };
            let words = Words::what(format!("`{wrong}` is no day of the week")).repair(repair);
            sources.fault(word.place, VALUE, words.hears(HEARS));
            None
        }
    }
}

fn holidays(node: &Node, sources: &mut Sources) -> Vec<Holiday> {
    let entries = fields::entries(node, "`holidays`", FAMILY, sources).unwrap_or_default();
    too_many(entries, HOLIDAYS_MAX, "holidays", sources);
    entries.iter().take(HOLIDAYS_MAX).filter_map(|(key, value)| holiday(key, value, sources)).collect()
}

/// `NAME: RULE`, or `NAME: {on: RULE, open: TIMES}`.
fn holiday(key: &Node, value: &Node, sources: &mut Sources) -> Option<Holiday> {
    let name = fields::word(key, "the name of a holiday", FAMILY, sources)?;
    let (rule, intervals) = match &value.shape {
        Shape::Map(_) => {
            let mut fields = Fields::of_object(value, &[&vocabulary::HOLIDAY], FAMILY, sources)?;
            let rule = fields.need("on", sources).and_then(|n| rule(n, sources));
            let own = fields.take("open").map(|n| (n.place, intervals(n, sources)));
            fields.finish(sources);
            if let Some((place, Some(own))) = &own
                && let Some([(_, one), (_, next)]) = lint::overlap_of_day(own)
            {
                overlaps(*place, &one.to_string(), &next.to_string(), sources);
            }
            (rule, own.map_or(Some(Vec::new()), |(_, own)| own))
        }
        Shape::Scalar(_) | Shape::List(_) | Shape::Broken => (rule(value, sources), Some(Vec::new())),
    };
    Some(Holiday { name: name.value, rule: rule?, intervals: intervals?, line: line(key.place, sources) })
}

fn rule(node: &Node, sources: &mut Sources) -> Option<Rule> {
    let word = fields::word(node, "the rule of a holiday", FAMILY, sources)?;
    match Rule::read(&word.value) {
        Ok(rule) => Some(rule),
        Err(why) => {
            let words = Words::what(why.what).repair(why.repair);
            let hears = "on that day a caller would be told that the clinic is open";
            sources.fault(word.place, HOLIDAY, words.hears(hears));
            None
        }
    }
}

/// `ics: FILE`, or a list of files.
fn feeds(
    node: &Node,
    ics: &BTreeMap<String, IcsFile>,
    named: &mut Vec<String>,
    sources: &mut Sources,
) -> Vec<Feed> {
    let files = match &node.shape {
        Shape::List(items) => items.as_slice(),
        Shape::Scalar(_) | Shape::Map(_) | Shape::Broken => std::slice::from_ref(node),
    };
    if let Some(file) = files.get(ICS_FILES_MAX) {
        let words = Words::what(format!("a calendar names {} iCalendar files", files.len()));
        sources.fault(file.place, VALUE, words.repair(format!("at most {ICS_FILES_MAX} are read")));
    }
    let mut feeds = Vec::new();
    for file in files.iter().take(ICS_FILES_MAX) {
        let Some(word) = fields::word(file, "an iCalendar file", FAMILY, sources) else { continue };
        named.push(word.value.clone());
        match ics.get(&word.value) {
            Some(found) => feeds.push(Feed { line: line(word.place, sources), events: found.events.clone() }),
            None => {
                let known: Vec<&str> = ics.keys().map(String::as_str).collect();
                let repair = match nearest(&word.value, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("put {} beside hours.yaml; its name ends in .ics", word.value),
                };
                let words =
                    Words::what(format!("there is no iCalendar file `{}`", word.value)).repair(repair);
                sources.fault(word.place, FILE, words.hears("holidays would be days like all others"));
            }
        }
    }
    feeds
}

/// Finds fault with iCalendar files that no calendar names.
pub fn unnamed(ics: &BTreeMap<String, IcsFile>, named: &[String], sources: &mut Sources) {
    for (name, IcsFile { file, .. }) in ics.iter().filter(|(name, _)| !named.contains(name)) {
        let words = Words::what("no calendar of hours.yaml names this file")
            .repair(format!("write `ics: {name}` there, or take the file away"))
            .hears("its holidays would be days like all others");
        sources.fault(Place::whole_file(*file), FILE, words);
    }
}
