//! What must hold before a flow set may speak to callers. Every check runs, whatever another found.

pub mod names;
pub mod paths;
pub mod words;

#[cfg(test)]
mod tests;
