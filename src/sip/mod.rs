//! Floor 3, the signalling plane: transactions, dialogs and the two cores (RFC 3261), without a socket.

pub mod dialog;
pub mod guard;
pub mod interface;
pub mod invite;
pub mod stack;
pub mod transaction;
pub mod way;
