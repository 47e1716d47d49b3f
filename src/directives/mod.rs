//! What a kickstart says to this project: its `#version=` header, the `%addon org_ovirt_node` section, and waivers in
//! comments.
//!
//! ```text
//! %addon org_ovirt_node --policy=ovirt-node --enforce=error --nvr=ovirt-node-ng-4.5.6-0.20261121.0
//! layout --init                       # or --no-init
//! require /var/log --min-size=8192    # add or tighten a constraint, MiB
//! waive NODE012 --reason="lab host"
//! keep-images 2
//! %end
//! ```
//!
//! Directives are read before any rule runs, because they choose the policy and the findings that are waived
//! ([`Directives::read`]). Mistakes in them are findings.
//!
//! Invariant: opens no file and knows no rule. Policies and the list of all codes come from the caller
//! ([`Surroundings`]).

mod arguments; // ovirt_node.* on the kernel command line
mod codes; // what can be wrong with a directive
mod comments; // comments with waivers
mod covers; // which waivers cover a finding
mod effective; // section and kernel arguments together
mod header; // #version=
mod mistakes; // a bounded list of findings
mod options; // options of a line of the section
mod parse; // the section, line by line
mod requirements; // `require` and `keep-images` applied to a policy
mod section; // the section as types
mod unused; // waivers that waive nothing
mod values; // what an option's value may be
mod waivers; // one waiver

pub use arguments::KernelArguments;
pub(crate) use arguments::image_name_mistakes;
use codes::ADDON_REPEATED;
pub use codes::CODES;
pub use effective::Effective;
pub use header::{HEADER_CODES, version_header};
pub(crate) use header::{OTHER_RELEASE, VERSION_DEVEL, VERSION_UNKNOWN};
pub use requirements::apply_requirements;
pub use section::{AddonSection, Enforce, Placed, Requirement};
pub use waivers::{Waiver, WaiverPlace};

use covers::Covers;
use kickstart::include::Outcome;
use kickstart::{Kickstart, SectionKind};
use mistakes::Mistakes;
use node_base::diagnostic::{Category, Code, Finding, Findings, Severity};
use node_base::policy::{Policy, PolicyError, PolicyName};
use node_base::source::{FileId, Sources};
use std::sync::Arc;

/// The name of the section, which is that of the add-on's Python package.
pub const NAME: &str = "org_ovirt_node";

/// What the reader of directives asks its caller for.
pub trait Surroundings {
    /// Every code there is, for waivers.
    fn codes(&self) -> &'static [&'static Code];

    /// The policy of this name.
    ///
    /// # Errors
    /// A file that cannot be read or is not a policy.
    fn policy(&self, name: &PolicyName) -> Result<Arc<Policy>, PolicyError>;
}

/// The policy that the installer finds under this text: a built-in name, or an absolute path.
fn policy_named(text: &str, surroundings: &dyn Surroundings) -> Result<Arc<Policy>, PolicyError> {
    surroundings.policy(&PolicyName::parse_absolute(text)?)
}

/// What a kickstart says to this project, apart from its version.
#[derive(Debug, Default)]
pub struct Directives {
    /// The add-on's section; `None` in a kickstart without one.
    pub section: Option<AddonSection>,
    /// Waivers of the section and of comments, in the order of the file.
    pub waivers: Vec<Waiver>,
}

impl Directives {
    /// Reads the section and the comments of a kickstart. Mistakes in them go to `findings`; what could be read is
    /// returned all the same.
    pub fn read(
        sources: &Sources,
        kickstart: &Kickstart<'_>,
        surroundings: &dyn Surroundings,
        findings: &mut Findings,
    ) -> Directives {
        let mut mistakes = Mistakes::new(findings);
        let mut section: Option<AddonSection> = None;
        for candidate in kickstart.sections_of(SectionKind::Addon) {
            if candidate.positionals().next().is_none_or(|name| name.text != NAME) {
                continue;
            }
            match &section {
                None => section = Some(parse::section(sources, candidate, surroundings, &mut mistakes)),
                Some(first) => mistakes.push(
                    Finding::new(
                        &ADDON_REPEATED,
                        format!("this is a second %addon {NAME}; only the first one is used"),
                    )
                    .at(candidate.header_span)
                    .related(first.header, "the first one")
                    .help("move its lines into the first section"),
                ),
            }
        }
        let mut waivers = section.as_ref().map(|s| s.waivers.clone()).unwrap_or_default();
        for (file, in_section) in files_of(kickstart) {
            waivers.extend(comments::waivers(sources, file, in_section, surroundings, &mut mistakes));
        }
        // Of one comment in the order of its codes.
        waivers.sort_by_key(|w| w.code_span);
        Directives { section, waivers }
    }

    /// Splits findings into those that count and those that a waiver silences, with its reason. Findings about
    /// waivers and the section always count, and so do errors of syntax.
    pub fn apply_waivers(&self, findings: Vec<Finding>) -> AfterWaivers {
        let mut applied = AfterWaivers {
            findings: Vec::with_capacity(findings.len()),
            waived: Vec::new(),
            used: vec![false; self.waivers.len()],
        };
        let mut covers = Covers::of(&self.waivers);
        for finding in findings {
            let is_refused = finding.code.category == Category::Syntax && finding.severity == Severity::Error;
            let waiver = if is_refused { None } else { covers.mark(&finding, &mut applied.used) };
            match waiver {
                Some(number) => applied.waived.push((finding, self.waivers[number].reason.clone())),
                None => applied.findings.push(finding),
            }
        }
        applied
    }

    /// Findings about the waivers: those that waive nothing, and those that once waived more. Of the codes that
    /// `is_judged` refuses it is not known whether they would be found elsewhere.
    pub fn remarks(
        &self,
        applied: &AfterWaivers,
        sources: &Sources,
        is_judged: &dyn Fn(&str) -> bool,
    ) -> Vec<Finding> {
        unused::remarks(&self.waivers, &applied.used, &applied.findings, sources, is_judged)
    }
}

/// Findings after the waivers.
#[derive(Debug, Default)]
pub struct AfterWaivers {
    /// Those that count.
    pub findings: Vec<Finding>,
    /// Those that are waived, each with its reason.
    pub waived: Vec<(Finding, String)>,
    /// Whether each waiver waives something.
    used: Vec<bool>,
}

/// The files of a kickstart, and whether each is included in a section.
fn files_of(kickstart: &Kickstart<'_>) -> Vec<(FileId, bool)> {
    let mut files = vec![(kickstart.file, false)];
    for include in &kickstart.includes {
        if let Some(Outcome::File(file)) = include.outcome
            && files.iter().all(|(known, _)| known != file)
        {
            files.push((*file, include.section.is_some()));
        }
    }
    files
}
