//! The free list of RTP ports: a port is owned before SDP promises it, and rests before it is used again.
//!
//! A freed port is reused oldest first and not before it has rested: until then the late packets of
//! the call before have died out. Legs are gathered on the first workers: a core that need not wake saves
//! more than its wake-ups, because larger batches cost less a packet. Only a worker that has
//! `gathered` legs hands on, and when all have, the one with the fewest is next. A leg counts as one until its codec
//! is known, and then as many as its codec costs.

use crate::clock::Instant;
use crate::media::command::{PortIndex, WorkerIndex};
use crate::wire::codec::Codec;
use std::collections::VecDeque;
use std::time::Duration;

/// All ports of all workers.
pub struct Ports {
    workers: Vec<Worker>,
    gathered: usize,
    /// How long a freed port rests.
    rest: Duration,
    /// Ports that only who calls for help gets, in order of their workers.
    kept: Vec<(WorkerIndex, PortIndex)>,
    /// How many of these there are to be.
    keeps: usize,
}

struct Worker {
    /// The RTP port number of each index.
    numbers: Vec<u16>,
    /// Free ones, oldest first, each with the time from which it may be used.
    free: VecDeque<(Instant, PortIndex)>,
    /// What the leg at each index counts for; nothing without a leg.
    weights: Vec<usize>,
    /// Owned ports.
    used: usize,
    /// What the legs count for together.
    load: usize,
}

/// For how many legs of G.711 a leg of this codec counts: measured as CPU of a recorded call.
const fn weight(codec: Codec) -> usize {
    match codec {
        Codec::Pcmu | Codec::Pcma | Codec::L16Narrow => 1,
        Codec::L16Wide => 2,
        Codec::G722 => 5,
    }
}

impl Worker {
    fn weigh(&mut self, port: PortIndex, weight: usize) {
        if let Some(old) = self.weights.get_mut(port.0 as usize) {
            self.load = self.load + weight - *old;
            *old = weight;
        }
    }

    fn own(&mut self, worker: WorkerIndex, port: PortIndex) -> Option<Owned> {
        let number = *self.numbers.get(port.0 as usize)?;
        self.used += 1;
        self.weigh(port, 1);
        Some(Owned { worker, port, number })
    }

    fn give_back(&mut self, port: PortIndex) {
        self.used = self.used.saturating_sub(1);
        self.weigh(port, 0);
    }
}

/// A port that a leg owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owned {
    /// The worker.
    pub worker: WorkerIndex,
    /// Its place in the worker's pool.
    pub port: PortIndex,
    /// Its number, for SDP.
    pub number: u16,
}

impl Ports {
    /// A pool of each worker's RTP port numbers, all of them free; a worker gets `gathered` legs before
    /// the next one gets any, and a freed port is taken again after `rest`.
    pub fn new(workers: &[Vec<u16>], gathered: usize, rest: Duration) -> Self {
        let workers = workers
            .iter()
            .map(|numbers| Worker {
                numbers: numbers.clone(),
                free: (0..numbers.len() as u32).map(|n| (Instant::START, PortIndex(n))).collect(),
                weights: vec![0; numbers.len()],
                used: 0,
                load: 0,
            })
            .collect();
        Self { workers, gathered, rest, kept: Vec::new(), keeps: 0 }
    }

    /// The same pool with so many ports kept for who calls for help, half of all at the most: of one worker, if it has them.
    pub fn keeping(self, keeps: usize) -> Self {
        let keeps = keeps.min(self.total() / 2);
        let mut pool = Self { keeps, ..self };
        pool.keep(Instant::START);
        pool
    }

    /// Fills up what is kept, from the first worker that has a rested port.
    fn keep(&mut self, now: Instant) {
        while self.kept.len() < self.keeps {
            let rested = self.workers.iter_mut().zip(0..).find_map(|(worker, index)| {
                let (_, port) = worker.free.pop_front_if(|&mut (from, _)| from <= now)?;
                Some((WorkerIndex(index), port))
            });
            let Some(kept) = rested else { return };
            self.kept.push(kept);
        }
    }

    /// A port for who calls for help: a kept one, or any other.
    pub fn take_kept(&mut self, now: Instant) -> Option<Owned> {
        self.keep(now);
        let kept = self.kept.first().copied();
        kept.and_then(|(worker, _)| self.take_kept_on(worker)).or_else(|| self.take(now))
    }

