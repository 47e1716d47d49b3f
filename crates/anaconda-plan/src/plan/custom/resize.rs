//! `--resize` of `part --onpart` and `logvol --useexisting`.
//!
//! Source: blivet's `devices/partition.py` (`_compute_resize`, `max_size`) and `devices/lvm.py`. What is formatted anew can have
//! any size that fits; how far a file system that is kept can shrink, only the machine knows.

use super::context::{Custom, Done, stop};
use crate::machine::device::{Kind, Role};
use crate::machine::id::DeviceId;
use crate::machine::lvm::align_down;
use crate::machine::table::{Region, Slot};
use crate::plan::cause::Cause;
use node_base::source::Span;
use node_base::units::Bytes;

impl Custom<'_> {
    /// Gives an existing device that is formatted anew another size.
    pub(super) fn resize(&mut self, id: DeviceId, size: Bytes, span: Span) -> Done {
        let done = match &self.tree[id].kind {
            Kind::Partition(_) => self.resize_partition(id, size),
            Kind::Volume(_) => self.resize_volume(id, size),
            _ => None,
        };
        if done.is_some() {
            return Ok(());
        }
        let name = &self.tree[id].name;
        let says = format!("Target size \"{}\" for device \"{name}\" is invalid.", size.0 >> 20);
        stop(Cause::FormatLimits, span, says)
    }

    /// `None` if the size is the old one, or more than the free space after the partition.
    fn resize_partition(&mut self, id: DeviceId, size: Bytes) -> Option<()> {
        let disk = self.tree.disk_of(id)?;
        let table = self.tree.table_mut(disk)?;
        let (grain, sectors) = (table.grain(), size.0 / table.bytes(1).0.max(1));
        let entry = *table.entry(id)?;
        let old = entry.region;
        let wanted = Region { start: old.start, end: old.start.checked_add(sectors)?.checked_sub(1)? };
        let end = match sectors < old.sectors() {
            true => old.end_aligned_up(wanted.end, grain)?,
            false => wanted.end_aligned_down(wanted.end, grain)?,
        };
        let free = table.free().into_iter().find(|r| r.start == old.end + 1).map_or(old.end, |r| r.end);
        if end == old.end || end > free || entry.slot == Slot::Extended {
            return None;
        }
        table.set_end(id, end);
        Some(())
    }

    /// `None` if the size is the old one, more than the group has, or the volume is in a thin pool.
    fn resize_volume(&mut self, id: DeviceId, size: Bytes) -> Option<()> {
        let volume = self.tree[id].volume().filter(|v| v.role == Role::Linear)?;
        let (group, old) = (volume.group, volume.size);
        let extent = self.tree[group].group()?.extent;
        let free = u64::try_from(self.tree.group_free(group)).unwrap_or(0);
        let size = align_down(size, extent);
        if size == old || size.0 == 0 || size.0 > old.0.saturating_add(free) {
            return None;
        }
        self.tree.change_volume(id, |v| v.size = size);
        Some(())
    }
}
