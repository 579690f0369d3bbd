//! placeholder
pub fn decode(octets: &[u8], samples: &mut [i16]) {
    octets.chunks_exact(2).zip(samples).for_each(|(o, s)| *s = i16::from_be_bytes([o[0], o[1]]))
}
pub fn encode(samples: &[i16], octets: &mut [u8]) {
    samples.iter().zip(octets.chunks_exact_mut(2)).for_each(|(s, o)| o.copy_from_slice(&s.to_be_bytes()))
}
