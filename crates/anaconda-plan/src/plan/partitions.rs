//! Partitions: in which order requests get their place, on which disk, and how they grow.
//!
//! Source: blivet's `partitioning.py` (`partition_compare`, `allocate_partitions`, `grow_partitions`).

mod region;

use crate::machine::device::{Kind, PartitionRequest, disk_order, partition_name};
use crate::machine::format::FormatKind;
use crate::machine::id::DeviceId;
use crate::machine::release::{Firmware, Release};
use crate::machine::table::{Region, Slot};
use crate::machine::tree::Tree;
use crate::plan::cause::{Cause, Refusal};
use crate::plan::chunk::{Chunk, disk_growth, parts_of};
use crate::plan::growth::python_sort;
use foldhash::{HashMap, HashMapExt, HashSet};
use node_base::units::Bytes;
use region::{Search, aligned_size, free_regions, geometry};
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
    tree.close_accounts();
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

    let mut places = Places::new(tree, boot_disk, &new);
    for &id in &new {
        places.place(tree, id)?;
    }
    places.grow_all(tree);
    finish(tree, &places.disks, &new)
}

/// A place that could be chosen.
#[derive(Clone, Copy)]
struct Choice {
    disk: DeviceId,
    slot: Slot,
    region: Region,
}

/// The disks while partitions get their places.
struct Places {
    /// Disks with a table, by name.
    disks: Vec<DeviceId>,
    /// Those in the order in which they are tried, without those that are known to be full.
    open: Vec<DeviceId>,
    boot_disk: Option<DeviceId>,
    /// The regions that were free before.
    free: HashMap<DeviceId, Vec<Region>>,
    /// The partitions that get a place.
    new: HashSet<DeviceId>,
    /// Whether one that has its place may grow.
    any_grow: bool,
    growth: Growth,
}

/// What the new partitions on each disk could grow by, in sectors; only a disk that changed is computed anew.
struct Growth {
    of_disk: HashMap<DeviceId, i64>,
    changed: Vec<DeviceId>,
    total: i128,
}

impl Growth {
    /// The partitions on this disk are others now.
    fn forget(&mut self, disk: DeviceId) {
        if let Some(known) = self.of_disk.remove(&disk) {
            self.total -= i128::from(known);
            self.changed.push(disk);
        }
    }
}

impl Places {
    fn new(tree: &Tree, boot_disk: Option<DeviceId>, new: &[DeviceId]) -> Places {
        let disks = tree.partitioned();
        let mut open = disks.clone();
        sort_for_trial(tree, &mut open, boot_disk);
        Places {
            open,
            boot_disk,
            free: disks.iter().map(|&d| (d, free_regions(tree, d))).collect(),
            new: new.iter().copied().collect(),
            any_grow: false,
            growth: Growth { of_disk: HashMap::new(), changed: disks.clone(), total: 0 },
            disks,
        }
    }

    /// Chooses disk and region of a request and puts it there.
    fn place(&mut self, tree: &mut Tree, id: DeviceId) -> Result<(), Refusal> {
        let Some(wanted) = tree[id].partition_request().cloned() else { return Ok(()) };
        self.any_grow |= wanted.grow;
        let mut chosen = if wanted.disks.is_empty() {
            let open = std::mem::take(&mut self.open);
            let chosen = self.choose(tree, id, &wanted, &open);
            self.open = open;
            self.open.retain(|&d| tree.table(d).is_some_and(|t| t.next_slot(false).is_some()));
            chosen
        } else {
            let mut candidates = wanted.disks.clone();
            sort_for_trial(tree, &mut candidates, self.boot_disk);
            self.choose(tree, id, &wanted, &candidates)
        };
        if chosen.is_none() && wanted.disks.is_empty() && self.slots_are_missing(tree, &wanted) {
            // What is true of all machines is asked, and somebody has one with another disk.
            chosen = self.add_disk(tree).and_then(|disk| self.choose(tree, id, &wanted, &[disk]));
        }
        let Some(choice) = chosen else { return Err(self.no_room(tree, id, &wanted)) };
        put(tree, id, &wanted, choice).ok_or_else(|| no_room(tree, id, &[], &[]))?;
        self.growth.forget(choice.disk);
        Ok(())
    }

