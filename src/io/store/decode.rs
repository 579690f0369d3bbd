//! Rows as events: the other way of `store/encode.rs`.

use super::words::Word;
use crate::clock::WallTime;
use crate::flow::action::Fact;
use crate::flow::closing::Numbers;
use crate::flow::closing::change::ByPhone;
use crate::flow::request::failure::Outcome;
use crate::id::{ExitName, FlowName, Language, PromptName, StepName, TrunkName};
use crate::media::command::Counters;
use crate::phi::Phi;
use crate::report::event::{Diverted, Event, HelpFrom, KeptLeg, Party, TransferMeans, TransferStep};
use crate::report::ladder::{Ladder, Rung, Seen, Start};
use crate::sip::dialog::Translated;
use crate::sip::dialog::kept::Kept as KeptDialog;
use crate::sip::invite::change::Owner;
use crate::sip::way::{Transport, Way};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use thiserror::Error;

/// Why a row is no event. A body holds a patient's numbers, so no message quotes it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// A newer program wrote it.
    #[error("an event of the unknown kind `{kind}`: was it written by a newer careline?")]
    Kind {
        /// The kind.
        kind: String,
    },
    /// The body is not what the kind wants.
    #[error("an event `{kind}` without a good `{field}`: was the database changed by hand?")]
    Field {
        /// The kind.
        kind: String,
        /// The field.
        field: &'static str,
    },
}

/// The event of a row.
///
/// # Errors
/// [`DecodeError`] when the row was not written by [`super::encode`].
pub fn decode(kind: &str, body: &Value) -> Result<Event, DecodeError> {
    let body = Body { kind, body };
    let event = match kind {
        "arrived" => arrived(&body)?,
        "diverted" => Event::Diverted(Diverted {
            by: body.optional_text("by")?.map(|by| Phi::new(by.to_owned())),
            why: body.word("why")?,
            first: body.optional_text("first")?.map(|first| Phi::new(first.to_owned())),
            times: body.number("times")?,
        }),
        "emergency" => Event::Emergency(HelpFrom {
            location: body.optional_text("location")?.map(str::to_owned),
            user: body.optional_text("user")?.map(str::to_owned),
        }),
        "came_back" => Event::CameBack { leg: body.id("leg")? },
        "answered" => Event::Answered { codec: body.word("codec")? },
        "heard" => Event::Heard { by_ack: body.truth("by_ack")? },
        "person_called" => {
            Event::PersonCalled { leg: body.id("leg")?, target: body.text("target")?.to_owned() }
        }
        "person_not_reached" => {
            Event::PersonNotReached { leg: body.id("leg")?, status: body.number("status")? }
        }
        "bridged" => Event::Bridged { leg: body.id("leg")? },
        "unbridged" => Event::Unbridged { leg: body.id("leg")? },
        "guest_called" | "guest_not_reached" | "guest_joined" | "guest_changed" | "guest_left" => {
            guest(&body)?
        }
        "interpreter_called" => Event::InterpreterCalled {
            leg: body.id("leg")?,
            vendor: body.text("vendor")?.to_owned(),
            language: Language::from(body.text("language")?),
        },
        "interpreter_missing" => {
            Event::InterpreterMissing { language: Language::from(body.text("language")?) }
        }
        "keys_pressed" => Event::KeysPressed { leg: body.id("leg")?, pressed: body.word("pressed")? },
        "message_saved" => Event::MessageSaved { recording: body.id("recording")? },
        "message_done" => Event::MessageDone { recording: body.id("recording")?, by: body.word("by")? },
        "kept" => Event::Kept { leg: body.id("leg")?, kept: Box::new(kept(&body)?) },
        "resumed" => Event::Resumed { leg: body.id("leg")? },
        "hold" => Event::Hold { on: body.truth("on")?, by: body.word_or("by", Party::Caller)? },
        "silent" => Event::Silent { leg: body.id("leg")?, step: body.word("step")? },
        "transfer" => Event::Transfer { by: body.id("by")?, step: transfer(&body)? },
        "media_closed" => {
            Event::MediaClosed { leg: body.id("leg")?, counters: media(&body.object("counters")?)? }
        }
        "ladder" => Event::Ladder(Box::new(ladder(&body)?)),
        "ended" => Event::Ended {
            cause: body.word("cause")?,
            by: body.word("by")?,
            exit: body.optional_text("exit")?.map(ExitName::from),
        },
        _ => match recording(&body)? {
            Some(event) => event,
            None => Event::Flow(flow(&body)?),
        },
    };
    Ok(event)
}

