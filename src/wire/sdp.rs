//! Session descriptions: RFC 8866, as far as RFC 3264 needs them.
