//! Whether the machine gives what calls want: files, buffers, cores, and packets in batches.

use super::finding::Finding;
use crate::config::Config;
use crate::io::descriptors::{self, Room};
use crate::io::media_ring;
use crate::io::media_worker::Batching;
use crate::io::sip_udp::RECEIVE_BUFFER_OCTETS;
use std::fs;
use std::num::NonZero;

/// What was seen of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// What its files are enough for.
    pub room: Room,
    /// The largest receive buffer that a program may ask for, in octets; `None` where the system does not tell.
    pub receive_buffer: Option<usize>,
    /// Cores that this program may use.
    pub cores: usize,
    /// io_uring is there and allowed.
    pub batches: Batches,
}

/// Whether packets can move in batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batches {
    /// They can.
    Allowed,
    /// The kernel or a container forbids io_uring.
    Forbidden,
}

impl Machine {
    /// Looks.
    pub fn look() -> Self {
        let told = fs::read_to_string("/proc/sys/net/core/rmem_max").ok();
        Self {
            room: descriptors::raise_and_share(),
            receive_buffer: told.and_then(|told| told.trim().parse().ok()),
            cores: std::thread::available_parallelism().map_or(1, NonZero::get),
            batches: if media_ring::is_allowed() { Batches::Allowed } else { Batches::Forbidden },
        }
    }
}

/// Every finding about the machine.
pub fn findings(config: &Config, machine: &Machine) -> Vec<Finding> {
    vec![
        files(config, machine.room),
        buffer(machine.receive_buffer),
        cores(config, machine.cores),
        batches(config, machine.batches),
    ]
}

fn files(config: &Config, room: Room) -> Finding {
    let wanted = 2 * u64::from(config.calls.max);
    if room.legs < wanted {
        return Finding::look(
            format!(
                "open files are enough for {} legs; {} calls with a person each want {wanted}",
                room.legs, config.calls.max
            ),
            "raise the limit of open files (systemd: LimitNOFILE=65536), or lower calls.max",
        );
    }
    Finding::good(format!("open files are enough for {} legs", room.legs))
}

fn buffer(octets: Option<usize>) -> Finding {
    match octets {
        Some(octets) if octets < RECEIVE_BUFFER_OCTETS => Finding::look(
            format!(
                "the kernel gives SIP a buffer of {octets} octets, and {RECEIVE_BUFFER_OCTETS} are asked for"
            ),
            format!(
                "sysctl -w net.core.rmem_max={RECEIVE_BUFFER_OCTETS}: a burst of calls would be lost and sent again"
            ),
        ),
        Some(_) => Finding::good("a burst of calls finds room in the kernel"),
        None => Finding::look(
            "the system does not tell how large a buffer SIP may have",
            "`careline status` says what was granted: `udp_buffer`",
        ),
    }
}

fn cores(config: &Config, cores: usize) -> Finding {
    match config.media.workers {
        Some(workers) if workers > cores => Finding::look(
            format!("{workers} media threads share {cores} cores"),
            "leave media.workers out: one for each core",
        ),
        Some(_) | None => Finding::good(format!("cores for sound: {cores}")),
    }
}

fn batches(config: &Config, batches: Batches) -> Finding {
    match (batches, config.media.batching) {
        (Batches::Allowed, Batching::WherePossible) => Finding::good("packets move in batches (io_uring)"),
        (Batches::Allowed, Batching::Never) => Finding::look(
            "packets move one by one: media.io_uring is `never`",
            "take that line out: sound costs less CPU then (decision 10)",
        ),
        (Batches::Forbidden, Batching::WherePossible | Batching::Never) => Finding::look(
            "packets move one by one: this kernel or container forbids io_uring",
            "allow it (kernel.io_uring_disabled=0, seccomp): sound costs less CPU then (decision 10)",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn a_machine_that_is_too_small_is_told_so_with_the_figure() {
        let good = Machine {
            room: Room { legs: 20_000, connections: 100 },
            receive_buffer: Some(8 << 20),
            cores: 4,
            batches: Batches::Allowed,
        };
        let small = Room { legs: 192, connections: 128 };
        let (config, _) = Config::read("careline.yaml", b"media: {workers: 4}\n");
        let config = config.unwrap();
        for (what, machine, says) in [
            ("good", good, None),
            ("files", Machine { room: small, ..good }, Some("192 legs")),
            ("buffer", Machine { receive_buffer: Some(212_992), ..good }, Some("212992 octets")),
            ("buffer unknown", Machine { receive_buffer: None, ..good }, Some("does not tell")),
            ("cores", Machine { cores: 2, ..good }, Some("4 media threads share 2 cores")),
            ("batches", Machine { batches: Batches::Forbidden, ..good }, Some("forbids io_uring")),
        ] {
            let found = findings(&config, &machine);
            let told: Vec<&Finding> = found.iter().filter(|it| it.state != State::Good).collect();
            assert_eq!(told.len(), usize::from(says.is_some()), "{what}: {told:?}");
            assert!(says.is_none_or(|says| told[0].seen.contains(says)), "{what}: {told:?}");
        }
    }

    #[test]
    fn this_machine_can_be_looked_at() {
        let seen = Machine::look();
        assert!(seen.cores > 0 && seen.room.legs > 0, "{seen:?}");
    }
}
