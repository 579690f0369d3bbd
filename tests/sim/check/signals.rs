//! Signalling: each request is answered within 200 ms, an INVITE finally within a second, once; a 2xx is
//! sent again until its ACK or 64·T1 (RFC 3261 §13.3.1.4), and one of theirs acknowledged each time (§13.2.2.4);
//! a 1xx with our offer is sent again until its PRACK, the 200 waits for that, and each of theirs gets one
//! (RFC 3262 §3, §4); who is not listened to is not answered, and who asks to be left alone is not called.

use super::super::phone::quirk::Quirk;
use super::super::phone::{Phone, Stage, T1};
use super::super::script::DESK;
use super::Verdict;
use super::byes::Byes;
use super::glare::Glares;
use careline::clock::Instant;
use careline::sip::way::{Transport, Way};
use careline::wire::sip::address::Address;
use careline::wire::sip::header::Headers;
use careline::wire::sip::message::{Message, Request, Response, parse};
use careline::wire::sip::method::Method;
use careline::wire::sip::name::Name;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The first answer to an INVITE.
const FIRST_WITHIN: Duration = Duration::from_millis(200);
/// The final answer: the engine lets no caller listen to ringing.
const FINAL_WITHIN: Duration = Duration::from_secs(1);
/// The longest pause between two sendings of a 2xx.
const T2: Duration = Duration::from_secs(4);
/// A 2xx that comes so late has no transaction any more (RFC 6026 §8.4).
const ANSWERS_COUNT_FOR: Duration = Duration::from_secs(30);
/// BYE over TCP comes within this time, a burst of losses and the end of a connection on its way included.
const BYE_WITHIN: Duration = Duration::from_secs(15);
/// How late a timer may be.
const SLACK: Duration = Duration::from_millis(60);

/// What was seen of signalling.
#[derive(Default)]
pub struct Signals {
    invites: BTreeMap<(usize, u32), Invite>,
    /// What became of each BYE.
    pub byes: Byes,
    /// When the first BYE left for the dialog that each phone is in, and its tag there.
    bye_at: BTreeMap<usize, (Instant, String)>,
    /// Requests but INVITE and ACK that have no answer, by CSeq.
    asked: BTreeMap<(usize, Vec<u8>), Instant>,
    /// Persons that were called, and when the first 2xx came with each tag.
    called: BTreeSet<usize>,
    accepted: BTreeMap<(usize, String), Instant>,
    /// A 2xx of these came and has no ACK yet; these have had one.
    owed: BTreeMap<(usize, String), Instant>,
    acknowledged: BTreeSet<(usize, String)>,
    /// The same of reliable 1xx, by RSeq.
    pracks_owed: BTreeMap<(usize, u32), Instant>,
    pracked: BTreeSet<(usize, u32)>,
    glares: Glares,
    /// The desk wants to be left alone until then, and these said so: what comes again counts no more.
    rests_until: Option<Instant>,
    rest_asked: BTreeSet<usize>,
    /// Callers that were told 503.
    pub refused: usize,
    /// Urgent callers who were let in within a second after others were refused.
    pub urgent_in_storm: usize,
    refused_at: Option<Instant>,
}

/// One INVITE of a caller.
#[derive(Debug)]
struct Invite {
    at: Instant,
    first: Option<Instant>,
    status: Option<u16>,
    acked: bool,
    /// A later request in the dialog shows that the 2xx has come.
    followed: bool,
    /// When the 2xx has to be sent again, and the pause before that.
    again: Option<(Instant, Duration)>,
    /// The same of a 1xx that waits for its PRACK.
    rings_again: Option<(Instant, Duration)>,
    over_at: Instant,
}

impl Signals {
    /// A datagram of a phone reached the engine.
    pub fn reached_engine(&mut self, now: Instant, phone: usize, octets: &[u8]) {
        let request = match parse(octets) {
            Ok(Message::Request(request)) => request,
            Ok(Message::Response(response)) => return self.answer_came(now, phone, &response),
            Err(_) => return,
        };
        let Some(number) = cseq(&request) else { return };
        if !matches!(request.method, Method::Invite | Method::Ack) {
            let cseq = request.headers.first(Name::CSeq).map(spaced).unwrap_or_default();
            self.asked.entry((phone, cseq)).or_insert(now);
        }
        match request.method {
            Method::Invite => {
                for (_, before) in self.invites.range_mut((phone, 0)..(phone, number)) {
                    before.followed = true;
                    before.again = None;
                }
                let (acked, followed) = (false, false);
                let (again, rings_again) = (None, None);
                let (first, status) = (None, None);
                let fresh =
                    Invite { at: now, first, status, acked, followed, again, rings_again, over_at: now };
                self.invites.entry((phone, number)).or_insert(fresh);
            }
            Method::Ack => {
                if let Some(invite) = self.invites.get_mut(&(phone, number)) {
                    invite.acked = true;
                    invite.again = None;
                }
            }
            Method::Bye => {
                self.stop(phone);
                self.glares.end(phone);
            }
            Method::Prack => {
                let acknowledged = request.headers.first(Name::RAck).map(numbers);
                let number = acknowledged.and_then(|numbers| numbers.get(1).copied());
                let invite = number.and_then(|number| self.invites.get_mut(&(phone, number)));
                if let Some(invite) = invite.filter(|invite| invite.rings_again.is_some()) {
                    invite.rings_again = None;
                    invite.at = now;
                }
            }
            _ => {}
        }
    }

