//! Owners in the rest of a new layer, where a number of the image became another.

use super::error::EtcError;
use super::ids::IdMap;
use crate::sync::{Metadata, SyncError, names, open_directory, settle, xattrs};
use rustix::fs::{CWD, Mode, OFlags, openat};
use std::collections::HashSet;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// The most directories on the way to a file; each one is an open file of this process.
const DEEPEST: usize = 200;

/// Gives the files below `root` the owners, and the entries of ACLs, of the merged system; everything else of them stays, capabilities
/// and set-user-ID, too. `/etc` is left out: it is merged already. No link is followed.
///
/// # Errors
/// [`EtcError`].
pub(crate) fn renumber(root: &Path, ids: &IdMap) -> Result<(), EtcError> {
    if ids.is_empty() {
        return Ok(());
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened: OwnedFd = openat(CWD, root, flags, Mode::empty())
        .map_err(|error| EtcError::io(root, Path::new(""))(error.into()))?;
    let mut owners = Owners { root: root.to_owned(), ids, done: HashSet::new() };
    owners.directory(Path::new(""), opened.as_fd(), 0)
}

struct Owners<'o> {
    root: PathBuf,
    ids: &'o IdMap,
    /// Files with several names that have their owner: a second time their new number would be taken for an old one.
    done: HashSet<(u64, u64)>,
}

impl Owners<'_> {
    fn directory(&mut self, path: &Path, opened: BorrowedFd<'_>, depth: usize) -> Result<(), EtcError> {
        if depth > DEEPEST {
            return Err(SyncError::TooDeep { path: path.to_owned(), limit: DEEPEST }.into());
        }
        for name in names(opened).map_err(EtcError::io(&self.root, path))? {
            let path = path.join(&name);
            if path == Path::new("etc") {
                continue;
            }
            let failed = EtcError::io(&self.root, &path);
            let metadata = Metadata::read(opened, &name).map_err(&failed)?;
            if metadata.kind.is_dir() {
                let below = open_directory(opened, &name).map_err(&failed)?;
                self.directory(&path, below.as_fd(), depth + 1)?;
            } else if metadata.has_further_names() && !self.done.insert(metadata.id()) {
                continue;
            }
            let mut wanted = metadata;
            wanted.uid = self.ids.user(metadata.uid);
            wanted.gid = self.ids.group(metadata.gid);
            let has = xattrs(opened, &name).map_err(&failed)?;
            let mut wants = has.clone();
            for (_, value) in
                wants.iter_mut().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"system.posix_acl_"))
            {
                *value = self.ids.acl(value);
            }
            if (wanted.uid, wanted.gid, &wants) != (metadata.uid, metadata.gid, &has) {
                settle(opened, &name, &wanted, &wants).map_err(failed)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::acl;
    use super::*;
    use rustix::fs::XattrFlags;
    use std::collections::BTreeMap;
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown};

    #[test]
    fn owners_become_others_and_the_rest_of_a_file_stays() {
        if !rustix::process::geteuid().is_root() {
            println!("skipped: needs root");
            return;
        }
        let directory = tempfile::tempdir().unwrap();
        let outside = directory.path().join("outside");
        let root = directory.path().join("root");
        fs::create_dir_all(root.join("usr/lib")).unwrap();
        fs::create_dir(root.join("etc")).unwrap();
        let file = |path: &Path, user: u32, mode: u32| {
            fs::write(path, "x").unwrap();
            chown(path, Some(user), Some(user)).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        file(&outside, 990, 0o644);
        file(&root.join("usr/helper"), 990, 0o6755);
        file(&root.join("usr/other"), 12, 0o644);
        file(&root.join("etc/merged"), 990, 0o644);
        fs::hard_link(root.join("usr/helper"), root.join("usr/lib/again")).unwrap();
        chown(root.join("usr/lib"), Some(990), Some(0)).unwrap();
        std::os::unix::fs::symlink(&outside, root.join("usr/link")).unwrap();
        lchown(root.join("usr/link"), Some(990), Some(990)).unwrap();
        rustix::fs::lsetxattr(
            root.join("usr/other"),
            "system.posix_acl_access",
            &acl(990),
            XattrFlags::empty(),
        )
        .unwrap();
        // cap_net_raw=ep, as setcap writes it.
        let capability = [1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        rustix::fs::lsetxattr(
            root.join("usr/helper"),
            "security.capability",
            &capability,
            XattrFlags::empty(),
        )
        .unwrap();
        let both = BTreeMap::from([(990, 991), (991, 992)]);
        renumber(&root, &IdMap { users: both.clone(), groups: both }).unwrap();
        let owner =
            |path: &Path| fs::symlink_metadata(path).map(|m| (m.uid(), m.gid(), m.mode() & 0o7777)).unwrap();
        assert_eq!(owner(&root.join("usr/helper")), (991, 991, 0o6755));
        assert_eq!(owner(&root.join("usr/lib")).0, 991);
        assert_eq!(owner(&root.join("usr/link")).0, 991);
        assert_eq!(owner(&root.join("etc/merged")).0, 990);
        assert_eq!(owner(&outside).0, 990, "the link was not followed");
        let value = |path: &str, name: &str| {
            let mut value = vec![0; 256];
            let length = rustix::fs::lgetxattr(root.join(path), name, &mut value[..]).unwrap();
            value.truncate(length);
            value
        };
        assert_eq!(value("usr/helper", "security.capability"), capability);
        assert_eq!(value("usr/other", "system.posix_acl_access"), acl(991));
    }
}
