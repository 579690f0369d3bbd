//! Every word that may stand in a file of a flow set, what belongs behind it, and what it is for: one table.
//!
//! The readers take from it which words are known, `careline schema` makes of it what an editor
//! completes, and `docs/admin-guide/steps.md` is written from it. The words of `careline.yaml` stand in
//! `config::vocabulary`, made of the same parts. Not here: what a word does. That is its reader's.

pub mod request;
pub mod steps;

/// Names and values that stand together: a file, or a part of one.
#[derive(Debug)]
pub struct Object {
    /// As faults call it, such as "a `say` step".
    pub what: &'static str,
    /// What it is for, in a sentence.
    pub about: &'static str,
    /// What may stand in it. Of a step the first field is its verb.
    pub fields: &'static [Field],
}

/// One name that may stand in an [`Object`].
#[derive(Debug)]
pub struct Field {
    /// The name before the colon.
    pub name: &'static str,
    /// Whether it must be there.
    pub need: Need,
    /// What stands behind the colon.
    pub value: Value,
    /// What it is for, in a sentence.
    pub about: &'static str,
}

/// Whether a field must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It must.
    Required,
    /// It may be left out.
    Optional,
}

/// What may stand behind a colon.
#[derive(Debug)]
pub enum Value {
    /// The name of a step, flow, prompt, exit or answer.
    Name,
    /// Free words.
    Text,
    /// A whole number within bounds.
    Number(u64, u64),
    /// A length of time such as `8 s` or `2 min`, within bounds in seconds.
    Time(u64, u64),
    /// `1 working day` up to `10 working days`.
    Promise,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// A list.
    List(&'static Value),
    /// A language that is built in or has a file beside the flows.
    Language,
    /// One value, or a list of such.
    OneOrMore(&'static Value),
    /// Names that the writer chooses, and a value behind each.
    Table(Names, &'static Value),
    /// An object.
    Object(&'static Object),
    /// Free words, or an object that says more.
    TextOr(&'static Object),
    /// One of several objects.
    Either(&'static [&'static Object]),
}

/// What the names of a [`Value::Table`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Steps, answers, exits, prompts.
    Any,
    /// Keys of a telephone that a menu may give a meaning.
    Keys,
    /// Called numbers.
    Numbers,
    /// Languages that flows speak, and `draft` for those whose words nobody has reviewed yet.
    Languages,
    /// Days and holidays: words as people write them.
    Free,
}

const fn field(name: &'static str, need: Need, value: Value, about: &'static str) -> Field {
    Field { name, need, value, about }
}

use Need::{Optional, Required};
use steps::{
    ASK, CALL, CALLBACK, CARE, COLLECT, HOURS, LANGUAGE, MENU, OFFER, PERSON, QUEUE, RECORD, RECORDING, SAY,
    SET, SPEECH, TRANSFER, WAIT, WHEN,
};

/// Every kind of step, in the order in which faults name them.
pub const STEPS: [&Object; 20] = [
    &SAY,
    &MENU,
    &ASK,
    &COLLECT,
    &OFFER,
    &RECORD,
    &HOURS,
    &WHEN,
    &SET,
    &CALL,
    &CARE,
    &request::REQUEST,
    &PERSON,
    &TRANSFER,
    &QUEUE,
    &CALLBACK,
    &LANGUAGE,
    &RECORDING,
    &SPEECH,
    &WAIT,
];

/// The words that say what a step does; exactly one of them must stand in it.
pub const ACTS: [&str; STEPS.len()] = {
    let mut acts = [""; STEPS.len()];
    let mut at = 0;
    while at < acts.len() {
        acts[at] = STEPS[at].fields[0].name;
        at += 1;
    }
    acts
};

/// What a test says of a call before it begins.
pub const TEST_GIVEN: Object = Object {
    what: "`given` of a test",
    about: "What holds when the call begins.",
    fields: &[
        field(
            "number",
            Optional,
            Value::Text,
            "The called number, or a flow; left out, the flow that the file is named after.",
        ),
        field("at", Optional, Value::Text, "The day and time in the clinic's zone: `2026-11-26 10:00`."),
        field(
            "language",
            Optional,
            Value::OneOrMore(&Value::Language),
            "The caller's language; the first if left out. With several the call is played in each.",
        ),
        field(
            "desk",
            Optional,
            Value::Choice(&["answers", "nobody"]),
            "Whether persons answer; they do if left out.",
        ),
        field(
            "care",
            Optional,
            Value::Table(Names::Any, &Value::Name),
            "What the records come to when they are asked: `{patient.find: found}`.",
        ),
    ],
};

/// A line of a test.
pub const TEST_LINE: Object = Object {
    what: "a line of a test",
    about: "What the caller hears, and does then.",
    fields: &[
        field(
            "hears",
            Optional,
            Value::OneOrMore(&Value::Name),
            "Prompts that must be heard since the line before, in this order; others may be heard between.",
        ),
        field("presses", Optional, Value::OneOrMore(&Value::Text), "A key, or a list of keys."),
        field("silent", Optional, Value::Choice(&["yes"]), "The caller says and presses nothing."),
        field(
            "says",
            Optional,
            Value::Time(1, 300),
            "The caller speaks after the tone so long, and presses pound.",
        ),
    ],
};

/// How a test ends.
pub const TEST_THEN: Object = Object {
    what: "`then` of a test",
    about: "How the call ends.",
    fields: &[field("exit", Required, Value::Name, "The exit of the call, as the reports show it.")],
};

/// One test.
pub const TEST: Object = Object {
    what: "a test",
    about: "One call, played in no time through the engine's own interpreter.",
    fields: &[
        field("name", Required, Value::Text, "What it shows."),
        field("given", Optional, Value::Object(&TEST_GIVEN), "What holds when the call begins."),
        field("call", Required, Value::List(&Value::Object(&TEST_LINE)), "What is heard and done."),
        field("then", Required, Value::Object(&TEST_THEN), "How the call ends."),
    ],
};

/// A file of tests, beside its flow: `main_menu.test.yaml`.
pub const TESTS: Value = Value::List(&Value::Object(&TEST));

/// A flow file.
pub const FLOW: Object = Object {
    what: "a flow file",
    about: "One flow: what a caller hears, step by step, and what the keys do.",
    fields: &[
        field("flow", Required, Value::Name, "The flow's name; the file is named after it."),
        field("title", Optional, Value::Text, "What the flow is for."),
        field("owner", Optional, Value::Text, "Who answers for it."),
        field(
            "kind",
            Optional,
            Value::Choice(&["ordinary", "triage"]),
            "`triage`: it sorts callers by danger.",
        ),
        field(
            "takes",
            Optional,
            Value::Table(Names::Any, &Value::Text),
            "What must go with a `call` of it: names, and the type of each.",
        ),
        field(
            "gives",
            Optional,
            Value::Table(Names::Any, &Value::Text),
            "What it gives back where it says `return`: names, and the type of each.",
        ),
        field("intended_use", Optional, Value::Text, "What a triage tree is for, and what it is not."),
        field(
            "sources",
            Optional,
            Value::List(&Value::Text),
            "Where the questions of a triage tree come from.",
        ),
        field(
            "tests",
            Optional,
            Value::List(&Value::Object(&TRIAGE_TEST)),
            "The tests of a triage tree: one for each way by answers at least.",
        ),
        field(
            "signed",
            Optional,
            Value::Object(&SIGNED),
            "Who answers for a triage tree; `careline sign` writes it.",
        ),
        field("start", Required, Value::Name, "The first step."),
        field(
            "steps",
            Required,
            Value::Table(Names::Any, &Value::Either(&STEPS)),
            "The steps, by their names.",
        ),
    ],
};

/// A test of a triage tree.
pub const TRIAGE_TEST: Object = Object {
    what: "a test",
    about: "What one caller answers, and where that must end.",
    fields: &[
        field("name", Required, Value::Text, "What the caller has."),
        field(
            "keys",
            Required,
            Value::List(&Value::Choice(TRIAGE_TEST_KEYS)),
            "What he presses when he is asked, one after another; `silence` is nothing.",
        ),
        field(
            "exit",
            Required,
            Value::Name,
            "`emergency`, `crisis`, `nurse`, `person`, or the exit of a step.",
        ),
    ],
};

/// What a caller may do in a test.
pub const TRIAGE_TEST_KEYS: &[&str] =
    &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "star", "pound", "silence"];

/// The signature of a triage tree.
pub const SIGNED: Object = Object {
    what: "a signature",
    about: "Who answers for the tree as it stands. `careline sign` writes it.",
    fields: &[
        field("by", Required, Value::Text, "Who."),
        field("licence", Required, Value::Text, "The licence, as NUMBER/STATE."),
        field("on", Required, Value::Text, "The day of the signature."),
        field("review_due", Required, Value::Text, "The last day on which it holds."),
        field("sha256", Required, Value::Text, "What was signed: the tree, its texts and its sounds."),
    ],
};

/// A rung of the person ladder that calls somebody.
pub const CALL_RUNG: Object = Object {
    what: "a rung",
    about: "Calls somebody.",
    fields: &[
        field(
            "call",
            Required,
            Value::Text,
            "Whom, as sip:NAME@HOST or sip:NAME@HOST:PORT, or trunk:NAME/+NUMBER over a trunk.",
        ),
        field("ring", Optional, Value::Time(5, 120), "How long it may ring."),
        MENU_KEYS,
    ],
};

/// `keys` of who is called.
pub const MENU_KEYS: Field = field(
    "keys",
    Optional,
    Value::Table(Names::Any, &Value::Text),
    "What is pressed for its menu two seconds after the answer, by the caller's language: `{es: \"2\"}`.",
);

/// The last rung of the person ladder.
pub const MESSAGE_RUNG: Object = Object {
    what: "the last rung",
    about: "Takes a message with a promise, when nobody answered.",
    fields: &[
        field("message", Required, Value::Name, "The prompt that asks for the message."),
        field("saved", Required, Value::Name, "The prompt that is spoken when it is saved."),
        field("promise", Required, Value::Promise, "When the caller is called back, as that prompt says it."),
    ],
};

/// `times:` of clinic.yaml.
pub const TIMES: Object = Object {
    what: "`times`",
    about: "The times of every menu and entry.",
    fields: &[
        field("first_key", Optional, Value::Time(3, 60), "The time for a menu's first key; 8 s if left out."),
        field("more_time", Optional, Value::Time(5, 300), "The time that pound gives; 30 s if left out."),
        field("between_keys", Optional, Value::Time(2, 30), "The time between two digits; 5 s if left out."),
        field("all_keys", Optional, Value::Time(10, 300), "The time for all digits; 60 s if left out."),
    ],
};

/// A holiday with hours of its own.
pub const HOLIDAY: Object = Object {
    what: "a holiday",
    about: "A holiday on which the clinic is open at other times.",
    fields: &[
        field("on", Required, Value::Text, "When it is, such as `december 24` or `last monday of may`."),
        field("open", Optional, Value::Text, "The times of opening on that day; left out, it is closed."),
    ],
};

/// A calendar.
pub const CALENDAR: Object = Object {
    what: "a calendar",
    about: "When one door or line of the clinic is open.",
    fields: &[
        field("zone", Required, Value::Text, "Where its clock hangs: a place of the IANA list."),
        field(
            "week",
            Required,
            Value::Table(Names::Free, &Value::Text),
            "The times of opening, for every day of the week.",
        ),
        field(
            "holidays",
            Optional,
            Value::Table(Names::Free, &Value::TextOr(&HOLIDAY)),
            "Each holiday and when it is.",
        ),
        field(
            "ics",
            Optional,
            Value::OneOrMore(&Value::Text),
            "Lists of holidays as iCalendar files, beside hours.yaml.",
        ),
    ],
};

/// hours.yaml: each calendar by its name.
pub const HOURS_FILE: Value = Value::Table(Names::Any, &Value::Object(&CALENDAR));

/// clinic.yaml.
pub const CLINIC: Object = Object {
    what: "clinic.yaml",
    about: "What stands once and holds for every flow.",
    fields: &[
        field("clinic", Optional, Value::Text, "The clinic's name."),
        field(
            "languages",
            Required,
            Value::List(&Value::Language),
            "The languages; the first is spoken until the caller chooses the second with 2.",
        ),
        field("locale", Required, Value::Choice(&["us"]), "The country, for its emergency number."),
        field("entry", Required, Value::Name, "The flow with which every call begins."),
        field("default", Required, Value::Name, "The flow of a number that is not listed."),
        field(
            "numbers",
            Optional,
            Value::Table(Names::Numbers, &Value::Name),
            "Each called number, as the carrier sends it, and its flow.",
        ),
        field("times", Optional, Value::Object(&TIMES), "The times of every menu."),
        field(
            "tries",
            Optional,
            Value::Number(1, 5),
            "Silences or wrong keys in a menu until a person is called; 2.",
        ),
        field(
            "recording",
            Optional,
            Value::Choice(&["on", "off"]),
            "Whether calls are recorded, after the notice; off if left out.",
        ),
        field(
            "person",
            Required,
            Value::List(&Value::Either(&[&CALL_RUNG, &MESSAGE_RUNG])),
            "Whom a caller gets who needs a person, one after the other; the last is a message.",
        ),
        field(
            "exits",
            Optional,
            Value::Table(Names::Any, &Value::Text),
            "How calls end, for the reports: each exit and what it means.",
        ),
        field(
            "urgent_flows",
            Optional,
            Value::List(&Value::Name),
            "The flows whose callers are refused last.",
        ),
    ],
};

/// What a prompt says in each language.
pub const PROMPTS: Value = Value::Table(Names::Any, &Value::Table(Names::Languages, &Value::Text));

impl Object {
    /// The names that may stand in it.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|field| field.name)
    }
}

impl Value {
    /// What stands there, for a table of documentation.
    pub fn shown(&self) -> String {
        match self {
            Value::Name => "a name".to_owned(),
            Value::Text => "words".to_owned(),
            Value::Number(from, to) => format!("a number from {from} to {to}"),
            Value::Time(from, to) => format!("a time from {from} s to {to} s"),
            Value::Promise => "`1 working day` to `10 working days`".to_owned(),
            Value::Choice(words) => {
                words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or ")
            }
            Value::Language => "a language, such as `en`".to_owned(),
            Value::List(of) => format!("a list: {}", of.shown()),
            Value::OneOrMore(of) => format!("{}, or a list of such", of.shown()),
            Value::Table(names, of) => format!("{}, and behind each {}", names.shown(), of.shown()),
            Value::Object(object) => object.what.to_owned(),
            Value::TextOr(object) => format!("words, or {}", object.what),
            Value::Either(objects) => {
                objects.iter().map(|object| object.what).collect::<Vec<_>>().join(", or ")
            }
        }
    }
}

impl Names {
    fn shown(self) -> &'static str {
        match self {
            Names::Any => "names",
            Names::Keys => "keys",
            Names::Numbers => "called numbers",
            Names::Languages => "languages",
            Names::Free => "names",
        }
    }
}