    /// A datagram left the engine for a phone.
    pub fn left_engine(
        &mut self,
        now: Instant,
        (n, phone): (usize, &Phone),
        way: Way,
        octets: &[u8],
    ) -> Verdict {
        match parse(octets).map_err(|error| format!("the engine sends what is no SIP: {error}"))? {
            Message::Response(response) => self.answered(now, n, &response),
            Message::Request(request) => match request.method {
                Method::Bye => self.bye_left(now, (n, phone), way, &request),
                Method::Ack => {
                    let key = (n, tag(&request.headers, Name::To));
                    self.owed.remove(&key);
                    self.acknowledged.insert(key);
                    Ok(())
                }
                Method::Prack => {
                    let acknowledged = request.headers.first(Name::RAck).map(numbers).unwrap_or_default();
                    let key = (n, acknowledged.first().copied().unwrap_or(0));
                    self.pracks_owed.remove(&key);
                    self.pracked.insert(key);
                    Ok(())
                }
                Method::Invite | Method::Update if !tag(&request.headers, Name::To).is_empty() => {
                    self.glares.left(now, (n, phone), cseq(&request).unwrap_or(0))
                }
                Method::Invite if self.called.insert(n) => match self.rests_until {
                    Some(until) if now < until && phone.at == DESK => Err(format!(
                        "the desk wants to be left alone until {until:?} and phone {n} is called"
                    )),
                    Some(_) | None => Ok(()),
                },
                _ => Ok(()),
            },
        }
    }

    fn bye_left(
        &mut self,
        now: Instant,
        (n, phone): (usize, &Phone),
        way: Way,
        request: &Request<'_>,
    ) -> Verdict {
        self.stop(n);
        self.glares.end(n);
        let party = (n, tag(&request.headers, Name::To));
        if !self.byes.is_told(&party)
            && phone.quirk == Some(Quirk::MovesContact)
            && phone.story.contact_told
            && way.remote == phone.at
        {
            return Err(format!("phone {n} told another Contact, and BYE goes to {}", way.remote));
        }
        // Not that of another place which answered too.
        let is_known = self.bye_at.get(&n).is_some_and(|(_, tag)| *tag == party.1);
        if party.1 == phone.dialog.local_tag && !is_known {
            self.bye_at.insert(n, (now, party.1.clone()));
        }
        self.byes.left(now, party, way, request)
    }

    /// An answer of a phone reached the engine.
    fn answer_came(&mut self, now: Instant, phone: usize, response: &Response<'_>) {
        self.byes.answered(phone, response);
        if response.status == 491 {
            let answered = response.headers.first(Name::CSeq).map(numbers).unwrap_or_default();
            self.glares.refused(now, phone, answered.first().copied().unwrap_or(0));
        }
        let is_invite = response.headers.first(Name::CSeq).is_some_and(|cseq| cseq.ends_with(b"INVITE"));
        if !is_invite || !self.called.contains(&phone) {
            return;
        }
        self.reliable_came(now, phone, response);
        if response.status == 503
            && let Some(seconds) = response.headers.first(Name::RetryAfter).and_then(decimal)
            && self.rest_asked.insert(phone)
        {
            self.rests_until = Some(now + Duration::from_secs(seconds.into()));
        }
        if (200..300).contains(&response.status) {
            let key = (phone, tag(&response.headers, Name::To));
            let first = *self.accepted.entry(key.clone()).or_insert(now);
            if now.since(first) < ANSWERS_COUNT_FOR {
                self.owed.entry(key).or_insert(now);
            }
        }
    }

    /// A 1xx of a person that may not be lost, or a final answer: then no PRACK is owed any more.
    fn reliable_came(&mut self, now: Instant, phone: usize, response: &Response<'_>) {
        let has_answered = self.accepted.keys().any(|(known, _)| *known == phone);
        if response.status >= 200 {
            self.pracks_owed.retain(|(known, _), _| *known != phone);
        } else if let Some(rseq) = response.headers.first(Name::RSeq).and_then(decimal)
            && !has_answered
            && !self.pracked.contains(&(phone, rseq))
        {
            self.pracks_owed.entry((phone, rseq)).or_insert(now);
        }
    }

