//! The way back when a step of `init` has failed: everything as before, on a machine that boots at every moment.

use super::volumes::base_mount_point;
use crate::boot::Target;
use crate::disks::pool::{EXTEND_PERCENT, PROFILE, Removal};
use crate::disks::{Lvm, LvmCommands, TAG_LAYER, TAG_POOL, TAG_VG, share};
use crate::files::{self, Change};
use crate::images::{InitStage, NodeState, is_leftover, kept};
use crate::machine::{Command, Tools, below, unmount_all};
use crate::plan::{Undo, Undone};
use crate::system::System;
use node_base::names::device_mapper_name;
use node_base::units::Bytes;

/// Takes back what `init` has done, by what is on the disk now.
///
/// Each part is tried, whatever has become of the others. The exception is what the machine would not boot without: as long as
/// root has the layer's name, or LVM does not report which name it has, everything stays, and the entries are valid under both
/// names. A run that found root to be the layer already is not taken back: each of its steps leaves a machine that boots, and
/// earlier runs have done things that this one has not seen.
#[derive(Debug)]
pub struct TakeBack<'a> {
    /// The system before the first step.
    pub system: &'a System,
    /// The state of the node before the first step.
    pub state: &'a NodeState<'a>,
}

impl Undo for TakeBack<'_> {
    fn undo(&self, tools: &dyn Tools, changed: &[Change]) -> Undone {
        if self.state.stage != InitStage::NotStarted {
            return Undone { kept: Some("the layer boots in its present state"), ..Undone::default() };
        }
        let now = match Lvm::read(tools) {
            Ok(now) => now,
            Err(error) => {
                return Undone { left: vec![format!("LVM cannot be read: {error}")], ..Undone::default() };
            }
        };
        let (system, s) = (self.system, self.state);
        let space = make_space(tools, system, s, &now);
        let mut left = take_back(tools, system, s, changed, &now);
        // Whatever the kernel cannot write now would be missing after the next boot.
        if let Err(error) = tools.flush(&system.path("/"), false) {
            let full = space.missing.map(|why| format!("{why}; ")).unwrap_or_default();
            left.push(format!(
                "what was written to the file system of {}: {error} ({full}check it before the next boot: e2fsck -f, or xfs_repair)",
                s.root.full_name()
            ));
        }
        let changed = (space.added.0 > 0).then(|| {
            format!(
                "thin pool {} was full and is {} larger now, for what had to be written",
                s.pool.full_name(),
                space.added
            )
        });
        Undone { kept: None, left, changed: changed.into_iter().collect() }
    }

    fn advice(&self) -> &'static str {
        "Run node-layout init again to complete it"
    }
}

/// Chunks of the pool that taking back may write, at most: a few files, and the file system's metadata about them.
const CHUNKS: u64 = 64;

/// Space in the pool.
#[derive(Default)]
struct SpaceMade {
    /// By how much the pool was extended.
    added: Bytes,
    /// Why there may be too little space.
    missing: Option<String>,
}

/// Makes sure that the pool has space for what taking back writes.
///
/// After root was frozen, the first write to each of its chunks needs a new one from the pool; removing the base does not
/// change that (dm-thin goes by the time of the last snapshot). In a full pool the kernel drops such writes, also those of
/// taking back. (Measured with Linux 6.1: an ext4 whose directory names a deleted file, marked as recovered.) So a full pool
/// is extended first, by as much as its profile says.
///
/// The program that has filled the pool may have more data in memory, which would use that space, too. So all other volumes
/// of the pool are flushed, and the pool is measured again.
fn make_space(tools: &dyn Tools, system: &System, s: &NodeState<'_>, now: &Lvm) -> SpaceMade {
    let lvm = LvmCommands { monitor: system.running };
    let name = s.pool.full_name();
    let mut space = SpaceMade::default();
    let mut read;
    let mut now = now;
    while let Some(pool) = now.volume(&s.pool.vg, &s.pool.name) {
        let needed = Bytes(pool.chunk_size.0.saturating_mul(CHUNKS));
        // Unknown for an inactive pool: then nothing was written to it.
        if pool.data_percent.is_none_or(|used| pool.size - share(pool.size, used) >= needed) {
            return space;
        }
        let wanted = needed.max(share(pool.size, f64::from(EXTEND_PERCENT)));
        let group = now.groups.iter().find(|g| g.name == pool.vg);
        let more = group.map_or(Bytes(0), |g| {
            wanted.extents_ceil(g.extent).min(g.free.extents_floor(g.extent)).bytes(g.extent)
        });
        if more.0 == 0 {
            let vg = &pool.vg;
            space.missing = Some(format!(
                "thin pool {name} and volume group '{vg}' are full: vgextend the group, then lvextend --size +SIZE {name}"
            ));
            return space;
        }
        let extend = lvm.command("lvextend", ["--size", &format!("+{}b", more.0), &name]);
        if let Err(error) = tools.run(&extend) {
            space.missing = Some(format!("thin pool {name} is full and cannot be extended: {error}"));
            return space;
        }
        space.added = space.added + more;
        let others = |device| now.by_device(device).is_some_and(|v| v.pool_name().as_ref() == Some(&name));
        for mount in system.mounts.iter().filter(|m| m.target != "/" && others(m.device)) {
            // The kernel reports lost writes to their writer.
            let _ = tools.flush(&system.path(&mount.target), false);
        }
        match Lvm::read(tools) {
            Ok(lvm) => read = lvm,
            Err(error) => {
                space.missing = Some(format!("LVM cannot be read: {error}"));
                return space;
            }
        }
        now = &read;
    }
    space
}

