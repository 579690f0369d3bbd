//! The engine's front door in a world: who is in a call goes in at once, who wants one waits for its turn,
//! and each turn takes the engine a while, as it does on a real machine.
//!
//! ```text
//!  path ─▶ inbox ─ in a call ─────────────────▶ switch
//!                └ wants a call ─ waits ─ turn ─▶ "waited so long" ─▶ switch
//! ```

use super::check::Wrong;
use super::check::signals::Admission;
use super::phone::Role;
use super::reach::call_of;
use super::script::URGENT;
use super::world::{Event, World};
use careline::limits::QUEUE_BUSY;
use careline::sip::way::Way;
use careline::switch::inbox::Turn;
use careline::switch::interface::Input;
use careline::wire::sip::message::{Message, Request, parse};
use careline::wire::sip::name::Name;
use std::time::Duration;

/// New calls that pile up for so long are not let in any more.
const PILED: Duration = Duration::from_millis(500);

/// Of so many ports half are never promised in vain within their rest.
const PORTS_ENOUGH: usize = 40;

impl World {
    /// A message comes to the engine's SIP port.
    pub(super) fn reach_engine(
        &mut self,
        way: Way,
        phone: Option<usize>,
        octets: &[u8],
    ) -> Result<(), Wrong> {
        if let Some(phone) = phone {
            self.ladder.sip(self.now, &format!("phone{phone}"), "engine", octets);
        }
        if phone.is_none() {
            if self.flood.is_over(octets) {
                return Ok(());
            }
            self.note_login(way.remote, octets);
            self.note_stranger(way.remote, octets);
        }
        let helps = |request: &Request<'_>| self.switch.calls_for_help(&way, request);
        if self.inbox.sort(self.now, way, octets, helps) == Turn::Later {
            self.plan_turn();
            return Ok(());
        }
        self.note_arrival(phone, octets);
        if self.makes_wait(octets) {
            let at = self.now + Duration::from_secs(1);
            self.heap.push(at, Event::Late { way, octets: octets.to_vec() });
            return Ok(());
        }
        self.take_message(way, octets)
    }

    /// A message has its turn: from here on the checks count.
    fn note_arrival(&mut self, phone: Option<usize>, octets: &[u8]) {
        if let Some(phone) = phone {
            self.checker.signals.reached_engine(self.now, phone, octets);
        }
    }

    /// A message has its turn.
    pub(super) fn take_message(&mut self, way: Way, octets: &[u8]) -> Result<(), Wrong> {
        let octets = self.spoil_arrival(octets);
        self.tell_switch(Input::Message { way, octets: &octets })
    }

    /// The engine takes one new request after the other; each takes it a while.
    fn plan_turn(&mut self) {
        if self.turn_at.is_none() && !self.inbox.is_empty() {
            let at = self.now.max(self.busy_until);
            self.turn_at = Some(at);
            self.heap.push(at, Event::Turn { life: self.life });
        }
    }

    /// Whoever has waited longest has its turn.
    pub(super) fn take_turn(&mut self) -> Result<(), Wrong> {
        self.turn_at = None;
        let Some(waiting) = self.inbox.take() else { return Ok(()) };
        self.busy_until = self.now + self.turn_cost;
        let waited = waiting.waited(self.now);
        self.piled_since = self.piled_since.or(Some(self.now)).filter(|_| waited > QUEUE_BUSY);
        if !self.hides_wait() {
            self.tell_switch(Input::Waited(waited))?;
        }
        let phone = self.sender(waiting.way, &waiting.octets);
        self.note_arrival(phone, &waiting.octets);
        self.in_pile = self.piled_since.is_some_and(|since| self.now.since(since) > PILED);
        let done = self.take_message(waiting.way, &waiting.octets);
        self.in_pile = false;
        self.plan_turn();
        done
    }

    /// Which phone a message came from.
    fn sender(&self, way: Way, octets: &[u8]) -> Option<usize> {
        match way.connection {
            Some(id) => self.wires.caller(id),
            None if self.house.is_at(way.remote) => self.by_call.get(&call_of(octets)?.0).copied(),
            None => self.by_address.get(&way.remote).copied(),
        }
    }

    /// Who is let in and who is refused when more come than can be served.
    pub(super) fn judge_admission(&mut self, n: usize, octets: &[u8]) -> Result<(), Wrong> {
        let Ok(Message::Response(response)) = parse(octets) else { return Ok(()) };
        let invite = response.headers.first(Name::CSeq).is_some_and(|cseq| cseq.ends_with(b"INVITE"));
        let Role::Caller(progress) = &self.phones[n].role else { return Ok(()) };
        if !invite || response.status < 200 || self.checker.signals.was_answered(n) {
            return Ok(());
        }
        let is_urgent = progress.plan.number == URGENT;
        match response.status {
            503 if is_urgent && !self.draining && self.has_free_port() => {
                return Err(format!("phone {n} calls an urgent flow, a port is free, and it is refused"));
            }
            503 => self.checker.signals.note_admission(self.now, Admission::Refused),
            200..300 if is_urgent => self.checker.signals.note_admission(self.now, Admission::Urgent),
            200..300 if self.in_pile => {
                return Err(format!(
                    "new calls pile up since {:?}, and phone {n} is let in",
                    self.piled_since
                ));
            }
            _ => {}
        }
        Ok(())
    }

    /// Not even half of the ports are in use or resting. Those of legs that never opened rest unseen.
    fn has_free_port(&self) -> bool {
        let figures = self.switch.status();
        let figure = |name: &str| figures.iter().find(|f| f.name == name).map_or(0, |f| f.value as usize);
        let total = figure("ports_total");
        total >= PORTS_ENOUGH && 2 * (figure("ports_in_use") + self.checker.streams.rest(self.now)) < total
    }
}
