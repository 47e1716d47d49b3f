//! Partitions: in which order requests get their place, on which disk, and how they grow.
//!
//! Source: blivet's `partitioning.py` (`partition_compare`, `allocate_partitions`, `grow_partitions`).

use crate::machine::device::{Kind, PartitionRequest, compare_disks, partition_name};
use crate::machine::format::FormatKind;
use crate::machine::id::DeviceId;
use crate::machine::release::{Firmware, Release};
use crate::machine::table::{Region, Slot, Table};
use crate::machine::tree::Tree;
use crate::plan::cause::{Cause, Refusal};
use crate::plan::chunk::{Chunk, disk_growth};
use crate::plan::growth::python_sort;
use foldhash::HashMap;
use node_base::units::Bytes;
use std::cmp::Ordering;

/// The size of a partition without `--size`.
pub(super) const DEFAULT_SIZE: Bytes = Bytes(500 << 20);
/// The size that it falls back to where the default does not fit.
pub(super) const FALLBACK_SIZE: Bytes = Bytes(256 << 20);

/// The weight that moves a request to the front; above 1000 it must be on the boot disk.
fn weight(tree: &Tree, id: DeviceId) -> i64 {
    let format = &tree[id].format;
    let mount = format.mountpoint.as_deref();
    match (format.kind, tree.firmware) {
        (kind, _) if kind.mountable() && mount == Some("/boot") => 2000,
        (FormatKind::Efi, Firmware::Uefi) if mount == Some("/boot/efi") => 5000,
        (FormatKind::BiosBoot, Firmware::Bios) => 5000,
        _ => 0,
    }
}

fn sign(ordering: Ordering) -> i64 {
    ordering as i64
}

/// More narrowly described requests come first.
fn compare(tree: &Tree, a: DeviceId, b: DeviceId) -> Ordering {
    let (Some(x), Some(y)) = (tree[a].partition_request(), tree[b].partition_request()) else {
        return Ordering::Equal;
    };
    let mut score = weight(tree, b) - weight(tree, a);
    score += 500
        * match (x.disks.is_empty(), y.disks.is_empty()) {
            (false, true) => -1,
            (true, false) => 1,
            _ => sign(x.disks.len().cmp(&y.disks.len())),
        };
    score -= 200 * sign(x.primary.cmp(&y.primary));
    score += 100 * sign(x.grow.cmp(&y.grow));
    score -= 50 * sign(x.size.cmp(&y.size));
    if x.grow && y.grow {
        score += 25
            * match (x.max, y.max) {
                (None, Some(_)) => -1,
                (Some(_), None) => 1,
                (p, q) => -sign(p.cmp(&q)),
            };
    }
    let mount = |id: DeviceId| {
        let f = &tree[id].format;
        f.kind.mountable().then(|| f.mountpoint.as_deref().unwrap_or_default())
    };
    if let (Some(p), Some(q)) = (mount(a), mount(b)) {
        score += 10 * sign(p.cmp(q));
    }
    score.cmp(&0)
}

/// Gives every new partition its place and its size. `boot_disk` is the disk that the boot loader is installed on.
///
/// # Errors
/// [`Cause::NoSpaceOnDisks`], [`Cause::FormatLimits`].
pub(super) fn allocate(tree: &mut Tree, boot_disk: Option<DeviceId>) -> Result<(), Refusal> {
    let disks = tree.partitioned();
    let mut new: Vec<DeviceId> = tree
        .ids()
        .filter(|&id| !tree[id].exists && matches!(tree[id].kind, Kind::Partition(_)))
        .filter(|&id| tree.entry(id).is_none())
        .collect();
    let boot = tree.mounted("/boot").or_else(|| tree.mounted("/"));
    for &id in &new {
        if let Kind::Partition(r) = &mut tree[id].kind {
            r.bootable = boot == Some(id);
        }
    }
    new.sort_by(|a, b| tree[*a].name.cmp(&tree[*b].name));
    python_sort(&mut new, |a, b| compare(tree, *a, *b));

    let free: HashMap<DeviceId, Vec<Region>> = disks
        .iter()
        .filter_map(|&d| {
            let table = tree.table(d)?;
            Some((d, table.free().into_iter().filter(|r| r.sectors() >= table.grain()).collect()))
        })
        .collect();

    let mut growth = GrowthPerDisk::default();
    for at in 0..new.len() {
        place(tree, &disks, &free, &new[..=at], boot_disk, &mut growth)?;
    }
    grow_all(tree, &disks, &free, &new);
    finish(tree, &disks, &new)
}

/// Growth that the layout so far allows on each disk, in sectors; only the disk that changed is computed anew.
#[derive(Default)]
struct GrowthPerDisk(HashMap<DeviceId, i64>);

/// A place that could be chosen.
#[derive(Clone, Copy)]
struct Choice {
    disk: DeviceId,
    slot: Slot,
    region: Region,
}

