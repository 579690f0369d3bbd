//! Floor 1, samples: total functions over sound, without state of a call.
