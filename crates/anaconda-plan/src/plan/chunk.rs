//! The free regions of a disk and the new partitions in them: how these grow, and where they are then.
//!
//! Source: blivet's `partitioning.py` (`get_disk_chunks`, class `DiskChunk`, `Chunk.grow_requests`).

use crate::machine::id::DeviceId;
use crate::machine::table::{Region, Slot, Table};
use crate::machine::tree::Tree;
use crate::plan::growth::{Share, grow};
use foldhash::HashSet;

/// What the new partitions on one disk could grow by, in sectors.
pub(super) fn disk_growth(
    tree: &Tree,
    disk: DeviceId,
    free: &[Region],
    new: &HashSet<DeviceId>,
    added: Option<(DeviceId, Region)>,
) -> i64 {
    let Some(table) = tree.table(disk) else { return 0 };
    let mut parts = parts_of(table, new);
    parts.extend(added);
    let chunks = free.iter().filter_map(|&region| Chunk::of(tree, table, region, &parts));
    chunks
        .map(|mut c| {
            c.grow();
            c.shares.iter().map(|s| s.growth).sum::<i64>()
        })
        .sum()
}

/// The new partitions of a disk and their places.
pub(super) fn parts_of(table: &Table, new: &HashSet<DeviceId>) -> Vec<(DeviceId, Region)> {
    let is_new = |device: &DeviceId| new.contains(device);
    table.entries.iter().filter_map(|e| Some((e.device.filter(is_new)?, e.region))).collect()
}

/// The new partitions in one region of a disk, by position.
pub(super) struct Chunk {
    region: Region,
    /// The partitions.
    pub(super) parts: Vec<DeviceId>,
    shares: Vec<Share>,
    pool: i64,
}

impl Chunk {
    pub(super) fn of(
        tree: &Tree,
        table: &Table,
        free: Region,
        parts: &[(DeviceId, Region)],
    ) -> Option<Chunk> {
        let region = free.aligned(table.grain())?;
        let mut inside: Vec<_> = parts.iter().filter(|(_, r)| free.contains(*r)).copied().collect();
        inside.sort_by_key(|(_, r)| r.start);
        let shares: Vec<Share> = inside.iter().map(|&(id, r)| share(tree, table, id, r)).collect();
        let last = region.end.min(table.last_start());
        let used: u64 = shares.iter().map(|s| s.base).sum();
        let pool = i64::try_from((last + 1).saturating_sub(region.start)).unwrap_or(i64::MAX);
        let pool = pool.saturating_sub(i64::try_from(used).unwrap_or(i64::MAX));
        Some(Chunk { region, parts: inside.into_iter().map(|(id, _)| id).collect(), shares, pool })
    }

    pub(super) fn grow(&mut self) {
        self.pool = grow(&mut self.shares, self.pool);
    }

    /// Moves the partitions so that the region is filled from its start.
    pub(super) fn relocate(&self, table: &mut Table) {
        let grain = table.grain();
        let mut start = self.region.start;
        let mut places = Vec::new();
        for (id, share) in self.parts.iter().zip(&self.shares) {
            let Some(old) = table.entry(*id).copied() else { continue };
            if old.slot == Slot::Logical {
                start += grain;
            }
            let end = (start + share.units()).saturating_sub(1);
            let end = self.region.end_aligned_down(end, grain).unwrap_or(end);
            places.push((*id, old.slot, Region { start, end: end.max(start) }));
            start = end.max(start) + 1;
        }
        let extended = table.extended().copied().filter(|e| !e.exists && self.region.contains(e.region));
        let moved: HashSet<DeviceId> = self.parts.iter().copied().collect();
        table.remove(|e| e.device.is_some_and(|d| moved.contains(&d)));
        if let Some(extended) = extended {
            table.remove(|e| e.slot == Slot::Extended);
            let first = places.iter().filter(|p| p.1 == Slot::Logical).map(|p| p.2.start).min();
            for (id, slot, region) in places {
                if slot == Slot::Logical && table.extended().is_none() {
                    let start = first.unwrap_or(region.start).saturating_sub(grain);
                    let whole = Region { start, end: self.region.end };
                    table.add(whole, Slot::Extended, extended.device, false);
                }
                table.add(region, slot, Some(id), false);
            }
        } else {
            for (id, slot, region) in places {
                table.add(region, slot, Some(id), false);
            }
        }
    }
}

fn share(tree: &Tree, table: &Table, id: DeviceId, region: Region) -> Share {
    let base = region.sectors();
    let Some(wanted) = tree[id].partition_request().filter(|r| r.grow) else { return Share::fixed(base) };
    let format = tree[id].format.kind.max_size();
    let sizes = wanted.max.into_iter().chain(format).filter(|m| m.0 > 0).min().map(|m| m.0 / table.sector);
    let mut max = sizes.into_iter().chain(table.longest()).min();
    if wanted.bootable {
        // BIOS reads no further than 2 TiB.
        let room = ((2u64 << 40) / table.sector).saturating_sub(region.end);
        max = Some(max.unwrap_or(u64::MAX).min(base.saturating_add(room)));
    }
    Share::growable(base, max)
}
