//! JUnit's XML, which most CI services show as tests: a suite a file, a case a finding. A finding that makes the run fail is a
//! failure, another one a case that passes and says what it found; a clean file is one case that passes.

use super::place::{line_of, path_of, relative};
use super::printer::Summary;
use super::xml::escaped;
use crate::lint::FileReport;
use node_base::diagnostic::{Finding, Severity};
use std::fmt::Write;

/// What opens the document.
pub(super) fn head() -> String {
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"ks-lint\">\n".to_owned()
}

/// One file, as a suite.
pub(super) fn file(report: &FileReport, fail_on: Severity) -> String {
    let name = escaped(&relative(&report.path().to_string_lossy()));
    let failures = report.findings.iter().filter(|f| f.severity >= fail_on).count();
    let mut text = format!(
        "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">\n",
        report.findings.len().max(1)
    );
    if report.findings.is_empty() {
        let _ = writeln!(text, "    <testcase name=\"no findings\" classname=\"{name}\" file=\"{name}\"/>");
    }
    for finding in &report.findings {
        let path = escaped(&path_of(&report.sources, finding));
        let line = line_of(&report.sources, finding);
        // A service that takes cases of one name for one needs the line in it.
        let _ = writeln!(
            text,
            "    <testcase name=\"{}\" classname=\"{path}:{line}\" file=\"{path}\" line=\"{line}\">",
            finding.code.id
        );
        let (message, whole) = (escaped(&finding.message), escaped(&in_full(finding)));
        let _ = if finding.severity >= fail_on {
            writeln!(
                text,
                "      <failure message=\"{message}\" type=\"{}\">{whole}</failure>",
                finding.severity
            )
        } else {
            writeln!(text, "      <system-out>{}: {whole}</system-out>", finding.severity)
        };
        text += "    </testcase>\n";
    }
    text + "  </testsuite>\n"
}

/// What closes the document. A file that could not be read is a suite with an error.
pub(super) fn tail(summary: &Summary) -> String {
    let mut text = String::new();
    for (path, message) in &summary.unreadable {
        let (name, message) = (escaped(&relative(path)), escaped(message));
        let _ = writeln!(
            text,
            "  <testsuite name=\"{name}\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">\n    \
             <testcase name=\"unreadable\" classname=\"{name}\" file=\"{name}\">\n      \
             <error message=\"{message}\" type=\"unreadable\"/>\n    </testcase>\n  </testsuite>"
        );
    }
    text + "</testsuites>\n"
}

/// The message with everything that belongs to it.
fn in_full(finding: &Finding) -> String {
    let mut text = finding.message.clone();
    let notes = finding.related.iter().map(|r| ("note", &r.message));
    for (what, more) in notes.chain(finding.help.iter().map(|help| ("help", help))) {
        let _ = write!(text, "\n{what}: {more}");
    }
    text
}
