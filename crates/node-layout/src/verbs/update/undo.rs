//! The way back when a step of `update` has failed. The running system was not touched, so everything that is new is removed; a
//! complete image stays.

use super::super::var;
use super::{Making, leftovers};
use crate::disks::pool::Removal;
use crate::disks::{LogicalVolume, Lvm};
use crate::files::{self, Change, Method};
use crate::machine::{Tools, below, unmount_all};
use crate::plan::{Undo, Undone};
use crate::source::MOUNTS;
use std::path::{Path, PathBuf};

/// Takes back what an update has made, by what is on the disk now.
#[derive(Debug)]
pub(super) struct TakeBack {
    /// What the update makes; `None` if it makes no image.
    made: Option<Made>,
}

#[derive(Debug)]
struct Made {
    root: LogicalVolume,
    /// The name of the base.
    base: String,
    /// The entry of the new layer.
    entry: PathBuf,
    /// Where its kernel is kept.
    directory: PathBuf,
    environment: PathBuf,
    /// The directories that dracut and packages write to.
    scratch: Vec<PathBuf>,
    /// Where its conflicts are kept.
    conflicts: PathBuf,
    /// What it adds to /var.
    record: PathBuf,
}

impl TakeBack {
    /// Of an update that only changes what is complete: each of its steps leaves a machine that boots.
    pub(super) fn nothing() -> TakeBack {
        TakeBack { made: None }
    }

    /// Of an update that makes an image.
    pub(super) fn of(making: &Making<'_>, environment: &Path, scratch: Vec<PathBuf>) -> TakeBack {
        let Making { node, .. } = making;
        let made = Made {
            root: node.root.clone(),
            base: making.nvr.to_string(),
            entry: node.boot.entry_path(&making.entry_id()),
            directory: node.boot.file(&making.layer().to_string()),
            environment: environment.to_owned(),
            scratch,
            conflicts: making.etc.merge.kept.clone(),
            record: var::record(node.system, making.nvr),
        };
        TakeBack { made: Some(made) }
    }
}

impl Undo for TakeBack {
    fn undo(&self, tools: &dyn Tools, _: &[Change]) -> Undone {
        let kept = || Undone {
            kept: Some("the image is complete, and the machine boots in its present state"),
            ..Undone::default()
        };
        let Some(made) = &self.made else { return kept() };
        // The image and the old base stay.
        let ours = ["base", "layer"].map(|name| below(&made.environment, MOUNTS).join(name));
        let mut left = unmount_all(tools, &ours);
        if left.is_empty() {
            for scratch in &made.scratch {
                left.extend(files::remove_directory(scratch).err().map(|error| error.to_string()));
            }
        }
        let now = match Lvm::read(tools) {
            Ok(now) => now,
            Err(error) => {
                left.push(format!("LVM cannot be read: {error}"));
                return Undone { left, ..Undone::default() };
            }
        };
        let base = now.volume(&made.root.vg, &made.base);
        if base.is_some_and(|base| !leftovers::is_left(base, &made.root)) {
            return kept();
        }
        // Nothing may name what is removed.
        if made.entry.exists() {
            let change = Change {
                path: made.entry.clone(),
                before: None,
                after: None,
                method: Method::ReplaceForBoot,
                like: None,
            };
            if let Err(error) = files::apply(tools, &[change]) {
                left.push(error.to_string());
                return Undone { left, ..Undone::default() };
            }
        }
        if made.conflicts.exists() {
            left.extend(files::remove_directory(&made.conflicts).err().map(|error| error.to_string()));
        }
        if let Some(change) = Change::remove(made.record.clone(), Method::Replace) {
            left.extend(files::apply(tools, &[change]).err().map(|error| error.to_string()));
        }
        left.extend(files::remove_directory(&made.directory).err().map(|error| error.to_string()));
        if let Some(base) = base {
            for volume in leftovers::layers(&now.volumes, base, &made.root).into_iter().chain([base]) {
                let removed = Removal::of_unfinished(volume, &now.volumes).run(tools);
                left.extend(removed.err().map(|error| format!("{}: {error}", volume.full_name())));
            }
        }
        Undone { left, ..Undone::default() }
    }

    fn advice(&self) -> &'static str {
        "Run node-layout update with the same image again: it removes what is left, and completes the rest"
    }
}
