//! Floor 8, the edges: the only sockets, files, clocks and threads.

pub mod media_counters;
pub mod media_socket;
pub mod media_worker;
pub mod now;
