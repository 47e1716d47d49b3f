//! The pool and its volume group: room, names, tags, the disks below them.

use super::situation::{Progress, Situation, is_leftover};
use crate::lvm::{LogicalVolume, Lvm, TAG_BASE, TAG_LAYER, TAG_POOL, TAG_VG, VolumeGroup};
use crate::notice::{self, Notice};
use crate::system::System;
use crate::tools::{Command, Tools, below};
use node_base::policy::Policy;
use node_base::units::Bytes;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How full the pool may be for the work to begin, in percent; the original tools call a pool above it unhealthy.
pub const FULL_PERCENT: f64 = 80.0;

/// Room in the pool, of data and of metadata.
pub(super) fn pool(s: &Situation<'_>, policy: &Policy, notices: &mut Vec<Notice>) {
    full(s.pool, notices);
    if let Err(short) = metadata_growth(s, policy) {
        notices.push(
            notice::POOL_METADATA
                .notice(format!(
                    "the metadata of thin pool {} is {} and has to grow to {} for further images; volume group '{}' has {} free and {} are needed (LVM keeps a spare of the same size)",
                    s.pool.full_name(), s.pool.metadata_size, short.wanted, s.group.name, s.group.free, short.room
                ))
                .help("leave space in the volume group (kickstart: volgroup --reserved-percent=20), or add a physical volume (vgextend)"),
        );
    }
    missing_disks(s.group, notices);
    broken(s.pool, notices);
}

/// A pool that is fuller than images can do with.
pub(crate) fn full(pool: &LogicalVolume, notices: &mut Vec<Notice>) {
    for (what, used) in [("data", pool.data_percent), ("metadata", pool.metadata_percent)] {
        if let Some(used) = used.filter(|u| *u >= FULL_PERCENT) {
            notices.push(
                notice::POOL_FULL
                    .notice(format!(
                        "thin pool {} has used {used:.1} % of its {what}; images need it below {FULL_PERCENT:.0} %",
                        pool.full_name()
                    ))
                    .help(match what {
                        "data" => format!("free or add space: lvextend --size +SIZE {}", pool.full_name()),
                        _ => format!("lvextend --poolmetadatasize +SIZE {}", pool.full_name()),
                    }),
            );
        }
    }
}

/// Disks of the volume group that are not there.
pub(crate) fn missing_disks(group: &VolumeGroup, notices: &mut Vec<Notice>) {
    if group.missing > 0 {
        let count = if group.missing == 1 {
            "a physical volume".to_owned()
        } else {
            format!("{} physical volumes", group.missing)
        };
        notices.push(
            notice::VOLUME_HEALTH
                .notice(format!("volume group '{}' lacks {count}", group.name))
                .help(format!(
                    "attach the missing disk (vgs -o+pv_name,pv_missing {0}); if it is lost and nothing was on it, vgreduce --removemissing {0}",
                    group.name
                )),
        );
    }
}

/// A volume that LVM itself calls broken.
pub(crate) fn broken(volume: &LogicalVolume, notices: &mut Vec<Notice>) {
    if !volume.health.is_empty() {
        let name = volume.full_name();
        notices.push(
            notice::VOLUME_HEALTH
                .notice(format!("volume {name} ({}) is '{}'", volume.segtype, volume.health))
                .help(format!("see lvs -a -o+lv_health_status {name} and the kernel's log; a pool is mended with lvconvert --repair {name} while it is not in use")),
        );
    }
}

/// Metadata that cannot grow as far as it has to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short {
    /// The least size that further images need.
    pub wanted: Bytes,
    /// Free space that growing to it takes.
    pub room: Bytes,
}

/// What the pool's metadata should grow to (`None`: it is large enough).
///
/// LVM estimates 64 bytes a chunk for a pool whose every chunk is mapped once; snapshots map a chunk again as soon as they
/// differ. Four times that is room for a full set of images, twice that is the least; the policy's figure bounds both.
///
/// # Errors
/// [`Short`]: not even the least fits into the volume group.
pub fn metadata_growth(s: &Situation<'_>, policy: &Policy) -> Result<Option<Bytes>, Short> {
    let chunks = s.pool.size.0.div_ceil(s.pool.chunk_size.0.max(64 << 10));
    let limit = policy.pool.metadata.map_or(Bytes::GIB, |m| m.bytes());
    let rounded = |b: u64| s.group.extent.0.max(1).saturating_mul(b.div_ceil(s.group.extent.0.max(1)));
    let size = |times: u64| Bytes(rounded(chunks.saturating_mul(64 * times).min(limit.0)));
    let (good, least) = (size(4), size(2));
    let now = s.pool.metadata_size;
    // The pool's spare grows with it.
    let room = |to: Bytes| Bytes((to - now).0.saturating_mul(2));
    if now >= good || (now >= least && room(good) > s.group.free) {
        Ok(None)
    } else if room(good) <= s.group.free {
        Ok(Some(good))
    } else if room(least) <= s.group.free {
        Ok(Some(least))
    } else {
        Err(Short { wanted: least, room: room(least) })
    }
}

pub(super) fn names(s: &Situation<'_>, lvm: &Lvm, notices: &mut Vec<Notice>) {
    for name in [s.target.layer.nvr.to_string(), s.target.layer.to_string()] {
        if let Some(v) = lvm.volume(&s.target.vg, &name).filter(|v| !is_leftover(v) && v.uuid != s.root.uuid)
        {
            notices.push(
                notice::NAME_TAKEN
                    .notice(format!("a volume {} exists already ({}, {}); the image needs that name", v.full_name(), v.segtype, v.size))
                    .help(format!("rename it (lvrename {} NEWNAME) or remove it if it is not needed, or use another --nvr", v.full_name())),
            );
        }
    }
}