    /// The place on the first of the disks where the layout can grow most.
    fn choose(
        &mut self,
        tree: &Tree,
        id: DeviceId,
        wanted: &PartitionRequest,
        candidates: &[DeviceId],
    ) -> Option<Choice> {
        let boot = weight(tree, id) > 1000;
        let search = Search {
            size: aligned_size(wanted.size),
            boot,
            grow: wanted.grow,
            uefi: tree.firmware == Firmware::Uefi,
            release: tree.release,
        };
        let mut chosen: Option<Choice> = None;
        let mut best_growth = 0;
        for &disk in candidates {
            let Some(table) = tree.table(disk) else { continue };
            // A partition that grows is tried on every disk; a fixed one only where a region is smaller.
            let current = if wanted.grow { None } else { chosen.map(|c| c.region) };
            let Some(mut slot) = table.next_slot(false) else { continue };
            if wanted.primary && slot != Slot::Primary {
                if table.primaries_left() == 0 {
                    continue;
                }
                slot = Slot::Primary;
            }
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
            if self.any_grow {
                let Some(total) = self.growth_with(tree, id, &search, choice) else { continue };
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
        chosen
    }

    /// Total growth of the layout if the request `id` takes this place.
    fn growth_with(&mut self, tree: &Tree, id: DeviceId, search: &Search, choice: Choice) -> Option<i128> {
        while let Some(disk) = self.growth.changed.pop() {
            let here = disk_growth(tree, disk, &self.free[&disk], &self.new, None);
            self.growth.of_disk.insert(disk, here);
            self.growth.total += i128::from(here);
        }
        let elsewhere = self.growth.total - i128::from(*self.growth.of_disk.get(&choice.disk)?);
        let table = tree.table(choice.disk)?;
        let place = if choice.slot == Slot::Extended {
            let mut trial = table.clone();
            trial.add(geometry(&trial, choice.region, choice.slot, None)?, Slot::Extended, None, false);
            let region = search.best_region(&trial, Slot::Logical, None)?;
            geometry(&trial, region, Slot::Logical, Some(search.size))?
        } else {
            geometry(table, choice.region, choice.slot, Some(search.size))?
        };
        let here = disk_growth(tree, choice.disk, &self.free[&choice.disk], &self.new, Some((id, place)));
        Some(elsewhere + i128::from(here))
    }

    /// Whether the request has no place because a disk has no slot for it.
    fn slots_are_missing(&self, tree: &Tree, wanted: &PartitionRequest) -> bool {
        let (no_slots, no_primary) = missing_slots(tree, wanted, &self.open);
        self.open.len() < self.disks.len() || !no_slots.is_empty() || !no_primary.is_empty()
    }

    /// Another disk of an imaginary machine.
    fn add_disk(&mut self, tree: &mut Tree) -> Option<DeviceId> {
        let disk = tree.add_further_disk()?;
        self.disks.push(disk);
        self.open.push(disk);
        self.free.insert(disk, free_regions(tree, disk));
        self.growth.changed.push(disk);
        Some(disk)
    }

    fn no_room(&self, tree: &Tree, id: DeviceId, wanted: &PartitionRequest) -> Refusal {
        let mut candidates = if wanted.disks.is_empty() { self.disks.clone() } else { wanted.disks.clone() };
        sort_for_trial(tree, &mut candidates, self.boot_disk);
        let (no_slots, no_primary) = missing_slots(tree, wanted, &candidates);
        no_room(tree, id, &no_slots, &no_primary)
    }

    /// Grows the partitions of every disk and moves them so that each region is filled from its start.
    fn grow_all(&self, tree: &mut Tree) {
        if !self.any_grow {
            return;
        }
        for &disk in &self.disks {
            let Some(table) = tree.table(disk) else { continue };
            let parts = parts_of(table, &self.new);
            let chunks: Vec<Chunk> =
                self.free[&disk].iter().filter_map(|&r| Chunk::of(tree, table, r, &parts)).collect();
            for mut chunk in chunks {
                let grows =
                    chunk.parts.iter().any(|&id| tree[id].partition_request().is_some_and(|r| r.grow));
                if grows {
                    chunk.grow();
                    if let Some(table) = tree.table_mut(disk) {
                        chunk.relocate(table);
                    }
                }
            }
        }
    }
}

/// The order in which disks are tried: the boot disk first.
fn sort_for_trial(tree: &Tree, disks: &mut [DeviceId], boot_disk: Option<DeviceId>) {
    disks.sort_by_cached_key(|&disk| disk_order(&tree[disk].name));
    if let Some(at) = boot_disk.and_then(|b| disks.iter().position(|&d| d == b)) {
        disks[..=at].rotate_right(1);
    }
}

/// The disks without a slot for this request, and those without a primary one.
fn missing_slots<'t>(
    tree: &'t Tree,
    wanted: &PartitionRequest,
    disks: &[DeviceId],
) -> (Vec<&'t str>, Vec<&'t str>) {
    let (mut no_slots, mut no_primary) = (Vec::new(), Vec::new());
    for &disk in disks {
        let Some(table) = tree.table(disk) else { continue };
        match table.next_slot(false) {
            None => no_slots.push(tree[disk].name.as_str()),
            Some(slot) if wanted.primary && slot != Slot::Primary && table.primaries_left() == 0 => {
                no_primary.push(tree[disk].name.as_str());
            }
            Some(_) => {}
        }
    }
    (no_slots, no_primary)
}

fn no_room(tree: &Tree, id: DeviceId, no_slots: &[&str], no_primary: &[&str]) -> Refusal {
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
    tree.put_on(id, choice.disk);
    tree.rename(id, name);
    Some(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::device::Device;
    use crate::machine::disk::DiskSpec;
    use crate::machine::profile::Profile;

    /// How many new partitions each disk gets, of an imaginary machine with one disk with this table.
    fn spread(label: &str, count: usize, grow: bool) -> Vec<usize> {
        let disk: DiskSpec = format!("imaginary=1000GiB,label={label}").parse().unwrap();
        let profile = Profile::plain(Release::Rhel9).into();
        let mut tree =
            Tree::new(Release::Rhel9, Firmware::Bios, profile, Bytes(1 << 30), std::slice::from_ref(&disk));
        tree.further_disk = Some(disk);
        for n in 0..count {
            let request = PartitionRequest {
                grow,
                size: Bytes(100 << 20),
                max: Some(Bytes(200 << 20)),
                ..PartitionRequest::default()
            };
            tree.add(Device::new(format!("req{n}"), Kind::Partition(request), Vec::new()));
        }
        assert_eq!(allocate(&mut tree, None), Ok(()));
        let on =
            |disk| tree.children(disk).iter().filter(|&&p| tree[p].partition_request().is_some()).count();
        let extended = |disk| usize::from(tree.table(disk).is_some_and(|t| t.extended().is_some()));
        tree.disks().into_iter().map(|disk| on(disk) - extended(disk)).collect()
    }

    #[test]
    fn a_further_disk_is_there_when_all_are_full_and_not_before() {
        assert_eq!(spread("gpt", 128, false), [128]);
        assert_eq!(spread("gpt", 300, false), [128, 128, 44]);
        assert_eq!(spread("gpt", 300, true), [128, 128, 44]);
        assert_eq!(spread("msdos", 30, false), [14, 14, 2]);
    }
}
