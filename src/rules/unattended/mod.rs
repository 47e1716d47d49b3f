//! Where an unattended installation would stop and ask.

use super::Rule;

/// The rules of this family, in the order of their codes.
pub static RULES: &[Rule] = &[];
