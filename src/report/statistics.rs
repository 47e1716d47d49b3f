//! How often each kind of finding was found.

use super::Style;
use crate::lint::FileReport;
use node_base::diagnostic::{Applicability, Code, Finding, Severity};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Whether `--fix` applies the fix of a finding.
pub(super) fn is_fixable(finding: &Finding) -> bool {
    finding.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Safe)
}

/// Counts by code.
#[derive(Debug, Default)]
pub(super) struct Statistics {
    counts: BTreeMap<&'static str, Count>,
}

#[derive(Debug)]
struct Count {
    code: &'static Code,
    /// The worst that was found.
    severity: Severity,
    found: usize,
    /// Those with a safe fix.
    fixable: usize,
}

impl Statistics {
    /// Of one file.
    pub(super) fn of(report: &FileReport) -> Statistics {
        let mut statistics = Statistics::default();
        for finding in &report.findings {
            let fixable = usize::from(!report.is_template && is_fixable(finding));
            let count = Count { code: finding.code, severity: finding.severity, found: 1, fixable };
            statistics.count(count);
        }
        statistics
    }

    fn count(&mut self, more: Count) {
        match self.counts.get_mut(more.code.id) {
            Some(count) => {
                count.severity = count.severity.max(more.severity);
                count.found += more.found;
                count.fixable += more.fixable;
            }
            None => {
                self.counts.insert(more.code.id, more);
            }
        }
    }

    /// Adds those of another file.
    pub(super) fn add(&mut self, other: Statistics) {
        for count in other.counts.into_values() {
            self.count(count);
        }
    }

    /// A line for each kind, the most frequent first: how many, how bad, code and name, how many can be fixed.
    pub(super) fn table(&self, style: &Style) -> String {
        let mut counts: Vec<&Count> = self.counts.values().collect();
        counts.sort_by_key(|count| (std::cmp::Reverse(count.found), count.code.id));
        let digits = counts.first().map_or(1, |most| most.found.to_string().len());
        let mut text = String::new();
        for Count { code, severity, found, fixable } in counts {
            let code_id = style.bold(&format!("{:<7}", code.id));
            let _ = write!(text, "{found:>digits$}  {:<7}  {code_id}  {}", severity.name(), code.name);
            if *fixable > 0 {
                let _ = write!(text, "  ({fixable} fixed by --fix)");
            }
            text.push('\n');
        }
        text
    }
}
