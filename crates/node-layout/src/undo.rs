//! The way back when a step of `init` has failed: all as before, on a machine that boots at every moment.

use super::checks::Situation;
use super::files::{self, Change};
use super::lvm::{Lvm, Mode, TAG_LAYER, TAG_POOL, TAG_UNFINISHED, TAG_VG, share};
use super::plan::{EXTEND_PERCENT, PROFILE, PoolDevice, ROOT_TAG_PREFIX};
use super::run::{RunError, remove_leftover};
use super::system::System;
use super::target::Target;
use super::tools::Tools;
use node_base::names::device_mapper_name;
use node_base::units::Bytes;

/// How the way back went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// What could not be taken back; empty: all is as before.
    pub left: Vec<String>,
    /// What had to be changed for it, and stays.
    pub changed: Vec<String>,
}

/// Takes back what was done, from what is on the disk now. Each part is tried whatever became of the others, but for what the
/// machine would not boot without: as long as root has the layer's name, or LVM does not say which name it has, everything
/// stays, and the entries hold under both names.
pub fn undo(tools: &dyn Tools, system: &System, s: &Situation<'_>, changed: &[Change]) -> Undone {
    let now = match Lvm::read(tools) {
        Ok(now) => now,
        Err(error) => {
            return Undone { left: vec![format!("LVM cannot be read: {error}")], ..Undone::default() };
        }
    };
    let room = make_room(tools, system, s, &now);
    let mut left = take_back(tools, system, s, changed, &now);
    // Whatever the kernel could not write by now would be missing after the next boot.
    if let Err(error) = tools.flush(&system.path("/"), false) {
        let full = room.short.map(|why| format!("{why}; ")).unwrap_or_default();
        left.push(format!(
            "what was written to the file system of {}: {error} ({full}check it before the next boot: e2fsck -f, or xfs_repair)",
            s.root.full_name()
        ));
    }
    let changed = (room.added.0 > 0).then(|| {
        format!(
            "thin pool {} was full and is {} larger now, for what had to be written",
            s.pool.full_name(),
            room.added
        )
    });
    Undone { left, changed: changed.into_iter().collect() }
}

/// What the way back may write, at most, in chunks of the pool: a few files, and what the file system keeps of them.
const CHUNKS: u64 = 64;

/// Room in the pool.
#[derive(Default)]
struct Room {
    /// How much larger the pool is now.
    added: Bytes,
    /// Why the way back has less room than it may need.
    short: Option<String>,
}

/// Since root was frozen, the first write to each of its chunks takes a new one from the pool; removing the base changes
/// nothing about that (dm-thin goes by the time of the last snapshot). In a full pool the kernel drops such writes, those of
/// the way back as well. (Measured with Linux 6.1: an ext4 whose directory names a deleted file, marked as recovered.) So a
/// full pool is extended first, by what its profile says.
///
/// Who has filled it up may have more in memory that is still to be written, and take that room, too: only what is left when
/// all other volumes of the pool are on the disk is room for root.
fn make_room(tools: &dyn Tools, system: &System, s: &Situation<'_>, now: &Lvm) -> Room {
    let mode = Mode { monitor: system.running };
    let name = s.pool.full_name();
    let mut room = Room::default();
    let mut read;
    let mut now = now;
    while let Some(pool) = now.volume(&s.pool.vg, &s.pool.name) {
        let needed = Bytes(pool.chunk_size.0.saturating_mul(CHUNKS));
        // Unknown for one that is not active: then nothing was written to it.
        if pool.data_percent.is_none_or(|used| pool.size - share(pool.size, used) >= needed) {
            return room;
        }
        let wanted = needed.max(share(pool.size, f64::from(EXTEND_PERCENT)));
        let group = now.groups.iter().find(|g| g.name == pool.vg);
        let more = group.map_or(Bytes(0), |g| {
            wanted.extents_ceil(g.extent).min(g.free.extents_floor(g.extent)).bytes(g.extent)
        });
        if more.0 == 0 {
            let vg = &pool.vg;
            room.short = Some(format!(
                "thin pool {name} is full and volume group '{vg}' as well: vgextend it, then lvextend --size +SIZE {name}"
            ));
            return room;
        }
        let extend = mode.command("lvextend", ["--size", &format!("+{}b", more.0), &name]);
        if let Err(error) = tools.run(&extend) {
            room.short = Some(format!("thin pool {name} is full and cannot be extended: {error}"));
            return room;
        }
        room.added = room.added + more;
        let others = |device| now.by_device(device).is_some_and(|v| v.pool_name().as_ref() == Some(&name));
        for mount in system.mounts.iter().filter(|m| m.target != "/" && others(m.device)) {
            // What they lost is told by the kernel to who wrote it.
            let _ = tools.flush(&system.path(&mount.target), false);
        }
        match Lvm::read(tools) {
            Ok(lvm) => read = lvm,
            Err(error) => {
                room.short = Some(format!("LVM cannot be read: {error}"));
                return room;
            }
        }
        now = &read;
    }
    room
}

