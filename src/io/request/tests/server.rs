//! A server that does at each connection what it was told, in threads that end with it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A certificate of `localhost`, signed by itself. Its key guards nothing.
pub(super) const CERTIFICATE: &[u8] = include_bytes!("localhost.cert.der");
const KEY: &[u8] = include_bytes!("localhost.key.der");

/// What it does with one connection, after it has read the question.
#[derive(Clone)]
pub(super) enum Does {
    /// Writes this and closes.
    Answer(Vec<u8>),
    /// Closes.
    Close,
    /// Says nothing until the other side is gone.
    Nothing,
    /// Writes this and then says nothing.
    Stall(Vec<u8>),
    /// Writes `head`, and `piece` again and again until the other side is gone.
    Endless { head: Vec<u8>, piece: Vec<u8> },
}

pub(super) struct Server {
    port: u16,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    is_over: AtomicBool,
    asked: Mutex<Vec<String>>,
    connections: Mutex<usize>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.seen.is_over.store(true, Relaxed);
        // Wakes whoever accepts.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Server {
    pub(super) fn start(does: Vec<Does>) -> Self {
        Self::with(does, None)
    }

    pub(super) fn start_tls(does: Vec<Does>) -> Self {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(KEY.to_vec()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(CERTIFICATE.to_vec())], key)
            .unwrap();
        Self::with(does, Some(Arc::new(config)))
    }

    fn with(does: Vec<Does>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Seen::default());
        let server = Self { port, seen: Arc::clone(&seen) };
        std::thread::spawn(move || {
            let mut does = does.into_iter();
            loop {
                let Ok((stream, _)) = listener.accept() else { return };
                if seen.is_over.load(Relaxed) {
                    return;
                }
                *seen.connections.lock().unwrap() += 1;
                let Some(does) = does.next() else { continue };
                let (seen, tls) = (Arc::clone(&seen), tls.clone());
                std::thread::spawn(move || match tls {
                    None => serve(stream, does, &seen),
                    Some(config) => {
                        let connection = ServerConnection::new(config).unwrap();
                        serve(StreamOwned::new(connection, stream), does, &seen);
                    }
                });
            }
        });
        server
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.authority())
    }

    pub(super) fn connections(&self) -> usize {
        *self.seen.connections.lock().unwrap()
    }

    /// What was asked, head and body.
    pub(super) fn asked(&self) -> Vec<String> {
        self.seen.asked.lock().unwrap().clone()
    }
}

trait Closes {
    fn close(&mut self);
}

impl Closes for TcpStream {
    fn close(&mut self) {
        let _ = self.shutdown(Shutdown::Write);
    }
}

impl Closes for StreamOwned<ServerConnection, TcpStream> {
    fn close(&mut self) {
        self.conn.send_close_notify();
        let _ = self.flush();
        let _ = self.sock.shutdown(Shutdown::Write);
    }
}

fn serve(mut stream: impl Read + Write + Closes, does: Does, seen: &Seen) {
    let Some(question) = question(&mut stream) else { return };
    seen.asked.lock().unwrap().push(question);
    match does {
        Does::Answer(octets) => {
            let _ = stream.write_all(&octets);
            stream.close();
        }
        Does::Close => stream.close(),
        Does::Nothing => {}
        Does::Stall(octets) => drop(stream.write_all(&octets)),
        Does::Endless { head, piece } => {
            let _ = stream.write_all(&head);
            while stream.write_all(&piece).is_ok() {}
        }
    }
    // Until the other side is gone.
    while stream.read(&mut [0; 512]).is_ok_and(|octets| octets > 0) {}
}

/// The question, head and body; `None` if it does not come.
fn question(stream: &mut impl Read) -> Option<String> {
    let (mut octets, mut piece) = (Vec::new(), [0; 4_096]);
    loop {
        let text = String::from_utf8_lossy(&octets).into_owned();
        // A ClientHello where TLS is not spoken (RFC 8446 §5.1).
        if octets.first() == Some(&0x16) {
            return Some(text);
        }
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase();
            let length = length.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        let read = stream.read(&mut piece).ok().filter(|read| *read > 0)?;
        octets.extend_from_slice(&piece[..read]);
    }
}