/// Earlier versions knew transfers by phone and by command, and wrote neither.
fn means(body: &Body) -> Result<TransferMeans, DecodeError> {
    let Some(written) = body.optional_text("means")? else { return Ok(TransferMeans::Phone) };
    let named = TransferMeans::ALL.into_iter().find(|means| written == means.word());
    named.ok_or_else(|| body.bad("means"))
}

fn transfer(body: &Body) -> Result<TransferStep, DecodeError> {
    Ok(match body.text("step")? {
        "began" => TransferStep::Began { target: body.text("target")?.to_owned(), means: means(body)? },
        "consults" => TransferStep::Consults { with: body.id("with")? },
        "refused" => TransferStep::Refused { status: body.number("status")? },
        "left" => TransferStep::Left,
        "done" => TransferStep::Done { to: body.id("to")? },
        "taken" => TransferStep::Taken { into: body.id("into")? },
        "failed" => TransferStep::Failed { status: body.number("status")? },
        _ => return Err(body.bad("step")),
    })
}

fn guest(body: &Body) -> Result<Event, DecodeError> {
    let leg = body.id("leg")?;
    Ok(match body.kind {
        "guest_called" => {
            Event::GuestCalled { leg, target: body.text("target")?.to_owned(), mode: body.word("mode")? }
        }
        "guest_not_reached" => Event::GuestNotReached { leg, status: body.number("status")? },
        "guest_joined" => Event::GuestJoined { leg, mode: body.word("mode")? },
        "guest_changed" => Event::GuestChanged { leg, mode: body.word("mode")? },
        _ => Event::GuestLeft { leg },
    })
}

fn arrived(body: &Body) -> Result<Event, DecodeError> {
    Ok(Event::Arrived {
        leg: body.id("leg")?,
        trunk: body.optional_text("trunk")?.map(TrunkName::from),
        called: Phi::new(body.text("called")?.to_owned()),
        caller: body.optional_text("caller")?.map(|caller| Phi::new(caller.to_owned())),
        sip_call_id: Phi::new(body.text("sip_call_id")?.to_owned()),
        flow: FlowName::from(body.text("flow")?),
        version: body.text("version")?.to_owned(),
    })
}

fn kept(body: &Body) -> Result<KeptLeg, DecodeError> {
    let text = |field| body.text(field).map(str::to_owned);
    let phi = |field| text(field).map(Phi::new);
    let transport = body.text("transport")?;
    let transport = Transport::ALL.into_iter().find(|known| known.in_uri() == transport);
    let dialog = KeptDialog {
        call_id: phi("call_id")?,
        local: phi("local")?,
        local_tag: text("local_tag")?,
        remote: phi("remote")?,
        remote_tag: text("remote_tag")?,
        local_cseq: body.number("local_cseq")?,
        remote_cseq: body.optional("remote_cseq")?,
        remote_target: phi("remote_target")?,
        route_set: body.texts("route_set")?,
        way: Way {
            transport: transport.ok_or_else(|| body.bad("transport"))?,
            local: body.id("local_address")?,
            remote: body.id("remote_address")?,
            connection: None,
        },
        translated: if body.truth("translated")? { Translated::Yes } else { Translated::No },
        owner: if body.truth("ours")? { Owner::Us } else { Owner::Them },
        // Earlier versions did not write it.
        trunk: body.optional_text("trunk")?.map(TrunkName::from),
    };
    Ok(KeptLeg {
        dialog,
        told: phi("told")?,
        sdp_version: body.number("sdp_version")?,
        port: body.number("port")?,
    })
}

