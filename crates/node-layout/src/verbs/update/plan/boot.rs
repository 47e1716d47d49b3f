//! The last steps of an update: what comes to /boot, and what starts next.

use super::{INITRAMFS, Planner, marker, scratch, text, umount};
use crate::boot::{BootError, TrialArguments};
use crate::disks::{TAG_MAKING, TAG_READY};
use crate::files::{Change, Method};
use crate::images::kept;
use crate::plan::{Action, Step};
use crate::verbs::trial::{self, block_actions};
use crate::verbs::update::{AfterUpdate, leftovers};
use node_base::boot_entry::BootEntry;

impl Planner<'_> {
    /// Copies kernel and initramfs to /boot, and unmounts the layer.
    pub(super) fn boot_files(&mut self) {
        let contents = self.making.contents;
        let node = self.node();
        let layer = self.making.layer().to_string();
        let version = &contents.version;
        let to = |name: String| node.boot.file(&format!("/{layer}/{name}"));
        let mut copies = vec![(self.mounted.join(&contents.kernel), to(format!("vmlinuz-{version}")))];
        if let Some(checksum) = &contents.checksum {
            copies.push((self.mounted.join(checksum), to(format!(".vmlinuz-{version}.hmac"))));
        }
        let scratch = scratch(self.request);
        let initramfs = match (contents.dracut, &contents.initramfs) {
            (Some(_), _) | (None, None) => scratch.join(INITRAMFS),
            (None, Some(own)) => self.mounted.join(own),
        };
        copies.push((initramfs, to(format!("initramfs-{version}.img"))));
        let mut actions = vec![Action::FlushJournal(node.boot.root.clone()), Action::Copy(copies)];
        actions.extend(contents.dracut.map(|_| Action::RemoveDirectory(scratch)));
        // Unmounting writes everything back.
        actions.push(umount(&self.mounted));
        let volume = self.layer_name();
        actions.push(self.lvm("lvchange", ["--activate", "n", &volume]));
        self.steps.add(
            "boot-files",
            format!("keep kernel and initramfs in {}", text(&node.boot.file(&layer))),
            actions,
        );
    }

    /// Adds the boot entry; all entries with it.
    pub(super) fn entry(&mut self) -> Result<Vec<BootEntry>, BootError> {
        let node = self.making.node;
        let (layer, contents) = (self.making.layer(), self.making.contents);
        let old = self.making.host.entry;
        let mut entry = old.clone();
        entry.id = self.making.entry_id();
        let version = &contents.version;
        entry.set("title", &kept::title(self.making.nvr, version));
        entry.set("version", version);
        if entry.get("id").is_some() {
            let id = entry.id.clone();
            entry.set("id", &id);
        }
        entry.set("linux", &format!("/{layer}/vmlinuz-{version}"));
        // Variables of the boot loader ($tuned_initrd) stay.
        let variables =
            old.all("initrd").flat_map(str::split_whitespace).filter(|word| word.starts_with('$'));
        let initrd: Vec<String> = std::iter::once(format!("/{layer}/initramfs-{version}.img"))
            .chain(variables.map(str::to_owned))
            .collect();
        entry.set("initrd", &initrd.join(" "));
        let plain = TrialArguments::removed(&node.boot.arguments(old));
        let arguments = node.turned(&plain, &layer).unwrap_or(plain);
        let arguments = match self.request.after {
            AfterUpdate::Default => arguments,
            _ => TrialArguments { nvr: self.making.nvr.clone(), watchdog: self.watchdog }.added(&arguments),
        };
        entry.set("options", &arguments.to_string());
        let bases = leftovers::bases(node);
        let mut entries = leftovers::entries_without(node, &bases);
        entries.push(entry.clone());
        entries.sort_by(BootEntry::newest_first);
        let change = Change {
            path: node.boot.entry_path(&entry.id),
            before: None,
            after: Some(entry.text().into_bytes()),
            method: Method::ReplaceForBoot,
            like: Some(node.boot.entry_path(&old.id)),
        };
        let mut actions = vec![Action::Change(vec![change])];
        // An armed image falls back by an index, which is another one now.
        actions.extend(block_actions(node.boot.loader.renew_fallback(&entries)?));
        self.steps.add("boot-entry", format!("add the boot entry {}", entry.id), actions);
        Ok(entries)
    }

    /// Marks the image as complete, in one write.
    pub(super) fn complete(&mut self) {
        let base = self.base_name();
        let mut args = vec!["--deltag", TAG_MAKING];
        if self.request.after != AfterUpdate::Default {
            args.extend(["--addtag", TAG_READY]);
        }
        args.push(&base);
        let action = self.lvm("lvchange", args.into_iter().map(str::to_owned).collect::<Vec<_>>());
        self.steps.add("complete", format!("mark {} as complete", self.making.nvr), vec![action]);
    }

    /// Tells the boot loader, and then the engine.
    pub(super) fn next_boot(&mut self, entries: &[BootEntry]) -> Result<(), BootError> {
        let node = self.making.node;
        let (nvr, id) = (self.making.nvr, self.making.entry_id());
        match self.request.after {
            AfterUpdate::Nothing => return Ok(()),
            AfterUpdate::Try => trial::arm(&mut self.steps, node, nvr, &id, entries, self.request.tries)?,
            AfterUpdate::Default => {
                let layer = self.making.layer();
                let changes = node.make_default(&id, &layer)?;
                self.steps.add("default", format!("make {layer} the default"), block_actions(changes));
            }
        }
        if let Some(Step { name, about, actions }) = marker(node.system, &self.request.image.image) {
            self.steps.add(name, about, actions);
        }
        Ok(())
    }
}
