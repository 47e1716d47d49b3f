//! Partition tables: where partitions may be, which slots are left, how their ends are aligned.
//!
//! Source: libparted 3 (labels `gpt` and `dos`, `natmath.c`) as blivet's `formats/disklabel.py` and
//! `partitioning.py` use it. Positions are logical sectors; the last one belongs to its region.

use crate::machine::disk::Label;
use crate::machine::id::DeviceId;
use node_base::units::Bytes;

/// Sectors from `start` to `end`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First sector.
    pub start: u64,
    /// Last sector.
    pub end: u64,
}

impl Region {
    /// Number of sectors.
    pub fn sectors(self) -> u64 {
        self.end - self.start + 1
    }

    /// Whether `other` is inside.
    pub(crate) fn contains(self, other: Region) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The nearest multiple of `grain` (plus `offset`) at or above `sector` that is inside; if none is
    /// above, the last one below.
    fn align_up(self, sector: u64, grain: u64, offset: u64) -> Option<u64> {
        match (sector + grain - offset) % grain {
            0 => self.closest_inside(sector, grain),
            over => self.closest_inside(sector - over.min(sector) + grain, grain),
        }
    }

    /// The same at or below.
    fn align_down(self, sector: u64, grain: u64, offset: u64) -> Option<u64> {
        match (sector + grain - offset) % grain {
            over if over <= sector => self.closest_inside(sector - over, grain),
            over => self.closest_inside(sector + grain - over, grain),
        }
    }

    fn closest_inside(self, mut sector: u64, grain: u64) -> Option<u64> {
        if sector < self.start {
            sector += (self.start - sector).div_ceil(grain) * grain;
        }
        if sector > self.end {
            sector = sector.checked_sub((sector - self.end).div_ceil(grain) * grain)?;
        }
        (self.start <= sector && sector <= self.end).then_some(sector)
    }

    /// The start of a partition in this region.
    pub(crate) fn start_aligned(self, sector: u64, grain: u64) -> Option<u64> {
        if sector.is_multiple_of(grain) && sector >= self.start && sector <= self.end {
            return Some(sector);
        }
        let (up, down) = (self.align_up(sector, grain, 0)?, self.align_down(sector, grain, 0)?);
        Some(if up.abs_diff(sector) <= down.abs_diff(sector) { up } else { down })
    }

    /// The end of a partition in this region: up to a multiple of `grain`, or down where up is outside.
    pub(crate) fn end_aligned_up(self, sector: u64, grain: u64) -> Option<u64> {
        if (sector + 1).is_multiple_of(grain) && sector <= self.end {
            return Some(sector);
        }
        self.align_up(sector, grain, grain - 1)
    }

    /// The end of a partition in this region: down to a multiple of `grain`.
    pub(crate) fn end_aligned_down(self, sector: u64, grain: u64) -> Option<u64> {
        if (sector + 1).is_multiple_of(grain) && sector <= self.end {
            return Some(sector);
        }
        self.align_down(sector, grain, grain - 1)
    }

    /// The part of the region between aligned sectors; `None` if it is smaller than a grain.
    pub(crate) fn aligned(self, grain: u64) -> Option<Region> {
        let start = self.align_up(self.start, grain, 0)?;
        let end = self.align_down(self.end, grain, grain - 1)?;
        (start < end && end - start + 1 >= grain).then_some(Region { start, end })
    }
}

/// The kind of entry that a partition has in its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// A GPT entry, or one of the four of an MBR.
    Primary,
    /// The MBR entry that holds the logical ones.
    Extended,
    /// In the extended partition.
    Logical,
}

/// One partition on a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its sectors.
    pub region: Region,
    /// Its kind.
    pub slot: Slot,
    /// The number in its name.
    pub number: u32,
    /// The device; `None` for an extended partition that is made to hold others.
    pub device: Option<DeviceId>,
    /// Whether it exists before the installation.
    pub exists: bool,
}

/// The table of one disk and what is in it.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its type.
    pub label: Label,
    /// Sectors of the disk.
    pub sectors: u64,
    /// Bytes in a sector.
    pub sector: u64,
    /// The most logical partitions.
    max_logicals: usize,
    /// Partitions by position.
    pub entries: Vec<Entry>,
}

/// The most logical partitions on a disk of this name, in the extended partition of an MBR.
///
/// Source: pyparted 3.13, `Disk.getMaxLogicalPartitions`, which blivet obeys (`get_next_partition_type`).
fn max_logicals(disk: &str) -> usize {
    match disk {
        d if d.starts_with("hd") => 59,
        d if d.starts_with("mmcblk") => 5,
        _ => 11,
    }
}

impl Table {
    /// An empty table of the disk of this name.
    pub(crate) fn new(label: Label, disk: &str, size: Bytes, sector: u32) -> Table {
        let sector = u64::from(sector.max(512));
        let max_logicals = max_logicals(disk);
        Table { label, sectors: size.0 / sector, sector, max_logicals, entries: Vec::new() }
    }

