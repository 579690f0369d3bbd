//! Floor 4: a call and its legs, what they are called and where they are.

pub mod keycode;
pub mod keys;
pub mod leg;
pub mod recording;
pub mod routing;
pub mod take;
