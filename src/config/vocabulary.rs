//! Every word that may stand in `careline.yaml`, in the form of [`crate::flow::vocabulary`].

use crate::flow::vocabulary::Need::{Optional, Required};
use crate::flow::vocabulary::{Field, Names, Need, Object, Value};

const fn field(name: &'static str, need: Need, value: Value, about: &'static str) -> Field {
    Field { name, need, value, about }
}

/// `sip:`
pub const SIP: Object = Object {
    what: "`sip`",
    about: "Signalling.",
    fields: &[
        field(
            "listen",
            Optional,
            Value::OneOrMore(&Value::Text),
            "Address and port for SIP, over UDP and TCP or one of them.",
        ),
        field(
            "external_address",
            Optional,
            Value::Text,
            "Told to peers in place of our own address, behind a NAT.",
        ),
        field(
            "t1_ms",
            Optional,
            Value::Number(10, 5_000),
            "The round trip from which all SIP timers follow (RFC 3261).",
        ),
        field(
            "target_patience_s",
            Optional,
            Value::Number(1, 32),
            "Seconds after which a call goes on to another host of the same name when the first one says nothing at all.",
        ),
        field("product", Optional, Value::Text, "How we name ourselves to peers."),
        field(
            "listen_to",
            Optional,
            Value::List(&Value::Text),
            "Networks whose calls are taken besides those of trunks.",
        ),
        field(
            "requests_a_second",
            Optional,
            Value::Number(1, 100_000),
            "Requests that are heard from each source that is no trunk, outside a call.",
        ),
        field(
            "session_expires_s",
            Optional,
            Value::Number(0, 86_400),
            "Seconds after which a call that nobody refreshes is over (RFC 4028); 0 asks for none.",
        ),
        field(
            "info_keys",
            Optional,
            Value::Choice(&["ignored", "count", "deduplicate"]),
            "Keys in SIP INFO, where the phone offers no RTP events.",
        ),
        field(
            "realm",
            Optional,
            Value::Name,
            "What the passwords of users are for, and the host of their addresses: sip:NAME@REALM.",
        ),
        field(
            "drop_agents",
            Optional,
            Value::List(&Value::Text),
            "What programs name themselves (User-Agent) that look for engines to call through, besides the known ones: not heard.",
        ),
    ],
};

/// `media:`
pub const MEDIA: Object = Object {
    what: "`media`",
    about: "Sound.",
    fields: &[
        field("address", Optional, Value::Text, "The address for sound (RTP)."),
        field("first_port", Optional, Value::Number(1_024, 65_535), "The first UDP port for sound, even."),
        field(
            "last_port",
            Optional,
            Value::Number(1_024, 65_535),
            "The last one; each party of a call takes two.",
        ),
        field(
            "port_rest_s",
            Optional,
            Value::Number(1, 60),
            "Seconds before a port that a call gave back is given to another call.",
        ),
        field("workers", Optional, Value::Number(1, 256), "Media threads; left out, one for each core."),
        field(
            "silent_after_s",
            Optional,
            Value::Number(5, 3_600),
            "Seconds without any sound after which a party is asked whether it is still there.",
        ),
        field(
            "io_uring",
            Optional,
            Value::Choice(&["auto", "never"]),
            "Many packets in one system call where the kernel allows it.",
        ),
        field(
            "priority",
            Optional,
            Value::Choice(&["auto", "never"]),
            "Media threads go before other programs where this user may do that.",
        ),
    ],
};

/// `calls:`
pub const CALLS: Object = Object {
    what: "`calls`",
    about: "Bounds on calls.",
    fields: &[
        field(
            "max",
            Optional,
            Value::Number(1, 100_000),
            "Calls at once; the next one hears busy and is counted.",
        ),
        field("ring_s", Optional, Value::Number(5, 600), "Seconds that a call may ring."),
        field("longest_s", Optional, Value::Number(60, 86_400), "Seconds that a call may last."),
    ],
};

/// An item of `trunks:`.
pub const TRUNK: Object = Object {
    what: "a trunk",
    about: "A carrier or gateway. Its calls are taken whatever network they come from.",
    fields: &[
        field("name", Required, Value::Name, "Its name in the records."),
        field(
            "addresses",
            Required,
            Value::List(&Value::Text),
            "Where its calls come from: addresses or networks.",
        ),
        field(
            "trusted",
            Optional,
            Value::Choice(&["true", "false"]),
            "Whether its P-Asserted-Identity is believed.",
        ),
        field(
            "called_number_from",
            Optional,
            Value::Choice(&["request_uri", "to", "p_called_party_id", "diversion"]),
            "Where its calls carry the number that was dialled; `diversion` is Diversion or History-Info.",
        ),
        field(
            "country",
            Optional,
            Value::Text,
            "The country whose numbers it writes without a plus, such as US; left out, they stay as they are.",
        ),
        field("out", Optional, Value::Object(&OUT), "How calls go out over it; left out, none do."),
    ],
};

