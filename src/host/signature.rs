//! What is on a device beside file systems: LUKS and LVM, then everything that [`node_base::superblock`] knows.

use super::physical_volume::{self, PhysicalVolume};
use node_base::superblock::{Superblock, Window};
use std::io::{Read, Seek};

/// What was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// No known magic number.
    Nothing,
    /// A file system or the like, by Anaconda's name.
    Format(&'static str),
    /// LUKS, with its version (1 or 2).
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

/// Recognises the content of a part of a device.
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
    Superblock::find(window).map_or(Signature::Nothing, |found| Signature::Format(found.kind.name()))
}