fn recording(body: &Body) -> Result<Option<Event>, DecodeError> {
    let recording = || body.id("recording");
    let milliseconds = || body.number("milliseconds");
    Ok(Some(match body.kind {
        "recording_named" => Event::RecordingNamed { recording: recording()?, kind: body.word("kind")? },
        "recording_span_began" => Event::RecordingSpanBegan { recording: recording()? },
        "recording_paused" => {
            Event::RecordingPaused { recording: recording()?, frame: body.number("frame")? }
        }
        "recording_resumed" => {
            Event::RecordingResumed { recording: recording()?, frame: body.number("frame")? }
        }
        "recording_span_ended" => Event::RecordingSpanEnded {
            recording: recording()?,
            frames: body.number("frames")?,
            dropped: body.number("dropped")?,
        },
        "recording_closed" => {
            Event::RecordingClosed { recording: recording()?, milliseconds: milliseconds()? }
        }
        "recording_failed" => Event::RecordingFailed {
            recording: recording()?,
            fault: body.word("fault")?,
            milliseconds: milliseconds()?,
        },
        "recording_recovered" => {
            Event::RecordingRecovered { recording: recording()?, milliseconds: milliseconds()? }
        }
        _ => return Ok(None),
    }))
}

fn flow(body: &Body) -> Result<Fact, DecodeError> {
    Ok(match body.kind {
        "step_entered" => Fact::StepEntered {
            flow: FlowName::from(body.text("flow")?),
            step: StepName::from(body.text("step")?),
        },
        "chosen" => {
            Fact::Chosen { key: Phi::new(body.word("key")?), answer: StepName::from(body.text("answer")?) }
        }
        "missed" => Fact::Missed { silence: body.truth("silence")?, count: body.number("count")? },
        "language_chosen" => Fact::LanguageChosen(Language::from(body.text("language")?)),
        "notice_given" => Fact::NoticeGiven,
        "notice_cut" => Fact::NoticeCut,
        "fax_heard" => Fact::FaxHeard,
        "closed" => Fact::Closed { prompt: PromptName::from(body.text("prompt")?), then: body.word("then")? },
        "by_phone" => Fact::ByPhone(by_phone(body)?),
        "not_connected" => Fact::NotConnected,
        "recording_refused" => Fact::RecordingRefused,
        "ladder_rung" => Fact::LadderRung { rung: body.number("rung")?, why: body.word("why")? },
        "promised" => Fact::Promised { within_working_days: body.number("within_working_days")? },
        "requested" => Fact::Requested {
            host: body.text("host")?.into(),
            outcome: Outcome::read(body.text("outcome")?).ok_or_else(|| body.bad("outcome"))?,
            milliseconds: body.number("milliseconds")?,
        },
        "flow_fault" => Fact::Fault { what: for_ever(body.text("what")?) },
        kind => return Err(DecodeError::Kind { kind: kind.to_owned() }),
    })
}

fn by_phone(body: &Body) -> Result<ByPhone, DecodeError> {
    Ok(match body.text("did")? {
        "unlocked" => ByPhone::Unlocked,
        "wrong_pin" => ByPhone::WrongPin { count: body.number("count")? },
        "locked" => ByPhone::Locked,
        "close" => ByPhone::Close {
            numbers: Numbers::read(body.text("numbers")?),
            until: WallTime::from_micros(body.number("until_us")?),
            prompt: PromptName::from(body.text("prompt")?),
            then: body.word("then")?,
        },
        "open" => ByPhone::Open { numbers: Numbers::read(body.text("numbers")?) },
        "kept" => ByPhone::Kept,
        "not_kept" => ByPhone::NotKept,
        _ => return Err(body.bad("did")),
    })
}

fn ladder(body: &Body) -> Result<Ladder, DecodeError> {
    let began: u64 = body.number("began_us")?;
    let rungs = body.body["rungs"].as_array().ok_or_else(|| body.bad("rungs"))?;
    let rungs: Result<Vec<Rung<'_>>, DecodeError> =
        rungs.iter().map(|value| rung(&Body { kind: body.kind, body: value }, began)).collect();
    Ok(Ladder::from_parts(rungs?, body.number("cut")?))
}

