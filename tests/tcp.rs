//! SIP over TCP as a stream brings it: cut anywhere, several messages at once, keep-alives, noise, and
//! connections that die. The phones are plain sockets, so that every octet is the test's.

#[path = "engine/mod.rs"]
mod engine;
#[path = "phone/mod.rs"]
mod phone;
#[path = "sound/mod.rs"]
mod sound;

use careline::rng::Rng;
use engine::{Engine, ROOT, Wishes};
use phone::Phone;
use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::time::Duration;

/// How long the engine may take to answer anything.
const ANSWER: Duration = Duration::from_secs(20);

fn connect(engine: &Engine) -> TcpStream {
    let stream = TcpStream::connect(engine.sip).expect("the engine listens over TCP");
    stream.set_read_timeout(Some(ANSWER)).expect("20 s is no zero");
    stream.set_nodelay(true).expect("a fresh connection");
    stream
}

/// A request whose Via names `via`.
fn request(method: &str, to: SocketAddr, via: SocketAddr, n: u32, body: &str) -> String {
    format!(
        "{method} sip:100@{to} SIP/2.0\r\nVia: SIP/2.0/TCP {via};branch=z9hG4bK-{method}-{n}-{port}\r\n\
         From: <sip:+16175550142@{via}>;tag=t{n}\r\nTo: <sip:100@{to}>\r\nCall-ID: {n}-{port}@tcp\r\n\
         CSeq: 1 {method}\r\nMax-Forwards: 70\r\nContact: <sip:caller@{via};transport=tcp>\r\n\
         Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}",
        port = via.port(),
        length = body.len(),
    )
}

/// A listener that waits no longer than [`ANSWER`] for who connects.
fn listener(address: SocketAddr) -> TcpListener {
    let listener = TcpListener::bind(address).expect("the port was free a moment ago");
    // What a listener waits is what it may take to read a connection from it (accept(2), SO_RCVTIMEO).
    socket2::SockRef::from(&listener).set_read_timeout(Some(ANSWER)).expect("20 s is no zero");
    listener
}

/// A port of loopback that nobody has.
const FREE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The next connection by which something is said. Whoever connects and says nothing is somebody else's test that takes
/// this port for a closed one.
fn arriving(listener: &TcpListener) -> TcpStream {
    loop {
        let (stream, _) = listener
            .accept()
            .unwrap_or_else(|error| panic!("nobody connects and speaks in {ANSWER:?}: {error}"));
        stream.set_read_timeout(Some(ANSWER)).expect("20 s is no zero");
        if stream.peek(&mut [0]).is_ok_and(|octets| octets > 0) {
            return stream;
        }
    }
}

fn options(to: SocketAddr, stream: &TcpStream, n: u32) -> String {
    request("OPTIONS", to, stream.local_addr().expect("it is connected"), n, "")
}

/// Reads messages until there are `count` start lines that begin with `start`; returns everything.
fn read_until(stream: &mut TcpStream, start: &str, count: usize) -> String {
    let mut all = Vec::new();
    let mut chunk = [0_u8; 4_096];
    loop {
        let text = String::from_utf8_lossy(&all).into_owned();
        if text.matches(start).count() >= count {
            return text;
        }
        match stream.read(&mut chunk) {
            Ok(0) => panic!("closed before {count} times `{start}`:\n{text}"),
            Ok(octets) => all.extend_from_slice(&chunk[..octets]),
            Err(error) => panic!("{error} before {count} times `{start}`:\n{text}"),
        }
    }
}

