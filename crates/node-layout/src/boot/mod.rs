//! The boot configuration of an installed system: boot loader, entries, default, and the kernel arguments kept for later kernels.
//!
//! What differs from boot loader to boot loader is behind the trait `BootLoader`, one file each. A new one is a file with an
//! implementation, and a line in `LOADERS` (config.rs).

mod config; // entries and boot loader of a system
pub(crate) mod efi; // UEFI variables
mod grub; // GRUB with BLS entries
mod grub_custom; // several tries of an entry
mod grub_files; // where its configuration and its environment block are
mod grub_menu; // its list of entries
mod grubenv; // GRUB's environment block
mod loader; // what every boot loader must answer
mod next_kernel; // kernel arguments kept for the next kernel
mod systemd_boot; // systemd-boot
mod target; // the layer, and root's names in kernel arguments
mod text_file; // files and errors
mod trial_arguments; // kernel arguments of a trial

pub use config::BootConfig;
pub(crate) use grub_menu::counted_by_grubby;
pub(crate) use loader::{BootDevices, MOST_TRIES, TrialFate, TrialStage};
pub(crate) use target::RootNaming;
pub use target::Target;
pub use text_file::BootError;
pub(crate) use text_file::TextFile;
pub(crate) use trial_arguments::{TRIAL_ARGUMENT, TrialArguments};
