//! Answers, whole and broken, over a stream in memory.

use super::{Fault, Question, ask};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const WORDS: &str = "Doctor Maria Lee-Quimby";

/// What comes of an answer, and what was asked.
async fn answered(answer: &str) -> (Result<String, Fault>, String) {
    let (ours, mut theirs) = tokio::io::duplex(65_536);
    let server = async {
        let mut asked = Vec::new();
        while !asked.ends_with(WORDS.as_bytes()) {
            assert_ne!(theirs.read_buf(&mut asked).await.unwrap(), 0, "a whole question");
        }
        theirs.write_all(answer.as_bytes()).await.unwrap();
        drop(theirs);
        String::from_utf8(asked).unwrap()
    };
    let fields = [("content-type", "text/plain"), ("content-language", "en")];
    let body = WORDS.as_bytes().to_vec();
    let question = Question { method: "POST", target: "/say/en", authority: "host:1", fields: &fields, body };
    let (came, asked) = tokio::join!(ask(ours, question, 8), server);
    (came.map(|octets| String::from_utf8(octets).unwrap()), asked)
}

#[tokio::test]
async fn only_a_whole_success_within_its_bounds_has_a_body() {
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\nRIFF", "X: y\r\n".repeat(65));
    for (answer, wanted) in [
        ("HTTP/1.0 200 OK\r\n\r\nRIFF", Ok("RIFF")),
        ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nRIFF", Ok("RIFF")),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nRI\r\n2\r\nFF\r\n0\r\n\r\n", Ok("RIFF")),
        ("HTTP/1.1 200 OK\r\ncontent-length:8\r\n\r\nRIFFRIFF", Ok("RIFFRIFF")),
        ("HTTP/1.1 204 No Content\r\n\r\n", Ok("")),
        ("HTTP/1.1 200 OK\r\ncontent-length:5\r\n\r\nRIFF", Err(Fault::Broken)),
        ("HTTP/1.1 200 OK\r\ncontent-length:9\r\n\r\n", Err(Fault::TooLong)),
        ("HTTP/1.1 200 OK\r\n\r\nRIFFRIFF.", Err(Fault::TooLong)),
        ("HTTP/1.1 302 Lee\r\nLocation: /\r\n\r\n", Err(Fault::Status(302))),
        ("HTTP/1.1 500 Dr. Lee\r\n\r\nDr. Lee", Err(Fault::Status(500))),
        ("Dr. Lee\r\n\r\n", Err(Fault::Broken)),
        ("HTTP/1.1 Lee\r\n\r\n", Err(Fault::Broken)),
        ("HTTP/1.1 200 OK\r\n", Err(Fault::Broken)),
        (&many, Err(Fault::Broken)),
        ("", Err(Fault::Broken)),
    ] {
        let (came, _) = answered(answer).await;
        assert_eq!(came.as_deref().map_err(|fault| *fault), wanted, "{answer}");
    }
}

#[tokio::test]
async fn a_question_is_written_as_it_is_given_and_closes_its_connection() {
    let (_, asked) = answered("HTTP/1.1 200 OK\r\n\r\n").await;
    assert!(asked.starts_with("POST /say/en HTTP/1.1\r\nhost: host:1\r\n"), "{asked}");
    for field in [
        "accept-encoding: identity",
        "connection: close",
        "content-type: text/plain",
        "content-language: en",
        "content-length: 23",
    ] {
        assert!(asked.contains(&format!("\r\n{field}\r\n")), "{field}: {asked}");
    }
    assert!(asked.ends_with(&format!("\r\n\r\n{WORDS}")), "{asked}");
}

#[tokio::test]
async fn what_cannot_be_written_is_not_asked() {
    for (method, target) in [("PO ST", "/"), ("POST", "/a b\r\nX: y"), ("POST", "")] {
        let (ours, _theirs) = tokio::io::duplex(64);
        let question = Question { method, target, authority: "host:1", fields: &[], body: Vec::new() };
        assert_eq!(ask(ours, question, 8).await, Err(Fault::Unwritable), "{method} {target}");
    }
}
