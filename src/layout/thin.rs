//! What the images really use of a thin pool: blocks of their own, and blocks that they share.
//!
//! LVM says how full an active volume is, not what it shares, and nothing about an inactive one, which a base is. The
//! pool's own metadata knows. `thin_ls` (thin-provisioning-tools, which LVM needs for every thin pool) reads it from a
//! snapshot of the metadata that the kernel keeps for the moment.

use super::lvm::LogicalVolume;
use super::names::device_mapper_name;
use super::tools::{Command, ToolError, Tools, below};
use crate::units::Bytes;
use std::collections::BTreeMap;

/// What a thin volume has in its pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Data that it maps, shared with others or not.
    pub mapped: Bytes,
    /// Data that no other volume maps: what removing it would free.
    pub exclusive: Bytes,
}

/// The pool's metadata could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ThinError {
    /// A program.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// An answer that is none.
    #[error("thin_ls said '{0}'")]
    Answer(String),
}

/// Usage by the volumes' numbers in the pool ([`LogicalVolume::thin_id`]).
///
/// # Errors
/// [`ThinError`]: the pool is not active, `thin_ls` is missing, or another program holds the snapshot of the metadata.
pub fn usage(tools: &dyn Tools, pool: &LogicalVolume) -> Result<BTreeMap<u32, Usage>, ThinError> {
    let device = device_mapper_name(&pool.vg, &pool.name);
    let message = |m: &'static str| Command::new("dmsetup", ["message", &format!("{device}-tpool"), "0", m]);
    tools.run(&message("reserve_metadata_snap"))?;
    let metadata = below(tools.environment(), format!("/dev/mapper/{device}_tmeta")).display().to_string();
    let listed = tools.run(&Command::new(
        "thin_ls",
        ["--metadata-snap", "--no-headers", "--format", "DEV,MAPPED_BLOCKS,EXCLUSIVE_BLOCKS", &metadata],
    ));
    // Given back whatever came of the reading: a snapshot that is kept takes up metadata.
    tools.run(&message("release_metadata_snap"))?;
    understood(&listed?.stdout, pool.chunk_size)
}

fn understood(text: &str, chunk: Bytes) -> Result<BTreeMap<u32, Usage>, ThinError> {
    let mut usage = BTreeMap::new();
    for line in text.lines().filter(|l| !l.trim().is_empty()) {
        let mut words = line.split_whitespace().map(str::parse::<u64>);
        let (Some(Ok(device)), Some(Ok(mapped)), Some(Ok(exclusive)), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(ThinError::Answer(line.to_owned()));
        };
        let device = u32::try_from(device).map_err(|_| ThinError::Answer(line.to_owned()))?;
        let bytes = |blocks: u64| Bytes(blocks.saturating_mul(chunk.0));
        usage.insert(device, Usage { mapped: bytes(mapped), exclusive: bytes(exclusive) });
    }
    Ok(usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_thin_ls_says_is_understood_in_blocks() {
        let usage = understood("  1  1600   16\n  12   800  0\n\n", Bytes(65536)).unwrap();
        assert_eq!(usage[&1], Usage { mapped: Bytes(100 << 20), exclusive: Bytes(1 << 20) });
        assert_eq!(usage[&12].exclusive, Bytes(0));
        for wrong in ["1 2", "1 2 3 4", "DEV MAPPED EXCLUSIVE", "99999999999 1 1"] {
            assert!(understood(wrong, Bytes(65536)).is_err(), "{wrong}");
        }
    }
}