    /// A kept port of this worker.
    pub fn take_kept_on(&mut self, index: WorkerIndex) -> Option<Owned> {
        let at = self.kept.iter().position(|(worker, _)| *worker == index)?;
        let (_, port) = self.kept.remove(at);
        self.workers.get_mut(index.0 as usize)?.own(index, port)
    }

    /// Takes a rested port of the worker whose turn it is; `None` when every port is in use or resting.
    pub fn take(&mut self, now: Instant) -> Option<Owned> {
        self.keep(now);
        let rested = |worker: &Worker| worker.free.front().is_some_and(|&(from, _)| from <= now);
        let index = (0..self.workers.len())
            .filter(|&n| rested(&self.workers[n]))
            .min_by_key(|&n| self.workers[n].load.saturating_sub(self.gathered.saturating_sub(1)))?;
        self.take_on(WorkerIndex(index as u32), now)
    }

    /// Ports of this worker that could be taken now.
    pub fn rested_on(&self, index: WorkerIndex, now: Instant) -> usize {
        let worker = self.workers.get(index.0 as usize);
        worker.map_or(0, |worker| worker.free.iter().take_while(|(from, _)| *from <= now).count())
    }

    /// A worker of which so many ports could be taken now.
    pub fn with_room_for(&self, count: usize, now: Instant) -> Option<WorkerIndex> {
        let all = (0..self.workers.len() as u32).map(WorkerIndex);
        all.into_iter().find(|index| self.rested_on(*index, now) >= count)
    }

    /// Takes a rested port from this worker.
    pub fn take_on(&mut self, index: WorkerIndex, now: Instant) -> Option<Owned> {
        let worker = self.workers.get_mut(index.0 as usize)?;
        let (_, port) = worker.free.pop_front_if(|&mut (from, _)| from <= now)?;
        worker.own(index, port)
    }

    /// Gives a port back: it rests from `now` on.
    pub fn release(&mut self, worker: WorkerIndex, port: PortIndex, now: Instant) {
        if let Some(worker) = self.workers.get_mut(worker.0 as usize) {
            worker.give_back(port);
            worker.free.push_back((now + self.rest, port));
        }
    }

    /// Lets a free port rest from `now` on: somebody may still send there.
    pub fn rest_number(&mut self, number: u16, now: Instant) {
        for (worker, at) in self.workers.iter_mut().zip(0..) {
            let Some(index) = worker.numbers.iter().position(|known| *known == number) else { continue };
            let port = PortIndex(index as u32);
            if let Some(place) = self.kept.iter().position(|kept| *kept == (WorkerIndex(at), port)) {
                self.kept.remove(place);
                worker.free.push_back((now + self.rest, port));
            }
            if let Some(place) = worker.free.iter().position(|(_, free)| *free == port) {
                worker.free.remove(place);
                worker.free.push_back((now + self.rest, port));
            }
        }
    }

    /// Gives back a port that no packet was ever promised to: it needs no rest.
    pub fn release_unused(&mut self, worker: WorkerIndex, port: PortIndex) {
        if let Some(worker) = self.workers.get_mut(worker.0 as usize) {
            worker.give_back(port);
            worker.free.push_front((Instant::START, port));
        }
    }

    /// The leg at a port speaks this codec from now on.
    pub fn speaks(&mut self, worker: WorkerIndex, port: PortIndex, codec: Codec) {
        if let Some(worker) = self.workers.get_mut(worker.0 as usize) {
            worker.weigh(port, weight(codec));
        }
    }

    /// The sockets of two ports have changed places: so do their numbers, and what their legs count for.
    pub fn exchange(&mut self, one: (WorkerIndex, PortIndex), other: (WorkerIndex, PortIndex)) {
        let weights =
            [one, other].map(|(worker, port)| self.workers[worker.0 as usize].weights[port.0 as usize]);
        for ((worker, port), weight) in [other, one].into_iter().zip(weights) {
            self.workers[worker.0 as usize].weigh(port, weight);
        }
        let numbers = [self.number(one.0, one.1), self.number(other.0, other.1)];
        for ((worker, port), number) in [other, one].into_iter().zip(numbers) {
            self.workers[worker.0 as usize].numbers[port.0 as usize] = number;
        }
    }

    /// The number of a port, for SDP.
    pub fn number(&self, worker: WorkerIndex, port: PortIndex) -> u16 {
        self.workers[worker.0 as usize].numbers[port.0 as usize]
    }

    /// Ports that are owned by legs.
    pub fn in_use(&self) -> usize {
        self.workers.iter().map(|worker| worker.used).sum()
    }

