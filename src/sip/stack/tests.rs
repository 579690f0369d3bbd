//! The machine against scripted peers in virtual time: ladders that a person can read.

mod calls_in;
mod calls_out;
mod front_door;
mod pair;
mod phone;
mod targets;
