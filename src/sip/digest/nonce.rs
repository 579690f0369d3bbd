//! Nonces that need no memory until they are used: a time, a number and a seal over both (RFC 7616 §5.4, §5.10).
//!
//! ```text
//!  00000004c4b40 0000002a 9f86d081884c7d659a2feaa0c55ad015
//!  milliseconds   serial   HMAC-SHA-256 over both with a secret of this start, cut to 128 bits
//! ```
//! Who asks and never answers costs nothing. Of a nonce that was used with the right password the counts are
//! kept, so that no message can be played twice: the last 64 of each nonce, of so many nonces at the most. When the
//! oldest has to go, it and all older ones are stale from then on; no forgotten count is taken for a new one.

use crate::clock::Instant;
use crate::limits::{DIGEST_NONCE_LIVES, DIGEST_NONCES_COUNTED_MAX};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::fmt;
use subtle::ConstantTimeEq;

/// Digits of the time, of the serial number, and of the seal.
const TIME_DIGITS: usize = 13;
const SERIAL_DIGITS: usize = 8;
const SEAL_DIGITS: usize = 32;
const DIGITS: usize = TIME_DIGITS + SERIAL_DIGITS + SEAL_DIGITS;
/// How far behind the highest count another may come: datagrams overtake each other.
const WINDOW: u32 = 64;

/// The secret of one start, from the system's own source of chance. It cannot be printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret(pub [u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹secret›")
    }
}

/// The nonces of one engine.
pub struct Nonces {
    secret: Secret,
    serial: u32,
    used: BTreeMap<Id, Window>,
    /// This one and all older ones are stale: their counts are forgotten.
    forgotten_up_to: Id,
    counted_max: usize,
}

/// A nonce by its time and number: younger ones are greater.
type Id = (u64, u32);

/// Which counts of a nonce were used.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    highest: u32,
    /// Bit n: the count n below the highest was used.
    seen: u64,
}

/// What a nonce is worth to who has shown that he knows the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// It is ours, of now, and this use of it is its first.
    Good,
    /// It is too old, of another start, or was used like this before: a new one is needed, and no new password.
    Stale,
}

impl Nonces {
    /// Nonces with the seal of this secret.
    pub fn new(secret: Secret) -> Self {
        Self {
            secret,
            serial: 0,
            used: BTreeMap::new(),
            forgotten_up_to: (0, 0),
            counted_max: DIGEST_NONCES_COUNTED_MAX,
        }
    }

    /// A new one.
    pub fn mint(&mut self, now: Instant) -> String {
        // Numbers of one millisecond come round after four thousand million: never.
        self.serial = self.serial.wrapping_add(1);
        let text = format!("{:0TIME_DIGITS$x}{:0SERIAL_DIGITS$x}", now.as_micros() / 1_000, self.serial);
        let seal = self.seal(text.as_bytes());
        format!("{text}{seal}")
    }

    /// Uses a nonce. `count` is its `nc`; without one it can be used once (RFC 2617 §3.2.2.1 counts nothing).
    pub fn use_up(&mut self, now: Instant, nonce: &[u8], count: Option<u32>) -> Worth {
        let Some(id) = self.read(nonce) else { return Worth::Stale };
        let oldest = now.as_micros().saturating_sub(DIGEST_NONCE_LIVES.as_micros() as u64) / 1_000;
        if id.0 < oldest || id <= self.forgotten_up_to {
            return Worth::Stale;
        }
        self.make_room(oldest, id);
        if id <= self.forgotten_up_to {
            return Worth::Stale;
        }
        let window = self.used.entry(id).or_default();
        let is_new = match count {
            Some(count) => window.take(count),
            None => window.take_all(),
        };
        if is_new { Worth::Good } else { Worth::Stale }
    }

    /// Nonces whose counts are kept.
    pub fn counted(&self) -> usize {
        self.used.len()
    }

    /// Those that are too old need no counts any more; of too many the oldest goes.
    fn make_room(&mut self, oldest: u64, wanted: Id) {
        while let Some(first) = self.used.first_entry().filter(|first| first.key().0 < oldest) {
            self.forgotten_up_to = *first.key();
            first.remove();
        }
        if self.used.len() >= self.counted_max
            && !self.used.contains_key(&wanted)
            && let Some((id, _)) = self.used.pop_first()
        {
            self.forgotten_up_to = id;
        }
    }

    /// Time and number of a nonce of this start; `None` for any other.
    fn read(&self, nonce: &[u8]) -> Option<Id> {
        let text = std::str::from_utf8(nonce).ok().filter(|text| text.len() == DIGITS && text.is_ascii())?;
        let (named, seal) = text.split_at(TIME_DIGITS + SERIAL_DIGITS);
        if !bool::from(self.seal(named.as_bytes()).as_bytes().ct_eq(seal.as_bytes())) {
            return None;
        }
        let (time, serial) = named.split_at(TIME_DIGITS);
        Some((u64::from_str_radix(time, 16).ok()?, u32::from_str_radix(serial, 16).ok()?))
    }

    fn seal(&self, text: &[u8]) -> String {
        let mut seal =
            Hmac::<Sha256>::new_from_slice(&self.secret.0).expect("HMAC takes a key of any length");
        seal.update(text);
        let octets = seal.finalize().into_bytes();
        let hex = super::Hex::of(&octets);
        String::from_utf8_lossy(&hex.octets()[..SEAL_DIGITS]).into_owned()
    }
}

