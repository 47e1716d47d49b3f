//! The content of a base as a number: recorded after it is frozen, compared by `verify --deep`.
//!
//! The number is a checksum, not a cryptographic hash. It is kept in a tag of the base, which root can change, so it does not
//! protect against an attacker. It detects a base that was mounted for writing by mistake, and a failing disk.

use super::thin::{self, MetadataQuery};
use super::{LogicalVolume, Lvm, LvmCommands, RootFs};
use crate::machine::{Command, ToolError, Tools, below};
use crc::{CRC_64_XZ, Crc, Table};
use node_base::superblock::Superblock;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Tag of a base, followed by the checksum of its content.
pub(crate) const TAG_PREFIX: &str = "node-layout:content=crc64-";
static CRC: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_XZ);
/// The whole volume.
const ALL: Range<u64> = 0..u64::MAX;
/// The unit of reading, and of leaving out, in bytes.
const BLOCK: usize = 64 << 10;

/// Why a base could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// An LVM command failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// Its device cannot be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// The device.
        path: PathBuf,
        /// The kernel's reason.
        error: io::Error,
    },
}

/// How the content of a base is read: the commands, and the device between them. The base is active while it is read, and
/// afterwards only if it was before.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// `VG/LV` of the base.
    volume: String,
    lvm: LvmCommands,
    activate: Option<Command>,
    /// Asks the pool which parts it has data for. Most of a thin volume is empty.
    mapped: Option<MetadataQuery>,
    /// The pool, if the volume is not there yet: the number of its thin device is looked up when it is read.
    not_yet: Option<Box<LogicalVolume>>,
    device: PathBuf,
    deactivate: Option<Command>,
}

/// The content of a base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// The checksum as it is written in the tag: 16 hexadecimal digits.
    pub(crate) checksum: String,
    /// Kind and UUID of its file system, if root can have that kind.
    pub(crate) filesystem: Option<(RootFs, String)>,
}

impl Reading {
    /// How `base` in `pool` is read; devices are below `environment`.
    pub(crate) fn new(
        environment: &Path,
        lvm: LvmCommands,
        base: &LogicalVolume,
        pool: &LogicalVolume,
    ) -> Reading {
        let volume = base.full_name();
        let activation = |how: &str| {
            let command = lvm.command("lvchange", ["--activate", how, "--ignoreactivationskip", &volume]);
            (!base.active).then_some(command)
        };
        Reading {
            lvm,
            activate: activation("y"),
            mapped: base.thin_id.map(|id| thin::mapped_query(environment, pool, &id.to_string())),
            device: below(environment, format!("/dev/{volume}")),
            deactivate: activation("n"),
            not_yet: None,
            volume,
        }
    }

    /// How the base `name` in `pool` is read, which is made by then.
    pub(crate) fn of_new(environment: &Path, lvm: LvmCommands, name: &str, pool: &LogicalVolume) -> Reading {
        let base = LogicalVolume { vg: pool.vg.clone(), name: name.to_owned(), ..LogicalVolume::default() };
        let reading = Reading::new(environment, lvm, &base, pool);
        let mapped = Some(thin::mapped_query(environment, pool, "THIN-ID"));
        Reading { mapped, not_yet: Some(Box::new(pool.clone())), ..reading }
    }

    /// The commands before the device is read.
    pub(crate) fn before(&self) -> impl Iterator<Item = &Command> {
        self.activate.iter().chain(self.mapped.iter().flat_map(MetadataQuery::commands))
    }

    /// The device that is read.
    pub(crate) fn device(&self) -> &Path {
        &self.device
    }

    /// The command after the device was read.
    pub(crate) fn after(&self) -> Option<&Command> {
        self.deactivate.as_ref()
    }

    /// The command that records a checksum.
    pub(crate) fn record_command(&self, checksum: &str) -> Command {
        self.lvm.command("lvchange", ["--addtag", &format!("{TAG_PREFIX}{checksum}"), &self.volume])
    }

    /// Reads the base.
    ///
    /// # Errors
    /// [`ContentError`].
    pub(crate) fn read(&self, tools: &dyn Tools) -> Result<Content, ContentError> {
        if let Some(activate) = &self.activate {
            tools.run(activate)?;
        }
        // If the pool cannot be asked, the whole volume is read, with the same result.
        let looked_up;
        let query = match &self.not_yet {
            Some(pool) => {
                looked_up = self.look_up(tools, pool);
                looked_up.as_ref()
            }
            None => self.mapped.as_ref(),
        };
        let mapped = query.and_then(|query| thin::mapped(tools, query).ok());
        let content = self.content(mapped.filter(|parts| !parts.is_empty()));
        if let Some(deactivate) = &self.deactivate {
            tools.run(deactivate)?;
        }
        content.map_err(|error| ContentError::Read { path: self.device.clone(), error })
    }

