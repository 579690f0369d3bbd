//! Who asks too much, or asks nonsense: one meter of requests and one of offences for each source.
//!
//! ```text
//!             ┌──────────── a minute later ◀───────────┐
//!  source ─▶ heard ─── more requests than its rate ─▶ this one is dropped, the next may be heard
//!             └──────── offence upon offence ────────▶ banned: nothing outside a dialog is heard
//! ```
//! Only requests outside a dialog are measured, and never those of trunks and of this machine: whoever is in
//! a call is always heard, and no trunk can be shut out by what somebody sends in its name. A drop is a
//! count and no line in a log: a flood must not fill the disk.
//!
//! A source is an address, or the /64 of a public IPv6 one: who has one address of that has them all, and could come from a
//! new one each time (RFC 4291 §2.5.4). In a private network they are the phones of the house, who must not pay for each
//! other. Those for whom no room is left share one meter of requests, and are never banned: the next phone of the house
//! would be one of them.
//!
//! A meter is one instant (the "virtual scheduling" form of the leaky bucket, ITU-T I.371): each event moves
//! it on by its price, time catches up, and more than its allowance ahead of now is too much.

use crate::clock::Instant;
use crate::limits::{
    GUARD_BAN, GUARD_BURST, GUARD_OFFENCE_COOLS_IN, GUARD_OFFENCES_MAX, GUARD_SOURCES_MAX, GUARD_SWEEP_EVERY,
};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// The sources that ask, and how they behave.
#[derive(Debug)]
pub struct Guard {
    /// The price of one request.
    between: Duration,
    sources: BTreeMap<IpAddr, Source>,
    /// All that find no room in `sources` share one meter of requests.
    others: Source,
    swept: Instant,
}

/// What becomes of a request outside a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is taken.
    Heard,
    /// Its source asks more than its rate.
    TooMany,
    /// Its source has offended too often.
    Banned,
}

#[derive(Clone, Copy, Debug, Default)]
struct Source {
    requests: Instant,
    offences: Instant,
    banned_until: Instant,
}

impl Guard {
    /// A guard that hears `a_second` requests a second from each source, and [`GUARD_BURST`] seconds' worth at once.
    pub fn new(a_second: u32) -> Self {
        Self {
            between: Duration::from_secs(1) / a_second.max(1),
            sources: BTreeMap::new(),
            others: Source::default(),
            swept: Instant::START,
        }
    }

    /// Whether a request of `from` is heard.
    pub fn judge(&mut self, now: Instant, from: IpAddr) -> Verdict {
        self.sweep(now);
        let between = self.between;
        let source = self.source(from);
        if source.banned_until > now {
            return Verdict::Banned;
        }
        if source.requests.since(now) > GUARD_BURST {
            return Verdict::TooMany;
        }
        source.requests = source.requests.max(now) + between;
        Verdict::Heard
    }

    /// `from` sent something that breaks the rules or that nobody who wants to call would send.
    pub fn blame(&mut self, now: Instant, from: IpAddr) {
        let Some(source) = self.own(from) else { return };
        source.offences = source.offences.max(now) + GUARD_OFFENCE_COOLS_IN;
        if source.offences.since(now) > GUARD_OFFENCE_COOLS_IN * GUARD_OFFENCES_MAX {
            source.banned_until = now + GUARD_BAN;
            source.offences = now;
        }
    }

    /// Sources that are banned.
    pub fn banned(&self, now: Instant) -> usize {
        self.sources.values().filter(|source| source.banned_until > now).count()
    }

    fn has_room(&self, from: IpAddr) -> bool {
        self.sources.len() < GUARD_SOURCES_MAX || self.sources.contains_key(&source_of(from))
    }

    fn source(&mut self, from: IpAddr) -> &mut Source {
        if self.has_room(from) { self.sources.entry(source_of(from)).or_default() } else { &mut self.others }
    }

    /// What is known of that source alone; `None` if it shares a meter.
    fn own(&mut self, from: IpAddr) -> Option<&mut Source> {
        self.has_room(from).then(|| self.sources.entry(source_of(from)).or_default())
    }

    /// Forgets, now and then, those whose meters time has caught up with.
    fn sweep(&mut self, now: Instant) {
        if now.since(self.swept) < GUARD_SWEEP_EVERY {
            return;
        }
        self.swept = now;
        self.sources.retain(|_, it| it.requests > now || it.offences > now || it.banned_until > now);
    }
}

