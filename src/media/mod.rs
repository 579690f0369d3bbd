//! Floor 3, the media plane: what each leg hears and says, 20 ms at a time.

pub mod command;
pub mod tap;
