//! What a kickstart asks of the disks: its storage commands as values, each with its place.
//!
//! Invariant: this is what is *asked*; whether it can be had is decided by the plan.

use node_base::policy::Scheme;
use node_base::source::Span;
use node_base::units::Bytes;

/// All storage commands of one kickstart, in the order of each kind.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// `ignoredisk`, `clearpart`, `zerombr`
    pub selection: Selection,
    /// `bootloader`
    pub boot_loader: BootLoader,
    /// `autopart`
    pub autopart: Option<Autopart>,
    /// `reqpart`
    pub reqpart: Option<Reqpart>,
    /// `part`
    pub partitions: Vec<Part>,
    /// `raid`
    pub arrays: Vec<Raid>,
    /// `volgroup`
    pub groups: Vec<VolGroup>,
    /// `logvol`
    pub volumes: Vec<LogVol>,
    /// `btrfs`
    pub btrfs: Vec<Btrfs>,
    /// `mount`
    pub mounts: Vec<Mount>,
    /// `snapshot`
    pub snapshots: Vec<Snapshot>,
}

/// `snapshot`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The origin, as `group/volume`.
    pub origin: Named,
    /// `--name`
    pub name: String,
    /// `--when=post-install`: the origin is a volume that this installation makes or keeps.
    pub after: bool,
}

/// A name in a kickstart and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// As written, without `/dev/`.
    pub name: String,
    /// The place of its value.
    pub span: Span,
}

/// Which partitions `clearpart` removes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clear {
    /// No partition.
    #[default]
    None,
    /// Those of Linux.
    Linux,
    /// All partitions.
    All,
    /// Those in the list.
    List,
}

/// Disks used and what is removed from them.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// `ignoredisk --drives`
    pub ignored: Vec<Named>,
    /// `ignoredisk --only-use`
    pub only: Vec<Named>,
    /// `clearpart --all`, `--linux`, `--list`
    pub clear: Clear,
    /// `clearpart --drives`
    pub drives: Vec<Named>,
    /// `clearpart --list`
    pub devices: Vec<Named>,
    /// `clearpart --initlabel`
    pub init_labels: bool,
    /// `clearpart --disklabel`
    pub label: Option<Named>,
    /// `zerombr`
    pub zerombr: bool,
}

/// Where the boot loader is installed.
#[derive(Clone, Debug, Default)]
pub struct BootLoader {
    /// `--location=none` or `--disabled`
    pub disabled: bool,
    /// `--location=partition`
    pub on_partition: bool,
    /// `--boot-drive`
    pub drive: Option<Named>,
    /// `--driveorder`
    pub order: Vec<Named>,
    /// The place of the command; `None` without one.
    pub span: Option<Span>,
}

/// Encryption of one device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encryption {
    /// `--encrypted`
    pub wanted: bool,
    /// Whether a passphrase is given.
    pub passphrase: bool,
    /// `--luks-version=luks1`
    pub luks1: bool,
    /// The value of `--luks-version` if it is not a version of LUKS.
    pub unknown_version: Option<String>,
}

/// `autopart`
#[derive(Clone, Debug)]
pub struct Autopart {
    /// `--type`; `None` for that of the profile.
    pub scheme: Option<Scheme>,
    /// `--fstype`
    pub fstype: Option<Named>,
    /// `--nohome`, `--noboot`, `--noswap`
    pub without: Vec<&'static str>,
    /// Encryption of the members.
    pub encryption: Encryption,
    /// `--hibernation`
    pub hibernation: bool,
    /// The place of the command.
    pub span: Span,
}

/// `reqpart`
#[derive(Clone, Debug)]
pub struct Reqpart {
    /// `--add-boot`
    pub add_boot: bool,
    /// The place of the command.
    pub span: Span,
}

/// Sizes of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// `--size`, unless zero.
    pub size: Option<Bytes>,
    /// A negative `--size`.
    pub negative: bool,
    /// `--grow`
    pub grow: bool,
    /// `--maxsize`, unless zero.
    pub max: Option<Bytes>,
    /// `--recommended`
    pub recommended: bool,
    /// `--hibernation`
    pub hibernation: bool,
}