/// Whether the peer closes the connection, whatever it says before.
fn is_closed(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

#[test]
fn a_stream_may_be_cut_anywhere_and_hold_several_messages_and_keep_alives() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = Engine::start(home.path(), &Wishes::default());
    let mut stream = connect(&engine);
    let send = |stream: &mut TcpStream, text: &str| stream.write_all(text.as_bytes()).expect("it is open");
    send(&mut stream, "\r\n\r\n");
    let mut pong = [0; 2];
    stream.read_exact(&mut pong).expect("a keep-alive is answered (RFC 5626 §4.4.1)");
    assert_eq!(&pong, b"\r\n");
    let [one, two, three] = [1, 2, 3].map(|n| options(engine.sip, &stream, n));
    let all = format!("\r\n{one}\r\n{two}{three}");
    for part in all.as_bytes().chunks(97) {
        stream.write_all(part).expect("it is open");
    }
    read_until(&mut stream, "SIP/2.0 200 ", 3);
    let both = [4, 5].map(|n| options(engine.sip, &stream, n)).concat();
    send(&mut stream, &both);
    read_until(&mut stream, "SIP/2.0 200 ", 2);
    let figures = engine.wait_for("the connection to be counted", |figures| figures["tcp_accepted"] == 1);
    assert_eq!((figures["tcp_pings"], figures["tcp_broken"]), (1, 0), "{figures:#?}");
}

#[test]
fn what_cannot_be_measured_is_refused_and_the_connection_closed() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = Engine::start(home.path(), &Wishes::default());
    let mut stream = connect(&engine);
    let text = options(engine.sip, &stream, 1).replace("Content-Length: 0\r\n", "");
    stream.write_all(text.as_bytes()).expect("it is open");
    read_until(&mut stream, "SIP/2.0 400 ", 1);
    assert!(is_closed(&mut stream), "the connection stays open behind the 400");
    let mut stream = connect(&engine);
    stream.write_all(b"GET / HTTP/1.1\r\nHost: clinic\r\n\r\n").expect("it is open");
    assert!(is_closed(&mut stream), "the connection stays open behind HTTP");
    let figures = engine.wait_for("both to be closed", |figures| figures["tcp_connections"] == 0);
    assert_eq!(figures["tcp_broken"], 2, "{figures:#?}");
}

/// A caller whose connection dies behind his INVITE gets the 200 by a new one, to where his Via says
/// (RFC 3261 §18.2.2).
#[test]
fn an_answer_goes_by_a_new_connection_if_the_old_one_died() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = Engine::start(home.path(), &Wishes::default());
    let listener = listener(FREE);
    let via = listener.local_addr().expect("it is bound");
    let sdp =
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n";
    let mut stream = connect(&engine);
    stream.write_all(request("INVITE", engine.sip, via, 1, sdp).as_bytes()).expect("it is open");
    read_until(&mut stream, "SIP/2.0 200 ", 1);
    drop(stream);
    // No ACK comes, so that the 200 is sent again.
    let mut stream = arriving(&listener);
    read_until(&mut stream, "SIP/2.0 200 ", 1);
    let figures = engine.status();
    assert_eq!((figures["tcp_accepted"], figures["tcp_opened"]), (1, 1), "{figures:#?}");
}

/// How a connection ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Closed,
    Reset,
    /// Reset, and the ACK of the hold is lost with it.
    ResetWithAck,
}

impl End {
    fn of(self, stream: TcpStream) {
        if matches!(self, End::Reset | End::ResetWithAck) {
            let socket = socket2::SockRef::from(&stream);
            socket.set_linger(Some(Duration::ZERO)).expect("the socket is open");
        }
        drop(stream);
    }
}

/// A request within the call that INVITE 1 of [`request`] began, as number `cseq`.
fn within(method: &str, cseq: u32, to: SocketAddr, via: SocketAddr, tag: &str, body: &str) -> String {
    request(method, to, via, 1, body)
        .replace(&format!("To: <sip:100@{to}>"), &format!("To: <sip:100@{to}>;tag={tag}"))
        .replace(&format!("CSeq: 1 {method}"), &format!("CSeq: {cseq} {method}"))
        .replace("branch=z9hG4bK-", &format!("branch=z9hG4bK-{cseq}-"))
}