fn rung<'a>(body: &Body<'a>, began: u64) -> Result<Rung<'a>, DecodeError> {
    let seen = Seen {
        at_us: began.saturating_add(body.number("at")?),
        heading: body.word("way")?,
        leg: body.id("leg")?,
        transport: body.word("over")?,
    };
    let start = match body.optional_text("uri")? {
        Some(uri) => Start::Request { uri: Phi::new(uri.into()) },
        None => {
            let phrase = body.optional_text("phrase")?.map(Cow::Borrowed);
            Start::Status { status: body.number("status")?, phrase }
        }
    };
    Ok(Rung {
        seen,
        method: body.text("method")?.into(),
        start,
        cseq: body.number("cseq")?,
        branch: body.text("branch")?.into(),
        fork: body.number_or("fork", 0)?,
        reason: body.optional_text("reason")?.map(Cow::Borrowed),
        media: body.optional_text("media")?.map(Cow::Borrowed),
        again: body.number_or("again", 0)?,
        last_us: began.saturating_add(body.number_or("last", seen.at_us - began)?),
    })
}

fn media(body: &Body) -> Result<Counters, DecodeError> {
    Ok(Counters {
        received: body.number("received")?,
        sent: body.number("sent")?,
        lost: body.number("lost")?,
        refused: body.number("refused")?,
        malformed: body.number("malformed")?,
        jitter_us: match body.optional("jitter")? {
            // Older records count in units of 8 kHz.
            Some(units) => 125 * u32::min(units, u32::MAX / 125),
            None => body.number("jitter_us")?,
        },
        keys: body.number("keys")?,
        late: body.number_or("late", 0)?,
        burst_ratio: body.optional("burst_ratio")?,
        mos: body.optional("mos")?,
        round_trip_us: body.optional("round_trip_us")?,
        their_lost: body.optional("their_lost")?,
        their_jitter_us: body.optional("their_jitter_us")?,
        their_mos: body.optional("their_mos")?,
    })
}

/// A body and the kind of its event, for messages.
struct Body<'a> {
    kind: &'a str,
    body: &'a Value,
}

impl<'a> Body<'a> {
    fn bad(&self, field: &'static str) -> DecodeError {
        DecodeError::Field { kind: self.kind.to_owned(), field }
    }