fn take_back(
    tools: &dyn Tools,
    system: &System,
    s: &Situation<'_>,
    changed: &[Change],
    now: &Lvm,
) -> Vec<String> {
    let mode = Mode { monitor: system.running };
    let t = &s.target;
    let layer = t.layer.to_string();
    let before: Vec<Change> = changed.iter().rev().map(Change::reversed).collect();
    let mut left = Vec::new();
    if now.volume(&t.vg, &layer).is_some_and(|v| v.uuid == s.root.uuid) && t.old != layer {
        // First what names the layer goes back to what holds under both names, so that no moment is without an entry.
        let by_uuid: Vec<Change> = under_both_names(changed, t).filter(|c| !c.is_made()).collect();
        if let Err(error) = files::apply(tools, &by_uuid) {
            return vec![error.to_string()];
        }
        let untag = mode.command("lvchange", ["--deltag", TAG_LAYER, &format!("{}/{layer}", t.vg)]);
        if let Err(error) = tools.run(&untag) {
            left.push(format!("layer's tag: {error}"));
        }
        unlink_old_names(tools, t);
        let back = mode.command("lvrename", [&t.vg, &layer, &t.old]);
        if let Err(error) = tools.run(&back) {
            left.push(format!("name of root's volume: {error}"));
            return left;
        }
    }
    // Root has its old name again, nothing needs the base.
    let now = Lvm::read(tools).unwrap_or_else(|error| {
        left.push(format!("LVM cannot be read: {error}"));
        Lvm::default()
    });
    let mut attempt = |what: String, result: Result<(), RunError>| {
        if let Err(error) = result {
            left.push(format!("{what}: {error}"));
        }
    };
    let ours = |tags: &[String]| tags.iter().any(|x| x == TAG_UNFINISHED || x.starts_with(ROOT_TAG_PREFIX));
    for v in now.volumes.iter().filter(|v| v.vg == t.vg && ours(&v.tags)) {
        let pool = PoolDevice::of(s.pool);
        attempt(v.full_name(), remove_leftover(tools, &v.full_name(), &pool, v.thin_id));
    }
    // Before its file goes.
    if s.pool.profile.as_deref() != Some(PROFILE)
        && now.volumes.iter().any(|v| v.uuid == s.pool.uuid && v.profile.as_deref() == Some(PROFILE))
    {
        let pool = s.pool.full_name();
        let command = match &s.pool.profile {
            Some(profile) => mode.command("lvchange", ["--metadataprofile", profile.as_str(), &pool]),
            None => mode.command("lvchange", ["--detachprofile", &pool]),
        };
        attempt("profile of the pool".into(), tools.run(&command).map(|_| ()).map_err(Into::into));
    }
    for change in before.into_iter().filter(|c| !c.is_made()) {
        let what = change.path.display().to_string();
        attempt(what, files::apply(tools, &[change]).map_err(Into::into));
    }
    let kept = s.boot.root.join(&layer);
    if kept.exists() {
        attempt(kept.display().to_string(), files::remove_directory(&kept).map_err(Into::into));
    }
    if !s.group.tags.iter().any(|x| x == TAG_VG) {
        let command = mode.command("vgchange", ["--deltag", TAG_VG, &t.vg]);
        attempt("tag of the volume group".into(), tools.run(&command).map(|_| ()).map_err(Into::into));
    }
    if !s.pool.has_tag(TAG_POOL) {
        let command = mode.command("lvchange", ["--deltag", TAG_POOL, &s.pool.full_name()]);
        attempt("tag of the pool".into(), tools.run(&command).map(|_| ()).map_err(Into::into));
    }
    left
}

/// What takes the layer's volume out of entries, fstab and kept arguments: each file goes back to the content that the
/// transition gave it, or that it had before all where the transition had nothing to change.
fn under_both_names<'a>(changed: &'a [Change], target: &Target) -> impl Iterator<Item = Change> + 'a {
    let names = [target.device(), format!("rd.lvm.lv={}/{}", target.vg, target.layer)];
    let names_layer = move |c: &Change| {
        let text = c.after.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        names.iter().any(|n| text.contains(n.as_str()))
    };
    changed.iter().enumerate().filter(move |(_, c)| names_layer(c)).map(|(number, last)| {
        let earlier = changed[..number].iter().find(|c| c.path == last.path);
        let after = earlier.map_or_else(|| last.before.clone(), |c| c.after.clone());
        Change { before: last.after.clone(), after, ..last.clone() }
    })
}

fn unlink_old_names(tools: &dyn Tools, target: &Target) {
    let dev = super::tools::below(tools.environment(), "/dev");
    files::unlink_link(&dev.join("mapper").join(device_mapper_name(&target.vg, &target.old)));
    files::unlink_link(&dev.join(&target.vg).join(&target.old));
}
