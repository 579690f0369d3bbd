//! An iCalendar file (RFC 5545) of closures: each VEVENT closes the days or times that it takes.
//!
//! What is understood: VEVENT with SUMMARY, DTSTART, DTEND or DURATION, RRULE, EXDATE, STATUS. What says nothing of
//! when (UID, DESCRIPTION, X-… and the like) is passed over, and so are VALARM and VTIMEZONE: a zone is known by its
//! IANA name. Everything else is a fault with its line: a holiday that was not understood is a clinic that is thought
//! to be open.

pub mod event;
pub mod lines;
pub mod moment;
pub mod recurrence;
#[cfg(test)]
mod tests;

use super::calendar::Line;
use super::zone;
use crate::limits::{
    ICS_EVENT_MAX_DAYS, ICS_EVENTS_MAX, ICS_EXCEPTIONS_MAX, ICS_RULE_DAYS_MAX, ICS_WALK_MAX_DAYS,
};
use event::{Event, Lasts};
use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use lines::{Fault, Property};
use moment::Moment;
use recurrence::{Ends, Recurrence};
use std::sync::Arc;

/// Properties of an event that do not say when it is.
const SILENT: [&str; 18] = [
    "UID",
    "DTSTAMP",
    "CREATED",
    "LAST-MODIFIED",
    "SEQUENCE",
    "DESCRIPTION",
    "LOCATION",
    "CATEGORIES",
    "CLASS",
    "TRANSP",
    "PRIORITY",
    "URL",
    "ORGANIZER",
    "ATTENDEE",
    "COMMENT",
    "CONTACT",
    "GEO",
    "ATTACH",
];

/// The events of a file that is named `path`, and everything in it that is not understood.
pub fn read(text: &str, path: &Arc<str>) -> (Vec<Event>, Vec<Fault>) {
    let mut reader = Reader::new(path, text);
    for line in lines::read(text) {
        match line {
            Ok(property) => reader.take(property),
            Err(fault) => reader.faults.push(fault),
        }
    }
    reader.finish()
}

struct Reader<'a> {
    path: &'a Arc<str>,
    text: &'a str,
    /// The components that are open, with the lines of their beginnings.
    open: Vec<(String, usize)>,
    event: Vec<Property>,
    events: Vec<Event>,
    /// Events met, read or not.
    met: usize,
    faults: Vec<Fault>,
    /// Days that counted rules may still be walked over.
    walk_left: u32,
    /// Days that rules may still close.
    rule_days_left: i64,
}

/// What is made of a component.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Calendar,
    Event,
    /// VTIMEZONE, VALARM, X-…, and what is a fault already.
    PassedOver,
}

impl<'a> Reader<'a> {
    fn new(path: &'a Arc<str>, text: &'a str) -> Self {
        Self {
            path,
            text,
            open: Vec::new(),
            event: Vec::new(),
            events: Vec::new(),
            met: 0,
            faults: Vec::new(),
            walk_left: ICS_WALK_MAX_DAYS,
            rule_days_left: ICS_RULE_DAYS_MAX,
        }
    }

    fn place(&self) -> Place {
        match self.open.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>()[..] {
            [] => Place::Outside,
            ["VCALENDAR"] => Place::Calendar,
            ["VCALENDAR", "VEVENT"] => Place::Event,
            _ => Place::PassedOver,
        }
    }

    fn take(&mut self, property: Property) {
        match (property.name.as_str(), self.place()) {
            ("BEGIN", place) => self.begin(&property, place),
            ("END", place) => self.end(&property, place),
            (_, Place::Outside) => {
                let repair = "the file begins with BEGIN:VCALENDAR and ends with END:VCALENDAR";
                self.faults.push(property.fault(&property.name, "this stands outside of a calendar", repair));
            }
            (_, Place::Calendar) => self.of_calendar(&property),
            (_, Place::Event) => self.event.push(property),
            (_, Place::PassedOver) => {}
        }
    }

