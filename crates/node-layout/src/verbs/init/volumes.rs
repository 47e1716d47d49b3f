//! Steps that change volumes: the pool, the base, the tags, the name of root.

use super::planner::{PlanError, Planner};
use crate::checks::metadata_growth;
use crate::disks::pool::{self, PROFILE, PoolDevice, Removal};
use crate::disks::{LogicalVolume, TAG_BASE, TAG_LAYER, TAG_POOL, TAG_ROOT_PREFIX, TAG_UNFINISHED, TAG_VG};
use crate::files::{Change, Method};
use crate::images::{FIRST_LAYER, kept};
use crate::machine::{Command, below, mount_points};
use crate::plan::Action;
use node_base::names::device_mapper_name;
use std::path::{Path, PathBuf};

/// Where a new base is mounted while it gets its UUID.
pub(super) fn base_mount_point(environment: &Path) -> PathBuf {
    below(environment, "/run/node-layout/base")
}

impl Planner<'_> {
    /// Removes the bases that an interrupted run has left, with their files on /boot.
    pub(super) fn leftovers(&mut self) {
        let remove = |v: &&LogicalVolume| {
            Action::RemoveVolume(Removal::of_unfinished(v, std::slice::from_ref(self.s.root)))
        };
        // The files first: only the volume shows that they are left over. Files of this image's own name are used again.
        let files = |v: &&LogicalVolume| {
            let layer = format!("{}+{FIRST_LAYER}", v.name);
            let path = self.s.boot.file(&layer);
            if v.name == self.s.target.layer.nvr.as_str() || !path.is_dir() {
                return None;
            }
            let (made, whole) = kept::made(self.s.boot, &self.s.boot.entries, &layer);
            let removal =
                |path| Change { path, before: None, after: None, method: Method::ReplaceForBoot, like: None };
            Some(match whole {
                true => Action::RemoveDirectory(path),
                false => Action::Change(made.into_iter().map(removal).collect()),
            })
        };
        // A run that was killed can have left the base mounted.
        let mounted = match self.s.leftovers.is_empty() {
            true => Vec::new(),
            false => mount_points(&self.choices.environment, &[base_mount_point(&self.choices.environment)]),
        };
        let unmount = |at| Action::Run(Command::new("umount", [at]));
        let mut actions: Vec<Action> = mounted.into_iter().map(unmount).collect();
        actions.extend(self.s.leftovers.iter().filter_map(files));
        actions.extend(self.s.leftovers.iter().map(remove));
        let about = "remove the base that an interrupted run has left".into();
        self.steps.add("remove-leftover", about, actions);
    }

    /// Attaches the profile by which the pool extends itself.
    pub(super) fn pool_profile(&mut self) {
        let text = pool::profile_text(self.choices.policy);
        let mut paths = vec![self.system.path(&pool::profile_path())];
        // lvchange looks for the profile where it runs itself.
        let here = self.choices.lvm_config.join("profile").join(format!("{PROFILE}.profile"));
        if !paths.contains(&here) {
            paths.push(here);
        }
        let write = |path| Change::write(path, text.clone().into_bytes(), Method::Replace);
        let mut actions = vec![Action::Change(paths.into_iter().filter_map(write).collect())];
        let name = self.s.pool.full_name();
        if self.s.pool.profile.as_deref() != Some(PROFILE) {
            actions.push(self.lvm("lvchange", ["--metadataprofile", PROFILE, &name]));
        }
        self.steps.add("pool-profile", format!("let thin pool {name} extend itself"), actions);
    }

    /// Enlarges the pool's metadata for further images.
    pub(super) fn pool_metadata(&mut self) -> Result<(), PlanError> {
        let to = metadata_growth(self.s, self.choices.policy)
            .map_err(|too_small| PlanError::Metadata(too_small.wanted))?;
        if let Some(size) = to {
            let pool = self.s.pool.full_name();
            let action = self.lvm("lvextend", ["--poolmetadatasize", &format!("{}b", size.0), &pool]);
            self.steps.add("pool-metadata", format!("grow the metadata of {pool} to {size}"), vec![action]);
        }
        Ok(())
    }

    /// Makes the base as a snapshot of root, and gives its file system a UUID of its own.
    pub(super) fn freeze_base(&mut self) {
        let base = self.base();
        let nvr = self.s.target.layer.nvr.to_string();
        let root_tag = format!("{TAG_ROOT_PREFIX}{}", self.s.target.old);
        let root = self.s.root.full_name();
        let snapshot = self.lvm.command(
            "lvcreate",
            [
                "--yes",
                "--snapshot",
                "--setactivationskip",
                "y",
                "--addtag",
                TAG_UNFINISHED,
                "--addtag",
                &root_tag,
                "--name",
                &nvr,
                &root,
            ],
        );
        let create = Action::CreateSnapshot { command: snapshot, pool: PoolDevice::of(self.s.pool) };
        self.steps.add("freeze-base", format!("freeze {root} as {base}"), vec![create]);
        let mount_point = base_mount_point(&self.choices.environment);
        let mut actions = vec![self.lvm("lvchange", ["--activate", "y", "--ignoreactivationskip", &base])];
        let commands =
            self.s.root_fs.set_uuid(&format!("/dev/{base}"), &self.choices.base_uuid, &mount_point);
        actions.extend(commands.into_iter().map(Action::Run));
        actions.push(self.lvm("lvchange", ["--activate", "n", &base]));
        self.steps.add("base-uuid", format!("give the file system of {base} its own UUID"), actions);
    }

    /// Makes the base read-only and marks it as a base.
    pub(super) fn seal_base(&mut self) {
        let base = self.base();
        let actions = vec![
            self.lvm("lvchange", ["--permission", "r", &base]),
            self.lvm("lvchange", ["--deltag", TAG_UNFINISHED, "--addtag", TAG_BASE, &base]),
        ];
        self.steps.add("seal-base", format!("make {base} read-only"), actions);
    }

    /// Tags volume group and pool.
    pub(super) fn tags(&mut self) {
        let mut actions = Vec::new();
        if !self.s.group.tags.iter().any(|t| t == TAG_VG) {
            actions.push(self.lvm("vgchange", ["--addtag", TAG_VG, self.vg()]));
        }
        if !self.s.pool.has_tag(TAG_POOL) {
            actions.push(self.lvm("lvchange", ["--addtag", TAG_POOL, &self.s.pool.full_name()]));
        }
        self.steps.add("tags", "tag volume group and pool".into(), actions);
    }

    /// Renames root's volume to be the layer.
    pub(super) fn rename(&mut self) {
        let mut actions = vec![self.lvm("lvrename", [self.vg(), &self.s.target.old, &self.layer()])];
        actions.extend(self.layer_actions());
        let about = format!("rename {} to {}", self.s.root.full_name(), self.layer());
        self.steps.add("rename", about, actions);
    }

    /// Completes an interrupted rename.
    pub(super) fn tag_layer(&mut self) {
        let actions = self.layer_actions();
        self.steps.add("tag-layer", format!("tag {}", self.layer()), actions);
    }

    /// Tags the layer, and keeps root's old device names valid.
    fn layer_actions(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        let full = format!("{}/{}", self.vg(), self.layer());
        if !self.s.root.has_tag(TAG_LAYER) {
            actions.push(self.lvm("lvchange", ["--addtag", TAG_LAYER, &full]));
        }
        let Some((_, minor)) = self.s.root.device else { return actions };
        if self.s.target.old == self.layer() {
            return actions;
        }
        // The mount table has the old name until the reboot; grub2-probe, grubby and kexec look for its device.
        let dev = below(&self.choices.environment, "/dev");
        let to = PathBuf::from(format!("../dm-{minor}"));
        actions.push(Action::Link {
            path: dev.join("mapper").join(device_mapper_name(self.vg(), &self.s.target.old)),
            to: to.clone(),
        });
        actions.push(Action::Link { path: dev.join(self.vg()).join(&self.s.target.old), to });
        actions
    }
}
