//! Disks and file systems: LVM, the thin pool, the content of a volume, `/etc/fstab`.

pub(crate) mod content; // the content of a base as a number
mod fstab; // /etc/fstab, edited field by field
mod lvm; // LVM's report and its commands
pub(crate) mod pool; // commands on the thin pool, its profile
mod root_fs; // the file systems that a base can be made of
pub(crate) mod thin; // what a thin volume uses of its pool

pub use fstab::{Fstab, Mounting};
pub use lvm::{LogicalVolume, Lvm, LvmError, VolumeGroup};
pub(crate) use lvm::{
    LvmCommands, TAG_BASE, TAG_INIT, TAG_LAYER, TAG_MAKING, TAG_POOL, TAG_READY, TAG_REASON_PREFIX,
    TAG_ROOT_PREFIX, TAG_STARTED, TAG_UNFINISHED, TAG_VG, is_lv_name, share,
};
pub(crate) use root_fs::RootFs;
