//! Floor 4: a call and its legs.