/// Chooses disk and region of the last request in `order` and puts it there.
fn place(
    tree: &mut Tree,
    disks: &[DeviceId],
    free: &HashMap<DeviceId, Vec<Region>>,
    order: &[DeviceId],
    boot_disk: Option<DeviceId>,
    growth: &mut GrowthPerDisk,
) -> Result<(), Refusal> {
    let Some((&id, before)) = order.split_last() else { return Ok(()) };
    let Some(wanted) = tree[id].partition_request().cloned() else { return Ok(()) };
    let mut candidates = if wanted.disks.is_empty() { disks.to_vec() } else { wanted.disks.clone() };
    candidates.sort_by(|a, b| compare_disks(&tree[*a].name, &tree[*b].name));
    if let Some(at) = boot_disk.and_then(|b| candidates.iter().position(|&d| d == b)) {
        candidates[..=at].rotate_right(1);
    }
    let boot = weight(tree, id) > 1000;
    let any_grow = wanted.grow || before.iter().any(|&p| tree[p].partition_request().is_some_and(|r| r.grow));
    let mut chosen: Option<Choice> = None;
    let mut best_growth = 0;
    let mut no_slots: Vec<String> = Vec::new();
    let mut no_primary: Vec<String> = Vec::new();
    for &disk in &candidates {
        let Some(table) = tree.table(disk) else { continue };
        let size = aligned_size(wanted.size);
        // A partition that grows is tried on every disk; a fixed one only where a region is smaller.
        let current = if wanted.grow { None } else { chosen.map(|c| c.region) };
        let Some(mut slot) = table.next_slot(false) else {
            no_slots.push(tree[disk].name.clone());
            continue;
        };
        if wanted.primary && slot != Slot::Primary {
            if table.primaries_left() == 0 {
                no_primary.push(tree[disk].name.clone());
                continue;
            }
            slot = Slot::Primary;
        }
        let search = Search {
            size,
            boot,
            grow: wanted.grow,
            uefi: tree.firmware == Firmware::Uefi,
            release: tree.release,
        };
        let mut best = search.best_region(table, slot, current);
        if best.is_none()
            && (chosen.is_none() || !wanted.grow)
            && !wanted.primary
            && slot == Slot::Primary
            && let Some(other) = table.next_slot(true)
        {
            slot = other;
            best = search.best_region(table, slot, current);
        }
        let Some(region) = best else {
            if boot && chosen.is_some() {
                break;
            }
            continue;
        };
        let choice = Choice { disk, slot, region };
        let mut better = true;
        if any_grow {
            let Some(total) = growth_with(tree, disks, free, before, id, &search, choice, growth) else {
                continue;
            };
            if chosen.is_some() && total <= best_growth {
                better = false;
            } else {
                best_growth = total;
            }
        }
        if better {
            chosen = Some(choice);
        }
        if boot && chosen.is_some() {
            break;
        }
    }
    let Some(choice) = chosen else {
        return Err(no_room(tree, id, no_slots, no_primary));
    };
    put(tree, id, &wanted, choice).ok_or_else(|| no_room(tree, id, Vec::new(), Vec::new()))?;
    growth.0.remove(&choice.disk);
    Ok(())
}

fn no_room(tree: &Tree, id: DeviceId, no_slots: Vec<String>, no_primary: Vec<String>) -> Refusal {
    let mut lines = Vec::new();
    if !no_slots.is_empty() {
        lines.push(format!("{}: no free partition slots", no_slots.join(", ")));
    }
    if !no_primary.is_empty() {
        lines.push(format!("{}: no primary partition slots available", no_primary.join(", ")));
    }
    let says = if lines.is_empty() || tree.release == Release::Rhel8 {
        "Unable to allocate requested partition scheme.".to_owned()
    } else {
        format!("Unable to allocate requested partition scheme on requested disks:\n{}", lines.join("\n"))
    };
    Refusal::stop(Cause::NoSpaceOnDisks, tree[id].span, says)
}

/// What Anaconda aligns a size to before it looks for room: 2048 *bytes*, the number of sectors in a grain.
fn aligned_size(size: Bytes) -> Bytes {
    Bytes(size.0.div_ceil(2048).saturating_mul(2048))
}

/// What a region must offer.
struct Search {
    size: Bytes,
    boot: bool,
    grow: bool,
    uefi: bool,
    release: Release,
}