    fn text(&self, field: &'static str) -> Result<&'a str, DecodeError> {
        self.body[field].as_str().ok_or_else(|| self.bad(field))
    }

    fn optional_text(&self, field: &'static str) -> Result<Option<&'a str>, DecodeError> {
        if self.body[field].is_null() { Ok(None) } else { self.text(field).map(Some) }
    }

    fn texts(&self, field: &'static str) -> Result<Vec<String>, DecodeError> {
        let items = self.body[field].as_array().ok_or_else(|| self.bad(field))?;
        items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(|| self.bad(field))).collect()
    }

    fn truth(&self, field: &'static str) -> Result<bool, DecodeError> {
        self.body[field].as_bool().ok_or_else(|| self.bad(field))
    }

    fn number<N: TryFrom<u64>>(&self, field: &'static str) -> Result<N, DecodeError> {
        self.body[field].as_u64().and_then(|number| N::try_from(number).ok()).ok_or_else(|| self.bad(field))
    }

    fn optional<N: TryFrom<u64>>(&self, field: &'static str) -> Result<Option<N>, DecodeError> {
        if self.body[field].is_null() { Ok(None) } else { self.number(field).map(Some) }
    }

    fn number_or<N: TryFrom<u64>>(&self, field: &'static str, absent: N) -> Result<N, DecodeError> {
        if self.body[field].is_null() { Ok(absent) } else { self.number(field) }
    }

    fn id<I: FromStr>(&self, field: &'static str) -> Result<I, DecodeError> {
        self.text(field)?.parse().map_err(|_| self.bad(field))
    }

    fn word<W: Word>(&self, field: &'static str) -> Result<W, DecodeError> {
        W::of(self.text(field)?).ok_or_else(|| self.bad(field))
    }

    /// A field that older rows do not have.
    fn word_or<W: Word>(&self, field: &'static str, absent: W) -> Result<W, DecodeError> {
        if self.body[field].is_null() { Ok(absent) } else { self.word(field) }
    }

    fn object(&self, field: &'static str) -> Result<Body<'a>, DecodeError> {
        self.body[field]
            .is_object()
            .then(|| Body { kind: self.kind, body: &self.body[field] })
            .ok_or_else(|| self.bad(field))
    }
}

/// The texts of faults are constants of the program that wrote them. Read back, each different one is
/// kept once for the life of this program; there are no more of them than places that tell a fault.
fn for_ever(text: &str) -> &'static str {
    static TEXTS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    const TEXTS_MAX: usize = 256;
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = texts.get(text) {
        return known;
    }
    if texts.len() >= TEXTS_MAX {
        return "a fault whose text is in the event log";
    }
    let kept: &'static str = Box::leak(text.to_owned().into_boxed_str());
    texts.insert(kept);
    kept
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::call::recording::{RecordingFault, RecordingKind};
    use crate::flow::action::Why;
    use crate::flow::closing::Then;
    use crate::id::{CallId, LegId, RecordingId};
    use crate::io::store::encode::{body, kind};
    use crate::report::event::{Cause, DoneBy, GuestMode, Pressed, SilenceStep};
    use crate::report::ladder::Heading;
    use crate::wire::codec::Codec;
    use crate::wire::sip::diversion::Why as DivertedWhy;
    use crate::wire::telephone_event::Key;
    use proptest::prelude::*;
    use proptest::sample::select;
    use serde_json::json;

    fn a<T: Word + std::fmt::Debug>() -> impl Strategy<Value = T> {
        select(T::WORDS).prop_map(|(value, _)| value)
    }

    fn text() -> impl Strategy<Value = String> {
        "[ -~áñ¿']{0,12}"
    }

    fn leg() -> impl Strategy<Value = LegId> {
        any::<u64>().prop_map(LegId)
    }

    fn recording_id() -> impl Strategy<Value = RecordingId> {
        any::<u64>().prop_map(RecordingId)
    }

    fn any_fact() -> impl Strategy<Value = Fact> {
        prop_oneof![
            (text(), text()).prop_map(|(flow, step)| Fact::StepEntered {
                flow: FlowName::from(flow.as_str()),
                step: StepName::from(step.as_str())
            }),
            (a::<Key>(), text()).prop_map(|(key, answer)| Fact::Chosen {
                key: Phi::new(key),
                answer: StepName::from(answer.as_str())
            }),
            (any::<bool>(), any::<u32>()).prop_map(|(silence, count)| Fact::Missed { silence, count }),
            text().prop_map(|language| Fact::LanguageChosen(Language::from(language.as_str()))),
            Just(Fact::NoticeGiven),
            Just(Fact::NoticeCut),
            Just(Fact::FaxHeard),
            Just(Fact::NotConnected),
            (text(), a::<Then>())
                .prop_map(|(prompt, then)| Fact::Closed { prompt: PromptName::from(prompt.as_str()), then }),
            any_by_phone().prop_map(Fact::ByPhone),
            (any::<u16>(), any::<u32>()).prop_map(|(status, milliseconds)| Fact::Requested {
                host: "scheduler.example".into(),
                outcome: if status == 0 { Outcome::Done } else { Outcome::Status(status) },
                milliseconds,
            }),
            Just(Fact::RecordingRefused),
            (any::<u32>(), a::<Why>()).prop_map(|(rung, why)| Fact::LadderRung { rung, why }),
            any::<u32>().prop_map(|within_working_days| Fact::Promised { within_working_days }),
            Just(Fact::Fault { what: "a step led to itself" }),
        ]
    }

    fn any_by_phone() -> impl Strategy<Value = ByPhone> {
        let numbers = || {
            let these = proptest::collection::btree_set("\\+?[0-9]{1,12}", 1..4).prop_map(Numbers::These);
            prop_oneof![Just(Numbers::All), these]
        };
        prop_oneof![
            select(vec![ByPhone::Unlocked, ByPhone::Locked, ByPhone::Kept, ByPhone::NotKept]),
            any::<u32>().prop_map(|count| ByPhone::WrongPin { count }),
            numbers().prop_map(|numbers| ByPhone::Open { numbers }),
            (numbers(), 0..=i64::MAX, text(), a::<Then>()).prop_map(|(numbers, until, prompt, then)| {
                let (until, prompt) = (WallTime::from_micros(until), PromptName::from(prompt.as_str()));
                ByPhone::Close { numbers, until, prompt, then }
            }),
        ]
    }

    fn about_recordings() -> impl Strategy<Value = Event> {
        let number = any::<u64>;
        prop_oneof![
            (recording_id(), a::<RecordingKind>())
                .prop_map(|(recording, kind)| Event::RecordingNamed { recording, kind }),
            recording_id().prop_map(|recording| Event::RecordingSpanBegan { recording }),
            (recording_id(), number())
                .prop_map(|(recording, frame)| Event::RecordingPaused { recording, frame }),
            (recording_id(), number())
                .prop_map(|(recording, frame)| Event::RecordingResumed { recording, frame }),
            (recording_id(), number(), number()).prop_map(|(recording, frames, dropped)| {
                Event::RecordingSpanEnded { recording, frames, dropped }
            }),
            (recording_id(), number())
                .prop_map(|(recording, milliseconds)| Event::RecordingClosed { recording, milliseconds }),
            (recording_id(), a::<RecordingFault>(), number()).prop_map(|(recording, fault, milliseconds)| {
                Event::RecordingFailed { recording, fault, milliseconds }
            }),
            (recording_id(), number())
                .prop_map(|(recording, milliseconds)| Event::RecordingRecovered { recording, milliseconds }),
            recording_id().prop_map(|recording| Event::MessageSaved { recording }),
            (recording_id(), a::<DoneBy>()).prop_map(|(recording, by)| Event::MessageDone { recording, by }),
        ]
    }

    fn any_rung() -> impl Strategy<Value = Rung<'static>> {
        let boxed = || text().prop_map(Cow::Owned);
        let start = prop_oneof![
            boxed().prop_map(|uri| Start::Request { uri: Phi::new(uri) }),
            (any::<u16>(), proptest::option::of(boxed()))
                .prop_map(|(status, phrase)| Start::Status { status, phrase }),
        ];
        let seen = (any::<u32>(), a::<Heading>(), leg(), a::<Transport>())
            .prop_map(|(at, heading, leg, transport)| Seen { at_us: u64::from(at), heading, leg, transport });
        let texts = (boxed(), proptest::option::of(boxed()), proptest::option::of(boxed()));
        let numbers = (any::<u32>(), any::<u16>(), any::<u32>(), any::<u16>());
        (seen, select(vec!["INVITE", "BYE", "PING"]), start, texts, numbers).prop_map(
            |(seen, method, start, (branch, reason, media), (cseq, fork, again, later))| Rung {
                seen,
                method: method.into(),
                start,
                cseq,
                branch,
                fork,
                reason,
                media,
                again,
                last_us: seen.at_us + if again == 0 { 0 } else { u64::from(later) },
            },
        )
    }

