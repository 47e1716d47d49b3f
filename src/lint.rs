//! One kickstart through parser and rules.

use crate::diagnostic::{Finding, Findings};
use crate::dialect::{self, Version};
use crate::policy::Policy;
use crate::rules::{self, Context};
use crate::source::{FileId, Sources};

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

/// A choice and the reason for it, for the summary line.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen<T> {
    /// What was chosen.
    pub value: T,
    /// "from its #version header", "given with --syntax", …
    pub because: String,
}

/// Checks a kickstart that is already in `sources`.
pub fn lint(
    sources: Sources,
    file: FileId,
    syntax: Chosen<Version>,
    policy: Option<&Policy>,
    because: String,
) -> FileReport {
    let mut findings = Findings::new();
    {
        let kickstart = dialect::parse(&sources, file, syntax.value, &mut findings);
        let context = Context { sources: &sources, kickstart: &kickstart, policy };
        for rule in rules::all() {
            (rule.check)(&context, &mut findings);
        }
    }
    let name = policy.map_or_else(|| "none".to_owned(), |p| p.name.clone());
    FileReport {
        sources,
        syntax,
        policy: Chosen { value: name, because },
        findings: findings.into_sorted(),
        waived: Vec::new(),
    }
}
