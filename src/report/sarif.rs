//! SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>), which code scanning services read.
//! One run; waived findings are results with a suppression, unreadable paths are notifications.

use super::place::{Fingerprints, relative};
use super::printer::Summary;
use crate::lint::FileReport;
use node_base::diagnostic::{Applicability, BOOK, Category, Code, Finding, Severity};
use node_base::harmless::harmless_json;
use node_base::source::Places;
use node_base::source::{FileId, Sources, Span};
use serde_json::{Value, json};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// What stands before the first result.
pub(super) fn head() -> String {
    format!(
        "{{\"$schema\":\"{SCHEMA}\",\"version\":\"2.1.0\",\"runs\":[{{\"columnKind\":\"unicodeCodePoints\",\
         \"automationDetails\":{{\"id\":\"ks-lint/\"}},\"results\":[\n"
    )
}

/// The results of one file, without brackets; nothing when there are none.
pub(super) fn file(report: &FileReport) -> String {
    let mut writer = Writer {
        sources: &report.sources,
        places: Places::new(&report.sources),
        fingerprints: Fingerprints::default(),
    };
    let mut results: Vec<String> = report.findings.iter().map(|f| writer.result(f).to_string()).collect();
    for (finding, reason) in &report.waived {
        let mut result = writer.result(finding);
        result["suppressions"] = json!([{ "kind": "inSource", "justification": reason }]);
        results.push(result.to_string());
    }
    harmless_json(results.join(",\n"))
}

/// What stands behind the last result.
pub(super) fn tail(summary: &Summary, seen: impl Iterator<Item = &'static Code>) -> String {
    let rules: Vec<Value> = seen.map(rule).collect();
    let version = env!("CARGO_PKG_VERSION");
    let mut driver = json!({
        "name": "ks-lint", "version": version, "semanticVersion": version, "rules": rules
    });
    if !BOOK.is_empty() {
        driver["informationUri"] = BOOK.into();
    }
    let tool = json!({ "driver": driver });
    let notifications: Vec<Value> = summary
        .unreadable
        .iter()
        .map(|(path, message)| {
            let artifact = json!({ "artifactLocation": { "uri": uri(path) } });
            json!({
                "level": "error",
                "message": { "text": message },
                "locations": [{ "physicalLocation": artifact }],
            })
        })
        .collect();
    let invocation = json!({
        "executionSuccessful": summary.unreadable.is_empty(),
        "toolExecutionNotifications": notifications,
    });
    harmless_json(format!("\n],\"tool\":{tool},\"invocations\":[{invocation}]}}]}}\n"))
}

/// A kind of finding as code scanning shows it.
fn rule(code: &'static Code) -> Value {
    let mut properties = json!({
        "tags": [code.category.name()],
        "precision": "high",
        "problem.severity": match code.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "recommendation",
        },
    });
    if code.category == Category::Security {
        // GitHub sorts by this number: from 4.0 medium, from 7.0 high.
        properties["security-severity"] = match code.severity {
            Severity::Error => "8.0",
            Severity::Warning => "5.0",
            Severity::Info => "2.0",
        }
        .into();
    }
    let mut rule = json!({
        "id": code.id,
        "name": code.name,
        "shortDescription": { "text": code.summary() },
        "fullDescription": { "text": code.description() },
        "help": { "text": code.text(), "markdown": code.text() },
        "defaultConfiguration": { "level": level(code.severity) },
        "properties": properties,
    });
    if let Some(address) = code.address() {
        rule["helpUri"] = address.into();
    }
    rule
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// A path as a relative reference or, if it is not below the working directory, a `file:` URI: what RFC 3986 does not allow is escaped.
fn uri(path: &str) -> String {
    let path = relative(path);
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte as char)
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

struct Writer<'s> {
    sources: &'s Sources,
    places: Places<'s>,
    fingerprints: Fingerprints,
}

impl Writer<'_> {
    fn result(&mut self, finding: &Finding) -> Value {
        let mut message = finding.message.clone();
        if let Some(help) = &finding.help {
            message = format!("{message}\nhelp: {help}");
        }
        let related: Vec<Value> = finding
            .related
            .iter()
            .map(|related| {
                let mut location = related.span.map_or_else(|| json!({}), |span| self.location(span));
                location["message"] = json!({ "text": related.message });
                location
            })
            .collect();
        let location = match finding.span {
            Some(span) => self.location(span),
            // Code scanning shows nothing that has no line.
            None => json!({ "physicalLocation": {
                "artifactLocation": { "uri": self.uri(FileId(0)) },
                "region": { "startLine": 1 },
            } }),
        };
        let mut result = json!({
            "ruleId": finding.code.id,
            "level": level(finding.severity),
            "message": { "text": message },
            "locations": [location],
            "partialFingerprints": {
                "primaryLocationLineHash": self.fingerprints.next(self.sources, finding, ""),
            },
        });
        if !related.is_empty() {
            result["relatedLocations"] = Value::Array(related);
        }
        // A placeholder is not a fix that can be applied.
        if let Some(fix) = finding.fix.as_ref().filter(|fix| fix.applicability != Applicability::Placeholder)
        {
            let changes: Vec<Value> = fix
                .edits
                .iter()
                .map(|edit| {
                    json!({
                        "artifactLocation": { "uri": self.uri(edit.span.file) },
                        "replacements": [{
                            "deletedRegion": self.region(edit.span),
                            "insertedContent": { "text": edit.replacement },
                        }],
                    })
                })
                .collect();
            result["fixes"] = json!([{ "description": { "text": fix.title }, "artifactChanges": changes }]);
        }
        result
    }

    fn location(&mut self, span: Span) -> Value {
        json!({ "physicalLocation": {
            "artifactLocation": { "uri": self.uri(span.file) },
            "region": self.region(span),
        } })
    }

    fn region(&mut self, span: Span) -> Value {
        let (start, end) = (self.places.at(span.file, span.start), self.places.at(span.file, span.end));
        json!({
            "startLine": start.line,
            "startColumn": start.column,
            "endLine": end.line,
            "endColumn": end.column,
        })
    }

    fn uri(&self, file: FileId) -> String {
        uri(&self.sources.get(file).path().to_string_lossy())
    }
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("./a/b c.ks"), "a/b%20c.ks");
        assert_eq!(uri("/srv/büro.ks"), "file:///srv/b%C3%BCro.ks");
    }
}
