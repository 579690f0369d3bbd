//! What the edges count, as lines of `careline status`.

use crate::io::media_counters::{Lateness, WorkerCounters};
use crate::io::recorder::desk;
use crate::io::request::Requests;
use crate::io::sip_port::SipPort;
use crate::io::sip_udp::SipUdp;
use crate::io::store;
use crate::io::voice;
use crate::switch::status::{Figure, figure};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// All media workers together.
pub fn media<'a>(workers: impl Iterator<Item = &'a WorkerCounters> + Clone) -> Vec<Figure> {
    let sum =
        |of: fn(&WorkerCounters) -> &AtomicU64| workers.clone().map(|w| of(w).load(Relaxed)).sum::<u64>();
    vec![
        figure("rtp_received", sum(|w| &w.received), "RTP and RTCP datagrams read"),
        figure("rtp_sent", sum(|w| &w.sent), "RTP packets sent"),
        figure("rtp_send_errors", sum(|w| &w.send_errors), "RTP packets that the system would not send"),
        figure("rtp_unowned", sum(|w| &w.unowned), "datagrams to a port that no leg owned: dropped"),
        figure("media_slots", sum(|w| &w.slots), "5 ms slots served"),
        figure(
            "media_slots_late",
            workers.clone().map(late).sum(),
            "slots served over 2 ms late: is the machine full?",
        ),
        figure("media_ticks_skipped", sum(|w| &w.skipped_ticks), "20 ms of a leg passed over, 200 ms behind"),
        figure(
            "media_commands_refused",
            sum(|w| &w.refused_commands),
            "commands for a leg that was gone already",
        ),
        figure("media_keys_dropped", sum(|w| &w.keys_dropped), "keys lost to a full queue; please report it"),
        figure(
            "media_events_delayed",
            sum(|w| &w.events_delayed),
            "times that the switch was behind the workers",
        ),
        figure("media_workers", workers.clone().count() as u64, "media threads"),
        figure(
            "media_batching",
            sum(|w| &w.batching),
            "media threads that move packets in batches (io_uring)",
        ),
        figure("media_first", sum(|w| &w.first), "media threads that go before other programs"),
        figure("media_legs", sum(|w| &w.legs), "legs that are open"),
    ]
}

/// What `/proc` tells of the media sockets.
pub fn rtp_dropped_by_kernel(dropped: u64) -> Figure {
    let meaning =
        "RTP and RTCP datagrams that the kernel dropped: a media thread was behind, or a port was flooded";
    figure("rtp_dropped_by_kernel", dropped, meaning)
}

/// Slots over 2 ms late.
fn late(worker: &WorkerCounters) -> u64 {
    let first = Lateness::BOUNDS.iter().position(|bound| *bound > 2_000).unwrap_or(Lateness::BOUNDS.len());
    worker.lateness.counts()[first..].iter().sum()
}

/// Requests to servers of the clinic.
pub fn servers(requests: &Requests) -> Vec<Figure> {
    let counters = &requests.counters;
    vec![
        figure(
            "requests_under_way",
            requests.under_way() as u64,
            "requests that servers have not answered yet",
        ),
        figure("requests_failed", counters.failed, "requests without an answer that their step could use"),
        figure("requests_refused", counters.refused, "requests that failed at once: too many were under way"),
    ]
}

/// The sockets of SIP and the resolver.
pub fn sip(port: &SipPort) -> Vec<Figure> {
    let (tcp, dns) = (port.tcp.counters(), port.dns.counters());
    let dropped = port.udp.iter().map(SipUdp::dropped).sum();
    let buffer = port.udp.iter().map(|socket| socket.receive_buffer_octets() as u64).sum();
    vec![
        figure("udp_dropped", dropped, "SIP datagrams that the kernel dropped: the engine was behind"),
        figure(
            "udp_buffer",
            buffer,
            "octets that the kernel keeps for us: more by `sysctl net.core.rmem_max`",
        ),
        figure("sip_unsent", port.unsent(), "SIP datagrams that the system would not send"),
        figure("tcp_connections", tcp.up, "SIP connections that are open"),
        figure("tcp_accepted", tcp.accepted, "SIP connections that peers opened"),
        figure("tcp_opened", tcp.opened, "SIP connections that we opened"),
        figure(
            "tcp_not_opened",
            tcp.not_opened,
            "SIP connections that a peer refused or did not take in time",
        ),
        figure(
            "tcp_over_bound",
            tcp.over_bound,
            "SIP connections too many, of one address or of all: closed",
        ),
        figure("tcp_idle", tcp.idle, "SIP connections closed after an hour of silence"),
        figure(
            "tcp_half",
            tcp.half,
            "SIP connections closed: a message, or the first one, did not come whole",
        ),
        figure("tcp_broken", tcp.broken, "SIP connections closed: where a message ends could not be told"),
        figure("tcp_stuck", tcp.stuck, "SIP connections closed: the peer did not read what we wrote"),
        figure("tcp_pings", tcp.pings, "keep-alives over TCP, each answered"),
        figure("dns_asked", dns.asked.load(Relaxed), "names of SIP peers looked up"),
        figure(
            "dns_unanswered",
            dns.unanswered.load(Relaxed),
            "names that no server told in time: look at the DNS",
        ),
    ]
}

/// The recorder.
pub fn recorder(counters: &desk::Counters) -> Vec<Figure> {
    vec![
        figure("recorder_opened", counters.opened, "files begun"),
        figure("recorder_closed", counters.closed, "files completed"),
        figure("recorder_failed", counters.failed, "files broken off"),
        figure(
            "recorder_silence_frames",
            counters.silence_frames,
            "20 ms frames that came too late and are silence",
        ),
        figure(
            "recorder_late_syncs",
            counters.late_syncs,
            "times that sound was at risk for longer than `sync_s`",
        ),
        figure("recorder_octets", counters.octets, "octets that all recordings take"),
    ]
}

/// The event log.
pub fn store(counters: &store::Counters) -> Vec<Figure> {
    vec![
        figure("store_committed", counters.committed, "lines of the event log on disk"),
        figure("store_commits", counters.commits, "commits"),
        figure(
            "store_failures",
            counters.failures,
            "commits that failed and were tried again: look at the disk",
        ),
        figure("store_waiting", counters.waiting, "lines that wait for the disk"),
        figure("store_dropped", counters.dropped, "lines lost because the disk was stuck for too long"),
    ]
}

/// The second voice.
pub fn voice(counters: &voice::Counters) -> Vec<Figure> {
    let value = |of: &AtomicU64| of.load(Relaxed);
    vec![
        figure(
            "voice_asked",
            value(&counters.asked),
            "texts that no recording says, asked of the second voice",
        ),
        figure("voice_kept", value(&counters.kept), "those of which the sound was kept from before"),
        figure(
            "voice_failed",
            value(&counters.failed),
            "those that no sound came of: numbers were said, or a person called",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_workers_are_told_as_one_and_late_is_over_two_milliseconds() {
        let (a, b) = (WorkerCounters::default(), WorkerCounters::default());
        a.sent.store(3, Relaxed);
        b.sent.store(4, Relaxed);
        for micros in [1_999, 2_000, 2_001, 30_000] {
            a.lateness.count(Duration::from_micros(micros));
        }
        let figures = media([&a, &b].into_iter());
        let value = |name| figures.iter().find(|figure| figure.name == name).map(|figure| figure.value);
        assert_eq!((value("rtp_sent"), value("media_slots_late")), (Some(7), Some(2)));
    }
}