/// A BYE with its answer on the way: 200, as the headers of the request want it.
fn answer_bye(stream: &mut TcpStream) -> String {
    // An answer may come before it that was lost with a connection.
    let all = read_until(stream, "BYE sip:caller@", 1);
    let start = all.find("BYE sip:caller@").unwrap_or_default();
    let bye = if all[start..].contains("\r\n\r\n") {
        all[start..].to_owned()
    } else {
        all[start..].to_owned() + &read_until(stream, "\r\n\r\n", 1)
    };
    let line = |name: &str| bye.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    let [via, from, to, id, cseq] = ["Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: "].map(line);
    let answer =
        format!("SIP/2.0 200 OK\r\n{via}\r\n{from}\r\n{to}\r\n{id}\r\n{cseq}\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(answer.as_bytes()).expect("it is open");
    bye
}

/// A connection is not the call: the caller goes on by another one, and what the engine has to say comes to where his
/// Contact says (RFC 3261 §18.1.1, §12.2.1.1).
#[test]
fn a_call_outlives_its_connection_whoever_ends_that_and_however() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    for end in [End::Closed, End::Reset, End::ResetWithAck] {
        let engine = Engine::start(home.path(), &Wishes::default());
        let listener = listener(FREE);
        let via = listener.local_addr().expect("it is bound");
        let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                   m=audio 9 RTP/AVP 0\r\n";
        let mut stream = connect(&engine);
        stream.write_all(request("INVITE", engine.sip, via, 1, sdp).as_bytes()).expect("it is open");
        let answer = read_until(&mut stream, "\r\nm=audio ", 1);
        let to = answer.lines().find(|line| line.starts_with("To: ")).expect("a 200 has a To");
        let tag = to.split(";tag=").nth(1).expect("a 200 has a tag");
        stream.write_all(within("ACK", 1, engine.sip, via, tag, "").as_bytes()).expect("it is open");
        end.of(stream);
        engine.wait_for("the connection to be gone", |figures| figures["tcp_connections"] == 0);

        // Hold, by a new connection.
        let mut stream = connect(&engine);
        let hold = format!("{}a=sendonly\r\n", sdp.replace("- 1 1", "- 1 2"));
        let again = within("INVITE", 2, engine.sip, via, tag, &hold);
        stream.write_all(again.as_bytes()).expect("it is open");
        let answer = read_until(&mut stream, "\r\na=recvonly", 1);
        assert!(answer.contains("SIP/2.0 200 "), "{end:?}: {answer}");
        if !matches!(end, End::ResetWithAck) {
            stream.write_all(within("ACK", 2, engine.sip, via, tag, "").as_bytes()).expect("it is open");
        }
        end.of(stream);
        let figures = engine.wait_for("this one to be gone too", |figures| figures["tcp_connections"] == 0);
        assert_eq!((figures["calls_up"], figures["calls_answered"]), (1, 1), "{end:?}: {figures:#?}");

        // The engine stops and hangs up.
        let caller = std::thread::spawn(move || {
            let mut stream = arriving(&listener);
            answer_bye(&mut stream)
        });
        let (status, said) = engine.stop();
        let bye = caller
            .join()
            .unwrap_or_else(|_| panic!("{end:?}: no BYE by a new connection; the engine said:\n{said}"));
        assert!(bye.starts_with("BYE sip:caller@") && bye.contains("\r\nReason: SIP;cause=503;"), "{bye}");
        assert!(status.success(), "{end:?}: the engine ended with {status}:\n{said}");
    }
}

#[test]
fn over_ipv6_a_call_is_answered_with_an_address_of_that_family() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = Engine::start(home.path(), &Wishes { ip: Ipv6Addr::LOCALHOST.into(), ..Wishes::default() });
    let mut stream = connect(&engine);
    let via = stream.local_addr().expect("it is connected");
    let sdp = "v=0\r\no=- 1 1 IN IP6 ::1\r\ns=-\r\nc=IN IP6 ::1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n";
    stream.write_all(request("INVITE", engine.sip, via, 1, sdp).as_bytes()).expect("it is open");
    let answer = read_until(&mut stream, "\r\nm=audio ", 1);
    assert!(answer.contains("\r\nc=IN IP6 ::1\r\n"), "{answer}");
    assert!(answer.contains(&format!("\r\nContact: <sip:{};transport=tcp>\r\n", engine.sip)), "{answer}");
}

