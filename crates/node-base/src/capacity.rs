//! How many images fit on a node: one function for the rule, the plan and the list of images.
//!
//! An image is a base and its layer in the thin pool, and a kernel with its initramfs on `/boot`. The installed one
//! counts. The pool's data and metadata have to stay below the threshold from which LVM extends a pool by itself:
//! beyond it the pool takes from the volume group what was kept free for it, and then is full.

use crate::policy::Policy;
use crate::units::{Bytes, MiB};

/// What a policy leaves open: an image of oVirt Node, its kernel and initramfs, LVM's usual threshold.
const IMAGE: MiB = MiB(5120);
const BOOT_IMAGE: MiB = MiB(200);
const THRESHOLD: u8 = 70;

/// Bytes of metadata that a chunk of data takes: one mapping in the thin pool's tree.
const MAPPING: u64 = 64;

/// What the room for images depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Size of the pool's data.
    pub pool: Bytes,
    /// Size of the pool's metadata.
    pub metadata: Bytes,
    /// The pool's chunk.
    pub chunk: Bytes,
    /// Data that is in the pool beside the images: what the other volumes are expected to hold.
    pub other: Bytes,
    /// Data that one image is expected to write.
    pub image: Bytes,
    /// Size of `/boot`; nothing if it is not known or not a file system of its own.
    pub boot: Option<Bytes>,
    /// What one image puts on `/boot`.
    pub boot_image: Bytes,
    /// Share of the pool, in percent, from which it counts as full.
    pub threshold: u8,
}

/// What keeps one more image out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// The pool's data.
    PoolData,
    /// The pool's metadata.
    PoolMetadata,
    /// Kernels on `/boot`.
    Boot,
    /// There is no thin pool with root in it: images cannot be kept side by side.
    NoPool,
}

impl Limit {
    /// In words.
    pub fn described(self) -> &'static str {
        match self {
            Limit::PoolData => "the pool's data",
            Limit::PoolMetadata => "the pool's metadata",
            Limit::Boot => "the size of /boot",
            Limit::NoPool => "root is in no thin pool",
        }
    }
}

/// How many images fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Capacity {
    /// Images, the installed one included.
    pub fit: u32,
    /// What keeps one more out.
    pub limited_by: Limit,
}

impl Capacity {
    /// None can be kept: root is in no thin pool.
    pub const NONE: Capacity = Capacity { fit: 0, limited_by: Limit::NoPool };
}

/// What an ext4 or xfs file system keeps of its device for itself: a twentieth.
fn usable(device: Bytes) -> Bytes {
    Bytes(device.0 - device.0 / 20)
}

/// How many times `one` goes into `room`.
fn times(room: u128, one: u64) -> u32 {
    u32::try_from(room / u128::from(one.max(1))).unwrap_or(u32::MAX)
}

/// The number of images, and what limits it.
pub fn images(room: &Room) -> Capacity {
    let threshold = |size: Bytes| u128::from(size.0) * u128::from(room.threshold.min(100)) / 100;
    let data = threshold(room.pool).saturating_sub(u128::from(room.other.0));
    let mapped = |data: Bytes| u128::from(data.0.div_ceil(room.chunk.0.max(1))) * u128::from(MAPPING);
    let metadata = threshold(room.metadata).saturating_sub(mapped(room.other));
    let image_metadata = u64::try_from(mapped(room.image)).unwrap_or(u64::MAX);
    let mut best = Capacity { fit: times(data, room.image.0), limited_by: Limit::PoolData };
    let mut limit = |fit: u32, limited_by| {
        if fit < best.fit {
            best = Capacity { fit, limited_by };
        }
    };
    limit(times(metadata, image_metadata), Limit::PoolMetadata);
    if let Some(boot) = room.boot {
        limit(times(u128::from(usable(boot).0), room.boot_image.0), Limit::Boot);
    }
    best
}

/// The room in a pool that holds nothing yet, with the policy's expectations of an image; of an unknown chunk (0), LVM's
/// smallest.
pub fn expected(policy: &Policy, pool: Bytes, metadata: Bytes, chunk: Bytes, boot: Option<Bytes>) -> Room {
    let given = |given: Option<MiB>, usual: MiB| given.unwrap_or(usual).bytes();
    Room {
        pool,
        metadata,
        chunk: if chunk.0 > 0 { chunk } else { Bytes(64 << 10) },
        other: Bytes(0),
        image: given(policy.images.content, IMAGE),
        boot,
        boot_image: given(policy.images.boot_content, BOOT_IMAGE),
        threshold: policy.pool.autoextend_threshold.unwrap_or(THRESHOLD),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room() -> Room {
        Room {
            pool: Bytes(60 << 30),
            metadata: Bytes(1 << 30),
            chunk: Bytes(64 << 10),
            other: Bytes(10 << 30),
            image: Bytes(5 << 30),
            boot: Some(Bytes(1 << 30)),
            boot_image: Bytes(200 << 20),
            threshold: 70,
        }
    }

    #[test]
    fn kernels_on_boot_limit_a_large_pool() {
        assert_eq!(images(&room()), Capacity { fit: 4, limited_by: Limit::Boot });
    }

    #[test]
    fn the_threshold_of_the_pool_counts_not_its_size() {
        let small = Room { pool: Bytes(40 << 30), boot: None, ..room() };
        assert_eq!(images(&small), Capacity { fit: 3, limited_by: Limit::PoolData }, "28 GiB less 10, by 5");
        let metadata = Room { metadata: Bytes(32 << 20), boot: None, ..room() };
        assert_eq!(images(&metadata), Capacity { fit: 2, limited_by: Limit::PoolMetadata });
    }

    #[test]
    fn a_pool_that_others_fill_has_no_room() {
        assert_eq!(images(&Room { other: Bytes(50 << 30), ..room() }).fit, 0);
        assert_eq!(images(&Room { pool: Bytes(0), ..room() }).fit, 0);
    }

    proptest::proptest! {
        #[test]
        fn more_space_never_holds_fewer_images(pool in 0u64..1 << 45, more in 0u64..1 << 45, other in 0u64..1 << 40) {
            let small = Room { pool: Bytes(pool), other: Bytes(other), ..room() };
            let large = Room { pool: Bytes(pool + more), ..small.clone() };
            proptest::prop_assert!(images(&small).fit <= images(&large).fit);
        }
    }
}
