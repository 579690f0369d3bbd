//! A ladder as both worlds can tell it: direction, method or status, CSeq, tags, SDP direction. 100s and
//! retransmissions aside, because they are a matter of time.

use careline::wire::sip::address::Address;
use careline::wire::sip::message::{Message, parse};
use careline::wire::sip::name::Name;

/// Who sent a message, seen from the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The scenario.
    ByUs,
    /// The engine.
    ByEngine,
}

/// A ladder, one line for each message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rungs(pub Vec<String>);

impl Rungs {
    /// One more message; what came before in the same words is a retransmission.
    pub fn add(&mut self, sent: Sent, octets: &[u8]) {
        let Some(rung) = rung(sent, octets) else { return };
        if !self.0.contains(&rung) {
            self.0.push(rung);
        }
    }
}

fn rung(sent: Sent, octets: &[u8]) -> Option<String> {
    let message = parse(octets).ok()?;
    let (start, headers, body) = match &message {
        Message::Request(request) => (request.method.to_string(), request.headers, request.body),
        Message::Response(response) if response.status == 100 => return None,
        Message::Response(response) => (response.status.to_string(), response.headers, response.body),
    };
    let tagged =
        |name| headers.first(name).is_some_and(|v| Address::read(v).is_ok_and(|a| a.tag().is_some()));
    let tag = |name, letter: char| if tagged(name) { letter } else { '-' };
    let cseq = String::from_utf8_lossy(headers.first(Name::CSeq)?).into_owned();
    let arrow = match sent {
        Sent::ByUs => '→',
        Sent::ByEngine => '←',
    };
    let (from, to) = (tag(Name::From, 'f'), tag(Name::To, 't'));
    Some(format!("{arrow} {start} {cseq} {from}{to} {}", direction(body)))
}

/// Who sends, as the SDP says; none without SDP.
fn direction(body: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(body);
    if !text.contains("m=audio") {
        return "-";
    }
    ["sendonly", "recvonly", "inactive"]
        .into_iter()
        .find(|way| text.contains(&format!("a={way}")))
        .unwrap_or("sendrecv")
}
