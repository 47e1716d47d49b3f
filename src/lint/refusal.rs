//! Findings because of which the installer refuses a kickstart.

use node_base::diagnostic::{Category, Finding, Severity};

/// Whether the installer refuses the kickstart because of this.
pub(crate) fn is_refusal(finding: &Finding) -> bool {
    finding.code.category == Category::Syntax && finding.severity == Severity::Error
}

/// Whether a waiver can silence this finding.
pub(crate) fn can_be_waived(finding: &Finding) -> bool {
    let is_always_refused =
        finding.code.category == Category::Syntax && finding.code.severity == Severity::Error;
    !is_refusal(finding) && !is_always_refused && !crate::directives::CODES.contains(&finding.code)
}
