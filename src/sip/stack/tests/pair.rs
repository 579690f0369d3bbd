//! Two machines that call each other over a link that loses, doubles and reorders.
