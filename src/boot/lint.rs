//! One boot configuration through reader and checks.

use super::check::{self, Setting};
use super::config::{self, Format};
use crate::diagnostic::Findings;
use crate::dialect::Version;
use crate::lint::{Chosen, FileReport};
use crate::source::{FileId, Sources};

/// Checks a boot configuration that is already in `sources`, for the installer of a release. Without a format it is
/// told from the content.
pub fn lint(sources: Sources, file: FileId, format: Option<Format>, syntax: Chosen<Version>) -> FileReport {
    let mut findings = Findings::new();
    {
        let format = format.unwrap_or_else(|| config::detect(sources.get(file).text()));
        let config = config::read(&sources, file, format, &mut findings);
        let setting = Setting { version: syntax.value, with_kickstart: false };
        check::config(&config, setting, &mut findings);
    }
    report(sources, syntax, findings)
}

/// The report of a file that no layout policy is held against.
pub(super) fn report(sources: Sources, syntax: Chosen<Version>, findings: Findings) -> FileReport {
    FileReport {
        sources,
        syntax,
        policy: Chosen::new("none".to_owned(), "a boot configuration has no layout"),
        findings: findings.into_sorted(),
        waived: Vec::new(),
    }
}
