//! The machine: programs that are run, the kernel's view of devices and mounts, the lock.
//!
//! Everything above this room works the same on [`RealTools`] and on a test's model of a machine.

mod command; // a program and its arguments
mod devices; // block devices by number
pub(crate) mod freeze; // a file system never stays frozen
mod lock; // one node-layout at a time
mod mounts; // /proc/self/mountinfo
mod real; // the machine this process runs on
mod stream; // output read while a program runs
mod tools; // the boundary

pub use command::Command;
pub(crate) use command::quoted;
pub(crate) use devices::{device_path, device_size, dm_uuid, is_lvm_device, partition_start, random_uuid};
pub(crate) use lock::Lock;
pub(crate) use mounts::{Mount, mount_points, mounts_below, unescaped, unmount_all};
pub use real::RealTools;
pub use tools::{Output, Space, ToolError, Tools};
pub(crate) use tools::{below, freeze_and_thaw, inside};
