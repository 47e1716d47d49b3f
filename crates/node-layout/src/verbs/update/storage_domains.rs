//! Local storage domains of oVirt on the root file system: the disks of virtual machines, which a new layer would not have.

use crate::sync::names;
use rustix::fs::{CWD, Mode, OFlags, openat};
use std::ffi::OsString;
use std::fs;
use std::os::fd::{AsFd, OwnedFd};
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
        for name in listed(&directory) {
            let path = directory.join(&name);
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            if is_domain && name == "metadata" && metadata.is_file() && metadata.len() > 0 {
                found.push(path);
            // Another file system may be mounted there.
            } else if depth < DEEPEST && metadata.is_dir() && metadata.dev() == device {
                left.push((path, depth + 1));
            }
        }
    }
    found.sort();
    found
}

/// The names in a directory. Its time of access stays: to write it, for each directory of the system, would take a chunk of the pool
/// that the running layer and its base have in common.
fn listed(directory: &Path) -> Vec<OsString> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = |more: OFlags| -> Option<OwnedFd> { openat(CWD, directory, flags | more, Mode::empty()).ok() };
    // Only the owner and root may ask for that.
    let opened = open(OFlags::NOATIME).or_else(|| open(OFlags::empty()));
    opened.and_then(|opened| names(opened.as_fd()).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_domain_is_found_and_no_time_of_access_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for (domain, text) in [("data/images/x", "VERSION=5\n"), ("data/empty", "")] {
            fs::create_dir_all(root.join(domain).join("dom_md")).unwrap();
            fs::write(root.join(domain).join("dom_md/metadata"), text).unwrap();
        }
        symlink("/", root.join("data/link")).unwrap();
        let directories = ["", "data", "data/images", "data/images/x", "data/images/x/dom_md"];
        // Older than the change: `relatime` would write it.
        let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1000);
        let times = fs::FileTimes::new().set_accessed(long_ago);
        for directory in directories {
            fs::File::open(root.join(directory)).unwrap().set_times(times).unwrap();
        }
        assert_eq!(find(root), [root.join("data/images/x/dom_md/metadata")]);
        for directory in directories {
            let accessed = fs::metadata(root.join(directory)).unwrap().accessed().unwrap();
            assert_eq!(accessed, long_ago, "/{directory} was accessed");
        }
    }
}
