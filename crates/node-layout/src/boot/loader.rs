//! What every boot loader must answer.

use super::next_kernel::KeptArguments;
use super::text_file::BootError;
use crate::files::{Change, Files};
use node_base::boot_entry::BootEntry;
use node_base::cmdline::Arguments;
use node_base::diagnostic::Finding;
use std::fmt;
use std::path::Path;

/// A boot loader whose entries follow the Boot Loader Specification.
pub(crate) trait BootLoader: fmt::Debug {
    /// Whether it needs its entries and kernels on FAT. Then `/boot` may be FAT whatever the policy says.
    fn needs_fat(&self) -> bool;

    /// The entry that it boots by default. `entries` are sorted as boot loaders list them: newest kernel first.
    fn default_entry<'e>(&self, entries: &'e [BootEntry]) -> Option<&'e BootEntry>;

    /// The kernel arguments that it inserts for a variable such as `$kernelopts` in an entry; `None` if it does not know the
    /// variable.
    fn variable(&self, name: &str) -> Option<Arguments>;

    /// The changes that make entry `id` the default. `root` is the directory that `/` means in entries. Kernel arguments that
    /// the boot loader keeps itself are passed to `turn`, which answers with the new ones where they boot this root.
    ///
    /// # Errors
    /// [`BootError::Full`]: it does not fit.
    fn make_default(
        &self,
        root: &Path,
        id: &str,
        turn: &dyn Fn(&Arguments) -> Option<Arguments>,
    ) -> Result<Vec<Change>, BootError>;

    /// Kernel arguments that it keeps itself for later kernels.
    fn kept_arguments(&self) -> Option<KeptArguments>;

    /// Why it would ignore the default that [`BootLoader::make_default`] sets; `None` if it does not.
    fn ignores_default(&self) -> Option<Finding>;

    /// What is wrong with how the default is stored now. `layer_entry` is the id of the layer's entry.
    fn check_default(&self, entries: &[BootEntry], layer_entry: &str) -> Vec<Finding>;

    /// What a person types to make entry `id` the default.
    fn set_default_command(&self, id: &str) -> String;
}

/// Where boot entries and boot loader configurations can be, in the order of preference.
pub(super) const DIRECTORIES: [&str; 3] = ["/boot", "/efi", "/boot/efi"];

/// A system in which a boot loader is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// Root of the system.
    pub(super) sysroot: &'a Path,
    /// Where the kernel's UEFI variables are, if the system is the running one.
    pub(super) environment: Option<&'a Path>,
    /// Its files.
    pub(super) files: &'a Files,
}

/// Finds a boot loader in a system; `None` if it is not installed.
pub(super) type Find = fn(&Place<'_>) -> Result<Option<Found>, BootError>;

/// How sure it is that a boot loader is the one that starts the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Evidence {
    /// Its configuration exists.
    Installed,
    /// It has started the running system.
    Running,
}

/// A boot loader that was found in a system.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) evidence: Evidence,
    pub(super) loader: Box<dyn BootLoader>,
}
