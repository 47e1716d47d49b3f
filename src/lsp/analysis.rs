//! What was found in an open text, with the files that it includes.

use super::document::Document;
use super::pages::Pages;
use super::position::Lines;
use super::uri;
use crate::lint::FileReport;
use gen_lsp_types::Uri;
use node_base::source::{FileId, Span};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// The open texts, by their address.
pub(super) type Documents = BTreeMap<String, Document>;

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
    /// Looks up the files of a report about `document`.
    pub(super) fn new(report: FileReport, document: &Document, documents: &Documents) -> Analysis {
        let included_at = included_at(&report);
        let file = |(id, source): (FileId, &node_base::source::Source)| {
            let lines = Lines::new(source.text());
            if id == FileId(0) {
                let uri = Some(document.uri.clone());
                return AnalysedFile { lines, uri, identity: document.identity.clone(), included_at: None };
            }
            let identity = source.path().canonicalize().ok();
            let uri = address(source.path(), identity.as_deref(), documents);
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

/// The address of an included file: that of the open document if it is open, as an editor knows no other spelling of it.
pub(super) fn address(path: &Path, identity: Option<&Path>, documents: &Documents) -> Option<Uri> {
    let is_it = |document: &&Document| identity.is_some() && document.identity.as_deref() == identity;
    if let Some(open) = documents.values().find(is_it) {
        return Some(open.uri.clone());
    }
    let has_detours = path.components().any(|part| part == std::path::Component::ParentDir);
    uri::of(identity.filter(|_| has_detours).unwrap_or(path))
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