    fn any_ladder() -> impl Strategy<Value = Ladder> {
        let rungs = proptest::collection::vec(any_rung(), 0..70);
        (rungs, any::<u16>()).prop_map(|(mut rungs, cut)| {
            // A ladder is in the order of time.
            rungs.sort_by_key(|rung| rung.seen.at_us);
            Ladder::from_parts(rungs, u32::from(cut))
        })
    }

    fn any_kept() -> impl Strategy<Value = KeptLeg> {
        let phi = || text().prop_map(Phi::new);
        let parties = (phi(), phi(), text(), phi(), text(), phi(), proptest::option::of(text()));
        let routes = proptest::collection::vec(text(), 0..3);
        let way = (a::<Transport>(), any::<[u8; 4]>(), any::<[u8; 16]>(), any::<[u16; 3]>());
        let numbers = (any::<u32>(), proptest::option::of(any::<u32>()), any::<[bool; 2]>(), any::<u64>());
        (parties, routes, way, numbers, phi()).prop_map(|(parties, route_set, way, numbers, told)| {
            let (call_id, local, local_tag, remote, remote_tag, remote_target, trunk) = parties;
            let ((transport, v4, v6, ports), (local_cseq, remote_cseq, yes, sdp_version)) = (way, numbers);
            let dialog = KeptDialog {
                call_id,
                local,
                local_tag,
                remote,
                remote_tag,
                local_cseq,
                remote_cseq,
                remote_target,
                route_set,
                way: Way {
                    transport,
                    local: (v4, ports[0]).into(),
                    remote: (v6, ports[1]).into(),
                    connection: None,
                },
                translated: if yes[0] { Translated::Yes } else { Translated::No },
                owner: if yes[1] { Owner::Us } else { Owner::Them },
                trunk: trunk.as_deref().map(TrunkName::from),
            };
            KeptLeg { dialog, told, sdp_version, port: ports[2] }
        })
    }

