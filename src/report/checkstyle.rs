//! Checkstyle's XML, which many services read: an element a file, an element a finding.

use super::place::{path_of, relative};
use super::printer::Summary;
use super::xml::escaped;
use crate::lint::FileReport;
use node_base::source::Places;
use std::fmt::Write;

/// What opens the document. The version is that of the format.
pub(super) fn head() -> String {
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">\n".to_owned()
}

/// One file with its findings; those in files that it includes are in elements of their own.
pub(super) fn file(report: &FileReport) -> String {
    let mut text = String::new();
    let mut places = Places::new(&report.sources);
    let mut open: Option<String> = None;
    for finding in &report.findings {
        let path = path_of(&report.sources, finding);
        if open.as_ref() != Some(&path) {
            text += if open.is_some() { "  </file>\n" } else { "" };
            let _ = writeln!(text, "  <file name=\"{}\">", escaped(&path));
            open = Some(path);
        }
        let (line, column) = finding.span.map_or((1, 1), |span| {
            let start = places.at(span.file, span.start);
            (start.line, start.column)
        });
        let _ = writeln!(
            text,
            "    <error line=\"{line}\" column=\"{column}\" severity=\"{}\" message=\"{}\" source=\"ks-lint.{}.{}\"/>",
            finding.severity,
            escaped(&finding.message),
            finding.code.category.name(),
            finding.code.id
        );
    }
    if open.is_some() {
        text += "  </file>\n";
    } else {
        let path = relative(&report.path().to_string_lossy());
        let _ = writeln!(text, "  <file name=\"{}\"/>", escaped(&path));
    }
    text
}

/// What closes the document: files that could not be read are errors.
pub(super) fn tail(summary: &Summary) -> String {
    let mut text = String::new();
    for (path, message) in &summary.unreadable {
        let (path, message) = (escaped(&relative(path)), escaped(message));
        let _ = writeln!(
            text,
            "  <file name=\"{path}\">\n    <error line=\"1\" column=\"1\" severity=\"error\" message=\"{message}\" \
             source=\"ks-lint.unreadable\"/>\n  </file>"
        );
    }
    text + "</checkstyle>\n"
}
