//! Kind and UUID of a file system, read from its superblock: no program is needed for it, and it is right when udev's
//! links are not (in an installer, in a chroot).

use std::fmt;
use std::io::{self, Read};
use std::path::Path;

/// A file system that can be told by its superblock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FsKind {
    /// ext4 (ext2 and ext3 have the same superblock; they are told apart by the mount).
    Ext4,
    /// XFS.
    Xfs,
    /// FAT.
    Vfat,
}

/// What a superblock says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Superblock {
    /// Kind.
    pub kind: FsKind,
    /// UUID as `UUID=` takes it.
    pub uuid: String,
    /// Label; empty if there is none.
    pub label: String,
}

impl fmt::Display for FsKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FsKind::Ext4 => "ext4",
            FsKind::Xfs => "xfs",
            FsKind::Vfat => "vfat",
        })
    }
}

impl Superblock {
    /// Reads it from a device; `None` if it is none of these file systems.
    ///
    /// # Errors
    /// The device cannot be read.
    pub fn read(device: &Path) -> io::Result<Option<Superblock>> {
        let mut head = Vec::with_capacity(2048);
        std::fs::File::open(device)?.take(2048).read_to_end(&mut head)?;
        Ok(Superblock::parse(&head))
    }

    /// Understands the first 2 KiB of a device.
    pub fn parse(head: &[u8]) -> Option<Superblock> {
        if head.starts_with(b"XFSB") {
            return Some(Superblock {
                kind: FsKind::Xfs,
                uuid: uuid(head.get(32..48)?),
                label: label(head.get(108..120)?),
            });
        }
        // The superblock of ext4 is 1024 bytes in: magic at 0x38, UUID at 0x68, label at 0x78.
        if head.get(1080..1082) == Some(&[0x53, 0xef]) {
            return Some(Superblock {
                kind: FsKind::Ext4,
                uuid: uuid(head.get(1128..1144)?),
                label: label(head.get(1144..1160)?),
            });
        }
        let (serial, name) = match (head.get(82..87), head.get(54..57)) {
            (Some(b"FAT32"), _) => (head.get(67..71)?, head.get(71..82)?),
            (_, Some(b"FAT")) => (head.get(39..43)?, head.get(43..54)?),
            _ => return None,
        };
        let uuid = format!("{:02X}{:02X}-{:02X}{:02X}", serial[3], serial[2], serial[1], serial[0]);
        Some(Superblock { kind: FsKind::Vfat, uuid, label: label(name) })
    }
}

fn uuid(b: &[u8]) -> String {
    let hex: String = b.iter().map(|x| format!("{x:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn label(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn superblocks_are_told_apart() {
        let mut head = vec![0; 2048];
        assert_eq!(Superblock::parse(&head), None);
        assert_eq!(Superblock::parse(&head[..10]), None);
        head[..4].copy_from_slice(b"XFSB");
        head[32] = 0xab;
        head[108..112].copy_from_slice(b"root");
        let xfs = Superblock::parse(&head).unwrap();
        assert_eq!(xfs.uuid, "ab000000-0000-0000-0000-000000000000");
        assert_eq!((xfs.kind, xfs.label.as_str()), (FsKind::Xfs, "root"));
        let mut head = vec![0; 2048];
        head[1080..1082].copy_from_slice(&[0x53, 0xef]);
        assert_eq!(Superblock::parse(&head).unwrap().kind, FsKind::Ext4);
        let mut head = vec![0; 512];
        head[82..87].copy_from_slice(b"FAT32");
        head[67..71].copy_from_slice(&[0x78, 0x56, 0x34, 0x12]);
        assert_eq!(Superblock::parse(&head).unwrap().uuid, "1234-5678");
    }
}
