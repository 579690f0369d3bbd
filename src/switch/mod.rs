//! Floor 7: the engine as one machine.
