//! Pages of what values are, where they are known and where they may go: codes F140 to F159.

use super::{Example, Page, page, steps};
use crate::flow::codes;

const ASKED: &str = "  a: {collect: u.one_moment, as: number, to: 99, save: days, next: b}\n";

/// In the order of their codes.
pub const PAGES: &[Page] = &[];
