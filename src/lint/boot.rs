//! Boot configurations: alone, or with the kickstart that they fetch.

pub use super::served::Root;

use super::chosen::Chosen;
use super::file_report::FileReport;
use super::read::{Read, read};
use super::settings::Settings;
use super::together::{self, Known};
use crate::boot::check::{self, CheckOptions};
use crate::boot::config::{self, ConfigFormat};
use crate::boot::legacy::{self, Translation};
use crate::rules::Context;
use kickstart::Version;
use node_base::diagnostic::Findings;
use node_base::policy::PolicyError;
use node_base::source::{FileId, SourceError, Sources};
use std::path::{Path, PathBuf};

/// Checks a boot configuration that is already in `sources`, for the installer of a release. Without a format it is
/// told from the content.
pub fn lint(
    sources: Sources,
    file: FileId,
    format: Option<ConfigFormat>,
    syntax: Chosen<Version>,
) -> FileReport {
    let mut findings = Findings::new();
    {
        let format = format.unwrap_or_else(|| config::detect(sources.get(file).text()));
        let config = config::read(&sources, file, format, &mut findings);
        let setting = CheckOptions { version: syntax.value, with_kickstart: false };
        check::config(&config, setting, &mut findings);
    }
    report(sources, syntax, findings)
}

/// Checks a boot configuration together with a kickstart, which is added to `sources` behind it. The release is that of
/// the settings, or else the one that the kickstart names.
///
/// # Errors
/// A kickstart of 4 GiB and more.
pub fn lint_with_kickstart(
    mut sources: Sources,
    file: FileId,
    format: Option<ConfigFormat>,
    kickstart: (&Path, String),
    settings: &Settings,
    root: Option<&Root>,
) -> Result<FileReport, SourceError> {
    let kickstart = sources.add(kickstart.0, kickstart.1)?;
    let mut findings = Findings::new();
    let (syntax, policy, chosen, directives) = {
        // What is wrong with the kickstart alone is for `ks-lint check` to report.
        let Read { syntax, policy, kickstart, directives, findings: parsed, .. } =
            read(&sources, kickstart, settings);
        let context = Context::new(&sources, &kickstart, &parsed, policy.value.as_deref());
        let format = format.unwrap_or_else(|| config::detect(sources.get(file).text()));
        let config = config::read(&sources, file, format, &mut findings);
        let setting = CheckOptions { version: syntax.value, with_kickstart: true };
        check::config(&config, setting, &mut findings);
        let known = Known { context: &context, directives: &directives, parsed: &parsed };
        let chosen = together::config(&config, known, root, &mut findings);
        (syntax, policy, chosen, directives)
    };
    let name = policy.value.map_or_else(|| "none".to_owned(), |p| p.name.clone());
    let mut report = report(sources, syntax, findings);
    report.policy = chosen.unwrap_or_else(|| Chosen::new(name, policy.because));
    (report.findings, report.waived) = directives.apply_waivers(report.findings);
    Ok(report)
}

/// The kickstart that the first entry which names one fetches, as a file below `root`.
pub fn served_kickstart(
    sources: &Sources,
    file: FileId,
    format: Option<ConfigFormat>,
    root: &Root,
) -> Option<PathBuf> {
    let format = format.unwrap_or_else(|| config::detect(sources.get(file).text()));
    let config = config::read(sources, file, format, &mut Findings::new());
    config.entries.iter().find_map(|entry| root.kickstart(entry))
}

/// The kickstart and the command line that replace the parameters of an old node: of the first entry that has any.
///
/// # Errors
/// When no entry has parameters of an old node, or the built-in policy cannot be read.
pub fn to_kickstart(
    sources: &Sources,
    file: FileId,
    format: Option<ConfigFormat>,
) -> Result<Translation, NotLegacy> {
    let format = format.unwrap_or_else(|| config::detect(sources.get(file).text()));
    let config = config::read(sources, file, format, &mut Findings::new());
    let entry = config.entries.iter().find(|e| legacy::is_legacy(&e.line)).ok_or(NotLegacy::NoParameters)?;
    Ok(legacy::translate(&entry.line)?)
}

/// Why nothing can be translated.
#[derive(Debug, thiserror::Error)]
pub enum NotLegacy {
    /// No entry is one of an old node.
    #[error("no kernel parameters of oVirt Node 3 or older, such as storage_init=, in this file")]
    NoParameters,
    /// The built-in policy cannot be read.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// The report of a file that no layout policy applies to.
fn report(sources: Sources, syntax: Chosen<Version>, findings: Findings) -> FileReport {
    FileReport {
        sources,
        syntax,
        policy: Chosen::new("none".to_owned(), "a boot configuration has no layout"),
        findings: findings.into_sorted(),
        waived: Vec::new(),
    }
}
