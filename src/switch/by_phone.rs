//! Lines are closed by phone: which calls come to it, whether a PIN is right, and what becomes of a change.
//!
//! ```text
//!  Run ─Unlock─▶ lock and PIN, here and at once ─▶ Run
//!      ─Change─▶ by whom ─▶ edge: the file ─▶ new closings for new calls ─▶ Run, if the caller is still there
//! ```
//! Not here: the dialogue ([`crate::flow::closing::phone`]), the file (`io/by_phone`).

use super::Switch;
use super::interface::Output;
use crate::flow::action;
use crate::flow::closing::Closings;
use crate::flow::closing::phone::{Answer, Order};
use crate::flow::closing::pin::{Lock, Pin, Verdict};
use crate::flow::run::by_phone::Service;
use crate::flow::set::FlowSet;
use crate::id::{CallId, FlowName};
use std::sync::Arc;

/// The number and the PIN, from the configuration. `Debug` shows no PIN.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The number that is called for it.
    pub number: String,
    /// The PIN.
    pub pin: Pin,
}

/// What the record names as the flow of such a call.
const FLOW: &str = "close_by_phone";

impl Switch {
    /// Whether lines are closed in a call to this number. A set without the words for it answers as always.
    pub(super) fn service_of(&self, called: &str, flows: &FlowSet) -> Service {
        let is_it = |service: &Settings| FlowSet::is_same_number(&service.number, called);
        match &self.settings.service {
            Some(service) if is_it(service) && flows.closes_by_phone() => Service::ByPhone,
            Some(_) | None => Service::No,
        }
    }

    pub(super) fn flow_of(service: Service, flow: &FlowName) -> FlowName {
        match service {
            Service::ByPhone => FlowName::from(FLOW),
            Service::No => flow.clone(),
        }
    }

    pub(super) fn by_phone(&mut self, id: CallId, order: Order) {
        match order {
            Order::Unlock(typed) => {
                let Some(service) = &self.settings.service else { return };
                let verdict = self.pin_lock.judge(self.now.at, &service.pin, typed.expose());
                match verdict {
                    Verdict::Right => {}
                    Verdict::Wrong => self.counters.pins_wrong += 1,
                    Verdict::Locked => self.counters.pins_unheard += 1,
                }
                // Who has not the PIN is told nothing.
                let closings = match verdict {
                    Verdict::Right => Arc::clone(&self.closings),
                    Verdict::Wrong | Verdict::Locked => Arc::default(),
                };
                self.run_flow(id, action::Input::ByPhone(Answer::Pin(verdict, closings)));
            }
            Order::Change(change) => {
                let change = change.by(&format!("phone, call {id}"));
                self.outputs.push_back(Output::ChangeClosings { call: id, change });
            }
        }
    }

    /// The edge has changed what is closed, or could not.
    pub(super) fn on_closings_changed(&mut self, id: CallId, closings: Option<Arc<Closings>>) {
        let answer = match closings {
            Some(closings) => {
                self.counters.closed_by_phone += 1;
                self.closings = Arc::clone(&closings);
                Answer::Kept(closings)
            }
            None => Answer::NotKept,
        };
        self.run_flow(id, action::Input::ByPhone(answer));
        self.rekey(id);
    }

    /// Whether no PIN is looked at now, for `careline status`.
    pub(super) fn pins_are_locked(&self) -> bool {
        Lock::is_locked(&self.pin_lock, self.now.at)
    }
}
