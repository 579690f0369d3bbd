//! Floor 8, the edges: the only sockets, files, clocks and threads.

mod g711;
pub mod recorder;
pub mod flow_files;