    fn any_step() -> impl Strategy<Value = TransferStep> {
        prop_oneof![
            (text(), 0..TransferMeans::ALL.len()).prop_map(|(target, means)| {
                TransferStep::Began { target, means: TransferMeans::ALL[means] }
            }),
            leg().prop_map(|with| TransferStep::Consults { with }),
            any::<u16>().prop_map(|status| TransferStep::Refused { status }),
            Just(TransferStep::Left),
            leg().prop_map(|to| TransferStep::Done { to }),
            any::<u64>().prop_map(|id| TransferStep::Taken { into: CallId(id) }),
            any::<u16>().prop_map(|status| TransferStep::Failed { status }),
        ]
    }

    pub fn any_event() -> impl Strategy<Value = Event> {
        let phi = || text().prop_map(Phi::new);
        prop_oneof![
            (leg(), proptest::option::of(text()), phi(), proptest::option::of(phi()), phi(), text(), text())
                .prop_map(|(leg, trunk, called, caller, sip_call_id, flow, version)| Event::Arrived {
                    leg,
                    trunk: trunk.map(|trunk| TrunkName::from(trunk.as_str())),
                    called,
                    caller,
                    sip_call_id,
                    flow: FlowName::from(flow.as_str()),
                    version,
                }),
            (proptest::option::of(phi()), a::<DivertedWhy>(), proptest::option::of(phi()), any::<u32>())
                .prop_map(|(by, why, first, times)| Event::Diverted(Diverted { by, why, first, times })),
            (proptest::option::of(text()), proptest::option::of(text()))
                .prop_map(|(location, user)| Event::Emergency(HelpFrom { location, user })),
            leg().prop_map(|leg| Event::CameBack { leg }),
            a::<Codec>().prop_map(|codec| Event::Answered { codec }),
            any::<bool>().prop_map(|by_ack| Event::Heard { by_ack }),
            any_fact().prop_map(Event::Flow),
            about_recordings(),
            (leg(), text()).prop_map(|(leg, target)| Event::PersonCalled { leg, target }),
            (leg(), any::<u16>()).prop_map(|(leg, status)| Event::PersonNotReached { leg, status }),
            leg().prop_map(|leg| Event::Bridged { leg }),
            leg().prop_map(|leg| Event::Unbridged { leg }),
            (leg(), text(), a::<GuestMode>()).prop_map(|(leg, target, mode)| Event::GuestCalled {
                leg,
                target,
                mode
            }),
            (leg(), text(), text()).prop_map(|(leg, vendor, language)| Event::InterpreterCalled {
                leg,
                vendor,
                language: Language::from(language.as_str())
            }),
            text().prop_map(|language| Event::InterpreterMissing {
                language: Language::from(language.as_str())
            }),
            (leg(), a::<Pressed>()).prop_map(|(leg, pressed)| Event::KeysPressed { leg, pressed }),
            (leg(), any::<u16>()).prop_map(|(leg, status)| Event::GuestNotReached { leg, status }),
            (leg(), a::<GuestMode>()).prop_map(|(leg, mode)| Event::GuestJoined { leg, mode }),
            (leg(), a::<GuestMode>()).prop_map(|(leg, mode)| Event::GuestChanged { leg, mode }),
            leg().prop_map(|leg| Event::GuestLeft { leg }),
            (any::<bool>(), a::<Party>()).prop_map(|(on, by)| Event::Hold { on, by }),
            (leg(), a::<SilenceStep>()).prop_map(|(leg, step)| Event::Silent { leg, step }),
            (leg(), any_kept()).prop_map(|(leg, kept)| Event::Kept { leg, kept: Box::new(kept) }),
            leg().prop_map(|leg| Event::Resumed { leg }),
            (leg(), any_step()).prop_map(|(by, step)| Event::Transfer { by, step }),
            (leg(), any::<[u64; 8]>(), any::<[Option<u32>; 4]>(), any::<[Option<u16>; 2]>()).prop_map(
                |(leg, n, told, mos)| Event::MediaClosed {
                    leg,
                    counters: Counters {
                        received: n[0],
                        sent: n[1],
                        lost: n[2],
                        refused: n[3],
                        malformed: n[4],
                        jitter_us: n[6] as u32,
                        keys: n[5],
                        late: n[7],
                        burst_ratio: told[0],
                        mos: mos[0],
                        round_trip_us: told[1],
                        their_lost: told[2].map(u64::from),
                        their_jitter_us: told[3],
                        their_mos: mos[1],
                    },
                }
            ),
            any_ladder().prop_map(|ladder| Event::Ladder(Box::new(ladder))),
            (a::<Cause>(), a::<Party>(), proptest::option::of(text())).prop_map(|(cause, by, exit)| {
                Event::Ended { cause, by, exit: exit.map(|exit| ExitName::from(exit.as_str())) }
            }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn every_event_survives_the_store(event in any_event()) {
            let text = body(&event).unwrap();
            let read: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(decode(kind(&event), &read), Ok(event), "{}", text);
        }

        #[test]
        fn a_body_that_was_changed_by_hand_is_an_error_and_no_panic(event in any_event(), field in text()) {
            let mut body: Value = serde_json::from_str(&body(&event).unwrap()).unwrap();
            for value in body.as_object_mut().unwrap().values_mut() {
                *value = json!({ "not": field });
            }
            let outcome = decode(kind(&event), &body);
            prop_assert!(outcome.is_err() || body.as_object().is_some_and(serde_json::Map::is_empty), "{outcome:?}");
        }
    }

    #[test]
    fn a_kind_of_a_newer_program_is_named() {
        let error = decode("teleported", &json!({})).unwrap_err();
        assert_eq!(
            error.to_string(),
            "an event of the unknown kind `teleported`: was it written by a newer careline?"
        );
    }

    #[test]
    fn a_leg_that_was_kept_before_its_trunk_was_written_is_read_without_one() {
        let dialog = json!({
            "leg": "7", "call_id": "1@x", "local": "<sip:a@x>", "local_tag": "a", "remote": "<sip:b@x>",
            "remote_tag": "b", "local_cseq": 1, "remote_cseq": null, "remote_target": "sip:b@x", "route_set": [],
            "transport": "udp", "local_address": "10.0.0.1:5060", "remote_address": "10.0.0.2:5060",
            "translated": false, "ours": true, "told": "v=0", "sdp_version": 1, "port": 20_000
        });
        let mut with_trunk = dialog.clone();
        with_trunk["trunk"] = json!("carrier");
        for (body, expected) in [(dialog, None), (with_trunk, Some(TrunkName::from("carrier")))] {
            let Event::Kept { kept, .. } = decode("kept", &body).unwrap() else { panic!("a kept leg") };
            assert_eq!(kept.dialog.trunk, expected);
        }
    }

    #[test]
    fn a_hold_that_was_written_before_persons_could_hold_is_the_callers() {
        for (body, by) in
            [(json!({"on": true}), Party::Caller), (json!({"on": true, "by": "person"}), Party::Person)]
        {
            assert_eq!(decode("hold", &body).unwrap(), Event::Hold { on: true, by });
        }
    }
}
