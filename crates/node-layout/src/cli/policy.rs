//! Which policy a verb goes by: the one that is asked for, else the one that `init` has recorded, else that of oVirt Node.

use crate::files::read_text;
use crate::machine::inside;
use crate::system::CONFIG_DIR;
use node_base::policy::{Policy, PolicyName};
use std::path::Path;

/// What the default is when nothing is recorded.
const DEFAULT: &str = "ovirt-node";

/// The policy of a verb.
pub(super) struct Chosen {
    pub(super) policy: Policy,
    /// Its text, if it is not built in.
    pub(super) text: Option<String>,
}

/// Loads the policy. `given` is the value of `--policy`: the name of a built-in policy, or a path.
pub(super) fn policy(given: Option<&str>, sysroot: &Path) -> anyhow::Result<Chosen> {
    let name = match given {
        Some(given) => PolicyName::parse(given, Path::new(""))?,
        None => recorded(sysroot)?,
    };
    let text = match name {
        PolicyName::Builtin(_) => None,
        PolicyName::File(_) => Some(name.text()?.into_owned()),
    };
    Ok(Chosen { policy: name.load()?, text })
}

fn recorded(sysroot: &Path) -> anyhow::Result<PolicyName> {
    let directory = inside(sysroot, CONFIG_DIR);
    let file = inside(sysroot, Path::new(CONFIG_DIR).join("layout.toml"));
    let Some(text) = read_text(&file)? else {
        return Ok(PolicyName::parse(DEFAULT, Path::new(""))?);
    };
    let table: Option<toml::Table> = text.parse().ok();
    let name = table.as_ref().and_then(|t| t.get("policy")?.as_str());
    let name = name.ok_or_else(|| anyhow::anyhow!("{} has no policy = \"…\"", file.display()))?;
    Ok(PolicyName::parse(name, &directory)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_that_init_has_recorded_is_the_default() {
        let sysroot = tempfile::tempdir().unwrap();
        let name = |given| policy(given, sysroot.path()).map(|chosen| chosen.policy.name);
        assert_eq!(name(None).unwrap(), "ovirt-node");
        let recorded = inside(sysroot.path(), CONFIG_DIR);
        std::fs::create_dir_all(&recorded).unwrap();
        std::fs::write(recorded.join("layout.toml"), "policy = \"ovirt-node-4.3\"\n").unwrap();
        assert_eq!(name(None).unwrap(), "ovirt-node-4.3");
        assert_eq!(name(Some("rhvh-4.4")).unwrap(), "rhvh-4.4", "--policy overrides it");
        std::fs::write(recorded.join("layout.toml"), "policy = \"policy.toml\"\n").unwrap();
        std::fs::write(recorded.join("policy.toml"), "name = \"site\"\nextends = \"ovirt-node\"\n").unwrap();
        assert_eq!(name(None).unwrap(), "site");
        std::fs::write(recorded.join("layout.toml"), "colour = 1\n").unwrap();
        let error = name(None).unwrap_err().to_string();
        assert!(error.contains("layout.toml has no policy"), "{error}");
    }
}
