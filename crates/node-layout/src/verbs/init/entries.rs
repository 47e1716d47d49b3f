//! Steps that change boot entries, the default, and the kernels kept for the image.

use super::super::node::remove_half_written;
use super::planner::{PlanError, Planner};
use crate::boot::{RootNaming, TrialFate};
use crate::files::{Change, Method};
use crate::images::{InitStage, kept};
use crate::plan::Action;
use node_base::boot_entry::BootEntry;
use std::collections::BTreeSet;
use std::path::PathBuf;

impl Planner<'_> {
    /// Removes what an interrupted run has left half-written on /boot, and copies of a kernel that is not the image's any more.
    pub(super) fn half_written(&mut self) {
        let mut paths: BTreeSet<PathBuf> = kept::half_written(self.s).into_iter().collect();
        if self.s.stage != InitStage::Complete {
            let expected = self.kept_files().into_iter().map(|(_, to)| to).collect();
            paths.extend(kept::of_another_kernel(self.s, &expected));
        }
        remove_half_written(paths, &mut self.steps);
    }

    /// Copies the kernel and initramfs of the image, so that they stay when the system's own change.
    pub(super) fn boot_files(&mut self) {
        let copies: Vec<_> =
            self.kept_files().into_iter().filter(|(from, to)| from.is_file() && from != to).collect();
        let about = format!("keep kernel and initramfs in {}", self.s.kept_dir().display());
        // Before anything new is written, what the installation (or the removal of a kernel) has changed on /boot is flushed.
        let mut actions = vec![Action::FlushJournal(self.s.boot.root.clone())];
        actions.extend((!copies.is_empty()).then_some(Action::Copy(copies)));
        self.steps.add("boot-files", about, actions);
    }

    /// Kernel and initramfs of the template, and their copies.
    pub(super) fn kept_files(&self) -> Vec<(PathBuf, PathBuf)> {
        let pairs = kept::pairs(self.s.template, &self.layer());
        pairs.into_iter().map(|p| (self.s.boot.file(&p.own), self.s.boot.file(&p.kept))).collect()
    }

    /// Copies again what has changed in the running layer since its first boot. In the meantime the entry boots the system's
    /// own files, so that it never names a copy that is being written.
    pub(super) fn renew_kept(&mut self) {
        let outdated = kept::outdated(self.s);
        let Some(entry) = self.s.layer_entry().filter(|_| !outdated.is_empty()) else { return };
        let mut own = entry.clone();
        for pair in kept::own_pairs(self.s, entry, &self.layer()) {
            if let Some(key) = pair.key
                && self.s.boot.file(&pair.own).exists()
            {
                own.replace_word(key, &pair.kept, &pair.own);
            }
        }
        let path = self.s.boot.entry_path(&entry.id);
        let [kept, own] = [entry, &own].map(|e| Some(e.text().into_bytes()));
        let switch = |before: &Option<Vec<u8>>, after: &Option<Vec<u8>>| {
            let (before, after) = (before.clone(), after.clone());
            let (path, method) = (path.clone(), Method::ReplaceForBoot);
            Action::Change(vec![Change { path, before, after, method, like: None }])
        };
        let flush = Action::FlushJournal(self.s.boot.root.clone());
        let file = |path: &str| self.s.boot.file(path);
        let copies = outdated.iter().map(|p| (file(&p.own), file(&p.kept))).collect();
        let about = format!("keep the newer kernel and initramfs in {}", self.s.kept_dir().display());
        let (to_own, to_kept) = (switch(&kept, &own), switch(&own, &kept));
        self.steps.add(
            "boot-own",
            "boot the system's own kernel and initramfs in the meantime".into(),
            vec![flush, to_own],
        );
        self.steps.add("boot-files", about, vec![Action::Copy(copies)]);
        self.steps.add("boot-kept", "boot the kernel and initramfs kept for the image".into(), vec![to_kept]);
    }

    /// Makes the layer's entry boot the kept files.
    pub(super) fn boot_kept(&mut self) {
        let path = self.s.boot.entry_path(&self.s.layer_entry_id());
        let entry = self.layer_entry(RootNaming::ByVolume, true);
        let change = Change::write(path, entry.text().into_bytes(), Method::ReplaceForBoot)
            .map(|change| change.like(self.template_path()));
        self.steps.add(
            "boot-kept",
            "boot the kernel and initramfs kept for the image".into(),
            vec![Action::Change(change.into_iter().collect())],
        );
    }

    /// Entries, fstab and default in the form that boots before and after the rename.
    pub(super) fn transition(&mut self) -> Result<(), PlanError> {
        let entries = self.entry_changes(RootNaming::ByUuid);
        let default = self.default_changes(RootNaming::ByUuid)?;
        let fstab = self.fstab_change(&format!("UUID={}", self.s.target.root_uuid));
        let actions = vec![
            Action::Change(entries),
            Action::Change(fstab.into_iter().collect()),
            Action::Change(default),
        ];
        self.steps.add("transition", "name root by UUID in boot entries and fstab".into(), actions);
        Ok(())
    }

    /// The file of the entry that the layer's own is made from.
    fn template_path(&self) -> PathBuf {
        self.s.boot.entry_path(&self.s.template.id)
    }

    /// The layer's own entry, and every other entry that boots this root.
    pub(super) fn entry_changes(&self, naming: RootNaming) -> Vec<Change> {
        let boot = self.s.boot;
        let own = self.s.layer_entry_id();
        let write = |id: &str, entry: &BootEntry| {
            Change::write(boot.entry_path(id), entry.text().into_bytes(), Method::ReplaceForBoot)
                .map(|change| change.like(self.template_path()))
        };
        let mut changes: Vec<Change> = write(&own, &self.layer_entry(naming, false)).into_iter().collect();
        for old in boot.entries.iter().filter(|e| e.id != own) {
            let options = old.options();
            if !self.s.target.boots(&options) {
                // `root=` can be in a variable of the boot loader, such as $kernelopts.
                if self.s.target.boots(&boot.arguments(old)) {
                    let arguments = self.s.target.partial_arguments(&options, naming);
                    if arguments != options {
                        let mut new = old.clone();
                        new.set("options", &arguments.to_string());
                        changes.extend(write(&old.id, &new));
                    }
                }
                continue;
            }
            // An interrupted run with another image name has made it; no other program makes such an id.
            let stale = options
                .value("img.bootid")
                .is_some_and(|b| b != self.layer() && old.id.starts_with(&format!("{b}-")));
            if stale {
                let removal = Change::remove(boot.entry_path(&old.id), Method::ReplaceForBoot);
                changes.extend(removal.map(|change| change.like(self.template_path())));
                continue;
            }
            let mut new = old.clone();
            new.set("options", &self.s.target.entry_arguments(&options, naming).to_string());
            changes.extend(write(&old.id, &new));
        }
        changes
    }

    /// The layer's entry, made from the template. With `kept` it boots the files kept for the image; otherwise the system's
    /// own, which the rest of the installation may still change.
    fn layer_entry(&self, naming: RootNaming, kept: bool) -> BootEntry {
        let template = self.s.template;
        let id = self.s.layer_entry_id();
        let mut entry = template.clone();
        entry.id.clone_from(&id);
        let title = kept::title(&self.s.target.layer.nvr, template.version().unwrap_or("0"));
        entry.set("title", &title);
        if entry.get("id").is_some() {
            entry.set("id", &id);
        }
        let arguments = self.s.boot.arguments(template);
        entry.set("options", &self.s.target.entry_arguments(&arguments, naming).to_string());
        if kept {
            for pair in kept::pairs(template, &self.layer()) {
                if let Some(key) = pair.key {
                    entry.replace_word(key, &pair.own, &pair.kept);
                }
            }
        }
        entry
    }

    /// Makes the layer's entry the default.
    pub(super) fn default_changes(&self, naming: RootNaming) -> Result<Vec<Change>, PlanError> {
        let target = &self.s.target;
        let turn = |kept: &_| target.boots(kept).then(|| target.entry_arguments(kept, naming));
        let boot = self.s.boot;
        Ok(boot.loader.make_default(&boot.root, &self.s.layer_entry_id(), &turn, TrialFate::Ends)?)
    }
}
