//! HTTP requests of flows (RFC 9110, RFC 9112): asked at the edge, each in a task of its own, answered as an event.
//!
//! ```text
//!  ask ─┬─ over REQUESTS_MAX ───────────────▶ Busy
//!       └─▶ task: names ─▶ connect ─▶ TLS ─▶ one exchange ─┬─ may pass, and tries left ─▶ pause ─▶ again
//!                                                          └─▶ answer, or why there is none
//!           all of it within the time that the step allows; `cancel` ends it wherever it is
//! ```
//! Each try has a connection of its own, that is closed behind it. No redirect is followed, no cookie kept, no proxy
//! looked for. Of a request the host, the outcome and the time may be logged; of question and answer nothing.
//!
//! A GET changes nothing and may be tried again. A POST may be too, for every try of it carries the same
//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header §2): a server that keeps the key does it once.

pub mod connect;
mod exchange;
#[cfg(test)]
mod tests;

use crate::flow::request::Plan;
use crate::flow::request::answer::Answer;
use crate::flow::request::build::Message;
use crate::flow::request::failure::Failure;
use crate::id::{CallId, RequestId};
use crate::io::request::connect::Connector;
use crate::limits::{REQUEST_TRY_AGAIN_AFTER, REQUESTS_MAX};
use crate::rng::Rng;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// Whose request it is.
pub type Whose = (CallId, RequestId);

/// A request that is over.
#[derive(Debug)]
pub struct Answered {
    /// Whose it was.
    pub whose: Whose,
    /// What came of it.
    pub answer: Result<Answer, Failure>,
}

/// Requests and their answers.
pub struct Requests {
    connector: Arc<Connector>,
    keys: Rng,
    under_way: BTreeMap<Whose, AbortHandle>,
    /// Those that were not even begun.
    refused: VecDeque<Answered>,
    sender: mpsc::Sender<Answered>,
    answers: mpsc::Receiver<Answered>,
    /// What was counted.
    pub counters: Counters,
}

/// Totals since the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
    /// Requests that were begun.
    pub asked: u64,
    /// Of them, those without an answer that their step could use.
    pub failed: u64,
    /// Requests that were not begun, because [`REQUESTS_MAX`] were under way.
    pub refused: u64,
}

impl Requests {
    /// Requests over these connections; `keys` makes the keys of POSTs.
    pub fn new(connector: Connector, keys: Rng) -> Self {
        let (sender, answers) = mpsc::channel(REQUESTS_MAX);
        let (under_way, refused) = (BTreeMap::new(), VecDeque::new());
        let counters = Counters::default();
        Self { connector: Arc::new(connector), keys, under_way, refused, sender, answers, counters }
    }

    /// Requests that are under way.
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// Begins a request; [`Requests::answer`] brings what comes of it. Must be called inside a tokio runtime.
    pub fn ask(&mut self, whose: Whose, plan: Arc<Plan>, message: Message) {
        if self.under_way.len() >= REQUESTS_MAX {
            self.counters.refused += 1;
            tracing::warn!(host = %plan.url.host, "too many requests are under way: this one fails at once");
            return self.refused.push_back(Answered { whose, answer: Err(Failure::Busy) });
        }
        self.counters.asked += 1;
        let key = format!("{:016x}{:016x}", self.keys.next_u64(), self.keys.next_u64());
        let order = Order { plan, message, key };
        let (connector, sender) = (Arc::clone(&self.connector), self.sender.clone());
        let task = tokio::spawn(async move {
            let answer = within(&connector, &order).await;
            // The engine may have stopped.
            let _ = sender.send(Answered { whose, answer }).await;
        });
        self.under_way.insert(whose, task.abort_handle());
    }

    /// Nobody waits for this answer any more.
    pub fn cancel(&mut self, whose: Whose) {
        if let Some(task) = self.under_way.remove(&whose) {
            task.abort();
        }
        self.refused.retain(|answered| answered.whose != whose);
    }

    /// The next answer that somebody still waits for.
    pub async fn answer(&mut self) -> Answered {
        loop {
            if let Some(refused) = self.refused.pop_front() {
                return refused;
            }
            let Some(answered) = self.answers.recv().await else {
                // There is always a sender: our own.
                return std::future::pending().await;
            };
            if self.under_way.remove(&answered.whose).is_some() {
                self.counters.failed += u64::from(answered.answer.is_err());
                return answered;
            }
        }
    }
}

/// One request, for all its tries.
struct Order {
    plan: Arc<Plan>,
    message: Message,
    /// The same for each try.
    key: String,
}

/// All tries, in the time allowed. The log gets host, cause and time.
async fn within(connector: &Connector, order: &Order) -> Result<Answer, Failure> {
    let began = Instant::now();
    let mut tries = 0;
    let tried = tokio::time::timeout(order.plan.within, tries_of(connector, order, &mut tries)).await;
    let answer = tried.unwrap_or(Err(Failure::Late));
    let (host, took) = (&order.plan.url.host, milliseconds(began.elapsed()));
    match &answer {
        Ok(_) => tracing::debug!(%host, tries, milliseconds = took, "a request was answered"),
        Err(why) => tracing::warn!(%host, %why, tries, milliseconds = took, "a request has no answer"),
    }
    answer
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

async fn tries_of(connector: &Connector, order: &Order, tries: &mut u32) -> Result<Answer, Failure> {
    loop {
        *tries += 1;
        match exchange::once(connector, order).await {
            Err(why) if why.passes() && *tries < order.plan.tries => {
                tokio::time::sleep(REQUEST_TRY_AGAIN_AFTER).await;
            }
            done => return done,
        }
    }
}
