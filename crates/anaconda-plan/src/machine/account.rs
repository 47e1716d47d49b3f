//! What the volumes of a group take from it, kept as sums: a group of many volumes is not counted again for each.

use crate::machine::device::{Group, Role, Volume};
use crate::machine::lvm::align_up;
use node_base::units::Bytes;
use std::collections::BTreeMap;

/// The sums of one group.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// The size of the group.
    pub(crate) size: Bytes,
    /// What its volumes take.
    taken: i128,
    /// Sizes of metadata, and how many volumes have such a one.
    metadata: BTreeMap<Bytes, usize>,
    /// The number of its thin pools.
    pools: usize,
}

/// The metadata of a pool or of a cache.
pub(crate) fn metadata(volume: &Volume) -> Bytes {
    match volume.role {
        Role::Pool { metadata, .. } => metadata,
        _ => volume.cache.metadata,
    }
}

/// The bytes of its group that a volume needs.
pub(crate) fn used(volume: &Volume, extent: Bytes) -> Bytes {
    match volume.role {
        Role::Thin { .. } => Bytes(0),
        _ => align_up(volume.size, extent) + metadata(volume) + volume.cache.data,
    }
}

impl Account {
    /// The sums of a group of this size without volumes.
    pub(crate) fn new(size: Bytes) -> Account {
        Account { size, taken: 0, metadata: BTreeMap::new(), pools: 0 }
    }

    /// Counts a volume.
    pub(crate) fn add(&mut self, volume: &Volume, extent: Bytes) {
        self.taken += i128::from(used(volume, extent).0);
        self.pools += usize::from(matches!(volume.role, Role::Pool { .. }));
        *self.metadata.entry(metadata(volume)).or_default() += 1;
    }

    /// Takes back a volume that was counted, as it was counted.
    pub(crate) fn remove(&mut self, volume: &Volume, extent: Bytes) {
        self.taken -= i128::from(used(volume, extent).0);
        self.pools = self.pools.saturating_sub(usize::from(matches!(volume.role, Role::Pool { .. })));
        let size = metadata(volume);
        if let Some(count) = self.metadata.get_mut(&size) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.metadata.remove(&size);
            }
        }
    }

    /// The spare that LVM keeps for the largest metadata in the group.
    pub(crate) fn spare(&self) -> Bytes {
        self.metadata.last_key_value().map(|(size, _)| *size).unwrap_or_default()
    }

    /// What the group keeps back: what the kickstart reserves, room for pools to grow (autopart), spare metadata.
    pub(crate) fn reserved(&self, group: &Group) -> Bytes {
        let share = |percent: u64| {
            Bytes(u64::try_from(u128::from(self.size.0) * u128::from(percent) / 100).unwrap_or(u64::MAX))
        };
        let mut reserved = match group.reserved_percent {
            0 => group.reserved_space,
            percent => share(percent),
        };
        if group.pool_reserve && self.pools > 0 {
            reserved = reserved + share(20).clamp(Bytes(1 << 30), Bytes(100 << 30));
        }
        align_up(reserved + self.spare(), group.extent)
    }

    /// Free bytes; negative when the volumes need more than the group has.
    pub(crate) fn free(&self, group: &Group) -> i128 {
        i128::from(self.size.0) - self.taken - i128::from(self.reserved(group).0)
    }
}
