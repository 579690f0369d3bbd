//! What a newcomer reads when the engine is up: what it serves, where things go, how to call it.

use super::start::Started;
use crate::config::Config;
use crate::flow::content::short;
use crate::io::sip_port::Listen;
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

/// Ten lines, and one for each closing.
pub fn banner(config: &Config, started: &Started, origin: &str) -> String {
    let listening = started.engine.sip.listening();
    // A SIP port listens somewhere, over UDP as a rule.
    let sip = listening.first().map_or(SocketAddr::from(([127, 0, 0, 1], 5060)), |listen| listen.address);
    let port = sip.port();
    let numbers: Vec<String> =
        started.numbers.iter().map(|(number, flow)| format!("{number} → {flow}")).collect();
    let dial = started
        .numbers
        .iter()
        .min_by_key(|(number, _)| number.len())
        .map_or("100", |(number, _)| number.as_str());
    let host = reachable(sip.ip());
    let mut out = String::new();
    let _ = writeln!(out, "Careline {} answers.", env!("CARGO_PKG_VERSION"));
    let _ = writeln!(
        out,
        "  SIP         {}, sound on ports {}–{}",
        places(listening),
        started.first_port,
        started.last_port
    );
    let withheld = match started.withheld.as_slice() {
        [] => String::new(),
        trees => format!("; unsigned {}: callers there get a nurse (careline check)", trees.join(", ")),
    };
    let version = short(&started.version);
    let _ = writeln!(out, "  flows       {}{origin}; version {version}{withheld}", started.flows);
    let _ = writeln!(out, "  numbers     {} · any other → {}", numbers.join(" · "), started.default_flow);
    for line in &started.closed {
        let _ = writeln!(out, "  closed      {line}");
    }
    let _ = writeln!(
        out,
        "  room        {} calls at once ({} ports bound, descriptors for {} legs)",
        started.max_calls, started.ports, started.max_legs
    );
    let _ = writeln!(out, "  recordings  {}", config.recordings.directory.display());
    let _ = writeln!(out, "  records     {}   (list them: careline calls)", config.store.display());
    let _ = writeln!(out, "  call it     softphone: sip:{dial}@{host}:{port}");
    let _ = writeln!(out, "              {}", sipp_line(dial, port));
    let _ = writeln!(out, "  counters    careline status · stop with Ctrl-C");
    out
}

/// Where SIP is listened for: each address once, behind its transports.
fn places(listening: &[Listen]) -> String {
    let mut all: Vec<(String, SocketAddr)> = Vec::new();
    for Listen { transport, address } in listening {
        match all.iter_mut().find(|(_, other)| other == address) {
            Some((transports, _)) => *transports += &format!("+{}", transport.in_uri()),
            None => all.push((transport.in_uri().to_owned(), *address)),
        }
    }
    all.iter().map(|(transports, address)| format!("{transports} {address}")).collect::<Vec<_>>().join(", ")
}

/// One line that rings the engine once, from its own machine.
fn sipp_line(dial: &str, port: u16) -> String {
    format!("sipp 127.0.0.1:{port} -i 127.0.0.1 -s {dial} -sf sipp-scenarios/nominal/no-recording.xml -m 1")
}

/// An address that a softphone on this machine can dial.
fn reachable(bound: IpAddr) -> IpAddr {
    if !bound.is_unspecified() {
        return bound;
    }
    // Connecting a UDP socket sends nothing: it only asks the routing table which address would be used.
    let routed = std::net::UdpSocket::bind("0.0.0.0:0")
        .and_then(|socket| socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr()));
    routed.map_or(IpAddr::from([127, 0, 0, 1]), |address| address.ip())
}
