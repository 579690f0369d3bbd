//! One try of a request: its question as HTTP, and what its step makes of the answer.

use super::Order;
use super::connect::{Connector, Stream};
use crate::flow::request::answer::{self, Answer};
use crate::flow::request::failure::Failure;
use crate::io::http::{self, Fault, Question};
use crate::limits::REQUEST_ANSWER_MAX_OCTETS;

/// One try.
pub(super) async fn once(connector: &Connector, order: &Order) -> Result<Answer, Failure> {
    let stream = connector.connect(&order.plan.url).await?;
    let octets = ask(stream, order).await.map_err(failure)?;
    if order.plan.schema.fields.is_empty() {
        return Ok(Answer::new());
    }
    answer::read(&order.plan.schema, &octets).map_err(Failure::Refused)
}

async fn ask(stream: Stream, order: &Order) -> Result<Vec<u8>, Fault> {
    let (plan, message) = (&order.plan, &order.message);
    let key = format!("\"{}\"", order.key);
    let mut fields = vec![("accept", "application/json")];
    if message.body.is_some() {
        fields.extend([("content-type", "application/json"), ("idempotency-key", &*key)]);
    }
    let question = Question {
        method: plan.method.name(),
        target: message.target.expose(),
        authority: &plan.url.authority(),
        fields: &fields,
        body: message.body.as_ref().map_or_else(Vec::new, |body| body.expose().clone().into()),
    };
    http::ask(stream, question, REQUEST_ANSWER_MAX_OCTETS).await
}

fn failure(fault: Fault) -> Failure {
    match fault {
        // Its check has seen to it that it is nothing but too long.
        Fault::Unwritable => Failure::Long,
        Fault::Broken => Failure::Broken,
        Fault::Status(status @ 300..400) => Failure::Redirected(status),
        Fault::Status(status) => Failure::Status(status),
        Fault::TooLong => Failure::TooLong,
    }
}
