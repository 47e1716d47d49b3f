//! The content of a base as a number: recorded once it is frozen, compared by `verify --deep`.
//!
//! The number is a checksum and no cryptographic one. It stands beside the base, as a tag that root can write, so it
//! could not keep out who means harm; a base that was mounted for writing by mistake, or a failing disk, it does find.

use super::lvm::Mode;
use super::tools::{ToolError, Tools, below};
use crc::{CRC_64_XZ, Crc, Table};
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

/// Tag of a base; behind it stands the checksum of its content.
pub const TAG_PREFIX: &str = "node-layout:content=crc64-";
static CRC: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_XZ);
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

/// The checksum of a base `VG/LV`, as it stands in the tag. It is active while it is read, and afterwards only if it was
/// before.
///
/// # Errors
/// [`ContentError`].
pub fn of_base(tools: &dyn Tools, mode: Mode, name: &str, active: bool) -> Result<String, ContentError> {
    let activate = |how: &str| mode.command("lvchange", ["--activate", how, "--ignoreactivationskip", name]);
    if !active {
        tools.run(&activate("y"))?;
    }
    let path = below(tools.environment(), format!("/dev/{name}"));
    let read = File::open(&path).and_then(checksum).map_err(|error| ContentError::Read { path, error });
    if !active {
        tools.run(&activate("n"))?;
    }
    Ok(format!("{:016x}", read?))
}

/// Reads a base and gives it the tag.
///
/// # Errors
/// [`ContentError`].
pub fn record(tools: &dyn Tools, mode: Mode, name: &str, active: bool) -> Result<(), ContentError> {
    let tag = format!("{TAG_PREFIX}{}", of_base(tools, mode, name, active)?);
    tools.run(&mode.command("lvchange", ["--addtag", &tag, name]))?;
    Ok(())
}

/// Blocks of zeros do not count, whether the pool has them or not: most of a thin volume is nothing. The others count with
/// their place.
fn checksum(mut content: impl Read) -> io::Result<u64> {
    let mut digest = CRC.digest();
    let zeros = vec![0; BLOCK];
    let mut block = vec![0; BLOCK];
    let mut number = 0_u64;
    loop {
        let n = fill(&mut content, &mut block)?;
        if block[..n] != zeros[..n] {
            digest.update(&number.to_le_bytes());
            digest.update(&block[..n]);
        }
        if n < BLOCK {
            return Ok(digest.finalize());
        }
        number += 1;
    }
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
        assert_eq!(checksum(io::empty()).unwrap(), checksum(&vec![0_u8; 3 * BLOCK][..]).unwrap());
        let behind = |zeros: usize| {
            let mut content = vec![0_u8; zeros * BLOCK];
            content.push(1);
            checksum(&content[..]).unwrap()
        };
        assert_ne!(behind(1), behind(2));
    }
}