/// `out:` of a trunk.
pub const OUT: Object = Object {
    what: "`out`",
    about: "How calls go out over a trunk: trunk:NAME/+NUMBER in clinic.yaml.",
    fields: &[
        field(
            "to",
            Required,
            Value::OneOrMore(&Value::Text),
            "Its hosts in the order in which they are tried, such as sip:sbc.carrier.example.",
        ),
        field(
            "caller",
            Required,
            Value::Text,
            "The number that those who are called see, with its country code.",
        ),
        field("user", Optional, Value::Text, "The account, where the carrier asks for one."),
        field(
            "password_file",
            Optional,
            Value::Text,
            "The file that holds its password, one line; nobody but its owner may read it.",
        ),
        field(
            "digest",
            Optional,
            Value::Choice(&["sha-256", "md5", "both"]),
            "How the password is shown; left out, by SHA-256. MD5 is weak, and many carriers know no other.",
        ),
        field(
            "register",
            Optional,
            Value::Choice(&["true", "false"]),
            "Log in there, where the carrier finds this machine by its login and by nothing else.",
        ),
        field(
            "expires_s",
            Optional,
            Value::Number(60, 86_400),
            "Seconds that a login asks for; it is refreshed when half of what was granted is over.",
        ),
        field(
            "health_s",
            Optional,
            Value::Number(0, 3_600),
            "Seconds between two questions, by OPTIONS, whether its hosts are there; 0 asks never.",
        ),
        field(
            "diversion",
            Optional,
            Value::Choice(&["history_info", "diversion", "both", "none"]),
            "How the carrier is told by which line of the clinic a patient's call is sent on; left out, by History-Info.",
        ),
        field("quirks", Optional, Value::List(&Value::Object(&QUIRK)), "What it wants against the rules."),
        field(
            "allow",
            Optional,
            Value::List(&Value::Text),
            "What numbers begin with that it is called for, whoever causes it; left out, all but premium ones.",
        ),
        field("at_once", Optional, Value::Number(1, 100_000), "Calls out over it at once; left out, no cap."),
        field(
            "per_minute",
            Optional,
            Value::Number(1, 6_000),
            "Calls out over it in a minute; left out, no cap.",
        ),
        field(
            "per_day",
            Optional,
            Value::Number(1, 100_000),
            "Calls out over it in a day; left out, no cap.",
        ),
    ],
};

/// An item of `quirks:` of a trunk's `out:`.
pub const QUIRK: Object = Object {
    what: "a quirk",
    about: "What a carrier wants otherwise than the rules of SIP say.",
    fields: &[
        field(
            "quirk",
            Required,
            Value::Choice(&["number_without_plus", "national_number", "no_user_phone", "their_host"]),
            "Which.",
        ),
        field("why", Required, Value::Text, "Why, so that whoever comes later knows when it may go."),
    ],
};

/// An item of `users:`.
pub const USER: Object = Object {
    what: "a user",
    about: "Somebody whose phones log in here, and who is rung there as sip:NAME@REALM.",
    fields: &[
        field("name", Required, Value::Name, "His name, as his phones log in."),
        field(
            "ha1",
            Required,
            Value::Text,
            "The hash of his name, the realm and his password: a password itself. `careline user` writes it.",
        ),
        field(
            "digest",
            Optional,
            Value::Choice(&["sha-256", "md5"]),
            "The hash; md5 is for phones that know no other.",
        ),
        field(
            "recorded",
            Optional,
            Value::Choice(&["never", "with_the_call"]),
            "Whether he is recorded in calls that are; with the call, if left out.",
        ),
        field(
            "messages",
            Optional,
            Value::OneOrMore(&Value::Name),
            "His phones show how many messages wait: `all`, or of one flow or several; none, if left out.",
        ),
        field(
            "allow",
            Optional,
            Value::List(&Value::Text),
            "What numbers begin with that he may dial, in place of the list of `dialling`.",
        ),
        field("at_once", Optional, Value::Number(1, 60), "Calls over a trunk that he may have at once."),
        field(
            "per_minute",
            Optional,
            Value::Number(1, 60),
            "Calls over a trunk that he may place in a minute.",
        ),
        field("per_day", Optional, Value::Number(1, 2_000), "Calls over a trunk that he may place in a day."),
    ],
};

