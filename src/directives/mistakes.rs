//! A bounded list of findings: ten megabytes of nonsense are answered in a few sentences.

use super::codes::ADDON_UNKNOWN_WORD;
use node_base::diagnostic::{Finding, Findings};

/// Most mistakes that are listed.
const MOST: usize = 50;

/// Takes findings, up to [`MOST`].
pub(super) struct Mistakes<'f> {
    findings: &'f mut Findings,
    /// Mistakes so far, those beyond [`MOST`] included.
    pub(super) count: usize,
}

impl<'f> Mistakes<'f> {
    pub(super) fn new(findings: &'f mut Findings) -> Self {
        Mistakes { findings, count: 0 }
    }

    /// Whether the rest need not be read: no more mistakes will be listed.
    pub(super) fn are_too_many(&self) -> bool {
        self.count > MOST
    }

    pub(super) fn push(&mut self, finding: Finding) {
        self.count += 1;
        match self.count.cmp(&(MOST + 1)) {
            std::cmp::Ordering::Less => self.findings.push(finding),
            std::cmp::Ordering::Equal => {
                let message = format!("more than {MOST} mistakes; the rest is not read");
                self.findings.push(Finding::new(&ADDON_UNKNOWN_WORD, message).at_opt(finding.span));
            }
            std::cmp::Ordering::Greater => {}
        }
    }
}
