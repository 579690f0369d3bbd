//! `request:` as written, and whether it can be asked at all.
//!
//! Not here: whether what it sends may stand in a URL, which depends on other steps (`flow::check::known`).

use crate::flow::codes::{
    FAMILY, REQUEST_FAILED, REQUEST_LOGIN, REQUEST_OPEN, REQUEST_PUBLIC, REQUEST_SIZE, REQUEST_TWICE,
    REQUEST_TYPE, REQUEST_URL,
};
use crate::flow::diagnostic::{Place, Sources, Words, did_you_mean};
use crate::flow::read::flow::ActText;
use crate::flow::request::url::{Url, UrlFault};
use crate::flow::request::{Field, Guard, Item, Kind, Method, Plan, Schema};
use crate::flow::syntax::fields::{self, Fields, Placed};
use crate::flow::syntax::tree::{Node, Shape};
use crate::flow::vocabulary;
use crate::id::ValueName;
use crate::limits::{REQUEST_TRIES_MAX, REQUEST_VALUES_MAX, REQUEST_WITHIN_DEFAULT, REQUEST_WITHIN_SECONDS};
use std::sync::Arc;

/// A request as written.
#[derive(Clone, Debug)]
pub struct RequestText {
    /// What is asked.
    pub plan: Arc<Plan>,
    /// The words for whoever waits.
    pub meanwhile: Option<Placed<String>>,
    /// Where it leads with an answer.
    pub done: Placed<String>,
    /// Where it leads without one.
    pub failed: Placed<String>,
}

/// `request:`
pub fn request(node: &Node, sources: &mut Sources) -> Option<ActText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::request::REQUEST], FAMILY, sources)?;
    let address = fields.need("request", sources).and_then(|n| fields::word(n, "a URL", FAMILY, sources));
    let url = address.and_then(|address| url(&address, sources));
    if let Some(node) = fields.take("with") {
        few(node, "sends", sources);
    }
    let method = method(&mut fields, sources);
    let schema = schema(&mut fields, sources);
    let within = fields
        .take("within")
        .and_then(|n| fields::duration(n, "time for a request", REQUEST_WITHIN_SECONDS, FAMILY, sources));
    let tries = tries(&mut fields, method, sources);
    let meanwhile = fields.take("meanwhile").and_then(|n| fields::name(n, "a prompt", FAMILY, sources));
    let ways = ways(&mut fields, sources);
    fields.finish(sources);
    let within = within.unwrap_or(REQUEST_WITHIN_DEFAULT);
    let plan = Arc::new(Plan { method, url: url?, schema, within, tries });
    let (done, failed) = ways?;
    Some(ActText::Request(Box::new(RequestText { plan, meanwhile, done, failed })))
}

const NOT_ASKED: &str = "nothing could be asked, and the caller would be led away as if the server were down";

fn url(text: &Placed<String>, sources: &mut Sources) -> Option<Url> {
    let fault = match Url::read(&text.value) {
        Ok(url) => return Some(url),
        Err(fault) => fault,
    };
    let (code, repair) = match &fault {
        UrlFault::User => (
            REQUEST_LOGIN,
            "take it out: let the server know this machine by its address, or put a proxy that logs in between",
        ),
        UrlFault::Open(_) => (REQUEST_OPEN, "write https://, or the address in the clinic's own network"),
        UrlFault::Scheme => (REQUEST_URL, "write the whole URL, such as `https://scheduler.example/slots`"),
        UrlFault::Character(_) => {
            (REQUEST_URL, "write it as `%` and two hexadecimal digits, or send it by `with`")
        }
        UrlFault::Fragment => {
            (REQUEST_URL, "take it out, or put the URL in quotation marks if a comment was meant")
        }
        UrlFault::Host(_) | UrlFault::Port(_) => {
            (REQUEST_URL, "write a name, an address, and a port only if it is not the usual one")
        }
        UrlFault::Long => (REQUEST_URL, "send values by `with` and `method: post`"),
    };
    let words = Words::what(format!("this URL cannot be asked: {fault}")).repair(repair).hears(NOT_ASKED);
    sources.fault(text.place, code, words);
    None
}

fn method(fields: &mut Fields<'_>, sources: &mut Sources) -> Method {
    let methods = [("get", Method::Get), ("post", Method::Post)];
    let method = fields.take("method");
    let method = method.and_then(|n| fields::choice(n, "method", &methods, FAMILY, sources));
    method.unwrap_or(Method::Get)
}

