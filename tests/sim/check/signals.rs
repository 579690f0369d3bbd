//! Signalling: each INVITE is answered within 200 ms and finally within a second, once; a 2xx is sent
//! again until its ACK or 64·T1 (RFC 3261 §13.3.1.4); who is not listened to is not answered.

use super::super::phone::{Phone, T1};
use super::Verdict;
use careline::clock::Instant;
use careline::wire::sip::message::{Message, Request, Response, parse};
use careline::wire::sip::method::Method;
use careline::wire::sip::name::Name;
use std::collections::BTreeMap;
use std::time::Duration;

/// The first answer to an INVITE.
const FIRST_WITHIN: Duration = Duration::from_millis(200);
/// The final answer: the engine lets no caller listen to ringing.
const FINAL_WITHIN: Duration = Duration::from_secs(1);
/// The longest pause between two sendings of a 2xx.
const T2: Duration = Duration::from_secs(4);
/// How late a timer may be.
const SLACK: Duration = Duration::from_millis(60);

/// What was seen of signalling.
#[derive(Default)]
pub struct Signals {
    invites: BTreeMap<(usize, u32), Invite>,
    byes: BTreeMap<usize, Vec<u8>>,
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
    over_at: Instant,
}

impl Signals {
    /// A datagram of a phone reached the engine.
    pub fn reached_engine(&mut self, now: Instant, phone: usize, octets: &[u8]) {
        let Ok(Message::Request(request)) = parse(octets) else { return };
        let Some(number) = cseq(&request) else { return };
        match request.method {
            Method::Invite => {
                for (_, before) in self.invites.range_mut((phone, 0)..(phone, number)) {
                    before.followed = true;
                    before.again = None;
                }
                let (acked, followed) = (false, false);
                let fresh =
                    Invite { at: now, first: None, status: None, acked, followed, again: None, over_at: now };
                self.invites.entry((phone, number)).or_insert(fresh);
            }
            Method::Ack => {
                if let Some(invite) = self.invites.get_mut(&(phone, number)) {
                    invite.acked = true;
                    invite.again = None;
                }
            }
            Method::Bye => self.stop(phone),
            _ => {}
        }
    }

    /// A datagram left the engine for a phone.
    pub fn left_engine(&mut self, now: Instant, phone: usize, octets: &[u8]) -> Verdict {
        match parse(octets).map_err(|error| format!("the engine sends what is no SIP: {error}"))? {
            Message::Response(response) => self.answered(now, phone, &response),
            Message::Request(request) if request.method == Method::Bye => {
                self.stop(phone);
                let branch = request.headers.first(Name::Via).unwrap_or_default().to_vec();
                let known = self.byes.entry(phone).or_insert_with(|| branch.clone());
                if *known == branch {
                    Ok(())
                } else {
                    Err(format!("phone {phone} is told BYE in two transactions"))
                }
            }
            Message::Request(_) => Ok(()),
        }
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
        self.byes.contains_key(&phone)
    }

    /// Whether an INVITE of this phone has its final answer.
    pub fn was_answered(&self, phone: usize) -> bool {
        self.invites.range((phone, 0)..=(phone, u32::MAX)).any(|(_, invite)| invite.status.is_some())
    }

    /// What is late by now.
    pub fn sweep(&mut self, now: Instant, phones: &[Phone]) -> Verdict {
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
            if invite.status.is_none() && now.since(invite.at) > FINAL_WITHIN {
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
        *self = Self::default();
    }

    fn answered(&mut self, now: Instant, phone: usize, response: &Response<'_>) -> Verdict {
        let cseq = response.headers.first(Name::CSeq).unwrap_or_default();
        let Some(number) = cseq.strip_suffix(b" INVITE").and_then(decimal) else { return Ok(()) };
        let Some(invite) = self.invites.get_mut(&(phone, number)) else {
            return Err(format!("phone {phone} gets {} to an INVITE that never came", response.status));
        };
        invite.first.get_or_insert(now);
        if response.status < 200 {
            return match invite.status {
                Some(status) => Err(format!("phone {phone} gets {} after {status}", response.status)),
                None => Ok(()),
            };
        }
        if let Some(status) = invite.status.filter(|status| *status != response.status) {
            return Err(format!("phone {phone} gets two finals: {status} and {}", response.status));
        }
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

/// Whether the engine listens to this phone.
pub fn is_listed(phone: &Phone) -> bool {
    phone.at.ip().to_string().starts_with("10.")
}

fn cseq(request: &Request<'_>) -> Option<u32> {
    request.headers.first(Name::CSeq)?.split(|octet| *octet == b' ').next().and_then(decimal)
}

fn decimal(octets: &[u8]) -> Option<u32> {
    std::str::from_utf8(octets).ok()?.trim().parse().ok()
}
