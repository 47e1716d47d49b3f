//! The content of a device: file systems, swap, members of groups and arrays, with the sizes that Anaconda allows.
//!
//! Source: blivet 3.6 (RHEL 8, 9), 3.13 (RHEL 10) and 3.14 (Fedora), `formats/*.py`.

use crate::machine::release::Release;
use node_base::units::Bytes;

/// A kind of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FormatKind {
    /// No format that Anaconda recognises.
    None,
    /// `ext2`
    Ext2,
    /// `ext3`
    Ext3,
    /// `ext4`
    Ext4,
    /// `xfs`
    Xfs,
    /// `btrfs`
    Btrfs,
    /// `vfat`
    Vfat,
    /// `efi`: a FAT file system that is the EFI system partition.
    Efi,
    /// `swap`
    Swap,
    /// `biosboot`: where GRUB is on a GPT disk of a BIOS machine.
    BiosBoot,
    /// `prepboot` (POWER)
    PrepBoot,
    /// `lvmpv`
    LvmPv,
    /// `mdmember`
    MdMember,
    /// `luks`
    Luks,
    /// `tmpfs`
    Tmpfs,
    /// A file system that is known by name, is kept, and is not offered for an installation.
    Other(&'static str),
}

/// File systems that are kept, but not offered for an installation.
const OTHERS: &[&str] = &[
    "appleboot",
    "hfs",
    "hfs+",
    "macefi",
    "ntfs",
    "exfat",
    "f2fs",
    "jfs",
    "reiserfs",
    "gfs2",
    "iso9660",
    "udf",
    "nfs",
    "nfs4",
    "stratis",
    "multipath_member",
    "dmraidmember",
];

impl FormatKind {
    /// By Anaconda's name (`efi` also as "EFI System Partition"); `None` if this release does not know the name.
    pub(crate) fn from_name(name: &str, release: Release) -> Option<FormatKind> {
        Some(match name {
            "" => FormatKind::None,
            "ext2" => FormatKind::Ext2,
            "ext3" => FormatKind::Ext3,
            "ext4" => FormatKind::Ext4,
            "xfs" => FormatKind::Xfs,
            "btrfs" => FormatKind::Btrfs,
            "vfat" => FormatKind::Vfat,
            "efi" | "EFI System Partition" => FormatKind::Efi,
            "swap" => FormatKind::Swap,
            "biosboot" | "BIOS Boot" => FormatKind::BiosBoot,
            "prepboot" | "PPC PReP Boot" => FormatKind::PrepBoot,
            "lvmpv" | "LVM2_member" => FormatKind::LvmPv,
            "mdmember" | "linux_raid_member" => FormatKind::MdMember,
            "luks" | "crypto_LUKS" => FormatKind::Luks,
            "tmpfs" => FormatKind::Tmpfs,
            "jfs" | "reiserfs" | "appleboot" | "macefi" if release == Release::Fedora => return None,
            other => FormatKind::Other(OTHERS.iter().copied().find(|o| *o == other)?),
        })
    }

    /// Anaconda's name; empty for nothing.
    pub fn name(self) -> &'static str {
        match self {
            FormatKind::None => "",
            FormatKind::Ext2 => "ext2",
            FormatKind::Ext3 => "ext3",
            FormatKind::Ext4 => "ext4",
            FormatKind::Xfs => "xfs",
            FormatKind::Btrfs => "btrfs",
            FormatKind::Vfat => "vfat",
            FormatKind::Efi => "efi",
            FormatKind::Swap => "swap",
            FormatKind::BiosBoot => "biosboot",
            FormatKind::PrepBoot => "prepboot",
            FormatKind::LvmPv => "lvmpv",
            FormatKind::MdMember => "mdmember",
            FormatKind::Luks => "luks",
            FormatKind::Tmpfs => "tmpfs",
            FormatKind::Other(name) => name,
        }
    }

    /// The least size of a device that it fits on; zero for none.
    pub(crate) fn min_size(self, release: Release) -> Bytes {
        const MIB: u64 = 1 << 20;
        let new = release >= Release::Rhel10;
        Bytes(match self {
            FormatKind::Ext2 | FormatKind::Ext3 | FormatKind::Ext4 | FormatKind::Vfat => 2 * MIB,
            FormatKind::Xfs if new => 300 * MIB,
            FormatKind::Xfs => 16 * MIB,
            FormatKind::Btrfs => 256 * MIB,
            FormatKind::Efi if release == Release::Fedora => 32 * MIB,
            FormatKind::Efi => 50 * MIB,
            FormatKind::BiosBoot => MIB / 2,
            FormatKind::LvmPv => 8 * MIB,
            FormatKind::Luks if new => 16 * MIB,
            FormatKind::Luks => 2 * MIB,
            _ => 0,
        })
    }

    /// The largest device that it may be on, if there is a limit.
    pub(crate) fn max_size(self) -> Option<Bytes> {
        const TIB: u64 = 1 << 40;
        Some(Bytes(match self {
            FormatKind::Ext2 => 8 * TIB,
            FormatKind::Ext3 | FormatKind::Swap => 16 * TIB,
            FormatKind::Ext4 => 1 << 60,
            FormatKind::Vfat | FormatKind::Efi => TIB,
            FormatKind::BiosBoot => 2 << 20,
            FormatKind::PrepBoot => 10 << 20,
            _ => return None, // 16 EiB for xfs, btrfs and LUKS: no disk reaches it
        }))
    }

    /// Whether it is a file system that can be mounted.
    pub(crate) fn mountable(self) -> bool {
        matches!(
            self,
            FormatKind::Ext2
                | FormatKind::Ext3
                | FormatKind::Ext4
                | FormatKind::Xfs
                | FormatKind::Btrfs
                | FormatKind::Vfat
                | FormatKind::Efi
                | FormatKind::Tmpfs
                | FormatKind::Other(_)
        )
    }

    /// Whether `clearpart --linux` removes a partition with it.
    pub(crate) fn linux_native(self) -> bool {
        !matches!(
            self,
            FormatKind::None
                | FormatKind::Vfat
                | FormatKind::Efi
                | FormatKind::PrepBoot
                | FormatKind::Other(_)
        )
    }
}

/// The content of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    /// Its kind.
    pub kind: FormatKind,
    /// Where it will be mounted.
    pub mountpoint: Option<String>,
    /// Whether it was there before the installation.
    pub exists: bool,
    /// LUKS: whether there is a passphrase.
    pub has_key: bool,
    /// LUKS: version 1.
    pub luks1: bool,
}

impl Format {
    /// No format.
    pub const NONE: Format =
        Format { kind: FormatKind::None, mountpoint: None, exists: false, has_key: false, luks1: false };

    /// To be made.
    pub(crate) fn new(kind: FormatKind) -> Format {
        Format { kind, ..Format::NONE }
    }

    /// To be made and mounted.
    pub(crate) fn mounted(kind: FormatKind, mountpoint: &str) -> Format {
        // `logvol /var --fstype=swap` is swap, and nothing is mounted.
        let mountpoint = (!mountpoint.is_empty() && kind.mountable()).then(|| mountpoint.to_owned());
        Format { kind, mountpoint, ..Format::NONE }
    }

    /// There already.
    pub(crate) fn existing(kind: FormatKind) -> Format {
        Format { kind, exists: true, ..Format::NONE }
    }
}
