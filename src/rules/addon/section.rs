//! The section as types.

use node_base::policy::{Policy, PolicyError, PolicyName};
use node_base::source::Span;
use node_base::units::MiB;

/// A value with the place where it is given.
#[derive(Clone, Debug, PartialEq)]
pub struct Given<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

/// What the installer does with findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Enforce {
    /// Errors stop the installation.
    #[default]
    Error,
    /// Everything is only logged and shown.
    Warn,
    /// Nothing is checked.
    Off,
}

impl Enforce {
    /// All of them by name.
    pub const NAMES: [(&'static str, Enforce); 3] =
        [("error", Enforce::Error), ("warn", Enforce::Warn), ("off", Enforce::Off)];

    /// By name.
    pub fn from_name(name: &str) -> Option<Enforce> {
        Self::NAMES.iter().find(|(n, _)| *n == name).map(|(_, e)| *e)
    }
}

impl std::fmt::Display for Enforce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(Self::NAMES.iter().find(|(_, e)| e == self).map_or("error", |(name, _)| name))
    }
}

/// A volume that has to be there, and its least size.
#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    /// Mount point.
    pub mount: String,
    /// Least size.
    pub min_size: MiB,
    /// The line.
    pub span: Span,
}

/// A kind of finding that is silenced in this file, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiver {
    /// Its code.
    pub code: String,
    /// Why, in the words of whoever wrote the kickstart.
    pub reason: String,
    /// The line or comment.
    pub span: Span,
}

/// The `%addon org_ovirt_node` section. What it does not say is `None`; the defaults stand at the methods.
#[derive(Clone, Debug, PartialEq)]
pub struct AddonSection {
    /// From the header to `%end`.
    pub span: Span,
    /// The header line.
    pub header: Span,
    /// `--policy=`: the name of a built-in policy, or an absolute path.
    pub policy: Option<Given<String>>,
    /// `--enforce=`.
    pub enforce: Option<Given<Enforce>>,
    /// `--nvr=`: what the installed image is called.
    pub nvr: Option<Given<String>>,
    /// `layout --init` (true) or `layout --no-init`.
    pub layout: Option<Given<bool>>,
    /// `require` lines, one a mount point.
    pub requirements: Vec<Requirement>,
    /// `waive` lines.
    pub waivers: Vec<Waiver>,
    /// `keep-images`: images that must fit, the installed one included.
    pub keep_images: Option<Given<u32>>,
}

impl AddonSection {
    /// The policy of a section that names none.
    pub const DEFAULT_POLICY: &'static str = "ovirt-node";

    /// A section that says nothing.
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

    /// The policy that it names, without its own requirements; see [`super::apply_requirements`].
    ///
    /// # Errors
    /// No such policy, or a file that cannot be read or understood.
    pub fn load_policy(&self) -> Result<Policy, PolicyError> {
        load_policy(self.policy_name())
    }
}

/// The policy of this name, or from this absolute path.
pub(super) fn load_policy(name: &str) -> Result<Policy, PolicyError> {
    let name = PolicyName::parse_absolute(name)?;
    if let PolicyName::File(path) = &name
        // A pipe or a device would be waited for without an end.
        && path.metadata().is_ok_and(|m| !m.is_file())
    {
        let error = std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a regular file");
        return Err(PolicyError::Read { path: path.display().to_string(), error });
    }
    name.load()
}
