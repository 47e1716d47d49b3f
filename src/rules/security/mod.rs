//! Passwords in the clear, downloads nobody verifies.

use super::Rule;

/// The rules of this family, in the order of their codes.
pub static RULES: &[Rule] = &[];