    fn look_up(&self, tools: &dyn Tools, pool: &LogicalVolume) -> Option<MetadataQuery> {
        let lvm = Lvm::read(tools).ok()?;
        let id = lvm.volumes.iter().find(|v| v.full_name() == self.volume)?.thin_id?;
        Some(thin::mapped_query(tools.environment(), pool, &id.to_string()))
    }

    /// Reads the base and records its checksum.
    ///
    /// # Errors
    /// [`ContentError`].
    pub(crate) fn record(&self, tools: &dyn Tools) -> Result<(), ContentError> {
        let content = self.read(tools)?;
        tools.run(&self.record_command(&content.checksum))?;
        Ok(())
    }

    fn content(&self, mapped: Option<Vec<Range<u64>>>) -> io::Result<Content> {
        let mut device = File::open(&self.device)?;
        let number = checksum_of_parts(&mut device, mapped.as_deref().unwrap_or(std::slice::from_ref(&ALL)))?;
        let superblock = Superblock::read(&self.device)?;
        Ok(Content {
            checksum: format!("{number:016x}"),
            filesystem: superblock.and_then(|s| Some((RootFs::from_superblock(s.kind)?, s.uuid))),
        })
    }
}

/// The checksum over all blocks that are not zeros, each with its number; so it does not matter whether the pool has a block
/// of zeros or not. Each part begins at a multiple of [`BLOCK`], as every chunk of a thin pool does.
fn checksum_of_parts(content: &mut (impl Read + Seek), parts: &[Range<u64>]) -> io::Result<u64> {
    let mut digest = CRC.digest();
    let zeros = vec![0; BLOCK];
    let mut block = vec![0; BLOCK];
    for part in parts {
        content.seek(SeekFrom::Start(part.start))?;
        let mut number = part.start / BLOCK as u64;
        while number.saturating_mul(BLOCK as u64) < part.end {
            let n = fill(content, &mut block)?;
            if block[..n] != zeros[..n] {
                digest.update(&number.to_le_bytes());
                digest.update(&block[..n]);
            }
            if n < BLOCK {
                break;
            }
            number += 1;
        }
    }
    Ok(digest.finalize())
}

/// Reads until the block is full or the content ends.
fn fill(content: &mut impl Read, block: &mut [u8]) -> io::Result<usize> {
    let mut n = 0;
    while n < block.len() {
        match content.read(&mut block[n..]) {
            Ok(0) => break,
            Ok(more) => n += more,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checksum(content: &[u8]) -> io::Result<u64> {
        checksum_of_parts(&mut io::Cursor::new(content), std::slice::from_ref(&ALL))
    }

    #[test]
    fn a_changed_byte_and_a_moved_block_change_the_checksum() {
        let mut content = vec![0_u8; 5 * BLOCK + 100];
        content[BLOCK + 7] = 1;
        let number = checksum(&content[..]).unwrap();
        assert_eq!(checksum(&content[..]).unwrap(), number);
        for at in [0, BLOCK + 7, 3 * BLOCK, 5 * BLOCK + 99] {
            let mut other = content.clone();
            other[at] ^= 0x80;
            assert_ne!(checksum(&other[..]).unwrap(), number, "byte {at}");
        }
        content.rotate_right(BLOCK);
        assert_ne!(checksum(&content[..]).unwrap(), number, "moved by a block");
    }

    #[test]
    fn zeros_do_not_count_but_what_follows_them_does() {
        assert_eq!(checksum(&[]).unwrap(), checksum(&vec![0_u8; 3 * BLOCK][..]).unwrap());
        let behind = |zeros: usize| {
            let mut content = vec![0_u8; zeros * BLOCK];
            content.push(1);
            checksum(&content[..]).unwrap()
        };
        assert_ne!(behind(1), behind(2));
    }

    #[test]
    fn the_mapped_parts_have_the_checksum_of_the_whole() {
        let block = BLOCK as u64;
        let mut content = vec![0_u8; 6 * BLOCK + 100];
        for at in [BLOCK + 1, 3 * BLOCK, 6 * BLOCK + 50] {
            content[at] = 7;
        }
        let whole = checksum(&content).unwrap();
        let mut device = io::Cursor::new(&content);
        for parts in [
            vec![block..2 * block, 3 * block..4 * block, 6 * block..7 * block],
            vec![0..2 * block, 2 * block..7 * block],
        ] {
            assert_eq!(checksum_of_parts(&mut device, &parts).unwrap(), whole, "{parts:?}");
        }
        assert_ne!(checksum_of_parts(&mut device, std::slice::from_ref(&(0..2 * block))).unwrap(), whole);
    }
}