impl Search {
    /// The region to use on this disk: the first for a boot partition, the largest for one that grows, else the
    /// smallest that is large enough and smaller than `other`, the one chosen on another disk.
    fn best_region(&self, table: &Table, slot: Slot, other: Option<Region>) -> Option<Region> {
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
fn geometry(table: &Table, region: Region, slot: Slot, size: Option<Bytes>) -> Option<Region> {
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

/// Total growth of the layout if the request `id` takes this place.
#[allow(clippy::too_many_arguments)]
fn growth_with(
    tree: &mut Tree,
    disks: &[DeviceId],
    free: &HashMap<DeviceId, Vec<Region>>,
    before: &[DeviceId],
    id: DeviceId,
    search: &Search,
    choice: Choice,
    cache: &mut GrowthPerDisk,
) -> Option<i64> {
    let mut total: i64 = 0;
    for &disk in disks.iter().filter(|&&d| d != choice.disk) {
        let known = cache.0.get(&disk).copied();
        let here = known.unwrap_or_else(|| disk_growth(tree, disk, &free[&disk], before, None));
        cache.0.insert(disk, here);
        total = total.saturating_add(here);
    }
    let table = tree.table(choice.disk)?;
    let (mut slot, mut region) = (choice.slot, choice.region);
    let mut trial = table.clone();
    if slot == Slot::Extended {
        let whole = geometry(&trial, region, slot, None)?;
        trial.add(whole, Slot::Extended, None, false);
        slot = Slot::Logical;
        region = search.best_region(&trial, slot, None)?;
    }
    let place = geometry(&trial, region, slot, Some(search.size))?;
    let here = disk_growth(tree, choice.disk, &free[&choice.disk], before, Some((id, place)));
    Some(total.saturating_add(here))
}

/// Puts a request into its place; an extended partition is made on the way if it needs one.
fn put(tree: &mut Tree, id: DeviceId, wanted: &PartitionRequest, choice: Choice) -> Option<()> {
    let search = Search {
        size: aligned_size(wanted.size),
        boot: false,
        grow: wanted.grow,
        uefi: false,
        release: tree.release,
    };
    let table = tree.table_mut(choice.disk)?;
    let mut size = aligned_size(wanted.size);
    let (mut slot, mut region) = (choice.slot, choice.region);
    if slot == Slot::Extended {
        let whole = geometry(table, region, slot, None)?;
        table.add(whole, Slot::Extended, None, false);
        let grain = table.grain();
        if size > table.bytes(whole.sectors().saturating_sub(grain)) {
            size = size - table.bytes(grain);
        }
        slot = Slot::Logical;
        region = Search { size, ..search }.best_region(table, slot, None)?;
    }
    let place = geometry(table, region, slot, Some(size))?;
    let number = table.add(place, slot, Some(id), false);
    let name = partition_name(&tree[choice.disk].name, number);
    tree[id].parents = vec![choice.disk];
    tree.rename(id, name);
    Some(())
}

/// Grows the partitions of every disk and moves them so that each region is filled from its start.
fn grow_all(tree: &mut Tree, disks: &[DeviceId], free: &HashMap<DeviceId, Vec<Region>>, new: &[DeviceId]) {
    if !new.iter().any(|&id| tree[id].partition_request().is_some_and(|r| r.grow)) {
        return;
    }
    for &disk in disks {
        let Some(table) = tree.table(disk) else { continue };
        let parts: Vec<_> = new.iter().filter_map(|&p| Some((p, table.entry(p)?.region))).collect();
        let chunks: Vec<Chunk> =
            free[&disk].iter().filter_map(|&r| Chunk::of(tree, table, r, &parts)).collect();
        for mut chunk in chunks {
            let grows = chunk.parts.iter().any(|&id| tree[id].partition_request().is_some_and(|r| r.grow));
            if grows {
                chunk.grow();
                if let Some(table) = tree.table_mut(disk) {
                    chunk.relocate(table);
                }
            }
        }
    }
}

/// Fixes sizes and names; extended partitions become devices; content that does not fit is refused.
fn finish(tree: &mut Tree, disks: &[DeviceId], new: &[DeviceId]) -> Result<(), Refusal> {
    for &disk in disks {
        let disk_name = tree[disk].name.clone();
        let entries = tree.table(disk).map(|t| t.entries.clone()).unwrap_or_default();
        for entry in entries {
            let name = partition_name(&disk_name, entry.number);
            match entry.device {
                Some(id) => tree.rename(id, name),
                None => {
                    let kind = Kind::Partition(PartitionRequest::default());
                    let id = tree.add(crate::machine::device::Device::new(&name, kind, vec![disk]));
                    let table = tree.table_mut(disk);
                    if let Some(e) =
                        table.and_then(|t| t.entries.iter_mut().find(|e| e.slot == Slot::Extended))
                    {
                        e.device = Some(id);
                    }
                }
            }
        }
    }
    for &id in new {
        let size = tree.size(id);
        if let Kind::Partition(r) = &mut tree[id].kind {
            r.grow = false;
            r.size = size;
        }
    }
    for &id in new {
        let kind = tree[id].format.kind;
        let size = tree.size(id);
        let min = kind.min_size(tree.release);
        let problem = match kind.max_size() {
            Some(max) if size > max => "large",
            _ if size < min => "small",
            _ => continue,
        };
        let max = kind.max_size().unwrap_or(Bytes(0));
        let says = format!(
            "partition is too {problem} for {} formatting (allowable size is {min} to {max})",
            kind.name()
        );
        return Err(Refusal::stop(Cause::FormatLimits, tree[id].span, says));
    }
    Ok(())
}
