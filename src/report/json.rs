//! The JSON output: one object, one line per file in it.
//!
//! The shape (schema 1) is a contract: members are added, never changed. `path` is the path as given; lines and
//! columns count from 1, columns are characters, offsets bytes. Beside the findings a file has `waived` (findings
//! that the file waives, with its `reason`); `unreadable` at the end lists paths that could not be read.

use super::place::Places;
use super::printer::Summary;
use crate::lint::FileReport;
use node_base::diagnostic::{Finding, Safety};
use node_base::source::{Position, Sources, Span};
use serde::Serialize;
use std::borrow::Cow;

/// The only schema so far.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct File<'a> {
    path: Cow<'a, str>,
    syntax: String,
    syntax_because: &'a str,
    policy: &'a str,
    policy_because: &'a str,
    diagnostics: Vec<Diagnostic<'a>>,
    waived: Vec<Waived<'a>>,
}

#[derive(Serialize)]
struct Diagnostic<'a> {
    code: &'static str,
    name: &'static str,
    category: &'static str,
    severity: node_base::diagnostic::Severity,
    message: &'a str,
    help: Option<&'a str>,
    span: Option<Place<'a>>,
    related: Vec<Related<'a>>,
    fix: Option<Fix<'a>>,
}

#[derive(Serialize)]
struct Waived<'a> {
    reason: &'a str,
    #[serde(flatten)]
    diagnostic: Diagnostic<'a>,
}

#[derive(Serialize)]
struct Place<'a> {
    file: Cow<'a, str>,
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Related<'a> {
    message: &'a str,
    span: Option<Place<'a>>,
}

#[derive(Serialize)]
struct Fix<'a> {
    title: &'a str,
    safety: Safety,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Edit<'a> {
    span: Place<'a>,
    replacement: &'a str,
}

/// What stands before the first file.
pub(super) fn head() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("{{\"schema\":{SCHEMA},\"tool\":{{\"name\":\"ks-lint\",\"version\":\"{version}\"}},\"files\":[\n")
}

/// One file, as an element of `files`.
pub(super) fn file(report: &FileReport) -> String {
    let mut writer = Writer { sources: &report.sources, places: Places::new(&report.sources) };
    let file = File {
        path: path(&report.sources, node_base::source::FileId(0)),
        syntax: report.syntax.value.to_string(),
        syntax_because: &report.syntax.because,
        policy: &report.policy.value,
        policy_because: &report.policy.because,
        diagnostics: report.findings.iter().map(|f| writer.diagnostic(f)).collect(),
        waived: report
            .waived
            .iter()
            .map(|(finding, reason)| Waived { reason, diagnostic: writer.diagnostic(finding) })
            .collect(),
    };
    text(&file)
}

/// What stands behind the last file.
pub(super) fn tail(summary: &Summary) -> String {
    #[derive(Serialize)]
    struct Unreadable<'a> {
        path: &'a str,
        message: &'a str,
    }
    let unreadable: Vec<_> =
        summary.unreadable.iter().map(|(path, message)| Unreadable { path, message }).collect();
    format!(
        "\n],\"unreadable\":{},\"summary\":{{\"files\":{},\"errors\":{},\"warnings\":{},\"infos\":{},\"waived\":{}}}}}\n",
        text(&unreadable),
        summary.files,
        summary.errors,
        summary.warnings,
        summary.infos,
        summary.waived
    )
}

/// Serialising plain structures to a string cannot fail.
fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn path(sources: &Sources, file: node_base::source::FileId) -> Cow<'_, str> {
    sources.get(file).path().to_string_lossy()
}

struct Writer<'s> {
    sources: &'s Sources,
    places: Places<'s>,
}

impl<'s> Writer<'s> {
    fn diagnostic<'f>(&mut self, finding: &'f Finding) -> Diagnostic<'f>
    where
        's: 'f,
    {
        Diagnostic {
            code: finding.code.id,
            name: finding.code.name,
            category: finding.code.category.name(),
            severity: finding.severity,
            message: &finding.message,
            help: finding.help.as_deref(),
            span: finding.span.map(|s| self.place(s)),
            related: finding
                .related
                .iter()
                .map(|r| Related { message: &r.message, span: r.span.map(|s| self.place(s)) })
                .collect(),
            fix: finding.fix.as_ref().map(|fix| Fix {
                title: &fix.title,
                safety: fix.safety,
                edits: fix
                    .edits
                    .iter()
                    .map(|e| Edit { span: self.place(e.span), replacement: &e.replacement })
                    .collect(),
            }),
        }
    }

    fn place(&mut self, span: Span) -> Place<'s> {
        Place {
            file: path(self.sources, span.file),
            start: self.places.at(span.file, span.start),
            end: self.places.at(span.file, span.end),
        }
    }
}
