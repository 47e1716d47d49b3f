//! Local storage domains of oVirt on the root file system: the disks of virtual machines, which a new layer would not have.

use std::fs::{self, DirEntry};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The most directories on the way to a domain.
const DEEPEST: usize = 64;

/// The non-empty files `dom_md/metadata` on the file system of `root`. What cannot be read is left out.
pub(super) fn find(root: &Path) -> Vec<PathBuf> {
    let Ok(device) = fs::metadata(root).map(|m| m.dev()) else { return Vec::new() };
    let mut found = Vec::new();
    let mut left = vec![(root.to_owned(), 0)];
    while let Some((directory, depth)) = left.pop() {
        let is_domain = directory.file_name().is_some_and(|name| name == "dom_md");
        let entries = fs::read_dir(&directory).into_iter().flatten().flatten();
        for entry in entries {
            let path = entry.path();
            if is_domain && entry.file_name() == "metadata" && is_filled(&entry) {
                found.push(path);
            } else if depth < DEEPEST && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                // Another file system may be mounted there.
                if entry.metadata().is_ok_and(|m| m.dev() == device) {
                    left.push((path, depth + 1));
                }
            }
        }
    }
    found.sort();
    found
}

fn is_filled(entry: &DirEntry) -> bool {
    entry.metadata().is_ok_and(|m| m.is_file() && m.len() > 0)
}