/// An item of `interpreters:`.
pub const INTERPRETER: Object = Object {
    what: "a vendor of interpreters",
    about: "Somebody who interprets by telephone, and is called into talks.",
    fields: &[
        field("name", Required, Value::Name, "Its name in the records."),
        field(
            "call",
            Required,
            Value::Text,
            "Its line, as trunk:NAME/+NUMBER over a trunk, sip:NAME@HOST or sip:NAME@HOST:PORT.",
        ),
        field(
            "languages",
            Required,
            Value::List(&Value::Name),
            "The languages that it has interpreters for.",
        ),
        field(
            "pin_file",
            Optional,
            Value::Text,
            "The file with the PIN that its menu asks for first: keys and nothing else, its owner's alone.",
        ),
        field(
            "keys",
            Optional,
            Value::Table(Names::Any, &Value::Text),
            "What its menu asks for then, by language.",
        ),
        field(
            "recorded",
            Optional,
            Value::Choice(&["never", "with_the_call"]),
            "Whether its interpreters are recorded with the others; never, if left out.",
        ),
    ],
};

/// `keys:`
pub const KEYS: Object = Object {
    what: "`keys`",
    about: "Keys by which a person hands the caller on, with any phone; left out, none do.",
    fields: &[
        field(
            "blind",
            Optional,
            Value::Text,
            "Before the number: the caller goes to whoever answers there. A star and digits, such as \"*1\".",
        ),
        field(
            "attended",
            Optional,
            Value::Text,
            "Before the number: the person speaks with the other one first, and hangs up to hand on.",
        ),
        field("back", Optional, Value::Text, "Takes the caller back; it belongs to `attended`."),
    ],
};

/// `dialling:`
pub const DIALLING: Object = Object {
    what: "`dialling`",
    about: "What the phones of users may call over a trunk; left out, nothing.",
    fields: &[
        field("trunk", Required, Value::Name, "The trunk, one with `out`."),
        field(
            "country",
            Optional,
            Value::Text,
            "Where the phones stand, such as US: national numbers are dialled as there.",
        ),
        field(
            "allow",
            Required,
            Value::List(&Value::Text),
            "What allowed numbers begin with, such as \"+1617\" or \"+49\"; premium ranges stay refused.",
        ),
        field("at_once", Optional, Value::Number(1, 60), "Calls over it that one user may have at once."),
        field(
            "per_minute",
            Optional,
            Value::Number(1, 60),
            "Calls over it that one user may place in a minute.",
        ),
        field(
            "per_day",
            Optional,
            Value::Number(1, 2_000),
            "Calls over it that one user may place in a day.",
        ),
    ],
};

/// `emergency:`
pub const EMERGENCY: Object = Object {
    what: "`emergency`",
    about: "How phones of the house call for help, over the trunk named emergency.",
    fields: &[
        field("numbers", Optional, Value::List(&Value::Text), "What is dialled for it."),
        field("places", Optional, Value::List(&Value::Object(&PLACE)), "Where phones are."),
        field(
            "alert",
            Optional,
            Value::List(&Value::Text),
            "The users whose phones are told of such a call.",
        ),
    ],
};

/// An item of `emergency: {places: …}`.
pub const PLACE: Object = Object {
    what: "a place",
    about: "Phones with these addresses may call for help without a login, and help comes to this place.",
    fields: &[
        field("from", Required, Value::List(&Value::Text), "The networks of the phones there."),
        field(
            "callback",
            Required,
            Value::Text,
            "The number that the carrier knows this place by, with its country code.",
        ),
        field("location", Required, Value::Text, "The place in words, for the people of the house."),
    ],
};

/// `recordings:`
pub const RECORDINGS: Object = Object {
    what: "`recordings`",
    about: "Recordings on disk.",
    fields: &[
        field("directory", Optional, Value::Text, "Where they are kept."),
        field(
            "quota_mb",
            Optional,
            Value::Number(1, 1_000_000_000),
            "What they may take on disk, in megabytes.",
        ),
        field(
            "sync_s",
            Optional,
            Value::Number(1, 60),
            "Seconds after which sound is safe even if the power fails.",
        ),
    ],
};

/// `close_by_phone: {…}`
pub const CLOSE_BY_PHONE: Object = Object {
    what: "`close_by_phone`",
    about: "Where lines are closed and opened by phone, with a PIN; left out, nowhere.",
    fields: &[
        field(
            "number",
            Required,
            Value::Text,
            "The number that is called for it; in clinic.yaml it must not stand.",
        ),
        field(
            "pin_file",
            Required,
            Value::Text,
            "The file that holds the PIN, 6 to 12 digits; nobody but its owner may read it.",
        ),
    ],
};

