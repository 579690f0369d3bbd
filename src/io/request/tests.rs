//! Requests to real servers on loopback: good ones, broken ones, and such as never end.

mod server;

use super::connect::Connector;
use super::{Answered, Requests};
use crate::flow::request::answer::{Answer, Refusal};
use crate::flow::request::failure::Failure;
use crate::flow::request::url::Url;
use crate::flow::request::{Field, Guard, Kind, Method, Plan, Schema};
use crate::flow::saved::Saved;
use crate::id::{CallId, RequestId, ValueName};
use crate::limits::{REQUEST_ANSWER_MAX_OCTETS, REQUESTS_MAX};
use crate::rng::Rng;
use server::{Does, Server};
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::CertificateDer;

/// Long enough for everything that is answered, on a busy machine too.
const AMPLE: Duration = Duration::from_secs(10);
/// For what is never answered.
const SHORT: Duration = Duration::from_millis(300);
const WHOSE: (CallId, RequestId) = (CallId(1), RequestId(1));

fn requests() -> Requests {
    Requests::new(Connector::system(), Rng::seeded(7))
}

fn plan(method: Method, url: &str, within: Duration, tries: u32) -> Arc<Plan> {
    let free =
        Field { name: ValueName::from("free"), kind: Kind::read("number").unwrap(), guard: Guard::Phi };
    let url = Url::read(url).unwrap_or_else(|fault| panic!("{url}: {fault}"));
    Arc::new(Plan { method, url, schema: Schema { fields: vec![free] }, within, tries })
}

async fn ask(requests: &mut Requests, plan: &Arc<Plan>) -> Result<Answer, Failure> {
    let zip = Saved::Digits("02139".into());
    let message = plan.message(&[(ValueName::from("zip"), &zip)]).expect("it fits");
    requests.ask(WHOSE, Arc::clone(plan), message);
    let Answered { whose, answer } = requests.answer().await;
    assert_eq!((whose, requests.under_way()), (WHOSE, 0));
    answer
}

fn good() -> Result<Answer, Failure> {
    Ok(vec![(ValueName::from("free"), Saved::Number(3))])
}

fn answered(status: &str, body: &str) -> Does {
    Does::Answer(format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into())
}

fn then_endless(head: &str, piece: &str) -> Does {
    Does::Endless { head: head.into(), piece: piece.repeat(100).into() }
}

const GOOD: &str = "{\"free\":3}";

