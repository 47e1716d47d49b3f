//! The result for one file.

use super::chosen::Chosen;
use super::refusal::is_refusal;
use kickstart::Version;
use node_base::diagnostic::Finding;
use node_base::source::{FileId, Sources, Span};
use std::path::Path;

/// What was found in one file.
#[derive(Debug)]
pub struct FileReport {
    /// The files that spans point into; the first is the one that was checked.
    pub sources: Sources,
    /// The version it was read as, and why.
    pub syntax: Chosen<Version>,
    /// The name of the policy it was checked against (`none`), and why.
    pub policy: Chosen<String>,
    /// Findings, sorted by place.
    pub findings: Vec<Finding>,
    /// Findings that the file waives, each with the reason it gives.
    pub waived: Vec<(Finding, String)>,
    /// How many further findings the baseline knows.
    pub baselined: usize,
    /// Whether the file is a template, whose places are not those of the text that it becomes.
    pub is_template: bool,
    /// The lines that include files that were read: each with its file, in order.
    pub includes: Vec<(Span, FileId)>,
}

impl FileReport {
    /// The path of the file, as given (`-` for standard input).
    pub fn path(&self) -> &Path {
        self.sources.get(FileId(0)).path()
    }

    /// How many findings there are because of which the installer refuses the file.
    pub fn refusals(&self) -> usize {
        self.findings.iter().filter(|finding| is_refusal(finding)).count()
    }

    /// The first finding because of which the installer refuses the file.
    pub fn refusal(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| is_refusal(finding))
    }
}
