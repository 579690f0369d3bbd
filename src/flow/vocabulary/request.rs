//! The words of a `request` step.

use super::steps::WITH;
use super::{Names, Need::Optional, Need::Required, Object, Value, field};

/// `request:`
pub const REQUEST: Object = Object {
    what: "a `request` step",
    about: "Asks a server of the clinic, and saves what it answers.",
    fields: &[
        field(
            "request",
            Required,
            Value::Text,
            "Whom, as an https:// URL; http:// in the clinic's own network.",
        ),
        WITH,
        field(
            "method",
            Optional,
            Value::Choice(&["get", "post"]),
            "`get` sends the values in the URL, and none that tells of a patient; `post` as JSON. `get` if left out.",
        ),
        field(
            "answer",
            Optional,
            Value::Table(Names::Any, &Value::Text),
            "Each field that the answer must hold, and its type; each is saved.",
        ),
        field(
            "public",
            Optional,
            Value::List(&Value::Name),
            "The fields of the answer that tell nothing of a patient.",
        ),
        field(
            "within",
            Optional,
            Value::Time(1, 10),
            "How long it may take with all its tries; 3 s if left out.",
        ),
        field("tries", Optional, Value::Number(1, 3), "How often it is tried at the most; once if left out."),
        field(
            "meanwhile",
            Optional,
            Value::Name,
            "The prompt for whoever waits longer than a second; `u.one_moment` if left out.",
        ),
        field("next", Required, Value::Object(&REQUEST_NEXT), "Where it leads with an answer, and without."),
    ],
};

/// The `next` of a `request` step.
pub const REQUEST_NEXT: Object = Object {
    what: "`next` of a `request` step",
    about: "Where it leads with an answer, and without.",
    fields: &[
        field("done", Required, Value::Name, "The step once the answer is saved."),
        field("failed", Required, Value::Name, "The step if there is no answer that can be used."),
    ],
};
