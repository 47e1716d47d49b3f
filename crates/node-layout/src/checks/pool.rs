//! The thin pool and its volume group: free space, damage, missing disks.

use crate::disks::{LogicalVolume, VolumeGroup};
use crate::images::NodeState;
use node_base::diagnostic::{Finding, Findings, layout};
use node_base::policy::Policy;
use node_base::units::Bytes;

/// Use of the pool, in percent, from which no work starts; the original tools call such a pool unhealthy.
const FULL_PERCENT: f64 = 80.0;

/// A pool whose data or metadata is too full for images.
pub(crate) fn use_of_pool(pool: &LogicalVolume, findings: &mut Findings) {
    for (what, used) in [("data", pool.data_percent), ("metadata", pool.metadata_percent)] {
        if let Some(used) = used.filter(|u| *u >= FULL_PERCENT) {
            let name = pool.full_name();
            let message = format!(
                "thin pool {name} has used {used:.1} % of its {what}; images need it below {FULL_PERCENT:.0} %"
            );
            findings.push(Finding::new(&layout::POOL_FULL, message).help(match what {
                "data" => format!("free or add space: lvextend --size +SIZE {name}"),
                _ => format!("lvextend --poolmetadatasize +SIZE {name}"),
            }));
        }
    }
}

/// Missing disks of the volume group.
pub(crate) fn missing_disks(group: &VolumeGroup, findings: &mut Findings) {
    if group.missing > 0 {
        let count = if group.missing == 1 {
            "a physical volume".to_owned()
        } else {
            format!("{} physical volumes", group.missing)
        };
        findings.push(
            Finding::new(&layout::VOLUME_HEALTH, format!("volume group '{}' lacks {count}", group.name)).help(format!(
                "attach the missing disk (vgs -o+pv_name,pv_missing {0}); if it is lost and no volume was on it, vgreduce --removemissing {0}",
                group.name
            )),
        );
    }
}

/// Damage of a volume that LVM reports.
pub(crate) fn damage(volume: &LogicalVolume, findings: &mut Findings) {
    if !volume.health.is_empty() {
        let name = volume.full_name();
        let message = format!("volume {name} ({}) is '{}'", volume.segtype, volume.health);
        findings.push(Finding::new(&layout::VOLUME_HEALTH, message).help(format!(
            "see lvs -a -o+lv_health_status {name} and the kernel's log; a pool is repaired with lvconvert --repair {name} while it is not in use"
        )));
    }
}

/// Metadata that cannot grow to the size that images need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooSmall {
    /// The smallest size that further images need.
    pub(crate) wanted: Bytes,
    /// Free space of the volume group that growing to it needs.
    pub(crate) needed: Bytes,
}

/// The size to which the pool's metadata should grow; `None` if it is large enough.
///
/// LVM estimates 64 bytes a chunk for a pool whose chunks are all mapped once. Snapshots map a chunk again as soon as they
/// differ. Four times the estimate is enough for a full set of images, twice is the minimum; the policy's size limits both.
///
/// # Errors
/// [`TooSmall`]: not even the minimum fits into the volume group.
pub(crate) fn metadata_growth(s: &NodeState<'_>, policy: &Policy) -> Result<Option<Bytes>, TooSmall> {
    let chunks = s.pool.size.0.div_ceil(s.pool.chunk_size.0.max(64 << 10));
    let limit = policy.pool.metadata.map_or(Bytes::GIB, |m| m.bytes());
    let extent = s.group.extent.0.max(1);
    let rounded = |b: u64| extent.saturating_mul(b.div_ceil(extent));
    let size = |times: u64| Bytes(rounded(chunks.saturating_mul(64 * times).min(limit.0)));
    let (good, least) = (size(4), size(2));
    let now = s.pool.metadata_size;
    // LVM's spare grows with it.
    let needed = |to: Bytes| Bytes((to - now).0.saturating_mul(2));
    if now >= good || (now >= least && needed(good) > s.group.free) {
        Ok(None)
    } else if needed(good) <= s.group.free {
        Ok(Some(good))
    } else if needed(least) <= s.group.free {
        Ok(Some(least))
    } else {
        Err(TooSmall { wanted: least, needed: needed(least) })
    }
}