    fn begin(&mut self, property: &Property, place: Place) {
        let name = property.value.trim().to_ascii_uppercase();
        let known = match place {
            Place::Outside => name == "VCALENDAR",
            Place::Calendar => name == "VEVENT" || name == "VTIMEZONE",
            Place::Event => name == "VALARM",
            Place::PassedOver => true,
        };
        if !known && !name.starts_with("X-") {
            let what = format!("`{name}` says nothing that closes a clinic");
            self.faults.push(property.fault(
                &property.value,
                what,
                "take it out; a closure is a VEVENT in a VCALENDAR",
            ));
        }
        // What no calendar nests so deep is not followed: its ends are faults.
        if self.open.len() < 8 {
            self.open.push((name, property.line));
        }
    }

    fn end(&mut self, property: &Property, place: Place) {
        let name = property.value.trim().to_ascii_uppercase();
        match self.open.last() {
            Some((open, _)) if *open == name => {
                self.open.pop();
                if place == Place::Event && self.event.is_empty() {
                    let repair = "say when it is, or take it out";
                    self.faults.push(property.fault(&property.value, "the event says nothing", repair));
                }
                if place == Place::Event {
                    self.end_of_event();
                }
            }
            Some((open, line)) => {
                let what = format!("`{name}` ends here, but `{open}` of line {line} is open");
                self.faults.push(property.fault(
                    &property.value,
                    what,
                    format!("write END:{open} before it"),
                ));
            }
            None => {
                let what = format!("`{name}` ends here and never began");
                self.faults.push(property.fault(&property.value, what, "take the line out"));
            }
        }
    }

    fn of_calendar(&mut self, property: &Property) {
        let gregorian = property.value.trim().eq_ignore_ascii_case("GREGORIAN");
        if property.name == "CALSCALE" && !gregorian {
            let what = format!("the calendar `{}` is not counted here", property.value);
            self.faults.push(property.fault(
                &property.value,
                what,
                "write the days in the Gregorian calendar",
            ));
        }
    }

    fn end_of_event(&mut self) {
        let properties = std::mem::take(&mut self.event);
        self.met += 1;
        if self.met > ICS_EVENTS_MAX {
            if self.met == ICS_EVENTS_MAX + 1
                && let Some(first) = properties.first()
            {
                let what = format!("the file holds more than {ICS_EVENTS_MAX} events");
                self.faults.push(first.fault("", what, "take out those that are over, or write rules"));
            }
            return;
        }
        let read = Draft::read(&properties, &mut self.faults);
        let Some(draft) = read.filter(|draft| !draft.cancelled) else { return };
        match self.event(draft) {
            Ok(event) => self.keep(event, &properties),
            Err(fault) => self.faults.push(fault),
        }
    }

    /// However many events come again, an answer must not take long.
    fn keep(&mut self, event: Event, properties: &[Property]) {
        let had_room = self.rule_days_left >= 0;
        self.rule_days_left -= event.days_asked();
        if self.rule_days_left >= 0 {
            self.events.push(event);
        } else if had_room && let Some(rule) = properties.iter().find(|property| property.name == "RRULE") {
            let what = format!("the events that come again take more than {ICS_RULE_DAYS_MAX} days together");
            self.faults.push(rule.fault(
                &rule.value,
                what,
                "write those that are long without a rule, each year's own",
            ));
        }
    }

    fn event(&mut self, draft: Draft) -> Result<Event, Fault> {
        let Draft { name, start, first, lasts, rule, except, cancelled: _ } = draft;
        let text = self.text.lines().nth(start.line - 1).unwrap_or("").trim().to_owned();
        let line = Line { file: self.path.clone(), number: start.line, text };
        let last = match &rule {
            None => first.date(),
            Some((property, rule)) => self.last(&first, rule, property, &start, &except)?,
        };
        Ok(Event { name, line, first, lasts, rule: rule.map(|(_, rule)| rule), except, last })
    }

