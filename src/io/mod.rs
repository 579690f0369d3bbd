//! Floor 8, the edges: the only sockets, files, clocks and threads.

pub mod flow_files;
