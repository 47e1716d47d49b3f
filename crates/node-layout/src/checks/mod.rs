//! Checks of a machine that more than one verb makes. Each pushes what it finds; none changes anything.

pub(crate) mod boot_texts; // what boot entries and kept arguments say
mod devices; // which disks the installed system's LVM sees
pub(crate) mod fstab; // fstab mounts the layer
mod pool; // the thin pool and its volume group
mod tags; // tags of other installations
mod volumes; // the volumes of the policy

pub(crate) use devices::{devices, single_paths};
pub(crate) use pool::{damage, metadata_growth, missing_disks, use_of_pool};
pub(crate) use tags::foreign_tags;
pub(crate) use volumes::volumes;

use node_base::diagnostic::{Finding, Findings, Severity};

/// The findings in the order in which they are printed: errors first, then by code and message.
pub(crate) fn sorted(findings: Findings) -> Vec<Finding> {
    let mut list = findings.into_sorted();
    list.sort_by_key(|f| std::cmp::Reverse(f.severity));
    list
}

/// Whether an error is among the findings.
pub(crate) fn has_errors(findings: &[Finding]) -> bool {
    findings.iter().any(|f| f.severity == Severity::Error)
}
