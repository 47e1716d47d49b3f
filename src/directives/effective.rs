//! The effective settings: the section, overridden by kernel arguments.

use super::arguments::KernelArguments;
use super::section::{AddonSection, Enforce};
use super::{Directives, Surroundings, apply_requirements, policy_named};

/// The answer of `ks-lint addon`: what the add-on does. Kernel arguments override the section; where neither gives a
/// value, this is the default.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Effective {
    /// Version of this format.
    pub schema: u32,
    /// Whether the kickstart has the section.
    pub present: bool,
    /// The policy: `ovirt-node` unless the section or a kernel argument names one. Without a section only what
    /// a kernel argument says.
    pub policy: Option<String>,
    /// What the installer does with findings.
    pub enforce: Enforce,
    /// Name of the installed image; with `None`, `node-layout` reads it from the image.
    pub nvr: Option<String>,
    /// Whether the layout is initialised after the installation. With a section it is, unless something says otherwise.
    pub init: bool,
    /// Images that must fit, the installed one included; `None` when the policy does not say.
    pub keep_images: Option<u32>,
    /// Findings that are silenced.
    pub waivers: Vec<EffectiveWaiver>,
    /// What the section adds to the policy.
    pub requirements: Vec<EffectiveRequirement>,
}

/// A waiver in the answer.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct EffectiveWaiver {
    /// The silenced code.
    pub code: String,
    /// The author's reason.
    pub reason: String,
}

/// A requirement in the answer.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct EffectiveRequirement {
    /// Mount point.
    pub path: String,
    /// Least size in MiB.
    pub min_size: node_base::units::MiB,
}

impl Effective {
    /// The section's settings, overridden by kernel arguments.
    pub fn new(
        directives: &Directives,
        arguments: &KernelArguments,
        surroundings: &dyn Surroundings,
    ) -> Effective {
        let section = directives.section.as_ref();
        let policy = arguments
            .policy
            .as_ref()
            .map(|p| p.value.clone())
            .or_else(|| section.map(|s| s.policy_name().to_owned()));
        let keep_images = section.and_then(|s| s.keep_images.as_ref()).map(|i| i.value).or_else(|| {
            let policy = policy_named(policy.as_deref()?, surroundings).ok()?;
            section.map_or(policy.images.keep, |s| apply_requirements(&policy, s).images.keep)
        });
        Effective {
            schema: 1,
            present: section.is_some(),
            policy,
            enforce: arguments
                .enforce
                .as_ref()
                .or_else(|| section.and_then(|s| s.enforce.as_ref()))
                .map_or_else(Enforce::default, |e| e.value),
            nvr: arguments
                .nvr
                .as_ref()
                .or_else(|| section.and_then(|s| s.nvr.as_ref()))
                .map(|n| n.value.clone()),
            init: match (&arguments.layout, section) {
                (Some(layout), _) => layout.value,
                (None, Some(section)) => section.layout.as_ref().is_none_or(|l| l.value),
                (None, None) => false,
            },
            keep_images,
            waivers: directives
                .waivers
                .iter()
                .map(|w| EffectiveWaiver { code: w.code.clone(), reason: w.reason.clone() })
                .collect(),
            requirements: section
                .map_or(&[][..], |s: &AddonSection| &s.requirements)
                .iter()
                .map(requirement)
                .collect(),
        }
    }
}

fn requirement(requirement: &super::Requirement) -> EffectiveRequirement {
    EffectiveRequirement { path: requirement.mount.clone(), min_size: requirement.min_size }
}
