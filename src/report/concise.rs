//! One line a finding, as compilers write it: `node.ks:12:5: error: … [NODE003]`. For editors and for grep.

use super::place::relative;
use crate::lint::FileReport;
use node_base::harmless::{harmless, harmless_line};
use node_base::source::{FileId, Places};

/// One file: a line a finding. A finding about the file as a whole is on line 1, column 1.
pub(super) fn file(report: &FileReport) -> String {
    let mut text = String::new();
    let mut places = Places::new(&report.sources);
    for finding in &report.findings {
        let file = finding.span.map_or(FileId(0), |span| span.file);
        let path = relative(&report.sources.get(file).path().to_string_lossy());
        let (line, column) = finding.span.map_or((1, 1), |span| {
            let start = places.at(span.file, span.start);
            (start.line, start.column)
        });
        let message = finding.message.replace('\n', " ");
        let whole = format!("{path}:{line}:{column}: {}: {message} [{}]", finding.severity, finding.code.id);
        text += &harmless(&harmless_line(&whole));
        text.push('\n');
    }
    text
}
