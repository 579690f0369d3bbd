//! The pages of faults of `careline.yaml`, in the form of [`crate::flow::faults`].

use super::codes;
use crate::flow::faults::{Page, page, words};

const NOT_STARTED: &str = "Nothing: the engine does not start with a faulty configuration.";
const FILE: &str = "careline.yaml";

/// In the order of their codes.
pub const PAGES: &[Page] = &[
    page(
        codes::FAMILY.unknown,
        "A word stands before a colon and is no setting. Mostly it is a slip of the keyboard.",
        NOT_STARTED,
        "Write one of the words that the fault names. `careline check --fix` does it where only one can be meant.",
        words(FILE, "calls: {maxx: 200}", "calls: {max: 200}"),
    ),
    page(
        codes::FAMILY.missing,
        "Something that must be said here is not said: a trunk needs a name and its addresses.",
        NOT_STARTED,
        "Add the line that the fault names.",
        words(FILE, "trunks: [{name: carrier}]", "trunks: [{name: carrier, addresses: [203.0.113.7]}]"),
    ),
    page(
        codes::FAMILY.kind,
        "One word belongs here and a list stands here, or the other way round.",
        NOT_STARTED,
        "Names and values go in `{ }` or on lines of their own, lists in `[ ]` or on lines with `- `.",
        words(FILE, "trunks: carrier", "trunks: []"),
    ),
    page(
        codes::FAMILY.value,
        "An address or a network belongs here, and this is none.",
        NOT_STARTED,
        "An address is written as `203.0.113.7` or `2001:db8::7`, with its port as `0.0.0.0:5060`, a network as `10.0.0.0/8`.",
        words(FILE, "sip: {listen: 5060}", "sip: {listen: \"0.0.0.0:5060\"}"),
    ),
    page(
        codes::CLASH,
        "SIP is listened for on IPv4 and sound on IPv6 alone, or the other way round.",
        "Nothing: the call would be answered and stay silent.",
        "Give both the same kind of address.",
        words(
            FILE,
            "sip: {listen: \"[::]:5060\"}\nmedia: {address: 0.0.0.0}",
            "sip: {listen: \"[::]:5060\"}\nmedia: {address: \"::\"}",
        ),
    ),
    page(
        codes::FAMILY.nothing,
        "A setting has a colon, and nothing stands behind it.",
        NOT_STARTED,
        "Write what belongs there, or take the line out: every setting has a default.",
        words(FILE, "flows:", "flows: ivr-flows"),
    ),
    page(
        codes::FAMILY.name,
        "The name of a trunk is lower-case letters, digits, `_`, `-` and `.`.",
        NOT_STARTED,
        "Write the name without spaces and capitals.",
        words(
            FILE,
            "trunks: [{name: My Carrier, addresses: [203.0.113.7]}]",
            "trunks: [{name: my_carrier, addresses: [203.0.113.7]}]",
        ),
    ),
    page(
        codes::FAMILY.choice,
        "Only a few words may stand here, and this is none of them.",
        NOT_STARTED,
        "Write one of the words that the fault names. `careline check --fix` does it where only one can be meant.",
        words(FILE, "log: debugg", "log: debug"),
    ),
    page(
        codes::FAMILY.number,
        "A whole number belongs here, and it must lie between two bounds.",
        NOT_STARTED,
        "Write a number within the bounds that the fault names, in digits and without a unit.",
        words(FILE, "calls: {max: many}", "calls: {max: 1000}"),
    ),
    page(
        codes::LISTEN_TWICE,
        "The same address with the same port stands twice under `listen`.",
        NOT_STARTED,
        "Take one of them out. An address without `udp` or `tcp` before it stands for both.",
        words(
            FILE,
            "sip: {listen: [\"0.0.0.0:5060\", \"tcp 0.0.0.0:5060\"]}",
            "sip: {listen: [\"0.0.0.0:5060\", \"tcp 0.0.0.0:5080\"]}",
        ),
    ),
    page(
        codes::LISTEN_NOWHERE,
        "The list of addresses where SIP is listened for is empty.",
        "Nothing: no call could be answered.",
        "Write an address with its port, or take the line out.",
        words(FILE, "sip: {listen: []}", "sip: {listen: [\"0.0.0.0:5060\"]}"),
    ),
    page(
        codes::ODD_PORT,
        "Sound takes an even port and the one after it, so the first port must be even.",
        NOT_STARTED,
        "Write the even port beside it.",
        words(FILE, "media: {first_port: 20001}", "media: {first_port: 20002}"),
    ),
    page(
        codes::NO_PORT,
        "The last port for sound is not greater than the first.",
        "Nothing: no call could be answered.",
        "Make `last_port` greater than `first_port`. Each party of a call takes two ports.",
        words(
            FILE,
            "media: {first_port: 20000, last_port: 20000}",
            "media: {first_port: 20000, last_port: 29999}",
        ),
    ),
    page(
        codes::TRUNK_TWICE,
        "Two trunks have the same name, so the records could not tell them apart.",
        NOT_STARTED,
        "Give each trunk its own name.",
        words(
            FILE,
            "trunks: [{name: a, addresses: [203.0.113.7]}, {name: a, addresses: [203.0.113.8]}]",
            "trunks: [{name: a, addresses: [203.0.113.7]}, {name: b, addresses: [203.0.113.8]}]",
        ),
    ),
    page(
        codes::VOICE,
        "The engine that is named under `voice` needs a program or an address, and has none that can be used.",
        NOT_STARTED,
        "Give `command` its program, or `url` an address that begins with `http://`, in the clinic's own network.",
        words(FILE, "voice: {engine: http}", "voice: {engine: http, url: \"http://127.0.0.1:5002/say\"}"),
    ),
    page(
        codes::SERVICE_NUMBER,
        "Under `close_by_phone` stands the number that is called to close lines, and this is none.",
        NOT_STARTED,
        "Write it in digits, as carriers send it, or an extension.",
        words(
            FILE,
            "close_by_phone: {number: snow, pin_file: close.pin}",
            "close_by_phone: {number: \"+16175550180\", pin_file: close.pin}",
        ),
    ),
    page(
        codes::USER_TWICE,
        "Two users have the same name, so nobody could tell whose password is meant.",
        NOT_STARTED,
        "Give each user a name of his own. Several phones may log in as one user.",
        words(
            FILE,
            "users: [{name: ann, digest: md5, ha1: 00112233445566778899aabbccddeeff}, {name: ann, digest: md5, ha1: 00112233445566778899aabbccddeeff}]",
            "users: [{name: ann, digest: md5, ha1: 00112233445566778899aabbccddeeff}, {name: bob, digest: md5, ha1: 00112233445566778899aabbccddeeff}]",
        ),
    ),
    page(
        codes::USER_HASH,
        "The `ha1` of a user is the hash of his name, the realm and his password: 64 hexadecimal digits, or 32 with `digest: md5`. This is none.",
        NOT_STARTED,
        "Let `careline user NAME` write the line: it asks for the password.",
        words(
            FILE,
            "users: [{name: ann, ha1: secret}]",
            "users: [{name: ann, digest: md5, ha1: 00112233445566778899aabbccddeeff}]",
        ),
    ),
    page(
        codes::TRUNK_TO,
        "Under `out` stands where calls go out to: one to four hosts of the carrier, each as a SIP address without a name before the host. This is none, or there are none or too many.",
        NOT_STARTED,
        "Write what the carrier gave you as `sip:HOST` or `sip:HOST:PORT`, with `;transport=tcp` if it wants that.",
        words(
            FILE,
            "trunks: [{name: a, addresses: [203.0.113.7], out: {to: sbc.example, caller: \"+16175550100\"}}]",
            "trunks: [{name: a, addresses: [203.0.113.7], out: {to: \"sip:sbc.example\", caller: \"+16175550100\"}}]",
        ),
    ),
    page(
        codes::TRUNK_CALLER,
        "The number that those see who are called over a trunk is written with `+` and its country code, and this is not.",
        NOT_STARTED,
        "Write one of the numbers that the carrier gave you, such as `\"+16175550100\"`, with the quotes.",
        words(
            FILE,
            "trunks: [{name: a, addresses: [203.0.113.7], out: {to: \"sip:sbc.example\", caller: 6175550100}}]",
            "trunks: [{name: a, addresses: [203.0.113.7], out: {to: \"sip:sbc.example\", caller: \"+16175550100\"}}]",
        ),
    ),
    page(
        codes::TRUNK_ACCOUNT,
        "An account at a carrier is a user and the file of his password, and one of the two is missing.",
        NOT_STARTED,
        "Write both. If the carrier knows this machine by its address, write neither.",
        words(
            FILE,
            "trunks: [{name: a, addresses: [203.0.113.7], out: {to: \"sip:sbc.example\", caller: \"+16175550100\", user: clinic-7}}]",
            "trunks: [{name: a, addresses: [203.0.113.7], out: {to: \"sip:sbc.example\", caller: \"+16175550100\", user: clinic-7, password_file: a.password}}]",
        ),
    ),
    page(
        codes::DIALLING,
        "`dialling` says which trunk the phones of users call over, and what allowed numbers begin with. The trunk is not there or has no `out`, or a beginning has no country code, or there are too many.",
        NOT_STARTED,
        "Name a trunk with `out`, and write beginnings as `\"+1617\"` or `\"+49\"`, with the quotes.",
        words(
            FILE,
            "trunks: [{name: a, addresses: [203.0.113.7], out: {to: \"sip:sbc.example\", caller: \"+16175550100\"}}]\ndialling: {trunk: b, allow: [\"+1\"]}",
            "trunks: [{name: a, addresses: [203.0.113.7], out: {to: \"sip:sbc.example\", caller: \"+16175550100\"}}]\ndialling: {trunk: a, allow: [\"+1\"]}",
        ),
    ),
    page(
        codes::EMERGENCY,
        "An emergency number is two to six digits, the number that stands for a place has `+` and its country code, and who is told of a call for help stands under `users:`. This is none of these.",
        NOT_STARTED,
        "Write `numbers: [\"911\"]`, and for each place the number that the carrier has its address for.",
        words(
            FILE,
            "trunks: [{name: emergency, addresses: [203.0.113.7], out: {to: \"sip:sbc.example\", caller: \"+16175550100\"}}]\nemergency: {numbers: [help]}",
            "trunks: [{name: emergency, addresses: [203.0.113.7], out: {to: \"sip:sbc.example\", caller: \"+16175550100\"}}]\nemergency: {numbers: [\"911\"]}",
        ),
    ),
    page(
        codes::NO_EMERGENCY,
        "Phones of the staff log in here, and no trunk is named `emergency`. In many countries every such phone must reach help by the emergency number alone.",
        "The engine starts all the same, so that patients are served, and a flow answers who dials an emergency number: a caller would lose time. `careline check` ends with exit code 1 until it is repaired.",
        "Ask your carrier for emergency calls, and name a trunk for them `emergency`. The same carrier may stand there twice.",
        words(
            FILE,
            "users: [{name: ann, digest: md5, ha1: 00112233445566778899aabbccddeeff}]",
            "users: [{name: ann, digest: md5, ha1: 00112233445566778899aabbccddeeff}]\ntrunks: [{name: emergency, addresses: [203.0.113.7], out: {to: \"sip:sbc.example\", caller: \"+16175550100\"}}]",
        ),
    ),
    page(
        codes::INTERPRETER_TARGET,
        "The line of a vendor of interpreters is no address that calls go out to, or its trunk has no `out`.",
        NOT_STARTED,
        "Write `trunk:NAME/+18005550199` with a trunk that has `out`, or `sip:NAME@HOST`.",
        words(
            FILE,
            "interpreters: [{name: lingua, call: \"tel:+18005550199\", languages: [vi]}]",
            "interpreters: [{name: lingua, call: \"sip:line@203.0.113.7\", languages: [vi]}]",
        ),
    ),
    page(
        codes::INTERPRETER_LANGUAGE,
        "A vendor of interpreters has no language, or keys for one that it does not have.",
        NOT_STARTED,
        "Name each language under `languages`, and write keys for those alone.",
        words(
            FILE,
            "interpreters: [{name: lingua, call: \"sip:line@203.0.113.7\", languages: [vi], keys: {es: \"2\"}}]",
            "interpreters: [{name: lingua, call: \"sip:line@203.0.113.7\", languages: [vi, es], keys: {es: \"2\"}}]",
        ),
    ),
    page(
        codes::INTERPRETER_KEYS,
        "What is to be pressed for the menu of a vendor is something else than keys, or too many of them.",
        NOT_STARTED,
        "Write digits, `*` and `#` in quotes: `\"2\"`. A PIN belongs into `pin_file`.",
        words(
            FILE,
            "interpreters: [{name: lingua, call: \"sip:line@203.0.113.7\", languages: [vi], keys: {vi: two}}]",
            "interpreters: [{name: lingua, call: \"sip:line@203.0.113.7\", languages: [vi], keys: {vi: \"2\"}}]",
        ),
    ),
    page(
        codes::INTERPRETER_TWICE,
        "Two vendors of interpreters have the same name, so the record could not tell who interpreted.",
        NOT_STARTED,
        "Give each a name of its own.",
        words(
            FILE,
            "interpreters: [{name: lingua, call: \"sip:line@203.0.113.7\", languages: [vi]}, {name: lingua, call: \"sip:line@203.0.113.8\", languages: [es]}]",
            "interpreters: [{name: lingua, call: \"sip:line@203.0.113.7\", languages: [vi]}, {name: other, call: \"sip:line@203.0.113.8\", languages: [es]}]",
        ),
    ),
    page(
        codes::KEYS,
        "What stands under `keys` is no code, two of them begin alike, or `attended` has no `back`.",
        NOT_STARTED,
        "Write a star and one to three digits in quotes, and a `back` where there is `attended`: without it a person who has asked a colleague could not take the caller back.",
        words(FILE, "keys: {attended: \"2\"}", "keys: {attended: \"*2\", back: \"*0\"}"),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::flow::faults::Example;

    #[test]
    fn every_kind_of_fault_has_its_page_and_a_true_example() {
        let written: Vec<&str> = PAGES.iter().map(|page| page.code.id).collect();
        let mut known: Vec<&str> = codes::CODES.iter().map(|code| code.id).collect();
        known.sort_unstable();
        assert_eq!(written, known);
        for Page { code, example, .. } in PAGES {
            let Example::Words { wrong, right, .. } = example else { panic!("{}: no words", code.id) };
            let found = |text: &str| {
                let (_, faults) = Config::read(FILE, text.as_bytes());
                faults.iter().map(|fault| fault.code.id).collect::<Vec<_>>()
            };
            assert!(found(wrong).contains(&code.id), "{}: {:?}", code.id, found(wrong));
            let mut left = found(right);
            // Users without a trunk for emergencies are warned of, and that is no fault of these pages.
            left.retain(|id| *id != codes::NO_EMERGENCY.id || code.id == codes::NO_EMERGENCY.id);
            assert_eq!(left, Vec::<&str>::new(), "{}", code.id);
        }
    }
}
