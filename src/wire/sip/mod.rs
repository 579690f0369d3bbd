//! SIP messages: RFC 3261 §7 and §25.
