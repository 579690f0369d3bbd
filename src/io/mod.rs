//! Floor 8, the edges: the only sockets, files, clocks and threads.

pub mod capture;
pub mod control;
pub mod descriptors;
pub mod dns;
mod figures;
pub mod flow_files;
pub mod kernel_drops;
pub mod live_edit;
pub mod media_counters;
pub mod media_port;
mod media_ring;
mod media_socket;
mod media_stamp;
pub mod media_worker;
pub mod now;
pub mod prompts;
pub mod published;
pub mod recorder;
pub mod route;
pub mod run;
pub mod set_load;
pub mod sets;
pub mod sip_port;
pub mod sip_tcp;
pub mod sip_udp;
pub mod store;
pub mod trace;
