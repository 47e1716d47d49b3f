//! Steps that change other files: fstab, what `init` records, SELinux labels.

use super::planner::Planner;
use crate::disks::{Fstab, pool};
use crate::files::{Change, Method};
use crate::machine::{Command, freeze};
use crate::packages::RECORD;
use crate::plan::Action;
use crate::system::{CONFIG_DIR, UNIT, UNIT_DIR};
use std::path::{Path, PathBuf};

impl Planner<'_> {
    /// fstab mounts root from `root`, and the thin volumes with the policy's options.
    pub(super) fn fstab_change(&self, root: &str) -> Option<Change> {
        let file = self.system.fstab.as_ref().ok()?.as_ref()?;
        let mut fstab = Fstab::parse(&file.text);
        fstab.set_source("/", root);
        let thin = |source: &str| {
            let lvm = self.system.lvm.as_ref().ok();
            lvm.and_then(|l| l.by_path(source))
                .is_some_and(|v| v.pool.as_deref() == Some(&self.s.pool.name) && v.vg == self.s.pool.vg)
        };
        for m in fstab.mountings() {
            let trims = matches!(m.kind.as_str(), "ext4" | "xfs");
            if m.target == "/" || (trims && thin(&m.source)) {
                for option in &self.choices.policy.mount_options {
                    fstab.add_option(&m.target, option);
                }
            }
        }
        Change::write(file.path.clone(), fstab.text().into_bytes(), Method::Replace)
    }

    /// What `init` records: the policy, the pool's profile for dracut, and the unit of the first boot.
    pub(super) fn record_changes(&self) -> Vec<Change> {
        let policy = self.choices.policy;
        let dir = self.system.path(CONFIG_DIR);
        let recorded = if self.choices.policy_text.is_some() { "policy.toml" } else { policy.name.as_str() };
        let mut files: Vec<(PathBuf, String)> = vec![(
            dir.join("layout.toml"),
            format!(
                "# Written by node-layout init; the default of node-layout verify.\npolicy = \"{recorded}\"\n{}",
                self.choices.keep_images.map_or_else(String::new, |keep| format!(
                    "# How many images node-layout confirm keeps.\nkeep-images = {keep}\n"
                ))
            ),
        )];
        if let Some(text) = self.choices.policy_text {
            files.push((dir.join("policy.toml"), text.to_owned()));
        }
        // LVM in the initramfs looks for the pool's profile, too, and warns at every boot if it is missing.
        let dracut = self.system.path("/etc/dracut.conf.d");
        if dracut.is_dir() {
            let profile = pool::profile_path();
            files.push((
                dracut.join("50-node-layout.conf"),
                format!(
                    "# Written by node-layout init: the profile of the images' thin pool.\ninstall_optional_items+=\" {profile} \"\n"
                ),
            ));
        }
        let units = self.system.path(UNIT_DIR);
        files.extend(self.system.program.map(|program| (units.join(UNIT), unit_text(program))));
        let write = |(path, text): (PathBuf, String)| Change::write(path, text.into_bytes(), Method::Replace);
        let mut changes: Vec<Change> = files.into_iter().filter_map(write).collect();
        if self.system.program.is_some() {
            let wants = self.system.path(&format!("{UNIT_DIR}/multi-user.target.wants")).join(UNIT);
            changes.extend(Change::write(wants, format!("../{UNIT}").into_bytes(), Method::Link));
        }
        changes
    }

    /// Writes the list of packages, which the base has with everything else.
    pub(super) fn packages(&mut self) {
        let Some(list) = &self.choices.packages else { return };
        let change = Change::write(self.system.path(RECORD), list.clone().into_bytes(), Method::Replace);
        let about = format!("write the list of packages, whose database is not on root, to {RECORD}");
        self.steps.add("packages", about, vec![Action::Change(change.into_iter().collect())]);
    }

    /// Sets the SELinux labels of new files.
    pub(super) fn labels(&mut self) {
        let Some(kind) = &self.system.selinux else { return };
        let root = self.system.sysroot.display().to_string();
        let contexts = self.system.path(&format!("/etc/selinux/{kind}/contexts/files/file_contexts"));
        let mut args = vec!["-F".to_owned()];
        if root != "/" {
            args.extend(["-r".to_owned(), root]);
        }
        args.push(contexts.display().to_string());
        let mut paths: Vec<PathBuf> = Vec::new();
        for action in self.steps.actions() {
            if let Action::Change(changes) = action {
                paths.extend(changes.iter().filter(|c| c.after.is_some()).map(|c| c.path.clone()));
            }
        }
        // setfiles fails at a path that does not exist.
        if self.kept_files().iter().any(|(from, to)| from.exists() || to.exists()) {
            paths.push(self.s.kept_dir());
        }
        paths.push(self.system.path(CONFIG_DIR));
        paths.retain(|p| p.starts_with(&self.system.sysroot) && !p.starts_with("/sys") && self.has_labels(p));
        paths.sort();
        paths.dedup();
        args.extend(paths.iter().map(|p| p.display().to_string()));
        // Labels are not on the disk when setfiles ends, and nothing would set them again once the layout is complete.
        let flush = Action::Flush(vec![self.system.sysroot.clone(), self.s.boot.root.clone()]);
        let actions = vec![Action::Run(Command::new("setfiles", args)), flush];
        self.steps.add("labels", "label the new files for SELinux".into(), actions);
    }

    /// Whether the file system of a path keeps labels. FAT, which /boot is with systemd-boot, does not, and setfiles fails there.
    fn has_labels(&self, path: &Path) -> bool {
        let mounts = self.system.mounts.iter().filter(|m| path.starts_with(self.system.path(&m.target)));
        mounts.max_by_key(|m| m.target.len()).is_none_or(|m| m.kind != "vfat")
    }
}

/// The unit thaws /boot also after all its processes were killed between freeze and thaw (out of memory, `systemctl kill`).
fn unit_text(program: &str) -> String {
    format!(
        "[Unit]\nDescription=Complete the node layout at its first boot\nRequiresMountsFor=/boot\nAfter=local-fs.target\n\n\
         [Service]\nType=oneshot\nKillMode=process\nExecStart={program} init\n\
         ExecStopPost={program} {}\n\n[Install]\nWantedBy=multi-user.target\n",
        freeze::THAW_VERB
    )
}
