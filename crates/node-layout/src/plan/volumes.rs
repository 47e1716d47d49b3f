//! Steps that change volumes: the pool, the base, the tags, the name of root.

use super::{Action, EXTEND_PERCENT, PROFILE, PlanError, Planner, PoolDevice, ROOT_TAG_PREFIX, change};
use crate::checks::metadata_growth;
use crate::files::Method;
use crate::lvm::{LogicalVolume, TAG_BASE, TAG_LAYER, TAG_POOL, TAG_UNFINISHED, TAG_VG};
use crate::tools::{Command, below};
use node_base::names::device_mapper_name;
use node_base::policy::Policy;
use node_base::superblock::Kind as FsKind;
use std::path::PathBuf;

impl Planner<'_> {
    pub(super) fn leftovers(&mut self) {
        let pool = PoolDevice::of(self.s.pool);
        let remove = |v: &&LogicalVolume| Action::RemoveLeftover {
            volume: v.full_name(),
            pool: pool.clone(),
            thin_id: v.thin_id,
        };
        // Its copies on /boot first: the volume is what tells that they are a leftover. Under the same name they are used.
        let kept = |v: &&LogicalVolume| {
            let path = self.s.boot.root.join(format!("{}+1", v.name));
            (v.name != self.s.target.layer.nvr.as_str() && path.is_dir())
                .then_some(Action::RemoveDirectory(path))
        };
        let mut actions: Vec<Action> = self.s.leftovers.iter().filter_map(kept).collect();
        actions.extend(self.s.leftovers.iter().map(remove));
        self.step("remove-leftover", "remove the base that an interrupted run has left".into(), actions);
    }

    pub(super) fn pool_profile(&mut self) {
        let text = profile_text(self.choices.policy);
        let relative = format!("/etc/lvm/profile/{PROFILE}.profile");
        let mut paths = vec![self.system.path(&relative)];
        // lvchange looks the profile up where it runs itself.
        let here = below(&self.choices.environment, &relative);
        if !paths.contains(&here) {
            paths.push(here);
        }
        let changes =
            paths.into_iter().filter_map(|p| change(p, text.clone().into_bytes(), Method::Replace)).collect();
        let mut actions = vec![Action::Change(changes)];
        if self.s.pool.profile.as_deref() != Some(PROFILE) {
            actions.push(self.run("lvchange", ["--metadataprofile", PROFILE, &self.s.pool.full_name()]));
        }
        let about = format!("let thin pool {} extend itself", self.s.pool.full_name());
        self.step("pool-profile", about, actions);
    }

    pub(super) fn pool_metadata(&mut self) -> Result<(), PlanError> {
        let to = metadata_growth(self.s, self.choices.policy)
            .map_err(|short| PlanError::Metadata(short.wanted))?;
        if let Some(size) = to {
            let pool = self.s.pool.full_name();
            let action = self.run("lvextend", ["--poolmetadatasize", &format!("{}b", size.0), &pool]);
            self.step("pool-metadata", format!("grow the metadata of {pool} to {size}"), vec![action]);
        }
        Ok(())
    }

    pub(super) fn freeze_base(&mut self) {
        let base = self.base();
        let device = format!("/dev/{base}");
        let nvr = self.s.target.layer.nvr.to_string();
        let root_tag = format!("{ROOT_TAG_PREFIX}{}", self.s.target.old);
        let root = self.s.root.full_name();
        let snapshot = self.mode.command(
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
        let freeze = Action::Freeze { command: snapshot, pool: PoolDevice::of(self.s.pool) };
        self.step("freeze-base", format!("freeze {root} as {base}"), vec![freeze]);
        let mut actions = vec![self.run("lvchange", ["--activate", "y", "--ignoreactivationskip", &base])];
        let uuid = self.choices.base_uuid.as_str();
        match self.s.root_fs {
            FsKind::Ext4 => actions.extend([
                Action::Run(Command::new("e2fsck", ["-f", "-y", &device]).also_ok(&[1])),
                Action::Run(Command::new("tune2fs", ["-U", uuid, &device])),
            ]),
            // xfs_db changes the UUID only of a clean file system: mounting it once replays the log.
            _ => {
                let at = below(&self.choices.environment, "/run/node-layout/base").display().to_string();
                actions.extend([
                    Action::Run(Command::new("mkdir", ["-p", &at])),
                    Action::Run(Command::new("mount", ["-t", "xfs", "-o", "nouuid", &device, &at])),
                    Action::Run(Command::new("umount", [&at])),
                    Action::Run(Command::new(
                        "xfs_db",
                        ["-x", "-p", "xfs_admin", "-c", &format!("uuid {uuid}"), &device],
                    )),
                ]);
            }
        }
        actions.push(self.run("lvchange", ["--activate", "n", &base]));
        self.step("base-uuid", format!("give the file system of {base} its own UUID"), actions);
    }

    pub(super) fn seal_base(&mut self) {
        let base = self.base();
        let actions = vec![
            self.run("lvchange", ["--permission", "r", &base]),
            self.run("lvchange", ["--deltag", TAG_UNFINISHED, "--addtag", TAG_BASE, &base]),
        ];
        self.step("seal-base", format!("make {base} read-only"), actions);
    }

    pub(super) fn tags(&mut self) {
        let mut actions = Vec::new();
        if !self.s.group.tags.iter().any(|t| t == TAG_VG) {
            actions.push(self.run("vgchange", ["--addtag", TAG_VG, self.vg()]));
        }
        if !self.s.pool.has_tag(TAG_POOL) {
            actions.push(self.run("lvchange", ["--addtag", TAG_POOL, &self.s.pool.full_name()]));
        }
        self.step("tags", "tag volume group and pool".into(), actions);
    }

    pub(super) fn rename(&mut self) {
        let old = self.s.target.old.clone();
        let mut actions = vec![self.run("lvrename", [self.vg(), &old, &self.layer()])];
        actions.extend(self.after_rename_actions());
        let about = format!("rename {} to {}", self.s.root.full_name(), self.layer());
        self.step("rename", about, actions);
    }

    pub(super) fn after_rename(&mut self) {
        let actions = self.after_rename_actions();
        self.step("tag-layer", format!("tag {}", self.layer()), actions);
    }

    fn after_rename_actions(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        let full = format!("{}/{}", self.vg(), self.layer());
        if !self.s.root.has_tag(TAG_LAYER) {
            actions.push(self.run("lvchange", ["--addtag", TAG_LAYER, &full]));
        }
        let Some((_, minor)) = self.s.root.device else { return actions };
        if self.s.target.old == self.layer() {
            return actions;
        }
        // The mount table keeps the old name until the reboot; grub2-probe, grubby and kexec ask for its device.
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

/// LVM's profile that extends the pool by a fifth whenever the threshold is passed (the figures of imgbased).
fn profile_text(policy: &Policy) -> String {
    let threshold = policy.pool.autoextend_threshold.unwrap_or(70);
    format!(
        "activation {{\n\tthin_pool_autoextend_threshold={threshold}\n\tthin_pool_autoextend_percent={EXTEND_PERCENT}\n}}\n"
    )
}
