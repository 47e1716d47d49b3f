//! rdjson, the format of reviewdog (<https://github.com/reviewdog/reviewdog/tree/master/proto/rdf>). Columns are bytes from 1, the end
//! of a range is the first byte behind it.

use super::place::{line_of, path_of, relative};
use super::printer::Summary;
use crate::lint::FileReport;
use node_base::diagnostic::{Applicability, BOOK, Finding, Severity};
use node_base::harmless::harmless_json;
use node_base::source::{FileId, Sources, Span};
use serde_json::{Value, json};

/// What opens the document.
pub(super) fn head() -> String {
    let url = if BOOK.is_empty() { String::new() } else { format!(",\"url\":\"{BOOK}\"") };
    format!("{{\"source\":{{\"name\":\"ks-lint\"{url}}},\"diagnostics\":[\n")
}

/// The findings of one file; nothing when there are none.
pub(super) fn file(report: &FileReport) -> String {
    let all = report.findings.iter().map(|finding| diagnostic(&report.sources, finding).to_string());
    harmless_json(all.collect::<Vec<_>>().join(",\n"))
}

/// What closes the document: files that could not be read are in it, too.
pub(super) fn tail(summary: &Summary) -> String {
    let begun = summary.errors + summary.warnings + summary.infos > 0;
    let mut text = String::new();
    for (n, (path, message)) in summary.unreadable.iter().enumerate() {
        let object = json!({
            "message": message,
            "location": { "path": relative(path) },
            "severity": "ERROR",
        });
        text += if begun || n > 0 { ",\n" } else { "" };
        text += &object.to_string();
    }
    harmless_json(text) + "\n]}\n"
}

fn diagnostic(sources: &Sources, finding: &Finding) -> Value {
    let mut message = finding.message.clone();
    if let Some(help) = &finding.help {
        message = format!("{message}\nhelp: {help}");
    }
    let mut location = json!({ "path": path_of(sources, finding) });
    location["range"] = match finding.span {
        Some(span) => range(sources, span),
        None => json!({ "start": { "line": line_of(sources, finding) } }),
    };
    let mut code = json!({ "value": finding.code.id });
    if let Some(address) = finding.code.address() {
        code["url"] = address.into();
    }
    let mut diagnostic = json!({
        "message": message,
        "location": location,
        "severity": severity(finding.severity),
        "code": code,
    });
    let here = finding.span.map_or(FileId(0), |span| span.file);
    if let Some(fix) = &finding.fix
        && matches!(fix.applicability, Applicability::Safe | Applicability::Unsafe)
        && fix.edits.iter().all(|edit| edit.span.file == here)
    {
        let suggestions = fix
            .edits
            .iter()
            .map(|edit| json!({ "range": range(sources, edit.span), "text": edit.replacement }));
        diagnostic["suggestions"] = suggestions.collect();
    }
    let related: Vec<Value> = finding
        .related
        .iter()
        .filter_map(|related| {
            let span = related.span?;
            let path = relative(&sources.get(span.file).path().to_string_lossy());
            Some(json!({
                "message": related.message,
                "location": { "path": path, "range": range(sources, span) },
            }))
        })
        .collect();
    if !related.is_empty() {
        diagnostic["related_locations"] = related.into();
    }
    diagnostic
}

fn range(sources: &Sources, span: Span) -> Value {
    let source = sources.get(span.file);
    let position = |offset: u32| {
        let line = source.lines().line(offset as usize).max(1);
        let start = source.lines().start_of(line).unwrap_or_default();
        json!({ "line": line, "column": offset as usize - start + 1 })
    };
    json!({ "start": position(span.start), "end": position(span.end) })
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "ERROR",
        Severity::Warning => "WARNING",
        Severity::Info => "INFO",
    }
}