    /// Sectors in 1 MiB: where partitions start and end.
    pub fn grain(&self) -> u64 {
        ((1 << 20) / self.sector).max(1)
    }

    /// The sectors that partitions may use. libparted keeps the first track of an MBR: 32 sectors on the recorded
    /// disks, 63 on most real ones, which moves a swap of a tenth of the disk by 1587 bytes and nothing else.
    fn usable(&self) -> Option<Region> {
        let table = 16384 / self.sector;
        let (start, end) = match self.label {
            Label::Gpt => (2 + table, self.sectors.checked_sub(2 + table)?),
            Label::Msdos => (32, self.sectors.checked_sub(1)?),
        };
        (start <= end).then_some(Region { start, end })
    }

    /// The last sector that an entry can start or, grown, end at.
    pub(crate) fn last_start(&self) -> u64 {
        match self.label {
            Label::Gpt => u64::MAX >> 9,
            Label::Msdos => u64::from(u32::MAX),
        }
    }

    /// The most sectors of one partition, if the table limits them.
    pub(crate) fn longest(&self) -> Option<u64> {
        (self.label == Label::Msdos).then_some(u64::from(u32::MAX))
    }

    fn max_primaries(&self) -> usize {
        match self.label {
            Label::Gpt => 128,
            Label::Msdos => 4,
        }
    }

    /// Entries that are not logical.
    pub(crate) fn primaries(&self) -> usize {
        self.entries.iter().filter(|e| e.slot != Slot::Logical).count()
    }

    /// Entries that are left for primary partitions.
    pub(crate) fn primaries_left(&self) -> usize {
        self.max_primaries().saturating_sub(self.primaries())
    }

    /// Whether the table can have an extended partition.
    pub(crate) fn knows_extended(&self) -> bool {
        self.label == Label::Msdos
    }

    /// The extended partition.
    pub(crate) fn extended(&self) -> Option<&Entry> {
        self.entries.iter().find(|e| e.slot == Slot::Extended)
    }

    /// The kind of the next partition; `None` when no slot is left.
    pub(crate) fn next_slot(&self, no_primary: bool) -> Option<Slot> {
        let left = self.primaries_left();
        let extended = self.extended().is_some();
        let primary = (!no_primary).then_some(Slot::Primary);
        let logicals = self.entries.len() - self.primaries();
        let logical = (extended && logicals < self.max_logicals).then_some(Slot::Logical);
        match left {
            0 => logical,
            1 if !extended && self.knows_extended() => Some(Slot::Extended),
            1 if !extended => primary,
            _ => primary.or(logical),
        }
    }

    /// Regions without a partition, in order of position; those inside the extended partition among them.
    pub(crate) fn free(&self) -> Vec<Region> {
        let Some(usable) = self.usable() else { return Vec::new() };
        let mut regions = Vec::new();
        let mut from = usable.start;
        let mut gap = |from: u64, to: u64| {
            if from < to {
                regions.push(Region { start: from, end: to - 1 });
            }
        };
        for entry in self.entries.iter().filter(|e| e.slot != Slot::Logical) {
            gap(from, entry.region.start);
            if entry.slot == Slot::Extended {
                // Each logical partition has one sector before it; an empty extended partition keeps two.
                let inside = self.entries.iter().filter(|e| e.slot == Slot::Logical);
                let mut from = entry.region.start + 2;
                for logical in inside {
                    gap(from, logical.region.start.saturating_sub(1));
                    from = logical.region.end + 1;
                }
                gap(from, entry.region.end + 1);
            }
            from = from.max(entry.region.end + 1);
        }
        gap(from, usable.end + 1);
        regions
    }

    /// Free bytes.
    pub(crate) fn free_bytes(&self) -> Bytes {
        Bytes(self.free().iter().map(|r| r.sectors() * self.sector).sum())
    }

    /// Bytes of so many sectors.
    pub fn bytes(&self, sectors: u64) -> Bytes {
        Bytes(sectors.saturating_mul(self.sector))
    }

    /// Adds an entry; its number is the lowest that is free.
    pub(crate) fn add(&mut self, region: Region, slot: Slot, device: Option<DeviceId>, exists: bool) -> u32 {
        let first = if slot == Slot::Logical { 5 } else { 1 };
        // Of as many numbers and one more, one is free.
        let mut taken = vec![false; self.entries.len() + 1];
        for entry in &self.entries {
            let place = entry.number.checked_sub(first).and_then(|n| taken.get_mut(n as usize));
            if let Some(place) = place {
                *place = true;
            }
        }
        let number = (first..).zip(taken).find(|(_, taken)| !taken).map_or(first, |(n, _)| n);
        self.insert(Entry { region, slot, number, device, exists });
        number
    }

