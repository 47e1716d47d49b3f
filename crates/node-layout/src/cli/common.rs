//! Options of every verb, and what they lead to.

use crate::machine::{Lock, RealTools, Tools, freeze};
use crate::system::{Request, System};
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Options of every verb.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Common {
    /// Root of the system
    #[arg(long, value_name = "DIR", default_value = "/")]
    sysroot: PathBuf,
    /// Text for people, or JSON for programs
    #[arg(long, value_enum, default_value = "human")]
    pub(super) format: Format,
    /// How long to wait until other programs release LVM's lock
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    lock_wait: u64,
    /// Directory in which programs (lvm, fsfreeze, …) are looked for before /usr/sbin, /usr/bin, /sbin and /bin; the PATH of
    /// the caller does not count
    #[arg(long, value_name = "DIR")]
    tools_path: Option<PathBuf>,
    /// Directory of LVM's configuration, instead of /etc/lvm; LVM_SYSTEM_DIR of the caller does not count
    #[arg(long, value_name = "DIR")]
    lvm_config: Option<PathBuf>,
}

/// The form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// Text.
    Human,
    /// JSON; with progress one object a line.
    Json,
}

impl Common {
    /// The machine.
    ///
    /// # Errors
    /// A directory that was given does not exist.
    pub(super) fn tools(&self) -> anyhow::Result<RealTools> {
        let mut tools = RealTools::default().with_lock_limit(Duration::from_secs(self.lock_wait));
        if let Some(path) = &self.tools_path {
            tools = tools.with_programs(directory("--tools-path", path)?);
        }
        if let Some(path) = &self.lvm_config {
            tools = tools.with_lvm_config(directory("--lvm-config", path)?);
        }
        Ok(tools)
    }

    /// Root of the system as an absolute path.
    pub(super) fn sysroot(&self) -> anyhow::Result<PathBuf> {
        directory("--sysroot", &self.sysroot)
    }

    /// Reads the system; `addon_nvr` and `nvr` name its image.
    pub(super) fn read(
        &self,
        addon_nvr: Option<String>,
        nvr: Option<String>,
    ) -> anyhow::Result<(RealTools, System)> {
        let tools = self.tools()?;
        let request = Request { sysroot: self.sysroot()?, addon_nvr, nvr };
        let system = System::read(&tools, &request);
        Ok((tools, system))
    }

    /// Takes the lock that every verb needs which changes something.
    pub(super) fn lock(&self) -> anyhow::Result<Lock> {
        let tools = self.tools()?;
        let lock = Lock::acquire(tools.environment(), Duration::from_secs(self.lock_wait))?;
        freeze::thaw_left_over(&tools)
            .context("a killed node-layout left a file system frozen, and it cannot be thawed")?;
        Ok(lock)
    }
}

/// The absolute path of a directory that an option names.
pub(super) fn directory(option: &str, path: &Path) -> anyhow::Result<PathBuf> {
    let absolute = std::fs::canonicalize(path).with_context(|| format!("{option} {}", path.display()))?;
    // Paths become arguments of programs and lines of reports.
    anyhow::ensure!(absolute.to_str().is_some(), "{option} {} is not UTF-8", absolute.display());
    Ok(absolute)
}
