//! Floor 8, the edges: the only sockets, files, clocks and threads.

pub mod control;
pub mod descriptors;
pub mod flow_files;
mod g711;
pub mod media_counters;
mod media_socket;
pub mod media_worker;
pub mod now;
pub mod recorder;
pub mod sip_udp;
pub mod store;
