//! The machine against scripted peers in virtual time: ladders that a person can read.

mod alert;
mod calls_in;
mod calls_out;
mod challenge;
mod changes;
mod forks;
mod front_door;
mod injection;
mod pair;
mod phone;
mod refer;
mod refresh;
mod register;
mod reliable;
mod subscribe;
mod summary;
mod targets;
mod trunk;
mod watch;
