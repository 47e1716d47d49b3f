//! What every boot loader must answer.

use super::next_kernel::KeptArguments;
use super::text_file::BootError;
use crate::files::{Change, Files};
use crate::machine::{Mount, below};
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
    /// the boot loader keeps itself are passed to `turn`, which answers with the new ones where they boot this root. `trial`
    /// says what becomes of a trial.
    ///
    /// # Errors
    /// [`BootError::Full`]: it does not fit.
    fn make_default(
        &self,
        root: &Path,
        id: &str,
        turn: &dyn Fn(&Arguments) -> Option<Arguments>,
        trial: TrialFate<'_>,
    ) -> Result<Vec<Change>, BootError>;

    /// Kernel arguments that it keeps itself for later kernels.
    fn kept_arguments(&self) -> Option<KeptArguments>;

    /// Why it would ignore the default that [`BootLoader::make_default`] sets; `None` if it does not.
    fn ignores_default(&self) -> Option<Finding>;

    /// What is wrong with how the default is stored now. `layer_entry` is the id of the layer's entry.
    fn check_default(&self, entries: &[BootEntry], layer_entry: &str) -> Vec<Finding>;

    /// What a person types to make entry `id` the default.
    fn set_default_command(&self, id: &str) -> String;

    /// The trial that it was told of, by what it has stored itself; `None` without one.
    fn trial(&self) -> Option<Trial>;

    /// The changes that tell it to boot entry `id` once, or as often as `tries` says, and the default again afterwards. It falls
    /// back to the default also if it cannot load the entry, where it has a way to be told so.
    ///
    /// # Errors
    /// [`BootError::Full`]: it does not fit.
    fn arm(&self, entries: &[BootEntry], id: &str, tries: u32) -> Result<Vec<Change>, BootError>;

    /// The changes that end a trial: afterwards nothing of it is stored, and the default boots. None if no trial is stored.
    ///
    /// # Errors
    /// [`BootError::Full`]: it does not fit.
    fn disarm(&self) -> Result<Vec<Change>, BootError>;

    /// The changes that let it fall back to the default, if a trial is stored and the entries have changed since: an index of
    /// the list of entries counts from its top. None if nothing has changed.
    ///
    /// # Errors
    /// [`BootError::Full`]: it does not fit.
    fn renew_fallback(&self, entries: &[BootEntry]) -> Result<Vec<Change>, BootError>;

    /// What its own counter of boots would do instead of booting the default, if that is set; and the changes that unset it.
    ///
    /// # Errors
    /// [`BootError::Full`]: it does not fit.
    fn counter(&self, entries: &[BootEntry]) -> Result<Option<(Finding, Vec<Change>)>, BootError> {
        let _ = entries;
        Ok(None)
    }

    /// Files that it loads with an entry and that the entry does not name, as paths in an entry.
    fn added_files(&self, entry: &BootEntry) -> Vec<String> {
        let _ = entry;
        Vec::new()
    }

    /// The id of another entry that it takes for this one, so that it lists only one of them.
    fn hidden_by(&self, entries: &[BootEntry], id: &str) -> Option<String> {
        let _ = (entries, id);
        None
    }

    /// Other configurations of the same boot loader that the firmware can start, and whose default is another.
    fn other_defaults(&self, entries: &[BootEntry], devices: &BootDevices<'_>) -> Vec<Finding> {
        let _ = (entries, devices);
        Vec::new()
    }

    /// Other configurations of the same boot loader that the firmware can start, and that are not written to.
    fn unwritten(&self, devices: &BootDevices<'_>) -> Vec<Finding> {
        let _ = devices;
        Vec::new()
    }

    /// Why it cannot be told to boot an entry once, as a sentence; `None` if it can.
    fn cannot_be_told(&self, devices: &BootDevices<'_>) -> Option<String>;

    /// The change after which it can be told, where what it stores is merely in the wrong place; `None` if that is not the reason.
    fn mend(&self, devices: &BootDevices<'_>) -> Option<Change>;

    /// Why it cannot be told to boot an entry several times before it goes back, as a sentence; `None` if it can.
    fn cannot_retry(&self) -> Option<String>;
}

/// What becomes of a trial when another entry is made the default.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TrialFate<'e> {
    /// It ends, in the same write where the boot loader has one place for both.
    Ends,
    /// It goes on, and falls back to the new default. These are the entries, the new default among them.
    GoesOn(&'e [BootEntry]),
}

/// The most times that an image can be tried.
pub(crate) const MOST_TRIES: u32 = 9;

/// A trial as a boot loader knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trial {
    /// Id of the entry that is tried.
    pub(crate) entry: String,
    /// How far it has come.
    pub(crate) stage: TrialStage,
}

/// How far a trial has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TrialStage {
    /// The next boot is that of its entry.
    Armed,
    /// The boot loader has started its entry.
    Consumed,
    /// Somebody has told the boot loader to boot this entry once instead.
    Replaced(String),
}

/// What a boot loader can write to depends on these.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BootDevices<'a> {
    /// Where the kernel's /sys is.
    pub(crate) environment: &'a Path,
    /// Root of the system.
    pub(crate) sysroot: &'a Path,
    /// What is mounted in the system.
    pub(crate) mounts: &'a [Mount],
    /// Whether the system is the running one.
    pub(crate) running: bool,
}

impl BootDevices<'_> {
    /// The file system that a file is on.
    pub(crate) fn mount_of(&self, path: &Path) -> Option<&Mount> {
        let at = |m: &&Mount| path.starts_with(below(self.sysroot, &m.target));
        self.mounts.iter().filter(at).max_by_key(|m| m.target.len())
    }
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
    /// Its boot entries.
    pub(super) entries: &'a [BootEntry],
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
