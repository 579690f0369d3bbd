//! Floor 9: the commands of `careline`.

pub mod check;
