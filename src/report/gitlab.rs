//! GitLab's code quality report: a list of objects
//! (<https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>).

use super::place::{Fingerprints, line_of, path_of, relative};
use super::printer::Summary;
use crate::lint::FileReport;
use node_base::diagnostic::Severity;
use node_base::harmless::harmless_json;
use serde_json::json;

/// What opens the list.
pub(super) fn head() -> String {
    "[\n".to_owned()
}

/// The findings of one file; nothing when there are none.
pub(super) fn file(report: &FileReport) -> String {
    let mut fingerprints = Fingerprints::default();
    let sources = &report.sources;
    // A file that two kickstarts include is reported with each of them.
    let checked = relative(&report.path().to_string_lossy());
    let objects = report.findings.iter().map(|finding| {
        let path = path_of(sources, finding);
        let own = if path == checked { path.clone() } else { format!("{checked} {path}") };
        json!({
            "description": finding.message,
            "check_name": finding.code.id,
            "fingerprint": fingerprints.next(sources, finding, &own),
            "severity": severity(finding.severity),
            "location": { "path": path, "lines": { "begin": line_of(sources, finding) } },
        })
        .to_string()
    });
    harmless_json(objects.collect::<Vec<_>>().join(",\n"))
}

/// What closes the list: files that could not be read are in it, too.
pub(super) fn tail(summary: &Summary) -> String {
    let begun = summary.errors + summary.warnings + summary.infos > 0;
    let mut text = String::new();
    for (n, (path, message)) in summary.unreadable.iter().enumerate() {
        let object = json!({
            "description": message,
            "check_name": "unreadable",
            "fingerprint": format!("unreadable {}", relative(path)),
            "severity": "blocker",
            "location": { "path": relative(path), "lines": { "begin": 1 } },
        });
        text += if begun || n > 0 { ",\n" } else { "" };
        text += &object.to_string();
    }
    harmless_json(text) + "\n]\n"
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "critical",
        Severity::Warning => "minor",
        Severity::Info => "info",
    }
}
