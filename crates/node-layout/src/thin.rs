//! What the images really use of a thin pool: blocks of their own, and blocks that they share.
//!
//! LVM says how full an active volume is, not what it shares, and nothing about an inactive one, which a base is. The
//! pool's own metadata knows. `thin_ls` and `thin_dump` (thin-provisioning-tools, which LVM needs for every thin pool) read
//! it from a snapshot of the metadata that the kernel keeps for the moment.

use super::lvm::LogicalVolume;
use super::tools::{Command, ToolError, Tools, below};
use node_base::names::device_mapper_name;
use node_base::units::Bytes;
use std::collections::BTreeMap;
use std::ops::Range;

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
    #[error("{0} said '{1}'")]
    Answer(&'static str, String),
}

/// Usage by the volumes' numbers in the pool ([`LogicalVolume::thin_id`]).
///
/// # Errors
/// [`ThinError`]: the pool is not active, `thin_ls` is missing, or another program holds the snapshot of the metadata.
pub fn usage(tools: &dyn Tools, pool: &LogicalVolume) -> Result<BTreeMap<u32, Usage>, ThinError> {
    let args = ["--metadata-snap", "--no-headers", "--format", "DEV,MAPPED_BLOCKS,EXCLUSIVE_BLOCKS"];
    understood(&metadata(tools, pool, "thin_ls", &args)?, pool.chunk_size)
}

/// The parts of a thin volume that the pool has data for, in order: the rest is zeros.
///
/// # Errors
/// [`ThinError`], as for [`usage`], but of `thin_dump`.
pub fn mapped(tools: &dyn Tools, pool: &LogicalVolume, thin_id: u32) -> Result<Vec<Range<u64>>, ThinError> {
    let id = thin_id.to_string();
    let args = ["--metadata-snap", "--format", "xml", "--dev-id", &id];
    ranges(&metadata(tools, pool, "thin_dump", &args)?, pool.chunk_size)
}

/// What a program reads in a snapshot of the pool's metadata.
fn metadata(
    tools: &dyn Tools,
    pool: &LogicalVolume,
    program: &'static str,
    args: &[&str],
) -> Result<String, ThinError> {
    let device = device_mapper_name(&pool.vg, &pool.name);
    let message = |m: &'static str| Command::new("dmsetup", ["message", &format!("{device}-tpool"), "0", m]);
    tools.run(&message("reserve_metadata_snap"))?;
    let metadata = below(tools.environment(), format!("/dev/mapper/{device}_tmeta")).display().to_string();
    let args = args.iter().copied().chain([metadata.as_str()]);
    let read = tools.run(&Command::new(program, args));
    // Given back whatever came of the reading: a snapshot that is kept takes up metadata.
    tools.run(&message("release_metadata_snap"))?;
    Ok(read?.stdout)
}

/// Mappings of thin_dump's XML, an element a line, in bytes.
fn ranges(text: &str, chunk: Bytes) -> Result<Vec<Range<u64>>, ThinError> {
    let mut ranges: Vec<Range<u64>> = Vec::new();
    for line in text.lines().map(str::trim) {
        let number = |name: &str| {
            let value = line.split(name).nth(1)?.strip_prefix("=\"")?.split('"').next()?;
            value.parse::<u64>().ok()
        };
        let (begin, length) = if line.starts_with("<single_mapping ") {
            (number("origin_block"), Some(1))
        } else if line.starts_with("<range_mapping ") {
            (number("origin_begin"), number("length"))
        } else {
            continue;
        };
        let bytes = |chunks: u64| chunks.checked_mul(chunk.0);
        let range = begin.zip(length).and_then(|(b, l)| Some(bytes(b)?..bytes(b.checked_add(l)?)?));
        let range = range.ok_or_else(|| ThinError::Answer("thin_dump", line.to_owned()))?;
        match ranges.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => ranges.push(range),
        }
    }
    Ok(ranges)
}

fn understood(text: &str, chunk: Bytes) -> Result<BTreeMap<u32, Usage>, ThinError> {
    let mut usage = BTreeMap::new();
    for line in text.lines().filter(|l| !l.trim().is_empty()) {
        let mut words = line.split_whitespace().map(str::parse::<u64>);
        let (Some(Ok(device)), Some(Ok(mapped)), Some(Ok(exclusive)), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(ThinError::Answer("thin_ls", line.to_owned()));
        };
        let device = u32::try_from(device).map_err(|_| ThinError::Answer("thin_ls", line.to_owned()))?;
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

    #[test]
    fn what_thin_dump_says_are_parts_of_the_volume() {
        let xml = "<superblock uuid=\"\" time=\"1\" transaction=\"4\" data_block_size=\"128\">\n\
            \x20 <device dev_id=\"7\" mapped_blocks=\"5\" transaction=\"0\" creation_time=\"0\" snap_time=\"1\">\n\
            \x20   <range_mapping origin_begin=\"0\" data_begin=\"900\" length=\"2\" time=\"0\"/>\n\
            \x20   <single_mapping origin_block=\"2\" data_block=\"17\" time=\"1\"/>\n\
            \x20   <single_mapping origin_block=\"9\" data_block=\"18\" time=\"1\"/>\n\
            \x20 </device>\n</superblock>\n";
        assert_eq!(ranges(xml, Bytes(65536)).unwrap(), [0..3 * 65536, 9 * 65536..10 * 65536]);
        for wrong in [
            "<single_mapping data_block=\"1\"/>",
            "<range_mapping origin_begin=\"99999999999999999\" length=\"2\"/>",
        ] {
            assert!(ranges(wrong, Bytes(65536)).is_err(), "{wrong}");
        }
    }
}