/// `docs/admin-guide/steps.md`.
pub fn page() -> String {
    let mut page = String::from(
        "# Every word of a flow\n\nWritten from the engine's own table, which also makes what `careline schema` prints; \
         do not edit it by hand.\nWhat the words are for, and examples, are in [flows.md](flows.md). \
         `!` marks what must be there.\n\n## Steps\n\n| step | what the caller notices |\n|---|---|\n",
    );
    for step in STEPS {
        page += &format!("| [`{0}`](#{0}) | {1} |\n", step.fields[0].name, step.about);
    }
    for step in STEPS {
        page += &format!("\n### {}\n\n{}\n\n{}", step.fields[0].name, step.about, rows(step));
    }
    for (title, object) in [("A flow file", &FLOW), ("clinic.yaml", &CLINIC)] {
        page += &format!("\n## {title}\n\n{}\n\n{}", object.about, rows(object));
    }
    for (title, object) in [
        ("`times`", &TIMES),
        ("`person`: a rung that calls", &CALL_RUNG),
        ("`person`: the last rung", &MESSAGE_RUNG),
    ] {
        page += &format!("\n### {title}\n\n{}\n\n{}", object.about, rows(object));
    }
    page += "\n## hours.yaml\n\nEach calendar, and behind it:\n\n";
    page += &rows(&CALENDAR);
    page += "\n### A holiday with hours of its own\n\n";
    page += &rows(&HOLIDAY);
    page + "\n## prompts.yaml\n\nEach prompt, and behind it each language and what is said in it; `draft` names the languages \
            whose words nobody has reviewed yet.\n"
}

/// The fields of an object as a table.
fn rows(object: &Object) -> String {
    let mut rows = String::from("| word | | what stands behind it | what it is for |\n|---|---|---|---|\n");
    for Field { name, need, value, about } in object.fields {
        let must = if *need == Required { "!" } else { "" };
        rows += &format!("| `{name}` | {must} | {} | {about} |\n", value.shown());
    }
    rows
}