/// What a server does at each connection, and what comes of it.
#[tokio::test]
async fn whatever_a_server_does_is_an_answer_or_a_named_failure() {
    let no_json = || Err(Failure::Refused(Refusal::NoJson));
    let long = "x".repeat(REQUEST_ANSWER_MAX_OCTETS + 1);
    let in_pieces =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"fr\r\n6\r\nee\":3}\r\n0\r\n\r\n";
    type Row = (&'static str, Vec<Does>, Duration, Result<Answer, Failure>);
    let table: Vec<Row> = vec![
        ("a good answer", vec![answered("200 OK", GOOD)], AMPLE, good()),
        ("201 is one too", vec![answered("201 Created", GOOD)], AMPLE, good()),
        ("in pieces", vec![Does::Answer(in_pieces.into())], AMPLE, good()),
        (
            "to the end of the connection",
            vec![Does::Answer(format!("HTTP/1.1 200 OK\r\n\r\n{GOOD}").into())],
            AMPLE,
            good(),
        ),
        (
            "after 103",
            vec![Does::Answer(
                format!(
                    "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{GOOD}"
                )
                .into(),
            )],
            AMPLE,
            good(),
        ),
        ("404", vec![answered("404 Not Found", GOOD)], AMPLE, Err(Failure::Status(404))),
        ("500, then 200", vec![answered("500 Oops", ""), answered("200 OK", GOOD)], AMPLE, good()),
        (
            "500 twice",
            vec![answered("500 Oops", ""), answered("503 Oops", "")],
            AMPLE,
            Err(Failure::Status(503)),
        ),
        ("a closed connection, then 200", vec![Does::Close, answered("200 OK", GOOD)], AMPLE, good()),
        ("closed twice", vec![Does::Close, Does::Close], AMPLE, Err(Failure::Broken)),
        (
            "a redirect",
            vec![Does::Answer(
                "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".into(),
            )],
            AMPLE,
            Err(Failure::Redirected(302)),
        ),
        ("HTML", vec![answered("200 OK", "<html>Anna</html>")], AMPLE, no_json()),
        ("nothing in it", vec![answered("204 No Content", "")], AMPLE, no_json()),
        (
            "another object",
            vec![answered("200 OK", "{\"fre\":3}")],
            AMPLE,
            Err(Failure::Refused(Refusal::Missing(ValueName::from("free")))),
        ),
        (
            "garbage",
            vec![Does::Answer(b"\x16\x03\x01\x02\0\x01\0garbage\r\n\r\n".to_vec()), Does::Close],
            AMPLE,
            Err(Failure::Broken),
        ),
        (
            "cut off",
            vec![
                Does::Answer("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"free\":3}".into()),
                Does::Close,
            ],
            AMPLE,
            Err(Failure::Broken),
        ),
        (
            "100 MB promised",
            vec![Does::Answer("HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n{".into())],
            AMPLE,
            Err(Failure::TooLong),
        ),
        ("an octet too much", vec![answered("200 OK", &long)], AMPLE, Err(Failure::TooLong)),
        (
            "a body without end",
            vec![then_endless("HTTP/1.1 200 OK\r\n\r\n", "{\"free\":3}")],
            AMPLE,
            Err(Failure::TooLong),
        ),
        (
            "headers without end",
            vec![then_endless("HTTP/1.1 200 OK\r\n", "X-Next: again\r\n"); 2],
            AMPLE,
            Err(Failure::Broken),
        ),
        (
            "a header without end",
            vec![then_endless("HTTP/1.1 200 OK\r\nX: ", "again"); 2],
            AMPLE,
            Err(Failure::Broken),
        ),
        ("no answer", vec![Does::Nothing], SHORT, Err(Failure::Late)),
        (
            "half an answer",
            vec![Does::Stall("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{".into())],
            SHORT,
            Err(Failure::Late),
        ),
    ];
    let mut requests = requests();
    for (name, does, within, wanted) in table {
        let connections = does.len();
        let server = Server::start(does);
        let plan = plan(Method::Get, &server.url("/slots"), within, 2);
        assert_eq!(ask(&mut requests, &plan).await, wanted, "{name}");
        assert_eq!(server.connections(), connections, "{name}");
    }
}

#[tokio::test]
async fn what_is_asked_is_what_the_step_says() {
    let server =
        Server::start(vec![answered("500 Oops", ""), answered("200 OK", GOOD), answered("200 OK", GOOD)]);
    let mut requests = requests();
    let post = plan(Method::Post, &server.url("/slots?x=1"), AMPLE, 3);
    assert_eq!(ask(&mut requests, &post).await, good());
    assert_eq!(ask(&mut requests, &post).await, good());
    let asked = server.asked();
    let key = |at: usize| -> String {
        let line =
            asked[at].lines().find(|line| line.to_ascii_lowercase().starts_with("idempotency-key: \""));
        line.unwrap_or_else(|| panic!("no key: {}", asked[at])).to_owned()
    };
    assert_eq!((asked.len(), key(0)), (3, key(1)), "each try of a request has its key");
    assert_ne!(key(1), key(2), "and another request another one");
    for text in &asked {
        assert!(text.starts_with("POST /slots?x=1 HTTP/1.1\r\n"), "{text}");
        assert!(text.ends_with("\r\n\r\n{\"zip\":\"02139\"}"), "{text}");
        assert!(text.contains(&format!("\r\nhost: {}\r\n", server.authority())), "{text}");
        assert!(text.contains("\r\ncontent-type: application/json\r\n"), "{text}");
    }
    let server = Server::start(vec![answered("200 OK", GOOD)]);
    assert_eq!(ask(&mut requests, &plan(Method::Get, &server.url("/slots"), AMPLE, 1)).await, good());
    let asked = server.asked();
    assert!(asked[0].starts_with("GET /slots?zip=02139 HTTP/1.1\r\n"), "{}", asked[0]);
    assert!(!asked[0].contains("idempotency-key"), "{}", asked[0]);
}

#[tokio::test]
async fn a_step_that_wants_no_values_is_content_with_any_success() {
    let mut requests = requests();
    for (does, wanted) in [
        (answered("204 No Content", ""), Ok(Answer::new())),
        (answered("200 OK", "<html>"), Ok(Answer::new())),
        (answered("409 Conflict", ""), Err(Failure::Status(409))),
    ] {
        let server = Server::start(vec![does]);
        let plan = plan(Method::Post, &server.url("/"), AMPLE, 1);
        let plan = Arc::new(Plan { schema: Schema::default(), ..(*plan).clone() });
        assert_eq!(ask(&mut requests, &plan).await, wanted);
    }
}

#[tokio::test]
async fn where_nobody_listens_is_told_and_so_is_a_name_without_an_address() {
    let port = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port()
    };
    let mut requests = requests();
    let nobody = plan(Method::Get, &format!("http://localhost:{port}/"), AMPLE, 2);
    assert_eq!(ask(&mut requests, &nobody).await, Err(Failure::NotReached));
}

