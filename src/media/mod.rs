//! Floor 3, the media plane: what each leg hears and says, 20 ms at a time.

pub mod bed;
pub mod bridge;
pub mod command;
pub mod dtmf;
pub mod engine;
pub mod key_sender;
pub mod leg;
pub mod legs;
pub mod listener;
pub mod mixer;
pub mod moving;
pub mod outbox;
pub mod player;
pub mod room;
pub mod seek;
pub mod sender;
pub mod slot;
pub mod tap;
pub mod taping;
