//! One question and its answer on a connection of its own (RFC 9112), bounded in octets; time is bounded outside.

use super::Order;
use super::connect::{Connector, Stream};
use crate::flow::request::answer::{self, Answer};
use crate::flow::request::failure::Failure;
use crate::limits::{REQUEST_ANSWER_MAX_OCTETS, REQUEST_HEAD_MAX_OCTETS, REQUEST_HEADERS_MAX};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::{Request, Response, header};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// One try.
pub(super) async fn once(connector: &Connector, order: &Order) -> Result<Answer, Failure> {
    let request = request(order).ok_or(Failure::Long)?;
    let stream = connector.connect(&order.plan.url).await?;
    let mut builder = http1::Builder::new();
    builder.max_buf_size(REQUEST_HEAD_MAX_OCTETS).max_headers(REQUEST_HEADERS_MAX);
    let (mut sender, connection) =
        builder.handshake(Hyper::new(stream)).await.map_err(|_| Failure::Broken)?;
    let exchange = async {
        // A head over its bounds is no HTTP that is read either.
        let response = sender.send_request(request).await.map_err(|_| Failure::Broken)?;
        let octets = body(response).await?;
        if order.plan.schema.fields.is_empty() {
            return Ok(Answer::new());
        }
        answer::read(&order.plan.schema, &octets).map_err(Failure::Refused)
    };
    // What breaks the connection is told by the exchange too.
    let carried = async {
        let _ = connection.await;
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        biased;
        done = exchange => done,
        never = carried => match never {},
    }
}

/// The question; `None` if it cannot be written as HTTP, which its check has seen to.
fn request(order: &Order) -> Option<Request<Full<Bytes>>> {
    let (plan, message) = (&order.plan, &order.message);
    let mut request = Request::builder()
        .method(plan.method.name())
        .uri(message.target.expose().as_str())
        .header(header::HOST, plan.url.authority())
        .header(header::USER_AGENT, concat!("careline/", env!("CARGO_PKG_VERSION")))
        .header(header::ACCEPT, "application/json")
        // Without it any coding would do (RFC 9110 §12.5.3).
        .header(header::ACCEPT_ENCODING, "identity")
        .header(header::CONNECTION, "close");
    let body = match &message.body {
        Some(body) => {
            request = request
                .header(header::CONTENT_TYPE, "application/json")
                .header("idempotency-key", format!("\"{}\"", order.key));
            Bytes::from(body.expose().clone())
        }
        None => Bytes::new(),
    };
    request.body(Full::new(body)).ok()
}

/// The body of an answer that is one.
async fn body(response: Response<Incoming>) -> Result<Vec<u8>, Failure> {
    let status = response.status();
    if status.is_redirection() {
        return Err(Failure::Redirected(status.as_u16()));
    }
    if !status.is_success() {
        return Err(Failure::Status(status.as_u16()));
    }
    let mut body = response.into_body();
    if body.size_hint().lower() > REQUEST_ANSWER_MAX_OCTETS as u64 {
        return Err(Failure::TooLong);
    }
    let mut octets = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Failure::Broken)?;
        let Some(data) = frame.data_ref() else { continue };
        if octets.len() + data.len() > REQUEST_ANSWER_MAX_OCTETS {
            return Err(Failure::TooLong);
        }
        octets.extend_from_slice(data);
    }
    Ok(octets)
}

/// Octets of one read.
const READ_OCTETS: usize = 4_096;

/// A stream as hyper wants it.
struct Hyper {
    stream: Stream,
    read: Box<[u8; READ_OCTETS]>,
}

impl Hyper {
    fn new(stream: Stream) -> Self {
        Self { stream, read: Box::new([0; READ_OCTETS]) }
    }
}

impl Read for Hyper {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut cursor: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        let Hyper { stream, read } = self.get_mut();
        let room = cursor.remaining().min(READ_OCTETS);
        let mut buffer = ReadBuf::new(&mut read[..room]);
        ready!(Pin::new(stream).poll_read(context, &mut buffer))?;
        cursor.put_slice(buffer.filled());
        Poll::Ready(Ok(()))
    }
}

impl Write for Hyper {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, octets)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
