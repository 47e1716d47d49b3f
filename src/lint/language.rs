//! A kickstart through the parser of one release alone: what its language says, and no rule.

use super::chosen::Chosen;
use super::file_report::FileReport;
use super::text::TextError;
use crate::directives::version_header;
use crate::kind;
use kickstart::Version;
use node_base::diagnostic::Findings;
use node_base::source::{FileId, Sources, Span};
use std::path::Path;

/// What the language of a release says about a text; includes are not followed.
///
/// # Errors
/// A text of 4 GiB and more.
pub fn language(path: &Path, text: String, version: Version, because: &str) -> Result<FileReport, TextError> {
    let mut sources = Sources::new();
    let file = sources.add(path, text).map_err(|_| TextError::TooLarge)?;
    let is_template = kind::Template::read(sources.get(file).text()).is_some();
    let mut findings = Findings::new();
    kickstart::parse(&sources, file, version, &mut findings);
    Ok(FileReport {
        findings: findings.into_sorted(),
        syntax: Chosen::new(version, because),
        policy: Chosen::new("none".to_owned(), "only the language is compared"),
        waived: Vec::new(),
        baselined: 0,
        is_template,
        includes: Vec::new(),
        sources,
    })
}

/// The release that the header of a text names, and its place; `None` without a header, or for a name that is unknown.
pub fn header_release(sources: &Sources, file: FileId) -> Option<(Version, Span)> {
    let span = version_header(sources, file)?;
    Some((Version::from_name(sources.text_of(span)).ok()?, span))
}
