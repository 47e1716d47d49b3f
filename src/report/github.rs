//! Annotations for GitHub Actions: one "workflow command" a finding
//! (<https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>).

use super::place::relative;
use crate::lint::FileReport;
use node_base::diagnostic::Severity;
use node_base::harmless::visible;
use node_base::source::FileId;
use node_base::source::Places;
use std::fmt::Write;

/// One file: a line a finding.
pub(super) fn file(report: &FileReport) -> String {
    let mut text = String::new();
    let mut places = Places::new(&report.sources);
    for finding in &report.findings {
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let file = finding.span.map_or(FileId(0), |s| s.file);
        let path = report.sources.get(file).path().to_string_lossy();
        let _ = write!(text, "::{command} file={}", property(&relative(&path)));
        if let Some(span) = finding.span {
            let (start, end) = (places.at(span.file, span.start), places.at(span.file, span.end));
            let _ = write!(text, ",line={},endLine={}", start.line, end.line);
            // Columns are only taken for a place in one line; the end is included.
            if start.line == end.line {
                let last = end.column.saturating_sub(1).max(start.column);
                let _ = write!(text, ",col={},endColumn={last}", start.column);
            }
        }
        let title = format!("{} {}", finding.code.id, finding.code.name);
        let mut message = finding.message.clone();
        for part in finding
            .related
            .iter()
            .map(|r| ("note", &r.message))
            .chain(finding.help.iter().map(|h| ("help", h)))
        {
            let _ = write!(message, "\n{}: {}", part.0, part.1);
        }
        let _ = writeln!(text, ",title={}::{}", property(&title), data(&message));
    }
    text
}

/// A message as the runner reads it.
fn data(text: &str) -> String {
    visible(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value between commas as the runner reads it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