impl Window {
    /// Whether this count was not used before; it is now.
    fn take(&mut self, count: u32) -> bool {
        if count == 0 {
            return false;
        }
        if count > self.highest {
            let moved = count - self.highest;
            self.seen = if moved < WINDOW { self.seen << moved } else { 0 };
            self.highest = count;
            self.seen |= 1;
            return true;
        }
        let behind = self.highest - count;
        let is_new = behind < WINDOW && self.seen >> behind & 1 == 0;
        if is_new {
            self.seen |= 1 << behind;
        }
        is_new
    }

    /// Whether it was never used; nothing of it can be used any more.
    fn take_all(&mut self) -> bool {
        let is_new = self.highest == 0;
        *self = Self { highest: u32::MAX, seen: u64::MAX };
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::time::Duration;

    fn after(ms: u64) -> Instant {
        Instant::START + Duration::from_millis(ms)
    }

    fn nonces() -> Nonces {
        Nonces::new(Secret([7; 32]))
    }

    #[test]
    fn a_nonce_is_good_once_for_each_count_until_it_is_old() {
        // RFC 7616 §3.3, §3.4, §5.4
        let mut nonces = nonces();
        let (first, second) = (nonces.mint(after(1_000)), nonces.mint(after(1_000)));
        assert_ne!(first, second, "two of one millisecond");
        let last = DIGEST_NONCE_LIVES.as_millis() as u64 + 1_000;
        for (ms, nonce, count, worth) in [
            (1_000, &first, Some(1), Worth::Good),
            (1_001, &first, Some(1), Worth::Stale),
            (1_002, &second, Some(1), Worth::Good),
            (1_003, &first, Some(3), Worth::Good),
            (1_004, &first, Some(2), Worth::Good),
            (1_005, &first, Some(2), Worth::Stale),
            (1_006, &first, Some(0), Worth::Stale),
            (1_007, &first, Some(80), Worth::Good),
            (1_008, &first, Some(16), Worth::Stale),
            (1_009, &first, Some(17), Worth::Good),
            (last, &first, Some(81), Worth::Good),
            (last + 1, &first, Some(82), Worth::Stale),
            (last + 1, &second, Some(2), Worth::Stale),
        ] {
            assert_eq!(nonces.use_up(after(ms), nonce.as_bytes(), count), worth, "{count:?} at {ms}");
        }
    }

    #[test]
    fn without_a_count_it_is_good_once() {
        // RFC 2617 §3.2.2.1
        let mut nonces = nonces();
        let (first, second) = (nonces.mint(after(0)), nonces.mint(after(0)));
        assert_eq!(nonces.use_up(after(1), first.as_bytes(), None), Worth::Good);
        assert_eq!(nonces.use_up(after(2), first.as_bytes(), None), Worth::Stale);
        assert_eq!(nonces.use_up(after(2), first.as_bytes(), Some(9)), Worth::Stale);
        assert_eq!(nonces.use_up(after(2), second.as_bytes(), Some(1)), Worth::Good);
        assert_eq!(nonces.use_up(after(2), second.as_bytes(), None), Worth::Stale);
    }

    #[test]
    fn of_another_start_changed_or_made_up_it_is_worth_nothing() {
        let mut nonces = nonces();
        let good = nonces.mint(after(5_000));
        let mut other = Nonces::new(Secret([8; 32]));
        assert_eq!(other.use_up(after(5_000), good.as_bytes(), Some(1)), Worth::Stale);
        for at in 0..good.len() {
            let mut changed = good.clone().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            assert_eq!(nonces.use_up(after(5_000), &changed, Some(1)), Worth::Stale, "digit {at}");
        }
        for made_up in [&b""[..], b"n", &[b'0'; DIGITS], &[0xff; DIGITS], good.to_uppercase().as_bytes()] {
            assert_eq!(nonces.use_up(after(5_000), made_up, Some(1)), Worth::Stale);
        }
        assert_eq!(nonces.counted(), 0, "none of these is remembered");
        assert_eq!(format!("{:?}", nonces.secret), "‹secret›");
    }

    #[test]
    fn memory_is_bounded_and_what_is_forgotten_is_stale_and_never_new() {
        let mut nonces = Nonces { counted_max: 3, ..nonces() };
        let all: Vec<String> = (0..5).map(|ms| nonces.mint(after(ms))).collect();
        for nonce in &all {
            assert_eq!(nonces.use_up(after(10), nonce.as_bytes(), Some(1)), Worth::Good);
        }
        assert_eq!(nonces.counted(), 3);
        for (index, nonce) in all.iter().enumerate() {
            assert_eq!(
                nonces.use_up(after(11), nonce.as_bytes(), Some(1)),
                Worth::Stale,
                "{index} played again"
            );
        }
        assert_eq!(
            nonces.use_up(after(12), all[1].as_bytes(), Some(2)),
            Worth::Stale,
            "its counts are forgotten"
        );
        assert_eq!(nonces.use_up(after(12), all[2].as_bytes(), Some(2)), Worth::Good);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_count_is_ever_good_twice(counts in prop::collection::vec(0_u32..200, 1..60)) {
            let mut nonces = nonces();
            let nonce = nonces.mint(after(0));
            let mut good = BTreeSet::new();
            for count in counts {
                let highest = good.last().copied().unwrap_or(0);
                let worth = nonces.use_up(after(1), nonce.as_bytes(), Some(count));
                let expected = count != 0 && !good.contains(&count) && count + WINDOW > highest;
                prop_assert_eq!(worth == Worth::Good, expected, "{} after {:?}", count, &good);
                if expected {
                    good.insert(count);
                }
            }
        }
    }
}
