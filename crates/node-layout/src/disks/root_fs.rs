//! The file systems that a base can be made of.

use crate::machine::Command;
use node_base::superblock::{Kind, Window};
use node_base::units::Bytes;
use std::fmt;
use std::fs::File;
use std::path::Path;

/// A file system that root can have: one that can be given a new UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RootFs {
    /// ext4.
    Ext4,
    /// XFS.
    Xfs,
}

impl RootFs {
    /// The root file system by what the kernel has mounted and what its superblock says; `None` if they disagree, or if it is
    /// of another kind.
    pub(crate) fn of(mounted: &str, superblock: Kind) -> Option<RootFs> {
        RootFs::from_mount_type(mounted).filter(|kind| RootFs::from_superblock(superblock) == Some(*kind))
    }

    /// By the type of a mounted file system.
    pub(crate) fn from_mount_type(mounted: &str) -> Option<RootFs> {
        match mounted {
            "ext4" => Some(RootFs::Ext4),
            "xfs" => Some(RootFs::Xfs),
            _ => None,
        }
    }

    /// By its superblock alone.
    pub(crate) fn from_superblock(superblock: Kind) -> Option<RootFs> {
        match superblock {
            Kind::Xfs => Some(RootFs::Xfs),
            kind if kind.is_ext() => Some(RootFs::Ext4),
            _ => None,
        }
    }

    /// Programs that [`RootFs::set_uuid`] needs.
    pub(crate) fn tools(self) -> &'static [&'static str] {
        match self {
            RootFs::Ext4 => &["e2fsck", "tune2fs"],
            RootFs::Xfs => &["mount", "umount", "xfs_db"],
        }
    }

    /// The commands that give the file system on `device` a new UUID. `mount_point` is a directory for the time of the work.
    pub(crate) fn set_uuid(self, device: &str, uuid: &str, mount_point: &Path) -> Vec<Command> {
        match self {
            RootFs::Ext4 => vec![
                Command::new("e2fsck", ["-f", "-y", device]).also_ok(&[1]),
                Command::new("tune2fs", ["-U", uuid, device]),
            ],
            // xfs_db changes the UUID only of a clean file system: mounting it once replays the log.
            RootFs::Xfs => {
                let at = mount_point.display().to_string();
                vec![
                    Command::new("mkdir", ["-p", &at]),
                    Command::new("mount", ["-t", "xfs", "-o", "nouuid", device, &at]),
                    Command::new("umount", [&at]),
                    Command::new("xfs_db", ["-x", "-p", "xfs_admin", "-c", &format!("uuid {uuid}"), device]),
                ]
            }
        }
    }

    /// Bytes that a new UUID writes whatever the file system has, each time: xfs_db fills the log of XFS anew. 0 where nothing is known.
    pub(crate) fn rewritten_by_uuid(self, device: &Path) -> Bytes {
        match self {
            RootFs::Ext4 => Bytes(0),
            RootFs::Xfs => xfs_log(device).unwrap_or_default(),
        }
    }

    /// The program that makes such a file system.
    pub(crate) fn mkfs_tool(self) -> &'static str {
        match self {
            RootFs::Ext4 => "mkfs.ext4",
            RootFs::Xfs => "mkfs.xfs",
        }
    }

    /// The command that makes a file system with this UUID on `device`.
    pub(crate) fn make(self, device: &str, uuid: &str) -> Command {
        match self {
            RootFs::Ext4 => Command::new("mkfs.ext4", ["-q", "-F", "-U", uuid, device]),
            RootFs::Xfs => Command::new("mkfs.xfs", ["-q", "-f", "-m", &format!("uuid={uuid}"), device]),
        }
    }

    /// The command, without its device, by which a person gives the file system a random UUID.
    pub(crate) fn random_uuid_command(self) -> &'static str {
        match self {
            RootFs::Ext4 => "tune2fs -U random",
            RootFs::Xfs => "xfs_admin -U generate",
        }
    }
}

/// The size of the log inside the XFS on `device` (`struct xfs_dsb`, Linux, fs/xfs/libxfs/xfs_format.h); `None` if it has none, or
/// cannot be read.
fn xfs_log(device: &Path) -> Option<Bytes> {
    let mut file = File::open(device).ok()?;
    let mut window = Window::new(&mut file, 0, u64::MAX);
    let mut number = |at: u64| {
        let bytes = window.bytes(at, 4)?;
        Some(u64::from(u32::from_be_bytes(bytes.try_into().ok()?)))
    };
    let (is_xfs, block, start, blocks) = (number(0)?, number(4)?, (number(48)?, number(52)?), number(96)?);
    (is_xfs == u64::from(u32::from_be_bytes(*b"XFSB")) && start != (0, 0)).then_some(Bytes(block * blocks))
}

impl fmt::Display for RootFs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RootFs::Ext4 => "ext4",
            RootFs::Xfs => "xfs",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_uuid_rewrites_the_log_of_xfs() {
        let dir = tempfile::tempdir().unwrap();
        let device = dir.path().join("volume");
        let mut superblock = vec![0; 4096];
        superblock[..4].copy_from_slice(b"XFSB");
        for (at, number) in [(4, 4096u32), (52, 131_088), (96, 16_384)] {
            superblock[at..at + 4].copy_from_slice(&number.to_be_bytes());
        }
        std::fs::write(&device, &superblock).unwrap();
        assert_eq!(RootFs::Xfs.rewritten_by_uuid(&device), Bytes(64 << 20));
        assert_eq!(RootFs::Ext4.rewritten_by_uuid(&device), Bytes(0));
        // The log is on another device.
        superblock[52..56].fill(0);
        std::fs::write(&device, &superblock).unwrap();
        assert_eq!(RootFs::Xfs.rewritten_by_uuid(&device), Bytes(0));
        std::fs::write(&device, b"XFSB").unwrap();
        assert_eq!(RootFs::Xfs.rewritten_by_uuid(&device), Bytes(0));
    }
}
