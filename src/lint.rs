//! One kickstart through parser and rules.
//!
//! Invariant: what a file comes to depends on its text, the files it includes and the [`Settings`]; nothing here
//! prints or knows an output format.

pub mod addon;
mod auto;
pub mod config;
pub mod include; // files that a kickstart includes
pub mod plan;
pub mod text; // files as text

use crate::rules::addon::{Directives, apply_requirements};
use crate::rules::{self, Context};
use anaconda_plan::machine::Machine;
use include::Follow;
use kickstart::Version;
use kickstart::include::Includes;
use node_base::diagnostic::{Finding, Findings};
use node_base::policy::Policy;
use node_base::source::{FileId, Sources};
use std::path::Path;
use std::sync::Arc;

/// What one file came to.
#[derive(Debug)]
pub struct FileReport {
    /// The files that spans point into; the first is the file that was asked about.
    pub sources: Sources,
    /// As which version it was read, and why.
    pub syntax: Chosen<Version>,
    /// Name of the policy it was held against (`none`), and why.
    pub policy: Chosen<String>,
    /// Sorted by place.
    pub findings: Vec<Finding>,
    /// Findings that the file waives, with the reason it gives.
    pub waived: Vec<(Finding, String)>,
}

impl FileReport {
    /// The path that was asked about, as given (`-` for standard input).
    pub fn path(&self) -> &Path {
        self.sources.get(FileId(0)).path()
    }
}

/// A choice and the reason for it, for the summary line.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen<T> {
    /// What was chosen.
    pub value: T,
    /// Completes "RHEL9: …", as in "from its #version header" or "given with --syntax".
    pub because: String,
}

impl<T> Chosen<T> {
    /// A choice with its reason.
    pub fn new(value: T, because: impl Into<String>) -> Self {
        Chosen { value, because: because.into() }
    }
}

/// What a kickstart is held against; [`Default`] finds out from the kickstart itself.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The syntax version, when it does not come from the kickstart.
    pub syntax: Option<Chosen<Version>>,
    /// The syntax version of a kickstart that claims none; without one [`Version::DEFAULT`].
    pub default_syntax: Option<Chosen<Version>>,
    /// The policy (or that there is none), when it does not follow from the kickstart.
    pub policy: Option<Chosen<Option<Arc<Policy>>>>,
    /// The machine that the kickstarts are for; without one storage is checked for any disks.
    pub machine: Option<Arc<Machine>>,
    /// Which includes are followed; by default none.
    pub includes: Follow,
}

/// A kickstart that is parsed, and what it is held against.
#[derive(Debug)]
pub struct Read<'s> {
    /// As which version it was read, and why.
    pub syntax: Chosen<Version>,
    /// The policy as the add-on's section tightens it, and why this one.
    pub policy: Chosen<Option<Arc<Policy>>>,
    /// The policy before that: what the installer's own configuration says.
    pub profile: Option<Arc<Policy>>,
    /// Commands and sections.
    pub kickstart: kickstart::Kickstart<'s>,
    /// The add-on's section and the waivers.
    pub directives: Directives,
    /// What the parser found, and what is wrong with the directives.
    pub findings: Findings,
}

/// Parses a kickstart that is already in `sources`, without asking the rules. Includes are not followed.
pub fn read<'s>(sources: &'s Sources, file: FileId, settings: &Settings) -> Read<'s> {
    read_with_includes(sources, Includes::none(), file, settings)
}

/// As [`read()`], with the files that [`Follow::load`] has brought into `sources`.
pub fn read_with_includes<'s>(
    sources: &'s Sources,
    includes: &'s Includes,
    file: FileId,
    settings: &Settings,
) -> Read<'s> {
    let mut findings = Findings::new();
    let syntax = auto::syntax(sources, file, settings, &mut findings);
    let kickstart = kickstart::parse_with_includes(sources, includes, file, syntax.value, &mut findings);
    let directives = Directives::read(sources, &kickstart, &mut findings);
    let section = directives.section.as_ref();
    let mut policy = settings.policy.clone().unwrap_or_else(|| auto::policy(sources, &kickstart, section));
    let profile = policy.value.clone();
    if let (Some(policy), Some(section)) = (&mut policy.value, section) {
        *policy = Arc::new(apply_requirements(policy, section));
    }
    Read { syntax, policy, profile, kickstart, directives, findings }
}

/// Checks a kickstart that is already in `sources`.
pub fn lint(mut sources: Sources, file: FileId, settings: &Settings) -> FileReport {
    let includes = settings.includes.load(&mut sources, file);
    let (syntax, policy, directives, findings) = {
        let Read { syntax, policy, kickstart, directives, mut findings, .. } =
            read_with_includes(&sources, &includes, file, settings);
        let mut context = Context::new(&sources, &kickstart, policy.value.as_deref());
        context.machine = settings.machine.as_deref();
        context.section = directives.section.as_ref();
        for rule in rules::all() {
            (rule.check)(&context, &mut findings);
        }
        (syntax, policy, directives, findings)
    };
    let (findings, waived) = directives.apply_waivers(findings.into_sorted());
    let name = policy.value.map_or_else(|| "none".to_owned(), |p| p.name.clone());
    FileReport { sources, syntax, policy: Chosen::new(name, policy.because), findings, waived }
}
