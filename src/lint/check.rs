//! One kickstart through the parser and every rule.

use super::chosen::Chosen;
use super::file_report::FileReport;
use super::input;
use super::overlaps;
use super::read::{Read, read_with_includes};
use super::settings::{Settings, SettingsError, SettingsSource};
use super::text::TextError;
use crate::rules::{self, Context, Rule};
use node_base::diagnostic::{Findings, Severity, Told};
use node_base::source::{FileId, Sources};
use std::path::Path;

/// A file that was checked, with the severity from which its findings make the run fail.
#[derive(Debug)]
pub struct Linted {
    /// The findings, and what the file was checked against.
    pub report: FileReport,
    /// Findings of this severity or worse make the run fail.
    pub fail_on: Severity,
}

impl Linted {
    /// Whether a finding makes the run fail.
    pub fn fails(&self) -> bool {
        self.report.findings.iter().any(|f| f.severity >= self.fail_on)
    }
}

/// Why a path was not checked. Does not name the path.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// It cannot be read.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Its configuration cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// Checks the kickstart at a path (`-`: standard input), as `ks-lint PATH` does.
///
/// # Errors
/// [`PathError`].
pub fn path(path: &Path, settings: &SettingsSource) -> Result<Linted, PathError> {
    let (sources, file) = input::read(path)?;
    let settings = settings.of(path)?;
    let report = lint(sources, file, &settings.settings);
    Ok(Linted { report, fail_on: settings.fail_on })
}

/// Checks a kickstart that is already in `sources`.
pub fn lint(mut sources: Sources, file: FileId, settings: &Settings) -> FileReport {
    let includes = settings.includes.load(&mut sources, file);
    let (syntax, policy, directives, findings) = {
        let Read { syntax, policy, kickstart, directives, mut findings, .. } =
            read_with_includes(&sources, &includes, file, settings);
        let mut context = Context::new(&sources, &kickstart, &findings, policy.value.as_deref());
        context.machine = settings.machine.as_deref();
        context.section = directives.section.as_ref();
        let found = run(rules::all(), &context);
        findings.extend(found);
        if !kickstart.includes.is_empty() {
            findings.remove_repeated(&mut Told::default());
        }
        (syntax, policy, directives, findings)
    };
    let (findings, waived) = directives.apply_waivers(findings.into_sorted());
    let name = policy.value.map_or_else(|| "none".to_owned(), |p| p.name.clone());
    FileReport { sources, syntax, policy: Chosen::new(name, policy.because), findings, waived }
}

/// What these rules find, without findings that repeat others. Not sorted.
pub(super) fn run<'r>(rules: impl Iterator<Item = &'r Rule>, context: &Context<'_>) -> Findings {
    let mut findings = Findings::new();
    for rule in rules {
        (rule.check)(context, &mut findings);
    }
    overlaps::remove(&mut findings, context);
    findings
}
