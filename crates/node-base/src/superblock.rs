//! What is on a device, by its magic numbers: the same that `blkid` goes by. No program and no udev link is needed, which
//! matters in an installer and in a chroot.
//!
//! Invariant: devices are read, never written; what is read is data, and no number from a device is trusted.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// A kind of content that its superblock identifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// ext2: no journal.
    Ext2,
    /// ext3: a journal, none of ext4's features.
    Ext3,
    /// ext4.
    Ext4,
    /// XFS.
    Xfs,
    /// FAT12, FAT16, FAT32.
    Vfat,
    /// btrfs.
    Btrfs,
    /// Linux swap space.
    Swap,
    /// Member of a Linux software RAID array, metadata 1.1 or 1.2.
    MdMember,
    /// NTFS.
    Ntfs,
    /// exFAT.
    Exfat,
    /// ISO 9660.
    Iso9660,
}

impl Kind {
    /// Its name as Anaconda, `mount` and `blkid` spell it (`mdmember` as Anaconda does).
    pub fn name(self) -> &'static str {
        match self {
            Kind::Ext2 => "ext2",
            Kind::Ext3 => "ext3",
            Kind::Ext4 => "ext4",
            Kind::Xfs => "xfs",
            Kind::Vfat => "vfat",
            Kind::Btrfs => "btrfs",
            Kind::Swap => "swap",
            Kind::MdMember => "mdmember",
            Kind::Ntfs => "ntfs",
            Kind::Exfat => "exfat",
            Kind::Iso9660 => "iso9660",
        }
    }

    /// Whether it is ext2, ext3 or ext4. The kernel's ext4 driver mounts all three, so the superblock does not tell which
    /// name the mount has.
    pub fn is_ext(self) -> bool {
        matches!(self, Kind::Ext2 | Kind::Ext3 | Kind::Ext4)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a superblock says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Superblock {
    /// Kind of content.
    pub kind: Kind,
    /// UUID in the form that `UUID=` takes; read for ext2 to ext4, XFS and FAT, else empty.
    pub uuid: String,
    /// Label; empty if there is none, or the kind is not one of those.
    pub label: String,
}

impl Superblock {
    /// Reads the superblock of a device or of a file with a device's content. `None` if no magic number matches.
    ///
    /// # Errors
    /// The device cannot be opened.
    pub fn read(device: &Path) -> io::Result<Option<Superblock>> {
        let mut file = std::fs::File::open(device)?;
        Ok(Superblock::find(&mut Window::new(&mut file, 0, u64::MAX)))
    }

    /// Finds the superblock in a part of a device. `None` if no magic number matches, or the device cannot be read.
    pub fn find<D: Read + Seek>(window: &mut Window<'_, D>) -> Option<Superblock> {
        if let Some((.., kind)) = MAGIC.iter().find(|(at, magic, _)| window.has(*at, magic)) {
            let (uuid, label) = names(window, *kind).unwrap_or_default();
            return Some(Superblock { kind: *kind, uuid, label });
        }
        let kind = ext(window)?;
        let (uuid, label) = names(window, kind).unwrap_or_default();
        Some(Superblock { kind, uuid, label })
    }
}

/// Magic numbers at fixed offsets, in the order in which they are tried.
const MAGIC: &[(u64, &[u8], Kind)] = &[
    (0, b"XFSB", Kind::Xfs),
    (0x10040, b"_BHRfS_M", Kind::Btrfs),
    (4086, b"SWAPSPACE2", Kind::Swap),
    (4096, &[0xfc, 0x4e, 0x2b, 0xa9], Kind::MdMember),
    (0, &[0xfc, 0x4e, 0x2b, 0xa9], Kind::MdMember),
    (3, b"NTFS    ", Kind::Ntfs),
    (3, b"EXFAT   ", Kind::Exfat),
    (82, b"FAT32   ", Kind::Vfat),
    (54, b"FAT16   ", Kind::Vfat),
    (54, b"FAT12   ", Kind::Vfat),
    (0x8001, b"CD001", Kind::Iso9660),
];

/// ext2, ext3 and ext4 share a magic number; their features tell them apart (Linux, `fs/ext4/ext4.h`).
fn ext<D: Read + Seek>(window: &mut Window<'_, D>) -> Option<Kind> {
    const JOURNAL: u32 = 0x4;
    const EXTENTS: u32 = 0x40;
    const BITS_64: u32 = 0x80;
    const FLEX_GROUPS: u32 = 0x200;
    let block = window.bytes(1024, 112)?;
    if block[56..58] != [0x53, 0xef] {
        return None;
    }
    let word = |at: usize| u32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]]);
    let (compatible, incompatible) = (word(92), word(96));
    Some(if incompatible & (EXTENTS | BITS_64 | FLEX_GROUPS) != 0 {
        Kind::Ext4
    } else if compatible & JOURNAL != 0 {
        Kind::Ext3
    } else {
        Kind::Ext2
    })
}

