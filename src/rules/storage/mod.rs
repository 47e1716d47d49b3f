//! What Anaconda's partitioning refuses on any disks.

use super::Rule;

/// The rules of this family, in the order of their codes.
pub static RULES: &[Rule] = &[];
