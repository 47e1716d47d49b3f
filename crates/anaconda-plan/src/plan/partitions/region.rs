//! The free region of a disk that a partition is put into, and where in it.
//!
//! Source: blivet's `partitioning.py` (`get_best_free_space_region`, `get_free_regions`, `add_partition`).

use crate::machine::id::DeviceId;
use crate::machine::release::Release;
use crate::machine::table::{Region, Slot, Table};
use crate::machine::tree::Tree;
use node_base::units::Bytes;

/// The free regions in which a partition can be.
pub(super) fn free_regions(tree: &Tree, disk: DeviceId) -> Vec<Region> {
    let regions = |table: &Table| table.free().into_iter().filter(|r| r.sectors() >= table.grain()).collect();
    tree.table(disk).map(regions).unwrap_or_default()
}

/// What Anaconda aligns a size to before it looks for room: 2048 *bytes*, the number of sectors in a grain.
pub(super) fn aligned_size(size: Bytes) -> Bytes {
    Bytes(size.0.div_ceil(2048).saturating_mul(2048))
}

/// What a region must offer.
pub(super) struct Search {
    pub(super) size: Bytes,
    pub(super) boot: bool,
    pub(super) grow: bool,
    pub(super) uefi: bool,
    pub(super) release: Release,
}

impl Search {
    /// The region to use on this disk: the first for a boot partition, the largest for one that grows, else the
    /// smallest that is large enough and smaller than `other`, the one chosen on another disk.
    pub(super) fn best_region(&self, table: &Table, slot: Slot, other: Option<Region>) -> Option<Region> {
        const TWO_TIB: u64 = 2 << 40;
        let mut best: Option<Region> = None;
        let extended = table.extended().map(|e| e.region);
        let limited = self.boot && !(self.release == Release::Fedora && self.uefi);
        for region in table.free() {
            if let Some(extended) = extended {
                let inside = extended.contains(region);
                if (inside && slot == Slot::Primary) || (!inside && slot == Slot::Logical) {
                    continue;
                }
            }
            if region.start > table.last_start() {
                continue;
            }
            if limited && table.bytes(region.start).0.saturating_add(self.size.0) > TWO_TIB {
                continue;
            }
            if self.size > table.bytes(region.sectors()) {
                continue;
            }
            let larger = self.grow || slot == Slot::Extended;
            let wins = best.or(other).is_none_or(|b| {
                if larger { region.sectors() > b.sectors() } else { region.sectors() < b.sectors() }
            });
            if wins {
                best = Some(region);
                if self.boot {
                    break;
                }
            }
        }
        best
    }
}

/// Where a new partition in `region` begins and ends; `None` if it cannot be aligned.
pub(super) fn geometry(table: &Table, region: Region, slot: Slot, size: Option<Bytes>) -> Option<Region> {
    let grain = table.grain();
    let mut start = region.start_aligned(region.start, grain)?;
    if slot == Slot::Logical {
        start += grain; // room for the logical partition's own entry
    }
    let end = match size {
        None => region.end,
        Some(size) => (start + size.0 / table.sector).checked_sub(1)?,
    };
    let end = region.end_aligned_up(end, grain)?;
    let len = end.checked_sub(start)? + 1;
    (table.longest().is_none_or(|l| len <= l)).then_some(Region { start, end })
}
