//! The words of each kind of step.

use super::{Field, Names, Need::Optional, Need::Required, Object, Value, field};

/// `say:`
pub const SAY: Object = Object {
    what: "a `say` step",
    about: "Words, and then the next step or the end of the call.",
    fields: &[
        field("say", Required, Value::Name, "The prompt of prompts.yaml that is spoken."),
        field(
            "languages",
            Optional,
            Value::Choice(&["all"]),
            "`all` speaks every language until the caller has chosen one.",
        ),
        field("next", Optional, Value::Name, "The step or flow that follows."),
        field("end", Optional, Value::Name, "Hangs up after the words; the exit names it for the reports."),
        WITH,
    ],
};

/// `menu:`
pub const MENU: Object = Object {
    what: "a `menu` step",
    about: "A question that is answered with a key.",
    fields: &[
        field("menu", Required, Value::Name, "The prompt that asks, and offers every key."),
        field(
            "keys",
            Required,
            Value::Table(Names::Keys, &Value::Name),
            "Each key and the name of its answer. Without `next`, an answer is a step.",
        ),
        field(
            "next",
            Optional,
            Value::Table(Names::Any, &Value::Name),
            "Each answer and its step; `else` is every answer that is not listed.",
        ),
        field("first_key", Optional, Value::Time(3, 60), "The time for a key, if this menu needs more."),
        field("save", Optional, Value::Name, "The name under which the answer's name is saved."),
        field(
            "scale",
            Optional,
            Value::Choice(&["yes", "no"]),
            "`yes`: it asks for a grade, so 4 is one of them.",
        ),
        WITH,
    ],
};

/// `language:`
pub const LANGUAGE: Object = Object {
    what: "a `language` step",
    about: "Offers the second language in its own words. In the entry flow only.",
    fields: &[
        field(
            "language",
            Required,
            Value::Name,
            "The prompt that offers it, such as \"Para español, marque 2\".",
        ),
        field("next", Optional, Value::Name, "The step that follows."),
    ],
};

/// `recording:`
pub const RECORDING: Object = Object {
    what: "a `recording` step",
    about: "The recording of the call: its notice, a pause, and the end of the pause.",
    fields: &[
        field(
            "recording",
            Required,
            Value::Choice(&["notice", "pause", "resume"]),
            "`notice` gives the notice here already, in the entry flow only; `pause` and `resume` stand around what \
             must not be kept.",
        ),
        field("prompt", Optional, Value::Name, "The prompt that gives the notice."),
        NEXT,
    ],
};

const NEXT: Field = field("next", Optional, Value::Name, "The step that follows.");
const GO_ON: Field = field("next", Required, Value::Name, "The step that follows.");
pub(super) const WITH: Field = field(
    "with",
    Optional,
    Value::Table(Names::Any, &Value::Text),
    "Saved values by the names that they have there: `{day: $visit}`.",
);
const SAVE: Field = field("save", Optional, Value::Name, "The name under which the answer is saved.");
const KEYS: Field = field(
    "keys",
    Required,
    Value::Table(Names::Keys, &Value::Name),
    "Each key and the name of its answer; `another` is the next item.",
);

const fn outcomes(about: &'static str) -> Field {
    field("next", Required, Value::Table(Names::Any, &Value::Name), about)
}

/// `ask:`
pub const ASK: Object = Object {
    what: "an `ask` step",
    about: "A question that is answered with 1 for yes and 2 for no.",
    fields: &[
        field("ask", Required, Value::Name, "The prompt that asks, and says that 1 is yes and 2 is no."),
        field("code", Optional, Value::Name, "What the question is about, for triage trees."),
        SAVE,
        WITH,
        outcomes("`yes` and `no`, and the step of each."),
    ],
};

/// `collect:`
pub const COLLECT: Object = Object {
    what: "a `collect` step",
    about: "Asks for digits: a date, a number, a telephone number, a code.",
    fields: &[
        field("collect", Required, Value::Name, "The prompt that asks."),
        field("as", Required, Value::Choice(&["digits", "number", "date", "phone"]), "What is typed."),
        field("length", Optional, Value::Text, "How many digits: `5`, or `4-8`."),
        field("begins", Optional, Value::Text, "How the digits must begin."),
        field("from", Optional, Value::Text, "The least number, or the first day: `1900-01-01` or `today`."),
        field("to", Optional, Value::Text, "The greatest number, or the last day."),
        field(
            "confirm",
            Optional,
            Value::Name,
            "The prompt that reads {value} back and offers 1 for yes and 2 for no; a date must have it.",
        ),
        field("wrong", Optional, Value::Name, "What is said before the question after a wrong entry."),
        field("secret", Optional, Value::Choice(&["yes", "no"]), "`yes`: never spoken, shown or kept."),
        field("first_key", Optional, Value::Time(3, 60), "The time for the first key."),
        field("save", Required, Value::Name, "The name under which the value is saved."),
        WITH,
        GO_ON,
    ],
};

/// `offer:`
pub const OFFER: Object = Object {
    what: "an `offer` step",
    about: "Offers the items of a list, one at a time.",
    fields: &[
        field("offer", Required, Value::Name, "The prompt that says {value} and offers the keys."),
        field("from", Required, Value::Text, "The list, such as `$times`."),
        KEYS,
        SAVE,
        WITH,
        outcomes("Each answer and its step; `used_up` when no item is left."),
    ],
};