/// UUID and label, for the kinds whose layout is known here.
fn names<D: Read + Seek>(window: &mut Window<'_, D>, kind: Kind) -> Option<(String, String)> {
    match kind {
        Kind::Xfs => Some((uuid(&window.bytes(32, 16)?), label(&window.bytes(108, 12)?))),
        Kind::Ext2 | Kind::Ext3 | Kind::Ext4 => {
            Some((uuid(&window.bytes(1024 + 0x68, 16)?), label(&window.bytes(1024 + 0x78, 16)?)))
        }
        Kind::Vfat => {
            let (serial, name) = if window.has(82, b"FAT32") { (67, 71) } else { (39, 43) };
            let serial = window.bytes(serial, 4)?;
            let uuid = format!("{:02X}{:02X}-{:02X}{:02X}", serial[3], serial[2], serial[1], serial[0]);
            Some((uuid, label(&window.bytes(name, 11)?)))
        }
        _ => None,
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

/// A part of a device: `length` bytes from `start` on.
#[derive(Debug)]
pub struct Window<'d, D> {
    device: &'d mut D,
    start: u64,
    length: u64,
}

impl<'d, D: Read + Seek> Window<'d, D> {
    /// `length` bytes from `start` on.
    pub fn new(device: &'d mut D, start: u64, length: u64) -> Self {
        Window { device, start, length }
    }

    /// `count` bytes from offset `at` of the window. `None` where the device or the window ends before.
    pub fn bytes(&mut self, at: u64, count: usize) -> Option<Vec<u8>> {
        if at.checked_add(count as u64)? > self.length {
            return None;
        }
        self.device.seek(SeekFrom::Start(self.start.checked_add(at)?)).ok()?;
        let mut bytes = vec![0; count];
        self.device.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    /// Whether these bytes are at offset `at` of the window.
    pub fn has(&mut self, at: u64, magic: &[u8]) -> bool {
        self.bytes(at, magic.len()).is_some_and(|b| b == magic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn find(head: &[u8]) -> Option<Superblock> {
        Superblock::find(&mut Window::new(&mut Cursor::new(head), 0, u64::MAX))
    }

    #[test]
    fn superblocks_are_told_apart() {
        let mut head = vec![0; 2048];
        assert_eq!(find(&head), None);
        assert_eq!(find(&head[..10]), None);
        head[..4].copy_from_slice(b"XFSB");
        head[32] = 0xab;
        head[108..112].copy_from_slice(b"root");
        let xfs = find(&head).unwrap();
        assert_eq!(xfs.uuid, "ab000000-0000-0000-0000-000000000000");
        assert_eq!((xfs.kind, xfs.label.as_str()), (Kind::Xfs, "root"));
        let mut head = vec![0; 512];
        head[82..90].copy_from_slice(b"FAT32   ");
        head[67..71].copy_from_slice(&[0x78, 0x56, 0x34, 0x12]);
        assert_eq!(find(&head).unwrap().uuid, "1234-5678");
    }

    #[test]
    fn features_tell_ext2_ext3_and_ext4_apart() {
        let mut head = vec![0; 2048];
        head[1080..1082].copy_from_slice(&[0x53, 0xef]);
        assert_eq!(find(&head).unwrap().kind, Kind::Ext2);
        head[1024 + 92] = 0x4;
        assert_eq!(find(&head).unwrap().kind, Kind::Ext3);
        head[1024 + 96] = 0x40;
        assert_eq!(find(&head).unwrap().kind, Kind::Ext4);
        assert!(Kind::Ext2.is_ext() && !Kind::Xfs.is_ext());
    }

    #[test]
    fn a_window_ends_before_the_device_does() {
        let mut device = Cursor::new(b"....XFSB".to_vec());
        assert!(Window::new(&mut device, 4, 4).has(0, b"XFSB"));
        assert!(!Window::new(&mut device, 4, 3).has(0, b"XFSB"), "the window is too short");
        assert!(!Window::new(&mut device, u64::MAX, 4).has(4, b"X"), "an offset past the end of all numbers");
    }
}
