//! The JSON output: one object, one line per file in it.
//!
//! The shape (schema 1) is a contract: members are added, never changed. `path` is the path as given; lines and
//! columns count from 1, columns are characters, offsets bytes. Beside the findings a file has `waived` (findings
//! that the file waives, with its `reason`) and `baselined` (how many findings the baseline knows); `unreadable` at the end lists paths that could not be read.

use super::printer::Summary;
use crate::lint::FileReport;
use node_base::diagnostic::json::{Diagnostic, Diagnostics, SCHEMA};
use node_base::harmless::harmless_json;
use serde::Serialize;
use std::borrow::Cow;

#[derive(Serialize)]
struct File<'a> {
    path: Cow<'a, str>,
    syntax: String,
    syntax_because: &'a str,
    policy: &'a str,
    policy_because: &'a str,
    diagnostics: Vec<Diagnostic<'a>>,
    waived: Vec<Waived<'a>>,
    baselined: usize,
}

#[derive(Serialize)]
struct Waived<'a> {
    reason: &'a str,
    #[serde(flatten)]
    diagnostic: Diagnostic<'a>,
}

/// What stands before the first file.
pub(super) fn head() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("{{\"schema\":{SCHEMA},\"tool\":{{\"name\":\"ks-lint\",\"version\":\"{version}\"}},\"files\":[\n")
}

/// One file, as an element of `files`.
pub(super) fn file(report: &FileReport) -> String {
    let mut diagnostics = Diagnostics::new(&report.sources);
    let file = File {
        path: report.path().to_string_lossy(),
        syntax: report.syntax.value.to_string(),
        syntax_because: &report.syntax.because,
        policy: &report.policy.value,
        policy_because: &report.policy.because,
        diagnostics: report.findings.iter().map(|f| diagnostics.of(f)).collect(),
        waived: report
            .waived
            .iter()
            .map(|(finding, reason)| Waived { reason, diagnostic: diagnostics.of(finding) })
            .collect(),
        baselined: report.baselined,
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
        "\n],\"unreadable\":{},\"summary\":{{\"files\":{},\"errors\":{},\"warnings\":{},\"infos\":{},\"waived\":{},\"baselined\":{}}}}}\n",
        text(&unreadable),
        summary.files,
        summary.errors,
        summary.warnings,
        summary.infos,
        summary.waived,
        summary.baselined
    )
}

/// Serialising plain structures to a string cannot fail.
fn text(value: &impl Serialize) -> String {
    harmless_json(serde_json::to_string(value).unwrap_or_default())
}
