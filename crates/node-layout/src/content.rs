//! The content of a base as a number: recorded once it is frozen, compared by `verify --deep`.
//!
//! The number is a checksum and no cryptographic one. It stands beside the base, as a tag that root can write, so it
//! could not keep out who means harm; a base that was mounted for writing by mistake, or a failing disk, it does find.

use super::lvm::{LogicalVolume, Mode};
use super::thin;
use super::tools::{ToolError, Tools, below};
use crc::{CRC_64_XZ, Crc, Table};
use node_base::superblock::Superblock;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;

/// Tag of a base; behind it stands the checksum of its content.
pub const TAG_PREFIX: &str = "node-layout:content=crc64-";
static CRC: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_XZ);
/// All of a volume.
const ALL: Range<u64> = 0..u64::MAX;
/// The unit of reading, and of what is left out.
const BLOCK: usize = 64 << 10;

/// A base could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// It does not activate.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// Its device.
    #[error("{}: {error}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// What is read: a base and its pool.
#[derive(Clone, Debug, PartialEq)]
pub struct Base {
    /// The base.
    pub volume: LogicalVolume,
    /// Its pool.
    pub pool: LogicalVolume,
}

/// What was found in a base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The checksum, as it stands in the tag.
    pub checksum: String,
    /// Its file system, if it is one that is known.
    pub filesystem: Option<Superblock>,
}

/// Reads a base. It is active while it is read, and afterwards only if it was before.
///
/// # Errors
/// [`ContentError`].
pub fn of_base(tools: &dyn Tools, mode: Mode, base: &Base) -> Result<Found, ContentError> {
    let name = base.volume.full_name();
    let activate = |how: &str| mode.command("lvchange", ["--activate", how, "--ignoreactivationskip", &name]);
    if !base.volume.active {
        tools.run(&activate("y"))?;
    }
    // Most of a thin volume is nothing; without the pool's word for it all of it is read, with the same outcome.
    let mapped = base
        .volume
        .thin_id
        .and_then(|id| thin::mapped(tools, &base.pool, id).ok())
        .filter(|parts| !parts.is_empty());
    let path = below(tools.environment(), format!("/dev/{name}"));
    let read = File::open(&path)
        .and_then(|mut device| match mapped {
            Some(parts) => checksum_of_parts(&mut device, &parts),
            None => checksum_of_parts(&mut device, std::slice::from_ref(&ALL)),
        })
        .and_then(|number| {
            Ok(Found { checksum: format!("{number:016x}"), filesystem: Superblock::read(&path)? })
        })
        .map_err(|error| ContentError::Read { path: path.clone(), error });
    if !base.volume.active {
        tools.run(&activate("n"))?;
    }
    read
}

/// Reads a base and gives it the tag.
///
/// # Errors
/// [`ContentError`].
pub fn record(tools: &dyn Tools, mode: Mode, base: &Base) -> Result<(), ContentError> {
    let tag = format!("{TAG_PREFIX}{}", of_base(tools, mode, base)?.checksum);
    tools.run(&mode.command("lvchange", ["--addtag", &tag, &base.volume.full_name()]))?;
    Ok(())
}

/// Blocks of zeros do not count, whether the pool has them or not: most of a thin volume is nothing. The others count with
/// their place.
/// Each part begins at a multiple of [`BLOCK`], as every chunk of a thin pool does.
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

/// Reads until the block is full or nothing comes any more.
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
    fn any_changed_byte_and_any_moved_block_change_the_number() {
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
    fn zeros_do_not_count_but_what_stands_behind_them_does() {
        assert_eq!(checksum(&[]).unwrap(), checksum(&vec![0_u8; 3 * BLOCK][..]).unwrap());
        let behind = |zeros: usize| {
            let mut content = vec![0_u8; zeros * BLOCK];
            content.push(1);
            checksum(&content[..]).unwrap()
        };
        assert_ne!(behind(1), behind(2));
    }

    #[test]
    fn reading_what_is_mapped_gives_the_number_of_the_whole() {
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
