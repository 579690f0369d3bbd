//! Pages of what flows, menus, prompts and clinic.yaml may not say: codes under F100.

use super::{Example, Page, page, steps, words};
use crate::flow::codes;

const MENU: &str = "  a: {menu: vm.closed_now, keys: {1: message}}";
const NOT_READ: &str = "The line would do nothing: nobody knows what was meant.";

/// In the order of their codes.
pub const PAGES: &[Page] = &[
    page(
        codes::UNKNOWN,
        "A word stands before a colon and nothing knows it at this place. Mostly it is a slip of the keyboard.",
        NOT_READ,
        "Write one of the words that the fault names. `careline check --fix` does it where only one can be meant.",
        words("main_menu.yaml", "strat: choose", "start: choose"),
    ),
    page(
        codes::MISSING,
        "Something that must be said here is not said.",
        "Nothing: the step or file is not complete.",
        "Add the line that the fault names.",
        steps("  a: {menu: vm.closed_now}", MENU),
    ),
    page(
        codes::KIND,
        "One word belongs here and a list stands here, or the other way round.",
        NOT_READ,
        "Names and values go in `{ }` or on lines of their own, lists in `[ ]` or on lines with `- `.",
        steps("  a: {menu: vm.closed_now, keys: [message]}", MENU),
    ),
    page(
        codes::VALUE,
        "The promise says when a caller is called back, and it is not written as the engine reads it.",
        "A promise that nobody counts, and so nobody keeps.",
        "Write `1 working day` up to `10 working days`, the same that the prompt after `saved` says.",
        words("clinic.yaml", "promise: soon", "promise: 1 working day"),
    ),
    page(
        codes::TWICE,
        "Two files hold a flow of the same name.",
        "One of the two, and nobody can tell which.",
        "Give one of them another name, and its file too.",
        Example::Told(
            "`after_hours.yaml` was copied to `more.yaml`, and its first line still says `flow: after_hours`.",
        ),
    ),
    page(
        codes::FILE,
        "Every set of flows has a `clinic.yaml` and a `prompts.yaml`, and one of them is not there.",
        "Nothing: no call could be answered.",
        "Copy the file from the shipped flows and change it.",
        Example::Told("`prompts.yaml` was renamed to `texts.yaml`."),
    ),
    page(
        codes::RESERVED,
        "The name is taken: `person`, `nurse`, `crisis`, `message` and `called_number` are destinations of every \
         flow, and a step may not be called like a flow.",
        "Who reads `next: person` could not tell where the caller is led.",
        "Give the step or flow another name.",
        steps(
            "  a: {menu: vm.closed_now, keys: {1: main_menu}}\n  main_menu: {person: u.agent}",
            "  a: {menu: vm.closed_now, keys: {1: desk}}\n  desk: {person: u.agent}",
        ),
    ),
    page(
        codes::NEXT,
        "`next` names a step that this flow does not have.",
        "After these words a caller would hear nothing more.",
        "Correct the name, or write the step. `careline check --fix` corrects a slip that can mean only one step.",
        words("entry.yaml", "next: greting", "next: greeting"),
    ),
    page(
        codes::UNREACHABLE,
        "No key and no `next` leads to this step.",
        "No caller would ever hear it.",
        "Let a key or a `next` lead to it, or take the step out.",
        steps("  a: {menu: vm.closed_now, keys: {1: message}}\n  b: {person: u.agent}", MENU),
    ),
    page(
        codes::KEY,
        "A key leads to a step that this flow does not have.",
        "Who presses the key would hear nothing that follows.",
        "Correct the name, or write the step. `careline check --fix` corrects a slip that can mean only one step.",
        words("main_menu.yaml", "3: refil,", "3: refill,"),
    ),
    page(
        codes::LOOP,
        "These steps follow on one another in a circle, and no key leads out of it.",
        "The same words again and again, for ever.",
        "Let one step of the circle lead to a menu, or to `person`.",
        steps(
            "  a: {say: u.one_moment, next: b}\n  b: {say: u.agent, next: a}",
            "  a: {say: u.one_moment, next: b}\n  b: {say: u.agent, next: person}",
        ),
    ),
    page(
        codes::DEAD_END,
        "The step says something, and then nothing follows.",
        "After these words a caller would hear nothing more.",
        "Add `next: …` with the step that follows, or `end: …` to hang up.",
        steps("  a: {say: u.one_moment}", "  a: {say: u.one_moment, next: person}"),
    ),
    page(
        codes::STEPS,
        "The flow has more than 500 steps.",
        "Only the first 500.",
        "Make several flows of it; a step can lead to another flow by its name.",
        Example::Told("A flow that a program wrote, with a step for each of 600 streets."),
    ),
    page(
        codes::FIXED_KEY,
        "0, 4, 9, star and pound mean the same in every flow, so that callers can rely on them.",
        "Who presses 0 for a person would land somewhere else.",
        "Take the line out: the key works by itself.",
        steps("  a: {menu: vm.closed_now, keys: {1: message, 9: message}}", MENU),
    ),
    page(
        codes::OPTIONS,
        "The menu has more than five options.",
        "At the end of the list a caller has forgotten its beginning.",
        "Make two menus of it: the last option of the first one leads to the second.",
        words(
            "main_menu.yaml",
            "keys: {1: visits, 3: refill, 7: refill, 8: refill, 5: billing, 6: more}",
            "keys: {1: visits, 3: refill, 5: billing, 6: more}",
        ),
    ),
    page(
        codes::NOT_DECLARED,
        "The menu's text offers a key, and `keys` says nothing of it.",
        "Who presses the key as told would hear \"I did not get that\".",
        "Add the key under `keys`, or take it out of the text, in every language.",
        words(
            "main_menu.yaml",
            "keys: {1: visits, 5: billing, 6: more}",
            "keys: {1: visits, 3: refill, 5: billing, 6: more}",
        ),
    ),
    page(
        codes::NOT_SPOKEN,
        "A key leads somewhere, and the menu's text does not offer it, in one of the languages.",
        "Nothing of it: a caller cannot know that this key does something.",
        "Say it in the text, as \"press 3\" or \"marque 3\", and record the text again.",
        words("prompts.yaml", "To refill a medicine, ask us.", "To refill a medicine, press 3."),
    ),
    page(
        codes::PROMPT,
        "A step names a prompt that `prompts.yaml` does not have.",
        "Nothing at this place.",
        "Correct the name, or add the prompt with its texts. `careline check --fix` corrects a slip that can mean only one prompt.",
        words("entry.yaml", "say: u.persno", "say: u.person"),
    ),
    page(
        codes::LANGUAGE,
        "A prompt has no text in one of the clinic's languages.",
        "A caller of that language would hear nothing at this place.",
        "Add the text in that language, and its sound.",
        words(
            "prompts.yaml",
            "  # es: \"Gracias por llamar. Adiós.\"",
            "  es: \"Gracias por llamar. Adiós.\"",
        ),
    ),
    page(
        codes::AUDIO_MISSING,
        "There is no sound file for this text.",
        "Silence.",
        "Record the text, and save it under the name that the fault tells, in the folder of sounds.",
        Example::Told("`sounds/es/mm.menu.wav` was never recorded."),
    ),
    page(
        codes::AUDIO_BROKEN,
        "The sound file is there, but there is no sound in it that can be read.",
        "Silence.",
        "Save the recording again as WAV, FLAC, MP3 or Ogg Vorbis.",
        Example::Told("A text file that was saved as `sounds/en/mm.menu.wav`."),
    ),
    page(
        codes::SLOT,
        "The text has a place in braces for a value, and no step that speaks it has a value of that name.",
        "A person would be called, because the words cannot be said to their end.",
        "Write the name of a saved value, give the step `with: {NAME: $VALUE}`, or write the text without braces.",
        words("prompts.yaml", "en: \"This is the {clinic}.\"", "en: \"This is the Riverside Clinic.\""),
    ),
    page(
        codes::SENTENCE,
        "A sentence has more than 25 words. Nobody can look back at what was said.",
        "Who is ill or old has lost its beginning when it ends.",
        "Make two sentences of it.",
        words(
            "prompts.yaml",
            "en: \"I am glad you called and you are not alone because I will stay with you and get a person now who can \
             talk with you about everything.\"",
            "en: \"I am glad you called. You are not alone. I will stay with you and get a person now.\"",
        ),
    ),
    page(
        codes::EMERGENCY,
        "The emergency or crisis line does not say the number that saves a life.",
        "A caller in danger would not hear whom to call.",
        "Say the number digit by digit: 9 1 1, or 9 8 8.",
        words("prompts.yaml", "hang up now and call for help.", "hang up now and call 9 1 1."),
    ),
    page(
        codes::FIRST_WORDS,
        "Every call begins with the emergency line, in every language, before anything else.",
        "A caller with chest pain would hear other words first.",
        "Let the entry flow begin with `{say: u.emergency, languages: all, next: …}`.",
        words(
            "entry.yaml",
            "{say: u.emergency, next: crisis_line}",
            "{say: u.emergency, languages: all, next: crisis_line}",
        ),
    ),
    page(
        codes::ZERO,
        "The entry flow does not tell callers that 0 gets a person.",
        "Who needs a person would not know how to get one.",
        "Add a step such as `{say: u.person, next: …}` to the entry flow.",
        words("entry.yaml", "zero: {say: u.one_moment,", "zero: {say: u.person,"),
    ),
    page(
        codes::NOTICE,
        "A `record` step stands outside the entry flow.",
        "The notice twice, or 7 where it no longer stops the recording.",
        "Move the step to the entry flow, or take it out: the notice comes by itself.",
        steps(
            "  a: {recording: notice, prompt: u.recording, next: person}",
            "  a: {say: u.one_moment, next: person}",
        ),
    ),
    page(
        codes::LADDER,
        "The person ladder in `clinic.yaml` has fewer than two rungs.",
        "Who asks for a person would have no second chance when nobody answers.",
        "Name at least one person to call, and then a message.",
        words(
            "clinic.yaml",
            "  # - {call: \"sip:front-desk@127.0.0.1:5070\", ring: 25 s}",
            "  - {call: \"sip:front-desk@127.0.0.1:5070\", ring: 25 s}",
        ),
    ),
    page(
        codes::LAST_RUNG,
        "The last rung of the person ladder calls somebody, who may not answer.",
        "A caller whom nobody answers would be left without a way to be called back.",
        "Make a message the last rung: `{message: …, saved: …, promise: 1 working day}`.",
        words(
            "clinic.yaml",
            "  # - {message: vm.record_now, saved: vm.saved_next_day, promise: 1 working day}",
            "  - {message: vm.record_now, saved: vm.saved_next_day, promise: 1 working day}",
        ),
    ),
    page(
        codes::SIP,
        "The address after `call` is none that can be called.",
        "Who asks for a person would not reach this one.",
        "Write it as `sip:NAME@HOST` or `sip:NAME@HOST:PORT`, or a number over a trunk as `trunk:NAME/+16175550123`, in quotation marks.",
        words("clinic.yaml", "call: \"front-desk@127.0.0.1\"", "call: \"sip:front-desk@127.0.0.1:5070\""),
    ),
    page(
        codes::ROUTE,
        "A number or a setting of `clinic.yaml` names a flow that does not exist.",
        "Who calls this number could not be answered.",
        "Correct the name, or write the flow. `careline check --fix` corrects a slip that can mean only one flow.",
        words("clinic.yaml", "199: after_ours", "199: after_hours"),
    ),
    page(
        codes::NUMBER,
        "A called number has a character that no number has.",
        "Who calls this number would hear the default flow.",
        "Write it as the carrier sends it, in quotation marks: `\"+16175550100\"`.",
        words("clinic.yaml", "\"1/617/5550100\": main_menu", "\"+16175550100\": main_menu"),
    ),
    page(
        codes::LOCALE,
        "A language stands twice, is none that flows can speak, or is one more than a caller can choose between.",
        "Nothing in that language.",
        "English is `en`, Spanish is `es`; others are files beside the flows (`docs/admin-guide/languages.md`). The first one is spoken until the caller presses 2 for the second.",
        words("clinic.yaml", "languages: [en, fr]", "languages: [en, es]"),
    ),
    page(
        codes::EXIT,
        "A step names an exit that `clinic.yaml` does not list.",
        "Nothing else; but the reports could not say what the caller wanted.",
        "Correct the name, or list it under `exits` with its meaning. `careline check --fix` corrects a slip that can mean only one exit.",
        words("main_menu.yaml", "exit: refil}", "exit: refill}"),
    ),
    page(
        codes::CALLED,
        "`called_number` leads from the first words to the flow of the number that was called, so it belongs to the \
         entry flow alone.",
        "The caller would be taken back to where the call began.",
        "Name the step or flow that is meant.",
        steps(
            "  a: {menu: vm.closed_now, keys: {1: leave}, next: {leave: called_number}}",
            "  a: {menu: vm.closed_now, keys: {1: leave}, next: {leave: message}}",
        ),
    ),
];
