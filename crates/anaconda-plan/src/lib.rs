//! What a kickstart asks for ([`model`]) and what Anaconda makes of it on given disks ([`mod@plan`]).
//!
//! Invariant: the arithmetic is the installer's own, release by release; what the installer does not decide is not
//! decided here. Nothing here reads a device: disks are descriptions ([`disk`], or facts from the room `host`).

pub mod anywhere; // what is refused on any disks
pub mod autopart; // autopart and reqpart
pub mod bootloader; // boot disk, stage 1, stage 2
pub mod capacity; // how many images fit
pub mod cause; // why the installer refuses
pub mod check; // the storage checker
mod chunk; // free regions, the partitions in them
pub mod commands; // kickstart commands into the model
pub mod custom; // part, raid, volgroup, logvol, btrfs
pub mod device; // disks, partitions, groups, volumes
pub mod disk; // what a person says about a disk
pub mod format; // file systems and their limits
pub mod growth; // shares of free space
pub mod lvm; // groups, pools, volumes
pub mod manual; // mount
pub mod md; // software RAID
pub mod minimum; // the smallest disk that will do
pub mod model; // what the kickstart asks for
pub mod partitions; // places and sizes of partitions
pub mod plan; // the order of it all, the verdict
pub mod release; // what differs between releases and profiles
pub mod select; // ignoredisk, clearpart, zerombr
pub mod swap; // suggested swap
pub mod table; // partition tables
pub mod tree; // all devices, what stands on what

pub use disk::{DiskError, DiskSpec, Label, parse_size};
pub use plan::{Machine, Plan, Verdict, plan};
pub use release::{Firmware, NotModelled, Release};
