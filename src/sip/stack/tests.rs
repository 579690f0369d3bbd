//! The machine against scripted peers in virtual time: ladders that a person can read.