    /// Adds an entry with its number.
    pub(crate) fn insert(&mut self, entry: Entry) {
        let at = self.entries.partition_point(|e| {
            (e.region.start, e.slot == Slot::Logical) <= (entry.region.start, entry.slot == Slot::Logical)
        });
        self.entries.insert(at, entry);
    }

    /// Removes the entries that `which` selects, whatever their numbers; the numbers of logical partitions after a
    /// removed one go down by one.
    pub(crate) fn remove(&mut self, which: impl Fn(&Entry) -> bool) {
        let mut at = 0;
        while let Some(entry) = self.entries.get(at) {
            if !which(entry) {
                at += 1;
                continue;
            }
            let gone = self.entries.remove(at);
            if gone.slot == Slot::Logical {
                for entry in
                    self.entries.iter_mut().filter(|e| e.number > gone.number && e.slot == Slot::Logical)
                {
                    entry.number -= 1;
                }
            }
        }
    }

    /// Moves the end of a device's entry.
    pub(crate) fn set_end(&mut self, device: DeviceId, end: u64) {
        if let Some(entry) = self.entries.iter_mut().find(|e| e.device == Some(device)) {
            entry.region.end = end;
        }
    }

    /// The entry of a device.
    pub fn entry(&self, device: DeviceId) -> Option<&Entry> {
        self.entries.iter().find(|e| e.device == Some(device))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_gpt_disk_loses_67_sectors_and_an_mbr_32() {
        let size = Bytes(10 << 30);
        assert_eq!(Table::new(Label::Gpt, "sda", size, 512).free_bytes(), Bytes((10 << 30) - 67 * 512));
        assert_eq!(Table::new(Label::Msdos, "sda", size, 512).free_bytes(), Bytes((10 << 30) - 32 * 512));
        assert_eq!(Table::new(Label::Gpt, "sda", size, 4096).free_bytes(), Bytes((10 << 30) - 11 * 4096));
        assert!(
            Table::new(Label::Gpt, "sda", Bytes(4096), 512).free().is_empty(),
            "a disk smaller than its table"
        );
    }

    #[test]
    fn partitions_lie_between_whole_mebibytes() {
        let region = Region { start: 34, end: 20_971_486 };
        assert_eq!(region.aligned(2048), Some(Region { start: 2048, end: 20_969_471 }));
        assert_eq!(region.start_aligned(34, 2048), Some(2048));
        assert_eq!(region.end_aligned_up(5000, 2048), Some(6143));
        assert_eq!(region.end_aligned_up(20_971_500, 2048), Some(20_969_471), "down, where up is outside");
        assert_eq!(Region { start: 10, end: 500 }.aligned(2048), None);
    }

    #[test]
    fn the_fourth_slot_of_an_mbr_becomes_the_extended_partition() {
        let mut t = Table::new(Label::Msdos, "sda", Bytes(10 << 30), 512);
        for i in 0..3 {
            assert_eq!(t.next_slot(false), Some(Slot::Primary));
            let start = 2048 * (1 + i * 10);
            t.add(Region { start, end: start + 2047 }, Slot::Primary, None, true);
        }
        assert_eq!(t.next_slot(false), Some(Slot::Extended));
        t.add(Region { start: 204_800, end: 20_971_519 }, Slot::Extended, None, false);
        assert_eq!(t.next_slot(false), Some(Slot::Logical));
        assert!(t.free().contains(&Region { start: 204_802, end: 20_971_519 }));
    }

    #[test]
    fn a_table_has_as_many_slots_as_libparted_gives_it() {
        let slots = |label, disk| {
            let mut t = Table::new(label, disk, Bytes(1 << 40), 512);
            let mut start = 2048;
            while let Some(slot) = t.next_slot(false) {
                let end = if slot == Slot::Extended { (1 << 31) - 2049 } else { start + 2047 };
                let device = (slot != Slot::Extended).then_some(DeviceId(0));
                t.add(Region { start, end }, slot, device, false);
                start += if slot == Slot::Extended { 2048 } else { 4096 };
            }
            t.entries.iter().filter(|e| e.device.is_some()).count()
        };
        assert_eq!(slots(Label::Gpt, "sda"), 128);
        assert_eq!(slots(Label::Msdos, "sda"), 3 + 11);
        assert_eq!(slots(Label::Msdos, "hda"), 3 + 59);
        assert_eq!(slots(Label::Msdos, "mmcblk0"), 3 + 5);
    }

    #[test]
    fn a_new_partition_takes_the_lowest_number() {
        let mut t = Table::new(Label::Gpt, "sda", Bytes(10 << 30), 512);
        let at = |n: u64| Region { start: 2048 * n, end: 2048 * n + 2047 };
        for n in [7, 1, 2, 4, 900] {
            let entry =
                Entry { region: at(n), slot: Slot::Primary, number: n as u32, device: None, exists: true };
            t.insert(entry);
        }
        let next = [10, 11, 12, 13].map(|n| t.add(at(n), Slot::Primary, None, false));
        assert_eq!(next, [3, 5, 6, 8]);
    }
}
