//! A connection to the server of a request: its address, TCP, and TLS with the roots that the system trusts.
//!
//! The roots are read when the first request needs them, as OpenSSL would find them: `SSL_CERT_FILE` and
//! `SSL_CERT_DIR` name others.

use crate::flow::request::failure::Failure;
use crate::flow::request::url::{Host, Scheme, Url};
use crate::io::dns::names::Names;
use std::io::IoSlice;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// How long one address of several may take before the next is tried.
const ADDRESS_MAX: Duration = Duration::from_secs(1);

/// What connections are made with.
pub struct Connector {
    names: Names,
    tls: OnceCell<TlsConnector>,
}

/// A connection.
pub enum Stream {
    /// Without TLS.
    Plain(TcpStream),
    /// With it.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connector {
    /// With the system's names and roots.
    pub fn system() -> Self {
        Self { names: Names::system(), tls: OnceCell::new() }
    }

    /// With these roots alone.
    #[cfg(test)]
    pub fn trusting(roots: RootCertStore) -> Self {
        let tls = OnceCell::new_with(Some(connector(roots).expect("ring has these versions of TLS")));
        Self { names: Names::system(), tls }
    }

    /// Connects to the server of a URL.
    pub async fn connect(&self, url: &Url) -> Result<Stream, Failure> {
        let addresses = match &url.host {
            Host::Address(address) => vec![*address],
            Host::Name(name) => self.names.addresses(name).await,
        };
        if addresses.is_empty() {
            return Err(Failure::NoAddress);
        }
        let plain = first(&addresses, url.port).await.ok_or(Failure::NotReached)?;
        match url.scheme {
            Scheme::Http => Ok(Stream::Plain(plain)),
            Scheme::Https => self.encrypt(&url.host, plain).await,
        }
    }

    async fn encrypt(&self, host: &Host, plain: TcpStream) -> Result<Stream, Failure> {
        let name = match host {
            Host::Name(name) => ServerName::try_from(name.clone()).map_err(|_| Failure::Tls)?,
            Host::Address(address) => ServerName::from(*address),
        };
        let tls = self.tls.get_or_try_init(system_roots).await?;
        let stream = tls.connect(name, plain).await.map_err(|_| Failure::Tls)?;
        Ok(Stream::Tls(Box::new(stream)))
    }
}

/// The first of several addresses that answers; all have as long as they need together, which whoever asked bounds.
async fn first(addresses: &[IpAddr], port: u16) -> Option<TcpStream> {
    for (at, address) in addresses.iter().enumerate() {
        let connecting = TcpStream::connect(SocketAddr::new(*address, port));
        let connected = if at + 1 == addresses.len() {
            connecting.await.ok()
        } else {
            tokio::time::timeout(ADDRESS_MAX, connecting).await.ok().and_then(Result::ok)
        };
        if let Some(stream) = connected {
            // A question is one small packet, which must not wait for a second one.
            let _ = stream.set_nodelay(true);
            return Some(stream);
        }
    }
    None
}

async fn system_roots() -> Result<TlsConnector, Failure> {
    let loaded = tokio::task::spawn_blocking(|| {
        let loaded = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (taken, _unreadable) = roots.add_parsable_certificates(loaded.certs);
        tracing::info!(roots = taken, faults = loaded.errors.len(), "the system's roots for TLS are read");
        roots
    });
    let roots = loaded.await.map_err(|_| Failure::Tls)?;
    if roots.is_empty() {
        tracing::error!("the system trusts no root for TLS: install its `ca-certificates`");
        return Err(Failure::Tls);
    }
    connector(roots)
}

fn connector(roots: RootCertStore) -> Result<TlsConnector, Failure> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| Failure::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, octets),
            Stream::Tls(stream) => Pin::new(stream).poll_write(context, octets),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(context, parts),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(context, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