    /// The last day on which an event of a rule can begin.
    fn last(
        &mut self,
        first: &Moment,
        rule: &Recurrence,
        property: &Property,
        start: &Property,
        except: &[Moment],
    ) -> Result<Date, Fault> {
        let begin = first.date();
        if !rule.names(begin, begin) && !except.contains(first) {
            let what = "the rule does not name the day on which the event begins";
            return Err(start.fault(&start.value, what, "begin it on the first day that its RRULE names"));
        }
        match &rule.ends {
            Ends::Never => Ok(Date::MAX),
            Ends::Until(until) => match (first, until) {
                // Two clocks may show days that differ by one.
                (Moment::Zoned(..), Moment::Zoned(..)) => Ok(until.date().tomorrow().unwrap_or(Date::MAX)),
                (Moment::Day(_), Moment::Day(_)) | (Moment::Local(_), Moment::Local(_)) => Ok(until.date()),
                _ => {
                    let repair = "a DATE ends with a DATE, a time with TZID or Z ends with a time with Z";
                    Err(property.fault(&property.value, "UNTIL is not written as DTSTART is", repair))
                }
            },
            Ends::Count(count) => self.last_of(begin, rule, *count).ok_or_else(|| {
                let repair = "write UNTIL= in place of COUNT=";
                property.fault(&property.value, "the last day of this rule cannot be found", repair)
            }),
        }
    }

    fn last_of(&mut self, first: Date, rule: &Recurrence, count: u32) -> Option<Date> {
        let (mut day, mut left) = (first, count);
        loop {
            // The first day counts, also where the rule does not name it and it is left out.
            if day == first || rule.names(first, day) {
                left -= 1;
                if left == 0 {
                    return Some(day);
                }
            }
            self.walk_left = self.walk_left.checked_sub(1)?;
            day = day.tomorrow().ok()?;
        }
    }

    fn finish(mut self) -> (Vec<Event>, Vec<Fault>) {
        if let Some((name, line)) = self.open.first() {
            let (part, what) = (String::new(), format!("`{name}` of this line has no end"));
            self.faults.push(Fault {
                line: *line,
                part,
                what,
                repair: format!("write END:{name} behind it"),
            });
        } else if self.met == 0 && self.faults.is_empty() {
            let what = "the file holds no event".to_owned();
            let repair = "take it out of hours.yaml, or get one with holidays".to_owned();
            self.faults.push(Fault { line: 1, part: String::new(), what, repair });
        }
        self.faults.sort_by_key(|fault| fault.line);
        (self.events, self.faults)
    }
}

/// An event as its properties say.
struct Draft {
    name: String,
    start: Property,
    first: Moment,
    lasts: Lasts,
    rule: Option<(Property, Recurrence)>,
    except: Vec<Moment>,
    cancelled: bool,
}

impl Draft {
    /// `None` when something is not understood; every fault is noted.
    fn read(properties: &[Property], faults: &mut Vec<Fault>) -> Option<Draft> {
        let before = faults.len();
        unknown(properties, faults);
        let one = |name: &str| properties.iter().find(|property| property.name == name);
        let mut note = |result: Result<Draft, Fault>| result.map_err(|fault| faults.push(fault)).ok();
        let first = properties.first()?;
        let start =
            one("DTSTART").ok_or_else(|| first.fault("", "the event has no DTSTART", "add the line DTSTART"));
        let draft = note(start.and_then(|start| {
            let first = moment(start)?;
            let lasts = lasts(start, &first, one("DTEND"), one("DURATION"))?;
            let rule = one("RRULE").map(|rule| Ok((rule.clone(), Recurrence::read(rule)?))).transpose()?;
            let except = except(properties, &first)?;
            let name = one("SUMMARY").map(Property::text).filter(|name| !name.is_empty());
            let name = name.unwrap_or_else(|| "an event without a name".to_owned());
            let cancelled =
                one("STATUS").is_some_and(|status| status.value.trim().eq_ignore_ascii_case("CANCELLED"));
            Ok(Draft { name, start: start.clone(), first, lasts, rule, except, cancelled })
        }))?;
        (faults.len() == before).then_some(draft)
    }
}