    /// Whether a 1xx to this phone waits for its PRACK.
    pub fn rings_reliably(&self, phone: usize) -> bool {
        self.invites.range((phone, 0)..=(phone, u32::MAX)).any(|(_, invite)| invite.rings_again.is_some())
    }

    /// A change of this phone is under way: it has no final answer, or that no ACK.
    fn is_changing(&self, phone: usize) -> bool {
        self.invites.range((phone, 0)..=(phone, u32::MAX)).any(|(_, invite)| {
            let accepted = invite.status.is_some_and(|status| status < 300);
            invite.status.is_none() || accepted && !invite.acked && !invite.followed
        })
    }

    /// Whether the engine has acknowledged a 2xx before the one that this ACK is for.
    pub fn was_acknowledged(&self, phone: usize, ack: &[u8]) -> bool {
        let Ok(Message::Request(request)) = parse(ack) else { return false };
        self.acknowledged.contains(&(phone, tag(&request.headers, Name::To)))
    }

    /// Whether the ACK of a 2xx has not come from this phone.
    pub fn awaits_ack(&self, phone: usize) -> bool {
        let accepted = |invite: &Invite| invite.status.is_some_and(|status| status < 300);
        self.invites
            .range((phone, 0)..=(phone, u32::MAX))
            .any(|(_, invite)| accepted(invite) && !invite.acked)
    }

    /// Whether this phone was told BYE.
    pub fn was_told_bye(&self, phone: usize) -> bool {
        self.byes.is_any_told(phone)
    }

    /// Who speaks TCP hears of BYE, and gets an answer to each request, whatever becomes of connections.
    pub fn judge_stream(&self, now: Instant, n: usize, phone: &Phone) -> Verdict {
        if phone.dialog.transport != Transport::Tcp || !is_listed(phone) || phone.story.vanished.is_some() {
            return Ok(());
        }
        if let Some(what) = phone.story.unanswered {
            return Err(format!("phone {n} asked {what:?} over TCP, and no answer came"));
        }
        let told = phone.story.told_bye.is_some() || !matches!(phone.stage, Stage::Up(_));
        // Where an answer overtook the other, the phone is in the dialog of its second place by now.
        let is_here = |tag: &str| tag == phone.dialog.local_tag;
        let late = |at: Instant| !told && now.since(at) > BYE_WITHIN;
        match self.bye_at.get(&n).filter(|(at, tag)| is_here(tag) && late(*at)) {
            Some((at, _)) => Err(format!("phone {n} was sent BYE over TCP at {at:?}, and none came")),
            None => Ok(()),
        }
    }

    /// Whether an INVITE of this phone has its final answer.
    pub fn was_answered(&self, phone: usize) -> bool {
        self.invites.range((phone, 0)..=(phone, u32::MAX)).any(|(_, invite)| invite.status.is_some())
    }

    /// What is late by now.
    pub fn sweep(&mut self, now: Instant, phones: &[Phone]) -> Verdict {
        let late = |since: &Instant| now.since(*since) > FIRST_WITHIN;
        if let Some(((phone, cseq), since)) =
            self.asked.iter().find(|((phone, _), since)| late(since) && is_listed(&phones[*phone]))
        {
            let cseq = String::from_utf8_lossy(cseq);
            return Err(format!("{cseq} of phone {phone} came at {since:?} and is unanswered"));
        }
        if let Some(((phone, _), since)) = self.owed.iter().find(|(_, since)| late(since)) {
            return Err(format!("the 2xx of phone {phone} came at {since:?} and has no ACK"));
        }
        if let Some(((phone, _), since)) = self.pracks_owed.iter().find(|(_, since)| late(since)) {
            return Err(format!("the 1xx of phone {phone} came at {since:?} and has no PRACK"));
        }
        let mut glares = std::mem::take(&mut self.glares);
        let verdict = glares.sweep(now, |phone| self.is_changing(phone));
        self.glares = glares;
        verdict?;
        for (&(phone, number), invite) in &self.invites {
            let listed = phones[phone].at.ip().is_ipv4() && is_listed(&phones[phone]);
            if !listed {
                if invite.first.is_some() {
                    return Err(format!("phone {phone} is in no listed network and was answered"));
                }
                continue;
            }
            if invite.first.is_none() && now.since(invite.at) > FIRST_WITHIN {
                return Err(format!(
                    "INVITE {number} of phone {phone} came at {:?} and is unanswered",
                    invite.at
                ));
            }
            if let Some((by, _)) = invite.rings_again
                && now > by + SLACK
                && now.since(invite.at) < 64 * T1
            {
                return Err(format!(
                    "the 1xx to INVITE {number} of phone {phone} should have been sent again at {by:?}"
                ));
            }
            let waits = invite.rings_again.is_some();
            if invite.status.is_none() && !waits && now.since(invite.at) > FINAL_WITHIN {
                return Err(format!(
                    "INVITE {number} of phone {phone} came at {:?}: no final answer",
                    invite.at
                ));
            }
            if let Some((by, _)) = invite.again
                && now > by + SLACK
                && now < invite.over_at
            {
                return Err(format!(
                    "the 2xx to INVITE {number} of phone {phone} should have been sent again at {by:?}"
                ));
            }
        }
        Ok(())
    }

