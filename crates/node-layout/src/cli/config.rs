//! What the administrator has set in `/etc/node-layout/layout.toml`, besides the policy that `init` records there.

use crate::files::read_text;
use crate::machine::inside;
use crate::system::CONFIG_DIR;
use anyhow::Context;
use serde::Deserialize;
use std::path::Path;

/// The settings. A file that does not exist sets none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct Settings {
    /// How many images `confirm` keeps.
    pub(super) keep_images: Option<u32>,
    /// Units that must be active before a trial is confirmed.
    pub(super) required_units: Vec<String>,
    /// Packages of this host that an update leaves behind.
    pub(super) leave_packages: Vec<String>,
}

impl Settings {
    /// Reads the settings of a system.
    ///
    /// # Errors
    /// The file cannot be read, or a value is not of its kind.
    pub(super) fn read(sysroot: &Path) -> anyhow::Result<Settings> {
        let file = inside(sysroot, Path::new(CONFIG_DIR).join("layout.toml"));
        let Some(text) = read_text(&file)? else { return Ok(Settings::default()) };
        let settings: Settings = toml::from_str(&text).with_context(|| file.display().to_string())?;
        if let Some(keep) = settings.keep_images.filter(|keep| *keep < 2) {
            anyhow::bail!(
                "{}: keep-images = {keep}: at least 2 images are kept, the running one and one to go back to",
                file.display()
            );
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_beside_the_policy_and_checked() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Settings::read(dir.path()).unwrap(), Settings::default());
        let put = |text: &str| {
            std::fs::create_dir_all(dir.path().join("etc/node-layout")).unwrap();
            std::fs::write(dir.path().join("etc/node-layout/layout.toml"), text).unwrap();
            Settings::read(dir.path()).map_err(|error| format!("{error:#}"))
        };
        let text = "policy = \"ovirt-node\"\nkeep-images = 3\nrequired-units = [\"vdsmd.service\"]\nleave-packages = [\"strace\"]\n";
        let expected = Settings {
            keep_images: Some(3),
            required_units: vec!["vdsmd.service".into()],
            leave_packages: vec!["strace".into()],
        };
        assert_eq!(put(text).unwrap(), expected);
        assert!(put("keep-images = 1\n").unwrap_err().contains("at least 2 images are kept"));
        assert!(put("keep-images = \"many\"\n").unwrap_err().contains("layout.toml"));
    }
}
