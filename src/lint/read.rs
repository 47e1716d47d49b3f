//! A kickstart, parsed, with its directives, before any rule runs.

use super::auto;
use super::chosen::Chosen;
use super::release;
use super::settings::Settings;
use super::surroundings::ThisMachine;
use crate::directives::{Directives, apply_requirements};
use kickstart::include::Includes;
use kickstart::{Kickstart, Version};
use node_base::diagnostic::Findings;
use node_base::policy::Policy;
use node_base::source::{FileId, Sources};
use std::sync::Arc;

/// A parsed kickstart, and what it is checked against.
#[derive(Debug)]
pub struct Read<'s> {
    /// The files that spans point into.
    pub sources: &'s Sources,
    /// The version it was read as, and why.
    pub syntax: Chosen<Version>,
    /// The policy as the add-on's section tightens it, and why this one.
    pub policy: Chosen<Option<Arc<Policy>>>,
    /// The policy without the section: what the installer's own profile says.
    pub profile: Option<Arc<Policy>>,
    /// Commands and sections.
    pub kickstart: Kickstart<'s>,
    /// The add-on's section and the waivers.
    pub directives: Directives,
    /// What is wrong with the syntax and the directives.
    pub findings: Findings,
}

/// Parses a kickstart that is already in `sources`. Includes are not followed.
pub fn read<'s>(sources: &'s Sources, file: FileId, settings: &Settings) -> Read<'s> {
    read_with_includes(sources, Includes::none(), file, settings)
}

/// As [`read()`], with the files that [`Follow::load`](super::include::Follow::load) has brought into `sources`.
pub fn read_with_includes<'s>(
    sources: &'s Sources,
    includes: &'s Includes,
    file: FileId,
    settings: &Settings,
) -> Read<'s> {
    let mut findings = Findings::new();
    let (syntax, kickstart) = release::parse(sources, includes, file, settings, &mut findings);
    let directives = Directives::read(sources, &kickstart, &ThisMachine, &mut findings);
    let section = directives.section.as_ref();
    let mut policy = settings.policy.clone().unwrap_or_else(|| auto::policy(sources, &kickstart, section));
    let profile = policy.value.clone();
    if let (Some(policy), Some(section)) = (&mut policy.value, section) {
        *policy = Arc::new(apply_requirements(policy, section));
    }
    Read { sources, syntax, policy, profile, kickstart, directives, findings }
}
