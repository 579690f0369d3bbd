//! A SIPp scenario as SIPp would read it: the subset that `sipp-scenarios/nominal` uses. An element or
//! attribute that is not known is an error, so that no line of a scenario is passed over in silence.
//! What a scenario asserts with `ereg` is SIPp's to judge; here only the ladder is played.

use careline::wire::telephone_event::Key;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::time::Duration;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Sends this message, placeholders and all.
    Send(String),
    /// Waits for a message.
    Receive {
        /// A status or a method.
        what: String,
        /// It need not come.
        optional: bool,
        /// Its Contact is where requests go from now on.
        is_route: bool,
    },
    /// Waits.
    Pause(Duration),
    /// Waits for a time that chance decides.
    PauseByChance,
    /// Presses keys.
    Keys(String),
    /// Sends sound from now on. What it says is heard over loopback; here it is silence.
    Speak,
    /// Keeps a header value of the last message for `[$n]`.
    Keep {
        /// Of this header field.
        header: String,
        /// As this variable.
        variable: String,
    },
}

/// Reads a scenario.
///
/// # Errors
/// What is no XML, and what is not known.
pub fn read(xml: &str) -> Result<Vec<Step>, String> {
    let mut reader = Reader::from_str(xml);
    let mut steps = Vec::new();
    let mut sending = false;
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(tag) => {
                sending |= tag.name().as_ref() == b"send";
                steps.extend(step(&tag)?);
            }
            Event::Empty(tag) => steps.extend(step(&tag)?),
            Event::CData(text) if sending => {
                steps.push(Step::Send(String::from_utf8_lossy(&text).into_owned()))
            }
            Event::End(tag) => sending &= tag.name().as_ref() != b"send",
            Event::Text(text) if text.iter().all(u8::is_ascii_whitespace) => {}
            Event::Comment(_) | Event::Decl(_) => {}
            Event::Eof => return Ok(steps),
            other => return Err(format!("{other:?} is not known here")),
        }
    }
}

fn step(tag: &BytesStart<'_>) -> Result<Option<Step>, String> {
    let name = String::from_utf8_lossy(tag.name().as_ref()).into_owned();
    let known: &[&str] = match name.as_str() {
        "scenario" => &["name"],
        "send" => &["retrans"],
        "recv" => &["response", "request", "optional", "rrs", "timeout"],
        "pause" => &["milliseconds", "distribution", "min", "max"],
        "nop" | "action" => &[],
        "ereg" => &["regexp", "search_in", "check_it", "assign_to", "header"],
        "exec" => &["play_dtmf", "rtp_stream", "play_pcap_audio"],
        "Reference" => &["variables"],
        other => return Err(format!("element <{other}> is not known")),
    };
    let mut told = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| format!("<{name}>: {error}"))?;
        let key = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
        if !known.contains(&key.as_str()) {
            return Err(format!("attribute {key} of <{name}> is not known"));
        }
        told.push((key, String::from_utf8_lossy(&attribute.value).into_owned()));
    }
    let get = |key: &str| told.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone());
    Ok(match name.as_str() {
        "recv" => Some(Step::Receive {
            what: get("response").or_else(|| get("request")).ok_or("<recv> of nothing")?,
            optional: get("optional").is_some_and(|value| value == "true"),
            is_route: get("rrs").is_some_and(|value| value == "true"),
        }),
        "pause" => Some(match get("milliseconds") {
            Some(pause) => {
                Step::Pause(Duration::from_millis(pause.parse().map_err(|_| format!("a pause of {pause}"))?))
            }
            None => Step::PauseByChance,
        }),
        "ereg" if get("regexp").as_deref() == Some(".*") => Some(Step::Keep {
            header: get("header").unwrap_or_default().trim_end_matches(':').to_owned(),
            variable: get("assign_to").unwrap_or_default(),
        }),
        "exec" => get("play_dtmf").map(Step::Keys).or(get("rtp_stream").map(|_| Step::Speak)),
        _ => None,
    })
}

/// The keys that `play_dtmf` names.
pub fn keys(text: &str) -> Vec<Key> {
    let key = |letter: char| match letter {
        '0'..='9' => letter.to_digit(10).map(|digit| Key::Digit(digit as u8)),
        '*' => Some(Key::Star),
        '#' => Some(Key::Pound),
        'A'..='D' => Some(Key::Letter(letter as u8)),
        _ => None,
    };
    text.chars().filter_map(key).collect()
}

#[test]
fn a_scenario_is_read_step_by_step_and_what_is_not_known_is_refused() {
    let xml = r#"<?xml version="1.0"?><scenario name="x"><send retrans="500"><![CDATA[A]]></send>
        <recv response="200" rrs="true"/><pause milliseconds="5"/>
        <nop><action><exec play_dtmf="0"/></action></nop></scenario>"#;
    let expected = [
        Step::Send("A".to_owned()),
        Step::Receive { what: "200".to_owned(), optional: false, is_route: true },
        Step::Pause(Duration::from_millis(5)),
        Step::Keys("0".to_owned()),
    ];
    assert_eq!(read(xml).as_deref(), Ok(&expected[..]));
    assert_eq!(read("<scenario><jump/></scenario>"), Err("element <jump> is not known".to_owned()));
    assert_eq!(read(r#"<recv crlf="1"/>"#), Err("attribute crlf of <recv> is not known".to_owned()));
}