/// Properties that nobody understands, and those that stand twice.
fn unknown(properties: &[Property], faults: &mut Vec<Fault>) {
    const KNOWN: [&str; 7] = ["SUMMARY", "DTSTART", "DTEND", "DURATION", "RRULE", "EXDATE", "STATUS"];
    for (at, property) in properties.iter().enumerate() {
        let name = property.name.as_str();
        if !KNOWN.contains(&name) && !SILENT.contains(&name) && !name.starts_with("X-") {
            let repair = match name {
                "RDATE" | "RECURRENCE-ID" => {
                    "write that day as an event of its own, and leave it out here by EXDATE"
                }
                _ => "take the line out if it does not say when the clinic is closed",
            };
            faults.push(property.fault(name, format!("`{name}` is not understood"), repair));
        }
        let again = properties[..at].iter().any(|before| before.name == property.name);
        if again && name != "EXDATE" && KNOWN.contains(&name) {
            faults.push(property.fault(name, format!("the event says `{name}` twice"), "keep one of them"));
        }
    }
}

fn moment(property: &Property) -> Result<Moment, Fault> {
    moments(property)?.pop().ok_or_else(|| not_a_time(property, &property.value))
}

fn not_a_time(property: &Property, part: &str) -> Fault {
    let repair = "write a day such as 20261224, or a time such as 20261224T130000, of the years 1900 to 2200";
    property.fault(part, format!("`{part}` is no day and no time"), repair)
}

/// One or more days or times, of the zone in TZID.
fn moments(property: &Property) -> Result<Vec<Moment>, Fault> {
    let zone = match property.parameter("TZID") {
        None => None,
        Some(name) => Some(zone::zone(name).ok_or_else(|| {
            let repair = match zone::meant(name) {
                Some(meant) => format!("did you mean TZID={meant}?"),
                None => "write a place such as TZID=America/New_York".to_owned(),
            };
            property.fault(name, format!("`{name}` is no time zone of the IANA"), repair)
        })?),
    };
    let read = |part: &str| Moment::read(part, zone.as_ref()).ok_or_else(|| not_a_time(property, part));
    let moments: Vec<Moment> =
        property.value.split(',').map(|part| read(part.trim())).collect::<Result<_, _>>()?;
    let wrong = match property.parameter("VALUE").map(str::to_ascii_uppercase).as_deref() {
        None => false,
        Some("DATE") => moments.iter().any(|moment| !matches!(moment, Moment::Day(_))),
        Some("DATE-TIME") => moments.iter().any(|moment| matches!(moment, Moment::Day(_))),
        Some(_) => true,
    };
    if wrong {
        let what = "the value is not what VALUE= says";
        return Err(property.fault(&property.value, what, "VALUE=DATE is a day, VALUE=DATE-TIME is a time"));
    }
    Ok(moments)
}

