//! Careline: a telephone engine for healthcare call centres.
//!
//! Reading order: [`switch`] is the engine without its edges; under it stand the floors it is made
//! of, over it the edges that give it sockets, files and clocks. Each folder names only what stands
//! under it; `tests/tidy.rs` keeps that true. `ARCHITECTURE.md` draws the whole.

// The ground: values that every floor may name.
pub mod clock;
pub mod id;
pub mod limits;
pub mod phi;
pub mod rng;

// 1: bytes and samples.
pub mod audio;
pub mod wire;
// 2: one RTP session.
pub mod rtp;
// 3: the two planes, which do not know each other.
pub mod media;
pub mod near;
pub mod sip;
// 4: a call and its legs.
pub mod call;
// 5: what callers meet.
pub mod flow;
// 6: what is told of calls afterwards.
pub mod report;
// 7: all of it as one machine.
pub mod switch;
// 8: the edges.
pub mod io;
// 9: the outermost words: configuration and commands.
pub mod cli;
pub mod config;
