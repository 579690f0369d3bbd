//! L16: linear samples of 16 bits in network order (RFC 3551 §4.5.11). One channel; the rate is the rtpmap's.

/// Writes `samples` as octets, two for each; what has no place in `octets` is left.
pub fn encode(samples: &[i16], octets: &mut [u8]) {
    for (sample, pair) in samples.iter().zip(octets.chunks_exact_mut(2)) {
        pair.copy_from_slice(&sample.to_be_bytes());
    }
}

/// Reads `octets` as samples; a last odd octet, and what has no place in `samples`, is left.
pub fn decode(octets: &[u8], samples: &mut [i16]) {
    for (sample, pair) in samples.iter_mut().zip(octets.chunks_exact(2)) {
        *sample = i16::from_be_bytes([pair[0], pair[1]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_travel_in_network_order() {
        let table = [(0, [0x00, 0x00]), (1, [0x00, 0x01]), (-1, [0xff, 0xff]), (0x1234, [0x12, 0x34])];
        let edges = [(i16::MAX, [0x7f, 0xff]), (i16::MIN, [0x80, 0x00])];
        for (sample, octets) in table.into_iter().chain(edges) {
            let (mut written, mut read) = ([0; 2], [0; 1]);
            encode(&[sample], &mut written);
            decode(&octets, &mut read);
            assert_eq!((written, read), (octets, [sample]));
        }
    }

    #[test]
    fn what_is_odd_or_has_no_place_is_left() {
        let (mut samples, mut octets) = ([7; 2], [7; 3]);
        decode(&[0, 1, 2], &mut samples);
        encode(&[1, 2], &mut octets);
        assert_eq!((samples, octets), ([1, 7], [0, 1, 7]));
    }
}
