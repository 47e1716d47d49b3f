//! Findings that only repeat what another rule has found. A rule does not know the others; this is the one place where
//! the finding of one hides that of another.

use crate::rules::{Context, node, storage};
use node_base::diagnostic::{Code, Findings};

/// Findings of one kind that are left out where there is a finding of another kind.
struct Overlap {
    /// The kind that is left out.
    hidden: &'static Code,
    /// The kind that says it better.
    by: &'static Code,
    /// Whether that holds for this kickstart.
    applies: fn(&Context<'_>) -> bool,
}

static OVERLAPS: [Overlap; 1] = [
    // The policy's rule names the cause, /boot; which firmware cannot boot from it adds nothing, unless the machine is
    // known.
    Overlap {
        hidden: &storage::BOOT_DEVICE,
        by: &node::BOOT_NOT_A_PARTITION,
        applies: |context| context.machine.is_none(),
    },
];

/// Removes the findings that another one makes superfluous.
pub(super) fn remove(findings: &mut Findings, context: &Context<'_>) {
    for overlap in OVERLAPS.iter().filter(|overlap| (overlap.applies)(context)) {
        let has = |code: &Code| findings.iter().any(|f| f.code == code);
        if has(overlap.hidden) && has(overlap.by) {
            findings.retain(|f| f.code != overlap.hidden);
        }
    }
}