/// `voice: {voices: …}`: a language and the engine's name of a voice.
pub const VOICE: Object = Object {
    what: "`voice`",
    about: "The speech engine for what no recording says.",
    fields: &[
        field(
            "engine",
            Required,
            Value::Choice(&["none", "espeak-ng", "flite", "command", "http"]),
            "Which engine speaks.",
        ),
        field(
            "voices",
            Optional,
            Value::Table(Names::Free, &Value::Text),
            "The engine's voice for each language, such as {en: en-us}; of espeak-ng and flite.",
        ),
        field(
            "command",
            Optional,
            Value::List(&Value::Text),
            "A program and its words: it gets the text on standard input and gives a WAV; {language} is filled in.",
        ),
        field(
            "url",
            Optional,
            Value::Text,
            "Where the text is posted and a WAV comes back, such as http://127.0.0.1:5002/{language}.",
        ),
    ],
};

/// `careline.yaml`.
pub const CONFIG: Object = Object {
    what: "careline.yaml",
    about: "Every setting of the engine; each has a default.",
    fields: &[
        field("sip", Optional, Value::Object(&SIP), "Signalling."),
        field("media", Optional, Value::Object(&MEDIA), "Sound."),
        field("calls", Optional, Value::Object(&CALLS), "Bounds on calls."),
        field("trunks", Optional, Value::List(&Value::Object(&TRUNK)), "Carriers and gateways."),
        field("users", Optional, Value::List(&Value::Object(&USER)), "Whose phones log in here."),
        field(
            "interpreters",
            Optional,
            Value::List(&Value::Object(&INTERPRETER)),
            "Vendors of interpreters, in the order in which they are tried.",
        ),
        field("keys", Optional, Value::Object(&KEYS), "Keys by which a person hands the caller on."),
        field("dialling", Optional, Value::Object(&DIALLING), "What phones may call over a trunk."),
        field("emergency", Optional, Value::Object(&EMERGENCY), "How phones call for help."),
        field("flows", Optional, Value::Text, "The directory of the flows."),
        field("sounds", Optional, Value::Text, "The directory of the prompt audio."),
        field(
            "published",
            Optional,
            Value::Text,
            "The directory of published sets; beside the store, if left out.",
        ),
        field(
            "live_edit",
            Optional,
            Value::Choice(&["true", "false"]),
            "Serve the draft itself whenever it has no fault: for demonstrations.",
        ),
        field("recordings", Optional, Value::Object(&RECORDINGS), "Recordings on disk."),
        field("voice", Optional, Value::Object(&VOICE), "The speech engine for what no recording says."),
        field(
            "close_by_phone",
            Optional,
            Value::Object(&CLOSE_BY_PHONE),
            "Where lines are closed by phone, with a PIN.",
        ),
        field("store", Optional, Value::Text, "The database of call records."),
        field("control", Optional, Value::Text, "The socket for `careline status` and other commands."),
        field(
            "drain_s",
            Optional,
            Value::Number(0, 86_400),
            "Seconds that calls may go on after the engine is told to stop.",
        ),
        field(
            "log",
            Optional,
            Value::Choice(&["error", "warn", "info", "debug", "trace"]),
            "How much is logged.",
        ),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../careline.yaml.example");

    /// The names that may stand in `object` and in all that may stand in it.
    fn names(object: &'static Object, found: &mut Vec<&'static str>) {
        for field in object.fields {
            found.push(field.name);
            within(&field.value, found);
        }
    }

    fn within(value: &'static Value, found: &mut Vec<&'static str>) {
        match value {
            Value::Object(object) | Value::TextOr(object) => names(object, found),
            Value::List(value) | Value::OneOrMore(value) | Value::Table(_, value) => within(value, found),
            _ => {}
        }
    }

    #[test]
    fn the_example_shows_every_name_of_the_configuration() {
        let mut found = Vec::new();
        names(&CONFIG, &mut found);
        let is_shown = |name: &&str| {
            let (field, first) = (format!(" {name}:"), format!("{{{name}:"));
            EXAMPLE.lines().any(|line| format!(" {line}").contains(&field) || line.contains(&first))
        };
        let missing: Vec<&str> = found.iter().filter(|name| !is_shown(name)).copied().collect();
        assert!(found.len() > 80, "{found:?}");
        assert_eq!(missing, Vec::<&str>::new());
    }
}