/// How often it is tried. Whether a server does twice what it is asked to do twice, its makers know.
fn tries(fields: &mut Fields<'_>, method: Method, sources: &mut Sources) -> u32 {
    let Some(node) = fields.take("tries") else { return 1 };
    let tries = fields::number(node, "number of tries", 1..=REQUEST_TRIES_MAX, FAMILY, sources).unwrap_or(1);
    if method == Method::Post && tries > 1 {
        let words = Words::what("a POST is tried more than once")
            .repair(
                "ask the makers of the server whether it knows `Idempotency-Key`; if not, take `tries` out",
            )
            .hears("nothing now, but an appointment could be booked twice");
        sources.warn(node.place, REQUEST_TWICE, words);
    }
    u32::try_from(tries).unwrap_or(1)
}

/// Finds fault with more names than one step can still be read with.
fn few(node: &Node, does: &str, sources: &mut Sources) {
    let Shape::Map(entries) = &node.shape else { return };
    if entries.len() > REQUEST_VALUES_MAX {
        let words = Words::what(format!("this request {does} {} values", entries.len())).repair(format!(
            "{REQUEST_VALUES_MAX} are the most: leave out what no step uses, or make two requests"
        ));
        sources.fault(node.place, REQUEST_SIZE, words.hears(NOT_ASKED));
    }
}

fn schema(fields: &mut Fields<'_>, sources: &mut Sources) -> Schema {
    let node = fields.take("answer");
    let mut schema = Schema::default();
    if let Some(node) = node {
        few(node, "waits for", sources);
        for (name, kind) in fields::entries(node, "`answer`", FAMILY, sources).unwrap_or_default() {
            let name = fields::name(name, "a value", FAMILY, sources);
            let kind = self::kind(kind, sources);
            if let Some((name, kind)) = name.zip(kind) {
                let name = ValueName::from(name.value.as_str());
                schema.fields.push(Field { name, kind, guard: Guard::Phi });
            }
        }
    }
    if let Some(public) = fields.take("public") {
        open(public, &mut schema, sources);
    }
    schema
}

fn kind(node: &Node, sources: &mut Sources) -> Option<Kind> {
    let text = fields::word(node, "a type", FAMILY, sources)?;
    match Kind::read(&text.value) {
        Ok(kind) => Some(kind),
        Err(wrong) => {
            let known = Item::WORDS.map(|(word, _)| word);
            let words = Words::what(format!("`{wrong}` is no type that an answer can hold"))
                .repair(format!("{}; or `list of` one of them", did_you_mean(wrong, &known)))
                .hears("whatever the server answers, the caller would be led away as if it were down");
            let words = if wrong == text.value { words.meant(wrong, known) } else { words };
            sources.fault(text.place, REQUEST_TYPE, words);
            None
        }
    }
}

/// `public:`, the fields that tell nothing of a patient.
fn open(node: &Node, schema: &mut Schema, sources: &mut Sources) {
    for item in fields::items(node, "`public`", FAMILY, sources).unwrap_or_default() {
        let Some(name) = fields::name(item, "a value", FAMILY, sources) else { continue };
        if let Some(field) = schema.fields.iter_mut().find(|field| field.name.as_str() == name.value) {
            field.guard = Guard::Public;
            continue;
        }
        let known: Vec<&str> = schema.fields.iter().map(|field| field.name.as_str()).collect();
        let words = Words::what(format!("`{}` is no field of the answer", name.value))
            .repair(did_you_mean(&name.value, &known))
            .meant(&name.value, known);
        sources.fault(
            name.place,
            REQUEST_PUBLIC,
            words.hears("nothing else; but the value that was meant is kept out of every log"),
        );
    }
}

/// Where it leads with an answer and without. The second is never left out: who waited in vain is to hear what was
/// thought of for him.
fn ways(fields: &mut Fields<'_>, sources: &mut Sources) -> Option<(Placed<String>, Placed<String>)> {
    let (at, next) = (fields.place, fields.take("next"));
    let Some(next) = next else {
        unfailing(at, sources);
        return None;
    };
    let mut ways = Fields::of_object(next, &[&vocabulary::request::REQUEST_NEXT], FAMILY, sources)?;
    let done = ways.need("done", sources);
    let done = done.and_then(|n| fields::name(n, "a step", FAMILY, sources));
    let failed = ways.take("failed");
    if failed.is_none() {
        unfailing(next.place, sources);
    }
    let failed = failed.and_then(|n| fields::name(n, "a step", FAMILY, sources));
    ways.finish(sources);
    done.zip(failed)
}

fn unfailing(place: Place, sources: &mut Sources) {
    let words = Words::what("nothing says what follows when the server does not answer")
        .repair("add `failed: person` under `next`, or a step that does without the answer")
        .hears("whenever the server is down, a caller would hear nothing more");
    sources.fault(place, REQUEST_FAILED, words);
}
