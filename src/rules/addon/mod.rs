//! The `%addon org_ovirt_node` section and waivers.

use super::Rule;

/// The rules of this family, in the order of their codes.
pub static RULES: &[Rule] = &[];
