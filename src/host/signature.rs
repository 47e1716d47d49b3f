//! What is on a device, by the magic numbers that `blkid` knows too.

use super::physical_volume::{self, PhysicalVolume};
use std::io::{Read, Seek, SeekFrom};

/// What was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// Nothing.
    Nothing,
    /// A file system or the like, by Anaconda's name.
    Format(&'static str),
    /// LUKS, with its version.
    Luks(u16),
    /// An LVM physical volume.
    PhysicalVolume(Box<PhysicalVolume>),
}

impl Signature {
    /// Anaconda's name; empty for nothing.
    pub fn format(&self) -> &'static str {
        match self {
            Signature::Nothing => "",
            Signature::Format(name) => name,
            Signature::Luks(_) => "luks",
            Signature::PhysicalVolume(_) => "lvmpv",
        }
    }
}

/// A part of a device that begins at `start`.
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

    /// So many bytes from `at` on; nothing where the device or the window ends before.
    pub fn bytes(&mut self, at: u64, count: usize) -> Option<Vec<u8>> {
        if at.checked_add(count as u64)? > self.length {
            return None;
        }
        self.device.seek(SeekFrom::Start(self.start.checked_add(at)?)).ok()?;
        let mut bytes = vec![0; count];
        self.device.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    fn has(&mut self, at: u64, magic: &[u8]) -> bool {
        self.bytes(at, magic.len()).is_some_and(|b| b == magic)
    }
}

/// Magic numbers at fixed places, in the order in which they are tried.
const MAGIC: &[(u64, &[u8], &str)] = &[
    (0, b"XFSB", "xfs"),
    (0x10040, b"_BHRfS_M", "btrfs"),
    (4086, b"SWAPSPACE2", "swap"),
    (4096, &[0xfc, 0x4e, 0x2b, 0xa9], "mdmember"),
    (0, &[0xfc, 0x4e, 0x2b, 0xa9], "mdmember"),
    (3, b"NTFS    ", "ntfs"),
    (3, b"EXFAT   ", "exfat"),
    (82, b"FAT32   ", "vfat"),
    (54, b"FAT16   ", "vfat"),
    (54, b"FAT12   ", "vfat"),
    (0x8001, b"CD001", "iso9660"),
];

/// Looks.
pub fn recognise<D: Read + Seek>(window: &mut Window<'_, D>) -> Signature {
    if window.has(0, b"LUKS\xba\xbe") {
        let header = window.bytes(0, 4096).map(|b| blkid_rs::LuksHeader::read(b.as_slice()));
        if let Some(Ok(header)) = header {
            return Signature::Luks(blkid_rs::LuksVersionedHeader::version(&header));
        }
        return Signature::Format("luks");
    }
    if let Some(volume) = physical_volume::read(window) {
        return Signature::PhysicalVolume(Box::new(volume));
    }
    if let Some((.., name)) = MAGIC.iter().find(|(at, magic, _)| window.has(*at, magic)) {
        return Signature::Format(name);
    }
    match extended_file_system(window) {
        Some(name) => Signature::Format(name),
        None => Signature::Nothing,
    }
}

/// ext2, ext3 and ext4 have the same magic; their features tell them apart.
fn extended_file_system<D: Read + Seek>(window: &mut Window<'_, D>) -> Option<&'static str> {
    const JOURNAL: u32 = 0x4;
    const EXTENTS: u32 = 0x40;
    const BITS_64: u32 = 0x80;
    const FLEX: u32 = 0x200;
    let block = window.bytes(1024, 112)?;
    if block[56..58] != [0x53, 0xef] {
        return None;
    }
    let word = |at: usize| u32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]]);
    let (compatible, incompatible) = (word(92), word(96));
    Some(match () {
        () if incompatible & (EXTENTS | BITS_64 | FLEX) != 0 => "ext4",
        () if compatible & JOURNAL != 0 => "ext3",
        () => "ext2",
    })
}
