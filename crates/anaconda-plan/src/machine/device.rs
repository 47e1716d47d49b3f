//! Devices: disks, partitions, arrays, groups and volumes, those that exist and those that will be made.
//!
//! Source: blivet's `devices/*.py`.

use crate::machine::format::Format;
use crate::machine::id::DeviceId;
use crate::machine::md;
use crate::machine::table::Table;
use node_base::source::Span;
use node_base::units::Bytes;
use std::collections::BTreeSet;

/// A disk.
#[derive(Clone, Debug)]
pub struct Disk {
    /// Its size.
    pub size: Bytes,
    /// Bytes in a logical sector.
    pub sector: u32,
    /// Its partition table.
    pub table: Option<Table>,
    /// Whether the table will be written anew.
    pub new_table: bool,
}

/// The request for a partition.
#[derive(Clone, Debug, Default)]
pub struct PartitionRequest {
    /// Disks that it may be on; empty for any.
    pub disks: Vec<DeviceId>,
    /// `--asprimary`
    pub primary: bool,
    /// `--grow`
    pub grow: bool,
    /// Size asked for, raised to the format's least.
    pub size: Bytes,
    /// `--maxsize`
    pub max: Option<Bytes>,
    /// Whether the machine starts from it (`/boot`).
    pub bootable: bool,
}

/// A software RAID array.
#[derive(Clone, Debug)]
pub struct Array {
    /// Its level.
    pub level: md::Level,
    /// Members without the spares.
    pub active: usize,
    /// Bytes in a chunk; `None` for the default.
    pub chunk: Option<Bytes>,
}

/// A volume group.
#[derive(Clone, Debug)]
pub struct Group {
    /// Bytes in an extent.
    pub extent: Bytes,
    /// `--reserved-percent`
    pub reserved_percent: u64,
    /// `--reserved-space`
    pub reserved_space: Bytes,
    /// Whether room for the pool to grow is kept, as autopart does.
    pub pool_reserve: bool,
    /// Its volumes, thin ones included, in the order they were made.
    pub volumes: BTreeSet<DeviceId>,
    /// Whether a disk that may not be used holds a part of it.
    pub incomplete: bool,
}

/// The kinds of logical volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// A thick one.
    Linear,
    /// A thin pool.
    Pool {
        /// Size of its metadata; zero until it is computed.
        metadata: Bytes,
        /// Chunk; zero until it is computed.
        chunk: Bytes,
    },
    /// A thin one.
    Thin {
        /// Its pool.
        pool: DeviceId,
    },
}

/// The cache of a volume, zero where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cache {
    /// Its data.
    pub data: Bytes,
    /// Its metadata.
    pub metadata: Bytes,
}

/// A logical volume.
#[derive(Clone, Debug)]
pub struct Volume {
    /// Its volume group.
    pub group: DeviceId,
    /// Its kind.
    pub role: Role,
    /// Its size so far, while volumes grow.
    pub size: Bytes,
    /// The size it was asked to have.
    pub asked: Bytes,
    /// `--grow`
    pub grow: bool,
    /// `--maxsize`
    pub max: Option<Bytes>,
    /// `--percent`
    pub percent: u64,
    /// Its cache on fast devices.
    pub cache: Cache,
}

/// The kinds of device.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A disk.
    Disk(Disk),
    /// A partition; its place is in the disk's table.
    Partition(PartitionRequest),
    /// A software RAID array.
    Array(Array),
    /// An opened LUKS device.
    Luks,
    /// A volume group.
    Group(Group),
    /// A logical volume.
    Volume(Volume),
    /// A btrfs volume, and the RAID level of its data.
    Btrfs(Option<md::Level>),
    /// A btrfs subvolume.
    Subvolume,
    /// A file system in memory.
    Memory(Bytes),
}

/// One device.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its name: `vda1`, `onn-root`, `pv.01` before it has a place.
    pub name: String,
    /// Its kind, with the facts of that kind.
    pub kind: Kind,
    /// The devices that it is on.
    pub parents: Vec<DeviceId>,
    /// Whether it exists before the installation.
    pub exists: bool,
    /// Its content.
    pub format: Format,
    /// Whether it was removed.
    pub gone: bool,
    /// The name that the kickstart calls it by: `pv.01`, `raid.10`.
    pub alias: Option<String>,
    /// The command that asks for it.
    pub span: Option<Span>,
}

impl Device {
    /// A device that will be made.
    pub(crate) fn new(name: impl Into<String>, kind: Kind, parents: Vec<DeviceId>) -> Device {
        Device {
            name: name.into(),
            kind,
            parents,
            exists: false,
            format: Format::NONE,
            gone: false,
            alias: None,
            span: None,
        }
    }

    /// The same device, which exists already.
    pub(crate) fn existing(mut self) -> Device {
        self.exists = true;
        self
    }

    /// The logical volume that it is.
    pub fn volume(&self) -> Option<&Volume> {
        match &self.kind {
            Kind::Volume(v) => Some(v),
            _ => None,
        }
    }

    /// The request for it; `None` if it is not a partition.
    pub(crate) fn partition_request(&self) -> Option<&PartitionRequest> {
        match &self.kind {
            Kind::Partition(request) => Some(request),
            _ => None,
        }
    }

    /// The volume group that it is.
    pub fn group(&self) -> Option<&Group> {
        match &self.kind {
            Kind::Group(g) => Some(g),
            _ => None,
        }
    }
}

impl Group {
    /// One that reserves nothing.
    pub(crate) fn new(extent: Bytes) -> Group {
        Group {
            extent,
            reserved_percent: 0,
            reserved_space: Bytes(0),
            pool_reserve: false,
            volumes: BTreeSet::new(),
            incomplete: false,
        }
    }
}

/// `vda1`, `nvme0n1p1`.
pub(crate) fn partition_name(disk: &str, number: u32) -> String {
    let p = if disk.ends_with(|c: char| c.is_ascii_digit()) { "p" } else { "" };
    [disk, p, &number.to_string()].concat()
}

/// What Anaconda sorts a disk by when the BIOS says nothing about its place: the kind in its name, then how long the name is, then
/// the name.
pub fn disk_order(name: &str) -> (u8, usize, &str) {
    let kind = match name {
        n if n.starts_with("vd") || n.starts_with("xvd") => 0,
        n if n.starts_with("hd") => 1,
        n if n.starts_with("sd") => 2,
        _ => 3,
    };
    (kind, name.len(), name)
}
