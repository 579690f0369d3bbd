//! Floor 8, the edges: the only sockets, files, clocks and threads.

mod g711;
pub mod recorder;
pub mod flow_files;
pub mod media_counters;
pub mod media_socket;
pub mod media_worker;
pub mod now;
