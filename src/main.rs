//! The program `careline`: arguments to commands, and an exit code.

fn main() {}
