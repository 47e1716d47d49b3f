//! The machine: its disks before the installation, the installer that runs on it, and all its devices as the installer
//! sees them.

pub(crate) mod account; // what the volumes of a group take
pub(crate) mod device; // disks, partitions, groups, volumes
pub(crate) mod disk; // a disk before the installation
pub(crate) mod format; // file systems and their limits
pub(crate) mod id; // the number of a device
pub(crate) mod lvm; // LVM's arithmetic and limits
pub(crate) mod md; // software RAID
pub(crate) mod profile; // Anaconda's configuration of a product
pub(crate) mod release; // what differs between releases
pub(crate) mod table; // partition tables
pub(crate) mod tree; // all devices

pub use device::{Array, Cache, Device, Disk, Group, Kind, PartitionRequest, Role, Volume, disk_order};
pub use disk::{DiskError, DiskSpec, Label, OldPartition, OldVolume, check_names, parse_size};
pub use format::{Format, FormatKind};
pub use id::DeviceId;
pub use md::{Level, superblock};
pub use profile::{DefaultVolume, Profile};
pub use release::{Firmware, NotModelled, Release};
pub use table::{Entry, Region, Slot, Table};
pub use tree::Tree;

use node_base::units::Bytes;

/// The machine that the kickstart is for.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Machine {
    /// Its disks before the installation.
    pub disks: Vec<DiskSpec>,
    /// How it starts.
    pub firmware: Firmware,
    /// Memory in bytes.
    pub memory: Bytes,
}