/// An engine with short prompts and a front desk whose name alone is too long for a datagram.
fn with_a_long_desk(home: &Path, t1_ms: u32, target_patience_s: u32) -> Engine {
    let sounds = home.join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    let (sip, desk) = engine::furnish(home, &Wishes { sounds, t1_ms, ..Wishes::default() });
    let clinic = home.join("ivr-flows/clinic.yaml");
    let text = fs::read_to_string(&clinic).expect("the flows are there");
    let text = text.replace("sip:front-desk@", &format!("sip:front-desk{}@", "-of-the-clinic".repeat(100)));
    fs::write(&clinic, text).expect("the test's own directory can be written");
    let config = home.join("careline.yaml");
    let text = fs::read_to_string(&config).expect("the configuration is there");
    assert!(text.contains("t1_ms: "), "no T1 to write beside:\n{text}");
    let text = text.replacen("t1_ms: ", &format!("target_patience_s: {target_patience_s}, t1_ms: "), 1);
    fs::write(&config, text).expect("the test's own directory can be written");
    Engine::start_again(home, sip, desk)
}

/// A patient in a call who presses 0.
fn asks_for_a_person(engine: &Engine) -> Phone {
    let phone = Phone::call(engine.sip, "100", 440.0).unwrap_or_else(|error| panic!("{error}"));
    phone.press(0);
    phone
}

/// The long INVITE to a person goes by TCP where the desk takes it, and in a datagram where it does not
/// (RFC 3261 §18.1.1).
#[test]
fn a_long_request_goes_by_tcp_and_in_a_datagram_where_tcp_is_refused() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = with_a_long_desk(home.path(), 100, 4);
    let desk = UdpSocket::bind(engine.desk).expect("the desk's port was free a moment ago");
    let phone = asks_for_a_person(&engine);
    desk.set_read_timeout(Some(ANSWER)).expect("20 s is no zero");
    let mut datagram = [0; 65_535];
    let length =
        desk.recv(&mut datagram).unwrap_or_else(|error| panic!("no datagram: {error}\n{}", engine.said()));
    let invite = String::from_utf8_lossy(&datagram[..length]).into_owned();
    assert!(length > 1_300 && invite.starts_with("INVITE sip:front-desk-of-"), "{invite}");
    assert!(invite.contains("\r\nVia: SIP/2.0/UDP "), "{invite}");
    let figures = engine.status();
    assert_eq!((figures["tcp_not_opened"], figures["sip_failovers"]), (1, 1), "{figures:#?}");
    phone.hang_up().unwrap_or_else(|error| panic!("{error}"));
    drop(engine);

    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = with_a_long_desk(home.path(), 100, 4);
    let desk = listener(engine.desk);
    let phone = asks_for_a_person(&engine);
    let mut stream = arriving(&desk);
    let invite = read_until(&mut stream, "\r\nm=audio ", 1);
    assert!(
        invite.starts_with("INVITE sip:front-desk-of-") && invite.contains("\r\nVia: SIP/2.0/TCP "),
        "{invite}"
    );
    let figures = engine.status();
    assert_eq!((figures["tcp_opened"], figures["sip_failovers"]), (1, 0), "{figures:#?}");
    phone.hang_up().unwrap_or_else(|error| panic!("{error}"));
}

