//! One question of HTTP and its answer on a connection of its own (RFC 9110, RFC 9112), bounded in octets: for the requests
//! of flows and for speech engines. Question and answer may tell of a patient: nothing of them is in a [`Fault`], and the
//! question's body is overwritten before its memory is given back. Not here: connecting, tries, and the bound in time,
//! which whoever asks has.

#[cfg(test)]
mod tests;

use crate::limits::{REQUEST_HEAD_MAX_OCTETS, REQUEST_HEADERS_MAX};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};

/// What is asked.
pub struct Question<'a> {
    /// Such as `POST`.
    pub method: &'a str,
    /// Path and query (RFC 9112 §3.2.1).
    pub target: &'a str,
    /// Host and port, as the `Host` field has them.
    pub authority: &'a str,
    /// Further fields, by their names in lower case.
    pub fields: &'a [(&'static str, &'a str)],
    /// The body; empty if there is none.
    pub body: Vec<u8>,
}

/// Why no body came of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// The question cannot be written as HTTP.
    #[error("the question cannot be written as HTTP")]
    Unwritable,
    /// The connection broke, or what came is no HTTP, or its head is over the bounds.
    #[error("the connection broke, or what came is no HTTP")]
    Broken,
    /// A status that is no success (RFC 9110 §15.3).
    #[error("HTTP {0}")]
    Status(u16),
    /// More octets than whoever asked takes.
    #[error("the answer is too long")]
    TooLong,
}

/// Asks, and gives the body of a success: `most` octets of it at the most.
///
/// # Errors
/// [`Fault`].
pub async fn ask<S>(stream: S, question: Question<'_>, most: usize) -> Result<Vec<u8>, Fault>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let request = request(question).ok_or(Fault::Unwritable)?;
    let mut builder = http1::Builder::new();
    // Vectored, a body is written from where it lies: no second copy of it is made.
    builder.max_buf_size(REQUEST_HEAD_MAX_OCTETS).max_headers(REQUEST_HEADERS_MAX).writev(true);
    let handshake = builder.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|_| Fault::Broken)?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(|_| Fault::Broken)?;
        body(response, most).await
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

fn request(question: Question<'_>) -> Option<Request<Full<Bytes>>> {
    let mut request = Request::builder()
        .method(question.method)
        .uri(question.target)
        .header(header::HOST, question.authority)
        .header(header::USER_AGENT, concat!("careline/", env!("CARGO_PKG_VERSION")))
        // Without it any coding would do (RFC 9110 §12.5.3).
        .header(header::ACCEPT_ENCODING, "identity")
        .header(header::CONNECTION, "close");
    for (name, value) in question.fields {
        request = request.header(*name, *value);
    }
    request.body(Full::new(Bytes::from_owner(Overwritten(question.body)))).ok()
}

/// The body of an answer that is a success.
async fn body(response: Response<Incoming>, most: usize) -> Result<Vec<u8>, Fault> {
    let status = response.status();
    if !status.is_success() {
        return Err(Fault::Status(status.as_u16()));
    }
    let mut body = response.into_body();
    if body.size_hint().lower() > most as u64 {
        return Err(Fault::TooLong);
    }
    let mut octets = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Fault::Broken)?;
        let Some(data) = frame.data_ref() else { continue };
        if octets.len() + data.len() > most {
            return Err(Fault::TooLong);
        }
        octets.extend_from_slice(data);
    }
    Ok(octets)
}

/// Octets that are overwritten when their last user is done.
struct Overwritten(Vec<u8>);

impl AsRef<[u8]> for Overwritten {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Overwritten {
    fn drop(&mut self) {
        self.0.fill(0);
        std::hint::black_box(&self.0);
    }
}
