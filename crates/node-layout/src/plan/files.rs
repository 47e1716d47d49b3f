//! Changes of files: boot entries, default, fstab, kept arguments, what is recorded, labels.

use super::{Action, CONFIG_DIR, PROFILE, PlanError, Planner, UNIT, change, entry_id, removal};
use crate::checks::{Progress, Situation};
use crate::efi;
use crate::files::{Change, Method};
use crate::fstab::Fstab;
use crate::grubenv::GrubEnv;
use crate::kept;
use crate::loader::{Loader, grub_cmdline_linux, with_loader_conf_default};
use crate::system::Mount;
use crate::target::Stage;
use crate::tools::Command;
use node_base::boot_entry::BootEntry;
use node_base::cmdline::Arguments;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

impl Planner<'_> {
    /// What a power cut has left half-written on /boot, and copies of a kernel that is not the image's any more.
    pub(super) fn half_written(&mut self) {
        let mut paths: BTreeSet<PathBuf> = kept::half_written(self.s).into_iter().collect();
        if self.s.progress != Progress::Done {
            let expected = self.kept_files().into_iter().map(|(_, to)| to).collect();
            paths.extend(kept::of_another_kernel(self.s, &expected));
        }
        // What was in them is nothing to go back to.
        let gone = |path| Change { path, before: None, after: None, method: Method::ReplaceForBoot };
        let (directories, files): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| path.is_dir());
        let mut actions = vec![Action::Change(files.into_iter().map(gone).collect())];
        actions.extend(directories.into_iter().map(Action::RemoveDirectory));
        let about = "remove the files that an interrupted run has left on /boot".into();
        self.step("remove-half-written", about, actions);
    }

    /// The kernel and initramfs of the image, kept for it whatever happens to the system's own.
    pub(super) fn boot_files(&mut self) {
        let copies: Vec<_> =
            self.kept_files().into_iter().filter(|(from, to)| from.exists() && from != to).collect();
        let about = format!("keep kernel and initramfs in {}", self.kept_dir().display());
        // What the installation (or a kernel's removal) has written to /boot comes to its place before anything new is there.
        let mut actions = vec![Action::EmptyJournal(self.s.boot.root.clone())];
        actions.extend((!copies.is_empty()).then_some(Action::Copy(copies)));
        self.step("boot-files", about, actions);
    }

    fn kept_dir(&self) -> PathBuf {
        self.s.boot.root.join(self.layer())
    }

    /// Where kernel and initramfs of the template are, and where they are kept.
    fn kept_files(&self) -> Vec<(PathBuf, PathBuf)> {
        let pairs = kept::pairs(self.s.template, &self.layer());
        pairs.into_iter().map(|p| (self.s.boot.file(&p.own), self.s.boot.file(&p.kept))).collect()
    }

    /// What the running layer has made anew since its first boot takes the place of the copy that it boots. Meanwhile the
    /// entry boots the system's own, so that it never names a copy that is being written.
    pub(super) fn renew_kept(&mut self) {
        let outdated = kept::outdated(self.s);
        let Some(entry) = self.s.boot.entry(&self.layer_entry_id()).filter(|_| !outdated.is_empty()) else {
            return;
        };
        let mut between = entry.clone();
        for pair in kept::own_pairs(self.s, entry, &self.layer()) {
            if let Some(key) = pair.key
                && self.s.boot.file(&pair.own).exists()
            {
                between.replace_word(key, &pair.kept, &pair.own);
            }
        }
        let path = self.s.boot.entries_dir.join(format!("{}.conf", entry.id));
        let [now, between] = [entry, &between].map(|e| Some(e.text().into_bytes()));
        let turn = |before: &Option<Vec<u8>>, after: &Option<Vec<u8>>| {
            let change = Change {
                path: path.clone(),
                before: before.clone(),
                after: after.clone(),
                method: Method::ReplaceForBoot,
            };
            vec![Action::Change(vec![change])]
        };
        let file = |path: &str| self.s.boot.file(path);
        let copies = outdated.iter().map(|p| (file(&p.own), file(&p.kept))).collect();
        let (mut away, back) = (turn(&now, &between), turn(&between, &now));
        away.insert(0, Action::EmptyJournal(self.s.boot.root.clone()));
        let about = format!("keep the newer kernel and initramfs in {}", self.kept_dir().display());
        self.step("boot-own", "boot the system's own kernel and initramfs meanwhile".into(), away);
        self.step("boot-files", about, vec![Action::Copy(copies)]);
        self.step("boot-kept", "boot the kernel and initramfs kept for the image".into(), back);
    }

    /// Entries, fstab and default in the form that boots before and after the renaming.
    pub(super) fn transition(&mut self) -> Result<(), PlanError> {
        let entries = self.entry_changes(Stage::Transition);
        let default = self.default_changes(Stage::Transition)?;
        let fstab = self.fstab_change(&format!("UUID={}", self.s.target.root_uuid));
        let actions = vec![
            Action::Change(entries),
            Action::Change(fstab.into_iter().collect()),
            Action::Change(default),
        ];
        self.step("transition", "name root by UUID in boot entries and fstab".into(), actions);
        Ok(())
    }

    pub(super) fn layer_entry_id(&self) -> String {
        entry_id(self.s)
    }

    /// The layer's own entry, and every other entry that boots this root.
    pub(super) fn entry_changes(&self, stage: Stage) -> Vec<Change> {
        let boot = self.s.boot;
        let own = self.layer_entry_id();
        let mut changes = Vec::new();
        let path = boot.entries_dir.join(format!("{own}.conf"));
        let entry = self.layer_entry(stage, false);
        changes.extend(change(path, entry.text().into_bytes(), Method::ReplaceForBoot));
        for old in boot.entries.iter().filter(|e| e.id != own) {
            let options = old.options();
            if !self.s.target.boots(&options) {
                continue;
            }
            // Made by an interrupted run for another image name; nothing else makes such an id.
            let stale = options
                .value("img.bootid")
                .filter(|b| *b != self.layer() && old.id.starts_with(&format!("{b}-")));
            if stale.is_some() {
                let path = boot.entries_dir.join(format!("{}.conf", old.id));
                changes.extend(removal(path, Method::ReplaceForBoot));
                continue;
            }
            let mut new = old.clone();
            new.set("options", &self.s.target.turn(&options, stage).to_string());
            let path = boot.entries_dir.join(format!("{}.conf", old.id));
            changes.extend(change(path, new.text().into_bytes(), Method::ReplaceForBoot));
        }
        changes
    }

    /// The layer's entry after the template. `kept`: booting the files kept for the image; else the system's own,
    /// which the rest of the installation makes anew.
    pub(super) fn layer_entry(&self, stage: Stage, kept: bool) -> BootEntry {
        let template = self.s.template;
        let id = self.layer_entry_id();
        let mut entry = template.clone();
        entry.id.clone_from(&id);
        entry.set("title", &title(self.s));
        if entry.get("id").is_some() {
            entry.set("id", &id);
        }
        let arguments = self.s.boot.arguments(template);
        entry.set("options", &self.s.target.turn(&arguments, stage).to_string());
        if kept {
            for pair in kept::pairs(template, &self.layer()) {
                if let Some(key) = pair.key {
                    entry.replace_word(key, &pair.own, &pair.kept);
                }
            }
        }
        entry
    }

    /// The default, and in the same block of GRUB's environment what `$kernelopts` stands for (RHEL 8).
    pub(super) fn default_changes(&self, stage: Stage) -> Result<Vec<Change>, PlanError> {
        let boot = self.s.boot;
        let id = self.layer_entry_id();
        match boot.loader {
            Loader::Grub => {
                let Some((path, block)) = &boot.grubenv else { return Ok(Vec::new()) };
                let mut env = boot.env().unwrap_or_else(|| GrubEnv::parse(block));
                env.set("saved_entry", &id);
                if let Some(kept) =
                    env.get("kernelopts").map(|k| Arguments::parse(&k)).filter(|k| self.s.target.boots(k))
                {
                    env.set("kernelopts", &self.s.target.turn(&kept, stage).to_string());
                }
                self.grubenv_change(path, block, &env)
            }
            Loader::SystemdBoot => {
                let name = format!("{id}.conf");
                let mut changes = Vec::new();
                if let Some(conf) = &boot.loader_conf {
                    let text = with_loader_conf_default(&conf.text, &name);
                    changes.extend(change(conf.path.clone(), text.into_bytes(), Method::ReplaceForBoot));
                } else {
                    let path = boot.root.join("loader/loader.conf");
                    changes.extend(change(
                        path,
                        format!("default {name}\n").into_bytes(),
                        Method::ReplaceForBoot,
                    ));
                }
                if let Some((path, now)) = &boot.efi_default
                    && *now != name
                {
                    changes.extend(change(path.clone(), efi::bytes(&name), Method::Variable));
                }
                Ok(changes)
            }
        }
    }

    fn grubenv_change(&self, path: &Path, block: &[u8], env: &GrubEnv) -> Result<Vec<Change>, PlanError> {
        let new = env.block().map_err(|full| PlanError::GrubEnv { path: path.to_owned(), full })?;
        let method = if block.len() == new.len() { Method::InPlace } else { Method::ReplaceForBoot };
        Ok(change(path.to_owned(), new, method).into_iter().collect())
    }

    pub(super) fn fstab_change(&self, root: &str) -> Option<Change> {
        let file = self.system.fstab.as_ref()?;
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
        change(file.path.clone(), fstab.text().into_bytes(), Method::Replace)
    }

    /// Where the host keeps arguments for the next kernel that is installed.
    pub(super) fn kept_argument_changes(&self) -> Vec<Change> {
        let boot = self.s.boot;
        let mut changes = Vec::new();
        if let Some(file) = &boot.default_grub
            && let Some((range, value)) = grub_cmdline_linux(&file.text)
        {
            let new = self.s.target.turn_kept(&Arguments::parse(value)).to_string();
            let mut text = file.text.clone();
            // A value without quotes needs them as soon as it has a second word.
            let quoted = text[..range.start].ends_with(['"', '\'']);
            let new = if quoted { new } else { format!("\"{new}\"") };
            text.replace_range(range, &new);
            changes.extend(change(file.path.clone(), text.into_bytes(), Method::Replace));
        }
        if let Some(file) = &boot.kernel_cmdline {
            let new = self.s.target.turn_kept(&Arguments::parse(&file.text));
            let text = format!("{new}\n");
            changes.extend(change(file.path.clone(), text.into_bytes(), Method::Replace));
        }
        changes
    }

    pub(super) fn record_changes(&self) -> Vec<Change> {
        let policy = self.choices.policy;
        let dir = self.system.path(CONFIG_DIR);
        let mut files: Vec<(PathBuf, String)> = Vec::new();
        let mut changes = Vec::new();
        let mut put = |path: PathBuf, text: String| files.push((path, text));
        let recorded = if self.choices.policy_text.is_some() { "policy.toml" } else { policy.name.as_str() };
        put(
            dir.join("layout.toml"),
            format!(
                "# Written by node-layout init; the default of node-layout verify.\npolicy = \"{recorded}\"\n"
            ),
        );
        if let Some(text) = self.choices.policy_text {
            put(dir.join("policy.toml"), text.to_owned());
        }
        // LVM in the initial RAM disk looks for the pool's profile, too, and complains at every boot if it is not there.
        let dracut = self.system.path("/etc/dracut.conf.d");
        if dracut.is_dir() {
            let profile = format!("/etc/lvm/profile/{PROFILE}.profile");
            put(
                dracut.join("50-node-layout.conf"),
                format!(
                    "# Written by node-layout init: the profile of the images' thin pool.\ninstall_optional_items+=\" {profile} \"\n"
                ),
            );
        }
        if let Some(program) = self.system.program {
            put(self.system.path("/etc/systemd/system").join(UNIT), unit_text(program));
            let wants = self.system.path("/etc/systemd/system/multi-user.target.wants").join(UNIT);
            changes.extend(change(wants, format!("../{UNIT}").into_bytes(), Method::Link));
        }
        changes
            .splice(0..0, files.into_iter().filter_map(|(p, t)| change(p, t.into_bytes(), Method::Replace)));
        changes
    }

    /// SELinux labels of the files that are new.
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
        for step in &self.steps {
            for action in &step.actions {
                if let Action::Change(changes) = action {
                    paths.extend(changes.iter().filter(|c| c.after.is_some()).map(|c| c.path.clone()));
                }
            }
        }
        // setfiles fails at a path that is not there.
        if self.kept_files().iter().any(|(from, to)| from.exists() || to.exists()) {
            paths.push(self.kept_dir());
        }
        paths.push(self.system.path(CONFIG_DIR));
        paths.retain(|p| p.starts_with(&self.system.sysroot) && !p.starts_with("/sys") && self.has_labels(p));
        paths.sort();
        paths.dedup();
        args.extend(paths.iter().map(|p| p.display().to_string()));
        // A label is not on the disk when setfiles ends, and nothing would write it again once the layout is complete.
        let flush = Action::Flush(vec![self.system.sysroot.clone(), self.s.boot.root.clone()]);
        let actions = vec![Action::Run(Command::new("setfiles", args)), flush];
        self.step("labels", "label the new files for SELinux".into(), actions);
    }

    /// FAT, which /boot is with systemd-boot, keeps no labels, and setfiles fails there.
    fn has_labels(&self, path: &Path) -> bool {
        let holds = |m: &&Mount| path.starts_with(self.system.path(&m.target));
        let mount = self.system.mounts.iter().filter(holds).max_by_key(|m| m.target.len());
        mount.is_none_or(|m| m.kind != "vfat")
    }
}

/// The original tools take an entry for theirs only if its title has "node" or "rhvh".
fn title(s: &Situation<'_>) -> String {
    let nvr = s.target.layer.nvr.as_str();
    let version = s.template.version().unwrap_or("0");
    let prefix = if nvr.contains("node") || nvr.contains("rhvh") { "" } else { "node " };
    format!("{prefix}{nvr} ({version})")
}

fn unit_text(program: &str) -> String {
    format!(
        "[Unit]\nDescription=Complete the node layout at its first boot\nRequiresMountsFor=/boot\nAfter=local-fs.target\n\n\
         [Service]\nType=oneshot\nExecStart={program} init\n\n[Install]\nWantedBy=multi-user.target\n"
    )
}
