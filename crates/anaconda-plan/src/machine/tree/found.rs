//! What is on the machine's disks before the kickstart: tables, partitions, volume groups.

use super::Tree;
use crate::machine::device::{
    Cache, Device, Disk, Group, Kind, PartitionRequest, Role, Volume, partition_name,
};
use crate::machine::disk::{DiskSpec, OldPartition, OldVolume};
use crate::machine::format::{Format, FormatKind};
use crate::machine::id::DeviceId;
use crate::machine::table::{Entry, Region, Slot, Table};
use node_base::units::Bytes;

impl Tree {
    /// Adds a further disk of an imaginary machine; `None` if the machine has no further one.
    pub(crate) fn add_further_disk(&mut self) -> Option<DeviceId> {
        let mut spec = self.further_disk.clone()?;
        spec.name = format!("{}{}", spec.name, self.devices.len());
        Some(self.add_disk(&spec))
    }

    pub(super) fn add_disk(&mut self, spec: &DiskSpec) -> DeviceId {
        let table = spec.label.map(|label| Table::new(label, &spec.name, spec.size, spec.sector));
        let disk = Disk { size: spec.size, sector: spec.sector, table, new_table: false };
        let id = self.add(Device::new(&spec.name, Kind::Disk(disk), Vec::new()).existing());
        let sector = u64::from(spec.sector.max(512));
        let mut next = (1 << 20) / sector;
        for old in &spec.partitions {
            let start = old.start.map_or(next, |s| s.0 / sector);
            let region = Region { start, end: start + (old.size.0 / sector).max(1) - 1 };
            next = if old.extended { start } else { region.end + 1 };
            let slot = match (old.extended, old.logical) {
                (true, _) => Slot::Extended,
                (_, true) => Slot::Logical,
                _ => Slot::Primary,
            };
            let device = DeviceId(self.devices.len() as u32);
            let Some(table) = self.table_mut(id) else { continue };
            let number = match old.number {
                Some(number) => {
                    table.insert(Entry { region, slot, number, device: Some(device), exists: true });
                    number
                }
                None => table.add(region, slot, Some(device), true),
            };
            let kind = FormatKind::from_name(&old.format, self.release).unwrap_or(FormatKind::None);
            let mut part = Device::new(
                partition_name(&spec.name, number),
                Kind::Partition(PartitionRequest { size: old.size, ..PartitionRequest::default() }),
                vec![id],
            );
            part.format = Format::existing(kind);
            self.add(part.existing());
        }
        id
    }

    /// Volume groups on old physical volumes. Without more knowledge one volume `root` fills such a group.
    pub(super) fn add_old_groups(&mut self, disks: &[DiskSpec]) {
        let mut groups: Vec<(&OldPartition, &str, Vec<DeviceId>)> = Vec::new();
        for disk in disks {
            let Some(id) = self.by_name(&disk.name) else { continue };
            for (n, old) in disk.partitions.iter().enumerate() {
                let device = DeviceId(id.0 + 1 + n as u32); // a disk's partitions are added directly after it
                let Some(vg) = old.vg.as_deref().filter(|_| self.entry(device).is_some()) else { continue };
                match groups.iter_mut().find(|(_, name, _)| *name == vg) {
                    Some((.., members)) => members.push(device),
                    None => groups.push((old, vg, vec![device])),
                }
            }
        }
        for (old, name, members) in groups {
            let extent = old.extent.unwrap_or(Bytes(4 << 20));
            let group = self.add(Device::new(name, Kind::Group(Group::new(extent)), members).existing());
            let size = self.size(group);
            let whole = [OldVolume { name: "root".to_owned(), size, kind: None, pool: None }];
            let volumes = old.volumes.as_deref().unwrap_or(&whole);
            // Pools first: they are the parents of thin volumes.
            let is_pool = |v: &&OldVolume| v.kind.as_deref() == Some("thin-pool");
            for volume in volumes.iter().filter(is_pool) {
                self.add_old_volume(group, volume);
            }
            for volume in volumes.iter().filter(|v| !is_pool(v)) {
                self.add_old_volume(group, volume);
            }
        }
    }

    fn add_old_volume(&mut self, group: DeviceId, old: &OldVolume) {
        let prefix = self[group].name.clone();
        let pool = old.pool.as_deref().and_then(|p| self.by_name(&format!("{prefix}-{p}")));
        let role = match (old.kind.as_deref(), pool) {
            (Some("thin-pool"), _) => Role::Pool { metadata: Bytes(0), chunk: Bytes(64 << 10) },
            (_, Some(pool)) => Role::Thin { pool },
            _ => Role::Linear,
        };
        let size = old.size;
        let cache = Cache::default();
        let volume = Volume { group, role, size, asked: size, grow: false, max: None, percent: 0, cache };
        let parent = pool.unwrap_or(group);
        let name = format!("{prefix}-{}", old.name);
        let mut device = Device::new(&name, Kind::Volume(volume), vec![parent]).existing();
        if device.volume().is_some_and(|v| !matches!(v.role, Role::Pool { .. })) {
            device.format = Format::existing(FormatKind::Xfs);
        }
        let id = self.add(device);
        if let Kind::Group(g) = &mut self[group].kind {
            g.volumes.insert(id);
        }
    }
}
