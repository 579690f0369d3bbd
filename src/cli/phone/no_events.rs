//! SDP as a gateway writes it that knows keys in the sound alone: without telephone-event (RFC 4733).

/// The description without telephone-event: neither its numbers nor what they mean.
pub fn without_events(body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(body);
    let mapped = text.lines().filter_map(|line| line.strip_prefix("a=rtpmap:")?.split_once(' '));
    let events: Vec<&str> = mapped
        .filter(|(_, meaning)| meaning.starts_with("telephone-event/"))
        .map(|(number, _)| number)
        .collect();
    let is_of_event = |line: &str| {
        let told = line.strip_prefix("a=rtpmap:").or_else(|| line.strip_prefix("a=fmtp:"));
        told.and_then(|told| told.split_once(' ')).is_some_and(|(number, _)| events.contains(&number))
    };
    let lines = text.lines().filter(|line| !is_of_event(line)).map(|line| without_numbers(line, &events));
    lines.flat_map(|line| (line + "\r\n").into_bytes()).collect()
}

/// `m=audio PORT PROTOCOL NUMBER NUMBER …` without these numbers.
fn without_numbers(line: &str, numbers: &[&str]) -> String {
    if !line.starts_with("m=") {
        return line.to_owned();
    }
    let words = line.split(' ').enumerate().filter(|(place, word)| *place < 3 || !numbers.contains(word));
    words.map(|(_, word)| word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephone_event_is_left_out_in_every_clock_and_the_sound_stays() {
        let told = "v=0\r\nm=audio 101 RTP/AVP 0 96 101 102\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:96 L16/16000\r\n\
                    a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=rtpmap:102 telephone-event/16000\r\n\
                    a=fmtp:102 0-16\r\na=sendrecv\r\n";
        let left = "v=0\r\nm=audio 101 RTP/AVP 0 96\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:96 L16/16000\r\na=sendrecv\r\n";
        assert_eq!(String::from_utf8(without_events(told.as_bytes())).unwrap(), left);
        assert_eq!(without_events(left.as_bytes()), left.as_bytes());
    }
}
