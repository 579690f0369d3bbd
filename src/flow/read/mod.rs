//! Trees → what the administrator wrote, with places: not yet checked against anything else.

pub mod acts;
pub mod clinic;
pub mod flow;
pub mod hours;
pub mod kind;
pub mod leading;
pub mod prompts;
pub mod request;