#[tokio::test]
async fn a_certificate_counts_if_its_root_is_trusted_and_it_is_the_hosts() {
    let certificate = CertificateDer::from(server::CERTIFICATE.to_vec());
    let mut trusted = RootCertStore::empty();
    trusted.add(certificate).unwrap();
    for (name, roots, host, wanted) in [
        ("trusted", Some(trusted.clone()), "localhost", good()),
        ("another host's", Some(trusted), "127.0.0.1", Err(Failure::Tls)),
        ("not trusted by the system", None, "localhost", Err(Failure::Tls)),
    ] {
        let server = Server::start_tls(vec![answered("200 OK", GOOD)]);
        let connector = roots.map_or_else(Connector::system, Connector::trusting);
        let mut requests = Requests::new(connector, Rng::seeded(7));
        let url = format!("https://{host}:{}/slots", server.port());
        let answer = ask(&mut requests, &plan(Method::Get, &url, AMPLE, 2)).await;
        assert_eq!(answer, wanted, "{name}");
        assert_eq!(
            server.asked().len(),
            usize::from(wanted.is_ok()),
            "{name}: nothing is asked before trust"
        );
    }
    let plain = Server::start(vec![answered("200 OK", GOOD)]);
    let url = plain.url("/").replace("http://", "https://");
    let answer = ask(&mut requests(), &plan(Method::Get, &url, AMPLE, 1)).await;
    assert_eq!(answer, Err(Failure::Tls), "a server without TLS");
}

#[tokio::test]
async fn over_the_bound_a_request_fails_at_once_and_a_cancelled_one_makes_room() {
    let server = Server::start(vec![Does::Nothing; REQUESTS_MAX]);
    let mut requests = requests();
    let plan = plan(Method::Get, &server.url("/"), AMPLE, 1);
    let whose = |n: usize| (CallId(1), RequestId(n as u64));
    for n in 0..=REQUESTS_MAX {
        requests.ask(whose(n), Arc::clone(&plan), plan.message(&[]).expect("it fits"));
    }
    let Answered { whose: last, answer } = requests.answer().await;
    assert_eq!((last, answer), (whose(REQUESTS_MAX), Err(Failure::Busy)));
    assert_eq!((requests.under_way(), requests.counters.refused), (REQUESTS_MAX, 1));
    for n in 0..REQUESTS_MAX {
        requests.cancel(whose(n));
    }
    assert_eq!(requests.under_way(), 0);
    let good_one = Server::start(vec![answered("200 OK", GOOD)]);
    let plan = self::plan(Method::Get, &good_one.url("/"), AMPLE, 1);
    assert_eq!(ask(&mut requests, &plan).await, good(), "and no late answer is brought before it");
    assert_eq!(requests.counters.asked, REQUESTS_MAX as u64 + 1);
}
