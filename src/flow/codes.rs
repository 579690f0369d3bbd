//! The kinds of fault that flows can have. A code never changes its meaning; a retired one is not used again.

use crate::flow::diagnostic::Code;
use crate::flow::syntax::fields::Family;

macro_rules! codes {
    ($($name:ident $id:literal $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $name: Code = Code { id: $id, meaning: $meaning };)*
        /// All of them, in the order of their numbers.
        pub const CODES: &[Code] = &[$($name),*];
    };
}

codes! {
    UNKNOWN "F001" "a word that nothing knows at its place";
    MISSING "F002" "a word that must be there is missing";
    KIND "F003" "a list, mapping or word stands where another of them belongs";
    VALUE "F004" "a promise to call back cannot be read";
    TWICE "F005" "two flows have the same name";
    FILE "F006" "a file that every flow needs is missing";
    RESERVED "F007" "a step or flow has the name of a fixed destination or of a flow";
    NEXT "F010" "a step leads to a step that does not exist";
    UNREACHABLE "F011" "no way leads to a step";
    KEY "F012" "a key leads to a step that does not exist";
    LOOP "F013" "steps lead back to themselves without an act of the caller";
    DEAD_END "F014" "a step leads nowhere";
    STEPS "F015" "a flow has more steps than anyone can follow";
    FIXED_KEY "F016" "a key that means the same everywhere is given another meaning";
    OPTIONS "F017" "a menu has more options than a caller can keep in mind";
    NOT_DECLARED "F018" "a menu's text offers a key that leads nowhere";
    NOT_SPOKEN "F019" "a key leads somewhere, but the menu's text does not offer it";
    PROMPT "F020" "a prompt is not in prompts.yaml";
    LANGUAGE "F021" "a prompt lacks a language";
    AUDIO_MISSING "F022" "a prompt has no audio";
    AUDIO_BROKEN "F023" "the audio of a prompt cannot be read";
    SLOT "F024" "a prompt has a {slot}, and nothing can fill it";
    SENTENCE "F025" "a sentence is too long to be followed by ear";
    EMERGENCY "F026" "the emergency or crisis line does not say its number";
    FIRST_WORDS "F030" "a call does not begin with the emergency line in every language";
    ZERO "F031" "the entry does not say that 0 gets a person";
    NOTICE "F032" "recording and its notice do not fit together";
    LADDER "F033" "the person ladder has fewer than two rungs";
    LAST_RUNG "F034" "the last rung of the person ladder is not a message";
    SIP "F035" "a SIP address cannot be called";
    ROUTE "F036" "a number or setting leads to a flow that does not exist";
    NUMBER "F037" "a called number cannot be read";
    LOCALE "F038" "a locale or language is not known";
    EXIT "F039" "an exit is not listed in clinic.yaml";
    CALLED "F041" "`called_number` stands outside the entry flow";
    OPT_OUT "F050" "key 8 ends calls from the clinic; it means nothing in calls to it";
    KEYS_DIFFER "F051" "a prompt offers other keys in one language than in another";
    GRADE "F052" "a text is too hard to be understood by ear";
    UNUSED "F053" "a prompt is in prompts.yaml and no caller can hear it";
    UNHEARD_KEY "F054" "a text offers a key where nothing waits for it";
    SLOTS "F055" "the languages of a prompt have different slots";
    NO_PERSON "F056" "a called flow ends without a question or a person";
    NOT_REACHED "F057" "no number and no other flow leads to a flow";
    CALENDAR "F060" "an `hours` step asks a calendar that is not in hours.yaml";
    ZONE "F061" "a time zone is not known";
    WEEK "F062" "a calendar does not say what holds on some day of the week";
    OVERLAP "F063" "two times of opening overlap";
    HOLIDAY "F064" "the rule of a holiday cannot be read";
    ICS "F065" "a line of an iCalendar file is not understood";
    ENDS "F066" "a list of holidays ends soon";
    NO_ACT "F101" "nothing says what a step does";
    ANSWER "F102" "`next` of a menu names an answer that no key has";
    OFFER "F103" "the language is offered outside the entry flow";
    NOTHING "F104" "nothing stands behind a colon";
    EMPTY_STEP "F105" "a step is empty";
    NAME "F106" "a name has a character that no name has";
    CHOICE "F107" "a word is none of the few that may stand there";
    NUMERAL "F108" "a number is no whole number, or out of bounds";
    TIME "F109" "a time is not written as `8 s`, or out of bounds";
    NO_KEY "F110" "a menu has a key that no telephone has";
    KEY_SIGN "F111" "the star or pound key is written as a sign";
    KEY_TWICE "F112" "a menu has the same key twice";
    SEVERAL "F113" "a step does several things";
    NEXT_AND_END "F114" "a step goes on and ends the call";
    FILE_NAME "F115" "a flow is in a file of another name";
    EARLY_KEY "F116" "a first menu uses 2 or 7, which are taken until it is over";
    START "F117" "the first step of a flow does not exist";
    RUNG_ORDER "F118" "a message stands before the last rung of the person ladder";
    ENTRY_ROUTE "F119" "a number leads to the entry flow itself";
    NUMBER_TWICE "F120" "a called number stands twice";
    NEVER_CALLED "F121" "the entry never leads to the flow of the called number";
    MANNER "F122" "a slot is spoken in a manner that its type does not have";
    BRACE "F123" "a brace in a text has no other half, or no name in it";
    UNSPOKEN "F124" "a slot has a type that is not spoken";
    SECOND_VOICE "F126" "a slot is spoken by a second voice";
    LANGUAGE_RULES "F127" "the file of a language has a fault";
    REQUEST_URL "F130" "a request has no URL that can be asked";
    REQUEST_OPEN "F131" "a request leaves the clinic's network without TLS";
    REQUEST_LOGIN "F132" "a user or password stands in the URL of a request";
    REQUEST_FAILED "F133" "nothing says what follows on a request without an answer";
    REQUEST_TYPE "F134" "an answer cannot hold a type";
    REQUEST_PUBLIC "F135" "`public` names a field that the answer does not have";
    REQUEST_PHI "F136" "a value that may tell of a patient would stand in a URL";
    REQUEST_SIZE "F137" "a request sends or expects too many values";
    REQUEST_TWICE "F138" "a request that may change something is tried more than once";
    UNSAVED "F140" "nothing saves a value under a name";
    NOT_ALWAYS "F141" "a value is not saved on every way that leads to a step";
    TWO_KINDS "F142" "one name holds two kinds of value";
    MIXED "F143" "a condition or value mixes what does not fit together";
    KIND_WANTED "F144" "another kind of value belongs here";
    LEAK "F145" "a value goes where it must not be heard or written down";
    ASSURANCE "F146" "a step needs a caller who is known better";
    PARAMETER "F147" "a flow or the records are not given what they take";
    RESULT "F148" "a flow does not give what it promises";
    RETURN "F149" "a flow leads back, and nobody called it";
    NEVER_RETURNS "F150" "a flow that is called never leads back";
    CIRCLE "F151" "flows call each other in a circle";
    NOT_USED "F152" "a value is saved, and no step asks for it";
    VALUE_NAME "F153" "a value has a name that no condition can ask for";
    OTHER_KEY "F154" "an answer has another key here than elsewhere";
    RED_FLAG "F160" "a way through a triage tree passes by a red flag";
    TRIAGE_KEYS "F161" "a triage tree takes a key for help away from the caller";
    AWAY "F162" "a triage tree leads away from a nurse";
    TRIAGE_CIRCLE "F163" "a triage tree asks in a circle";
    UNTESTED "F164" "a way through a triage tree has no test";
    NUMBERS_DIFFER "F165" "a text of a triage tree says other numbers in one language than in another";
    YES_NO "F166" "a question does not offer 1 for yes and 2 for no";
    UNSIGNED "F167" "a triage tree is not signed as it stands";
    SELF_CARE "F168" "a triage tree advises instead of leading to a nurse";
    QUESTION "F169" "a question is too long to be answered with yes or no";
    EMERGENCY_WORDS "F171" "the words before the emergency exit do not say the number";
    TEST_FAILS "F172" "a test of a triage tree ends elsewhere";
    TOO_MANY_WAYS "F173" "a triage tree has more ways than anyone can test";
    BAD_SIGNATURE "F174" "a signature cannot be read";
    STRANGE "F175" "a step has no place in a triage tree";
    YES_LEADS "F176" "a yes to a red flag does not lead to help at once";
    NO_CODE "F177" "a question does not say which sign it asks about";
    NOT_TRIAGE "F178" "a word that belongs to a triage tree stands in another flow";
    CLOSE_NUMBER "F180" "a number that shall be closed is not in clinic.yaml";
    CLOSE_UNTIL "F181" "the end of a closing is missing, past, too far away, or no time";
    CLOSE_SAY "F182" "the words of a closing are no prompt that callers could hear";
    CLOSE_ZONE "F183" "it is not certain on which clock the end of a closing is meant";
    CLOSE_URGENT "F184" "a number of an urgent flow shall be closed";
    EXPRESSION "F185" "a condition or value cannot be read";
    COLLECT "F186" "what a `collect` step asks for does not fit together";
    PASSED "F187" "`with` names no saved value";
    CARE_VERB "F188" "nothing like this can be asked of the records";
    OUTCOME "F189" "`next` lacks an outcome of its step, or names one that it never has";
    TYPE "F190" "a type of value is not known";
    CALLED_FLOW "F191" "a `call` names no flow that can come back";
    REHEARSAL "F192" "a test of a flow cannot be played, or comes out otherwise than it is written";
    BY_PHONE_PIN "F193" "the file of the PIN for closing by phone cannot be used";
    BY_PHONE_NUMBER "F194" "the number for closing by phone leads to a flow already";
    BY_PHONE_WORDS "F195" "words that closing by phone needs are not in prompts.yaml";
    TRUNK "F196" "a number is called over a trunk that careline.yaml does not have";
    MENU_KEYS "F197" "what is to be pressed for a menu is no keys";
    INTERPRETER "F198" "no vendor of careline.yaml has an interpreter for the language";
    NOT_TAKEN "F199" "a number is called over a trunk whose `allow` does not take it";
}

/// The codes that the field reader uses for flows.
pub const FAMILY: Family = Family {
    unknown: UNKNOWN,
    missing: MISSING,
    kind: KIND,
    value: VALUE,
    nothing: NOTHING,
    name: NAME,
    choice: CHOICE,
    number: NUMERAL,
    time: TIME,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_is_used_twice() {
        let mut ids: Vec<&str> = CODES.iter().map(|code| code.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), CODES.len());
    }

    #[test]
    fn the_administrators_guide_explains_every_code() {
        let guide = include_str!("../../docs/admin-guide/flows.md");
        for Code { id, meaning } in CODES.iter().chain(crate::flow::syntax::tree::CODES) {
            assert!(guide.contains(&format!("| {id} | {meaning} |")), "{id} {meaning}");
        }
    }
}
