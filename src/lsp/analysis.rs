//! What was found in an open text, with the files that it includes.

use super::pages::Pages;
use super::position::Lines;
use crate::lint::FileReport;
use gen_lsp_types::Uri;
use node_base::source::{FileId, Span};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// What was found in a text.
#[derive(Debug)]
pub(super) struct Analysis {
    /// The report.
    pub(super) report: FileReport,
    /// Its files, in the order of the report.
    pub(super) files: Vec<AnalysedFile>,
    /// The pages of its findings, by code.
    pub(super) pages: HashMap<&'static str, Uri>,
}

/// A file of a report: the text itself, or one that it includes.
#[derive(Debug)]
pub(super) struct AnalysedFile {
    /// Where its lines start.
    pub(super) lines: Lines,
    /// The address that the client knows it by.
    pub(super) uri: Option<Uri>,
    /// The path without links.
    identity: Option<PathBuf>,
    /// The line of the text that includes it, directly or through others.
    pub(super) included_at: Option<Span>,
}

impl Analysis {
    /// Looks up the files of a report about the text with this address; those that it includes by their path, and their path without
    /// links.
    pub(super) fn new(
        report: FileReport,
        uri: &Uri,
        address: impl Fn(&Path, Option<&Path>) -> Option<Uri>,
    ) -> Analysis {
        let included_at = included_at(&report);
        let file = |(id, source): (FileId, &node_base::source::Source)| {
            let lines = Lines::new(source.text());
            let identity = source.path().canonicalize().ok();
            let uri = match id {
                FileId(0) => Some(uri.clone()),
                _ => address(source.path(), identity.as_deref()),
            };
            AnalysedFile { lines, uri, identity, included_at: included_at.get(&id).copied() }
        };
        let files = report.sources.iter().map(file).collect();
        Analysis { report, files, pages: HashMap::new() }
    }

    /// Looks up the pages of the findings.
    pub(super) fn look_up_pages(&mut self, pages: &mut Pages) {
        for finding in &self.report.findings {
            if let Some(page) = pages.of_code(finding.code) {
                self.pages.insert(finding.code.id, page);
            }
        }
    }

    /// Whether the text includes the file with this path without links.
    pub(super) fn includes(&self, identity: &Path) -> bool {
        self.files.iter().skip(1).any(|file| file.identity.as_deref() == Some(identity))
    }
}

/// For each included file the line of the first file that leads to it.
fn included_at(report: &FileReport) -> HashMap<FileId, Span> {
    let mut parents: HashMap<FileId, Span> = HashMap::new();
    for (span, file) in &report.includes {
        parents.entry(*file).or_insert(*span);
    }
    let root = |mut span: Span| {
        // No file includes itself, so that each step leads up.
        for _ in 0..kickstart::include::DEEPEST {
            match parents.get(&span.file) {
                Some(parent) if span.file != FileId(0) => span = *parent,
                _ => break,
            }
        }
        (span.file == FileId(0)).then_some(span)
    };
    parents.iter().filter_map(|(file, span)| Some((*file, root(*span)?))).collect()
}