/// Under which address a source is known.
fn source_of(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V4(ip) => ip.into(),
        IpAddr::V6(ip) if ip.is_unique_local() || ip.is_unicast_link_local() => ip.into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const A: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    const B: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));

    fn after(ms: u64) -> Instant {
        Instant::START + Duration::from_millis(ms)
    }

    fn heard(guard: &mut Guard, at: Instant, from: IpAddr, requests: u32) -> usize {
        (0..requests).filter(|_| guard.judge(at, from) == Verdict::Heard).count()
    }

    #[test]
    fn a_source_is_heard_at_its_rate_after_a_burst_and_others_do_not_pay_for_it() {
        let mut guard = Guard::new(100);
        let burst = heard(&mut guard, after(0), A, 10_000);
        assert_eq!(burst, 100 * GUARD_BURST.as_secs() as usize + 1);
        assert_eq!(heard(&mut guard, after(0), B, 10), 10, "another source");
        let in_a_second: usize = (0..100).map(|tick| heard(&mut guard, after(10 + tick * 10), A, 50)).sum();
        assert_eq!(in_a_second, 100);
    }

    #[test]
    fn offence_upon_offence_is_a_ban_that_ends_and_an_offence_now_and_then_is_none() {
        let mut guard = Guard::new(100);
        (0..GUARD_OFFENCES_MAX).for_each(|_| guard.blame(after(0), A));
        assert_eq!(guard.judge(after(0), A), Verdict::Heard, "as many as are borne");
        guard.blame(after(1), A);
        assert_eq!((guard.judge(after(1), A), guard.banned(after(1))), (Verdict::Banned, 1));
        assert_eq!(guard.judge(after(1), B), Verdict::Heard);
        let end = after(1) + GUARD_BAN;
        assert_eq!((guard.judge(end, A), guard.banned(end)), (Verdict::Heard, 0));
        for second in 0..1_000 {
            let at = end + GUARD_OFFENCE_COOLS_IN * second;
            guard.blame(at, B);
            assert_eq!(guard.judge(at, B), Verdict::Heard, "offence {second}");
        }
    }

    #[test]
    fn memory_is_bounded_and_those_without_room_share_one_meter() {
        let mut guard = Guard::new(1);
        for host in 0..2 * GUARD_SOURCES_MAX as u32 {
            guard.judge(after(0), Ipv4Addr::from(host).into());
        }
        assert_eq!(guard.sources.len(), GUARD_SOURCES_MAX);
        (0..10 * GUARD_OFFENCES_MAX).for_each(|_| guard.blame(after(0), Ipv4Addr::BROADCAST.into()));
        assert_eq!(
            (guard.sources.len(), guard.banned(after(0))),
            (GUARD_SOURCES_MAX, 0),
            "nobody pays for it"
        );
        assert_eq!(guard.judge(after(0), Ipv4Addr::BROADCAST.into()), Verdict::TooMany);
        let later = after(3_600_000);
        assert_eq!(guard.judge(later, Ipv4Addr::BROADCAST.into()), Verdict::Heard);
        assert_eq!(guard.sources.len(), 1, "the idle ones are forgotten");
    }

    #[test]
    fn who_changes_his_ipv6_address_within_his_network_is_one_source_and_phones_of_the_house_are_many() {
        // RFC 4291 §2.5.4
        let mut guard = Guard::new(1);
        let host = |network: u16, n: u32| IpAddr::from([0x2001, 0xdb8, 0, network, 0, 0, 0, n as u16]);
        let phone = |n: u16| IpAddr::from([0xfd00, 0, 0, 1, 0, 0, 0, n]);
        (0..=GUARD_OFFENCES_MAX).for_each(|n| guard.blame(after(0), host(1, n)));
        assert_eq!(guard.judge(after(0), host(1, 9_999)), Verdict::Banned);
        assert_eq!(guard.judge(after(0), host(2, 1)), Verdict::Heard, "the network beside it");
        assert_eq!(guard.sources.len(), 2);
        (0..=GUARD_OFFENCES_MAX).for_each(|_| guard.blame(after(0), phone(1)));
        assert_eq!(
            (guard.judge(after(0), phone(1)), guard.judge(after(0), phone(2))),
            (Verdict::Banned, Verdict::Heard)
        );
    }

    #[test]
    fn an_ipv4_source_is_the_same_in_ipv6_clothes() {
        let mut guard = Guard::new(1);
        let clothed = IpAddr::V6(Ipv4Addr::new(10, 0, 0, 1).to_ipv6_mapped());
        (0..=GUARD_OFFENCES_MAX).for_each(|_| guard.blame(after(0), clothed));
        assert_eq!(guard.judge(after(0), A), Verdict::Banned);
    }
}
