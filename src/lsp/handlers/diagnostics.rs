//! Findings as diagnostics.

use crate::lint::config::{self, ConfigError};
use crate::lsp::analysis::Analysis;
use crate::lsp::capabilities::Client;
use crate::lsp::document::Document;
use crate::lsp::position::Encoding;
use gen_lsp_types::*;
use kickstart::codes::{DEPRECATED_COMMAND, DEPRECATED_OPTION, DEPRECATED_SECTION};
use node_base::diagnostic::{Finding, Severity};
use node_base::harmless::visible;
use node_base::policy::{Policy, PolicyError};
use node_base::source::{FileId, Span};

/// The name that editors show beside the code.
const SOURCE: &str = "ks-lint";

/// Everything found in a document. A finding in a file that it includes is on the line that includes it, with its own place
/// as related information.
pub(crate) fn all(document: &Document, analysis: &Analysis, client: Client) -> Vec<Diagnostic> {
    let places = Places { document, analysis, encoding: client.encoding };
    analysis.report.findings.iter().map(|finding| places.diagnostic(finding)).collect()
}

/// What is wrong with a `.ks-lint.toml`.
pub(crate) fn of_config(document: &Document, client: Client) -> Vec<Diagnostic> {
    match config::check(&document.text, &document.name()) {
        Err(ConfigError::Content { line, message, .. }) => vec![of_line(document, client, line, message)],
        _ => Vec::new(),
    }
}

/// What is wrong with a policy.
pub(crate) fn of_policy(document: &Document, client: Client) -> Vec<Diagnostic> {
    match Policy::from_toml(&document.text, &document.name().display().to_string()) {
        Err(PolicyError::File { line, message, .. }) => {
            vec![of_line(document, client, line as usize, message)]
        }
        Err(error) => vec![of_line(document, client, 1, error.to_string())],
        Ok(_) => Vec::new(),
    }
}

/// A problem of a whole line, counted from 1.
fn of_line(document: &Document, client: Client, line: usize, message: String) -> Diagnostic {
    let (start, text) = document.lines.line(&document.text, line.saturating_sub(1) as u32);
    let range = document.lines.range(&document.text, start..start + text.len(), client.encoding);
    Diagnostic {
        range,
        severity: Some(DiagnosticSeverity::Error),
        code: None,
        code_description: None,
        source: Some(SOURCE.to_owned()),
        message: Message::String(visible(&message).into_owned()),
        tags: None,
        related_information: None,
        data: None,
    }
}

/// Places of a report in the protocol's terms.
pub(crate) struct Places<'a> {
    pub(crate) document: &'a Document,
    pub(crate) analysis: &'a Analysis,
    pub(crate) encoding: Encoding,
}

impl Places<'_> {
    /// A place in the document or in an included file.
    pub(crate) fn range(&self, span: Span) -> Range {
        let text = self.analysis.report.sources.get(span.file).text();
        self.analysis.files[span.file.0 as usize].lines.range(text, span.range(), self.encoding)
    }

    fn location(&self, span: Span) -> Option<Location> {
        let uri = self.analysis.files[span.file.0 as usize].uri.clone()?;
        Some(Location { uri, range: self.range(span) })
    }

    /// Where a finding is shown in the document.
    pub(crate) fn shown(&self, finding: &Finding) -> Range {
        match finding.span {
            Some(span) if span.file == FileId(0) => self.range(span),
            Some(span) => {
                let line = self.analysis.files[span.file.0 as usize].included_at;
                line.map_or_else(Range::default, |line| self.range(line))
            }
            None => Range::default(),
        }
    }

    fn diagnostic(&self, finding: &Finding) -> Diagnostic {
        let mut message = finding.message.clone();
        if let Some(help) = &finding.help {
            message = format!("{message}\nhelp: {help}");
        }
        let mut related: Vec<DiagnosticRelatedInformation> = Vec::new();
        if let Some(span) = finding.span.filter(|span| span.file != FileId(0)) {
            let what = "in the included file".to_owned();
            related.extend(
                self.location(span).map(|location| DiagnosticRelatedInformation { location, message: what }),
            );
        }
        for other in &finding.related {
            match other.span.and_then(|span| self.location(span)) {
                Some(location) => related.push(DiagnosticRelatedInformation {
                    location,
                    message: visible(&other.message).into_owned(),
                }),
                None => message = format!("{message}\nnote: {}", other.message),
            }
        }
        Diagnostic {
            range: self.shown(finding),
            severity: Some(match finding.severity {
                Severity::Error => DiagnosticSeverity::Error,
                Severity::Warning => DiagnosticSeverity::Warning,
                Severity::Info => DiagnosticSeverity::Information,
            }),
            code: Some(Code::String(finding.code.id.to_owned())),
            code_description: self
                .analysis
                .pages
                .get(finding.code.id)
                .map(|href| CodeDescription { href: href.clone() }),
            source: Some(SOURCE.to_owned()),
            message: Message::String(visible(&message).into_owned()),
            tags: tag(finding).map(|tag| vec![tag]),
            related_information: (!related.is_empty()).then_some(related),
            data: None,
        }
    }
}

/// How an editor may draw the words: struck out, or faded where a later line replaces them.
fn tag(finding: &Finding) -> Option<DiagnosticTag> {
    if [&DEPRECATED_COMMAND, &DEPRECATED_OPTION, &DEPRECATED_SECTION].contains(&finding.code) {
        Some(DiagnosticTag::Deprecated)
    } else {
        // STY013 and STY015: a later line replaces this one; STY014: a later source is used.
        ["STY013", "STY014", "STY015"].contains(&finding.code.id).then_some(DiagnosticTag::Unnecessary)
    }
}
