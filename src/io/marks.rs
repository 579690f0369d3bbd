//! The request line of `careline messages done`: the message that waits no more, as the log knows it.

use crate::clock::WallTime;
use crate::switch::interface::SavedMessage;

/// The message of a request line, after its first word.
pub fn read(order: &str) -> Option<SavedMessage> {
    let mut words = order.strip_prefix("done ")?.split(' ');
    let message = SavedMessage {
        call: words.next()?.parse().ok()?,
        recording: words.next()?.parse().ok()?,
        at: WallTime::from_micros(words.next()?.parse().ok()?),
        since_start_us: words.next()?.parse().ok()?,
    };
    words.next().is_none().then_some(message)
}

/// The request line, after its first word.
pub fn written(message: &SavedMessage) -> String {
    let SavedMessage { call, recording, at, since_start_us } = message;
    format!("done {call} {recording} {} {since_start_us}", at.as_micros())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{CallId, RecordingId};

    #[test]
    fn a_mark_is_read_as_it_was_written_and_nonsense_is_none() {
        let message = SavedMessage {
            call: CallId(0x1f3),
            recording: RecordingId(u64::MAX),
            at: WallTime::from_micros(-5),
            since_start_us: u64::MAX,
        };
        assert_eq!(read(&written(&message)), Some(message));
        for line in ["", "done", "done ", "done c1 r1", "done c1 r1 5", "done c1 r1 5 -1", "done c1 r1 5 6 7"]
        {
            assert_eq!(read(line), None, "{line}");
        }
        assert_eq!(read("undo c1 r1 5 6"), None);
    }
}