/// From DTEND, else DURATION; a day without either is one day (RFC 5545 §3.6.1).
fn lasts(
    start: &Property,
    first: &Moment,
    end: Option<&Property>,
    duration: Option<&Property>,
) -> Result<Lasts, Fault> {
    let (property, lasts) = match (first, end, duration) {
        (_, Some(end), Some(_)) => {
            return Err(end.fault(&end.value, "the event says DTEND and DURATION", "keep one of them"));
        }
        (Moment::Day(_), None, None) => return Ok(Lasts::Days(1)),
        (_, None, None) => {
            let repair = "add DTEND, or write DTSTART as a day";
            return Err(start.fault(&start.value, "the event has no end, so it closes nothing", repair));
        }
        (_, Some(end), None) => (end, until(first, &moment(end)?)),
        (_, None, Some(duration)) => (duration, length(first, duration.value.trim())),
    };
    let longest = SignedDuration::from_hours(24 * ICS_EVENT_MAX_DAYS);
    match lasts {
        Some(Lasts::Days(days)) if (1..=ICS_EVENT_MAX_DAYS).contains(&days) => Ok(Lasts::Days(days)),
        Some(Lasts::Time(time)) if time > SignedDuration::ZERO && time <= longest => Ok(Lasts::Time(time)),
        Some(Lasts::Days(..=0)) => {
            let what = "the event ends before it begins";
            Err(property.fault(&property.value, what, "DTEND is the day after the last"))
        }
        Some(Lasts::Time(time)) if time <= SignedDuration::ZERO => {
            Err(property.fault(&property.value, "the event ends before it begins", "write a later time"))
        }
        Some(Lasts::Days(_) | Lasts::Time(_)) => {
            let what = format!("the event lasts longer than {ICS_EVENT_MAX_DAYS} days");
            Err(property.fault(&property.value, what, "write several events, one after the other"))
        }
        None => {
            let what = format!("{} does not fit DTSTART", property.name);
            Err(property.fault(&property.value, what, "both are days, or both are times of one kind"))
        }
    }
}

fn until(first: &Moment, end: &Moment) -> Option<Lasts> {
    match (first, end) {
        (Moment::Day(from), Moment::Day(to)) => Some(Lasts::Days(to.duration_since(*from).as_hours() / 24)),
        (Moment::Local(from), Moment::Local(to)) => Some(Lasts::Time(to.duration_since(*from))),
        (Moment::Zoned(..), Moment::Zoned(..)) => {
            let (from, to) = (first.instant(&TimeZone::UTC)?, end.instant(&TimeZone::UTC)?);
            Some(Lasts::Time(to.duration_since(from)))
        }
        (Moment::Day(_) | Moment::Local(_) | Moment::Zoned(..), _) => None,
    }
}

/// `P2D` and `P1W` for days, `PT8H` and `PT1H30M` for times (RFC 5545 §3.3.6).
fn length(first: &Moment, text: &str) -> Option<Lasts> {
    let is_day = matches!(first, Moment::Day(_));
    let text = text.strip_prefix('+').unwrap_or(text).strip_prefix('P')?;
    let mut rest = text.strip_prefix('T').filter(|_| !is_day).or(is_day.then_some(text))?;
    let mut total = 0_i64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|at| (1..=6).contains(at))?;
        let number: i64 = rest[..digits].parse().ok()?;
        let unit = match (rest[digits..].chars().next()?, is_day) {
            ('W', true) => 7,
            ('D', true) | ('S', false) => 1,
            ('H', false) => 3_600,
            ('M', false) => 60,
            _ => return None,
        };
        total += number * unit;
        rest = &rest[digits + 1..];
    }
    Some(if is_day { Lasts::Days(total) } else { Lasts::Time(SignedDuration::from_secs(total)) })
}

fn except(properties: &[Property], first: &Moment) -> Result<Vec<Moment>, Fault> {
    let mut except = Vec::new();
    for property in properties.iter().filter(|property| property.name == "EXDATE") {
        for moment in moments(property)? {
            let fits = match (first, &moment) {
                (Moment::Day(_), Moment::Day(_)) | (Moment::Local(_), Moment::Local(_)) => true,
                (Moment::Zoned(..), Moment::Zoned(..)) => true,
                (Moment::Day(_) | Moment::Local(_) | Moment::Zoned(..), _) => false,
            };
            if !fits || except.len() >= ICS_EXCEPTIONS_MAX {
                let what =
                    if fits { "too many days are left out" } else { "EXDATE is not written as DTSTART is" };
                let repair =
                    "write a day if DTSTART is a day, else a time of the same kind; at most 500 of them";
                return Err(property.fault(&property.value, what, repair));
            }
            except.push(moment);
        }
    }
    Ok(except)
}