/// Takes everything back; the result lists what could not be taken back.
fn take_back(
    tools: &dyn Tools,
    system: &System,
    s: &NodeState<'_>,
    changed: &[Change],
    now: &Lvm,
) -> Vec<String> {
    let lvm = LvmCommands { monitor: system.running };
    let t = &s.target;
    let layer = t.layer.to_string();
    let mut left = Vec::new();
    if now.volume(&t.vg, &layer).is_some_and(|v| v.uuid == s.root.uuid) && t.old != layer {
        // First everything that names the layer goes back to the form that is valid under both names, so that a valid entry
        // exists at every moment.
        let by_uuid: Vec<Change> = under_both_names(changed, t).filter(|c| !c.is_made()).collect();
        if let Err(error) = files::apply(tools, &by_uuid) {
            return vec![error.to_string()];
        }
        let untag = lvm.command("lvchange", ["--deltag", TAG_LAYER, &format!("{}/{layer}", t.vg)]);
        if let Err(error) = tools.run(&untag) {
            left.push(format!("layer's tag: {error}"));
        }
        remove_old_names(tools, t);
        let back = lvm.command("lvrename", [&t.vg, &layer, &t.old]);
        if let Err(error) = tools.run(&back) {
            left.push(format!("name of root's volume: {error}"));
            return left;
        }
    }
    // Root has its old name again, and the base is not needed any more. XFS is mounted while it gets its UUID.
    left.extend(unmount_all(tools, &[base_mount_point(tools.environment())]));
    let now = Lvm::read(tools).unwrap_or_else(|error| {
        left.push(format!("LVM cannot be read: {error}"));
        Lvm::default()
    });
    let mut note = |what: String, error: Option<String>| {
        left.extend(error.map(|error| format!("{what}: {error}")));
    };
    let run = |command: Command| tools.run(&command).err().map(|e| e.to_string());
    for v in now.volumes.iter().filter(|v| is_leftover(v, s.root)) {
        let removed = Removal::of_unfinished(v, &now.volumes).run(tools);
        note(v.full_name(), removed.err().map(|e| e.to_string()));
    }
    // Before the profile's file is removed.
    if s.pool.profile.as_deref() != Some(PROFILE)
        && now.volumes.iter().any(|v| v.uuid == s.pool.uuid && v.profile.as_deref() == Some(PROFILE))
    {
        let pool = s.pool.full_name();
        let command = match &s.pool.profile {
            Some(profile) => lvm.command("lvchange", ["--metadataprofile", profile.as_str(), &pool]),
            None => lvm.command("lvchange", ["--detachprofile", &pool]),
        };
        note("profile of the pool".into(), run(command));
    }
    for change in changed.iter().rev().map(Change::reversed).filter(|c| !c.is_made()) {
        let what = change.path.display().to_string();
        note(what, files::apply(tools, &[change]).err().map(|e| e.to_string()));
    }
    if !s.kept_is_foreign {
        let kept = s.kept_dir();
        let (made, whole) = kept::made(s.boot, &s.boot.entries, &t.layer.to_string());
        let removed = match whole {
            true => files::remove_directory(&kept),
            false => files::remove_files(&made),
        };
        note(kept.display().to_string(), removed.err().map(|e| e.to_string()));
    }
    if !s.group.tags.iter().any(|x| x == TAG_VG) {
        note("tag of the volume group".into(), run(lvm.command("vgchange", ["--deltag", TAG_VG, &t.vg])));
    }
    if !s.pool.has_tag(TAG_POOL) {
        let command = lvm.command("lvchange", ["--deltag", TAG_POOL, &s.pool.full_name()]);
        note("tag of the pool".into(), run(command));
    }
    left
}

/// The changes that remove the layer's volume from entries, fstab and kept arguments: each file gets the content of the
/// transition, or its first content where the transition had nothing to change.
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

/// Removes the links that keep root's old device names valid.
fn remove_old_names(tools: &dyn Tools, target: &Target) {
    let dev = below(tools.environment(), "/dev");
    files::remove_link(&dev.join("mapper").join(device_mapper_name(&target.vg, &target.old)));
    files::remove_link(&dev.join(&target.vg).join(&target.old));
}
