//! The file systems that a base can be made of.

use crate::machine::Command;
use node_base::superblock::Kind;
use std::fmt;
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

impl fmt::Display for RootFs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RootFs::Ext4 => "ext4",
            RootFs::Xfs => "xfs",
        })
    }
}
