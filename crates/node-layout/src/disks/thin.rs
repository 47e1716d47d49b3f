//! What the images use of a thin pool: blocks of their own, and blocks that they share.
//!
//! LVM reports how full an active volume is, but not what it shares, and nothing for an inactive volume such as a base. The
//! pool's own metadata has it. `thin_ls` and `thin_dump` (thin-provisioning-tools, which LVM needs for every thin pool) read it
//! from a snapshot of the metadata that the kernel makes for them.

use super::LogicalVolume;
use crate::machine::{Command, ToolError, Tools, below};
use node_base::names::device_mapper_name;
use node_base::units::Bytes;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// What a thin volume uses of its pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Bytes that it maps, shared with other volumes or not.
    pub(crate) mapped: Bytes,
    /// Bytes that no other volume maps: removing the volume would free them.
    pub(crate) exclusive: Bytes,
}

/// Why the pool's metadata could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ThinError {
    /// A program failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The output of a program is not what was asked for.
    #[error("the output of {0} cannot be read: '{1}'")]
    Output(&'static str, String),
}

/// Usage by the volumes' numbers in the pool ([`LogicalVolume::thin_id`]).
///
/// # Errors
/// [`ThinError`]: the pool is not active, `thin_ls` is missing, or another program has reserved the metadata snapshot.
pub(crate) fn usage(tools: &dyn Tools, pool: &LogicalVolume) -> Result<BTreeMap<u32, Usage>, ThinError> {
    let args = ["--metadata-snap", "--no-headers", "--format", "DEV,MAPPED_BLOCKS,EXCLUSIVE_BLOCKS"];
    let query = MetadataQuery::new(tools.environment(), pool, "thin_ls", &args);
    parse_usage(&query.run(tools)?, pool.chunk_size)
}

/// The query for the mapped parts of a thin volume: [`mapped`] runs it.
pub(crate) fn mapped_query(environment: &Path, pool: &LogicalVolume, thin_id: &str) -> MetadataQuery {
    let args = ["--metadata-snap", "--format", "xml", "--dev-id", thin_id];
    MetadataQuery::new(environment, pool, "thin_dump", &args)
}

/// The parts of a thin volume that the pool has data for, in order, in bytes. The rest reads as zeros.
///
/// # Errors
/// [`ThinError`], as for [`usage`], but of `thin_dump`.
pub(crate) fn mapped(tools: &dyn Tools, query: &MetadataQuery) -> Result<Vec<Range<u64>>, ThinError> {
    parse_mappings(&query.run(tools)?, query.chunk)
}

/// A program that reads a snapshot of the pool's metadata, between the commands that make and release it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MetadataQuery {
    reserve: Command,
    read: Command,
    release: Command,
    /// The pool's chunk size.
    chunk: Bytes,
}

impl MetadataQuery {
    fn new(environment: &Path, pool: &LogicalVolume, program: &'static str, args: &[&str]) -> MetadataQuery {
        let device = device_mapper_name(&pool.vg, &pool.name);
        let message =
            |m: &'static str| Command::new("dmsetup", ["message", &format!("{device}-tpool"), "0", m]);
        let metadata = below(environment, format!("/dev/mapper/{device}_tmeta")).display().to_string();
        MetadataQuery {
            reserve: message("reserve_metadata_snap"),
            read: Command::new(program, args.iter().copied().chain([metadata.as_str()])),
            release: message("release_metadata_snap"),
            chunk: pool.chunk_size,
        }
    }

    /// The commands, in order.
    pub(crate) fn commands(&self) -> [&Command; 3] {
        [&self.reserve, &self.read, &self.release]
    }

    fn run(&self, tools: &dyn Tools) -> Result<String, ThinError> {
        tools.run(&self.reserve)?;
        let read = tools.run(&self.read);
        // Released also if the program has failed: a snapshot that is kept uses metadata.
        tools.run(&self.release)?;
        Ok(read?.stdout)
    }
}

/// The mappings in thin_dump's XML, one element a line.
fn parse_mappings(text: &str, chunk: Bytes) -> Result<Vec<Range<u64>>, ThinError> {
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
        let range = range.ok_or_else(|| ThinError::Output("thin_dump", line.to_owned()))?;
        match ranges.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => ranges.push(range),
        }
    }
    Ok(ranges)
}

/// The lines of `thin_ls`: number, blocks, blocks of its own.
fn parse_usage(text: &str, chunk: Bytes) -> Result<BTreeMap<u32, Usage>, ThinError> {
    let mut usage = BTreeMap::new();
    for line in text.lines().filter(|l| !l.trim().is_empty()) {
        let mut words = line.split_whitespace().map(str::parse::<u64>);
        let (Some(Ok(device)), Some(Ok(mapped)), Some(Ok(exclusive)), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(ThinError::Output("thin_ls", line.to_owned()));
        };
        let device = u32::try_from(device).map_err(|_| ThinError::Output("thin_ls", line.to_owned()))?;
        let bytes = |blocks: u64| Bytes(blocks.saturating_mul(chunk.0));
        usage.insert(device, Usage { mapped: bytes(mapped), exclusive: bytes(exclusive) });
    }
    Ok(usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_thin_ls_is_in_blocks() {
        let usage = parse_usage("  1  1600   16\n  12   800  0\n\n", Bytes(65536)).unwrap();
        assert_eq!(usage[&1], Usage { mapped: Bytes(100 << 20), exclusive: Bytes(1 << 20) });
        assert_eq!(usage[&12].exclusive, Bytes(0));
        for wrong in ["1 2", "1 2 3 4", "DEV MAPPED EXCLUSIVE", "99999999999 1 1"] {
            assert!(parse_usage(wrong, Bytes(65536)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_output_of_thin_dump_is_turned_into_parts_of_the_volume() {
        let xml = "<superblock uuid=\"\" time=\"1\" transaction=\"4\" data_block_size=\"128\">\n\
            \x20 <device dev_id=\"7\" mapped_blocks=\"5\" transaction=\"0\" creation_time=\"0\" snap_time=\"1\">\n\
            \x20   <range_mapping origin_begin=\"0\" data_begin=\"900\" length=\"2\" time=\"0\"/>\n\
            \x20   <single_mapping origin_block=\"2\" data_block=\"17\" time=\"1\"/>\n\
            \x20   <single_mapping origin_block=\"9\" data_block=\"18\" time=\"1\"/>\n\
            \x20 </device>\n</superblock>\n";
        assert_eq!(parse_mappings(xml, Bytes(65536)).unwrap(), [0..3 * 65536, 9 * 65536..10 * 65536]);
        for wrong in [
            "<single_mapping data_block=\"1\"/>",
            "<range_mapping origin_begin=\"99999999999999999\" length=\"2\"/>",
        ] {
            assert!(parse_mappings(wrong, Bytes(65536)).is_err(), "{wrong}");
        }
    }
}