    /// The engine forgot everything.
    pub fn forget(&mut self) {
        let (refused, urgent_in_storm) = (self.refused, self.urgent_in_storm);
        *self = Self { refused, urgent_in_storm, ..Self::default() };
    }

    /// A caller was refused for now, or an urgent one let in.
    pub fn note_admission(&mut self, now: Instant, admission: Admission) {
        match admission {
            Admission::Refused => {
                self.refused += 1;
                self.refused_at = Some(now);
            }
            Admission::Urgent => {
                let storm = self.refused_at.is_some_and(|at| now.since(at) < Duration::from_secs(1));
                self.urgent_in_storm += usize::from(storm);
            }
        }
    }

    fn answered(&mut self, now: Instant, phone: usize, response: &Response<'_>) -> Verdict {
        let cseq = response.headers.first(Name::CSeq).unwrap_or_default();
        self.asked.remove(&(phone, spaced(cseq)));
        let Some(number) = spaced(cseq).strip_suffix(b" INVITE").and_then(decimal) else { return Ok(()) };
        let Some(invite) = self.invites.get_mut(&(phone, number)) else {
            return Err(format!("phone {phone} gets {} to an INVITE that never came", response.status));
        };
        invite.first.get_or_insert(now);
        if response.headers.has(Name::RSeq) && invite.status.is_none() {
            let pause = invite.rings_again.map_or(T1, |(_, pause)| pause * 2);
            invite.rings_again = Some((now + pause, pause));
        }
        if invite.rings_again.is_some() && (200..300).contains(&response.status) {
            return Err(format!("phone {phone} gets {} before the PRACK of its 1xx", response.status));
        }
        if response.status < 200 {
            return match invite.status {
                Some(status) => Err(format!("phone {phone} gets {} after {status}", response.status)),
                None => Ok(()),
            };
        }
        if let Some(status) = invite.status.filter(|status| *status != response.status) {
            return Err(format!("phone {phone} gets two finals: {status} and {}", response.status));
        }
        invite.rings_again = None;
        let first = invite.status.replace(response.status).is_none();
        if response.status < 300 && !invite.acked && !invite.followed {
            let pause = invite.again.filter(|_| !first).map_or(T1, |(_, pause)| (pause * 2).min(T2));
            invite.again = Some((now + pause, pause));
            if first {
                invite.over_at = now + (64 * T1 - SLACK);
            }
        }
        Ok(())
    }

    fn stop(&mut self, phone: usize) {
        self.invites.range_mut((phone, 0)..=(phone, u32::MAX)).for_each(|(_, invite)| invite.again = None);
    }
}

/// What became of a new call when not all could be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// 503.
    Refused,
    /// An urgent caller was answered.
    Urgent,
}

/// A CSeq with one space, however it was written.
fn spaced(cseq: &[u8]) -> Vec<u8> {
    let words = cseq.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.collect::<Vec<&[u8]>>().join(&b' ')
}

fn tag(headers: &Headers<'_>, name: Name) -> String {
    let party = headers.first(name).and_then(|value| Address::read(value).ok());
    party
        .and_then(|party| party.tag())
        .map(|tag| String::from_utf8_lossy(tag).into_owned())
        .unwrap_or_default()
}

/// Whether the engine listens to this phone.
pub fn is_listed(phone: &Phone) -> bool {
    phone.at.ip().to_string().starts_with("10.")
}

fn cseq(request: &Request<'_>) -> Option<u32> {
    let cseq = request.headers.first(Name::CSeq)?;
    cseq.split(u8::is_ascii_whitespace).find(|word| !word.is_empty()).and_then(decimal)
}

/// The numbers in RAck or CSeq.
fn numbers(value: &[u8]) -> Vec<u32> {
    value.split(u8::is_ascii_whitespace).filter_map(decimal).collect()
}

fn decimal(octets: &[u8]) -> Option<u32> {
    std::str::from_utf8(octets).ok()?.trim().parse().ok()
}