/// Images of another installation that the machine still sees: tools would take them for this one's.
pub(crate) fn foreign_tags(s: &Situation<'_>, lvm: &Lvm, notices: &mut Vec<Notice>) {
    for group in &lvm.groups {
        let tagged: Vec<&LogicalVolume> =
            lvm.volumes.iter().filter(|v| v.vg == group.name && v.is_tagged()).collect();
        let is_tagged = group.tags.iter().any(|t| t == TAG_VG);
        if group.name != s.group.name && (is_tagged || !tagged.is_empty()) {
            let what = if is_tagged {
                format!("volume group '{}' has the tag {TAG_VG}", group.name)
            } else {
                format!("volume {} has image tags ({})", tagged[0].full_name(), tagged[0].tags.join(", "))
            };
            notices.push(
                notice::TAGS_FOREIGN
                    .notice(format!("{what}: it belongs to another installation, and / is in '{}'", s.group.name))
                    .help(format!("disconnect that disk, or take its tags away: vgchange --deltag {TAG_VG} {} (and lvchange --deltag for its volumes)", group.name)),
            );
        }
        // In root's own group, before the work: tags of images that are not there any more.
        if group.name == s.group.name && s.progress == Progress::Before {
            for v in tagged.iter().filter(|v| v.has_tag(TAG_BASE) || v.has_tag(TAG_LAYER)) {
                if !is_leftover(v) && v.uuid != s.root.uuid {
                    notices.push(
                        notice::TAGS_FOREIGN
                            .notice(format!("volume {} has image tags ({}) although / ({}) is no layer: it is left from an older installation", v.full_name(), v.tags.join(", "), s.root.name))
                            .help(format!("lvremove {}, or take its tags away: lvchange --deltag TAG {}", v.full_name(), v.full_name())),
                    );
                }
            }
            let other_pool = tagged.iter().find(|v| v.has_tag(TAG_POOL) && v.name != s.pool.name);
            if let Some(v) = other_pool {
                notices.push(
                    notice::TAGS_FOREIGN
                        .notice(format!(
                            "thin pool {} has the tag {TAG_POOL}, and / is in pool {}",
                            v.full_name(),
                            s.pool.full_name()
                        ))
                        .help(format!("lvchange --deltag {TAG_POOL} {}", v.full_name())),
                );
            }
        }
    }
}

/// Whether the installed system's own LVM configuration (devices file, filter) lets it see the disks that it boots from.
pub(crate) fn devices(system: &System, s: &Situation<'_>, tools: &dyn Tools, notices: &mut Vec<Notice>) {
    let own = system.path("/etc/lvm");
    let here = below(tools.environment(), "/etc/lvm");
    // With the configuration of the LVM that has just shown them, it shows them again.
    if own.join("lvm.conf").exists() && own != here && configuration(&own) != configuration(&here) {
        let command = Command::new("lvm", ["pvs", "--reportformat", "json", "-o", "pv_uuid"])
            .env("LVM_SYSTEM_DIR", own.display().to_string());
        let seen = tools.run(&command).map(|o| o.stdout).unwrap_or_default();
        for (device, _) in s.group.physical.iter().filter(|(_, uuid)| !seen.contains(uuid.as_str())) {
            notices.push(
                notice::DEVICES
                    .notice(format!("the installed system's LVM will not see {device}: {} or its filter leaves it out", own.join("devices/system.devices").display()))
                    .help(format!("in the system: lvmdevices --adddev {device}, or mend the filter of /etc/lvm/lvm.conf; else its next boot ends in the emergency shell")),
            );
        }
    }
    for (device, _) in &s.group.physical {
        if let Some(map) = multipath_above(tools, device) {
            notices.push(
                notice::DEVICES
                    .notice(format!("physical volume {device} is a path of the multipath device {map}, but LVM uses the path itself"))
                    .help("set up multipathd before LVM (mpathconf --enable), then vgimportdevices or lvmdevices --update"),
            );
        }
    }
}

/// What decides which devices LVM sees: its configuration, and its devices files.
fn configuration(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let listed = std::fs::read_dir(directory.join("devices")).into_iter().flatten().flatten();
    let files = listed.map(|file| Path::new("devices").join(file.file_name()));
    let files = files.chain(["lvm.conf", "lvmlocal.conf"].map(PathBuf::from));
    files.filter_map(|file| Some((file.clone(), std::fs::read(directory.join(file)).ok()?))).collect()
}

/// The multipath device that a disk, or the disk of a partition, is a path of.
fn multipath_above(tools: &dyn Tools, device: &str) -> Option<String> {
    let name = device.strip_prefix("/dev/")?;
    let own = below(tools.environment(), format!("/sys/class/block/{name}"));
    // The kernel shows a partition inside its disk; /sys/class/block has links to both.
    let real = std::fs::canonicalize(&own).unwrap_or_else(|_| own.clone());
    let disk = own.join("partition").exists().then(|| real.parent().map(Path::to_owned)).flatten();
    [Some(real), disk].into_iter().flatten().find_map(|d| multipath_holder(&d))
}

fn multipath_holder(device: &Path) -> Option<String> {
    for holder in std::fs::read_dir(device.join("holders")).ok()?.flatten() {
        let dm = holder.path().join("dm");
        if std::fs::read_to_string(dm.join("uuid")).is_ok_and(|u| u.starts_with("mpath-")) {
            return std::fs::read_to_string(dm.join("name")).ok().map(|n| n.trim().to_owned());
        }
    }
    None
}