/// `set:`
pub const SET: Object = Object {
    what: "a `set` step",
    about: "Gives names to values; nothing is heard.",
    fields: &[
        field(
            "set",
            Required,
            Value::Table(Names::Any, &Value::Text),
            "Names, and what each is: `{left: supply - 3}`.",
        ),
        GO_ON,
    ],
};

/// `when:`
pub const WHEN: Object = Object {
    what: "a `when` step",
    about: "Leads on by a condition; nothing is heard.",
    fields: &[
        field("when", Required, Value::Text, "The condition, such as `age(birth) >= 65`."),
        outcomes("`yes` and `no`, and the step of each."),
    ],
};

/// `call:`
pub const CALL: Object = Object {
    what: "a `call` step",
    about: "Goes through another flow and comes back.",
    fields: &[
        field("call", Required, Value::Name, "The flow; it leads back with `return`."),
        WITH,
        field(
            "save",
            Optional,
            Value::Table(Names::Any, &Value::Name),
            "What is kept of what it gives: the name here, and the name there.",
        ),
        GO_ON,
    ],
};

/// `care:`
pub const CARE: Object = Object {
    what: "a `care` step",
    about: "Asks the clinic's records.",
    fields: &[
        field("care", Required, Value::Name, "What is asked, such as `patient.find`."),
        WITH,
        SAVE,
        outcomes("Each outcome and its step; left out, `failed` is a person."),
    ],
};

/// `record:`
pub const RECORD: Object = Object {
    what: "a `record` step",
    about: "Takes what the caller says after the tone.",
    fields: &[
        field("record", Required, Value::Name, "The prompt that asks for it."),
        field("longest", Optional, Value::Time(5, 300), "How long it may be; 60 s if left out."),
        outcomes("`saved`, and the step that follows; left out, `failed` is a person."),
    ],
};

/// `speech:`
pub const SPEECH: Object = Object {
    what: "a `speech` step",
    about: "How fast the flow speaks from here on.",
    fields: &[field("speech", Required, Value::Choice(&["slow", "normal"]), "The pace."), GO_ON],
};

/// `wait:`
pub const WAIT: Object = Object {
    what: "a `wait` step",
    about: "Is silent for a moment.",
    fields: &[field("wait", Required, Value::Time(1, 10), "How long."), GO_ON],
};

/// `transfer:`
pub const TRANSFER: Object = Object {
    what: "a `transfer` step",
    about: "Calls one party and joins the caller with it.",
    fields: &[
        field(
            "transfer",
            Required,
            Value::Text,
            "Whom, as sip:NAME@HOST or sip:NAME@HOST:PORT, or trunk:NAME/+NUMBER over a trunk.",
        ),
        field("before", Required, Value::Name, "The prompt that is spoken before."),
        field("ring", Optional, Value::Time(5, 120), "How long it may ring; 25 s if left out."),
        super::MENU_KEYS,
        field(
            "interpreter",
            Optional,
            Value::Name,
            "The language that an interpreter is called for once the party has answered; `interpreters` in careline.yaml names the vendors.",
        ),
        field("exit", Optional, Value::Name, "What the caller wanted, for the reports."),
        WITH,
        outcomes("`failed`, and the step when nobody answers; left out, it is a person."),
    ],
};

/// `queue:`
pub const QUEUE: Object = Object {
    what: "a `queue` step",
    about: "Waits for a person of a queue. There are no queues yet: the person ladder is climbed.",
    fields: &[
        field("queue", Required, Value::Name, "The queue."),
        field("before", Required, Value::Name, "The prompt that is spoken before."),
        field("exit", Optional, Value::Name, "What the caller wanted, for the reports."),
        WITH,
        outcomes("`overflow`, and the step when it is too long; left out, `failed` is a person."),
    ],
};

/// `callback:`
pub const CALLBACK: Object = Object {
    what: "a `callback` step",
    about: "Promises to call back. There is nobody to promise it yet: it takes its way `failed`.",
    fields: &[
        field("callback", Required, Value::Name, "The prompt that promises it."),
        field("within", Required, Value::Time(60, 86_400), "How soon, such as `30 min`."),
        WITH,
        outcomes("`done`, and the step that follows; left out, `failed` is a person."),
    ],
};

/// The `next` of an `hours` step.
pub const HOURS_NEXT: Object = Object {
    what: "`next` of an `hours` step",
    about: "Where the calendar leads.",
    fields: &[
        field("open", Required, Value::Name, "The step while the calendar is open."),
        field("closed", Required, Value::Name, "The step while it is closed."),
        field("holiday", Optional, Value::Name, "The step on a holiday; left out, it is `closed`."),
    ],
};

/// `hours:`
pub const HOURS: Object = Object {
    what: "an `hours` step",
    about: "Leads on by a calendar of hours.yaml; nothing is spoken.",
    fields: &[
        field("hours", Required, Value::Name, "The calendar."),
        field(
            "next",
            Required,
            Value::Object(&HOURS_NEXT),
            "Where it leads when it is open, closed, or a holiday.",
        ),
    ],
};

/// `person:`
pub const PERSON: Object = Object {
    what: "a `person` step",
    about: "Words, and then a person is called, as `person` in clinic.yaml says.",
    fields: &[
        field("person", Required, Value::Name, "The prompt that is spoken before."),
        field("exit", Optional, Value::Name, "What the caller wanted, for the reports."),
    ],
};
