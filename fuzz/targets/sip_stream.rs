//! Any octets as a stream: however it is chopped it holds the same messages, each of which is one message to the
//! reader of datagrams too, and no more is held than the bound.
#![no_main]

use careline::limits::SIP_STREAM_MESSAGE_MAX_OCTETS;
use careline::wire::sip::framing::{Framing, Piece};
use careline::wire::sip::message::{BodyLength, Message, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((step, stream)) = input.split_first() else { return };
    let whole = pieces(stream, stream.len().max(1));
    assert_eq!(whole, pieces(stream, usize::from(*step).max(1)));
    for piece in &whole {
        let Piece::Message(octets) = piece else { continue };
        let length = match parse(octets) {
            Ok(Message::Request(request)) => request.length,
            Ok(Message::Response(response)) => response.length,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(length, BodyLength::Announced);
    }
});

fn pieces(stream: &[u8], step: usize) -> Vec<Piece> {
    let mut framing = Framing::default();
    let mut pieces = Vec::new();
    for chunk in stream.chunks(step) {
        framing.push(chunk);
        pieces.extend(std::iter::from_fn(|| framing.pop()));
        assert!(framing.held_octets() <= SIP_STREAM_MESSAGE_MAX_OCTETS);
    }
    pieces
}
