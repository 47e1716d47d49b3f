//! What Anaconda's partitioning refuses: on any disks, or on those of a given machine.
//!
//! [`anaconda_plan`] plans the layout; here its refusals become findings.

mod advice; // what to do about a refusal
mod codes; // one code for each cause
mod finding; // a refusal as a finding
mod refused; // the rule

pub(crate) use codes::{BOOT_DEVICE, code};
pub(crate) use finding::findings;

use super::Rule;

/// The rule of this family.
pub(crate) static RULES: &[&Rule] = &[&refused::RULE];
