//! The layout policy: what a node needs of its volumes.

use super::Rule;

/// The rules of this family, in the order of their codes.
pub static RULES: &[Rule] = &[];