/// A desk that takes the connection and says nothing has `sip.target_patience_s`, far less than 64·T1; then it is asked
/// by a datagram, as the next target (RFC 3263 §4.3). What it says by the connection after that is too late: its
/// ringing is cancelled, its answer is ended (RFC 3261 §9.1, §13.2.2.4), and the call stands at the next target.
#[test]
fn a_target_that_says_nothing_is_followed_by_the_next() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = with_a_long_desk(home.path(), 500, 1);
    let mute = listener(engine.desk);
    let desk = UdpSocket::bind(engine.desk).expect("the desk's port was free a moment ago");
    let phone = asks_for_a_person(&engine);
    let mut stream = arriving(&mute);
    let cseq = |text: &str| text.lines().find(|line| line.starts_with("CSeq: ")).map(str::to_owned);
    let first = read_until(&mut stream, "\r\nm=audio ", 1);
    desk.set_read_timeout(Some(ANSWER)).expect("20 s is no zero");
    let mut datagram = [0; 65_535];
    let length =
        desk.recv(&mut datagram).unwrap_or_else(|error| panic!("no datagram: {error}\n{}", engine.said()));
    let second = String::from_utf8_lossy(&datagram[..length]).into_owned();
    assert!(second.starts_with("INVITE sip:front-desk-of-"), "{second}");
    let numbers = [cseq(&first), cseq(&second)].map(Option::unwrap_or_default);
    assert_eq!(numbers, ["CSeq: 1 INVITE", "CSeq: 2 INVITE"], "{first}\n{second}");
    let figures = engine.status();
    assert_eq!((figures["tcp_opened"], figures["sip_failovers"]), (1, 1), "{figures:#?}");
    let answer = |status: &str, request: &str, tag: &str| {
        let line = |name: &str| request.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        let [via, from, to, id, cseq] = ["Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: "].map(line);
        format!(
            "SIP/2.0 {status}\r\n{via}\r\n{from}\r\n{to};tag={tag}\r\n{id}\r\n{cseq}\r\n\
             Contact: <sip:{tag}@{};transport=tcp>\r\nContent-Length: 0\r\n\r\n",
            engine.desk
        )
    };
    desk.send_to(answer("180 Ringing", &second, "second").as_bytes(), engine.sip)
        .expect("the engine listens");
    let say = |stream: &mut TcpStream, text: String| stream.write_all(text.as_bytes()).expect("it is open");
    say(&mut stream, answer("180 Ringing", &first, "first"));
    let cancel = read_until(&mut stream, "\r\n\r\n", 1);
    let branch = |text: &str| {
        text.split("branch=").nth(1).and_then(|rest| rest.split([';', '\r']).next().map(str::to_owned))
    };
    assert!(cancel.starts_with("CANCEL ") && branch(&cancel) == branch(&first), "{cancel}");
    say(&mut stream, answer("200 OK", &first, "first"));
    let ends = read_until(&mut stream, "\r\n\r\n", 2);
    assert!(ends.starts_with("ACK ") && ends.contains("\r\n\r\nBYE "), "{ends}");
    phone.hang_up().unwrap_or_else(|error| panic!("{error}"));
}

/// Peers that connect and say nothing, half of something, or nonsense without end: a call goes on, and
/// another peer is answered over TCP and UDP.
#[test]
fn noise_over_tcp_costs_others_nothing() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = Engine::start(home.path(), &Wishes::default());
    let phone = Phone::call(engine.sip, "100", 440.0).unwrap_or_else(|error| panic!("{error}"));
    let before = phone.listen(50);
    let mut held: Vec<TcpStream> = (0..200).map(|_| connect(&engine)).collect();
    let mut rng = Rng::seeded(1);
    for (n, stream) in held.iter_mut().enumerate() {
        let octets: Vec<u8> = match n % 4 {
            0 => Vec::new(),
            1 => b"INVITE sip:100@clinic SIP/2.0\r\nVia: ".to_vec(),
            2 => b"OPTIONS sip:100@clinic SIP/2.0\r\nContent-Length: 60000\r\n\r\nhalf".to_vec(),
            _ => (0..100_000).map(|_| rng.next_u32() as u8).collect(),
        };
        // The engine may have closed it already.
        let _ = stream.write_all(&octets);
    }
    let mut stream = connect(&engine);
    stream.write_all(options(engine.sip, &stream, 1).as_bytes()).expect("it is open");
    read_until(&mut stream, "SIP/2.0 200 ", 1);
    let figures = engine.wait_for("the nonsense to be closed", |figures| figures["tcp_broken"] >= 50);
    assert_eq!(figures["tcp_over_bound"], 0, "{figures:#?}");
    let heard = phone.listen(100);
    assert_eq!((heard.missing, heard.out_of_order), (before.missing, before.out_of_order), "{heard:?}");
    phone.hang_up().unwrap_or_else(|error| panic!("{error}"));
    drop(held);
    engine.wait_for("all connections to be closed but one", |figures| figures["tcp_connections"] == 1);
    let (status, said) = engine.stop();
    assert!(status.success() && !said.contains("panicked"), "the engine ended with {status}:\n{said}");
}
