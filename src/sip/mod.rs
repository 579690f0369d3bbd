//! Floor 3, the signalling plane: transactions, dialogs and the two cores (RFC 3261), without a socket.

pub mod alerts;
pub mod carrier;
pub mod connections;
pub mod counters;
pub mod dialog;
pub mod digest;
pub mod diverted;
pub mod guard;
pub mod health;
pub mod help;
pub mod interface;
pub mod invite;
pub mod locate;
pub mod nearby;
pub mod quirks;
pub mod refer;
pub mod registering;
pub mod registrar;
pub mod scanners;
pub mod stack;
pub mod subscription;
pub mod summary;
pub mod transaction;
pub mod way;
