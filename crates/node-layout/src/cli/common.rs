//! Options of every verb, and what they lead to.

use crate::machine::{Lock, RealTools, Tools};
use crate::system::{Request, System};
use anyhow::Context;
use std::path::PathBuf;
use std::time::Duration;

/// Options of every verb.
#[derive(Debug, clap::Args)]
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
    pub(super) fn tools(&self) -> RealTools {
        RealTools::with_lock_limit(Duration::from_secs(self.lock_wait))
    }

    /// Root of the system as an absolute path.
    pub(super) fn sysroot(&self) -> anyhow::Result<PathBuf> {
        let path = std::fs::canonicalize(&self.sysroot)
            .with_context(|| format!("--sysroot {}", self.sysroot.display()))?;
        // Paths become arguments of programs and lines of reports.
        anyhow::ensure!(path.to_str().is_some(), "--sysroot {} is not UTF-8", path.display());
        Ok(path)
    }

    /// Reads the system; `addon_nvr` and `nvr` name its image.
    pub(super) fn read(
        &self,
        addon_nvr: Option<String>,
        nvr: Option<String>,
    ) -> anyhow::Result<(RealTools, System)> {
        let tools = self.tools();
        let request = Request { sysroot: self.sysroot()?, addon_nvr, nvr };
        let system = System::read(&tools, &request);
        Ok((tools, system))
    }

    /// Takes the lock that every verb needs which changes something.
    pub(super) fn lock(&self) -> anyhow::Result<Lock> {
        Ok(Lock::acquire(self.tools().environment(), Duration::from_secs(self.lock_wait))?)
    }
}
