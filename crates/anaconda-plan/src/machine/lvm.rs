//! LVM's own arithmetic and limits: extents, the metadata of thin pools, names.
//!
//! Source: lvm2, libblockdev's sizes of pool metadata, blivet's `devices/lvm.py`.

use node_base::units::Bytes;

/// Where the extents of a physical volume begin.
const PE_START: Bytes = Bytes::MIB;
/// Extent sizes that LVM accepts: powers of two from 1 KiB to 16 GiB.
pub(crate) const EXTENTS: std::ops::RangeInclusive<u64> = (1 << 10)..=(16 << 30);
/// Least size of a pool's metadata.
const MIN_METADATA: u64 = 4 << 20;
/// Largest size of a pool's metadata.
pub(crate) const MAX_METADATA: u64 = 16_978_542_592;
/// Data that a chunk of 64 KiB can address.
const ADDRESSABLE: u64 = 17_455_015_526_400;
/// Least chunk of a thin pool.
pub(crate) const MIN_CHUNK: u64 = 64 << 10;
/// Largest chunk of a thin pool.
pub(crate) const MAX_CHUNK: u64 = 1 << 30;

/// Rounded down to whole extents.
pub(crate) fn align_down(size: Bytes, extent: Bytes) -> Bytes {
    size.extents_floor(extent).bytes(extent)
}

/// Rounded up to whole extents.
pub(crate) fn align_up(size: Bytes, extent: Bytes) -> Bytes {
    size.extents_ceil(extent).bytes(extent)
}

/// The bytes of a physical volume of this size that its group can use: whole extents after LVM's own data.
pub(crate) fn usable(size: Bytes, is_array: bool, extent: Bytes) -> Bytes {
    let start = if is_array { PE_START + PE_START } else { PE_START };
    align_down(size - start, extent)
}

/// The chunk that blivet recommends for a pool of this size.
pub(crate) fn recommended_chunk(size: Bytes) -> Bytes {
    Bytes(size.0.div_ceil(ADDRESSABLE).saturating_mul(MIN_CHUNK).min(MAX_CHUNK))
}

/// Metadata that a pool of this size gets: 64 bytes a chunk, within LVM's limits, in whole extents.
pub(crate) fn pool_metadata(size: Bytes, chunk: Bytes, extent: Bytes) -> Bytes {
    let bytes = u128::from(size.0) * 64 / u128::from(chunk.0.max(1));
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX).clamp(MIN_METADATA, MAX_METADATA);
    align_up(Bytes(bytes), extent)
}

/// Whether LVM allows the name of a group or a volume.
pub(crate) fn name_is_valid(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "+_.-".contains(c);
    let dots = matches!(name, "" | "." | "..");
    !dots && !name.starts_with('-') && name.chars().all(legal) && name.len() <= 55
}

/// Whether LVM allows the name of a volume: some are its own.
pub(crate) fn volume_name_is_valid(name: &str) -> bool {
    const OWN: [&str; 10] = [
        "_cdata", "_cmeta", "_mimage", "_mlog", "_pmspare", "_rimage", "_rmeta", "_tdata", "_tmeta",
        "_vorigin",
    ];
    let is_own = name.match_indices('_').any(|(at, _)| OWN.iter().any(|own| name[at..].starts_with(own)));
    name_is_valid(name) && !is_own && !name.starts_with("pvmove") && !name.starts_with("snapshot")
}

/// Whether LVM and blivet keep the name of a volume unchanged, apart from how it begins.
pub(crate) fn is_safe(name: &str) -> bool {
    let kept = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    name.len() <= 94 && name.bytes().all(kept)
}

/// What blivet makes of a name: characters that LVM does not know are left out, 96 characters remain.
pub(crate) fn safe_name(name: &str) -> String {
    if is_safe(name) && name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return name.to_owned();
    }
    let kept = name.trim().replace('/', "_");
    let kept: String = kept.chars().filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).collect();
    let kept = kept.trim_start_matches(['-', '_']);
    if kept == "." || kept == ".." { String::new() } else { kept.chars().take(96).collect() }
}
