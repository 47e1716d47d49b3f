//! The machine that a call works on.

use crate::cli::policy::policy;
use crate::machine::{Lock, Tools, freeze};
use crate::system::{Request, System};
use anyhow::Context;
use node_base::policy::Policy;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a call waits for another run of `node-layout`.
const LOCK_WAIT: Duration = Duration::from_secs(60);

/// The machine that a call works on.
pub struct Host<'a> {
    tools: &'a dyn Tools,
    sysroot: PathBuf,
    is_root: bool,
}

impl<'a> Host<'a> {
    /// The machine that this process runs on, with the rights of this process.
    pub(super) fn of_process(tools: &'a dyn Tools) -> Host<'a> {
        Host::new(tools, Path::new("/"), rustix::process::geteuid().is_root())
    }

    /// A machine, the root of its system, and whether the caller is root.
    pub fn new(tools: &'a dyn Tools, sysroot: &Path, is_root: bool) -> Host<'a> {
        Host { tools, sysroot: sysroot.to_owned(), is_root }
    }

    pub(super) fn tools(&self) -> &'a dyn Tools {
        self.tools
    }

    pub(super) fn is_root(&self) -> bool {
        self.is_root
    }

    /// Reads the system.
    pub(super) fn read(&self) -> System {
        let request = Request { sysroot: self.sysroot.clone(), addon_nvr: None, nvr: None };
        System::read(self.tools, &request)
    }

    /// The policy that `init` has recorded.
    pub(super) fn policy(&self) -> anyhow::Result<Policy> {
        Ok(policy(None, &self.sysroot)?.policy)
    }

    /// Takes the lock that work needs which changes something.
    pub(super) fn lock(&self) -> anyhow::Result<Lock> {
        let lock = Lock::acquire(self.tools.environment(), LOCK_WAIT)?;
        freeze::thaw_left_over(self.tools)
            .context("a killed node-layout left a file system frozen, and it cannot be thawed")?;
        Ok(lock)
    }
}

impl std::fmt::Debug for Host<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("sysroot", &self.sysroot).field("is_root", &self.is_root).finish()
    }
}
