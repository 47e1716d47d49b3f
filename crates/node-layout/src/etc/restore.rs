//! Putting back what the programs of packages have changed in a merged /etc. The files of a package that came along are those of
//! this host already: a package must not replace them by its defaults, and must not enable again what somebody has disabled.

use super::error::EtcError;
use super::ids::IdMap;
use super::kinds::Kind;
use super::node::Node;
use super::outcome::{Merge, Outcome, Trees};
use super::store::place;
use crate::sync::{Directories, Metadata, names, open_directory, remove};
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

/// Directories with links that enable units.
const UNITS: [&str; 2] = ["systemd/system", "systemd/user"];
/// The most directories on the way to such a link.
const DEEPEST: usize = 8;

/// Makes the files of this host in the directory `target`, which a merge has written, as they are on this host, removes those
/// that are deleted, and removes links that enable units and that the merge has not. Accounts, and files that are made from
/// others, stay as they are. What was put back.
///
/// # Errors
/// [`EtcError`].
pub(crate) fn restore(merge: &Merge, trees: &Trees, target: &Path) -> Result<Vec<PathBuf>, EtcError> {
    let (mut ours, mut written) = (Directories::open(&trees.ours)?, Directories::open(target)?);
    let mut restored = Vec::new();
    let no_ids = IdMap::default();
    for file in &merge.files {
        let is_changed = match file.outcome {
            Outcome::Ours => {
                let is_made = [Kind::Accounts, Kind::Generated].iter().any(|kind| kind.name() == file.kind);
                if is_made || file.command.is_some() {
                    continue;
                }
                let read = |tree: &mut Directories, root: &Path| -> Result<Option<Node>, EtcError> {
                    match tree.parent(&file.path) {
                        Ok((above, name)) => {
                            Node::read(above, name, &no_ids).map_err(EtcError::io(root, &file.path))
                        }
                        // A directory above it has gone.
                        Err(_) => Ok(None),
                    }
                };
                let (wanted, present) = (read(&mut ours, &trees.ours)?, read(&mut written, target)?);
                match (wanted, present) {
                    (Some(wanted), Some(present)) if wanted.is_directory() && present.is_directory() => false,
                    (Some(wanted), Some(present)) => {
                        !wanted.is_same(&present).map_err(EtcError::io(target, &file.path))?
                    }
                    // It was removed on this host meanwhile.
                    (None, _) => false,
                    (Some(_), None) => true,
                }
            }
            Outcome::Deleted => match written.parent(&file.path) {
                Ok((above, name)) => Metadata::read(above, name).is_ok(),
                Err(_) => false,
            },
            _ => false,
        };
        if is_changed {
            place(&trees.ours, &file.path, target)?;
            written.forget();
            restored.push(file.path.clone());
        }
    }
    for directory in UNITS {
        enabled(merge, target, &mut written, Path::new(directory), 0, &mut restored)?;
    }
    Ok(restored)
}

/// Removes the links below a directory of units that the merge has not.
fn enabled(
    merge: &Merge,
    target: &Path,
    tree: &mut Directories,
    path: &Path,
    depth: usize,
    restored: &mut Vec<PathBuf>,
) -> Result<(), EtcError> {
    let failed = EtcError::io(target, path);
    let opened = match tree.parent(path) {
        Ok((above, name)) => open_directory(above, name),
        Err(_) => return Ok(()),
    };
    let directory = match opened {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(());
        }
        opened => opened.map_err(&failed)?,
    };
    for name in names(directory.as_fd()).map_err(&failed)? {
        let below = path.join(&name);
        let kind = Metadata::read(directory.as_fd(), &name).map_err(&failed)?.kind;
        if kind.is_symlink() && !merge.has(&below) {
            remove(directory.as_fd(), &name, 0).map_err(&failed)?;
            restored.push(below);
        } else if kind.is_dir() && depth < DEEPEST {
            enabled(merge, target, tree, &below, depth + 1, restored)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::outcome::Choices;
    use super::super::{merge, write};
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_packages_change_is_put_back_and_what_they_bring_stays() {
        let directory = tempfile::tempdir().unwrap();
        let at = |path: &str| directory.path().join(path);
        let put = |path: &str, text: &str| {
            fs::create_dir_all(at(path).parent().unwrap()).unwrap();
            fs::write(at(path), text).unwrap();
        };
        for tree in ["base", "ours", "theirs", "out"] {
            fs::create_dir(at(tree)).unwrap();
        }
        put("ours/alpha.conf", "of this host");
        put("ours/passwd", "root:x:0:0::/:/bin/sh\n");
        put("ours/systemd/system/other.service", "");
        for tree in ["base", "theirs"] {
            put(&format!("{tree}/deleted.conf"), "x");
        }
        put("base/both.conf", "1\n");
        put("ours/both.conf", "1\n");
        put("theirs/both.conf", "2\n");
        let trees = Trees { base: at("base"), ours: at("ours"), theirs: at("theirs") };
        let merged = merge(&trees, Choices::default()).unwrap();
        write(&merged, &trees, &at("out")).unwrap();
        // A package comes.
        put("out/alpha.conf", "default");
        put("out/alpha.conf.rpmorig", "of this host");
        put("out/deleted.conf", "x");
        put("out/passwd", "root:x:0:0::/:/bin/sh\nalpha:x:990:990::/:/bin/sh\n");
        put("out/both.conf", "3\n");
        put("out/new/default.conf", "of a newer version");
        fs::create_dir_all(at("out/systemd/system/multi-user.target.wants")).unwrap();
        symlink(
            "/usr/lib/systemd/system/a.service",
            at("out/systemd/system/multi-user.target.wants/a.service"),
        )
        .unwrap();
        let restored = restore(&merged, &trees, &at("out")).unwrap();
        let names: Vec<&str> = restored.iter().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(names, ["alpha.conf", "deleted.conf", "systemd/system/multi-user.target.wants/a.service"]);
        let text = |path: &str| fs::read_to_string(at(path)).unwrap();
        assert_eq!(text("out/alpha.conf"), "of this host");
        assert!(!at("out/deleted.conf").exists());
        assert!(text("out/passwd").contains("alpha") && text("out/both.conf") == "3\n");
        assert_eq!(text("out/new/default.conf"), "of a newer version");
        assert!(at("out/systemd/system/other.service").exists());
        assert!(restore(&merged, &trees, &at("out")).unwrap().is_empty());
    }
}