/// `part`
#[derive(Clone, Debug)]
pub struct Part {
    /// Mount point, `swap`, `biosboot`, `pv.01`, `raid.10`…
    pub mount: String,
    /// `--fstype`
    pub fstype: Option<String>,
    /// Its sizes.
    pub sizes: Sizes,
    /// `--asprimary`
    pub primary: bool,
    /// `--ondisk`
    pub disk: Option<Named>,
    /// `--onpart`
    pub onpart: Option<Named>,
    /// `--onbiosdisk`
    pub onbiosdisk: Option<Named>,
    /// `--noformat`
    pub noformat: bool,
    /// `--resize`
    pub resize: bool,
    /// Whether and how it is encrypted.
    pub encryption: Encryption,
    /// The place of the command.
    pub span: Span,
}

/// `raid`
#[derive(Clone, Debug)]
pub struct Raid {
    /// Mount point, `swap`, `pv.01`…
    pub mount: String,
    /// Members as written.
    pub members: Vec<Named>,
    /// `--device`, as written.
    pub device: String,
    /// `--level`
    pub level: String,
    /// `--spares`
    pub spares: usize,
    /// `--chunksize`
    pub chunk: Option<Bytes>,
    /// `--fstype`
    pub fstype: Option<String>,
    /// `--noformat`
    pub noformat: bool,
    /// `--useexisting`
    pub existing: bool,
    /// Whether and how it is encrypted.
    pub encryption: Encryption,
    /// The place of the command.
    pub span: Span,
}

/// `volgroup`
#[derive(Clone, Debug)]
pub struct VolGroup {
    /// Its name.
    pub name: String,
    /// Physical volumes as written.
    pub members: Vec<Named>,
    /// `--pesize` in bytes; `None` for the default of 4 MiB.
    pub extent: Option<Bytes>,
    /// `--reserved-percent`
    pub reserved_percent: u64,
    /// `--reserved-space`
    pub reserved_space: Bytes,
    /// `--useexisting` or `--noformat`
    pub existing: bool,
    /// The place of the command.
    pub span: Span,
}

/// `logvol`
#[derive(Clone, Debug)]
pub struct LogVol {
    /// Mount point, `swap` or `none`.
    pub mount: String,
    /// `--name`
    pub name: String,
    /// `--vgname`
    pub group: String,
    /// The place of the value of `--vgname`.
    pub group_span: Span,
    /// `--fstype`
    pub fstype: Option<String>,
    /// Its sizes.
    pub sizes: Sizes,
    /// `--percent`
    pub percent: u64,
    /// `--thinpool`
    pub pool: bool,
    /// `--thin`
    pub thin: bool,
    /// `--poolname`
    pub pool_name: Option<Named>,
    /// `--metadatasize`
    pub metadata: Bytes,
    /// `--chunksize`
    pub chunk: Bytes,
    /// `--cachesize` with `--cachepvs`
    pub cache: Bytes,
    /// `--cachepvs`
    pub cache_members: Vec<Named>,
    /// `--useexisting` or `--noformat`
    pub existing: bool,
    /// `--noformat`
    pub noformat: bool,
    /// `--resize`
    pub resize: bool,
    /// Whether and how it is encrypted.
    pub encryption: Encryption,
    /// The place of the command.
    pub span: Span,
}

/// `btrfs`
#[derive(Clone, Debug)]
pub struct Btrfs {
    /// Mount point or `none`.
    pub mount: String,
    /// Members, or the volume that a subvolume is in.
    pub members: Vec<Named>,
    /// `--label`
    pub label: Option<String>,
    /// `--name`
    pub name: Option<String>,
    /// `--data`
    pub data: Option<String>,
    /// `--metadata`
    pub metadata: Option<String>,
    /// `--subvol`
    pub subvolume: bool,
    /// `--useexisting`
    pub existing: bool,
    /// The place of the command.
    pub span: Span,
}

/// `mount`
#[derive(Clone, Debug)]
pub struct Mount {
    /// The device.
    pub device: Named,
    /// The mount point; `none` for none.
    pub mount: String,
    /// `--reformat`; `None` without it, empty for the same file system.
    pub reformat: Option<String>,
    /// The place of the command.
    pub span: Span,
}