    /// All ports.
    pub fn total(&self) -> usize {
        self.workers.iter().map(|worker| worker.numbers.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::PORT_REST_DEFAULT as REST;
    use proptest::prelude::*;

    #[test]
    fn a_freed_port_rests_and_the_oldest_is_used_first() {
        let mut ports = Ports::new(&[vec![20_000, 20_002]], 1, REST);
        let at = Instant::from_millis;
        let first = ports.take(at(0)).unwrap();
        let second = ports.take(at(0)).unwrap();
        assert_eq!((first.number, second.number, ports.take(at(0))), (20_000, 20_002, None));
        ports.release(first.worker, first.port, at(1_000));
        ports.release(second.worker, second.port, at(2_000));
        assert_eq!(ports.take(at(10_999)), None, "10 s have not passed");
        assert_eq!(ports.take(at(11_000)).map(|p| p.number), Some(20_000));
        assert_eq!(ports.take(at(11_000)), None);
        assert_eq!(ports.in_use(), 1);
    }

    #[test]
    fn legs_are_gathered_on_the_first_workers_and_then_spread() {
        let taken = |gathered| -> Vec<u16> {
            let mut ports = Ports::new(&[vec![1, 3, 5, 7], vec![21, 23, 25, 27]], gathered, REST);
            (0..8).filter_map(|_| ports.take(Instant::START)).map(|p| p.number).collect()
        };
        assert_eq!(taken(1), [1, 21, 3, 23, 5, 25, 7, 27]);
        assert_eq!(taken(2), [1, 3, 21, 23, 5, 25, 7, 27]);
        assert_eq!(taken(9), [1, 3, 5, 7, 21, 23, 25, 27]);
    }

    #[test]
    fn a_leg_counts_for_what_its_codec_costs_wherever_it_moves() {
        let mut ports = Ports::new(&[vec![1, 3, 5, 7], vec![21, 23, 25, 27]], 4, REST);
        let take = |ports: &mut Ports| ports.take(Instant::START).expect("a port is free");
        let first = take(&mut ports);
        ports.speaks(first.worker, first.port, Codec::G722);
        assert_eq!(take(&mut ports).number, 21, "one of G.722 is more than four are gathered");
        assert_eq!(take(&mut ports).number, 23);
        // It moves to the other worker: that one carries the seven then.
        let to = ports.take_on(WorkerIndex(1), Instant::START).expect("a port is free");
        ports.exchange((first.worker, first.port), (to.worker, to.port));
        ports.release_unused(first.worker, first.port);
        assert_eq!([ports.workers[0].load, ports.workers[1].load], [0, 7]);
        assert_eq!(take(&mut ports).worker, WorkerIndex(0));
        ports.release(to.worker, to.port, Instant::START);
        assert_eq!([ports.workers[0].load, ports.workers[1].load], [1, 2]);
    }

    #[test]
    fn ports_whose_sockets_changed_places_have_each_others_numbers() {
        let mut ports = Ports::new(&[vec![10, 12], vec![20, 22]], 1, REST);
        let (one, other) = ((WorkerIndex(0), PortIndex(1)), (WorkerIndex(1), PortIndex(0)));
        ports.exchange(one, other);
        assert_eq!((ports.number(one.0, one.1), ports.number(other.0, other.1)), (20, 12));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn no_port_is_ever_owned_twice_or_lost(ops in proptest::collection::vec((0u8..3, 0usize..8, 0u64..5_000), 0..200)) {
            let mut ports = Ports::new(&[vec![10, 12, 14], vec![20, 22]], 2, REST);
            let (mut now, mut owned) = (Instant::START, Vec::<Owned>::new());
            for (op, n, wait_ms) in ops {
                now += std::time::Duration::from_millis(wait_ms);
                if op > 0 {
                    if let Some(port) = ports.take(now) {
                        prop_assert!(!owned.iter().any(|o| o.number == port.number), "{port:?} twice");
                        owned.push(port);
                    }
                } else if !owned.is_empty() {
                    let port = owned.swap_remove(n % owned.len());
                    ports.speaks(port.worker, port.port, Codec::ALL[n % Codec::ALL.len()]);
                    ports.release(port.worker, port.port, now);
                }
                prop_assert_eq!(ports.workers.iter().map(|worker| worker.load).sum::<usize>(), owned.len());
                prop_assert_eq!(ports.in_use(), owned.len());
            }
            now += std::time::Duration::from_secs(60);
            let rest = std::iter::from_fn(|| ports.take(now)).count();
            prop_assert_eq!(rest + owned.len(), ports.total());
        }
    }
}
