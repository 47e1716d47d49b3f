//! The section as types.

use super::{Surroundings, Waiver, policy_named};
use node_base::policy::{Policy, PolicyError};
use node_base::source::Span;
use node_base::units::MiB;
use std::sync::Arc;

/// A value with the place where it is given.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// The option or argument that gives it.
    pub span: Span,
}

/// What the installer does with findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Enforce {
    /// Errors stop the installation.
    #[default]
    Error,
    /// Findings are only logged and shown.
    Warn,
    /// Nothing is checked.
    Off,
}

impl Enforce {
    /// The levels by the names that `--enforce=` accepts.
    pub const NAMES: [(&'static str, Enforce); 3] =
        [("error", Enforce::Error), ("warn", Enforce::Warn), ("off", Enforce::Off)];

    /// The level of this name; `None` for any other text.
    pub fn from_name(name: &str) -> Option<Enforce> {
        Self::NAMES.iter().find(|(n, _)| *n == name).map(|(_, e)| *e)
    }
}

impl std::fmt::Display for Enforce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(Self::NAMES.iter().find(|(_, e)| e == self).map_or("error", |(name, _)| name))
    }
}

/// A volume that must exist, and its minimum size.
#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    /// Mount point.
    pub mount: String,
    /// Minimum size.
    pub min_size: MiB,
    /// The `require` line.
    pub span: Span,
}

/// The `%addon org_ovirt_node` section. What it does not give is `None`; methods answer with the defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct AddonSection {
    /// From the header to `%end`.
    pub span: Span,
    /// The header line.
    pub header: Span,
    /// `--policy=`: the name of a built-in policy, or an absolute path.
    pub policy: Option<Placed<String>>,
    /// `--enforce=`.
    pub enforce: Option<Placed<Enforce>>,
    /// `--nvr=`: the name of the installed image.
    pub nvr: Option<Placed<String>>,
    /// `layout --init` (true) or `layout --no-init`.
    pub layout: Option<Placed<bool>>,
    /// `require` lines, at most one a mount point.
    pub requirements: Vec<Requirement>,
    /// `waive` lines.
    pub waivers: Vec<Waiver>,
    /// `keep-images`: images that must fit, the installed one included.
    pub keep_images: Option<Placed<u32>>,
}

impl AddonSection {
    /// The policy of a section that names none.
    pub const DEFAULT_POLICY: &'static str = "ovirt-node";

    /// A section that gives nothing.
    pub(super) fn empty(span: Span, header: Span) -> Self {
        AddonSection {
            span,
            header,
            policy: None,
            enforce: None,
            nvr: None,
            layout: None,
            requirements: Vec::new(),
            waivers: Vec::new(),
            keep_images: None,
        }
    }

    /// The name or path of the policy.
    pub fn policy_name(&self) -> &str {
        self.policy.as_ref().map_or(Self::DEFAULT_POLICY, |p| &p.value)
    }

    /// The policy that the section names, without its own requirements; see [`super::apply_requirements`].
    ///
    /// # Errors
    /// An unknown name, or a file that cannot be read or is not a policy.
    pub fn policy(&self, surroundings: &dyn Surroundings) -> Result<Arc<Policy>, PolicyError> {
        policy_named(self.policy_name(), surroundings)
    }
}
