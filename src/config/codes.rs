//! The kinds of fault that `careline.yaml` can have. A code never changes its meaning; a retired one is not
//! used again.

use crate::flow::diagnostic::Code;
use crate::flow::syntax::fields::Family;

const fn code(id: &'static str, meaning: &'static str) -> Code {
    Code { id, meaning }
}

/// The codes that the field reader uses.
pub const FAMILY: Family = Family {
    unknown: code("C001", "a word that nothing knows at its place"),
    missing: code("C002", "a word that must be there is missing"),
    kind: code("C003", "a list, mapping or word stands where another of them belongs"),
    value: code("C004", "an address or network cannot be read"),
    nothing: code("C006", "nothing stands behind a colon"),
    name: code("C007", "a name has a character that no name has"),
    choice: code("C008", "a word is none of the few that may stand there"),
    number: code("C009", "a number is no whole number, or out of bounds"),
    // No setting has a time with a unit yet.
    time: code("C010", "a time is not written as `8 s`, or out of bounds"),
};
/// Two families of addresses.
pub const CLASH: Code = code("C005", "SIP and sound are on addresses that do not reach each other");
/// One address twice.
pub const LISTEN_TWICE: Code = code("C011", "SIP is listened for twice at one address");
/// No address at all.
pub const LISTEN_NOWHERE: Code = code("C012", "SIP is listened for nowhere");
/// RTP takes even ports.
pub const ODD_PORT: Code = code("C013", "the first port for sound is odd");
/// The range is empty.
pub const NO_PORT: Code = code("C014", "no port is left for sound");
/// Two trunks of one name.
pub const TRUNK_TWICE: Code = code("C015", "two trunks have the same name");
/// An engine without what it needs.
pub const VOICE: Code = code("C016", "a speech engine lacks what it needs");
/// What is called to close lines by phone is no number.
pub const SERVICE_NUMBER: Code = code("C017", "the number for closing by phone cannot be called");
/// Two users of one name.
pub const USER_TWICE: Code = code("C018", "two users have the same name");
/// The hash of a password is none.
pub const USER_HASH: Code = code("C019", "the hash of a password is none");
/// Where calls go out over a trunk.
pub const TRUNK_TO: Code = code("C020", "a host that calls go out to cannot be called, or there is none");
/// The number that is shown over a trunk.
pub const TRUNK_CALLER: Code = code("C021", "the number that a trunk shows has no country code");
/// Half of an account.
pub const TRUNK_ACCOUNT: Code = code("C022", "the account at a trunk is not whole");
/// What phones may call.
pub const DIALLING: Code = code("C023", "what phones may call cannot be called");
/// How phones call for help.
pub const EMERGENCY: Code = code(
    "C024",
    "a number for emergencies, or that of a place, cannot be called, or there is nobody to tell",
);
/// Phones cannot call for help.
pub const NO_EMERGENCY: Code = code("C025", "phones log in, and no trunk takes their emergency calls");

/// The line of a vendor of interpreters.
pub const INTERPRETER_TARGET: Code = code("C026", "a vendor of interpreters cannot be called");
/// Its languages.
pub const INTERPRETER_LANGUAGE: Code = code("C027", "a vendor of interpreters does not have the language");
/// Its menu.
pub const INTERPRETER_KEYS: Code = code("C028", "what is to be pressed for a menu is no keys");
/// Two vendors of one name.
pub const INTERPRETER_TWICE: Code = code("C029", "two vendors of interpreters have the same name");
/// By which keys persons hand on.
pub const KEYS: Code = code("C030", "keys to hand a talk on by are no code, or lack one that belongs to it");

/// All kinds of fault that this file can have besides YAML's own.
pub const CODES: &[Code] = &[
    FAMILY.unknown,
    FAMILY.missing,
    FAMILY.kind,
    FAMILY.value,
    CLASH,
    FAMILY.nothing,
    FAMILY.name,
    FAMILY.choice,
    FAMILY.number,
    LISTEN_TWICE,
    LISTEN_NOWHERE,
    ODD_PORT,
    NO_PORT,
    TRUNK_TWICE,
    VOICE,
    SERVICE_NUMBER,
    USER_TWICE,
    USER_HASH,
    TRUNK_TO,
    TRUNK_CALLER,
    TRUNK_ACCOUNT,
    DIALLING,
    EMERGENCY,
    NO_EMERGENCY,
    INTERPRETER_TARGET,
    INTERPRETER_LANGUAGE,
    INTERPRETER_KEYS,
    INTERPRETER_TWICE,
    KEYS,
];
